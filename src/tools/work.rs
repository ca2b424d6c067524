//! The work that a command does for a deploy, and the work that a text asks for: a line that is printed, a script that is
//! only called, the command of a Compose service. A text is read as command lines, once from each word that may be a
//! program. Nothing here decides where or when.

use crate::shell::argv::Argv;
use crate::shell::line::{commands_from, stretches};
use crate::shell::value::Value;
use crate::tools::deed;
use crate::tools::effect::{Deed, Ecosystem, Role};
use crate::tools::python::fills_environment;

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
    /// Collects static files.
    StaticFiles,
}

/// A set of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Works(u8);

impl Works {
    /// True if the work is among it.
    pub(crate) fn has(self, work: Work) -> bool {
        self.0 & (1 << work as u8) != 0
    }

    fn with(self, work: Work) -> Works {
        Works(self.0 | 1 << work as u8)
    }

    /// The set without that work.
    pub(crate) fn without(self, work: Work) -> Works {
        Works(self.0 & !(1 << work as u8))
    }

    /// The work of either set.
    pub(crate) fn and(self, other: Works) -> Works {
        Works(self.0 | other.0)
    }
}

/// The work that a command does, wherever it runs.
pub(crate) fn done_by(argv: &Argv) -> Works {
    // A text does not show whether an environment is active, so what pip installs counts as the app's.
    let mut argv = argv.clone();
    argv.env.push(("VIRTUAL_ENV".to_owned(), Value::literal("venv")));
    of_deed(&deed(&argv)).and(of_environment(&argv))
}

/// The work that a step does: its command, or a command that it hands to a program which is not known.
pub(crate) fn done_by_step(argv: &Argv, deed: &Deed) -> Works {
    let mut own = of_deed(deed).and(of_environment(argv));
    if deed.roles.contains(&Role::GlobalTool(Ecosystem::Python)) {
        own = own.and(done_by(argv));
    }
    if deed.known || own != Works::default() {
        return own;
    }
    let words: Vec<String> = argv.args.iter().map(|arg| arg.value.to_string()).collect();
    in_words(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn of_deed(deed: &Deed) -> Works {
    let work = |role: &Role| match role {
        Role::Dependencies(Ecosystem::Python) => Some(Work::PythonDependencies),
        Role::Dependencies(Ecosystem::Node) => Some(Work::NodeDependencies),
        Role::Dependencies(Ecosystem::Ruby) => Some(Work::RubyDependencies),
        Role::Dependencies(Ecosystem::Php) => Some(Work::PhpDependencies),
        Role::VirtualEnv => Some(Work::VirtualEnv),
        Role::Build(Ecosystem::Node) => Some(Work::Build),
        Role::Migrate => Some(Work::Migrate),
        Role::StaticFiles => Some(Work::StaticFiles),
        _ => None,
    };
    deed.roles.iter().filter_map(work).fold(Works::default(), Works::with)
}

fn of_environment(argv: &Argv) -> Works {
    match fills_environment(argv) {
        true => Works::default().with(Work::PythonDependencies).with(Work::VirtualEnv),
        false => Works::default(),
    }
}

/// The work that a line asks for, whatever else it says.
pub(crate) fn asked_in(line: &str) -> Works {
    stretches(line).fold(Works::default(), |works, words| works.and(in_words(&words)))
}

/// The work that the lines of a text do, as far as the words show. Printed text and comments do nothing.
pub(crate) fn done_in(text: &str) -> Works {
    let lines = text.lines().map(str::trim_start).filter(|line| !is_said(line));
    lines.fold(Works::default(), |works, line| works.and(asked_in(line)))
}

/// The same for a Dockerfile, where a command may be a list of words.
pub(crate) fn done_in_image(text: &str) -> Works {
    let works = done_in(text);
    match text.contains('[') {
        true => works.and(done_in(&text.replace(['"', ',', '[', ']'], " "))),
        false => works,
    }
}

/// The programs that may do such work, sorted. Their families say what they do. Most words of a text are none of them and
/// are skipped.
const WORKERS: [&str; 83] = [
    "aerich", "alembic", "artisan", "astro", "atlas", "bun", "bundle", "bunx", "cargo", "composer", "conda",
    "console", "dbmate", "deno", "diesel", "django-admin", "dotnet", "drizzle-kit", "esbuild", "flask",
    "flyway", "gatsby", "gmake", "go", "goose", "gradle", "gradlew", "hatch", "knex", "make", "mamba",
    "manage.py", "micromamba", "micropipenv", "migrate", "mix", "mvn", "mvnw", "nci", "nest", "next", "ng",
    "ni", "node", "nox", "npm", "npx", "nuxt", "parcel", "pdm", "pex", "php", "pip", "pip-sync", "pipenv",
    "piptools", "pixi", "pnpm", "pnpx", "poetry", "prisma", "python", "rails", "rake", "react-scripts",
    "rolldown", "rollup", "rye", "sequelize", "sequelize-cli", "sqlx", "tox", "tsc", "turbo", "typeorm",
    "typeorm-ts-node-commonjs", "typeorm-ts-node-esm", "uv", "virtualenv", "vite", "vue-cli-service",
    "webpack", "yarn",
];

/// True for a program that may do such work.
pub(super) fn may_work(program: &str) -> bool {
    WORKERS.binary_search(&program).is_ok()
}

/// The work of the commands that begin with one of the words.
fn in_words(words: &[&str]) -> Works {
    commands_from(words, may_work).fold(Works::default(), |works, command| works.and(done_by(command.argv())))
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
fn programs_that_work_are_sorted() {
    assert!(WORKERS.is_sorted());
}

#[test]
fn words_ask_for_work() {
    for (line, work) in [
        ("   pip install -r requirements.txt", Work::PythonDependencies),
        ("venv/bin/python -m pip install -e .", Work::PythonDependencies),
        ("Then: pip3.11 install flask", Work::PythonDependencies),
        ("  2. source venv/bin/activate && uv run shop-web", Work::VirtualEnv),
        ("cd x && npm ci --omit=dev", Work::NodeDependencies),
        ("npm i express", Work::NodeDependencies),
        ("(cd web; yarn install)", Work::NodeDependencies),
        ("python manage.py migrate --noinput", Work::Migrate),
        ("Run 'docker compose exec web ./manage.py migrate' now", Work::Migrate),
        ("alembic -c x.ini upgrade head", Work::Migrate),
        ("npx prisma migrate deploy", Work::Migrate),
        ("node ace migration:run --force", Work::Migrate),
        ("npm run db:push", Work::Migrate),
        ("sudo -u app $PHP artisan migrate --force", Work::Migrate),
        ("npm run build:prod", Work::Build),
        ("$VENV/bin/python3 manage.py collectstatic --noinput", Work::StaticFiles),
    ] {
        assert!(asked_in(line).has(work), "{line}");
    }
    for (line, work) in [
        ("pip install --upgrade pip", Work::PythonDependencies),
        ("npm init -y", Work::NodeDependencies),
        ("npm install -g serve", Work::NodeDependencies),
        ("installing the packages with yarn", Work::NodeDependencies),
        ("alembic stamp head", Work::Migrate),
        ("npm run db:seed", Work::Migrate),
        ("python manage.py makemigrations", Work::Migrate),
    ] {
        assert!(!asked_in(line).has(work), "{line}");
    }
    assert!(!done_in("# npm ci x\necho \"npm ci x\"\n").has(Work::NodeDependencies));
    assert!(done_in("set -e\nnpm ci\n").has(Work::NodeDependencies));
    assert!(done_in_image("CMD [\"alembic\", \"upgrade\", \"head\"]").has(Work::Migrate));
}
