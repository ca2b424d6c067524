//! `steps/no-dependencies`: a manifest or a unit needs something that no step installs.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::names::{is_directory, works_in};
use crate::facts::deploy::{Language, is_saying, line_of};
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::model::Step;
use crate::project::manifest::{NodePackage, PythonKind};
use crate::repo::names::base;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::rules::steps::build::{is_brought, is_served};
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::packaging::manages_environments;
use crate::tools::packaging::{is_in_conda, is_python_library};
use crate::tools::work::Work;

const RULE: RuleId = id::STEPS_NO_DEPENDENCIES;

/// `steps/no-dependencies`.
pub(super) fn no_dependencies(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    if deploy.in_containers() || !deploy.sets_up() {
        return;
    }
    if !(deploy.is_from_scratch() && environments(deploy, found)) {
        python(deploy, found);
    }
    node(deploy, found);
    others(deploy, found);
}

/// Units that run a virtual environment's programs, while no step creates or uses it.
fn environments(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) -> bool {
    let before = found.len();
    for at in deploy.own_units() {
        let Some(environment) = at.unit.exec_start().iter().find_map(|e| environment_in(&e.line())) else {
            continue;
        };
        let name = environment.rsplit('/').next().unwrap_or(&environment).to_owned();
        // A name that only the shell knows may be any.
        if name.contains('$') || is_made(deploy, &name) || deploy.calls(Work::VirtualEnv) {
            continue;
        }
        let context = deploy.world;
        let manifest = python_manifest(deploy).map(|file| context.sources.file(file).path().to_owned());
        let also = manifest
            .filter(|_| !deploy.does(Work::PythonDependencies))
            .map(|path| format!(" or installs {path}"))
            .unwrap_or_default();
        let message = format!(
            "{} runs programs of `{environment}`, but no step creates that virtual environment{also}",
            at.name
        );
        let help = format!(
            "create and fill it before the unit starts: `python3 -m venv {environment}`, `{environment}/bin/pip install -r requirements.txt`"
        );
        let said = deploy.says(Work::PythonDependencies);
        let mut draft = deploy.missing(RULE, at.span, &message, Work::VirtualEnv, said).help(help);
        if let Some(exec) = at.unit.exec_start().first() {
            draft = draft.related(exec.span, "this command needs it");
        }
        found.push(draft.done());
        // Further units of the same environment lack the same step.
        break;
    }
    found.len() > before
}

/// The virtual environment whose programs a command runs: for `/srv/app/venv/bin/celery` it is
/// `/srv/app/venv`.
fn environment_in(command: &str) -> Option<String> {
    let words = command.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
    for word in words {
        let Some(at) = word.find("/bin/") else { continue };
        let directory = &word[..at];
        let name = directory.rsplit('/').next().unwrap_or(directory).to_ascii_lowercase();
        let conda = is_in_conda(directory);
        if !conda && (name.ends_with("env") || name.contains("venv") || word.ends_with("/bin/activate")) {
            return Some(directory.to_owned());
        }
    }
    None
}

/// A step creates the environment, or works with it, so it exists.
fn is_made(deploy: &Deploy<'_, '_, '_>, name: &str) -> bool {
    let inside = format!("{name}/bin/");
    deploy.activates(Some(name))
        || deploy.steps().any(|step| {
            let makes = step.deed.roles.contains(&Role::VirtualEnv)
                && step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                    (Change::Create(_), Resource::Path(path)) => {
                        let base = path.basename();
                        base.as_literal().is_none_or(|b| b == name)
                    }
                    _ => false,
                });
            let manages = manages_environments(&step.argv)
                && step.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(Ecosystem::Python)));
            let line = line_of(step);
            makes
                || manages
                || !is_saying(step) && (line.contains(&inside) || line.ends_with(&format!("/{name}")))
        })
}

