//! `steps/not-restarted`: words the finding that a unit is not started, or keeps what is old.

use crate::facts::lifecycle::{brought_by, first, first_restart, is_on_demand, may_be_started, stem};
use crate::facts::old_code::{Missed, Runner, left_with_old_code, missed};
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Severity};
use crate::repo::names::base;
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::{At, Found, Wording};
use crate::tools::advice::restart;
use crate::tools::effect::Change;
use crate::tools::services::starts_nothing;

pub(super) const WORDING: Wording = Wording::Command(word);

/// A script of such a name may be meant for a first installation, while another script brings new code.
const FIRST: [&str; 4] = ["install", "setup", "provision", "bootstrap"];

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    match found.at.unit {
        None => of_old_code(&left_with_old_code(&context.deploy(), found.at.numbers()), draft),
        Some(unit) => match missed(&context.deploy(), unit, found.at.numbers()) {
            Some(missed) => only_started(context, found, unit, missed, draft),
            None => never_started(context, found, unit, draft),
        },
    }
}

fn never_started(context: &World<'_, '_>, found: &Found<'_, '_>, unit: &UnitAt, draft: Draft) -> Draft {
    let deploy = context.deploy();
    let alike = never_started_with(context, found.at, unit);
    let (all, stems) = (
        names(alike.iter().map(|at| at.name.as_str())),
        alike.iter().map(|at| stem(at)).collect::<Vec<_>>().join(" "),
    );
    let (are, them, run) = match alike.len() {
        0 | 1 => ("is", "it", "it runs"),
        _ => ("are", "them", "they run"),
    };
    let tried = deploy.effects_on(&unit.name).into_iter().find(|effect| starts_nothing(&effect.step.argv));
    if let Some(tried) = tried {
        let words = context.words(tried.step.span);
        return draft
            .at(tried.step.span)
            .message(format!(
                "`{words}` starts nothing that does not run, and nothing else starts {}",
                unit.name
            ))
            .help(format!("write `systemctl restart {}`", stem(unit)))
            .related(unit.span, "this brings the unit");
    }
    match first(&deploy, unit, &[Change::Enable]) {
        Some(enabled) => draft
            .message(format!("{all} {are} enabled but never started, so {run} only after the next boot"))
            .help(format!("run `systemctl restart {stems}` after the daemon-reload"))
            .related(enabled.step.span, "this enables it"),
        None => draft.message(format!("{all} {are} installed, but nothing enables or starts {them}")).help(
            format!("run `systemctl enable {stems}` and `systemctl restart {stems}` after the daemon-reload"),
        ),
    }
}

/// The unit, and the others that the same command brings and that nothing starts either. They are enabled, or not, as it is.
fn never_started_with<'w>(context: &'w World<'_, '_>, at: At<'_, '_>, unit: &'w UnitAt) -> Vec<&'w UnitAt> {
    let deploy = context.deploy();
    let is_enabled = |at: &UnitAt| first(&deploy, at, &[Change::Enable]).is_some();
    let is_alike = |other: &&UnitAt| {
        other.name == unit.name
            || brought_by(&deploy, other) == Some(at.numbers())
                && is_enabled(other) == is_enabled(unit)
                && first(&deploy, other, &[Change::Start]).is_none()
                && first_restart(&deploy, other).is_none()
                && !is_on_demand(&deploy, other)
                && !may_be_started(&deploy, other)
    };
    context.units.iter().filter(is_alike).collect()
}

fn only_started(
    context: &World<'_, '_>,
    found: &Found<'_, '_>,
    unit: &UnitAt,
    missed: Missed<'_>,
    draft: Draft,
) -> Draft {
    let (script, start) = (found.at.script, found.at.step());
    let help =
        format!("write `systemctl restart {}`, which also starts a service that does not run", stem(unit));
    let fix = restart(&start.argv).and_then(|edit| guards::fix(context, script, start, &edit));
    let draft = draft.help(help).fix(fix);
    let draft = match missed {
        Missed::Code(update) => draft
            .message(format!(
                "{} is only started, so a running one keeps the old code after {}",
                unit.name,
                context.line_beside(update.span, start.span)
            ))
            .related(update.span, "this brings new code"),
        Missed::Unit => {
            let name = base(context.sources.file(start.span.file).path()).to_ascii_lowercase();
            let draft = match FIRST.iter().any(|first| name.contains(first)) {
                true => draft.at_most(Confidence::Low),
                false => draft,
            };
            draft.message(format!(
                "{} is written on each run but only started, so a running one keeps the old unit and code",
                unit.name
            ))
        }
    };
    others(context, found.at, unit).into_iter().fold(draft.related(unit.span, "the unit"), |draft, other| {
        draft.related(other.span, "the same is true for this unit")
    })
}

/// The other units that the same line starts.
fn others<'w>(context: &'w World<'_, '_>, start: At<'_, '_>, unit: &UnitAt) -> Vec<&'w UnitAt> {
    let deploy = context.deploy();
    let also = |other: &&UnitAt| other.name != unit.name && missed(&deploy, other, start.numbers()).is_some();
    context.units.iter().filter(also).collect()
}

/// Words what keeps running the old code.
fn of_old_code(left: &[Runner<'_>], draft: Draft) -> Draft {
    let all = names(left.iter().map(Runner::name));
    let message = format!("new code arrives, but nothing restarts {all}, so the old code keeps running");
    let units: Vec<&UnitAt> = left.iter().filter_map(Runner::unit).collect();
    let programs = left.iter().filter(|runner| runner.unit().is_none()).map(Runner::name);
    let restarts = [
        ("systemctl restart", units.iter().map(|at| stem(at)).collect::<Vec<_>>()),
        ("supervisorctl restart", programs.collect()),
    ];
    let restarts = restarts.iter().filter(|(_, names)| !names.is_empty());
    let commands: Vec<String> =
        restarts.map(|(restart, names)| format!("`{restart} {}`", names.join(" "))).collect();
    let draft = draft
        .message(message)
        .severity(Severity::Warning)
        .help(format!("end with {}", commands.join(" and ")));
    left.iter().fold(draft, |draft, runner| match runner {
        Runner::Unit(at) => draft.related(at.span, "this unit runs the app"),
        Runner::Process(at) => draft.related(at.span, "this program runs the app"),
    })
}

/// `a`, `a and b`, `a, b and c`.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}
