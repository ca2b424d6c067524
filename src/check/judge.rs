//! The middle of a check: which scripts there are, what the project around them holds, and what the rules
//! find.

use super::config::Config;
use super::in_turn;
use super::isolate::{Repo, Script};
use super::load;
use super::models::Models;
use super::regions::Regions;
use super::{CheckError, Request, Settings, Target};
use crate::facts::deploys::Deploys;
use crate::facts::world::{Given, World};
use crate::facts::worlds::Worlds;
use crate::finding::{Finding, Gap};
use crate::limit;
use crate::model::Deployment;
use crate::project::discover;
use crate::project::sequences::{self, Sequence};
use crate::repo::files::{MAX_BYTES, Root, find_root, is_marked};
use crate::repo::inventory::Inventory;
use crate::repo::names::base;
use crate::rules::{self, Chosen};
use crate::shell::count::each_once;
use crate::source::{FileId, SourceFile, Sources, Span};
use bumpalo::Bump;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What judging gives to the rest of the check.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// What the rules found, in any order.
    pub(crate) findings: Vec<Finding>,
    /// What could not be analysed.
    pub(crate) gaps: Vec<Gap>,
    /// How texts had to be read. This is reported like gaps, but no code is missing.
    pub(crate) encoding: Vec<Gap>,
    /// The comments that the parser saw in scripts, from `#` to the end of the line.
    pub(crate) comments: Vec<Span>,
    /// How many files were analysed.
    pub(crate) files: usize,
    /// How many scripts were checked.
    pub(crate) scripts: usize,
    /// How many commands the scripts contain; each file is counted once ([`crate::shell::count::Counted`]).
    pub(crate) commands: usize,
    /// How many of them were not analysed, because they are in gaps or the parser lost them.
    pub(crate) unread: usize,
    /// Which scripts were checked, `(path, why)`.
    pub(crate) taken: Vec<(String, String)>,
    /// Targets that were requested wrongly.
    pub(crate) errors: Vec<CheckError>,
    /// The scripts that run in turn.
    sequences: Vec<Sequence>,
}

/// Looks at what the rules saw before it is dropped.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&World<'_, '_>);

/// Judges the targets.
pub(super) fn judge(
    request: &Request,
    settings: &Settings,
    sources: &mut Sources,
    look: Look<'_>,
) -> Result<Judged, CheckError> {
    let root = Root::open(&settings.root).map_err(|gap| CheckError::in_file(&settings.root, gap.reason))?;
    let root = root.noted_by(settings.recorder.clone());
    inspect(&root, request, settings, sources, look)
}

/// Judges the targets in `root`, which need not be the tree on disk, and passes what the rules saw to `look`.
/// Suppression and filters are not applied.
///
/// # Errors
/// A wrong query of the user.
pub(crate) fn inspect(
    root: &Root,
    request: &Request,
    settings: &Settings,
    sources: &mut Sources,
    look: Look<'_>,
) -> Result<Judged, CheckError> {
    limit::within(request.time, || inspect_in_time(root, request, settings, sources, look))
}

