//! Answers what query files ask of a command, from the model and the facts.

use super::{At, units};
use crate::facts::appended::lasting;
use crate::facts::attended::{asks_in_another_mode, asks_on_another_system, only_asks_people};
use crate::facts::deploy::is_saying;
use crate::facts::first_run::FirstOutcome;
use crate::facts::lifecycle::overwrites_program;
use crate::facts::modes::{Opened, opened, what_is_opened};
use crate::facts::needs::Needed;
use crate::facts::old_code::left_with_old_code;
use crate::facts::packages::{ecosystem, installs_manifest, is_opaque_call};
use crate::facts::reach::{out_of_reach, units_out_of_reach};
use crate::facts::redirects::opens_as_caller;
use crate::facts::secret_files::Exposure;
use crate::facts::secrets::is_lasting_env_file;
use crate::facts::sudoers::grants;
use crate::facts::users::is_made_elsewhere;
use crate::facts::users::works_for;
use crate::facts::world::World;
use crate::model::{Deployment, OnFailure, Outcome, Step, StepId, User};
use crate::shell::wrappers;
use crate::source::Span;
use crate::syntax::query::{
    Asker, ChangeWord, EcosystemWord, ExposureWord, Features, FirstRunWord, Judge, OnFailure as FailureWord,
    OpenedWord, Place, Question, ResourceWord, RoleWord, RunsAs, SecondRun, WorkWord,
};
use crate::syntax::tree::Node;
use crate::tools::databases::runs_sql;
use crate::tools::effect::{Change, Ecosystem, Effect, Resource, Role};
use crate::tools::thing::Thing;
use crate::tools::work::{Work, done_by_step};
use std::ops::Range;

/// A command that is asked about.
pub(super) struct Asked<'q, 'r, 'a> {
    context: &'q World<'r, 'a>,
    at: At<'q, 'a>,
    features: Features,
    needed: Option<&'q Needed<'q>>,
}

impl<'q, 'r, 'a> Asked<'q, 'r, 'a> {
    pub(super) fn new(context: &'q World<'r, 'a>, at: At<'q, 'a>, features: Features) -> Self {
        Asked { context, at, features, needed: None }
    }

    /// Asks also whether the command does what is needed.
    pub(super) fn for_need(self, needed: Option<&'q Needed<'q>>) -> Self {
        Asked { needed, ..self }
    }

    fn step(&self) -> &'q Step {
        self.at.step()
    }

    /// The place of a range of the text that the command was parsed from.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let text = self.step().origin.and_then(|origin| self.at.script.texts.get(origin.tree as usize));
        let Some(text) = text else { return self.step().span };
        let place = text.map.range(range.start as u32..range.end as u32);
        Span { file: text.file, start: place.start, end: place.end }
    }

    /// The value of a word, if that is known.
    fn word(&self, range: &Range<usize>) -> Option<&'q str> {
        let place = self.span(range.clone());
        let step = self.step();
        let mut args = step.argv.args.iter().chain([&step.argv.program]);
        match args.find(|a| a.span.start == place.start && a.span.end == place.end) {
            Some(arg) => arg.value.as_literal(),
            // The words of a wrapper, such as sudo, do not belong to the command that it runs.
            None => {
                let text = self.at.script.texts.get(step.origin?.tree as usize)?.text;
                text.get(range.clone()).filter(|word| says_itself(word))
            }
        }
    }
}

