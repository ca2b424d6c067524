//! What well-known images of Docker Hub do by themselves: whether they have a health check, where they keep their
//! data, and what they don't start without. Facts: the pages of the official images,
//! <https://github.com/docker-library/docs>, and their Dockerfiles.

/// Official images. None has a health check: <https://github.com/docker-library/faq#healthcheck>.
const OFFICIAL: &[&str] = &[
    "alpine", "amazonlinux", "busybox", "caddy", "cassandra", "couchdb", "debian", "eclipse-mosquitto",
    "elasticsearch", "fedora", "ghost", "golang", "haproxy", "httpd", "influxdb", "kong", "logstash",
    "mariadb", "memcached", "mongo", "mongo-express", "mysql", "nats", "neo4j", "nginx", "node", "openjdk",
    "eclipse-temurin", "percona", "php", "postgres", "python", "rabbitmq", "redis", "rethinkdb", "ruby",
    "rust", "sonarqube", "telegraf", "tomcat", "traefik", "ubuntu", "varnish", "wordpress", "zookeeper",
];

/// Images that add extensions to the official one of PostgreSQL, and no health check.
const POSTGRES: &[&str] = &["postgis/postgis", "pgvector/pgvector", "timescale/timescaledb"];

/// Official images that start an interpreter or a shell, which ends at once without a terminal.
const IDLE: &[&str] = &[
    "alpine", "amazonlinux", "busybox", "debian", "eclipse-temurin", "fedora", "golang", "node", "openjdk",
    "python", "ruby", "rust", "ubuntu",
];

/// Images whose own program ends when its work is done: it migrates a database, fetches a certificate, or makes a bucket.
const JOBS: &[&str] = &[
    "amacneil/dbmate", "certbot/certbot", "flyway/flyway", "liquibase", "liquibase/liquibase",
    "migrate/migrate", "minio/mc",
];

/// Manifests of platforms that merge the Compose file beside them with one of their own:
/// <https://github.com/getumbrel/umbrel-apps#readme>.
pub(crate) const PLATFORM_MANIFESTS: &[&str] = &["umbrel-app.yml"];

/// What a Compose file holds if it is for Coolify, Dokploy, CapRover or Portainer, where people set its variables on a page:
/// <https://coolify.io/docs/knowledge-base/docker/compose>, <https://docs.dokploy.com/docs/core/docker-compose>,
/// <https://caprover.com/docs/docker-compose.html>, <https://docs.portainer.io/user/docker/stacks/add>.
const PLATFORM_WORDS: &[&str] = &[
    "SERVICE_FQDN_", "SERVICE_URL_", "SERVICE_PASSWORD_", "SERVICE_USER_", "SERVICE_BASE64_", "coolify",
    "dokploy", "captain-overlay-network", "caprover", "stack.env",
];

/// True for a Compose file that a platform starts.
pub(crate) fn is_of_a_platform(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    ["coolify", "dokploy", "caprover", "portainer"].iter().any(|platform| name.contains(platform))
        || PLATFORM_WORDS.iter().any(|word| text.contains(word))
}

/// Web servers and proxies, which ask no database.
const PROXIES: &[&str] = &["caddy", "haproxy", "httpd", "nginx", "nginxinc/nginx-unprivileged", "traefik"];

/// A database, as its image sets it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// Its name, for people.
    pub(crate) name: &'static str,
    /// The directories of its data, of old and new versions.
    pub(crate) data: &'static [&'static str],
    /// The variable that moves the data somewhere else.
    pub(crate) moved_by: Option<&'static str>,
    /// Variables of which it needs one to set up its first data. Each may also end in `_FILE`.
    pub(crate) needs: &'static [&'static str],
    /// Its servers. The image sets up data only for them.
    servers: &'static [&'static str],
}

const DATABASES: &[(&[&str], Database)] = &[
    (
        &["postgres", "postgis/postgis", "pgvector/pgvector", "timescale/timescaledb"],
        Database {
            name: "PostgreSQL",
            // Since version 18 the volume is one directory higher.
            data: &["/var/lib/postgresql/data", "/var/lib/postgresql"],
            moved_by: Some("PGDATA"),
            needs: &["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"],
            servers: &["postgres", "docker-entrypoint.sh"],
        },
    ),
    (
        &["mysql", "mysql/mysql-server", "percona"],
        Database {
            name: "MySQL",
            data: &["/var/lib/mysql"],
            moved_by: None,
            needs: &["MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD"],
            servers: &["mysqld"],
        },
    ),
    (
        &["mariadb"],
        Database {
            name: "MariaDB",
            data: &["/var/lib/mysql"],
            moved_by: None,
            needs: &[
                "MARIADB_ROOT_PASSWORD",
                "MARIADB_ROOT_PASSWORD_HASH",
                "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
                "MARIADB_RANDOM_ROOT_PASSWORD",
                "MYSQL_ROOT_PASSWORD",
                "MYSQL_ALLOW_EMPTY_PASSWORD",
                "MYSQL_RANDOM_ROOT_PASSWORD",
            ],
            servers: &["mariadbd", "mysqld"],
        },
    ),
    (
        &["mongo"],
        Database { name: "MongoDB", data: &["/data/db"], moved_by: None, needs: &[], servers: &["mongod"] },
    ),
    (
        &["influxdb"],
        Database {
            name: "InfluxDB",
            data: &["/var/lib/influxdb2", "/var/lib/influxdb", "/var/lib/influxdb3"],
            moved_by: None,
            needs: &[],
            servers: &["influxd"],
        },
    ),
    (
        &["clickhouse/clickhouse-server"],
        Database {
            name: "ClickHouse",
            data: &["/var/lib/clickhouse"],
            moved_by: None,
            needs: &[],
            servers: &["clickhouse-server"],
        },
    ),
];

