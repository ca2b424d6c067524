//! `steps/restarted-too-early`: the app is restarted, and its new parts arrive only after that.

use crate::facts::deploy::Language;
use crate::facts::deploy::names::same_unit;
use crate::facts::outputs::OUTPUTS;
use crate::facts::packages::{ecosystem, environment, installs_manifest, is_opaque_call, tree};
use crate::facts::parts::{Origin, ProcessAt};
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::project::unit::Exec;
use crate::rules::id;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::packaging::may_run_a_build;
use crate::tools::serves::{language_of_name, line_serves};

/// A service of the app that a step starts: a unit or a process of pm2.
struct Started<'c> {
    /// The name in messages.
    name: String,
    language: Ecosystem,
    /// What it runs; empty if that is not known.
    commands: Vec<String>,
    directory: Option<Value>,
    unit: Option<&'c UnitAt>,
}

/// For each script and service, finds the restart that comes before the work.
pub(super) fn restarted_too_early(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let mut told: Vec<String> = Vec::new();
        for (id, step) in script.iter() {
            for effect in &step.deed.effects {
                if !matches!(effect.change, Change::Start | Change::Restart) {
                    continue;
                }
                let Some(started) = started(context, (script, id), &effect.resource) else { continue };
                let Some((late, severity)) = work_after(script, id, &started) else { continue };
                if told.contains(&started.name) || is_started_again(script, late, &effect.resource) {
                    continue;
                }
                told.push(started.name.clone());
                let work = script.step(late);
                let text = format!(
                    "`{}` starts {} before `{}` on {}, so {}",
                    context.words(step.span),
                    started.name,
                    context.words(work.span),
                    context.line_beside(work.span, step.span),
                    consequence(work),
                );
                let mut confidence =
                    context.confidence(script, id, None).min(context.confidence(script, late, None));
                if started.unit.is_none() {
                    confidence = confidence.min(Confidence::Medium);
                }
                let mut draft = context
                    .finding(id::STEPS_RESTARTED_TOO_EARLY, step.span, text)
                    .at_most(confidence)
                    .related(work.span, "this comes too late, and nothing restarts it afterwards")
                    .help("restart it last, after dependencies, build, migrations and static files");
                if let Some(unit) = started.unit {
                    draft = draft.related(unit.span, "the unit");
                }
                if let Some(severity) = severity {
                    draft = draft.severity(severity);
                }
                found.push(draft.done());
            }
        }
    }
}

fn consequence(work: &Step) -> &'static str {
    if work.deed.roles.contains(&Role::Migrate) {
        "the new code runs on the old tables until then"
    } else if work.deed.roles.contains(&Role::StaticFiles) {
        "it keeps the old list of hashed static files"
    } else {
        "it keeps running the old version"
    }
}

fn started<'c>(
    context: &'c World<'_, '_>,
    by: (&Deployment<'_>, StepId),
    resource: &Resource,
) -> Option<Started<'c>> {
    match resource {
        Resource::Unit(name) => unit_started(context, name.as_literal()?),
        Resource::Process(_) => process_started(context, by),
        _ => None,
    }
}

fn unit_started<'c>(context: &'c World<'_, '_>, name: &str) -> Option<Started<'c>> {
    let unit = context.units.iter().find(|at| same_unit(name, &at.name));
    let execs = unit.map(|at| at.unit.exec_start()).unwrap_or_default();
    let language = match unit {
        Some(_) => execs.first()?.serves()?.language,
        // If the text is missing, a unit is known only if it is called after its server: `puma`, `celery-worker`.
        None => language_of_name(name),
    };
    let directory = unit.and_then(|at| at.unit.working_directory());
    Some(Started {
        name: name.to_owned(),
        language: ecosystem_of(language)?,
        commands: execs.iter().map(Exec::line).collect(),
        directory: directory.map(|directory| Value::literal(directory.value.as_str()).normalized()),
        unit,
    })
}

