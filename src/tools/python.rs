//! Python: interpreters and their modules, pip and similar tools, Django, Alembic, servers.

use crate::shell::argv::{Arg, Argv, Options};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, FILE, NEW, TREE, nothing, role, word};
use crate::tools::effect::{Again, Change, Deed, Ecosystem, Resource, Role};
use crate::tools::runners::{INTERPRETER, inner, python_module, verb};
use crate::tools::thing::Thing;

mod environments;
mod servers;

pub(crate) use environments::{
    brings_pip, fills_environment, installs_into_system, is_environment, lifts_the_ban, names_old_release,
    of_environment,
};
pub(crate) use servers::{SERVERS, names_its_directory, refine, server, serves, usual_server};

/// What to write instead. For `uv run`, `poetry run` and similar commands the effect shows which command is
/// meant.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let word = |text: &str| asked.argv.name == text || asked.argv.has_word(text);
    match (asked.resource(), asked.again) {
        (Some(Resource::Other(Thing::Superuser, _)), _) => Advice::help(
            "create it only where it is missing: `… createsuperuser --noinput || true`, or a data migration with `get_or_create`",
        ),
        (Some(Resource::Other(Thing::Rows, _)), Again::Overwrites(_)) => Advice::help(
            "load fixtures on the first run only, or put the rows into a data migration with `get_or_create`",
        ),
        (Some(Resource::Path(_)), Again::Overwrites(_)) if word("venv") || word("virtualenv") => {
            Advice::help("leave `--clear` out: an environment that is there is kept")
        }
        (Some(Resource::Path(_)), Again::Prompts(_)) if word("venv") => {
            Advice::help("write `uv venv --allow-existing`")
        }
        (Some(Resource::Path(_)), Again::Fails(_)) if word("uv") && word("init") => Advice::help(
            "start the project once and commit it, or test first: `[ -f pyproject.toml ] || uv init`",
        ),
        (Some(Resource::Path(_)), Again::Fails(_)) if word("startproject") || word("startapp") => {
            Advice::help("start the project once and commit it, or test first: `[ -d NAME ] || …`")
        }
        (Some(Resource::Path(_)), Again::Fails(_)) if word("init") && (word("alembic") || word("db")) => {
            Advice::help(
                "set up the migrations once and commit them, or test first: `[ -d migrations ] || …`",
            )
        }
        _ if asked.deed.roles.contains(&Role::Serve) => {
            Advice::help("let systemd run it and restart it, or stop the process of the run before first")
        }
        _ => None,
    }
}

const DEPENDENCIES: Role = Role::Dependencies(Ecosystem::Python);
const TOOL: Role = Role::GlobalTool(Ecosystem::Python);

/// python(1): `-m MODULE`, `manage.py`, a script, `-c` or text on standard input.
pub(crate) fn python(argv: &Argv) -> Deed {
    let options = argv.leading_options(INTERPRETER);
    if options.has("V") || argv.literal(0) == Some("--version") {
        return Deed::read_only();
    }
    if options.has("c") {
        return Deed::default();
    }
    if options.has("m") {
        let Some(module) = python_module(argv) else { return Deed::default() };
        return match module.name.as_str() {
            "pip" => pip(&module, is_in_environment(argv)),
            "venv" => venv(&module),
            "http.server" => role(Role::Serve),
            "json.tool" | "py_compile" | "compileall" | "timeit" | "site" | "this" | "platform" => {
                Deed::read_only()
            }
            "build" => role(Role::Build(Ecosystem::Python)),
            "django" => django(&module),
            "ensurepip" => nothing(),
            _ => crate::tools::deed(&module),
        };
    }
    match argv.shifted(options.first_operand) {
        Some(script) if script.name == "manage.py" => django(&script),
        _ => Deed::default(),
    }
}

/// Whether the program belongs to a virtual environment: `venv/bin/pip`, `$VENV/bin/python`.
fn is_in_environment(argv: &Argv) -> bool {
    let path = argv.program.value.key();
    path.contains('/') && !path.starts_with("/usr/") && !path.starts_with("/bin/")
        || argv.env("VIRTUAL_ENV").is_some()
}

