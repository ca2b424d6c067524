//! Questions about a call of git(1) that its effects do not answer: which command it is.

use crate::shell::argv::{Argv, name_of_program};
use crate::shell::value::Value;
use crate::tools::git::command;

fn is_one_of(argv: &Argv, verbs: &[&str]) -> bool {
    command(argv)
        .is_some_and(|inner| inner.program.value.as_literal().is_some_and(|verb| verbs.contains(&verb)))
}

/// True for git(1), whatever it does.
pub(crate) fn is_git(argv: &Argv) -> bool {
    argv.name == "git"
}

/// True for `git pull`, which stops if there are changes in the tree.
pub(crate) fn pulls(argv: &Argv) -> bool {
    is_one_of(argv, &["pull"])
}

/// True for `git fetch`, whose work `git pull` does again.
pub(crate) fn fetches(argv: &Argv) -> bool {
    is_one_of(argv, &["fetch"]) || updates_remotes(argv)
}

/// True for `git remote update`, which fetches from each remote (git-remote(1)).
fn updates_remotes(argv: &Argv) -> bool {
    command(argv).is_some_and(|inner| {
        inner.program.value.as_literal() == Some("remote") && inner.literal(0) == Some("update")
    })
}

/// True if the command discards changes in the tree, or puts them aside.
pub(crate) fn undoes_changes(argv: &Argv) -> bool {
    is_one_of(argv, &["reset", "stash", "checkout", "restore"])
}

/// True if the command removes the file where git does not track it, even if git ignores it: `git clean -fdx`.
pub(crate) fn cleans(argv: &Argv, path: &Value) -> bool {
    let Some(inner) = command(argv).filter(|inner| path.is_under(&inner.cwd)) else { return false };
    let options = inner.options("f|force d x X n|dry-run e|exclude: q i");
    inner.program.value.as_literal() == Some("clean")
        && options.has("f")
        && options.has("x")
        && !options.has("n")
        && !options.has("e")
        && options.operands.is_empty()
}

/// True if the command brings a tracked file back that was moved or removed: `git reset --hard`, `git checkout -f`,
/// `git checkout -- FILE`, `git restore FILE`, `git stash`.
pub(crate) fn restores(argv: &Argv, path: &Value) -> bool {
    let Some(inner) = command(argv).filter(|inner| path.is_under(&inner.cwd)) else { return false };
    let named = || inner.args.iter().any(|arg| !arg.is_option() && path.is_under(&inner.path(arg)));
    match inner.program.value.as_literal() {
        Some("reset") => inner.has_word("--hard"),
        Some("stash") => true,
        Some("checkout") => inner.has_word("-f") || inner.has_word("--force") || named(),
        Some("restore") => named(),
        _ => false,
    }
}

#[test]
fn files_are_brought_back() {
    let restores = |words: &str, path: &str| {
        let words: Vec<String> = words.split(' ').map(ToString::to_string).collect();
        let commands = crate::shell::line::commands(&words);
        let argv = commands[0].argv();
        restores(argv, &Value::literal(path).resolve(&argv.cwd))
    };
    for (words, path, expected) in [
        ("git reset --hard origin/main", "a", true),
        ("git reset --hard", "/etc/a", false),
        ("git -C /etc reset --hard", "/etc/a", true),
        ("git checkout -- a", "a", true),
        ("git checkout .", "a/b", true),
        ("git checkout main", "a", false),
        ("git pull", "a", false),
    ] {
        assert_eq!(restores(words, path), expected, "{words} {path}");
    }
}

/// Whose newest commit a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tip {
    /// That of the tree: `git rev-parse HEAD`.
    Own,
    /// That of a branch of another repository: `git rev-parse origin/main`, `git ls-remote`.
    Remote,
}

