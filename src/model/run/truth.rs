//! The truth of guards in the second run, and what a guard ensures.

use crate::model::condition::Cond;
use crate::model::run::relation::concerns;
use crate::model::run::timeline::{Asking, Presence, Ran, State, Timeline};
use crate::model::{Guard, GuardId, Step, behind, guards_from};
use crate::shell::argv::Stdin;
use crate::shell::value::{Knowledge, Value};
use crate::tools::copying::link_target;
use crate::tools::cron::keeps_old_lines;
use crate::tools::effect::{Change, Effect, How, PathKind, Resource, Role};
use crate::tools::patterns::holds_pattern;
use crate::tools::says::{Aspect, Fact, may_bring_about};

impl Timeline {
    /// The truth of a guard's condition in the second run.
    pub(crate) fn truth(&self, asking: Asking<'_>, id: GuardId) -> Option<bool> {
        let guard = &asking.guards[id.0 as usize];
        guard.cond.evaluate(&mut |leaf| self.leaf_truth(asking, leaf, guard, id))
    }

    /// True if the guard may skip its steps in the second run. What is unknown goes the way that skips, because nobody passes
    /// `--force`.
    pub(crate) fn may_skip(&self, asking: Asking<'_>, id: GuardId) -> bool {
        let guard = &asking.guards[id.0 as usize];
        [true, false].into_iter().any(|unknown| {
            let truth = guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Opaque(_) => Some(unknown),
                leaf => self.leaf_truth(asking, leaf, guard, id),
            });
            truth == Some(!guard.holds)
        })
    }

    pub(crate) fn leaf_truth(
        &self,
        asking: Asking<'_>,
        leaf: &Cond,
        guard: &Guard,
        id: GuardId,
    ) -> Option<bool> {
        match leaf {
            Cond::Fact(fact) => self.fact_truth(asking, fact, guard, id),
            Cond::Works(step) => match asking.runs.get(step.0 as usize)? {
                Ran::Yes => Some(true),
                Ran::Failed => Some(false),
                Ran::No | Ran::Perhaps => None,
            },
            _ => None,
        }
    }

    pub(crate) fn fact_truth(
        &self,
        asking: Asking<'_>,
        fact: &Fact,
        guard: &Guard,
        id: GuardId,
    ) -> Option<bool> {
        // The state is that at the guard itself: what the guarded steps did in the first run counts as done.
        let (steps, guards) = (asking.steps, asking.guards);
        let asking = Asking { before: guard.at, ..asking };
        // In the second run, it is another path.
        if fact.resource.name().knowledge() == Knowledge::Fresh {
            return None;
        }
        let guarded = || behind(steps, guards, id).map(|(_, step)| step);
        let acts = |step: &Step| !step.deed.roles.contains(&Role::ReadOnly);
        match &fact.resource {
            // A script that checks for a missing program, and then does something about it, has it the next
            // time.
            Resource::Program(_) | Resource::Package(_) => {
                let asks_for_absence = absence_asked(guard, fact);
                if asks_for_absence && guarded().any(acts) {
                    return Some(true);
                }
                match self.state(asking, &fact.resource).presence {
                    Presence::There => Some(true),
                    Presence::Gone => Some(false),
                    _ => None,
                }
            }
            Resource::Line { file, text } => {
                let mut written =
                    steps.iter().flat_map(|step| step.deed.effects.iter().map(move |e| (step, e)));
                let written = written.any(|(step, effect)| match (&effect.change, &effect.resource) {
                    (Change::Append, Resource::Line { file: to, text: line }) => {
                        (to == file || same_unless_known(to, file)) && holds_pattern(line, text)
                    }
                    // If the line is already found, an edit does not bring it about.
                    (Change::Edit, Resource::Path(to)) if to == file => !guards_from(guards, step.guard)
                        .any(|(_, other)| other.cond == guard.cond && other.holds != guard.holds),
                    (Change::Write, Resource::Path(to)) if to == file => {
                        step.written.iter().all(|w| holds_pattern(&w.value, text))
                    }
                    _ => false,
                });
                written.then_some(true)
            }
            Resource::Crontab(pattern) => {
                steps.iter().any(|step| writes_crontab(step, pattern)).then_some(true)
            }
            Resource::FirewallRule(_) => Some(true).filter(|_| absence_asked(guard, fact)),
            Resource::Other(_, _) | Resource::Process(_) if absence_asked(guard, fact) => guarded()
                .any(|step| acts(step) && may_bring_about(&step.deed, &fact.resource))
                .then_some(true),
            resource => {
                let mut state = self.state(asking, resource);
                // systemd.unit(5): the administrator's units are files.
                if state.presence == Presence::Untouched
                    && let (Resource::Unit(unit), Aspect::Exists) = (resource, fact.aspect)
                {
                    let mut path = Value::literal("/etc/systemd/system/");
                    path.push(unit);
                    state = self.state(asking, &Resource::Path(path));
                }
                if state.presence == Presence::Untouched {
                    state = self.renamed(asking, resource, state);
                }
                // `[ -d app/.git ] || git clone URL app`: the contents of a tree come with it.
                if state.presence == Presence::Untouched
                    && let Resource::Path(path) = resource
                {
                    let trees = guarded().flat_map(|s| &s.deed.effects);
                    let above = trees.filter(|e| e.change == Change::Create(PathKind::Tree)).find(|e| {
                        matches!(&e.resource, Resource::Path(tree) if path != tree && path.is_under(tree))
                    });
                    if let Some(tree) = above {
                        state = State { kind: PathKind::Any, ..self.state(asking, &tree.resource) };
                    }
                }
                // What comes with a clone is the same in each run, so the guard holds again.
                if state.anew {
                    return Some(!absence_asked(guard, fact));
                }
                self.aspect_of(asking, fact, &state)
            }
        }
    }

    /// Whether a resource in this state is as the fact says.
    fn aspect_of(&self, asking: Asking<'_>, fact: &Fact, state: &State) -> Option<bool> {
        let steps = asking.steps;
        match state.presence {
            Presence::There if fact.aspect == Aspect::Executable && state.kind == PathKind::File => {
                let mode = |e: &Effect| matches!(e.change, Change::Mode { .. });
                let made_so =
                    |s: &Step| s.deed.effects.iter().any(|e| mode(e) && e.resource == fact.resource);
                Some(steps.iter().any(made_so))
            }
            Presence::There if state.kind == PathKind::Link => {
                let by = state.by.map(|by| &steps[by.0 as usize].deed);
                let target = by.and_then(link_target).map(|path| Resource::Path(path.clone()));
                match target.map(|target| self.state(asking, &target)) {
                    Some(target)
                        if target.presence == Presence::There
                            && matches!(fact.aspect, Aspect::Directory | Aspect::File) =>
                    {
                        shows(fact.aspect, &target)
                    }
                    _ => shows(fact.aspect, state),
                }
            }
            Presence::There if state.kind == PathKind::Any => {
                let by = state.by.map(|by| &steps[by.0 as usize].deed.effects);
                let put = by.and_then(|effects| effects.iter().find(|e| e.resource == fact.resource));
                let kind = put.map_or(PathKind::Any, |effect| self.kind_seen(asking, effect));
                shows(fact.aspect, &State { kind, ..*state })
            }
            Presence::There => shows(fact.aspect, state),
            Presence::Gone => Some(false),
            // It was missing in the first run, as the guard saw. The steps behind the guard may have created it.
            _ => None,
        }
    }

    /// The kind that test(1) sees at the path once the effect is done: a copy is what its source is, and `-d` and `-f`
    /// follow a link.
    pub(crate) fn kind_seen(&self, asking: Asking<'_>, effect: &Effect) -> PathKind {
        let kind = match effect.change {
            Change::Create(kind) => kind,
            _ => PathKind::Any,
        };
        let source = effect.content.as_ref().and_then(|content| match (kind, content.how) {
            (PathKind::Link, How::Linked) | (PathKind::Any, How::Copied | How::Kept | How::Moved) => {
                content.from.clone().filter(|from| !from.is_glob())
            }
            _ => None,
        });
        let of_source = source.map(|source| self.state(asking, &Resource::Path(source)).kind);
        match of_source {
            Some(PathKind::Any) | None => kind,
            // `[ -L X ]` asks for the link itself.
            Some(PathKind::Link) => kind,
            Some(of_source) => of_source,
        }
    }

    /// A resource that is checked under another name than it is created: a database by `$DB` and by `"$DB"`
    /// in SQL.
    pub(crate) fn renamed(&self, asking: Asking<'_>, resource: &Resource, state: State) -> State {
        // If the name is fully known, it is the same however it is written.
        if resource.name().as_literal().is_some() {
            return state;
        }
        let shown = resource.name().to_string();
        if shown.is_empty() {
            return state;
        }
        match self.shown_alike(asking.steps, resource, &shown) {
            Some(other) => self.state(asking, other),
            None => state,
        }
    }
}

