//! Commands that run another command: who then runs it, where, and whether it is shell code.
//!
//! Options and their arity: sudo(8), doas(1), su(1), runuser(1), env(1), timeout(1), nice(1), ionice(1),
//! xargs(1), setsid(1), stdbuf(1), systemd-run(1), chroot(8), ssh(1), flock(1), bash(1), xvfb-run(1), taskset(1), `--help` of
//! docker and podman; `init` has what precedes an image's program.

pub(crate) mod container;
mod init;
#[cfg(test)]
mod tests;
mod versions;

use crate::shell::argv::{Arg, Argv, program_name};
use crate::shell::value::{Knowledge, Value};

/// A change of user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunAs {
    /// An account by name, including `root`.
    User(Value),
    /// An unknown user.
    Unknown,
}

/// Where a command runs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// On the machine that the script runs on.
    #[default]
    Here,
    /// On another host.
    Remote(Value),
    /// In a container, a chroot.
    Container(Value),
}

/// Shell code that a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// One argument: `bash -c CODE`.
    Argument(Arg),
    /// Arguments joined by blanks: `eval a b`, `ssh host a b`.
    Joined(Vec<Arg>),
    /// Standard input: `bash`, `su - app`, `ssh host`.
    Stdin,
    /// A script file, with its arguments: `bash x.sh a`, `. lib.sh`.
    File {
        file: Arg,
        /// True for `source`, which runs in the same shell.
        same_shell: bool,
        /// The arguments after the file.
        args: Vec<Arg>,
    },
}

/// A command without its wrappers.
#[derive(Clone, Debug)]
pub(crate) struct Peeled {
    /// The command itself; if there is `code`, the shell that runs it.
    pub(crate) argv: Argv,
    /// Who runs it, if a wrapper changes that.
    pub(crate) user: Option<RunAs>,
    /// True if the user's login shell or home is entered, so that the working directory changes to it.
    pub(crate) login: bool,
    /// Where it runs, if a wrapper changes that.
    pub(crate) place: Option<Place>,
    /// True if the script's environment is not passed on.
    pub(crate) clean_environment: bool,
    /// The variables that are passed on all the same, if they are named: `sudo --preserve-env=A,B`.
    pub(crate) preserved: Option<Vec<String>>,
    /// Shell code that is run instead of a program.
    pub(crate) code: Option<Code>,
    /// True if more, unknown arguments follow (`xargs`).
    pub(crate) more_arguments: bool,
    /// True for `exec`: nothing after it runs.
    pub(crate) replaces_shell: bool,
    /// Names of the wrappers, outermost first.
    pub(crate) wrappers: Vec<&'static str>,
    /// A command that does something itself and also runs another: `docker run IMAGE CMD`.
    pub(crate) outer: Option<Box<Argv>>,
    /// The options that `bash -e`, `sh -eu` and similar calls turn on in the code that they run.
    pub(crate) errexit: bool,
}

const SUDO: &str = "A|askpass b|background E e|edit H|set-home i|login K|remove-timestamp k|reset-timestamp l|list \
    n|non-interactive P|preserve-groups S|stdin s|shell V|version v|validate N|no-update B|bell \
    C|close-from: D|chdir: g|group: h|host: p|prompt: R|chroot: r|role: T|command-timeout: t|type: U|other-user: \
    u|user: preserve-env?";
const SU: &str = "f|fast l|login m|p|preserve-environment P|pty c|command: session-command: g|group: G|supp-group: \
    s|shell: w|whitelist-environment: u|user:";
const ENV: &str = "i|ignore-environment 0|null u|unset: C|chdir: S|split-string: v|debug block-signal? \
    default-signal? ignore-signal?";
const XARGS: &str = "0|null a|arg-file: d|delimiter: E: e|eof? I: i|replace? L: l|max-lines? n|max-args: o|open-tty \
    P|max-procs: p|interactive process-slot-var? r|no-run-if-empty s|max-chars: t|verbose x|exit";
const FLOCK: &str = "s|shared x|e|exclusive u|unlock n|nb|nonblock w|timeout|wait: E|conflict-exit-code: o|close \
    F|no-fork verbose";
const SSH: &str = "4 6 A a C f G g K k M N n q s T t V v X x Y y B: b: c: D: E: e: F: I: i: J: L: l: m: O: o: P: p: \
    Q: R: S: W: w:";
