//! Who reads and who sets which environment variable, with places. It is computed once, and every rule of the
//! family uses it. It judges nothing.

use crate::facts::environment::in_shell::in_shell;
use crate::facts::ground::Ground;
use crate::facts::parts::Origin;
use crate::facts::secrets::is_lasting_env_file;
use crate::model::StepId;
use crate::project::compose::{Compose, references};
use crate::project::dotenv::Dotenv;
use crate::project::env::Need;
use crate::repo::names::is_sample_dotenv;
use crate::source::{FileId, Span};
use regex::Regex;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

/// Who reads a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reader {
    /// A program of the repo.
    Code,
    /// `${X}` in a compose file.
    Compose,
    /// `${X}` in a command of a unit.
    Unit,
    /// `${X}` in a template that envsubst fills in.
    Template,
    /// A script that does not set it itself.
    Script,
}

/// Who sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Writer {
    /// A sample. The person who copies it sets the variable.
    Sample,
    /// An environment file of the repo or beside it.
    File,
    /// An environment file that a script writes.
    Written,
    /// `export` in a script.
    Export,
    /// `Environment=`.
    Unit,
    /// `environment` of a compose service.
    Compose,
    /// `ENV` or `ARG` of a Dockerfile.
    Dockerfile,
    /// A program of the repo.
    Code,
}

/// A place where a variable is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) span: Span,
    pub(crate) by: Reader,
    /// What happens without it.
    pub(crate) need: Need,
    /// True if upper and lower case are the same to the reader.
    pub(crate) any_case: bool,
}

/// A place where a variable is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) span: Span,
    pub(crate) by: Writer,
    /// The value; `None` if it is only passed on.
    pub(crate) value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) reads: Vec<Read>,
    pub(crate) writes: Vec<Write>,
}

/// An environment file that a script writes in one step.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    /// The path, for people.
    pub(crate) path: String,
    /// What it sets.
    pub(crate) dotenv: Dotenv,
    /// True if it is added to what is there.
    pub(crate) append: bool,
    /// The script, and the step.
    pub(crate) by: (usize, StepId),
    /// The step's command.
    pub(crate) span: Span,
}

#[derive(Debug, Default)]
pub(crate) struct Table<'r> {
    variables: BTreeMap<String, Variable>,
    /// The environment files that scripts write.
    pub(crate) written: Vec<WrittenFile>,
    /// Every word of the texts that deploy, except scripts: compose files, units, Dockerfiles, workflows,
    /// environment files, architecture.md.
    pub(crate) words: Words<'r>,
    /// Every word of the scripts.
    pub(crate) words_of_scripts: Words<'r>,
    /// The names that samples show, including those in comments.
    pub(crate) shown: HashSet<&'r str>,
    /// The names in environment files of any kind.
    pub(crate) in_files: HashSet<&'r str>,
}

impl<'r> Table<'r> {
    /// The table of a repo.
    pub(crate) fn of(world: &Ground<'r, '_>) -> Self {
        let mut table = Table::default();
        table.code(world);
        table.files(world);
        table.compose(world);
        table.units(world);
        table.texts(world);
        table.words(world);
        for variable in table.variables.values_mut() {
            variable.reads.sort_by_key(|read| (read.span, read.by));
            variable.reads.dedup();
            variable.writes.sort_by_key(|write| (write.span, write.by));
            variable.writes.dedup();
        }
        table
    }

