//! Several files: which one is taken, overrides, `include`, `extends`.

use crate::project::compose::*;

struct Read {
    _dir: tempfile::TempDir,
    sources: Sources,
    all: Vec<Compose>,
    gaps: Vec<Gap>,
}

fn project(files: &[(&str, &str)]) -> Read {
    let dir = crate::support::project(files);
    let root = Root::open(dir.path()).unwrap();
    let mut sources = Sources::default();
    let (all, gaps) = read_all(&root, &Inventory::of(&root), &mut sources);
    Read { _dir: dir, sources, all, gaps }
}

impl Read {
    fn path(&self, span: Span) -> &str {
        self.sources.file(span.file).path()
    }

    fn reasons(&self) -> Vec<String> {
        let line = |gap: &Gap| gap.place.map_or(0, |p| self.sources.file(p.file).line(p.start));
        self.gaps.iter().map(|gap| format!("{}:{} {}", gap.file, line(gap), gap.reason)).collect()
    }

    fn service(&self, name: &str) -> &Service {
        self.all[0].service(name).unwrap()
    }
}

/// A base and its override, merged without a gap.
fn merged(base: &str, over: &str) -> Read {
    let read = project(&[("compose.yaml", base), ("compose.override.yaml", over)]);
    assert_eq!(read.reasons(), Vec::<String>::new());
    assert_eq!(read.all.len(), 1);
    read
}

fn texts(list: &[Text]) -> Vec<&str> {
    list.iter().map(|text| text.text.as_str()).collect()
}

#[test]
fn the_first_name_of_a_directory_is_taken_with_the_first_override() {
    let read = project(&[
        ("compose.yml", "services: {a: {image: x}}"),
        ("docker-compose.yml", "services: {b: {image: x}}"),
        ("docker-compose.override.yml", "services: {a: {image: y}}"),
        ("docker-compose.override.yaml", "services: {a: {image: z}}"),
        ("docker-compose.prod.yml", "services: {c: {image: x}}"),
        ("sub/docker-compose.yaml", "services: {d: {image: x}}"),
        ("sub/docker-compose.yml", "services: {e: {image: x}}"),
    ]);
    assert_eq!(read.reasons(), Vec::<String>::new());
    let found: Vec<(&str, bool, &str)> = read
        .all
        .iter()
        .map(|c| {
            (read.sources.file(c.file).path(), c.passed_over, &*c.services[0].image.as_ref().unwrap().text)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("compose.yml", false, "y"),
            ("docker-compose.override.yaml", true, "z"),
            ("docker-compose.prod.yml", false, "x"),
            ("docker-compose.yml", true, "x"),
            ("sub/docker-compose.yaml", true, "x"),
            ("sub/docker-compose.yml", false, "x"),
        ]
    );
}

#[test]
fn commands_are_replaced_and_lists_are_appended() {
    let read = merged(
        "services:\n  web:\n    image: a\n    command: [serve, --all]\n    entrypoint: /run.sh\n    healthcheck: {test: [CMD, a], interval: 5s}\n    profiles: [x]\n    env_file: a.env\n    networks: [front]\n    deploy: {replicas: 2, restart_policy: {condition: any}, labels: {a: b}}\n    extra_hosts: {h: 1.2.3.4}\n",
        "services:\n  web:\n    command: debug\n    entrypoint:\n    healthcheck: {test: curl -f x}\n    profiles: [x, y]\n    env_file: [{path: b.env, required: false}, a.env]\n    networks: {back: {aliases: [w]}}\n    deploy: {replicas: 3, labels: [c=d]}\n    extra_hosts: ['h:1.2.3.4']\n",
    );
    let web = read.service("web");
    assert_eq!(web.command.as_ref().unwrap().text, "debug");
    assert_eq!(web.entrypoint, None);
    assert_eq!(web.healthcheck.as_ref().unwrap().test.as_ref().unwrap().text, "curl -f x");
    assert_eq!(texts(&web.profiles), ["x", "y"]);
    let files: Vec<(&str, bool)> = web.env_file.iter().map(|f| (&*f.path.text, f.required)).collect();
    assert_eq!(files, [("a.env", true), ("b.env", false)]);
    assert_eq!(texts(&web.networks), ["front", "back"]);
    let deploy = web.deploy.as_ref().unwrap();
    assert_eq!(deploy.replicas.as_ref().unwrap().text, "3");
    assert_eq!(deploy.restart_condition.as_ref().unwrap().text, "any");
    assert_eq!(read.path(web.command.as_ref().unwrap().span), "compose.override.yaml");
    assert_eq!(read.path(web.image.as_ref().unwrap().span), "compose.yaml");
}

