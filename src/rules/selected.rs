//! Rules that are selectors. A selector says which command; the model says whether it matters; the message is
//! made of what the model knows: why the second run fails, what then never runs.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, RuleId, Severity};
use crate::model::{Deployment, OnFailure, Outcome, Step, StepId, User};
use crate::rules::Chosen;
use crate::rules::guards;
use crate::shell::argv::Arg;
use crate::shell::wrappers;
use crate::source::Span;
use crate::syntax::query::{
    ChangeWord, CommandId, Judge, OnFailure as FailureWord, Place, Question, RoleWord, RunsAs, SecondRun,
};
use crate::tools::advice::{advice, unattended};
use crate::tools::effect::{Change, Prompt, Role};

/// Tries every selector on every command.
pub(super) fn run(context: &World<'_, '_>, chosen: &Chosen<'_>, found: &mut Vec<Finding>) {
    let selectors = chosen.selectors;
    let mut matches = Vec::new();
    for script in context.scripts {
        for (id, step) in script.iter() {
            let Some(origin) = step.origin else { continue };
            if !selectors.for_command(&step.argv.name) {
                continue;
            }
            let Some(text) = script.texts.get(origin.tree as usize) else { continue };
            let asked = Asked { context, script, text_map: &text.map };
            if !selectors.may_match(&step.argv.name, CommandId(id.0), &asked) {
                continue;
            }
            let tree =
                if selectors.looks_at_words(&step.argv.name) { text.written() } else { Some(&text.tree) };
            let Some(node) = tree.and_then(|t| t.command_at(origin.start..origin.end)) else { continue };
            matches.clear();
            selectors.run(&step.argv.name, node, text.text, CommandId(id.0), &asked, &mut matches);
            for found_match in &matches {
                let word = found_match.word.as_ref().map(|range| {
                    let place = text.map.range(range.start as u32..range.end as u32);
                    Span { file: text.file, start: place.start, end: place.end }
                });
                let Some(page) = chosen.pages.get(&found_match.rule) else { continue };
                if !(chosen.wants)(&page.id) {
                    continue;
                }
                found.extend(finding(context, script, id, &page.id, found_match.message.as_deref(), word));
            }
        }
    }
}

struct Asked<'q, 'r, 'a> {
    context: &'q World<'r, 'a>,
    script: &'q Deployment<'a>,
    text_map: &'q crate::source::OffsetMap,
}

impl Asked<'_, '_, '_> {
    fn word(&self, step: &Step, range: &std::ops::Range<usize>) -> Option<String> {
        let place = self.text_map.range(range.start as u32..range.end as u32);
        let mut args = step.argv.args.iter().chain([&step.argv.program]);
        let arg = args.find(|a| a.span.start == place.start && a.span.end == place.end)?;
        arg.value.as_literal().map(str::to_owned)
    }
}

impl Judge for Asked<'_, '_, '_> {
    fn ask(&self, command: CommandId, question: &Question) -> bool {
        let id = StepId(command.0);
        let step = self.script.step(id);
        match question {
            Question::SecondRun(words) => {
                let second = self.script.second_run(id);
                let prompts = step.deed.prompts.is_some() && second.skipped_by().is_none();
                words.iter().any(|word| match (word, second.outcome) {
                    (SecondRun::Fails, Outcome::Fails(_)) => true,
                    (SecondRun::Duplicates, Outcome::Duplicates(_)) => true,
                    (SecondRun::Overwrites, Outcome::Overwrites(_)) => true,
                    (SecondRun::Nests, Outcome::Nests(_)) => true,
                    (SecondRun::Prompts, outcome) => prompts || matches!(outcome, Outcome::Prompts(_)),
                    (SecondRun::Skipped, Outcome::Skipped(_)) => true,
                    (SecondRun::NoChange, Outcome::NoChange) => !step.deed.roles.iter().any(|r| r.is_work()),
                    (SecondRun::Repeats, Outcome::NoChange) => step.deed.roles.iter().any(|r| r.is_work()),
                    (SecondRun::Unknown, Outcome::Unknown) => true,
                    (SecondRun::Destroys, Outcome::NoChange) => {
                        step.deed.effects.iter().any(|e| e.change == Change::Remove)
                    }
                    _ => false,
                })
            }
            Question::Effect { change, resource } => step.deed.effects.iter().any(|effect| {
                change.is_none_or(|word| change_is(word, &effect.change))
                    && resource.is_none_or(|word| word.word() == effect.resource.kind())
            }),
            Question::Role(words) => {
                words.iter().any(|word| step.deed.roles.iter().any(|role| role_is(*word, *role)))
            }
            Question::RunsAs(words) => words.iter().any(|word| match word {
                RunsAs::Root => step.user == User::Root,
                RunsAs::App => self.context.runs_as_app(step),
                RunsAs::Other => matches!(step.user, User::Named(_)) && !self.context.runs_as_app(step),
                RunsAs::Unknown => matches!(step.user, User::Unknown | User::Caller),
            }),
            Question::Place(words) => words.iter().any(|word| match word {
                Place::Here => step.place == wrappers::Place::Here,
                Place::Remote => matches!(step.place, wrappers::Place::Remote(_)),
                Place::Container => matches!(step.place, wrappers::Place::Container(_)),
            }),
            Question::OnFailure(words) => words.iter().any(|word| {
                matches!(
                    (word, step.on_failure),
                    (FailureWord::Aborts, OnFailure::Aborts)
                        | (FailureWord::Continues, OnFailure::Continues)
                        | (FailureWord::Handled, OnFailure::Handled)
                )
            }),
            Question::HasFlag(flags) => step.argv.args.iter().any(|arg| {
                arg.value.as_literal().is_some_and(|text| {
                    flags.iter().any(|flag| {
                        let bundled = flag.len() == 2
                            && text.starts_with('-')
                            && !text.starts_with("--")
                            && text[1..].contains(&flag[1..]);
                        text == flag
                            || bundled
                            || text.strip_prefix(flag.as_str()).is_some_and(|r| r.starts_with('='))
                    })
                })
            }),
            Question::InAppTree => self.context.works_in_app_tree(step),
            Question::Guarded => self.script.second_run(id).skipped_by().is_some(),
            Question::WordMatches { word, pattern } => {
                self.word(step, word).is_some_and(|value| pattern.is_match(&value))
            }
            Question::Literal { word } => self.word(step, word).is_some(),
        }
    }
}

