; CREATE DATABASE, CREATE ROLE, CREATE TABLE without a test.
((command) @finding
  (#set! command "psql" "createdb" "createuser" "mysql" "mariadb" "mysqladmin" "sqlite3" "dropdb" "dropuser")
  (#second-run? @finding "fails"))
