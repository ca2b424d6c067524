; A migration above the command that creates a database, where nothing above it may have created one.
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

; It may be in SQL from a file, or in another script.
((command) @precedes
  (#set! counts "ever")
  (#unread-sql? @precedes))

((command) @precedes
  (#set! counts "ever")
  (#opaque? @precedes))

((command argument: (_) @word) @precedes
  (#set! counts "ever")
  (#word-matches? @word "(?i)create database"))
