//! What the steps of a deploy call and the model does not follow: scripts, package scripts, `make`. It reads texts, and
//! judges nothing.

use crate::facts::deploy::Deploy;
use crate::facts::ground::Ground;
use crate::facts::parts::Origin;
use crate::limit::ticks;
use crate::model::Step;
use crate::repo::names::{base, directory};
use crate::shell::line::{Command, commands, stretches};
use crate::shell::wrappers::is_shell;
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
                Call::Directory(directory) => {
                    for file in scripts_in(world, &directory).filter(|file| seen.insert(*file)) {
                        open.push(world.sources.file(file).text().to_owned());
                    }
                }
                Call::Opaque => opaque = true,
                Call::PackageScript(name) => {
                    let found = world.project.needs.node.iter().flat_map(|p| p.scripts_run_by(&name));
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
        called_by_loops(deploy, &mut seen, &mut open);
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

/// Adds the scripts that loops run: `for s in scripts/*.sh; do bash "$s"; done`.
fn called_by_loops(deploy: Deploy<'_, '_, '_>, seen: &mut HashSet<FileId>, open: &mut Vec<String>) {
    let world = deploy.world;
    for script in deploy.all() {
        // The variable of a loop is the program, or the script of a shell.
        let is_variable = |step: &&Step| {
            let word = match is_shell(&step.argv.name) {
                true => step.argv.args.first(),
                false => Some(&step.argv.program),
            };
            step.in_loop && word.is_some_and(|word| word.value.to_string().starts_with('$'))
        };
        if !script.steps.iter().any(|step| is_variable(&step)) {
            continue;
        }
        let lines = world.sources.file(script.file).text().lines().map(str::trim_start);
        let lists = lines.filter_map(|line| line.strip_prefix("for ")?.split_once(" in "));
        for word in lists.flat_map(|(_, list)| list.split([';', ' '])).filter(|word| word.contains('*')) {
            let (directory, pattern) = word.rsplit_once('/').unwrap_or(("", word));
            let ending = pattern.rsplit('*').next().unwrap_or_default().trim_end_matches(['"', '\'']);
            for file in scripts_in(world, directory).filter(|file| seen.insert(*file)) {
                let file = world.sources.file(file);
                if file.path().ends_with(ending) {
                    open.push(file.text().to_owned());
                }
            }
        }
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
        let run = packages.iter().flat_map(|p| p.scripts_run_by(&name));
        into.extend(run.map(|script| script.command.clone()));
    }
}

/// The scripts of the repo in the directory of that name. Only the end of a path is certain.
fn scripts_in<'w>(world: &'w Ground<'_, '_>, path: &str) -> impl Iterator<Item = FileId> + 'w {
    let name = path.trim_matches(['"', '\'']).trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = name.to_owned();
    let inventory = &world.project.inventory;
    let texts = world.project.texts.iter().filter(|(path, _)| inventory.scripts.contains(path));
    let is_there = move |path: &str| !name.is_empty() && base(directory(path)) == name;
    texts.filter(move |(path, _)| is_there(path)).map(|(_, file)| *file)
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
