//! What steps lack on a server that is new. It is known only of such a server: somebody may have prepared the one that the
//! script is for. So the confidence is low, and rules have to ask for more.

use crate::facts::deploy::names::same_unit;
use crate::facts::first_run::called_from::below;
use crate::facts::first_run::disk::{Brings, Disk, Tree, below_root};
use crate::facts::first_run::troubles::{each_need, makes};
use crate::facts::ground::Ground;
use crate::facts::owners::is_account_name;
use crate::facts::packages::is_opaque_call;
use crate::facts::parts::Origin;
use crate::model::condition::Cond;
use crate::model::{Deployment, Presence, Step, StepId, User, called_from};
use crate::repo::names::directory;
use crate::shell::value::{Knowledge, Value, has_hole};
use crate::shell::wrappers::Place;
use crate::tools::effect::{Again, Change, PathKind, Resource, Role};
use crate::tools::inputs::reads;
use crate::tools::known_accounts::{is_group_on_a_new_server, is_on_a_new_server};
use crate::tools::known_units::is_unit_on_a_new_server;
use crate::tools::new_server::{is_absent_from_a_new_server, named_accounts, needs_the_directory};
use crate::tools::says::Aspect;

/// The steps of a script that fail on a new server, with what the program says.
pub(super) fn lacking_on_a_new_server<'a>(
    world: &Ground<'_, 'a>,
    script: &Deployment<'a>,
) -> Vec<(StepId, String)> {
    if world.given.is_set_up {
        return Vec::new();
    }
    let first = |is: &dyn Fn(&Step) -> bool| script.iter().find(|(_, step)| is(step)).map(|(id, _)| id);
    let server = NewServer {
        world,
        script,
        disk: Disk::of(world, script),
        packages: first(&|step| step.deed.roles.contains(&Role::SystemPackages)),
        opaque: first(&is_opaque_call),
    };
    let steps =
        script.iter().filter(|(_, step)| step.entry == 0 && step.place == Place::Here && !step.in_loop);
    steps.filter_map(|(id, step)| Some((id, server.lacking(id, step)?))).collect()
}

struct NewServer<'w, 'r, 'a> {
    world: &'w Ground<'r, 'a>,
    script: &'w Deployment<'a>,
    disk: Disk<'w, 'r, 'a>,
    /// The first step that installs packages, which bring files, accounts and units.
    packages: Option<StepId>,
    /// The first step that may have done anything.
    opaque: Option<StepId>,
}

