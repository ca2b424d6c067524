//! Managers of versions, which run a command with the version of its language that the project wants: nvm, fnm, volta, mise,
//! asdf, corepack, direnv. Options come from each `--help`.

use crate::shell::wrappers::Peeled;

impl Peeled {
    pub(super) fn version_manager(&mut self) -> bool {
        let verb = self.argv.literal(0).unwrap_or_default();
        match (self.argv.name.as_str(), verb) {
            ("nvm", "exec") => self.nvm(),
            ("fnm", "exec") => self.plain_from_second("fnm", "using: log-level: fnm-dir:"),
            ("volta", "run") => self
                .plain_from_second("volta", "node: npm: pnpm: yarn: bundled-npm no-npm no-pnpm no-yarn env:"),
            ("mise" | "rtx", "exec" | "x") => self.behind_dashes("mise", 1),
            ("asdf", "exec") => self.advance(1, "asdf"),
            ("direnv", "exec") => self.advance(2, "direnv"),
            ("corepack", verb) if ["npm", "pnpm", "yarn"].iter().any(|name| verb.starts_with(name)) => {
                self.advance(0, "corepack")
            }
            _ => false,
        }
    }

    /// Removes a wrapper whose first operand is a verb, and then come its options.
    fn plain_from_second(&mut self, name: &'static str, spec: &'static str) -> bool {
        let mut rest = self.argv.clone();
        rest.args.remove(0);
        let first = rest.leading_options(spec).first_operand;
        self.advance(first + 1, name)
    }

    /// Removes `nvm exec [--silent] [VERSION]`. Without a version, `.nvmrc` says it.
    fn nvm(&mut self) -> bool {
        let is_version = |text: &str| {
            text.starts_with("lts/")
                || text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
                || matches!(text, "node" | "default" | "stable" | "system")
        };
        let mut at = 1;
        while self.argv.args.get(at).is_some_and(|arg| arg.is_option()) {
            at += 1;
        }
        let has_version = self.argv.args.get(at).is_some_and(|arg| is_version(arg.value.known_prefix()));
        let is_open = self.argv.args.get(at).is_some_and(|arg| arg.value.as_literal().is_none());
        self.advance(at + usize::from(has_version || is_open), "nvm")
    }
}
