//! F5: `steps/no-migrations`: a tool that migrates the database, and nothing runs its upgrade.

use super::dependencies::is_beside;
use super::deploy::{Deploy, Language};
use super::words::Work;
use crate::finding::Finding;
use crate::project::manifest::MigrationKind;
use crate::source::FileId;

const RULE: &str = "steps/no-migrations";

/// `steps/no-migrations`.
pub(super) fn no_migrations(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.context;
    // A Prisma schema without migrations beside it is brought to the database in another way.
    let has_migrations = |file: FileId| {
        let path = context.sources.file(file).path();
        let beside = path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
        context.project.inventory.migration_directories.contains(&format!("{beside}migrations"))
    };
    let migrates = |kind, file| kind != MigrationKind::Prisma || has_migrations(file);
    let all = context.project.needs.migrations.iter();
    let tools: Vec<_> = all.filter(|t| !is_beside(&t.directory) && migrates(t.kind, t.file)).collect();
    if tools.is_empty() || deploy.in_containers() || !deploy.sets_up() || deploy.does(Work::Migrate) {
        return;
    }
    let said = deploy.says(Work::Migrate);
    // One upgrade that is missing is told once, for the tool that lies nearest to the root.
    let runs = |kind: MigrationKind| language(kind).is_none_or(|l| deploy.runs(l));
    let tool = tools
        .into_iter()
        .filter(|t| runs(t.kind) || said.is_some())
        .min_by_key(|t| t.directory.split('/').count() + usize::from(!t.directory.is_empty()));
    let (Some(tool), Some(place)) = (tool, deploy.place()) else { return };
    let path = context.sources.file(tool.file).path();
    let command = tool.kind.command();
    let message = match said {
        Some(_) => format!(
            "the script only prints that the database of {path} is to be migrated: `{command}` never runs"
        ),
        None => format!("{path} is there, and nothing runs `{command}`: the new code meets the old tables"),
    };
    let help = format!("run `{command}` after the dependencies are installed and before the app starts");
    let draft = deploy.missing(RULE, place, &message, Work::Migrate, said);
    found.push(draft.help(help).related(tool.span, "the tool that migrates the database").done());
}

/// What an app that uses the tool is written in; `None` for any.
fn language(kind: MigrationKind) -> Option<Language> {
    match kind {
        MigrationKind::Alembic
        | MigrationKind::FlaskMigrate
        | MigrationKind::Django
        | MigrationKind::Aerich => Some(Language::Python),
        MigrationKind::Prisma
        | MigrationKind::Drizzle
        | MigrationKind::Knex
        | MigrationKind::Sequelize
        | MigrationKind::TypeOrm => Some(Language::Node),
        MigrationKind::Rails => Some(Language::Ruby),
        MigrationKind::Laravel => Some(Language::Php),
        MigrationKind::Flyway => None,
    }
}
