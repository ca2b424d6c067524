//! The surroundings of a repo's scripts, read once: compose files, manifests, units, environment files, code.

use super::isolate::{reading, reading_some};
use crate::facts::world::Project;
use crate::finding::Gap;
use crate::limit;
use crate::project::dotenv::Dotenv;
use crate::project::env::Need;
use crate::project::env::unread::Search;
use crate::project::{architecture, compose, env, image, managers, manifest};
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::{is_sample_dotenv, runs_scripts};
use crate::source::{FileId, Sources};
use crate::tools::sites::{is_called_a_site, is_site_of_nginx};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// The most documents that are read for what they tell people to do.
const MAX_GUIDES: usize = 30;

/// The most files that are read for the variables that they give to scripts.
const MAX_CALLERS: usize = 20;

/// The largest settings that may be a site, in bytes.
const MAX_SITE: u64 = 64 * 1024;

/// What is read only if something asks for it.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The code, which is by far the largest part.
    pub(super) code: bool,
    /// The documents that tell people how to set up a server.
    pub(super) guides: bool,
}

/// Counts the settings as nginx's that are a site by their text, whatever they are called.
fn with_sites(root: &Root, mut inventory: Inventory) -> Inventory {
    let is_site = |path: &String| root.peek(path, MAX_SITE).is_some_and(|text| is_site_of_nginx(&text));
    let (sites, settings): (Vec<String>, Vec<String>) =
        std::mem::take(&mut inventory.settings).into_iter().partition(is_site);
    let (called_so, others): (Vec<String>, Vec<String>) = std::mem::take(&mut inventory.others)
        .into_iter()
        .partition(|path| is_called_a_site(path) && is_site(path));
    (inventory.settings, inventory.others) = (settings, others);
    inventory.nginx = [inventory.nginx, sites, called_so].concat();
    inventory
}

/// Reads the surroundings.
pub(super) fn project(
    root: &Root,
    inventory: Inventory,
    wanted: Wanted,
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Project {
    let inventory = with_sites(root, inventory);
    let mut composes = reading(
        "compose files",
        || inventory.compose.clone(),
        gaps,
        |only| compose::read_all(root, &limited(&inventory, only, |i| &mut i.compose), sources),
    );
    image::fill_in(root, &mut composes, sources, gaps);
    let architectures = reading(
        "architecture documents",
        || inventory.architecture.clone(),
        gaps,
        |only| architecture::read_all(root, &limited(&inventory, only, |i| &mut i.architecture), sources),
    );
    let mut needs = reading(
        "manifests",
        || inventory.manifests.clone(),
        gaps,
        |only| manifest::read(root, &limited(&inventory, only, |i| &mut i.manifests), sources),
    );
    if wanted.code {
        ask_code(root, &inventory, &mut needs, gaps);
    }
    let mut files = |paths: &[String]| read_files(root, paths, sources, gaps);
    let (unit_files, unit_templates, drop_ins) =
        (files(&inventory.units), files(&inventory.unit_templates), files(&inventory.drop_ins));
    let process_files = reading(
        "process files",
        || inventory.ecosystem.clone(),
        gaps,
        |only| managers::read_all(root, &limited(&inventory, only, |i| &mut i.ecosystem), sources),
    );
    let lists = [
        &inventory.scripts, &inventory.nginx, &inventory.ecosystem, &inventory.workflows,
        &inventory.dockerfiles, &inventory.architecture, &inventory.templates,
    ];
    // A file that cannot be read here adds nothing. Whoever needs the file itself reports it.
    let texts = lists
        .into_iter()
        .flatten()
        .filter_map(|path| Some((path.clone(), root.read(path, sources).ok()?)))
        .collect();
    let callers = read_callers(root, &inventory, sources);
    let environment = match wanted.code {
        true => environment(root, &inventory, sources, gaps),
        false => Project::default(),
    };
    let guides = match wanted.guides {
        true => read_guides(root, &inventory, sources),
        false => Vec::new(),
    };
    Project {
        inventory,
        composes,
        architectures,
        needs,
        unit_files,
        unit_templates,
        drop_ins,
        process_files,
        texts,
        callers,
        guides,
        names: root.path().file_name().map(|n| n.to_string_lossy().into_owned()).into_iter().collect(),
        ..environment
    }
}

/// Reads files of programs that run scripts, those of the root first.
fn read_callers(root: &Root, inventory: &Inventory, sources: &mut Sources) -> Vec<(String, FileId)> {
    if inventory.scripts.is_empty() {
        return Vec::new();
    }
    let mut callers: Vec<&String> = inventory.others.iter().filter(|path| runs_scripts(path)).collect();
    callers.sort_by_key(|path| path.matches('/').count());
    let read = |path: &String| Some((path.clone(), root.read(path, sources).ok()?));
    callers.into_iter().take(MAX_CALLERS).filter_map(read).collect()
}

/// Reads the documents that may tell people how to set up a server, those of the root first.
fn read_guides(root: &Root, inventory: &Inventory, sources: &mut Sources) -> Vec<(String, FileId)> {
    let mut guides: Vec<&String> = inventory.documents.iter().filter(|path| is_guide(path)).collect();
    guides.sort_by_key(|path| path.matches('/').count());
    let read = |path: &String| Some((path.clone(), root.read(path, sources).ok()?));
    guides.into_iter().take(MAX_GUIDES).filter_map(read).collect()
}

/// True for the path of a document that may tell people how to set up a server.
fn is_guide(path: &str) -> bool {
    const WORDS: [&str; 9] =
        ["readme", "install", "setup", "deploy", "server", "start", "require", "production", "hosting"];
    let path = path.to_ascii_lowercase();
    WORDS.iter().any(|word| path.contains(word))
}

/// Asks the code for migrations and builds that the app does by itself. Without any, nothing is asked.
fn ask_code(root: &Root, inventory: &Inventory, needs: &mut manifest::Needs, gaps: &mut Vec<Gap>) {
    let builds = manifest::scripts(needs).any(|script| script.name == "build");
    if !builds && needs.migrations.is_empty() {
        return;
    }
    match limit::piece(|| manifest::code::read(root, inventory)) {
        Ok(code) => needs.code = code,
        Err(failure) => {
            let reason = failure.reason("the search through the code");
            gaps.push(Gap { file: String::new(), place: None, reason });
            // It is not known whether the app migrates by itself.
            needs.migrations.clear();
        }
    }
}

fn read_files(
    root: &Root,
    paths: &[String],
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Vec<(String, FileId)> {
    let mut files = Vec::new();
    for path in paths {
        match root.read(path, sources) {
            Ok(file) => files.push((path.clone(), file)),
            Err(gap) => gaps.push(gap),
        }
    }
    files
}

/// What is known of the environment, or of the part of it that could be read.
fn environment(root: &Root, inventory: &Inventory, sources: &mut Sources, gaps: &mut Vec<Gap>) -> Project {
    let paths = || inventory.dotenv.iter().chain(&inventory.code).cloned().collect();
    let (mut environment, whole) = reading_some("the environment", paths, gaps, |only| {
        let (mut part, mut gaps) = (Project::default(), Vec::new());
        let inventory = limited(inventory, only, |i| &mut i.code);
        let inventory = limited(&inventory, only, |i| &mut i.dotenv);
        read_environment(root, &inventory, &mut part, sources, &mut gaps);
        (part, gaps)
    });
    if !whole {
        // A file that was not read may name any of them.
        environment.unread = None;
        environment.untold.clear();
    }
    environment
}

/// The inventory, with each list cut to `only`.
fn limited<'i>(
    inventory: &'i Inventory,
    only: Option<&[String]>,
    list: impl Fn(&mut Inventory) -> &mut Vec<String>,
) -> Cow<'i, Inventory> {
    let Some(only) = only else { return Cow::Borrowed(inventory) };
    let mut inventory = inventory.clone();
    list(&mut inventory).retain(|path| only.contains(path));
    Cow::Owned(inventory)
}

