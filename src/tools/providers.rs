//! Which package brings which program. This is only data. The console scripts are those of the packages' own entry points;
//! other packages bring them if their metadata require them (each wheel was looked into, November 2026). For npm the source
//! is the `bin` of package.json. A package with an extra is written `fastapi[standard]`.

/// Programs of Python, which are also modules of the same name, and the packages that bring them.
pub(crate) const PYTHON: &[(&str, &[&str])] = &[
    ("aerich", &["aerich"]),
    ("alembic", &["alembic", "flask-migrate"]),
    ("arq", &["arq"]),
    ("celery", &["celery", "flower", "django-celery-beat", "dash[celery]"]),
    ("chainlit", &["chainlit"]),
    ("daphne", &["daphne"]),
    ("dramatiq", &["dramatiq"]),
    (
        "fastapi",
        &["fastapi-cli", "fastapi[standard]", "fastapi[all]", "fastapi[standard-no-fastapi-cloud-cli]"],
    ),
    ("flask", &["flask", "flask-migrate", "dash"]),
    ("granian", &["granian"]),
    ("gunicorn", &["gunicorn", "uvicorn-worker", "mlflow"]),
    ("hypercorn", &["hypercorn"]),
    ("rq", &["rq"]),
    ("streamlit", &["streamlit"]),
    (
        "uvicorn",
        &[
            "uvicorn",
            "uvicorn-worker",
            "fastapi[standard]",
            "fastapi[all]",
            "fastapi[standard-no-fastapi-cloud-cli]",
            "fastapi-cli",
            "chainlit",
            "chromadb",
            "dash[fastapi]",
            "gradio",
            "mcp",
            "mlflow",
            "mlflow-skinny",
            "nicegui",
            "streamlit",
        ],
    ),
    ("waitress-serve", &["waitress"]),
];

/// Programs that scripts of package.json call for a build or a migration, and the package that brings each.
pub(crate) const NODE: &[(&str, &str)] = &[
    ("astro", "astro"),
    ("esbuild", "esbuild"),
    ("nest", "@nestjs/cli"),
    ("next", "next"),
    ("ng", "@angular/cli"),
    ("nuxt", "nuxt"),
    ("parcel", "parcel"),
    ("react-scripts", "react-scripts"),
    ("rolldown", "rolldown"),
    ("rollup", "rollup"),
    ("ts-node", "ts-node"),
    ("tsc", "typescript"),
    ("tsup", "tsup"),
    ("tsx", "tsx"),
    ("vite", "vite"),
    ("vue-cli-service", "@vue/cli-service"),
    ("webpack", "webpack"),
];

/// True for a program that packages of Python or Node bring, which usually live in an environment.
pub(crate) fn is_of_environments(program: &str) -> bool {
    PYTHON.iter().any(|(name, _)| *name == program) || NODE.iter().any(|(name, _)| *name == program)
}

/// True for a program whose own installer puts it into the home directory.
pub(crate) fn is_of_homes(program: &str) -> bool {
    ["bun", "deno", "mise", "pdm", "pipenv", "pnpm", "poetry", "uv", "uvx"].contains(&program)
}

/// Packages that bring a program because they depend on its package: npm links the program even if they are installed alone
/// (each was tried, November 2026). `vite<8` means its major versions before 8.
const NODE_CARRIERS: &[(&str, &[&str])] = &[
    (
        "esbuild",
        &[
            "vite<8",
            "tsup",
            "tsx",
            "astro",
            "nuxt",
            "@angular/build",
            "@angular-devkit/build-angular",
            "@react-router/dev",
            "@remix-run/dev",
        ],
    ),
    ("rolldown", &["vite>=8", "astro>=7", "nuxt>=4", "@sveltejs/kit", "@react-router/dev"]),
    (
        "rollup",
        &[
            "vite<8",
            "tsup",
            "astro<7",
            "nuxt",
            "@angular/build",
            "@angular-devkit/build-angular",
            "@react-router/dev",
            "@remix-run/dev",
            "react-scripts",
        ],
    ),
    (
        "typescript",
        &[
            "@nestjs/cli",
            "gatsby",
            "@angular/build",
            "@angular/compiler-cli",
            "@angular-devkit/build-angular",
            "react-scripts",
            "ts-node",
        ],
    ),
    (
        "vite",
        &[
            "astro",
            "nuxt",
            "@angular/build",
            "@angular-devkit/build-angular",
            "@remix-run/dev",
            "@sveltejs/kit",
            "@react-router/dev",
        ],
    ),
    (
        "webpack",
        &["react-scripts", "@nestjs/cli", "@vue/cli-service", "gatsby", "@angular-devkit/build-angular"],
    ),
];

