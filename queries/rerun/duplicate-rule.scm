; iptables -A and -I without -C; a second mount on top of the first.
((command) @finding
  (#set! command "iptables" "ip6tables" "nft" "mount")
  (#second-run? @finding "duplicates"))
