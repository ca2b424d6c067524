//! The manifests whose dependencies a deploy has to install.

use super::environment::{environment_in, environments};
use super::python::python_manifest;
use crate::facts::deploy::names::{is_directory, works_in};
use crate::facts::deploy::{Deploy, Language, is_saying, line_of};
use crate::facts::outputs::{is_brought, is_served, web_texts};
use crate::model::Step;
use crate::project::manifest::{self, NodePackage};
use crate::repo::names::{directory, is_beside};
use crate::source::{FileId, Span};
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::packaging::is_python_library;
use crate::tools::work::Work;

/// Dependencies that are needed.
#[derive(Clone, Debug)]
pub(crate) struct Dependencies<'r> {
    pub(crate) place: Span,
    /// The printed line that only tells people to install them.
    pub(crate) said: Option<Span>,
    /// The work of installing them.
    pub(crate) work: Work,
    pub(crate) file: FileId,
    pub(crate) of: Of<'r>,
}

/// The project that dependencies belong to.
#[derive(Clone, Debug)]
pub(crate) enum Of<'r> {
    /// A Python project, with its lockfile.
    Python(Option<&'r str>),
    /// A package, with all packages of the repo.
    Node(&'r NodePackage, &'r [NodePackage]),
    /// A program in Ruby or PHP.
    Other,
}

/// The dependencies of one ecosystem that are needed.
pub(super) fn dependencies<'r>(deploy: &Deploy<'_, 'r, '_>, of: Ecosystem) -> Vec<Dependencies<'r>> {
    if deploy.in_containers() || !deploy.sets_up() {
        return Vec::new();
    }
    match of {
        Ecosystem::Python => python(deploy).into_iter().collect(),
        Ecosystem::Node => node(deploy),
        Ecosystem::Ruby => others(deploy, manifest::Language::Ruby, Language::Ruby, Work::RubyDependencies),
        Ecosystem::Php => others(deploy, manifest::Language::Php, Language::Php, Work::PhpDependencies),
        _ => Vec::new(),
    }
}

impl Dependencies<'_> {
    /// True if the step installs where they are needed: in the package's directory, or above it for a workspace.
    pub(super) fn are_installed_by(&self, step: &Step) -> bool {
        let Of::Node(package, all) = self.of else { return true };
        let above = |other: &&NodePackage| {
            let inside =
                other.directory.is_empty() || package.directory.starts_with(&format!("{}/", other.directory));
            let shared = package.lockfile.as_deref().is_some_and(|lock| directory(lock) == other.directory);
            let scripted = other.scripts.iter().any(|s| s.name.contains("install"));
            inside && (other.has_member(&package.directory) || shared || scripted)
        };
        works_in(step, package, all) || all.iter().filter(above).any(|top| works_in(step, top, all))
    }
}

/// The place where a step that installs would stand.
fn place(deploy: &Deploy<'_, '_, '_>) -> Option<Span> {
    let near = deploy.steps().filter(|s| {
        s.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Build(e) | Role::Dependencies(e) if *e != Ecosystem::Container))
    });
    near.last().map(|s| s.span).or_else(|| deploy.place())
}

fn python<'r>(deploy: &Deploy<'_, 'r, '_>) -> Option<Dependencies<'r>> {
    let work = Work::PythonDependencies;
    let file = python_manifest(deploy)?;
    let said = deploy.says(work);
    if deploy.calls(work)
        || !deploy.runs(Language::Python) && said.is_none()
        || from_the_system(deploy)
        || counts_on_environment(deploy)
        // No step makes the environment into which they would be installed.
        || environments(deploy).iter().any(|e| !deploy.steps().any(|step| e.is_made_by(step)))
    {
        return None;
    }
    let manifests = &deploy.world.project.needs.python;
    let lockfile = manifests.iter().find(|m| m.file == file).and_then(|m| m.lockfile.as_deref());
    Some(Dependencies { place: place(deploy)?, said, work, file, of: Of::Python(lockfile) })
}

/// True if the environment was created and filled before, and no new code arrives that could need more.
fn counts_on_environment(deploy: &Deploy<'_, '_, '_>) -> bool {
    let brings = deploy.steps().any(|s| s.deed.roles.contains(&Role::Source));
    !brings
        && !deploy.does(Work::VirtualEnv)
        && (deploy.activates(None)
            || deploy.steps().filter(|s| !is_saying(s)).any(|s| environment_in(&line_of(s)).is_some()))
}

/// True if a step installs Python libraries that the distribution packages.
fn from_the_system(deploy: &Deploy<'_, '_, '_>) -> bool {
    deploy
        .steps()
        .filter(|s| s.deed.roles.contains(&Role::SystemPackages))
        .any(|s| s.argv.args.iter().any(|a| is_python_library(a.value.known_prefix())))
}

fn node<'r>(deploy: &Deploy<'_, 'r, '_>) -> Vec<Dependencies<'r>> {
    let work = Work::NodeDependencies;
    let packages = &deploy.world.project.needs.node;
    if packages.is_empty() || deploy.calls(work) {
        return Vec::new();
    }
    let runtime: Vec<&NodePackage> =
        packages.iter().filter(|p| !is_beside(&p.directory) && !p.dependencies.is_empty()).collect();
    let needed = runtime.iter().filter_map(|package| {
        let said = deploy.says_in(work, package, packages).filter(|_| !deploy.does(work));
        let built = own_build(deploy, package, packages);
        if !(is_run(deploy, package, &runtime) || built.is_some() || said.is_some()) {
            let served = is_served(deploy, package, packages) && package.script("build").is_some();
            if !served || is_brought(deploy, package) {
                return None;
            }
        }
        let place = built.or_else(|| place(deploy))?;
        Some(Dependencies { place, said, work, file: package.file, of: Of::Node(package, packages) })
    });
    needed.collect()
}

/// True if a process of the deploy belongs to this package.
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

/// True if the deploy runs something of the language. PHP may be run by a web server.
pub(super) fn runs(deploy: &Deploy<'_, '_, '_>, language: Language) -> bool {
    deploy.runs(language)
        || language == Language::Php && web_texts(deploy).iter().any(|text| text.contains("fastcgi_pass"))
}

fn others<'r>(
    deploy: &Deploy<'_, 'r, '_>,
    written: manifest::Language,
    run: Language,
    work: Work,
) -> Vec<Dependencies<'r>> {
    let manifests = deploy.world.project.needs.others.iter();
    let mut manifests = manifests.filter(|m| m.language == written && !is_beside(&m.directory)).peekable();
    if manifests.peek().is_none() || deploy.calls(work) {
        return Vec::new();
    }
    let said = deploy.says(work);
    if !runs(deploy, run) && said.is_none() {
        return Vec::new();
    }
    let Some(place) = place(deploy) else { return Vec::new() };
    manifests.map(|m| Dependencies { place, said, work, file: m.file, of: Of::Other }).collect()
}
