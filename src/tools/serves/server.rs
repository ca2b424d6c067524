//! How a family's file describes a program that serves, and what a command line of that program then means.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::serves::served::{Address, Gateway, Language, Left, Serves, ServiceRole, Stays};

/// A program that serves, as its family's file describes it.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its names.
    pub(crate) names: &'static [&'static str],
    /// Its language.
    pub(crate) language: Language,
    /// Its purpose.
    pub(crate) role: Option<ServiceRole>,
    /// Its interface to an application.
    pub(crate) gateway: Option<Gateway>,
    /// The word that makes it serve, with the role that it then has; empty if it always serves.
    pub(crate) verbs: &'static [(&'static str, Option<ServiceRole>)],
    /// Options without a value; any other option is followed by one.
    pub(crate) flags: &'static [&'static str],
    /// Where the entry point is given.
    pub(crate) entry: Entry,
    /// How its command line says where it listens.
    pub(crate) listen: Listen,
    /// Options that name a settings file.
    pub(crate) settings: &'static [&'static str],
    /// Options that name the class of its workers.
    pub(crate) workers: &'static [&'static str],
    /// A settings file that it reads by itself, and a variable from which it takes options.
    pub(crate) reads: Option<(&'static str, &'static str)>,
    /// The options that send it to the background.
    pub(crate) daemon: &'static [ToBackground],
    /// When it changes to another account by itself.
    pub(crate) gives_up: GivesUp,
    /// Words with which it ends when its work is done.
    pub(crate) ends: &'static [&'static str],
    /// True if it stays in the foreground unless it is told otherwise.
    pub(crate) stays: bool,
    /// True if it tells systemd when it is ready.
    pub(crate) notifies: Option<bool>,
    /// True if it runs code of the project.
    pub(crate) runs_app: bool,
}

/// When a server that root starts runs the app as another account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivesUp {
    Never,
    /// With one of these options, which name the account.
    With(&'static [&'static str]),
    /// Unless one of these options is given, because its settings name the account.
    Without(&'static [&'static str]),
}

/// Words that together send a server to the background.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToBackground {
    /// The words.
    pub(crate) words: &'static [&'static str],
    /// The words in messages.
    pub(crate) by: &'static str,
    /// What to write instead for a unit.
    pub(crate) instead: Option<&'static str>,
}

/// An option that alone sends a server to the background.
pub(crate) const fn daemon(option: &'static [&'static str; 1]) -> ToBackground {
    ToBackground { words: option, by: option[0], instead: None }
}

/// Where a server's entry point is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// It has none.
    Nothing,
    /// The first word after the verb that is not an option.
    Operand,
    /// The value of one of these options.
    Named(&'static [&'static str]),
    /// The value of one of these options, else the first word that is not an option.
    NamedOrOperand(&'static [&'static str]),
}

/// How a server's command line says where it listens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listen {
    /// It does not listen.
    pub(crate) nowhere: bool,
    /// Options with an address: `--bind`.
    pub(crate) address: &'static [&'static str],
    /// Options with a port.
    pub(crate) port: &'static [&'static str],
    /// Options with a socket.
    pub(crate) socket: &'static [&'static str],
    /// Options that make it listen on something else: `--fd`.
    pub(crate) other: &'static [&'static str],
    /// The default port.
    pub(crate) default: Option<u16>,
}

/// A server with default values for the rest.
pub(crate) const SERVER: Server = Server {
    names: &[],
    language: Language::Other,
    role: None,
    gateway: None,
    verbs: &[],
    flags: &[],
    entry: Entry::Nothing,
    listen: Listen { nowhere: false, address: &[], port: &[], socket: &[], other: &[], default: None },
    settings: &[],
    workers: &[],
    reads: None,
    daemon: &[],
    gives_up: GivesUp::Never,
    ends: &[],
    stays: true,
    notifies: None,
    runs_app: false,
};

impl Server {
    /// True if a command of this program serves, and does not only show or test something.
    pub(crate) fn is_serving(&self, argv: &Argv) -> bool {
        self.verb(argv).is_some() || self.verbs.is_empty()
    }

    /// True if the app does not run as root although root starts the server.
    pub(super) fn gives_root_up(&self, argv: &Argv) -> bool {
        match self.gives_up {
            GivesUp::Never => false,
            GivesUp::With(options) => {
                values(argv, options).iter().any(|user| !matches!(user.as_literal(), Some("root" | "0")))
            }
            GivesUp::Without(options) => !options.iter().any(|option| has(argv, option)),
        }
    }

