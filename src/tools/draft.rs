//! The parts from which the families build a [`Deed`]: places, holes, questions.

use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{
    Again, Change, Content, Deed, Effect, How, PathKind, Prints, Prompt, Resource, Role,
};
use crate::tools::thing::Thing;
use std::borrow::Borrow;

/// A deed that is being built.
pub(crate) struct Draft<'a> {
    argv: &'a Argv,
    deed: Deed,
}

impl<'a> Draft<'a> {
    /// Starts the deed of a known tool.
    pub(crate) fn of(argv: &'a Argv) -> Self {
        let known = true;
        let deed = Deed { known, ..Deed::default() };
        Draft { argv, deed }
    }

    /// Adds a change of the resource that `operand` names.
    pub(crate) fn add(&mut self, operand: &Arg, change: Change, resource: Resource, again: Again) {
        self.deed.effects.push(Effect::new(change, resource, again).at(operand.span));
    }

    /// Adds a change of a resource that no operand names.
    pub(crate) fn add_implied(&mut self, change: Change, resource: Resource, again: Again) {
        self.deed.effects.push(Effect::new(change, resource, again));
    }

    /// Adds a change of the path that `operand` names.
    pub(crate) fn path(&mut self, operand: &Arg, change: Change, again: Again) {
        let path = self.argv.path(operand);
        self.add(operand, change, Resource::Path(path), again);
    }

    /// Adds a change of a path that an option's value names.
    pub(crate) fn value_path(&mut self, value: &Value, change: Change, again: Again) {
        let path = value.resolve(&self.argv.cwd);
        self.add_implied(change, Resource::Path(path), again);
    }

    /// Says where the content of the last effect comes from.
    pub(crate) fn content(&mut self, how: How, from: Option<Value>, tree: bool) {
        if let Some(last) = self.deed.effects.last_mut() {
            last.content = Some(Content { how, from, tree });
        }
    }

    /// Sets what it prints.
    pub(crate) fn prints(&mut self, prints: Prints) -> &mut Self {
        self.deed.prints = prints;
        self
    }

    /// Adds the loss of the app's data: the rows of the database that the app in the working directory uses.
    pub(crate) fn loses_data(&mut self) -> &mut Self {
        let data = Resource::Other(Thing::Data, self.argv.cwd.clone());
        self.add_implied(Change::Remove, data, Again::NoChange);
        self
    }

    /// Adds that a file is written, whatever it contained.
    pub(crate) fn writes(&mut self, value: &Value) {
        self.value_path(value, Change::Write, Again::NoChange);
    }

    /// Adds a role.
    pub(crate) fn role(&mut self, role: Role) -> &mut Self {
        if !self.deed.roles.contains(&role) {
            self.deed.roles.push(role);
        }
        self
    }

    /// Says that the command asks, unless an answer may be piped in, or a word of unknown value may be the option that
    /// prevents the question.
    pub(crate) fn asks(&mut self, asks: &'static str, instead: &'static str, flag: Option<&'static str>) {
        if self.argv.stdin == Stdin::Inherited && !self.argv.args.iter().any(may_be_options) {
            let prompt =
                Prompt { asks, instead, flag, only_people: false, dialogue: false, of_script: false };
            self.deed.prompts = Some(prompt);
        }
    }

    /// Says that the command asks only on a terminal, and otherwise goes on without an answer.
    pub(crate) fn only_people(&mut self) -> &mut Self {
        if let Some(prompt) = &mut self.deed.prompts {
            prompt.only_people = true;
        }
        self
    }

    /// Says that the program does nothing but ask.
    pub(crate) fn is_dialogue(&mut self) {
        if let Some(prompt) = &mut self.deed.prompts {
            prompt.dialogue = true;
        }
    }

    /// Says that the script itself asks the question.
    pub(crate) fn of_script(&mut self) -> &mut Self {
        if let Some(prompt) = &mut self.deed.prompts {
            prompt.of_script = true;
        }
        self
    }

    /// Says that the effects are not everything that it does.
    pub(crate) fn partly(&mut self) -> &mut Self {
        self.deed.known = false;
        self
    }

    /// The deed.
    pub(crate) fn done(self) -> Deed {
        self.deed
    }
}

/// A deed without effects that has a role.
pub(crate) fn role(role: Role) -> Deed {
    Deed::of(Vec::new()).role(role)
}

/// A deed that is known to have no relevant effect.
pub(crate) fn nothing() -> Deed {
    Deed::of(Vec::new())
}

/// Whether a word can contain options that cannot be seen. If a word starts with a hole, only the hole's name
/// counts: something called a package, a path or a name is not one.
pub(crate) fn may_be_options(arg: &Arg) -> bool {
    if arg.value.as_literal().is_some() || !arg.value.known_prefix().is_empty() {
        return false;
    }
    if arg.value.is_glob() || named_like_options(arg) {
        return !arg.value.is_glob();
    }
    let shown = arg.value.to_string().to_ascii_lowercase();
    const NAMES: [&str; 12] =
        ["pack", "pkg", "dep", "dir", "path", "file", "user", "name", "domain", "home", "version", "/"];
    !NAMES.iter().any(|name| shown.contains(name))
}

/// True for a word whose name says that it contains options: `$MKDIR_OPTS`, `$FLAGS`, `$@`.
pub(crate) fn named_like_options(arg: &Arg) -> bool {
    if arg.value.as_literal().is_some() || !arg.value.known_prefix().is_empty() {
        return false;
    }
    const WORDS: [&str; 7] = ["opt", "opts", "options", "flag", "flags", "args", "params"];
    let shown = arg.value.shown();
    let mut parts = shown.trim_start_matches('$').split('_');
    matches!(&*shown, "$@" | "$*")
        || parts.any(|part| WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

/// The literal of operand `index` of a list, for matching subcommands; empty if it is not fully known.
pub(crate) fn word<'a>(operands: &[&'a Arg], index: usize) -> &'a str {
    operands.get(index).and_then(|arg| arg.value.as_literal()).unwrap_or_default()
}

/// Words as one text.
pub(crate) fn joined(words: &[impl Borrow<Arg>]) -> Value {
    let mut text = Value::default();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push_str(" ");
        }
        text.push(&word.borrow().value);
    }
    text
}

/// A path below a directory.
pub(crate) fn below(directory: &Value, name: &Value) -> Value {
    let mut path = directory.clone();
    path.push_str("/");
    path.push(name);
    path.normalized()
}

/// A value of which nothing is known.
pub(crate) fn unknown(what: &str) -> Value {
    Value::hole(what, 0, Knowledge::Unknown)
}

/// `create` of a directory that may exist.
pub(crate) const DIRECTORY: Change = Change::Create(PathKind::Directory);
/// `create` of a file.
pub(crate) const FILE: Change = Change::Create(PathKind::File);
/// `create` of a directory with content.
pub(crate) const TREE: Change = Change::Create(PathKind::Tree);
/// `create` of something without a path: an account, a database.
pub(crate) const NEW: Change = Change::Create(PathKind::Any);
