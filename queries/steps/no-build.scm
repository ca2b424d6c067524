; Nothing builds the package whose output the deploy serves.
((command) @missing
  (#role? @missing "build")
  (#ecosystem? @missing "node")
  (#for-need? @missing)
  (#needed? "build"))

; Nothing builds the program that is run or installed, and nothing brings it.
((command) @missing
  (#for-need? @missing)
  (#needed? "program"))
