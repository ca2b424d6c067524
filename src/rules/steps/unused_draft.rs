//! `steps/unused-draft`: a temporary file is filled, and nothing puts it in its place or reads it.

use crate::facts::packages::is_opaque_call;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, Step};
use crate::rules::id;
use crate::shell::argv::Stdin;
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Prints, Resource};
use crate::tools::prints::is_new_file;

/// For each file of `mktemp` that a step fills, looks for a step that does something with it.
pub(super) fn unused_draft(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let mut told: Vec<&Value> = Vec::new();
        for (id, step) in script.iter() {
            let Some(path) = filled(step) else { continue };
            if step.place != Place::Here || step.entry != 0 || told.contains(&path) {
                continue;
            }
            told.push(path);
            if is_used(context, script, path) {
                continue;
            }
            let message = format!(
                "`{}` fills a temporary file, and nothing puts it in its place",
                context.words(step.span)
            );
            let draft = context
                .finding(id::STEPS_UNUSED_DRAFT, step.span, message)
                .at_most(context.confidence(script, id, None))
                .help("move or install it where it is needed: `install -m 600 \"$draft\" FILE`");
            found.push(draft.done());
        }
    }
}

/// The temporary file to which a step writes a text of the script's own, or one that it makes of another file.
fn filled(step: &Step) -> Option<&Value> {
    let is_temporary = |path: &&Value| path.knowledge() == Knowledge::Fresh && is_new_file(&path.to_string());
    let written = step.written.iter().map(|written| &written.path).find(is_temporary);
    let made = || step.argv.stdout.as_ref().filter(|_| step.deed.prints == Prints::Filled);
    written.or_else(|| made().map(|(path, _)| path).filter(is_temporary))
}

/// True if a step reads the file, passes it on or may do so.
fn is_used(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    let mut asked = script.guards.iter().flat_map(|guard| guard.cond.facts());
    asked.any(|fact| matches!(&fact.resource, Resource::Path(own) if own == path))
        || script.steps.iter().any(|step| is_opaque_call(step) || uses(step, path))
        || is_named_elsewhere(context, script, path)
}

fn uses(step: &Step, path: &Value) -> bool {
    let holds = |value: &Value| value.key().contains(path.key());
    let keeps = |change: &Change| matches!(change, Change::Own { .. } | Change::Mode { .. } | Change::Remove);
    let mut own = step.deed.effects.iter().filter(|effect| effect.resource.name() == path).peekable();
    // What sets its owner or removes it does not use it.
    let only_keeps = step.deed.known
        && own.peek().is_some()
        && own.all(|effect| keeps(&effect.change))
        && !step.deed.puts().any(|(_, content)| content.from.as_ref() == Some(path));
    matches!(&step.argv.stdin, Stdin::File(read) if read == path)
        || matches!(&step.argv.stdin, Stdin::Text(text) if holds(text))
        || !only_keeps && step.argv.args.iter().any(|arg| holds(&arg.value))
        || holds(&step.argv.program.value)
        || step.argv.env.iter().any(|(_, value)| holds(value))
        || step.written.iter().any(|written| holds(&written.value))
        || matches!(Builtin::named(&step.argv.name), Some(Builtin::Eval | Builtin::Exec))
}

/// True if the script names the variable that has the file's name in a statement that is no step: `done <"$draft"`.
fn is_named_elsewhere(context: &World<'_, '_>, script: &Deployment<'_>, path: &Value) -> bool {
    let text = context.sources.file(script.file).text();
    let Some(at) = text.find(&path.to_string()) else { return true };
    let before = text[..at].trim_end_matches('"');
    let name = before.strip_suffix('=').and_then(|line| line.rsplit(|c: char| !is_part(c)).next());
    let Some(name) = name.filter(|name| !name.is_empty()) else { return true };
    let spans: Vec<Span> = script.steps.iter().map(|step| step.span).collect();
    text.match_indices(name).any(|(at, _)| {
        let is_read = text[..at].ends_with('$') || text[..at].ends_with("${");
        let is_whole = !text[at + name.len()..].starts_with(is_part);
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let is_of_a_step = spans.iter().any(|span| {
            let (start, end) = (span.start as usize, span.end as usize);
            // A step's own redirects may stand behind its words.
            span.file == script.file && (start..end).contains(&at) || (line..at).contains(&start)
        });
        let is_trap = text[line..].trim_start().starts_with("trap ");
        is_read && is_whole && !is_of_a_step && !is_trap
    })
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
