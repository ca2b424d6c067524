; The deploy brings a unit, and nothing starts it.
((command) @finding
  (#brings-unit? @finding)
  (#not-unit? @finding "started" "restarted" "on-demand" "started-elsewhere" "removed"))

; A unit is only started, and a running one would keep its old code or its old text.
((command) @finding
  (#drives-unit? @finding "start")
  (#unit? @finding "left-running")
  (#not-unit? @finding "on-demand" "removed"))

; New code arrives, and nothing restarts the app, or a part of it.
((command) @finding
  (#role? @finding "source")
  (#leaves-old-code? @finding))
