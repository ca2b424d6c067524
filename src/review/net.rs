//! The net result of a history, file by file: what was added and removed again does not count.

use crate::repo::history::{FileChange, History, Kind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Files, by what became of them since the base.
pub(super) struct Net {
    /// Files that changed and exist, with the name that they had; `None` for new ones.
    now: BTreeMap<String, Option<String>>,
    /// Base names of removed files.
    gone: BTreeSet<String>,
    /// New names of the base's files.
    renamed: HashMap<String, String>,
    /// Every name that a change mentions.
    touched: HashSet<String>,
}

impl Net {
    pub(super) fn of(history: &History) -> Self {
        let mut net = Net {
            now: BTreeMap::new(),
            gone: BTreeSet::new(),
            renamed: HashMap::new(),
            touched: HashSet::new(),
        };
        let oldest_first = history.commits.iter().rev().map(|commit| &commit.files);
        for change in oldest_first.chain([&history.working]).flatten() {
            net.add(change);
        }
        for (now, then) in &net.now {
            if let Some(then) = then.as_ref().filter(|then| *then != now) {
                net.renamed.insert(then.clone(), now.clone());
            }
        }
        net
    }

    fn add(&mut self, change: &FileChange) {
        let path = change.path.clone();
        self.touched.extend([path.clone()].into_iter().chain(change.from.clone()));
        match (change.kind, &change.from) {
            (Kind::Added, _) => {
                // Two branches may both have added it.
                let then = self.gone.take(&path).or_else(|| self.now.get(&path).cloned().flatten());
                self.now.insert(path, then);
            }
            (Kind::Renamed, Some(from)) => {
                let then = self.now.remove(from).unwrap_or_else(|| Some(from.clone()));
                self.now.insert(path, then);
            }
            (Kind::Modified | Kind::Renamed, _) => {
                self.now.entry(path.clone()).or_insert(Some(path));
            }
            (Kind::Removed, _) => match self.now.remove(&path) {
                Some(None) => {}
                Some(Some(then)) => {
                    self.gone.insert(then);
                }
                None => {
                    self.gone.insert(path);
                }
            },
        }
    }

    /// The current name of a file of the base, or of one that exists now.
    pub(super) fn now<'n>(&'n self, then: &'n str) -> &'n str {
        self.renamed.get(then).map_or(then, String::as_str)
    }

    /// The base name of a file that exists now; `None` for a new one.
    pub(super) fn then<'n>(&'n self, now: &'n str) -> Option<&'n str> {
        self.now.get(now).map_or(Some(now), Option::as_deref)
    }

    /// True for a new file.
    pub(super) fn came(&self, now: &str) -> bool {
        self.now.get(now).is_some_and(Option::is_none)
    }

    /// True for a file of the base that was removed.
    pub(super) fn went(&self, then: &str) -> bool {
        self.gone.contains(then)
    }

    /// Whether any change mentions it.
    pub(super) fn touched(&self, path: &str) -> bool {
        self.touched.contains(path)
    }

    /// The files that changed and exist, with the names that they had.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.now.iter().map(|(now, then)| (now.as_str(), then.as_deref()))
    }

    /// The files of the base that were removed.
    pub(super) fn gone(&self) -> impl Iterator<Item = &str> {
        self.gone.iter().map(String::as_str)
    }
}
