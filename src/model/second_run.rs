//! F3: what each step does when the whole script runs again, entered with the state that the first run left.

use super::timeline::{Asking, Presence, Ran, State, concerns, excludes_presence, holds_pattern};
use super::{Deployment, GuardId, StepId};
use crate::shell::effect::{Again, Change, Effect, PathKind, Resource};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;

/// What a step does in the second run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A guard is not met any more.
    Skipped(GuardId),
    /// It leaves everything as it is, or makes it anew as the first run did.
    NoChange,
    /// It exits non-zero. The text says why, in the tool's words.
    Fails(&'static str),
    /// It adds a second one.
    Duplicates(&'static str),
    /// It throws away what was there.
    Overwrites(&'static str),
    /// It acts on another place than the first time.
    Nests(&'static str),
    /// It waits for an answer.
    Prompts(&'static str),
    /// Not known.
    Unknown,
}

/// The second run of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondRun {
    /// What it does.
    pub outcome: Outcome,
    /// The effect that is to blame, as an index into the step's effects.
    pub effect: Option<usize>,
    /// The earlier step that made it so.
    pub because: Option<StepId>,
    /// All that the verdict rests on is known.
    pub certain: bool,
}

impl SecondRun {
    fn plain(outcome: Outcome) -> Self {
        SecondRun { outcome, effect: None, because: None, certain: true }
    }

    /// The guard that skips it, if one does.
    pub fn skipped_by(&self) -> Option<GuardId> {
        match self.outcome {
            Outcome::Skipped(guard) => Some(guard),
            _ => None,
        }
    }
}

pub(super) fn judge(deployment: &Deployment<'_>) -> (Vec<SecondRun>, Vec<Ran>) {
    let mut judged = Vec::with_capacity(deployment.steps.len());
    // What happens again decides what the later steps find.
    let mut runs = Vec::with_capacity(deployment.steps.len());
    for index in 0..deployment.steps.len() as u32 {
        let (run, ran) = step(deployment, &runs, StepId(index));
        judged.push(run);
        runs.push(ran);
    }
    (judged, runs)
}

fn step(deployment: &Deployment<'_>, runs: &[Ran], id: StepId) -> (SecondRun, Ran) {
    let timeline = &deployment.timeline;
    let step = deployment.step(id);
    let asking = Asking { steps: &deployment.steps, guards: &deployment.guards, runs, asker: id, before: id };
    let mut uncertain = false;
    // The outermost guard decides first.
    let chain: Vec<_> = deployment.guards_of(id).collect();
    for (guard_id, guard) in chain.iter().rev() {
        match timeline.truth(asking, *guard_id) {
            Some(truth) if truth != guard.holds => {
                return (SecondRun::plain(Outcome::Skipped(*guard_id)), Ran::No);
            }
            Some(_) => {}
            None => uncertain |= !guard.cond.facts().is_empty() || guard.cond.has_opaque(),
        }
    }
    let mut ran = if uncertain { Ran::Perhaps } else { Ran::Yes };
    let mut worst = SecondRun::plain(if step.deed.known { Outcome::NoChange } else { Outcome::Unknown });
    for (index, effect) in step.deed.effects.iter().enumerate() {
        let Some((outcome, state)) = again(deployment, asking, effect) else { continue };
        // A guard may see to it that there is nothing to clash with, though it cannot be told which way it goes.
        let kind = match effect.change {
            Change::Create(kind) => kind,
            _ => PathKind::Any,
        };
        let seen_to = chain.iter().find(|(_, guard)| {
            effect.change != Change::Remove
                && excludes_presence(guard, &effect.resource, kind)
                && !timeline.made_between(&effect.resource, guard.at, id)
        });
        if let Some((guard_id, _)) = seen_to {
            return (
                SecondRun { certain: false, ..SecondRun::plain(Outcome::Skipped(*guard_id)) },
                Ran::Perhaps,
            );
        }
        let forced = chain.iter().find(|(guard_id, guard)| {
            guard.cond.has_opaque()
                && guard.cond.facts().iter().any(|fact| concerns(fact, &effect.resource))
                && timeline.may_skip(asking, *guard_id)
        });
        if let Some((guard_id, _)) = forced {
            return (
                SecondRun { certain: false, ..SecondRun::plain(Outcome::Skipped(*guard_id)) },
                Ran::Perhaps,
            );
        }
        let known =
            state.presence == Presence::There && effect.resource.name().knowledge() <= Knowledge::Symbolic;
        let run = SecondRun {
            outcome,
            effect: Some(index),
            because: state.by.filter(|by| *by != id),
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

/// What one effect comes to when it happens again; `None` where that is nothing.
fn again(deployment: &Deployment<'_>, asking: Asking<'_>, effect: &Effect) -> Option<(Outcome, State)> {
    let timeline = &deployment.timeline;
    let id = asking.asker;
    let name = effect.resource.name();
    if name.knowledge() == Knowledge::Fresh {
        return None;
    }
    let mut state = timeline.state(asking, &effect.resource);
    if let Resource::Path(path) = &effect.resource
        && path.is_glob()
    {
        return None;
    }
    // The path that an append writes to may be made anew in each run.
    if let Resource::Line { file, text } = &effect.resource {
        if deployment.starts_anew(file, id) || deployment.line_is_removed(file, text, id) {
            return None;
        }
        let whole_file = Resource::Path(file.clone());
        // A draft that each run moves to its place: what lies there is of this run.
        let start = Asking { before: StepId(0), ..asking };
        if timeline.state(start, &whole_file).presence == Presence::Gone {
            return None;
        }
        let whole = timeline.state(asking, &whole_file);
        state.presence = whole.presence;
    }
    let there = state.may_be_there();
    let outcome = match (&effect.change, effect.again) {
        (Change::Remove, Again::Fails(why)) => match state.presence {
            Presence::Gone if !deployment.may_have_come(&effect.resource, id) => Outcome::Fails(why),
            _ => return None,
        },
        (Change::Use, _) => return None,
        (Change::Create(PathKind::Tree), Again::Fails(why))
            if matches!(effect.resource, Resource::Path(_)) =>
        {
            // `git clone` into an empty directory works.
            if !(there && state.filled) {
                return None;
            }
            Outcome::Fails(why)
        }
        (_, Again::Fails(why)) if there => Outcome::Fails(why),
        (_, Again::Overwrites(why)) if there => Outcome::Overwrites(why),
        // `wget` saves beside a file that is there; a line is appended to whatever there is.
        (_, Again::Duplicates(why)) if there || !matches!(effect.resource, Resource::Path(_)) => {
            Outcome::Duplicates(why)
        }
        (_, Again::Nests(why)) if there => Outcome::Nests(why),
        (_, Again::Prompts(why)) if there => Outcome::Prompts(why),
        (_, Again::Unknown) => Outcome::Unknown,
        _ => return None,
    };
    Some((outcome, state))
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
    /// True where a command whose effects are not all known may have made the path: it names it as an operand
    /// (`export --out=F.new && mv F.new F`), copies a file of that name to the other host, or unpacks above it.
    fn may_have_come(&self, resource: &Resource, before: StepId) -> bool {
        let Resource::Path(path) = resource else { return false };
        let step = self.step(before);
        self.steps[..before.0 as usize].iter().any(|earlier| {
            let copies = matches!(earlier.argv.name.as_str(), "scp" | "rsync" | "sftp");
            let unpacks = matches!(
                earlier.argv.name.as_str(),
                "tar" | "unzip" | "rsync" | "cp" | "git" | "7z" | "bsdtar"
            );
            earlier.place == step.place
                && unpacks
                && earlier.deed.effects.iter().any(|e| {
                    matches!((&e.change, &e.resource), (Change::Write | Change::Create(_), Resource::Path(p))
                        if p != path && path.is_under(p))
                })
                || (!earlier.deed.known || copies && matches!(step.place, Place::Remote(_)))
                    && earlier.argv.args.iter().any(|arg| {
                        let value =
                            arg.value.split_once('=').map_or_else(|| arg.value.clone(), |(_, value)| value);
                        value.resolve(&earlier.argv.cwd) == *path
                            || copies && value.basename() == path.basename()
                    })
        })
    }

    /// True where each run takes the line away before the step adds it: `sed -i '/x/d' F; echo x >> F`.
    fn line_is_removed(&self, file: &Value, text: &Value, before: StepId) -> bool {
        self.steps[..before.0 as usize].iter().any(|earlier| {
            earlier.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                (Change::Remove, Resource::Line { file: of, text: pattern }) => {
                    of == file && holds_pattern(text, pattern)
                }
                _ => false,
            })
        })
    }

    /// True where each run writes the file from nothing before the step appends to it.
    pub fn starts_anew(&self, file: &Value, before: StepId) -> bool {
        let step = self.step(before);
        let guards: Vec<GuardId> = self.guards_of(before).map(|(id, _)| id).collect();
        self.steps[..before.0 as usize].iter().enumerate().any(|(index, earlier)| {
            let certain = earlier.entry == step.entry || earlier.entry == 0;
            let own: Vec<GuardId> = self.guards_of(StepId(index as u32)).map(|(id, _)| id).collect();
            certain
                && earlier.place == step.place
                && earlier.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                    (Change::Write, Resource::Path(path)) => path == file,
                    (Change::Remove, Resource::Path(path)) => file.is_under(path),
                    _ => false,
                })
                && own.iter().all(|g| {
                    guards.contains(g) || {
                        // `[ -f F ] && rm F`: gone either way.
                        let guard = &self.guards[g.0 as usize];
                        let facts = guard.cond.facts();
                        guard.holds
                            && !guard.cond.has_opaque()
                            && facts
                                .iter()
                                .all(|f| matches!(&f.resource, Resource::Path(p) if file.is_under(p)))
                    }
                })
        })
    }
}
