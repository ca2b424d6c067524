//! The facts of one state of a repo, which a review compares with those of another.

use crate::facts::masked;
use crate::facts::world::World;
use crate::model::{Deployment, Step, User};
use crate::project::compose::{Compose, Service, Text};
use crate::project::manifest;
use crate::project::unit::{Unit, split_words};
use crate::repo::names::{base, is_deployed_code, is_migration_directory, is_sample_dotenv};
use crate::shell::value::{Knowledge, Value};
use crate::source::{Sources, Span};
use crate::tools::effect::{Change, Resource, Role};
use std::collections::{BTreeMap, HashSet};

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A compose service, its image and its command.
    Service,
    /// A systemd unit and its directives.
    Unit,
    /// The app's dependencies with their versions, and system packages.
    Dependency,
    /// How it is built: the scripts of a `package.json`, and the build steps of a deploy script.
    Build,
    /// A migration, the tool that runs migrations, or the step that does.
    Migration,
    /// An environment variable that is read, shown or set.
    Environment,
    /// A path that a deploy script creates.
    Path,
    /// A port, of a service or of the packet filter.
    Port,
    /// A command of a deploy script.
    Step,
    /// A setting of the web server, the process manager, an image, the forge or deploylint itself.
    Configuration,
    /// An account.
    User,
}

/// Something that holds in one state of a repo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it is about.
    pub(crate) kind: Kind,
    /// Its name. The same thing has the same name in another state.
    pub(crate) key: String,
    /// What is said about it: a version, an image; empty if it only exists. It is never a secret.
    pub(crate) value: String,
    /// The file that says it.
    pub(crate) file: String,
    /// The 1-based line; `None` if the whole file is the fact.
    pub(crate) line: Option<u32>,
    /// The lines that say it, as they are written. They serve to find the change that wrote them, and are
    /// never shown.
    pub(super) lines: Vec<String>,
}

/// The facts of one state of a repo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The facts, by kind, key and file.
    pub(crate) facts: Vec<Fact>,
    /// The texts that are known only as settings, by path.
    pub(super) settings: BTreeMap<String, String>,
}

/// How the key of a variable that the code reads ends.
pub(super) const READ: &str = " read by the code";
const PACKAGE: &str = " (system package)";
const FIREWALL: &str = "firewall ";

impl Fact {
    /// True for what holds on the whole server, whichever file says it.
    pub(super) fn of_all(&self) -> bool {
        matches!(self.kind, Kind::Path | Kind::User)
            || self.kind == Kind::Port && self.key.starts_with(FIREWALL)
            || self.key.ends_with(READ)
            || self.key.ends_with(PACKAGE)
    }
}

/// First words of `package.json` scripts that no deploy runs.
const DEVELOPMENT: [&str; 20] = [
    "test", "tests", "e2e", "lint", "format", "fmt", "dev", "check", "typecheck", "type", "storybook",
    "preview", "coverage", "watch", "cypress", "playwright", "prettier", "eslint", "cy", "debug",
];

impl State {
    /// The facts in what the rules see.
    pub(crate) fn of(context: &World<'_, '_>) -> State {
        let mut state = State::default();
        let mut reader = Reader { sources: context.sources, facts: &mut state.facts };
        for compose in &context.project.composes {
            reader.compose(compose);
        }
        for unit in &context.units {
            reader.unit(&unit.name, &unit.unit, unit.span);
        }
        reader.manifests(context);
        reader.environment(context);
        for &script in context.scripts() {
            reader.script(script);
        }
        state.facts.sort_by(|a, b| {
            (a.kind, &a.key, &a.file, a.line, &a.value).cmp(&(b.kind, &b.key, &b.file, b.line, &b.value))
        });
        // If a file says it twice, the first place stands for both.
        state.facts.dedup_by(|b, a| (a.kind, &a.key, &a.file) == (b.kind, &b.key, &b.file));
        let inventory = &context.project.inventory;
        let settings: HashSet<&String> =
            [&inventory.nginx, &inventory.ecosystem, &inventory.workflows, &inventory.dockerfiles]
                .into_iter()
                .flatten()
                .collect();
        let texts = context.project.texts.iter().filter(|(path, _)| settings.contains(path));
        state.settings =
            texts.map(|(path, file)| (path.clone(), context.sources.file(*file).text().to_owned())).collect();
        state
    }
}

/// Directives that may occur more than once, each for itself: systemd.unit(5), systemd.service(5),
/// systemd.exec(5).
const LISTS: [&str; 22] = [
    "After", "Before", "Wants", "Requires", "BindsTo", "PartOf", "Requisite", "Conflicts", "OnFailure",
    "Documentation", "Environment", "EnvironmentFile", "ExecCondition", "ExecStartPre", "ExecStartPost",
    "ExecStop", "ExecStopPost", "ReadWritePaths", "ReadOnlyPaths", "ListenStream", "OnCalendar", "WantedBy",
];

