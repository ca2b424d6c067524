//! Fixes that put something before a command: a test for what it makes, or a line of its own. Only where the
//! command is a statement by itself, so that `TEST || COMMAND` runs what ran before.

use crate::facts::world::World;
use crate::finding::{Applicability, Edit, Fix};
use crate::model::{Deployment, Step, StepId};
use crate::shell::argv::Arg;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::{Change, Resource};

/// A test for what the command makes, before the command. On the first run the test fails and the command runs, by
/// itself the last of its list: errexit and the exit status see what they saw before.
///
/// Each test asks for what the command itself refuses: useradd(8) and groupadd(8) ask getpwnam(3) and getgrnam(3) as
/// id(1) and getent(1) do; git-remote(1) `get-url` and `docker network inspect` fail where there is none; createdb(1)
/// and createuser(1) are wrappers of SQL.
pub(super) fn fix(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Option<Fix> {
    let step = script.step(id);
    let effect = step.deed.effects.get(script.second_run(id).effect?)?;
    let (whole, before) = statement(context, script, step, false)?;
    let start = Span { end: whole.start, ..whole };
    let test = test(context, step, &effect.resource, &before)?;
    Some(Fix {
        title: "test for it first".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { span: start, text: format!("{test} || ") }],
    })
}

fn test(context: &World<'_, '_>, step: &Step, resource: &Resource, before: &str) -> Option<String> {
    let argv = &step.argv;
    let name = |value: &Value| {
        let arg = argv.args.iter().rfind(|arg| arg.value == *value)?;
        let source = operand(context, step, arg)?;
        // id(1) takes a number for a user's id.
        (!source.starts_with(|c: char| c.is_ascii_digit())).then_some(source)
    };
    match (argv.name.as_str(), resource) {
        ("useradd" | "adduser", Resource::User(user)) => {
            Some(format!("id -u {} >/dev/null 2>&1", name(user)?))
        }
        ("groupadd" | "addgroup", Resource::Group(group)) => {
            Some(format!("getent group {} >/dev/null", name(group)?))
        }
        (tool @ ("docker" | "podman" | "nerdctl"), Resource::Network(network)) => {
            let plain = argv.literal(0) == Some("network") && argv.literal(1) == Some("create");
            Some(format!(
                "{before}{tool} network inspect {} >/dev/null 2>&1",
                name(network).filter(|_| plain)?
            ))
        }
        ("git", Resource::Remote { name: remote, .. }) => {
            let verb = argv.args.iter().position(|arg| arg.value.as_literal() == Some("remote"))?;
            let words = argv.args[..=verb].iter().map(|arg| operand(context, step, arg));
            let words = words.collect::<Option<Vec<_>>>()?.join(" ");
            let added = argv.literal(verb + 1) == Some("add");
            let test =
                format!("{before}git {words} get-url {} >/dev/null 2>&1", name(remote).filter(|_| added)?);
            Some(test)
        }
        ("createdb", Resource::Database(value)) | ("createuser", Resource::Role(value)) => {
            let (table, column) = match resource {
                Resource::Role(_) => ("pg_roles", "rolname"),
                _ => ("pg_database", "datname"),
            };
            // Another server, or a name that SQL would read in another way.
            let options = argv.options("h|host: p|port: U|username: O|owner: E|encoding: T|template:");
            let here = !["h", "p", "U"].iter().any(|option| options.has(option));
            let literal = value.as_literal()?;
            let plain = literal.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            // A function's other call, or a loop's next turn, has another name.
            let written = name(value)?.trim_matches('"') == literal;
            (here && plain && written && argv.env("PGHOST").is_none()).then(|| {
                let query = format!("SELECT 1 FROM {table} WHERE {column} = '{literal}'");
                format!("{before}psql -d postgres -tAc \"{query}\" | grep -q 1")
            })
        }
        _ => None,
    }
}

