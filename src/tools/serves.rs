//! What a command line keeps running: its language, its role, where it listens, what it runs of the project,
//! and whether it stays in the foreground. The programs are described in the files of their families; this
//! module asks them, and judges nothing.

mod server;

use crate::shell::argv::Argv;
use crate::shell::line::{Command, Line, commands, main};
use crate::shell::wrappers::Place;
use crate::tools::{containers, databases, languages, node, python, runners, services, web};

pub(crate) use server::{Entry, Listen, SERVER, Server, ToBackground, daemon, values};

/// The language of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// Python.
    Python,
    /// Node.
    Node,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// A container's.
    Container,
    /// Another, or unknown.
    Other,
}

/// The purpose of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ServiceRole {
    /// Answers requests.
    App,
    /// Serves pages.
    Frontend,
    /// Takes jobs from a queue.
    Worker,
    /// Starts jobs by the clock.
    Scheduler,
    /// Passes requests on.
    Proxy,
    /// Keeps data: a database, a cache, a queue.
    Store,
}

/// The interface between a server and a Python application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// PEP 3333.
    Wsgi,
    /// <https://asgi.readthedocs.io>
    Asgi,
}

impl Gateway {
    /// The server that is usually used for such an application.
    pub(crate) fn usual_server(self) -> &'static str {
        python::usual_server(self)
    }
}

/// An address on which something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A TCP port.
    Port(u16),
    /// A socket in the file system.
    Socket(String),
}

impl Address {
    /// True if both are ports, or both are sockets.
    pub(crate) fn same_kind(&self, other: &Address) -> bool {
        matches!(
            (self, other),
            (Address::Port(_), Address::Port(_)) | (Address::Socket(_), Address::Socket(_))
        )
    }

    /// `127.0.0.1:8000`, `tcp://[::]:8000`, `:8000`, `8000`, `unix:/run/x.sock`, `/run/x.sock`.
    pub(crate) fn parse(text: &str) -> Option<Address> {
        let text = text.trim();
        let path = text.strip_prefix("unix:").unwrap_or(text);
        let path = path.strip_prefix("//").filter(|p| p.starts_with('/')).unwrap_or(path);
        if path.starts_with('/') {
            let whole = !path.contains(['$', '%', '{', '`']);
            return whole.then(|| Address::Socket(path.to_owned()));
        }
        let port = text.rsplit(':').next()?;
        port.parse().ok().map(Address::Port)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Port(port) => write!(f, "port {port}"),
            Address::Socket(path) => f.write_str(path),
        }
    }
}

/// How long the started command stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stays {
    /// Not known.
    Unknown,
    /// It stays in the foreground until it is stopped.
    Foreground {
        /// True if no settings file can say otherwise.
        sure: bool,
    },
    /// It returns at once and leaves something running.
    Background {
        /// The words that say so.
        by: &'static str,
        /// What is left running.
        left: Left,
        /// What to write instead for a unit.
        instead: Option<&'static str>,
    },
}

/// What a command leaves running when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// A process of its own.
    Process,
    /// Processes that a daemon of its own keeps.
    Daemons,
    /// Containers.
    Containers,
}

/// The family of servers that can replace each other in front of a Python application.
pub(crate) const PYTHON_SERVER: &str = "python server";

/// What a command line keeps running.
#[derive(Clone, Debug)]
pub(crate) struct Serves {
    /// The program, behind everything that passes control to it.
    pub(crate) argv: Argv,
    /// Its language.
    pub(crate) language: Language,
    /// Its purpose, if the program shows it.
    pub(crate) role: Option<ServiceRole>,
    /// What it runs of the project: `shop.wsgi:application`, `server.js`, `app.main`.
    pub(crate) entry: Option<String>,
    /// Where it listens; `None` if that is unknown, and empty if it listens nowhere.
    pub(crate) listens: Option<Vec<Address>>,
    /// How long it stays.
    pub(crate) stays: Stays,
    /// True if it tells systemd when it is ready: sd_notify(3).
    pub(crate) notifies: Option<bool>,
    /// True if it runs code of the project, not only its own.
    pub(crate) runs_app: bool,
    /// The interface between the server and the application, as far as options and settings do not change it.
    pub(crate) gateway: Option<Gateway>,
    /// The option that names a worker class, with its value.
    pub(crate) worker_class: Option<String>,
    /// True if a settings file is named, which may say more.
    pub(crate) configured: bool,
}