/// python -m venv, virtualenv: creating it again keeps what is installed in it. `--clear` throws that away.
pub(crate) fn venv(argv: &Argv) -> Deed {
    let options = argv.options("clear p|python: prompt: upgrade system-site-packages without-pip copies symlinks q|quiet seeder: app-data: no-download");
    let mut draft = Draft::of(argv);
    draft.role(Role::VirtualEnv);
    for directory in &options.operands {
        let again = match options.has("clear") {
            true => Again::Overwrites("removes everything that is installed in it"),
            false => Again::NoChange,
        };
        draft.path(directory, TREE, again);
    }
    draft.done()
}

/// pip(1). `-r`, `-e`, a directory or anything inside an environment belongs to the app; a bare name outside
/// is a tool.
pub(crate) fn pip(argv: &Argv, in_environment: bool) -> Deed {
    let options = argv.options(
        "r|requirement: c|constraint: e|editable: t|target: i|index-url: extra-index-url: f|find-links: y|yes q|quiet \
         U|upgrade user prefix: root: cache-dir: timeout: proxy: trusted-host: python: platform: no-cache-dir \
         break-system-packages progress-bar: cert: log: retries: src: python-version: group: resolution:",
    );
    let operands = &options.operands;
    match word(operands, 0) {
        "install" | "sync" => {
            let mut draft = Draft::of(argv);
            let of_app = options.has("r") || options.has("e") || options.has("t") || options.has("group");
            let local = |arg: &&Arg| arg.value.key().starts_with(['.', '/']);
            let names = &operands[1..];
            if word(operands, 0) == "sync" || of_app || names.iter().any(local) {
                draft.role(DEPENDENCIES);
            } else if names.is_empty() {
                // `xargs pip install <requirements.txt`
                draft.role(DEPENDENCIES);
            } else if names.iter().all(|arg| is_pip_itself(arg)) {
                draft.role(TOOL);
            } else {
                draft.role(if in_environment { DEPENDENCIES } else { TOOL });
            }
            tools(&mut draft, names);
            draft.done()
        }
        "uninstall" => {
            let mut draft = Draft::of(argv);
            if !options.has("y") {
                draft.asks("asks \"Proceed (Y/n)?\"", "write `-y`", Some("-y"));
            }
            draft.done()
        }
        "config" | "cache" | "download" | "wheel" | "lock" | "compile" | "venv" => nothing(),
        _ => Deed::read_only(),
    }
}

/// True for an upgrade of pip itself, which belongs neither to the app nor to its dependencies.
fn is_pip_itself(arg: &Arg) -> bool {
    matches!(arg.value.as_literal(), Some("pip" | "setuptools" | "wheel" | "pip-tools" | "uv" | "build"))
}

/// Programs that a Python package brings under the package's name.
fn tools(draft: &mut Draft<'_>, names: &[&Arg]) {
    for name in names {
        let text = name.value.as_literal().unwrap_or_default();
        let bare = text.split(['=', '>', '<', '~', '[', ';', '!']).next().unwrap_or_default();
        let serves = SERVERS.iter().any(|server| server.names.contains(&bare));
        if serves
            || [
                "alembic", "poetry", "pipenv", "uv", "virtualenv", "certbot", "supervisor", "ansible",
                "awscli", "pipx",
            ]
            .contains(&bare)
        {
            let program = Resource::Program(crate::shell::value::Value::literal(bare));
            draft.add(name, NEW, program, Again::NoChange);
        }
    }
}

/// pip(1) called by its own name.
pub(crate) fn pip_program(argv: &Argv) -> Deed {
    pip(argv, is_in_environment(argv))
}

/// pipx(1): `install` of an installed tool says so and exits with 0.
pub(crate) fn pipx(argv: &Argv) -> Deed {
    let options = argv.options("python: pip-args: suffix: index-url: include-deps f|force");
    let mut draft = Draft::of(argv);
    if word(&options.operands, 0) == "install" {
        draft.role(TOOL);
        tools(&mut draft, &options.operands[1..]);
    }
    draft.done()
}

/// The deed of the program that this one runs.
fn handed_on(argv: &Argv) -> Deed {
    inner(argv).map_or_else(Deed::default, |command| crate::tools::deed(&command))
}

