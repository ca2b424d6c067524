use super::*;

/// A line as a unit has it: blanks separate words, `'` holds them together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// `python app shop.wsgi:application, port 8000, foreground, notifies`.
fn shown(line: &str) -> String {
    let Some(serves) = line_serves(&words(line)) else { return "nothing".to_owned() };
    let mut text = format!("{:?}", serves.language).to_lowercase();
    if let Some(role) = serves.role {
        text += &format!(" {role:?}").to_lowercase();
    }
    if let Some(entry) = &serves.entry {
        text += &format!(" {entry}");
    }
    match &serves.listens {
        Some(none) if none.is_empty() => text += ", no port",
        Some(addresses) => text.extend(addresses.iter().map(|address| format!(", {address}"))),
        None => {}
    }
    match serves.stays {
        Stays::Unknown => {}
        Stays::Foreground { sure: true } => text += ", stays",
        Stays::Foreground { sure: false } => text += ", may stay",
        Stays::Background { by, .. } => text += &format!(", returns by {by}"),
    }
    match serves.notifies {
        Some(true) => text += ", notifies",
        Some(false) => text += ", tells nothing",
        None => {}
    }
    text
}

fn serves_as(rows: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (line, expected) in rows {
        let is = shown(line);
        if is != *expected {
            wrong += &format!("\n  {line}\n    is       {is}\n    expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn servers_of_python_serve() {
    serves_as(&[
        (
            "/srv/venv/bin/gunicorn -w 4 --bind unix:/run/x.sock shop.wsgi:application",
            "python app shop.wsgi:application, /run/x.sock, stays, notifies",
        ),
        ("gunicorn -c conf.py -b :8000 shop:app", "python app shop:app, may stay, notifies"),
        ("gunicorn -D -b0.0.0.0:8000 shop:app", "python app shop:app, port 8000, returns by -D, notifies"),
        ("uvicorn main:app", "python app main:app, port 8000, stays, tells nothing"),
        (
            "python3.11 -m uvicorn main:app --port=9000",
            "python app main:app, port 9000, stays, tells nothing",
        ),
        ("uv run uvicorn main:app --fd 3", "python app main:app, stays, tells nothing"),
        ("hypercorn -p x.pid -b 0.0.0.0:80 main:app", "python app main:app, port 80, stays, tells nothing"),
        (
            "daphne -b 0.0.0.0 -p 8001 shop.asgi:application",
            "python app shop.asgi:application, port 8001, stays, tells nothing",
        ),
        (
            "granian --interface asgi --port 8080 main:app",
            "python app main:app, port 8080, stays, tells nothing",
        ),
        ("waitress-serve --listen=*:8041 shop:app", "python app shop:app, port 8041, stays, tells nothing"),
        ("waitress-serve --call shop:make", "python app shop:make, port 8080, stays, tells nothing"),
        ("uwsgi --http :80 --module shop.wsgi", "python app shop.wsgi, port 80, stays, notifies"),
        ("uwsgi /etc/uwsgi/app.ini", "python app, may stay, notifies"),
        ("uwsgi --ini app.ini --daemonize /var/log/x", "python app, returns by --daemonize, notifies"),
        ("celery -A shop worker -l info", "python worker shop, no port, stays"),
        ("celery --app=shop beat", "python scheduler shop, no port, stays"),
        ("celery multi start w1 -A shop", "python worker shop, no port, returns by celery multi"),
        ("rq worker high", "python worker, no port, stays"),
        ("rq worker --burst", "python worker, no port"),
        ("rq cron shop.cron", "python scheduler, no port, stays"),
        ("rq info", "python"),
        ("taskiq worker --fs-discover shop.tkq:broker", "python worker shop.tkq:broker, no port, stays"),
        ("taskiq scheduler shop.tkq:scheduler", "python scheduler shop.tkq:scheduler, no port, stays"),
        (
            "arq --verbose shop.tasks.WorkerSettings",
            "python worker shop.tasks.WorkerSettings, no port, stays",
        ),
        ("arq --burst shop.tasks.WorkerSettings", "python worker shop.tasks.WorkerSettings, no port"),
        ("saq --web shop.queue.settings", "python worker shop.queue.settings, no port, stays"),
        ("dramatiq shop.tasks", "python worker shop.tasks, no port, stays"),
        ("huey_consumer.py shop.huey", "python worker shop.huey, no port, stays"),
        ("streamlit run app.py", "python app app.py, port 8501, stays, tells nothing"),
        ("flask --app shop run -p 80", "python app shop, port 80, stays, tells nothing"),
        ("python manage.py runserver 0.0.0.0:8000", "python app manage.py, stays"),
        ("venv/bin/python manage.py qcluster", "python worker manage.py, stays"),
        ("python -u /srv/bot/main.py", "python /srv/bot/main.py"),
        ("python -m shop.main", "python shop.main"),
        ("/srv/app/venv/bin/shop-web", "python"),
        ("bash -c 'source venv/bin/activate && exec shop-web'", "python"),
        ("poetry run shop-web", "python"),
    ]);
}

#[test]
fn other_servers_serve() {
    serves_as(&[
        ("/usr/bin/node --require ./x.js /srv/web/server.js", "node ./x.js, may stay"),
        ("npm start", "node, may stay"),
        ("npx next start -p 3000", "node frontend, port 3000, stays, tells nothing"),
        ("pm2-runtime start ecosystem.config.js", "node ecosystem.config.js, stays"),
        ("pm2 start app.py", "python app.py, returns by pm2 start"),
        ("pm2 start npm --name web -- start", "node npm, returns by pm2 start"),
        ("pm2 start 'gunicorn shop:app' --name web", "python app shop:app, returns by pm2 start"),
        ("pm2 restart venv/bin/gunicorn", "python app venv/bin/gunicorn"),
        ("pm2 start bot.bin --interpreter python3", "python bot.bin, returns by pm2 start"),
        ("pm2 resurrect", "node, returns by pm2 resurrect"),
        ("bundle exec puma -C config/puma.rb", "ruby app, may stay, notifies"),
        ("puma -b tcp://0.0.0.0:9292", "ruby app, port 9292, stays, notifies"),
        ("unicorn -c x.rb -D", "ruby app, returns by -D, tells nothing"),
        ("bundle exec sidekiq -e production", "ruby worker, no port, stays, notifies"),
        ("bin/rails server -p 3000", "ruby app, port 3000, stays"),
        ("php8.2 artisan queue:work --sleep=3", "php worker, no port, stays"),
        ("php artisan horizon", "php worker, no port, stays"),
        ("php artisan octane:start --port=8000", "php app, stays"),
        ("php-fpm8.2 -F", "php app"),
        ("/usr/sbin/nginx -g 'daemon off;'", "other proxy, stays, tells nothing"),
        ("nginx", "other proxy, returns by nginx, tells nothing"),
        ("caddy run --config /etc/caddy/Caddyfile", "other proxy, stays, notifies"),
        ("haproxy -Ws -f /etc/haproxy.cfg", "other proxy, may stay"),
        ("haproxy -D -f /etc/haproxy.cfg", "other proxy, returns by -D"),
        ("caddy start", "other proxy, returns by caddy start, notifies"),
        ("redis-server --daemonize yes", "other store, returns by --daemonize yes"),
        ("docker compose -f x.yml up", "container, stays"),
        ("docker compose up -d", "container, returns by up -d"),
        ("docker compose run --rm web celery -A x worker", "container worker x"),
        ("docker run -d --name x img", "container, returns by docker run -d"),
        ("podman run -d --name x img", "container, returns by podman run -d"),
        ("java -jar shop.jar", "other, may stay"),
        ("/opt/shop/bin/shop", "other"),
    ]);
}

#[test]
fn a_name_speaks_of_a_language() {
    for (name, language) in [
        ("gunicorn.service", Language::Python),
        ("celery-worker", Language::Python),
        ("puma", Language::Ruby),
        ("shop-node", Language::Node),
        ("shop", Language::Other),
        ("nginx", Language::Other),
    ] {
        assert_eq!(language_of_name(name), language, "{name}");
    }
}
