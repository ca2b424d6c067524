; Seeds and INSERTs that are run again.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "table" "rows" "wordpress-post"))
