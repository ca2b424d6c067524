//! `steps/not-reloaded`, `steps/not-enabled`, `steps/not-restarted`: what systemd must be told about a unit.
//!
//! Facts: systemctl(1). `enable` reloads the manager's configuration when it is done, unless `--no-reload` is
//! given; `start` does not affect a running unit; `restart` runs the unit as it was last loaded.

use crate::facts::deploy::{Deploy, Language, UnitEffect, is_here};
use crate::facts::world::{Origin, UnitAt};
use crate::finding::{Confidence, Finding, Related, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::project::unit::{UnitKind, template_of};
use crate::rules::guards;
use crate::rules::id;
use crate::tools::advice::restart;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::known_units::is_beside_the_app;
use crate::tools::services::may_start_otherwise;
use std::cell::OnceCell;
use std::collections::HashMap;

/// `steps/not-reloaded`, `steps/not-enabled`, `steps/not-restarted`.
pub(super) fn units(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let asked = Asked::default();
    for at in deploy.own_units() {
        let (Origin::Written(script, id) | Origin::Installed(script, id)) = at.origin else { continue };
        // A unit of another host, of an image, or one that only some menu entry removes again.
        if !is_here(context.scripts()[script].step(id)) || is_removed(deploy, at) {
            continue;
        }
        let unit = Own { at, script, id, effects: deploy.effects_on(&at.name), asked: &asked };
        not_reloaded(deploy, &unit, found);
        let started = not_restarted(deploy, &unit, found);
        if started {
            not_enabled(deploy, &unit, found);
        }
    }
    code_without_restart(deploy, found);
}

/// A unit that a script writes or installs, and what is done to it.
struct Own<'u, 'r> {
    at: &'u UnitAt,
    script: usize,
    id: StepId,
    effects: Vec<UnitEffect<'r>>,
    asked: &'u Asked,
}

impl<'r> Own<'_, 'r> {
    /// The first step of the deploy that does this to the unit.
    fn first(&self, wanted: &[Change]) -> Option<UnitEffect<'r>> {
        self.effects.iter().find(|effect| effect.deploys && wanted.contains(effect.change)).copied()
    }
}

/// What is the same for each unit, computed once.
#[derive(Default)]
struct Asked {
    /// Something ends whatever runs.
    ends: OnceCell<bool>,
    /// Something enables unknown units.
    enables: OnceCell<bool>,
    reboots: OnceCell<bool>,
    /// The units that others start, with those others.
    brought_up: OnceCell<HashMap<String, Vec<String>>>,
}

/// The unit exists only for a while: a later step removes its file.
fn is_removed(deploy: &Deploy<'_, '_, '_>, at: &UnitAt) -> bool {
    deploy.steps().any(|s| {
        s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Remove, Resource::Path(path)) => {
                path.basename().is_shown_as(&at.name)
                    && s.span.file == at.span.file
                    && s.span.start > at.span.start
            }
            _ => false,
        })
    })
}

/// The manager reads its units again.
fn reloads(step: &Step) -> bool {
    step.deed.roles.iter().any(|role| matches!(role, Role::DaemonReload | Role::Reboot))
}

fn not_reloaded(deploy: &Deploy<'_, '_, '_>, unit: &Own<'_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let Own { at, script, id, .. } = *unit;
    let deployment = context.scripts()[script];
    // An existing file is not touched: only a new unit is written, and systemd reads a new one when it is
    // started.
    if deployment.second_run(id).skipped_by().is_some() {
        return;
    }
    let starts = |effect: &&UnitEffect<'_>| {
        effect.script == script && effect.id >= id && matches!(effect.change, Change::Restart | Change::Start)
    };
    let Some(UnitEffect { id: start, step, .. }) = unit.effects.iter().find(starts).copied() else { return };
    let later = || deployment.iter().skip(id.0 as usize);
    // `enable --now` reloads in between.
    if later().take_while(|(step, _)| *step <= start).any(|(_, s)| reloads(s)) {
        return;
    }
    let after = later().find(|(step, s)| step.0 > start.0 && s.deed.roles.contains(&Role::DaemonReload));
    let message = format!(
        "{} is written, but systemd does not reload it before {} starts it",
        at.name,
        context.line(step.span)
    );
    let mut draft = context
        .finding(id::STEPS_NOT_RELOADED, at.span, message)
        .help("run `systemctl daemon-reload` in between, because systemd keeps the version that it has read")
        .related(step.span, "this starts the version that systemd read last")
        .at_most(context.confidence(deployment, id, None))
        .fix(guards::line_before(context, deployment, step, "systemctl daemon-reload"));
    if let Some((_, reload)) = after {
        draft = draft.related(reload.span, "this comes too late, and nothing restarts it afterwards");
    }
    found.push(draft.done());
}

