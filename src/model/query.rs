//! F3: what the success, or the output, of a command says. `id -u app` succeeds where the account exists.

use super::condition::{Aspect, Cond, path_test};
use super::walk::Walker;
use crate::shell::argv::{Argv, Stdin};
use crate::shell::ast::{Block, Operation, Part, Stmt, StmtKind, Word};
use crate::shell::effect::Resource;
use crate::shell::value::Value;
use crate::source::Span;

/// What it says that a command succeeds, where that is about a resource.
pub(super) fn success_says(argv: &Argv) -> Option<Cond> {
    let operand =
        |spec: &'static str, index: usize| argv.options(spec).operands.get(index).map(|a| a.value.clone());
    match argv.name.as_str() {
        "true" | ":" | "echo" | "printf" => Some(Cond::Always(true)),
        "false" => Some(Cond::Always(false)),
        "id" => operand("a g G n r u z Z", 0).map(|u| Cond::exists(Resource::User(u))),
        "getent" => {
            let name = operand("s: i", 1)?;
            match argv.options("s: i").operands.first()?.value.as_literal()? {
                "passwd" | "shadow" => Some(Cond::exists(Resource::User(name))),
                "group" => Some(Cond::exists(Resource::Group(name))),
                "hosts" | "ahosts" | "ahostsv4" => {
                    let file = Value::literal("/etc/hosts");
                    Some(Cond::exists(Resource::Line { file, text: name }))
                }
                _ => None,
            }
        }
        "command" | "type" | "which" | "hash" => {
            operand("v V p a t P f", 0).map(|p| Cond::exists(Resource::Program(p)))
        }
        "cd" | "pushd" => {
            let dir = argv.args.first()?;
            Some(Cond::fact(Resource::Path(argv.path(dir)), Aspect::Directory))
        }
        "ls" | "stat" | "readlink" | "realpath" => {
            let path = argv.args.iter().find(|a| !a.value.known_prefix().starts_with('-'))?;
            Some(Cond::exists(Resource::Path(argv.path(path))))
        }
        "grep" | "egrep" | "fgrep" | "rg" => grep(argv),
        "systemctl" => {
            let options = argv.options("q|quiet no-pager type: t: state: user l|full");
            let mut operands = options.operands.iter();
            let verb = operands.next()?.value.as_literal()?.to_owned();
            let unit = unit_name(&operands.next()?.value);
            let aspect = match verb.as_str() {
                "is-active" | "status" => Aspect::Running,
                "is-enabled" => Aspect::Enabled,
                "cat" | "list-unit-files" | "list-units" => Aspect::Exists,
                _ => return None,
            };
            Some(Cond::fact(Resource::Unit(unit), aspect))
        }
        "dpkg" | "dpkg-query" | "rpm" => {
            let name = argv.args.last()?;
            if name.value.known_prefix().starts_with('-') {
                return None;
            }
            Some(Cond::exists(Resource::Package(name.value.clone())))
        }
        "docker" | "podman" => docker(argv),
        "pm2" => match argv.literal(0)? {
            "describe" | "show" | "id" | "pid" | "info" => {
                Some(Cond::exists(Resource::Process(argv.args.get(1)?.value.clone())))
            }
            "list" | "ls" | "jlist" => Some(Cond::exists(Resource::Process(Value::default()))),
            _ => None,
        },
        "psql" | "mysql" | "mariadb" | "sudo_psql" => {
            let sql = sql_of(argv)?;
            sql_says(&sql)
        }
        "git" => {
            let words: Vec<&str> = argv.args.iter().filter_map(|a| a.value.as_literal()).collect();
            let position = words.iter().position(|w| matches!(*w, "rev-parse" | "remote"))?;
            match words[position] {
                "remote" => {
                    let name =
                        words.get(position + 2).or(words.get(position + 1)).copied().unwrap_or("origin");
                    let name = if matches!(name, "get-url" | "-v") { "origin" } else { name };
                    Some(Cond::exists(Resource::Remote {
                        repo: argv.cwd.clone(),
                        name: Value::literal(name),
                    }))
                }
                _ => Some(Cond::exists(Resource::Path(Value::literal(".git").resolve(&argv.cwd)))),
            }
        }
        "swapon" => Some(Cond::exists(Resource::Other("swap", Value::default()))),
        "mountpoint" | "findmnt" => {
            let path = argv.args.iter().find(|a| !a.value.known_prefix().starts_with('-'))?;
            Some(Cond::exists(Resource::Other("mount", argv.path(path))))
        }
        "iptables" | "ip6tables" if argv.has_word("-C") || argv.has_word("--check") => {
            Some(Cond::exists(Resource::FirewallRule(Value::default())))
        }
        "crontab" if argv.has_word("-l") => Some(Cond::exists(Resource::Crontab(Value::default()))),
        "pgrep" => Some(Cond::fact(Resource::Process(argv.args.last()?.value.clone()), Aspect::Running)),
        "snap" if argv.literal(0) == Some("list") => {
            Some(Cond::exists(Resource::Package(argv.args.get(1)?.value.clone())))
        }
        "test" | "[" => None,
        _ => None,
    }
}

