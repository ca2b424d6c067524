//! The package lists of apt: what fetches them, and what a new server has without them. Sources: apt-get(8),
//! add-apt-repository(1), and the manifest of Ubuntu's server image (24.04).

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::calls::may_do_anything;
use crate::tools::draft::word;
use crate::tools::effect::Deed;

const OPTIONS: &str =
    "y|yes q|quiet? o|option: t|target-release: c|config-file: a|host-architecture: U|update";

/// Packages that Ubuntu's server image has. apt does not need its lists to see that they are there.
const PREINSTALLED: &[&str] = &[
    "adduser", "apt", "apt-transport-https", "apt-utils", "base-files", "bash", "bash-completion",
    "bsdmainutils", "bzip2", "ca-certificates", "coreutils", "cron", "curl", "debianutils", "dirmngr",
    "file", "findutils", "git", "gnupg", "gnupg2", "gpg", "grep", "gzip", "hostname", "htop", "iproute2",
    "iptables", "iputils-ping", "less", "locales", "logrotate", "lsb-release", "lsof", "man-db", "nano",
    "openssh-client", "openssh-server", "openssl", "passwd", "perl", "procps", "psmisc", "python3",
    "python3-apt", "rsync", "rsyslog", "screen", "sed", "software-properties-common", "sudo", "systemd",
    "tar", "tmux", "tzdata", "ubuntu-keyring", "ufw", "util-linux", "vim", "wget", "xz-utils",
];

/// True for a package that a new server has already.
pub(crate) fn is_preinstalled(package: &str) -> bool {
    PREINSTALLED.contains(&package)
}

/// Packages that the base systems of Debian and Ubuntu have, or that need nothing besides.
const ALONE: &[&str] = &[
    "adduser", "apt", "apt-transport-https", "base-files", "bash", "ca-certificates", "coreutils", "cron",
    "debianutils", "findutils", "grep", "gzip", "hostname", "iproute2", "less", "locales", "logrotate",
    "nano", "openssh-client", "openssl", "passwd", "procps", "sed", "sudo", "systemd", "tar", "tree",
    "tzdata", "unzip", "util-linux", "wget", "xz-utils",
];

/// True for a package that brings no other one. apt asks only before it installs more than what is named (its source,
/// `DoInstall`: "If we are to install something other than what was named, ask").
pub(crate) fn comes_alone(package: &str) -> bool {
    ALONE.contains(&package)
}

/// Whether a command of a package manager shows a Debian; `None` for any other command.
pub(crate) fn is_debians(argv: &Argv) -> Option<bool> {
    match argv.name.as_str() {
        "apt-get" | "apt" | "aptitude" | "dpkg" => Some(true),
        "dnf" | "yum" | "microdnf" | "zypper" | "apk" | "pacman" | "amazon-linux-extras" | "chkconfig" => {
            Some(false)
        }
        _ => None,
    }
}

/// True for a command of apt-get(8), apt(8) or aptitude(8).
pub(crate) fn is_apt(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "apt-get" | "apt" | "aptitude")
}

/// True if the command fetches the package lists. add-apt-repository does so by itself since Ubuntu 18.04.
pub(crate) fn fetches_lists(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "add-apt-repository" | "apt-add-repository" => {
            let options = argv.options("n|no-update");
            !options.has("n")
        }
        _ if is_apt(argv) => {
            let options = argv.options(OPTIONS);
            word(&options.operands, 0) == "update" || options.has("U")
        }
        _ => false,
    }
}

/// True if the command may fetch the package lists, because not all is known of what it runs: a script, a runner, a
/// function of another file that is given the command as words (`retry apt-get update`).
pub(crate) fn may_fetch_lists(argv: &Argv, deed: &Deed) -> bool {
    if deed.known || is_apt(argv) {
        return false;
    }
    if matches!(argv.name.as_str(), "." | "source") {
        // What only sets variables fetches nothing.
        let settings = [".env", "/activate", "os-release", ".conf", "/profile", ".bashrc", ".profile"];
        let is_setting = |arg: &Arg| settings.iter().any(|end| arg.value.known_suffix().ends_with(end));
        return !argv.args.first().is_some_and(is_setting);
    }
    let names = |word: &str| argv.args.iter().any(|arg| arg.value.key().contains(word));
    may_do_anything(argv)
        || argv.name.contains("update")
        || argv.name.contains("apt")
        || names("apt") && names("update")
}

/// True if a command installs from the package lists, or reads them: another command of apt than `update` and those that
/// only remove.
pub(crate) fn may_use_lists(argv: &Argv) -> bool {
    const READERS: [&str; 8] = [
        "apt-cache", "apt-file", "apt-mark", "tasksel", "unattended-upgrade", "unattended-upgrades",
        "dselect", "do-release-upgrade",
    ];
    const OTHERS: [&str; 7] = ["update", "clean", "autoclean", "autoremove", "remove", "purge", "help"];
    let options = argv.options(OPTIONS);
    READERS.contains(&argv.name.as_str())
        || is_apt(argv) && (options.has("U") || !OTHERS.contains(&word(&options.operands, 0)))
}

/// True if a text installs packages from the lists in some place, or upgrades them.
pub(crate) fn tells_to_use_lists(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let after = ["apt", "aptitude"].iter().find_map(|name| line.find(name).map(|at| &line[at..]));
        !line.starts_with('#')
            && after.is_some_and(|after| {
                ["install", "upgrade", "build-dep", "list", "$"].iter().any(|word| after.contains(word))
            })
    })
}

/// True for a file that tells apt where packages come from.
pub(crate) fn is_source(path: &Value) -> bool {
    path.known_prefix().starts_with("/etc/apt/sources.list")
}

/// True if a text tells people, or a shell, to fetch the package lists.
pub(crate) fn tells_to_fetch_lists(text: &str) -> bool {
    [
        "apt-get update", "apt update", "aptitude update", "apt-get -y update", "apt-get -qq update",
        "package_update",
    ]
    .iter()
    .any(|line| text.contains(line))
}

#[test]
fn lists_are_fetched_or_not() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("apt-get update", true),
        ("apt -qq update", true),
        ("apt-get -o Acquire::Retries=3 update", true),
        ("apt-get install -y --update nginx", true),
        ("add-apt-repository -y ppa:x/y", true),
        ("add-apt-repository -n ppa:x/y", false),
        ("apt-get upgrade -y", false),
        ("apt-get install update-notifier", false),
        ("dnf update", false),
    ] {
        assert_eq!(fetches_lists(&argv(line)), expected, "{line}");
    }
    let may = |line: &str| {
        let argv = argv(line);
        may_fetch_lists(&argv, &crate::tools::deed(&argv))
    };
    for line in [
        "| bash -", "./bootstrap.sh", "retry apt-get update", "update_packages", "source lib.sh", "make deps",
    ] {
        assert!(may(line), "{line}");
    }
    for line in ["source /opt/shop/.env", ". /etc/os-release", "apt-get install nginx", "frobnicate now"] {
        assert!(!may(line), "{line}");
    }
}
