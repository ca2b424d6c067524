//! What keeps processes and containers running besides systemd, as far as somebody asks for that alone: pm2, supervisor,
//! docker, the tools of clusters.

use crate::shell::argv::{Arg, Argv, Options};

/// A process of pm2 that a command starts or restarts.
pub(crate) struct Pm2Start<'a> {
    /// A process file, a script, a command, or the name of a process.
    pub(crate) target: &'a Arg,
    /// What is handed to it.
    pub(crate) rest: Vec<&'a Arg>,
    options: Options<'a>,
}

impl Pm2Start<'_> {
    /// The value of an option: `name`, `only`, `interpreter`, `cwd`.
    pub(crate) fn option(&self, name: &str) -> Option<String> {
        self.options.value(name).map(ToString::to_string)
    }

    /// The account that it runs as.
    pub(crate) fn user(&self) -> Option<String> {
        self.option("uid").or_else(|| self.option("user"))
    }

    /// The target is a program's own text, and no command or name.
    pub(crate) fn is_script(&self) -> bool {
        let text = self.target.value.to_string();
        [".js", ".cjs", ".mjs", ".ts", ".py", ".sh"].iter().any(|end| text.ends_with(end))
    }
}

/// pm2 and pm2-runtime.
pub(crate) fn is_pm2(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "pm2" | "pm2-runtime")
}

/// What pm2 leaves running, its "Process management" page; `pm2-runtime` takes its target with or without `start`.
pub(crate) fn pm2_start(argv: &Argv) -> Option<Pm2Start<'_>> {
    const STARTS: [&str; 7] = [
        "start",
        "restart",
        "reload",
        "startOrRestart",
        "startOrReload",
        "startOrGracefulReload",
        "gracefulReload",
    ];
    if !is_pm2(argv) {
        return None;
    }
    let options = argv.options(
        "name|n: only: interpreter: cwd: env: instances|i: uid: user: namespace: max-memory-restart: \
         log|l: output|o: error|e: cron|c: watch time f|force no-daemon update-env",
    );
    let mut operands = options.operands.clone().into_iter();
    let first = operands.next()?;
    let target = match first.value.as_literal().is_some_and(|verb| STARTS.contains(&verb)) {
        true => operands.next()?,
        false if argv.name == "pm2-runtime" => first,
        false => return None,
    };
    Some(Pm2Start { target, rest: operands.collect(), options })
}

/// The words with which pm2 runs a script of package.json: `pm2 start npm -- start`.
pub(crate) fn pm2_package_script(argv: &Argv) -> bool {
    is_pm2(argv) && argv.args.iter().any(|arg| arg.value.as_literal().is_some_and(is_node_manager))
}

fn is_node_manager(name: &str) -> bool {
    crate::tools::packaging::PackageManager::called(name).is_some()
}

/// supervisord itself, which is told its settings.
pub(crate) fn is_supervisord(argv: &Argv) -> bool {
    argv.name == "supervisord"
}

/// Programs that keep a process running without a unit.
pub(crate) fn keeps_processes(name: &str) -> bool {
    matches!(name, "pm2" | "supervisorctl" | "supervisord" | "forever" | "screen" | "tmux" | "nohup")
}

/// A line of a text that drives services.
pub(crate) fn drives_services(line: &str) -> bool {
    line.contains("systemctl") || line.contains("service ")
}

/// A manager of processes or containers: what it runs is told of elsewhere.
pub(crate) fn is_manager(argv: &Argv) -> bool {
    ["docker", "podman", "pm2", "supervisor"].iter().any(|manager| argv.name.starts_with(manager))
}

/// It runs the app in containers, or drives what does: `docker run`, kubectl and its like. Of a package that it installs
/// alone is no concern of this.
pub(crate) fn runs_the_app(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "docker" | "podman" => argv.has_word("run"),
        "kubectl" | "helm" | "k3s" | "docker-compose" | "podman-compose" | "flyctl" => true,
        _ => false,
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
pub(crate) fn is_runtime(package: &str) -> bool {
    package.starts_with("docker")
}
