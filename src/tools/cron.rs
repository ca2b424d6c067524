//! Tables of cron(8).

use crate::shell::argv::{Argv, Stdin};
use crate::tools::advice::{Advice, Asked};
use crate::tools::draft::Draft;
use crate::tools::effect::{Again, Change, Deed, Resource};

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
        let again = match (&argv.stdin, file.value.as_literal()) {
            (Stdin::Text(_), Some("-")) => Again::Overwrites("replaces the lines of others"),
            _ => Again::NoChange,
        };
        draft.add(file, Change::Write, crontab, again);
    } else {
        draft.add_implied(Change::Write, crontab, Again::NoChange);
    }
    draft.done()
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
