//! The shell's own commands (bash(1), SHELL BUILTIN COMMANDS), as far as they steer the shell itself. What such a command
//! prints, and what its success says of a resource, is known to [`crate::tools`], as for any other command.

/// What a command of the shell's own does to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    /// `:`, `true`.
    True,
    /// `false`.
    False,
    /// `cd`, `pushd`.
    ChangeDirectory,
    /// `popd`.
    Back,
    /// `set`.
    Set,
    /// `exit`.
    Exit,
    /// `return`.
    Return,
    /// `break`, `continue`.
    Jump,
    /// `shift`.
    Shift,
    /// `umask`.
    Umask,
    /// `unset`.
    Unset,
    /// `export`.
    Export,
    /// `local`, `declare`, `typeset`: in a function their variables are its own.
    Local,
    /// `readonly`.
    Readonly,
    /// `trap`.
    Trap,
    /// `test`, `[`.
    Test,
    /// `read`, `mapfile`, `readarray`.
    Read,
    /// `eval`.
    Eval,
    /// `source`, `.`.
    Source,
    /// `exec`.
    Exec,
    /// What changes nothing that is followed: `shopt`, `wait`, `let` ….
    Other,
}

impl Builtin {
    /// The command of this name, if it is one of the shell's own.
    pub(crate) fn named(name: &str) -> Option<Builtin> {
        Some(match name {
            ":" | "true" => Builtin::True,
            "false" => Builtin::False,
            "cd" | "pushd" => Builtin::ChangeDirectory,
            "popd" => Builtin::Back,
            "set" => Builtin::Set,
            "exit" => Builtin::Exit,
            "return" => Builtin::Return,
            "break" | "continue" => Builtin::Jump,
            "shift" => Builtin::Shift,
            "umask" => Builtin::Umask,
            "unset" => Builtin::Unset,
            "export" => Builtin::Export,
            "local" | "declare" | "typeset" => Builtin::Local,
            "readonly" => Builtin::Readonly,
            "trap" => Builtin::Trap,
            "test" | "[" => Builtin::Test,
            "read" | "mapfile" | "readarray" => Builtin::Read,
            "eval" => Builtin::Eval,
            "source" | "." => Builtin::Source,
            "exec" => Builtin::Exec,
            "shopt" | "alias" | "wait" | "ulimit" | "let" | "bg" | "fg" | "jobs" | "disown" | "times"
            | "enable" | "getopts" => Builtin::Other,
            _ => return None,
        })
    }

    /// True if assignments after it belong to it. The parser tells them apart.
    pub(crate) fn declares(self) -> bool {
        matches!(self, Builtin::Export | Builtin::Local | Builtin::Readonly)
    }

    /// True if it runs code in the same shell.
    pub(crate) fn runs_here(self) -> bool {
        matches!(self, Builtin::Eval | Builtin::Source)
    }

    /// True if nothing after it runs.
    pub(crate) fn leaves(self) -> bool {
        matches!(self, Builtin::Exit | Builtin::Return | Builtin::Jump)
    }
}

/// How the operands of a command of the shell's own name the variables that it sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sets {
    /// The second operand is the name: `getopts OPTIONS NAME`, `printf -v NAME`.
    Second,
    /// Each operand is an arithmetic expression: `let NAME=…`.
    Expressions,
}

/// How a command sets variables from its operands, if it does; `first` is the first of them.
pub(crate) fn sets_by_operands(name: &str, first: Option<&str>) -> Option<Sets> {
    Some(match name {
        "getopts" => Sets::Second,
        "printf" if first == Some("-v") => Sets::Second,
        "let" => Sets::Expressions,
        _ => return None,
    })
}

#[test]
fn builtins_are_told_by_their_names() {
    assert_eq!(Builtin::named("."), Some(Builtin::Source));
    assert!(Builtin::named("typeset").is_some_and(Builtin::declares));
    assert!(Builtin::named("continue").is_some_and(Builtin::leaves));
    assert_eq!(Builtin::named("mkdir"), None);
    assert_eq!(sets_by_operands("printf", Some("-v")), Some(Sets::Second));
    assert_eq!(sets_by_operands("printf", Some("%s")), None);
}