fn inspect_in_time(
    root: &Root,
    request: &Request,
    settings: &Settings,
    sources: &mut Sources,
    look: Look<'_>,
) -> Result<Judged, CheckError> {
    let mut judged = Judged::default();
    // The rules get time, whatever the readers and models use.
    let spared = limit::sparing(4);
    // If the root or a directory is named, all of it is meant.
    let meant = request.root.is_some()
        || request.targets.is_empty()
        || request.targets.iter().any(|t| matches!(t, Target::Path(path) if path.is_dir()));
    let inventory =
        if meant || is_marked(root.path()) { Inventory::of(root) } else { Inventory::shallow(root) };
    judged.gaps.extend(inventory.gaps.iter().cloned());
    let arena = Bump::new();
    let mut models = Models::new(root, &arena);
    // Scripts of which each is named by itself have no order.
    let of_directory = request.targets.is_empty()
        || request.targets.iter().any(|target| matches!(target, Target::Path(path) if path.is_dir()));
    judged.sequences = if of_directory { sequences::of_files(root, &inventory, sources) } else { Vec::new() };
    let files = scripts(request, settings, &inventory, &mut models, sources, &mut judged);
    models.retain(&files);
    let wants = |family: &str| settings.selection.wants_any(family);
    // Rules about scripts ask whether a document tells people to do what the scripts leave out.
    let guides = !files.is_empty() && (wants("steps") || wants("user"));
    let wanted = load::Wanted { code: meant && wants("env"), guides };
    let project = load::project(root, inventory, wanted, sources, &mut judged.gaps);
    let queries = settings.rules.queries()?;

    let mut scripts: Vec<Script<'_>> = Vec::new();
    let mut deployments: Vec<Deployment<'_>> = Vec::new();
    let mut commands = Vec::new();
    for file in files {
        judged.encoding.extend(text_gaps(sources, file));
        let mut built = models.take(file, sources);
        judged.gaps.append(&mut built.gaps);
        let Some(mut deployment) = built.deployment else { continue };
        judged.comments.extend(&deployment.comments);
        commands.append(&mut deployment.commands);
        deployments.push(deployment);
        scripts.push(built.script);
    }
    drop(spared);
    let commands = each_once(commands);
    judged.commands = commands.len();
    judged.unread = commands.iter().filter(|command| !command.analysed).count();
    // A file that a script sources or runs is judged as a part of it and not again by itself. A file that it only seems to
    // source, by an unknown path, is judged by itself.
    let parts = parts(&deployments);
    deployments.retain(|one| !parts.contains(&one.file));
    scripts.retain(|s| !parts.contains(&s.file));
    let parts: HashSet<&str> = parts.iter().map(|file| sources.file(*file).path()).collect();
    judged.taken.retain(|(path, _)| !parts.contains(path.as_str()));
    let mut sequences = std::mem::take(&mut judged.sequences);
    if of_directory {
        sequences.extend(sequences::of_documents(&project.inventory, &project.guides, sources));
    }
    let models = in_turn::join(&models, &scripts, &sequences, deployments, &mut judged.taken, sources);
    let deploys = Deploys::of(sources, &models);
    say_why_beside(&deploys, &models, sources, &mut judged.taken);
    judged.scripts = scripts.len();
    judged.files = sources.iter().count();
    let given = given(&settings.config);
    let wants = |rule: &str| settings.selection.wants(rule);
    let chosen = Chosen { queries, pages: &settings.rules.pages, wants: &wants };
    let apart = rules::judges_deploys(&chosen);
    let worlds = limit::piece(|| Worlds::new(&deploys, apart, sources, &models, &project, &given));
    let (failed, looked) = match &worlds {
        Ok(worlds) => {
            let failed = rules::run(worlds, &chosen, &mut judged.findings);
            (failed, limit::piece(|| look(worlds.whole())))
        }
        Err(failure) => (Vec::new(), Err(*failure)),
    };
    let starts = || scripts.iter().map(|script| Span::file_start(script.file)).collect::<Vec<_>>();
    if let Err(failure) = looked {
        judged.add_gaps(sources, starts(), &failure.reason("the preparation for its rules"));
    }
    let repo = Repo { root, sources, scripts: &scripts, project: &project, given: &given, chosen };
    for rule in failed {
        let (mut found, places) = repo.judge_again(&rule.judge);
        judged.findings.append(&mut found);
        let places = if places.is_empty() { starts() } else { places };
        judged.add_gaps(sources, places, &rule.failure.reason(&format!("the rule {}", rule.judge.name())));
    }
    drop_unreached(&models, &mut judged.findings);
    drop_unfit_fixes(sources, &models, &mut judged.findings);
    Ok(judged)
}

