//! `user/account-missing`: something should run as, or belong to, an account that nothing creates.

use crate::facts::deploy::names::same_unit;
use crate::facts::owners::is_account_name;
use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::{Confidence, Finding};
use crate::model::{Caller, Deployment, Step, StepId, User};
use crate::project::unit::is_true;
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Effect, Resource, Role};
use crate::tools::known_accounts::{comes_by_itself, names_account_command};
use crate::tools::new_server::named_accounts;
use crate::tools::packages::package_files;
use std::collections::{HashMap, HashSet};

/// `user/account-missing`.
pub(in crate::rules) fn account_missing(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    // A server that was set up before has its accounts.
    if context.given.is_set_up {
        return;
    }
    let Some(created) = created(context) else { return };
    let mut missing: Vec<Missing<'_, '_>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut at_home = None;
    for use_ in uses(context) {
        let name = use_.name.as_str();
        if comes_by_itself(name)
            || created.contains(name)
            || exists_before(context, at_home.get_or_insert_with(|| AtHome::of(context)), name)
        {
            continue;
        }
        match known.get(name) {
            Some(at) => missing[*at].uses.push(use_),
            None => {
                known.insert(use_.name.clone(), missing.len());
                missing.push(Missing { name: use_.name.clone(), uses: vec![use_] });
            }
        }
    }
    let deploy = context.deploy();
    for account in missing {
        let makes = |line: &str| names_account_command(line) && line.contains(account.name.as_str());
        if !deploy.calls_to(makes) {
            found.extend(account.judge(context, &created));
        }
    }
    groups(context, found);
}

/// Accounts that are created with a group of their own name, which nothing creates, or only later. No package brings that.
fn groups(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let steps = script.iter().filter(|(_, s)| s.place == Place::Here && s.entry == 0);
        for (id, step) in steps.filter(|(_, step)| step.deed.roles.contains(&Role::Account)) {
            let (_, groups) = named_accounts(&step.argv);
            let is_own = |group: &&Value| {
                let makes = |e: &Effect| matches!(&e.resource, Resource::User(name) if name == *group);
                step.deed.effects.iter().any(makes)
            };
            let Some(group) = groups.iter().find(is_own).filter(|group| group.as_literal().is_some()) else {
                continue;
            };
            let resource = Resource::Group(group.clone());
            let makes = |step: &Step| {
                let made = |e: &Effect| matches!(e.change, Change::Create(_)) && e.resource == resource;
                step.deed.effects.iter().any(made)
            };
            let makers: Vec<_> = context.steps().filter(|(.., step)| makes(step)).collect();
            let is_later =
                |(other, at, _): &(&Deployment<'_>, StepId, &Step)| std::ptr::eq(*other, script) && *at > id;
            let is_asked_for = script
                .guards_of(id)
                .any(|(_, guard)| guard.cond.facts().iter().any(|fact| fact.resource == resource));
            if is_asked_for || !makers.iter().all(is_later) || context.deploy().may_do_anything() {
                continue;
            }
            let (words, name) = (context.words(step.span), group);
            let message = match makers.first() {
                None => format!("`{words}` fails, because nothing creates the group `{name}`"),
                Some((.., maker)) => format!(
                    "`{words}` fails, because the group `{name}` is created only on {}",
                    context.line_beside(maker.span, step.span)
                ),
            };
            let draft = context
                .finding(id::USER_ACCOUNT_MISSING, step.span, message)
                .at_most(context.confidence(script, id, None))
                .help(format!(
                    "create it first: `getent group {name} >/dev/null || groupadd --system {name}`"
                ));
            found.push(draft.done());
        }
    }
}

/// A place where an account is named.
struct Use<'r, 'a> {
    name: String,
    span: Span,
    how: How,
    script: &'r Deployment<'a>,
    /// True if the account has the app's name, so that no server has it by itself, and the script enables the unit or sets the
    /// server up.
    is_of_first_start: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Unit,
    Owner,
    Runs,
}

struct Missing<'r, 'a> {
    name: String,
    uses: Vec<Use<'r, 'a>>,
}

