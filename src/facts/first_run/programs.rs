//! Programs that steps run, that a new server lacks, and that nothing installs.

use crate::facts::deploy::{Deploy, is_saying};
use crate::facts::ground::Ground;
use crate::facts::packages::{OF_A_SERVER, is_opaque_call};
use crate::model::condition::Cond;
use crate::model::{Deployment, Guard, OnFailure, Step, StepId};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::apt::{fetches_lists, is_apt, is_preinstalled as is_there};
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::packages::{is_of_another_system, package_files};
use crate::tools::supplies::{
    Supply, installs_docker, is_compose, is_dockers, looks_for, looks_for_any, may_install_otherwise, needed,
    needed_for_unit, tells_to_install,
};
use std::cell::OnceCell;

/// A program that a step needs and a new server lacks.
#[derive(Clone, Copy)]
pub(crate) struct MissingProgram<'r, 'a> {
    pub(crate) supply: &'static Supply,
    /// The script and the first step that needs it.
    pub(crate) script: &'r Deployment<'a>,
    pub(crate) step: StepId,
    /// Where packages are installed that do not bring it.
    pub(crate) place: Option<Span>,
    /// The step of the script that brings it too late.
    pub(crate) late: Option<StepId>,
}

/// The programs that nothing brings, each once.
pub(crate) fn missing_programs<'r, 'a>(deploy: Deploy<'_, 'r, 'a>) -> Vec<MissingProgram<'r, 'a>> {
    let world = deploy.world;
    let mut brought: Option<Brought<'_>> = None;
    let mut judged: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (_, script) in deploy.deploying() {
        let mut is_setup = None;
        for (id, step) in script.iter().filter(|(_, step)| step.place == Place::Here && step.entry == 0) {
            for supply in needed_by(step).filter(|supply| is_plain(script, id, step, supply)) {
                let brought = match &mut brought {
                    Some(brought) => brought,
                    none => {
                        let Some(read) = Brought::of(world) else { return found };
                        none.insert(read)
                    }
                };
                let is_asked = match is_compose(supply) {
                    true => brought.docker(world).is_some(),
                    false => {
                        *is_setup.get_or_insert_with(|| !world.given.is_set_up && sets_up(script, brought))
                    }
                };
                if !is_asked || judged.contains(&supply.name) || has_in_path(step, supply) {
                    continue;
                }
                judged.push(supply.name);
                let late = brought.comes_late(world, script, id, supply);
                if late.is_none() && !brought.lacks(world, &deploy, supply) {
                    continue;
                }
                // What is called may install it. To find that out takes long, so it is asked last.
                if deploy.may_do_anything() {
                    return found;
                }
                let place = if is_compose(supply) { brought.docker(world) } else { brought.place };
                found.push(MissingProgram { supply, script, step: id, place, late });
            }
        }
    }
    found
}

/// The steps of a script that need one of them, with its name.
pub(super) fn lacking_in<'a>(
    deploy: Deploy<'_, '_, 'a>,
    script: &Deployment<'a>,
) -> Vec<(StepId, &'static str)> {
    let missing = missing_programs(deploy);
    let lacks = |id: StepId, supply: &Supply| {
        missing.iter().any(|one| {
            let is_before = one.late.is_none_or(|late| id < late && std::ptr::eq(one.script, script));
            one.supply.name == supply.name && is_before
        })
    };
    let name = |id: StepId, step: &Step| {
        needed_by(step).find(|supply| lacks(id, supply) && is_plain(script, id, step, supply))
    };
    let steps =
        script.iter().filter(|(_, step)| !missing.is_empty() && step.place == Place::Here && step.entry == 0);
    steps.filter_map(|(id, step)| Some((id, name(id, step)?.name))).collect()
}

/// What a step needs that a new server lacks: for its command, and for the units that it controls.
fn needed_by(step: &Step) -> impl Iterator<Item = &'static Supply> {
    let units = step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
        (Change::Start | Change::Restart | Change::Enable, Resource::Unit(name)) => {
            needed_for_unit(name.as_literal()?)
        }
        _ => None,
    });
    needed(&step.argv).into_iter().chain(units)
}

/// True if the step finds it in a directory that a script added to the path: `PATH=$PATH:/usr/local/go/bin`.
fn has_in_path(step: &Step, supply: &Supply) -> bool {
    step.argv.env("PATH").is_some_and(|path| supply.is_in_path(&path.to_string()))
}

/// True for a command that certainly runs on a new server and has to succeed.
fn is_plain(script: &Deployment<'_>, id: StepId, step: &Step, supply: &Supply) -> bool {
    step.on_failure != OnFailure::Handled
        && !is_saying(step)
        && script.guards_of(id).all(|(_, guard)| lets_run(guard, supply))
}

