//! Tables of cron(8).

use crate::shell::argv::{Argv, Stdin};
use crate::shell::line::{commands_of_code, main};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::Draft;
use crate::tools::effect::{Again, Change, Deed, PathKind, Resource};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;

/// What success says: `crontab -l` fails if there is no table.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    argv.has_word("-l").then(|| Says::exists(Resource::Crontab(Value::default())))
}

/// What a line of the table says.
pub(super) fn lists(pattern: &Pattern) -> Option<Says> {
    Some(Says::exists(Resource::Crontab(pattern.text().clone())))
}

#[test]
fn crontabs_are_asked() {
    crate::tools::table::says(&[
        ("crontab -l", "Exists crontab"),
        ("crontab -u app -l | grep -q backup", "Exists crontab backup"),
        ("crontab -", ""),
    ]);
}

/// The words that may replace the five fields: crontab(5).
const NICKNAMES: [&str; 8] =
    ["@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// True if a word is a time field that may contain these names. crontab(5) forbids lists and ranges of names, but `crontab`
/// accepts them (tried with Debian's 3.0pl1).
fn is_field(word: &str, names: &[&str]) -> bool {
    let is_value = |part: &str| {
        part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'/' | b'~'))
            || names.contains(&part.split('/').next().unwrap_or_default().to_ascii_lowercase().as_str())
    };
    word.split([',', '-']).all(is_value)
}

/// A line of a table that runs a command, crontab(5).
pub(crate) struct Entry {
    /// The first word after the time. In the system's tables it is a user's name.
    pub(crate) first: String,
    /// The command, without a user's name in the system's tables.
    pub(crate) command: String,
}

/// Reads a line of a table. In the system's tables a user's name precedes the command.
pub(crate) fn entry(line: &str, names_user: bool) -> Option<Entry> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let fields = match words[..] {
        [when, ..] if NICKNAMES.contains(&when) => 1,
        [minute, hour, day, month, weekday, ..]
            if [minute, hour, day].iter().all(|field| is_field(field, &[]))
                && is_field(month, &MONTHS)
                && is_field(weekday, &WEEKDAYS) =>
        {
            5
        }
        _ => return None,
    };
    let command = words.get(fields + usize::from(names_user)..)?.join(" ");
    Some(Entry { first: (*words.get(fields)?).to_owned(), command })
}

/// The program that a line of a table runs, if the line gives its path: `/opt/shop/backup.sh` in
/// `0 3 * * * root /opt/shop/backup.sh`.
pub(crate) fn program(line: &str, names_user: bool) -> Option<String> {
    let commands = commands_of_code(&entry(line, names_user)?.command);
    let argv = main(&commands)?.argv();
    argv.program.value.key().contains('/').then(|| argv.path(&argv.program).to_string())
}

#[test]
fn programs_of_lines_are_found() {
    for (line, names_user, expected) in [
        ("0 3 * * * /opt/shop/backup.sh >> /var/log/x 2>&1", false, Some("/opt/shop/backup.sh")),
        ("*/5 * * * * root /opt/x/run.sh", true, Some("/opt/x/run.sh")),
        ("@daily /opt/x/run.sh", false, Some("/opt/x/run.sh")),
        ("@reboot root /opt/x/run.sh", true, Some("/opt/x/run.sh")),
        ("@here /opt/x/run.sh", false, None),
        ("30 2 * * MON-FRI /opt/x/run.sh", false, Some("/opt/x/run.sh")),
        ("30 2 1 Jan,jul sun root /opt/x/run.sh", true, Some("/opt/x/run.sh")),
        ("30 2 * * Mon-Fri/2 /opt/x/run.sh", false, Some("/opt/x/run.sh")),
        ("30 2 mon * * /opt/x/run.sh", false, None),
        ("30 2 * mon jan /opt/x/run.sh", false, None),
        ("0~30 2 * * * /opt/x/run.sh", false, Some("/opt/x/run.sh")),
        ("0 3 * * * cd /opt/shop && ./backup.sh", false, Some("/opt/shop/backup.sh")),
        ("0 3 * * * flock -n /run/lock/x /opt/shop/backup.sh", false, Some("/opt/shop/backup.sh")),
        ("0 3 * * * bash /opt/shop/backup.sh", false, None),
        ("0 3 * * * root bash /opt/shop/backup.sh", true, None),
        ("run /opt/x/run.sh every day at noon please", false, None),
    ] {
        assert_eq!(program(line, names_user).as_deref(), expected, "{line}");
    }
}

