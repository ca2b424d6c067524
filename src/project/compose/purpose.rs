//! The purpose of a service, as far as it decides whether the service needs a unit: a server, work that ends,
//! or a developer's tool.

use crate::project::compose::Text;
use crate::project::compose::interpolation::with_defaults;
use crate::project::compose::{Compose, Service};
use crate::tools::images::runs_a_job;

impl Compose {
    /// True for a file that is for development or tests, judged by its name.
    pub(crate) fn is_development(&self) -> bool {
        self.variant.as_deref().is_some_and(|variant| {
            variant.split(['.', '-', '_']).any(|part| {
                ["dev", "develop", "development", "local", "test", "tests", "testing", "ci", "e2e", "debug"]
                    .contains(&part)
            })
        })
    }

    /// True for a service that ends when its work is done (migrate, seed, create a bucket), so that it needs
    /// no unit. Either another service waits for it to be `service_completed_successfully`, or it is not
    /// restarted and its name or the last of its commands says so.
    pub(crate) fn is_one_shot(&self, service: &Service) -> bool {
        let awaited = self.services.iter().any(|other| {
            other.depends_on.iter().any(|d| {
                d.service == service.name && d.condition.as_deref() == Some("service_completed_successfully")
            })
        });
        awaited || service.is_one_shot()
    }
}

const ONE_SHOT_NAMES: &[&str] = &[
    "migrate", "migration", "migrations", "migrator", "seed", "seeder", "init", "initdb", "bootstrap",
    "createbuckets", "makemigrations", "collectstatic", "fixtures", "loaddata",
];

/// Tools for the developer, by the last part of the image's name, or by the service's name.
const DEV_TOOLS: &[&str] = &[
    "mailhog", "mailpit", "mailcatcher", "maildev", "mailtrap", "smtp4dev", "adminer", "pgadmin", "pgadmin4",
    "pgweb", "phpmyadmin", "mongo-express", "redis-commander", "redisinsight", "dozzle", "portainer",
    "portainer-ce", "storybook", "localstack", "selenium", "standalone-chrome", "swagger-ui", "ngrok",
    "cypress", "playwright-ui",
];

impl Service {
    /// What it starts: what its image makes of its command, as far as the repo shows that, or else its command or its
    /// entrypoint.
    pub(crate) fn runs(&self) -> Option<&Text> {
        self.of_image.as_ref().or(self.command.as_ref()).or(self.entrypoint.as_ref())
    }

    /// True if it is not restarted and its name or the last of its commands is work that ends.
    fn is_one_shot(&self) -> bool {
        let restart = self.restart.as_ref().map(|r| r.text.as_str());
        if !matches!(restart, None | Some("no" | "false") | Some("on-failure")) {
            return false;
        }
        let named = |text: &str| {
            text.split(['-', '_', '.', ':', ' ', '/', '"', '\'']).any(|token| ONE_SHOT_NAMES.contains(&token))
        };
        let Some(command) = self.runs() else {
            return named(&self.name)
                || self.image.as_ref().is_some_and(|image| runs_a_job(&with_defaults(&image.text)));
        };
        let last = command.text.rsplit(['&', ';', '|']).next().unwrap_or_default();
        named(last) || last.contains("alembic upgrade")
            // A server that starts after the migration is not a one-shot, whatever its name.
            || named(&self.name) && last.len() == command.text.len()
    }

    /// True for a developer's tool (a mail catcher, a database browser), and for a service behind a profile.
    pub(crate) fn is_dev_only(&self) -> bool {
        let known = |name: &str| DEV_TOOLS.contains(&name);
        !self.profiles.is_empty() || known(&self.name) || self.image_name().is_some_and(|image| known(&image))
    }

    /// The last part of the image's name, without registry, tag and digest: `postgres` for
    /// `${REGISTRY}/library/postgres:16@sha256:…`.
    pub(crate) fn image_name(&self) -> Option<String> {
        let image = with_defaults(&self.image.as_ref()?.text);
        let path = image.split('@').next()?;
        let last = path.rsplit('/').next()?;
        let name = last.split(':').next()?;
        (!name.is_empty()).then(|| name.to_ascii_lowercase())
    }
}
