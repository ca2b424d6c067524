//! F5: what the rules of one repo see: the scripts' models, the project around them, and what follows from both: who
//! the app's user is, where the app lives, which units there are.

use super::pages::Pages;
use crate::finding::{Confidence, Finding, Fix, Related, Severity};
use crate::model::{Deployment, OnFailure, Step, StepId, User};
use crate::project::compose::Compose;
use crate::project::inventory::Inventory;
use crate::project::manifest::Needs;
use crate::project::unit::Unit;
use crate::shell::effect::{Change, PathKind, Resource, Role};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, Sources, Span};
use std::collections::HashMap;
use std::sync::Arc;

/// What the configuration says of the app.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `app: user`.
    pub user: Option<String>,
    /// `app: directory`.
    pub directory: Option<String>,
    /// `services`: a compose service's unit; `None` where it needs none.
    pub services: Vec<(String, Option<String>)>,
}

/// Everything around the scripts.
#[derive(Debug, Default)]
pub struct Project {
    /// The files by kind.
    pub inventory: Inventory,
    /// Compose files.
    pub composes: Vec<Compose>,
    /// Manifests.
    pub needs: Needs,
    /// Unit files of the repo, by path.
    pub unit_files: Vec<(String, FileId)>,
    /// Texts that rules only look words up in, by path: all scripts of the repo, nginx and pm2 settings, workflows.
    pub texts: Vec<(String, FileId)>,
    /// What the project is called: the root's directory.
    pub names: Vec<String>,
}

/// Where a unit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A script writes its text.
    Written(usize, StepId),
    /// A script installs a file of the repo.
    Installed(usize, StepId),
    /// It lies in the repo, and no script installs it.
    InRepo,
}

/// A unit of the project.
#[derive(Clone, Debug)]
pub struct UnitAt {
    /// The name it is installed as: `web.service`.
    pub name: String,
    /// Its contents.
    pub unit: Unit,
    /// Where it is written or installed; for a file of the repo its start.
    pub span: Span,
    /// Where it comes from.
    pub origin: Origin,
}

/// The app's user.
#[derive(Clone, Debug)]
pub struct AppUser {
    /// The account.
    pub name: Value,
    /// How it was found: `User= of web.service`.
    pub why: String,
    /// Where it is said.
    pub span: Option<Span>,
}

impl AppUser {
    /// True where the app runs as root.
    pub fn is_root(&self) -> bool {
        self.name.as_literal() == Some("root")
    }
}

/// What the rules see.
pub struct Context<'r, 'a> {
    /// The texts.
    pub sources: &'r Sources,
    /// The scripts.
    pub scripts: &'r [Deployment<'a>],
    /// What is around them.
    pub project: &'r Project,
    /// The pages: titles and severities.
    pub pages: &'r Pages,
    /// What the configuration says.
    pub given: &'r Given,
    /// The units of the project.
    pub units: Vec<UnitAt>,
    /// The app's user, where one can be found.
    pub app_user: Option<AppUser>,
    /// Directories in which the app lives.
    pub app_trees: Vec<Value>,
}

/// Accounts that run parts of the system, never the app.
const SYSTEM_ACCOUNTS: [&str; 10] = [
    "root",
    "postgres",
    "redis",
    "mysql",
    "nobody",
    "mongodb",
    "rabbitmq",
    "systemd-network",
    "daemon",
    "syslog",
];

