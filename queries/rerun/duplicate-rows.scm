; Seeds, INSERTs and queued jobs that are run again.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "table" "rows" "wordpress-post" "redis-key"))
