//! systemd units: sections and directives with their places, from a file or from the text of a heredoc. It
//! knows neither where a unit comes from nor what a directive should be.
//!
//! Facts: systemd.syntax(7) for lines, systemd.service(5) for command lines, systemd.exec(5) for the
//! environment, and systemd.unit(5) for the rest. A text may contain holes for unknown parts (see
//! `shell::value`); here they are parts of words.

pub(crate) mod directives;
mod restart;

use crate::limit::{tick, ticks};
use crate::project::Problem;
use crate::shell::value::leading_hole;
use crate::source::{FileId, MappedText, OffsetMap, Sources, Span};
use crate::tools::serves::{Serves, line_serves};
use std::ops::Range;

/// `Key=Value` in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// `Service` of `[Service]`.
    pub(crate) section: String,
    /// The key.
    pub(crate) key: String,
    /// The value; continued lines are joined by a blank.
    pub(crate) value: String,
    /// Key and value, with continued lines.
    pub(crate) span: Span,
    /// The place of the value. If the value is empty, it is at the end of the line.
    pub(crate) value_span: Span,
}

/// A command line of `ExecStart=` and similar directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exec {
    /// The special characters before the path: `-`, `@`, `:`, `+`, `!`, `|`.
    pub(crate) prefix: String,
    /// The program, without prefixes.
    pub(crate) program: String,
    /// Its arguments. With the prefix `@`, the first word after the program is `argv[0]` and not among them.
    pub(crate) args: Vec<String>,
    /// The value of the directive.
    pub(crate) span: Span,
}

impl Exec {
    /// The program and its arguments.
    pub(crate) fn words(&self) -> Vec<String> {
        std::iter::once(&self.program).chain(&self.args).cloned().collect()
    }

    /// The words as one text, for people and for looking things up in.
    pub(crate) fn line(&self) -> String {
        self.words().join(" ")
    }

    /// What it keeps running.
    pub(crate) fn serves(&self) -> Option<Serves> {
        line_serves(&self.words())
    }
}

/// A path of `EnvironmentFile=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvironmentFile {
    /// The path.
    pub(crate) path: String,
    /// True with a leading `-`: the file may be missing.
    pub(crate) optional: bool,
    /// The place.
    pub(crate) span: Span,
}

/// The unit types that a deploy writes, systemd.unit(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum UnitKind {
    /// A process.
    Service,
    /// It starts another unit at a time.
    Timer,
    /// It starts a service on a connection.
    Socket,
    /// A group of units.
    Target,
    /// It starts another unit when a path changes.
    Path,
    /// A mount point.
    Mount,
    /// Anything else.
    Other,
}

impl UnitKind {
    /// The type, from a unit's name. A name without a type is a service, systemctl(1).
    pub(crate) fn of(name: &str) -> UnitKind {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            None | Some("service") => UnitKind::Service,
            Some("timer") => UnitKind::Timer,
            Some("socket") => UnitKind::Socket,
            Some("target") => UnitKind::Target,
            Some("path") => UnitKind::Path,
            Some("mount") => UnitKind::Mount,
            Some(_) => UnitKind::Other,
        }
    }
}

/// A unit file's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The whole text.
    pub(crate) span: Span,
    /// The names of the sections, in order, with their places. A section may be opened twice.
    pub(crate) sections: Vec<(String, Span)>,
    /// The directives, in order.
    pub(crate) directives: Vec<Directive>,
    /// Lines that are ignored.
    pub(crate) problems: Vec<Problem>,
}

/// How many settings of one unit are read. The longest units in packages have fewer than a hundred.
const MAX_DIRECTIVES: usize = 5_000;

impl Unit {
    /// Reads a unit file.
    pub(crate) fn of_file(sources: &Sources, file: FileId) -> Unit {
        Unit::parse(&MappedText {
            text: sources.file(file).text().to_owned(),
            file,
            map: OffsetMap::shifted(0),
        })
    }

