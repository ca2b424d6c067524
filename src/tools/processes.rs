//! pm2 and pm2-runtime: what they do, what they start, and what their output says.

use crate::shell::argv::{Arg, Argv, Options};
use crate::shell::value::Value;
use crate::shell::wrappers::{command_line, resplit};
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, NEW, word};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::managers::{self, PM2_STARTS};
use crate::tools::packaging::PackageManager;
use crate::tools::says::facts::Says;
use crate::tools::serves;
use crate::tools::serves::served::{Language, Left, Serves, Stays};

/// The options that have a value, and some without one: `pm2 --help` of 7.0. The value of `--log` and `--watch` is
/// optional.
const OPTIONS: &str = "n|name: i|instances: w|write f|force u|user: uid: gid: namespace: hp: service-name: l|log: o|output: \
    e|error: p|pid: k|kill-timeout: cwd: max-memory-restart: interpreter: interpreter-args: node-args: c|cron|cron-restart: \
    only: env: ext: filter-env: log-type: log-date-format: parallel: listen-timeout: restart-delay: \
    exp-backoff-restart-delay: max-restarts: stop-exit-codes: ignore-watch: watch-delay: sort: watch time a|update-env \
    no-daemon s|silent";

/// What success says: `pm2 describe` and `pm2 restart` fail if there is no such process; `pm2 pid` and `pm2 list` always
/// succeed (tried with 7.0).
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    match argv.literal(0)? {
        "describe" | "desc" | "show" | "info" | "restart" | "reload" => {
            Some(Says::exists(Resource::Process(argv.args.get(1)?.value.clone())))
        }
        _ => None,
    }
}

/// What a printed number of `pm2 pid NAME` says.
pub(super) fn prints(argv: &Argv) -> Option<Says> {
    let named = argv.args.get(1).filter(|_| argv.literal(0) == Some("pid"))?;
    Some(Says::exists(Resource::Process(named.value.clone())))
}

/// What a line of a list of processes says.
pub(super) fn lists(name: Value) -> Option<Says> {
    Some(Says::exists(Resource::Process(name)))
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("pm2", true) => Advice::help("accept that it is gone: `pm2 delete NAME || true`"),
        ("pm2", false) => Advice::help(
            "write `pm2 restart NAME || pm2 start …`, or `pm2 startOrReload` with an ecosystem file",
        ),
        _ => None,
    }
}

/// A process of pm2 that a command starts or restarts.
pub(crate) struct Start<'a> {
    /// A process file, a script, a command, or the name of a process.
    pub(crate) target: &'a Arg,
    /// The arguments of the target.
    pub(crate) rest: Vec<&'a Arg>,
    options: Options<'a>,
}

impl Start<'_> {
    fn option(&self, name: &str) -> Option<String> {
        self.options.value(name).map(ToString::to_string)
    }

    /// Its own name, `--name`.
    pub(crate) fn name(&self) -> Option<String> {
        self.option("n")
    }

    /// The processes of a process file that are selected by `--only`.
    pub(crate) fn only(&self) -> Option<String> {
        self.option("only")
    }

    /// The program that is to run the script, `--interpreter`.
    pub(crate) fn interpreter(&self) -> Option<String> {
        self.option("interpreter")
    }

    /// Where it runs, `--cwd`.
    pub(crate) fn directory(&self) -> Option<String> {
        self.option("cwd")
    }

    /// The account that it runs as.
    pub(crate) fn user(&self) -> Option<String> {
        self.option("uid").or_else(|| self.option("u"))
    }

    /// True if the target is a program's text, and not a command or a name.
    pub(crate) fn is_script(&self) -> bool {
        is_program_text(&self.target.value.to_string())
    }
}

/// True for pm2 and its edition for containers.
pub(crate) fn is_pm2(argv: &Argv) -> bool {
    managers::is_pm2(&argv.name)
}

/// What pm2 leaves running (its "Process management" page). `pm2-runtime` takes its target with or without `start`.
pub(crate) fn start(argv: &Argv) -> Option<Start<'_>> {
    if !is_pm2(argv) {
        return None;
    }
    let options = argv.options(OPTIONS);
    let mut operands = options.operands.clone().into_iter();
    let first = operands.next()?;
    let target = match first.value.as_literal().is_some_and(|verb| PM2_STARTS.contains(&verb)) {
        true => operands.next()?,
        false if argv.name != "pm2" => first,
        false => return None,
    };
    Some(Start { target, rest: operands.collect(), options })
}