impl Missing<'_, '_> {
    fn judge(mut self, context: &World<'_, '_>, created: &HashSet<String>) -> Option<Finding> {
        // A unit is the best place to report.
        self.uses.sort_by_key(|u| u.how != How::Unit);
        let name = &self.name;
        let first = self.uses.first()?;
        let sets_up = is_installer(first.script);
        let confidence = match (created.is_empty(), sets_up) {
            (false, true) => Confidence::High,
            // A script for later deploys uses the accounts that the first one found or created.
            (false, false) if first.how == How::Unit => Confidence::Medium,
            (true, true) if first.how == How::Unit => Confidence::Medium,
            (true, _) if first.is_of_first_start && !is_told(context, name) => Confidence::Medium,
            _ => return None,
        };
        let what = match first.how {
            How::Unit => format!(
                "nothing creates the account `{name}`, so systemd fails to start the unit (status=217/USER)"
            ),
            How::Owner => format!(
                "`{}` fails with \"invalid user\", because nothing creates the account `{name}`",
                context.words(first.span)
            ),
            How::Runs => {
                format!("`{}` runs as `{name}`, but nothing creates that account", context.words(first.span))
            }
        };
        let mut draft = context
            .finding(id::USER_ACCOUNT_MISSING, first.span, what)
            .at_most(confidence)
            .help(format!("create it first: `id -u {name} >/dev/null 2>&1 || useradd --system {name}`"));
        for other in self.uses.iter().skip(1).take(4) {
            draft = draft.related(other.span, format!("`{name}` is needed here too"));
        }
        Some(draft.done())
    }
}

/// True for a script that sets up a server, and does not only bring a new version to one.
fn is_installer(script: &Deployment<'_>) -> bool {
    let ordinary = script.caller == Caller::Ordinary
        && !script.steps.iter().any(|s| s.deed.roles.contains(&Role::Account));
    !ordinary
        && script
            .steps
            .iter()
            .any(|s| s.deed.roles.iter().any(|r| matches!(r, Role::SystemPackages | Role::Account)))
}

/// The accounts that some script creates; `None` if one creates an account of unknown name, which may be any.
fn created(context: &World<'_, '_>) -> Option<HashSet<String>> {
    let mut names: HashSet<String> = context.given.accounts.iter().cloned().collect();
    for (_, _, step) in context.steps() {
        // An unknown command may create accounts: `./bootstrap-users.sh`.
        for effect in &step.deed.effects {
            if let (Change::Create(_), Resource::User(name)) = (&effect.change, &effect.resource) {
                names.insert(name.as_literal()?.to_owned());
            }
        }
        // A package that is no distribution's brings the account of its own name.
        if step.deed.roles.contains(&Role::SystemPackages) {
            names.extend(package_files(&step.argv).unwrap_or_default().into_iter().map(str::to_owned));
        }
        if step.deed.roles.contains(&Role::Provision) {
            return None;
        }
    }
    Some(names)
}

/// The accounts that the scripts and their units name.
fn uses<'r, 'a>(context: &World<'r, 'a>) -> Vec<Use<'r, 'a>> {
    let mut uses = Vec::new();
    for at in &context.units {
        uses.extend(of_unit(context, at));
    }
    for &script in context.scripts() {
        for (id, step) in script.iter().filter(|(_, s)| s.place == Place::Here) {
            let mut add = |name: &Value, how: How, path: Option<&Value>| {
                let Some(name) = name.as_literal().filter(|n| is_account_name(n)) else { return };
                let named_after = || path.is_some_and(|path| path.basename().as_literal() == Some(name));
                if !asked_for(script, id, name) {
                    uses.push(Use {
                        name: name.to_owned(),
                        span: step.span,
                        how,
                        script,
                        is_of_first_start: name.len() > 3 && named_after() && is_installer(script),
                    });
                }
            };
            for effect in &step.deed.effects {
                if let (Change::Own { user: Some(user), .. }, Resource::Path(path)) =
                    (&effect.change, &effect.resource)
                    && !step.deed.roles.contains(&Role::Account)
                {
                    add(user, How::Owner, Some(path));
                }
            }
            if let User::Named(name) = &step.user {
                add(name, How::Runs, None);
            }
        }
    }
    uses
}

