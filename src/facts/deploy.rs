//! What the scripts of a project do together, for the rules about missing steps. It judges nothing.

mod calls;
pub(in crate::facts) mod kept;
pub(crate) mod names;

use crate::facts::deploy::calls::Calls;
use crate::facts::deploy::kept::Kept;
use crate::facts::deploy::names::{full_name, is_away, is_directory, is_loose, printed_cd, same_unit};
use crate::facts::ground::Ground;
use crate::facts::parts::{Origin, UnitAt};
use crate::model::{Deployment, Step, StepId};
use crate::project::manifest::NodePackage;
use crate::project::unit::UnitKind;
use crate::repo::names::{base, directory, is_beside};
use crate::shell::argv::Stdin;
use crate::shell::line::stretches;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{FileId, Span};
use crate::tools::effect::{Change, Ecosystem, Prints, Resource, Role};
use crate::tools::managers::{self, applies, drives_services};
use crate::tools::plain::handles_text;
use crate::tools::serves::{line_serves, serves};
use crate::tools::work::{Work, Works, asked_in, done_by_step, done_in};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

pub(crate) use crate::facts::deploy::names::line_of;
pub(crate) use crate::tools::serves::Language;

/// A process of the app that the deploy keeps running.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) language: Language,
    /// Its command line, as far as it is known.
    pub(crate) command: String,
    /// The directory in which it is started, if that is known.
    pub(crate) directory: Option<String>,
}

/// A line that a script prints for people.
struct Said {
    span: Span,
    line: String,
    /// The directory of the printed `cd` before it.
    directory: Option<Rc<str>>,
    /// The directory in which the script prints it.
    cwd: Value,
    asks: OnceCell<Works>,
}

impl Said {
    /// The work that it tells people to do.
    fn asks(&self) -> Works {
        *self.asks.get_or_init(|| told(&self.line))
    }

    /// The directory in which it would be typed.
    fn directory(&self) -> Cow<'_, str> {
        self.directory.as_deref().map_or_else(|| self.cwd.to_string().into(), Cow::Borrowed)
    }
}

/// The scripts of a project as one deploy: a view of the world, with the facts that are computed once.
#[derive(Clone, Copy)]
pub(crate) struct Deploy<'c, 'r, 'a> {
    pub(crate) world: &'c Ground<'r, 'a>,
    known: &'c Known<'r>,
}

/// What is known about a deploy. Each fact is computed when it is first needed.
#[derive(Default)]
pub(crate) struct Known<'r> {
    processes: OnceCell<Vec<Process>>,
    /// Lines that scripts print, with the directory in which they would be typed.
    said: OnceCell<Vec<Said>>,
    calls: OnceCell<Calls>,
    /// The work that the steps do, and the work that the called texts do.
    done: OnceCell<Works>,
    called_done: OnceCell<Works>,
    /// The lines of all scripts, and of what is called, that control units. Each unit asks for them.
    driving: OnceCell<Vec<&'r str>>,
    driving_called: OnceCell<Vec<String>>,
    /// What steps do to units: by their full names, and under names that may mean several units.
    of_units: OnceCell<OfUnits<'r>>,
    /// For each script, whether it deploys.
    deploying: OnceCell<Vec<bool>>,
    in_containers: OnceCell<bool>,
    sets_up: OnceCell<bool>,
    is_from_scratch: OnceCell<bool>,
    kept: Kept<'r>,
}

/// What a step does to a unit.
#[derive(Clone, Copy)]
pub(crate) struct UnitEffect<'r> {
    /// The index of the step's script.
    pub(crate) script: usize,
    pub(crate) id: StepId,
    pub(crate) step: &'r Step,
    pub(crate) change: &'r Change,
    /// True if its script is one that deploys.
    pub(crate) deploys: bool,
}

impl<'c, 'r, 'a> Deploy<'c, 'r, 'a> {
    pub(crate) fn new(world: &'c Ground<'r, 'a>, known: &'c Known<'r>) -> Self {
        Deploy { world, known }
    }

