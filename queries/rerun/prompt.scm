; Commands that wait for an answer.
((command) @finding
  (#set! command "apt-get" "apt" "aptitude" "dnf" "yum" "zypper" "pacman" "apk" "add-apt-repository" "adduser" "passwd" "read" "certbot" "certbot-auto" "ssh-keygen" "ufw" "unzip" "openssl" "python" "python3" "manage.py" "django-admin" "php" "npm" "npx" "yarn" "pnpm" "composer" "rails" "createuser" "mysql_secure_installation" "dpkg-reconfigure" "gpg" "crontab" "visudo" "chsh" "chfn" "cp" "mv" "rm" "npm-init" "snap" "dpkg" "docker" "pip" "pip3" "psql" "su" "htpasswd" "emerge" "mysql" "nano" "vim" "vi" "less" "more" "whiptail" "dialog")
  (#second-run? @finding "prompts"))
