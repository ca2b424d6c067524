//! Compose files: which services there are, what they run and what they need. Knows nothing of units.
//!
//! Facts: the Compose specification, <https://github.com/compose-spec/compose-spec/blob/main/05-services.md>. Fields
//! that no rule asks for are skipped; a field of a wrong type is a gap and the rest is read all the same.

mod fields;
mod interpolation;
mod merge;

pub use interpolation::{Reference, references, with_defaults};

use crate::finding::Gap;
use crate::project::files::Root;
use crate::project::inventory::Inventory;
use crate::project::yaml::{self, Kind, Node};
use crate::source::{FileId, Sources, Span};
use fields::Reader;

/// Text with its place. The text is the value, without quotes; `${…}` stands as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The value.
    pub text: String,
    /// Its bytes; of a merged value (`<<: *base`) where it was defined.
    pub span: Span,
}

/// What the container's port is published as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port on the host, a range too; `None` where Docker picks one.
    pub published: Option<String>,
    /// The port in the container.
    pub target: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The place.
    pub span: Span,
}

/// A variable of `environment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; `None` when it is passed on from where Compose runs.
    pub value: Option<String>,
    /// The place of name and value.
    pub span: Span,
}

/// An entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The service.
    pub service: String,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub condition: Option<String>,
    /// The place of the name.
    pub span: Span,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The key under `services`.
    pub name: String,
    /// Its place.
    pub name_span: Span,
    /// The image it runs, or is built as.
    pub image: Option<Text>,
    /// The build context, where it is built.
    pub build: Option<Text>,
    /// The command; words of a list are joined, quoted where they hold blanks.
    pub command: Option<Text>,
    /// The same of `entrypoint`.
    pub entrypoint: Option<Text>,
    /// `working_dir`.
    pub working_dir: Option<Text>,
    /// `container_name`.
    pub container_name: Option<Text>,
    /// `restart`.
    pub restart: Option<Text>,
    /// `ports`.
    pub ports: Vec<Port>,
    /// `expose`: ports that only other services reach.
    pub expose: Vec<Text>,
    /// `depends_on`.
    pub depends_on: Vec<Dependency>,
    /// `profiles`: it is only started when one is asked for.
    pub profiles: Vec<Text>,
    /// `environment`.
    pub environment: Vec<Variable>,
    /// `env_file`.
    pub env_file: Vec<Text>,
    /// `volumes`, in the short form.
    pub volumes: Vec<Text>,
}

/// A Compose file, or one with its override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compose {
    /// The (first) file.
    pub file: FileId,
    /// `dev` of `docker-compose.dev.yml`; `None` for the file that `docker compose up` takes.
    pub variant: Option<String>,
    /// The services in order.
    pub services: Vec<Service>,
}

impl Compose {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name == name)
    }

    /// True for a file that is made for developing or testing, by its name.
    pub fn is_development(&self) -> bool {
        self.variant.as_deref().is_some_and(|variant| {
            variant.split(['.', '-', '_']).any(|part| {
                matches!(
                    part,
                    "dev"
                        | "develop"
                        | "development"
                        | "local"
                        | "test"
                        | "tests"
                        | "testing"
                        | "ci"
                        | "e2e"
                        | "debug"
                )
            })
        })
    }

    /// True for a service that ends when its work is done (migrate, seed, create a bucket): it needs no unit. Either
    /// another one waits for it to be `service_completed_successfully`, or it is not restarted and its name or the
    /// last of its commands says so.
    pub fn is_one_shot(&self, service: &Service) -> bool {
        let awaited = self.services.iter().any(|other| {
            other.depends_on.iter().any(|d| {
                d.service == service.name && d.condition.as_deref() == Some("service_completed_successfully")
            })
        });
        awaited || service.is_one_shot()
    }
}

const ONE_SHOT_NAMES: &[&str] = &[
    "migrate",
    "migration",
    "migrations",
    "migrator",
    "seed",
    "seeder",
    "init",
    "initdb",
    "bootstrap",
    "createbuckets",
    "makemigrations",
    "collectstatic",
    "fixtures",
    "loaddata",
];

/// Tools that serve the developer; by the last part of the image's name, or the service's name.
const DEV_TOOLS: &[&str] = &[
    "mailhog",
    "mailpit",
    "mailcatcher",
    "maildev",
    "mailtrap",
    "smtp4dev",
    "adminer",
    "pgadmin",
    "pgadmin4",
    "pgweb",
    "phpmyadmin",
    "mongo-express",
    "redis-commander",
    "redisinsight",
    "dozzle",
    "portainer",
    "portainer-ce",
    "storybook",
    "localstack",
    "selenium",
    "standalone-chrome",
    "swagger-ui",
    "ngrok",
    "cypress",
    "playwright-ui",
];

