//! The essence of a command line, by which services and units are compared.

use crate::project::compose::with_defaults;
use crate::project::unit::{Exec, split_words};
use crate::repo::names::base;
use crate::shell::line::commands;
use crate::tools::containers::{brought_up, container_and_image};
use crate::tools::serves::{PYTHON_SERVER, Serves, line_serves};

pub(super) use crate::tools::serves::ServiceRole as Role;

/// The significant words, and what they show about the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Essence {
    /// The program's name, without directories.
    pub(super) program: String,
    /// Its arguments.
    pub(super) args: Vec<String>,
    /// Its purpose, if the program shows it.
    pub(super) role: Option<Role>,
    family: String,
    entry: Option<String>,
}

impl Essence {
    fn of(words: &[String]) -> Essence {
        line_serves(words).map(Essence::from).unwrap_or_default()
    }

    /// The program, or the family of programs that can replace each other.
    pub(super) fn family(&self) -> &str {
        &self.family
    }

    /// What is served or run: `shop.wsgi:application`, `server.js`, `app.main`.
    pub(super) fn module(&self) -> Option<&str> {
        self.entry.as_deref().filter(|_| matches!(self.family.as_str(), PYTHON_SERVER | "node" | "python"))
    }
}

impl From<Serves> for Essence {
    fn from(serves: Serves) -> Essence {
        Essence {
            args: serves.args(),
            role: serves.role,
            family: serves.family().to_owned(),
            program: serves.argv.name,
            entry: serves.entry,
        }
    }
}

/// The essence of a command as Compose or a unit writes it.
pub(super) fn of_command(command: &str) -> Essence {
    Essence::of(&split_words(&with_defaults(command)))
}

/// The essence of a unit's command.
pub(super) fn of_exec(exec: &Exec) -> Essence {
    Essence::of(&exec.words())
}

/// The essence of a command by its words.
pub(super) fn of_argv(words: &[String]) -> Essence {
    Essence::of(words)
}

/// The services that the unit's `docker compose up` names, which are none if it starts all of them. `None` if it runs
/// no such command.
pub(super) fn compose_up(execs: &[Exec]) -> Option<Vec<String>> {
    execs.iter().find_map(|exec| up_of(&exec.words()))
}

/// The same for the words of a command.
pub(super) fn up_of(words: &[String]) -> Option<Vec<String>> {
    let names = commands(words).iter().find_map(|command| brought_up(command.argv()))?;
    Some(names.iter().map(ToString::to_string).collect())
}

/// The name and the image's name of `docker run`.
pub(super) fn run_of(words: &[String]) -> Vec<String> {
    let run = commands(words).iter().find_map(|command| container_and_image(command.argv()));
    let Some((name, image)) = run else { return Vec::new() };
    let image = image.map(|image| {
        let image = with_defaults(&image.to_string());
        let name = base(image.split('@').next().unwrap_or_default());
        name.split(':').next().unwrap_or_default().to_owned()
    });
    name.map(|name| name.to_string()).into_iter().chain(image).collect()
}
