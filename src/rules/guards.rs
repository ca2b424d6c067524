//! Fixes of a command: the edit of an advice, or something before the command, which is a test for what the command
//! creates or a line of its own. Something is put before a command only if that is a statement by itself, so that
//! `TEST || COMMAND` runs what ran before.

use crate::facts::world::World;
use crate::finding::{Applicability, Edit, Fix};
use crate::model::{Deployment, Step, StepId};
use crate::source::Span;
use crate::tools::advice::{self, Piece};
use crate::tools::effect::{Change, Resource};
use crate::tools::prints;

/// The edit of an advice, if the command's words are in the script and do not come from a variable or a
/// function.
///
/// A test is put before a command that is alone. On the first run the test fails and the command runs as the
/// last of its list, so errexit and the exit status see what they saw before.
pub(super) fn fix(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    step: &Step,
    edit: &advice::Edit,
) -> Option<Fix> {
    let (title, is_safe, edit) = match edit {
        advice::Edit::Behind(words) => {
            let place = Span { start: words.place.end, ..words.place };
            (words.title.clone(), words.is_safe, word_edit(context, step, words, place)?)
        }
        advice::Edit::Instead(words) => {
            (words.title.clone(), words.is_safe, word_edit(context, step, words, words.place)?)
        }
        advice::Edit::TestFirst(pieces) => {
            let (whole, before) = statement(context, script, step, false)?;
            let text = format!("{} || ", test(context, step, pieces, &before)?);
            let edit = Edit { span: Span { end: whole.start, ..whole }, text };
            ("test for it first".to_owned(), true, edit)
        }
    };
    let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
    Some(Fix { title, applicability, edits: vec![edit] })
}

/// An edit beside a word, if that word is written there.
fn word_edit(context: &World<'_, '_>, step: &Step, words: &advice::Words, span: Span) -> Option<Edit> {
    let source = context.sources.text(words.place);
    let written = source
        .strip_suffix(words.written.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    (written && step.span.covers(words.place)).then(|| Edit { span, text: words.text.clone() })
}

fn test(context: &World<'_, '_>, step: &Step, pieces: &[Piece], before: &str) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Wrappers => text.push_str(before),
            Piece::Word(place) => text.push_str(&operand(context, step, *place)?),
            Piece::Name(place) => {
                let source = operand(context, step, *place)?;
                if source.starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                text.push_str(&source);
            }
            Piece::Known(place, known) => {
                let source = operand(context, step, *place)?;
                if source.trim_matches('"') != known {
                    return None;
                }
                text.push_str(known);
            }
        }
    }
    Some(text)
}

/// `grep -qxF LINE FILE ||` before `echo LINE >> FILE` and `echo LINE | tee -a FILE`, for one whole line
/// whose text is known, if the script appends nothing else to the file. Each line of a block might be there
/// on its own.
pub(super) fn line_fix(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Option<Fix> {
    let step = script.step(id);
    let effect = step.deed.effects.get(script.second_run(id).effect?)?;
    let Resource::Line { file, text } = &effect.resource else { return None };
    let line = text.as_literal()?.strip_suffix('\n')?;
    let plain = |c: char| !c.is_control() && !matches!(c, '\'' | '\\' | '!');
    // A bracket or a single word may have another meaning there.
    let telling = line.chars().filter(|c| c.is_alphanumeric()).count() >= 6 && line.contains(['=', ' ', ':']);
    let appends = |other: &Step| {
        let same = |r: &Resource| matches!(r, Resource::Line { file: f, .. } if f == file);
        other.deed.effects.iter().any(|e| e.change == Change::Append && same(&e.resource))
    };
    let alone = script.iter().all(|(other, s)| other == id || !appends(s));
    if !line.chars().all(plain) || line.starts_with(['[', ' ', '#']) || !telling || !alone || step.in_loop {
        return None;
    }
    let piped = prints::is_tee(&step.argv);
    if !piped && (!prints::is_echo(&step.argv) || !step.wrappers.is_empty()) {
        return None;
    }
    let (whole, _) = statement(context, script, step, piped)?;
    let start = Span { end: whole.start, ..whole };
    // The words as written: `echo LINE >> FILE`.
    let statement = context.sources.text(Span { end: end_of_line(context, start), ..start });
    // A variable may hold another text in another call of the function.
    if !statement.contains(line) {
        return None;
    }
    let target = match piped {
        true => operand(context, step, step.argv.args.last()?.span)?,
        false => {
            let (echo, target) = statement.rsplit_once(">>")?;
            if echo.contains(['|', ';', '&', '>', '<', '`']) || echo.contains("$(") {
                return None;
            }
            words(target.trim())?
        }
    };
    if piped && (!statement.starts_with("echo ") || statement.matches('|').count() != 1) {
        return None;
    }
    let sudo = if step.wrappers.contains(&"sudo") { "sudo " } else { "" };
    Some(Fix {
        title: "append it only if it is missing".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { span: start, text: format!("{sudo}grep -qxF '{line}' {target} 2>/dev/null || ") }],
    })
}