const GREP: &str = "q|quiet|silent s|no-messages i|ignore-case E|extended-regexp F|fixed-strings G P|perl-regexp \
     w|word-regexp x|line-regexp v|invert-match c|count l n o r R h H a e|regexp: f|file: A: B: C: m|max-count:";

/// `grep -q PATTERN FILE`.
fn grep(argv: &Argv) -> Option<Cond> {
    let options = argv.options(GREP);
    let mut operands = options.operands.iter();
    let pattern = match options.value("e") {
        Some(pattern) => pattern.clone(),
        None => operands.next()?.value.clone(),
    };
    let file = operands.next()?;
    let path = argv.path(file);
    let fact = found_in(path, &pattern, argv);
    Some(if options.has("v") { fact.negate() } else { fact })
}

/// What it says that a pattern is found in a file.
fn found_in(file: Value, pattern: &Value, grep: &Argv) -> Cond {
    let resource = match file.as_literal() {
        Some("/etc/passwd" | "/etc/shadow") => Resource::User(account(pattern)),
        Some("/etc/group") => Resource::Group(account(pattern)),
        Some("/proc/swaps") => Resource::Other("swap", Value::default()),
        Some("/proc/mounts" | "/proc/self/mounts" | "/etc/mtab") => {
            let key = pattern.key().trim_matches([' ', '^', '$']);
            Resource::Other("mount", Value::from_key(key, pattern))
        }
        _ => Resource::Line { file, text: line_pattern(pattern, grep) },
    };
    Cond::exists(resource)
}

/// The name in a pattern for lines of passwd(5): `^app:`.
fn account(pattern: &Value) -> Value {
    let key = pattern.key().trim_start_matches(['^', '(']).trim_end_matches('$').trim_start_matches("\\b");
    let name = Value::from_key(key, pattern);
    name.split_once(':').map_or(name, |(name, _)| name)
}

/// grep(1)'s pattern as a regular expression of the crate `regex`; a pattern that is not all known stays as it is.
fn line_pattern(pattern: &Value, grep: &Argv) -> Value {
    let options = grep.options(GREP);
    let Some(text) = pattern.as_literal() else { return pattern.clone() };
    let mut expression = if options.has("F") || grep.name == "fgrep" {
        regex::escape(text)
    } else if options.has("E") || options.has("P") || matches!(grep.name.as_str(), "egrep" | "rg") {
        text.to_owned()
    } else {
        basic(text)
    };
    if options.has("x") {
        expression = format!("^(?:{expression})$");
    } else if options.has("w") {
        expression = format!(r"\b(?:{expression})\b");
    }
    if options.has("i") {
        expression = format!("(?i){expression}");
    }
    Value::literal(expression)
}

/// The address of sed(1) as a regular expression of the crate `regex`.
pub(super) fn basic_pattern(pattern: &Value) -> Value {
    pattern.as_literal().map_or_else(|| pattern.clone(), |text| Value::literal(basic(text)))
}

