//! sed(1), and enough of its language to show whether `sed -i` can be repeated.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::{Knowledge, Value, has_hole};
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, unknown};
use crate::tools::effect::{Again, Change, Deed, Prints, Resource};

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    (asked.name() == "sed").then(|| {
        Advice::help("test for the text first: `grep -q TEXT FILE || sed -i …`, or replace a whole line: `s|^KEY=.*|KEY=VALUE|`")
    })?
}

/// `sed -i` adds lines again, and a substitution that matches its own result makes the line grow.
pub(crate) fn sed(argv: &Argv) -> Deed {
    let mut in_place = false;
    let mut quiet_script = false;
    let mut scripts: Vec<&Arg> = Vec::new();
    let mut files: Vec<&Arg> = Vec::new();
    let mut args = argv.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.value.known_prefix();
        if let Some(long) = text.strip_prefix("--") {
            in_place |= long.starts_with("in-place");
            if long == "expression" || long == "file" {
                scripts.extend(args.next());
            }
            quiet_script |= long.starts_with("expression") || long.starts_with("file");
        } else if text.len() > 1 && text.starts_with('-') {
            // `-i` takes the rest of its word as the suffix of a backup.
            let letters = text[1..].split('i').next().unwrap_or_default();
            in_place |= text.contains('i') && letters.chars().all(|c| "nrEsuz".contains(c));
            if letters.ends_with(['e', 'f']) {
                scripts.extend(args.next());
                quiet_script = true;
            }
        } else {
            files.push(arg);
        }
    }
    if !in_place {
        return Deed::read_only().prints(Prints::Filled);
    }
    if !quiet_script && !files.is_empty() {
        scripts.push(files.remove(0));
    }
    let whole = scripts.iter().map(|script| script.value.key()).collect::<Vec<_>>().join("\n");
    let verdict = judge(&whole);
    let mut draft = Draft::of(argv);
    for file in files {
        match &verdict {
            Verdict::Repeatable => {
                draft.path(file, Change::Edit, Again::NoChange);
                for script in &scripts {
                    if let Some(pattern) = deleted(script.value.key()) {
                        let text = Value::from_key(pattern, &script.value);
                        let resource = Resource::Line { file: argv.path(file), text };
                        draft.add(file, Change::Remove, resource, Again::NoChange);
                    }
                }
            }
            // It counts as text that is added, so a file that each run writes from scratch is not affected.
            Verdict::Grows(text) => {
                draft.path(file, Change::Edit, Again::NoChange);
                let resource = Resource::Line { file: argv.path(file), text: shown(&scripts, text) };
                let again = Again::Duplicates("matches its own result and adds the text again");
                draft.add(file, Change::Append, resource, again);
            }
            Verdict::Adds(text) => {
                let resource = Resource::Line { file: argv.path(file), text: shown(&scripts, text) };
                let again = Again::Duplicates("adds the line again");
                draft.add(file, Change::Append, resource, again);
            }
        }
    }
    draft.done()
}

/// The text of a script as a value; it is unknown if the script is.
fn shown(scripts: &[&Arg], text: &str) -> Value {
    match scripts {
        [only] if only.value.as_literal().is_some() => Value::literal(text),
        _ => unknown("text"),
    }
}

#[derive(PartialEq)]
enum Verdict {
    Repeatable,
    Grows(String),
    Adds(String),
}

