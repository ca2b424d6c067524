//! The file of a project that a program looks for in the directory in which it works, and without which it does not begin.

use crate::shell::argv::Argv;
use crate::tools::package_managers::PackageManager;

/// What a program looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProjectFile {
    /// The names that the file may have, the usual one first.
    pub(crate) names: &'static [&'static str],
    /// The variable that names the file instead.
    pub(crate) variable: Option<&'static str>,
}

impl ProjectFile {
    const fn named(names: &'static [&'static str]) -> Self {
        ProjectFile { names, variable: None }
    }
}

/// <https://bundler.io/man/bundle-config.1.html>, `gemfile`.
const GEMFILE: ProjectFile = ProjectFile { names: &["Gemfile"], variable: Some("BUNDLE_GEMFILE") };

/// <https://docs.docker.com/compose/intro/compose-application-model/>, The Compose file.
const COMPOSE: ProjectFile = ProjectFile {
    names: &["docker-compose.yml", "compose.yaml", "compose.yml", "docker-compose.yaml"],
    variable: Some("COMPOSE_FILE"),
};

/// The file that a command looks for where it works; `None` if its words name a place, or if it needs none.
pub(crate) fn looks_for(argv: &Argv) -> Option<ProjectFile> {
    let found = match argv.name.as_str() {
        "bundle" => bundle(argv).then_some(GEMFILE),
        "docker" if argv.literal(0) == Some("compose") => {
            argv.shifted(0).is_some_and(|argv| compose(&argv)).then_some(COMPOSE)
        }
        "docker-compose" | "podman-compose" => compose(argv).then_some(COMPOSE),
        "composer" => composer(argv).then_some(ProjectFile::named(&["composer.json"])),
        "php" if argv.literal(0) == Some("artisan") => Some(ProjectFile::named(&["artisan"])),
        "python" if argv.literal(0) == Some("manage.py") => Some(ProjectFile::named(&["manage.py"])),
        "cargo" => {
            let builds = matches!(argv.literal(0), Some("build" | "run" | "test" | "check" | "fetch"));
            let is_told = has_option(argv, &["--manifest-path", "-C"]);
            (builds && !is_told).then_some(ProjectFile::named(&["Cargo.toml"]))
        }
        "poetry" => {
            let works = matches!(argv.literal(0), Some("install" | "run" | "sync"));
            let is_told = has_option(argv, &["-C", "--directory", "-P", "--project"]);
            (works && !is_told).then_some(ProjectFile::named(&["pyproject.toml"]))
        }
        name => {
            let is_manager = PackageManager::called(name).is_some();
            (is_manager && package(argv)).then_some(ProjectFile::named(&["package.json"]))
        }
    };
    found.filter(|file| file.variable.is_none_or(|name| argv.env(name).is_none()))
}

/// True if an option is given, in a word of its own or with its value.
fn has_option(argv: &Argv, names: &[&str]) -> bool {
    argv.args.iter().any(|arg| {
        let text = arg.value.known_prefix();
        names
            .iter()
            .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    })
}

fn bundle(argv: &Argv) -> bool {
    let verb = argv.literal(0).unwrap_or("install");
    let is_local = verb == "config" && argv.has_word("--local");
    let works = matches!(verb, "install" | "exec" | "check" | "update" | "clean" | "package" | "cache");
    (works || is_local) && !has_option(argv, &["--gemfile"])
}

/// The verbs of Compose that start or build need the file. Those that only stop or show something may do with the project's
/// name.
fn compose(argv: &Argv) -> bool {
    let options = argv.leading_options(
        "f|file: project-directory: p|project-name: profile: env-file: ansi: progress: parallel: compatibility dry-run",
    );
    let verb = argv.literal(options.first_operand);
    !options.has("f")
        && !options.has("project-directory")
        && matches!(verb, Some("up" | "build" | "pull" | "run" | "create"))
}

/// <https://getcomposer.org/doc/03-cli.md>
fn composer(argv: &Argv) -> bool {
    let verb = argv.args.iter().find(|arg| !arg.is_option()).and_then(|arg| arg.value.as_literal());
    matches!(verb, Some("install" | "update" | "dump-autoload" | "dumpautoload" | "run-script"))
        && !has_option(argv, &["-d", "--working-dir"])
}

/// npm-ci(1), npm-run(1) and their like. `npm install NAME` makes a package.json.
fn package(argv: &Argv) -> bool {
    let mut operands = argv.args.iter().filter(|arg| !arg.is_option()).map(|arg| arg.value.as_literal());
    let works = match operands.next().flatten() {
        Some("ci" | "run" | "run-script") => true,
        Some("install" | "i") => operands.next().is_none(),
        _ => false,
    };
    works
        && !has_option(
            argv,
            &["--prefix", "-C", "--cwd", "--dir", "-g", "--global", "--location", "--filter", "-F"],
        )
}

#[test]
fn programs_look_for_their_projects() {
    let looks = |line: &str| {
        let argv = crate::shell::argv::tests::argv(line);
        looks_for(&argv).map(|file| file.names[0])
    };
    for (line, file) in [
        ("bundle exec puma -C config/puma.rb", "Gemfile"),
        ("bundle config set --local path vendor/bundle", "Gemfile"),
        ("docker compose up -d", "docker-compose.yml"),
        ("docker-compose --profile web up -d --build", "docker-compose.yml"),
        ("composer install --no-dev", "composer.json"),
        ("npm ci --omit=dev", "package.json"),
        ("pnpm run build", "package.json"),
        ("npm install", "package.json"),
        ("php artisan migrate --force", "artisan"),
        ("cargo build --release", "Cargo.toml"),
    ] {
        assert_eq!(looks(line), Some(file), "{line}");
    }
    for line in [
        "bundle config set path vendor/bundle",
        "BUNDLE_GEMFILE=/opt/a/Gemfile bundle install",
        "docker compose -f /opt/a/compose.yml up -d",
        "docker compose --project-directory=/opt/a up -d",
        "docker compose version",
        "composer install --working-dir=/opt/a",
        "composer global require x/y",
        "npm --prefix /opt/a ci",
        "npm install -g pm2",
        "npm install express",
        "php /opt/a/artisan migrate",
        "cargo build --manifest-path /opt/a/Cargo.toml",
    ] {
        assert_eq!(looks(line), None, "{line}");
    }
}
