//! Names that a script uses before anything has set them: variables and functions.

use crate::model::settings::settings;
use crate::model::walk::Walker;
use crate::model::walk::scope::Variable;
use crate::model::{StepId, Unset, UnsetKind};
use crate::shell::argv::{Arg, Argv};
use crate::shell::ast::{Command, Operation, Part, Word};
use crate::shell::builtins::{Builtin, Sets, sets_by_operands};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use crate::tools;
use crate::tools::callers::{callers_give, prints_own_settings, shows_environment};
use crate::tools::effect::Resource;
use crate::tools::says::Says;
use hashbrown::HashSet;

/// Variables that bash sets itself (bash(1), Shell Variables), and those that login, PAM, sudo, ssh or systemd give to
/// every process that they start (environ(7), sudo(8), ssh(1), systemd.exec(5)).
const GIVEN: &[&str] = &[
    "BASH", "CI", "COLUMNS", "COMP_WORDS", "DBUS_SESSION_BUS_ADDRESS", "DIRSTACK", "DISPLAY", "EDITOR",
    "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "FUNCNEST", "GROUPS", "HISTFILE", "HOME",
    "HOSTNAME", "HOSTTYPE", "IFS", "INVOCATION_ID", "LANG", "LANGUAGE", "LINENO", "LINES", "LOGNAME",
    "MACHTYPE", "MAIL", "MAPFILE", "OLDPWD", "OPTARG", "OPTIND", "OSTYPE", "PATH", "PIPESTATUS", "PPID",
    "PS1", "PS2", "PS4", "PWD", "RANDOM", "REPLY", "SECONDS", "SHELL", "SHELLOPTS", "SHLVL", "SRANDOM",
    "TERM", "TMPDIR", "TZ", "UID", "USER", "VIRTUAL_ENV", "XDG_RUNTIME_DIR",
];

/// Beginnings of such names.
const GIVEN_BEGINNINGS: &[&str] =
    &["BASH_", "CI_", "COMP_", "CONDA_", "GITHUB_", "LC_", "NVM_", "PYENV_", "SSH_", "SUDO_", "XDG_"];

/// What sourcing os-release(5) sets.
const OS_RELEASE: &[&str] = &[
    "BUG_REPORT_URL", "HOME_URL", "ID", "ID_LIKE", "NAME", "PRETTY_NAME", "SUPPORT_URL", "UBUNTU_CODENAME",
    "VARIANT", "VARIANT_ID", "VERSION", "VERSION_CODENAME", "VERSION_ID",
];

/// Functions of scripts that print: no package of Debian has a command of this name.
const SAYING: &[&str] =
    &["abort", "debug", "die", "err", "fail", "fatal", "log", "ok", "success", "warn", "warning"];

/// Functions of scripts that run another command as an account or with a message. GNU as(1) reads files of assembler, and no
/// package of Debian has a command `run`.
const RUNNING: &[&str] = &["as", "run"];

/// First words of functions' names: no package of Debian has a command that begins so and goes on with `_`.
const DOING: &[&str] = &[
    "add", "apply", "as", "ask", "backup", "build", "check", "clean", "cleanup", "clone", "configure",
    "confirm", "copy", "create", "deploy", "detect", "die", "disable", "do", "download", "enable", "ensure",
    "fetch", "generate", "has", "init", "install", "is", "link", "load", "log", "make", "maybe", "migrate",
    "need", "prepare", "print", "prompt", "provision", "pull", "register", "remove", "render", "require",
    "restart", "restore", "run", "seed", "set", "setup", "show", "start", "step", "stop", "sync", "update",
    "upload", "validate", "verify", "wait", "with", "write",
];

/// Last or first words in the names of variables that add words to a command, or none: `$RSYNC_OPTS`, `$EXTRA_ARGS`, `$SUDO`.
const OPTIONAL: &[&str] = &[
    "ARG", "ARGS", "ARGUMENTS", "DEBUG", "DRYRUN", "EXTRA", "EXTRAS", "FLAG", "FLAGS", "FORCE", "OPT",
    "OPTION", "OPTIONS", "OPTS", "PARAMS", "QUIET", "SUDO", "SWITCHES", "VERBOSE",
];

/// The names that a script uses, as far as the walk has come.
#[derive(Debug)]
pub(super) struct Names<'a> {
    found: Vec<Unset>,
    /// The names of those, so that each is noted once.
    noted: HashSet<(&'a str, UnsetKind)>,
    /// What the script asks about or has a default for: it knows that nobody may have set it.
    expected: HashSet<&'a str>,
    /// Names of commands that run another one, as functions do.
    runs: HashSet<&'a str>,
    /// True as soon as code has run that is not known and may have set any name.
    is_open: bool,
    /// True as soon as the script asks for a variable whose name is itself a word of it: `${!name}`, `[ -v "$name" ]`.
    asks_by_name: bool,
    /// The variable that is just being extended: `CFLAGS="$CFLAGS -O2"`.
    extends: Option<&'a str>,
    /// True while the script asks whether a variable is empty.
    asks: bool,
    /// The statement that is being walked.
    at: Span,
}

