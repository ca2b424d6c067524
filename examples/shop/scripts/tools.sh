#!/usr/bin/env bash
# Installs what draws the curves of the server: scripts/tools.sh
set -euo pipefail

# FAULT: root is sent away, and nobody else may install packages
[ "$(id -u)" -ne 0 ] || { echo "run this as root" >&2; exit 1; }
apt-get update
apt-get install -y munin-node
systemctl restart munin-node