/// What a script does to its own result. It is [`Verdict::Repeatable`] unless harm can be proved.
fn judge(script: &str) -> Verdict {
    let mut verdict = Verdict::Repeatable;
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', ';', '{', '}']);
        let Some((address, after)) = address(rest) else {
            return Verdict::Repeatable;
        };
        let mut letters = after.chars();
        let Some(command) = letters.next() else {
            return verdict;
        };
        rest = letters.as_str();
        match command {
            '#' | 'c' => rest = rest.split_once('\n').map_or("", |(_, next)| next),
            'a' | 'i' => {
                let text = rest.trim_start().trim_start_matches('\\').trim_start();
                let end = line_end(text);
                let (line, next) = (&text[..end], text[end..].trim_start_matches('\n'));
                if line.is_empty() && next.is_empty() {
                    return verdict; // `$a\` only ends the last line
                }
                if address.negated {
                    return Verdict::Repeatable;
                }
                verdict = Verdict::Adds(line.to_owned());
                rest = next;
            }
            'r' => {
                if address.negated {
                    return Verdict::Repeatable;
                }
                verdict = Verdict::Adds(String::new());
                rest = rest.split_once('\n').map_or("", |(_, next)| next);
            }
            's' | 'y' => {
                let Some((pattern, replacement, next)) = substitution(rest) else {
                    return Verdict::Repeatable;
                };
                if command == 's' && grows(pattern, replacement, &address) {
                    verdict = Verdict::Grows(replacement.replace('&', pattern));
                }
                rest = next.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            }
            'p' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' | 'l' | 'P' => {}
            // Lines that are removed before they are added, loops and jumps are the usual ways to write
            // something repeatable.
            _ => return Verdict::Repeatable,
        }
    }
}

/// The pattern of the lines that a script with one `d` removes: `/^PORT=/d`, `/# begin/,/# end/d`.
fn deleted(script: &str) -> Option<&str> {
    let (address, after) = address(script.trim())?;
    let alone = after.strip_prefix('d')?.trim_matches([' ', ';', '\n']).is_empty();
    address.first.filter(|_| alone && !address.negated)
}

/// The end of the text of `a`: the first line end without a backslash before it.
fn line_end(text: &str) -> usize {
    let mut ends = text.match_indices('\n').map(|(at, _)| at);
    ends.find(|at| !text[..*at].ends_with('\\')).unwrap_or(text.len())
}

#[derive(Default)]
struct Address<'s> {
    pattern: Option<&'s str>,
    /// The address itself; of a range, the one that opens it.
    first: Option<&'s str>,
    range: bool,
    negated: bool,
}

/// The addresses before a command, and the rest.
fn address(script: &str) -> Option<(Address<'_>, &str)> {
    let mut address = Address::default();
    let mut rest = script;
    loop {
        if let Some(after) = rest.strip_prefix('/') {
            let end = unescaped(after, '/')?;
            address.pattern = Some(&after[..end]);
            address.first = address.first.or(address.pattern);
            rest = after[end + 1..].trim_start_matches(['I', 'M']);
        } else if let Some(after) = rest.strip_prefix('\\') {
            let delimiter = after.chars().next()?;
            let after = &after[delimiter.len_utf8()..];
            let end = unescaped(after, delimiter)?;
            address.pattern = Some(&after[..end]);
            address.first = address.first.or(address.pattern);
            rest = after[end + delimiter.len_utf8()..].trim_start_matches(['I', 'M']);
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "$~+".contains(c));
        }
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => {
                address.range = true;
                rest = after.trim_start();
            }
            None => break,
        }
    }
    if let Some(after) = rest.strip_prefix('!') {
        address.negated = true;
        rest = after.trim_start();
    }
    Some((address, rest))
}

fn unescaped(text: &str, delimiter: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices()
        .find(|(_, c)| {
            let found = *c == delimiter && !escaped;
            escaped = *c == '\\' && !escaped;
            found
        })
        .map(|(i, _)| i)
}

/// Takes `/pattern/replacement/` apart, and returns the rest.
fn substitution(text: &str) -> Option<(&str, &str, &str)> {
    let delimiter = text.chars().next()?;
    let text = &text[delimiter.len_utf8()..];
    let first = unescaped(text, delimiter)?;
    let after = &text[first + delimiter.len_utf8()..];
    let second = unescaped(after, delimiter)?;
    Some((&text[..first], &after[..second], &after[second + delimiter.len_utf8()..]))
}

