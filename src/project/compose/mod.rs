//! Compose files: which services there are, what they run and what they need. It knows nothing about units.
//!
//! Facts: the Compose specification, <https://github.com/compose-spec/compose-spec/blob/main/05-services.md>.
//! Files become one tree (`load`, `merge`), and the tree becomes services (`fields`). Fields that no rule
//! needs are skipped. A field of a wrong type is a gap, and the rest is still read. Every span names its
//! file.

mod extends;
mod fields;
mod interpolation;
mod load;
mod merge;
mod purpose;

pub(crate) use interpolation::{references, with_defaults};

use crate::finding::Gap;
use crate::limit::tick;
use crate::project::yaml::{Key, Kind, Node};
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::base;
use crate::source::{FileId, Sources, Span};
use fields::Reader;
use load::{Disk, Loader, Project};

/// A text with its place. The text is the value without quotes; `${…}` stays as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The value.
    pub(crate) text: String,
    /// Its bytes; a merged value (`<<: *base`) has the place of its definition.
    pub(crate) span: Span,
}

/// A list of words as one line, quoted where they hold blanks.
pub(crate) fn line_of_words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted = words.map(|word| match word.is_empty() || word.contains(char::is_whitespace) {
        true => format!("'{}'", word.replace('\'', "'\\''")),
        false => word.to_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// What the container's port is published as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// The port on the host, which may be a range; `None` if Docker picks one.
    pub(crate) published: Option<String>,
    /// The address on the host that it is bound to; `None` for all.
    pub(crate) address: Option<String>,
    /// The port in the container.
    pub(crate) target: String,
    /// `tcp` or `udp`.
    pub(crate) protocol: String,
    /// The place.
    pub(crate) span: Span,
}

/// A variable of `environment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Its value; `None` if it is inherited from where Compose runs.
    pub(crate) value: Option<String>,
    /// The place of name and value.
    pub(crate) span: Span,
}

/// An entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The service.
    pub(crate) service: String,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub(crate) condition: Option<String>,
    /// False if Compose only warns when it is missing (`required: false`).
    pub(crate) required: bool,
    /// False if the long form holds nothing below the name, which Compose refuses.
    pub(crate) is_whole: bool,
    /// The place of the name.
    pub(crate) span: Span,
}

/// A file of `env_file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvFile {
    /// Its path, relative to [`Compose::directory`].
    pub(crate) path: Text,
    /// False if Compose can do without it (`required: false`).
    pub(crate) required: bool,
}

/// An entry of `volumes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    /// `bind`, `volume`, `tmpfs` …; `None` if a variable decides.
    pub(crate) kind: Option<String>,
    /// A path of the host or the name of a volume; `None` for one without a name.
    pub(crate) source: Option<Text>,
    /// The path in the container.
    pub(crate) target: Text,
    /// True if the container must not write to it.
    pub(crate) read_only: bool,
    /// The place of the whole entry.
    pub(crate) span: Span,
}

/// `build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Build {
    /// The context, `.` where none is given.
    pub(crate) context: Text,
    /// `dockerfile`, from the context.
    pub(crate) dockerfile: Option<Text>,
    /// The stage.
    pub(crate) target: Option<Text>,
    /// `args`.
    pub(crate) args: Vec<Variable>,
    /// True if the Dockerfile stands in the Compose file (`dockerfile_inline`).
    pub(crate) inline: bool,
    /// The place.
    pub(crate) span: Span,
}

/// `healthcheck`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Healthcheck {
    /// True if it switches off the one of the image: `disable: true`, or the test `NONE`.
    pub(crate) disabled: bool,
    /// The test; words of a list are joined, `CMD` and `CMD-SHELL` with them.
    pub(crate) test: Option<Text>,
    /// True if the test is a list of words.
    pub(crate) is_list: bool,
    /// The place.
    pub(crate) span: Span,
}

/// `deploy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deploy {
    /// How many containers run.
    pub(crate) replicas: Option<Text>,
    /// `replicated`, `global`, or a job.
    pub(crate) mode: Option<Text>,
    /// `restart_policy: condition`: `none`, `on-failure` or `any`.
    pub(crate) restart_condition: Option<Text>,
    /// The place.
    pub(crate) span: Span,
}

/// What the repo's Dockerfile says about the image that is built for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// The image that its first stage starts from.
    pub(crate) base: String,
    /// True if `CMD` or `ENTRYPOINT` says what it starts.
    pub(crate) starts: bool,
    /// True if it has a `HEALTHCHECK`.
    pub(crate) healthcheck: bool,
    /// The lines of `RUN` of each stage, behind those of the stage that it starts from.
    pub(crate) runs: Vec<Vec<Run>>,
}

