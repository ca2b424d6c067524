#!/bin/sh
# Builds the meter and installs it as a service. Run as root from a checkout of the repo.
set -eu

cd "$(dirname "$0")"

if ! command -v go >/dev/null 2>&1; then
    apt-get update
    apt-get install -y golang-go
fi

if ! id meter >/dev/null 2>&1; then
    useradd -r -s /usr/sbin/nologin meter
fi

go build -o build/meter ./cmd/meter
install -m 0755 build/meter /usr/local/bin/meter.new
mv -f /usr/local/bin/meter.new /usr/local/bin/meter

install -d -m 0750 -o meter -g meter /var/lib/meter
install -d -m 0755 /etc/meter
if [ ! -e /etc/meter/meter.toml ]; then
    install -m 0640 -g meter meter.toml.example /etc/meter/meter.toml
fi

install -m 0644 systemd/meter.service systemd/meter-rotate.service systemd/meter-rotate.timer /etc/systemd/system/
systemctl daemon-reload
systemctl enable meter.service
systemctl restart meter.service
systemctl enable --now meter-rotate.timer
