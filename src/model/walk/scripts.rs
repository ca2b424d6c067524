//! The scripts of a deployment, in the order in which they run. Each runs by a shell of its own: it neither sees the
//! variables and functions of the others nor ends with them, but it finds what they have left on the machine.

use crate::limit::ticks;
use crate::model::condition::Cond;
use crate::model::walk::budget::Budget;
use crate::model::walk::caller::{caller, give_to_root};
use crate::model::walk::coverage::Coverage;
use crate::model::walk::ends::{Failure, Jumps};
use crate::model::walk::first_line::Options;
use crate::model::walk::functions::Functions;
use crate::model::walk::scope::Scope;
use crate::model::walk::unreached::Behind;
use crate::model::walk::unset::Names;
use crate::model::walk::{Context, Walker, called_from, repo_root};
use crate::model::{
    CalledByPath, Caller, Follow, Function, Guard, OnFailure, ScriptText, Step, Turn, Unreached, Unset, User,
};
use crate::shell::argv::Stdin;
use crate::shell::count::Counted;
use crate::shell::parse::Shell;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, OffsetMap, Span};
use bumpalo::Bump;
use hashbrown::HashMap;
use std::mem::swap;
use std::ops::Range;

/// What the walk knows at its end.
pub(in crate::model) struct Walked<'a> {
    pub(in crate::model) shell: Shell<'a>,
    pub(in crate::model) steps: Vec<Step>,
    pub(in crate::model) guards: Vec<Guard>,
    /// Who calls the scripts; unknown if they are called differently.
    pub(in crate::model) caller: Caller,
    pub(in crate::model) turns: Vec<Turn>,
    pub(in crate::model) functions: Vec<Function>,
    pub(in crate::model) constants: Vec<(String, Value)>,
    /// The files that they source or run, and all scripts but the first.
    pub(in crate::model) sourced: Vec<FileId>,
    pub(in crate::model) ran: Vec<FileId>,
    pub(in crate::model) by_path: Vec<CalledByPath>,
    pub(in crate::model) commands: Vec<Counted>,
    pub(in crate::model) unset: Vec<Unset>,
    pub(in crate::model) unreached: Vec<Unreached>,
}

/// What the walk knows of one script only.
struct Own<'a> {
    file: FileId,
    script_path: Value,
    ctx: Context,
    scope: Scope<'a>,
    functions: Functions<'a>,
    budget: Budget,
    coverage: Coverage,
    behind: Behind<'a>,
    caller: Caller,
    errexit_at: Option<Span>,
    sourced: Vec<FileId>,
    names: Names<'a>,
}

/// A script whose main flow was walked.
struct Main<'a> {
    own: Own<'a>,
    /// The context at its start.
    start: Context,
    steps: Range<usize>,
}

impl<'a> Own<'a> {
    fn of(script: &ScriptText<'_, 'a>, scope: Scope<'a>) -> Self {
        let mut script_path = repo_root();
        script_path.push_str("/");
        script_path.push_str(script.path);
        Own {
            file: script.file,
            script_path,
            ctx: start(),
            scope,
            functions: Functions::default(),
            budget: Budget::default(),
            coverage: Coverage::of(script.text.len()),
            behind: Behind::default(),
            caller: Caller::Unknown,
            errexit_at: None,
            sourced: vec![script.file],
            names: Names::new(script.file),
        }
    }
}

/// The context in which a script starts.
fn start() -> Context {
    Context {
        user: User::Caller,
        place: Place::Here,
        cwd: called_from(),
        home: Value::hole("HOME", 0, Knowledge::Symbolic),
        errexit: false,
        pipefail: false,
        nounset: false,
        base: OnFailure::Aborts,
        failure: Failure::Default,
        in_loop: false,
        background: false,
        umask: None,
        allexport: false,
        is_login: false,
        stdin: Stdin::Inherited,
        wrappers: Vec::new(),
        is_apart: false,
        traps: (false, false),
        on_exit: None,
    }
}

/// Walks scripts that run in turn.
pub(in crate::model) fn walk<'a>(
    arena: &'a Bump,
    first: ScriptText<'_, 'a>,
    others: &[ScriptText<'_, 'a>],
    follow: &mut dyn Follow,
    left_out: &[Span],
) -> Walked<'a> {
    let mut walker = Walker::new(arena, Own::of(&first, Scope::default()), follow, left_out);
    let mut mains = Vec::with_capacity(1 + others.len());
    for script in std::iter::once(&first).chain(others) {
        let mut own = Own::of(script, walker.scope.behind());
        walker.exchange(&mut own);
        let steps = walker.steps.len();
        let start = walker.main_flow(script.text);
        walker.exchange(&mut own);
        mains.push(Main { own, start, steps: steps..walker.steps.len() });
    }
    walker.finish(mains)
}

impl<'a, 'f> Walker<'a, 'f> {
    fn new(arena: &'a Bump, own: Own<'a>, follow: &'f mut dyn Follow, left_out: &'f [Span]) -> Self {
        Walker {
            arena,
            follow,
            file: own.file,
            shell: Shell::new(arena),
            scope: own.scope,
            params: None,
            script_path: own.script_path,
            ctx: own.ctx,
            steps: Vec::new(),
            guards: Vec::new(),
            guard: None,
            functions: own.functions,
            budget: own.budget,
            coverage: own.coverage,
            last: Cond::Always(true),
            piped_from: 0,
            opaque: HashMap::new(),
            choices: 0,
            entry: 0,
            captures: Vec::new(),
            locals: Vec::new(),
            jumps: Jumps::default(),
            behind: own.behind,
            caller: own.caller,
            errexit_at: own.errexit_at,
            sourced: own.sourced,
            ran: Vec::new(),
            by_path: Vec::new(),
            names: own.names,
            left_out,
        }
    }

