//! What the steps of a deploy call and the model does not follow: scripts, package scripts, `make`. It reads texts, and
//! judges nothing.

use crate::facts::deploy::Deploy;
use crate::facts::ground::Ground;
use crate::facts::parts::Origin;
use crate::limit::ticks;
use crate::shell::line::{Command, commands, stretches};
use crate::source::FileId;
use crate::tools::calls::{Call, call, is_installer};
use crate::tools::node::package_scripts_of;
use crate::tools::{place, processes};
use std::collections::HashSet;

/// What the steps and units of a deploy call.
pub(crate) struct Calls {
    /// The texts of what is called.
    pub(crate) texts: Vec<String>,
    /// The commands of the package scripts that steps run by name.
    pub(crate) scripts: Vec<String>,
    /// True if something is called whose text is missing and which may do anything.
    pub(crate) opaque: bool,
}

impl Calls {
    /// Reads what steps, units and package scripts call.
    pub(crate) fn of(deploy: Deploy<'_, '_, '_>) -> Calls {
        let world = deploy.world;
        let mut opaque = false;
        let mut seen: HashSet<FileId> = world.scripts().iter().map(|s| s.file).collect();
        let mut open: Vec<String> = Vec::new();
        let mut scripts: Vec<String> = Vec::new();
        for step in deploy.all().flat_map(|script| &script.steps) {
            match call(&step.argv) {
                Call::None => {}
                Call::Script(name) => match script_named(world, &name) {
                    Some(file) => {
                        if seen.insert(file) {
                            open.push(world.sources.file(file).text().to_owned());
                        }
                    }
                    None => opaque |= !is_installer(&name),
                },
                Call::Opaque => opaque = true,
                Call::PackageScript(name) => {
                    let found = world.project.needs.node.iter().filter_map(|p| p.script(&name));
                    scripts.extend(found.map(|s| s.command.clone()));
                }
            }
            // This is `pm2 start npm -- start`.
            if processes::runs_package_script(&step.argv) {
                let named =
                    |name: &str| step.argv.args.iter().any(|arg| arg.value.as_literal() == Some(name));
                let scripts = world.project.needs.node.iter().flat_map(|p| &p.scripts);
                open.extend(scripts.filter(|s| named(&s.name)).map(|s| s.command.clone()));
            }
            // Something runs a script that a step writes, so the script counts as called.
            for written in &step.written {
                let path = written.path.known_suffix();
                if written.content.text.starts_with("#!") || path.ends_with(".sh") {
                    open.push(written.content.text.clone());
                }
            }
        }
        called_by_units(deploy, &mut seen, &mut open);
        for (path, file) in &world.project.texts {
            let ecosystem = world.project.inventory.ecosystem.contains(path);
            // A workflow that goes to the server over ssh is part of the deploy, but only its words are known here.
            let workflow = world.project.inventory.workflows.contains(path);
            let text = world.sources.file(*file).text();
            if ecosystem && deploy.steps().any(|s| processes::is_pm2(&s.argv))
                || workflow && place::speaks_of_hosts(text)
            {
                open.push(text.to_owned());
            }
        }
        // The called scripts are followed one level down.
        let mut below = Vec::new();
        for text in open.iter().chain(&scripts) {
            for word in stretches(text).flatten() {
                ticks(1 + word.len() / 16);
                if word.ends_with(".sh")
                    && let Some(file) = script_named(world, word).filter(|f| seen.insert(*f))
                {
                    below.push(world.sources.file(file).text().to_owned());
                }
            }
            package_scripts_in(world, text, &mut below);
        }
        open.extend(below);
        Calls { texts: open, scripts, opaque }
    }
}

/// Adds the lines that the units of the deploy run, and the scripts that these name.
fn called_by_units(deploy: Deploy<'_, '_, '_>, seen: &mut HashSet<FileId>, open: &mut Vec<String>) {
    let world = deploy.world;
    for at in &world.units {
        if at.origin == Origin::InRepo && !deploy.is_started(&at.name) {
            continue;
        }
        for exec in ["ExecStartPre", "ExecStart", "ExecStartPost"].iter().flat_map(|k| at.unit.exec(k)) {
            for word in commands(&exec.words()).iter().flat_map(Command::words) {
                if let Some(file) = script_named(world, &word).filter(|f| seen.insert(*f)) {
                    open.push(world.sources.file(file).text().to_owned());
                }
            }
            let line = exec.line();
            package_scripts_in(world, &line, open);
            open.push(line);
        }
    }
}

fn package_scripts_in(world: &Ground<'_, '_>, text: &str, into: &mut Vec<String>) {
    let packages = &world.project.needs.node;
    if packages.is_empty() {
        return;
    }
    for name in package_scripts_of(text) {
        into.extend(packages.iter().filter_map(|p| p.script(&name)).map(|script| script.command.clone()));
    }
}

/// The script of the repo with that name. Only the end of a path is certain.
fn script_named(world: &Ground<'_, '_>, path: &str) -> Option<FileId> {
    let name = path.trim_end_matches(['"', '\'']).rsplit('/').next()?;
    let found = world.project.texts.iter().find(|(p, _)| p.rsplit('/').next() == Some(name));
    found.filter(|_| !name.is_empty()).map(|(_, file)| *file)
}

impl Deploy<'_, '_, '_> {
    /// True if the test holds for a printed line.
    pub(crate) fn says_to(&self, tells: impl Fn(&str) -> bool) -> bool {
        self.said().iter().any(|said| tells(&said.line))
    }

    /// True if the test holds for a line of a text that steps or units call.
    pub(crate) fn calls_to(&self, does: impl Fn(&str) -> bool) -> bool {
        self.called().flat_map(|text| text.lines()).any(does)
    }
}
