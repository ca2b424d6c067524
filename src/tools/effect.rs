//! The vocabulary in which [`super::tools`] says what a command does.

use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::thing::Thing;

pub(crate) use crate::tools::mode::Mode;

/// What a command changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// A file, directory or link, as a resolved path.
    Path(Value),
    /// A user account.
    User(Value),
    /// A group.
    Group(Value),
    /// A systemd unit (or sysv service), with its suffix: `web.service`.
    Unit(Value),
    /// A program that can be called by name.
    Program(Value),
    /// A package of the system's package manager.
    Package(Value),
    /// A PostgreSQL or MySQL database.
    Database(Value),
    /// A PostgreSQL or MySQL role.
    Role(Value),
    /// A database object inside a database: table, extension, schema.
    Table(Value),
    /// Lines of a file, when appended: the file and the text (unknown text is a hole).
    Line {
        /// The file.
        file: Value,
        /// The text.
        text: Value,
    },
    /// The crontab of a user (empty: the one who runs it).
    Crontab(Value),
    /// A container, by its name.
    Container(Value),
    /// A container network.
    Network(Value),
    /// A container volume.
    Volume(Value),
    /// A git remote of the repository in a directory.
    Remote {
        /// The repository's directory.
        repo: Value,
        /// The remote's name.
        name: Value,
    },
    /// A process that a manager other than systemd runs (pm2, supervisor), by its name.
    Process(Value),
    /// A rule of the packet filter, as its text.
    FirewallRule(Value),
    /// Anything else that has a name.
    Other(Thing, Value),
}

impl Resource {
    /// The value that names it: the path, the account's name, and so on.
    pub(crate) fn name(&self) -> &Value {
        match self {
            Resource::Path(v)
            | Resource::User(v)
            | Resource::Group(v)
            | Resource::Unit(v)
            | Resource::Program(v)
            | Resource::Package(v)
            | Resource::Database(v)
            | Resource::Role(v)
            | Resource::Table(v)
            | Resource::Crontab(v)
            | Resource::Container(v)
            | Resource::Network(v)
            | Resource::Volume(v)
            | Resource::Process(v)
            | Resource::FirewallRule(v)
            | Resource::Other(_, v) => v,
            Resource::Line { file, .. } => file,
            Resource::Remote { name, .. } => name,
        }
    }

    /// The kind's word, as queries write it: `path`, `user`, `unit` and so on.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Resource::Path(_) => "path",
            Resource::User(_) => "user",
            Resource::Group(_) => "group",
            Resource::Unit(_) => "unit",
            Resource::Program(_) => "program",
            Resource::Package(_) => "package",
            Resource::Database(_) => "database",
            Resource::Role(_) => "role",
            Resource::Table(_) => "table",
            Resource::Line { .. } => "line",
            Resource::Crontab(_) => "crontab",
            Resource::Container(_) => "container",
            Resource::Network(_) => "network",
            Resource::Volume(_) => "volume",
            Resource::Remote { .. } => "remote",
            Resource::Process(_) => "process",
            Resource::FirewallRule(_) => "firewall-rule",
            Resource::Other(thing, _) => thing.word(),
        }
    }
}

/// The kind of thing at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PathKind {
    /// A directory; `mkdir` creates an empty one.
    Directory,
    /// A directory that is created with contents: `git clone`, `python -m venv`, `npm create`.
    Tree,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// Not known (`cp -r`, `mv`).
    Any,
}

/// What happens to the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It comes to exist.
    Create(PathKind),
    /// It no longer exists afterwards.
    Remove,
    /// Its content is replaced. It is created if it did not exist.
    Write,
    /// Something is added to it. It is created if it did not exist.
    Append,
    /// Its content is edited in place (`sed -i`).
    Edit,
    /// Its owner is set.
    Own {
        /// The user; `None` if the user stays the same.
        user: Option<Value>,
        /// The group; `None` if the group stays the same.
        group: Option<Value>,
        /// True if it affects everything below as well.
        recursive: bool,
    },
    /// Its mode is set.
    Mode {
        /// The mode.
        mode: Mode,
        /// True if it affects everything below as well.
        recursive: bool,
    },
    /// It is started; no change if it already runs.
    Start,
    /// It is restarted or reloaded.
    Restart,
    /// It is stopped.
    Stop,
    /// It is enabled at boot.
    Enable,
    /// It must exist.
    Use,
}

