//! Suppression comments: `# deploylint: ignore[rule, family] reason`.
//!
//! A comment suppresses findings on the command of its own line. In a block of whole-line comments it
//! suppresses those of the command right below. A command that continues over several lines counts as one. A
//! comment at the head of a file also suppresses findings about the whole file. This module knows no rules
//! except the two that judge the comments themselves.

use super::selection::{Selection, covers};
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix, Gap, RuleId, Severity};
use crate::repo::names::base;
use crate::rules::id;
use crate::rules::pages::Pages;
use crate::source::{FileId, SourceFile, Sources, Span};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

const UNUSED: RuleId = id::IGNORE_UNUSED;
const MALFORMED: RuleId = id::IGNORE_MALFORMED;
const FORM: &str = "write `# deploylint: ignore[family/rule] reason`";

/// Removes suppressed findings from `findings`, and adds what is wrong with the comments themselves.
///
/// `comments` are the comments that the parser saw in scripts, from `#` to the end of the line. In other
/// files comments are found by line. If a file has `gaps`, a comment may suppress a finding that could not be
/// made.
pub(super) fn apply(
    sources: &Sources,
    comments: &[Span],
    gaps: &[Gap],
    mut findings: Vec<Finding>,
    pages: &Pages,
    selection: &Selection,
) -> Vec<Finding> {
    let mut directives = Directives::read(sources, comments, pages);
    findings.retain(|finding| !directives.quiet(sources, finding));
    findings.extend(directives.complaints(sources, gaps, selection));
    findings
}

/// One well-formed comment.
#[derive(Debug)]
struct Directive {
    comment: Span,
    list: Span,
    /// The names that are rules or families, and whether each suppressed anything.
    names: Vec<(String, bool)>,
    whole_line: bool,
    /// True if the parser vouches for it. Text that only looks like a comment (a line of a heredoc)
    /// suppresses, because a finding below it can take it for nothing else, but it is never complained about.
    certain: bool,
}

#[derive(Default)]
struct Directives {
    all: Vec<Directive>,
    /// Indices of comments, by file and 0-based line.
    by_line: BTreeMap<(FileId, u32), usize>,
    malformed: Vec<Finding>,
}

/// How a file of this name writes comments, if the shell's parser is not responsible for it.
struct ByLine {
    openers: &'static [&'static str],
    trailing: bool,
}

fn by_line(path: &str) -> Option<ByLine> {
    let name = base(path);
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    let kind = |openers, trailing| Some(ByLine { openers, trailing });
    match extension {
        "yaml" | "yml" | "toml" => kind(&["#"], true),
        // systemd.syntax(7): a comment is a line of its own that begins with `#` or `;`.
        "service" | "socket" | "timer" | "target" | "path" | "mount" | "slice" | "conf" => {
            kind(&["#", ";"], false)
        }
        "md" => kind(&["<!--"], false),
        "env" => kind(&["#"], false),
        _ if name.starts_with(".env") => kind(&["#"], false),
        _ if name.starts_with("Dockerfile") || name.starts_with("Containerfile") => kind(&["#"], false),
        _ => None,
    }
}

impl Directives {
    fn read(sources: &Sources, comments: &[Span], pages: &Pages) -> Self {
        let mut found = Directives::default();
        let mut seen = HashSet::new();
        for comment in comments {
            if seen.insert((comment.file, comment.start)) {
                found.add(sources, *comment, pages, true);
            }
        }
        for (id, file) in sources.iter() {
            if !file.text().contains("deploylint") {
                continue;
            }
            let kind = by_line(file.path());
            let certain = kind.is_some();
            let kind = kind.unwrap_or(ByLine { openers: &["#"], trailing: false });
            for line in 1..=file.line_count() {
                let range = file.line_range(line);
                let Some(start) = comment_start(&file.text()[range.clone()], &kind) else {
                    continue;
                };
                let comment = span(id, range.start + start..range.end);
                if seen.insert((id, comment.start)) {
                    found.add(sources, comment, pages, certain);
                }
            }
        }
        found
    }

