//! What keeps processes and containers running besides systemd, as far as somebody asks for that alone: supervisor,
//! docker, the tools of clusters.

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

    /// The one whose program it is, and that the command tells to start something.
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

/// The verbs with which pm2 starts what they name: `pm2 --help` of 7.0, and `gracefulReload` of older versions.
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

/// The name of pm2, or of its edition for containers.
pub(crate) fn is_pm2(name: &str) -> bool {
    matches!(name, "pm2" | "pm2-runtime" | "pm2-docker")
}

/// supervisord itself, which is told its settings.
pub(crate) fn is_supervisord(argv: &Argv) -> bool {
    argv.name == "supervisord"
}

/// Programs that keep a process running without a unit.
pub(crate) fn keeps_processes(name: &str) -> bool {
    is_pm2(name) || matches!(name, "supervisorctl" | "supervisord" | "forever" | "screen" | "tmux" | "nohup")
}

/// A line of a text that drives services.
pub(crate) fn drives_services(line: &str) -> bool {
    line.contains("systemctl") || line.contains("service ")
}

/// A manager of processes or containers: what it runs is told of elsewhere.
pub(crate) fn is_manager(argv: &Argv) -> bool {
    is_pm2(&argv.name)
        || ["docker", "podman", "supervisor"].iter().any(|manager| argv.name.starts_with(manager))
}

/// It runs the app in containers, or drives what does: `docker run`, kubectl and its like. Of a package that it installs
/// alone is no concern of this.
pub(crate) fn runs_the_app(argv: &Argv) -> bool {
    match argv.name.as_str() {
        name if is_runtime(name) => argv.has_word("run"),
        "kubectl" | "helm" | "k3s" | "flyctl" => true,
        name => is_compose(name),
    }
}

/// What runs is on other machines than this one: a cluster's tools, `docker stack`.
pub(crate) fn drives_other_machines(name: &str, words: &[String]) -> bool {
    const CLUSTERS: [&str; 8] =
        ["kubectl", "helm", "ansible-playbook", "terraform", "nomad", "flyctl", "eb", "k3s"];
    CLUSTERS.contains(&name) || name == "docker" && words.iter().any(|word| word == "stack")
}

/// A unit's program that runs containers.
pub(crate) fn is_runtime_program(program: &str) -> bool {
    program.contains("docker") || program.contains("podman")
}

/// A package that brings the runtime of containers.
pub(crate) fn is_runtime_package(package: &str) -> bool {
    package.starts_with("docker")
}
