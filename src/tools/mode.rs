//! The language of chmod(1). It says which rights a mode gives and takes, and knows nothing about who needs them.

use crate::shell::value::Value;

/// How a file mode is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// `0640`.
    Octal(u32),
    /// `u+x,go-rwx`.
    Symbolic(String),
    /// `$MODE`.
    Unknown,
}

/// The classes of accounts, with the shift of their bits.
const CLASSES: [(char, u32); 3] = [('u', 6), ('g', 3), ('o', 0)];
const OTHERS: (char, u32) = CLASSES[2];

impl Mode {
    /// Reads an operand of `chmod` or `install -m` (chmod(1)).
    pub(crate) fn parse(value: &Value) -> Mode {
        let Some(text) = value.as_literal() else {
            return Mode::Unknown;
        };
        let digits = text.trim_start_matches('=');
        match u32::from_str_radix(digits, 8) {
            Ok(mode) if digits.len() <= 5 => Mode::Octal(mode),
            _ => Mode::Symbolic(text.to_owned()),
        }
    }

    /// Whether accounts other than owner and group can read it afterwards. `None` if the mode does not show
    /// it.
    pub(crate) fn others_can_read(&self) -> Option<bool> {
        self.right(OTHERS, 'r')
    }

    /// Whether other accounts can write to it afterwards.
    pub(crate) fn others_can_write(&self) -> Option<bool> {
        self.right(OTHERS, 'w')
    }

    /// Whether the group can write to it afterwards.
    pub(crate) fn group_can_write(&self) -> Option<bool> {
        self.right(CLASSES[1], 'w')
    }

    /// Whether other accounts can enter it afterwards, if it is a directory.
    pub(crate) fn others_can_enter(&self) -> Option<bool> {
        match self {
            // In a directory, `X` is `x`.
            Mode::Symbolic(text) => Mode::Symbolic(text.replace('X', "x")).right(OTHERS, 'x'),
            _ => self.right(OTHERS, 'x'),
        }
    }

    /// Whether the directory is sticky afterwards: then only its owner, a file's owner and root can remove the file (unlink(2)).
    /// `None` if the mode leaves it as it is, or does not show it.
    pub(crate) fn is_sticky(&self) -> Option<bool> {
        match self {
            Mode::Octal(bits) => Some(bits & 0o1000 != 0),
            Mode::Symbolic(text) => {
                // chmod(1) ignores `t` for the owner and the group: `u+t` does nothing.
                operations(text).filter(|o| o.who.is_empty() || o.who.contains(['o', 'a'])).fold(
                    None,
                    |known, operation| match (operation.sign, operation.rights.contains('t')) {
                        ('+', true) | ('=', true) => Some(true),
                        ('-', true) | ('=', false) => Some(false),
                        _ => known,
                    },
                )
            }
            Mode::Unknown => None,
        }
    }

    /// The nine bits of a mode after chmod(1) has changed it; `None` if they are not known then.
    pub(crate) fn applied_to(&self, before: u32) -> Option<u32> {
        match self {
            Mode::Unknown => return None,
            Mode::Symbolic(text) if operations(text).any(|o| o.rights.contains(['u', 'g', 'o'])) => {
                return None;
            }
            Mode::Octal(_) | Mode::Symbolic(_) => {}
        }
        let bits = CLASSES.into_iter().flat_map(|class| [(class, 'r', 4), (class, 'w', 2), (class, 'x', 1)]);
        Some(bits.fold(before, |mode, (class, right, bit)| match self.right(class, right) {
            Some(true) => mode | bit << class.1,
            Some(false) => mode & !(bit << class.1),
            None => mode,
        }))
    }

    /// True if somebody may execute the file because of this mode, or if the mode is not known. `s` and `t` count too, because
    /// only programs and directories get them.
    pub(crate) fn gives_execution(&self) -> bool {
        match self {
            Mode::Unknown => true,
            Mode::Symbolic(text)
                if operations(text).any(|o| o.sign != '-' && o.rights.contains(['s', 't'])) =>
            {
                true
            }
            // `u+X` grants it if somebody already has it.
            _ => CLASSES.into_iter().any(|class| self.right(class, 'x') == Some(true)),
        }
    }

    /// True if nobody can execute the file after this mode is set.
    pub(crate) fn takes_execution(&self) -> bool {
        CLASSES.into_iter().all(|class| self.right(class, 'x') == Some(false))
    }

