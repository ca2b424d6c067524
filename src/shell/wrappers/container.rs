//! docker, podman and their compose: what `exec` and `run` run is in another place. Options and their arity
//! come from `--help`.

use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::{Peeled, Place, RunAs};

const CONTAINER_EXEC: &str = "d|detach i|interactive t|tty T|no-TTY privileged detach-keys: e|env: env-file: \
    u|user: w|workdir: index:";
const CONTAINER_RUN: &str = "a|attach: add-host: annotation: blkio-weight: cap-add: cap-drop: cgroup-parent: \
    cidfile: c|cpu-shares: cpus: cpuset-cpus: d|detach detach-keys: device: dns: domainname: entrypoint: e|env: \
    env-file: expose: gpus: group-add: health-cmd: health-interval: health-retries: health-timeout: h|hostname: init \
    i|interactive ip: ip6: ipc: isolation: l|label: label-file: link: log-driver: log-opt: mac-address: m|memory: \
    memory-reservation: memory-swap: mount: name: net: network: network-alias: no-healthcheck oom-kill-disable \
    pid: pids-limit: platform: privileged p|publish: P|publish-all pull: q|quiet read-only restart: rm runtime: \
    security-opt: shm-size: stop-signal: stop-timeout: storage-opt: sysctl: tmpfs: t|tty ulimit: u|user: userns: \
    v|volume: volume-driver: volumes-from: w|workdir: T|no-TTY no-deps service-ports build use-aliases \
    remove-orphans";
const COMPOSE: &str = "f|file: p|project-name: env-file: profile: project-directory: ansi: parallel: progress: \
    compatibility dry-run verbose H|host: context: c l|log-level: D|debug";

impl Peeled {
    pub(super) fn container(&mut self) -> bool {
        let global = self.argv.leading_options("H|host: c|context: D|debug l|log-level: config:");
        let at = global.first_operand;
        let word = |i: usize| self.argv.literal(i).unwrap_or_default().to_owned();
        let (first, second) = (word(at), word(at + 1));
        match (first.as_str(), second.as_str()) {
            ("exec", _) => self.container_exec(at + 1, CONTAINER_EXEC),
            ("container", "exec") => self.container_exec(at + 2, CONTAINER_EXEC),
            ("run", _) => self.container_run(at + 1),
            ("container", "run") => self.container_run(at + 2),
            ("compose", _) => self.compose(at + 1),
            _ => false,
        }
    }

    pub(super) fn compose(&mut self, at: usize) -> bool {
        let Some(rest) = self.tail(at) else { return false };
        let sub = at + rest.leading_options(COMPOSE).first_operand;
        match self.argv.literal(sub) {
            Some("exec") => self.container_exec(sub + 1, CONTAINER_EXEC),
            Some("run") => self.container_run(sub + 1),
            _ => false,
        }
    }

    pub(super) fn container_exec(&mut self, at: usize, spec: &'static str) -> bool {
        let Some(rest) = self.tail(at) else { return false };
        let options = rest.leading_options(spec);
        let Some(name) = options.operands.first() else { return false };
        self.enter_container(name.value.clone(), options.value("u").cloned(), options.value("w").cloned());
        self.advance(at + options.first_operand + 1, "exec")
    }

    pub(super) fn container_run(&mut self, at: usize) -> bool {
        let Some(rest) = self.tail(at) else { return false };
        let options = rest.leading_options(CONTAINER_RUN);
        let Some(image) = options.operands.first() else { return false };
        if options.operands.len() < 2 {
            return false;
        }
        let outer = self.argv.clone();
        self.enter_container(image.value.clone(), options.value("u").cloned(), options.value("w").cloned());
        if self.advance(at + options.first_operand + 1, "run") {
            self.outer = Some(Box::new(outer));
            return true;
        }
        false
    }

    pub(super) fn enter_container(&mut self, name: Value, user: Option<Value>, directory: Option<Value>) {
        self.place = Some(Place::Container(name));
        self.user = Some(user.map_or(RunAs::Unknown, RunAs::User));
        self.clean_environment = true;
        self.argv.cwd = directory.unwrap_or_else(|| Value::hole("WORKDIR", 0, Knowledge::Symbolic));
    }
}
