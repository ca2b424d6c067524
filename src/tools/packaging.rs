//! Installs of an app's dependencies: which manager installs which list, and whether a lockfile binds it. It answers what
//! rules ask about pip, uv, Poetry, npm and similar managers besides their effects; nothing here knows manifests.

use crate::shell::argv::{Arg, Argv};
use crate::tools::effect::Ecosystem;
use crate::tools::runners::python_module;

pub(crate) use crate::tools::package_managers::PackageManager;

/// The manager of an install that may bring other versions than the lockfile names.
pub(crate) fn loose(argv: &Argv) -> Option<PackageManager> {
    let manager = PackageManager::called(&argv.name)?;
    let (install, bound): (bool, &[&str]) = match manager {
        PackageManager::Npm => (argv.has_any(&["install", "i"]), &["--package-lock-only", "-g", "--global"]),
        PackageManager::Pnpm => (argv.has_any(&["install", "i"]), &["--frozen-lockfile", "-g"]),
        // https://bun.com/docs/pm/cli/install#production-mode
        PackageManager::Bun => {
            (argv.has_any(&["install", "i"]), &["--frozen-lockfile", "--production", "-g", "--global"])
        }
        PackageManager::Yarn => {
            let word = |arg: &Arg| arg.is_option() || arg.value.as_literal() == Some("install");
            (argv.args.iter().all(word), &["--frozen-lockfile", "--immutable", "--pure-lockfile"])
        }
    };
    (install && !argv.has_any(bound)).then_some(manager)
}

/// For a command that updates everything: the lockfile that it rewrites, and the command that keeps to the lockfile.
pub(crate) fn update(argv: &Argv) -> Option<(&'static str, &'static str)> {
    // A named package is updated on purpose.
    let is_of_all = || {
        argv.args.iter().skip(1).all(Arg::is_option)
            && !argv.has_any(&["-g", "--global", "--dry-run", "--lock"])
    };
    let updated = match (argv.name.as_str(), argv.literal(0)?) {
        ("composer", "update" | "upgrade") => ("composer.lock", "composer install --no-dev"),
        ("bundle", "update") => ("Gemfile.lock", "bundle install"),
        ("poetry", "update") => ("poetry.lock", "poetry install"),
        ("pipenv", "update") => ("Pipfile.lock", "pipenv sync"),
        ("pdm", "update") => ("pdm.lock", "pdm sync"),
        ("uv", "sync" | "lock") if argv.has_any(&["--upgrade", "-U"]) => ("uv.lock", "uv sync --frozen"),
        ("npm", "update" | "upgrade") => ("package-lock.json", "npm ci"),
        ("yarn", "upgrade") => ("yarn.lock", "yarn install --frozen-lockfile"),
        ("pnpm", "update" | "upgrade") => ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
        _ => return None,
    };
    is_of_all().then_some(updated)
}

/// True for pip(1), by its own name or as a module of Python.
pub(crate) fn is_pip(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "pip" => true,
        "python" => python_module(argv).is_some_and(|module| module.name == "pip"),
        _ => false,
    }
}

/// True for pip, and for uv in its place: `uv pip install`.
pub(crate) fn works_as_pip(argv: &Argv) -> bool {
    is_pip(argv) || argv.name == "uv" && argv.has_word("pip")
}

/// The list of requirements that an option of pip names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Listed<'t> {
    /// It is the next word: `-r FILE`, `-Ur FILE`.
    Next,
    /// It is in the option: `-rFILE`, `--requirement=FILE`.
    Here(&'t str),
}

/// How a word of an install names a list of requirements, if it does. Short options may stand together.
pub(crate) fn names_list(word: &str) -> Option<Listed<'_>> {
    if let Some(long) = word.strip_prefix("--") {
        let rest = long.strip_prefix("requirements").or_else(|| long.strip_prefix("requirement"))?;
        return if rest.is_empty() { Some(Listed::Next) } else { rest.strip_prefix('=').map(Listed::Here) };
    }
    let flags = word.strip_prefix('-')?.trim_start_matches(['U', 'q', 'v', 'I']);
    let rest = flags.strip_prefix('r')?;
    Some(if rest.is_empty() { Listed::Next } else { Listed::Here(rest) })
}

