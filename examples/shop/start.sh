#!/usr/bin/env bash
# Installs the shop on an Ubuntu 24.04 server.
# FAULT: no "set -e": when pip install fails, the script goes on and restarts the site all the same

REPO_URL=https://git.example.com/shop/shop.git
APP_DIR=/opt/shop
DOMAIN=shop.example.com

[ "$EUID" -eq 0 ] || { echo "start.sh: run me as root" >&2; exit 1; }

echo "== System packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update
# FAULT: shop/labels.py needs pdf2image, and that needs poppler-utils: each label fails
apt-get install -y sudo git openssl python3-venv nodejs npm postgresql redis-server nginx
# FAULT: no -y: apt-get waits for an answer that nobody gives
apt-get install certbot python3-certbot-nginx
echo "deb [signed-by=/etc/apt/keyrings/valkey.asc] https://packages.example.org/valkey noble main" >/etc/apt/sources.list.d/valkey.list
# FAULT: the list of the repository above is not fetched: apt-get does not know the package
apt-get install -y valkey-exporter

echo "== User and source"
# FAULT: fails on the second run, the account exists
useradd --system --create-home --home-dir /var/lib/shop --shell /usr/sbin/nologin appuser
# FAULT: fails on the second run, the directory exists
mkdir $APP_DIR
# FAULT: fails on the second run, the directory is not empty: new code never arrives
git clone "$REPO_URL" $APP_DIR
# FAULT: no package.json has such a script
# FAULT: the shop is in $APP_DIR, and this runs where the script was called from
npm run lint
cd $APP_DIR || exit 1

# FAULT: adds the same line again on every run
echo "appuser soft nofile 65536" >> /etc/security/limits.conf
# FAULT: adds the same line again on every run
echo "vm.overcommit_memory = 1" | tee -a /etc/sysctl.conf
sysctl -q -p /etc/sysctl.conf
# FAULT: sysctl reads only the file that it is given: this limit waits for the next boot
echo "net.core.somaxconn = 1024" > /etc/sysctl.d/60-shop.conf

echo "== Settings"
# FAULT: a new key on every run: the links in mails already sent stop working
SECRET_KEY=$(openssl rand -hex 32)
# FAULT: a new password on every run, while the database role keeps its first one
DB_PASSWORD=$(openssl rand -hex 24)
# FAULT: written anew on every run: what somebody set by hand is lost
# FAULT: holds secrets, and everybody on the server may read it
# FAULT: lacks the address of the support, without which the shop does not start, and has a comment behind DB_HOST
cat > $APP_DIR/.env <<EOF
SECRET_KEY=$SECRET_KEY
DB_PASSWORD=$DB_PASSWORD
DB_HOST=127.0.0.1 # this server
DB_NAME=shop
DB_USER=shop
REDIS_URL=redis://127.0.0.1:6379/0
PUBLIC_URL=https://$DOMAIN
UPLOAD_DIR=$APP_DIR/uploads
SMTP_HOST=127.0.0.1
SMTP_PORT=25
MAIL_FROM=orders@$DOMAIN
WSPROXY_HOST=127.0.0.1
WSPROXY_PORT=8001
EOF

# FAULT: scripts/window.sh has no such line: nothing is replaced
sed "s|^OPEN_HOUR=.*|OPEN_HOUR=7|" scripts/window.sh > /usr/local/bin/shop-window

echo "== Dependencies and pages"
# FAULT: a package added to requirements.txt later is never installed, the directory exists by then
# FAULT: pip runs the packages' own code as root, in a directory of appuser
if [ ! -d venv ]; then
    python3 -m venv venv
    ./venv/bin/pip install -r requirements.txt
fi
# FAULT: npm runs the packages' own code as root, in a directory of appuser
(cd frontend && npm ci && npm run build)
# FAULT: admin/ has dependencies too, nothing installs them
# FAULT: admin/ has a build too, nothing runs it: nginx finds no admin/dist
# FAULT: nothing gathers assets/: nginx finds no pictures
# FAULT: a new server has no unzip, and no package above brings it
unzip -o pictures.zip -d assets/pictures
chown -R appuser:appuser $APP_DIR
# FAULT: made by root after the chown: the app can't write pictures here
mkdir -p $APP_DIR/uploads
# FAULT: nothing exports the key, so sudo has none to pass on
sudo --preserve-env=SECRET_KEY -u appuser venv/bin/python -c "import shop.settings"

