//! What happens if the model or a rule panics, which is a bug in deploylint, or takes too long. Trying again
//! with less finds the parts of the repo on which it fails, and only those are given up.

use super::split::{Attempt, settle};
use crate::facts::deploys::Deploys;
use crate::facts::world::{Given, Project};
use crate::facts::worlds::Worlds;
use crate::finding::{Finding, Gap};
use crate::limit::{self, Failure, Tries};
use crate::model::{self, Deployment, Follow, Piece, ScriptText};
use crate::project::compose::Compose;
use crate::repo::files::Root;
use crate::rules::{Chosen, Judge};
use crate::source::{FileId, Sources, Span};
use bumpalo::Bump;
use std::convert::Infallible;
use std::path::Path;

/// How often a failing script or rule is tried again.
const ATTEMPTS: usize = 200;
/// How many files that could not be read are reported one by one.
const GAPS: usize = 100;

/// A script that was judged.
#[derive(Clone, Debug)]
pub(super) struct Script<'a> {
    pub(super) file: FileId,
    pub(super) path: String,
    pub(super) text: &'a str,
    /// Statements that the model failed on.
    pub(super) left_out: Vec<Span>,
}

impl<'a> Script<'a> {
    /// What its model is built from.
    pub(super) fn text(&self) -> ScriptText<'_, 'a> {
        ScriptText { file: self.file, path: &self.path, text: self.text }
    }
}

/// What was left out of a model, and why.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub(super) places: Vec<Span>,
    pub(super) failure: Failure,
}

/// Builds a script's model with `build`, which is told what to leave out. Returns it with the places on which
/// it fails. There is no model if it fails whatever is left out.
pub(super) fn model<'a>(
    file: FileId,
    text: &str,
    build: &mut dyn FnMut(&[Span]) -> Deployment<'a>,
) -> (Option<Deployment<'a>>, Option<LeftOut>) {
    let failure = match limit::piece(|| build(&[])) {
        Ok(deployment) => return (Some(deployment), None),
        Err(failure) => failure,
    };
    let tries = Tries::new();
    let whole = LeftOut { places: vec![Span::file_start(file)], failure };
    let Ok(tree) = tries.run(|| model::pieces(file, text)) else { return (None, Some(whole)) };
    let settled = settle(
        tree.clone(),
        &mut { ATTEMPTS },
        |kept, group| {
            let taken: Vec<&Piece> = kept.iter().chain(group).collect();
            let left_out = not_taken(&tree, &taken);
            Ok::<_, Infallible>(attempt(&tries, || Ok(build(&left_out))))
        },
        |piece| piece.inner.clone(),
    );
    let Ok(settled) = settled;
    match settled.result {
        Some(deployment) => {
            let places = not_taken(&tree, &settled.kept.iter().collect::<Vec<_>>());
            (Some(deployment), Some(LeftOut { places, failure }))
        }
        None => (None, Some(whole)),
    }
}

/// One try, if there is time for it.
fn attempt<T, R>(tries: &Tries, run: impl FnOnce() -> Result<R, Failure>) -> Attempt<T, R> {
    if tries.are_over() {
        return Attempt::Stop;
    }
    tries.run(run).and_then(|result| result).map_or(Attempt::Fails, Attempt::Works)
}

/// The largest statements in which nothing is taken.
fn not_taken(tree: &[Piece], taken: &[&Piece]) -> Vec<Span> {
    let mut spans = Vec::new();
    for piece in tree {
        if taken.iter().any(|t| t.span == piece.span) {
            continue;
        }
        let inside = |t: &&&Piece| piece.span.start <= t.span.start && t.span.end <= piece.span.end;
        match taken.iter().any(|t| inside(&t)) {
            true => spans.extend(not_taken(&piece.inner, taken)),
            false => spans.push(piece.span),
        }
    }
    spans
}

/// Reads files of one kind with `read`. `read` is given the list of the files that it may read, or `None` for
/// all. If it fails, the files on which it fails become gaps.
pub(super) fn reading<T: Default>(
    what: &str,
    paths: impl Fn() -> Vec<String>,
    gaps: &mut Vec<Gap>,
    read: impl FnMut(Option<&[String]>) -> (T, Vec<Gap>),
) -> T {
    reading_some(what, paths, gaps, read).0
}

/// Like [`reading`], and says whether all files were read.
pub(super) fn reading_some<T: Default>(
    what: &str,
    paths: impl Fn() -> Vec<String>,
    gaps: &mut Vec<Gap>,
    mut read: impl FnMut(Option<&[String]>) -> (T, Vec<Gap>),
) -> (T, bool) {
    let failure = match limit::piece(|| read(None)) {
        Ok((found, more)) => {
            gaps.extend(more);
            return (found, true);
        }
        Err(failure) => failure,
    };
    let tries = Tries::new();
    let settled = settle(
        paths(),
        &mut { ATTEMPTS },
        |kept, group| {
            let taken: Vec<String> = kept.iter().chain(group).cloned().collect();
            Ok::<_, Infallible>(attempt(&tries, || Ok(read(Some(&taken)))))
        },
        |_| Vec::new(),
    );
    let Ok(settled) = settled;
    let reason = failure.reason(&format!("the reader of {what}"));
    let gap = |file| Gap { file, place: None, reason: reason.clone() };
    let more = settled.failed.len().saturating_sub(GAPS);
    gaps.extend(settled.failed.into_iter().take(GAPS).map(gap));
    if more > 0 {
        let reason = format!("{reason}, and {more} more files could not be read either");
        gaps.push(Gap { file: String::new(), place: None, reason });
    }
    let (found, more) = settled.result.unwrap_or_default();
    gaps.extend(more);
    (found, false)
}

