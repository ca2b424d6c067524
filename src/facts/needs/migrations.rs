//! Whether the deploy has to migrate the database. A tool of the repo does it, or a service of Compose, and neither the
//! app itself nor an image.

use super::dependencies::runs;
use crate::facts::deploy::{Deploy, Language};
use crate::facts::ground::Ground;
use crate::facts::world::World;
use crate::project::compose::Service;
use crate::project::manifest::{MigrationKind, MigrationTool};
use crate::repo::names::is_beside;
use crate::source::Span;
use crate::tools::effect::Role;
use crate::tools::languages::migrates_by_release;
use crate::tools::work::{Work, asked_in, done_in_image};

/// What would migrate the database, and where a step for it would stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migrations<'r> {
    pub(crate) place: Span,
    /// The printed line that only tells people to do it.
    pub(crate) said: Option<Span>,
    pub(crate) by: By<'r>,
}

/// What migrates the database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'r> {
    /// A tool, and the service of a Compose file that runs it for those who use Compose instead.
    Tool(&'r MigrationTool, Option<&'r Service>),
    /// Only a service of the Compose file at this path.
    Compose(&'r str, &'r Service),
    /// A tool that is built into an image which Compose runs.
    Image(&'r MigrationTool),
}

/// What has to migrate the database; `None` if nothing has to, or if what the deploy calls may do it.
pub(super) fn migrations<'r>(world: &World<'r, '_>, deploy: &Deploy<'_, 'r, '_>) -> Option<Migrations<'r>> {
    let project = world.project;
    // Without migrations beside it, a schema of Prisma gets to the database in another way. So do the models of an app
    // that only has Flask-Migrate among its packages.
    let migrations = &project.inventory.migration_directories;
    let has_migrations = |tool: &MigrationTool| match tool.kind {
        MigrationKind::Prisma => {
            let path = world.sources.file(tool.file).path();
            let beside =
                path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
            migrations.contains(&format!("{beside}migrations"))
        }
        MigrationKind::FlaskMigrate | MigrationKind::Ecto | MigrationKind::Doctrine => {
            migrations.iter().any(|path| {
                path.strip_prefix(tool.directory.as_str())
                    .is_some_and(|rest| tool.directory.is_empty() || rest.starts_with('/'))
            })
        }
        _ => true,
    };
    let is_done = |tool: &MigrationTool| {
        tool.kind == MigrationKind::Ecto && deploy.steps().any(|step| migrates_by_release(&step.argv))
    };
    let migrates =
        |tool: &&MigrationTool| !is_beside(&tool.directory) && has_migrations(tool) && !is_done(tool);
    let tools: Vec<&MigrationTool> = project.needs.migrations.iter().filter(migrates).collect();
    let by_compose = one_shot(world);
    let itself = project.needs.code.migrates.is_some();
    if tools.is_empty() && by_compose.is_none() || itself || !deploy.sets_up() || deploy.calls(Work::Migrate)
    {
        return None;
    }
    if deploy.in_containers() {
        return in_images(deploy, &tools);
    }
    let said = deploy.says(Work::Migrate);
    // A missing migration is reported once, for the tool that is nearest to the root.
    let is_run = |kind: MigrationKind| language(kind).is_none_or(|l| runs(deploy, l));
    let tool = tools
        .into_iter()
        .filter(|t| is_run(t.kind) || said.is_some())
        .min_by_key(|t| t.directory.split('/').count() + usize::from(!t.directory.is_empty()));
    let place = deploy.place()?;
    match (tool, by_compose) {
        (Some(tool), by_compose) => {
            let service = by_compose.map(|(_, service)| service);
            Some(Migrations { place, said, by: By::Tool(tool, service) })
        }
        (None, Some((path, service))) => {
            Some(Migrations { place, said: None, by: By::Compose(path, service) })
        }
        (None, None) => None,
    }
}

/// A service that migrates and ends, in a Compose file whose other services the deploy runs as units or
/// processes.
fn one_shot<'r>(world: &World<'r, '_>) -> Option<(&'r str, &'r Service)> {
    if world.project.composes.is_empty() {
        return None;
    }
    let same_app = world.compared().files(world.project.composes.len());
    same_app.into_iter().find_map(|index| {
        let compose = &world.project.composes[index];
        let migrates = |service: &&Service| {
            let command = service.runs();
            // The configuration may say that the server does not need it.
            let given = world.given.services.iter().any(|(name, _)| *name == service.name);
            let optional = !service.profiles.is_empty() || given;
            !optional
                && compose.is_one_shot(service)
                && command.is_some_and(|c| asked_in(&c.text).has(Work::Migrate))
        };
        let service = compose.services.iter().find(migrates)?;
        Some((world.sources.file(compose.file).path(), service))
    })
}

/// The migration that is missing if Compose builds and runs the app, and nothing in the repo migrates: neither the
/// image, nor its entrypoint, nor a service.
fn in_images<'r>(deploy: &Deploy<'_, 'r, '_>, tools: &[&'r MigrationTool]) -> Option<Migrations<'r>> {
    let world = deploy.world;
    let up = deploy.steps().find(|step| step.deed.roles.contains(&Role::ComposeUp))?;
    let tool = *tools.iter().find(|tool| is_built(world, &tool.directory))?;
    let project = world.project;
    let services = || project.composes.iter().flat_map(|compose| &compose.services);
    let commands: Vec<&str> = services()
        .flat_map(|s| [s.runs(), s.entrypoint.as_ref()])
        .flatten()
        .map(|text| text.text.as_str())
        .collect();
    let texts = || project.texts.iter().map(|(_, file)| world.sources.file(*file).text());
    // The image may start by calling a script of package.json by its name.
    let scripted = project.needs.node.iter().flat_map(|package| &package.scripts).any(|script| {
        let starts =
            ["start", "pre", "post", "serve", "prod", "deploy"].iter().any(|s| script.name.starts_with(s));
        let called = [
            format!("run {}", script.name),
            format!("yarn {}", script.name),
            format!("pnpm {}", script.name),
        ];
        asked_in(&script.command).has(Work::Migrate)
            && (starts || called.iter().any(|call| texts().any(|text| text.contains(call))))
    });
    let done = scripted
        || commands.iter().any(|command| asked_in(command).has(Work::Migrate))
        || texts().any(|text| done_in_image(text).has(Work::Migrate))
        || deploy.may_do_anything();
    (!done).then_some(Migrations { place: up.span, said: None, by: By::Image(tool) })
}

/// True if a service that always runs is built from the directory, or from one above it.
fn is_built(world: &Ground<'_, '_>, directory: &str) -> bool {
    world.project.composes.iter().filter(|compose| !compose.is_development()).any(|compose| {
        let always = compose.services.iter().filter(|s| s.profiles.is_empty());
        always
            .filter_map(|s| compose.path(&s.build.as_ref()?.context))
            .any(|from| from.is_empty() || directory == from || directory.starts_with(&format!("{from}/")))
    })
}

/// The language of an app that uses the tool; `None` for any.
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
        // A release of Elixir is called like the app, and PHP may be run by a pool of php-fpm.
        MigrationKind::Flyway | MigrationKind::Ecto | MigrationKind::Doctrine => None,
    }
}
