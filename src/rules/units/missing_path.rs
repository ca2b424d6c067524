//! `units/missing-path`: a virtual environment, a program, a working directory or a file of variables that the scripts
//! create elsewhere, or not at all.
//!
//! Facts: systemd.exec(5): without its `WorkingDirectory=` a service fails (200/CHDIR), and without its
//! `EnvironmentFile=` it is not started at all; with a leading `-` either may be missing.

use crate::facts::made::Made;
use crate::facts::owners::lies_under;
use crate::facts::world::World;
use crate::facts::writes_said::names_place;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::model::condition::Cond;
use crate::model::{Guard, Step};
use crate::project::unit::UnitKind;
use crate::rules::draft::Draft;
use crate::rules::id;
use crate::rules::units::{Judged, base, judged};
use crate::shell::value::has_hole;
use crate::shell::wrappers::Place;
use crate::tools::effect::Prints;
use crate::tools::effect::{Ecosystem, Role};
use crate::tools::packaging::manages_environments;
use crate::tools::place::is_on_every_server;
use crate::tools::python::is_environment;

const RULE: RuleId = id::UNITS_MISSING_PATH;

/// `units/missing-path`.
pub(super) fn missing_path(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    for unit in judged(world) {
        judge_unit(&unit, found);
    }
}

fn judge_unit(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    if unit.read.kind != UnitKind::Service || unit.script.is_none() {
        return;
    }
    let made = unit.context.made();
    let drafts = [
        environment(unit, made),
        program(unit, made),
        directory(unit, made),
        variables(unit, made),
        data(unit, made),
    ];
    let mut drafts = drafts.into_iter().flatten().peekable();
    // A called file that cannot be read may create anything.
    if drafts.peek().is_none() || unit.context.deploy().may_do_anything() {
        return;
    }
    found.extend(drafts.map(Draft::done));
}

/// True if a text contains the path, and not only a longer name: `/usr/local/bin/shop.new`.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let after = &text[at + path.len()..];
        !after.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !after
                .strip_prefix(['.', '-', '_'])
                .is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
    })
}

/// True if a step other than those that write units mentions the path, or something in it.
fn is_spoken_of(context: &World<'_, '_>, path: &str) -> bool {
    let name = base(path);
    let speaks = |step: &Step| {
        let words = std::iter::once(&step.argv.program).chain(&step.argv.args);
        let says = words.map(|w| w.value.to_string()).any(|text| names(&text, path));
        // The word `venv` in `python3 -m venv env` is not a path.
        let makes = step.deed.roles.contains(&Role::VirtualEnv);
        let relative = !makes
            && step.argv.args.iter().any(|a| {
                let resolved = step.argv.path(a).to_string();
                resolved == path || lies_under(&resolved, path)
            });
        let is_account = step.deed.roles.contains(&Role::Account);
        !is_account && (says || relative)
            || lies_under(&step.argv.cwd.to_string(), path)
            || step.written.iter().any(|w| {
                // `activate` in a script that is written, but never the units themselves.
                !w.path.key().ends_with(".service") && w.content.text.contains(path)
            })
    };
    let asked = |context: &World<'_, '_>| {
        context.scripts().iter().any(|script| {
            script.guards.iter().filter(|guard| guard.end.0 > 0 && !asks_for_absence(guard, path)).any(
                |guard| {
                    guard.cond.facts().iter().any(|fact| {
                        let text = fact.resource.name().to_string();
                        text == path || base(&text) == name && name.starts_with('.')
                    })
                },
            )
        })
    };
    context.steps().any(|(_, _, step)| speaks(step)) || asked(context) || is_called_for(context, path)
}

/// True if a script that is called names the path. What the units run does not count, and neither does a comment.
fn is_called_for(context: &World<'_, '_>, path: &str) -> bool {
    let is_of_unit = |line: &str| {
        let keys = ["ExecStartPre", "ExecStart", "ExecStartPost"];
        let execs = context.units.iter().flat_map(|at| keys.iter().flat_map(|key| at.unit.exec(key)));
        execs.into_iter().any(|exec| exec.line() == line)
    };
    context
        .deploy()
        .calls_to(|line| names(line, path) && !line.trim_start().starts_with('#') && !is_of_unit(line))
}

/// True if the guard holds where the file is missing: what is behind it should make the file, and if nothing there does,
/// nobody does.
fn asks_for_absence(guard: &Guard, path: &str) -> bool {
    let with = |there: bool| {
        guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) => (fact.resource.name().to_string() == path).then_some(there),
            _ => None,
        })
    };
    with(true) == Some(!guard.holds)
}

/// True for a path that is known well enough to be compared.
fn is_known(path: &str) -> bool {
    path.starts_with('/') && !has_hole(path) && !path.contains(['$', '%', '`', '*', '{', '<'])
}

