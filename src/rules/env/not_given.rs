//! `env/not-given`: a command or a service loads code of the repo that fails without a variable, and is not given it.
//!
//! Facts: sudo(8), `--preserve-env`; bash(1), `set -a`: only then does a sourced file give its variables to other programs.

use crate::facts::environment::required::{Required, of_code, required};
use crate::facts::environment::table::{Writer, WrittenFile};
use crate::facts::installed::is_of_a_user;
use crate::facts::read_units::ReadUnit;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Environment, OnFailure, Step, StepId, settings};
use crate::project::unit::{Exec, UnitKind};
use crate::repo::names::base;
use crate::rules::env::passing::{is_in_scope, loads_by_itself, scope};
use crate::rules::id;
use crate::shell::builtins::Builtin;
use crate::shell::line::{commands, main};
use crate::shell::wrappers::{Place, is_shell};
use crate::tools::effect::{Change, Resource};
use crate::tools::frameworks::{Loads, loads};
use crate::tools::serves::Language;

/// `env/not-given`.
pub(super) fn not_given(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let mut told: Vec<String> = Vec::new();
    for (_, script) in context.deploy().deploying() {
        let steps = script.iter().filter(|(_, step)| counts(step));
        let judged = steps.filter_map(|(id, step)| judge_step(context, script, id, step));
        // The steps behind it lack the same.
        if let Some((name, finding)) = judged.into_iter().next() {
            found.push(finding);
            told.push(name);
        }
    }
    for read in context.read_units().iter().filter(|read| read.kind == UnitKind::Service) {
        if let Some((name, finding)) = judge_unit(context, read)
            && !told.contains(&name)
        {
            found.push(finding);
            told.push(name);
        }
    }
}

/// True for a step whose environment the script makes.
fn counts(step: &Step) -> bool {
    const PLAIN: [&str; 9] = ["sudo", "doas", "runuser", "su", "env", "command", "time", "timeout", "nice"];
    step.entry == 0
        && step.place == Place::Here
        && step.on_failure != OnFailure::Handled
        && step.environment != Environment::Unknown
        && step.wrappers.iter().all(|wrapper| PLAIN.contains(wrapper))
}

fn judge_step(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    step: &Step,
) -> Option<(String, Finding)> {
    let passed_on = match &step.environment {
        Environment::Only(names) => names.as_slice(),
        _ => &[],
    };
    let needed: Vec<Required> = match loads(&step.argv) {
        Some(_) => required(context, &step.argv),
        None if passed_on.is_empty() => return None,
        None => Vec::new(),
    };
    // `eval` may have exported anything, also where its words are not known.
    let is_unknown = |own: &Step| own.argv.name.is_empty() && own.argv.program.value.as_literal().is_none();
    let evaluates = |own: &Step| is_unknown(own) || Builtin::named(&own.argv.name) == Some(Builtin::Eval);
    if script.steps[..id.0 as usize].iter().any(evaluates) {
        return None;
    }
    let unset = passed_on.iter().filter(|name| step.argv.env(name).is_none());
    let listed: Vec<Required> = unset
        .map(|name| Required {
            name: name.clone(),
            read: None,
            then: "`sudo` passes on only what the shell exports".to_owned(),
        })
        .collect();
    let is_lacking = |one: &Required| !is_given(context, step, &one.name);
    if !needed.iter().chain(&listed).any(is_lacking) || has_a_profile(context) {
        return None;
    }
    // Who tells sudo to pass a variable on means it, even if the code could find it by itself.
    let needed = if loads_by_itself(context) { Vec::new() } else { needed };
    let mut lacking = needed.iter().chain(&listed).filter(|one| is_lacking(one));
    let words = context.words(step.span);
    let sure = context.confidence(script, id, None);
    if let Some((one, file)) = lacking.find_map(|one| Some((one, written(context, script, &one.name)?))) {
        let message = format!("`{words}` is not given `{}`, and {}", one.name, one.then);
        let draft = context.finding(id::ENV_NOT_GIVEN, step.span, message).at_most(sure);
        let draft = draft.help(format!("load the file first: `set -a; . {}; set +a`", file.path));
        let draft = draft.related(file.span, format!("this writes it to {}", file.path));
        return Some((one.name.clone(), related(draft, one).done()));
    }
    // What the list names may be left out, if nothing needs it.
    let mut lacking = needed.iter().filter(|one| is_lacking(one));
    let one = lacking.find(|one| nothing_sets(context, &one.name))?;
    let (file, path) = needed.iter().find_map(|other| {
        let file = written(context, script, &other.name)?;
        Some((file, file.path.as_str()))
    })?;
    let is_known = settings(&script.steps, &|own| own.is_shown_as(path)).is_some();
    if !is_known || context.deploy().mentions(&[base(path)]) || is_told_to_people(context, &one.name) {
        return None;
    }
    let message = format!("nothing sets `{}` for `{words}`, and {}", one.name, one.then);
    let draft = context.finding(id::ENV_NOT_GIVEN, step.span, message).at_most(sure.min(Confidence::Medium));
    let draft = draft.help(format!("write `{}` to {path}, too", one.name));
    let draft = draft.related(file.span, "this writes the other variables");
    Some((one.name.clone(), related(draft, one).done()))
}

