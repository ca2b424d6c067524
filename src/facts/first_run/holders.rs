//! Directories into which the first run puts files, and that nothing makes.

use crate::facts::first_run::disk::{Disk, Lack};
use crate::finding::Confidence;
use crate::model::{Presence, Step, StepId};
use crate::repo::names::{base, is_unit};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, PathKind, Resource};

/// Where a directory of the app's own name is no package's.
const PLACES: [&str; 6] = ["/etc", "/opt", "/srv", "/var/lib", "/var/log", "/var/www"];

impl Disk<'_, '_, '_> {
    /// What is known of a directory into which a step puts something, if it is not there. It is told where only a later step
    /// makes it, or where it lies in one that has the name of the app, so that no package brings it, and nothing speaks of
    /// it.
    pub(super) fn lacks_holder(&self, path: &Value, before: StepId) -> Option<Lack> {
        if path.knowledge() > Knowledge::Symbolic || path.is_glob() {
            return None;
        }
        if self.script().made_after(before, path).is_some()
            && let Some(lack) = self.lacks(path, before).filter(|lack| lack.later.is_some())
        {
            return Some(lack);
        }
        let is_in_place =
            |path: &Value| path.dirname().as_literal().is_some_and(|place| PLACES.contains(&place));
        let is_own = is_in_place(path);
        if !is_own && !self.is_in_a_plain_directory(path, before) {
            // Where the app's directory is missing, so is what lies in it.
            let own = path.as_literal().and_then(|_| path.ancestors().find(is_in_place));
            return own.filter(|own| own != path).and_then(|own| self.lacks_holder(&own, before));
        }
        let state = self.script().first_state(before, &Resource::Path(path.clone()));
        let is_absent = state.presence == Presence::Untouched
            && (!is_own || self.is_named_after_the_app(path))
            && !self.comes_with_a_package(path)
            && !self.is_used_before(path, before)
            && !self.made_elsewhere(path)
            && !self.may_be_made(path, StepId(0), before)
            && !self.is_spoken_of(path);
        is_absent.then_some(Lack {
            later: None,
            gone: None,
            holder: None,
            in_repo: None,
            sure: Confidence::Medium,
        })
    }

    /// True for what lies in a directory that has the app's name and that the script makes empty: `/srv/shop/shared`.
    fn is_in_a_plain_directory(&self, path: &Value, before: StepId) -> bool {
        let above = path.dirname();
        // What makes a directory below it makes it too.
        let makes = |step: &Step| {
            step.deed.effects.iter().any(|effect| {
                effect.change == Change::Create(PathKind::Directory)
                    && matches!(&effect.resource, Resource::Path(made) if made.is_under(&above))
            })
        };
        path.as_literal().is_some()
            && above.dirname().as_literal().is_some_and(|place| PLACES.contains(&place))
            && self.is_named_after_the_app(&above)
            && self.trees().iter().all(|tree| !path.is_under(tree.root) && !above.is_under(tree.root))
            && self.script().steps[..before.0 as usize].iter().any(makes)
    }

    /// True for the directory of an app where no package brings one: below `/opt` or `/srv`, or with the name of the app.
    pub(super) fn is_the_apps_directory(&self, path: &Value) -> bool {
        path.dirname().as_literal().is_some_and(|place| match place {
            "/opt" | "/srv" => !self.comes_with_a_package(path),
            _ => PLACES.contains(&place) && self.is_named_after_the_app(path),
        })
    }

    /// True if the directory has the name of an account that the script makes, or of a unit that it brings.
    fn is_named_after_the_app(&self, path: &Value) -> bool {
        let Some(name) = path.basename().as_literal().filter(|name| name.len() > 2).map(str::to_owned) else {
            return false;
        };
        let steps = self.script().steps.iter().filter(|step| step.place == Place::Here && step.entry == 0);
        let is_it = |unit: &str| is_unit(unit) && unit.split(['.', '-', '_', '@']).next() == Some(&name);
        steps.flat_map(|step| &step.deed.effects).any(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(_), Resource::User(account)) => account.as_literal() == Some(&name),
            (Change::Create(_) | Change::Write, Resource::Path(made)) => {
                made.as_literal().is_some_and(|made| is_it(base(made)))
            }
            _ => false,
        })
    }

    /// True if a package of the directory's name is there, which may bring it: `redis-server` has `/etc/redis`.
    fn comes_with_a_package(&self, path: &Value) -> bool {
        let name = path.basename();
        let Some(name) = name.as_literal() else { return false };
        let is_it = |package: &str| package.split(['-', '_', '.']).next() == Some(name);
        let world = self.world();
        world.given.packages.iter().any(|package| is_it(package))
            || world.steps().flat_map(|(.., step)| &step.deed.effects).any(|effect| {
                matches!(effect.change, Change::Create(_))
                    && matches!(&effect.resource, Resource::Package(package) if is_it(package.key()))
            })
    }

    /// True if an earlier step does something there: it relies on the directory, too.
    fn is_used_before(&self, path: &Value, before: StepId) -> bool {
        let uses = |step: &Step| {
            step.deed.effects.iter().any(|effect| match &effect.resource {
                Resource::Path(used) => used.is_under(path),
                _ => false,
            })
        };
        self.script().steps[..before.0 as usize].iter().any(uses)
            || self.script().guards.iter().any(|guard| {
                guard.cond.facts().iter().any(|fact| fact.resource == Resource::Path(path.clone()))
            })
    }

    /// True if a text beside the scripts names the directory: people make it, or something else does.
    fn is_spoken_of(&self, path: &Value) -> bool {
        let shown = path.to_string();
        let world = self.world();
        let judged = |file| world.scripts().iter().any(|script| script.file == file);
        let texts = world.project.texts.iter().chain(&world.project.guides);
        let mut others = texts.filter(|(_, file)| !judged(*file));
        others.any(|(_, file)| world.sources.file(*file).text().contains(&shown))
    }
}
