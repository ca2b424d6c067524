//! Counts how many texts were parsed, for tests that check that nothing is parsed.

#[cfg(test)]
thread_local! {
    static PARSES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts one parse.
pub(super) fn count() {
    #[cfg(test)]
    PARSES.set(PARSES.get() + 1);
}

/// How many texts were parsed on this thread.
#[cfg(test)]
pub(crate) fn so_far() -> u64 {
    PARSES.get()
}
