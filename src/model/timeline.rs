//! F3: what steps did to each resource, in order; and whether it is there at a moment of the first or second run.

use super::condition::{Aspect, Cond, Fact};
use super::{Guard, GuardId, Step, StepId, guards_from};
use crate::shell::effect::{Change, PathKind, Resource, Role};
use crate::shell::value::{Knowledge, Value};
use std::collections::HashMap;

/// Is a resource there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Certainly.
    There,
    /// Certainly not.
    Gone,
    /// Some step may have made it.
    MaybeThere,
    /// Some step may have removed it.
    MaybeGone,
    /// No step touches it.
    Untouched,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    /// It is there after, with something in it.
    Filled,
    /// It is there after; whether it holds something is as before.
    Made,
    /// Gone, with all below it.
    Removed,
    /// All below it is gone, it stays.
    Emptied,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    step: StepId,
    happening: Happening,
}

/// The events of each resource.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    events: HashMap<String, Vec<Event>>,
    /// Steps that install programs by means that are not known: `curl … | bash`.
    installers: Vec<StepId>,
}

/// When in the two runs a question is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The step before which.
    pub(super) before: StepId,
    /// For whom: only what is compatible with its guards counts.
    pub(super) asker: StepId,
    /// In the second run, after all of the first.
    pub(super) second_run: bool,
}

/// The state of one resource at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) presence: Presence,
    /// It holds something that a step put there.
    pub(super) filled: bool,
    /// The step that brought it about.
    pub(super) by: Option<StepId>,
}

fn key(resource: &Resource) -> String {
    match resource {
        Resource::Remote { repo, name } => format!("remote:{}:{}", repo.key(), name.key()),
        Resource::Line { file, .. } => format!("line:{}", file.key()),
        _ => format!("{}:{}", resource.kind(), resource.name().key()),
    }
}

impl Timeline {
    pub(super) fn new(steps: &[Step], _guards: &[Guard]) -> Self {
        let mut timeline = Timeline::default();
        for (index, step) in steps.iter().enumerate() {
            let id = StepId(index as u32);
            if step.deed.roles.contains(&Role::SystemPackages) || !step.deed.known {
                timeline.installers.push(id);
            }
            for effect in &step.deed.effects {
                timeline.add(id, &effect.change, &effect.resource);
                // What a clone or a venv holds is there with it: `[ -d app/.git ]`, `[ -f venv/bin/activate ]`.
                if let (Change::Create(PathKind::Tree), Resource::Path(path)) =
                    (&effect.change, &effect.resource)
                {
                    timeline.push(format!("tree:{}", path.key()), id, Happening::Made);
                }
            }
        }
        timeline
    }

    fn add(&mut self, step: StepId, change: &Change, resource: &Resource) {
        let happening = match change {
            Change::Create(PathKind::Directory) => Happening::Made,
            Change::Create(PathKind::Any | PathKind::File | PathKind::Link | PathKind::Tree)
            | Change::Write
            | Change::Append
            | Change::Edit => Happening::Filled,
            Change::Start | Change::Restart | Change::Enable => Happening::Filled,
            Change::Remove | Change::Stop => Happening::Removed,
            Change::Own { .. } | Change::Mode { .. } | Change::Use => return,
        };
        if let Resource::Path(path) | Resource::Line { file: path, .. } = resource {
            if let Resource::Line { .. } = resource {
                self.push(key(resource), step, happening);
                // A line that goes does not take its file along.
                if happening == Happening::Removed {
                    return;
                }
            }
            let text = path.key();
            // `rm -rf /opt/app/*`: what is below goes, the directory stays.
            if let Some(parent) = text.strip_suffix("/\u{3}*") {
                let happening =
                    if happening == Happening::Removed { Happening::Emptied } else { Happening::Filled };
                self.push(format!("path:{parent}"), step, happening);
                return;
            }
            self.push(format!("path:{text}"), step, happening);
            if happening != Happening::Removed {
                // What lies above is there too.
                let mut above = text;
                while let Some(cut) = above.rfind('/') {
                    above = &above[..cut];
                    if above.is_empty() {
                        break;
                    }
                    let happening =
                        if above.len() + 1 < text.len() { Happening::Filled } else { Happening::Made };
                    self.push(format!("path:{above}"), step, happening);
                }
            }
            return;
        }
        self.push(key(resource), step, happening);
    }