/// Finds what is never started; true if it is started in some way.
#[expect(clippy::too_many_lines)]
fn not_restarted(deploy: &Deploy<'_, '_, '_>, unit: &Own<'_, '_>, found: &mut Vec<Finding>) -> bool {
    let context = deploy.world;
    let Own { at, script, id, asked, .. } = *unit;
    if is_brought_up_otherwise(deploy, at, asked) {
        return false;
    }
    let any = |wanted: &[Change]| unit.first(wanted).map(|effect| effect.step);
    if any(&[Change::Restart]).is_some() {
        return true;
    }
    let Some(start) = any(&[Change::Start]) else {
        let enabled = any(&[Change::Enable]);
        let stem = at.name.trim_end_matches(".service");
        let told = deploy.said_drives("start", stem)
            || deploy.mentions(&["--now", stem])
            || deploy.mentions(&["reboot"]);
        if told
            || deploy.called_drives("start", stem)
            || deploy.called_drives("--now", stem)
            || deploy.repo_drives("start", stem)
            || deploy.repo_drives("--now", stem)
            || *asked.reboots.get_or_init(|| deploy.steps().any(|s| s.deed.roles.contains(&Role::Reboot)))
        {
            return false;
        }
        let message = match enabled {
            Some(_) => {
                format!("{} is enabled but never started, so it runs only after the next boot", at.name)
            }
            None => format!("{} is installed, but nothing enables or starts it", at.name),
        };
        let mut draft = context
            .finding(id::STEPS_NOT_RESTARTED, at.span, message)
            .help(format!("run `systemctl restart {stem}` after the daemon-reload"));
        if let Some(enabled) = enabled {
            draft = draft.related(enabled.span, "this enables it");
        }
        found.push(draft.done());
        return false;
    };
    // `stop` and then `start` is a restart, and so is a guard that checks whether it runs.
    let stops = any(&[Change::Stop]).is_some();
    let again = context.scripts()[script].second_run(id).skipped_by().is_none();
    let oneshot = at.unit.is_oneshot() || UnitKind::of(&at.name) != UnitKind::Service;
    if stops || oneshot || !again {
        return true;
    }
    // A line that starts several units is reported once.
    let told = |f: &&mut Finding| f.rule == id::STEPS_NOT_RESTARTED && f.span == start.span;
    if let Some(other) = found.iter_mut().find(told) {
        other.related.push(Related { span: at.span, message: "the same is true for this unit".to_owned() });
        return true;
    }
    let (message, cause) = match updates(context.scripts()[script]) {
        Some(update) => {
            let line = context.line(update.span);
            let message =
                format!("{} is only started, so a running one keeps the old code after {line}", at.name);
            (message, Some(update))
        }
        None if is_left_running(deploy, unit, start) => {
            let message = format!(
                "{} is written on each run but only started, so a running one keeps the old unit and code",
                at.name
            );
            (message, None)
        }
        None => return true,
    };
    let mut draft = context
        .finding(id::STEPS_NOT_RESTARTED, start.span, message)
        .help(format!(
            "write `systemctl restart {}`, which also starts a service that does not run",
            at.name.trim_end_matches(".service")
        ))
        .fix(
            restart(&start.argv)
                .and_then(|edit| guards::fix(context, context.scripts()[script], start, &edit)),
        );
    if let Some(update) = cause {
        draft = draft.related(update.span, "this brings new code");
    } else {
        draft = draft.at_most(context.confidence(context.scripts()[script], id, None));
        // A script that is named after a first installation may be meant for one; then another script brings
        // new code.
        let path = context.sources.file(start.span.file).path();
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if ["install", "setup", "provision", "bootstrap"].iter().any(|first| name.contains(first)) {
            draft = draft.at_most(Confidence::Low);
        }
    }
    found.push(draft.related(at.span, "the unit").done());
    true
}

