//! The files of a script that hold secrets: who can read them when they are made, and which commands change that.

use crate::facts::ground::Ground;
use crate::facts::owners::{lies_under, reaches};
use crate::facts::secrets::{
    final_name, has_env, is_env_file, is_sample, is_secret_file, is_secret_name, is_settings_file,
    may_hold_secret, mentions_secret, secret_written,
};
use crate::facts::standing::CountedOn;
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::{base, is_sample_dotenv};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, How, Mode, PathKind, Prints, Resource};
use crate::tools::find::{may_pick, picks};
use crate::tools::owners::mode_alone;
use crate::tools::prints::is_new_file;
use hashbrown::HashMap;

/// Directories where only root can look, or where programs keep their own order.
const ELSEWHERE: [&str; 6] =
    ["/root", "/dev", "/proc", "/etc/apt", "/etc/letsencrypt", "/usr/share/keyrings"];

/// A file that contains secrets, or may come to contain them.
#[derive(Debug)]
pub(crate) struct SecretFile {
    path: Value,
    /// The step that made it, or the first one that sets its mode.
    made: StepId,
    operand: Option<Span>,
    /// The step that put a secret in, and the name of the secret if it is known.
    secret: Option<(StepId, Option<String>)>,
    /// The name of a secret that people will fill in, because the sample has a place for it.
    place_for: Option<String>,
    /// Whether everybody can read it after the step that made it, if that is known.
    born_open: Option<bool>,
    /// Whether everybody can read it after each step that changes that. Nobody can read what is removed.
    changes: Vec<(StepId, Option<bool>)>,
    is_gone: bool,
    /// The steps that close it or a directory above it, in their order.
    closers: Vec<Closer>,
}

impl SecretFile {
    pub(crate) fn path(&self) -> &Value {
        &self.path
    }

    /// The step that made it.
    pub(crate) fn made(&self) -> StepId {
        self.made
    }

    /// The operand that names it there.
    pub(crate) fn operand(&self) -> Option<Span> {
        self.operand
    }

    /// The step that put a secret in, and the secret's name.
    pub(crate) fn secret(&self) -> Option<(StepId, Option<&str>)> {
        self.secret.as_ref().map(|(step, name)| (*step, name.as_deref()))
    }

    /// True if it was closed to others before the step.
    pub(crate) fn was_closed_before(&self, id: StepId) -> bool {
        self.open_before(id) == Some(false)
    }

    /// What a step does to a file that holds a secret, if it lets everybody read it.
    fn exposed_by(&self, id: StepId) -> Option<Exposure> {
        self.secret.as_ref()?;
        if self.made == id && self.born_open == Some(true) {
            return Some(Exposure::New);
        }
        let opens = self.changes.iter().any(|(step, open)| *step == id && *open == Some(true));
        (opens && self.open_before(id) != Some(true)).then_some(Exposure::Opened)
    }

    fn open_before(&self, id: StepId) -> Option<bool> {
        let before = self.changes.iter().rev().find(|(step, _)| *step < id);
        before.map_or(self.born_open, |(_, open)| *open)
    }

    fn change(&mut self, id: StepId, open: Option<bool>) {
        // What the step does to the file it makes is a part of making it.
        match self.made == id && self.changes.is_empty() {
            true => self.born_open = open,
            false => self.changes.push((id, open)),
        }
    }

    fn is_open(&self) -> Option<bool> {
        self.changes.last().map_or(self.born_open, |(_, open)| *open)
    }
}

/// A step that takes the right to read a file away from others, or may do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Closer {
    id: StepId,
    /// It closes a directory above the file, so that files which are made there later are closed too.
    above: bool,
}

/// How a command lets everybody read a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// It makes the file with a mode that everybody can read.
    New,
    /// It gives the file a mode that everybody can read.
    Opened,
}

/// The secret files of one script, in the order in which they are made.
#[derive(Debug, Default)]
pub(crate) struct SecretFiles {
    files: Vec<SecretFile>,
    /// Directories whose mode is set: the path, whether others can enter, and the step.
    directories: Vec<(Value, bool, StepId)>,
    /// The files that a step lets everybody read.
    exposed: HashMap<StepId, Vec<usize>>,
    /// The samples of the repo that have a place for a secret, by their names, with that of the secret.
    samples: HashMap<String, String>,
}

