//! What a line of shell does to a server, by its first words.

use crate::project::discover::Reason;

/// What a deploy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Files below a directory that systemd reads units from.
    WritesUnits,
    /// `apt-get install` and the like.
    InstallsPackages,
    /// `useradd` and the like.
    CreatesUsers,
    /// `systemctl restart`, `pm2 reload`, `supervisorctl restart`.
    ControlsServices,
    /// `alembic upgrade head` and the like.
    Migrates,
    /// `docker compose up`, `kubectl apply`.
    StartsContainers,
    /// `pip install`, `npm ci`.
    InstallsDependencies,
    /// Below `/etc/nginx`, certificates.
    ConfiguresProxy,
    /// `rsync` and `scp` to another host.
    ShipsCode,
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
    /// `gunicorn`, `nohup node`.
    StartsServer,
    /// `npm run dev`, `uvicorn --reload`: this is no deploy.
    ServesDevelopment,
}

impl Act {
    /// How much it says that the script deploys: 5 is done by nothing else, 1 by much else too.
    pub fn weight(self) -> u32 {
        match self {
            Act::WritesUnits => 5,
            Act::InstallsPackages
            | Act::CreatesUsers
            | Act::ControlsServices
            | Act::Migrates
            | Act::ShipsCode
            | Act::StartsContainers => 3,
            Act::InstallsDependencies | Act::ConfiguresProxy | Act::FetchesCode | Act::CreatesDatabase => 2,
            Act::Builds | Act::PreparesDirectories | Act::ConfiguresHost | Act::StartsServer => 1,
            Act::ServesDevelopment => 0,
        }
    }

    pub(super) fn phrase(self) -> &'static str {
        match self {
            Act::WritesUnits => "writes units",
            Act::InstallsPackages => "installs packages",
            Act::CreatesUsers => "creates users",
            Act::ControlsServices => "restarts services",
            Act::Migrates => "migrates the database",
            Act::StartsContainers => "starts containers",
            Act::InstallsDependencies => "installs dependencies",
            Act::ConfiguresProxy => "configures the web server",
            Act::ShipsCode => "copies to a server",
            Act::FetchesCode => "fetches the code",
            Act::CreatesDatabase => "creates a database",
            Act::Builds => "builds",
            Act::PreparesDirectories => "prepares directories",
            Act::ConfiguresHost => "configures the host",
            Act::StartsServer => "starts a server",
            Act::ServesDevelopment => "serves development",
        }
    }
}

/// Every act of a text once, at its first line.
pub(super) fn of_text(text: &str) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut heredoc: Option<&str> = None;
    let mut continued = false;
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if let Some(end) = heredoc {
            if line == end {
                heredoc = None;
            }
            continue;
        }
        // The words of a message may run over lines.
        let skip = continued && is_message(raw) || line.starts_with('#');
        continued = line.ends_with('\\');
        if line.is_empty() || skip {
            continue;
        }
        let mut note = |act: Act| {
            if reasons.iter().all(|r| r.act != act) {
                reasons.push(Reason { act, line: index as u32 + 1 });
            }
        };
        of_files(line, &mut note);
        if !is_message(line) {
            if line.split_whitespace().any(is_place_on_host) {
                note(Act::ShipsCode);
            }
            for command in line.split(['&', '|', ';', '(', ')', '{', '}', '`']) {
                of_command(command, &mut note);
            }
        }
        heredoc = opened(line);
    }
    reasons
}

/// `deploy@host:/srv/app`, `${USER}@$HOST:$DIR/`, as rsync(1) and scp(1) take it; no URL, no repository of git.
fn is_place_on_host(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    if word.contains("://") || word.contains("@sha256:") || word.starts_with("git@") || word.contains('=') {
        return false;
    }
    let Some((_, host)) = word.split_once('@') else { return false };
    let Some((host, path)) = host.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains('/') && path.starts_with(['/', '$', '~', '.'])
}

/// A line that only says something.
fn is_message(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    matches!(first, "echo" | "printf" | "print" | "log" | "info" | "warn" | "error" | "success" | "step")
        || first.starts_with("log_")
        || first.starts_with("print_")
}

/// The word that ends the heredoc which `line` opens, unless a shell reads it.
fn opened(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("<<")?;
    let word = after.strip_prefix('<').map_or(after, |_| "");
    let word = word.trim_start_matches(['-', ' ', '\'', '"', '\\']);
    let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
    let shell = before
        .split_whitespace()
        .map(base)
        .any(|w| matches!(w, "bash" | "sh" | "su" | "ssh" | "zsh" | "dash"));
    (end > 0 && !shell).then(|| &word[..end])
}

