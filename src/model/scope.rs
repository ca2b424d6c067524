//! F3: variables, in order of assignment. Branches are joined: a variable that two branches set differently is a hole
//! with alternatives.

use super::condition::Cond;
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;
use std::collections::HashMap;

/// A variable.
#[derive(Clone, Debug, Default)]
pub(super) struct Variable {
    /// Its value.
    pub(super) value: Value,
    /// The values that it can have, where branches differ.
    pub(super) alternatives: Vec<Value>,
    /// The elements of an array.
    pub(super) elements: Option<Vec<Value>>,
    /// What its being non-empty says: `EXISTS=$(psql … "SELECT 1 …")`.
    pub(super) says: Option<Cond>,
    /// Child processes see it.
    pub(super) exported: bool,
    /// Where its value stands.
    pub(super) span: Option<Span>,
}

/// The variables of one shell.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    variables: HashMap<&'a str, Variable>,
    /// What assignments replaced, for leaving a branch or a function.
    journal: Vec<(&'a str, Option<Variable>)>,
    versions: u32,
}

impl<'a> Scope<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub(super) fn set(&mut self, name: &'a str, mut variable: Variable) {
        let old = self.variables.remove(name);
        variable.exported |= old.as_ref().is_some_and(|o| o.exported);
        self.journal.push((name, old));
        self.variables.insert(name, variable);
    }

    pub(super) fn unset(&mut self, name: &'a str) {
        let old = self.variables.remove(name);
        self.journal.push((name, old));
    }

    pub(super) fn export(&mut self, name: &'a str) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.exported = true;
        }
    }

    /// A number that no hole has had.
    pub(super) fn version(&mut self) -> u32 {
        self.versions += 1;
        self.versions
    }

    /// An unknown value for a variable.
    pub(super) fn unknown(&mut self, name: &str, knowledge: Knowledge) -> Value {
        let version = self.version();
        Value::hole(name, version, knowledge)
    }

    pub(super) fn exported(&self) -> impl Iterator<Item = (&'a str, &Variable)> {
        self.variables.iter().filter(|(_, v)| v.exported).map(|(n, v)| (*n, v))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &Variable)> {
        self.variables.iter().map(|(n, v)| (*n, v))
    }

    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Takes back everything since `mark`; gives what the variables were at that moment.
    pub(super) fn rewind(&mut self, mark: usize) -> Vec<(&'a str, Option<Variable>)> {
        let mut ends: Vec<(&'a str, Option<Variable>)> = Vec::new();
        while self.journal.len() > mark {
            let Some((name, old)) = self.journal.pop() else { break };
            let now = self.variables.remove(name);
            if !ends.iter().any(|(n, _)| *n == name) {
                ends.push((name, now));
            }
            if let Some(old) = old {
                self.variables.insert(name, old);
            }
        }
        ends
    }

    /// Takes back what was done to the given names since `mark` (locals of a function), keeps the rest.
    pub(super) fn restore_locals(&mut self, mark: usize, locals: &[&'a str]) {
        if locals.is_empty() {
            return;
        }
        for name in locals {
            let before = self.journal[mark.min(self.journal.len())..].iter().find(|(n, _)| n == name);
            let before = before.map(|(_, old)| old.clone());
            if let Some(old) = before {
                match old {
                    Some(old) => self.set(name, old),
                    None => self.unset(name),
                }
            }
        }
    }

    /// Joins the ends of branches, each as [`Scope::rewind`] gave it. `may_skip`: no branch may have run.
    pub(super) fn join(&mut self, branches: Vec<Vec<(&'a str, Option<Variable>)>>, may_skip: bool) {
        let mut names: Vec<&'a str> = branches.iter().flatten().map(|(n, _)| *n).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let before = self.variables.get(name).cloned();
            let mut values: Vec<Value> = Vec::new();
            let mut sample: Option<Variable> = None;
            let mut add = |variable: Option<Variable>| {
                let variable = variable.unwrap_or_default();
                let own = if variable.alternatives.is_empty() {
                    vec![variable.value.clone()]
                } else {
                    variable.alternatives.clone()
                };
                for value in own {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                sample = Some(match sample.take() {
                    Some(first) if first.elements.is_some() => first,
                    _ => variable,
                });
            };
            for branch in &branches {
                match branch.iter().find(|(n, _)| *n == name) {
                    Some((_, end)) => add(end.clone()),
                    None => add(before.clone()),
                }
            }
            if may_skip {
                add(before.clone());
            }
            let Some(sample) = sample else { continue };
            if values.len() <= 1 {
                self.set(name, sample);
                continue;
            }
            let knowledge = values.iter().map(Value::knowledge).max().unwrap_or(Knowledge::Symbolic);
            let value = self.unknown(name, knowledge.max(Knowledge::Symbolic));
            values.truncate(6);
            let variable = Variable {
                value,
                alternatives: values,
                elements: None,
                says: None,
                exported: sample.exported,
                span: sample.span,
            };
            self.set(name, variable);
        }
    }
}
