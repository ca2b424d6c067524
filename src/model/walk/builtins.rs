//! Assignments and the shell's own commands (bash(1), SHELL BUILTIN COMMANDS), and who should call the
//! script.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::model::walk::ends::{Exit, Flow, Jump};
use crate::model::walk::output::Output;
use crate::model::walk::output::fixed_text;
use crate::model::walk::scope::Variable;
use crate::shell::argv::Arg;
use crate::shell::ast::{AssignedValue, Assignment, Command, Operation, Part, Redirect, Word};
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;
use crate::tools::effect::Resource;

impl<'a> Walker<'a, '_> {
    pub(crate) fn assignments(&mut self, command: &'a Command<'a>, keyword: Option<Builtin>) -> Flow {
        let before = self.steps.len();
        let status = std::mem::replace(&mut self.last, Cond::Always(true));
        let has_option = |letters: &[char]| {
            command.words.iter().any(|word| matches!(word.parts, [Part::Literal { text, .. }] if text.starts_with('-') && text.contains(letters)))
        };
        let exports = has_option(&['x']);
        let is_array = keyword.is_some() && has_option(&['a', 'A', 'n']);
        for assignment in command.assignments {
            if keyword == Some(Builtin::Local)
                && !self.locals.is_empty()
                && let Some(locals) = self.locals.last_mut()
            {
                locals.push(assignment.name);
                // `local NAME` hides the value that the name had.
                if assignment.value.is_none() {
                    self.scope.forget(assignment.name);
                }
            }
            if is_array {
                self.scope.sets(assignment.name);
            }
            let exports = keyword == Some(Builtin::Export) || exports || self.ctx.allexport;
            self.assign(assignment, exports, &status);
        }
        self.sets_by_declaration(command);
        if !command.redirects.is_empty() {
            let output = Output { value: Value::default(), content: fixed_text(String::new(), command.span) };
            self.emit_redirects(command.redirects, command.span, output);
        }
        // The status is that of the last substitution, except behind a keyword.
        let cond = if keyword.is_none() && self.steps.len() > before {
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
                let mut value = self.names_extended(name, word, |walker| walker.expand(word));
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
    pub(crate) fn builtin(&mut self, name: &str, args: &[Arg], command: &'a Command<'a>) -> Option<Flow> {
        let ok = || Some(Flow::plain(Cond::Always(true)));
        let literal = |i: usize| args.get(i).and_then(|a| a.value.as_literal());
        match Builtin::named(name)? {
            Builtin::True => {
                if command.redirects.iter().any(Redirect::writes) {
                    return None;
                }
                ok()
            }
            Builtin::False => Some(Flow::plain(Cond::Always(false))),
            Builtin::ChangeDirectory => Some(Flow::plain(self.change_directory(&args[1..]))),
            Builtin::Back => {
                self.ctx.cwd = self.scope.unknown("OLDPWD", Knowledge::Symbolic);
                ok()
            }
            Builtin::Set => {
                self.set_options(args, command.span);
                ok()
            }
            Builtin::Exit => {
                let cond = Cond::Always(literal(1).is_none_or(|s| s == "0"));
                Some(Flow { cond, exit: Exit::Always(Jump::Shell) })
            }
            Builtin::Return => {
                self.jumps.returns += 1;
                let cond = match literal(1) {
                    Some("0") => Cond::Always(true),
                    Some(_) => Cond::Always(false),
                    None => self.last.clone(),
                };
                Some(Flow { cond, exit: Exit::Always(Jump::Function) })
            }
            Builtin::Jump => {
                self.jumps.loops += 1;
                Some(Flow { cond: Cond::Always(true), exit: Exit::Always(Jump::Loop) })
            }
            Builtin::Shift => {
                if let Some(params) = &mut self.params {
                    let count = literal(1).and_then(|n| n.parse().ok()).unwrap_or(1).min(params.len());
                    params.drain(..count);
                }
                ok()
            }
            Builtin::Umask => {
                self.ctx.umask = literal(1).and_then(|m| u32::from_str_radix(m, 8).ok());
                ok()
            }
            builtin @ (Builtin::Unset | Builtin::Export) => {
                for name in args[1..].iter().filter_map(|arg| arg.value.as_literal()) {
                    let name: &'a str = self.arena.alloc_str(name);
                    match builtin {
                        Builtin::Unset => self.scope.unset(name),
                        _ => self.scope.export(name),
                    }
                }
                ok()
            }
            Builtin::Trap => {
                self.trap(args, command);
                ok()
            }
            Builtin::Local | Builtin::Readonly | Builtin::Other => ok(),
            Builtin::Test => {
                let mut words = &command.words[1..];
                if name == "[" && !words.is_empty() {
                    words = &words[..words.len() - 1];
                }
                let cond = self.test_says(words);
                Some(Flow::plain(cond))
            }
            Builtin::Read => {
                self.read_variables(&command.words[1..]);
                None
            }
            Builtin::Eval | Builtin::Source | Builtin::Exec => None,
        }
    }

    /// `cd [DIR]`. `cd X || exit` and `[ -d X ] && cd X` are read as if X were there.
    fn change_directory(&mut self, args: &[Arg]) -> Cond {
        let target = args.iter().find(|a| !matches!(a.value.as_literal(), Some("-P" | "-L" | "--" | "-e")));
        let cwd = match target {
            None => self.ctx.home.clone(),
            Some(arg) if arg.value.as_literal() == Some("-") => {
                self.scope.unknown("OLDPWD", Knowledge::Symbolic)
            }
            Some(arg) => arg.value.resolve(&self.ctx.cwd),
        };
        let cond = Cond::fact(Resource::Path(cwd.clone()), crate::tools::says::Aspect::Directory);
        self.ctx.cwd = cwd;
        cond
    }

    /// `read NAME…`: the variables get new values, which are not known.
    fn read_variables(&mut self, words: &'a [Word<'a>]) {
        for word in words {
            if let [Part::Literal { text, .. }] = word.parts
                && !text.starts_with('-')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                let value = self.scope.unknown(text, Knowledge::Symbolic);
                self.scope.set(text, Variable { value, ..Default::default() });
            }
        }
    }

    /// `trap CODE EXIT` (bash(1)): signal 0 is the shell's end.
    fn trap(&mut self, args: &[Arg], command: &Command<'a>) {
        let Some((code, signals)) = args[1..].split_first() else { return };
        if signals.iter().any(|s| s.value.as_literal() == Some("ERR"))
            && !self.ctx.errexit
            && code.value.as_literal().is_some_and(|code| self.code_leaves(code))
        {
            self.ctx.errexit = true;
            self.ctx.traps.0 = true;
        }
        if !signals.iter().any(|s| matches!(s.value.as_literal(), Some("EXIT" | "0" | "SIGEXIT"))) {
            return;
        }
        self.ctx.on_exit = match code.value.as_literal() {
            Some("-" | "") => None,
            _ => Some(self.argument_text(command, code, Some(command.origin.tree)).0),
        };
    }

    /// True if the code of a trap ends the shell: `exit` is among its words, or a function that leaves, which may be defined
    /// after the trap.
    fn code_leaves(&self, code: &str) -> bool {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        code.split(|c| !is_word(c)).any(|word| {
            Builtin::named(word) == Some(Builtin::Exit)
                || self.functions.body_in_the_end(word).is_some_and(|body| self.body_exits(body, 0))
        })
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
                    'u' => self.ctx.nounset = on,
                    'a' => self.ctx.allexport = on,
                    'E' => self.ctx.traps.1 = on,
                    'o' => {
                        let option = args.get(at + 1).and_then(|a| a.value.as_literal()).unwrap_or_default();
                        match option {
                            "errexit" => self.set_errexit(on, span),
                            "pipefail" => self.ctx.pipefail = on,
                            "nounset" => self.ctx.nounset = on,
                            "errtrace" => self.ctx.traps.1 = on,
                            "allexport" => self.ctx.allexport = on,
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
        self.ctx.traps.0 = false;
        if on && self.errexit_at.is_none() && self.entry == 0 {
            self.errexit_at = Some(span);
        }
    }
}
