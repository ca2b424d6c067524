//! Services compared with what runs on the server. The rules of this family and the matrix of `deploylint services`
//! both use it.

use crate::facts::deploy::Deploy;
use crate::facts::ground::Ground;
use crate::facts::parts::Origin;
use crate::facts::services::documents::Documents;
use crate::model::Deployment;
use crate::project::managers::Process;
use crate::project::services::{Counterpart, Links, Server, UnitInfo, link, product_units};
use crate::project::unit::UnitKind;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Resource, Role};
use crate::tools::managers::is_manager;
use crate::tools::web::PROXIES;
use crate::tools::work::Work;

/// What was compared, and which of it belongs together.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Units that were compared, by their index in the world. The indices of [`Links`] are indices of this
    /// list.
    pub(crate) units: Vec<usize>,
    /// Managed processes that were compared, by their index in the world.
    pub(crate) processes: Vec<usize>,
    /// What belongs together.
    pub(crate) links: Links,
    /// The place where the deploy installs its first unit or process. It is `None` if scripts install none; then the
    /// files of the repo that nobody installs were compared.
    pub(crate) own: Option<Span>,
    /// True if the deploy runs the app in containers.
    pub(crate) in_containers: bool,
    /// True if the scripts install the server's software: the one that installs units also installs packages, or one
    /// installs a service of the Compose files. Otherwise others may provide the databases.
    pub(crate) installs: bool,
    /// The settings of web servers that pass requests on; `None` if such a server's settings are not known.
    proxies: Option<Vec<String>>,
    /// True if the deploy migrates the database.
    pub(crate) migrates: bool,
    /// The architecture documents, compared with what runs.
    pub(crate) documents: Documents,
}

impl Compared {
    pub(crate) fn new(deploy: &Deploy<'_, '_, '_>) -> Compared {
        let world = deploy.world;
        let is_own = |origin: Origin| origin != Origin::InRepo;
        let own_units = world.units.iter().filter(|u| is_own(u.origin) && is_service(&u.name));
        let own_processes = world.processes.iter().filter(|p| is_own(p.origin));
        let own = own_units.map(|u| u.span).next().or_else(|| own_processes.map(|p| p.span).next());
        // If scripts install nothing, the files in the repo are compared, because people may install them by hand.
        let all = own.is_none();
        let units: Vec<usize> = (0..world.units.len())
            .filter(|at| {
                let unit = &world.units[*at];
                all || is_own(unit.origin) || deploy.is_started(&unit.name)
            })
            .collect();
        let processes: Vec<usize> =
            (0..world.processes.len()).filter(|at| all || is_own(world.processes[*at].origin)).collect();
        let (packages, started, programs) = on_server(world, deploy);
        let names = names(world);
        let infos: Vec<UnitInfo<'_>> = units
            .iter()
            .map(|at| &world.units[*at])
            .map(|at| UnitInfo { name: at.name.clone(), unit: &at.unit })
            .collect();
        let managed: Vec<&Process> = processes.iter().map(|at| &world.processes[*at].process).collect();
        let server = Server {
            units: &infos,
            processes: &managed,
            packages: &packages,
            started: &started,
            programs: &programs,
            project: &names,
            given: &world.given.services,
        };
        let links = link(&world.project.composes, &server);
        let with_packages = |script: &Deployment<'_>| {
            script.steps.iter().any(|s| s.deed.roles.contains(&Role::SystemPackages))
        };
        let brings = |index: usize| {
            world.units.iter().any(|u| of_script(u.origin, index))
                || world.processes.iter().any(|p| of_script(p.origin, index))
        };
        let software = |package: &String| {
            let stem = package.split('-').next().unwrap_or(package);
            let known = |name: &str| !product_units(name).is_empty() && !PROXIES.contains(&name);
            !package.contains("client") && (known(package) || known(stem))
        };
        let installs = packages.iter().any(software)
            || deploy.deploying().any(|(at, script)| brings(at) && with_packages(script));
        Compared {
            units,
            processes,
            links,
            own,
            in_containers: deploy.in_containers(),
            installs,
            proxies: proxies(world, &packages, &started, &programs),
            migrates: deploy.does(Work::Migrate),
            documents: Documents::new(world, &server),
        }
    }

    /// True if a web server passes requests on to the port, or may do so.
    pub(crate) fn is_proxied(&self, port: &str) -> bool {
        let passes = |text: &String| text.match_indices(port).any(|(at, _)| text[..at].ends_with(':'));
        self.proxies.as_ref().is_none_or(|settings| settings.iter().any(passes))
    }

    /// The Compose files with a service that is a unit or process of the project. Any other file describes something
    /// else, like the databases of developers or another app.
    pub(crate) fn files(&self, count: usize) -> Vec<usize> {
        let runs = |by: &Counterpart| matches!(by, Counterpart::Unit(_) | Counterpart::Process(_));
        let same_app =
            |compose: usize| self.links.matches.iter().any(|m| m.service.compose == compose && runs(&m.by));
        (0..count).filter(|compose| same_app(*compose)).collect()
    }
}