/// Compares the environment of `ExecStart=` with those that are created.
fn environment(unit: &Judged<'_, '_, '_>, made: &[Made]) -> Option<Draft> {
    let exec = unit.at.unit.exec_start().into_iter().last()?;
    let (root, _) = exec.program.rsplit_once("/bin/")?;
    if !is_environment(base(root)) || root.contains("$(") {
        return None;
    }
    let context = unit.context;
    let environments: Vec<&Made> = made.iter().filter(|m| m.environment).collect();
    let parent = root.rsplit_once('/')?.0;
    // An environment beside it is the one that was meant.
    let near = environments.iter().find(|m| {
        let other = m.path.rsplit_once('/').map_or("", |(dir, _)| dir);
        m.path != root && (other == parent || lies_under(other, parent) || lies_under(parent, other))
    })?;
    let unknown = environments.iter().any(|m| !m.path.starts_with(['/', '$']) || m.path.contains("$("));
    let others = context.steps().any(|(_, _, s)| manages_environments(&s.argv));
    let is_made = made.iter().any(|m| m.path == root || lies_under(&m.path, root));
    if unknown || others || is_made || is_spoken_of(context, root) {
        return None;
    }
    let message = format!("nothing creates {root}; the environment is created at {}", near.path);
    let sure = if environments.len() == 1 && is_known(root) { Confidence::High } else { Confidence::Medium };
    let help = format!("write `{}{}`", near.path, &exec.program[root.len()..]);
    let draft = unit.finding(RULE, exec.span, message).at_most(sure).help(help);
    Some(draft.related(near.span, "this creates the environment"))
}

/// Finds a `WorkingDirectory=` if the scripts create another directory.
fn directory(unit: &Judged<'_, '_, '_>, made: &[Made]) -> Option<Draft> {
    let directive = unit.at.unit.working_directory()?;
    let path = directive.value.trim_end_matches('/');
    if !is_known(path) || path.starts_with('-') {
        return None;
    }
    let places = ["/opt/", "/srv/", "/var/www/", "/var/lib/", "/usr/local/"];
    let place = places.iter().find(|place| path.starts_with(*place))?;
    let of_unit = unit.at.unit.made_directories(&unit.at.name).iter().any(|made| lies_under(made, path));
    let context = unit.context;
    // A script that sets up the app creates something else of this kind, and completely.
    let other = made.iter().find(|m| m.tree && m.path.starts_with(place) && !m.environment);
    if other.is_none() && !(is_named_after(unit, path) && prepares(unit)) {
        return None;
    }
    let exists = made.iter().any(|m| lies_under(&m.path, path) || m.tree && lies_under(path, &m.path));
    // What lies in the repo, or where the script is called, is known well enough.
    let is_known_place = |path: &str| ["$PWD/", "$REPO/"].iter().any(|place| path.starts_with(place));
    let is_unknown = |path: &str| path.starts_with('$') && !is_known_place(path);
    let unknown = made.iter().any(|m| m.tree && is_unknown(&m.path));
    if of_unit || exists || unknown || is_spoken_of(context, path) {
        return None;
    }
    let message = format!("nothing creates {path}, so the service fails before it starts (200/CHDIR)");
    let draft = unit.finding(RULE, directive.span, message).at_most(Confidence::Medium);
    let draft = draft.help("create the directory, or name the one that the app is in");
    Some(match other {
        Some(other) => draft.related(other.span, format!("makes {}", other.path)),
        None => draft,
    })
}

/// True if the path's last name is the unit's own or that of its account, so that no package brings it.
fn is_named_after(unit: &Judged<'_, '_, '_>, path: &str) -> bool {
    let name = base(path);
    let account = unit.at.unit.get("Service", "User").map(|directive| directive.value.as_str());
    let first = unit.at.name.split(['.', '-', '_', '@']).next();
    name.len() > 2 && (account == Some(name) || first == Some(name))
}

/// True if the unit's script prepares a machine that has nothing of the app yet.
fn prepares(unit: &Judged<'_, '_, '_>) -> bool {
    let fresh =
        |role: &Role| matches!(role, Role::SystemPackages | Role::Account | Role::Clone | Role::VirtualEnv);
    !unit.context.given.is_set_up
        && unit.script.is_some_and(|(script, _)| {
            script.steps.iter().any(|step| step.place == Place::Here && step.deed.roles.iter().any(fresh))
        })
}

