//! What a command does for a deploy, as far as that tells a script that deploys from any other. Nothing here weighs or
//! decides.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::archives::is_remote;
use crate::tools::effect::{Change, Deed, Effect, PathKind, Resource, Role};
use crate::tools::{containers, node, python, runners};

/// What a deploy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Act {
    /// Writes files in a directory from which systemd reads units.
    WritesUnits,
    /// `apt-get install` and similar commands.
    InstallsPackages,
    /// `useradd` and similar commands.
    CreatesUsers,
    /// `systemctl restart`, `pm2 reload`, `supervisorctl restart`.
    ControlsServices,
    /// `alembic upgrade head` and similar commands.
    Migrates,
    /// `docker compose up`, `kubectl apply`.
    StartsContainers,
    /// `rsync` and `scp` to another host.
    ShipsCode,
    /// `pip install`, `npm ci`, `python3 -m venv`.
    InstallsDependencies,
    /// Files below `/etc/nginx`, certificates.
    ConfiguresProxy,
    /// `git pull`, `rsync`.
    FetchesCode,
    /// A role or a database.
    CreatesDatabase,
    /// `npm run build`, `collectstatic`.
    Builds,
    /// `chown`, `mkdir` below `/opt`, `/srv`, `/var` or `/etc`.
    PreparesDirectories,
    /// `crontab`, `ufw`, `timedatectl`.
    ConfiguresHost,
    /// `uvicorn`, `nohup node`.
    StartsServer,
    /// `npm run dev`, `uvicorn --reload`: this is not a deploy.
    ServesDevelopment,
}

/// What the command does for a deploy. Inside a container only the migration counts, because the rest makes
/// the container and not the server.
pub(crate) fn acts(argv: &Argv, deed: &Deed, place: &Place) -> Vec<Act> {
    let mut acts = Vec::new();
    let development = watches_code(argv);
    let of_words = of_words(argv, deed, development);
    for act in of_effects(deed).chain(of_roles(argv, deed, development)).chain(of_words) {
        let counts = act == Act::Migrates || !matches!(place, Place::Container(_));
        if counts && !acts.contains(&act) {
            acts.push(act);
        }
    }
    acts
}

fn of_effects(deed: &Deed) -> impl Iterator<Item = Act> {
    deed.effects.iter().filter_map(of_effect)
}

fn of_effect(effect: &Effect) -> Option<Act> {
    let begins = matches!(effect.change, Change::Start | Change::Restart | Change::Create(_));
    match &effect.resource {
        Resource::Path(path) => of_path(&effect.change, &path.to_string()),
        Resource::Line { file, .. } => of_path(&effect.change, &file.to_string()),
        Resource::User(_) | Resource::Group(_) if begins => Some(Act::CreatesUsers),
        Resource::Unit(_) if begins || effect.change == Change::Enable => Some(Act::ControlsServices),
        Resource::Process(_) if begins => Some(Act::ControlsServices),
        Resource::Container(_) if matches!(effect.change, Change::Create(_)) => Some(Act::StartsContainers),
        Resource::Database(_) | Resource::Role(_) if begins => Some(Act::CreatesDatabase),
        Resource::Crontab(_) | Resource::FirewallRule(_) => Some(Act::ConfiguresHost),
        _ => None,
    }
}

/// Places of the system, and what it means to put something there.
fn of_path(change: &Change, path: &str) -> Option<Act> {
    let below = |directory: &str| path.contains(directory) || path.ends_with(directory.trim_end_matches('/'));
    let puts = matches!(change, Change::Create(_) | Change::Write | Change::Append | Change::Edit);
    let changes = puts || *change == Change::Remove;
    if puts && (below("/systemd/system/") || below("/systemd/user/")) {
        return Some(Act::WritesUnits);
    }
    if changes && ["/etc/nginx/", "/etc/apache2/", "/etc/httpd/", "/etc/caddy/"].iter().any(|d| below(d)) {
        return Some(Act::ConfiguresProxy);
    }
    if puts && below("/etc/cron.d/") {
        return Some(Act::ConfiguresHost);
    }
    let prepares =
        matches!(change, Change::Create(PathKind::Directory) | Change::Own { .. } | Change::Mode { .. });
    let above = ["/opt", "/srv", "/var", "/etc", "$APP", "/home"];
    (prepares && above.iter().any(|d| path.starts_with(d))).then_some(Act::PreparesDirectories)
}

fn of_roles(argv: &Argv, deed: &Deed, development: bool) -> impl Iterator<Item = Act> {
    let copies = copies_between_hosts(argv);
    let of_containers = is_of_containers(argv);
    deed.roles.iter().filter_map(move |role| {
        Some(match role {
            Role::SystemPackages => Act::InstallsPackages,
            Role::VirtualEnv | Role::Dependencies(_) | Role::GlobalTool(_) => Act::InstallsDependencies,
            Role::Build(_) | Role::StaticFiles => Act::Builds,
            Role::Migrate => Act::Migrates,
            Role::Source if copies => return None,
            Role::Source => Act::FetchesCode,
            Role::Account => Act::CreatesUsers,
            Role::Restart if of_containers => Act::StartsContainers,
            Role::DaemonReload | Role::Enable | Role::Restart => Act::ControlsServices,
            Role::ComposeUp => Act::StartsContainers,
            Role::Serve if development => return None,
            Role::Serve => Act::StartsServer,
            _ => return None,
        })
    })
}