    fn push(&mut self, key: String, step: StepId, happening: Happening) {
        self.events.entry(key).or_default().push(Event { step, happening });
    }

    /// The state of a resource at a moment.
    pub(super) fn state(
        &self,
        steps: &[Step],
        guards: &[Guard],
        resource: &Resource,
        moment: Moment,
    ) -> State {
        let mut found: Vec<(Event, bool)> = Vec::new();
        let mut gather = |name: &str, above: bool| {
            for event in self.events.get(name).map_or(&[][..], Vec::as_slice) {
                found.push((*event, above));
            }
        };
        match resource {
            Resource::Path(path) => {
                let text = format!("path:{}", path.key());
                gather(&text, false);
                let mut above = text.as_str();
                while let Some(cut) = above.rfind('/') {
                    above = &above[..cut];
                    gather(above, true);
                    gather(&above.replacen("path:", "tree:", 1), false);
                }
            }
            _ => gather(&key(resource), false),
        }
        found.sort_by_key(|(event, _)| event.step);
        let mut state = State { presence: Presence::Untouched, filled: false, by: None };
        if moment.second_run {
            for (event, above) in &found {
                self.apply(steps, guards, resource, *event, *above, moment.asker, &mut state);
            }
        }
        for (event, above) in found.iter().filter(|(e, _)| e.step < moment.before) {
            self.apply(steps, guards, resource, *event, *above, moment.asker, &mut state);
        }
        state
    }

    #[allow(clippy::too_many_arguments)]
    fn apply(
        &self,
        steps: &[Step],
        guards: &[Guard],
        resource: &Resource,
        event: Event,
        above: bool,
        asker: StepId,
        state: &mut State,
    ) {
        let makes = match (event.happening, above) {
            (Happening::Removed, _) | (Happening::Emptied, true) => false,
            (Happening::Emptied, false) => {
                state.filled = false;
                return;
            }
            // What is made above says nothing of what is below.
            (_, true) => return,
            (_, false) => true,
        };
        let step = &steps[event.step.0 as usize];
        let asking = &steps[asker.0 as usize];
        if step.entry != 0 && step.entry != asking.entry {
            return;
        }
        if step.place != asking.place {
            return;
        }
        let certain = match relation(guards, step.guard, asking.guard) {
            Relation::Excludes => return,
            Relation::Implied => true,
            // `if [ -e P ]; then …; rm -rf P; fi`: whoever takes P away where it is there has thought of the second
            // run, even where people are asked in between.
            Relation::Extra(extra) if !makes && extra.iter().any(|guard| asserts(guard, resource)) => true,
            Relation::Extra(extra) => extra.iter().all(|guard| {
                // `[ -d P ] || mkdir P`: whichever way it goes, P is there afterwards.
                let missing = |fact: &Fact| concerns(fact, resource);
                let runs = guard.cond.evaluate(&mut |leaf| match leaf {
                    Cond::Fact(fact) if missing(fact) => Some(!makes),
                    _ => None,
                });
                runs == Some(guard.holds)
            }),
        };
        if makes {
            state.presence = match (certain, state.presence) {
                (true, _) | (false, Presence::There) => Presence::There,
                (false, _) => Presence::MaybeThere,
            };
            state.filled |= event.happening == Happening::Filled;
            state.by = Some(event.step);
        } else {
            if certain {
                state.filled = false;
            }
            state.presence = match (certain, state.presence) {
                (true, _) | (false, Presence::Gone) => Presence::Gone,
                (false, _) => Presence::MaybeGone,
            };
            state.by = Some(event.step);
        }
    }

