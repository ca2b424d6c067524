//! Tables of cron(8).

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::Draft;
use crate::tools::effect::{Again, Change, Deed, Resource};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;

/// What success says: `crontab -l` fails where there is none.
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

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.removes()) {
        ("crontab", true) => Advice::help("accept that there is none: `crontab -r 2>/dev/null || true`"),
        ("crontab", false) => Advice::help(
            "leave out the old line first: `(crontab -l | grep -v NAME; echo LINE) | crontab -`, or use a file in /etc/cron.d",
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

/// What the new table does to the lines that are there: `(crontab -l; echo L) | crontab -` adds L once more, a filter
/// in between keeps it single, and a text of its own replaces them all.
fn input(argv: &Argv, from_input: bool) -> Again {
    match &argv.stdin {
        Stdin::Text(text) if text.key().contains("$(crontab") => Again::Duplicates("adds the line again"),
        // `grep -v`, `sort -u`: what stands in front of it is not seen here.
        Stdin::Text(text) if text.key().contains("$(") => Again::NoChange,
        Stdin::Text(_) if from_input => Again::Overwrites("replaces the lines of others"),
        _ => Again::NoChange,
    }
}

/// True for a new table of which a part is what the old one held.
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
