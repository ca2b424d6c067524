//! The plan of a made-up repo: its name, what runs, where it is installed, and the style of its scripts.

use super::random::Random;

const FIRST: [&str; 24] = [
    "amber", "brisk", "cedar", "delta", "early", "fabled", "golden", "harbor", "indigo", "jolly", "kindly",
    "lunar", "mellow", "noble", "ochre", "paper", "quiet", "rapid", "silver", "tidal", "upland", "velvet",
    "winter", "zesty",
];
const SECOND: [&str; 24] = [
    "archive", "bakery", "catalog", "dispatch", "exchange", "forum", "garden", "herald", "invoice",
    "journal", "kiosk", "ledger", "market", "notes", "orchard", "planner", "quiz", "roster", "signal",
    "tracker", "ushers", "vault", "weather", "yard",
];
/// Services besides the web one, and parts that a longer script sets up one after the other.
pub(crate) const PARTS: [&str; 20] = [
    "worker", "scheduler", "mailer", "reports", "search", "metrics", "exporter", "gateway", "notifier",
    "importer", "cleaner", "billing", "thumbs", "sessions", "webhooks", "audit", "replicator", "crawler",
    "chat", "archiver",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    FastApi,
    Django,
    Flask,
    Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    None,
    Postgres,
    MySql,
}

/// How a script writes the app's directory and user. In 96 repos, 44 of 100 paths are literal, and most others are
/// constants that are set at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    Literal,
    Bare,
    Quoted,
}

/// How a script prints messages. A quarter of the lines of real scripts do nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say {
    Plain,
    Steps,
    Arrow,
    Log,
    Colour,
    Status,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) app: String,
    pub(crate) stack: Stack,
    pub(crate) database: Database,
    pub(crate) redis: bool,
    pub(crate) frontend: bool,
    pub(crate) compose: bool,
    /// The services besides the web one.
    pub(crate) parts: Vec<&'static str>,
    pub(crate) user: String,
    pub(crate) directory: String,
    pub(crate) port: usize,
    /// The name of the sample of the environment; `None` in a third of the repos.
    pub(crate) sample: Option<&'static str>,
    /// True if a unit is a file of the repo that scripts copy.
    pub(crate) unit_file: bool,
    /// True if the scripts source `scripts/common.sh`.
    pub(crate) library: bool,
}

impl Plan {
    pub(crate) fn new(random: &mut Random) -> Plan {
        let app = format!("{}-{}", random.pick(&FIRST), random.pick(&SECOND));
        let short = app.split('-').next_back().unwrap_or_default().to_owned();
        let stack =
            [Stack::FastApi, Stack::Django, Stack::Flask, Stack::Node][random.weighted(&[28, 18, 14, 40])];
        let database = [Database::None, Database::Postgres, Database::MySql][random.weighted(&[38, 55, 7])];
        let mut parts = Vec::new();
        for _ in 0..random.weighted(&[45, 28, 15, 8, 4]) {
            let part = *random.pick(&PARTS);
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        let user = match random.weighted(&[45, 25, 15, 15]) {
            0 => short.clone(),
            1 => "appuser".to_owned(),
            2 => "deploy".to_owned(),
            _ => "www-data".to_owned(),
        };
        let directory = match random.weighted(&[50, 30, 10, 10]) {
            0 => format!("/opt/{app}"),
            1 => format!("/var/www/{app}"),
            2 => format!("/srv/{short}"),
            _ => format!("/home/{user}/{app}"),
        };
        Plan {
            app,
            stack,
            database,
            redis: random.chance(40),
            frontend: stack == Stack::Node || random.chance(35),
            compose: random.chance(55),
            parts,
            user,
            directory,
            port: 3000 + random.below(60) * 100 + random.below(5),
            sample: [None, Some(".env.example"), Some(".sample.env")][random.weighted(&[30, 55, 15])],
            unit_file: random.chance(20),
            library: random.chance(6),
        }
    }

    /// The name in the form that Python, SQL and constants of a shell accept.
    pub(crate) fn module(&self) -> String {
        self.app.replace('-', "_")
    }

    pub(crate) fn domain(&self) -> String {
        format!("{}.example.org", self.app)
    }

    pub(crate) fn python(&self) -> bool {
        self.stack != Stack::Node
    }

    /// The program that the unit of the web service starts, below the app's directory.
    pub(crate) fn command(&self, directory: &str) -> String {
        let (port, module) = (self.port, self.module());
        match self.stack {
            Stack::FastApi => {
                format!("{directory}/venv/bin/uvicorn app.main:app --host 127.0.0.1 --port {port}")
            }
            Stack::Django => {
                format!("{directory}/venv/bin/gunicorn {module}.wsgi:application --bind 127.0.0.1:{port}")
            }
            Stack::Flask => {
                format!("{directory}/venv/bin/gunicorn app.main:app --workers 3 --bind 127.0.0.1:{port}")
            }
            Stack::Node => "/usr/bin/node server.js".to_owned(),
        }
    }

    pub(crate) fn part_command(&self, directory: &str, part: &str) -> String {
        match self.stack {
            Stack::Node => format!("/usr/bin/node jobs/{part}.js"),
            Stack::Django => format!("{directory}/venv/bin/python manage.py {part}"),
            _ => format!("{directory}/venv/bin/python -m app.{part}"),
        }
    }
}

/// The style of one script.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// True if it calls `sudo`; otherwise root has to run it.
    pub(crate) sudo: bool,
    pub(crate) errexit: Option<&'static str>,
    pub(crate) places: Places,
    pub(crate) say: Say,
    /// True if sections are functions that `main` calls.
    pub(crate) functions: bool,
    /// What is above each section: nothing, a comment, or a banner of comments.
    pub(crate) banner: usize,
}

impl Style {
    pub(crate) fn new(random: &mut Random, long: bool) -> Style {
        Style {
            sudo: random.chance(40),
            errexit: [None, Some("set -e"), Some("set -euo pipefail")][random.weighted(&[30, 45, 25])],
            places: [Places::Literal, Places::Bare, Places::Quoted][random.weighted(&[40, 25, 35])],
            say: [Say::Plain, Say::Steps, Say::Arrow, Say::Log, Say::Colour, Say::Status]
                [random.weighted(&[30, 15, 12, 15, 13, 15])],
            functions: random.chance(if long { 60 } else { 18 }),
            banner: random.weighted(&[15, 50, 35]),
        }
    }
}