const SYSTEMD_RUN: &str = "u|unit: p|property: description: slice: r|remain-after-exit send-sighup service-type: uid: gid: \
    nice: working-directory: d|same-dir E|setenv: t|pty P|pipe q|quiet wait G|collect user system scope S|shell \
    no-ask-password H|host: M|machine: on-active: on-boot: on-startup: on-unit-active: on-unit-inactive: on-calendar: \
    timer-property: path-property: socket-property: expand-environment:";

/// Removes every wrapper before a command.
pub(crate) fn peel(argv: Argv) -> Peeled {
    let mut peeled = Peeled {
        argv,
        user: None,
        login: false,
        place: None,
        clean_environment: false,
        preserved: None,
        code: None,
        more_arguments: false,
        replaces_shell: false,
        wrappers: Vec::new(),
        outer: None,
        errexit: false,
    };
    for _ in 0..12 {
        if !peeled.step() {
            break;
        }
    }
    peeled
}

/// True for the name of a shell that reads POSIX's language, or most of it.
pub(crate) fn is_shell(name: &str) -> bool {
    matches!(name, "bash" | "sh" | "dash" | "ksh" | "zsh" | "ash")
}

impl Peeled {
    /// Removes one wrapper. False if there is none.
    fn step(&mut self) -> bool {
        match self.argv.name.as_str() {
            "sudo" => self.sudo(SUDO, "sudo"),
            "doas" => self.sudo("n s L a: C: u|user:", "doas"),
            "su" => self.su("su"),
            "runuser" => self.su("runuser"),
            "env" => self.env(),
            "nohup" => self.plain("nohup", ""),
            "setsid" => self.plain("setsid", "c|ctty f|fork w|wait"),
            "nice" => self.plain("nice", "n|adjustment:"),
            "ionice" => self.plain("ionice", "c|class: n|classdata: p|pid: P|pgid: t|ignore u|uid:"),
            "stdbuf" => self.plain("stdbuf", "i|input: o|output: e|error:"),
            "time" => self.plain("time", "p a|append f|format: o|output: v|verbose"),
            "builtin" => self.plain("builtin", ""),
            "chronic" | "unbuffer" => self.plain("chronic", ""),
            "exec" => {
                if self.argv.args.is_empty() {
                    return false;
                }
                self.replaces_shell = true;
                self.plain("exec", "c l a:")
            }
            "command" => {
                let options = self.argv.leading_options("p v V");
                if options.has("v") || options.has("V") {
                    return false;
                }
                self.plain("command", "p v V")
            }
            "timeout" => {
                self.plain_after("timeout", "k|kill-after: s|signal: foreground preserve-status v|verbose", 1)
            }
            "xargs" => {
                self.more_arguments = true;
                self.plain("xargs", XARGS)
            }
            "flock" => self.flock(),
            "chroot" => {
                let options = self.argv.leading_options("userspec: groups: skip-chdir");
                if let Some(root) = options.operands.first() {
                    self.place = Some(Place::Container(root.value.clone()));
                }
                self.plain_after("chroot", "userspec: groups: skip-chdir", 1)
            }
            "xvfb-run" => self.plain(
                "xvfb-run",
                "a|auto-servernum e|error-file: f|auth-file: l|listen-tcp n|server-num: p|xauth-protocol: \
                 s|server-args: w|wait:",
            ),
            // sshpass(1).
            "sshpass" => self.plain("sshpass", "p: f: d: P: e v h V"),
            "systemd-run" => self.systemd_run(),
            "ssh" => self.ssh(),
            "docker" | "podman" | "nerdctl" => self.container(),
            "docker-compose" | "podman-compose" => self.compose(0),
            name if is_shell(name) => {
                self.shell();
                false
            }
            "eval" => {
                if !self.argv.args.is_empty() {
                    self.code = Some(Code::Joined(self.argv.args.clone()));
                }
                false
            }
            "source" | "." => {
                if let Some(file) = self.argv.args.first() {
                    let args = self.argv.args[1..].to_vec();
                    self.code = Some(Code::File { file: file.clone(), same_shell: true, args });
                }
                false
            }
            _ => self.init() || self.version_manager(),
        }
    }

    /// Continues at argument `index` as the command. False (and the command stays) if there is none.
    fn advance(&mut self, index: usize, wrapper: &'static str) -> bool {
        match self.argv.shifted(index) {
            Some(argv) => {
                self.argv = argv;
                self.wrappers.push(wrapper);
                true
            }
            None => false,
        }
    }

    fn plain(&mut self, name: &'static str, spec: &'static str) -> bool {
        self.plain_after(name, spec, 0)
    }

