use crate::project::compose::*;
use crate::source::SourceFile;

fn read_as(name: &str, text: &str) -> (Sources, Compose, Vec<Gap>) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new(name, text.as_bytes().to_vec()).unwrap());
    let (compose, gaps) = parse(&sources, id);
    (sources, compose, gaps)
}

fn read(text: &str) -> (Sources, Compose, Vec<Gap>) {
    read_as("compose.yaml", text)
}

fn slice(sources: &Sources, span: Span) -> &str {
    &sources.file(span.file).text()[span.start as usize..span.end as usize]
}

const SHOP: &str = r#"x-app: &app
  build: {context: ./backend}
  env_file: .env
  restart: unless-stopped
services:
  web:
    <<: *app
    command: ["gunicorn", "shop.wsgi", "--name", "my shop"]
    ports:
      - "${PORT:-8000}:8000"
      - 127.0.0.1:9000-9001:9000-9001/udp
      - 5555
      - {target: 80, published: "8080"}
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
  worker:
    <<: *app
    command: celery -A shop worker
    depends_on: [db]
    environment:
      - DEBUG=0
      - SECRET
  migrate:
    <<: *app
    command: python manage.py migrate
  db:
    image: "registry:5000/library/postgres:${TAG:-16}"
    container_name: shop_db
    environment: {POSTGRES_DB: shop, POSTGRES_PASSWORD: }
    volumes:
      - data:/var/lib/postgresql/data
      - {type: bind, source: ./init, target: /docker-entrypoint-initdb.d}
  adminer:
    image: adminer
  terrain:
    image: nginx
    profiles: [maps]
"#;

#[test]
fn a_shop_is_read_with_places() {
    let (sources, shop, gaps) = read(SHOP);
    assert_eq!(gaps, []);
    let names: Vec<&str> = shop.services.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["web", "worker", "migrate", "db", "adminer", "terrain"]);

    let web = shop.service("web").unwrap();
    assert_eq!(slice(&sources, web.name_span), "web");
    let command = web.command.as_ref().unwrap();
    assert_eq!(command.text, "gunicorn shop.wsgi --name 'my shop'");
    assert!(slice(&sources, command.span).starts_with("[\"gunicorn\""));
    let ports: Vec<(Option<&str>, &str, &str)> =
        web.ports.iter().map(|p| (p.published.as_deref(), &*p.target, &*p.protocol)).collect();
    assert_eq!(
        ports,
        [
            (Some("${PORT:-8000}"), "8000", "tcp"),
            (Some("9000-9001"), "9000-9001", "udp"),
            (None, "5555", "tcp"),
            (Some("8080"), "80", "tcp"),
        ]
    );
    assert_eq!(slice(&sources, web.ports[2].span), "5555");
    assert_eq!(web.build.as_ref().unwrap().context.text, "./backend");
    assert_eq!(web.env_file[0].path.text, ".env");

    let worker = shop.service("worker").unwrap();
    assert_eq!(worker.environment[0].value.as_deref(), Some("0"));
    assert_eq!(worker.environment[1].value, None);
    assert_eq!(slice(&sources, worker.environment[0].span), "DEBUG=0");

    let db = shop.service("db").unwrap();
    assert_eq!(db.image_name().as_deref(), Some("postgres"));
    assert_eq!(db.container_name.as_ref().unwrap().text, "shop_db");
    assert_eq!(db.environment[1].value, None);
    assert_eq!(slice(&sources, db.environment[0].span), "POSTGRES_DB: shop");
    assert_eq!(db.volumes[0].source.as_ref().unwrap().text, "data");
    assert_eq!(slice(&sources, db.volumes[1].source.as_ref().unwrap().span), "./init");
    assert_eq!(db.volumes[1].target.text, "/docker-entrypoint-initdb.d");
}

#[test]
fn what_needs_no_unit_is_told() {
    let (_, shop, _) = read(SHOP);
    let one_shot: Vec<&str> =
        shop.services.iter().filter(|s| shop.is_one_shot(s)).map(|s| s.name.as_str()).collect();
    assert_eq!(one_shot, ["migrate"]);
    let dev: Vec<&str> = shop.services.iter().filter(|s| s.is_dev_only()).map(|s| s.name.as_str()).collect();
    assert_eq!(dev, ["adminer", "terrain"]);

    // A server that migrates first is still a server.
    let (_, one, _) = read(
        "services:\n  web:\n    command: sh -c \"python manage.py migrate && gunicorn x\"\n  seed-data:\n    restart: always\n  minio-init:\n    entrypoint: mc mb local/x\n  db-migrate:\n    restart: \"no\"\n",
    );
    let of = |name: &str| one.is_one_shot(one.service(name).unwrap());
    assert!(!of("web"));
    assert!(!of("seed-data"));
    assert!(of("minio-init"));
    assert!(of("db-migrate"));
}

