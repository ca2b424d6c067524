//! `steps/no-migrations`: how it is worded that nothing migrates the database; `steps/no-static-files`: static files are
//! served from where Django gathers them, and nothing does.

use crate::facts::deploy::{Deploy, Language};
use crate::facts::needs::{By, Needed};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::manifest::{MigrationKind, MigrationTool};
use crate::repo::names::is_beside;
use crate::rules::draft::Draft;
use crate::rules::id;
use crate::rules::queries::Lack;
use crate::rules::steps::build::web_texts;
use crate::tools::work::Work;

/// `steps/no-migrations`.
pub(super) fn no_migrations(context: &World<'_, '_>, lack: &Lack<'_, '_, '_>, draft: Draft) -> Draft {
    let Some(Needed::Migrations(needed)) = lack.needed else { return draft };
    let path = |tool: &MigrationTool| context.sources.file(tool.file).path();
    let draft = match needed.by {
        By::Tool(tool, service) => {
            let (path, command) = (path(tool), tool.kind.command());
            let text = match needed.said {
                Some(_) => format!(
                    "the script only prints that the database of {path} is to be migrated: `{command}` never runs"
                ),
                None => format!(
                    "{path} is there, and nothing runs `{command}`: the new code meets the old tables"
                ),
            };
            let mut draft = draft.message(text).help(before_the_start(command));
            if let Some(service) = service {
                draft =
                    draft.related(service.name_span, "who deploys with Compose has it done by this service");
            }
            draft.related(tool.span, "the tool that migrates the database")
        }
        By::Compose(path, service) => {
            let command = service.command.as_ref().or(service.entrypoint.as_ref());
            let command = command.map_or("", |c| c.text.as_str());
            let text = format!(
                "the service `{}` of {path} runs `{command}`, and no step of the deploy does: the new code meets the old tables",
                service.name
            );
            let draft = draft.message(text).help(before_the_start(command));
            draft.related(service.name_span, "Compose runs it once, before the app starts")
        }
        By::Image(tool) => {
            let (path, command) = (path(tool), tool.kind.command());
            let text = format!(
                "{path} is there, and nothing runs `{command}`: neither a step, nor an image or its entrypoint, nor a service of Compose"
            );
            let help = format!(
                "run `{command}` in the image's entrypoint, or as a service that the app's waits for"
            );
            draft.message(text).help(help).related(tool.span, "the tool that migrates the database")
        }
    };
    super::done_elsewhere(lack.deploy, draft, Work::Migrate, needed.said)
}

fn before_the_start(command: &str) -> String {
    format!("run `{command}` after the dependencies are installed and before the app starts")
}

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
            "the script only prints how to gather the static files: `manage.py collectstatic` never runs"
                .to_owned()
        }
        None => format!(
            "{who} serves what {settings} gathers in STATIC_ROOT, and nothing runs `manage.py collectstatic`: pages come without styles"
        ),
    };
    let help = "run `python manage.py collectstatic --noinput` after the dependencies are installed and before the app starts";
    let draft = deploy.missing(id::STEPS_NO_STATIC_FILES, place, &message, Work::StaticFiles, said);
    found.push(draft.help(help).related(django.span, "the project that has static files").done());
}
