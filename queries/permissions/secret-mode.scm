; A file that holds a secret, or will hold one, has the usual mode, or a command sets a mode that opens it.
((command) @finding
  (#exposes-secret? @finding "new" "opened"))

; chmod -R opens a tree that holds an environment file.
((command) @finding
  (#exposes-secret? @finding "standing"))

; A later mode closes the file, or a directory above it.
((command) @follows
  (#set! counts "perhaps")
  (#effect? @follows "mode" "path")
  (#hides? @follows @finding))

; A command closes files that another one names: `find … | xargs chmod 600`.
((command) @follows
  (#set! counts "perhaps")
  (#role? @follows "mode")
  (#hides? @follows @finding))

; It is removed.
((command) @follows
  (#set! counts "perhaps")
  (#effect? @follows "remove" "path")
  (#hides? @follows @finding))

; The directory was closed before.
((command) @precedes
  (#set! counts "perhaps")
  (#effect? @precedes "mode" "path")
  (#hides? @precedes @finding))
