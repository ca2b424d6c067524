//! Calls of scripts in the lines of a text that a shell reads, or people type.

use super::Called;
use crate::limit::tick;
use crate::shell::line::{commands_of_code, stretches};
use crate::shell::wrappers::{Code, Place};
use crate::tools::calls::{Call, call, names_script};

/// The most lines of one text that are looked at closely.
const LINES: usize = 400;

/// The shell on another machine that reads the next lines.
struct Remote {
    host: String,
    /// The line that ends them: the delimiter of a heredoc, or an open quote.
    end: End,
}

enum End {
    Delimiter(String),
    Quote(char),
}

/// The calls in a text, in order.
pub(super) fn calls(text: &str) -> Vec<Called> {
    let mut found = Vec::new();
    if !names_script(text) {
        return found;
    }
    let joined = text.replace("\\\n", " ");
    let mut remote: Option<Remote> = None;
    let mut left = LINES;
    for line in joined.lines() {
        tick();
        let line = as_typed(line);
        let is_end = remote.as_ref().is_some_and(|remote| match &remote.end {
            End::Delimiter(delimiter) => line == delimiter,
            End::Quote(quote) => line.matches(*quote).count() % 2 == 1,
        });
        let host = remote.as_ref().map(|remote| remote.host.clone());
        if is_end {
            remote = None;
        }
        let begins = line.contains("ssh ");
        if line.starts_with('#') || !begins && !names_script(line) {
            continue;
        }
        let Some(rest) = left.checked_sub(1) else { break };
        left = rest;
        let (calls, own_host) = in_line(line);
        let host = host.or_else(|| own_host.clone());
        found.extend(
            calls.into_iter().map(|call| Called { host: call.host.or_else(|| host.clone()), ..call }),
        );
        if let (Some(host), None) = (own_host, &remote) {
            remote = end_of(line).map(|end| Remote { host, end });
        }
    }
    found
}

/// A line as it would be typed: without a prompt, and without the marks of a list or of make.
fn as_typed(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_prefix("$ ").or_else(|| line.strip_prefix("- ")).unwrap_or(line);
    line.trim_start_matches(['@', '>']).trim()
}

/// The calls in one line, and the machine to which it goes.
fn in_line(line: &str) -> (Vec<Called>, Option<String>) {
    let commands = commands_of_code(line);
    let host_of = |place: &Option<Place>| match place {
        Some(Place::Remote(host)) => {
            let host = host.to_string();
            Some(host.rsplit('@').next().unwrap_or(&host).to_owned())
        }
        _ => None,
    };
    let mut found = Vec::new();
    let mut host = None;
    for command in &commands {
        let on = host_of(&command.peeled.place);
        host = host.or_else(|| on.clone());
        // What is sourced, or runs in a container, is no step of the server.
        if matches!(command.peeled.place, Some(Place::Container(_))) {
            continue;
        }
        let argv = command.argv();
        let path = match &command.peeled.code {
            Some(Code::File { same_shell: true, .. }) => None,
            _ => match call(argv) {
                Call::Script(path) => Some(path),
                _ => None,
            },
        };
        found.extend(path.map(|path| Called { path: within(&argv.cwd.to_string(), &path), host: on }));
    }
    // `ssh HOST bash -s < setup.sh`
    if let Some((_, rest)) = line.split_once('<').filter(|(_, rest)| !rest.starts_with('<') && host.is_some())
    {
        let path = rest.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        if names_script(path) {
            found.push(Called { path: path.to_owned(), host: host.clone() });
        }
    }
    // A quote that is opened here and closed further below.
    if found.is_empty() && commands.is_empty() {
        for words in stretches(line) {
            let code = words.join(" ");
            if let Some(Call::Script(path)) =
                commands_of_code(&code).first().map(|command| call(command.argv()))
            {
                found.push(Called { path, host: host.clone() });
            }
        }
    }
    (found, host)
}

/// The path in a directory, as far as the directory is known.
fn within(directory: &str, path: &str) -> String {
    if path.starts_with('/') || path.starts_with('$') {
        path.to_owned()
    } else {
        format!("{directory}/{path}")
    }
}

/// What ends the lines that a shell on another machine reads, if this line opens them.
fn end_of(line: &str) -> Option<End> {
    if let Some((_, rest)) = line.split_once("<<") {
        let word = rest.trim_start_matches(['-', ' ']).split_whitespace().next()?;
        return Some(End::Delimiter(word.trim_matches(['"', '\'', '\\']).to_owned()));
    }
    ['\'', '"'].into_iter().find(|quote| line.matches(*quote).count() % 2 == 1).map(End::Quote)
}