impl Serves {
    /// A command of which only the words are known.
    pub(crate) fn unknown(argv: Argv) -> Serves {
        Serves {
            language: language_of_path(&argv),
            argv,
            role: None,
            entry: None,
            listens: None,
            stays: Stays::Unknown,
            notifies: None,
            runs_app: false,
            gateway: None,
            worker_class: None,
            configured: false,
        }
    }

    /// The program, or the family of programs that can replace each other.
    pub(crate) fn family(&self) -> &str {
        match self.language {
            Language::Python if server(&self.argv.name).is_some_and(|s| s.gateway.is_some()) => PYTHON_SERVER,
            Language::Node => "node",
            _ => &self.argv.name,
        }
    }

    /// A settings file that the server reads by itself, and a variable from which it takes options.
    pub(crate) fn reads(&self) -> Option<(&'static str, &'static str)> {
        server(&self.argv.name).and_then(|server| server.reads)
    }

    /// The words after the program.
    pub(crate) fn args(&self) -> Vec<String> {
        self.argv.args.iter().map(|arg| arg.value.to_string()).collect()
    }
}

/// What a command keeps running. Its wrappers are already removed.
pub(crate) fn serves(command: &Argv) -> Serves {
    let argv = runners::program(command);
    // What a project's own runner starts is a program of the project.
    let runner = runners::language(&command.name);
    let mut serves = of_program(argv);
    if let Some(language) = runner {
        serves.runs_app = true;
        if serves.language == Language::Other {
            serves.language = language;
        }
    }
    serves
}

fn of_program(argv: Argv) -> Serves {
    if let Some(server) = server(&argv.name) {
        let mut serves = server.serves(argv);
        python::refine(&mut serves);
        return serves;
    }
    let of_family: [fn(&Argv) -> Option<Serves>; 6] =
        [python::serves, node::serves, languages::serves, containers::serves, services::serves, web::serves];
    of_family.iter().find_map(|ask| ask(&argv)).unwrap_or_else(|| Serves::unknown(argv))
}

/// What a whole line keeps running: its main command. `None` for an empty line.
pub(crate) fn line_serves(line: Line<'_>) -> Option<Serves> {
    let commands = commands(line);
    let command = main(&commands)?;
    let mut serves = serves(command.argv());
    if let Some(Place::Container(_)) = command.peeled.place {
        // What stays on this machine is the program that went in there.
        serves = Serves {
            language: Language::Container,
            listens: None,
            stays: Stays::Unknown,
            runs_app: false,
            ..serves
        };
    }
    // `. venv/bin/activate && exec worker`
    if serves.language == Language::Other && commands.iter().any(activates) {
        serves.language = Language::Python;
    }
    Some(serves)
}

/// True if it activates a Python environment.
fn activates(command: &Command) -> bool {
    let argv = command.argv();
    matches!(argv.name.as_str(), "source" | ".")
        && argv.args.first().is_some_and(|file| file.value.known_suffix().ends_with("/bin/activate"))
}

/// The language that a name mentions, word by word: for `celery-worker` it is Python.
pub(crate) fn language_of_name(name: &str) -> Language {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let known = words.map(|word| match word {
        "python" | "django" | "flask" | "fastapi" => Language::Python,
        "node" | "npm" | "nextjs" => Language::Node,
        "rails" | "ruby" => Language::Ruby,
        "php" | "laravel" | "artisan" => Language::Php,
        "docker" | "podman" => Language::Container,
        word => server(word).map_or(Language::Other, |server| server.language),
    });
    known.into_iter().find(|language| *language != Language::Other).unwrap_or(Language::Other)
}

/// What a program's path shows: it is in a Python environment, or is a script.
fn language_of_path(argv: &Argv) -> Language {
    let path = argv.program.value.to_string();
    let directory = path.strip_suffix(&argv.name).and_then(|rest| rest.strip_suffix("/bin/"));
    let environment = directory.and_then(|d| d.rsplit('/').next());
    let ending = argv.name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "ts" => Language::Node,
        "rb" => Language::Ruby,
        "php" => Language::Php,
        _ if environment.is_some_and(|name| name.to_ascii_lowercase().ends_with("env")) => Language::Python,
        _ if path.contains("/node_modules/.bin/") => Language::Node,
        _ => Language::Other,
    }
}

/// The server of that name.
pub(crate) fn server(name: &str) -> Option<&'static Server> {
    let families: [&'static [Server]; 5] =
        [python::SERVERS, node::SERVERS, languages::SERVERS, web::SERVERS, databases::SERVERS];
    families.into_iter().flatten().find(|server| server.names.contains(&name))
}

#[cfg(test)]
mod tests;
