//! `deploylint scan`.

use super::args::{ReviewFormat, ScanArgs, ScanFormat};
use super::check::colors;
use super::kept::Kept;
use super::progress::Progress;
use super::{Exit, Failure, complain, tell};
use crate::check::{CheckError, Report, Request, RuleSet, Settings, Target, check_over};
use crate::finding::Gap;
use crate::output::clean;
use crate::output::scan::{Form, Frame, Header, StatsForm, body, record, write_stats};
use crate::repo::files::{Recorder, Root};
use crate::repo::history::revision;
use crate::scan::find::{Given, Repo, Repos};
use crate::scan::journal::{Finished, Journal};
use crate::scan::pool::{Plan, Weight, run as run_pool};
use crate::scan::sink::Sink;
use crate::scan::tally::{Stats, Tally};
use crate::source::Sources;
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::fs::File;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, BufReader, Write};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A repo that exceeds its time ends by itself within twice that time. One that takes this many times as
/// long, plus [`MORE`], will not.
const GRACE: u32 = 3;
/// Allows for other work on the machine.
const MORE: Duration = Duration::from_secs(10);

/// The result of a repo.
struct Done {
    record: Vec<u8>,
    tally: Tally,
}

impl Weight for Done {
    fn weight(&self) -> usize {
        self.record.len() + 200
    }
}

/// How each repo is checked.
struct Judge {
    request: Request,
    rules: Arc<RuleSet>,
    form: Form,
    kept: Option<Kept>,
    progress: Progress,
}

/// Scans, and returns how it ended.
pub(super) fn run(args: &ScanArgs) -> Result<Exit, Failure> {
    let form = form(args);
    let request = request(args);
    let rules = Arc::new(RuleSet::load(&args.rules)?);
    rules.queries()?;
    // What is wrong for all repos is reported once. An empty directory has no configuration of its own.
    Settings::check(&request, &rules)?;
    let given = given(args)?;
    let kept = Kept::open(args, &request, form)?;
    // An error in the rest of the request leaves the output as it was.
    let mut sink = sink(args)?;

    let mut stats = Stats::default();
    let (journal, finished) = match &args.resume {
        None => (None, Finished::default()),
        Some(path) => {
            let asked = asked(args, form)?;
            let own = args.output.is_some();
            let each = |name: &str, tally: &Tally| stats.add(name, tally);
            let (journal, finished) = Journal::open(path, &asked, &mut sink, own, each)?;
            (Some((journal, path.as_path())), finished)
        }
    };
    // This many records are already in the output.
    let before = if finished.in_output { finished.count() } else { 0 };
    let (stop, signal) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    listen(&stop, &signal).map_err(|e| CheckError::new(format!("the scan cannot wait for signals: {e}")))?;
    let progress = Progress::over(&args.paths, args.repos_from.as_deref());
    let faults = Arc::<AtomicUsize>::default();
    let items = items(given, finished, progress.clone(), Arc::clone(&faults));

    let time = Duration::from_secs(u64::from(args.timeout));
    let judge = Arc::new(Judge { request, rules, form, kept, progress: progress.clone() });
    let work = {
        let judge = Arc::clone(&judge);
        move |repo: &Repo| judge.judge(repo)
    };
    let given_up = |repo: &Repo| {
        let reason = format!("it took longer than {} s, and did not stop by itself", time.as_secs());
        judge.failed(repo, vec![Gap { file: String::new(), place: None, reason }], time * GRACE + MORE)
    };
    let mut records = Records {
        args,
        frame: Frame::of(form),
        sink,
        journal,
        stats,
        progress: progress.clone(),
        written: before,
        failure: None,
    };
    let begun = before > 0 || records.put(Records::begin);
    let jobs =
        args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), usize::from);
    let plan = Plan { jobs, patience: Some(time * GRACE + MORE), stop: Arc::clone(&stop) };
    if begun {
        run_pool(&plan, items, Arc::new(work), given_up, |repo, done| records.add(repo, &done))
            .map_err(|e| CheckError::new(format!("no thread can be begun: {e}")))?;
    }
    progress.end();
    let end = Frame::end(form, &records.stats)?;
    if records.failure.is_none() && !end.is_empty() {
        records.put(|records| records.sink.write(&end));
    }
    let Records { stats, mut sink, failure, .. } = records;
    let interrupted = signal.load(Ordering::Relaxed);
    if failure.is_some() || interrupted > 0 {
        tell(&finished_so_far(&stats, args.resume.as_deref()));
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    tell_stats(args, &stats, &mut sink)?;
    Ok(exit(args, &stats, interrupted, faults.load(Ordering::Relaxed)))
}

