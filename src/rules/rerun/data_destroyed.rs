//! `rerun/data-destroyed`: people and the app have put data into a database, a volume or a directory since
//! the first run, and the next run throws it away.

use crate::facts::world::World;
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{Deployment, OnFailure, Outcome, Step, StepId};
use crate::repo::names::base;
use crate::rules::id;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::containers::names_test_project;
use crate::tools::databases::{emptied_keys, loads_dump};
use crate::tools::effect::{Change, Resource};
use crate::tools::effect::{How, Role};
use crate::tools::thing::Thing;
use crate::tools::{containers, node};

/// Scripts and functions with such names are meant to throw things away or to restore them, or they are for a machine with
/// nothing on it that anyone would miss.
const MEANT: &[&str] = &[
    "reset", "uninstall", "teardown", "tear", "clean", "cleanup", "destroy", "wipe", "purge", "remove",
    "delete", "drop", "nuke", "fresh", "restore", "import", "rollback", "recover", "reseed", "recreate",
    "test", "tests", "dev", "local", "demo", "e2e", "ci", "stop", "down", "undeploy", "rebuild", "reinstall",
];

/// Finds what destroys data on each run, once for each script and kind.
pub(in crate::rules) fn data_destroyed(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        if is_meant(context.sources.file(script.file).path()) {
            continue;
        }
        let mut reported: Vec<String> = Vec::new();
        for (id, step) in script.iter() {
            if script.second_run(id).skipped_by().is_some() {
                continue;
            }
            let Some(lost) =
                step.deed.effects.iter().find_map(|e| lost(context, step, &e.change, &e.resource))
            else {
                continue;
            };
            // If nothing creates the database or the volume again, the second run finds none to throw away.
            let of_tests = || names_test_project(context.sources.file(step.span.file).text());
            if named_so(script, step)
                || lost.of_compose && of_tests()
                || is_gone(script, id)
                || reported.contains(&lost.what)
                || is_brought_back(script, id, &lost)
            {
                continue;
            }
            let text = format!(
                "on each run, `{}` throws away {}, so {}",
                context.words(step.span),
                lost.what,
                lost.then
            );
            let asked = script.guards_of(id).any(|(_, guard)| guard.cond.has_opaque())
                || script.steps[..id.0 as usize].iter().any(|s| {
                    s.deed.prompts.is_some()
                        && s.deed.roles.contains(&Role::ReadOnly)
                        && s.entry == step.entry
                });
            let mut confidence = context.confidence(script, id, None).min(lost.sure);
            // A word on the command line, or somebody's yes, shows that it is intended.
            let in_checkout = lost.path.as_ref().is_some_and(|path| !path.known_prefix().starts_with('/'));
            let is_reset = in_checkout && !acts_on_server(script);
            if asked || step.entry != 0 || is_reset {
                confidence = Confidence::Low;
            }
            reported.push(lost.what);
            found.push(
                context
                    .finding(id::RERUN_DATA_DESTROYED, step.span, text)
                    .severity(lost.severity)
                    .at_most(confidence)
                    .help(lost.help)
                    .done(),
            );
        }
    }
}

/// True if a script brings or starts something. One that does not may be for developers, who want to begin anew.
fn acts_on_server(script: &Deployment<'_>) -> bool {
    let brings = |role: &Role| {
        matches!(
            role,
            Role::Source
                | Role::Clone
                | Role::Dependencies(_)
                | Role::SystemPackages
                | Role::VirtualEnv
                | Role::Build(_)
                | Role::StaticFiles
                | Role::Account
                | Role::Enable
                | Role::Restart
                | Role::ComposeUp
                | Role::Serve
        )
    };
    script.steps.iter().any(|step| step.place != Place::Here || step.deed.roles.iter().any(brings))
}

/// True if the second run fails because the database or the volume is gone, which a rule of its own reports.
fn is_gone(script: &Deployment<'_>, id: StepId) -> bool {
    let (step, second) = (script.step(id), script.second_run(id));
    let blamed = second.effect.and_then(|index| step.deed.effects.get(index));
    matches!(second.outcome, Outcome::Fails(_))
        && match blamed.map(|effect| &effect.resource) {
            Some(Resource::Database(_) | Resource::Role(_) | Resource::Table(_)) => {
                step.on_failure != OnFailure::Handled
            }
            Some(Resource::Container(_) | Resource::Network(_) | Resource::Volume(_)) => {
                step.on_failure == OnFailure::Aborts
            }
            _ => false,
        }
}

struct Lost {
    what: String,
    then: &'static str,
    help: &'static str,
    severity: Severity,
    sure: Confidence,
    path: Option<Value>,
    /// True if a Compose project loses it.
    of_compose: bool,
}