impl SecretFiles {
    pub(crate) fn of(world: &Ground<'_, '_>, script: &Deployment<'_>) -> Self {
        let mut files = SecretFiles { samples: samples(world), ..SecretFiles::default() };
        let mut counted_on = CountedOn::default();
        for (id, step) in script.iter() {
            files.follow(id, step, &mut |file| counted_on.has(world, script, id, file));
        }
        files.index();
        files
    }

    /// The files that a step lets everybody read in one way.
    pub(crate) fn exposed_by(&self, id: StepId, how: Exposure) -> impl Iterator<Item = &SecretFile> {
        self.exposed(id).filter(move |file| file.exposed_by(id) == Some(how))
    }

    fn exposed(&self, id: StepId) -> impl Iterator<Item = &SecretFile> {
        self.exposed.get(&id).into_iter().flatten().map(|file| &self.files[*file])
    }

    /// True if with the first step, only owner and group can read everything that the second step lets everybody read.
    pub(super) fn hide(&self, first: StepId, second: StepId) -> bool {
        let mut is_last = false;
        let mut exposed = self.exposed(second).peekable();
        exposed.peek().is_some()
            && exposed.all(|file| {
                let counts = |closer: &&Closer| closer.above || closer.id > second;
                let mut closers = file.closers.iter().filter(counts).take_while(|closer| closer.id <= first);
                let earliest = closers.next();
                is_last |= earliest.is_some_and(|closer| closer.id == first)
                    || closers.any(|closer| closer.id == first);
                earliest.is_some()
            })
            && is_last
    }

    fn index(&mut self) {
        for (number, file) in self.files.iter_mut().enumerate() {
            if file.secret.is_none() || is_elsewhere(&file.path) {
                continue;
            }
            let steps = std::iter::once(file.made).chain(file.changes.iter().map(|(id, _)| *id));
            for id in steps.filter(|id| file.exposed_by(*id).is_some()) {
                let files = self.exposed.entry(id).or_default();
                if files.last() != Some(&number) {
                    files.push(number);
                }
            }
            let closes = file.changes.iter().filter(|(_, open)| *open != Some(true));
            file.closers.extend(closes.map(|(id, _)| Closer { id: *id, above: false }));
            let above = self.directories.iter().filter(|(dir, enter, _)| !enter && holds(dir, &file.path));
            file.closers.extend(above.map(|(_, _, id)| Closer { id: *id, above: true }));
            file.closers.sort();
        }
    }

    /// True if a directory above the path is closed to others.
    fn is_shut_in(&self, path: &Value, by: StepId) -> bool {
        self.directories.iter().any(|(dir, enter, id)| *id == by && !enter && holds(dir, path))
    }

    /// `stands` says whether a file to which the step adds is surely there.
    fn follow(&mut self, id: StepId, step: &Step, stands: &mut dyn FnMut(&Value) -> bool) {
        if matches!(step.place, Place::Container(_)) {
            return;
        }
        // `find … | xargs chmod 600`: it is not known which files it gets.
        if mode_alone(&step.argv).is_some_and(|mode| mode.others_can_read() == Some(false)) {
            self.standing().for_each(|file| file.change(id, None));
        }
        for effect in &step.deed.effects {
            match (&effect.change, &effect.resource) {
                (Change::Write | Change::Create(PathKind::File | PathKind::Any), Resource::Path(path)) => {
                    self.made(id, step, path, effect);
                }
                (Change::Append, Resource::Line { file, .. } | Resource::Path(file))
                    if (may_hold_secret(file) || makes_key(step))
                        && (self.standing().any(|own| own.path == *file) || !stands(file)) =>
                {
                    self.made(id, step, file, effect);
                }
                (Change::Edit, Resource::Path(path)) => self.edited(id, step, path),
                (Change::Remove, Resource::Path(path)) => {
                    for file in self.standing().filter(|f| f.path.is_under(path)) {
                        file.change(id, Some(false));
                        file.is_gone = true;
                    }
                }
                (Change::Mode { mode, recursive }, Resource::Path(path)) => {
                    self.mode(id, step, path, mode, *recursive);
                }
                _ => {}
            }
        }
    }