fn related(draft: crate::rules::draft::Draft, one: &Required) -> crate::rules::draft::Draft {
    match one.read {
        Some(read) => draft.related(read, "the code reads it here"),
        None => draft,
    }
}

/// True if the command gets the variable.
fn is_given(context: &World<'_, '_>, step: &Step, name: &str) -> bool {
    let is_set = |name: &str| step.argv.env(name).is_some();
    let gets = |name: &str| match &step.environment {
        Environment::Unknown => true,
        Environment::Shell => is_set(name),
        Environment::Only(names) => is_set(name) && names.iter().any(|own| own == name),
    };
    gets(name)
        || name == "RAILS_ENV" && gets("RACK_ENV")
        || context.sources.text(step.span).contains(&format!("{name}="))
}

/// The file to which a script of the same deploy writes the variable.
fn written<'c>(context: &'c World<'_, '_>, script: &Deployment<'_>, name: &str) -> Option<&'c WrittenFile> {
    let has = |file: &&WrittenFile| file.dotenv.entries.iter().any(|entry| entry.name == name);
    let is_together = |file: &&WrittenFile| {
        let own = context.scripts()[file.by.0];
        std::ptr::eq(own, script) || !context.is_of_another(own.file)
    };
    context.environment().written.iter().filter(has).find(is_together)
}

/// True if at most a sample has the variable.
fn nothing_sets(context: &World<'_, '_>, name: &str) -> bool {
    let variable = context.environment().get(name);
    variable.is_none_or(|variable| variable.writes.iter().all(|write| write.by == Writer::Sample))
}

/// True if a printed line speaks of the variable, and does not only set it in a file.
fn is_told_to_people(context: &World<'_, '_>, name: &str) -> bool {
    let sets = format!("{name}=");
    context.deploy().says_to(|line| line.contains(name) && !line.contains(&sets))
}

/// True if a step writes to a file from which every shell or session takes variables.
fn has_a_profile(context: &World<'_, '_>) -> bool {
    context.steps().flat_map(|(.., step)| &step.deed.effects).any(|effect| {
        let changes =
            matches!(effect.change, Change::Write | Change::Append | Change::Edit | Change::Create(_));
        changes
            && match &effect.resource {
                Resource::Path(path) | Resource::Line { file: path, .. } => {
                    let path = path.known_suffix();
                    ["profile", ".bashrc", "/etc/environment"].iter().any(|end| path.ends_with(end))
                        || path.contains("/profile.d/")
                        || path.contains("/environment.d/")
                }
                _ => false,
            }
    })
}

