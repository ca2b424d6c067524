; wget without -O: the second download is called NAME.1, and the old one stays in use.
((command) @finding
  (#set! command "wget")
  (#second-run? @finding "duplicates"))
