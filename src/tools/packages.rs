//! System packages: apt, dnf, yum, zypper, apk, pacman, snap, dpkg, brew.

use crate::shell::argv::{Arg, Argv, Options};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::apt::comes_alone;
use crate::tools::draft::{Draft, NEW, word};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;

/// Programs that a package brings under another name than its own. Sources: the file lists of the packages of Debian 12,
/// Ubuntu 24.04 and the vendors.
pub(super) const PROGRAMS: &[(&str, &[&str])] = &[
    ("apache2", &["apache2", "apache2ctl", "a2ensite", "a2enmod", "a2dissite"]),
    ("apache2-utils", &["htpasswd", "ab"]),
    ("bind9-dnsutils", &["dig", "nslookup"]),
    ("build-essential", &["gcc", "g++", "make"]),
    ("certbot", &["certbot"]),
    ("cron", &["crontab", "cron"]),
    ("default-jdk", &["java", "javac"]),
    ("default-jre", &["java"]),
    ("dnsutils", &["dig", "nslookup"]),
    ("docker-ce", &["docker", "dockerd"]),
    ("docker-ce-cli", &["docker"]),
    // A plugin, which only `docker compose` finds.
    ("docker-compose-plugin", &[]),
    ("docker.io", &["docker", "dockerd"]),
    ("fail2ban", &["fail2ban-client", "fail2ban-server"]),
    ("gnupg", &["gpg"]),
    ("gnupg2", &["gpg", "gpg2"]),
    ("golang", &["go", "gofmt"]),
    ("golang-go", &["go", "gofmt"]),
    ("imagemagick", &["convert", "identify"]),
    ("iproute2", &["ip", "ss"]),
    ("iptables", &["iptables", "ip6tables", "iptables-save"]),
    ("iptables-persistent", &["netfilter-persistent"]),
    ("lsb-release", &["lsb_release"]),
    ("mariadb-client", &["mysql", "mariadb", "mysqldump"]),
    ("mariadb-server", &["mysql", "mariadb", "mysqldump", "mysql_secure_installation"]),
    ("mysql-client", &["mysql", "mysqldump"]),
    ("mysql-server", &["mysql", "mysqldump", "mysql_secure_installation"]),
    ("net-tools", &["netstat", "ifconfig", "route"]),
    ("netfilter-persistent", &["netfilter-persistent"]),
    ("nginx", &["nginx"]),
    ("nodejs", &["node", "npm", "npx"]),
    ("openssh-client", &["ssh", "scp", "ssh-keygen"]),
    ("php-cli", &["php"]),
    ("php-fpm", &["php-fpm"]),
    ("postgresql", &["psql", "createdb", "createuser", "pg_dump", "pg_isready"]),
    ("postgresql-client", &["psql", "createdb", "createuser", "pg_dump", "pg_isready"]),
    ("procps", &["ps", "pgrep", "pkill", "sysctl"]),
    ("python-is-python3", &["python"]),
    ("python3", &["python3"]),
    ("python3-certbot-nginx", &["certbot"]),
    ("python3-pip", &["pip", "pip3"]),
    ("python3-virtualenv", &["virtualenv"]),
    ("redis", &["redis-server", "redis-cli"]),
    ("redis-server", &["redis-server", "redis-cli"]),
    ("redis-tools", &["redis-cli"]),
    ("ruby-full", &["ruby", "gem"]),
    ("software-properties-common", &["add-apt-repository"]),
    ("supervisor", &["supervisorctl", "supervisord"]),
    ("util-linux", &["flock", "runuser"]),
    ("xz-utils", &["xz"]),
];

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("pacman", true) => {
            Advice::help("remove it only where it is: `! pacman -Q NAME || pacman -R … NAME`")
        }
        _ => None,
    }
}

fn packages<'a>(draft: &mut Draft<'_>, operands: impl Iterator<Item = &'a &'a Arg>) {
    for operand in operands {
        let value = &operand.value;
        let text = value.key();
        // A local file is not the name of a package.
        if text.starts_with(['.', '/']) || value.is_empty() {
            continue;
        }
        let cut = text.split(['=', '/', ':']).next().unwrap_or(text);
        let name = match value.as_literal() {
            Some(_) => Value::literal(cut),
            None => value.clone(),
        };
        draft.add(operand, NEW, Resource::Package(name), Again::NoChange);
        let known = PROGRAMS.binary_search_by_key(&cut, |(package, _)| package);
        let itself = [cut];
        let programs = match known {
            Ok(at) => PROGRAMS[at].1,
            Err(_) if value.as_literal().is_some() && !is_without_program(cut) => &itself[..],
            Err(_) => &[],
        };
        for program in programs {
            let program = Resource::Program(Value::literal(*program));
            draft.add(operand, NEW, program, Again::NoChange);
        }
    }
}

