//! Software that a system package brings together with a unit of its own. Facts: the packages of Debian and
//! Ubuntu, and if they lack one, the vendor's own; images of Docker Hub.

use crate::project::compose::Service;
use crate::project::services::essence::Role;
use crate::project::services::evidence::Side;
use crate::project::services::{Counterpart, Server, Strength};

struct Product {
    /// Names of images, and words in the names of services.
    images: &'static [&'static str],
    /// Packages; one that ends with `-` is a prefix (`postgresql-16`).
    packages: &'static [&'static str],
    /// Units.
    units: &'static [&'static str],
    /// True for a program that passes requests on, since one can replace the other.
    proxy: bool,
}

const fn product(
    images: &'static [&'static str],
    packages: &'static [&'static str],
    units: &'static [&'static str],
) -> Product {
    Product { images, packages, units, proxy: false }
}

const fn proxy(
    images: &'static [&'static str],
    packages: &'static [&'static str],
    units: &'static [&'static str],
) -> Product {
    Product { images, packages, units, proxy: true }
}

const PRODUCTS: &[Product] = &[
    product(
        &["postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "pgvector"],
        &["postgresql", "postgresql-", "postgresql16-server", "postgresql-server"],
        &["postgresql"],
    ),
    product(
        &["redis", "redis-stack", "redis-stack-server"],
        &["redis", "redis-server"],
        &["redis-server", "redis"],
    ),
    product(&["valkey"], &["valkey", "valkey-server"], &["valkey-server", "valkey"]),
    product(
        &["mysql", "mariadb", "percona", "mysql-server"],
        &["mysql-server", "mysql-server-", "mariadb-server", "mariadb-server-", "default-mysql-server"],
        &["mysql", "mysqld", "mariadb"],
    ),
    product(
        &["mongo", "mongodb", "mongodb-community-server"],
        &["mongodb-org", "mongodb", "mongodb-server", "mongodb-org-server"],
        &["mongod", "mongodb"],
    ),
    product(&["rabbitmq"], &["rabbitmq-server"], &["rabbitmq-server"]),
    product(&["memcached"], &["memcached"], &["memcached"]),
    product(&["elasticsearch"], &["elasticsearch"], &["elasticsearch"]),
    product(&["opensearch"], &["opensearch"], &["opensearch"]),
    product(&["meilisearch"], &["meilisearch"], &["meilisearch"]),
    product(&["minio"], &["minio"], &["minio"]),
    product(
        &["grafana", "grafana-oss", "grafana-enterprise"],
        &["grafana", "grafana-enterprise"],
        &["grafana-server"],
    ),
    product(&["prometheus"], &["prometheus"], &["prometheus"]),
    product(&["influxdb"], &["influxdb", "influxdb2"], &["influxdb"]),
    product(&["clickhouse", "clickhouse-server"], &["clickhouse-server"], &["clickhouse-server"]),
    product(&["eclipse-mosquitto", "mosquitto"], &["mosquitto"], &["mosquitto"]),
    product(&["nats"], &["nats-server"], &["nats-server", "nats"]),
    product(&["pgbouncer"], &["pgbouncer"], &["pgbouncer"]),
    product(&["ollama"], &["ollama"], &["ollama"]),
    product(&["coturn"], &["coturn"], &["coturn"]),
    product(&["certbot"], &["certbot", "python3-certbot-"], &["certbot"]),
    proxy(
        &["nginx", "nginx-unprivileged", "openresty"],
        &["nginx", "nginx-full", "nginx-extras", "nginx-light", "nginx-core"],
        &["nginx"],
    ),
    proxy(&["caddy"], &["caddy"], &["caddy"]),
    proxy(&["traefik"], &["traefik"], &["traefik"]),
    proxy(&["haproxy"], &["haproxy"], &["haproxy"]),
    proxy(&["httpd", "apache", "apache2"], &["apache2", "httpd"], &["apache2", "httpd"]),
];

impl Product {
    fn installed(&self, server: &Server<'_>) -> Option<String> {
        let started = server.started.iter().find(|name| {
            let stem = name.strip_suffix(".service").unwrap_or(name);
            let stem = stem.split('@').next().unwrap_or(stem);
            self.units.contains(&stem)
        });
        if let Some(name) = started {
            return Some(format!("the deploy starts `{name}`"));
        }
        let package = server.packages.iter().find(|name| {
            let plain = name.split(['=', ':', '/']).next().unwrap_or(name);
            self.packages.iter().any(|known| match known.strip_suffix('-') {
                Some(start) => plain
                    .strip_prefix(start)
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(|rest| !rest.starts_with("client") && !rest.starts_with("common")),
                None => plain == *known,
            })
        });
        package.map(|name| format!("the package `{name}` brings its own unit"))
    }

    /// Why the project expects the product: a unit that wants it, or that starts after it, knows that it exists.
    fn expected(&self, server: &Server<'_>) -> Option<String> {
        server.units.iter().find_map(|info| {
            let keys = ["After", "Requires", "Wants", "BindsTo"];
            let mut units = keys.into_iter().flat_map(|key| info.unit.units_of(key));
            let known = |name: &str| self.units.contains(&name.strip_suffix(".service").unwrap_or(name));
            let (name, _) = units.find(|(name, _)| known(name))?;
            Some(format!("`{}` depends on `{name}`", info.name))
        })
    }

    fn unit(&self) -> Counterpart {
        Counterpart::System(self.units.first().copied().unwrap_or_default().to_owned())
    }
}

/// The units that come with a package, by the name of the image or the package: `postgresql` for `postgres`.
pub(crate) fn product_units(name: &str) -> &'static [&'static str] {
    let known = |p: &&Product| p.images.contains(&name) || p.packages.contains(&name);
    PRODUCTS.iter().find(known).map_or(&[], |p| p.units)
}

