//! Other ecosystems: Ruby, PHP, Rust, Go, the JVM, .NET, Elixir, make.

use crate::shell::argv::{Arg, Argv};
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, nothing, role, word};
use crate::tools::effect::{Again, Change, Deed, Ecosystem, How, Role};
use crate::tools::serves::served::{Language, Serves, ServiceRole, Stays};
use crate::tools::serves::server::{GivesUp, Listen, SERVER, Server, daemon};

const RUBY: Server =
    Server { language: Language::Ruby, role: Some(ServiceRole::App), runs_app: true, ..SERVER };

/// Programs that serve an application of Ruby, PHP and others, or work for it.
///
/// The facts are from `puma --help` and its docs/systemd.md (it tells systemd that it is ready, since 5.1), unicorn(1),
/// sidekiq's examples/systemd (the same, since 6.0), `passenger start --help` and php-fpm(8).
pub(crate) const SERVERS: &[Server] = &[
    Server {
        names: &["puma"],
        listen: Listen { address: &["-b", "--bind"], port: &["-p", "--port"], ..SERVER.listen },
        settings: &["-C", "--config"],
        daemon: &[daemon(&["-d"]), daemon(&["--daemon"])],
        notifies: Some(true),
        ..RUBY
    },
    Server {
        names: &["unicorn", "unicorn_rails"],
        listen: Listen { address: &["-l", "--listen"], port: &["-p", "--port"], ..SERVER.listen },
        settings: &["-c", "--config-file"],
        daemon: &[daemon(&["-D"]), daemon(&["--daemonize"])],
        notifies: Some(false),
        ..RUBY
    },
    Server {
        names: &["thin", "falcon", "rackup", "iodine"],
        listen: Listen { port: &["-p", "--port"], ..SERVER.listen },
        daemon: &[daemon(&["-d"]), daemon(&["-D"]), daemon(&["--daemonize"])],
        ..RUBY
    },
    Server {
        names: &["passenger"],
        verbs: &[("start", Some(ServiceRole::App))],
        listen: Listen { port: &["-p", "--port"], socket: &["-S", "--socket"], ..SERVER.listen },
        daemon: &[daemon(&["-d"]), daemon(&["--daemonize"])],
        ..RUBY
    },
    Server {
        names: &["rails"],
        verbs: &[("server", Some(ServiceRole::App)), ("s", Some(ServiceRole::App))],
        listen: Listen { port: &["-p", "--port"], ..SERVER.listen },
        daemon: &[daemon(&["-d"]), daemon(&["--daemon"])],
        ..RUBY
    },
    Server {
        names: &["sidekiq", "sidekiqswarm"],
        role: Some(ServiceRole::Worker),
        listen: Listen { nowhere: true, ..SERVER.listen },
        daemon: &[daemon(&["-d"]), daemon(&["--daemon"])],
        notifies: Some(true),
        ..RUBY
    },
    Server {
        names: &["good_job", "shoryuken", "delayed_job", "resque", "que"],
        role: Some(ServiceRole::Worker),
        listen: Listen { nowhere: true, ..SERVER.listen },
        stays: false,
        ..RUBY
    },
    Server {
        names: &["php-fpm"],
        // Each pool has to name its account.
        gives_up: GivesUp::Without(&["-R", "--allow-to-run-as-root"]),
        language: Language::Php,
        role: Some(ServiceRole::App),
        daemon: &[daemon(&["-D"]), daemon(&["--daemonize"])],
        // Without `-F`, its settings file decides.
        stays: false,
        notifies: None,
        runs_app: true,
        ..SERVER
    },
];

