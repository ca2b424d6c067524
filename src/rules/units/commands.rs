//! `units/shell-syntax`, `units/relative-path`, `units/wrong-exec-start`: command lines of units. systemd is
//! not a shell; systemd.service(5), COMMAND LINES.

use crate::finding::Finding;
use crate::finding::RuleId;
use crate::project::unit::{Directive, UnitKind, is_true, words};
use crate::rules::id;
use crate::rules::units::{Judged, base};
use crate::shell::value::leading_hole;
use crate::source::Span;
use crate::tools::plain::takes_operators;

const SHELL: RuleId = id::UNITS_SHELL_SYNTAX;
const RELATIVE: RuleId = id::UNITS_RELATIVE_PATH;
const START: RuleId = id::UNITS_WRONG_EXEC_START;

/// What only a shell knows. `cd` is not a program on Debian and its relatives, and where it is one it changes
/// nothing.
const BUILTINS: &[&str] =
    &["cd", "source", ".", "export", "set", "ulimit", "umask", "if", "while", "for", "exec", "eval", "trap"];

/// All three rules.
pub(super) fn commands(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    for directive in unit.commands() {
        for command in split(&directive.value) {
            let relative = relative(unit, directive, &command, found);
            if !relative {
                shell(unit, directive, &command, found);
            }
        }
    }
    directories(unit, found);
    if unit.read.kind == UnitKind::Service {
        start(unit, found);
    }
}

/// A command's words, and whether each is bare.
type Words = Vec<(String, bool)>;

/// The commands of a directive: a bare `;` separates them.
fn split(value: &str) -> Vec<Words> {
    let words = words(value);
    let commands = words.split(|(word, bare)| *bare && word == ";");
    commands.filter(|c| !c.is_empty()).map(<[_]>::to_vec).collect()
}

fn shell(unit: &Judged<'_, '_, '_>, directive: &Directive, command: &Words, found: &mut Vec<Finding>) {
    let program = command[0].0.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    let name = base(program);
    let mut tell = |what: String, help: String| {
        let message = format!("systemd runs `{}=` without a shell, so {what}", directive.key);
        found.push(unit.finding(SHELL, directive.value_span, message).help(help).done());
    };
    let wrap =
        "write `/bin/sh -c '…'` around it, or use `WorkingDirectory=`, `Environment=` and `StandardOutput=`";
    if BUILTINS.contains(&program) {
        let help = match program {
            "cd" => "set the directory with `WorkingDirectory=`".to_owned(),
            "source" | "." => {
                "start the environment's own program (`/opt/app/venv/bin/…`); load variables with `EnvironmentFile=`"
                    .to_owned()
            }
            "export" => "set the variable with `Environment=`".to_owned(),
            "ulimit" => "set the limit with `LimitNOFILE=` or another `Limit…=`".to_owned(),
            _ => wrap.to_owned(),
        };
        tell(format!("`{program}` is not a program that it can start"), help);
        return;
    }
    if let Some((variable, _)) = program.split_once('=')
        && !variable.is_empty()
        && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        let help = format!("write `Environment={program}`");
        tell(format!("it takes `{program}` for the program's name"), help);
        return;
    }
    // What the shell inserted from a command is shown as that command, and does not concern systemd.
    if takes_operators(name) || unit.holds_substitution(&directive.value) {
        return;
    }
    let operator = command[1..].iter().filter(|(_, bare)| *bare).map(|(word, _)| word.as_str());
    if let Some(operator) = operator.clone().find(|word| is_operator(word)) {
        tell(format!("{name} gets `{operator}` as an argument"), wrap.to_owned());
        return;
    }
    let substitution = command[1..].iter().map(|(word, _)| word.as_str()).find_map(|word| {
        let at = word.find("$(").or_else(|| word.find('`'))?;
        Some(&word[at..])
    });
    let through_shell = matches!(name, "sh" | "bash" | "dash" | "zsh" | "env" | "su" | "sudo" | "runuser")
        || command.iter().any(|(word, _)| matches!(word.as_str(), "-c" | "-lc" | "-ec"));
    if let Some(substitution) = substitution.filter(|_| !through_shell) {
        let shown: String = substitution.chars().take(30).collect();
        tell(format!("{name} gets the text `{shown}` as it is"), wrap.to_owned());
    }
}

/// A word that is a shell's operator, alone or with the file that it redirects to: `&&`, `|`, `2>&1`, `>>/var/log/x`.
fn is_operator(word: &str) -> bool {
    if matches!(word, "&&" | "||" | "|" | "&" | "<" | "<<<" | "|&") {
        return true;
    }
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    let prefix = &word[..word.len() - rest.len()];
    let target = rest.strip_prefix(">>").or_else(|| rest.strip_prefix('>'));
    prefix.len() <= 1 && target.is_some_and(|t| t.is_empty() || t.starts_with(['/', '&', '$', '.']))
}

