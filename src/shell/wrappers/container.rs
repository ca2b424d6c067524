//! docker, podman and their compose: what `exec` and `run` run is in another place. Options and their arity
//! come from `--help`.

use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::{Peeled, Place, RunAs};

/// docker-exec(1) and `docker compose exec`.
const EXEC: &str = "d|detach i|interactive t|tty T|no-TTY privileged detach-keys: e|env: env-file: \
    u|user: w|workdir: index:";
/// The options of docker-run(1), podman-run(1) and `docker compose run`: the `--help` of docker 28 and podman 4.3.
pub(crate) const RUN: &str = "a|attach: c|cpu-shares: d|detach e|env: h|hostname: i|interactive l|label: m|memory: P|publish-all \
    p|publish: q|quiet T|no-TTY t|tty u|user: v|volume: w|workdir: add-host: annotation: arch: authfile: \
    blkio-weight-device: blkio-weight: build cap-add: cap-drop: cgroup-conf: cgroup-parent: cgroupns: \
    cgroups: chrootdirs: cidfile: conmon-pidfile: cpu-count: cpu-percent: cpu-period: cpu-quota: \
    cpu-rt-period: cpu-rt-runtime: cpus: cpuset-cpus: cpuset-mems: detach-keys: device-cgroup-rule: \
    device-read-bps: device-read-iops: device-write-bps: device-write-iops: device: dns-opt: dns-option: \
    dns-search: dns: domainname: entrypoint: env-file: env-merge: expose: gidmap: gpus: group-add: \
    health-cmd: health-interval: health-on-failure: health-retries: health-start-interval: \
    health-start-period: health-timeout: hostuser: image-volume: init init-path: io-maxbandwidth: \
    io-maxiops: ip6: ip: ipc: isolation: kernel-memory: label-file: link-local-ip: link: log-driver: \
    log-opt: mac-address: memory-reservation: memory-swap: memory-swappiness: mount: name: net: \
    network-alias: network: no-deps no-healthcheck oom-kill-disable oom-score-adj: os: passwd-entry: \
    personality: pid: pidfile: pids-limit: platform: pod-id-file: pod: preserve-fds: privileged pull: \
    read-only remove-orphans replace requires: restart: rm runtime: sdnotify: seccomp-policy: secret: \
    security-opt: service-ports shm-size: stop-signal: stop-timeout: storage-opt: subgidname: \
    subuidname: sysctl: systemd: timeout: tmpfs: tz: uidmap: ulimit: umask: unsetenv: use-aliases \
    userns: uts: variant: volume-driver: volumes-from:";
/// docker-compose(1) 1.29 and `docker compose`, in front of the verb.
pub(crate) const COMPOSE: &str = "f|file: p|project-name: env-file: profile: project-directory: ansi: parallel: progress: \
    compatibility dry-run verbose H|host: c|context: l|log-level: D|debug tls tlscacert: tlscert: tlskey:";
/// docker(1) and podman(1), in front of the object.
pub(crate) const GLOBAL: &str = "H|host: c|context|connection: D|debug l|log-level: config: tls tlsverify tlscacert: \
    tlscert: tlskey: cgroup-manager: conmon: events-backend: hooks-dir: identity: namespace: network-config-dir: \
    r|remote root: runroot: runtime: runtime-flag: storage-driver: storage-opt: tmpdir: url: volumepath:";

impl Peeled {
    pub(super) fn container(&mut self) -> bool {
        let global = self.argv.leading_options(GLOBAL);
        let at = global.first_operand;
        let word = |i: usize| self.argv.literal(i).unwrap_or_default().to_owned();
        let (first, second) = (word(at), word(at + 1));
        match (first.as_str(), second.as_str()) {
            ("exec", _) => self.container_exec(at + 1, EXEC),
            ("container", "exec") => self.container_exec(at + 2, EXEC),
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
            Some("exec") => self.container_exec(sub + 1, EXEC),
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
        let options = rest.leading_options(RUN);
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