/// A basic regular expression (regex(7)) as an extended one: what `\` makes an operator there is one here without.
fn basic(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, operator @ ('+' | '?' | '|' | '(' | ')' | '{' | '}'))) => out.push(operator),
                Some((_, '<' | '>')) => out.push_str("\\b"),
                Some((_, other)) => out.extend(['\\', other]),
                None => out.push_str("\\\\"),
            },
            '+' | '?' | '|' | '(' | ')' | '{' | '}' => out.extend(['\\', c]),
            '*' if out.is_empty() || out == "^" => out.push_str("\\*"),
            '^' if at > 0 && !text[..at].ends_with(['(', '|']) => out.push_str("\\^"),
            '$' if at + 1 < text.len()
                && !text[at + 1..].starts_with("\\)")
                && !text[at + 1..].starts_with("\\|") =>
            {
                out.push_str("\\$");
            }
            '[' => {
                // A bracket expression is the same in both; `]` first in it is a member.
                let rest = &text[at + 1..];
                let skip = if rest.starts_with("^]") { 2 } else { usize::from(rest.starts_with(']')) };
                let end = closing(&rest[skip..]).map_or(rest.len(), |i| skip + i + 1);
                out.push('[');
                out.push_str(&rest[..end]);
                while chars.peek().is_some_and(|(i, _)| *i < at + 1 + end) {
                    chars.next();
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Where a bracket expression ends, classes like `[:space:]` in it passed over.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(class) = text[at..].strip_prefix("[:") {
            at += 2 + class.find(":]")? + 2;
            continue;
        }
        if c == ']' {
            return Some(at);
        }
        at += c.len_utf8();
    }
    None
}

#[test]
fn basic_expressions_become_extended() {
    for (basic_text, extended) in [
        ("^a.b$", "^a.b$"),
        (r"a\+(b)", r"a+\(b\)"),
        (r"a\|b", "a|b"),
        ("a$b^c", r"a\$b\^c"),
        ("[[:space:]]*x[]+]", "[[:space:]]*x[]+]"),
        (r"\<w\>", r"\bw\b"),
        ("*a", r"\*a"),
    ] {
        assert_eq!(basic(basic_text), extended, "{basic_text}");
    }
}

fn docker(argv: &Argv) -> Option<Cond> {
    let words: Vec<&Value> = argv.args.iter().map(|a| &a.value).collect();
    let literal = |i: usize| words.get(i).and_then(|v| v.as_literal());
    let name_after = |i: usize| {
        words[i.min(words.len())..].iter().find(|v| !v.known_prefix().starts_with('-')).map(|v| (*v).clone())
    };
    match (literal(0)?, literal(1)) {
        ("inspect", _) => name_after(1).map(|n| Cond::exists(Resource::Container(n))),
        ("container", Some("inspect")) => name_after(2).map(|n| Cond::exists(Resource::Container(n))),
        ("network", Some("inspect")) => name_after(2).map(|n| Cond::exists(Resource::Network(n))),
        ("volume", Some("inspect")) => name_after(2).map(|n| Cond::exists(Resource::Volume(n))),
        ("ps", _) | ("container", Some("ls")) => {
            let name = filter_name(&words)?;
            Some(Cond::exists(Resource::Container(name)))
        }
        ("network", Some("ls" | "list")) => filter_name(&words).map(|n| Cond::exists(Resource::Network(n))),
        ("volume", Some("ls" | "list")) => filter_name(&words).map(|n| Cond::exists(Resource::Volume(n))),
        ("info", _) => Some(Cond::exists(Resource::Other("swarm", Value::default()))),
        _ => None,
    }
}

/// The name in `--filter name=^/web$`, `-f name=web`.
fn filter_name(words: &[&Value]) -> Option<Value> {
    words.iter().find_map(|word| {
        let at = word.key().find("name=")?;
        let name = word.key()[at + 5..].trim_start_matches(['^', '/']).trim_end_matches('$');
        Some(Value::from_key(name, word))
    })
}

