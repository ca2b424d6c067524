//! The paths that root makes and that the app's account needs, and which commands give them away.

use crate::facts::app_writes::need;
use crate::facts::ground::Ground;
use crate::facts::owners::{OF_THE_SYSTEM, before, from, holders, is_roots, lies_under, reaches, runs_as};
use crate::facts::packages::environment;
use crate::facts::parts::AppUser;
use crate::facts::secrets::is_env_file;
use crate::facts::users::{given_away, user_of};
use crate::facts::writes_said::Need;
use crate::finding::Confidence;
use crate::model::{Deployment, Step, StepId};
use crate::shell::value::Value;
use crate::tools::effect::{Change, Content, Ecosystem, Effect, How, PathKind, Resource, Role};
use crate::tools::place::works_in;
use hashbrown::HashMap;
use std::cell::OnceCell;

pub(crate) struct AppPath<'s> {
    pub(crate) path: &'s Value,
    pub(crate) app: AppUser,
    pub(crate) reason: Reason<'s>,
}

/// Why an account needs a path.
pub(crate) enum Reason<'s> {
    /// Something says that the app writes there.
    Needs(Need),
    /// A later command of the account writes there before anybody gives it the path, and fails.
    Fails(&'s Step),
}

/// The paths of one script that root makes and that the app's account needs, by the step that makes them.
#[derive(Default)]
pub(crate) struct AppPaths<'s>(HashMap<StepId, Vec<AppPath<'s>>>);

impl<'r> AppPaths<'r> {
    pub(crate) fn of<'a>(world: &Ground<'r, 'a>, script: &'r Deployment<'a>) -> Self {
        let mut paths = AppPaths::default();
        // Without a user and units, there is nobody to give the paths to.
        if world.app_user.is_none() && world.units.is_empty() {
            return paths;
        }
        let mut above = Above::default();
        for (id, _) in script.iter().filter(|(_, step)| is_roots(step)) {
            let mut here: Vec<AppPath<'r>> = Vec::new();
            for (path, kind) in made(script, id) {
                if !here.iter().any(|outer| path.is_under(outer.path)) && !above.holds(script, id, path) {
                    here.extend(Made { world, script, id, path, kind, user: OnceCell::new() }.needed());
                }
            }
            if !here.is_empty() {
                paths.0.insert(id, here);
            }
        }
        paths
    }

    /// The paths that a step makes.
    pub(crate) fn made_by(&self, id: StepId) -> &[AppPath<'r>] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// True if with the first step, everything has been given away that the app's account needs of what the second step
    /// makes.
    pub(crate) fn gives_away(
        &self,
        world: &Ground<'_, '_>,
        script: &Deployment<'_>,
        first: StepId,
        second: StepId,
    ) -> bool {
        let Some(givers) = world.givers(script) else { return false };
        let (made, entry) = (self.made_by(second), script.step(second).entry);
        let gives = |made: &AppPath<'_>| givers.gives_at(script, first.0 as usize, made.path);
        let is_given = |made: &AppPath<'_>| {
            let earliest = || givers.first(script, second.0 as usize, made.path, |s| s.entry == entry);
            let in_time = matches!(made.reason, Reason::Needs(_));
            in_time && (gives(made) || earliest().is_some_and(|(at, _)| at < first.0 as usize))
        };
        script.step(first).entry == entry && made.iter().any(gives) && made.iter().all(is_given)
    }

    /// True if everything that the app's account needs of what the second step makes lies in a path that the first step
    /// makes, and that stays root's.
    pub(crate) fn holds(
        &self,
        world: &Ground<'_, '_>,
        script: &Deployment<'_>,
        first: StepId,
        second: StepId,
    ) -> bool {
        let made = self.made_by(second);
        let outer = || self.made_by(first).iter();
        let is_held = |made: &AppPath<'_>| {
            outer().any(|outer| made.path.is_under(outer.path) && outer.stays_roots(world, script, first))
        };
        !made.is_empty() && made.iter().all(is_held)
    }
}

/// A path that a step of root makes.
struct Made<'w, 'r, 'a> {
    world: &'w Ground<'r, 'a>,
    script: &'r Deployment<'a>,
    id: StepId,
    path: &'r Value,
    kind: PathKind,
    user: OnceCell<Option<AppUser>>,
}

impl<'r> Made<'_, 'r, '_> {
    /// The account that runs what lies at the path.
    fn user(&self) -> Option<AppUser> {
        self.user.get_or_init(|| user_of(self.world, self.path)).clone()
    }

