//! The system itself: kernel settings, the network, host name and locale, patches.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, FILE, NEW, joined, nothing, word};
use crate::tools::effect::{Again, Change, Deed, Resource};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::thing::Thing;

/// The options of ip(8).
const IP: &str = "n|netns: b|batch: f|family: 4 6 o j s d br";

/// What success says: `ip link show NAME` fails if there is no such interface (ip(8)).
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let options = argv.leading_options(IP);
    let operands = &options.operands;
    let shows = matches!(word(operands, 1), "show" | "list" | "ls" | "get");
    let name = operands.last().filter(|_| shows && operands.len() > 2)?;
    Some(Says::other(Thing::NetworkSetting, name.value.clone()))
}

/// What a line of the list says.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let kind = match argv.name.as_str() {
        "ip" => Thing::NetworkSetting,
        "rabbitmqctl" => Thing::RabbitmqUser,
        _ => Thing::SelinuxRule,
    };
    Some(Says::other(kind, pattern.name()))
}

#[test]
fn settings_are_asked_for() {
    crate::tools::table::says(&[
        ("ip link show br0", "Exists network setting br0"),
        ("ip -br addr | grep -q br0", "Exists network setting br0"),
        ("ip link", ""),
        ("rabbitmqctl list_users | grep -qw app", "Exists rabbitmq user app"),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("ip", true) => Advice::help("accept that it is gone: `ip … del … 2>/dev/null || true`"),
        ("ip", false) => Advice::help(
            "write `ip … replace`, or test first: `ip link show NAME >/dev/null 2>&1 || ip link add …`",
        ),
        ("semanage", _) => Advice::help("change it where it is there: `semanage … -a … || semanage … -m …`"),
        ("rabbitmqctl", _) => {
            Advice::help("ask first: `rabbitmqctl list_users | grep -qw NAME || rabbitmqctl add_user …`")
        }
        ("patch", _) => {
            Advice::help("try it first: `patch -N --dry-run -p1 < FILE >/dev/null && patch -N -p1 < FILE`")
        }
        _ => None,
    }
}

/// ip(8): `RTNETLINK answers: File exists`, exit status 2.
pub(crate) fn ip(argv: &Argv) -> Deed {
    let options = argv.leading_options(IP);
    let operands = &options.operands;
    let again = Again::Fails("RTNETLINK answers: File exists");
    match word(operands, 1) {
        "add" if operands.len() > 2 => {
            let mut draft = Draft::of(argv);
            let rule = Resource::Other(Thing::NetworkSetting, joined(operands));
            draft.add(operands[2], NEW, rule, again);
            draft.done()
        }
        "del" | "delete" if operands.len() > 2 => {
            let mut draft = Draft::of(argv);
            let mut words = operands.to_vec();
            let added = Arg { value: Value::literal("add"), span: operands[1].span };
            words[1] = &added;
            let rule = Resource::Other(Thing::NetworkSetting, joined(&words));
            let missing = Again::Fails("RTNETLINK answers: No such process");
            draft.add(operands[2], Change::Remove, rule, missing);
            draft.done()
        }
        "set" | "replace" | "change" | "flush" | "up" | "down" => nothing(),
        _ => Deed::read_only(),
    }
}

/// hostname(1), timedatectl(1) and similar: with a value they set it, without one they show it.
pub(crate) fn setting(argv: &Argv) -> Deed {
    let sets = match argv.name.as_str() {
        "hostname" => argv.args.first().is_some_and(|arg| !arg.value.key().starts_with('-')),
        "hostnamectl" | "timedatectl" | "localectl" => argv
            .literal(0)
            .is_some_and(|verb| verb.starts_with("set") || verb == "hostname" && argv.args.len() > 1),
        _ => true,
    };
    if sets { nothing() } else { Deed::read_only() }
}

/// update-alternatives(1) asks with `--config`. dpkg-reconfigure(8) asks unless its frontend is noninteractive.
pub(crate) fn asks_by_option(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if argv.has_word("--config") {
        draft.asks("asks which one", "write `--set NAME PATH`", None);
    }
    if argv.name == "dpkg-reconfigure" {
        let options = argv.options("f|frontend: p|priority: a|all u|unseen-only");
        let frontend = options.value("f").or_else(|| argv.env("DEBIAN_FRONTEND"));
        if frontend.is_none() && !options.has("p") {
            draft.asks(
                "asks the package's questions",
                "write `-f noninteractive`",
                Some("-f noninteractive"),
            );
        }
    }
    draft.done()
}

/// semanage(8): `-a` of something defined is an error. rabbitmqctl(8): so are `add_user` and `add_vhost`.
pub(crate) fn add_once(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let verb =
        argv.args.iter().find(|arg| matches!(arg.value.as_literal(), Some("-a" | "--add" | "add_user")));
    if let (Some(verb), Some(last)) = (verb, argv.args.last()) {
        let (kind, name) = match argv.name.as_str() {
            "rabbitmqctl" => {
                (Thing::RabbitmqUser, argv.args.iter().skip_while(|a| *a != verb).nth(1).unwrap_or(last))
            }
            _ => (Thing::SelinuxRule, last),
        };
        draft.add(verb, NEW, Resource::Other(kind, name.value.clone()), Again::Fails("already exists"));
    }
    draft.done()
}

/// patch(1): if the patch is already applied, it asks `Assume -R? [n]`, and with `-N` exits with 1.
pub(crate) fn patch(argv: &Argv) -> Deed {
    let options = argv.options("p|strip: i|input: d|directory: N|forward R|reverse o|output: b s|quiet dry-run r: F: t|batch f|force");
    let mut draft = Draft::of(argv);
    let again = Again::Fails("Reversed or previously applied patch detected");
    if let Some(file) = options.operands.first() {
        draft.path(file, Change::Edit, again);
    } else {
        draft.add_implied(Change::Edit, Resource::Other(Thing::Files, argv.cwd.clone()), again);
    }
    draft.done()
}

/// dos2unix(1).
pub(crate) fn edits(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    for file in &argv.options("n k q o").operands {
        draft.path(file, Change::Edit, Again::NoChange);
    }
    draft.done()
}

/// zip(1) replaces the files in an existing archive.
pub(crate) fn zip(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if let Some(file) = argv.options("r q j").operands.first() {
        draft.path(file, FILE, Again::NoChange);
    }
    draft.done()
}

#[test]
fn the_system_is_set_up() {
    crate::tools::table::check(&[
        ("ip addr add 10.0.0.1/24 dev eth0", "create network setting addr add 10.0.0.1/24 dev eth0 fails"),
        ("ip a", "[ReadOnly]"),
        (
            "ip route del 10.0.0.0/8 via 10.1.1.1",
            "remove network setting route add 10.0.0.0/8 via 10.1.1.1 fails",
        ),
        ("sysctl -w vm.swappiness=10", ""),
        ("hostname", "[ReadOnly]"),
        ("hostnamectl set-hostname x", ""),
        ("timedatectl set-timezone UTC", ""),
        ("update-alternatives --config editor", "asks"),
        ("dpkg-reconfigure tzdata", "asks"),
        ("DEBIAN_FRONTEND=noninteractive dpkg-reconfigure tzdata", ""),
        ("dpkg-reconfigure --priority=low unattended-upgrades", ""),
        ("rabbitmqctl add_user app pw", "create rabbitmq user app fails"),
        ("patch -p1", "edit files /srv/app fails"),
        ("zip -r /b/a.zip .", "create file /b/a.zip"),
    ]);
}