    /// Every variable by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.variables.iter().map(|(name, variable)| (name.as_str(), variable))
    }

    /// The variable of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// True if a program reads the name, in exactly this case or in any.
    pub(crate) fn is_read_by_code(&self, name: &str) -> bool {
        let upper = name.to_ascii_uppercase();
        let reads =
            |name: &str| self.get(name).into_iter().flat_map(|v| &v.reads).filter(|r| r.by == Reader::Code);
        reads(name).next().is_some() || reads(&upper).any(|r| r.any_case)
    }

    fn read(&mut self, name: &str, read: Read) {
        self.variables.entry(name.to_owned()).or_default().reads.push(read);
    }

    fn write(&mut self, name: &str, span: Span, by: Writer, value: Option<&str>) {
        let write = Write { span, by, value: value.map(str::to_owned) };
        self.variables.entry(name.to_owned()).or_default().writes.push(write);
    }

    fn code(&mut self, world: &Ground<'r, '_>) {
        for one in &world.project.env.uses {
            let read =
                Read { span: one.span, by: Reader::Code, need: one.need.clone(), any_case: one.any_case };
            self.read(&one.name, read);
        }
        for (name, span) in &world.project.env.sets {
            self.write(name, *span, Writer::Code, None);
        }
    }

    fn files(&mut self, world: &Ground<'r, '_>) {
        for (path, dotenv) in &world.project.dotenvs {
            let by = if is_sample_dotenv(path) { Writer::Sample } else { Writer::File };
            let names = || dotenv.entries.iter().chain(&dotenv.commented).map(|e| e.name.as_str());
            self.in_files.extend(names());
            if by == Writer::Sample {
                self.shown.extend(names());
            }
            for entry in &dotenv.entries {
                self.write(&entry.name, entry.name_span, by, Some(&entry.value));
            }
        }
        for file in written_files(world) {
            for entry in &file.dotenv.entries {
                self.write(&entry.name, entry.name_span, Writer::Written, Some(&entry.value));
            }
            self.written.push(file);
        }
    }

    fn compose(&mut self, world: &Ground<'r, '_>) {
        let mut files: Vec<FileId> = Vec::new();
        for path in &world.project.inventory.compose {
            files.extend(world.sources.find(path));
        }
        // The variables of what they include may have any name.
        files.extend(world.project.composes.iter().flat_map(Compose::files));
        files.sort_unstable();
        files.dedup();
        for file in files {
            let text = without_comments(world.sources.file(file).text());
            for reference in references(&text) {
                let need = match (&reference.default, reference.required) {
                    (Some(default), _) if !default.is_empty() => Need::Default(default.clone()),
                    (_, true) => Need::Required,
                    (Some(_), _) => Need::Optional,
                    (None, _) if reference.alternative => Need::Optional,
                    (None, _) => Need::Unasked,
                };
                let span = place(file, reference.range);
                self.read(&reference.name, Read { span, by: Reader::Compose, need, any_case: false });
            }
        }
        for service in world.project.composes.iter().flat_map(|c| &c.services) {
            for variable in &service.environment {
                self.write(&variable.name, variable.span, Writer::Compose, variable.value.as_deref());
            }
        }
    }

    fn units(&mut self, world: &Ground<'r, '_>) {
        for at in &world.units {
            for (name, value, span) in at.unit.environment() {
                self.write(&name, span, Writer::Unit, Some(&value));
            }
            // In a heredoc the shell expands some variables and leaves others.
            if matches!(at.origin, Origin::Written(..)) {
                continue;
            }
            for directive in at.unit.directives.iter().filter(|d| d.key.starts_with("Exec")) {
                let text = world.sources.text(directive.value_span);
                for (name, range) in in_shell(text).reads {
                    let start = directive.value_span.start;
                    let span = Span {
                        start: start + range.start as u32,
                        end: start + range.end as u32,
                        ..directive.value_span
                    };
                    let read = Read { span, by: Reader::Unit, need: Need::Unasked, any_case: false };
                    self.read(name, read);
                }
            }
        }
    }

    fn texts(&mut self, world: &Ground<'r, '_>) {
        let inventory = &world.project.inventory;
        for (path, file) in &world.project.texts {
            let text = world.sources.file(*file).text();
            if inventory.templates.contains(path) {
                for (name, range) in braced(text).filter(|_| is_nginx(path, text)) {
                    let span = place(*file, range);
                    self.read(
                        name,
                        Read { span, by: Reader::Template, need: Need::Required, any_case: false },
                    );
                }
            } else if inventory.dockerfiles.contains(path) {
                for (name, value, range) in of_dockerfile(text) {
                    self.write(name, place(*file, range), Writer::Dockerfile, value);
                }
            } else if inventory.scripts.contains(path) {
                self.script(*file, text);
            }
        }
        for &script in world.scripts() {
            if !world.project.texts.iter().any(|(_, file)| *file == script.file) {
                self.script(script.file, world.sources.file(script.file).text());
            }
        }
    }

    fn script(&mut self, file: FileId, text: &str) {
        let found = in_shell(text);
        for (name, range) in found.exports {
            self.write(name, place(file, range), Writer::Export, None);
        }
        for (name, range) in found.reads.into_iter().filter(|(name, _)| !found.sets.contains(name)) {
            let need = match text.as_bytes().get(range.end..range.end + 2) {
                Some(b":?") => Need::Required,
                Some([b':', b'-' | b'=' | b'+'] | [b'-' | b'=' | b'+', _]) => Need::Optional,
                _ => Need::Unasked,
            };
            let span = place(file, range);
            self.read(name, Read { span, by: Reader::Script, need, any_case: false });
        }
    }

    fn words(&mut self, world: &Ground<'r, '_>) {
        let project = world.project;
        let sources = world.sources;
        let is_script = |path: &str| project.inventory.scripts.iter().any(|s| s == path);
        let (scripts, others): (Vec<_>, Vec<_>) = project.texts.iter().partition(|(path, _)| is_script(path));
        let others = others.into_iter().filter(|(path, _)| !project.inventory.templates.contains(path));
        let units = project.unit_files.iter().chain(&project.unit_templates).chain(&project.drop_ins);
        let mut files: Vec<FileId> = others.chain(units).map(|(_, file)| *file).collect();
        files.extend(project.process_files.iter().map(|p| p.file));
        files.extend(project.dotenvs.iter().map(|(_, dotenv)| dotenv.file));
        let mut of_scripts: Vec<FileId> = scripts.into_iter().map(|(_, file)| *file).collect();
        of_scripts.extend(world.scripts().iter().map(|s| s.file));
        let words = |files: Vec<FileId>, own: Vec<String>| Words {
            texts: files.into_iter().map(|file| sources.file(file).text()).collect(),
            own,
            set: OnceLock::new(),
            set_of_own: OnceLock::new(),
        };
        let composes = project.composes.iter().flat_map(Compose::files);
        let given = composes.map(|file| without_passing(&without_comments(sources.file(file).text())));
        (self.words, self.words_of_scripts) = (words(files, given.collect()), words(of_scripts, Vec::new()));
    }
}

