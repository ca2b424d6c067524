//! What to do when the model or a rule panics, which is a bug of ours: the parts of the repo that it panics on are
//! found by trying again with less, and only they are given up.

use super::split::{Attempt, settle};
use crate::finding::{Finding, Gap};
use crate::model::{self, Deployment, Follow, Piece};
use crate::project::compose::Compose;
use crate::project::files::Root;
use crate::rules::Failed;
use crate::rules::context::{Context, Given, Project};
use crate::rules::pages::Pages;
use crate::source::{FileId, Sources, Span};
use crate::syntax::query::Selectors;
use bumpalo::Bump;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// So often is a failing script or rule tried again.
const ATTEMPTS: usize = 200;

/// A script that was judged.
#[derive(Clone, Debug)]
pub(super) struct Script<'a> {
    pub(super) file: FileId,
    pub(super) path: String,
    pub(super) text: &'a str,
    /// Statements that the model failed on.
    pub(super) left_out: Vec<Span>,
}

/// Builds a script's model by `build`, which is told what to leave out; with the places that it panics on. The model is
/// absent where it panics whatever is left out.
pub(super) fn model<'a>(
    file: FileId,
    text: &str,
    build: &mut dyn FnMut(&[Span]) -> Deployment<'a>,
) -> (Option<Deployment<'a>>, Vec<Span>) {
    let mut attempt = |left_out: &[Span]| catch_unwind(AssertUnwindSafe(|| build(left_out))).ok();
    if let Some(deployment) = attempt(&[]) {
        return (Some(deployment), Vec::new());
    }
    let whole = vec![Span::file_start(file)];
    let Ok(tree) = catch_unwind(|| model::pieces(file, text)) else { return (None, whole) };
    let settled = settle(
        tree.clone(),
        &mut { ATTEMPTS },
        |kept, group| {
            let taken: Vec<&Piece> = kept.iter().chain(group).collect();
            Ok::<_, Infallible>(attempt(&not_taken(&tree, &taken)).map_or(Attempt::Fails, Attempt::Works))
        },
        |piece| piece.inner.clone(),
    );
    let Ok(settled) = settled;
    match settled.result {
        Some(deployment) => (Some(deployment), not_taken(&tree, &settled.kept.iter().collect::<Vec<_>>())),
        None => (None, whole),
    }
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

/// Reads files of one kind by `read`, which is given the list of those that it may read, `None` for all; where it panics, without those
/// that it panics on, and they are gaps.
pub(super) fn reading<T: Default>(
    what: &str,
    paths: impl Fn() -> Vec<String>,
    gaps: &mut Vec<Gap>,
    mut read: impl FnMut(Option<&[String]>) -> (T, Vec<Gap>),
) -> T {
    let mut attempt = |paths: Option<&[String]>| catch_unwind(AssertUnwindSafe(|| read(paths))).ok();
    if let Some((found, more)) = attempt(None) {
        gaps.extend(more);
        return found;
    }
    let settled = settle(
        paths(),
        &mut { ATTEMPTS },
        |kept, group| {
            let taken: Vec<String> = kept.iter().chain(group).cloned().collect();
            Ok::<_, Infallible>(attempt(Some(&taken)).map_or(Attempt::Fails, Attempt::Works))
        },
        |_| Vec::new(),
    );
    let Ok(settled) = settled;
    gaps.extend(settled.failed.into_iter().map(|file| Gap {
        file,
        place: None,
        reason: format!("the reader of {what} failed on it (this is a bug of deploylint)"),
    }));
    let (found, more) = settled.result.unwrap_or_default();
    gaps.extend(more);
    found
}

/// A part of what a rule looks at.
#[derive(Clone, Debug)]
enum Part {
    /// A script, by its index.
    Script(usize),
    /// A statement of one.
    Statement(usize, Piece),
    /// A file of the project.
    File(FileId),
    /// A service, by its file and index.
    Service(FileId, usize),
}

/// What a rule that panics is run on again.
pub(super) struct Repo<'r, 's> {
    pub(super) root: &'r Root,
    pub(super) sources: &'r Sources,
    pub(super) scripts: &'r [Script<'s>],
    pub(super) project: &'r Project,
    pub(super) pages: &'r Pages,
    pub(super) given: &'r Given,
    pub(super) selectors: &'r Selectors,
}

impl Repo<'_, '_> {
    /// What a rule that panicked finds without the parts of the repo that it panics on, and where those are; nothing
    /// and no place where it panics on all.
    pub(super) fn judge_again(&self, rule: &Failed) -> (Vec<Finding>, Vec<Span>) {
        let scripts = (0..self.scripts.len()).map(Part::Script);
        let mut files: Vec<FileId> = self.project.files();
        files.retain(|file| self.scripts.iter().all(|script| script.file != *file));
        let parts: Vec<Part> = scripts.chain(files.into_iter().map(Part::File)).collect();
        let settled = settle(
            parts,
            &mut { ATTEMPTS },
            |kept, group| {
                let taken: Vec<&Part> = kept.iter().chain(group).collect();
                Ok::<_, Infallible>(self.attempt(rule, &taken).map_or(Attempt::Fails, Attempt::Works))
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

    fn attempt(&self, rule: &Failed, taken: &[&Part]) -> Option<Vec<Finding>> {
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
            let build =
                || model::build_without(&arena, script.file, &script.path, text, &mut follow, &left_out);
            models.push(catch_unwind(AssertUnwindSafe(build)).ok()?);
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
        let run = || {
            let context = Context::new(self.sources, &models, &project, self.pages, self.given);
            rule.run(&context, self.selectors)
        };
        catch_unwind(AssertUnwindSafe(run)).ok().flatten()
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
mod tests;
