//! `permissions/no-owner`: root creates something that the app has to write to, and nothing gives it to the
//! app's user.

use crate::facts::owners::{OF_THE_SYSTEM, before, from, is_roots, lies_under, reaches, runs_as};
use crate::facts::secrets::is_env_file;
use crate::facts::users::{given_away, user_of};
use crate::facts::world::{AppUser, World};
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix, Severity};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::rules::permissions::needs::{Need, need};
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::{Change, Content, Ecosystem, Effect, How, PathKind, Resource, Role};
use crate::tools::files::plain_mkdir;
use std::collections::{HashMap, HashSet};

/// `permissions/no-owner`.
pub(in crate::rules) fn no_owner(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    // Then there is nobody to give it to.
    if context.app_user.is_none() && context.units.is_empty() {
        return;
    }
    for &script in context.scripts() {
        let mut told: HashSet<&str> = HashSet::new();
        let mut told_at: HashSet<Span> = HashSet::new();
        let mut above = Above::default();
        for (id, step) in script.iter().filter(|(_, step)| is_roots(step)) {
            let mut here: Vec<Orphan<'_>> = Vec::new();
            for (path, kind) in made(script, id) {
                let known =
                    told_at.contains(&step.span) || ancestors(path.key()).any(|above| told.contains(above));
                if known || here.iter().any(|o| path.is_under(o.path)) {
                    continue;
                }
                here.extend(Orphan::of(context, script, &mut above, id, path, kind));
            }
            if let Some(first) = here.first() {
                told.extend(here.iter().map(|o| o.path.key().trim_end_matches('/')));
                told_at.insert(step.span);
                found.push(first.judge(context, script, id, &here));
            }
        }
    }
}

/// The paths that a step of root creates and that are root's. What keeps the owner of its source is root's only if root has
/// made that before.
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

/// The step makes the path, or something in it.
fn puts(step: &Step, path: &Value) -> bool {
    step.deed.effects.iter().any(|e| {
        matches!((&e.change, &e.resource), (Change::Create(_) | Change::Write, Resource::Path(made)) if made.is_under(path))
    })
}

/// A path that root created, that the app's user needs, and that stays root's.
struct Orphan<'s> {
    path: &'s Value,
    app: AppUser,
    reason: Reason<'s>,
}

enum Reason<'s> {
    /// Something says that the app writes there.
    Needs(Need),
    /// A later command of the app's user writes there, and fails.
    Fails(&'s Step),
}

impl<'s> Orphan<'s> {
    fn of(
        context: &World<'_, '_>,
        script: &'s Deployment<'_>,
        above: &mut Above<'s>,
        id: StepId,
        path: &'s Value,
        kind: PathKind,
    ) -> Option<Self> {
        let system = OF_THE_SYSTEM.iter().any(|dir| lies_under(path.known_prefix(), dir));
        if system || !path.is_absolute() || path.is_glob() || above.holds(script, id, path) {
            return None;
        }
        let entry = script.step(id).entry;
        let given = given_away(context, script, id.0 as usize, path, |s| s.entry == entry);
        if let Some((failing, app)) = failing(context, script, id, path, kind) {
            return Some(Orphan { path, app, reason: Reason::Fails(failing) });
        }
        // Another script may be the one that sets the owners; it is not known whether it runs before or
        // after.
        let elsewhere = context.scripts().iter().any(|&other| {
            !std::ptr::eq(other, script) && given_away(context, other, 0, path, is_recursive).is_some()
        });
        if given.is_some() || elsewhere {
            return None;
        }
        let (app, need) = need(context, path, kind)
            .or_else(|| unreadable(context, script, id, path))
            .or_else(|| behind_its_time(context, script, id, path, kind))?;
        Some(Orphan { path, app, reason: Reason::Needs(need) })
    }

