//! All pages together. They say which rules exist and what a name means. Folders of a user's own rules are read here.

use crate::rules::embedded::{self, RuleFile};
use crate::rules::page::{Page, PageError};
use std::collections::HashSet;
use std::path::Path;
use std::{fmt, fs};

/// All rules that are known: the embedded ones and those of the user's folders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    pages: Vec<Page>,
}

/// What a name on the command line, in the configuration or in a comment means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A family: all its rules.
    Family,
    /// One rule.
    Rule,
}

/// The pages of the rules that are built in, sorted by id.
pub fn built_in() -> Vec<Page> {
    Pages::embedded().expect("a test holds that no embedded page is wrong").pages
}

impl Pages {
    /// The pages in the binary.
    ///
    /// # Errors
    /// The first page that is wrong; a test checks that there is none.
    pub(crate) fn embedded() -> Result<Pages, PageError> {
        Pages::parse(embedded::files())
    }

    /// The pages among `files`, sorted by id.
    ///
    /// # Errors
    /// The first page that is wrong, or two pages of one rule.
    pub(crate) fn parse(files: impl IntoIterator<Item = RuleFile>) -> Result<Pages, PageError> {
        let mut pages = Pages::default();
        // A file directly in the folder (its README) belongs to no rule.
        for file in files.into_iter().filter(|file| file.path.contains('/') && !is_query(file)) {
            let page = Page::parse(&file)?;
            if let Some(other) = pages.get(&page.id) {
                return Err(fault(&file, format!("{} describes `{}` already", other.file, page.id)));
            }
            let at = pages.pages.partition_point(|p| p.id < page.id);
            pages.pages.insert(at, page);
        }
        Ok(pages)
    }

    /// Checks that each of a user's rules has its two files.
    ///
    /// # Errors
    /// The first file without the other one.
    pub(crate) fn check_pairs(&self, own: &[RuleFile]) -> Result<(), PageError> {
        let paths: HashSet<&str> = own.iter().map(|file| &*file.path).collect();
        for file in own {
            let id = file.path.rsplit_once('.').map_or("", |(id, _)| id);
            let message = match is_query(file) {
                true if paths.contains(&*format!("{id}.md")) => continue,
                true if self.get(id).is_some() => {
                    format!("deploylint has a rule `{id}` already; give this one another name")
                }
                true => format!("a query needs a page beside it: {id}.md"),
                false if paths.contains(&*format!("{id}.scm")) => continue,
                false => format!("a page needs a query beside it: {id}.scm"),
            };
            return Err(fault(file, message));
        }
        Ok(())
    }

    /// The page of a rule.
    pub(crate) fn get(&self, id: &str) -> Option<&Page> {
        let at = self.pages.binary_search_by(|p| (*p.id).cmp(id)).ok()?;
        self.pages.get(at)
    }

    /// All pages, sorted by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter()
    }

    /// What `name` means, if it means anything.
    pub(crate) fn named(&self, name: &str) -> Option<Named> {
        if self.get(name).is_some() {
            return Some(Named::Rule);
        }
        let family = self.pages.iter().any(|p| p.family() == name);
        family.then_some(Named::Family)
    }

    /// The rule or family whose name is closest to one that does not exist.
    pub(crate) fn closest(&self, name: &str) -> Option<&str> {
        let names = self.pages.iter().flat_map(|p| {
            let short = p.id.split('/').nth(1).unwrap_or_default();
            [(&*p.id, &*p.id), (short, &*p.id), (p.family(), p.family())]
        });
        let scored = names.map(|(candidate, means)| (strsim::jaro_winkler(name, candidate), means));
        let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (best.0 >= 0.8).then_some(best.1)
    }

    /// The sentence for a name that no rule has.
    pub(crate) fn unknown(&self, name: &str) -> String {
        match self.closest(name) {
            Some(closest) => {
                format!("`{name}` is not a rule or a family; did you mean `{closest}`?")
            }
            None => format!("`{name}` is not a rule or a family; `deploylint rules` lists them"),
        }
    }
}

fn is_query(file: &RuleFile) -> bool {
    file.path.ends_with(".scm")
}

fn fault(file: &RuleFile, message: String) -> PageError {
    PageError { file: file.shown.clone(), line: None, message }
}

/// The pages and queries of a user's folder, `<family>/<name>.{md,scm}`, sorted by path.
///
/// # Errors
/// A folder or file that cannot be read, a rule that is not in the folder of its family, or a folder without rules.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<RuleFile>, PageError> {
    let wrong =
        |path: &Path, message: String| PageError { file: path.display().to_string(), line: None, message };
    let fail = |path: &Path, why: &dyn fmt::Display| {
        wrong(path, format!("cannot be read as a folder of rules: {why}"))
    };
    let misplaced = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shown = folder.display();
        wrong(path, format!("a rule is read only in the folder of its family: {shown}/FAMILY/{name}"))
    };
    let list = |path: &Path| -> Result<Vec<_>, PageError> {
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.map_err(|e| fail(path, &e))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        Ok(entries)
    };
    let mut files = Vec::new();
    for family in list(folder)? {
        let path = family.path();
        if !path.is_dir() {
            if is_of_a_rule(&path) && !is_readme(&path) {
                return Err(misplaced(&path));
            }
            continue;
        }
        for entry in list(&path)? {
            let path = entry.path();
            if path.is_dir() {
                match list(&path)?.iter().map(fs::DirEntry::path).find(|path| is_of_a_rule(path)) {
                    Some(deeper) => return Err(misplaced(&deeper)),
                    None => continue,
                }
            }
            if !is_of_a_rule(&path) || !path.is_file() {
                continue;
            }
            let bytes = fs::read(&path).map_err(|e| fail(&path, &e))?;
            let text = String::from_utf8(bytes).map_err(|e| fail(&path, &e))?;
            files.push(RuleFile {
                path: format!(
                    "{}/{}",
                    family.file_name().to_string_lossy(),
                    entry.file_name().to_string_lossy()
                ),
                shown: path.display().to_string(),
                text: text.replace("\r\n", "\n").into(),
            });
        }
    }
    match files.is_empty() {
        true => Err(wrong(folder, "it holds no rule: FAMILY/NAME.md and FAMILY/NAME.scm".to_owned())),
        false => Ok(files),
    }
}

/// True for the name of a page or a query.
fn is_of_a_rule(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "md" || end == "scm")
}

fn is_readme(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_page_is_good_and_names_lead_to_it() {
        let pages = Pages::embedded().unwrap();
        for page in pages.iter() {
            page.check_sections().unwrap();
            // The build reads the front matter in a plainer way.
            let (about, end) = crate::rules::front::read(page.text(), &page.id).unwrap();
            assert_eq!(&about, page.about());
            assert_eq!(page.text()[end..].trim_start_matches('\n'), page.body());
        }
        for query in embedded::files().filter(is_query) {
            assert!(pages.get(query.path.trim_end_matches(".scm")).is_some(), "{} has no page", query.path);
        }
        assert_eq!(pages.named("ignore"), Some(Named::Family));
        assert_eq!(pages.named("ignore/unused"), Some(Named::Rule));
        assert_eq!(pages.named("ignore/"), None);
        assert_eq!(pages.closest("ignore/unsued"), Some("ignore/unused"));
        assert_eq!(pages.closest("unused"), Some("ignore/unused"));
        assert_eq!(pages.closest("zzz"), None);
    }
}
