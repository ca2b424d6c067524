#!/usr/bin/env bash
# Makes the machine that start.sh has set up a demo for customers.
# Run it from an administrator's own account, which may use sudo: scripts/demo.sh
set -euo pipefail

sudo apt-get install -y rsync

id -u demo >/dev/null 2>&1 || sudo useradd --system --home-dir /var/lib/shop-demo demo
sudo install -d -o demo -g demo -m 0755 /var/lib/shop-demo

echo "demo soft nofile 65536" | sudo tee /etc/security/limits.d/shop-demo.conf >/dev/null
echo "demo ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop-web" | sudo tee /etc/sudoers.d/shop-demo >/dev/null

sudo tee /usr/local/bin/shop-demo-reset >/dev/null <<'EOF'
#!/bin/sh
exec systemctl restart shop-web
EOF
sudo chmod 755 /usr/local/bin/shop-demo-reset

sudo tee /etc/systemd/system/shop-web.service >/dev/null <<EOF
[Unit]
Description=Shop: REST API, demo
After=network.target postgresql.service redis-server.service
[Service]
User=appuser
WorkingDirectory=/opt/shop
EnvironmentFile=/opt/shop/.env
ExecStart=/opt/shop/venv/bin/gunicorn shop.main:app -k uvicorn_worker.UvicornWorker -w 1 -b 127.0.0.1:8000
Restart=always
[Install]
WantedBy=multi-user.target
EOF
sudo tee /etc/systemd/system/demo-nginx.service >/dev/null <<'EOF'
[Unit]
Description=Shop: a web server of its own for the demo
[Service]
Type=forking
PIDFile=/run/demo-nginx.pid
ExecStart=/usr/sbin/nginx -c /etc/nginx/demo.conf
[Install]
WantedBy=multi-user.target
EOF
sudo systemctl daemon-reload
sudo systemctl enable shop-web demo-nginx
sudo systemctl restart shop-web demo-nginx
