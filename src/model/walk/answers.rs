//! What it means that a command prints something, or prints exactly this; and what a test means that is run
//! as a program.

use crate::model::condition::{Aspect, Cond, path_test};
use crate::model::pattern::{GREP, basic, line_pattern};
use crate::model::walk::Walker;
use crate::model::walk::query::{found_in, pipe_says};
use crate::shell::argv::{Argv, Stdin};
use crate::shell::ast::{CaseArm, Operation, Part, Stmt, StmtKind, Word};
use crate::shell::value::Value;
use crate::tools::effect::Resource;

/// The longest chain of functions and branches that is followed for what it prints.
const PRINTS: u32 = 6;

/// `sudo test -f X`, `sudo [ ! -d X ]`: test(1) run as a program, with one path.
pub(crate) fn test_program(argv: &Argv) -> Option<Cond> {
    let mut args = argv.args.as_slice();
    if argv.name != "test" {
        args = args.split_last().filter(|(last, _)| last.value.to_string() == "]")?.1;
    }
    let mut negated = false;
    while let Some((first, rest)) = args.split_first()
        && first.value.as_literal() == Some("!")
    {
        negated = !negated;
        args = rest;
    }
    let [operator, path] = args else { return None };
    let cond = path_test(operator.value.as_literal()?, argv.path(path))?;
    Some(if negated { cond.negate() } else { cond })
}

/// What it means that a command prints something, if that differs from its success: `find` succeeds if it
/// finds nothing (find(1)), and `sed -n '/x/p'` if no line is printed (sed(1)).
pub(crate) fn prints_says(argv: &Argv) -> Option<Cond> {
    let operand = |spec: &'static str| argv.options(spec).operands.last().map(|a| argv.path(a));
    match argv.name.as_str() {
        "find" => found_by_find(argv),
        // `ls` of an empty directory prints nothing.
        "ls" if !argv.options("d a A l 1 R t r h F").has("d") => {
            let path = argv.args.iter().find(|a| !is_flag(&a.value))?;
            Some(Cond::fact(Resource::Path(argv.path(path)), Aspect::Filled))
        }
        "sed" => {
            let options = argv.options("n|quiet|silent E|regexp-extended r e|expression: s z u");
            let [script, file] = options.operands.as_slice() else { return None };
            if !options.has("n") {
                return None;
            }
            let script = script.value.as_literal()?;
            let pattern = match script.strip_prefix('/') {
                Some(rest) => rest.strip_suffix("/p")?,
                None => script.strip_prefix("s/").filter(|s| s.ends_with('p'))?.split('/').next()?,
            };
            let extended = options.has("E") || options.has("r");
            let pattern = if extended { pattern.to_owned() } else { basic(pattern) };
            Some(Cond::exists(Resource::Line { file: argv.path(file), text: Value::literal(pattern) }))
        }
        "cat" | "head" | "tail" => {
            let path = operand("n|lines: c|bytes: q v s")?;
            Some(Cond::fact(Resource::Path(path), Aspect::Sized))
        }
        "wc" => {
            let path = operand("l|lines c|bytes w|words m|chars").or_else(|| match &argv.stdin {
                Stdin::File(path) => Some(path.clone()),
                _ => None,
            })?;
            Some(Cond::fact(Resource::Path(path), Aspect::Sized))
        }
        "readlink" if !argv.args.iter().any(|a| is_flag(&a.value)) => {
            Some(Cond::fact(Resource::Path(operand("")?), Aspect::Link))
        }
        _ => None,
    }
}

fn is_flag(value: &Value) -> bool {
    value.known_prefix().starts_with('-')
}

/// `find DIR -name X`, `find X -maxdepth 0`: one path.
fn found_by_find(argv: &Argv) -> Option<Cond> {
    let place = |word: &str| argv.args.iter().position(|a| a.value.as_literal() == Some(word));
    let mut path = argv.path(argv.args.first().filter(|a| !is_flag(&a.value))?);
    match place("-name").or_else(|| place("-path")) {
        Some(at) => {
            let name = &argv.args.get(at + 1)?.value;
            // It is not known which of several it finds.
            if name.is_glob() || name.key().contains(['*', '?', '[']) {
                return None;
            }
            path.push_str("/");
            path.push(name);
            let aspect = match place("-type").and_then(|at| argv.literal(at + 1)) {
                Some("d") => Aspect::Directory,
                Some("f") => Aspect::File,
                Some("l") => Aspect::Link,
                _ => Aspect::Exists,
            };
            Some(Cond::fact(Resource::Path(path.normalized()), aspect))
        }
        None if place("-maxdepth").is_some_and(|at| argv.literal(at + 1) == Some("0")) => {
            Some(Cond::exists(Resource::Path(path)))
        }
        None if place("-mindepth").is_some_and(|at| argv.literal(at + 1) == Some("1")) => {
            Some(Cond::fact(Resource::Path(path), Aspect::Filled))
        }
        None => None,
    }
}