    /// Whether a class has a right (`r`, `w` or `x`) afterwards. `None` if the mode leaves it as it is, or does not show it.
    fn right(&self, (class, shift): (char, u32), right: char) -> Option<bool> {
        let text = match self {
            Mode::Octal(bits) => {
                let bit = match right {
                    'r' => 4,
                    'w' => 2,
                    _ => 1,
                };
                return Some(bits >> shift & bit != 0);
            }
            Mode::Symbolic(text) => text,
            Mode::Unknown => return None,
        };
        let mut known = None;
        for Operation { who, sign, rights } in operations(text) {
            let is_meant = who.is_empty() || who.contains([class, 'a']);
            if !is_meant {
                continue;
            }
            // If no class is named, the umask keeps its bits: `+w` gives nothing to group and others, `-w` takes nothing.
            let is_masked = who.is_empty() && right == 'w' && class != 'u';
            let copies = rights.contains(['u', 'g', 'o']);
            known = match (sign, rights.contains(right)) {
                // It is not known what is copied, nor what `X` results in.
                _ if copies => None,
                ('=', false) if right == 'x' && rights.contains('X') => None,
                ('=', has) => Some(has && !is_masked),
                ('+', true) if !is_masked => Some(true),
                ('-', true) if !is_masked => Some(false),
                _ => known,
            };
        }
        known
    }
}

/// One operation of a symbolic mode: `go-w` in `u+x,go-w`.
struct Operation<'t> {
    who: &'t str,
    sign: char,
    rights: &'t str,
}

fn operations(text: &str) -> impl Iterator<Item = Operation<'_>> {
    const SIGNS: [char; 3] = ['+', '-', '='];
    text.split(',').flat_map(|clause| {
        let at = clause.find(SIGNS).unwrap_or(clause.len());
        let (who, mut rest) = clause.split_at(at);
        std::iter::from_fn(move || {
            let sign = rest.chars().next()?;
            let behind = &rest[1..];
            let (rights, next) = behind.split_at(behind.find(SIGNS).unwrap_or(behind.len()));
            rest = next;
            Some(Operation { who, sign, rights })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Mode {
        Mode::parse(&Value::literal(text))
    }

    #[test]
    fn what_others_may_do() {
        let (yes, no, open) = (Some(true), Some(false), None);
        for (text, expected) in [
            ("755", [yes, no, yes]),
            ("0640", [no, no, no]),
            ("=777", [yes, yes, yes]),
            ("o-x", [open, open, no]),
            ("u+x,o+x", [open, open, yes]),
            ("u+x", [open, open, open]),
            ("go=", [no, no, no]),
            ("a=rX", [yes, no, yes]),
            ("o=rwx", [yes, yes, yes]),
            ("o+rw-w", [yes, no, open]),
            ("o+w,o-w", [open, no, open]),
            // The umask of 022 keeps the right to write.
            ("+rwx", [yes, open, yes]),
            ("-rwx", [no, open, no]),
            ("=rw", [yes, no, no]),
            // It is not known what is copied.
            ("o=g", [open, open, open]),
            ("g=o", [open, open, open]),
        ] {
            let mode = mode(text);
            let found = [mode.others_can_read(), mode.others_can_write(), mode.others_can_enter()];
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(Mode::Unknown.others_can_read(), None);
    }

    #[test]
    fn what_makes_a_program_of_a_file() {
        for (text, gives, takes) in [
            ("755", true, false),
            ("644", false, true),
            ("+x", true, false),
            ("u+x,go-w", true, false),
            ("u+X", false, false),
            ("a=rX", false, false),
            ("g+s", true, false),
            ("-x", false, true),
            ("a-x", false, true),
            ("ugo-x", false, true),
            ("u-x", false, false),
            ("a=rw", false, true),
            ("u=rw,go=r", false, true),
            ("u=rw,go=rx", true, false),
            ("o-w", false, false),
        ] {
            assert_eq!(
                (mode(text).gives_execution(), mode(text).takes_execution()),
                (gives, takes),
                "{text}"
            );
        }
        assert!(Mode::Unknown.gives_execution() && !Mode::Unknown.takes_execution());
    }

    #[test]
    fn which_directories_are_sticky() {
        for (text, sticky) in [
            ("1777", Some(true)),
            ("777", Some(false)),
            ("a+rwxt", Some(true)),
            ("+t", Some(true)),
            ("o-t", Some(false)),
            ("a+w", None),
        ] {
            assert_eq!(mode(text).is_sticky(), sticky, "{text}");
        }
    }
}
