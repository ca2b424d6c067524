//! `steps/no-migrations`: a tool that migrates the database, and nothing runs its upgrade; `steps/no-static-files`:
//! static files are served from where Django gathers them, and nothing does.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::Language;
use crate::facts::world::World;
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::project::compose::Service;
use crate::project::manifest::{MigrationKind, MigrationTool};
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::rules::steps::build::web_texts;
use crate::source::{FileId, Span};
use crate::tools::effect::Role;
use crate::tools::work::{Work, asked_in, done_in_image};

const RULE: RuleId = id::STEPS_NO_MIGRATIONS;

/// `steps/no-migrations`.
pub(super) fn no_migrations(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    // A Prisma schema without migrations beside it is brought to the database in another way.
    let has_migrations = |file: FileId| {
        let path = context.sources.file(file).path();
        let beside = path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
        context.project.inventory.migration_directories.contains(&format!("{beside}migrations"))
    };
    let migrates = |kind, file| kind != MigrationKind::Prisma || has_migrations(file);
    let all = context.project.needs.migrations.iter();
    let tools: Vec<_> = all.filter(|t| !is_beside(&t.directory) && migrates(t.kind, t.file)).collect();
    let itself = context.project.needs.code.migrates.is_some();
    let by_compose = one_shot(context);
    if tools.is_empty() && by_compose.is_none() || itself || !deploy.sets_up() || deploy.does(Work::Migrate) {
        return;
    }
    if deploy.in_containers() {
        in_images(deploy, &tools, found);
        return;
    }
    let said = deploy.says(Work::Migrate);
    // One upgrade that is missing is told once, for the tool that lies nearest to the root.
    let runs = |kind: MigrationKind| language(kind).is_none_or(|l| deploy.runs(l));
    let tool = tools
        .into_iter()
        .filter(|t| runs(t.kind) || said.is_some())
        .min_by_key(|t| t.directory.split('/').count() + usize::from(!t.directory.is_empty()));
    let Some(place) = deploy.place() else { return };
    let Some(tool) = tool else {
        found.extend(by_compose.map(|service| left_to_compose(deploy, place, service)));
        return;
    };
    let path = context.sources.file(tool.file).path();
    let command = tool.kind.command();
    let message = match said {
        Some(_) => format!(
            "the script only prints that the database of {path} is to be migrated: `{command}` never runs"
        ),
        None => format!("{path} is there, and nothing runs `{command}`: the new code meets the old tables"),
    };
    let help = format!("run `{command}` after the dependencies are installed and before the app starts");
    let mut draft = deploy.missing(RULE, place, &message, Work::Migrate, said);
    if let Some((_, service)) = by_compose {
        draft = draft.related(service.name_span, "who deploys with Compose has it done by this service");
    }
    found.push(draft.help(help).related(tool.span, "the tool that migrates the database").done());
}

/// A service that migrates and ends, of a Compose file whose other services the deploy runs as units or processes.
fn one_shot<'r>(context: &World<'r, '_>) -> Option<(&'r str, &'r Service)> {
    if context.project.composes.is_empty() {
        return None;
    }
    let same_app = context.compared().files(context.project.composes.len());
    same_app.into_iter().find_map(|index| {
        let compose = &context.project.composes[index];
        let migrates = |service: &&Service| {
            let command = service.command.as_ref().or(service.entrypoint.as_ref());
            // What the configuration says that the server does not need is settled.
            let given = context.given.services.iter().any(|(name, _)| *name == service.name);
            let optional = !service.profiles.is_empty() || given;
            !optional
                && compose.is_one_shot(service)
                && command.is_some_and(|c| asked_in(&c.text).has(Work::Migrate))
        };
        let service = compose.services.iter().find(migrates)?;
        Some((context.sources.file(compose.file).path(), service))
    })
}

/// The project shows no tool of its own, and Compose migrates.
fn left_to_compose(deploy: &Deploy<'_, '_, '_>, place: Span, (path, service): (&str, &Service)) -> Finding {
    let command = service.command.as_ref().or(service.entrypoint.as_ref()).map_or("", |c| c.text.as_str());
    let message = format!(
        "the service `{}` of {path} runs `{command}`, and no step of the deploy does: the new code meets the old tables",
        service.name
    );
    let help = format!("run `{command}` after the dependencies are installed and before the app starts");
    let draft = deploy.missing(RULE, place, &message, Work::Migrate, None);
    draft.help(help).related(service.name_span, "Compose runs it once, before the app starts").done()
}

/// Compose builds the app and runs it, and nowhere in the repo the upgrade runs: not in the image, not in its entrypoint,
/// not as a service.
fn in_images(deploy: &Deploy<'_, '_, '_>, tools: &[&MigrationTool], found: &mut Vec<Finding>) {
    let context = deploy.world;
    let Some(up) = deploy.steps().find(|step| step.deed.roles.contains(&Role::ComposeUp)) else { return };
    let built = |tool: &&&MigrationTool| is_built(context, &tool.directory);
    let Some(tool) = tools.iter().find(built) else { return };
    let project = context.project;
    let services = || project.composes.iter().flat_map(|compose| &compose.services);
    let commands: Vec<&str> = services()
        .flat_map(|s| [&s.command, &s.entrypoint])
        .flatten()
        .map(|text| text.text.as_str())
        .collect();
    let texts = || project.texts.iter().map(|(_, file)| context.sources.file(*file).text());
    // What starts the image may call a script of package.json by its name.
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
    if done {
        return;
    }
    let path = context.sources.file(tool.file).path();
    let command = tool.kind.command();
    let message = format!(
        "{path} is there, and nothing runs `{command}`: neither a step, nor an image or its entrypoint, nor a service of Compose"
    );
    let help = format!("run `{command}` in the image's entrypoint, or as a service that the app's waits for");
    let draft = deploy.missing(RULE, up.span, &message, Work::Migrate, None);
    found.push(draft.help(help).related(tool.span, "the tool that migrates the database").done());
}

/// A service that always runs is built from the directory, or from one above.
fn is_built(context: &World<'_, '_>, directory: &str) -> bool {
    context.project.composes.iter().filter(|compose| !compose.is_development()).any(|compose| {
        let always = compose.services.iter().filter(|s| s.profiles.is_empty());
        always
            .filter_map(|s| compose.path(&s.build.as_ref()?.context))
            .any(|from| from.is_empty() || directory == from || directory.starts_with(&format!("{from}/")))
    })
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
