//! `permissions/secret-mode`: words the finding that everybody on the server can read a secret, and gives the `chmod` that
//! ends it.

use crate::facts::givers::mode_set_by;
use crate::facts::owners::{from, is_roots, reaches, runs_as};
use crate::facts::secret_files::{Exposure, SecretFile};
use crate::facts::users::{given_away, user_of};
use crate::facts::world::World;
use crate::finding::{Applicability, Confidence, Edit, Fix};
use crate::model::{Deployment, Step, StepId};
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Mode, Resource};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id) = (found.at.script, found.at.id);
    let files = world.secret_files(script);
    let of = |how: Exposure| files.and_then(|files| files.exposed_by(id, how).next());
    match (of(Exposure::New), of(Exposure::Opened)) {
        (Some(file), _) => new(world, found, file, draft),
        (None, Some(file)) => opened(world, found, file, draft),
        (None, None) => standing(world, found, draft),
    }
}

/// Words a file that is made with the usual mode.
fn new(world: &World<'_, '_>, found: &Found<'_, '_>, file: &SecretFile, draft: Draft) -> Draft {
    let step = found.at.step();
    let set = mode_set_by(step, &Resource::Path(file.path().clone()));
    let kept = match set {
        Some(Mode::Octal(bits)) => format!("`{}` gives it the mode {bits:04o}", step.argv.name),
        _ => "it keeps the usual mode 0644".to_owned(),
    };
    let message =
        format!("everybody on the server can read `{}`, which {}: {kept}", file.path(), holds(file));
    let operand = operand(world, file, step);
    let draft = about(world, found, file, draft.message(message));
    match reader(world, found.at.script, file) {
        Some(user) => for_reader(file, operand, &user, draft),
        None => {
            let mode = mode(found.at.script, file);
            let shown = operand.clone().unwrap_or_else(|| file.path().to_string());
            draft
                .help(format!("write `chmod {mode} {shown}` after it"))
                .fix(operand.and_then(|operand| chmod_behind(world, step, mode, &operand)))
        }
    }
}

/// Words a mode that lets everybody read the file.
fn opened(world: &World<'_, '_>, found: &Found<'_, '_>, file: &SecretFile, draft: Draft) -> Draft {
    let again = if file.was_closed_before(found.at.id) { " again" } else { "" };
    let (words, path) = (world.words(found.at.step().span), file.path());
    let message = format!(
        "`{words}` makes `{path}`, which {}, readable by everybody on the server{again}",
        holds(file)
    );
    let draft = about(world, found, file, draft.message(message));
    match reader(world, found.at.script, file) {
        Some(user) => for_reader(file, None, &user, draft),
        None => draft.help(format!("write `chmod {} {path}` after it", mode(found.at.script, file))),
    }
}

/// Words an environment file that stands in the tree that is opened.
fn standing(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id) = (found.at.script, found.at.id);
    let Some(opened) = world.settings_opened(script) else { return draft };
    let file = &opened.file;
    let words = world.words(found.at.step().span);
    draft
        .message(format!("`{words}` makes `{file}` readable by everybody on the server"))
        .at_most(Confidence::Medium)
        .at_most(world.confidence(script, id, Some(&opened.tree)))
        .help(format!("write `chmod 600 {file}` after it"))
}

fn about(world: &World<'_, '_>, found: &Found<'_, '_>, file: &SecretFile, draft: Draft) -> Draft {
    let script = found.at.script;
    let mut draft = draft.at_most(world.confidence(script, found.at.id, Some(file.path())));
    // Who reads the script knows what stands in it. But people may write their own secrets over it later.
    let is_in_script = |put: StepId| {
        let written = script.step(put).written.iter().find(|written| written.path == *file.path());
        written.is_some_and(|written| written.value.as_literal().is_some())
    };
    if file.secret().is_some_and(|(put, _)| is_in_script(put)) {
        draft = draft.at_most(Confidence::Medium);
    }
    match file.secret() {
        Some((put, _)) if put == found.at.id => draft,
        Some((put, _)) => draft.related(script.step(put).span, "this writes the secret"),
        None => draft,
    }
}

