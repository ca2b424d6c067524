//! `deploylint.yaml` at the root. Every error names file, line and column.

use super::CheckError;
use crate::finding::Severity;
use crate::repo::files::{Recorder, Root};
use crate::source::LineColumn;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The name of the configuration, at the root.
const NAME: &str = "deploylint.yaml";

/// Names that people give it by mistake.
const LOOK_ALIKES: [&str; 3] = ["deploylint.yml", ".deploylint.yaml", ".deploylint.yml"];

/// A person does not write a larger configuration. A larger file is something else with this name.
const MAX_BYTES: u64 = 1 << 20;

/// How many characters of a value are quoted.
const LONGEST: usize = 200;

/// What the repo says about itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// The app's user and directory.
    pub(crate) app: App,
    /// The server before the scripts run.
    pub(crate) server: Server,
    /// Which files are deploy scripts, relative to the root; empty to find them.
    scripts: Vec<(glob::Pattern, LineColumn)>,
    /// The unit that runs a compose service; `None` if the service needs no unit.
    pub(crate) services: BTreeMap<String, Option<String>>,
    /// The settings of `review`.
    pub(crate) review: ReviewConfig,
    /// Levels of rules and families, in the order of the file.
    pub(super) rules: Vec<(String, Level, LineColumn)>,
    extra_rules: Vec<(String, LineColumn)>,
    /// The file, as errors name it.
    at: PathBuf,
}

/// The app as the configuration names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct App {
    /// The user that it runs as.
    pub(crate) user: Option<String>,
    /// Its directory on the server, absolute.
    pub(crate) directory: Option<String>,
}

/// What a server has before the scripts run, besides what Ubuntu's server image brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    /// True if the app has been set up on it before.
    pub(crate) is_set_up: bool,
    /// Packages of the system.
    pub(crate) packages: Vec<String>,
    /// Accounts.
    pub(crate) accounts: Vec<String>,
}

/// Where the review document is, and how its task is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReviewConfig {
    /// The document, relative to the root.
    pub(crate) document: Option<String>,
    /// The title of the task in it.
    pub(crate) task: Option<String>,
    /// The words before the date.
    pub(crate) label: Option<String>,
}

/// What the configuration says about a rule or family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// It is switched off.
    Off,
    /// It is on, with this severity.
    On(Severity),
}

