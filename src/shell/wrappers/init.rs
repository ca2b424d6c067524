//! What precedes a program in images and services: an init (tini, dumb-init), a change of user (gosu,
//! su-exec, setpriv, chpst), a wait for a port (wait-for-it, dockerize), secrets that are put into the
//! environment (doppler). Options come from each `--help` or man page.

use crate::shell::wrappers::{Peeled, RunAs};

impl Peeled {
    pub(super) fn init(&mut self) -> bool {
        match self.argv.name.as_str() {
            "tini" | "tini-static" | "docker-init" => self.plain("tini", "p: e: s v w g h"),
            "dumb-init" => self.plain("dumb-init", "c|single-child r|rewrite: v|verbose"),
            "catatonit" => self.plain("catatonit", "g v P"),
            "gosu" | "su-exec" | "setuidgid" | "s6-setuidgid" => self.as_first("gosu"),
            "setpriv" => self.setpriv(),
            "chpst" => self.chpst(),
            "with-contenv" => self.plain("with-contenv", ""),
            "cross-env" | "cross-env-shell" => {
                let at = self.assignments(0);
                self.advance(at, "cross-env")
            }
            "taskset" => self.plain_after("taskset", "a|all-tasks c|cpu-list p|pid", 1),
            "systemd-cat" => self.plain("systemd-cat", "t|identifier: p|priority: stderr-priority: level-prefix:"),
            "wait-for-it" | "wait-for-it.sh" | "wait-for" | "wait-for.sh" => self.behind_dashes("wait-for-it", 0),
            // Go's flags have one dash.
            "dockerize" => self.plain(
                "dockerize",
                "-wait: -timeout: -wait-retry-interval: -wait-http-header: -template: -stdout: -stderr: -delims: -env: \
                 -env-section: -no-overwrite -poll -version",
            ),
            "doppler" | "infisical" | "op" if self.argv.literal(0) == Some("run") => self.behind_dashes("run", 1),
            "chamber" | "aws-vault" if self.argv.literal(0) == Some("exec") => self.behind_dashes("exec", 1),
            "dotenv" if self.argv.has_word("--") => self.behind_dashes("dotenv", 0),
            _ => false,
        }
    }

    /// Removes a wrapper to which everything up to `--` belongs.
    pub(super) fn behind_dashes(&mut self, name: &'static str, from: usize) -> bool {
        let own = self.argv.args.get(from..).unwrap_or_default();
        let at = own.iter().position(|arg| arg.value.as_literal() == Some("--"));
        at.is_some_and(|at| self.advance(from + at + 1, name))
    }

    /// Removes a wrapper like `gosu USER[:GROUP] COMMAND`.
    fn as_first(&mut self, name: &'static str) -> bool {
        let Some(user) = self.argv.args.first().map(|arg| arg.value.clone()) else { return false };
        let advanced = self.advance(1, name);
        if advanced {
            let user = user.split_once(':').map_or(user.clone(), |(user, _)| user);
            self.user = Some(RunAs::User(user));
        }
        advanced
    }

    /// Removes setpriv(1).
    fn setpriv(&mut self) -> bool {
        let options = self.argv.leading_options(
            "reuid: regid: ruid: euid: rgid: egid: groups: clear-groups keep-groups init-groups inh-caps: ambient-caps: \
             bounding-set: securebits: no-new-privs nnp pdeathsig: selinux-label: apparmor-profile: reset-env dump d",
        );
        let user = options.value("reuid").or_else(|| options.value("euid")).cloned();
        let first = options.first_operand;
        let advanced = self.advance(first, "setpriv");
        if let (true, Some(user)) = (advanced, user) {
            self.user = Some(RunAs::User(user));
        }
        advanced
    }

    /// Removes chpst(8) of runit.
    fn chpst(&mut self) -> bool {
        let options = self.argv.leading_options("u: U: b: e: /: C: n: l: L: m: d: o: p: f: c: t: v P 0 1 2");
        let user = options.value("u").cloned();
        let first = options.first_operand;
        let advanced = self.advance(first, "chpst");
        if let (true, Some(user)) = (advanced, user) {
            let user = user.split_once(':').map_or(user.clone(), |(user, _)| user);
            self.user = Some(RunAs::User(user));
        }
        advanced
    }
}
