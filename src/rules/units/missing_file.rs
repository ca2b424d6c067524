//! `units/missing-file`: a service runs a file of the app, or starts in a directory of it, which the repo does not have.
//!
//! Facts: systemd.exec(5), PROCESS EXIT CODES: 203/EXEC without the program, 200/CHDIR without the directory. An interpreter
//! without its script exits with 2.

use crate::facts::owners::lies_under;
use crate::facts::repo_paths::{RepoPaths, Sure};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::unit::{Exec, UnitKind};
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::wrappers::{Place, is_shell};
use crate::source::Span;
use crate::tools::effect::{Change, PathKind, Resource, Role};

/// Names at least this similar (Jaro-Winkler) are taken for misspellings of each other.
const ALIKE: f64 = 0.85;

/// `units/missing-file`.
pub(super) fn missing_file(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service) {
        if unit.changes_root() {
            continue;
        }
        for named in named(&unit) {
            found.extend(judge(&unit, &named));
        }
    }
}

/// A path that a unit names.
struct Named {
    path: String,
    span: Span,
    is_directory: bool,
    /// What happens without it.
    then: &'static str,
}

fn named(unit: &Judged<'_, '_, '_>) -> Vec<Named> {
    let mut named = Vec::new();
    let directory = unit.at.unit.working_directory();
    if let Some(directive) = directory.filter(|directive| !directive.value.starts_with('-')) {
        let (path, span) = (directive.value.clone(), directive.value_span);
        named.push(Named {
            path,
            span,
            is_directory: true,
            then: "the service fails before it starts (200/CHDIR)",
        });
    }
    let base_directory = directory.map_or("", |directive| directive.value.trim_start_matches('-'));
    for key in ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost"] {
        // A failure that systemd ignores may be meant.
        for exec in unit.at.unit.exec(key).iter().filter(|exec| !exec.prefix.contains('-')) {
            let (word, then) = match script_of(exec) {
                Some(script) => (script, "its interpreter fails"),
                None => (exec.program.clone(), "the service fails (203/EXEC)"),
            };
            let path = match word.starts_with(['/', '$']) {
                true => word,
                false if exec.program == word || base_directory.is_empty() => continue,
                false => {
                    format!("{}/{}", base_directory.trim_end_matches('/'), word.trim_start_matches("./"))
                }
            };
            named.push(Named { path, span: exec.span, is_directory: false, then });
        }
    }
    named
}

/// The script that an interpreter is given.
fn script_of(exec: &Exec) -> Option<String> {
    if is_shell(base(&exec.program)) {
        return exec.args.first().filter(|word| !word.starts_with('-')).cloned();
    }
    let serves = exec.serves()?;
    let entry = serves.entry.as_deref()?;
    let word = exec.args.iter().find(|word| word.ends_with(entry)).filter(|word| is_script(word))?;
    (!word.contains('=')).then(|| word.clone())
}

fn is_script(path: &str) -> bool {
    [".py", ".sh", ".rb", ".php", ".pl", ".js", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end))
}

fn judge(unit: &Judged<'_, '_, '_>, named: &Named) -> Option<Finding> {
    let path = named.path.trim_end_matches('/');
    if !named.is_directory && !is_script(path) {
        return None;
    }
    let context = unit.context;
    let paths = context.repo_paths();
    let below = paths.below(path)?;
    let rest = below.path;
    let is_plain = !rest.contains(['%', '*', '{', '<', '`', '$']);
    if !is_plain || !paths.lacks(rest) || is_built(paths, rest) || is_made(context, paths, path) {
        return None;
    }
    let elsewhere = paths.ending_in(rest).next();
    let first = rest.split('/').next().unwrap_or(rest);
    let holds_its_directory = rest.contains('/') && paths.has_directory(first);
    let same_name = || paths.ending_in(base(rest)).next().is_some();
    let is_sure = match below.sure {
        Sure::Known => elsewhere.is_none() || !is_copied(context, path),
        // It may hold a part of the repo, or several repos beside each other.
        Sure::Named => elsewhere.is_none() && !named.is_directory && (holds_its_directory || !same_name()),
        Sure::Likely => elsewhere.is_none() && !named.is_directory && holds_its_directory,
    };
    if !is_sure {
        return None;
    }
    // What cannot be read may make anything, but hardly a file beside those of the repo.
    let parent = rest.rsplit_once('/').map_or("", |(parent, _)| parent);
    let unknown = context.deploy().may_do_anything();
    if unknown && (named.is_directory || !paths.has_directory(parent)) {
        return None;
    }
    let sure = match below.sure {
        Sure::Known if unit.script.is_some() && !unknown => Confidence::High,
        _ => Confidence::Medium,
    };
    let kind = if named.is_directory { "directory" } else { "file" };
    let message = format!("the repo has no {kind} {rest}, so {}", named.then);
    let help = match elsewhere.or_else(|| alike(paths, rest)) {
        Some(other) => format!("name what exists, such as {other}"),
        None => format!("name a {kind} that exists, or add it to the repo"),
    };
    Some(unit.finding(id::UNITS_MISSING_FILE, named.span, message).at_most(sure).help(help).done())
}

