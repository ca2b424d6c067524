//! Which of a history's changes affected a line, and the hunk that shows it.

use crate::facts::masked;
use crate::repo::files::Root;
use crate::repo::history::{FileChange, History, Kind};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};
use std::cell::OnceCell;
use std::collections::HashMap;

/// How many lines around a change are shown, as in diff(1).
const AROUND: usize = 3;
/// The longest hunk. In a longer one, only the lines around the one that matters are shown.
const MAX_HUNK: usize = 24;
/// How many lines are compared. The time grows with their number times the number of differences.
const MAX_LINES: usize = 20_000;
/// How many changes of one file are searched.
const MAX_VERSIONS: usize = 500;

/// All changes, by the file after the change.
pub(super) struct Tracer<'h> {
    root: &'h Root,
    history: &'h History,
    /// Where each file changed, newest first: 0 is the working tree, then the commits.
    places: HashMap<&'h str, Vec<(usize, &'h FileChange)>>,
}

/// A change of a file, with its texts once they are asked for.
pub(super) struct Version<'h> {
    /// The commit; `None` for the working tree.
    pub(super) commit: Option<usize>,
    pub(super) change: &'h FileChange,
    texts: OnceCell<Texts>,
}

struct Texts {
    before: Vec<String>,
    after: Vec<String>,
    /// How often each line occurs in both, without the blanks around it.
    counts: HashMap<String, (usize, usize)>,
    /// The differences; they are computed only if something is found.
    ops: OnceCell<Vec<DiffOp>>,
}

/// What is searched for.
#[derive(Clone, Copy)]
pub(super) enum Line<'l> {
    /// An added line: any of these, without the blanks around it.
    Came(&'l [String]),
    /// A removed line.
    Went(&'l [String]),
    /// The file itself was added.
    FileCame,
    /// The file itself was removed.
    FileWent,
    /// Whatever changed last.
    Any,
}

/// The change that did it.
pub(super) struct Found {
    pub(super) commit: Option<usize>,
    pub(super) certain: bool,
    pub(super) diff: String,
}

impl<'h> Tracer<'h> {
    pub(super) fn new(root: &'h Root, history: &'h History) -> Self {
        let mut places: HashMap<&str, Vec<_>> = HashMap::new();
        let all = std::iter::once(&history.working).chain(history.commits.iter().map(|c| &c.files));
        for (place, files) in all.enumerate() {
            for change in files {
                places.entry(change.path.as_str()).or_default().push((place, change));
            }
        }
        Tracer { root, history, places }
    }

    /// The changes of a file by its newest name, newest first, through its renames.
    pub(super) fn versions(&self, path: &str) -> Vec<Version<'h>> {
        let mut found: Vec<Version<'h>> = Vec::new();
        let mut name = path;
        let mut from = 0;
        'names: while let Some(places) = self.places.get(name) {
            for (place, change) in places.iter().filter(|(place, _)| *place >= from) {
                if found.len() >= MAX_VERSIONS {
                    break 'names;
                }
                let commit = place.checked_sub(1);
                found.push(Version { commit, change, texts: OnceCell::new() });
                if let Some(old) = &change.from {
                    name = old;
                    from = place + 1;
                    continue 'names;
                }
            }
            break;
        }
        found
    }

    /// The newest change that affected the line itself. If there is none, the last change of the file.
    pub(super) fn find(&self, versions: &[Version<'h>], line: Line<'_>) -> Option<Found> {
        let exact = versions.iter().find_map(|version| {
            let texts = || version.texts(self.root, self.history);
            let at = match line {
                Line::Any => None,
                Line::FileCame => {
                    matches!(version.change.kind, Kind::Added | Kind::Renamed).then_some((true, 0))
                }
                Line::FileWent => (version.change.kind == Kind::Removed).then_some((false, 0)),
                Line::Came(lines) => texts().gained(lines, true).map(|at| (true, at)),
                Line::Went(lines) => texts().gained(lines, false).map(|at| (false, at)),
            };
            Some((version, at?))
        });
        match exact {
            Some((version, (new, at))) => Some(Found {
                commit: version.commit,
                certain: true,
                diff: version.texts(self.root, self.history).hunk(Some((new, at))),
            }),
            None => versions.first().map(|version| Found {
                commit: version.commit,
                certain: false,
                diff: version.texts(self.root, self.history).hunk(None),
            }),
        }
    }

    /// How many lines were removed and added between the oldest and the newest of the changes.
    pub(super) fn extent(&self, versions: &[Version<'h>]) -> (usize, usize) {
        let (Some(newest), Some(oldest)) = (versions.first(), versions.last()) else { return (0, 0) };
        let before = self.history.texts(self.root, oldest.change).0.unwrap_or_default();
        let after = self.history.texts(self.root, newest.change).1.unwrap_or_default();
        extent(&before, &after).0
    }
}

/// How many lines were removed and added, and the first place in the new text, counted from 1.
pub(super) fn extent(before: &str, after: &str) -> ((usize, usize), u32) {
    let texts = Texts::new(Some(before.to_owned()), Some(after.to_owned()));
    let changed = || texts.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let went = changed().map(|op| op.old_range().len()).sum();
    let came = changed().map(|op| op.new_range().len()).sum();
    let first = changed().next().map_or(0, |op| op.new_range().start);
    ((went, came), first as u32 + 1)
}

impl Version<'_> {
    fn texts(&self, root: &Root, history: &History) -> &Texts {
        self.texts.get_or_init(|| {
            let (before, after) = history.texts(root, self.change);
            Texts::new(before, after)
        })
    }
}

