//! What a command line can say: facts about resources, and what becomes of a pipe.

use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::thing::Thing;

/// Something that can be known of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fact {
    /// The resource.
    pub(crate) resource: Resource,
    /// What of it.
    pub(crate) aspect: Aspect,
}

/// What of a resource is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Aspect {
    /// It is there.
    Exists,
    /// It is there and is a directory.
    Directory,
    /// It is there and is a regular file.
    File,
    /// It is a symbolic link.
    Link,
    /// It is there and not empty.
    Filled,
    /// It is there and has a size, which an empty directory has too: `-s`.
    Sized,
    /// It is there and may be run, or entered: `-x`.
    Executable,
    /// It runs.
    Running,
    /// It is enabled at boot.
    Enabled,
}

/// What a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// It succeeds always, or never.
    Always(bool),
    /// The fact holds.
    Is(Fact),
    /// The fact does not hold.
    Not(Fact),
    /// One of the two holds.
    Either(Fact, Fact),
}

impl Says {
    /// That something of a resource is so.
    pub(crate) fn fact(resource: Resource, aspect: Aspect) -> Says {
        Says::Is(Fact { resource, aspect })
    }

    /// That a resource is there.
    pub(crate) fn exists(resource: Resource) -> Says {
        Says::fact(resource, Aspect::Exists)
    }

    /// That a resource is there which has no name of its own, or one that does not matter.
    pub(crate) fn other(thing: Thing, name: Value) -> Says {
        Says::exists(Resource::Other(thing, name))
    }

    /// The opposite, where it is one fact.
    pub(crate) fn negate(self) -> Option<Says> {
        match self {
            Says::Always(outcome) => Some(Says::Always(!outcome)),
            Says::Is(fact) => Some(Says::Not(fact)),
            Says::Not(fact) => Some(Says::Is(fact)),
            Says::Either(..) => None,
        }
    }
}

/// What the success of a pipe says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piped {
    /// This.
    Says(Says),
    /// What its first command says, if that is anything.
    AsFirst,
}