    /// The path with the account that needs it, if one does.
    fn needed(&self) -> Option<AppPath<'r>> {
        let Made { world, script, id, path, kind, .. } = *self;
        let system = OF_THE_SYSTEM.iter().any(|dir| lies_under(path.known_prefix(), dir));
        if system || !path.is_absolute() || path.is_glob() {
            return None;
        }
        if let Some((failing, app)) = self.failing() {
            return Some(AppPath { path, app, reason: Reason::Fails(failing) });
        }
        // `install -o` gives away what it makes.
        if world.givers(script)?.gives_at(script, id.0 as usize, path) {
            return None;
        }
        // Another script may set the owners, and nobody knows which of the two runs first.
        let elsewhere = world.scripts().iter().any(|&other| {
            !std::ptr::eq(other, script) && given_away(world, other, 0, path, is_recursive).is_some()
        });
        if elsewhere {
            return None;
        }
        let (app, need) = need(world, path, kind, || self.user())
            .or_else(|| self.unreadable())
            .or_else(|| self.behind_its_time())?;
        Some(AppPath { path, app, reason: Reason::Needs(need) })
    }

    /// A settings file that only root can read although the app reads it by itself: no unit has systemd read it.
    fn unreadable(&self) -> Option<(AppUser, Need)> {
        let Made { world, script, id, path, .. } = *self;
        let shown = path.to_string();
        let by_systemd =
            world.units.iter().any(|u| u.unit.environment_files().iter().any(|f| f.path == shown));
        let directory = path.dirname().to_string();
        let beside = world.units.iter().any(|u| {
            u.unit.user().is_some() && u.unit.working_directory().is_some_and(|d| d.value == directory)
        });
        if by_systemd || !beside || !is_env_file(&path.basename().to_string()) {
            return None;
        }
        let shut = from(script, id).find(|step| {
            step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Mode { mode, recursive: false }, Resource::Path(target)) => {
                    target == path && mode.others_can_read() == Some(false)
                }
                _ => false,
            })
        })?;
        let app = self.user()?;
        let says =
            format!("the app can't read its settings, because `{}` locks it out", world.words(shut.span));
        Some((app, Need { says, sure: Confidence::Medium, span: None }))
    }

    /// An environment, a clone, a copied tree or a database of SQLite that root creates in a directory which was given to the app's user
    /// before. The script means the new path to belong to the user too, but the `chown -R` came too early.
    fn behind_its_time(&self) -> Option<(AppUser, Need)> {
        let Made { world, script, id, path, kind, .. } = *self;
        let step = script.step(id);
        // An app runs what is there, and writes nothing there.
        if path.basename().is_shown_as("node_modules") {
            return None;
        }
        let copy = step.deed.puts().any(|(_, content)| content.how == How::Copied && content.tree);
        if kind != PathKind::Tree && !copy && !is_database(path) {
            return None;
        }
        let app = self.user()?;
        let passes = |s: &Step| s.entry == step.entry && gives(s, path, &app.name);
        let given = world.givers(script)?.last_before(script, id.0 as usize, path, passes);
        let Some(given) = given else {
            // A database has to be written to, and its journal lies beside it.
            let owns = |s: &Step| runs_as(s, &app.name) && fills(s, path);
            let made = before(script, id).rfind(|s| is_database(path) && owns(s))?;
            let says = format!(
                "the app can't write to it, although {} makes the tree around it",
                world.line_beside(made.span, script.step(id).span)
            );
            return Some((app, Need { says, sure: Confidence::Medium, span: None }));
        };
        // Another finding reports what root then installs there.
        let told = from(script, id).skip(1).any(|s| {
            is_roots(s)
                && s.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(_)))
                && (s.argv.program.value.is_under(path)
                    || s.argv.cwd.is_under(path)
                    || s.argv.env("VIRTUAL_ENV").is_some())
        });
        let says = format!(
            "the app can't write there: `{}` on {} ran before it existed",
            world.words(given.span),
            world.line_beside(given.span, script.step(id).span)
        );
        (!told).then_some((app, Need { says, sure: Confidence::Medium, span: None }))
    }

    /// A later step of the app's user that creates something directly in the path before anybody gives the path away.
    fn failing(&self) -> Option<(&'r Step, AppUser)> {
        let Made { world, script, id, path, kind, .. } = *self;
        if !matches!(kind, PathKind::Directory | PathKind::Tree) {
            return None;
        }
        let app = self.user()?;
        let (step, index) = (script.step(id), id.0 as usize);
        let givers = world.givers(script)?;
        let given = givers.first(script, index, path, |_| true).map_or(usize::MAX, |(at, _)| at);
        let gone = givers.removed_behind(index, path, |at| script.steps[at].entry == step.entry);
        let theirs = &givers.named[givers.named.partition_point(|at| *at <= index)..];
        let theirs =
            theirs.iter().copied().take_while(|at| *at <= given && gone.is_none_or(|gone| *at < gone));
        for (at, later) in theirs.map(|at| (at, &script.steps[at])) {
            if later.entry != step.entry || !runs_as(later, &app.name) || later.place != step.place {
                continue;
            }
            // Directories in between belong to root too, unless another step created them or gave them away.
            let between = &script.steps[index..at];
            let into = |dir: &Value| {
                let inside = dir == path || kind == PathKind::Tree && dir.is_under(path);
                let other = || {
                    between.iter().skip(1).any(|s| {
                        s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                            (
                                Change::Create(_) | Change::Own { .. } | Change::Mode { .. },
                                Resource::Path(p),
                            ) => p != path && p.is_under(path) && dir.is_under(p),
                            _ => false,
                        })
                    })
                };
                let got = || givers.first(script, index, dir, |_| true).is_some_and(|(got, _)| got < at);
                inside && !other() && !got()
            };
            let writes = later.deed.effects.iter().any(|e: &Effect| match (&e.change, &e.resource) {
                // A clone fills a directory that is there.
                (Change::Create(PathKind::Tree), Resource::Path(p)) if p == path => into(p),
                (Change::Create(_) | Change::Write, Resource::Path(p)) => into(&p.dirname()),
                _ => false,
            });
            let installs = later.deed.roles.iter().any(|role| match role {
                Role::Dependencies(Ecosystem::Node) => into(&works_in(&later.argv)),
                Role::Dependencies(Ecosystem::Python) => environment(later).is_some_and(|root| into(&root)),
                _ => false,
            });
            if writes || installs {
                return Some((later, app));
            }
        }
        None
    }
}

