//! The to-do list of a review, in the checklist's order. Each item is done, open, not applicable or blocked,
//! with its evidence. An item is evaluated over the files that it concerns. If that fails (a gap, a panic),
//! it is evaluated over smaller parts, and only the smallest that fail stay blocked.

use super::Change;
use super::impact::Impact;
use super::state::Kind;
use crate::check::split::{Attempt, settle};
use crate::facts::masked;
use crate::finding::{Confidence, Finding, Gap, RuleId, Severity};
use crate::source::Sources;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The status of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Nothing that it is about has changed, and nothing is wrong.
    NotApplicable,
    /// Nothing is left to do.
    Done,
    /// Unknown, because something that it rests on could not be analysed.
    Blocked,
    /// Something is left to do.
    Open,
}

/// The reason for an item's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// What is the case.
    pub(crate) text: String,
    /// The place: a file and, if one line says it, the 1-based line.
    pub(crate) place: Option<(String, Option<u32>)>,
    /// True for what is left to do.
    pub(crate) open: bool,
}

/// A part that could not be judged, as small as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub(crate) file: String,
    /// Its 1-based lines, first and last; `None` for all of it.
    pub(crate) lines: Option<(u32, u32)>,
    /// Why it could not be judged.
    pub(crate) reason: String,
}

/// An item of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which item it is.
    pub(crate) task: Task,
    pub(crate) status: Status,
    /// The reasons; open ones come first.
    pub(crate) evidence: Vec<Evidence>,
    /// The parts that could not be judged.
    pub(crate) blocked: Vec<Blocked>,
}

/// The items, in order: the eight of the checklist, then its notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Task {
    /// 1 Analyse the changes since the last review.
    Changes,
    /// 2 New services.
    Services,
    /// 3 Dependencies.
    Dependencies,
    /// 4 Build steps.
    Build,
    /// 5 Database migrations.
    Migrations,
    /// 6 Configuration and environment.
    Configuration,
    /// 7 Permissions and ownership.
    Permissions,
    /// 8 Test the script.
    Test,
    /// Note: installs run as the app's user.
    AppUser,
    /// Note: the scripts are safe to run again.
    RunAgain,
    /// Note: the date of the last review is kept.
    Date,
}

impl Task {
    /// All of them, in order.
    pub(crate) const ALL: [Task; 11] = [
        Task::Changes,
        Task::Services,
        Task::Dependencies,
        Task::Build,
        Task::Migrations,
        Task::Configuration,
        Task::Permissions,
        Task::Test,
        Task::AppUser,
        Task::RunAgain,
        Task::Date,
    ];

    /// Its number in the checklist; `None` for a note.
    pub(crate) fn number(self) -> Option<usize> {
        let at = Task::ALL.iter().position(|task| *task == self)?;
        (at < 8).then_some(at + 1)
    }

    /// Its name for programs.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Task::Changes => "analyse-changes",
            Task::Services => "new-services",
            Task::Dependencies => "dependencies",
            Task::Build => "build",
            Task::Migrations => "migrations",
            Task::Configuration => "configuration",
            Task::Permissions => "permissions",
            Task::Test => "test-script",
            Task::AppUser => "installs-as-app-user",
            Task::RunAgain => "safe-to-run-again",
            Task::Date => "date-kept",
        }
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Task::Changes => "Analyse the changes since the last review",
            Task::Services => "Cover new and removed services",
            Task::Dependencies => "Install new dependencies",
            Task::Build => "Run new build steps",
            Task::Migrations => "Run database migrations",
            Task::Configuration => "Provide configuration and environment",
            Task::Permissions => "Set permissions and ownership",
            Task::Test => "Test the scripts",
            Task::AppUser => "Installs run as the app's user",
            Task::RunAgain => "The scripts are safe to run again",
            Task::Date => "The date of the last review is kept",
        }
    }

    /// The item that a change matters to.
    pub(super) fn of_change(kind: Kind) -> Task {
        match kind {
            Kind::Service | Kind::Unit | Kind::Port => Task::Services,
            Kind::Dependency => Task::Dependencies,
            Kind::Build => Task::Build,
            Kind::Migration => Task::Migrations,
            Kind::Environment | Kind::Configuration => Task::Configuration,
            Kind::Path | Kind::User => Task::Permissions,
            Kind::Step => Task::Test,
        }
    }

    /// The item that a finding belongs to, as the page of its rule says; `None` if it is not about a deployment (a
    /// comment that suppresses nothing).
    fn of_rule(rule: &RuleId) -> Option<Task> {
        match rule.about().review.as_deref() {
            Some(item) => Task::ALL.into_iter().find(|task| task.id() == item),
            // It is a rule of the user's own.
            None => Some(Task::Test),
        }
    }
}

/// True if an item rests on files of this kind, so that a gap in one blocks it.
fn concerns(task: Task, file: &FileKind) -> bool {
    match file {
        FileKind::Script => true,
        FileKind::Compose | FileKind::Unit | FileKind::Architecture => {
            matches!(task, Task::Changes | Task::Services | Task::Configuration)
        }
        FileKind::Manifest => {
            matches!(task, Task::Changes | Task::Dependencies | Task::Build | Task::Migrations)
        }
        FileKind::Environment | FileKind::Code => matches!(task, Task::Changes | Task::Configuration),
        FileKind::Other => task == Task::Changes,
    }
}

