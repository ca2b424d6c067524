; Nothing gathers the static files that are served from where Django gathers them.
((command) @missing
  (#does? @missing "static-files")
  (#needed? "static-files"))