/// What a command does for processes that are to come back after a reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// It makes processes that the list did not have: `pm2 start`.
    Starts,
    /// It writes the list of the processes that run: `pm2 save`.
    Saves,
    /// It makes the machine start what the list has: `pm2 startup`.
    AtBoot,
    /// It starts what the list has.
    Resurrects,
    /// It runs commands of a process file, which may do all of this: `pm2 deploy`.
    Perhaps,
}

/// What a command of pm2 does for that; `None` for any other command (pm2's page "Startup Script Generator").
pub(crate) fn keeping(argv: &Argv) -> Option<Keeping> {
    if argv.name != "pm2" {
        return None;
    }
    let options = argv.options(OPTIONS);
    match word(&options.operands, 0) {
        "serve" | "static-page-server" => Some(Keeping::Starts),
        "deploy" => Some(Keeping::Perhaps),
        "save" | "dump" => Some(Keeping::Saves),
        "startup" => Some(Keeping::AtBoot),
        "resurrect" => Some(Keeping::Resurrects),
        "start" | "startOrRestart" | "startOrReload" | "startOrGracefulReload"
            if !options.has("no-daemon") =>
        {
            Some(Keeping::Starts)
        }
        // With a process file, they start what does not run yet.
        "restart" | "reload" if is_process_file(word(&options.operands, 1)) => Some(Keeping::Starts),
        _ => None,
    }
}

fn is_process_file(name: &str) -> bool {
    [".js", ".cjs", ".mjs", ".json", ".yml", ".yaml"].iter().any(|end| name.ends_with(end))
}

/// True if a text speaks of it: of a command, or of what does it instead.
pub(crate) fn speaks_of(text: &str, keeping: Keeping) -> bool {
    let words: &[&str] = match keeping {
        Keeping::Starts => &["pm2 start", "pm2 serve", "pm2 reload", "pm2 restart", "pm2-runtime"],
        Keeping::Saves => &["pm2 save", "pm2 dump", "dump.pm2"],
        Keeping::AtBoot => &["pm2 startup", "pm2 resurrect", "pm2-", "pm2.service", "@reboot"],
        Keeping::Resurrects => &["pm2 resurrect"],
        Keeping::Perhaps => &["pm2 deploy"],
    };
    words.iter().any(|word| text.contains(word))
}

/// True if pm2 runs a script of package.json: `pm2 start npm -- start`.
pub(crate) fn runs_package_script(argv: &Argv) -> bool {
    is_pm2(argv)
        && argv
            .args
            .iter()
            .any(|arg| arg.value.as_literal().is_some_and(|name| PackageManager::called(name).is_some()))
}

/// What it keeps running in the background, or in the foreground of a container.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    if !is_pm2(argv) {
        return None;
    }
    let options = argv.options(OPTIONS);
    let background = |by, instead| Stays::Background { by, left: Left::Daemons, instead: Some(instead) };
    let stays = match word(&options.operands, 0) {
        _ if argv.name != "pm2" => Stays::Foreground { sure: true },
        "start" if !options.has("no-daemon") => {
            background("pm2 start", "write `pm2-runtime`, or `Type=forking`")
        }
        "resurrect" if !options.has("no-daemon") => background("pm2 resurrect", "write `Type=forking`"),
        _ => Stays::Unknown,
    };
    // The started command shows the language. A process file belongs to Node.
    let started = command(argv).map(|started| serves::serves(&started));
    let language = started.as_ref().map(|s| s.language).filter(|l| *l != Language::Other);
    let role = started.as_ref().and_then(|s| s.role);
    Some(Serves {
        language: language.unwrap_or(Language::Node),
        role,
        entry: started.and_then(|s| s.entry.or_else(|| Some(s.argv.program.value.to_string()))),
        stays,
        runs_app: true,
        ..Serves::unknown(argv.clone())
    })
}

/// The command that it starts: `pm2 start npm -- start`, `pm2 start "celery -A x"`.
fn command(argv: &Argv) -> Option<Argv> {
    let started = start(argv)?;
    let mut words = resplit(started.target).unwrap_or_else(|| vec![started.target.clone()]);
    words.extend(started.rest.iter().map(|word| (*word).clone()));
    let interpreter = started.options.value("interpreter").filter(|name| name.as_literal() != Some("none"));
    if let Some(interpreter) = interpreter {
        words.insert(0, Arg { value: interpreter.clone(), span: started.target.span });
    }
    command_line(words, argv.cwd.clone(), argv.home.clone())
}

