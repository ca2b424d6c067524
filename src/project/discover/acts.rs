//! What the steps of a script do for a deploy, and how significant that is.

use crate::model::Deployment;
use crate::tools::acts::{Act, acts};
use std::collections::BTreeSet;

/// Every act of a script's own steps, each once. The model also follows what the script sources or runs. A file that it runs
/// is judged by itself: whoever only offers to run it in a menu does not deploy.
pub(crate) fn of_script(script: &Deployment<'_>) -> BTreeSet<Act> {
    let own = script.iter().map(|(_, step)| step).filter(|step| step.span.file == script.file);
    own.flat_map(|step| acts(&step.argv, &step.deed, &step.place)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Follow};
    use crate::source::{FileId, SourceFile, Sources};
    use bumpalo::Bump;

    struct One(FileId, &'static str);

    impl Follow for One {
        fn follow(&mut self, path: &str) -> Option<(FileId, String)> {
            (path == "run.sh").then(|| (self.0, self.1.to_owned()))
        }
    }

    #[test]
    fn an_act_belongs_to_the_line_and_to_the_file_of_its_step() {
        let (mut sources, arena) = (Sources::default(), Bump::new());
        let run = "systemctl restart web\n";
        let text = "#!/bin/bash\n# useradd app\napt-get install -y nginx\nbash ./run.sh\n";
        let file = sources.add(SourceFile::new("x.sh".to_owned(), text.into()).unwrap());
        let other = sources.add(SourceFile::new("run.sh".to_owned(), run.into()).unwrap());
        let script = model::build(&arena, file, "x.sh", text, &mut One(other, run));
        let mut found = Vec::new();
        for (_, step) in script.iter() {
            let place = (sources.file(step.span.file).path(), sources.line(step.span));
            found.extend(acts(&step.argv, &step.deed, &step.place).into_iter().map(|act| (place, act)));
        }
        let (installs, restarts) = (Act::InstallsPackages, Act::ControlsServices);
        assert_eq!(found, [(("x.sh", 3), installs), (("run.sh", 1), restarts)]);
        assert_eq!(of_script(&script), BTreeSet::from([installs]));
    }
}