/// What a file is to a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Script,
    Compose,
    Unit,
    Architecture,
    Manifest,
    Environment,
    Code,
    Other,
}

/// A script's step that does what an item asks for.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) task: Task,
    pub(super) words: String,
    pub(super) file: String,
    pub(super) line: u32,
}

/// Everything that the list rests on.
pub(super) struct Grounds<'g> {
    pub(super) sources: &'g Sources,
    pub(super) findings: &'g [Finding],
    pub(super) gaps: &'g [Gap],
    pub(super) impacts: &'g [Impact],
    pub(super) witnesses: &'g [Witness],
    /// The kind of file, judged by its name.
    pub(super) kind: &'g dyn Fn(&str) -> FileKind,
    /// The sections of a file (its services, its statements), as 1-based lines, first and last.
    pub(super) sections: &'g dyn Fn(&str) -> Vec<(u32, u32)>,
    /// How many scripts were judged.
    pub(super) scripts: usize,
    /// Evidence for an item that the review itself has, from the history or the document.
    pub(super) own: &'g dyn Fn(Task) -> Vec<Evidence>,
    /// True if somebody has tried the scripts.
    pub(super) tested: bool,
}

/// What an item is evaluated over.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    File(String),
    /// Lines of one.
    Lines(String, u32, u32),
}

/// Carries out the list.
pub(super) fn carry_out(grounds: &Grounds<'_>) -> Vec<Item> {
    Task::ALL.into_iter().map(|task| grounds.item(task)).collect()
}

impl Grounds<'_> {
    fn item(&self, task: Task) -> Item {
        let mut files: Vec<String> = self
            .gaps
            .iter()
            .map(|gap| gap.file.clone())
            .filter(|file| concerns(task, &(self.kind)(file)) && task != Task::Date)
            .collect();
        files.sort();
        files.dedup();
        // Files without a gap need no splitting: everything is evaluated except what fails.
        let scopes: Vec<Scope> = files.into_iter().map(Scope::File).collect();
        let mut attempts = 2_000;
        let settled = settle(
            scopes,
            &mut attempts,
            |_, group| {
                let fails = group.iter().any(|scope| self.gap_in(scope).is_some());
                Ok::<_, Infallible>(if fails { Attempt::Fails } else { Attempt::Works(()) })
            },
            |scope| self.parts(scope),
        );
        let Ok(settled) = settled;
        let mut blocked: Vec<Blocked> = settled
            .failed
            .iter()
            .map(|scope| {
                let reason = self.gap_in(scope).map_or("it was not evaluated any more", |gap| &gap.reason);
                let (file, lines) = match scope {
                    Scope::File(file) => (file.clone(), None),
                    Scope::Lines(file, first, last) => (file.clone(), Some((*first, *last))),
                };
                Blocked { file, lines, reason: reason.to_owned() }
            })
            .collect();
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.evidence(task)));
        let (evidence, applies) = evaluated.unwrap_or_else(|_| {
            let reason = "it could not be evaluated (this is a bug in deploylint)".to_owned();
            blocked.push(Blocked { file: String::new(), lines: None, reason });
            (Vec::new(), true)
        });
        let status = if evidence.iter().any(|evidence| evidence.open) {
            Status::Open
        } else if !blocked.is_empty() {
            Status::Blocked
        } else if applies {
            Status::Done
        } else {
            Status::NotApplicable
        };
        Item { task, status, evidence, blocked }
    }

    /// The first gap in a scope.
    fn gap_in(&self, scope: &Scope) -> Option<&Gap> {
        self.gaps.iter().find(|gap| match scope {
            Scope::File(file) => gap.file == *file,
            Scope::Lines(file, first, last) => {
                gap.file == *file
                    && gap.place.is_some_and(|place| {
                        let (start, end) = self.sources.lines(place);
                        start <= *last && *first <= end
                    })
            }
        })
    }

    /// The sections of a file; between them, the lines with gaps; and within a section, the lines of a gap.
    fn parts(&self, scope: &Scope) -> Vec<Scope> {
        let gap_lines = |file: &str| -> Option<Vec<(u32, u32)>> {
            let gaps = self.gaps.iter().filter(|gap| gap.file == file);
            gaps.map(|gap| gap.place.map(|place| self.sources.lines(place))).collect()
        };
        match scope {
            // A file that could not be read at all has no parts.
            Scope::File(file) => {
                let Some(gaps) = gap_lines(file) else { return Vec::new() };
                let mut sections = (self.sections)(file);
                let covered = |lines: &(u32, u32), sections: &[(u32, u32)]| {
                    sections.iter().any(|section| section.0 <= lines.0 && lines.1 <= section.1)
                };
                for lines in gaps {
                    if !covered(&lines, &sections) {
                        sections.push(lines);
                    }
                }
                sections.sort_unstable();
                sections.into_iter().map(|(first, last)| Scope::Lines(file.clone(), first, last)).collect()
            }
            Scope::Lines(file, first, last) => {
                let gaps = gap_lines(file).unwrap_or_default();
                let mut inside: Vec<(u32, u32)> = gaps
                    .into_iter()
                    .filter(|gap| *first <= gap.0 && gap.1 <= *last && *gap != (*first, *last))
                    .collect();
                inside.sort_unstable();
                inside.dedup();
                inside.into_iter().map(|(first, last)| Scope::Lines(file.clone(), first, last)).collect()
            }
        }
    }

    /// The evidence for and against an item, and whether the item applies at all.
    fn evidence(&self, task: Task) -> (Vec<Evidence>, bool) {
        let mut evidence = Vec::new();
        let rests_on_scripts = !matches!(task, Task::Changes | Task::Date);
        for finding in self.findings {
            if Task::of_rule(&finding.rule) != Some(task) || finding.confidence < Confidence::Medium {
                continue;
            }
            let file = self.sources.file(finding.span.file).path().to_owned();
            let line = self.sources.line(finding.span);
            evidence.push(Evidence {
                text: format!("{}: {}", finding.rule, masked::line(&finding.message)),
                place: Some((file, Some(line))),
                open: finding.severity >= Severity::Warning,
            });
        }
        evidence.sort_by_key(|evidence| !evidence.open);
        let changes: Vec<&Impact> =
            self.impacts.iter().filter(|impact| Task::of_change(impact.kind) == task).collect();
        let own = (self.own)(task);
        let applies = !changes.is_empty() || !evidence.is_empty() || !own.is_empty();
        if !changes.is_empty() {
            evidence.push(Evidence { text: summary(&changes), place: None, open: false });
        }
        if rests_on_scripts && self.scripts == 0 && applies {
            evidence.push(Evidence {
                text: "no script deploys this repo, so the changes were compared with nothing".to_owned(),
                place: None,
                open: true,
            });
        }
        if task == Task::Test && !changes.is_empty() {
            evidence.extend(self.to_try(&changes));
        }
        if applies && matches!(task, Task::Dependencies | Task::Build | Task::Migrations) {
            for witness in self.witnesses.iter().filter(|witness| witness.task == task) {
                evidence.push(Evidence {
                    text: format!("`{}`", masked::line(&witness.words)),
                    place: Some((witness.file.clone(), Some(witness.line))),
                    open: false,
                });
            }
        }
        evidence.extend(own);
        (evidence, applies)
    }

    /// What a dry run would have to cover. It cannot be known here whether somebody made one.
    fn to_try(&self, changes: &[&Impact]) -> Vec<Evidence> {
        let mut new: Vec<&&Impact> =
            changes.iter().filter(|impact| impact.change != Change::Removed).collect();
        new.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        let mut files: Vec<&str> = changes.iter().map(|impact| impact.file.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        let mut evidence = vec![Evidence {
            text: match self.tested {
                true => "--tested says that a dry run was made".to_owned(),
                false => format!(
                    "a dry run has to cover the changes in {}; confirm it with --tested",
                    files.join(", ")
                ),
            },
            place: None,
            open: !self.tested,
        }];
        evidence.extend(new.iter().map(|impact| Evidence {
            text: format!("`{}`", impact.what),
            place: Some((impact.file.clone(), impact.line)),
            open: false,
        }));
        evidence
    }
}