/// The environment files, the uses in the code, and which names of the samples appear nowhere else. This is a
/// part of a project.
fn read_environment(
    root: &Root,
    inventory: &Inventory,
    project: &mut Project,
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) {
    for path in &inventory.dotenv {
        match root.read(path, sources) {
            Ok(file) => project.dotenvs.push((path.clone(), Dotenv::parse(sources, file))),
            Err(gap) => gaps.push(gap),
        }
    }
    let samples = project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path));
    let mut search =
        Search::new(samples.flat_map(|(_, s)| s.entries.iter().map(|e| e.name.clone())).collect());
    if let Some(search) = &mut search {
        // Everything that has been read so far, except environment files and prose.
        let aside: HashSet<&str> = inventory.dotenv.iter().map(String::as_str).collect();
        for file in sources
            .iter()
            .map(|(_, file)| file)
            .filter(|f| !aside.contains(f.path()) && !f.path().ends_with(".md"))
        {
            search.look(file.text().as_bytes());
        }
        // `URL=postgres://${DB_USER}@…` reads a variable that the same file sets.
        for entry in project.dotenvs.iter().flat_map(|(_, d)| &d.entries) {
            if entry.value.contains('$') {
                search.look(entry.value.as_bytes());
            }
        }
    }
    let mut look = |bytes: &[u8]| {
        if let Some(search) = &mut search {
            search.look(bytes);
        }
    };
    project.env = env::read(root, inventory, &mut look, sources, gaps);
    if let Some(mut search) = search {
        search.look_around(root, inventory, false);
        project.unread = search.left();
    }
    project.untold = untold(root, inventory, project, sources);
}

/// Which of the variables that the code or a compose file needs are named in no other text. Compose files
/// name what they need, so only the other texts are searched.
fn untold(root: &Root, inventory: &Inventory, project: &Project, sources: &Sources) -> BTreeSet<String> {
    let required = project.env.uses.iter().filter(|u| u.need == Need::Required).map(|u| u.name.clone());
    let mut names: BTreeSet<String> = required.collect();
    let texts_of =
        |paths: &[String]| -> Vec<FileId> { paths.iter().filter_map(|p| sources.find(p)).collect() };
    for file in texts_of(&inventory.compose).into_iter().chain(texts_of(&inventory.templates)) {
        names.extend(compose::references(sources.file(file).text()).into_iter().map(|r| r.name));
    }
    let Some(mut search) = Search::new(names) else { return BTreeSet::new() };
    let lists = [&inventory.compose, &inventory.templates, &inventory.dotenv, &inventory.code];
    let aside: HashSet<&str> = lists.into_iter().flatten().map(String::as_str).collect();
    for file in sources.iter().map(|(_, file)| file).filter(|f| !aside.contains(f.path())) {
        search.look(file.text().as_bytes());
    }
    search.look_around(root, inventory, true);
    search.left().unwrap_or_default()
}
