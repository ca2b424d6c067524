//! What a deploy has to build: pages that are served, and programs that run from where their compiler puts them.

use crate::facts::deploy::names::works_in;
use crate::facts::deploy::{Deploy, is_here};
use crate::facts::outputs::{is_brought, is_copied_over, is_served};
use crate::model::Step;
use crate::project::manifest::NodePackage;
use crate::repo::names::{base, directory, is_beside};
use crate::source::Span;
use crate::tools::compilers::{Compiler, compiler_of};
use crate::tools::effect::{Change, Ecosystem, Resource, Role};
use crate::tools::node::generates_code;
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
    /// The path of the file that tells the compiler what to make.
    pub(crate) manifest: String,
    pub(crate) compiler: &'static Compiler,
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
        if generates_code(&step.argv)
            && !package.script("build").is_some_and(|s| s.command.contains("generate"))
        {
            return false;
        }
        works_in(step, package, all) || all.iter().filter(above).any(|top| works_in(step, top, all))
    }
}

/// The program that the deploy runs or installs from where its compiler puts it, if the deploy brings its source, or the
/// compiler for it. For Go no such place shows that a program has to be built.
pub(super) fn program(deploy: &Deploy<'_, '_, '_>) -> Option<Program> {
    let steps = || deploy.steps().filter(|step| is_here(step));
    let used = steps().find_map(|step| Some((step.span, made_by(step)?)));
    let run = || {
        let mut units = deploy.own_units();
        units.find_map(|at| {
            let execs = at.unit.exec_start();
            execs.into_iter().find_map(|exec| Some((exec.span, compiler_of(&exec.program)?)))
        })
    };
    let (place, compiler) = used.or_else(run)?;
    let world = deploy.world;
    let manifest = world.project.inventory.files().find(|path| compiler.reads(base(path)))?;
    let brings = |step: &Step| {
        step.deed.roles.contains(&Role::Source)
            || step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Create(_), Resource::Package(name)) => {
                    name.as_literal().is_some_and(|name| compiler.comes_with(name))
                }
                _ => false,
            })
    };
    let project = &world.project;
    let is_told = || {
        let named = |file| compiler.is_named_in(world.sources.file(file).text());
        deploy.says_to(|line| compiler.is_named_in(line))
            || deploy.calls_to(|line| compiler.is_named_in(line))
            || project.guides.iter().any(|(_, file)| named(*file))
    };
    let is_known = !is_beside(directory(manifest)) && steps().any(brings);
    (is_known && !deploy.in_containers() && !deploy.may_do_anything() && !is_told()).then(|| Program {
        place,
        manifest: manifest.clone(),
        compiler,
    })
}

/// The compiler whose output a step copies from a place on this machine.
fn made_by(step: &Step) -> Option<&'static Compiler> {
    if !step.deed.copies() {
        return None;
    }
    let words = || step.argv.args.iter().filter(|arg| !arg.is_option()).map(|arg| arg.value.shown());
    // `HOST:PATH` comes from another machine.
    let is_here = || !words().any(|word| word.contains(':'));
    words().find_map(|word| compiler_of(&word)).filter(|_| is_here())
}

impl Program {
    /// True if the step builds or installs such a program, or brings what was built elsewhere.
    pub(super) fn is_made_by(&self, step: &Step) -> bool {
        is_here(step)
            && (self.compiler.is_run_by(&step.argv, &step.deed)
                || is_copied_over(step) && made_by(step).is_none())
    }
}
