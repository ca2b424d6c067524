//! The words that the keys of a pattern take.

/// What a pattern reports only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Once {
    /// Each script.
    Script,
    /// Each command that `@other` captures.
    Other,
    /// Each unit that the pattern is about.
    Unit,
}

impl Once {
    pub(super) fn named(name: &str) -> Option<Once> {
        match name {
            "script" => Some(Once::Script),
            "other" => Some(Once::Other),
            "unit" => Some(Once::Unit),
            _ => None,
        }
    }
}

/// In which further cases an excuse counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counts {
    /// If it cannot be decided whether it runs along.
    Perhaps,
    /// If some run has both commands, and the first run counts too.
    Ever,
}

impl Counts {
    pub(super) fn named(name: &str) -> Option<Counts> {
        match name {
            "perhaps" => Some(Counts::Perhaps),
            "ever" => Some(Counts::Ever),
            _ => None,
        }
    }
}