impl NewServer<'_, '_, '_> {
    fn lacking(&self, id: StepId, step: &Step) -> Option<String> {
        let is_unknown = self.opaque.is_some_and(|opaque| opaque < id);
        if is_unknown || !self.is_met(id) {
            return None;
        }
        if let Some(account) = self.account(id, step) {
            return Some(account);
        }
        // If its directory is not there, the command that enters it fails.
        if self.lacks_path(&step.argv.cwd, id) {
            return None;
        }
        self.path(id, step).or_else(|| self.clash(id, step)).or_else(|| self.unit(id, step))
    }

    /// True if all guards of a step are met on a new server.
    fn is_met(&self, id: StepId) -> bool {
        self.script.guards_of(id).all(|(_, guard)| {
            let truth = guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(fact) => {
                    let state = self.script.first_state(guard.at, &fact.resource);
                    match (state.presence, fact.aspect) {
                        (Presence::There, Aspect::Exists | Aspect::Directory | Aspect::File) => Some(true),
                        (Presence::There, Aspect::Filled) => Some(state.is_filled()),
                        (Presence::Gone, _) => Some(false),
                        (Presence::Untouched, _) if self.lacks(&fact.resource, guard.at) => Some(false),
                        _ => None,
                    }
                }
                Cond::Root | Cond::Works(_) => Some(true),
                _ => None,
            });
            truth == Some(guard.holds)
        })
    }

    /// True if a new server lacks a resource at a step.
    fn lacks(&self, resource: &Resource, before: StepId) -> bool {
        match resource {
            Resource::Path(path) => self.lacks_path(path, before),
            _ => self.is_named(resource) && self.nobody_makes(resource, before),
        }
    }

    /// True if nothing has installed packages before the step.
    fn is_bare(&self, before: StepId) -> bool {
        self.world.given.packages.is_empty() && self.packages.is_none_or(|packages| packages >= before)
    }

    fn account(&self, id: StepId, step: &Step) -> Option<String> {
        let (mut accounts, mut groups) = named_accounts(&step.argv);
        if let User::Named(name) = &step.user {
            accounts.push(name.clone());
        }
        for effect in &step.deed.effects {
            match (&effect.change, &effect.resource) {
                (Change::Own { user, group, .. }, _) if !step.deed.roles.contains(&Role::Account) => {
                    accounts.extend(user.clone());
                    groups.extend(group.clone());
                }
                (Change::Use, Resource::User(name)) => accounts.push(name.clone()),
                (Change::Use, Resource::Group(name)) => groups.push(name.clone()),
                _ => {}
            }
        }
        let lacks = |name: &Value, resource: Resource, is_there: fn(&str) -> bool| {
            let is_given = |text: &str| self.world.given.accounts.iter().any(|given| given == text);
            let counts = |text: &&str| is_account_name(text) && !is_there(text) && !is_given(text);
            let text = name.as_literal().filter(counts)?;
            self.nobody_makes(&resource, id).then(|| text.to_owned())
        };
        let account = |name: &Value| lacks(name, Resource::User(name.clone()), is_on_a_new_server);
        let group = |name: &Value| lacks(name, Resource::Group(name.clone()), is_group_on_a_new_server);
        let account = accounts.iter().find_map(account).map(|name| format!("{name}: no such user"));
        account.or_else(|| groups.iter().find_map(group).map(|name| format!("{name}: no such group")))
    }

    /// True if the script has not made it, no package may have brought it, and no other script makes it.
    fn nobody_makes(&self, resource: &Resource, before: StepId) -> bool {
        let state = self.script.first_state(before, resource);
        let makes = |change: &Change| matches!(change, Change::Create(_));
        match state.presence {
            Presence::Gone => true,
            Presence::Untouched => {
                let others = self.world.steps().filter(|(script, ..)| !std::ptr::eq(*script, self.script));
                self.is_bare(before)
                    && !others
                        .flat_map(|(.., step)| &step.deed.effects)
                        .any(|effect| makes(&effect.change) && effect.resource.kind() == resource.kind())
            }
            _ => false,
        }
    }

    fn path(&self, id: StepId, step: &Step) -> Option<String> {
        let mut removed =
            step.deed.effects.iter().filter_map(|effect| match (&effect.change, &effect.resource) {
                (Change::Remove, Resource::Path(path)) if matches!(effect.again, Again::Fails(_)) => {
                    Some(path.clone())
                }
                _ => None,
            });
        let mut lacking = None;
        let mut see = |path: &Value| {
            if lacking.is_none() && self.lacks_path(path, id) {
                lacking = Some(path.clone());
            }
        };
        each_need(step, &mut |path, _, _| see(path));
        each_directory(step, &mut see);
        let read = reads(&step.argv);
        let path = lacking.or_else(|| read.into_iter().find(|path| self.lacks_path(path, id)));
        let path = path.or_else(|| removed.find(|path| self.lacks_path(path, id)))?;
        Some(format!("{path}: No such file or directory"))
    }

    fn lacks_path(&self, path: &Value, before: StepId) -> bool {
        let is_absent = |path: &Value| is_absent_from_a_new_server(path, self.is_bare(before));
        self.disk.is_new_without(path, before, &is_absent)
    }

    /// What a step makes or removes anew, although an earlier one has done it.
    fn clash(&self, id: StepId, step: &Step) -> Option<String> {
        step.deed.effects.iter().find_map(|effect| {
            let Again::Fails(says) = effect.again else { return None };
            let state = self.script.first_state(id, &effect.resource);
            let is_tree = effect.change == Change::Create(PathKind::Tree);
            let clashes = match effect.change {
                Change::Create(_) => state.presence == Presence::There && (state.is_filled() || !is_tree),
                Change::Remove if matches!(effect.resource, Resource::Path(_)) => false,
                Change::Remove => self.nobody_makes(&effect.resource, id) && self.is_named(&effect.resource),
                _ => false,
            };
            clashes.then(|| format!("{}: {says}", effect.resource.name()))
        })
    }

    fn is_named(&self, resource: &Resource) -> bool {
        let name = resource.name().as_literal();
        name.is_some_and(|name| match resource {
            Resource::User(_) => !is_on_a_new_server(name),
            Resource::Group(_) => !is_group_on_a_new_server(name),
            Resource::Container(_) | Resource::Network(_) | Resource::Process(_) => true,
            _ => false,
        })
    }

    fn unit(&self, id: StepId, step: &Step) -> Option<String> {
        step.deed.effects.iter().find_map(|effect| {
            let drives = matches!(
                effect.change,
                Change::Start | Change::Restart | Change::Enable | Change::Stop | Change::Use
            );
            let name = effect.resource.name().as_literal().filter(|_| drives)?;
            if !self.is_bare(id) {
                return None;
            }
            match &effect.resource {
                Resource::Unit(_) => {
                    let stem = name.trim_end_matches(".service");
                    let is_brought = self.world.units.iter().any(|at| {
                        let is_before = match at.origin {
                            Origin::Written(_, by) | Origin::Installed(_, by) => by < id,
                            _ => true,
                        };
                        is_before && same_unit(name, &at.name)
                    });
                    (!is_unit_on_a_new_server(stem) && !is_brought).then(|| format!("Unit {name} not found"))
                }
                Resource::Container(_) | Resource::Network(_) | Resource::Process(_) => {
                    self.nobody_makes(&effect.resource, id).then(|| format!("{name}: not found"))
                }
                _ => None,
            }
        })
    }
}