/// Takes away what is said of steps that never run. `steps/never-reached` tells those where the script ends.
fn drop_unreached(models: &[Deployment<'_>], findings: &mut Vec<Finding>) {
    let rests: Vec<Span> = models.iter().flat_map(|model| &model.unreached).map(|at| at.rest).collect();
    if !rests.is_empty() {
        findings.retain(|finding| !rests.iter().any(|rest| rest.covers(finding.span)));
    }
}

/// Takes away each fix that the shell around its place would read differently.
fn drop_unfit_fixes(sources: &Sources, models: &[Deployment<'_>], findings: &mut [Finding]) {
    if findings.iter().any(|finding| finding.fix.is_some()) {
        let regions = Regions::of(sources, models);
        for finding in findings {
            finding.fix.take_if(|fix| !regions.take(fix));
        }
    }
}

/// What the configuration says about the app.
fn given(config: &Config) -> Given {
    Given {
        user: config.app.user.clone(),
        directory: config.app.directory.clone(),
        is_set_up: config.server.is_set_up,
        packages: config.server.packages.clone(),
        accounts: config.server.accounts.clone(),
        services: config.services.iter().map(|(service, unit)| (service.clone(), unit.clone())).collect(),
    }
}

impl Judged {
    /// Adds a gap for each of the places.
    fn add_gaps(&mut self, sources: &Sources, places: Vec<Span>, reason: &str) {
        self.gaps.extend(places.into_iter().map(|place| Gap::at(sources, place, reason.to_owned())));
    }
}

/// The files that are parts of other scripts. If scripts source each other, the first one is no part.
fn parts(models: &[Deployment<'_>]) -> HashSet<FileId> {
    let below = |model: &Deployment<'_>| {
        let own = model.file;
        model.sourced.clone().into_iter().filter(move |file| *file != own)
    };
    let named: HashSet<FileId> = models.iter().flat_map(below).collect();
    let (inner, outer): (Vec<_>, Vec<_>) = models.iter().partition(|model| named.contains(&model.file));
    let mut parts = HashSet::new();
    for model in outer.into_iter().chain(inner) {
        if !parts.contains(&model.file) {
            parts.extend(below(model));
        }
    }
    parts
}

/// Notes why some scripts are no part of a deploy.
fn say_why_beside(
    deploys: &Deploys,
    models: &[Deployment<'_>],
    sources: &Sources,
    taken: &mut [(String, String)],
) {
    for (at, model) in models.iter().enumerate() {
        let of_model = sources.file(model.file).path();
        let why = taken.iter_mut().find(|(path, _)| path == of_model);
        if let (Some(beside), Some((_, why))) = (deploys.beside(at), why) {
            *why = format!("{why}; {}", beside.phrase());
        }
    }
}

/// The scripts to judge: those that are named, and those in a directory.
fn scripts(
    request: &Request,
    settings: &Settings,
    inventory: &Inventory,
    models: &mut Models<'_, '_>,
    sources: &mut Sources,
    judged: &mut Judged,
) -> Vec<FileId> {
    let root = models.root();
    let mut files = Vec::new();
    let mut candidates: Option<Vec<(String, FileId, String)>> = None;
    let everything = [Target::Path(root.path().to_owned())];
    let targets = if request.targets.is_empty() { &everything[..] } else { &request.targets[..] };
    let directories = targets.iter().filter_map(|target| match target {
        Target::Path(path) if path.is_dir() => Some(below(root, path)),
        _ => None,
    });
    let directories: Vec<Option<String>> = directories.collect();
    let wanted = |path: &str| directories.iter().any(|directory| lies_in(path, directory.as_deref()));
    for target in targets {
        match target {
            Target::Stdin { name, text } if text.len() as u64 > MAX_BYTES => {
                let reason = format!("larger than {} MiB, so it is not read", MAX_BYTES >> 20);
                judged.gaps.push(Gap { file: name.to_string_lossy().into_owned(), place: None, reason });
            }
            Target::Stdin { name, text } => {
                let name = root.name(name).unwrap_or_else(|| name.to_string_lossy().into_owned());
                match SourceFile::new(name.clone(), text.clone()) {
                    Ok(file) => {
                        files.push(sources.add(file));
                        judged.taken.push((name, "it was given on standard input".to_owned()));
                    }
                    Err(nul) => judged.gaps.push(Gap {
                        file: name,
                        place: None,
                        reason: format!("not a text file: a NUL byte at offset {}", nul.nul_at),
                    }),
                }
            }
            Target::Path(path) if path.is_dir() => {
                let found = candidates.get_or_insert_with(|| {
                    candidates_among(&wanted, settings, inventory, models, sources, judged)
                });
                let below = below(root, path);
                let mut any = false;
                for (path, file, why) in found.iter() {
                    if lies_in(path, below.as_deref()) && !files.contains(file) {
                        any = true;
                        files.push(*file);
                        judged.taken.push((path.clone(), why.clone()));
                    }
                }
                if !any {
                    judged
                        .taken
                        .push((path.display().to_string(), "it holds no script that deploys".to_owned()));
                }
            }
            Target::Path(path) => named(path, root, sources, &mut files, judged),
        }
    }
    files
}

/// The scripts to judge of those that are wanted, with the reasons: those that the configuration names, or else those that
/// deploy.
fn candidates_among(
    wanted: &dyn Fn(&str) -> bool,
    settings: &Settings,
    inventory: &Inventory,
    models: &mut Models<'_, '_>,
    sources: &mut Sources,
    judged: &mut Judged,
) -> Vec<(String, FileId, String)> {
    let root = models.root();
    let mut found = Vec::new();
    if settings.config.names_scripts() {
        judged.errors.extend(settings.config.unmatched_scripts(&inventory.scripts));
        for path in inventory.scripts.iter().filter(|path| wanted(path) && settings.config.names_script(path))
        {
            match root.read(path, sources) {
                Ok(file) => found.push((path.clone(), file, "the configuration names it".to_owned())),
                Err(gap) => judged.gaps.push(gap),
            }
        }
        return found;
    }
    let mut acts = |file, sources: &mut Sources| models.acts(file, sources);
    let discovered = discover::discover(root, inventory, sources, wanted, &judged.sequences, &mut acts);
    judged.gaps.extend(discovered.gaps);
    judged.sequences.extend(discovered.sequences);
    let deploying = discovered.candidates.into_iter().filter(|candidate| candidate.verdict.deploys);
    found.extend(deploying.map(|candidate| (candidate.path, candidate.file, candidate.verdict.summary)));
    found
}

/// True if a path is in a directory of the root, or if there is no directory that it has to be in.
fn lies_in(path: &str, directory: Option<&str>) -> bool {
    directory.is_none_or(|directory| {
        directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
    })
}

/// A directory relative to the root; `None` if it is not inside the root.
fn below(root: &Root, path: &Path) -> Option<String> {
    let canonical = path.canonicalize().ok()?;
    let rest = canonical.strip_prefix(root.path()).ok()?;
    Some(rest.to_string_lossy().replace('\\', "/"))
}

fn named(path: &Path, root: &Root, sources: &mut Sources, files: &mut Vec<FileId>, judged: &mut Judged) {
    if let Err(error) = std::fs::symlink_metadata(path) {
        let message = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such file or directory".to_owned(),
            _ => format!("it cannot be accessed: {error}"),
        };
        judged.errors.push(CheckError::in_file(path, message));
        return;
    }
    // A relative name is relative to the working directory, not to the root.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let absolute = match (absolute.parent().and_then(|p| p.canonicalize().ok()), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => absolute,
    };
    if !absolute.starts_with(root.path()) {
        let message = format!("it is outside the root {}", root.path().display());
        judged.errors.push(CheckError::in_file(path, message).advise("give the repo's root with --root"));
        return;
    }
    match root.read(&absolute, sources) {
        Ok(file) => {
            let text = sources.file(file).text();
            if let Some(what) = not_a_shell_script(sources.file(file).path(), text) {
                judged.gaps.push(Gap::at(sources, Span::file_start(file), what));
                return;
            }
            if !files.contains(&file) {
                files.push(file);
                judged.taken.push((sources.file(file).path().to_owned(), "it was named".to_owned()));
            }
        }
        Err(gap) => judged.gaps.push(gap),
    }
}

/// Why a text that was named as a script is not one: its first line names another interpreter, or it is
/// another language.
fn not_a_shell_script(path: &str, text: &str) -> Option<String> {
    let first = text.lines().next().unwrap_or_default();
    if let Some(interpreter) = first.strip_prefix("#!") {
        if crate::repo::names::shell_of_shebang(first).is_none() {
            let name = interpreter.split_ascii_whitespace().find(|w| !w.ends_with("/env")).unwrap_or("");
            return Some(format!("not a shell script: its first line asks for `{name}`"));
        }
        return None;
    }
    let name = base(path);
    let shell_name = name.ends_with(".sh") || name.ends_with(".bash") || !name.contains('.');
    if !shell_name {
        return None;
    }
    let python = |line: &str| {
        line.starts_with("import ")
            || line.starts_with("from ") && line.contains(" import ")
            || line.starts_with("def ") && line.ends_with(':')
    };
    if text.lines().filter(|l| python(l)).count() >= 2 {
        return Some("not a shell script: it reads like Python".to_owned());
    }
    None
}

/// What is reported about a text besides its code.
fn text_gaps(sources: &Sources, file: FileId) -> Vec<Gap> {
    let source = sources.file(file);
    let mut gaps = Vec::new();
    if let Some(at) = source.first_invalid() {
        let span = Span { file, start: at, end: at };
        gaps.push(Gap::at(sources, span, "not UTF-8: it was read as Latin-1"));
    }
    if source.has_carriage_returns() {
        let reason = "lines end with CR LF, and bash reads the CR as part of each line's last word; it is ignored here";
        gaps.push(Gap::at(sources, Span::file_start(file), reason));
    }
    gaps
}

/// The root of the request: `--root`, a directory that is its first target, or the one found from the first
/// file.
///
/// # Errors
/// An error means that `--root` is not a directory.
pub(crate) fn root_of(request: &Request) -> Result<PathBuf, CheckError> {
    if let Some(root) = &request.root {
        if !root.is_dir() {
            return Err(CheckError::in_file(root, "--root is not a directory"));
        }
        return Ok(root.clone());
    }
    Ok(match request.targets.first() {
        None => PathBuf::from("."),
        Some(Target::Path(path)) if path.is_dir() => path.clone(),
        Some(Target::Path(path) | Target::Stdin { name: path, .. }) => {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            find_root(&absolute)
        }
    })
}