impl Names<'_> {
    pub(super) fn new(file: FileId) -> Self {
        let at = Span::file_start(file);
        Names {
            found: Vec::new(),
            noted: HashSet::new(),
            expected: HashSet::new(),
            runs: HashSet::new(),
            is_open: false,
            asks_by_name: false,
            extends: None,
            asks: false,
            at,
        }
    }

    /// Enters a statement, and returns the one around it.
    pub(super) fn enter(&mut self, statement: Span) -> Span {
        std::mem::replace(&mut self.at, statement)
    }

    /// Goes back to the statement around.
    pub(super) fn leave(&mut self, around: Span) {
        self.at = around;
    }
}

impl<'a> Walker<'a, '_> {
    /// Notes that a variable is read which is not set.
    pub(super) fn reads_unset(&mut self, name: &'a str, operation: &Operation<'a>) {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name != "_";
        if !is_name || self.scope.has_had(name) {
            return;
        }
        match operation {
            Operation::Plain
            | Operation::RemovePrefix { .. }
            | Operation::RemoveSuffix { .. }
            | Operation::All => {}
            _ => {
                self.names.expected.insert(name);
                return;
            }
        }
        if self.names.asks {
            self.names.expected.insert(name);
        }
        if self.names.extends == Some(name) && !self.ctx.nounset {
            return;
        }
        if callers_give(name)
            || GIVEN.contains(&name)
            || GIVEN_BEGINNINGS.iter().any(|start| name.starts_with(start))
        {
            return;
        }
        let kind = match operation {
            Operation::All => UnsetKind::Elements,
            _ if self.ctx.nounset => UnsetKind::Ending,
            _ => UnsetKind::Empty,
        };
        self.note_unset(name, kind);
    }

    /// Notes that a command is called that may be a function which is not defined, or not yet.
    pub(super) fn calls_undefined(&mut self, argv: &Argv) {
        let name = argv.program.value.as_literal().unwrap_or_default();
        // `as git pull`: what such a word runs is a command that is known.
        if RUNNING.contains(&name) && argv.shifted(0).is_some_and(|inner| tools::deed(&inner).known) {
            self.names.runs.insert(self.arena.alloc_str(name));
        }
        if !name.contains('/') && self.notes_names() {
            let name = self.arena.alloc_str(name);
            self.note_unset(name, UnsetKind::Function);
        }
    }

    /// True where a name that is not set counts.
    fn notes_names(&self) -> bool {
        !self.names.is_open && self.entry == 0 && !self.ctx.is_apart && self.ctx.place == Place::Here
    }

    fn note_unset(&mut self, name: &'a str, kind: UnsetKind) {
        if !self.notes_names() || !self.names.noted.insert((name, kind)) {
            return;
        }
        let (step, span) = (StepId(self.steps.len() as u32), self.names.at);
        self.names.found.push(Unset { name: name.to_owned(), kind, step, span, later: None });
    }

    /// Notes the names that an arithmetic expression assigns to (bash(1), ARITHMETIC EVALUATION): `i=0`, `i++`, `n += 2`.
    pub(super) fn sets_in_arithmetic(&mut self, text: &'a str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let end = rest[start..].find(|c: char| !is_part(c)).map_or(rest.len(), |end| start + end);
            let (name, after) = (&rest[start..end], rest[end..].trim_start());
            let operator = after.trim_start_matches(['+', '-', '*', '/', '%', '<', '>', '&', '^', '|']);
            let is_set = operator.starts_with('=') && !operator.starts_with("==");
            let before = text[..text.len() - rest.len() + start].trim_end();
            if is_set
                || before.ends_with("++")
                || before.ends_with("--")
                || after.starts_with("++")
                || after.starts_with("--")
            {
                self.scope.sets(name);
            }
            rest = &rest[end..];
        }
    }

    /// Notes the names that arithmetic in a word assigns to: `$((i++))`.
    pub(super) fn sets_in_expansion(&mut self, text: &'a str) {
        if text.starts_with("$((") {
            self.sets_in_arithmetic(text);
        }
    }

    /// Notes the names that one of the shell's own commands sets from its operands.
    pub(super) fn sets_by_operands(&mut self, args: &[Arg]) {
        let Some((name, operands)) = args.split_first() else { return };
        let first = operands.first().and_then(|arg| arg.value.as_literal());
        let Some(sets) = sets_by_operands(name.value.as_literal().unwrap_or_default(), first) else { return };
        match sets {
            Sets::Second => {
                let Some(operand) = operands.get(1) else { return };
                match operand.value.as_literal() {
                    Some(name) => {
                        let name: &'a str = self.arena.alloc_str(name);
                        self.scope.sets(name);
                        // `printf -v T '%(%s)T'` prints the time.
                        let text = operands.get(2).map_or("", |text| text.value.known_prefix());
                        if text.contains("%(") {
                            let value = self.scope.unknown(name, Knowledge::Fresh);
                            self.scope.set(name, Variable { value, ..Default::default() });
                        }
                    }
                    None => self.names.is_open = true,
                }
            }
            Sets::Expressions => {
                for operand in operands {
                    self.sets_in_arithmetic(self.arena.alloc_str(operand.value.known_prefix()));
                }
            }
        }
    }

    /// Notes the names that `export` and its like set by words that are not plain assignments. If the name is not known, it
    /// may be any: `export "$key=$value"`, `export $(cat .env)`. What only shows a name (`declare -p`, `declare -F`) asks
    /// whether there is one.
    pub(super) fn sets_by_declaration(&mut self, command: &'a Command<'a>) {
        let words = command.words.get(1..).unwrap_or_default();
        let shows = |text: &str| text.starts_with('-') && text.contains(['p', 'f', 'F']);
        if words.iter().any(|word| matches!(word.parts, [Part::Literal { text, .. }] if shows(text))) {
            self.names.expected.extend(command.assignments.iter().map(|assignment| assignment.name));
            self.names.asks_by_name = true;
            return;
        }
        for word in words {
            match word.parts {
                [Part::Literal { text, .. }, rest @ ..] => match text.split_once('=') {
                    Some((name, _)) => self.scope.sets(name),
                    None => self.names.is_open |= !rest.is_empty(),
                },
                _ => self.names.is_open = true,
            }
        }
    }

    /// The script compares a word. If it is a variable of the environment, the caller may leave it empty: `[ "$FORCE" = 1 ]`.
    pub(super) fn names_compared(&mut self, word: &Word<'a>) {
        if let [Part::Parameter { name, .. }] = word.parts
            && !self.ctx.nounset
            && !name.bytes().any(|b| b.is_ascii_lowercase())
        {
            self.names.expected.insert(name);
        }
    }

    /// An unquoted word of a command is a variable. If it is meant to add words or none, its caller may leave it empty.
    pub(super) fn names_optional(&mut self, name: &'a str) {
        let mut parts = name.split('_');
        let is_optional = |part: Option<&str>| part.is_some_and(|part| OPTIONAL.contains(&part));
        if !self.ctx.nounset && (is_optional(parts.next()) || is_optional(parts.next_back())) {
            self.names.expected.insert(name);
        }
    }

    /// Runs what gives a variable its new value. Without `set -u`, a list that is gathered or a setting that is extended may
    /// have been empty before, but a path that begins or ends with the old value needs one.
    pub(super) fn names_extended<T>(
        &mut self,
        name: &'a str,
        word: &Word<'a>,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let is_own = |part: &Part<'_>| matches!(part, Part::Parameter { name: read, .. } if *read == name);
        let literal = |part: Option<&Part<'a>>| match part {
            Some(Part::Literal { text, .. }) => *text,
            _ => "",
        };
        let at = word.parts.iter().position(is_own);
        let is_extended = at.is_some_and(|at| {
            let before = literal(at.checked_sub(1).and_then(|before| word.parts.get(before)));
            !before.ends_with('/') && !literal(word.parts.get(at + 1)).starts_with('/')
        });
        let saved = std::mem::replace(&mut self.names.extends, is_extended.then_some(name));
        let result = run(self);
        self.names.extends = saved;
        result
    }

    /// The script asks whether the variable with this name is set, be the name a word or the value of another variable.
    pub(super) fn asks_by_name(&mut self, name: Option<&str>) {
        match name {
            Some(name) => _ = self.names.expected.insert(self.arena.alloc_str(name)),
            None => self.names.asks_by_name = true,
        }
    }

    /// `eval` runs a text. If that begins with what is not known, it may set any name, and if it reads a variable by a name
    /// that is not known, the script asks for it.
    pub(super) fn names_evaluated(&mut self, text: &Value) {
        let known = text.known_prefix().trim_start();
        let sets = known.is_empty() || Builtin::named(known.trim_end()).is_some_and(Builtin::declares);
        if let Some(text) = text.as_literal() {
            self.names.asks_by_name |= text.contains('$');
        } else if known.ends_with(['$', '{']) {
            self.names.asks_by_name = true;
        } else if sets && !prints_own_settings(&text.to_string()) {
            self.names.is_open = true;
        }
    }

    /// A command shows the environment, as `printenv "$name"` and `env | grep "^$name="` do, or evaluates a text.
    pub(super) fn names_of_environment(&mut self, argv: &Argv) {
        match argv.args.first() {
            Some(text) if Builtin::named(&argv.name) == Some(Builtin::Eval) => {
                self.names_evaluated(&text.value)
            }
            operand if shows_environment(argv) => {
                self.asks_by_name(operand.and_then(|operand| operand.value.as_literal()));
            }
            _ => {}
        }
    }

    /// A command asks whether there is a program or a function, so the script knows that there may be none.
    pub(super) fn asks_for_program(&mut self, says: Option<&Says>) {
        if let Some(Says::Is(fact)) = says
            && let Resource::Program(name) = &fact.resource
            && let Some(name) = name.as_literal()
        {
            self.names.expected.insert(self.arena.alloc_str(name));
        }
    }

    /// Runs what asks whether a variable is empty.
    pub(super) fn names_asked<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let saved = std::mem::replace(&mut self.names.asks, true);
        let result = run(self);
        self.names.asks = saved;
        result
    }

    /// The shell runs code that is not known: it may set any name.
    pub(super) fn opens_names(&mut self, argv: &Argv) {
        let sourced = argv.args.first().and_then(|arg| arg.value.as_literal());
        match sourced {
            Some("/etc/os-release" | "/usr/lib/os-release") => self.names.expected.extend(OS_RELEASE),
            _ => self.names.is_open |= !self.sources_settings(argv),
        }
    }

    /// Sets the variables of a file that the script itself has written. False if it is not such a file.
    fn sources_settings(&mut self, argv: &Argv) -> bool {
        let is_source = Builtin::named(&argv.name) == Some(Builtin::Source);
        let Some(path) = argv.args.first().filter(|_| is_source).map(|arg| argv.path(arg)) else {
            return false;
        };
        let Some(settings) = settings(&self.steps, &|written| *written == path) else { return false };
        for setting in settings {
            let name: &'a str = self.arena.alloc_str(&setting.name);
            let value = Value::hole(name, 0, Knowledge::Symbolic);
            let exported = setting.exported || self.ctx.allexport;
            self.scope.set(name, Variable { value, exported, ..Default::default() });
        }
        true
    }

    /// True if code that is not known may have set any name.
    pub(super) fn names_are_open(&self) -> bool {
        self.names.is_open
    }

    /// Forgets code that ran in a subshell: the names that it has set are gone with it.
    pub(super) fn close_names(&mut self, were_open: bool) {
        self.names.is_open = were_open;
    }

    /// What is left of the names at the script's end, each with the place where the script sets it later.
    pub(super) fn names_not_set(&mut self) -> Vec<Unset> {
        let mut found = std::mem::take(&mut self.names.found);
        found.retain(|one| !self.names.expected.contains(one.name.as_str()));
        found.retain_mut(|one| {
            one.later = match one.kind {
                UnsetKind::Function => self.functions.body(&one.name).map(|body| body.span),
                UnsetKind::Ending | UnsetKind::Empty | UnsetKind::Elements => {
                    self.scope.first_set(&one.name).filter(|later| !one.span.covers(*later))
                }
            };
            match one.kind {
                UnsetKind::Function => {
                    one.later.is_some()
                        || is_functions_name(&one.name)
                        || self.names.runs.contains(one.name.as_str())
                }
                UnsetKind::Ending | UnsetKind::Empty => {
                    one.later.is_some() || !self.is_asked_by_name(&one.name)
                }
                UnsetKind::Elements => true,
            }
        });
        found
    }

    /// True if the script asks for variables by their names, and has this one as a word: `require HOST TOKEN`.
    fn is_asked_by_name(&self, name: &str) -> bool {
        self.names.asks_by_name && self.shell.texts.iter().any(|parsed| has_bare_word(parsed.text, name))
    }
}

/// True if a text has the name as a word, and neither reads nor sets the variable there.
fn has_bare_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let is_own = !before.ends_with(is_part) && !after.starts_with(is_part);
        is_own
            && !before.ends_with(['$', '{', '!', '-', '/', '.'])
            && !after.starts_with(['=', '+', '-', '/', '.'])
    })
}

/// True for a name that functions have and programs do not: it begins with what it does.
fn is_functions_name(name: &str) -> bool {
    let first = name.split_once('_').map(|(first, _)| first);
    SAYING.contains(&name) || first.is_some_and(|verb| DOING.contains(&verb))
}
