//! What the firewall's commands mean for those who administer the server by ssh: ufw(8), sshd_config(5).

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::effect::{Change, Deed, Resource};

/// What a command does to the way in by ssh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It closes every port for which there is no rule.
    Closes,
    /// It lets ssh in, or may do so.
    Opens,
}

/// What a command does to the way in by ssh, if it is about that at all.
pub(crate) fn access(argv: &Argv, deed: &Deed) -> Option<Access> {
    let configures = |path: &Value| {
        let text = path.key();
        ["/etc/ssh/", "/etc/ufw/", "/ssh.socket"].iter().any(|place| text.contains(place))
    };
    // It may bring rules, or another port for sshd.
    let sets_up = deed.effects.iter().any(|effect| {
        matches!(effect.change, Change::Create(_) | Change::Write | Change::Append | Change::Edit)
            && match &effect.resource {
                Resource::Path(path) | Resource::Line { file: path, .. } => configures(path),
                _ => false,
            }
    });
    if sets_up {
        return Some(Access::Opens);
    }
    match argv.name.as_str() {
        "ufw" => of_ufw(argv),
        "iptables" => {
            let named = argv.args.windows(2).any(|pair| {
                matches!(pair[0].value.as_literal(), Some("--dport" | "--dports"))
                    && may_be_ssh(&pair[1].value)
            });
            (named && argv.has_word("ACCEPT")).then_some(Access::Opens)
        }
        _ => None,
    }
}

fn of_ufw(argv: &Argv) -> Option<Access> {
    let options = argv.leading_options("force dry-run");
    if options.has("dry-run") {
        return None;
    }
    let words = &options.operands;
    let verb = words.iter().position(|word| matches!(word.value.as_literal(), Some("allow" | "limit")));
    match (words.first()?.value.as_literal(), verb) {
        (Some("enable"), _) => Some(Access::Closes),
        // Without rules, nothing is closed any more.
        (Some("disable"), _) => Some(Access::Opens),
        (Some("default"), Some(_)) => {
            let is_incoming = !words.iter().any(|word| {
                matches!(word.value.as_literal(), Some("outgoing" | "routed" | "output" | "forward"))
            });
            is_incoming.then_some(Access::Opens)
        }
        (Some("default" | "delete" | "route" | "app"), _) | (_, None) => None,
        (_, Some(verb)) => lets_ssh_in(&words[verb + 1..]).then_some(Access::Opens),
    }
}

/// True if a rule may let ssh in: it names the port, or it names none, or its port is not known.
fn lets_ssh_in(rule: &[&Arg]) -> bool {
    let mut words = rule.iter().map(|word| &word.value);
    // The port behind `from` is the one that the packets come from.
    let (mut port, mut of_source) = (None, false);
    while let Some(word) = words.next() {
        match word.as_literal() {
            Some("out") => return false,
            Some("in" | "log" | "log-all" | "any") => {}
            Some("comment") => break,
            Some("proto") => _ = words.next(),
            Some("on") if words.next().is_some_and(|name| name.as_literal() == Some("lo")) => return false,
            Some("on") => {}
            Some("from") => {
                of_source = true;
                _ = words.next();
            }
            Some("to") => {
                of_source = false;
                _ = words.next();
            }
            Some("port" | "app") => {
                let named = words.next();
                if !of_source {
                    port = named;
                }
            }
            _ => port = port.or(Some(word)),
        }
    }
    port.is_none_or(may_be_ssh)
}

/// True for a port or a service that is ssh, or may be. Names that are known belong to web and mail servers.
fn may_be_ssh(port: &Value) -> bool {
    let Some(text) = port.as_literal().map(str::to_ascii_lowercase) else { return true };
    let (text, protocol) = text.split_once('/').unwrap_or((&text, ""));
    if protocol == "udp" {
        return false;
    }
    let number = |text: &str| text.parse::<u16>().ok();
    text.split(',').any(|one| match one.split_once(':') {
        Some((from, to)) => match (number(from), number(to)) {
            (Some(from), Some(to)) => (from..=to).contains(&22),
            _ => true,
        },
        None => match number(one) {
            Some(number) => number == 22,
            None => {
                let others = ["http", "nginx", "apache", "www", "smtp", "imap", "pop", "domain", "postfix"];
                !others.iter().any(|other| one.starts_with(other)) && !one.starts_with('-')
            }
        },
    })
}

#[test]
fn rules_let_ssh_in() {
    let opens = |line: &str| {
        let argv = crate::shell::argv::tests::argv(line);
        access(&argv, &crate::tools::deed(&argv)) == Some(Access::Opens)
    };
    for line in [
        "ufw allow 22",
        "ufw allow 22/tcp",
        "ufw allow ssh",
        "ufw allow OpenSSH",
        "ufw allow 'OpenSSH'",
        "ufw limit ssh/tcp",
        "ufw limit in ssh",
        "ufw insert 1 allow 22",
        "ufw allow 20:25/tcp",
        "ufw allow 22,80,443/tcp",
        "ufw allow $SSH_PORT/tcp",
        "ufw allow from 10.0.0.0/8",
        "ufw allow from 10.0.0.1 to any port 22 proto tcp",
        "ufw allow from any to any port 22",
        "ufw allow proto tcp from $IP to any port ssh",
        "ufw allow in on tailscale0",
        "ufw default allow",
        "ufw default allow incoming",
        "ufw disable",
        "ufw allow to any app OpenSSH",
        "ufw allow Dokku",
        "ufw allow 22/tcp comment SSH",
        "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
        "tee /etc/ssh/sshd_config.d/port.conf",
        "sed -i s/22/2222/ /etc/ssh/sshd_config",
    ] {
        assert!(opens(line), "{line}");
    }
    for line in [
        "ufw allow 80/tcp",
        "ufw allow 'Nginx Full'",
        "ufw allow 80,443/tcp",
        "ufw allow in on lo",
        "ufw allow out 22",
        "ufw default deny incoming",
        "ufw default allow outgoing",
        "ufw deny 22",
        "ufw allow from 10.0.0.0/8 to any port 5432",
        "ufw allow in on eth0 to any port 80",
        "ufw allow from any port 22 to any port 80",
        "ufw delete allow 22",
        "ufw route allow in on eth0",
        "ufw --force enable",
        "ufw status",
        "ufw allow 443 comment ssh",
        "ufw allow 41641/udp",
        "iptables -A INPUT -p tcp --dport 80 -j ACCEPT",
        "cp sshd.md /srv/docs",
    ] {
        assert!(!opens(line), "{line}");
    }
}
