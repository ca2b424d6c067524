//! What facts rest on besides the scripts: the files of the project as they were read, and what the configuration says
//! about the app.

use crate::project::architecture::Architecture;
use crate::project::compose::Compose;
use crate::project::dotenv::Dotenv;
use crate::project::env::InCode;
use crate::project::managers::ProcessFile;
use crate::project::manifest::Needs;
use crate::repo::inventory::Inventory;
use crate::source::FileId;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What the configuration says about the app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// The setting `app: user`.
    pub(crate) user: Option<String>,
    /// The setting `app: directory`.
    pub(crate) directory: Option<String>,
    /// The setting `server: fresh` is false: the app has been set up on the server before.
    pub(crate) is_set_up: bool,
    /// The setting `server: packages`: what the server has before.
    pub(crate) packages: Vec<String>,
    /// The setting `server: accounts`.
    pub(crate) accounts: Vec<String>,
    /// The setting `services`: the unit of a compose service, or `None` if it needs none.
    pub(crate) services: Vec<(String, Option<String>)>,
}

/// Everything around the scripts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    /// The files by kind.
    pub(crate) inventory: Inventory,
    pub(crate) composes: Vec<Compose>,
    pub(crate) architectures: Vec<Architecture>,
    pub(crate) needs: Needs,
    /// Unit files of the repo, by path.
    pub(crate) unit_files: Vec<(String, FileId)>,
    /// Templates that are filled in before they are installed, by path.
    pub(crate) unit_templates: Vec<(String, FileId)>,
    /// Files of the repo that add to units (`web.service.d/override.conf`), by path.
    pub(crate) drop_ins: Vec<(String, FileId)>,
    /// Process files of pm2 and supervisor.
    pub(crate) process_files: Vec<ProcessFile>,
    /// Texts by path that rules only search for words: all scripts of the repo, settings of nginx and pm2, workflows.
    pub(crate) texts: Vec<(String, FileId)>,
    /// Files of programs that run scripts and may give them variables, by path: Makefiles, Jenkinsfiles, plans of Terraform.
    pub(crate) callers: Vec<(String, FileId)>,
    /// Documents that tell people how to set up a server, by path.
    pub(crate) guides: Vec<(String, FileId)>,
    /// Environment files, including samples, by path.
    pub(crate) dotenvs: Vec<(String, Dotenv)>,
    /// Where the code reads and sets variables. It is empty if no rule about it is selected.
    pub(crate) env: InCode,
    /// The names of the samples that occur nowhere else in the repo; `None` if that is not known.
    pub(crate) unread: Option<BTreeSet<String>>,
    /// Variables that the code or a compose file needs, and that no other text of the repo names, including
    /// prose.
    pub(crate) untold: BTreeSet<String>,
    /// The name of the project, which is that of the root's directory.
    pub(crate) names: Vec<String>,
}

impl Project {
    /// The files from which something was read, each once.
    pub(crate) fn files(&self) -> Vec<FileId> {
        let files = RefCell::new(BTreeSet::new());
        // No second list has to say where files are held.
        self.clone().retain(&|file| {
            files.borrow_mut().insert(file);
            true
        });
        files.into_inner().into_iter().collect()
    }

    /// Forgets what was read from the other files.
    pub(crate) fn retain(&mut self, keep: &dyn Fn(FileId) -> bool) {
        self.composes.retain(|compose| keep(compose.file));
        self.architectures.retain(|document| keep(document.file));
        self.process_files.retain(|process_file| keep(process_file.file));
        for files in [
            &mut self.unit_files, &mut self.unit_templates, &mut self.drop_ins, &mut self.texts,
            &mut self.callers, &mut self.guides,
        ] {
            files.retain(|(_, file)| keep(*file));
        }
        self.dotenvs.retain(|(_, dotenv)| keep(dotenv.file));
        self.env.uses.retain(|one| keep(one.span.file));
        self.env.sets.retain(|(_, span)| keep(span.file));
        self.needs.python.retain(|manifest| keep(manifest.file));
        self.needs.node.retain(|package| keep(package.file));
        self.needs.others.retain(|manifest| keep(manifest.file));
        self.needs.migrations.retain(|tool| keep(tool.span.file));
    }
}
