#!/usr/bin/env bash
set -Eeuo pipefail
trap 'echo "failed on line $LINENO" >&2' ERR

BASE=/opt/tickets
RUNS_AS=tickets
SERVICES=(api mailer)
PACKAGES=(git openssl python3-venv nodejs npm nginx)

as() { sudo -u "$RUNS_AS" "$@"; }

write_unit() {
  local name=$1 command=$2
  cat >"/etc/systemd/system/tickets-$name.service" <<UNIT
[Unit]
Description=Tickets: $name
After=network.target

[Service]
User=$RUNS_AS
WorkingDirectory=$BASE/app
EnvironmentFile=$BASE/settings.env
ExecStart=$command
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
}

apt-get update -qq
apt-get install -y -qq "${PACKAGES[@]}"

if ! id -u "$RUNS_AS" >/dev/null 2>&1; then
  adduser --system --group --home "$BASE" --no-create-home "$RUNS_AS"
fi
install -d -m 0755 -o "$RUNS_AS" -g "$RUNS_AS" "$BASE"

if [[ -d $BASE/app/.git ]]; then
  as git -C "$BASE/app" pull --ff-only
else
  as git clone https://git.example.org/tickets.git "$BASE/app"
fi

if [[ ! -e $BASE/settings.env ]]; then
  token=$(openssl rand -base64 33)
  umask 077
  echo "API_TOKEN=$token" >"$BASE/settings.env"
  umask 022
fi

[[ -d $BASE/venv ]] || as python3 -m venv "$BASE/venv"
as "$BASE/venv/bin/pip" install -q -r "$BASE/app/requirements.txt"

cd "$BASE/app/web"
as npm ci
as npm run build
cd /

write_unit api "$BASE/venv/bin/uvicorn tickets.api:app --host 127.0.0.1 --port 8080"
write_unit mailer "$BASE/venv/bin/python -m tickets.mailer"
systemctl daemon-reload
for service in "${SERVICES[@]}"; do
  systemctl enable "tickets-$service"
  systemctl restart "tickets-$service"
done

cp "$BASE/app/deploy/tickets.conf" /etc/nginx/conf.d/tickets.conf
nginx -t
systemctl reload nginx
