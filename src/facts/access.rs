//! Who may read and write the files and directories that a script makes: the owner, the group and the mode of each path in
//! the end. What the script does not show is unknown.

use crate::facts::givers::{key, mode_set_by};
use crate::facts::owners::reaches;
use crate::facts::packages::is_opaque_call;
use crate::model::{Deployment, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::tools::effect::{Change, Content, Effect, How, Mode, PathKind, Resource, Role};
use crate::tools::place::is_on_every_server;
use crate::tools::prints::is_new_file;
use hashbrown::HashMap;

/// The umask of root on a usual server.
const UMASK: u32 = 0o022;

/// The right to read, as a bit of one class.
pub(crate) const READ: u32 = 0o4;
/// The right to write.
pub(crate) const WRITE: u32 = 0o2;
/// The right to enter a directory.
pub(crate) const ENTER: u32 = 0o1;

/// An owner or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who<'s> {
    /// Root, or root's group.
    Root,
    /// An account, or a group.
    Named(&'s Value),
    /// Not known.
    Unknown,
}

impl<'s> Who<'s> {
    fn of(name: &'s Value) -> Self {
        match name.as_literal() {
            Some("root" | "0") => Who::Root,
            _ if name.is_stable() => Who::Named(name),
            _ => Who::Unknown,
        }
    }

    /// The account that has an effect of a step. It owns what comes into being.
    fn does(step: &'s Step, effect: &'s Effect) -> Self {
        match step.doer(effect) {
            User::Root => Who::Root,
            User::Named(name) => Who::of(name),
            User::Caller | User::Unknown => Who::Unknown,
        }
    }
}

/// A file or directory that a script makes, as it is in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held<'s> {
    /// The path.
    pub(crate) path: &'s Value,
    /// The owner.
    pub(crate) owner: Who<'s>,
    /// The group.
    pub(crate) group: Who<'s>,
    /// The mode, if it is known.
    pub(crate) mode: Option<u32>,
    /// True for a directory.
    pub(crate) is_directory: bool,
    /// The step that makes it.
    pub(crate) made: StepId,
    /// The last step that makes it, or sets its owner or its mode.
    pub(crate) by: StepId,
}

impl Held<'_> {
    /// True if an account surely lacks a right: neither it, nor its own group, nor everybody has it. It may be a member of
    /// any group but root's.
    pub(crate) fn lacks(&self, account: &Value, right: u32) -> bool {
        let Some(mode) = self.mode else { return false };
        let is_owner = match self.owner {
            Who::Root => false,
            Who::Named(owner) => {
                let is_number = |name: &str| name.bytes().all(|b| b.is_ascii_digit());
                owner.looks_like(account)
                    || account.as_literal().is_none()
                    || owner.as_literal().is_none_or(is_number)
            }
            Who::Unknown => true,
        };
        let by_group = match self.group {
            Who::Root => false,
            Who::Named(_) | Who::Unknown => mode & (right << 3) != 0,
        };
        mode & right == 0 && !is_owner && !by_group
    }

    fn forget(&mut self) {
        (self.owner, self.group, self.mode) = (Who::Unknown, Who::Unknown, None);
    }
}

/// The paths that a script makes.
#[derive(Debug, Default)]
pub(crate) struct Holdings<'s> {
    held: HashMap<&'s str, Held<'s>>,
}

impl<'s> Holdings<'s> {
    /// The paths as they are after the last step before `end`.
    pub(crate) fn before(script: &'s Deployment<'_>, end: StepId) -> Self {
        let mut holdings = Holdings::default();
        for (id, step) in script.iter().take_while(|(id, _)| *id < end) {
            holdings.follow(script, id, step);
        }
        holdings
    }

    /// The paths as they are in the end.
    pub(crate) fn of(script: &'s Deployment<'_>) -> Self {
        Holdings::before(script, StepId(u32::MAX))
    }

