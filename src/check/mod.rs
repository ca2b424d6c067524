//! F6: one check of one repo. Loads the configuration, has the scripts judged, quiets what comments quiet, and
//! leaves what the caller asked for, sorted. Prints nothing and decides no exit code.

mod config;
mod fix;
mod isolate;
mod judge;
mod load;
mod regions;
mod rounds;
mod selection;
mod services;
pub mod split;
mod suppress;
mod why;

pub use config::{App, Config, Level, ReviewConfig};
pub use fix::{apply_fixes, replaced};
pub use judge::{Judged, Look, inspect, root_of};
pub use rounds::{Change, Fixed, Rejected, fix};
pub use selection::Selection;
pub use services::{Services, services};
pub use why::{Fate, Why, why};

use crate::finding::{Confidence, Finding, Gap};
use crate::rules::embedded::RuleFile;
use crate::rules::page::PageError;
use crate::rules::pages::{Pages, read_folder};
use crate::source::{LineColumn, Sources};
use std::fmt;
use std::path::{Path, PathBuf};

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A script, or a directory in which scripts are looked for.
    Path(PathBuf),
    /// A script that an editor holds.
    Stdin {
        /// The name of its file, which need not exist.
        name: PathBuf,
        /// What was read.
        text: Vec<u8>,
    },
}

/// What the caller asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The repo's root; found from the first target when it is absent.
    pub root: Option<PathBuf>,
    /// What is judged; nothing means the root.
    pub targets: Vec<Target>,
    /// A configuration other than `deploylint.yaml` at the root.
    pub config: Option<PathBuf>,
    /// Rules and families: nothing but these.
    pub select: Vec<String>,
    /// Rules and families: not these.
    pub ignore: Vec<String>,
    /// Folders of the user's own rules.
    pub rules_dirs: Vec<PathBuf>,
    /// Findings less sure than this are left out; [`Confidence::Medium`] when absent.
    pub confidence: Option<Confidence>,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every file that was read.
    pub sources: Sources,
    /// Sorted by file, offset and rule.
    pub findings: Vec<Finding>,
    /// What could not be analysed, sorted by file and place.
    pub gaps: Vec<Gap>,
    /// How many files were analysed.
    pub files: usize,
    /// How many scripts were judged.
    pub scripts: usize,
    /// How many commands the scripts that were read hold, each once, those of the files that they source too.
    pub commands: usize,
    /// How many of them were not analysed.
    pub unread: usize,
    /// Which scripts were judged, `(path, why)`.
    pub taken: Vec<(String, String)>,
    /// Targets that were wrongly asked for (no such path); the rest was checked all the same.
    pub errors: Vec<CheckError>,
}

impl Report {
    /// True where no script was judged, though nothing was wrong with what was asked for.
    pub fn nothing_to_judge(&self) -> bool {
        self.scripts == 0 && self.findings.is_empty() && self.errors.is_empty() && self.gaps.is_empty()
    }
}

/// Wrong usage or a wrong configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckError {
    /// The file or argument.
    pub file: Option<String>,
    /// The place in the file.
    pub place: Option<LineColumn>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: Option<String>,
}

impl CheckError {
    /// About no file.
    pub fn new(message: impl Into<String>) -> Self {
        CheckError { file: None, place: None, message: message.into(), advice: None }
    }

    /// About a file.
    pub fn in_file(file: &Path, message: impl Into<String>) -> Self {
        CheckError { file: Some(file.display().to_string()), ..CheckError::new(message) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some(place) = self.place {
                write!(f, "{}:{}:", place.line, place.column)?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for CheckError {}

impl From<PageError> for CheckError {
    fn from(error: PageError) -> Self {
        CheckError {
            file: Some(error.file),
            place: error.line.map(|line| LineColumn { line, column: 1 }),
            message: error.message,
            advice: None,
        }
    }
}

/// All that a check knows before it reads the first script.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The repo's root.
    pub root: PathBuf,
    /// `deploylint.yaml`.
    pub config: Config,
    /// Every rule that exists.
    pub pages: Pages,
    /// The pages and selectors of the user's folders.
    pub user_rules: Vec<RuleFile>,
    /// Which rules are asked for.
    pub selection: Selection,
}

/// The pages of all rules: the embedded ones and those of `folders`, with the files of the latter.
///
/// # Errors
/// A folder that cannot be read, a page that is wrong, or a selector without a page.
pub fn load_rules(folders: &[PathBuf]) -> Result<(Pages, Vec<RuleFile>), CheckError> {
    let mut user = Vec::new();
    for folder in folders {
        user.extend(read_folder(folder)?);
    }
    let all = crate::rules::embedded::files().chain(user.iter().cloned());
    Ok((Pages::parse(all)?, user))
}

impl Settings {
    /// Finds the root, reads the configuration and the rules, and resolves what is selected.
    ///
    /// # Errors
    /// Anything wrong in the request, the configuration or a user's rule.
    pub fn load(request: &Request) -> Result<Self, CheckError> {
        let root = judge::root_of(request)?;
        let (config, at) = config::load(&root, request.config.as_deref())?;
        let mut folders = request.rules_dirs.clone();
        folders.extend(config.rule_folders(&root, &at)?);
        let (pages, user_rules) = load_rules(&folders)?;
        let selection = Selection::resolve(&pages, &config, &at, request)?;
        Ok(Settings { root, config, pages, user_rules, selection })
    }
}

/// Checks what `request` names.
///
/// # Errors
/// Wrong usage or configuration: nothing was checked. What concerns one target only is in [`Report::errors`], and
/// what could not be analysed in [`Report::gaps`].
pub fn check(request: &Request) -> Result<Report, CheckError> {
    check_over(request, &Settings::load(request)?, Sources::default(), &mut |_| {})
}

/// Checks what `request` names, and shows what the rules saw to `look`. The files of `sources` are taken as they are
/// there, and not read again.
///
/// # Errors
/// As [`check`].
pub fn check_over(
    request: &Request,
    settings: &Settings,
    mut sources: Sources,
    look: Look<'_>,
) -> Result<Report, CheckError> {
    let judged = judge::judge(request, settings, &mut sources, look)?;
    let selection = &settings.selection;
    let mut findings = suppress::apply(
        &sources,
        &judged.comments,
        &judged.gaps,
        judged.findings,
        &settings.pages,
        selection,
    );
    findings.retain_mut(|finding| selection.admit(finding));
    sort(&sources, &mut findings);
    let mut gaps = judged.gaps;
    gaps.extend(judged.encoding);
    gaps.sort();
    gaps.dedup();
    Ok(Report {
        sources,
        findings,
        gaps,
        files: judged.files,
        scripts: judged.scripts,
        commands: judged.commands,
        unread: judged.unread,
        taken: judged.taken,
        errors: judged.errors,
    })
}

/// By file, offset, rule; of findings that say the same, the worst and surest stays. A function that is called
/// twice is judged twice.
fn sort(sources: &Sources, findings: &mut Vec<Finding>) {
    let key = |f: &Finding| (f.span.start, f.rule.clone(), f.span.end);
    findings.sort_by(|a, b| {
        let path = |file| sources.file(file).path();
        path(a.span.file)
            .cmp(path(b.span.file))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.message.cmp(&b.message))
            .then_with(|| b.severity.cmp(&a.severity))
            .then_with(|| b.confidence.cmp(&a.confidence))
    });
    findings.dedup_by(|b, a| a.span == b.span && a.rule == b.rule && a.message == b.message);
}
