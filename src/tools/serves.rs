//! What a command line keeps running: its language, its role, where it listens, which code of the project it runs, and
//! whether it stays in the foreground. The files of the families describe the programs; this module asks them and judges
//! nothing.

pub(crate) mod served;
pub(crate) mod server;

pub(crate) use served::{Address, Gateway, Language, Left, PYTHON_SERVER, Serves, ServiceRole, Stays};
pub(crate) use server::Server;

use crate::shell::argv::{Argv, Stdin};
use crate::shell::line::{Command, commands, main};
use crate::shell::wrappers::{Place, RunAs};
use crate::tools::{containers, databases, languages, node, processes, python, runners, services, web};

impl Serves {
    /// A command of which only the words are known.
    pub(crate) fn unknown(argv: Argv) -> Serves {
        Serves {
            language: language_of_path(&argv),
            argv,
            role: None,
            entry: None,
            listens: None,
            stays: Stays::Unknown,
            notifies: None,
            runs_app: false,
            gateway: None,
            worker_class: None,
            configured: false,
        }
    }

    /// The program, or the family of programs that can replace each other.
    pub(crate) fn family(&self) -> &str {
        match self.language {
            Language::Python if server(&self.argv.name).is_some_and(|s| s.gateway.is_some()) => PYTHON_SERVER,
            Language::Node => "node",
            _ => &self.argv.name,
        }
    }

    /// A settings file that the server reads by itself, and a variable from which it takes options.
    pub(crate) fn reads(&self) -> Option<(&'static str, &'static str)> {
        server(&self.argv.name).and_then(|server| server.reads)
    }

    /// The words after the program.
    pub(crate) fn args(&self) -> Vec<String> {
        self.argv.args.iter().map(|arg| arg.value.to_string()).collect()
    }
}

/// What a command keeps running. Its wrappers are already removed.
pub(crate) fn serves(command: &Argv) -> Serves {
    let argv = runners::program(command);
    // What a project's own runner starts is a program of the project.
    let runner = runners::language(&command.name);
    let mut serves = of_program(argv.into_owned());
    if let Some(language) = runner {
        serves.runs_app = true;
        if serves.language == Language::Other {
            serves.language = language;
        }
    }
    serves
}

fn of_program(argv: Argv) -> Serves {
    if let Some(server) = server(&argv.name) {
        let mut serves = server.serves(argv);
        python::refine(&mut serves);
        return serves;
    }
    let of_family: [fn(&Argv) -> Option<Serves>; 7] = [
        python::serves,
        node::serves,
        languages::serves,
        containers::serves,
        processes::serves,
        services::serves,
        web::serves,
    ];
    of_family.iter().find_map(|ask| ask(&argv)).unwrap_or_else(|| Serves::unknown(argv))
}

/// True if the shell waits for a command until somebody stops it: a server in the foreground, or all containers of a project.
pub(crate) fn keeps_the_shell(argv: &Argv, wrappers: &[&str]) -> bool {
    let is_bounded =
        wrappers.iter().any(|name| matches!(*name, "timeout" | "systemd-run" | "screen" | "tmux"));
    let serves = serves(argv);
    match serves.stays {
        Stays::Foreground { .. } if is_bounded => false,
        Stays::Foreground { .. } if serves.language == Language::Container => {
            containers::projects::waits_for_all(argv)
        }
        Stays::Foreground { sure } => sure || serves.gateway.is_some() && !serves.configured,
        _ => false,
    }
}

/// True for a shell of another account that reads from where the script does: `su - app`, `sudo -i`.
pub(crate) fn opens_a_shell(argv: &Argv, wrappers: &[&str]) -> bool {
    let is_switch = matches!(argv.name.as_str(), "su" | "sudo");
    is_switch && wrappers.contains(&argv.name.as_str()) && argv.stdin == Stdin::Inherited
}

/// What a whole line keeps running: its main command. `None` for an empty line.
pub(crate) fn line_serves(words: &[String]) -> Option<Serves> {
    let commands = commands(words);
    let command = main(&commands)?;
    let mut serves = serves(command.argv());
    if let Some(Place::Container(_)) = command.peeled.place {
        // The program that went in there is what stays on this machine.
        serves = Serves {
            language: Language::Container,
            listens: None,
            stays: Stays::Unknown,
            runs_app: false,
            ..serves
        };
    }
    // `. venv/bin/activate && exec worker`
    if serves.language == Language::Other && commands.iter().any(activates) {
        serves.language = Language::Python;
    }
    Some(serves)
}

/// True if a line that root starts runs its main command as another account: by a wrapper (`runuser -u app`), or because
/// the server changes to one itself.
pub(crate) fn gives_root_up(words: &[String]) -> bool {
    let commands = commands(words);
    let Some(command) = main(&commands) else { return false };
    let by_wrapper = match &command.peeled.user {
        Some(RunAs::User(user)) => !matches!(user.as_literal(), Some("" | "root" | "0")),
        Some(RunAs::Unknown) | None => false,
    };
    let argv = runners::program(command.argv());
    by_wrapper || server(&argv.name).is_some_and(|server| server.gives_root_up(&argv))
}

/// True if it activates a Python environment.
fn activates(command: &Command) -> bool {
    let argv = command.argv();
    matches!(argv.name.as_str(), "source" | ".")
        && argv.args.first().is_some_and(|file| file.value.known_suffix().ends_with("/bin/activate"))
}

/// The language that a name mentions, word by word: for `celery-worker` it is Python.
pub(crate) fn language_of_name(name: &str) -> Language {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let known = words.map(|word| match word {
        "python" | "django" | "flask" | "fastapi" => Language::Python,
        "node" | "npm" | "nextjs" => Language::Node,
        "rails" | "ruby" => Language::Ruby,
        "php" | "laravel" | "artisan" => Language::Php,
        word if containers::is_runtime(word) => Language::Container,
        word => server(word).map_or(Language::Other, |server| server.language),
    });
    known.into_iter().find(|language| *language != Language::Other).unwrap_or(Language::Other)
}

/// What a program's path shows: it is in a Python environment, or is a script.
fn language_of_path(argv: &Argv) -> Language {
    let path = argv.program.value.to_string();
    let directory = path.strip_suffix(&argv.name).and_then(|rest| rest.strip_suffix("/bin/"));
    let environment = directory.and_then(|d| d.rsplit('/').next());
    let ending = argv.name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "ts" => Language::Node,
        "rb" => Language::Ruby,
        "php" => Language::Php,
        _ if environment.is_some_and(python::is_environment) => Language::Python,
        _ if path.contains("/node_modules/.bin/") => Language::Node,
        _ => Language::Other,
    }
}

/// True for the name of a server that runs an application.
pub(crate) fn serves_an_app(name: &str) -> bool {
    server(name).is_some_and(|server| server.gateway.is_some())
}

/// The server of that name.
pub(crate) fn server(name: &str) -> Option<&'static Server> {
    let families: [&'static [Server]; 5] =
        [python::SERVERS, node::SERVERS, languages::SERVERS, web::SERVERS, databases::SERVERS];
    families.into_iter().flatten().find(|server| server.names.contains(&name))
}

#[cfg(test)]
mod tests;
