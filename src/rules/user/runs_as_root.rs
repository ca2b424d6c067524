//! `user/runs-as-root`: how it is worded that root runs what the app's account should run.

use crate::facts::access::{Holdings, Who};
use crate::facts::owners::{before, is_roots, reaches, runs_as};
use crate::facts::packages::environment;
use crate::facts::users::{given_away, works_for};
use crate::facts::world::{AppUser, World};
use crate::finding::{Applicability, Confidence, Edit, Fix, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;
use crate::tools::effect::{Change, Ecosystem, Effect, Resource, Role};
use crate::tools::packages::runs_install_code;
use crate::tools::place::works_in;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let (Some(work), Some((tree, app))) = (work_of(step), works_for(context, step)) else { return draft };
    let tree = &tree;
    // A command from a variable (`eval "$step"`) is shown by its words, not by their place.
    let literally = context.sources.text(step.span).contains(&*step.argv.name);
    let words = if literally { context.words(step.span) } else { step.argv.to_string() };
    let name = &app.name;
    let after = given_away(context, script, id.0 as usize + 1, tree, |s| s.entry == step.entry);
    let after = after.map(|(_, given)| given);
    let message = format!(
        "`{words}` runs as root in the tree of `{name}`, so {}",
        match after {
            Some(_) => work.danger(),
            None => work.consequence(),
        }
    );
    let mut draft = draft.message(message).at_most(sure(&app));
    if let Some((later, _)) = after {
        draft = draft.severity(Severity::Info).related(
            later.span,
            format!("this gives the files to `{name}`, but by then the code has run as root"),
        );
    }
    if after.is_some() && work == Work::Cache {
        // The app gets its caches, and the code that root runs here is told where it comes in.
        draft = draft.at_most(Confidence::Low);
    }
    if after.is_none() && work == Work::Dependencies && !runs_install_code(&step.argv) {
        draft = draft
            .message(format!(
                "`{words}` runs as root in the tree of `{name}`, so the packages belong to root"
            ))
            .severity(Severity::Info);
    }
    if after.is_none() && work == Work::Dependencies && is_roots_own(script, id, tree) {
        // The app only reads an environment, so it may belong to root. What is left to report is the foreign code that
        // root runs.
        draft = draft.severity(Severity::Info);
    }
    if let Some(span) = app.span {
        draft = draft.related(span, format!("the app runs as `{name}`: {}", app.why));
    }
    let program = step.argv.program.span;
    let bare = match literally && step.span.covers(program) {
        true => context.words(Span { start: program.start, ..step.span }),
        false => words.clone(),
    };
    // A command that is cut is no advice.
    let run = if bare.ends_with('…') {
        format!("`sudo -u {name} …`")
    } else {
        format!("`sudo -u {name} {bare}`")
    };
    let roots = kept_by_root(script, id, name);
    let ready = roots.is_none() && is_of(script, id, tree, name);
    let help = match roots.as_ref().filter(|kept| kept.is_under(tree)).unwrap_or(tree) {
        _ if ready => format!("run it as its account: {run}"),
        kept if kept.is_stable() && kept.to_string().len() <= 60 => {
            format!("give `{kept}` to `{name}` first (`chown -R {name}: {kept}`), then {run}")
        }
        _ => format!("give the tree to `{name}` first (`chown -R`), then {run}"),
    };
    draft.help(help).fix(fix(step, name).filter(|_| ready))
}

/// The confidence is high if a unit or the configuration names the app's user explicitly.
fn sure(app: &AppUser) -> Confidence {
    let said = app.why.starts_with("`User=`") || app.why.starts_with("the configuration");
    if said && app.name.knowledge() == Knowledge::Literal { Confidence::High } else { Confidence::Medium }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Dependencies,
    Build,
    StaticFiles,
    Cache,
    Migrate,
}