    /// Reads the text of a unit; never fails.
    pub(crate) fn parse(text: &MappedText) -> Unit {
        let mut unit = Unit {
            span: text.span(0..text.text.len()),
            sections: Vec::new(),
            directives: Vec::new(),
            problems: Vec::new(),
        };
        for (range, joined) in logical_lines(&text.text) {
            tick();
            if unit.directives.len() >= MAX_DIRECTIVES {
                let reason = format!("it has more than {MAX_DIRECTIVES} settings, and the rest is not read");
                unit.problems.push(Problem { span: text.span(range), reason });
                break;
            }
            unit.line(text, range, &joined);
        }
        unit
    }

    fn line(&mut self, text: &MappedText, range: Range<usize>, line: &str) {
        let trimmed = line.trim();
        let raw = &text.text[range.clone()];
        let start = range.start + (raw.len() - raw.trim_start().len());
        let end = range.start + raw.trim_end().len();
        let span = text.span(start..end);
        let mut ignored = |reason: &str| {
            self.problems.push(Problem { span, reason: reason.to_owned() });
        };
        if let Some(header) = trimmed.strip_prefix('[') {
            match header.strip_suffix(']') {
                Some(name) if !name.is_empty() => self.sections.push((name.to_owned(), span)),
                _ => ignored("this is not a section header, because the `]` or the name is missing"),
            }
            return;
        }
        let Some((key, value)) = trimmed.split_once('=') else {
            ignored("systemd ignores this line, because it has no `=`");
            return;
        };
        let Some((section, _)) = self.sections.last() else {
            ignored("systemd ignores this line, because it is before the first section");
            return;
        };
        let equals = start + raw.trim_start().find('=').unwrap_or(0) + 1;
        let value_start = equals + text.text[equals..end.max(equals)].len()
            - text.text[equals..end.max(equals)].trim_start().len();
        self.directives.push(Directive {
            section: section.clone(),
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
            span,
            value_span: text.span(value_start..end.max(value_start)),
        });
    }

    /// All effective directives of a key: an empty assignment resets those before it.
    pub(crate) fn all(&self, section: &str, key: &str) -> Vec<&Directive> {
        let mut found = Vec::new();
        for directive in &self.directives {
            if directive.section == section && directive.key == key {
                if directive.value.is_empty() {
                    found.clear();
                } else {
                    found.push(directive);
                }
            }
        }
        found
    }

