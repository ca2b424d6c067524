//! test(1): what its operators ask about paths. It is a program of its own only after a wrapper: `sudo test -f X`.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::says::facts::{Aspect, Fact, Says};

/// What an operator asks about a path.
pub(crate) fn of_path(operator: &str, path: Value) -> Option<Fact> {
    let aspect = match operator {
        "-e" | "-a" | "-r" | "-w" | "-O" | "-G" | "-S" | "-p" | "-b" | "-c" => Aspect::Exists,
        "-x" => Aspect::Executable,
        "-d" => Aspect::Directory,
        "-f" => Aspect::File,
        "-L" | "-h" => Aspect::Link,
        "-s" => Aspect::Sized,
        _ => return None,
    };
    Some(Fact { resource: Resource::Path(path), aspect })
}

/// What `test -f X` or `[ ! -d X ]` asks, if it is about one path.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let mut args = argv.args.as_slice();
    if argv.name != "test" {
        args = args.split_last().filter(|(last, _)| last.value.to_string() == "]")?.1;
    }
    let mut negated = false;
    while let Some((first, rest)) = args.split_first()
        && first.value.as_literal() == Some("!")
    {
        negated = !negated;
        args = rest;
    }
    let [operator, path] = args else { return None };
    let fact = of_path(operator.value.as_literal()?, argv.path(path))?;
    Some(if negated { Says::Not(fact) } else { Says::Is(fact) })
}

/// Whether a comparison with a number holds if something was counted: `-gt 0`, `-ge 1`, `-lt 1`, `-eq 0`. `None` if the
/// number does not tell something from nothing.
pub(crate) fn counts_something(operator: &str, number: &str) -> Option<bool> {
    match (operator, number) {
        ("-gt", "0") | ("-ge", "1") | ("-ne", "0") => Some(true),
        ("-lt", "1") | ("-le", "0") | ("-eq", "0") => Some(false),
        _ => None,
    }
}

/// True if a comparison of strings or of numbers holds.
pub(crate) fn compares(left: &str, operator: &str, right: &str) -> bool {
    let numbers = || Some((left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?));
    match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "-eq" => numbers().is_some_and(|(a, b)| a == b),
        "-ne" => numbers().is_some_and(|(a, b)| a != b),
        "-gt" => numbers().is_some_and(|(a, b)| a > b),
        "-ge" => numbers().is_some_and(|(a, b)| a >= b),
        "-lt" => numbers().is_some_and(|(a, b)| a < b),
        "-le" => numbers().is_some_and(|(a, b)| a <= b),
        _ => false,
    }
}

#[test]
fn a_test_that_is_run_asks_for_a_path() {
    crate::tools::table::says(&[
        ("test -f x", "File path /srv/app/x"),
        ("[ ! -d /x ]", "not Directory path /x"),
        ("test -s /x", "Sized path /x"),
        ("test -n x", ""),
    ]);
}