#[test]
fn a_wrong_type_costs_one_field() {
    let (sources, compose, gaps) = read(
        "services:\n  web:\n    image: [a]\n    command: run\n    ports: 80\n    environment:\n      A: {b: c}\n      D: 1\n    unknown: {}\n  bad: text\n  db:\n    image: postgres\n",
    );
    let reasons: Vec<(&str, &str)> =
        gaps.iter().map(|g| (slice(&sources, g.place.unwrap()), g.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("[a", "`image` is a list, not a single value, so it is not read"),
            ("80", "`ports` is a single value, not a list, so it is not read"),
            ("{b: c", "`A` is a mapping, not a single value, so it is not read"),
            ("bad: text", "service `bad` is a single value, not a mapping"),
        ]
    );
    let web = compose.service("web").unwrap();
    assert_eq!(web.command.as_ref().unwrap().text, "run");
    assert_eq!(web.environment.len(), 1);
    assert!(compose.service("db").unwrap().image.is_some());
}

#[test]
fn services_written_twice_are_told_and_the_rest_is_read() {
    let (sources, compose, gaps) =
        read("services:\n  web: {image: a}\n  db: {image: b}\n  web: {image: c}\n");
    assert_eq!(gaps.len(), 1);
    assert_eq!(sources.file(compose.file).line(gaps[0].place.unwrap().start), 4);
    assert!(gaps[0].reason.contains("`web` is given twice in `services`, first on line 2"));
    assert_eq!(compose.services.len(), 2);
    assert_eq!(compose.service("web").unwrap().image_name().as_deref(), Some("c"));
}

#[test]
fn broken_and_foreign_files_are_gaps() {
    for (text, reason) in [
        ("services:\n\tweb:\n", "not readable as YAML at line 2"),
        ("services: [web]\n", "`services` is a list"),
        ("rules:\n  - a\n", "no `services`"),
        ("- a\n", "no `services`"),
        ("include: [a.yaml]\n", "`include` are not read"),
    ] {
        let (_, compose, gaps) = read(text);
        assert_eq!(compose.services, []);
        assert!(gaps[0].reason.contains(reason), "{text}: {:?}", gaps[0]);
    }
    for text in ["", "services:\n", "volumes: {a: }\n"] {
        assert_eq!(read(text).2, [], "{text}");
    }
}

#[test]
fn a_service_extends_another_and_circles_end() {
    let (_, compose, gaps) = read(
        "services:\n  base: {image: app, restart: always}\n  web:\n    extends: {service: base}\n    command: serve\n  a: {extends: b, image: x}\n  b: {extends: a}\n  far: {extends: {file: o.yaml, service: x}}\n",
    );
    let web = compose.service("web").unwrap();
    assert_eq!(web.image_name().as_deref(), Some("app"));
    assert_eq!(web.restart.as_ref().unwrap().text, "always");
    assert_eq!(compose.service("b").unwrap().image_name().as_deref(), Some("x"));
    let reasons: Vec<&str> = gaps.iter().map(|gap| gap.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "`extends` leads in a circle, which Compose refuses",
            "the other file that `extends` names is not read",
        ]
    );
    assert!(compose.incomplete);
}

#[test]
fn an_override_is_merged_as_the_specification_says() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("compose.yaml"),
        "services:\n  web:\n    image: a:1\n    command: serve\n    ports: ['80:80']\n    volumes: ['./a:/data']\n    environment: {A: 1, B: 2}\n",
    )
    .unwrap();
    std::fs::write(
        dir.path().join("compose.override.yaml"),
        "services:\n  web:\n    command: debug\n    ports: ['81:81']\n    volumes: ['./b:/data:ro']\n    environment: ['B=3']\n  mail: {image: mailhog/mailhog}\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("docker-compose.dev.yml"), "services: {dev: {}}\n").unwrap();
    let root = Root::open(dir.path()).unwrap();
    let mut sources = Sources::default();
    let (all, gaps) = read_all(&root, &Inventory::of(&root), &mut sources);
    assert_eq!(gaps, []);
    assert_eq!(all.len(), 2);
    assert!(all[1].is_development());
    let web = all[0].service("web").unwrap();
    assert_eq!(web.image.as_ref().unwrap().text, "a:1");
    assert_eq!(web.command.as_ref().unwrap().text, "debug");
    assert_eq!(web.ports.len(), 2);
    assert_eq!(web.volumes.len(), 1);
    let environment: Vec<_> = web.environment.iter().map(|v| v.value.as_deref()).collect();
    assert_eq!(environment, [Some("1"), Some("3")]);
    assert!(all[0].service("mail").unwrap().is_dev_only());
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_no_harm() {
    let (sources, compose, gaps) = read("\u{feff}services:\r\n  web:\r\n    image: a\r\n");
    assert_eq!(gaps, []);
    assert_eq!(slice(&sources, compose.services[0].image.as_ref().unwrap().span), "a");
}
