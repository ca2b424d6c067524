; A file that holds a secret, or comes to hold one, has the usual mode; or a mode that is set opens it.
((command) @finding
  (#exposes-secret? @finding "new" "opened"))

; chmod -R opens a tree in which an environment file stands.
((command) @finding
  (#exposes-secret? @finding "standing"))

; A later mode closes the file, or a directory above it.
((command) @follows
  (#set! counts "perhaps")
  (#effect? @follows "mode" "path")
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
