//! What commands print, and whether it is the same on each run.

use crate::limit::tick;
use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::draft::joined;
use crate::tools::effect::{Change, Deed, Resource};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::LazyLock;

/// How a program's output follows from its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// The working directory: pwd(1).
    Directory,
    /// The user who runs it: whoami(1).
    Caller,
    /// Its one operand as a path: dirname(1), basename(1), realpath(1), `readlink -f`.
    Path(Part),
    /// Its words: echo, printf.
    Words,
}

/// The part of a path that is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the last part.
    Directory,
    /// The last part.
    Name,
    /// All of it, from the root on.
    Whole,
}

impl Part {
    /// This part of a path.
    fn of(self, path: &Value, cwd: &Value) -> Value {
        match self {
            Part::Directory => path.dirname(),
            Part::Name => path.basename(),
            Part::Whole => path.resolve(cwd),
        }
    }
}

/// How the output of the program with this name follows from its words; `None` if it does not.
pub(crate) fn follows(name: &str) -> Option<Follows> {
    match name {
        "pwd" => Some(Follows::Directory),
        "whoami" => Some(Follows::Caller),
        "dirname" => Some(Follows::Path(Part::Directory)),
        "basename" => Some(Follows::Path(Part::Name)),
        "realpath" | "readlink" => Some(Follows::Path(Part::Whole)),
        "echo" | "printf" => Some(Follows::Words),
        _ => None,
    }
}

/// The part of its one operand that such a program prints. `readlink L` prints the link's target, which the words do not
/// show.
pub(crate) fn part_of_path(name: &str, part: Part, words: &[Arg], cwd: &Value) -> Option<Value> {
    let is_option = |word: &&Arg| word.is_option() && word.value.key().len() > 1;
    let resolves = |word: &Arg| {
        let text = word.value.known_prefix();
        text.starts_with("--canon") || !text.starts_with("--") && text.contains(['f', 'e', 'm'])
    };
    if name == "readlink" && !words.iter().filter(is_option).any(resolves) {
        return None;
    }
    let mut operands = words.iter().filter(|word| !is_option(word));
    let operand = operands.next()?;
    operands.next().is_none().then(|| part.of(&operand.value, cwd))
}

/// True for tee(1), which writes what is piped in.
pub(crate) fn is_tee(argv: &Argv) -> bool {
    argv.name == "tee"
}

/// True for echo(1).
pub(crate) fn is_echo(argv: &Argv) -> bool {
    argv.name == "echo"
}

/// True for echo and printf: they print what they are given.
pub(crate) fn prints_its_words(name: &str) -> bool {
    matches!(name, "echo" | "printf")
}

/// The words of an `echo` or `printf` without the line end, as a command substitution returns them. `None` if options or a
/// format change them.
pub(crate) fn words_as_given(name: &str, words: &[Arg]) -> Option<Value> {
    let first = words.first().map_or("", |word| word.value.known_prefix());
    if first.starts_with('-') || name == "printf" && first.contains('%') {
        return None;
    }
    Some(joined(words))
}

/// What a command prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Printed {
    /// This text. If escapes in it were undone, it differs from the text of the source.
    Text {
        /// The text, line end included.
        value: Value,
        /// True if escapes such as `\n` were undone.
        is_unescaped: bool,
    },
    /// Its standard input.
    Input,
}

/// What a command prints, if that is known: echo(1), printf(1), and cat(1) of its input.
pub(crate) fn printed(argv: &Argv) -> Option<Printed> {
    match argv.name.as_str() {
        "echo" => {
            let is_option =
                |arg: &&Arg| matches!(arg.value.as_literal(), Some("-e" | "-n" | "-en" | "-ne" | "-E"));
            let options = argv.args.iter().take_while(is_option).count();
            let mut value = joined(&argv.args[options..]);
            let keeps_open = |arg: &Arg| arg.value.as_literal().is_some_and(|text| text.contains('n'));
            if !argv.args[..options].iter().any(keeps_open) {
                value.push_str("\n");
            }
            let first = argv.args.first().and_then(|arg| arg.value.as_literal());
            let is_unescaped = matches!(first, Some("-e" | "-ne" | "-en"));
            if is_unescaped && value.key().contains('\\') {
                let plain = value.key().replace("\\n", "\n").replace("\\t", "\t");
                value = Value::from_key(&plain, &value);
            }
            Some(Printed::Text { value, is_unescaped })
        }
        "printf" => {
            let value = match argv.args.split_first() {
                Some((format, args)) => formatted(&format.value, args),
                None => Value::literal("\n"),
            };
            Some(Printed::Text { value, is_unescaped: true })
        }
        "cat" if argv.args.iter().all(|arg| arg.value.as_literal() == Some("-")) => Some(Printed::Input),
        _ => None,
    }
}

