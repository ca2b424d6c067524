; A line for sudo makes an account as good as root.
((command) @finding
  (#not-place? @finding "container")
  (#grants-root? @finding))
