//! One cheap walk that finds the files of a project that are worth reading. It looks only at names, and at
//! the first bytes of small executables without an extension. The readers beside it look at the contents.

mod seen;

use crate::finding::Gap;
use crate::limit;
use crate::repo::files::{Entry, Kind, Root, Step, Tree};
use crate::repo::history;
use crate::repo::names::{
    base, directory, drop_in_of, is_architecture, is_code, is_compose, is_dockerfile, is_dotenv,
    is_ecosystem, is_manifest, is_migration_directory, is_unit, is_unit_template,
};
use seen::Seen;
use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

/// The depth below the root to which files are searched.
pub(crate) const MAX_DEPTH: usize = 8;
/// The most entries that are looked at. A repo with more is reported as a gap.
pub(crate) const MAX_ENTRIES: usize = 200_000;
/// Directories with other people's files or a build's output.
const SKIPPED: &[&str] =
    &[".git", "node_modules", "venv", ".venv", "vendor", "dist", "build", "target", "__pycache__"];
/// First words of the names of scripts that have no extension and no executable bit.
const SCRIPT_NAMES: &[&str] =
    &["deploy", "install", "setup", "start", "provision", "bootstrap", "update", "release"];

/// The files of a project, by what their names say. Names are relative to the root, with `/`, and sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// Shell scripts.
    pub(crate) scripts: Vec<String>,
    /// Those of [`Inventory::scripts`] that are regular files without the execute bit.
    pub(crate) not_executable: Vec<String>,
    /// Compose files, including overrides and variants (`docker-compose.prod.yml`).
    pub(crate) compose: Vec<String>,
    /// systemd units.
    pub(crate) units: Vec<String>,
    /// Environment files, including samples.
    pub(crate) dotenv: Vec<String>,
    /// The entries of [`Inventory::dotenv`] that `.gitignore` keeps out of the repo.
    pub(crate) ignored_dotenv: Vec<String>,
    /// Manifests, lockfiles and the settings of migration tools.
    pub(crate) manifests: Vec<String>,
    /// Directories called `migrations` or similar.
    pub(crate) migration_directories: Vec<String>,
    /// `*architecture*.md`.
    pub(crate) architecture: Vec<String>,
    /// Other Markdown.
    pub(crate) documents: Vec<String>,
    /// `Dockerfile*`, `*.Dockerfile`, `Containerfile`.
    pub(crate) dockerfiles: Vec<String>,
    /// `nginx*.conf`, and files in a directory `nginx`. Other settings that are sites by their text come to them later.
    pub(crate) nginx: Vec<String>,
    /// `ecosystem.config.*`, the process file of pm2.
    pub(crate) ecosystem: Vec<String>,
    /// Units that are filled in before they are installed: `web.service.in`.
    pub(crate) unit_templates: Vec<String>,
    /// Files that add to a unit: `web.service.d/override.conf`.
    pub(crate) drop_ins: Vec<String>,
    /// Other `*.conf` and `*.ini`, including those of supervisor.
    pub(crate) settings: Vec<String>,
    /// What the forge runs on a push, which may be the deploy: `.github/workflows/*.yml`, `.gitlab-ci.yml`.
    pub(crate) workflows: Vec<String>,
    /// Build output directories (`dist`, `build`) that `.gitignore` does not keep out of the repo.
    pub(crate) outputs: Vec<String>,
    /// Modules of Python, scripts of Node and their sources, including tests.
    pub(crate) code: Vec<String>,
    /// `*.template`: a container's entry point or a script inserts variables into it.
    pub(crate) templates: Vec<String>,
    /// `deploylint.yaml`.
    pub(crate) config: Vec<String>,
    /// Regular files that are none of these.
    pub(crate) others: Vec<String>,
    /// Links and other entries that are neither files nor directories.
    pub(crate) links: Vec<String>,
    /// Directories that were not entered: at the end of the walk, or [`Inventory::outputs`].
    pub(crate) beyond: Vec<String>,
    /// Directories that could not be entered, and walks that were cut short.
    pub(crate) gaps: Vec<Gap>,
    /// Every file and every directory that holds one, once somebody asks for one.
    paths: OnceLock<HashSet<String>>,
}

impl Inventory {
    /// Walks `root` without following links, by the rules of the `.gitignore` files in it (not the user's
    /// own, so that everybody gets the same list).
    pub(crate) fn of(root: &Root) -> Inventory {
        Self::down_to(root, MAX_DEPTH)
    }

    /// The files directly in `root`. They surround a script outside any project, for example in a home
    /// directory, where everything below is unrelated.
    pub(crate) fn shallow(root: &Root) -> Inventory {
        Self::down_to(root, 1)
    }