/// The file as it is written. Its words are judged afterwards, when their places are at hand.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Raw {
    app: Option<RawApp>,
    server: RawServer,
    scripts: Vec<Spanned<String>>,
    services: BTreeMap<String, Option<Spanned<String>>>,
    review: RawReview,
    rules: HashMap<Spanned<String>, Spanned<String>>,
    extra_rules: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawApp {
    user: Option<Spanned<String>>,
    directory: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawServer {
    fresh: Option<bool>,
    packages: Vec<Spanned<String>>,
    accounts: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawReview {
    document: Option<Spanned<String>>,
    task: Option<Spanned<String>>,
    label: Option<Spanned<String>>,
}

impl Config {
    /// True if `scripts` names any file.
    pub(super) fn names_scripts(&self) -> bool {
        !self.scripts.is_empty()
    }

    /// An error for each entry of `scripts` that matches none of `paths`, which are all scripts of the repo.
    pub(super) fn unmatched_scripts(&self, paths: &[String]) -> impl Iterator<Item = CheckError> {
        let none = |(pattern, _): &&(glob::Pattern, _)| !paths.iter().any(|path| matches(pattern, path));
        self.scripts.iter().filter(none).map(|(pattern, place)| CheckError {
            place: Some(*place),
            ..CheckError::in_file(
                &self.at,
                format!("`{}` matches no script of the repo", in_a_line(pattern.as_str())),
            )
        })
    }

    /// Whether `scripts` names the file at `path`, relative to the root. `*` stays inside a directory, `**` does not.
    pub(crate) fn names_script(&self, path: &str) -> bool {
        self.scripts.iter().any(|(pattern, _)| matches(pattern, path))
    }

    /// The folders of `extra-rules`.
    ///
    /// # Errors
    /// An error means a folder outside the root: a check reads nothing there.
    pub(super) fn rule_folders(&self, root: &Path, at: &Path) -> Result<Vec<PathBuf>, CheckError> {
        let mut folders = Vec::new();
        for (folder, place) in &self.extra_rules {
            let relative = Path::new(folder);
            let inside = |c: Component<'_>| matches!(c, Component::Normal(_) | Component::CurDir);
            let path = root.join(relative);
            let canonical = path.canonicalize().ok();
            let stays = canonical
                .as_ref()
                .zip(root.canonicalize().ok())
                .is_none_or(|(path, root)| path.starts_with(root));
            if !relative.components().all(inside) || !stays {
                return Err(CheckError {
                    place: Some(*place),
                    ..CheckError::in_file(at, format!("`{}` is outside the root", in_a_line(folder)))
                }
                .advise("name a folder of the repo here, or any folder with --rules"));
            }
            if !path.is_dir() {
                return Err(CheckError {
                    place: Some(*place),
                    ..CheckError::in_file(at, format!("there is no folder `{}`", in_a_line(folder)))
                });
            }
            folders.push(path);
        }
        Ok(folders)
    }

    /// Reads the text of the file at `at`, which is used only in errors.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub(crate) fn parse(text: &str, at: &Path) -> Result<Config, CheckError> {
        let text = text.trim_start_matches('\u{feff}');
        let raw: Option<Raw> = serde_saphyr::from_str(text).map_err(|e| yaml_error(&e, at))?;
        let raw = raw.unwrap_or_default();
        let fail = |location: Location, message: String| CheckError {
            place: Some(place(location)),
            ..CheckError::in_file(at, message)
        };
        // The value, if nothing is wrong with it.
        let good = |value: Option<Spanned<String>>, wrong: fn(&str) -> Option<&'static str>| match value {
            Some(value) => match wrong(&value.value) {
                Some(why) => Err(fail(value.referenced, said_of(&value.value, why))),
                None => Ok(Some(value.value)),
            },
            None => Ok(None),
        };
        let all_good = |values: Vec<Spanned<String>>, wrong: fn(&str) -> Option<&'static str>| {
            let values = values.into_iter().map(|value| good(Some(value), wrong));
            values.filter_map(Result::transpose).collect::<Result<Vec<String>, CheckError>>()
        };
        let app = raw.app.unwrap_or_default();
        let mut config = Config {
            app: App { user: good(app.user, no_account)?, directory: good(app.directory, no_directory)? },
            server: Server {
                is_set_up: raw.server.fresh == Some(false),
                packages: all_good(raw.server.packages, no_package)?,
                accounts: all_good(raw.server.accounts, no_account)?,
            },
            review: ReviewConfig {
                document: good(raw.review.document, nothing)?,
                task: good(raw.review.task, nothing)?,
                label: good(raw.review.label, nothing)?,
            },
            at: at.to_path_buf(),
            ..Config::default()
        };
        for (service, unit) in raw.services {
            config.services.insert(service, good(unit, nothing)?);
        }
        for script in raw.scripts {
            let place = script.referenced;
            let wrong = |why: &str| said_of(&script.value, why);
            let pattern = glob::Pattern::new(&script.value)
                .map_err(|e| fail(place, wrong(&format!("is not a valid pattern: {}", e.msg))))?;
            if let Some(why) = no_pattern(&script.value) {
                return Err(fail(place, wrong(why)));
            }
            config.scripts.push((pattern, self::place(place)));
        }
        // This is the order of the file, so that the first of two faults is always the one that is reported.
        let mut rules: Vec<_> = raw.rules.into_iter().collect();
        rules.sort_by_key(|(name, _)| (name.referenced.line(), name.referenced.column()));
        for (name, level) in rules {
            let parsed = match level.value.as_str() {
                "off" => Some(Level::Off),
                other => Severity::named(other).map(Level::On),
            };
            let at_level = level.referenced;
            let parsed = parsed.ok_or_else(|| {
                let level = in_a_line(&level.value);
                let message = format!("`{level}` is not a level; use off, error, warning or info");
                fail(at_level, message)
            })?;
            let place = place(name.referenced);
            config.rules.push((name.value, parsed, place));
        }
        let folders = raw.extra_rules.into_iter();
        config.extra_rules = folders.map(|f| (f.value, place(f.referenced))).collect();
        Ok(config)
    }
}