    /// The last directive of a key, for keys with one value. An empty assignment unsets it.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&Directive> {
        self.all(section, key).pop()
    }

    /// `User=`.
    pub(crate) fn user(&self) -> Option<&Directive> {
        self.get("Service", "User")
    }

    /// `WorkingDirectory=`, with its leading `-` if it has one.
    pub(crate) fn working_directory(&self) -> Option<&Directive> {
        self.get("Service", "WorkingDirectory")
    }

    /// `Type=`; `simple` is the default of a service with `ExecStart=`.
    pub(crate) fn service_type(&self) -> &str {
        self.get("Service", "Type").map_or("simple", |directive| &directive.value)
    }

    /// True for a service that ends when its work is done.
    pub(crate) fn is_oneshot(&self) -> bool {
        self.service_type() == "oneshot"
    }

    /// True for a one-shot that leaves nothing running. One with `RemainAfterExit=` may have started something.
    pub(crate) fn is_oneshot_work(&self) -> bool {
        let remains = self.get("Service", "RemainAfterExit");
        self.is_oneshot() && !remains.is_some_and(|d| is_true(&d.value))
    }

    /// The commands of `ExecStart=`.
    pub(crate) fn exec_start(&self) -> Vec<Exec> {
        self.exec("ExecStart")
    }

    /// The commands of `ExecStartPre=`, `ExecReload=` and the like.
    pub(crate) fn exec(&self, key: &str) -> Vec<Exec> {
        let directives = self.all("Service", key);
        directives.into_iter().flat_map(commands).collect()
    }

    /// The files of `EnvironmentFile=`.
    pub(crate) fn environment_files(&self) -> Vec<EnvironmentFile> {
        let directives = self.all("Service", "EnvironmentFile");
        let files = directives.into_iter().map(|directive| {
            let path = directive.value.strip_prefix('-');
            EnvironmentFile {
                path: path.unwrap_or(&directive.value).to_owned(),
                optional: path.is_some(),
                span: directive.value_span,
            }
        });
        files.collect()
    }

    /// The files that systemd opens for what the service prints: `append:/var/log/shop.log`.
    pub(crate) fn log_files(&self) -> impl Iterator<Item = &str> {
        let keys = ["StandardOutput", "StandardError"].into_iter();
        let values = keys.flat_map(|key| self.all("Service", key)).map(|directive| directive.value.as_str());
        values.filter_map(|value| Some(&value[value.find(":/")? + 1..]))
    }

    /// The variables of `Environment=`, with the place of the directive.
    pub(crate) fn environment(&self) -> Vec<(String, String, Span)> {
        let mut variables = Vec::new();
        for directive in self.all("Service", "Environment") {
            for word in split_words(&directive.value) {
                if let Some((name, value)) = word.split_once('=') {
                    variables.push((name.to_owned(), value.to_owned(), directive.value_span));
                }
            }
        }
        variables
    }

    /// The directories that systemd makes for a service of this name and gives to its account, systemd.exec(5),
    /// `RuntimeDirectory=`.
    pub(crate) fn made_directories(&self, name: &str) -> Vec<String> {
        let kinds = [
            ("RuntimeDirectory", "/run"),
            ("StateDirectory", "/var/lib"),
            ("CacheDirectory", "/var/cache"),
            ("LogsDirectory", "/var/log"),
        ];
        let mut made = Vec::new();
        for (key, parent) in kinds {
            for word in
                self.all("Service", key).into_iter().flat_map(|directive| split_words(&directive.value))
            {
                let word = with_specifiers(&word, name);
                // After a colon stands the name of a link to the directory.
                made.push(format!("{parent}/{}", word.split(':').next().unwrap_or(&word)));
            }
        }
        made
    }

    /// The units of `After=`, `Wants=`, `Requires=` and the like.
    pub(crate) fn units_of(&self, key: &str) -> Vec<(String, Span)> {
        let directives = self.all("Unit", key).into_iter();
        let names = directives.flat_map(|directive| {
            let words = directive.value.split_whitespace();
            words.map(|word| (word.to_owned(), directive.value_span))
        });
        names.collect()
    }

    /// True if `[Install]` says what `systemctl enable` should do.
    pub(crate) fn has_install(&self) -> bool {
        ["WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"]
            .iter()
            .any(|key| self.get("Install", key).is_some())
    }

    /// The unit that a timer, socket or path starts: `Unit=` (`Service=` of a socket), else the service of the same
    /// name; systemd.timer(5), systemd.socket(5), systemd.path(5). `None` for other kinds.
    pub(crate) fn triggers(&self, name: &str) -> Option<String> {
        let key = match UnitKind::of(name) {
            UnitKind::Timer => ("Timer", "Unit"),
            UnitKind::Path => ("Path", "Unit"),
            UnitKind::Socket => ("Socket", "Service"),
            _ => return None,
        };
        if let Some(directive) = self.get(key.0, key.1) {
            return Some(directive.value.clone());
        }
        let stem = name.rsplit_once('.')?.0;
        let per_connection =
            key.0 == "Socket" && self.get("Socket", "Accept").is_some_and(|d| is_true(&d.value));
        Some(format!("{stem}{}.service", if per_connection { "@" } else { "" }))
    }
}

/// True for every spelling of true in systemd.syntax(7).
pub(crate) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "yes" | "true" | "on")
}

/// A value with the specifiers that the unit's name decides, systemd.unit(5), SPECIFIERS. Others stay as they are, and so
/// does what depends on the instance of a template.
fn with_specifiers(value: &str, name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let is_template = stem.ends_with('@');
    let mut shown = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        shown.push_str(before);
        let mut characters = after.chars();
        let meant = match characters.next() {
            Some('%') => Some("%"),
            Some('p') => Some(prefix),
            Some('j') => Some(prefix.rsplit('-').next().unwrap_or(prefix)),
            Some('n') if !is_template => Some(name),
            Some('N') if !is_template => Some(stem),
            Some('i') if !is_template => Some(instance),
            _ => None,
        };
        shown.push_str(meant.unwrap_or("%"));
        rest = if meant.is_some() { characters.as_str() } else { after };
    }
    shown.push_str(rest);
    shown
}