    fn standing(&mut self) -> impl Iterator<Item = &mut SecretFile> {
        self.files.iter_mut().filter(|file| !file.is_gone)
    }

    fn made(&mut self, id: StepId, step: &Step, path: &Value, effect: &Effect) {
        let base = path.basename();
        let name = base.shown();
        let name = final_name(&name);
        let content = step.written.iter().find(|w| w.path == *path);
        let by_name = is_env_file(name);
        let secret = content.and_then(|of| secret_written(path, &of.content.text, &of.value));
        let sample = effect.content.as_ref().and_then(|content| content.from.as_ref());
        let place_for = sample.and_then(|from| self.samples.get(&*from.basename().shown())).cloned();
        // What is copied or moved brings its secret along.
        let draft = sample.and_then(|from| self.source_of(id, effect, from));
        let carried = draft.and_then(|draft| draft.secret.as_ref()).and_then(|(_, name)| name.clone());
        let carried = carried.filter(|_| by_name || is_settings_file(name));
        let key = || makes_key(step).then(|| name.to_owned());
        let secret = secret.or_else(key).or(carried).map(|name| (id, Some(name)));
        let born_open = self.mode_of_new(id, step, path, effect);
        if let Some(file) = self.standing().find(|f| f.path == *path) {
            if file.secret.is_none() {
                file.secret = secret;
            }
            if effect.content.as_ref().is_some_and(|content| content.how == How::Moved) {
                file.change(id, born_open);
            }
        } else if secret.is_some() || by_name || place_for.is_some() || is_settings_file(name) {
            self.files.push(SecretFile {
                path: path.clone(),
                made: id,
                operand: effect.operand,
                secret,
                place_for,
                born_open,
                changes: Vec::new(),
                is_gone: false,
                closers: Vec::new(),
            });
        }
    }

    /// The file that a step copies or moves. What it moves is gone already.
    fn source_of(&self, id: StepId, effect: &Effect, from: &Value) -> Option<&SecretFile> {
        let is_moved = effect.content.as_ref().is_some_and(|content| content.how == How::Moved);
        let left = |file: &SecretFile| is_moved && file.changes.last().is_some_and(|(at, _)| *at == id);
        self.files.iter().rev().find(|file| (!file.is_gone || left(file)) && file.path == *from)
    }

    /// The mode that umask(2) leaves, and that a file which is moved keeps. A copy has the mode of its source, cp(1).
    fn mode_of_new(&self, id: StepId, step: &Step, path: &Value, effect: &Effect) -> Option<bool> {
        // mktemp(1) has made its file, and nobody else can read that.
        let by_umask = step.umask.is_none_or(|mask| mask & 0o004 == 0) && !is_new_file(&path.shown());
        let Some(content) = &effect.content else { return Some(by_umask) };
        match content.how {
            How::Moved => self.source_of(id, effect, content.from.as_ref()?)?.open_before(id),
            How::Synced | How::Unpacked => None,
            // A copy that keeps its mode is as open as its source, and a plain copy loses what umask takes away.
            how if how == How::Kept || how == How::Copied && by_umask => {
                let path = content.from.as_ref()?;
                match self.files.iter().find(|f| !f.is_gone && f.path == *path) {
                    Some(file) => file.is_open(),
                    None => is_sample(&path.basename().shown()).then_some(true),
                }
            }
            _ => Some(by_umask),
        }
    }

    fn edited(&mut self, id: StepId, step: &Step, path: &Value) {
        let secret = step.argv.args.iter().any(|a| mentions_secret(&a.value.shown()))
            || step.deed.puts().any(|(_, content)| content.how == How::Secret);
        let Some(file) = self.standing().find(|f| f.path == *path) else { return };
        // `sed -i 's/^PasswordAuthentication .*/…/'` inserts no secret, because it inserts no value of a variable.
        let inserts = is_env_file(&path.basename().shown())
            || step.argv.args.iter().any(|a| a.value.knowledge() > Knowledge::Literal);
        if secret && inserts && file.secret.is_none() {
            file.secret = Some((id, None));
        }
    }

