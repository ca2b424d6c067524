; Starting by hand what the first run left running.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "process" "mount" "swap")
  (#not-on-failure? @finding "handled"))

; A server that wants its pid file for itself.
((command) @finding
  (#second-run? @finding "fails")
  (#role? @finding "serve")
  (#blamed? @finding "create" "path")
  (#not-on-failure? @finding "handled"))

; fallocate and mkswap on swap space that is in use.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "write" "path")
  (#not-on-failure? @finding "handled"))
