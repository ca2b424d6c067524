//! `steps/not-restarted`: words the finding that a unit is not started, or keeps what is old.

use crate::facts::lifecycle::{Missed, first, left_with_old_code, missed, stem};
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Severity};
use crate::repo::names::base;
use crate::rules::draft::Draft;
use crate::rules::guards;
use crate::rules::queries::{At, Found, Wording};
use crate::tools::advice::restart;
use crate::tools::effect::Change;

pub(super) const WORDING: Wording = Wording::Command(word);

/// A script of such a name may be meant for a first installation, while another script brings new code.
const FIRST: [&str; 4] = ["install", "setup", "provision", "bootstrap"];

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    match found.at.unit {
        None => match left_with_old_code(&context.deploy(), found.at.numbers()) {
            Some(app) => of_app(app, draft),
            None => draft,
        },
        Some(unit) => match missed(&context.deploy(), unit, found.at.numbers()) {
            Some(missed) => only_started(context, found, unit, missed, draft),
            None => never_started(context, unit, draft),
        },
    }
}

fn never_started(context: &World<'_, '_>, unit: &UnitAt, draft: Draft) -> Draft {
    let (name, stem) = (&unit.name, stem(unit));
    match first(&context.deploy(), unit, &[Change::Enable]) {
        Some(enabled) => draft
            .message(format!("{name} is enabled but never started, so it runs only after the next boot"))
            .help(format!("run `systemctl restart {stem}` after the daemon-reload"))
            .related(enabled.step.span, "this enables it"),
        None => draft.message(format!("{name} is installed, but nothing enables or starts it")).help(
            format!("run `systemctl enable {stem}` and `systemctl restart {stem}` after the daemon-reload"),
        ),
    }
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
                context.line(update.span)
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
    let also = |other: &&UnitAt| {
        other.name != unit.name
            && missed(&deploy, other, start.numbers()).is_some()
            && first(&deploy, other, &[Change::Restart, Change::Stop]).is_none()
    };
    context.units.iter().filter(also).collect()
}

fn of_app(app: &UnitAt, draft: Draft) -> Draft {
    draft
        .message(format!(
            "new code arrives, but nothing restarts {}, so the old code keeps running",
            app.name
        ))
        .severity(Severity::Warning)
        .help(format!("end with `systemctl restart {}`", stem(app)))
        .related(app.span, "this unit runs the app")
}
