//! What lies on a new server's disk when the first run reaches a step: what the steps before have made, and the repo's own
//! content where they brought it.

use crate::facts::first_run::called_from::{CalledFrom, below};
use crate::facts::ground::Ground;
use crate::facts::packages::is_opaque_call;
use crate::finding::Confidence;
use crate::model::condition::Cond;
use crate::model::{Deployment, GuardId, Presence, Step, StepId, called_from, repo_root};
use crate::repo::names::{base, is_sample_dotenv, is_written_by_people};
use crate::shell::argv::Arg;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::calls::compiles;
use crate::tools::effect::{Change, Effect, PathKind, Resource, Role};
use crate::tools::packaging::manages_environments;
use crate::tools::place::{is_dropped_in, is_on_every_server, is_own_place};
use crate::tools::python::is_environment;
use crate::tools::says::Aspect;
use std::cell::OnceCell;

/// A path that is not there.
pub(crate) struct Lack {
    /// The step that makes it later, if one does.
    pub(crate) later: Option<StepId>,
    /// The step that has moved or removed it, if one has.
    pub(crate) gone: Option<StepId>,
    /// The step that made what would contain it; `None` for the repo in which the script lies.
    pub(crate) holder: Option<StepId>,
    /// The path below the repo's root, if the repo would have to have it.
    pub(crate) in_repo: Option<String>,
    /// How sure it is.
    pub(crate) sure: Confidence,
}

/// A directory that comes with contents.
pub(super) struct Tree<'w> {
    pub(super) root: &'w Value,
    pub(super) step: StepId,
    effect: &'w Effect,
    /// What it brings is worked out when the first path in it is needed.
    brings: OnceCell<Brings>,
}

/// Whether the first run skips a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skips {
    Never,
    /// This guard is not met.
    Always(GuardId),
    Unknown,
}

pub(super) enum Brings {
    /// The repo that is read, or what lies at a path in it.
    Repo(String, Confidence),
    /// Another repo than the one that is read.
    OtherRepo,
    /// A virtual environment.
    Environment,
    /// Nobody knows.
    Unknown,
}

/// The disk of one script's first run.
pub(super) struct Disk<'w, 'r, 'a> {
    world: &'w Ground<'r, 'a>,
    script: &'w Deployment<'a>,
    trees: OnceCell<Vec<Tree<'w>>>,
    called_from: OnceCell<Option<CalledFrom>>,
}

impl<'w, 'r, 'a> Disk<'w, 'r, 'a> {
    pub(super) fn of(world: &'w Ground<'r, 'a>, script: &'w Deployment<'a>) -> Self {
        Disk { world, script, trees: OnceCell::new(), called_from: OnceCell::new() }
    }

