//! `permissions/not-executable`: a file is called as a program but has no execute bit, so execve(2) fails
//! with EACCES.

use crate::facts::owners::{from, is_roots, lies_under, reaches};
use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::cron;
use crate::tools::effect::{Change, Prints, Resource, Role};
use crate::tools::find::picks;

/// Directories whose files are meant to be run: by their names, or by run-parts(8).
const PROGRAMS: [&str; 7] = [
    "/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/etc/cron.hourly", "/etc/cron.daily",
    "/etc/cron.weekly", "/etc/cron.monthly",
];

/// `permissions/not-executable`.
pub(in crate::rules) fn not_executable(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let calls = calls(context);
    written(context, &calls, found);
    of_the_repo(context, &calls, found);
    taken(context, found);
}

/// Something that calls a file by its path.
struct Call {
    /// The path as text.
    path: String,
    span: Span,
    caller: Caller,
    /// The script and the step, if a script calls it.
    step: Option<(usize, StepId)>,
}

/// Who calls it.
enum Caller {
    /// A unit, with the key of the line.
    Unit(String, &'static str),
    Step,
    Cron,
}

impl Call {
    /// What the message says of the call.
    fn says(&self, context: &World<'_, '_>) -> String {
        match &self.caller {
            Caller::Unit(name, key) => format!("`{key}=` of {name} fails (status=203/EXEC)"),
            Caller::Step => format!("`{}` fails: permission denied", context.words(self.span)),
            Caller::Cron => "cron can't run it, and nobody sees the error".to_owned(),
        }
    }
}

fn calls(context: &World<'_, '_>) -> Vec<Call> {
    let mut calls = Vec::new();
    for at in context.units.iter().filter(|u| u.origin != Origin::InRepo) {
        for key in ["ExecStart", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop"] {
            for exec in at.unit.exec(key) {
                calls.push(Call {
                    path: exec.program,
                    span: exec.span,
                    caller: Caller::Unit(at.name.clone(), key),
                    step: None,
                });
            }
        }
    }
    for (index, script) in context.scripts().iter().enumerate() {
        let followed = script.by_path.iter().filter(|call| script.steps.len() > call.step.0 as usize);
        calls.extend(followed.map(|call| Call {
            path: call.path.to_string(),
            span: call.span,
            caller: Caller::Step,
            step: Some((index, call.step)),
        }));
        for (id, step) in script.iter().filter(|(_, s)| !matches!(s.place, Place::Container(_))) {
            let program = &step.argv.program.value;
            if program.key().contains('/') && step.on_failure != OnFailure::Handled {
                calls.push(Call {
                    path: program.to_string(),
                    span: step.span,
                    caller: Caller::Step,
                    step: Some((index, id)),
                });
            }
            for line in cron_lines(step) {
                calls.push(Call { path: line, span: step.span, caller: Caller::Cron, step: None });
            }
        }
    }
    calls
}

/// The programs that lines of a crontab call: what `echo` prints, and files of /etc/cron.d.
fn cron_lines(step: &Step) -> Vec<String> {
    let mut programs = Vec::new();
    if step.deed.prints == Prints::Words {
        // In a key, globs and holes follow control characters.
        let may_be = |key: &str| {
            let first = key.trim_start().bytes().next();
            let begins =
                first.is_some_and(|b| b.is_ascii_digit() || b.is_ascii_control() || b"*/,-@".contains(&b));
            begins && key.contains('/') && key.contains(' ')
        };
        let lines = step.argv.args.iter().map(|arg| &arg.value).filter(|value| may_be(value.key()));
        programs.extend(lines.filter_map(|value| cron::program(&value.to_string(), false)));
    }
    for written in step.written.iter().filter(|w| w.path.known_prefix().starts_with("/etc/cron.d/")) {
        programs.extend(written.content.text.lines().filter_map(|line| cron::program(line, true)));
    }
    programs
}

/// Scripts that a script writes and that nobody makes executable.
fn written(context: &World<'_, '_>, calls: &[Call], found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        for written in step.written.iter().filter(|w| !w.append && w.path.is_absolute()) {
            let (path, shown) = (&written.path, written.path.to_string());
            let interpreted = written.content.text.trim_start().starts_with("#!");
            if !interpreted || matches!(step.place, Place::Container(_)) || is_in_repo(context, &shown) {
                continue;
            }
            let in_path = PROGRAMS.iter().find(|dir| path.dirname().as_literal() == Some(dir));
            // A call before the file is written calls another file.
            let called = calls.iter().find(|call| {
                let later = call
                    .step
                    .is_none_or(|(index, at)| !std::ptr::eq(context.scripts()[index], script) || at > id);
                call.path == shown && later
            });
            if called.is_none() && in_path.is_none() || is_given(context, path) {
                continue;
            }
            let says = match (called, in_path) {
                (Some(call), _) => call.says(context),
                (None, Some(dir)) if dir.starts_with("/etc/cron") => "run-parts skips it silently".to_owned(),
                _ => "calling it fails with \"permission denied\"".to_owned(),
            };
            let mut draft = context
                .finding(
                    id::PERMISSIONS_NOT_EXECUTABLE,
                    step.span,
                    format!("`{shown}` is written without the execute bit, so {says}"),
                )
                .at_most(context.confidence(script, id, Some(path)))
                .help(format!("write `chmod 755 {shown}` after it"));
            if let Some(call) = called {
                draft = draft.related(call.span, "this calls it");
            }
            found.push(draft.done());
        }
    }
}

