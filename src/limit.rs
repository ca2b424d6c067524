//! Limits how long work may take. Code that loops over input calls [`tick`] from time to time. If the time of
//! the current piece of work is over, the work is unwound, and whoever started the piece ([`piece`]) goes on
//! without it. This module knows nothing about the work. If no time was set ([`within`]), nothing is ever cut
//! short, so a verdict never depends on the machine's speed.
//!
//! The whole may use its time once for the real work, and the same time again to find out what did not
//! finish. A piece of work ends when the whole's time ends. If that is over or close, the piece ends when it
//! has used half of what is left of the doubled time.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// The clock is read once in this many ticks.
const TICKS: u32 = 256;
/// Each try on a smaller part of failed work gets one in this many parts of the time for all tries.
const TRIES: u32 = 32;

/// Why a piece of work failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It panicked, which is a bug in deploylint.
    Panicked,
    /// Its time was over; the whole had this much.
    Late(Duration),
}

impl Failure {
    /// The reason of a gap if `what` failed, such as `the rule steps/order`.
    pub(crate) fn reason(self, what: &str) -> String {
        match self {
            Failure::Panicked => format!("{what} failed on it (this is a bug in deploylint)"),
            Failure::Late(given) => format!("{what} took too long on it ({} s for all)", given.as_secs_f64()),
        }
    }
}

/// The payload that unwinds a piece of work whose time is over.
struct Late;

#[derive(Clone, Copy)]
struct Time {
    /// How much time the whole was given.
    given: Duration,
    /// When that time is over.
    due: Instant,
    /// When there is no time left for anything.
    end: Instant,
    /// When the current piece of work is unwound.
    until: Option<Instant>,
    /// When work that stops by itself should stop.
    stop: Instant,
}

impl Time {
    /// When a piece of work that starts now must end.
    fn of_a_piece(self, now: Instant) -> Instant {
        let half = now + self.end.saturating_duration_since(now) / 2;
        self.until.unwrap_or_else(|| self.due.max(half).min(self.end))
    }
}

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(TICKS) };
    static TIME: Cell<Option<Time>> = const { Cell::new(None) };
    static LATE: Cell<bool> = const { Cell::new(false) };
    static CUT: Cell<bool> = const { Cell::new(false) };
}

/// Whether the clock has ended anything on this thread since the last call. If so, the result is not a
/// function of the input.
pub(crate) fn was_late() -> bool {
    LATE.replace(false)
}

/// Records that the clock ended something.
fn note_if(late: bool) -> bool {
    if late {
        LATE.set(true);
        note_cut_short();
    }
    late
}

/// Call this if a limit other than the clock leaves work undone: it is too much, or nested too deep.
pub(crate) fn note_cut_short() {
    CUT.set(true);
}

/// Runs work, and says whether a limit cut it short.
pub(crate) fn noting<T>(run: impl FnOnce() -> T) -> (T, bool) {
    let before = CUT.replace(false);
    let result = run();
    let cut = CUT.get();
    CUT.set(before || cut);
    (result, cut)
}

/// True if more time has passed than one step may take.
pub(crate) fn passed(started: Instant, time: Duration) -> bool {
    note_if(started.elapsed() > time)
}

