; A unit's file is written again and the unit is started further down, and systemd does not read the file in between.
((command) @finding
  (#brings-unit? @finding)
  (#not-unit? @finding "removed")
  (#not-guarded? @finding))

; `enable --now` reads it before it starts it.
((command) @other
  (#effect? @other "start" "unit")
  (#not-role? @other "daemon-reload")
  (#same-unit? @other @finding)
  (#same-place? @other @finding)
  (#later? @other @finding))

((command) @other
  (#effect? @other "restart" "unit")
  (#not-role? @other "daemon-reload")
  (#same-unit? @other @finding)
  (#same-place? @other @finding)
  (#later? @other @finding))

((command) @follows
  (#set! counts "perhaps")
  (#same-place? @follows @finding)
  (#role? @follows "daemon-reload" "reboot")
  (#not-later? @follows @other))