/// True for a file that a build may make of one that the repo has.
fn is_built(paths: &RepoPaths<'_>, path: &str) -> bool {
    let outputs = [
        "out", "lib", "bin", "public", "output", ".next", ".output", "generated", "gen", "data", "logs",
        "tmp",
    ];
    let stem = [".js", ".mjs", ".cjs"].iter().find_map(|end| path.strip_suffix(end));
    path.split('/').any(|part| outputs.contains(&part))
        || stem.is_some_and(|stem| {
            [".ts", ".mts", ".cts", ".tsx", ".coffee"]
                .iter()
                .any(|end| paths.has_file(&format!("{stem}{end}")))
        })
}

/// True if a step may bring the path: it writes it, makes something there, or unpacks, downloads or copies a tree around it.
fn is_made(context: &World<'_, '_>, paths: &RepoPaths<'_>, path: &str) -> bool {
    let name = base(path);
    let mut steps = context.steps().filter(|(.., step)| step.place == Place::Here);
    steps.any(|(.., step)| {
        // Where an archive goes is known by its effects, or it is the directory in which the command works.
        let unpacks = step.deed.roles.iter().any(|role| matches!(role, Role::Unpack | Role::Fetch));
        let says_where = step.deed.effects.iter().any(|effect| matches!(effect.resource, Resource::Path(_)));
        unpacks && !says_where && lies_under(path, &step.argv.cwd.to_string())
            || step.deed.effects.iter().any(|effect| {
                let Resource::Path(made) = &effect.resource else { return false };
                let content = effect.content.as_ref();
                let brings = match effect.change {
                    Change::Create(kind) => matches!(kind, PathKind::Tree | PathKind::Any),
                    Change::Write => unpacks || content.is_some_and(|content| content.tree),
                    _ => false,
                };
                let puts = matches!(
                    effect.change,
                    Change::Create(_) | Change::Write | Change::Append | Change::Edit
                );
                let made = made.to_string();
                let around = brings && path != made && lies_under(path, &made);
                // A clone or a copy of the repo holds what the repo has.
                let from = content.and_then(|content| content.from.as_ref());
                let of_the_repo = || match from {
                    Some(from) => paths.below(&from.to_string()).is_some(),
                    None => !unpacks && paths.below(&made).is_some_and(|below| below.path.is_empty()),
                };
                puts && (base(&made) == name || lies_under(&made, path)) || around && !of_the_repo()
            })
    })
}

/// True if a step copies something to the path or around it, which may be a part of the repo.
pub(super) fn is_copied(context: &World<'_, '_>, path: &str) -> bool {
    let steps = context.steps().filter(|(.., step)| step.place == Place::Here);
    steps.filter(|(.., step)| !step.deed.roles.contains(&Role::Clone)).any(|(.., step)| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(PathKind::Tree | PathKind::Any) | Change::Write, Resource::Path(made)) => {
                lies_under(path, &made.to_string())
            }
            _ => false,
        })
    })
}

/// A file of a similar name in the same directory, or of the same name elsewhere.
fn alike<'r>(paths: &RepoPaths<'r>, path: &str) -> Option<&'r str> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let named = paths.ending_in(name).next();
    let likeness = |file: &&str| strsim::jaro_winkler(base(file), name);
    let beside = paths.in_directory(directory).map(|file| (likeness(&file), file));
    let contained = |file: &str| base(file).contains(name) || name.contains(base(file));
    let best =
        beside.filter(|(alike, file)| *alike >= ALIKE || contained(file)).max_by(|a, b| a.0.total_cmp(&b.0));
    named.or(best.map(|(_, file)| file))
}