/// What the image of a database creates with its first data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    /// The variables that name the role.
    pub(crate) role: &'static [&'static str],
    /// The variables that name the database.
    pub(crate) database: &'static [&'static str],
    /// The role that it creates if no variable names one.
    pub(crate) first_role: Option<&'static str>,
    /// True if the database is called like the role unless a variable names it.
    pub(crate) is_named_after_role: bool,
    /// A role that is always there.
    always: Option<&'static str>,
}

impl Setup {
    /// True for a role that is there whatever the variables say.
    pub(crate) fn is_there(&self, role: &str) -> bool {
        self.always == Some(role)
    }
}

/// What a database's image creates; `None` if that is not known.
pub(crate) fn setup(database: &Database) -> Option<&'static Setup> {
    const POSTGRES: Setup = Setup {
        role: &["POSTGRES_USER"],
        database: &["POSTGRES_DB"],
        first_role: Some("postgres"),
        is_named_after_role: true,
        always: None,
    };
    const MYSQL: Setup = Setup {
        role: &["MYSQL_USER", "MARIADB_USER"],
        database: &["MYSQL_DATABASE", "MARIADB_DATABASE"],
        first_role: Some("root"),
        is_named_after_role: false,
        always: Some("root"),
    };
    match database.name {
        "PostgreSQL" => Some(&POSTGRES),
        "MySQL" | "MariaDB" => Some(&MYSQL),
        _ => None,
    }
}

/// Redis, if it is told to write its data down.
const LASTING_REDIS: Database = Database {
    name: "Redis",
    data: &["/data"],
    moved_by: None,
    needs: &[],
    servers: &["redis-server", "valkey-server"],
};

/// The name of an image on Docker Hub, without tag and digest: `postgres` for `docker.io/library/postgres:16`. `None` for
/// another registry's image and where a variable decides.
fn on_docker_hub(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let (path, last) = name.rsplit_once('/').map_or(("", name), |(path, last)| (path, last));
    let known = !path.contains(['.', ':', '$', '/']);
    let end = name.len() - last.len() + last.find(':').unwrap_or(last.len());
    let name = &name[..end];
    (known && !name.is_empty() && !name.contains('$')).then_some(name)
}

/// Whether a container of the image has a health check without one of Compose's own; `None` if that is not known.
pub(crate) fn has_health_check(image: &str) -> Option<bool> {
    let name = on_docker_hub(image)?;
    (OFFICIAL.contains(&name) || POSTGRES.contains(&name)).then_some(false)
}

/// True if the image, given no command, ends at once.
pub(crate) fn ends_at_once(image: &str) -> bool {
    on_docker_hub(image).is_some_and(|name| IDLE.contains(&name))
}

/// True if the image, given no command, does its work and ends.
pub(crate) fn runs_a_job(image: &str) -> bool {
    on_docker_hub(image).is_some_and(|name| JOBS.contains(&name))
}

/// True for a web server or proxy, which asks no database.
pub(crate) fn is_proxy(image: &str) -> bool {
    on_docker_hub(image).is_some_and(|name| PROXIES.contains(&name))
}

/// The database that the image is.
pub(crate) fn database(image: &str) -> Option<&'static Database> {
    let name = on_docker_hub(image)?;
    DATABASES.iter().find(|(images, _)| images.contains(&name)).map(|(_, database)| database)
}

/// The store that is told by its command to append each change to a file: `redis-server --appendonly yes`.
pub(crate) fn lasting(image: &str, command: &str) -> Option<&'static Database> {
    let name = on_docker_hub(image)?;
    let mut words = command.split_whitespace().skip_while(|word| *word != "--appendonly").skip(1);
    let appends = words.next().is_some_and(|word| word.trim_matches(['"', '\'']) == "yes");
    (matches!(name, "redis" | "valkey/valkey") && appends).then_some(&LASTING_REDIS)
}

/// What an image stores or passes on: stores of one family speak one protocol.
pub(crate) fn family(image: &str) -> Option<&'static str> {
    let name = on_docker_hub(image)?;
    match name {
        "redis" | "valkey/valkey" | "redis/redis-stack" | "redis/redis-stack-server" => Some("redis"),
        "rabbitmq" => Some("rabbitmq"),
        _ => match database(image)?.name {
            "PostgreSQL" => Some("postgres"),
            "MySQL" | "MariaDB" => Some("mysql"),
            "MongoDB" => Some("mongo"),
            _ => None,
        },
    }
}