/// Time that is reserved while this value lives.
pub(crate) struct Spared(#[expect(dead_code, reason = "it is there to be dropped")] Set);

/// Sets the time until it is dropped.
struct Set(Option<Time>);

impl Set {
    fn new(time: Option<Time>) -> Set {
        Set(TIME.replace(time))
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        TIME.set(self.0);
    }
}

/// Gives everything that `run` does this much time. It changes nothing if there is no limit, or if a time is
/// already running.
pub(crate) fn within<T>(time: Option<Duration>, run: impl FnOnce() -> T) -> T {
    let Some(given) = time.filter(|_| TIME.get().is_none()) else { return run() };
    let now = now();
    // This is short enough that nobody notices the wait.
    let given = given.min(Duration::from_secs(u64::from(u32::MAX)));
    let due = now + given;
    let _set = Set::new(Some(Time { given, due, end: due + given, until: None, stop: due }));
    run()
}

/// Reserves one `share`th of the time that is left for the work after the guard is dropped.
#[must_use]
pub(crate) fn sparing(share: u32) -> Spared {
    let now = now();
    Spared(Set::new(TIME.get().map(|time| {
        let kept = time.end.saturating_duration_since(now) / share;
        Time { end: time.end - kept, ..time }
    })))
}

/// Runs a piece of work whose failure is reported. A piece inside another piece gets the time that the outer
/// one has left.
///
/// # Errors
/// The reason why the work failed.
pub(crate) fn piece<T>(run: impl FnOnce() -> T) -> Result<T, Failure> {
    let Some(time) = TIME.get() else { return caught(run, Duration::ZERO) };
    let now = now();
    run_until(time.of_a_piece(now), now, run)
}

/// Runs work that stops by itself, because it asks whether its time [`is_over`]. Inside a piece it gets half
/// of the piece's remaining time.
pub(crate) fn part<T>(run: impl FnOnce() -> T) -> T {
    let now = now();
    let _set = Set::new(TIME.get().map(|time| {
        let half = |until: Instant| now + until.saturating_duration_since(now) / 2;
        Time { stop: time.until.map_or_else(|| time.of_a_piece(now), half), ..time }
    }));
    run()
}

fn run_until<T>(until: Instant, now: Instant, run: impl FnOnce() -> T) -> Result<T, Failure> {
    let Some(time) = TIME.get() else { return caught(run, Duration::ZERO) };
    if until.min(time.until.unwrap_or(time.end)) <= now {
        note_if(true);
        // If the surrounding work is over, that work ends itself.
        end_if_over();
        return Err(Failure::Late(time.given));
    }
    let until = until.min(time.until.unwrap_or(time.end));
    let _set = Set::new(Some(Time { until: Some(until), stop: until, ..time }));
    caught(run, time.given)
}

fn caught<T>(run: impl FnOnce() -> T, given: Duration) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| match payload.is::<Late>() {
        true => Failure::Late(given),
        false => Failure::Panicked,
    })
}

/// Tries on smaller parts of a piece of work that failed. Together they get half of the time that is left.
pub(crate) struct Tries {
    each: Duration,
    end: Option<Instant>,
}

impl Tries {
    /// The first try starts now.
    pub(crate) fn new() -> Tries {
        let now = now();
        let half = TIME.get().map(|time| time.until.unwrap_or(time.end).saturating_duration_since(now) / 2);
        Tries { each: half.unwrap_or_default() / TRIES, end: half.map(|half| now + half) }
    }

    /// True if there is no time for another try.
    pub(crate) fn are_over(&self) -> bool {
        note_if(self.end.is_some_and(|end| end <= now()))
    }

    /// Runs one try.
    ///
    /// # Errors
    /// The reason why the try failed.
    pub(crate) fn run<T>(&self, run: impl FnOnce() -> T) -> Result<T, Failure> {
        let Some(end) = self.end else { return caught(run, Duration::ZERO) };
        let now = now();
        run_until(end.min(now + self.each), now, run)
    }
}

impl Default for Tries {
    fn default() -> Self {
        Tries::new()
    }
}

/// Call this wherever work may go on for long, about once in a microsecond. It unwinds if the time is over.
#[inline]
pub(crate) fn tick() {
    LEFT.with(|left| match left.get().checked_sub(1) {
        Some(less) => left.set(less),
        None => ask(left),
    });
}

/// Counts this many ticks at once.
#[inline]
pub(crate) fn ticks(count: usize) {
    LEFT.with(|left| match left.get().checked_sub(u32::try_from(count).unwrap_or(u32::MAX)) {
        Some(less) => left.set(less),
        None => ask(left),
    });
}

#[cold]
fn ask(left: &Cell<u32>) {
    left.set(TICKS);
    if is_unwound() {
        // This skips the panic hook and prints no message, because it is not a bug.
        resume_unwind(Box::new(Late));
    }
}

fn is_unwound() -> bool {
    let until = TIME.get().and_then(|time| time.until);
    note_if(until.is_some_and(|until| until <= now())) && !std::thread::panicking()
}

/// Unwinds at once if the time is over. Call it after work that could not be unwound itself.
pub(crate) fn end_if_over() {
    if is_unwound() {
        resume_unwind(Box::new(Late));
    }
}

/// True if the time of the current work is over. It is for work that stops by itself.
pub(crate) fn is_over() -> bool {
    note_if(left().is_some_and(|left| left.is_zero()))
}

/// The time that is left for the current work, or `None` if there is no limit.
pub(crate) fn left() -> Option<Duration> {
    TIME.get().map(|time| time.stop.saturating_duration_since(now()))
}

#[cfg(not(test))]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
use counted::now;

