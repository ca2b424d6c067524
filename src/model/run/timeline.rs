//! What steps did to each resource, in order, and whether it exists at a moment of the first or second run.

use crate::limit::tick;
use crate::model::condition::Cond;
use crate::model::{About, Guard, GuardId, Step, StepId, guards_from};
use crate::shell::value::Value;
use crate::tools::containers::attached_container;
use crate::tools::effect::{Change, PathKind, Resource};
use crate::tools::files::leaves_empty;
use crate::tools::says::Fact;
use crate::tools::thing::Thing;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// Whether a resource exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Certainly.
    There,
    /// Certainly not.
    Gone,
    /// Some step may have created it.
    MaybeThere,
    /// Some step may have removed it.
    MaybeGone,
    /// No step touches it.
    Untouched,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    /// It exists afterwards, as this. A directory keeps what it held.
    Made(PathKind),
    /// It exists afterwards, as a file; an empty one if it did not exist before.
    Touched,
    /// Something below it is created, so it is a directory that is not empty.
    Filled,
    /// It is gone, with everything below it.
    Removed,
    /// Everything below it is gone, but it stays.
    Emptied,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    step: StepId,
    happening: Happening,
}

/// A limit for the bytes of everything above one path, and above all paths of a script: no file system has a
/// path of ten thousand parts.
const ABOVE: usize = 256 * 1024;
const ABOVE_ALL: usize = 256 * 1024 * 1024;

/// The events of each resource.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    events: HashMap<String, Vec<Event>>,
    /// The events that remove something below the resource. For a directory like `/opt` they are a small part.
    removals: HashMap<String, Vec<Event>>,
    /// How many bytes of paths may still be recorded for what is above a path.
    left: usize,
    /// By kind and shown name: the first two resources that steps act on. It is built when it is first
    /// needed.
    shown: OnceCell<HashMap<(&'static str, String), Vec<Resource>>>,
}

/// Who asks, and what is known about the second run up to there.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'d> {
    pub(crate) steps: &'d [Step],
    pub(crate) guards: &'d [Guard],
    /// Whether each step runs in the second run; known up to the asker.
    pub(crate) runs: &'d [Ran],
    /// Only what is compatible with the guards of this step counts.
    pub(crate) asker: StepId,
    /// Those guards. A question about a guard itself is asked from where it stands.
    pub(crate) under: Option<GuardId>,
    /// The moment is just before this step of the second run.
    pub(crate) before: StepId,
}

/// The result of a step's second run, for the steps after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ran {
    /// A guard skips it.
    No,
    /// It runs if guards hold that are not known.
    Perhaps,
    /// It runs and succeeds, as far as is known.
    Yes,
    /// It runs and fails.
    Failed,
}

/// The state of one resource at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) presence: Presence,
    /// What it is, if it is a path.
    pub(crate) kind: PathKind,
    /// True if it contains something that a step put there.
    pub(crate) filled: bool,
    /// The last step that acted on it.
    pub(crate) by: Option<StepId>,
    /// The step since which its presence is this.
    pub(crate) since: Option<StepId>,
}

impl State {
    /// No step touches it.
    const UNTOUCHED: State =
        State { presence: Presence::Untouched, kind: PathKind::Any, filled: false, by: None, since: None };

    /// True if some step may have created it, and none has certainly removed it since.
    pub(crate) fn may_be_there(&self) -> bool {
        matches!(self.presence, Presence::There | Presence::MaybeThere | Presence::MaybeGone)
    }
}

fn key(resource: &Resource) -> String {
    match resource {
        Resource::Remote { repo, name } => format!("remote:{}:{}", repo.key(), name.key()),
        Resource::Line { file, .. } => format!("line:{}", file.key()),
        _ => format!("{}:{}", resource.kind(), resource.name().key()),
    }
}

impl Timeline {
    pub(crate) fn new(steps: &[Step]) -> Self {
        let mut timeline = Timeline { left: ABOVE_ALL, ..Timeline::default() };
        // A stopped container still exists, unless it was run with `--rm`.
        let effects = steps.iter().flat_map(|step| &step.deed.effects);
        let freed: HashSet<&Value> = effects
            .filter_map(|e| match &e.resource {
                Resource::Other(Thing::FreedContainer, of) => Some(of),
                _ => None,
            })
            .collect();
        for (index, step) in steps.iter().enumerate() {
            for effect in &step.deed.effects {
                if let (Change::Stop, Resource::Container(name)) = (&effect.change, &effect.resource)
                    && !freed.contains(name)
                {
                    continue;
                }
                timeline.add(StepId(index as u32), step, &effect.change, &effect.resource);
            }
        }
        timeline
    }

