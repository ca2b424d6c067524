//! What a new server of Debian or Ubuntu has, and which accounts and directories a command needs to find there.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::accounts::{USERADD, USERMOD};
use crate::tools::inputs::needs_its_directory;
use crate::tools::known_accounts::is_on_a_new_server;
use crate::tools::place::is_own_place;

/// Names in `/etc` of the base system of Debian and of Ubuntu Server.
const ETC: &[&str] = &[
    "NetworkManager", "PackageKit", "X11", "adduser.conf", "alternatives", "apparmor", "apparmor.d",
    "apport", "apt", "bash.bashrc", "bash_completion", "bash_completion.d", "binfmt.d", "ca-certificates",
    "ca-certificates.conf", "chrony", "cloud", "console-setup", "cron.d", "cron.daily", "cron.hourly",
    "cron.monthly", "cron.weekly", "crontab", "crypttab", "dbus-1", "debconf.conf", "debian_version",
    "default", "deluser.conf", "depmod.d", "dhcp", "dpkg", "environment", "environment.d", "fonts", "fstab",
    "fuse.conf", "gai.conf", "group", "grub.d", "gshadow", "hdparm.conf", "host.conf", "hostname", "hosts",
    "hosts.allow", "hosts.deny", "init.d", "initramfs-tools", "inputrc", "iproute2", "iscsi", "issue",
    "issue.net", "kernel", "landscape", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ldap", "libaudit.conf",
    "locale.alias", "locale.conf", "locale.gen", "localtime", "logcheck", "login.defs", "logrotate.conf",
    "logrotate.d", "lsb-release", "lvm", "machine-id", "magic", "mime.types", "modprobe.d", "modules",
    "modules-load.d", "motd", "mtab", "multipath", "nanorc", "needrestart", "netplan", "network",
    "networkd-dispatcher", "networks", "newt", "nftables.conf", "nsswitch.conf", "opt", "os-release",
    "overlayroot.conf", "pam.conf", "pam.d", "passwd", "perl", "pki", "plymouth", "polkit-1", "pollinate",
    "profile", "profile.d", "protocols", "python3", "python3.10", "python3.11", "python3.12", "python3.13",
    "resolv.conf", "rmt", "rpc", "rsyslog.conf", "rsyslog.d", "screenrc", "security", "selinux", "services",
    "shadow", "shells", "skel", "snmp", "sos", "ssh", "ssl", "subgid", "subuid", "sudo.conf", "sudoers",
    "sudoers.d", "supercat", "sysctl.conf", "sysctl.d", "sysstat", "systemd", "terminfo", "thermald",
    "timezone", "tmpfiles.d", "ubuntu-advantage", "ucf.conf", "udev", "udisks2", "ufw", "update-manager",
    "update-motd.d", "update-notifier", "usb_modeswitch.d", "vconsole.conf", "vim", "vmware-tools", "vtrgb",
    "wgetrc", "xattr.conf", "xdg",
];

/// Names in `/var/lib` and `/var/log` of the same systems.
const VAR: &[&str] = &[
    "AccountsService", "PackageKit", "NetworkManager", "apport", "apt", "aspell", "auth", "boot", "btmp",
    "chrony", "cloud", "command-not-found", "dbus", "debug", "dhcp", "dist-upgrade", "dmesg", "dpkg",
    "faillog", "fwupd", "git", "grub", "initramfs-tools", "installer", "journal", "landscape", "lastlog",
    "logrotate", "machines", "man-db", "messages", "misc", "os-prober", "pam", "plymouth", "polkit-1",
    "portables", "private", "python", "secure", "shells", "snapd", "sudo", "swcatalog", "syslog", "sysstat",
    "systemd", "tpm", "ubuntu-advantage", "ubuntu-drivers-common", "ubuntu-release-upgrader", "ucf",
    "udisks2", "unattended-upgrades", "update-manager", "update-notifier", "usb_modeswitch", "usbutils",
    "vim", "vmware", "wtmp", "xml-core", "dkms",
];

