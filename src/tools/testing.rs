//! test(1): what its operators ask of paths. As a program it is run behind a wrapper: `sudo test -f X`.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::says::facts::{Aspect, Fact, Says};

/// What an operator asks of a path.
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

/// `test -f X`, `[ ! -d X ]`, of one path.
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

/// A number that a count is compared with, where it tells nothing from something: `-gt 0`, `-ge 1`, `-lt 1`, `-eq 0`.
/// True: the comparison holds where something was counted.
pub(crate) fn counts_something(operator: &str, number: &str) -> Option<bool> {
    match (operator, number) {
        ("-gt", "0") | ("-ge", "1") | ("-ne", "0") => Some(true),
        ("-lt", "1") | ("-le", "0") | ("-eq", "0") => Some(false),
        _ => None,
    }
}

/// A comparison of strings or of numbers.
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
