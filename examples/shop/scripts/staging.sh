#!/usr/bin/env bash
# Puts the shop on the staging machine, where Redis and the mail catcher run in containers.
# Run as root, from anywhere: scripts/staging.sh
set -euo pipefail

STAGING_DIR=/srv/shop-staging

cd "$STAGING_DIR"
# FAULT: the chown below gives the checkout to stager; git as root refuses to work in it from the second run on
git pull --ff-only

# FAULT: the second run finds the remote there
git remote add mirror https://git.example.org/mirror/shop.git

# FAULT: writes the sample over what was filled in for staging
cp .sample.env .env
chmod 600 .env

# FAULT: the second download is called catalogue.zip.1, and the old one is unpacked
wget https://downloads.example.org/catalogue.zip
unzip -o catalogue.zip

id -u stager >/dev/null 2>&1 || useradd --system --home-dir "$STAGING_DIR" stager

# FAULT: fails once the network is there
docker network create shop-staging
# FAULT: the name is in use from the second run on
docker run -d --name shop-redis --network shop-staging redis:7

# FAULT: takes every rule away that was added since
ufw --force reset
ufw allow OpenSSH
ufw --force enable
# FAULT: one more of the same rule on each run
iptables -I INPUT -p tcp --dport 8100 -j ACCEPT

chown -R stager:stager "$STAGING_DIR"

cd "$STAGING_DIR/frontend"
# FAULT: built before what it needs is installed: fails on a new machine, and takes the old packages on a later run
sudo -u stager npm run build
# FAULT: takes versions that the lockfile does not name, and writes it anew
sudo -u stager npm install
# FAULT: seeds are not recorded: the second run inserts the demo products again
sudo -u stager npx sequelize db:seed:all

# FAULT: the second run deletes the uploads, which the source does not have
rsync -a --delete --exclude=.git pages/ /srv/shop-pages/
mkdir -p /srv/shop-pages/uploads
chown stager:stager /srv/shop-pages/uploads
# FAULT: find calls it ./keep, and so deletes it too
(cd /var/cache/shop-staging && find . -mindepth 1 ! -path keep -delete)

# FAULT: cloned once and never pulled: each later run builds the pages of the first
[ -d /srv/shop-help ] || git clone https://git.example.org/shop/help.git /srv/shop-help
(cd /srv/shop-help && hugo)

if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'shop_staging'" | grep -q 1; then
    sudo -u postgres createdb shop_staging
    # FAULT: where this fails, the database is there all the same, and no later run comes here again
    sudo -u postgres createuser stager
fi

# FAULT: the second run saves the changed file under this name, and the one that Redis came with is gone
cp /etc/redis/redis.conf /etc/redis/redis.conf.orig
sed -i 's/^maxmemory .*/maxmemory 64mb/' /etc/redis/redis.conf

# FAULT: the volumes go too, and with them all that was tried out on staging
docker compose -f docker/search.yaml down --volumes

if [ ! -f /srv/shop-tools/.installed ]; then
    source /srv/shop-tools/venv/bin/activate
    # FAULT: sudo finds the system's pip, not that of the environment
    sudo pip install -r /srv/shop-tools/requirements.txt
    touch /srv/shop-tools/.installed
fi

# FAULT: no requirements name rq, and nothing installs it
sudo -u stager "$STAGING_DIR/venv/bin/rq" empty --all
# FAULT: it is launched already in the second run
pm2 start server.js --name shop-pages

# FAULT: the old account is gone after the first run, and set -e ends the second here
userdel shop-old
# FAULT: gone after the first run, and set -e ends the second here
rm /etc/nginx/sites-enabled/default

# FAULT: it is running in the second run, and cp cannot write into its file
cp /srv/shop-tools/target/release/shop-suggest /usr/local/bin/shop-suggest
cat > /etc/systemd/system/shop-suggest.service <<'EOF'
[Unit]
Description=Shop: suggests words for the search
# FAULT: after a crash it stays down
[Service]
User=stager
ExecStart=/usr/local/bin/shop-suggest --socket /run/shop-suggest.sock
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable shop-suggest
systemctl restart shop-suggest

# FAULT: nothing brings this unit
systemctl restart shop-search
systemctl reload nginx
