//! Which steps of a script fail in the first run, because something that they need is not there yet, or never.

use crate::facts::first_run::disk::{Disk, Lack, Skips};
use crate::facts::first_run::gone::{gone, removed};
use crate::facts::ground::Ground;
use crate::finding::Confidence;
use crate::model::condition::Cond;
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::shell::argv::Stdin;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, How, PathKind, Resource, Role};
use crate::tools::inputs::{inputs, needs_its_directory};
use hashbrown::HashSet;

/// A step that needs a path which is not there.
pub(crate) struct Trouble {
    /// The step.
    pub(crate) step: StepId,
    /// The words that need it.
    pub(crate) span: Span,
    /// The path.
    pub(crate) path: Value,
    /// What the path is to the step.
    pub(crate) need: Need,
    /// What is known of its absence.
    pub(crate) lack: Lack,
    /// True for the first step that lacks the path or its missing directory.
    pub(crate) is_first: bool,
}

/// What a path is to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Its program.
    Program,
    /// Its working directory.
    Directory,
    /// A file that it reads or changes.
    File,
    /// What it copies or moves.
    Source,
    /// The directory of what it makes.
    Holder,
}

/// The steps that fail, each with the first path that it lacks.
pub(crate) fn troubles<'a>(world: &Ground<'_, 'a>, script: &Deployment<'a>) -> Vec<Trouble> {
    let disk = Disk::of(world, script);
    let removed = removed(script);
    let mut told: Vec<Value> = Vec::new();
    let mut found = Vec::new();
    // What was there for one step is there for the next ones.
    let mut fine: HashSet<Value> = HashSet::new();
    let mut last: Option<&Value> = None;
    for (id, step) in script.iter() {
        let counts = step.entry == 0
            && step.place == Place::Here
            && step.on_failure != OnFailure::Handled
            && !step.status_checked
            && !step.in_loop;
        if !counts {
            continue;
        }
        let mut lacking = None;
        each_need(step, &mut |path, span, need| {
            if lacking.is_some() {
                return;
            }
            if removed.get(path).is_some_and(|first| *first < id)
                && !makes(step, path)
                && let Some(lack) = gone(script, path, id)
            {
                lacking = Some((path.clone(), span, need, lack));
                return;
            }
            // Most steps work in the directory of the one before.
            if last == Some(path) || fine.contains(path) {
                return;
            }
            let lack = match need {
                Need::Holder => disk.lacks_holder(path, id),
                _ => disk.lacks(path, id),
            };
            let Some(lack) = lack else {
                if need == Need::Directory {
                    last = Some(&step.argv.cwd);
                }
                fine.insert(path.clone());
                return;
            };
            // A copy of what the system may have is made before it is replaced.
            let is_built =
                |step: StepId| script.step(step).deed.roles.iter().any(|role| matches!(role, Role::Build(_)));
            let is_backup = need == Need::Source
                && !lack.later.is_some_and(is_built)
                && lack.holder.is_none()
                && lack.in_repo.is_none()
                && !puts_in_place(step, path);
            // `[ -f X ] && cp X Y` does nothing where X is missing.
            let is_asked_for = script.guards_of(id).any(|(_, guard)| {
                let truth = guard.cond.evaluate(&mut |leaf| match leaf {
                    Cond::Fact(fact) => {
                        matches!(&fact.resource, Resource::Path(asked) if asked == path).then_some(false)
                    }
                    _ => None,
                });
                truth == Some(!guard.holds)
            });
            if !is_backup && !is_asked_for {
                lacking = Some((path.clone(), span, need, lack));
            }
        });
        let Some((path, span, need, mut lack)) = lacking else { continue };
        // A file that is gone leaves its directory behind.
        let top = if lack.gone.is_some() { path.clone() } else { disk.top(&path, id) };
        match disk.skips(id) {
            Skips::Always(_) => continue,
            Skips::Never => {}
            Skips::Unknown => lack.sure = lack.sure.min(Confidence::Medium),
        }
        let is_first = !told.contains(&top);
        told.push(top);
        found.push(Trouble { step: id, span, path, need, lack, is_first });
    }
    found
}

