//! `services/port-taken`: a container publishes a port on which a server of the same machine listens.

use crate::facts::stacks::Stack;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step, StepId};
use crate::project::compose::{Port, Service, with_defaults};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::effect::Resource;
use crate::tools::managers::is_runtime_package;
use crate::tools::ports::{Listening, installed};
use crate::tools::sites::blocks;
use std::collections::HashSet;

/// A server that a script installs.
struct Server<'w, 'a> {
    script: &'w Deployment<'a>,
    id: StepId,
    step: &'w Step,
    listening: &'static Listening,
}

/// `services/port-taken`.
pub(super) fn port_taken(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let stacks = context.stacks();
    if stacks.is_empty() {
        return;
    }
    let mut told = HashSet::new();
    for server in servers(context) {
        let mut is_free = None;
        for stack in stacks {
            for (service, port) in published(stack, server.listening.port) {
                // These take long to find out, so they are asked last.
                if !shares_machine(context, stack, &server)
                    || *is_free.get_or_insert_with(|| may_be_free(context, &server))
                    || !told.insert(port.span)
                {
                    continue;
                }
                let name = server.listening.name;
                let message = format!(
                    "`{}` publishes port {}, on which {name} of the server listens: the container does not start",
                    service.name, server.listening.port
                );
                let help = format!(
                    "publish another port, or do without the server's own {name} (`systemctl disable --now`)"
                );
                let sure = context
                    .confidence(server.script, server.id, None)
                    .min(context.confidence(stack.script, stack.id, None))
                    .min(stack.sure);
                let draft = context
                    .finding(id::SERVICES_PORT_TAKEN, port.span, message)
                    .help(help)
                    .at_most(sure)
                    .related(server.step.span, format!("{name} is installed here"));
                found.push(draft.related(stack.step.span, "the container is started here").done());
            }
        }
    }
}

/// The servers that the scripts of the deploy install on the machine.
fn servers<'w, 'r, 'a>(context: &'w World<'r, 'a>) -> Vec<Server<'w, 'a>>
where
    'r: 'w,
{
    let mut found = Vec::new();
    for (_, script) in context.deploy().deploying() {
        for (id, step) in script.iter().filter(|(_, step)| step.entry == 0 && step.place == Place::Here) {
            let listening = step.deed.effects.iter().filter_map(installed);
            found.extend(listening.map(|listening| Server { script, id, step, listening }));
        }
    }
    found
}

/// The services of a stack that publish the port on all addresses of the host, or on the one of the machine itself.
fn published<'s>(
    stack: &'s Stack<'_, '_>,
    number: u16,
) -> impl Iterator<Item = (&'s Service, &'s Port)> + use<'s> {
    let number = number.to_string();
    let ports =
        stack.services.iter().flat_map(|service| service.ports.iter().map(move |port| (*service, port)));
    ports.filter(move |(service, port)| {
        let address = port.address.as_deref().unwrap_or_default();
        let published = port.published.as_deref().map(with_defaults);
        service.network_mode.is_none()
            && port.protocol == "tcp"
            && matches!(address, "" | "0.0.0.0" | "127.0.0.1" | "[::]" | "::")
            && published.as_deref() == Some(number.as_str())
    })
}

/// True if the containers run where the server is installed: one script does both, or the one that installs the server also
/// installs Docker for the other one. A script that installs Docker by itself sets a server up in another way.
fn shares_machine(context: &World<'_, '_>, stack: &Stack<'_, '_>, server: &Server<'_, '_>) -> bool {
    if stack.step.place != Place::Here {
        return false;
    }
    std::ptr::eq(stack.script, server.script)
        || brings_docker(context, server.script) && !brings_docker(context, stack.script)
}

/// True if the script installs Docker.
fn brings_docker(context: &World<'_, '_>, script: &Deployment<'_>) -> bool {
    context.sources.file(script.file).text().contains("get.docker.com")
        || script.steps.iter().flat_map(|step| &step.deed.effects).any(|effect| match &effect.resource {
            Resource::Package(name) => is_runtime_package(name.known_prefix()),
            _ => false,
        })
}

/// True if something may end the server, or may let it listen elsewhere.
fn may_be_free(context: &World<'_, '_>, server: &Server<'_, '_>) -> bool {
    let listening = server.listening;
    let says_80 = || {
        context.scripts().iter().any(|script| {
            let texts = context.nginx_texts(script).iter();
            texts.flat_map(|text| blocks(&text.text.text)).any(|block| block.on_80)
        })
    };
    let moves = |step: &Step| {
        let named = step.argv.args.iter().any(|arg| listening.is_settings(&step.argv.path(arg)));
        named || step.deed.effects.iter().any(|effect| listening.is_settings(effect.resource.name()))
    };
    let mut steps = context.scripts().iter().flat_map(|script| &script.steps);
    steps.any(|step| listening.is_ended_by(&step.argv, &step.deed) || moves(step) && !says_80())
}