/// True for the package manager of a system other than Debian and its relatives.
pub(crate) fn is_of_another_system(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "dnf" | "yum" | "microdnf" | "zypper" | "apk" | "pacman")
}

/// True for libraries, headers and modules, which bring no program with the package's name.
fn is_without_program(package: &str) -> bool {
    const STARTS: [&str; 6] = ["lib", "python3-", "php-", "fonts-", "linux-", "ca-certificates"];
    const ENDS: [&str; 6] = ["-dev", "-devel", "-common", "-venv", "-data", "-headers"];
    STARTS.iter().any(|start| package.starts_with(start)) || ENDS.iter().any(|end| package.ends_with(end))
}

fn removed(draft: &mut Draft<'_>, operands: &[&Arg], again: Again) {
    for operand in operands {
        draft.add(operand, Change::Remove, Resource::Package(operand.value.clone()), again);
    }
}

/// apt-get(8): it asks before it installs or removes unless `-y` or `-qq` (which implies it) is given.
/// DEBIAN_FRONTEND concerns debconf(7) and not this question. It asks nothing if there is nothing to do, but
/// the first time there is, unless a package brings no other one.
pub(crate) fn apt(argv: &Argv) -> Deed {
    let options = argv.options(
        "y|yes|assume-yes q|quiet? o|option: t|target-release|default-release: c|config-file: a|host-architecture: \
         s|simulate|just-print|dry-run d|download-only f|fix-broken m|fix-missing V u force-yes assume-no no-install-recommends",
    );
    let mut draft = Draft::of(argv);
    let (operands, verb) = (&options.operands, word(&options.operands, 0));
    if verb.is_empty() && !operands.is_empty() {
        return Deed::default();
    }
    let quiet = options.names().filter(|name| *name == "q").count() > 1
        || options.value("q").and_then(Value::as_literal) == Some("2");
    let assumed = options.values("o").any(|v| v.key().to_ascii_lowercase().contains("assume-yes"));
    let yes = options.has("y") || options.has("force-yes") || quiet || assumed;
    match verb {
        "install" | "reinstall" | "build-dep" => {
            draft.role(Role::SystemPackages);
            packages(&mut draft, operands.iter().skip(1));
        }
        "upgrade" | "dist-upgrade" | "full-upgrade" => {}
        "remove" | "purge" | "autoremove" | "autopurge" => {
            removed(&mut draft, &operands[1..], Again::NoChange)
        }
        "edit-sources" => {}
        _ => return draft.done(),
    }
    let simulated = options.has("s") || options.has("assume-no");
    let is_alone = verb == "install"
        && operands.len() > 1
        && operands[1..].iter().all(|package| package.value.as_literal().is_some_and(comes_alone));
    if !yes && !simulated && !is_alone {
        draft.asks("asks \"Do you want to continue? [Y/n]\"", "write `-y`", Some("-y"));
    }
    draft.done()
}

/// dpkg(1): `-i` of an installed version installs it again.
pub(crate) fn dpkg(argv: &Argv) -> Deed {
    let options = argv.options("i|install r|remove P|purge l|list s|status L S configure a|pending add-architecture print-architecture");
    let mut draft = Draft::of(argv);
    if options.has("i") {
        draft.role(Role::SystemPackages);
    } else if options.has("r") || options.has("P") {
        removed(&mut draft, &options.operands, Again::NoChange);
    } else if !options.has("configure") && !options.has("add-architecture") {
        return Deed::read_only();
    }
    draft.done()
}

/// True unless an option keeps the packages of an app from running code of their own while they are installed: npm(1) and
/// its like, composer(1), pip(1).
pub(crate) fn runs_install_code(argv: &Argv) -> bool {
    let has = |word: &str| argv.has_word(word);
    match argv.name.as_str() {
        "npm" | "pnpm" | "yarn" | "bun" => !has("--ignore-scripts"),
        "composer" => !(has("--no-scripts") && has("--no-plugins")),
        "pip" | "pip3" => {
            let is_all = |pair: &[Arg]| {
                pair[0].value.as_literal() == Some("--only-binary")
                    && pair[1].value.as_literal() == Some(":all:")
            };
            !has("--only-binary=:all:") && !argv.args.windows(2).any(is_all)
        }
        _ => true,
    }
}

