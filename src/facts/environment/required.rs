//! Without which variables the code fails that a command loads.
//!
//! Facts: <https://docs.djangoproject.com/en/stable/topics/settings/>, and for Rails
//! <https://guides.rubyonrails.org/configuring.html>: without `config/database.yml` the database comes from `DATABASE_URL`, and
//! without credentials the key from `SECRET_KEY_BASE`.

use crate::facts::ground::Ground;
use crate::project::env::{Need, Use};
use crate::project::manifest::{Language, MigrationKind, OtherManifest};
use crate::shell::argv::Argv;
use crate::source::{FileId, Span};
use crate::tools::frameworks::{Loads, is_for_production, loads, says_its_environment};

/// A variable that something needs.
pub(crate) struct Required {
    pub(crate) name: String,
    /// Where the code reads it; `None` if a framework does.
    pub(crate) read: Option<Span>,
    /// What happens without it, as the end of a sentence.
    pub(crate) then: String,
}

/// The variables that a command needs, by the code of the repo that it loads.
pub(crate) fn required(world: &Ground<'_, '_>, argv: &Argv) -> Vec<Required> {
    match loads(argv) {
        Some(Loads::Django) => of_django(world, argv),
        Some(Loads::Rails) => of_rails(world, argv),
        Some(Loads::File(path)) => {
            let is_it = |file: FileId| {
                let own = world.sources.file(file).path();
                own == path || own.ends_with(&format!("/{path}")) || path.ends_with(&format!("/{own}"))
            };
            of_code(world, &is_it)
        }
        None => Vec::new(),
    }
}

/// The variables that the files read in any case and have no default for.
pub(crate) fn of_code(world: &Ground<'_, '_>, is_it: &dyn Fn(FileId) -> bool) -> Vec<Required> {
    let env = &world.project.env;
    let is_needed = |one: &&Use| {
        one.need == Need::Required
            && is_it(one.span.file)
            && !env.sets.iter().any(|(name, _)| *name == one.name)
            && is_always_read(world.sources.file(one.span.file).text(), one.span.start as usize)
    };
    let mut found: Vec<Required> = Vec::new();
    for one in env.uses.iter().filter(is_needed) {
        if found.iter().all(|own| own.name != one.name) {
            let path = world.sources.file(one.span.file).path();
            found.push(Required {
                name: one.name.clone(),
                read: Some(one.span),
                then: format!("{path} fails without it"),
            });
        }
    }
    found
}

/// True if the line at a place is in no block that may not run: below `if`, in a function. Nor is it a part of one itself.
fn is_always_read(text: &str, at: usize) -> bool {
    const MAY_NOT_RUN: [&str; 12] =
        ["if", "elif", "else", "try", "except", "def", "async", "with", "for", "while", "function", "case"];
    let first_word = |line: &str| {
        let word = line.trim_start().split([' ', ':', '(', '{']).next().unwrap_or_default();
        MAY_NOT_RUN.contains(&word)
    };
    let depth = |line: &str| line.len() - line.trim_start().len();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let mut inner = depth(&text[start..]);
    let own = text[start..].lines().next().unwrap_or_default();
    let may_be_left_out = ["lambda", "=>", " if ", " or ", " and ", " ? ", "||", "&&"];
    if first_word(own) || may_be_left_out.iter().any(|part| own.contains(part)) {
        return false;
    }
    for line in text[..start].lines().rev() {
        if inner == 0 {
            return true;
        }
        if line.trim().is_empty() || depth(line) >= inner {
            continue;
        }
        inner = depth(line);
        // So ends the first line of a function of JavaScript: `cfg(): Config {`, `x => {`.
        let ends = line.trim_end();
        let is_function = ends.ends_with('{') && (ends.contains(')') || ends.ends_with("=> {"));
        // The last line of a header: `):`.
        if first_word(line) || is_function || line.trim_start().starts_with(['}', ')']) {
            return false;
        }
    }
    true
}

fn of_django(world: &Ground<'_, '_>, argv: &Argv) -> Vec<Required> {
    let Some(module) = settings_module(world, argv) else { return Vec::new() };
    let path = module.replace('.', "/");
    let files: Vec<FileId> = world.project.env.uses.iter().map(|one| one.span.file).collect();
    let ends = [format!("{path}.py"), format!("{path}/__init__.py")];
    let is_module = |file: &FileId| {
        let own = world.sources.file(*file).path();
        ends.iter().any(|end| own == end || own.ends_with(&format!("/{end}")))
    };
    let Some(own) = files.iter().copied().find(is_module) else { return Vec::new() };
    // `from .base import *` brings what the other file reads.
    let text = world.sources.file(own).text();
    let directory = world.sources.file(own).path().rsplit_once('/').map_or("", |(directory, _)| directory);
    let stars = text.lines().filter_map(|line| line.strip_prefix("from .")?.strip_suffix(" import *"));
    let brought: Vec<String> = stars.map(|name| format!("{directory}/{name}.py")).collect();
    let is_it = |file: FileId| {
        file == own
            || brought.iter().any(|path| world.sources.file(file).path() == path.trim_start_matches('/'))
    };
    of_code(world, &is_it)
}

/// The module that `DJANGO_SETTINGS_MODULE` names, for the command or in manage.py.
fn settings_module(world: &Ground<'_, '_>, argv: &Argv) -> Option<String> {
    const NAME: &str = "DJANGO_SETTINGS_MODULE";
    if let Some(given) = argv.env(NAME) {
        return given.as_literal().map(str::to_owned);
    }
    let mut tools = world.project.needs.migrations.iter().filter(|tool| tool.kind == MigrationKind::Django);
    let tool = tools.next().filter(|_| tools.next().is_none())?;
    let (_, rest) = world.sources.file(tool.file).text().split_once(NAME)?;
    let mut words = rest.lines().next()?.split(['"', '\'']);
    let module = words.find(|word| word.contains('.') && !word.contains([' ', '(', ')']))?;
    Some(module.to_owned())
}

fn of_rails(world: &Ground<'_, '_>, argv: &Argv) -> Vec<Required> {
    let Some(manifest) = world.project.needs.others.iter().find(|manifest| is_rails(manifest)) else {
        return Vec::new();
    };
    let lacks = |path: &str| {
        let path = format!("{}/{path}", manifest.directory);
        world.project.inventory.holds(path.trim_start_matches('/')) == Some(false)
    };
    let needed =
        |name: &str, then: &str| Required { name: name.to_owned(), read: None, then: then.to_owned() };
    let mut found = Vec::new();
    if !says_its_environment(argv) && world.steps().any(|(.., step)| is_for_production(&step.argv)) {
        found.push(needed("RAILS_ENV", "Rails runs in the development environment without it"));
    }
    if lacks("config/database.yml") {
        found.push(needed("DATABASE_URL", "the app has no config/database.yml"));
    }
    let keys = ["config/credentials.yml.enc", "config/credentials/production.yml.enc", "config/secrets.yml"];
    if keys.iter().all(|path| lacks(path)) {
        found.push(needed("SECRET_KEY_BASE", "the app has no credentials"));
    }
    found
}

fn is_rails(manifest: &OtherManifest) -> bool {
    manifest.language == Language::Ruby && manifest.dependencies.iter().any(|gem| gem.name == "rails")
}