    fn add(&mut self, sources: &Sources, comment: Span, pages: &Pages, certain: bool) {
        let malformed = |span: Span, message: String| Finding {
            rule: MALFORMED,
            severity: Severity::Warning,
            confidence: Confidence::High,
            message,
            help: Some(FORM.to_owned()),
            span,
            related: Vec::new(),
            fix: None,
            run: None,
        };
        let text = sources.text(comment);
        let (list, names) = match parse(text) {
            Parsed::Other => return,
            Parsed::Malformed(why) => {
                if certain {
                    let message = format!("this comment suppresses nothing: {why}");
                    self.malformed.push(malformed(comment, message));
                }
                return;
            }
            Parsed::Names(list, names) => (list, names),
        };
        let inside = |r: &Range<usize>| {
            let at = comment.start as usize;
            span(comment.file, at + r.start..at + r.end)
        };
        let mut known: Vec<(String, bool)> = Vec::new();
        for range in names {
            let name = &text[range.clone()];
            if pages.named(name).is_some() {
                known.push((name.to_owned(), false));
            } else if certain {
                self.malformed.push(malformed(inside(&range), pages.unknown(name)));
            }
        }
        let file = sources.file(comment.file);
        let line = file.line(comment.start);
        let before = &file.text()[file.line_range(line).start..comment.start as usize];
        self.by_line.insert((comment.file, line - 1), self.all.len());
        self.all.push(Directive {
            comment,
            list: inside(&list),
            names: known,
            whole_line: before.trim().is_empty(),
            certain,
        });
    }

    /// Whether a comment suppresses the finding. It also records which one did.
    fn quiet(&mut self, sources: &Sources, finding: &Finding) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let id = finding.span.file;
        let file = sources.file(id);
        let lines = command_lines(file, finding.span);
        let mut candidates = Vec::new();
        let inside = self.by_line.range((id, lines.start)..(id, lines.end));
        let trailing = inside.map(|(_, d)| d);
        candidates.extend(trailing.filter(|d| !self.all[**d].whole_line));
        let mut above = lines.start;
        while above > 0 && is_comment_line(file, above - 1) {
            above -= 1;
            candidates.extend(self.by_line.get(&(id, above)));
        }
        if finding.span.end == 0 {
            let head = (0..file.line_count()).take_while(|l| is_comment_line(file, *l));
            candidates.extend(head.filter_map(|l| self.by_line.get(&(id, l))));
        }
        let candidates: Vec<usize> = candidates.into_iter().copied().collect();
        let mut quieted = false;
        for index in candidates {
            for (name, used) in &mut self.all[index].names {
                if covers(name, &finding.rule) {
                    *used = true;
                    quieted = true;
                }
            }
        }
        quieted
    }

    fn complaints(self, sources: &Sources, gaps: &[Gap], selection: &Selection) -> Vec<Finding> {
        let has_gaps = |file: FileId| gaps.iter().any(|g| g.place.is_some_and(|p| p.file == file));
        let mut complaints = self.malformed;
        for directive in self.all.iter().filter(|d| d.certain) {
            // `ignore[ignore/unused]` says that the comment may suppress nothing.
            if directive.names.iter().any(|(n, _)| covers(n, &UNUSED)) {
                continue;
            }
            let unused = |(name, used): &&(String, bool)| !used && selection.wants_all(name);
            let names: Vec<_> = directive.names.iter().filter(unused).collect();
            if names.is_empty() {
                continue;
            }
            let list: Vec<_> = names.iter().map(|(n, _)| format!("`{n}`")).collect();
            let rest: Vec<_> =
                directive.names.iter().filter(|n| !names.contains(n)).map(|(n, _)| n.as_str()).collect();
            complaints.push(Finding {
                rule: UNUSED,
                severity: Severity::Warning,
                confidence: match has_gaps(directive.comment.file) {
                    true => Confidence::Low,
                    false => Confidence::High,
                },
                message: format!(
                    "this comment suppresses nothing, because there is no finding of {}",
                    list.join(", ")
                ),
                help: Some("remove it, or move it to the line of the finding".to_owned()),
                span: directive.comment,
                related: Vec::new(),
                fix: Some(directive.removal(sources, &rest)),
                run: None,
            });
        }
        complaints
    }
}

