//! `user/passwordless-sudo`: words the finding that an account may become root without a password.

use crate::facts::sudoers::grants;
use crate::facts::world::World;
use crate::finding::Severity;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Each(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: &Draft) -> Vec<Draft> {
    let grants = grants(found.at.step());
    let drafts = grants.iter().map(|grant| {
        let who = &grant.who;
        let mut services = world.units.iter().filter(|at| at.name.ends_with(".service"));
        let serves = services.find(|at| at.unit.user().is_some_and(|user| user.value == *who));
        let (what, draft) = match serves {
            Some(at) => (format!("and {} runs as `{who}`", at.name), draft.clone()),
            None => ("for any command".to_owned(), draft.clone().severity(Severity::Info)),
        };
        draft
            .at(grant.span)
            .message(format!("`{who}` can become root without a password, {what}"))
            .help(format!(
                "name the commands that it needs: `{who} ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop`"
            ))
    });
    drafts.collect()
}