impl Work {
    /// What is wrong even if the files change hands later.
    fn danger(self) -> &'static str {
        match self {
            Work::Dependencies => "the packages' install code runs as root",
            Work::Build => "the build tools and their plugins run as root",
            Work::StaticFiles | Work::Cache | Work::Migrate => "the app's code runs as root",
        }
    }

    /// What is wrong if the files stay root's.
    fn consequence(self) -> &'static str {
        match self {
            Work::Dependencies => "the packages' install code runs as root, and the files belong to root",
            Work::Build => "the build tools run as root, and the files belong to root",
            Work::StaticFiles => "the files that it collects belong to root",
            Work::Cache => "the caches belong to root, and the app can't renew them",
            Work::Migrate => "the app's caches, logs or SQLite file belong to root",
        }
    }
}

fn work_of(step: &Step) -> Option<Work> {
    step.deed.roles.iter().find_map(|role| match role {
        Role::Dependencies(_) => Some(Work::Dependencies),
        Role::Build(_) => Some(Work::Build),
        Role::StaticFiles => Some(Work::StaticFiles),
        Role::Cache => Some(Work::Cache),
        Role::Migrate => Some(Work::Migrate),
        _ => None,
    })
}

/// True for an environment that root created in this script, and that nobody is given any part of.
fn is_roots_own(script: &Deployment<'_>, id: StepId, tree: &Value) -> bool {
    let step = script.step(id);
    let is_python = step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python));
    let own = is_python.then(|| environment(step)).flatten();
    let tree = own.as_ref().unwrap_or(tree);
    let made = before(script, id).any(|step| {
        let makes = |e: &Effect| {
            matches!((&e.change, &e.resource), (Change::Create(_), Resource::Path(path)) if path.is_under(tree))
        };
        is_roots(step) && step.deed.roles.contains(&Role::VirtualEnv) && step.deed.effects.iter().any(makes)
    });
    let given = script.steps.iter().any(|step| {
        step.deed.effects.iter().any(|e| {
            let (Change::Own { user, group, .. }, Resource::Path(path)) = (&e.change, &e.resource) else {
                return false;
            };
            // A group may only read, unless a mode lets it write.
            let stays_roots = user.as_ref().or(group.as_ref()).and_then(Value::as_literal) == Some("root");
            !stays_roots && (path.is_under(tree) || tree.is_under(path))
        })
    });
    made && !given
}

/// The nearest directory around what the step works on, if it is root's before the step: an environment that root made in the
/// account's home.
fn kept_by_root(script: &Deployment<'_>, id: StepId, name: &Value) -> Option<Value> {
    let step = script.step(id);
    let target = environment(step).unwrap_or_else(|| works_in(&step.argv));
    let holdings = Holdings::before(script, id);
    let mut above = std::iter::successors(Some(target), |path| Some(path.dirname())).take(16);
    let nearest = above.find_map(|path| holdings.get(&path).copied())?;
    match nearest.owner {
        Who::Named(owner) if owner.looks_like(name) => None,
        Who::Unknown => None,
        Who::Root | Who::Named(_) => Some(nearest.path.clone()),
    }
}

/// True if the tree belongs to the user before the step: it was given, or the user created it.
fn is_of(script: &Deployment<'_>, id: StepId, tree: &Value, name: &Value) -> bool {
    before(script, id).any(|step| {
        step.deed.effects.iter().any(|effect| {
            let Resource::Path(path) = &effect.resource else { return false };
            match &effect.change {
                Change::Own { user: Some(user), recursive, .. } => {
                    user == name && reaches(path, *recursive, tree)
                }
                Change::Create(_) => runs_as(step, name) && tree.is_under(path),
                _ => false,
            }
        })
    })
}

/// Puts `sudo -u NAME ` in front, if the command still finds its program and its settings: sudo(8) gives it another PATH
/// than an activated environment has.
fn fix(step: &Step, name: &Value) -> Option<Fix> {
    let name = name.as_literal()?;
    step.argv.program.value.as_literal()?;
    let plain = step.wrappers.is_empty()
        && crate::tools::place::is_found_by_sudo(&step.argv)
        && step.argv.stdout.is_none();
    let start = Span { end: step.span.start, ..step.span };
    plain.then(|| Fix {
        title: format!("Run it as {name}"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span: start, text: format!("sudo -u {name} ") }],
    })
}
