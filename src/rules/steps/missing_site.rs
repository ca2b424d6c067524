//! `steps/missing-site`: a site is enabled that nothing writes.

use crate::facts::deploy::is_here;
use crate::facts::sites::{links, may_bring};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::{base, directory, is_beside};
use crate::rules::id;
use crate::shell::value::Value;
use crate::tools::daemons::reader;
use crate::tools::effect::{Resource, Role};
use crate::tools::sites::{Server, is_site_of_nginx};

/// For each site that a script enables, looks for what brings its file. A script that sets no server up may rely on a
/// file that is there already.
pub(super) fn missing_site(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    left_in_the_repo(context, found);
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

/// A site of nginx in the repo that nothing takes to the server, where a script that sets the server up makes nginx read its
/// settings.
fn left_in_the_repo(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let project = context.project;
    let sites = &project.inventory.nginx;
    let deploy = context.deploy();
    let settings = Value::literal("/etc/nginx/conf.d/x.conf");
    let Some(daemon) = reader(&settings).filter(|_| !sites.is_empty() && !deploy.in_containers()) else {
        return;
    };
    let reloads = |step: &Step| {
        !step.deed.roles.contains(&Role::SystemPackages)
            && step.deed.roles.contains(&Role::Restart)
            && daemon.may_be_reloaded_by(&step.argv, &step.deed, &settings)
    };
    let Some((script, id)) = deploy.deploying().find_map(|(_, script)| {
        let reload = script.iter().find(|(_, step)| step.entry == 0 && is_here(step) && reloads(step));
        reload.filter(|_| context.sets_up(script)).map(|(id, _)| (script, id))
    }) else {
        return;
    };
    let of_nginx = |text: &str| text.contains("/etc/nginx");
    let puts = |step: &Step| {
        step.argv.args.iter().any(|arg| of_nginx(&arg.value.to_string()))
            || step.deed.effects.iter().any(|effect| of_nginx(&effect.resource.name().to_string()))
    };
    // What images and documents name is for those.
    let is_for_others = |path: &str| {
        let name = base(path);
        let images = project.texts.iter().filter(|(other, _)| project.inventory.dockerfiles.contains(other));
        images.chain(&project.guides).any(|(_, file)| context.sources.file(*file).text().contains(name))
            || project.composes.iter().flat_map(|compose| &compose.services).any(|service| {
                service
                    .volumes
                    .iter()
                    .any(|volume| volume.source.as_ref().is_some_and(|source| source.text.ends_with(name)))
            })
    };
    let is_site = |path: &&String| {
        let text = project.texts.iter().find(|(own, _)| own == *path).map(|(_, file)| *file);
        text.is_some_and(|file| is_site_of_nginx(context.sources.file(file).text().as_bytes()))
    };
    let Some(site) =
        sites.iter().filter(is_site).find(|path| !is_beside(directory(path)) && !is_for_others(path))
    else {
        return;
    };
    if context.steps().any(|(.., step)| puts(step)) || deploy.may_do_anything() {
        return;
    }
    let step = script.step(id);
    let message = format!("`{}` finds no site of the app: no step installs {site}", context.words(step.span));
    let draft = context.finding(id::STEPS_MISSING_SITE, step.span, message).at_most(Confidence::Medium);
    let name = base(site);
    let draft = draft.at_most(context.confidence(script, id, None));
    found
        .push(draft.help(format!("copy it first: `install -m 0644 {site} /etc/nginx/conf.d/{name}`")).done());
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
