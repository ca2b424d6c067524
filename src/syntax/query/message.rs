//! Messages with placeholders. The list of placeholders is closed, and messages are checked when they are read.

use super::words::known;

/// A message: text, and places that are filled in for each finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message(Vec<Piece>);

/// A part of a [`Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that is shown as it is.
    Text(String),
    /// A place that is filled in.
    Hole(Placeholder),
}

macro_rules! placeholders {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $needs:expr,)*) => {
        /// What can be filled into a message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Placeholder {
            $($(#[$doc])* $variant,)*
        }

        impl Placeholder {
            /// All placeholders, by their names.
            pub(crate) const ALL: &[(&str, Placeholder)] = &[$(($word, Placeholder::$variant),)*];

            /// Its name.
            pub(crate) fn word(self) -> &'static str {
                match self {
                    $(Placeholder::$variant => $word,)*
                }
            }

            /// What the rule must capture for it to be known; `None` if it is always known.
            fn needs(self) -> Option<Needs> {
                match self {
                    $(Placeholder::$variant => $needs,)*
                }
            }
        }
    };
}

/// What a placeholder is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Command,
    Word,
    Other,
}

placeholders! {
    /// The command at fault, as it is written.
    Command = "command", Some(Needs::Command),
    /// The word that `@word` captures, as it is written.
    Word = "word", Some(Needs::Word),
    /// Why the second run goes wrong, in the tool's words.
    Why = "why", Some(Needs::Command),
    /// What does not happen because the script ends there: a later command and its line.
    Lost = "lost", Some(Needs::Command),
    /// What the command changes: its path, or the name of another thing.
    Path = "path", Some(Needs::Command),
    /// The unit that it changes.
    Unit = "unit", Some(Needs::Command),
    /// The account that runs it.
    User = "user", Some(Needs::Command),
    /// The line of the command.
    Line = "line", Some(Needs::Command),
    /// The command that `@other` captures, as it is written.
    Other = "other", Some(Needs::Other),
    /// The line of the command that `@other` captures.
    OtherLine = "other-line", Some(Needs::Other),
    /// The account of the app.
    App = "app", None,
}

/// What a message can speak of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Captured {
    pub(super) finding: bool,
    pub(super) other: bool,
    /// Each pattern that the message is about captures a word.
    pub(super) word: bool,
}

impl Message {
    /// Reads a message: `{name}` is a placeholder, `{{` a brace, and `{}` stands for itself.
    ///
    /// # Errors
    /// The byte at which an unknown placeholder begins, and which ones are known.
    pub(crate) fn parse(text: &str) -> Result<Message, (usize, String)> {
        let mut pieces = Vec::new();
        let (mut at, mut plain) = (0, String::new());
        while let Some(open) = text[at..].find('{').map(|found| at + found) {
            plain.push_str(&text[at..open]);
            let rest = &text[open + 1..];
            if rest.starts_with(['{', '}']) {
                plain.push_str(if rest.starts_with('{') { "{" } else { "{}" });
                at = open + 2;
                continue;
            }
            let Some(close) = rest.find('}') else {
                return Err((
                    open,
                    "`{` opens a placeholder and is never closed; `{{` is a brace".to_owned(),
                ));
            };
            let name = &rest[..close];
            let Some((_, hole)) = Placeholder::ALL.iter().find(|(word, _)| *word == name) else {
                let names: Vec<String> =
                    Placeholder::ALL.iter().map(|(word, _)| format!("{{{word}}}")).collect();
                let right = known(&format!("{{{name}}}"), &names);
                return Err((open, format!("unknown placeholder `{{{name}}}`; {right}")));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(*hole));
            at = open + close + 2;
        }
        plain.push_str(&text[at..]);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Message(pieces))
    }

    /// Its parts, in order.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// What is wrong with it if no more than this is captured.
    pub(super) fn fault(&self, captured: Captured) -> Option<String> {
        self.0.iter().find_map(|piece| {
            let Piece::Hole(hole) = piece else { return None };
            let (there, lacks) = match hole.needs()? {
                Needs::Command => {
                    (captured.finding, "a command that is at fault: the file captures no `@finding`")
                }
                Needs::Word => (captured.word, "a word: the pattern captures no `@word`"),
                Needs::Other => (captured.other, "another command: the file captures no `@other`"),
            };
            (!there).then(|| format!("`{{{}}}` needs {lacks}", hole.word()))
        })
    }
}

#[test]
fn placeholders_are_known() {
    let message = Message::parse("`{command}` {{x}} {} é").unwrap();
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(message.pieces(), [text("`"), Piece::Hole(Placeholder::Command), text("` {x}} {} é")]);
    assert_eq!(Message::parse("").unwrap().pieces(), [text("")]);
    let (at, reason) = Message::parse("a {comand} b").unwrap_err();
    assert_eq!(at, 2);
    assert!(reason.starts_with("unknown placeholder `{comand}`; known are {command}, {word}, "), "{reason}");
    assert!(Message::parse("a {b").unwrap_err().1.contains("never closed"));
}
