//! `steps/missing-package`: a script that sets up a server runs a program that a new server lacks, and nothing installs it.

use crate::facts::deploy::{Deploy, is_saying};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::rules::id;
use crate::shell::wrappers::{Place, is_shell};
use crate::source::Span;
use crate::tools::apt::fetches_lists;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::supplies::{
    Supply, brings_docker, is_compose, looks_for, looks_for_any, needed, needed_for_unit, other_compose,
    tells_to_install,
};

/// How many system packages show that the scripts prepare the server.
const MANY: usize = 3;

/// `steps/missing-package`.
pub(super) fn missing_package(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = world.deploy();
    let Some(brought) = Brought::of(world) else { return };
    let mut told: Vec<&str> = Vec::new();
    for (_, script) in deploy.deploying() {
        let sets_up = sets_up(script, &brought);
        for (id, step) in script.iter().filter(|(id, step)| is_plain(script, *id, step)) {
            let units =
                step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
                    (Change::Start | Change::Restart | Change::Enable, Resource::Unit(name)) => {
                        needed_for_unit(name.as_literal()?)
                    }
                    _ => None,
                });
            for supply in needed(&step.argv).into_iter().chain(units) {
                let judged = if is_compose(supply) { brought.docker.is_some() } else { sets_up };
                if !judged
                    || told.contains(&supply.name)
                    || !brought.lacks(world, &deploy, script, id, supply)
                {
                    continue;
                }
                // What is called may install it. To find that out takes long, so it is asked last.
                if deploy.may_do_anything() {
                    return;
                }
                told.push(supply.name);
                found.push(tell(world, step, supply, &brought));
            }
        }
    }
}

fn tell(world: &World<'_, '_>, step: &Step, supply: &Supply, brought: &Brought<'_>) -> Finding {
    let words = world.words(step.span);
    let (what, help) = match is_compose(supply) {
        true => (
            format!("`{words}` needs {}, and the scripts install the other Compose", supply.name),
            format!("write `{}`, or install `{}`", other_compose(supply), supply.package()),
        ),
        false => (
            format!("`{words}` needs {}, and nothing installs it on a new server", supply.name),
            format!("install `{}` first", supply.package()),
        ),
    };
    let mut draft = world.finding(id::STEPS_MISSING_PACKAGE, step.span, what).help(help);
    let place = if is_compose(supply) { brought.docker } else { brought.place };
    if let Some(place) = place {
        draft = draft.related(place, "packages are installed here");
    }
    if !is_compose(supply) {
        draft = draft.at_most(Confidence::Medium);
    }
    draft.done()
}

/// True for a command that certainly runs here and has to succeed.
fn is_plain(script: &Deployment<'_>, id: StepId, step: &Step) -> bool {
    step.place == Place::Here
        && step.entry == 0
        && step.on_failure != OnFailure::Handled
        && !is_saying(step)
        && !script.guards_of(id).any(|(_, guard)| {
            guard.cond.has_opaque()
                || guard
                    .cond
                    .facts()
                    .iter()
                    .any(|fact| matches!(fact.resource, Resource::Program(_) | Resource::Package(_)))
        })
}

/// True for a script that sets up a server.
fn sets_up(script: &Deployment<'_>, brought: &Brought<'_>) -> bool {
    let does = |is: &dyn Fn(&Step) -> bool| usize::from(script.steps.iter().any(is));
    let role = |step: &Step, role: Role| step.deed.roles.contains(&role);
    let database = |step: &Step| {
        step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_))
                && matches!(effect.resource, Resource::Role(_) | Resource::Database(_))
        })
    };
    let own = does(&|step| role(step, Role::Clone))
        + does(&|step| role(step, Role::Account))
        + does(&|step| role(step, Role::VirtualEnv))
        + does(&|step| role(step, Role::Enable))
        + does(&|step| fetches_lists(&step.argv))
        + does(&database);
    let installs = |step: &Step| role(step, Role::SystemPackages);
    // A script that only pulls finds the checkout of an earlier deploy.
    let pulls = |step: &Step| role(step, Role::Source) && !role(step, Role::Clone) && step.guard.is_none();
    own >= 3 && !script.steps.iter().any(pulls)
        || brought.packages.len() >= MANY && script.steps.iter().any(installs)
}

