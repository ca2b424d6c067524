//! `deploylint services`: which service is which unit, in small repos.

use crate::support;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const COMPOSE: &str = "services:
  web:
    build: .
    command: gunicorn shop.main:app -b 0.0.0.0:8000
    ports: ['8000:8000']
  worker:
    build: .
    command: celery -A shop worker
  migrate:
    build: .
    command: alembic upgrade head
    restart: 'no'
  db:
    image: postgres:16
";

/// A unit in a heredoc.
fn unit(name: &str, service: &str) -> String {
    format!(
        "cat > /etc/systemd/system/{name} <<'EOF'\n[Service]\n{service}\n[Install]\nWantedBy=multi-user.target\nEOF\n"
    )
}

fn project(files: &[(&str, &str)]) -> TempDir {
    let dir = support::project(files);
    // No directory above may count as the project.
    fs::create_dir(dir.path().join(".git")).unwrap();
    dir
}

fn run(dir: &TempDir, args: &[&str]) -> (i32, String, String) {
    let ran = support::run(dir.path(), &[&["services"], args].concat());
    (ran.code, ran.out, ran.err)
}

fn json(dir: &TempDir) -> Value {
    let (code, out, err) = run(dir, &["--format", "json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    serde_json::from_str(&out).unwrap()
}

/// Each row as `state service=runs`.
fn rows(dir: &TempDir) -> Vec<String> {
    let name = |side: &Value| side["name"].as_str().unwrap_or("-").to_owned();
    let rows = json(dir)["services"].as_array().unwrap().clone();
    let rows = rows.iter().map(|row| {
        format!("{} {}={}", row["state"].as_str().unwrap(), name(&row["service"]), name(&row["runs"]))
    });
    rows.collect()
}

/// A repo whose compose file is [`COMPOSE`].
fn shop(script: &str, more: &[(&str, &str)]) -> TempDir {
    let script = format!("#!/bin/bash\nset -euo pipefail\n{script}");
    let mut files = vec![("docker-compose.yaml", COMPOSE), ("start.sh", script.as_str())];
    files.extend(more);
    project(&files)
}

fn web() -> String {
    unit(
        "shop-web.service",
        "User=shop\nExecStart=/opt/shop/venv/bin/gunicorn shop.main:app -b 127.0.0.1:8000",
    )
}

#[test]
fn a_table_for_people() {
    let mailer = unit("mailer.service", "User=shop\nExecStart=/opt/shop/venv/bin/python -m shop.mailer");
    let dir =
        shop(&format!("apt-get install -y postgresql\n{}{mailer}systemctl daemon-reload\n", web()), &[]);
    let (code, out, err) = run(&dir, &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    let expected = "\
STATE    SERVICE  RUN BY                        PORT  USER
ok       web      shop-web.service              8000  shop
         compose: gunicorn shop.main:app -b 0.0.0.0:8000
         server:  /opt/shop/venv/bin/gunicorn shop.main:app -b 127.0.0.1:8000
         certain: both run `gunicorn`; both run `shop.main:app`; `shop-web` is called like `web`;
           both do the same kind of work; `gunicorn` serves the application; both listen on port
           8000
missing  worker   -
         compose: celery -A shop worker
         no unit, process, package or container does its work
exempt   migrate  -
         it ends when its work is done, but no step of the deploy migrates the database
ok       db       postgresql.service (package)
         compose: postgres:16
         certain: the package `postgresql` brings its own unit
extra    -        mailer.service                      shop
         server:  /opt/shop/venv/bin/python -m shop.mailer
         no service runs it

2 agree, 1 missing on the server, 1 only on the server, 1 exempt
";
    assert_eq!(out, expected);
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

#[test]
fn json_for_programs() {
    let dir = shop(&web(), &[]);
    let json = json(&dir);
    assert_eq!(json["version"], 1);
    assert_eq!(json["tool"]["name"], "deploylint");
    let row = &json["services"][0];
    assert_eq!(row["service"]["file"], "docker-compose.yaml");
    assert_eq!(row["service"]["range"]["start"]["line"], 2);
    assert_eq!(row["service"]["command"], "gunicorn shop.main:app -b 0.0.0.0:8000");
    assert_eq!((&row["runs"]["kind"], &row["runs"]["user"]), (&Value::from("unit"), &Value::from("shop")));
    assert_eq!(
        (&row["runs"]["file"], &row["runs"]["range"]["start"]["line"]),
        (&Value::from("start.sh"), &Value::from(3))
    );
    assert_eq!(row["strength"], "certain");
    assert!(row["reasons"].as_array().unwrap().contains(&Value::from("both run `shop.main:app`")));
    assert_eq!(row["architecture"], Value::Null);
    assert_eq!(json["summary"]["agree"], 1);
    assert_eq!(json["not_analysed"], Value::Array(Vec::new()));
}

#[test]
fn pm2_and_supervisor_run_services_too() {
    let ecosystem = "module.exports = {\n  apps: [{ name: 'web', script: 'venv/bin/gunicorn', args: 'shop.main:app -b 127.0.0.1:8000', interpreter: 'none' }],\n};\n";
    let worker = "[program:jobs]\ncommand=/opt/shop/venv/bin/celery -A shop worker\nuser=shop\n";
    let script = "pm2 startOrReload ecosystem.config.js\ncp deploy/jobs.conf /etc/supervisor/conf.d/\nsupervisorctl update\nalembic upgrade head\n";
    let dir = shop(script, &[("ecosystem.config.js", ecosystem), ("deploy/jobs.conf", worker)]);
    assert_eq!(rows(&dir), ["ok web=web", "ok worker=jobs", "exempt migrate=-", "missing db=-"]);
    let json = json(&dir);
    let kinds: Vec<&Value> = (0..2).map(|at| &json["services"][at]["runs"]["kind"]).collect();
    assert_eq!(kinds, ["pm2", "supervisor"]);
    assert_eq!(json["services"][1]["runs"]["user"], "shop");
    assert_eq!(
        json["services"][2]["note"],
        "it ends when its work is done, and a step of the deploy migrates the database"
    );
}

#[test]
fn the_configuration_has_the_last_word_in_matrix_and_rules() {
    let config = "services:\n  worker: shop-web\n  db: null\n";
    let dir = shop(&web(), &[("deploylint.yaml", config)]);
    assert_eq!(
        rows(&dir),
        ["missing web=-", "ok worker=shop-web.service", "exempt migrate=-", "exempt db=-"]
    );
    let out = support::run(dir.path(), &["check", "--select", "services"]).out;
    assert!(out.contains("does the work of the service `web` of docker-compose.yaml"), "{out}");
    assert!(!out.contains("`worker`"), "{out}");
    let nowhere = shop(&web(), &[("deploylint.yaml", "services:\n  worker: jobs\n")]);
    let json = json(&nowhere);
    assert_eq!(
        json["services"][1]["note"],
        "deploylint.yaml says that it is `jobs`, but nothing installs that unit"
    );
}

#[test]
fn what_nobody_installs_is_compared_where_there_is_nothing_else() {
    let unit = "[Service]\nExecStart=/opt/shop/venv/bin/gunicorn shop.main:app\n";
    let dir = shop("echo done\n", &[("deploy/web.service", unit)]);
    let json = json(&dir);
    assert_eq!(json["services"][0]["runs"]["name"], "web.service");
    let notes: Vec<&str> = json["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        notes.iter().any(|note| note.contains("so those in the repo were compared")
            || note.contains("no script that deploys")),
        "{notes:?}"
    );
    let dir = shop(&web(), &[("deploy/old.service", unit)]);
    assert_eq!(rows(&dir)[0], "ok web=shop-web.service");
    let (_, out, _) = run(&dir, &[]);
    assert!(out.contains("note: deploy/old.service is in the repo, but no script installs it\n"), "{out}");
}

#[test]
fn exit_codes() {
    let empty = project(&[]);
    let (code, out, _) = run(&empty, &[]);
    assert_eq!(code, 0);
    assert!(out.contains("nothing to compare"), "{out}");
    let (code, _, err) = run(&empty, &["nowhere"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.starts_with("error: nowhere: "), "{err}");
    assert_eq!(run(&empty, &["--frmat"]).0, 2);
    // Without a service there is only the error: nothing was compared, so nothing may be said about that.
    let unreadable = project(&[("deploylint.yaml", "services: [\n")]);
    let (code, out, err) = run(&unreadable, &[]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.starts_with("error: deploylint.yaml:"), "{err}");
    let broken = project(&[("docker-compose.yaml", "services: [\n")]);
    let (code, out, _) = run(&broken, &[]);
    assert_eq!(code, 3);
    assert!(out.contains("not analysed: docker-compose.yaml:"), "{out}");
}

#[test]
fn what_the_documents_state() {
    let document = "| Service | Unit | Port |\n| --- | --- | --- |\n| Web | shop-web.service | 8000 |\n\
        | PostgreSQL | package | 5432 |\n| Importer | shop-importer.service | 8002 |\n| Redis | package | 6379 |\n";
    let mailer = unit("mailer.service", "User=shop\nExecStart=/opt/shop/venv/bin/python -m shop.mailer");
    let script = format!("apt-get install -y postgresql redis-server\n{}{mailer}", web());
    let plan = "| Service | Port |\n| --- | --- |\n| mailer | 8007 |\n";
    let dir = shop(&script, &[("docs/architecture.md", document), ("docs/adr/architecture.md", plan)]);
    let rows = json(&dir)["services"].as_array().unwrap().clone();
    let line = |row: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let place = row["architecture"]["range"]["start"]["line"].as_u64().unwrap_or(0);
        let name = |side: &Value| text(&side["name"]);
        format!(
            "{} {}={} {}:{place}",
            text(&row["state"]),
            name(&row["service"]),
            name(&row["runs"]),
            name(&row["architecture"])
        )
    };
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "ok web=shop-web.service Web:3",
            "missing worker=- -:0",
            "exempt migrate=- -:0",
            "ok db=postgresql.service PostgreSQL:4",
            "extra -=mailer.service -:0",
            "missing -=- Importer:5",
            "ok -=redis-server.service Redis:6",
        ]
    );
    let note = |index: usize| rows[index]["note"].as_str().unwrap().to_owned();
    assert_eq!(note(4), "no service runs it; docs/architecture.md does not state it");
    assert_eq!(note(5), "docs/architecture.md states it, but nothing was found that runs it");
    let (_, out, _) = run(&dir, &[]);
    assert!(out.lines().any(|l| l.contains("shop-web.service") && l.contains("Web")), "{out}");
}

/// What runs, as `name user command`.
fn running(dir: &TempDir) -> Vec<String> {
    let rows = json(dir)["services"].as_array().unwrap().clone();
    let text = |side: &Value, key: &str| side[key].as_str().unwrap_or("-").to_owned();
    let runs = rows.iter().map(|row| &row["runs"]).filter(|runs| !runs.is_null());
    runs.map(|r| format!("{} {} {}", text(r, "name"), text(r, "user"), text(r, "command"))).collect()
}

#[test]
fn units_are_read_as_systemd_gets_them() {
    let template = "[Service]\nUser=@USER@\nExecStart=@DIR@/bin/api --port @PORT@\n";
    let script = "#!/bin/bash\nset -e
export APP_DIR=/opt/shop APP_USER=shop
sed -e \"s|@DIR@|$APP_DIR|g\" -e \"s|@USER@|$APP_USER|\" deploy/api.service.in > /etc/systemd/system/api.service
envsubst < deploy/jobs.service.tmpl > /etc/systemd/system/jobs.service
sed \"s|@DIR@|$APP_DIR|\" deploy/mail.service.in | sudo tee /etc/systemd/system/mail.service >/dev/null
printf '[Service]\\nUser=%s\\nExecStart=%s/bin/hooks\\n' \"$APP_USER\" \"$APP_DIR\" > /tmp/hooks.service
mv /tmp/hooks.service /etc/systemd/system/hooks.service
systemctl enable /opt/shop/deploy/linked.service
cat > /etc/systemd/system/worker@.service <<'EOF'
[Service]
User=shop
ExecStart=/opt/shop/bin/worker %i
EOF
systemctl daemon-reload
systemctl enable --now worker@1 worker@2
";
    let dir = project(&[
        ("deploy/api.service.in", template),
        ("deploy/mail.service.in", "[Service]\nUser=mail\nExecStart=@DIR@/bin/mail\n"),
        ("deploy/jobs.service.tmpl", "[Service]\nUser=${APP_USER}\nExecStart=$APP_DIR/bin/jobs\n"),
        ("deploy/linked.service", "[Service]\nUser=linked\nExecStart=/opt/shop/bin/linked\n"),
        ("start.sh", script),
    ]);
    let expected = [
        "api.service shop /opt/shop/bin/api --port $PORT",
        "jobs.service shop /opt/shop/bin/jobs",
        "mail.service mail /opt/shop/bin/mail",
        "hooks.service shop /opt/shop/bin/hooks",
        "linked.service linked /opt/shop/bin/linked",
        "worker@.service (1, 2) shop /opt/shop/bin/worker %i",
    ];
    assert_eq!(running(&dir), expected);
}

#[test]
fn drop_ins_are_merged_in_the_order_of_their_names() {
    let script = "#!/bin/bash\nset -e
cp deploy/web.service /etc/systemd/system/
mkdir -p /etc/systemd/system/web.service.d
cat > /etc/systemd/system/web.service.d/20-late.conf <<'EOF'
[Service]
User=late
EOF
cat > /etc/systemd/system/web.service.d/10-early.conf <<'EOF'
[Service]
User=early
ExecStart=
ExecStart=/new/bin/web
EOF
cp deploy/web.service.d/30-port.conf /etc/systemd/system/web.service.d/
systemctl daemon-reload
systemctl restart web
";
    let dir = project(&[
        ("deploy/web.service", "[Service]\nUser=first\nExecStart=/old/bin/web\n"),
        ("deploy/web.service.d/30-port.conf", "[Service]\nEnvironment=PORT=9000\n"),
        ("start.sh", script),
    ]);
    assert_eq!(running(&dir), ["web.service late /new/bin/web"]);
    assert_eq!(json(&dir)["services"][0]["runs"]["ports"][0], "9000");
}

#[test]
fn a_document_means_what_it_names() {
    let document = "### `relay-server` (FastAPI, `:8000`)\n";
    let relay = unit(
        "relay-server.service",
        "User=shop\nExecStart=/opt/relay/venv/bin/uvicorn relay:app --port 8000",
    );
    let dir = shop(&format!("{}{relay}", web()), &[("architecture.md", document)]);
    let rows = json(&dir)["services"].as_array().unwrap().clone();
    let named: Vec<_> =
        rows.iter().filter(|row| !row["architecture"].is_null()).map(|row| &row["runs"]["name"]).collect();
    assert_eq!(named, ["relay-server.service"]);
}

#[test]
fn no_secret_of_a_command_line_is_shown() {
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn app:app\n  tunnel:\n    image: cloudflare/cloudflared\n    command: tunnel run --token eyJhIjoiMDI5NDc1MzYwYWNj\n";
    let dir = shop(&web(), &[("compose.yaml", compose)]);
    let rows = json(&dir)["services"].to_string();
    assert!(rows.contains("tunnel run --token …"), "{rows}");
    assert!(!rows.contains("eyJh"), "{rows}");
}

#[test]
fn a_file_that_compose_does_not_take_is_named() {
    let file = "services:\n  web:\n    build: .\n    command: gunicorn app:app\n";
    let dir = shop(&web(), &[("compose.yaml", file), ("docker-compose.yml", file)]);
    let notes = json(&dir)["notes"].to_string();
    assert!(notes.contains("`docker compose` ignores docker-compose.yml"), "{notes}");
    assert!(!notes.contains("ignores compose.yaml"), "{notes}");
}