/// Scripts of the repo without the execute bit that are called as programs.
fn of_the_repo(context: &World<'_, '_>, calls: &[Call], found: &mut Vec<Finding>) {
    let inventory = &context.project.inventory;
    let mut told: Vec<&str> = Vec::new();
    for call in calls {
        let Some(known) = known_end(&call.path) else { continue };
        let fits = |path: &&String| {
            path.as_str() == known || path.strip_suffix(known).is_some_and(|above| above.ends_with('/'))
        };
        let mut fitting = inventory.scripts.iter().filter(fits);
        let (Some(file), None) = (fitting.next(), fitting.next()) else { continue };
        if !inventory.not_executable.contains(file) || told.contains(&file.as_str()) {
            continue;
        }
        let absolute = call.path.starts_with('/');
        let in_tree = context
            .app_trees
            .iter()
            .any(|tree| call.path == format!("{}/{file}", tree.to_string().trim_end_matches('/')));
        // There may be another file of that name.
        if absolute && !in_tree && !file.contains('/') || is_given_by_name(context, file) {
            continue;
        }
        let guarded = call.step.is_some_and(|(index, id)| {
            context.scripts()[index]
                .guards_of(id)
                .any(|(_, guard)| context.sources.text(guard.span).contains("-x "))
        });
        let at = context.sources.find(file);
        if guarded || at == call.step.map(|(index, _)| context.scripts()[index].file) {
            continue;
        }
        told.push(file);
        let sure = match call.step {
            Some((index, id)) => {
                context.confidence(context.scripts()[index], id, None).min(Confidence::Medium)
            }
            None => Confidence::Medium,
        };
        found.push(
            context
                .finding(
                    id::PERMISSIONS_NOT_EXECUTABLE,
                    call.span,
                    format!(
                        "{file} has no execute bit in the repo, and nothing sets it, so {}",
                        call.says(context)
                    ),
                )
                .at_most(sure)
                .help(format!("run `git update-index --chmod=+x {file}`, or call it as `bash {file}`"))
                .done(),
        );
    }
}

/// The part of a path after its unknown part: `scripts/run.sh` for `$DIR/scripts/run.sh`, and all of a known
/// path.
fn known_end(path: &str) -> Option<&str> {
    let known = match path.rsplit_once('$') {
        Some((_, tail)) => tail.split_once('/')?.1,
        None => path,
    };
    let known = known.trim_start_matches("./");
    let known = match known.strip_prefix('/') {
        // The repo is somewhere above: `/opt/shop/deploy/run.sh`, `/opt/shop/run.sh`.
        Some(rest) => rest.splitn(3, '/').nth(2)?,
        None => known,
    };
    (known.ends_with(".sh") && !known.contains("..")).then_some(known)
}

