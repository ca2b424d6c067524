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

/// Names that people give to a service of Debian's and Ubuntu's packages, the package, and the name that its unit has:
/// <https://www.mongodb.com/docs/manual/tutorial/install-mongodb-on-ubuntu/>, `dpkg -L` of the others.
const MISNAMED: [(&str, &str, &str); 4] = [
    ("mongodb", "mongodb-org", "mongod"),
    ("postgres", "postgresql", "postgresql"),
    ("httpd", "apache2", "apache2"),
    ("supervisord", "supervisor", "supervisor"),
];

/// The package whose service is meant by a name that its unit does not have, and the name that it has, without `.service`.
pub(crate) fn misnamed(stem: &str) -> Option<(&'static str, &'static str)> {
    MISNAMED.iter().find(|(wrong, ..)| *wrong == stem).map(|(_, package, own)| (*package, *own))
}

/// True for a unit that a new server has before any package is installed on it, by its name without `.service`.
pub(crate) fn is_unit_on_a_new_server(stem: &str) -> bool {
    const BASE: [&str; 9] =
        ["ssh", "sshd", "cron", "crond", "dbus", "rsyslog", "ufw", "snapd", "unattended-upgrades"];
    BASE.contains(&stem) || is_there_already(stem) && crate::tools::supplies::needed_for_unit(stem).is_none()
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

/// True for a unit that others can use only once it is started: a database, a queue, Docker, the network.
pub(crate) fn answers_when_started(unit: &str) -> bool {
    const OTHERS: [&str; 6] =
        ["valkey-server", "memcached", "podman", "mosquitto", "nats-server", "elasticsearch"];
    let name = unit.trim_end_matches(".service");
    let is_daemon = is_foreign(unit) && !matches!(name, "cron" | "crond" | "ssh" | "sshd" | "fail2ban");
    unit == "network-online.target" || is_daemon && !name.starts_with("systemd-") || OTHERS.contains(&name)
}

/// The socket at which systemd itself listens for a service, by the service's name without `.service`.
pub(crate) fn listens_for(stem: &str) -> Option<&'static str> {
    match stem {
        "docker" => Some("docker.socket"),
        "podman" => Some("podman.socket"),
        _ => None,
    }
}

/// True if a unit's name says that its work ends: a migration, a backup, what is done once at boot.
pub(crate) fn ends_by_itself(unit: &str) -> bool {
    const JOBS: [&str; 27] = [
        "alert", "backup", "boot", "bootstrap", "build", "check", "clean", "cleanup", "deploy", "export",
        "first", "import", "init", "install", "job", "migrate", "migrations", "notify", "once", "prune",
        "report", "restore", "run", "seed", "setup", "task", "warmup",
    ];
    let mut words = unit.trim_end_matches(".service").split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| JOBS.contains(&word.to_ascii_lowercase().as_str()))
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

/// Targets of the system's manager: systemd.special(7), and those that packages of a usual server bring.
pub(crate) const SYSTEM_TARGETS: &[&str] = &[
    "basic.target",
    "bluetooth.target",
    "boot-complete.target",
    "cloud-config.target",
    "cloud-init.target",
    "ctrl-alt-del.target",
    "cryptsetup.target",
    "default.target",
    "emergency.target",
    "final.target",
    "first-boot-complete.target",
    "getty.target",
    "graphical.target",
    "halt.target",
    "hibernate.target",
    "hybrid-sleep.target",
    "initrd.target",
    "integritysetup.target",
    "kexec.target",
    "local-fs.target",
    "local-fs-pre.target",
    "machines.target",
    "multi-user.target",
    "network.target",
    "network-online.target",
    "network-pre.target",
    "nfs-client.target",
    "nss-lookup.target",
    "nss-user-lookup.target",
    "paths.target",
    "poweroff.target",
    "printer.target",
    "reboot.target",
    "remote-cryptsetup.target",
    "remote-fs.target",
    "remote-fs-pre.target",
    "rescue.target",
    "rpcbind.target",
    "shutdown.target",
    "sigpwr.target",
    "sleep.target",
    "slices.target",
    "smartcard.target",
    "sockets.target",
    "soft-reboot.target",
    "sound.target",
    "suspend.target",
    "suspend-then-hibernate.target",
    "swap.target",
    "sysinit.target",
    "system-update.target",
    "system-update-pre.target",
    "time-set.target",
    "time-sync.target",
    "timers.target",
    "tpm2.target",
    "umount.target",
    "usb-gadget.target",
    "veritysetup.target",
];

/// Targets of a user's manager: systemd.special(7), UNITS MANAGED BY THE USER SERVICE MANAGER.
pub(crate) const USER_TARGETS: &[&str] = &[
    "basic.target", "bluetooth.target", "default.target", "exit.target", "graphical-session.target",
    "graphical-session-pre.target", "paths.target", "printer.target", "shutdown.target", "smartcard.target",
    "sockets.target", "sound.target", "timers.target", "xdg-desktop-autostart.target",
];
