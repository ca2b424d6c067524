; Nothing makes the virtual environment whose programs a unit runs.
((command) @missing
  (#role? @missing "virtual-env" "dependencies")
  (#for-need? @missing)
  (#needed? "virtual-env"))

; Nothing installs what a manifest declares, and a process of the deploy needs.
((command) @missing
  (#does? @missing "python-dependencies")
  (#needed? "python-dependencies"))

((command) @missing
  (#role? @missing "dependencies")
  (#ecosystem? @missing "node")
  (#for-need? @missing)
  (#needed? "node-dependencies"))

((command) @missing
  (#does? @missing "ruby-dependencies")
  (#needed? "ruby-dependencies"))

((command) @missing
  (#does? @missing "php-dependencies")
  (#needed? "php-dependencies"))
