//! The repos that are measured: made-up ones below target/tmp, or repos on the disk.

use super::{Asked, corpus};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The directory in which a benchmark may write.
pub(crate) fn below(name: &str) -> io::Result<PathBuf> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&directory)?;
    Ok(directory.join(name))
}

/// Repos, with a file that lists them.
pub(crate) struct Repos {
    list: PathBuf,
    pub(crate) count: usize,
}

impl Repos {
    /// The repos in the given directories; if none are given, so many made-up ones.
    pub(crate) fn gather(asked: &Asked, repos: usize) -> io::Result<Repos> {
        if asked.directories.is_empty() {
            let repos = asked.repos.unwrap_or(repos);
            let directory = below(&format!("corpus-{}-{repos}", asked.seed))?;
            let list = corpus::write(&directory, asked.seed, repos)?;
            return Ok(Repos { list, count: repos });
        }
        let mut paths = Vec::new();
        for directory in &asked.directories {
            let entries = fs::read_dir(directory)?.map(|entry| entry?.path().canonicalize());
            let entries: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
            paths.extend(entries.into_iter().filter(|path| path.is_dir()));
        }
        paths.sort();
        paths.truncate(asked.repos.unwrap_or(usize::MAX));
        Repos::of(&paths, "repos.txt")
    }

    fn of(paths: &[PathBuf], name: &str) -> io::Result<Repos> {
        let list = below(name)?;
        let lines: Vec<String> = paths.iter().map(|path| format!("{}\n", path.display())).collect();
        fs::write(&list, lines.concat())?;
        Ok(Repos { list, count: paths.len() })
    }

    pub(crate) fn first(&self, count: usize) -> io::Result<Repos> {
        let paths = self.paths()?;
        Repos::of(&paths[..count.clamp(1, paths.len())], "first.txt")
    }

    fn paths(&self) -> io::Result<Vec<PathBuf>> {
        Ok(fs::read_to_string(&self.list)?.lines().map(PathBuf::from).collect())
    }

    pub(crate) fn arguments(&self) -> [OsString; 4] {
        ["--fail-on".into(), "never".into(), "--repos-from".into(), self.list.clone().into_os_string()]
    }

    pub(crate) fn shown(&self) -> String {
        format!("{} repos of {}", self.count, self.list.display())
    }
}

/// Scripts without the projects around them, which another program would not look at.
pub(crate) struct Scripts {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) repos: Repos,
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
}

impl Scripts {
    /// A copy of every `*.sh` of the repos, in directories of their own.
    pub(crate) fn gather(asked: &Asked, repos: usize) -> io::Result<Scripts> {
        let place = below("scripts")?;
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        let (mut paths, mut directories, mut lines, mut bytes) = (Vec::new(), Vec::new(), 0, 0);
        for (number, repo) in Repos::gather(asked, repos)?.paths()?.into_iter().enumerate() {
            let directory = place.join(format!("{number:06}"));
            for entry in ignore::WalkBuilder::new(&repo).hidden(false).git_ignore(false).build().flatten() {
                let path = entry.path();
                let is_script = path.extension().is_some_and(|ending| ending == "sh");
                if !is_script || !entry.file_type().is_some_and(|kind| kind.is_file()) {
                    continue;
                }
                let copy = directory.join(path.strip_prefix(&repo).map_err(io::Error::other)?);
                fs::create_dir_all(copy.parent().unwrap_or(&directory))?;
                let text = fs::read(path)?;
                lines += text.iter().filter(|byte| **byte == b'\n').count();
                bytes += text.len();
                fs::write(&copy, text)?;
                paths.push(copy);
            }
            if directory.exists() {
                directories.push(directory);
            }
        }
        if paths.is_empty() {
            return Err(io::Error::other("there are no scripts"));
        }
        paths.sort();
        Ok(Scripts { paths, repos: Repos::of(&directories, "scripts.txt")?, lines, bytes })
    }
}

pub(crate) struct Script {
    pub(crate) directory: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) lines: usize,
}

/// The made-up script whose length is closest to so many lines, alone in a directory.
pub(crate) fn script_of(seed: u64, lines: usize) -> io::Result<Script> {
    let files = (0..300).flat_map(|number| corpus::repo(seed, number).files);
    let scripts = files.filter(|file| file.path.ends_with(".sh"));
    let nearest = scripts.min_by_key(|file| file.text.lines().count().abs_diff(lines));
    let text = nearest.map(|file| file.text).unwrap_or_default();
    let directory = below("script")?;
    fs::create_dir_all(&directory)?;
    let path = directory.join("start.sh");
    fs::write(&path, &text)?;
    Ok(Script { directory, path, lines: text.lines().count() })
}
