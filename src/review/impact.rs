//! What the changes since a review mean: the facts that were added, removed or changed, each with the change
//! that did it.

use super::net::Net;
use super::state::{Fact, Kind, READ, State, is_migration};
use super::trace::{Line, Tracer, Version, extent};
use crate::repo::files::Root;
use crate::repo::history::History;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What became of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new.
    Added,
    /// It was removed.
    Removed,
    /// It says something else.
    Changed {
        /// What it said; for a whole file, how many lines were removed.
        from: String,
        /// What it says; for a whole file, how many lines were added.
        to: String,
    },
}

/// A fact that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Impact {
    /// What it is about.
    pub(crate) kind: Kind,
    /// What changed, for people: `redis`, `fastapi`, `DATABASE_URL`.
    pub(crate) what: String,
    /// What is said about it; if it changed, what is said now. It is empty if it only exists.
    pub(crate) value: String,
    /// How it changed.
    pub(crate) change: Change,
    /// The file that says it; if it was removed, the file that said it.
    pub(crate) file: String,
    /// The 1-based line in the new text; if it was removed, in the old one.
    pub(crate) line: Option<u32>,
    /// Which of the history's commits did it; `None` for the working tree, or if there is no git.
    pub(crate) commit: Option<usize>,
    /// True if that commit changed the line itself; false if it is the last that changed the file.
    pub(crate) certain: bool,
    /// The hunk that did it: unified, with three lines of context and masked secrets. It is empty if there is
    /// no text to compare.
    pub(crate) diff: String,
}

/// What is different in `new`. `old` is empty if everything counts as new. Facts of unchanged files do not
/// count: what the disk has and git does not was not in the reviewed tree either.
pub(super) fn impact(root: &Root, old: &State, new: &State, history: &History) -> Vec<Impact> {
    let net = Net::of(history);
    let tracer = Tracer::new(root, history);
    let mut found = Vec::new();
    let mut tracks: HashMap<String, Vec<Version<'_>>> = HashMap::new();
    let mut scripts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let mut told: HashSet<(Kind, &str)> = HashSet::new();
    let read: HashSet<&str> = new.facts.iter().map(|fact| fact.file.as_str()).collect();
    for pair in differing(old, new, history, &net) {
        // A script that is new as a whole is reported as one change, and so is one that was removed.
        let whole = match pair {
            (None, Some(fact)) => (net.came(&fact.file) || history.base.is_none()).then_some((true, fact)),
            (Some(fact), None) => net.went(&fact.file).then_some((false, fact)),
            _ => None,
        };
        if let Some((new, fact)) = whole.filter(|(_, fact)| fact.kind == Kind::Step) {
            *scripts.entry((new, fact.file.as_str())).or_default() += 1;
            continue;
        }
        // What several files say is reported once.
        let Some(fact) = pair.1.or(pair.0) else { continue };
        if fact.of_all() && told.contains(&(fact.kind, fact.key.as_str())) {
            continue;
        }
        let traced = traced(&pair, &net, &tracer, &mut tracks);
        // A file that git has and `.gitignore` names is not read on disk, but that does not remove its facts.
        let now = net.now(&fact.file);
        let unread = pair.1.is_none() && !read.contains(now) && root.exists(now);
        if unread && traced.as_ref().is_some_and(|traced| !traced.certain) {
            continue;
        }
        if traced.is_some() {
            told.insert((fact.kind, fact.key.as_str()));
        }
        found.extend(traced);
    }
    for ((new, file), count) in scripts {
        let value = if count == 1 { "1 command".to_owned() } else { format!("{count} commands") };
        let change = if new { Change::Added } else { Change::Removed };
        found.push(Impact { value, ..whole_file(Kind::Step, file, change, &net, &tracer) });
    }
    files(old, new, history, &net, &tracer, &mut found);
    found.sort_by(|a, b| (a.kind, &a.what, &a.file, a.line).cmp(&(b.kind, &b.what, &b.file, b.line)));
    found
}

/// A fact before and after; at least one of them exists.
type Pair<'f> = (Option<&'f Fact>, Option<&'f Fact>);

