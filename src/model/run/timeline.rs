//! What steps did to each resource, in order, and whether it exists at a moment of the first or second run.

use crate::limit::tick;
use crate::model::condition::Cond;
use crate::model::run::relation::{Relation, asserts, concerns, relation};
use crate::model::{Guard, GuardId, Step, StepId};
use crate::shell::value::Value;
use crate::tools::containers::attached_container;
use crate::tools::effect::{Change, Effect, PathKind, Resource, Role};
use crate::tools::files::leaves_empty;
use crate::tools::thing::Thing;
use hashbrown::{HashMap, HashSet};
use std::cell::OnceCell;

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
    /// Everything below it is gone, but it stays, with its hidden files.
    Emptied,
    /// Hidden files in it are gone.
    Bared,
    /// Contents of which no step speaks have come into it: a clone's, a copied directory's.
    Brought,
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
    /// The events that concern all that is below the resource. For a directory like `/opt` they are a small part.
    sweeping: HashMap<String, Vec<Event>>,
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
    /// True if it contains something that a step put there, apart from the `.git` of a clone.
    pub(super) filled: bool,
    /// True if it contains the `.git` of a clone.
    pub(super) cloned: bool,
    /// True if this run has removed it, and has then brought whatever is there now with the directory above it. What comes
    /// in that way is the same in each run.
    pub(crate) anew: bool,
    /// The last step that acted on it.
    pub(crate) by: Option<StepId>,
    /// The step since which its presence is this.
    pub(crate) since: Option<StepId>,
}

impl State {
    /// No step touches it.
    const UNTOUCHED: State = State {
        presence: Presence::Untouched,
        kind: PathKind::Any,
        filled: false,
        cloned: false,
        anew: false,
        by: None,
        since: None,
    };

    /// It is there, as this.
    pub(crate) fn there(kind: PathKind, filled: bool) -> State {
        State { presence: Presence::There, kind, filled, ..State::UNTOUCHED }
    }

    /// True if it contains something that a step put there.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled || self.cloned
    }

    /// True if some step may have created it, and none has certainly removed it since.
    pub(crate) fn may_be_there(&self) -> bool {
        matches!(self.presence, Presence::There | Presence::MaybeThere | Presence::MaybeGone)
    }
}

fn key(resource: &Resource) -> String {
    match resource {
        Resource::Remote { repo, name } => ["remote:", repo.key(), ":", name.key()].concat(),
        Resource::Line { file, .. } => ["line:", file.key()].concat(),
        _ => [resource.kind(), ":", resource.name().key()].concat(),
    }
}

const PATH: &str = "path:";

/// The key of a path.
fn path_key(path: &str) -> String {
    [PATH, path].concat()
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
                timeline.add(StepId(index as u32), step, effect);
                timeline.add_contents(StepId(index as u32), effect);
            }
        }
        timeline
    }

    /// Adds what an effect says of a directory's hidden files, and of the contents that come with it.
    fn add_contents(&mut self, step: StepId, effect: &Effect) {
        let Resource::Path(path) = &effect.resource else { return };
        let brings = effect.content.as_ref().is_some_and(|content| content.tree);
        if effect.change == Change::Remove {
            if path.basename().key().starts_with('.') {
                self.push(&path_key(path.dirname().key()), step, Happening::Bared);
            }
        } else if brings || effect.change == Change::Create(PathKind::Tree) {
            let directory = path.emptied_directory().unwrap_or(path.key());
            self.push(&path_key(directory), step, Happening::Brought);
        }
    }

    fn add(&mut self, step: StepId, by: &Step, effect: &Effect) {
        let Effect { change, resource, .. } = effect;
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
            self.push(&key(resource), step, happening);
            if happening == Happening::Removed {
                return;
            }
        }
        if let Resource::Path(path) | Resource::Line { file: path, .. } = resource {
            // `rm -rf /opt/app/*` removes what is below, and the directory stays.
            if let Some(parent) = path.emptied_directory() {
                let happening =
                    if happening == Happening::Removed { Happening::Emptied } else { Happening::Filled };
                self.push(&path_key(parent), step, happening);
                return;
            }
            let key = path_key(path.key());
            self.push(&key, step, happening);
            if happening != Happening::Removed {
                // Everything above it exists too.
                for above in ancestors(&key).take_while(|above| above.len() > PATH.len()) {
                    let Some(left) = self.left.checked_sub(above.len()) else { break };
                    self.left = left;
                    self.push(above, step, Happening::Filled);
                }
            }
            return;
        }
        self.push(&key(resource), step, happening);
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

    fn push(&mut self, key: &str, step: StepId, happening: Happening) {
        tick();
        if matches!(happening, Happening::Removed | Happening::Emptied | Happening::Brought) {
            self.sweeping.entry_ref(key).or_default().push(Event { step, happening });
        }
        self.events.entry_ref(key).or_default().push(Event { step, happening });
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
        let mut replay = Replay::new(asking, resource);
        for (event, above) in &found {
            replay.apply(*event, *above, false);
        }
        for (event, above) in found.iter().filter(|(e, _)| e.step < asking.before) {
            replay.apply(*event, *above, true);
        }
        replay.state
    }

    /// The state of a resource in the first run. What was there before is not known.
    pub(crate) fn first_state(&self, asking: Asking<'_>, resource: &Resource) -> State {
        let mut replay = Replay::new(asking, resource);
        for (event, above) in self.found(resource).iter().filter(|(e, _)| e.step < asking.before) {
            replay.apply(*event, *above, false);
        }
        replay.state
    }

    /// The first step after another one that makes a path, or what contains it.
    pub(crate) fn made_after(&self, step: StepId, path: &Value) -> Option<StepId> {
        let key = path_key(path.key());
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
            // Making a directory says nothing about what is below.
            let events = if above { &self.sweeping } else { &self.events };
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
            let text = path_key(path.key());
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
}

