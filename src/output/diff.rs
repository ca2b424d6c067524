//! The changes of fixes, as a unified diff for `patch -p0` and `git apply -p0`.

use super::clean;
use crate::check::Change;
use similar::TextDiff;
use std::io::{self, Write};

/// Writes the differences. A terminal gets nothing that it would obey; any other output gets each byte of the
/// file.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(changes: &[Change], terminal: bool, out: &mut dyn Write) -> io::Result<()> {
    for change in changes {
        let name = name(&change.path);
        let diff = unified(&name, &change.before, &change.after)?;
        if terminal {
            let shown = clean::lines(&String::from_utf8_lossy(&diff), 10_000);
            writeln!(out, "{}", shown.trim_end_matches('\n'))?;
        } else {
            out.write_all(&diff)?;
        }
    }
    Ok(())
}

/// Only `\n` ends a line, as in patch(1). similar's own writer treats a bare `\r` as a line end, and replaces
/// what is not UTF-8.
fn unified(name: &str, before: &[u8], after: &[u8]) -> io::Result<Vec<u8>> {
    let before: Vec<&[u8]> = before.split_inclusive(|b| *b == b'\n').collect();
    let after: Vec<&[u8]> = after.split_inclusive(|b| *b == b'\n').collect();
    let diff = TextDiff::configure().diff_slices(&before, &after);
    let mut out = format!("--- {name}\n+++ {name}\n").into_bytes();
    for hunk in diff.unified_diff().iter_hunks() {
        writeln!(out, "{}", hunk.header())?;
        for line in hunk.iter_changes() {
            write!(out, "{}", line.tag())?;
            out.extend_from_slice(line.value());
            if !line.value().ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    Ok(out)
}

/// A file's name in a header. As in diff(1), a name with a space ends with a tab, and one with control
/// characters is quoted as in C.
fn name(path: &str) -> String {
    let odd = |c: char| c.is_ascii_control() || matches!(c, '"' | '\\');
    if path.contains(odd) {
        let mut quoted = String::from("\"");
        for c in path.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c.is_ascii_control() => quoted.push_str(&format!("\\{:03o}", c as u32)),
                c => quoted.push(c),
            }
        }
        return quoted + "\"";
    }
    if path.contains(' ') { format!("{path}\t") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, before: &[u8], after: &[u8], terminal: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let change = Change { path: path.to_owned(), before: before.to_vec(), after: after.to_vec() };
        write(&[change], terminal, &mut out).unwrap();
        out
    }

    #[test]
    fn each_byte_is_the_files_own() {
        let diff = shown("a.sh", b"mkdir a\r\n\xe9\rc\nb", b"mkdir -p a\r\n\xe9\rc\nb", false);
        let expected = b"--- a.sh\n+++ a.sh\n@@ -1,3 +1,3 @@\n-mkdir a\r\n+mkdir -p a\r\n \xe9\rc\n b\n\\ No newline at end of file\n";
        assert_eq!(String::from_utf8_lossy(&diff), String::from_utf8_lossy(expected));
        assert_eq!(diff, expected);
    }

    #[test]
    fn a_terminal_obeys_nothing() {
        let diff = shown("a.sh", b"mkdir \x1b[2J\n", b"mkdir -p \x1b[2J\n", true);
        assert!(!diff.contains(&0x1b) && diff.ends_with(b"\n"), "{diff:?}");
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(name("a b.sh"), "a b.sh\t");
        assert_eq!(name("a\u{1b}\"b.sh"), "\"a\\033\\\"b.sh\"");
        assert_eq!(name("é.sh"), "é.sh");
    }
}