/// The families that a URL of this scheme leads to: `postgresql`.
pub(crate) fn families_of_scheme(scheme: &str) -> Option<&'static [&'static str]> {
    Some(match scheme {
        "postgres" | "postgresql" => &["postgres"],
        "mysql" | "mysql2" | "mariadb" => &["mysql"],
        "mongodb" => &["mongo"],
        "redis" | "rediss" | "valkey" => &["redis"],
        "amqp" | "amqps" => &["rabbitmq"],
        _ => return None,
    })
}

/// The families that the first word of a variable is about: `DB` of `DB_HOST`.
pub(crate) fn families_of_word(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "DB" | "DATABASE" => &["postgres", "mysql"],
        "POSTGRES" | "POSTGRESQL" | "PG" => &["postgres"],
        "MYSQL" | "MARIADB" => &["mysql"],
        "MONGO" | "MONGODB" => &["mongo"],
        "REDIS" | "VALKEY" => &["redis"],
        "RABBITMQ" | "AMQP" => &["rabbitmq"],
        _ => return None,
    })
}

/// The port on which a store of this family listens in its container.
pub(crate) fn port(family: &str) -> Option<&'static str> {
    Some(match family {
        "postgres" => "5432",
        "mysql" => "3306",
        "mongo" => "27017",
        "redis" => "6379",
        _ => return None,
    })
}

/// Who may use a store that its image sets up with these settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody: there is no password.
    Everybody,
    /// Whoever has read the settings, which hold the password.
    Readers,
    /// Not known, because the password comes from elsewhere.
    Unknown,
}

/// Who may use a store of this family. `value` gives a variable's value, of which a variable without a default stays as it is
/// written. Redis of Docker Hub has no protected mode: <https://hub.docker.com/_/redis>, "Security".
pub(crate) fn access<'v>(family: &str, command: &str, value: &dyn Fn(&str) -> Option<&'v str>) -> Access {
    let holds = |names: &[&str]| {
        let values: Vec<&str> = names.iter().filter_map(|name| value(name)).collect();
        match values.is_empty() {
            true => None,
            false if values.iter().any(|value| value.is_empty() || value.contains('$')) => {
                Some(Access::Unknown)
            }
            false => Some(Access::Readers),
        }
    };
    let is_set = |name: &str| value(name).is_some_and(|value| !value.is_empty() && value != "no");
    match family {
        "postgres" if value("POSTGRES_HOST_AUTH_METHOD") == Some("trust") => Access::Everybody,
        "postgres" => holds(&["POSTGRES_PASSWORD"]).unwrap_or(Access::Unknown),
        "mysql" if is_set("MYSQL_ALLOW_EMPTY_PASSWORD") => Access::Everybody,
        "mysql" => holds(&["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"]).unwrap_or(Access::Unknown),
        "mongo" if command.contains("--auth") || command.contains("--config") => Access::Unknown,
        "mongo" => holds(&["MONGO_INITDB_ROOT_PASSWORD"]).unwrap_or(Access::Everybody),
        "redis" => {
            let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
            match words.clone().any(|word| word.ends_with(".conf") || word.contains("aclfile")) {
                true => Access::Unknown,
                false => match words.position(|word| word == "--requirepass").and_then(|_| words.next()) {
                    Some(password) if !password.contains('$') => Access::Readers,
                    Some(_) => Access::Unknown,
                    None if command.contains("requirepass") => Access::Unknown,
                    None => Access::Everybody,
                },
            }
        }
        _ => Access::Unknown,
    }
}

/// True if the image, given this command, runs the server, and not a client or a job.
pub(crate) fn starts_server(database: &Database, command: Option<&str>) -> bool {
    let first = command.and_then(|command| command.split_whitespace().next());
    let name = |word: &str| database.servers.iter().any(|server| word.rsplit('/').next() == Some(server));
    let server = |word: &str| word.starts_with('-') || name(word);
    first.is_none_or(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_whole_name() {
        for (image, name) in [
            ("postgres", Some("PostgreSQL")),
            ("postgres:16-alpine@sha256:0", Some("PostgreSQL")),
            ("docker.io/library/postgres:16", Some("PostgreSQL")),
            ("pgvector/pgvector:pg16", Some("PostgreSQL")),
            ("bitnami/postgresql:16", None),
            ("registry.example.com/postgres:16", None),
            ("registry:5000/postgres:16", None),
            ("${REGISTRY}/postgres", None),
            ("${IMAGE}", None),
        ] {
            assert_eq!(database(image).map(|database| database.name), name, "{image}");
        }
        assert_eq!(has_health_check("redis:7"), Some(false));
        assert_eq!(has_health_check("grafana/grafana"), None);
        assert!(ends_at_once("python:3.12-slim") && !ends_at_once("nginx:1.27"));
    }
}
