//! Which names occur nowhere in a repo: a search through bytes, without a parser. It does not know what a
//! name is for.

use crate::limit::{is_over, part, tick, ticks};
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::base;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::{BTreeSet, HashMap};

/// The largest file that is searched, because programs generate larger ones.
const MAX_BYTES: u64 = 1024 * 1024;
/// How much of a repo is searched. If that is used up, the remaining names are not known to be unread.
const BUDGET: u64 = 256 * 1024 * 1024;
/// The largest number of names that are looked for. No person writes a sample with more.
const MAX_NAMES: usize = 1000;
/// How many files of a directory that the inventory did not enter are looked at.
const MAX_BELOW: usize = 20_000;
/// Files that tell people about a name but do not read it.
const PROSE: [&str; 4] = ["md", "mdx", "rst", "adoc"];
/// Files without names that a program reads: pictures, archives, compiled files, data.
const NOT_SEARCHED: [&str; 48] = [
    "png", "jpg", "jpeg", "gif", "webp", "ico", "svg", "bmp", "avif", "pdf", "woff", "woff2", "ttf", "otf",
    "eot", "zip", "gz", "tgz", "xz", "bz2", "7z", "jar", "war", "exe", "dll", "so", "dylib", "a", "o", "pyc",
    "wasm", "mp3", "mp4", "wav", "ogg", "webm", "mov", "csv", "tsv", "parquet", "sqlite", "sqlite3", "db",
    "log", "lock", "map", "pkl", "onnx",
];

/// Names to look for, in any case. A name also counts as found if its beginning or its end occurs alone
/// (`SHOP_` as a prefix of settings, `_API_KEY` after `${provider}`), and a name of nested settings
/// (`DB__HOST`) if its last part occurs.
pub(crate) struct Search {
    regex: Regex,
    /// Which names a text in lower case stands for.
    names_of: HashMap<String, Vec<usize>>,
    names: Vec<String>,
    left: BTreeSet<usize>,
    budget: u64,
}

impl Search {
    /// A search for `names`; `None` if there are none, or far too many.
    pub(crate) fn new(names: BTreeSet<String>) -> Option<Search> {
        if names.is_empty() || names.len() > MAX_NAMES {
            return None;
        }
        let names: Vec<String> = names.into_iter().collect();
        let mut names_of: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            let ends = lower.match_indices('_').flat_map(|(at, _)| [&lower[..=at], &lower[at..]]);
            let parts = ends.filter(|part| part.len() > 3 && part.len() < lower.len());
            let last = lower.rsplit_once("__").map(|(_, last)| last).filter(|last| last.len() > 1);
            let all: BTreeSet<&str> = parts.chain(last).chain([lower.as_str()]).collect();
            for part in all {
                names_of.entry(part.to_owned()).or_default().push(index);
            }
        }
        let mut texts: Vec<&String> = names_of.keys().collect();
        texts.sort();
        let any: Vec<String> = texts.into_iter().map(|text| regex::escape(text)).collect();
        let regex = RegexBuilder::new(&format!(r"(?-u:\b)(?:{})(?-u:\b)", any.join("|")))
            .case_insensitive(true)
            .unicode(false)
            .size_limit(32 << 20)
            .build()
            .ok()?;
        let left = (0..names.len()).collect();
        Some(Search { regex, names_of, names, left, budget: BUDGET })
    }

    /// Searches a text.
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        if self.left.is_empty() {
            return;
        }
        self.budget = self.budget.saturating_sub(bytes.len() as u64);
        if self.budget == 0 {
            return;
        }
        ticks(bytes.len() / 1024);
        for found in self.regex.find_iter(bytes) {
            tick();
            let text = String::from_utf8_lossy(found.as_bytes()).to_ascii_lowercase();
            for index in self.names_of.get(&text).into_iter().flatten() {
                self.left.remove(index);
            }
            if self.left.is_empty() {
                return;
            }
        }
    }

    /// Searches the files of the repo that nobody else reads, including prose if `prose` is set. If the time
    /// is not enough, the remaining names are not known to be unread.
    pub(crate) fn look_around(&mut self, root: &Root, inventory: &Inventory, prose: bool) {
        part(|| self.look_at_all(root, inventory, prose));
    }

    fn look_at_all(&mut self, root: &Root, inventory: &Inventory, prose: bool) {
        let documents = inventory.documents.iter().filter(|_| prose);
        for path in inventory.others.iter().chain(&inventory.manifests).chain(documents) {
            self.look_at(root, path, prose);
        }
        for directory in &inventory.beyond {
            if self.left.is_empty() || self.budget == 0 {
                return;
            }
            for path in below(root, directory) {
                self.look_at(root, &path, prose);
            }
        }
    }

    fn look_at(&mut self, root: &Root, path: &str, prose: bool) {
        let name = base(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        let left_out =
            NOT_SEARCHED.contains(&extension.as_str()) || !prose && PROSE.contains(&extension.as_str());
        if self.left.is_empty() || self.budget == 0 || left_out {
            return;
        }
        if is_over() {
            self.budget = 0;
            return;
        }
        if let Some(bytes) = root.peek(path, MAX_BYTES) {
            self.look(&bytes);
        }
    }

    /// The names that no text contains; `None` if not all texts were searched.
    pub(crate) fn left(self) -> Option<BTreeSet<String>> {
        let names = self.names;
        (self.budget > 0)
            .then(|| self.left.into_iter().filter_map(|index| names.get(index).cloned()).collect())
    }
}

/// The files below a directory that the inventory did not enter, by their names in output.
fn below(root: &Root, directory: &str) -> Vec<String> {
    if let Some(tree) = root.tree() {
        let inside = |path: &str| path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
        return tree
            .walk()
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| inside(path))
            .map(str::to_owned)
            .collect();
    }
    let mut walk = root.walk(directory, usize::MAX);
    let mut found = Vec::new();
    // A directory that cannot be accessed names nothing.
    while let Some(step) = walk.next() {
        let Ok(step) = step else { continue };
        if matches!(base(&step.path), "node_modules" | ".git") {
            walk.pass_over();
        } else {
            found.push(step.path);
        }
        if found.len() >= MAX_BELOW {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(names: &[&str], texts: &[&str]) -> Vec<String> {
        let mut search = Search::new(names.iter().map(|n| (*n).to_owned()).collect()).unwrap();
        for text in texts {
            search.look(text.as_bytes());
        }
        search.left().unwrap().into_iter().collect()
    }

    #[test]
    fn a_name_is_found_in_any_case_as_a_whole_and_in_parts() {
        assert_eq!(left(&["MAIL_HOST", "MAIL_PORT"], &["x = env.MAIL_HOST;", "MAIL_PORTS"]), ["MAIL_PORT"]);
        assert_eq!(left(&["DATABASE_URL"], &["    database_url: str"]), Vec::<String>::new());
        assert_eq!(left(&["SHOP_MAIL_HOST"], &["env_prefix = \"SHOP_\""]), Vec::<String>::new());
        assert_eq!(left(&["ACME_API_KEY", "ACME_URL"], &["process.env[`${name}_API_KEY`]"]), ["ACME_URL"]);
        assert_eq!(left(&["DB__HOST"], &["class Db: host: str"]), Vec::<String>::new());
        assert!(Search::new(BTreeSet::new()).is_none());
    }

    #[test]
    fn what_was_not_looked_at_is_not_known() {
        let mut search = Search::new(BTreeSet::from(["A_B".to_owned()])).unwrap();
        search.budget = 3;
        search.look(b"abc");
        assert_eq!(search.left(), None);
    }
}
