//! `env/unused`: the sample shows a variable that nothing in the repo reads.

use crate::facts::environment::names::{is_given, is_of_library};
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::repo::names::{base, is_sample_dotenv};
use crate::rules::id;

const RULE: RuleId = id::ENV_UNUSED;

pub(super) fn unused(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let Some(unread) = &context.project.unread else { return };
    if unread.is_empty() {
        return;
    }
    let hidden = reads_elsewhere(context);
    let table = context.environment();
    for (path, sample) in context.project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path)) {
        let own: Vec<_> = sample
            .entries
            .iter()
            .filter(|e| unread.contains(&e.name) && !table.is_read_by_code(&e.name) && !is_given(&e.name))
            .collect();
        // If nothing reads most of the sample, its reader is not in this repo.
        let foreign = own.len() > 3 && own.len() * 2 > sample.entries.len();
        let name = base(path);
        for entry in own {
            let message =
                format!("{name} shows `{}`, but nothing in the repo reads it or passes it on", entry.name);
            let low = foreign || hidden || is_of_library(&entry.name);
            let confidence = if low { Confidence::Low } else { Confidence::Medium };
            let help = format!("remove `{}`, or read it where it was meant to matter", entry.name);
            found.push(context.finding(RULE, entry.name_span, message).at_most(confidence).help(help).done());
        }
    }
}

/// True if variables may reach a reader that the repo does not show: a third-party image that gets the whole
/// file, a submodule, or a framework whose own settings read the environment (Laravel, Spring, ASP.NET,
/// Rails).
fn reads_elsewhere(context: &World<'_, '_>) -> bool {
    let inventory = &context.project.inventory;
    let handed_on = context
        .project
        .composes
        .iter()
        .flat_map(|c| &c.services)
        .any(|s| s.build.is_none() && s.image.is_some() && !s.env_file.is_empty());
    let run = context.steps().any(|(_, _, step)| {
        let mut words = step.argv.args.iter().map(|a| a.value.known_prefix().to_owned());
        words.any(|word| word == "--env-file" || word.starts_with("--env-file="))
    });
    let framework = inventory.manifests.iter().chain(&inventory.others).any(|path| {
        let name = base(path);
        [
            "artisan", "pom.xml", "build.gradle", "build.gradle.kts", ".gitmodules", "appsettings.json",
            "Gemfile",
        ]
        .contains(&name)
            || name.ends_with(".csproj")
    });
    let no_code = inventory.code.is_empty();
    handed_on || run || framework || no_code
}
