; chmod 777, o+w: every account on the server can write there.
((command) @finding
  (#effect? @finding "mode" "path")
  (#not-place? @finding "container")
  (#opens-to-all? @finding))

; A later command takes it back.
((command) @follows
  (#effect? @follows "*" "path")
  (#narrows? @follows @finding))

; `chmod 777 x || sudo chmod 777 x` is one fault.
((command) @precedes
  (#opens-to-all? @precedes)
  (#same-resource? @precedes @finding))