/// True for a path that a new server does not have. `bare` is false if packages have been installed, which may bring
/// anything outside of the places that they leave to people: hier(7), and the Debian policy, 9.1.
pub(crate) fn is_absent_from_a_new_server(path: &Value, bare: bool) -> bool {
    let Some(text) = path.as_literal() else { return false };
    let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
    match parts[..] {
        ["opt" | "srv" | "mnt" | "tmp", _, ..] => true,
        ["usr", "local", "bin" | "sbin" | "etc" | "src" | "lib" | "share", _, ..] => true,
        ["var", "www", _, ..] => bare || parts[2] != "html",
        ["etc", "cron.d", _] | ["etc", "systemd", "system", _] => bare && is_own_place(path),
        ["etc", top, ..] => bare && !ETC.contains(&top),
        ["home", user, ..] => !is_on_a_new_server(user),
        // What is deeper lies in a directory that only a package or a person makes.
        ["var", "log" | "backups" | "lib", top, ..]
            if parts.len() > 3 || !VAR.contains(&top) && !top.contains('.') =>
        {
            let is_of_the_system =
                ["apt", "dpkg", "systemd", "cloud", "journal", "private", "installer", "snapd"];
            bare && !is_of_the_system.contains(&top)
        }
        _ => false,
    }
}

/// True if the command makes things only in directories that are there: with a missing one it fails.
pub(crate) fn needs_the_directory(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "mkdir" => !argv.options("p|parents m|mode: v|verbose Z context?").has("p"),
        "tar" => argv.options("c|create x z j J v p a f|file: C: exclude:").has("c"),
        "dd" | "truncate" | "mkfifo" => true,
        _ => needs_its_directory(argv),
    }
}

/// True if the command makes the directories above what it makes: git-clone(1), mkdir(1) with `-p`, install(1) with `-D`.
pub(crate) fn makes_the_directories_above(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "git" => argv.has_word("clone"),
        "mkdir" | "install" => !needs_the_directory(argv),
        _ => false,
    }
}

/// The accounts and the groups that a command needs besides those that its effects name.
pub(crate) fn named_accounts(argv: &Argv) -> (Vec<Value>, Vec<Value>) {
    let list = |value: &Value| -> Vec<Value> {
        value.key().split(',').map(|one| Value::from_key(one, value)).collect()
    };
    let operand = |spec: &'static str, index: usize| {
        argv.options(spec).operands.get(index).map(|arg| arg.value.clone()).into_iter().collect::<Vec<_>>()
    };
    match argv.name.as_str() {
        "useradd" | "usermod" => {
            let options = argv.options(if argv.name == "useradd" { USERADD } else { USERMOD });
            let groups = ["g", "G"].iter().filter_map(|name| options.value(name)).flat_map(list).collect();
            (Vec::new(), groups)
        }
        "gpasswd" => {
            let options = argv.options("a|add: d|delete: M|members: A|administrators: r R Q:");
            (options.value("a").cloned().into_iter().collect(), Vec::new())
        }
        "adduser" | "addgroup" if argv.args.len() == 2 && !argv.args.iter().any(|arg| arg.is_option()) => {
            (operand("", 0), Vec::new())
        }
        "newgrp" => (Vec::new(), operand("", 0)),
        "chsh" | "chfn" => (operand("s|shell: f: r: w: h: o: u", 0), Vec::new()),
        // crontab(1): `-u` names an account.
        "crontab" => (argv.options("u: l r e i").value("u").cloned().into_iter().collect(), Vec::new()),
        _ => (Vec::new(), Vec::new()),
    }
}

#[test]
fn a_new_server_lacks_what_people_and_packages_bring() {
    let lacks = |path: &str, bare| is_absent_from_a_new_server(&Value::literal(path), bare);
    for path in
        ["/opt/shop", "/srv/shop/a", "/etc/shop/shop.env", "/etc/nginx/nginx.conf", "/var/log/shop/a.log"]
    {
        assert!(lacks(path, true), "{path}");
    }
    for path in
        ["/opt", "/etc/ssh/sshd_config", "/etc/hosts", "/var/log/syslog", "/usr/bin/env", "/root/.ssh/a"]
    {
        assert!(!lacks(path, true), "{path}");
    }
    assert!(lacks("/opt/shop", false) && !lacks("/etc/nginx/nginx.conf", false));
}

#[test]
fn accounts_are_named() {
    let named = |line: &str| {
        let (accounts, groups) = named_accounts(&crate::shell::argv::tests::argv(line));
        let words = |values: Vec<Value>| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (words(accounts), words(groups))
    };
    let says = |accounts: &str, groups: &str| (accounts.to_owned(), groups.to_owned());
    assert_eq!(named("useradd -r -g web -G docker,adm app"), says("", "web docker adm"));
    assert_eq!(named("usermod -aG docker app"), says("", "docker"));
    assert_eq!(named("gpasswd -a app docker"), says("app", ""));
    assert_eq!(named("adduser app docker"), says("app", ""));
    assert_eq!(named("crontab -u app -"), says("app", ""));
}
