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
    /// `(( … ))` and `$(( … ))`, opened at `start`, after this many heredocs and here-strings.
    Arithmetic { start: usize, depth: u32, found: (usize, usize) },
    /// `$[ … ]` and `name[ … ]=`.
    Subscript,
    /// `[[ … ]]`.
    Test,
    /// `case WORD in`; true once the word was seen.
    CaseHead(bool),
    /// A pattern of `case`; true once something of it was seen.
    CasePattern(bool),
    /// The commands after a pattern.
    CaseBody,
}

/// What is expected at a word of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// The name of a command or a reserved word.
    Command,
    /// `for` was read: `((` is arithmetic here too.
    For,
    /// `for` and its variable were read, so `in` or `do` follows.
    In,
    /// `function` was read, so a name follows, and then a command.
    FunctionName,
    Argument,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) expect: Expect,
    /// Where the word being read began.
    pub(super) word: Option<usize>,
    /// True if that word already holds more than plain text.
    pub(super) pieces: bool,
    /// Where that word stops being plain text.
    pub(super) special: Option<usize>,
    /// How many substitutions had been opened when it began.
    pub(super) opened: usize,
    /// The command whose words are being read.
    pub(super) command: Simple,
    /// How many `|` precede it in the pipeline.
    pub(super) pipes: u8,
}

/// How the words of a command may be made plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is not known to be a simple command, so its words stay apart.
    Other,
    /// A simple command.
    Simple,
    /// `export` and similar: the part before `=` matters.
    Declaration,
    /// `[`, whose words began at the first and with this many substitutions opened.
    Test(usize),
}

/// A command while its words are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simple {
    pub(super) role: Role,
    /// True if the next word belongs to a redirect.
    pub(super) target: bool,
    /// The last words that are side by side: where they begin and end.
    pub(super) run: Option<(usize, usize)>,
    /// True if they are more than one.
    pub(super) joined: bool,
    /// True if it consists of assignments so far.
    pub(super) assigning: bool,
    /// True if it follows `&&`, `||` or `|`.
    pub(super) bound: bool,
    /// Where it begins.
    pub(super) begins: usize,
    /// Where the redirection being read begins.
    pub(super) redirect: usize,
}

impl Simple {
    pub(super) const NEW: Simple = Simple {
        role: Role::Other,
        target: false,
        run: None,
        joined: false,
        assigning: false,
        bound: false,
        begins: 0,
        redirect: 0,
    };
}

impl Frame {
    pub(super) fn new(kind: Kind) -> Self {
        Frame {
            kind,
            expect: Expect::Command,
            word: None,
            pieces: false,
            special: None,
            opened: 0,
            command: Simple::NEW,
            pipes: 0,
        }
    }

    /// A command begins.
    pub(super) fn begin(&mut self) {
        self.expect = Expect::Command;
        if self.kind != Kind::Test {
            self.command = Simple::NEW;
        }
    }
}

/// True if heredocs can begin and reserved words are known.
pub(super) fn is_commands(kind: Kind) -> bool {
    matches!(kind, Kind::Top | Kind::Subshell | Kind::Substitution | Kind::Backticks | Kind::CaseBody)
}

/// A change of the text that is parsed. What it puts in is as long as what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// A blank or the end of a line becomes `;`.
    Semicolon(usize),
    /// Spaces.
    Blank(usize, usize),
    /// `((` behind a blank becomes `( (`.
    Part(usize),
}

impl Edit {
    pub(super) fn start(&self) -> usize {
        match *self {
            Edit::Semicolon(at) | Edit::Blank(at, _) | Edit::Part(at) => at,
        }
    }

    /// The bytes that are replaced and those put in are ASCII, or all bytes of a word.
    pub(super) fn apply(&self, bytes: &mut [u8]) {
        match *self {
            Edit::Semicolon(at) => bytes[at] = b';',
            Edit::Blank(start, end) => {
                bytes[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            }
            Edit::Part(at) => {
                bytes[at - 1] = b'(';
                bytes[at] = b' ';
            }
        }
    }
}

/// True for a byte that means the same to the grammar wherever it is in a word.
pub(super) const fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let b = byte as u8;
            plain[byte] = b.is_ascii_alphanumeric()
                || b >= 0x80
                || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b',' | b'+' | b'@' | b'%' | b'=');
            byte += 1;
        }
        plain
    };
    PLAIN[byte as usize]
}

pub(super) fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
