//! `steps/before-dependencies`: how it is worded that a step runs above the install of what it needs.

use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(context: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let Some(install) = found.other.map(|other| other.step()) else { return draft };
    let text = format!(
        "`{}` runs before `{}` on {} installs its dependencies",
        context.words(found.at.step().span),
        context.words(install.span),
        context.line(install.span),
    );
    draft
        .message(text)
        .related(install.span, "this installs the dependencies, too late")
        .help("install first, then build, migrate and collect the static files")
}
