//! Which steps of a script give paths away, and which remove them. Each path that root creates asks for this, so an
//! index answers without going through all steps again.

use crate::facts::owners::{holders, lies_under, reaches};
use crate::model::{Deployment, Step, User};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Change, Effect, Mode, Resource, Role};
use std::collections::HashMap;

/// The index of one script. It gives steps by their index, and effects by their index in the step.
#[derive(Debug, Default)]
pub(crate) struct Givers {
    /// The effects that give a path to someone other than root, by the path.
    given: HashMap<String, Vec<(usize, usize)>>,
    /// The effects that give away paths by a pattern.
    patterns: Vec<(usize, usize)>,
    /// Steps that may give anything away: `find … | xargs chown app`.
    hidden: Vec<usize>,
    /// The steps that remove a path, by the path.
    removed: HashMap<String, Vec<usize>>,
    /// The steps that run as a named user.
    pub(crate) named: Vec<usize>,
}

/// A step that gives a path away, and the new owner if it is known.
pub(crate) type Given<'s> = (&'s Step, Option<&'s Value>);

impl Givers {
    pub(crate) fn of(script: &Deployment<'_>) -> Self {
        let mut givers = Givers::default();
        let mut groups = Groups::default();
        for (index, step) in script.steps.iter().enumerate() {
            for (at, effect) in step.deed.effects.iter().enumerate() {
                let Resource::Path(target) = &effect.resource else { continue };
                let gives = gives(step, effect) || groups.give(step, effect, target);
                // A step behind the modes gives away all that they have opened to the group before.
                for open in groups.opened_below(step, effect, target) {
                    givers.given.entry(open.to_owned()).or_default().push((index, at));
                }
                groups.note(effect, target);
                if effect.change == Change::Remove {
                    givers.removed.entry(key(target).to_owned()).or_default().push(index);
                } else if gives && target.is_glob() {
                    givers.patterns.push((index, at));
                } else if gives {
                    givers.given.entry(key(target).to_owned()).or_default().push((index, at));
                }
            }
            // Its target is not known. A path that is new on each run is none that a script names.
            let unknown = |e: &Effect| e.resource.name().knowledge() == Knowledge::Unknown;
            let hidden = step.deed.effects.is_empty() || step.deed.effects.iter().any(unknown);
            if hidden && step.deed.roles.contains(&Role::Owner) {
                givers.hidden.push(index);
            }
            if matches!(step.user, User::Named(_)) {
                givers.named.push(index);
            }
        }
        givers
    }

    /// The first step from `from` on that matches and gives the path away. It gives it to an owner, to a group that may
    /// write, or to everybody.
    pub(crate) fn first<'s>(
        &self,
        script: &'s Deployment<'_>,
        from: usize,
        path: &Value,
        passes: impl Fn(&Step) -> bool,
    ) -> Option<(usize, Given<'s>)> {
        let effect = |(step, at): (usize, usize)| &script.steps[step].deed.effects[at];
        let mut best: Option<(usize, usize)> = None;
        let mut look = |events: &[(usize, usize)]| {
            let events = &events[events.partition_point(|(step, _)| *step < from)..];
            let sooner = events.iter().copied().take_while(|event| best.is_none_or(|best| *event < best));
            let found = sooner
                .filter(|event| passes(&script.steps[event.0]))
                .find(|event| reached(effect(*event), path));
            best = found.or(best);
        };
        for above in above(path.key()) {
            if let Some(events) = self.given.get(above) {
                look(events);
            }
        }
        look(&self.patterns);
        let hidden = &self.hidden[self.hidden.partition_point(|step| *step < from)..];
        let hidden = hidden.iter().copied().find(|step| passes(&script.steps[*step]));
        match (best, hidden) {
            (Some(best), hidden) if hidden.is_none_or(|hidden| best.0 <= hidden) => {
                let user = match &effect(best).change {
                    Change::Own { user, .. } => user.as_ref(),
                    _ => None,
                };
                Some((best.0, (&script.steps[best.0], user)))
            }
            (_, hidden) => hidden.map(|hidden| (hidden, (&script.steps[hidden], None))),
        }
    }

    /// True if a step gives the path to someone other than root, or may do so.
    pub(crate) fn gives_at(&self, script: &Deployment<'_>, step: usize, path: &Value) -> bool {
        let effects = &script.steps[step].deed.effects;
        let is_it = |events: &[(usize, usize)]| {
            let events = &events[events.partition_point(|(at, _)| *at < step)..];
            let here = events.iter().take_while(|(at, _)| *at == step);
            here.into_iter().any(|(_, at)| reached(&effects[*at], path))
        };
        self.hidden.binary_search(&step).is_ok()
            || is_it(&self.patterns)
            || above(path.key()).any(|above| self.given.get(above).is_some_and(|events| is_it(events)))
    }

    /// The last step before `before` that matches and gives away the path or what contains it.
    pub(crate) fn last_before<'s>(
        &self,
        script: &'s Deployment<'_>,
        before: usize,
        path: &Value,
        passes: impl Fn(&Step) -> bool,
    ) -> Option<&'s Step> {
        let mut best: Option<usize> = None;
        let mut look = |events: &[(usize, usize)]| {
            let events = &events[..events.partition_point(|(step, _)| *step < before)];
            let mut later = events.iter().rev().map(|(step, _)| *step).take_while(|step| Some(*step) > best);
            let found = later.find(|step| passes(&script.steps[*step]));
            best = found.or(best);
        };
        for above in above(path.key()) {
            if let Some(events) = self.given.get(above) {
                look(events);
            }
        }
        look(&self.patterns);
        best.map(|step| &script.steps[step])
    }

    /// The first step after one that removes the path, or what contains it.
    pub(crate) fn removed_behind(
        &self,
        step: usize,
        path: &Value,
        passes: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let first = |above: &str| {
            let steps = self.removed.get(above)?;
            let steps = &steps[steps.partition_point(|at| *at <= step)..];
            steps.iter().copied().find(|at| passes(*at))
        };
        above(path.key()).filter_map(first).min()
    }
}