    fn down_to(root: &Root, depth: usize) -> Inventory {
        let mut found = Inventory::default();
        limit::part(|| match root.tree() {
            Some(tree) => found.walk_tree(tree, depth),
            None => found.walk_disk(root, depth),
        });
        found.outputs.sort();
        found.beyond.extend(found.outputs.iter().cloned());
        if root.tree().is_none() {
            found.add_ignored(root);
        }
        for list in [
            &mut found.scripts, &mut found.compose, &mut found.units, &mut found.dotenv, &mut found.manifests,
        ] {
            list.sort();
            list.dedup();
        }
        found
    }

    /// Adds tracked files, whatever `.gitignore` says.
    fn walk_tree(&mut self, tree: &Tree, depth: usize) {
        let mut seen = 0;
        // A skipped directory comes right before everything in it.
        let mut skipped: Option<&str> = None;
        for (path, entry) in tree.walk() {
            let inside = |above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
            if skipped.is_some_and(inside) || path.split('/').count() > depth {
                continue;
            }
            let name = base(path);
            self.note(path, depth, entry == Entry::Directory);
            if entry == Entry::Directory && SKIPPED.contains(&name) {
                if is_output(name) {
                    self.outputs.push(path.to_owned());
                }
                skipped = Some(path);
                continue;
            }
            seen += 1;
            if let Some(gap) = cut_short(seen) {
                self.gaps.push(gap);
                break;
            }
            self.add(path.to_owned(), &Seen::Tree(tree, path, entry));
        }
    }