    pub(super) fn world(&self) -> &'w Ground<'r, 'a> {
        self.world
    }

    pub(super) fn script(&self) -> &'w Deployment<'a> {
        self.script
    }

    pub(super) fn trees(&self) -> &[Tree<'w>] {
        self.trees.get_or_init(|| self.script.iter().flat_map(|(id, step)| trees(id, step)).collect())
    }

    pub(super) fn brings<'t>(&self, tree: &'t Tree<'w>) -> &'t Brings {
        tree.brings.get_or_init(|| {
            let roles = &self.script.step(tree.step).deed.roles;
            match &tree.effect.content {
                Some(content) if content.tree => match content.from.as_ref().and_then(below_root) {
                    Some(path) => Brings::Repo(path.to_owned(), Confidence::Medium),
                    None => Brings::Unknown,
                },
                _ if tree.effect.change != Change::Create(PathKind::Tree) => Brings::Unknown,
                _ if roles.contains(&Role::Clone) => self.cloned(tree.root),
                _ if roles.contains(&Role::VirtualEnv) => Brings::Environment,
                _ => Brings::Unknown,
            }
        })
    }

    /// What a clone brings: this repo, if the script uses files there that this repo has.
    fn cloned(&self, root: &Value) -> Brings {
        let inventory = &self.world.project.inventory;
        let words = self.script.steps.iter().filter(|step| step.place == Place::Here).flat_map(|step| {
            let is_inside = step.argv.cwd.is_under(root);
            let may_be =
                move |arg: &&Arg| is_inside || arg.value.is_absolute() || arg.value.key().contains("..");
            step.argv.args.iter().filter(may_be).map(|arg| step.argv.path(arg))
        });
        let mut used: Vec<String> = words
            .filter(|path| path != root && path.is_under(root))
            .map(|path| path.key()[root.key().len()..].trim_matches('/').to_owned())
            .filter(|path| path.contains('.'))
            .collect();
        used.sort();
        used.dedup();
        used.retain(|path| inventory.holds(path) == Some(true));
        match used.len() {
            0 => Brings::OtherRepo,
            1 => Brings::Repo(String::new(), Confidence::Medium),
            _ => Brings::Repo(String::new(), Confidence::High),
        }
    }

    /// What is known of a path that is needed when the first run reaches a step, if it is not there. On a server that was
    /// set up before, only the repo lacks something for certain.
    pub(super) fn lacks(&self, path: &Value, before: StepId) -> Option<Lack> {
        let is_certain = |lack: &Lack| lack.in_repo.is_some() || !self.world.given.is_set_up;
        self.lacks_at_first(path, before).filter(is_certain)
    }

    fn lacks_at_first(&self, path: &Value, before: StepId) -> Option<Lack> {
        if path.knowledge() > Knowledge::Symbolic || path.is_glob() || !path.is_absolute() {
            return None;
        }
        if self.script.first_state(before, &Resource::Path(path.clone())).presence != Presence::Untouched {
            return None;
        }
        if let Some(built) = self.built_later(path, before) {
            let sure = Confidence::High;
            return Some(Lack { later: Some(built), gone: None, holder: None, in_repo: None, sure });
        }
        let later = || self.made_later(path, before);
        let trees: Vec<&Tree<'_>> = self
            .trees()
            .iter()
            .take_while(|tree| tree.step < before)
            .filter(|tree| path != tree.root && path.is_under(tree.root))
            .collect();
        if trees.is_empty()
            && let Some(in_repo) = below_root(path)
        {
            return self.lacks_in_repo(path, in_repo, before).map(|sure| Lack {
                later: later(),
                gone: None,
                holder: None,
                in_repo: Some(in_repo.to_owned()),
                sure,
            });
        }
        if trees.is_empty()
            && let Some(rest) = below(&called_from(), path)
        {
            let (in_repo, sure) = self.lacks_where_called(path, rest, before)?;
            return Some(Lack { later: later(), gone: None, holder: None, in_repo: Some(in_repo), sure });
        }
        let Some(holder) = self.holder(path, before) else {
            // No server has a file of a project there.
            let is_strange = is_top(&path.dirname()) && is_written_by_people(base(path.key()));
            let is_own = is_strange || is_own_place(path);
            if !is_own && !path.ancestors().any(|above| self.is_the_apps_directory(&above)) {
                return None;
            }
            let later = later();
            if !is_own && later.is_none() {
                return None;
            }
            let is_put = later.is_none() && self.is_put_by_people(path, before);
            let is_late = || later.is_some() && !self.may_be_made(path, StepId(0), before);
            let sure = if is_strange || later.is_some() { Confidence::High } else { Confidence::Medium };
            let lack = Lack { later, gone: None, holder: None, in_repo: None, sure };
            return ((is_strange || is_put || is_late()) && !self.made_elsewhere(path)).then_some(lack);
        };
        let mut sure = Confidence::High;
        let mut repo = None;
        for tree in &trees {
            let rest = path.key()[tree.root.key().len()..].trim_matches('/');
            match self.brings(tree) {
                // Nobody keeps an environment in git. rbenv(1) and its like are repos that only have such a name.
                Brings::OtherRepo if in_environment(rest) => sure = sure.min(Confidence::Medium),
                Brings::Unknown | Brings::OtherRepo | Brings::Environment => return None,
                Brings::Repo(prefix, known) => {
                    let inside = format!("{prefix}/{rest}").trim_matches('/').to_owned();
                    let is_outside = in_environment(&inside) && !inside.ends_with(".git");
                    if !is_outside && self.world.project.inventory.holds(&inside) != Some(false) {
                        return None;
                    }
                    sure = sure.min(*known);
                    repo = Some(inside);
                }
            }
        }
        // A directory may be older than the script, with what somebody put into it.
        let later = later();
        let is_certain = in_environment(path.key()) || base(path.key()) == ".git";
        if trees.is_empty() && later.is_none() && !is_certain {
            return None;
        }
        let first = trees.iter().map(|tree| tree.step).min().unwrap_or(holder);
        if self.made_elsewhere(path) || self.may_be_made(path, first, before) {
            return None;
        }
        Some(Lack { later, gone: None, holder: Some(holder), in_repo: repo, sure })
    }

    /// The step that makes the path later, and that people read later, or that runs only there. One that may also edit what is
    /// there does not count, and neither does one in another arm of a choice.
    fn made_later(&self, path: &Value, before: StepId) -> Option<StepId> {
        let later = self.script.made_after(before, path)?;
        let (step, own) = (self.script.step(later), self.script.step(before));
        let creates = step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_) | Change::Write)
                && matches!(&effect.resource, Resource::Path(made) if path.is_under(made))
        });
        let is_read_later = step.span.file != own.span.file || step.span.start >= own.span.start;
        // What a function does when it is called once more, it may have done before.
        let runs_once =
            |span: Span| self.script.steps.iter().filter(|step| step.span == span).nth(1).is_none();
        let behind = is_read_later || runs_once(step.span) && runs_once(own.span);
        // What works in the directory does not make it, and a home has only what /etc/skel has.
        let inside = step.argv.cwd.is_under(path);
        let is_home = step.deed.roles.contains(&Role::Account)
            && step
                .deed
                .effects
                .iter()
                .all(|effect| !matches!(&effect.resource, Resource::Path(made) if made == path));
        let meets = || self.script.may_meet(later, before);
        (creates && behind && !inside && !is_home && !step.in_loop && meets()).then_some(later)
    }

    /// The highest missing directory above a missing path, or the path itself.
    pub(super) fn top(&self, path: &Value, before: StepId) -> Value {
        let is_there = |above: &Value| {
            let state = self.script.first_state(before, &Resource::Path(above.clone()));
            let is_tree = self.trees().iter().any(|tree| *tree.root == *above);
            let in_repo = below_root(above).is_some_and(|path| {
                path.is_empty() || self.world.project.inventory.holds(path) == Some(true)
            });
            above.key().len() <= 1
                || *above == called_from()
                || is_tree
                || in_repo
                || state.presence != Presence::Untouched
        };
        path.ancestors().take_while(|above| !is_there(above)).last().unwrap_or_else(|| path.clone())
    }

    /// Whether the first run skips a step, because a guard asks for what only the script itself makes.
    pub(super) fn skips(&self, id: StepId) -> Skips {
        self.skips_if(id, &|_| Some(true))
    }

    /// The same, where it is known of some steps whether they work.
    pub(super) fn skips_if(&self, id: StepId, works: &dyn Fn(StepId) -> Option<bool>) -> Skips {
        let mut skips = Skips::Never;
        for (number, guard) in self.script.guards_of(id) {
            let truth = guard.cond.evaluate(&mut |leaf| match leaf {
                Cond::Fact(fact) => {
                    let state = self.script.first_state(guard.at, &fact.resource);
                    match state.presence {
                        // A command of unknown effect may have filled it.
                        Presence::There if fact.aspect == Aspect::Filled && !state.is_filled() => None,
                        Presence::There => Some(true),
                        Presence::Gone => Some(false),
                        Presence::Untouched if self.has_been_cloned(&fact.resource, guard.at) => Some(true),
                        Presence::Untouched
                            if !self.world.given.is_set_up
                                && self.is_made_by_the_script(&fact.resource, guard.at) =>
                        {
                            Some(false)
                        }
                        _ => None,
                    }
                }
                Cond::Root => Some(true),
                Cond::Works(step) => works(*step),
                _ => None,
            });
            match truth {
                Some(truth) if truth != guard.holds => return Skips::Always(number),
                Some(_) => {}
                None => skips = Skips::Unknown,
            }
        }
        skips
    }

    fn is_made_by_the_script(&self, resource: &Resource, from: StepId) -> bool {
        let later = self.script.steps[from.0 as usize..].iter().flat_map(|step| &step.deed.effects);
        let makes =
            |effect: &&Effect| matches!(effect.change, Change::Create(_) | Change::Write | Change::Append);
        later.filter(makes).any(|effect| match (&effect.resource, resource) {
            (Resource::Path(made), Resource::Path(asked)) => {
                made == asked || asked.is_under(made) && effect.change == Change::Create(PathKind::Tree)
            }
            (made, asked) => made == asked,
        })
    }

    /// The step that made the nearest directory above a path that the script itself made.
    fn holder(&self, path: &Value, before: StepId) -> Option<StepId> {
        for above in path.ancestors().take_while(|above| above.key().len() > 1 && above.key().contains('/')) {
            if above.as_literal().is_some_and(is_on_every_server) {
                return None;
            }
            let state = self.script.first_state(before, &Resource::Path(above.clone()));
            match state.presence {
                Presence::There => return state.by,
                Presence::Untouched => {}
                _ => return None,
            }
        }
        None
    }

    fn lacks_in_repo(&self, path: &Value, in_repo: &str, before: StepId) -> Option<Confidence> {
        let inventory = &self.world.project.inventory;
        let known = Value::from_key(in_repo, path).as_literal().is_some();
        let is_out = in_repo.starts_with("..");
        // What a build puts there is there only after a build, unless git has it.
        let is_output = inventory.is_in_no_output(in_repo) && !self.is_built_elsewhere(in_repo);
        let is_lacking = is_output || is_source(in_repo) && inventory.holds(in_repo) == Some(false);
        let is_bundled = || is_sample_dotenv(in_repo) && self.is_named_by_a_script(base(in_repo));
        if !known || is_out || !is_lacking || is_bundled() {
            return None;
        }
        (!self.may_be_made(path, StepId(0), before)).then_some(Confidence::High)
    }

    /// The path in the repo that a path would be below the directory from which the script is called, if the repo lacks it
    /// in each of the directories that are possible.
    fn lacks_where_called(&self, path: &Value, rest: &str, before: StepId) -> Option<(String, Confidence)> {
        if !is_source(rest) {
            return None;
        }
        let from = self.called_from.get_or_init(|| CalledFrom::of(self.world, self.script)).as_ref()?;
        let step = self.script.step(before);
        // Where a `cd` fails and the script goes on, the step works in the directory of before.
        let moved = below(&called_from(), &step.argv.cwd).filter(|to| !to.is_empty() && !step.errexit);
        let mut lacking = Vec::new();
        for directory in &from.directories {
            let is_lost = |to: &str| {
                self.world.project.inventory.holds(format!("{directory}/{to}").trim_matches('/'))
                    == Some(false)
            };
            if moved.is_some_and(is_lost) {
                return None;
            }
            let in_repo = format!("{directory}/{rest}").trim_matches('/').to_owned();
            // What others name may be brought by hand.
            if !is_source(&in_repo) || self.is_built_elsewhere(rest) {
                return None;
            }
            lacking.push(self.lacks_in_repo(path, &in_repo, before).map(|sure| (in_repo, sure))?);
        }
        let (in_repo, sure) = lacking.into_iter().next()?;
        Some((in_repo, sure.min(from.sure)))
    }

    /// True if a workflow or another script names a build's output: the repo that it brings to the server has it.
    fn is_built_elsewhere(&self, in_repo: &str) -> bool {
        let mut others = self.world.project.texts.iter().filter(|(_, file)| *file != self.script.file);
        others.any(|(_, file)| self.world.sources.file(*file).text().contains(in_repo))
    }

    /// True if another script names a file: it may put it beside this one before both get to the server.
    fn is_named_by_a_script(&self, name: &str) -> bool {
        let scripts = &self.world.project.inventory.scripts;
        let mut others = self.world.project.texts.iter().filter(|(_, file)| *file != self.script.file);
        others.any(|(path, file)| {
            scripts.contains(path) && self.world.sources.file(*file).text().contains(name)
        })
    }

    /// True if a step between two may make the path without saying so.
    pub(super) fn may_be_made(&self, path: &Value, from: StepId, before: StepId) -> bool {
        let name = base(path.key());
        // No build writes to the system's directories.
        let source = is_written_by_people(name) || name.starts_with(".env") || is_own_place(path);
        let environment = in_environment(path.key());
        self.script.steps[from.0 as usize..before.0 as usize].iter().any(|step| {
            let roles = &step.deed.roles;
            let generates = roles.iter().any(|role| {
                matches!(role, Role::Build(_) | Role::Dependencies(_) | Role::StaticFiles | Role::Unpack)
            });
            let speaks = || {
                let words = step.argv.args.iter().map(|arg| step.argv.path(arg));
                path.is_under(&step.argv.cwd) || words.into_iter().any(|word| path.is_under(&word))
            };
            // A build or an archiver that is not told another place puts what it makes near its own directory.
            let nearby = || path.is_under(&step.argv.cwd.dirname()) || speaks();
            is_opaque_call(step)
                || compiles(&step.argv)
                || manages_environments(&step.argv) && environment
                || generates && !source && !environment && nearby()
                || !step.deed.known && !generates && speaks()
        })
    }

    /// True for a job of cron, a site or a unit that no package brings, and that nothing before may have made.
    fn is_put_by_people(&self, path: &Value, before: StepId) -> bool {
        let name = path.basename().to_string();
        let stem = name.split('.').next().unwrap_or_default();
        let brings = |effect: &Effect| match &effect.resource {
            Resource::Package(package) => {
                let package = package.to_string();
                package.contains(stem) || package.contains('$') || stem.contains(&package)
            }
            _ => false,
        };
        is_dropped_in(path)
            && !self.world.steps().any(|(.., step)| step.deed.effects.iter().any(brings))
            && !self.is_among_copies(path, before)
            && !self.may_be_made(path, StepId(0), before)
    }

    /// True if another script of the deploy makes the path, or what contains it.
    pub(super) fn made_elsewhere(&self, path: &Value) -> bool {
        let others = self.world.steps().filter(|(script, _, _)| !std::ptr::eq(*script, self.script));
        others.flat_map(|(_, _, step)| &step.deed.effects).any(|effect| {
            match (&effect.change, &effect.resource) {
                (Change::Create(_) | Change::Write | Change::Append, Resource::Path(made)) => {
                    path.key() == made.key() || made.is_under(path)
                }
                _ => false,
            }
        })
    }
}