/// How records are written.
fn form(args: &ScanArgs) -> Form {
    match args.format {
        // What goes to a file has no colours unless they are asked for.
        ScanFormat::Text => {
            let color =
                colors(args.color) && (args.output.is_none() || args.color == super::args::Color::Always);
            Form::Text { color }
        }
        ScanFormat::Ndjson => Form::Ndjson,
        ScanFormat::Json => Form::Json,
    }
}

/// What is asked of each repo.
fn request(args: &ScanArgs) -> Request {
    Request {
        config: args.config.clone(),
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        rules_dirs: args.rules.clone(),
        confidence: Some(args.confidence.least()),
        time: Some(Duration::from_secs(u64::from(args.timeout))),
        ..Request::default()
    }
}

/// What is written as repos are finished, in their order: records, journal, sums.
struct Records<'s> {
    args: &'s ScanArgs,
    frame: Frame,
    sink: Sink,
    journal: Option<(Journal, &'s Path)>,
    stats: Stats,
    progress: Progress,
    /// How many records the output holds.
    written: usize,
    /// Why nothing more is written.
    failure: Option<CheckError>,
}

impl Records<'_> {
    /// Writes what comes before the first record.
    fn begin(&mut self) -> io::Result<()> {
        self.sink.write(&self.frame.begin)
    }

    /// Writes, and notes the error if that fails. Returns true if it did not.
    fn put(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> bool {
        if let Err(error) = write(self) {
            self.failure = Some(unwritten(self.args, &error));
        }
        self.failure.is_none()
    }

    /// Writes the record of a repo, then its line of the journal, and counts it.
    fn add(&mut self, repo: &Repo, done: &Done) -> ControlFlow<()> {
        let between = if self.written > 0 { self.frame.between } else { b"" };
        let record = [between, &done.record].concat();
        let progress = self.progress.clone();
        if !record.is_empty() && !self.put(|records| progress.beside(|| records.sink.write(&record))) {
            return ControlFlow::Break(());
        }
        if let Some((journal, path)) = &mut self.journal
            && let Err(error) = journal.add(&repo.name, self.sink.length(), &done.tally)
        {
            self.failure = Some(CheckError::in_file(path, format!("the journal cannot be written: {error}")));
            return ControlFlow::Break(());
        }
        self.written += 1;
        self.stats.add(&repo.name, &done.tally);
        self.progress.at(self.stats.repos, self.stats.sum.findings());
        ControlFlow::Continue(())
    }
}

fn exit(args: &ScanArgs, stats: &Stats, interrupted: usize, faults: usize) -> Exit {
    if interrupted == SIGINT as usize {
        Exit::Interrupted
    } else if interrupted > 0 {
        Exit::Terminated
    } else if faults > 0 {
        Exit::Usage
    } else if args.fail_on.least().is_some_and(|least| stats.sum.at_least(least) > 0) {
        Exit::Findings
    } else if stats.sum.gaps > 0 {
        Exit::NotAnalysed
    } else {
        Exit::Clean
    }
}

