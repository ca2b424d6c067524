//! One simple command: a function call, code that it runs, or the step that it is.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::model::walk::budget::EFFECTS;
use crate::model::walk::ends::{Exit, Flow, Jump};
use crate::model::walk::output::Output;
use crate::model::walk::output::fixed_text;
use crate::model::walk::writing::shown_with_input;
use crate::model::{Environment, Redirected, Step, StepId};
use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::ast::{AssignedValue, Command, Part, Redirect, RedirectKind, Stmt};
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers;
use crate::shell::wrappers::{command_line, peel, resplit};
use crate::source::Span;
use crate::tools;
use crate::tools::effect::{Again, Change, Deed, Prints, Prompt, Role};
use crate::tools::prints::{self, prints_its_words};
use crate::tools::says;

impl<'a> Walker<'a, '_> {
    pub(crate) fn command(&mut self, command: &'a Command<'a>) -> Flow {
        let keyword = match command.words.first().map(|w| w.parts) {
            Some([Part::Literal { text, quoted: false }]) => *text,
            _ => "",
        };
        if command.words.is_empty() || Builtin::named(keyword).is_some_and(Builtin::declares) {
            return self.assignments(command, Builtin::named(keyword));
        }
        // `if $NEEDED; then`
        if let [word] = command.words
            && let Some(values) = self.word_values(word)
            && values.iter().all(|(v, _)| matches!(v.as_literal(), Some("true" | "false" | ":")))
        {
            let cond = self.word_is(word, |value| value != "false");
            return Flow::plain(cond.unwrap_or(Cond::Always(true)));
        }
        let mut args = self.expand_words(command.words);
        if args.is_empty() {
            // `$EMPTY` alone.
            return Flow::plain(Cond::Always(true));
        }
        if let Some(mut split) = resplit(&args[0]) {
            split.extend(args.drain(1..));
            args = split;
        }
        // `$SUDO cp`, with an unknown $SUDO, is at most a sudo.
        if args.len() > 1 && args[0].value.knowledge() != Knowledge::Literal {
            let shown = args[0].value.to_string();
            if shown.eq_ignore_ascii_case("$sudo")
                || shown.eq_ignore_ascii_case("$_sudo")
                || shown == "$SUDO_CMD"
            {
                args[0].value = Value::literal("sudo");
            }
        }
        if args.len() > 1 && args[0].value.is_empty() && args[0].value.as_literal().is_some() {
            args.remove(0);
        }
        let name = args[0].value.as_literal().unwrap_or_default().to_owned();
        self.sets_by_operands(&args);
        if let Some(name) = self.functions.named(name.as_str()) {
            let rest = args.split_off(1);
            return self.redirected_call(command, |walker| walker.call(name, Some(rest)));
        }
        if let Some(flow) = self.builtin(&name, &args, command) {
            return flow;
        }
        if prints_its_words(&name) && self.only_says(command) {
            return self.said(command, args);
        }
        self.program(command, args)
    }

    pub(crate) fn redirected_call(
        &mut self,
        command: &Command<'a>,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow {
        if !command.redirects.iter().any(Redirect::writes) {
            return run(self);
        }
        self.captures.push(Vec::new());
        let flow = run(self);
        let parts = self.captures.pop().unwrap_or_default();
        let output = crate::model::walk::output::join_outputs(parts, self.file);
        self.emit_redirects(command.redirects, command.span, output);
        flow
    }

    /// A compound statement with redirects.
    pub(crate) fn redirected(
        &mut self,
        stmt: &Stmt<'a>,
        body: &Stmt<'a>,
        redirects: &[Redirect<'a>],
    ) -> Flow {
        let saved = self.ctx.stdin.clone();
        for redirect in redirects {
            if let RedirectKind::Read(word) = &redirect.kind {
                let path = self.expand(word).resolve(&self.ctx.cwd);
                self.ctx.stdin = Stdin::File(path);
            } else if matches!(redirect.kind, RedirectKind::Heredoc(_) | RedirectKind::HereString(_)) {
                self.ctx.stdin = Stdin::Pipe;
            }
        }
        let flow = if redirects.iter().any(Redirect::writes) {
            self.captures.push(Vec::new());
            let flow = self.statement(body);
            let parts = self.captures.pop().unwrap_or_default();
            let output = crate::model::walk::output::join_outputs(parts, self.file);
            // Only the redirects themselves, because the body may be long.
            let span = redirects.iter().map(|r| r.span).reduce(Span::to).unwrap_or(stmt.span);
            self.emit_redirects(redirects, span, output);
            flow
        } else {
            self.statement(body)
        };
        self.ctx.stdin = saved;
        flow
    }

    /// A step that only writes files: `{ …; } > f`.
    pub(crate) fn emit_redirects(&mut self, redirects: &[Redirect<'a>], span: Span, output: Output) {
        let argv = self.empty_argv(span);
        let mut step = self.step(argv, span, Deed { known: true, ..Deed::default() });
        self.redirections(redirects, &mut step, Some(output));
        if !step.deed.effects.is_empty() {
            self.steps.push(step);
        }
    }

    pub(crate) fn empty_argv(&self, span: Span) -> Argv {
        Argv {
            name: String::new(),
            program: Arg { value: Value::default(), span },
            args: Vec::new(),
            cwd: self.ctx.cwd.clone(),
            home: self.ctx.home.clone(),
            stdin: Stdin::Inherited,
            stdout: None,
            env: Vec::new(),
        }
    }

    pub(crate) fn emit_prompt(&mut self, span: Span, asks: &'static str) {
        let argv = self.empty_argv(span);
        let prompts = Some(Prompt {
            asks,
            instead: "take it from an argument or the environment",
            flag: None,
            only_people: false,
            dialogue: false,
            of_script: false,
        });
        let step = self.step(argv, span, Deed { prompts, known: true, ..Deed::default() });
        self.steps.push(step);
    }

    /// True for an `echo` to people. Half of a script's commands are of this kind, and they change nothing.
    fn only_says(&self, command: &Command<'a>) -> bool {
        command.redirects.is_empty() && command.assignments.is_empty() && self.captures.is_empty()
    }

    fn said(&mut self, command: &Command<'a>, args: Vec<Arg>) -> Flow {
        if let Some(argv) = command_line(args, self.ctx.cwd.clone(), self.ctx.home.clone()) {
            let mut step = self.step(argv, command.span, Deed::read_only().prints(Prints::Words));
            step.origin = Some(command.origin);
            step.wrappers.clear();
            self.steps.push(step);
        }
        Flow::plain(Cond::Always(true))
    }

    /// Walks a command that is not one of the shell's own.
    #[expect(clippy::too_many_lines)]
    pub(crate) fn program(&mut self, command: &'a Command<'a>, args: Vec<Arg>) -> Flow {
        let Some(mut argv) = command_line(args, self.ctx.cwd.clone(), self.ctx.home.clone()) else {
            return Flow::plain(Cond::Always(true));
        };
        argv.stdin = self.stdin_of(command);
        for (name, variable) in self.scope.exported() {
            argv.env.push((name.to_owned(), variable.value.clone()));
        }
        for assignment in command.assignments {
            if let Some(AssignedValue::Word(word)) = &assignment.value {
                let value = self.expand(word);
                argv.env.push((assignment.name.to_owned(), value));
            }
        }
        self.budget.spend(argv.env.iter().map(|(n, v)| n.len() + v.key().len() + 64).sum::<usize>());
        let of_shell = argv.env.len();
        let mut peeled = peel(argv);
        // `run cp a b`: the rest may be a function again (`sudo_if_needed`, `retry`).
        if let Some(name) = self.functions.named(&peeled.argv.name)
            && peeled.wrappers.iter().all(|w| matches!(*w, "command" | "time" | "nice" | "timeout"))
            && !peeled.wrappers.is_empty()
            && peeled.code.is_none()
        {
            let rest = peeled.argv.args.clone();
            return self.call(name, Some(rest));
        }
        if let Some(outer) = &peeled.outer {
            // `docker run IMAGE CMD` is a step of its own, outside the container.
            let deed = tools::deed(outer);
            let mut step = self.step((**outer).clone(), command.span, deed);
            step.origin = Some(command.origin);
            self.steps.push(step);
        }
        self.names_of_environment(&peeled.argv);
        self.follow_path(&mut peeled, command.span);
        if let Some(code) = peeled.code.clone() {
            let saved = self.ctx.clone();
            let saved_user = self.ctx.user.clone();
            let mut step = None;
            let flow = self.run_code(command, code, &peeled);
            if flow.is_none() || command.redirects.iter().any(Redirect::writes) {
                // `curl … | bash`: it is not known what it does, but it runs.
                self.enter(&peeled);
                let mut deed = tools::deed(&peeled.argv);
                if flow.is_none() && self.runs_download() {
                    deed.roles.push(Role::SystemPackages);
                }
                let mut it = self.step(peeled.argv.clone(), command.span, deed);
                self.ctx.user = saved_user;
                it.redirected = Some(Redirected { by: self.ctx.user.clone(), from: it.deed.effects.len() });
                self.redirections(command.redirects, &mut it, None);
                it.origin = Some(command.origin);
                it.wrappers = peeled.wrappers.clone();
                step = Some(it);
            }
            let runs_here = Builtin::named(&peeled.argv.name).is_some_and(Builtin::runs_here);
            self.ctx = kept_state(saved, &self.ctx, runs_here);
            if let Some(step) = step {
                self.steps.push(step);
            }
            if runs_here && flow.is_none() {
                self.opens_names(&peeled.argv);
            }
            let mut flow = flow.unwrap_or_else(|| Flow::plain(Cond::Always(true)));
            if peeled.replaces_shell {
                flow.exit = Exit::Always(Jump::Shell);
            }
            if !runs_here && !peeled.replaces_shell {
                flow.exit = Exit::No;
            }
            return flow;
        }
        // Without a wrapper, the command runs where and as whom its shell does, so there is nothing to
        // restore.
        let saved = (!peeled.wrappers.is_empty()).then(|| self.ctx.clone());
        if saved.is_some() {
            self.enter_command(&peeled);
        }
        let deed = tools::deed(&peeled.argv);
        if !deed.known && peeled.wrappers.is_empty() {
            self.calls_undefined(&peeled.argv);
        }
        let says = says::succeeds(&peeled.argv);
        self.asks_for_program(says.as_ref());
        let is_check = says.is_none() && says::is_check(&peeled.argv);
        let printed = self.printed(&peeled.argv, command);
        let unknown_output =
            (printed.is_none() && !self.captures.is_empty() && !prints::is_quiet(&peeled.argv))
                .then(|| shown_with_input(&peeled.argv));
        let random = printed.is_none().then(|| self.random_output(&peeled.argv, command)).flatten();
        let filled = prints::filled(&peeled.argv, &deed);
        let place = self.place_of(&peeled.argv, command.span);
        let passed = passed(&peeled, of_shell);
        let mut step = self.step(peeled.argv, place, deed);
        step.origin = Some(command.origin);
        step.wrappers.clone_from(&peeled.wrappers);
        if step.environment == Environment::Shell {
            step.environment = passed;
        }
        // The calling shell opens redirects, not the user that sudo switches to.
        if let Some(saved) = &saved {
            self.ctx.user = saved.user.clone();
        }
        if !filled.is_empty() {
            let stdin = step.argv.stdin.clone();
            self.fill(filled, &stdin, command, &mut step);
        }
        let goes_to_file = match command.redirects {
            [] => false,
            redirects => {
                if saved.is_some() {
                    let (by, from) = (self.ctx.user.clone(), step.deed.effects.len());
                    step.redirected = Some(Redirected { by, from });
                }
                self.redirections(redirects, &mut step, printed.clone().or(random))
            }
        };
        if let Some(saved) = saved {
            self.ctx = saved;
        }
        if !goes_to_file {
            match printed {
                Some(output) => self.print(output.value, output.content),
                None => {
                    if let Some(text) = unknown_output {
                        let fresh = prints::is_fresh(&text);
                        let knowledge = if fresh { Knowledge::Fresh } else { Knowledge::Unknown };
                        let shown = ["$(", &text, ")"].concat();
                        self.print(Value::hole(&shown, 0, knowledge), fixed_text(shown, command.span));
                    }
                }
            }
        }
        let bare_exec = peeled.replaces_shell && Builtin::named(&step.argv.name) == Some(Builtin::Exec);
        let span = command.span;
        let makes = makes_something(&step.deed);
        self.steps.push(step);
        let cond = match says {
            Some(says) => Cond::from(says),
            None if makes || is_check => Cond::Works(StepId(self.steps.len() as u32 - 1)),
            None => self.opaque_at(span),
        };
        let exit = if peeled.replaces_shell && !bare_exec { Exit::Always(Jump::Shell) } else { Exit::No };
        Flow { cond, exit }
    }

    /// Where a command is: at its own words, or at those of the call that hands it on: `run npm ci` with `run() { "$@"; }`.
    fn place_of(&self, argv: &Argv, written: Span) -> Span {
        let program = argv.program.span;
        let params = self.params.iter().flatten();
        match params.clone().any(|param| param.span == program) && !written.covers(program) {
            true => {
                params.map(|param| param.span).skip_while(|span| *span != program).fold(program, Span::to)
            }
            false => written,
        }
    }

    pub(crate) fn enter_command(&mut self, peeled: &wrappers::Peeled) {
        let cwd = peeled.argv.cwd.clone();
        self.enter(peeled);
        // `sudo -u app cmd` stays in the directory; only `-i` and `su -` go home.
        if !peeled.login {
            self.ctx.cwd = cwd;
        }
        self.ctx.wrappers.clear();
    }

    pub(crate) fn runs_download(&self) -> bool {
        matches!(self.ctx.stdin, Stdin::Pipe | Stdin::Text(_))
    }

    pub(crate) fn stdin_of(&mut self, command: &Command<'a>) -> Stdin {
        for redirect in command.redirects.iter().rev() {
            match &redirect.kind {
                RedirectKind::Heredoc(heredoc) => return Stdin::Text(self.expand(&heredoc.body)),
                RedirectKind::HereString(word) => {
                    let mut value = self.expand(word);
                    value.push_str("\n");
                    return Stdin::Text(value);
                }
                // `<&3`
                RedirectKind::Duplicate if redirect.descriptor.unwrap_or(0) == 0 => return Stdin::Pipe,
                RedirectKind::Read(word) if redirect.descriptor.unwrap_or(0) == 0 => {
                    return Stdin::File(self.expand(word).resolve(&self.ctx.cwd));
                }
                _ => {}
            }
        }
        self.ctx.stdin.clone()
    }

    pub(crate) fn step(&mut self, argv: Argv, span: Span, mut deed: Deed) -> Step {
        if deed.effects.len() > EFFECTS {
            deed.effects.truncate(EFFECTS);
            self.shell.gaps.push((span, "it acts on too many things to follow".to_owned()));
        }
        Step {
            argv,
            span,
            origin: None,
            user: self.ctx.user.clone(),
            place: self.ctx.place.clone(),
            on_failure: self.on_failure(),
            errexit: self.ctx.errexit,
            status_checked: false,
            in_loop: self.ctx.in_loop,
            background: self.ctx.background,
            umask: self.ctx.umask,
            entry: self.entry,
            guard: self.guard,
            deed,
            written: Vec::new(),
            wrappers: self.ctx.wrappers.clone(),
            redirected: None,
            environment: match self.names_are_open() || self.ctx.is_login {
                true => Environment::Unknown,
                false => Environment::Shell,
            },
        }
    }
}

/// True for a command that can be expected to succeed in the first run. One that takes something away may be there to find
/// out whether there is anything: `git remote remove origin || …`.
pub(crate) fn makes_something(deed: &Deed) -> bool {
    deed.known
        && deed.effects.iter().any(|e| matches!(e.change, Change::Create(_) | Change::Write | Change::Append))
        && !deed.effects.iter().any(|e| matches!((&e.change, e.again), (Change::Remove, Again::Fails(_))))
}

/// What a command gets of the environment of a shell that is known. The shell has set the first variables of the command.
fn passed(peeled: &wrappers::Peeled, of_shell: usize) -> Environment {
    let own = || peeled.argv.env.iter().skip(of_shell).map(|(name, _)| name.clone());
    match &peeled.preserved {
        Some(names) => Environment::Only(names.iter().cloned().chain(own()).collect()),
        None if peeled.clean_environment => Environment::Only(own().collect()),
        None => Environment::Shell,
    }
}

/// What code changes in the shell's own state and keeps: everything for `eval` and `source`, nothing for
/// another shell.
pub(crate) fn kept_state(
    saved: crate::model::walk::Context,
    now: &crate::model::walk::Context,
    same_shell: bool,
) -> crate::model::walk::Context {
    if !same_shell {
        return saved;
    }
    crate::model::walk::Context {
        cwd: now.cwd.clone(),
        errexit: now.errexit,
        pipefail: now.pipefail,
        nounset: now.nounset,
        umask: now.umask,
        allexport: now.allexport,
        traps: now.traps,
        on_exit: now.on_exit.clone(),
        ..saved
    }
}
