; A unit is started or enabled above the command that brings its file.
((command) @finding
  (#set! once "unit")
  (#drives-unit? @finding "start" "restart" "enable"))

((command) @other
  (#brings-unit? @other)
  (#place? @other "here")
  (#same-unit? @other @finding)
  (#same-place? @other @finding)
  (#after? @other @finding))

; It may be there already.
((command) @precedes
  (#set! counts "ever")
  (#may-bring-unit? @precedes @finding))

; It is started or enabled once more further down.
((command) @follows
  (#set! counts "ever")
  (#drives-alike? @follows @finding)
  (#later? @follows @other))

((command) @follows
  (#set! counts "ever")
  (#role? @follows "reboot")
  (#later? @follows @other))

((command) @follows
  (#set! counts "ever")
  (#opaque? @follows)
  (#later? @follows @other))