impl<'w> Disk<'w, '_, '_> {
    /// True if nothing brings a path before a step, and a new server lacks it (`is_absent`).
    fn is_new_without(&self, path: &Value, before: StepId, is_absent: &dyn Fn(&Value) -> bool) -> bool {
        let called_in = self.below_caller(path);
        if path.as_literal().is_none() && below_root(path).is_none() && called_in.is_none() || path.is_glob()
        {
            return false;
        }
        let state = self.script().first_state(before, &Resource::Path(path.clone()));
        match state.presence {
            // What a guard lets run may not have run.
            Presence::Gone => return state.by.is_none_or(|by| self.script().step(by).guard.is_none()),
            Presence::Untouched => {}
            _ => return false,
        }
        let mut trees = self
            .trees()
            .iter()
            .take_while(|tree| tree.step < before)
            .filter(|tree| path != tree.root && path.is_under(tree.root))
            .peekable();
        let is_lacking = match (trees.peek().is_some(), below_root(path)) {
            (true, _) => trees.all(|tree| self.is_outside(tree, path)),
            (false, Some("")) => false,
            (false, Some(inside)) => {
                !inside.starts_with("..") && self.world().project.inventory.holds(inside) == Some(false)
            }
            (false, None) => match called_in {
                Some(inside) => self.is_nowhere(inside),
                None => is_absent(path),
            },
        };
        is_lacking
            && !self.is_among_copies(path, before)
            && !self.may_be_made(path, StepId(0), before)
            && !self.made_elsewhere(path)
    }

    /// The part of a path below the directory from which the script is called, which is the repo's root or the script's own.
    fn below_caller<'p>(&self, path: &'p Value) -> Option<&'p str> {
        let inside = below(&called_from(), path).filter(|inside| !inside.is_empty())?;
        let is_known = path.knowledge() <= Knowledge::Symbolic && !has_hole(inside) && !inside.contains("..");
        is_known.then_some(inside)
    }

    /// True if neither the repo's root nor the script's directory has a path.
    fn is_nowhere(&self, inside: &str) -> bool {
        let own = directory(self.world().sources.file(self.script().file).path());
        let beside = format!("{own}/{inside}");
        [inside, &beside].iter().all(|path| self.world().project.inventory.holds(path) == Some(false))
    }

    /// True if a step before makes things of unknown names beside the path: `cp deploy/*.service /etc/systemd/system/`.
    pub(super) fn is_among_copies(&self, path: &Value, before: StepId) -> bool {
        let directory = path.dirname();
        let effects = self.script().steps[..before.0 as usize].iter().flat_map(|step| &step.deed.effects);
        effects.filter(|effect| matches!(effect.change, Change::Create(_) | Change::Write)).any(|effect| {
            let Resource::Path(made) = &effect.resource else { return false };
            let is_unknown = made.is_glob() || made.as_literal().is_none();
            is_unknown && made.dirname() == directory || *made == directory && effect.change == Change::Write
        })
    }

    /// True if what a tree brings is known, and the path is not among it.
    fn is_outside(&self, tree: &Tree<'w>, path: &Value) -> bool {
        let rest = path.key()[tree.root.key().len()..].trim_matches('/');
        match self.brings(tree) {
            Brings::Unknown | Brings::OtherRepo | Brings::Environment => false,
            Brings::Repo(prefix, _) => {
                let inside = format!("{prefix}/{rest}");
                self.world().project.inventory.holds(inside.trim_matches('/')) == Some(false)
            }
        }
    }
}

/// Shows the directories in which a step makes something, if it does not make them itself.
fn each_directory(step: &Step, see: &mut dyn FnMut(&Value)) {
    let mut shows = |path: &Value| {
        let directory = path.dirname();
        // `mkdir a a/b` makes the first before the second.
        if directory.is_absolute() && !makes(step, &directory) {
            see(&directory);
        }
    };
    // The shell opens the file before the command runs.
    if let Some((path, _)) = &step.argv.stdout {
        shows(path);
    }
    if !needs_the_directory(&step.argv) {
        return;
    }
    for effect in &step.deed.effects {
        match (&effect.change, &effect.resource) {
            (Change::Create(_) | Change::Write | Change::Append, Resource::Path(path)) => shows(path),
            (Change::Append, Resource::Line { file, .. }) => shows(file),
            _ => {}
        }
    }
}
