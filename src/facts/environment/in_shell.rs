//! The variables that a shell text reads, sets and exports. One pass over its bytes finds them by their looks. The
//! model of a deploy script says what becomes of them, but here all scripts of a repo are asked, and names are enough.

use std::collections::HashSet;
use std::ops::Range;

/// Words that give a value to the names after them, or make them local to a function. bash(1), "SHELL BUILTIN
/// COMMANDS".
const GIVERS: [&str; 7] = ["read", "for", "local", "declare", "typeset", "readonly", "mapfile"];

/// What a text does with names of environment variables. They have at least two characters: capitals, digits and `_`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InShell<'t> {
    /// Names in `$NAME` and `${NAME…`, with their places. The shell leaves `\$NAME` unchanged, so it does not count.
    pub(crate) reads: Vec<(&'t str, Range<usize>)>,
    /// Names in `NAME=`, `NAME+=` and `NAME[`, and names that are read or declared.
    pub(crate) sets: HashSet<&'t str>,
    /// Names in `export NAME`.
    pub(crate) exports: Vec<(&'t str, Range<usize>)>,
}

/// Reads a text; comment lines are left out.
pub(crate) fn in_shell(text: &str) -> InShell<'_> {
    let mut found = InShell::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') {
            of_line(text, at..at + line.len(), &mut found);
        }
        at += line.len();
    }
    found
}

fn of_line<'t>(text: &'t str, line: Range<usize>, found: &mut InShell<'t>) {
    let bytes = text.as_bytes();
    let mut given = false;
    let mut exported = false;
    let mut at = line.start;
    while at < line.end {
        let byte = bytes[at];
        let before = (at > line.start).then(|| bytes[at - 1]);
        if byte == b'$' {
            let open = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'{'));
            let end = name_end(bytes, open);
            if end > open && !matches!(before, Some(b'\\' | b'$')) {
                found.reads.push((&text[open..end], open..end));
            }
            at = end.max(at + 1);
        } else if is_word(byte) {
            let mut end = at + 1;
            while bytes.get(end).is_some_and(|b| is_word(*b)) {
                end += 1;
            }
            // In `$NAME` a prefix of the word may be the name. Here it is the whole word.
            let name = name_end(bytes, at) == end;
            let begins = before.is_none_or(|b| matches!(b, b' ' | b'\t' | b';' | b'&' | b'|' | b'('));
            let assigned = matches!(bytes.get(end), Some(b'=' | b'['))
                || bytes.get(end) == Some(&b'+') && bytes.get(end + 1) == Some(&b'=');
            if name && (begins && assigned || given) {
                found.sets.insert(&text[at..end]);
            }
            if name && exported {
                found.exports.push((&text[at..end], at..end));
            }
            let word = &text[at..end];
            exported = word == "export" && text[line.start..at].trim().is_empty();
            given |= GIVERS.contains(&word);
            at = end;
        } else {
            at += 1;
        }
    }
}

/// The end of the name that begins here, or this position if there is none.
fn name_end(bytes: &[u8], from: usize) -> usize {
    if !bytes.get(from).is_some_and(u8::is_ascii_uppercase) {
        return from;
    }
    let rest = bytes[from..].iter();
    let length = rest.take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    if length < 2 { from } else { from + length }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
        let found = in_shell(text);
        let mut sets: Vec<&str> = found.sets.into_iter().collect();
        sets.sort_unstable();
        let reads = found.reads.into_iter().map(|(name, _)| name).collect();
        (reads, sets, found.exports.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn what_a_script_reads_sets_and_exports() {
        let text = "APP=1\nfor HOST in a; do read -r NAME OTHER; done\n# $NOT\necho $APP ${PORT:-1} \\$LEFT $$ $A$BC \"$HOST\"\n";
        assert_eq!(
            names(text),
            (vec!["APP", "PORT", "BC", "HOST"], vec!["APP", "HOST", "NAME", "OTHER"], vec![])
        );
        assert_eq!(names("  export DB_URL\nexport A_B=1 C_D=2\n").2, ["DB_URL", "A_B"]);
        assert_eq!(names("LIST+=(a); MAP[x]=1; xNAME=1 --NAME=1 é$NAME\n").1, ["LIST", "MAP"]);
        assert_eq!(names("local DIR; readonly KEY_FILE=x\n").1, ["DIR", "KEY_FILE"]);
        assert_eq!(names("echo $name ${Name} $").0, Vec::<&str>::new());
    }

    #[test]
    fn places_are_those_of_the_names() {
        let text = "é=${PORT:?x}\n";
        let (name, range) = in_shell(text).reads.remove(0);
        assert_eq!((name, &text[range]), ("PORT", "PORT"));
    }
}
