//! `user/no-write-access`: an account makes something in a directory of root, or changes a file of root.

use crate::facts::app_paths::Reason;
use crate::facts::first_run::{refused, shut_files};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;
use crate::tools::known_accounts::is_of_a_box;

/// `user/no-write-access`.
pub(super) fn no_write_access(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    for (_, script) in deploy.deploying() {
        for refused in refused(context, script) {
            // Only a script that sets the server up knows which directories there are.
            let is_direct = refused.made.is_some() || refused.path.dirname() == refused.directory;
            if !is_direct && !deploy.is_from_scratch() {
                continue;
            }
            let (path, account, directory) = (&*refused.path, refused.account, &refused.directory);
            // The Vagrantfile of a box may share the directory.
            let has_box = || context.project.inventory.holds("Vagrantfile") == Some(true);
            if refused.made.is_none() && account.as_literal().is_some_and(is_of_a_box) && has_box() {
                continue;
            }
            let fills = path == directory;
            // `permissions/no-owner` tells where the directory is made.
            let is_told = refused.made.filter(|_| fills).is_some_and(|made| {
                let paths = context.app_paths(script).into_iter().flat_map(|paths| paths.made_by(made));
                paths.into_iter().any(|own| own.path == path && matches!(own.reason, Reason::Fails(_)))
            });
            if is_told {
                continue;
            }
            let message = match fills {
                true => format!("`{account}` can't write to `{path}`, which belongs to root"),
                false => format!("`{account}` can't make `{path}`, because {directory} belongs to root"),
            };
            let mut draft = context
                .finding(id::USER_NO_WRITE_ACCESS, refused.span, message)
                .at_most(refused.sure)
                .at_most(context.confidence(script, refused.step, Some(path)))
                .help(match refused.made {
                    Some(_) => format!("give it to the account first: `chown {account} {directory}`"),
                    None => format!("make it as root first: `install -d -o {account} -g {account} {path}`"),
                });
            if let Some(made) = refused.made {
                draft = draft.related(script.step(made).span, "root makes the directory here");
            }
            found.push(draft.done());
        }
        for shut in shut_files(context, script) {
            let (path, account) = (shut.file.path, shut.account);
            let mode = shut.file.mode.unwrap_or_default();
            let message =
                format!("`{account}` can't write to `{path}`, which belongs to root with mode {mode:04o}");
            let draft = context
                .finding(id::USER_NO_WRITE_ACCESS, shut.span, message)
                .at_most(context.confidence(script, shut.step, Some(path)))
                .help(format!("give it to the account first: `chown {account} {path}`"))
                .related(script.step(shut.file.by).span, "this makes it root's");
            found.push(draft.done());
        }
    }
}
