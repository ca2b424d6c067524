#!/usr/bin/env bash
set -euo pipefail

SITE=/var/www/forum
OWNER=www-data

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y git unzip nginx supervisor composer php-fpm php-cli php-sqlite3 php-xml php-mbstring php-curl

install -d -o "$OWNER" -g "$OWNER" "$SITE"
if [ -d "$SITE/.git" ]; then
    sudo -u "$OWNER" git -C "$SITE" pull --ff-only
else
    sudo -u "$OWNER" git clone https://git.example.org/forum.git "$SITE"
fi

cd "$SITE"
sudo -u "$OWNER" composer install --no-dev --no-interaction --optimize-autoloader
if [ ! -f .env ]; then
    install -m 0640 -o "$OWNER" -g "$OWNER" .env.example .env
    sudo -u "$OWNER" php artisan key:generate --force
fi
[ -f database/database.sqlite ] || sudo -u "$OWNER" touch database/database.sqlite
sudo -u "$OWNER" php artisan migrate --force
sudo -u "$OWNER" php artisan config:cache

install -m 0644 deploy/forum-worker.conf /etc/supervisor/conf.d/forum-worker.conf
supervisorctl reread
supervisorctl update
supervisorctl restart forum-worker

install -m 0644 deploy/forum.nginx /etc/nginx/sites-available/forum
ln -sfn ../sites-available/forum /etc/nginx/sites-enabled/forum
nginx -t && systemctl reload nginx
