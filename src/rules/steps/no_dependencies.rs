//! `steps/no-dependencies`: words the finding that nothing installs what is needed.

use crate::facts::needs::{Dependencies, Environment, Needed, Of};
use crate::facts::world::World;
use crate::project::manifest::NodePackage;
use crate::repo::names::base;
use crate::rules::draft::Draft;
use crate::rules::queries::{Lack, Wording};
use crate::rules::steps::done_elsewhere;
use crate::tools::packaging::PackageManager;
use crate::tools::work::Work;

pub(super) const WORDING: Wording = Wording::Missing(word);

fn word(context: &World<'_, '_>, lack: &Lack<'_, '_, '_>, draft: Draft) -> Draft {
    match &lack.needed {
        Some(Needed::Environment(environment)) => of_environment(context, lack, environment, draft),
        Some(Needed::Dependencies(dependencies)) => of_manifest(context, lack, dependencies, draft),
        _ => draft,
    }
}

fn of_environment(
    context: &World<'_, '_>,
    lack: &Lack<'_, '_, '_>,
    environment: &Environment<'_>,
    draft: Draft,
) -> Draft {
    let Environment { at, directory, manifest, said } = environment;
    let also = manifest
        .filter(|_| !lack.deploy.does(Work::PythonDependencies))
        .map(|file| format!(" or installs {}", context.sources.file(file).path()))
        .unwrap_or_default();
    let draft = draft
        .message(format!(
            "{} runs programs of `{directory}`, but no step creates that virtual environment{also}",
            at.name
        ))
        .help(format!(
            "create and fill it before the unit starts: `python3 -m venv {directory}`, `{directory}/bin/pip install -r requirements.txt`"
        ));
    let draft = done_elsewhere(lack.deploy, draft, Work::VirtualEnv, *said);
    match at.unit.exec_start().first() {
        Some(exec) => draft.related(exec.span, "this command needs it"),
        None => draft,
    }
}

fn of_manifest(
    context: &World<'_, '_>,
    lack: &Lack<'_, '_, '_>,
    needed: &Dependencies<'_>,
    draft: Draft,
) -> Draft {
    let path = context.sources.file(needed.file).path();
    let message = match needed.said {
        Some(_) => format!("{path} declares dependencies, but the script only prints how to install them"),
        None => format!("{path} declares dependencies, but no step installs them"),
    };
    let help = match (&needed.of, needed.work) {
        (Of::Python(lockfile), _) => {
            format!("run `{}` in the app's virtual environment", of_python(path, *lockfile))
        }
        (Of::Node(package, _), _) => format!("run `{}`", of_node(package)),
        (Of::Other, Work::RubyDependencies) => "run `bundle install --deployment`".to_owned(),
        (Of::Other, _) => "run `composer install --no-dev`".to_owned(),
    };
    done_elsewhere(lack.deploy, draft.message(message), needed.work, needed.said).help(help)
}

fn of_python(path: &str, lockfile: Option<&str>) -> String {
    match (lockfile.map(base), base(path)) {
        (_, name) if name.ends_with(".txt") => format!("pip install -r {path}"),
        (_, "Pipfile") => "pipenv sync".to_owned(),
        (Some("uv.lock"), _) => "uv sync --frozen".to_owned(),
        (Some("poetry.lock"), _) => "poetry install --only main".to_owned(),
        (Some("pdm.lock"), _) => "pdm sync --prod".to_owned(),
        _ => "pip install .".to_owned(),
    }
}

fn of_node(package: &NodePackage) -> String {
    let manager = package.manager.command();
    let from_lock = package.lockfile.is_some() && package.manager == PackageManager::Npm;
    let verb = if from_lock { "ci" } else { "install" };
    match package.directory.as_str() {
        "" => format!("{manager} {verb}"),
        directory => format!("(cd {directory} && {manager} {verb})"),
    }
}
