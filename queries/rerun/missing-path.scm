; rm without -f, mv, rmdir and their like, where the first run took the path away.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "path")
  (#not-on-failure? @finding "handled"))
