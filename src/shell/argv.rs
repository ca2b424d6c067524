//! A command's words after expansion, and the reading of its options. Only [`super::tools`] knows what an
//! option means.

use crate::shell::value::Value;
use crate::source::Span;
use std::fmt;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arg {
    /// What is known about its value.
    pub(crate) value: Value,
    /// Its place.
    pub(crate) span: Span,
}

impl Arg {
    /// True if it begins with a dash, as options do.
    pub(crate) fn is_option(&self) -> bool {
        self.value.key().starts_with('-')
    }

    /// True for `$@` and `$*`, which may contain anything.
    pub(crate) fn is_all_arguments(&self) -> bool {
        self.value.as_literal().is_none() && ["$@", "$*"].iter().any(|all| self.value.is_shown_as(all))
    }
}

/// The source of standard input.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Stdin {
    /// The script's own: a terminal, a closed descriptor.
    #[default]
    Inherited,
    /// A heredoc, a here-string or a text that an `echo` or `printf` pipes in; unknown parts are holes.
    Text(Value),
    /// A file, or `/dev/null`.
    File(Value),
    /// The output of another command.
    Pipe,
}

/// A simple command without its wrappers: `sudo -u app env A=1 /usr/bin/pip install x` is `pip install x`.
#[derive(Clone, Debug)]
pub(crate) struct Argv {
    /// The program's one name: `pip` for `$VENV/bin/pip3.11` ([`program_name`]). It is empty if it is
    /// unknown.
    pub(crate) name: String,
    /// The program as written.
    pub(crate) program: Arg,
    /// Its arguments.
    pub(crate) args: Vec<Arg>,
    /// The working directory, as a path; a hole if it is unknown.
    pub(crate) cwd: Value,
    /// The home directory of the user who runs it.
    pub(crate) home: Value,
    /// Standard input.
    pub(crate) stdin: Stdin,
    /// Where standard output goes, if it goes to a file: (path, appended).
    pub(crate) stdout: Option<(Value, bool)>,
    /// Environment assignments before it or from `env`/`sudo`: `DEBIAN_FRONTEND=noninteractive`. Exported
    /// variables of the script are also in it.
    pub(crate) env: Vec<(String, Value)>,
}

impl Argv {
    /// An argument as a path seen from the working directory.
    pub(crate) fn path(&self, arg: &Arg) -> Value {
        arg.value.resolve(&self.cwd)
    }

    /// The literal of argument `index`, if it has one.
    pub(crate) fn literal(&self, index: usize) -> Option<&str> {
        self.args.get(index).and_then(|a| a.value.as_literal())
    }

    /// The value of an environment variable that the command sees, as far as the script sets it.
    pub(crate) fn env(&self, name: &str) -> Option<&Value> {
        self.env.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// True if some argument is exactly `text`.
    pub(crate) fn has_word(&self, text: &str) -> bool {
        self.args.iter().any(|a| a.value.as_literal() == Some(text))
    }

    /// True if some argument is exactly one of the words.
    pub(crate) fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has_word(word))
    }

    /// True if both run the program of one name.
    pub(crate) fn runs_same_program(&self, other: &Argv) -> bool {
        self.name == other.name
    }

    /// The same command from argument `skip` on as a command of its own: `uv pip install x` as
    /// `pip install x`.
    pub(crate) fn shifted(&self, skip: usize) -> Option<Argv> {
        let program = self.args.get(skip)?.clone();
        let name = program_name(&program.value);
        Some(Argv { name, program, args: self.args[skip + 1..].to_vec(), ..self.clone() })
    }

    /// Reads options like getopt_long(3) in GNU style: options and operands may be mixed, `--` ends options,
    /// short ones can be bundled, a value is in the same word or the next, and long names may be abbreviated.
    ///
    /// `spec` lists options, separated by blanks: `p` is a short flag, `m:` a short option with a value,
    /// `parents` a long flag, `mode:` a long option with a value, and `mode?` a long option whose value can
    /// only follow a `=`. Aliases are joined: `m|mode:`. An option that the spec does not list counts as a
    /// flag without a value.
    pub(crate) fn options(&self, spec: &'static str) -> Options<'_> {
        Options::read(&self.args, spec, false)
    }

    /// Like [`Argv::options`], but the first operand ends the options, as in POSIX and for wrappers and
    /// programs with subcommands.
    pub(crate) fn leading_options(&self, spec: &'static str) -> Options<'_> {
        Options::read(&self.args, spec, true)
    }
}

impl fmt::Display for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.value.fmt(f)?;
        for arg in &self.args {
            f.write_str(" ")?;
            arg.value.fmt(f)?;
        }
        Ok(())
    }
}

/// A program's one name, whatever path, version or suffix it is called with: `python` for
/// `/usr/bin/python3.11`. The known end of a path counts (`$VENV/bin/pip`); the name is empty if even that is
/// unknown.
pub(crate) fn program_name(value: &Value) -> String {
    if let Some(word) = value.as_literal() {
        return name_of_program(word.trim_end_matches('/')).to_owned();
    }
    match value.basename().as_literal() {
        Some(name) => canonical(name).to_owned(),
        None => {
            let suffix = value.known_suffix();
            suffix.rsplit_once('/').map(|(_, name)| canonical(name).to_owned()).unwrap_or_default()
        }
    }
}

