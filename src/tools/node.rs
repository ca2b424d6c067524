//! Node: package managers, scripts of package.json, build tools, migrations.

use crate::shell::argv::{Arg, Argv};
use crate::shell::line::{commands_from, stretches};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, NEW, TREE, nothing, role, word};
use crate::tools::effect::{Again, Change, Deed, Ecosystem, Effect, PathKind, Resource, Role};
use crate::tools::managers::is_pm2;
use crate::tools::packaging::PackageManager;
use crate::tools::serves::served::{Language, Serves, ServiceRole, Stays};
use crate::tools::serves::server::{Listen, SERVER, Server};
use crate::tools::thing::Thing;
use std::collections::BTreeSet;

const FRONTEND: Server = Server {
    language: Language::Node,
    role: Some(ServiceRole::Frontend),
    notifies: Some(false),
    runs_app: true,
    ..SERVER
};

/// Programs that serve pages.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        names: &["next"],
        listen: Listen { port: &["-p", "--port"], ..SERVER.listen },
        ends: &["build", "lint", "telemetry", "info"],
        ..FRONTEND
    },
    Server {
        names: &["nuxt", "nuxi", "vite", "astro"],
        listen: Listen { port: &["--port"], ..SERVER.listen },
        ends: &["build", "generate", "check"],
        ..FRONTEND
    },
    Server {
        names: &["serve", "http-server"],
        listen: Listen { address: &["-l", "--listen"], port: &["-p", "--port"], ..SERVER.listen },
        runs_app: false,
        ..FRONTEND
    },
];

/// node(1) runs a script, and a package manager one of the project's scripts.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    let stays = match argv.name.as_str() {
        // A script may start something in the background and end.
        "node" | "bun" | "deno" | "tsx" | "ts-node" | "nodemon" | "npm" | "yarn" | "pnpm" | "npx" => {
            Stays::Foreground { sure: false }
        }
        _ => return None,
    };
    let is_script = |text: &String| [".js", ".mjs", ".cjs", ".ts"].iter().any(|end| text.ends_with(end));
    let entry = argv.args.iter().map(|arg| arg.value.to_string()).find(is_script);
    Some(Serves { language: Language::Node, entry, stays, runs_app: true, ..Serves::unknown(argv.clone()) })
}

/// What to write instead. For `npx` and `npm exec` the effect shows which command is meant.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let argv = asked.argv;
    let word = |text: &str| argv.has_word(text);
    match asked.resource() {
        Some(Resource::Other(Thing::Rows, _)) if matches!(asked.again, Again::Duplicates(_)) => Advice::help(
            "seed on the first run only, or let the seed files insert what is missing: `upsert`, `ignoreDuplicates`",
        ),
        Some(Resource::Database(_)) if word("db:create") => {
            Advice::help("accept that it is there: `… db:create || true`")
        }
        Some(Resource::Path(_)) if argv.name == "pnpm" && word("init") => Advice::help(
            "write package.json once and commit it, or test first: `[ -f package.json ] || pnpm init`",
        ),
        Some(Resource::Path(_))
            if matches!(asked.name(), "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" | "pnpx") =>
        {
            Advice::help("make the project once and commit it, or test first: `[ -d DIR ] || …`")
        }
        _ => None,
    }
}

const DEPENDENCIES: Role = Role::Dependencies(Ecosystem::Node);
const BUILD: Role = Role::Build(Ecosystem::Node);

/// An install fills the directory's `node_modules`; existing packages stay or are updated.
fn dependencies(argv: &Argv, directory: Option<&Value>) -> Deed {
    let directory = directory.map_or_else(|| argv.cwd.clone(), |d| d.resolve(&argv.cwd));
    let modules = crate::tools::draft::below(&directory, &Value::literal("node_modules"));
    let effect = Effect::new(Change::Create(PathKind::Tree), Resource::Path(modules), Again::NoChange);
    Deed::of(vec![effect]).role(DEPENDENCIES)
}

/// The index, among the operands, of the name of a script of package.json: `npm run build`, `yarn build`, `npm start`.
fn script_at(manager: PackageManager, operands: &[&Arg]) -> Option<usize> {
    // `yarn workspace web build`
    let at = if manager == PackageManager::Yarn && word(operands, 0) == "workspace" { 2 } else { 0 };
    match word(operands, at) {
        "run" | "run-script" => Some(at + 1),
        "start" | "stop" | "restart" | "test" => Some(at),
        _ if manager == PackageManager::Npm => None,
        _ => Some(at),
    }
}

