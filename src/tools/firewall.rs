//! The packet filter: ufw(8), iptables(8), nft(8).

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, NEW, joined, nothing, word};
use crate::tools::effect::{Again, Change, Deed, Resource};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::thing::Thing;

/// What success says: `iptables -C` and `firewall-cmd --query-…` fail if there is no such rule. `-L` and `nft list` fail if
/// there is no such chain or table.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let rule = || Some(Says::exists(Resource::FirewallRule(Value::default())));
    let has = |words: &[&str]| argv.has_any(words);
    match argv.name.as_str() {
        "iptables" | "ip6tables" if has(&["-C", "--check"]) => rule(),
        "iptables" | "ip6tables" if has(&["-L", "-S", "-nL", "--list"]) => {
            argv.args.last().filter(|arg| !arg.is_option()).and_then(|_| rule())
        }
        "firewall-cmd" => argv.args.iter().any(|arg| arg.value.key().starts_with("--query-")).then(rule)?,
        "nft" => {
            let operands: Vec<&Arg> = argv.args.iter().collect();
            let one = word(&operands, 0) == "list" && matches!(word(&operands, 1), "table" | "chain" | "set");
            one.then(|| Says::other(Thing::Firewall, joined(&operands[1..])))
        }
        _ => None,
    }
}

/// What a line of the list of rules says, or of ufw's state.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let is_on = Says::other(Thing::Ufw, Value::default());
    match (argv.name.as_str(), pattern.says_off()) {
        ("ufw", Some(true)) => is_on.negate(),
        ("ufw", Some(false)) => Some(is_on),
        // The state is always printed: `grep -q active` finds "inactive" too.
        ("ufw", None) => Some(Says::Always(true)),
        _ => Some(Says::exists(Resource::FirewallRule(pattern.text().clone()))),
    }
}

