//! Whether the clock ended a parse: what was found then is a matter of how busy the machine was, and no function of the text.

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static LATE: Cell<bool> = const { Cell::new(false) };
    #[cfg(test)]
    static PARSES: Cell<u64> = const { Cell::new(0) };
}

/// True where more time has passed than there is; that is remembered.
pub(super) fn passed(started: Instant, time: Duration) -> bool {
    let late = started.elapsed() > time;
    if late {
        LATE.set(true);
    }
    late
}

/// Whether the clock ended something on this thread since this was last asked.
pub fn happened() -> bool {
    LATE.replace(false)
}

/// A text is parsed.
pub(super) fn count() {
    #[cfg(test)]
    PARSES.set(PARSES.get() + 1);
}

/// How many texts were parsed on this thread.
#[cfg(test)]
pub(crate) fn parses() -> u64 {
    PARSES.get()
}
