//! The system itself: disks and swap, the packet filter, kernel settings, the network, host name and locale.

use super::draft::{Draft, FILE, NEW, nothing, word};
use crate::shell::argv::{Arg, Argv};
use crate::shell::effect::{Again, Change, Deed, Resource};
use crate::shell::value::Value;

/// mkswap(8): refuses a swap area in use. mkfs(8): whatever was there is gone; mke2fs asks where it sees a file system
/// only on a terminal, and `-F` or `-f` does not.
pub(super) fn mkfs(argv: &Argv) -> Deed {
    let options =
        argv.options("t|type: L|label: f|force F U|uuid: p|pagesize: b: m: O: E: N: i: q c n:");
    let mut draft = Draft::of(argv);
    let again = match argv.name.as_str() {
        "mkswap" => Again::Fails("mkswap: error: is mounted; will not make swapspace"),
        _ => Again::Overwrites("mkfs: all that was on it is gone"),
    };
    if let Some(device) = options.operands.first() {
        draft.path(device, Change::Write, again);
    }
    draft.done()
}

/// swapon(8): `swapon failed: Device or resource busy`, exit status 255, for an area in use; `-a` skips it.
pub(super) fn swapon(argv: &Argv) -> Deed {
    let options = argv.options(
        "a|all p|priority: d|discard? s|summary show? L: U: e|ifexists noheadings raw bytes",
    );
    let mut draft = Draft::of(argv);
    if options.has("show") || options.has("s") {
        return Deed::read_only();
    }
    let off = argv.name == "swapoff";
    let again = match off {
        true => Again::Unknown,
        false => Again::Fails("swapon: swapon failed: Device or resource busy"),
    };
    for area in &options.operands {
        let change = if off { Change::Remove } else { NEW };
        draft.add(
            area,
            change,
            Resource::Other("swap", argv.path(area)),
            again,
        );
    }
    draft.done()
}

/// mount(8): the same source at the same place is `already mounted`, exit status 32; `-a` and `remount` mind nothing.
pub(super) fn mount(argv: &Argv) -> Deed {
    let options = argv
        .options("a|all t|types: o|options: B|bind R|rbind r w L: U: v f n make-private M|move");
    let mut draft = Draft::of(argv);
    let remounts = options.values("o").any(|o| o.key().contains("remount"));
    let Some(place) = options
        .operands
        .last()
        .filter(|_| !options.has("a") && !remounts)
    else {
        return draft.done();
    };
    let resource = Resource::Other("mount", argv.path(place));
    if argv.name == "umount" {
        draft.add(
            place,
            Change::Remove,
            resource,
            Again::Fails("umount: not mounted"),
        );
    } else if options.has("B")
        || options.has("R")
        || options.values("o").any(|o| o.key().contains("bind"))
    {
        draft.add(
            place,
            NEW,
            resource,
            Again::Duplicates("mount --bind: mounts it once more on top"),
        );
    } else {
        draft.add(place, NEW, resource, Again::Fails("mount: already mounted"));
    }
    draft.done()
}

#[test]
fn disks_are_prepared() {
    super::table::check(&[
        ("mkswap /swapfile", "write /swapfile fails"),
        ("swapon /swapfile", "create swap /swapfile fails"),
        ("swapon --show", "[ReadOnly]"),
        ("swapon -a", ""),
        ("mkfs.ext4 -F /dev/sdb1", "write /dev/sdb1 overwrites"),
        ("mount /dev/sdb1 /data", "create mount /data fails"),
        ("mount -a", ""),
        ("mount -o remount,rw /", ""),
        ("umount /data", "remove mount /data fails"),
    ]);
}

/// ufw(8): a rule that exists is skipped. `enable` asks where an ssh session might end, `reset` always, unless `--force`.
pub(super) fn ufw(argv: &Argv) -> Deed {
    let options = argv.leading_options("force dry-run");
    let operands = &options.operands;
    let mut draft = Draft::of(argv);
    let force = options.has("force");
    match word(operands, 0) {
        "enable" if !force => {
            draft.asks(
                "Command may disrupt existing ssh connections. Proceed with operation (y|n)?",
                "write `ufw --force enable`",
                None,
            );
        }
        "reset" => {
            let again = Again::Overwrites("ufw reset: every other rule is gone");
            let rules = Resource::Other("firewall", Value::literal("ufw"));
            draft.add_implied(Change::Write, rules, again);
            if !force {
                draft.asks(
                    "Resetting all rules. Proceed with operation (y|n)?",
                    "write `ufw --force reset`",
                    None,
                );
            }
        }
        "delete" if !force && word(operands, 1).parse::<u32>().is_ok() => {
            draft.asks(
                "Deleting. Proceed with operation (y|n)?",
                "write `ufw --force delete`",
                None,
            );
        }
        "allow" | "deny" | "limit" | "reject" | "insert" | "route" | "prepend" => {
            let rule = Resource::FirewallRule(joined(operands));
            draft.add(operands[0], NEW, rule, Again::NoChange);
        }
        "status" | "show" | "version" => return Deed::read_only(),
        _ => {}
    }
    draft.done()
}

