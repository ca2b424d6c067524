//! What files of variables hold that a script itself writes.

use crate::model::Step;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Content, Resource};

/// A line `NAME=…` of such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    /// True for `export NAME=…`.
    pub(crate) exported: bool,
}

/// How many copies of a file are followed back to its text.
const DEPTH: u8 = 3;

/// The variables of a file, as far as the steps write it; `None` if they do not, or if not all of it is known. What several
/// steps write counts as if all of it were there.
pub(crate) fn settings(steps: &[Step], is_it: &dyn Fn(&Value) -> bool) -> Option<Vec<Setting>> {
    follow(steps, is_it, DEPTH)
}

fn follow(steps: &[Step], is_it: &dyn Fn(&Value) -> bool, depth: u8) -> Option<Vec<Setting>> {
    let mut found: Option<Vec<Setting>> = None;
    for (at, step) in steps.iter().enumerate() {
        let mut texts = step.written.iter().filter(|written| is_it(&written.path)).peekable();
        if texts.peek().is_some() {
            for written in texts {
                // What it is added to must be known, too.
                let held = if written.append { found.as_mut()? } else { found.get_or_insert_with(Vec::new) };
                add(&written.content.text, held)?;
            }
            continue;
        }
        for effect in &step.deed.effects {
            let is_of_it = match &effect.resource {
                Resource::Path(path) | Resource::Line { file: path, .. } => is_it(path),
                _ => false,
            };
            let changes =
                matches!(effect.change, Change::Create(_) | Change::Write | Change::Append | Change::Edit);
            if is_of_it && changes {
                let held = brought(&steps[..at], effect.content.as_ref()?, depth)?;
                found.get_or_insert_with(Vec::new).extend(held);
            }
        }
    }
    found
}

/// The variables of a file that is copied or moved to its place.
fn brought(before: &[Step], content: &Content, depth: u8) -> Option<Vec<Setting>> {
    let from = content.from.as_ref().filter(|_| !content.tree)?;
    if from.as_literal() == Some("/dev/null") {
        return Some(Vec::new());
    }
    follow(before, &|path| path == from, depth.checked_sub(1)?)
}

/// Adds the variables of a text; `None` if it has other lines.
fn add(text: &str, to: &mut Vec<Setting>) -> Option<()> {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (exported, line) = match line.strip_prefix("export ") {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (name, _) = line.split_once('=')?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return None;
        }
        to.push(Setting { name: name.to_owned(), exported });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::settings;
    use crate::model::{FollowNothing, build};
    use crate::source::{SourceFile, Sources};
    use bumpalo::Bump;

    fn names(text: &str) -> Option<Vec<String>> {
        let (mut sources, arena) = (Sources::default(), Bump::new());
        let file = sources.add(SourceFile::new("start.sh".to_owned(), text.into()).unwrap());
        let text = arena.alloc_str(text);
        let script = build(&arena, file, "start.sh", text, &mut FollowNothing);
        let found = settings(&script.steps, &|path| path.as_literal() == Some("/etc/a.env"));
        found.map(|found| found.into_iter().map(|setting| setting.name).collect())
    }

    #[test]
    fn what_a_script_writes_is_known() {
        let known = |text: &str, expected: &[&str]| {
            assert_eq!(names(text).unwrap(), expected, "{text}");
        };
        known("cat > /etc/a.env <<EOF\nA=1\n# B=2\nexport C=$(date)\nEOF\n", &["A", "C"]);
        known(
            "install -m 600 /dev/null /etc/a.env\n{ echo A=1; echo \"B=$X\"; } > /etc/a.env\n",
            &["A", "B"],
        );
        known("echo A=1 > /etc/a.env\necho B=2 >> /etc/a.env\nchmod 600 /etc/a.env\n", &["A", "B"]);
        known("d=$(mktemp)\nprintf 'A=%s\\n' \"$X\" > \"$d\"\ninstall \"$d\" /etc/a.env\n", &["A"]);
        known("install /dev/null /etc/a.env\n", &[]);
        let long = "{\n  echo \"A=$(openssl rand -hex 64 | tr -d x | tr -d y | tr -d z)\"\n  echo B=2\n} > /etc/a.env\n";
        known(long, &["A", "B"]);
    }

    #[test]
    fn what_others_write_is_not() {
        for text in [
            "true\n",
            "echo B=2 >> /etc/a.env\n",
            "cp sample.env /etc/a.env\n",
            "echo A=1 > /etc/a.env\nsed -i s/1/2/ /etc/a.env\n",
            "cat > /etc/a.env <<EOF\nA=1\n$MORE\nEOF\n",
            "sed s/a/b/ sample.env > /etc/a.env\n",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