impl<'r, 'a> Context<'r, 'a> {
    /// Works out what follows from scripts and project together.
    pub fn new(
        sources: &'r Sources,
        scripts: &'r [Deployment<'a>],
        project: &'r Project,
        pages: &'r Pages,
        given: &'r Given,
    ) -> Self {
        let units = units(sources, scripts, project);
        let app_user = app_user(sources, scripts, &units, given);
        let mut context =
            Context { sources, scripts, project, pages, given, units, app_user, app_trees: Vec::new() };
        context.app_trees = app_trees(&context);
        context
    }

    /// All steps of all scripts that run on the machine itself.
    pub fn steps(&self) -> impl Iterator<Item = (&'r Deployment<'a>, StepId, &'r Step)> {
        let scripts = self.scripts;
        scripts.iter().flat_map(|script| script.iter().map(move |(id, step)| (script, id, step)))
    }

    /// True where a path lies in the app's tree.
    pub fn in_app_tree(&self, path: &Value) -> bool {
        self.app_trees.iter().any(|tree| path.is_under(tree))
    }

    /// True where a step works in the app's tree: in its directory, or by a program or operand of it.
    pub fn works_in_app_tree(&self, step: &Step) -> bool {
        self.in_app_tree(&step.argv.cwd)
            || self.in_app_tree(&step.argv.program.value)
            || step.deed.effects.iter().any(|e| match &e.resource {
                Resource::Path(path) => self.in_app_tree(path),
                _ => false,
            })
    }

    /// True where the step runs as the app's user.
    pub fn runs_as_app(&self, step: &Step) -> bool {
        match (&step.user, &self.app_user) {
            (User::Named(name), Some(app)) => *name == app.name || name.to_string() == app.name.to_string(),
            (User::Root, Some(app)) => app.is_root(),
            _ => false,
        }
    }

    /// How sure a verdict about a step can be: a menu, a condition that is not known, another host, a container or a
    /// function that nothing calls never give high confidence; a resource of which nothing is known gives low.
    pub fn confidence(&self, script: &Deployment<'_>, id: StepId, about: Option<&Value>) -> Confidence {
        let step = script.step(id);
        let knowledge = about.map_or(Knowledge::Literal, Value::knowledge);
        if knowledge >= Knowledge::Unknown {
            return Confidence::Low;
        }
        let conditional = script.guards_of(id).any(|(_, guard)| guard.cond.has_opaque());
        if conditional || step.place != Place::Here || step.entry != 0 || !script.second_run(id).certain {
            return Confidence::Medium;
        }
        Confidence::High
    }

    /// A finding of a rule at a place, with the severity of the rule's page.
    pub fn finding(&self, rule: &str, span: Span, message: impl Into<String>) -> Draft {
        let page = self.pages.get(rule);
        Draft(Finding {
            rule: page.map_or_else(|| Arc::from(rule), |p| p.id.clone()),
            severity: page.map_or(Severity::Warning, |p| p.severity),
            confidence: page.map_or(Confidence::Medium, |p| p.confidence),
            message: message.into(),
            help: None,
            span,
            related: Vec::new(),
            fix: None,
        })
    }

    /// Where a step stands, for a message: `line 12`.
    pub fn line(&self, span: Span) -> String {
        format!("line {}", self.sources.line(span))
    }

    /// The command as it is written, cut to a line of at most 60 characters.
    pub fn words(&self, span: Span) -> String {
        let text = self.sources.text(span);
        let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('\\').trim_end();
        let more = line.len() < text.trim_end().len();
        let short: String = line.chars().take(60).collect();
        if more || short.len() < line.len() { format!("{short} …") } else { short }
    }

    /// The first steps after `id` that matter to a deploy and do not happen when it ends the script.
    pub fn cut_off(&self, script: &Deployment<'_>, id: StepId) -> Option<String> {
        let step = script.step(id);
        let matters = |s: &&Step| {
            s.entry == step.entry
                && s.deed.roles.iter().any(|r| {
                    matches!(
                        r,
                        Role::Restart
                            | Role::Migrate
                            | Role::Build(_)
                            | Role::Dependencies(_)
                            | Role::ComposeUp
                            | Role::Enable
                    )
                })
        };
        let later = &script.steps[(id.0 as usize + 1).min(script.steps.len())..];
        // What starts the app says best what does not happen.
        let lost = later
            .iter()
            .filter(|s| s.deed.roles.contains(&Role::Restart))
            .rfind(matters)
            .or_else(|| later.iter().find(matters))?;
        Some(format!("`{}` on {}", self.words(lost.span), self.line(lost.span)))
    }
}

/// A finding in the making.
pub struct Draft(Finding);

impl Draft {
    /// How bad, other than the page says.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// How sure at most.
    pub fn at_most(mut self, confidence: Confidence) -> Self {
        self.0.confidence = self.0.confidence.min(confidence);
        self
    }

    /// What to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Another place that explains it.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        if span != self.0.span {
            self.0.related.push(Related { message: message.into(), span });
        }
        self
    }

    /// A change that mends it.
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.0.fix = fix;
        self
    }

    /// The finding.
    pub fn done(self) -> Finding {
        self.0
    }
}

/// True where the failure of the step is of no consequence that anyone wants told.
pub fn is_swallowed(step: &Step) -> bool {
    step.on_failure == OnFailure::Handled
}

/// Where systemd looks for units that an administrator adds (systemd.unit(5), UNIT FILE LOAD PATH).
fn is_unit_directory(path: &str) -> bool {
    path.starts_with("/etc/systemd/system")
        || path.starts_with("/lib/systemd/system")
        || path.starts_with("/usr/lib/systemd/system")
        || path.starts_with("/usr/local/lib/systemd/system")
        || path.contains("/systemd/user/")
}

fn is_unit_path(path: &Value) -> bool {
    let suffix = path.known_suffix();
    [".service", ".timer", ".socket", ".target", ".path", ".mount"].iter().any(|s| suffix.ends_with(s))
        && is_unit_directory(path.known_prefix())
}