/// `grep -qxF LINE FILE ||` before `echo LINE >> FILE` and `echo LINE | tee -a FILE`: for one whole line whose text is
/// known, and that is all that the script appends to the file. Of a block of lines each could be there for itself.
pub(super) fn line_fix(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Option<Fix> {
    let step = script.step(id);
    let effect = step.deed.effects.get(script.second_run(id).effect?)?;
    let Resource::Line { file, text } = &effect.resource else { return None };
    let line = text.as_literal()?.strip_suffix('\n')?;
    let plain = |c: char| !c.is_control() && !matches!(c, '\'' | '\\' | '!');
    // A bracket or a word alone may stand there for something else.
    let telling = line.chars().filter(|c| c.is_alphanumeric()).count() >= 6 && line.contains(['=', ' ', ':']);
    let appends = |other: &Step| {
        let same = |r: &Resource| matches!(r, Resource::Line { file: f, .. } if f == file);
        other.deed.effects.iter().any(|e| e.change == Change::Append && same(&e.resource))
    };
    let alone = script.iter().all(|(other, s)| other == id || !appends(s));
    if !line.chars().all(plain) || line.starts_with(['[', ' ', '#']) || !telling || !alone || step.in_loop {
        return None;
    }
    let piped = step.argv.name == "tee";
    if !piped && (step.argv.name != "echo" || !step.wrappers.is_empty()) {
        return None;
    }
    let (whole, _) = statement(context, script, step, piped)?;
    let start = Span { end: whole.start, ..whole };
    // The words as they stand: `echo LINE >> FILE`.
    let statement = context.sources.text(Span { end: end_of_line(context, start), ..start });
    // What a variable holds may be another text in a function's other call.
    if !statement.contains(line) {
        return None;
    }
    let target = match piped {
        true => operand(context, step, step.argv.args.last()?)?,
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
        title: "append it only where it is missing".to_owned(),
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

/// `restart` for `start`.
pub(super) fn restart(context: &World<'_, '_>, step: &Step) -> Option<Fix> {
    let verb = step.argv.args.iter().find(|arg| arg.value.as_literal() == Some("start"))?;
    let written = context.sources.text(verb.span) == "start" && step.span.covers(verb.span);
    (step.argv.name == "systemctl" && written).then(|| Fix {
        title: "restart it".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span: verb.span, text: "restart".to_owned() }],
    })
}

/// `-f` and `-n` beside the `-s` of ln(1). Where the link is not there, both change nothing.
pub(super) fn link_flags(context: &World<'_, '_>, step: &Step) -> Option<Fix> {
    let argv = &step.argv;
    let long = argv.has_word("--symbolic");
    let bundle = argv.args.iter().find(|arg| {
        let text = arg.value.as_literal().unwrap_or_default();
        let short =
            text.len() > 1 && text.starts_with('-') && text[1..].bytes().all(|b| b"sfnrv".contains(&b));
        short && text.contains('s') && context.sources.text(arg.span) == text
    });
    let (span, text) = match bundle {
        Some(arg) => {
            let has =
                |letter| argv.options("s|symbolic f|force n|no-dereference r|relative v|verbose").has(letter);
            let missing: String = ["f", "n"].into_iter().filter(|letter| !has(letter)).collect();
            (arg.span, missing)
        }
        None if long && context.sources.text(argv.program.span) == "ln" => {
            (argv.program.span, " -fn".to_owned())
        }
        None => return None,
    };
    (!text.is_empty() && step.span.covers(span)).then(|| Fix {
        title: "replace the link: `-fn`".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { span: Span { start: span.end, ..span }, text }],
    })
}

/// The statement that the step is, and what stands in it before the program's name: nothing, or `sudo`
/// with its options. `None` where it is a part of another, or where its words stand elsewhere (`"$@"` in a function).
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

/// An argument as it can be written once more: as it stands, or quoted where it is one variable.
fn operand(context: &World<'_, '_>, step: &Step, arg: &Arg) -> Option<String> {
    step.span.covers(arg.span).then(|| words(context.sources.text(arg.span)))?
}

/// One word that means the same a second time.
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
