//! Every rule that exists, read once for one check, or for all the repos of a scan.

use super::CheckError;
use crate::rules::embedded::{self, RuleFile};
use crate::rules::page::PageError;
use crate::rules::pages::{Pages, read_folder};
use crate::syntax::query::Selectors;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The pages and selectors of all rules.
#[derive(Debug)]
pub struct RuleSet {
    /// The pages, both embedded and from the user's folders.
    pub pages: Pages,
    /// The contents of the user's folders.
    user: Vec<RuleFile>,
    /// Made when the first script is checked. A caller that only looks at pages does not need them.
    selectors: OnceLock<Result<Selectors, CheckError>>,
}

impl RuleSet {
    /// The embedded rules and those of `folders`.
    ///
    /// # Errors
    /// A folder that cannot be read, a page that is wrong, or a selector without a page.
    pub fn load(folders: &[PathBuf]) -> Result<Self, CheckError> {
        let mut user = Vec::new();
        for folder in folders {
            user.extend(read_folder(folder)?);
        }
        Ok(Self::with(user)?)
    }

    /// The embedded rules and the user's files, which need not be on disk.
    ///
    /// # Errors
    /// A page that is wrong, or a selector without a page.
    pub fn with(user: Vec<RuleFile>) -> Result<Self, PageError> {
        let pages = Pages::parse(embedded::files().chain(user.iter().cloned()))?;
        Ok(RuleSet { pages, user, selectors: OnceLock::new() })
    }

    /// The selectors, including those of the user's folders.
    ///
    /// # Errors
    /// A wrong selector of the user.
    pub fn selectors(&self) -> Result<&Selectors, CheckError> {
        let selectors = self.selectors.get_or_init(|| {
            let is_selector = |path: &str| path.ends_with(".scm");
            let embedded = embedded::files().filter(|f| is_selector(&f.path)).map(|f| (f.shown, f.text));
            let user = self.user.iter().filter(|f| is_selector(&f.path));
            let user = user.map(|f| (f.shown.clone(), f.text.clone()));
            Selectors::load_beside(embedded, user).map_err(|errors| {
                let mut shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
                shown.truncate(10);
                CheckError::new(shown.join("\n")).advise("queries/README.md lists what a selector can say")
            })
        });
        selectors.as_ref().map_err(Clone::clone)
    }
}
