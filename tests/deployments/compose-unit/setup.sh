#!/usr/bin/env bash
# Puts the wiki on a server: Compose runs it, systemd starts Compose.
set -euo pipefail

DIR=/opt/wiki

if ! command -v docker >/dev/null; then
  apt-get update
  apt-get install -y docker.io docker-compose-v2
fi

install -d -m 0750 "$DIR"
install -m 0644 docker-compose.yml "$DIR/docker-compose.yml"
if [[ ! -f $DIR/.env ]]; then
  (umask 077; printf 'POSTGRES_PASSWORD=%s\n' "$(openssl rand -hex 16)" >"$DIR/.env")
fi

cat >/etc/systemd/system/wiki.service <<'EOF'
[Unit]
Description=Wiki
Requires=docker.service
After=docker.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
WorkingDirectory=/opt/wiki
ExecStart=/usr/bin/docker compose up -d --remove-orphans
ExecStop=/usr/bin/docker compose down

[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable wiki.service
docker compose --project-directory "$DIR" pull --quiet
systemctl restart wiki.service