/// The requirements of a server: those nearest to the root.
fn python_manifest(deploy: &Deploy<'_, '_, '_>) -> Option<FileId> {
    let sources = deploy.world.sources;
    let candidates = deploy.world.project.needs.python.iter().filter(|m| {
        let path = sources.file(m.file).path();
        let name = path.rsplit('/').next().unwrap_or(path);
        let development = ["dev", "test", "lint", "doc", "local", "ci"];
        let parts = || name.split(['-', '_', '.']);
        let takes_in = m.includes.iter().any(|include| !include.constraint);
        let filled = m.kind == PythonKind::Setup || takes_in || m.dependencies.iter().any(|d| !d.development);
        filled && !is_beside(&m.directory) && !parts().any(|p| development.contains(&p))
    });
    candidates
        .min_by_key(|m| {
            let depth = if m.directory.is_empty() { 0 } else { 1 + m.directory.matches('/').count() };
            (depth, m.kind == PythonKind::Setup, sources.file(m.file).path())
        })
        .map(|m| m.file)
}

fn python(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let Some(file) = python_manifest(deploy) else { return };
    let said = deploy.says(Work::PythonDependencies);
    if deploy.does(Work::PythonDependencies)
        || !deploy.runs(Language::Python) && said.is_none()
        || from_the_system(deploy)
        || counts_on_environment(deploy)
    {
        return;
    }
    let path = deploy.world.sources.file(file).path();
    let lockfile =
        deploy.world.project.needs.python.iter().find(|m| m.file == file).and_then(|m| m.lockfile.as_ref());
    let install = match (lockfile.map(|lockfile| base(lockfile)), base(path)) {
        (_, name) if name.ends_with(".txt") => format!("pip install -r {path}"),
        (_, "Pipfile") => "pipenv sync".to_owned(),
        (Some("uv.lock"), _) => "uv sync --frozen".to_owned(),
        (Some("poetry.lock"), _) => "poetry install --only main".to_owned(),
        (Some("pdm.lock"), _) => "pdm sync --prod".to_owned(),
        _ => "pip install .".to_owned(),
    };
    report(
        deploy,
        Work::PythonDependencies,
        path,
        said,
        &format!("run `{install}` in the app's virtual environment"),
        None,
        found,
    );
}

/// The environment was created and filled before, and no new code arrives that could need more.
fn counts_on_environment(deploy: &Deploy<'_, '_, '_>) -> bool {
    let brings = deploy.steps().any(|s| s.deed.roles.contains(&Role::Source));
    !brings
        && !deploy.does(Work::VirtualEnv)
        && (deploy.activates(None)
            || deploy.steps().filter(|s| !is_saying(s)).any(|s| environment_in(&line_of(s)).is_some()))
}

/// Libraries that the distribution packages.
fn from_the_system(deploy: &Deploy<'_, '_, '_>) -> bool {
    deploy
        .steps()
        .filter(|s| s.deed.roles.contains(&Role::SystemPackages))
        .any(|s| s.argv.args.iter().any(|a| is_python_library(a.value.known_prefix())))
}

#[expect(clippy::too_many_arguments)]
fn report(
    deploy: &Deploy<'_, '_, '_>,
    work: Work,
    path: &str,
    said: Option<Span>,
    help: &str,
    own_build: Option<Span>,
    found: &mut Vec<Finding>,
) {
    let near = deploy.steps().filter(|s| {
        s.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Build(e) | Role::Dependencies(e) if *e != Ecosystem::Container))
    });
    let place = own_build.or_else(|| near.last().map(|s| s.span));
    let Some(place) = place.or_else(|| deploy.place()) else { return };
    let message = match said {
        Some(_) => format!("{path} declares dependencies, but the script only prints how to install them"),
        None => format!("{path} declares dependencies, but no step installs them"),
    };
    found.push(deploy.missing(RULE, place, &message, work, said).help(help).done());
}