#[test]
fn rules_are_asked_for() {
    crate::tools::table::says(&[
        ("iptables -C INPUT -j ACCEPT", "Exists firewall-rule"),
        ("iptables -n -L X", "Exists firewall-rule"),
        ("iptables -S | grep -q 8080", "Exists firewall-rule 8080"),
        ("ufw status | grep -q 'Status: active'", "Exists ufw"),
        ("ufw status | grep -qw active", "Exists ufw"),
        ("ufw status | grep -q inactive", "not Exists ufw"),
        ("ufw status | grep -q active", "true"),
        ("ufw status | grep -q 80/tcp", "Exists ufw"),
        ("nft list table inet w", "Exists firewall table inet w"),
        ("firewall-cmd --query-port=80/tcp", "Exists firewall-rule"),
        ("iptables -F", ""),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("ufw", _) => Advice::help("leave the reset out: `ufw allow` does nothing where the rule is there"),
        ("iptables" | "ip6tables", true) => {
            Advice::help("test for the rule first: `! iptables -C RULE 2>/dev/null || iptables -D RULE`")
        }
        ("iptables" | "ip6tables", false) if asked.fails() => Advice::help(
            "test for the chain first: `iptables -n -L CHAIN >/dev/null 2>&1 || iptables -N CHAIN`",
        ),
        ("iptables" | "ip6tables", false) => {
            Advice::help("test for the rule first: `iptables -C RULE || iptables -A RULE`")
        }
        ("nft", _) if asked.fails() => Advice::help("write `nft add`, which accepts what exists"),
        ("nft", _) => Advice::help(
            "empty the chain first: `nft flush chain …`, or load one file that begins with `flush ruleset`",
        ),
        _ => None,
    }
}

/// ufw(8): an existing rule is skipped. Unless `--force` is given, `enable` asks if an ssh session might end,
/// and `reset` always asks.
pub(crate) fn ufw(argv: &Argv) -> Deed {
    let options = argv.leading_options("force dry-run");
    let operands = &options.operands;
    let mut draft = Draft::of(argv);
    let force = options.has("force");
    match word(operands, 0) {
        "enable" if !force => {
            draft.asks(
                "asks \"Command may disrupt existing ssh connections. Proceed with operation (y|n)?\"",
                "write `ufw --force enable`",
                None,
            );
        }
        "reset" => {
            let again = Again::Overwrites("deletes every other firewall rule");
            let rules = Resource::Other(Thing::Firewall, Value::literal("ufw"));
            draft.add_implied(Change::Write, rules, again);
            if !force {
                draft.asks(
                    "asks \"Resetting all rules. Proceed with operation (y|n)?\"",
                    "write `ufw --force reset`",
                    None,
                );
            }
        }
        "delete" if !force && word(operands, 1).parse::<u32>().is_ok() => {
            draft.asks("asks \"Proceed with operation (y|n)?\"", "write `ufw --force delete`", None);
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

/// iptables(8): `-A` and `-I` add the rule again; `-D` of a missing rule and `-N` of an existing chain exit
/// with 1. `-F` removes all rules of a chain. The rule's text does not include the action and the position,
/// so that `-C` and `-A` of one rule have the same name.
pub(crate) fn iptables(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let mut action = "";
    let mut rest: Vec<&Arg> = Vec::new();
    let mut args = argv.args.iter().peekable();
    while let Some(arg) = args.next() {
        match arg.value.as_literal() {
            Some(
                text @ ("-A" | "-I" | "-C" | "-D" | "-N" | "-F" | "-P" | "-X" | "-L" | "-S" | "-R" | "-Z"
                | "-E" | "--append" | "--insert" | "--check" | "--delete" | "--new-chain" | "--flush"
                | "--policy" | "--list"),
            ) => {
                action = text;
                rest.extend(args.next());
                let position = |arg: &&Arg| arg.value.as_literal().is_some_and(|t| t.parse::<u32>().is_ok());
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
        "-A" | "-I" | "--append" | "--insert" => (NEW, Again::Duplicates("adds the same rule again")),
        "-C" | "--check" => (Change::Use, Again::NoChange),
        "-D" | "--delete" => {
            (Change::Remove, Again::Fails("Bad rule, does a matching rule exist in that chain?"))
        }
        "-N" | "--new-chain" => (NEW, Again::Fails("Chain already exists")),
        // An emptied chain (or all of them) holds no rule that could be there twice.
        "-F" | "--flush" => (Change::Remove, Again::NoChange),
        "-L" | "-S" | "--list" => return Deed::read_only(),
        _ => return nothing(),
    };
    let operand = argv.args.iter().find(|arg| arg.value.as_literal() == Some(action));
    draft.add(operand.unwrap_or(&argv.program), change, rule, again);
    draft.done()
}

/// nft(8): `add rule` and `insert rule` add it again; tables and chains are added once, and `create` fails if
/// they exist. `flush` removes the rules. Tried with 1.0.
pub(crate) fn nft(argv: &Argv) -> Deed {
    let operands: Vec<&Arg> = argv.args.iter().collect();
    match (word(&operands, 0), word(&operands, 1)) {
        ("add" | "insert", "rule") => {
            let mut draft = Draft::of(argv);
            let again = Again::Duplicates("adds the same rule again");
            draft.add(operands[1], NEW, Resource::FirewallRule(joined(&operands[2..])), again);
            draft.done()
        }
        ("create", "table" | "chain" | "set" | "map") => {
            let mut draft = Draft::of(argv);
            let again = Again::Fails("File exists");
            draft.add(operands[1], NEW, Resource::Other(Thing::Firewall, joined(&operands[1..])), again);
            draft.done()
        }
        ("flush", "ruleset" | "table" | "chain") => {
            let mut draft = Draft::of(argv);
            let rules = Resource::FirewallRule(joined(&operands[2..]));
            draft.add(operands[1], Change::Remove, rules, Again::NoChange);
            draft.done()
        }
        ("list", _) => Deed::read_only(),
        _ => nothing(),
    }
}

#[test]
fn packets_are_filtered() {
    crate::tools::table::check(&[
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
        ("iptables -I INPUT 6 -j ACCEPT", "create firewall-rule INPUT -j ACCEPT duplicates"),
        ("iptables -C INPUT -j ACCEPT", "use firewall-rule INPUT -j ACCEPT"),
        ("iptables -D INPUT -j DROP", "remove firewall-rule INPUT -j DROP fails"),
        ("iptables -N X", "create firewall-rule X fails"),
        ("iptables -F", "remove firewall-rule"),
        ("iptables -w -F DOCKER-USER", "remove firewall-rule DOCKER-USER"),
        ("iptables -t nat -F POSTROUTING", "remove firewall-rule -t nat POSTROUTING"),
        ("nft create table inet w", "create firewall table inet w fails"),
        ("nft flush chain inet w c", "remove firewall-rule inet w c"),
        ("nft add rule inet f i accept", "create firewall-rule inet f i accept duplicates"),
        ("nft list ruleset", "[ReadOnly]"),
        ("firewall-cmd --permanent --add-port=80/tcp", ""),
    ]);
}