#[test]
fn mounts_and_ports_are_unique_by_their_keys() {
    let read = merged(
        "services:\n  web:\n    ports: ['80:80', '127.0.0.1:81:80', '443:443/udp']\n    volumes: ['data:/jobs', './b:/b:ro']\n    secrets: [key, {source: cert, target: /c}]\n    configs: [one]\n",
        "services:\n  web:\n    ports: [{target: 80, published: 80, host_ip: 0.0.0.0}, '443:443']\n    volumes: [{type: bind, source: ./w, target: /jobs/}]\n    secrets: [key, {source: other, target: /c}]\n    configs: [one, two]\n",
    );
    let web = read.service("web");
    let ports: Vec<(Option<&str>, Option<&str>, &str)> =
        web.ports.iter().map(|p| (p.address.as_deref(), p.published.as_deref(), &*p.protocol)).collect();
    assert_eq!(
        ports,
        [
            (Some("0.0.0.0"), Some("80"), "tcp"),
            (Some("127.0.0.1"), Some("81"), "tcp"),
            (None, Some("443"), "udp"),
            (None, Some("443"), "tcp"),
        ]
    );
    let volumes: Vec<(Option<&str>, &str, bool)> = web
        .volumes
        .iter()
        .map(|v| (v.source.as_ref().map(|s| s.text.as_str()), v.kind.as_deref().unwrap(), v.read_only))
        .collect();
    assert_eq!(volumes, [(Some("./w"), "bind", false), (Some("./b"), "bind", true)]);
    assert_eq!(texts(&web.secrets), ["key", "other"]);
    assert_eq!(texts(&web.configs), ["one", "two"]);
}

#[test]
fn both_forms_of_a_field_merge_with_each_other() {
    let read = merged(
        "services:\n  web:\n    build: ./app\n    environment: [A=1, B=2, C]\n    depends_on: {db: {condition: service_healthy}, q: {condition: service_healthy, required: false}}\n",
        "services:\n  web:\n    build: {dockerfile: Dev, args: [X=1]}\n    environment: {B: , D: 4}\n    depends_on: [db, mail]\n",
    );
    let web = read.service("web");
    let build = web.build.as_ref().unwrap();
    assert_eq!((&*build.context.text, &*build.dockerfile.as_ref().unwrap().text), ("./app", "Dev"));
    assert_eq!((&*build.args[0].name, build.args[0].value.as_deref()), ("X", Some("1")));
    let variables: Vec<(&str, Option<&str>)> =
        web.environment.iter().map(|v| (&*v.name, v.value.as_deref())).collect();
    assert_eq!(variables, [("A", Some("1")), ("B", None), ("C", None), ("D", Some("4"))]);
    let needs: Vec<(&str, Option<&str>, bool)> =
        web.depends_on.iter().map(|d| (&*d.service, d.condition.as_deref(), d.required)).collect();
    assert_eq!(
        needs,
        [
            ("db", Some("service_started"), true),
            ("q", Some("service_healthy"), false),
            ("mail", Some("service_started"), true),
        ]
    );
}

#[test]
fn reset_takes_away_and_override_replaces() {
    let read = merged(
        "services:\n  app:\n    image: app\n    ports: ['8080:80']\n    volumes: [a:/a]\n    environment: {FOO: BAR, KEEP: 1}\n    restart: always\n  mail: {image: mail}\n",
        "services:\n  app:\n    ports: !override\n      - '8443:443'\n    volumes: !reset []\n    restart: !reset\n    environment:\n      FOO: !reset null\n  mail: !reset null\n",
    );
    let app = read.service("app");
    assert_eq!(app.ports.len(), 1);
    assert_eq!(app.ports[0].target, "443");
    assert_eq!(app.volumes, []);
    assert_eq!(app.restart, None);
    assert_eq!(app.environment.len(), 1);
    assert_eq!(read.all[0].services.len(), 1);
    // Without a file below it, `!reset` leaves nothing.
    let alone =
        project(&[("compose.yaml", "services:\n  a:\n    image: !reset x\n    ports: !reset ['1:1']\n")]);
    assert_eq!((&alone.service("a").image, alone.service("a").ports.len()), (&None, 0));
}