    /// All of them, in the order in which they are made.
    pub(crate) fn all(&self) -> Vec<Held<'s>> {
        let mut all: Vec<Held<'s>> = self.held.values().copied().collect();
        all.sort_by_key(|held| (held.made, held.path.key()));
        all
    }

    /// A path, if the script makes it.
    pub(crate) fn get(&self, path: &Value) -> Option<&Held<'s>> {
        self.held.get(key(path))
    }

    /// Takes in what the next step does.
    pub(crate) fn follow(&mut self, script: &'s Deployment<'_>, id: StepId, step: &'s Step) {
        if step.entry != 0 || step.place != Place::Here {
            return;
        }
        let unknown = |effect: &Effect| effect.resource.name().knowledge() == Knowledge::Unknown;
        let sets_anything = step.deed.roles.contains(&Role::Owner) || step.deed.roles.contains(&Role::Mode);
        let may_set =
            sets_anything && (step.deed.effects.is_empty() || step.deed.effects.iter().any(unknown));
        // Another account than root can't change what belongs to root.
        let is_roots = !matches!(&step.user, User::Named(name) if Who::of(name) != Who::Root);
        if is_roots && (may_set || is_opaque_call(step)) {
            self.held.values_mut().for_each(Held::forget);
        }
        // `mv` removes its source, whose owner and mode it takes along.
        let (gone, others): (Vec<&Effect>, Vec<&Effect>) =
            step.deed.effects.iter().partition(|effect| effect.change == Change::Remove);
        for effect in others.into_iter().chain(gone) {
            let Resource::Path(path) = &effect.resource else { continue };
            match &effect.change {
                Change::Create(_) | Change::Write => self.made(script, id, step, effect, path),
                Change::Remove => self.held.retain(|_, held| !held.path.is_under(path)),
                Change::Own { user, group, recursive } => {
                    self.change(script, id, path, *recursive, |held, is_sure| {
                        if let Some(user) = user {
                            held.owner = if is_sure { Who::of(user) } else { Who::Unknown };
                        }
                        if let Some(group) = group {
                            held.group = if is_sure { Who::of(group) } else { Who::Unknown };
                        }
                    });
                }
                Change::Mode { mode, recursive } => {
                    self.change(script, id, path, *recursive, |held, is_sure| {
                        held.mode = match mode {
                            Mode::Octal(bits) if is_sure => Some(bits & 0o7777),
                            _ if !is_sure => None,
                            Mode::Symbolic(text) if text.contains('s') => None,
                            _ => held.mode.and_then(|before| mode.applied_to(before)),
                        };
                    });
                }
                _ => {}
            }
        }
    }

    fn made(
        &mut self,
        script: &'s Deployment<'_>,
        id: StepId,
        step: &'s Step,
        effect: &'s Effect,
        path: &'s Value,
    ) {
        let is_directory = match effect.change {
            Change::Create(PathKind::Directory | PathKind::Tree) => true,
            Change::Create(PathKind::Link) => return,
            _ => effect.content.as_ref().is_some_and(|content| content.tree),
        };
        let is_new_inode = mode_set_by(step, &effect.resource).is_some() && !is_directory;
        let is_moved = effect.content.as_ref().is_some_and(|content| content.how == How::Moved);
        if let Some(held) = self.held.get_mut(key(path))
            && (!is_new_inode && !is_moved || !applies(script, held.made, id))
        {
            // What is there keeps its owner and its mode, unless it is replaced.
            if is_new_inode || is_moved {
                held.forget();
            }
            return;
        }
        let is_strange = path.as_literal().is_some_and(is_on_every_server)
            || path.is_glob()
            || step.deed.roles.contains(&Role::Account);
        if is_strange {
            return;
        }
        let owner = Who::does(step, effect);
        let most = if is_directory { 0o777 } else { 0o666 };
        let mode = Some(most & !step.umask.unwrap_or(UMASK));
        // chmod(1): what is made in a set-group-ID directory has its group.
        let group = match self.get(&path.dirname()) {
            Some(around) if around.mode.is_none_or(|mode| mode & 0o2000 != 0) => around.group,
            _ => owner,
        };
        let mut held = Held { path, owner, group, mode, is_directory, made: id, by: id };
        match &effect.content {
            // mktemp(1) has made it before.
            _ if path.knowledge() == Knowledge::Fresh && is_new_file(&path.to_string()) => {
                held.mode = Some(0o600)
            }
            None => {}
            Some(content) => self.bring(&mut held, content),
        }
        self.held.insert(key(path), held);
    }

    /// Sets what the way in which content gets to a path says of its owner and its mode.
    fn bring(&self, held: &mut Held<'s>, content: &Content) {
        let source = content.from.as_ref().and_then(|from| self.held.get(key(from)));
        match (content.how, source) {
            (How::Moved | How::Kept, Some(source)) => {
                (held.owner, held.group, held.mode) = (source.owner, source.group, source.mode);
                held.is_directory = source.is_directory;
            }
            (How::Copied, Some(source)) => {
                held.mode = source.mode.zip(held.mode).map(|(from, own)| from & (own | 0o111))
            }
            (How::Copied, None) => held.mode = None,
            (How::Secret | How::Fetched, _) => {}
            _ => held.forget(),
        }
    }

    fn change(
        &mut self,
        script: &Deployment<'_>,
        id: StepId,
        target: &Value,
        recursive: bool,
        set: impl Fn(&mut Held<'s>, bool),
    ) {
        let reached = self.held.values_mut().filter(|held| reaches(target, recursive, held.path));
        for held in reached {
            set(held, applies(script, held.made, id));
            held.by = id;
        }
    }
}

/// True if a step surely runs where an earlier one has run: it has no other guards.
fn applies(script: &Deployment<'_>, earlier: StepId, id: StepId) -> bool {
    let guard = script.step(id).guard;
    guard.is_none() || script.guards_of(earlier).any(|(around, _)| Some(around) == guard)
}
