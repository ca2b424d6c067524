//! Spoils a deployment that is right, in one place at a time. It knows nothing of what a spoilt deployment does.

use super::DEPLOYMENTS_DIR;
use crate::support::root;
use regex::Regex;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A deployment with one mistake.
pub(super) struct Mutant {
    /// What was done, to which file, at which line. It stays the same when other lines of the file change.
    pub(super) name: String,
    /// The file that has the mistake, from the deployment's directory.
    pub(super) file: String,
    /// Its text with the mistake.
    pub(super) text: String,
}

/// A compiled pattern, made once.
macro_rules! pattern {
    ($text:expr) => {{
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).unwrap());
        &*PATTERN
    }};
}

/// Every mutant of a deployment, in the order of its files and lines, with names that differ.
pub(super) fn mutants(deployment: &str, script: &str) -> Vec<Mutant> {
    let dir = root().join(DEPLOYMENTS_DIR).join(deployment);
    let mut names = vec![script.to_owned()];
    files(&dir, &dir, &mut names);
    names[1..].sort();
    let mut found = Vec::new();
    for file in names {
        let text = fs::read_to_string(dir.join(&file)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut spoil = Spoil { file, lines, found: &mut found };
        match spoil.kind(script) {
            Kind::Script => spoil.script(),
            Kind::Directives => spoil.each_line("directive", |line| line.contains('=')),
            Kind::Compose => spoil.compose(),
            Kind::Sample => spoil.each_line("key", |line| pattern!(r"^\w+=").is_match(line)),
            Kind::Other => {}
        }
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for mutant in &mut found {
        let count = seen.entry(mutant.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            mutant.name = format!("{} ({count})", mutant.name);
        }
    }
    found
}

/// The names of all files below a directory, from the top.
fn files(top: &Path, dir: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(top, &path, names);
        } else {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
            if name != names[0] {
                names.push(name);
            }
        }
    }
}

/// What can be spoilt in a file.
enum Kind {
    Script,
    /// A unit of systemd or a program of supervisor.
    Directives,
    Compose,
    /// The sample of a settings file.
    Sample,
    Other,
}

/// A file that is being spoilt.
struct Spoil<'a> {
    file: String,
    lines: Vec<&'a str>,
    found: &'a mut Vec<Mutant>,
}

