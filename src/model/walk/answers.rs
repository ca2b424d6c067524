//! What it means that a command prints something, or prints exactly this; and what a test means that is run
//! as a program.

use crate::model::condition::Cond;
use crate::model::walk::Walker;
use crate::shell::argv::Argv;
use crate::shell::ast::{CaseArm, Operation, Part, Stmt, StmtKind, Word};
use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::patterns::Pattern;
use crate::tools::prints::prints_its_words;
use crate::tools::says;
use crate::tools::texts::shown_file;

/// The longest chain of functions and branches that is followed for what it prints.
const PRINTS: u32 = 6;

impl<'a> Walker<'a, '_> {
    /// The condition of a statement without its steps, and the first command in it.
    pub(crate) fn quiet_command(&mut self, stmt: &Stmt<'a>) -> (Cond, Option<Argv>) {
        let (steps, guards) = (self.steps.len(), self.guards.len());
        self.captures.push(Vec::new());
        let flow =
            self.with_failure(super::ends::Failure::Is(super::OnFailure::Handled), |w| w.statement(stmt));
        self.captures.pop();
        let first = self.steps.get(steps).map(|s| s.argv.clone());
        self.steps.truncate(steps);
        self.guards.truncate(guards);
        (flow.cond, first)
    }

    /// `[ "$(cat F)" = 2 ]`: the file contains exactly that line.
    pub(crate) fn holds_text(&mut self, asked: &Word<'a>, text: &Value) -> Option<Cond> {
        let [Part::Substitution { body: [stmt], .. }] = asked.parts else { return None };
        let text = text.as_literal().filter(|t| !t.is_empty() && !t.contains('\n'))?;
        let StmtKind::Command(_) = stmt.kind else { return None };
        let (_, argv) = self.in_subshell(|w| w.quiet_command(stmt));
        let file = shown_file(&argv?)?;
        let text = Value::literal(format!("^{}$", regex::escape(text)));
        Some(Cond::exists(Resource::Line { file, text }))
    }

    /// `[[ "$(crontab -l)" == *backup* ]]`, `[[ $(cat F) =~ x ]]`: as if the output went to grep.
    pub(crate) fn output_matches(
        &mut self,
        asked: &Word<'a>,
        operator: &str,
        pattern: &Word<'a>,
    ) -> Option<Cond> {
        if !matches!(asked.parts, [Part::Substitution { .. } | Part::Parameter { .. }]) {
            return None;
        }
        let text = match (operator, pattern.parts) {
            ("==" | "=" | "!=", [Part::Glob('*'), inner @ .., Part::Glob('*')])
                if inner.iter().all(|p| !matches!(p, Part::Glob(_))) && !inner.is_empty() =>
            {
                self.expand(&Word { parts: inner, span: pattern.span })
            }
            ("=~", _) => self.expand(pattern),
            _ => return None,
        };
        let pattern = if operator == "=~" { Pattern::extended(text) } else { Pattern::fixed(text) };
        let stmt = match asked.parts {
            [Part::Substitution { body: [stmt], .. }] => stmt,
            // `[[ $(< F) == *x* ]]`
            [Part::Substitution { body: [], text, .. }] => {
                let file = text.strip_prefix("$(")?.strip_suffix(')')?.trim().strip_prefix('<')?.trim();
                let file = Value::literal(file.trim_matches('"')).resolve(&self.ctx.cwd);
                return Some(Cond::exists(Resource::Line { file, text: pattern.line() }));
            }
            [Part::Parameter { operation: Operation::Plain, .. }] => {
                return says::text_matches(&self.expand(asked), &pattern).map(Cond::from);
            }
            _ => return None,
        };
        let (_, first) = self.in_subshell(|w| w.quiet_command(stmt));
        says::output_matches(&first?, &pattern).map(Cond::from)
    }

    /// When the subject of a `case` goes to an arm, if the subject is what a command prints:
    /// `case "$(crontab -l)" in *backup*)`. `before` is when it goes to an earlier arm.
    pub(crate) fn arm_holds(
        &mut self,
        subject: &Word<'a>,
        arm: &CaseArm<'a>,
        before: &Option<Cond>,
    ) -> Option<Cond> {
        let before = before.clone()?.negate();
        let [pattern] = arm.patterns else { return None };
        match pattern.parts {
            [Part::Glob('*')] => Some(before).filter(|b| !matches!(b, Cond::Always(_))),
            // `case "$(getent passwd app)" in '') …`
            [] | [Part::Literal { text: "", .. }] => {
                self.word_says(subject).map(|says| before.and(says.negate()))
            }
            _ => self.output_matches(subject, "==", pattern).map(|cond| before.and(cond)),
        }
    }

    /// What a statement prints, and when: `TEST && echo A || echo B`,
    /// `if TEST; then echo A; else echo B; fi`, or a function of such statements.
    pub(crate) fn prints(&mut self, stmt: &'a Stmt<'a>, depth: u32) -> Option<Vec<(Value, Cond)>> {
        if depth > PRINTS {
            return None;
        }
        match stmt.kind {
            StmtKind::Command(command) => {
                if let Some(value) = self.known_output(std::slice::from_ref(stmt)) {
                    return prints_its_words(command.name()).then(|| vec![(value, Cond::Always(true))]);
                }
                let [word] = command.words else { return None };
                let [Part::Literal { text, .. }] = word.parts else { return None };
                let body = self.functions.look_into(text)?;
                self.prints(body, depth + 1)
            }
            StmtKind::Group([only]) => self.prints(only, depth + 1),
            StmtKind::If { arms: [(condition, body)], otherwise } => {
                let ([condition], [body]) = (condition, body) else { return None };
                let yes = self.prints(body, depth + 1)?;
                let no = match otherwise {
                    Some([only]) => self.prints(only, depth + 1)?,
                    Some(_) => return None,
                    None => vec![(Value::default(), Cond::Always(true))],
                };
                let cond = self.quiet_statement(condition);
                let with = |values: Vec<(Value, Cond)>, cond: &Cond| {
                    values.into_iter().map(|(v, when)| (v, when.and(cond.clone()))).collect::<Vec<_>>()
                };
                let mut values = with(yes, &cond);
                values.extend(with(no, &cond.negate()));
                Some(values)
            }
            StmtKind::And(test, one) if !matches!(one.kind, StmtKind::Command(c) if c.words.is_empty()) => {
                let one = self.prints(one, depth + 1)?;
                let cond = self.quiet_statement(test);
                let mut values: Vec<(Value, Cond)> =
                    one.into_iter().map(|(v, when)| (v, when.and(cond.clone()))).collect();
                values.push((Value::default(), cond.negate()));
                Some(values)
            }
            _ => None,
        }
    }

    /// `TEST; echo $?`.
    pub(crate) fn prints_status(&mut self, body: &[Stmt<'a>]) -> Option<Vec<(Value, Cond)>> {
        let [test, echo] = body else { return None };
        let StmtKind::Command(command) = echo.kind else { return None };
        let [_, status] = command.words else { return None };
        if !prints_its_words(command.name()) {
            return None;
        }
        let [Part::Parameter { name: "?", operation: Operation::Plain, .. }] = status.parts else {
            return None;
        };
        let cond = self.quiet_statement(test);
        Some(vec![(Value::literal("0"), cond.clone()), (Value::literal("1"), cond.negate())])
    }
}