#[test]
fn documents_of_a_file_are_merged_and_unknown_keys_are_nothing() {
    let read = project(&[(
        "compose.yaml",
        "---\nname: shop\nx-a: {b: c}\nservices: {web: {image: a, x-y: 1, unheard: [of]}}\nvolumes: {data: }\n---\nservices: {web: {restart: always}}\n---\n",
    )]);
    assert_eq!(read.reasons(), Vec::<String>::new());
    assert_eq!(read.service("web").restart.as_ref().unwrap().text, "always");
    assert_eq!(read.service("web").image.as_ref().unwrap().text, "a");
    assert_eq!(read.all[0].name.as_ref().unwrap().text, "shop");
    assert_eq!(texts(&read.all[0].resources.volumes), ["data"]);
    assert!(!read.all[0].incomplete);
}

#[test]
fn what_is_included_belongs_to_the_project_and_knows_its_file() {
    let read = project(&[
        (
            "compose.yaml",
            "include:\n  - db/compose.yaml\n  - path: [ops/mail.yaml, ops/mail.prod.yaml]\n    project_directory: .\nservices:\n  web: {image: web, depends_on: [db, mail]}\n  db: {restart: always}\n",
        ),
        (
            "db/compose.yaml",
            "include: [more/cache.yaml]\nservices: {db: {image: postgres, env_file: db.env}}\nvolumes: {data: {}}\n",
        ),
        ("db/more/cache.yaml", "services: {cache: {image: redis, build: ./c}}\n"),
        ("ops/mail.yaml", "services: {mail: {image: mail:1, env_file: mail.env}}\n"),
        ("ops/mail.prod.yaml", "services: {mail: {image: mail:2}}\n"),
    ]);
    assert_eq!(read.reasons(), Vec::<String>::new());
    assert_eq!(read.all.len(), 1, "the included file does not stand for itself");
    let compose = &read.all[0];
    let names: Vec<&str> = compose.services.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["cache", "db", "mail", "web"]);
    let db = read.service("db");
    assert_eq!(db.restart.as_ref().unwrap().text, "always");
    assert_eq!(read.path(db.image.as_ref().unwrap().span), "db/compose.yaml");
    assert_eq!(compose.path(&db.env_file[0].path).as_deref(), Some("db/db.env"));
    assert_eq!(compose.path(&read.service("mail").env_file[0].path).as_deref(), Some("mail.env"));
    assert_eq!(read.service("mail").image.as_ref().unwrap().text, "mail:2");
    let cache = read.service("cache").build.as_ref().unwrap();
    assert_eq!(compose.path(&cache.context).as_deref(), Some("db/more/c"));
    assert_eq!(texts(&compose.resources.volumes), ["data"]);
    assert!(!compose.incomplete);
}

#[test]
fn what_cannot_be_included_is_told_and_the_rest_is_read() {
    let read = project(&[
        (
            "compose.yaml",
            "include:\n  - ../other/compose.yaml\n  - oci://registry/x\n  - https://github.com/a/b.git\n  - nowhere.yaml\n  - ${WHERE}/x.yaml\n  - ${DIR:-sub}/ok.yaml\n  - [a]\n  - {env_file: x}\n  - /etc/compose.yaml\nservices: {web: {image: a}}\n",
        ),
        ("sub/ok.yaml", "services: {db: {image: b}}\n"),
    ]);
    assert_eq!(
        read.reasons(),
        [
            "compose.yaml:2 `../other/compose.yaml` of `include`: is outside the project's root, so it is not read",
            "compose.yaml:3 `include` names `oci://registry/x` on another machine, which is not fetched",
            "compose.yaml:4 `include` names `https://github.com/a/b.git` on another machine, which is not fetched",
            "compose.yaml:5 `nowhere.yaml` of `include`: no such file",
            "compose.yaml:6 the file that `include` names depends on a variable without a default, so it is not read",
            "compose.yaml:8 `include` holds a list, not a path, so it is not read",
            "compose.yaml:9 an entry of `include` has no `path`, so it is not read",
            "compose.yaml:10 `/etc/compose.yaml` of `include`: is outside the project's root, so it is not read",
        ]
    );
    assert_eq!(read.all[0].services.len(), 2);
    assert!(read.all[0].incomplete);
}