/// A command on a line of its own before a step, with the step's `sudo`.
pub(super) fn line_before(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    step: &Step,
    command: &str,
) -> Option<Fix> {
    let (whole, before) = statement(context, script, step, false)?;
    let start = Span { end: whole.start, ..whole };
    let file = context.sources.file(start.file);
    let line = file.line_range(file.line(start.start));
    let indent = file.text().get(line.start..start.start as usize)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_.@:/".contains(c);
    (indent.chars().all(|c| c == ' ' || c == '\t') && command.chars().all(plain)).then(|| Fix {
        title: format!("run `{command}` before it"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span: start, text: format!("{before}{command}\n{indent}") }],
    })
}

/// The statement that the step forms, and what precedes the program's name in it: nothing, or `sudo` with its
/// options. `None` if it is part of another statement, or if its words are elsewhere (`"$@"` in a function).
fn statement(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    step: &Step,
    piped: bool,
) -> Option<(Span, String)> {
    let origin = step.origin?;
    let text = script.texts.get(origin.tree as usize)?;
    let statement = text.tree.command_at(origin.start..origin.end)?.statement_alone(piped)?;
    let place = text.map.range(statement.start()..statement.end());
    let whole = Span { file: text.file, start: place.start, end: place.end };
    let program = step.argv.program.span;
    let own = program.file == text.file && place.start <= program.start && program.end <= place.end;
    let named = context.sources.text(program) == step.argv.name;
    if !own || !named {
        return None;
    }
    let before = context.sources.text(Span { end: program.start, ..whole });
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_.=".contains(c);
    let sudo = before.is_empty() || before.starts_with("sudo ") && before.chars().all(plain);
    (sudo || piped).then(|| (whole, before.to_owned()))
}

/// An argument in a form that can be written again: as it is, or quoted if it is a single variable.
fn operand(context: &World<'_, '_>, step: &Step, place: Span) -> Option<String> {
    step.span.covers(place).then(|| words(context.sources.text(place)))?
}

/// The words of a text that mean the same when they are written a second time.
fn words(text: &str) -> Option<String> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let bare = |c: char| name(c) || "./@:+-~%".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(bare) {
        return Some(text.to_owned());
    }
    if text.len() == 2 && text.starts_with('-') && text.ends_with(name) {
        return Some(text.to_owned());
    }
    let variable =
        text.strip_prefix('$').map(|v| v.strip_prefix('{').and_then(|v| v.strip_suffix('}')).unwrap_or(v));
    if variable.is_some_and(|v| !v.is_empty() && v.chars().all(name)) {
        return Some(format!("\"{text}\""));
    }
    let inside = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'))?;
    let simple = |c: char| bare(c) || matches!(c, '$' | '{' | '}');
    (!inside.is_empty() && inside.chars().all(simple) && !inside.contains("$@")).then(|| text.to_owned())
}

fn end_of_line(context: &World<'_, '_>, at: Span) -> u32 {
    let file = context.sources.file(at.file);
    file.line_range(file.line(at.start)).end as u32
}
