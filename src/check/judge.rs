//! The middle of a check: which scripts there are, and what the rules say of them.

use super::{CheckError, Request, Settings, Target};
use crate::finding::{Finding, Gap};
use crate::source::{SourceFile, Sources, Span};
use std::fs;
use std::path::{Path, PathBuf};

/// What judging gives to the rest of the check.
#[derive(Debug, Default)]
pub struct Judged {
    /// What the rules found, in any order.
    pub findings: Vec<Finding>,
    /// What could not be analysed.
    pub gaps: Vec<Gap>,
    /// The comments that the parser saw in scripts, from `#` to the end of the line.
    pub comments: Vec<Span>,
    /// How many files were analysed.
    pub files: usize,
    /// Which scripts were judged, `(path, why)`.
    pub taken: Vec<(String, String)>,
    /// Targets that were wrongly asked for.
    pub errors: Vec<CheckError>,
}

/// Judges the targets. Not filled yet: reads the scripts that are named, and finds comments by line.
pub(super) fn judge(
    request: &Request,
    settings: &Settings,
    sources: &mut Sources,
) -> Result<Judged, CheckError> {
    let mut judged = Judged::default();
    for target in &request.targets {
        let (path, bytes) = match target {
            Target::Stdin { name, text } => (name, text.clone()),
            Target::Path(path) if path.is_dir() => continue,
            Target::Path(path) if path.is_file() => {
                let bytes = fs::read(path);
                let fail = |e: std::io::Error| CheckError::in_file(path, e.to_string());
                (path, bytes.map_err(fail)?)
            }
            Target::Path(path) => {
                let error = CheckError::in_file(path, "there is no such file or directory");
                judged.errors.push(error);
                continue;
            }
        };
        let name = path.strip_prefix(&settings.root).unwrap_or(path);
        let name = name.to_string_lossy().into_owned();
        let file = match SourceFile::new(name.clone(), bytes) {
            Ok(file) => sources.add(file),
            Err(_) => {
                judged.gaps.push(Gap {
                    file: name,
                    place: None,
                    reason: "not a text file".to_owned(),
                });
                continue;
            }
        };
        let mut at = 0;
        for line in sources.file(file).text().split_inclusive('\n') {
            let opens = |i: &usize| {
                line[..*i]
                    .chars()
                    .next_back()
                    .is_none_or(char::is_whitespace)
            };
            if let Some(start) = line.find('#').filter(opens) {
                judged.comments.push(Span {
                    file,
                    start: (at + start) as u32,
                    end: (at + line.trim_end().len()) as u32,
                });
            }
            at += line.len();
        }
        judged.files += 1;
        judged.taken.push((name, "it was named".to_owned()));
    }
    Ok(judged)
}

/// The root of the request: `--root`, a directory that is its first target, or the nearest directory above the
/// first file that looks like the root of a repo.
pub(super) fn root_of(request: &Request) -> Result<PathBuf, CheckError> {
    const MARKERS: [&str; 8] = [
        ".git",
        "deploylint.yaml",
        "docker-compose.yaml",
        "docker-compose.yml",
        "compose.yaml",
        "compose.yml",
        "pyproject.toml",
        "package.json",
    ];
    if let Some(root) = &request.root {
        if !root.is_dir() {
            let message = "--root is no directory";
            return Err(CheckError::in_file(root, message));
        }
        return Ok(root.clone());
    }
    let here = || PathBuf::from(".");
    let path = match request.targets.first() {
        None => return Ok(here()),
        Some(Target::Path(path)) if path.is_dir() => return Ok(path.clone()),
        Some(Target::Path(path) | Target::Stdin { name: path, .. }) => path,
    };
    let beside = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => here(),
        Some(parent) => parent.to_path_buf(),
        None => here(),
    };
    let Ok(beside) = beside.canonicalize() else {
        return Ok(beside);
    };
    let marked = |dir: &&Path| MARKERS.iter().any(|m| dir.join(m).exists());
    let root = beside.ancestors().find(marked).unwrap_or(&beside);
    Ok(root.to_path_buf())
}
