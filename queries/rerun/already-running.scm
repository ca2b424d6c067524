; Starting by hand what the first run left running.
((command) @finding
  (#set! command "pm2" "gunicorn" "uvicorn" "celery" "swapon" "mount" "mkswap" "fallocate" "supervisord" "redis-server" "nginx" "start-stop-daemon")
  (#second-run? @finding "fails"))
