//! Compares the whole program with others, and with itself: each figure is a ratio of two runs that take turns.
//!
//! `cargo bench --bench scan -- startup|shellcheck|threads|memory|cache [--repos N] [--rounds N] [--seed S] [DIR…]`.
//! README.md says what each of them measures. Without DIR, the repos are made up (`../corpus`), below target/tmp.

// A benchmark prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../corpus/mod.rs"]
mod corpus;
mod measure;
mod subject;

use measure::{Program, Spread};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use subject::{Repos, Scripts};

/// The exit codes for findings and gaps are no failures.
const JUDGED: &[i32] = &[0, 1, 3];

pub(crate) struct Asked {
    repos: Option<usize>,
    rounds: Option<usize>,
    seed: u64,
    directories: Vec<PathBuf>,
    program: PathBuf,
}

type Measurement = fn(&Asked) -> io::Result<()>;

const ALL: [(&str, Measurement); 5] = [
    ("startup", startup),
    ("shellcheck", shellcheck),
    ("threads", threads),
    ("memory", memory),
    ("cache", cache),
];

fn main() -> ExitCode {
    let mut asked = Asked {
        repos: None,
        rounds: None,
        seed: 1,
        directories: Vec::new(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_deploylint")),
    };
    let mut measurement = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let known = match word.as_str() {
            // cargo bench adds this word.
            "--bench" => true,
            "--repos" => words.next().and_then(|n| n.parse().ok()).map(|n| asked.repos = Some(n)).is_some(),
            "--rounds" => words.next().and_then(|n| n.parse().ok()).map(|n| asked.rounds = Some(n)).is_some(),
            "--seed" => words.next().and_then(|n| n.parse().ok()).map(|n| asked.seed = n).is_some(),
            // This names another build of the program.
            "--program" => words.next().map(|path| asked.program = PathBuf::from(path)).is_some(),
            _ if word.starts_with('-') => false,
            _ if measurement.is_none() => {
                measurement = ALL.iter().find(|(name, _)| *name == word);
                measurement.is_some()
            }
            _ => {
                asked.directories.push(PathBuf::from(word));
                true
            }
        };
        if !known {
            measurement = None;
            break;
        }
    }
    let Some((name, measurement)) = measurement else {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        let usage = "[--repos N] [--rounds N] [--seed S] [--program PATH] [DIR…]";
        eprintln!("cargo bench --bench scan -- {} {usage}", names.join("|"));
        return ExitCode::from(2);
    };
    match measurement(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Asked {
    fn deploylint(&self) -> Program {
        Program::new(&self.program, JUDGED)
    }

    /// One process for all repos. It writes a line for each as soon as that one is finished.
    fn scan(&self, repos: &Repos) -> Program {
        self.deploylint().args(["scan", "--format", "ndjson"]).args(repos.arguments())
    }
}

/// One script of 200 lines, from the start to the end of the process.
fn startup(asked: &Asked) -> io::Result<()> {
    let script = subject::script_of(asked.seed, 200)?;
    // Without --root, the project around target/ would be read.
    let check = asked.deploylint().args(["check", "--fail-on", "never", "--root"]);
    let check = check.args([&script.directory, &script.path]);
    let bash = Program::new("bash", &[0]).args(["-n"]).args([&script.path]);
    println!("{}, {} lines: deploylint check / bash -n", script.path.display(), script.lines);
    // Both programs and the script are in memory from here on.
    check.wall()?;
    bash.wall()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let ratio = Spread::of(asked.rounds.unwrap_or(30), || {
        let theirs_now = bash.wall()?.as_secs_f64();
        let ours_now = check.wall()?.as_secs_f64();
        theirs.push(theirs_now * 1e3);
        ours.push(ours_now * 1e3);
        Ok(ours_now / theirs_now)
    })?;
    println!("wall time of the process          {}", ratio.shown());
    println!("deploylint check, ms              {}", Spread::new(ours).shown());
    println!("bash -n, ms                       {}", Spread::new(theirs).shown());
    // Other processes on the machine matter less for this figure.
    let ratio = Spread::of(5, || Ok(check.cpu(40)?.as_secs_f64() / bash.cpu(40)?.as_secs_f64()))?;
    println!("processor time                    {}", ratio.shown());
    Ok(())
}

/// The same scripts, with one process for each program.
fn shellcheck(asked: &Asked) -> io::Result<()> {
    let scripts = Scripts::gather(asked, 40)?;
    let version = Program::new("shellcheck", &[0]).args(["--version"]).output()?;
    let version = String::from_utf8_lossy(&version).into_owned();
    let version =
        version.lines().find_map(|line| line.strip_prefix("version: ")).unwrap_or("of some version");
    let shellcheck = Program::new("shellcheck", &[0, 1]).args(["-f", "json"]).args(&scripts.paths);
    let scan = asked.scan(&scripts.repos).args(["--jobs", "1"]);
    println!(
        "{} scripts of {} repos, {} lines, {} kB: ShellCheck {version} -f json / deploylint scan --jobs 1",
        scripts.paths.len(),
        scripts.repos.count,
        scripts.lines,
        scripts.bytes / 1000
    );
    scan.wall()?;
    let mut last = (0.0, 0.0);
    let ratio = Spread::of(asked.rounds.unwrap_or(5), || {
        let ours = scan.cpu(10)?.as_secs_f64();
        let theirs = shellcheck.cpu(1)?.as_secs_f64();
        last = (theirs, ours);
        Ok(theirs / ours)
    })?;
    println!("processor time                    {}", ratio.shown());
    println!("in the last round, s              {:.3} and {:.4}", last.0, last.1);
    Ok(())
}

/// Two threads, compared with one.
fn threads(asked: &Asked) -> io::Result<()> {
    let repos = Repos::gather(asked, 1000)?;
    let [one, two] = ["1", "2"].map(|jobs| asked.scan(&repos).args(["--jobs", jobs]));
    println!("{}: deploylint scan --jobs 1 / --jobs 2", repos.shown());
    two.wall()?;
    let mut last = (0.0, 0.0);
    let ratio = Spread::of(asked.rounds.unwrap_or(9), || {
        last = (one.wall()?.as_secs_f64(), two.wall()?.as_secs_f64());
        Ok(last.0 / last.1)
    })?;
    println!("wall time                         {}", ratio.shown());
    println!("in the last round, s              {:.3} and {:.3}", last.0, last.1);
    Ok(())
}

/// A hundred times as many repos, compared by memory.
fn memory(asked: &Asked) -> io::Result<()> {
    let many = Repos::gather(asked, 100_000)?;
    let few = many.first(many.count / 100)?;
    println!("deploylint scan over {} repos / over the first {} of them", many.count, few.count);
    let (few, many) = (asked.scan(&few), asked.scan(&many));
    let mut last = (0, 0, 0.0);
    let ratio = Spread::of(asked.rounds.unwrap_or(1), || {
        let ((least, _), (most, took)) = (few.peak()?, many.peak()?);
        last = (least, most, took.as_secs_f64());
        Ok(most as f64 / least as f64)
    })?;
    println!("most memory at a time             {}", ratio.shown());
    println!("in the last round, MB             {} and {}", last.0 / 1000, last.1 / 1000);
    println!("in the last round, s              {:.1} for all", last.2);
    Ok(())
}

/// The second scan of repos in which nothing changed.
fn cache(asked: &Asked) -> io::Result<()> {
    let repos = Repos::gather(asked, 1000)?;
    println!("{}: the second deploylint scan --cache / the first", repos.shown());
    // Files are in memory for both.
    asked.scan(&repos).wall()?;
    let place = subject::below("cache")?;
    let mut last = (0.0, 0.0);
    let ratio = Spread::of(asked.rounds.unwrap_or(9), || {
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        let scan = asked.scan(&repos).args(["--cache"]).args([&place]);
        last = (scan.wall()?.as_secs_f64(), scan.wall()?.as_secs_f64());
        Ok(last.1 / last.0)
    })?;
    println!("wall time                         {}", ratio.shown());
    println!("in the last round, s              {:.3} and {:.3}", last.0, last.1);
    Ok(())
}
