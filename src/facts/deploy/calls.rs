//! What the steps of a deploy call that the model does not follow: scripts, package scripts, `make`. Reads texts,
//! and judges nothing.

use crate::facts::deploy::Deploy;
use crate::facts::world::{Origin, World};
use crate::limit::ticks;
use crate::model::Step;
use crate::source::FileId;
use std::collections::HashSet;

/// What the steps and units of a deploy call.
pub(crate) struct Calls {
    /// Their texts.
    pub(crate) texts: Vec<String>,
    /// The commands of the package scripts that steps run by name.
    pub(crate) scripts: Vec<String>,
    /// Something is called of which no text is there, and which may do anything.
    pub(crate) opaque: bool,
}

impl Calls {
    /// Reads what steps, units and package scripts call.
    pub(crate) fn of(deploy: Deploy<'_, '_, '_>) -> Calls {
        let world = deploy.world;
        let mut opaque = false;
        let mut seen: HashSet<FileId> = world.scripts.iter().map(|s| s.file).collect();
        let mut open: Vec<String> = Vec::new();
        let mut scripts: Vec<String> = Vec::new();
        for (_, _, step) in world.steps() {
            match call(step) {
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
            // `pm2 start npm -- start`
            if step.argv.name == "pm2" && ["npm", "yarn", "pnpm", "bun"].iter().any(|m| step.argv.has_word(m))
            {
                let all = world.project.needs.node.iter().flat_map(|p| &p.scripts);
                open.extend(all.filter(|s| step.argv.has_word(&s.name)).map(|s| s.command.clone()));
            }
            // A script that a script writes is run by whoever it was written for.
            for written in &step.written {
                let path = written.path.known_suffix();
                if written.content.text.starts_with("#!") || path.ends_with(".sh") {
                    open.push(written.content.text.clone());
                }
            }
        }
        for at in &world.units {
            if at.origin == Origin::InRepo && !deploy.is_started(&at.name) {
                continue;
            }
            for exec in ["ExecStartPre", "ExecStart", "ExecStartPost"].iter().flat_map(|k| at.unit.exec(k)) {
                let words = exec.line();
                for word in words.split_whitespace() {
                    if let Some(file) = script_named(world, word).filter(|f| seen.insert(*f)) {
                        open.push(world.sources.file(file).text().to_owned());
                    }
                }
                package_scripts_in(world, &words, &mut open);
                open.push(words);
            }
        }
        for (path, file) in &world.project.texts {
            let ecosystem = world.project.inventory.ecosystem.contains(path);
            // What the forge does on a push over ssh is a part of the deploy, and here only its words are known.
            let workflow = world.project.inventory.workflows.contains(path);
            let text = world.sources.file(*file).text();
            if ecosystem && deploy.steps().any(|s| s.argv.name == "pm2")
                || workflow && (text.contains("ssh") || text.contains("rsync"))
            {
                open.push(text.to_owned());
            }
        }
        // What the called scripts call, one level down.
        let mut below = Vec::new();
        for text in open.iter().chain(&scripts) {
            for word in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ')')) {
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

fn package_scripts_in(world: &World<'_, '_>, text: &str, into: &mut Vec<String>) {
    for package in &world.project.needs.node {
        for script in &package.scripts {
            ticks(4 + text.len() / 16);
            let run = ["npm run ", "npm ", "yarn ", "yarn run ", "pnpm ", "pnpm run ", "bun run "];
            if run.iter().any(|r| text.contains(&format!("{r}{}", script.name))) {
                into.push(script.command.clone());
            }
        }
    }
}

/// The script of the repo of that name. Of a path only the end is known for sure.
fn script_named(world: &World<'_, '_>, path: &str) -> Option<FileId> {
    let name = path.trim_end_matches(['"', '\'']).rsplit('/').next()?;
    let found = world.project.texts.iter().find(|(p, _)| p.rsplit('/').next() == Some(name));
    found.filter(|_| !name.is_empty()).map(|(_, file)| *file)
}

/// What a step calls that is not modelled.
enum Call {
    None,
    Script(String),
    PackageScript(String),
    Opaque,
}

fn call(step: &Step) -> Call {
    let argv = &step.argv;
    let first = argv.args.iter().find(|a| !a.value.known_prefix().starts_with('-'));
    let is_script = |name: &str| name.ends_with(".sh") || name.ends_with(".bash");
    match argv.name.as_str() {
        "bash" | "sh" | "zsh" | "dash" => match first {
            Some(arg) if is_script(arg.value.known_suffix()) => Call::Script(arg.value.to_string()),
            _ => Call::None,
        },
        "make" | "just" | "task" | "invoke" | "inv" | "fab" | "ansible-playbook" | "dagger" | "nx" => {
            Call::Opaque
        }
        "npm" | "yarn" | "pnpm" | "bun" => {
            let words: Vec<String> = argv.args.iter().map(|a| a.value.to_string()).collect();
            let name =
                words.iter().find(|w| !w.starts_with('-') && !matches!(w.as_str(), "run" | "run-script"));
            name.map_or(Call::None, |name| Call::PackageScript(name.clone()))
        }
        name if name.starts_with("python") || name == "node" => match first {
            Some(arg) => {
                let text = arg.value.to_string();
                let base = text.rsplit('/').next().unwrap_or_default();
                let telling = ["deploy", "setup", "install", "bootstrap", "migrat", "init", "upgrade"];
                match telling.iter().any(|t| base.contains(t)) && base.contains('.') {
                    true => Call::Opaque,
                    false => Call::None,
                }
            }
            None => Call::None,
        },
        name if is_script(name) => Call::Script(argv.program.value.to_string()),
        _ => Call::None,
    }
}

/// Scripts of vendors, which install a tool and know nothing of the app.
fn is_installer(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known =
        ["docker", "nodesource", "node_setup", "nvm", "rustup", "poetry", "pip", "certbot", "acme", "uv"];
    known.iter().any(|k| name.contains(k)) || path.starts_with("/tmp/")
}
