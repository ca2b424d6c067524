//! The cost of one run of a program: wall time, processor time, memory. It uses the standard library, bash and /proc, and
//! does not know what is measured.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program with its arguments, and the exit codes that mean success.
#[derive(Clone)]
pub(crate) struct Program {
    words: Vec<OsString>,
    fine: &'static [i32],
}

impl Program {
    pub(crate) fn new(name: impl AsRef<OsStr>, fine: &'static [i32]) -> Program {
        Program { words: vec![name.as_ref().to_owned()], fine }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Program {
        self.words.extend(args.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The figure of a program that failed would be worthless.
    fn check(&self, code: Option<i32>) -> io::Result<()> {
        match code {
            Some(code) if self.fine.contains(&code) => Ok(()),
            _ => Err(io::Error::other(format!("{:?} ended with {code:?}", self.shown()))),
        }
    }

    fn shown(&self) -> String {
        let words: Vec<_> = self.words.iter().take(8).map(|word| word.to_string_lossy()).collect();
        words.join(" ") + if self.words.len() > 8 { " …" } else { "" }
    }

    /// Its output.
    pub(crate) fn output(&self) -> io::Result<Vec<u8>> {
        let output = self.command().stdout(Stdio::piped()).stderr(Stdio::inherit()).output()?;
        self.check(output.status.code())?;
        Ok(output.stdout)
    }

    /// The time from the start of the process to its end.
    pub(crate) fn wall(&self) -> io::Result<Duration> {
        let start = Instant::now();
        let status = self.command().status()?;
        let took = start.elapsed();
        self.check(status.code())?;
        Ok(took)
    }

    /// The user and system time of the process and all its threads, as the mean of `times` runs. bash asks getrusage(2) for
    /// it and shows milliseconds, so a short process runs several times.
    pub(crate) fn cpu(&self, times: u32) -> io::Result<Duration> {
        // `$1` is the number of runs, and the rest is the command. The exit code is the last one's.
        let script = "TIMEFORMAT='%3U %3S'; n=$1; shift; \
            time for ((i = 0; i < n; i++)); do \"$@\" >/dev/null 2>&1; code=$?; done; exit \"$code\"";
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "time"]).arg(times.to_string()).args(&self.words);
        // Some locales write a comma.
        let output = bash.env("LC_ALL", "C").stdin(Stdio::null()).output()?;
        self.check(output.status.code())?;
        let said = String::from_utf8_lossy(&output.stderr);
        let seconds: Option<Vec<f64>> = said.split_whitespace().map(|word| word.parse().ok()).collect();
        match seconds.as_deref() {
            Some([user, system]) => Ok(Duration::from_secs_f64((user + system) / f64::from(times))),
            _ => Err(io::Error::other(format!("bash says of the time of {}: {said}", self.shown()))),
        }
    }

    /// The peak of its memory, in kB: VmHWM of proc_pid_status(5). It never falls, so the last reading counts. Growth in
    /// the last 2 ms before the end is missed.
    pub(crate) fn peak(&self) -> io::Result<(u64, Duration)> {
        let start = Instant::now();
        let mut child = self.command().spawn()?;
        let path = format!("/proc/{}/status", child.id());
        let mut peak = None;
        let status = loop {
            if let Ok(status) = std::fs::read_to_string(&path) {
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
                // A process that has ended no longer has such a line.
                peak = kilobytes.and_then(|number| number.trim().parse().ok()).or(peak);
            }
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let took = start.elapsed();
        self.check(status.code())?;
        let peak = peak.ok_or_else(|| io::Error::other("/proc says nothing of the memory of a process"))?;
        Ok((peak, took))
    }
}

/// The rounds of a measurement.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// Measures so many rounds, and shows progress.
    pub(crate) fn of(rounds: usize, mut round: impl FnMut() -> io::Result<f64>) -> io::Result<Spread> {
        let mut values = Vec::new();
        for _ in 0..rounds.max(1) {
            values.push(round()?);
            write!(io::stderr(), ".")?;
        }
        writeln!(io::stderr())?;
        Ok(Spread::new(values))
    }

    pub(crate) fn new(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        Spread(values)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// The median, with the lowest and the highest round, and how many there were.
    pub(crate) fn shown(&self) -> String {
        let (low, high) = (self.0[0], self.0[self.0.len() - 1]);
        format!("{:.3}   ({low:.3} to {high:.3}, {} rounds)", self.median(), self.0.len())
    }
}