impl Judge for Asked<'_, '_, '_> {
    fn ask(&self, question: &Question) -> bool {
        let step = self.step();
        match question {
            Question::SecondRun(words) => self.features.has_any(words),
            Question::FirstRun(words) => words.iter().any(|word| self.does_first(*word)),
            Question::Role(words) => self.features.has_any(words),
            Question::Ecosystem(words) => self.features.has_any(words),
            Question::Asks(words) => self.features.has_any(words),
            Question::RunsAs(words) => self.features.has_any(words),
            Question::Place(words) => self.features.has_any(words),
            Question::OnFailure(words) => self.features.has_any(words),
            Question::Effect { change, resources } => {
                step.deed.effects.iter().any(|effect| is_such(effect, *change, resources))
            }
            Question::Blamed { change, resources } => {
                let blamed =
                    self.at.script.second_run(self.at.id).effect.and_then(|i| step.deed.effects.get(i));
                blamed.is_some_and(|effect| is_such(effect, *change, resources))
            }
            Question::Does(words) => {
                let done = done_by_step(&step.argv, &step.deed);
                !is_saying(step) && words.iter().any(|word| done.has(work(*word)))
            }
            Question::InstallsManifest => ecosystem(step).is_some_and(|of| installs_manifest(step, of)),
            Question::Opaque => is_opaque_call(step),
            Question::HasFlag(flags) => {
                let words = step.argv.args.iter().map(|arg| arg.value.as_literal());
                let mut options = words.take_while(|word| *word != Some("--")).flatten();
                options.any(|text| flags.iter().any(|flag| is_flag(text, flag)))
            }
            Question::InAppTree => self.context.works_in_app_tree(step),
            Question::InOthersTree => works_for(self.context, step).is_some(),
            Question::OpensToAll => opened(step).is_some(),
            Question::Opened(words) => {
                opened(step).is_some_and(|(path, _)| words.contains(&opened_word(what_is_opened(path))))
            }
            Question::RedirectsAsCaller => opens_as_caller(self.context, self.at.script, step),
            Question::OutOfReach => out_of_reach(self.context, self.at.script, step).is_some(),
            Question::UnitOutOfReach => {
                !units_out_of_reach(self.context, self.at.script, self.at.id).is_empty()
            }
            Question::ExposesSecret(words) => words.iter().any(|word| self.exposes(*word)),
            Question::NeededByApp => {
                let paths = self.context.app_paths(self.at.script);
                paths.is_some_and(|paths| !paths.made_by(self.at.id).is_empty())
            }
            Question::GrantsRoot => !grants(step).is_empty(),
            Question::MadeElsewhere => is_made_elsewhere(self.context, self.at.script, step),
            Question::EnvironmentFile => step.deed.effects.iter().any(|e| {
                matches!((&e.change, &e.resource), (Change::Write | Change::Create(_), Resource::Path(path))
                    if is_lasting_env_file(path))
            }),
            Question::LastingLine => lasting(self.context, self.at.script, self.at.id).is_ok(),
            Question::OverwritesProgram => {
                self.at.unit.is_some_and(|unit| overwrites_program(&self.context.deploy(), step, unit))
            }
            Question::BringsUnit => {
                self.at.unit.is_some_and(|unit| units::brings(self.context, self.at, unit))
            }
            Question::DrivesUnit(drives) => {
                self.at.unit.is_some_and(|unit| units::drives(self.at, unit, drives))
            }
            Question::Unit(words) => {
                self.at.unit.is_some_and(|unit| units::is(self.context, self.at, unit, words))
            }
            Question::LeavesOldCode => {
                !left_with_old_code(&self.context.deploy(), self.at.numbers()).is_empty()
            }
            Question::UnreadSql => runs_sql(&step.argv) && !step.deed.known,
            Question::ForNeed => self.needed.is_some_and(|needed| needed.is_for(step)),
            Question::Guarded => self.at.script.second_run(self.at.id).skipped_by().is_some(),
            Question::WordMatches { word, pattern } => {
                self.word(word).is_some_and(|value| pattern.is_match(value))
            }
            Question::Literal { word } => self.word(word).is_some(),
        }
    }

    fn node(&self) -> Option<(Node<'_>, &str)> {
        let origin = self.step().origin?;
        let text = self.at.script.texts.get(origin.tree as usize)?;
        let node = text.written()?.command_at(origin.start..origin.end)?;
        Some((node, text.text))
    }
}

