//! supervisord's settings: <http://supervisord.org/configuration.html>. The file is read as Python's
//! `ConfigParser` reads it: a line that begins with a blank continues the one before, and ` ;` begins a
//! comment.

use crate::limit::tick;
use crate::project::Problem;
use crate::project::managers::{Manager, Process};
use crate::project::unit::split_words;
use crate::source::{FileId, MappedText, OffsetMap, Sources, Span};

/// True for a text with a section of supervisor's.
pub(super) fn is_supervisors(text: &str) -> bool {
    let sections = ["[program:", "[fcgi-program:", "[supervisord]"];
    text.lines().any(|line| sections.iter().any(|section| line.trim_start().starts_with(section)))
}

/// The processes of a file, and the lines that supervisord refuses.
pub(super) fn of_file(sources: &Sources, file: FileId) -> (Vec<Process>, Vec<Problem>) {
    let text = sources.file(file).text().to_owned();
    parse(&MappedText { text, file, map: OffsetMap::shifted(0) })
}

struct Section {
    name: String,
    span: Span,
    entries: Vec<(String, String)>,
}

/// The processes of a text, and the lines that supervisord refuses; never fails.
pub(crate) fn parse(text: &MappedText) -> (Vec<Process>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut at = 0;
    // Lines below an unreadable header belong to nothing.
    let mut lost = false;
    for raw in text.text.split_inclusive('\n') {
        tick();
        let start = at;
        at += raw.len();
        let line = raw.trim_end();
        let trimmed = line.trim_start();
        if trimmed.is_empty() || line.starts_with([';', '#']) || trimmed.starts_with(';') {
            continue;
        }
        let span = text.span(start + (line.len() - trimmed.len())..start + line.len());
        let mut refuse = |reason: &str| problems.push(Problem { span, reason: reason.to_owned() });
        if let Some(header) = trimmed.strip_prefix('[') {
            lost = false;
            match header.split_once(']') {
                Some((name, _)) if !name.is_empty() => {
                    sections.push(Section { name: name.to_owned(), span, entries: Vec::new() });
                }
                _ => {
                    lost = true;
                    refuse("supervisord refuses the file, because a section has no `]`");
                }
            }
            continue;
        }
        if lost {
            continue;
        }
        let Some(section) = sections.last_mut() else {
            refuse("supervisord refuses the file, because this line is before the first section");
            continue;
        };
        if line.len() > trimmed.len()
            && let Some((_, value)) = section.entries.last_mut()
        {
            value.push(' ');
            value.push_str(uncommented(trimmed));
            continue;
        }
        match trimmed.split_once(['=', ':']) {
            Some((key, value)) => {
                section.entries.push((key.trim().to_ascii_lowercase(), uncommented(value).to_owned()));
            }
            None => refuse("supervisord refuses the file, because this line has no `=`"),
        }
    }
    let mut processes = Vec::new();
    for section in sections {
        let named =
            section.name.strip_prefix("program:").or_else(|| section.name.strip_prefix("fcgi-program:"));
        let Some(name) = named else { continue };
        match process(name, &section) {
            Some(process) => processes.push(process),
            None => problems.push(Problem {
                span: section.span,
                reason: format!("supervisord refuses the file, because `{}` has no `command`", section.name),
            }),
        }
    }
    (processes, problems)
}

fn process(name: &str, section: &Section) -> Option<Process> {
    let get =
        |key: &str| section.entries.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    // `%(program_name)s` is the only expansion that the file itself defines.
    let text = |key: &str| get(key).map(|value| value.replace("%(program_name)s", name));
    let command = text("command").filter(|command| !command.is_empty())?;
    let is_false = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0");
    Some(Process {
        manager: Manager::Supervisor,
        name: name.trim().to_owned(),
        span: section.span,
        command: split_words(&command),
        directory: text("directory"),
        user: text("user"),
        environment: environment(&text("environment").unwrap_or_default()),
        logs: ["stdout_logfile", "stderr_logfile"].into_iter().filter_map(text).collect(),
        starts: !get("autostart").is_some_and(is_false),
    })
}

/// Reads `KEY="value",KEY2='value',KEY3=value`.
fn environment(value: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut rest = value;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (text, next) = match quote {
            Some(quote) => {
                let inner = &after[1..];
                let end = inner.find(quote).unwrap_or(inner.len());
                let next = inner[end..].split_once(',').map_or("", |(_, next)| next);
                (&inner[..end], next)
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let name = name.trim_matches(|c: char| c == ',' || c.is_whitespace());
        if !name.is_empty() {
            variables.push((name.to_owned(), text.trim().to_owned()));
        }
        rest = next;
    }
    variables
}

/// The value without the comment after ` ;`.
fn uncommented(value: &str) -> &str {
    let end = value.find(" ;").or_else(|| value.find("\t;")).unwrap_or(value.len());
    value[..end].trim()
}