/// The words of some texts, which are split when they are needed.
#[derive(Debug, Default)]
pub(crate) struct Words<'r> {
    texts: Vec<&'r str>,
    /// Texts of which a part was left out.
    own: Vec<String>,
    set: OnceLock<HashSet<&'r str>>,
    set_of_own: OnceLock<HashSet<String>>,
}

impl Words<'_> {
    /// True if the name occurs in one of the texts as a word.
    pub(crate) fn contains(&self, name: &str) -> bool {
        fn words(text: &str) -> impl Iterator<Item = &str> {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.filter(|word| word.len() > 1)
        }
        let of_texts = || self.texts.iter().flat_map(|text| words(text)).collect();
        let of_own = || self.own.iter().flat_map(|text| words(text)).map(str::to_owned).collect();
        self.set.get_or_init(of_texts).contains(name) || self.set_of_own.get_or_init(of_own).contains(name)
    }
}

/// The environment files that scripts write.
pub(crate) fn written_files(world: &Ground<'_, '_>) -> Vec<WrittenFile> {
    // A file that a unit reads is an environment file, whatever its name.
    let named: HashSet<String> =
        world.units.iter().flat_map(|at| at.unit.environment_files()).map(|file| file.path).collect();
    let mut files = Vec::new();
    for (index, script) in world.scripts().iter().enumerate() {
        for (id, step) in script.iter() {
            for written in &step.written {
                let is_named = || !named.is_empty() && named.contains(&written.path.to_string());
                if is_lasting_env_file(&written.path) || is_named() {
                    files.push(WrittenFile {
                        path: written.path.to_string(),
                        dotenv: Dotenv::of_text(&written.content),
                        append: written.append,
                        by: (index, id),
                        span: step.span,
                    });
                }
            }
        }
    }
    files
}

