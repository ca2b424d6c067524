//! Packages of the app: whose program a step is, which environment or tree of packages it works on, and whether it
//! installs all that a manifest names.

use crate::facts::deploy::line_of;
use crate::model::Step;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};

/// A step above whose doing is not all known may have done anything: a script, `make`, another tool's runner.
pub(crate) fn is_opaque_call(step: &Step) -> bool {
    let name = step.argv.name.as_str();
    !step.deed.known
        && (name.is_empty()
            || name.ends_with(".sh")
            || name.ends_with(".bash")
            || matches!(
                name,
                "make"
                    | "just"
                    | "task"
                    | "invoke"
                    | "fab"
                    | "ansible-playbook"
                    | "bash"
                    | "sh"
                    | "eval"
                    | "source"
                    | "."
                    | "setup"
                    | "install"
                    | "bootstrap"
            ))
}

/// Whose program does the work; `None` where the words do not say.
pub(crate) fn ecosystem(step: &Step) -> Option<Ecosystem> {
    step.deed.roles.iter().find_map(|role| match role {
        Role::Build(of @ (Ecosystem::Node | Ecosystem::Ruby | Ecosystem::Php)) => Some(*of),
        Role::Dependencies(of) => Some(*of),
        Role::Migrate | Role::StaticFiles => match step.argv.name.as_str() {
            "alembic" | "flask" | "aerich" | "manage.py" | "django-admin" | "uv" | "poetry" => {
                Some(Ecosystem::Python)
            }
            name if name.starts_with("python") => Some(Ecosystem::Python),
            "npm" | "npx" | "yarn" | "pnpm" | "bun" | "bunx" | "prisma" | "knex" | "sequelize"
            | "sequelize-cli" | "typeorm" | "drizzle-kit" => Some(Ecosystem::Node),
            "rails" | "rake" | "bundle" => Some(Ecosystem::Ruby),
            "php" | "artisan" => Some(Ecosystem::Php),
            _ => None,
        },
        _ => None,
    })
}

/// The environment that a Python program belongs to: of `/srv/app/venv/bin/pip` it is `/srv/app/venv`.
pub(crate) fn environment(step: &Step) -> Option<Value> {
    let program = &step.argv.program.value;
    if program.key().contains('/') {
        let directory = program.resolve(&step.argv.cwd).dirname();
        if directory.known_suffix().ends_with("/bin") {
            return Some(directory.dirname());
        }
    }
    step.argv.env("VIRTUAL_ENV").map(|v| v.resolve(&step.argv.cwd))
}

/// Installs what a manifest names, and not some package by its name.
pub(crate) fn installs_manifest(step: &Step, of: Ecosystem) -> bool {
    if !step.deed.roles.contains(&Role::Dependencies(of)) {
        return false;
    }
    let words = || step.argv.args.iter().filter(|a| !a.value.known_prefix().starts_with('-'));
    match of {
        Ecosystem::Python => {
            let line = line_of(step);
            !line.contains("install ")
                || [" -r", " --requirement", " -e", " --editable", " .", "poetry", "pipenv"]
                    .iter()
                    .any(|w| line.contains(w))
        }
        // `npm --prefix DIR ci` has a word more.
        Ecosystem::Node => {
            let verb = |a: &Value| matches!(a.as_literal(), Some("ci" | "install" | "i" | "clean-install"));
            words().next_back().is_none_or(|last| verb(&last.value))
        }
        _ => true,
    }
}

/// They work on the same tree of packages.
pub(crate) fn same_packages(work: &Step, install: &Step, of: Ecosystem) -> bool {
    if of == Ecosystem::Python {
        return environment(work) == environment(install);
    }
    let filled = install.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
        (Change::Create(_), Resource::Path(path)) => Some(path.dirname()),
        _ => None,
    });
    let elsewhere = ["--prefix", "-C", "--cwd", "--dir", "-w", "--workspace", "--filter"];
    filled.unwrap_or_else(|| install.argv.cwd.clone()) == work.argv.cwd
        && !work.argv.args.iter().any(|a| elsewhere.iter().any(|e| a.value.known_prefix().starts_with(e)))
}
