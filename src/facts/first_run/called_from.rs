//! From where in the repo a script is called.

use crate::facts::ground::Ground;
use crate::finding::Confidence;
use crate::model::{Deployment, called_from};
use crate::repo::names::{base, directory};
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::calls::feeds_shell;
use crate::tools::effect::Role;

/// From where in the repo a script is called, as far as the files show that it names.
pub(super) struct CalledFrom {
    /// The directories that are possible, relative to the root of the repo.
    pub(super) directories: Vec<String>,
    pub(super) sure: Confidence,
}

impl CalledFrom {
    /// The directories in which most of the names stand that a script uses. Nothing is known of a script that clones a repo,
    /// since it is often the only file that is there, nor of one whose text a shell reads on another machine.
    pub(super) fn of(world: &Ground<'_, '_>, script: &Deployment<'_>) -> Option<Self> {
        let here = || script.steps.iter().filter(|step| step.place == Place::Here);
        if here().any(|step| step.deed.roles.contains(&Role::Clone)) {
            return None;
        }
        let path = world.sources.file(script.file).path();
        let mut others = world.project.texts.iter().filter(|(_, file)| *file != script.file);
        let is_fed = others.any(|(_, file)| {
            let text = world.sources.file(*file).text();
            text.contains(base(path)) && text.lines().any(|line| feeds_shell(line, base(path)))
        });
        if is_fed {
            return None;
        }
        let own = directory(path).to_owned();
        let pwd = called_from();
        let words = here().flat_map(|step| step.argv.args.iter().map(|arg| step.argv.path(arg)));
        let mut named: Vec<String> = words
            .filter_map(|path| below(&pwd, &path).map(str::to_owned))
            .filter(|rest| !rest.is_empty() && !rest.contains(".."))
            .collect();
        named.sort_unstable();
        named.dedup();
        let mut directories = vec![String::new()];
        directories.extend((!own.is_empty()).then_some(own));
        let inventory = &world.project.inventory;
        let holds = |directory: &String, rest: &String| {
            inventory.holds(format!("{directory}/{rest}").trim_matches('/')) == Some(true)
        };
        let counts: Vec<usize> = directories
            .iter()
            .map(|directory| named.iter().filter(|rest| holds(directory, rest)).count())
            .collect();
        let most = counts.iter().copied().max().unwrap_or_default();
        let shown = directories.into_iter().zip(counts).filter(|(_, count)| *count == most);
        let sure = if most > 0 { Confidence::High } else { Confidence::Medium };
        Some(CalledFrom { directories: shown.map(|(directory, _)| directory).collect(), sure })
    }
}

/// The part of a path below a directory.
pub(super) fn below<'p>(root: &Value, path: &'p Value) -> Option<&'p str> {
    path.is_under(root).then(|| path.key()[root.key().len()..].trim_matches('/'))
}
