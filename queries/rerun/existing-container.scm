; docker run --name, docker network create and their like.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "container" "network" "volume" "pod" "secret" "config" "swarm" "swarm-service")
  (#not-on-failure? @finding "handled"))

; docker rm of what is gone: of consequence only where it ends the script.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "container" "network" "volume" "pod" "secret" "config" "swarm" "swarm-service")
  (#on-failure? @finding "aborts"))