/// True for an install whose operands are lists of requirements: `pip-sync`, `uv pip sync`.
pub(crate) fn syncs_lists(argv: &Argv) -> bool {
    let is_tools = |argv: &Argv| argv.name == "piptools" && argv.has_word("sync");
    argv.name == "pip-sync"
        || is_tools(argv)
        || argv.name == "uv" && argv.has_word("pip") && argv.has_word("sync")
        || argv.name == "python" && python_module(argv).is_some_and(|module| is_tools(&module))
}

/// True for `pip install` without anything, which gets its words from elsewhere: `xargs pip install`.
pub(crate) fn installs_what_follows(argv: &Argv) -> bool {
    works_as_pip(argv) && argv.args.last().and_then(|arg| arg.value.as_literal()) == Some("install")
}

/// True for `--no-deps`, which means that the list names every package.
pub(crate) fn leaves_out_requirements(argv: &Argv) -> bool {
    works_as_pip(argv) && argv.has_word("--no-deps")
}

/// True if an install names its packages: `pip install certbot` does not install what the app declares.
pub(crate) fn installs_by_name(argv: &Argv) -> bool {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=<>~![]".contains(&b));
    works_as_pip(argv)
        && !installs_what_follows(argv)
        && !syncs_lists(argv)
        && argv.args.iter().all(|arg| {
            let text = arg.value.as_literal();
            text.is_some_and(|text| {
                plain(text) && !text.starts_with('.') && names_list(text).is_none() && text != "-e"
            })
        })
}

/// True if the manager installs what the project itself lists, with a lockfile beside it.
pub(crate) fn installs_the_project(argv: &Argv) -> bool {
    const OTHERS: [&str; 5] = ["rye", "pixi", "hatch", "tox", "nox"];
    matches!(argv.name.as_str(), "uv" | "poetry" | "pipenv" | "pdm" | "micropipenv") && !argv.has_word("pip")
        || OTHERS.contains(&argv.name.as_str())
}

/// True if the command installs what the lockfile says, or exports it as requirements.
pub(crate) fn works_by_lockfile(argv: &Argv) -> bool {
    installs_the_project(argv) && argv.has_any(&["sync", "install", "export", "requirements"])
}

/// True if the manager makes the environment in which it works.
pub(crate) fn manages_environments(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "uv" | "poetry" | "pipenv" | "pdm" | "hatch" | "tox") || is_conda(argv)
}

/// True for conda and its relatives, whose environments contain more than Python.
pub(crate) fn is_conda(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "conda" | "mamba" | "micromamba")
}

/// True for a directory of conda or one of its relatives.
pub(crate) fn is_in_conda(directory: &str) -> bool {
    directory.contains("conda") || directory.contains("mamba")
}

/// True for a Debian package that is a Python library and not a tool for Python.
pub(crate) fn is_python_library(package: &str) -> bool {
    const TOOLS: [&str; 8] = ["pip", "venv", "dev", "setuptools", "wheel", "full", "distutils", "virtualenv"];
    let rest = package.strip_prefix("python3-");
    rest.is_some_and(|rest| !TOOLS.contains(&rest) && !rest.starts_with("certbot"))
}

/// True if the install leaves out development dependencies, <https://docs.npmjs.com/cli/commands/npm-install#omit>.
pub(crate) fn omits_development(argv: &Argv) -> bool {
    const WORDS: [&str; 7] = [
        "--omit=dev", "--production", "--only=production", "--only=prod", "--prod", "-P", "--production=true",
    ];
    let line = argv.to_string();
    argv.has_any(&WORDS)
        || line.contains("--omit dev")
        || argv.env("NODE_ENV").is_some_and(|value| value.as_literal() == Some("production"))
            && !line.contains("--include")
            && !line.contains("--production=false")
            && !line.contains("--prod=false")
}

