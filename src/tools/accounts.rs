//! Users, groups and passwords: the shadow suite and Debian's adduser. The exit statuses were tried with shadow 4.13 and
//! adduser 3.134.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::{Knowledge, Value};
use crate::tools::advice::kinds::{Advice, Asked, Edit, Piece};
use crate::tools::draft::{Draft, NEW, TREE, unknown};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::thing::Thing;

/// What to write instead. id(1) and getent(1) ask getpwnam(3) and getgrnam(3), as useradd(8) and groupadd(8) do.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let of_group = matches!(asked.resource(), Some(Resource::Group(_)));
    let name = asked.operand().map(|arg| Piece::Name(arg.span));
    match asked.name() {
        "useradd" | "adduser" | "groupadd" | "addgroup" if of_group => {
            let test = name.map(|name| {
                Edit::TestFirst(vec![Piece::Text("getent group "), name, Piece::Text(" >/dev/null")])
            });
            let help =
                "create the group only where it is missing: `getent group NAME >/dev/null || groupadd …`";
            Advice::with(help, test)
        }
        "useradd" | "adduser" => {
            let test = name.map(|name| {
                Edit::TestFirst(vec![Piece::Text("id -u "), name, Piece::Text(" >/dev/null 2>&1")])
            });
            let help =
                "create the account only where it is missing: `id -u NAME >/dev/null 2>&1 || useradd …`";
            Advice::with(help, test)
        }
        "usermod" => Advice::help(
            "rename it only where the old name is there: `! id -u OLD >/dev/null 2>&1 || usermod -l NEW OLD`",
        ),
        "groupmod" => Advice::help(
            "rename it only where the old name is there: `! getent group OLD >/dev/null || groupmod -n NEW OLD`",
        ),
        "gpasswd" | "deluser" if matches!(asked.resource(), Some(Resource::Other(Thing::Membership, _))) => {
            Advice::help(
                "take it out only where it is in: `! id -nG USER | grep -qw GROUP || gpasswd -d USER GROUP`",
            )
        }
        "userdel" | "deluser" if !of_group => Advice::help(
            "delete the account only where it is there: `! id -u NAME >/dev/null 2>&1 || userdel NAME`",
        ),
        "userdel" | "deluser" | "groupdel" | "delgroup" => Advice::help(
            "delete the group only where it is there: `! getent group NAME >/dev/null || groupdel NAME`",
        ),
        "chpasswd" => {
            Advice::help("set it where the account is made: `id -u NAME || { useradd NAME; … | chpasswd; }`")
        }
        "visudo" => Advice::help("write a file below /etc/sudoers.d and check it with `visudo -cf`"),
        _ => None,
    }
}

const USER_EXISTS: Again = Again::Fails("user already exists");
const GROUP_EXISTS: Again = Again::Fails("group already exists");

fn user(arg: &Arg) -> Resource {
    Resource::User(arg.value.clone())
}

fn group(arg: &Arg) -> Resource {
    Resource::Group(arg.value.clone())
}

/// The options of useradd(8).
pub(super) const USERADD: &str = "r|system m|create-home M|no-create-home d|home-dir|home: s|shell: g|gid: G|groups: u|uid: c|comment: \
     p|password: b|base-dir: e|expiredate: f|inactive: k|skel: K|key: N|no-user-group U|user-group D|defaults \
     o|non-unique R|root: P|prefix: Z|selinux-user: btrfs-subvolume-home badname";

/// The options of usermod(8).
pub(super) const USERMOD: &str = "a|append G|groups: g|gid: s|shell: d|home: m|move-home l|login: L|lock U|unlock c|comment: e: f: p|password: \
     u|uid: o r R: P: v: w: V: W:";

