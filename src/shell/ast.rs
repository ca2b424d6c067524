//! The shell as a tree of statements and words, free of the grammar's oddities. It lives in an arena.
//!
//! Places are [`Span`]s of files, whatever text they were parsed from.

use crate::source::Span;

/// Statements in order.
pub(crate) type Block<'a> = &'a [Stmt<'a>];

/// A statement and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stmt<'a> {
    /// What it is.
    pub(crate) kind: StmtKind<'a>,
    /// Where it is, without its heredocs.
    pub(crate) span: Span,
}

/// The statements of the shell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StmtKind<'a> {
    /// A simple command; it may consist of assignments only.
    Command(&'a Command<'a>),
    /// `[ … ]` or `[[ … ]]`, as its words without the brackets.
    Test {
        /// The words between the brackets: operators are words too.
        words: &'a [Word<'a>],
    },
    /// `(( … ))`, as its text.
    Arithmetic(&'a str),
    /// `a | b`, with at least two stages.
    Pipeline(Block<'a>),
    /// `! a`.
    Not(&'a Stmt<'a>),
    /// `a && b`.
    And(&'a Stmt<'a>, &'a Stmt<'a>),
    /// `a || b`.
    Or(&'a Stmt<'a>, &'a Stmt<'a>),
    /// `if … elif … else … fi`.
    If {
        /// Conditions with their bodies.
        arms: &'a [(Block<'a>, Block<'a>)],
        /// The `else` body.
        otherwise: Option<Block<'a>>,
    },
    /// `while` and `until`.
    While {
        /// `until`.
        until: bool,
        condition: Block<'a>,
        body: Block<'a>,
    },
    /// `for x in …` and `select x in …`; without words it loops over the positional parameters.
    For {
        variable: &'a str,
        /// The words after `in`.
        words: Option<&'a [Word<'a>]>,
        body: Block<'a>,
        /// True for `select`, which asks for a choice.
        select: bool,
    },
    /// `for ((…))`.
    CountedFor {
        /// The text between the brackets.
        header: &'a str,
        /// The body.
        body: Block<'a>,
    },
    /// `case`.
    Case {
        /// The word that is matched.
        subject: Word<'a>,
        arms: &'a [CaseArm<'a>],
    },
    /// `{ …; }`.
    Group(Block<'a>),
    /// `( … )`.
    Subshell(Block<'a>),
    /// A function's definition.
    Function { name: &'a str, body: &'a Stmt<'a> },
    /// A compound statement with redirects.
    Redirected {
        /// The statement.
        body: &'a Stmt<'a>,
        redirects: &'a [Redirect<'a>],
    },
    /// `a &`.
    Background(&'a Stmt<'a>),
}

/// One arm of a `case`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaseArm<'a> {
    /// The patterns, any of which may match.
    pub(crate) patterns: &'a [Word<'a>],
    /// The statements.
    pub(crate) body: Block<'a>,
    /// True if it ends in `;&` or `;;&`, so that the next arm may run too.
    pub(crate) falls: bool,
}

/// A simple command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command<'a> {
    /// Assignments before the command (or alone), and those of `export`, `local`, `declare`, `readonly`.
    pub(crate) assignments: &'a [Assignment<'a>],
    /// The command's words; empty if there are only assignments.
    pub(crate) words: &'a [Word<'a>],
    /// Its redirects, in order.
    pub(crate) redirects: &'a [Redirect<'a>],
    /// Its own words: from the first word to the last, with redirects but without heredoc bodies.
    pub(crate) span: Span,
    /// Which parsed text it came from, and where in it. Queries use it to find the node again.
    pub(crate) origin: Origin,
}

impl<'a> Command<'a> {
    /// Its first word if that is plain text, and otherwise the empty string.
    pub(crate) fn name(&self) -> &'a str {
        match self.words.first().map(|word| word.parts) {
            Some([Part::Literal { text, .. }]) => text,
            _ => "",
        }
    }
}

/// Where a command is in the text that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Index of the parsed text.
    pub(crate) tree: u32,
    /// First byte.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
}

/// `NAME=value`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignment<'a> {
    /// The variable.
    pub(crate) name: &'a str,
    /// The value; `None` for `export NAME`.
    pub(crate) value: Option<AssignedValue<'a>>,
    /// `NAME+=value`.
    pub(crate) append: bool,
    /// An element of an array: `NAME[i]=value`.
    pub(crate) element: bool,
    /// Its place.
    pub(crate) span: Span,
}