/// The facts that only one state has, or that say something else in the other.
fn differing<'f>(old: &'f State, new: &'f State, history: &History, net: &Net) -> Vec<Pair<'f>> {
    // Migrations are files: the history knows all of them, in any language.
    let by_history = history.base.is_some();
    let counts = |fact: &&Fact| !(by_history && fact.kind == Kind::Migration && fact.line.is_none());
    let mut before: HashMap<(Kind, &str, &str), &Fact> = HashMap::new();
    for fact in old.facts.iter().filter(counts) {
        before.insert((fact.kind, &fact.key, net.now(&fact.file)), fact);
    }
    let mut pairs: Vec<Pair<'f>> = Vec::new();
    let mut came: Vec<&Fact> = Vec::new();
    for fact in new.facts.iter().filter(counts) {
        match before.remove(&(fact.kind, fact.key.as_str(), fact.file.as_str())) {
            Some(was) if was.value == fact.value => {}
            Some(was) => pairs.push((Some(was), Some(fact))),
            None => came.push(fact),
        }
    }
    let mut went: Vec<&Fact> = before.into_values().collect();
    went.sort_by(|a, b| (a.kind, &a.key, &a.file).cmp(&(b.kind, &b.key, &b.file)));
    // The same fact in another file: it moved if the file was added or removed with it, or if it does not
    // matter who says it.
    came.retain(|fact| {
        let moved = went.iter().position(|was| {
            let moved = net.came(&fact.file) || net.went(&was.file);
            (was.kind, &was.key) == (fact.kind, &fact.key) && (fact.of_all() || moved)
        });
        match moved.map(|at| went.remove(at)) {
            Some(was) if was.value == fact.value => false,
            Some(was) => {
                pairs.push((Some(was), Some(fact)));
                false
            }
            None => true,
        }
    });
    // What still holds elsewhere was not added or removed: a variable that two files read, a directory that
    // two steps create.
    let said = |state: &'f State| -> HashSet<(Kind, &'f str)> {
        state.facts.iter().map(|fact| (fact.kind, fact.key.as_str())).collect()
    };
    let (said_before, said_now) = (said(old), said(new));
    came.retain(|fact| !(fact.of_all() && said_before.contains(&(fact.kind, fact.key.as_str()))));
    went.retain(|fact| !(fact.of_all() && said_now.contains(&(fact.kind, fact.key.as_str()))));
    pairs.extend(came.into_iter().map(|fact| (None, Some(fact))));
    pairs.extend(went.into_iter().map(|fact| (Some(fact), None)));
    // A sample that shows a variable, now or before, hides who reads it.
    let hidden = |fact: &Fact, said: &HashSet<(Kind, &str)>| {
        fact.key.strip_suffix(READ).is_some_and(|name| said.contains(&(Kind::Environment, name)))
    };
    pairs.retain(|pair| match pair {
        (None, Some(fact)) => !hidden(fact, &said_before),
        (Some(fact), None) => !hidden(fact, &said_now),
        _ => true,
    });
    let whole = history.base.is_some() && !history.partial;
    let touched = |fact: Option<&Fact>| fact.is_some_and(|fact| net.touched(&fact.file));
    pairs.retain(|(was, is)| !whole || touched(*was) || touched(*is));
    without_parts(pairs)
}

/// A service or unit that was added or removed as a whole is reported once, not field by field.
fn without_parts(pairs: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
    let mut whole: HashSet<(Kind, bool, String, String)> = HashSet::new();
    let id = |was: Option<&Fact>, is: Option<&Fact>| match (was, is) {
        (None, Some(fact)) => Some((true, fact.kind, fact.key.clone(), fact.file.clone())),
        (Some(fact), None) => Some((false, fact.kind, fact.key.clone(), fact.file.clone())),
        _ => None,
    };
    for (was, is) in &pairs {
        if let Some((new, kind @ (Kind::Service | Kind::Unit), key, file)) = id(*was, *is)
            && !key.contains(' ')
        {
            whole.insert((kind, new, key, file));
        }
    }
    let is_part = |pair: &Pair<'_>| {
        id(pair.0, pair.1).is_some_and(|(new, kind, key, file)| {
            let name = key.split(' ').next().unwrap_or_default().to_owned();
            name != key && whole.contains(&(kind, new, name, file))
        })
    };
    pairs.into_iter().filter(|pair| !is_part(pair)).collect()
}

