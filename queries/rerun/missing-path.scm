; rm without -f, mv, rmdir and their like, where the first run took the path away.
((command) @finding
  (#set! command "rm" "rmdir" "mv" "unlink" "gzip" "gunzip" "xz" "bzip2" "patch" "shred")
  (#second-run? @finding "fails")
  (#effect? @finding "remove" "path"))
