//! `steps/no-database`: a script sets up PostgreSQL or MySQL for the app, and the database that the app connects to, or the role that is
//! to own it, is made by nothing.

use crate::facts::packages::is_opaque_call;
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Guard, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::source::Span;
use crate::tools::databases::{
    is_server_package, local_databases, may_make_database, speaks_of_making, wanted_owner,
};
use crate::tools::effect::{Change, Resource};
use crate::tools::sql_needs::{connected_database, needed_by_sql};

/// `steps/no-database`.
pub(super) fn no_database(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    if world.given.is_set_up || !world.steps().any(|(.., step)| installs_server(step)) {
        return;
    }
    let deploy = world.deploy();
    for (_, script) in deploy.deploying() {
        for (id, step) in script.iter() {
            let owner = wanted_owner(&step.argv);
            found.extend(owner.and_then(|owner| without_owner(world, script, id, &owner)));
            let mut needed = needed_by_sql(&step.argv).into_iter().chain(connected_database(&step.argv));
            found.extend(needed.find_map(|needed| without_needed(world, script, id, &needed)));
        }
        found.extend(without_database(world, script));
    }
}

/// True if the step installs the server, which a new server lacks.
fn installs_server(step: &Step) -> bool {
    step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Create(_), Resource::Package(name)) => name.as_literal().is_some_and(is_server_package),
        _ => false,
    })
}

/// True if the step makes what the resource is, or may make it.
fn may_make(step: &Step, wanted: &Resource) -> bool {
    step.deed.effects.iter().any(|effect| {
        let is_kind = std::mem::discriminant(&effect.resource) == std::mem::discriminant(wanted);
        let name = effect.resource.name();
        is_kind
            && matches!(effect.change, Change::Create(_))
            && (effect.resource == *wanted || name.as_literal().is_none())
    }) || is_opaque_call(step)
        || may_make_database(&step.argv, &step.deed)
}

/// A role or a database that a step's SQL needs, and that nothing makes, or only later.
fn without_needed(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    needed: &Resource,
) -> Option<Finding> {
    let asks = |guard: &Guard| guard.cond.facts().iter().any(|fact| fact.resource == *needed);
    if script.guards_of(id).any(|(_, guard)| asks(guard)) {
        return None;
    }
    let mut makers = world.steps().filter(|(.., step)| may_make(step, needed));
    let (what, command) = match needed {
        Resource::Role(name) => (format!("the role {name}"), "CREATE USER"),
        name => (format!("the database {}", name.name()), "CREATE DATABASE"),
    };
    let words = world.words(script.step(id).span);
    let message = match makers.next() {
        Some((other, maker, step))
            if std::ptr::eq(other, script) && maker > id && script.may_meet(maker, id) =>
        {
            format!(
                "`{words}` needs {what}, which is made only on {}",
                world.line_beside(step.span, script.step(id).span)
            )
        }
        Some(_) => return None,
        None => format!("`{words}` needs {what}, and nothing makes it"),
    };
    let project = world.project;
    let mut others = project.texts.iter().chain(&project.guides).filter(|(_, file)| *file != script.file);
    if others.any(|(_, file)| speaks_of_making(world.sources.file(*file).text()))
        || world.deploy().may_do_anything()
    {
        return None;
    }
    let draft = world.finding(id::STEPS_NO_DATABASE, script.step(id).span, message);
    let draft = draft.at_most(Confidence::Medium).at_most(world.confidence(script, id, None));
    Some(draft.help(format!("make it before: `{command} {}`", needed.name())).done())
}

fn without_owner(
    world: &World<'_, '_>,
    script: &Deployment<'_>,
    id: StepId,
    owner: &Value,
) -> Option<Finding> {
    let name = owner.as_literal().filter(|name| *name != "postgres")?;
    let role = Resource::Role(owner.clone());
    let makers: Vec<StepId> = script
        .iter()
        .filter(|(other, step)| *other != id && may_make(step, &role))
        .map(|(id, _)| id)
        .collect();
    let elsewhere =
        world.steps().any(|(other, _, step)| !std::ptr::eq(other, script) && may_make(step, &role));
    if elsewhere || makers.iter().any(|maker| *maker < id) {
        return None;
    }
    let step = script.step(id);
    let words = world.words(step.span);
    let message = match makers.first() {
        Some(maker) => format!(
            "`{words}` fails: the role {name} is made only on {}",
            world.line_beside(script.step(*maker).span, step.span)
        ),
        None => format!("`{words}` fails, because nothing makes the role {name}"),
    };
    let draft =
        world.finding(id::STEPS_NO_DATABASE, step.span, message).at_most(world.confidence(script, id, None));
    Some(draft.help(format!("make it before: `sudo -u postgres createuser {name}`")).done())
}

fn without_database(world: &World<'_, '_>, script: &Deployment<'_>) -> Option<Finding> {
    // Without a role of its own the app does not use the server that is installed here.
    let makes_role = |step: &Step| {
        step.deed.effects.iter().any(|effect| {
            matches!(effect.change, Change::Create(_)) && matches!(effect.resource, Resource::Role(_))
        })
    };
    if !script.steps.iter().any(makes_role) {
        return None;
    }
    let texts = || script.turns().iter().map(|turn| (turn.file, world.sources.file(turn.file).text()));
    let lacks = |name: &str| {
        let database = Resource::Database(Value::literal(name));
        name != "postgres" && !world.steps().any(|(.., step)| may_make(step, &database))
    };
    let mut written = script.steps.iter().flat_map(|step| &step.written);
    let written = written.find_map(|written| {
        let (name, place) = local_databases(&written.content.text).into_iter().next()?;
        lacks(&name).then(|| (name, written.content.span(place)))
    });
    let in_text = |(file, text)| {
        let (name, place) = local_databases(text).into_iter().next()?;
        let span = Span { file, start: place.start as u32, end: place.end as u32 };
        lacks(&name).then_some((name, span))
    };
    let (name, span) = written.or_else(|| texts().find_map(in_text))?;
    let project = world.project;
    let others = project.texts.iter().chain(&project.guides).filter(|(_, file)| *file != script.file);
    let code = project.needs.code.migrates.is_some();
    if code
        || texts().any(|(_, text)| speaks_of_making(text))
        || others.into_iter().any(|(_, file)| speaks_of_making(world.sources.file(*file).text()))
        || world.deploy().may_do_anything()
    {
        return None;
    }
    let message = format!("nothing makes the database {name}, to which this address leads");
    let draft = world.finding(id::STEPS_NO_DATABASE, span, message).at_most(Confidence::Medium);
    Some(
        draft
            .help(format!(
                "make it before: `sudo -u postgres createdb -O ROLE {name}`, or `CREATE DATABASE {name}`"
            ))
            .done(),
    )
}
