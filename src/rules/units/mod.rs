//! What stands in the units themselves: whether systemd reads it, and whether it fits what the scripts and the repo
//! make.

mod commands;
mod directives;
mod modules;
mod paths;
mod processes;
mod upstream;
mod values;
mod variables;

use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::{Confidence, Finding, RuleId};
use crate::model::{Deployment, StepId};
use crate::project::unit::{Directive, UnitKind};
use crate::repo::names::base;
use crate::rules::Rule;
use crate::rules::draft::Draft;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource};
use std::cell::OnceCell;

/// The rules of this family in Rust: they share what is worked out of each unit.
pub(super) const RULES: &[(&str, Rule)] = &[("units", all)];

/// The rules about one unit.
const EACH: &[fn(&Judged<'_, '_, '_>, &mut Vec<Finding>)] = &[
    directives::directives,
    directives::no_install,
    values::values,
    commands::commands,
    processes::processes,
    variables::variables,
    paths::paths,
    modules::modules,
];

fn all(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let made = OnceCell::new();
    let units: Vec<Judged<'_, '_, '_>> =
        context.units.iter().filter_map(|at| Judged::of(context, at, &made)).collect();
    for unit in &units {
        for rule in EACH {
            rule(unit, found);
        }
    }
    upstream::upstream(context, &units, found);
}

/// A unit that is what systemd gets to read.
struct Judged<'c, 'r, 'a> {
    context: &'c World<'r, 'a>,
    at: &'c UnitAt,
    kind: UnitKind,
    /// The script that writes or installs it, and the step.
    script: Option<(&'r Deployment<'a>, StepId)>,
    /// What the script writes, without what it puts in: a `$NAME` that is left stands there literally.
    literal: Option<String>,
    /// How sure at most.
    confidence: Confidence,
    /// What the scripts make, worked out once for all units.
    made: &'c OnceCell<Vec<paths::Made>>,
}

impl<'c, 'r, 'a> Judged<'c, 'r, 'a> {
    /// `None` for a text that something changes before systemd reads it, and for what is no unit.
    fn of(context: &'c World<'r, 'a>, at: &'c UnitAt, made: &'c OnceCell<Vec<paths::Made>>) -> Option<Self> {
        let kind = UnitKind::of(&at.name);
        let (script, literal) = match at.origin {
            Origin::InRepo => (None, None),
            Origin::Installed(index, id) | Origin::Written(index, id) => {
                let script = context.scripts.get(index)?;
                let step = script.step(id);
                let as_it_is =
                    matches!(step.argv.name.as_str(), "cp" | "install" | "mv" | "ln" | "rsync" | "systemctl");
                let written = step.written.iter().find(|w| w.path.basename().is_shown_as(&at.name));
                // `sed … template > x.service`, `envsubst`: who knows what it makes of it.
                if matches!(at.origin, Origin::Installed(..)) && !as_it_is
                    || matches!(step.place, Place::Container(_))
                    || is_edited(script, id, &at.name)
                {
                    return None;
                }
                (Some((script, id)), written.map(|w| without_holes(w.value.key())))
            }
        };
        // A template that seems to be installed as it is was filled in on a way that is not seen.
        let of_the_repo = matches!(at.origin, Origin::InRepo | Origin::Installed(..));
        if kind == UnitKind::Other || of_the_repo && is_template(context, at) {
            return None;
        }
        let confidence = match script {
            Some((script, id)) => context.confidence(script, id, None),
            None => Confidence::High,
        };
        Some(Judged { context, at, kind, script, literal, confidence, made })
    }

    /// A finding about a directive, no surer than what is known of the unit.
    fn finding(&self, rule: RuleId, span: Span, message: impl Into<String>) -> Draft {
        self.context.finding(rule, span, message).at_most(self.confidence)
    }

    /// True where the text is there as it stands: no variable of the script is put in, none is left to be put in.
    fn is_plain(&self, text: &str) -> bool {
        !text.contains(['$', '`', '{', '<', '\u{1}']) && !text.contains("__") && text.matches('@').count() < 2
    }

    /// True where `text` (`$NAME`, `$(nproc)`) reaches systemd as it is written.
    fn is_literal(&self, text: &str) -> bool {
        self.literal.as_ref().is_none_or(|literal| literal.contains(text))
    }

    /// True where the shell that writes the unit puts in what a command prints: the words are not those that arrive.
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

/// The directives that hold a command line, systemd.service(5), systemd.socket(5).
fn is_command(key: &str) -> bool {
    matches!(
        key,
        "ExecStart"
            | "ExecStartPre"
            | "ExecStartPost"
            | "ExecCondition"
            | "ExecReload"
            | "ExecStop"
            | "ExecStopPre"
            | "ExecStopPost"
    )
}

/// A later step changes the file where it lies: `sed -i`, another line appended.
fn is_edited(script: &Deployment<'_>, id: StepId, name: &str) -> bool {
    script.iter().filter(|(step, _)| step.0 >= id.0).any(|(_, step)| {
        step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Edit, resource) => resource.name().basename().is_shown_as(name),
            (Change::Append, Resource::Line { file, .. }) => file.basename().is_shown_as(name),
            _ => false,
        })
    })
}

/// A file of the repo that somebody fills in before it is installed: it holds marks for that.
fn is_template(context: &World<'_, '_>, at: &UnitAt) -> bool {
    let text = context.sources.file(at.span.file).text();
    let marks = ["{{", "<%", "%%", "__APP", "__USER", "__DIR", "@@", "/path/to", "<YOUR", "<your"];
    marks.iter().any(|mark| text.contains(mark))
}

/// What is left of a value's key without the holes for what is put in (`shell::value`).
fn without_holes(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    let mut inside = false;
    for c in key.chars() {
        match c {
            '\u{1}' => inside = true,
            '\u{2}' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    // What a comment says never gets to systemd.
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', ';']));
    lines.collect::<Vec<&str>>().join("\n")
}