    fn verb(&self, argv: &Argv) -> Option<&(&'static str, Option<ServiceRole>)> {
        self.verbs.iter().find(|(verb, _)| argv.has_word(verb))
    }

    pub(super) fn serves(&self, argv: Argv) -> Serves {
        let verb = self.verb(&argv);
        let serving = self.is_serving(&argv);
        let settings = !values(&argv, self.settings).is_empty();
        let background = self.daemon.iter().find(|to| to.words.iter().all(|word| has(&argv, word)));
        let ends = argv.has_any(self.ends);
        Serves {
            language: self.language,
            role: verb.map_or(self.role.filter(|_| serving), |(_, role)| *role),
            entry: self.entry(&argv, verb.map(|(verb, _)| *verb)),
            listens: self.listens(&argv, settings).filter(|_| serving),
            stays: match background {
                Some(to) => Stays::Background { by: to.by, left: Left::Process, instead: to.instead },
                None if self.stays && serving && !ends => Stays::Foreground { sure: !settings },
                None => Stays::Unknown,
            },
            notifies: self.notifies,
            runs_app: self.runs_app,
            gateway: self.gateway,
            worker_class: values(&argv, self.workers).pop().map(|class| class.to_string()),
            configured: settings,
            argv,
        }
    }

    fn entry(&self, argv: &Argv, verb: Option<&str>) -> Option<String> {
        let named = |options| values(argv, options).pop().map(|value| value.to_string());
        let operand = || operand(argv, self.flags, verb);
        match self.entry {
            Entry::Nothing => None,
            Entry::Operand => operand(),
            Entry::Named(options) => named(options),
            Entry::NamedOrOperand(options) => named(options).or_else(operand),
        }
    }

    fn listens(&self, argv: &Argv, settings: bool) -> Option<Vec<Address>> {
        let listen = &self.listen;
        if listen.nowhere {
            return Some(Vec::new());
        }
        if settings || listen.other.iter().any(|option| has(argv, option)) {
            return None;
        }
        let parsed = |value: Value| Address::parse(value.as_literal()?);
        let mut given = values(argv, listen.address);
        given.extend(values(argv, listen.socket));
        if given.is_empty() {
            given = values(argv, listen.port);
        }
        match (given.is_empty(), listen.default) {
            (true, port) => port.map(|port| vec![Address::Port(port)]),
            (false, _) => given.into_iter().map(parsed).collect(),
        }
    }
}

/// True if the option is given, with or without a value in the same word.
pub(crate) fn has(argv: &Argv, option: &str) -> bool {
    argv.args.iter().any(|arg| {
        let text = arg.value.known_prefix();
        text == option || text.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
    })
}

/// The values of options, in the next word, after `=`, or joined to a short one (`-b:8000`).
pub(crate) fn values(argv: &Argv, options: &[&str]) -> Vec<Value> {
    let mut found = Vec::new();
    for (index, arg) in argv.args.iter().enumerate() {
        let text = arg.value.known_prefix();
        for option in options {
            let Some(rest) = text.strip_prefix(option) else { continue };
            let short = option.len() == 2 && option.starts_with('-');
            let key = &arg.value.key()[option.len()..];
            if rest.is_empty() && key.is_empty() {
                found.extend(argv.args.get(index + 1).map(|next| next.value.clone()));
            } else if let Some(joined) = key.strip_prefix('=').filter(|_| !short) {
                found.push(Value::from_key(joined, &arg.value));
            } else if short {
                found.push(Value::from_key(key, &arg.value));
            }
        }
    }
    found
}

/// The first word after the verb that is neither an option nor an option's value.
fn operand(argv: &Argv, flags: &[&str], verb: Option<&str>) -> Option<String> {
    let mut args = argv.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.value.to_string();
        if !text.starts_with('-') {
            if verb == Some(text.as_str()) {
                continue;
            }
            return Some(text);
        }
        // `-w4`, `--bind=…` include their value.
        let joined = text.contains('=') || !text.starts_with("--") && text.len() > 2;
        if !joined && !flags.contains(&text.as_str()) {
            args.next();
        }
    }
    None
}
