; CREATE DATABASE, CREATE ROLE or CREATE TABLE runs without a test.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "*" "database" "role" "table")
  (#not-on-failure? @finding "handled"))