/// Why the file is secret.
fn holds(file: &SecretFile) -> String {
    match file.secret().and_then(|(_, name)| name) {
        None => "holds a secret".to_owned(),
        Some(name) if file.path().basename().is_shown_as(name) => "is a secret".to_owned(),
        Some(name) => format!("holds `{name}`"),
    }
}

fn for_reader(file: &SecretFile, operand: Option<String>, user: &Value, draft: Draft) -> Draft {
    let shown = operand.unwrap_or_else(|| file.path().to_string());
    draft.help(format!(
        "write `chown root:{user} {shown} && chmod 640 {shown}`, because `{user}` has to read it"
    ))
}

/// The app's user, if the file stays root's and the app reads it by itself: mode 600 would lock the app out.
fn reader(world: &World<'_, '_>, script: &Deployment<'_>, file: &SecretFile) -> Option<Value> {
    let app = user_of(world, file.path())?;
    let step = script.step(file.made());
    let shown = file.path().to_string();
    let by_systemd = world.units.iter().any(|u| u.unit.environment_files().iter().any(|f| f.path == shown));
    let theirs = runs_as(step, &app.name) || !is_roots(step) || by_systemd;
    let given = || given_away(world, script, file.made().0 as usize, file.path(), |_| true);
    (!theirs && given().is_none()).then_some(app.name)
}

/// The mode that closes the file. A group other than the owner's own (`chown deploy:www-data`) may go on reading it.
fn mode(script: &Deployment<'_>, file: &SecretFile) -> &'static str {
    let is_for_group = from(script, file.made()).any(|step| {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Own { user, group: Some(group), recursive }, Resource::Path(target)) => {
                reaches(target, *recursive, file.path()) && user.as_ref() != Some(group)
            }
            _ => false,
        })
    });
    if is_for_group { "640" } else { "600" }
}

/// The file as the command writes it.
fn operand(world: &World<'_, '_>, file: &SecretFile, step: &Step) -> Option<String> {
    let text = world.sources.text(file.operand()?);
    let name = file.path().basename().to_string();
    (text.trim_matches(['"', '\'']).ends_with(&name)
        && text.lines().count() == 1
        && step.place == Place::Here)
        .then(|| text.to_owned())
}

/// A line `chmod MODE FILE` after the command's own, if that is alone on it.
fn chmod_behind(world: &World<'_, '_>, step: &Step, mode: &str, operand: &str) -> Option<Fix> {
    let file = world.sources.file(step.span.file);
    let text = file.text();
    let range = file.line_range(world.sources.line(step.span));
    let line = text.get(range.clone())?.trim_end_matches('\n');
    let joined = ["&&", "||", ";", "$(", "("].iter().any(|sign| line.contains(sign));
    if joined || line.trim_end().ends_with(['\\', '|', '{']) || !step.wrappers.iter().all(|w| *w == "sudo") {
        return None;
    }
    let mut end = range.end;
    if let Some((_, heredoc)) = line.split_once("<<") {
        let word = heredoc.trim_start_matches('-').split_whitespace().next()?;
        let delimiter = word.trim_matches(['"', '\'']).trim_start_matches('\\');
        let mut found = None;
        let mut at = range.end;
        for body in text.get(range.end..)?.split_inclusive('\n') {
            at += body.len();
            if body.trim() == delimiter {
                found = Some(at);
                break;
            }
        }
        end = found?;
    }
    let ends_line = text.get(..end)?.ends_with('\n');
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let sudo = if step.wrappers.contains(&"sudo") { "sudo " } else { "" };
    let command = format!("{indent}{sudo}chmod {mode} {operand}\n");
    let at = end as u32;
    Some(Fix {
        title: "Lock the others out".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit {
            span: Span { start: at, end: at, ..step.span },
            text: if ends_line { command } else { format!("\n{}", command.trim_end()) },
        }],
    })
}
