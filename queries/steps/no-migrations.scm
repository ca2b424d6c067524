; Nothing brings the database up to date, although a tool of the project or a service of Compose could.
((command) @missing
  (#does? @missing "migrate")
  (#needed? "migrations"))
