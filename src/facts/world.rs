//! What the rules of one repo see: the scripts' models, the project around them, and what follows from both.

use crate::facts::app_paths::AppPaths;
use crate::facts::deploy::{Deploy, Known};
use crate::facts::environment::table::Table;
use crate::facts::first_run::{FirstRun, first_runs};
use crate::facts::ground::{Found, Ground};
use crate::facts::made::{self, Made};
use crate::facts::read_units::{self, ReadUnit};
use crate::facts::repo_paths::RepoPaths;
use crate::facts::secret_files::{SecretFiles, SettingsOpened, hides};
use crate::facts::services::Compared;
use crate::facts::services::named::{Words, words_of_the_deployment};
use crate::facts::sites::{NginxText, nginx_texts};
use crate::facts::stacks::{Stack, stacks};
use crate::facts::{app, installed, managed};
use crate::model::{Deployment, StepId};
use crate::source::Sources;
use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::OnceLock;

pub(crate) use crate::facts::ground::Scope;
pub(crate) use crate::facts::parts::{AppUser, Origin, ProcessAt, UnitAt};
pub(crate) use crate::facts::surroundings::{Given, Project};

/// What the rules see: the ground and the facts that rest on it. Each fact is computed when it is first needed.
pub(crate) struct World<'r, 'a> {
    ground: Ground<'r, 'a>,
    compared: OnceCell<Compared>,
    environment: OnceLock<Table<'r>>,
    deploy: Known<'r>,
    read_units: OnceCell<Vec<ReadUnit>>,
    made: OnceCell<Vec<Made>>,
    repo_paths: OnceCell<RepoPaths<'r>>,
    words: OnceCell<Words>,
    app_paths: Vec<OnceCell<AppPaths<'r>>>,
    secrets: Vec<Secrets>,
    first_runs: Vec<OnceCell<Vec<FirstRun>>>,
    nginx_texts: Vec<OnceCell<Vec<NginxText>>>,
    stacks: OnceCell<Vec<Stack<'r, 'a>>>,
}

#[derive(Default)]
struct Secrets {
    files: OnceCell<SecretFiles>,
    opened: OnceCell<Option<SettingsOpened>>,
}

impl<'r, 'a> Deref for World<'r, 'a> {
    type Target = Ground<'r, 'a>;

    fn deref(&self) -> &Ground<'r, 'a> {
        &self.ground
    }
}

impl<'r, 'a> World<'r, 'a> {
    /// A world in which all scripts are one deploy.
    pub(crate) fn new(
        sources: &'r Sources,
        scripts: &'r [Deployment<'a>],
        project: &'r Project,
        given: &'r Given,
    ) -> Self {
        World::within(Scope::default(), sources, scripts.iter().collect(), project, given)
    }

    /// A world of some scripts of a repo.
    pub(crate) fn within(
        scope: Scope,
        sources: &'r Sources,
        scripts: Vec<&'r Deployment<'a>>,
        project: &'r Project,
        given: &'r Given,
    ) -> Self {
        let mut units = installed::units(sources, &scripts, project);
        units.retain(|at| at.origin != Origin::InRepo || !scope.others_units.contains(&at.name));
        let app_user = app::app_user(sources, &scripts, &units, given);
        let app_trees = app::app_trees(&scripts, &units, given);
        let processes = managed::processes(&scripts, project);
        let ground = Ground::new(Found {
            sources,
            project,
            given,
            scripts,
            scope,
            units,
            processes,
            app_user,
            app_trees,
        });
        World {
            app_paths: ground.scripts().iter().map(|_| OnceCell::new()).collect(),
            secrets: ground.scripts().iter().map(|_| Secrets::default()).collect(),
            first_runs: ground.scripts().iter().map(|_| OnceCell::new()).collect(),
            nginx_texts: ground.scripts().iter().map(|_| OnceCell::new()).collect(),
            ground,
            stacks: OnceCell::new(),
            compared: OnceCell::new(),
            environment: OnceLock::new(),
            deploy: Known::default(),
            read_units: OnceCell::new(),
            made: OnceCell::new(),
            repo_paths: OnceCell::new(),
            words: OnceCell::new(),
        }
    }

    pub(crate) fn words_of_the_deployment(&self) -> &Words {
        self.words.get_or_init(|| words_of_the_deployment(self))
    }

    /// Who reads and who sets which environment variable.
    pub(crate) fn environment(&self) -> &Table<'r> {
        self.environment.get_or_init(|| Table::of(self))
    }

    pub(crate) fn deploy(&self) -> Deploy<'_, 'r, 'a> {
        Deploy::new(self, &self.deploy)
    }

    pub(crate) fn read_units(&self) -> &[ReadUnit] {
        self.read_units.get_or_init(|| read_units::read_units(self))
    }

    /// The Compose files that the steps start.
    pub(crate) fn stacks(&self) -> &[Stack<'r, 'a>] {
        self.stacks.get_or_init(|| stacks(self, &self.deploy(), &|| self.repo_paths()))
    }

    pub(crate) fn made(&self) -> &[Made] {
        self.made.get_or_init(|| made::made(self))
    }

    pub(crate) fn repo_paths(&self) -> &RepoPaths<'r> {
        self.repo_paths.get_or_init(|| RepoPaths::of(self))
    }

    pub(crate) fn compared(&self) -> &Compared {
        self.compared.get_or_init(|| Compared::new(&self.deploy()))
    }

    /// The paths that root makes in a script and that the app's account needs.
    pub(crate) fn app_paths(&self, script: &Deployment<'_>) -> Option<&AppPaths<'r>> {
        let number = self.number(script)?;
        Some(self.app_paths[number].get_or_init(|| AppPaths::of(self, self.scripts()[number])))
    }

    /// The settings of nginx that a script writes or copies from the repo.
    pub(crate) fn nginx_texts(&self, script: &Deployment<'_>) -> &[NginxText] {
        let Some(number) = self.number(script) else { return &[] };
        self.nginx_texts[number].get_or_init(|| nginx_texts(self, script))
    }

    /// What a step does in the first run.
    pub(crate) fn first_run(&self, script: &Deployment<'_>, id: StepId) -> Option<&FirstRun> {
        let number = self.number(script)?;
        let runs = self.first_runs[number].get_or_init(|| first_runs(self.deploy(), self.scripts()[number]));
        runs.get(id.0 as usize)
    }

    pub(crate) fn secret_files(&self, script: &Deployment<'_>) -> Option<&SecretFiles> {
        self.number(script)
            .map(|number| self.secrets[number].files.get_or_init(|| SecretFiles::of(self, script)))
    }

    /// An environment file that a script opens to everybody.
    pub(crate) fn settings_opened(&self, script: &Deployment<'_>) -> Option<&SettingsOpened> {
        let files = self.secret_files(script)?;
        let opened = &self.secrets[self.number(script)?].opened;
        opened.get_or_init(|| SettingsOpened::of(self, files, script)).as_ref()
    }

    /// True if the first step hides all secrets that the second step lets everybody read.
    pub(crate) fn hides(&self, script: &Deployment<'_>, first: StepId, second: StepId) -> bool {
        let Some(files) = self.secret_files(script) else { return false };
        files.hide(first, second)
            || self.settings_opened(script).is_some_and(|opened| hides(files, opened, script, first, second))
    }
}