/// A clock that advances by a millisecond at each reading, so that tests count ticks and not seconds.
#[cfg(test)]
pub(crate) mod counted {
    use super::*;
    use std::sync::LazyLock;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    thread_local! {
        static ASKED: Cell<Option<u64>> = const { Cell::new(None) };
    }

    pub(super) fn now() -> Instant {
        match ASKED.get() {
            None => Instant::now(),
            Some(asked) => {
                ASKED.set(Some(asked + 1));
                *START + Duration::from_millis(asked)
            }
        }
    }

    /// Runs with that clock, and returns by how many milliseconds it advanced.
    pub(crate) fn run<T>(run: impl FnOnce() -> T) -> (T, u64) {
        ASKED.set(Some(0));
        let result = run();
        (result, ASKED.take().unwrap_or_default())
    }

    /// Advances that clock by this many milliseconds.
    pub(crate) fn work(milliseconds: u64) {
        for _ in 0..milliseconds {
            (0..=TICKS).for_each(|_| tick());
            // Code that is never unwound reads no clock.
            if TIME.get().is_none_or(|time| time.until.is_none()) {
                now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::counted::{run, work};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn forever() {
        loop {
            tick();
        }
    }

    #[test]
    fn without_a_time_nothing_ends() {
        assert_eq!(run(|| piece(|| work(5_000))).0, Ok(()));
        assert_eq!(piece(|| assert!(left().is_some(), "a panic is one")), Err(Failure::Panicked));
        run(|| within(Some(SECOND), || work(5_000)));
    }

    #[test]
    fn a_piece_that_does_not_end_is_given_up_and_the_next_one_has_half_of_what_is_left() {
        let (ran, took) = run(|| {
            within(Some(SECOND), || {
                let late = Err(Failure::Late(SECOND));
                assert_eq!(piece(forever), late);
                // Half a second.
                assert_eq!(piece(|| work(400)), Ok(()));
                assert_eq!(piece(|| work(400)), late);
                (0..20).map(|_| piece(forever)).filter(|ran| *ran == late).count()
            })
        });
        assert_eq!(ran, 20);
        assert!((1_900..2_100).contains(&took), "{took}");
    }

    #[test]
    fn what_takes_its_time_and_no_more_is_not_given_up() {
        for pieces in [1, 2, 9] {
            let each = || piece(|| work(900 / pieces));
            let ran = run(|| within(Some(SECOND), || (0..pieces).all(|_| each().is_ok()))).0;
            assert!(ran, "{pieces}");
        }
    }

    #[test]
    fn work_inside_a_piece_ends_with_it() {
        let (ran, took) = run(|| {
            within(Some(SECOND), || piece(|| (0..1_000_000).filter(|_| piece(forever).is_err()).count() + 1))
        });
        assert_eq!(ran, Err(Failure::Late(SECOND)));
        assert!(took < 1_200, "{took}");
    }

    #[test]
    fn tries_share_half_of_what_is_left() {
        let (tried, took) = run(|| {
            within(Some(SECOND), || {
                let tries = Tries::new();
                let mut tried = 0;
                while !tries.are_over() {
                    assert!(tries.run(forever).is_err());
                    tried += 1;
                }
                assert!(tries.run(|| ()).is_err());
                tried
            })
        });
        // Readings in between advance the clock too.
        assert!((25..=33).contains(&tried), "{tried}");
        assert!((990..1_100).contains(&took), "{took}");
    }

    #[test]
    fn time_that_is_kept_is_there_afterwards() {
        run(|| {
            within(Some(SECOND), || {
                let spared = sparing(4);
                for _ in 0..20 {
                    assert!(piece(forever).is_err());
                }
                drop(spared);
                assert_eq!(piece(|| work(200)), Ok(()));
            });
        });
    }

    #[test]
    fn it_is_known_whose_work_was_cut_short() {
        let forever = || piece(forever).is_err();
        let ((first, second), _) = run(|| within(Some(SECOND), || (noting(forever), noting(|| work(10)))));
        assert_eq!((first, second), ((true, true), ((), false)));
        let (inner, outer) = noting(|| noting(note_cut_short).1);
        assert!(inner && outer);
    }

    #[test]
    fn what_ends_in_good_order_is_not_unwound() {
        let (done, _) = run(|| {
            within(Some(SECOND), || {
                part(|| {
                    let mut done = 0;
                    while !is_over() {
                        work(10);
                        done += 1;
                    }
                    done
                })
            })
        });
        assert!((80..=100).contains(&done), "{done}");
    }
}
