; Lines that each run appends again.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "append" "line")
  (#lasting-line? @finding))

; A crontab that is put back with one line more.
((command) @finding
  (#second-run? @finding "duplicates")
  (#effect? @finding "*" "crontab"))
