; git remote add, iptables -N, ip addr add and other things that can be there only once.
((command) @finding
  (#set! command "git")
  (#second-run? @finding "fails")
  (#effect? @finding "create" "remote"))

((command) @finding
  (#set! command "iptables" "ip6tables" "ip" "nft" "rabbitmqctl" "semanage" "update-alternatives" "nmcli" "lvcreate" "zfs" "a2ensite")
  (#second-run? @finding "fails"))
