//! `steps/before-database`: how it is worded that a migration comes before its database.

use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let Some(made) = found.other.map(|other| other.step().span) else { return draft };
    let message = format!(
        "`{}` runs before `{}` on {} creates the database",
        context.words(found.at.step().span),
        context.words(made),
        context.line(made),
    );
    draft
        .message(message)
        .related(made, "this creates the database, too late")
        .help("create the role and the database first")
}
