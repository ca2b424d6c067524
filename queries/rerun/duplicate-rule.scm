; iptables -A and -I without -C add a rule again, and a second mount covers the first.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "firewall-rule" "mount"))