/// A part of what a rule looks at.
#[derive(Clone, Debug)]
enum Part {
    /// A script, by its index.
    Script(usize),
    /// A statement of a script.
    Statement(usize, Piece),
    /// A file of the project.
    File(FileId),
    /// A service, by its file and index.
    Service(FileId, usize),
}

/// What a failing rule is run on again.
pub(super) struct Repo<'r, 's> {
    pub(super) root: &'r Root,
    pub(super) sources: &'r Sources,
    pub(super) scripts: &'r [Script<'s>],
    pub(super) project: &'r Project,
    pub(super) given: &'r Given,
    pub(super) chosen: Chosen<'r>,
}

impl Repo<'_, '_> {
    /// What a failing rule finds without the parts of the repo on which it fails, and where those are. If it
    /// fails on everything, it returns nothing and no place.
    pub(super) fn judge_again(&self, rule: &Judge) -> (Vec<Finding>, Vec<Span>) {
        let tries = Tries::new();
        let scripts = (0..self.scripts.len()).map(Part::Script);
        let mut files: Vec<FileId> = self.project.files();
        files.retain(|file| self.scripts.iter().all(|script| script.file != *file));
        let parts: Vec<Part> = scripts.chain(files.into_iter().map(Part::File)).collect();
        let settled = settle(
            parts,
            &mut { ATTEMPTS },
            |kept, group| {
                let taken: Vec<&Part> = kept.iter().chain(group).collect();
                Ok::<_, Infallible>(attempt(&tries, || self.judge_some(rule, &taken)))
            },
            |part| self.parts(part),
        );
        let Ok(settled) = settled;
        match settled.result {
            Some(found) => (found, settled.failed.iter().map(|part| self.place(part)).collect()),
            None => (Vec::new(), Vec::new()),
        }
    }

    fn parts(&self, part: &Part) -> Vec<Part> {
        match part {
            Part::Script(index) => {
                let script = &self.scripts[*index];
                let tree = model::pieces(script.file, script.text);
                tree.into_iter().map(|piece| Part::Statement(*index, piece)).collect()
            }
            Part::Statement(index, piece) => {
                piece.inner.iter().map(|inner| Part::Statement(*index, inner.clone())).collect()
            }
            Part::File(file) => {
                let of_file = |compose: &&Compose| compose.file == *file;
                let services = self.project.composes.iter().find(of_file).map_or(0, |c| c.services.len());
                (0..services).map(|service| Part::Service(*file, service)).collect()
            }
            Part::Service(..) => Vec::new(),
        }
    }

    fn place(&self, part: &Part) -> Span {
        match part {
            Part::Script(index) => Span::file_start(self.scripts[*index].file),
            Part::Statement(_, piece) => piece.span,
            Part::File(file) => Span::file_start(*file),
            Part::Service(file, service) => {
                let compose = self.project.composes.iter().find(|compose| compose.file == *file);
                compose.map_or(Span::file_start(*file), |compose| compose.services[*service].name_span)
            }
        }
    }

    fn judge_some(&self, rule: &Judge, taken: &[&Part]) -> Result<Vec<Finding>, Failure> {
        let arena = Bump::new();
        let mut models = Vec::new();
        for (index, script) in self.scripts.iter().enumerate() {
            let mut left_out = script.left_out.clone();
            if !taken.iter().any(|part| matches!(part, Part::Script(i) if *i == index)) {
                let of_script = |part: &&&Part| matches!(part, Part::Statement(i, _) if *i == index);
                let taken: Vec<&Piece> = taken
                    .iter()
                    .filter(of_script)
                    .filter_map(|part| match part {
                        Part::Statement(_, piece) => Some(piece),
                        _ => None,
                    })
                    .collect();
                if taken.is_empty() {
                    continue;
                }
                left_out.extend(not_taken(&model::pieces(script.file, script.text), &taken));
            }
            let mut follow = Known { root: self.root, sources: self.sources };
            let text = arena.alloc_str(script.text);
            let (file, path) = (script.file, &script.path);
            models.push(model::build_without(&arena, file, path, text, &mut follow, &left_out));
        }
        let mut project = self.project.clone();
        let file_taken = |file: FileId| taken.iter().any(|part| matches!(part, Part::File(f) if *f == file));
        let service_taken = |file: FileId, index: usize| {
            file_taken(file)
                || taken.iter().any(|part| matches!(part, Part::Service(f, i) if *f == file && *i == index))
        };
        let is_script = |file: FileId| self.scripts.iter().any(|script| script.file == file);
        for compose in &mut project.composes {
            let mut index = 0..;
            compose.services.retain(|_| service_taken(compose.file, index.next().unwrap_or_default()));
        }
        project.retain(&|file| {
            file_taken(file)
                || is_script(file)
                || project_service(self.project, file).any(|index| service_taken(file, index))
        });
        let deploys = Deploys::of(self.sources, &models);
        let worlds = Worlds::new(&deploys, true, self.sources, &models, &project, self.given);
        rule.run(&worlds, &self.chosen)
    }
}

fn project_service(project: &Project, file: FileId) -> impl Iterator<Item = usize> {
    let compose = project.composes.iter().find(move |compose| compose.file == file);
    0..compose.map_or(0, |compose| compose.services.len())
}

/// Follows `source FILE` to files that were read before.
struct Known<'r> {
    root: &'r Root,
    sources: &'r Sources,
}

impl Follow for Known<'_> {
    fn follow(&mut self, path: &str) -> Option<(FileId, String)> {
        let file = self.sources.find(&self.root.name(Path::new(path))?)?;
        Some((file, self.sources.file(file).text().to_owned()))
    }
}

#[cfg(test)]
mod late;
#[cfg(test)]
mod tests;
