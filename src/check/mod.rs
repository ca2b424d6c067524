//! One check of one repo. It loads the configuration, has the scripts checked, applies suppression comments,
//! and leaves what the caller asked for, sorted. It prints nothing and decides no exit code.

mod config;
#[cfg(test)]
mod first_run_tests;
mod fix;
mod in_turn;
mod isolate;
mod judge;
mod load;
mod models;
#[cfg(test)]
mod pages_tests;
mod regions;
mod rounds;
#[cfg(test)]
mod rounds_tests;
mod rule_set;
mod selection;
mod services;
pub(crate) mod split;
mod suppress;
#[cfg(test)]
mod systemd_tests;
mod why;

pub(crate) use config::Config;
pub(crate) use fix::replaced;
pub(crate) use judge::{Look, inspect, root_of};
#[cfg(any(test, fuzzing))]
pub(crate) use rounds::fix_over;
pub use rounds::{Change, Fixed, Rejected, fix};
pub(crate) use rule_set::RuleSet;
pub(crate) use selection::Selection;
pub(crate) use services::{Services, services};
pub(crate) use why::{Fate, why};

use crate::finding::{Confidence, Finding, Gap};
use crate::limit;
use crate::repo::files::{Recorder, Root};
use crate::rules::page::PageError;
use crate::source::{LineColumn, Sources};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A script, or a directory in which scripts are searched.
    Path(PathBuf),
    /// A script that an editor holds.
    Stdin {
        /// The name of its file, which need not exist.
        name: PathBuf,
        /// The text that was read.
        text: Vec<u8>,
    },
}

/// What the caller asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The repo's root; if it is absent, it is found from the first target.
    pub root: Option<PathBuf>,
    /// What is checked; if it is empty, the root.
    pub targets: Vec<Target>,
    /// A configuration file other than `deploylint.yaml` at the root.
    pub config: Option<PathBuf>,
    /// Rules and families to run; no others.
    pub select: Vec<String>,
    /// Rules and families that do not run.
    pub ignore: Vec<String>,
    /// Folders of the user's own rules.
    pub rules_dirs: Vec<PathBuf>,
    /// Findings with a lower confidence are left out; [`Confidence::Medium`] if absent.
    pub confidence: Option<Confidence>,
    /// How long the check may take. It gets the same time again to find out what takes too long, and reports
    /// that as a gap. Without a limit, a verdict never depends on the machine's speed.
    pub time: Option<Duration>,
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
    /// How many scripts were checked.
    pub scripts: usize,
    /// How many commands the scripts contain, each once, including those of the files that they source.
    pub commands: usize,
    /// How many of them were not analysed.
    pub unread: usize,
    /// Which scripts were checked, `(path, why)`.
    pub taken: Vec<(String, String)>,
    /// Targets that were requested wrongly (for example, a path that does not exist). The rest was checked
    /// all the same.
    pub errors: Vec<CheckError>,
}

impl Report {
    /// True if no script was checked, although the request had no fault.
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
    /// What is wrong with it.
    pub message: String,
    /// What else is wrong, each with its own place.
    pub more: Vec<String>,
    /// What to do about it.
    pub advice: Option<String>,
}

impl CheckError {
    /// An error without a file.
    pub fn new(message: impl Into<String>) -> Self {
        CheckError { file: None, place: None, message: message.into(), more: Vec::new(), advice: None }
    }

