//! What a command line can say: facts about resources, and what a pipe says.

use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::thing::Thing;

/// Something that can be known of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fact {
    /// The resource.
    pub(crate) resource: Resource,
    /// What is known about it.
    pub(crate) aspect: Aspect,
}

/// What is known about a resource.
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
    /// Says that an aspect of a resource holds.
    pub(crate) fn fact(resource: Resource, aspect: Aspect) -> Says {
        Says::Is(Fact { resource, aspect })
    }

    /// Says that a resource exists.
    pub(crate) fn exists(resource: Resource) -> Says {
        Says::fact(resource, Aspect::Exists)
    }

    /// Says that a resource exists whose name is empty or does not matter.
    pub(crate) fn other(thing: Thing, name: Value) -> Says {
        Says::exists(Resource::Other(thing, name))
    }

    /// The opposite, if it is a single fact.
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
    /// It says this.
    Says(Says),
    /// It says what its first command says, if that says anything.
    AsFirst,
}
