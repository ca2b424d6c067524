//! What the units and the settings of a deployment say about the places that the app writes to.

use crate::facts::owners::{account_of, lies_under, reaches};
use crate::facts::parts::{AppUser, UnitAt};
use crate::facts::secrets::is_env_file;
use crate::finding::Confidence;
use crate::model::Step;
use crate::project::dotenv::Dotenv;
use crate::project::unit::split_words;
use crate::shell::line::{Command, commands};
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::databases::file_of_url;
use crate::tools::deed;
use crate::tools::effect::{Change, Effect, Resource};
use crate::tools::tmpfiles;

/// Why the app has to be able to write there.
pub(crate) struct Need {
    pub(crate) says: String,
    pub(crate) sure: Confidence,
    /// The place that says so, if there is one.
    pub(crate) span: Option<Span>,
}

/// Words in the names of settings and options whose value is a place to write to.
const PLACES: [&str; 14] = [
    "DIR", "PATH", "ROOT", "FOLDER", "LOG", "DATA", "STORAGE", "CACHE", "UPLOAD", "MEDIA", "DATABASE", "DB",
    "PID", "SOCK",
];

/// Words in the names of settings whose value is only read: settings, and where a language or its tools are.
const READ: [&str; 19] = [
    "PYTHONPATH", "NODE_PATH", "VIRTUAL_ENV", "CONFIG", "TEMPLATE", "STATIC", "CERT", "KEY", "CLASSPATH",
    "LIBRARY_PATH", "GEM_PATH", "BUNDLE_PATH", "RBENV", "PYENV", "NVM_DIR", "ASDF", "GOROOT", "DOTNET_ROOT",
    "SDK_ROOT",
];

/// Everything that says where the app writes.
pub(crate) struct Evidence {
    settings: Vec<Setting>,
    services: Vec<Service>,
    /// The paths that systemd-tmpfiles(8) gives away, and whether everything below goes with them.
    by_tmpfiles: Vec<(Value, bool)>,
}

/// A unit that runs as another account than root.
struct Service {
    name: String,
    account: AppUser,
    /// The directories that systemd makes for it and gives to its account.
    made: Vec<String>,
    /// The paths that its commands give away, and whether everything below goes with them: `ExecStartPre=+/bin/chown
    /// …`.
    given: Vec<(Value, bool)>,
    /// What says that it writes to a place, in the order of its lines.
    places: Vec<(Span, Place)>,
}

/// A place to write to.
enum Place {
    /// The key and the value of a directive that lists paths: `ReadWritePaths=`.
    Paths(String, String),
    /// Options of the commands that it starts.
    Options(Vec<Command>),
    /// A variable that names it, with its value.
    Variable(String, String),
}

impl Evidence {
    /// Gathers it from the units and from the settings that the steps write.
    pub(super) fn of<'s>(
        units: &[UnitAt],
        app_user: Option<&AppUser>,
        steps: impl Iterator<Item = &'s Step>,
    ) -> Self {
        let services = units.iter().filter(|at| at.name.ends_with(".service"));
        let services = services.filter_map(|at| {
            let (name, account) = (at.name.clone(), account_of(app_user, at)?);
            Some(Service {
                name,
                account,
                made: at.unit.made_directories(&at.name),
                given: given(at),
                places: places(at),
            })
        });
        let steps: Vec<&Step> = steps.collect();
        let by_tmpfiles = given_by_tmpfiles(&steps);
        Evidence { settings: settings(steps.into_iter()), services: services.collect(), by_tmpfiles }
    }

    /// True if systemd makes the path or gives it away, or a unit gives it away itself.
    pub(crate) fn is_given(&self, path: &Value, shown: &str) -> bool {
        self.services.iter().any(|service| service.is_made(shown) || service.gives(path))
            || self.by_tmpfiles.iter().any(|(given, recursive)| reaches(given, *recursive, path))
    }

    /// The account of the unit that says that it writes to the path, and the line.
    pub(super) fn of_services(&self, path: &str) -> Option<(AppUser, Need)> {
        self.services.iter().find_map(|service| Some((service.account.clone(), service.need(path)?)))
    }

    /// The setting that names the path.
    pub(super) fn of_settings(&self, path: &str) -> Option<Need> {
        let setting = self.settings.iter().find(|setting| place_is(&setting.value, path))?;
        Some(Need {
            says: format!("the app can't write there (`{}`)", setting.name),
            sure: Confidence::High,
            span: Some(setting.span),
        })
    }
}

/// The paths that systemd-tmpfiles(8) gives away, if a step runs it.
fn given_by_tmpfiles(steps: &[&Step]) -> Vec<(Value, bool)> {
    if !steps.iter().any(|step| tmpfiles::applies(&step.argv)) {
        return Vec::new();
    }
    let written = steps.iter().flat_map(|step| &step.written);
    let settings = written.filter(|written| tmpfiles::is_settings(&written.path));
    settings.flat_map(|settings| tmpfiles::given(&settings.content.text)).collect()
}

