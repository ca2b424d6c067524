//! Rounds of fixes: apply what goes together and check again, until nothing is left to apply. A fix stays
//! only if its finding is gone, no other finding appeared, and everything is still analysed. It writes no
//! file.

use super::fix::{Edits, Picked};
use super::split::{Attempt, settle};
use super::{CheckError, Report, Request, Settings, Target, check_over};
use crate::finding::{Applicability, Finding, RuleId};
use crate::repo::files::Root;
use crate::source::{FileId, Sources, Span};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

/// Each round removes a finding, so rounds end by themselves. This limit is for cases that nobody has thought
/// of.
const ROUNDS: usize = 100;
const JUDGEMENTS: usize = 400;

/// The result of the fixes.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The report as it is once the changes are written.
    pub report: Report,
    /// The files that change, by path.
    pub changes: Vec<Change>,
    /// How many findings of each rule were fixed.
    pub fixed: BTreeMap<RuleId, usize>,
    /// Findings whose fix does not work and is left out.
    pub rejected: Vec<Rejected>,
}

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name in output.
    pub path: String,
    /// The bytes before the fixes.
    pub before: Vec<u8>,
    /// The bytes after the fixes.
    pub after: Vec<u8>,
}

/// A finding that was not fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The rule.
    pub rule: RuleId,
    /// The file.
    pub path: String,
    /// The byte of the analysis text once all fixes are applied.
    pub at: u32,
}

impl Fixed {
    /// How many findings were fixed.
    pub fn count(&self) -> usize {
        self.fixed.values().sum()
    }

    /// How many of the remaining findings have an unsafe fix.
    pub fn unsafe_left(&self) -> usize {
        let is_unsafe =
            |f: &&Finding| f.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Unsafe);
        self.report.findings.iter().filter(is_unsafe).count()
    }
}

/// Checks what `request` names, and fixes what it can in memory. A script from standard input is fixed alone;
/// no other file changes then.
///
/// # Errors
/// As [`super::check`].
pub fn fix(request: &Request, unsafe_too: bool) -> Result<Fixed, CheckError> {
    fix_over(request, &Settings::load(request)?, unsafe_too)
}

/// The same with settings that are loaded already.
///
/// # Errors
/// As [`super::check`].
pub(crate) fn fix_over(
    request: &Request,
    settings: &Settings,
    unsafe_too: bool,
) -> Result<Fixed, CheckError> {
    let mut fixing = Fixing {
        request,
        root: Root::open(&settings.root).map_err(|gap| CheckError::in_file(&settings.root, gap.reason))?,
        settings,
        unsafe_too,
        texts: HashMap::new(),
        targets: HashMap::new(),
        judgements: 0,
    };
    let mut report = fixing.judge(&fixing.texts)?;
    let mut before: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut fixed: BTreeMap<RuleId, usize> = BTreeMap::new();
    let mut rejected: Vec<Rejected> = Vec::new();
    for _ in 0..ROUNDS {
        let wanted = fixing.pick(&report, &rejected);
        if wanted.is_empty() {
            break;
        }
        let round = fixing.settle(&report, wanted)?;
        for index in &round.kept {
            *fixed.entry(report.findings[*index].rule.clone()).or_default() += 1;
        }
        for index in round.rejected {
            let finding = &report.findings[index];
            let path = report.sources.file(finding.span.file).path().to_owned();
            rejected.push(Rejected { rule: finding.rule.clone(), path, at: finding.span.start });
        }
        let Some(after) = round.after else { continue };
        for rejected in &mut rejected {
            if let Some(edits) = after.edits.get(&rejected.path) {
                rejected.at = edits.forth(rejected.at);
            }
        }
        for path in &after.changed {
            let file = report.sources.find(path);
            let bytes =
                file.map_or_else(Vec::new, |file| report.sources.file(file).original_bytes().to_vec());
            before.entry(path.clone()).or_insert(bytes);
        }
        fixing.texts = after.texts;
        report = after.report;
    }
    let changes = before.into_iter().filter_map(|(path, before)| {
        let after = fixing.texts.get(&path)?.clone();
        (after != before).then_some(Change { path, before, after })
    });
    Ok(Fixed { changes: changes.collect(), report, fixed, rejected })
}