/// `awk '/L/{f=1} END{exit !f}' F`: it succeeds if a line is found. Only the shape that everybody writes is
/// recognised.
pub(crate) fn awk_says(argv: &Argv) -> Option<Cond> {
    let options = argv.options("F|field-separator: v|assign: f|file:");
    let [program, file] = options.operands.as_slice() else { return None };
    let program = program.value.as_literal()?;
    let flat: String = program.split_ascii_whitespace().collect();
    if !(flat.contains("END{exit!") || flat.contains("END{exit(!")) {
        return None;
    }
    if let Some(rest) = program.trim_start().strip_prefix('/') {
        let pattern = rest.split('/').next()?;
        return Some(Cond::exists(Resource::Line { file: argv.path(file), text: Value::literal(pattern) }));
    }
    // `$1 == u`, with `-v u=NAME`; `$1 == "NAME"`.
    let rest = flat.strip_prefix("$1==")?;
    let name = match rest.strip_prefix('"') {
        Some(rest) => Value::literal(rest.split('"').next()?),
        None => {
            let variable = rest.split('{').next()?;
            let given = options.value("v")?;
            let (name, value) = given.split_once('=')?;
            (name.as_literal() == Some(variable)).then_some(value)?
        }
    };
    Some(found_in(argv.path(file), &name, argv))
}

/// git(1): a repository exists, or a remote of it.
pub(crate) fn git_says(argv: &Argv) -> Option<Cond> {
    let global = argv.leading_options("C: c: git-dir: work-tree: namespace: exec-path? p P no-pager bare");
    let mut inner = argv.shifted(global.first_operand)?;
    for directory in global.values("C") {
        inner.cwd = directory.resolve(&inner.cwd);
    }
    let operands = inner.options("q|quiet v|verbose get get-all push all").operands;
    let word = |index: usize| operands.get(index).and_then(|a| a.value.as_literal());
    let remote = |name: &str| {
        let (repo, name) = (inner.cwd.clone(), Value::literal(name));
        Some(Cond::exists(Resource::Remote { repo, name }))
    };
    match inner.program.value.as_literal()? {
        "rev-parse" | "status" | "log" | "ls-files" => {
            Some(Cond::exists(Resource::Path(Value::literal(".git").resolve(&inner.cwd))))
        }
        "remote" => match (word(0), word(1)) {
            (Some("get-url" | "show"), Some(name)) => remote(name),
            (None | Some("show"), None) => remote("origin"),
            _ => None,
        },
        "config" => remote(word(0)?.strip_prefix("remote.")?.strip_suffix(".url")?),
        _ => None,
    }
}

/// A number that a count is compared with, if it distinguishes nothing from something: `-gt 0`, `-ge 1`,
/// `-lt 1`, `-eq 0`. True if the comparison holds when something was counted.
pub(crate) fn counts_something(operator: &str, number: &str) -> Option<bool> {
    match (operator, number) {
        ("-gt", "0") | ("-ge", "1") | ("-ne", "0") => Some(true),
        ("-lt", "1") | ("-le", "0") | ("-eq", "0") => Some(false),
        _ => None,
    }
}

impl<'a> Walker<'a, '_> {
    /// The condition of a statement without its steps, and the first command in it.
    pub(crate) fn quiet_command(&mut self, stmt: &Stmt<'a>) -> (Cond, Option<Argv>) {
        let (steps, guards) = (self.steps.len(), self.guards.len());
        self.captures.push(Vec::new());
        let flow =
            self.with_failure(super::flow::Failure::Is(super::OnFailure::Handled), |w| w.statement(stmt));
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
        let argv = argv.filter(|a| matches!(a.name.as_str(), "cat" | "head" | "tail"))?;
        let file = match argv.args.iter().filter(|a| !is_flag(&a.value)).collect::<Vec<_>>()[..] {
            [file] => argv.path(file),
            _ => return None,
        };
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
        let [Part::Substitution { body: [stmt], .. }] = asked.parts else { return None };
        let text = match (operator, pattern.parts) {
            ("==" | "=" | "!=", [Part::Glob('*'), inner @ .., Part::Glob('*')])
                if inner.iter().all(|p| !matches!(p, Part::Glob(_))) && !inner.is_empty() =>
            {
                self.expand(&Word { parts: inner, span: pattern.span })
            }
            ("=~", _) => self.expand(pattern),
            _ => return None,
        };
        let (says, first) = self.in_subshell(|w| w.quiet_command(stmt));
        let first = first?;
        let mut grep = Argv { name: "grep".to_owned(), ..first.clone() };
        let flag = if operator == "=~" { "-E" } else { "-F" };
        grep.args = [Value::literal(flag), text]
            .into_iter()
            .map(|value| crate::shell::argv::Arg { value, span: pattern.span })
            .collect();
        if first.name == "cat" && first.args.len() == 1 {
            let pattern = line_pattern(&grep.args[1].value, &grep);
            return Some(Cond::exists(Resource::Line { file: first.path(&first.args[0]), text: pattern }));
        }
        let known = (!matches!(says, Cond::Opaque(_) | Cond::Always(_))).then_some(says);
        debug_assert!(grep.options(GREP).operands.len() == 1 || is_flag(&grep.args[1].value));
        pipe_says(&first, &grep, known)
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
                    let says = command.words.first().map(|w| w.parts);
                    let prints = matches!(says, Some([Part::Literal { text: "echo" | "printf", .. }]));
                    return prints.then(|| vec![(value, Cond::Always(true))]);
                }
                let [word] = command.words else { return None };
                let [Part::Literal { text, .. }] = word.parts else { return None };
                let body = self.functions.get(text).filter(|f| f.active == 0)?.body;
                if let Some(function) = self.functions.get_mut(text) {
                    function.called = true;
                }
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
        let [Word { parts: [Part::Literal { text: "echo", .. }], .. }, status] = command.words else {
            return None;
        };
        let [Part::Parameter { name: "?", operation: Operation::Plain, .. }] = status.parts else {
            return None;
        };
        let cond = self.quiet_statement(test);
        Some(vec![(Value::literal("0"), cond.clone()), (Value::literal("1"), cond.negate())])
    }
}