/// useradd(8): it exits with 9 if the account exists. `-m` creates the home; `-U` and Debian's default create
/// a group of the same name.
pub(crate) fn useradd(argv: &Argv) -> Deed {
    let options = argv.options(USERADD);
    let mut draft = Draft::of(argv);
    if options.has("D") {
        return draft.done();
    }
    draft.role(Role::Account);
    let Some(name) = options.operands.last() else {
        return draft.done();
    };
    draft.add(name, NEW, user(name), USER_EXISTS);
    if !options.has("g") && !options.has("N") {
        draft.add(name, NEW, group(name), Again::NoChange);
    }
    if options.has("m") {
        let below_base = options.value("b").map(|base| {
            let mut home = base.clone();
            home.push_str("/");
            home.push(&name.value);
            home
        });
        home(&mut draft, argv, name, options.value("d").or(below_base.as_ref()));
    }
    draft.done()
}

fn home(draft: &mut Draft<'_>, argv: &Argv, name: &Arg, written: Option<&Value>) {
    let path = match written {
        Some(path) => path.resolve(&argv.cwd),
        None => {
            let mut path = Value::literal("/home/");
            path.push(&name.value);
            path
        }
    };
    let recursive = false;
    let (user, group) = (Some(name.value.clone()), Some(name.value.clone()));
    let change = Change::Own { user, group, recursive };
    draft.add_implied(TREE, Resource::Path(path.clone()), Again::NoChange);
    draft.add_implied(change, Resource::Path(path), Again::NoChange);
}

/// adduser(8) of Debian: it asks for a password and a name unless `--disabled-password` (or
/// `--disabled-login`) and `--gecos` are given; `adduser USER GROUP` only adds to a group; `--system` exits
/// with 0 if the system user exists. If busybox's adduser is meant (`-D`, `-S`), an existing account is an
/// error too.
pub(crate) fn adduser(argv: &Argv) -> Deed {
    let options = argv.options(
        "system|S group|G-flag gid: ingroup|G: home|h: shell|s: gecos|comment|g: disabled-password disabled-login \
         uid|u: no-create-home|H firstuid: lastuid: add_extra_groups conf: force-badname quiet q D",
    );
    let mut draft = Draft::of(argv);
    let (Some(name), second) = (options.operands.first(), options.operands.get(1)) else {
        return draft.done();
    };
    if let Some(other) = second {
        draft.add(other, Change::Use, group(other), Again::NoChange);
        return draft.done();
    }
    let of_groups = options.has("group") && !options.has("system");
    if of_groups {
        draft.add(name, NEW, group(name), Again::Fails("The group already exists"));
        return draft.done();
    }
    draft.role(Role::Account);
    let system = options.has("system");
    let again = match system && options.word("system").is_some_and(|w| w.value.key().starts_with("--")) {
        true => Again::NoChange,
        false => Again::Fails("The user already exists"),
    };
    draft.add(name, NEW, user(name), again);
    if !system || options.has("group") {
        draft.add(name, NEW, group(name), Again::NoChange);
    }
    if !options.has("no-create-home") && (!system || options.has("home")) {
        home(&mut draft, argv, name, options.value("home"));
    }
    let password = options.has("disabled-password") || options.has("disabled-login");
    let complete = password && options.has("gecos");
    if !system && !options.has("D") && !complete {
        draft.asks(
            "asks for a password and the user's full name",
            "write `adduser --disabled-password --gecos \"\"` or `useradd --create-home`",
            (!password && !options.has("gecos")).then_some("--disabled-password --gecos \"\""),
        );
    }
    draft.done()
}

/// True for a program that asks on a Debian alone. On Fedora and its like, adduser(8) is useradd(8) by another name.
pub(crate) fn asks_on_debian_alone(argv: &Argv) -> bool {
    argv.name == "adduser"
}

/// groupadd(8): `-f` accepts an existing group. addgroup(8): `--system` then exits with 0;
/// `addgroup USER GROUP` adds.
pub(crate) fn groupadd(argv: &Argv) -> Deed {
    let options = argv.options("f|force g|gid: r|system S K|key: o p|password: R: P: U|users: quiet");
    let mut draft = Draft::of(argv);
    if let [_, other] = options.operands[..] {
        draft.add(other, Change::Use, group(other), Again::NoChange);
        return draft.done();
    }
    let harmless = match argv.name.as_str() {
        "addgroup" => options.has("r"),
        _ => options.has("f"),
    };
    for name in &options.operands {
        let again = if harmless { Again::NoChange } else { GROUP_EXISTS };
        draft.add(name, NEW, group(name), again);
    }
    draft.done()
}

