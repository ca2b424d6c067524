//! `steps/uncalled-function`: a function does work of the deploy, and nothing calls it.

use crate::facts::deploy::{is_here, line_of};
use crate::facts::environment::names::is_word_in;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Function, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::builtins::Builtin;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::calls::sources_settings;
use crate::tools::effect::{Change, Resource, Role};
use std::cell::OnceCell;
use std::collections::HashSet;

/// `steps/uncalled-function`.
pub(super) fn uncalled_function(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for script in context.deploy().all() {
        let done = OnceCell::new();
        let uncalled = script.functions.iter().filter(|function| {
            function.entry.is_some()
                && script.consists_of(function.span.file)
                && !is_for_another_day(&function.name)
        });
        let candidates: Vec<(&Function, &Step)> = uncalled
            .filter_map(|function| Some((function, first_work(context, script, function, &done)?)))
            .filter(|(function, _)| !takes_arguments(context, function))
            .filter(|(function, _)| !is_named_elsewhere(context, script, function))
            .collect();
        let is_alone = || {
            let beside = |function: &Function| {
                script.functions.iter().filter(|other| other.span.file == function.span.file).nth(1).is_some()
            };
            !candidates.iter().any(|(function, _)| beside(function))
        };
        if candidates.is_empty()
            || !(is_alone() && sets_up(context, script) || calls_others(context, script))
            || may_call_any(context, script)
        {
            continue;
        }
        for (function, step) in candidates {
            let name = &function.name;
            let message = format!(
                "nothing calls `{name}`, so `{}` on {} never runs",
                context.words(step.span),
                context.line(step.span)
            );
            let draft = context
                .finding(id::STEPS_UNCALLED_FUNCTION, name_of(context, function), message)
                .at_most(Confidence::Medium)
                .help(format!("call `{name}` where the script calls the others, or remove it"));
            found.push(draft.related(step.span, "this never runs").done());
        }
    }
}

/// Parts of names of functions that a deploy keeps for another day: what takes something away, goes back, or only helps.
const OTHER_DAYS: [&str; 24] = [
    "rollback", "restore", "uninstall", "remove", "clean", "cleanup", "backup", "destroy", "purge", "reset",
    "old", "legacy", "deprecated", "unused", "optional", "dev", "test", "debug", "manual", "teardown",
    "stop", "upgrade", "update", "usage",
];

fn is_for_another_day(name: &str) -> bool {
    name.split(['_', '-', ':', '.']).any(|part| OTHER_DAYS.contains(&part))
}

/// The first step of the function that does work of a deploy, unless the script does all of its work elsewhere.
fn first_work<'s>(
    context: &World<'_, '_>,
    script: &'s Deployment<'_>,
    function: &Function,
    done: &OnceCell<HashSet<String>>,
) -> Option<&'s Step> {
    let entry = function.entry?;
    // The steps of an entry stand together.
    let start = script.steps.partition_point(|step| step.entry < entry);
    let own = script.steps.iter().enumerate().skip(start).take_while(|(_, step)| step.entry == entry);
    let mut works =
        own.filter(|(id, step)| is_work(context, script, StepId(*id as u32), step)).map(|(_, step)| step);
    let first = works.next()?;
    let done = done.get_or_init(|| script.steps.iter().filter(|step| step.entry == 0).map(line_of).collect());
    let is_done = |step: &Step| done.contains(&line_of(step));
    let all_done = is_done(first) && works.all(is_done);
    (!all_done).then_some(first)
}

/// True for what a deploy has to do once at least: installing, building, migrating, bringing code, units and settings.
fn is_work(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, step: &Step) -> bool {
    let role = |role: &Role| {
        role.prepares()
            || matches!(
                role,
                Role::SystemPackages
                    | Role::GlobalTool(_)
                    | Role::VirtualEnv
                    | Role::Source
                    | Role::Account
                    | Role::Enable
                    | Role::ComposeUp
            )
    };
    let changes = || {
        step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Create(_), Resource::Database(_) | Resource::Role(_)) => true,
            (Change::Write, Resource::Path(path)) => path.known_prefix().starts_with("/etc/"),
            _ => false,
        })
    };
    is_here(step)
        && (step.deed.roles.iter().any(role)
            || changes()
            || context.units_brought(script, id).next().is_some())
}

