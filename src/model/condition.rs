//! Conditions as facts. `[ ! -d P ]`, `id -u X`, `command -v T`, `grep -q L F` and similar ones say something
//! about a resource. Everything else is opaque, and opaque conditions are told apart by their text.

use crate::limit::tick;
use crate::model::StepId;
use crate::tools::effect::Resource;
use crate::tools::says::{Aspect, Fact, Says};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// A condition of more parts than this is opaque: an endless `a && b && …` would nest as deep as it is long,
/// and reading (and freeing) it is recursive. The longest in real scripts has 9.
const PARTS: usize = 64;

/// A condition as a Boolean expression over facts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cond {
    /// `true`, `false`, `:`.
    Always(bool),
    /// The fact holds.
    Fact(Rc<Fact>),
    /// The script runs as root.
    Root,
    /// The step succeeds, which creates something. It does so in the first run, and in the second unless it
    /// is found to fail there.
    Works(StepId),
    Not(Rc<Cond>),
    /// Both hold.
    And(Rc<Cond>, Rc<Cond>),
    /// At least one of them holds.
    Or(Rc<Cond>, Rc<Cond>),
    /// Unknown, but the same wherever the number is the same.
    Opaque(u32),
}

impl Cond {
    /// A fact as a condition.
    pub(crate) fn fact(resource: Resource, aspect: Aspect) -> Cond {
        Cond::Fact(Rc::new(Fact { resource, aspect }))
    }

    /// Existence as a condition.
    pub(crate) fn exists(resource: Resource) -> Cond {
        Cond::fact(resource, Aspect::Exists)
    }

    /// The opposite.
    pub(crate) fn negate(self) -> Cond {
        match self {
            Cond::Always(b) => Cond::Always(!b),
            Cond::Not(inner) => (*inner).clone(),
            other => Cond::Not(Rc::new(other)),
        }
    }

    /// Both, simplified if one is constant.
    pub(crate) fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Always(true), c) | (c, Cond::Always(true)) => c,
            (Cond::Always(false), _) | (_, Cond::Always(false)) => Cond::Always(false),
            (a, b) => Cond::And(Rc::new(a), Rc::new(b)).bounded(),
        }
    }

    /// Either, simplified if one is constant.
    pub(crate) fn or(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Always(false), c) | (c, Cond::Always(false)) => c,
            (Cond::Always(true), _) | (_, Cond::Always(true)) => Cond::Always(true),
            (a, b) => Cond::Or(Rc::new(a), Rc::new(b)).bounded(),
        }
    }

    /// Itself, or opaque if it has too many parts.
    fn bounded(self) -> Cond {
        let mut left = PARTS;
        if self.fits(&mut left) {
            return self;
        }
        // Equal conditions stay equal. The walk numbers opaque texts from 0 and never reaches this number.
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Cond::Opaque(hasher.finish() as u32 | 1 << 31)
    }

    /// Takes its parts from `left`; false if there are more.
    fn fits(&self, left: &mut usize) -> bool {
        let Some(rest) = left.checked_sub(1) else { return false };
        *left = rest;
        match self {
            Cond::Not(inner) => inner.fits(left),
            Cond::And(a, b) | Cond::Or(a, b) => a.fits(left) && b.fits(left),
            _ => true,
        }
    }

    /// Its truth, if `fact` answers for facts and opaque parts are unknown.
    pub(crate) fn evaluate(&self, ask: &mut impl FnMut(&Cond) -> Option<bool>) -> Option<bool> {
        match self {
            Cond::Always(b) => Some(*b),
            Cond::Not(inner) => inner.evaluate(ask).map(|b| !b),
            Cond::And(a, b) => either(false, a, b, ask),
            Cond::Or(a, b) => either(true, a, b, ask),
            leaf => {
                tick();
                ask(leaf)
            }
        }
    }

    /// All facts in it.
    pub(crate) fn facts(&self) -> Vec<Rc<Fact>> {
        fn collect(cond: &Cond, out: &mut Vec<Rc<Fact>>) {
            match cond {
                Cond::Fact(fact) => out.push(fact.clone()),
                Cond::Not(inner) => collect(inner, out),
                Cond::And(a, b) | Cond::Or(a, b) => {
                    collect(a, out);
                    collect(b, out);
                }
                _ => {}
            }
        }
        let mut out = Vec::new();
        collect(self, &mut out);
        out
    }

    /// True if it is cheap enough to be evaluated again and again.
    pub(super) fn is_small(&self) -> bool {
        fn count(cond: &Cond, left: &mut u32) -> bool {
            *left = left.saturating_sub(1);
            *left > 0
                && match cond {
                    Cond::Not(inner) => count(inner, left),
                    Cond::And(a, b) | Cond::Or(a, b) => count(a, left) && count(b, left),
                    _ => true,
                }
        }
        count(self, &mut 100)
    }

    /// True if some part is opaque.
    pub(crate) fn has_opaque(&self) -> bool {
        match self {
            Cond::Opaque(_) => true,
            Cond::Not(inner) => inner.has_opaque(),
            Cond::And(a, b) | Cond::Or(a, b) => a.has_opaque() || b.has_opaque(),
            _ => false,
        }
    }
}

/// The truth of two conditions of which one alone decides if it is `deciding`.
fn either(deciding: bool, a: &Cond, b: &Cond, ask: &mut impl FnMut(&Cond) -> Option<bool>) -> Option<bool> {
    match a.evaluate(ask) {
        Some(truth) if truth == deciding => Some(deciding),
        Some(_) => b.evaluate(ask),
        None => b.evaluate(ask).filter(|truth| *truth == deciding),
    }
}

impl From<Says> for Cond {
    /// A check that passes says nothing about a resource. The caller, which knows the step, takes it for one that works.
    fn from(says: Says) -> Cond {
        match says {
            Says::Always(outcome) => Cond::Always(outcome),
            Says::Is(fact) => Cond::Fact(Rc::new(fact)),
            Says::Not(fact) => Cond::Fact(Rc::new(fact)).negate(),
            Says::Either(one, other) => Cond::Fact(Rc::new(one)).or(Cond::Fact(Rc::new(other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: u32) -> Cond {
        (0..length).map(Cond::Opaque).reduce(Cond::and).unwrap_or(Cond::Always(true))
    }

    #[test]
    fn a_condition_without_end_is_opaque() {
        assert!(matches!(chain(20), Cond::And(..)));
        let long = chain(50_000);
        assert!(matches!(long.clone().and(Cond::Root), Cond::Opaque(_) | Cond::And(..)));
        assert_eq!(long, chain(50_000));
        assert_ne!(chain(40), chain(41));
    }
}