/// A line of `RUN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The command line.
    pub(crate) line: Text,
    /// True if `NODE_ENV` is `production` where it runs.
    pub(crate) is_production: bool,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// The key under `services`.
    pub(crate) name: String,
    /// Its place.
    pub(crate) name_span: Span,
    /// The image that it runs, or the name that is built.
    pub(crate) image: Option<Text>,
    /// How it is built, if it is.
    pub(crate) build: Option<Build>,
    /// The command; words of a list are joined, quoted where they hold blanks.
    pub(crate) command: Option<Text>,
    /// The same of `entrypoint`.
    pub(crate) entrypoint: Option<Text>,
    /// What its image starts, with the command that Compose gives it, if the image is built from the repo.
    pub(crate) of_image: Option<Text>,
    /// What its Dockerfile says, if it is built from one of the repo.
    pub(crate) built: Option<Built>,
    /// True if something other than Compose runs it (`provider`).
    pub(crate) provided: bool,
    /// `working_dir`.
    pub(crate) working_dir: Option<Text>,
    /// `container_name`.
    pub(crate) container_name: Option<Text>,
    /// `restart`.
    pub(crate) restart: Option<Text>,
    /// `ports`.
    pub(crate) ports: Vec<Port>,
    /// `expose`: ports that only other services reach.
    pub(crate) expose: Vec<Text>,
    /// `depends_on`.
    pub(crate) depends_on: Vec<Dependency>,
    /// `profiles`: it only starts if one of them is requested.
    pub(crate) profiles: Vec<Text>,
    /// `environment`.
    pub(crate) environment: Vec<Variable>,
    /// `env_file`.
    pub(crate) env_file: Vec<EnvFile>,
    /// `volumes`.
    pub(crate) volumes: Vec<Volume>,
    /// True if it has a terminal or an open input (`tty`, `stdin_open`), so that a shell stays in it.
    pub(crate) is_interactive: bool,
    /// True if some directory lies in memory (`tmpfs`).
    pub(crate) has_tmpfs: bool,
    /// `extra_hosts`: names with the addresses that they get.
    pub(crate) extra_hosts: Vec<Text>,
    /// `secrets`: their names.
    pub(crate) secrets: Vec<Text>,
    /// `configs`: their names.
    pub(crate) configs: Vec<Text>,
    /// `networks`: their names.
    pub(crate) networks: Vec<Text>,
    /// The keys of lists and mappings with nothing below them, which Compose refuses.
    pub(crate) empty: Vec<Text>,
    /// `network_mode`: `host`, `service:NAME` ….
    pub(crate) network_mode: Option<Text>,
    /// `user`.
    pub(crate) user: Option<Text>,
    /// `scale`: how many containers run, if `deploy` does not say it.
    pub(crate) scale: Option<Text>,
    /// `healthcheck`.
    pub(crate) healthcheck: Option<Healthcheck>,
    /// `deploy`.
    pub(crate) deploy: Option<Deploy>,
}

/// A Compose file, or a file with its override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compose {
    /// The (first) file.
    pub(crate) file: FileId,
    /// `dev` for `docker-compose.dev.yml`; `None` for the file that `docker compose up` uses.
    pub(crate) variant: Option<String>,
    /// True if `docker compose` uses another file of the same directory: `compose.yaml` comes before
    /// `docker-compose.yml`, and only one override is merged.
    pub(crate) passed_over: bool,
    /// `name`: the name of the project.
    pub(crate) name: Option<Text>,
    /// The services in order.
    pub(crate) services: Vec<Service>,
    /// The names under `volumes`, `networks`, `secrets` and `configs` at the top.
    pub(crate) resources: Resources,
    /// All files that it consists of (overrides, `include`, `extends`), and the directory, relative to the
    /// root, from which relative paths in each start.
    pub(crate) directories: Vec<(FileId, String)>,
    /// True if some part of it could not be read, so that something missing may be there.
    pub(crate) incomplete: bool,
}

/// The keys beside `services` at the top of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    /// `volumes`.
    pub(crate) volumes: Vec<Text>,
    /// `networks`.
    pub(crate) networks: Vec<Text>,
    /// `secrets`.
    pub(crate) secrets: Vec<Text>,
    /// `configs`.
    pub(crate) configs: Vec<Text>,
}

impl Compose {
    /// The service of that name.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name == name)
    }

    /// All files that it is made of.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileId> {
        self.directories.iter().map(|(file, _)| *file)
    }

    /// The name of a path, relative to the root; `None` if it leads out of the root, or depends on a variable
    /// without a default.
    pub(crate) fn path(&self, text: &Text) -> Option<String> {
        let path = with_defaults(&text.text);
        let directory = self.directories.iter().find(|(file, _)| *file == text.span.file)?;
        if path.contains('$') { None } else { load::inside(&directory.1, &path) }
    }
}

/// The names that `docker compose` looks for, in its order: `DefaultFileNames` of compose-go.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The first of these in the directory is merged into the file, whichever name that has:
/// `DefaultOverrideFileNames`.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Reads one file as Compose does without its override and without any other file.
#[cfg(any(test, fuzzing))]
pub(crate) fn parse(sources: &Sources, file: FileId) -> (Compose, Vec<Gap>) {
    let mut loader = Loader::new(Disk::Alone(sources));
    let path = sources.file(file).path();
    let (compose, _) = read_project(&mut loader, &[file], directory_of(path));
    (compose, sorted(loader.gaps))
}