/// uv(1).
pub(crate) fn uv(argv: &Argv) -> Deed {
    let Some(inner) = verb(argv) else {
        return Deed::read_only();
    };
    match inner.name.as_str() {
        "sync" => role(DEPENDENCIES),
        "pip" => match inner.literal(0) {
            Some("install" | "sync") => role(DEPENDENCIES),
            // It never asks; `--yes` has no effect (tried with 0.13).
            Some("uninstall") => nothing(),
            _ => pip(&inner, true),
        },
        "venv" => uv_venv(&inner),
        "run" => handed_on(argv),
        "tool" | "python" => role(TOOL),
        "build" => role(Role::Build(Ecosystem::Python)),
        "lock" | "add" | "remove" | "cache" | "self" | "export" | "publish" => nothing(),
        // `uv init` stops if there is a project (tried with 0.13).
        "init" => {
            let mut draft = Draft::of(argv);
            let options = inner.options("name: p|python: lib package app script bare vcs: q|quiet no-readme");
            let here = Value::literal(".");
            let place = options.operands.first().map_or(&here, |arg| &arg.value);
            let mut file = place.resolve(&argv.cwd);
            file.push_str("/pyproject.toml");
            let again = Again::Fails("Project is already initialized");
            draft.add_implied(FILE, Resource::Path(file.normalized()), again);
            draft.done()
        }
        _ => Deed::read_only(),
    }
}

/// `uv venv`: since 0.8 it asks before it replaces an environment, and fails if it cannot ask; `--clear`
/// replaces it, and `--allow-existing` keeps it.
fn uv_venv(argv: &Argv) -> Deed {
    let options = argv.options(
        "p|python: prompt: seed clear c allow-existing system-site-packages q|quiet index-url: link-mode:",
    );
    let mut draft = Draft::of(argv);
    draft.role(Role::VirtualEnv);
    let again = match (options.has("clear") || options.has("c"), options.has("allow-existing")) {
        (_, true) => Again::NoChange,
        (true, _) => Again::Overwrites("removes everything that is installed in it"),
        _ => Again::Prompts("asks whether to replace the environment, and fails without a terminal"),
    };
    match options.operands.first() {
        Some(directory) => draft.path(directory, TREE, again),
        None => draft.value_path(&crate::shell::value::Value::literal(".venv"), TREE, again),
    }
    draft.done()
}

/// pip-tools, which makes an environment equal to a list; tox and nox, which fill one before they work in it; pex.
pub(crate) fn installer(argv: &Argv) -> Deed {
    let lists =
        argv.name == "tox" && argv.has_any(&["-l", "--listenvs"]) || argv.has_any(&["--version", "--list"]);
    match (argv.name.as_str(), argv.literal(0)) {
        ("piptools", Some("sync")) => role(DEPENDENCIES),
        ("piptools", _) => nothing(),
        _ if lists => Deed::read_only(),
        _ => role(DEPENDENCIES),
    }
}

/// poetry, pipenv, pdm, conda and hatch install what their lock file says; `run` runs another command.
pub(crate) fn project_tool(argv: &Argv) -> Deed {
    let options =
        argv.leading_options("C|directory: P|project: n|no-interaction q|quiet v n|name: p|prefix: y");
    let Some(inner) = argv.shifted(options.first_operand) else {
        return Deed::read_only();
    };
    match (argv.name.as_str(), inner.name.as_str()) {
        ("conda" | "mamba" | "micromamba", verb @ ("install" | "create" | "update" | "remove" | "env")) => {
            let mut draft = Draft::of(argv);
            draft.role(if verb == "create" { Role::VirtualEnv } else { DEPENDENCIES });
            if !inner.has_word("-y") && !inner.has_word("--yes") && verb != "env" {
                draft.asks("asks \"Proceed ([y]/n)?\"", "write `-y`", Some("-y"));
            }
            draft.done()
        }
        ("conda" | "mamba" | "micromamba", "run") => handed_on(argv),
        ("conda" | "mamba" | "micromamba", _) => nothing(),
        ("hatch", "env") if inner.literal(0) == Some("create") => role(DEPENDENCIES),
        (_, "install" | "sync") => role(DEPENDENCIES),
        // hatch fills the environment first. A command's name may begin with that of its environment: `prod:python`.
        ("hatch", "run") => handed_on(argv).role(DEPENDENCIES),
        (_, "run") => handed_on(argv),
        (_, "build") => role(Role::Build(Ecosystem::Python)),
        _ => nothing(),
    }
}

