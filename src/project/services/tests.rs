use crate::project::compose;
use crate::project::services::*;
use crate::source::{SourceFile, Sources};

/// The links as `service=counterpart` lines, with `-` for none and `(why)` for exempt services.
fn check(compose_text: &str, units: &[(&str, &str)], server: Server<'_>, expected: &[&str]) -> Links {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("compose.yaml", compose_text.into()).unwrap());
    let (compose, gaps) = compose::parse(&sources, file);
    assert_eq!(gaps, []);
    let parsed: Vec<(String, Unit)> = units
        .iter()
        .map(|(name, text)| {
            let file = sources.add(SourceFile::new(*name, (*text).into()).unwrap());
            ((*name).to_owned(), Unit::of_file(&sources, file))
        })
        .collect();
    let infos: Vec<UnitInfo<'_>> =
        parsed.iter().map(|(name, unit)| UnitInfo { name: name.clone(), unit }).collect();
    let links = link(std::slice::from_ref(&compose), &Server { units: &infos, ..server });
    let name = |r: ServiceRef| compose.services[r.service].name.clone();
    let mut lines: Vec<String> = links
        .matches
        .iter()
        .map(|m| {
            let by = match &m.by {
                Counterpart::Unit(at) => infos[*at].name.clone(),
                Counterpart::Process(at) => format!("process:{}", server.processes[*at].name),
                Counterpart::System(unit) => format!("system:{unit}"),
                Counterpart::Container => "container".to_owned(),
                Counterpart::Manager(manager) => manager.name().to_owned(),
            };
            format!("{}={by}", name(m.service))
        })
        .chain(links.unmatched_services.iter().map(|u| format!("{}=-", name(u.service))))
        .chain(links.exempt.iter().map(|(r, why)| format!("{}=({why:?})", name(*r))))
        .chain(links.unmatched_units.iter().map(|u| format!("-={}", infos[*u].name)))
        .chain(links.unmatched_processes.iter().map(|p| format!("-=process:{}", server.processes[*p].name)))
        .collect();
    lines.sort();
    assert_eq!(lines, expected);
    links
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

const DJANGO: &str = "services:
  db: {image: postgres:16-alpine}
  redis: {image: redis:7}
  web:
    build: .
    command: sh -c \"python manage.py migrate && gunicorn config.wsgi:application --bind 0.0.0.0:8000\"
    ports: ['8000:8000']
  celery-worker: {build: ., command: celery -A config worker}
  celery-beat: {build: ., command: celery -A config beat}
  migrate: {build: ., command: python manage.py migrate}
  mailhog: {image: mailhog/mailhog}
  maps: {image: tiles, profiles: [maps]}
";
const WORKER: &str = "[Service]\nExecStart=/srv/venv/bin/celery -A config worker -Q celery\n";
const BEAT: &str = "[Service]\nExecStart=/srv/venv/bin/celery -A config beat\n";
const GUNICORN: &str = "[Service]\nExecStart=/srv/venv/bin/gunicorn -c conf.py config.wsgi:application\n";

#[test]
fn units_are_known_by_what_they_run() {
    let links = check(
        DJANGO,
        &[("celery.service", WORKER), ("celerybeat.service", BEAT), ("gunicorn.service", GUNICORN)],
        Server { packages: &strings(&["postgresql", "redis-server"]), ..Server::default() },
        &[
            "celery-beat=celerybeat.service",
            "celery-worker=celery.service",
            "db=system:postgresql",
            "mailhog=(DevTool)",
            "maps=(Profile)",
            "migrate=(OneShot)",
            "redis=system:redis-server",
            "web=gunicorn.service",
        ],
    );
    assert!(links.matches.iter().all(|m| m.strength == Strength::Certain), "{links:#?}");
}

#[test]
fn an_app_without_unit_is_not_saved_by_its_worker() {
    let programs = [strings(&["nohup", "gunicorn", "config.wsgi:application"])];
    let links = check(
        DJANGO,
        &[("celery.service", WORKER), ("celerybeat.service", BEAT)],
        Server {
            started: &strings(&["postgresql@16-main", "redis.service"]),
            programs: &programs,
            ..Server::default()
        },
        &[
            "celery-beat=celerybeat.service",
            "celery-worker=celery.service",
            "db=system:postgresql",
            "mailhog=(DevTool)",
            "maps=(Profile)",
            "migrate=(OneShot)",
            "redis=system:redis-server",
            "web=-",
        ],
    );
    let by_hand = links.unmatched_services[0].by_hand.as_deref();
    assert_eq!(by_hand, Some("nohup gunicorn config.wsgi:application"));
}

#[test]
fn the_projects_name_stands_for_its_app() {
    check(
        "services:
  web: {build: ., command: daphne -p 8000 config.asgi:application}
  celery: {build: ., command: celery -A config worker}
  print-service: {build: services/print, expose: ['3001']}
  tileserv: {image: pramsey/pg_tileserv}
  db: {image: postgis/postgis:16-3.4}
  nginx: {image: nginx, ports: ['80:80']}
",
        &[
            ("geo-shop.service", GUNICORN),
            ("geo-shop-celery.service", WORKER),
            ("extra.service", "[Service]\nExecStart=/usr/bin/python3 bot.py\n"),
        ],
        Server {
            packages: &strings(&["postgresql-16-postgis-3", "nginx"]),
            project: &strings(&["GeoShop"]),
            ..Server::default()
        },
        &[
            "-=extra.service",
            "celery=geo-shop-celery.service",
            "db=system:postgresql",
            "nginx=system:nginx",
            "print-service=-",
            "tileserv=-",
            "web=geo-shop.service",
        ],
    );
    // These names are only partly known.
    check(
        "services:\n  web: {build: .}\n  celery: {build: ., command: celery -A config worker}\n",
        &[("\u{1}NAME\u{2}.service", GUNICORN), ("\u{1}NAME\u{2}-celery.service", WORKER)],
        Server::default(),
        &["celery=\u{1}NAME\u{2}-celery.service", "web=\u{1}NAME\u{2}.service"],
    );
    // The only service has the project's name, and only the port is in common.
    check(
        "services:\n  finance-tracker: {build: ., ports: ['8000:8000']}\n",
        &[("finance-tracker.service", "[Service]\nExecStart=/srv/venv/bin/uvicorn main:app --port 8000\n")],
        Server::default(),
        &["finance-tracker=finance-tracker.service"],
    );
}

#[test]
fn what_only_two_sides_run_outweighs_the_projects_name() {
    let project = strings(&["trade"]);
    let server = || Server { project: &project, ..Server::default() };
    let bot =
        "[Service]\nWorkingDirectory=/opt/trade\nExecStart=/opt/trade/venv/bin/python run_bot.py --live\n";
    let panel = "  panel: {build: ., command: 'uvicorn panel:app --port 9000'}\n";
    check(
        &format!("services:\n{panel}  bot: {{build: ., command: python run_bot.py --live}}\n"),
        &[("trade.service", bot)],
        server(),
        &["bot=trade.service", "panel=-"],
    );
    check(
        &format!("services:\n{panel}  bot: {{build: ., command: python run_bot.py --live}}\n"),
        &[
            ("trade.service", bot),
            (
                "trade-panel.service",
                "[Service]\nExecStart=/opt/trade/venv/bin/uvicorn panel:app --port 9000\n",
            ),
        ],
        server(),
        &["bot=trade.service", "panel=trade-panel.service"],
    );
    // Two services run the script, so it does not say which one the unit is.
    check(
        "services:\n  a: {build: ., command: python run_bot.py}\n  b: {build: ., command: python run_bot.py}\n",
        &[("jobs.service", bot)],
        server(),
        &["-=jobs.service", "a=-", "b=-"],
    );
    // The same file name in another directory is another program.
    check(
        "services:\n  mailer: {build: ./mailer, command: node index.js}\n",
        &[(
            "pages.service",
            "[Service]\nWorkingDirectory=/opt/trade/pages\nExecStart=/usr/bin/node index.js\n",
        )],
        server(),
        &["-=pages.service", "mailer=-"],
    );
}

#[test]
fn containers_on_the_server_need_no_unit() {
    let shop = "services:\n  web: {build: .}\n  db: {image: postgres}\n";
    check(
        shop,
        &[(
            "shop.service",
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'cd /srv && docker compose -f prod.yml up -d --build'\n",
        )],
        Server::default(),
        &["db=container", "web=container"],
    );
    let up = [strings(&["docker-compose", "up", "-d"])];
    check(shop, &[], Server { programs: &up, ..Server::default() }, &["db=container", "web=container"]);
    // Another script may run the same service as a unit, and that unit is not left over.
    check(
        "services:\n  shop: {build: ., ports: ['8000:8000']}\n",
        &[("shop.service", GUNICORN)],
        Server { programs: &up, ..Server::default() },
        &["shop=shop.service"],
    );
    let some = [strings(&["docker", "compose", "up", "-d", "db"])];
    check(shop, &[], Server { programs: &some, ..Server::default() }, &["db=container", "web=-"]);
    let run = [strings(&["docker", "run", "-d", "-p", "5432:5432", "--name", "x", "postgres:16"])];
    check(shop, &[], Server { programs: &run, ..Server::default() }, &["db=container", "web=-"]);
}

#[test]
fn timers_one_shots_and_instances_are_no_services_of_their_own() {
    check(
        "services:\n  worker: {build: ., command: celery -A a worker}\n",
        &[
            ("worker@.service", "[Service]\nExecStart=celery -A a worker -n %i\n"),
            ("backup.timer", "[Timer]\nOnCalendar=daily\n"),
            ("backup.service", "[Service]\nExecStart=/srv/backup.sh\n"),
            ("prepare.service", "[Service]\nType=oneshot\nExecStart=/srv/prepare.sh\n"),
            ("app.socket", "[Socket]\nListenStream=80\n"),
            ("second-worker.service", "[Service]\nExecStart=celery -A a worker -Q slow\nOnFailure=x\n"),
        ],
        Server::default(),
        &["worker=second-worker.service", "worker=worker@.service"],
    );
}

#[test]
fn a_frontend_may_be_a_unit_or_pages_of_the_web_server() {
    let shop = "services:\n  backend: {build: ./backend, ports: ['8000:8000']}\n  frontend: {build: ./frontend, ports: ['3000:3000']}\n";
    let backend = "[Service]\nWorkingDirectory=/srv/shop/backend\nExecStart=/srv/shop/venv/bin/uvicorn app:app --port 8000\n";
    let next = "[Service]\nWorkingDirectory=/srv/shop/frontend\nEnvironment=PORT=3000\nExecStart=/usr/bin/npm start\n";
    check(
        shop,
        &[("shop-api.service", backend), ("shop-web.service", next)],
        Server::default(),
        &["backend=shop-api.service", "frontend=shop-web.service"],
    );
    check(
        shop,
        &[("shop.service", backend)],
        Server { packages: &strings(&["nginx=1.24*"]), ..Server::default() },
        &["backend=shop.service", "frontend=system:nginx"],
    );
    let pm2 = [strings(&["pm2", "start", "npm", "--name", "frontend"])];
    check(
        shop,
        &[("shop.service", backend)],
        Server { programs: &pm2, ..Server::default() },
        &["backend=shop.service", "frontend=pm2"],
    );
}

#[test]
fn clients_are_no_servers_and_nothing_is_compared_with_nothing() {
    check(
        "services:\n  db: {image: postgres}\n",
        &[],
        Server { packages: &strings(&["postgresql-client-16", "libpq-dev"]), ..Server::default() },
        &["db=-"],
    );
    check("services: {}\n", &[("web.service", GUNICORN)], Server::default(), &[]);
}

#[test]
fn processes_of_managers_are_counterparts_as_units_are() {
    let process = |name: &str, command: &str, starts: bool| Process {
        manager: Manager::Supervisor,
        name: name.to_owned(),
        span: crate::source::Span::file_start(crate::source::FileId(0)),
        command: command.split(' ').map(str::to_owned).collect(),
        directory: None,
        user: None,
        environment: Vec::new(),
        logs: Vec::new(),
        starts,
    };
    let worker = process("shop-worker", "/srv/venv/bin/celery -A config worker", true);
    let beat = process("shop-beat", "/srv/venv/bin/celery -A config beat", false);
    let other = process("mailer", "/srv/venv/bin/python -m shop.mailer", true);
    let links = check(
        "services:\n  web: {build: ., command: gunicorn config.wsgi}\n  celery: {build: ., command: celery -A config worker}\n  beat: {build: ., command: celery -A config beat}\n",
        &[("gunicorn.service", GUNICORN)],
        Server { processes: &[&worker, &beat, &other], ..Server::default() },
        &["-=process:mailer", "beat=-", "celery=process:shop-worker", "web=gunicorn.service"],
    );
    let worker = links.matches.iter().find(|m| m.by == Counterpart::Process(0));
    assert_eq!(worker.map(|m| m.reasons[0].as_str()), Some("both run `celery`"));
}

#[test]
fn the_configuration_outweighs_all_evidence() {
    let given = [
        ("web".to_owned(), Some("gunicorn".to_owned())),
        ("jobs".to_owned(), Some("gunicorn.service".to_owned())),
        ("cache".to_owned(), Some("redis".to_owned())),
        ("search".to_owned(), Some("finder".to_owned())),
        ("docs".to_owned(), None),
    ];
    let links = check(
        "services:
  web: {build: ., command: node server.js}
  jobs: {build: ., command: celery -A config worker}
  cache: {image: example/cache}
  search: {build: .}
  docs: {build: ., restart: always}
  app: {build: ., command: 'gunicorn config.wsgi:application'}
",
        &[("gunicorn.service", GUNICORN)],
        Server { given: &given, started: &strings(&["redis.service"]), ..Server::default() },
        &[
            "app=-", "cache=system:redis.service", "docs=(Given)", "jobs=gunicorn.service", "search=-",
            "web=gunicorn.service",
        ],
    );
    let search = links.unmatched_services.iter().find(|u| u.given.is_some());
    assert_eq!(search.and_then(|u| u.given.as_deref()), Some("finder"));
    assert!(links.matches.iter().all(|m| m.named && m.reasons[0].starts_with("deploylint.yaml says")));
}
