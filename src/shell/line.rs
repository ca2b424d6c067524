//! Command lines outside the flow of a script: a unit's `ExecStart=`, the command of a Compose service, an
//! image's `CMD`, a line that a script prints. One function takes any of them apart into commands without
//! their wrappers. It does not know what a program does.
//!
//! Variables are not known here, so a word with one has a hole. Places have no meaning; the caller has its
//! own.

use crate::limit::{tick, ticks};
use crate::shell::argv::{Arg, Argv, name_of_program};
use crate::shell::ast::{
    AssignedValue, Assignment, Block, Command as Simple, Operation, Part, Stmt, StmtKind, Word,
};
use crate::shell::parse::Shell;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::{Code, Peeled, command_line, peel};
use crate::source::{FileId, OffsetMap, Span};
use bumpalo::Bump;

/// One command of a line.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// The command without its wrappers. Shell code that it passes on (`sh -c CODE`) is not here but taken
    /// apart.
    pub(crate) peeled: Peeled,
    /// True if it ends in `&`, so that the line goes on without it.
    pub(crate) background: bool,
    /// True if it reads the output of the command before it.
    pub(crate) filter: bool,
}

impl Command {
    /// The command's words.
    pub(crate) fn argv(&self) -> &Argv {
        &self.peeled.argv
    }

    /// The same as texts, the program first.
    pub(crate) fn words(&self) -> Vec<String> {
        let argv = self.argv();
        std::iter::once(&argv.program).chain(&argv.args).map(|word| word.value.to_string()).collect()
    }
}

/// How deep `sh -c` is followed inside `sh -c`.
const DEPTH: u8 = 4;
/// The most commands of one line that are told apart.
const COMMANDS: usize = 500;

/// The commands of a line, in order. The words are those that systemd, Compose or a JSON list hands to the program.
/// `$NAME`, `${NAME}` and the holes of [`Value`] in them are unknown. A text that a shell reads is the last word of `sh -c`.
pub(crate) fn commands(words: &[String]) -> Vec<Command> {
    let mut reading = Reading::default();
    let args = words.iter().map(|word| argument(Value::with_variables(word))).collect();
    reading.command(args, Vec::new(), Flow::default());
    reading.found
}

/// The commands of a text that a shell reads: a script of package.json, a line of crontab(5).
pub(crate) fn commands_of_code(code: &str) -> Vec<Command> {
    let mut reading = Reading::default();
    reading.text(code, Flow::default());
    reading.found
}

/// How many words of a command, its program among them, still say what it is for.
const TELLING: usize = 12;

/// The commands that words may be which nobody has taken apart: one begins at each program that is meant.
pub(crate) fn commands_from<'w>(
    words: &'w [&str],
    is_meant: impl Fn(&str) -> bool + 'w,
) -> impl Iterator<Item = Command> + 'w {
    // One word alone is more often a name than a command: `yarn`, `bundle`.
    let starts = 0..words.len().saturating_sub(1);
    let meant = starts.filter(move |start| {
        ticks(1 + words[*start].len() / 16);
        is_meant(name_of_program(words[*start]))
    });
    meant.flat_map(|start| {
        let words: Vec<String> = words[start..].iter().take(TELLING).map(|word| (*word).to_owned()).collect();
        commands(&words)
    })
}

/// The words of each stretch of a text that may be a command. A line end, a quote, a bracket or a separator ends it. This
/// is for texts of which it is not known what reads them.
pub(crate) fn stretches(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let parts = text.split(['\n', ';', '|', '&', '(', ')', '`', '"', '\'']);
    parts.map(|part| part.split_whitespace().collect())
}

/// The command that is left running when the others are done: the last one, unless it only waits or reads
/// another's output.
pub(crate) fn main(commands: &[Command]) -> Option<&Command> {
    let waits =
        |c: &&Command| matches!(c.argv().name.as_str(), "wait" | "true" | ":" | "exit" | "echo" | "printf");
    let stays = |c: &&Command| !c.filter && !waits(c);
    commands
        .iter()
        .rfind(|c| stays(c) && !c.background)
        .or_else(|| commands.iter().rfind(stays))
        .or(commands.last())
}

fn unknown_directory() -> Value {
    Value::hole("PWD", 0, Knowledge::Symbolic)
}

fn argument(value: Value) -> Arg {
    Arg { value, span: Span { file: FileId(0), start: 0, end: 0 } }
}

/// How a command is connected to its line.
#[derive(Clone, Copy, Default)]
struct Flow {
    background: bool,
    filter: bool,
}

struct Reading {
    found: Vec<Command>,
    /// Where the next command runs, as far as `cd` shows.
    cwd: Value,
    /// What `export` and separate assignments have set.
    exported: Vec<(String, Value)>,
    depth: u8,
}

