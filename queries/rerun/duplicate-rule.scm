; iptables -A and -I without -C; a second mount on top of the first.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "firewall-rule" "mount"))
