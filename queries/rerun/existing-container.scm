; docker run --name, docker network create and similar commands.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "container" "network" "volume" "pod" "secret" "config" "swarm" "swarm-service")
  (#not-on-failure? @finding "handled"))

; docker rm fails if the thing is gone, which matters only if that ends the script.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "remove" "container" "network" "volume" "pod" "secret" "config" "swarm" "swarm-service")
  (#on-failure? @finding "aborts"))