/// What does the work of the product that this unit comes with.
pub(super) fn of_unit(unit: &str, server: &Server<'_>) -> Option<(Counterpart, Strength, String)> {
    let product = PRODUCTS.iter().find(|p| p.units.first() == Some(&unit))?;
    let installed = product.installed(server).map(|reason| (product.unit(), Strength::Certain, reason));
    let expected = || product.expected(server).map(|reason| (product.unit(), Strength::Likely, reason));
    let other = || other_proxy(server, "another web server passes requests on").filter(|_| product.proxy);
    installed.or_else(expected).or_else(other)
}

/// The installed software that does the service's work.
pub(super) fn on_server(
    service: &Service,
    side: &Side,
    server: &Server<'_>,
) -> Option<(Counterpart, Strength, String)> {
    let image = service.image_name().unwrap_or_default();
    let by_image = PRODUCTS.iter().find(|p| p.images.contains(&image.as_str()));
    // A service that is built may be a product with its own configuration. Its name has to say so.
    let by_name = || {
        let names = |p: &&Product| p.images.iter().any(|n| side.name == *n);
        PRODUCTS.iter().find(names)
    };
    if let Some(product) = by_image.or_else(by_name) {
        if let Some(reason) = product.installed(server) {
            return Some((product.unit(), Strength::Certain, reason));
        }
        if let Some(reason) = product.expected(server) {
            return Some((product.unit(), Strength::Likely, reason));
        }
        if product.proxy {
            return other_proxy(server, "another web server passes requests on");
        }
        return None;
    }
    match side.role {
        Some(Role::Proxy) => other_proxy(server, "a web server passes requests on"),
        Some(Role::Frontend) => other_proxy(server, "a web server serves the built pages"),
        _ => None,
    }
}

fn other_proxy(server: &Server<'_>, reason: &str) -> Option<(Counterpart, Strength, String)> {
    let proxies = PRODUCTS.iter().filter(|p| p.proxy);
    let (product, installed) = proxies.filter_map(|p| Some((p, p.installed(server)?))).next()?;
    Some((product.unit(), Strength::Likely, format!("{reason}: {installed}")))
}
