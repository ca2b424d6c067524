; Each run repeats a seed or an INSERT, or queues a job again.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "table" "rows" "wordpress-post" "redis-key"))
