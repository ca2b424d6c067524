; A build or a migration is above the install of what it needs, and nothing above it installs that.
((command) @finding
  (#set! once "other")
  (#role? @finding "build" "migrate" "static-files")
  (#ecosystem? @finding "python" "node" "ruby" "php"))

((command) @other
  (#installs-manifest? @other)
  (#after? @other @finding)
  (#same-place? @other @finding)
  (#same-ecosystem? @other @finding)
  (#same-packages? @other @finding))

((command) @precedes
  (#role? @precedes "dependencies")
  (#same-ecosystem? @precedes @finding)
  (#not-other-packages? @precedes @finding))

; A script or `make` may have done it.
((command) @precedes
  (#opaque? @precedes))

((command argument: (_) @word) @precedes
  (#word-matches? @word "install")
  (#not-role? @precedes "system-packages" "read-only" "dependencies" "global-tool" "virtual-env"))
