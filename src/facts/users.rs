//! Who runs what lies at a path, and which step works there.

use crate::facts::firsts::is_made;
use crate::facts::givers::Given;
use crate::facts::ground::Ground;
use crate::facts::owners::{Lives, account_of, concerns, root_serves};
use crate::facts::parts::{AppUser, UnitAt};
use crate::model::{Caller, Deployment, Step};
use crate::shell::value::{Knowledge, Value};
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Effect, Resource};

/// The account that runs what is at a path, unless that is root. The units there decide, or else the user of the whole
/// app.
pub(crate) fn user_of(world: &Ground<'_, '_>, path: &Value) -> Option<AppUser> {
    user_at(world, path, None)
}

/// The account that runs what is at a path, as a script sees it: the units that it brings itself count before others.
fn user_at(world: &Ground<'_, '_>, path: &Value, script: Option<FileId>) -> Option<AppUser> {
    let app = world.app_user.as_ref().filter(|app| !app.is_root());
    if world.given.user.is_some() {
        return app.filter(|_| world.in_app_tree(path)).cloned();
    }
    let shown = path.to_string();
    let units = || world.units.iter().zip(world.lives());
    let mut here: Vec<(&UnitAt, &Lives)> =
        units().filter(|(_, lives)| lives.service && concerns(&lives.homes, &shown)).collect();
    let is_own = |unit: &UnitAt| {
        let brings = unit.origin.script().and_then(|number| world.scripts().get(number));
        script.is_some_and(|file| brings.is_some_and(|script| script.consists_of(file)))
    };
    if here.iter().any(|(unit, _)| is_own(unit)) {
        here.retain(|(unit, _)| is_own(unit));
    }
    if !here.is_empty() {
        // If the services of the place run as root, then root working there is normal. A single one of several is an
        // exception, and a backup job is not a service.
        let users: Vec<_> =
            here.iter().map(|(u, _)| u.unit.user().map_or("root", |d| d.value.as_str())).collect();
        let serves = |(u, lives): &(&UnitAt, &Lives)| lives.at_home && !u.unit.is_oneshot();
        let as_root = here.iter().zip(&users).filter(|(u, user)| **user == "root" && serves(u)).count();
        let as_others = here.iter().zip(&users).filter(|(u, user)| **user != "root" && serves(u)).count();
        if as_root > 0 && as_root >= as_others {
            return None;
        }
        return here.iter().find_map(|(unit, _)| account_of(world.app_user.as_ref(), unit));
    }
    let app = app.filter(|app| app.why.starts_with("`User=`") || !world.root_serves())?;
    // Units elsewhere say nothing about this place.
    let elsewhere = units().any(|(u, lives)| !lives.homes.is_empty() && u.unit.user().is_some());
    (!elsewhere && world.in_app_tree(path) && !only_its_program_runs(world, path, app)).then(|| app.clone())
}

/// True if all that an account runs of a place is a program that a step puts outside it: `go build -o /usr/local/bin/shop`.
/// The place is root's checkout then.
fn only_its_program_runs(world: &Ground<'_, '_>, path: &Value, app: &AppUser) -> bool {
    let is_its = |at: &UnitAt| at.unit.user().is_some_and(|user| app.name.is_shown_as(&user.value));
    let services = world.units.iter().zip(world.lives());
    let mut services = services.filter(|(at, lives)| lives.service && is_its(at)).peekable();
    let is_put = |program: &str| {
        let program = Value::with_variables(program);
        let puts = |effect: &Effect| {
            matches!(effect.change, Change::Create(_) | Change::Write)
                && matches!(&effect.resource, Resource::Path(put) if *put == program || program.is_under(put) && effect.content.is_some())
        };
        // A text that the script writes may go into the place.
        let is_text = |step: &Step| step.written.iter().any(|written| written.path == program);
        let mut steps =
            world.steps().map(|(.., step)| step).filter(|step| step.deed.effects.iter().any(puts)).peekable();
        !program.is_under(path) && steps.peek().is_some() && !steps.any(is_text)
    };
    services.peek().is_some()
        && services.all(|(at, _)| at.unit.exec_start().iter().all(|exec| is_put(&exec.program)))
}

/// Where a step works, and the account that runs what lives there; `None` if that is root.
pub(crate) fn works_for(world: &Ground<'_, '_>, step: &Step) -> Option<(Value, AppUser)> {
    let tree = place_of(step);
    if root_serves_in(world, step, &tree) {
        return None;
    }
    let user =
        user_at(world, &tree, Some(step.span.file)).or_else(|| account_behind_sudo(world, step, &tree))?;
    Some((tree, user))
}

/// True if the step's own script starts an app as root in the place, and brings no unit for it.
fn root_serves_in(world: &Ground<'_, '_>, step: &Step, tree: &Value) -> bool {
    let Some(number) = world.scripts().iter().position(|script| script.consists_of(step.span.file)) else {
        return false;
    };
    let here = |other: &Step| root_serves(other) && place_of(other).is_under(tree);
    let shown = tree.to_string();
    let is_own = |(unit, lives): (&UnitAt, &Lives)| {
        unit.origin.script() == Some(number) && concerns(&lives.homes, &shown)
    };
    world.given.user.is_none()
        && world.root_serves()
        && world.scripts()[number].steps.iter().any(here)
        && !world.units.iter().zip(world.lives()).any(is_own)
}