    fn add(&mut self, step: StepId, by: &Step, change: &Change, resource: &Resource) {
        let redirected = || {
            matches!((&by.argv.stdout, resource), (Some((to, _)), Resource::Path(path)) if to == path)
                || by.written.iter().any(|w| matches!(resource, Resource::Path(path) if w.path == *path))
        };
        let happening = match change {
            Change::Create(PathKind::File) if leaves_empty(&by.argv) => Happening::Touched,
            Change::Create(kind) => Happening::Made(*kind),
            // The shell opens a file, whatever is written to it.
            Change::Write if redirected() => Happening::Made(PathKind::File),
            Change::Append => Happening::Made(PathKind::File),
            Change::Write | Change::Edit | Change::Start | Change::Restart | Change::Enable => {
                Happening::Made(PathKind::Any)
            }
            Change::Remove | Change::Stop => Happening::Removed,
            Change::Own { .. } | Change::Mode { .. } | Change::Use => return,
        };
        if let Resource::Line { .. } = resource {
            self.push(key(resource), step, happening);
            if happening == Happening::Removed {
                return;
            }
        }
        if let Resource::Path(path) | Resource::Line { file: path, .. } = resource {
            let text = path.key();
            // `rm -rf /opt/app/*` removes what is below, and the directory stays.
            if let Some(parent) = path.emptied_directory() {
                let happening =
                    if happening == Happening::Removed { Happening::Emptied } else { Happening::Filled };
                self.push(format!("path:{parent}"), step, happening);
                return;
            }
            self.push(format!("path:{text}"), step, happening);
            if happening != Happening::Removed {
                // Everything above it exists too.
                for above in ancestors(text).take_while(|above| !above.is_empty()) {
                    let Some(left) = self.left.checked_sub(above.len()) else { break };
                    self.left = left;
                    self.push(format!("path:{above}"), step, Happening::Filled);
                }
            }
            return;
        }
        self.push(key(resource), step, happening);
    }

