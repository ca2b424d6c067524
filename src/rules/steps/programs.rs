//! F5: `steps/missing-program`: a program that a unit or a step runs from an environment, and nothing that is installed
//! there brings it. Where it is not all known what is installed, nothing is said.

use super::deploy::{Deploy, is_here, is_saying, line_of};
use super::names::works_in;
use super::providers::{NODE, NODE_CARRIERS, PYTHON};
use crate::finding::Finding;
use crate::model::Step;
use crate::project::manifest::{Declared, NodePackage, normalized};
use crate::project::names::base;
use crate::rules::context::Origin;
use crate::shell::effect::{Ecosystem, Resource, Role};
use crate::source::Span;
use std::collections::BTreeSet;

const RULE: &str = "steps/missing-program";

/// `steps/missing-program`.
pub(super) fn missing_program(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    if deploy.in_containers() || !deploy.sets_up() || deploy.may_do_anything() {
        return;
    }
    python(deploy, found);
    node(deploy, found);
}

fn python(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let needs = &deploy.context.project.needs;
    let uses = uses(deploy);
    if uses.is_empty() || needs.unread || needs.python.iter().any(|manifest| !manifest.complete) {
        return;
    }
    let Some(named) = installed(deploy) else { return };
    let declared = || needs.python.iter().flat_map(|manifest| &manifest.dependencies);
    if named.is_empty() && declared().next().is_none() {
        return;
    }
    let mut told = BTreeSet::new();
    for (program, span, from) in uses {
        let Some((program, packages)) = PYTHON.iter().find(|(name, _)| *name == program) else { continue };
        let provided = packages.iter().any(|package| {
            let (name, extra) = match package.trim_end_matches(']').split_once('[') {
                Some((name, extra)) => (name, Some(extra)),
                None => (*package, None),
            };
            let locked = extra.is_none() && needs.locked.as_ref().is_some_and(|locked| locked.contains(name));
            let by = |d: &Declared| {
                d.name == name && extra.is_none_or(|extra| d.extras.iter().any(|e| e == extra))
            };
            locked
                || declared().any(by)
                || named.iter().any(|n| n == package || extra.is_none() && base_name(n) == name)
        });
        // `django-celery-x`, `flask-x`: what extends a package depends on it.
        let extends = |name: &str| name != *program && name.split('-').any(|part| part == *program);
        if provided
            || declared().any(|d| extends(&d.name))
            || named.iter().any(|n| extends(base_name(n)))
            || comes_otherwise(deploy, program)
            || !told.insert(program)
        {
            continue;
        }
        let package = packages[0];
        let manifest = needs.python.iter().find(|manifest| !manifest.dependencies.is_empty());
        let (what, where_to) = match manifest.map(|m| deploy.context.sources.file(m.file).path()) {
            Some(path) => (format!("{path} does not name it, and no step installs it"), path.to_owned()),
            None => ("no step installs it".to_owned(), "what is installed".to_owned()),
        };
        let message = format!("`{program}` is run from {from}, and nothing brings it there: {what}");
        let help = format!("add `{package}` to {where_to}");
        found.push(deploy.context.finding(RULE, span, message).help(help).done());
    }
}

/// `celery` of `celery[redis]`.
fn base_name(package: &str) -> &str {
    package.split('[').next().unwrap_or(package)
}

/// The programs that are run from environments: name, place, environment.
fn uses(deploy: &Deploy<'_, '_, '_>) -> Vec<(String, Span, String)> {
    let mut found = Vec::new();
    for at in &deploy.context.units {
        if at.origin == Origin::InRepo && !deploy.is_started(&at.name) {
            continue;
        }
        for exec in ["ExecStartPre", "ExecStart"].iter().flat_map(|key| at.unit.exec(key)) {
            let words: Vec<String> = std::iter::once(&exec.program).chain(&exec.args).cloned().collect();
            found.extend(program_of(&words, None).map(|(program, from)| (program, exec.span, from)));
        }
    }
    for step in deploy.steps().filter(|step| is_here(step) && !is_saying(step)) {
        let mut words = vec![step.argv.program.value.to_string()];
        words.extend(step.argv.args.iter().map(|arg| arg.value.to_string()));
        let active = step.argv.env("VIRTUAL_ENV").map(ToString::to_string);
        found.extend(program_of(&words, active).map(|(program, from)| (program, step.span, from)));
    }
    found
}