/// True if the pattern matches the path. `*` stays inside a directory, `**` does not.
fn matches(pattern: &glob::Pattern, path: &str) -> bool {
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::default() };
    pattern.matches_with(path, options)
}

/// What is wrong with a value, as a sentence.
fn said_of(value: &str, why: &str) -> String {
    match in_a_line(value) {
        shown if shown.is_empty() => "the value is empty".to_owned(),
        shown => format!("`{shown}` {why}"),
    }
}

/// Why a text cannot be a value.
fn nothing(text: &str) -> Option<&'static str> {
    text.trim().is_empty().then_some("is empty")
}

/// Why a text names no account: passwd(5) separates its fields with `:`.
fn no_account(text: &str) -> Option<&'static str> {
    let wrong = |c: char| c.is_whitespace() || matches!(c, ':' | '/');
    nothing(text).or_else(|| text.contains(wrong).then_some("is not the name of an account"))
}

/// Why a text names no package: deb-control(5) allows letters, digits and `+-.` in names.
fn no_package(text: &str) -> Option<&'static str> {
    let wrong = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.' | '_' | '@');
    nothing(text).or_else(|| text.contains(wrong).then_some("is not the name of a package"))
}

/// Why a text names no directory of the server.
fn no_directory(text: &str) -> Option<&'static str> {
    let absolute = text.starts_with(['/', '~', '$']);
    (!absolute).then_some("is not an absolute path; name the directory on the server")
}

/// Why a pattern can match no path below the root.
fn no_pattern(text: &str) -> Option<&'static str> {
    let leaves = |part: &str| matches!(part, "" | "." | "..");
    nothing(text).or_else(|| {
        let never = text.contains('\\') || text.split('/').any(leaves);
        never.then_some("can match nothing: write the path from the root, with `/` and without `.` and `..`")
    })
}

fn place(location: Location) -> LineColumn {
    let small = |n: u64| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
    LineColumn { line: small(location.line()), column: small(location.column()) }
}

fn yaml_error(error: &serde_saphyr::Error, at: &Path) -> CheckError {
    let options = serde_saphyr::render_options! { snippets: serde_saphyr::SnippetMode::Off };
    let error = error.without_snippet();
    let place = error.location().map(place);
    let message = match error {
        serde_saphyr::Error::Unexpected { expected, .. } => match *expected {
            "mapping start" => "expected a mapping (`key: value`)".to_owned(),
            "sequence start" => "expected a list (`[…]`, or lines with `- `)".to_owned(),
            "string scalar" => "expected a text".to_owned(),
            other => format!("expected {other}"),
        },
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("`{key}` is given twice")
        }
        other => {
            let message = other.render_with_options(options);
            let place = place.map(|p| format!(" at line {}, column {}", p.line, p.column));
            let bare = place.and_then(|p| message.strip_suffix(&p).map(str::to_owned));
            bare.unwrap_or(message)
        }
    };
    CheckError { place, ..CheckError::in_file(at, in_a_line(&message)) }
}

/// The text of a value as part of a sentence; a value may extend over many lines.
pub(super) fn in_a_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// The path as people would write it from the working directory.
fn near(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix("./").or_else(|_| path.strip_prefix(here));
    short.map(Path::to_path_buf).unwrap_or(path)
}

