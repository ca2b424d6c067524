//! Which tool migrates the database, judged by the files that it needs. Each fact is from the tool's own
//! manual.

use crate::project::manifest::{Declared, Needs, OtherManifest};
use crate::source::{FileId, Sources, Span};

/// The tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum MigrationKind {
    /// `alembic.ini`.
    Alembic,
    /// The dependency `flask-migrate`; its migrations contain an `alembic.ini`.
    FlaskMigrate,
    /// `manage.py`.
    Django,
    /// The dependency `aerich`.
    Aerich,
    /// `schema.prisma`.
    Prisma,
    /// `drizzle.config.*`.
    Drizzle,
    /// `knexfile.*`.
    Knex,
    /// `.sequelizerc`, or the dependency `sequelize-cli`.
    Sequelize,
    /// `ormconfig.*`, or the dependency `typeorm` and a script that runs its migrations.
    TypeOrm,
    /// The gem `rails`.
    Rails,
    /// `artisan`.
    Laravel,
    /// `flyway.conf`, `flyway.toml`.
    Flyway,
    /// `mix.exs` with the package `ecto_sql`.
    Ecto,
    /// The package `doctrine/doctrine-migrations-bundle`.
    Doctrine,
}

impl MigrationKind {
    /// The command that brings a server's database up to date.
    pub(crate) fn command(self) -> &'static str {
        match self {
            MigrationKind::Alembic => "alembic upgrade head",
            MigrationKind::FlaskMigrate => "flask db upgrade",
            MigrationKind::Django => "python manage.py migrate",
            MigrationKind::Aerich => "aerich upgrade",
            MigrationKind::Prisma => "npx prisma migrate deploy",
            MigrationKind::Drizzle => "npx drizzle-kit migrate",
            MigrationKind::Knex => "npx knex migrate:latest",
            MigrationKind::Sequelize => "npx sequelize-cli db:migrate",
            MigrationKind::TypeOrm => "npx typeorm migration:run",
            MigrationKind::Rails => "bin/rails db:migrate",
            MigrationKind::Laravel => "php artisan migrate --force",
            MigrationKind::Flyway => "flyway migrate",
            MigrationKind::Ecto => "mix ecto.migrate",
            MigrationKind::Doctrine => "php bin/console doctrine:migrations:migrate -n",
        }
    }
}

/// A tool that the project uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MigrationTool {
    /// The tool.
    pub(crate) kind: MigrationKind,
    /// The directory in which it is run, relative to the root; empty for the root.
    pub(crate) directory: String,
    /// The file that says so.
    pub(crate) file: FileId,
    /// The place in it.
    pub(crate) span: Span,
}

/// True for files that belong to a tool.
pub(super) fn is_own_file(name: &str) -> bool {
    kind_of(name).is_some()
}

fn kind_of(name: &str) -> Option<MigrationKind> {
    let exact = match name {
        "alembic.ini" => MigrationKind::Alembic,
        "manage.py" => MigrationKind::Django,
        "schema.prisma" => MigrationKind::Prisma,
        ".sequelizerc" => MigrationKind::Sequelize,
        "artisan" => MigrationKind::Laravel,
        "flyway.conf" | "flyway.toml" => MigrationKind::Flyway,
        "mix.exs" => MigrationKind::Ecto,
        _ if name.starts_with("drizzle.config.") => MigrationKind::Drizzle,
        _ if name.starts_with("knexfile.") => MigrationKind::Knex,
        _ if name.starts_with("ormconfig.") => MigrationKind::TypeOrm,
        _ => return None,
    };
    Some(exact)
}

pub(super) fn of_file(
    sources: &Sources,
    file: FileId,
    directory: &str,
    name: &str,
    others: &[OtherManifest],
) -> Option<MigrationTool> {
    let text = sources.file(file).text();
    let (kind, span) = match kind_of(name) {
        // Flask-Script and others also call their file manage.py.
        Some(MigrationKind::Django) if !text.contains("django") => return None,
        Some(MigrationKind::Ecto) if !text.contains(":ecto_sql") => return None,
        Some(kind) => (kind, Span::file_start(file)),
        None => {
            const BUNDLE: &str = "doctrine/doctrine-migrations-bundle";
            let own = others.iter().filter(|manifest| manifest.file == file).flat_map(|m| &m.dependencies);
            let mut kinds = own.filter_map(|declared| match declared.name.as_str() {
                "rails" => Some((MigrationKind::Rails, declared.span)),
                BUNDLE => Some((MigrationKind::Doctrine, declared.span)),
                _ => None,
            });
            kinds.next()?
        }
    };
    let above = |inside: &str, last: &str| match inside.rsplit_once('/') {
        Some((above, name)) if name == last => above.to_owned(),
        None if inside == last => String::new(),
        _ => inside.to_owned(),
    };
    Some(MigrationTool {
        kind,
        // The schema is in a directory of its own; the command runs beside that directory.
        directory: match kind {
            MigrationKind::Prisma => above(directory, "prisma"),
            _ => directory.to_owned(),
        },
        file,
        span,
    })
}

/// Tools that a dependency reveals.
pub(super) fn of_dependencies(needs: &mut Needs) {
    let mut found: Vec<MigrationTool> = Vec::new();
    for manifest in &needs.python {
        for (name, kind) in
            [("flask-migrate", MigrationKind::FlaskMigrate), ("aerich", MigrationKind::Aerich)]
        {
            if let Some(declared) = manifest.dependencies.iter().find(|d| d.name == name) {
                found.push(tool(kind, &manifest.directory, manifest.file, declared));
            }
        }
    }
    for package in &needs.node {
        if let Some(declared) = package.dependency("sequelize-cli") {
            let kind = MigrationKind::Sequelize;
            found.push(tool(kind, &package.directory, package.file, declared));
        }
        let run = |s: &crate::project::manifest::Script| {
            s.command.contains("typeorm") && s.command.contains("migration:run")
        };
        if let (Some(declared), true) = (package.dependency("typeorm"), package.scripts.iter().any(run)) {
            let kind = MigrationKind::TypeOrm;
            found.push(tool(kind, &package.directory, package.file, declared));
        }
    }
    // `flask db` keeps an alembic.ini inside its migrations, so this is one tool, not two.
    if found.iter().any(|t| t.kind == MigrationKind::FlaskMigrate) {
        needs.migrations.retain(|t| t.kind != MigrationKind::Alembic || !t.directory.ends_with("migrations"));
    }
    for new in found {
        let known = |t: &MigrationTool| t.kind == new.kind && t.directory == new.directory;
        if !needs.migrations.iter().any(known) {
            needs.migrations.push(new);
        }
    }
}

fn tool(kind: MigrationKind, directory: &str, file: FileId, declared: &Declared) -> MigrationTool {
    MigrationTool { kind, directory: directory.to_owned(), file, span: declared.span }
}