impl Judge {
    fn judge(&self, repo: &Repo) -> Done {
        let start = Instant::now();
        if let Some((tally, body)) = self.kept.as_ref().and_then(|kept| kept.find(&repo.path)) {
            return self.done(repo, tally, &body, start.elapsed());
        }
        let recorder = self.kept.as_ref().map(|_| Recorder::new());
        let judged = catch_unwind(AssertUnwindSafe(|| self.check(repo, recorder.clone())));
        let told = match judged {
            Ok(Ok(report)) => {
                let (tally, body) = self.found(&report);
                if let (Some(kept), Some(recorder)) = (&self.kept, recorder) {
                    kept.keep(&repo.path, &recorder, &tally, &body, &self.progress);
                }
                return self.done(repo, tally, &body, start.elapsed());
            }
            Ok(Err(error)) => {
                let file = error.file.as_deref().unwrap_or_default();
                let top = repo.path.to_string_lossy();
                let file = file.strip_prefix(&*top).unwrap_or(file).trim_start_matches('/').to_owned();
                let place = error.place.map(|at| format!("{}:{}: ", at.line, at.column)).unwrap_or_default();
                Gap { file, place: None, reason: format!("{place}{}", error.message) }
            }
            Err(_) => {
                let reason = "it could not be checked (this is a bug in deploylint)".to_owned();
                Gap { file: String::new(), place: None, reason }
            }
        };
        self.failed(repo, vec![told], start.elapsed())
    }

    /// Works like `check`.
    fn check(&self, repo: &Repo, recorder: Option<Recorder>) -> Result<Report, CheckError> {
        match repo.path.metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(CheckError::new("it is not a directory")),
            Err(error) => return Err(CheckError::new(format!("it cannot be accessed: {error}"))),
        }
        let request = Request { targets: vec![Target::Path(repo.path.clone())], ..self.request.clone() };
        let settings = Settings::load_noted(&request, &self.rules, recorder)?;
        let mut report = check_over(&request, &settings, Sources::default(), &mut |_| {})?;
        match report.errors.pop() {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }

    /// The record of a repo of which only gaps are known.
    fn failed(&self, repo: &Repo, gaps: Vec<Gap>, time: Duration) -> Done {
        let (tally, body) = self.found(&Report { gaps, ..Report::default() });
        self.done(repo, tally, &body, time)
    }

    /// The part of a record that depends only on the repo's contents.
    fn found(&self, report: &Report) -> (Tally, Vec<u8>) {
        // Writing to memory never fails.
        (Tally::of(report), body(report, self.form).unwrap_or_default())
    }

    fn done(&self, repo: &Repo, tally: Tally, body: &[u8], time: Duration) -> Done {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let tally = Tally { milliseconds, ..tally };
        let revision = Root::open(&repo.path).ok().and_then(|root| revision(&root));
        let header = Header { name: &repo.name, revision: revision.as_deref(), milliseconds };
        Done { record: record(header, body, self.form), tally }
    }
}

/// Where repos are searched.
fn given(args: &ScanArgs) -> Result<Given, CheckError> {
    Ok(match &args.repos_from {
        None => Given::Paths(args.paths.clone()),
        Some(list) if list == Path::new("-") => Given::Lines(Box::new(BufReader::new(io::stdin()))),
        Some(list) => {
            let file = File::open(list)
                .map_err(|e| CheckError::in_file(list, format!("the list of repos cannot be read: {e}")))?;
            Given::Lines(Box::new(BufReader::new(file)))
        }
    })
}

/// The repos that are not finished. An argument that is not a repo is reported when it is met, and counted.
fn items(
    given: Given,
    finished: Finished,
    progress: Progress,
    faults: Arc<AtomicUsize>,
) -> impl Iterator<Item = Repo> + Send + 'static {
    let repos = Repos::of(given).filter_map(move |found| match found {
        Ok(repo) => Some(repo),
        Err(error) => {
            faults.fetch_add(1, Ordering::Relaxed);
            progress.beside(|| complain(&error));
            None
        }
    });
    repos.filter(move |repo| !finished.holds(&repo.name))
}