fn base(word: &str) -> &str {
    crate::repo::names::base(word.trim_matches(['"', '\'']))
}

/// Files that the line names together with something that writes.
fn of_files(line: &str, note: &mut impl FnMut(Act)) {
    let writes = line.contains('>')
        || line
            .split_whitespace()
            .any(|w| matches!(base(w), "tee" | "cp" | "install" | "ln" | "mv" | "rsync" | "sed"));
    let units = ["/systemd/system/", "/systemd/system\"", "/systemd/user/"];
    let assigns = line
        .split('=')
        .next()
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    if units.iter().any(|dir| line.contains(dir)) && (writes || assigns) {
        note(Act::WritesUnits);
    }
    if line.contains("/etc/cron.d/") && (writes || assigns) {
        note(Act::ConfiguresHost);
    }
    if line.contains("/etc/nginx/") && writes {
        note(Act::ConfiguresProxy);
    }
}

/// Words before the program itself.
fn is_wrapper(word: &str) -> bool {
    matches!(
        word,
        "sudo"
            | "if"
            | "then"
            | "else"
            | "elif"
            | "do"
            | "while"
            | "until"
            | "!"
            | "exec"
            | "nohup"
            | "time"
            | "env"
            | "nice"
            | "timeout"
            | "command"
            | "eval"
            | "npx"
            | "bunx"
            | "retry"
            | "doas"
            | "runuser"
            | "bundle"
            | "su"
            | "-"
            | "ssh"
            | "bash"
            | "sh"
            | "-c"
            | "-lc"
            | "-H"
            | "-E"
            | "-i"
            | "-n"
            | "-y"
            | "--"
    ) || word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn of_command(command: &str, note: &mut impl FnMut(Act)) {
    let clean = |word: &'_ str| -> String { word.trim_matches(['"', '\'', '\\']).to_owned() };
    let words: Vec<String> = command.split_whitespace().map(clean).filter(|w| !w.is_empty()).collect();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        // `sudo -u app`, `ssh -i key host`: the option's value is no program.
        let takes_value = matches!(word, "-u" | "-g" | "-p" | "--user") && at > 0;
        let host = word.contains('@') || at > 0 && words[at - 1] == "ssh" && !word.starts_with('-');
        if takes_value {
            at += 2;
        } else if is_wrapper(base(word)) && base(word) != "install"
            || host
            || word.starts_with('$') && !word.contains('/')
        {
            at += 1;
        } else {
            break;
        }
    }
    let mut rest = words[at.min(words.len())..].iter().map(String::as_str);
    let Some(program) = rest.next().map(base) else {
        return;
    };
    let args: Vec<&str> = rest.collect();
    // `$COMPOSE up -d`: the variable holds the program.
    let behind_variable = at > 0 && words[at - 1].starts_with('$');
    let detached = args.iter().any(|a| matches!(*a, "-d" | "--detach" | "--build"));
    if program == "up" && behind_variable && detached {
        note(Act::StartsContainers);
    } else if let Some(act) = act_of(program, &args) {
        note(act);
    }
}