/// True if a guard says nothing about programs, or lets a command run because another program is not there yet.
fn lets_run(guard: &Guard, supply: &Supply) -> bool {
    let facts = guard.cond.facts();
    let mut programs = facts.iter().filter_map(|fact| match &fact.resource {
        Resource::Program(name) | Resource::Package(name) => Some(name),
        _ => None,
    });
    if guard.cond.has_opaque() {
        return false;
    }
    let Some(first) = programs.next() else { return true };
    let is_other = |name: &Value| {
        name.as_literal().is_some_and(|name| !supply.has(name) && !supply.comes_with(name) && !is_there(name))
    };
    let is_absent = guard.cond.evaluate(&mut |cond| match cond {
        Cond::Fact(fact) if matches!(fact.resource, Resource::Program(_)) => Some(false),
        _ => None,
    });
    is_other(first) && programs.all(is_other) && is_absent == Some(guard.holds)
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
        || brought.packages.len() >= OF_A_SERVER && script.steps.iter().any(installs)
}

/// What the scripts bring to the server.
struct Brought<'r> {
    packages: Vec<&'r str>,
    /// Where most packages are installed.
    place: Option<Span>,
    /// Where Docker is installed by its package.
    docker: Option<Span>,
    /// True if packages are installed, and only on a system other than Debian and its relatives.
    is_elsewhere: bool,
    /// The command lines that may install in another way, and where they stand.
    others: OnceCell<Vec<(Span, String)>>,
}

impl<'r> Brought<'r> {
    /// Reads the steps; `None` if one may bring anything.
    fn of(world: &Ground<'r, '_>) -> Option<Brought<'r>> {
        let mut brought = Brought {
            packages: world.given.packages.iter().map(String::as_str).collect(),
            place: None,
            docker: None,
            is_elsewhere: false,
            others: OnceCell::new(),
        };
        let mut most = 0;
        let mut of_apt = false;
        for (_, _, step) in world.steps() {
            let before = brought.packages.len();
            for effect in &step.deed.effects {
                if let (Change::Create(_), Resource::Package(name)) = (&effect.change, &effect.resource) {
                    brought.packages.push(name.as_literal()?);
                }
            }
            let installs = step.deed.roles.contains(&Role::SystemPackages);
            if installs {
                let is_apt = is_apt(&step.argv);
                of_apt |= is_apt;
                brought.is_elsewhere |= !is_apt && is_of_another_system(&step.argv);
                brought.packages.extend(package_files(&step.argv)?);
            }
            let count = brought.packages.len() - before;
            // `xargs apt-get install`, a role of Ansible.
            if count == 0 && step.deed.roles.contains(&Role::Provision) {
                return None;
            }
            if count > most && (installs || step.deed.roles.contains(&Role::Provision)) {
                (most, brought.place) = (count, Some(step.span));
            }
            if brought.packages[before..].iter().any(|package| is_dockers(package)) {
                brought.docker.get_or_insert(step.span);
            }
        }
        brought.is_elsewhere &= !of_apt;
        Some(brought)
    }

    /// The command lines that may install in another way than as a package.
    fn others(&self, world: &Ground<'_, '_>) -> &[(Span, String)] {
        self.others.get_or_init(|| {
            let steps = world.steps().map(|(.., step)| step).filter(|step| may_install_otherwise(&step.argv));
            steps.map(|step| (step.span, step.argv.to_string())).collect()
        })
    }

    /// Where Docker is installed.
    fn docker(&self, world: &Ground<'_, '_>) -> Option<Span> {
        let by_itself = || self.others(world).iter().find(|(_, line)| installs_docker(line));
        self.docker.or_else(|| by_itself().map(|(span, _)| *span))
    }

    /// The step of a script that installs it, if that comes after the step that needs it and nothing else brings it.
    fn comes_late(
        &self,
        world: &Ground<'_, '_>,
        script: &Deployment<'_>,
        needed: StepId,
        supply: &Supply,
    ) -> Option<StepId> {
        let installs = |step: &Step| {
            step.deed.roles.contains(&Role::SystemPackages)
                && step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                    (Change::Create(_), Resource::Package(name)) => {
                        name.as_literal().is_none_or(|name| supply.comes_with(name))
                    }
                    _ => false,
                })
        };
        let late = script.iter().skip(needed.0 as usize + 1).find(|(_, step)| installs(step))?.0;
        let is_first = world.steps().filter(|(.., step)| installs(step)).count() == 1;
        let is_sure = is_first
            && script.step(late).entry == 0
            && script.may_meet(late, needed)
            && !self.others(world).iter().any(|(_, line)| supply.is_installed_by(line))
            && !world.given.packages.iter().any(|package| supply.comes_with(package))
            && !script.steps[..needed.0 as usize].iter().any(is_opaque_call);
        is_sure.then_some(late)
    }

    /// True if nothing brings it, nobody looks for it, and no text tells people to install it.
    fn lacks(&self, world: &Ground<'_, '_>, deploy: &Deploy<'_, '_, '_>, supply: &Supply) -> bool {
        let is_written = |step: &Step| {
            step.deed.effects.iter().any(|effect| match &effect.resource {
                Resource::Path(path) => path.basename().as_literal().is_some_and(|name| supply.has(name)),
                _ => false,
            })
        };
        let brings = |package: &&str| {
            supply.comes_with(package) || self.is_elsewhere && supply.comes_elsewhere_with(package)
        };
        let comes = self.packages.iter().any(brings)
            || self.others(world).iter().any(|(_, line)| supply.is_installed_by(line))
            || world.steps().any(|(.., step)| is_written(step));
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