/// Loads the configuration. If there is none at the root, it is the default.
pub(super) fn load(
    root: &Path,
    named: Option<&Path>,
    recorder: Option<&Recorder>,
) -> Result<(Config, PathBuf), CheckError> {
    // A configuration that is named is not part of the repo.
    let recorder = recorder.filter(|_| named.is_none());
    let at = named.map_or_else(|| root.join(NAME), Path::to_path_buf);
    let at = near(at);
    let unreadable = |why: &str| {
        let message = format!("the configuration cannot be read: {why}");
        CheckError::in_file(&at, message)
    };
    let about = match fs::metadata(&at) {
        Ok(about) => about,
        Err(e) if named.is_none() && e.kind() == std::io::ErrorKind::NotFound => {
            for name in [NAME].iter().chain(&LOOK_ALIKES) {
                let other = root.join(name);
                if fs::symlink_metadata(&other).is_ok() {
                    let error = CheckError::in_file(&near(other), "a configuration of this name is not read");
                    return Err(error.advise(format!("call it {NAME}")));
                }
                recorder.iter().for_each(|recorder| recorder.absent(name));
            }
            return Ok((Config::default(), at));
        }
        Err(e) => return Err(unreadable(&e.to_string())),
    };
    if !about.is_file() {
        return Err(unreadable("it is not a regular file"));
    }
    if about.len() > MAX_BYTES {
        return Err(unreadable("it is larger than 1 MiB"));
    }
    // A link at the root must not lead the check out of the repo. A file that is named on the command line
    // may be anywhere.
    if named.is_none()
        && let (Ok(file), Ok(root)) = (at.canonicalize(), root.canonicalize())
        && !file.starts_with(root)
    {
        return Err(unreadable("it is a link that leads out of the root"));
    }
    let text = fs::read_to_string(&at).map_err(|e| unreadable(&e.to_string()))?;
    recorder.iter().for_each(|recorder| recorder.content(Some(NAME), Ok(text.as_bytes())));
    let config = Config::parse(&text, &at)?;
    Ok((config, at))
}

