//! Variables, in order of assignment. Branches are joined: a variable that two branches set differently is a
//! hole with alternatives.

use crate::model::condition::Cond;
use crate::shell::value::{Knowledge, Value};
use crate::source::Span;
use hashbrown::{HashMap, HashSet};

#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) value: Value,
    /// Its possible values if branches differ, and when it has each.
    pub(crate) alternatives: Vec<(Value, Cond)>,
    /// The elements of an array.
    pub(crate) elements: Option<Vec<Value>>,
    /// What it means that it is not empty: `EXISTS=$(psql … "SELECT 1 …")`.
    pub(crate) says: Option<Cond>,
    /// True if child processes see it.
    pub(crate) exported: bool,
    /// The place of its value.
    pub(crate) span: Option<Span>,
}

/// The variables at the end of a branch.
pub(crate) type Ends<'a> = Vec<(&'a str, Option<Variable>)>;

/// The variables of one shell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'a> {
    variables: HashMap<&'a str, Variable>,
    /// The values that assignments replaced, for leaving a branch or a function.
    journal: Vec<(&'a str, Option<Variable>)>,
    versions: u32,
    /// Every name that was ever set, with the place of its first value.
    had: HashMap<&'a str, Option<Span>>,
    /// Every name that was ever exported.
    exports: HashSet<&'a str>,
}

impl<'a> Scope<'a> {
    /// The variables of a shell that starts after this one. None of its values is taken for one of this one.
    pub(crate) fn behind(&self) -> Scope<'a> {
        Scope { versions: self.versions, ..Scope::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub(crate) fn set(&mut self, name: &'a str, mut variable: Variable) {
        let old = self.variables.remove(name);
        variable.exported |= old.as_ref().is_some_and(|o| o.exported);
        if variable.exported {
            self.exports.insert(name);
        }
        self.had.entry(name).or_insert(variable.span);
        self.journal.push((name, old));
        self.variables.insert(name, variable);
    }

    /// True if some statement so far has set the name, whether or not it is still set.
    pub(crate) fn has_had(&self, name: &str) -> bool {
        self.had.contains_key(name)
    }

    /// A statement sets the name to what is not followed.
    pub(crate) fn sets(&mut self, name: &'a str) {
        self.had.entry(name).or_insert(None);
    }

    /// The name has no value any more, as if no statement had set it.
    pub(crate) fn forget(&mut self, name: &'a str) {
        self.had.remove(name);
        self.unset(name);
    }

    /// The place of the first value of a name, if that is known.
    pub(crate) fn first_set(&self, name: &str) -> Option<Span> {
        self.had.get(name).copied().flatten()
    }

    pub(crate) fn unset(&mut self, name: &'a str) {
        let old = self.variables.remove(name);
        self.journal.push((name, old));
    }

    pub(crate) fn export(&mut self, name: &'a str) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.exported = true;
            self.exports.insert(name);
        }
    }

    /// A number that no hole has had yet.
    pub(crate) fn version(&mut self) -> u32 {
        self.versions += 1;
        self.versions
    }

    /// An unknown value for a variable.
    pub(crate) fn unknown(&mut self, name: &str, knowledge: Knowledge) -> Value {
        let version = self.version();
        Value::hole(name, version, knowledge)
    }

    pub(crate) fn exported(&self) -> impl Iterator<Item = (&'a str, &Variable)> {
        // Most scripts export little, and every command asks.
        let exported = |name: &&'a str| self.variables.get(name).filter(|variable| variable.exported);
        self.exports.iter().filter_map(move |name| Some((*name, exported(name)?)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &Variable)> {
        self.variables.iter().map(|(n, v)| (*n, v))
    }

    pub(crate) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Undoes everything since `mark`, and returns the variables of that moment.
    pub(crate) fn rewind(&mut self, mark: usize) -> Ends<'a> {
        let mut ends: Ends<'a> = Vec::new();
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

    /// Undoes changes to the given names since `mark` (locals of a function), and keeps the rest.
    pub(crate) fn restore_locals(&mut self, mark: usize, locals: &[&'a str]) {
        if locals.is_empty() {
            return;
        }
        for name in locals {
            self.sets(name);
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

    /// Joins the ends of branches, each with the condition under which it ran and as [`Scope::rewind`]
    /// returned it. `skipped` is when none of them ran, if that is possible.
    pub(crate) fn join(&mut self, branches: Vec<(Cond, Ends<'a>)>, skipped: Option<Cond>) {
        let mut names: Vec<&'a str> = branches.iter().flat_map(|(_, ends)| ends).map(|(n, _)| *n).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let before = self.variables.get(name).cloned();
            let mut values: Vec<(Value, Cond)> = Vec::new();
            let mut sample: Option<Variable> = None;
            let mut add = |variable: Option<Variable>, ran: &Cond| {
                let variable = variable.unwrap_or_default();
                let own = if variable.alternatives.is_empty() {
                    vec![(variable.value.clone(), Cond::Always(true))]
                } else {
                    variable.alternatives.clone()
                };
                for (value, when) in own {
                    let when = when.and(ran.clone());
                    match values.iter_mut().find(|(v, _)| *v == value) {
                        Some((_, earlier)) => *earlier = earlier.clone().or(when),
                        None => values.push((value, when)),
                    }
                }
                sample = Some(match sample.take() {
                    Some(first) if first.elements.is_some() => first,
                    _ => variable,
                });
            };
            for (ran, branch) in &branches {
                match branch.iter().find(|(n, _)| *n == name) {
                    Some((_, end)) => add(end.clone(), ran),
                    None => add(before.clone(), ran),
                }
            }
            if let Some(skipped) = &skipped {
                add(before.clone(), skipped);
            }
            let Some(sample) = sample else { continue };
            if values.len() <= 1 {
                self.set(name, sample);
                continue;
            }
            let knowledge = values.iter().map(|(v, _)| v.knowledge()).max().unwrap_or(Knowledge::Symbolic);
            let value = self.unknown(name, knowledge.max(Knowledge::Symbolic));
            if values.len() > 6 || values.iter().any(|(_, when)| !when.is_small()) {
                values.truncate(6);
                // It would be too much to follow when the variable has which value.
                for (_, when) in &mut values {
                    *when = Cond::Opaque(u32::MAX);
                }
            }
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
