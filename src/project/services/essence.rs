//! What a command line comes down to: the program behind `sh -c`, `env`, `python -m` and `uv run`, and its role.

use crate::project::compose::with_defaults;
use crate::project::unit::{Exec, split_words};
use crate::repo::names::base;

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Answers requests.
    App,
    /// Serves pages.
    Frontend,
    /// Takes jobs from a queue.
    Worker,
    /// Starts jobs by the clock.
    Scheduler,
    /// Passes requests on.
    Proxy,
}

/// Servers of Python applications: one takes the other's place.
const PYTHON_SERVERS: &[&str] =
    &["gunicorn", "uvicorn", "daphne", "hypercorn", "waitress-serve", "uwsgi", "granian"];

/// The words that matter, and what they make of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Essence {
    /// The program's name, without directories.
    pub(super) program: String,
    /// Its arguments.
    pub(super) args: Vec<String>,
    /// Its role, where the program tells.
    pub(super) role: Option<Role>,
}

impl Essence {
    /// The program, or the family of those that take each other's place.
    pub(super) fn family(&self) -> &str {
        match self.program.as_str() {
            program if PYTHON_SERVERS.contains(&program) => "python server",
            "node" | "npm" | "yarn" | "pnpm" | "next" | "bun" | "deno" => "node",
            program => program,
        }
    }

    /// What is served or run: `shop.wsgi:application`, `server.js`, `app.main`.
    pub(super) fn module(&self) -> Option<&str> {
        let module = |word: &&String| match self.family() {
            "python server" => is_entry(word) || word.ends_with(".wsgi") || word.ends_with(".asgi"),
            "node" => [".js", ".mjs", ".ts", ".cjs"].iter().any(|end| word.ends_with(end)),
            "python" => !word.starts_with('-'),
            _ => false,
        };
        self.args.iter().find(module).map(String::as_str)
    }
}

/// `package.module:name` or `package.module:make()`: no address (`localhost:8000`), no socket (`unix:web.sock`).
fn is_entry(word: &str) -> bool {
    let names = |text: &str, more: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
    };
    let entry = word.split_once(':').filter(|(module, _)| !matches!(*module, "unix" | "egg" | "tcp" | "fd"));
    entry.is_some_and(|(module, name)| {
        names(module, ".") && names(name.split_once('(').map_or(name, |(name, _)| name), ".")
    })
}

/// The essence of a command as Compose or a unit writes it.
pub(super) fn of_command(command: &str) -> Essence {
    of_words(split_words(&with_defaults(command)), 0)
}

/// The essence of a unit's command.
pub(super) fn of_exec(exec: &Exec) -> Essence {
    let words = std::iter::once(&exec.program).chain(&exec.args);
    of_words(words.cloned().collect(), 0)
}

/// The essence of a command by its words.
pub(super) fn of_argv(words: &[String]) -> Essence {
    of_words(words.to_vec(), 0)
}

fn of_words(words: Vec<String>, depth: u8) -> Essence {
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let name = base(&word);
        match name {
            "sh" | "bash" | "dash" | "ash" => {
                let script = words.find(|w| !w.starts_with('-'));
                return script.map_or_else(Essence::default, |script| of_script(&script, depth));
            }
            "env" | "exec" | "nohup" | "setsid" | "nice" | "sudo" | "tini" | "dumb-init" | "--" | "npx"
            | "bunx" | "xvfb-run" => {}
            "uv" | "poetry" | "pipenv" | "rye" | "pdm" | "hatch" => {
                words.next_if(|w| w == "run");
                while words.next_if(|w| w.starts_with('-')).is_some() {}
            }
            "bundle" => {
                words.next_if(|w| w == "exec");
            }
            _ if word
                .split_once('=')
                .is_some_and(|(n, _)| n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) => {}
            _ if name.starts_with("python") => {
                let rest: Vec<String> = words.filter(|w| w != "-u").collect();
                return match rest.split_first() {
                    Some((m, rest)) if m == "-m" && !rest.is_empty() => of_words(rest.to_vec(), depth),
                    _ => with_role("python".to_owned(), rest),
                };
            }
            _ => return with_role(name.to_owned(), words.collect()),
        }
    }
    Essence::default()
}

