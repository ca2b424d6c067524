((command
   argument: (word) @word) @missing
  (#set! command "sentry-cli")
  (#word-matches? @word "^releases$"))