    /// The processes that the deploy keeps running.
    pub(crate) fn processes(&self) -> &'c [Process] {
        self.known.processes.get_or_init(|| self.find_processes())
    }

    /// The texts of what the steps and units call.
    fn called(&self) -> impl Iterator<Item = &'c String> {
        let calls = self.followed();
        calls.texts.iter().chain(&calls.scripts)
    }

    fn followed(&self) -> &'c Calls {
        self.known.calls.get_or_init(|| Calls::of(*self))
    }

    fn said(&self) -> &'c [Said] {
        self.known.said.get_or_init(|| {
            let mut all = Vec::new();
            let mut directory: Option<Rc<str>> = None;
            for step in self.all().flat_map(|script| &script.steps) {
                let Some(text) = said(step) else { continue };
                for line in text.lines() {
                    // After a printed `cd`, people type the next commands in that directory.
                    if let Some(target) = printed_cd(line) {
                        directory = Some(target.into());
                    }
                    all.push(Said {
                        span: step.span,
                        line: line.to_owned(),
                        directory: directory.clone(),
                        cwd: step.argv.cwd.clone(),
                        asks: OnceCell::new(),
                    });
                }
            }
            all
        })
    }

    /// The scripts that deploy, with their numbers.
    pub(crate) fn deploying(&self) -> impl Iterator<Item = (usize, &'r Deployment<'a>)> {
        let world = self.world;
        let is_one = || world.scripts().iter().map(|script| deploys(world, script.file)).collect();
        let deploying = self.known.deploying.get_or_init(is_one);
        world.scripts().iter().copied().enumerate().filter(|(number, _)| deploying[*number])
    }

    /// The steps of all scripts that deploy.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &'r Step> {
        self.deploying().flat_map(|(_, script)| script.steps.iter())
    }

    /// The scripts of the deploy, including those that go back or take something away.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'r Deployment<'a>> {
        let world = self.world;
        world.scripts().iter().copied().filter(move |script| !world.is_of_another(script.file))
    }

    /// What steps do to the unit, under any of its names, in the order of scripts and steps.
    pub(crate) fn effects_on(&self, unit: &str) -> Vec<UnitEffect<'r>> {
        let (exact, loose) = self.known.of_units.get_or_init(|| of_units(self.world));
        let mut effects = exact.get(&full_name(unit)).cloned().unwrap_or_default();
        effects.extend(loose.iter().filter(|(used, _)| same_unit(used, unit)).map(|(_, effect)| *effect));
        effects.sort_by_key(|effect| (effect.script, effect.id));
        effects
    }

    /// What other facts about the deploy have worked out once.
    pub(in crate::facts) fn kept(&self) -> &'c Kept<'r> {
        &self.known.kept
    }

    /// The units that a script writes or installs.
    pub(crate) fn own_units(&self) -> impl Iterator<Item = &'c UnitAt> {
        self.world.units.iter().filter(|at| at.origin != Origin::InRepo)
    }

    /// True if the app runs in containers: its image contains what the rules would look for.
    pub(crate) fn in_containers(&self) -> bool {
        *self.known.in_containers.get_or_init(|| self.runs_in_containers())
    }

    fn runs_in_containers(&self) -> bool {
        let container = |s: &Step| {
            s.deed.roles.iter().any(|r| matches!(r, Role::ComposeUp | Role::Build(Ecosystem::Container)))
                || managers::runs_the_app(&s.argv)
                || s.deed.roles.contains(&Role::SystemPackages)
                    && s.argv.args.iter().any(|a| managers::is_runtime_package(a.value.known_prefix()))
        };
        let any = self.steps().any(container)
            || self.processes().iter().any(|p| p.language == Language::Container)
            || self.all().any(|s| self.world.sources.file(s.file).text().contains("get.docker.com"));
        any && !self.processes().iter().any(|p| p.language != Language::Container)
    }

    /// True if a script sets up the app or brings new code. A script that only installs units or starts something
    /// relies on what is there.
    pub(crate) fn sets_up(&self) -> bool {
        *self.known.sets_up.get_or_init(|| self.brings_or_prepares())
    }

    fn brings_or_prepares(&self) -> bool {
        let brings = self.steps().any(|s| s.deed.roles.contains(&Role::Source) && is_here(s));
        let prepares = |role: &Role| role.prepares() || matches!(role, Role::SystemPackages | Role::Account);
        let prepares = || self.steps().any(|s| s.deed.roles.iter().any(prepares));
        brings || prepares() && (self.own_units().next().is_some() || self.app_directory().is_some())
    }

    /// True if a script prepares a machine that has nothing of the app yet.
    pub(crate) fn is_from_scratch(&self) -> bool {
        let clones = |s: &Step| s.deed.roles.contains(&Role::Clone);
        let fresh = |s: &Step| {
            s.deed.roles.iter().any(|r| matches!(r, Role::SystemPackages | Role::Account | Role::VirtualEnv))
                || clones(s)
        };
        *self
            .known
            .is_from_scratch
            .get_or_init(|| !self.world.given.is_set_up && self.sets_up() && self.steps().any(fresh))
    }

    /// The step that creates the app's directory.
    fn app_directory(&self) -> Option<&'r Step> {
        let places = ["/opt/", "/srv/", "/var/www/", "/home/", "/data/"];
        self.steps().find(|s| {
            s.deed.effects.iter().any(|e| match (&e.change, &e.resource) {
                (Change::Create(_), Resource::Path(path)) => {
                    let text = path.known_prefix();
                    places.iter().any(|p| text.starts_with(p)) && is_here(s)
                }
                _ => false,
            })
        })
    }

    /// The place where a missing step would be: before the last start of one of the app's units, otherwise at the unit,
    /// the source, the app's directory, or the start of the script.
    pub(crate) fn place(&self) -> Option<Span> {
        let own = |name: &str| self.own_units().any(|u| same_unit(name, &u.name));
        let starts = |s: &&Step| {
            s.deed.effects.iter().any(|e| {
                let starts = matches!(e.change, Change::Start | Change::Restart);
                match &e.resource {
                    Resource::Unit(name) => starts && own(&name.to_string()),
                    Resource::Process(_) => starts || matches!(e.change, Change::Create(_)),
                    _ => false,
                }
            })
        };
        let unit = || self.own_units().map(|u| u.span).last();
        let source = || self.steps().filter(|s| s.deed.roles.contains(&Role::Source)).last().map(|s| s.span);
        let serve = || self.steps().find(|s| s.deed.roles.contains(&Role::Serve)).map(|s| s.span);
        let first = || self.all().next().map(|s| Span::file_start(s.file));
        self.steps()
            .filter(starts)
            .last()
            .map(|s| s.span)
            .or_else(unit)
            .or_else(serve)
            .or_else(source)
            .or_else(|| self.app_directory().map(|s| s.span))
            .or_else(first)
    }

    /// True if a step, or something that a step calls, does the work.
    pub(crate) fn does(&self, work: Work) -> bool {
        let done = self.known.done.get_or_init(|| {
            let works = |s: &Step| match is_saying(s) {
                true => Works::default(),
                false => done_by_step(&s.argv, &s.deed),
            };
            self.steps().fold(Works::default(), |all, step| all.and(works(step)))
        });
        done.has(work) || self.calls(work)
    }

    /// The path of a script of the repo that does the work but is not part of this deploy, and whether it deploys
    /// another server.
    pub(crate) fn elsewhere(&self, work: Work) -> Option<(&'r str, bool)> {
        let world = self.world;
        let names = ["deploy", "install", "setup", "update", "upgrade", "release", "provision", "migrate"];
        let texts = world.project.texts.iter().filter(|(path, file)| {
            let deploys = || {
                world.project.inventory.scripts.contains(path)
                    && names.iter().any(|n| base(path).contains(n))
                    && !is_beside(directory(path).trim_start_matches("scripts"))
                    && world.scripts().iter().all(|s| s.file != *file)
                    && !world.is_of_another(*file)
            };
            world.is_of_another_server(*file) || deploys()
        });
        texts
            .filter(|(_, file)| done_in(world.sources.file(*file).text()).has(work))
            .map(|(path, file)| (path.as_str(), world.is_of_another_server(*file)))
            .next()
    }

    /// True if what the steps call does the work, or may do it.
    pub(crate) fn calls(&self, work: Work) -> bool {
        let done = || {
            let calls = self.followed();
            let of =
                |texts: &[String]| texts.iter().fold(Works::default(), |all, text| all.and(done_in(text)));
            // The directory of a step says which package it builds, so a package script's build does not count for all
            // of them.
            of(&calls.texts).and(of(&calls.scripts).without(Work::Build))
        };
        self.may_do_anything() || self.known.called_done.get_or_init(done).has(work)
    }

    /// The printed line that tells people to do the work.
    pub(crate) fn says(&self, work: Work) -> Option<Span> {
        self.said().iter().find(|said| said.asks().has(work)).map(|said| said.span)
    }

    /// The printed line that tells people to do the work in the package's directory.
    pub(crate) fn says_in(&self, work: Work, package: &NodePackage, all: &[NodePackage]) -> Option<Span> {
        let there = |said: &&Said| is_directory(&said.directory(), package, all);
        self.said().iter().filter(there).find(|said| said.asks().has(work)).map(|said| said.span)
    }

    /// True if a printed line contains the words.
    pub(crate) fn mentions(&self, words: &[&str]) -> bool {
        self.said().iter().any(|said| words.iter().all(|w| said.line.contains(w)))
    }

    /// True if a text that steps or units call contains the words.
    pub(crate) fn called_mentions(&self, words: &str) -> bool {
        self.called().any(|text| text.contains(words))
    }

    /// True if a text that steps or units call applies the verb to the unit.
    pub(crate) fn called_drives(&self, verb: &str, unit: &str) -> bool {
        let lines = self.known.driving_called.get_or_init(|| {
            let lines = self.called().flat_map(|text| text.lines());
            lines.filter(|line| drives_services(line)).map(str::to_owned).collect()
        });
        lines.iter().any(|line| applies(line, verb) && line.contains(unit))
    }

    /// True if a printed line applies the verb to the unit.
    pub(crate) fn said_drives(&self, verb: &str, unit: &str) -> bool {
        let mut lines = self.said().iter().map(|said| said.line.as_str());
        lines.any(|line| drives_services(line) && applies(line, verb) && line.contains(unit))
    }

    /// True if any script of the repo applies the verb to the unit.
    pub(crate) fn repo_drives(&self, verb: &str, unit: &str) -> bool {
        let world = self.world;
        let lines = self.known.driving.get_or_init(|| {
            let texts = world.project.texts.iter().filter(|(_, file)| !world.is_of_another(*file));
            let texts = texts.map(|(_, file)| world.sources.file(*file).text());
            let lines = texts.flat_map(str::lines).map(str::trim_start);
            lines.filter(|line| drives_services(line) && !line.starts_with('#')).collect()
        });
        lines.iter().any(|line| {
            applies(line, verb)
                && stretches(line).flatten().any(|word| word.trim_end_matches(".service") == unit)
        })
    }

    /// True if a script activates the environment of that name, or any if none is given.
    pub(crate) fn activates(&self, name: Option<&str>) -> bool {
        self.steps().filter_map(|s| s.argv.env("VIRTUAL_ENV")).any(|environment| {
            let base = environment.basename();
            name.is_none_or(|name| base.as_literal().is_none_or(|b| b == name))
        })
    }

    /// True if something is called whose text is not known.
    pub(crate) fn may_do_anything(&self) -> bool {
        self.followed().opaque
    }

    /// True if the deploy runs something of the language.
    pub(crate) fn runs(&self, language: Language) -> bool {
        self.processes().iter().any(|p| p.language == language)
    }

    /// True if a step starts, restarts or enables the unit.
    pub(crate) fn is_started(&self, unit: &str) -> bool {
        let starts = |change: &Change| matches!(change, Change::Start | Change::Restart | Change::Enable);
        self.effects_on(unit).iter().any(|effect| effect.deploys && starts(effect.change))
    }

    fn find_processes(&self) -> Vec<Process> {
        let mut found = Vec::new();
        for at in &self.world.units {
            if UnitKind::of(&at.name) != UnitKind::Service
                || at.origin == Origin::InRepo && !self.is_started(&at.name)
            {
                continue;
            }
            for exec in at.unit.exec_start() {
                found.push(Process {
                    language: exec.serves().map_or(Language::Other, |serves| serves.language),
                    directory: at.unit.working_directory().map(|d| d.value.clone()),
                    command: exec.line(),
                });
            }
        }
        // What a step starts or installs; a file of the repo that nobody installs starts nothing.
        for at in self.world.processes.iter().filter(|at| at.origin != Origin::InRepo) {
            found.push(Process {
                language: line_serves(&at.process.command).map_or(Language::Other, |serves| serves.language),
                command: at.process.command.join(" "),
                directory: at.process.directory.clone(),
            });
        }
        for step in self.steps().filter(|s| !matches!(s.place, Place::Container(_))) {
            let managed = step.deed.effects.iter().any(|e| {
                matches!(e.resource, Resource::Process(_))
                    && !matches!(e.change, Change::Remove | Change::Stop)
            });
            if managed || step.deed.roles.contains(&Role::Serve) {
                let command = line_of(step);
                let language = serves(&step.argv).language;
                let directory = Some(step.argv.cwd.to_string());
                found.push(Process { language, command, directory });
            }
        }
        found
    }
}

