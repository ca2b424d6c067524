//! `units/wrong-directory`: a service that is not started in the directory where its program looks for the app's code.
//!
//! Facts: systemd.exec(5), `WorkingDirectory=`: without it a service of the system starts in `/`. Python looks for modules in
//! the directory in which it is started (`python -m`, and gunicorn, uvicorn, celery and their like), and a relative path
//! starts there.

use super::missing_file::is_copied;
use crate::facts::environment::table::Writer;
use crate::facts::repo_paths::Sure;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Directive, Exec, UnitKind};
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::line::{commands, main};
use crate::shell::value::leading_hole;
use crate::shell::wrappers::is_shell;
use crate::source::Span;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::node::package_script;
use crate::tools::packaging::manages_environments;
use crate::tools::place::works_in;
use crate::tools::project_file::looks_for;
use crate::tools::python::names_its_directory;
use crate::tools::serves::{Language, Serves};

/// `units/wrong-directory`.
pub(super) fn wrong_directory(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let services = judged(world).filter(|unit| unit.read.kind == UnitKind::Service);
    for unit in services.filter(|unit| !unit.is_of_a_user() && !may_change_root(unit)) {
        let directory = unit.at.unit.working_directory();
        for exec in unit.at.unit.exec_start() {
            match directory {
                None => judge_exec(&unit, &exec, found),
                Some(directory) => found.extend(judge_directory(&unit, &exec, directory)),
            }
        }
    }
}

/// True for a unit that sees another root directory, or a template that may get a directory elsewhere.
fn may_change_root(unit: &Judged<'_, '_, '_>) -> bool {
    unit.changes_root()
        || unit.at.unit.directives.iter().any(|directive| directive.key.contains('$'))
        || unit.at.unit.problems.iter().any(|problem| {
            let text = unit.context.sources.text(problem.span);
            !unit.is_plain(text)
        })
}

/// What a program looks for in its directory.
enum Wanted {
    File(String),
    Module(String),
    /// The package.json whose script it runs.
    Package,
}

fn judge_exec(unit: &Judged<'_, '_, '_>, exec: &Exec, found: &mut Vec<Finding>) {
    // A shell may change to another directory first, and so may a runner that is told to.
    if is_shell(base(&exec.program)) || names_its_directory(&exec.args) {
        return;
    }
    let Some((what, sure)) = project_file(unit, exec).or_else(|| of_its_code(unit, exec)) else { return };
    let message = format!("{} starts in `/`, where {what} is not found", unit.at.name);
    let other = directory_of_others(unit);
    let help = match &other {
        Some((directory, _)) => format!("write `WorkingDirectory={directory}` into `[Service]`"),
        None => "write the app's directory into `[Service]` with `WorkingDirectory=`".to_owned(),
    };
    let mut draft = unit.finding(id::UNITS_WRONG_DIRECTORY, exec.span, message).at_most(sure).help(help);
    if let Some((_, span)) = other {
        draft = draft.related(span, "another unit of the app says where it starts");
    }
    found.push(draft.done());
}

/// The file of the project that the program looks for, in words: a Gemfile, a Compose file.
fn project_file(unit: &Judged<'_, '_, '_>, exec: &Exec) -> Option<(String, Confidence)> {
    let commands = commands(&exec.words());
    let file = looks_for(main(&commands)?.argv())?;
    let of_unit = unit.at.unit.environment();
    // A file of variables may name it, too.
    let is_told = file.variable.is_some_and(|name| {
        of_unit.iter().any(|(own, ..)| own == name)
            || unit
                .context
                .environment()
                .get(name)
                .is_some_and(|variable| variable.writes.iter().any(|write| write.by != Writer::Unit))
    });
    (!is_told).then(|| (format!("`{}`", file.names[0]), Confidence::High))
}

/// The part of the project's code that the program looks for, in words.
fn of_its_code(unit: &Judged<'_, '_, '_>, exec: &Exec) -> Option<(String, Confidence)> {
    let serves = exec.serves()?;
    Some(match wanted(&serves)? {
        Wanted::File(path) => (format!("`{path}`"), Confidence::High),
        Wanted::Package => ("package.json".to_owned(), Confidence::High),
        Wanted::Module(module) => {
            if of_the_repo(unit.context, &module).is_none() || is_found_anyway(unit, &serves) {
                return None;
            }
            let sure = unit.script.is_some() && !serves.configured;
            (format!("the module `{module}`"), if sure { Confidence::High } else { Confidence::Medium })
        }
    })
}

