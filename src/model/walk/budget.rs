//! Limits how much of a script is followed, because a hostile one unfolds without end.

/// The most steps. No real script has as many, but one that doubles its calls in each function would.
const STEPS: usize = 5_000;
/// The most statements that are visited, including those of inlined functions.
const STATEMENTS: u32 = 120_000;
/// The deepest nesting of statements, including calls.
const DEPTH: u32 = 200;
/// The most bytes of values that are worked out, because variables that grow with each use would fill any memory.
const VOLUME: usize = 64 * 1024 * 1024;
/// The most regions of one script.
const REGIONS: u32 = 3_000;
/// The most effects of one command. `mkdir {1..64}` has 64.
pub(crate) const EFFECTS: usize = 256;

/// What the walk has used of what it may use.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    statements: u32,
    depth: u32,
    volume: usize,
    calls: u32,
    regions: u32,
    is_overrun: bool,
}

impl Budget {
    /// Notes bytes of values that were worked out.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.volume += bytes;
    }

    /// True if so much was worked out that nothing more is.
    pub(crate) fn overflows(&self) -> bool {
        self.volume > VOLUME
    }

    /// Notes a statement; false if it is one too many.
    pub(crate) fn statement(&mut self, steps: usize) -> bool {
        self.statements += 1;
        self.statements <= STATEMENTS && steps <= STEPS && !self.overflows()
    }

    /// Enters a statement; false if it is nested too deep.
    pub(crate) fn enter(&mut self) -> bool {
        if self.depth >= DEPTH {
            return false;
        }
        self.depth += 1;
        true
    }

    /// Leaves a statement.
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// How many calls of functions and files are under way.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    pub(crate) fn begin_call(&mut self) {
        self.calls += 1;
    }

    pub(crate) fn end_call(&mut self) {
        self.calls -= 1;
    }

    /// Notes code that a command runs; false if it is one too many.
    pub(crate) fn region(&mut self) -> bool {
        if self.regions >= REGIONS {
            return false;
        }
        self.regions += 1;
        true
    }

    /// Notes that something is not followed; true the first time.
    pub(crate) fn overrun(&mut self) -> bool {
        !std::mem::replace(&mut self.is_overrun, true)
    }

    /// True if something was not followed.
    pub(crate) fn is_overrun(&self) -> bool {
        self.is_overrun
    }
}