/// Whether the fact is true of what exists. `-d` is false for a file, and `-L` for a directory (test(1)). The
/// target of a link is not known: it is assumed to be what the script checks for.
pub(crate) fn shows(aspect: Aspect, state: &State) -> Option<bool> {
    use PathKind::{Any, Directory, File, Link, Tree};
    match (aspect, state.kind) {
        (Aspect::Directory, File) | (Aspect::File, Directory | Tree) => Some(false),
        (Aspect::Link, Directory | Tree | File) => Some(false),
        (Aspect::Link, Any) => None,
        (Aspect::Filled, Directory) => state.is_filled().then_some(true),
        // `touch` creates an empty file.
        (Aspect::Sized, File) => Some(state.is_filled()),
        (Aspect::Filled, Any | File | Link | Tree) => Some(true),
        _ => Some(true),
    }
}

/// Whether the guard ensures that what the effect makes does not exist yet. The kind is what test(1) sees there.
pub(crate) fn excludes_presence(guard: &Guard, effect: &Effect, kind: PathKind) -> bool {
    let (resource, is_link) = (&effect.resource, effect.change == Change::Create(PathKind::Link));
    let state = State::there(kind, kind != PathKind::Directory);
    let truth = guard.cond.evaluate(&mut |leaf| match leaf {
        Cond::Fact(fact) => match (&fact.resource, resource) {
            (Resource::Path(asked), Resource::Path(path))
                if asked == path && fact.aspect == Aspect::Link && is_link =>
            {
                Some(true)
            }
            (Resource::Path(asked), Resource::Path(path)) if asked == path => shows(fact.aspect, &state),
            // Everything above is a directory, and the contents of a tree come with it.
            (Resource::Path(asked), Resource::Path(path)) if path.is_under(asked) => {
                Some(matches!(fact.aspect, Aspect::Exists | Aspect::Directory | Aspect::Filled))
            }
            (Resource::Path(asked), Resource::Path(path)) if asked.is_under(path) => {
                (kind == PathKind::Tree).then_some(true)
            }
            (Resource::Line { file: asked, text: pattern }, Resource::Line { file, text }) => {
                (asked == file && holds_pattern(text, pattern)).then_some(true)
            }
            (asked, made) if concerns(fact, resource) && asked.kind() == made.kind() => Some(true),
            _ => None,
        },
        _ => None,
    });
    truth == Some(!guard.holds)
}

/// True if the guard requires that the fact does not hold.
pub(crate) fn absence_asked(guard: &Guard, fact: &Fact) -> bool {
    let with = |truth: bool| {
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(f) if **f == *fact => Some(truth),
            _ => Some(guard.holds),
        })
    };
    with(false) == Some(guard.holds) && with(true) != Some(guard.holds)
}

/// True if two file names look the same and one of them is not fully known, so that they may be the same file.
pub(crate) fn same_unless_known(a: &Value, b: &Value) -> bool {
    (a.knowledge() > Knowledge::Literal || b.knowledge() > Knowledge::Literal) && a.looks_like(b)
}

/// True if the step writes a crontab that holds the pattern. The new lines are visible; the output of `crontab -l` is as
/// it was.
fn writes_crontab(step: &Step, pattern: &Value) -> bool {
    let holds = match (&step.argv.stdin, pattern.as_literal()) {
        (Stdin::Text(text), Some(pattern)) => {
            let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
            text.knowledge() > Knowledge::Unknown
                || text.to_string().contains(pattern)
                || pattern.contains(['\\', '*', '[', '.', '|'])
                || !keeps_old_lines(&text.to_string())
        }
        _ => true,
    };
    holds && step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Crontab(_)))
}