/// printf(1): `%s` takes the next argument, `\n` is a line end, and anything else stays. The format is used again while
/// arguments are left.
fn formatted(format: &Value, args: &[Arg]) -> Value {
    let mut value = Value::default();
    let mut args = args.iter();
    let Some(text) = format.as_literal() else { return format.clone() };
    loop {
        let left = args.len();
        format_once(text, &mut args, &mut value);
        tick();
        if args.len() == 0 || args.len() == left {
            return value;
        }
    }
}

fn format_once(text: &str, args: &mut std::slice::Iter<'_, Arg>, value: &mut Value) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                value.push_str("\n");
            }
            ('\\', Some('t')) => {
                chars.next();
                value.push_str("\t");
            }
            ('%', Some('%')) => {
                chars.next();
                value.push_str("%");
            }
            ('%', Some('s' | 'd' | 'b' | 'q')) => {
                chars.next();
                if let Some(arg) = args.next() {
                    value.push(&arg.value);
                }
            }
            (c, _) => value.push_str(c.encode_utf8(&mut [0; 4])),
        }
    }
}

/// The files that a command fills with its standard input, and whether it adds to them: tee(1), dd(1) without `if=`,
/// `install /dev/stdin FILE`.
pub(crate) fn filled(argv: &Argv, deed: &Deed) -> Vec<(Value, bool)> {
    let fills = match argv.name.as_str() {
        "tee" => true,
        "install" | "cp" => argv.has_word("/dev/stdin"),
        "dd" => !argv.args.iter().any(|arg| arg.value.key().starts_with("if=")),
        _ => false,
    };
    if !fills {
        return Vec::new();
    }
    let file = |effect: &crate::tools::effect::Effect| match (&effect.change, &effect.resource) {
        (Change::Write, Resource::Path(path)) => Some((path.clone(), false)),
        (Change::Append, Resource::Line { file, .. }) => Some((file.clone(), true)),
        _ => None,
    };
    deed.effects.iter().filter_map(file).collect()
}

/// True for a program that prints nothing if it succeeds.
pub(crate) fn is_quiet(argv: &Argv) -> bool {
    matches!(
        argv.name.as_str(),
        "mkdir" | "chown" | "chmod" | "ln" | "rm" | "cp" | "mv" | "touch" | "sleep" | "cd" | "install"
    )
}

/// True if a value is the name of a new file, as mktemp(1) prints it: `$(mktemp /opt/shop/.env.XXXXXX)`.
pub(crate) fn is_new_file(shown: &str) -> bool {
    let inside = shown.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    let mut words = inside.unwrap_or_default().split_whitespace();
    let is_mktemp = words.next().is_some_and(|word| word == "mktemp");
    is_mktemp && words.all(|word| !["-d", "--directory", "-u", "--dry-run", "-td", "-dt"].contains(&word))
}

#[test]
fn mktemp_makes_files() {
    for (shown, expected) in [
        ("$(mktemp)", true),
        ("$(mktemp /opt/shop/.env.XXXXXX)", true),
        ("$(mktemp -d)", false),
        ("$(mktemp -d)/x", false),
        ("$(date +%s)", false),
        ("/tmp/x", false),
    ] {
        assert_eq!(is_new_file(shown), expected, "{shown}");
    }
}

/// True if the text of a command prints something else on each run: RANDOM(4), date(1), mktemp(1).
pub(crate) fn is_fresh(text: &str) -> bool {
    static FRESH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = ["mktemp", "date +%s", "date +%N", "date", "$$", "$RANDOM", "$SECONDS", "$EPOCHSECONDS"];
        automaton(&words)
    });
    let edge = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '.'));
    let mut found = FRESH.iter().flat_map(|words| words.find_overlapping_iter(text));
    is_random(text)
        || found.any(|word| {
            edge(text[..word.start()].chars().next_back()) && edge(text[word.end()..].chars().next())
        })
}

/// A hasher that is quick to make, for texts of a few words.
fn automaton(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words).ok()
}

/// True if the text of a command prints a new secret: `openssl rand -hex 32`.
pub(crate) fn is_random(text: &str) -> bool {
    static SOURCES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let sources = [
            "openssl rand", "openssl genrsa", "openssl genpkey", "/dev/urandom", "/dev/random", "uuidgen",
            "pwgen", "secrets.token", "secrets.choice", "get_random_secret_key", "randomBytes", "apg ",
            "makepasswd", "/proc/sys/kernel/random/uuid", "uuid.uuid4", "Fernet.generate_key",
            "rails secret", "gpg --gen-random", "wg genkey",
        ];
        automaton(&sources)
    });
    SOURCES.as_ref().is_some_and(|sources| sources.is_match(text))
}