/// Where records go.
fn sink(args: &ScanArgs) -> Result<Sink, CheckError> {
    let Some(path) = &args.output else { return Ok(standard_output()) };
    let fail = |error: io::Error| CheckError::in_file(path, format!("it cannot be written: {error}"));
    // With a journal, the output may contain what was finished before.
    let fresh = args.resume.is_none();
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(fresh).open(path);
    let file = match file {
        // Some devices can be written but not read.
        Err(_) => File::options().write(true).open(path).map_err(fail)?,
        Ok(file) => file,
    };
    match file.metadata().is_ok_and(|found| found.is_file()) {
        true => Sink::file(file).map_err(fail),
        false => Ok(Sink::stream(Box::new(file))),
    }
}

#[cfg(unix)]
fn standard_output() -> Sink {
    use std::os::fd::AsFd;
    // There is no buffer in between: once a record is written, it is written.
    match io::stdout().as_fd().try_clone_to_owned().map(File::from) {
        Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => {
            let other = file.try_clone();
            Sink::file(file).ok().or_else(|| Some(Sink::stream(Box::new(other.ok()?))))
        }
        Ok(file) => Some(Sink::stream(Box::new(file))),
        Err(_) => None,
    }
    .unwrap_or_else(|| Sink::stream(Box::new(io::stdout())))
}

#[cfg(not(unix))]
fn standard_output() -> Sink {
    Sink::stream(Box::new(io::stdout()))
}

/// What must be the same for a journal to go on.
fn asked(args: &ScanArgs, form: Form) -> Result<Value, CheckError> {
    let config = match &args.config {
        None => None,
        Some(path) => {
            let bytes = std::fs::read(path)
                .map_err(|e| CheckError::in_file(path, format!("it cannot be read: {e}")))?;
            Some(BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes))
        }
    };
    Ok(json!({
        "format": format!("{form:?}"),
        "config": config,
        "select": args.select,
        "ignore": args.ignore,
        "confidence": format!("{:?}", args.confidence),
        "rules": args.rules.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
    }))
}

/// SIGINT and SIGTERM end the scan with what is finished. A second signal ends it at once.
fn listen(stop: &Arc<AtomicBool>, signal: &Arc<AtomicUsize>) -> io::Result<()> {
    use signal_hook::flag;
    for number in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(number, 128 + number, Arc::clone(stop))?;
        flag::register_usize(number, Arc::clone(signal), number as usize)?;
        flag::register(number, Arc::clone(stop))?;
    }
    Ok(())
}

fn unwritten(args: &ScanArgs, error: &io::Error) -> CheckError {
    let what = match error.kind() {
        io::ErrorKind::BrokenPipe => "the reader has closed the pipe".to_owned(),
        _ => error.to_string(),
    };
    match &args.output {
        Some(path) => CheckError::in_file(path, format!("the records cannot be written: {what}")),
        None => CheckError::new(format!("the records cannot be written: {what}")),
    }
}

fn finished_so_far(stats: &Stats, journal: Option<&Path>) -> String {
    let go_on = match journal {
        Some(path) => {
            let path = path.to_string_lossy();
            format!("; run the same command again to go on (--resume {})", clean::line(&path, 500))
        }
        None => String::new(),
    };
    let repos = if stats.repos == 1 { "repo is" } else { "repos are" };
    format!("ended early: {} {repos} finished and written{go_on}\n", stats.repos)
}

/// With `--stats`, writes the totals: after the text, or to the stream that the records do not use.
fn tell_stats(args: &ScanArgs, stats: &Stats, sink: &mut Sink) -> Result<(), Failure> {
    let Some(format) = args.stats else { return Ok(()) };
    let form = match format {
        ReviewFormat::Text => StatsForm::Text,
        ReviewFormat::Markdown => StatsForm::Markdown,
        ReviewFormat::Json => StatsForm::Json,
    };
    let mut out = Vec::new();
    write_stats(stats, form, &mut out)?;
    match (&args.output, args.format) {
        (Some(_), _) => standard_output().write(&out)?,
        (None, ScanFormat::Text) => sink.write(&out)?,
        (None, _) => io::stderr().lock().write_all(&out)?,
    }
    Ok(())
}
