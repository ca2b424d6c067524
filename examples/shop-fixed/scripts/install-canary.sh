#!/usr/bin/env bash
# Installs what only the big server has: a canary of the web app, and a look at old links each night.
# Run as root, after start.sh: scripts/install-canary.sh
set -euo pipefail

APP_DIR=/opt/shop
APP_USER=appuser

cat > /etc/systemd/system/shop-canary.service <<EOF
[Unit]
Description=Shop: canary of the REST API
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=60
[Service]
Type=notify
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$APP_DIR/.env
EnvironmentFile=/etc/shop-canary.env
Environment="CANARY_NAME=the yellow bird"
ExecStart=$APP_DIR/venv/bin/gunicorn shop.main:app -k uvicorn_worker.UvicornWorker -w 1 -b 127.0.0.1:8010
ExecStartPre=/bin/bash -c 'pkill -f bin/[c]anary || true'
ExecReload=/bin/kill -s HUP \$MAINPID
Restart=always
RestartSec=5
# enough for one worker
MemoryMax=512M
[Install]
WantedBy=multi-user.target
EOF

cat > /etc/systemd/system/shop-links.service <<EOF
[Unit]
Description=Shop: looks at old links
[Service]
Type=oneshot
User=$APP_USER
WorkingDirectory=$APP_DIR
ExecStart=$APP_DIR/venv/bin/python -m shop.links
ExecStartPost=$APP_DIR/venv/bin/alembic current
EOF
cat > /etc/systemd/system/shop-links.timer <<'EOF'
[Unit]
Description=Shop: looks at old links each night
[Timer]
OnCalendar=daily
[Install]
WantedBy=timers.target
EOF
echo 'WEB_CONCURRENCY=1' > /etc/shop-canary.env
systemctl daemon-reload
systemctl enable --now shop-canary shop-links.timer
systemctl restart shop-canary

(umask 077; echo "yellow" > /root/canary)
mkdir -p /var/www/canary
[ -f /etc/canary.toml ] || install -m 0640 -g www-data /dev/null /etc/canary.toml

cat > /etc/nginx/conf.d/shop-canary.conf <<'EOF'
server {
    listen 8080;
    root /var/www/canary;
    location /api/ { proxy_pass http://127.0.0.1:8010; }
}
EOF
nginx -t && systemctl reload nginx
