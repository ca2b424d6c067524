//! What the success, or the output, of a command means. `id -u app` succeeds if the account exists.

use crate::model::condition::{Aspect, Cond};
use crate::model::pattern::{GREP, line_pattern};
use crate::model::walk::answers::{awk_says, git_says, prints_says, test_program};
use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::effect::Resource;

/// What it means that a command succeeds, if that is about a resource.
pub(crate) fn success_says(argv: &Argv) -> Option<Cond> {
    let operand =
        |spec: &'static str, index: usize| argv.options(spec).operands.get(index).map(|a| a.value.clone());
    match argv.name.as_str() {
        "true" | ":" | "echo" | "printf" => Some(Cond::Always(true)),
        "false" => Some(Cond::Always(false)),
        "id" => operand("a g G n r u z Z", 0).map(|u| Cond::exists(Resource::User(u))),
        "groups" | "finger" | "lslogins" => operand("", 0).map(|u| Cond::exists(Resource::User(u))),
        "passwd" if argv.has_word("-S") || argv.has_word("--status") => {
            operand("S|status", 0).map(|u| Cond::exists(Resource::User(u)))
        }
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
        "readlink" if prints_says(argv).is_some() => prints_says(argv),
        "compgen" if argv.literal(0) == Some("-G") => {
            Some(Cond::exists(Resource::Path(argv.path(argv.args.get(1)?))))
        }
        "awk" | "gawk" | "mawk" => awk_says(argv),
        "find" => Some(Cond::exists(Resource::Path(
            argv.path(argv.args.first().filter(|a| !a.value.known_prefix().starts_with('-'))?),
        ))),
        "cat" if !argv.args.is_empty() => {
            let [file] = argv.args.as_slice() else { return None };
            Some(Cond::exists(Resource::Path(argv.path(file))))
        }
        "stat" => operand("c|format: printf: L|dereference f|file-system t|terse", 0)
            .map(|path| Cond::exists(Resource::Path(path.resolve(&argv.cwd)))),
        "ls" | "readlink" | "realpath" => {
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
        "git" => git_says(argv),
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
        "test" | "[" => test_program(argv),
        // `[` could begin a pattern.
        "" if argv.program.value.to_string() == "[" => test_program(argv),
        _ => None,
    }
}

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

/// What it means that a pattern is found in a file.
pub(crate) fn found_in(file: Value, pattern: &Value, grep: &Argv) -> Cond {
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

/// The SQL that a client gets.
fn sql_of(argv: &Argv) -> Option<String> {
    let options = argv.options("c|command: e|execute: d|dbname: U|username: u|user: h|host: p|port: t A q X v|set|variable: P|pset: D|database: N|skip-column-names s|silent f|file:");
    let from = |v: &Value| v.to_string();
    options.value("c").or_else(|| options.value("e")).map(from).or_else(|| match &argv.stdin {
        Stdin::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

/// `SELECT 1 FROM pg_roles WHERE rolname = 'app'` returns a row if the role exists.
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

/// SQL is read from the shown text, in which a hole is `$NAME`.
fn value_of_shown(text: &str) -> Value {
    match text.strip_prefix('$') {
        Some(name) => Value::hole(name, 0, crate::shell::value::Knowledge::Symbolic),
        None => Value::literal(text),
    }
}

/// A unit's full name: with `.service` if it has no suffix (systemctl(1)).
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

/// What it means that the last command of a pipeline succeeds: `psql … | grep -q 1`, `docker ps | grep web`,
/// `crontab -l | grep -q backup`.
pub(crate) fn pipe_says(first: &Argv, last: &Argv, first_says: Option<Cond>) -> Option<Cond> {
    let greps = matches!(last.name.as_str(), "grep" | "egrep" | "fgrep");
    if !greps
        && !matches!(last.name.as_str(), "wc" | "head" | "tail" | "cut" | "awk" | "tr" | "xargs" | "sed")
    {
        return None;
    }
    if !greps {
        return prints_says(first).or(first_says);
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
        "git" => match git_says(first)?.facts().first().map(|f| f.resource.clone())? {
            Resource::Remote { repo, .. } => {
                Some(Cond::exists(Resource::Remote { repo, name: trimmed(&pattern) }))
            }
            _ => None,
        },
        "getent" if first.has_word("group") => {
            first_says.clone().or_else(|| Some(Cond::exists(Resource::Group(account(&pattern)))))
        }
        "compgen" if first.has_word("-g") => Some(Cond::exists(Resource::Group(account(&pattern)))),
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
