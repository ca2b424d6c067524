//! Expansion of words to values, as described in bash(1), EXPANSION, as far as values are known.

use crate::limit::tick;
use crate::model::User;
use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::shell::argv::Arg;
use crate::shell::ast::{Block, Operation, Part, StmtKind, Word};
use crate::shell::builtins::Builtin;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::home_of;
use crate::tools::containers::may_list;
use crate::tools::prints::{self, Follows};

impl<'a> Walker<'a, '_> {
    /// A command's words after expansion and splitting.
    pub(crate) fn expand_words(&mut self, words: &[Word<'a>]) -> Vec<Arg> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            self.expand_into(word, &mut out);
        }
        out
    }

    fn expand_into(&mut self, word: &Word<'a>, out: &mut Vec<Arg>) {
        // "$@" and similar: each parameter is a word.
        if let [Part::Parameter { name, operation: Operation::Plain | Operation::All, quoted }] = word.parts {
            let list = match *name {
                "@" | "*" => self.params.clone(),
                name => self.scope.get(name).and_then(|v| v.elements.as_ref()).and_then(|elements| {
                    word_is_all(word).then(|| {
                        elements.iter().map(|e| Arg { value: e.clone(), span: word.span }).collect::<Vec<_>>()
                    })
                }),
            };
            if let Some(list) = list
                && (*quoted || *name != "*")
            {
                // Findings point at what the caller wrote.
                if !self.overflows() {
                    self.budget.spend(list.iter().map(|a| a.value.key().len() + 64).sum::<usize>());
                    out.extend(list);
                }
                return;
            }
            if !quoted {
                self.names_optional(name);
                let value = self.expand(word);
                let value = match self.scope.get(name) {
                    // A wrapper that may be empty: `$SUDO cp`. The widest possible value counts.
                    Some(v) if out.is_empty() && v.alternatives.iter().any(|(a, _)| !a.is_empty()) => {
                        let known = v.alternatives.iter().map(|(a, _)| a);
                        let longest = known.filter(|a| a.as_literal().is_some());
                        longest.max_by_key(|a| a.key().len()).cloned().unwrap_or(value)
                    }
                    _ => value,
                };
                match value.as_literal() {
                    Some(text) => {
                        for piece in text.split_ascii_whitespace() {
                            out.push(Arg { value: Value::literal(piece), span: word.span });
                        }
                    }
                    None => out.push(Arg { value, span: word.span }),
                }
                return;
            }
        }
        let value = self.expand(word);
        // An unquoted expansion whose known value has blanks gives several words.
        let splits = word.parts.iter().any(|p| {
            matches!(p, Part::Parameter { quoted: false, .. } | Part::Substitution { quoted: false, .. })
        }) && value.as_literal().is_some_and(|t| t.contains([' ', '\t', '\n']))
            && !word
                .parts
                .iter()
                .any(|p| matches!(p, Part::Literal { text, quoted: true } if text.contains(' ')));
        if splits {
            let text = value.as_literal().unwrap_or_default().to_owned();
            out.extend(
                text.split_ascii_whitespace().map(|w| Arg { value: Value::literal(w), span: word.span }),
            );
            return;
        }
        out.push(Arg { value, span: word.span });
    }

    /// The value of a word, without splitting.
    pub(crate) fn expand(&mut self, word: &Word<'a>) -> Value {
        self.expand_parts(word.parts)
    }

    fn expand_parts(&mut self, parts: &[Part<'a>]) -> Value {
        if let [Part::Literal { text, .. }] = parts {
            return Value::of_text(text);
        }
        tick();
        if self.overflows() {
            return Value::hole("(…)", 0, Knowledge::Unknown);
        }
        let mut value = Value::default();
        for part in parts {
            match part {
                Part::Literal { text, .. } => value.push_str(text),
                Part::Glob(c) => value.push_glob(*c),
                Part::Tilde(user) => {
                    let home =
                        if user.is_empty() { self.ctx.home.clone() } else { home_of(&Value::literal(*user)) };
                    value.push(&home);
                }
                Part::Parameter { name, operation, .. } => {
                    let part = self.parameter(name, operation);
                    value.push(&part);
                }
                Part::Substitution { body, text, .. } => {
                    let part = self.substitution(body, text);
                    value.push(&part);
                }
                Part::Process { body } => {
                    self.in_subshell(|walker| walker.unseen_block(body));
                    value.push(&Value::hole("<(…)", 0, Knowledge::Unknown));
                }
                Part::Opaque { text, body } => {
                    if !body.is_empty() {
                        self.in_subshell(|walker| walker.unseen_block(body));
                    }
                    self.sets_in_expansion(text);
                    if text.starts_with("${PIPESTATUS[") {
                        self.pipe_was_read();
                    }
                    if is_indirect(text) {
                        self.asks_by_name(None);
                    }
                    let knowledge =
                        if prints::is_fresh(text) { Knowledge::Fresh } else { Knowledge::Unknown };
                    value.push(&Value::hole(text, 0, knowledge));
                }
            }
        }
        self.budget.spend(value.key().len());
        value
    }

    fn parameter(&mut self, name: &'a str, operation: &Operation<'a>) -> Value {
        let set = self.value_of(name);
        if set.is_none() {
            self.reads_unset(name, operation);
        }
        match operation {
            Operation::Plain | Operation::Required => set.unwrap_or_else(|| self.unset(name)),
            Operation::All => match self.scope.get(name).and_then(|v| v.elements.clone()) {
                Some(elements) => {
                    let mut joined = Value::default();
                    for (i, element) in elements.iter().enumerate() {
                        if i > 0 {
                            joined.push_str(" ");
                        }
                        joined.push(element);
                    }
                    joined
                }
                None => self.unset(name),
            },
            Operation::Default(word) | Operation::Assign(word) => {
                let positional = name.bytes().all(|b| b.is_ascii_digit()) || matches!(name, "@" | "*");
                let value = match set {
                    Some(value) if !value.is_empty() => value,
                    // The caller's value is not known, even if there is a default.
                    _ if positional && self.params.is_none() => self.unset(name),
                    _ => self.expand_parts(word),
                };
                if matches!(operation, Operation::Assign(_)) && !positional {
                    let variable =
                        crate::model::walk::scope::Variable { value: value.clone(), ..Default::default() };
                    self.scope.set(name, variable);
                }
                value
            }
            Operation::Alternative(word) => match set {
                Some(value) if value.is_empty() && value.as_literal().is_some() => Value::default(),
                Some(value) if value.as_literal().is_some() => self.expand_parts(word),
                _ => self.scope.unknown(name, Knowledge::Symbolic),
            },
            Operation::RemovePrefix { pattern, longest } => {
                let value = set.unwrap_or_else(|| self.unset(name));
                match (*pattern, longest) {
                    ("*/", true) => value.basename(),
                    _ => match value.as_literal().and_then(|text| text.strip_prefix(pattern)) {
                        Some(rest) if !pattern.contains(['*', '?', '$']) => Value::of_text(rest),
                        _ => self.scope.unknown(name, value.knowledge().max(Knowledge::Symbolic)),
                    },
                }
            }
            Operation::RemoveSuffix { pattern, longest } => {
                let value = set.unwrap_or_else(|| self.unset(name));
                match (*pattern, longest) {
                    ("/*", false) => value.dirname(),
                    ("/", _) => Value::from_key(value.key().strip_suffix('/').unwrap_or(value.key()), &value),
                    _ => match value.as_literal().and_then(|text| text.strip_suffix(pattern)) {
                        Some(rest) if !pattern.contains(['*', '?', '$']) => Value::of_text(rest),
                        _ => self.scope.unknown(name, value.knowledge().max(Knowledge::Symbolic)),
                    },
                }
            }
            Operation::Other => {
                let knowledge = set.map_or(Knowledge::Symbolic, |v| v.knowledge().max(Knowledge::Symbolic));
                self.scope.unknown(name, knowledge)
            }
        }
    }

    /// The value of a variable or parameter, if it is known.
    fn value_of(&mut self, name: &str) -> Option<Value> {
        if let Some(variable) = self.scope.get(name) {
            return Some(variable.value.clone());
        }
        match name {
            "HOME" => Some(self.ctx.home.clone()),
            "PWD" => Some(self.ctx.cwd.clone()),
            "0" | "BASH_SOURCE" => Some(self.script_path.clone()),
            "?" => {
                self.status_was_read();
                None
            }
            "PIPESTATUS" => {
                self.pipe_was_read();
                None
            }
            "@" | "*" => self.params.as_ref().map(|params| {
                let mut joined = Value::default();
                for (i, param) in params.iter().enumerate() {
                    if i > 0 {
                        joined.push_str(" ");
                    }
                    joined.push(&param.value);
                }
                joined
            }),
            "#" => {
                let params = self.params.as_ref()?;
                (!params.iter().any(Arg::is_all_arguments)).then(|| Value::literal(params.len().to_string()))
            }
            _ => {
                let index = name.parse::<usize>().ok()?.checked_sub(1)?;
                let params = self.params.as_ref()?;
                match params.iter().position(Arg::is_all_arguments).filter(|all| *all <= index) {
                    // `main "$@"` hands on arguments that are not known, so this is one of the script's own.
                    Some(all) => {
                        let name: &'a str = self.arena.alloc_str(&(index - all + 1).to_string());
                        Some(self.unset(name))
                    }
                    None => Some(params.get(index).map(|a| a.value.clone()).unwrap_or_default()),
                }
            }
        }
    }

    /// `$?` was read, so the last step's failure does not go unnoticed.
    pub(super) fn status_was_read(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.status_checked = true;
        }
    }

    /// `PIPESTATUS` was read, so no failure of the last pipeline goes unnoticed.
    fn pipe_was_read(&mut self) {
        for step in self.steps.iter_mut().skip(self.piped_from) {
            step.status_checked = true;
        }
    }

    /// The placeholder for a variable that the script does not set: the environment provides it, the same on
    /// every run.
    fn unset(&mut self, name: &str) -> Value {
        match name {
            "$" | "RANDOM" | "SECONDS" | "EPOCHSECONDS" | "EPOCHREALTIME" | "BASHPID" | "SRANDOM" | "!" => {
                Value::hole(name, 0, Knowledge::Fresh)
            }
            "?" | "_" | "REPLY" => Value::hole(name, 0, Knowledge::Unknown),
            _ => Value::hole(name, 0, Knowledge::Symbolic),
        }
    }

    /// The output of `$(…)`: computed if it is about paths, else a hole that says how it was made.
    fn substitution(&mut self, body: Block<'a>, text: &'a str) -> Value {
        let known = self.in_subshell(|walker| {
            let known = walker.known_output(body);
            if known.is_none() {
                walker.unseen_block(body);
            }
            known
        });
        if let Some(value) = known {
            return value;
        }
        if prints::is_fresh(text) {
            let site = self.scope.version();
            return Value::hole(text, site, Knowledge::Fresh);
        }
        if let ([stmt], true) = (body, may_list(text)) {
            let (_, first) = self.in_subshell(|walker| walker.quiet_command(stmt));
            if let Some(first) = first {
                return Value::hole(&format!("$({first})"), 0, Knowledge::Symbolic);
            }
        }
        let first = match body.first().map(|s| s.kind) {
            Some(StmtKind::Command(c)) => c.words.first(),
            Some(StmtKind::Pipeline(stages)) => match stages.first().map(|s| s.kind) {
                Some(StmtKind::Command(c)) => c.words.first(),
                _ => None,
            },
            _ => None,
        };
        let name = match first.map(|w| w.parts) {
            Some([Part::Literal { text, .. }]) => text.rsplit('/').next().unwrap_or(text),
            _ => "",
        };
        let knowledge = if prints::is_stable(name) { Knowledge::Symbolic } else { Knowledge::Unknown };
        // The same text with other values in its variables is another value.
        let version = if text.contains('$') && text[1..].contains('$') { self.scope.version() } else { 0 };
        Value::hole(text, version, knowledge)
    }

    /// Commands whose output is captured; it is not part of what the surrounding command prints.
    fn unseen_block(&mut self, body: Block<'a>) {
        self.captures.push(Vec::new());
        self.block(body);
        self.captures.pop();
    }

    /// `dirname`, `basename`, `pwd`, `cd X && pwd`, `realpath`, `readlink -f`, `echo`, `printf '%s'`, `whoami`.
    pub(crate) fn known_output(&mut self, body: Block<'a>) -> Option<Value> {
        let [stmt] = body else {
            let [first, last] = body else { return None };
            return self.cd_and_pwd(first.kind, last.kind);
        };
        match stmt.kind {
            StmtKind::And(a, b) => self.cd_and_pwd(a.kind, b.kind),
            StmtKind::Command(command) => {
                if !command.assignments.is_empty() {
                    return None;
                }
                let name = match command.words.first()?.parts {
                    [Part::Literal { text, .. }] => text.rsplit('/').next().unwrap_or(text),
                    _ => return None,
                };
                let follows = prints::follows(name)?;
                if follows == Follows::Words && !command.redirects.is_empty() {
                    return None;
                }
                match follows {
                    Follows::Directory => Some(self.ctx.cwd.clone()),
                    Follows::Caller => match &self.ctx.user {
                        User::Root => Some(Value::literal("root")),
                        User::Named(name) => Some(name.clone()),
                        _ => Some(Value::hole("USER", 0, Knowledge::Symbolic)),
                    },
                    Follows::Path(part) => {
                        let words = self.expand_words(&command.words[1..]);
                        prints::part_of_path(name, part, &words, &self.ctx.cwd)
                    }
                    Follows::Words => {
                        let words = self.expand_words(&command.words[1..]);
                        prints::words_as_given(name, &words)
                    }
                }
            }
            _ => None,
        }
    }

    fn cd_and_pwd(&mut self, first: StmtKind<'a>, last: StmtKind<'a>) -> Option<Value> {
        let (StmtKind::Command(cd), StmtKind::Command(pwd)) = (first, last) else { return None };
        if prints::follows(pwd.name()) != Some(Follows::Directory) {
            return None;
        }
        let words = self.expand_words(cd.words);
        let name = words.first()?.value.as_literal()?;
        if Builtin::named(name) != Some(Builtin::ChangeDirectory) {
            return None;
        }
        let target = words.iter().skip(1).rfind(|a| !a.is_option())?;
        Some(target.value.resolve(&self.ctx.cwd))
    }

    /// What it means that a word is not empty: `-n "$(docker ps -q -f name=web)"`.
    pub(crate) fn word_says(&mut self, word: &Word<'a>) -> Option<Cond> {
        match word.parts {
            [Part::Substitution { body, .. }] => self.output_says(body),
            [Part::Parameter { name, operation: Operation::Plain, .. }] => {
                self.scope.get(name).and_then(|v| v.says.clone())
            }
            _ => None,
        }
    }
}

/// True for `${!name}`, which reads the variable that another one names. `${!list[@]}` and `${!prefix*}` list names.
fn is_indirect(text: &str) -> bool {
    let inner = text.strip_prefix("${!").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.ends_with(['@', '*', ']']))
}

fn word_is_all(word: &Word<'_>) -> bool {
    matches!(word.parts, [Part::Parameter { operation: Operation::All, .. }])
}
