//! `user/no-write-access`: an account makes something in a directory of root.

use crate::facts::first_run::refused;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::rules::id;

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
            let (path, account, directory) = (refused.path, refused.account, &refused.directory);
            let message = format!("`{account}` can't make `{path}`, because {directory} belongs to root");
            let mut draft = context
                .finding(id::USER_NO_WRITE_ACCESS, refused.span, message)
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
    }
}
