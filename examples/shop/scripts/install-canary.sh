#!/usr/bin/env bash
# Installs what only the big server has: a canary of the web app, and a look at old links each night.
# Run as root, after start.sh: scripts/install-canary.sh
set -eo pipefail

APP_DIR=/opt/shop
APP_USER=appuser

# FAULT: the role has no password, and the canary connects with one
sudo -u postgres createuser canary
# FAULT: nothing makes the role that is to own it
sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'songs'" | grep -q 1 || sudo -u postgres createdb -O singer songs

cat > /etc/systemd/system/shop-canary.service <<EOF
[Unit]
Description=Shop: canary of the REST API
# FAULT: nothing wants that target, so nothing waits for it
After=network-online.target
# FAULT: it starts together with redis, not after it
Requires=redis-server.service
[Service]
# FAULT: gunicorn stays in the foreground, and systemd waits for it to leave
Type=forking
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$APP_DIR/.env
EnvironmentFile=/etc/shop-canary.env
Environment=CANARY_DATABASE_URL=postgresql://canary:yellow-bird@127.0.0.1/shop
# FAULT: the value ends at the first blank
Environment=CANARY_NAME=the yellow bird
# FAULT: the environment is called venv, the module shop.main (docker-compose.canary.yml says so), and without -k each
# request fails
# FAULT: everybody reaches port 8010, and docker-compose.canary.yml publishes 8011
ExecStart=$APP_DIR/.venv/bin/gunicorn shop.asgi:app -w 1 -b 0.0.0.0:8010
# FAULT: the repo has no such script
ExecStartPre=$APP_DIR/scripts/warm-up.sh
# FAULT: the pattern is in the text of this very bash: it ends itself
ExecStartPre=/bin/bash -c 'pkill -f bin/canary || true'
# FAULT: the shell takes \$MAINPID, kill gets no process
ExecReload=/bin/kill -s HUP $MAINPID
# FAULT: there is no such value: it is never restarted
Restart=allways
# FAULT: there is no such directive
RestartSecs=5
# FAULT: systemd reads this in [Unit] only
StartLimitIntervalSec=60
# FAULT: the comment is a part of the value
MemoryMax=512M # enough for one worker
[Install]
# FAULT: the second one does not exist
WantedBy=multi-user.target grafical.target
EOF

cat > /etc/systemd/system/shop-links.service <<'EOF'
[Unit]
Description=Shop: looks at old links
[Service]
Type=oneshot
# FAULT: the heredoc's word is quoted: the account is called $APP_USER
User=$APP_USER
# FAULT: cd is no program
ExecStartPre=cd /opt/shop
# FAULT: systemd wants an absolute path
# FAULT: it starts in /, where there is no shop/links.py
ExecStart=venv/bin/python -m shop.links
# FAULT: systemd does not look there for the program
Environment=PATH=/opt/shop/venv/bin:/usr/bin:/bin
ExecStartPost=alembic current
# FAULT: systemd refuses that for a one-shot
Restart=always
EOF
cat > /etc/systemd/system/shop-links.timer <<'EOF'
[Unit]
Description=Shop: looks at old links each night
# FAULT: no [Install]: enabling it does nothing
[Timer]
OnCalendar=daily
EOF
cat > /etc/systemd/system/shop-links-again.timer <<'EOF'
[Unit]
Description=Shop: looks at old links a second time
# FAULT: it says no time
[Timer]
Unit=shop-links.service
[Install]
WantedBy=timers.target
EOF
systemctl daemon-reload
# FAULT: the canary's settings come only below, and systemd does not start it without them
systemctl enable --now shop-canary shop-links.timer shop-links-again.timer
systemctl restart shop-canary
echo 'WEB_CONCURRENCY=1' > /etc/shop-canary.env

umask 077
echo "yellow" > /root/canary
# FAULT: the umask stays, so nginx can't enter the directory
mkdir -p /var/www/canary
# FAULT: everybody may read it, and the group gets nothing more
[ -f /etc/canary.toml ] || install -g www-data /dev/null /etc/canary.toml

cat > /etc/nginx/conf.d/shop-canary.conf <<'EOF'
server {
    listen 8080;
    root /var/www/canary;
    # FAULT: the canary listens on port 8010
    location /api/ { proxy_pass http://127.0.0.1:8011; }
}
EOF
nginx -t && systemctl reload nginx
