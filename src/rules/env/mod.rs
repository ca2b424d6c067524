//! The family `env`: do code, samples and deployment agree on environment variables?

mod duplicate_key;
mod other_default;
mod sample_differs;
mod secret_in_git;
mod undocumented;
mod unset;
mod unused;

use crate::facts::world::World;
use crate::project::dotenv::Dotenv;
use crate::repo::names::is_sample_dotenv;
use crate::rules::Rule;

/// The rules of this family in Rust.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("env/undocumented", undocumented::undocumented),
    ("env/unset", unset::unset),
    ("env/unused", unused::unused),
    ("env/sample-differs", sample_differs::sample_differs),
    ("env/other-default", other_default::other_default),
    ("env/duplicate-key", duplicate_key::duplicate_key),
    ("env/secret-in-git", secret_in_git::secret_in_git),
];

/// The samples of environment files, by path.
fn samples<'c>(context: &'c World<'_, '_>) -> Vec<(&'c str, &'c Dotenv)> {
    let files = context.project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path));
    files.map(|(path, dotenv)| (path.as_str(), dotenv)).collect()
}
