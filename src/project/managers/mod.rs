//! What process managers other than systemd keep running: the process files of pm2 and the settings of
//! supervisor. It does not know who installs them, and runs nothing.

mod ecosystem;
mod supervisor;
#[cfg(test)]
mod tests;

use crate::finding::Gap;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::source::{FileId, Sources, Span};

pub(crate) use ecosystem::command_of;
pub(crate) use supervisor::parse as supervisor;

pub(crate) use crate::tools::managers::Manager;

/// How many settings files are searched for sections of supervisor.
const MAX_SETTINGS: usize = 300;

/// A process that a manager keeps running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// The manager.
    pub(crate) manager: Manager,
    /// Its name there.
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) span: Span,
    /// The words of its command; empty where it is not known.
    pub(crate) command: Vec<String>,
    /// The directory that it runs in.
    pub(crate) directory: Option<String>,
    /// The account that it runs as; `None` for the manager's own.
    pub(crate) user: Option<String>,
    /// The variables that it is given.
    pub(crate) environment: Vec<(String, String)>,
    /// The files to which the manager itself writes what it prints.
    pub(crate) logs: Vec<String>,
    /// False if the manager starts it only on request.
    pub(crate) starts: bool,
}

/// The processes of one file.
#[derive(Clone, Debug)]
pub(crate) struct ProcessFile {
    /// Its name from the root.
    pub(crate) path: String,
    /// The file.
    pub(crate) file: FileId,
    /// Its manager.
    pub(crate) manager: Manager,
    /// The processes, in order.
    pub(crate) processes: Vec<Process>,
}

/// Reads the process files of a repo: pm2's by their names, supervisor's by their sections.
pub(crate) fn read_all(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
) -> (Vec<ProcessFile>, Vec<Gap>) {
    let (mut files, mut gaps) = (Vec::new(), Vec::new());
    for path in &inventory.ecosystem {
        match root.read(path, sources) {
            Ok(file) => {
                let (processes, more) = ecosystem::read(sources, file);
                gaps.extend(more);
                files.push(ProcessFile { path: path.clone(), file, manager: Manager::Pm2, processes });
            }
            Err(gap) => gaps.push(gap),
        }
    }
    for path in inventory.settings.iter().take(MAX_SETTINGS) {
        // Most settings files belong to other programs and do not concern the project.
        let mut aside = Sources::default();
        let Ok(peeked) = root.read(path, &mut aside) else { continue };
        if !supervisor::is_supervisors(aside.file(peeked).text()) {
            continue;
        }
        match root.read(path, sources) {
            Ok(file) => {
                let (processes, problems) = supervisor::of_file(sources, file);
                gaps.extend(problems.into_iter().map(|p| Gap::at(sources, p.span, p.reason)));
                files.push(ProcessFile { path: path.clone(), file, manager: Manager::Supervisor, processes });
            }
            Err(gap) => gaps.push(gap),
        }
    }
    (files, gaps)
}