fn joined(words: &[&Arg]) -> Value {
    let mut text = Value::default();
    for word in words {
        if !text.is_empty() {
            text.push_str(" ");
        }
        text.push(&word.value);
    }
    text
}

/// iptables(8): `-A` and `-I` add the rule again; `-D` of a missing rule and `-N` of a chain that exists exit with 1.
/// The rule's text leaves out the action and the position, so that `-C` and `-A` of one rule name the same.
pub(super) fn iptables(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let mut action = "";
    let mut rest: Vec<&Arg> = Vec::new();
    let mut args = argv.args.iter().peekable();
    while let Some(arg) = args.next() {
        match arg.value.as_literal() {
            Some(
                text @ ("-A" | "-I" | "-C" | "-D" | "-N" | "-F" | "-P" | "-X" | "-L" | "-S" | "-R"
                | "-Z" | "-E" | "--append" | "--insert" | "--check" | "--delete"
                | "--new-chain" | "--flush" | "--policy" | "--list"),
            ) => {
                action = text;
                rest.extend(args.next());
                let position = |arg: &&Arg| {
                    arg.value
                        .as_literal()
                        .is_some_and(|t| t.parse::<u32>().is_ok())
                };
                if args.peek().is_some_and(position) {
                    args.next();
                }
            }
            Some("-w" | "--wait") => {}
            _ => rest.push(arg),
        }
    }
    let rule = Resource::FirewallRule(joined(&rest));
    let (change, again) = match action {
        "-A" | "-I" | "--append" | "--insert" => (
            NEW,
            Again::Duplicates("iptables: adds the same rule once more"),
        ),
        "-C" | "--check" => (Change::Use, Again::NoChange),
        "-D" | "--delete" => (
            Change::Remove,
            Again::Fails("iptables: Bad rule (does a matching rule exist in that chain?)"),
        ),
        "-N" | "--new-chain" => (NEW, Again::Fails("iptables: Chain already exists")),
        "-L" | "-S" | "--list" => return Deed::read_only(),
        _ => return nothing(),
    };
    let operand = argv
        .args
        .iter()
        .find(|arg| arg.value.as_literal() == Some(action));
    draft.add(operand.unwrap_or(&argv.program), change, rule, again);
    draft.done()
}

/// nft(8): `add rule` and `insert rule` add it again; tables and chains are added once.
pub(super) fn nft(argv: &Argv) -> Deed {
    let operands: Vec<&Arg> = argv.args.iter().collect();
    match (word(&operands, 0), word(&operands, 1)) {
        ("add" | "insert", "rule") => {
            let mut draft = Draft::of(argv);
            let again = Again::Duplicates("nft: adds the same rule once more");
            draft.add(
                operands[1],
                NEW,
                Resource::FirewallRule(joined(&operands[2..])),
                again,
            );
            draft.done()
        }
        ("list", _) => Deed::read_only(),
        _ => nothing(),
    }
}

#[test]
fn packets_are_filtered() {
    super::table::check(&[
        ("ufw allow 22/tcp", "create firewall-rule allow 22/tcp"),
        ("ufw enable", "asks"),
        ("ufw --force enable", ""),
        ("| ufw enable", ""),
        ("ufw --force reset", "write firewall ufw overwrites"),
        ("ufw status", "[ReadOnly]"),
        (
            "iptables -A INPUT -p tcp --dport 80 -j ACCEPT",
            "create firewall-rule INPUT -p tcp --dport 80 -j ACCEPT duplicates",
        ),
        (
            "iptables -I INPUT 6 -j ACCEPT",
            "create firewall-rule INPUT -j ACCEPT duplicates",
        ),
        (
            "iptables -C INPUT -j ACCEPT",
            "use firewall-rule INPUT -j ACCEPT",
        ),
        (
            "iptables -D INPUT -j DROP",
            "remove firewall-rule INPUT -j DROP fails",
        ),
        ("iptables -N X", "create firewall-rule X fails"),
        ("iptables -F", ""),
        (
            "nft add rule inet f i accept",
            "create firewall-rule inet f i accept duplicates",
        ),
        ("nft list ruleset", "[ReadOnly]"),
        ("firewall-cmd --permanent --add-port=80/tcp", ""),
    ]);
}

