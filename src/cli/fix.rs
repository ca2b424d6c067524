//! `deploylint check --fix` and `--diff`.

use super::args::{CheckArgs, Format};
use super::check::{colors, exit, report as show, request, tell_taken, to_reader};
use super::{Exit, Failure, complain, tell};
use crate::check::{self, Change, CheckError, Fixed, Request, Target};
use crate::output::{clean, diff, text};
use crate::repo::files::{MAX_BYTES, Root};
use crate::repo::rewrite::{Rewrite, rewrite};
use std::io::{self, IsTerminal, Write};

/// Fixes what can be fixed and shows what remains. With `--diff` it shows what would change, and writes
/// nothing.
pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let request = &request(args)?;
    if args.diff && args.format == Format::Json {
        let error = CheckError::new("--diff cannot be combined with `--format json`");
        return Err(error.advise("without --diff, `--format json` contains the edits of each fix").into());
    }
    let stdin = stdin(request)?;
    let fixed = check::fix(request, args.unsafe_fixes)?;
    tell_taken(args, &fixed.report);
    if args.diff {
        let terminal = io::stdout().is_terminal();
        to_reader(diff::write(&fixed.changes, terminal, out).and_then(|()| out.flush()))?;
        summary(args, &fixed);
        for error in &fixed.report.errors {
            complain(error);
        }
        return Ok(
            match (fixed.report.errors.is_empty(), fixed.changes.is_empty(), fixed.report.gaps.is_empty()) {
                (false, ..) => Exit::Usage,
                (_, false, _) => Exit::Findings,
                (_, _, false) => Exit::NotAnalysed,
                _ => Exit::Clean,
            },
        );
    }
    if let Some(given) = stdin {
        // Standard output belongs to the script. An editor replaces its text with it, whatever was found.
        let text = fixed.changes.first().map_or(given, |change| &change.after);
        to_reader(out.write_all(text).and_then(|()| out.flush()))?;
        let mut err = io::stderr().lock();
        // Standard error may be closed.
        let _ = show(args, &fixed.report, false, &mut err);
        drop(err);
        summary(args, &fixed);
        return Ok(exit(&fixed.report, args.fail_on));
    }
    if let Err(error) = write(request, &fixed.changes) {
        // The findings are as they are on disk.
        let report = check::check(request)?;
        to_reader(show(args, &report, colors(args.color), out))?;
        complain(&error);
        return Ok(Exit::Usage);
    }
    to_reader(show(args, &fixed.report, colors(args.color), out))?;
    summary(args, &fixed);
    Ok(exit(&fixed.report, args.fail_on))
}

/// The script from standard input. It comes back as a whole or not at all, and alone.
fn stdin(request: &Request) -> Result<Option<&[u8]>, CheckError> {
    let given = request.targets.iter().find_map(|target| match target {
        Target::Stdin { text, .. } => Some(text.as_slice()),
        Target::Path(_) => None,
    });
    match given {
        Some(_) if request.targets.len() > 1 => Err(CheckError::new(
            "with --fix or --diff, `-` cannot be combined with other paths, because its text goes to standard output",
        )),
        Some(text) if text.len() as u64 > MAX_BYTES => {
            Err(CheckError::new(format!("standard input is larger than {} MiB", MAX_BYTES >> 20)))
        }
        given => Ok(given),
    }
}

fn write(request: &Request, changes: &[Change]) -> Result<(), CheckError> {
    let root = check::root_of(request)?;
    let root = Root::open(&root).map_err(|gap| CheckError::in_file(&root, gap.reason))?;
    let files: Vec<_> = changes
        .iter()
        .map(|change| Rewrite { path: &change.path, before: &change.before, after: &change.after })
        .collect();
    let done = rewrite(&root, &files).map_err(|failed| CheckError {
        file: Some(failed.path.clone()),
        ..CheckError::new(failed.to_string())
    })?;
    for (path, what) in done.lost {
        tell(&format!("warning: {}: {what}\n", clean::line(&path, 500)));
    }
    Ok(())
}

/// Tells on standard error what was fixed, what does not work, and what is left for `--unsafe-fixes`.
fn summary(args: &CheckArgs, fixed: &Fixed) {
    for rejected in &fixed.rejected {
        let source = fixed.report.sources.find(&rejected.path).map(|id| fixed.report.sources.file(id));
        let line = source.map_or(0, |source| source.line(rejected.at));
        tell(&format!(
            "not fixed: {}:{line}: {}: the fix would leave the finding, or cause another\n",
            clean::line(&rejected.path, 500),
            rejected.rule
        ));
    }
    let left = if args.unsafe_fixes { 0 } else { fixed.unsafe_left() };
    if let Some(line) = text::fix_summary(fixed.count(), fixed.changes.len(), left, args.diff) {
        tell(&format!("{line}\n"));
    }
}
