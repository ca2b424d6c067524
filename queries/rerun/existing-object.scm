; git remote add, git tag, iptables -N, ip addr add, createsuperuser and others create what can exist only once.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "remote" "branch" "tag" "setting" "firewall-rule" "firewall" "network-setting" "file-system" "membership" "superuser" "wordpress" "wordpress-user" "rabbitmq-user" "selinux-rule" "network-attachment" "context" "certificate")
  (#not-on-failure? @finding "handled"))

; A patch is applied already.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "edit" "path" "files")
  (#not-on-failure? @finding "handled"))
