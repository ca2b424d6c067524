//! F5: what the scripts of a project do together, as the rules about missing steps ask for it. Knows the model and the
//! project; judges nothing.

use super::dependencies::is_beside;
use super::words::{Work, asks_for, does};
use crate::finding::Severity;
use crate::model::Step;
use crate::project::manifest::NodePackage;
use crate::project::unit::{Exec, UnitKind};
use crate::rules::context::{Context, Draft, Origin, UnitAt};
use crate::shell::argv::Stdin;
use crate::shell::effect::{Change, Ecosystem, Resource, Role};
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use std::collections::HashSet;

/// What a process is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::rules) enum Language {
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
    /// Another, or not known.
    Other,
}

/// A process of the app that the deploy keeps running.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Process {
    /// What it is written in.
    pub(in crate::rules) language: Language,
    /// Its command line and directory, as far as they are known.
    pub(in crate::rules) command: String,
    /// Where it is run from.
    pub(in crate::rules) directory: Option<String>,
}

/// To go back to an older release, or to take the app off, is not to deploy.
const AWAY: &[&str] = &["rollback", "restore", "backup", "uninstall", "teardown", "remove", "destroy"];

/// A line that a script prints for people.
struct Said {
    span: Span,
    line: String,
    directory: String,
}

/// The scripts of a project, seen as one deploy.
pub(in crate::rules) struct Deploy<'c, 'r, 'a> {
    /// What all rules see.
    pub(in crate::rules) context: &'c Context<'r, 'a>,
    /// What the deploy keeps running.
    pub(in crate::rules) processes: Vec<Process>,
    /// Lines that scripts print, with the directory in which they would be typed.
    said: Vec<Said>,
    /// Texts of what the steps and units call.
    called: Vec<String>,
    /// Something is called of which no text is there, and which may do anything.
    opaque: bool,
}

impl<'c, 'r, 'a> Deploy<'c, 'r, 'a> {
    /// Looks at all scripts.
    pub(in crate::rules) fn new(context: &'c Context<'r, 'a>) -> Self {
        let mut deploy =
            Deploy { context, processes: Vec::new(), said: Vec::new(), called: Vec::new(), opaque: false };
        let mut directory = None;
        for (_, _, step) in context.steps() {
            let Some(text) = said(step) else { continue };
            for line in text.lines() {
                // What is printed after a printed `cd` is to be typed there.
                if let Some(target) = printed_cd(line) {
                    directory = Some(target);
                }
                let directory = directory.clone().unwrap_or_else(|| step.argv.cwd.to_string());
                deploy.said.push(Said { span: step.span, line: line.to_owned(), directory });
            }
        }
        deploy.follow_calls();
        deploy.find_processes();
        deploy
    }

