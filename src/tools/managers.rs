//! The programs besides systemd that keep processes and containers running: pm2, supervisor, docker, the tools of clusters.
//! This file only says which programs they are.

use crate::shell::argv::{Argv, name_of_program};
use crate::tools::containers::{is_compose, is_runtime};

/// Who keeps a process running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Manager {
    /// pm2, <https://pm2.keymetrics.io/docs/usage/application-declaration/>.
    Pm2,
    /// supervisord, <http://supervisord.org/configuration.html>.
    Supervisor,
}

impl Manager {
    /// All of them.
    pub(crate) const ALL: [Manager; 2] = [Manager::Pm2, Manager::Supervisor];

    /// Its name, as people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Manager::Pm2 => "pm2",
            Manager::Supervisor => "supervisor",
        }
    }

    /// The program that controls its processes.
    pub(crate) const fn control(self) -> &'static str {
        match self {
            Manager::Pm2 => "pm2",
            Manager::Supervisor => "supervisorctl",
        }
    }

    /// True for the unit that runs the manager itself.
    pub(crate) fn is_unit(self, unit: &str) -> bool {
        unit.starts_with(self.name())
    }

    /// The manager whose program is called, if the command tells it to start something.
    pub(crate) fn told_to_start(words: &[String]) -> Option<Manager> {
        let (program, rest) = words.split_first()?;
        let (manager, verbs): (Manager, &[&str]) = match name_of_program(program) {
            name if is_pm2(name) => (Manager::Pm2, &PM2_STARTS),
            "supervisorctl" => (Manager::Supervisor, &["start", "restart", "reload"]),
            _ => return None,
        };
        let starts = |word: &String| word == "update" || verbs.contains(&word.as_str());
        rest.iter().any(starts).then_some(manager)
    }
}

/// The verbs with which pm2 starts a process: `pm2 --help` of 7.0, and `gracefulReload` of older versions.
pub(super) const PM2_STARTS: [&str; 7] = [
    "start", "restart", "reload", "startOrRestart", "startOrReload", "startOrGracefulReload",
    "gracefulReload",
];

#[test]
fn a_manager_is_told_to_start() {
    for (line, manager) in [
        ("pm2 startOrGracefulReload ecosystem.config.js", Some(Manager::Pm2)),
        ("/usr/bin/pm2 --silent gracefulReload web", Some(Manager::Pm2)),
        ("pm2 update", Some(Manager::Pm2)),
        ("pm2 save", None),
        ("supervisorctl update", Some(Manager::Supervisor)),
        ("supervisorctl startOrReload web", None),
        ("systemctl restart web", None),
    ] {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(Manager::told_to_start(&words), manager, "{line}");
    }
}

/// True for the name of pm2, or of its edition for containers.
pub(crate) fn is_pm2(name: &str) -> bool {
    matches!(name, "pm2" | "pm2-runtime" | "pm2-docker")
}

/// True for supervisorctl.
pub(crate) fn controls_supervisor(argv: &Argv) -> bool {
    argv.name == Manager::Supervisor.control()
}

/// True for supervisord itself, which gets a settings file.
pub(crate) fn is_supervisord(argv: &Argv) -> bool {
    argv.name == "supervisord"
}

/// True for a program that keeps a process running without a unit.
pub(crate) fn keeps_processes(name: &str) -> bool {
    is_pm2(name) || matches!(name, "supervisorctl" | "supervisord" | "forever" | "screen" | "tmux" | "nohup")
}

/// True if a line of a text starts or stops services.
pub(crate) fn drives_services(line: &str) -> bool {
    line.contains("systemctl") || line.contains("service ")
}

/// True if a line that drives services applies the verb. `try-restart` starts nothing that does not run.
pub(crate) fn applies(line: &str, verb: &str) -> bool {
    match verb == "start" && line.contains("try-restart") {
        true => line.replace("try-restart", "").contains(verb),
        false => line.contains(verb),
    }
}

/// True for a manager of processes or containers. What it runs is read elsewhere.
pub(crate) fn is_manager(argv: &Argv) -> bool {
    is_pm2(&argv.name)
        || ["docker", "podman", "supervisor"].iter().any(|manager| argv.name.starts_with(manager))
}

/// True if the command runs the app in containers, or controls a program that does: `docker run`, kubectl and similar
/// tools. A package that is only installed does not count.
pub(crate) fn runs_the_app(argv: &Argv) -> bool {
    match argv.name.as_str() {
        name if is_runtime(name) => argv.has_word("run"),
        "kubectl" | "helm" | "k3s" | "flyctl" => true,
        name => is_compose(name),
    }
}

/// True if what runs is on other machines: the tools of clusters, `docker stack`.
pub(crate) fn drives_other_machines(name: &str, words: &[String]) -> bool {
    const CLUSTERS: [&str; 8] =
        ["kubectl", "helm", "ansible-playbook", "terraform", "nomad", "flyctl", "eb", "k3s"];
    CLUSTERS.contains(&name) || name == "docker" && words.iter().any(|word| word == "stack")
}

/// True if a unit's program runs containers.
pub(crate) fn is_runtime_program(program: &str) -> bool {
    program.contains("docker") || program.contains("podman")
}

/// True for a package that brings a container runtime.
pub(crate) fn is_runtime_package(package: &str) -> bool {
    package.starts_with("docker")
}
