; sudo runs the command, and the shell of a caller who is not root opens the file.
((command) @finding
  (#runs-as? @finding "root")
  (#place? @finding "here")
  (#not-on-failure? @finding "handled")
  (#redirects-as-caller? @finding))
