//! The group of Docker's socket: who joins it, and what needs it. Sources: usermod(8), adduser(8), gpasswd(1), newgrp(1),
//! and Docker, "Linux post-installation steps".

use crate::shell::argv::Argv;

/// True if the command puts the account that calls the script into the group `docker`.
pub(crate) fn joins(argv: &Argv) -> bool {
    let is_group =
        || argv.args.iter().any(|arg| arg.value.to_string().split(',').any(|name| name == "docker"));
    let is_caller = || {
        argv.args.iter().any(|arg| {
            let text = arg.value.to_string();
            matches!(
                text.trim_matches(['{', '}']),
                "$USER" | "${USER}" | "$LOGNAME" | "$(whoami)" | "$(id -un)"
            )
        })
    };
    matches!(argv.name.as_str(), "usermod" | "adduser" | "gpasswd" | "addgroup") && is_group() && is_caller()
}

/// True if the command talks to Docker's daemon through its socket.
pub(crate) fn needs_socket(argv: &Argv) -> bool {
    if !matches!(argv.name.as_str(), "docker" | "docker-compose") || argv.env("DOCKER_HOST").is_some() {
        return false;
    }
    let mut words = argv.args.iter().filter(|arg| !arg.is_option()).map(|arg| arg.value.to_string());
    let first = words.next().unwrap_or_default();
    let verb = if first == "compose" { words.next().unwrap_or_default() } else { first };
    !matches!(verb.as_str(), "" | "version" | "help" | "context" | "config" | "login" | "completion")
}

/// True if the command lets others than the group use the socket: `chmod 666 /var/run/docker.sock`.
pub(crate) fn opens_socket(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "chmod" | "chown" | "setfacl")
        && argv.args.iter().any(|arg| arg.value.known_suffix().ends_with("/docker.sock"))
}

/// True if the command begins a session that has the new group.
pub(crate) fn begins_session(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "newgrp" | "sg" | "reboot" | "login")
}

#[test]
fn an_account_joins_the_group_or_not() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("usermod -aG docker $USER", true),
        ("usermod -a -G sudo,docker $USER", true),
        ("adduser $USER docker", true),
        ("gpasswd -a $USER docker", true),
        ("usermod -aG docker shop", false),
        ("usermod -aG sudo $USER", false),
    ] {
        assert_eq!(joins(&argv(line)), expected, "{line}");
    }
    for (line, expected) in [
        ("docker compose up -d", true),
        ("docker ps", true),
        ("docker-compose -f x.yml up", true),
        ("docker --version", false),
        ("docker compose version", false),
        ("DOCKER_HOST=tcp://x docker ps", false),
    ] {
        assert_eq!(needs_socket(&argv(line)), expected, "{line}");
    }
}