/// What `sh -c` ends in: the commands before it prepare.
fn of_script(script: &str, depth: u8) -> Essence {
    // `&&` is two separators with nothing in between.
    let mut parts = script.split(['&', ';', '\n']).map(str::trim);
    match parts.rfind(|part| !part.is_empty()) {
        Some(last) if depth < 4 => of_words(split_words(last), depth + 1),
        _ => Essence::default(),
    }
}

fn with_role(program: String, args: Vec<String>) -> Essence {
    let has = |word: &str| args.iter().any(|a| a == word);
    let role = match program.as_str() {
        "celery" if has("beat") => Some(Role::Scheduler),
        "celery" if has("worker") => Some(Role::Worker),
        "rq" | "rqworker" | "dramatiq" | "huey_consumer" | "sidekiq" | "arq" | "saq" => Some(Role::Worker),
        "python" if has("runserver") => Some(Role::App),
        "python" if has("rqworker") || has("qcluster") || has("db_worker") || has("process_tasks") => {
            Some(Role::Worker)
        }
        "php" | "artisan" if has("queue:work") || has("horizon") => Some(Role::Worker),
        "php" | "artisan" if has("schedule:work") => Some(Role::Scheduler),
        "php-fpm" | "puma" | "unicorn" | "rails" | "fastapi" | "flask" => Some(Role::App),
        "next" | "serve" | "vite" | "nuxt" => Some(Role::Frontend),
        "nginx" | "caddy" | "traefik" | "haproxy" | "httpd" | "apache2" => Some(Role::Proxy),
        program if PYTHON_SERVERS.contains(&program) => Some(Role::App),
        _ => None,
    };
    Essence { program, args, role }
}

/// The services that the unit's `docker compose up` names; empty for all. `None` when it does no such thing.
pub(super) fn compose_up(execs: &[Exec]) -> Option<Vec<String>> {
    execs.iter().find_map(|exec| {
        let words: Vec<String> =
            std::iter::once(&exec.program).chain(&exec.args).flat_map(|word| split_words(word)).collect();
        up_of(&words)
    })
}

/// The same of a command's words.
pub(super) fn up_of(words: &[String]) -> Option<Vec<String>> {
    let at = words
        .iter()
        .position(|w| matches!(base(w), "docker" | "docker-compose" | "podman" | "podman-compose"))?;
    let dashed = base(&words[at]).ends_with("compose");
    let rest = &words[at + 1..];
    if !dashed && rest.first().map(String::as_str) != Some("compose") {
        return None;
    }
    let up = rest.iter().position(|w| w == "up")?;
    let mut names = Vec::new();
    let mut after = rest[up + 1..].iter();
    while let Some(word) = after.next() {
        match word.as_str() {
            "&&" | ";" | "||" | "|" => break,
            "--scale" | "--timeout" | "-t" | "--wait-timeout" | "--pull" => {
                after.next();
            }
            word if word.starts_with(['-', '>', '2', '&']) => {}
            word => names.push(word.to_owned()),
        }
    }
    Some(names)
}

/// The name and the image's name of `docker run -d`.
pub(super) fn run_of(words: &[String]) -> Vec<String> {
    let Some(at) = words.iter().position(|w| matches!(base(w), "docker" | "podman")) else {
        return Vec::new();
    };
    let rest = &words[at + 1..];
    if rest.first().map(String::as_str) != Some("run") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut after = rest[1..].iter();
    while let Some(word) = after.next() {
        if let Some(name) = word.strip_prefix("--name=") {
            found.push(name.to_owned());
        } else if word == "--name" {
            found.extend(after.next().cloned());
        } else if matches!(
            word.as_str(),
            "-p" | "-v"
                | "-e"
                | "--restart"
                | "--network"
                | "--net"
                | "--env-file"
                | "-m"
                | "-u"
                | "-w"
                | "-h"
                | "--memory"
                | "--volume"
                | "--publish"
                | "--env"
                | "--add-host"
                | "--cpus"
                | "--user"
                | "--mount"
                | "-l"
                | "--label"
                | "--entrypoint"
                | "--log-opt"
                | "--log-driver"
                | "--hostname"
                | "--shm-size"
        ) {
            after.next();
        } else if !word.starts_with('-') {
            let image = with_defaults(word);
            let name = base(image.split('@').next().unwrap_or_default());
            found.extend(name.split(':').next().map(str::to_owned));
            break;
        }
    }
    found
}