#[test]
fn options_keep_install_code_from_running() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("npm ci --omit=dev --ignore-scripts", false),
        ("npm ci", true),
        ("composer install --no-dev --no-scripts", true),
        ("composer install --no-scripts --no-plugins", false),
        ("/opt/x/bin/pip install --only-binary :all: -r r.txt", false),
        ("pip install -r r.txt", true),
    ] {
        assert_eq!(runs_install_code(&argv(line)), expected, "{line}");
    }
}

/// The packages in the files that a command installs: `caddy` for `dpkg -i /tmp/caddy_2.8.4_amd64.deb`. `None` if the name
/// of a file is not known. It is asked of commands that install packages.
pub(crate) fn package_files(argv: &Argv) -> Option<Vec<&str>> {
    let mut packages = Vec::new();
    for arg in argv.args.iter().filter(|arg| !arg.is_option()) {
        let known = arg.value.known_suffix();
        let file = known.strip_suffix(".deb").or_else(|| known.strip_suffix(".rpm"));
        let is_whole = known.contains('/') || arg.value.as_literal().is_some();
        match file {
            Some(file) if is_whole => packages.push(package_of_file(file)),
            None if argv.name != "dpkg" || is_whole => {}
            _ => return None,
        }
    }
    Some(packages)
}

/// The package of `NAME_VERSION_ARCHITECTURE` and `NAME-VERSION`.
fn package_of_file(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.split('_').next().unwrap_or(name);
    let version =
        name.match_indices('-').find(|(at, _)| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    version.map_or(name, |(at, _)| &name[..at])
}

/// add-apt-repository(1): it asks to press Enter unless `-y` is given; by its source (0.99) it does so only
/// if standard input is a terminal.
pub(crate) fn add_apt_repository(argv: &Argv) -> Deed {
    let options = argv.options("y|yes r|remove n|no-update u|update P|ppa: U|uri: C|cloud: S|sourceslist: c|component: p|pocket: s d L|list");
    let mut draft = Draft::of(argv);
    if !options.has("y") && !options.has("L") {
        draft.asks("asks \"Press [ENTER] to continue or Ctrl-c to cancel\"", "write `-y`", Some("-y"));
        draft.only_people();
    }
    draft.done()
}

/// dnf(8), yum(8) and microdnf ask `Is this ok [y/N]` unless `-y` is given.
pub(crate) fn dnf(argv: &Argv) -> Deed {
    let options = argv.options("y|assumeyes q|quiet c|config: C d: e: x|exclude: enablerepo: disablerepo: setopt: releasever: nogpgcheck allowerasing skip-broken assumeno");
    with_question(
        argv,
        &options,
        options.has("y") || options.has("assumeno"),
        "asks \"Is this ok [y/N]\"",
        "-y",
    )
}

/// zypper(8): it asks unless `--non-interactive` (`-n`), a global option, is given, or `-y` after the
/// command.
pub(crate) fn zypper(argv: &Argv) -> Deed {
    let options = argv.options(
        "n|non-interactive y|no-confirm q|quiet gpg-auto-import-keys R|root: c|config: r|repo: f|force",
    );
    with_question(argv, &options, options.has("n") || options.has("y"), "asks \"Continue? [y/n]\"", "-y")
}

fn with_question(
    argv: &Argv,
    options: &Options<'_>,
    yes: bool,
    asks: &'static str,
    flag: &'static str,
) -> Deed {
    let mut draft = Draft::of(argv);
    let operands = &options.operands;
    match word(operands, 0) {
        "install" | "in" | "groupinstall" | "localinstall" | "reinstall" => {
            draft.role(Role::SystemPackages);
            packages(&mut draft, operands.iter().skip(1));
        }
        "update" | "upgrade" | "up" | "dist-upgrade" | "dup" | "distro-sync" => {}
        "module" if matches!(word(operands, 1), "install" | "enable" | "reset" | "disable") => {}
        "remove" | "rm" | "erase" | "autoremove" => removed(&mut draft, &operands[1..], Again::NoChange),
        _ => return draft.done(),
    }
    if !yes {
        draft.asks(asks, "write `-y`", Some(flag));
    }
    draft.done()
}

/// apk(8): it asks nothing unless `--interactive` is given.
pub(crate) fn apk(argv: &Argv) -> Deed {
    let options =
        argv.options("t|virtual: X|repository: p|root: no-cache U|update-cache u|upgrade i|interactive");
    let mut draft = Draft::of(argv);
    match word(&options.operands, 0) {
        "add" => {
            draft.role(Role::SystemPackages);
            packages(&mut draft, options.operands.iter().skip(1));
        }
        "del" => removed(&mut draft, &options.operands[1..], Again::NoChange),
        _ => {}
    }
    draft.done()
}

/// pacman(8): it asks `Proceed with installation? [Y/n]` unless `--noconfirm` is given; `-Q` only shows. `-R` refuses what
/// is not installed (tried with 6.0).
pub(crate) fn pacman(argv: &Argv) -> Deed {
    let options = argv.options("S|sync y|refresh u|sysupgrade R|remove Q|query U|upgrade s|search i|info noconfirm needed r|root: b|dbpath: config: ignore:");
    let mut draft = Draft::of(argv);
    let looks = options.has("Q") || options.has("s") && !options.has("R");
    if looks {
        return Deed::read_only();
    }
    if options.has("R") {
        removed(&mut draft, &options.operands, Again::Fails("target not found"));
    } else {
        draft.role(Role::SystemPackages);
        packages(&mut draft, options.operands.iter());
    }
    if !options.has("noconfirm") {
        draft.asks("asks \"Proceed with installation? [Y/n]\"", "write `--noconfirm`", Some("--noconfirm"));
    }
    draft.done()
}

/// snap(8): `install` of an installed snap says so and exits with 0.
pub(crate) fn snap(argv: &Argv) -> Deed {
    let options = argv.options(
        "classic devmode jailmode dangerous channel: revision: edge beta candidate stable name: cohort:",
    );
    let mut draft = Draft::of(argv);
    match word(&options.operands, 0) {
        "install" | "refresh" => {
            draft.role(Role::SystemPackages);
            packages(&mut draft, options.operands.iter().skip(1));
        }
        "remove" => removed(&mut draft, &options.operands[1..], Again::NoChange),
        _ => {}
    }
    draft.done()
}

/// What success says: command(1p) and which(1) fail if there is no such program. `dpkg -s`, `rpm -q`, `apk -e`,
/// `pacman -Q`, `snap list`, `npm ls`, `pip show` and `gem list -i` fail if there is no such package.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let package = |arg: &Arg| Some(Says::exists(Resource::Package(arg.value.clone())));
    let last = || argv.args.last().filter(|arg| !arg.is_option());
    let behind = |count: usize| argv.args.iter().filter(|arg| !arg.is_option()).skip(count).last();
    let verb = argv.args.iter().find(|arg| !arg.is_option()).and_then(|arg| arg.value.as_literal());
    match (argv.name.as_str(), verb) {
        ("command" | "type" | "which" | "hash", _) => {
            let options = argv.options("v V p a t P f");
            let program = options.operands.first()?.value.clone();
            Some(Says::exists(Resource::Program(program)))
        }
        ("dpkg" | "dpkg-query" | "rpm", _) => package(last()?),
        ("pacman", _) if argv.args.first().is_some_and(|arg| arg.value.known_prefix().starts_with("-Q")) => {
            package(last()?)
        }
        ("snap" | "brew" | "npm", Some("list" | "ls")) => package(behind(1)?),
        ("apk", Some("info")) if argv.args.iter().any(Arg::is_option) => package(behind(1)?),
        ("dnf" | "yum", Some("list")) if argv.has_word("installed") || argv.has_word("--installed") => {
            package(behind(1).filter(|arg| arg.value.as_literal() != Some("installed"))?)
        }
        ("pip", Some("show")) => package(behind(1)?),
        ("gem", Some("list")) if argv.has_word("-i") => package(behind(1)?),
        _ => None,
    }
}

