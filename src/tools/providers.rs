//! Which package brings which program. This is only data: the console scripts are those of the packages' own
//! entry points, and the packages that bring them along are those whose metadata require them (each wheel was
//! looked into, November 2026); for npm it is the `bin` of package.json. A package with an extra is written
//! `fastapi[standard]`.

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

/// Programs that a package's script calls to build it, and the package that brings them.
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
    ("tsc", "typescript"),
    ("tsup", "tsup"),
    ("vite", "vite"),
    ("vue-cli-service", "@vue/cli-service"),
    ("webpack", "webpack"),
];

/// Packages that bring the same program because they depend on it: what npm links when it installs them alone (each was
/// tried, November 2026). `vite<8` means its major versions before 8.
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
    let major = || {
        let text = constraint.unwrap_or_default();
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        // `latest`, `*`
        digits[..end].parse::<u32>().unwrap_or(u32::MAX)
    };
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
