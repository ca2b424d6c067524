//! `steps/empty-crontab`: a new server has no crontab, so a command that lists it or searches it fails, and ends the shell
//! that would have written the new line.

use crate::facts::world::World;
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix};
use crate::model::condition::Cond;
use crate::model::{Deployment, OnFailure, Step, StepId};
use crate::rules::id;
use crate::shell::argv::Stdin;
use crate::source::Span;
use crate::tools::cron::lists_a_table;
use crate::tools::effect::{Change, Resource};
use crate::tools::texts::fails_without_match;

/// `steps/empty-crontab`.
pub(super) fn empty_crontab(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    if world.given.is_set_up {
        return;
    }
    for script in world.deploy().all() {
        let lists = |(_, step): &(StepId, &Step)| {
            step.entry == 0
                && step.errexit
                && !step.status_checked
                && lists_a_table(&step.argv)
                && !is_status_lost(world, step)
        };
        // What one of them writes, the next one lists.
        let first = script.iter().filter(lists).find_map(|(id, _)| Failure::of(world, script, id));
        let Some(failure) = first else { continue };
        let written_before =
            script.iter().take_while(|(id, _)| *id < failure.lists).any(|(_, step)| writes(step));
        if !written_before && !asks_for_a_table(script, failure.lists) {
            found.push(told(world, script, &failure));
        }
    }
}

/// A command that fails because there is no crontab.
struct Failure {
    /// The command that lists the table.
    lists: StepId,
    /// The last command of its pipeline, whose failure ends the shell. It may be the same one.
    last: StepId,
    /// The command that installs the new table from what this shell prints, if the failure ends only this shell.
    installs: Option<StepId>,
}

impl Failure {
    /// What goes wrong where a step lists the table. None if nothing does.
    fn of(world: &World<'_, '_>, script: &Deployment<'_>, lists: StepId) -> Option<Failure> {
        let step = script.step(lists);
        let mut last = lists;
        while let Some(next) = script.steps.get(last.0 as usize + 1) {
            let between = between(world, script.step(last), next)?;
            if !pipes(between) || writes(next) {
                break;
            }
            last = StepId(last.0 + 1);
        }
        if step.on_failure == OnFailure::Aborts {
            return Some(Failure { lists, last, installs: None });
        }
        let end = script.step(last);
        let fails = (last == lists || fails_without_match(&end.argv)) && end.on_failure != OnFailure::Handled;
        if !fails || !end.errexit {
            return None;
        }
        if end.on_failure == OnFailure::Aborts {
            return Some(Failure { lists, last, installs: None });
        }
        // The shell of a group ends, and what reads from it goes on.
        let (installs, _) = script.after(last).find(|(_, step)| writes(step))?;
        let table = script.step(installs);
        let group = between(world, step, table)?;
        let closes = group.matches([')', '}']).count() > group.matches(['(', '{']).count();
        let prints_more = installs.0 > last.0 + 1;
        let is_fed = pipes(group) && !matches!(table.argv.stdin, Stdin::Inherited | Stdin::File(_));
        (closes && prints_more && is_fed).then_some(Failure { lists, last, installs: Some(installs) })
    }
}

/// True if the shell does not look at the status of the substitution around a step: `echo "$(…)"`, `local x=$(…)`, `<(…)`.
/// That of `x=$(…)` is the status of the assignment (bash(1), "Simple Command Expansion").
fn is_status_lost(world: &World<'_, '_>, step: &Step) -> bool {
    let text = world.sources.file(step.span.file).text();
    let Some(before) = text.get(..step.span.start as usize) else { return false };
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    let Some(at) = line.rfind("$(").max(line.rfind("<(")).filter(|at| !line[*at..].contains(')')) else {
        return false;
    };
    let head = line[..at].trim_end_matches('"');
    let words = head.rsplit([';', '&', '|', '{', '(']).next().unwrap_or(head).trim_start();
    line[at..].starts_with('<') || !words.ends_with('=') || words.contains(' ')
}

