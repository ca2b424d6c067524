//! F3: one simple command: assignments, the shell's own commands, calls, code that it runs, and the step that it is.

use super::condition::Cond;
use super::region::fixed_text;
use super::scope::Variable;
use super::walk::{Exit, Flow, Function, Jump, Output, Walker};
use super::{Caller, Step, StepId, User, Written};
use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::ast::{AssignedValue, Assignment, Command, Operation, Part, Redirect, RedirectKind, Stmt};
use crate::shell::effect::{Again, Change, Deed, Effect, Prompt, Resource, Role};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::{Place, command_line, peel, resplit};
use crate::shell::{tools, wrappers};
use crate::source::Span;

/// The effects of one command. `mkdir {1..64}` has 64.
const EFFECTS: usize = 256;

impl<'a> Walker<'a, '_> {
    pub(super) fn command(&mut self, command: &'a Command<'a>) -> Flow {
        let keyword = match command.words.first().map(|w| w.parts) {
            Some([Part::Literal { text, quoted: false }]) => *text,
            _ => "",
        };
        if command.words.is_empty()
            || matches!(keyword, "export" | "local" | "readonly" | "declare" | "typeset")
        {
            return self.assignments(command, keyword);
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
        if let Some((&name, _)) = self.functions.get_key_value(name.as_str()) {
            let rest = args.split_off(1);
            return self.redirected_call(command, |walker| walker.call(name, Some(rest)));
        }
        if let Some(flow) = self.builtin(&name, &args, command) {
            return flow;
        }
        self.program(command, args)
    }

    fn redirected_call(&mut self, command: &Command<'a>, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        if !command.redirects.iter().any(|r| writes(r)) {
            return run(self);
        }
        self.captures.push(Vec::new());
        let flow = run(self);
        let parts = self.captures.pop().unwrap_or_default();
        let output = super::walk::join_outputs(parts, self.file);
        self.emit_redirects(command.redirects, command.span, output);
        flow
    }

    /// A compound statement with redirections.
    pub(super) fn redirected(
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
        let flow = if redirects.iter().any(writes) {
            self.captures.push(Vec::new());
            let flow = self.statement(body);
            let parts = self.captures.pop().unwrap_or_default();
            let output = super::walk::join_outputs(parts, self.file);
            // Only the redirections themselves: the body may be long.
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
    fn emit_redirects(&mut self, redirects: &[Redirect<'a>], span: Span, output: Output) {
        let argv = self.empty_argv(span);
        let mut step = self.step(argv, span, Deed { known: true, ..Deed::default() });
        self.redirections(redirects, &mut step, Some(output));
        if !step.deed.effects.is_empty() {
            self.steps.push(step);
        }
    }

    fn empty_argv(&self, span: Span) -> Argv {
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

    pub(super) fn emit_prompt(&mut self, span: Span, asks: &'static str) {
        let argv = self.empty_argv(span);
        let prompts =
            Some(Prompt { asks, instead: "take it from an argument or the environment", flag: None });
        let step = self.step(argv, span, Deed { prompts, known: true, ..Deed::default() });
        self.steps.push(step);
    }

    fn assignments(&mut self, command: &'a Command<'a>, keyword: &str) -> Flow {
        let before = self.steps.len();
        let status = std::mem::replace(&mut self.last, Cond::Always(true));
        let exports = command.words.iter().any(|w| matches!(w.parts, [Part::Literal { text, .. }] if text.starts_with('-') && text.contains('x')));
        for assignment in command.assignments {
            if matches!(keyword, "local" | "declare" | "typeset")
                && !self.locals.is_empty()
                && let Some(locals) = self.locals.last_mut()
            {
                locals.push(assignment.name);
            }
            self.assign(assignment, keyword == "export" || exports, &status);
        }
        if !command.redirects.is_empty() {
            let output = Output { value: Value::default(), content: fixed_text(String::new(), command.span) };
            self.emit_redirects(command.redirects, command.span, output);
        }
        // The status is that of the last substitution, except behind a keyword.
        let cond = if keyword.is_empty() && self.steps.len() > before {
            self.last.clone()
        } else {
            Cond::Always(true)
        };
        Flow::plain(cond)
    }

    fn assign(&mut self, assignment: &Assignment<'a>, export: bool, status: &Cond) {
        let name = assignment.name;
        let Some(value) = &assignment.value else {
            if export {
                self.scope.export(name);
            }
            return;
        };
        if assignment.element {
            let value = self.scope.unknown(name, Knowledge::Unknown);
            self.scope.set(name, Variable { value, ..Default::default() });
            return;
        }
        let variable = match value {
            AssignedValue::Word(word) => {
                let says = match word.parts {
                    [Part::Substitution { body, .. }] => self.output_says(body),
                    _ => None,
                };
                let alternatives = match word.parts {
                    [Part::Substitution { body, .. }] => self.output_values(body).unwrap_or_default(),
                    [Part::Parameter { name: "?", .. }] => vec![
                        (Value::literal("0"), status.clone()),
                        (Value::literal("1"), status.clone().negate()),
                    ],
                    [Part::Parameter { name, operation: Operation::Plain, .. }] => {
                        self.scope.get(name).map(|v| v.alternatives.clone()).unwrap_or_default()
                    }
                    _ => Vec::new(),
                };
                let mut value = self.expand(word);
                if assignment.append {
                    let mut whole = self.scope.get(name).map(|v| v.value.clone()).unwrap_or_default();
                    whole.push(&value);
                    value = whole;
                }
                let alternatives = if assignment.append { Vec::new() } else { alternatives };
                let says = says.filter(|_| alternatives.is_empty());
                let span = Some(word.span);
                Variable { value, says, alternatives, exported: export, span, ..Default::default() }
            }
            AssignedValue::Array(words) => {
                let mut elements: Vec<Value> =
                    self.expand_words(words).into_iter().map(|a| a.value).collect();
                if assignment.append
                    && let Some(before) = self.scope.get(name).and_then(|v| v.elements.clone())
                {
                    elements = before.into_iter().chain(elements).collect();
                }
                let value = elements.first().cloned().unwrap_or_default();
                Variable { value, elements: Some(elements), exported: export, ..Default::default() }
            }
        };
        self.scope.set(name, variable);
    }

    /// The shell's own commands (bash(1), SHELL BUILTIN COMMANDS), as far as they change the context.
    fn builtin(&mut self, name: &str, args: &[Arg], command: &'a Command<'a>) -> Option<Flow> {
        let ok = || Some(Flow::plain(Cond::Always(true)));
        let literal = |i: usize| args.get(i).and_then(|a| a.value.as_literal());
        match name {
            ":" | "true" => {
                if command.redirects.iter().any(writes) {
                    return None;
                }
                ok()
            }
            "false" => Some(Flow::plain(Cond::Always(false))),
            "cd" | "pushd" => {
                let target = args[1..]
                    .iter()
                    .find(|a| !matches!(a.value.as_literal(), Some("-P" | "-L" | "--" | "-e")));
                let cwd = match target {
                    None => self.ctx.home.clone(),
                    Some(arg) if arg.value.as_literal() == Some("-") => {
                        self.scope.unknown("OLDPWD", Knowledge::Symbolic)
                    }
                    Some(arg) => arg.value.resolve(&self.ctx.cwd),
                };
                // `cd X || exit` and `[ -d X ] && cd X` are read as if X were there.
                let cond = Cond::fact(Resource::Path(cwd.clone()), super::condition::Aspect::Directory);
                self.ctx.cwd = cwd;
                Some(Flow::plain(cond))
            }
            "popd" => {
                self.ctx.cwd = self.scope.unknown("OLDPWD", Knowledge::Symbolic);
                ok()
            }
            "set" => {
                self.set_options(args, command.span);
                ok()
            }
            "exit" => {
                let cond = Cond::Always(literal(1).is_none_or(|s| s == "0"));
                Some(Flow { cond, exit: Exit::Always(Jump::Shell) })
            }
            "return" => {
                let cond = match literal(1) {
                    Some("0") => Cond::Always(true),
                    Some(_) => Cond::Always(false),
                    None => self.last.clone(),
                };
                Some(Flow { cond, exit: Exit::Always(Jump::Function) })
            }
            "break" | "continue" => Some(Flow { cond: Cond::Always(true), exit: Exit::Always(Jump::Loop) }),
            "shift" => {
                if let Some(params) = &mut self.params {
                    let count = literal(1).and_then(|n| n.parse().ok()).unwrap_or(1).min(params.len());
                    params.drain(..count);
                }
                ok()
            }
            "umask" => {
                self.ctx.umask = literal(1).and_then(|m| u32::from_str_radix(m, 8).ok());
                ok()
            }
            "unset" => {
                for arg in &args[1..] {
                    if let Some(name) = arg.value.as_literal() {
                        let name: &'a str = self.arena.alloc_str(name);
                        self.scope.unset(name);
                    }
                }
                ok()
            }
            "export" => {
                for arg in &args[1..] {
                    if let Some(name) = arg.value.as_literal() {
                        let name: &'a str = self.arena.alloc_str(name);
                        self.scope.export(name);
                    }
                }
                ok()
            }
            "trap" => {
                self.trap(args, command);
                ok()
            }
            "local" | "declare" | "typeset" | "readonly" | "shopt" | "alias" | "wait" | "ulimit" | "let"
            | "hash" | "bg" | "fg" | "jobs" | "disown" | "times" | "enable" | "getopts" => ok(),
            "test" | "[" => {
                let mut words = &command.words[1..];
                if name == "[" && !words.is_empty() {
                    words = &words[..words.len() - 1];
                }
                let cond = self.test_says(words);
                Some(Flow::plain(cond))
            }
            "read" | "mapfile" | "readarray" => {
                // Its variables have new values, which nobody knows.
                for word in &command.words[1..] {
                    if let [Part::Literal { text, .. }] = word.parts
                        && !text.starts_with('-')
                        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                    {
                        let value = self.scope.unknown(text, Knowledge::Symbolic);
                        self.scope.set(text, Variable { value, ..Default::default() });
                    }
                }
                None
            }
            _ => None,
        }
    }

    /// `trap CODE EXIT` (bash(1)): signal 0 is the shell's end.
    fn trap(&mut self, args: &[Arg], command: &Command<'a>) {
        let Some((code, signals)) = args[1..].split_first() else { return };
        if !signals.iter().any(|s| matches!(s.value.as_literal(), Some("EXIT" | "0" | "SIGEXIT"))) {
            return;
        }
        self.ctx.on_exit = match code.value.as_literal() {
            Some("-" | "") => None,
            _ => Some(self.argument_text(command, code, Some(command.origin.tree)).0),
        };
    }

    fn set_options(&mut self, args: &[Arg], span: Span) {
        let mut at = 1;
        while let Some(arg) = args.get(at) {
            let text = arg.value.known_prefix().to_owned();
            let on = text.starts_with('-');
            if text == "--" || !(on || text.starts_with('+')) {
                break;
            }
            for letter in text.chars().skip(1) {
                match letter {
                    'e' => self.set_errexit(on, span),
                    'o' => {
                        let option = args.get(at + 1).and_then(|a| a.value.as_literal()).unwrap_or_default();
                        match option {
                            "errexit" => self.set_errexit(on, span),
                            "pipefail" => self.ctx.pipefail = on,
                            _ => {}
                        }
                        at += 1;
                    }
                    _ => {}
                }
            }
            at += 1;
        }
    }

    fn set_errexit(&mut self, on: bool, span: Span) {
        self.ctx.errexit = on;
        if on && self.errexit_at.is_none() && self.entry == 0 {
            self.errexit_at = Some(span);
        }
    }

    /// Anything that is not the shell's own.
    fn program(&mut self, command: &'a Command<'a>, args: Vec<Arg>) -> Flow {
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
        self.volume += argv.env.iter().map(|(n, v)| n.len() + v.key().len() + 64).sum::<usize>();
        let peeled = peel(argv);
        // `run cp a b`: what is left may be a function again (`sudo_if_needed`, `retry`).
        if let Some((&name, function)) = self.functions.get_key_value(peeled.argv.name.as_str())
            && peeled.wrappers.iter().all(|w| matches!(*w, "command" | "time" | "nice" | "timeout"))
            && !peeled.wrappers.is_empty()
            && peeled.code.is_none()
        {
            let _: &Function<'_> = function;
            let rest = peeled.argv.args.clone();
            return self.call(name, Some(rest));
        }
        let saved = self.ctx.clone();
        let saved_user = self.ctx.user.clone();
        if let Some(outer) = &peeled.outer {
            // `docker run IMAGE CMD` is a step of its own, out here.
            let deed = tools::deed(outer);
            let mut step = self.step((**outer).clone(), command.span, deed);
            step.origin = Some(command.origin);
            self.steps.push(step);
        }
        if let Some(code) = peeled.code.clone() {
            let mut step = None;
            let flow = self.run_code(command, code, &peeled);
            if flow.is_none() || command.redirects.iter().any(writes) {
                // `curl … | bash`: what it does is not known, that it runs is.
                self.enter(&peeled);
                let mut deed = tools::deed(&peeled.argv);
                if flow.is_none() && self.runs_download() {
                    deed.roles.push(Role::SystemPackages);
                }
                let mut it = self.step(peeled.argv.clone(), command.span, deed);
                self.ctx.user = saved_user;
                self.redirections(command.redirects, &mut it, None);
                it.origin = Some(command.origin);
                it.wrappers = peeled.wrappers.clone();
                step = Some(it);
            }
            self.ctx = kept_state(saved, &self.ctx, peeled.argv.name == "eval" || is_source(&peeled.argv));
            if let Some(step) = step {
                self.steps.push(step);
            }
            let mut flow = flow.unwrap_or_else(|| Flow::plain(Cond::Always(true)));
            if peeled.replaces_shell {
                flow.exit = Exit::Always(Jump::Shell);
            }
            if peeled.argv.name != "eval" && !is_source(&peeled.argv) && !peeled.replaces_shell {
                flow.exit = Exit::No;
            }
            return flow;
        }
        self.enter_command(&peeled);
        let mut deed = tools::deed(&peeled.argv);
        if peeled.argv.name == "crontab" {
            crontab_input(&mut deed, &peeled.argv.stdin);
        }
        let says = super::query::success_says(&peeled.argv);
        let mut step = self.step(peeled.argv.clone(), command.span, deed);
        step.origin = Some(command.origin);
        step.wrappers.extend(&peeled.wrappers);
        // Redirections are opened by the shell that calls, not by the user that sudo gives.
        let run_user = std::mem::replace(&mut self.ctx.user, saved_user);
        let printed = self.printed(&peeled.argv, command);
        self.written_by_program(&peeled.argv, command, &mut step);
        let goes_to_file = self.redirections(command.redirects, &mut step, printed.clone());
        self.ctx.user = run_user;
        self.ctx = saved;
        if !goes_to_file {
            match printed {
                Some(output) => self.print(output.value, output.content),
                None if self.captures.last().is_some() && !quiet_program(&peeled.argv.name) => {
                    let text = peeled.argv.to_string();
                    let knowledge = if super::expand::is_fresh_output(&text) {
                        Knowledge::Fresh
                    } else {
                        Knowledge::Unknown
                    };
                    let value = Value::hole(&format!("$({text})"), 0, knowledge);
                    self.print(value, fixed_text(format!("$({text})"), command.span));
                }
                None => {}
            }
        }
        let bare_exec = peeled.replaces_shell && step.argv.name == "exec";
        let span = command.span;
        let makes = makes_something(&step.deed);
        self.steps.push(step);
        let cond = match says {
            Some(says) => says,
            None if makes => Cond::Works(StepId(self.steps.len() as u32 - 1)),
            None => self.opaque_at(span),
        };
        let exit = if peeled.replaces_shell && !bare_exec { Exit::Always(Jump::Shell) } else { Exit::No };
        Flow { cond, exit }
    }

    fn enter_command(&mut self, peeled: &wrappers::Peeled) {
        let cwd = peeled.argv.cwd.clone();
        self.enter(peeled);
        // `sudo -u app cmd` stays where it is; only `-i` and `su -` go home.
        if !peeled.login {
            self.ctx.cwd = cwd;
        }
        self.ctx.wrappers.clear();
    }

    fn runs_download(&self) -> bool {
        matches!(self.ctx.stdin, Stdin::Pipe | Stdin::Text(_))
    }

    fn stdin_of(&mut self, command: &Command<'a>) -> Stdin {
        for redirect in command.redirects.iter().rev() {
            match &redirect.kind {
                RedirectKind::Heredoc(heredoc) => return Stdin::Text(self.expand(&heredoc.body)),
                RedirectKind::HereString(word) => {
                    let mut value = self.expand(word);
                    value.push_str("\n");
                    return Stdin::Text(value);
                }
                RedirectKind::Read(word) if redirect.descriptor.unwrap_or(0) == 0 => {
                    return Stdin::File(self.expand(word).resolve(&self.ctx.cwd));
                }
                _ => {}
            }
        }
        self.ctx.stdin.clone()
    }

    fn step(&mut self, argv: Argv, span: Span, mut deed: Deed) -> Step {
        if deed.effects.len() > EFFECTS {
            deed.effects.truncate(EFFECTS);
            self.shell.gaps.push((span, "it acts on more things than are followed".to_owned()));
        }
        Step {
            home: self.ctx.home.clone(),
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
        }
    }

    /// What a command prints: `echo`, `printf`, `cat` of a heredoc.
    fn printed(&mut self, argv: &Argv, command: &Command<'a>) -> Option<Output> {
        match argv.name.as_str() {
            "echo" | "printf" => {
                let mut args = argv.args.as_slice();
                while let Some(first) = args.first().and_then(|a| a.value.as_literal())
                    && argv.name == "echo"
                    && matches!(first, "-e" | "-n" | "-en" | "-ne" | "-E")
                {
                    args = &args[1..];
                }
                let mut value = Value::default();
                if let (Some(format), "printf") = (args.first(), argv.name.as_str()) {
                    value = printf(&format.value, &args[1..]);
                } else {
                    for (i, arg) in args.iter().enumerate() {
                        if i > 0 {
                            value.push_str(" ");
                        }
                        value.push(&arg.value);
                    }
                    value.push_str("\n");
                }
                let content = self.printed_text(&value, command);
                Some(Output { value, content })
            }
            "cat" if argv.args.iter().all(|a| a.value.as_literal() == Some("-")) => {
                let heredoc = command.redirects.iter().rev().find_map(|r| match r.kind {
                    RedirectKind::Heredoc(heredoc) => Some(heredoc),
                    _ => None,
                });
                if let Some(heredoc) = heredoc {
                    let value = self.expand(&heredoc.body);
                    let content = self.heredoc_text(heredoc, true);
                    return Some(Output { value, content });
                }
                match &argv.stdin {
                    Stdin::Text(value) => {
                        let content = fixed_text(value.to_string(), command.span);
                        Some(Output { value: value.clone(), content })
                    }
                    _ => None,
                }
            }
            // A filter keeps lines of what it reads: what it adds is nothing of its own.
            "grep" | "sort" | "uniq" | "sed" | "awk" => None,
            _ => None,
        }
    }

    /// The text that `echo` prints, with the places of its one argument where it has one.
    fn printed_text(&mut self, value: &Value, command: &Command<'a>) -> crate::source::MappedText {
        let long = command.words.iter().filter(|w| w.span.end - w.span.start > 40).count();
        if long == 1
            && let Some(word) = command.words.iter().find(|w| w.span.end - w.span.start > 40).copied()
        {
            return self.region_text(&word, Some(command.origin.tree), true);
        }
        fixed_text(value.to_string(), command.span)
    }

    /// `tee FILE`, `dd of=FILE`: standard input goes to files.
    fn written_by_program(&mut self, argv: &Argv, command: &Command<'a>, step: &mut Step) {
        let (files, append): (Vec<Value>, bool) = match argv.name.as_str() {
            "tee" => {
                let options = argv.options("a|append i|ignore-interrupts p");
                (options.operands.iter().map(|a| argv.path(a)).collect(), options.has("a"))
            }
            "dd" => {
                let of = argv.args.iter().find_map(|a| {
                    a.value.key().strip_prefix("of=").map(|f| Value::from_key(f, &a.value).resolve(&argv.cwd))
                });
                (of.into_iter().collect(), false)
            }
            _ => return,
        };
        let heredoc = command.redirects.iter().rev().find_map(|r| match r.kind {
            RedirectKind::Heredoc(heredoc) => Some(heredoc),
            _ => None,
        });
        let (value, content) = match (heredoc, &argv.stdin) {
            (Some(heredoc), Stdin::Text(value)) => (value.clone(), self.heredoc_text(heredoc, true)),
            (None, Stdin::Text(value)) => (value.clone(), fixed_text(value.to_string(), command.span)),
            _ => return,
        };
        for path in files {
            self.volume += value.key().len() + content.text.len();
            if self.overflows() {
                return;
            }
            // What is appended is known now: the text of the line.
            if append {
                for effect in &mut step.deed.effects {
                    if let Resource::Line { file, text } = &mut effect.resource
                        && *file == path
                    {
                        *text = value.clone();
                    }
                }
            }
            step.written.push(Written { path, content: content.clone(), value: value.clone(), append });
        }
    }

    /// The effects of redirections. True where standard output goes to a file.
    fn redirections(&mut self, redirects: &[Redirect<'a>], step: &mut Step, output: Option<Output>) -> bool {
        let mut to_file = false;
        for redirect in redirects {
            if step.deed.effects.len() > EFFECTS {
                self.shell.gaps.push((step.span, "it acts on more things than are followed".to_owned()));
                break;
            }
            let (word, append) = match &redirect.kind {
                RedirectKind::Write(word) | RedirectKind::WriteBoth(word) => (word, false),
                RedirectKind::Append(word) | RedirectKind::AppendBoth(word) => (word, true),
                _ => continue,
            };
            let standard = redirect.descriptor.unwrap_or(1) == 1;
            to_file |= standard;
            let value = self.expand(word);
            if value.known_prefix().starts_with("/dev/") && value.as_literal().is_some() {
                continue;
            }
            let path = value.resolve(&self.ctx.cwd);
            if standard {
                step.argv.stdout = Some((path.clone(), append));
            }
            let text = output.as_ref().filter(|_| standard);
            let effect = if append {
                let text =
                    text.map_or_else(|| Value::hole("output", 0, Knowledge::Unknown), |o| o.value.clone());
                let line = Resource::Line { file: path.clone(), text };
                Effect::new(Change::Append, line, Again::Duplicates("the same text is appended once more"))
            } else {
                Effect::new(Change::Write, Resource::Path(path.clone()), Again::NoChange)
            };
            step.deed.effects.push(effect.at(word.span));
            if let Some(output) = text {
                self.volume += output.value.key().len() + output.content.text.len();
                if self.overflows() {
                    continue;
                }
                step.written.push(Written {
                    path,
                    content: output.content.clone(),
                    value: output.value.clone(),
                    append,
                });
            }
        }
        to_file
    }
}

/// What `crontab -` does to the lines that are there: `(crontab -l; echo L) | crontab -` adds L once more, a filter in
/// between keeps it single, and a text of its own replaces them all.
fn crontab_input(deed: &mut Deed, stdin: &Stdin) {
    let again = match stdin {
        Stdin::Text(text) if text.key().contains("$(crontab") => {
            Again::Duplicates("crontab: the line is added once more")
        }
        // `grep -v`, `sort -u`: what stands in front of it is not seen here.
        Stdin::Text(text) if text.key().contains("$(") => Again::NoChange,
        _ => return,
    };
    for effect in &mut deed.effects {
        if matches!(effect.resource, Resource::Crontab(_)) {
            effect.again = again;
        }
    }
}

/// A command whose success can be counted on in the first run. One that takes something away may be there to find out
/// whether there is anything: `git remote remove origin || …`.
fn makes_something(deed: &Deed) -> bool {
    deed.known
        && deed.effects.iter().any(|e| matches!(e.change, Change::Create(_) | Change::Write | Change::Append))
        && !deed.effects.iter().any(|e| matches!((&e.change, e.again), (Change::Remove, Again::Fails(_))))
}

/// What code changes of the shell's own state outlives it: all for `eval` and `source`, nothing for another shell.
fn kept_state(
    saved: super::walk::Context,
    now: &super::walk::Context,
    same_shell: bool,
) -> super::walk::Context {
    if !same_shell {
        return saved;
    }
    super::walk::Context {
        cwd: now.cwd.clone(),
        errexit: now.errexit,
        pipefail: now.pipefail,
        umask: now.umask,
        on_exit: now.on_exit.clone(),
        ..saved
    }
}

fn is_source(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "source" | ".")
}

/// Programs that print nothing where all goes well.
fn quiet_program(name: &str) -> bool {
    matches!(
        name,
        "mkdir" | "chown" | "chmod" | "ln" | "rm" | "cp" | "mv" | "touch" | "sleep" | "cd" | "install"
    )
}

fn writes(redirect: &Redirect<'_>) -> bool {
    match &redirect.kind {
        RedirectKind::Write(word)
        | RedirectKind::WriteBoth(word)
        | RedirectKind::Append(word)
        | RedirectKind::AppendBoth(word) => {
            !matches!(word.parts, [Part::Literal { text, .. }] if text.starts_with("/dev/"))
        }
        _ => false,
    }
}

/// printf(1): `%s` takes the next argument, `\n` is a line end; anything else stays.
fn printf(format: &Value, args: &[Arg]) -> Value {
    let mut value = Value::default();
    let mut args = args.iter();
    let Some(text) = format.as_literal() else { return format.clone() };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                value.push_str("\n");
            }
            ('\\', Some('t')) => {
                chars.next();
                value.push_str("\t");
            }
            ('%', Some('%')) => {
                chars.next();
                value.push_str("%");
            }
            ('%', Some('s' | 'd' | 'b' | 'q')) => {
                chars.next();
                if let Some(arg) = args.next() {
                    value.push(&arg.value);
                }
            }
            (c, _) => value.push_str(c.encode_utf8(&mut [0; 4])),
        }
    }
    value
}