impl Service {
    /// True when it is not restarted and its name or the last of its commands is work that ends.
    fn is_one_shot(&self) -> bool {
        let restart = self.restart.as_ref().map(|r| r.text.as_str());
        if !matches!(restart, None | Some("no" | "false") | Some("on-failure")) {
            return false;
        }
        let named = |text: &str| {
            text.split(['-', '_', '.', ':', ' ', '/', '"', '\'']).any(|token| ONE_SHOT_NAMES.contains(&token))
        };
        let Some(command) = self.command.as_ref().or(self.entrypoint.as_ref()) else {
            return named(&self.name);
        };
        let last = command.text.rsplit(['&', ';', '|']).next().unwrap_or_default();
        named(last) || last.contains("alembic upgrade")
            // A server that is started after the migration is no one-shot, whatever it is called.
            || named(&self.name) && last.len() == command.text.len()
    }

    /// True for a tool of developers (a mail catcher, a database browser) and for one that is only started when its
    /// profile is asked for.
    pub fn is_dev_only(&self) -> bool {
        let known = |name: &str| DEV_TOOLS.contains(&name);
        !self.profiles.is_empty() || known(&self.name) || self.image_name().is_some_and(|image| known(&image))
    }

    /// The last part of the image's name, without registry, tag and digest: `postgres` of
    /// `${REGISTRY}/library/postgres:16@sha256:…`.
    pub fn image_name(&self) -> Option<String> {
        let image = with_defaults(&self.image.as_ref()?.text);
        let path = image.split('@').next()?;
        let last = path.rsplit('/').next()?;
        let name = last.split(':').next()?;
        (!name.is_empty()).then(|| name.to_ascii_lowercase())
    }
}

/// Reads one file as Compose does without its override.
pub fn parse(sources: &Sources, file: FileId) -> (Compose, Vec<Gap>) {
    let mut compose = Compose { file, variant: variant_of(sources.file(file).path()), services: Vec::new() };
    let document = match yaml::parse(sources, file) {
        Ok(Some(document)) => document,
        Ok(None) => return (compose, Vec::new()),
        Err(gap) => return (compose, vec![gap]),
    };
    let mut reader = Reader::new(sources);
    reader.once(&document, "the file");
    match document.get("services") {
        Some(services) => read_services(&mut reader, services, &mut compose),
        None => not_compose(&mut reader, &document),
    }
    if let Some(include) = document.get("include") {
        reader.gap(include.span, "the files of `include` are not read");
    }
    (compose, reader.gaps)
}

fn read_services(reader: &mut Reader<'_>, services: &Node, compose: &mut Compose) {
    match &services.kind {
        Kind::Map(entries) => {
            reader.once(services, "`services`");
            let mut bases = Vec::new();
            for (key, node) in entries {
                let service = reader.service(key, node);
                bases.push(reader.extends(node));
                // Of a service that is written twice the last is read; the gap said so.
                match compose.services.iter().position(|s| s.name == service.name) {
                    Some(at) => {
                        bases.swap_remove(at);
                        compose.services[at] = service;
                    }
                    None => compose.services.push(service),
                }
            }
            merge::extend(&mut compose.services, &bases);
        }
        Kind::Null => {}
        _ => reader.gap(
            services.span,
            &format!("`services` is {}, not a mapping: none is read", services.describe()),
        ),
    }
}

fn not_compose(reader: &mut Reader<'_>, document: &Node) {
    const TOP: &[&str] = &["volumes", "networks", "include", "version", "name", "configs", "secrets"];
    let known = document
        .entries()
        .is_some_and(|entries| entries.iter().any(|(key, _)| TOP.contains(&key.text.as_str())));
    if !known {
        reader.gap(document.span, "no `services`: not read as a Compose file");
    }
}

/// What stands between `compose` and the ending: `prod` of `docker-compose.prod.yml`.
fn variant_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let stem = name.rsplit_once('.')?.0;
    let rest = stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose")?;
    let variant = rest.trim_start_matches(['.', '-', '_']);
    (!variant.is_empty()).then(|| variant.to_owned())
}

/// Reads all Compose files of a project. A `.override.` file is merged into the file beside it, as
/// `docker compose up` does; all other variants stand for themselves.
pub fn read_all(root: &Root, inventory: &Inventory, sources: &mut Sources) -> (Vec<Compose>, Vec<Gap>) {
    let mut all: Vec<(String, Compose)> = Vec::new();
    let mut overrides: Vec<(String, Compose)> = Vec::new();
    let mut gaps = Vec::new();
    for path in &inventory.compose {
        let file = match root.read(path, sources) {
            Ok(file) => file,
            Err(gap) => {
                gaps.push(gap);
                continue;
            }
        };
        let (compose, more) = parse(sources, file);
        gaps.extend(more);
        let directory = path.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned();
        if compose.variant.as_deref() == Some("override") {
            overrides.push((directory, compose));
        } else {
            all.push((directory, compose));
        }
    }
    for (directory, over) in overrides {
        let base = all.iter_mut().find(|(dir, base)| *dir == directory && base.variant.is_none());
        match base {
            Some((_, base)) => merge::merge(base, over),
            None => all.push((directory, over)),
        }
    }
    (all.into_iter().map(|(_, compose)| compose).collect(), gaps)
}

#[cfg(test)]
mod tests;
