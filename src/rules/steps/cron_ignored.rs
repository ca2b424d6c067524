//! `steps/cron-ignored`: cron passes over a table, because of its name, its owner, its mode or its text.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::apt::is_debians;
use crate::tools::cron::{TABLES, entry, is_no_account, passed_over};
use crate::tools::effect::{Change, PathKind, Resource};

/// Why cron passes over a table.
struct Fault {
    says: String,
    help: String,
    /// True if only Debian's cron minds.
    debian: bool,
}

/// For each step, finds the tables that it makes, and what cron minds about them.
pub(super) fn cron_ignored(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let installs =
            |debians: bool| context.steps_with(script).any(|step| is_debians(&step.argv) == Some(debians));
        for (id, step) in script.iter().filter(|(_, step)| !matches!(step.place, Place::Container(_))) {
            let faults = of_names(script, id, step)
                .into_iter()
                .chain(of_rights(step))
                .chain(of_text(script, id, step));
            let Some(fault) = faults.into_iter().find(|f| !f.debian || installs(true) || !installs(false))
            else {
                continue;
            };
            let sure = if fault.debian && !installs(true) { Confidence::Medium } else { Confidence::High };
            let draft = context
                .finding(id::STEPS_CRON_IGNORED, step.span, fault.says)
                .at_most(sure)
                .at_most(context.confidence(script, id, None))
                .help(fault.help);
            found.push(draft.done());
        }
    }
}

fn of_names(script: &Deployment<'_>, id: StepId, step: &Step) -> Option<Fault> {
    step.deed.effects.iter().find_map(|effect| {
        let Resource::Path(path) = &effect.resource else { return None };
        let makes = match effect.change {
            Change::Write => true,
            Change::Create(kind) => kind != PathKind::Directory,
            _ => false,
        };
        let sign = makes.then(|| passed_over(path)).flatten()?;
        // A table that is kept under another name is meant to be passed over.
        let from = effect.content.as_ref().and_then(|content| content.from.as_ref());
        if from.is_some_and(|from| from.dirname() == path.dirname()) {
            return None;
        }
        // It gets its own name later, or goes.
        let later = script.after(id).flat_map(|(_, step)| &step.deed.effects);
        let moved = later
            .into_iter()
            .any(|later| later.change == Change::Remove && later.resource == effect.resource);
        (!moved).then(|| Fault {
            says: format!("cron never reads {path}, because its name has `{sign}` in it"),
            help: "use only letters, digits, `_` and `-` in the name".to_owned(),
            debian: true,
        })
    })
}

fn of_rights(step: &Step) -> Option<Fault> {
    step.deed.effects.iter().find_map(|effect| {
        let Resource::Path(path) = &effect.resource else { return None };
        if !is_table(path) {
            return None;
        }
        match &effect.change {
            Change::Own { user: Some(user), .. }
                if user.as_literal().is_some_and(|user| user != "root" && user != "0") =>
            {
                Some(Fault {
                    says: format!("cron ignores {path}, because it belongs to {user} and not to root"),
                    help: "leave it to root; the sixth field of a line says which account runs it".to_owned(),
                    debian: false,
                })
            }
            Change::Mode { mode, .. }
                if mode.group_can_write() == Some(true) || mode.others_can_write() == Some(true) =>
            {
                Some(Fault {
                    says: format!("cron ignores {path}, because others than root may write to it"),
                    help: "write `chmod 644`".to_owned(),
                    debian: false,
                })
            }
            _ => None,
        }
    })
}

fn of_text(script: &Deployment<'_>, id: StepId, step: &Step) -> Option<Fault> {
    step.written.iter().filter(|written| is_table(&written.path)).find_map(|written| {
        let path = &written.path;
        let nameless = written.content.text.lines().find_map(|line| {
            let entry = entry(line, true)?;
            is_no_account(&entry.first).then_some(entry.first)
        });
        if let Some(word) = nameless {
            return Some(Fault {
                says: format!("cron takes `{word}` in {path} for an account and ignores the file"),
                help: "name the account before the command: `0 3 * * * root COMMAND`".to_owned(),
                debian: false,
            });
        }
        let added = |step: &Step| {
            step.deed.effects.iter().any(|effect| match &effect.resource {
                Resource::Line { file, .. } => file == path,
                Resource::Path(own) => own == path && matches!(effect.change, Change::Append | Change::Edit),
                _ => false,
            })
        };
        let goes_on = script.after(id).any(|(_, step)| added(step));
        // What is inserted at the end may bring a line end.
        let end = written.value.known_suffix();
        let open = !end.is_empty() && !end.ends_with('\n') && !end.ends_with("\\n");
        (open && !goes_on).then(|| Fault {
            says: format!("cron ignores {path}, because its last line has no line end"),
            help: "end it with a line end: `printf '…\\n'`, or `echo` without `-n`".to_owned(),
            debian: false,
        })
    })
}

/// True for a file in the directory of the system's tables.
fn is_table(path: &Value) -> bool {
    path.known_prefix().starts_with(TABLES)
}