fn lost(context: &World<'_, '_>, step: &Step, change: &Change, resource: &Resource) -> Option<Lost> {
    if *change != Change::Remove {
        return None;
    }
    let rows = "everything entered since the last deploy is gone";
    let migrate = "remove it from the deploy: create what is missing (`CREATE … IF NOT EXISTS`), and migrate";
    let lost = |what: String, then, help, severity, sure| {
        let of_compose = matches!(resource, Resource::Other(Thing::Volumes, _));
        Some(Lost { what, then, help, severity, sure, path: None, of_compose })
    };
    match resource {
        // `test` comes with the server and is for anybody (mysql_secure_installation drops it too);
        // `shop_test` is for tests.
        Resource::Database(name) if name.to_string().split(['_', '-']).any(|word| word == "test") => None,
        // `shop_$(date +%s)`: each run has a database of its own.
        Resource::Database(name) if !name.is_stable() => None,
        Resource::Database(name) => {
            lost(format!("the database {name}"), rows, migrate, Severity::Error, Confidence::High)
        }
        Resource::Other(Thing::Data, _) if node::accepts_data_loss(&step.argv) => lost(
            "columns and tables that the schema no longer has".to_owned(),
            "the rows in them are lost",
            "write migrations and run `prisma migrate deploy`",
            Severity::Warning,
            Confidence::High,
        ),
        Resource::Other(Thing::Data, name) if step.argv.cwd == *name => {
            lost("the rows of the database".to_owned(), rows, migrate, Severity::Error, Confidence::High)
        }
        Resource::Other(Thing::Data, name) => {
            lost(format!("the rows of {name}"), rows, migrate, Severity::Error, Confidence::High)
        }
        Resource::Other(Thing::Volumes, _) if containers::is_of_tests(&step.argv) => None,
        Resource::Other(Thing::Volumes, _) => lost(
            "the volumes of the containers".to_owned(),
            "a database in one of them starts empty",
            containers::keep_volumes(&step.argv),
            Severity::Error,
            Confidence::High,
        ),
        Resource::Volume(name) if containers::is_rebuilt(name) => None,
        Resource::Volume(name) => lost(
            format!("the volume {name}"),
            "the containers' data in it is gone",
            "remove it from the deploy",
            Severity::Error,
            Confidence::Medium,
        ),
        Resource::Other(Thing::Keys, _) => lost(
            emptied_keys(&step.argv).to_owned(),
            "sessions, queued jobs and counters are gone, not only the cache",
            "delete only the cache's keys, by their prefix",
            Severity::Warning,
            Confidence::Medium,
        ),
        // A release directory of its own name is new in each run.
        Resource::Path(path) if !path.is_stable() => None,
        Resource::Path(path) => {
            let (what, sure) = data_path(context, path)?;
            Some(Lost {
                what: format!("{path}"),
                then: what,
                help: "remove it from the deploy",
                severity: Severity::Error,
                sure,
                path: Some(path.clone()),
                of_compose: false,
            })
        }
        _ => None,
    }
}

/// A path where the app or a database server keeps its data.
fn data_path(context: &World<'_, '_>, path: &Value) -> Option<(&'static str, Confidence)> {
    let shown = path.to_string();
    let shown = shown.trim_end_matches("/*");
    let name = base(shown);
    let known = path.known_prefix();
    let temporary = ["/tmp/", "/var/tmp/", "/var/cache/", "/run/", "/dev/"];
    let rebuilt =
        ["cache", "tmp", "temp", "build", "dist", "node_modules", "venv", "test", "backup", "old", "bak"];
    if temporary.iter().any(|t| known.starts_with(t)) || rebuilt.iter().any(|r| shown.contains(r)) {
        return None;
    }
    let servers = [
        "/var/lib/postgresql", "/var/lib/mysql", "/var/lib/mongodb", "/var/lib/redis",
        "/var/lib/docker/volumes",
    ];
    if servers.iter().any(|s| known.trim_end_matches('/').starts_with(s)) {
        return Some(("the database server's files are gone", Confidence::High));
    }
    if name.ends_with(".sqlite3")
        || name.ends_with(".sqlite")
        || matches!(name, "app.db" | "database.db" | "data.db")
    {
        return Some(("the app's database is gone", Confidence::High));
    }
    let in_app = context.in_app_tree(path);
    match name {
        "uploads" | "media" | "pgdata" | "postgres_data" | "postgres-data" | "mysql_data" | "mysql-data"
            if in_app || known.starts_with('/') =>
        {
            Some(("the users' uploads, or the database, are gone", Confidence::Medium))
        }
        _ => None,
    }
}

/// True if the name of a script leaves no doubt that it is meant to.
fn is_meant(path: &str) -> bool {
    let name = base(path).to_ascii_lowercase();
    name.split(['-', '_', '.']).any(|part| MEANT.contains(&part))
}

/// True for a step of a function that has such a name and that nothing calls.
fn named_so(script: &Deployment<'_>, step: &Step) -> bool {
    step.entry != 0
        && script.uncalled(step.entry).is_some_and(|function| is_meant(&function.name.replace("::", "_")))
}

/// True if a dump is loaded afterwards, or the files come back from where they were put.
fn is_brought_back(script: &Deployment<'_>, id: StepId, lost: &Lost) -> bool {
    script.steps[id.0 as usize + 1..].iter().any(|s| {
        let copies = lost.path.as_ref().is_some_and(|path| {
            s.deed.puts().any(|(effect, content)| {
                // The data lies elsewhere: `rm -rf RELEASE/uploads; ln -s /srv/shared/uploads RELEASE/uploads`.
                if content.how == How::Linked {
                    return matches!(&effect.resource, Resource::Path(to) if to == path);
                }
                let whole =
                    matches!(content.how, How::Copied | How::Kept | How::Moved | How::Synced | How::Unpacked);
                whole
                    && matches!(&effect.resource, Resource::Path(to)
                        if to == path || to.is_under(path) || path.is_under(to))
            })
        });
        loads_dump(&s.argv) || copies
    })
}

#[test]
fn names_say_what_is_meant() {
    for path in ["scripts/reset-db.sh", "uninstall.sh", "bin/dev_setup.sh"] {
        assert!(is_meant(path), "{path}");
    }
    for path in ["deploy.sh", "scripts/update.sh", "restart-web.sh"] {
        assert!(!is_meant(path), "{path}");
    }
}
