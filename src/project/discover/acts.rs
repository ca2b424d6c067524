//! What the steps of a script do for a deploy, and how significant that is.

use crate::model::Deployment;
use crate::tools::acts::{Act, acts};
use std::collections::BTreeSet;

/// Every act of a script, each once.
pub(crate) fn of_script(script: &Deployment<'_>) -> BTreeSet<Act> {
    script.iter().flat_map(|(_, step)| acts(&step.argv, &step.deed, &step.place)).collect()
}

/// How strongly it shows that the script deploys: nothing else does 5, and many other scripts do 1.
pub(super) fn weight(act: Act) -> u32 {
    match act {
        Act::WritesUnits => 5,
        Act::InstallsPackages
        | Act::CreatesUsers
        | Act::ControlsServices
        | Act::Migrates
        | Act::ShipsCode
        | Act::StartsContainers
        | Act::CreatesDatabase => 3,
        Act::InstallsDependencies | Act::ConfiguresProxy | Act::FetchesCode => 2,
        Act::Builds | Act::PreparesDirectories | Act::ConfiguresHost | Act::StartsServer => 1,
        Act::ServesDevelopment => 0,
    }
}

/// The text for people.
pub(super) fn phrase(act: Act) -> &'static str {
    match act {
        Act::WritesUnits => "writes units",
        Act::InstallsPackages => "installs packages",
        Act::CreatesUsers => "creates users",
        Act::ControlsServices => "restarts services",
        Act::Migrates => "migrates the database",
        Act::StartsContainers => "starts containers",
        Act::InstallsDependencies => "installs dependencies",
        Act::ConfiguresProxy => "configures the web server",
        Act::ShipsCode => "copies to a server",
        Act::FetchesCode => "fetches the code",
        Act::CreatesDatabase => "creates a database",
        Act::Builds => "builds",
        Act::PreparesDirectories => "prepares directories",
        Act::ConfiguresHost => "configures the host",
        Act::StartsServer => "starts a server",
        Act::ServesDevelopment => "serves development",
    }
}
