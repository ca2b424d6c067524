//! Owners and modes: chmod(1), chown(1), chgrp(1), setfacl(1).

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::draft::{Draft, unknown};
use crate::tools::effect::{Again, Change, Deed, Mode, Role};

/// chmod(1). A mode such as `-x` looks like an option but is not one.
pub(crate) fn chmod(argv: &Argv) -> Deed {
    let mut rest = argv.clone();
    let dashed = rest.args.iter().position(|arg| {
        let text = arg.value.known_prefix();
        text.starts_with('-') && text[1..].starts_with(['r', 'w', 'x', 'X', 's', 't', 'u', 'g', 'o'])
    });
    let dashed = dashed.map(|at| rest.args.remove(at));
    let options = rest.options("R|recursive v|verbose c|changes f|silent|quiet reference: preserve-root");
    let mut operands: &[&Arg] = &options.operands;
    let mode = match (&dashed, options.has("reference")) {
        (Some(arg), _) => Mode::parse(&arg.value),
        (None, true) => Mode::Unknown,
        (None, false) => {
            let Some((first, others)) = operands.split_first() else {
                return Deed::of(Vec::new()).role(Role::Mode);
            };
            operands = others;
            Mode::parse(&first.value)
        }
    };
    let recursive = options.has("R");
    let mut draft = Draft::of(argv);
    draft.role(Role::Mode);
    for operand in operands {
        let mode = mode.clone();
        draft.path(operand, Change::Mode { mode, recursive }, Again::NoChange);
    }
    draft.done()
}

/// The mode of a chmod(1) that gets its files from elsewhere: `find … | xargs chmod 600`.
pub(crate) fn mode_alone(argv: &Argv) -> Option<Mode> {
    match argv.args.as_slice() {
        [mode] if argv.name == "chmod" => Some(Mode::parse(&mode.value)),
        _ => None,
    }
}

/// chown(1): `user`, `user:group`, `user.group`, `:group`; `user:` means the user's login group, which has
/// the user's name as useradd(8) creates it.
pub(crate) fn chown(argv: &Argv) -> Deed {
    let options = argv.options(
        "R|recursive h|no-dereference v|verbose c|changes f|silent|quiet from: reference: H L P dereference preserve-root",
    );
    let mut operands: &[&Arg] = &options.operands;
    let (mut user, mut group) = (Some(unknown("owner")), Some(unknown("group")));
    if !options.has("reference") {
        let Some((first, others)) = operands.split_first() else {
            return Deed::of(Vec::new()).role(Role::Owner);
        };
        operands = others;
        (user, group) = match argv.name.as_str() {
            "chgrp" => (None, Some(first.value.clone())),
            _ => owner_and_group(&first.value),
        };
    }
    let recursive = options.has("R");
    let mut draft = Draft::of(argv);
    draft.role(Role::Owner);
    for operand in operands {
        let (user, group) = (user.clone(), group.clone());
        let change = Change::Own { user, group, recursive };
        draft.path(operand, change, Again::NoChange);
    }
    draft.done()
}

/// setfacl(1): its entries are not read, so the mode is unknown afterwards.
pub(crate) fn setfacl(argv: &Argv) -> Deed {
    let options = argv.options(
        "m|modify: x|remove: M|modify-file: X|remove-file: b|remove-all k|remove-default R|recursive d|default \
         set: set-file: restore: n|no-mask mask L|logical P|physical test",
    );
    let recursive = options.has("R");
    let mut draft = Draft::of(argv);
    draft.role(Role::Owner);
    for operand in &options.operands {
        draft.path(operand, Change::Mode { mode: Mode::Unknown, recursive }, Again::NoChange);
    }
    draft.done()
}

fn owner_and_group(value: &Value) -> (Option<Value>, Option<Value>) {
    let given = |value: Value| (!value.is_empty()).then_some(value);
    match value.split_once(':').or_else(|| value.split_once('.')) {
        Some((user, group)) if group.is_empty() => (given(user.clone()), given(user)),
        Some((user, group)) => (given(user), given(group)),
        None => (given(value.clone()), None),
    }
}

#[test]
fn owners_and_modes_are_set() {
    crate::tools::table::check(&[
        ("chmod 600 .env", "mode 600 /srv/app/.env [Mode]"),
        ("chmod -x a", "mode -x /srv/app/a [Mode]"),
        ("chmod 775 -Rf $D", "mode -R 775 $D [Mode]"),
        ("chmod u+x,go-w a b", "mode u+x,go-w /srv/app/a; mode u+x,go-w /srv/app/b [Mode]"),
        ("chmod $M a", "mode ? /srv/app/a [Mode]"),
        ("chown -R $U:$G /a", "own -R $U:$G /a [Owner]"),
        ("chown app: a", "own app:app /srv/app/a [Owner]"),
        ("chown www-data.www-data a", "own www-data:www-data /srv/app/a [Owner]"),
        ("chown :adm a", "own :adm /srv/app/a [Owner]"),
        ("chown $U -R a", "own -R $U: /srv/app/a [Owner]"),
        ("chgrp web a", "own :web /srv/app/a [Owner]"),
    ]);
}