/// Whose newest commit a command prints, if it does.
pub(crate) fn prints_tip(argv: &Argv) -> Option<Tip> {
    let inner = command(argv)?;
    match inner.program.value.as_literal()? {
        "ls-remote" => Some(Tip::Remote),
        "rev-parse" => {
            let name = inner.args.last()?.value.key();
            let is_remote = name.contains('/') || name.contains("@{") || name == "FETCH_HEAD";
            match name {
                "HEAD" | "@" => Some(Tip::Own),
                _ => is_remote.then_some(Tip::Remote),
            }
        }
        _ => None,
    }
}

/// What a git command does to bring an existing tree up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// It fetches newer commits, and leaves the files as they are: `git fetch`.
    Fetches,
    /// It takes over what was fetched before, and fetches nothing: `git reset --hard origin/main`.
    TakesOver,
    /// It does both, or may do so: `git pull`, `git checkout "$VERSION"`.
    Whole,
}

/// What the command does to bring an existing tree up to date; `None` for any other command.
pub(crate) fn update(argv: &Argv) -> Option<Update> {
    let inner = command(argv)?;
    let is_fetched = |value: &Value| {
        let name = value.known_prefix();
        name.starts_with("origin/") || name.starts_with("@{u") || name == "FETCH_HEAD"
    };
    let takes_over = inner.args.iter().any(|arg| is_fetched(&arg.value));
    // `main:main` updates a branch that is not checked out, or a repository without files.
    let to_branch = inner.args.iter().any(|arg| arg.value.key().contains(':'));
    match inner.program.value.as_literal()? {
        "fetch" if !to_branch => Some(Update::Fetches),
        "remote" if updates_remotes(argv) => Some(Update::Fetches),
        "reset" | "checkout" | "switch" if takes_over => Some(Update::TakesOver),
        "merge" | "rebase" => takes_over.then_some(Update::TakesOver),
        "pull" | "fetch" | "reset" | "checkout" | "switch" => Some(Update::Whole),
        _ => None,
    }
}

/// True if a line of the text updates an existing tree, whatever reads the text.
pub(crate) fn text_updates(text: &str) -> bool {
    text.lines().any(|line| {
        !line.trim_start().starts_with('#')
            && line
                .split(|c: char| c.is_whitespace() || "\"'`;&|(".contains(c))
                .any(|word| name_of_program(word) == "git")
            && ["pull", "fetch", "reset --hard"].iter().any(|words| line.contains(words))
    })
}

/// True if the command refuses to work in another account's repository ("dubious ownership", CVE-2022-24765).
pub(crate) fn minds_the_owner(argv: &Argv) -> bool {
    is_one_of(
        argv,
        &[
            "pull", "fetch", "reset", "checkout", "status", "submodule", "merge", "stash", "switch", "clean",
            "remote",
        ],
    )
}

/// True for `git config --add safe.directory`, after which git accepts another owner.
pub(crate) fn trusts_a_directory(argv: &Argv) -> bool {
    argv.name == "git" && argv.args.iter().any(|arg| arg.value.known_prefix() == "safe.directory")
}

/// True for a command that accepts another owner itself: `git -c safe.directory=DIR pull`, or with a variable.
pub(crate) fn trusts_its_tree(argv: &Argv) -> bool {
    let says = |value: &Value| value.known_prefix().starts_with("safe.directory=");
    argv.args.windows(2).any(|pair| pair[0].value.as_literal() == Some("-c") && says(&pair[1].value))
        || argv.env.iter().any(|(name, value)| is_trusting_setting(name, value))
}

/// True for a variable that makes git accept another owner (git-config(1), `GIT_CONFIG_COUNT`).
pub(crate) fn is_trusting_setting(name: &str, value: &Value) -> bool {
    name.starts_with("GIT_CONFIG_KEY_") && value.as_literal() == Some("safe.directory")
        || name == "GIT_CONFIG_PARAMETERS" && value.to_string().contains("safe.directory")
}

/// The branch or tag that a clone asks for.
pub(crate) fn wanted_branch(argv: &Argv) -> Option<Value> {
    let inner = command(argv)?;
    inner.options("b|branch: depth: o|origin: c|config: j|jobs: filter:").value("b").cloned()
}