/// What the same command does if its change is already there: for [`Change::Create`] the resource exists, for
/// [`Change::Remove`] it is missing. The text is for people. A failure's text is the program's own message, without its
/// name; each other text is a verb phrase whose subject is the command: `adds the same rule again`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing: it is safe to repeat.
    NoChange,
    /// Exits non-zero.
    Fails(&'static str),
    /// Throws away what was there.
    Overwrites(&'static str),
    /// Adds a second one.
    Duplicates(&'static str),
    /// Acts on another place than the first time: `ln -s` into the directory that the link leads to.
    Nests(&'static str),
    /// Asks a question and waits.
    Prompts(&'static str),
    /// Not known.
    Unknown,
}

/// One change of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// What happens.
    pub(crate) change: Change,
    /// To what.
    pub(crate) resource: Resource,
    /// What happens if the change is already there.
    pub(crate) again: Again,
    /// The operand that names it, if there is one.
    pub(crate) operand: Option<Span>,
    /// Where the new content comes from, if that is another path or another machine.
    pub(crate) content: Option<Content>,
}

/// Where the content of a path comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// How it gets there.
    pub(crate) how: How,
    /// The path on this machine; `None` if it comes from elsewhere or is generated.
    pub(crate) from: Option<Value>,
    /// True if a directory comes with everything in it.
    pub(crate) tree: bool,
}

/// How content gets to its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A copy; its mode is that of the source, as far as umask leaves it: `cp`, `install`.
    Copied,
    /// A copy with its original owner and mode, or another name of the same file: `cp -a`, `cp -p`, `cp -l`.
    Kept,
    /// The thing itself moves here, with its owner and mode: `mv`.
    Moved,
    /// A link: `ln`.
    Linked,
    /// A copy with its original owner and mode: `rsync`, `scp`.
    Synced,
    /// From an archive: `tar`, `unzip`.
    Unpacked,
    /// From an address: `curl`, `wget`.
    Fetched,
    /// A key or a password that the command generates.
    Secret,
}

impl How {
    /// True for a copy on this machine, whoever owns it.
    pub(crate) fn is_copy(self) -> bool {
        matches!(self, How::Copied | How::Kept)
    }
}

impl Effect {
    /// An effect without an operand of its own.
    pub(crate) fn new(change: Change, resource: Resource, again: Again) -> Self {
        Effect { change, resource, again, operand: None, content: None }
    }

    /// The effect with the operand that names its resource.
    pub(crate) fn at(mut self, operand: Span) -> Self {
        self.operand = Some(operand);
        self
    }
}

/// The purpose of a command in a deployment. A command can have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Installs packages of the system (apt, dnf, apk, snap, a vendor's `curl | sh`).
    SystemPackages,
    /// Installs the app's own dependencies (pip -r, npm ci, bundle …) into its tree.
    Dependencies(Ecosystem),
    /// Installs a tool for the whole machine (`npm install -g pm2`, `pip install uv`).
    GlobalTool(Ecosystem),
    /// Makes a virtual environment.
    VirtualEnv,
    /// Builds (npm run build, cargo build, go build …).
    Build(Ecosystem),
    /// Collects static files (collectstatic).
    StaticFiles,
    /// Writes the caches of a framework, which the app renews by itself.
    Cache,
    /// Migrates the database.
    Migrate,
    /// Loads data into the database.
    Seed,
    /// Brings the app's source: clone, pull, checkout, rsync.
    Source,
    /// Creates a tree of the app's source where there was none: `git clone`.
    Clone,
    /// Creates an account.
    Account,
    /// Makes systemd read its units again.
    DaemonReload,
    /// Enables a unit.
    Enable,
    /// Starts, restarts or reloads a service.
    Restart,
    /// Runs all of compose.
    ComposeUp,
    /// Serves in the foreground or as a daemon (uvicorn, node server.js …).
    Serve,
    /// Changes who owns or may use paths: chown, chgrp, setfacl.
    Owner,
    /// Sets modes: chmod.
    Mode,
    /// Fetches from another machine: curl, wget, scp, `aws s3 cp`, `gh release download`.
    Fetch,
    /// Copies to another machine: rsync, scp, `aws s3 cp`.
    Send,
    /// Extracts files from an archive: tar, unzip.
    Unpack,
    /// Ends processes or makes them start again: kill, pkill, killall, fuser -k.
    Signal,
    /// Stops the machine, or restarts it.
    Reboot,
    /// Sets up a server as another file says: ansible-playbook, puppet.
    Provision,
    /// Only reads or prints.
    ReadOnly,
}