    /// The steps of all scripts that deploy.
    pub(in crate::rules) fn steps(&self) -> impl Iterator<Item = &'r Step> {
        let context = self.context;
        let deploys = |file: FileId| {
            let path = context.sources.file(file).path();
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            !AWAY.iter().any(|away| name.contains(away))
        };
        context.scripts.iter().filter(move |s| deploys(s.file)).flat_map(|s| s.steps.iter())
    }

    /// The units that a script writes or installs.
    pub(in crate::rules) fn own_units(&self) -> impl Iterator<Item = &UnitAt> {
        self.context.units.iter().filter(|at| at.origin != Origin::InRepo)
    }

    /// True where the app runs in containers: its image holds what the rules would look for.
    pub(in crate::rules) fn in_containers(&self) -> bool {
        let container = |s: &Step| {
            s.deed.roles.iter().any(|r| matches!(r, Role::ComposeUp | Role::Build(Ecosystem::Container)))
                || matches!(s.argv.name.as_str(), "docker" | "podman") && s.argv.has_word("run")
                || matches!(s.argv.name.as_str(), "kubectl" | "helm" | "k3s" | "docker-compose" | "flyctl")
                || s.deed.roles.contains(&Role::SystemPackages)
                    && s.argv.args.iter().any(|a| a.value.known_prefix().starts_with("docker"))
        };
        let any = self.steps().any(container)
            || self.processes.iter().any(|p| p.language == Language::Container)
            || self
                .context
                .scripts
                .iter()
                .any(|s| self.context.sources.file(s.file).text().contains("get.docker.com"));
        any && !self.processes.iter().any(|p| p.language != Language::Container)
    }

    /// True where a script sets the app up or brings new code. One that only installs units or starts things does not:
    /// it counts on what is there.
    pub(in crate::rules) fn sets_up(&self) -> bool {
        let brings = self.steps().any(|s| s.deed.roles.contains(&Role::Source) && is_here(s));
        let prepares = self.steps().any(|s| {
            s.deed.roles.iter().any(|r| {
                matches!(
                    r,
                    Role::SystemPackages
                        | Role::Account
                        | Role::StaticFiles
                        | Role::Migrate
                        | Role::Dependencies(_)
                        | Role::Build(_)
                )
            })
        });
        brings || prepares && (self.own_units().next().is_some() || self.app_directory().is_some())
    }

    /// True where a script makes a machine ready that has nothing of the app yet.
    pub(in crate::rules) fn is_from_scratch(&self) -> bool {
        let clones = |s: &Step| s.deed.roles.contains(&Role::Source) && s.argv.has_word("clone");
        let fresh = |s: &Step| {
            s.deed.roles.iter().any(|r| matches!(r, Role::SystemPackages | Role::Account | Role::VirtualEnv))
                || clones(s)
        };
        self.sets_up() && self.steps().any(fresh)
    }

    /// The step that makes the app's directory.
    fn app_directory(&self) -> Option<&'r Step> {
        let places = ["/opt/", "/srv/", "/var/www/", "/home/", "/data/"];
        self.steps().find(|s| {
            s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                (Change::Create(_), Resource::Path(path)) => {
                    let text = path.known_prefix();
                    places.iter().any(|p| text.starts_with(p)) && is_here(s)
                }
                _ => false,
            })
        })
    }

    /// Where a step that is missing would stand: before the last start of one of the app's units, else at the unit,
    /// the source, the app's directory, or the start of the script.
    pub(in crate::rules) fn place(&self) -> Option<Span> {
        let own = |name: &str| self.own_units().any(|u| same_unit(name, &u.name));
        let starts = |s: &&Step| {
            s.deed.effects.iter().any(|e| {
                let starts = matches!(e.change, Change::Start | Change::Restart);
                match &e.resource {
                    Resource::Unit(name) => starts && own(&name.to_string()),
                    Resource::Process(_) => starts || matches!(e.change, Change::Create(_)),
                    _ => false,
                }
            })
        };
        let unit = || self.own_units().map(|u| u.span).last();
        let source = || self.steps().filter(|s| s.deed.roles.contains(&Role::Source)).last().map(|s| s.span);
        let serve = || self.steps().find(|s| s.deed.roles.contains(&Role::Serve)).map(|s| s.span);
        let first = || self.context.scripts.first().map(|s| Span::file_start(s.file));
        self.steps()
            .filter(starts)
            .last()
            .map(|s| s.span)
            .or_else(unit)
            .or_else(serve)
            .or_else(source)
            .or_else(|| self.app_directory().map(|s| s.span))
            .or_else(first)
    }

    /// True where a step, or what one calls, does the work.
    pub(in crate::rules) fn does(&self, work: Work) -> bool {
        let role = |s: &Step| {
            s.deed.roles.iter().any(|role| match work {
                Work::PythonDependencies => *role == Role::Dependencies(Ecosystem::Python),
                Work::NodeDependencies => *role == Role::Dependencies(Ecosystem::Node),
                Work::RubyDependencies => *role == Role::Dependencies(Ecosystem::Ruby),
                Work::PhpDependencies => *role == Role::Dependencies(Ecosystem::Php),
                Work::VirtualEnv => *role == Role::VirtualEnv,
                Work::Build => *role == Role::Build(Ecosystem::Node),
                Work::Migrate => *role == Role::Migrate,
            })
        };
        // `uv run`, an option in between, a program that the tools do not know: the words still say it.
        let worded = |s: &Step| !is_saying(s) && asks_for(&line_of(s), work);
        self.steps().any(|s| role(s) || worded(s)) || self.calls(work)
    }

    /// A script of the repo that does the work and takes no part in this deploy: its path.
    pub(in crate::rules) fn elsewhere(&self, work: Work) -> Option<&'r str> {
        let context = self.context;
        let names = ["deploy", "install", "setup", "update", "upgrade", "release", "provision", "migrate"];
        let texts = context.project.texts.iter().filter(|(path, file)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            context.project.inventory.scripts.contains(path)
                && names.iter().any(|n| name.contains(n))
                && !is_beside(path.rsplit_once('/').map_or("", |(dir, _)| dir).trim_start_matches("scripts"))
                && context.scripts.iter().all(|s| s.file != *file)
        });
        texts
            .filter(|(_, file)| does(context.sources.file(*file).text(), work))
            .map(|(path, _)| path.as_str())
            .next()
    }

    /// True where what the steps call does the work, or may.
    pub(in crate::rules) fn calls(&self, work: Work) -> bool {
        self.opaque || self.called.iter().any(|text| does(text, work))
    }

    /// The line that only tells to do the work.
    pub(in crate::rules) fn says(&self, work: Work) -> Option<Span> {
        self.said.iter().find(|said| tells(&said.line, work)).map(|said| said.span)
    }

    /// The line that only tells to do the work in the package's directory.
    pub(in crate::rules) fn says_in(
        &self,
        work: Work,
        package: &NodePackage,
        all: &[NodePackage],
    ) -> Option<Span> {
        let there = |said: &&Said| is_directory(&said.directory, package, all);
        self.said.iter().filter(there).find(|said| tells(&said.line, work)).map(|said| said.span)
    }

    /// A finding about work that is missing. It is less bad where it is printed by a script that starts nothing, which
    /// leaves the rest to people, and where another script does it.
    pub(in crate::rules) fn missing(
        &self,
        rule: &str,
        place: Span,
        message: &str,
        work: Work,
        said: Option<Span>,
    ) -> Draft {
        let other = self.elsewhere(work);
        let message = match other {
            Some(path) => format!("{message} (only {path} does, which is not a part of it)"),
            None => message.to_owned(),
        };
        let mut draft = self.context.finding(rule, place, message);
        if other.is_some() {
            draft = draft.severity(Severity::Info);
        } else if said.is_some() && self.processes.is_empty() {
            draft = draft.severity(Severity::Warning);
        }
        match said {
            Some(said) => draft.related(said, "only printed, not run"),
            None => draft,
        }
    }

    /// True where a line that is printed holds the words.
    pub(in crate::rules) fn mentions(&self, words: &[&str]) -> bool {
        self.said.iter().any(|said| words.iter().all(|w| said.line.contains(w)))
    }

    /// True where a text that steps or units call holds the words.
    pub(in crate::rules) fn called_mentions(&self, words: &str) -> bool {
        self.called.iter().any(|text| text.contains(words))
    }

    /// True where a text that steps or units call drives the unit by the verb.
    pub(in crate::rules) fn called_drives(&self, verb: &str, unit: &str) -> bool {
        let drives = |line: &str| {
            (line.contains("systemctl") || line.contains("service "))
                && line.contains(verb)
                && line.contains(unit)
        };
        self.called.iter().flat_map(|text| text.lines()).any(drives)
    }

    /// True where any script of the repo drives the unit by the verb.
    pub(in crate::rules) fn repo_drives(&self, verb: &str, unit: &str) -> bool {
        let context = self.context;
        let texts = context.project.texts.iter().map(|(_, file)| context.sources.file(*file).text());
        let drives = |line: &str| {
            let line = line.trim_start();
            line.contains("systemctl")
                && line.contains(verb)
                && !line.starts_with('#')
                && line
                    .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'))
                    .any(|word| word.trim_end_matches(".service") == unit)
        };
        texts.flat_map(str::lines).any(drives)
    }

    /// True where a script activates the environment of that name; of any, where none is given.
    pub(in crate::rules) fn activates(&self, name: Option<&str>) -> bool {
        self.steps().filter_map(|s| s.argv.env("VIRTUAL_ENV")).any(|environment| {
            let base = environment.basename();
            name.is_none_or(|name| base.as_literal().is_none_or(|b| b == name))
        })
    }

    /// True where something is called of which nothing is known.
    pub(in crate::rules) fn may_do_anything(&self) -> bool {
        self.opaque
    }

    /// True where the deploy runs something of the language.
    pub(in crate::rules) fn runs(&self, language: Language) -> bool {
        self.processes.iter().any(|p| p.language == language)
    }

    /// Reads what steps, units and package scripts call.
    fn follow_calls(&mut self) {
        let context = self.context;
        let mut seen: HashSet<FileId> = context.scripts.iter().map(|s| s.file).collect();
        let mut open: Vec<String> = Vec::new();
        for (_, _, step) in context.steps() {
            match call(step) {
                Call::None => {}
                Call::Script(name) => match self.script_named(&name) {
                    Some(file) => {
                        if seen.insert(file) {
                            open.push(context.sources.file(file).text().to_owned());
                        }
                    }
                    None => self.opaque |= !is_installer(&name),
                },
                Call::Opaque => self.opaque = true,
                Call::PackageScript(name) => {
                    let found = context.project.needs.node.iter().filter_map(|p| p.script(&name));
                    open.extend(found.map(|s| s.command.clone()));
                }
            }
            // `pm2 start npm -- start`
            if step.argv.name == "pm2" && ["npm", "yarn", "pnpm", "bun"].iter().any(|m| step.argv.has_word(m))
            {
                let scripts = context.project.needs.node.iter().flat_map(|p| &p.scripts);
                open.extend(scripts.filter(|s| step.argv.has_word(&s.name)).map(|s| s.command.clone()));
            }
            // A script that a script writes is run by whoever it was written for.
            for written in &step.written {
                let path = written.path.known_suffix();
                if written.content.text.starts_with("#!") || path.ends_with(".sh") {
                    open.push(written.content.text.clone());
                }
            }
        }
        for at in &context.units {
            if at.origin == Origin::InRepo && !self.is_started(&at.name) {
                continue;
            }
            for exec in ["ExecStartPre", "ExecStart", "ExecStartPost"].iter().flat_map(|k| at.unit.exec(k)) {
                let words = command_of(&exec);
                for word in words.split_whitespace() {
                    if let Some(file) = self.script_named(word).filter(|f| seen.insert(*f)) {
                        open.push(context.sources.file(file).text().to_owned());
                    }
                }
                self.package_scripts_in(&words, &mut open);
                open.push(words);
            }
        }
        for (path, file) in &context.project.texts {
            let ecosystem = context.project.inventory.ecosystem.contains(path);
            // What the forge does on a push over ssh is a part of the deploy, and here only its words are known.
            let workflow = context.project.inventory.workflows.contains(path);
            let text = context.sources.file(*file).text();
            if ecosystem && self.steps().any(|s| s.argv.name == "pm2")
                || workflow && (text.contains("ssh") || text.contains("rsync"))
            {
                open.push(text.to_owned());
            }
        }
        // What the called scripts call, one level down.
        let mut below = Vec::new();
        for text in &open {
            for word in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ')')) {
                if word.ends_with(".sh")
                    && let Some(file) = self.script_named(word).filter(|f| seen.insert(*f))
                {
                    below.push(context.sources.file(file).text().to_owned());
                }
            }
            self.package_scripts_in(text, &mut below);
        }
        self.called = open;
        self.called.extend(below);
    }

    fn package_scripts_in(&self, text: &str, into: &mut Vec<String>) {
        for package in &self.context.project.needs.node {
            for script in &package.scripts {
                let run = ["npm run ", "npm ", "yarn ", "yarn run ", "pnpm ", "pnpm run ", "bun run "];
                if run.iter().any(|r| text.contains(&format!("{r}{}", script.name))) {
                    into.push(script.command.clone());
                }
            }
        }
    }

    /// The script of the repo of that name. Of a path only the end is known for sure.
    fn script_named(&self, path: &str) -> Option<FileId> {
        let name = path.trim_end_matches(['"', '\'']).rsplit('/').next()?;
        let found = self.context.project.texts.iter().find(|(p, _)| p.rsplit('/').next() == Some(name));
        found.filter(|_| !name.is_empty()).map(|(_, file)| *file)
    }

    /// A step starts, restarts or enables the unit.
    pub(in crate::rules) fn is_started(&self, unit: &str) -> bool {
        self.steps().flat_map(|s| &s.deed.effects).any(|e| match &e.resource {
            Resource::Unit(name) => {
                matches!(e.change, Change::Start | Change::Restart | Change::Enable)
                    && same_unit(&name.to_string(), unit)
            }
            _ => false,
        })
    }

    fn find_processes(&mut self) {
        let mut found = Vec::new();
        for at in &self.context.units {
            if UnitKind::of(&at.name) != UnitKind::Service
                || at.origin == Origin::InRepo && !self.is_started(&at.name)
            {
                continue;
            }
            for exec in at.unit.exec_start() {
                let command = command_of(&exec);
                found.push(Process {
                    language: language_of(&command),
                    directory: at.unit.working_directory().map(|d| d.value.clone()),
                    command,
                });
            }
        }
        for step in self.steps().filter(|s| !matches!(s.place, Place::Container(_))) {
            let managed = step.deed.effects.iter().any(|e| {
                matches!(e.resource, Resource::Process(_))
                    && !matches!(e.change, Change::Remove | Change::Stop)
            });
            if managed || step.deed.roles.contains(&Role::Serve) {
                let command = line_of(step);
                let language = match language_of(&command) {
                    Language::Other if step.argv.name == "pm2" => Language::Node,
                    other => other,
                };
                let directory = Some(step.argv.cwd.to_string());
                found.push(Process { language, command, directory });
            }
        }
        self.processes = found;
    }
}

