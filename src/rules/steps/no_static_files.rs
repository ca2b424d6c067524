//! `steps/no-static-files`: words the finding that nothing gathers the static files.

use crate::facts::needs::Needed;
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Lack, Wording};
use crate::rules::steps::done_elsewhere;
use crate::tools::work::Work;

pub(super) const WORDING: Wording = Wording::Missing(word);

fn word(_: &World<'_, '_>, lack: &Lack<'_, '_, '_>, draft: Draft) -> Draft {
    let Some(Needed::StaticFiles(files)) = &lack.needed else { return draft };
    let who = if files.by_web { "the web server" } else { "WhiteNoise" };
    let message = match files.said {
        Some(_) => {
            "the script only prints how to collect the static files; `manage.py collectstatic` never runs"
                .to_owned()
        }
        None => format!(
            "{who} serves the STATIC_ROOT of {}, but nothing runs `manage.py collectstatic`",
            files.settings
        ),
    };
    let draft = draft.message(message).help(
        "run `python manage.py collectstatic --noinput` after the dependencies are installed and before the app starts",
    );
    done_elsewhere(lack.deploy, draft, Work::StaticFiles, files.said)
        .related(files.django.span, "this project has the static files")
}
