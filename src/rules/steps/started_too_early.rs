//! `steps/started-too-early`: a service is started, and what its unit needs comes only after that.
//!
//! Facts: systemd.exec(5), "Process Exit Codes": without the account of `User=` a service ends with 217, without its
//! `WorkingDirectory=` with 200, without its program with 203; without its `EnvironmentFile=` it is not started at all.
//! systemd.service(5) and systemd.unit(5): `Restart=` tries again after `RestartSec=` (100 ms), and by default no more than 5
//! times in 10 s.

use crate::facts::deploy::names::same_unit;
use crate::facts::first_run::made_only_later;
use crate::facts::packages::is_opaque_call;
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Presence, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, Resource, Role};
use crate::tools::known_accounts::comes_by_itself;

/// What a unit needs when it is started.
struct Need {
    what: Resource,
    /// The directive that says so.
    span: Span,
    /// Its name in messages.
    shown: String,
    consequence: &'static str,
}

/// For each script and unit, finds the start that comes before what the unit needs.
pub(super) fn started_too_early(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    if context.given.is_set_up {
        return;
    }
    for &script in context.scripts() {
        let mut told: Vec<&str> = Vec::new();
        for (id, step) in script.iter().filter(|(_, step)| step.entry == 0 && step.place == Place::Here) {
            for effect in &step.deed.effects {
                if !matches!(effect.change, Change::Start | Change::Restart) {
                    continue;
                }
                let Resource::Unit(name) = &effect.resource else { continue };
                let Some(name) = name.as_literal() else { continue };
                let Some(at) = context.units.iter().find(|at| same_unit(name, &at.name)) else { continue };
                if told.contains(&at.name.as_str()) || at.unit.tries_for_long() {
                    continue;
                }
                let late = needs(at).into_iter().find_map(|need| {
                    let late = made_later(context, script, &need.what, id)?;
                    let is_last = script.surely_after(late, id) && !may_start_again(script, late, name);
                    is_last.then_some((need, late))
                });
                if let Some((need, late)) = late {
                    told.push(&at.name);
                    found.push(judge(context, (script, id), at, &need, late));
                }
            }
        }
    }
}

fn judge(
    context: &World<'_, '_>,
    (script, id): (&Deployment<'_>, StepId),
    at: &UnitAt,
    need: &Need,
    late: StepId,
) -> Finding {
    let (step, maker) = (script.step(id), script.step(late));
    let message = format!(
        "`{}` starts {} before {} makes {}, so {}",
        context.words(step.span),
        at.name,
        context.line_beside(maker.span, step.span),
        need.shown,
        need.consequence,
    );
    // systemd may try again in time.
    let most = if at.unit.comes_back(true) { Confidence::Medium } else { Confidence::High };
    let sure = context.confidence(script, id, None).min(context.confidence(script, late, None));
    context
        .finding(id::STEPS_STARTED_TOO_EARLY, step.span, message)
        .at_most(sure.min(most))
        .related(maker.span, "this comes too late")
        .related(need.span, "the unit needs it")
        .help("start the service last")
        .done()
}

/// What must be there when the unit is started.
fn needs(at: &UnitAt) -> Vec<Need> {
    let unit = &at.unit;
    let is_known = |text: &str| !text.is_empty() && !text.contains(['$', '%', '*', '`', '{', '<']);
    let mut needs = Vec::new();
    if let Some(user) = unit.user().filter(|user| is_known(&user.value) && !comes_by_itself(&user.value)) {
        needs.push(Need {
            what: Resource::User(Value::literal(user.value.as_str())),
            span: user.span,
            shown: format!("the account `{}`", user.value),
            consequence: "it fails (status=217/USER)",
        });
    }
    let path = |path: &str, span: Span, consequence: &'static str| {
        let is_path = path.starts_with('/') && is_known(path);
        is_path.then(|| Need {
            what: Resource::Path(Value::literal(path).normalized()),
            span,
            shown: path.to_owned(),
            consequence,
        })
    };
    for file in unit.environment_files().iter().filter(|file| !file.optional) {
        needs.extend(path(&file.path, file.span, "systemd does not start it"));
    }
    if let Some(directory) = unit.working_directory() {
        needs.extend(path(&directory.value, directory.span, "it fails (status=200/CHDIR)"));
    }
    for exec in unit.exec_start().iter().filter(|exec| !exec.prefix.contains('-')) {
        needs.extend(path(&exec.program, exec.span, "it fails (status=203/EXEC)"));
    }
    needs
}

/// The step that makes it, if it is not there before and nothing else may have made it.
fn made_later<'a>(
    context: &World<'_, 'a>,
    script: &Deployment<'a>,
    what: &Resource,
    before: StepId,
) -> Option<StepId> {
    match what {
        Resource::Path(path) => made_only_later(context, script, path, before),
        _ => {
            let makes = |step: &Step| {
                let creates =
                    |effect: &Effect| matches!(effect.change, Change::Create(_)) && effect.resource == *what;
                step.entry == 0 && step.place == Place::Here && step.deed.effects.iter().any(creates)
            };
            let is_absent = script.first_state(before, what).presence == Presence::Untouched
                && !script.steps[..before.0 as usize].iter().any(is_opaque_call)
                && !context.is_made_by_others(script, what);
            let later = || script.after(before).find(|(_, step)| makes(step)).map(|(later, _)| later);
            is_absent.then(later).flatten()
        }
    }
}

/// True if the unit may be started once more after a step.
fn may_start_again(script: &Deployment<'_>, late: StepId, name: &str) -> bool {
    script.steps[late.0 as usize..].iter().any(|step| {
        is_opaque_call(step)
            || step.deed.roles.contains(&Role::Reboot)
            || step.deed.roles.contains(&Role::Restart) && step.deed.effects.is_empty()
            || step.deed.effects.iter().any(|effect| match &effect.resource {
                Resource::Unit(unit) if matches!(effect.change, Change::Start | Change::Restart) => {
                    let unit = unit.to_string();
                    unit.contains(['$', '*', '`']) || same_unit(&unit, name) || unit.ends_with(".target")
                }
                _ => false,
            })
    })
}
