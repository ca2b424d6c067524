//! Programs that look for lines and show parts of files: grep(1), awk(1), sed(1), cat(1), head(1), wc(1).

use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::patterns::{Pattern, basic};
use crate::tools::says::facts::{Aspect, Says};
use crate::tools::thing::Thing;

/// True if the command exits with 1 where no line matches, as grep(1) does of no lines at all.
pub(crate) fn fails_without_match(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "grep" | "egrep" | "fgrep")
}

/// What success says: that a line is found.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    if argv.name.ends_with("awk") {
        return awk(argv);
    }
    let (pattern, file) = Pattern::of(argv)?;
    let path = match (file, &argv.stdin) {
        (Some(file), _) => argv.path(file),
        (None, Stdin::File(path)) => path.clone(),
        (None, _) => return None,
    };
    let found = found_in(path, &pattern);
    if pattern.is_inverted { found.negate() } else { Some(found) }
}

/// What it says if a pattern is found in a file.
pub(super) fn found_in(file: Value, pattern: &Pattern) -> Says {
    let resource = match file.as_literal() {
        Some("/etc/passwd" | "/etc/shadow") => Resource::User(pattern.account()),
        Some("/etc/group") => Resource::Group(pattern.account()),
        Some("/proc/swaps") => Resource::Other(Thing::Swap, Value::default()),
        Some("/proc/mounts" | "/proc/self/mounts" | "/etc/mtab") => {
            let text = pattern.text();
            Resource::Other(Thing::Mount, Value::from_key(text.key().trim_matches([' ', '^', '$']), text))
        }
        _ => Resource::Line { file, text: pattern.line() },
    };
    Says::exists(resource)
}

/// What any output says: that the file has a size, or that it has a line which `sed -n` prints.
pub(super) fn prints(argv: &Argv) -> Option<Says> {
    let sized = |path: Value| Some(Says::fact(Resource::Path(path), Aspect::Sized));
    let operand = |spec: &'static str| argv.options(spec).operands.last().map(|arg| argv.path(arg));
    match (argv.name.as_str(), &argv.stdin) {
        ("cat" | "head" | "tail", _) => sized(operand("n|lines: c|bytes: q v s")?),
        ("wc", Stdin::File(path)) => sized(operand(WC).unwrap_or_else(|| path.clone())),
        ("wc", _) => sized(operand(WC)?),
        ("sed", _) => {
            let options = argv.options("n|quiet|silent E|regexp-extended r e|expression: s z u");
            let [script, file] = options.operands.as_slice() else { return None };
            if !options.has("n") {
                return None;
            }
            let script = script.value.as_literal()?;
            let pattern = match script.strip_prefix('/') {
                Some(rest) => rest.strip_suffix("/p")?,
                None => script.strip_prefix("s/").filter(|s| s.ends_with('p'))?.split('/').next()?,
            };
            let extended = options.has("E") || options.has("r");
            let pattern = if extended { pattern.to_owned() } else { basic(pattern) };
            Some(Says::exists(Resource::Line { file: argv.path(file), text: Value::literal(pattern) }))
        }
        _ => None,
    }
}

/// The options of wc(1).
const WC: &str = "l|lines c|bytes w|words m|chars";

/// What it says if a line of the file that they show matches.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let is_file = |arg: &&Arg| argv.name == "cat" || arg.value.key().contains(['/', '.']);
    let file = match argv.name.as_str() {
        "cat" if argv.args.len() == 1 => argv.args.first(),
        _ => argv.args.last(),
    };
    let path = match (file.filter(is_file), &argv.stdin) {
        (Some(file), _) => argv.path(file),
        (None, Stdin::File(path)) => path.clone(),
        (None, _) => return None,
    };
    Some(found_in(path, pattern))
}

/// The one file that a command prints as it is.
pub(crate) fn shown_file(argv: &Argv) -> Option<Value> {
    if !matches!(argv.name.as_str(), "cat" | "head" | "tail") {
        return None;
    }
    let mut plain = argv.args.iter().filter(|arg| !arg.is_option());
    let file = plain.next()?;
    plain.next().is_none().then(|| argv.path(file))
}

/// `awk '/L/{f=1} END{exit !f}' F` succeeds if a line is found. Only this usual shape is read.
fn awk(argv: &Argv) -> Option<Says> {
    let options = argv.options("F|field-separator: v|assign: f|file:");
    let [program, file] = options.operands.as_slice() else { return None };
    let program = program.value.as_literal()?;
    let flat: String = program.split_ascii_whitespace().collect();
    if !(flat.contains("END{exit!") || flat.contains("END{exit(!")) {
        return None;
    }
    if let Some(rest) = program.trim_start().strip_prefix('/') {
        let pattern = rest.split('/').next()?;
        return Some(Says::exists(Resource::Line { file: argv.path(file), text: Value::literal(pattern) }));
    }
    // `$1 == u`, with `-v u=NAME`; `$1 == "NAME"`.
    let rest = flat.strip_prefix("$1==")?;
    let name = match rest.strip_prefix('"') {
        Some(rest) => Value::literal(rest.split('"').next()?),
        None => {
            let variable = rest.split('{').next()?;
            let given = options.value("v")?;
            let (name, value) = given.split_once('=')?;
            (name.as_literal() == Some(variable)).then_some(value)?
        }
    };
    Some(found_in(argv.path(file), &Pattern::fixed(name)))
}

#[test]
fn lines_are_found() {
    crate::tools::table::says(&[
        ("grep -q x f", "Exists line /srv/app/f 'x'"),
        ("grep -qxF a.b f", "Exists line /srv/app/f '^(?:a\\.b)$'"),
        ("grep -qv x f", "not Exists line /srv/app/f 'x'"),
        ("grep -q ^app: /etc/passwd", "Exists user app"),
        ("grep -q web /etc/group", "Exists group web"),
        ("grep -qs /data /proc/mounts", "Exists mount /data"),
        ("awk '/x/{f=1} END{exit !f}' f", "Exists line /srv/app/f 'x'"),
        ("cat /etc/passwd | grep -q ^app:", "Exists user app"),
        ("cut -d: -f1 /etc/passwd | grep -qx app", "Exists user app"),
        ("tail -n1 /x | grep -q y", "Exists line /x 'y'"),
        ("wc -l /x", "prints Sized path /x"),
        ("sed -n '/a/p' f", "prints Exists line /srv/app/f 'a'"),
        ("cat f", "Exists path /srv/app/f; prints Sized path /srv/app/f"),
    ]);
}
