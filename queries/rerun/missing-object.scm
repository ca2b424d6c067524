; What the first run has removed is gone. That is of consequence only where it ends the script.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "user" "group" "process" "mount" "swap" "remote" "branch" "tag" "commit" "setting"
    "firewall-rule" "firewall" "network-setting" "file-system" "membership" "superuser" "wordpress" "wordpress-user"
    "wordpress-post" "rabbitmq-user" "selinux-rule" "network-attachment" "context" "certificate" "unit" "program" "package" "line" "crontab" "data"
    "rows" "keys" "redis-key" "ufw" "password" "download" "files" "volumes")
  (#on-failure? @finding "aborts"))