impl Asked<'_, '_, '_> {
    fn does_first(&self, word: FirstRunWord) -> bool {
        let run = self.context.first_run(self.at.script, self.at.id);
        run.is_some_and(|run| match (word, &run.outcome) {
            (FirstRunWord::NotReached, _) => run.not_reached.is_some(),
            (FirstRunWord::Fails, FirstOutcome::Fails(_))
            | (FirstRunWord::Fine, FirstOutcome::Fine)
            | (FirstRunWord::Skipped, FirstOutcome::Skipped(_))
            | (FirstRunWord::Unknown, FirstOutcome::Unknown) => true,
            _ => false,
        })
    }

    fn exposes(&self, word: ExposureWord) -> bool {
        let (script, id) = (self.at.script, self.at.id);
        let exposes = |how: Exposure| {
            self.context.secret_files(script).is_some_and(|files| files.exposed_by(id, how).next().is_some())
        };
        match word {
            ExposureWord::New => exposes(Exposure::New),
            ExposureWord::Opened => exposes(Exposure::Opened),
            ExposureWord::Standing => {
                self.context.settings_opened(script).is_some_and(|opened| opened.by == id)
            }
        }
    }
}

/// True for a written word that the shell passes on as it is.
fn says_itself(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || "-_./:=+,@%".contains(c))
}

/// True for the flag alone, joined to others (`-fy`), or with a value (`--yes=1`).
fn is_flag(text: &str, flag: &str) -> bool {
    let bundled =
        flag.len() == 2 && text.starts_with('-') && !text.starts_with("--") && text[1..].contains(&flag[1..]);
    text == flag || bundled || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
}

fn is_such(effect: &Effect, change: Option<ChangeWord>, resources: &[ResourceWord]) -> bool {
    change.is_none_or(|word| change_word(&effect.change) == Some(word))
        && resource_word(&effect.resource)
            .is_some_and(|word| resources.is_empty() || resources.contains(&word))
}

/// The words that hold where the second run goes wrong because of a change, and nothing else is known.
#[cfg(test)]
pub(crate) fn blamed(outcome: SecondRun, change: &Change, resource: &Resource, aborts: bool) -> Features {
    let mut features = Features::default();
    features.add(outcome);
    if let Some(resource) = resource_word(resource) {
        features.add(resource);
        change_word(change).into_iter().for_each(|word| features.add(word));
    }
    features.add(if aborts { FailureWord::Aborts } else { FailureWord::Continues });
    features
}

fn opened_word(opened: Opened) -> OpenedWord {
    match opened {
        Opened::ControlSocket => OpenedWord::ControlSocket,
        Opened::Secrets => OpenedWord::Secrets,
        Opened::Passing => OpenedWord::Passing,
        Opened::Lasting => OpenedWord::Lasting,
    }
}

/// The words that hold for a step.
pub(super) fn features(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId) -> Features {
    let step = script.step(id);
    let mut features = Features::default();
    step.deed.roles.iter().for_each(|role| features.add(role_word(*role)));
    for effect in &step.deed.effects {
        change_word(&effect.change).into_iter().for_each(|word| features.add(word));
        resource_word(&effect.resource).into_iter().for_each(|word| features.add(word));
    }
    second_run(context, script, id, &mut features);
    if step.deed.roles.iter().any(|role| role.prepares())
        && let Some(of) = ecosystem(step).and_then(ecosystem_word)
    {
        features.add(of);
    }
    if context.runs_as_app(script, step) {
        features.add(RunsAs::App);
    }
    match &step.user {
        User::Root => features.add(RunsAs::Root),
        User::Named(_) if !context.runs_as_app(script, step) => features.add(RunsAs::Other),
        User::Named(_) => {}
        User::Unknown | User::Caller => features.add(RunsAs::Unknown),
    }
    features.add(match step.place {
        wrappers::Place::Here => Place::Here,
        wrappers::Place::Remote(_) => Place::Remote,
        wrappers::Place::Container(_) => Place::Container,
    });
    features.add(match step.on_failure {
        OnFailure::Aborts => FailureWord::Aborts,
        OnFailure::Continues => FailureWord::Continues,
        OnFailure::Handled => FailureWord::Handled,
    });
    features
}

