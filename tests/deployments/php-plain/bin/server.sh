#!/bin/bash
# The guestbook on a new Debian server, and its updates. Run as root.
set -euo pipefail

app=/srv/guestbook
owner=guestbook
settings=/etc/guestbook.ini
php_version=8.2
branch=main

[ "$(id -u)" -eq 0 ] || { echo "run as root" >&2; exit 1; }

apt-get update -q
apt-get install -y -q git unzip composer nginx postgresql php-fpm php-cli php-pgsql

getent group "$owner" >/dev/null || groupadd --system "$owner"
getent passwd "$owner" >/dev/null || useradd --system --gid "$owner" --home-dir "$app" --shell /usr/sbin/nologin "$owner"
mkdir -p "$app"
chown "$owner:$owner" "$app"
chmod 755 "$app"

if [ ! -d "$app/.git" ]; then
  sudo -u "$owner" git clone -b "$branch" https://git.example.org/guestbook.git "$app"
fi
sudo -u "$owner" git -C "$app" fetch origin "$branch"
sudo -u "$owner" git -C "$app" reset --hard "origin/$branch"
sudo -u "$owner" composer install --working-dir="$app" --no-dev --no-interaction
install -d -m 0750 -o "$owner" -g "$owner" "$app/var"

if [ ! -f "$settings" ]; then
  draft=$(mktemp)
  sed "s|^SECRET=.*|SECRET=$(openssl rand -hex 32)|" "$app/guestbook.sample.ini" >"$draft"
  chgrp "$owner" "$draft"
  chmod 640 "$draft"
  mv "$draft" "$settings"
fi

cd /tmp
if [ -z "$(sudo -u postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname='guestbook'")" ]; then
  sudo -u postgres createuser guestbook
fi
if [ -z "$(sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname='guestbook'")" ]; then
  sudo -u postgres createdb --owner=guestbook guestbook
fi
sudo -u "$owner" DATABASE_DSN="pgsql:dbname=guestbook" php "$app/bin/migrate.php"

cat >/etc/systemd/system/guestbook-remind.service <<EOF
[Unit]
Description=Guestbook: reminder

[Service]
Type=oneshot
User=$owner
WorkingDirectory=$app
ExecStart=/usr/bin/php $app/bin/remind.php
EOF
cat >/etc/systemd/system/guestbook-remind.timer <<EOF
[Unit]
Description=Guestbook: reminder, each morning

[Timer]
OnCalendar=07:00
Persistent=true

[Install]
WantedBy=timers.target
EOF
systemctl daemon-reload
systemctl enable --now guestbook-remind.timer

install -m 0644 "$app/pool.conf" "/etc/php/$php_version/fpm/pool.d/guestbook.conf"
systemctl restart "php$php_version-fpm"
install -m 0644 "$app/guestbook.nginx" /etc/nginx/sites-available/guestbook
ln -sfn /etc/nginx/sites-available/guestbook /etc/nginx/sites-enabled/guestbook
rm -f /etc/nginx/sites-enabled/default
nginx -t
systemctl reload nginx
