//! `steps/no-migrations`: words the finding that nothing migrates the database.

use crate::facts::needs::{By, Needed};
use crate::facts::world::World;
use crate::project::manifest::MigrationTool;
use crate::rules::draft::Draft;
use crate::rules::queries::{Lack, Wording};
use crate::rules::steps::done_elsewhere;
use crate::tools::work::Work;

pub(super) const WORDING: Wording = Wording::Missing(word);

fn word(context: &World<'_, '_>, lack: &Lack<'_, '_, '_>, draft: Draft) -> Draft {
    let Some(Needed::Migrations(needed)) = &lack.needed else { return draft };
    let path = |tool: &MigrationTool| context.sources.file(tool.file).path();
    let draft = match needed.by {
        By::Tool(tool, service) => {
            let (path, command) = (path(tool), tool.kind.command());
            let text = match needed.said {
                Some(_) => format!(
                    "the script only prints how to migrate the database of {path}; `{command}` never runs"
                ),
                None => format!("nothing runs `{command}` for {path}, so the new code meets the old tables"),
            };
            let mut draft = draft.message(text).help(before_the_start(command));
            if let Some(service) = service {
                draft = draft.related(service.name_span, "with Compose, this service runs the migration");
            }
            draft.related(tool.span, "this tool migrates the database")
        }
        By::Compose(path, service) => {
            let command = service.runs();
            let command = command.map_or("", |c| c.text.as_str());
            let text = format!(
                "the service `{}` of {path} runs `{command}`, but no step of the deploy does",
                service.name
            );
            let draft = draft.message(text).help(before_the_start(command));
            draft.related(service.name_span, "Compose runs it once, before the app starts")
        }
        By::Image(tool) => {
            let (path, command) = (path(tool), tool.kind.command());
            let text = format!("no step, image, entrypoint or Compose service runs `{command}` for {path}");
            let help = format!(
                "run `{command}` in the image's entrypoint, or as a service that the app's service waits for"
            );
            draft.message(text).help(help).related(tool.span, "this tool migrates the database")
        }
    };
    done_elsewhere(lack.deploy, draft, Work::Migrate, needed.said)
}

fn before_the_start(command: &str) -> String {
    format!("run `{command}` after the dependencies are installed and before the app starts")
}
