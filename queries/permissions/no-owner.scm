; Root makes a path that the app's account has to write to or read.
((command) @finding
  (#runs-as? @finding "root")
  (#place? @finding "here")
  (#needed-by-app? @finding))

; A later command sets its owner, or opens it.
((command) @follows
  (#set! counts "perhaps")
  (#effect? @follows "own" "path")
  (#gives-away? @follows @finding))

((command) @follows
  (#set! counts "perhaps")
  (#effect? @follows "mode" "path")
  (#gives-away? @follows @finding))

; The paths of this one are not known: find … | xargs chown.
((command) @follows
  (#set! counts "perhaps")
  (#role? @follows "owner")
  (#gives-away? @follows @finding))

; A path inside another one that stays root's is reported with that one.
((command) @precedes
  (#set! counts "perhaps")
  (#needed-by-app? @precedes)
  (#holds? @precedes @finding))
