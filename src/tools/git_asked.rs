//! What is asked of a call of git(1) besides its effects: which of its commands it is.

use crate::shell::argv::{Argv, name_of_program};
use crate::shell::value::Value;
use crate::tools::git::command;

fn is_one_of(argv: &Argv, verbs: &[&str]) -> bool {
    command(argv)
        .is_some_and(|inner| inner.program.value.as_literal().is_some_and(|verb| verbs.contains(&verb)))
}

/// git(1), whatever it does.
pub(crate) fn is_git(argv: &Argv) -> bool {
    argv.name == "git"
}

/// `git pull`: it stops at changes in the tree.
pub(crate) fn pulls(argv: &Argv) -> bool {
    is_one_of(argv, &["pull"])
}

/// What takes changes in the tree away, or puts them aside.
pub(crate) fn undoes_changes(argv: &Argv) -> bool {
    is_one_of(argv, &["reset", "stash", "checkout", "restore"])
}

/// It brings what is new to a tree that is there.
pub(crate) fn updates(argv: &Argv) -> bool {
    is_one_of(argv, &["pull", "fetch", "reset", "checkout", "switch"])
}

/// A text of which a line brings what is new to a tree, whatever reads it.
pub(crate) fn text_updates(text: &str) -> bool {
    text.lines().any(|line| {
        !line.trim_start().starts_with('#')
            && line
                .split(|c: char| c.is_whitespace() || "\"'`;&|(".contains(c))
                .any(|word| name_of_program(word) == "git")
            && ["pull", "fetch", "reset --hard"].iter().any(|words| line.contains(words))
    })
}

/// It refuses to work in the repository of another account ("dubious ownership", CVE-2022-24765).
pub(crate) fn minds_the_owner(argv: &Argv) -> bool {
    is_one_of(
        argv,
        &["pull", "fetch", "reset", "checkout", "status", "submodule", "merge", "stash", "switch", "clean"],
    )
}

/// `git config --add safe.directory`: the owner is minded no more.
pub(crate) fn trusts_a_directory(argv: &Argv) -> bool {
    argv.name == "git" && argv.args.iter().any(|arg| arg.value.known_prefix() == "safe.directory")
}

/// The branch or tag that a clone asks for.
pub(crate) fn wanted_branch(argv: &Argv) -> Option<Value> {
    let inner = command(argv)?;
    inner.options("b|branch: depth: o|origin: c|config: j|jobs: filter:").value("b").cloned()
}
