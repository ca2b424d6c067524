//! What to write instead of a command that the second run does not bear.

use crate::finding::{Applicability, Edit, Fix};
use crate::model::{Outcome, Step};
use crate::rules::context::Context;
use crate::source::Span;
use crate::tools::effect::Resource;

/// What to write instead, and the edit that does it where one can.
pub(super) fn remedy(
    context: &Context<'_, '_>,
    step: &Step,
    outcome: &Outcome,
) -> (Option<String>, Option<Fix>) {
    let argv = &step.argv;
    let program_end = |flag: &str, title: &str| {
        let span = argv.program.span;
        // Only where the program's own word stands in the script: not behind a variable or a function.
        let written = context.sources.text(span).rsplit('/').next() == Some(argv.name.as_str());
        (written && step.span.covers(span)).then(|| Fix {
            title: title.to_owned(),
            applicability: Applicability::Safe,
            edits: vec![Edit { span: Span { start: span.end, ..span }, text: format!(" {flag}") }],
        })
    };
    match (argv.name.as_str(), outcome) {
        ("mkdir", Outcome::Fails(_)) => (
            Some("write `mkdir -p`, which is content with a directory that exists".to_owned()),
            // A directory that is a lock must be made only once.
            program_end("-p", "add `-p`").filter(|_| !context.sources.text(step.span).contains("lock")),
        ),
        ("ln", Outcome::Fails(_) | Outcome::Nests(_)) => {
            let help = "write `ln -sfn`: it replaces the link, also where it leads to a directory";
            (Some(help.to_owned()), crate::rules::guards::link_flags(context, step))
        }
        ("git", Outcome::Fails(_)) if argv.has_word("remote") => (
            Some("test for it first: `git remote get-url NAME >/dev/null 2>&1 || git remote add …`".to_owned()),
            None,
        ),
        ("git", Outcome::Fails(_)) if !argv.has_word("clone") => {
            (Some("test first for what it makes, or write it so that it can be repeated".to_owned()), None)
        }
        ("git", Outcome::Fails(_)) => (
            Some("test for the directory first: `if [ ! -d DIR/.git ]; then git clone …; else git -C DIR pull --ff-only; fi`".to_owned()),
            None,
        ),
        ("useradd" | "adduser", _) => (
            Some("create the account only where it is missing: `id -u NAME >/dev/null 2>&1 || useradd …`".to_owned()),
            None,
        ),
        ("groupadd" | "addgroup", _) => (
            Some("create the group only where it is missing: `getent group NAME >/dev/null || groupadd …`".to_owned()),
            None,
        ),
        ("psql", _)
            if !step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Database(_) | Resource::Role(_))) =>
        {
            let help = "write the SQL so that it can be repeated: `IF NOT EXISTS`, `ON CONFLICT DO NOTHING`";
            (Some(help.to_owned()), None)
        }
        ("psql" | "mysql" | "mariadb" | "dropdb", Outcome::Overwrites(_)) => {
            (Some("make the database where it is missing, and drop none in a deploy".to_owned()), None)
        }
        ("psql" | "createdb" | "createuser", _) => {
            let role = step.deed.effects.iter().any(|e| matches!(e.resource, Resource::Role(_)));
            let (what, table, column) =
                if role { ("ROLE", "pg_roles", "rolname") } else { ("DATABASE", "pg_database", "datname") };
            let help = format!(
                "ask first, on psql's standard input: `SELECT 'CREATE {what} NAME' WHERE NOT EXISTS (SELECT FROM {table} WHERE {column} = 'NAME') \\gexec`"
            );
            (Some(help), None)
        }
        ("mysql" | "mariadb", _) => (Some("write `IF NOT EXISTS`".to_owned()), None),
        ("docker" | "podman", _) => (
            Some("remove it first (`docker rm -f NAME`), or test for it with `docker inspect NAME`".to_owned()),
            None,
        ),
        ("wget", _) => (Some("name the file with `-O`, or use `-N` or `-nc`".to_owned()), None),
        ("crontab", _) => (
            Some("leave out the old line first: `(crontab -l | grep -v NAME; echo LINE) | crontab -`, or use a file in /etc/cron.d".to_owned()),
            None,
        ),
        ("chpasswd", _) => (
            Some("set it where the account is made: `id -u NAME || { useradd NAME; … | chpasswd; }`".to_owned()),
            None,
        ),
        ("ufw", _) => (
            Some("leave the reset out: `ufw allow` does nothing where the rule is there".to_owned()),
            None,
        ),
        ("openssl" | "mkfs" | "mkfs.ext4" | "mkfs.xfs" | "mkfs.btrfs", _) => {
            (Some("do it on the first run only: `[ -e WHAT ] || …`".to_owned()), None)
        }
        ("mv", Outcome::Fails(_)) => {
            (Some("test for the source first: `[ ! -e SOURCE ] || mv …`, or copy it with `install`".to_owned()), None)
        }
        ("pm2", Outcome::Fails(_)) => {
            (Some("write `pm2 restart NAME || pm2 start …`, or `pm2 startOrReload` with an ecosystem file".to_owned()), None)
        }
        ("mount", _) => (Some("test first: `mountpoint -q DIR || mount …`".to_owned()), None),
        ("swapon", _) => (Some("test first: `swapon --show | grep -q FILE || swapon …`".to_owned()), None),
        ("dropdb" | "dropuser", _) => (Some("write `--if-exists`".to_owned()), program_end("--if-exists", "add `--if-exists`")),
        ("iptables" | "ip6tables", _) => {
            (Some("test for the rule first: `iptables -C RULE || iptables -A RULE`".to_owned()), None)
        }
        ("rm", _) => (Some("write `rm -f`, which is content with a file that is gone".to_owned()), program_end("-f", "add `-f`")),
        ("gpg", _) => {
            let help = "add `--yes`, or write to standard output with a redirection";
            // Without a terminal it fails, and with one it asks: only the first goes the same way on a first run.
            let fix = program_end("--yes", "add `--yes`").filter(|_| argv.has_word("--dearmor"));
            let asks = |fix: Fix| match outcome {
                Outcome::Fails(_) => fix,
                _ => Fix { applicability: Applicability::Unsafe, ..fix },
            };
            (Some(help.to_owned()), fix.map(asks))
        }
        _ => {
            let resource = step.deed.effects.first().map(|e| &e.resource);
            let help = resource.map(|r| match r {
                Resource::Path(_) => "test for it first, or write it so that it can be repeated".to_owned(),
                other => format!("test first whether the {} is there", other.kind().replace('-', " ")),
            });
            (help, None)
        }
    }
}
