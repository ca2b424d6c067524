#!/usr/bin/env bash
# Makes the machine that start.sh has set up a demo for customers.
# Run it from an administrator's own account, which may use sudo: scripts/demo.sh
set -euo pipefail

: "${SECRET_KEY:?the key of the demo}"

sudo apt-get install -y rsync

sudo usermod -aG docker "$USER"
# FAULT: this session does not have the group yet
docker pull axllent/mailpit:v1.27

sudo mkdir -p /var/lib/shop-demo
# FAULT: nothing has created the account demo yet
sudo chown demo:demo /var/lib/shop-demo
id -u demo >/dev/null 2>&1 || sudo useradd --system --home-dir /var/lib/shop-demo demo
# FAULT: whoever shows the shop has changed it since
echo "demo:pictures" | sudo chpasswd
# FAULT: every account on the machine may put pictures there
sudo chmod 777 /var/lib/shop-demo

# FAULT: sudo runs echo, and the file is opened by whoever called the script
sudo echo "demo soft nofile 65536" > /etc/security/limits.d/shop-demo.conf
# FAULT: demo is as good as root
echo "demo ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/shop-demo >/dev/null

# FAULT: nobody may execute it
sudo tee /usr/local/bin/shop-demo-reset >/dev/null <<'EOF'
#!/bin/sh
exec systemctl restart shop-web
EOF

# FAULT: postgres may not go into the home of root
sudo -u postgres psql -d shop -f /root/demo-products.sql

# FAULT: without User= the web server is root
# FAULT: and its key can be read by all
sudo tee /etc/systemd/system/shop-web.service >/dev/null <<EOF
[Unit]
Description=Shop: REST API, demo
After=network.target postgresql.service redis-server.service
[Service]
WorkingDirectory=/opt/shop
EnvironmentFile=/opt/shop/.env
Environment=SECRET_KEY=$SECRET_KEY
ExecStart=/opt/shop/venv/bin/gunicorn shop.main:app -k uvicorn_worker.UvicornWorker -w 1 -b 127.0.0.1:8000
Restart=always
[Install]
WantedBy=multi-user.target
EOF
sudo tee /etc/systemd/system/demo-nginx.service >/dev/null <<'EOF'
[Unit]
Description=Shop: a web server of its own for the demo
[Service]
# FAULT: which process is the service? systemd guesses
Type=forking
ExecStart=/usr/sbin/nginx -c /etc/nginx/demo.conf
[Install]
WantedBy=multi-user.target
EOF
# FAULT: nothing saves the list, so that the ticker is gone after a reboot
sudo pm2 start /opt/shop/ticker.js --name ticker
sudo pm2 startup systemd -u root --hp /root
sudo systemctl daemon-reload
sudo systemctl enable shop-web demo-nginx
sudo systemctl restart shop-web demo-nginx
