//! What is around the scripts of a repo, read once: compose files, manifests, units, environment files, code.

use crate::finding::Gap;
use crate::project::dotenv::Dotenv;
use crate::project::files::Root;
use crate::project::inventory::Inventory;
use crate::project::names::is_sample_dotenv;
use crate::project::{architecture, compose, env, managers, manifest};
use crate::rules::context::Project;
use crate::source::Sources;

/// Reads what is around the scripts; the code as well where `code` says so, for that is the most by far.
pub(super) fn project(
    root: &Root,
    inventory: Inventory,
    code: bool,
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Project {
    let (composes, more) = compose::read_all(root, &inventory, sources);
    gaps.extend(more);
    let (architectures, more) = architecture::read_all(root, &inventory, sources);
    gaps.extend(more);
    let (mut needs, more) = manifest::read(root, &inventory, sources);
    gaps.extend(more);
    // Who has nothing to migrate and nothing to build has no code that is asked about either of them.
    let builds = manifest::scripts(&needs).any(|script| script.name == "build");
    if code && (builds || !needs.migrations.is_empty()) {
        needs.code = manifest::code::read(root, &inventory);
    }
    let mut unit_files = Vec::new();
    let mut unit_templates = Vec::new();
    let mut drop_ins = Vec::new();
    let lists = [
        (&inventory.units, &mut unit_files),
        (&inventory.unit_templates, &mut unit_templates),
        (&inventory.drop_ins, &mut drop_ins),
    ];
    for (paths, files) in lists {
        for path in paths {
            match root.read(path, sources) {
                Ok(file) => files.push((path.clone(), file)),
                Err(gap) => gaps.push(gap),
            }
        }
    }
    let (process_files, more) = managers::read_all(root, &inventory, sources);
    gaps.extend(more);
    let lists = [
        &inventory.scripts,
        &inventory.nginx,
        &inventory.ecosystem,
        &inventory.workflows,
        &inventory.dockerfiles,
        &inventory.architecture,
    ];
    // What cannot be read here says nothing; whoever needs the file itself reports it.
    let texts = lists
        .into_iter()
        .flatten()
        .filter_map(|path| Some((path.clone(), root.read(path, sources).ok()?)))
        .collect();
    let mut dotenvs = Vec::new();
    let mut env_uses = Vec::new();
    if code {
        for path in &inventory.dotenv {
            match root.read(path, sources) {
                Ok(file) => dotenvs.push((path.clone(), Dotenv::parse(sources, file))),
                Err(gap) => gaps.push(gap),
            }
        }
        let samples: Vec<&Dotenv> =
            dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path)).map(|(_, dotenv)| dotenv).collect();
        // Without a sample there is nothing that could show a variable.
        if !samples.is_empty() {
            let known = |name: &str| samples.iter().any(|sample| sample.mentions(name));
            let (uses, more) = env::read(root, &inventory, &known, sources);
            env_uses = uses;
            gaps.extend(more);
        }
    }
    let names = root.path().file_name().map(|n| n.to_string_lossy().into_owned()).into_iter().collect();
    Project {
        inventory,
        composes,
        architectures,
        needs,
        unit_files,
        unit_templates,
        drop_ins,
        process_files,
        texts,
        dotenvs,
        env_uses,
        names,
    }
}