/// `backup@.service` for `backup@db.service`; `None` if it is not an instance.
pub(crate) fn template_of(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('@')?;
    let (instance, ending) = rest.rsplit_once('.').unwrap_or((rest, "service"));
    (!instance.is_empty()).then(|| format!("{stem}@.{ending}"))
}

/// Lines with their continuations joined: a trailing `\` and the line end become a blank, and comment lines
/// in between are skipped. Comments and empty lines are left out. The range is in the text.
fn logical_lines(text: &str) -> Vec<(Range<usize>, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut at = 0;
    let mut last_end = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        if open.is_none() && line.trim().is_empty() {
            continue;
        }
        last_end = start + line.len();
        let (begin, mut joined) = open.take().unwrap_or((start, String::new()));
        match line.strip_suffix('\\') {
            Some(head) => {
                joined.push_str(head);
                joined.push(' ');
                open = Some((begin, joined));
            }
            None => {
                joined.push_str(line);
                lines.push((begin..last_end, joined));
            }
        }
    }
    if let Some((begin, joined)) = open {
        lines.push((begin..last_end, joined));
    }
    lines
}

/// The commands of one directive. A bare `;` as a word of its own separates them, systemd.service(5), COMMAND
/// LINES.
fn commands(directive: &Directive) -> Vec<Exec> {
    ticks(directive.value.len() / 64);
    let words = words_with_separators(&directive.value);
    let commands = words.split(Option::is_none).filter_map(|words| {
        let words: Vec<&String> = words.iter().flatten().collect();
        let (first, rest) = words.split_first()?;
        let program = first.trim_start_matches(['-', '@', ':', '+', '!', '|']);
        let prefix = &first[..first.len() - program.len()];
        let skip = usize::from(prefix.contains('@'));
        Some(Exec {
            prefix: prefix.to_owned(),
            program: program.to_owned(),
            args: rest.iter().skip(skip).map(|word| (*word).clone()).collect(),
            span: directive.value_span,
        })
    });
    commands.collect()
}

/// Words as systemd splits them: blanks separate words, quotes of either kind group where they open a word or
/// are inside one, and a backslash takes the next character. `\;` is a `;` that does not separate.
pub(crate) fn split_words(value: &str) -> Vec<String> {
    let words = words_with_separators(value).into_iter();
    words.map(|word| word.unwrap_or_else(|| ";".to_owned())).collect()
}

/// The words, with `None` for a bare `;`.
fn words_with_separators(value: &str) -> Vec<Option<String>> {
    let words = words(value).into_iter();
    words.map(|(word, bare)| (word != ";" || !bare).then_some(word)).collect()
}

/// The words, and whether each is bare, which means without a quote or a backslash.
pub(crate) fn words(value: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    // Quotes and backslashes make a `;` a plain word.
    let mut bare = true;
    let mut quote: Option<char> = None;
    let mut characters = value.chars();
    loop {
        // A hole for an unknown value may contain blanks.
        if let Some(hole) = leading_hole(characters.as_str()) {
            word.get_or_insert_default().push_str(hole);
            characters = characters.as_str()[hole.len()..].chars();
            continue;
        }
        let Some(c) = characters.next() else { break };
        match c {
            '\\' => match characters.next().inspect(|_| bare = false) {
                Some('n') => word.get_or_insert_default().push('\n'),
                Some('t') => word.get_or_insert_default().push('\t'),
                Some('s') => word.get_or_insert_default().push(' '),
                Some(next) => word.get_or_insert_default().push(next),
                None => word.get_or_insert_default().push(c),
            },
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                (quote, bare) = (Some(c), false);
                word.get_or_insert_default();
            }
            _ if c.is_whitespace() && quote.is_none() => {
                words.extend(word.take().map(|w| (w, bare)));
                bare = true;
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.map(|w| (w, bare)));
    words
}

#[cfg(test)]
mod tests;