/// Judges a service that is given files of variables which the script writes, and whose code needs one more.
fn judge_unit(context: &World<'_, '_>, read: &ReadUnit) -> Option<(String, Finding)> {
    let at = &context.units[read.unit];
    let (number, id) = read.script?;
    let script = context.scripts()[number];
    let others = ["PassEnvironment", "LoadCredential", "ImportCredential", "SetCredential"];
    if is_of_a_user(script.step(id))
        || others.iter().any(|key| !at.unit.all("Service", key).is_empty())
        || !at.unit.problems.is_empty()
    {
        return None;
    }
    let execs = at.unit.exec_start();
    let exec = execs.first().filter(|exec| !is_shell(base(&exec.program)))?;
    let needed = needed_by(context, exec);
    let mut given: Vec<String> = at.unit.environment().into_iter().map(|(name, ..)| name).collect();
    let is_given = |given: &[String], one: &Required| {
        given.iter().any(|own| *own == one.name || one.name == "RAILS_ENV" && own == "RACK_ENV")
    };
    if needed.iter().all(|one| is_given(&given, one)) {
        return None;
    }
    let files = at.unit.environment_files();
    for file in &files {
        let is_it = |path: &crate::shell::value::Value| path.is_shown_as(&file.path);
        let held = settings(&script.steps, &is_it)?;
        let touched = context.steps().filter(|(other, ..)| !std::ptr::eq(*other, script));
        let mut touched = touched.flat_map(|(.., step)| &step.deed.effects);
        if touched.any(|effect| is_it(effect.resource.name())) {
            return None;
        }
        given.extend(held.into_iter().map(|setting| setting.name));
    }
    let of_files = |one: &&Required| written(context, script, &one.name).is_some();
    let one = needed.iter().filter(|one| !is_given(&given, one)).find(|one| match files.is_empty() {
        true => of_files(one) && one.read.is_none(),
        false => nothing_sets(context, &one.name) && needed.iter().any(|other| is_given(&given, other)),
    })?;
    if loads_by_itself(context) || is_told_to_people(context, &one.name) {
        return None;
    }
    let (message, help, span) = match files.first() {
        Some(file) if context.deploy().mentions(&[base(&file.path)]) => return None,
        Some(file) => (
            format!("{} does not set `{}` for {}, and {}", file.path, one.name, at.name, one.then),
            format!("write `{}` to {}, too", one.name, file.path),
            file.span,
        ),
        None => {
            let file = written(context, script, &one.name)?;
            let (_, section) = at.unit.sections.iter().find(|(name, _)| name == "Service")?;
            (
                format!("{} is not given `{}`, and {}", at.name, one.name, one.then),
                format!("write `EnvironmentFile={}` into `[Service]`", file.path),
                *section,
            )
        }
    };
    let draft = context.finding(id::ENV_NOT_GIVEN, span, message).help(help).at_most(read.confidence);
    let draft = draft.at_most(Confidence::Medium);
    Some((one.name.clone(), related(draft, one).done()))
}

/// The variables that the code of a service needs.
fn needed_by(context: &World<'_, '_>, exec: &Exec) -> Vec<Required> {
    let commands = commands(&exec.words());
    let Some(command) = main(&commands) else { return Vec::new() };
    if loads(command.argv()) == Some(Loads::Rails) {
        return required(context, command.argv());
    }
    let Some(serves) = exec.serves().filter(|serves| serves.runs_app) else { return Vec::new() };
    let is_ours = matches!(serves.language, Language::Python | Language::Node)
        && !exec.args.iter().any(|word| word.starts_with("--env-file"));
    match serves.entry.as_deref().filter(|_| is_ours).and_then(|entry| scope(exec, entry)) {
        Some(scope) => of_code(context, &|file| is_in_scope(context, file, &scope)),
        None => Vec::new(),
    }
}
