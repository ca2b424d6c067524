; chmod 777, o+w: every account on the server can write there.
((command) @finding
  (#effect? @finding "mode" "path")
  (#not-place? @finding "container")
  (#opened? @finding "secrets" "lasting"))

; Whoever may write to the socket is as good as root.
((command) @finding
  (#set! severity "error")
  (#effect? @finding "mode" "path")
  (#not-place? @finding "container")
  (#opened? @finding "control-socket"))

; A socket whose protocol checks the caller. Files in /tmp do not stay for long.
((command) @finding
  (#set! severity "info")
  (#set! confidence "medium")
  (#effect? @finding "mode" "path")
  (#not-place? @finding "container")
  (#opened? @finding "passing"))

; A later command takes it back.
((command) @follows
  (#effect? @follows "*" "path")
  (#narrows? @follows @finding))

; `chmod 777 x || sudo chmod 777 x` is one fault.
((command) @precedes
  (#opens-to-all? @precedes)
  (#same-resource? @precedes @finding))
