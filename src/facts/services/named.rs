//! Whether a text names a service. This is the last check before the family `services` says that something is missing.

use crate::facts::ground::Ground;
use crate::project::architecture::Stated;
use crate::project::compose::Compose;
use crate::repo::names::base;
use crate::tools::serves::serves_an_app;
use std::collections::HashSet;

/// Words of names that say nothing, because nearly every server runs something with that word.
const EMPTY: &[&str] = &[
    "service", "services", "svc", "server", "prod", "production", "container", "main", "the", "daemon",
    "app", "application", "system", "systemd", "docker", "celery", "python", "node", "django", "and", "of",
    "for", "internal", "core", "platform", "unit",
];

/// Words that people use for the same thing.
const SAME: &[&[&str]] = &[
    &[
        "db", "database", "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "sql", "pg",
        "mongod",
    ],
    &["worker", "workers", "queue", "queues", "background", "jobs", "consumer", "consumers", "rq", "tasks"],
    &["beat", "scheduler", "scheduled", "schedule", "cron", "periodic", "celerybeat"],
    &[
        "frontend", "front", "ui", "web", "website", "client", "react", "vue", "next", "nextjs", "spa",
        "pages", "site",
    ],
    &["backend", "api", "rest", "fastapi", "flask", "express", "web", "http", "graphql"],
    &["proxy", "nginx", "caddy", "traefik", "gateway", "ingress", "balancer", "haproxy", "apache", "httpd"],
    &["cache", "redis", "valkey", "memcached"],
    &["bot", "bots", "telegram", "discord"],
    &["websocket", "websockets", "ws", "realtime", "socket", "sockets", "socketio"],
    &["admin", "dashboard", "panel"],
    &["broker", "rabbitmq", "mq", "amqp", "kafka", "nats", "mqtt", "mosquitto"],
    &["mail", "mailer", "email", "emails", "mails", "smtp"],
    &["auth", "authentication", "login", "sso", "keycloak", "oauth"],
    &["metrics", "monitoring", "prometheus", "exporter", "grafana"],
    &["backup", "backups"],
    &["search", "elasticsearch", "opensearch", "meilisearch", "solr"],
    &["storage", "minio", "s3", "objects", "files"],
    &["model", "models", "ml", "ai", "llm", "inference", "ollama"],
];

#[derive(Debug, Default)]
pub(crate) struct Words(HashSet<String>);

impl Words {
    /// Adds a text. The names of hosts and variables are no names of services: `redis://…`, `REDIS_URL`.
    pub(crate) fn add(&mut self, text: &str) {
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_alphanumeric()) {
            rest = &rest[start..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            let variable = word.contains('_') && !word.contains(|c: char| c.is_lowercase());
            if after.starts_with("://") || variable || word.len() > 64 {
                continue;
            }
            let lower = word.to_lowercase();
            for part in lower.split('_').filter(|_| lower.contains('_')) {
                self.0.insert(part.to_owned());
            }
            self.0.insert(lower);
        }
    }

    /// True for a word that occurs.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// True if the word, or another one for the same thing, occurs.
    fn means(&self, word: &str) -> bool {
        let plural =
            |w: &str| self.has(&format!("{w}s")) || w.strip_suffix('s').is_some_and(|one| self.has(one));
        self.has(word)
            || plural(word)
            || SAME
                .iter()
                .filter(|group| group.contains(&word))
                .any(|group| group.iter().any(|w| self.has(w)))
    }
}

/// The significant words of a name, in order, without the project's own.
pub(crate) fn telling(name: &str, project: &[String]) -> Vec<String> {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let project: Vec<String> = project.iter().map(|p| plain(p)).collect();
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words
        .filter(|w| w.len() > 1 && !w.bytes().all(|b| b.is_ascii_digit()))
        .filter(|w| !EMPTY.contains(&w.as_str()) && !serves_an_app(w) && !project.contains(w))
        .collect()
}

/// How a service is named in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The text does not name it.
    No,
    /// The text has a part of its name, which others may share.
    Partly,
    /// The text has its name, or its name has no significant word.
    Yes,
}

/// How a text names a service of that name.
pub(crate) fn named(name: &str, project: &[String], words: &Words) -> Named {
    let own = telling(name, project);
    let Some(last) = own.last() else { return Named::Yes };
    if words.means(last) || words.has(&own.concat()) {
        Named::Yes
    } else if own.iter().any(|word| words.has(word)) {
        Named::Partly
    } else {
        Named::No
    }
}

/// True if texts of the deployment name a stated service, one of its units or its port.
pub(crate) fn is_named(stated: &Stated, project: &[String], words: &Words) -> bool {
    let own = telling(&stated.name, project);
    let module = stated.commands.iter().filter_map(|c| c.text.split_whitespace().last());
    own.is_empty()
        || own.iter().all(|word| words.has(word))
        || words.has(&own.concat())
        || stated.aliases.iter().any(|alias| {
            let parts = telling(alias, project);
            !parts.is_empty() && parts.iter().all(|word| words.has(word))
        })
        || stated.ports.iter().any(|p| words.has(&p.number.to_string()))
        || module.into_iter().any(|m| {
            let parts = telling(base(m), project);
            !parts.is_empty() && parts.iter().all(|word| words.has(word))
        })
}

/// Every word of the texts that deploy: scripts, units, Compose files, settings of web servers and process
/// managers, workflows.
pub(in crate::facts) fn words_of_the_deployment(world: &Ground<'_, '_>) -> Words {
    let mut words = Words::default();
    let project = world.project;
    let documents: HashSet<_> = project.architectures.iter().map(|d| d.file).collect();
    let texts = project.texts.iter().chain(&project.unit_files).map(|(_, file)| *file);
    let composes = project.composes.iter().flat_map(Compose::files);
    let mut files: Vec<_> = texts.chain(composes).chain(world.scripts().iter().map(|s| s.file)).collect();
    files.sort_unstable();
    files.dedup();
    for file in files.into_iter().filter(|file| !documents.contains(file)) {
        words.add(world.sources.file(file).text());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        let mut words = Words::default();
        words.add(text);
        words
    }

    #[test]
    fn an_address_names_nothing_that_runs() {
        let text = words("REDIS_URL=redis://localhost:6379/0\nsystemctl start shop-web my_job");
        assert!(!text.has("redis") && text.has("6379") && text.has("web") && text.has("job"));
    }

    #[test]
    fn names_are_known_by_their_last_word_and_by_other_words_for_it() {
        let text = words("The API (FastAPI) stores orders in PostgreSQL; a scheduler sends mails. Webshop");
        let project = ["shop".to_owned()];
        for (name, expected) in [
            ("shop-web.service", Named::Yes),
            ("shop", Named::Yes),
            ("db", Named::Yes),
            ("celery_beat", Named::Yes),
            ("order-importer", Named::No),
            ("orders-importer", Named::Partly),
            ("canary", Named::No),
            ("mailer", Named::Yes),
            ("web-shop", Named::Yes),
        ] {
            let name = name.trim_end_matches(".service");
            assert_eq!(named(name, &project, &text), expected, "{name}");
        }
    }
}
