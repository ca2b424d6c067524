//! `units/wrong-exec-start`: no `ExecStart=`, or more than one; systemd.service(5), `Type=` and `ExecStart=`.

use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::unit::{UnitKind, is_true};
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::shell::line::commands;
use crate::source::Span;
use crate::tools::containers::takes_down;

/// `units/wrong-exec-start`.
pub(super) fn wrong_exec_start(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world).filter(|unit| unit.read.kind == UnitKind::Service) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let at = unit.at;
    let starts = at.unit.all("Service", "ExecStart");
    let place: Span =
        at.unit.sections.iter().find(|(name, _)| name == "Service").map_or(at.unit.span, |(_, span)| *span);
    // `$EXTRA` on a line of its own may hold the directive.
    let unknown_lines = at.unit.problems.iter().any(|p| {
        let text = unit.context.sources.text(p.span);
        !unit.is_plain(text) || !unit.is_literal(text)
    });
    if starts.is_empty() {
        let remains = at.unit.get("Service", "RemainAfterExit").is_some_and(|d| is_true(&d.value));
        let stops = at.unit.exec("ExecStop");
        let only_stops = remains
            && stops.iter().any(|exec| commands(&exec.words()).iter().any(|one| takes_down(one.argv())));
        let other = at.unit.get("Unit", "SuccessAction").is_some() || remains && !stops.is_empty();
        // A drop-in of another unit contains only its changes.
        let whole = at.unit.sections.iter().any(|(name, _)| name == "Service")
            || at.unit.sections.iter().any(|(name, _)| name == "Install");
        let is_known = whole && !unknown_lines && !at.unit.directives.iter().any(|d| d.key.contains('$'));
        if (!other || only_stops) && is_known {
            let message = match only_stops {
                true => format!("{} starts nothing: it has no `ExecStart=`, only `ExecStop=`", at.name),
                false => format!("systemd refuses {}, because it has no `ExecStart=`", at.name),
            };
            let help = "name the command with `ExecStart=`";
            found.push(unit.finding(id::UNITS_WRONG_EXEC_START, place, message).help(help).done());
        }
        return;
    }
    let kind = at.unit.service_type();
    if starts.len() > 1 && unit.is_plain(kind) && kind != "oneshot" && !unknown_lines {
        let message = format!(
            "systemd refuses {}, because {} `ExecStart=` lines need `Type=oneshot`",
            at.name,
            starts.len()
        );
        let help = "run preparations with `ExecStartPre=`, and give each further process a unit of its own";
        let draft = unit.finding(id::UNITS_WRONG_EXEC_START, starts[1].span, message).help(help);
        found.push(draft.related(starts[0].span, "the first one is here").done());
    }
    let restart = at.unit.get("Service", "Restart").map_or("no", |d| d.value.as_str());
    if kind == "oneshot" && matches!(restart, "always" | "on-success") {
        let message = format!("systemd refuses `Restart={restart}` with `Type=oneshot`");
        let help = "write `Restart=on-failure`, or start it with a timer";
        let span = at.unit.get("Service", "Restart").map_or(place, |d| d.span);
        found.push(unit.finding(id::UNITS_WRONG_EXEC_START, span, message).help(help).done());
    }
}