    fn mode(&mut self, id: StepId, step: &Step, path: &Value, mode: &Mode, recursive: bool) {
        if !recursive && let Some(enter) = mode.others_can_enter() {
            self.directories.retain(|(p, _, _)| p != path);
            self.directories.push((path.clone(), enter, id));
        }
        if picks(&step.argv) && mode.others_can_read() == Some(false) {
            let reached = self.standing().filter(|f| reaches(path, recursive, &f.path));
            reached.filter(|f| may_pick(&step.argv, &f.path)).for_each(|file| file.change(id, Some(false)));
            return;
        }
        let Some(open) = mode.others_can_read().filter(|_| !picks(&step.argv)) else {
            if *mode == Mode::Unknown {
                self.standing()
                    .filter(|f| reaches(path, recursive, &f.path))
                    .for_each(|file| file.change(id, None));
            }
            return;
        };
        let mut known = false;
        for file in self.standing().filter(|f| reaches(path, recursive, &f.path)) {
            known |= file.path == *path;
            // A mode that somebody writes out is meant for what people will fill in.
            if open && !recursive && file.secret.is_none() {
                file.secret = file.place_for.take().map(|name| (id, Some(name)));
            }
            file.change(id, Some(open));
        }
        let name = path.basename().to_string();
        if !known && !recursive && (is_env_file(&name) || is_secret_file(&name)) {
            self.files.push(SecretFile {
                path: path.clone(),
                made: id,
                operand: None,
                secret: None,
                place_for: None,
                born_open: None,
                changes: vec![(id, Some(open))],
                is_gone: false,
                closers: Vec::new(),
            });
        }
    }
}

/// True if the first step closes the environment file that the second one opens to everybody.
pub(super) fn hides(
    files: &SecretFiles,
    opened: &SettingsOpened,
    script: &Deployment<'_>,
    first: StepId,
    second: StepId,
) -> bool {
    opened.by == second
        && (first > second && opened.is_closed_by(script.step(first))
            || files.is_shut_in(&opened.file, first))
}

/// An environment file in a tree that a step opens to everybody with `chmod -R`. Another script, a unit or the repo
/// shows that the file is there. What this script writes is one of its secret files.
#[derive(Debug)]
pub(crate) struct SettingsOpened {
    pub(crate) by: StepId,
    pub(crate) tree: Value,
    pub(crate) file: Value,
}

impl SettingsOpened {
    /// The environment file that the first such step of a script opens.
    pub(crate) fn of(world: &Ground<'_, '_>, files: &SecretFiles, script: &Deployment<'_>) -> Option<Self> {
        let (by, tree) = script.iter().filter(|(_, s)| !matches!(s.place, Place::Container(_))).find_map(
            |(id, step)| {
                let tree =
                    step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
                        (Change::Mode { mode, recursive: true }, Resource::Path(path))
                            if mode.others_can_read() == Some(true) && !picks(&step.argv) =>
                        {
                            Some(path)
                        }
                        _ => None,
                    })?;
                Some((id, tree))
            },
        )?;
        let file = env_file_in(world, script, by, tree)?;
        let is_own = files.files.iter().any(|f| !f.is_gone && f.path == file && f.secret.is_some());
        (!is_own && !is_elsewhere(&file)).then(|| SettingsOpened { by, tree: tree.clone(), file })
    }

    fn is_closed_by(&self, step: &Step) -> bool {
        step.deed.effects.iter().any(|effect| {
            let (Change::Mode { mode, recursive }, Resource::Path(path)) = (&effect.change, &effect.resource)
            else {
                return false;
            };
            let narrow = mode.others_can_read() == Some(false) || *mode == Mode::Unknown;
            let same = path.basename() == self.file.basename()
                || path.is_glob() && may_match(path, &self.file)
                || reaches(path, *recursive, &self.file);
            narrow && (same || self.file.is_under(path) || self.tree.is_under(path))
        })
    }
}