fn second_run(context: &World<'_, '_>, script: &Deployment<'_>, id: StepId, features: &mut Features) {
    let step = script.step(id);
    let second = script.second_run(id);
    let only_reads = !step.deed.roles.iter().any(|role| role.is_work());
    match second.outcome {
        Outcome::Fails(_) => features.add(SecondRun::Fails),
        Outcome::Duplicates(_) => features.add(SecondRun::Duplicates),
        Outcome::Overwrites(_) => features.add(SecondRun::Overwrites),
        Outcome::Nests(_) => features.add(SecondRun::Nests),
        Outcome::Prompts(_) => {
            features.add(SecondRun::Prompts);
            features.add(Asker::Program);
        }
        Outcome::Skipped(_) => features.add(SecondRun::Skipped),
        Outcome::NoChange => {
            features.add(if only_reads { SecondRun::NoChange } else { SecondRun::Repeats });
            if step.deed.effects.iter().any(|e| e.change == Change::Remove) {
                features.add(SecondRun::Destroys);
            }
        }
        Outcome::Unknown => features.add(SecondRun::Unknown),
    }
    // A question that is asked only if somebody is there to answer it keeps no deploy waiting.
    let is_skipped = second.skipped_by().is_some();
    if let Some(prompt) = &step.deed.prompts
        && !(is_skipped && prompt.of_script)
        && !only_asks_people(context, script, id)
        && !asks_on_another_system(context, script, step)
        && !asks_in_another_mode(context, script, id)
    {
        if !is_skipped {
            features.add(SecondRun::Prompts);
        }
        features.add(if prompt.of_script { Asker::Script } else { Asker::Program });
    }
}

fn change_word(change: &Change) -> Option<ChangeWord> {
    Some(match change {
        Change::Create(_) => ChangeWord::Create,
        Change::Remove => ChangeWord::Remove,
        Change::Write => ChangeWord::Write,
        Change::Append => ChangeWord::Append,
        Change::Edit => ChangeWord::Edit,
        Change::Own { .. } => ChangeWord::Own,
        Change::Mode { .. } => ChangeWord::Mode,
        Change::Start => ChangeWord::Start,
        Change::Restart => ChangeWord::Restart,
        Change::Stop => ChangeWord::Stop,
        Change::Enable => ChangeWord::Enable,
        Change::Use => return None,
    })
}

/// The word for a kind of thing; `None` for what only the model itself uses.
fn resource_word(resource: &Resource) -> Option<ResourceWord> {
    Some(match resource {
        Resource::Path(_) => ResourceWord::Path,
        Resource::User(_) => ResourceWord::User,
        Resource::Group(_) => ResourceWord::Group,
        Resource::Unit(_) => ResourceWord::Unit,
        Resource::Program(_) => ResourceWord::Program,
        Resource::Package(_) => ResourceWord::Package,
        Resource::Database(_) => ResourceWord::Database,
        Resource::Role(_) => ResourceWord::Role,
        Resource::Table(_) => ResourceWord::Table,
        Resource::Crontab(_) => ResourceWord::Crontab,
        Resource::Container(_) => ResourceWord::Container,
        Resource::Network(_) => ResourceWord::Network,
        Resource::Volume(_) => ResourceWord::Volume,
        Resource::Process(_) => ResourceWord::Process,
        Resource::FirewallRule(_) => ResourceWord::FirewallRule,
        Resource::Line { .. } => ResourceWord::Line,
        Resource::Remote { .. } => ResourceWord::Remote,
        Resource::Other(thing, _) => return thing_word(*thing),
    })
}