fn change_is(word: ChangeWord, change: &Change) -> bool {
    matches!(
        (word, change),
        (ChangeWord::Create, Change::Create(_))
            | (ChangeWord::Remove, Change::Remove)
            | (ChangeWord::Write, Change::Write)
            | (ChangeWord::Append, Change::Append)
            | (ChangeWord::Edit, Change::Edit)
            | (ChangeWord::Own, Change::Own { .. })
            | (ChangeWord::Mode, Change::Mode { .. })
            | (ChangeWord::Start, Change::Start)
            | (ChangeWord::Restart, Change::Restart)
            | (ChangeWord::Stop, Change::Stop)
            | (ChangeWord::Enable, Change::Enable)
    )
}

fn role_is(word: RoleWord, role: Role) -> bool {
    let name = match role {
        Role::SystemPackages => "system-packages",
        Role::Dependencies(_) => "dependencies",
        Role::GlobalTool(_) => "global-tool",
        Role::VirtualEnv => "virtual-env",
        Role::Build(_) => "build",
        Role::StaticFiles => "static-files",
        Role::Migrate => "migrate",
        Role::Seed => "seed",
        Role::Source => "source",
        Role::Account => "account",
        Role::DaemonReload => "daemon-reload",
        Role::Enable => "enable",
        Role::Restart => "restart",
        Role::ComposeUp => "compose-up",
        Role::Serve => "serve",
        Role::Clone => "clone",
        Role::Owner => "owner",
        Role::Mode => "mode",
        Role::Fetch => "fetch",
        Role::Send => "send",
        Role::Unpack => "unpack",
        Role::Signal => "signal",
        Role::Reboot => "reboot",
        Role::Provision => "provision",
        Role::ReadOnly => "read-only",
    };
    word.word() == name
}

