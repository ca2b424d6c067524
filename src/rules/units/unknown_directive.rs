//! `units/unknown-directive`: a section, a directive or a line that systemd does not know, and ignores.

use super::wrong_section::belongs_elsewhere;
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::project::unit::Directive;
use crate::project::unit::directives::{Standing, all, sections, standing};
use crate::rules::id;
use crate::rules::units::{Judged, judged};

/// Names at least this similar (Jaro-Winkler) are taken for misspellings of each other.
const ALIKE: f64 = 0.88;

/// `units/unknown-directive`.
pub(super) fn unknown_directive(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let known = sections(unit.read.kind);
    for (name, span) in &unit.at.unit.sections {
        if known.contains(&name.as_str()) || name.starts_with("X-") || !unit.is_plain(name) {
            continue;
        }
        let message =
            format!("systemd knows no section [{name}] in {}, so it ignores all of it", unit.at.name);
        let meant = closest(name, known.iter().copied());
        let help = match meant {
            Some(meant) => format!("write `[{meant}]`"),
            None => format!("a {} has {}", ending(&unit.at.name), listed(&known)),
        };
        found.push(unit.finding(id::UNITS_UNKNOWN_DIRECTIVE, *span, message).help(help).done());
    }
    for directive in &unit.at.unit.directives {
        if known.contains(&directive.section.as_str()) {
            judge_directive(unit, directive, &known, found);
        }
    }
    for problem in &unit.at.unit.problems {
        // A variable alone on its line may contain a whole line.
        let text = unit.context.sources.text(problem.span);
        if unit.is_plain(text) && unit.is_literal(text) {
            let message = format!("`{}`: {}", unit.context.words(problem.span), problem.reason);
            let help = "write it as `Key=value`; if it continues the line before, end that line with `\\`";
            found.push(unit.finding(id::UNITS_UNKNOWN_DIRECTIVE, problem.span, message).help(help).done());
        }
    }
}

fn judge_directive(
    unit: &Judged<'_, '_, '_>,
    directive: &Directive,
    known: &[&str],
    found: &mut Vec<Finding>,
) {
    let (section, key) = (directive.section.as_str(), directive.key.as_str());
    let ignored = format!("systemd ignores `{key}=` in [{section}]");
    match standing(section, key) {
        Standing::Known | Standing::Newer | Standing::Removed(None) => {}
        Standing::Removed(Some(instead)) => {
            let message = format!("newer releases of systemd no longer know `{key}=` and ignore it");
            let draft =
                unit.finding(id::UNITS_UNKNOWN_DIRECTIVE, directive.span, message).severity(Severity::Info);
            found.push(draft.help(format!("write `{instead}=`")).done());
        }
        Standing::Unknown if !unit.is_plain(key) || key.is_empty() => {}
        Standing::Unknown if belongs_elsewhere(unit.read.kind, key).is_some() => {}
        Standing::Unknown => {
            let names = all();
            let here = names.iter().filter(|(s, _)| *s == section).map(|(_, name)| name.as_str());
            let there = names.iter().filter(|(s, _)| known.contains(s)).map(|(_, name)| name.as_str());
            let meant = closest(key, here).or_else(|| closest(key, there));
            let draft = unit.finding(
                id::UNITS_UNKNOWN_DIRECTIVE,
                directive.span,
                format!("{ignored}, because there is no such directive"),
            );
            let help = match meant {
                Some(meant) => format!("write `{meant}=`"),
                None => "remove it; for a note of your own, start the name with `X-`".to_owned(),
            };
            found.push(draft.help(help).done());
        }
    }
}

/// The name that is most similar to `word`.
fn closest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = word.to_ascii_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_ascii_lowercase(), &lower);
    let best = names.map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("service", |(_, ending)| ending)
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("[{name}]")).collect();
    names.join(", ")
}
