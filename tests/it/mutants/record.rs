//! What is known of each mutant: does it do harm, and how is that known? A file holds the answers for a deployment. Of each
//! mutant it has a line with the name and an indented line with the answer.

use super::spoil::Mutant;
use crate::support::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What becomes of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was run, and did harm.
    Harm,
    /// It was run, and did none.
    Harmless,
    /// Running it cannot tell, and by the manuals it does harm.
    JudgedHarm,
    /// Running it cannot tell, and by the manuals it does none.
    JudgedHarmless,
    /// Bash cannot read it.
    Unreadable,
}

/// The answers of a deployment, by the mutants' names.
pub(super) type Answers = BTreeMap<String, String>;

fn path(deployment: &str) -> PathBuf {
    root().join("tests/mutants").join(deployment).with_extension("txt")
}

/// The recorded answers, which are none if there is no record yet.
pub(super) fn read(deployment: &str) -> Answers {
    let text = fs::read_to_string(path(deployment)).unwrap_or_default();
    let mut answers = Answers::new();
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).peekable();
    while let Some(name) = lines.next() {
        let answer = lines.next_if(|line| line.starts_with("  ")).map_or("", str::trim);
        let earlier = answers.insert(name.to_owned(), answer.to_owned());
        assert_eq!(earlier, None, "{deployment}: {name} has two answers");
    }
    answers
}

/// Writes the answers in the order of the mutants.
pub(super) fn write(deployment: &str, mutants: &[Mutant], answers: &Answers) {
    let mut text = String::new();
    for mutant in mutants {
        let answer = answers.get(&mutant.name).map_or("", String::as_str);
        text += &format!("{}\n  {answer}\n", mutant.name);
    }
    fs::write(path(deployment), text).unwrap();
}

/// What an answer says; `None` if it is no answer.
pub(super) fn understand(answer: &str) -> Option<Answer> {
    let (kind, why) = answer.split_once(": ").unwrap_or((answer, ""));
    match kind {
        "no harm" => Some(Answer::Harmless),
        "first run fails" | "other state" | "second run fails" | "other state after the second run" => {
            Some(Answer::Harm)
        }
        "judged" if why.starts_with("no harm, ") => Some(Answer::JudgedHarmless),
        "judged" if why.starts_with("harm, ") => Some(Answer::JudgedHarm),
        "bash cannot read it" => Some(Answer::Unreadable),
        _ => None,
    }
}