/// True if the script does work outside of functions that brings or starts something.
fn sets_up(context: &World<'_, '_>, script: &Deployment<'_>) -> bool {
    let main = script.iter().filter(|(_, step)| step.entry == 0);
    main.filter(|(id, step)| is_work(context, script, *id, step)).nth(1).is_some()
}

/// True if a function that does work is called, so that the script is no mere collection.
fn calls_others(context: &World<'_, '_>, script: &Deployment<'_>) -> bool {
    let called: Vec<Span> = script
        .functions
        .iter()
        .filter(|function| function.entry.is_none() && script.consists_of(function.span.file))
        .map(|function| function.span)
        .collect();
    let main = script.iter().filter(|(_, step)| step.entry == 0);
    main.filter(|(id, step)| is_work(context, script, *id, step)).any(|(_, step)| {
        let within = |span: &Span| {
            span.file == step.span.file && span.start <= step.span.start && step.span.end <= span.end
        };
        called.iter().any(within)
    })
}

/// True if the script calls functions by names that it works out, or leaves it to code that is not known.
fn may_call_any(context: &World<'_, '_>, script: &Deployment<'_>) -> bool {
    let mut texts = script.turns().iter().map(|turn| context.sources.file(turn.file).text());
    let asks = ["declare -F", "declare -f", "typeset -", "compgen ", "eval ", "export -f", "BASH_SOURCE"];
    let sources_code = |step: &Step| {
        Builtin::named(&step.argv.name) == Some(Builtin::Source)
            && !sources_settings(&step.argv)
            && !step.argv.args.first().is_some_and(|file| is_written(script, &file.value))
    };
    let works_out = |step: &Step| {
        let program = &step.argv.program.value;
        step.entry == 0 && program.as_literal().is_none() && !program.key().contains('/')
    };
    texts.any(|text| asks.iter().any(|ask| text.contains(ask)))
        || script.steps.iter().any(|step| sources_code(step) || works_out(step))
        || context.scripts().iter().any(|other| other.sourced.contains(&script.file))
}

/// True for a file that the script itself writes: its settings.
fn is_written(script: &Deployment<'_>, path: &Value) -> bool {
    let shown = path.to_string();
    let writes = |step: &Step| step.written.iter().any(|written| written.path.is_shown_as(&shown));
    script.steps.iter().any(writes)
}

/// True if the function asks for arguments: it helps others, and each call of it is a case of its own.
fn takes_arguments(context: &World<'_, '_>, function: &Function) -> bool {
    let body = context.sources.text(function.span);
    ["$1", "${1", "$@", "${@", "$*", "$#"].iter().any(|argument| body.contains(argument))
}

/// True if the function's name stands anywhere but in its definition and in comments.
fn is_named_elsewhere(context: &World<'_, '_>, script: &Deployment<'_>, function: &Function) -> bool {
    let own = context.sources.file(function.span.file);
    let (text, name) = (own.text(), function.name.as_str());
    let definition = name_of(context, function);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let named_here = text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        let at = at as u32;
        let is_comment =
            || script.comments.iter().any(|c| c.file == function.span.file && c.start <= at && at < c.end);
        is_whole && at != definition.start && !is_comment()
    });
    let file = base(own.path());
    named_here
        || script.sourced.iter().any(|file| is_word_in(context.sources.file(*file).text(), name))
        || context.project.texts.iter().any(|(_, other)| {
            let text = context.sources.file(*other).text();
            *other != function.span.file && text.contains(file) && is_word_in(text, name)
        })
}

/// The name in the function's definition.
fn name_of(context: &World<'_, '_>, function: &Function) -> Span {
    let Function { name, span, .. } = function;
    let at = context.sources.text(*span).find(name.as_str()).unwrap_or_default() as u32;
    Span { start: span.start + at, end: span.start + at + name.len() as u32, ..*span }
}
