; The owner of a path is set, or its mode …
((command) @finding
  (#set! once "other")
  (#effect? @finding "own" "path")
  (#not-role? @finding "account")
  (#place? @finding "here")
  (#not-on-failure? @finding "handled"))

((command) @finding
  (#set! once "other")
  (#effect? @finding "mode" "path")
  (#not-role? @finding "account")
  (#place? @finding "here")
  (#not-on-failure? @finding "handled"))

; Another account runs a command …
((command) @finding
  (#set! once "other")
  (#effect? @finding "*" "*")
  (#runs-as? @finding "app" "other")
  (#place? @finding "here")
  (#not-on-failure? @finding "handled"))

((command) @finding
  (#set! once "other")
  (#role? @finding "dependencies" "build" "static-files" "migrate" "source")
  (#runs-as? @finding "app" "other")
  (#place? @finding "here")
  (#not-on-failure? @finding "handled"))

; … and the account or the path is made only later.
((command) @other
  (#effect? @other "create" "user" "path")
  (#not-made-elsewhere? @other)
  (#first-makes? @other @finding)
  (#not-asks-for? @finding @other))
