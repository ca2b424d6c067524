//! What advice is made of: the words for people, and the change that follows them.

use crate::shell::argv::{Arg, Argv};
use crate::source::Span;
use crate::tools::effect::{Again, Change, Deed, Effect, Resource};

/// What to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// The words for people.
    pub(crate) help: String,
    /// How to correct the command in place.
    pub(crate) edit: Option<Edit>,
}

/// How to correct a command in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Text after one of the command's words.
    Behind(Words),
    /// Text instead of one of the command's words.
    Instead(Words),
    /// `TEST || ` before the command.
    TestFirst(Vec<Piece>),
}

/// An edit of one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// Where the word is.
    pub(crate) place: Span,
    /// What the source must contain there, perhaps after a directory. If it does not, the word came from a variable or a
    /// function.
    pub(crate) written: String,
    /// The text to write.
    pub(crate) text: String,
    /// What the edit does, for people.
    pub(crate) title: String,
    /// True if the first run behaves as before.
    pub(crate) is_safe: bool,
}

/// A piece of a test that goes before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text.
    Text(&'static str),
    /// What precedes the program's name: nothing, or `sudo -u postgres `.
    Wrappers,
    /// One of the command's words, as it is written there.
    Word(Span),
    /// One of the command's words that must not start with a digit, because id(1) would take it for a number.
    Name(Span),
    /// One of the command's words that must be written as this text without quotes, because it goes inside
    /// others.
    Known(Span, String),
}

/// A command whose second run does harm.
pub(crate) struct Asked<'a> {
    /// The command.
    pub(crate) argv: &'a Argv,
    /// What it does.
    pub(crate) deed: &'a Deed,
    /// The responsible effect, if there is one.
    pub(crate) effect: Option<&'a Effect>,
    /// What the second run does.
    pub(crate) again: Again,
}

impl<'a> Asked<'a> {
    /// The program's name.
    pub(crate) fn name(&self) -> &'a str {
        &self.argv.name
    }

    /// The resource that is harmed.
    pub(crate) fn resource(&self) -> Option<&'a Resource> {
        self.effect.or(self.deed.effects.first()).map(|effect| &effect.resource)
    }

    /// The kind of that resource; empty if there is none.
    pub(crate) fn kind(&self) -> &'static str {
        self.resource().map_or("", Resource::kind)
    }

    /// True if the repeated change removes something.
    pub(crate) fn removes(&self) -> bool {
        self.effect.is_some_and(|effect| effect.change == Change::Remove)
    }

    /// True if the second run exits non-zero.
    pub(crate) fn fails(&self) -> bool {
        matches!(self.again, Again::Fails(_))
    }

    /// The last argument that names the resource.
    pub(crate) fn operand(&self) -> Option<&'a Arg> {
        let name = self.resource()?.name();
        self.argv.args.iter().rfind(|arg| arg.value == *name)
    }

    /// A flag after the program's name.
    pub(crate) fn flag(&self, flag: &str) -> Edit {
        Edit::Behind(Words {
            place: self.argv.program.span,
            written: self.argv.name.clone(),
            text: format!(" {flag}"),
            title: format!("add `{flag}`"),
            is_safe: true,
        })
    }
}

impl Advice {
    /// Only words.
    pub(crate) fn help(help: impl Into<String>) -> Option<Self> {
        Some(Advice { help: help.into(), edit: None })
    }

    /// Words, and the edit that does it, if there is one.
    pub(crate) fn with(help: impl Into<String>, edit: impl Into<Option<Edit>>) -> Option<Self> {
        Some(Advice { help: help.into(), edit: edit.into() })
    }
}
