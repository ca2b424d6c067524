//! The facts of one state of a repo that a review compares with those of another.

use crate::rules::context::Context;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A compose service, its image and its command.
    Service,
    /// A systemd unit.
    Unit,
    /// What the app depends on, and in which version.
    Dependency,
    /// How it is built: the scripts of a `package.json`, the build steps of a deploy script.
    Build,
    /// A migration, or the tool that runs them.
    Migration,
    /// An environment variable that is read, shown or set.
    Environment,
    /// A path that a deploy script makes.
    Path,
    /// A port.
    Port,
    /// A command of a deploy script.
    Step,
    /// A setting of the web server, the process manager or deploylint itself.
    Configuration,
    /// An account.
    User,
}

/// Something that holds in one state of a repo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub kind: Kind,
    /// What it is called: the same in another state where it is the same thing.
    pub key: String,
    /// What is said of it: a version, an image; empty where it only exists. Never a secret.
    pub value: String,
    /// The file that says it.
    pub file: String,
    /// 1-based line; `None` where the whole file is the fact.
    pub line: Option<u32>,
}

/// The facts of one state of a repo, by kind, key and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The facts.
    pub facts: Vec<Fact>,
}

impl State {
    /// The facts of what the rules see.
    pub fn of(context: &Context<'_, '_>) -> State {
        let _ = context;
        State::default()
    }
}
