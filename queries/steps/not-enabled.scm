; A unit that the boot could start is started, and nothing enables it.
((command) @finding
  (#brings-unit? @finding)
  (#unit? @finding "started" "restarted")
  (#unit? @finding "installable")
  (#not-unit? @finding "transient" "on-demand" "enabled" "removed"))
