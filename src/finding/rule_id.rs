//! The name of a rule, with what its page's front matter says. Knows nothing of how pages are read or rules judge.

use super::{Applicability, Confidence, Severity};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// What a page's front matter says of its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `<family>/<name>`, from the page's path.
    pub name: Cow<'static, str>,
    /// The rule in a line.
    pub title: Cow<'static, str>,
    /// How bad a finding is, unless the rule or the configuration says otherwise.
    pub severity: Severity,
    /// How sure a finding is at best.
    pub confidence: Confidence,
    /// Whether findings carry a fix, and of which kind.
    pub fix: Option<Applicability>,
    /// The item of the review's list that a finding belongs to, by its name for programs; `none` for no item.
    pub review: Option<Cow<'static, str>>,
    /// A rule whose fault shows in the first run on a new server.
    pub first_run: bool,
    /// What a finding of a query file says, with placeholders.
    pub message: Option<Cow<'static, str>>,
    /// What such a finding gives as what to write instead.
    pub help: Option<Cow<'static, str>>,
    /// What such a finding says at the command that `@other` captures.
    pub other: Option<Cow<'static, str>>,
}

/// A rule's id: `<family>/<name>`. The built-in ones are constants, which `build.rs` makes of the pages; those of a
/// user's folder are made as their pages are read.
#[derive(Clone)]
pub struct RuleId(Known);

#[derive(Clone)]
enum Known {
    BuiltIn(&'static About),
    User(Arc<About>),
}

impl RuleId {
    /// The id of a rule of this program.
    pub(crate) const fn built_in(about: &'static About) -> Self {
        RuleId(Known::BuiltIn(about))
    }

    /// The id of a rule of a user's folder.
    pub(crate) fn of_user(about: About) -> Self {
        RuleId(Known::User(Arc::new(about)))
    }

    /// What its page says of it.
    pub fn about(&self) -> &About {
        match &self.0 {
            Known::BuiltIn(about) => about,
            Known::User(about) => about,
        }
    }

    /// `<family>/<name>`.
    pub fn as_str(&self) -> &str {
        &self.about().name
    }

    /// The part of the name before `/`.
    pub fn family(&self) -> &str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// In which run the fault shows: in the `first` one on a new server, or only in the `second`; `None` if it is about no
    /// run, but about files that do not agree, or about what others may do.
    pub fn run(&self) -> Option<&'static str> {
        match (self.about().first_run, self.family()) {
            (true, _) => Some("first"),
            (false, "rerun") => Some("second"),
            (false, _) => None,
        }
    }

    /// An id that no page has, as tests want one.
    #[cfg(test)]
    pub(crate) fn made_up(name: &'static str) -> Self {
        RuleId::of_user(About {
            name: name.into(),
            title: name.into(),
            severity: Severity::Warning,
            confidence: Confidence::Medium,
            fix: None,
            review: None,
            first_run: false,
            message: None,
            help: None,
            other: None,
        })
    }
}

impl Deref for RuleId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

// A name belongs to one rule: a user's page that takes one that is there already is refused.
impl PartialEq for RuleId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RuleId {}

impl PartialOrd for RuleId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RuleId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for RuleId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
