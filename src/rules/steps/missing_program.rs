//! `steps/missing-program`: a unit or a step runs a program from an environment, and nothing that is
//! installed there brings it. Nothing is reported if it is not fully known what is installed.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::names::works_in;
use crate::facts::deploy::{is_here, is_saying};
use crate::facts::needs::demanding;
use crate::facts::world::Origin;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::model::Step;
use crate::project::compose::{Run, Text};
use crate::project::manifest::{Declared, NodePackage, PythonKind, normalized};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::line::{commands, commands_of_code};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use crate::tools::effect::{Ecosystem, Resource, Role};
use crate::tools::packaging::{Listed, PackageManager};
use crate::tools::place::{begins_with_option, runs_known};
use crate::tools::providers::{NODE, PYTHON, carries};
use crate::tools::python::of_environment;
use crate::tools::{deed, node, packaging, runners};
use std::collections::{BTreeSet, HashSet};

const RULE: RuleId = id::STEPS_MISSING_PROGRAM;

/// `steps/missing-program`.
pub(super) fn missing_program(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    of_images(world, found);
    named_like_options(world, found);
    let Some(deploy) = &demanding(world) else { return };
    if deploy.in_containers() || !deploy.sets_up() || deploy.may_do_anything() {
        return;
    }
    python(deploy, found);
    node(deploy, found);
}

/// A variable that should hold `sudo -u shop --` has lost its program.
fn named_like_options(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told = HashSet::new();
    let is_one = |step: &Step| {
        let by_variable = || world.sources.text(step.span).trim_start_matches('"').starts_with('$');
        // `-H bash -c …`: what comes before the options is lost.
        let runs_another = || step.argv.shifted(0).is_some_and(|inner| runs_known(&inner));
        begins_with_option(&step.argv) && is_here(step) && (by_variable() || runs_another())
    };
    for (script, id, step) in world.steps().filter(|(.., step)| is_one(step)) {
        let Some(name) = step.argv.program.value.as_literal() else { continue };
        if told.insert(name) {
            let words = world.words(step.span);
            let message = format!("`{words}` runs a program `{name}`, which no server has");
            let draft = world
                .finding(RULE, step.span, message)
                .at_most(world.confidence(script, id, None))
                .help("name the program before its options");
            found.push(draft.done());
        }
    }
}

fn python(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let needs = &deploy.world.project.needs;
    let uses = uses(deploy);
    if uses.is_empty() || needs.unread || needs.python.iter().any(|manifest| !manifest.complete) {
        return;
    }
    let Some(installed) = installed(deploy) else { return };
    let named = &installed.named;
    let all = || needs.python.iter().flat_map(|manifest| &manifest.dependencies);
    if named.is_empty() && all().next().is_none() {
        return;
    }
    let mut told = BTreeSet::new();
    for Use { program, span, from, words } in uses {
        let Some((program, packages)) = PYTHON.iter().find(|(name, _)| *name == program) else { continue };
        let by = |d: &&Declared| packages.iter().any(|package| brings(package, d));
        let provided = packages.iter().any(|package| {
            let locked = needs.locked.as_ref().is_some_and(|locked| locked.contains(*package));
            locked || named.iter().any(|n| n == package || base_name(n) == *package)
        });
        // In `celery -A shop` the app itself may be the package `shop`, which brings what it needs.
        let serves = |name: &String| {
            let module = name.replace('-', "_");
            words.iter().any(|word| word.split(['.', ':']).next().is_some_and(|first| first == module))
        };
        // `django-celery-x`, `flask-x`: an extension depends on what it extends.
        let extends = |name: &str| name != *program && name.split('-').any(|part| part == *program);
        if provided
            || all().filter(|d| installed.has(deploy, d)).any(|d| by(&d) || extends(&d.name))
            || named.iter().any(|n| extends(base_name(n)))
            || named.iter().any(serves)
            || comes_otherwise(deploy, program)
            || !told.insert(program)
        {
            continue;
        }
        let package = packages[0];
        let path = |file| deploy.world.sources.file(file).path();
        let elsewhere = all().find(by);
        let filled = needs.python.iter().find(|m| m.dependencies.iter().any(|d| installed.has(deploy, d)));
        let (what, help) = match (elsewhere, filled.map(|m| path(m.file))) {
            (Some(declared), _) => {
                let group =
                    declared.group.as_ref().map_or(String::new(), |group| format!(" (group {group})"));
                let file = path(declared.span.file);
                (
                    format!("{file}{group} names it, but no step installs that"),
                    format!("also install what {file}{group} names"),
                )
            }
            (None, Some(file)) => (format!("{file} does not name it"), format!("add `{package}` to {file}")),
            (None, None) => ("no step installs it".to_owned(), format!("install `{package}` there")),
        };
        let message = format!("nothing installs `{program}` into {from}: {what}");
        let mut draft = deploy.world.finding(RULE, span, message).help(help);
        if let Some(declared) = elsewhere {
            draft = draft.related(declared.span, "it is named here");
        }
        found.push(draft.done());
    }
}

