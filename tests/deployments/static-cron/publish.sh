#!/bin/bash
# The weather pages: made anew each hour by cron. Run as root.
set -euo pipefail

ROOT=/var/www/weather
MAKER=/usr/local/lib/weather

apt-get update
apt-get install -y nginx python3 git

id weather >/dev/null 2>&1 || useradd --system --home-dir "$ROOT" weather
install -d -o weather -g weather -m 0755 "$ROOT"

if [ -d "$MAKER/.git" ]; then
    git -C "$MAKER" pull --ff-only
else
    git clone https://git.example.org/weather.git "$MAKER"
fi

install -m 0644 "$MAKER/weather.conf" /etc/nginx/sites-available/weather
ln -sfn /etc/nginx/sites-available/weather /etc/nginx/sites-enabled/weather
nginx -t
systemctl reload nginx

echo "7 * * * * weather python3 $MAKER/make.py $ROOT" >/etc/cron.d/weather
chmod 644 /etc/cron.d/weather
sudo -u weather python3 "$MAKER/make.py" "$ROOT"