    /// An error about a file.
    pub fn in_file(file: &Path, message: impl Into<String>) -> Self {
        CheckError { file: Some(file.display().to_string()), ..CheckError::new(message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Each thing that is wrong, with its place in front.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let place = match (&self.file, self.place) {
            (Some(file), Some(place)) => format!("{file}:{}:{}: ", place.line, place.column),
            (Some(file), None) => format!("{file}: "),
            (None, _) => String::new(),
        };
        std::iter::once(place + &self.message).chain(self.more.iter().cloned())
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for CheckError {}

impl From<PageError> for CheckError {
    fn from(error: PageError) -> Self {
        CheckError {
            file: Some(error.file),
            place: error.line.map(|line| LineColumn { line, column: 1 }),
            ..CheckError::new(error.message)
        }
    }
}

/// Everything that a check knows before it reads the first script.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The repo's root.
    pub(crate) root: PathBuf,
    /// `deploylint.yaml`.
    pub(crate) config: Config,
    /// Every rule that exists.
    pub(crate) rules: Arc<RuleSet>,
    /// Which rules are requested.
    pub(crate) selection: Selection,
    /// The recorder of everything that is read of the repo, if somebody needs it.
    pub(crate) recorder: Option<Recorder>,
}

impl Settings {
    /// Finds the root, reads the configuration and the rules, and resolves what is selected.
    ///
    /// # Errors
    /// Anything wrong in the request, the configuration or a user's rule.
    pub(crate) fn load(request: &Request) -> Result<Self, CheckError> {
        Self::load_with(request, None, |folders| RuleSet::load(folders).map(Arc::new))
    }

    /// The same with rules that were read before, which must be those of the request's own folders. `recorder` records
    /// everything that is read of the repo, here and in the check.
    ///
    /// # Errors
    /// As for [`Settings::load`]. The record is then incomplete.
    pub(crate) fn load_noted(
        request: &Request,
        rules: &Arc<RuleSet>,
        recorder: Option<Recorder>,
    ) -> Result<Self, CheckError> {
        Self::load_with(request, recorder, |folders| match folders == request.rules_dirs {
            true => Ok(Arc::clone(rules)),
            false => RuleSet::load(folders).map(Arc::new),
        })
    }

    /// Checks the part of a request that is the same for all repos: the rules that are named, and a
    /// configuration that is given.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(request: &Request, rules: &RuleSet) -> Result<(), CheckError> {
        let nowhere = Path::new("");
        let (config, at) = match &request.config {
            Some(_) => config::load(nowhere, request.config.as_deref(), None)?,
            None => (Config::default(), PathBuf::new()),
        };
        Selection::resolve(&rules.pages, &config, &at, request).map(drop)
    }

    fn load_with(
        request: &Request,
        recorder: Option<Recorder>,
        rules: impl FnOnce(&[PathBuf]) -> Result<Arc<RuleSet>, CheckError>,
    ) -> Result<Self, CheckError> {
        let root = judge::root_of(request)?;
        let (config, at) = config::load(&root, request.config.as_deref(), recorder.as_ref())?;
        let mut folders = request.rules_dirs.clone();
        let own = config.rule_folders(&root, &at)?;
        folders.extend(own.iter().cloned());
        // It is read before and after, so that a file which changes in between makes the record useless.
        let note = || config::note_folders(&root, &own, recorder.as_ref());
        note();
        let rules = rules(&folders)?;
        note();
        let selection = Selection::resolve(&rules.pages, &config, &at, request)?;
        Ok(Settings { root, config, rules, selection, recorder })
    }
}

/// Checks what `request` names.
///
/// # Errors
/// Wrong usage or configuration; nothing was checked. An error of one target only is in [`Report::errors`],
/// and what could not be analysed is in [`Report::gaps`].
pub fn check(request: &Request) -> Result<Report, CheckError> {
    check_over(request, &Settings::load(request)?, Sources::default(), &mut |_| {})
}

/// Checks what `request` names, and passes what the rules saw to `look`. Files in `sources` are used as they
/// are and not read again.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_over(
    request: &Request,
    settings: &Settings,
    sources: Sources,
    look: Look<'_>,
) -> Result<Report, CheckError> {
    let root = Root::open(&settings.root).map_err(|gap| CheckError::in_file(&settings.root, gap.reason))?;
    check_in(&root.noted_by(settings.recorder.clone()), request, settings, sources, look)
}

/// Checks what `request` names in `root`, which need not be the tree on disk.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_in(
    root: &Root,
    request: &Request,
    settings: &Settings,
    mut sources: Sources,
    look: Look<'_>,
) -> Result<Report, CheckError> {
    // Earlier events do not concern this check.
    limit::was_late();
    let judged = inspect(root, request, settings, &mut sources, look)?;
    if limit::was_late() {
        settings.recorder.iter().for_each(Recorder::tear);
    }
    let selection = &settings.selection;
    let mut findings = suppress::apply(
        &sources, &judged.comments, &judged.gaps, judged.findings, &settings.rules.pages, selection,
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

/// Sorts by file, offset and rule. A function that is called twice is judged twice, so if findings say the same, only the
/// worst and surest one stays.
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