/// True if it can be proved that the result of the substitution matches again and is longer. That is decided only for
/// patterns without operators, and only if the address must still match.
fn grows(pattern: &str, replacement: &str, address: &Address<'_>) -> bool {
    if address.negated || address.range {
        return false;
    }
    let at_start = pattern.starts_with('^');
    let at_end = pattern.ends_with('$') && !pattern.ends_with("\\$");
    let core = pattern.strip_prefix('^').unwrap_or(pattern);
    let core = if at_end { &core[..core.len() - 1] } else { core };
    // `.*` at the end takes the whole line: `&more` still starts as before. (`\1` stands for what a group
    // matched.)
    let core = match core.strip_suffix(".*") {
        Some(start) if at_start && replacement.starts_with('&') => start,
        _ => core,
    };
    let operators = |c: char| "\\.*[]^$+?(){}|&".contains(c);
    if core.contains(operators) || has_hole(core) || replacement.contains(['\\', '\n']) {
        return false;
    }
    let result = replacement.replace('&', core);
    if result.len() <= core.len() {
        return false;
    }
    let matches_again = match (at_start, at_end) {
        (true, true) => false,
        (true, false) => result.starts_with(core),
        (false, true) => result.ends_with(core),
        (false, false) => !core.is_empty() && result.contains(core),
    };
    let still_addressed = match address.pattern {
        None => true,
        Some(text) => !text.contains(operators) && core.is_empty() && (at_start || at_end),
    };
    matches_again && still_addressed
}

/// True for sed(1), by any of its names.
pub(crate) fn edits(argv: &Argv) -> bool {
    argv.name == "sed"
}

/// What a sed(1) command puts in place of lines each time it runs, because the result matches again: `KEY=$VALUE` for
/// `s|^KEY=.*|KEY=$VALUE|`.
pub(crate) fn replaced_lines(argv: &Argv) -> Vec<Value> {
    if argv.name != "sed" {
        return Vec::new();
    }
    let replaced = |arg: &Arg| {
        let script = arg
            .value
            .key()
            .strip_prefix('s')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_punctuation()))?;
        let (pattern, by, _) = substitution(script)?;
        let begin = pattern.trim_start_matches('^').trim_end_matches('$').strip_suffix(".*")?;
        let plain = !begin.is_empty()
            && !begin.contains(|c: char| "\\.*[]^$+?(){}|&".contains(c))
            && !has_hole(begin);
        (plain && by.starts_with(begin)).then(|| Value::from_key(by, &arg.value))
    };
    argv.args.iter().filter_map(replaced).collect()
}

/// The plain texts that a sed(1) command replaces, and their replacements.
pub(crate) fn substitutions(argv: &Argv) -> Vec<(String, String)> {
    match argv.name.as_str() {
        "sed" => argv.args.iter().flat_map(|arg| replaced_by(arg.value.key())).collect(),
        _ => Vec::new(),
    }
}

/// The plain texts that a sed script replaces, and their replacements: `s|@DIR@|/srv/web|g`. Patterns with operators are
/// left out.
fn replaced_by(script: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for command in script.split([';', '\n']) {
        let Some(rest) = command.trim().strip_prefix('s') else { continue };
        let Some(delimiter) = rest.chars().next().filter(|c| c.is_ascii_punctuation() && *c != '\\') else {
            continue;
        };
        let parts: Vec<&str> = rest[1..].splitn(3, delimiter).collect();
        let [pattern, by, flags] = parts.as_slice() else { continue };
        let plain = pattern.replace("\\.", ".").replace("\\$", "$").replace("\\/", "/");
        let escaped = pattern.replace("\\.", "").replace("\\$", "").replace("\\/", "");
        let operators = escaped.contains(['\\', '*', '^', '$', '[', '+', '?']) || has_hole(&escaped);
        let letters = flags.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain.is_empty() && !operators && letters && !by.contains(['&', '\\']) {
            found.push((plain, as_in_a_unit(by)));
        }
    }
    found
}