    fn judge(
        &self,
        context: &World<'_, '_>,
        script: &Deployment<'_>,
        id: StepId,
        all: &[Orphan<'_>],
    ) -> Finding {
        let step = script.step(id);
        let (path, name) = (self.path, &self.app.name);
        let more = match all.len() {
            1 => String::new(),
            more => format!(" (and {} more)", more - 1),
        };
        let earlier = context.givers(script);
        let earlier =
            earlier.and_then(|g| g.last_before(script, id.0 as usize, path, |s| gives(s, path, name)));
        let message = match &self.reason {
            Reason::Fails(failing) => format!(
                "`{path}`{more} belongs to root, so `{}` on {} fails as `{name}`: permission denied",
                context.words(failing.span),
                context.line(failing.span)
            ),
            Reason::Needs(need) => format!(
                "`{path}`{more} belongs to root and nothing gives it to `{name}` ({}) afterwards, so {}",
                self.app.why, need.says
            ),
        };
        let sure = match &self.reason {
            Reason::Fails(_) => Confidence::High,
            Reason::Needs(need) => need.sure,
        };
        let mut draft = context
            .finding(id::PERMISSIONS_NO_OWNER, step.span, message)
            .at_most(context.confidence(script, id, Some(path)))
            .at_most(sure);
        if let Some(span) = self.app.span {
            draft = draft.related(span, format!("the app runs as `{name}`"));
        }
        if let Reason::Fails(failing) = &self.reason {
            draft = draft
                .severity(Severity::Error)
                .related(failing.span, format!("this writes there as `{name}`"));
        }
        if let Some(earlier) = earlier {
            draft = draft.related(
                earlier.span,
                "this changes only what exists by then, so only a second deploy repairs the owner",
            );
        }
        if let Reason::Needs(Need { span: Some(span), .. }) = &self.reason {
            draft = draft.related(*span, "this says that the app writes there");
        }
        let paths: Vec<String> = all.iter().map(|o| o.path.to_string()).collect();
        let help = match plain_mkdir(&step.argv) {
            Some(_) if all.len() == 1 => {
                format!("write `install -d -o {name} -g {name} {path}`, or `chown {name}: {path}` after it")
            }
            _ => format!("write `chown -R {name}: {}` after it", paths.join(" ")),
        };
        draft.help(help).fix(fix(context, step, all)).done()
    }
}

/// A settings file that is closed to all but root, and that no unit has systemd read, so the app reads it by
/// itself.
fn unreadable(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
) -> Option<(AppUser, Need)> {
    let shown = path.to_string();
    let by_systemd = context.units.iter().any(|u| u.unit.environment_files().iter().any(|f| f.path == shown));
    let directory = path.dirname().to_string();
    let beside = context
        .units
        .iter()
        .any(|u| u.unit.user().is_some() && u.unit.working_directory().is_some_and(|d| d.value == directory));
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
    let app = user_of(context, path)?;
    let says =
        format!("the app can't read its settings, because `{}` locks it out", context.words(shut.span));
    Some((app, Need { says, sure: Confidence::Medium, span: None }))
}

/// An environment, a clone or a copied tree that root creates in a directory which was given to the app's
/// user earlier. The script means it to be the user's, but the `chown -R` came too early.
fn behind_its_time(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    path: &Value,
    kind: PathKind,
) -> Option<(AppUser, Need)> {
    let step = script.step(id);
    let copy = step.deed.puts().any(|(_, content)| content.how == How::Copied && content.tree);
    if kind != PathKind::Tree && !copy {
        return None;
    }
    let app = user_of(context, path)?;
    let passes = |s: &Step| s.entry == step.entry && gives(s, path, &app.name);
    let given = context.givers(script)?.last_before(script, id.0 as usize, path, passes)?;
    // What root then installs there is reported by itself.
    let told = from(script, id).skip(1).any(|s| {
        is_roots(s)
            && s.deed.roles.iter().any(|r| matches!(r, Role::Dependencies(_)))
            && (s.argv.program.value.is_under(path)
                || s.argv.cwd.is_under(path)
                || s.argv.env("VIRTUAL_ENV").is_some())
    });
    let says = format!(
        "the app can't write there: `{}` on {} ran before it existed",
        context.words(given.span),
        context.line(given.span)
    );
    (!told).then_some((app, Need { says, sure: Confidence::Medium, span: None }))
}

fn is_recursive(step: &Step) -> bool {
    step.deed.effects.iter().any(|e| matches!(e.change, Change::Own { recursive: true, .. }))
}

/// What the steps above one created and removed, kept up to date from one question to the next.
#[derive(Default)]
struct Above<'s> {
    /// Up to this step.
    upto: usize,
    /// How many effects were seen.
    seen: usize,
    /// The last effect that created a path, by the path and everything above it.
    made: HashMap<&'s str, usize>,
    /// The last effect that removed a path.
    removed: HashMap<&'s str, usize>,
}

