; The script starts by hand what the first run left running.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "process")
  (#not-on-failure? @finding "handled"))

; Nothing prevents a second process from starting.
((command) @finding
  (#set! message "`{command}` {why} each time the script runs")
  (#second-run? @finding "duplicates")
  (#blamed? @finding "create" "process")
  (#not-on-failure? @finding "handled"))

; A server needs its pid file for itself.
((command) @finding
  (#second-run? @finding "fails")
  (#role? @finding "serve")
  (#blamed? @finding "create" "path")
  (#not-on-failure? @finding "handled"))

; A mount or swap space is in use. fallocate and mkswap fail on its file, too.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "mount" "swap")
  (#not-on-failure? @finding "handled"))

((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "write" "path")
  (#not-on-failure? @finding "handled"))
