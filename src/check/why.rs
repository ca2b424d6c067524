//! Why a line is reported or not: what the analyser understood of its commands, and what became of each
//! finding.

use super::judge;
use super::suppress;
use super::{CheckError, Request, Settings, Target, sort};
use crate::finding::{Confidence, Finding, Gap};
use crate::rules::rerun::unreported::{is_about_second_run, unreported};
use crate::source::{Sources, Span};
use crate::syntax::query::Queries;
use std::path::PathBuf;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is reported.
    Told,
    /// Its confidence is below what is shown by default.
    NotSure,
    /// A comment suppresses it.
    Quieted,
    /// The configuration switches its rule off.
    Off,
}

/// Everything that is known about a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Why {
    /// Every file that was read.
    pub(crate) sources: Sources,
    /// The file as the findings name it; `None` if it was not checked.
    pub(crate) file: Option<String>,
    /// Each step that a command of the line makes, described. A function that is called twice makes two.
    pub(crate) steps: Vec<String>,
    /// What the rules say about the line, and whether it is reported.
    pub(crate) findings: Vec<(Finding, Fate)>,
    /// The parts of the line that could not be analysed.
    pub(crate) gaps: Vec<Gap>,
}

/// A step of the line.
#[derive(PartialEq)]
struct Described {
    span: Span,
    text: String,
    /// Why no rule reports the second run, if that does harm.
    unreported: Option<&'static str>,
}

impl Described {
    /// The description, with the rule that reports the second run, or the reason why none does.
    fn with_reporter(self, queries: &Queries, findings: &[Finding]) -> String {
        let Some(reason) = self.unreported else { return self.text };
        let is_here = |f: &&Finding| {
            f.span.file == self.span.file && f.span.start <= self.span.end && self.span.start <= f.span.end
        };
        let mut here = findings.iter().filter(is_here);
        match here.find(|finding| is_about_second_run(queries, &finding.rule)) {
            Some(finding) => format!("{}  {} reports that\n", self.text, finding.rule),
            None => format!("{}  no rule reports that: {reason}\n", self.text),
        }
    }
}

/// Explains line `line` (1-based) of the script `path`, with the project around it.
///
/// # Errors
/// Wrong usage or configuration, a file that cannot be read, or a line that does not exist.
pub(crate) fn why(path: PathBuf, line: u32, root: Option<PathBuf>) -> Result<Why, CheckError> {
    let request = Request { root, targets: vec![Target::Path(path.clone())], ..Request::default() };
    let settings = Settings::load(&request)?;
    // Findings of rules that are not asked for are shown too.
    let all = Settings { selection: settings.selection.everything(), ..settings.clone() };
    let mut sources = Sources::default();
    let mut why = Why::default();
    let covers = |sources: &Sources, span: Span| {
        let last = Span { start: span.end.max(span.start + 1) - 1, ..span };
        (sources.line(span)..=sources.line(last)).contains(&line)
    };
    let mut described = Vec::new();
    let mut asked = None;
    let judged = judge::judge(&request, &all, &mut sources, &mut |context| {
        let sources = context.sources;
        for model in context.scripts() {
            asked.get_or_insert(model.file);
            for (id, step) in model.iter() {
                if Some(step.span.file) == asked && covers(sources, step.span) {
                    let first = context.first_run(model, id);
                    let first = first.map_or_else(String::new, |run| run.described(sources, model));
                    let text = model.explain(sources, id, &first);
                    let unreported = unreported(context, model, id);
                    let step = Described { span: step.span, text, unreported };
                    if !described.contains(&step) {
                        described.push(step);
                    }
                }
            }
        }
    })?;
    if let Some(error) = judged.errors.into_iter().next() {
        return Err(error);
    }
    let Some(file) = asked else {
        let reason =
            judged.gaps.first().map_or("it is not a script that can be checked", |gap| gap.reason.as_str());
        return Err(CheckError::in_file(&path, reason));
    };
    let lines = sources.file(file).text().lines().count() as u32;
    if line == 0 || line > lines {
        return Err(CheckError::in_file(&path, format!("it has lines 1 to {lines}, but no line {line}")));
    }
    let name = sources.file(file).path().to_owned();
    let queries = all.rules.queries()?;
    why.steps = described.into_iter().map(|step| step.with_reporter(queries, &judged.findings)).collect();
    let at_line = |finding: &Finding| finding.span.file == file && covers(&sources, finding.span);
    let mut findings: Vec<Finding> = judged.findings.into_iter().filter(at_line).collect();
    let left = suppress::apply(
        &sources,
        &judged.comments,
        &judged.gaps,
        findings.clone(),
        &settings.rules.pages,
        &settings.selection,
    );
    sort(&sources, &mut findings);
    why.findings = findings
        .into_iter()
        .map(|mut finding| {
            let fate = if !left.contains(&finding) {
                Fate::Quieted
            } else if settings.selection.admit(&mut finding) {
                Fate::Told
            } else if finding.confidence < Confidence::Medium {
                Fate::NotSure
            } else {
                Fate::Off
            };
            (finding, fate)
        })
        .collect();
    let touches = |gap: &Gap| gap.file == name && gap.place.is_none_or(|span| covers(&sources, span));
    why.gaps = judged.gaps.into_iter().filter(touches).collect();
    why.file = Some(name);
    why.sources = sources;
    Ok(why)
}
