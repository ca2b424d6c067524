#!/usr/bin/env bash
set -euo pipefail

ACCOUNT=depot
ROOT=/srv/depot
ENV_FILE=/etc/depot.env
RUN="sudo -u $ACCOUNT --"

[[ $(id -u) == 0 ]] || { echo "must be root"; exit 1; }

apt-get update
apt-get install -y git ruby-full build-essential libpq-dev libyaml-dev postgresql redis-server nodejs

id "$ACCOUNT" >/dev/null 2>&1 || useradd --system --create-home --home-dir /var/lib/depot "$ACCOUNT"
mkdir -p "$ROOT"
chown "$ACCOUNT": "$ROOT"

test -d "$ROOT/.git" || $RUN git clone https://git.example.org/depot.git "$ROOT"
$RUN git -C "$ROOT" pull --ff-only

if [[ ! -s $ENV_FILE ]]; then
  install -m 0640 -g "$ACCOUNT" /dev/null "$ENV_FILE"
  {
    echo "RAILS_ENV=production"
    echo "SECRET_KEY_BASE=$(openssl rand -hex 64)"
    echo "DATABASE_URL=postgresql:///depot"
    echo "REDIS_URL=redis://127.0.0.1:6379/0"
  } >"$ENV_FILE"
fi

sudo -u postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = 'depot'" | grep -q 1 || sudo -u postgres createuser depot
sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'depot'" | grep -q 1 || sudo -u postgres createdb -O depot depot

command -v bundle >/dev/null || gem install bundler --no-document
cd "$ROOT"
$RUN bundle config set --local path vendor/bundle
$RUN bundle config set --local without 'development test'
$RUN bundle install --quiet
set -a; source "$ENV_FILE"; set +a
sudo --preserve-env=RAILS_ENV,SECRET_KEY_BASE,DATABASE_URL,REDIS_URL -u "$ACCOUNT" bundle exec rails db:migrate
sudo --preserve-env=RAILS_ENV,SECRET_KEY_BASE,DATABASE_URL,REDIS_URL -u "$ACCOUNT" bundle exec rails assets:precompile

cp config/systemd/depot-web.service config/systemd/depot-sidekiq.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable depot-web depot-sidekiq
systemctl restart depot-web depot-sidekiq
