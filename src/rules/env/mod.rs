//! The family `env`: do code, samples and deployment agree on environment variables?

mod passing;

use crate::facts::world::World;
use crate::project::dotenv::Dotenv;
use crate::repo::names::is_sample_dotenv;

include!(concat!(env!("OUT_DIR"), "/rules_env.rs"));

/// The samples of environment files, by path.
fn samples<'c>(context: &'c World<'_, '_>) -> Vec<(&'c str, &'c Dotenv)> {
    let files = context.project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path));
    files.map(|(path, dotenv)| (path.as_str(), dotenv)).collect()
}
