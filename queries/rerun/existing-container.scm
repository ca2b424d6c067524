; docker run --name, docker network create and their like.
((command) @finding
  (#set! command "docker" "podman" "nerdctl")
  (#second-run? @finding "fails")
  (#effect? @finding "create" "*"))

; docker rm of what is gone: of consequence only where it ends the script.
((command) @finding
  (#set! command "docker" "podman" "nerdctl")
  (#second-run? @finding "fails")
  (#not-effect? @finding "create" "*")
  (#on-failure? @finding "aborts"))
