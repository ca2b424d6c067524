//! `units/unknown-directive`, `units/wrong-section`, `units/no-install`: what systemd does not read.

use crate::facts::world::Origin;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding, Severity};
use crate::project::unit::directives::{SECTIONS, Standing, all, sections, standing};
use crate::project::unit::{Directive, UnitKind};
use crate::rules::id;
use crate::rules::units::Judged;
use crate::tools::effect::{Change, Resource};

const UNKNOWN: RuleId = id::UNITS_UNKNOWN_DIRECTIVE;
const WRONG: RuleId = id::UNITS_WRONG_SECTION;
const NO_INSTALL: RuleId = id::UNITS_NO_INSTALL;
/// How similar two names must be for one to be meant by the other, by Jaro and Winkler.
const ALIKE: f64 = 0.88;

/// `units/unknown-directive` and `units/wrong-section`.
pub(super) fn directives(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let known = sections(unit.read.kind);
    let own = known.last().copied().unwrap_or("Unit");
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
        found.push(unit.finding(UNKNOWN, *span, message).help(help).done());
    }
    for directive in &unit.at.unit.directives {
        if known.contains(&directive.section.as_str()) {
            judge(unit, directive, &known, own, found);
        }
    }
    for problem in &unit.at.unit.problems {
        // A variable alone on its line may contain a whole line.
        let text = unit.context.sources.text(problem.span);
        if unit.is_plain(text) && unit.is_literal(text) {
            let message = format!("`{}`: {}", unit.context.words(problem.span), problem.reason);
            let help = "write it as `Key=value`; if it continues the line before, end that line with `\\`";
            found.push(unit.finding(UNKNOWN, problem.span, message).help(help).done());
        }
    }
}

fn judge(
    unit: &Judged<'_, '_, '_>,
    directive: &Directive,
    known: &[&str],
    own: &str,
    found: &mut Vec<Finding>,
) {
    let (section, key) = (directive.section.as_str(), directive.key.as_str());
    let ignored = format!("systemd ignores `{key}=` in [{section}]");
    match standing(section, key) {
        Standing::Known | Standing::Newer | Standing::Removed(None) => {}
        Standing::Removed(Some(instead)) => {
            let message = format!("newer releases of systemd no longer know `{key}=` and ignore it");
            let draft = unit.finding(UNKNOWN, directive.span, message).severity(Severity::Info);
            found.push(draft.help(format!("write `{instead}=`")).done());
        }
        Standing::Unknown if !unit.is_plain(key) || key.is_empty() => {}
        Standing::Unknown => {
            let elsewhere =
                [own, "Unit", "Install"].into_iter().find(|other| known.contains(other) && reads(other, key));
            if let Some(other) = elsewhere {
                let draft = unit.finding(
                    WRONG,
                    directive.span,
                    format!("{ignored}, because it belongs in [{other}]"),
                );
                found.push(draft.help(format!("move the line to [{other}]")).done());
                return;
            }
            // `OnCalendar=` in a service: it belongs in another unit.
            if let Some(other) = SECTIONS.iter().find(|other| !known.contains(other) && reads(other, key)) {
                let message = format!("{ignored}, because it belongs in [{other}] of another unit");
                found.push(unit.finding(WRONG, directive.span, message).done());
                return;
            }
            let names = all();
            let here = names.iter().filter(|(s, _)| *s == section).map(|(_, name)| name.as_str());
            let there = names.iter().filter(|(s, _)| known.contains(s)).map(|(_, name)| name.as_str());
            let meant = closest(key, here).or_else(|| closest(key, there));
            let draft = unit.finding(
                UNKNOWN,
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

fn reads(section: &str, key: &str) -> bool {
    matches!(standing(section, key), Standing::Known | Standing::Newer) && !key.starts_with("X-")
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

/// `units/no-install`: `systemctl enable` for a unit that does not say what enabling should do.
pub(super) fn no_install(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let at = unit.at;
    let wanted = ["WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"];
    // A key in the wrong section is reported by the other rule.
    let misplaced = at.unit.directives.iter().any(|d| wanted.contains(&d.key.as_str()));
    if at.unit.has_install() || misplaced || at.origin == Origin::InRepo {
        return;
    }
    let Some((script, _)) = unit.script else { return };
    let enables = |name: &str| name == at.name || format!("{name}.service") == at.name;
    let enabled = script.iter().find_map(|(id, step)| {
        let operand = step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Enable, Resource::Unit(name)) if name.as_literal().is_some_and(enables) => {
                Some(e.operand.unwrap_or(step.span))
            }
            _ => None,
        });
        operand.map(|operand| (id, operand))
    });
    let Some((id, operand)) = enabled else { return };
    // A unit that a timer, a socket or another unit of the project starts needs no enabling.
    let stem = at.name.trim_end_matches(".service");
    let brought = unit.context.units.iter().filter(|other| other.name != at.name).find(|other| {
        other.unit.triggers(&other.name).is_some_and(|t| t == at.name)
            || ["Wants", "Requires", "BindsTo", "Upholds"]
                .iter()
                .any(|key| other.unit.units_of(key).iter().any(|(n, _)| n == &at.name || n == stem))
    });
    let message = match brought {
        Some(other) => format!(
            "enabling {} does nothing, because it has no [Install] section; {} starts it",
            at.name, other.name
        ),
        None => format!(
            "enabling {} does nothing, because it has no [Install] section; it will not start at boot",
            at.name
        ),
    };
    let target = match unit.read.kind {
        UnitKind::Timer => "timers.target",
        UnitKind::Socket => "sockets.target",
        _ => "multi-user.target",
    };
    let mut draft = unit
        .finding(NO_INSTALL, at.unit.span, message)
        .at_most(unit.context.confidence(script, id, None))
        .related(operand, "enables it");
    draft = match brought {
        Some(other) => draft.severity(Severity::Info).help(format!("enable {} alone", other.name)),
        None => draft.help(format!("end the unit with `[Install]` and `WantedBy={target}`")),
    };
    // A text that is put together from unknown pieces may contain the section after all.
    if unit.read.literal.as_ref().is_some_and(|l| l.lines().any(|line| line.trim().is_empty()))
        && unit.at.unit.problems.iter().any(|p| unit.context.sources.text(p.span).contains('$'))
    {
        draft = draft.at_most(Confidence::Low);
    }
    let mut finding = draft.done();
    // The whole unit is too long to point at, so its first line is used.
    if let Some((_, span)) = at.unit.sections.last() {
        finding.span = *span;
    }
    found.push(finding);
}
