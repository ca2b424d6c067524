#!/usr/bin/env bash
# Installs or updates the shop on an Ubuntu 24.04 server. Run it as root, as often as you like.
set -euo pipefail

REPO_URL=https://git.example.com/shop/shop.git
APP_USER=appuser
APP_DIR=/opt/shop
VENV=$APP_DIR/venv
ENV_FILE=$APP_DIR/.env
DB_NAME=shop
DB_USER=shop
DOMAIN=shop.example.com

[[ $EUID -eq 0 ]] || { echo "start.sh: run me as root" >&2; exit 1; }
cd / # a directory that every user may enter

echo "== System packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y sudo git openssl python3-venv nodejs npm postgresql redis-server nginx poppler-utils

echo "== User and directories"
if ! id -u "$APP_USER" >/dev/null 2>&1; then
    useradd --system --create-home --home-dir /var/lib/shop --shell /usr/sbin/nologin "$APP_USER"
fi
install -d -o "$APP_USER" -g www-data -m 0750 "$APP_DIR" # nginx reads the pages in it
install -d -o postgres -g postgres -m 0700 /var/backups/shop

echo "== Source"
if [[ -d $APP_DIR/.git ]]; then
    sudo -u "$APP_USER" git -C "$APP_DIR" pull --ff-only
else
    sudo -u "$APP_USER" git clone "$REPO_URL" "$APP_DIR"
fi
install -d -o "$APP_USER" -g "$APP_USER" -m 0750 "$APP_DIR/uploads"

echo "== Settings"
# Made once: the database knows this password, and links in old mails are signed with this key.
if [[ ! -f $ENV_FILE ]]; then
    secret_key=$(openssl rand -hex 32)
    db_password=$(openssl rand -hex 24)
    new_env=$(mktemp "$APP_DIR/.env.XXXXXX") # 0600 from birth, and only a whole file gets the name
    sed -e "s/^SECRET_KEY=.*/SECRET_KEY=$secret_key/" \
        -e "s/^DB_PASSWORD=.*/DB_PASSWORD=$db_password/" \
        "$APP_DIR/.sample.env" >"$new_env"
    mv "$new_env" "$ENV_FILE"
fi
chown "$APP_USER:$APP_USER" "$ENV_FILE"
chmod 600 "$ENV_FILE"

echo "== Dependencies and pages"
[[ -x $VENV/bin/pip ]] || sudo -u "$APP_USER" python3 -m venv "$VENV"
sudo -u "$APP_USER" "$VENV/bin/pip" install --quiet -r "$APP_DIR/requirements.txt"
sudo -u "$APP_USER" "$VENV/bin/python" "$APP_DIR/assets/manage.py" collectstatic --noinput
sudo -u "$APP_USER" npm --prefix "$APP_DIR/frontend" ci
sudo -u "$APP_USER" npm --prefix "$APP_DIR/frontend" run build
sudo -u "$APP_USER" npm --prefix "$APP_DIR/admin" ci
sudo -u "$APP_USER" npm --prefix "$APP_DIR/admin" run build

echo "== Database"
db_password=$(sed -n 's/^DB_PASSWORD=//p' "$ENV_FILE")
if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = '$DB_USER'" | grep -q 1; then
    sudo -u postgres psql -c "CREATE ROLE $DB_USER LOGIN"
fi
sudo -u postgres psql -q -v ON_ERROR_STOP=1 <<<"ALTER ROLE $DB_USER PASSWORD '$db_password'"
if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = '$DB_NAME'" | grep -q 1; then
    sudo -u postgres createdb --owner="$DB_USER" "$DB_NAME"
fi
sudo -u "$APP_USER" "$VENV/bin/alembic" -c "$APP_DIR/alembic.ini" upgrade head
echo "0 3 * * * postgres pg_dump -Fc -f /var/backups/shop/shop.dump $DB_NAME" >/etc/cron.d/shop-backup
echo "vm.overcommit_memory = 1" >/etc/sysctl.d/60-redis.conf # what Redis needs to save in the background
sysctl -q -p /etc/sysctl.d/60-redis.conf

echo "== Services"
cat >/etc/systemd/system/shop-web.service <<EOF
[Unit]
Description=Shop: REST API
After=network.target postgresql.service redis-server.service
[Service]
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$ENV_FILE
ExecStart=$VENV/bin/gunicorn shop.main:app -k uvicorn_worker.UvicornWorker -w 4 -b 127.0.0.1:8000
Restart=always
[Install]
WantedBy=multi-user.target
EOF
cat >/etc/systemd/system/shop-worker.service <<EOF
[Unit]
Description=Shop: confirms orders
After=network.target postgresql.service redis-server.service
[Service]
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$ENV_FILE
ExecStart=$VENV/bin/python -m shop.worker
Restart=always
RestartSec=5
[Install]
WantedBy=multi-user.target
EOF
cat >/etc/systemd/system/shop-mailer.service <<EOF
[Unit]
Description=Shop: writes to customers
After=network.target postgresql.service redis-server.service
[Service]
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$ENV_FILE
ExecStart=$VENV/bin/python -m shop.mailer
Restart=always
RestartSec=5
[Install]
WantedBy=multi-user.target
EOF
cat >/etc/systemd/system/shop-wsproxy.service <<EOF
[Unit]
Description=Shop: relays events to browsers
After=network.target redis-server.service
[Service]
User=$APP_USER
WorkingDirectory=$APP_DIR
EnvironmentFile=$ENV_FILE
ExecStart=$VENV/bin/python -m wsproxy
Restart=always
RestartSec=5
LimitNOFILE=65536
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable shop-web shop-worker shop-mailer shop-wsproxy
systemctl restart shop-web shop-worker shop-mailer shop-wsproxy

cat >/etc/nginx/sites-available/shop <<EOF
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
ln -sfn /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop
nginx -t && systemctl reload nginx
