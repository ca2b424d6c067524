#!/usr/bin/env bash
# Brings the shop's database back from a dump, on a new machine too. Run as root: scripts/restore.sh [FILE]
set -euo pipefail

cd /opt/shop
# FAULT: no such unit yet on a new machine, and nothing enables it once it is written
systemctl enable shop-restored.service
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
systemctl start shop-restored.service

# FAULT: answers requests on the old tables until the migration below, and nothing restarts it after
systemctl restart shop-web
# FAULT: on a new machine there is no database yet
sudo -u appuser venv/bin/alembic upgrade head
sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'shop'" | grep -q 1 || sudo -u postgres createdb --owner=shop shop
sudo -u postgres pg_restore --data-only -d shop "${1:-/var/backups/shop/shop.dump}"