fn thing_word(thing: Thing) -> Option<ResourceWord> {
    Some(match thing {
        Thing::Branch => ResourceWord::Branch,
        Thing::Tag => ResourceWord::Tag,
        Thing::Commit => ResourceWord::Commit,
        Thing::Setting => ResourceWord::Setting,
        Thing::Mount => ResourceWord::Mount,
        Thing::Swap => ResourceWord::Swap,
        Thing::FileSystem => ResourceWord::FileSystem,
        Thing::Data => ResourceWord::Data,
        Thing::Rows => ResourceWord::Rows,
        Thing::Keys => ResourceWord::Keys,
        Thing::RedisKey => ResourceWord::RedisKey,
        Thing::Superuser => ResourceWord::Superuser,
        Thing::Wordpress => ResourceWord::Wordpress,
        Thing::WordpressUser => ResourceWord::WordpressUser,
        Thing::WordpressPost => ResourceWord::WordpressPost,
        Thing::RabbitmqUser => ResourceWord::RabbitmqUser,
        Thing::SelinuxRule => ResourceWord::SelinuxRule,
        Thing::Ufw => ResourceWord::Ufw,
        Thing::Firewall => ResourceWord::Firewall,
        Thing::NetworkSetting => ResourceWord::NetworkSetting,
        Thing::Membership => ResourceWord::Membership,
        Thing::Password => ResourceWord::Password,
        Thing::Certificate => ResourceWord::Certificate,
        Thing::Download => ResourceWord::Download,
        Thing::Files => ResourceWord::Files,
        Thing::Pod => ResourceWord::Pod,
        Thing::Secret => ResourceWord::Secret,
        Thing::Config => ResourceWord::Config,
        Thing::Swarm => ResourceWord::Swarm,
        Thing::SwarmService => ResourceWord::SwarmService,
        Thing::Attachment => ResourceWord::Attachment,
        Thing::Context => ResourceWord::Context,
        Thing::Volumes => ResourceWord::Volumes,
        Thing::FreedContainer | Thing::LinkTarget => return None,
    })
}

fn role_word(role: Role) -> RoleWord {
    match role {
        Role::SystemPackages => RoleWord::SystemPackages,
        Role::Dependencies(_) => RoleWord::Dependencies,
        Role::GlobalTool(_) => RoleWord::GlobalTool,
        Role::VirtualEnv => RoleWord::VirtualEnv,
        Role::Build(_) => RoleWord::Build,
        Role::StaticFiles => RoleWord::StaticFiles,
        Role::Cache => RoleWord::Cache,
        Role::Migrate => RoleWord::Migrate,
        Role::Seed => RoleWord::Seed,
        Role::Source => RoleWord::Source,
        Role::Account => RoleWord::Account,
        Role::DaemonReload => RoleWord::DaemonReload,
        Role::Enable => RoleWord::Enable,
        Role::Restart => RoleWord::Restart,
        Role::ComposeUp => RoleWord::ComposeUp,
        Role::Serve => RoleWord::Serve,
        Role::Clone => RoleWord::Clone,
        Role::Owner => RoleWord::Owner,
        Role::Mode => RoleWord::Mode,
        Role::Fetch => RoleWord::Fetch,
        Role::Send => RoleWord::Send,
        Role::Unpack => RoleWord::Unpack,
        Role::Signal => RoleWord::Signal,
        Role::Reboot => RoleWord::Reboot,
        Role::Provision => RoleWord::Provision,
        Role::ReadOnly => RoleWord::ReadOnly,
    }
}

fn ecosystem_word(ecosystem: Ecosystem) -> Option<EcosystemWord> {
    match ecosystem {
        Ecosystem::Python => Some(EcosystemWord::Python),
        Ecosystem::Node => Some(EcosystemWord::Node),
        Ecosystem::Ruby => Some(EcosystemWord::Ruby),
        Ecosystem::Php => Some(EcosystemWord::Php),
        Ecosystem::Container => Some(EcosystemWord::Container),
        Ecosystem::Rust | Ecosystem::Go | Ecosystem::Jvm | Ecosystem::DotNet | Ecosystem::Other => None,
    }
}

fn work(word: WorkWord) -> Work {
    match word {
        WorkWord::PythonDependencies => Work::PythonDependencies,
        WorkWord::NodeDependencies => Work::NodeDependencies,
        WorkWord::RubyDependencies => Work::RubyDependencies,
        WorkWord::PhpDependencies => Work::PhpDependencies,
        WorkWord::VirtualEnv => Work::VirtualEnv,
        WorkWord::Build => Work::Build,
        WorkWord::Migrate => Work::Migrate,
        WorkWord::StaticFiles => Work::StaticFiles,
    }
}