fn node(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let packages = &deploy.world.project.needs.node;
    if deploy.calls(Work::NodeDependencies) {
        return;
    }
    let runtime: Vec<&NodePackage> =
        packages.iter().filter(|p| !is_beside(&p.directory) && !p.dependencies.is_empty()).collect();
    for package in &runtime {
        if installs(deploy, package, packages) {
            continue;
        }
        let said = deploy
            .says_in(Work::NodeDependencies, package, packages)
            .filter(|_| !deploy.does(Work::NodeDependencies));
        let built = own_build(deploy, package, packages);
        if !(is_run(deploy, package, &runtime) || built.is_some() || said.is_some()) {
            let served = is_served(deploy, package, packages) && package.script("build").is_some();
            if !served || is_brought(deploy, package) {
                continue;
            }
        }
        let path = deploy.world.sources.file(package.file).path();
        let manager = package.manager.command();
        let install = match package.directory.as_str() {
            "" => format!("{manager} install"),
            directory => format!("(cd {directory} && {manager} install)"),
        };
        let install = match package.lockfile.is_some() && manager == "npm" {
            true => install.replace("install", "ci"),
            false => install,
        };
        report(deploy, Work::NodeDependencies, path, said, &format!("run `{install}`"), built, found);
    }
}

/// A step installs in the package's directory, or above it for a workspace.
fn installs(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, all: &[NodePackage]) -> bool {
    let above = |other: &&NodePackage| {
        let inside =
            other.directory.is_empty() || package.directory.starts_with(&format!("{}/", other.directory));
        let shared = package
            .lockfile
            .as_deref()
            .is_some_and(|lock| lock.rsplit_once('/').map_or("", |(dir, _)| dir) == other.directory);
        let scripted = other.scripts.iter().any(|s| s.name.contains("install"));
        inside && (other.has_member(&package.directory) || shared || scripted)
    };
    let tops: Vec<&NodePackage> = all.iter().filter(above).collect();
    deploy
        .steps()
        .filter(|s| s.deed.roles.contains(&Role::Dependencies(Ecosystem::Node)))
        .any(|s| works_in(s, package, all) || tops.iter().any(|top| works_in(s, top, all)))
}

/// A process of the deploy belongs to this package.
fn is_run(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, runtime: &[&NodePackage]) -> bool {
    let all = &deploy.world.project.needs.node;
    let needs = package.dependencies.iter().any(|d| !d.development);
    needs
        && deploy.processes().iter().filter(|p| p.language == Language::Node).any(|p| match &p.directory {
            Some(directory) => is_directory(directory, package, all),
            None => runtime.len() == 1,
        })
}

/// The last step that builds this package.
fn own_build(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, all: &[NodePackage]) -> Option<Span> {
    let builds =
        |s: &&Step| s.deed.roles.contains(&Role::Build(Ecosystem::Node)) && works_in(s, package, all);
    deploy.steps().filter(builds).last().map(|s| s.span)
}

fn others(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    use crate::project::manifest::Language as Manifest;
    for other in &deploy.world.project.needs.others {
        let (work, language, help) = match other.language {
            Manifest::Ruby => (Work::RubyDependencies, Language::Ruby, "run `bundle install --deployment`"),
            Manifest::Php => (Work::PhpDependencies, Language::Php, "run `composer install --no-dev`"),
            Manifest::Go | Manifest::Rust => continue,
        };
        let said = deploy.says(work);
        if is_beside(&other.directory) || deploy.does(work) || !deploy.runs(language) && said.is_none() {
            continue;
        }
        report(deploy, work, deploy.world.sources.file(other.file).path(), said, help, None, found);
    }
}

#[test]
fn environments_are_found_in_commands() {
    for (command, environment) in [
        ("/srv/app/venv/bin/celery app:app", Some("/srv/app/venv")),
        ("/bin/bash -c source bot_env/bin/activate && python x.py", Some("bot_env")),
        ("/usr/bin/env python3 x.py", None),
        ("/usr/local/bin/celery x", None),
        ("/opt/miniconda/envs/x/bin/python", None),
    ] {
        assert_eq!(environment_in(command).as_deref(), environment, "{command}");
    }
}