impl Texts {
    fn new(before: Option<String>, after: Option<String>) -> Self {
        let lines = |text: Option<String>| -> Vec<String> {
            text.unwrap_or_default().lines().map(str::to_owned).collect()
        };
        let (before, after) = (lines(before), lines(after));
        let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
        for line in &before {
            counts.entry(line.trim().to_owned()).or_default().0 += 1;
        }
        for line in &after {
            counts.entry(line.trim().to_owned()).or_default().1 += 1;
        }
        Texts { before, after, counts, ops: OnceCell::new() }
    }

    fn ops(&self) -> &[DiffOp] {
        self.ops.get_or_init(|| {
            let (before, after) = (&self.before, &self.after);
            // The common beginning costs nothing.
            let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
            let most = before.len().max(after.len()) - same;
            match most > MAX_LINES && !before.is_empty() && !after.is_empty() {
                true => Vec::new(),
                false => capture_diff_slices(Algorithm::Myers, before, after),
            }
        })
    }

    /// The place of a line that one side has more often than the other; `new` says which side.
    fn gained(&self, wanted: &[String], new: bool) -> Option<usize> {
        let more = if new { &self.after } else { &self.before };
        wanted.iter().filter(|line| line.chars().any(char::is_alphanumeric)).find_map(|line| {
            let (before, after) = self.counts.get(line).copied().unwrap_or_default();
            if if new { after <= before } else { before <= after } {
                return None;
            }
            let is_it = |i: &usize| more[*i].trim() == line;
            let changed = self.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
            let mut within = changed.flat_map(|op| if new { op.new_range() } else { op.old_range() });
            within.find(is_it).or_else(|| (0..more.len()).find(is_it))
        })
    }

    /// The hunk around a line of either side; else the first hunk.
    fn hunk(&self, at: Option<(bool, usize)>) -> String {
        let groups = group_diff_ops(self.ops().to_vec(), AROUND);
        let holds = |op: &DiffOp| match at {
            Some((true, line)) => op.new_range().contains(&line),
            Some((false, line)) => op.old_range().contains(&line),
            None => true,
        };
        let Some(group) = groups.iter().find(|ops| ops.iter().any(holds)).or(groups.first()) else {
            return String::new();
        };
        // The sign, the places before and after, and the line.
        let mut lines: Vec<(char, usize, usize, &str)> = Vec::new();
        for op in group {
            let (old, new) = (op.old_range(), op.new_range());
            if op.tag() == DiffTag::Equal {
                let both = old.zip(new);
                lines.extend(both.map(|(i, j)| (' ', i, j, self.after[j].as_str())));
                continue;
            }
            let (first_new, last_old) = (new.start, old.end);
            lines.extend(old.map(|i| ('-', i, first_new, self.before[i].as_str())));
            lines.extend(new.map(|j| ('+', last_old, j, self.after[j].as_str())));
        }
        let is_it = |(sign, old, new, _): &(char, usize, usize, &str)| match at {
            Some((true, line)) => *sign != '-' && *new == line,
            Some((false, line)) => *sign != '+' && *old == line,
            None => *sign != ' ',
        };
        let middle = lines.iter().position(is_it).unwrap_or(0);
        if lines.len() > MAX_HUNK {
            let start = middle.saturating_sub(MAX_HUNK / 2).min(lines.len() - MAX_HUNK);
            lines = lines[start..start + MAX_HUNK].to_vec();
        }
        let count = |but: char| lines.iter().filter(|(sign, ..)| *sign != but).count();
        let (olds, news) = (count('+'), count('-'));
        let (_, old, new, _) = lines[0];
        // For a side without lines, the place is the line before, as in POSIX diff.
        let start = |at: usize, count: usize| if count == 0 { at } else { at + 1 };
        let mut out = format!("@@ -{},{olds} +{},{news} @@\n", start(old, olds), start(new, news));
        for (sign, _, _, line) in lines {
            out.push(sign);
            out.push_str(&masked::line(line));
            out.push('\n');
        }
        out
    }
}
