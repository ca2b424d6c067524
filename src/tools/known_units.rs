//! The units that a server has without a deploy of an app. This is only data; nothing here knows commands.

/// Units that every server has, or that come with software which is installed in other ways than by a package of its name.
const KNOWN: &[&str] = &[
    "ssh", "sshd", "cron", "crond", "docker", "containerd", "ufw", "firewalld", "fail2ban", "snapd",
    "rsyslog", "dbus", "getty", "chrony", "chronyd", "ntp", "ntpd", "ntpsec", "NetworkManager", "networking",
    "supervisor", "supervisord", "apparmor", "netfilter-persistent", "avahi-daemon", "bluetooth", "cups",
    "polkit", "postfix", "unattended-upgrades", "certbot", "mysql", "mysqld", "mariadb", "php-fpm",
    "cloudflared", "tailscaled", "nftables", "iptables", "logrotate", "user", "rabbitmq-server", "rc-local",
    "amazon-ssm-agent", "autofs", "cloud-init", "local-fs", "nss-lookup", "time-sync", "remote-fs",
    "multi-user", "graphical", "default",
];

/// Software whose units have a version or an instance after the name.
const FAMILIES: [&str; 7] = ["postgresql", "redis", "mongo", "nginx", "apache2", "httpd", "caddy"];

/// True for a unit that is there without the deploy, by its name without `.service`.
pub(crate) fn is_there_already(stem: &str) -> bool {
    KNOWN.contains(&stem)
        || ["systemd-", "php", "snap.", "network"].iter().any(|start| stem.starts_with(start))
        || FAMILIES.iter().any(|family| stem.starts_with(family))
}

/// True for a service that knows nothing about the app and runs the same for any app.
pub(crate) fn is_foreign(unit: &str) -> bool {
    const FOREIGN: [&str; 16] = [
        "postgresql", "redis", "redis-server", "mysql", "mysqld", "mariadb", "mongod", "mongodb",
        "rabbitmq-server", "docker", "containerd", "cron", "crond", "ssh", "sshd", "fail2ban",
    ];
    let name = unit.trim_end_matches(".service");
    FOREIGN.contains(&name) || name.starts_with("postgresql") || name.starts_with("systemd-")
}

/// True for a web server in front of the app, or a database behind it.
pub(crate) fn is_beside_the_app(unit: &str) -> bool {
    const BESIDE: [&str; 6] = ["nginx", "apache2", "caddy", "postgresql", "redis-server", "redis"];
    BESIDE.contains(&unit.trim_end_matches(".service"))
}

/// Words for things that have to run as root, or that maintain the machine and not the app: containers, networks,
/// certificates, backups.
const OF_ROOT: [&str; 24] = [
    "docker", "podman", "compose", "nginx", "caddy", "haproxy", "ufw", "iptables", "nft", "firewall",
    "wg-quick", "wireguard", "vpn", "tunnel", "cloudflared", "tailscale", "certbot", "renew", "backup",
    "systemctl", "fail2ban", "watchdog", "updater", "monitor",
];

/// True if a unit's command or description, in lower case, says that it has to run as root.
pub(crate) fn keeps_the_machine(text: &str) -> bool {
    OF_ROOT.iter().any(|word| text.contains(word))
}