/// Programs that distributions also install under their version: `python3.11`, `php8.2`, `php-fpm8.2`,
/// `ruby3.1`.
const VERSIONED: [&str; 7] = ["python", "pip", "pypy", "php", "php-fpm", "ruby", "perl"];

/// The same for a word of a text: `pip` for `./venv/bin/pip3`.
pub(crate) fn name_of_program(word: &str) -> &str {
    canonical(word.rsplit_once('/').map_or(word, |(_, name)| name))
}

/// One name for all names of a program: `pip3.11` is `pip`, `nodejs` is `node`.
fn canonical(name: &str) -> &str {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if bare.len() < name.len() && VERSIONED.contains(&bare) {
        return bare;
    }
    match name {
        "nodejs" => "node",
        "composer.phar" => "composer",
        "gsed" => "sed",
        "bundler" => "bundle",
        _ => name,
    }
}

/// The options and operands of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options<'a> {
    /// The canonical name (the first of its aliases in the spec), the option's word, and its value.
    found: Vec<(&'a str, &'a Arg, Option<Value>)>,
    /// Arguments that are not options.
    pub(crate) operands: Vec<&'a Arg>,
    /// The index of the first operand among the arguments; the number of arguments if there is none.
    pub(crate) first_operand: usize,
}

enum Takes {
    Nothing,
    Value,
    Joined,
}

/// Finds an option in a spec by its bytes. This is called for every option of every command.
fn lookup<'s>(spec: &'s str, name: &str, long: bool) -> Option<(&'s str, Takes)> {
    let exact =
        |at: usize| matches!(spec.as_bytes().get(at + name.len()), None | Some(b' ' | b'|' | b':' | b'?'));
    // GNU accepts abbreviated long names; a full name has priority.
    let found = starts(spec, name).find(|at| exact(*at));
    let at = found.or_else(|| if long && name.len() > 1 { starts(spec, name).next() } else { None })?;
    let begin = spec[..at].rfind(' ').map_or(0, |i| i + 1);
    let entry = &spec[begin..];
    let entry = &entry[..entry.find(' ').unwrap_or(entry.len())];
    let takes = match entry.as_bytes().last() {
        Some(b':') => Takes::Value,
        Some(b'?') if entry.len() > 1 => Takes::Joined,
        _ => Takes::Nothing,
    };
    let canonical = entry.trim_end_matches([':', '?']).split('|').next().unwrap_or(entry);
    Some((canonical, takes))
}

/// The place in the spec of an alias that starts with `name`.
fn starts<'s>(spec: &'s str, name: &'s str) -> impl Iterator<Item = usize> + 's {
    let (spec, name) = (spec.as_bytes(), name.as_bytes());
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = name.first()?;
        while next < spec.len() {
            let at = next;
            let rest = &spec[at..];
            next += rest.iter().position(|b| matches!(b, b' ' | b'|')).map_or(rest.len(), |end| end + 1);
            if rest[0] == *first && rest.starts_with(name) {
                return Some(at);
            }
        }
        None
    })
}

impl<'a> Options<'a> {
    fn read(args: &'a [Arg], spec: &'static str, stop_at_operand: bool) -> Self {
        let mut options = Options { first_operand: args.len(), ..Options::default() };
        let mut index = 0;
        while index < args.len() {
            let arg = &args[index];
            let text = arg.value.known_prefix();
            if text == "--" && arg.value.as_literal().is_some() {
                options.first_operand = options.first_operand.min(index + 1);
                options.operands.extend(&args[index + 1..]);
                break;
            }
            if !text.starts_with('-') || text == "-" {
                options.first_operand = options.first_operand.min(index);
                if stop_at_operand {
                    options.operands.extend(&args[index..]);
                    break;
                }
                options.operands.push(arg);
                index += 1;
                continue;
            }
            let whole = arg.value.key();
            if let Some(long) = text.strip_prefix("--") {
                let name = long.split('=').next().unwrap_or(long);
                let joined = whole.split_once('=').map(|(_, v)| Value::from_key(v, &arg.value));
                match lookup(spec, name, true) {
                    Some((canonical, Takes::Value)) if joined.is_none() => {
                        let value = args.get(index + 1).map(|a| a.value.clone());
                        options.found.push((canonical, arg, value));
                        index += 2;
                        continue;
                    }
                    Some((canonical, _)) => options.found.push((canonical, arg, joined)),
                    None => options.found.push((name, arg, joined)),
                }
                index += 1;
                continue;
            }
            // A word like -classic, of a tool with one dash before long options, is listed in full in the
            // spec.
            if whole.len() > 2
                && let Some((canonical, takes)) = lookup(spec, whole, true)
            {
                let value = match takes {
                    Takes::Value => {
                        index += 1;
                        args.get(index).map(|a| a.value.clone())
                    }
                    _ => None,
                };
                options.found.push((canonical, arg, value));
                index += 1;
                continue;
            }
            let mut next = index + 1;
            for (i, letter) in text.char_indices().skip(1) {
                let at = i + letter.len_utf8();
                let name = &text[i..at];
                match lookup(spec, name, false) {
                    Some((canonical, Takes::Value)) => {
                        let rest = &whole[at..];
                        let value = if rest.is_empty() {
                            next += 1;
                            args.get(index + 1).map(|a| a.value.clone())
                        } else {
                            Some(Value::from_key(rest, &arg.value))
                        };
                        options.found.push((canonical, arg, value));
                        break;
                    }
                    Some((canonical, _)) => options.found.push((canonical, arg, None)),
                    None => options.found.push((name, arg, None)),
                }
            }
            index = next;
        }
        options
    }