/// `2 services and 1 port added, 1 service removed`.
fn summary(changes: &[&Impact]) -> String {
    let mut parts = Vec::new();
    for (verb, is) in [
        ("added", &(|c: &Change| *c == Change::Added) as &dyn Fn(&Change) -> bool),
        ("removed", &|c| *c == Change::Removed),
        ("changed", &|c| matches!(c, Change::Changed { .. })),
    ] {
        let mut kinds: Vec<Kind> =
            changes.iter().filter(|impact| is(&impact.change)).map(|impact| impact.kind).collect();
        kinds.sort_unstable();
        let mut counted: Vec<String> = Vec::new();
        for group in kinds.chunk_by(|a, b| a == b) {
            let (one, many) = nouns(group[0]);
            counted.push(format!("{} {}", group.len(), if group.len() == 1 { one } else { many }));
        }
        if !counted.is_empty() {
            parts.push(format!("{} {verb}", counted.join(" and ")));
        }
    }
    parts.join(", ")
}

fn nouns(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Service => ("service", "services"),
        Kind::Unit => ("unit", "units"),
        Kind::Dependency => ("dependency", "dependencies"),
        Kind::Build => ("build step", "build steps"),
        Kind::Migration => ("migration", "migrations"),
        Kind::Environment => ("variable", "variables"),
        Kind::Path => ("path", "paths"),
        Kind::Port => ("port", "ports"),
        Kind::Step => ("command", "commands"),
        Kind::Configuration => ("setting", "settings"),
        Kind::User => ("account", "accounts"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_names_an_item_of_the_list() {
        for page in crate::rules::pages::built_in() {
            let item = page.about().review.as_deref().unwrap_or_default();
            let known = item == "none" || Task::ALL.iter().any(|task| task.id() == item);
            assert!(known, "{}: `review: {item}`", page.file);
        }
    }
}