    /// The truth of a guard's condition in the second run.
    pub(super) fn truth(&self, steps: &[Step], guards: &[Guard], id: GuardId, asker: StepId) -> Option<bool> {
        let guard = &guards[id.0 as usize];
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) => self.fact_truth(steps, guards, fact, guard, id, asker),
            _ => None,
        })
    }

    fn fact_truth(
        &self,
        steps: &[Step],
        guards: &[Guard],
        fact: &Fact,
        guard: &Guard,
        id: GuardId,
        asker: StepId,
    ) -> Option<bool> {
        // The state is asked for the guard itself: what the guarded steps did in the first run counts as done.
        let moment = Moment { before: guard.at, asker, second_run: true };
        match &fact.resource {
            // Who asks for a program that is missing, and then does something about it, has it the next time.
            Resource::Program(_) | Resource::Package(_) => {
                let makes_sure = |step: &&Step| {
                    guards_from(guards, step.guard).any(|(g, _)| g == id)
                        && !step.deed.roles.contains(&Role::ReadOnly)
                };
                let asks_for_absence = self.absence_asked(guard, fact);
                if asks_for_absence && steps.iter().any(|s| makes_sure(&s)) {
                    return Some(true);
                }
                let state = self.state(steps, guards, &fact.resource, moment);
                match state.presence {
                    Presence::There => Some(true),
                    Presence::Gone => Some(false),
                    _ => None,
                }
            }
            Resource::Line { file, text } => {
                let appends = steps.iter().enumerate().any(|(index, step)| {
                    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                        (Change::Append, Resource::Line { file: to, text: line }) => {
                            (to == file || same_unless_known(to, file)) && holds_pattern(line, text)
                        }
                        (Change::Write | Change::Edit, Resource::Path(to)) if to == file => {
                            let _ = index;
                            step.written.iter().all(|w| holds_pattern(&w.value, text))
                        }
                        _ => false,
                    })
                });
                appends.then_some(true)
            }
            Resource::Crontab(pattern) => {
                let writes = steps
                    .iter()
                    .any(|step| step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Crontab(_))));
                let _ = pattern;
                writes.then_some(true)
            }
            Resource::FirewallRule(_) => Some(true).filter(|_| self.absence_asked(guard, fact)),
            Resource::Other(_, _) | Resource::Process(_) if self.absence_asked(guard, fact) => {
                let guarded = steps.iter().any(|s| {
                    guards_from(guards, s.guard).any(|(g, _)| g == id)
                        && !s.deed.roles.contains(&Role::ReadOnly)
                });
                guarded.then_some(true)
            }
            resource => {
                let mut state = self.state(steps, guards, resource, moment);
                if state.presence == Presence::Untouched {
                    state = self.renamed(steps, guards, resource, moment, state);
                }
                match (state.presence, fact.aspect) {
                    (Presence::There, Aspect::Filled) => state.filled.then_some(true),
                    (Presence::There, _) => Some(true),
                    (Presence::Gone, _) => Some(false),
                    // It was missing in the first run, as the guard saw; the steps behind the guard may have made it.
                    _ => None,
                }
            }
        }
    }

    /// A resource that is asked for by another name than it is made by: a database by `$DB` and by `"$DB"` in SQL.
    fn renamed(
        &self,
        steps: &[Step],
        guards: &[Guard],
        resource: &Resource,
        moment: Moment,
        state: State,
    ) -> State {
        let shown = resource.name().to_string();
        for step in steps {
            for effect in &step.deed.effects {
                if effect.resource.kind() == resource.kind()
                    && effect.resource != *resource
                    && effect.resource.name().to_string() == shown
                    && !shown.is_empty()
                {
                    return self.state(steps, guards, &effect.resource, moment);
                }
            }
        }
        state
    }

    /// True where the guard wants the fact not to hold.
    fn absence_asked(&self, guard: &Guard, fact: &Fact) -> bool {
        let with = |truth: bool| {
            guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(f) if **f == *fact => Some(truth),
                _ => Some(guard.holds),
            })
        };
        with(false) == Some(guard.holds) && with(true) != Some(guard.holds)
    }
}