/// The step that makes a path, if the path is not there when the first run reaches another one before it.
pub(crate) fn made_only_later<'a>(
    world: &Ground<'_, 'a>,
    script: &Deployment<'a>,
    path: &Value,
    before: StepId,
) -> Option<StepId> {
    let later = script.made_after(before, path)?;
    let lack = Disk::of(world, script).lacks(path, before)?;
    (lack.later == Some(later) && lack.sure == Confidence::High).then_some(later)
}

/// Shows each path that a step needs, with the words that name it.
pub(super) fn each_need(step: &Step, see: &mut dyn FnMut(&Value, Span, Need)) {
    let argv = &step.argv;
    if argv.name.is_empty() && argv.args.is_empty() {
        return;
    }
    if argv.cwd.is_absolute() {
        see(&argv.cwd, step.span, Need::Directory);
    }
    if argv.program.value.key().contains('/') {
        see(&argv.program.value.resolve(&argv.cwd), argv.program.span, Need::Program);
    }
    for (path, span) in inputs(argv) {
        see(&path, span.unwrap_or(step.span), Need::File);
    }
    if let Stdin::File(path) = &argv.stdin {
        see(path, step.span, Need::File);
    }
    for effect in &step.deed.effects {
        if let Some(content) = &effect.content
            && let Some(from) = &content.from
            && matches!(content.how, How::Copied | How::Kept | How::Moved)
        {
            let named = argv.args.iter().find(|arg| argv.path(arg) == *from);
            see(from, named.map_or(step.span, |arg| arg.span), Need::Source);
        }
        let changes = matches!(effect.change, Change::Own { .. } | Change::Mode { .. } | Change::Edit);
        if changes
            && let Resource::Path(path) = &effect.resource
            && !makes(step, path)
        {
            see(path, effect.operand.unwrap_or(step.span), Need::File);
        }
    }
    for (path, span, need) in holders(step) {
        see(&path, span, need);
    }
}

/// True if the step puts a new version in place: from `NAME.new` or `NAME.tmp` to `NAME`.
fn puts_in_place(step: &Step, from: &Value) -> bool {
    step.deed.puts().any(|(effect, content)| {
        let Resource::Path(to) = &effect.resource else { return false };
        let ending = from.key().strip_prefix(to.key()).unwrap_or_default();
        content.from.as_ref() == Some(from) && ending.starts_with(['.', '-', '_', '~'])
    })
}

/// The directories in which a step puts files, and that it doesn't make.
fn holders(step: &Step) -> impl Iterator<Item = (Value, Span, Need)> {
    let redirected = step.argv.stdout.as_ref().map(|(path, _)| (path, step.span));
    let puts = needs_its_directory(&step.argv);
    let put = step.deed.effects.iter().filter(move |_| puts).filter_map(|effect| {
        let puts = matches!(
            effect.change,
            Change::Write
                | Change::Append
                | Change::Create(PathKind::File | PathKind::Link | PathKind::Directory)
        );
        match &effect.resource {
            Resource::Path(path) if puts => Some((path, effect.operand.unwrap_or(step.span))),
            _ => None,
        }
    });
    let paths = redirected.into_iter().chain(put).filter(|(path, _)| path.is_absolute());
    let above = paths.map(|(path, span)| (path.dirname(), span, Need::Holder));
    above.filter(|(path, ..)| !makes(step, path))
}

/// True if the step itself makes the path.
pub(super) fn makes(step: &Step, path: &Value) -> bool {
    step.deed.effects.iter().any(|effect| {
        matches!(effect.change, Change::Create(_) | Change::Write | Change::Append)
            && matches!(&effect.resource, Resource::Path(made) if made == path)
    })
}
