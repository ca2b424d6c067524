//! Where a command works, where its program is found and which server it asks, as far as its own words say.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::is_shell;

/// The directory that an option names (`npm --prefix`, `make -C`, `composer --working-dir`), otherwise the working
/// directory.
pub(crate) fn works_in(argv: &Argv) -> Value {
    let options = argv.options("prefix: C: cwd: dir: working-dir|d: directory:");
    let directory =
        ["prefix", "C", "cwd", "dir", "working-dir", "directory"].iter().find_map(|name| options.value(name));
    match directory {
        Some(directory) => directory.resolve(&argv.cwd),
        None => argv.cwd.clone(),
    }
}

/// True if an option stands where the program should: what comes before it is lost.
pub(crate) fn begins_with_option(argv: &Argv) -> bool {
    argv.name.starts_with('-')
}

/// True for a command whose program is known, or a shell.
pub(crate) fn runs_known(argv: &Argv) -> bool {
    is_shell(&argv.name) || crate::tools::deed(argv).known
}

/// True if the command puts a new file in the place of the one that it changes: sed(1), perlrun(1).
pub(crate) fn renames(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "sed" | "perl")
}

/// True if the command asks a remote server, which may not answer.
pub(crate) fn asks_another_server(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "curl" | "wget" | "certbot")
}

/// True if the command changes an account or a file that exists already, and creates nothing new.
pub(crate) fn changes_what_is_there(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "usermod" | "gpasswd" | "chpasswd" | "mkswap")
}

/// True if sudo(8), which sets a PATH of its own, finds the same program: it is called by its path, or it is a system
/// package and no environment brings it.
pub(crate) fn is_found_by_sudo(argv: &Argv) -> bool {
    let program = argv.program.value.as_literal().unwrap_or_default();
    program.contains('/') || matches!(program, "npm" | "npx" | "yarn" | "pnpm" | "composer" | "bundle")
}

/// True if a text works on another machine, or sends something there.
pub(crate) fn speaks_of_hosts(text: &str) -> bool {
    text.contains("ssh") || text.contains("rsync")
}

/// True for a directory where systemd looks for a program without a path: systemd.service(5), COMMAND LINES, and what
/// `systemd-path search-binaries-default` prints with systemd 255 of Debian and its relatives. snapd adds its own.
pub(crate) fn is_searched_by_systemd(directory: &str) -> bool {
    [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games",
        "/usr/local/games", "/snap/bin",
    ]
    .contains(&directory.trim_end_matches('/'))
}

/// Directories that every server has, that belong to root and that only root may write to: hier(7), and the layout of
/// Debian's base-files.
pub(crate) const OF_ROOT: [&str; 18] = [
    "/", "/etc", "/etc/nginx", "/etc/systemd/system", "/home", "/mnt", "/opt", "/root", "/run", "/srv",
    "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var", "/var/lib", "/var/log", "/var/www",
];

/// True for a directory of every server, which contains many things.
pub(crate) fn is_on_every_server(path: &str) -> bool {
    OF_ROOT.contains(&path) || matches!(path, "/tmp" | "/var/backups" | "/var/cache" | "/var/tmp")
}

/// Files of Debian's base system in `/etc`.
const OF_THE_BASE: [&str; 14] = [
    "bash.bashrc", "crontab", "environment", "fstab", "group", "hostname", "hosts", "issue", "motd",
    "passwd", "profile", "resolv.conf", "sudoers", "sysctl.conf",
];

/// True for a place where each program's settings are a file of their own, that people or a package put there.
pub(crate) fn is_dropped_in(path: &Value) -> bool {
    const PLACES: [&str; 4] =
        ["/etc/cron.d", "/etc/nginx/conf.d", "/etc/nginx/sites-available", "/etc/systemd/system"];
    path.dirname().as_literal().is_some_and(|place| PLACES.contains(&place))
}

/// True for a path where no package of the system has a file of its own.
pub(crate) fn is_own_place(path: &Value) -> bool {
    const PLACES: [&str; 11] = [
        "/etc", "/etc/cron.d", "/etc/default", "/etc/nginx/conf.d", "/etc/nginx/sites-available",
        "/etc/systemd/system", "/opt", "/srv", "/usr/local/bin", "/var/lib", "/var/www",
    ];
    let name = path.basename();
    let name = name.as_literal().unwrap_or_default();
    let place = path.dirname();
    place.as_literal().is_some_and(|place| PLACES.contains(&place))
        && !OF_THE_BASE.contains(&name)
        && name != "default"
}