/// The name of the script of package.json that a command runs. For yarn, pnpm and bun it may also be one of their own
/// commands.
pub(crate) fn package_script(argv: &Argv) -> Option<String> {
    let manager = PackageManager::called(&argv.name)?;
    let operands = argv.options(manager.options()).operands;
    operands.get(script_at(manager, &operands)?).map(|name| name.value.to_string())
}

/// The name of a script that package.json must have for the command to work: that of `npm run NAME` in one package, without
/// `--if-present`. `npm run env` shows the environment.
pub(crate) fn script_that_must_be_there(argv: &Argv) -> Option<String> {
    let manager = PackageManager::called(&argv.name)?;
    let elsewhere = ["--if-present", "-w", "--workspace", "-ws", "-r", "--recursive", "-F", "--filter", "-C"];
    let is_elsewhere = |text: &str| {
        elsewhere.contains(&text) || text.starts_with("--workspace") || text.starts_with("--filter=")
    };
    let runs = |arg: &Arg| matches!(arg.value.as_literal(), Some("run" | "run-script"));
    let name = package_script(argv)?;
    let is_plain = !name.is_empty() && !name.contains(['$', '*', '/', '.', '{', '`']) && name != "env";
    (matches!(manager, PackageManager::Npm | PackageManager::Pnpm)
        && is_plain
        && argv.args.iter().any(runs)
        && !argv.args.iter().any(|arg| is_elsewhere(&arg.value.to_string())))
    .then_some(name)
}

/// The scripts of package.json that the lines of a text run, whatever reads the text.
pub(crate) fn package_scripts_of(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for words in stretches(text) {
        let commands = commands_from(&words, |program| PackageManager::called(program).is_some());
        names.extend(commands.filter_map(|command| package_script(command.argv())));
    }
    names
}

/// npm(1), pnpm, yarn, bun.
pub(crate) fn package_manager(argv: &Argv) -> Deed {
    let Some(manager) = PackageManager::called(&argv.name) else { return Deed::default() };
    let options = argv.options(manager.options());
    let operands = &options.operands;
    let script_at = script_at(manager, operands);
    let global = options.has("g") || options.value("location").and_then(Value::as_literal) == Some("global");
    let verb = word(operands, 0);
    match verb {
        "" if operands.is_empty() && argv.name == "yarn" && !argv.has_word("--version") => {
            dependencies(argv, options.value("C"))
        }
        "" if operands.is_empty() => Deed::read_only(),
        "workspace" if argv.name == "yarn" => script(operands, script_at.unwrap_or_default()),
        "global" if word(operands, 1) == "add" => global_tools(argv, &operands[2..]),
        "install" | "i" | "add" | "update" | "up" | "upgrade" if global => global_tools(argv, &operands[1..]),
        "ci" | "clean-install" | "install" | "i" | "add" | "install-ci-test" | "ic" | "install-clean"
        | "in" | "cit" | "it" | "install-test" => dependencies(argv, options.value("C")),
        "run" | "run-script" => script(operands, script_at.unwrap_or_default()),
        "start" | "serve" => role(Role::Serve),
        "build" | "dev" | "migrate" | "seed" if argv.name != "npm" => script(operands, 0),
        "exec" | "x" | "dlx" => npx(argv),
        "create" | "init" => create(argv, &operands[1..], options.has("y")),
        "list" | "ls" | "view" | "info" | "audit" | "outdated" | "why" | "root" | "bin" | "whoami"
        | "ping" | "help" | "doctor" | "show" | "get" | "test" | "t" | "pack" => Deed::read_only(),
        "cache" | "config" | "prune" | "rebuild" | "update" | "upgrade" | "up" | "dedupe" | "link"
        | "set" | "uninstall" | "remove" | "rm" | "un" | "pkg" | "store" | "approve-builds" | "fund"
        | "version" | "login" | "env" | "setup" | "stop" | "restart" | "fetch" | "import" | "publish" => {
            nothing()
        }
        _ if argv.name == "npm" => Deed::default(),
        // yarn, pnpm and bun run a script, or a program of the tree, by its bare name.
        _ => match script(operands, 0) {
            deed if deed.known => deed,
            _ => argv
                .args
                .iter()
                .position(|arg| operands.first().is_some_and(|o| std::ptr::eq(*o, arg)))
                .and_then(|at| argv.shifted(at))
                .filter(|inner| is_program(&inner.name))
                .map_or_else(Deed::default, |inner| crate::tools::deed(&inner)),
        },
    }
}