/// True for a script that deploys. Scripts beside the deploy and scripts that go back or remove something do not.
fn deploys(world: &Ground<'_, '_>, script: FileId) -> bool {
    let path = world.sources.file(script).path();
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    !world.is_of_another(script) && !is_away(&name)
}

type OfUnits<'r> = (HashMap<String, Vec<UnitEffect<'r>>>, Vec<(String, UnitEffect<'r>)>);

fn of_units<'r>(world: &Ground<'r, '_>) -> OfUnits<'r> {
    let (mut exact, mut loose): OfUnits<'r> = (HashMap::new(), Vec::new());
    for (script, deployment) in world.scripts().iter().enumerate() {
        let deploys = deploys(world, deployment.file);
        for (id, step) in deployment.iter() {
            for effect in &step.deed.effects {
                let Resource::Unit(name) = &effect.resource else { continue };
                let (name, change) = (name.to_string(), &effect.change);
                let effect = UnitEffect { script, id, step, change, deploys };
                match is_loose(&name) {
                    true => loose.push((name, effect)),
                    false => exact.entry(full_name(&name)).or_default().push(effect),
                }
            }
        }
    }
    (exact, loose)
}

/// True for a step on the machine itself, or on the server that the script controls.
pub(crate) fn is_here(step: &Step) -> bool {
    !matches!(step.place, Place::Container(_))
}

/// True if the step only handles text.
pub(crate) fn is_saying(step: &Step) -> bool {
    handles_text(&step.argv)
}

/// What a step prints for people.
fn said(step: &Step) -> Option<String> {
    if !step.written.is_empty() || step.argv.stdout.is_some() {
        return None;
    }
    match step.deed.prints {
        Prints::Words => Some(line_of(step)),
        Prints::Same => match &step.argv.stdin {
            Stdin::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The work that a line tells people to do. Lines with `command:` do not count, because they are settings of a hosting
/// service.
fn told(line: &str) -> Works {
    if line.to_ascii_lowercase().contains("command:") { Works::default() } else { asked_in(line) }
}
