//! The rows of the matrix of `deploylint services`, and what they are built from.

use crate::facts::services::compared::Compared;
use crate::facts::world::World;
use crate::project::managers::Manager;
use crate::source::Span;

/// The state of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Both sides have it and agree.
    Agrees,
    /// Both sides have it but disagree.
    Differs,
    /// Nothing on the server does the service's work.
    Missing,
    /// The server runs it, but no service does.
    Extra,
    /// It needs no counterpart.
    Exempt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A systemd unit of the project.
    Unit,
    /// A process of a manager other than systemd.
    Process(Manager),
    /// A unit that an installed package brings.
    Package,
    /// The container itself.
    Container,
}

/// The managers whose processes are looked for besides units, for people: `pm2 or supervisor`.
pub(crate) fn managers() -> String {
    Manager::ALL.map(Manager::name).join(" or ")
}

/// One side of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    /// Its name; for a template, with the instances that are started.
    pub(crate) name: String,
    pub(crate) span: Option<Span>,
    /// The command that it runs.
    pub(crate) command: Option<String>,
    /// Its port; `8080:80` for a port of the host that is forwarded.
    pub(crate) ports: Vec<String>,
    /// The user that it runs as.
    pub(crate) user: Option<String>,
}

/// What the documents say about a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Documented {
    /// Its name there.
    pub(crate) name: String,
    pub(crate) span: Option<Span>,
}

/// A service, its counterpart, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) state: State,
    /// The service of a Compose file.
    pub(crate) service: Option<Side>,
    /// The file of the service.
    pub(crate) compose: Option<String>,
    /// What does its work on the server.
    pub(crate) runs: Option<(Kind, Side)>,
    /// What `architecture.md` says about it.
    pub(crate) architecture: Option<Documented>,
    /// How sure the match is: `certain` or `likely`.
    pub(crate) strength: Option<&'static str>,
    /// Why they are matched.
    pub(crate) reasons: Vec<String>,
    /// The facts that both sides state, and whether they agree.
    pub(crate) stated: Vec<Stated>,
    /// Why there is no counterpart, or why none is needed.
    pub(crate) note: Option<String>,
}

/// A fact that both sides state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    /// Either `command` or `port`.
    pub(crate) about: &'static str,
    /// What the service says.
    pub(crate) service: String,
    /// What the server's side says.
    pub(crate) server: String,
    /// True if they agree.
    pub(crate) agrees: bool,
}

/// All rows, and notes that apply to all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matrix {
    /// Services in the order of their files, and then what only the server has.
    pub(crate) rows: Vec<Row>,
    /// What was left out, and what the comparison is based on.
    pub(crate) notes: Vec<String>,
}

/// Builds the rows.
pub(crate) struct Builder<'b, 'r, 'a> {
    pub(crate) world: &'b World<'r, 'a>,
    pub(crate) compared: &'b Compared,
}
