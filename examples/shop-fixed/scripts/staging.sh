#!/usr/bin/env bash
# Puts the shop on the staging machine, where Redis and the mail catcher run in containers.
# Run as root, from anywhere: scripts/staging.sh
set -euo pipefail

STAGING_DIR=/srv/shop-staging

id -u stager >/dev/null 2>&1 || useradd --system --home-dir "$STAGING_DIR" stager

cd "$STAGING_DIR"
sudo -u stager git pull --ff-only

sudo -u stager git remote get-url mirror >/dev/null 2>&1 || sudo -u stager git remote add mirror https://git.example.org/mirror/shop.git

[ -f .env ] || cp .sample.env .env
chmod 600 .env

wget -O catalogue.zip https://downloads.example.org/catalogue.zip
unzip -o catalogue.zip

docker network inspect shop-staging >/dev/null 2>&1 || docker network create shop-staging
docker rm -f shop-redis >/dev/null 2>&1 || true
docker run -d --name shop-redis --network shop-staging redis:7

ufw allow OpenSSH
ufw --force enable
iptables -C INPUT -p tcp --dport 8100 -j ACCEPT 2>/dev/null || iptables -I INPUT -p tcp --dport 8100 -j ACCEPT

chown -R stager:stager "$STAGING_DIR"

cd "$STAGING_DIR/frontend"
sudo -u stager npm ci
sudo -u stager npm run build
if [ ! -f "$STAGING_DIR/.seeded" ]; then
  sudo -u stager npx sequelize db:seed:all
  sudo -u stager touch "$STAGING_DIR/.seeded"
fi

rsync -a --delete --exclude=.git --exclude=/uploads pages/ /srv/shop-pages/
mkdir -p /srv/shop-pages/uploads
chown stager:stager /srv/shop-pages/uploads
(cd /var/cache/shop-staging && find . -mindepth 1 ! -name keep -delete)

if [ -d /srv/shop-help/.git ]; then
  git -C /srv/shop-help pull --ff-only
else
  git clone https://git.example.org/shop/help.git /srv/shop-help
fi
(cd /srv/shop-help && hugo)

if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = 'stager'" | grep -q 1; then
  sudo -u postgres createuser stager
fi
if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'shop_staging'" | grep -q 1; then
  sudo -u postgres createdb --owner=stager shop_staging
fi

[ -e /etc/redis/redis.conf.orig ] || cp /etc/redis/redis.conf /etc/redis/redis.conf.orig
sed -i 's/^maxmemory .*/maxmemory 64mb/' /etc/redis/redis.conf

docker compose -f docker/search.yaml down

sudo /srv/shop-tools/venv/bin/pip install -r /srv/shop-tools/requirements.txt

sudo -u stager pm2 startOrReload ecosystem.config.js

if id -u shop-old >/dev/null 2>&1; then userdel shop-old; fi
rm -f /etc/nginx/sites-enabled/default

systemctl reload nginx
