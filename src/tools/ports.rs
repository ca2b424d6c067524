//! The ports on which the servers of packages listen once they are installed, by the settings that Debian's packages bring.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Deed, Effect, Resource};

/// A server that a package brings and starts.
pub(crate) struct Listening {
    /// The package.
    package: &'static str,
    /// Its name, for people.
    pub(crate) name: &'static str,
    /// The port.
    pub(crate) port: u16,
    /// Its unit.
    unit: &'static str,
    /// The file that says where it listens.
    settings: &'static str,
}

const LISTENING: &[Listening] = &[
    Listening {
        package: "apache2",
        name: "Apache",
        port: 80,
        unit: "apache2",
        settings: "/etc/apache2/ports.conf",
    },
    Listening {
        package: "mariadb-server",
        name: "MariaDB",
        port: 3306,
        unit: "mariadb",
        settings: "/etc/mysql/mariadb.conf.d/50-server.cnf",
    },
    Listening {
        package: "mysql-server",
        name: "MySQL",
        port: 3306,
        unit: "mysql",
        settings: "/etc/mysql/mysql.conf.d/mysqld.cnf",
    },
    Listening {
        package: "nginx",
        name: "nginx",
        port: 80,
        unit: "nginx",
        settings: "/etc/nginx/sites-enabled/default",
    },
    Listening {
        package: "postgresql",
        name: "PostgreSQL",
        port: 5432,
        unit: "postgresql",
        settings: "postgresql.conf",
    },
    Listening {
        package: "redis-server",
        name: "Redis",
        port: 6379,
        unit: "redis-server",
        settings: "/etc/redis/redis.conf",
    },
];

/// The server that an effect installs with its package.
pub(crate) fn installed(effect: &Effect) -> Option<&'static Listening> {
    let Resource::Package(name) = &effect.resource else { return None };
    let name = name.as_literal().filter(|_| matches!(effect.change, Change::Create(_)))?;
    LISTENING.iter().find(|server| server.package == name)
}

impl Listening {
    /// The file that says where it listens, or the end of its name.
    pub(crate) fn is_settings(&self, path: &Value) -> bool {
        path.known_suffix().ends_with(self.settings)
            || self.name == "nginx" && path.known_prefix() == "/etc/nginx/nginx.conf"
    }

    /// True if the command stops the server, keeps it from starting, or removes it.
    pub(crate) fn is_ended_by(&self, argv: &Argv, deed: &Deed) -> bool {
        let is_unit = |name: &str| name.trim_end_matches(".service") == self.unit;
        let is_named = || argv.args.iter().any(|arg| arg.value.as_literal().is_some_and(is_unit));
        argv.has_any(&["disable", "mask"]) && is_named()
            || deed.effects.iter().any(|effect| {
                let name = effect.resource.name().known_prefix();
                match (&effect.resource, &effect.change) {
                    (Resource::Unit(_), Change::Stop | Change::Remove) => is_unit(name),
                    (Resource::Package(_), Change::Remove) => name.starts_with(self.unit),
                    _ => false,
                }
            })
    }
}