fn units(sources: &Sources, scripts: &[Deployment<'_>], project: &Project) -> Vec<UnitAt> {
    let mut units: Vec<UnitAt> = Vec::new();
    let mut installed: Vec<&str> = Vec::new();
    for (index, script) in scripts.iter().enumerate() {
        for (id, step) in script.iter() {
            for written in step.written.iter().filter(|w| is_unit_path(&w.path) && !w.append) {
                let name = written.path.basename().to_string();
                let unit = Unit::parse(&written.content);
                // `echo … > x.service` of one line, or a text that is not known, is no unit.
                if unit.directives.is_empty() {
                    continue;
                }
                units.retain(|u| u.name != name || u.span.file != step.span.file);
                units.push(UnitAt { name, unit, span: step.span, origin: Origin::Written(index, id) });
            }
            for effect in &step.deed.effects {
                let (Change::Write | Change::Create(_), Resource::Path(path)) =
                    (&effect.change, &effect.resource)
                else {
                    continue;
                };
                if !is_unit_path(path) || !step.written.is_empty() {
                    continue;
                }
                let name = path.basename().to_string();
                let source = source_file(step, &name, project);
                if let Some((repo_path, file)) = source {
                    installed.push(repo_path);
                    let unit = Unit::of_file(sources, *file);
                    units.retain(|u| u.name != name);
                    units.push(UnitAt { name, unit, span: step.span, origin: Origin::Installed(index, id) });
                }
            }
        }
    }
    for (path, file) in &project.unit_files {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        if installed.contains(&path.as_str()) || units.iter().any(|u| u.name == name) {
            continue;
        }
        units.push(UnitAt {
            name,
            unit: Unit::of_file(sources, *file),
            span: Span::file_start(*file),
            origin: Origin::InRepo,
        });
    }
    units
}

/// The file of the repo that a step copies to a unit's place: by the operand's name, else by the unit's.
fn source_file<'p>(step: &Step, name: &str, project: &'p Project) -> Option<&'p (String, FileId)> {
    let by_name =
        |wanted: &str| project.unit_files.iter().find(|(path, _)| path.rsplit('/').next() == Some(wanted));
    let operands = step.argv.args.iter().filter(|a| !a.value.known_prefix().starts_with('-'));
    for arg in operands {
        let base = arg.value.basename().to_string();
        if let Some(found) = by_name(&base)
            && !is_unit_directory(arg.value.known_prefix())
        {
            return Some(found);
        }
    }
    by_name(name)
}

fn app_user(
    sources: &Sources,
    scripts: &[Deployment<'_>],
    units: &[UnitAt],
    given: &Given,
) -> Option<AppUser> {
    if let Some(name) = &given.user {
        return Some(AppUser { name: Value::literal(name), why: "the configuration".to_owned(), span: None });
    }
    // Most units decide; the first of equals.
    let mut counts: Vec<(&str, u32, &UnitAt, Span)> = Vec::new();
    for at in units.iter().filter(|u| u.name.ends_with(".service")) {
        // A unit that lies about in the repo says less than one that a script installs.
        let weight = if at.origin == Origin::InRepo { 1 } else { 100 };
        let (user, span) = match at.unit.user() {
            Some(directive) => (directive.value.as_str(), directive.span),
            None if at.unit.exec_start().is_empty() => continue,
            None => continue,
        };
        match counts.iter_mut().find(|(name, ..)| *name == user) {
            Some(entry) => entry.1 += weight,
            None => counts.push((user, weight, at, span)),
        }
    }
    let best = counts.iter().rev().max_by_key(|(name, count, ..)| (*name != "root", *count));
    if let Some((name, _, at, span)) = best {
        return Some(AppUser {
            name: named(name),
            why: format!("`User=` of {}", at.name),
            span: Some(*span),
        });
    }
    // Units without User= run as root: then so does the app.
    let own: Vec<&UnitAt> = units
        .iter()
        .filter(|u| {
            u.name.ends_with(".service") && u.origin != Origin::InRepo && !u.unit.exec_start().is_empty()
        })
        .collect();
    let created = scripts.iter().flat_map(|s| s.iter()).find_map(|(_, step)| {
        step.deed.effects.iter().find_map(|e| match (&e.change, &e.resource) {
            (Change::Create(_), Resource::User(name)) if !is_system_account(name) => Some(AppUser {
                name: name.clone(),
                why: "the account that the script creates".to_owned(),
                span: Some(step.span),
            }),
            _ => None,
        })
    });
    if created.is_some() {
        return created;
    }
    let owner = owner_of_tree(scripts);
    if owner.is_some() {
        return owner;
    }
    let through_sudo = scripts.iter().flat_map(|s| s.iter()).find_map(|(_, step)| match &step.user {
        User::Named(name) if !is_system_account(name) && step.place == Place::Here => Some(AppUser {
            name: name.clone(),
            why: "who runs commands of the script".to_owned(),
            span: Some(step.span),
        }),
        _ => None,
    });
    if through_sudo.is_some() {
        return through_sudo;
    }
    if !own.is_empty() {
        return Some(AppUser {
            name: Value::literal("root"),
            why: format!("{} has no `User=`", own[0].name),
            span: None,
        });
    }
    let mentioned = scripts.iter().find(|s| sources.file(s.file).text().contains("appuser"));
    mentioned.map(|s| AppUser {
        name: Value::literal("appuser"),
        why: "the name `appuser` in the script".to_owned(),
        span: Some(Span::file_start(s.file)),
    })
}

/// Whom a script gives the directory to in which it installs, builds or migrates: `chown -R www-data /srv/web`.
fn owner_of_tree(scripts: &[Deployment<'_>]) -> Option<AppUser> {
    let works = |step: &&Step| {
        step.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Dependencies(_) | Role::Build(_) | Role::StaticFiles | Role::Migrate))
    };
    scripts.iter().find_map(|script| {
        script.steps.iter().filter(|s| s.place == Place::Here).find_map(|step| {
            step.deed.effects.iter().find_map(|effect| {
                let (Change::Own { user: Some(user), recursive: true, .. }, Resource::Path(tree)) =
                    (&effect.change, &effect.resource)
                else {
                    return None;
                };
                let known = user.knowledge() == Knowledge::Literal && !is_system_account(user);
                let app = known && script.steps.iter().filter(works).any(|s| s.argv.cwd.is_under(tree));
                app.then(|| AppUser {
                    name: user.clone(),
                    why: "whom the script gives the tree to".to_owned(),
                    span: Some(step.span),
                })
            })
        })
    })
}