/// True for a step on the machine itself, or on the server that the script drives.
pub(in crate::rules) fn is_here(step: &Step) -> bool {
    !matches!(step.place, Place::Container(_))
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

/// The command as words, for looking things up in.
pub(in crate::rules) fn line_of(step: &Step) -> String {
    let mut line = step.argv.program.value.to_string();
    for arg in &step.argv.args {
        line.push(' ');
        line.push_str(&arg.value.to_string());
    }
    line
}

/// A unit's command as a line.
pub(in crate::rules) fn command_of(exec: &Exec) -> String {
    let mut line = exec.program.clone();
    for arg in &exec.args {
        line.push(' ');
        line.push_str(arg);
    }
    line
}

/// The step only handles text.
pub(in crate::rules) fn is_saying(step: &Step) -> bool {
    matches!(step.argv.name.as_str(), "echo" | "printf" | "cat" | "tee" | "grep" | "logger" | "sed" | "awk")
}

/// What a step prints for people.
fn said(step: &Step) -> Option<String> {
    if !step.written.is_empty() || step.argv.stdout.is_some() {
        return None;
    }
    match step.argv.name.as_str() {
        "echo" | "printf" => Some(line_of(step)),
        "cat" => match &step.argv.stdin {
            Stdin::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The line tells people to type the command; the settings of a hosting service name it too.
fn tells(line: &str, work: Work) -> bool {
    !line.to_ascii_lowercase().contains("command:") && asks_for(line, work)
}

/// The directory of `cd DIR` in a line that is printed.
fn printed_cd(line: &str) -> Option<String> {
    let (before, after) = line.split_once("cd ")?;
    let command = before.is_empty() || before.ends_with([' ', '"', '(', '`', '\'', '\t', ':']);
    let target = after.split([' ', ';', '&', ')', '"', '`', '\'']).next().unwrap_or_default();
    (command && !target.is_empty()).then(|| target.trim_end_matches('/').to_owned())
}

/// What the command is written in.
pub(in crate::rules) fn language_of(command: &str) -> Language {
    let has = |words: &[&str]| words.iter().any(|w| command.contains(w));
    if has(&["docker", "podman"]) {
        Language::Container
    } else if has(&[
        "gunicorn",
        "uvicorn",
        "celery",
        "python",
        "daphne",
        "hypercorn",
        "uwsgi",
        "flask",
        "streamlit",
        "venv/",
        "_env/bin/activate",
        "waitress",
        "fastapi",
    ]) {
        Language::Python
    } else if has(&["node", "npm", "next", "yarn", "pnpm", "bun ", "tsx", "nuxt", ".js"]) {
        Language::Node
    } else if has(&["puma", "bundle", "rails", "sidekiq", "unicorn"]) {
        Language::Ruby
    } else if has(&["php", "artisan"]) {
        Language::Php
    } else {
        Language::Other
    }
}

/// The names mean one unit: `web` and `web.service`, a template and its instance, a glob and what it covers. A name
/// of which nothing is known may be any.
pub(in crate::rules) fn same_unit(used: &str, unit: &str) -> bool {
    let full = |name: &str| match name.rsplit_once('.') {
        Some((_, "service" | "timer" | "socket" | "target" | "path" | "mount")) => name.to_owned(),
        _ => format!("{name}.service"),
    };
    let (used, unit) = (full(used), full(unit));
    if used == unit {
        return true;
    }
    if let Some((stem, _)) = unit.split_once('@')
        && used.split_once('@').is_some_and(|(other, _)| other == stem)
    {
        return true;
    }
    if let Some((before, after)) = used.split_once('*') {
        return unit.starts_with(before) && unit.ends_with(after);
    }
    let bare = used.trim_end_matches(".service");
    bare.starts_with('$') && bare[1..].chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '{' | '}'))
}

/// How a step's directory relates to a package's.
pub(in crate::rules) fn works_in(step: &Step, package: &NodePackage, all: &[NodePackage]) -> bool {
    let line = line_of(step);
    let everywhere =
        ["--workspaces", "--filter", " -w ", "--workspace", " -r ", "turbo", "lerna", "--recursive"];
    if everywhere.iter().any(|w| line.contains(w)) {
        return true;
    }
    let mut directory = step.argv.cwd.to_string();
    let mut args = step.argv.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.value.to_string();
        if matches!(text.as_str(), "--prefix" | "-C" | "--dir" | "--cwd") {
            if let Some(next) = args.next() {
                directory = step.argv.path(next).to_string();
            }
        } else if let Some(value) =
            ["--prefix=", "--cwd=", "--dir="].iter().find_map(|o| text.strip_prefix(o))
        {
            directory = format!("{directory}/{value}");
        }
    }
    is_directory(&directory, package, all)
}

/// A directory on the server is that of the package, as far as its end tells.
pub(in crate::rules) fn is_directory(directory: &str, package: &NodePackage, all: &[NodePackage]) -> bool {
    fn last(dir: &str) -> &str {
        dir.trim_end_matches('/').rsplit('/').next().unwrap_or(dir)
    }
    let end = last(directory);
    let own = last(&package.directory);
    if let Some(name) = end.strip_prefix('$') {
        // `cd "$FRONTEND_DIR"`: the variable's name says which.
        let name = name.to_ascii_lowercase();
        let named = |p: &NodePackage| {
            !p.directory.is_empty() && name.contains(&last(&p.directory).to_ascii_lowercase())
        };
        return named(package) || !all.iter().any(named);
    }
    if package.directory.is_empty() {
        return !all.iter().any(|p| !p.directory.is_empty() && last(&p.directory) == end);
    }
    end == own
}