/// What the events make of one resource, one after the other.
struct Replay<'d, 'r> {
    asking: Asking<'d>,
    resource: &'r Resource,
    /// How the guards of the events relate to those of the asker. Many events have the same ones.
    relations: HashMap<GuardId, Relation<'d>>,
    state: State,
}

impl<'d, 'r> Replay<'d, 'r> {
    fn new(asking: Asking<'d>, resource: &'r Resource) -> Self {
        Replay { asking, resource, relations: HashMap::new(), state: State::UNTOUCHED }
    }

    fn apply(&mut self, event: Event, above: bool, again: bool) {
        tick();
        let Replay { asking, resource, relations, state } = self;
        let makes = match (event.happening, above) {
            (Happening::Removed, _) | (Happening::Emptied, true) => None,
            (Happening::Emptied, false) => {
                state.filled = false;
                return;
            }
            (Happening::Bared, false) => {
                state.cloned = false;
                return;
            }
            (Happening::Made(kind), false) => Some((kind, kind != PathKind::Directory)),
            (Happening::Touched, false) => Some((PathKind::File, false)),
            (Happening::Filled, false) => Some((PathKind::Directory, true)),
            (Happening::Brought, true) if matches!(state.presence, Presence::Gone | Presence::MaybeGone) => {
                Some((PathKind::Tree, true))
            }
            // Making a directory says nothing about what is below.
            (_, true) | (Happening::Brought, false) => return,
        };
        let step = &asking.steps[event.step.0 as usize];
        let asker = &asking.steps[asking.asker.0 as usize];
        if step.entry != 0 && step.entry != asker.entry || step.place != asker.place {
            return;
        }
        let relation = match step.guard {
            Some(guard) => {
                relations.entry(guard).or_insert_with(|| relation(asking.guards, Some(guard), asking.under))
            }
            None => &Relation::Implied,
        };
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
        if event.happening == Happening::Brought {
            let anew = again && certain && state.presence == Presence::Gone;
            *state = State { anew, ..State::UNTOUCHED };
            return;
        }
        state.becomes(makes, certain, event.step);
        state.cloned |= makes == Some((PathKind::Tree, true)) && step.deed.roles.contains(&Role::Clone);
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
            self.cloned &= !certain;
            self.presence = match (certain, before) {
                (true, _) | (false, Presence::Gone) => Presence::Gone,
                (false, _) => Presence::MaybeGone,
            };
        }
        self.by = Some(step);
        self.anew = false;
        // What makes it once more changes nothing.
        if self.presence != before {
            self.since = self.by;
        }
    }
}

/// Everything above a path, from the nearest.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    fn above(path: &str) -> Option<&str> {
        path.bytes().rposition(|byte| byte == b'/').map(|cut| &path[..cut])
    }
    let mut left = ABOVE;
    std::iter::successors(above(path), |path| above(path)).take_while(move |above| {
        tick();
        left = left.saturating_sub(above.len());
        left > 0
    })
}