/// The acts that show in a command's words and not in its deed.
fn of_words(argv: &Argv, deed: &Deed, development: bool) -> impl Iterator<Item = Act> {
    let has = |words: &[&str]| argv.has_any(words);
    let changes = !deed.roles.contains(&Role::ReadOnly);
    let act = match argv.name.as_str() {
        "rsync" | "scp" if argv.args.last().is_some_and(|last| is_remote(&last.value)) => {
            Some(Act::ShipsCode)
        }
        "scp" if !copies_between_hosts(argv) => Some(Act::FetchesCode),
        "kubectl" if has(&["apply"]) => Some(Act::StartsContainers),
        "helm" if has(&["upgrade", "install"]) => Some(Act::StartsContainers),
        name if containers::is_runtime(name) && has(&["run"]) && has(&["-d", "--detach"]) => {
            Some(Act::StartsContainers)
        }
        "nginx" | "certbot" | "certbot-auto" | "a2ensite" => Some(Act::ConfiguresProxy),
        "ufw" | "iptables" | "ip6tables" | "nft" | "firewall-cmd" | "timedatectl" | "hostnamectl"
        | "sysctl" | "loginctl"
            if changes =>
        {
            Some(Act::ConfiguresHost)
        }
        _ if development => Some(Act::ServesDevelopment),
        // The name alone shows the program in `$COMPOSE up -d`, and in `compose up -d` if the function is not known.
        _ if !deed.known && is_up(argv) => Some(Act::StartsContainers),
        _ => None,
    };
    act.into_iter()
}

/// True if something comes from or goes to another host, so that it is not code that this host fetches.
fn copies_between_hosts(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "rsync" | "scp") && argv.args.iter().any(|arg| is_remote(&arg.value))
}

fn is_of_containers(argv: &Argv) -> bool {
    containers::is_runtime(&argv.name) || containers::is_compose(&argv.name)
}

fn is_up(argv: &Argv) -> bool {
    let up = argv.args.iter().position(|arg| arg.value.as_literal() == Some("up"));
    let behind = up.map_or(&[][..], |up| &argv.args[up + 1..]);
    let detached = |value: &Value| matches!(value.as_literal(), Some("-d" | "--detach" | "--build"));
    up.is_some_and(|up| up < 3) && behind.iter().any(|arg| detached(&arg.value))
}

/// True for a server that watches its code for changes, which does not belong to a deploy.
pub(crate) fn watches_code(argv: &Argv) -> bool {
    let first = argv.args.iter().filter_map(|arg| arg.value.as_literal()).find(|word| !word.starts_with('-'));
    let first = first.unwrap_or_default();
    let has = |word: &str| argv.has_word(word);
    match argv.name.as_str() {
        "npm" | "pnpm" | "yarn" | "bun" => {
            matches!(node::package_script(argv).as_deref(), Some("dev" | "serve"))
        }
        "npx" | "bunx" | "pnpx" => runners::inner(argv).is_some_and(|inner| watches_code(&inner)),
        "python" | "manage.py" | "django-admin" => has("runserver") || has("--reload"),
        "flask" => first == "run" && !has("--host=0.0.0.0"),
        "nodemon" | "ts-node-dev" => true,
        "vite" => !matches!(first, "build" | "preview"),
        "next" | "nuxt" => first == "dev",
        name if python::SERVERS.iter().any(|server| server.names.contains(&name)) => {
            has("--reload") || first == "dev"
        }
        _ => false,
    }
}

#[test]
fn commands_act() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("apt-get install -y nginx", "InstallsPackages"),
        ("cp x.service /etc/systemd/system/", "WritesUnits"),
        ("docker compose -f a.yml up -d", "StartsContainers"),
        ("docker compose restart web", "StartsContainers"),
        ("docker restart web", "StartsContainers"),
        ("compose up -d --remove-orphans", "StartsContainers"),
        ("rsync -az . deploy@host:/srv/app", "ShipsCode"),
        ("rsync -az deploy@host:/srv/dump .", ""),
        ("scp a.tar host:/srv", "ShipsCode"),
        ("kubectl apply -f x.yaml", "StartsContainers"),
        ("npm run dev", "ServesDevelopment"),
        ("npx vite --host", "ServesDevelopment"),
        ("vite build", "Builds"),
        ("granian app:app", "StartsServer"),
        ("granian --reload app:app", "ServesDevelopment"),
        ("mkdir -p /opt/shop", "PreparesDirectories"),
        ("mkdir -p /tmp/build", ""),
        ("rm -f /etc/nginx/sites-enabled/default", "ConfiguresProxy"),
        ("createdb shop", "CreatesDatabase"),
        ("systemctl status web", ""),
        ("echo systemctl restart web", ""),
    ] {
        let argv = argv(line);
        let acts = acts(&argv, &crate::tools::deed(&argv), &Place::Here);
        let shown: Vec<String> = acts.iter().map(|act| format!("{act:?}")).collect();
        assert_eq!(shown.join(" "), expected, "{line}");
    }
}
