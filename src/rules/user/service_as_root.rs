//! `user/service-as-root`: a unit that runs the app has no `User=`, so systemd runs it as root.

use crate::facts::installed::is_of_a_user;
use crate::facts::owners::lies_under;
use crate::facts::world::{Origin, UnitAt, World};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::Step;
use crate::project::unit::{Exec, Unit, UnitKind, is_true};
use crate::rules::id;
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Prints};
use crate::tools::known_units::keeps_the_machine;

/// Directories in which apps are installed.
const HOMES_OF_APPS: [&str; 6] = ["/opt", "/srv", "/home", "/var/www", "/app", "/root"];

/// `user/service-as-root`.
pub(in crate::rules) fn service_as_root(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let services = context.units.iter().filter(|at| UnitKind::of(&at.name) == UnitKind::Service);
    for at in services {
        found.extend(judge(context, at));
    }
}

fn judge(context: &World<'_, '_>, at: &UnitAt) -> Option<Finding> {
    let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { return None };
    let script = context.scripts().get(index)?;
    let step = script.step(id);
    let unit = &at.unit;
    let user = unit.user();
    let named = user.map(|d| d.value.as_str());
    let dynamic = unit.get("Service", "DynamicUser").is_some_and(|d| is_true(&d.value));
    let exec = unit.exec_start().into_iter().find(|exec| runs_app(exec, unit))?;
    if !matches!(named, None | Some("root" | "0"))
        || dynamic
        || unit.is_oneshot()
        || matches!(step.place, Place::Container(_))
        || is_of_a_user(step)
        || is_timed(context, at)
        || is_edited(context, at, step)
    {
        return None;
    }
    let (_, section) = unit.sections.iter().find(|(name, _)| name == "Service")?;
    let program = exec.program.rsplit('/').next().unwrap_or(&exec.program);
    let app = context.app_user_of(script).filter(|app| !app.is_root());
    let message = match user {
        Some(_) => {
            format!("{} runs `{program}` as root, so whoever breaks into the app owns the server", at.name)
        }
        None => format!(
            "{} has no `User=`, so `{program}` runs as root and a break-in gives full control",
            at.name
        ),
    };
    let draft = context
        .finding(id::USER_SERVICE_AS_ROOT, user.map_or(*section, |d| d.span), message)
        .at_most(context.confidence(script, id, None));
    // An explicit `User=root` is intended, and so is a service in root's home.
    let roots_home = unit.working_directory().is_some_and(|d| lies_under(&d.value, "/root"));
    let draft = match user {
        Some(_) => draft.severity(Severity::Info),
        None if roots_home => draft.at_most(Confidence::Medium),
        None => draft,
    };
    let help = match app {
        Some(app) => format!("write `User={}` into `[Service]`, and give it the paths that the app writes to", app.name),
        None => "create an account for the app, write `User=` into `[Service]`, and give it the paths that the app writes to"
            .to_owned(),
    };
    Some(draft.help(help).done())
}

/// True for a command that runs an app's own code.
fn runs_app(exec: &Exec, unit: &Unit) -> bool {
    let words = || std::iter::once(&exec.program).chain(&exec.args);
    let of_root = words().any(|word| keeps_the_machine(&word.to_ascii_lowercase()));
    let description = unit.get("Unit", "Description").map(|d| d.value.to_ascii_lowercase());
    let kept = description.is_some_and(|d| keeps_the_machine(&d));
    let runner = exec.serves().is_some_and(|serves| serves.runs_app);
    let own = HOMES_OF_APPS.iter().any(|home| lies_under(&exec.program, home));
    !of_root && !kept && (runner || own)
}

/// True for work that a timer or a path starts, because it maintains the machine.
fn is_timed(context: &World<'_, '_>, at: &UnitAt) -> bool {
    context.units.iter().any(|other| {
        matches!(UnitKind::of(&other.name), UnitKind::Timer | UnitKind::Path)
            && other.unit.triggers(&other.name).as_deref() == Some(at.name.as_str())
    })
}

/// True if a drop-in, a `sed` or a filter during installation may insert `User=`.
fn is_edited(context: &World<'_, '_>, at: &UnitAt, install: &Step) -> bool {
    let drop_ins = format!("/{}.d/", at.name);
    let edited = context.steps().any(|(_, _, step)| {
        let written = step
            .written
            .iter()
            .any(|w| w.path.to_string().contains(&drop_ins) && w.content.text.contains("User="));
        let edits = step.deed.effects.iter().any(|e| {
            matches!(e.change, Change::Edit | Change::Append)
                && e.resource.name().basename().is_shown_as(&at.name)
        });
        written || edits && step.argv.args.iter().any(|a| a.value.to_string().contains("User"))
    });
    let plain = install.deed.copies()
        || matches!(install.deed.prints, Prints::Words | Prints::Same | Prints::Through);
    edited || matches!(at.origin, Origin::Installed(..)) && !plain
}
