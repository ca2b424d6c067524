((command
   argument: (word) @word) @finding
  (#set! command "git")
  (#word-matches? @word "^(--force|-f)$"))