struct Reader<'r> {
    sources: &'r Sources,
    facts: &'r mut Vec<Fact>,
}

impl Reader<'_> {
    fn add(&mut self, kind: Kind, key: impl Into<String>, value: impl Into<String>, span: Span) {
        let file = self.sources.file(span.file);
        let line = file.line(span.start);
        // Nobody would look through more, and the first line says most.
        let last = file.line(span.end.max(span.start + 1) - 1).min(line + 20);
        let text = |line: u32| file.text().get(file.line_range(line)).unwrap_or_default().trim().to_owned();
        self.facts.push(Fact {
            kind,
            key: key.into(),
            value: value.into(),
            file: file.path().to_owned(),
            line: Some(line),
            lines: (line..=last).map(text).collect(),
        });
    }

    fn whole(&mut self, kind: Kind, key: impl Into<String>, file: &str) {
        let file = file.to_owned();
        self.facts.push(Fact {
            kind,
            key: key.into(),
            value: String::new(),
            file,
            line: None,
            lines: Vec::new(),
        });
    }

    fn compose(&mut self, compose: &Compose) {
        for service in &compose.services {
            self.service(service);
        }
    }

    fn service(&mut self, service: &Service) {
        let name = &service.name;
        let (value, span) = match (&service.image, &service.build) {
            (_, Some(build)) => (format!("build {}", build.context.text), service.name_span),
            (Some(image), None) => (image.text.clone(), image.span),
            (None, None) => (String::new(), service.name_span),
        };
        self.add(Kind::Service, name, masked::line(&value), span);
        let fields: [(&str, &Option<Text>); 5] = [
            ("command", &service.command),
            ("entrypoint", &service.entrypoint),
            ("working_dir", &service.working_dir),
            ("container_name", &service.container_name),
            ("restart", &service.restart),
        ];
        for (field, text) in fields {
            if let Some(text) = text {
                self.add(Kind::Service, format!("{name} {field}"), masked::text(&text.text), text.span);
            }
        }
        for port in &service.ports {
            let published = port.published.clone().unwrap_or_else(|| "any".to_owned());
            self.add(Kind::Port, format!("{name} {}/{}", port.target, port.protocol), published, port.span);
        }
        for on in &service.depends_on {
            let condition = on.condition.clone().unwrap_or_default();
            self.add(Kind::Service, format!("{name} depends_on {}", on.service), condition, on.span);
        }
        for volume in &service.volumes {
            let source = volume.source.as_ref().map(|source| format!("{}:", source.text)).unwrap_or_default();
            let value = if volume.read_only { "ro" } else { "" };
            let key = format!("{name} volume {source}{}", volume.target.text);
            self.add(Kind::Service, key, value, volume.span);
        }
        for file in &service.env_file {
            self.add(Kind::Service, format!("{name} env_file {}", file.path.text), "", file.path.span);
        }
        for variable in &service.environment {
            let value = variable.value.as_deref().unwrap_or_default();
            let key = format!("{} of {name}", variable.name);
            self.add(Kind::Environment, key, masked::value(&variable.name, value), variable.span);
        }
    }

    fn unit(&mut self, name: &str, unit: &Unit, span: Span) {
        self.add(Kind::Unit, name, "", Span { end: span.start, ..span });
        for directive in &unit.directives {
            let key = &directive.key;
            if key == "Environment" {
                for assignment in split_words(&directive.value) {
                    let (variable, value) = assignment.split_once('=').unwrap_or((&assignment, ""));
                    let key = format!("{variable} of {name}");
                    self.add(Kind::Environment, key, masked::value(variable, value), directive.span);
                }
            } else if LISTS.contains(&key.as_str()) {
                let key = format!("{name} {key}={}", masked::line(&shown(&directive.value)));
                self.add(Kind::Unit, key, "", directive.span);
            } else {
                let value = masked::line(&shown(&directive.value));
                self.add(Kind::Unit, format!("{name} {key}"), value, directive.span);
            }
        }
    }

    fn manifests(&mut self, context: &World<'_, '_>) {
        let needs = &context.project.needs;
        for declared in manifest::dependencies(needs) {
            let mut value = declared.requirement.clone().unwrap_or_default();
            if !declared.extras.is_empty() {
                value = format!("[{}] {value}", declared.extras.join(",")).trim_end().to_owned();
            }
            let key = match &declared.group {
                Some(group) => format!("{} ({group})", declared.name),
                None if declared.development => format!("{} (development)", declared.name),
                None => declared.name.clone(),
            };
            self.add(Kind::Dependency, key, masked::line(&value), declared.span);
        }
        let deployed = |name: &str| !DEVELOPMENT.contains(&name.split([':', '-']).next().unwrap_or_default());
        for script in manifest::scripts(needs).filter(|script| deployed(&script.name)) {
            self.add(
                Kind::Build,
                format!("npm script {}", script.name),
                masked::line(&script.command),
                script.span,
            );
        }
        for tool in &needs.migrations {
            let directory = if tool.directory.is_empty() { "." } else { &tool.directory };
            let key = format!("{} in {directory}", tool.kind.command());
            self.add(Kind::Migration, key, "", tool.span);
        }
        for path in &context.project.inventory.code {
            if is_migration(path) {
                self.whole(Kind::Migration, path, path);
            }
        }
    }

    fn environment(&mut self, context: &World<'_, '_>) {
        let samples = || context.project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path));
        for used in &context.project.env.uses {
            // It is not known which files read what a sample shows, because most of them are not parsed.
            let shown = samples().any(|(_, sample)| sample.mentions(&used.name));
            if !shown && is_deployed_code(self.sources.file(used.span.file).path()) {
                self.add(Kind::Environment, format!("{}{READ}", used.name), "", used.span);
            }
        }
        for (path, dotenv) in &context.project.dotenvs {
            let sample = is_sample_dotenv(path);
            for entry in &dotenv.entries {
                let value = if sample { masked::value(&entry.name, &entry.value) } else { String::new() };
                self.add(Kind::Environment, entry.name.clone(), value, entry.name_span);
            }
            for entry in dotenv.commented.iter().filter(|_| sample) {
                self.add(Kind::Environment, format!("{} (commented out)", entry.name), "", entry.name_span);
            }
        }
    }

    fn script(&mut self, script: &Deployment<'_>) {
        for (_, step) in script.iter() {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        let roles = &step.deed.roles;
        let kind = if roles.contains(&Role::Migrate) {
            Kind::Migration
        } else if roles.iter().any(|role| matches!(role, Role::Build(_))) {
            Kind::Build
        } else {
            Kind::Step
        };
        let words = shown(self.sources.text(step.span));
        // A function's body is a step of its own at each call. A command that only reads or prints changes nothing.
        let telling = roles.iter().all(|role| !role.is_work())
            && (roles.contains(&Role::ReadOnly) || step.deed.effects.is_empty());
        if !telling && !words.is_empty() {
            let as_who = match &step.user {
                User::Named(name) if name.as_literal() != Some("root") => format!(" (as {name})"),
                _ => String::new(),
            };
            self.add(kind, masked::line(&words) + &as_who, "", step.span);
        }
        for effect in &step.deed.effects {
            let known = |value: &Value| value.knowledge() < Knowledge::Unknown;
            let made = matches!(effect.change, Change::Create(_) | Change::Write);
            match &effect.resource {
                Resource::Path(path) if made && known(path) && is_lasting(&path.to_string()) => {
                    self.add(Kind::Path, path.to_string(), "", step.span);
                }
                Resource::User(name) if made && known(name) => {
                    self.add(Kind::User, name.to_string(), "", step.span);
                }
                Resource::Group(name) if made && known(name) => {
                    self.add(Kind::User, format!("group {name}"), "", step.span);
                }
                Resource::Package(name) if made && known(name) => {
                    self.add(Kind::Dependency, format!("{name}{PACKAGE}"), "", step.span);
                }
                Resource::FirewallRule(rule) if known(rule) => {
                    self.add(Kind::Port, format!("{FIREWALL}{rule}"), "", step.span);
                }
                _ => {}
            }
        }
    }
}

/// True for a path that is meant to stay.
fn is_lasting(path: &str) -> bool {
    !["/tmp/", "/dev/", "/proc/", "/var/tmp/"].iter().any(|start| path.starts_with(start))
        && path != "/dev/null"
}

/// A text of several lines as one line.
fn shown(text: &str) -> String {
    let joined = text.replace("\\\n", " ");
    let words: Vec<&str> = joined.split_whitespace().collect();
    words.join(" ")
}

/// True for a file that changes a database, judged by its directory and its name.
pub(super) fn is_migration(path: &str) -> bool {
    let name = base(path);
    let code = name.rsplit_once('.').is_some_and(|(stem, ending)| {
        matches!(ending, "py" | "sql" | "js" | "ts" | "mjs" | "cjs" | "rb" | "php")
            && !matches!(stem, "__init__" | "env" | "index" | "mod")
    });
    let mut above = path.rsplit('/').skip(1);
    code && above.any(is_migration_directory)
}
