//! Where the content of the repo is on the server, and which of its files a path there means. Nothing here knows what a file
//! is for.

use crate::facts::ground::Ground;
use crate::facts::owners::lies_under;
use crate::model::repo_root;
use crate::repo::inventory::{Inventory, lies_in_skipped};
use crate::repo::names::{base, is_code, is_manifest};
use crate::shell::argv::Arg;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, PathKind, Resource, Role};
use std::collections::{HashMap, HashSet};

/// How sure it is that a directory of the server holds the repo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    /// It is where the app is, which may come from elsewhere.
    Likely,
    /// Its name is that of the repo.
    Named,
    /// It is the script's own repo, a clone of it, or other paths below it are files of the repo.
    Known,
}

/// The files of the repo, and where they are on the server.
pub(crate) struct RepoPaths<'r> {
    inventory: &'r Inventory,
    files: HashSet<&'r str>,
    directories: HashSet<&'r str>,
    /// The directories on the server as they are shown in units, the surest and then the shortest first.
    roots: Vec<(String, Sure)>,
}

/// A path on the server that would be in the repo.
pub(crate) struct Below<'p> {
    /// The path in the repo, without `/` at its ends.
    pub(crate) path: &'p str,
    pub(crate) sure: Sure,
}

impl<'r> RepoPaths<'r> {
    pub(crate) fn of(world: &Ground<'r, '_>) -> Self {
        let inventory = &world.project.inventory;
        let files: HashSet<&str> = inventory.files().map(String::as_str).collect();
        let mut directories = HashSet::new();
        for file in &files {
            let mut rest = *file;
            while let Some((directory, _)) = rest.rsplit_once('/') {
                if !directories.insert(directory) {
                    break;
                }
                rest = directory;
            }
        }
        let mut paths = RepoPaths { inventory, files, directories, roots: Vec::new() };
        paths.roots = paths.find_roots(world);
        paths
    }

    /// The path in the repo that a path on the server means; `None` if it lies nowhere in the app's directories.
    pub(crate) fn below<'p>(&self, path: &'p str) -> Option<Below<'p>> {
        let path = path.trim_end_matches('/');
        if let Some(rest) = path.strip_prefix(repo_root().to_string().as_str())
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Some(Below { path: rest.trim_start_matches('/'), sure: Sure::Known });
        }
        let (root, sure) = self.roots.iter().find(|(root, _)| lies_under(path, root))?;
        Some(Below { path: path[root.len()..].trim_start_matches('/'), sure: *sure })
    }

    /// True if the repo surely lacks the file or directory.
    pub(crate) fn lacks(&self, path: &str) -> bool {
        !path.split('/').any(|part| matches!(part, "" | "." | ".."))
            && self.inventory.holds(path) == Some(false)
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    pub(crate) fn has_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
    }

    /// The files whose paths end in this one.
    pub(crate) fn ending_in<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'r str> + 's {
        let files = self.files.iter().copied();
        files.filter(move |file| {
            file.strip_suffix(path).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }

    /// The files in a directory.
    pub(crate) fn in_directory<'s>(&'s self, directory: &'s str) -> impl Iterator<Item = &'r str> + 's {
        let files = self.files.iter().copied();
        files.filter(move |file| file.rsplit_once('/').map_or("", |(above, _)| above) == directory)
    }

    fn find_roots(&self, world: &Ground<'_, '_>) -> Vec<(String, Sure)> {
        let mut candidates: HashMap<String, bool> = HashMap::new();
        for (.., step) in world.steps().filter(|(.., step)| step.place == Place::Here) {
            for effect in &step.deed.effects {
                if let (Change::Create(PathKind::Tree), Resource::Path(path)) =
                    (&effect.change, &effect.resource)
                    && step.deed.roles.contains(&Role::Source)
                {
                    let words = step.argv.args.iter().filter_map(|arg| arg.value.as_literal());
                    let named = words.clone().any(|word| is_named(world, word.trim_end_matches(".git")));
                    *candidates.entry(path.to_string()).or_default() |= named;
                }
            }
        }
        for at in &world.units {
            if let Some(directive) = at.unit.working_directory() {
                candidates.entry(directive.value.trim_end_matches('/').to_owned()).or_default();
            }
        }
        candidates.retain(|path, _| {
            path.starts_with('/') && path.matches('/').count() > 1 || path.starts_with('$')
        });
        if candidates.is_empty() {
            return Vec::new();
        }
        let said = said_paths(world, &|path| {
            candidates.keys().any(|root| lies_under(path, root) || lies_under(root, path))
        });
        let mut roots: Vec<(String, Sure)> = Vec::new();
        for (path, named) in candidates {
            let mut below: Vec<&str> = Vec::new();
            for said in &said {
                let inside = said.strip_prefix(path.as_str()).and_then(|rest| rest.strip_prefix('/'));
                below.extend(inside.filter(|rest| self.files.contains(rest)));
            }
            below.sort_unstable();
            below.dedup();
            let code = below.iter().any(|file| file.contains('/') && is_code(base(file)));
            let known = named || code || below.len() > 1;
            let called = is_named(world, &path);
            // A directory of the app in which nothing of the repo is may be another one.
            let likely = known
                || called
                || said.iter().any(|said| {
                    let inside = said.strip_prefix(path.as_str()).and_then(|rest| rest.strip_prefix('/'));
                    inside.and_then(|rest| rest.split_once('/')).is_some_and(|(first, _)| {
                        self.directories.contains(first) && !lies_in_skipped(&format!("{first}/x"))
                    })
                })
                || below.iter().any(|file| is_manifest(base(file), file));
            if likely {
                let sure = match (known, called) {
                    (true, _) => Sure::Known,
                    (false, true) => Sure::Named,
                    (false, false) => Sure::Likely,
                };
                roots.push((path, sure));
            }
        }
        roots.sort_by(|(a, x), (b, y)| y.cmp(x).then(a.len().cmp(&b.len())).then(a.cmp(b)));
        roots
    }
}

/// True if the last part of a path or an address is the name of the repo.
fn is_named(world: &Ground<'_, '_>, path: &str) -> bool {
    let name = base(path.trim_end_matches('/')).to_ascii_lowercase();
    let is_part = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.');
    let names = || world.project.names.iter().map(|name| name.to_ascii_lowercase());
    name.len() > 3 && names().any(|own| own.split(is_part).any(|part| part == name))
}

/// The absolute paths that units and steps name, and the relative ones where a step works in a place that counts.
fn said_paths(world: &Ground<'_, '_>, counts: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut said = Vec::new();
    for at in &world.units {
        for directive in at.unit.directives.iter().filter(|directive| directive.section == "Service") {
            let words = directive.value.split([' ', '\t', '=', '\'', '"', ':', ';']);
            said.extend(
                words
                    .map(|word| word.trim_start_matches('-'))
                    .filter(|w| w.starts_with('/'))
                    .map(str::to_owned),
            );
        }
    }
    for (.., step) in world.steps().filter(|(.., step)| step.place == Place::Here) {
        let words = std::iter::once(&step.argv.program).chain(&step.argv.args);
        let mut is_inside = None;
        let names = |word: &&Arg| {
            word.value.is_absolute()
                || !word.is_option() && *is_inside.get_or_insert_with(|| counts(&step.argv.cwd.to_string()))
        };
        let paths = words.filter(names).map(|word| step.argv.path(word).to_string());
        said.extend(paths.filter(|path| path.starts_with(['/', '$'])));
    }
    said
}
