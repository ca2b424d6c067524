//! Every rule that exists, read once: for one check, or for all the repos of a scan.

use super::CheckError;
use crate::rules::embedded::{self, RuleFile};
use crate::rules::page::PageError;
use crate::rules::pages::{Pages, read_folder};
use crate::syntax::query::{Message, Queries};
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;

#[derive(Debug)]
pub(crate) struct RuleSet {
    /// The pages, embedded and of the user's folders.
    pub(crate) pages: Pages,
    /// What the user's folders hold.
    user: Vec<RuleFile>,
    /// The queries, read when the first script is judged. Commands that only show pages need none.
    queries: OnceLock<Result<Queries, CheckError>>,
}

impl RuleSet {
    /// The embedded rules and those of `folders`.
    ///
    /// # Errors
    /// A folder that cannot be read, a page that is wrong, or a query without a page.
    pub(crate) fn load(folders: &[PathBuf]) -> Result<Self, CheckError> {
        let mut user = Vec::new();
        // The command line and the configuration may both name a folder.
        let mut read = HashSet::new();
        for folder in folders {
            if read.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())) {
                user.extend(read_folder(folder)?);
            }
        }
        Ok(Self::with(user)?)
    }

    /// The embedded rules and the user's files, which need not be on disk.
    ///
    /// # Errors
    /// A page that is wrong, or a query without a page.
    pub(crate) fn with(user: Vec<RuleFile>) -> Result<Self, PageError> {
        let pages = Pages::parse(embedded::files().chain(user.iter().cloned()))?;
        pages.check_pairs(&user)?;
        Ok(RuleSet { pages, user, queries: OnceLock::new() })
    }

    /// The queries, of the user's folders too.
    ///
    /// # Errors
    /// A wrong query of the user.
    pub(crate) fn queries(&self) -> Result<&Queries, CheckError> {
        let queries = self.queries.get_or_init(|| {
            let is_query = |path: &str| path.ends_with(".scm");
            let embedded = embedded::files().filter(|f| is_query(&f.path)).map(|f| (f.shown, f.text));
            let user = self.user.iter().filter(|f| is_query(&f.path));
            let user = user.map(|f| (f.shown.clone(), f.text.clone()));
            let queries = Queries::load_beside(embedded, user);
            let shown = match queries {
                Ok(queries) => match self.wrong_messages(&queries) {
                    wrong if wrong.is_empty() => return Ok(queries),
                    wrong => wrong,
                },
                Err(errors) => errors.iter().map(ToString::to_string).collect(),
            };
            let mut shown = shown.into_iter().take(10);
            let error = CheckError::new(shown.next().unwrap_or_default());
            let error = CheckError { more: shown.collect(), ..error };
            Err(error.advise("queries/README.md lists what a query can say"))
        });
        queries.as_ref().map_err(Clone::clone)
    }

    /// What is wrong with the messages in pages, because of what their query files capture.
    fn wrong_messages(&self, queries: &Queries) -> Vec<String> {
        let files = queries.files().iter();
        let of_pages = files.filter_map(|file| Some((file, self.pages.get(file.rule())?)));
        let faults = of_pages.flat_map(|(file, page)| {
            let parsed = |text: &Option<Cow<'static, str>>| Message::parse(text.as_ref()?).ok();
            let message = parsed(&page.about().message).and_then(|message| file.message_fault(&message));
            let help = parsed(&page.about().help).and_then(|help| file.help_fault(&help));
            let other = parsed(&page.about().other).and_then(|other| file.other_fault(&other));
            message.into_iter().chain(help).chain(other).map(|fault| format!("{}: {fault}", page.file))
        });
        faults.collect()
    }
}
