//! `steps/site-not-enabled`: a site is written where nginx or Apache does not read it.

use crate::facts::sites::{may_enable, written};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::tools::effect::{Change, Effect, Resource, Role};

/// For each site that a script writes to `sites-available`, looks for the step that enables it. A script that sets no
/// server up may rely on a link that is there already.
pub(super) fn site_not_enabled(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    let is_told = |line: &str| ["sites-enabled", "a2ensite"].iter().any(|word| line.contains(word));
    for &script in context.scripts() {
        let mut told: Vec<String> = Vec::new();
        for site in written(script) {
            let (server, name) = (site.server, site.name.as_str());
            if server.brings(name) || told.contains(&site.name) || !context.sets_up(script) {
                continue;
            }
            let is_enabled = context.steps_with(script).any(|step| may_enable(step, server, name));
            let is_removed = || {
                script.steps.iter().skip(site.id.0 as usize + 1).any(|step| {
                    let removes = |e: &Effect| e.change == Change::Remove && e.resource.name() == site.path;
                    step.deed.effects.iter().any(removes)
                })
            };
            if is_enabled || is_removed() || is_of_unknown_checkout(context, script, site.id) {
                continue;
            }
            // What is said and called takes long to go through, so it is asked last.
            if deploy.says_to(is_told) || deploy.calls_to(is_told) {
                return;
            }
            told.push(site.name.clone());
            let sure = if deploy.may_do_anything() { Confidence::Medium } else { Confidence::High };
            let message = format!(
                "{} is written, but nothing enables it, so {} never reads it",
                site.path,
                server.name()
            );
            let draft = context
                .finding(id::STEPS_SITE_NOT_ENABLED, script.step(site.id).span, message)
                .at_most(sure)
                .at_most(context.confidence(script, site.id, Some(site.path)))
                .help(format!("run `{}` before the reload", server.enable(name)));
            found.push(draft.done());
        }
    }
}

/// True if the script updates a checkout that no script of the deploy makes: it installs nothing and pulls in its directory.
/// Whoever made that by hand may have enabled its site, too: what another script sets up is another app of the repo.
fn is_of_unknown_checkout(context: &World<'_, '_>, script: &Deployment<'_>, site: StepId) -> bool {
    if script.steps.iter().any(|step| step.deed.roles.contains(&Role::SystemPackages)) {
        return false;
    }
    let pulls = script.steps[..site.0 as usize]
        .iter()
        .rfind(|step| step.deed.roles.contains(&Role::Source) && !step.deed.roles.contains(&Role::Clone));
    let Some(checkout) = pulls.map(|step| &step.argv.cwd).filter(|cwd| cwd.as_literal().is_some()) else {
        return false;
    };
    let makes = |effect: &Effect| match &effect.resource {
        Resource::Path(path) => matches!(effect.change, Change::Create(_)) && path.looks_like(checkout),
        _ => false,
    };
    let mut steps = context.steps_with(script);
    checkout.is_absolute() && !steps.any(|step| step.deed.effects.iter().any(makes))
}
