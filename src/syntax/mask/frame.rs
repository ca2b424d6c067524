//! What can be open around a place in a script.

/// What is open, innermost last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The script itself.
    Top,
    /// `( … )`.
    Subshell,
    /// `$( … )`, `<( … )`, `>( … )`.
    Substitution,
    /// `` `…` ``.
    Backticks,
    /// `=( … )` and `@( … )`: words, but no commands.
    Words,
    /// `"…"`.
    Double,
    /// `${ … }`.
    Parameter,
    /// `(( … ))` and `$(( … ))`, opened at `start` with so many heredocs and here-strings found before.
    Arithmetic { start: usize, depth: u32, found: (usize, usize) },
    /// `$[ … ]` and `name[ … ]=`.
    Subscript,
    /// `[[ … ]]`.
    Test,
    /// `case WORD in`; true once the word was seen.
    CaseHead(bool),
    /// A pattern of `case`; true once something of it was seen.
    CasePattern(bool),
    /// The commands behind a pattern.
    CaseBody,
}

/// What is expected at a word of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// The name of a command or a reserved word.
    Command,
    /// `for` was read: `((` is arithmetic here too.
    For,
    /// `function` was read: a name follows, then a command.
    FunctionName,
    /// An argument.
    Argument,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) expect: Expect,
    /// Where the word being read began.
    pub(super) word: Option<usize>,
    /// That word holds more than plain text already.
    pub(super) pieces: bool,
}

impl Frame {
    pub(super) fn new(kind: Kind) -> Self {
        Frame { kind, expect: Expect::Command, word: None, pieces: false }
    }
}

/// True where heredocs can begin and reserved words are known.
pub(super) fn is_commands(kind: Kind) -> bool {
    matches!(kind, Kind::Top | Kind::Subshell | Kind::Substitution | Kind::Backticks | Kind::CaseBody)
}
