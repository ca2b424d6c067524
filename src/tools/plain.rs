//! Commands that only read, print, wait or control the shell itself. They leave nothing that a later run could find.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::draft::Draft;
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::signals;

/// True for a program that changes nothing: builtins of bash(1), and programs of coreutils(1), procps, util-linux, grep,
/// gawk, systemd and iproute2.
pub(crate) fn only_reads(name: &str) -> bool {
    [
        ":", "[", "[[", "alias", "arch", "base64", "basename", "bc", "bg", "break", "builtin", "caller",
        "cd", "cksum", "clear", "cmp", "column", "comm", "command", "continue", "cut", "date", "declare",
        "df", "diff", "dig", "dirname", "dirs", "dmesg", "dpkg-query", "du", "env", "exit", "expand",
        "export", "expr", "false", "fg", "file", "fmt", "fold", "free", "getconf", "getent", "getopt",
        "getopts", "groups", "hash", "head", "help", "hexdump", "history", "host", "hostid", "id", "jobs",
        "journalctl", "jq", "last", "let", "less", "local", "locale", "logname", "ls", "lsb_release",
        "lsblk", "lscpu", "lsmod", "lsof", "man", "mapfile", "md5sum", "more", "mountpoint", "namei", "nc",
        "netcat", "netstat", "nl", "nproc", "nslookup", "numfmt", "od", "paste", "pathchk", "pg_isready",
        "pgrep", "pidof", "ping", "popd", "printenv", "ps", "pushd", "pwd", "pwgen", "readarray", "readlink",
        "readonly", "realpath", "return", "rev", "seq", "set", "sha1sum", "sha256sum", "sha512sum", "shasum",
        "shift", "shopt", "sleep", "ss", "stat", "strings", "stty", "sum", "tac", "tail", "test", "times",
        "top", "tput", "tr", "trap", "true", "tsort", "tty", "type", "typeset", "ulimit", "umask", "unalias",
        "uname", "unexpand", "uniq", "unset", "uptime", "users", "uuidgen", "vmstat", "w", "wait", "wc",
        "whereis", "which", "who", "whoami", "xxd", "yes", "yq", "zcat", "zgrep", "mktemp", "traceroute",
        "sync", "ansi", "figlet", "ldconfig", "udevadm", "disown",
    ]
    .contains(&name)
}

/// True for a program that sets a state of the system and accepts a state that is set already: sysctl(8), modprobe(8),
/// a2enmod(8), firewall-cmd(1), setsebool(8), ntpdate, restorecon(8) ….
pub(crate) fn only_sets(name: &str) -> bool {
    [
        "a2dismod", "a2dissite", "a2enconf", "a2enmod", "a2ensite", "apachectl", "apache2ctl", "apt-key",
        "apt-mark", "debconf-set-selections", "depmod", "fail2ban-client", "firewall-cmd", "ip6tables-save",
        "iptables-save", "locale-gen", "logrotate", "modprobe", "netfilter-persistent", "ntpdate",
        "poweroff", "restorecon", "setcap", "setenforce", "setsebool", "sysctl", "systemd-tmpfiles",
        "tune2fs", "update-ca-certificates", "update-grub", "update-initramfs", "update-locale", "chattr",
        "corepack", "nvm", "pyenv", "rustup", "notify-send", "mail", "sendmail", "growpart", "resize2fs",
        "phpenmod", "phpdismod", "killall5", "renice", "ionice",
    ]
    .contains(&name)
}

/// read and select (bash(1)) wait for a line on standard input.
pub(crate) fn read(argv: &Argv) -> Deed {
    let options = argv.options("a: d: e i: n: N: p: r s t: u:");
    let mut draft = Draft::of(argv);
    draft.role(Role::ReadOnly);
    if !options.has("t") && !options.has("u") {
        draft.asks(
            "waits for a line on standard input",
            "take the value from an argument or a variable",
            None,
        );
        draft.of_script();
    }
    draft.done()
}

/// iconv(1), sort(1), shuf(1): they print, or write to the file that `-o` names.
pub(crate) fn filter(argv: &Argv) -> Deed {
    let options = argv.options("o|output: f|from-code: t|to-code: k|key: T|temporary-directory: S|buffer-size: n: i|input-range: u c b r");
    let mut draft = Draft::of(argv);
    match options.value("o") {
        Some(file) => draft.writes(file),
        None => {
            draft.role(Role::ReadOnly);
        }
    }
    draft.done()
}

