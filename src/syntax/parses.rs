//! How many texts were parsed: what a test goes by that says that nothing is.

#[cfg(test)]
thread_local! {
    static PARSES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// A text is parsed.
pub(super) fn count() {
    #[cfg(test)]
    PARSES.set(PARSES.get() + 1);
}

/// How many were parsed on this thread.
#[cfg(test)]
pub(crate) fn so_far() -> u64 {
    PARSES.get()
}