/// Two file names of which one is not known may be the same file.
fn same_unless_known(a: &Value, b: &Value) -> bool {
    (a.knowledge() > Knowledge::Literal || b.knowledge() > Knowledge::Literal)
        && a.to_string() == b.to_string()
}

/// True where a text that is written makes `grep PATTERN` succeed. What is not plain text is believed to.
pub(super) fn holds_pattern(text: &Value, pattern: &Value) -> bool {
    let (Some(text), Some(pattern)) = (text.as_literal(), pattern.as_literal()) else { return true };
    let plain = pattern.trim_start_matches('^').trim_end_matches('$').replace("\\.", ".");
    if plain.contains(['\\', '*', '[', '+', '?', '(', '|', '^', '$', '{']) {
        return true;
    }
    // `.` stands for any character; in practice for itself.
    let (text, plain) = (text.to_ascii_lowercase(), plain.to_ascii_lowercase());
    let fits = |window: &[u8]| window.iter().zip(plain.as_bytes()).all(|(t, p)| t == p || *p == b'.');
    plain.is_empty() || text.as_bytes().windows(plain.len()).any(fits)
}

/// True where a fact is about the resource (or, for paths, about one that holds it).
pub(super) fn concerns(fact: &Fact, resource: &Resource) -> bool {
    match (&fact.resource, resource) {
        (Resource::Path(asked), Resource::Path(path)) => {
            asked == path || path.is_under(asked) || asked.is_under(path)
        }
        (Resource::Line { file: asked, .. }, Resource::Line { file, .. }) => asked == file,
        (asked, made) => {
            asked == made
                || asked.kind() == made.kind() && asked.name().to_string() == made.name().to_string()
        }
    }
}

/// True where a guard holds because the resource, or what it lies in, is there.
fn asserts(guard: &Guard, resource: &Resource) -> bool {
    let there = |truth: bool| {
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) if concerns(fact, resource) => Some(truth),
            _ => None,
        })
    };
    there(true) == Some(guard.holds) && there(false) != Some(guard.holds)
}

enum Relation<'g> {
    /// They are in different arms of one choice.
    Excludes,
    /// All guards of the one hold for the other too.
    Implied,
    /// The one has these guards more.
    Extra(Vec<&'g Guard>),
}

/// How the guards of an event stand to those of the one who asks.
fn relation(guards: &[Guard], event: Option<GuardId>, asker: Option<GuardId>) -> Relation<'_> {
    let mut extra = Vec::new();
    for (id, guard) in guards_from(guards, event) {
        let mut shared = false;
        for (other_id, other) in guards_from(guards, asker) {
            if id == other_id {
                shared = true;
                break;
            }
            // Conditions on facts change as the script goes on; opaque ones do not.
            let constant = guard.cond.facts().is_empty() && !matches!(guard.cond, Cond::Always(_));
            if constant && guard.cond == other.cond {
                if guard.holds != other.holds {
                    return Relation::Excludes;
                }
                shared = true;
                break;
            }
            if let (Some((a, arm)), Some((b, other_arm))) = (guard.choice, other.choice)
                && a == b
                && arm != other_arm
                && arm != u32::MAX
                && other_arm != u32::MAX
            {
                return Relation::Excludes;
            }
            if let (Some((a, arm)), Some((b, other_arm))) = (guard.choice, other.choice)
                && a == b
                && guard.cond == other.cond
                && guard.holds != other.holds
            {
                let _ = (arm, other_arm);
                return Relation::Excludes;
            }
        }
        if !shared {
            extra.push(guard);
        }
    }
    if extra.is_empty() { Relation::Implied } else { Relation::Extra(extra) }
}
