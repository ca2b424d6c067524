//! What a deploy has to build: pages that are served, and programs that run from where their compiler puts them.

use crate::facts::deploy::names::works_in;
use crate::facts::deploy::{Deploy, is_here};
use crate::facts::outputs::{is_brought, is_compiler_output, is_copied_over, is_served};
use crate::model::Step;
use crate::project::manifest::{Language, NodePackage};
use crate::repo::names::{directory, is_beside};
use crate::source::{FileId, Span};
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::packaging::{CARGO, is_cargo};
use crate::tools::work::Work;

/// A package whose build is needed.
#[derive(Clone, Debug)]
pub(crate) struct Build<'r> {
    pub(crate) place: Span,
    /// The printed line that only tells people to do it.
    pub(crate) said: Option<Span>,
    pub(crate) package: &'r NodePackage,
    all: &'r [NodePackage],
}

/// A program whose build is needed.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Where it is installed or run.
    pub(crate) place: Span,
    pub(crate) file: FileId,
}

/// The packages whose output the deploy serves, unless the repo holds the output or something brings it.
pub(super) fn builds<'r>(deploy: &Deploy<'_, 'r, '_>) -> Vec<Build<'r>> {
    let all = &deploy.world.project.needs.node;
    if all.is_empty() || deploy.in_containers() || !deploy.sets_up() || deploy.calls(Work::Build) {
        return Vec::new();
    }
    let outputs = &deploy.world.project.inventory.outputs;
    let committed = |package: &NodePackage| outputs.iter().any(|path| directory(path) == package.directory);
    let scripted = all.iter().filter(|p| !is_beside(&p.directory) && p.script("build").is_some());
    let needed = scripted.filter(|p| !committed(p) && !is_brought(deploy, p)).filter_map(|package| {
        let said = deploy.says_in(Work::Build, package, all).filter(|_| !deploy.does(Work::Build));
        let asked = said.is_some() || is_served(deploy, package, all);
        let place = asked.then(|| place(deploy))??;
        Some(Build { place, said, package, all })
    });
    needed.collect()
}

fn place(deploy: &Deploy<'_, '_, '_>) -> Option<Span> {
    let near = deploy.steps().filter(|s| {
        s.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Build(Ecosystem::Node) | Role::Dependencies(Ecosystem::Node)))
    });
    near.last().map(|s| s.span).or_else(|| deploy.place())
}

impl Build<'_> {
    /// True if the step builds in the package's directory, or at the top, where it may build everything below.
    pub(super) fn is_done_by(&self, step: &Step) -> bool {
        let Build { package, all, .. } = *self;
        let above = |p: &&NodePackage| {
            p.directory.is_empty()
                && !package.directory.is_empty()
                && p.scripts.iter().any(|s| s.name.contains("build"))
        };
        works_in(step, package, all) || all.iter().filter(above).any(|top| works_in(step, top, all))
    }
}

/// The program in Rust that the deploy brings as source, and whose `target/release/NAME` it runs or installs. For Go no
/// such place shows that a program has to be built.
pub(super) fn program(deploy: &Deploy<'_, '_, '_>) -> Option<Program> {
    let mut crates = deploy.world.project.needs.others.iter().filter(|m| m.language == Language::Rust);
    let manifest = crates.next().filter(|m| !is_beside(&m.directory))?;
    let steps = || deploy.steps().filter(|step| is_here(step));
    let brings = steps().any(|step| step.deed.roles.contains(&Role::Source));
    if !brings || deploy.in_containers() || deploy.may_do_anything() || deploy.called_mentions(CARGO) {
        return None;
    }
    let used = steps()
        .filter(|step| step.deed.copies())
        .find(|s| s.argv.args.iter().any(|a| is_compiler_output(&a.value.to_string())))
        .map(|s| s.span);
    let run = || {
        let mut units = deploy.own_units();
        units.find_map(|at| {
            at.unit.exec_start().into_iter().find(|e| is_compiler_output(&e.program)).map(|e| e.span)
        })
    };
    Some(Program { place: used.or_else(run)?, file: manifest.file })
}

impl Program {
    /// True if the step builds or installs a program in Rust, or brings what was built elsewhere.
    pub(super) fn is_made_by(step: &Step) -> bool {
        let builds =
            |role: &Role| matches!(role, Role::Build(Ecosystem::Rust) | Role::GlobalTool(Ecosystem::Rust));
        is_here(step) && (step.deed.roles.iter().any(builds) || is_cargo(&step.argv) || is_copied_over(step))
    }
}
