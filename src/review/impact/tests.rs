//! What the changes since a review mean, in throw-away repositories.

use crate::check::{Request, Settings, inspect};
use crate::repo::files::Root;
use crate::repo::history::{History, Since, read_on};
use crate::review::impact::impact;
use crate::review::{Change, Impact, Kind, State};
use crate::source::Sources;
use crate::support::Repo;
use jiff::civil::date;

fn state(root: &Root) -> State {
    let request = Request { root: Some(root.path().to_owned()), ..Request::default() };
    let settings = Settings::load(&request).unwrap();
    let mut state = State::default();
    let mut look = |context: &crate::facts::world::World<'_, '_>| state = State::of(context);
    inspect(root, &request, &settings, &mut Sources::default(), &mut look).unwrap();
    state
}

fn since(repo: &Repo, since: &Since) -> (History, Vec<Impact>) {
    let root = Root::open(&repo.path()).unwrap();
    let history = read_on(&root, since, date(2024, 6, 30)).unwrap();
    let old = history.reviewed(&root).unwrap().map(|old| state(&old)).unwrap_or_default();
    let found = impact(&root, &old, &state(&root), &history);
    (history, found)
}

fn since_last(repo: &Repo) -> (History, Vec<Impact>) {
    since(repo, &Since::Date(date(2024, 1, 31)))
}

/// The changes as lines such as `+ Service redis compose.yaml:4`.
fn shown(found: &[Impact]) -> Vec<String> {
    let one = |i: &Impact| {
        let sign = match &i.change {
            Change::Added => "+".to_owned(),
            Change::Removed => "-".to_owned(),
            Change::Changed { from, to } => format!("{from} -> {to}:"),
        };
        let line = i.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{sign} {:?} {} {}{line}", i.kind, i.what, i.file)
    };
    found.iter().map(one).collect()
}

fn get<'i>(found: &'i [Impact], kind: Kind, what: &str) -> &'i Impact {
    found
        .iter()
        .find(|i| i.kind == kind && i.what == what)
        .unwrap_or_else(|| panic!("no {what}: {:#?}", shown(found)))
}

const SCRIPT: &str = "#!/bin/bash
set -euo pipefail
apt-get install -y nginx
mkdir -p /srv/shop
pip install -r requirements.txt
cat > /etc/systemd/system/web.service <<'UNIT'
[Service]
ExecStart=/srv/shop/venv/bin/gunicorn app:app
User=shop
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now web
";

