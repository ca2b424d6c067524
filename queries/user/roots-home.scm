; A command of another account is given a path in root's home.
((command) @finding
  (#runs-as? @finding "app" "other")
  (#place? @finding "here")
  (#out-of-reach? @finding))

; A service of another account runs or works there.
((command) @finding
  (#place? @finding "here")
  (#unit-out-of-reach? @finding))