/// True if the declared dependency brings what the package of the table does, with its extra if that has one.
fn brings(package: &str, declared: &Declared) -> bool {
    match package.trim_end_matches(']').split_once('[') {
        Some((name, extra)) => declared.name == name && declared.extras.iter().any(|e| e == extra),
        None => declared.name == package,
    }
}

/// `celery` of `celery[redis]`.
fn base_name(package: &str) -> &str {
    package.split('[').next().unwrap_or(package)
}

/// A program that is run from an environment.
struct Use {
    program: String,
    span: Span,
    from: String,
    /// The words of its command line.
    words: Vec<String>,
}

fn uses(deploy: &Deploy<'_, '_, '_>) -> Vec<Use> {
    let mut found = Vec::new();
    for at in &deploy.world.units {
        if at.origin == Origin::InRepo && !deploy.is_started(&at.name) {
            continue;
        }
        for exec in ["ExecStartPre", "ExecStart"].iter().flat_map(|key| at.unit.exec(key)) {
            for command in commands(&exec.words()) {
                let run = of_environment(command.argv());
                let words = exec.words();
                found.extend(run.map(|(program, from)| Use { program, span: exec.span, from, words }));
            }
        }
    }
    for step in deploy.steps().filter(|step| is_here(step) && !is_saying(step)) {
        let mut words = vec![step.argv.program.value.to_string()];
        words.extend(step.argv.args.iter().map(|arg| arg.value.to_string()));
        let run = of_environment(&step.argv);
        found.extend(run.map(|(program, from)| Use { program, span: step.span, from, words }));
    }
    found
}

/// What the steps install.
#[derive(Default)]
struct Installed {
    /// Packages by name, as `name` and `name[extra]`.
    named: BTreeSet<String>,
    /// True if everything of a project is installed, including its groups, as uv and Poetry do by default.
    whole: bool,
    /// Lists of requirements, with what they include.
    lists: HashSet<FileId>,
    /// The project as a package, and the requested extras.
    extras: Option<BTreeSet<String>>,
}

impl Installed {
    /// True for a declared dependency that is installed.
    fn has(&self, deploy: &Deploy<'_, '_, '_>, declared: &Declared) -> bool {
        let file = declared.span.file;
        let needs = &deploy.world.project.needs;
        let kind = needs.python.iter().find(|manifest| manifest.file == file).map(|manifest| manifest.kind);
        let project = || match (&self.extras, kind) {
            (Some(extras), Some(PythonKind::Pyproject | PythonKind::Setup)) => {
                declared.group.as_ref().is_none_or(|group| extras.contains(&normalized(group)))
            }
            _ => false,
        };
        self.whole || self.lists.contains(&file) || project()
    }

    /// Adds a list, and everything that it includes.
    fn list(&mut self, deploy: &Deploy<'_, '_, '_>, file: FileId) {
        if self.lists.insert(file)
            && let Some(manifest) = deploy.world.project.needs.python.iter().find(|m| m.file == file)
        {
            for include in manifest.includes.iter().filter(|include| !include.constraint) {
                if let Some(file) = include.file {
                    self.list(deploy, file);
                }
            }
        }
    }
}

