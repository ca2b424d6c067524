//! What a mode grants and removes, chmod(1).

use crate::tools::effect::Mode;

/// True for a mode that grants the right to execute to some, or may do so.
pub(super) fn gives_execution(mode: &Mode) -> bool {
    match mode {
        Mode::Octal(bits) => bits & 0o111 != 0,
        // `u+X` grants it if somebody already has it.
        Mode::Symbolic(text) => text
            .split(',')
            .any(|clause| clause.find(['+', '=']).is_some_and(|at| clause[at..].contains(['x', 't', 's']))),
        Mode::Unknown => true,
    }
}

/// True for a mode after which nobody can execute.
pub(super) fn takes_execution(mode: &Mode) -> bool {
    match mode {
        Mode::Octal(bits) => bits & 0o111 == 0,
        Mode::Symbolic(text) => matches!(text.as_str(), "-x" | "a-x" | "ugo-x" | "a=r" | "a=rw"),
        Mode::Unknown => false,
    }
}