/// True if a package, in the version that its constraint asks for, brings the program of another one.
pub(crate) fn carries(package: &str, constraint: Option<&str>, needed: &str) -> bool {
    let major = || newest_major(constraint.unwrap_or_default());
    let carriers =
        NODE_CARRIERS.iter().find(|(name, _)| *name == needed).map_or(&[][..], |(_, carriers)| carriers);
    carriers.iter().any(|carrier| {
        if let Some((name, before)) = carrier.split_once('<') {
            return name == package && before.parse().is_ok_and(|before: u32| major() < before);
        }
        if let Some((name, from)) = carrier.split_once(">=") {
            return name == package && from.parse().is_ok_and(|from: u32| major() >= from);
        }
        *carrier == package
    })
}

/// The newest major version that a range of npm allows, <https://github.com/npm/node-semver#ranges>. npm installs the newest
/// version of a range. A tag, an address and a range without an upper bound count as the newest of all.
fn newest_major(range: &str) -> u32 {
    // `npm:NAME@RANGE`, `workspace:RANGE`
    let range = range.rsplit([':', '@']).next().unwrap_or(range);
    let allowed = |set: &str| {
        let mut newest = u32::MAX;
        let mut operator = String::new();
        // `6 - 7`
        let set = set.rsplit(" - ").next().unwrap_or(set);
        for word in set.split_whitespace() {
            let version = word.trim_start_matches(['^', '~', '<', '>', '=', 'v']);
            operator.push_str(&word[..word.len() - version.len()]);
            // `< 8`
            if version.is_empty() {
                continue;
            }
            newest = newest.min(upper_bound(&operator, version));
            operator.clear();
        }
        newest
    };
    range.split("||").map(allowed).max().unwrap_or(u32::MAX)
}

/// The newest major version that one comparison allows.
fn upper_bound(operator: &str, version: &str) -> u32 {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let (major, rest) = release.split_once('.').unwrap_or((release, ""));
    match (operator.trim_end_matches('v'), major.parse::<u32>()) {
        (">" | ">=", _) | (_, Err(_)) => u32::MAX,
        ("<", Ok(major)) if rest.bytes().all(|b| matches!(b, b'.' | b'0' | b'x' | b'X' | b'*')) => {
            major.saturating_sub(1)
        }
        (_, Ok(major)) => major,
    }
}

#[test]
fn the_newest_version_of_a_range_counts() {
    // The newest version is what semver of npm 11 finds among 4.0.0, 4.1.0, 5.0.0 and so on up to 9.1.0.
    for (range, newest) in [
        ("^7.3.0", 7),
        ("~6.0.5", 6),
        ("7", 7),
        ("7.x", 7),
        ("v7.1.0", 7),
        ("=7.1.0", 7),
        ("<8.0.0", 7),
        ("<8.0.0-0", 7),
        ("< 8", 7),
        ("<8.x", 7),
        ("<8.1.0", 8),
        ("<=8.0.0", 8),
        (">=5 <8.0.0", 7),
        (">=5.0.0 <=7", 7),
        ("5 - 7", 7),
        ("5.0.0 - 7.0.0", 7),
        ("^5 || ^7 || ^6", 7),
        ("^5||>=8 <9", 8),
        ("workspace:^7", 7),
        ("npm:vite@^7.0.0", 7),
        (">=5", u32::MAX),
        (">7", u32::MAX),
        ("^5 || >=6", u32::MAX),
        ("*", u32::MAX),
        ("", u32::MAX),
        ("latest", u32::MAX),
        ("github:vitejs/vite", u32::MAX),
    ] {
        assert_eq!(newest_major(range), newest, "{range}");
    }
}

#[test]
fn the_tables_are_sorted() {
    assert!(PYTHON.is_sorted_by_key(|(program, _)| program));
    assert!(NODE.is_sorted_by_key(|(program, _)| program));
    assert!(NODE_CARRIERS.is_sorted_by_key(|(package, _)| package));
}

#[test]
fn a_carrier_brings_what_its_version_depends_on() {
    for (package, constraint, needed, expected) in [
        ("vite", Some("^7.3.0"), "esbuild", true),
        ("vite", Some("^8.0.0"), "esbuild", false),
        ("vite", Some("latest"), "rollup", false),
        ("vite", Some(">=8"), "rolldown", true),
        ("vite", Some("<8.0.0"), "esbuild", true),
        ("vite", Some("<8.0.0"), "rolldown", false),
        ("vite", Some(">=5"), "rolldown", true),
        ("vite", None, "rolldown", true),
        ("astro", Some("~6.0.5"), "rollup", true),
        ("astro", Some("7.3.5"), "rollup", false),
        ("tsup", None, "rollup", true),
        ("@angular/cli", None, "esbuild", false),
        ("next", None, "webpack", false),
    ] {
        assert_eq!(carries(package, constraint, needed), expected, "{package} {constraint:?} {needed}");
    }
}
