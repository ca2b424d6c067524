//! The work that a text which is not modelled (a line that is printed, a script that is only called, a unit's
//! command) asks for. It looks only at words, and never decides where or when.

/// Work that a deploy must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Installs what requirements.txt and similar files name.
    PythonDependencies,
    /// Installs what package.json names.
    NodeDependencies,
    /// Installs what a Gemfile names.
    RubyDependencies,
    /// Installs what composer.json names.
    PhpDependencies,
    /// Makes a virtual environment.
    VirtualEnv,
    /// Builds a package of npm or a similar manager.
    Build,
    /// Brings the database up to date.
    Migrate,
    /// Collects Django's static files.
    StaticFiles,
}

/// True if a line asks for the work.
pub(crate) fn asks_for(line: &str, work: Work) -> bool {
    let has = |any: &[&str]| any.iter().any(|words| holds(line, words));
    match work {
        Work::PythonDependencies => {
            has(&[
                "pip install",
                "pip3 install",
                "uv sync",
                "uv run",
                "poetry install",
                "pipenv install",
                "pipenv sync",
                "pdm install",
                "pdm sync",
                "conda env",
                "conda install",
            ]) && !line.trim_end().ends_with(" pip")
        }
        // A tool for the whole machine does not belong to the app.
        Work::NodeDependencies if has(&["-g", "--global"]) => false,
        Work::NodeDependencies => has(&[
            "npm ci",
            "npm install",
            "npm i",
            "pnpm install",
            "pnpm i",
            "yarn install",
            "yarn --frozen-lockfile",
            "yarn --production",
            "bun install",
        ]),
        Work::RubyDependencies => has(&["bundle install"]),
        Work::PhpDependencies => has(&["composer install"]),
        Work::VirtualEnv => has(&[
            "-m venv",
            "virtualenv",
            "uv venv",
            "uv sync",
            "uv run",
            "poetry install",
            "pipenv install",
            "conda create",
        ]),
        Work::Build => has(&[
            "run build",
            "yarn build",
            "pnpm build",
            "vite build",
            "next build",
            "ng build",
            "react-scripts build",
            "nuxt build",
            "nest build",
            "turbo build",
        ]),
        Work::StaticFiles => has(&["collectstatic"]),
        Work::Migrate => {
            let both = |a: &str, b: &str| holds(line, a) && holds(line, b);
            both("alembic", "upgrade")
                || both("flask", "db upgrade")
                || both("aerich", "upgrade")
                || has(&[
                    "manage.py migrate",
                    "django-admin migrate",
                    "prisma migrate deploy",
                    "prisma db push",
                    "db:migrate",
                    "db:prepare",
                    "db:push",
                    "migrate:latest",
                    "migrate:deploy",
                    "migrate:up",
                    "migration:run",
                    "migrations:run",
                    "artisan migrate",
                    "flyway migrate",
                    "drizzle-kit migrate",
                    "drizzle-kit push",
                    "run migrate",
                    "run migrations",
                    "run db",
                    "yarn migrate",
                    "pnpm migrate",
                    "typeorm migration",
                    "goose up",
                    "sqlx migrate run",
                    "diesel migration run",
                    "dbmate up",
                    "atlas migrate apply",
                ])
        }
    }
}

/// True if the words occur in the line, and not as a part of longer ones: `npm i` is not in `npm init`.
fn holds(line: &str, words: &str) -> bool {
    line.match_indices(words).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + words.len()..].chars().next();
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !inside(before) && !inside(after)
    })
}

/// True if a line of a script does the work, as far as words show: printed text and comments do not.
pub(crate) fn does(text: &str, work: Work) -> bool {
    text.lines().map(str::trim_start).any(|line| !is_said(line) && asks_for(line, work))
}

/// True if a line of a Dockerfile does the work, in a shell's form or as a list of words.
pub(crate) fn does_in_image(text: &str, work: Work) -> bool {
    does(text, work)
        || text.contains('[')
            && does(&text.replace(['"', ','], " ").replace("  ", " ").replace("  ", " "), work)
}

fn is_said(line: &str) -> bool {
    line.starts_with('#') || {
        let first = line.split([' ', '\t', '"', '\'']).next().unwrap_or_default();
        matches!(first, "echo" | "printf" | "log" | "info" | "warn" | "print" | "say" | "error")
            || first.starts_with("log_")
            || first.starts_with("print_")
    }
}

#[test]
fn words_ask_for_work() {
    for (line, work) in [
        ("   pip install -r requirements.txt", Work::PythonDependencies),
        ("venv/bin/python -m pip install -e .", Work::PythonDependencies),
        ("cd x && npm ci --omit=dev", Work::NodeDependencies),
        ("npm i", Work::NodeDependencies),
        ("python manage.py migrate --noinput", Work::Migrate),
        ("alembic -c x.ini upgrade head", Work::Migrate),
        ("npx prisma migrate deploy", Work::Migrate),
        ("npm run build:prod", Work::Build),
    ] {
        assert!(asks_for(line, work), "{line}");
    }
    for (line, work) in [
        ("pip install --upgrade pip", Work::PythonDependencies),
        ("npm init -y", Work::NodeDependencies),
        ("npm install -g pm2", Work::NodeDependencies),
        ("alembic stamp head", Work::Migrate),
        ("python manage.py makemigrations", Work::Migrate),
    ] {
        assert!(!asks_for(line, work), "{line}");
    }
    assert!(!does("# npm ci\necho \"npm ci\"\n", Work::NodeDependencies));
    assert!(does("set -e\nnpm ci\n", Work::NodeDependencies));
}