const COMPOSE: &str = "services:
  web:
    build: .
    ports: [\"8000:8000\"]
    environment:
      DATABASE_URL: postgres://shop:hunter22@db/shop
  db:
    image: postgres:15
";

fn shop() -> Option<Repo> {
    let repo = Repo::new()?;
    repo.commit(
        "2024-01-01 12:00 +0000",
        "reviewed",
        &[
            ("start.sh", SCRIPT),
            ("compose.yaml", COMPOSE),
            ("requirements.txt", "flask==2.0\ngunicorn\nredis>=4\n"),
            (".env.example", "DATABASE_URL=\nSECRET_KEY=change-me-please\n"),
            ("app.py", "import os\nos.environ['DATABASE_URL']\n"),
            ("package.json", "{\"scripts\": {\n\"build\": \"vite build\"\n}}\n"),
            ("nginx/app.conf", "server {\n  listen 80;\n}\n"),
            ("migrations/0001_a.sql", "create table a();\n"),
        ],
    );
    Some(repo)
}

#[test]
fn each_kind_of_change_is_found_with_its_commit_and_line() {
    let Some(repo) = shop() else { return };
    repo.commit(
        "2024-02-01 12:00 +0000",
        "dependencies",
        &[("requirements.txt", "flask==3.0\ngunicorn\nhttpx\n")],
    );
    let compose = COMPOSE.replace("postgres:15", "postgres:16").replace("8000:8000", "9000:8000")
        + "  cache:\n    image: redis:7\n    command: redis-server\n";
    repo.commit("2024-02-02 12:00 +0000", "services", &[("compose.yaml", &compose)]);
    let script = SCRIPT
        .replace(
            "mkdir -p /srv/shop\n",
            "useradd -r shop\nmkdir -p /srv/shop /var/log/shop\nalembic upgrade head\n",
        )
        .replace("User=shop", "User=shop\nRestart=always");
    repo.commit("2024-02-03 12:00 +0000", "script", &[("start.sh", &script)]);
    repo.commit(
        "2024-02-04 12:00 +0000",
        "the rest",
        &[
            ("package.json", "{\"scripts\": {\n\"build\": \"vite build --mode production\"\n}}\n"),
            ("nginx/app.conf", "server {\n  listen 443 ssl;\n}\n"),
            ("migrations/0002_b.sql", "create table b();\n"),
            (".env.example", "DATABASE_URL=\nSECRET_KEY=another-secret\nREDIS_URL=redis://localhost\n"),
        ],
    );
    repo.write("app.py", "import os\nos.environ['DATABASE_URL']\nos.environ['SMTP_HOST']\n");
    let (history, found) = since_last(&repo);
    assert_eq!(
        shown(&found),
        [
            "+ Service cache compose.yaml:10",
            "postgres:15 -> postgres:16: Service db compose.yaml:8",
            "+ Unit web.service Restart start.sh:12",
            "==2.0 -> ==3.0: Dependency flask requirements.txt:1",
            "+ Dependency httpx requirements.txt:3",
            "- Dependency redis requirements.txt:3",
            "vite build -> vite build --mode production: Build npm script build package.json:2",
            "+ Migration alembic upgrade head start.sh:6",
            "+ Migration migrations/0002_b.sql migrations/0002_b.sql",
            "+ Environment REDIS_URL .env.example:3",
            "+ Environment SMTP_HOST read by the code app.py:3",
            "+ Path /var/log/shop start.sh:5",
            "8000 -> 9000: Port web 8000/tcp compose.yaml:4",
            "- Step mkdir -p /srv/shop start.sh:4",
            "+ Step mkdir -p /srv/shop /var/log/shop start.sh:5",
            "+ Step useradd -r shop start.sh:4",
            "1 line -> 1 line: Configuration nginx/app.conf nginx/app.conf:2",
            "+ User group shop start.sh:4",
            "+ User shop start.sh:4",
        ]
    );
    let commit = |kind, what| get(&found, kind, what).commit.map(|i| history.commits[i].summary.as_str());
    assert_eq!(commit(Kind::Dependency, "flask"), Some("dependencies"));
    assert_eq!(commit(Kind::Dependency, "redis"), Some("dependencies"));
    assert_eq!(commit(Kind::Service, "cache"), Some("services"));
    assert_eq!(commit(Kind::Unit, "web.service Restart"), Some("script"));
    assert_eq!(commit(Kind::Migration, "migrations/0002_b.sql"), Some("the rest"));
    assert_eq!(commit(Kind::Environment, "SMTP_HOST read by the code"), None);
    assert!(found.iter().all(|i| i.certain || i.kind == Kind::Configuration), "{found:#?}");
    assert_eq!(
        get(&found, Kind::Dependency, "httpx").diff,
        "@@ -1,3 +1,3 @@\n-flask==2.0\n+flask==3.0\n gunicorn\n-redis>=4\n+httpx\n"
    );
}

#[test]
fn the_newest_change_of_the_very_line_is_the_one() {
    let Some(repo) = shop() else { return };
    for (day, text, message) in [
        (1, "flask==2.1\ngunicorn\nredis>=4\n", "flask 2.1"),
        (2, "flask==2.2\ngunicorn\nredis>=4\n", "flask 2.2"),
        (3, "flask==2.2\ngunicorn==22\nredis>=4\n", "gunicorn"),
        (4, "# pinned\nflask==2.2\ngunicorn==22\nredis>=4\nx\n", "x comes"),
        (5, "# pinned\nflask==2.2\ngunicorn==22\nredis>=4\n", "x goes"),
    ] {
        repo.commit(&format!("2024-02-0{day} 12:00 +0000"), message, &[("requirements.txt", text)]);
    }
    let (history, found) = since_last(&repo);
    let told: Vec<_> = found
        .iter()
        .map(|i| (i.what.as_str(), i.line, i.commit.map(|c| history.commits[c].summary.as_str()), i.certain))
        .collect();
    assert_eq!(
        told,
        [("flask", Some(2), Some("flask 2.2"), true), ("gunicorn", Some(3), Some("gunicorn"), true)]
    );
}

#[test]
fn what_moved_is_no_change() {
    let Some(repo) = shop() else { return };
    repo.git(&["mv", "compose.yaml", "docker-compose.yml"]);
    repo.git(&["mv", "start.sh", "deploy.sh"]);
    repo.commit("2024-02-01 12:00 +0000", "renamed", &[("README.md", "x\n")]);
    let (_, found) = since_last(&repo);
    assert_eq!(shown(&found), Vec::<String>::new());
    let script = SCRIPT.replace("User=shop", "User=web");
    repo.commit("2024-02-02 12:00 +0000", "edited", &[("deploy.sh", &script)]);
    let (history, found) = since_last(&repo);
    assert_eq!(shown(&found), ["shop -> web: Unit web.service User deploy.sh:9"]);
    assert_eq!(history.commits[found[0].commit.unwrap()].summary, "edited");
}

#[test]
fn secrets_are_never_shown() {
    let Some(repo) = shop() else { return };
    let script = format!(
        "export DB_PASSWORD=hunter66\ncurl -H x --api-token hunter88 https://a:hunter99@b/c -o /srv/c\npsql -c \"ALTER ROLE x PASSWORD 'hunter77'\"\n{SCRIPT}"
    );
    repo.commit(
        "2024-02-01 12:00 +0000",
        "secrets",
        &[
            ("compose.yaml", &COMPOSE.replace("hunter22@db/shop", "hunter33@db/other")),
            (".env.example", "DATABASE_URL=\nSECRET_KEY=hunter44\nAPI_TOKEN=hunter55\n"),
            ("start.sh", &script),
        ],
    );
    let (_, found) = since_last(&repo);
    get(&found, Kind::Environment, "API_TOKEN");
    get(&found, Kind::Path, "/srv/c");
    for i in &found {
        let all = format!("{} {} {:?} {}", i.what, i.value, i.change, i.diff);
        assert!(!all.contains("hunter"), "{all}");
    }
}

#[test]
fn what_git_ignores_is_no_change() {
    let Some(repo) = shop() else { return };
    repo.commit("2024-01-02 12:00 +0000", "ignore", &[(".gitignore", ".env\nlocal.sh\n")]);
    repo.write(".env", "DATABASE_URL=x\nONLY_HERE=1\n");
    repo.write("local.sh", SCRIPT);
    let (_, found) = since_last(&repo);
    assert_eq!(shown(&found), Vec::<String>::new());
}

#[test]
fn what_git_holds_though_it_is_ignored_is_not_gone() {
    let Some(repo) = shop() else { return };
    repo.write(".gitignore", "*.txt\n.env*\n");
    repo.write(".env.example", "DATABASE_URL=\nSECRET_KEY=change-me-please\n# more\n");
    repo.commit("2024-02-01 12:00 +0000", "ignored", &[("requirements.txt", "flask==2.0\nredis>=4\n")]);
    let (_, found) = since_last(&repo);
    assert_eq!(shown(&found), ["- Dependency gunicorn requirements.txt:2"]);
}

#[test]
fn a_script_that_is_new_as_a_whole_is_told_as_one() {
    let Some(repo) = shop() else { return };
    repo.commit("2024-02-01 12:00 +0000", "another", &[("deploy/install.sh", SCRIPT)]);
    repo.git(&["rm", "-q", "start.sh"]);
    repo.commit("2024-02-02 12:00 +0000", "gone", &[]);
    let (_, found) = since_last(&repo);
    // It does the same to the server as before.
    assert_eq!(shown(&found), Vec::<String>::new());
    repo.write("deploy/install.sh", "rm -f a\n");
    let script = "#!/bin/bash\nuseradd -r web\nmkdir -p /srv/web\nnpm run build\nsystemctl restart web\n";
    repo.commit("2024-02-03 12:00 +0000", "a second", &[("deploy.sh", script)]);
    let (history, found) = since_last(&repo);
    let step = get(&found, Kind::Step, "deploy.sh");
    assert_eq!((step.value.as_str(), &step.change, step.line), ("3 commands", &Change::Added, None));
    assert_eq!(history.commits[step.commit.unwrap()].summary, "a second");
    get(&found, Kind::Path, "/srv/web");
    get(&found, Kind::Build, "npm run build");
    assert_eq!(get(&found, Kind::Step, "start.sh").change, Change::Removed);
}

#[test]
fn without_a_base_all_of_it_is_new() {
    let Some(repo) = shop() else { return };
    let (_, found) = since(&repo, &Since::Beginning);
    assert!(found.iter().all(|i| i.change == Change::Added), "{:#?}", shown(&found));
    for (kind, what) in [(Kind::Service, "db"), (Kind::Unit, "web.service"), (Kind::Dependency, "flask")] {
        assert_eq!(get(&found, kind, what).commit, Some(0));
    }
    // The result is the same without git.
    std::fs::remove_dir_all(repo.path().join(".git")).unwrap();
    let (history, found) = since_last(&repo);
    assert_eq!(history.notes, ["there is no git, so everything counts as new"]);
    let db = get(&found, Kind::Service, "db");
    assert_eq!((db.change.clone(), db.commit, db.diff.as_str()), (Change::Added, None, ""));
}