/// The ecosystem of the program that migrates or collects static files; `None` if the words do not show it.
pub(crate) fn ecosystem(argv: &Argv) -> Option<Ecosystem> {
    Some(match argv.name.as_str() {
        "alembic" | "flask" | "aerich" | "manage.py" | "django-admin" | "uv" | "poetry" | "python" => {
            Ecosystem::Python
        }
        "npm" | "npx" | "yarn" | "pnpm" | "bun" | "bunx" | "prisma" | "knex" | "sequelize"
        | "sequelize-cli" | "typeorm" | "drizzle-kit" => Ecosystem::Node,
        "rails" | "rake" | "bundle" => Ecosystem::Ruby,
        "php" | "artisan" => Ecosystem::Php,
        _ => return None,
    })
}

/// True if an install of this ecosystem installs what a manifest names, and not a package by its name.
pub(crate) fn installs_manifest(argv: &Argv, of: Ecosystem) -> bool {
    match of {
        Ecosystem::Python => {
            let line = argv.to_string();
            !line.contains("install ")
                || installs_what_follows(argv)
                || argv.args.iter().any(|arg| names_list(arg.value.known_prefix()).is_some())
                || [" -e", " --editable", " .", "poetry", "pipenv"].iter().any(|word| line.contains(word))
        }
        // `npm --prefix DIR ci` has an additional word.
        Ecosystem::Node => argv.args.iter().rfind(|arg| !arg.is_option()).is_none_or(|last| {
            matches!(
                last.value.as_literal(),
                Some("ci" | "install" | "i" | "clean-install" | "ic" | "install-clean" | "ni" | "nci")
            )
        }),
        _ => true,
    }
}

/// True if a line works on several packages of a workspace, or on one that it names.
pub(crate) fn works_in_a_workspace(line: &str) -> bool {
    const WORDS: [&str; 8] =
        ["--workspaces", "--filter", " -w ", "--workspace", " -r ", "turbo", "lerna", "--recursive"];
    WORDS.iter().any(|word| line.contains(word))
}

/// True if the command works on a part of a workspace, wherever that is.
pub(crate) fn works_in_a_part(argv: &Argv) -> bool {
    const PARTS: [&str; 3] = ["-w", "--workspace", "--filter"];
    argv.args.iter().any(|arg| PARTS.iter().any(|option| arg.value.known_prefix().starts_with(option)))
}

/// True if a process with this command line may run what a build of Node makes, directly or through a script of
/// package.json.
pub(crate) fn may_run_a_build(command: &str) -> bool {
    ["next", "nuxt", "npm", "yarn", "pnpm"].iter().any(|word| command.contains(word))
}

#[test]
fn installs_are_told_apart() {
    use crate::shell::argv::tests::argv;
    for (line, manager) in [
        ("npm install", Some(PackageManager::Npm)),
        ("npm ci", None),
        ("npm i -g serve", None),
        ("yarn", Some(PackageManager::Yarn)),
        ("yarn build", None),
        ("yarn install --immutable", None),
        ("pnpm i", Some(PackageManager::Pnpm)),
        ("bun install --production", None),
    ] {
        assert_eq!(loose(&argv(line)), manager, "{line}");
    }
    assert_eq!(update(&argv("composer.phar update --no-dev")).map(|(file, _)| file), Some("composer.lock"));
    assert_eq!(update(&argv("npm update express")), None);
    assert!(is_pip(&argv("python3.12 -m pip install -r r.txt")) && is_pip(&argv("pip3.11 install x")));
    assert!(!is_pip(&argv("python3 install.py pip")));
    assert!(!is_pip(&argv("pipenv install")) && !is_pip(&argv("pipx install x")));
    assert!(
        installs_by_name(&argv("uv pip install certbot")) && !installs_by_name(&argv("pip install -r r.txt"))
    );
    for (word, expected) in [
        ("-r", Some(Listed::Next)),
        ("-Ur", Some(Listed::Next)),
        ("-rdev.txt", Some(Listed::Here("dev.txt"))),
        ("--requirement=a.txt", Some(Listed::Here("a.txt"))),
        ("--require-hashes", None),
        ("-U", None),
        ("requirements.txt", None),
    ] {
        assert_eq!(names_list(word), expected, "{word}");
    }
    assert_eq!(ecosystem(&argv("php8.2 artisan migrate")), Some(Ecosystem::Php));
}
