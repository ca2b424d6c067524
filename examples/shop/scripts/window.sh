#!/usr/bin/env bash
# Sets up the screen in the shop's window, a server of its own that shows customers' pictures.
# Run as root on that server: scripts/window.sh
set -euo pipefail

WINDOW_DIR=/opt/window
# FAULT: set -u ends the script here, because the port is set only below
ADDRESS=127.0.0.1:$WINDOW_PORT
WINDOW_PORT=8300

install_packages() {
    apt-get update
    apt-get install -y git python3-venv python3-pip sudo redis-server docker.io docker-compose-v2
}
# FAULT: nothing calls it: the screen's log grows until the disk is full
write_rotation() {
    printf '/var/log/window/*.log {\n    weekly\n    rotate 4\n    missingok\n}\n' >/etc/logrotate.d/window
}

install_packages

id -u window >/dev/null 2>&1 || useradd --system --home-dir "$WINDOW_DIR" window
install -d -o window -g window "$WINDOW_DIR/pictures"
# FAULT: only root may make a directory there
sudo -u window mkdir -p /var/log/window

# FAULT: git clones only into an empty directory, and the pictures are there already
[ -d "$WINDOW_DIR/.git" ] || git clone https://git.example.org/shop/window.git "$WINDOW_DIR"
# FAULT: the image is as old as the first run
docker compose -f docker-compose.window.yml up -d
# FAULT: the entrypoint of clean takes no words, so its loop runs here for ever
docker compose -f docker-compose.window.yml run --rm clean redis-cli -h window-archive ping

# FAULT: the environment is made only below
sudo -u window "$WINDOW_DIR/venv/bin/python" "$WINDOW_DIR/index.py"
[ -x "$WINDOW_DIR/venv/bin/python" ] || python3 -m venv "$WINDOW_DIR/venv"
chown -R window:window "$WINDOW_DIR"

draft=$(mktemp)
echo 'every = 60' >"$draft"
chgrp window "$draft"
# FAULT: the file keeps its mode 0600, so its group can't read it
mv "$draft" /etc/window.pictures

# FAULT: the Python of Ubuntu 24.04 takes packages only from apt
pip3 install pillow
# FAULT: nothing lets ssh in, so nobody reaches the screen's server any more
ufw allow 8300/tcp
ufw --force enable

# FAULT: a new server has no crontab: grep finds nothing, and the script ends
(crontab -l 2>/dev/null | grep -v fstrim; echo '0 4 * * 1 /sbin/fstrim -a') | crontab -

# FAULT: no function of this name is left
write_settings "$ADDRESS"

# FAULT: left from a search for a fault, it keeps the lines below from running
exit 0
systemctl enable --now redis-server
