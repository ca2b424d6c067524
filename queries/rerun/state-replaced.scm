; Commands that put back or throw away what has gathered since the first run.
((command) @finding
  (#set! command "ufw" "chpasswd" "mkfs" "mkfs.ext4" "mkfs.xfs" "mkfs.btrfs" "htpasswd" "openssl" "psql" "mysql" "mariadb" "rails" "rake" "php" "npx" "python" "python3" "manage.py" "crontab" "docker" "redis-cli" "mongosh" "dropdb")
  (#second-run? @finding "overwrites"))
