; A unit is started …
((command) @finding
  (#effect? @finding "start" "unit"))

; … and after that the script writes a file below /etc/shop, …
((command argument: (_) @word) @other
  (#effect? @other "write" "path")
  (#word-matches? @word "^/etc/shop/")
  (#after? @other @finding))

; … unless the unit is restarted after that.
((command) @follows
  (#effect? @follows "restart" "unit")
  (#after? @follows @other)
  (#same-unit? @follows @finding))