fn place(file: FileId, range: Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

/// The names in `${NAME}`. Only this form distinguishes envsubst(1) from nginx's `$host`.
fn braced(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let byte = |at: usize| text.as_bytes().get(at);
    let reads = in_shell(text).reads.into_iter();
    reads.filter(move |(_, range)| byte(range.start - 1) == Some(&b'{') && byte(range.end) == Some(&b'}'))
}

/// True for a template of nginx's settings, and false for another program's.
fn is_nginx(path: &str, text: &str) -> bool {
    path.contains("nginx") || ["server {", "server{", "upstream "].iter().any(|mark| text.contains(mark))
}

/// The variables of `ENV A=b C=d`, `ENV A b` and `ARG A=b`, <https://docs.docker.com/reference/dockerfile/#env>.
fn of_dockerfile(text: &str) -> Vec<(&str, Option<&str>, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut continued = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_start();
        let instruction = ["ENV ", "ARG ", "env ", "arg "].iter().find_map(|name| body.strip_prefix(name));
        let Some(rest) = instruction.or(continued.then_some(body)) else { continue };
        continued = line.trim_end().ends_with('\\');
        let mut from = start + (line.len() - rest.len());
        let pairs = rest.contains('=');
        for word in rest.split([' ', '\t', '\n', '\\']) {
            let begin = from;
            from += word.len() + 1;
            let (name, value) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
            let named = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.as_bytes()[0].is_ascii_digit();
            if named && (value.is_some() || !pairs) {
                found.push((name, value.map(|v| v.trim_matches(['"', '\''])), begin..begin + name.len()));
            }
            // In `ENV A b` the rest of the line is the value.
            if !pairs && !name.is_empty() {
                break;
            }
        }
    }
    found
}

/// A compose file without the variables that it only passes on, and leaves empty if nothing sets them: `X: ${X:-}`.
fn without_passing(text: &str) -> String {
    static PASSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\b([A-Za-z_]\w*)["']?[ \t]*[:=][ \t]*["']?\$\{([A-Za-z_]\w*):?-\}"#).ok()
    });
    let Some(passed) = PASSED.as_ref() else { return text.to_owned() };
    let left = passed.replace_all(text, |found: &regex::Captures<'_>| match found[1] == found[2] {
        true => String::new(),
        false => found[0].to_owned(),
    });
    left.into_owned()
}

/// A compose file with its comments blanked. A comment begins with `#` at the start of a line, or after a blank and
/// outside quotes.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut quote = None;
        let mut before = ' ';
        let mut comment = None;
        for (at, c) in line.char_indices() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '#') if before == ' ' || before == '\t' => {
                    comment = Some(at);
                    break;
                }
                _ => {}
            }
            before = c;
        }
        match comment {
            None => out.push_str(line),
            Some(at) => {
                out.push_str(&line[..at]);
                out.extend(line[at..].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_a_dockerfile() {
        let text = "FROM x\nENV A=1 \\\n    B=\"2\"\nENV C some words\nARG D\nARG E=5\nRUN x F=1\n";
        let found: Vec<_> = of_dockerfile(text).into_iter().map(|(n, v, r)| (n, v, &text[r])).collect();
        assert_eq!(
            found,
            [
                ("A", Some("1"), "A"),
                ("B", Some("2"), "B"),
                ("C", None, "C"),
                ("D", None, "D"),
                ("E", Some("5"), "E")
            ]
        );
    }

    #[test]
    fn comments_of_yaml_are_blanked_in_place() {
        let text = "a: ${A} # ${B}\n# ${C}\nb: \"x # ${D}\"\nc: é#${E} # é\n";
        let blanked = without_comments(text);
        assert_eq!(blanked.len(), text.len());
        let names: Vec<String> = references(&blanked).into_iter().map(|r| r.name).collect();
        assert_eq!(names, ["A", "D", "E"]);
    }
}
