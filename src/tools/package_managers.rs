//! The package managers of Node: their commands and options.

/// A package manager of Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PackageManager {
    /// npm, and the default if nothing names another one.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn.
    Yarn,
    /// Bun.
    Bun,
}

impl PackageManager {
    const ALL: [PackageManager; 4] =
        [PackageManager::Npm, PackageManager::Pnpm, PackageManager::Yarn, PackageManager::Bun];

    /// Its command.
    pub(crate) fn command(self) -> &'static str {
        match self {
            PackageManager::Npm => "npm",
            PackageManager::Pnpm => "pnpm",
            PackageManager::Yarn => "yarn",
            PackageManager::Bun => "bun",
        }
    }

    /// The manager that has this command.
    pub(crate) fn called(name: &str) -> Option<PackageManager> {
        PackageManager::ALL.into_iter().find(|manager| manager.command() == name)
    }

    /// Its options, as [`Argv::options`] reads them. npm's `-w` names a workspace; pnpm's is a flag for the root of the
    /// workspace (tried with npm 11, pnpm 9 and 12).
    pub(super) fn options(self) -> &'static str {
        macro_rules! with_common {
            ($own:literal) => {
                concat!(
                    $own,
                    " C|prefix|dir|cwd: F|filter: registry: cache: g|global omit: include: loglevel: production y|yes",
                    " location: only: userconfig: network-timeout: reporter: modules-folder: frozen-lockfile"
                )
            };
        }
        match self {
            PackageManager::Npm => with_common!("w|workspace:"),
            PackageManager::Pnpm => with_common!("w|workspace-root"),
            PackageManager::Yarn | PackageManager::Bun => with_common!(""),
        }
    }

    /// The command that installs exactly what the lockfile says.
    pub(crate) fn strict_install(self) -> &'static str {
        match self {
            PackageManager::Npm => "npm ci",
            PackageManager::Pnpm => "pnpm install --frozen-lockfile",
            PackageManager::Yarn => "yarn install --frozen-lockfile",
            PackageManager::Bun => "bun install --frozen-lockfile",
        }
    }
}
