//! The accounts that a server has without anybody creating them. This is only data; nothing here knows commands.

/// The accounts of every Debian and Ubuntu (base-passwd 3.6, `passwd.master`), and of every Fedora and its relatives
/// (setup).
const BASE: &[&str] = &[
    "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy",
    "www-data", "backup", "list", "irc", "gnats", "_apt", "nobody", "adm", "shutdown", "halt", "operator",
    "ftp", "sshd", "messagebus", "syslog", "dbus", "polkitd", "systemd-network", "systemd-resolve",
    "systemd-timesync", "systemd-coredump", "uuidd",
];

/// The logins of images for clouds and boards.
const LOGINS: &[&str] = &[
    "ubuntu", "ec2-user", "admin", "debian", "vagrant", "pi", "azureuser", "opc", "centos", "fedora",
    "rocky", "almalinux", "core", "alpine", "cloud-user", "cloud", "user", "oracle", "arch", "dietpi",
    "orangepi", "jetson", "odroid", "runner", "codespace", "vscode", "node", "bitnami", "runcloud", "forge",
    "ploi", "dokku", "plesk", "www",
];

/// Accounts that packages create by their own scripts, in Debian and in the vendors' packages. The packages of gunicorn,
/// supervisor, php-fpm, docker and MariaDB create none with their own name (looked into for Debian 12).
const OF_PACKAGES: &[&str] = &[
    "postgres", "redis", "valkey", "mysql", "mongodb", "mongod", "rabbitmq", "nginx", "apache", "caddy",
    "haproxy", "memcache", "memcached", "elasticsearch", "opensearch", "kibana", "logstash", "grafana",
    "loki", "promtail", "alloy", "prometheus", "influxdb", "telegraf", "jenkins", "gitlab-runner", "gitea",
    "forgejo", "git", "tomcat", "zookeeper", "kafka", "cassandra", "neo4j", "vault", "consul", "nomad",
    "netdata", "zabbix", "odoo", "tor", "debian-tor", "mosquitto", "postfix", "dovecot", "dovenull",
    "opendkim", "bind", "named", "unbound", "ntp", "ntpsec", "chrony", "_chrony", "turnserver", "ollama",
    "asterisk", "freeswitch", "clickhouse", "couchdb", "varnish", "squid", "traefik", "meilisearch",
    "typesense", "minio-user", "qdrant", "openldap", "icecast2", "transmission", "debian-transmission",
    "jellyfin", "plex", "homeassistant", "tailscale", "_lxd", "libvirt-qemu", "fwupd-refresh", "landscape",
    "clamav", "saned", "uwsgi", "prosody", "matrix-synapse", "etcd", "bird", "frr",
];

/// True for an account that a server has without the script, or that comes with a package. It does not matter
/// whether the package is installed: a database may have been set up by hand.
pub(crate) fn comes_by_itself(name: &str) -> bool {
    [BASE, LOGINS, OF_PACKAGES].iter().any(|list| list.contains(&name)) || name.starts_with("systemd-")
}

/// True for an account that people log in with on images for clouds and boards, and that may call sudo there.
pub(crate) fn logs_in(name: &str) -> bool {
    LOGINS.contains(&name)
}

/// Groups of every Debian and Ubuntu that no account has as its own (base-passwd 3.6, `group.master`).
const BASE_GROUPS: &[&str] = &[
    "tty", "disk", "kmem", "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip",
    "operator", "src", "shadow", "utmp", "video", "sasl", "plugdev", "staff", "users", "nogroup", "wheel",
    "crontab", "netdev", "lxd", "systemd-journal", "input", "render", "kvm",
];

/// True for the account of a machine that Vagrant makes.
pub(crate) fn is_of_a_box(account: &str) -> bool {
    account == "vagrant"
}

/// True for an account that a new server has before any package is installed on it.
pub(crate) fn is_on_a_new_server(name: &str) -> bool {
    [BASE, LOGINS].iter().any(|list| list.contains(&name)) || name.starts_with("systemd-")
}

/// True for a group that a new server has before any package is installed on it.
pub(crate) fn is_group_on_a_new_server(name: &str) -> bool {
    BASE_GROUPS.contains(&name) || is_on_a_new_server(name)
}

/// True if a line of any text names a command that creates accounts: useradd(8), adduser(8), systemd-sysusers(8).
pub(crate) fn names_account_command(line: &str) -> bool {
    ["useradd", "adduser", "sysusers"].iter().any(|command| line.contains(command))
}

#[test]
fn an_account_comes_with_a_package_or_not() {
    for name in ["postgres", "redis", "www-data", "ubuntu", "systemd-network", "dovenull"] {
        assert!(comes_by_itself(name), "{name}");
    }
    for name in ["gunicorn", "supervisor", "docker", "mariadb", "vmail", "shop"] {
        assert!(!comes_by_itself(name), "{name}");
    }
}
