//! `env/comment-in-value`: a comment behind a value, in a file of variables that systemd reads.
//!
//! Facts: systemd.exec(5), `EnvironmentFile=`: only a line that begins with `#` or `;` is a comment.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::project::dotenv::{Dotenv, Entry};
use crate::project::unit::EnvironmentFile;
use crate::repo::names::{base, directory, is_sample_dotenv};
use crate::rules::id;
use crate::tools::effect::Change;

/// `env/comment-in-value`.
pub(super) fn comment_in_value(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let files: Vec<EnvironmentFile> =
        context.units.iter().flat_map(|at| at.unit.environment_files()).collect();
    if files.is_empty() {
        return;
    }
    for (path, dotenv) in &context.project.dotenvs {
        let reads = |file: &&EnvironmentFile| is_of(context, path, &file.path, &files);
        if let Some(file) = files.iter().find(|file| reads(file) && !is_made_of_text(context, &file.path)) {
            found.extend(judge(context, dotenv, file, Confidence::Medium));
        }
    }
    for written in &context.environment().written {
        if let Some(file) = files.iter().find(|file| file.path == written.path) {
            found.extend(judge(context, &written.dotenv, file, Confidence::High));
        }
    }
}

/// True if a step writes the file itself, and does not copy one.
fn is_made_of_text(context: &World<'_, '_>, path: &str) -> bool {
    context.steps().flat_map(|(.., step)| &step.deed.effects).any(|effect| {
        effect.change == Change::Write
            && effect.resource.name().is_shown_as(path)
            && effect.content.as_ref().is_none_or(|content| content.from.is_none())
    })
}

/// True if the file of the repo is what systemd reads at a path, or the sample that people copy there.
fn is_of(context: &World<'_, '_>, path: &str, read: &str, files: &[EnvironmentFile]) -> bool {
    let is_named = match is_sample_dotenv(path) {
        true => base(read) == ".env" && base(path).starts_with(".env"),
        false => base(read) == base(path),
    };
    // The sample of the whole repo is meant where all units read one file of that name.
    let is_only = || {
        files
            .iter()
            .all(|other| other.path == read || !other.path.starts_with('/') || base(&other.path) != ".env")
    };
    is_named
        && match context.repo_paths().below(read) {
            Some(below) => directory(below.path) == directory(path),
            None => directory(path).is_empty() && is_only(),
        }
}

fn judge(
    context: &World<'_, '_>,
    dotenv: &Dotenv,
    file: &EnvironmentFile,
    sure: Confidence,
) -> Option<Finding> {
    let mut commented = dotenv.entries.iter().filter(|entry| has_comment(context, entry));
    let first = commented.next()?;
    let others = match commented.count() {
        0 => String::new(),
        1 => " (and one more)".to_owned(),
        more => format!(" (and {more} more)"),
    };
    let message = format!("systemd takes the comment for a part of the value of `{}`{others}", first.name);
    let draft = context.finding(id::ENV_COMMENT_IN_VALUE, first.span, message).at_most(sure);
    let draft = draft.help("put the comment on a line of its own");
    Some(draft.related(file.span, format!("this reads {}", file.path)).done())
}

/// True if a comment follows the value in its line. What stands behind a quoted value is another matter.
fn has_comment(context: &World<'_, '_>, entry: &Entry) -> bool {
    let text = context.sources.file(entry.span.file).text();
    let rest = text[entry.span.start as usize..].lines().next().unwrap_or_default();
    let value = rest.split_once('=').map_or("", |(_, value)| value);
    let comment = value.find('#').filter(|at| value[..*at].ends_with([' ', '\t']));
    entry.quote.is_none() && comment.is_some()
}
