//! Files that are not on disk, for example the tree of an old commit. It must never know where their contents
//! come from.

use std::collections::BTreeMap;
use std::fmt;

/// The most links that one path may lead through, as in Linux.
const MAX_LINKS: usize = 40;

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Whether it has the execute bit.
        executable: bool,
    },
    /// A symbolic link; its contents are its target.
    Link,
    /// Something without contents here.
    Submodule,
}

/// Where the contents of files and links come from.
pub(crate) trait Contents {
    /// The size of a file in bytes.
    ///
    /// # Errors
    /// Why it is unknown.
    fn size(&self, path: &str) -> Result<u64, String>;

    /// All bytes of a file that [`Contents::size`] has allowed to be read.
    ///
    /// # Errors
    /// Why there are none.
    fn bytes(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// Files by their path from the root, with `/`.
pub(crate) struct Tree {
    entries: BTreeMap<String, Entry>,
    contents: Box<dyn Contents>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({} entries)", self.entries.len())
    }
}

impl Tree {
    /// A tree of `entries`, which include the directories.
    pub(crate) fn new(entries: BTreeMap<String, Entry>, contents: Box<dyn Contents>) -> Self {
        Tree { entries, contents }
    }

    /// The entry at `path`, without following links; the root itself is a directory.
    pub(crate) fn entry(&self, path: &str) -> Option<Entry> {
        if path.is_empty() { Some(Entry::Directory) } else { self.entries.get(path).copied() }
    }

    /// All entries, a directory before its contents, and siblings by the bytes of their names, as in a walk.
    pub(crate) fn walk(&self) -> Vec<(&str, Entry)> {
        let mut all: Vec<_> = self.entries.iter().map(|(path, entry)| (path.as_str(), *entry)).collect();
        all.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
        all
    }

    /// The size of a regular file in bytes; `None` for anything else.
    pub(crate) fn size(&self, path: &str) -> Option<u64> {
        matches!(self.entry(path), Some(Entry::File { .. })).then(|| self.contents.size(path).ok()).flatten()
    }

    /// The bytes of a file. Links are followed as long as they stay inside.
    pub(crate) fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.resolve(path)?;
        match self.entry(&path) {
            Some(Entry::File { .. }) => {}
            Some(Entry::Directory) => return Err("a directory, not a regular file".to_owned()),
            Some(Entry::Submodule) => return Err("a submodule, not a regular file".to_owned()),
            Some(Entry::Link) | None => return Err("no such file".to_owned()),
        }
        let size = self.contents.size(&path)?;
        if size > crate::repo::files::MAX_BYTES {
            return Err(super::too_large(size));
        }
        self.contents.bytes(&path)
    }

