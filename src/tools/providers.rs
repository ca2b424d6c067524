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
    ("rollup", "rollup"),
    ("tsc", "typescript"),
    ("tsup", "tsup"),
    ("vite", "vite"),
    ("vue-cli-service", "@vue/cli-service"),
    ("webpack", "webpack"),
];

/// Packages that bring the same program because they depend on it.
pub(crate) const NODE_CARRIERS: &[(&str, &[&str])] = &[
    ("esbuild", &["vite", "tsup", "tsx", "astro", "nuxt", "@angular/cli", "@angular-devkit/build-angular"]),
    ("rollup", &["vite", "tsup", "astro", "nuxt"]),
    ("typescript", &["@nestjs/cli", "gatsby", "@angular/compiler-cli", "ts-node"]),
    ("vite", &["astro", "nuxt", "@remix-run/dev", "@sveltejs/kit", "@react-router/dev"]),
    ("webpack", &["react-scripts", "@nestjs/cli", "@vue/cli-service", "gatsby"]),
];

#[test]
fn the_tables_are_sorted() {
    assert!(PYTHON.is_sorted_by_key(|(program, _)| program));
    assert!(NODE.is_sorted_by_key(|(program, _)| program));
    assert!(NODE_CARRIERS.is_sorted_by_key(|(package, _)| package));
}