fn traced<'h>(
    (was, is): &Pair<'_>,
    net: &Net,
    tracer: &Tracer<'h>,
    tracks: &mut HashMap<String, Vec<Version<'h>>>,
) -> Option<Impact> {
    let (change, shown) = match (was, is) {
        (Some(was), Some(is)) => (Change::Changed { from: was.value.clone(), to: is.value.clone() }, *is),
        (None, Some(is)) => (Change::Added, *is),
        (Some(was), None) => (Change::Removed, *was),
        (None, None) => return None,
    };
    let name = net.now(&shown.file).to_owned();
    let versions = tracks.entry(name).or_insert_with_key(|name| tracer.versions(name));
    // If it changed, only the new lines show which change did it.
    let fresh: Vec<String> = match (was, is) {
        (Some(was), Some(is)) => {
            let fresh = is.lines.iter().filter(|line| !was.lines.contains(line));
            fresh.cloned().collect()
        }
        _ => shown.lines.clone(),
    };
    let line = match (&change, shown.line) {
        (Change::Removed, None) => Line::FileWent,
        (_, None) => Line::FileCame,
        (Change::Removed, _) => Line::Went(&fresh),
        (_, Some(_)) => Line::Came(&fresh),
    };
    let found = tracer.find(versions, line);
    // A code file is parsed only if it may use a variable that no sample shows, so a use may seem added or
    // removed.
    if shown.key.ends_with(READ) && found.as_ref().is_some_and(|found| !found.certain) {
        return None;
    }
    Some(Impact {
        kind: shown.kind,
        what: shown.key.clone(),
        value: shown.value.clone(),
        change,
        file: shown.file.clone(),
        line: shown.line,
        commit: found.as_ref().and_then(|found| found.commit),
        certain: found.as_ref().is_none_or(|found| found.certain),
        diff: found.map(|found| found.diff).unwrap_or_default(),
    })
}

/// A file that counts as a whole.
fn whole_file(kind: Kind, path: &str, change: Change, net: &Net, tracer: &Tracer<'_>) -> Impact {
    let wanted = match change {
        Change::Added => Line::FileCame,
        Change::Removed => Line::FileWent,
        Change::Changed { .. } => Line::Any,
    };
    let traced = tracer.find(&tracer.versions(net.now(path)), wanted);
    Impact {
        kind,
        what: path.to_owned(),
        value: String::new(),
        change,
        file: path.to_owned(),
        line: None,
        commit: traced.as_ref().and_then(|traced| traced.commit),
        certain: traced.as_ref().is_none_or(|traced| traced.certain),
        diff: traced.map(|traced| traced.diff).unwrap_or_default(),
    }
}

/// Settings and migrations count as whole files.
fn files(
    old: &State,
    new: &State,
    history: &History,
    net: &Net,
    tracer: &Tracer<'_>,
    found: &mut Vec<Impact>,
) {
    let lines = |count: usize| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    let mut add = |kind: Kind, path: &str, change: Change, line: Option<u32>| {
        found.push(Impact { line, ..whole_file(kind, path, change, net, tracer) });
    };
    let whole = history.base.is_some() && !history.partial;
    let counts = |path: &str| !whole || net.touched(path);
    let mut left = old.settings.clone();
    for (path, text) in &new.settings {
        let before = net.then(path).and_then(|then| left.remove(then));
        let change = match before {
            Some(before) if before == *text => continue,
            Some(before) => {
                let ((went, came), first) = extent(&before, text);
                (Change::Changed { from: lines(went), to: lines(came) }, Some(first))
            }
            None => (Change::Added, None),
        };
        if counts(path) {
            add(Kind::Configuration, path, change.0, change.1);
        }
    }
    for path in left.keys().filter(|path| counts(path)) {
        add(Kind::Configuration, path, Change::Removed, None);
    }
    if history.base.is_none() {
        return;
    }
    for (path, then) in net.files().filter(|(path, _)| is_migration(path)) {
        match then {
            None => add(Kind::Migration, path, Change::Added, None),
            Some(_) => {
                let (went, came) = tracer.extent(&tracer.versions(path));
                if (went, came) != (0, 0) {
                    let change = Change::Changed { from: lines(went), to: lines(came) };
                    add(Kind::Migration, path, change, None);
                }
            }
        }
    }
    for path in net.gone().filter(|path| is_migration(path)) {
        add(Kind::Migration, path, Change::Removed, None);
    }
}

#[cfg(test)]
mod tests;
