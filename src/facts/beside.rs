//! Which scripts stand beside the deploy of a repo: what they do on a demo, for another environment or to take the app
//! off does not stand in for a step that the deploy lacks. They themselves count on what the deploy has done.

use crate::model::{Deployment, Step};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Sources;
use crate::tools::effect::{Change, PathKind, Resource, Role};
use std::collections::BTreeSet;

/// Why a script is no part of the deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// It sets up a demo.
    Demo,
    /// It deploys to another server or directory, for another environment.
    Environment,
    /// It removes what was deployed.
    Removal,
    /// It restores an earlier state, or keeps one to be restored.
    Restore,
}

impl Beside {
    /// As people read it.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Beside::Demo => "sets up a demo beside the deploy",
            Beside::Environment => "deploys another environment",
            Beside::Removal => "removes what was deployed",
            Beside::Restore => "saves or restores data beside the deploy",
        }
    }
}

/// For each script, why it is no part of the deploy; `None` for those that are. If none would be left that does a deploy's
/// work, all of them are.
pub(crate) fn beside(sources: &Sources, scripts: &[Deployment<'_>]) -> Vec<Option<Beside>> {
    let called: Vec<BTreeSet<String>> = scripts.iter().map(calls).collect();
    let path = |at: usize| sources.file(scripts[at].file).path();
    let is_called = |at: usize| {
        let name = path(at).rsplit('/').next().unwrap_or_default();
        called.iter().enumerate().any(|(other, names)| other != at && names.contains(name))
    };
    let sure = |at: usize| match by_name(path(at)) {
        _ if is_called(at) => None,
        Some(Beside::Environment) => None,
        None if takes_away(&scripts[at]) => Some(Beside::Removal),
        kind => kind,
    };
    let mut all: Vec<Option<Beside>> = (0..scripts.len()).map(sure).collect();
    // Which environment a script is for counts only if its places are others than those of the rest.
    let environment = |at: &usize| by_name(path(*at)) == Some(Beside::Environment) && !is_called(*at);
    let others: Vec<usize> = (0..scripts.len()).filter(environment).collect();
    let mut rest = BTreeSet::new();
    for at in (0..scripts.len()).filter(|at| all[*at].is_none() && !others.contains(at)) {
        rest.extend(places(&scripts[at]));
    }
    for at in others {
        let own = places(&scripts[at]);
        if !own.is_empty() && !rest.is_empty() && own.is_disjoint(&rest) {
            all[at] = Some(Beside::Environment);
        }
    }
    let works = |at: usize| all[at].is_none() && scripts[at].steps.iter().any(is_work);
    if !(0..scripts.len()).any(works) {
        return vec![None; scripts.len()];
    }
    all
}

fn by_name(path: &str) -> Option<Beside> {
    let words = path.rsplit_once('.').map_or(path, |(stem, _)| stem).split(['/', '-', '_', '.']);
    words.filter_map(of_word).next()
}

fn of_word(word: &str) -> Option<Beside> {
    Some(match word.to_ascii_lowercase().as_str() {
        "demo" => Beside::Demo,
        "staging" | "stage" | "preview" | "sandbox" | "qa" | "uat" | "dev" => Beside::Environment,
        "uninstall" | "uninstaller" | "teardown" | "remove" | "destroy" => Beside::Removal,
        "restore" | "rollback" | "backup" => Beside::Restore,
        _ => return None,
    })
}

/// The script stops, disables or removes units and accounts, and starts, installs and fetches nothing.
fn takes_away(script: &Deployment<'_>) -> bool {
    let about = |step: &Step, change: fn(&Change) -> bool| {
        step.deed.effects.iter().any(|effect| {
            matches!(effect.resource, Resource::Unit(_) | Resource::User(_) | Resource::Process(_))
                && change(&effect.change)
        })
    };
    let brings = |change: &Change| {
        matches!(change, Change::Start | Change::Restart | Change::Enable | Change::Create(_))
    };
    let steps = || script.steps.iter();
    steps().any(|step| about(step, |change| *change == Change::Remove))
        && !steps().any(|step| about(step, brings) || is_work(step))
}

/// A step that a deploy is there for.
fn is_work(step: &Step) -> bool {
    step.deed.roles.iter().any(|role| {
        matches!(
            role,
            Role::SystemPackages
                | Role::Dependencies(_)
                | Role::Build(_)
                | Role::Migrate
                | Role::Source
                | Role::ComposeUp
        )
    })
}

/// The names of the scripts that a script calls.
fn calls(script: &Deployment<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in script.steps.iter().filter(|step| !step.deed.roles.contains(&Role::ReadOnly)) {
        for word in std::iter::once(&step.argv.program).chain(&step.argv.args) {
            let name = word.value.known_suffix().rsplit('/').next().unwrap_or_default();
            if name.ends_with(".sh") || name.ends_with(".bash") {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// The hosts to which a script goes, and the directories in which it does a deploy's work.
fn places(script: &Deployment<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |value: &Value| {
        if value.knowledge() == Knowledge::Literal && !value.is_empty() {
            found.insert(value.to_string());
        }
    };
    for step in &script.steps {
        if let Place::Remote(host) = &step.place {
            add(host);
        }
        for effect in &step.deed.effects {
            if let (Change::Create(PathKind::Tree), Resource::Path(path)) = (&effect.change, &effect.resource)
                && step.deed.roles.contains(&Role::Source)
            {
                add(path);
            }
        }
        if is_work(step) && step.argv.cwd.known_prefix().starts_with('/') {
            add(&step.argv.cwd);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, FollowNothing};
    use crate::source::SourceFile;
    use bumpalo::Bump;

    fn of(files: &[(&str, &str)]) -> Vec<Option<Beside>> {
        let mut sources = Sources::default();
        let arena = Bump::new();
        let mut scripts = Vec::new();
        for (path, text) in files {
            let file = sources.add(SourceFile::new((*path).to_owned(), (*text).into()).unwrap());
            scripts.push(model::build(&arena, file, path, text, &mut FollowNothing));
        }
        beside(&sources, &scripts)
    }

    const DEPLOY: &str = "cd /srv/shop && git pull && npm ci\nsystemctl restart shop\n";

    #[test]
    fn demos_restores_and_removals_stand_beside_the_deploy() {
        let restore = "cd /srv/shop && alembic upgrade head\nsystemctl restart shop\n";
        let away = "systemctl disable --now shop\nrm -f /etc/systemd/system/shop.service\nuserdel shop\n";
        let found = of(&[
            ("start.sh", DEPLOY),
            ("scripts/demo.sh", DEPLOY),
            ("scripts/restore.sh", restore),
            ("scripts/clear.sh", away),
            ("scripts/update.sh", DEPLOY),
        ]);
        let (demo, restore, removal) = (Beside::Demo, Beside::Restore, Beside::Removal);
        assert_eq!(found, [None, Some(demo), Some(restore), Some(removal), None]);
    }

    #[test]
    fn another_environment_is_known_by_its_places_and_not_by_its_name_alone() {
        let elsewhere = "cd /srv/shop-staging && git pull && npm ci\n";
        let host = "ssh deploy@staging.example.org 'cd /srv/shop && git pull && npm ci'\n";
        assert_eq!(
            of(&[("deploy.sh", DEPLOY), ("staging.sh", elsewhere)]),
            [None, Some(Beside::Environment)]
        );
        assert_eq!(of(&[("deploy.sh", DEPLOY), ("staging.sh", DEPLOY)]), [None, None]);
        assert_eq!(of(&[("deploy.sh", DEPLOY), ("deploy-staging.sh", host)]), [None, None]);
    }

    #[test]
    fn what_the_deploy_calls_and_what_is_alone_belong_to_it() {
        let calls = format!("./backup.sh\n{DEPLOY}");
        assert_eq!(of(&[("deploy.sh", &calls), ("backup.sh", "npm ci\n")]), [None, None]);
        assert_eq!(of(&[("demo.sh", DEPLOY)]), [None]);
        assert_eq!(of(&[("demo.sh", DEPLOY), ("status.sh", "systemctl status shop\n")]), [None, None]);
    }
}