#[test]
fn python_installs() {
    crate::tools::table::check(&[
        ("python3 -m venv venv", "create tree /srv/app/venv [VirtualEnv]"),
        ("python3.12 -m venv --clear $D/venv", "create tree $D/venv overwrites [VirtualEnv]"),
        ("virtualenv -p python3 /v", "create tree /v [VirtualEnv]"),
        ("python -m pip install -r requirements.txt", "[Dependencies(Python)]"),
        ("pip install -r requirements.txt", "[Dependencies(Python)]"),
        ("pip3.11 install -e .", "[Dependencies(Python)]"),
        ("venv/bin/pip install celery==5", "create program celery [Dependencies(Python)]"),
        ("venv/bin/pip install --upgrade pip", "[GlobalTool(Python)]"),
        ("pip3 install requests", "[GlobalTool(Python)]"),
        ("pip uninstall x", "asks"),
        ("pip list", "[ReadOnly]"),
        ("uv sync --frozen", "[Dependencies(Python)]"),
        ("uv venv", "create tree /srv/app/.venv prompts [VirtualEnv]"),
        ("uv pip install -r r.txt", "[Dependencies(Python)]"),
        ("uv pip uninstall x", ""),
        ("uv run python manage.py migrate", "[Migrate]"),
        ("poetry install --no-root", "[Dependencies(Python)]"),
        ("poetry run alembic upgrade head", "[Migrate]"),
        ("pipenv sync", "[Dependencies(Python)]"),
        ("hatch env create prod", "[Dependencies(Python)]"),
        ("pip-sync", "[Dependencies(Python)]"),
        ("python -m piptools sync r.txt", "[Dependencies(Python)]"),
        ("venv/bin/pip install", "[Dependencies(Python)]"),
        ("pipx install poetry", "create program poetry [GlobalTool(Python)]"),
        ("conda install numpy", "[Dependencies(Python)] asks"),
        ("python --version", "[ReadOnly]"),
        ("python seed.py", "unknown"),
        ("python -c 'print(1)'", "unknown"),
    ]);
}

/// django-admin(1), manage.py: "createsuperuser", "collectstatic" and "flush" ask unless `--noinput` is given.
pub(crate) fn django(argv: &Argv) -> Deed {
    let options = argv.options("settings: pythonpath: v|verbosity: noinput|no-input username: email: database: c|clear i|ignore: fixture: l|link");
    let mut draft = Draft::of(argv);
    let silent = options.has("noinput");
    let instead = "write `--noinput`";
    match word(&options.operands, 0) {
        "migrate" if options.has("check") || options.has("plan") => return Deed::read_only(),
        "migrate" => {
            draft.role(Role::Migrate);
            // "zero" reverts all migrations of the app, including its tables.
            if word(&options.operands, 2) == "zero" {
                draft.loses_data();
            }
        }
        // This command of django-extensions drops the database and creates it again.
        "reset_db" => {
            draft.loses_data();
        }
        "collectstatic" => {
            draft.role(Role::StaticFiles);
            if !silent {
                draft.asks(
                    "asks \"Are you sure you want to do this? Type 'yes' to continue\"",
                    instead,
                    Some("--noinput"),
                );
            }
        }
        "createsuperuser" => superuser(argv, &options, &mut draft),
        "flush" => {
            draft.loses_data();
            if !silent {
                draft.asks("asks to type 'yes'", instead, None);
            }
        }
        // loaddata writes rows by their keys (django-admin(1)), so later changes to them are lost.
        "loaddata" => {
            draft.role(Role::Seed);
            for fixture in options.operands.iter().skip(1) {
                let again =
                    Again::Overwrites("replaces rows that were changed since with those of the fixture");
                draft.add(fixture, Change::Write, Resource::Other(Thing::Rows, fixture.value.clone()), again);
            }
        }
        "runserver" => {
            draft.role(Role::Serve);
        }
        // startproject and startapp exit with 1 if the directory exists (tried with Django 5.2).
        verb @ ("startproject" | "startapp") => {
            let again = Again::Fails("already exists");
            match (options.operands.get(1), options.operands.get(2)) {
                (Some(_), Some(directory)) if verb == "startproject" => {
                    let mut place = argv.path(directory);
                    place.push_str("/manage.py");
                    draft.add(directory, FILE, Resource::Path(place), again);
                }
                (Some(name), None) => draft.path(name, TREE, again),
                _ => {}
            }
        }
        "makemigrations" | "compilemessages" | "clearsessions" | "createcachetable" | "compress"
        | "makemessages" | "thumbnail" | "rebuild_index" => {}
        "check" | "showmigrations" | "diffsettings" | "sqlmigrate" | "help" | "version" | "test"
        | "inspectdb" | "dumpdata" => {
            return Deed::read_only();
        }
        _ => {
            draft.partly();
        }
    }
    draft.done()
}

