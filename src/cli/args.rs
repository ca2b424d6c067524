//! The command-line arguments. The doc comments are the program's `--help`.

use crate::finding::{Confidence, Severity};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  deploylint check                      check the repo in the current directory
  deploylint check start.sh             check one script, with the project around it
  deploylint check --format json | jq   print the findings for other programs
  deploylint explain rerun              list the rules about a second run
  deploylint why start.sh:12            show what was understood of that line
  deploylint services                   show which service is which unit
  deploylint review                     show what changed since the last review
  deploylint scan ~/checkouts --stats   check many repos
  deploylint rules                      list all rules";

const CHECK_EXAMPLES: &str = "\
Examples:
  deploylint check                              check the repo in the current directory
  deploylint check ~/shop                       check another repo
  deploylint check deploy/start.sh              check one script, with the project around it
  deploylint check --select rerun,user          run only these families, or rules
  deploylint check --ignore services            run all but these
  deploylint check --fail-on error              let warnings pass
  deploylint check - --stdin-filename a.sh <x   check a script from an editor
  deploylint check --diff                       show what --fix would change
  deploylint check --fix                        apply the fixes that keep the first run as it is

To suppress a finding, write this on its line or above it:
  # deploylint: ignore[family/rule] reason

With --fix, `-` writes the fixed script to standard output, and the findings to standard error.

Exit codes:
  0  no findings at or above --fail-on; with --fix: none remain; with --diff: nothing would change
  1  findings; with --diff: something would change
  2  wrong usage or configuration, or a file that could not be written
  3  something could not be analysed, and nothing worse was found";

const SERVICES_EXAMPLES: &str = "\
Examples:
  deploylint services                      compare the repo in the current directory
  deploylint services ~/shop               compare another repo
  deploylint services --format json | jq   print the matrix for other programs

States:
  ok       the service has a counterpart on the server, and the two agree
  differs  it has a counterpart, but they disagree
  missing  nothing on the server does its work
  extra    the server runs it, and no compose service does
  exempt   it needs no counterpart

Exit codes:
  0  the matrix is complete, whatever it shows
  2  wrong usage or configuration
  3  something could not be analysed";

const SCAN_EXAMPLES: &str = "\
Examples:
  deploylint scan ~/checkouts                             check all repos below a folder
  deploylint scan '~/checkouts/*-api' --stats             check these, and print totals
  deploylint scan --format ndjson ~/checkouts | jq .repo  print one line of JSON for each repo
  deploylint scan --repos-from repos.txt --format ndjson --output found.ndjson --resume journal
      check a list of repos; if the scan is killed, the same command goes on with it

A repo is a directory that holds `.git`, or files that belong at the top of a project. Other directories are searched \
for repos, six levels deep. Hidden directories, links and what an ignore file there names are skipped. Records come in \
the order of the input, and by name in a folder. Each repo's own deploylint.yaml applies, as in `check`.

Exit codes:
  0  no findings at or above --fail-on in any repo
  1  findings
  2  wrong usage, an argument that holds no repo, or output that could not be written
  3  something could not be analysed, and nothing worse was found
  130, 143  interrupted by SIGINT, SIGTERM: the finished records are written";

const REVIEW_EXAMPLES: &str = "\
Examples:
  deploylint review                             review the repo in the current directory
  deploylint review --since 2026-01-31          review what changed after that day
  deploylint review --since v1.4                review what changed since a tag, branch or commit
  deploylint review --check                     fail in CI if a review is due or something is open
  deploylint review --record --tested           write today's date when all is done
  deploylint review --format markdown           print the review for a pull request

The document is a Markdown file with a task `Review Production Deployment Scripts` and in it a line \
`**Last performed:** YYYY-MM-DD`. The whole repo is searched for it, including hidden folders. deploylint.yaml can \
name it: `review: {document: docs/tasks.md, task: TITLE, label: Last performed}`.

Exit codes:
  0  reviewed; with --check: nothing is due or open; with --record: the date is written
  1  with --check: something is due or open; with --record: something is open, nothing was written
  2  wrong usage or configuration, or a document or date is needed and missing
  3  something could not be analysed, and nothing worse was found";

/// Reads the shell scripts that deploy a repo to a server, and says what will go wrong.
///
/// It reads the scripts together with the compose file, the systemd units and the manifests around them. It says
/// what happens when a script runs a second time, who owns which file, which step is missing, and what does not
/// agree. It does not run anything.
#[derive(Debug, Parser)]
#[command(name = "deploylint", version, after_help = EXAMPLES, max_term_width = 110)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check scripts, or the repo that they deploy
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Say what a rule finds, why it matters, and what to write instead
    Explain(ExplainArgs),
    /// Show what was understood of a line, and why it is reported or not
    Why(WhyArgs),
    /// Show which service is which unit, and why
    #[command(after_help = SERVICES_EXAMPLES)]
    Services(ServicesArgs),
    /// Review the deployment scripts after changes
    #[command(after_help = REVIEW_EXAMPLES)]
    Review(ReviewArgs),
    /// Check many repos, or all repos below a folder
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(ScanArgs),
    /// List all rules
    Rules(RulesArgs),
    /// Show what the analyser understands of a script
    Debug(DebugArgs),
}

