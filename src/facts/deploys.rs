//! Which scripts of a repo run together on one server. Each such group is a deploy of its own. A script for a demo,
//! another environment or another server, and a script that removes the app, does not do a step that a deploy lacks.
//! The scripts beside all deploys rely on what the deploys have done.

use crate::facts::deploy::names::full_name;
use crate::facts::owners::lies_under;
use crate::model::{Deployment, Step, User};
use crate::repo::names::{base, directory, is_unit};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Sources;
use crate::tools::calls::called_script;
use crate::tools::effect::{Change, PathKind, Resource, Role};
use std::collections::{BTreeMap, BTreeSet};

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
    /// The words for people.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Beside::Demo => "sets up a demo beside the deploy",
            Beside::Environment => "deploys another environment",
            Beside::Removal => "removes what was deployed",
            Beside::Restore => "saves or restores data beside the deploy",
        }
    }
}

/// How the scripts of a repo belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deploys {
    /// Why each script is no part of a deploy, or `None` if it is one.
    beside: Vec<Option<Beside>>,
    /// The indices of the scripts of each deploy.
    groups: Vec<Vec<usize>>,
}

impl Deploys {
    /// Groups scripts. If no script that does a deploy's work would be left, all of them are one deploy.
    pub(crate) fn of(sources: &Sources, scripts: &[Deployment<'_>]) -> Deploys {
        let all: Vec<Seen<'_>> = scripts.iter().map(|script| Seen::of(sources, script)).collect();
        let beside = beside(&all);
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in (0..all.len()).filter(|at| beside[*at].is_none()) {
            // A script that may run together with the scripts of several groups joins them.
            let is_apart =
                |group: &Vec<usize>| group.iter().all(|other| all[at].runs_apart_from(&all[*other]));
            let (apart, together): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_apart);
            let mut joined: Vec<usize> = together.into_iter().flatten().collect();
            joined.push(at);
            joined.sort_unstable();
            groups = apart;
            groups.push(joined);
        }
        groups.sort();
        Deploys { beside, groups }
    }

    /// Why the script with this index is no part of a deploy.
    pub(crate) fn beside(&self, script: usize) -> Option<Beside> {
        self.beside.get(script).copied().flatten()
    }

    /// The indices of the scripts of each deploy.
    pub(crate) fn groups(&self) -> &[Vec<usize>] {
        &self.groups
    }

    /// True if all scripts are one deploy.
    pub(crate) fn is_one(&self) -> bool {
        self.groups.len() <= 1 && self.beside.iter().all(Option::is_none)
    }
}

/// What a script says about where it runs.
#[derive(Default)]
struct Seen<'s> {
    path: &'s str,
    /// The names of the scripts that it calls.
    calls: BTreeSet<String>,
    /// The directories in which it does a deploy's work, for each host that it goes to. `None` is the machine on which
    /// it runs, and the empty name is a host that is not known.
    places: BTreeMap<Option<String>, BTreeSet<String>>,
    /// The hosts that are known.
    hosts: BTreeSet<String>,
    /// True if it goes to a host that is not known.
    is_anywhere: bool,
    /// The accounts and units that it makes.
    makes: BTreeSet<String>,
    /// The accounts and units that it uses.
    uses: BTreeSet<String>,
    takes_away: bool,
    /// True if it does a deploy's work.
    works: bool,
    /// True if it installs packages of the system.
    installs: bool,
}