/// `createsuperuser` asks for what neither its options nor the environment give, unless it is told not to.
fn superuser(argv: &Argv, options: &Options<'_>, draft: &mut Draft<'_>) {
    let silent = options.has("noinput");
    let name = options.value("username").or_else(|| argv.env("DJANGO_SUPERUSER_USERNAME"));
    let given = name.is_some() && argv.env("DJANGO_SUPERUSER_PASSWORD").is_some();
    let name = name.cloned().unwrap_or_else(|| crate::tools::draft::unknown("username"));
    // If it asks, it asks for another name when the name exists.
    let again = if silent { Again::Fails("That username is already taken") } else { Again::NoChange };
    draft.add_implied(NEW, Resource::Other(Thing::Superuser, name), again);
    if !silent {
        draft.asks(
            "asks for a name and a password",
            "write `--noinput` and set DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD",
            given.then_some("--noinput"),
        );
    }
}

/// alembic, `flask db`, aerich: `upgrade` migrates, `stamp` only records it, and `migrate` only writes a migration.
pub(crate) fn alembic(argv: &Argv) -> Deed {
    let options = argv.options("c|config: n|name: x: sql tag: A|app: d|directory: e|env-file:");
    let at = usize::from(matches!(word(&options.operands, 0), "db"));
    match word(&options.operands, at) {
        "upgrade" => role(Role::Migrate),
        "run" => role(Role::Serve),
        // A directory that is not empty is an error (tried with 1.20).
        "init" if argv.name == "alembic" || at == 1 => {
            let mut draft = Draft::of(argv);
            let again = Again::Fails("directory already exists and is not empty");
            match options.operands.get(at + 1) {
                Some(directory) => draft.path(directory, TREE, again),
                None if at == 1 => draft.value_path(&Value::literal("migrations"), TREE, again),
                None => {}
            }
            draft.done()
        }
        "current" | "history" | "heads" | "show" | "check" | "branches" | "routes" => Deed::read_only(),
        "downgrade" if word(&options.operands, at + 1) == "base" => {
            let mut draft = Draft::of(argv);
            draft.loses_data();
            draft.done()
        }
        "stamp" | "revision" | "merge" | "downgrade" | "migrate" => nothing(),
        _ => Deed::default(),
    }
}

#[test]
fn django_and_migrations() {
    crate::tools::table::check(&[
        ("python manage.py migrate --noinput", "[Migrate]"),
        ("$V/bin/python $D/manage.py collectstatic", "[StaticFiles] asks"),
        ("./manage.py collectstatic --no-input --clear", "[StaticFiles]"),
        ("python manage.py createsuperuser", "create superuser $username asks"),
        ("python manage.py createsuperuser --noinput --username a", "create superuser a fails"),
        ("python manage.py frob", "unknown"),
        ("django-admin startproject shop", "create tree /srv/app/shop fails"),
        ("django-admin startproject shop .", "create file /srv/app/manage.py fails"),
        ("python manage.py loaddata a.json", "write rows a.json overwrites [Seed]"),
        ("flask db init", "create tree /srv/app/migrations fails"),
        ("alembic init m", "create tree /srv/app/m fails"),
        ("uv init shop", "create file /srv/app/shop/pyproject.toml fails"),
        ("django-admin migrate", "[Migrate]"),
        ("python manage.py migrate --check", "[ReadOnly]"),
        ("venv/bin/alembic -c x.ini upgrade head", "[Migrate]"),
        ("alembic stamp head", ""),
        ("alembic downgrade -1", ""),
        ("alembic downgrade base", "remove data /srv/app"),
        ("python manage.py flush --noinput", "remove data /srv/app"),
        ("python manage.py migrate shop zero", "remove data /srv/app [Migrate]"),
        ("flask db upgrade", "[Migrate]"),
        ("flask db migrate", ""),
        ("aerich upgrade", "[Migrate]"),
        ("aerich migrate --name x", ""),
    ]);
}