struct Fixing<'r> {
    request: &'r Request,
    settings: &'r Settings,
    root: Root,
    unsafe_too: bool,
    /// The files that have changed so far, by path.
    texts: HashMap<String, Vec<u8>>,
    /// The file on disk that a path leads to.
    targets: HashMap<String, Option<PathBuf>>,
    judgements: usize,
}

/// The result of applying some fixes.
struct After {
    report: Report,
    texts: HashMap<String, Vec<u8>>,
    /// The edits by path, including the other names of a file.
    edits: HashMap<String, Edits>,
    /// The paths that the edits name.
    changed: Vec<String>,
}

struct Round {
    /// Indices of findings whose fixes stay.
    kept: Vec<usize>,
    rejected: Vec<usize>,
    after: Option<After>,
}

/// How a report compares with the one before some fixes.
#[derive(Default)]
struct Compared {
    /// Fixed findings that are still there.
    stuck: Vec<usize>,
    /// True if there is a new finding or a new gap.
    more: bool,
}

impl Fixing<'_> {
    /// The name of standard input, in the form in which output names its file.
    fn stdin(&self) -> Option<String> {
        self.request.targets.iter().find_map(|target| match target {
            Target::Stdin { name, .. } => {
                Some(self.root.name(name).unwrap_or_else(|| name.to_string_lossy().into_owned()))
            }
            Target::Path(_) => None,
        })
    }

    fn judge(&self, texts: &HashMap<String, Vec<u8>>) -> Result<Report, CheckError> {
        if texts.is_empty() {
            return check_over(self.request, self.settings, Sources::default(), &mut |_| {});
        }
        let stdin = self.stdin();
        let mut request = self.request.clone();
        for target in &mut request.targets {
            if let Target::Stdin { text, .. } = target
                && let Some(fixed) = stdin.as_ref().and_then(|name| texts.get(name))
            {
                text.clone_from(fixed);
            }
        }
        // A file that is already there is not read again.
        let mut sources = Sources::default();
        let mut paths: Vec<&String> = texts.keys().filter(|path| Some(*path) != stdin.as_ref()).collect();
        paths.sort();
        for path in paths {
            if let Ok(file) = crate::source::SourceFile::new(path.clone(), texts[path].clone()) {
                sources.add(file);
            }
        }
        check_over(&request, self.settings, sources, &mut |_| {})
    }

    /// The findings to fix, as far as their fixes go together.
    fn pick(&mut self, report: &Report, rejected: &[Rejected]) -> Vec<usize> {
        let stdin = self.stdin();
        let mut picked = Picked::default();
        let mut names: HashMap<PathBuf, String> = HashMap::new();
        let mut wanted = Vec::new();
        for (index, finding) in report.findings.iter().enumerate() {
            let Some(fix) = &finding.fix else { continue };
            let path = report.sources.file(finding.span.file).path();
            let given_up =
                |r: &Rejected| r.rule == finding.rule && r.path == path && r.at == finding.span.start;
            if (fix.applicability == Applicability::Unsafe && !self.unsafe_too)
                || rejected.iter().any(given_up)
            {
                continue;
            }
            let mut own = fix.edits.iter().map(|edit| report.sources.file(edit.span.file).path());
            let writable = own.all(|path| match &stdin {
                Some(name) => path == name,
                // If a file has two names, the first one has its fixes applied, and the other sees them in
                // the next round.
                None => self
                    .target(path)
                    .is_some_and(|target| names.entry(target).or_insert_with(|| path.to_owned()) == path),
            });
            if writable && picked.take(fix) {
                wanted.push(index);
            }
        }
        wanted
    }

    fn target(&mut self, path: &str) -> Option<PathBuf> {
        let root = &self.root;
        let found = self.targets.entry(path.to_owned());
        found.or_insert_with(|| root.locate(path).canonicalize().ok()).clone()
    }

    /// Applies the fixes and finds the harmful ones: first by what is still found, then by halves.
    fn settle(&mut self, report: &Report, wanted: Vec<usize>) -> Result<Round, CheckError> {
        let mut left = JUDGEMENTS.saturating_sub(self.judgements);
        let before = left;
        let attempt = |kept: &[usize], group: &[usize]| -> Result<Attempt<usize, After>, CheckError> {
            let tried: BTreeSet<usize> = kept.iter().chain(group).copied().collect();
            let Some(after) = self.apply(report, &tried)? else { return Ok(Attempt::Fails) };
            let Compared { stuck, more } = compare(report, &after, &tried);
            if stuck.is_empty() {
                return Ok(if more { Attempt::Fails } else { Attempt::Works(after) });
            }
            let (stuck, rest): (Vec<usize>, Vec<usize>) = group.iter().partition(|i| stuck.contains(i));
            if stuck.is_empty() || rest.is_empty() {
                return Ok(Attempt::Fails);
            }
            // Each of them may work alone, because another one may have been in its way.
            let alone = stuck.into_iter().rev().map(|index| vec![index]);
            Ok(Attempt::Instead(std::iter::once(rest).chain(alone).collect()))
        };
        let settled = settle(wanted, &mut left, attempt, |_| Vec::new())?;
        self.judgements += before - left;
        let mut kept = settled.kept;
        kept.sort_unstable();
        Ok(Round { kept, rejected: settled.failed, after: settled.result })
    }

    /// The report once the fixes of some findings are applied; `None` if their text cannot be written as it
    /// is.
    fn apply(&mut self, report: &Report, findings: &BTreeSet<usize>) -> Result<Option<After>, CheckError> {
        let mut picked = Picked::default();
        for fix in findings.iter().filter_map(|index| report.findings[*index].fix.as_ref()) {
            picked.take(fix);
        }
        let mut texts = self.texts.clone();
        let mut edits = HashMap::new();
        let mut changed = Vec::new();
        for (file, of_file) in picked.edits {
            let source = report.sources.file(file);
            let Some(bytes) = of_file.bytes(source) else { return Ok(None) };
            for path in self.names(&report.sources, file) {
                texts.insert(path.clone(), bytes.clone());
                edits.insert(path, of_file.clone());
            }
            changed.push(source.path().to_owned());
        }
        let report = self.judge(&texts)?;
        Ok(Some(After { report, texts, edits, changed }))
    }

    /// The names under which a file was read: its own, and those of links to it.
    fn names(&mut self, sources: &Sources, file: FileId) -> Vec<String> {
        let own = sources.file(file).path().to_owned();
        if self.stdin().is_some() {
            return vec![own];
        }
        let target = self.target(&own);
        let others = sources.iter().map(|(_, source)| source.path()).filter(|path| **path != own);
        let mut names: Vec<String> =
            others.filter(|p| target.is_some() && self.target(p) == target).map(str::to_owned).collect();
        names.push(own);
        names
    }
}

