//! What is known of a program that serves.

use crate::shell::argv::Argv;

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
