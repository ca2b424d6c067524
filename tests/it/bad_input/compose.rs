//! Compose files: what can be read is read, and the rest is reported.

use super::*;

/// The report on a project with these files.
fn told(files: &[(&str, &str)]) -> Vec<(String, u64, String)> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let dir = project(&files);
    let ran = run(dir.path(), &[&["check", "good.sh"], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    assert_eq!(ran.code, 3, "what could not be read is no success: {}", ran.out);
    gaps(&ran)
}

/// Checks that there is one gap, at that line of that file and for that reason.
fn is_gap(files: &[(&str, &str)], file: &str, line: u64, reason: &str) {
    let gaps = told(files);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((gaps[0].0.as_str(), gaps[0].1), (file, line), "{gaps:?}");
    assert!(gaps[0].2.contains(reason), "{gaps:?}");
}

/// Checks that it is read without a gap.
fn is_fine(files: &[(&str, &str)]) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let dir = project(&files);
    let ran = run(dir.path(), &[&["check", "good.sh"], &JSON[..]].concat());
    assert_eq!((ran.code, gaps(&ran)), (0, Vec::new()));
}

const WEB: &str = "services:\n  web: {image: a}\n";

#[test]
fn files_that_lead_to_themselves() {
    let itself = "include: [compose.yaml]\nservices:\n  web: {image: a}\n";
    is_gap(&[("compose.yaml", itself)], "compose.yaml", 1, "`compose.yaml` includes itself");
    let circle = "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n";
    is_gap(&[("compose.yaml", circle)], "compose.yaml", 4, "`extends` leads in a circle");
    let own = "services:\n  a: {extends: a}\n";
    is_gap(&[("compose.yaml", own)], "compose.yaml", 2, "`extends` leads in a circle");
    let there = "services:\n  a: {extends: {file: b.yaml, service: b}}\n";
    let back = "services:\n  b: {extends: {file: b.yaml, service: b}}\n";
    is_gap(&[("compose.yaml", there), ("b.yaml", back)], "b.yaml", 2, "`extends` leads in a circle");
}

#[test]
fn files_that_are_not_there_or_not_ours() {
    for (path, reason) in [
        ("../x.yaml", "is outside the project's root"),
        ("sub/../../x.yaml", "is outside the project's root"),
        ("/etc/passwd", "is outside the project's root"),
        ("nowhere.yaml", "no such file"),
        (".git", "a directory, not a regular file"),
        ("oci://registry/shop:1", "on another machine"),
        ("git@host:shop.git", "on another machine"),
        ("${NOWHERE}/x.yaml", "depends on a variable"),
        ("binary.yaml", "NUL byte at offset 1"),
    ] {
        let include = format!("{WEB}include:\n  - '{path}'\n");
        is_gap(&[("compose.yaml", &include), ("binary.yaml", "a\0b")], "compose.yaml", 4, reason);
        let extends = format!("{WEB}  b:\n    image: b\n    extends: {{file: '{path}', service: x}}\n");
        is_gap(&[("compose.yaml", &extends), ("binary.yaml", "a\0b")], "compose.yaml", 5, reason);
    }
}

#[cfg(unix)]
#[test]
fn links_out_of_the_root_and_pipes() {
    let dir = project(&[("compose.yaml", b"include: [out.yaml, pipe.yaml]\nservices: {}\n")]);
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("out.yaml")).unwrap();
    let made = Command::new("mkfifo").arg(dir.path().join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let ran = run(dir.path(), &[&["check", "good.sh"], &JSON[..]].concat());
    let reasons: Vec<String> = gaps(&ran).into_iter().map(|(.., reason)| reason).collect();
    assert_eq!(
        reasons,
        [
            "`out.yaml` of `include`: a symbolic link that leads out of the project's root",
            "`pipe.yaml` of `include`: a FIFO, not a regular file",
        ]
    );
}