impl Role {
    /// True if it prepares the code that was brought: it installs, builds, migrates or collects.
    pub(crate) fn prepares(self) -> bool {
        matches!(self, Role::Dependencies(_) | Role::Build(_) | Role::Migrate | Role::StaticFiles)
    }

    /// True if it is part of a deploy's work, which has to be done each time. Reading, setting a state and moving files are
    /// not.
    pub(crate) fn is_work(self) -> bool {
        !matches!(
            self,
            Role::ReadOnly
                | Role::Owner
                | Role::Mode
                | Role::Fetch
                | Role::Send
                | Role::Unpack
                | Role::Signal
                | Role::Reboot
                | Role::Provision
        )
    }
}

/// Whose dependencies, whose build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ecosystem {
    /// pip, uv, poetry, pipenv, conda.
    Python,
    /// npm, pnpm, yarn, bun.
    Node,
    /// bundle, gem.
    Ruby,
    /// composer.
    Php,
    /// cargo.
    Rust,
    /// go.
    Go,
    /// mvn, gradle.
    Jvm,
    /// dotnet.
    DotNet,
    /// docker build, docker compose build.
    Container,
    /// make and others.
    Other,
}

/// Everything that [`super::tools`] knows of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deed {
    /// What it changes, in order.
    pub(crate) effects: Vec<Effect>,
    /// The purposes that it serves.
    pub(crate) roles: Vec<Role>,
    /// Why it waits for an answer on a terminal each time it runs, and how to prevent the question. `None` if it does not
    /// wait.
    pub(crate) prompts: Option<Prompt>,
    /// What it prints.
    pub(crate) prints: Prints,
    /// True if the tool is known and `effects` is everything that it does.
    pub(crate) known: bool,
}

/// What a command prints, as far as others need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prints {
    /// Nothing that is known.
    #[default]
    Other,
    /// Its own words: `echo`, `printf`, `logger`.
    Words,
    /// The files that it reads, as they are: `cat`.
    Same,
    /// What comes in on standard input, while it writes that to files: `tee`.
    Through,
    /// Its input, with other text inserted: `sed`, `envsubst`.
    Filled,
    /// Parts of its input: `grep`, `awk`.
    Parts,
    /// A new key or password.
    Secret,
}

/// Why a command waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// What it asks, as a verb phrase whose subject is the command: `asks for a password`, `opens an editor`.
    pub(crate) asks: &'static str,
    /// What to write so that it does not ask.
    pub(crate) instead: &'static str,
    /// A flag after the (sub)command with which it never asks: `-y`.
    pub(crate) flag: Option<&'static str>,
    /// True if it goes on without asking when there is no terminal.
    pub(crate) only_people: bool,
    /// True for a program that does nothing but ask: whoever calls it means to be asked.
    pub(crate) dialogue: bool,
    /// True if the script itself asks the question: the command reads the answer and does nothing else.
    pub(crate) of_script: bool,
}

impl Deed {
    /// A known tool that changes nothing.
    pub(crate) fn read_only() -> Self {
        Deed { roles: vec![Role::ReadOnly], known: true, ..Deed::default() }
    }

    /// A known tool with these effects.
    pub(crate) fn of(effects: Vec<Effect>) -> Self {
        Deed { effects, known: true, ..Deed::default() }
    }

    /// Adds what it prints.
    pub(crate) fn prints(mut self, prints: Prints) -> Self {
        self.prints = prints;
        self
    }

    /// The effects that put files in another place: copies, moves and links, also from other machines and from archives.
    pub(crate) fn puts(&self) -> impl Iterator<Item = (&Effect, &Content)> {
        self.effects.iter().filter_map(|effect| Some((effect, effect.content.as_ref()?)))
    }

    /// True if files of this machine are copied, moved or linked.
    pub(crate) fn copies(&self) -> bool {
        self.puts().any(|(_, content)| {
            matches!(content.how, How::Copied | How::Kept | How::Moved | How::Linked | How::Synced)
        })
    }

    /// Adds a role.
    pub(crate) fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }
}
