; A line for sudo with which an account is as good as root.
((command) @finding
  (#not-place? @finding "container")
  (#grants-root? @finding))
