//! Settings of systemd-tmpfiles(8): tmpfiles.d(5).

use crate::shell::argv::Argv;
use crate::shell::value::Value;

/// The directories of the settings.
const PLACES: [&str; 3] = ["/etc/tmpfiles.d/", "/usr/lib/tmpfiles.d/", "/run/tmpfiles.d/"];

/// True for a file of such settings.
pub(crate) fn is_settings(path: &Value) -> bool {
    PLACES.iter().any(|place| path.known_prefix().starts_with(place))
}

/// True for a command that applies them.
pub(crate) fn applies(argv: &Argv) -> bool {
    argv.name == "systemd-tmpfiles" && argv.has_word("--create")
}

/// The paths that lines give to another account than root, and whether everything below goes with them.
pub(crate) fn given(text: &str) -> Vec<(Value, bool)> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kind, path, _mode, user, ..] = words[..] else { return None };
        let recursive = kind.starts_with('Z');
        let gives = kind.starts_with(['d', 'D', 'e', 'v', 'q', 'Q', 'f', 'F', 'z', 'Z', 'C']);
        let is_roots = matches!(user, "-" | "root" | "0");
        (gives && path.starts_with('/') && !is_roots).then(|| (Value::with_variables(path), recursive))
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn lines_give_paths_away() {
    let shown = |text: &str| {
        let given = given(text).into_iter();
        given
            .map(|(path, recursive)| format!("{path}{}", if recursive { " -R" } else { "" }))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        shown("d /run/shop 0750 shop shop -\nD /srv/x 0755 root root -\n# d /y 0755 a a"),
        ["/run/shop"]
    );
    assert_eq!(shown("Z /var/lib/shop - shop shop\nd /run/a"), ["/var/lib/shop -R"]);
}
