//! Which lines of a settings file a command fills in, if they are there: sed(1), and the consoles of frameworks.

use crate::shell::argv::Argv;
use crate::tools::sed::edits;

/// The names of the settings whose lines a command replaces. Where such a line is missing, it changes nothing, or fails.
pub(crate) fn replaced_settings(argv: &Argv) -> Vec<String> {
    if edits(argv) {
        if argv.args.iter().any(|arg| adds_a_line(arg.value.key())) {
            return Vec::new();
        }
        return argv.args.iter().flat_map(|arg| replaced_by(arg.value.key())).collect();
    }
    // <https://laravel.com/docs/configuration>: it replaces the line `APP_KEY=`, and fails without one.
    let is_laravel = matches!(argv.name.as_str(), "php" | "artisan") && argv.has_word("key:generate");
    match is_laravel && !argv.has_word("--show") {
        true => vec!["APP_KEY".to_owned()],
        false => Vec::new(),
    }
}

/// True for a script of sed that adds a line at a place: `$aNAME=value`, `1i …`.
fn adds_a_line(script: &str) -> bool {
    let rest = script.trim_start_matches(|c: char| c.is_ascii_digit() || c == '$');
    rest.len() < script.len() && rest.trim_start().starts_with(['a', 'i', 'c'])
}

/// The names in `s|^NAME=.*|NAME=…|`. A script with another command has none, since that may add lines.
fn replaced_by(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    for command in script.split([';', '\n']).map(str::trim) {
        let Some(rest) = command.strip_prefix('s') else {
            if !command.is_empty() {
                return Vec::new();
            }
            continue;
        };
        let Some(delimiter) = rest.chars().next().filter(|c| c.is_ascii_punctuation() && *c != '\\') else {
            return Vec::new();
        };
        let pattern = rest[1..].split(delimiter).next().unwrap_or_default();
        let name = pattern.strip_prefix('^').and_then(|rest| rest.split_once('=')).map(|(name, _)| name);
        let is_name = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        found.extend(name.filter(is_name).map(str::to_owned));
    }
    found
}

#[test]
fn commands_replace_settings() {
    let names = |line: &str| replaced_settings(&crate::shell::argv::tests::argv(line));
    assert_eq!(names("sed -i s|^SECRET=.*|SECRET=$X| .env"), ["SECRET"]);
    assert_eq!(names("sed -i -e s/^A=.*/A=1/ -e s/^B_2=.*/B_2=2/ .env"), ["A", "B_2"]);
    assert_eq!(names("php artisan key:generate --force"), ["APP_KEY"]);
    for line in [
        "sed -i s/A=.*/A=1/ .env",
        "sed -i s/^#A=.*/A=1/ .env",
        "sed -i '/^A=/d' .env",
        "sed -i -e s/^A=.*/A=1/ -e '$aA=1' .env",
        "sed 's/^Port .*/Port 22/' /etc/ssh/sshd_config",
        "php artisan key:generate --show",
    ] {
        assert_eq!(names(line), Vec::<String>::new(), "{line}");
    }
}