/// What success says: id(1), groups(1) and getent(1) fail where there is no such account.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let user = |value: &Value| Some(Says::exists(Resource::User(value.clone())));
    let operand = |spec: &'static str| argv.options(spec).operands.first().copied();
    match argv.name.as_str() {
        "id" => user(&operand("a g G n r u z Z")?.value),
        "groups" | "finger" | "lslogins" => user(&operand("")?.value),
        "passwd" if argv.has_word("-S") || argv.has_word("--status") => user(&operand("S|status")?.value),
        "chage" if argv.has_word("-l") || argv.has_word("--list") => user(&operand("l|list")?.value),
        "getent" => {
            let options = argv.options("s: i");
            let name = &options.operands.get(1)?.value;
            match options.operands.first()?.value.as_literal()? {
                "passwd" | "shadow" => user(name),
                "group" => Some(Says::exists(Resource::Group(name.clone()))),
                "hosts" | "ahosts" | "ahostsv4" => {
                    let file = Value::literal("/etc/hosts");
                    Some(Says::exists(Resource::Line { file, text: name.clone() }))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a line of a list of accounts says. `id -nG app | grep -qw web` asks whether the one is in the other.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let asked = pattern.name();
    let of_groups = argv.has_word("group") || argv.name == "compgen" && argv.has_word("-g");
    let one = match argv.name.as_str() {
        "getent" => argv.options("s: i").operands.get(1).copied(),
        _ => argv.options("a g G n r u z Z").operands.first().copied().filter(|_| argv.name != "compgen"),
    };
    // id(1) puts `uid=`, `gid=` and `groups=` in front of what it prints.
    let is_label = matches!(asked.as_literal(), Some("uid" | "gid" | "groups"));
    let is_name = !is_label && !asked.key().contains(['.', '*', '[', '(', '|', ':', '=']);
    match (one, argv.name.as_str()) {
        (Some(user), "id" | "groups") if is_name && asked != user.value => {
            Some(Says::exists(membership(&user.value, &asked)))
        }
        (Some(of), "getent") if of_groups && is_name && asked != of.value => {
            Some(Says::exists(membership(&asked, &of.value)))
        }
        (Some(_), _) => succeeds(argv),
        (None, "id" | "groups") => None,
        (None, _) if of_groups => Some(Says::exists(Resource::Group(pattern.account()))),
        (None, _) => Some(Says::exists(Resource::User(pattern.account()))),
    }
}

/// newusers(8), systemd-sysusers(8): the accounts are in a file that is not read here.
pub(crate) fn newusers(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    draft.add_implied(NEW, Resource::User(unknown("account")), Again::NoChange);
    draft.done()
}

#[test]
fn accounts_are_made() {
    crate::tools::table::check(&[
        ("useradd app", "create user app fails; create group app [Account]"),
        ("useradd -r -s /bin/false -g web $U", "create user $U fails [Account]"),
        (
            "useradd -m -d /opt/app app",
            "create user app fails; create group app; create tree /opt/app; own app:app /opt/app [Account]",
        ),
        ("adduser --system --group app", "create user app; create group app [Account]"),
        ("adduser --system --no-create-home app", "create user app [Account]"),
        ("adduser --system --home /opt/app --no-create-home app", "create user app [Account]"),
        (
            "adduser app",
            "create user app fails; create group app; create tree /home/app; own app:app /home/app [Account] asks",
        ),
        (
            "adduser --disabled-password --gecos '' app",
            "create user app fails; create group app; create tree /home/app; own app:app /home/app [Account]",
        ),
        ("adduser app docker", "use group docker"),
        ("adduser -D -H app", "create user app fails; create group app [Account]"),
        ("groupadd web", "create group web fails"),
        ("groupadd -f web", "create group web"),
        ("addgroup --system web", "create group web"),
        ("addgroup web", "create group web fails"),
    ]);
}

/// usermod(8), groupmod(8): the same change again does nothing, but a name can be given up only once.
pub(crate) fn usermod(argv: &Argv) -> Deed {
    let options = argv.options(USERMOD);
    let mut draft = Draft::of(argv);
    let Some(name) = options.operands.last() else {
        return draft.done();
    };
    let of_groups = argv.name == "groupmod";
    let renamed =
        if of_groups { argv.options("n|new-name: g|gid: o p: R: P:").value("n").cloned() } else { None };
    let renamed = renamed.or_else(|| options.value("l").filter(|_| argv.name == "usermod").cloned());
    if let Some(to) = renamed {
        let kind = if of_groups { Resource::Group } else { Resource::User };
        let again = Again::Fails("the old name does not exist");
        draft.add(name, Change::Remove, kind(name.value.clone()), again);
        draft.add_implied(NEW, kind(to), Again::Fails("the new name already exists"));
        return draft.done();
    }
    draft.add(name, Change::Use, user(name), Again::NoChange);
    if let Some(groups) = options.value("G").filter(|_| options.has("a")) {
        for one in groups.key().split(',') {
            let one = Value::from_key(one, groups);
            draft.add_implied(NEW, membership(&name.value, &one), Again::NoChange);
        }
    }
    draft.done()
}

/// The membership of an account in a group.
fn membership(user: &Value, group: &Value) -> Resource {
    let mut text = user.clone();
    text.push_str(" in ");
    text.push(group);
    Resource::Other(Thing::Membership, text)
}

/// userdel(8), deluser(8), groupdel(8), delgroup(8): a missing name is an error. `deluser USER GROUP` only removes the user
/// from the group.
pub(crate) fn userdel(argv: &Argv) -> Deed {
    let options = argv
        .options("r|remove f|force remove-home remove-all-files group system backup quiet q only-if-empty");
    let mut draft = Draft::of(argv);
    if let [name, other] = options.operands[..] {
        draft.add(other, Change::Use, group(other), Again::NoChange);
        let again = Again::Fails("the user is not a member of the group");
        draft.add(name, Change::Remove, membership(&name.value, &other.value), again);
        return draft.done();
    }
    let of_groups = argv.name.contains("group") || options.has("group");
    let harmless = options.has("system") || argv.name == "delgroup" && options.has("only-if-empty");
    for name in &options.operands {
        let again = match harmless {
            true => Again::NoChange,
            false => Again::Fails("the account does not exist"),
        };
        let resource = if of_groups { group(name) } else { user(name) };
        draft.add(name, Change::Remove, resource, again);
    }
    draft.done()
}

/// passwd(1): it asks, except to lock, unlock, expire, delete or show.
pub(crate) fn passwd(argv: &Argv) -> Deed {
    let options = argv.options("l|lock u|unlock d|delete e|expire S|status a i: n: x: w: q R: stdin");
    let mut draft = Draft::of(argv);
    if let Some(name) = options.operands.first() {
        draft.add(name, Change::Use, user(name), Again::NoChange);
    }
    if !["l", "u", "d", "e", "S", "stdin"].iter().any(|o| options.has(o)) {
        draft.asks("asks for a new password", "pipe `user:password` to chpasswd", None);
    }
    draft.done()
}

/// chpasswd(8): it sets the passwords again, whatever they were changed to. It is worth reporting if each run
/// generates another one.
pub(crate) fn chpasswd(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if let crate::shell::argv::Stdin::Text(text) = &argv.stdin
        && let Some((name, _)) = text.split_once(':')
    {
        let again = match text.knowledge() {
            Knowledge::Fresh => Again::Overwrites("replaces the password with a new one"),
            _ => Again::NoChange,
        };
        draft.add_implied(Change::Write, Resource::Other(Thing::Password, name), again);
    }
    draft.done()
}

/// gpasswd(1): `-a` of a member is fine; `-d` of a non-member exits with 3.
pub(crate) fn gpasswd(argv: &Argv) -> Deed {
    let options = argv.options("a|add: d|delete: M|members: A|administrators: r R Q:");
    let mut draft = Draft::of(argv);
    if let Some(name) = options.operands.last() {
        draft.add(name, Change::Use, group(name), Again::NoChange);
        if let Some(member) = options.value("d") {
            let again = Again::Fails("user is not a member");
            draft.add_implied(Change::Remove, membership(member, &name.value), again);
        } else if let Some(member) = options.value("a") {
            draft.add_implied(NEW, membership(member, &name.value), Again::NoChange);
        }
    }
    if !["a", "d", "M", "A", "r", "R"].iter().any(|o| options.has(o)) {
        draft.asks("asks for a new password", "leave the group without a password", None);
    }
    draft.done()
}

/// visudo(8) and vipw(8) open an editor unless they only check (`-c`).
pub(crate) fn visudo(argv: &Argv) -> Deed {
    let options = argv.options("c|check q|quiet s|strict f|file: O P x:");
    let mut draft = Draft::of(argv);
    let editor = argv.env("EDITOR").or_else(|| argv.env("VISUAL")).or_else(|| argv.env("SUDO_EDITOR"));
    let editor = editor.and_then(Value::as_literal).unwrap_or_default();
    if editor.starts_with("tee -a") || editor.starts_with("tee --append") {
        let sudoers = Value::literal("/etc/sudoers");
        let file = options.value("f").unwrap_or(&sudoers).resolve(&argv.cwd);
        let text = match &argv.stdin {
            crate::shell::argv::Stdin::Text(text) => text.clone(),
            _ => crate::tools::draft::unknown("input"),
        };
        let again = Again::Duplicates("adds the same line again");
        draft.add_implied(Change::Append, Resource::Line { file, text }, again);
    }
    if !options.has("c") && argv.env("EDITOR").is_none() {
        draft.asks(
            "opens an editor",
            "write a file below /etc/sudoers.d and check it with `visudo -cf`",
            None,
        );
    }
    draft.done()
}

#[test]
fn accounts_are_asked_for() {
    crate::tools::table::says(&[
        ("id -u app", "Exists user app"),
        ("id -u", ""),
        ("groups $U", "Exists user $U"),
        ("passwd -S app", "Exists user app"),
        ("passwd app", ""),
        ("getent passwd app", "Exists user app"),
        ("getent group web", "Exists group web"),
        ("getent passwd | grep -q ^app:", "Exists user app"),
        ("getent passwd app | grep -q .", "Exists user app"),
        ("getent group web | grep -qw app", "Exists membership app in web"),
        ("getent group | grep -q ^web:", "Exists group web"),
        ("id -nG app | grep -qw docker", "Exists membership app in docker"),
        ("groups app | grep -q '\\bdocker\\b'", "Exists membership app in docker"),
        ("id app | grep -q uid", "Exists user app"),
        ("compgen -u | grep -qx app", "Exists user app"),
        ("compgen -g | grep -qx web", "Exists group web"),
    ]);
}

#[test]
fn accounts_are_changed() {
    crate::tools::table::check(&[
        ("usermod -aG docker $USER", "use user $USER; create membership $USER in docker"),
        ("usermod -l web app", "remove user app fails; create user web fails"),
        ("groupmod -n web app", "remove group app fails; create group web fails"),
        ("deluser app web", "use group web; remove membership app in web fails"),
        ("userdel -r app", "remove user app fails"),
        ("delgroup web", "remove group web fails"),
        ("passwd app", "use user app asks"),
        ("passwd -l app", "use user app"),
        ("chpasswd <<< 'app:secret'", "write password app"),
        ("| chpasswd", ""),
        ("gpasswd -a app web", "use group web; create membership app in web"),
        ("gpasswd -d app web", "use group web; remove membership app in web fails"),
        ("EDITOR='tee -a' visudo <<< 'x'", "append line /etc/sudoers 'x' duplicates"),
        ("visudo -cf /etc/sudoers.d/app", ""),
        ("visudo", "asks"),
    ]);
}