/// What the steps install; `None` if that is not fully known, or if nothing of the app is installed at all.
fn installed(deploy: &Deploy<'_, '_, '_>) -> Option<Installed> {
    let needs = &deploy.world.project.needs;
    let mut installed = Installed::default();
    let mut any = false;
    for step in deploy.steps().filter(|step| is_here(step)) {
        let python = |role: &Role| {
            matches!(role, Role::Dependencies(Ecosystem::Python) | Role::GlobalTool(Ecosystem::Python))
        };
        // If a script writes a list of requirements, it is not the one that was read.
        let writes = step.written.iter().any(|written| written.path.known_suffix().ends_with(".txt"));
        if writes || packaging::is_conda(&step.argv) {
            return None;
        }
        if !step.deed.roles.iter().any(python) {
            continue;
        }
        any |= step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python));
        installed.whole |= packaging::installs_the_project(&step.argv);
        if packaging::installs_what_follows(&step.argv) {
            return None;
        }
        let syncs = packaging::syncs_lists(&step.argv);
        if syncs && !step.argv.args.iter().any(|arg| is_list(&arg.value)) {
            return None;
        }
        let mut args = step.argv.args.iter();
        while let Some(arg) = args.next() {
            let text = arg.value.to_string();
            // PEP 735's groups.
            if text == "--group" {
                installed.whole = true;
                continue;
            }
            let list = match packaging::names_list(&text) {
                Some(Listed::Next) => Some(args.next()?.value.to_string()),
                Some(Listed::Here(list)) => Some(list.to_owned()),
                None => (syncs && is_list(&arg.value)).then(|| text.clone()),
            };
            if let Some(list) = list {
                let files = || needs.python.iter().map(|manifest| manifest.file);
                let named = |file: &FileId| base(deploy.world.sources.file(*file).path()) == base(&list);
                files().find(named)?;
                for file in files().filter(named) {
                    installed.list(deploy, file);
                }
                // `uv pip install -r pyproject.toml`
                installed.whole |= base(&list) == "pyproject.toml";
                continue;
            }
            // The word after an option counts as a package too, which only causes silence.
            if text.starts_with('-') {
                continue;
            }
            if arg.value.as_literal().is_none() && !text.contains('/') || text.contains("://") {
                return None;
            }
            let end = text.find(['=', '<', '>', '~', '!', ';', '@']).unwrap_or(text.len());
            let (name, extras) = text[..end].split_once('[').unwrap_or((&text[..end], ""));
            let extras = extras.trim_end_matches(']').split(',').filter(|extra| !extra.is_empty());
            let extras = extras.map(|extra| normalized(extra.trim()));
            if name == "." || name.contains('/') {
                installed.extras.get_or_insert_default().extend(extras);
                let projects = needs.python.iter().filter(|m| m.kind != PythonKind::Requirements);
                let taken = projects.flat_map(|m| &m.includes).filter_map(|include| include.file);
                for file in taken {
                    installed.list(deploy, file);
                }
                continue;
            }
            let name = normalized(name.trim());
            installed.named.extend(extras.map(|extra| format!("{name}[{extra}]")));
            installed.named.insert(name);
        }
    }
    any.then_some(installed)
}

/// True for the name of a list of requirements.
fn is_list(word: &Value) -> bool {
    [".txt", ".in"].iter().any(|end| word.known_suffix().ends_with(end))
}

/// True if the system has a package of it, or a called script installs it.
fn comes_otherwise(deploy: &Deploy<'_, '_, '_>, program: &str) -> bool {
    let package = |step: &Step| {
        step.deed.effects.iter().any(|effect| match &effect.resource {
            Resource::Package(name) => name.as_literal().is_none_or(|name| name.contains(program)),
            _ => false,
        })
    };
    deploy.steps().any(package) || deploy.called_mentions("install") && deploy.called_mentions(program)
}

/// Finds a build after `npm ci --omit=dev` whose program only a development dependency brings.
fn node(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let packages = &deploy.world.project.needs.node;
    if packages.is_empty() {
        return;
    }
    let installs_all = |step: &Step| step.deed.roles.contains(&Role::Dependencies(Ecosystem::Node));
    let steps = by_machine(deploy, |step| installs_all(step) || node::package_script(&step.argv).is_some());
    for package in packages {
        let installs: Vec<_> = steps
            .iter()
            .filter(|(_, step)| installs_all(step) && works_in(step, package, packages))
            .collect();
        let is_member = |other: &NodePackage| {
            other.directory != package.directory && other.has_member(&package.directory)
        };
        if installs.is_empty() || packages.iter().any(is_member) {
            continue;
        }
        let lacks_development = |machine: Option<usize>| {
            let mut there = installs.iter().filter(|(other, _)| *other == machine).peekable();
            there.peek().is_some() && there.all(|(_, step)| packaging::omits_development(&step.argv))
        };
        let build = steps.iter().find_map(|(machine, step)| {
            let script = node::package_script(&step.argv)
                .filter(|_| is_here(step) && works_in(step, package, packages))
                .filter(|_| lacks_development(*machine))?;
            let alone = packages.iter().all(|p| p == package || !works_in(step, p, packages));
            let (program, needed) =
                alone.then(|| only_development(package, &package.script(&script)?.command))??;
            Some((step, script, program, needed))
        });
        let Some((step, script, program, needed)) = build else { continue };
        let path = deploy.world.sources.file(package.file).path();
        let message = format!(
            "`{}` calls `{program}` ({path}), but every install here leaves out development dependencies",
            deploy.world.words(step.span)
        );
        let help = format!(
            "install everything for the build (`{} ci`) and prune afterwards (`npm prune --omit=dev`), or move `{}` to `dependencies`",
            package.manager.command(),
            needed.name,
        );
        let draft = deploy.world.finding(RULE, step.span, message).help(help);
        let draft = draft.related(needed.span, "this development dependency brings it");
        let called = package.script(&script).map_or(needed.span, |script| script.span);
        found.push(draft.related(called, "it calls this").done());
    }
}

