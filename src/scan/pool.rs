//! Works on many things at a time and delivers them in order. The number of undelivered things is bounded, so
//! that a slow consumer slows the work, and memory does not grow with the number of things.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The stack of a worker, in bytes. It is as large as that of a process's first thread, so that a check goes
/// as deep here as there.
const STACK: usize = 8 << 20;
/// How many things, for each job, are worked on or found in advance.
const AHEAD: usize = 3;
/// How many things, for each job, are worked on or wait for delivery.
const WINDOW: usize = 64;
/// How many bytes may wait for delivery before nothing new is started.
const MAX_WAITING: usize = 16 << 20;
/// How often to check whether to stop, and who has not come back.
const TICK: Duration = Duration::from_millis(100);

/// How the work is done.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// How many things are worked on at a time; at least 1.
    pub(crate) jobs: usize,
    /// How long one may take before nobody waits for it any more. It should end by itself before.
    pub(crate) patience: Option<Duration>,
    /// Set from elsewhere: nothing more is started or waited for.
    pub(crate) stop: Arc<AtomicBool>,
}

/// Something to deliver.
pub(crate) trait Weight {
    /// Its size in bytes, roughly.
    fn weight(&self) -> usize;
}

/// Something to work on.
struct Slot<I, O> {
    item: I,
    state: State<O>,
}

enum State<O> {
    Waiting,
    Begun(Instant),
    Done(O),
}

/// The messages of the finder and the workers.
enum Said<I, O> {
    Found(I),
    /// There is nothing more to find.
    All,
    Begun(u64),
    Done(u64, O),
}

/// A worker's channels.
struct Bench<I, O> {
    tasks: Arc<Mutex<Receiver<(u64, I)>>>,
    said: Sender<Said<I, O>>,
    work: Arc<dyn Fn(&I) -> O + Send + Sync>,
}

