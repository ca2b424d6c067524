#!/usr/bin/env bash
# Builds the ledger on the server and keeps it running. Run as root, for the first time and for each update.
set -o errexit -o nounset -o pipefail

ACCOUNT=ledger
BUILDER=builder
SOURCE=/usr/local/src/ledger
DATA=/var/lib/ledger
KEYS=/etc/ledger/keys.env

need() {
  local missing=()
  local program
  for program in git cargo nginx; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  if (( ${#missing[@]} )); then
    apt-get update
    apt-get install -y build-essential "${missing[@]}"
  fi
}

accounts() {
  if ! getent passwd "$BUILDER" >/dev/null; then
    useradd --system --create-home --home-dir /var/lib/builder "$BUILDER"
  fi
  if ! getent passwd "$ACCOUNT" >/dev/null; then
    useradd --system --home-dir "$DATA" --shell /usr/sbin/nologin "$ACCOUNT"
  fi
}

build() {
  install -d -o "$BUILDER" -g "$BUILDER" "$SOURCE"
  if [[ -d $SOURCE/.git ]]; then
    runuser -u "$BUILDER" -- git -C "$SOURCE" fetch origin
    runuser -u "$BUILDER" -- git -C "$SOURCE" reset --hard origin/main
  else
    runuser -u "$BUILDER" -- git clone --branch main https://git.example.org/ledger.git "$SOURCE"
  fi
  su "$BUILDER" -s /bin/bash -c "cd '$SOURCE' && cargo build --release --locked"
  install -m 0755 "$SOURCE/target/release/ledger" /usr/local/bin/ledger.next
  mv -f /usr/local/bin/ledger.next /usr/local/bin/ledger
}

keys() {
  install -d -m 0750 -o root -g "$ACCOUNT" "${KEYS%/*}"
  [[ -s $KEYS ]] && return 0
  local draft
  draft=$(mktemp)
  printf 'LEDGER_KEY=%s\n' "$(openssl rand -hex 24)" >"$draft"
  install -m 0640 -o root -g "$ACCOUNT" "$draft" "$KEYS"
  rm -f "$draft"
}

service() {
  install -d -m 0750 -o "$ACCOUNT" -g "$ACCOUNT" "$DATA"
  cat >/etc/systemd/system/ledger.service <<UNIT
[Unit]
Description=Ledger
After=network.target

[Service]
User=$ACCOUNT
Environment=LEDGER_DIR=$DATA
EnvironmentFile=$KEYS
ExecStart=/usr/local/bin/ledger
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable ledger
  systemctl restart ledger
}

site() {
  install -m 0644 "$SOURCE/ledger.nginx" /etc/nginx/sites-available/ledger
  ln -sf /etc/nginx/sites-available/ledger /etc/nginx/sites-enabled/ledger
  nginx -t
  systemctl reload nginx
}

for step in need accounts build keys service site; do
  echo "== $step"
  "$step"
done