/// True if a glob may match a file. No glob matches a leading dot unless it writes it (glob(7)).
fn may_match(glob: &Value, file: &Value) -> bool {
    let (pattern, name) = (glob.basename().to_string(), file.basename().to_string());
    let begin = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let end = pattern.rsplit(['*', '?', ']']).next().unwrap_or_default();
    (begin.starts_with('.') || !name.starts_with('.')) && name.starts_with(begin) && name.ends_with(end)
}

/// True for a directory above a path.
fn holds(directory: &Value, path: &Value) -> bool {
    path != directory && path.is_under(directory)
}

/// The samples of environment files that have a place for a secret.
fn samples(world: &Ground<'_, '_>) -> HashMap<String, String> {
    let samples = world.project.dotenvs.iter().filter(|(path, _)| is_sample_dotenv(path));
    samples
        .filter_map(|(path, dotenv)| {
            let entry =
                dotenv.entries.iter().chain(&dotenv.commented).find(|entry| is_secret_name(&entry.name))?;
            Some((base(path).to_owned(), entry.name.clone()))
        })
        .collect()
}

fn is_elsewhere(path: &Value) -> bool {
    path.knowledge() >= Knowledge::Fresh || ELSEWHERE.iter().any(|dir| lies_under(path.known_prefix(), dir))
}

/// True for `openssl rand -hex 32 > key` and `wg genkey > key`. openssl gives the file of -out the mode 0600, but a
/// redirect does not.
fn makes_key(step: &Step) -> bool {
    step.deed.prints == Prints::Secret && step.argv.stdout.is_some()
}

/// A file of secrets in the tree that a script or a unit names.
fn env_file_in(
    world: &Ground<'_, '_>,
    script: &Deployment<'_>,
    opening: StepId,
    tree: &Value,
) -> Option<Value> {
    let is_one = |path: &Value| holds(tree, path) && is_env_file(&path.basename().shown());
    // A tree that the script has just created is still empty.
    let fresh = script.iter().take(opening.0 as usize).any(|(_, step)| {
        step.deed.effects.iter().any(|e| {
            matches!((&e.change, &e.resource), (Change::Create(PathKind::Directory), Resource::Path(p)) if p == tree)
        })
    });
    for (other, id, step) in world.steps() {
        // What the same script creates later does not exist yet.
        let same = std::ptr::eq(other, script);
        if same && id > opening || fresh && !same {
            continue;
        }
        let mentioned = step.deed.effects.iter().find_map(|e| match &e.resource {
            Resource::Path(path) | Resource::Line { file: path, .. } => is_one(path).then(|| path.clone()),
            _ => None,
        });
        // What is only printed names no file.
        let words = step.argv.args.iter().filter(|_| step.deed.prints != Prints::Words);
        let may_be = |value: &Value| has_env(value.key()) || has_env(step.argv.cwd.key());
        let mut paths = words.filter(|arg| may_be(&arg.value)).map(|arg| step.argv.path(arg));
        let argument = || paths.find(|path| is_one(path));
        let tested = || {
            other.guards_of(id).find_map(|(_, guard)| {
                guard.cond.facts().iter().find_map(|fact| match &fact.resource {
                    Resource::Path(path) if is_one(path) => Some(path.clone()),
                    _ => None,
                })
            })
        };
        if let Some(path) = mentioned.or_else(argument).or_else(tested) {
            return Some(path);
        }
    }
    if fresh {
        return None;
    }
    let shown = tree.to_string();
    let of_unit = world.units.iter().flat_map(|u| u.unit.environment_files());
    if let Some(file) = of_unit.into_iter().find(|f| lies_under(&f.path, &shown)) {
        let mut path = tree.clone();
        path.push_str(&file.path[shown.len()..]);
        return Some(path);
    }
    // The repo has a sample at its root, and the tree is a checkout of the repo.
    let at_root = world.project.inventory.dotenv.iter().any(|f| !f.contains('/'));
    (at_root && world.app_trees.contains(tree)).then(|| {
        let mut path = tree.clone();
        path.push_str("/.env");
        path
    })
}