/// Which program the words run, and from where: `venv/bin/NAME`, `venv/bin/python -m NAME`, `uv run NAME`, `NAME` where an
/// environment is active.
fn program_of(words: &[String], active: Option<String>) -> Option<(String, String)> {
    let program = words.first()?.trim_start_matches(['-', '+', '!', '@', ':']);
    let name = base(program);
    let environment = match program.strip_suffix(name).and_then(|directory| directory.strip_suffix("/bin/")) {
        Some(directory) if base(directory).contains("env") => Some(directory.to_owned()),
        Some(_) => None,
        None if !program.contains('/') => active,
        None => None,
    };
    if matches!(name, "uv" | "poetry" | "pipenv" | "pdm") && words.get(1)? == "run" {
        let inner = words.get(2).filter(|word| !word.starts_with('-'))?;
        return Some((inner.clone(), format!("the environment of {name}")));
    }
    let environment = environment?;
    let run = match name.starts_with("python") {
        true if words.get(1)? == "-m" => words.get(2)?,
        true => return None,
        false => name,
    };
    Some((run.to_owned(), environment))
}

/// What the steps install by name, as `name` and `name[extra]`; `None` where that is not all known, or nothing of the
/// app's is installed at all.
fn installed(deploy: &Deploy<'_, '_, '_>) -> Option<BTreeSet<String>> {
    let needs = &deploy.context.project.needs;
    let mut named = BTreeSet::new();
    let mut any = false;
    for step in deploy.steps().filter(|step| is_here(step)) {
        let python = |role: &Role| {
            matches!(role, Role::Dependencies(Ecosystem::Python) | Role::GlobalTool(Ecosystem::Python))
        };
        // A list of requirements that a script writes is none that was read.
        let writes = step.written.iter().any(|written| written.path.known_suffix().ends_with(".txt"));
        if writes || matches!(step.argv.name.as_str(), "conda" | "mamba" | "micromamba") {
            return None;
        }
        if !step.deed.roles.iter().any(python) {
            continue;
        }
        any |= step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python));
        let mut args = step.argv.args.iter();
        while let Some(arg) = args.next() {
            let text = arg.value.to_string();
            let list = match text.as_str() {
                "-r" | "--requirement" => Some(args.next()?.value.to_string()),
                other => other.strip_prefix("--requirement=").map(str::to_owned),
            };
            if let Some(list) = list {
                let known = |m: &&crate::project::manifest::PythonManifest| {
                    base(deploy.context.sources.file(m.file).path()) == base(&list)
                };
                needs.python.iter().find(known)?;
                continue;
            }
            // What an option is followed by is taken for a package too, which only makes for silence.
            if text.starts_with('-') {
                continue;
            }
            if arg.value.as_literal().is_none() && !text.contains('/') || text.contains("://") {
                return None;
            }
            let end = text.find(['=', '<', '>', '~', '!', ';', '@']).unwrap_or(text.len());
            let (name, extras) = text[..end].split_once('[').unwrap_or((&text[..end], ""));
            let name = normalized(name.trim());
            for extra in extras.trim_end_matches(']').split(',').filter(|extra| !extra.is_empty()) {
                named.insert(format!("{name}[{}]", normalized(extra.trim())));
            }
            named.insert(name);
        }
    }
    any.then_some(named)
}

/// The system has a package of it, or a script that is called installs it.
fn comes_otherwise(deploy: &Deploy<'_, '_, '_>, program: &str) -> bool {
    let package = |step: &Step| {
        step.deed.effects.iter().any(|effect| match &effect.resource {
            Resource::Package(name) => name.as_literal().is_none_or(|name| name.contains(program)),
            _ => false,
        })
    };
    deploy.steps().any(package) || deploy.called_mentions("install") && deploy.called_mentions(program)
}