/// ni and nci, which run the install of whatever manager the project has, and deno(1), which reads package.json as well.
pub(crate) fn any_installer(argv: &Argv) -> Deed {
    let options = argv.options("g|global f|force frozen P|prod");
    match (argv.name.as_str(), word(&options.operands, 0)) {
        ("ni", "") | ("nci", _) => dependencies(argv, None),
        ("deno", "install" | "i") if !options.has("g") => dependencies(argv, None),
        _ => Deed::default(),
    }
}

/// True for a program that is in the project's tree and called through a package manager.
fn is_program(name: &str) -> bool {
    is_pm2(name)
        || [
            "prisma", "next", "vite", "tsc", "sequelize", "sequelize-cli", "knex", "typeorm", "drizzle-kit",
            "nuxt", "nest", "webpack", "ng", "vue-cli-service", "react-scripts", "turbo", "pnpm", "yarn",
        ]
        .contains(&name)
}

fn global_tools(argv: &Argv, names: &[&Arg]) -> Deed {
    let mut draft = Draft::of(argv);
    draft.role(Role::GlobalTool(Ecosystem::Node));
    for name in names {
        let Some(text) = name.value.as_literal() else {
            continue;
        };
        let (scope, rest) = text.split_at(usize::from(text.starts_with('@')));
        let bare = rest.split('@').next().unwrap_or(rest);
        let package = format!("{scope}{bare}");
        let program = match package.as_str() {
            "typescript" => "tsc",
            "@angular/cli" => "ng",
            "@nestjs/cli" => "nest",
            _ => bare.rsplit('/').next().unwrap_or(bare),
        };
        let resource = Resource::Program(Value::literal(program));
        draft.add(name, NEW, resource, Again::NoChange);
    }
    draft.done()
}

/// A script of package.json: only its name shows its purpose.
fn script(operands: &[&Arg], at: usize) -> Deed {
    let name = word(operands, at).to_ascii_lowercase();
    let parts: Vec<&str> = name.split([':', '-', '_', '.']).collect();
    let has = |wanted: &[&str]| parts.iter().any(|part| wanted.contains(part));
    let found = if has(&[
        "generate", "create", "undo", "rollback", "down", "revert", "reset", "status", "watch", "dev",
    ]) {
        None
    } else if has(&["migrate", "migration", "migrations", "migrator"])
        || has(&["db"]) && has(&["push", "deploy", "update", "upgrade", "prepare", "sync"])
        || runs_migrations(operands.get(at..).unwrap_or_default())
    {
        Some(Role::Migrate)
    } else if has(&["seed", "seeds", "seeder"]) {
        Some(Role::Seed)
    } else if has(&["build", "compile", "bundle"]) {
        Some(BUILD)
    } else if has(&["start", "serve", "preview"]) {
        Some(Role::Serve)
    } else {
        None
    };
    // What a script does beyond its name is not known.
    let mut deed = Deed::default();
    if let Some(found) = found {
        deed = role(found);
    }
    deed
}

/// True for the words that tell the consoles of TypeORM, AdonisJS and Knex to migrate, wherever they are called from.
fn runs_migrations(words: &[&Arg]) -> bool {
    words.iter().any(|word| {
        matches!(word.value.as_literal(), Some("migration:run" | "migrations:run" | "migrate:latest"))
    })
}

/// npx(1), bunx, pnpm dlx: they run a package's program. npx asks before it installs one, unless `--yes` is
/// given or standard input is not a terminal. A program of the tree is not installed, but that cannot be seen
/// here.
pub(crate) fn npx(argv: &Argv) -> Deed {
    let Some(inner) = crate::tools::runners::inner(argv) else { return Deed::default() };
    if inner.name.starts_with("create-") {
        let operands: Vec<&Arg> = std::iter::once(&inner.program).chain(&inner.args).collect();
        return create(&inner, &operands, argv.has_word("-y") || argv.has_word("--yes"));
    }
    crate::tools::deed(&inner)
}

/// `npm create X DIR`, `npx create-x DIR`: the generators stop or ask if the directory is not empty.
/// `npm init` without a generator asks for each field unless `-y` is given, and keeps existing values.
fn create(argv: &Argv, operands: &[&Arg], yes: bool) -> Deed {
    let mut draft = Draft::of(argv);
    if operands.is_empty() {
        let file = Value::literal("package.json");
        // pnpm 12 stops (tried); the others keep what exists.
        let again = match argv.name.as_str() {
            "pnpm" => Again::Fails("package.json already exists"),
            _ => Again::NoChange,
        };
        draft.value_path(&file, crate::tools::draft::FILE, again);
        if !yes && argv.name != "pnpm" {
            draft.asks("asks for each field of package.json", "write `-y`", Some("-y"));
        }
        return draft.done();
    }
    let again = Again::Fails("the target directory is not empty");
    if let Some(directory) = operands.get(1).filter(|arg| !arg.is_option()) {
        draft.path(directory, TREE, again);
    } else {
        draft.partly();
    }
    draft.done()
}

