; wget without -O: the second download is called NAME.1, and the old one stays in use.
((command) @finding
  (#second-run? @finding "duplicates")
  (#blamed? @finding "*" "path" "download"))
