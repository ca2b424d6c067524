//! What each step does when the whole script runs again, starting with the state that the first run left.

use crate::limit::tick;
use crate::model::condition::Cond;
use crate::model::run::relation::concerns;
use crate::model::run::timeline::{Asking, Presence, Ran, State};
use crate::model::run::truth::excludes_presence;
use crate::model::{About, Deployment, GuardId, Step, StepId};
use crate::shell::value::{Knowledge, Value};
use crate::tools::copying::{ENTERS_LINK, link_target};
use crate::tools::databases::loads_dump;
use crate::tools::effect::{Again, Change, Effect, PathKind, Resource, Role};
use crate::tools::says::Aspect;
use crate::tools::thing::Thing;

/// What a step does in the second run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A guard is no longer met.
    Skipped(GuardId),
    /// It leaves everything as it is, or creates it again as the first run did.
    NoChange,
    /// It exits non-zero. The text is the program's own message.
    Fails(&'static str),
    /// It adds a second one.
    Duplicates(&'static str),
    /// It throws away what was there.
    Overwrites(&'static str),
    /// It acts on another place than the first time.
    Nests(&'static str),
    /// It waits for an answer.
    Prompts(&'static str),
    /// It is not known what it does.
    Unknown,
}

impl Outcome {
    /// The outcome in the words of [`crate::tools`], if it does harm.
    pub(crate) fn again(self) -> Option<Again> {
        match self {
            Outcome::Fails(why) => Some(Again::Fails(why)),
            Outcome::Duplicates(why) => Some(Again::Duplicates(why)),
            Outcome::Overwrites(why) => Some(Again::Overwrites(why)),
            Outcome::Nests(why) => Some(Again::Nests(why)),
            Outcome::Prompts(why) => Some(Again::Prompts(why)),
            Outcome::Skipped(_) | Outcome::NoChange | Outcome::Unknown => None,
        }
    }
}

/// The second run of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecondRun {
    /// What it does.
    pub(crate) outcome: Outcome,
    /// The responsible effect, as an index into the step's effects.
    pub(crate) effect: Option<usize>,
    /// The earlier step that caused it.
    pub(crate) because: Option<StepId>,
    /// True if everything that the verdict rests on is known.
    pub(crate) certain: bool,
}

impl SecondRun {
    fn plain(outcome: Outcome) -> Self {
        SecondRun { outcome, effect: None, because: None, certain: true }
    }

    /// The guard that skips it, if one does.
    pub(crate) fn skipped_by(&self) -> Option<GuardId> {
        match self.outcome {
            Outcome::Skipped(guard) => Some(guard),
            _ => None,
        }
    }
}

pub(crate) fn judge(deployment: &Deployment<'_>) -> (Vec<SecondRun>, Vec<Ran>) {
    let mut judged = Vec::with_capacity(deployment.steps.len());
    // What happens again decides what the later steps find.
    let mut runs = Vec::with_capacity(deployment.steps.len());
    let mut met = vec![None; deployment.guards.len()];
    for index in 0..deployment.steps.len() as u32 {
        let id = StepId(index);
        let met = match deployment.step(id).guard {
            Some(guard) => chain(deployment, &runs, id, guard, &mut met),
            None => Met { skipped: None, uncertain: false },
        };
        let (run, ran) = step(deployment, &runs, id, met);
        judged.push(run);
        runs.push(ran);
    }
    (judged, runs)
}

/// Whether the guards from the outermost to one of them are met in the second run.
#[derive(Clone, Copy, Debug)]
struct Met {
    /// The outermost guard that is not met.
    skipped: Option<GuardId>,
    /// True if it is not known whether all of them are met.
    uncertain: bool,
}

/// The verdict on a guard and all guards around it. It is made at the first step behind the guard, and is the same for
/// the other steps there.
fn chain(
    deployment: &Deployment<'_>,
    runs: &[Ran],
    asker: StepId,
    innermost: GuardId,
    met: &mut [Option<Met>],
) -> Met {
    let mut pending = Vec::new();
    let mut verdict = Met { skipped: None, uncertain: false };
    for (id, _) in crate::model::guards_from(&deployment.guards, Some(innermost)) {
        if let Some(known) = met[id.0 as usize] {
            verdict = known;
            break;
        }
        pending.push(id);
    }
    for id in pending.into_iter().rev() {
        let guard = &deployment.guards[id.0 as usize];
        if verdict.skipped.is_none() {
            let (steps, guards) = (&deployment.steps, &deployment.guards);
            let asking = Asking { steps, guards, runs, asker, before: asker, under: Some(id) };
            match deployment.timeline.truth(asking, id) {
                Some(truth) if truth != guard.holds => verdict.skipped = Some(id),
                Some(_) => {}
                None => verdict.uncertain |= guard.about != About::Constant,
            }
        }
        met[id.0 as usize] = Some(verdict);
    }
    verdict
}

fn step(deployment: &Deployment<'_>, runs: &[Ran], id: StepId, met: Met) -> (SecondRun, Ran) {
    let timeline = &deployment.timeline;
    let step = deployment.step(id);
    if let Some(guard) = met.skipped {
        return (SecondRun::plain(Outcome::Skipped(guard)), Ran::No);
    }
    let uncertain = met.uncertain;
    let (steps, guards) = (&deployment.steps, &deployment.guards);
    let asking = Asking { steps, guards, runs, asker: id, before: id, under: step.guard };
    let mut ran = if uncertain { Ran::Perhaps } else { Ran::Yes };
    let mut worst = SecondRun::plain(if step.deed.known { Outcome::NoChange } else { Outcome::Unknown });
    for (index, effect) in step.deed.effects.iter().enumerate() {
        let what = again(deployment, asking, effect);
        let makes = matches!(effect.change, Change::Create(_) | Change::Write);
        if what.is_none() && !makes {
            continue;
        }
        // A guard may ensure that nothing can clash, although it is unknown which way it goes: in
        // `if [ ! -f F ]; then if ASKED; then … > F; fi; fi` nothing that was written is written again.
        let kind = timeline.kind_seen(asking, effect);
        let seen_to = deployment.guards_of(id).find(|(_, guard)| {
            effect.change != Change::Remove
                && excludes_presence(guard, effect, kind)
                && !timeline.made_between(asking, &effect.resource, guard.at)
        });
        if let Some((guard_id, _)) = seen_to {
            return (
                SecondRun { certain: false, ..SecondRun::plain(Outcome::Skipped(guard_id)) },
                Ran::Perhaps,
            );
        }
        let Some((outcome, state)) = what else { continue };
        let forced = deployment.guards_of(id).find(|(guard_id, guard)| {
            guard.about == About::Mixed
                && guard.cond.facts().iter().any(|fact| concerns(fact, &effect.resource))
                && timeline.may_skip(asking, *guard_id)
        });
        if let Some((guard_id, _)) = forced {
            return (
                SecondRun { certain: false, ..SecondRun::plain(Outcome::Skipped(guard_id)) },
                Ran::Perhaps,
            );
        }
        let known =
            state.presence == Presence::There && effect.resource.name().knowledge() <= Knowledge::Symbolic;
        let run = SecondRun {
            outcome,
            effect: Some(index),
            because: state.since.filter(|since| *since != id),
            certain: known && !uncertain,
        };
        if matches!(outcome, Outcome::Fails(_)) {
            ran = if run.certain { Ran::Failed } else { Ran::Perhaps };
        }
        if weight(run.outcome) > weight(worst.outcome) {
            worst = run;
        }
    }
    if worst.outcome == Outcome::Unknown && ran == Ran::Yes {
        ran = Ran::Perhaps;
    }
    (worst, ran)
}

/// What one effect comes to when it happens again; `None` if that is nothing.
fn again(deployment: &Deployment<'_>, asking: Asking<'_>, effect: &Effect) -> Option<(Outcome, State)> {
    tick();
    let timeline = &deployment.timeline;
    let id = asking.asker;
    let name = effect.resource.name();
    if name.knowledge() == Knowledge::Fresh {
        return None;
    }
    let mut state = timeline.state(asking, &effect.resource);
    if is_set_anew(deployment, effect, id) {
        return None;
    }
    if let Resource::Line { file, text } = &effect.resource {
        state.presence = presence_of_line(deployment, asking, file, text)?;
    }
    let there = state.may_be_there();
    if there && effect.change == Change::Create(PathKind::Link) && enters_link(deployment, asking) {
        return Some((Outcome::Nests(ENTERS_LINK), state));
    }
    let outcome = match (&effect.change, effect.again) {
        // `DROP DATABASE IF EXISTS shop; CREATE DATABASE shop`: the second run drops everything that was
        // added to it.
        (Change::Remove, _)
            if matches!(effect.resource, Resource::Database(_))
                && timeline.state(Asking { before: StepId(0), ..asking }, &effect.resource).presence
                    == Presence::There
                && !name.to_string().contains("test")
                // A word of the caller asks for it: `if [ "$RESET_DB" = true ]`.
                && !deployment.guards_of(id).any(|(_, guard)| guard.cond.has_opaque())
                && !deployment.loads_a_dump(id) =>
        {
            Outcome::Overwrites("drops the database and everything in it")
        }
        // `mv "$(ls -t | head -1)" P`: it is another file each time.
        (Change::Remove, Again::Fails(_)) if name.to_string().contains("$(") => return None,
        (Change::Remove, Again::Fails(why)) => match state.presence {
            Presence::Gone if deployment.asks_for(&effect.resource, id) => return None,
            Presence::Gone if deployment.is_handed_in(asking, &effect.resource) => return None,
            Presence::Gone if !deployment.may_have_come(asking, &effect.resource) => Outcome::Fails(why),
            _ => return None,
        },
        (Change::Use, _) => return None,
        (Change::Create(PathKind::Tree), Again::Fails(why))
            if matches!(effect.resource, Resource::Path(_)) =>
        {
            // `git clone` into an empty directory works.
            if !(there && state.is_filled()) {
                return None;
            }
            Outcome::Fails(why)
        }
        (_, Again::Fails(_) | Again::Duplicates(_)) if there && deployment.is_ended_before(effect, id) => {
            return None;
        }
        (_, Again::Fails(why)) if there => Outcome::Fails(why),
        (_, Again::Overwrites(_)) if there && deployment.is_filled_after(effect, id) => return None,
        (_, Again::Overwrites(why)) if there => Outcome::Overwrites(why),
        // `wget` saves next to an existing file; a line is appended to whatever is there.
        (_, Again::Duplicates(why))
            if there || !matches!(effect.resource, Resource::Path(_) | Resource::Process(_)) =>
        {
            Outcome::Duplicates(why)
        }
        (_, Again::Nests(_))
            if deployment.asks_for_file(id) || enters_already(deployment, asking, effect) =>
        {
            return None;
        }
        (_, Again::Nests(why)) if there => Outcome::Nests(why),
        (_, Again::Prompts(why)) if there => Outcome::Prompts(why),
        (_, Again::Unknown) => Outcome::Unknown,
        _ => return None,
    };
    Some((outcome, state))
}

/// True if `ln -s DIR LINK` goes into the directory that the link leads to.
fn enters_link(deployment: &Deployment<'_>, asking: Asking<'_>) -> bool {
    let id = asking.asker;
    link_target(&deployment.step(id).deed).is_some_and(|leads_to| {
        let state = deployment.timeline.state(asking, &Resource::Path(leads_to.clone()));
        state.presence == Presence::There && matches!(state.kind, PathKind::Directory | PathKind::Tree)
            || deployment.asks_for_directory(leads_to, id)
    })
}

/// True if the first run puts it into the directory, too, because an earlier step has made that.
fn enters_already(deployment: &Deployment<'_>, asking: Asking<'_>, effect: &Effect) -> bool {
    let first = deployment.timeline.first_state(asking, &effect.resource);
    first.presence == Presence::There && matches!(first.kind, PathKind::Directory | PathKind::Tree)
}

/// True if nothing can be said of it, or what the first run left is gone by then.
fn is_set_anew(deployment: &Deployment<'_>, effect: &Effect, id: StepId) -> bool {
    match &effect.resource {
        Resource::Path(path) => path.is_glob(),
        Resource::FirewallRule(rule) => deployment.is_flushed(rule, id),
        // Compose makes a container anew as soon as anything about it has changed.
        Resource::Other(Thing::Attachment, _) => {
            deployment.iter().any(|(_, step)| step.deed.roles.contains(&Role::ComposeUp))
        }
        _ => false,
    }
}

/// Whether the file to which a line is appended is there in the second run; `None` if each run creates the file anew, or
/// takes the line away.
fn presence_of_line(
    deployment: &Deployment<'_>,
    asking: Asking<'_>,
    file: &Value,
    text: &Value,
) -> Option<Presence> {
    let id = asking.asker;
    if deployment.starts_anew(file, id)
        || deployment.line_is_removed(file, text, id)
        || deployment.is_cleaned(file, id)
    {
        return None;
    }
    let whole_file = Resource::Path(file.clone());
    // A draft that each run moves into place: its content belongs to this run.
    let start = Asking { before: StepId(0), ..asking };
    if deployment.timeline.state(start, &whole_file).presence == Presence::Gone {
        return None;
    }
    Some(deployment.timeline.state(asking, &whole_file).presence)
}

fn weight(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Skipped(_) | Outcome::NoChange => 0,
        Outcome::Unknown => 1,
        Outcome::Nests(_) => 2,
        Outcome::Prompts(_) => 3,
        Outcome::Duplicates(_) => 4,
        Outcome::Overwrites(_) => 5,
        Outcome::Fails(_) => 6,
    }
}

impl Deployment<'_> {
    /// The step before a clone that empties its directory, and leaves the last clone's `.git` there.
    pub(crate) fn emptied_before(&self, id: StepId) -> Option<StepId> {
        let step = self.step(id);
        let second = self.second_run(id);
        let into =
            step.deed.effects.get(second.effect?).filter(|_| step.deed.roles.contains(&Role::Clone))?;
        let empties = |(_, earlier): &(StepId, &Step)| {
            earlier.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Remove, Resource::Path(path)) => {
                    path.emptied_directory() == Some(into.resource.name().key())
                }
                _ => false,
            })
        };
        self.iter()
            .take_while(|(earlier, _)| *earlier < id)
            .filter(empties)
            .last()
            .map(|(earlier, _)| earlier)
    }

    /// True if the step runs only if the resource exists: `[ -d P ] || exit 0; mv P Q`.
    fn asks_for(&self, resource: &Resource, id: StepId) -> bool {
        self.guards_of(id).any(|(_, guard)| {
            let missing = guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(fact) if fact.resource == *resource => Some(false),
                _ => None,
            });
            missing == Some(!guard.holds)
        })
    }

    /// True if a later step fills the databases from a dump: `zcat dump.gz | psql`, pg_restore(1).
    fn loads_a_dump(&self, id: StepId) -> bool {
        self.iter().filter(|(later, _)| *later > id).any(|(_, step)| loads_dump(&step.argv))
    }

    /// True if a guard lets the step run only if the path is a directory.
    fn asks_for_directory(&self, path: &Value, id: StepId) -> bool {
        self.asks(Aspect::Directory, id, |asked| asked == path)
    }

    /// True if a guard lets the step run only if one of its operands is a regular file, into which nothing
    /// can be copied: `[ -f alembic.ini ] && cp -a alembic.ini /opt/shop/alembic.ini`.
    fn asks_for_file(&self, id: StepId) -> bool {
        let step = self.step(id);
        let is_operand =
            |asked: &Value| step.argv.args.iter().any(|arg| arg.value.resolve(&step.argv.cwd) == *asked);
        self.asks(Aspect::File, id, is_operand)
    }

    /// True if a guard lets the step run only if one of these paths has the aspect.
    fn asks(&self, aspect: Aspect, id: StepId, is_meant: impl Fn(&Value) -> bool) -> bool {
        self.guards_of(id).any(|(_, guard)| {
            let otherwise = guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(fact) if fact.aspect == aspect => {
                    matches!(&fact.resource, Resource::Path(asked) if is_meant(asked)).then_some(false)
                }
                _ => None,
            });
            otherwise == Some(!guard.holds)
        })
    }
}