/// Who is expected to call the script, from its test for root or from what it does without sudo.
pub(super) fn caller(steps: &[Step], tested: Caller) -> Caller {
    if tested != Caller::Unknown {
        return tested;
    }
    let (mut with_sudo, mut without) = (0, 0);
    for step in steps.iter().filter(|s| s.place == Place::Here) {
        let sudo = step.wrappers.iter().any(|w| matches!(*w, "sudo" | "doas"));
        if sudo && step.user == User::Root {
            with_sudo += 1;
        } else if step.user == User::Caller && needs_root(step) {
            without += 1;
        }
    }
    match (with_sudo, without) {
        (0, 0) => Caller::Unknown,
        (sudo, bare) if bare > sudo => Caller::Root(None),
        _ => Caller::Ordinary,
    }
}

fn needs_root(step: &Step) -> bool {
    let root_roles = step.deed.roles.iter().any(|r| {
        matches!(r, Role::SystemPackages | Role::Account | Role::DaemonReload | Role::Enable | Role::Restart)
    }) && !matches!(step.argv.name.as_str(), "docker" | "pm2" | "supervisorctl");
    root_roles
        || step.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
            (Change::Own { user: Some(_), .. }, _) => true,
            (Change::Create(_) | Change::Write | Change::Append, Resource::Path(path))
            | (Change::Append, Resource::Line { file: path, .. }) => {
                path.known_prefix().starts_with("/etc/") || path.known_prefix().starts_with("/usr/")
            }
            _ => false,
        })
}

impl std::fmt::Display for Argv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.program.value)?;
        for arg in &self.args {
            write!(f, " {}", arg.value)?;
        }
        Ok(())
    }
}