/// The directory of the system's tables.
pub(crate) const TABLES: &str = "/etc/cron.d/";

/// The directories whose files Debian's cron or anacron gives to run-parts(8).
const PARTS: [&str; 5] =
    [TABLES, "/etc/cron.hourly/", "/etc/cron.daily/", "/etc/cron.weekly/", "/etc/cron.monthly/"];

/// The character because of which Debian's cron passes over a file, by its path. cron(8) and run-parts(8) take only names of
/// letters, digits, underscores and hyphens.
pub(crate) fn passed_over(path: &Value) -> Option<char> {
    let key = path.known_prefix();
    PARTS.iter().find(|parts| key.starts_with(*parts))?;
    let name = crate::shell::value::without_holes(path.basename().key());
    name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))
}

/// True if a word can't be the name of an account: it is a path, or a program's name with a suffix.
pub(crate) fn is_no_account(word: &str) -> bool {
    word.starts_with(['/', '"', '\'', '.', '~', '(', '['])
        || [".sh", ".py"].iter().any(|end| word.ends_with(end))
}

/// The files that a command of a table writes, with their full paths. What lies in a directory that the command itself
/// makes or tests for is left out.
pub(crate) fn writes(command: &str) -> Vec<String> {
    let commands = commands_of_code(command);
    let words: Vec<&str> = command.split_whitespace().collect();
    let tests = words.windows(2).filter(|pair| pair[0] == "-d" && pair[1].starts_with('/'));
    let mut made: Vec<String> = tests.map(|pair| pair[1].trim_end_matches(';').to_owned()).collect();
    let mut written = redirected(command);
    for command in &commands {
        for effect in crate::tools::deed(command.argv()).effects {
            let Resource::Path(path) = &effect.resource else { continue };
            match effect.change {
                Change::Create(PathKind::Directory | PathKind::Tree) => made.push(path.to_string()),
                Change::Write | Change::Append | Change::Create(_) => written.push(path.to_string()),
                _ => {}
            }
        }
    }
    let is_made = |path: &str| made.iter().any(|directory| path.starts_with(directory.as_str()));
    written.retain(|path| path.starts_with('/') && !is_made(path));
    written
}

/// The files to which a command of a table redirects its output.
fn redirected(command: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let Some((before, file)) = word.rsplit_once('>') else { continue };
        if !before.chars().all(|c| matches!(c, '>' | '&' | '0'..='9')) || file.starts_with('&') {
            continue;
        }
        let file = if file.is_empty() { words.next().unwrap_or_default() } else { file };
        files.push(file.trim_matches(['"', '\'', ')', ';']).to_owned());
    }
    files
}

#[test]
fn lines_say_what_they_write() {
    for (command, expected) in [
        ("pg_dump -Fc -f /var/backups/shop/shop.dump shop", "/var/backups/shop/shop.dump"),
        ("/opt/shop/run.sh >> /var/log/shop/run.log 2>&1", "/var/log/shop/run.log"),
        ("/opt/shop/run.sh >/dev/null 2>/var/log/shop/err", "/dev/null /var/log/shop/err"),
        ("mkdir -p /backup/x && tar czf /backup/x/a.tgz /opt/shop", ""),
        ("[ -d /backup/x ] && tar czf /backup/x/a.tgz /opt/shop", ""),
        ("test -d /backup/x || exit; /opt/shop/run.sh > /backup/x/log", ""),
        ("test -x /opt/shop/run.sh && /opt/shop/run.sh > /backup/log", "/backup/log"),
        ("/opt/shop/run.sh", ""),
    ] {
        assert_eq!(writes(command).join(" "), expected, "{command}");
    }
}

