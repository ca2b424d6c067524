#!/usr/bin/env bash
# Sets up the library on a new Debian server, and updates it. Run as root.
set -euo pipefail

readonly APP=library
readonly ACCOUNT=library
readonly HOME_DIR=/srv/library
readonly CODE=$HOME_DIR/code
readonly VENV=$HOME_DIR/venv
readonly SETTINGS=/etc/library.env
readonly REPO=https://git.example.org/library/library.git

install_packages() {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y git sudo openssl python3 python3-venv postgresql redis-server nginx
}

make_account() {
    getent passwd "$ACCOUNT" >/dev/null || useradd --system --home-dir "$HOME_DIR" --shell /usr/sbin/nologin "$ACCOUNT"
    install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 0755 "$HOME_DIR"
}

as_app() {
    runuser -u "$ACCOUNT" -- "$@"
}

fetch_code() {
    if [ -d "$CODE/.git" ]; then
        as_app git -C "$CODE" fetch --quiet origin
        as_app git -C "$CODE" reset --hard --quiet origin/main
    else
        as_app git clone --quiet "$REPO" "$CODE"
    fi
}

make_settings() {
    [ -f "$SETTINGS" ] && return 0
    local secret password
    secret=$(openssl rand -hex 32)
    password=$(openssl rand -hex 16)
    install -m 0640 -o root -g "$ACCOUNT" /dev/null "$SETTINGS"
    cat >"$SETTINGS" <<EOF
DJANGO_SECRET_KEY=$secret
DATABASE_URL=postgresql://library:$password@127.0.0.1/library
REDIS_URL=redis://127.0.0.1:6379/0
ALLOWED_HOSTS=library.example.org
EOF
}

make_database() {
    local password
    password=$(sed -n 's|^DATABASE_URL=postgresql://library:\(.*\)@.*|\1|p' "$SETTINGS")
    if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname='library'" | grep -q 1; then
        sudo -u postgres psql -c "CREATE ROLE library LOGIN"
    fi
    sudo -u postgres psql -q -c "ALTER ROLE library PASSWORD '$password'"
    if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname='library'" | grep -q 1; then
        sudo -u postgres createdb -O library library
    fi
}

install_python() {
    [ -x "$VENV/bin/python" ] || as_app python3 -m venv "$VENV"
    as_app "$VENV/bin/pip" install --quiet -r "$CODE/requirements.txt"
}

prepare_app() {
    set -a
    . "$SETTINGS"
    set +a
    cd "$CODE"
    runuser -u "$ACCOUNT" -- "$VENV/bin/python" manage.py migrate --noinput
    runuser -u "$ACCOUNT" -- "$VENV/bin/python" manage.py collectstatic --noinput
    cd /
}

install_units() {
    local unit
    for unit in library-web.service library-worker.service; do
        install -m 0644 "$CODE/deploy/$unit" "/etc/systemd/system/$unit"
    done
    systemctl daemon-reload
    systemctl enable library-web.service library-worker.service
    systemctl restart library-web.service library-worker.service
}

install_site() {
    install -m 0644 "$CODE/deploy/nginx.conf" /etc/nginx/sites-available/library
    ln -sfn /etc/nginx/sites-available/library /etc/nginx/sites-enabled/library
    rm -f /etc/nginx/sites-enabled/default
    nginx -t
    systemctl reload nginx
}

main() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "run as root" >&2
        exit 1
    fi
    cd /
    install_packages
    make_account
    fetch_code
    make_settings
    make_database
    install_python
    prepare_app
    install_units
    install_site
    echo "$APP is up"
}

main "$@"