#[test]
fn includes_that_go_in_circles_end() {
    let read = project(&[
        ("sub/compose.yaml", "include: [../other/compose.yaml]\nservices: {one: {image: a}}\n"),
        ("other/compose.yaml", "include: [../sub/compose.yaml]\nservices: {two: {image: a}}\n"),
        ("compose.yaml", "include: [compose.yaml, a.yaml]\nservices: {web: {image: a}}\n"),
        ("a.yaml", "include: [b.yaml]\nservices: {a: {image: a}}\n"),
        ("b.yaml", "include: [a.yaml]\nservices: {b: {image: a}}\n"),
    ]);
    assert_eq!(
        read.reasons(),
        [
            "b.yaml:1 `a.yaml` includes itself, which Compose refuses; it is read once",
            "compose.yaml:1 `compose.yaml` includes itself, which Compose refuses; it is read once",
            "other/compose.yaml:1 `sub/compose.yaml` includes itself, which Compose refuses; it is read once",
            "sub/compose.yaml:1 `other/compose.yaml` includes itself, which Compose refuses; it is read once",
        ]
    );
    assert_eq!(read.all[0].services.len(), 3);
    assert_eq!(read.all.len(), 2, "of two that include each other one is left");
    // Each level includes the next one twice, which makes 2^40 files.
    let names: Vec<String> = (0..40).map(|i| format!("f{i}.yaml")).collect();
    let texts: Vec<String> = (1..=40)
        .map(|i| format!("include: [f{i}.yaml, f{i}.yaml]\nservices: {{s{i}: {{image: a}}}}\n"))
        .collect();
    let mut files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("compose.yaml", "include: [f0.yaml]\n"));
    let read = project(&files);
    assert!(read.reasons().iter().any(|gap| gap.contains("includes are nested too deep")));
    assert!(read.all[0].services.len() > 10);
}

#[test]
fn a_service_extends_one_of_another_file() {
    let read = project(&[
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: common/base.yaml, service: app}\n    command: serve\n    environment: {B: 2}\n  job:\n    extends: {service: web}\n    ports: !reset []\n  lost: {extends: {file: common/base.yaml, service: nobody}, image: l}\n  out: {extends: {file: ../x.yaml, service: a}, image: o}\n  none: {extends: nobody, image: n}\n",
        ),
        (
            "common/base.yaml",
            "services:\n  root: {restart: always, env_file: base.env}\n  app:\n    extends: root\n    build: .\n    ports: ['80:80']\n    environment: [A=1, B=1]\n",
        ),
    ]);
    assert_eq!(
        read.reasons(),
        [
            "compose.yaml:9 `extends` names `nobody`, but there is no such service in `common/base.yaml`",
            "compose.yaml:10 `../x.yaml` of `extends`: is outside the project's root, so it is not read",
            "compose.yaml:11 `extends` names `nobody`, but there is no such service",
        ]
    );
    let web = read.service("web");
    assert_eq!(web.restart.as_ref().unwrap().text, "always");
    assert_eq!(read.all[0].path(&web.env_file[0].path).as_deref(), Some("common/base.env"));
    assert_eq!(read.all[0].path(&web.build.as_ref().unwrap().context).as_deref(), Some("common"));
    let values: Vec<Option<&str>> = web.environment.iter().map(|v| v.value.as_deref()).collect();
    assert_eq!(values, [Some("1"), Some("2")]);
    assert_eq!(read.path(web.name_span), "compose.yaml");
    let job = read.service("job");
    assert_eq!((job.ports.len(), job.command.as_ref().unwrap().text.as_str()), (0, "serve"));
    assert!(["lost", "out", "none"].iter().all(|name| read.service(name).image.is_some()));
}

#[test]
fn a_long_chain_of_extends_and_a_fat_base_stay_cheap() {
    let started = std::time::Instant::now();
    let mut chain = String::from("services:\n  s0: {image: a, restart: always}\n");
    for i in 1..3_000 {
        chain += &format!("  s{i}: {{extends: s{}}}\n", i - 1);
    }
    let read = project(&[("compose.yaml", &chain)]);
    assert_eq!(read.reasons(), Vec::<String>::new());
    assert_eq!(read.service("s2999").restart.as_ref().unwrap().text, "always");

    let mut fat = String::from("services:\n  base:\n    environment:\n");
    for i in 0..3_000 {
        fat += &format!("      V{i}: x\n");
    }
    for i in 0..3_000 {
        fat += &format!("  s{i}: {{extends: base}}\n");
    }
    let read = project(&[("compose.yaml", &fat)]);
    assert_eq!(read.all[0].services.len(), 3_001);
    assert!(read.reasons()[0].contains("the merged project has more than 1000000 nodes"));
    assert!(started.elapsed().as_secs() < 60);
}
