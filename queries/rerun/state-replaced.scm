; Commands that put back or throw away what has gathered since the first run. An environment file is told by
; rerun/file-replaced.
((command) @finding
  (#second-run? @finding "overwrites")
  (#not-environment-file? @finding))