impl Spoil<'_> {
    fn kind(&self, script: &str) -> Kind {
        if self.file == script {
            return Kind::Script;
        }
        let name = self.file.rsplit('/').next().unwrap();
        if name.ends_with(".service") || name.ends_with(".timer") || name.ends_with("-worker.conf") {
            Kind::Directives
        } else if name.starts_with("docker-compose") {
            Kind::Compose
        } else if name.contains("sample") || name == ".env.example" {
            Kind::Sample
        } else {
            Kind::Other
        }
    }

    /// Keeps the mutant whose lines from `first` to before `last` are these.
    fn push(&mut self, operator: &str, line: &str, first: usize, last: usize, instead: &[String]) {
        let mut lines: Vec<String> = self.lines[..first].iter().map(ToString::to_string).collect();
        lines.extend_from_slice(instead);
        lines.extend(self.lines[last..].iter().map(ToString::to_string));
        let name = format!("{operator} {}: {}", self.file, line.trim());
        self.found.push(Mutant { name, file: self.file.clone(), text: lines.join("\n") + "\n" });
    }

    /// Each of these lines is gone.
    fn each_line(&mut self, operator: &str, is: fn(&str) -> bool) {
        for at in 0..self.lines.len() {
            if is(self.lines[at]) {
                self.push(operator, self.lines[at], at, at + 1, &[]);
            }
        }
    }

    /// Each entry of a Compose file is gone, with what is below it.
    fn compose(&mut self) {
        let depth = |line: &str| line.len() - line.trim_start().len();
        for at in 0..self.lines.len() {
            let below =
                self.lines[at + 1..].iter().take_while(|line| depth(line) > depth(self.lines[at])).count();
            self.push("entry", self.lines[at], at, at + 1 + below, &[]);
        }
    }

    fn script(&mut self) {
        let statements = self.statements();
        for &(first, last) in &statements {
            self.statement(first, last);
        }
        for pair in statements.windows(2) {
            self.swap(pair[0], pair[1]);
        }
    }

    /// The first line of each statement, and the line behind its last: with its here-documents and continued lines, and
    /// without blank lines, comments and words that only open or close a block.
    fn statements(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut first = 0;
        while first < self.lines.len() {
            let mut last = first;
            for end in pattern!(r#"<<-?\s*['"]?(\w+)"#).captures_iter(self.lines[first]) {
                let body = self.lines[last + 1..].iter().take_while(|line| line.trim() != &end[1]).count();
                last = (last + body + 1).min(self.lines.len() - 1);
            }
            while self.lines[last].ends_with('\\') && last + 1 < self.lines.len() {
                last += 1;
            }
            let text = self.lines[first].trim();
            let block = pattern!(r"^(fi|else|then|do|done|esac|\}|\{|;;|\))[;)]*$").is_match(text);
            if !text.is_empty() && !text.starts_with('#') && !block {
                found.push((first, last + 1));
            }
            first = last + 1;
        }
        found
    }

    /// The statement is gone, or a part of it.
    fn statement(&mut self, first: usize, last: usize) {
        let line = self.lines[first];
        let text = line.trim();
        let says = pattern!(r"^(echo|printf)\b").is_match(text) && !text.contains('>');
        if !says {
            self.push("delete", line, first, last, &[]);
        } else if pattern!(r#"^echo "?[A-Z_]+="#).is_match(text) {
            self.push("key", line, first, last, &[]);
        }
        let parts = [
            ("user", pattern!(r#"\b(sudo( -\w+)* -u "?\$?\{?\w+\}?"? |runuser -u "?\$?\w+"? -- )"#), ""),
            (
                "guard",
                pattern!(r"^(\s*)(\[\[? [^|&]* \]\]?|command -v \S+[^|&]*|id (-u )?\S+[^|&]*) \|\| "),
                "$1",
            ),
            ("flag", pattern!(r" (-p|-f|-y|--if-exists|--if-not-exists|--no-input|--noinput) "), " "),
        ];
        if !text.starts_with("if ") {
            for (operator, part, instead) in parts {
                if part.is_match(line) {
                    self.replace(operator, first, &part.replace(line, instead));
                }
            }
        }
        if text.starts_with("install ") || text.contains("| install ") {
            for option in pattern!(r#" -[ogm] "?\$?\w+"?"#).find_iter(line) {
                let without = line[..option.start()].to_owned() + &line[option.end()..];
                self.replace(&format!("option{}", &option.as_str()[..3]), first, &without);
            }
        }
        self.here_document(first, last);
    }

    fn replace(&mut self, operator: &str, at: usize, instead: &str) {
        self.push(operator, self.lines[at], at, at + 1, &[instead.to_owned()]);
    }

    /// Each line of a here-document is gone.
    fn here_document(&mut self, first: usize, last: usize) {
        let opens = self.lines[first];
        if !opens.contains("<<") {
            return;
        }
        let operator =
            if pattern!(r"\.(service|timer|socket)\b").is_match(opens) { "directive" } else { "key" };
        for at in first + 1..last - 1 {
            if self.lines[at].contains('=') {
                self.push(operator, self.lines[at], at, at + 1, &[]);
            }
        }
    }

    /// Two neighbours of one block have changed places.
    fn swap(&mut self, one: (usize, usize), other: (usize, usize)) {
        let (first, second) = (self.lines[one.0], self.lines[other.0]);
        let depth = |line: &str| line.len() - line.trim_start().len();
        let bound = pattern!(r"^\s*(if|for|while|case|elif|echo|printf|function|\w+\(\))(\s|\b|$)");
        if depth(first) != depth(second) || bound.is_match(first) || bound.is_match(second) {
            return;
        }
        let lines = |from: usize, to: usize| self.lines[from..to].iter().map(ToString::to_string);
        let swapped: Vec<String> =
            lines(other.0, other.1).chain(lines(one.1, other.0)).chain(lines(one.0, one.1)).collect();
        self.push("swap", &format!("{} / {}", first.trim(), second.trim()), one.0, other.1, &swapped);
    }
}
