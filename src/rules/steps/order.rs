//! `steps/before-database`, `steps/before-unit`: a step stands above what it needs, and
//! nothing above it brings that. Each compares two steps of one script that certainly run one after the other: what
//! stands in a loop, in another arm of a choice or behind a condition of its own is not compared.

use crate::facts::deploy::names::same_unit;
use crate::facts::packages::is_opaque_call;
use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, StepId, only_success};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::databases;
use crate::tools::effect::{Change, Resource, Role};

/// All three.
pub(super) fn too_early(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        before_database(context, script, found);
    }
    before_unit(context, found);
}

/// True if the second step never runs unless the first one has run above it.
pub(super) fn follows(script: &Deployment<'_>, first: StepId, second: StepId) -> bool {
    let (a, b) = (script.step(first), script.step(second));
    let plain = |s: &Step| !s.in_loop && !s.background;
    first < second
        && a.entry == b.entry
        && a.place == b.place
        && a.span != b.span
        && plain(a)
        && plain(b)
        && script
            .guards_of(first)
            .all(|(id, guard)| script.guards_of(second).any(|(other, _)| other == id) || only_success(guard))
}

fn before_database(context: &World<'_, '_>, script: &Deployment<'_>, found: &mut Vec<Finding>) {
    let makes = |s: &Step| {
        s.deed
            .effects
            .iter()
            .any(|e| matches!((&e.change, &e.resource), (Change::Create(_), Resource::Database(_))))
    };
    let Some((id, step)) = script.iter().find(|(_, s)| s.deed.roles.contains(&Role::Migrate) && !makes(s))
    else {
        return;
    };
    let above = &script.steps[..id.0 as usize];
    // `createdb` may be in SQL from a file, or in another script.
    let fills = |s: &Step| {
        makes(s)
            || is_opaque_call(s)
            || databases::runs_sql(&s.argv) && !s.deed.known
            || crate::facts::deploy::line_of(s).to_ascii_lowercase().contains("create database")
    };
    if above.iter().any(fills) {
        return;
    }
    let Some((other, made)) =
        script.iter().skip(id.0 as usize + 1).find(|(other, s)| makes(s) && follows(script, id, *other))
    else {
        return;
    };
    let text = format!(
        "`{}` runs before `{}` on {} creates the database",
        context.words(step.span),
        context.words(made.span),
        context.line(made.span),
    );
    found.push(
        context
            .finding(id::STEPS_BEFORE_DATABASE, step.span, text)
            // It may be another database than the one that is migrated.
            .at_most(Confidence::Medium)
            .at_most(context.confidence(script, id, None).min(context.confidence(script, other, None)))
            .related(made.span, "this creates the database, too late")
            .help("create the role and the database first")
            .done(),
    );
}

/// Installs packages whose names are not seen: a file of one (`dpkg -i`), a vendor's script.
fn installs_unnamed(step: &Step) -> bool {
    step.deed.roles.contains(&Role::SystemPackages)
        && !step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Package(_)))
}

fn before_unit(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for at in &context.units {
        let (Origin::Written(script, id) | Origin::Installed(script, id)) = at.origin else { continue };
        let script = context.scripts()[script];
        if script.step(id).place != Place::Here {
            continue;
        }
        let does = |s: &Step, wanted: &[Change]| {
            s.deed.effects.iter().any(|e| match &e.resource {
                // A glob or a variable may be another unit.
                Resource::Unit(name) => {
                    wanted.contains(&e.change) && name.as_literal().is_some_and(|n| same_unit(n, &at.name))
                }
                _ => false,
            })
        };
        let starts = [Change::Start, Change::Restart];
        let uses = [Change::Start, Change::Restart, Change::Enable];
        let above = &script.steps[..id.0 as usize];
        let Some((early, step)) =
            script.iter().take(id.0 as usize).find(|(e, s)| does(s, &uses) && follows(script, *e, id))
        else {
            continue;
        };
        // It may have come before: written in another place, copied with others, brought by a package.
        let brings = |s: &Step| {
            is_opaque_call(s)
                || s.written.iter().any(|w| w.path.basename().is_shown_as(&at.name))
                || s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                    (Change::Write | Change::Create(_), Resource::Path(path)) => {
                        let shown = path.to_string();
                        shown.ends_with(&at.name) || shown.contains("systemd/") && s.written.is_empty()
                    }
                    (Change::Create(_), Resource::Package(name)) => {
                        name.to_string().starts_with(at.name.trim_end_matches(".service"))
                    }
                    _ => false,
                })
                || installs_unnamed(s)
        };
        if above.iter().any(brings) {
            continue;
        }
        let only_enables = !does(step, &starts);
        let after = &script.steps[id.0 as usize + 1..];
        let again = |s: &Step| match only_enables {
            true => does(s, &[Change::Enable]),
            false => does(s, &starts) || s.deed.roles.contains(&Role::Reboot),
        };
        let unknown = |s: &Step| {
            s.deed.effects.iter().any(|e| {
                uses.contains(&e.change)
                    && matches!(&e.resource, Resource::Unit(name) if name.as_literal().is_none())
            })
        };
        if after.iter().any(|s| again(s) || unknown(s) || is_opaque_call(s)) {
            continue;
        }
        let text = format!(
            "`{}` runs before {} writes {}, and nothing {} it afterwards",
            context.words(step.span),
            context.line(script.step(id).span),
            at.name,
            if only_enables { "enables" } else { "starts" },
        );
        found.push(
            context
                .finding(id::STEPS_BEFORE_UNIT, step.span, text)
                .at_most(context.confidence(script, early, None).min(context.confidence(script, id, None)))
                .related(at.span, "the unit is written here")
                .help("write the unit, run `systemctl daemon-reload`, then enable and start it")
                .done(),
        );
    }
}
