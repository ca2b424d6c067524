//! How much of a script is followed: hostile ones unfold without end.

/// No real script has as many steps; a script that doubles its calls in each function would.
const STEPS: usize = 5_000;
/// Statements visited, functions inlined included.
const STATEMENTS: u32 = 120_000;
/// Statements inside statements, calls included.
const DEPTH: u32 = 200;
/// Bytes of values that are worked out: variables that grow with each use would fill any memory.
const VOLUME: usize = 64 * 1024 * 1024;
/// Regions of one script.
const REGIONS: u32 = 3_000;
/// The effects of one command. `mkdir {1..64}` has 64.
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

    /// So much was worked out that no more is.
    pub(crate) fn overflows(&self) -> bool {
        self.volume > VOLUME
    }

    /// Notes a statement; false if it is one too many.
    pub(crate) fn statement(&mut self, steps: usize) -> bool {
        self.statements += 1;
        self.statements <= STATEMENTS && steps <= STEPS && !self.overflows()
    }

    /// Goes into a statement; false if it lies too deep.
    pub(crate) fn enter(&mut self) -> bool {
        if self.depth >= DEPTH {
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes out of a statement.
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Calls under way, of functions and files.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// A call begins.
    pub(crate) fn begin_call(&mut self) {
        self.calls += 1;
    }

    /// A call ends.
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

    /// Notes that not all is followed; true the first time.
    pub(crate) fn overrun(&mut self) -> bool {
        !std::mem::replace(&mut self.is_overrun, true)
    }

    /// Not all was followed.
    pub(crate) fn is_overrun(&self) -> bool {
        self.is_overrun
    }
}
