//! What each run makes anew before or after a step, so that the second run does not find what the first one left there.

use crate::model::condition::Cond;
use crate::model::run::together::Along;
use crate::model::{Deployment, Guard, GuardId, StepId};
use crate::shell::value::Value;
use crate::tools::effect::{Again, Change, Effect, Resource};
use crate::tools::ending::{is_held_up, may_end};
use crate::tools::git_asked::{cleans, restores};
use crate::tools::patterns::{basic_pattern, holds_pattern};
use crate::tools::thing::Thing;

impl Deployment<'_> {
    /// True if the step only makes an empty file with the right mode, and the script itself then fills it:
    /// `install -m 600 /dev/null F; echo "$TEXT" > F`.
    pub(crate) fn is_filled_after(&self, effect: &Effect, id: StepId) -> bool {
        let empty = |from: &Value| from.as_literal() == Some("/dev/null");
        let Resource::Path(path) = &effect.resource else { return false };
        if !effect.content.as_ref().and_then(|content| content.from.as_ref()).is_some_and(empty) {
            return false;
        }
        let fills = |e: &Effect| match (&e.change, &e.resource) {
            (Change::Write | Change::Append, Resource::Path(to)) => to == path,
            (Change::Append, Resource::Line { file, .. }) => file == path,
            _ => false,
        };
        let place = &self.step(id).place;
        self.iter().skip(id.0 as usize + 1).any(|(later, step)| {
            step.place == *place
                && step.deed.effects.iter().any(fills)
                && self.runs_along(later, id) != Along::Never
        })
    }

    /// True if each run ends what the first run left running, before the step starts it again.
    pub(super) fn is_ended_before(&self, effect: &Effect, id: StepId) -> bool {
        let step = self.step(id);
        let runs = match &effect.resource {
            Resource::Process(_) | Resource::Other(Thing::Swap, _) => true,
            Resource::Path(_) => is_held_up(&step.argv, &step.deed),
            _ => false,
        };
        runs && self.iter().take(id.0 as usize).any(|(earlier, other)| {
            other.place == step.place
                && may_end(&other.argv, &other.deed, &step.argv)
                && self.runs_along(earlier, id) != Along::Never
        })
    }

    /// True if each run removes the line before the step adds it: `sed -i '/x/d' F; echo x >> F`.
    pub(super) fn line_is_removed(&self, file: &Value, text: &Value, before: StepId) -> bool {
        self.steps[..before.0 as usize].iter().any(|earlier| {
            earlier.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                (Change::Remove, Resource::Line { file: of, text: pattern }) => {
                    of == file && holds_pattern(text, &basic_pattern(pattern))
                }
                _ => false,
            })
        })
    }

    /// True if each run empties the chain, or all of them, before the step adds to it (`iptables -F`).
    pub(super) fn is_flushed(&self, rule: &Value, before: StepId) -> bool {
        let step = self.step(before);
        let guards: Vec<GuardId> = self.guards_of(before).map(|(id, _)| id).collect();
        self.steps[..before.0 as usize].iter().enumerate().any(|(index, earlier)| {
            earlier.deed.effects.iter().any(|e| match (&e.change, &e.resource, e.again) {
                // `iptables -D RULE || true; iptables -A RULE`
                (Change::Remove, Resource::FirewallRule(deleted), Again::Fails(_)) => deleted == rule,
                (Change::Remove, Resource::FirewallRule(chain), Again::NoChange) => {
                    let (chain, rule) = (chain.key(), rule.key());
                    let other_table = chain.is_empty() && rule.starts_with("-t ");
                    let below = rule
                        .strip_prefix(chain)
                        .is_some_and(|rest| chain.is_empty() || rest.is_empty() || rest.starts_with(' '));
                    below && !other_table
                }
                _ => false,
            }) && earlier.place == step.place
                && earlier.argv.runs_same_program(&step.argv)
                && (earlier.entry == step.entry || earlier.entry == 0)
                && self
                    .guards_of(StepId(index as u32))
                    .all(|(id, guard)| guards.contains(&id) || self.lets_only_through_what_is_there(guard))
        })
    }

    /// True for the guard of `iptables -N CHAIN || iptables -F CHAIN`: the chain is new, or the second command empties it.
    fn lets_only_through_what_is_there(&self, guard: &Guard) -> bool {
        let Cond::Works(maker) = guard.cond else { return false };
        let creates = |e: &Effect| {
            matches!((&e.change, &e.resource), (Change::Create(_), Resource::FirewallRule(_)))
                && matches!(e.again, Again::Fails(_))
        };
        !guard.holds && self.step(maker).deed.effects.iter().any(creates)
    }

    /// True if git takes the file away or sets it back in each run: `git reset --hard; git clean -fdx`.
    pub(super) fn is_cleaned(&self, file: &Value, id: StepId) -> bool {
        let place = &self.step(id).place;
        let here = || self.iter().filter(|(_, step)| step.place == *place);
        here().any(|(other, step)| cleans(&step.argv, file) && self.runs_along(other, id) != Along::Never)
            && here()
                .any(|(other, step)| restores(&step.argv, file) && self.runs_along(other, id) != Along::Never)
    }

    /// True if each run writes the file from scratch before the step appends to it.
    pub(crate) fn starts_anew(&self, file: &Value, before: StepId) -> bool {
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
                        // `[ -f F ] && rm F`: it is gone either way.
                        let guard = &self.guards[g.0 as usize];
                        let facts = guard.cond.facts();
                        guard.cond.evaluate(&mut |_| Some(true)) == Some(guard.holds)
                            && !guard.cond.has_opaque()
                            && facts
                                .iter()
                                .all(|f| matches!(&f.resource, Resource::Path(p) if file.is_under(p)))
                    }
                })
        })
    }
}
