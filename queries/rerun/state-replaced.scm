; A command resets or throws away what has been added since the first run. rerun/file-replaced reports environment files.
((command) @finding
  (#second-run? @finding "overwrites")
  (#not-environment-file? @finding))