    /// The first other resource of the same kind that a step acts on and that is shown in the same way.
    pub(crate) fn shown_alike(&self, steps: &[Step], resource: &Resource, shown: &str) -> Option<&Resource> {
        let alike = self.shown.get_or_init(|| {
            let mut all: HashMap<(&'static str, String), Vec<Resource>> = HashMap::new();
            for effect in steps.iter().flat_map(|step| &step.deed.effects) {
                tick();
                let resource = &effect.resource;
                let alike = all.entry((resource.kind(), resource.name().to_string())).or_default();
                if alike.len() < 2 && !alike.contains(resource) {
                    alike.push(resource.clone());
                }
            }
            all
        });
        let alike = alike.get(&(resource.kind(), shown.to_owned()))?;
        alike.iter().find(|other| *other != resource)
    }

    fn push(&mut self, key: String, step: StepId, happening: Happening) {
        tick();
        if matches!(happening, Happening::Removed | Happening::Emptied) {
            self.removals.entry(key.clone()).or_default().push(Event { step, happening });
        }
        self.events.entry(key).or_default().push(Event { step, happening });
    }

    /// Whether a step from `from` up to `before` creates the resource.
    pub(crate) fn made_between(&self, asking: Asking<'_>, resource: &Resource, from: StepId) -> bool {
        let name = key(resource);
        self.events.get(&name).is_some_and(|events| {
            events.iter().any(|e| {
                e.step >= from
                    && e.step < asking.asker
                    && matches!(e.happening, Happening::Made(_) | Happening::Touched | Happening::Filled)
                    // What the other arm of a choice creates is not created in this one.
                    && !matches!(
                        relation(asking.guards, asking.steps[e.step.0 as usize].guard, asking.under),
                        Relation::Excludes
                    )
            })
        })
    }

    /// The state of a resource in the second run, after all of the first.
    pub(crate) fn state(&self, asking: Asking<'_>, resource: &Resource) -> State {
        let found = self.found(resource);
        let mut state = State::UNTOUCHED;
        for (event, above) in &found {
            self.apply(asking, resource, *event, *above, false, &mut state);
        }
        for (event, above) in found.iter().filter(|(e, _)| e.step < asking.before) {
            self.apply(asking, resource, *event, *above, true, &mut state);
        }
        state
    }

    /// The state of a resource in the first run. What was there before is not known.
    pub(crate) fn first_state(&self, asking: Asking<'_>, resource: &Resource) -> State {
        let mut state = State::UNTOUCHED;
        for (event, above) in self.found(resource).iter().filter(|(e, _)| e.step < asking.before) {
            self.apply(asking, resource, *event, *above, false, &mut state);
        }
        state
    }

    /// The first step after another one that makes a path, or what contains it.
    pub(crate) fn made_after(&self, step: StepId, path: &Value) -> Option<StepId> {
        let key = format!("path:{}", path.key());
        let makes = |event: &&Event| {
            event.step > step && matches!(event.happening, Happening::Made(_) | Happening::Touched)
        };
        let whole = |event: &&Event| {
            makes(event) && matches!(event.happening, Happening::Made(PathKind::Tree | PathKind::Any))
        };
        let own = self.events.get(&key).into_iter().flatten().filter(makes);
        let above = ancestors(&key).filter_map(|above| self.events.get(above)).flatten().filter(whole);
        own.chain(above).map(|event| event.step).min()
    }

    /// What happened to a resource and to what contains it, in order; true for the latter.
    fn found(&self, resource: &Resource) -> Vec<(Event, bool)> {
        let mut found: Vec<(Event, bool)> = Vec::new();
        let mut gather = |name: &str, above: bool| {
            // Creating something above says nothing about what is below.
            let events = if above { &self.removals } else { &self.events };
            for event in events.get(name).map_or(&[][..], Vec::as_slice) {
                found.push((*event, above));
            }
        };
        // A git remote is removed with its repository.
        let path = match resource {
            Resource::Path(path) => Some(path),
            Resource::Remote { repo, .. } => Some(repo),
            _ => None,
        };
        gather(&key(resource), false);
        if let Some(container) = attached_container(resource) {
            // A container that is removed is no longer in its networks.
            gather(&key(&container), true);
        }
        if let Some(path) = path {
            let text = format!("path:{}", path.key());
            if !matches!(resource, Resource::Path(_)) {
                gather(&text, true);
            }
            ancestors(&text).for_each(|above| gather(above, true));
        }
        if !found.is_sorted_by_key(|(event, _)| event.step) {
            found.sort_by_key(|(event, _)| event.step);
        }
        found
    }

    #[expect(clippy::too_many_arguments)]
    fn apply(
        &self,
        asking: Asking<'_>,
        resource: &Resource,
        event: Event,
        above: bool,
        again: bool,
        state: &mut State,
    ) {
        tick();
        let makes = match (event.happening, above) {
            (Happening::Removed, _) | (Happening::Emptied, true) => None,
            (Happening::Emptied, false) => {
                state.filled = false;
                return;
            }
            // Creating something above says nothing about what is below.
            (_, true) => return,
            (Happening::Made(kind), false) => Some((kind, kind != PathKind::Directory)),
            (Happening::Touched, false) => Some((PathKind::File, false)),
            (Happening::Filled, false) => Some((PathKind::Directory, true)),
        };
        let step = &asking.steps[event.step.0 as usize];
        let asker = &asking.steps[asking.asker.0 as usize];
        if step.entry != 0 && step.entry != asker.entry || step.place != asker.place {
            return;
        }
        let relation = relation(asking.guards, step.guard, asking.under);
        let ran = asking.runs.get(event.step.0 as usize).copied().filter(|_| again);
        let certain = match (relation, ran) {
            (Relation::Excludes, _) | (_, Some(Ran::No)) => return,
            (Relation::Implied, _) | (_, Some(Ran::Yes | Ran::Failed)) => true,
            // `if [ -e P ]; then …; rm -rf P; fi`: a script that removes P if it exists takes care of the
            // second run, even if it asks people in between.
            (Relation::Extra(extra), _) if makes.is_none() && extra.iter().any(|g| asserts(g, resource)) => {
                true
            }
            (Relation::Extra(extra), _) => {
                let mut all = true;
                for guard in extra {
                    // `[ -d P ] || mkdir P`: either way, P exists afterwards.
                    let runs = guard.cond.evaluate(&mut |leaf| match leaf {
                        Cond::Fact(fact) if concerns(fact, resource) => Some(makes.is_none()),
                        Cond::Works(_) => Some(true),
                        // `command -v openssl || return 1`: the server has what the script makes it with.
                        Cond::Fact(fact)
                            if makes.is_some() && matches!(fact.resource, Resource::Program(_)) =>
                        {
                            Some(true)
                        }
                        _ => None,
                    });
                    match runs {
                        Some(runs) if runs == guard.holds => {}
                        // `mkdir P || rm Q`: nothing happens if the first command works.
                        Some(_) if guard.cond.facts().is_empty() && !again => return,
                        _ => all = false,
                    }
                }
                all
            }
        };
        state.becomes(makes, certain, event.step);
    }
}

impl State {
    /// The state after a step that makes the resource, as what and whether with contents, or that removes it.
    fn becomes(&mut self, makes: Option<(PathKind, bool)>, certain: bool, step: StepId) {
        let before = self.presence;
        if let Some((kind, fills)) = makes {
            self.presence = match (certain, before) {
                (true, _) | (false, Presence::There) => Presence::There,
                (false, _) => Presence::MaybeThere,
            };
            if kind != PathKind::Any || self.by.is_none() {
                self.kind = kind;
            }
            self.filled |= fills;
        } else {
            self.filled &= !certain;
            self.presence = match (certain, before) {
                (true, _) | (false, Presence::Gone) => Presence::Gone,
                (false, _) => Presence::MaybeGone,
            };
        }
        self.by = Some(step);
        // What makes it once more changes nothing.
        if self.presence != before {
            self.since = self.by;
        }
    }
}

/// True if a fact is about the resource (or, for paths, about one that contains it).
pub(crate) fn concerns(fact: &Fact, resource: &Resource) -> bool {
    match (&fact.resource, resource) {
        (Resource::Path(asked), Resource::Path(path)) => {
            asked == path || path.is_under(asked) || asked.is_under(path)
        }
        (Resource::Line { file: asked, .. }, Resource::Line { file, .. }) => asked == file,
        (asked, made) => asked == made || asked.kind() == made.kind() && asked.name().looks_like(made.name()),
    }
}

/// True if a guard holds because the resource, or what contains it, exists.
fn asserts(guard: &Guard, resource: &Resource) -> bool {
    let there = |truth: bool| {
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) if concerns(fact, resource) => Some(truth),
            _ => None,
        })
    };
    there(true) == Some(guard.holds) && there(false) != Some(guard.holds)
}

