//! `permissions/umask-left`: a umask that was meant for a secret is still in force where something is made that others need.

use crate::facts::deploy::Deploy;
use crate::facts::givers::mode_set_by;
use crate::facts::outputs::web_texts;
use crate::facts::owners::{is_roots, lies_under, reaches};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, How, Mode, PathKind, Resource, Role};
use crate::tools::place::{is_on_every_server, works_in};

/// The rights to read and to enter, of the group and of everybody else.
const SHUT: u32 = 0o055;

/// `permissions/umask-left`.
pub(super) fn umask_left(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for (_, script) in deploy.deploying() {
        if !script.steps.iter().any(|step| closed(step).is_some()) {
            continue;
        }
        let roots = served_directories(&deploy);
        for (id, step) in script.iter() {
            let counts =
                step.entry == 0 && step.place == Place::Here && step.on_failure != OnFailure::Handled;
            let Some(mask) = closed(step).filter(|_| counts) else { continue };
            let needed = made(step).find_map(|path| {
                let shown = path.to_string();
                let served = roots.iter().find(|root| lies_under(root, &shown));
                let who = served.map(|root| (format!("nginx can't read {root}"), Confidence::High));
                let who = who.or_else(|| run_by(context, step, &shown))?;
                (!is_opened(script, id, &path)).then_some(who)
            });
            let Some((consequence, sure)) = needed else { continue };
            let words = context.words(step.span);
            let message = format!("`{words}` runs with umask {mask:03o}, so {consequence}");
            let mut draft = context
                .finding(id::PERMISSIONS_UMASK_LEFT, step.span, message)
                .at_most(sure)
                .at_most(context.confidence(script, id, None))
                .help("set it for the secret alone: `(umask 077; … > FILE)`, or set it back: `umask 022`");
            let since = script.steps[..id.0 as usize].iter().rev().take_while(|step| closed(step).is_some());
            if let Some(first) = since.last() {
                draft = draft.related(first.span, "the umask is closed from here on");
            }
            found.push(draft.done());
            // What comes after it has the same cause.
            break;
        }
    }
}

/// The umask of a step, if what it makes is closed to its group and to everybody else.
fn closed(step: &Step) -> Option<u32> {
    step.umask.filter(|mask| mask & SHUT == SHUT)
}

/// The directories that nginx serves as they are.
fn served_directories<'c>(deploy: &Deploy<'c, '_, '_>) -> Vec<&'c str> {
    let lines = web_texts(deploy).iter().flat_map(|text| text.lines());
    let directives =
        lines.filter(|line| !line.trim_start().starts_with('#')).flat_map(|line| line.split(';'));
    let directories = directives.filter_map(|directive| {
        // `server { root /var/www/shop; }`
        let line = directive.rsplit("{ ").next().unwrap_or(directive).trim();
        let value = ["root", "alias"].iter().find_map(|key| line.strip_prefix(key))?;
        let value = value.strip_prefix([' ', '\t'])?.trim().trim_matches(['"', '\'']);
        value.starts_with(['/', '$']).then_some(value.trim_end_matches('/'))
    });
    directories.filter(|directory| !is_on_every_server(directory)).collect()
}

/// What a step makes with the mode that umask(2) leaves: a build's output lies below the directory that it works in.
fn made(step: &Step) -> impl Iterator<Item = Value> {
    let builds = step.deed.roles.iter().any(|role| matches!(role, Role::Build(_) | Role::StaticFiles));
    let built = builds.then(|| works_in(&step.argv));
    let made = step.deed.effects.iter().filter_map(|effect| {
        let Resource::Path(path) = &effect.resource else { return None };
        let keeps = effect.content.as_ref().is_some_and(|content| {
            matches!(content.how, How::Kept | How::Moved | How::Synced | How::Linked | How::Unpacked)
        });
        let makes = match &effect.change {
            Change::Create(kind) => *kind != PathKind::Link,
            Change::Write => effect.content.as_ref().is_some_and(|content| content.tree),
            _ => false,
        };
        (makes && !keeps && mode_set_by(step, &effect.resource).is_none()).then(|| path.clone())
    });
    let all = built.into_iter().chain(made);
    all.filter(|path| path.is_absolute() && !path.as_literal().is_some_and(is_on_every_server))
}

/// The service of another account that runs from a tree which root makes.
fn run_by(context: &World<'_, '_>, step: &Step, path: &str) -> Option<(String, Confidence)> {
    let makes = step.deed.roles.iter().any(|role| matches!(role, Role::VirtualEnv | Role::Clone));
    if !makes || !is_roots(step) {
        return None;
    }
    // Where the script is called from, only the end of the path is known.
    let end = path.strip_prefix("$PWD/").map(|rest| format!("/{rest}/"));
    context.units.iter().find_map(|at| {
        let user = at.unit.user().filter(|user| !matches!(user.value.as_str(), "root" | "0" | ""))?;
        let exec = at.unit.exec_start().into_iter().next()?;
        let is_it = match &end {
            Some(end) => exec.program.contains(end.as_str()),
            None => lies_under(&exec.program, path),
        };
        let who = format!("`{}` can't run {} there", user.value, at.name);
        is_it.then_some((who, Confidence::Medium))
    })
}

/// True if a later step opens the path again, or gives it to somebody.
fn is_opened(script: &Deployment<'_>, id: StepId, path: &Value) -> bool {
    script.after(id).any(|(_, step)| {
        let sets = step.deed.roles.contains(&Role::Owner) || step.deed.roles.contains(&Role::Mode);
        let is_hidden = sets && step.deed.effects.is_empty();
        is_hidden
            || step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Own { recursive: true, .. }, Resource::Path(target)) => {
                    reaches(target, true, path) || target.is_under(path)
                }
                (Change::Mode { mode, recursive }, Resource::Path(target)) => {
                    let opens = *mode == Mode::Unknown || mode.others_can_read() != Some(false);
                    opens && (reaches(target, *recursive, path) || target.is_under(path))
                }
                // rsync(1): with `-a`, `dist/` brings the mode of the directory too.
                (Change::Write, Resource::Path(target)) => {
                    let content = effect.content.as_ref();
                    target == path && content.is_some_and(|c| matches!(c.how, How::Kept | How::Synced))
                }
                _ => false,
            })
    })
}