impl<I: Send + 'static, O: Send + 'static> Bench<I, O> {
    /// Starts a thread that works until there is nothing left.
    fn begin(&self) -> std::io::Result<()> {
        let bench =
            Bench { tasks: Arc::clone(&self.tasks), said: self.said.clone(), work: Arc::clone(&self.work) };
        let worker = move || {
            loop {
                let task = bench.tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((number, item)) = task else { return };
                if bench.said.send(Said::Begun(number)).is_err() {
                    return;
                }
                let done = (bench.work)(&item);
                if bench.said.send(Said::Done(number, done)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("scan".to_owned()).stack_size(STACK).spawn(worker).map(drop)
    }
}

/// Runs `work` on each of `items`, and passes the results to `deliver` in the order of the items, until
/// `deliver` stops. An item that does not come back in time counts as `given_up`, and its thread is
/// abandoned. `work` must not panic: its item would be waited for until patience ends. A separate thread
/// finds the items, no further ahead than needed, so a late item does not hold up those before it.
///
/// # Errors
/// No thread could be started.
pub(crate) fn run<I, O>(
    plan: &Plan,
    items: impl Iterator<Item = I> + Send + 'static,
    work: Arc<dyn Fn(&I) -> O + Send + Sync>,
    given_up: impl Fn(&I) -> O,
    mut deliver: impl FnMut(&I, O) -> ControlFlow<()>,
) -> std::io::Result<()>
where
    I: Clone + Send + 'static,
    O: Weight + Send + 'static,
{
    let jobs = plan.jobs.max(1);
    let (tasks, queue) = channel();
    let (said, saying) = channel();
    let (permits, permitted) = channel();
    find(items, permitted, said.clone())?;
    let bench = Bench { tasks: Arc::new(Mutex::new(queue)), said, work };
    bench.begin()?;
    for _ in 1..jobs {
        // If a worker cannot be started, fewer ones do the work.
        let _ = bench.begin();
    }
    let mut line = Line { slots: VecDeque::new(), first: 0, waiting: 0, asked: 0, busy: 0, all: false };
    loop {
        if plan.stop.load(Ordering::Relaxed) || line.all && line.slots.is_empty() {
            return Ok(());
        }
        while line.has_room(jobs) {
            // If the finder is gone, it has said so.
            let _ = permits.send(());
            line.asked += 1;
        }
        match saying.recv_timeout(TICK) {
            Ok(Said::Found(item)) => {
                // Workers live as long as this does.
                let _ = tasks.send((line.next(), item.clone()));
                line.add(item);
            }
            Ok(Said::All) => line.all = true,
            Ok(Said::Begun(number)) => {
                if let Some(slot) = line.slot(number) {
                    slot.state = State::Begun(Instant::now());
                }
            }
            Ok(Said::Done(number, done)) => line.done(number, done),
            Err(RecvTimeoutError::Timeout) => {
                for number in plan.patience.map(|patience| line.overdue(patience)).unwrap_or_default() {
                    if let Some(slot) = line.slot(number) {
                        let done = given_up(&slot.item);
                        line.done(number, done);
                        // This replaces the worker that is left to itself.
                        bench.begin()?;
                    }
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        while let Some((item, done)) = line.take_first() {
            if deliver(&item, done).is_break() {
                return Ok(());
            }
        }
    }
}

/// The items between being looked for and being handed over, in their order.
struct Line<I, O> {
    slots: VecDeque<Slot<I, O>>,
    /// The number of the first slot.
    first: u64,
    /// Bytes that are done and not handed over.
    waiting: usize,
    /// Items that are looked for.
    asked: usize,
    /// Items that are worked on.
    busy: usize,
    /// True if there is nothing more to look for.
    all: bool,
}

impl<I, O: Weight> Line<I, O> {
    /// True if one more may be looked for.
    fn has_room(&self, jobs: usize) -> bool {
        !self.all
            && self.asked + self.busy < jobs * AHEAD
            && self.asked + self.slots.len() < jobs * WINDOW
            && self.waiting < MAX_WAITING
    }

    /// The number of the item that is added next.
    fn next(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// Adds an item that was found and is handed to the workers.
    fn add(&mut self, item: I) {
        self.asked -= 1;
        self.busy += 1;
        self.slots.push_back(Slot { item, state: State::Waiting });
    }

    /// The slot of a number; none for one that was given up, and may come back after all.
    fn slot(&mut self, number: u64) -> Option<&mut Slot<I, O>> {
        let slot = self.slots.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)?;
        (!matches!(slot.state, State::Done(_))).then_some(slot)
    }

    /// Notes what came of an item, unless it was given up before.
    fn done(&mut self, number: u64, done: O) {
        let weight = done.weight();
        if let Some(slot) = self.slot(number) {
            slot.state = State::Done(done);
            self.busy -= 1;
            self.waiting += weight;
        }
    }

    /// The numbers of those that take longer than anybody waits.
    fn overdue(&self, patience: Duration) -> Vec<u64> {
        let late =
            |slot: &Slot<I, O>| matches!(slot.state, State::Begun(since) if since.elapsed() > patience);
        let numbered = (self.first..).zip(&self.slots);
        numbered.filter(|(_, slot)| late(slot)).map(|(number, _)| number).collect()
    }

    /// Takes the first item, once it is done.
    fn take_first(&mut self) -> Option<(I, O)> {
        let Slot { state: State::Done(_), .. } = self.slots.front()? else { return None };
        let Some(Slot { item, state: State::Done(done) }) = self.slots.pop_front() else { return None };
        self.first += 1;
        self.waiting -= done.weight();
        Some((item, done))
    }
}

/// Looks for one item for each permit, on a thread of its own.
fn find<I: Send + 'static, O: Send + 'static>(
    mut items: impl Iterator<Item = I> + Send + 'static,
    permitted: Receiver<()>,
    said: Sender<Said<I, O>>,
) -> std::io::Result<()> {
    let finder = move || {
        while permitted.recv().is_ok() {
            let Some(item) = items.next() else { break };
            if said.send(Said::Found(item)).is_err() {
                return;
            }
        }
        // The requester may be gone.
        let _ = said.send(Said::All);
    };
    thread::Builder::new().name("find".to_owned()).spawn(finder).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    impl Weight for u64 {
        fn weight(&self) -> usize {
            8
        }
    }

    fn plan(jobs: usize) -> Plan {
        Plan { jobs, patience: None, stop: Arc::default() }
    }

    /// What is delivered for `count` numbers. Each takes as many milliseconds as its last digit.
    fn squares(jobs: usize, count: u64, last: u64) -> Vec<(u64, u64)> {
        let mut got = Vec::new();
        let work = |n: &u64| {
            thread::sleep(Duration::from_millis(n % 7));
            n * n
        };
        run(
            &plan(jobs),
            0..count,
            Arc::new(work),
            |_| 0,
            |n, square| {
                got.push((*n, square));
                if *n == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
        .unwrap();
        got
    }

    #[test]
    fn everything_comes_once_and_in_order() {
        for jobs in [0, 1, 2, 5] {
            let expected: Vec<_> = (0..300).map(|n| (n, n * n)).collect();
            assert_eq!(squares(jobs, 300, u64::MAX), expected, "{jobs} jobs");
        }
        assert_eq!(squares(2, 0, u64::MAX), []);
    }

    #[test]
    fn a_consumer_that_has_enough_ends_it() {
        assert_eq!(squares(3, u64::MAX, 9).len(), 10);
    }

    #[test]
    fn nothing_is_looked_for_far_ahead_of_a_slow_consumer() {
        let found = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&found);
        let items = (0..100_000u64).inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let mut most = 0;
        run(
            &plan(2),
            items,
            Arc::new(|n: &u64| *n),
            |_| 0,
            |n, _| {
                thread::sleep(Duration::from_millis(1));
                most = most.max(found.load(Ordering::Relaxed) - *n as usize);
                if *n == 300 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
        .unwrap();
        assert!(most <= 2 * WINDOW, "{most} ahead");
    }

    #[test]
    fn what_is_large_waits_in_small_numbers() {
        struct Large;
        impl Weight for Large {
            fn weight(&self) -> usize {
                MAX_WAITING / 4
            }
        }
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        // The first one keeps all others waiting.
        let work = move |n: &u64| {
            counter.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(if *n == 0 { 300 } else { 0 }));
            Large
        };
        let mut at_first = 0;
        run(
            &plan(2),
            0..1000u64,
            Arc::new(work),
            |_| Large,
            |n, _| {
                if *n == 0 {
                    at_first = begun.load(Ordering::Relaxed);
                }
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert!(at_first <= 4 + 2 * AHEAD, "{at_first} begun");
    }

    #[test]
    fn what_does_not_come_back_is_given_up_and_the_rest_goes_on() {
        let plan = Plan { patience: Some(Duration::from_millis(150)), ..plan(1) };
        let work = |n: &u64| {
            if *n == 1 {
                thread::sleep(Duration::from_secs(3600));
            }
            *n
        };
        let mut got = Vec::new();
        run(
            &plan,
            0..4,
            Arc::new(work),
            |n| n + 100,
            |_, n| {
                got.push(n);
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(got, [0, 101, 2, 3]);
    }

    #[test]
    fn when_it_is_told_to_stop_it_hands_over_no_more() {
        let plan = plan(2);
        let stop = Arc::clone(&plan.stop);
        let mut got = 0;
        run(
            &plan,
            0u64..,
            Arc::new(|n: &u64| *n),
            |_| 0,
            |n, _| {
                got += 1;
                if *n == 20 {
                    stop.store(true, Ordering::Relaxed);
                }
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert!((21..100).contains(&got), "{got}");
    }
}