/// The steps of a kind, each with the machine that it works on: `None` for the server, or the number of the script. A script that
/// drives another machine by ssh runs on the developer's, and what is installed on the server is not there.
fn by_machine<'r>(
    deploy: &Deploy<'_, 'r, '_>,
    is_one: impl Fn(&Step) -> bool,
) -> Vec<(Option<usize>, &'r Step)> {
    let mut found = Vec::new();
    for (number, script) in deploy.deploying() {
        let drives = script.steps.iter().any(|step| matches!(step.place, Place::Remote(_)));
        for step in script.steps.iter().filter(|step| is_one(step)) {
            found.push(((drives && step.place == Place::Here).then_some(number), step));
        }
    }
    found
}

/// Finds the same in the Dockerfiles that Compose builds.
fn of_images(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for compose in &world.project.composes {
        for service in &compose.services {
            let (Some(built), Some(build)) = (&service.built, &service.build) else { continue };
            let Some(directory) = compose.path(&build.context) else { continue };
            let mut packages = world.project.needs.node.iter();
            let Some(package) = packages.find(|package| package.directory == directory) else { continue };
            let fault = built.runs.iter().find_map(|stage| left_out(package, stage));
            if let Some(fault) = fault.filter(|fault| told.insert(fault.build.span)) {
                found.push(of_image(world, package, &fault));
            }
        }
    }
}

/// A line of a Dockerfile that builds without what an earlier one has left out.
struct LeftOut<'p> {
    install: &'p Text,
    build: &'p Text,
    program: &'static str,
    needed: &'p Declared,
}

/// The first line of a stage that calls a program of a development dependency, if no install before it brings those.
fn left_out<'p>(package: &'p NodePackage, stage: &'p [Run]) -> Option<LeftOut<'p>> {
    let mut install: Option<&Text> = None;
    for run in stage {
        for command in commands_of_code(&run.line.text) {
            let argv = command.argv();
            // `retry npm ci` installs, too.
            if PackageManager::called(&argv.name).is_none() {
                continue;
            }
            if deed(argv).roles.contains(&Role::Dependencies(Ecosystem::Node)) {
                let includes = argv.args.iter().any(|arg| arg.value.to_string().contains("include"));
                match packaging::omits_development(argv) || run.is_production && !includes {
                    true => install = Some(&run.line),
                    false => return None,
                }
            }
            let (Some(install), Some(script)) = (install, node::package_script(argv)) else { continue };
            let command = package.script(&script).map(|script| only_development(package, &script.command));
            if let Some((program, needed)) = command.flatten() {
                return Some(LeftOut { install, build: &run.line, program, needed });
            }
        }
    }
    None
}

fn of_image(world: &World<'_, '_>, package: &NodePackage, fault: &LeftOut<'_>) -> Finding {
    let path = world.sources.file(package.file).path();
    let message = format!(
        "`{}` calls `{}` ({path}), but the install before it leaves out development dependencies",
        world.words(fault.build.span),
        fault.program
    );
    let help = format!(
        "install everything in the stage that builds: `{} ci`, or move `{}` to `dependencies`",
        package.manager.command(),
        fault.needed.name
    );
    let draft = world.finding(RULE, fault.build.span, message).help(help);
    let draft = draft.related(fault.install.span, "this leaves them out");
    draft.related(fault.needed.span, "this development dependency brings it").done()
}

/// The first program of a script's command that only a development dependency brings.
fn only_development<'p>(package: &'p NodePackage, command: &str) -> Option<(&'static str, &'p Declared)> {
    for command in commands_of_code(command) {
        let called = runners::program(command.argv()).into_owned().name;
        let Some((program, needed)) = NODE.iter().find(|(program, _)| *program == called) else { continue };
        let mut of_name = package.dependencies.iter().filter(|d| d.name == *needed);
        let Some(declared) = of_name.next().filter(|d| d.development && of_name.next().is_none()) else {
            continue;
        };
        // A plugin names what it extends as a peer, which npm also installs.
        let brings = |d: &&Declared| {
            !d.development && (carries(&d.name, d.requirement.as_deref(), needed) || d.name.contains(needed))
        };
        if package.dependencies.iter().find(brings).is_none() {
            return Some((program, declared));
        }
    }
    None
}