/// ip(8): `RTNETLINK answers: File exists`, exit status 2.
pub(super) fn ip(argv: &Argv) -> Deed {
    let options = argv.leading_options("n|netns: b|batch: f|family: 4 6 o j s d br");
    let operands = &options.operands;
    let again = Again::Fails("ip: RTNETLINK answers: File exists");
    match word(operands, 1) {
        "add" if operands.len() > 2 => {
            let mut draft = Draft::of(argv);
            let rule = Resource::Other("network setting", joined(operands));
            draft.add(operands[2], NEW, rule, again);
            draft.done()
        }
        "set" | "replace" | "change" | "del" | "delete" | "flush" | "up" | "down" => nothing(),
        _ => Deed::read_only(),
    }
}

/// hostname(1), timedatectl(1) and such: with a value they set it, without they show it.
pub(super) fn setting(argv: &Argv) -> Deed {
    let sets = match argv.name.as_str() {
        "hostname" => argv
            .args
            .first()
            .is_some_and(|arg| !arg.value.key().starts_with('-')),
        "hostnamectl" | "timedatectl" | "localectl" => argv.literal(0).is_some_and(|verb| {
            verb.starts_with("set") || verb == "hostname" && argv.args.len() > 1
        }),
        _ => true,
    };
    if sets { nothing() } else { Deed::read_only() }
}

/// update-alternatives(1): `--config` asks. dpkg-reconfigure(8): asks unless its frontend is noninteractive.
pub(super) fn asks_by_option(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if argv.has_word("--config") {
        draft.asks(
            "update-alternatives asks which one",
            "write `--set NAME PATH`",
            None,
        );
    }
    if argv.name == "dpkg-reconfigure" {
        let options = argv.options("f|frontend: p|priority: a|all u|unseen-only");
        let frontend = options.value("f").or_else(|| argv.env("DEBIAN_FRONTEND"));
        if frontend.is_none() && !options.has("p") {
            draft.asks(
                "dpkg-reconfigure asks its questions",
                "write `-f noninteractive`",
                Some("-f noninteractive"),
            );
        }
    }
    draft.done()
}

/// semanage(8): `-a` of what is defined is an error. rabbitmqctl(8): `add_user`, `add_vhost` too.
pub(super) fn add_once(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let verb = argv
        .args
        .iter()
        .find(|arg| matches!(arg.value.as_literal(), Some("-a" | "--add" | "add_user")));
    if let (Some(verb), Some(last)) = (verb, argv.args.last()) {
        let (kind, name) = match argv.name.as_str() {
            "rabbitmqctl" => (
                "rabbitmq user",
                argv.args
                    .iter()
                    .skip_while(|a| *a != verb)
                    .nth(1)
                    .unwrap_or(last),
            ),
            _ => ("selinux rule", last),
        };
        draft.add(
            verb,
            NEW,
            Resource::Other(kind, name.value.clone()),
            Again::Fails("already exists"),
        );
    }
    draft.done()
}

/// patch(1): what is applied already makes it ask `Assume -R? [n]`, and with `-N` exit with 1.
pub(super) fn patch(argv: &Argv) -> Deed {
    let options = argv.options("p|strip: i|input: d|directory: N|forward R|reverse o|output: b s|quiet dry-run r: F: t|batch f|force");
    let mut draft = Draft::of(argv);
    let again = Again::Fails("patch: Reversed (or previously applied) patch detected");
    if let Some(file) = options.operands.first() {
        draft.path(file, Change::Edit, again);
    } else {
        draft.add_implied(
            Change::Edit,
            Resource::Other("files", argv.cwd.clone()),
            again,
        );
    }
    draft.done()
}

/// dos2unix(1).
pub(super) fn edits(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    for file in &argv.options("n k q o").operands {
        draft.path(file, Change::Edit, Again::NoChange);
    }
    draft.done()
}

/// split(1), split-off files: written anew.
pub(super) fn writes_last(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if let Some(file) = argv.options("r q j").operands.first() {
        draft.path(file, FILE, Again::NoChange);
    }
    draft.done()
}

#[test]
fn the_system_is_set_up() {
    super::table::check(&[
        (
            "ip addr add 10.0.0.1/24 dev eth0",
            "create network setting addr add 10.0.0.1/24 dev eth0 fails",
        ),
        ("ip a", "[ReadOnly]"),
        ("sysctl -w vm.swappiness=10", ""),
        ("hostname", "[ReadOnly]"),
        ("hostnamectl set-hostname x", ""),
        ("timedatectl set-timezone UTC", ""),
        ("update-alternatives --config editor", "asks"),
        ("dpkg-reconfigure tzdata", "asks"),
        ("DEBIAN_FRONTEND=noninteractive dpkg-reconfigure tzdata", ""),
        ("dpkg-reconfigure --priority=low unattended-upgrades", ""),
        (
            "rabbitmqctl add_user app pw",
            "create rabbitmq user app fails",
        ),
        ("patch -p1", "edit files /srv/app fails"),
        ("zip -r /b/a.zip .", "create file /b/a.zip"),
    ]);
}
