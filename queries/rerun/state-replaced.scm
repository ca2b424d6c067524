; A command resets or throws away what has been added since the first run. rerun/file-replaced reports environment files.
((command) @finding
  (#second-run? @finding "overwrites")
  (#not-environment-file? @finding))

; A database that was removed before has no rows of people.
((command argument: (_) @word) @precedes
  (#effect? @precedes "remove" "path")
  (#word-matches? @word "[.](sqlite3?|db)$"))
