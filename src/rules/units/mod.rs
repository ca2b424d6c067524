//! The family `units`: does systemd read what is in the units, and does that fit what the scripts and the repo create?

mod command_lines;
mod modules;
mod references;

use crate::facts::installed::is_of_a_user;
use crate::facts::read_units::ReadUnit;
use crate::facts::world::{UnitAt, World};
use crate::finding::RuleId;
use crate::model::{Deployment, StepId};
use crate::project::unit::Directive;
use crate::repo::names::base;
use crate::rules::draft::Draft;
use crate::shell::value::has_hole;
use crate::source::Span;

include!(concat!(env!("OUT_DIR"), "/rules_units.rs"));

fn judged<'c, 'r, 'a>(world: &'c World<'r, 'a>) -> impl Iterator<Item = Judged<'c, 'r, 'a>> {
    world.read_units().iter().map(move |read| Judged::of(world, read))
}

/// A unit as systemd gets it.
struct Judged<'c, 'r, 'a> {
    context: &'c World<'r, 'a>,
    at: &'c UnitAt,
    /// What is known about how it gets to systemd.
    read: &'c ReadUnit,
    /// The script that writes or installs it, and the step.
    script: Option<(&'r Deployment<'a>, StepId)>,
}

impl<'c, 'r, 'a> Judged<'c, 'r, 'a> {
    fn of(context: &'c World<'r, 'a>, read: &'c ReadUnit) -> Self {
        let script = read.script.map(|(script, id)| (context.scripts()[script], id));
        Judged { context, at: &context.units[read.unit], read, script }
    }

    /// True for a unit that a script brings to a user's own manager.
    fn is_of_a_user(&self) -> bool {
        self.script.is_some_and(|(script, id)| is_of_a_user(script.step(id)))
    }

    /// True if the service has another root directory, so that its paths are not those of the server.
    fn changes_root(&self) -> bool {
        ["RootDirectory", "RootImage"].iter().any(|key| self.at.unit.get("Service", key).is_some())
    }

    /// A finding about a directive, with at most the confidence that is known for the unit.
    fn finding(&self, rule: RuleId, span: Span, message: impl Into<String>) -> Draft {
        self.context.finding(rule, span, message).at_most(self.read.confidence)
    }

    /// True if the text is literal: no variable of the script is inserted, and none is left to be inserted.
    fn is_plain(&self, text: &str) -> bool {
        !has_hole(text)
            && !text.contains(['$', '`', '{', '<'])
            && !text.contains("__")
            && text.matches('@').count() < 2
    }

    /// True if `text` (`$NAME`, `$(nproc)`) reaches systemd as written.
    fn is_literal(&self, text: &str) -> bool {
        self.read.literal.as_ref().is_none_or(|literal| literal.contains(text))
    }

    /// True if the shell that writes the unit inserts a command's output, so that the words are not those
    /// that arrive.
    fn holds_substitution(&self, value: &str) -> bool {
        let at = value.find("$(").or_else(|| value.find('`'));
        at.is_some_and(|at| !self.is_literal(value[at..].split_whitespace().next().unwrap_or_default()))
    }

    /// The directives of `Exec…=`, in their own section.
    fn commands(&self) -> impl Iterator<Item = &'c Directive> {
        let of = |d: &&Directive| {
            matches!(d.section.as_str(), "Service" | "Socket") && is_command(&d.key) && !d.value.is_empty()
        };
        self.at.unit.directives.iter().filter(of)
    }
}

/// True for a directive that holds a command line: systemd.service(5), systemd.socket(5).
fn is_command(key: &str) -> bool {
    [
        "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecStop",
        "ExecStopPre", "ExecStopPost",
    ]
    .contains(&key)
}
