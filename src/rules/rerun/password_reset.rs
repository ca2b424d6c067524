//! `rerun/password-reset`: each run gives an account the password of the script again.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::tools::effect::{Change, Resource};
use crate::tools::passwords::{Fixed, fixed};

/// `rerun/password-reset`.
pub(in crate::rules) fn password_reset(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        let Some(fixed) = fixed(&step.argv) else { continue };
        if script.second_run(id).skipped_by().is_some() || is_made_anew(script, id, &fixed) {
            continue;
        }
        let words = context.words(step.span);
        let (message, help, sure) = match &fixed {
            Fixed::Account(name) => (
                format!(
                    "`{words}` gives `{name}` this password again on each run, whatever it was changed to"
                ),
                format!("set it only where the account is made: `id -u {name} || {{ useradd {name}; …; }}`"),
                Confidence::High,
            ),
            Fixed::Rows(table) => (
                format!(
                    "each run gives rows of `{table}` these passwords again, whatever they were changed to"
                ),
                "leave the password out of `DO UPDATE SET`, or write `DO NOTHING`".to_owned(),
                Confidence::Medium,
            ),
        };
        let sure = sure.min(context.confidence(script, id, None));
        found.push(
            context.finding(id::RERUN_PASSWORD_RESET, step.span, message).at_most(sure).help(help).done(),
        );
    }
}

/// True if the script removes the account before, so that each run makes a new one.
fn is_made_anew(script: &Deployment<'_>, before: StepId, fixed: &Fixed) -> bool {
    let Fixed::Account(name) = fixed else { return false };
    script.iter().take_while(|(id, _)| *id < before).flat_map(|(_, step)| &step.deed.effects).any(|effect| {
        effect.change == Change::Remove
            && matches!(&effect.resource, Resource::User(user) if user.as_literal() == Some(name.as_str()))
    })
}
