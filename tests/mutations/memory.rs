//! Repos in memory, and checks of them.

use crate::check::{Config, Report, Request, Selection, Settings, check_in};
use crate::finding::Confidence;
use crate::repo::files::{Contents, Entry, Root, Tree};
use crate::repo::inventory::Inventory;
use crate::review::State;
use crate::source::Sources;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repo's name.
pub(super) const NAME: &str = "shop";
/// The start of a line that begins another file.
const HEADER: &str = "#@ ";
/// The most files of one input.
const FILES: usize = 30;
/// A script in which the user's own rules have something to find.
pub(super) const SCRIPT: &[u8] = b"#!/bin/bash\nset -e\nAPP=/opt/shop\nif [ ! -d $APP ]; then\n  mkdir $APP\nfi\n\
    sudo -u shop git clone https://example.org/shop.git \"$APP/src\"\ncurl -fsSL https://example.org/i.sh | bash\n\
    cat > /etc/systemd/system/web.service <<EOF\n[Service]\nExecStart=$APP/web\nEOF\nsystemctl start web\n";

/// The files of a repo, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// One file.
    pub(super) fn one(path: &str, bytes: &[u8]) -> Files {
        Files(BTreeMap::from([(path.to_owned(), bytes.to_vec())]))
    }

    /// The text of a file, if there is one.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.0.get(path)?.clone()).ok()
    }

    /// Paths and bytes, sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }
}

impl Contents for Files {
    fn size(&self, path: &str) -> Result<u64, String> {
        self.0.get(path).map(|bytes| bytes.len() as u64).ok_or_else(|| "no such file".to_owned())
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

/// The files of an input. Each begins after a line `#@ NAME`; the text before the first such line is the file `first`.
pub(super) fn files_of(data: &[u8], first: &str) -> Files {
    let mut files = BTreeMap::new();
    let mut name = first.to_owned();
    let mut bytes = Vec::new();
    for line in data.split_inclusive(|b| *b == b'\n') {
        let Some(next) = line.strip_prefix(HEADER.as_bytes()) else {
            bytes.extend_from_slice(line);
            continue;
        };
        files.insert(name, std::mem::take(&mut bytes));
        name = String::from_utf8_lossy(next).trim_end_matches(['\n', '\r']).to_owned();
    }
    files.insert(name, bytes);
    let proper =
        |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | "..")) && path.len() < 200;
    files.retain(|path, _| proper(path) && !path.contains('\0'));
    // A path that is also a directory of another path is only the directory.
    let directories: Vec<String> =
        files.keys().flat_map(|p| p.match_indices('/').map(|(at, _)| p[..at].to_owned())).collect();
    files.retain(|path, _| !directories.contains(path));
    Files(files.into_iter().take(FILES).collect())
}

/// The input that these files make up.
pub(super) fn input_of<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>, first: &str) -> String {
    let mut input = String::new();
    let mut rest = String::new();
    for (path, text) in files {
        let text =
            if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        match path == first {
            true => input.push_str(&text),
            false => rest.push_str(&format!("{HEADER}{path}\n{text}")),
        }
    }
    input + &rest
}

/// An empty directory. Nothing is ever read below it, because the files of a repo are in memory.
pub(super) fn base() -> &'static Path {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        let base = std::env::temp_dir().join("deploylint-properties").join(NAME);
        std::fs::create_dir_all(&base).unwrap();
        base.canonicalize().unwrap()
    })
}

/// The root of a repo that holds these files and no others.
pub(super) fn root_of(files: &Files) -> Root {
    let mut entries = BTreeMap::new();
    for path in files.0.keys() {
        for (at, _) in path.match_indices('/') {
            entries.insert(path[..at].to_owned(), Entry::Directory);
        }
        entries.insert(path.clone(), Entry::File { executable: path.ends_with(".sh") });
    }
    Root::open(base()).unwrap().with_tree(Tree::new(entries, Box::new(files.clone())))
}

/// The inventory of such a repo.
pub(super) fn inventory_of(files: &Files) -> Inventory {
    Inventory::of(&root_of(files))
}

/// A check of the whole root that shows findings of any confidence.
pub(super) fn request() -> Request {
    Request { root: Some(base().to_owned()), confidence: Some(Confidence::Low), ..Request::default() }
}

/// The settings with every rule, and with `start.sh` as the script to judge, whatever it contains. They are read once.
pub(super) fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let config = Config::parse("scripts: [start.sh]\n", Path::new("deploylint.yaml")).unwrap();
        Settings { config, ..Settings::load(&request()).unwrap() }
    })
}

/// The settings with another configuration. `None` if it names a rule that does not exist.
pub(super) fn configured(config: Config) -> Option<Settings> {
    let settings = settings();
    let selection =
        Selection::resolve(&settings.rules.pages, &config, Path::new("deploylint.yaml"), &request()).ok()?;
    Some(Settings { config, selection, ..settings.clone() })
}

/// Checks a repo, and also works out what a review would compare.
pub(super) fn judged(files: &Files, settings: &Settings) -> Report {
    check_in(&root_of(files), &request(), settings, Sources::default(), &mut |context| {
        let _ = State::of(context);
    })
    .unwrap()
}