/// The file in which `sort -u -o FILE` leaves each line once.
pub(crate) fn keeps_lines_single(argv: &Argv) -> Option<Value> {
    if argv.name != "sort" {
        return None;
    }
    let options = argv.options("o|output: u|unique k|key: t|field-separator: b f n r");
    options.value("o").filter(|_| options.has("u")).map(|file| file.resolve(&argv.cwd))
}

/// pkill(1), killall(1): they exit with 1 if no process matches, the first time as well as the second.
pub(crate) fn pkill(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    for operand in signals::process_names(argv) {
        let process = Resource::Process(operand.value.clone());
        draft.add(operand, Change::Stop, process, Again::NoChange);
    }
    draft.done()
}

/// fuser(1): `-k` ends whatever holds a file or a port.
pub(crate) fn fuser(argv: &Argv) -> Deed {
    let options = argv.options("k|kill n|namespace: s|silent v|verbose m|mount i|interactive M w");
    match options.has("k") {
        true => Deed::of(Vec::new()).role(Role::Signal),
        false => Deed::read_only(),
    }
}

/// True for envsubst(1), which replaces names by what is exported.
pub(crate) fn puts_in_variables(argv: &Argv) -> bool {
    argv.name == "envsubst"
}

/// True for a program whose own language uses the shell's operators as words.
pub(crate) fn takes_operators(name: &str) -> bool {
    matches!(name, "test" | "[" | "expr" | "awk" | "gawk" | "jq" | "find" | "rg" | "grep" | "sed")
}

/// True if the command only handles text: it prints, selects or edits.
pub(crate) fn handles_text(argv: &Argv) -> bool {
    matches!(
        argv.name.as_str(),
        "echo" | "printf" | "cat" | "tee" | "grep" | "egrep" | "fgrep" | "logger" | "sed" | "awk" | "gawk"
    )
}

/// True for a command whose words are not paths that it opens: it prints, tests or sets something.
pub(crate) fn opens_no_path(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "echo" | "printf" | "test" | "[" | "[[" | "export" | "logger" | "true")
}

/// Signals that end no shell: signal(7).
const HARMLESS: [&str; 7] = ["0", "CHLD", "CONT", "STOP", "TSTP", "URG", "WINCH"];

/// The pattern with which pkill(1) ends processes by their whole command lines. `None` if it looks at names only, or
/// chooses among the processes in a way that may spare the shell that runs it.
pub(crate) fn pattern_of_lines(argv: &Argv) -> Option<String> {
    if argv.name != "pkill" {
        return None;
    }
    let (mut full, mut pattern) = (false, None);
    let mut words = argv.args.iter();
    while let Some(word) = words.next() {
        let word = word.value.as_literal()?;
        let Some(option) = word.strip_prefix('-') else {
            pattern = Some(word.to_owned());
            continue;
        };
        let signal = match option.strip_prefix("-signal") {
            Some("") => words.next()?.value.as_literal()?,
            Some(joined) => joined.strip_prefix('=')?,
            None => option,
        };
        let signal = signal.strip_prefix("SIG").unwrap_or(signal);
        if HARMLESS.contains(&signal) {
            return None;
        }
        match option {
            "-full" => full = true,
            "u" | "U" | "G" => _ = words.next(),
            _ if signal.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) && signal != "A" => {}
            _ if option.bytes().all(|b| b"efi".contains(&b)) => full |= option.contains('f'),
            _ => return None,
        }
    }
    pattern.filter(|_| full)
}

/// True for a shell that hands its own process over to the last command of `-c`, as bash does (tried with 5.2; dash 0.5.12
/// does not).
pub(crate) fn hands_over_to_its_last_command(shell: &str) -> bool {
    shell == "bash"
}

#[test]
fn plain_commands_change_nothing() {
    crate::tools::table::check(&[
        ("echo useradd app", "[ReadOnly]"),
        ("read -p 'Domain: ' DOMAIN", "[ReadOnly] asks"),
        ("read -t 5 X", "[ReadOnly]"),
        ("| read X", "[ReadOnly]"),
        ("iconv -f latin1 -t utf8 -o /a.new /a", "write /a.new"),
        ("sort -u f", "[ReadOnly]"),
        ("pkill -f shop", "stop process shop"),
        ("frobnicate x", "unknown"),
        ("$CMD x", "unknown"),
    ]);
}