impl Default for Reading {
    fn default() -> Self {
        Reading { found: Vec::new(), cwd: unknown_directory(), exported: Vec::new(), depth: 0 }
    }
}

impl Reading {
    fn text(&mut self, text: &str, flow: Flow) {
        let arena = Bump::new();
        let mut shell = Shell::new(&arena);
        let text = arena.alloc_str(text);
        let block = shell.parse(text, FileId(0), OffsetMap::shifted(0));
        self.depth += 1;
        self.block(block, flow);
        self.depth -= 1;
    }

    fn block(&mut self, block: Block<'_>, flow: Flow) {
        for stmt in block {
            self.statement(stmt, flow);
        }
    }

    fn statement(&mut self, stmt: &Stmt<'_>, flow: Flow) {
        tick();
        match stmt.kind {
            StmtKind::Command(command) => self.simple(command, flow),
            StmtKind::Test { .. } | StmtKind::Arithmetic(_) => {}
            StmtKind::Pipeline(stages) => {
                for (index, stage) in stages.iter().enumerate() {
                    self.statement(stage, Flow { filter: flow.filter || index > 0, ..flow });
                }
            }
            StmtKind::Not(inner) => self.statement(inner, flow),
            StmtKind::And(first, second) | StmtKind::Or(first, second) => {
                self.statement(first, flow);
                self.statement(second, flow);
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.block(condition, flow);
                    self.block(body, flow);
                }
                self.block(otherwise.unwrap_or_default(), flow);
            }
            StmtKind::While { condition, body, .. } => {
                self.block(condition, flow);
                self.block(body, flow);
            }
            StmtKind::For { body, .. } | StmtKind::CountedFor { body, .. } | StmtKind::Group(body) => {
                self.block(body, flow);
            }
            StmtKind::Subshell(body) => {
                let cwd = self.cwd.clone();
                self.block(body, flow);
                self.cwd = cwd;
            }
            StmtKind::Case { arms, .. } => {
                for arm in arms {
                    self.block(arm.body, flow);
                }
            }
            StmtKind::Function { body, .. } | StmtKind::Redirected { body, .. } => self.statement(body, flow),
            StmtKind::Background(inner) => self.statement(inner, Flow { background: true, ..flow }),
        }
    }

    fn simple(&mut self, command: &Simple<'_>, flow: Flow) {
        let set = command.assignments.iter().filter_map(assigned);
        let keyword = command.words.first().map(word_value);
        let sets = matches!(
            keyword.as_ref().and_then(Value::as_literal),
            None | Some("export" | "local" | "readonly" | "declare" | "typeset")
        );
        if sets && !command.assignments.is_empty() || command.words.is_empty() {
            self.exported.extend(set);
            return;
        }
        let args = command.words.iter().map(|word| argument(word_value(word))).collect();
        self.command(args, set.collect(), flow);
    }

    fn command(&mut self, args: Vec<Arg>, assigned: Vec<(String, Value)>, flow: Flow) {
        let home = Value::hole("HOME", 0, Knowledge::Symbolic);
        if self.found.len() >= COMMANDS {
            return;
        }
        let Some(mut argv) = command_line(args, self.cwd.clone(), home) else { return };
        if argv.name == "cd" {
            self.cwd = argv.args.first().map_or_else(unknown_directory, |to| argv.path(to));
        }
        argv.env.clone_from(&self.exported);
        argv.env.extend(assigned);
        let peeled = peel(argv);
        if let Some(outer) = &peeled.outer {
            // `docker run IMAGE COMMAND` is a command of its own, outside the container.
            let peeled =
                Peeled { outer: None, place: None, user: None, argv: (**outer).clone(), ..peeled.clone() };
            self.found.push(Command { peeled, background: flow.background, filter: flow.filter });
        }
        let code = match &peeled.code {
            Some(Code::Argument(code)) => Some(code.value.to_string()),
            Some(Code::Joined(words)) => {
                Some(words.iter().map(|w| w.value.to_string()).collect::<Vec<_>>().join(" "))
            }
            Some(Code::Stdin | Code::File { .. }) | None => None,
        };
        match code.filter(|_| self.depth < DEPTH) {
            Some(text) => self.code(&text, &peeled, flow),
            None => self.found.push(Command { peeled, background: flow.background, filter: flow.filter }),
        }
    }

    /// What the shell behind a wrapper runs, in the wrapper's place and as its user.
    fn code(&mut self, text: &str, around: &Peeled, flow: Flow) {
        let first = self.found.len();
        let before = (self.cwd.clone(), self.exported.clone());
        self.exported.clone_from(&around.argv.env);
        self.text(text, flow);
        (self.cwd, self.exported) = before;
        for command in &mut self.found[first..] {
            let inner = &mut command.peeled;
            inner.user = inner.user.take().or_else(|| around.user.clone());
            inner.place = inner.place.take().or_else(|| around.place.clone());
        }
    }
}