/// Records what the folders of the repo's own rules hold.
pub(super) fn note_folders(root: &Path, folders: &[PathBuf], recorder: Option<&Recorder>) {
    let Some(recorder) = recorder else { return };
    for folder in folders {
        let noted = folder.strip_prefix(root).ok().zip(Root::open(root).ok());
        match noted {
            Some((folder, root)) => root.noted_by(Some(recorder.clone())).note_folder(folder),
            None => recorder.tear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new(NAME)).map_err(|e| e.to_string())
    }

    #[test]
    fn everything_it_can_say() {
        let config = parse(
            "app:\n  user: shop\n  directory: /opt/shop\nscripts: [start.sh, 'deploy/*.sh']\n\
             services:\n  web: shop-web.service\n  mail: null\n  cache: ~\n\
             rules:\n  rerun: info\n  rerun/prompt: off\n  user: \"error\"\nextra-rules: [lint/rules]\n",
        )
        .unwrap();
        assert_eq!(config.app.user.as_deref(), Some("shop"));
        assert!(config.names_script("start.sh") && config.names_script("deploy/x.sh"));
        assert!(!config.names_script("deploy/old/x.sh"));
        assert_eq!(config.services["web"].as_deref(), Some("shop-web.service"));
        assert_eq!((&config.services["mail"], &config.services["cache"]), (&None, &None));
        let rules: Vec<_> = config.rules.iter().map(|(n, l, p)| (n.as_str(), *l, p.line)).collect();
        assert_eq!(
            rules,
            [
                ("rerun", Level::On(Severity::Info), 10),
                ("rerun/prompt", Level::Off, 11),
                ("user", Level::On(Severity::Error), 12),
            ]
        );
        for empty in ["", "# nothing\n", "---\n", "app:\n"] {
            parse(empty).unwrap();
        }
    }

    #[test]
    fn errors_have_a_place() {
        for (text, said) in [
            ("apps: {}\n", "deploylint.yaml:1:1: unknown field `apps`"),
            ("app:\n  user: x\n  dir: y\n", "deploylint.yaml:3:3: unknown field `dir`"),
            ("app: [x]\n", "deploylint.yaml:1:6: expected a mapping"),
            ("scripts: start.sh\n", "deploylint.yaml:1:10:"),
            ("scripts: ['a[']\n", "deploylint.yaml:1:11: `a[` is not a valid pattern"),
            ("rules:\n  rerun: loud\n", "deploylint.yaml:2:10: `loud` is not a level"),
            ("rules:\n  rerun: [error]\n", "deploylint.yaml:2:10:"),
            ("rules: {a: off, a: off}\n", "deploylint.yaml:1:17:"),
            ("services:\n  web: [a]\n", "deploylint.yaml:2:8:"),
            ("app:\n\tuser: x\n", "deploylint.yaml:2:"),
            ("app: {user: x\n", "deploylint.yaml:"),
            ("app:\n  user: ''\n", "deploylint.yaml:2:9: the value is empty"),
            ("app:\n  user: shop:www\n", "deploylint.yaml:2:9: `shop:www` is not the name of an account"),
            ("server:\n  packages: [a b]\n", "deploylint.yaml:2:14: `a b` is not the name of a package"),
            ("app:\n  directory: opt/shop\n", "deploylint.yaml:2:14: `opt/shop` is not an absolute path"),
            ("scripts: [a.sh, /b.sh]\n", "deploylint.yaml:1:17: `/b.sh` can match nothing"),
            ("scripts: [./a.sh]\n", "deploylint.yaml:1:11: `./a.sh` can match nothing"),
            ("scripts: ['']\n", "deploylint.yaml:1:11: the value is empty"),
            ("services:\n  web: ''\n", "deploylint.yaml:2:8: the value is empty"),
            ("review:\n  label: ' '\n", "deploylint.yaml:2:10: the value is empty"),
            ("review:\n  title: x\n", "deploylint.yaml:2:3: unknown field `title`"),
        ] {
            let said_really = parse(text).err().unwrap_or_else(|| panic!("{text} is read"));
            assert!(said_really.starts_with(said), "{said_really}");
            assert!(!said_really.contains('\n'), "{said_really}");
        }
    }

    #[test]
    fn an_error_is_a_line_and_always_the_same() {
        let long = format!("rules:\n  rerun: '{}'\n", "x\n\n  ".repeat(300));
        for text in
            ["rules: {rerun: a\n\n  b}\n", "rules: {? \"a\\nb\" : off, user: x}\n", "'a\n\n  b': 1\n", &long]
        {
            let said = parse(text).map(|config| config.rules.len()).unwrap_err();
            assert!(!said.contains('\n') && said.chars().count() < 400, "{said}");
        }
        let many: String = (0..20).map(|n| format!("  r{n}: wrong\n")).collect();
        for _ in 0..20 {
            let said = parse(&format!("rules:\n{many}")).unwrap_err();
            assert!(said.starts_with("deploylint.yaml:2:"), "{said}");
        }
    }

    #[test]
    fn a_bomb_and_a_well_are_errors() {
        let mut bomb = String::from("x0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let last = format!("*a{}, ", i - 1).repeat(10);
            bomb.push_str(&format!("x{i}: &a{i} [{}]\n", last.trim_end_matches(", ")));
        }
        bomb.push_str("scripts: *a11\n");
        assert!(parse(&bomb).is_err());
        assert!(parse(&format!("scripts: {}", "[".repeat(100_000))).is_err());
        assert!(parse(&format!("app: {}", "{a: ".repeat(100_000))).is_err());
    }
}