/// The SQL that a client is given.
fn sql_of(argv: &Argv) -> Option<String> {
    let options = argv.options("c|command: e|execute: d|dbname: U|username: u|user: h|host: p|port: t A q X v|set|variable: P|pset: D|database: N|skip-column-names s|silent f|file:");
    let from = |v: &Value| v.to_string();
    options.value("c").or_else(|| options.value("e")).map(from).or_else(|| match &argv.stdin {
        Stdin::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

/// `SELECT 1 FROM pg_roles WHERE rolname = 'app'` gives a row where the role exists.
fn sql_says(sql: &str) -> Option<Cond> {
    let lower = sql.to_ascii_lowercase();
    let quoted = |after: &str| {
        let at = lower.find(after)? + after.len();
        let rest = &sql[at..];
        let open = rest.find('\'')?;
        let close = rest[open + 1..].find('\'')?;
        Some(value_of_shown(&rest[open + 1..open + 1 + close]))
    };
    if lower.contains("pg_database") || lower.contains("information_schema.schemata") {
        let name = quoted("datname").or_else(|| quoted("schema_name"))?;
        return Some(Cond::exists(Resource::Database(name)));
    }
    if lower.contains("pg_roles") || lower.contains("pg_user") || lower.contains("pg_catalog.pg_roles") {
        let name = quoted("rolname").or_else(|| quoted("usename"))?;
        return Some(Cond::exists(Resource::Role(name)));
    }
    if lower.contains("mysql.user") {
        return quoted("user").map(|name| Cond::exists(Resource::Role(name)));
    }
    if lower.contains("information_schema.tables") || lower.contains("to_regclass") {
        let name = quoted("table_name").or_else(|| quoted("to_regclass"))?;
        return Some(Cond::exists(Resource::Table(name)));
    }
    None
}

/// SQL is read from the shown text, where a hole stands as `$NAME`.
fn value_of_shown(text: &str) -> Value {
    match text.strip_prefix('$') {
        Some(name) => Value::hole(name, 0, crate::shell::value::Knowledge::Symbolic),
        None => Value::literal(text),
    }
}

/// A unit's full name: `.service` where it has no suffix (systemctl(1)).
pub(crate) fn unit_name(value: &Value) -> Value {
    const SUFFIXES: [&str; 9] =
        [".service", ".socket", ".timer", ".target", ".mount", ".path", ".slice", ".device", ".swap"];
    if SUFFIXES.iter().any(|s| value.known_suffix().ends_with(s)) {
        return value.clone();
    }
    let mut name = value.clone();
    name.push_str(".service");
    name
}

impl<'a> Walker<'a, '_> {
    /// The condition that `[ … ]` is (test(1), bash(1) CONDITIONAL EXPRESSIONS).
    pub(super) fn test_says(&mut self, words: &[Word<'a>]) -> Cond {
        let mut at = 0;
        let cond = self.test_or(words, &mut at, 0);
        if at < words.len() { self.opaque_words(words) } else { cond }
    }

    fn bare<'w>(&self, word: Option<&'w Word<'a>>) -> &'w str {
        match word.map(|w| w.parts) {
            Some([Part::Literal { text, quoted: false }]) => text,
            _ => "",
        }
    }

    fn test_or(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
        let mut left = self.test_and(words, at, depth);
        while matches!(self.bare(words.get(*at)), "-o" | "||") {
            *at += 1;
            let right = self.test_and(words, at, depth);
            left = left.or(right);
        }
        left
    }

    fn test_and(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
        let mut left = self.test_primary(words, at, depth);
        while matches!(self.bare(words.get(*at)), "-a" | "&&") {
            *at += 1;
            let right = self.test_primary(words, at, depth);
            left = left.and(right);
        }
        left
    }

    fn test_primary(&mut self, words: &[Word<'a>], at: &mut usize, depth: u32) -> Cond {
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
        let binary = matches!(
            operator,
            "=" | "=="
                | "!="
                | "=~"
                | "<"
                | ">"
                | "-eq"
                | "-ne"
                | "-lt"
                | "-le"
                | "-gt"
                | "-ge"
                | "-nt"
                | "-ot"
                | "-ef"
        );
        if binary && rest.len() >= 3 {
            *at += 3;
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
                        let value = self.expand(word);
                        let value = value.to_string();
                        self.opaque(&format!("-n {value}"))
                    }
                };
                return if first == "-z" { says.negate() } else { says };
            }
            let value = self.expand(word).resolve(&self.ctx.cwd);
            return match path_test(first, value.clone()) {
                Some(cond) => cond,
                None => self.opaque(&format!("{first} {}", value.key())),
            };
        }
        *at += 1;
        let word = &rest[0];
        if let Some(cond) = self.word_is(word, |v| !v.is_empty()).or_else(|| self.word_says(word)) {
            return cond;
        }
        let value = self.expand(word).to_string();
        self.opaque(&format!("-n {value}"))
    }

    fn comparison(&mut self, left: &Word<'a>, operator: &str, right: &Word<'a>) -> Cond {
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
        let root = |w: &Word<'a>| match w.parts {
            [Part::Parameter { name: "EUID" | "UID", .. }] => true,
            [Part::Substitution { text, .. }] => {
                text.contains("id -u") || text.contains("id --user") || text.contains("whoami")
            }
            _ => false,
        };
        let zero =
            |w: &Word<'a>| matches!(w.parts, [Part::Literal { text, .. }] if *text == "0" || *text == "root");
        if (root(left) && zero(right) || zero(left) && root(right))
            && (equal || unequal || matches!(operator, "-gt"))
        {
            return if equal { Cond::Root } else { Cond::Root.negate() };
        }
        if let Some(cond) = self.compared(left, operator, right) {
            return cond;
        }
        if equal || unequal {
            // `[ "$(psql -tAc "SELECT 1 …")" = 1 ]`: a row came.
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
            return if operator.starts_with("-l") { cond.negate() } else { cond };
        }
        let (a, b) = (self.expand(left).to_string(), self.expand(right).to_string());
        match operator {
            "!=" | "-ne" => self.opaque(&format!("{a} = {b}")).negate(),
            "==" | "-eq" | "=" => self.opaque(&format!("{a} = {b}")),
            _ => self.opaque(&format!("{a} {operator} {b}")),
        }
    }

    /// A comparison of a flag with what it can be: `[ "$NEEDED" = yes ]`.
    fn compared(&mut self, left: &Word<'a>, operator: &str, right: &Word<'a>) -> Option<Cond> {
        let value = self.expand(right);
        if let Some(text) = value.as_literal() {
            return self.word_is(left, |value| compares(value, operator, text));
        }
        let value = self.expand(left);
        let text = value.as_literal()?;
        self.word_is(right, |value| compares(text, operator, value))
    }

    /// `(( NEEDED == 1 ))`, `(( EUID != 0 ))`, `(( NEEDED ))`: bash(1), ARITHMETIC EVALUATION.
    pub(super) fn arithmetic_says(&mut self, text: &'a str) -> Option<Cond> {
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

    fn opaque_words(&mut self, words: &[Word<'a>]) -> Cond {
        let mut text = String::new();
        for word in words {
            text.push_str(&self.expand(word).to_string());
            text.push(' ');
        }
        self.opaque(&text)
    }

    /// What it says that a substitution prints something.
    pub(super) fn output_says(&mut self, body: Block<'a>) -> Option<Cond> {
        let [stmt] = body else { return None };
        self.in_subshell(|walker| match stmt.kind {
            StmtKind::Command(_) | StmtKind::Pipeline(_) => {
                let cond = walker.quiet_statement(stmt);
                match cond {
                    Cond::Opaque(_) | Cond::Always(_) | Cond::Works(_) => None,
                    // `ls` of an empty directory prints nothing.
                    Cond::Fact(fact) if lists(stmt) => {
                        Some(Cond::fact(fact.resource.clone(), Aspect::Filled))
                    }
                    cond => Some(cond),
                }
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
}

/// `ls DIR`, without `-d`.
fn lists(stmt: &Stmt<'_>) -> bool {
    let StmtKind::Command(command) = stmt.kind else { return false };
    let mut words = command.words.iter().map(|w| match w.parts {
        [Part::Literal { text, .. }] => *text,
        _ => "",
    });
    words.next() == Some("ls") && !words.any(|w| w.starts_with('-') && w.contains('d'))
}

/// test(1), of strings and of numbers.
fn compares(left: &str, operator: &str, right: &str) -> bool {
    let numbers = || Some((left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?));
    match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "-eq" => numbers().is_some_and(|(a, b)| a == b),
        "-ne" => numbers().is_some_and(|(a, b)| a != b),
        "-gt" => numbers().is_some_and(|(a, b)| a > b),
        "-ge" => numbers().is_some_and(|(a, b)| a >= b),
        "-lt" => numbers().is_some_and(|(a, b)| a < b),
        "-le" => numbers().is_some_and(|(a, b)| a <= b),
        _ => false,
    }
}

/// What it says that the last of some commands in a pipe succeeds: `psql … | grep -q 1`, `docker ps | grep web`,
/// `crontab -l | grep -q backup`.
pub(super) fn pipe_says(first: &Argv, last: &Argv, first_says: Option<Cond>) -> Option<Cond> {
    let greps = matches!(last.name.as_str(), "grep" | "egrep" | "fgrep");
    if !greps
        && !matches!(last.name.as_str(), "wc" | "head" | "tail" | "cut" | "awk" | "tr" | "xargs" | "sed")
    {
        return None;
    }
    if !greps {
        return first_says;
    }
    let options = last.options(GREP);
    let pattern =
        options.value("e").cloned().or_else(|| options.operands.first().map(|a| a.value.clone()))?;
    let trimmed = |v: &Value| {
        let key = v.key().trim_start_matches(['^', '/']).trim_end_matches('$').trim();
        Value::from_key(key, v)
    };
    let found = match first.name.as_str() {
        "crontab" => Some(Cond::exists(Resource::Crontab(pattern.clone()))),
        "cat" | "cut" | "awk" | "sort" | "sed" | "tail" | "head"
            if first.args.last().is_some_and(|f| f.value.key().contains(['/', '.'])) =>
        {
            first.args.last().map(|file| found_in(first.path(file), &pattern, last))
        }
        "cat" => first.args.first().map(|file| found_in(first.path(file), &pattern, last)),
        "docker" | "podman" => match first.literal(0)? {
            "ps" | "container" => Some(Cond::exists(Resource::Container(trimmed(&pattern)))),
            "network" => Some(Cond::exists(Resource::Network(trimmed(&pattern)))),
            "volume" => Some(Cond::exists(Resource::Volume(trimmed(&pattern)))),
            "info" => Some(Cond::exists(Resource::Other("swarm", Value::default()))),
            _ => None,
        },
        "psql" | "mysql" | "mariadb" => match first_says.clone() {
            Some(cond) => Some(cond),
            // psql -lqt | cut -d '|' -f 1 | grep -qw NAME
            None if first.args.iter().any(|a| {
                let text = a.value.known_prefix();
                text.starts_with("-l")
                    || text == "--list"
                    || text.to_ascii_lowercase().contains("show databases")
            }) =>
            {
                Some(Cond::exists(Resource::Database(trimmed(&pattern))))
            }
            None if first.args.iter().any(|a| a.value.known_prefix().contains("\\du")) => {
                Some(Cond::exists(Resource::Role(trimmed(&pattern))))
            }
            None => None,
        },
        "systemctl" => {
            let name = trimmed(&pattern);
            Some(Cond::exists(Resource::Unit(unit_name(&name))))
        }
        "pm2" => Some(Cond::exists(Resource::Process(trimmed(&pattern)))),
        "dpkg" | "rpm" | "apt" | "snap" => Some(Cond::exists(Resource::Package(trimmed(&pattern)))),
        "git" => Some(Cond::exists(Resource::Remote { repo: first.cwd.clone(), name: trimmed(&pattern) })),
        "getent" if first.has_word("group") => {
            first_says.clone().or_else(|| Some(Cond::exists(Resource::Group(account(&pattern)))))
        }
        "getent" | "cut" | "id" | "compgen" => {
            first_says.clone().or_else(|| Some(Cond::exists(Resource::User(account(&pattern)))))
        }
        "ls" => {
            let dir = first.args.iter().find(|a| !a.value.known_prefix().starts_with('-'));
            let mut path = dir.map_or(first.cwd.clone(), |dir| first.path(dir));
            path.push_str("/");
            path.push(&trimmed(&pattern));
            Some(Cond::exists(Resource::Path(path.normalized())))
        }
        "find" => {
            let named =
                first.args.iter().position(|a| matches!(a.value.as_literal(), Some("-name" | "-path")));
            let name = &first.args.get(named? + 1)?.value;
            let mut path = first.path(first.args.first()?);
            path.push_str("/");
            path.push(name);
            Some(Cond::exists(Resource::Path(path.normalized())))
        }
        "swapon" | "free" => Some(Cond::exists(Resource::Other("swap", Value::default()))),
        "mount" => Some(Cond::exists(Resource::Other("mount", trimmed(&pattern)))),
        "iptables" | "ip6tables" | "iptables-save" => {
            Some(Cond::exists(Resource::FirewallRule(pattern.clone())))
        }
        "ufw" => Some(Cond::exists(Resource::Other("ufw", Value::default()))),
        "ps" => Some(Cond::fact(Resource::Process(trimmed(&pattern)), Aspect::Running)),
        _ => None,
    };
    found.map(|cond| if options.has("v") { cond.negate() } else { cond })
}