    /// The path without links.
    fn resolve(&self, path: &str) -> Result<String, String> {
        let mut open: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = open.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    done.pop().ok_or("a symbolic link that leads out of the project's root")?;
                    continue;
                }
                _ => done.push(part),
            }
            let here = done.join("/");
            match self.entry(&here) {
                None => return Err("no such file".to_owned()),
                Some(Entry::Link) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err("a symbolic link that leads in a circle".to_owned());
                    }
                    // A path is never longer than PATH_MAX.
                    if self.contents.size(&here)? > 4096 {
                        return Err("a symbolic link that leads nowhere".to_owned());
                    }
                    let target = String::from_utf8_lossy(&self.contents.bytes(&here)?).into_owned();
                    if target.starts_with('/') {
                        return Err("a symbolic link that leads out of the project's root".to_owned());
                    }
                    done.pop();
                    open.extend(target.rsplit('/').map(str::to_owned));
                }
                Some(_) => {}
            }
        }
        Ok(done.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::files::Root;
    use crate::repo::inventory::Inventory;
    use crate::source::Sources;

    struct Given(BTreeMap<String, &'static str>);

    impl Contents for Given {
        fn size(&self, path: &str) -> Result<u64, String> {
            if path == "large.sh" { Ok(1 << 40) } else { Ok(self.0[path].len() as u64) }
        }

        fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
            Ok(self.0[path].into())
        }
    }

    fn root(files: &[(&str, Entry, &'static str)]) -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let mut entries = BTreeMap::new();
        for (path, entry, _) in files {
            for (at, _) in path.match_indices('/') {
                entries.insert(path[..at].to_owned(), Entry::Directory);
            }
            entries.insert((*path).to_owned(), *entry);
        }
        let contents = Given(files.iter().map(|(path, _, text)| ((*path).to_owned(), *text)).collect());
        let disk = Root::open(dir.path()).unwrap();
        (dir, disk.with_tree(Tree::new(entries, Box::new(contents))))
    }

    const PLAIN: Entry = Entry::File { executable: false };
    const EXECUTABLE: Entry = Entry::File { executable: true };

    #[test]
    fn files_are_read_and_links_are_followed_inside() {
        let (_dir, root) = root(&[
            ("deploy/real.sh", PLAIN, "true\r\n"),
            ("start.sh", Entry::Link, "deploy/../deploy/real.sh"),
            ("d", Entry::Link, "./deploy"),
            ("up.sh", Entry::Link, "../start.sh"),
            ("etc", Entry::Link, "/etc/passwd"),
            ("a", Entry::Link, "b"),
            ("b", Entry::Link, "a"),
            ("lib", Entry::Submodule, ""),
            ("large.sh", PLAIN, ""),
            ("bin", PLAIN, "ELF\0"),
        ]);
        let mut sources = Sources::default();
        for name in ["start.sh", "d/real.sh", "deploy/real.sh"] {
            let file = root.read(name, &mut sources).unwrap();
            assert_eq!(sources.file(file).text(), "true\n");
            assert_eq!(sources.file(file).path(), name);
        }
        let mut reason = |name: &str| root.read(name, &mut sources).unwrap_err().reason;
        assert!(reason("up.sh").contains("out of the project's root"));
        assert!(reason("etc").contains("out of the project's root"));
        assert!(reason("a").contains("in a circle"));
        assert_eq!(reason("lib"), "a submodule, not a regular file");
        assert_eq!(reason("deploy"), "a directory, not a regular file");
        assert_eq!(reason("gone.sh"), "no such file");
        assert!(reason("large.sh").starts_with("larger than 8 MiB"));
        assert!(reason("bin").starts_with("binary, not text"));
        assert!(reason("../x").contains("outside"));
        assert!(root.exists("etc") && root.exists("deploy") && !root.exists("gone.sh"));
        assert_eq!(root.size("deploy/real.sh"), Some(6));
        assert_eq!(root.size("start.sh"), None);
    }

    #[test]
    fn the_inventory_is_that_of_the_same_files_on_disk() {
        let files: &[(&str, Entry, &'static str)] = &[
            ("start.sh", EXECUTABLE, ""),
            ("deploy/install", PLAIN, "#!/usr/bin/env bash\n"),
            ("deploy/setup", PLAIN, "not a script"),
            ("deploy/run", EXECUTABLE, "#!/bin/sh\n"),
            ("deploy/not", PLAIN, "#!/bin/sh\n"),
            ("compose.yaml", PLAIN, ""),
            ("deploy/web.service", PLAIN, ""),
            (".env", PLAIN, ""),
            ("backend/.env.example", PLAIN, ""),
            ("backend/pyproject.toml", PLAIN, ""),
            ("backend/app/migrations/0001.py", PLAIN, ""),
            ("a.dockerfile/Dockerfile", PLAIN, ""),
            ("a/Dockerfile", PLAIN, ""),
            ("a-b/Dockerfile", PLAIN, ""),
            ("nginx/app.conf", PLAIN, ""),
            ("frontend/dist/start.sh", PLAIN, ""),
            ("node_modules/x/install.sh", PLAIN, ""),
            ("a/b/c/d/e/f/g/h/i/deep.sh", PLAIN, ""),
            (".github/workflows/deploy.yml", PLAIN, ""),
            ("link.sh", Entry::Link, "start.sh"),
        ];
        let (_dir, root) = root(files);
        let disk = tempfile::tempdir().unwrap();
        for (name, entry, text) in files {
            let path = disk.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            #[cfg(unix)]
            if *entry == Entry::Link {
                std::os::unix::fs::symlink(text, path).unwrap();
                continue;
            }
            std::fs::write(&path, text).unwrap();
            #[cfg(unix)]
            if *entry == EXECUTABLE {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        let of_disk = Inventory::of(&Root::open(disk.path()).unwrap());
        assert_eq!(of_disk.scripts, ["deploy/install", "deploy/run", "link.sh", "start.sh"]);
        assert_eq!(Inventory::of(&root), of_disk);
    }
}
