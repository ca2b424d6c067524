//! `services/no-unit` and `services/no-service`: compose services against units.

use crate::finding::Finding;
use crate::project::compose::Service;
use crate::project::services::{Counterpart, Server, ServiceRef, UnitInfo, Unmatched, link, product_units};
use crate::rules::context::{Context, Origin, UnitAt};
use crate::rules::steps::Deploy;
use crate::shell::effect::{Change, Resource, Role};
use crate::shell::wrappers::Place;

/// `services/no-unit` and `services/no-service`.
pub(super) fn links(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    if context.project.composes.is_empty() || context.units.is_empty() {
        return;
    }
    let deploy = Deploy::new(context);
    // Where Compose runs the app on the server there is nothing to compare.
    let own: Vec<&UnitAt> = deploy.own_units().filter(|u| u.name.ends_with(".service")).collect();
    if context.project.composes.is_empty() || own.is_empty() || deploy.in_containers() {
        return;
    }
    let units: Vec<&UnitAt> =
        context.units.iter().filter(|u| u.origin != Origin::InRepo || deploy.is_started(&u.name)).collect();
    let infos: Vec<UnitInfo<'_>> =
        units.iter().map(|at| UnitInfo { name: at.name.clone(), unit: &at.unit, span: at.span }).collect();
    let (packages, started, programs) = on_server(context, &deploy);
    let names = names(context);
    let server = Server {
        units: &infos,
        packages: &packages,
        started: &started,
        programs: &programs,
        project: &names,
    };
    let links = link(&context.project.composes, &server);
    // A file of which no service is a unit describes something else: the databases of developers, another app.
    let same_app = |compose: usize| {
        links.matches.iter().any(|m| m.service.compose == compose && matches!(m.by, Counterpart::Unit(_)))
    };
    let compared: Vec<usize> = (0..context.project.composes.len()).filter(|c| same_app(*c)).collect();
    // A script that installs no software leaves the server's own to whoever made the server.
    let installs = deploy.steps().any(|s| s.deed.roles.contains(&Role::SystemPackages));
    let given = |name: &str| context.given.services.iter().find(|(service, _)| service == name);
    let service = |r: ServiceRef| &context.project.composes[r.compose].services[r.service];
    for unmatched in &links.unmatched_services {
        let service = service(unmatched.service);
        let software = service.image_name().is_some_and(|image| !product_units(&image).is_empty());
        if !compared.contains(&unmatched.service.compose) || software && !installs {
            continue;
        }
        if given(&service.name)
            .is_some_and(|(_, unit)| unit.as_deref().is_none_or(|u| has_unit(&units, &started, u)))
        {
            continue;
        }
        found.push(no_unit(context, service, unmatched, own[0]));
    }
    for index in links.unmatched_units.iter().filter(|_| !compared.is_empty()) {
        let at = units[*index];
        let stem = at.name.trim_end_matches(".service");
        let mapped = |unit: &String| unit == stem || *unit == at.name;
        if at.origin == Origin::InRepo
            || context.given.services.iter().any(|(_, unit)| unit.as_ref().is_some_and(mapped))
        {
            continue;
        }
        found.push(no_service(context, at, &compared));
    }
}

pub(super) fn has_unit(units: &[&UnitAt], started: &[String], name: &str) -> bool {
    let stem = name.trim_end_matches(".service");
    units.iter().any(|u| u.name.trim_end_matches(".service") == stem)
        || started.iter().any(|s| s.trim_end_matches(".service") == stem)
}

fn no_unit(context: &Context<'_, '_>, service: &Service, unmatched: &Unmatched, near: &UnitAt) -> Finding {
    let file = context.project.composes[unmatched.service.compose].file;
    let path = context.sources.file(file).path();
    let script = context.sources.file(near.span.file).path();
    let message = match &unmatched.by_hand {
        Some(command) => format!(
            "the service `{}` of {path} has no unit: `{}` is started by hand, and after a crash or a reboot it is gone",
            service.name,
            command.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
        ),
        None => format!(
            "the service `{}` of {path} has no unit, and nothing that {script} installs does its work",
            service.name
        ),
    };
    let help = format!(
        "write a unit for it; if the server does not need it, say so in deploylint.yaml: `services: {{{}: null}}`",
        service.name
    );
    context
        .finding("services/no-unit", service.name_span, message)
        .help(help)
        .related(near.span, "where the units are installed")
        .done()
}

fn no_service(context: &Context<'_, '_>, at: &UnitAt, compared: &[usize]) -> Finding {
    let files = compared.iter().map(|c| context.project.composes[*c].file);
    let paths: Vec<&str> = files.map(|file| context.sources.file(file).path()).collect();
    let stem = at.name.trim_end_matches(".service");
    let message = format!(
        "{} has no counterpart in {}: whoever deploys with Compose does without it",
        at.name,
        paths.join(" or ")
    );
    let mut draft = context.finding("services/no-service", at.span, message).help(format!(
        "add a service that runs it, or map it in deploylint.yaml: `services: {{NAME: {stem}}}`"
    ));
    if let Some(exec) = at.unit.exec_start().first() {
        draft = draft.related(exec.span, "what it runs");
    }
    draft.done()
}

/// Packages that are installed, units that are started, and the words of all commands.
pub(super) fn on_server(
    context: &Context<'_, '_>,
    deploy: &Deploy<'_, '_, '_>,
) -> (Vec<String>, Vec<String>, Vec<Vec<String>>) {
    let (mut packages, mut started, mut programs) = (Vec::new(), Vec::new(), Vec::new());
    for step in deploy.steps().filter(|s| !matches!(s.place, Place::Container(_))) {
        for effect in &step.deed.effects {
            match (&effect.resource, &effect.change) {
                (Resource::Package(name), Change::Create(_) | Change::Write) => {
                    packages.push(name.to_string())
                }
                (Resource::Unit(name), Change::Start | Change::Restart | Change::Enable) => {
                    started.push(name.to_string());
                }
                _ => {}
            }
        }
        if step.deed.roles.contains(&Role::SystemPackages) {
            packages.extend(step.argv.args.iter().filter_map(|a| a.value.as_literal()).map(str::to_owned));
        }
    }
    // What another script of the repo keeps running, on a staging machine, is no part of this deploy.
    let installs = |index: usize| {
        context.units.iter().any(|u| {
            matches!(u.origin, Origin::Written(script, _) | Origin::Installed(script, _) if script == index)
        })
    };
    let managed = |name: &str| ["docker", "podman", "pm2", "supervisor"].iter().any(|m| name.starts_with(m));
    for (index, script) in context.scripts.iter().enumerate() {
        for step in script.steps.iter().filter(|s| installs(index) || !managed(&s.argv.name)) {
            if step.argv.name.is_empty() || step.deed.roles.contains(&Role::ReadOnly) {
                continue;
            }
            let words = std::iter::once(&step.argv.program).chain(&step.argv.args);
            programs.push(words.map(|w| w.value.to_string()).collect());
        }
    }
    (packages, started, programs)
}

/// What the project is called: its directory, its packages, and the directories that its units run in.
pub(super) fn names(context: &Context<'_, '_>) -> Vec<String> {
    let mut names = context.project.names.clone();
    let needs = &context.project.needs;
    names.extend(needs.node.iter().filter(|p| p.directory.is_empty()).filter_map(|p| p.name.clone()));
    names.extend(context.app_trees.iter().filter_map(|t| t.basename().as_literal().map(str::to_owned)));
    names
}