/// The script that writes the unit starts it below, and nothing is seen that ends the running one: no kill,
/// no reboot, and no restart in what it calls, in another script of the repo, or of all that belongs to a
/// target.
fn is_left_running(deploy: &Deploy<'_, '_, '_>, unit: &Own<'_, '_>, start: &Step) -> bool {
    let Own { at, script, id, asked, .. } = *unit;
    let deployment = deploy.world.scripts()[script];
    let below = deployment.steps[id.0 as usize..].iter().any(|s| std::ptr::eq(s, start));
    let stem = at.name.trim_end_matches(".service");
    let ends = |s: &Step| {
        s.deed.roles.iter().any(|role| matches!(role, Role::Reboot | Role::Signal))
            || s.deed.roles.contains(&Role::Restart) && s.deed.effects.is_empty()
            || s.deed.effects.iter().any(|e| match &e.resource {
                Resource::Unit(name) => {
                    let name = name.to_string();
                    matches!(e.change, Change::Restart | Change::Stop)
                        && (name.contains(['$', '*', '`']) || name.ends_with(".target"))
                }
                _ => false,
            })
    };
    let driven = ["restart", "stop"]
        .iter()
        .any(|verb| deploy.called_drives(verb, stem) || deploy.repo_drives(verb, stem));
    below && is_here(start) && !asked.ends.get_or_init(|| deploy.steps().any(ends)) && !driven
}

/// The step that brings new code, also on a second run.
fn updates<'r>(script: &'r Deployment<'_>) -> Option<&'r Step> {
    script.iter().find_map(|(id, step)| {
        let source = step.deed.roles.contains(&Role::Source) && is_here(step);
        let again = !step.deed.roles.contains(&Role::Clone);
        (source && again && script.second_run(id).skipped_by().is_none()).then_some(step)
    })
}

/// A timer, a socket, another unit or the boot starts it; or it is a template, or what another unit runs on
/// failure.
fn is_brought_up_otherwise(deploy: &Deploy<'_, '_, '_>, at: &UnitAt, asked: &Asked) -> bool {
    let name = at.name.as_str();
    if matches!(UnitKind::of(name), UnitKind::Target | UnitKind::Mount) || name.contains("@.") {
        return true;
    }
    let stem = name.trim_end_matches(".service");
    let by = |name: &str, stem: bool| {
        let brought_up = asked.brought_up.get_or_init(|| brought_up(&deploy.world.units));
        let key = if stem { format!("{BY_STEM}{name}") } else { name.to_owned() };
        brought_up.get(&key).is_some_and(|others| others.iter().any(|other| other != &at.name))
    };
    by(name, false)
        || by(stem, true)
        || ["WantedBy", "RequiredBy", "PartOf"].iter().any(|key| {
            // Its target is started, and that starts it.
            let section = if *key == "PartOf" { "Unit" } else { "Install" };
            at.unit
                .all(section, key)
                .iter()
                .flat_map(|d| d.value.split_whitespace())
                .any(|target| deploy.own_units().any(|u| u.name == target && u.name != at.name))
        })
}

/// Marks what means a unit only if it is named without its suffix.
const BY_STEM: char = ' ';