/// `chmod -R 644 TREE` over programs that a unit calls.
fn taken(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        for (id, step) in script.iter().filter(|(_, s)| !matches!(s.place, Place::Container(_))) {
            let tree = step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
                (Change::Mode { mode, recursive: true }, Resource::Path(path)) if mode.takes_execution() => {
                    Some(path)
                }
                _ => None,
            });
            let Some(tree) = tree.filter(|_| !picks(&step.argv)) else { continue };
            let Some((victim, span)) = victim(context, script, id, tree) else { continue };
            let words = context.words(step.span);
            let mut draft = context
                .finding(
                    id::PERMISSIONS_NOT_EXECUTABLE,
                    step.span,
                    format!("`{words}` also removes the execute bit of `{victim}`, so running it fails: permission denied"),
                )
                .at_most(context.confidence(script, id, Some(tree)))
                .at_most(Confidence::Medium)
                .help(format!(
                    "write `chmod -R u=rwX,go=rX {tree}`: the capital X affects only directories and files that already have the bit"
                ));
            if let Some(span) = span {
                draft = draft.related(span, "this calls it");
            }
            found.push(draft.done());
        }
    }
}

/// A program in the tree that existed before the step, and that nothing makes executable afterwards.
fn victim(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    tree: &Value,
) -> Option<(String, Option<Span>)> {
    let mended = |path: &Value| {
        from(script, id).skip(1).any(|later| {
            later.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Mode { mode, recursive }, Resource::Path(target)) => {
                    mode.gives_execution()
                        && (reaches(target, *recursive, path) || target.is_glob() || path.is_under(target))
                }
                (Change::Create(_), Resource::Path(made)) => path.is_under(made),
                _ => false,
            })
        })
    };
    let shown = tree.to_string();
    for at in context.units.iter().filter(|u| u.origin != Origin::InRepo) {
        for exec in at.unit.exec_start() {
            if lies_under(&exec.program, &shown) && exec.program != shown {
                let mut path = tree.clone();
                path.push_str(&exec.program[shown.trim_end_matches('/').len()..]);
                if !mended(&path) {
                    return Some((exec.program, Some(exec.span)));
                }
            }
        }
    }
    let environments =
        script.iter().take(id.0 as usize).filter(|(_, s)| s.deed.roles.contains(&Role::VirtualEnv));
    for (_, step) in environments {
        let made = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::Path(path)) if path.is_under(tree) && path != tree => Some(path),
            _ => None,
        });
        if let Some(made) = made {
            let mut path = made.clone();
            path.push_str("/bin/python");
            if !mended(&path) {
                return Some((format!("{made}/bin/python"), Some(step.span).filter(|_| is_roots(step))));
            }
        }
    }
    None
}

/// True if some command of some script grants the right to execute it, or may do so.
fn is_given(context: &World<'_, '_>, path: &Value) -> bool {
    gives(context, |target, recursive| {
        reaches(target, recursive, path)
            || target.looks_like(path)
            || target.basename() == path.basename() && !target.is_absolute()
            || recursive && lies_under(&path.to_string(), &target.to_string())
    })
}

fn is_given_by_name(context: &World<'_, '_>, file: &str) -> bool {
    let name = base(file);
    gives(context, |target, recursive| recursive || target.is_glob() || target.basename().is_shown_as(name))
        || context
            .steps()
            .any(|(_, _, step)| step.argv.args.iter().any(|a| a.value.as_literal() == Some("--chmod=+x")))
}

fn gives(context: &World<'_, '_>, reached: impl Fn(&Value, bool) -> bool) -> bool {
    context.steps().any(|(_, _, step)| {
        step.deed.roles.contains(&Role::Mode) && step.deed.effects.is_empty()
            || step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Mode { mode, recursive }, Resource::Path(target)) => {
                    mode.gives_execution()
                        && (target.knowledge() >= Knowledge::Unknown || reached(target, *recursive))
                }
                _ => false,
            })
    })
}

/// True if the file comes from the repo, and so has the mode that git recorded.
fn is_in_repo(context: &World<'_, '_>, path: &str) -> bool {
    let inventory = &context.project.inventory;
    inventory
        .scripts
        .iter()
        .any(|file| path.strip_suffix(file.as_str()).is_some_and(|above| above.ends_with('/')))
}

#[test]
fn the_known_end_of_a_path_is_compared() {
    assert_eq!(known_end("./scripts/run.sh"), Some("scripts/run.sh"));
    assert_eq!(known_end("$DIR/run.sh"), Some("run.sh"));
    assert_eq!(known_end("/opt/shop/deploy/run.sh"), Some("deploy/run.sh"));
    assert_eq!(known_end("/opt/run.sh"), None);
    assert_eq!(known_end("$DIR/../run.sh"), None);
    assert_eq!(known_end("/usr/bin/node"), None);
}
