//! Shells and functions inside a script: pipelines, subshells, calls, and what they print.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::model::walk::ends::{Exit, Failure, Flow, Jump};
use crate::model::walk::first_line::Options;
use crate::model::walk::output::{Output, join_outputs};
use crate::model::{CalledByPath, OnFailure, StepId, guards_from};
use crate::shell::argv::{Arg, Stdin};
use crate::shell::ast::{Block, Stmt, StmtKind};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::{Code, Peeled, Place};
use crate::source::{MappedText, Span};
use crate::tools::calls::calls_script;
use crate::tools::effect::Resource;
use crate::tools::says::{self, Piped};

/// The deepest nesting of calls.
const CALLS: u32 = 16;

impl<'a> Walker<'a, '_> {
    pub(crate) fn pipeline(&mut self, stages: Block<'a>) -> Flow {
        let mut stages = stages;
        // `! a | b` negates the pipeline, whichever of its commands has the `!` in the tree.
        let negated = match stages.first().map(|s| s.kind) {
            Some(StmtKind::Not(inner)) => Some(*inner),
            Some(StmtKind::Redirected { body: Stmt { kind: StmtKind::Not(inner), .. }, redirects }) => {
                let body = *inner;
                let span = body.span;
                Some(Stmt { kind: StmtKind::Redirected { body, redirects }, span })
            }
            _ => None,
        };
        if let Some(first) = negated {
            let positive = self.arena.alloc_slice_copy(stages);
            positive[0] = first;
            stages = positive;
            let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.pipeline(stages));
            return Flow { cond: flow.cond.negate(), exit: flow.exit };
        }
        let outer_stdin = self.ctx.stdin.clone();
        let piped_from = self.steps.len();
        let mut input: Option<Output> = None;
        let mut first: Option<(crate::shell::argv::Argv, Cond)> = None;
        let mut flow = Flow::plain(Cond::Always(true));
        for (index, stage) in stages.iter().enumerate() {
            let last = index + 1 == stages.len();
            self.ctx.stdin = match input.take() {
                Some(output)
                    if output.value.knowledge() < Knowledge::Unknown || output.value.key().len() > 3 =>
                {
                    Stdin::Text(output.value)
                }
                Some(_) => Stdin::Pipe,
                None => outer_stdin.clone(),
            };
            let failure = match self.ctx.failure {
                Failure::Default if !(last || self.ctx.pipefail && self.ctx.errexit) => {
                    Failure::Is(OnFailure::Continues)
                }
                other => other,
            };
            if !last {
                self.captures.push(Vec::new());
            }
            let before = self.steps.len();
            flow = self.with_failure(failure, |w| w.in_subshell(|w| w.statement(stage)));
            if !last {
                input = self.captures.pop().map(|parts| join_outputs(parts, self.file));
            }
            let argv = self.steps.get(before).map(|s| s.argv.clone());
            match (&mut first, argv) {
                (None, Some(argv)) => first = Some((argv, flow.cond.clone())),
                (Some((first_argv, says)), Some(argv)) => {
                    let known = !matches!(says, Cond::Opaque(_) | Cond::Always(_));
                    let cond = match says::piped(first_argv, &argv) {
                        Some(Piped::Says(said)) => Some(Cond::from(said)),
                        Some(Piped::AsFirst) => known.then(|| says.clone()),
                        None => None,
                    };
                    if let Some(cond) = cond {
                        *says = cond.clone();
                        flow.cond = cond;
                    }
                }
                _ => {}
            }
        }
        self.ctx.stdin = outer_stdin;
        self.piped_from = piped_from;
        flow.exit = Exit::No;
        flow
    }

    /// Runs in a copy of the shell: afterwards directory, options and variables are as before.
    pub(crate) fn in_subshell<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let ctx = self.ctx.clone();
        let guard = self.guard;
        let mark = self.scope.mark();
        let names_were_open = self.names_are_open();
        let result = run(self);
        self.scope.rewind(mark);
        self.close_names(names_were_open);
        self.guard = guard;
        self.ctx = ctx;
        result
    }

    /// The condition of a statement, without its steps.
    pub(crate) fn quiet_statement(&mut self, stmt: &Stmt<'a>) -> Cond {
        let (steps, guards) = (self.steps.len(), self.guards.len());
        self.captures.push(Vec::new());
        let flow = self.with_failure(Failure::Is(OnFailure::Handled), |w| w.statement(stmt));
        self.captures.pop();
        self.steps.truncate(steps);
        self.guards.truncate(guards);
        flow.cond
    }

    /// A script of the repo that is called by its path runs like `bash PATH`: `./scripts/users.sh`, `"$DIR/app.sh"`. What may
    /// not be called in each run, or on another machine, stays a script of its own.
    pub(crate) fn follow_path(&mut self, peeled: &mut Peeled, span: Span) {
        let argv = &peeled.argv;
        let is_called = peeled.code.is_none()
            && calls_script(argv)
            && argv.program.value.key().contains('/')
            && self.ctx.place == Place::Here
            && peeled.place.is_none();
        if !is_called {
            return;
        }
        let path = argv.program.value.resolve(&argv.cwd);
        let may_be_skipped = guards_from(&self.guards, self.guard).any(|(_, guard)| {
            // `[ -x ./users.sh ] && ./users.sh` calls the script that the repo has.
            let facts = guard.cond.facts();
            guard.cond.has_opaque() || facts.iter().any(|fact| fact.resource != Resource::Path(path.clone()))
        });
        if let Some((_, text)) = (!may_be_skipped).then(|| self.read_script(&path)).flatten() {
            let step = StepId(self.steps.len() as u32);
            if self.on_failure() != OnFailure::Handled {
                self.by_path.push(CalledByPath { path, span, step });
            }
            peeled.errexit = Options::of_first_line(&text).errexit;
            let (file, args) = (argv.program.clone(), argv.args.clone());
            peeled.code = Some(Code::File { file, same_shell: false, args });
        }
    }

    /// Calls a function. With `None`, its parameters are unknown.
    pub(crate) fn call(&mut self, name: &'a str, args: Option<Vec<Arg>>) -> Flow {
        // Recursion is opaque.
        let may_enter = self.budget.calls() < CALLS;
        let Some(body) = self.functions.enter(name, may_enter) else {
            return Flow::plain(Cond::Always(true));
        };
        self.budget.begin_call();
        let saved_params = std::mem::replace(&mut self.params, args);
        let returns = std::mem::take(&mut self.jumps.returns);
        self.locals.push(Vec::new());
        let mark = self.scope.mark();
        let errexit = self.ctx.errexit;
        self.ctx.errexit &= self.ctx.traps != (true, false);
        let flow = self.statement(body);
        if self.ctx.traps == (true, false) {
            self.ctx.errexit = errexit;
        }
        let locals = self.locals.pop().unwrap_or_default();
        self.scope.restore_locals(mark, &locals);
        self.params = saved_params;
        self.budget.end_call();
        self.functions.leave(name);
        let exit = match flow.exit {
            Exit::Always(Jump::Function) | Exit::When { jump: Jump::Function, .. } => Exit::No,
            Exit::Always(Jump::Loop) | Exit::When { jump: Jump::Loop, .. } => Exit::No,
            // The last line is `exit 1`, and a loop before it returns where all is well.
            Exit::Always(Jump::Shell) if self.jumps.returns > 0 => Exit::No,
            other => other,
        };
        self.jumps.returns = returns;
        Flow { cond: flow.cond, exit }
    }

    /// Adds to what the surrounding commands print.
    pub(crate) fn print(&mut self, value: Value, content: MappedText) {
        self.budget.spend(value.key().len() + content.text.len());
        if let Some(capture) = self.captures.last_mut() {
            capture.push(Output { value, content });
        }
    }
}
