//! What the exit status of a command says, what any output of it says, and what a matching line of the output says: a fact
//! about a resource. `id -u app` succeeds if the account exists.
//!
//! Each family answers for its own programs. Nothing here knows how conditions are combined.

pub(crate) mod facts;

pub(crate) use facts::{Aspect, Fact, Piped, Says};

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::effect::{Change, Deed, Effect, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::thing::Thing;
use crate::tools::{
    accounts, catalogues, containers, cron, disks, files, firewall, git, keys, managers, packages, processes,
    services, system, testing, texts, web,
};

/// What the success of a command says, if that is about a resource.
pub(crate) fn succeeds(argv: &Argv) -> Option<Says> {
    match argv.name.as_str() {
        "true" | ":" | "echo" | "printf" => Some(Says::Always(true)),
        "false" => Some(Says::Always(false)),
        "test" | "[" => testing::succeeds(argv),
        // A `[` could begin a pattern.
        "" if argv.program.value.to_string() == "[" => testing::succeeds(argv),
        "id" | "groups" | "finger" | "lslogins" | "passwd" | "getent" | "chage" => accounts::succeeds(argv),
        "command" | "type" | "which" | "hash" | "dpkg" | "dpkg-query" | "rpm" | "snap" | "apk" | "pacman"
        | "brew" | "dnf" | "yum" | "npm" | "pip" | "gem" => packages::succeeds(argv),
        "cd" | "pushd" | "readlink" | "realpath" | "compgen" | "find" | "cat" | "stat" | "ls" => {
            files::succeeds(argv)
        }
        "grep" | "egrep" | "fgrep" | "rg" | "awk" | "gawk" | "mawk" => {
            texts::succeeds(argv).or_else(|| finds_in_text(argv))
        }
        "systemctl" | "service" | "supervisorctl" | "pgrep" | "pidof" => services::succeeds(argv),
        name if managers::is_pm2(name) => processes::succeeds(argv),
        name if containers::is_runtime(name) => containers::succeeds(argv),
        "psql" | "mysql" | "mariadb" | "sqlite3" | "mysqlshow" | "pg_isready" | "redis-cli"
        | "valkey-cli" | "mysqladmin" | "mariadb-admin" => catalogues::succeeds(argv),
        "git" => git::succeeds(argv),
        "swapon" | "mountpoint" | "findmnt" | "blkid" => disks::succeeds(argv),
        "iptables" | "ip6tables" | "nft" | "firewall-cmd" => firewall::succeeds(argv),
        "crontab" => cron::succeeds(argv),
        "openssl" | "ssh-keygen" => keys::succeeds(argv),
        "wp" => web::succeeds(argv),
        "ip" => system::succeeds(argv),
        _ => None,
    }
}

/// What any output of a command says, if that differs from what its success says: `find` succeeds if it finds nothing
/// (find(1)), and `sed -n '/x/p'` succeeds if it prints no line (sed(1)).
pub(crate) fn prints(argv: &Argv) -> Option<Says> {
    match argv.name.as_str() {
        "find" | "ls" | "readlink" => files::prints(argv),
        "sed" | "cat" | "head" | "tail" | "wc" => texts::prints(argv),
        "git" => git::prints(argv),
        name if managers::is_pm2(name) => processes::prints(argv),
        "lsblk" => disks::prints(argv),
        _ => None,
    }
}

/// What it says if the last command of a pipe succeeds or prints something: `psql … | grep -q 1`, `docker ps | grep web`,
/// `crontab -l | grep -q backup`.
pub(crate) fn piped(first: &Argv, last: &Argv) -> Option<Piped> {
    match last.name.as_str() {
        "grep" | "egrep" | "fgrep" => output_matches(first, &Pattern::of(last)?.0).map(Piped::Says),
        "wc" | "head" | "tail" | "cut" | "awk" | "tr" | "xargs" | "sed" => {
            Some(prints(first).map_or(Piped::AsFirst, Piped::Says))
        }
        _ => None,
    }
}

/// What a matching line of a command's output says.
pub(crate) fn output_matches(first: &Argv, pattern: &Pattern) -> Option<Says> {
    let found = match first.name.as_str() {
        // `docker ps -q -f name=web | grep -q .`
        _ if pattern.is_anything() => prints(first).or_else(|| succeeds(first)),
        "cat" | "cut" | "awk" | "sort" | "sed" | "tail" | "head" => texts::lists(first, pattern),
        "getent" | "id" | "groups" | "compgen" => accounts::lists(first, pattern),
        name if containers::is_runtime(name) => containers::lists(first, pattern),
        "psql" | "mysql" | "mariadb" | "sqlite3" => catalogues::lists(first, pattern),
        "systemctl" | "supervisorctl" | "ps" => services::lists(first, pattern),
        name if managers::is_pm2(name) => processes::lists(pattern.name()),
        "dpkg" | "dpkg-query" | "rpm" | "apt" | "apt-cache" | "snap" | "apk" | "brew" | "dnf" | "yum"
        | "npm" | "pip" => packages::lists(pattern),
        "git" => git::lists(first, pattern),
        "ls" | "find" => files::lists(first, pattern),
        "swapon" | "free" | "mount" | "findmnt" | "df" | "blkid" | "lsblk" | "file" => {
            disks::lists(first, pattern)
        }
        "iptables" | "ip6tables" | "iptables-save" | "ip6tables-save" | "ufw" | "nft" | "firewall-cmd" => {
            firewall::lists(first, pattern)
        }
        "crontab" => cron::lists(pattern),
        "certbot" | "wp" => web::lists(first, pattern),
        "ip" | "rabbitmqctl" | "semanage" => system::lists(first, pattern),
        _ => None,
    }?;
    if pattern.is_inverted { found.negate() } else { Some(found) }
}

/// What it says that a text holds a pattern, if the text is what a command printed: `CRON=$(crontab -l)`.
pub(crate) fn text_matches(text: &Value, pattern: &Pattern) -> Option<Says> {
    let found = cron::keeps_old_lines(&text.to_string()).then(|| cron::lists(pattern))??;
    if pattern.is_inverted { found.negate() } else { Some(found) }
}

/// What the success of grep(1) says of its input: `grep -q backup <<< "$CRON"`.
fn finds_in_text(argv: &Argv) -> Option<Says> {
    let Stdin::Text(text) = &argv.stdin else { return None };
    match Pattern::of(argv)? {
        (pattern, None) => text_matches(text, &pattern),
        _ => None,
    }
}

/// True if the command may have started a process, or created another thing that has no state of its own in the model.
pub(crate) fn may_bring_about(deed: &Deed, resource: &Resource) -> bool {
    let starts = || {
        let started = |effect: &Effect| {
            matches!(effect.change, Change::Create(_) | Change::Start | Change::Restart)
                && matches!(
                    effect.resource,
                    Resource::Unit(_) | Resource::Process(_) | Resource::Container(_)
                )
        };
        deed.roles.iter().any(|role| matches!(role, Role::Serve | Role::ComposeUp | Role::Restart))
            || deed.effects.iter().any(started)
    };
    match resource {
        _ if !deed.known => true,
        Resource::Process(_) => starts(),
        // Some commands that create one of these have no such effect: `ufw enable`, `swapon -a`.
        Resource::Other(
            Thing::Swap | Thing::Mount | Thing::Ufw | Thing::Wordpress | Thing::FileSystem,
            _,
        ) => true,
        other => deed.effects.iter().any(|e| e.change != Change::Remove && e.resource.kind() == other.kind()),
    }
}

/// True for a command that checks what exists and passes whenever a deploy works. The second run never takes the branch of
/// its failure.
pub(crate) fn is_check(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "nginx" => web::is_check(argv),
        "apachectl" | "apache2ctl" => argv.has_word("configtest") || argv.has_word("-t"),
        "sshd" | "haproxy" => argv.has_word("-t") || argv.has_word("-c"),
        "caddy" => argv.literal(0) == Some("validate"),
        "visudo" => argv.args.iter().any(|a| matches!(a.value.as_literal(), Some("-c" | "-cf" | "--check"))),
        _ => false,
    }
}