    /// Goes on with another script, and leaves what is known of the present one.
    fn exchange(&mut self, own: &mut Own<'a>) {
        swap(&mut self.file, &mut own.file);
        swap(&mut self.script_path, &mut own.script_path);
        swap(&mut self.ctx, &mut own.ctx);
        swap(&mut self.scope, &mut own.scope);
        swap(&mut self.functions, &mut own.functions);
        swap(&mut self.budget, &mut own.budget);
        swap(&mut self.coverage, &mut own.coverage);
        swap(&mut self.behind, &mut own.behind);
        swap(&mut self.caller, &mut own.caller);
        swap(&mut self.errexit_at, &mut own.errexit_at);
        swap(&mut self.sourced, &mut own.sourced);
        swap(&mut self.names, &mut own.names);
        self.last = Cond::Always(true);
        (self.guard, self.params) = (None, None);
        self.piped_from = self.steps.len();
        self.jumps = Jumps::default();
    }

    /// Walks what runs if the script is called, and returns the context at its start.
    fn main_flow(&mut self, text: &'a str) -> Context {
        ticks(1 + text.len() / 64);
        let options = Options::of_first_line(text);
        self.entry = 0;
        if options.errexit {
            self.ctx.errexit = true;
            self.errexit_at = Some(Span { file: self.file, start: 0, end: options.end });
        }
        self.ctx.nounset = options.nounset;
        let block = self.shell.parse(text, self.file, OffsetMap::shifted(0));
        // Steps are large, and most commands make one.
        self.steps.reserve(self.shell.count.len().saturating_sub(self.steps.len()));
        let start = self.ctx.clone();
        self.functions.announce(block);
        self.block(block);
        self.leave();
        start
    }

    /// `trap 'rm -rf "$TMP"' EXIT` runs after everything else, however the script ends.
    fn leave(&mut self) {
        let Some(text) = self.ctx.on_exit.take() else { return };
        let code: &'a str = self.arena.alloc_str(&text.text);
        let block = self.shell.parse(code, text.file, text.map);
        // It is not known how the script ended.
        self.last = self.opaque("the exit status");
        self.with_failure(Failure::Is(OnFailure::Handled), |w| w.block(block));
    }

    /// Walks what the main flows left, behind all of them: what stands behind an end, and functions that nothing calls.
    fn finish(mut self, mut mains: Vec<Main<'a>>) -> Walked<'a> {
        let (mut functions, mut unreached, mut unset) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sourced, mut constants) = (Vec::new(), Vec::new());
        let (mut turns, mut callers) = (Vec::new(), Vec::new());
        for main in &mut mains {
            self.exchange(&mut main.own);
            let steps = self.steps.len();
            let errexit = self.ctx.errexit;
            unreached.append(&mut self.unreached());
            functions.append(&mut self.uncalled(&Context { errexit, ..main.start.clone() }));
            let others = steps..self.steps.len();
            let of_script = self.steps[main.steps.clone()].iter().chain(&self.steps[others.clone()]);
            let called_by = caller(of_script, self.caller);
            for steps in [main.steps.clone(), others.clone()] {
                give_to_root(&mut self.steps[steps], &self.guards, called_by);
            }
            callers.push(called_by);
            let errexit_at = self.errexit_at;
            turns.push(Turn { file: self.file, errexit_at, main: main.steps.clone(), others });
            unset.append(&mut self.names_not_set());
            sourced.append(&mut self.sourced);
            let values = self.scope.iter().map(|(name, variable)| (name.to_owned(), variable.value.clone()));
            let first = constants.len();
            constants.extend(values);
            constants[first..].sort_by(|a: &(String, Value), b| a.0.cmp(&b.0));
            self.exchange(&mut main.own);
        }
        sourced.remove(0);
        let mut commands = std::mem::take(&mut self.shell.count).places();
        for Main { own, .. } in &mains {
            own.coverage.settle(&mut commands, own.file, own.budget.is_overrun());
        }
        let kind = std::mem::discriminant::<Caller>;
        let first = callers.first().copied().unwrap_or(Caller::Unknown);
        let is_agreed = callers.iter().all(|caller| kind(caller) == kind(&first));
        Walked {
            shell: self.shell,
            steps: self.steps,
            guards: self.guards,
            caller: if is_agreed { first } else { Caller::Unknown },
            turns,
            functions,
            constants,
            sourced,
            ran: self.ran,
            by_path: self.by_path,
            commands,
            unset,
            unreached,
        }
    }

    /// Walks the functions that nothing calls, each as an entry of its own.
    fn uncalled(&mut self, start: &Context) -> Vec<Function> {
        let mut functions = Vec::new();
        for name in self.functions.take_order() {
            let Some(span) = self.functions.span(name) else { continue };
            let is_uncalled = self.functions.is_uncalled(name);
            let entry = is_uncalled.then_some(self.entry + 1);
            functions.push(Function { name: name.to_owned(), span, entry });
            let Some(entry) = entry else { continue };
            self.entry = entry;
            self.ctx = start.clone();
            self.guard = None;
            self.params = None;
            let mark = self.scope.mark();
            self.call(name, None);
            self.scope.rewind(mark);
        }
        functions
    }
}