impl AppPath<'_> {
    /// True if the app's account gets the path too late, or never.
    pub(crate) fn stays_roots(&self, world: &Ground<'_, '_>, script: &Deployment<'_>, id: StepId) -> bool {
        let entry = script.step(id).entry;
        matches!(self.reason, Reason::Fails(_))
            || given_away(world, script, id.0 as usize, self.path, |s| s.entry == entry).is_none()
    }
}

/// The paths that a step of root creates and that belong to root. A copy that keeps the owner of its source belongs to
/// root only if root made the source before.
fn made<'s>(script: &'s Deployment<'_>, id: StepId) -> impl Iterator<Item = (&'s Value, PathKind)> {
    let is_anothers = move |content: &Content| {
        content.how == How::Kept
            && !content
                .from
                .as_ref()
                .is_some_and(|from| before(script, id).any(|s| is_roots(s) && puts(s, from)))
    };
    let effects = script.step(id).deed.effects.iter();
    effects.filter(move |e| !e.content.as_ref().is_some_and(&is_anothers)).filter_map(|effect| {
        match (&effect.change, &effect.resource) {
            (Change::Create(kind), Resource::Path(path)) => Some((path, *kind)),
            (Change::Write, Resource::Path(path)) => Some((path, PathKind::File)),
            (Change::Append, Resource::Line { file, .. }) => Some((file, PathKind::File)),
            _ => None,
        }
    })
}

/// True if the step makes the path, or something in it.
fn puts(step: &Step, path: &Value) -> bool {
    step.deed.effects.iter().any(|e| {
        matches!((&e.change, &e.resource), (Change::Create(_) | Change::Write, Resource::Path(made)) if made.is_under(path))
    })
}

fn is_recursive(step: &Step) -> bool {
    step.deed.effects.iter().any(|e| matches!(e.change, Change::Own { recursive: true, .. }))
}

/// What the steps before one created and removed. It is kept up to date from one question to the next.
#[derive(Default)]
struct Above<'s> {
    /// The steps before this one have been read.
    upto: usize,
    /// How many effects have been read.
    seen: usize,
    /// The last effect that created a path, by the path and everything above it.
    made: HashMap<&'s str, usize>,
    /// The last effect that removed a path.
    removed: HashMap<&'s str, usize>,
}

impl<'s> Above<'s> {
    /// True if an earlier step already created the path, so that `mkdir -p` changes nothing.
    fn holds(&mut self, script: &'s Deployment<'_>, id: StepId, path: &Value) -> bool {
        for step in &script.steps[self.upto.min(id.0 as usize)..id.0 as usize] {
            for effect in &step.deed.effects {
                self.seen += 1;
                match (&effect.change, &effect.resource) {
                    (Change::Create(_) | Change::Write, Resource::Path(made))
                    | (Change::Append, Resource::Line { file: made, .. }) => {
                        self.made.extend(holders(made.key()).map(|above| (above, self.seen)));
                    }
                    (Change::Remove, Resource::Path(gone)) => {
                        self.removed.insert(gone.key().trim_end_matches('/'), self.seen);
                    }
                    _ => {}
                }
            }
        }
        self.upto = self.upto.max(id.0 as usize);
        // `git clone` and `venv` fill what `mkdir` created, so they matter only if nothing was there before.
        let made = self.made.get(path.key().trim_end_matches('/')).copied();
        let removed = holders(path.key()).filter_map(|above| self.removed.get(above).copied()).max();
        made > removed
    }
}

/// True if the step makes a tree with contents around a path: a clone.
fn fills(step: &Step, path: &Value) -> bool {
    step.deed.effects.iter().any(|effect| {
        effect.change == Change::Create(PathKind::Tree)
            && matches!(&effect.resource, Resource::Path(tree) if path.is_under(tree))
    })
}

/// True for the file of a database that the app itself writes to.
fn is_database(path: &Value) -> bool {
    let end = path.known_suffix();
    [".sqlite", ".sqlite3", ".db"].iter().any(|ending| end.ends_with(ending))
}

/// True if a step gives the path, and all that is in it, to an account.
pub(crate) fn gives(step: &Step, path: &Value, name: &Value) -> bool {
    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Own { user: Some(user), recursive: true, .. }, Resource::Path(target)) => {
            user == name && reaches(target, true, path)
        }
        _ => false,
    })
}
