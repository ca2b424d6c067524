; Nothing brings the database up to date, and a tool of the project or a service of Compose would.
((command) @missing
  (#does? @missing "migrate")
  (#needed? "migrations"))