fn act_of(program: &str, args: &[&str]) -> Option<Act> {
    let has = |word: &str| args.contains(&word);
    let plain = |n: usize| args.iter().filter(|a| !a.starts_with('-')).nth(n).copied();
    let first = plain(0).unwrap_or_default();
    let second = plain(1).unwrap_or_default();
    let app_path = || {
        let above = ["/opt", "/srv", "/var", "/etc", "$APP", "${APP", "/home"];
        args.iter().any(|a| above.iter().any(|dir| a.starts_with(dir)))
    };
    let act = match program {
        "apt-get" | "apt" | "yum" | "dnf" | "zypper" | "apk" | "aptitude" if has("install") || has("add") => {
            Act::InstallsPackages
        }
        "pacman" if args.iter().any(|a| a.starts_with("-S")) => Act::InstallsPackages,
        "useradd" | "adduser" | "groupadd" | "addgroup" => Act::CreatesUsers,
        "systemctl"
            if ["restart", "start", "enable", "reload", "daemon-reload", "reload-or-restart"]
                .iter()
                .any(|v| has(v)) =>
        {
            Act::ControlsServices
        }
        "service" if matches!(second, "restart" | "start" | "reload") => Act::ControlsServices,
        "pm2"
            if matches!(
                first,
                "start" | "restart" | "reload" | "startOrReload" | "startOrRestart" | "startup" | "save"
            ) =>
        {
            Act::ControlsServices
        }
        "supervisorctl" if matches!(first, "restart" | "start" | "update" | "reread" | "reload") => {
            Act::ControlsServices
        }
        "pip" | "pip3" | "pipenv" | "poetry" | "uv" | "pipx" if has("install") || has("sync") => {
            Act::InstallsDependencies
        }
        "npm" | "pnpm" | "yarn" | "bun" => return node(program, args, first, second),
        "composer" | "bundle" if has("install") => Act::InstallsDependencies,
        "alembic" if has("upgrade") => Act::Migrates,
        "flask" if first == "db" && second == "upgrade" => Act::Migrates,
        "flask" if has("run") && !has("--host=0.0.0.0") => Act::ServesDevelopment,
        "python" | "python3" | "manage.py" | "django-admin" => return python(args),
        "prisma" if has("deploy") || has("push") => Act::Migrates,
        "knex" | "sequelize" | "sequelize-cli" | "drizzle-kit" | "typeorm" | "aerich"
            if args.iter().any(|a| a.contains("migrat") || matches!(*a, "upgrade" | "push")) =>
        {
            Act::Migrates
        }
        "rails" | "rake" if args.iter().any(|a| a.starts_with("db:migrate")) => Act::Migrates,
        "php" | "artisan" if has("migrate") => Act::Migrates,
        "docker" | "docker-compose" | "podman" | "podman-compose" => {
            return container(program, args);
        }
        "kubectl" if has("apply") => Act::StartsContainers,
        "helm" if has("upgrade") => Act::StartsContainers,
        "nginx" if has("-s") && has("reload") => Act::ControlsServices,
        "nginx" | "certbot" | "a2ensite" => Act::ConfiguresProxy,
        "git" if has("pull") || has("clone") || has("reset") => Act::FetchesCode,
        "rsync" | "scp" => Act::FetchesCode,
        "createdb" | "createuser" => Act::CreatesDatabase,
        "psql" | "mysql" if args.iter().any(|a| a.eq_ignore_ascii_case("create")) => Act::CreatesDatabase,
        "vite" | "tsc" | "webpack" if has("build") => Act::Builds,
        "chown" | "mkdir" | "chmod" if app_path() => Act::PreparesDirectories,
        "crontab" | "ufw" | "iptables" | "ip6tables" | "nft" | "firewall-cmd" | "timedatectl"
        | "hostnamectl" | "sysctl" | "loginctl" => Act::ConfiguresHost,
        "uvicorn" | "gunicorn" | "fastapi" if has("--reload") || has("dev") => Act::ServesDevelopment,
        "uvicorn" | "gunicorn" | "daphne" | "hypercorn" | "celery" | "node" => Act::StartsServer,
        "nodemon" | "vite" => Act::ServesDevelopment,
        "next" if has("dev") => Act::ServesDevelopment,
        _ => return None,
    };
    Some(act)
}

fn node(program: &str, args: &[&str], first: &str, second: &str) -> Option<Act> {
    let script = if first == "run" { second } else { first };
    if script == "dev" || script == "serve" {
        return Some(Act::ServesDevelopment);
    }
    if script.starts_with("build") {
        return Some(Act::Builds);
    }
    if script.contains("migrate") || script.starts_with("db:") {
        return Some(Act::Migrates);
    }
    let installs = matches!(first, "ci" | "install" | "i" | "add") || program == "yarn" && args.is_empty();
    installs.then_some(Act::InstallsDependencies)
}

fn python(args: &[&str]) -> Option<Act> {
    let has = |word: &str| args.contains(&word);
    if has("migrate") {
        Some(Act::Migrates)
    } else if has("pip") && has("install") {
        Some(Act::InstallsDependencies)
    } else if has("collectstatic") {
        Some(Act::Builds)
    } else if has("runserver") {
        Some(Act::ServesDevelopment)
    } else if has("alembic") && has("upgrade") {
        Some(Act::Migrates)
    } else {
        None
    }
}

fn container(program: &str, args: &[&str]) -> Option<Act> {
    let has = |word: &str| args.contains(&word);
    let compose = program.ends_with("compose") || has("compose");
    if compose && (has("up") || has("restart")) || has("stack") && has("deploy") || has("run") && has("-d") {
        Some(Act::StartsContainers)
    } else if has("build") {
        Some(Act::Builds)
    } else {
        None
    }
}
