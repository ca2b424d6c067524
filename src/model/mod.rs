//! The model: one pass over a script in the order in which it would run. It gives steps with their context,
//! the guards that are known to apply, and the effects; and then what each step does when the whole script
//! runs a second time.
//!
//! It knows nothing about rules, compose or units.

mod build;
pub(crate) mod condition;
mod debug;
mod explain;
mod pieces;
mod run;
mod settings;
#[cfg(test)]
pub(crate) mod stand_in_tests;
mod walk;

use crate::limit::{tick, ticks};
use crate::shell::argv::Argv;
use crate::shell::ast::Origin;
use crate::shell::count::Counted;
use crate::shell::parse::ParsedText;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{FileId, MappedText, Span};
use crate::tools::effect::{Deed, Effect};
use condition::Cond;
use run::timeline;
use std::ops::Range;

pub(crate) use build::{Follow, FollowNothing, ScriptText, build, build_in_turn, build_without};
pub(crate) use pieces::{Piece, pieces};
pub(crate) use run::second_run::{Outcome, SecondRun};
pub(crate) use run::timeline::{Presence, State};
pub(crate) use run::together::{Along, Course};
pub(crate) use settings::settings;
pub(crate) use walk::{called_from, repo_root};

/// Who runs a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// The user who called the script, if that is not root.
    Caller,
    Root,
    /// An account by name.
    Named(Value),
    /// The user is not known.
    Unknown,
}

/// What happens when a command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// The script ends: errexit, or `|| exit`.
    Aborts,
    /// The script goes on as if nothing had happened.
    Continues,
    /// The failure is expected: `|| true`, a condition, a fallback.
    Handled,
}

/// Index of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StepId(pub(crate) u32);

/// Index of a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GuardId(pub(crate) u32);

/// A condition that is known to have had an outcome where a step runs.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The condition.
    pub(crate) cond: Cond,
    /// Its outcome.
    pub(crate) holds: bool,
    /// Whether the text at the span succeeds then: `! grep -q X F` does so if the condition fails.
    pub(crate) says: bool,
    /// True if the script ends with an error where the condition has the other outcome.
    pub(crate) refuses: bool,
    /// Where the condition is.
    pub(crate) span: Span,
    /// The step before which it was evaluated.
    pub(crate) at: StepId,
    /// The first step after those behind it.
    pub(crate) end: StepId,
    /// The guard around it.
    pub(crate) outer: Option<GuardId>,
    /// The branch of an `if` or `case` that it opens. Two guards of one choice with different arms exclude
    /// each other.
    pub(crate) choice: Option<(u32, u32)>,
    /// How many guards are around it.
    pub(crate) depth: u32,
    /// What its condition consists of. It is needed for each pair of steps, so it is computed once.
    pub(crate) about: About,
}

/// What a guard's condition consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Only opaque parts. It has the same outcome in each run, wherever it is.
    Opaque,
    /// Only facts. Its outcome changes as the script goes on.
    Facts,
    /// Both.
    Mixed,
    /// Neither; it is a constant, or a test for root.
    Constant,
}

/// Text that a step writes to a file.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The file.
    pub(crate) path: Value,
    /// The text with constants inserted; unknown parts are `$NAME`.
    pub(crate) content: MappedText,
    /// The text before constants are inserted, which shows what it depends on.
    pub(crate) value: Value,
    /// True if it is added to what is there.
    pub(crate) append: bool,
}

/// Which variables a command gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    /// It is not known: code that is not known may have exported anything, or a login shell reads its files.
    Unknown,
    /// What the shell exports, and what the command's own words set.
    Shell,
    /// Only these, as far as they are set: what the command's own words set, and what `sudo --preserve-env=A,B` passes on.
    Only(Vec<String>),
}

/// One command with its context, guards and effects.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The command without its wrappers.
    pub(crate) argv: Argv,
    /// The command's own words.
    pub(crate) span: Span,
    /// Where its node is.
    pub(crate) origin: Option<Origin>,
    /// Who runs it.
    pub(crate) user: User,
    /// Where it runs.
    pub(crate) place: Place,
    /// What happens when it fails.
    pub(crate) on_failure: OnFailure,
    /// True if errexit is on where it runs.
    pub(crate) errexit: bool,
    /// True if its exit status is checked right after: `if [ $? -ne 0 ]`.
    pub(crate) status_checked: bool,
    /// True if it runs more than once in one run.
    pub(crate) in_loop: bool,
    /// True if it runs in the background.
    pub(crate) background: bool,
    /// umask where it runs, as far as the script sets it.
    pub(crate) umask: Option<u32>,
    /// Which entry it belongs to: 0 is the script's main flow, and the others are functions that nothing
    /// calls, and what stands behind an end.
    pub(crate) entry: u32,
    /// The innermost guard.
    pub(crate) guard: Option<GuardId>,
    /// What it does, including redirects.
    pub(crate) deed: Deed,
    /// The texts that it writes.
    pub(crate) written: Vec<Written>,
    /// The wrappers that were removed.
    pub(crate) wrappers: Vec<&'static str>,
    /// The redirects behind wrappers.
    pub(crate) redirected: Option<Redirected>,
    /// Which variables it gets.
    pub(crate) environment: Environment,
}

