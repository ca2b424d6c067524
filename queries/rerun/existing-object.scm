; git remote add, iptables -N, ip addr add and other things that can be there only once.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "remote" "firewall-rule" "firewall" "network-setting" "rabbitmq-user" "selinux-rule")
  (#not-on-failure? @finding "handled"))
