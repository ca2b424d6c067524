; mkdir without -p, ln without -f, git clone and similar commands fail if the path exists in the second run.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "path")
  (#not-role? @finding "serve")
  (#not-on-failure? @finding "handled"))

; cp -r and ln -s act inside the directory that the first run has made.
((command) @finding
  (#set! message "when the script runs again, `{command}` {why}")
  (#second-run? @finding "nests"))