/// The redirects of a command behind wrappers. The shell around the wrappers opens their files, not the account that
/// the wrappers switch to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirected {
    /// Who runs that shell.
    pub(crate) by: User,
    /// Where the effects of the redirects begin among those of the step.
    pub(crate) from: usize,
}

impl Step {
    /// Who has one of its effects: the account that runs it, or the one that opens its redirects.
    pub(crate) fn doer(&self, effect: &Effect) -> &User {
        let of_redirects = |redirected: &&Redirected| {
            let effects = self.deed.effects.get(redirected.from..).unwrap_or_default();
            effects.iter().any(|own| std::ptr::eq(own, effect))
        };
        self.redirected.as_ref().filter(of_redirects).map_or(&self.user, |redirected| &redirected.by)
    }
}

/// A function that a script or a file that it sources defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Its definition.
    pub(crate) span: Span,
    /// The entry that it is, if nothing calls it.
    pub(crate) entry: Option<u32>,
}

/// What stands behind a statement that never lets control go on, so that it never runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreached {
    /// The statement that ends the script or the function.
    pub(crate) end: Span,
    pub(crate) how: Ending,
    /// What stands behind it in the same list.
    pub(crate) rest: Span,
    /// The entry that it is.
    pub(crate) entry: u32,
}

/// How a statement never lets control go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `exit`; true if the status says that all is well.
    Exit(bool),
    /// `exec`: another program takes the shell's place.
    Replaced,
    /// `return`.
    Return,
    /// Each of its branches ends the script or the function, or a function that it calls does.
    Within,
}

/// Whether root is expected to call the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// It checks for root, or does without sudo what only root can do.
    Root(Option<Span>),
    /// It calls sudo, or refuses root.
    Ordinary,
    /// It shows neither.
    Unknown,
}

/// A name that is used where the script has not set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unset {
    /// The name.
    pub(crate) name: String,
    /// What it names.
    pub(crate) kind: UnsetKind,
    /// The step that uses it, or the first one after the statement that does.
    pub(crate) step: StepId,
    /// The statement.
    pub(crate) span: Span,
    /// Where the script sets it later, if it does.
    pub(crate) later: Option<Span>,
}

/// What a name that is not set would name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum UnsetKind {
    /// A variable, where `set -u` ends the shell.
    Ending,
    /// A variable that is empty.
    Empty,
    /// An array of which all elements are meant: `"${NAME[@]}"`. There is none in the environment, and since bash 4.4
    /// `set -u` lets it be empty.
    Elements,
    /// A function.
    Function,
}

/// The call of a file by its path, which needs the execute bit: `./scripts/app.sh`. Calls that may fail are left out.
#[derive(Clone, Debug)]
pub(crate) struct CalledByPath {
    pub(crate) path: Value,
    /// The command.
    pub(crate) span: Span,
    /// The first step of the file, if it has any.
    pub(crate) step: StepId,
}

/// One of the scripts that run in turn.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// The script.
    pub(crate) file: FileId,
    /// Where errexit was first turned on in its main flow.
    pub(crate) errexit_at: Option<Span>,
    /// The steps of its main flow.
    main: Range<usize>,
    /// The steps that its main flow does not reach.
    others: Range<usize>,
}

impl Turn {
    /// True if a step belongs to it.
    pub(crate) fn has(&self, step: StepId) -> bool {
        let at = step.0 as usize;
        self.main.contains(&at) || self.others.contains(&at)
    }
}

/// A script, or several that run in turn, as the steps that they would run.
#[derive(Debug)]
pub(crate) struct Deployment<'a> {
    /// The script, or the first one.
    pub(crate) file: FileId,
    /// Its steps, in order.
    pub(crate) steps: Vec<Step>,
    /// Guards, indexed by [`GuardId`].
    pub(crate) guards: Vec<Guard>,
    /// Who calls it.
    pub(crate) caller: Caller,
    /// The second run of each step.
    pub(crate) second: Vec<SecondRun>,
    /// The texts that were parsed.
    pub(crate) texts: Vec<ParsedText<'a>>,
    /// What could not be read.
    pub(crate) gaps: Vec<(Span, String)>,
    pub(crate) comments: Vec<Span>,
    /// The scripts that it consists of, in the order in which they run.
    turns: Vec<Turn>,
    /// The functions that it defines, in the order of their definitions.
    pub(crate) functions: Vec<Function>,
    /// Values of the script's constants at its end: `APP_USER`.
    pub(crate) constants: Vec<(String, Value)>,
    /// Files that it sources or runs, and the scripts that run behind the first one.
    pub(crate) sourced: Vec<FileId>,
    /// Those that a step runs, each by a shell of its own.
    pub(crate) ran: Vec<FileId>,
    /// How those of them are called that are called by their paths.
    pub(crate) by_path: Vec<CalledByPath>,
    /// Its commands, and those of the files that it sources or runs.
    pub(crate) commands: Vec<Counted>,
    /// Names that nothing has set where they are used.
    pub(crate) unset: Vec<Unset>,
    /// What never runs, because the script ends before it.
    pub(crate) unreached: Vec<Unreached>,
    timeline: timeline::Timeline,
    runs: Vec<timeline::Ran>,
}

