; Each run appends lines again.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "append" "line")
  (#lasting-line? @finding))

; Each run puts the crontab back with one more line.
((command) @finding
  (#second-run? @finding "duplicates")
  (#effect? @finding "*" "crontab"))