#[derive(Debug, ClapArgs)]
#[command(group = clap::ArgGroup::new("fixing").args(["fix", "diff"]).multiple(true))]
pub(super) struct CheckArgs {
    /// Scripts, or one repo; `-` reads a script from standard input [default: the current directory]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The name of the script that is read from standard input
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// The repo's root [default: found from the first PATH]
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// The output format: for people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// The configuration file [default: deploylint.yaml at the root]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Run only these rules or families (may be repeated, or separated by commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Do not run these rules or families (may be repeated, or separated by commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning)]
    pub(super) fail_on: FailOn,
    /// The lowest confidence of a finding that is shown
    #[arg(long, value_enum, value_name = "LEAST", default_value_t = Sure::Medium)]
    pub(super) confidence: Sure,
    /// Apply the safe fixes, and show what remains
    #[arg(long)]
    pub(super) fix: bool,
    /// Also apply the fixes that a person should look at
    #[arg(long, requires = "fixing")]
    pub(super) unsafe_fixes: bool,
    /// Show what --fix would change, as a unified diff, and write nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// A folder of your own rules (may be repeated)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Say on standard error which scripts were checked, and why
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// A rule, or a family to list its rules
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
    /// A folder of your own rules (may be repeated)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct WhyArgs {
    /// A line of a script: `start.sh:12`
    #[arg(value_name = "FILE:LINE")]
    pub(super) place: String,
    /// The repo's root [default: found from FILE; give the one that `check` used]
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ServicesArgs {
    /// A repo, or one of its scripts [default: the current directory]
    #[arg(value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// The output format: for people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// The repo's root [default: found from PATH]
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// A configuration other than deploylint.yaml at the root
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReviewArgs {
    /// The repo [default: the current directory]
    #[arg(value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// Where the review begins: a day, or a git revision [default: the date in the document]
    #[arg(long, value_name = "DATE|REV")]
    pub(super) since: Option<String>,
    /// The review document [default: found in the repo]
    #[arg(long, value_name = "FILE")]
    pub(super) document: Option<PathBuf>,
    /// Write today's date into the document, unless something is open
    #[arg(long)]
    pub(super) record: bool,
    /// With --record: write the date even if something is open
    #[arg(long, requires = "record")]
    pub(super) force: bool,
    /// You have run the scripts on a test machine, which deploylint cannot do
    #[arg(long)]
    pub(super) tested: bool,
    /// Exit with 1 if a review is due or something is open
    #[arg(long, conflicts_with = "record")]
    pub(super) check: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = ReviewFormat::Text)]
    pub(super) format: ReviewFormat,
    /// The configuration file [default: deploylint.yaml at the root]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ScanArgs {
    /// Repos, folders of repos, or patterns of either
    #[arg(value_name = "PATH|GLOB", required_unless_present = "repos_from")]
    pub(super) paths: Vec<PathBuf>,
    /// A file that names a repo on each line; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub(super) repos_from: Option<PathBuf>,
    /// How many repos are checked at a time [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// The output format
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(super) format: ScanFormat,
    /// The file for the records [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// A journal of finished repos: a scan that was killed goes on when it is started again with it
    #[arg(long, value_name = "FILE")]
    pub(super) resume: Option<PathBuf>,
    /// A directory that keeps results: a repo in which nothing changed is not checked again
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
    /// How long a repo may take; parts that take longer are not analysed, and are reported
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) timeout: u32,
    /// Print totals at the end, on standard output, or on standard error if the records are JSON there
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text"
    )]
    pub(super) stats: Option<ReviewFormat>,
    /// A configuration for all repos, in place of their own
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Run only these rules or families (may be repeated, or separated by commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Do not run these rules or families (may be repeated, or separated by commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning)]
    pub(super) fail_on: FailOn,
    /// The lowest confidence of a finding that is shown
    #[arg(long, value_enum, value_name = "LEAST", default_value_t = Sure::Medium)]
    pub(super) confidence: Sure,
    /// A folder of your own rules (may be repeated)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScanFormat {
    /// For people: the findings of each repo
    Text,
    /// For programs: one line of JSON for each repo, as soon as it is finished
    Ndjson,
    /// For programs: one document
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReviewFormat {
    /// For people
    Text,
    /// For people, in a pull request
    Markdown,
    /// For programs
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesArgs {
    /// The output format: for people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// A folder of your own rules (may be repeated)
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DebugArgs {
    #[command(subcommand)]
    pub(super) stage: Stage,
}

#[derive(Debug, Subcommand)]
pub(super) enum Stage {
    /// The syntax tree, with its regions and gaps
    Tree {
        /// A script
        file: PathBuf,
    },
    /// How many commands a script has, and which of them were not analysed
    Commands {
        /// A script
        file: PathBuf,
    },
    /// The steps with their context, guards, effects and second run
    Model {
        /// A script
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sure {
    High,
    Medium,
    Low,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Sure {
    /// The confidence that this stands for.
    pub(super) fn least(self) -> Confidence {
        match self {
            Sure::High => Confidence::High,
            Sure::Medium => Confidence::Medium,
            Sure::Low => Confidence::Low,
        }
    }
}

impl FailOn {
    /// The least severity that fails, if any does.
    pub(super) fn least(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}