impl Deployment<'_> {
    pub(crate) fn step(&self, id: StepId) -> &Step {
        &self.steps[id.0 as usize]
    }

    /// The scripts that it consists of, in the order in which they run.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// True for a script that it consists of, and not for a file that such a one sources or runs.
    pub(crate) fn consists_of(&self, file: FileId) -> bool {
        self.turns.iter().any(|turn| turn.file == file)
    }

    /// The script that a step belongs to. That may be one that sources the file in which the step is.
    pub(crate) fn turn_of(&self, step: StepId) -> Option<&Turn> {
        self.turns.iter().find(|turn| turn.has(step))
    }

    /// The function that is this entry; `None` for the main flow.
    pub(crate) fn uncalled(&self, entry: u32) -> Option<&Function> {
        self.functions.iter().find(|function| function.entry == Some(entry))
    }

    /// All steps with their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps.iter().enumerate().map(|(i, s)| {
            // Each rule goes through all steps, and to count is as much work as most do for one.
            if i % 16 == 15 {
                ticks(16);
            }
            (StepId(i as u32), s)
        })
    }

    /// The steps behind one, in the order in which they run.
    pub(crate) fn after(&self, step: StepId) -> impl Iterator<Item = (StepId, &Step)> {
        let behind = self.steps.get(step.0 as usize + 1..).unwrap_or_default();
        behind.iter().zip(step.0 + 1..).map(|(step, number)| {
            tick();
            (StepId(number), step)
        })
    }

    /// The guards of a step, innermost first.
    pub(crate) fn guards_of(&self, step: StepId) -> impl Iterator<Item = (GuardId, &Guard)> {
        guards_from(&self.guards, self.step(step).guard)
    }

    /// True if the second run has removed what the first one has left of a resource, when it reaches a step.
    pub(crate) fn is_gone_again(&self, before: StepId, resource: &crate::tools::effect::Resource) -> bool {
        let (steps, guards, runs) = (&self.steps, &self.guards, &self.runs);
        let under = self.step(before).guard;
        let asking = timeline::Asking { steps, guards, runs, before, asker: before, under };
        let state = self.timeline.state(asking, resource);
        state.presence == Presence::Gone || state.anew
    }

    /// The state of a resource when the first run reaches a step, as far as the script itself shows.
    pub(crate) fn first_state(&self, before: StepId, resource: &crate::tools::effect::Resource) -> State {
        let (steps, guards) = (&self.steps, &self.guards);
        let under = self.step(before).guard;
        let asking = timeline::Asking { steps, guards, runs: &[], before, asker: before, under };
        self.timeline.first_state(asking, resource)
    }

    /// The first step after another one that makes a path, or what contains it.
    pub(crate) fn made_after(&self, step: StepId, path: &Value) -> Option<StepId> {
        self.timeline.made_after(step, path)
    }

    /// The steps behind a guard.
    pub(crate) fn behind(&self, guard: GuardId) -> impl Iterator<Item = (StepId, &Step)> {
        behind(&self.steps, &self.guards, guard)
    }

    /// What the second run of a step does.
    pub(crate) fn second_run(&self, step: StepId) -> &SecondRun {
        &self.second[step.0 as usize]
    }
}

fn behind<'d>(
    steps: &'d [Step],
    guards: &'d [Guard],
    guard: GuardId,
) -> impl Iterator<Item = (StepId, &'d Step)> {
    let Guard { at, end, .. } = guards[guard.0 as usize];
    let steps = steps.iter().enumerate().take(end.0 as usize).skip(at.0 as usize);
    // A guard stands after the one around it, so one pass tells which are inside, however deep they are nested.
    let first = guard.0 as usize;
    let mut inside: Vec<bool> = Vec::new();
    // The guards stand in the order in which they begin.
    for (index, other) in guards.iter().enumerate().skip(first).take_while(|(_, other)| other.at < end) {
        let around = other.outer.and_then(|outer| inside.get((outer.0 as usize).checked_sub(first)?));
        let is_inside = index == first || around.copied().unwrap_or(false);
        inside.push(is_inside);
    }
    let is_behind = move |step: &Step| {
        let at = step.guard.and_then(|id| (id.0 as usize).checked_sub(first));
        at.is_some_and(|at| inside.get(at).copied().unwrap_or(false))
    };
    steps.filter(move |(_, step)| is_behind(step)).map(|(index, step)| (StepId(index as u32), step))
}

fn guards_from(guards: &[Guard], from: Option<GuardId>) -> impl Iterator<Item = (GuardId, &Guard)> {
    std::iter::successors(from, |id| guards[id.0 as usize].outer).map(|id| {
        tick();
        (id, &guards[id.0 as usize])
    })
}
