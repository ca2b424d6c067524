//! The processes that pm2 and supervisor run: from process files that the scripts start or install, from what the
//! scripts write, and from the files in the repo.

use crate::facts::parts::{Origin, ProcessAt};
use crate::facts::surroundings::Project;
use crate::model::{Deployment, Step, StepId};
use crate::project::managers::{Manager, Process, ProcessFile, command_of, supervisor};
use crate::repo::names::base;
use crate::shell::argv::Arg;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Resource};
use crate::tools::managers::is_supervisord;
use crate::tools::processes;

/// Every process of the project, once. What a script starts last counts.
pub(crate) fn processes(scripts: &[&Deployment<'_>], project: &Project) -> Vec<ProcessAt> {
    let mut found = Found { all: Vec::new(), taken: Vec::new(), project };
    for (index, script) in scripts.iter().enumerate() {
        for (id, step) in script.iter().filter(|(_, step)| !matches!(step.place, Place::Container(_))) {
            match processes::is_pm2(&step.argv) {
                true => found.started(index, id, step),
                false => found.supervisor(index, id, step),
            }
        }
    }
    for file in &project.process_files {
        if !found.taken.contains(&file.path.as_str()) {
            for process in &file.processes {
                found.add(process.clone(), Origin::InRepo, process.span);
            }
        }
    }
    found.all
}

struct Found<'p> {
    all: Vec<ProcessAt>,
    /// Files that a script starts or installs.
    taken: Vec<&'p str>,
    project: &'p Project,
}

impl<'p> Found<'p> {
    fn add(&mut self, process: Process, origin: Origin, span: crate::source::Span) {
        let same = |known: &ProcessAt| {
            known.process.manager == process.manager && known.process.name == process.name
        };
        if origin == Origin::InRepo && self.all.iter().any(same) {
            return;
        }
        self.all.retain(|known| !same(known));
        self.all.push(ProcessAt { process, origin, span });
    }

    /// Adds all of a file's processes, or only those that are named.
    fn take(&mut self, file: &'p ProcessFile, only: &[String], index: usize, id: StepId, step: &Step) {
        if !self.taken.contains(&file.path.as_str()) {
            self.taken.push(&file.path);
        }
        for process in &file.processes {
            if only.is_empty() || only.contains(&process.name) {
                self.add(process.clone(), Origin::Installed(index, id), step.span);
            }
        }
    }

    fn started(&mut self, index: usize, id: StepId, step: &Step) {
        let Some(started) = processes::start(&step.argv) else { return };
        let text = started.target.value.to_string();
        let only: Vec<String> =
            started.only().iter().flat_map(|names| names.split(',')).map(str::to_owned).collect();
        let project = self.project;
        let mut files = project.process_files.iter().filter(|file| file.manager == Manager::Pm2);
        if let Some(file) = files.clone().find(|file| named(file, &text)) {
            self.take(file, &only, index, id, step);
            return;
        }
        if text == "all" {
            for file in files {
                self.take(file, &only, index, id, step);
            }
            return;
        }
        if let Some(file) = files.find(|file| file.processes.iter().any(|p| p.name == text)) {
            self.take(file, &[text], index, id, step);
            return;
        }
        // `pm2 restart api` names a process that another script started.
        let name = started.name();
        if name.is_none() && !started.is_script() || text.contains(".config.") {
            return;
        }
        let mut command = command_of(&text, started.interpreter().as_deref());
        command.extend(started.rest.iter().map(|word| word.value.to_string()));
        let name =
            name.unwrap_or_else(|| base(&text).rsplit_once('.').map_or("", |(stem, _)| stem).to_owned());
        let process = Process {
            manager: Manager::Pm2,
            name,
            span: step.span,
            command,
            directory: started.directory().or_else(|| Some(step.argv.cwd.to_string())),
            user: started.user(),
            environment: Vec::new(),
            logs: Vec::new(),
            starts: true,
        };
        self.add(process, Origin::Written(index, id), step.span);
    }

    fn supervisor(&mut self, index: usize, id: StepId, step: &Step) {
        for written in step.written.iter().filter(|w| is_supervisors(w.path.known_prefix()) && !w.append) {
            for process in supervisor(&written.content).0 {
                self.add(process, Origin::Written(index, id), step.span);
            }
        }
        let installs = step.written.is_empty()
            && step.deed.effects.iter().any(|effect| {
                matches!(effect.change, Change::Write | Change::Create(_))
                    && matches!(&effect.resource, Resource::Path(path) if is_supervisors(path.known_prefix()))
            });
        if !installs && !is_supervisord(&step.argv) {
            return;
        }
        let project = self.project;
        for file in project.process_files.iter().filter(|file| file.manager == Manager::Supervisor) {
            let names = |arg: &&Arg| {
                let text = arg.value.to_string();
                named(file, &text) && !is_supervisors(&text)
            };
            // The copy may have another name. A file that is found only by the copy's name is the one that is
            // meant.
            if step.argv.args.iter().any(|arg| names(&arg)) {
                self.take(file, &[], index, id, step);
            }
        }
    }
}

/// True for a directory where supervisor searches for its settings, on Debian or on Red Hat.
fn is_supervisors(path: &str) -> bool {
    path.starts_with("/etc/supervisor")
}

/// True if the words of a command mean the file. They name it, with as much of its directory as both have, or `*`
/// covers its directory.
fn named(file: &ProcessFile, text: &str) -> bool {
    let (directory, name) = text.rsplit_once('/').unwrap_or(("", text));
    let (own_directory, own_name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let covers = match name.split_once('*') {
        Some((before, after)) => own_name.starts_with(before) && own_name.ends_with(after),
        None => name == own_name,
    };
    let last = base(directory);
    covers
        && (last.is_empty() || last == "." || last.contains('$') || base(own_directory) == last || {
            // The root has another name on the server: `$APP_DIR/ecosystem.config.js`, `/opt/shop/ecosystem.config.js`.
            own_directory.is_empty() && text.starts_with(['/', '$'])
        })
}