/// What a line of a list of packages says: `dpkg -l | grep nginx`.
pub(super) fn lists(pattern: &Pattern) -> Option<Says> {
    Some(Says::exists(Resource::Package(pattern.name())))
}

#[test]
fn packages_are_asked_for() {
    crate::tools::table::says(&[
        ("command -v docker", "Exists program docker"),
        ("which -s $P", "Exists program $P"),
        ("dpkg -s nginx", "Exists package nginx"),
        ("dpkg -l | grep -qw nginx", "Exists package nginx"),
        ("dpkg --configure -a", ""),
        ("rpm -q nginx", "Exists package nginx"),
        ("apk info -e git", "Exists package git"),
        ("apk add git", ""),
        ("pacman -Qi git", "Exists package git"),
        ("pacman -S git", ""),
        ("snap list certbot", "Exists package certbot"),
        ("snap install certbot", ""),
        ("npm ls -g serve", "Exists package serve"),
        ("npm list -g --depth=0 | grep -q serve", "Exists package serve"),
        ("npm ci", ""),
        ("pip show celery", "Exists package celery"),
        ("dnf list installed nginx", "Exists package nginx"),
        ("dnf list installed", ""),
        ("gem list -i bundler", "Exists package bundler"),
    ]);
}

#[test]
fn packages_are_installed() {
    crate::tools::table::check(&[
        (
            "apt-get install -y nginx redis-server",
            "create package nginx; create program nginx; create package redis-server; create program redis-server; \
             create program redis-cli [SystemPackages]",
        ),
        ("apt install curl", "create package curl; create program curl [SystemPackages] asks"),
        ("apt install wget", "create package wget; create program wget [SystemPackages]"),
        ("apt-get -qq install curl", "create package curl; create program curl [SystemPackages]"),
        (
            "apt-get install -yq --no-install-recommends $PACKAGES",
            "create package $PACKAGES [SystemPackages]",
        ),
        ("apt-get install $PACKAGES", "create package $PACKAGES [SystemPackages] asks"),
        ("apt-get install $OPTS curl", "create package curl; create program curl [SystemPackages]"),
        ("| apt-get install curl", "create package curl; create program curl [SystemPackages]"),
        ("DEBIAN_FRONTEND=noninteractive apt-get upgrade", "asks"),
        ("apt-get $APT_OPTS install libpq-dev", "create package libpq-dev [SystemPackages]"),
        ("apt-get $1", "unknown"),
        ("apt-get update", ""),
        ("apt-get -o Dpkg::Options::=--force-confold -y upgrade", ""),
        (
            "apt-get install python3=3.11*",
            "create package python3; create program python3 [SystemPackages] asks",
        ),
        ("apt list --installed", ""),
        ("apt-get purge -y nginx", "remove package nginx"),
        ("apt-get autoremove -y", ""),
        ("dpkg -i /tmp/x.deb", "[SystemPackages]"),
        ("dpkg -l", "[ReadOnly]"),
        ("add-apt-repository ppa:x/y", "asks"),
        ("add-apt-repository -y ppa:x/y", ""),
        ("dnf install -y git", "create package git; create program git [SystemPackages]"),
        ("yum update", "asks"),
        ("dnf check-update", ""),
        ("zypper -n install git", "create package git; create program git [SystemPackages]"),
        ("apk add --no-cache git", "create package git; create program git [SystemPackages]"),
        ("pacman -Syu --noconfirm git", "create package git; create program git [SystemPackages]"),
        ("pacman -S git", "create package git; create program git [SystemPackages] asks"),
        ("pacman -Rns --noconfirm git", "remove package git fails"),
        ("apt-get install -y docker-compose-plugin", "create package docker-compose-plugin [SystemPackages]"),
        ("snap install --classic certbot", "create package certbot; create program certbot [SystemPackages]"),
    ]);
}

#[test]
fn programs_are_sorted() {
    assert!(PROGRAMS.is_sorted_by_key(|(package, _)| package));
}

#[test]
fn the_file_of_a_package_names_it() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("dpkg -i /tmp/caddy_2.8.4_linux_amd64.deb", Some(&["caddy"][..])),
        ("dpkg -i $DIR/caddy_2.8.4_linux_amd64.deb", Some(&["caddy"])),
        ("apt-get install -y ./jdk-21_linux-x64_bin.deb nginx", Some(&["jdk"])),
        ("dnf install -y https://rpms.example.com/nginx-1.26.rpm", Some(&["nginx"])),
        ("apt-get install -y $PACKAGE", Some(&[])),
        ("dpkg -i $FILE", None),
        ("apt-get install -y $NAME.deb", None),
    ] {
        assert_eq!(package_files(&argv(line)).as_deref(), expected, "{line}");
    }
}