/// Everything above a path, from the nearest.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    fn above(path: &str) -> Option<&str> {
        path.rfind('/').map(|cut| &path[..cut])
    }
    let mut left = ABOVE;
    std::iter::successors(above(path), |path| above(path)).take_while(move |above| {
        tick();
        left = left.saturating_sub(above.len());
        left > 0
    })
}

pub(super) enum Relation<'g> {
    /// They are in different arms of one choice.
    Excludes,
    /// All guards of the one also apply to the other.
    Implied,
    /// The one has these additional guards.
    Extra(Vec<&'g Guard>),
}

/// How the guards of an event relate to those of the asker.
pub(super) fn relation(guards: &[Guard], event: Option<GuardId>, asker: Option<GuardId>) -> Relation<'_> {
    // Most steps of a long script are behind no guard, or behind the same one.
    if event.is_none() || event == asker {
        return Relation::Implied;
    }
    let shared = common(guards, event, asker);
    let own = |from| guards_from(guards, from).take_while(move |(id, _)| Some(*id) != shared);
    let mut extra = Vec::new();
    for (_, guard) in own(event) {
        let arms = own(asker).filter_map(|(_, other)| Some((guard.choice?, other, other.choice?)));
        for ((choice, arm), other, (other_choice, other_arm)) in arms {
            let other_branch = arm != other_arm && arm != u32::MAX && other_arm != u32::MAX;
            let other_outcome = guard.cond == other.cond && guard.holds != other.holds;
            if choice == other_choice && (other_branch || other_outcome) {
                return Relation::Excludes;
            }
        }
        // Conditions on facts change as the script goes on; others do not.
        if matches!(guard.about, About::Opaque | About::Constant) && !matches!(guard.cond, Cond::Always(_)) {
            match guards_from(guards, asker).find(|(_, other)| other.cond == guard.cond) {
                Some((_, other)) if other.holds != guard.holds => return Relation::Excludes,
                Some(_) => continue,
                None => {}
            }
        }
        extra.push(guard);
    }
    if extra.is_empty() { Relation::Implied } else { Relation::Extra(extra) }
}

/// The innermost guard that both are behind.
fn common(guards: &[Guard], a: Option<GuardId>, b: Option<GuardId>) -> Option<GuardId> {
    let (mut a, mut b) = (a?, b?);
    while a != b {
        let (depth_a, depth_b) = (guards[a.0 as usize].depth, guards[b.0 as usize].depth);
        if depth_a >= depth_b {
            a = guards[a.0 as usize].outer?;
        } else {
            b = guards[b.0 as usize].outer?;
        }
    }
    Some(a)
}