/// The text of a value in a unit: an unknown part is written `$NAME`.
fn as_in_a_unit(key: &str) -> String {
    Value::from_key(key, &Value::hole("", 0, Knowledge::Unknown)).to_string()
}

#[test]
fn lines_are_replaced_on_each_run() {
    let lines = |line: &str| {
        let replaced = replaced_lines(&crate::shell::argv::tests::argv(line)).into_iter();
        replaced.map(|value| value.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lines("sed -i 's|^KEY=.*|KEY=new|' /f"), ["KEY=new"]);
    assert_eq!(lines("sed -i -e 's/^A=.*$/A=1/' -e 's/B=.*/B=2/' /f"), ["A=1", "B=2"]);
    assert_eq!(lines("sed -i 's|^KEY=$|KEY=new|' /f"), [""; 0]);
    assert_eq!(lines("sed -i 's/__KEY__/new/;s/^A=.*/B=1/' /f"), [""; 0]);
}

#[test]
fn what_sed_replaces() {
    let of = |script: &str| replaced_by(script);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of("s|@DIR@|/srv/web|g"), [pair("@DIR@", "/srv/web")]);
    assert_eq!(of("s/USER/\u{1}APP_USER#2\u{2}/;s#a\\.b#c#"), [pair("USER", "$APP_USER"), pair("a.b", "c")]);
    assert_eq!(of("s/^User=.*/User=x/"), []);
    assert_eq!(of("/x/d"), []);
}

#[test]
fn sed_edits() {
    crate::tools::table::check(&[
        ("sed s/a/b/ f", "[ReadOnly]"),
        ("sed -n '1,3p' f", "[ReadOnly]"),
        ("sed -i s/a/b/ f", "edit /srv/app/f"),
        ("sed -i.bak -e s/a/b/ /f", "edit /f"),
        ("sed -Ei 's|^#?Port .*|Port 22|' /f", "edit /f"),
        ("sed -i 's/^x/xx/' /f", "edit /f; append line /f 'xx' duplicates"),
        ("sed -i 's/^/#/' /f", "edit /f; append line /f '#' duplicates"),
        ("sed -i 's|^PATH=.*|&:/opt|' /f", "edit /f; append line /f '^PATH=.*:/opt' duplicates"),
        ("sed -i 's|^PATH=.*|PATH=/opt|' /f", "edit /f"),
        ("sed -i '/foo/s/^/#/' /f", "edit /f; append line /f '#' duplicates"),
        ("sed -i '/^foo/s/^/#/' /f", "edit /f"),
        ("sed -i '/bar/!s/$/ bar/' /f", "edit /f"),
        ("sed -i 's/pool/pool max/' /f", "edit /f; append line /f 'pool max' duplicates"),
        ("sed -i 's/^pool$/pool max/' /f", "edit /f"),
        ("sed -i '/x/a text here' /f", "append line /f 'text here' duplicates"),
        ("sed -i '$ a y' /f", "append line /f 'y' duplicates"),
        ("sed -i '1i\\y' /f", "append line /f 'y' duplicates"),
        ("sed -i '/x/d;$a x' /f", "edit /f"),
        ("sed -i '$a\\' /f", "edit /f"),
        ("sed -i '/^x=/d' /f", "edit /f; remove line /f '^x='"),
        ("sed -i '/x/,/y/d' /f", "edit /f; remove line /f 'x'"),
        ("sed -i '/x/c y' /f", "edit /f"),
        ("sed --in-place '/x/a y' $F", "append line $F 'y' duplicates"),
        ("sed -i -e '/x/d' -e '$a x' /f", "edit /f; remove line /f 'x'"),
        ("sed -i \"s/$X/y/\" /f", "edit /f"),
        ("sed -i '/^PORT=/d' /f", "edit /f; remove line /f '^PORT='"),
        ("sed -i '/# begin/,/# end/d' /f", "edit /f; remove line /f '# begin'"),
        ("sed -i '/keep/!d' /f", "edit /f"),
        ("sed -i 3d /f", "edit /f"),
    ]);
}