/// The finding of a selector, or nothing where the model knows it for harmless.
fn finding(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    rule: &RuleId,
    message: Option<&str>,
    word: Option<Span>,
) -> Option<Finding> {
    let step = script.step(id);
    let second = script.second_run(id);
    let words = context.words(step.span);
    let about = second.effect.and_then(|i| step.deed.effects.get(i)).map(|e| e.resource.name().clone());
    let confidence = context.confidence(script, id, about.as_ref());
    if let Some(message) = message {
        let draft = context.finding(rule.clone(), word.unwrap_or(step.span), message).at_most(confidence);
        return Some(draft.done());
    }
    let outcome = second.outcome;
    if let Some(prompt) = &step.deed.prompts
        && rule.ends_with("/prompt")
    {
        return prompt_finding(context, script, id, rule, prompt);
    }
    let (text, fails) = match outcome {
        Outcome::Fails(why) => (format!("`{words}` fails when the script runs again ({why})"), true),
        Outcome::Duplicates(why) | Outcome::Overwrites(why) => {
            (format!("`{words}` {why} each time the script runs"), false)
        }
        Outcome::Nests(why) | Outcome::Prompts(why) => {
            (format!("`{words}` {why} when the script runs again"), false)
        }
        _ => {
            let title = &rule.about().title;
            return Some(
                context
                    .finding(rule.clone(), step.span, format!("`{words}`: {title}"))
                    .at_most(confidence)
                    .done(),
            );
        }
    };
    // Its failure is of no consequence that anyone wants told.
    if fails && step.on_failure == OnFailure::Handled {
        return None;
    }
    let aborts = step.on_failure == OnFailure::Aborts;
    let goes_on = if fails && !aborts { ", but the script goes on" } else { "" };
    let mut draft = context.finding(rule.clone(), step.span, format!("{text}{goes_on}")).at_most(confidence);
    if fails && !aborts {
        draft = draft.severity(Severity::Warning);
    }
    if fails && aborts {
        if let Some(errexit) = script.errexit_at {
            draft = draft.related(errexit, "a failing command ends the script from here on");
        }
        if let Some(lost) = context.lost(script, id) {
            draft = draft.related(lost, "so this does not run");
        }
    }
    let effect = second.effect.and_then(|i| step.deed.effects.get(i));
    let advice = outcome.again().and_then(|again| advice(&step.argv, &step.deed, effect, again));
    let fix = advice.as_ref().and_then(|advice| guards::fix(context, script, step, advice.edit.as_ref()?));
    if let Some(advice) = advice {
        draft = draft.help(advice.help);
    }
    Some(draft.fix(fix).done())
}

/// True where a condition around the question has seen to runs that nobody watches: it asks for a terminal, or whether
/// the variable that is read was given.
fn only_asks_people(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> bool {
    let step = script.step(id);
    let read = step.argv.name == "read";
    script.guards_of(id).any(|(guard_id, guard)| {
        let condition = context.sources.text(guard.span);
        let terminal = ["-t 0", "-t 1", "-t 2", "tty -s", "$- "].iter().any(|test| condition.contains(test));
        if terminal || !read || !condition.contains('$') {
            return terminal;
        }
        // The password, and the password once more.
        let mut asked = script.behind(guard_id).filter(|(_, s)| s.argv.name == "read");
        let mentions = |arg: &Arg| arg.value.as_literal().is_some_and(|name| names_variable(condition, name));
        asked.any(|(_, s)| s.argv.args.iter().any(mentions))
    })
}

/// True where `$NAME` or `${NAME…}` stands in a text.
fn names_variable(text: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return false;
    }
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        (before.ends_with('$') || before.ends_with("${")) && !text[at + name.len()..].starts_with(is_name)
    })
}

/// A command that waits for an answer, on the first run as on each other.
fn prompt_finding(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    rule: &RuleId,
    prompt: &Prompt,
) -> Option<Finding> {
    let step = script.step(id);
    let words = context.words(step.span);
    if step.argv.name == "read" {
        // Whoever writes an installer that asks means it to: one word for all of its questions.
        let questions = || {
            script.iter().filter(|(other, s)| {
                s.argv.name == "read"
                    && s.deed.prompts.is_some()
                    && script.second_run(*other).skipped_by().is_none()
            })
        };
        let unguarded = |(other, _): &(StepId, &Step)| !only_asks_people(context, script, *other);
        if questions().find(unguarded).map(|(first, _)| first) != Some(id) {
            return None;
        }
        let asks = questions().filter(unguarded).count();
        let many = if asks > 1 { format!(" for the first of {asks} questions") } else { String::new() };
        let text = format!(
            "`{words}` waits for a line on standard input{many}, so the script cannot run unattended"
        );
        let confidence = context.confidence(script, id, None);
        let draft =
            context.finding(rule.clone(), step.span, text).at_most(confidence).severity(Severity::Info);
        return Some(
            draft.help("take the answers from arguments or the environment if they are given").done(),
        );
    }
    if only_asks_people(context, script, id) {
        return None;
    }
    let then = match prompt.only_people {
        true => "a deploy from a terminal waits there",
        false => "an unattended deploy hangs or fails there",
    };
    let text = format!("`{words}` {}, and {then}", prompt.asks);
    let advice = unattended(&step.argv, prompt);
    let fix = advice.edit.and_then(|edit| guards::fix(context, script, step, &edit));
    let mut confidence = context.confidence(script, id, None);
    let mut severity = None;
    if prompt.only_people {
        confidence = confidence.min(Confidence::Medium);
        severity = Some(Severity::Info);
    }
    let mut draft = context.finding(rule.clone(), step.span, text).at_most(confidence).help(advice.help);
    if let Some(severity) = severity {
        draft = draft.severity(severity);
    }
    Some(draft.fix(fix).done())
}