/// True if a text reads a secret that is there, and makes one only where there is none:
/// `$(cat /etc/shop/key || openssl rand -hex 32)`.
pub(crate) fn makes_only_what_is_missing(text: &str) -> bool {
    const READERS: [&str; 9] = ["cat", "grep", "sed", "awk", "cut", "head", "tail", "jq", "pass"];
    let Some((first, _)) = text.split_once("||") else { return false };
    let first = first.trim_start_matches(['$', '(', '`', ' ']);
    let reader = first.split_whitespace().next().unwrap_or_default();
    !is_random(first) && (reader.starts_with('<') || READERS.contains(&reader))
}

/// True for a program that prints what it reads, in another form.
pub(crate) fn passes_on(name: &str) -> bool {
    [
        "base64", "base32", "tr", "head", "tail", "cut", "sed", "fold", "od", "xxd", "hexdump", "rev", "cat",
        "sha256sum", "sha512sum", "sha1sum", "md5sum", "tee", "strings", "dd",
    ]
    .contains(&name)
}

/// True for a program whose output is assumed to be the same in a second run. `ls`, `git` and `curl` can print something
/// else, but what a deploy asks them for usually stays the same.
pub(crate) fn is_stable(name: &str) -> bool {
    [
        "hostname", "nproc", "lsb_release", "uname", "dpkg", "arch", "id", "whoami", "logname", "getent",
        "which", "command", "type", "basename", "dirname", "realpath", "readlink", "pwd", "tty", "getconf",
        "rpm", "python3", "python", "node", "ip", "awk", "sed", "cut", "grep", "cat", "head", "tail", "echo",
        "printf", "tr", "ls", "find", "sort", "uniq", "git", "jq", "stat", "free", "curl", "wget", "dig",
        "xargs", "pyenv", "systemctl", "docker", "psql",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::argv::tests::argv;

    #[test]
    fn what_is_printed_is_known() {
        for (line, text, unescaped) in [
            ("echo a b", "a b\n", false),
            ("echo -e 'a\\nb'", "a\nb\n", true),
            ("echo -n 'a\\nb'", "a\\nb", false),
            ("echo -ne 'a\\nb'", "a\nb", true),
            ("printf 'a %s\\n' b", "a b\n", true),
            ("printf '100%%'", "100%", true),
            ("printf '%s\\n' a b", "a\nb\n", true),
            ("printf '%s=%s\\n' a b c", "a=b\nc=\n", true),
            ("printf 'a\\n' b", "a\n", true),
        ] {
            let expected = Printed::Text { value: Value::literal(text), is_unescaped: unescaped };
            assert_eq!(printed(&argv(line)), Some(expected), "{line}");
        }
        for (line, path) in [
            ("readlink -f current", Some("/srv/app/current")),
            ("readlink --canonicalize current", Some("/srv/app/current")),
            ("readlink current", None),
            ("readlink -n current", None),
            ("realpath current", Some("/srv/app/current")),
            ("dirname a/b", Some("a")),
            ("basename a/b .c", None),
        ] {
            let argv = argv(line);
            let Some(Follows::Path(part)) = follows(&argv.name) else { panic!("{line}") };
            let shown = part_of_path(&argv.name, part, &argv.args, &argv.cwd);
            assert_eq!(shown, path.map(Value::literal), "{line}");
        }
        assert_eq!(printed(&argv("cat -")), Some(Printed::Input));
        assert_eq!(printed(&argv("cat f")), None);
    }

    #[test]
    fn input_goes_to_files() {
        for (line, files) in [
            ("tee /a /b", "/a /b"),
            ("tee -a /a", "+/a"),
            ("dd of=/a", "/a"),
            ("dd if=/dev/zero of=/a", ""),
            ("install -m 600 /dev/stdin /a", "/a"),
            ("install -m 600 /b /a", ""),
            ("cat", ""),
        ] {
            let argv = argv(line);
            let filled = filled(&argv, &crate::tools::deed(&argv));
            let shown: Vec<String> =
                filled.iter().map(|(file, adds)| format!("{}{file}", if *adds { "+" } else { "" })).collect();
            assert_eq!(shown.join(" "), files, "{line}");
        }
    }

    #[test]
    fn secrets_and_times_are_fresh() {
        for text in ["$(date +%s)", "$(openssl rand -hex 32)", "$(mktemp -d)", "$(head -c 9 /dev/urandom)"] {
            assert!(is_fresh(text), "{text}");
        }
        for text in ["$(update-rc)", "$(cat date.txt)", "$(hostname)"] {
            assert!(!is_fresh(text), "{text}");
        }
    }
}
