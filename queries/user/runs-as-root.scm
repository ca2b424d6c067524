; Root installs, builds, gathers or migrates in a tree that another account runs something from.
((command) @finding
  (#role? @finding "dependencies" "build" "static-files" "cache" "migrate")
  (#not-ecosystem? @finding "container")
  (#runs-as? @finding "root")
  (#place? @finding "here")
  (#in-others-tree? @finding))
