//! What a mode gives and takes, chmod(1).

use crate::model::Step;
use crate::tools::effect::Mode;

/// `find … -type d -exec chmod`: not each file.
pub(super) fn is_partial(step: &Step) -> bool {
    let words = ["-name", "-iname", "-path", "-not", "!", "-regex", "-perm", "-user"];
    let find = step.argv.name == "find" || step.wrappers.contains(&"xargs");
    let directories = step
        .argv
        .args
        .windows(2)
        .any(|w| w[0].value.as_literal() == Some("-type") && w[1].value.as_literal() == Some("d"));
    find && (directories || words.iter().any(|w| step.argv.has_word(w)))
}

/// True for a mode that gives the right to execute to some, or may.
pub(super) fn gives_execution(mode: &Mode) -> bool {
    match mode {
        Mode::Octal(bits) => bits & 0o111 != 0,
        // `u+X` gives it where somebody has it already.
        Mode::Symbolic(text) => text
            .split(',')
            .any(|clause| clause.find(['+', '=']).is_some_and(|at| clause[at..].contains(['x', 't', 's']))),
        Mode::Unknown => true,
    }
}

/// True for a mode after which nobody may execute.
pub(super) fn takes_execution(mode: &Mode) -> bool {
    match mode {
        Mode::Octal(bits) => bits & 0o111 == 0,
        Mode::Symbolic(text) => matches!(text.as_str(), "-x" | "a-x" | "ugo-x" | "a=r" | "a=rw"),
        Mode::Unknown => false,
    }
}
