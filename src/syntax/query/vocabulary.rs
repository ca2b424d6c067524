//! The closed vocabulary of selectors: what a predicate may ask and with which words. `queries/README.md` documents
//! it, and a test holds the two together.

use std::ops::Range;
use std::sync::Arc;

/// The number by which the model knows a command. The engine only hands it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u32);

/// Who answers what a selector asks: the model.
pub trait Judge {
    /// Does it hold of this command?
    fn ask(&self, command: CommandId, question: &Question) -> bool;
}

/// What a predicate asks. Where it lists words, it holds when any of them does.
#[derive(Clone, Debug)]
pub enum Question {
    /// `#second-run?`: what the command does when the script runs again.
    SecondRun(Vec<SecondRun>),
    /// `#effect?`: it makes such a change to such a resource; `None` is `*`.
    Effect {
        /// The change.
        change: Option<ChangeWord>,
        /// The kind of resource.
        resource: Option<ResourceWord>,
    },
    /// `#role?`: what it is for.
    Role(Vec<RoleWord>),
    /// `#runs-as?`: who runs it.
    RunsAs(Vec<RunsAs>),
    /// `#place?`: where it runs.
    Place(Vec<Place>),
    /// `#on-failure?`: what follows its failure.
    OnFailure(Vec<OnFailure>),
    /// `#has-flag?`: it is called with one of these flags, as its tool writes them: `-y`, `--yes`.
    HasFlag(Vec<String>),
    /// `#in-app-tree?`: it works in the app's directory.
    InAppTree,
    /// `#guarded?`: a guard about the same resource holds where it runs.
    Guarded,
    /// `#word-matches?`: the word's value is known and matches.
    WordMatches {
        /// The word, as bytes of the text that was parsed.
        word: Range<usize>,
        /// Matches anywhere in the value unless anchored.
        pattern: Arc<regex::Regex>,
    },
    /// `#literal?`: the word's value is known.
    Literal {
        /// The word, as bytes of the text that was parsed.
        word: Range<usize>,
    },
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every word with what it stands for.
            pub const ALL: &[(&str, Self)] = &[$(($word, Self::$variant),)*];

            /// As selectors write it.
            #[cfg_attr(not(test), allow(dead_code))]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl Word for $name {
            const ALL: &[(&str, Self)] = Self::ALL;
        }
    };
}

/// A closed list of words.
pub(super) trait Word: Copy + 'static {
    /// Every word with what it stands for.
    const ALL: &[(&str, Self)];
}

