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
  (#effect? @precedes "create" "database"))

; It may be in SQL from a file, or in another script.
((command) @precedes
  (#unread-sql? @precedes))

((command) @precedes
  (#opaque? @precedes))

((command argument: (_) @word) @precedes
  (#word-matches? @word "(?i)create database"))
