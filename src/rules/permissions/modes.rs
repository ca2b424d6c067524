//! What a mode gives and takes, chmod(1).

use crate::tools::effect::Mode;

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