fn given(at: &UnitAt) -> Vec<(Value, bool)> {
    let owned = |effect: &Effect| match (&effect.change, &effect.resource) {
        (Change::Own { recursive, .. }, Resource::Path(path)) => Some((path.clone(), *recursive)),
        _ => None,
    };
    let lines = at.unit.directives.iter().filter(|directive| directive.key.starts_with("Exec"));
    let commands = lines.flat_map(|line| commands(&split_words(&line.value)));
    commands
        .flat_map(|command| deed(command.argv()).effects.iter().filter_map(owned).collect::<Vec<_>>())
        .collect()
}

fn places(at: &UnitAt) -> Vec<(Span, Place)> {
    let mut places = Vec::new();
    let mut variables = at.unit.environment();
    // systemd.exec(5): with `strict`, nothing else can be written.
    let lists_all = at.unit.get("Service", "ProtectSystem").is_some_and(|d| d.value == "strict")
        && at.unit.get("Service", "ReadWritePaths").is_some();
    for directive in at.unit.directives.iter().filter(|directive| directive.section == "Service") {
        match directive.key.as_str() {
            "ReadWritePaths" | "ReadWriteDirectories" => {
                let paths = Place::Paths(directive.key.clone(), directive.value.clone());
                places.push((directive.span, paths));
            }
            _ if lists_all => {}
            "ExecStart" => {
                let commands = commands(&split_words(&directive.value));
                places.push((directive.span, Place::Options(commands)));
            }
            "Environment" => {
                let named = variables.drain(..).filter(|(name, ..)| names_place(name));
                places.extend(named.map(|(name, value, span)| (span, Place::Variable(name, value))));
            }
            _ => {}
        }
    }
    places
}

impl Service {
    /// True if systemd makes the path.
    fn is_made(&self, path: &str) -> bool {
        let path = path.strip_prefix("/var/run/").map_or(path, |_| &path[4..]);
        self.made.iter().any(|made| lies_under(path, made))
    }

    /// True if one of its commands gives the path away, or gives away a path that is not known.
    fn gives(&self, path: &Value) -> bool {
        self.given.iter().any(|(given, recursive)| !given.is_absolute() || reaches(given, *recursive, path))
    }

    /// The line that says that the unit writes to the path.
    fn need(&self, path: &str) -> Option<Need> {
        self.places.iter().find_map(|(span, place)| {
            let by = match place {
                Place::Paths(key, value) => {
                    let mut paths = value.split_whitespace();
                    let is_it =
                        |named: &str| named.trim_start_matches(['-', '+']).trim_end_matches('/') == path;
                    paths.any(is_it).then(|| format!("{key}="))
                }
                Place::Options(commands) => written_by(commands, path),
                Place::Variable(name, value) => place_is(value, path).then(|| name.clone()),
            }?;
            let says = format!("{} can't write there (`{by}`)", self.name);
            Some(Need { says, sure: Confidence::High, span: Some(*span) })
        })
    }
}

/// The option that makes a command write to the path: `--access-logfile /var/log/shop/access.log`.
fn written_by(commands: &[Command], path: &str) -> Option<String> {
    commands.iter().find_map(|command| written_by_words(&command.words(), path))
}

fn written_by_words(words: &[String], path: &str) -> Option<String> {
    words.iter().enumerate().skip(1).find_map(|(at, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, value),
            None => (words[at - 1].as_str(), word.as_str()),
        };
        let value = value.trim_start_matches("unix:");
        let upper = option.to_ascii_uppercase();
        let writes = option.starts_with('-')
            && (["LOG", "PID", "DATA", "CACHE", "UPLOAD", "STORAGE", "SCHEDULE"]
                .iter()
                .any(|w| upper.contains(w))
                || value.ends_with(".sock"));
        (writes && place_is(value, path)).then(|| option.to_owned())
    })
}

/// True if a value is the path, or a file directly in it.
fn place_is(value: &str, path: &str) -> bool {
    let value = file_of_url(value).unwrap_or(value);
    let value = value.trim_end_matches('/');
    value == path || value.rsplit_once('/').is_some_and(|(parent, file)| parent == path && file.contains('.'))
}

/// True for the name of a setting whose value is a place to write to.
pub(crate) fn names_place(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper != "PATH" && PLACES.iter().any(|w| upper.contains(w)) && !READ.iter().any(|w| upper.contains(w))
}

/// A line of a settings file that a script writes: `UPLOAD_DIR=/opt/shop/uploads`.
struct Setting {
    name: String,
    value: String,
    span: Span,
}

/// The settings that name a place.
fn settings<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<Setting> {
    let written = steps.flat_map(|step| &step.written);
    let files = written.filter(|written| is_env_file(&written.path.basename().to_string()));
    let entries = files.flat_map(|written| Dotenv::of_text(&written.content).entries);
    let settings = entries.filter(|entry| names_place(&entry.name));
    let settings = settings.map(|entry| Setting { name: entry.name, value: entry.value, span: entry.span });
    settings.collect()
}
