; Starting by hand what the first run left running.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "process")
  (#not-on-failure? @finding "handled"))

; Nothing keeps a second one from starting.
((command) @finding
  (#set! message "`{command}` {why} each time the script runs")
  (#second-run? @finding "duplicates")
  (#blamed? @finding "create" "process")
  (#not-on-failure? @finding "handled"))

; A server that wants its pid file for itself.
((command) @finding
  (#second-run? @finding "fails")
  (#role? @finding "serve")
  (#blamed? @finding "create" "path")
  (#not-on-failure? @finding "handled"))

; Mounts and swap space that are in use; fallocate and mkswap on the file of it.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "mount" "swap")
  (#not-on-failure? @finding "handled"))

((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "write" "path")
  (#not-on-failure? @finding "handled"))
