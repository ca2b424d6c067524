//! F3: what each step does when the whole script runs again, entered with the state that the first run left.

use super::timeline::{self, Moment, Presence};
use super::{Deployment, GuardId, StepId};
use crate::shell::effect::{Again, Change, Effect, Resource};
use crate::shell::value::Knowledge;

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

pub(super) fn judge(deployment: &Deployment<'_>) -> Vec<SecondRun> {
    (0..deployment.steps.len() as u32).map(|i| step(deployment, StepId(i))).collect()
}

fn step(deployment: &Deployment<'_>, id: StepId) -> SecondRun {
    let (steps, guards, timeline) = (&deployment.steps, &deployment.guards, &deployment.timeline);
    let step = deployment.step(id);
    let mut uncertain = false;
    // The outermost guard decides first.
    let chain: Vec<_> = deployment.guards_of(id).collect();
    for (guard_id, guard) in chain.iter().rev() {
        match timeline.truth(steps, guards, *guard_id, id) {
            Some(truth) if truth != guard.holds => return SecondRun::plain(Outcome::Skipped(*guard_id)),
            Some(_) => {}
            None => uncertain |= !guard.cond.facts().is_empty() || guard.cond.has_opaque(),
        }
    }
    let mut worst = SecondRun::plain(if step.deed.known { Outcome::NoChange } else { Outcome::Unknown });
    for (index, effect) in step.deed.effects.iter().enumerate() {
        let name = effect.resource.name();
        if name.knowledge() == Knowledge::Fresh {
            continue;
        }
        let moment = Moment { before: id, asker: id, second_run: true };
        let mut state = timeline.state(steps, guards, &effect.resource, moment);
        if let (Change::Create(_), Resource::Path(path)) = (&effect.change, &effect.resource)
            && path.is_glob()
        {
            continue;
        }
        // The path that an append writes to may be made anew in each run.
        if let Resource::Line { file, .. } = &effect.resource {
            let whole = timeline.state(steps, guards, &Resource::Path(file.clone()), moment);
            state.presence = whole.presence;
            if let Some(by) = whole.by.filter(|by| *by < id) {
                let remade = deployment.step(by).deed.effects.iter().any(|e| {
                    matches!(&e.resource, Resource::Path(p) if p == file || file.is_under(p))
                        && matches!(e.change, Change::Write | Change::Remove | Change::Create(_))
                });
                if remade && deployment.starts_anew(file, id) {
                    continue;
                }
            }
            if deployment.starts_anew(file, id) || deployment.line_leaves(effect, id) {
                continue;
            }
            // A draft that each run moves to its place: what lies there is of this run.
            let start = Moment { before: StepId(0), asker: id, second_run: true };
            let draft = timeline.state(steps, guards, &Resource::Path(file.clone()), start);
            if draft.presence == Presence::Gone {
                continue;
            }
        }
        let there = matches!(state.presence, Presence::There | Presence::MaybeThere | Presence::MaybeGone);
        let known = matches!(state.presence, Presence::There) && name.knowledge() <= Knowledge::Symbolic;
        let outcome = match (&effect.change, effect.again) {
            (Change::Remove, Again::Fails(why)) => match state.presence {
                Presence::Gone if !deployment.made_by_unknown(&effect.resource, id) => Outcome::Fails(why),
                _ => continue,
            },
            (Change::Use, _) => continue,
            (Change::Create(crate::shell::effect::PathKind::Tree), Again::Fails(why))
                if matches!(effect.resource, Resource::Path(_)) =>
            {
                // `git clone` into an empty directory works.
                if !(there && state.filled) {
                    continue;
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
            _ => continue,
        };
        let run = SecondRun {
            outcome,
            effect: Some(index),
            because: state.by.filter(|by| *by != id),
            certain: known && !uncertain,
        };
        if weight(run.outcome) > weight(worst.outcome) {
            worst = run;
        }
    }
    worst
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
    /// True where each run takes a line away before it appends it: `sed -i '/^PORT=/d' F; echo PORT=80 >> F`.
    fn line_leaves(&self, appended: &Effect, before: StepId) -> bool {
        let Resource::Line { file, text } = &appended.resource else { return false };
        let step = self.step(before);
        self.steps[..before.0 as usize].iter().any(|earlier| {
            earlier.place == step.place
                && (earlier.entry == step.entry || earlier.entry == 0)
                && earlier.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                    (Change::Remove, Resource::Line { file: of, text: pattern }) => {
                        of == file && timeline::holds_pattern(text, pattern)
                    }
                    _ => false,
                })
        })
    }

    /// True where a command that is not known names the path as an operand: `iconv -o F.new F && mv F.new F`.
    fn made_by_unknown(&self, resource: &Resource, before: StepId) -> bool {
        let Resource::Path(path) = resource else { return false };
        self.steps[..before.0 as usize].iter().any(|earlier| {
            !earlier.deed.known
                && earlier.argv.args.iter().any(|arg| {
                    let value =
                        arg.value.split_once('=').map_or_else(|| arg.value.clone(), |(_, value)| value);
                    value.resolve(&earlier.argv.cwd) == *path
                })
        })
    }

    /// True where each run writes the file from nothing before the step appends to it.
    pub fn starts_anew(&self, file: &crate::shell::value::Value, before: StepId) -> bool {
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