    /// Removes a wrapper that has `skip` operands of its own before the command. False if there is none.
    fn plain_after(&mut self, name: &'static str, spec: &'static str, skip: usize) -> bool {
        let first = self.argv.leading_options(spec).first_operand;
        self.advance(first + skip, name)
    }

    /// Takes `NAME=value` words from index `at` on, and returns the index after them.
    fn assignments(&mut self, mut at: usize) -> usize {
        while let Some(arg) = self.argv.args.get(at) {
            let prefix = arg.value.known_prefix();
            let Some((name, _)) = prefix.split_once('=') else { break };
            let is_name = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.as_bytes()[0].is_ascii_digit();
            if !is_name {
                break;
            }
            let value = Value::from_key(&arg.value.key()[name.len() + 1..], &arg.value);
            self.argv.env.push((name.to_owned(), value));
            at += 1;
        }
        at
    }

    fn sudo(&mut self, spec: &'static str, name: &'static str) -> bool {
        let options = self.argv.leading_options(spec);
        let user = match options.value("u") {
            Some(value) => RunAs::User(value.clone()),
            None => RunAs::User(Value::literal("root")),
        };
        let (login, shell) = (options.has("i"), options.has("s"));
        let query = options.has("v") || options.has("l") || options.has("K") || options.has("k");
        let chdir = options.value("D").cloned();
        let keeps = options.has("E") || options.has("preserve-env");
        let list = options.value("preserve-env").and_then(Value::as_literal);
        let preserved = list.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
        let first = options.first_operand;
        let at = self.assignments(first);
        if query && self.argv.args.get(at).is_none() {
            return false;
        }
        self.user = Some(user);
        self.clean_environment |= !keeps;
        self.preserved = preserved;
        self.login |= login;
        if let Some(dir) = chdir {
            self.argv.cwd = dir.resolve(&self.argv.cwd);
        }
        if self.argv.args.get(at).is_none() {
            if login || shell {
                self.code = Some(Code::Stdin);
            }
            self.wrappers.push(name);
            return false;
        }
        self.advance(at, name)
    }

    fn su(&mut self, name: &'static str) -> bool {
        // `su - app -c x`: options may follow the user, and `-` alone is an option.
        let options = self.argv.options(SU);
        if let (Some(user), "runuser") = (options.value("u"), name) {
            self.user = Some(RunAs::User(user.clone()));
            let first = self.argv.leading_options(SU).first_operand;
            return self.advance(first, name);
        }
        let mut user = Value::literal("root");
        let mut rest = options.operands.iter();
        let mut operand = rest.next();
        if operand.is_some_and(|o| o.value.as_literal() == Some("-")) {
            self.login = true;
            operand = rest.next();
        }
        if let Some(name) = operand {
            user = name.value.clone();
        }
        self.login |= options.has("l");
        self.user = Some(RunAs::User(user));
        let code = options.value("c").or_else(|| options.value("session-command")).cloned();
        let span = options.word("c").map_or(self.argv.program.span, |a| a.span);
        let code_span = self
            .argv
            .args
            .iter()
            .find(|a| code.as_ref().is_some_and(|c| *c == a.value))
            .map_or(span, |a| a.span);
        self.clean_environment |= self.login;
        self.wrappers.push(name);
        self.code = Some(match code {
            Some(value) => Code::Argument(Arg { value, span: code_span }),
            None => Code::Stdin,
        });
        false
    }

    fn env(&mut self) -> bool {
        let options = self.argv.leading_options(ENV);
        let (chdir, split) = (options.value("C").cloned(), options.has("S"));
        self.clean_environment |= options.has("i");
        let first = options.first_operand;
        if split {
            return false;
        }
        if let Some(dir) = chdir {
            self.argv.cwd = dir.resolve(&self.argv.cwd);
        }
        let at = self.assignments(first);
        self.advance(at, "env")
    }

    /// Removes flock(1): the file comes first, then a command, or `-c` with code for a shell.
    fn flock(&mut self) -> bool {
        let at = self.argv.leading_options(FLOCK).first_operand + 1;
        let is_code = matches!(self.argv.literal(at), Some("-c" | "--command"));
        let Some(code) = self.argv.args.get(at + 1).filter(|_| is_code) else {
            return self.advance(at, "flock");
        };
        self.code = Some(Code::Argument(code.clone()));
        self.wrappers.push("flock");
        false
    }

