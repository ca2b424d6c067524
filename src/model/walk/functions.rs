//! The functions of a shell.

use crate::shell::ast::{Block, Stmt, StmtKind};
use crate::source::Span;
use hashbrown::HashMap;

#[derive(Clone, Copy, Debug)]
struct Function<'a> {
    body: &'a Stmt<'a>,
    span: Span,
    is_called: bool,
    /// How many calls of it are under way.
    active: u32,
}

/// The functions that a shell has defined so far.
#[derive(Debug, Default)]
pub(crate) struct Functions<'a> {
    by_name: HashMap<&'a str, Function<'a>>,
    /// Their names, in the order in which they were first defined.
    order: Vec<&'a str>,
    /// Those of the script's own level, also before their definitions are reached.
    later: HashMap<&'a str, &'a Stmt<'a>>,
}

impl<'a> Functions<'a> {
    /// Notes the functions that a script defines on its own level.
    pub(crate) fn announce(&mut self, block: Block<'a>) {
        self.later.extend(block.iter().filter_map(|stmt| match stmt.kind {
            StmtKind::Function { name, body } => Some((name, body)),
            _ => None,
        }));
    }

    /// The body of a function that is defined, or will be.
    pub(crate) fn body_in_the_end(&self, name: &str) -> Option<&'a Stmt<'a>> {
        self.body(name).or_else(|| self.later.get(name).copied())
    }

    /// Defines a function, perhaps once more.
    pub(crate) fn define(&mut self, name: &'a str, span: Span, body: &'a Stmt<'a>) {
        let function = Function { body, span, is_called: false, active: 0 };
        if self.by_name.insert(name, function).is_none() {
            self.order.push(name);
        }
    }

    /// The name of a function as it lives in the arena, if there is one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&'a str> {
        self.by_name.get_key_value(name).map(|(name, _)| *name)
    }

    /// The body of a function.
    pub(crate) fn body(&self, name: &str) -> Option<&'a Stmt<'a>> {
        self.by_name.get(name).map(|function| function.body)
    }

    /// The definition of a function.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.by_name.get(name).map(|function| function.span)
    }

    /// The body of a function that is not under way. The function then counts as called.
    pub(crate) fn look_into(&mut self, name: &str) -> Option<&'a Stmt<'a>> {
        let function = self.by_name.get_mut(name).filter(|function| function.active == 0)?;
        function.is_called = true;
        Some(function.body)
    }

    /// Begins a call: the body of the function, unless it is under way already.
    pub(crate) fn enter(&mut self, name: &str, may_enter: bool) -> Option<&'a Stmt<'a>> {
        let function = self.by_name.get_mut(name)?;
        function.is_called = true;
        if function.active > 0 || !may_enter {
            return None;
        }
        function.active += 1;
        Some(function.body)
    }

    /// Ends a call. The function's own body may have defined it anew.
    pub(crate) fn leave(&mut self, name: &str) {
        if let Some(function) = self.by_name.get_mut(name) {
            function.active = function.active.saturating_sub(1);
        }
    }

    /// Takes the names of the functions that have been defined so far, in order.
    pub(crate) fn take_order(&mut self) -> Vec<&'a str> {
        std::mem::take(&mut self.order)
    }

    /// True if nothing calls it.
    pub(crate) fn is_uncalled(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|function| !function.is_called)
    }
}