fn assigned(assignment: &Assignment<'_>) -> Option<(String, Value)> {
    match &assignment.value {
        Some(AssignedValue::Word(word)) => Some((assignment.name.to_owned(), word_value(word))),
        _ => None,
    }
}

fn word_value(word: &Word<'_>) -> Value {
    let mut value = Value::default();
    parts_into(word.parts, &mut value);
    value
}

fn parts_into(parts: &[Part<'_>], value: &mut Value) {
    for part in parts {
        match part {
            Part::Literal { text, .. } => value.push_str(text),
            // Nothing is known to be set, so the default is the best guess.
            Part::Parameter {
                operation: Operation::Default(default) | Operation::Assign(default), ..
            } => {
                parts_into(default, value);
            }
            Part::Parameter { name, .. } => value.push(&Value::hole(name, 0, Knowledge::Symbolic)),
            Part::Substitution { text, .. } | Part::Opaque { text, .. } => {
                value.push(&Value::hole(text, 0, Knowledge::Unknown));
            }
            Part::Process { .. } => value.push(&Value::hole("<(…)", 0, Knowledge::Unknown)),
            Part::Glob(character) => value.push_glob(*character),
            Part::Tilde(user) => {
                value.push_str("~");
                value.push_str(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(commands: &[Command]) -> Vec<String> {
        let one = |command: &Command| {
            let argv = command.argv();
            let mut text = argv.program.value.to_string();
            for arg in &argv.args {
                text.push_str(&format!(" {}", arg.value));
            }
            text
        };
        commands.iter().map(one).collect()
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(|word| word.replace('_', " ")).collect()
    }

    #[test]
    fn words_are_peeled_as_a_steps_are() {
        // `_` holds a word together.
        for (line, expected) in [
            ("/usr/bin/env A=1 python3 app.py", "python3 app.py"),
            ("sh -c exec_gunicorn_-w_$N_app:app", "gunicorn -w $N app:app"),
            (
                "bash -lc cd_/srv/app_&&_source_venv/bin/activate_&&_exec_celery_-A_x_worker",
                "celery -A x worker",
            ),
            ("dumb-init -- node server.js", "node server.js"),
            ("tini -g -- gosu app:app nginx", "nginx"),
            ("su-exec app sh -c migrate;_exec_uvicorn_x:y", "uvicorn x:y"),
            ("./wait-for-it.sh db:5432 -t 30 -- npm start", "npm start"),
            ("dockerize -wait tcp://db:5432 -timeout 60s python app.py", "python app.py"),
            ("doppler run --config prd -- puma -C x", "puma -C x"),
            ("xvfb-run -a --server-args=-screen node bot.js", "node bot.js"),
            ("flock -n /tmp/x timeout -k 5 60 python job.py", "python job.py"),
            ("sh -c gunicorn_x:y_2>&1_|_tee_log", "gunicorn x:y"),
            ("sh -c nginx_&_node_server.js_&_wait", "node server.js"),
            ("bash start.sh -x", "bash start.sh -x"),
            ("${VENV}/bin/python -m http.server", "$VENV/bin/python -m http.server"),
        ] {
            let words = words(line);
            let found = commands(&words);
            let main = main(&found).map(std::slice::from_ref).unwrap_or_default();
            assert_eq!(shown(main), [expected], "{line}");
        }
    }

    #[test]
    fn a_shells_line_gives_all_of_its_commands() {
        let text =
            "cd web && A=1 npm ci; if [ -f x ]; then ./manage.py migrate || true; fi; ssh h 'pm2 save'";
        let found = commands(&["sh", "-c", text].map(str::to_owned));
        assert_eq!(shown(&found), ["cd web", "npm ci", "./manage.py migrate", "true", "pm2 save"]);
        assert_eq!(found[1].argv().cwd.to_string(), "$PWD/web");
        assert_eq!(found[1].argv().env("A").and_then(Value::as_literal), Some("1"));
        assert!(found[4].peeled.place.is_some() && found[1].peeled.place.is_none());
    }

    #[test]
    fn a_default_stands_for_what_is_not_set() {
        let found = commands(
            &["sh", "-c", "uvicorn --port ${PORT:-8000} $APP --workers $(nproc)"].map(str::to_owned),
        );
        assert_eq!(shown(&found), ["uvicorn --port 8000 $APP --workers $(nproc)"]);
    }
}
