; Seeds and INSERTs that are run again.
((command) @finding
  (#set! command "npx" "npm" "pnpm" "yarn" "bun" "sequelize" "sequelize-cli" "knex" "prisma" "rails" "rake" "php" "psql" "mysql" "mariadb" "sqlite3" "python" "python3" "manage.py" "flask" "dotnet")
  (#second-run? @finding "duplicates")
  (#not-effect? @finding "append" "line"))