    /// True if a path relative to the root is a file or a directory that holds one; `None` if the walk may have missed it.
    pub(crate) fn holds(&self, path: &str) -> Option<bool> {
        let path = path.trim_matches('/');
        if path.is_empty() || self.paths().contains(path) {
            return Some(true);
        }
        let in_link =
            |link: &String| path.strip_prefix(link.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let is_cut = |top: &String| {
            path.strip_prefix(top.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let skipped = path.split('/').any(is_of_others);
        let missed = skipped
            || !self.gaps.is_empty()
            || self.links.iter().any(in_link)
            || self.beyond.iter().any(is_cut)
            || self.paths().contains(".gitmodules");
        (!missed).then_some(false)
    }

    fn paths(&self) -> &HashSet<String> {
        self.paths.get_or_init(|| {
            let mut paths = HashSet::new();
            for mut path in self.files().map(String::as_str) {
                while !path.is_empty() && paths.insert(path.to_owned()) {
                    path = directory(path);
                }
            }
            paths
        })
    }

    /// True for a path inside a directory of a build's output that the repo does not have.
    pub(crate) fn is_in_no_output(&self, path: &str) -> bool {
        let top = path.split('/').position(is_output);
        let directory = top.map(|top| path.split('/').take(top + 1).collect::<Vec<_>>().join("/"));
        let is_inside = path.split('/').count() > top.map_or(usize::MAX, |top| top + 1);
        is_inside && directory.is_some_and(|directory| !self.outputs.contains(&directory))
    }

    /// Everything that is not a directory.
    pub(crate) fn files(&self) -> impl Iterator<Item = &String> {
        let lists = [
            &self.scripts, &self.compose, &self.units, &self.dotenv, &self.manifests, &self.architecture,
            &self.documents, &self.dockerfiles, &self.nginx, &self.ecosystem, &self.unit_templates,
            &self.drop_ins, &self.settings, &self.workflows, &self.code, &self.templates, &self.config,
            &self.others, &self.links,
        ];
        lists.into_iter().flatten()
    }

    fn note(&mut self, path: &str, depth: usize, directory: bool) {
        if directory && path.split('/').count() == depth {
            self.beyond.push(path.to_owned());
        }
    }

    fn walk_disk(&mut self, root: &Root, depth: usize) {
        let mut walk = root.walk("", depth);
        // The root counts too.
        let mut seen = 1;
        while let Some(step) = walk.next() {
            if let Ok(step) = &step
                && is_skipped(step)
            {
                // The walk does not enter them; ignored ones do not even get here.
                walk.pass_over();
                if is_output(base(&step.path)) && root.is_filled(step) {
                    self.outputs.push(step.path.clone());
                }
                continue;
            }
            if let Some(gap) = cut_short(seen) {
                self.gaps.push(gap);
                break;
            }
            seen += 1;
            match step {
                Ok(step) => {
                    self.note(&step.path, depth, step.kind == Kind::Directory);
                    self.add(step.path.clone(), &Seen::Disk(root, &step));
                }
                Err(gap) => self.gaps.push(gap),
            }
        }
    }

    fn add(&mut self, path: String, entry: &Seen<'_>) {
        let name = base(&path);
        if entry.is_directory() {
            if is_migration_directory(name) {
                self.migration_directories.push(path);
            }
            return;
        }
        let inside_nginx = path.rsplit('/').nth(1) == Some("nginx");
        let list = if is_compose(name) {
            &mut self.compose
        } else if is_unit(name) {
            &mut self.units
        } else if is_dotenv(name) {
            &mut self.dotenv
        } else if is_manifest(name, &path) {
            &mut self.manifests
        } else if is_dockerfile(name) {
            &mut self.dockerfiles
        } else if is_architecture(name) {
            &mut self.architecture
        } else if drop_in_of(&path).is_some() {
            &mut self.drop_ins
        } else if name.ends_with(".conf") && (name.contains("nginx") || inside_nginx) {
            &mut self.nginx
        } else if is_ecosystem(name) {
            &mut self.ecosystem
        } else if is_unit_template(name) {
            &mut self.unit_templates
        } else if is_workflow(&path) {
            &mut self.workflows
        } else if matches!(name, "deploylint.yaml" | "deploylint.yml") {
            &mut self.config
        } else if name.ends_with(".conf") || name.ends_with(".ini") {
            &mut self.settings
        } else if is_script(name, entry) {
            if entry.is_plain() && !entry.is_executable() {
                self.not_executable.push(path.clone());
            }
            &mut self.scripts
        } else if is_code(name) {
            &mut self.code
        } else if name.ends_with(".md") {
            &mut self.documents
        } else if name.ends_with(".template") {
            &mut self.templates
        } else if entry.is_plain() {
            &mut self.others
        } else {
            &mut self.links
        };
        list.push(path);
    }

    /// Files that `.gitignore` keeps out of the walk and that exist all the same: `.env`, which it is meant
    /// for, and files that were committed before or in spite of it. They are searched at the root, and next
    /// to the project's other files.
    fn add_ignored(&mut self, root: &Root) {
        let known = [&self.dotenv, &self.manifests, &self.compose, &self.units, &self.scripts];
        let known: HashSet<&String> = known.into_iter().flatten().collect();
        let mut directories: BTreeSet<&str> =
            known.iter().map(|path| path.rsplit_once('/').map_or("", |(directory, _)| directory)).collect();
        directories.insert("");
        let mut passed_over = Vec::new();
        for directory in directories {
            let Ok(entries) = root.list(directory) else { continue };
            for (name, _) in entries.into_iter().filter(|(_, kind)| *kind != Kind::Directory) {
                let Ok(name) = name.into_string() else { continue };
                let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
                let wanted = is_dotenv(&name)
                    || is_manifest(&name, &path)
                    || is_compose(&name)
                    || is_unit(&name)
                    || name.ends_with(".sh");
                if wanted && !known.contains(&path) {
                    passed_over.push(path);
                }
            }
        }
        passed_over.sort();
        let committed = match passed_over.is_empty() {
            true => Vec::new(),
            false => history::committed(root, &passed_over),
        };
        if !passed_over.is_empty() {
            root.note_committed(&passed_over, &committed);
        }
        for path in passed_over {
            let name = base(&path);
            let in_git = committed.contains(&path);
            let list = match name {
                _ if is_compose(name) => &mut self.compose,
                _ if is_unit(name) => &mut self.units,
                _ if is_dotenv(name) => {
                    if !in_git && name == ".env" {
                        self.ignored_dotenv.push(path.clone());
                        self.dotenv.push(path);
                        continue;
                    }
                    &mut self.dotenv
                }
                _ if name.ends_with(".sh") => &mut self.scripts,
                _ => &mut self.manifests,
            };
            if in_git {
                list.push(path);
            }
        }
    }
}

/// True for a directory with other people's files or a build's output.
pub(crate) fn is_skipped(step: &Step) -> bool {
    step.kind == Kind::Directory && SKIPPED.contains(&base(&step.path))
}

/// True for the name of such a directory.
pub(crate) fn is_of_others(name: &str) -> bool {
    SKIPPED.contains(&name)
}

/// True for a path inside such a directory.
pub(crate) fn lies_in_skipped(path: &str) -> bool {
    path.rsplit('/').skip(1).any(|name| SKIPPED.contains(&name))
}

/// A directory that holds a build's output.
fn is_output(name: &str) -> bool {
    matches!(name, "dist" | "build")
}

/// Why the walk was cut short.
fn cut_short(seen: usize) -> Option<Gap> {
    let reason = if seen >= MAX_ENTRIES {
        format!("there are more than {MAX_ENTRIES} files, and only the first {MAX_ENTRIES} were looked at")
    } else if limit::is_over() {
        format!("it took too long to look at the files, so only the first {seen} were looked at")
    } else {
        return None;
    };
    Some(Gap { file: String::new(), place: None, reason })
}

fn is_workflow(path: &str) -> bool {
    let inside = path.strip_prefix(".github/workflows/");
    inside.is_some_and(|name| name.ends_with(".yml") || name.ends_with(".yaml")) || path == ".gitlab-ci.yml"
}

fn is_script(name: &str, entry: &Seen<'_>) -> bool {
    if name.ends_with(".sh") || name.ends_with(".bash") {
        return true;
    }
    // Only a regular file is opened, never a link or a FIFO.
    if name.contains('.') || !entry.is_plain() {
        return false;
    }
    let named = SCRIPT_NAMES.iter().any(|first| name.starts_with(first));
    (named || entry.is_executable()) && entry.has_shell_shebang()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let dir = crate::support::project(files);
        let root = Root::open(dir.path()).unwrap();
        (dir, root)
    }

    #[test]
    fn files_are_sorted_into_what_they_are() {
        let (_dir, root) = project(&[
            ("start.sh", ""),
            ("deploy/install", "#!/usr/bin/env bash\n"),
            ("deploy/setup", "not a script"),
            ("compose.yaml", ""),
            ("docker-compose.override.yml", ""),
            ("deploy/docker-compose.prod.yml", ""),
            ("deploy/web.service", ""),
            ("deploy/backup@.timer", ""),
            (".sample.env", ""),
            ("backend/.env.example", ""),
            ("backend/pyproject.toml", ""),
            ("backend/requirements/base.txt", ""),
            ("backend/alembic.ini", ""),
            ("backend/app/migrations/0001.py", ""),
            ("frontend/package.json", ""),
            ("prisma/schema.prisma", ""),
            ("docs/Architecture.md", ""),
            ("Dockerfile.prod", ""),
            ("nginx/app.conf", ""),
            ("nginx/site.conf.template", ""),
            ("ecosystem.config.js", ""),
            ("deploylint.yaml", ""),
            ("README.md", ""),
        ]);
        let found = Inventory::of(&root);
        assert_eq!(found.scripts, ["deploy/install", "start.sh"]);
        assert_eq!(
            found.compose,
            ["compose.yaml", "deploy/docker-compose.prod.yml", "docker-compose.override.yml"]
        );
        assert_eq!(found.units, ["deploy/backup@.timer", "deploy/web.service"]);
        assert_eq!(found.dotenv, [".sample.env", "backend/.env.example"]);
        assert_eq!(
            found.manifests,
            [
                "backend/alembic.ini",
                "backend/pyproject.toml",
                "backend/requirements/base.txt",
                "frontend/package.json",
                "prisma/schema.prisma"
            ]
        );
        assert_eq!(found.migration_directories, ["backend/app/migrations"]);
        assert_eq!(found.architecture, ["docs/Architecture.md"]);
        assert_eq!(found.documents, ["README.md"]);
        assert_eq!(found.dockerfiles, ["Dockerfile.prod"]);
        assert_eq!(found.nginx, ["nginx/app.conf"]);
        assert_eq!(found.ecosystem, ["ecosystem.config.js"]);
        assert_eq!(found.config, ["deploylint.yaml"]);
        assert_eq!(found.templates, ["nginx/site.conf.template"]);
        assert_eq!(found.others, ["deploy/setup"]);
        assert_eq!(found.gaps, []);
    }

    #[test]
    fn what_git_ignores_and_what_others_wrote_is_left_out() {
        let (_dir, root) = project(&[
            (".gitignore", "/local\n.env\n"),
            (".env", "A=1\n"),
            (".env.example", "A=\n"),
            ("local/start.sh", ""),
            ("node_modules/x/install.sh", ""),
            ("frontend/dist/start.sh", ""),
            ("vendor/a/start.sh", ""),
            (".github/deploy.sh", ""),
            ("a/b/c/d/e/f/g/h/i/deep.sh", ""),
        ]);
        let found = Inventory::of(&root);
        assert_eq!(found.scripts, [".github/deploy.sh"]);
        assert_eq!(found.beyond, ["a/b/c/d/e/f/g/h", "frontend/dist"]);
        assert_eq!(found.dotenv, [".env", ".env.example"]);
        assert_eq!(found.ignored_dotenv, [".env"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_fifos_do_not_lead_astray() {
        use std::os::unix::fs::symlink;
        let (_dir, root) = project(&[("a/start.sh", "")]);
        symlink("..", root.locate("a/up")).unwrap();
        symlink("/etc", root.locate("etc")).unwrap();
        symlink("loop", root.locate("loop")).unwrap();
        let fifo = std::process::Command::new("mkfifo")
            .arg(root.locate("deploy"))
            .arg(root.locate("start.sh"))
            .status();
        let found = Inventory::of(&root);
        if fifo.is_ok_and(|s| s.success()) {
            // It is listed, so that reading it reports what it is.
            assert_eq!(found.scripts, ["a/start.sh", "start.sh"]);
        }
        assert_eq!(found.units, Vec::<String>::new());
    }
}
