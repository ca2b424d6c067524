//! Which code of a project a command loads: that of a framework, or a file by its name.

use crate::shell::argv::{Arg, Argv};
use crate::tools::runners::{program, python_module};

/// What a command loads before it does anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loads {
    /// The settings of Django.
    Django,
    /// The app of Rails, with its environment.
    Rails,
    /// A file of code, by the end of its path.
    File(String),
}

/// What a command loads; `None` if its words do not show it.
pub(crate) fn loads(argv: &Argv) -> Option<Loads> {
    let inner = program(argv);
    match inner.name.as_str() {
        "manage.py" | "django-admin" => Some(Loads::Django),
        "python" => {
            if let Some(module) = python_module(&inner) {
                return Some(Loads::File(format!("{}.py", module.name.replace('.', "/"))));
            }
            let script = inner.args.first().filter(|arg| !arg.is_option())?.value.known_suffix().to_owned();
            match script.rsplit('/').next() {
                Some("manage.py") => Some(Loads::Django),
                _ => script.ends_with(".py").then(|| Loads::File(script.trim_start_matches("./").to_owned())),
            }
        }
        "node" => {
            let script = inner.args.first().filter(|arg| !arg.is_option())?.value.known_suffix();
            let is_code = [".js", ".mjs", ".cjs"].iter().any(|end| script.ends_with(end));
            is_code.then(|| Loads::File(script.trim_start_matches("./").to_owned()))
        }
        "rails" | "rake" => {
            let verb = inner.args.iter().find(|arg| !arg.is_option())?.value.as_literal()?;
            (!matches!(verb, "new" | "plugin" | "generate" | "g")).then_some(Loads::Rails)
        }
        "puma" | "sidekiq" | "unicorn" | "good_job" | "solid_queue" | "resque" => Some(Loads::Rails),
        _ => None,
    }
}

/// True if the words of a command say in which environment Rails runs: `puma -e production`, `rake RAILS_ENV=production`.
pub(crate) fn says_its_environment(argv: &Argv) -> bool {
    argv.args.iter().any(|arg| {
        let text = arg.value.known_prefix();
        text == "-e"
            || ["-e=", "--environment", "RAILS_ENV=", "RACK_ENV="].iter().any(|start| text.starts_with(start))
    })
}

/// True for a step that is for production alone: it compiles the assets, or leaves out what developers need.
pub(crate) fn is_for_production(argv: &Argv) -> bool {
    let inner = program(argv);
    let compiles = matches!(inner.name.as_str(), "rails" | "rake") && inner.has_word("assets:precompile");
    let leaves_out = argv.name == "bundle"
        && argv.args.iter().any(|arg| arg.value.known_prefix().contains("without"))
        && argv.args.iter().any(|arg| arg.value.known_prefix().contains("development"));
    compiles || leaves_out
}

/// The variable and the value with which Laravel asks before it migrates (`ConfirmableTrait`).
pub(crate) const ASKS_WITH: (&str, &str) = ("APP_ENV", "production");

/// True for a question that Laravel asks in production alone.
pub(crate) fn asks_in_production(argv: &Argv) -> bool {
    let is_task = |arg: &Arg| {
        arg.value.as_literal().is_some_and(|word| word.starts_with("migrate") || word.starts_with("db:"))
    };
    (argv.name == "artisan" || argv.has_word("artisan")) && argv.args.iter().any(is_task)
}

#[test]
fn commands_load_code() {
    let loads = |line: &str| loads(&crate::shell::argv::tests::argv(line));
    for line in
        ["python manage.py migrate", "/opt/a/venv/bin/python /opt/a/manage.py check", "./manage.py migrate"]
    {
        assert_eq!(loads(line), Some(Loads::Django), "{line}");
    }
    for line in
        ["bundle exec rails db:migrate", "bin/rails db:prepare", "bundle exec puma", "rake assets:precompile"]
    {
        assert_eq!(loads(line), Some(Loads::Rails), "{line}");
    }
    assert_eq!(loads("python -m shop.seed"), Some(Loads::File("shop/seed.py".to_owned())));
    assert_eq!(loads("node ./dist/migrate.js"), Some(Loads::File("dist/migrate.js".to_owned())));
    for line in ["python -c x", "python --version", "rails new shop", "node -e 1", "pip install x"] {
        assert_eq!(loads(line), None, "{line}");
    }
}
