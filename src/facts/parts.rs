//! What a deployment consists of: units, processes, and the app's user, with where each comes from.

use crate::model::StepId;
use crate::project::managers::Process;
use crate::project::unit::Unit;
use crate::shell::value::Value;
use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A script writes its text.
    Written(usize, StepId),
    /// A script installs a file of the repo.
    Installed(usize, StepId),
    /// It is in the repo, and no script installs it.
    InRepo,
}

impl Origin {
    /// The script that brings it, by its index in the world.
    pub(crate) fn script(self) -> Option<usize> {
        match self {
            Origin::Written(script, _) | Origin::Installed(script, _) => Some(script),
            Origin::InRepo => None,
        }
    }
}

/// A unit of the project.
#[derive(Clone, Debug)]
pub(crate) struct UnitAt {
    /// The name under which it is installed: `web.service`.
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// Where it is written or installed. For a file of the repo this is its start.
    pub(crate) span: Span,
    pub(crate) origin: Origin,
}

/// A process that pm2 or supervisor runs.
#[derive(Clone, Debug)]
pub(crate) struct ProcessAt {
    pub(crate) process: Process,
    pub(crate) origin: Origin,
    /// Where it is started or installed. For a file of the repo this is where it is named.
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct AppUser {
    pub(crate) name: Value,
    /// How it was found: `User= of web.service`.
    pub(crate) why: String,
    /// The place that says so.
    pub(crate) span: Option<Span>,
}

impl AppUser {
    /// True if the app runs as root.
    pub(crate) fn is_root(&self) -> bool {
        self.name.as_literal() == Some("root")
    }
}