/// pm2 (its "Process management" page): `start` of a script that already runs under that name exits with 1,
/// `Script already launched`; `start` of an ecosystem file or of the name of a known process restarts it. A
/// command (`npm`, `"node app.js"`), and a script with `-f`, is started a second time beside the first. Tried
/// with 7.0.
pub(crate) fn pm2(argv: &Argv) -> Deed {
    let options = argv.options(OPTIONS);
    let mut draft = Draft::of(argv);
    let operands = &options.operands;
    let (verb, target) = (word(operands, 0), operands.get(1));
    let process = |value: &Value| Resource::Process(value.clone());
    match (verb, target) {
        ("start", Some(target)) => {
            draft.role(Role::Restart);
            let text = target.value.key();
            let describes = [".config.js", ".config.cjs", ".json", ".yml", ".yaml", ".config.mjs"]
                .iter()
                .any(|end| text.ends_with(end));
            let again = if describes || target.value.as_literal().is_none() {
                Again::NoChange
            } else if options.has("f") || is_command(text) {
                Again::Duplicates("starts a second process of the same name")
            } else {
                Again::Fails("Script already launched")
            };
            match options.value("n") {
                Some(name) if !describes => draft.add(target, NEW, process(name), again),
                _ if describes || is_script(text) => draft.add(target, NEW, process(&target.value), again),
                _ => draft.add(target, Change::Start, process(&target.value), Again::NoChange),
            }
        }
        (verb, Some(target)) if PM2_STARTS.contains(&verb) => {
            draft.role(Role::Restart);
            draft.add(target, Change::Restart, process(&target.value), Again::NoChange);
        }
        ("stop", Some(target)) => {
            draft.add(target, Change::Stop, process(&target.value), Again::NoChange);
        }
        ("delete" | "del", Some(_)) => {
            for target in &operands[1..] {
                let again = match target.value.as_literal() {
                    Some("all") => Again::NoChange,
                    _ => Again::Fails("Process or Namespace not found"),
                };
                draft.add(target, Change::Remove, process(&target.value), again);
            }
        }
        ("startup", _) => {
            draft.role(Role::Enable);
        }
        (
            "list" | "ls" | "status" | "logs" | "describe" | "show" | "jlist" | "ping" | "pid" | "env"
            | "prettylist",
            _,
        ) => {
            return Deed::read_only();
        }
        (
            "save" | "flush" | "update" | "kill" | "unstartup" | "resurrect" | "install" | "set" | "dump"
            | "serve",
            _,
        ) => {}
        _ => {
            draft.partly();
        }
    }
    draft.done()
}

/// True if the command takes processes away without naming each: `pm2 kill`, `pm2 delete all`, `pm2 delete
/// ecosystem.config.js`.
pub(crate) fn takes_many_away(argv: &Argv) -> bool {
    let options = argv.options(OPTIONS);
    is_pm2(argv)
        && match (word(&options.operands, 0), word(&options.operands, 1)) {
            ("kill", _) => true,
            ("delete" | "del", name) => name == "all" || is_process_file(name),
            _ => false,
        }
}

/// True for a program with its arguments, and for one that gets them after `--`.
fn is_command(text: &str) -> bool {
    text.contains(' ') || matches!(text, "npm" | "yarn" | "pnpm" | "bun" | "npx" | "serve")
}

fn is_script(text: &str) -> bool {
    text.contains('/') || is_program_text(text)
}

/// True if the ending is that of a program's text.
fn is_program_text(path: &str) -> bool {
    [".js", ".cjs", ".mjs", ".ts", ".py", ".sh"].iter().any(|end| path.ends_with(end))
}

#[test]
fn processes_are_asked_for() {
    crate::tools::table::says(&[
        ("pm2 describe web", "Exists process web"),
        ("pm2 pid web", "prints Exists process web"),
        ("pm2 list", ""),
        ("pm2 ls | grep -q web", "Exists process web"),
    ]);
}

#[test]
fn processes_are_started() {
    crate::tools::table::check(&[
        ("pm2 start dist/server.js --name api", "create process api fails [Restart]"),
        ("pm2 start npm --name web -- start", "create process web duplicates [Restart]"),
        ("pm2 start 'node app.js' --name web", "create process web duplicates [Restart]"),
        ("pm2 start -f app.js --name web", "create process web duplicates [Restart]"),
        ("pm2 start server.js", "create process server.js fails [Restart]"),
        ("pm2 start ecosystem.config.js --env production", "create process ecosystem.config.js [Restart]"),
        ("pm2 start api", "start process api [Restart]"),
        ("pm2 reload api", "restart process api [Restart]"),
        ("pm2 startOrGracefulReload a.json", "restart process a.json [Restart]"),
        ("pm2 delete api", "remove process api fails"),
        ("pm2 save", ""),
        ("pm2 startup systemd -u app --hp /home/app", "[Enable]"),
    ]);
}