/// Findings are the same if rule, file and place are. Their words may mention a line that has moved.
fn compare(before: &Report, after: &After, fixed: &BTreeSet<usize>) -> Compared {
    let mut compared = Compared::default();
    let mut by_place: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (index, finding) in before.findings.iter().enumerate() {
        let path = before.sources.file(finding.span.file).path();
        by_place.entry((path, &finding.rule)).or_default().push(index);
    }
    for finding in &after.report.findings {
        let path = after.report.sources.file(finding.span.file).path();
        let (start, end) = match after.edits.get(path) {
            Some(edits) => (edits.back(finding.span.start, false), edits.back(finding.span.end, true)),
            None => (finding.span.start, finding.span.end),
        };
        let same = |span: Span| start == span.start || (start < span.end && span.start < end);
        let candidates = by_place.get_mut(&(path, &*finding.rule));
        let place = candidates.and_then(|known| {
            let fits = |index: &usize| same(before.findings[*index].span);
            let unfixed = known.iter().position(|i| fits(i) && !fixed.contains(i));
            let place = unfixed.or_else(|| known.iter().position(fits))?;
            Some(known.remove(place))
        });
        match place {
            Some(index) if fixed.contains(&index) => compared.stuck.push(index),
            Some(_) => {}
            None => compared.more = true,
        }
    }
    let mut gaps: HashMap<(&str, &str), usize> = HashMap::new();
    for gap in &before.gaps {
        *gaps.entry((&gap.file, &gap.reason)).or_default() += 1;
    }
    for gap in &after.report.gaps {
        match gaps.get_mut(&(gap.file.as_str(), gap.reason.as_str())) {
            Some(left) if *left > 0 => *left -= 1,
            _ => compared.more = true,
        }
    }
    compared
}
