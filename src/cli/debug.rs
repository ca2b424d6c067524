//! `deploylint debug`: the stages between a script and its findings, for people who write rules.

use super::args::{DebugArgs, Stage};
use super::{Exit, Failure};
use crate::check::CheckError;
use crate::facts::world::{Given, Project, World};
use crate::finding::Gap;
use crate::model::FollowNothing;
use crate::output::clean;
use crate::source::{SourceFile, Sources};
use std::io::Write;
use std::path::Path;

/// Prints one stage.
pub(super) fn run(args: &DebugArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let shown = match &args.stage {
        Stage::Tree { file } => tree(&read(file)?),
        Stage::Commands { file } => commands(&read(file)?),
        Stage::Model { file } => model(&read(file)?),
    };
    out.write_all(clean::lines(&shown?, 2000).as_bytes())?;
    out.write_all(b"\n")?;
    Ok(Exit::Clean)
}

fn read(path: &Path) -> Result<SourceFile, CheckError> {
    let bytes = std::fs::read(path).map_err(|e| CheckError::in_file(path, e.to_string()))?;
    let not_text = |_| CheckError::in_file(path, "not a text file");
    SourceFile::new(path.to_string_lossy(), bytes).map_err(not_text)
}

/// The syntax tree, with heredocs masked as the model sees it.
fn tree(source: &SourceFile) -> Result<String, CheckError> {
    let masked = crate::syntax::mask::mask(source.text());
    Ok(crate::syntax::debug::debug_tree(&masked.text))
}

/// The commands: how many there are, and which of them are in no statement.
fn commands(source: &SourceFile) -> Result<String, CheckError> {
    let mut sources = Sources::default();
    let file = sources.add(source.clone());
    let arena = bumpalo::Bump::new();
    let text = arena.alloc_str(source.text());
    let deployment = crate::model::build(&arena, file, source.path(), text, &mut FollowNothing);
    let unread: Vec<_> = deployment.commands.iter().filter(|command| !command.analysed).collect();
    let mut shown = format!("{} commands, {} not analysed", deployment.commands.len(), unread.len());
    for command in unread {
        let rest = source.text().get(command.start as usize..).unwrap_or_default();
        let line = source.line_column(command.start).line;
        shown.push_str(&format!("\n{line}: {}", rest.lines().next().unwrap_or_default()));
    }
    Ok(shown)
}

fn model(source: &SourceFile) -> Result<String, CheckError> {
    let mut sources = Sources::default();
    let file = sources.add(source.clone());
    let arena = bumpalo::Bump::new();
    let text = arena.alloc_str(source.text());
    let scripts = [crate::model::build(&arena, file, source.path(), text, &mut FollowNothing)];
    // The repo is not read, so the first run is told as far as the script alone shows it.
    let unread =
        Gap { file: source.path().to_owned(), place: None, reason: "the repo is not read".to_owned() };
    let (mut project, given) = (Project::default(), Given::default());
    project.inventory.gaps.push(unread);
    let world = World::new(&sources, &scripts, &project, &given);
    let [script] = &scripts;
    let first_run = |id| {
        let run = world.first_run(script, id).filter(|run| !run.is_plain());
        run.map(|run| run.described(&sources, script))
    };
    Ok(script.describe(&sources, &first_run))
}
