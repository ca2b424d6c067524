//! The scripts of a repo: the one that installs, and smaller ones beside it.

use super::extras::{backup, extra};
use super::plan::{Places, Plan, Say, Stack, Style};
use super::random::Random;
use super::script::Script;
use super::sections::{self, INSTALL, Section, as_user};
use super::{ground, server};

/// The lengths of the deploy scripts of 148 public repos: (per cent, lines).
const LINES: [(usize, usize); 8] =
    [(0, 9), (10, 31), (25, 62), (50, 109), (75, 191), (90, 380), (99, 1309), (100, 2703)];
/// How many lines a script has before its first section and at its end.
const FRAME: usize = 30;
/// About how many lines a section has.
const SECTION: usize = 11;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Install,
    Update,
    Server,
    Backup,
    Compose,
}

pub(crate) fn script(plan: &Plan, mut random: Random, kind: Kind) -> String {
    let target = random.quantile(&LINES);
    let style = Style::new(&mut random, target > 250);
    let sections: Vec<Section> = match kind {
        Kind::Install => INSTALL.to_vec(),
        Kind::Update => vec![
            ("fetch_source", ground::source),
            ("install_dependencies", sections::dependencies),
            ("run_migrations", sections::migrations),
            ("restart_services", server::start),
        ],
        Kind::Server => vec![
            ("install_packages", ground::packages),
            ("create_user", ground::account),
            ("configure_nginx", server::nginx),
            ("configure_firewall", server::firewall),
        ],
        Kind::Backup => {
            vec![("save_data", |script| backup(script, "database")), ("schedule_jobs", server::jobs)]
        }
        Kind::Compose => vec![("preflight", ground::preflight), ("start_containers", containers)],
    };
    // A short script has only some of the sections, in their order.
    let wanted = (target.saturating_sub(FRAME) / SECTION).max(2);
    let mut kept = sections;
    while kept.len() > wanted {
        kept.remove(random.below(kept.len()));
    }
    let own = random.draw();
    let mut script = Script::new(plan, random, style, kept.len());
    header(&mut script, kind, target > 50);
    let last = kept.pop();
    for (name, section) in kept {
        open_and(&mut script, name, section);
    }
    let mut index = (own % 20) as usize;
    while script.lines() + FRAME < target {
        extra(&mut script, index);
        index += 1;
    }
    if let Some((name, section)) = last {
        open_and(&mut script, name, section);
    }
    script.call_all();
    summary(&mut script);
    script.finish()
}

fn open_and(script: &mut Script<'_>, name: &str, section: fn(&mut Script<'_>)) {
    script.open(name);
    section(script);
    // A function may not be empty in bash.
    if script.style.functions {
        script.tell("Done");
    }
    script.close();
}

fn header(script: &mut Script<'_>, kind: Kind, long: bool) {
    script.either(&[(7, "#!/bin/bash"), (3, "#!/usr/bin/env bash")]);
    let does = match kind {
        Kind::Install => "installs @app@ on an Ubuntu server",
        Kind::Update => "brings @app@ up to date",
        Kind::Server => "makes a server ready for @app@",
        Kind::Backup => "saves the data of @app@",
        Kind::Compose => "runs @app@ in containers",
    };
    script.put(&format!("# This script {does}."));
    if long {
        script.perhaps(
            50,
            "#
# Usage:   sudo ./start.sh
# Tested on Ubuntu 22.04 and 24.04.",
        );
    }
    script.blank();
    if let Some(errexit) = script.style.errexit {
        script.put(errexit);
        script.blank();
    }
    if script.style.places != Places::Literal {
        let quoted = script.style.places == Places::Quoted || script.random.chance(50);
        let quote = if quoted { "\"" } else { "" };
        let (directory, user, repo) = (&script.plan.directory, &script.plan.user, script.repo());
        let domain = match script.random.chance(12) {
            // The value may come from outside.
            true => format!("\"${{DOMAIN:-{}}}\"", script.plan.domain()),
            false => format!("{quote}{}{quote}", script.plan.domain()),
        };
        let constants = format!(
            "APP_DIR={quote}{directory}{quote}
APP_USER={quote}{user}{quote}
DOMAIN={domain}
REPO_URL={quote}{repo}{quote}"
        );
        script.put(&constants);
        script.blank();
    }
    if matches!(script.style.say, Say::Colour | Say::Status) {
        script.put("RED='\\033[0;31m'\nGREEN='\\033[0;32m'\nYELLOW='\\033[1;33m'\nNC='\\033[0m'");
        script.blank();
    }
    if script.plan.library && matches!(script.style.say, Say::Log | Say::Status) {
        script.put("source \"$(dirname \"$0\")/common.sh\"");
        script.blank();
        return;
    }
    match script.style.say {
        Say::Log => script.put(LOG),
        Say::Status => script.put(STATUS),
        _ => return,
    }
    script.blank();
}

const LOG: &str = r#"log() {
    echo "[$(date '+%Y-%m-%d %H:%M:%S')] $1"
}"#;
const STATUS: &str = r#"print_status() {
    echo -e "${YELLOW}==>${NC} $1"
}

print_success() {
    echo -e "${GREEN}ok${NC} $1"
}

print_error() {
    echo -e "${RED}error${NC} $1" >&2
}"#;

/// The functions that scripts share, if they share any.
pub(crate) fn library() -> String {
    format!(
        "#!/bin/bash\n# Sourced by the other scripts.\n\nRED='\\033[0;31m'\nGREEN='\\033[0;32m'\nYELLOW='\\033[1;33m'\nNC='\\033[0m'\n\n{LOG}\n\n{STATUS}\n"
    )
}

fn summary(script: &mut Script<'_>) {
    script.blank();
    if script.random.chance(12) {
        script.heredoc(
            "cat @<<@",
            "
@app@ is there:
  address   http://@domain@
  logs      journalctl -u @app@ -f
  restart   systemctl restart @app@
",
        );
        return;
    }
    script.perhaps(
        60,
        r#"echo ""
echo "=========================================""#,
    );
    script.tell("Done.");
    script.perhaps(60, "echo \"=========================================\"");
    script.perhaps(55, "echo \"The application answers at http://@domain@\"");
    script.perhaps(
        45,
        r#"echo "Logs:    journalctl -u @app@ -f"
echo "Restart: systemctl restart @app@""#,
    );
    script.perhaps(
        25,
        r#"echo "Next steps:"
echo "  1. Look at @dir@/.env"
echo "  2. Point the domain at this server"
echo "  3. sudo certbot --nginx -d @domain@""#,
    );
}

fn containers(script: &mut Script<'_>) {
    script.say("Starting the containers");
    script.perhaps(60, "cd @p@ || exit 1");
    script.perhaps(50, "git pull origin main");
    script.perhaps(
        40,
        r#"if [ ! -f .env ]; then
    cp @sample@ .env
    echo "Edit .env and run this again"
    exit 1
fi"#,
    );
    script.either(&[
        (
            5,
            "docker compose build
docker compose up -d",
        ),
        (
            3,
            "docker compose pull
docker compose up -d --remove-orphans",
        ),
        (
            3,
            "docker-compose down
docker-compose up -d --build",
        ),
    ]);
    if script.plan.stack == Stack::Django {
        script.put("docker compose exec -T web python manage.py migrate --noinput");
    }
    script.perhaps(40, "docker image prune -f");
    script.perhaps(60, "docker compose ps");
    if script.random.chance(20) {
        as_user(script, "touch @p/deployed@");
    }
}