/// node(1): it runs a script, which may do anything.
pub(crate) fn node(argv: &Argv) -> Deed {
    let options = argv.leading_options("r|require: import: e|eval: p|print: v|version c|check env-file?");
    if options.has("v") || options.has("c") {
        return Deed::read_only();
    }
    if runs_migrations(&options.operands) {
        return Deed { known: false, ..role(Role::Migrate) };
    }
    match argv.shifted(options.first_operand) {
        Some(script)
            if matches!(script.name.trim_end_matches(".js"), "server" | "app" | "index" | "main")
                && argv.literal(0) != Some("-e") =>
        {
            Deed { known: false, ..role(Role::Serve) }
        }
        _ => Deed::default(),
    }
}

/// Builders and frameworks: `next build`, `vite build`, `tsc`, `ng build` ….
pub(crate) fn builder(argv: &Argv) -> Deed {
    let operands: Vec<&Arg> = argv.args.iter().collect();
    match (argv.name.as_str(), word(&operands, 0)) {
        ("tsc" | "webpack" | "rollup" | "rolldown" | "esbuild" | "parcel", _) => role(BUILD),
        ("next" | "nuxt" | "vite" | "serve" | "http-server", "start" | "preview" | "dev") => {
            role(Role::Serve)
        }
        ("serve" | "http-server" | "nodemon" | "ts-node-dev", _) => role(Role::Serve),
        (_, "build" | "generate" | "export") => role(BUILD),
        ("turbo", "run") => script(&operands, 1),
        ("vite" | "next" | "nuxt", _) => role(Role::Serve),
        _ => Deed::default(),
    }
}

/// prisma, sequelize-cli, knex, typeorm, drizzle-kit, and their seeds.
pub(crate) fn migrator(argv: &Argv) -> Deed {
    let options = argv.options(
        "schema: d|dataSource: env: config: url: force-reset accept-data-loss skip-generate skip-seed f|force \
         migrations-path: seed: seeders-path: models-path: options-path: knexfile: debug",
    );
    let operands = &options.operands;
    let mut draft = Draft::of(argv);
    match (argv.name.as_str(), word(operands, 0), word(operands, 1)) {
        ("prisma", "migrate", "deploy") => {
            draft.role(Role::Migrate);
        }
        ("prisma", "migrate", "reset") => {
            draft.role(Role::Migrate).loses_data();
            if !options.has("f") {
                draft.asks("asks before it drops the database", "do not reset a live database", None);
            }
        }
        ("prisma", "migrate", "dev") => {
            draft.role(Role::Migrate);
            draft.asks(
                "asks for a name, and before it resets the database",
                "write `prisma migrate deploy`",
                None,
            );
        }
        ("prisma", "db", "push") => {
            draft.role(Role::Migrate);
            // "accept-data-loss" drops columns and tables that the schema no longer has.
            if options.has("force-reset") || options.has("accept-data-loss") {
                draft.loses_data();
            }
        }
        ("prisma", "db", "seed") => {
            draft.role(Role::Seed);
        }
        ("prisma", "generate", _) => {
            draft.role(BUILD);
        }
        ("sequelize" | "sequelize-cli", verb, _) if verb.starts_with("db:seed") && !verb.contains("undo") => {
            draft.role(Role::Seed);
            let again = Again::Duplicates("inserts the rows again");
            draft.add_implied(
                crate::tools::effect::Change::Append,
                Resource::Other(Thing::Rows, argv.cwd.clone()),
                again,
            );
        }
        ("sequelize" | "sequelize-cli", "db:migrate", _) => {
            draft.role(Role::Migrate);
        }
        ("sequelize" | "sequelize-cli", "db:create", _) => {
            let again = Again::Fails("database already exists");
            let database = Resource::Database(super::draft::unknown("database"));
            draft.add_implied(NEW, database, again);
        }
        ("knex", "migrate:latest" | "migrate:up", _)
        | ("typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm", "migration:run", _)
        | ("drizzle-kit", "migrate" | "push", _) => {
            draft.role(Role::Migrate);
        }
        ("sequelize" | "sequelize-cli", "db:drop" | "db:migrate:undo:all", _)
        | ("typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm", "schema:drop", _) => {
            draft.loses_data();
        }
        ("knex", "migrate:rollback", _) if argv.has_word("--all") => {
            draft.loses_data();
        }
        ("knex", "seed:run", _) => {
            draft.role(Role::Seed);
            // The tables that a seed file empties first are not visible here.
            let rows = Resource::Other(Thing::Rows, argv.cwd.clone());
            draft.add_implied(Change::Append, rows, Again::Unknown);
        }
        ("prisma", "migrate" | "db" | "format" | "validate" | "version", _) => {}
        _ => return Deed::default(),
    }
    draft.done()
}