/// A name as a unit's text shows it: `$APP_USER` is a hole again.
fn named(shown: &str) -> Value {
    match shown.strip_prefix('$') {
        Some(name) => Value::hole(name, 0, Knowledge::Symbolic),
        None => Value::literal(shown),
    }
}

/// True for accounts that the system has for its own services.
pub fn is_system_account(name: &Value) -> bool {
    name.as_literal().is_some_and(|n| SYSTEM_ACCOUNTS.contains(&n))
}

/// The directories that hold the app: configured, of the units, cloned to, installed in.
fn app_trees(context: &Context<'_, '_>) -> Vec<Value> {
    let mut trees: Vec<Value> = Vec::new();
    let mut add = |path: Value| {
        let text = path.key();
        let broad = matches!(
            text,
            "/" | "/opt"
                | "/srv"
                | "/home"
                | "/var"
                | "/var/www"
                | "/tmp"
                | "/etc"
                | "/usr"
                | "/root"
                | "/usr/bin"
                | "/usr/local"
                | "/usr/local/bin"
                | ""
        );
        if !broad && path.is_absolute() && !trees.contains(&path) {
            trees.push(path);
        }
    };
    if let Some(directory) = &context.given.directory {
        add(Value::literal(directory));
        return trees;
    }
    for at in &context.units {
        if let Some(directory) = at.unit.working_directory() {
            let value = directory.value.trim_start_matches(['-', '~']);
            if !value.contains('$') {
                add(Value::literal(value).normalized());
            }
        }
        for exec in at.unit.exec_start() {
            // /opt/app/venv/bin/gunicorn: the app lies around its venv.
            for venv in ["/venv/bin/", "/.venv/bin/", "/env/bin/", "/node_modules/.bin/"] {
                if let Some(at) = exec.program.find(venv)
                    && !exec.program.contains('$')
                {
                    add(Value::literal(&exec.program[..at]));
                }
            }
        }
    }
    for (_, _, step) in context.steps().filter(|(_, _, s)| s.place == Place::Here) {
        for effect in &step.deed.effects {
            if let (Change::Create(PathKind::Tree), Resource::Path(path)) = (&effect.change, &effect.resource)
                && step.deed.roles.contains(&Role::Source)
            {
                add(path.clone());
            }
        }
        let installs = step.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(_) | Role::Build(_)));
        if installs && step.argv.cwd.known_prefix().starts_with('/') {
            add(step.argv.cwd.clone());
        }
    }
    trees
}

/// The scripts' steps by role, for rules that ask whether a step is there at all.
pub fn by_role<'r>(context: &Context<'r, '_>) -> HashMap<Role, Vec<&'r Step>> {
    let mut roles: HashMap<Role, Vec<&'r Step>> = HashMap::new();
    for (_, _, step) in context.steps() {
        for role in &step.deed.roles {
            roles.entry(*role).or_default().push(step);
        }
    }
    roles
}
