//! `steps/before-dependencies`, `steps/before-database`, `steps/before-unit`: a step stands above what it needs, and
//! nothing above it brings that. Each compares two steps of one script that certainly run one after the other: what
//! stands in a loop, in another arm of a choice or behind a condition of its own is not compared.

use crate::facts::deploy::names::same_unit;
use crate::facts::world::{Origin, World};
use crate::finding::{Confidence, Finding};
use crate::model::condition::Cond;
use crate::model::{Deployment, Guard, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::{calls, databases, packaging};

/// All three.
pub(super) fn too_early(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.scripts {
        before_dependencies(context, script, found);
        before_database(context, script, found);
    }
    before_unit(context, found);
}

/// True where the second step never runs without the first one having run above it.
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

/// `cd DIR && CMD`, `A && CMD`: where the script works at all, the guard holds.
fn only_success(guard: &Guard) -> bool {
    fn leaves(cond: &Cond) -> bool {
        match cond {
            Cond::Works(_) | Cond::Always(true) => true,
            Cond::And(a, b) => leaves(a) && leaves(b),
            _ => false,
        }
    }
    guard.holds && leaves(&guard.cond)
}

/// A step above whose doing is not all known may have done anything: a script, `make`, another tool's runner.
pub(super) fn is_opaque_call(step: &Step) -> bool {
    !step.deed.known && calls::may_do_anything(&step.argv)
}

/// Whose program does the work; `None` where the words do not say.
pub(super) fn ecosystem(step: &Step) -> Option<Ecosystem> {
    step.deed.roles.iter().find_map(|role| match role {
        Role::Build(of @ (Ecosystem::Node | Ecosystem::Ruby | Ecosystem::Php)) => Some(*of),
        Role::Dependencies(of) => Some(*of),
        Role::Migrate | Role::StaticFiles => packaging::ecosystem(&step.argv),
        _ => None,
    })
}

/// The environment that a Python program belongs to: of `/srv/app/venv/bin/pip` it is `/srv/app/venv`.
pub(super) fn environment(step: &Step) -> Option<Value> {
    let program = &step.argv.program.value;
    if program.key().contains('/') {
        let directory = program.resolve(&step.argv.cwd).dirname();
        if directory.known_suffix().ends_with("/bin") {
            return Some(directory.dirname());
        }
    }
    step.argv.env("VIRTUAL_ENV").map(|v| v.resolve(&step.argv.cwd))
}

/// Installs what a manifest names, and not some package by its name.
pub(super) fn installs_manifest(step: &Step, of: Ecosystem) -> bool {
    step.deed.roles.contains(&Role::Dependencies(of)) && packaging::installs_manifest(&step.argv, of)
}

/// They work on the same tree of packages.
fn same_tree(work: &Step, install: &Step, of: Ecosystem) -> bool {
    if of == Ecosystem::Python {
        return environment(work) == environment(install);
    }
    let filled = install.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
        (Change::Create(_), Resource::Path(path)) => Some(path.dirname()),
        _ => None,
    });
    filled.unwrap_or_else(|| install.argv.cwd.clone()) == work.argv.cwd
        && !packaging::works_elsewhere(&work.argv)
}

fn before_dependencies(context: &World<'_, '_>, script: &Deployment<'_>, found: &mut Vec<Finding>) {
    let work = |s: &Step| {
        s.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Build(Ecosystem::Node) | Role::Migrate | Role::StaticFiles))
    };
    let mut told: Vec<StepId> = Vec::new();
    for (id, step) in script.iter().filter(|(_, s)| work(s)) {
        let Some(of) = ecosystem(step) else { continue };
        let above = &script.steps[..id.0 as usize];
        let brought = |s: &Step| {
            s.deed.roles.contains(&Role::Dependencies(of))
                || is_opaque_call(s)
                || !s.deed.roles.contains(&Role::SystemPackages)
                    && !crate::facts::deploy::is_saying(s)
                    && crate::facts::deploy::line_of(s).contains("install")
        };
        if above.iter().any(brought) {
            continue;
        }
        let later = script.iter().skip(id.0 as usize + 1).find(|(other, s)| {
            installs_manifest(s, of) && follows(script, id, *other) && same_tree(step, s, of)
        });
        let Some((other, install)) = later else { continue };
        // One word for all that stands above the same install.
        if told.contains(&other) {
            continue;
        }
        told.push(other);
        let text = format!(
            "`{}` runs before `{}` on {} installs what it needs: it fails on a new machine, and works with the old dependencies on a later deploy",
            context.words(step.span),
            context.words(install.span),
            context.line(install.span),
        );
        let confidence = context.confidence(script, id, None).min(context.confidence(script, other, None));
        found.push(
            context
                .finding(id::STEPS_BEFORE_DEPENDENCIES, step.span, text)
                .at_most(confidence)
                .related(install.span, "installs the dependencies, too late")
                .help("install first, then build, migrate and gather the static files")
                .done(),
        );
    }
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
    // `createdb` may stand in SQL from a file, or in another script.
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
        "`{}` runs before `{}` on {} creates the database: on a new machine there is nothing to migrate yet",
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
            .related(made.span, "creates the database, too late")
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
        let script = &context.scripts[script];
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
            "`{}` runs before {} writes {}: on a new machine there is no such unit yet, and nothing {} it after",
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