/// The text between two commands of a file.
fn between<'w>(world: &'w World<'_, '_>, before: &Step, after: &Step) -> Option<&'w str> {
    let text = world.sources.file(before.span.file).text();
    let is_in_order = before.span.file == after.span.file && before.span.end <= after.span.start;
    is_in_order.then(|| text.get(before.span.end as usize..after.span.start as usize)).flatten()
}

/// True if the text before a command ends with a pipe, and perhaps with words that run the command as somebody else.
fn pipes(text: &str) -> bool {
    let Some((before, behind)) = text.rsplit_once('|') else { return false };
    !before.ends_with('|') && !behind.trim().contains([';', '&', '(', '{', '\n'])
}

/// True if a step writes a crontab.
fn writes(step: &Step) -> bool {
    step.deed.effects.iter().any(|effect| {
        matches!(effect.change, Change::Write | Change::Create(_))
            && matches!(effect.resource, Resource::Crontab(_))
    })
}

/// True if a guard lets the step run only where there is a crontab.
fn asks_for_a_table(script: &Deployment<'_>, id: StepId) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        let without = guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) => matches!(fact.resource, Resource::Crontab(_)).then_some(false),
            _ => None,
        });
        without == Some(!guard.holds)
    })
}

fn told(world: &World<'_, '_>, script: &Deployment<'_>, failure: &Failure) -> Finding {
    let last = script.step(failure.last);
    let then = match failure.installs {
        Some(_) => ", and the table is written without the new line",
        None => " and ends the script",
    };
    let message = format!("a new server has no crontab, so `{}` fails{then}", world.words(last.span));
    let deploy = world.deploy();
    let others = || world.steps().filter(|(other, ..)| !std::ptr::eq(*other, script));
    let is_new = deploy.is_from_scratch() && !others().any(|(_, _, step)| writes(step));
    let sure = if is_new { Confidence::High } else { Confidence::Medium };
    let mut draft = world
        .finding(id::STEPS_EMPTY_CRONTAB, last.span, message)
        .at_most(sure.min(world.confidence(script, failure.last, None)))
        .help("write `|| true` after it: `(crontab -l 2>/dev/null | grep -v NAME || true; echo LINE) | crontab -`");
    if failure.last != failure.lists {
        draft = draft.related(script.step(failure.lists).span, "this prints nothing, and fails");
    }
    if let Some(installs) = failure.installs {
        draft = draft.related(script.step(installs).span, "this gets an empty table");
    }
    draft.fix(accepted(world, last.span)).done()
}

/// `|| true` behind a command and its redirections.
fn accepted(world: &World<'_, '_>, command: Span) -> Option<Fix> {
    let text = world.sources.file(command.file).text().get(command.end as usize..)?;
    let at = command.end + redirections(text) as u32;
    let span = Span { file: command.file, start: at, end: at };
    Some(Fix {
        title: "accept that there is none: `|| true`".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span, text: " || true".to_owned() }],
    })
}

/// The length of the redirections at the start of a text.
fn redirections(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let begin = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let word = |from: usize| {
            let end = rest[from..].find([' ', '\t', '\n', ';', ')', '|']);
            end.map_or(rest.len(), |end| from + end)
        };
        let end = word(begin);
        let Some(operator) = rest[begin..end].find(['<', '>']) else { return length };
        if !rest[begin..begin + operator].bytes().all(|byte| byte.is_ascii_digit() || byte == b'&') {
            return length;
        }
        let is_alone = rest[..end].ends_with(['<', '>']);
        let target = end + rest[end..].len() - rest[end..].trim_start_matches([' ', '\t']).len();
        length += if is_alone { word(target) } else { end };
    }
}

#[test]
fn redirections_are_passed_over() {
    for (text, length) in
        [("; echo", 0), (" 2>/dev/null; echo", 12), (" > a 2>&1 | x", 9), (")", 0), (" a >b", 0)]
    {
        assert_eq!(redirections(text), length, "{text}");
    }
}