/// The units that others name, with those others.
fn brought_up(units: &[UnitAt]) -> HashMap<String, Vec<String>> {
    let mut brought: HashMap<String, Vec<String>> = HashMap::new();
    for other in units {
        let mut add = |name: String| brought.entry(name).or_default().push(other.name.clone());
        if let Some(triggered) = other.unit.triggers(&other.name) {
            add(triggered);
        }
        for key in ["OnFailure", "OnSuccess", "Wants", "Requires", "BindsTo", "Upholds"] {
            for (name, _) in other.unit.units_of(key) {
                add(format!("{BY_STEM}{name}"));
                if let Some(template) = template_of(&name) {
                    add(template);
                }
                add(name);
            }
        }
        for also in other.unit.all("Install", "Also") {
            also.value.split_whitespace().for_each(|name| add(name.to_owned()));
        }
    }
    brought
}

fn not_enabled(deploy: &Deploy<'_, '_, '_>, unit: &Own<'_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let Own { at, asked, .. } = *unit;
    let linked = |s: &Step| {
        s.deed.effects.iter().any(|e| match &e.resource {
            Resource::Path(path) => path.to_string().contains(".wants/"),
            _ => false,
        })
    };
    let any = |s: &Step| linked(s) || s.deed.roles.contains(&Role::Enable) && s.deed.effects.is_empty();
    let enabled =
        unit.first(&[Change::Enable]).is_some() || *asked.enables.get_or_init(|| deploy.steps().any(any));
    let stem = at.name.trim_end_matches(".service");
    if enabled
        || !at.unit.has_install()
        || at.unit.is_oneshot_work()
        || deploy.mentions(&["enable", stem])
        || deploy.called_drives("enable", stem)
        || deploy.repo_drives("enable", stem)
    {
        return;
    }
    let start = unit.first(&[Change::Start, Change::Restart]);
    let message = format!("{} is started but never enabled, so it is gone after a reboot", at.name);
    let mut draft = context
        .finding(id::STEPS_NOT_ENABLED, at.span, message)
        .help(format!("run `systemctl enable {stem}`"));
    if let Some(UnitEffect { step: start, script, .. }) = start {
        draft = draft.related(start.span, "this only starts it");
        let own = context.scripts().get(script);
        let enable = format!("systemctl enable {stem}");
        // In a loop over units the line would differ.
        let own = own.filter(|_| context.sources.text(start.span).contains(stem));
        draft = draft.fix(own.and_then(|own| guards::line_before(context, own, start, &enable)));
    }
    if let Some(install) = at.unit.get("Install", "WantedBy") {
        draft = draft.related(install.span, "this is what enabling would do");
    }
    found.push(draft.done());
}

/// New code and dependencies arrive, but nothing that runs is restarted.
fn code_without_restart(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let Some(update) = context.scripts().iter().find_map(|script| updates(script)) else { return };
    let prepared = deploy.steps().any(|s| {
        s.deed.roles.iter().any(|r| {
            matches!(
                r,
                Role::Migrate | Role::Dependencies(Ecosystem::Python | Ecosystem::Ruby | Ecosystem::Php)
            )
        })
    });
    let starts = deploy.steps().any(|s| {
        s.deed.roles.iter().any(|r| matches!(r, Role::Restart | Role::Serve | Role::ComposeUp))
            && !matches!(&s.deed.effects[..], [only] if is_beside_the_app(&only.resource.name().to_string()))
            || s.background
            || may_start_otherwise(&s.argv)
    });
    let app = context.units.iter().find(|u| {
        u.unit
            .exec_start()
            .iter()
            .any(|e| e.serves().is_some_and(|s| !matches!(s.language, Language::Container | Language::Other)))
    });
    let Some(app) = app else { return };
    if !prepared
        || starts
        || deploy.own_units().next().is_some()
        || deploy.may_do_anything()
        || deploy.in_containers()
    {
        return;
    }
    let stem = app.name.trim_end_matches(".service");
    if deploy.called_drives("start", stem) || deploy.mentions(&["restart"]) {
        return;
    }
    let message =
        format!("new code arrives, but nothing restarts {}, so the old code keeps running", app.name);
    found.push(
        context
            .finding(id::STEPS_NOT_RESTARTED, update.span, message)
            .severity(Severity::Warning)
            .help(format!("end with `systemctl restart {stem}`"))
            .related(app.span, "this unit runs the app")
            .done(),
    );
}