/// True if a program's output does not answer whether something exists, as with most substitutions.
pub(crate) fn tells_nothing(name: &str) -> bool {
    [
        "echo", "printf", "date", "mktemp", "openssl", "pwd", "dirname", "basename", "hostname", "uname",
        "nproc", "tput", "curl", "wget", "whoami", "python3", "python", "node", "realpath", "lsb_release",
        "uuidgen", "cd", "seq", "jq", "du", "df", "tr",
    ]
    .contains(&name)
}

/// True if the text of a substitution shows that it gives the id or the name of the user who runs the script: id(1),
/// whoami(1).
pub(crate) fn gives_caller(text: &str) -> bool {
    text.contains("id -u") || text.contains("id --user") || text.contains("whoami")
}

/// True if a substitution gives nothing but the name of the user who runs the script.
pub(crate) fn names_caller(text: &str) -> bool {
    let command = command_of(text);
    matches!(
        command.strip_prefix("/usr/bin/").unwrap_or(command),
        "whoami" | "id -un" | "id -nu" | "id -u -n" | "id -n -u" | "id --user --name"
    )
}

/// True if a substitution gives the id of an account by name: `$(id -u app)`.
pub(crate) fn gives_id_of_account(text: &str) -> bool {
    let id = command_of(text)
        .strip_prefix("id ")
        .and_then(|rest| rest.strip_prefix("-u ").or(rest.strip_prefix("--user ")));
    id.is_some_and(|account| !account.trim_start().starts_with('-'))
}

/// The command of a substitution, without a redirect of its errors.
fn command_of(text: &str) -> &str {
    let inner = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.unwrap_or_else(|| text.trim_matches('`')).trim();
    inner.strip_suffix("2>/dev/null").unwrap_or(inner).trim_end()
}

#[test]
fn substitutions_name_the_caller() {
    for (text, names, id) in [
        ("$(whoami)", true, false),
        ("`id -un`", true, false),
        ("$(id -un 2>/dev/null)", true, false),
        ("$(id -un app)", false, false),
        ("$(id -u app)", false, true),
        ("$(id -u \"$APP_USER\" 2>/dev/null)", false, true),
        ("$(id -u)", false, false),
        ("$(id -u -n)", true, false),
    ] {
        assert_eq!((names_caller(text), gives_id_of_account(text)), (names, id), "{text}");
    }
}