    /// Removes systemd-run(1), unless it makes a service of its own name that keeps running.
    fn systemd_run(&mut self) -> bool {
        let options = self.argv.leading_options(SYSTEMD_RUN);
        let is_timed = options.names().any(|name| name.starts_with("on-"));
        let waits = ["wait", "P", "scope", "t"].iter().any(|name| options.has(name));
        if !is_timed && !waits {
            return false;
        }
        let (user, directory) = (options.value("uid").cloned(), options.value("working-directory").cloned());
        let first = options.first_operand;
        if let Some(user) = user {
            self.user = Some(RunAs::User(user));
        }
        if let Some(directory) = directory {
            self.argv.cwd = directory.resolve(&self.argv.cwd);
        }
        self.clean_environment = true;
        self.advance(first, "systemd-run")
    }

    fn ssh(&mut self) -> bool {
        let options = self.argv.leading_options(SSH);
        let Some(host) = options.operands.first() else { return false };
        let (host, first, forwards) = (host.value.clone(), options.first_operand, options.has("N"));
        self.user = Some(match host.as_literal().and_then(|h| h.split_once('@')) {
            Some((user, _)) => RunAs::User(Value::literal(user)),
            None => match options.value("l") {
                Some(user) => RunAs::User(user.clone()),
                None => RunAs::Unknown,
            },
        });
        self.place = Some(Place::Remote(host));
        self.login = true;
        self.clean_environment = true;
        self.wrappers.push("ssh");
        // Options may also follow the host.
        let after = &self.argv.args[first + 1..];
        let rest = Argv { args: after.to_vec(), ..self.argv.clone() };
        let skip = rest.leading_options(SSH).first_operand;
        let words = after.get(skip..).unwrap_or_default().to_vec();
        if !words.is_empty() {
            self.code = Some(Code::Joined(words));
        } else if !forwards {
            self.code = Some(Code::Stdin);
        }
        false
    }

    /// The arguments from `at` on, as a command line whose options can be read.
    fn tail(&self, at: usize) -> Option<Argv> {
        (at <= self.argv.args.len())
            .then(|| Argv { args: self.argv.args[at..].to_vec(), ..self.argv.clone() })
    }

    fn shell(&mut self) {
        // bash's options may be given as `-euo pipefail`, and `-c` may be bundled: `bash -lc`.
        let options = self
            .argv
            .leading_options("c e u x v n r i l s p O: o: norc noprofile login posix rcfile: init-file:");
        self.errexit = options.has("e");
        self.login |= options.has("l") && self.user.is_some() && self.login;
        let first = options.first_operand;
        if options.has("c") {
            if let Some(code) = self.argv.args.get(first) {
                self.code = Some(Code::Argument(code.clone()));
            }
        } else if options.has("s") || self.argv.args.get(first).is_none() {
            self.code = Some(Code::Stdin);
        } else if let Some(file) = self.argv.args.get(first) {
            if file.value.as_literal() == Some("-") || file.value.as_literal() == Some("/dev/stdin") {
                self.code = Some(Code::Stdin);
            } else {
                let args = self.argv.args[first + 1..].to_vec();
                self.code = Some(Code::File { file: file.clone(), same_shell: false, args });
            }
        }
    }
}

/// The user whose home `~name` is, or the directory if it is well known (Debian's base-passwd).
pub(crate) fn home_of(user: &Value) -> Value {
    match user.as_literal() {
        Some("root") => Value::literal("/root"),
        Some("postgres") => Value::literal("/var/lib/postgresql"),
        Some("www-data") => Value::literal("/var/www"),
        Some("") | None => {
            let mut home = Value::literal("/home/");
            home.push(user);
            if user.is_empty() { Value::hole("HOME", 0, Knowledge::Symbolic) } else { home }
        }
        Some(name) => Value::literal(format!("/home/{name}")),
    }
}

/// Splits a program's words again if one word contained them all: `$SUDO` with the value `sudo -E`.
pub(crate) fn resplit(arg: &Arg) -> Option<Vec<Arg>> {
    let text = arg.value.as_literal()?;
    text.trim().contains([' ', '\t']).then(|| {
        text.split_ascii_whitespace().map(|w| Arg { value: Value::literal(w), span: arg.span }).collect()
    })
}

/// A command line from words; the first one is the program.
pub(crate) fn command_line(mut words: Vec<Arg>, cwd: Value, home: Value) -> Option<Argv> {
    if words.is_empty() {
        return None;
    }
    let program = words.remove(0);
    Some(Argv {
        name: program_name(&program.value),
        program,
        args: words,
        cwd,
        home,
        stdin: Default::default(),
        stdout: None,
        env: Vec::new(),
    })
}