/// A program with a path that does not start at the root.
fn relative(
    unit: &Judged<'_, '_, '_>,
    directive: &Directive,
    command: &Words,
    found: &mut Vec<Finding>,
) -> bool {
    let program = command[0].0.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    let home = program.starts_with("~/") || program == "~";
    let known = !program.starts_with(['/', '$', '%', '{', '<', '@'])
        && leading_hole(program).is_none()
        && program.contains('/');
    if !home && !known || program.contains('=') || program.contains("//") {
        return false;
    }
    let message = format!("`{program}` is not an absolute path, so systemd does not start the unit");
    let place = match unit.at.unit.working_directory() {
        Some(d) if d.value.starts_with('/') && !home => {
            format!("{}/{}", d.value.trim_end_matches('/'), program.trim_start_matches("./"))
        }
        _ => format!("/…/{}", program.trim_start_matches("./").trim_start_matches("~/")),
    };
    let help = format!("write `{place}`; `WorkingDirectory=` has no effect on the program's path");
    found.push(unit.finding(RELATIVE, directive.value_span, message).help(help).done());
    true
}

/// `WorkingDirectory=`, `RootDirectory=`, `EnvironmentFile=` that are relative.
fn directories(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    for directive in unit.at.unit.directives.iter().filter(|d| d.section == "Service") {
        let path = directive.value.strip_prefix('-').unwrap_or(&directive.value);
        let path = path.trim_matches(['"', '\'']);
        let consequence = match directive.key.as_str() {
            "WorkingDirectory" if path == "~" => continue,
            "WorkingDirectory" => "so systemd does not start the unit",
            "EnvironmentFile" => "so systemd ignores the line",
            _ => continue,
        };
        let relative = !path.starts_with(['/', '$', '%', '{', '<', '@', '`'])
            && leading_hole(path).is_none()
            && !path.is_empty();
        if relative && !path.contains("__") {
            let message = format!("the path in `{}={path}` is not absolute, {consequence}", directive.key);
            let help = "write the whole path, starting with `/`; in a user's unit `%h` is the home directory, but systemd expands neither `~/` nor variables here";
            found.push(unit.finding(RELATIVE, directive.value_span, message).help(help).done());
        }
    }
}

/// No `ExecStart=`, or more than one; systemd.service(5), `Type=` and `ExecStart=`.
fn start(unit: &Judged<'_, '_, '_>, found: &mut Vec<Finding>) {
    let at = unit.at;
    let starts = at.unit.all("Service", "ExecStart");
    let place: Span =
        at.unit.sections.iter().find(|(name, _)| name == "Service").map_or(at.unit.span, |(_, span)| *span);
    // `$EXTRA` on a line of its own may hold the directive.
    let unknown_lines = at.unit.problems.iter().any(|p| {
        let text = unit.context.sources.text(p.span);
        !unit.is_plain(text) || !unit.is_literal(text)
    });
    if starts.is_empty() {
        let remains = at.unit.get("Service", "RemainAfterExit").is_some_and(|d| is_true(&d.value));
        let other = at.unit.get("Unit", "SuccessAction").is_some()
            || remains && at.unit.get("Service", "ExecStop").is_some();
        // A drop-in of another unit contains only its changes.
        let whole = at.unit.sections.iter().any(|(name, _)| name == "Service")
            || at.unit.sections.iter().any(|(name, _)| name == "Install");
        if !other && whole && !unknown_lines && !at.unit.directives.iter().any(|d| d.key.contains('$')) {
            let message = format!("systemd refuses {}, because it has no `ExecStart=`", at.name);
            let help = "name the command with `ExecStart=`";
            found.push(unit.finding(START, place, message).help(help).done());
        }
        return;
    }
    let kind = at.unit.service_type();
    if starts.len() > 1 && unit.is_plain(kind) && kind != "oneshot" && !unknown_lines {
        let message = format!(
            "systemd refuses {}, because {} `ExecStart=` lines need `Type=oneshot`",
            at.name,
            starts.len()
        );
        let help = "run preparations with `ExecStartPre=`, and give each further process a unit of its own";
        let draft = unit.finding(START, starts[1].span, message).help(help);
        found.push(draft.related(starts[0].span, "the first one is here").done());
    }
    let restart = at.unit.get("Service", "Restart").map_or("no", |d| d.value.as_str());
    if kind == "oneshot" && matches!(restart, "always" | "on-success") {
        let message = format!("systemd refuses `Restart={restart}` with `Type=oneshot`");
        let help = "write `Restart=on-failure`, or start it with a timer";
        let span = at.unit.get("Service", "Restart").map_or(place, |d| d.span);
        found.push(unit.finding(START, span, message).help(help).done());
    }
}