/// The process that a step of pm2 starts, if it starts one alone.
fn process_started<'c>(context: &World<'_, '_>, by: (&Deployment<'_>, StepId)) -> Option<Started<'c>> {
    let (script, id) = by;
    let is_by_it = |at: &&ProcessAt| match at.origin {
        Origin::Installed(number, own) | Origin::Written(number, own) => {
            own == id && std::ptr::eq(context.scripts()[number], script)
        }
        Origin::InRepo => false,
    };
    let mut all = context.processes.iter().filter(is_by_it);
    let process = all.next().filter(|_| all.next().is_none()).map(|at| &at.process)?;
    let directory = process.directory.as_deref().filter(|directory| directory.starts_with(['/', '$']));
    Some(Started {
        name: process.name.clone(),
        language: ecosystem_of(line_serves(&process.command)?.language)?,
        commands: vec![process.command.join(" ")],
        directory: directory.map(Value::literal),
        unit: None,
    })
}

fn ecosystem_of(language: Language) -> Option<Ecosystem> {
    match language {
        Language::Python => Some(Ecosystem::Python),
        Language::Node => Some(Ecosystem::Node),
        Language::Ruby => Some(Ecosystem::Ruby),
        Language::Php | Language::Container | Language::Other => None,
    }
}

/// The first later step that brings what the service runs with.
fn work_after(
    script: &Deployment<'_>,
    id: StepId,
    started: &Started<'_>,
) -> Option<(StepId, Option<Severity>)> {
    script.after(id).find_map(|(other, s)| {
        let of = ecosystem(s).filter(|of| *of == started.language)?;
        let brings = installs_manifest(s, of)
            || s.deed.roles.iter().any(|r| match r {
                Role::Migrate | Role::StaticFiles => true,
                Role::Build(Ecosystem::Node) => runs_build(started, s),
                _ => false,
            });
        let alien = s.deed.roles.contains(&Role::Dependencies(Ecosystem::Node)) && !lies_there(started, s);
        let comes_after = s.place == script.step(id).place && script.surely_after(other, id);
        if !brings || alien || !comes_after || other_environment(started, s) {
            return None;
        }
        let minor = s.deed.roles.contains(&Role::StaticFiles);
        Some((other, minor.then_some(Severity::Info)))
    })
}

/// True if the step works in the directory in which the service runs.
fn lies_there(started: &Started<'_>, step: &Step) -> bool {
    let Some(directory) = &started.directory else { return false };
    tree(step).is_some_and(|tree| tree.looks_like(directory))
}

/// True if the service runs what the build makes.
fn runs_build(started: &Started<'_>, step: &Step) -> bool {
    lies_there(started, step)
        && started.commands.iter().any(|command| {
            OUTPUTS.iter().any(|out| command.contains(&format!("{out}/"))) || may_run_a_build(command)
        })
}

/// True if the service runs in one virtual environment, and the step works in another.
fn other_environment(started: &Started<'_>, step: &Step) -> bool {
    let (Some(at), Some(environment)) = (started.unit, environment(step)) else { return false };
    let Some(exec) = at.unit.exec_start().into_iter().next() else { return false };
    let program = exec.program.as_str();
    let own = program.contains("/bin/") && !program.starts_with("/usr/") && !program.starts_with("/bin/");
    let name = environment.basename().to_string();
    own && !program.contains(&format!("/{name}/bin/"))
}

/// True if a later step starts it again, or may do so.
fn is_started_again(script: &Deployment<'_>, late: StepId, resource: &Resource) -> bool {
    let name = resource.name().to_string();
    script.steps[late.0 as usize..].iter().any(|s| {
        is_opaque_call(s)
            || s.deed.roles.iter().any(|role| matches!(role, Role::Reboot | Role::Signal))
            || s.deed.roles.contains(&Role::Restart) && s.deed.effects.is_empty()
            || s.deed.effects.iter().any(|e| {
                matches!(e.change, Change::Start | Change::Restart)
                    && match &e.resource {
                        // A file of processes and a process have different names.
                        Resource::Process(_) => matches!(resource, Resource::Process(_)),
                        Resource::Unit(unit) => {
                            let unit = unit.to_string();
                            unit.contains(['$', '*', '`'])
                                || same_unit(&unit, &name)
                                || same_unit(&name, &unit)
                                || unit.ends_with(".target")
                        }
                        _ => false,
                    }
            })
    })
}