/// What the scripts bring to the server.
struct Brought<'r> {
    packages: Vec<&'r str>,
    /// The names of the files that they write.
    files: Vec<String>,
    /// Where most packages are installed.
    place: Option<Span>,
    /// Where Docker is installed.
    docker: Option<Span>,
    /// The command lines that may install in another way.
    others: Vec<String>,
}

impl<'r> Brought<'r> {
    /// Reads the steps; `None` if one may bring anything.
    fn of(world: &World<'r, '_>) -> Option<Brought<'r>> {
        let mut brought = Brought {
            packages: Vec::new(),
            files: Vec::new(),
            place: None,
            docker: None,
            others: Vec::new(),
        };
        let mut most = 0;
        for (_, _, step) in world.steps() {
            let before = brought.packages.len();
            for effect in &step.deed.effects {
                match (&effect.change, &effect.resource) {
                    (Change::Create(_), Resource::Package(name)) => brought.packages.push(name.as_literal()?),
                    (_, Resource::Path(path)) => {
                        brought.files.extend(path.basename().as_literal().map(str::to_owned))
                    }
                    _ => {}
                }
            }
            let text = step.argv.to_string();
            if step.deed.roles.contains(&Role::SystemPackages) || step.deed.roles.contains(&Role::Provision) {
                // `xargs apt-get install`, `dpkg -i x.deb`, a role of Ansible.
                if brought.packages.len() == before && step.deed.roles.contains(&Role::Provision) {
                    return None;
                }
                if brought.packages.len() - before > most {
                    (most, brought.place) = (brought.packages.len() - before, Some(step.span));
                }
            }
            let docker = brought.packages[before..].iter().any(|package| brings_docker(package));
            if docker || brings_docker(&text) {
                brought.docker.get_or_insert(step.span);
            }
            if text.contains("://") || text.contains("install") || is_shell(&step.argv.name) {
                brought.others.push(text);
            }
        }
        Some(brought)
    }

    /// True if nothing brings what a step needs, nobody looks for it, and no text tells people to install it.
    fn lacks(
        &self,
        world: &World<'_, '_>,
        deploy: &Deploy<'_, '_, '_>,
        script: &Deployment<'_>,
        id: StepId,
        supply: &Supply,
    ) -> bool {
        let path = script.step(id).argv.env("PATH").map(ToString::to_string);
        let comes = self.packages.iter().any(|package| supply.comes_with(package))
            || self.files.iter().any(|file| supply.has(file))
            || self.others.iter().chain(&path).any(|text| supply.is_installed_by(text));
        if comes {
            return false;
        }
        let own =
            |file| world.scripts().iter().any(|script| script.file == file || script.sourced.contains(&file));
        let project = &world.project;
        let others = project.texts.iter().filter(|(path, file)| {
            !own(*file) && !project.inventory.dockerfiles.contains(path) && !world.is_of_another_server(*file)
        });
        let text = |file| world.sources.file(file).text();
        if is_compose(supply) {
            // Texts call both kinds by one name.
            return !world.scripts().iter().any(|script| is_looked_for(text(script.file), supply));
        }
        !world.scripts().iter().any(|script| expects(text(script.file), supply))
            && !others.map(|(_, file)| *file).any(|file| installs(text(file), supply))
            && !project.guides.iter().any(|(_, file)| tells(text(*file), supply))
            && !deploy.called_mentions(supply.package())
    }
}

/// True if a script looks for it, or says in a comment or a message that it has to be there.
fn expects(text: &str, supply: &Supply) -> bool {
    is_looked_for(text, supply)
        || text.lines().any(|line| {
            let line = line.trim_start().to_ascii_lowercase();
            let says = line.starts_with('#') || line.contains("echo ") || line.contains("printf ");
            says && tells_to_install(&line) && supply.is_named_in(&line)
        })
}

/// True if a script looks for it.
fn is_looked_for(text: &str, supply: &Supply) -> bool {
    looks_for_any(text) || text.lines().any(|line| looks_for(&line.to_ascii_lowercase(), supply))
}

/// True if a text installs it.
fn installs(text: &str, supply: &Supply) -> bool {
    text.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        supply.is_installed_by(&line) || tells_to_install(&line) && supply.is_named_in(&line)
    })
}

/// True if a document tells people to install it, in a line or below a heading.
fn tells(text: &str, supply: &Supply) -> bool {
    let mut below = false;
    text.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        if line.starts_with('#') {
            below = tells_to_install(&line);
        }
        (below || tells_to_install(&line)) && supply.is_named_in(&line)
    })
}
