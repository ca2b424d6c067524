//! The conditions of `[ … ]`, `[[ … ]]`, `(( … ))`, and what it means that a command prints something.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::shell::ast::{Block, Operation, Part, Stmt, StmtKind, Word};
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::effect::Resource;
use crate::tools::says::{gives_caller, gives_id_of_account, names_caller, prints, tells_nothing};
use crate::tools::testing::{compares, counts_something, of_path};
use crate::tools::thing::Thing;

/// Represents what a command prints; no script compares with this.
const OUTPUT: &str = "(output)";

impl<'a> Walker<'a, '_> {
    /// The condition of `[ … ]` (test(1), bash(1) CONDITIONAL EXPRESSIONS).
    pub(crate) fn test_says(&mut self, words: &[Word<'a>]) -> Cond {
        let mut at = 0;
        let cond = self.test_or(words, &mut at, 0);
        if at < words.len() { self.opaque_words(words) } else { cond }
    }

    pub(crate) fn bare<'w>(&self, word: Option<&'w Word<'a>>) -> &'w str {
        match word.map(|w| w.parts) {
            Some([Part::Literal { text, quoted: false }]) => text,
            _ => "",
        }
    }

    pub(crate) fn test_or(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
        let mut left = self.test_and(words, at, depth);
        while matches!(self.bare(words.get(*at)), "-o" | "||") {
            *at += 1;
            let right = self.test_and(words, at, depth);
            left = left.or(right);
        }
        left
    }

    pub(crate) fn test_and(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
        let mut left = self.test_primary(words, at, depth);
        while matches!(self.bare(words.get(*at)), "-a" | "&&") {
            *at += 1;
            let right = self.test_primary(words, at, depth);
            left = left.and(right);
        }
        left
    }

    pub(crate) fn test_primary(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
        let rest = &words[(*at).min(words.len())..];
        let first = self.bare(rest.first());
        if depth > 50 || rest.is_empty() {
            *at = words.len();
            return self.opaque_words(words);
        }
        if first == "!" && rest.len() > 1 {
            *at += 1;
            return self.test_primary(words, at, depth + 1).negate();
        }
        if first == "(" {
            *at += 1;
            let inner = self.test_or(words, at, depth + 1);
            if self.bare(words.get(*at)) == ")" {
                *at += 1;
            }
            return inner;
        }
        let operator = self.bare(rest.get(1));
        let binary =
            ["=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
                .contains(&operator);
        if binary && rest.len() >= 3 {
            *at += 3;
            self.names_compared(&rest[0]);
            self.names_compared(&rest[2]);
            return self.comparison(&rest[0], operator, &rest[2]);
        }
        let unary = first.len() == 2 && first.starts_with('-') && first.as_bytes()[1].is_ascii_alphabetic();
        if unary && rest.len() >= 2 {
            let word = &rest[1];
            *at += 2;
            if matches!(first, "-n" | "-z") {
                let says = match self.word_is(word, |v| !v.is_empty()).or_else(|| self.word_says(word)) {
                    Some(cond) => cond,
                    None => {
                        let value = self.names_asked(|walker| walker.expand(word));
                        let value = value.to_string();
                        self.opaque(&format!("-n {value}"))
                    }
                };
                return if first == "-z" { says.negate() } else { says };
            }
            if first == "-v" {
                let name = self.expand(word);
                self.asks_by_name(name.as_literal());
            }
            // `[ -x "$(command -v docker)" ]`
            if let Some(cond) = self.word_says(word)
                && cond.facts().iter().all(|fact| matches!(fact.resource, Resource::Program(_)))
            {
                return cond;
            }
            let value = self.expand(word).resolve(&self.ctx.cwd);
            return match of_path(first, value.clone()) {
                Some(fact) => Cond::fact(fact.resource, fact.aspect),
                None => self.opaque(&format!("{first} {}", value.key())),
            };
        }
        *at += 1;
        let word = &rest[0];
        if let Some(cond) = self.word_is(word, |v| !v.is_empty()).or_else(|| self.word_says(word)) {
            return cond;
        }
        let value = self.names_asked(|walker| walker.expand(word)).to_string();
        self.opaque(&format!("-n {value}"))
    }

    pub(crate) fn comparison(&mut self, left: &Word<'a>, operator: &str, right: &Word<'a>) -> Cond {
        // `[ x"$(…)" != x ]`
        if let ([Part::Literal { text: "x" | "X", .. }, rest @ ..], [Part::Literal { text: "x" | "X", .. }]) =
            (left.parts, right.parts)
            && !rest.is_empty()
            && matches!(operator, "=" | "==" | "!=")
        {
            let empty = Word { parts: &[], span: right.span };
            return self.comparison(&Word { parts: rest, span: left.span }, operator, &empty);
        }
        // `[[ EXISTS == 0 ]]` compares the letters.
        if let ([Part::Literal { text: name, .. }], [Part::Literal { text: other, .. }]) =
            (left.parts, right.parts)
            && matches!(operator, "=" | "==" | "!=")
            && !other.contains(['*', '?', '['])
            && self.scope.get(name).is_some()
        {
            return Cond::Always((name == other) == (operator != "!="));
        }
        let equal = matches!(operator, "=" | "==" | "-eq");
        let unequal = matches!(operator, "!=" | "-ne");
        let status = |w: &Word<'a>| {
            matches!(w.parts, [Part::Parameter { name: "?", operation: Operation::Plain, .. }])
        };
        if status(left) && (equal || unequal) {
            self.status_was_read();
            let zero = matches!(right.parts, [Part::Literal { text, .. }] if *text == "0");
            let last = self.last.clone();
            return if zero == equal { last } else { last.negate() };
        }
        if (equal || unequal || matches!(operator, "-gt"))
            && let Some(cond) = self.calls_as(left, right).or_else(|| self.calls_as(right, left))
        {
            return if equal { cond } else { cond.negate() };
        }
        if let Some(cond) = self.compared(left, operator, right) {
            return cond;
        }
        if let Some(cond) = self.output_matches(left, operator, right) {
            return if unequal { cond.negate() } else { cond };
        }
        if equal || unequal {
            for (asked, other) in [(left, right), (right, left)] {
                let text = self.expand(other);
                if let Some(cond) = self.holds_text(asked, &text) {
                    return if unequal { cond.negate() } else { cond };
                }
            }
            // `[ "$(psql -tAc "SELECT 1 …")" = 1 ]`: a row was returned.
            for (asked, other) in [(left, right), (right, left)] {
                if let Some(cond) = self.word_says(asked) {
                    let other = self.expand(other);
                    let empty = other.as_literal().is_some_and(|t| t.is_empty() || t == "0");
                    return if empty == equal { cond.negate() } else { cond };
                }
            }
        }
        if matches!(operator, "-gt" | "-ge" | "=~" | "-lt" | "-le")
            && let Some(cond) = self.word_says(left)
        {
            let number = self.expand(right);
            let swap = cond.facts().iter().any(|f| matches!(f.resource, Resource::Other(Thing::Swap, _)));
            match counts_something(operator, number.as_literal().unwrap_or_default()) {
                Some(true) => return cond,
                Some(false) => return cond.negate(),
                // swapon(8) prints a line above the areas.
                None if operator == "=~" || swap => {
                    return if operator.starts_with("-l") { cond.negate() } else { cond };
                }
                None => {}
            }
        }
        let (a, b) = (self.expand(left).to_string(), self.expand(right).to_string());
        match operator {
            "!=" | "-ne" => self.opaque(&format!("{a} = {b}")).negate(),
            "==" | "-eq" | "=" => self.opaque(&format!("{a} = {b}")),
            _ => self.opaque(&format!("{a} {operator} {b}")),
        }
    }

    /// That a certain user calls the script, if the first word gives the caller: `"$(id -u)"` and `0`, `"$USER"` and `app`.
    /// Who is called by another name is not root.
    fn calls_as(&mut self, caller: &Word<'a>, user: &Word<'a>) -> Option<Cond> {
        let (is_id, is_name) = match caller.parts {
            [Part::Parameter { name: "EUID" | "UID", operation: Operation::Plain, .. }] => (true, false),
            [Part::Parameter { name: "USER" | "LOGNAME", operation: Operation::Plain, .. }] => (false, true),
            [Part::Substitution { text, .. }] => (gives_caller(text), names_caller(text)),
            _ => return None,
        };
        let written_root = matches!(user.parts, [Part::Literal { text: "0" | "root", .. }]);
        if (is_id || is_name) && written_root {
            return Some(Cond::Root);
        }
        let of_account = matches!(user.parts, [Part::Substitution { text, .. }] if gives_id_of_account(text));
        if !is_name && !of_account {
            return None;
        }
        let user = self.expand(user);
        match user.as_literal() {
            Some("root") => return Some(Cond::Root),
            Some("") => return None,
            _ => {}
        }
        let caller = self.expand(caller);
        Some(Cond::Root.negate().and(self.opaque(&format!("{caller} = {user}"))))
    }

    /// A comparison of a flag with one of its possible values: `[ "$NEEDED" = yes ]`.
    pub(crate) fn compared(&mut self, left: &Word<'a>, operator: &str, right: &Word<'a>) -> Option<Cond> {
        let value = self.expand(right);
        if let Some(text) = value.as_literal() {
            return self.word_is(left, |value| compares(value, operator, text));
        }
        let value = self.expand(left);
        let text = value.as_literal()?;
        self.word_is(right, |value| compares(text, operator, value))
    }

    /// `(( NEEDED == 1 ))`, `(( EUID != 0 ))`, `(( NEEDED ))`: bash(1), ARITHMETIC EVALUATION.
    pub(crate) fn arithmetic_says(&mut self, text: &'a str) -> Option<Cond> {
        let inner = text.trim().strip_prefix("((")?.strip_suffix("))")?.trim();
        let operators =
            [("==", "-eq"), ("!=", "-ne"), (">=", "-ge"), ("<=", "-le"), (">", "-gt"), ("<", "-lt")];
        let found = operators.iter().find_map(|(sign, name)| Some((inner.split_once(sign)?, *name)));
        let ((name, number), operator) = found.unwrap_or(((inner, "0"), "-ne"));
        let (name, number) = (name.trim().trim_start_matches('$'), number.trim());
        if matches!(name, "EUID" | "UID") && number == "0" {
            return match operator {
                "-eq" => Some(Cond::Root),
                "-ne" | "-gt" => Some(Cond::Root.negate()),
                _ => None,
            };
        }
        let parts: &'a [Part<'a>] = self.arena.alloc_slice_copy(&[Part::Parameter {
            name,
            operation: Operation::Plain,
            quoted: true,
        }]);
        let word = Word { parts, span: Span::file_start(self.file) };
        self.word_is(&word, |value| compares(value, operator, number))
    }

    pub(crate) fn opaque_words(&mut self, words: &[Word<'a>]) -> Cond {
        let mut text = String::new();
        for word in words {
            text.push_str(&self.expand(word).to_string());
            text.push(' ');
        }
        self.opaque(&text)
    }

    /// What it means that a substitution prints something.
    pub(crate) fn output_says(&mut self, body: Block<'a>) -> Option<Cond> {
        let [stmt] = body else { return None };
        if tells_of_nothing(stmt) {
            return None;
        }
        self.in_subshell(|walker| match stmt.kind {
            StmtKind::Command(_) | StmtKind::Pipeline(_) => {
                let (cond, first) = walker.quiet_command(stmt);
                if let (StmtKind::Command(_), Some(says)) = (stmt.kind, first.as_ref().and_then(prints)) {
                    return Some(Cond::from(says));
                }
                let told = !matches!(cond, Cond::Opaque(_) | Cond::Always(_) | Cond::Works(_));
                told.then_some(cond)
            }
            // `|| echo none` prints in any case.
            StmtKind::Or(first, other)
                if walker.known_output(std::slice::from_ref(other)).is_none_or(|o| o.is_empty()) =>
            {
                let cond = walker.quiet_statement(first);
                (!matches!(cond, Cond::Opaque(_) | Cond::Always(_))).then_some(cond)
            }
            _ => None,
        })
    }

    /// When a word has which value, if conditions that are followed decide that: a flag that an `if` set, the
    /// status of a command in a variable, `$(test … && echo yes || echo no)`.
    pub(crate) fn word_values(&mut self, word: &Word<'a>) -> Option<Vec<(Value, Cond)>> {
        let values = match word.parts {
            [Part::Substitution { body, .. }] => self.output_values(body)?,
            // `${#TODO[@]}`: whether there are any.
            [Part::Opaque { text, .. }] => {
                let name = text.strip_prefix("${#")?.strip_suffix("[@]}")?;
                let count = |v: &Value| Value::literal(if v.is_empty() { "0" } else { "1" });
                self.scope.get(name)?.alternatives.iter().map(|(v, c)| (count(v), c.clone())).collect()
            }
            [Part::Parameter { name, operation: Operation::Plain | Operation::Default(_), .. }] => {
                self.scope.get(name)?.alternatives.clone()
            }
            _ => return None,
        };
        (!values.is_empty() && values.iter().all(|(v, _)| v.as_literal().is_some())).then_some(values)
    }

    /// When a word has a value for which `test` is true.
    pub(crate) fn word_is(&mut self, word: &Word<'a>, test: impl Fn(&str) -> bool) -> Option<Cond> {
        let values = self.word_values(word)?;
        let matching = values.into_iter().filter(|(v, _)| v.as_literal().is_some_and(&test));
        Some(matching.fold(Cond::Always(false), |all, (_, when)| all.or(when)))
    }

    /// `TEST && echo A || echo B`, `COMMAND || echo B`.
    pub(crate) fn output_values(&mut self, body: Block<'a>) -> Option<Vec<(Value, Cond)>> {
        let [Stmt { kind: StmtKind::Or(first, other), .. }] = body else {
            return self.in_subshell(|walker| match body {
                [only] => walker.prints(only, 0).filter(|values| values.len() > 1),
                _ => walker.prints_status(body),
            });
        };
        self.in_subshell(|walker| {
            let other = walker.known_output(std::slice::from_ref(other))?;
            let (test, one) = match first.kind {
                StmtKind::And(test, one) => (test, walker.known_output(std::slice::from_ref(one))?),
                // `$(id -u app || echo none)`: if it succeeds, it prints something else.
                _ if !other.is_empty() => (*first, Value::literal(OUTPUT)),
                _ => return None,
            };
            let cond = walker.quiet_statement(test);
            Some(vec![(one, cond.clone()), (other, cond.negate())])
        })
    }
}

/// True if a command's output does not tell whether something exists. Most substitutions are of this kind, and need not be
/// walked twice.
fn tells_of_nothing(stmt: &Stmt<'_>) -> bool {
    let command = match stmt.kind {
        StmtKind::Command(command) => command,
        StmtKind::Pipeline([Stmt { kind: StmtKind::Command(command), .. }, ..]) => command,
        _ => return false,
    };
    tells_nothing(command.name())
}