/// Reads all Compose files of a project. An override is merged into the file beside it, as
/// `docker compose up` does. All other variants stand alone, except those that the file of a directory
/// includes.
pub(crate) fn read_all(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
) -> (Vec<Compose>, Vec<Gap>) {
    let mut loader = Loader::new(Disk::Root(root, sources));
    let mut files: Vec<(&str, FileId)> = Vec::new();
    for path in &inventory.compose {
        match loader.read(path) {
            Ok(file) => files.push((path, file)),
            Err(gap) => loader.gaps.push(gap),
        }
    }
    let taken = |directory: &str, names: &[&str]| {
        let named = |name: &str| files.iter().find(|(p, _)| directory_of(p) == directory && base(p) == name);
        names.iter().find_map(|name| named(name)).map(|(_, file)| *file)
    };
    let mut all = Vec::new();
    let mut included: Vec<FileId> = Vec::new();
    for (path, file) in &files {
        let directory = directory_of(path);
        let (first, over) = (taken(directory, &NAMES), taken(directory, &OVERRIDES));
        if first.is_some() && over == Some(*file) {
            continue;
        }
        let own: Vec<FileId> = match first == Some(*file) {
            true => std::iter::once(*file).chain(over).collect(),
            false => vec![*file],
        };
        let (mut compose, project) = read_project(&mut loader, &own, directory);
        let known = NAMES.contains(&base(path)) || OVERRIDES.contains(&base(path));
        compose.passed_over = known && first.is_some() && first != Some(*file);
        if first == Some(*file) && !included.contains(file) {
            included.extend(project.included.into_iter().filter(|other| other != file));
        }
        all.push(compose);
    }
    all.retain(|compose| !included.contains(&compose.file));
    (all, sorted(loader.gaps))
}

/// Sorts gaps by file and place, and keeps each once, because what several services extend is read for each of them.
fn sorted(mut gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.sort();
    gaps.dedup();
    gaps
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn read_project(loader: &mut Loader<'_>, files: &[FileId], directory: &str) -> (Compose, Project) {
    let (tree, project) = loader.project(files, directory);
    let file = files.first().copied().unwrap_or(FileId(0));
    let top = |name: &str| tree.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
    let mut reader = Reader::new(loader.sources());
    let mut compose = Compose {
        file,
        variant: variant_of(loader.sources().file(file).path()),
        passed_over: false,
        name: top("name").filter(|node| node.kind != Kind::Null).and_then(|node| reader.text("name", node)),
        services: Vec::new(),
        resources: Resources::default(),
        directories: project.directories.clone(),
        incomplete: project.incomplete,
    };
    match top("services").map(|services| (services, &services.kind)) {
        Some((_, Kind::Map(entries))) => read_services(&mut reader, entries, &mut compose),
        Some((_, Kind::Null)) => {}
        Some((services, _)) => {
            let reason = format!("`services` is {}, not a mapping, so none is read", services.describe());
            reader.gap(services.span, &reason);
        }
        None => not_compose(&mut reader, &tree),
    }
    let names = |name: &str| -> Vec<Text> {
        let entries = top(name).and_then(Node::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| Text { text: key.text.clone(), span: key.span }).collect()
    };
    compose.resources = Resources {
        volumes: names("volumes"),
        networks: names("networks"),
        secrets: names("secrets"),
        configs: names("configs"),
    };
    compose.incomplete |= !reader.gaps.is_empty();
    let gaps = reader.gaps;
    loader.gaps.extend(gaps);
    (compose, project)
}

fn read_services(reader: &mut Reader<'_>, entries: &[(Key, Node)], compose: &mut Compose) {
    let mut places = std::collections::HashMap::new();
    for (key, node) in entries {
        if node.tag.as_deref() == Some("!reset") {
            continue;
        }
        tick();
        let service = reader.service(key, node);
        // If a service is written twice, the last one is read; a gap has said so.
        match places.get(&key.text).copied().and_then(|at: usize| compose.services.get_mut(at)) {
            Some(slot) => *slot = service,
            None => {
                places.insert(key.text.clone(), compose.services.len());
                compose.services.push(service);
            }
        }
    }
}

fn not_compose(reader: &mut Reader<'_>, tree: &[(Key, Node)]) {
    const TOP: &[&str] =
        &["volumes", "networks", "include", "version", "name", "configs", "secrets", "models"];
    let known = tree.iter().any(|(key, _)| TOP.contains(&key.text.as_str()));
    if let Some((first, _)) = tree.first()
        && !known
    {
        reader.gap(first.span, "it has no `services`, so it is not read as a Compose file");
    }
}

/// The part between `compose` and the extension: `prod` for `docker-compose.prod.yml`.
fn variant_of(path: &str) -> Option<String> {
    let stem = base(path).rsplit_once('.')?.0;
    let rest = stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose")?;
    let variant = rest.trim_start_matches(['.', '-', '_']);
    (!variant.is_empty()).then(|| variant.to_owned())
}

#[cfg(test)]
mod project_tests;
#[cfg(test)]
mod tests;
