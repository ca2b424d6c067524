//! `steps/no-static-files`: static files are served from where Django gathers them, and nothing does.

use crate::facts::deploy::{Deploy, Language};
use crate::finding::Finding;
use crate::project::manifest::MigrationKind;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::rules::steps::build::web_texts;
use crate::tools::work::Work;

/// `steps/no-static-files`.
pub(super) fn no_static_files(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let needs = &context.project.needs;
    let Some(settings) = &needs.code.static_root else { return };
    let django =
        needs.migrations.iter().find(|t| t.kind == MigrationKind::Django && !is_beside(&t.directory));
    let Some(django) = django else { return };
    if deploy.in_containers()
        || !deploy.sets_up()
        || !deploy.runs(Language::Python)
        || deploy.does(Work::StaticFiles)
    {
        return;
    }
    let whitenoise = needs.python.iter().flat_map(|m| &m.dependencies).any(|d| d.name == "whitenoise");
    let by_web = web_texts(deploy).iter().any(|text| {
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| {
            ["location", "alias", "Alias", "handle"].iter().any(|w| line.starts_with(w))
                && line.contains("/static")
        })
    });
    if !whitenoise && !by_web {
        return;
    }
    let said = deploy.says(Work::StaticFiles);
    let Some(place) = deploy.place() else { return };
    let who = if by_web { "the web server" } else { "WhiteNoise" };
    let message = match said {
        Some(_) => {
            "the script only prints how to collect the static files; `manage.py collectstatic` never runs"
                .to_owned()
        }
        None => {
            format!("{who} serves the STATIC_ROOT of {settings}, but nothing runs `manage.py collectstatic`")
        }
    };
    let help = "run `python manage.py collectstatic --noinput` after the dependencies are installed and before the app starts";
    let draft = deploy.missing(id::STEPS_NO_STATIC_FILES, place, &message, Work::StaticFiles, said);
    found.push(draft.help(help).related(django.span, "this project has the static files").done());
}