impl<'s> Seen<'s> {
    fn of(sources: &'s Sources, script: &'s Deployment<'_>) -> Seen<'s> {
        let mut seen = Seen {
            path: sources.file(script.file).path(),
            takes_away: takes_away(script),
            works: script.steps.iter().any(is_work),
            installs: script.steps.iter().any(|step| step.deed.roles.contains(&Role::SystemPackages)),
            ..Seen::default()
        };
        for step in &script.steps {
            seen.calls.extend(called_script(&step.argv).map(|path| base(&path).to_owned()));
            seen.place(step);
            seen.accounts_and_units(step);
        }
        seen
    }

    /// Notes where the step works.
    fn place(&mut self, step: &Step) {
        let host = match &step.place {
            Place::Here => None,
            Place::Remote(host) => match host.as_literal() {
                Some(host) => {
                    let host = host.rsplit('@').next().unwrap_or(host);
                    self.hosts.insert(host.to_owned());
                    Some(host.to_owned())
                }
                None => {
                    self.is_anywhere = true;
                    Some(String::new())
                }
            },
            Place::Container(_) => return,
        };
        let mut directories: Vec<&Value> = Vec::new();
        if step.deed.roles.contains(&Role::Source) {
            directories.extend(step.deed.effects.iter().filter_map(|effect| {
                match (&effect.change, &effect.resource) {
                    (Change::Create(PathKind::Tree), Resource::Path(path)) => Some(path),
                    _ => None,
                }
            }));
        }
        // Packages of the system go to the same places from any directory.
        if is_work(step) && !step.deed.roles.contains(&Role::SystemPackages) {
            directories.push(&step.argv.cwd);
        }
        if host.is_none() && directories.is_empty() {
            return;
        }
        let known = |path: &&&Value| path.knowledge() == Knowledge::Literal && path.is_absolute();
        let known = directories.iter().filter(known).map(|path| path.to_string());
        let known = known.filter(|path| !matches!(path.as_str(), "/" | "/tmp" | "/root"));
        let known: Vec<String> = known.collect();
        if host.is_some() || !known.is_empty() {
            self.places.entry(host).or_default().extend(known);
        }
    }

    fn accounts_and_units(&mut self, step: &Step) {
        if let User::Named(name) = &step.user {
            self.uses.insert(format!("user:{name}"));
        }
        for effect in &step.deed.effects {
            let (name, makes) = match (&effect.resource, &effect.change) {
                (Resource::User(name), change) => {
                    (format!("user:{name}"), matches!(change, Change::Create(_)))
                }
                (Resource::Unit(name), _) => (format!("unit:{}", full_name(&name.to_string())), false),
                (Resource::Path(path), Change::Own { user: Some(user), .. }) if !path.is_empty() => {
                    (format!("user:{user}"), false)
                }
                (Resource::Path(path), Change::Write | Change::Create(_)) => {
                    match path.basename().as_literal().filter(|name| is_unit(name)) {
                        Some(name) => (format!("unit:{name}"), true),
                        None => continue,
                    }
                }
                _ => continue,
            };
            if makes { &mut self.makes } else { &mut self.uses }.insert(name);
        }
    }

    /// True if one of the two calls the other.
    fn calls_or_is_called_by(&self, other: &Seen<'_>) -> bool {
        self.calls.contains(base(other.path)) || other.calls.contains(base(self.path))
    }

    /// True if both work in a directory of one machine, or on one host where no directory is known.
    fn may_share_a_place_with(&self, other: &Seen<'_>) -> bool {
        self.places.iter().any(|(host, directories)| {
            other.places.iter().any(|(their_host, theirs)| {
                let unknown = |host: &Option<String>| host.as_deref() == Some("");
                let same_host = host == their_host || unknown(host) || unknown(their_host);
                let alike = |a: &String| theirs.iter().any(|b| lies_under(a, b) || lies_under(b, a));
                same_host && (directories.is_empty() || theirs.is_empty() || directories.iter().any(alike))
            })
        })
    }

    /// True if the two surely run on two servers. Either they go to different hosts; or each sets up a machine by
    /// itself, under a name that says so, in its own places, and with its own accounts and units.
    fn runs_apart_from(&self, other: &Seen<'_>) -> bool {
        if self.calls_or_is_called_by(other) {
            return false;
        }
        let (hosts, theirs) = (&self.hosts, &other.hosts);
        if !self.is_anywhere && !other.is_anywhere && !hosts.is_empty() && !theirs.is_empty() {
            return hosts.is_disjoint(theirs);
        }
        let is_named = |seen: &Seen<'_>| seen.places.values().any(|directories| !directories.is_empty());
        let shares = |one: &Seen<'_>, two: &Seen<'_>| {
            !one.makes.is_disjoint(&two.makes) || !one.makes.is_disjoint(&two.uses)
        };
        hosts.is_empty()
            && theirs.is_empty()
            && self.installs
            && other.installs
            && are_twins(self.path, other.path)
            && is_named(self)
            && is_named(other)
            && !self.may_share_a_place_with(other)
            && !shares(self, other)
            && !shares(other, self)
    }
}

/// True for names that tell two servers apart: `web/setup.sh` and `db/setup.sh`, `setup-web.sh` and `setup-db.sh`.
fn are_twins(one: &str, other: &str) -> bool {
    let words = |path: &str| base(path).split(['-', '_', '.']).map(str::to_owned).collect::<Vec<_>>();
    if base(one) == base(other) {
        return true;
    }
    let (one_words, other_words) = (words(one), words(other));
    directory(one) == directory(other)
        && one_words.len() == other_words.len()
        && one_words.len() > 2
        && one_words.iter().zip(&other_words).filter(|(a, b)| a != b).count() == 1
}

/// Tells why each script is no part of a deploy.
fn beside(all: &[Seen<'_>]) -> Vec<Option<Beside>> {
    let is_called = |at: usize| {
        let name = base(all[at].path);
        all.iter().enumerate().any(|(other, seen)| other != at && seen.calls.contains(name))
    };
    let named: Vec<Option<Beside>> =
        (0..all.len()).map(|at| by_name(all[at].path).filter(|_| !is_called(at))).collect();
    let mut beside: Vec<Option<Beside>> = named
        .iter()
        .enumerate()
        .map(|(at, named)| match named {
            Some(Beside::Environment) => None,
            None if all[at].takes_away && !is_called(at) => Some(Beside::Removal),
            named => *named,
        })
        .collect();
    // A script for an environment stands apart only if it works in other places than the rest.
    let is_other = |at: &usize| named[*at] == Some(Beside::Environment);
    let rest: Vec<&Seen<'_>> =
        (0..all.len()).filter(|at| beside[*at].is_none() && !is_other(at)).map(|at| &all[at]).collect();
    for at in (0..all.len()).filter(is_other) {
        let known = !all[at].places.is_empty() && rest.iter().any(|seen| !seen.places.is_empty());
        if known && !rest.iter().any(|seen| all[at].may_share_a_place_with(seen)) {
            beside[at] = Some(Beside::Environment);
        }
    }
    if !(0..all.len()).any(|at| beside[at].is_none() && all[at].works) {
        return vec![None; all.len()];
    }
    beside
}

/// The kind that the name of a script, or of a directory above it, shows.
fn by_name(path: &str) -> Option<Beside> {
    let name = base(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    // A directory `restore/` may hold the tools for restoring, or an app that restores. So it does not say what a
    // script in it does.
    let above = directory(path).split('/').filter_map(of_word);
    let above = above.filter(|kind| matches!(kind, Beside::Demo | Beside::Environment));
    stem.split(['-', '_', '.']).filter_map(of_word).chain(above).next()
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

/// True for a script that disables or removes a unit, or removes an account or a process, and that makes and starts none of
/// these and does no deploy's work.
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

/// True for a step that does a deploy's work.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, FollowNothing};
    use crate::source::SourceFile;
    use bumpalo::Bump;

    fn deploys(files: &[(&str, &str)]) -> Deploys {
        let mut sources = Sources::default();
        let arena = Bump::new();
        let mut scripts = Vec::new();
        for (path, text) in files {
            let file = sources.add(SourceFile::new((*path).to_owned(), (*text).into()).unwrap());
            scripts.push(model::build(&arena, file, path, text, &mut FollowNothing));
        }
        Deploys::of(&sources, &scripts)
    }

    fn of(files: &[(&str, &str)]) -> Vec<Option<Beside>> {
        deploys(files).beside
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
        assert_eq!(
            of(&[("deploy.sh", DEPLOY), ("deploy-staging.sh", host)]),
            [None, Some(Beside::Environment)]
        );
        let anywhere = "ssh deploy@$HOST 'cd /srv/shop && git pull && npm ci'\n";
        assert_eq!(of(&[("deploy.sh", anywhere), ("deploy-staging.sh", host)]), [None, None]);
    }

    #[test]
    fn what_the_deploy_calls_and_what_is_alone_belong_to_it() {
        let calls = format!("./backup.sh\n{DEPLOY}");
        assert_eq!(of(&[("deploy.sh", &calls), ("backup.sh", "npm ci\n")]), [None, None]);
        for mentions in
            ["chmod +x demo.sh", "rm -f scripts/demo.sh", "echo demo.sh", "cp demo.sh /usr/local/bin"]
        {
            let mentions = format!("{mentions}\n{DEPLOY}");
            assert_eq!(of(&[("deploy.sh", &mentions), ("demo.sh", DEPLOY)]), [None, Some(Beside::Demo)]);
        }
        assert_eq!(of(&[("demo.sh", DEPLOY)]), [None]);
        assert_eq!(of(&[("demo.sh", DEPLOY), ("status.sh", "systemctl status shop\n")]), [None, None]);
    }

    #[test]
    fn a_directory_says_what_its_scripts_are_for_only_if_it_is_a_place_to_deploy_to() {
        for (path, kind) in [
            ("staging/deploy.sh", Some(Beside::Environment)),
            ("demo/shop/start.sh", Some(Beside::Demo)),
            ("deploy/demo.shop.sh", Some(Beside::Demo)),
            ("restore/deploy.sh", None),
            ("backup/install.sh", None),
            ("dev-portal/deploy.sh", None),
            ("demo-shop/deploy.sh", None),
            ("backup/rollback.sh", Some(Beside::Restore)),
        ] {
            assert_eq!(by_name(path), kind, "{path}");
        }
    }

    const PACKAGES: &str = "apt-get install -y nginx\n";

    #[test]
    fn scripts_for_different_hosts_are_deploys_of_their_own() {
        let on = |host: &str| format!("npm run build\nssh {host} 'cd /srv/shop && git pull'\n");
        let (web, jobs) = (on("deploy@web.example.org"), on("deploy@jobs.example.org"));
        let found = deploys(&[("web.sh", &web), ("jobs.sh", &jobs), ("again.sh", &web)]);
        assert_eq!(found.groups, [vec![0, 2], vec![1]]);
        // They may run together if one calls the other, or if a host is not known.
        let entry = format!("{web}./jobs.sh\n");
        assert_eq!(deploys(&[("web.sh", &entry), ("jobs.sh", &jobs)]).groups, [[0, 1]]);
        assert_eq!(deploys(&[("web.sh", &web), ("jobs.sh", &on("$HOST"))]).groups, [[0, 1]]);
        assert_eq!(deploys(&[("web.sh", &web), ("setup.sh", PACKAGES)]).groups, [[0, 1]]);
        // A script that may run with both of them brings them together.
        let all = [("web.sh", web.as_str()), ("jobs.sh", &jobs), ("setup.sh", PACKAGES)];
        assert_eq!(deploys(&all).groups, [[0, 1, 2]]);
    }

    #[test]
    fn scripts_that_each_set_up_a_machine_are_deploys_of_their_own() {
        let sets_up = |directory: &str| format!("{PACKAGES}cd {directory} && git pull && npm ci\n");
        let (web, jobs) = (sets_up("/srv/web"), sets_up("/srv/jobs"));
        assert_eq!(deploys(&[("web/setup.sh", &web), ("jobs/setup.sh", &jobs)]).groups, [[0], [1]]);
        assert_eq!(deploys(&[("setup-web.sh", &web), ("setup-jobs.sh", &jobs)]).groups, [[0], [1]]);
        // The names do not tell servers apart, the directories overlap, one sets nothing up, or one uses the account of
        // the other.
        assert_eq!(deploys(&[("setup.sh", &web), ("update.sh", &jobs)]).groups, [[0, 1]]);
        let below = sets_up("/srv/web/jobs");
        assert_eq!(deploys(&[("web/setup.sh", &web), ("jobs/setup.sh", &below)]).groups, [[0, 1]]);
        let pulls = "cd /srv/jobs && git pull && npm ci\n";
        assert_eq!(deploys(&[("web/setup.sh", &web), ("jobs/setup.sh", pulls)]).groups, [[0, 1]]);
        let (makes, uses) = (format!("useradd shop\n{web}"), format!("{jobs}chown -R shop /srv/jobs\n"));
        assert_eq!(deploys(&[("web/setup.sh", &makes), ("jobs/setup.sh", &uses)]).groups, [[0, 1]]);
    }
}
