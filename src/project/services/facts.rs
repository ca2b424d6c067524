//! What a service, a unit or a managed process says about itself, in the same words for all three.

use crate::project::compose::{Service, with_defaults};
use crate::project::managers::Process;
use crate::project::services::essence::{self, Essence};
use crate::project::services::evidence::ports_of;
use crate::project::unit::Unit;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The command line; empty for a service without one, because it is in the image.
    pub(crate) command: Option<String>,
    /// The program, or the family of programs that can replace each other: `python server`.
    pub(crate) family: String,
    /// What is served or run: `shop.main:app`.
    pub(crate) module: Option<String>,
    /// The ports on which it listens, from its command and its environment.
    pub(crate) listens: Vec<String>,
    /// True if its command says that it listens on every address, or if its program does so by default.
    pub(crate) open: bool,
    /// Ports of the host that are forwarded to it, with the port in the container.
    pub(crate) published: Vec<(String, String)>,
    /// The account.
    pub(crate) user: Option<String>,
}

impl Facts {
    fn of(essence: &Essence, command: Option<String>) -> Facts {
        let local = ["127.0.0.1", "localhost", "unix:", "[::1]"];
        let every = ["0.0.0.0", "[::]", "*:"];
        let any = |hosts: &[&str]| essence.args.iter().any(|arg| hosts.iter().any(|host| arg.contains(host)));
        Facts {
            command,
            family: essence.family().to_owned(),
            module: essence.module().map(str::to_owned),
            listens: ports_of(&essence.args),
            // Node's `server.listen(port)` listens on every address, but servers of Python only on the
            // machine's own.
            open: any(&every) || essence.family() == "node" && !any(&local),
            ..Facts::default()
        }
    }

    fn listen_to<'v>(&mut self, variables: impl Iterator<Item = (&'v str, &'v str)>) {
        // `DB_PORT` belongs to another service.
        let own =
            variables.filter(|(name, _)| matches!(*name, "PORT" | "HTTP_PORT" | "SERVER_PORT" | "APP_PORT"));
        for (_, port) in own {
            if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
                self.listens.push(port.to_owned());
            }
        }
        self.listens.sort_unstable();
        self.listens.dedup();
    }
}

/// The facts of a Compose service.
pub(crate) fn of_service(service: &Service) -> Facts {
    let command = service.runs();
    let essence = command.map_or_else(Essence::default, |c| essence::of_command(&c.text));
    let mut facts = Facts::of(&essence, command.map(|c| c.text.clone()));
    let variables = service.environment.iter();
    facts.listen_to(variables.filter_map(|v| Some((v.name.as_str(), v.value.as_deref()?))));
    let ports = service.ports.iter().filter(|p| p.protocol == "tcp");
    let ports = ports.filter_map(|p| Some((with_defaults(p.published.as_ref()?), with_defaults(&p.target))));
    facts.published = ports.collect();
    facts
}

/// The facts of a unit.
pub(crate) fn of_unit(unit: &Unit) -> Facts {
    let starts = unit.exec_start();
    let Some(exec) = starts.last() else { return Facts::default() };
    let words: Vec<&str> = std::iter::once(&exec.program).chain(&exec.args).map(String::as_str).collect();
    let mut facts = Facts::of(&essence::of_exec(exec), Some(words.join(" ")));
    let variables = unit.environment();
    facts.listen_to(variables.iter().map(|(name, value, _)| (name.as_str(), value.as_str())));
    facts.user = unit.user().map(|directive| directive.value.clone());
    facts
}

/// The facts of a managed process.
pub(crate) fn of_process(process: &Process) -> Facts {
    let command = (!process.command.is_empty()).then(|| process.command.join(" "));
    let mut facts = Facts::of(&essence::of_argv(&process.command), command);
    let variables = process.environment.iter();
    facts.listen_to(variables.map(|(name, value)| (name.as_str(), value.as_str())));
    facts.user = process.user.clone();
    facts
}
