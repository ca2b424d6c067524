//! The words that the keys of a pattern take.

/// For each of what a pattern is told once only.
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

/// When an excuse counts, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counts {
    /// Where it cannot be decided whether it runs along.
    Perhaps,
    /// Wherever some run has both, the first one too.
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