/// `npm ci --omit=dev` and then a build whose program only a development dependency brings.
fn node(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let packages = &deploy.context.project.needs.node;
    for package in packages {
        let mut installs = deploy.steps().filter(|step| {
            step.deed.roles.contains(&Role::Dependencies(Ecosystem::Node))
                && works_in(step, package, packages)
        });
        let mut some = false;
        if !installs.all(|step| {
            some = true;
            omits_development(step)
        }) || !some
            || packages
                .iter()
                .any(|other| other.directory != package.directory && other.has_member(&package.directory))
        {
            continue;
        }
        let build = deploy.steps().find_map(|step| {
            let script = script_of(step).filter(|_| is_here(step) && works_in(step, package, packages))?;
            let alone = packages.iter().all(|p| p == package || !works_in(step, p, packages));
            let (program, needed) =
                alone.then(|| only_development(package, &package.script(&script)?.command))??;
            Some((step, script, program, needed))
        });
        let Some((step, script, program, needed)) = build else { continue };
        let path = deploy.context.sources.file(package.file).path();
        let message = format!(
            "`{}` calls `{program}` ({path}), which only a development dependency brings, and those are left out by every install here: it is not found",
            deploy.context.words(step.span)
        );
        let help = format!(
            "install all of it for the build (`{} ci`), and take the rest away afterwards (`npm prune --omit=dev`); or move `{}` to `dependencies`",
            package.manager.command(),
            needed.name,
        );
        let draft = deploy.context.finding(RULE, step.span, message).help(help);
        let draft = draft.related(needed.span, "a development dependency");
        let called = package.script(&script).map_or(needed.span, |script| script.span);
        found.push(draft.related(called, "what it calls").done());
    }
}

/// The install leaves development dependencies out, <https://docs.npmjs.com/cli/commands/npm-install#omit>.
fn omits_development(step: &Step) -> bool {
    let words = [
        "--omit=dev",
        "--production",
        "--only=production",
        "--only=prod",
        "--prod",
        "-P",
        "--production=true",
    ];
    let line = line_of(step);
    words.iter().any(|word| step.argv.has_word(word))
        || line.contains("--omit dev")
        || step.argv.env("NODE_ENV").is_some_and(|value| value.as_literal() == Some("production"))
            && !line.contains("--include")
            && !line.contains("--production=false")
            && !line.contains("--prod=false")
}

/// The script of package.json that a step runs.
fn script_of(step: &Step) -> Option<String> {
    let words: Vec<String> = step.argv.args.iter().map(|arg| arg.value.to_string()).collect();
    let at = words.iter().position(|word| matches!(word.as_str(), "run" | "run-script"));
    match (step.argv.name.as_str(), at) {
        ("npm" | "yarn" | "pnpm", Some(at)) => words.get(at + 1).cloned(),
        ("yarn" | "pnpm", None) => words.iter().find(|word| word.as_str() == "build").cloned(),
        _ => None,
    }
}

/// The first program of a script's command that only a development dependency brings.
fn only_development<'p>(package: &'p NodePackage, command: &str) -> Option<(&'static str, &'p Declared)> {
    for part in command.split(['&', ';', '|']) {
        let mut words = part.split_whitespace().skip_while(|word| word.contains('=') || *word == "cross-env");
        let Some(first) = words.next() else { continue };
        let Some((program, needed)) = NODE.iter().find(|(program, _)| *program == first) else { continue };
        let mut of_name = package.dependencies.iter().filter(|d| d.name == *needed);
        let Some(declared) = of_name.next().filter(|d| d.development && of_name.next().is_none()) else {
            continue;
        };
        let carriers =
            NODE_CARRIERS.iter().find(|(name, _)| name == needed).map_or(&[][..], |(_, carriers)| carriers);
        // Plugins have what they extend as a peer, which npm installs too.
        let brings = |d: &&Declared| {
            !d.development && (carriers.contains(&d.name.as_str()) || d.name.contains(needed))
        };
        if package.dependencies.iter().find(brings).is_none() {
            return Some((program, declared));
        }
    }
    None
}

#[test]
fn programs_are_found_in_commands() {
    let check = |line: &str, active: Option<&str>, expected: Option<(&str, &str)>| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let found = program_of(&words, active.map(str::to_owned));
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{line}");
    };
    check("/srv/venv/bin/gunicorn app:app", None, Some(("gunicorn", "/srv/venv")));
    check("/srv/.venv/bin/python3 -m uvicorn x:y", None, Some(("uvicorn", "/srv/.venv")));
    check("/srv/venv/bin/python app.py", None, None);
    check("/usr/bin/gunicorn app:app", None, None);
    check("gunicorn app:app", None, None);
    check("alembic upgrade head", Some("/srv/venv"), Some(("alembic", "/srv/venv")));
    check("uv run alembic upgrade head", None, Some(("alembic", "the environment of uv")));
    check("uv run --with x alembic", None, None);
    check("uv sync", None, None);
}