words! {
    /// What a command does when the script runs a second time.
    SecondRun {
        /// It ends with an error.
        Fails = "fails",
        /// It adds a second one.
        Duplicates = "duplicates",
        /// It throws away what was there.
        Overwrites = "overwrites",
        /// It removes what is needed.
        Destroys = "destroys",
        /// It acts inside what the first run made.
        Nests = "nests",
        /// It waits for an answer.
        Prompts = "prompts",
        /// It does the same work again, to the same end.
        Repeats = "repeats",
        /// It leaves everything as it is.
        NoChange = "no-change",
        /// A guard keeps it from running.
        Skipped = "skipped",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// A change of a resource.
    ChangeWord {
        /// It comes to exist.
        Create = "create",
        /// It is gone after.
        Remove = "remove",
        /// Its content is replaced.
        Write = "write",
        /// Something is added to it.
        Append = "append",
        /// Its content is edited in place.
        Edit = "edit",
        /// Its owner is set.
        Own = "own",
        /// Its mode is set.
        Mode = "mode",
        /// It is started.
        Start = "start",
        /// It is restarted or reloaded.
        Restart = "restart",
        /// It is stopped.
        Stop = "stop",
        /// It is enabled at boot.
        Enable = "enable",
    }
}

words! {
    /// A kind of resource.
    ResourceWord {
        /// A file, directory or link.
        Path = "path",
        /// A user account.
        User = "user",
        /// A group.
        Group = "group",
        /// A systemd unit or sysv service.
        Unit = "unit",
        /// A program that can be called by name.
        Program = "program",
        /// A package of the system.
        Package = "package",
        /// A database.
        Database = "database",
        /// A role of a database.
        Role = "role",
        /// An object inside a database.
        Table = "table",
        /// Lines of a file.
        Line = "line",
        /// The crontab of a user.
        Crontab = "crontab",
        /// A container.
        Container = "container",
        /// A container network.
        Network = "network",
        /// A container volume.
        Volume = "volume",
        /// A git remote.
        Remote = "remote",
        /// A process of a manager other than systemd.
        Process = "process",
        /// A rule of the packet filter.
        FirewallRule = "firewall-rule",
    }
}

words! {
    /// What a command is for in a deployment.
    RoleWord {
        /// Installs packages of the system.
        SystemPackages = "system-packages",
        /// Installs the app's own dependencies.
        Dependencies = "dependencies",
        /// Installs a tool for the whole machine.
        GlobalTool = "global-tool",
        /// Makes a virtual environment.
        VirtualEnv = "virtual-env",
        /// Builds.
        Build = "build",
        /// Gathers static files.
        StaticFiles = "static-files",
        /// Migrates the database.
        Migrate = "migrate",
        /// Loads data into the database.
        Seed = "seed",
        /// Brings the app's source.
        Source = "source",
        /// Creates an account.
        Account = "account",
        /// Makes systemd read its units again.
        DaemonReload = "daemon-reload",
        /// Enables a unit.
        Enable = "enable",
        /// Starts, restarts or reloads a service.
        Restart = "restart",
        /// Runs all of compose.
        ComposeUp = "compose-up",
        /// Serves.
        Serve = "serve",
        /// Makes a tree of the app's source where none was.
        Clone = "clone",
        /// Gives paths to others.
        Owner = "owner",
        /// Sets modes.
        Mode = "mode",
        /// Brings what is not on this machine.
        Fetch = "fetch",
        /// Copies to another machine.
        Send = "send",
        /// Takes files out of an archive.
        Unpack = "unpack",
        /// Tells processes to end or to start anew.
        Signal = "signal",
        /// Stops the machine, or starts it anew.
        Reboot = "reboot",
        /// Sets a server up by what another file says.
        Provision = "provision",
        /// Only reads or prints.
        ReadOnly = "read-only",
    }
}

words! {
    /// Who runs a command.
    RunsAs {
        /// root.
        Root = "root",
        /// The account of the app.
        App = "app",
        /// Another account.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a command runs.
    Place {
        /// On the machine that runs the script.
        Here = "here",
        /// On another, through ssh.
        Remote = "remote",
        /// In a container.
        Container = "container",
    }
}

words! {
    /// What follows when a command fails.
    OnFailure {
        /// The script ends.
        Aborts = "aborts",
        /// The script goes on as if nothing had happened.
        Continues = "continues",
        /// The failure is expected.
        Handled = "handled",
    }
}

/// A predicate's question before it is known which word it is about.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Command(Question),
    Matches(Arc<regex::Regex>),
    Literal,
}

/// What stands behind the capture in a predicate.
pub(super) enum Arguments {
    /// Nothing.
    None(fn() -> Ask),
    /// One or more words of a list.
    Words(fn(&[&str]) -> Result<Ask, Refused>),
    /// Exactly two words.
    Two(fn(&str, &str) -> Result<Ask, Refused>),
    /// Exactly one.
    One(fn(&str) -> Result<Ask, Refused>),
}

/// Which argument (the capture is not counted) is wrong, and why.
pub(super) type Refused = (usize, String);

/// A predicate: its name, whether it is about the command or about a word, and what it takes.
pub(super) struct Predicate {
    pub(super) name: &'static str,
    pub(super) about_command: bool,
    pub(super) arguments: Arguments,
}

/// All predicates.
pub(super) const PREDICATES: &[Predicate] = &[
    command("second-run", Arguments::Words(|w| list(w, Question::SecondRun))),
    command(
        "effect",
        Arguments::Two(|change, resource| {
            Ok(Ask::Command(Question::Effect {
                change: starred(0, change)?,
                resource: starred(1, resource)?,
            }))
        }),
    ),
    command("role", Arguments::Words(|w| list(w, Question::Role))),
    command("runs-as", Arguments::Words(|w| list(w, Question::RunsAs))),
    command("place", Arguments::Words(|w| list(w, Question::Place))),
    command("on-failure", Arguments::Words(|w| list(w, Question::OnFailure))),
    command("has-flag", Arguments::Words(flags)),
    command("in-app-tree", Arguments::None(|| Ask::Command(Question::InAppTree))),
    command("guarded", Arguments::None(|| Ask::Command(Question::Guarded))),
    word("word-matches", Arguments::One(pattern)),
    word("literal", Arguments::None(|| Ask::Literal)),
];

const fn command(name: &'static str, arguments: Arguments) -> Predicate {
    Predicate { name, about_command: true, arguments }
}

const fn word(name: &'static str, arguments: Arguments) -> Predicate {
    Predicate { name, about_command: false, arguments }
}

fn list<W: Word>(words: &[&str], question: fn(Vec<W>) -> Question) -> Result<Ask, Refused> {
    let words = words.iter().enumerate().map(|(i, word)| find(i, word));
    Ok(Ask::Command(question(words.collect::<Result<_, _>>()?)))
}

fn starred<W: Word>(index: usize, word: &str) -> Result<Option<W>, Refused> {
    match word {
        "*" => Ok(None),
        _ => find(index, word).map(Some),
    }
}

fn find<W: Word>(index: usize, word: &str) -> Result<W, Refused> {
    let found = W::ALL.iter().find(|(name, _)| *name == word);
    found.map(|(_, word)| *word).ok_or_else(|| {
        let names: Vec<&str> = W::ALL.iter().map(|(name, _)| *name).collect();
        let reason = format!("unknown word \"{word}\"; known are {}", names.join(", "));
        (index, reason)
    })
}

fn flags(flags: &[&str]) -> Result<Ask, Refused> {
    for (index, flag) in flags.iter().enumerate() {
        if !flag.starts_with('-') || flag.trim_matches('-').is_empty() || flag.contains('=') {
            let reason = format!("\"{flag}\" is not a flag; write it as \"-y\" or \"--yes\"");
            return Err((index, reason));
        }
    }
    let flags = flags.iter().map(|f| (*f).to_owned()).collect();
    Ok(Ask::Command(Question::HasFlag(flags)))
}

fn pattern(text: &str) -> Result<Ask, Refused> {
    match regex::Regex::new(text) {
        Ok(regex) => Ok(Ask::Matches(Arc::new(regex))),
        Err(error) => {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default();
            let reason = last.trim_start_matches("error: ");
            Err((0, format!("the regular expression is wrong: {reason}")))
        }
    }
}