fn of_script(origin: Origin, index: usize) -> bool {
    matches!(origin, Origin::Written(script, _) | Origin::Installed(script, _) if script == index)
}

fn is_service(name: &str) -> bool {
    UnitKind::of(name) == UnitKind::Service
}

/// What is known about the settings of web servers; `None` if nothing is known about one of them.
fn proxies(
    world: &Ground<'_, '_>,
    packages: &[String],
    started: &[String],
    programs: &[Vec<String>],
) -> Option<Vec<String>> {
    let of_repo = world.project.texts.iter().filter(|(path, _)| world.project.inventory.nginx.contains(path));
    let mut settings: Vec<String> =
        of_repo.map(|(_, file)| world.sources.file(*file).text().to_owned()).collect();
    let written = world.steps().flat_map(|(_, _, step)| &step.written);
    let of_proxy = written.filter(|w| PROXIES.iter().any(|p| w.path.known_prefix().contains(p)));
    settings.extend(of_proxy.map(|w| w.content.text.clone()));
    let any = packages.iter().chain(started).any(|name| PROXIES.iter().any(|p| name.starts_with(p)))
        || programs.iter().flatten().any(|word| PROXIES.iter().any(|p| word.contains(p)));
    (!settings.is_empty() || !any).then_some(settings)
}

/// Packages that are installed, units that are started, and the words of all commands.
fn on_server(
    world: &Ground<'_, '_>,
    deploy: &Deploy<'_, '_, '_>,
) -> (Vec<String>, Vec<String>, Vec<Vec<String>>) {
    let (mut packages, mut started, mut programs) = (Vec::new(), Vec::new(), Vec::new());
    for step in deploy.steps().filter(|s| !matches!(s.place, Place::Container(_))) {
        for effect in &step.deed.effects {
            match (&effect.resource, &effect.change) {
                (Resource::Package(name), Change::Create(_) | Change::Write) => {
                    packages.push(name.to_string())
                }
                (Resource::Unit(name), Change::Start | Change::Restart | Change::Enable) => {
                    started.push(name.to_string());
                }
                _ => {}
            }
        }
        if step.deed.roles.contains(&Role::SystemPackages) {
            packages.extend(step.argv.args.iter().filter_map(|a| a.value.as_literal()).map(str::to_owned));
        }
    }
    // A script may keep something running on a staging machine, which is not part of this deploy.
    let installs = |index: usize| {
        world.units.iter().any(|u| of_script(u.origin, index))
            || world.processes.iter().any(|p| of_script(p.origin, index))
    };
    let alone = !deploy.deploying().any(|(index, _)| installs(index));
    for (index, script) in deploy.deploying() {
        for step in script.steps.iter().filter(|s| alone || installs(index) || !is_manager(&s.argv)) {
            if step.argv.name.is_empty() || step.deed.roles.contains(&Role::ReadOnly) {
                continue;
            }
            let words = std::iter::once(&step.argv.program).chain(&step.argv.args);
            programs.push(words.map(|w| w.value.to_string()).collect());
        }
    }
    (packages, started, programs)
}

/// The names of the project: its directory, its packages, and the directories in which its units run.
fn names(world: &Ground<'_, '_>) -> Vec<String> {
    let mut names = world.project.names.clone();
    let needs = &world.project.needs;
    names.extend(needs.node.iter().filter(|p| p.directory.is_empty()).filter_map(|p| p.name.clone()));
    // The name of a part of the app says what it does, not who owns it.
    let part = |name: &str| {
        let parts =
            ["frontend", "backend", "web", "api", "app", "client", "server", "ui", "worker", "bot", "admin"];
        parts.contains(&name.to_ascii_lowercase().as_str())
    };
    let trees = world.app_trees.iter().filter_map(|t| t.basename().as_literal().map(str::to_owned));
    names.extend(trees.filter(|name| !part(name)));
    names
}