impl Directive {
    /// Leaves only the names of `rest`. If there are none, the whole comment is removed.
    fn removal(&self, sources: &Sources, rest: &[&str]) -> Fix {
        let edit = if rest.is_empty() {
            let file = sources.file(self.comment.file);
            let line = file.line(self.comment.start);
            let range = file.line_range(line);
            let before = &file.text()[range.start..self.comment.start as usize];
            let cut = if self.whole_line {
                let next = file.line_range(line + 1).start;
                range.start..if line < file.line_count() { next } else { range.end }
            } else {
                range.start + before.trim_end().len()..self.comment.end as usize
            };
            Edit { span: span(self.comment.file, cut), text: String::new() }
        } else {
            Edit { span: self.list, text: rest.join(", ") }
        };
        Fix {
            title: "remove what suppresses nothing".to_owned(),
            applicability: Applicability::Safe,
            edits: vec![edit],
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// A comment about something else.
    Other,
    /// It is meant to suppress but does not, for this reason.
    Malformed(&'static str),
    /// The text between the brackets, and each name in it, as ranges of the comment.
    Names(Range<usize>, Vec<Range<usize>>),
}

fn parse(comment: &str) -> Parsed {
    let opener: &[_] = &['#', ';', ' ', '\t'];
    let body = comment.strip_prefix("<!--").unwrap_or(comment);
    let body = body.trim_start_matches(opener);
    let Some(rest) = body.strip_prefix("deploylint") else {
        return match comment.contains("deploylint: ignore[") {
            true => Parsed::Malformed("`deploylint:` is not at its start"),
            false => Parsed::Other,
        };
    };
    let Some(rest) = rest.strip_prefix(':').map(str::trim_start) else {
        let word = rest.trim_start_matches([' ', '\t', '-', '=']);
        let meant = ["ignore", "disable", "off"].iter().any(|w| {
            let after = word.strip_prefix(w);
            after.is_some_and(|a| a.is_empty() || a.starts_with(['[', '=', ':']))
        });
        return match meant {
            true => Parsed::Malformed("`:` is missing after `deploylint`"),
            false => Parsed::Other,
        };
    };
    let Some(rest) = rest.strip_prefix("ignore") else {
        return Parsed::Malformed("`deploylint:` must be followed by `ignore[…]`");
    };
    let Some(rest) = rest.strip_prefix('[') else {
        return Parsed::Malformed("it names no rule");
    };
    let Some((list, _)) = rest.split_once(']') else {
        return Parsed::Malformed("`]` is missing");
    };
    let start = comment.len() - rest.len();
    let mut names = Vec::new();
    let mut at = start;
    for piece in list.split(',') {
        let name = piece.trim();
        let from = at + (piece.len() - piece.trim_start().len());
        at += piece.len() + 1;
        if name.is_empty() {
            return Parsed::Malformed("it names no rule");
        }
        names.push(from..from + name.len());
    }
    Parsed::Names(start..start + list.len(), names)
}

/// Where the comment of a line begins, in a file whose comments are found by line.
fn comment_start(line: &str, kind: &ByLine) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    if kind.openers.iter().any(|o| line[indent..].starts_with(o)) {
        return Some(indent);
    }
    let at = line.find(" # deploylint").filter(|_| kind.trailing)?;
    Some(at + 1)
}

/// The 0-based lines of the command at `place`: those that it spans, and those that a backslash joins to
/// them.
fn command_lines(file: &SourceFile, place: Span) -> Range<u32> {
    let mut first = file.line(place.start) - 1;
    let last_byte = place.end.saturating_sub(1).max(place.start);
    let mut end = file.line(last_byte);
    if by_line(file.path()).is_none() {
        let continued = |line: u32| {
            let text = &file.text()[file.line_range(line + 1)];
            let slashes = text.len() - text.trim_end_matches('\\').len();
            slashes % 2 == 1 && !is_comment_line(file, line)
        };
        while first > 0 && continued(first - 1) {
            first -= 1;
        }
        while end < file.line_count() && continued(end - 1) {
            end += 1;
        }
    }
    first..end
}

/// Whether a 0-based line contains nothing but a comment.
fn is_comment_line(file: &SourceFile, line: u32) -> bool {
    let text = file.text()[file.line_range(line + 1)].trim_start();
    match by_line(file.path()) {
        Some(kind) => kind.openers.iter().any(|o| text.starts_with(o)),
        None => text.starts_with('#'),
    }
}

fn span(file: FileId, range: Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

#[cfg(test)]
mod tests;