/// The account that calls sudo, if a script that wants root sets the app up for it in the account's own checkout:
/// `APP_USER=${SUDO_USER:-$(whoami)}`.
fn account_behind_sudo(world: &Ground<'_, '_>, step: &Step, tree: &Value) -> Option<AppUser> {
    const NAME: &str = "SUDO_USER";
    if !tree.to_string().starts_with("$REPO") {
        return None;
    }
    let script = world.scripts().iter().find(|script| script.consists_of(step.span.file))?;
    if !matches!(script.caller, Caller::Root(Some(_))) {
        return None;
    }
    let file = step.span.file;
    let text = world.sources.file(file).text();
    // A script that only mentions the account does nothing for it.
    let taken =
        ["=${", "=$", "=\"${", "=\"$"].iter().find_map(|before| text.find(&format!("{before}{NAME}")))?;
    let start = taken + text[taken..].find(NAME)?;
    let span = Span { file, start: start as u32, end: (start + NAME.len()) as u32 };
    Some(AppUser {
        name: Value::hole(NAME, 0, Knowledge::Symbolic),
        why: "the account that calls sudo".to_owned(),
        span: Some(span),
    })
}

/// Where a step works: around its program (`/opt/app/venv/bin/pip`), at the directory or file that an argument names,
/// or else in its working directory.
fn place_of(step: &Step) -> Value {
    let argv = &step.argv;
    let program = argv.program.value.resolve(&argv.cwd);
    let own = argv.program.value.key().contains('/');
    // An environment shows best who owns its packages, wherever the list of them is.
    let inner = ["/venv/bin/", "/.venv/bin/", "/env/bin/"].iter().find_map(|inner| program.key().find(inner));
    if let Some(end) = inner.filter(|_| own) {
        return Value::from_key(&program.key()[..end], &program);
    }
    let named = argv.args.iter().map(|arg| &arg.value).find(|value| {
        let key = value.key();
        let project = [".txt", ".toml", ".py"].iter().any(|ending| key.ends_with(ending));
        value.is_absolute() && key.contains('/') && project
    });
    if let Some(file) = named {
        return file.dirname();
    }
    let system = ["/usr", "/bin", "/snap", "/root", "/home"];
    if own && !system.iter().any(|s| program.is_under(&Value::literal(*s))) {
        let around = program.dirname();
        return if around.basename().as_literal() == Some("bin") { around.dirname() } else { around };
    }
    crate::tools::place::works_in(argv)
}

/// The first step of a script from `from` on that matches and gives the path to someone other than root: to an owner,
/// to a group that may write, or to everybody.
pub(crate) fn given_away<'s>(
    world: &Ground<'_, '_>,
    script: &'s Deployment<'_>,
    from: usize,
    path: &Value,
    passes: impl Fn(&Step) -> bool,
) -> Option<(usize, Given<'s>)> {
    world.givers(script)?.first(script, from, path, passes)
}

/// True if another script, which may run before this one, makes the account or the directory that a step makes. A
/// script that sets a server up runs first, so nothing was made before it.
pub(crate) fn is_made_elsewhere(world: &Ground<'_, '_>, script: &Deployment<'_>, step: &Step) -> bool {
    step.deed
        .effects
        .iter()
        .any(|effect| is_made(effect) && world.is_made_by_others(script, &effect.resource))
        && world.firsts(script).is_none_or(|firsts| firsts.sets_up.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::surroundings::{Given, Project};
    use crate::facts::world::World;
    use crate::model::{self, FollowNothing};
    use crate::source::{SourceFile, Sources};
    use bumpalo::Bump;

    /// Whether another script may have made what the first step of each script makes.
    fn made_elsewhere(texts: &[&str]) -> Vec<bool> {
        let (mut sources, arena) = (Sources::default(), Bump::new());
        let mut scripts = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let path = format!("deploy{number}.sh");
            let file = sources.add(SourceFile::new(path.clone(), (*text).into()).unwrap());
            scripts.push(model::build(
                &arena,
                file,
                arena.alloc_str(&path),
                arena.alloc_str(text),
                &mut FollowNothing,
            ));
        }
        let (project, given) = (Project::default(), Given::default());
        let world = World::new(&sources, &scripts, &project, &given);
        scripts.iter().map(|script| is_made_elsewhere(&world, script, &script.steps[0])).collect()
    }

    #[test]
    fn another_script_may_have_made_it_unless_this_one_sets_the_server_up() {
        let update = "useradd shop\nsystemctl restart shop\n";
        assert_eq!(made_elsewhere(&[update, "useradd shop\n"]), [true, true]);
        assert_eq!(made_elsewhere(&[update, "useradd web\n"]), [false, false]);
        assert_eq!(made_elsewhere(&[update, "useradd shop\napt-get install -y nginx\n"]), [true, false]);
        assert_eq!(
            made_elsewhere(&["mkdir /srv/a\n", "mkdir -p /srv/a\n", "touch /srv/a\n"]),
            [true, true, false]
        );
    }
}