/// php(1) with Laravel's and Symfony's consoles, ruby(1), java(1), dotnet.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    let (language, stays) = match argv.name.as_str() {
        "php" | "artisan" | "console" => (Language::Php, Stays::Unknown),
        "ruby" | "bundle" => (Language::Ruby, Stays::Unknown),
        "java" => (Language::Other, Stays::Foreground { sure: false }),
        "dotnet" => (Language::Other, Stays::Unknown),
        _ => return None,
    };
    let has = |words: &[&str]| argv.has_any(words);
    let role = match language {
        Language::Php if has(&["queue:work", "queue:listen", "horizon", "messenger:consume"]) => {
            Some(ServiceRole::Worker)
        }
        Language::Php if has(&["schedule:work"]) => Some(ServiceRole::Scheduler),
        Language::Php if has(&["octane:start", "serve", "reverb:start", "-S"]) => Some(ServiceRole::App),
        _ => None,
    };
    let listens = match role {
        Some(ServiceRole::Worker | ServiceRole::Scheduler) => Some(Vec::new()),
        _ => None,
    };
    let stays = if role.is_some() { Stays::Foreground { sure: true } } else { stays };
    let runs_app = true;
    Some(Serves { language, role, listens, stays, runs_app, ..Serves::unknown(argv.clone()) })
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let word = |text: &str| asked.argv.has_word(text);
    match asked.name() {
        "bundle" if word("init") => Advice::help(
            "write the Gemfile once and commit it, or test first: `[ -f Gemfile ] || bundle init`",
        ),
        "composer" => {
            Advice::help("make the project on the first run only: `[ -d DIR ] || composer create-project …`")
        }
        "php" | "artisan" if word("key:generate") => Advice::help(
            "make the key where there is none: `grep -q '^APP_KEY=.' .env || php artisan key:generate`",
        ),
        "cargo" => Advice::help(
            "start the project once and commit it, or test first: `[ -f Cargo.toml ] || cargo init`",
        ),
        _ => None,
    }
}