impl<'s> Above<'s> {
    /// True if an earlier step already created the path: `mkdir -p` then changes nothing.
    fn holds(&mut self, script: &'s Deployment<'_>, id: StepId, path: &Value) -> bool {
        for step in &script.steps[self.upto.min(id.0 as usize)..id.0 as usize] {
            for effect in &step.deed.effects {
                self.seen += 1;
                match (&effect.change, &effect.resource) {
                    (Change::Create(_) | Change::Write, Resource::Path(made))
                    | (Change::Append, Resource::Line { file: made, .. }) => {
                        self.made.extend(ancestors(made.key()).map(|above| (above, self.seen)));
                    }
                    (Change::Remove, Resource::Path(gone)) => {
                        self.removed.insert(gone.key().trim_end_matches('/'), self.seen);
                    }
                    _ => {}
                }
            }
        }
        self.upto = self.upto.max(id.0 as usize);
        // `git clone` and `venv` fill what `mkdir` created, so they matter only if nothing was there.
        let made = self.made.get(path.key().trim_end_matches('/')).copied();
        let removed = ancestors(path.key()).filter_map(|above| self.removed.get(above).copied()).max();
        made > removed
    }
}

/// A path and everything that contains it.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once(path).chain(path.match_indices('/').map(|(at, _)| &path[..at]))
}

fn gives(step: &Step, path: &Value, name: &Value) -> bool {
    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Own { user: Some(user), recursive: true, .. }, Resource::Path(target)) => {
            user == name && reaches(target, true, path)
        }
        _ => false,
    })
}

/// A later step of the app's user that creates something directly in the path, before anybody gives it away.
fn failing<'s>(
    context: &World<'_, '_>,
    script: &'s Deployment<'_>,
    id: StepId,
    path: &Value,
    kind: PathKind,
) -> Option<(&'s Step, AppUser)> {
    if !matches!(kind, PathKind::Directory | PathKind::Tree) {
        return None;
    }
    let app = user_of(context, path)?;
    let (step, index) = (script.step(id), id.0 as usize);
    let givers = context.givers(script)?;
    let given = givers.first(script, index, path, |_| true).map_or(usize::MAX, |(at, _)| at);
    let gone = givers.removed_behind(index, path, |at| script.steps[at].entry == step.entry);
    let theirs = &givers.named[givers.named.partition_point(|at| *at <= index)..];
    let theirs = theirs.iter().copied().take_while(|at| *at <= given && gone.is_none_or(|gone| *at < gone));
    for (at, later) in theirs.map(|at| (at, &script.steps[at])) {
        if later.entry != step.entry || !runs_as(later, &app.name) || later.place != step.place {
            continue;
        }
        // What is in between belongs to root too, unless somebody else created or got it.
        let between = &script.steps[index..at];
        let into = |dir: &Value| {
            let inside = dir == path || kind == PathKind::Tree && dir.is_under(path);
            let other = || {
                between.iter().skip(1).any(|s| {
                    s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                        (Change::Create(_) | Change::Own { .. } | Change::Mode { .. }, Resource::Path(p)) => {
                            p != path && p.is_under(path) && dir.is_under(p)
                        }
                        _ => false,
                    })
                })
            };
            let got = || givers.first(script, index, dir, |_| true).is_some_and(|(got, _)| got < at);
            inside && !other() && !got()
        };
        let writes = later.deed.effects.iter().any(|e: &Effect| match (&e.change, &e.resource) {
            (Change::Create(_) | Change::Write, Resource::Path(p)) => into(&p.dirname()),
            _ => false,
        });
        let installs =
            later.deed.roles.contains(&Role::Dependencies(Ecosystem::Node)) && into(&later.argv.cwd);
        if writes || installs {
            return Some((later, app));
        }
    }
    None
}

/// `install -d -o NAME -g NAME` for a plain `mkdir [-p]` on a line of its own.
fn fix(context: &World<'_, '_>, step: &Step, all: &[Orphan<'_>]) -> Option<Fix> {
    let name = all.first()?.app.name.as_literal()?;
    let options = plain_mkdir(&step.argv)?;
    let operands = step.argv.args.len() - options;
    if options == 0 && operands > 1 || operands != all.len() || step.argv.stdout.is_some() {
        return None;
    }
    let program = step.argv.program.span;
    let end = step.argv.args[..options].last().map_or(program.end, |option| option.span.end);
    let span = Span { end, ..program };
    (context.sources.text(program) == step.argv.name).then(|| Fix {
        title: format!("Make it for {name}"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span, text: format!("install -d -o {name} -g {name}") }],
    })
}
