#!/bin/bash
# The chat server: installs or updates it on Ubuntu. Run as root.
set -e

USER_NAME=chat
TARGET=/opt/chat

if [[ $EUID -ne 0 ]]; then
  echo "setup.sh needs root" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y git nodejs npm
command -v pm2 >/dev/null || npm install -g pm2

id "$USER_NAME" &>/dev/null || useradd --system --create-home --shell /bin/bash "$USER_NAME"
mkdir -p "$TARGET"
chown "$USER_NAME:$USER_NAME" "$TARGET"

if [[ ! -d $TARGET/.git ]]; then
  sudo -u "$USER_NAME" git clone https://git.example.org/chat.git "$TARGET"
fi
sudo -u "$USER_NAME" git -C "$TARGET" pull --ff-only

if [[ ! -f $TARGET/.env ]]; then
  key=$(openssl rand -hex 24)
  printf 'SESSION_KEY=%s\nPORT=3000\n' "$key" | install -m 600 -o "$USER_NAME" -g "$USER_NAME" /dev/stdin "$TARGET/.env"
fi

sudo -u "$USER_NAME" npm --prefix "$TARGET" ci
sudo -u "$USER_NAME" npm --prefix "$TARGET" run build

sudo -iu "$USER_NAME" pm2 startOrReload "$TARGET/ecosystem.config.js" --update-env
sudo -iu "$USER_NAME" pm2 save
env PATH="$PATH:/usr/bin" pm2 startup systemd -u "$USER_NAME" --hp "/home/$USER_NAME"
