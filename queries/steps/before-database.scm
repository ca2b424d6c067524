; A migration is above the command that creates a database, and nothing above it may have created one.
((command) @finding
  (#set! once "script")
  (#role? @finding "migrate")
  (#not-effect? @finding "create" "database"))

((command) @other
  (#effect? @other "create" "database")
  (#same-place? @other @finding)
  (#after? @other @finding))

((command) @precedes
  (#set! counts "ever")
  (#effect? @precedes "create" "database"))

; SQL from a file, or another script, may have created it.
((command) @precedes
  (#set! counts "ever")
  (#unread-sql? @precedes))

((command) @precedes
  (#set! counts "ever")
  (#opaque? @precedes))

((command argument: (_) @word) @precedes
  (#set! counts "ever")
  (#word-matches? @word "(?i)create database"))
