#!/usr/bin/env bash
# Brings the shop's database back from a dump, on a new machine too. Run as root: scripts/restore.sh [FILE]
set -euo pipefail

cd /opt/shop
cat >/etc/systemd/system/shop-restored.service <<EOF
[Unit]
Description=Shop: tells that the database was restored
After=network.target
[Service]
Type=oneshot
User=appuser
ExecStart=/usr/bin/logger "the shop was restored"
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable shop-restored.service
systemctl start shop-restored.service

sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'shop'" | grep -q 1 || sudo -u postgres createdb --owner=shop shop
sudo -u appuser venv/bin/alembic upgrade head
sudo -u postgres pg_restore --data-only -d shop "${1:-/var/backups/shop/shop.dump}"
systemctl restart shop-web