/// The paths that have another group than root's, and those to which a group may write, each by the path and whether all
/// below it is meant. Who has both gives the path away.
#[derive(Default)]
struct Groups<'s> {
    grouped: HashMap<&'s str, bool>,
    open: HashMap<&'s str, bool>,
}

impl<'s> Groups<'s> {
    fn note(&mut self, effect: &Effect, target: &'s Value) {
        match &effect.change {
            Change::Own { recursive, .. } if names_group(effect) => {
                self.grouped.insert(key(target), *recursive);
            }
            Change::Mode { recursive, .. } if opens_to_group(effect) => {
                self.open.insert(key(target), *recursive);
            }
            Change::Mode { .. } => {
                self.open.remove(key(target));
            }
            _ => {}
        }
    }

    /// True if the effect adds what a path still lacks.
    fn give(&self, step: &Step, effect: &Effect, target: &Value) -> bool {
        let has = |map: &HashMap<&str, bool>| {
            above(target.key())
                .any(|above| map.get(above).is_some_and(|recursive| *recursive || above == key(target)))
        };
        opens_to_group(effect) && has(&self.grouped)
            || names_group(effect) && mode_set_by(step, &effect.resource).is_none() && has(&self.open)
    }

    /// The open paths below one whose group changes with all that is in it.
    fn opened_below(&self, step: &Step, effect: &Effect, target: &Value) -> Vec<&'s str> {
        let is_whole = matches!(&effect.change, Change::Own { recursive: true, .. })
            && names_group(effect)
            && mode_set_by(step, &effect.resource).is_none();
        let open = self.open.keys().copied().filter(|_| is_whole);
        let mut open: Vec<&str> =
            open.filter(|open| *open != key(target) && lies_under(open, key(target))).collect();
        open.sort_unstable();
        open
    }
}

/// A path in the form for lookups.
pub(crate) fn key(path: &Value) -> &str {
    path.key().trim_end_matches('/')
}

/// The path and everything that may contain it. The root may contain any path that is not absolute.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let root = (!path.starts_with('/')).then_some("");
    holders(path).chain(root)
}

/// True for an effect of a step that gives something to someone other than root. A group gets it only if the mode lets the
/// group write; where the step does not set the mode, it is not known.
fn gives(step: &Step, effect: &Effect) -> bool {
    match &effect.change {
        Change::Own { user: Some(user), .. } if user.as_literal() != Some("root") => true,
        Change::Own { user, .. } if names_group(effect) => match mode_set_by(step, &effect.resource) {
            Some(mode) => *mode == Mode::Unknown || mode.group_can_write() == Some(true),
            None => user.is_none(),
        },
        Change::Mode { mode, .. } => *mode == Mode::Unknown || mode.others_can_write() == Some(true),
        _ => false,
    }
}

/// True for an effect that sets another group than root's, and no other owner than root.
fn names_group(effect: &Effect) -> bool {
    let other = |name: &Value| name.as_literal() != Some("root");
    matches!(&effect.change, Change::Own { user, group: Some(group), .. }
        if other(group) && !user.as_ref().is_some_and(other))
}

fn opens_to_group(effect: &Effect) -> bool {
    matches!(&effect.change, Change::Mode { mode, .. } if mode.group_can_write() == Some(true))
}

/// The mode that a step gives to a path besides its owner: `install -m`.
pub(crate) fn mode_set_by<'s>(step: &'s Step, resource: &Resource) -> Option<&'s Mode> {
    step.deed.effects.iter().find_map(|effect| match &effect.change {
        Change::Mode { mode, .. } if effect.resource == *resource => Some(mode),
        _ => None,
    })
}

fn reached(effect: &Effect, path: &Value) -> bool {
    let Resource::Path(target) = &effect.resource else { return false };
    match &effect.change {
        Change::Own { recursive, .. } | Change::Mode { recursive, .. } => reaches(target, *recursive, path),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_path() {
        let of = |path| above(path).collect::<Vec<_>>();
        assert_eq!(of("/opt/app/x"), ["/opt/app/x", "", "/opt", "/opt/app"]);
        assert_eq!(of("/"), [""]);
        assert_eq!(of("\u{1}D\u{2}/x"), ["\u{1}D\u{2}/x", "\u{1}D\u{2}", ""]);
        assert_eq!(key(&Value::literal("/opt/")), "/opt");
    }
}