#[test]
fn names_of_tables_are_plain() {
    for (path, expected) in [
        ("/etc/cron.d/shop-backup", None),
        ("/etc/cron.d/shop.cron", Some('.')),
        ("/etc/cron.daily/backup.sh", Some('.')),
        ("/etc/logrotate.d/shop.conf", None),
    ] {
        assert_eq!(passed_over(&Value::literal(path)), expected, "{path}");
    }
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("crontab", true) => Advice::help("accept that there is none: `crontab -r 2>/dev/null || true`"),
        ("crontab", false) => Advice::help(
            "leave out the old line first: `(crontab -l | grep -v NAME || true; echo LINE) | crontab -`, or use a file in /etc/cron.d",
        ),
        _ => None,
    }
}

/// crontab(1): the whole table is replaced by a file or by standard input.
pub(crate) fn crontab(argv: &Argv) -> Deed {
    let options = argv.options("u|user: l r e i s n x:");
    let crontab = Resource::Crontab(options.value("u").cloned().unwrap_or_default());
    let mut draft = Draft::of(argv);
    if options.has("l") {
        return Deed::read_only();
    } else if options.has("r") {
        draft.add_implied(Change::Remove, crontab, Again::Fails("no crontab"));
    } else if options.has("e") {
        draft.asks("opens an editor", "pipe the whole table to `crontab -`", None);
    } else if let Some(file) = options.operands.first() {
        draft.add(file, Change::Write, crontab, input(argv, file.value.as_literal() == Some("-")));
    } else {
        draft.add_implied(Change::Write, crontab, input(argv, false));
    }
    draft.done()
}

/// What the new table does to the existing lines: `(crontab -l; echo L) | crontab -` adds L again, a filter in between
/// keeps it single, and a text without the old lines replaces them all.
fn input(argv: &Argv, from_input: bool) -> Again {
    match &argv.stdin {
        Stdin::Text(text) if text.key().contains("$(crontab") && !filters(text.key()) => {
            Again::Duplicates("adds the line again")
        }
        // `grep -v` or `sort -u`: the commands before it are not visible here.
        Stdin::Text(text) if text.key().contains("$(") => Again::NoChange,
        Stdin::Text(_) if from_input => Again::Overwrites("replaces the lines of others"),
        _ => Again::NoChange,
    }
}

/// True if the old table goes through a filter before it is stored: `OLD=$(crontab -l | grep -v backup)`.
fn filters(text: &str) -> bool {
    text.split("$(crontab").skip(1).any(|rest| {
        rest.split('|').skip(1).any(|stage| {
            let mut words = stage.split_whitespace();
            let program = words.next().unwrap_or_default();
            match program {
                "grep" | "egrep" | "fgrep" => words
                    .any(|word| word.starts_with('-') && (word.contains('v') || word == "--invert-match")),
                "sed" | "awk" | "uniq" => true,
                "sort" => words.any(|word| word.starts_with('-') && word.contains('u')),
                _ => false,
            }
        })
    })
}

/// True for `crontab -l`, which fails where there is no table.
pub(crate) fn lists_a_table(argv: &Argv) -> bool {
    argv.name == "crontab" && argv.options("u|user: l r e i s n x:").has("l")
}

/// True if a new table contains the lines of the old one.
pub(crate) fn keeps_old_lines(text: &str) -> bool {
    text.contains("crontab -l")
}

#[test]
fn crontabs_are_replaced() {
    crate::tools::table::check(&[
        ("crontab -l", "[ReadOnly]"),
        ("| crontab -", "write crontab"),
        ("crontab - <<< 'x'", "write crontab  overwrites"),
        ("crontab -u app deploy/crontab", "write crontab app"),
        ("crontab -e", "asks"),
    ]);
}