#[test]
fn wrong_shapes() {
    for (text, line, reason) in [
        ("services: [web]\n", 1, "`services` is a list, not a mapping"),
        ("services: web\n", 1, "`services` is a single value"),
        ("services:\n  web: [image]\n", 2, "service `web` is a list, not a mapping"),
        ("services:\n  web:\n", 2, "service `web` is nothing, not a mapping"),
        ("services:\n  web: {image: a}\n  web: {image: b}\n", 3, "`web` is given twice in `services`"),
        ("services:\n  web:\n    image: a\n    image: b\n", 4, "`image` is given twice in service `web`"),
        ("services: {}\nservices: {}\n", 2, "`services` is given twice in the file"),
        ("- services\n", 1, "it has no `services`: a list"),
        ("services:\n  web: {ports: 80}\n", 2, "`ports` is a single value, not a list"),
        ("services:\n  web: {volumes: [{type: bind}]}\n", 2, "`volumes` is a mapping, not `SOURCE:TARGET`"),
        ("services:\n  web: {healthcheck: [CMD]}\n", 2, "`healthcheck` is a list"),
        ("services:\n  web: {deploy: 2}\n", 2, "`deploy` is a single value"),
        ("services:\n  web: {env_file: [{required: true}]}\n", 2, "`env_file` is a mapping"),
        ("services:\n  web: {extends: [a]}\n", 2, "`extends` names no service"),
        ("include: x.yaml\nservices: {}\n", 1, "`include` is a single value, not a list"),
    ] {
        is_gap(&[("compose.yaml", text)], "compose.yaml", line, reason);
    }
    is_gap(
        &[
            ("compose.yaml", "services:\n  web: {image: a, ports: ['1:1']}\n"),
            ("compose.override.yaml", "services: {web: [a]}\n"),
        ],
        "compose.override.yaml",
        1,
        "`web` is a list here but a mapping in the file before",
    );
}

#[test]
fn what_is_no_yaml_costs_its_own_lines() {
    for (text, line, reason) in [
        ("services:\n  web:\n    image: a\n\tports: []\n  db: {image: b}\n", 3, "skipped: line 4"),
        (
            "services:\n  web:\n    image: *nowhere\n    restart: always\n  db: {image: b}\n",
            3,
            "skipped: line 3",
        ),
        ("services:\n  web:\n    command: 'open\n    image: a\n", 3, "not readable as YAML"),
        ("services:\n  web: [a\n  db: {image: b}\nvolumes: {}\n", 3, "skipped: line 2"),
        ("services:\n  web:\n    image: a: b\n    restart: always\n  db: {image: b}\n", 3, "skipped: line 3"),
        ("{% if x %}\nservices:\n  web: {image: a}\n{% endif %}\n", 1, "skipped: line 1, 4"),
    ] {
        is_gap(&[("compose.yaml", text)], "compose.yaml", line, reason);
    }
    // YAML allows a byte order mark, several documents, and tabs in some places.
    for text in [
        "\u{feff}services:\r\n  web:\r\n    image: a\r\n",
        "services: {web: {image: a}}\n---\nservices: {web: {restart: always}}\n...\n",
        "services:\n  web:\n    image:\ta\t# b\n",
        "",
        "# nothing\n",
        "services:\n",
        "x-only: {a: b}\nvolumes: {c: }\n",
    ] {
        is_fine(&[("compose.yaml", text)]);
    }
}

#[test]
fn hostile_sizes() {
    let mut many = String::from("x-a: &a {restart: always, environment: {A: b}}\nservices:\n");
    for i in 0..5_000 {
        many += &format!(
            "  s{i}:\n    <<: *a\n    image: app:{i}\n    ports: ['{i}:80']\n    depends_on: [s0]\n"
        );
    }
    is_fine(&[("compose.yaml", &many), ("compose.override.yaml", &many)]);

    let mut bomb = String::from("x0: &x0 [y, y, y, y, y, y, y, y, y, y]\n");
    for level in 1..12 {
        bomb += &format!("x{level}: &x{level} [{}]\n", vec![format!("*x{}", level - 1); 10].join(", "));
    }
    let gaps = told(&[("compose.yaml", &(bomb + WEB)), ("sub/compose.yaml", WEB)]);
    assert!(gaps.iter().all(|(file, ..)| file == "compose.yaml"), "{gaps:?}");
    assert!(gaps.iter().all(|(.., why)| why.contains("not readable as YAML at line ")), "{gaps:?}");
    assert!(gaps.iter().all(|(.., why)| why.contains("skipped: line ")), "the rest is read: {gaps:?}");

    let open = format!("services:\n  web:\n    image: {}\n", "${".repeat(MANY));
    is_fine(&[("compose.yaml", &open)]);
    let deep = format!("services:\n  web: {}\n", "[".repeat(MANY));
    let gaps = told(&[("compose.yaml", &deep)]);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let broken: String = (0..2_000).map(|i| format!("  s{i}: [\n")).collect();
    let gaps = told(&[("compose.yaml", &format!("services:\n{broken}  web: {{image: a}}\n"))]);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

#[test]
fn what_cannot_be_read_is_not_called_undefined() {
    let undefined = |include: &str| {
        let text = format!("{include}\nservices:\n  web: {{image: a, depends_on: [db]}}\n");
        let dir = project(&[("compose.yaml", text.as_bytes())]);
        let ran = run(dir.path(), &[&["check"], &JSON[..]].concat());
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        let rules = json["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap());
        rules.filter(|rule| *rule == "services/undefined").count()
    };
    assert_eq!(undefined(""), 1);
    assert_eq!(undefined("include: [../platform/compose.yaml]"), 0);
    assert_eq!(undefined("x-broken: [a"), 0);
}
