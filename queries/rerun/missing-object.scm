; What the first run has removed is gone. That matters only if it ends the script. Paths, containers and databases have
; rules of their own.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "*")
  (#not-blamed? @finding "*" "path" "database" "role" "table")
  (#not-blamed? @finding "*" "container" "network" "volume" "pod" "secret" "config" "swarm" "swarm-service")
  (#on-failure? @finding "aborts"))