/// Judges a service that starts in a directory of the repo, but not in that of its code.
fn judge_directory(unit: &Judged<'_, '_, '_>, exec: &Exec, directory: &Directive) -> Option<Finding> {
    if is_shell(base(&exec.program)) || names_its_directory(&exec.args) {
        return None;
    }
    let serves = exec.serves()?;
    let wanted = wanted(&serves)?;
    let server_path = directory.value.trim_end_matches('/');
    let paths = unit.context.repo_paths();
    let below = paths.below(server_path).filter(|below| below.sure == Sure::Known)?;
    let inside = |name: &str| format!("{}/{name}", below.path).trim_start_matches('/').to_owned();
    let (what, place) = match wanted {
        Wanted::File(_) => return None,
        Wanted::Package => {
            let elsewhere = paths.ending_in("package.json").min()?;
            if !paths.lacks(&inside("package.json")) {
                return None;
            }
            ("package.json".to_owned(), elsewhere.trim_end_matches("package.json"))
        }
        Wanted::Module(module) => {
            let path = module.replace('.', "/");
            let first = path.split('/').next().unwrap_or(&path);
            let is_here = !paths.lacks(&inside(first)) || !paths.lacks(&inside(&format!("{first}.py")));
            let elsewhere = of_the_repo(unit.context, &module).filter(|_| !is_here)?;
            if is_found_anyway(unit, &serves) || serves.configured {
                return None;
            }
            (format!("the module `{module}`"), elsewhere)
        }
    };
    let place = place.trim_matches('/');
    if place.is_empty() || is_copied(unit.context, &format!("{server_path}/x")) {
        return None;
    }
    let message = format!("{} starts where {what} is not found: the repo has it in {place}/", unit.at.name);
    let help = match below.path.is_empty() && server_path.starts_with('/') {
        true => format!("write `WorkingDirectory={server_path}/{place}`"),
        false => format!("name the directory of {place}/ with `WorkingDirectory=`"),
    };
    let sure = if unit.script.is_some() { Confidence::High } else { Confidence::Medium };
    let draft =
        unit.finding(id::UNITS_WRONG_DIRECTORY, directory.value_span, message).at_most(sure).help(help);
    Some(draft.related(exec.span, "this is looked for there").done())
}

fn wanted(serves: &Serves) -> Option<Wanted> {
    // A package manager runs a script of the package.json in its directory, or in the one that it is told.
    let argv = &serves.argv;
    if package_script(argv).is_some() {
        let is_told = works_in(argv) != argv.cwd;
        return (!is_told).then_some(Wanted::Package);
    }
    let entry = serves.entry.as_deref()?;
    // Whole words, because an entry may be known by its last part alone.
    let word = argv.args.iter().map(|arg| arg.value.to_string()).find(|word| word.ends_with(entry));
    let word = word.unwrap_or_else(|| entry.to_owned());
    let is_code = [".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php"].iter().any(|end| word.ends_with(end));
    if is_code {
        let relative = !word.starts_with(['/', '$', '%', '~', '-', '{', '<', '@'])
            && leading_hole(&word).is_none()
            && !word.contains('=');
        return relative.then_some(Wanted::File(word));
    }
    let module = entry.split(':').next().unwrap_or(entry);
    let spelt = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_module = serves.language == Language::Python && module.split('.').all(spelt);
    is_module.then(|| Wanted::Module(module.to_owned()))
}

/// Where the repo has the module: the directory in which Python would have to be started. In a directory `src` or `lib` it is
/// meant to be installed as a package.
fn of_the_repo<'c>(context: &'c World<'_, '_>, module: &str) -> Option<&'c str> {
    let path = module.replace('.', "/");
    let ends = [".py", "/__init__.py", "/__main__.py"].map(|end| format!("{path}{end}"));
    context.project.inventory.code.iter().find_map(|file| {
        let before = ends.iter().find_map(|end| file.strip_suffix(end.as_str()))?;
        let is_whole = before.is_empty() || before.ends_with('/');
        let is_meant = !before.split('/').any(|part| matches!(part, "src" | "lib" | "tests" | "examples"));
        (is_whole && is_meant).then_some(before)
    })
}

/// True if Python may find the modules of the project wherever it is started: they are installed, or a variable names
/// their directory.
fn is_found_anyway(unit: &Judged<'_, '_, '_>, serves: &Serves) -> bool {
    let context = unit.context;
    let mut variables = std::iter::once("PYTHONPATH").chain(serves.reads().map(|(_, variable)| variable));
    let in_unit = unit.at.unit.environment();
    let is_set = |name: &str| {
        in_unit.iter().any(|(own, ..)| own == name)
            || context.environment().get(name).is_some_and(|variable| !variable.writes.is_empty())
    };
    let installs = context.steps().any(|(.., step)| {
        let of_python = step.deed.roles.iter().any(|role| {
            matches!(role, Role::Dependencies(Ecosystem::Python) | Role::GlobalTool(Ecosystem::Python))
        });
        let names_a_project = || {
            step.argv.args.iter().map(|arg| arg.value.to_string()).any(|word| {
                matches!(word.as_str(), "." | "./" | "-e" | "--editable")
                    || word.starts_with(".[")
                    || word.contains('/') && !word.ends_with(".txt") && !word.starts_with('-')
            })
        };
        of_python && (manages_environments(&step.argv) || names_a_project())
    });
    variables.any(is_set) || installs || context.deploy().may_do_anything()
}

/// The directory in which another unit of the same script, or of the repo, is started.
fn directory_of_others(unit: &Judged<'_, '_, '_>) -> Option<(String, Span)> {
    let own = unit.at.origin.script();
    let others = unit.context.units.iter().filter(|at| at.name != unit.at.name && at.origin.script() == own);
    let mut directories = others.filter_map(|at| at.unit.working_directory());
    let known =
        directories.find(|directive| directive.value.starts_with('/') && unit.is_plain(&directive.value));
    known.map(|directive| (directive.value.clone(), directive.span))
}