fn of_unit<'r, 'a>(context: &World<'r, 'a>, at: &UnitAt) -> Option<Use<'r, 'a>> {
    let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { return None };
    let script = context.scripts().get(index)?;
    let directive = at.unit.user()?;
    let dynamic = at.unit.get("Service", "DynamicUser").is_some_and(|d| is_true(&d.value));
    let name = directive.value.as_str();
    if dynamic
        || !is_account_name(name)
        || script.step(id).place != Place::Here
        || asked_for(script, id, name)
    {
        return None;
    }
    // `sed -i s/User=.*/User=$USER/` on the copy: in the end it has another user.
    let edited = script.steps.iter().any(|step| {
        let edits = |e: &Effect| {
            matches!(e.change, Change::Edit) && e.resource.name().basename().is_shown_as(&at.name)
        };
        step.deed.effects.iter().any(edits)
    });
    let install = script.step(id);
    let filtered = at.origin == Origin::Installed(index, id) && !install.deed.copies();
    (!edited && !filtered).then(|| Use {
        name: name.to_owned(),
        span: directive.span,
        how: How::Unit,
        script,
        is_of_first_start: is_named_after(&at.name, name) && enables(script, &at.name),
    })
}

/// True if the unit and the account have the same name, or one begins with the other.
fn is_named_after(unit: &str, account: &str) -> bool {
    let stem = unit.split(['-', '@', '.', '_']).next().unwrap_or(unit);
    account.len() > 3 && stem.len() > 3 && (stem.starts_with(account) || account.starts_with(stem))
}

fn enables(script: &Deployment<'_>, unit: &str) -> bool {
    script.steps.iter().flat_map(|step| &step.deed.effects).any(|effect| {
        match (&effect.change, &effect.resource) {
            (Change::Enable, Resource::Unit(name)) => {
                name.as_literal().is_some_and(|name| same_unit(name, unit))
            }
            _ => false,
        }
    })
}

/// True if a guide tells people to create accounts, or another text names a command that creates this one.
fn is_told(context: &World<'_, '_>, name: &str) -> bool {
    let project = context.project;
    let text = |file: &FileId| context.sources.file(*file).text();
    let speaks = |line: &str| {
        let line = line.to_ascii_lowercase();
        names_account_command(&line)
            || line.contains(name) && ["user", "account"].iter().any(|word| line.contains(word))
    };
    project.guides.iter().any(|(_, file)| text(file).lines().any(speaks))
        || project
            .texts
            .iter()
            .any(|(_, file)| text(file).lines().any(|l| names_account_command(l) && l.contains(name)))
}

/// True if the script has checked whether the account exists.
fn asked_for(script: &Deployment<'_>, id: StepId, name: &str) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        guard
            .cond
            .facts()
            .iter()
            .any(|fact| matches!(&fact.resource, Resource::User(user) if user.as_literal() == Some(name)))
    })
}

/// The accounts in whose homes units and steps work, read once.
struct AtHome<'c>(HashSet<&'c str>);

impl<'c> AtHome<'c> {
    fn of(context: &'c World<'_, '_>) -> Self {
        // `/home/deploy/app`, and `/home/deploy` at the end.
        let first = |rest: &'c str| rest.split('/').next().unwrap_or(rest);
        let mut names = HashSet::new();
        let directives = context.units.iter().flat_map(|at| &at.unit.directives);
        for value in directives.map(|directive| directive.value.as_str()) {
            let homes = value.match_indices("/home");
            names
                .extend(homes.filter_map(|(at, home)| value[at + home.len()..].strip_prefix('/')).map(first));
        }
        let mut add = |value: &'c Value| {
            names.extend(value.known_prefix().strip_prefix("/home/").map(first));
        };
        for (_, _, step) in context.steps().filter(|(.., step)| step.deed.roles != [Role::Account]) {
            add(&step.argv.cwd);
            add(&step.argv.program.value);
            step.argv.args.iter().for_each(|arg| add(&arg.value));
            for effect in &step.deed.effects {
                if let Resource::Path(path) = &effect.resource {
                    add(path);
                }
            }
        }
        AtHome(names)
    }
}

/// True for an account that existed before: the project is in its home, or it calls the script.
fn exists_before(context: &World<'_, '_>, at_home: &AtHome<'_>, name: &str) -> bool {
    at_home.0.contains(name)
        // `echo "run me as deploy"`, `[ "$USER" = deploy ]`.
        || context.scripts().iter().any(|s| s.caller == Caller::Ordinary && s.constants.iter().any(|(n, v)| {
            matches!(n.as_str(), "USER" | "SUDO_USER" | "LOGNAME") && v.as_literal() == Some(name)
        }))
}
