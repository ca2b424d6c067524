//! `units/missing-module`: the repo lacks the Python module that a server is told to run.
//!
//! Facts: PEP 420 (a directory is a package without `__init__.py` too).

use super::modules::served;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::Exec;
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::tools::effect::{Ecosystem, Role};

/// `units/missing-module`.
pub(super) fn missing_module(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        for served in served(&unit) {
            judge_module(&unit, &served.exec, served.module(), found);
        }
    }
}

/// True if the module is nowhere in the repo, wherever the app is on the server.
fn judge_module(unit: &Judged<'_, '_, '_>, exec: &Exec, module: &str, found: &mut Vec<Finding>) {
    let code = &unit.context.project.inventory.code;
    let path = module.replace('.', "/");
    let ends = |file: &str, end: &str| {
        file.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let is = |file: &String| {
        ends(file, &format!("{path}.py")) || ends(file, &format!("{path}/__init__.py"))
        // The package's own file may define the last name.
    };
    let python = code.iter().filter(|f| f.ends_with(".py")).count();
    if python == 0 || code.iter().any(is) {
        return;
    }
    let first = path.split('/').next().unwrap_or(&path);
    // The project has the package, but not the module in it.
    let package = code.iter().any(|f| ends(f, &format!("{first}/__init__.py")));
    let installed = unit.context.project.needs.python.iter().any(|manifest| {
        let same = first.replace('_', "-").to_ascii_lowercase();
        manifest.dependencies.iter().any(|d| d.name == same || d.name.starts_with(&same))
    });
    let written = unit.context.steps().any(|(_, _, step)| {
        let made = format!("{}.py", base(&path));
        step.deed.effects.iter().any(|e| e.resource.name().to_string().ends_with(&made))
            || step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python))
                && step.argv.args.iter().any(|a| {
                    let name = a.value.to_string();
                    !name.contains('/') && name.contains(first)
                })
    });
    if installed || written {
        return;
    }
    let sure = match (package, unit.script) {
        (true, Some(_)) => Confidence::High,
        (true, None) => Confidence::Medium,
        // If a script brings another repo, the module may be in that one.
        (false, _) => Confidence::Low,
    };
    let message = format!("the repo has no module `{module}`, since no file's path ends in {path}.py");
    let help = match closest(code, base(&path)) {
        Some(file) => format!("name a module that exists, such as that of {file}"),
        None => "name a module that exists".to_owned(),
    };
    found.push(unit.finding(id::UNITS_MISSING_MODULE, exec.span, message).at_most(sure).help(help).done());
}

/// A module with the same last name, or one that servers usually run.
fn closest<'f>(code: &'f [String], name: &str) -> Option<&'f str> {
    let called = |wanted: &str| code.iter().find(|f| base(f) == format!("{wanted}.py")).map(String::as_str);
    [name, "asgi", "wsgi", "main", "app", "server"].into_iter().find_map(called)
}