/// bundle(1): `install` is the default command; `exec` runs another command.
pub(crate) fn bundle(argv: &Argv) -> Deed {
    match argv.literal(0) {
        None if argv.args.is_empty() => role(Role::Dependencies(Ecosystem::Ruby)),
        Some("install" | "update") => role(Role::Dependencies(Ecosystem::Ruby)),
        Some("exec") => {
            crate::tools::runners::inner(argv).map_or_else(Deed::default, |inner| crate::tools::deed(&inner))
        }
        // Tried with bundler 2.3.
        Some("init") => {
            let mut draft = Draft::of(argv);
            let file = crate::shell::value::Value::literal("Gemfile");
            draft.value_path(&file, crate::tools::draft::FILE, Again::Fails("Gemfile already exists"));
            draft.done()
        }
        Some("config" | "clean" | "lock" | "package" | "binstubs") => nothing(),
        Some("check" | "list" | "show" | "--version" | "-v" | "info") => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// gem(1).
pub(crate) fn gem(argv: &Argv) -> Deed {
    match argv.literal(0) {
        Some("install") => role(Role::GlobalTool(Ecosystem::Ruby)),
        Some("update" | "uninstall" | "cleanup") => nothing(),
        _ => Deed::read_only(),
    }
}

/// rails, rake: tasks follow each other.
pub(crate) fn rake(argv: &Argv) -> Deed {
    let operands = argv.options("e|environment: f: t|trace").operands;
    let mut draft = Draft::of(argv);
    let mut all_known = !operands.is_empty();
    for task in &operands {
        match task.value.as_literal().unwrap_or_default() {
            "db:migrate" | "db:prepare" => {
                draft.role(Role::Migrate);
            }
            // Rails guides, "Active Record Migrations": the schema's tables are made with `force: :cascade`.
            "db:schema:load" => {
                draft.role(Role::Migrate).loses_data();
            }
            "db:drop" | "db:purge" | "db:truncate_all" => {
                draft.loses_data();
            }
            "db:seed" => {
                draft.role(Role::Seed);
            }
            "db:setup" | "db:reset" => {
                draft.loses_data().role(Role::Migrate).role(Role::Seed);
            }
            "assets:precompile" | "webpacker:compile" => {
                draft.role(Role::StaticFiles);
            }
            "server" | "s" => {
                draft.role(Role::Serve);
            }
            // db:create prints `already exists` and exits with 0.
            "db:create" | "assets:clean" | "assets:clobber" | "tmp:clear" | "log:clear" => {}
            text if text.contains('=') => {}
            _ => all_known = false,
        }
    }
    if !all_known {
        draft.partly();
    }
    draft.done()
}

/// composer(1).
pub(crate) fn composer(argv: &Argv) -> Deed {
    let options = argv.options("d|working-dir: n|no-interaction q v no-dev o|optimize-autoloader");
    match word(&options.operands, 0) {
        "install" | "i" | "update" | "u" | "require" => role(Role::Dependencies(Ecosystem::Php)),
        "global" => role(Role::GlobalTool(Ecosystem::Php)),
        "dump-autoload" | "dumpautoload" | "config" | "clear-cache" | "self-update" => nothing(),
        // `init` leaves an existing composer.json and exits with 0 (tried with 2.5).
        "init" => {
            let mut draft = Draft::of(argv);
            let file = crate::shell::value::Value::literal("composer.json");
            draft.value_path(&file, crate::tools::draft::FILE, Again::NoChange);
            if !options.has("n") {
                draft.asks("asks for each field", "write `--no-interaction`", Some("-n"));
            }
            draft.done()
        }
        "create-project" => {
            let mut draft = Draft::of(argv);
            if let Some(directory) = options.operands.get(2) {
                let again = Again::Fails("Project directory is not empty");
                draft.path(directory, crate::tools::draft::TREE, again);
            }
            draft.done()
        }
        "show" | "validate" | "diagnose" | "audit" | "outdated" | "check-platform-reqs" => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// php(1): `artisan`, which asks in production unless `--force` is given; Symfony's `bin/console` asks unless
/// `-n` is given.
pub(crate) fn php(argv: &Argv) -> Deed {
    let options = argv.leading_options("d: c: f: r: v i m S: t: n");
    if options.has("v") || options.has("m") || options.has("i") {
        return Deed::read_only();
    }
    if options.has("S") {
        return role(Role::Serve);
    }
    match argv.shifted(options.first_operand) {
        Some(script) => crate::tools::deed(&script),
        None => Deed::default(),
    }
}

/// True if the command tells the long-running processes of Laravel to end, so that their manager starts them with the new code:
/// <https://laravel.com/docs/queues#queue-workers-and-deployment>.
pub(crate) fn restarts_workers(argv: &Argv) -> bool {
    RESTARTS.iter().any(|(restart, _)| argv.has_word(restart))
}

/// What ends or renews processes, and the word of their command lines: <https://symfony.com/doc/current/messenger.html>.
const RESTARTS: [(&str, &str); 6] = [
    ("queue:restart", "queue:work"),
    ("horizon:terminate", "horizon"),
    ("octane:reload", "octane:start"),
    ("octane:stop", "octane:start"),
    ("reverb:restart", "reverb:start"),
    ("messenger:stop-workers", "messenger:consume"),
];

/// True if a command restarts the long-running process of Laravel or Symfony with this command line.
pub(crate) fn restarts_worker(argv: &Argv, line: &str) -> bool {
    let runs = |worker: &str| line.split_whitespace().any(|word| word == worker);
    RESTARTS.iter().any(|(restart, worker)| argv.has_word(restart) && runs(worker))
}

/// artisan (Laravel) and Symfony's console.
pub(crate) fn artisan(argv: &Argv) -> Deed {
    let options =
        argv.options("force n|no-interaction env: path: class: seed step database: e: q|quiet show");
    let mut draft = Draft::of(argv);
    let silent = options.has("force") || options.has("n");
    let asks = |draft: &mut Draft<'_>, flag| {
        if !silent {
            draft.asks("asks \"Do you really wish to run this command?\"", "write `--force`", flag);
        }
    };
    match word(&options.operands, 0) {
        "migrate" => {
            draft.role(Role::Migrate);
            if options.has("seed") {
                draft.role(Role::Seed);
            }
            asks(&mut draft, Some("--force"));
        }
        "migrate:fresh" | "migrate:refresh" | "migrate:reset" | "db:wipe" => {
            draft.role(Role::Migrate).loses_data();
            asks(&mut draft, None);
        }
        "db:seed" => {
            draft.role(Role::Seed);
            asks(&mut draft, Some("--force"));
        }
        "doctrine:migrations:migrate" => {
            draft.role(Role::Migrate);
            if !options.has("n") {
                draft.asks("asks \"Are you sure you wish to continue? (yes/no)\"", "write `-n`", Some("-n"));
            }
        }
        "doctrine:database:drop" | "doctrine:schema:drop" if options.has("force") => {
            draft.loses_data();
        }
        // In production it asks if a key already exists, and without an answer keeps it: `--force` would be
        // the worse advice (Laravel's KeyGenerateCommand).
        "key:generate" => {
            if !options.has("show") {
                let file = crate::shell::value::Value::literal(".env");
                let again = Again::Overwrites("replaces the key of everything that is encrypted");
                draft.value_path(&file, Change::Edit, again);
                draft.content(How::Secret, None, false);
            }
        }
        "config:cache" | "route:cache" | "view:cache" | "optimize" | "event:cache" | "cache:warmup" => {
            draft.role(Role::Cache);
        }
        // storage:link prints `already exists` and exits with 0.
        "storage:link"
        | "config:clear"
        | "route:clear"
        | "view:clear"
        | "cache:clear"
        | "optimize:clear"
        | "queue:restart"
        | "down"
        | "up"
        | "vendor:publish"
        | "package:discover"
        | "horizon:terminate"
        | "assets:install"
        | "octane:reload"
        | "octane:stop"
        | "reverb:restart"
        | "messenger:stop-workers" => {}
        "serve" | "queue:work" | "schedule:work" | "horizon" => {
            draft.role(Role::Serve);
        }
        _ => {
            draft.partly();
        }
    }
    draft.done()
}

/// cargo(1), go(1), mvn(1), gradle, dotnet, mix, make(1), cmake, sbt, hugo.
pub(crate) fn build_tool(argv: &Argv) -> Deed {
    use Ecosystem::{DotNet, Go, Jvm, Other};
    let operands: Vec<&Arg> =
        argv.args.iter().filter(|arg| !arg.value.known_prefix().starts_with(['-', '+'])).collect();
    let make;
    let operands = match argv.name.as_str() {
        "make" | "gmake" => {
            make = argv.options("C|directory: f|file|makefile: I|include-dir: o: W: j? l?");
            make.operands.clone()
        }
        _ => operands,
    };
    let verb = word(&operands, 0);
    match (argv.name.as_str(), verb) {
        ("cargo", verb) => cargo(argv, verb),
        ("sqlx" | "diesel", "migrate" | "migration" | "database") if argv.has_word("run") => {
            role(Role::Migrate)
        }
        ("goose" | "dbmate" | "migrate" | "flyway" | "atlas", _)
            if argv.has_any(&["up", "migrate", "apply"]) =>
        {
            role(Role::Migrate)
        }
        ("go", "build") => go_build(argv),
        ("go", "mod" | "get") => role(Role::Dependencies(Go)),
        ("go", "install") => role(Role::GlobalTool(Go)),
        ("go", "version" | "env" | "vet" | "test" | "list" | "fmt") => Deed::read_only(),
        ("mvn" | "mvnw", _) if argv.has_any(&["package", "install", "compile", "verify", "deploy"]) => {
            role(Role::Build(Jvm))
        }
        ("gradle" | "gradlew", task)
            if ["build", "assemble", "jar", "war", "installdist"]
                .iter()
                .any(|t| task.to_ascii_lowercase().ends_with(t)) =>
        {
            role(Role::Build(Jvm))
        }
        ("sbt", _) => role(Role::Build(Jvm)),
        ("dotnet", "restore") => role(Role::Dependencies(DotNet)),
        ("dotnet", "build" | "publish") => role(Role::Build(DotNet)),
        ("dotnet", "ef") if argv.has_word("update") => role(Role::Migrate),
        ("dotnet", "run") => role(Role::Serve),
        ("dotnet", "tool") => role(Role::GlobalTool(DotNet)),
        ("mix", "deps.get") => role(Role::Dependencies(Other)),
        ("mix", "compile" | "release") => role(Role::Build(Other)),
        ("mix", "ecto.migrate") => role(Role::Migrate),
        ("mix", "ecto.drop" | "ecto.reset") => {
            let mut draft = Draft::of(argv);
            draft.loses_data();
            draft.done()
        }
        ("mix", "assets.deploy" | "phx.digest") => role(Role::StaticFiles),
        (
            "mix",
            "local.hex" | "local.rebar" | "ecto.create" | "deps.compile" | "clean" | "archive.install",
        ) => nothing(),
        ("make" | "gmake", "") => role(Role::Build(Other)),
        ("make" | "gmake", "all" | "build") => role(Role::Build(Other)),
        ("make" | "gmake", target) if target.contains("migrat") => role(Role::Migrate),
        ("hugo", _) => role(Role::Build(Other)),
        ("cmake", _) if argv.has_word("--build") => role(Role::Build(Other)),
        ("cmake", _) => nothing(),
        _ => Deed::default(),
    }
}

/// True for a release of Elixir that migrates: `bin/shop eval "Shop.Release.migrate()"`, as the guide of Phoenix writes it
/// (<https://hexdocs.pm/phoenix/releases.html>, "Ecto migrations and custom commands").
pub(crate) fn migrates_by_release(argv: &Argv) -> bool {
    let is_call = matches!(argv.literal(0), Some("eval" | "rpc"));
    is_call
        && argv.program.value.key().contains("bin/")
        && argv.literal(1).is_some_and(|code| code.contains("migrat"))
}

/// cargo(1).
fn cargo(argv: &Argv, verb: &str) -> Deed {
    use Ecosystem::Rust;
    match verb {
        // Both commands stop if there is a Cargo.toml (tried).
        verb @ ("init" | "new") => {
            let mut draft = Draft::of(argv);
            let directory =
                argv.options("vcs: name: edition: lib bin q|quiet registry:").operands.get(1).copied();
            let again = Again::Fails("cannot be run on existing Cargo packages");
            match directory {
                Some(directory) if verb == "new" => draft.path(directory, crate::tools::draft::TREE, again),
                other => {
                    let mut file = other.map_or_else(|| argv.cwd.clone(), |arg| argv.path(arg));
                    file.push_str("/Cargo.toml");
                    draft.add_implied(super::draft::FILE, crate::tools::effect::Resource::Path(file), again);
                }
            }
            draft.done()
        }
        "build" | "b" | "rustc" => role(Role::Build(Rust)),
        "install" | "binstall" => role(Role::GlobalTool(Rust)),
        "fetch" => role(Role::Dependencies(Rust)),
        "check" | "test" | "clippy" | "fmt" | "tree" | "metadata" | "search" => Deed::read_only(),
        "clean" | "update" | "add" | "login" => nothing(),
        "sqlx" if argv.has_word("run") => role(Role::Migrate),
        _ => Deed::default(),
    }
}

/// `go build -o FILE` writes the file; a directory gets files of other names: <https://pkg.go.dev/cmd/go>.
fn go_build(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    draft.role(Role::Build(Ecosystem::Go));
    let output = argv.args.windows(2).find(|pair| pair[0].value.as_literal() == Some("-o"));
    if let Some([_, file]) = output
        && !file.value.key().ends_with('/')
    {
        draft.path(file, Change::Write, Again::NoChange);
    }
    draft.done()
}

#[test]
fn other_ecosystems() {
    crate::tools::table::check(&[
        ("bundle install --deployment", "[Dependencies(Ruby)]"),
        ("bundle exec rails db:migrate", "[Migrate]"),
        ("rake db:migrate db:seed", "[Migrate] [Seed]"),
        ("bin/rails assets:precompile RAILS_ENV=production", "[StaticFiles]"),
        ("rails frob", "unknown"),
        ("bundle init", "create file /srv/app/Gemfile fails"),
        ("composer init -n --name a/b", "create file /srv/app/composer.json"),
        ("cargo new x", "create tree /srv/app/x fails"),
        ("cargo init --vcs none /x", "create file /x/Cargo.toml fails"),
        ("composer install --no-dev", "[Dependencies(Php)]"),
        ("php artisan migrate --force", "[Migrate]"),
        ("php artisan migrate", "[Migrate] asks"),
        ("php artisan migrate:fresh --force", "remove data /srv/app [Migrate]"),
        ("bin/rails db:reset", "remove data /srv/app [Migrate] [Seed]"),
        ("rake db:drop db:create db:migrate", "remove data /srv/app [Migrate]"),
        ("mix ecto.reset", "remove data /srv/app"),
        ("php artisan key:generate --force", "edit /srv/app/.env overwrites"),
        ("php bin/console doctrine:migrations:migrate", "[Migrate] asks"),
        ("php artisan config:cache", "[Cache]"),
        ("php -v", "[ReadOnly]"),
        ("cargo build --release", "[Build(Rust)]"),
        ("go build -o x ./cmd", "write /srv/app/x [Build(Go)]"),
        ("go build -o bin/ ./cmd", "[Build(Go)]"),
        ("mvn clean package -DskipTests", "[Build(Jvm)]"),
        ("./gradlew bootJar", "[Build(Jvm)]"),
        ("dotnet publish -c Release", "[Build(DotNet)]"),
        ("dotnet ef database update", "[Migrate]"),
        ("make", "[Build(Other)]"),
        ("make -C src build", "[Build(Other)]"),
        ("make install", "unknown"),
    ]);
}