/// Finds a compiled program of the app that the scripts build and that nothing puts where `ExecStart=` looks for it.
fn program(unit: &Judged<'_, '_, '_>, made: &[Made]) -> Option<Draft> {
    let exec = unit.at.unit.exec_start().into_iter().last()?;
    let path = exec.program.as_str();
    let (directory, _) = path.rsplit_once('/')?;
    let is_place = matches!(directory, "/usr/local/bin" | "/usr/local/sbin") || path.starts_with("/opt/");
    if !is_known(path) || !is_place || !is_named_after(unit, path) || !prepares(unit) {
        return None;
    }
    let context = unit.context;
    let compiles = |role: &Role| matches!(role, Role::Build(Ecosystem::Go | Ecosystem::Rust));
    let installs = |role: &Role| matches!(role, Role::GlobalTool(_) | Role::Dependencies(_) | Role::Unpack);
    let built = context.steps().find(|(.., step)| step.deed.roles.iter().any(compiles))?.2;
    let exists = made.iter().any(|m| lies_under(&m.path, path) || m.tree && lies_under(path, &m.path));
    let otherwise = context.steps().any(|(.., step)| step.deed.roles.iter().any(installs));
    if exists || otherwise || is_spoken_of(context, path) {
        return None;
    }
    let message = format!("nothing puts the program at {path}, so the service fails (203/EXEC)");
    let draft = unit.finding(RULE, exec.span, message).at_most(Confidence::Medium);
    let draft = draft.help(format!("install it: `install -m 755 PROGRAM {path}`"));
    Some(draft.related(built.span, "it is built here"))
}

/// Finds a directory in which the service writes, by a variable or by `ReadWritePaths=`, and that nothing makes where only
/// root could make it. systemd.exec(5): without a path of `ReadWritePaths=` a service fails (226/NAMESPACE).
fn data(unit: &Judged<'_, '_, '_>, made: &[Made]) -> Option<Draft> {
    let service = &unit.at.unit;
    let user = service.user().filter(|user| user.value != "root")?;
    let variables = service.environment().into_iter().filter(|(name, ..)| names_place(name));
    let variables = variables.map(|(name, value, span)| (value, span, name));
    let listed = service.all("Service", "ReadWritePaths").into_iter().flat_map(|line| {
        let paths = line.value.split_whitespace().map(str::to_owned);
        paths.map(|path| (path, line.span, "ReadWritePaths=".to_owned()))
    });
    let made_by_systemd = service.made_directories(&unit.at.name);
    let (path, span, by) = variables.chain(listed).find(|(path, ..)| {
        let path = path.trim_end_matches('/');
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let exists = made.iter().any(|m| lies_under(&m.path, path) || m.tree && lies_under(path, &m.path));
        is_known(path)
            && is_on_every_server(parent)
            && !base(path).contains('.')
            && is_named_after(unit, path)
            && !exists
            && !made_by_systemd.iter().any(|own| lies_under(own, path))
    })?;
    if !prepares(unit) || is_spoken_of(unit.context, &path) {
        return None;
    }
    let (parent, account) = (path.rsplit_once('/')?.0, &user.value);
    let message = format!("nothing creates {path} (`{by}`), and `{account}` can't make it in {parent}");
    let draft = unit.finding(RULE, span, message).at_most(Confidence::Medium);
    Some(draft.help(format!("make it first: `install -d -o {account} -g {account} {path}`")))
}

/// Finds an `EnvironmentFile=` that nothing writes.
fn variables(unit: &Judged<'_, '_, '_>, made: &[Made]) -> Option<Draft> {
    let context = unit.context;
    let (script, _) = unit.script?;
    let file = unit.at.unit.environment_files().into_iter().find(|file| {
        let path = file.path.as_str();
        // `venv/bin/activate` comes with the environment.
        let written = made.iter().any(|m| m.path == path || m.environment && lies_under(path, &m.path));
        // A tree that is copied or cloned as a whole may contain it: the repo does, or somebody's copy.
        let brought = made.iter().any(|m| m.tree && m.path != "/" && lies_under(path, &m.path));
        let in_repo = context.project.inventory.dotenv.iter().any(|f| base(f) == base(path));
        !file.optional
            && is_known(path)
            && !path.starts_with("/etc/default/")
            && !path.starts_with("/etc/sysconfig/")
            && !written
            && (!brought || !in_repo)
            && !is_spoken_of(context, path)
    })?;
    // A script that comes after the one that set up the app finds the file there.
    let parent = file.path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let makes_parent = made.iter().any(|m| m.path != "/" && lies_under(parent, &m.path));
    let brings = script.steps.iter().any(|s| {
        s.deed.roles.contains(&Role::Account)
            || s.deed.roles.contains(&Role::Source) && s.place == Place::Here
    });
    let sets_up = makes_parent || brings && lies_under(parent, "/etc");
    if !sets_up {
        return None;
    }
    let told = script.steps.iter().any(|s| {
        matches!(s.deed.prints, Prints::Words | Prints::Same)
            && s.argv.args.iter().any(|a| a.value.to_string().contains(base(&file.path)))
    });
    let sure = if brings && !told { Confidence::Medium } else { Confidence::Low };
    let message = format!("nothing writes {}, and systemd does not start the service without it", file.path);
    let draft = unit.finding(RULE, file.span, message).at_most(sure);
    Some(draft.help(format!(
        "write it before the service is started, or write `EnvironmentFile=-{}` if it may be missing",
        file.path
    )))
}
