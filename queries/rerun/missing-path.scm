; rm without -f, mv, rmdir and similar commands fail if the first run took the path away.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "path")
  (#not-on-failure? @finding "handled"))