/// The directories that a step makes with contents.
fn trees(id: StepId, step: &Step) -> impl Iterator<Item = Tree<'_>> {
    // useradd(8) brings what is in /etc/skel.
    let is_account = step.deed.roles.contains(&Role::Account);
    step.deed.effects.iter().filter_map(move |effect| {
        let Resource::Path(root) = &effect.resource else { return None };
        let is_copy = effect.content.as_ref().is_some_and(|content| content.tree);
        let is_made = matches!(effect.change, Change::Create(PathKind::Tree | PathKind::Any)) && !is_account;
        (is_copy || is_made).then(|| Tree { root, step: id, effect, brings: OnceCell::new() })
    })
}

/// The part of a path below the repo's root, for a path that the script finds from its own place.
pub(super) fn below_root(path: &Value) -> Option<&str> {
    below(&repo_root(), path)
}

/// True for a file that only the repo can have: one that people write, and no settings of the server.
fn is_source(path: &str) -> bool {
    (is_written_by_people(path) || is_sample_dotenv(path)) && !is_output_like(path)
}

/// True for a file in a directory that the app or its people fill.
fn is_output_like(path: &str) -> bool {
    let filled =
        ["data", "logs", "log", "tmp", "backup", "backups", "secrets", "certs", "ssl", "config.local"];
    path.split('/').any(|part| filled.contains(&part))
}

/// True for a path inside a virtual environment, by its name.
fn in_environment(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    parts.windows(2).any(|pair| is_environment(pair[0]) && matches!(pair[1], "bin" | "lib"))
}

/// Directories in which everything belongs to nobody but this server's people: hier(7).
fn is_top(path: &Value) -> bool {
    matches!(path.as_literal(), Some("/" | "/opt" | "/srv"))
}
