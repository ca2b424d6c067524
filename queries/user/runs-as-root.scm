; Root installs, builds, gathers or migrates where something lives that another account runs.
((command) @finding
  (#role? @finding "dependencies" "build" "static-files" "migrate")
  (#not-ecosystem? @finding "container")
  (#runs-as? @finding "root")
  (#place? @finding "here")
  (#in-others-tree? @finding))