/// True for the option of prisma that drops columns and tables which the schema no longer has.
pub(crate) fn accepts_data_loss(argv: &Argv) -> bool {
    argv.has_word("--accept-data-loss")
}

/// True if a command makes code from a schema, which is no build of the app.
pub(crate) fn generates_code(argv: &Argv) -> bool {
    argv.has_word("generate") && (argv.name == "prisma" || argv.has_word("prisma"))
}

#[test]
fn node_installs_and_builds() {
    crate::tools::table::check(&[
        ("npm ci", "create tree /srv/app/node_modules [Dependencies(Node)]"),
        ("npm install --omit=dev", "create tree /srv/app/node_modules [Dependencies(Node)]"),
        ("npm --prefix frontend install", "create tree /srv/app/frontend/node_modules [Dependencies(Node)]"),
        ("npm install -g serve@latest", "create program serve [GlobalTool(Node)]"),
        ("npm i -g @angular/cli", "create program ng [GlobalTool(Node)]"),
        ("yarn --frozen-lockfile", "create tree /srv/app/node_modules [Dependencies(Node)]"),
        ("yarn build", "[Build(Node)]"),
        ("yarn workspace api build", "[Build(Node)]"),
        ("pnpm run build:prod", "[Build(Node)]"),
        ("npm run db:migrate", "[Migrate]"),
        ("npm run migration:generate", "unknown"),
        ("npm run seed", "[Seed]"),
        ("npm run frob", "unknown"),
        ("npm start", "[Serve]"),
        ("npx prisma migrate deploy", "[Migrate]"),
        ("npx --yes prisma@5 db seed", "[Seed]"),
        ("npx prisma generate", "[Build(Node)]"),
        ("pnpm prisma db push", "[Migrate]"),
        ("pnpm -w prisma db push", "[Migrate]"),
        ("pnpm -w exec prisma db push", "[Migrate]"),
        ("pnpm --workspace-root run build", "[Build(Node)]"),
        ("npm run -w web build", "[Build(Node)]"),
        ("npx prisma db push --accept-data-loss", "remove data /srv/app [Migrate]"),
        ("npx prisma migrate reset --force", "remove data /srv/app [Migrate]"),
        ("npx sequelize-cli db:drop", "remove data /srv/app"),
        ("npx knex migrate:rollback --all", "remove data /srv/app"),
        ("npx sequelize db:seed:all", "append rows /srv/app duplicates [Seed]"),
        ("npx sequelize-cli db:migrate", "[Migrate]"),
        ("npx knex migrate:latest --env production", "[Migrate]"),
        ("npx vite build", "[Build(Node)]"),
        ("next build", "[Build(Node)]"),
        ("npm init -y", "create file /srv/app/package.json"),
        ("npm create vite@latest web -- --template react", "create tree /srv/app/web fails"),
        ("npx create-react-app web", "create tree /srv/app/web fails"),
        ("npm -v", "[ReadOnly]"),
        ("node --version", "[ReadOnly]"),
        ("node seed.js", "unknown"),
    ]);
}

#[test]
fn a_script_of_package_json_is_named() {
    for (line, script) in [
        ("npm run build", Some("build")),
        ("npm --prefix web run build -- --mode production", Some("build")),
        ("npm start", Some("start")),
        ("npm ci", None),
        ("npm", None),
        ("yarn build", Some("build")),
        ("yarn run build", Some("build")),
        ("yarn workspace web build", Some("build")),
        ("pnpm -F web dev", Some("dev")),
        ("pnpm -w build", Some("build")),
        ("pnpm -w run build", Some("build")),
        ("npm -w web run build", Some("build")),
        ("npm run build --workspace web", Some("build")),
        ("npx vite build", None),
    ] {
        assert_eq!(package_script(&crate::shell::argv::tests::argv(line)).as_deref(), script, "{line}");
    }
    let text = "  run: |\n    ssh host 'cd web && npm run build'\n    yarn --silent migrate; npm ci\n";
    assert!(package_scripts_of(text).iter().eq(["build", "migrate"]));
}
