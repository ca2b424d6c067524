//! The Python modules that the servers of a unit are told to run.

use crate::project::unit::{Exec, UnitKind};
use crate::rules::units::Judged;
use crate::tools::serves::{PYTHON_SERVER, Serves};

/// A server that is told which module of the app it should run.
pub(super) struct Served {
    /// The command line.
    pub(super) exec: Exec,
    /// What the server does.
    pub(super) serves: Serves,
    /// `MODULE:VARIABLE`, or the module alone.
    pub(super) app: String,
}

impl Served {
    pub(super) fn module(&self) -> &str {
        self.app.split(':').next().unwrap_or_default()
    }
}

/// The servers of Python apps that a service starts, and are told a module.
pub(super) fn served(unit: &Judged<'_, '_, '_>) -> Vec<Served> {
    if unit.read.kind != UnitKind::Service {
        return Vec::new();
    }
    let mut servers = Vec::new();
    for exec in unit.at.unit.exec_start() {
        let Some(serves) = exec.serves().filter(|serves| serves.family() == PYTHON_SERVER) else { continue };
        let Some(app) = serves.entry.clone() else { continue };
        let served = Served { exec, serves, app };
        let spelt =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if served.module().split('.').all(spelt) {
            servers.push(served);
        }
    }
    servers
}
