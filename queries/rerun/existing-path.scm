; mkdir without -p, ln without -f, git clone and their like, where the path is there in the second run.
((command) @finding
  (#set! command "mkdir" "ln" "git" "mknod" "mkfifo" "gpg" "gpg2" "gzip" "tar" "ssh-keygen" "virtualenv" "uv" "npx" "npm" "pnpm" "yarn" "bun" "django-admin" "rails" "composer" "cp" "python" "python3" "hg" "svn")
  (#second-run? @finding "fails" "nests")
  (#effect? @finding "create" "path"))

((command) @finding
  (#set! command "cp")
  (#second-run? @finding "nests"))