/// The right side of an assignment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AssignedValue<'a> {
    Word(Word<'a>),
    /// `( … )`.
    Array(&'a [Word<'a>]),
}

/// A word before its expansion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    /// Its parts, in order.
    pub(crate) parts: &'a [Part<'a>],
    /// Its place, quotes included.
    pub(crate) span: Span,
}

/// A part of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// Known text, without quotes and escapes.
    Literal {
        text: &'a str,
        /// True if it is quoted or escaped.
        quoted: bool,
    },
    /// `$X`, `${X…}`.
    Parameter {
        /// The name: a variable, a digit, or one of `@*#?$!-`.
        name: &'a str,
        /// What is done to it.
        operation: Operation<'a>,
        /// True in double quotes.
        quoted: bool,
    },
    /// `$(…)` or `` `…` ``.
    Substitution {
        /// Its statements.
        body: Block<'a>,
        /// Its text as written.
        text: &'a str,
        /// True in double quotes.
        quoted: bool,
    },
    /// `<(…)` or `>(…)`.
    Process {
        /// Its statements.
        body: Block<'a>,
    },
    /// `$((…))`, and anything else whose text is not computed.
    Opaque {
        /// Its text as written.
        text: &'a str,
        /// The statements of its substitutions, which run all the same.
        body: Block<'a>,
    },
    /// An unquoted `*`, `?` or `[`.
    Glob(char),
    /// `~` or `~user` at the start.
    Tilde(&'a str),
}

/// What `${…}` does to its parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation<'a> {
    /// Nothing.
    Plain,
    /// `${X:-w}`, `${X-w}`.
    Default(&'a [Part<'a>]),
    /// `${X:=w}`, `${X=w}`.
    Assign(&'a [Part<'a>]),
    /// `${X:+w}`, `${X+w}`.
    Alternative(&'a [Part<'a>]),
    /// `${X:?w}`: ends the shell if unset.
    Required,
    /// `${X#w}`, `${X##w}`.
    RemovePrefix {
        /// The pattern, if it is plain text (with `*` and `?` as globs).
        pattern: &'a str,
        /// `##`.
        longest: bool,
    },
    /// `${X%w}`, `${X%%w}`.
    RemoveSuffix {
        pattern: &'a str,
        /// `%%`.
        longest: bool,
    },
    /// `${X[@]}`, `${X[*]}`.
    All,
    /// Anything else: the result is not computed.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Redirect<'a> {
    /// What it does.
    pub(crate) kind: RedirectKind<'a>,
    /// The descriptor, if one is written.
    pub(crate) descriptor: Option<u32>,
    /// Its place.
    pub(crate) span: Span,
}

/// The redirects of the shell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RedirectKind<'a> {
    /// `< w`.
    Read(Word<'a>),
    /// `> w`, `>| w`, `<> w`.
    Write(Word<'a>),
    /// `>> w`.
    Append(Word<'a>),
    /// `&> w`, `>& w` with a file.
    WriteBoth(Word<'a>),
    /// `&>> w`.
    AppendBoth(Word<'a>),
    /// `2>&1`, `<&-`: only descriptors.
    Duplicate,
    /// `<< W`.
    Heredoc(&'a Heredoc<'a>),
    /// `<<< w`.
    HereString(Word<'a>),
}

impl Redirect<'_> {
    /// True if it writes a file, other than those of `/dev`.
    pub(crate) fn writes(&self) -> bool {
        match &self.kind {
            RedirectKind::Write(word)
            | RedirectKind::WriteBoth(word)
            | RedirectKind::Append(word)
            | RedirectKind::AppendBoth(word) => {
                !matches!(word.parts, [Part::Literal { text, .. }] if text.starts_with("/dev/"))
            }
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Heredoc<'a> {
    /// The body after expansion, as the command reads it.
    pub(crate) body: Word<'a>,
    /// The body's place in the text that was parsed, for reading it as a script of its own.
    pub(crate) raw: Origin,
    /// True if the delimiter was quoted, so that nothing is expanded.
    pub(crate) quoted: bool,
    /// True for `<<-`: leading tabs are removed.
    pub(crate) strips_tabs: bool,
}