    /// True if the option is given, under any of its aliases. It is asked for by its first alias in the spec.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.found.iter().any(|(n, ..)| *n == name)
    }

    /// The value of the last such option.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.found.iter().rev().find(|(n, ..)| *n == name).and_then(|(.., v)| v.as_ref())
    }

    /// The values of all such options, in order.
    pub(crate) fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Value> {
        self.found.iter().filter(move |(n, ..)| *n == name).filter_map(|(.., v)| v.as_ref())
    }

    /// The option's word.
    pub(crate) fn word(&self, name: &str) -> Option<&'a Arg> {
        self.found.iter().find(|(n, ..)| *n == name).map(|(_, arg, _)| *arg)
    }

    /// The names of all options that are given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.found.iter().map(|(n, ..)| *n)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::shell::value::Knowledge;
    use crate::source::FileId;

    /// A command line for tests: blanks separate words, `'` keeps blanks together, `$X` outside of quotes is
    /// a hole, `A=1` in front sets the environment, `<<< 'text'` at the end is standard input, and `|` in
    /// front says that something is piped in. The working directory is `/srv/app`.
    pub(crate) fn argv(line: &str) -> Argv {
        let mut words = words(line);
        let mut stdin = Stdin::Inherited;
        let mut env = Vec::new();
        if words[0].value.as_literal() == Some("|") {
            words.remove(0);
            stdin = Stdin::Pipe;
        }
        if let [.., here, _] = &words[..]
            && here.value.as_literal() == Some("<<<")
        {
            stdin = Stdin::Text(words.pop().unwrap().value);
            words.pop();
        }
        while let Some((name, value)) = words[0].value.split_once('=') {
            env.push((name.to_string(), value));
            words.remove(0);
        }
        let program = words.remove(0);
        Argv {
            name: program_name(&program.value),
            program,
            args: words,
            cwd: Value::literal("/srv/app"),
            home: Value::literal("/root"),
            stdin,
            stdout: None,
            env,
        }
    }

    fn words(line: &str) -> Vec<Arg> {
        let mut words = Vec::new();
        let mut at = 0;
        let mut quoted = false;
        let pieces = line.split(|c| {
            quoted ^= c == '\'';
            c == ' ' && !quoted
        });
        for word in pieces {
            let (start, end) = (at, at + word.len() as u32);
            at = end + 1;
            let mut value = Value::default();
            for (i, piece) in word.split('\'').enumerate() {
                let mut parts = piece.split('$');
                if i % 2 == 1 {
                    value.push_str(piece);
                    continue;
                }
                value.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    let end =
                        part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
                    value.push(&Value::hole(&part[..end], 0, Knowledge::Symbolic));
                    for (i, text) in part[end..].split('*').enumerate() {
                        if i > 0 {
                            value.push_glob('*');
                        }
                        value.push_str(text);
                    }
                }
            }
            let file = FileId(0);
            let span = Span { file, start, end };
            words.push(Arg { value, span });
        }
        words
    }

    #[test]
    fn options_are_read_as_getopt_does() {
        let line = argv("mkdir -pm 755 --mode=700 a --context b -- -c");
        let options = line.options("p|parents m|mode: Z|context?");
        assert!(options.has("p"));
        assert_eq!(options.value("m").unwrap().as_literal(), Some("700"));
        let operands: Vec<_> = options.operands.iter().map(|a| a.value.to_string()).collect();
        assert_eq!(operands, ["a", "b", "-c"]);
    }

    #[test]
    fn a_programs_name_is_known_behind_an_unknown_folder() {
        assert_eq!(argv("$VENV/bin/pip install").name, "pip");
        assert_eq!(argv("$CMD install").name, "");
        assert_eq!(argv("/usr/bin/env x").name, "env");
    }

    #[test]
    fn a_program_has_one_name() {
        for (written, name) in [
            ("/usr/bin/python3.11", "python"),
            ("pip3", "pip"),
            ("php8.2", "php"),
            ("/usr/sbin/php-fpm8.2", "php-fpm"),
            ("nodejs", "node"),
            ("composer.phar", "composer"),
            ("python3-config", "python3-config"),
            ("gpg2", "gpg2"),
            ("$V/bin/python3", "python"),
        ] {
            let argv = argv(&format!("{written} x"));
            assert_eq!((argv.name.as_str(), argv.program.value.to_string().as_str()), (name, written));
        }
    }
}
