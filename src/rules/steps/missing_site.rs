//! `steps/missing-site`: a site is enabled that nothing writes.

use crate::facts::sites::{links, may_bring};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::tools::effect::Resource;
use crate::tools::sites::Server;

/// For each site that a script enables, looks for what brings its file. A script that sets no server up may rely on a
/// file that is there already.
pub(super) fn missing_site(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    let is_told = |line: &str| line.contains("sites-available");
    for &script in context.scripts() {
        if !context.sets_up(script) {
            continue;
        }
        for (id, step) in script.iter() {
            for (server, name) in links(step) {
                let is_brought = || context.steps_with(script).any(|step| may_bring(step, server, &name));
                if server.brings(&name) || asks_for(script, id, &name) || is_brought() {
                    continue;
                }
                // What is said and called takes long to go through, so it is asked last.
                if deploy.says_to(is_told) || deploy.calls_to(is_told) {
                    return;
                }
                let consequence = match server {
                    Server::Nginx => "`nginx -t` fails",
                    Server::Apache => "`a2ensite` fails",
                };
                let message = format!(
                    "`{}` enables the site {}, but nothing writes it, so {consequence}",
                    context.words(step.span),
                    name.trim_end_matches(".conf")
                );
                let sure = if deploy.may_do_anything() { Confidence::Medium } else { Confidence::High };
                let place = server.place(&name);
                let draft = context
                    .finding(id::STEPS_MISSING_SITE, step.span, message)
                    .at_most(sure)
                    .at_most(context.confidence(script, id, None))
                    .help(format!("write {place} first, or remove the link"));
                found.push(draft.done());
            }
        }
    }
}

/// True if the step runs only behind a test of the site's file.
fn asks_for(script: &Deployment<'_>, id: StepId, name: &str) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        guard
            .cond
            .facts()
            .iter()
            .any(|fact| matches!(&fact.resource, Resource::Path(path) if path.basename().to_string() == name))
    })
}