echo "== Database"
# FAULT: fails on the second run, the role exists (and keeps the password of the first run)
sudo -u postgres psql -c "CREATE USER shop WITH PASSWORD '$DB_PASSWORD'"
# FAULT: fails on the second run, the database exists
sudo -u postgres psql -c "CREATE DATABASE shop OWNER shop"
# FAULT: root has no role in PostgreSQL, so the extension is never made
psql -d shop -c "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# FAULT: no alembic upgrade: the database has no tables, or those of an older release
install -d -o postgres -g postgres -m 0700 /var/backups/shop
# FAULT: adds the same line again on every run
(crontab -u postgres -l 2>/dev/null; echo "0 3 * * * pg_dump -Fc -f /var/backups/shop/shop.dump shop") | crontab -u postgres -

echo "== Services"
cat > /etc/systemd/system/shop-web.service <<EOF
[Unit]
Description=Shop: REST API
After=network.target postgresql.service redis-server.service
[Service]
User=appuser
WorkingDirectory=$APP_DIR
EnvironmentFile=$APP_DIR/.env
ExecStart=$APP_DIR/venv/bin/gunicorn shop.main:app -k uvicorn_worker.UvicornWorker -w 4 -b 127.0.0.1:8000
Restart=always
[Install]
WantedBy=multi-user.target
EOF
# FAULT: docker-compose.yaml has no service that runs shop.mailer
# FAULT: the unit is enabled below, but never started or restarted
cat > /etc/systemd/system/shop-mailer.service <<EOF
[Unit]
Description=Shop: writes to customers
After=network.target postgresql.service redis-server.service
[Service]
User=appuser
WorkingDirectory=$APP_DIR
EnvironmentFile=$APP_DIR/.env
ExecStart=$APP_DIR/venv/bin/python -m shop.mailer
Restart=always
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable shop-web shop-mailer
systemctl restart shop-web

# FAULT: the service worker of docker-compose.yaml has no unit: orders stay "new" for ever
# FAULT: written after the daemon-reload: systemd restarts what it read before
# FAULT: the unit is never enabled: after a reboot of the server it is gone
# FAULT: its user wsproxy is created by nothing
cat > /etc/systemd/system/shop-wsproxy.service <<EOF
[Unit]
Description=Shop: relays events to browsers
After=network.target redis-server.service
[Service]
User=wsproxy
WorkingDirectory=$APP_DIR
EnvironmentFile=$APP_DIR/.env
ExecStart=$APP_DIR/venv/bin/python -m wsproxy
Restart=always
[Install]
WantedBy=multi-user.target
EOF
systemctl restart shop-wsproxy

cat > /etc/nginx/sites-available/shop <<EOF
server {
    listen 80;
    server_name $DOMAIN;
    root $APP_DIR/frontend/dist;
    location /admin/ { alias $APP_DIR/admin/dist/; }
    location /static/ { alias $APP_DIR/assets/gathered/; }
    location ~ ^/(api|media)/ { proxy_pass http://127.0.0.1:8000; }
    location /ws {
        proxy_pass http://127.0.0.1:8001;
        proxy_http_version 1.1;
        proxy_set_header Upgrade \$http_upgrade;
        proxy_set_header Connection upgrade;
    }
}
EOF
# FAULT: people run it once, and the next run writes the site above again without HTTPS
echo "For HTTPS: certbot --nginx -d $DOMAIN"
# FAULT: fails on the second run, the link exists
ln -s /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop
# FAULT: cron ignores a name with a dot
echo "0 4 * * * root /usr/bin/find /var/tmp -name 'shop-*' -mtime +7 -delete" > /etc/cron.d/shop.clean
# FAULT: nothing makes /var/log/shop-status, so the shell of the job can't open its log
echo "*/5 * * * * root /usr/bin/curl -fsS http://127.0.0.1:8081/ >> /var/log/shop-status/status.log" > /etc/cron.d/shop-status
# FAULT: moved before it is filled: the page is empty
page=$(mktemp /etc/nginx/.maintenance.XXXXXX)
mv "$page" /etc/nginx/maintenance.html
echo "The shop is closed for an hour." > "$page"
# FAULT: the text goes to a temporary file, and nothing puts that in its place
robots=$(mktemp)
echo "User-agent: *" > "$robots"
# FAULT: nothing enables this site: nginx never reads it
cat > /etc/nginx/sites-available/status <<EOF
server { listen 8081; server_name status.$DOMAIN; location / { stub_status; } }
EOF
# FAULT: nothing writes this site: the link leads nowhere
ln -sfn /etc/nginx/sites-available/pictures /etc/nginx/sites-enabled/pictures
# FAULT: nginx's own site is the default server of port 80 already: nginx refuses a second one
cat > /etc/nginx/conf.d/shop-secure.conf <<EOF
server {
    listen 80 default_server;
    listen 443 ssl;
    server_name secure.$DOMAIN;
    # FAULT: nothing gets this certificate
    ssl_certificate /etc/letsencrypt/live/secure.shop.example.com/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/secure.shop.example.com/privkey.pem;
}
EOF
nginx -t && systemctl reload nginx
