//! For `env/unset`: the code of a service fails without a variable that is in the deployment's environment file, and the
//! service is not given that file.
//!
//! Facts: systemd.exec(5), ENVIRONMENT VARIABLES IN SPAWNED PROCESSES: a service gets none of the variables of the script
//! that installs it, only what `Environment=`, `EnvironmentFile=`, `PassEnvironment=` and credentials give it.

use crate::facts::environment::table::{Reader, Table, Writer};
use crate::facts::installed::is_of_a_user;
use crate::facts::read_units::ReadUnit;
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Finding};
use crate::project::env::Need;
use crate::project::unit::{Exec, UnitKind};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::wrappers::is_shell;
use crate::source::{FileId, Span};
use crate::tools::serves::Language;

/// The services that are given no variables although their code needs some.
pub(super) fn not_passed(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let services = context.read_units().iter().filter(|read| read.kind == UnitKind::Service);
    for read in services {
        found.extend(judge(context, read));
    }
}

fn judge(context: &World<'_, '_>, read: &ReadUnit) -> Option<Finding> {
    let at = &context.units[read.unit];
    let (script, id) = read.script?;
    let others =
        ["EnvironmentFile", "PassEnvironment", "LoadCredential", "ImportCredential", "SetCredential"];
    if is_of_a_user(context.scripts()[script].step(id))
        || others.iter().any(|key| !at.unit.all("Service", key).is_empty())
        || !at.unit.problems.is_empty()
    {
        return None;
    }
    let execs = at.unit.exec_start();
    let exec = execs.first().filter(|exec| !is_shell(base(&exec.program)))?;
    let serves = exec.serves().filter(|serves| serves.runs_app)?;
    if !matches!(serves.language, Language::Python | Language::Node)
        || exec.args.iter().any(|word| word.starts_with("--env-file"))
    {
        return None;
    }
    let table = context.environment();
    let (file, span, is_sibling) = environment_file(context, table, at, script)?;
    let scope = scope(exec, serves.entry.as_deref()?)?;
    let (name, read_at) = needed(context, table, at, &scope)?;
    if loads_by_itself(context) {
        return None;
    }
    let (_, section) = at.unit.sections.iter().find(|(name, _)| name == "Service")?;
    let path = context.sources.file(read_at.file).path();
    let message = format!("{} is not given `{name}`, and {path} fails without it", at.name);
    let sure = if is_sibling { Confidence::High } else { Confidence::Medium };
    let draft = context.finding(id::ENV_UNSET, *section, message).at_most(sure).at_most(read.confidence);
    let draft = draft.help(format!("write `EnvironmentFile={file}` into `[Service]`"));
    let says = if is_sibling { "another unit is given the file" } else { "this writes the file" };
    Some(draft.related(span, says).related(read_at, "the code reads it here").done())
}

/// The environment file of the app: the one that another unit of the script is given, or the one that the script writes.
fn environment_file(
    context: &World<'_, '_>,
    table: &Table<'_>,
    at: &UnitAt,
    script: usize,
) -> Option<(String, Span, bool)> {
    let others =
        context.units.iter().filter(|other| other.name != at.name && other.origin.script() == Some(script));
    let files = || others.clone().flat_map(|other| other.unit.environment_files());
    if let Some(file) = files().find(|file| !file.path.starts_with("/etc/default/")) {
        return Some((file.path, file.span, true));
    }
    let written = table.written.iter().find(|file| file.by.0 == script && file.path.starts_with('/'))?;
    Some((written.path.clone(), written.span, false))
}

/// Where the code of the program is in the repo: a package or a directory, by its name. `None` if that is not known.
pub(super) fn scope(exec: &Exec, entry: &str) -> Option<String> {
    if !entry.contains('/') && !entry.ends_with(".py") && !entry.ends_with("js") {
        return entry.split([':', '.']).next().map(str::to_owned);
    }
    let word = exec.args.iter().find(|word| word.ends_with(entry))?;
    let (directory, name) = word.rsplit_once('/').unwrap_or(("", word));
    let directory = base(directory);
    let usable = !directory.is_empty() && !directory.contains('$');
    Some(if usable { directory.to_owned() } else { name.to_owned() })
}

/// True for a file of the package or directory.
pub(super) fn is_in_scope(context: &World<'_, '_>, file: FileId, scope: &str) -> bool {
    let path = context.sources.file(file).path();
    path.split('/').any(|part| part == scope || part.strip_suffix(".py") == Some(scope))
}

/// A variable without which the code of the program fails, which an environment file has and the unit does not.
fn needed<'t>(
    context: &World<'_, '_>,
    table: &'t Table<'_>,
    at: &UnitAt,
    scope: &str,
) -> Option<(&'t str, Span)> {
    let given = at.unit.environment();
    let is_in_scope = |file: FileId| is_in_scope(context, file, scope);
    table.iter().find_map(|(name, variable)| {
        let is_set_by_file =
            variable.writes.iter().any(|w| matches!(w.by, Writer::Written | Writer::Sample | Writer::File));
        let is_given = given.iter().any(|(own, ..)| own.eq_ignore_ascii_case(name));
        let sets_itself = variable.writes.iter().any(|write| write.by == Writer::Code);
        let mut reads = variable.reads.iter().filter(|read| read.by == Reader::Code);
        let read = reads.clone().find(|read| read.need == Need::Required && is_in_scope(read.span.file))?;
        let always = reads.all(|other| other.need == Need::Required || !is_in_scope(other.span.file));
        (is_set_by_file && !is_given && !sets_itself && always).then_some((name, read.span))
    })
}

/// True if the code may read an environment file by itself, as dotenv and its relatives do.
pub(super) fn loads_by_itself(context: &World<'_, '_>) -> bool {
    let project = context.project;
    let loaders = ["figaro", "dotenv", "decouple", "environ", "dynaconf", "env-cmd", "dotenvx"];
    let is_loader = |name: &str| loaders.iter().any(|loader| name.contains(loader));
    let python = project.needs.python.iter().flat_map(|manifest| &manifest.dependencies);
    let node = project.needs.node.iter().flat_map(|package| &package.dependencies);
    let marks = ["dotenv", "env_file", "read_env", "decouple", "load_env", "loadEnv", "env-file"];
    let mut files: Vec<FileId> = project.env.uses.iter().map(|one| one.span.file).collect();
    files.dedup();
    let reads = |file: &FileId| {
        let text = context.sources.file(*file).text();
        marks.iter().any(|mark| text.contains(mark)) || text.contains("\".env") || text.contains("'.env")
    };
    let ruby = project.needs.others.iter().flat_map(|manifest| &manifest.dependencies);
    python.chain(node).chain(ruby).any(|declared| is_loader(&declared.name)) || files.iter().any(reads)
}
