//! `permissions/secret-mode`: everybody on the server can read a file with secrets.

use crate::facts::owners::{from, is_roots, lies_under, reaches, runs_as};
use crate::facts::secrets::{is_env_file, is_secret_file, mentions_secret, secret_in};
use crate::facts::users::{given_away, user_of};
use crate::facts::world::World;
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix};
use crate::model::condition::Cond;
use crate::model::{Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, Effect, How, Mode, PathKind, Prints, Resource};
use crate::tools::find::picks;

/// Where only root can look, or where programs keep their own order.
const ELSEWHERE: [&str; 6] =
    ["/root", "/dev", "/proc", "/etc/apt", "/etc/letsencrypt", "/usr/share/keyrings"];

/// `permissions/secret-mode`.
pub(in crate::rules) fn secret_mode(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        let mut files = Files::default();
        for (id, step) in script.iter() {
            files.follow(script, id, step);
        }
        let mut spans: Vec<Span> = Vec::new();
        for file in &files.files {
            if let Some(finding) = file.judge(context, script, &files)
                && !spans.contains(&finding.span)
            {
                spans.push(finding.span);
                found.push(finding);
            }
        }
        found.extend(reopened(context, script, &files));
    }
}

/// A file that contains secrets, or may come to contain them.
struct File {
    path: Value,
    /// The step that created it.
    made: StepId,
    /// The operand that names it there.
    operand: Option<Span>,
    /// Whether others can read it; `None` if that is not known.
    open: Option<bool>,
    /// The step that put a secret in, and the secret's name.
    secret: Option<(StepId, String)>,
    /// The step that opened it again after it was closed.
    reopened: Option<StepId>,
}

#[derive(Default)]
struct Files {
    files: Vec<File>,
    /// Directories whose mode is set: the path, and whether others can enter.
    directories: Vec<(Value, bool)>,
}

impl Files {
    fn follow(&mut self, script: &Deployment<'_>, id: StepId, step: &Step) {
        if matches!(step.place, Place::Container(_)) {
            return;
        }
        for effect in &step.deed.effects {
            match (&effect.change, &effect.resource) {
                (Change::Write | Change::Create(PathKind::File | PathKind::Any), Resource::Path(path)) => {
                    self.made(script, id, path, effect);
                }
                (Change::Append, Resource::Line { file, .. } | Resource::Path(file))
                    if !stands_already(script, id, file) =>
                {
                    self.made(script, id, file, effect);
                }
                (Change::Edit, Resource::Path(path)) => self.edited(id, step, path),
                (Change::Remove, Resource::Path(path)) => self.files.retain(|f| !f.path.is_under(path)),
                (Change::Mode { mode, recursive }, Resource::Path(path)) => {
                    self.mode(id, step, path, mode, *recursive);
                }
                _ => {}
            }
        }
    }

    fn made(&mut self, script: &Deployment<'_>, id: StepId, path: &Value, effect: &Effect) {
        let step = script.step(id);
        let name = path.basename().to_string();
        let content = step.written.iter().find(|w| w.path == *path);
        let by_name = is_env_file(&name);
        let secret = match content {
            Some(written) if by_name => secret_in(&written.content.text),
            Some(written) if is_secret_file(&name) && !written.content.text.trim().is_empty() => {
                Some(name.clone())
            }
            _ => None,
        };
        let secret = secret.or_else(|| makes_key(step).then(|| name.clone()));
        let existing = self.files.iter().position(|f| f.path == *path);
        if existing.is_none() && secret.is_none() && !by_name {
            return;
        }
        let index = existing.unwrap_or_else(|| {
            self.files.push(File {
                path: path.clone(),
                made: id,
                operand: effect.operand,
                open: self.mode_of_new(step, effect),
                secret: None,
                reopened: None,
            });
            self.files.len() - 1
        });
        let file = &mut self.files[index];
        if file.secret.is_none() {
            file.secret = secret.map(|name| (id, name));
        }
        // A file that is moved keeps its mode.
        if existing.is_some() && effect.content.as_ref().is_some_and(|content| content.how == How::Moved) {
            file.open = None;
        }
    }

    /// What umask(2) leaves; a copy has the mode of its source, cp(1).
    fn mode_of_new(&self, step: &Step, effect: &Effect) -> Option<bool> {
        let by_umask = step.umask.is_none_or(|mask| mask & 0o004 == 0);
        let Some(content) = &effect.content else { return Some(by_umask) };
        match content.how {
            How::Moved | How::Synced | How::Unpacked => None,
            How::Copied if by_umask => {
                let path = content.from.as_ref()?;
                match self.files.iter().find(|f| f.path == *path) {
                    Some(file) => file.open,
                    None => {
                        let name = path.basename().to_string();
                        (is_sample(&name)).then_some(true)
                    }
                }
            }
            _ => Some(by_umask),
        }
    }

    fn edited(&mut self, id: StepId, step: &Step, path: &Value) {
        let secret = step.argv.args.iter().any(|a| mentions_secret(&a.value.to_string()))
            || step.deed.puts().any(|(_, content)| content.how == How::Secret);
        let Some(file) = self.files.iter_mut().find(|f| f.path == *path) else { return };
        if secret && file.secret.is_none() {
            file.secret = Some((id, "a secret".to_owned()));
        }
    }

    fn mode(&mut self, id: StepId, step: &Step, path: &Value, mode: &Mode, recursive: bool) {
        if !recursive && let Some(enter) = mode.others_can_enter() {
            self.directories.retain(|(p, _)| p != path);
            self.directories.push((path.clone(), enter));
        }
        let Some(open) = mode.others_can_read().filter(|_| !picks(&step.argv)) else {
            if *mode == Mode::Unknown {
                for file in self.files.iter_mut().filter(|f| reaches(path, recursive, &f.path)) {
                    file.open = None;
                }
            }
            return;
        };
        let mut known = false;
        for file in self.files.iter_mut().filter(|f| reaches(path, recursive, &f.path)) {
            known |= file.path == *path;
            if file.open == Some(false) && open {
                file.reopened = Some(id);
            }
            file.open = Some(open);
        }
        let name = path.basename().to_string();
        if !known && !recursive && (is_env_file(&name) || is_secret_file(&name)) {
            self.files.push(File {
                path: path.clone(),
                made: id,
                operand: None,
                open: Some(open),
                secret: None,
                reopened: None,
            });
        }
    }

    /// True if a directory above is closed to others.
    fn is_shut_in(&self, path: &Value) -> bool {
        self.directories.iter().any(|(dir, enter)| !enter && path != dir && path.is_under(dir))
    }
}

impl File {
    fn judge(&self, context: &World<'_, '_>, script: &Deployment<'_>, files: &Files) -> Option<Finding> {
        let (put, name) = self.secret.as_ref()?;
        if self.open != Some(true) || files.is_shut_in(&self.path) || is_elsewhere(&self.path) {
            return None;
        }
        let id = self.reopened.unwrap_or(self.made);
        let step = script.step(id);
        let path = &self.path;
        let holds = match name.as_str() {
            "a secret" => "holds a secret".to_owned(),
            name if path.basename().is_shown_as(name) => "is a secret".to_owned(),
            name => format!("holds `{name}`"),
        };
        let message = match self.reopened {
            Some(_) => format!(
                "`{}` makes `{path}`, which {holds}, readable by everybody on the server again",
                context.words(step.span)
            ),
            None => format!(
                "everybody on the server can read `{path}`, which {holds}: it keeps the usual mode 0644"
            ),
        };
        let mut draft = context
            .finding(id::PERMISSIONS_SECRET_MODE, step.span, message)
            .at_most(context.confidence(script, id, Some(path)));
        let secret = script.step(*put);
        draft = draft.related(secret.span, "this writes the secret");
        let reader = self.reader(context, script);
        let operand = self.operand(context, step);
        let shown = operand.clone().unwrap_or_else(|| path.to_string());
        let mode = if self.is_for_group(script) { "640" } else { "600" };
        let draft = match reader {
            Some(user) => draft.help(format!(
                "write `chown root:{user} {shown} && chmod 640 {shown}`, because `{user}` has to read it"
            )),
            None => draft
                .help(format!("write `chmod {mode} {shown}` after it"))
                .fix(operand.and_then(|operand| chmod_behind(context, step, mode, &operand))),
        };
        Some(draft.done())
    }

    /// The app's user, if the file stays root's and the app reads it by itself: mode 600 would lock the app
    /// out.
    fn reader(&self, context: &World<'_, '_>, script: &Deployment<'_>) -> Option<Value> {
        let app = user_of(context, &self.path)?;
        let step = script.step(self.made);
        let shown = self.path.to_string();
        let by_systemd =
            context.units.iter().any(|u| u.unit.environment_files().iter().any(|f| f.path == shown));
        let theirs = runs_as(step, &app.name) || !is_roots(step) || by_systemd;
        (!theirs && given_away(context, script, self.made.0 as usize, &self.path, |_| true).is_none())
            .then_some(app.name)
    }

    /// True if it is given to a group that is not just its owner's: `chown deploy:www-data`.
    fn is_for_group(&self, script: &Deployment<'_>) -> bool {
        from(script, self.made).any(|step| {
            step.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
                (Change::Own { user, group: Some(group), recursive }, Resource::Path(target)) => {
                    reaches(target, *recursive, &self.path) && user.as_ref() != Some(group)
                }
                _ => false,
            })
        })
    }

    /// The file as the command writes it.
    fn operand(&self, context: &World<'_, '_>, step: &Step) -> Option<String> {
        let text = context.sources.text(self.operand.filter(|_| self.reopened.is_none())?);
        let name = self.path.basename().to_string();
        (text.trim_matches(['"', '\'']).ends_with(&name)
            && text.lines().count() == 1
            && step.place == Place::Here)
            .then(|| text.to_owned())
    }
}

/// True if a condition has ensured that the file exists: appending keeps its mode.
fn stands_already(script: &Deployment<'_>, id: StepId, file: &Value) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        let missing = guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) if matches!(&fact.resource, Resource::Path(path) if path == file) => Some(false),
            _ => None,
        });
        missing == Some(!guard.holds)
    })
}

/// A sample, as it is after cloning the repo: readable.
fn is_sample(name: &str) -> bool {
    ["sample", "example", "template", "dist", "default"].iter().any(|word| name.contains(word))
}

fn is_elsewhere(path: &Value) -> bool {
    path.knowledge() >= Knowledge::Fresh || ELSEWHERE.iter().any(|dir| lies_under(path.known_prefix(), dir))
}

/// `openssl rand -hex 32 > key`, `wg genkey > key`: openssl itself gives the file of -out the mode 0600, but
/// a redirect does not.
fn makes_key(step: &Step) -> bool {
    step.deed.prints == Prints::Secret && step.argv.stdout.is_some()
}

/// `chmod -R 755 APP`, with a `.env` in it that was created at another time.
fn reopened(context: &World<'_, '_>, script: &Deployment<'_>, files: &Files) -> Option<Finding> {
    let (id, step, tree) = script.iter().find_map(|(id, step)| {
        let opens = step.deed.effects.iter().find_map(|effect| match (&effect.change, &effect.resource) {
            (Change::Mode { mode, recursive: true }, Resource::Path(path))
                if mode.others_can_read() == Some(true) && !picks(&step.argv) =>
            {
                Some(path)
            }
            _ => None,
        })?;
        (!matches!(step.place, Place::Container(_))).then_some((id, step, opens))
    })?;
    let file = env_file_in(context, script, id, tree)?;
    let shut_later = from(script, id).skip(1).any(|later| {
        later.deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Mode { mode, recursive }, Resource::Path(path)) => {
                let narrow = mode.others_can_read() == Some(false) || *mode == Mode::Unknown;
                let same =
                    path.basename() == file.basename() || path.is_glob() || reaches(path, *recursive, &file);
                narrow && (same || file.is_under(path) || tree.is_under(path))
            }
            _ => false,
        })
    });
    let told = files.files.iter().any(|f| f.path == file && f.secret.is_some());
    if shut_later || told || files.is_shut_in(&file) || is_elsewhere(&file) {
        return None;
    }
    let words = context.words(step.span);
    let draft = context.finding(
        id::PERMISSIONS_SECRET_MODE,
        step.span,
        format!("`{words}` makes `{file}` readable by everybody on the server"),
    );
    let draft = draft.at_most(Confidence::Medium).at_most(context.confidence(script, id, Some(tree)));
    Some(draft.help(format!("write `chmod 600 {file}` after it")).done())
}

/// A file of secrets that is in the tree, as a script or a unit says.
fn env_file_in(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    opening: StepId,
    tree: &Value,
) -> Option<Value> {
    let is_one =
        |path: &Value| path.is_under(tree) && path != tree && is_env_file(&path.basename().to_string());
    // A tree that the script has just created is still empty.
    let fresh = script.iter().take(opening.0 as usize).any(|(_, step)| {
        step.deed.effects.iter().any(|e| {
            matches!((&e.change, &e.resource), (Change::Create(PathKind::Directory), Resource::Path(p)) if p == tree)
        })
    });
    for (other, id, step) in context.steps() {
        // What the same script creates later does not exist yet.
        let same = std::ptr::eq(other, script);
        if same && id > opening || fresh && !same {
            continue;
        }
        let mentioned = step.deed.effects.iter().find_map(|e| match &e.resource {
            Resource::Path(path) | Resource::Line { file: path, .. } => is_one(path).then(|| path.clone()),
            _ => None,
        });
        let argument = || step.argv.args.iter().map(|a| step.argv.path(a)).find(|path| is_one(path));
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
    let of_unit = context.units.iter().flat_map(|u| u.unit.environment_files());
    if let Some(file) = of_unit.into_iter().find(|f| lies_under(&f.path, &shown)) {
        let mut path = tree.clone();
        path.push_str(&file.path[shown.len()..]);
        return Some(path);
    }
    // The repo has a sample at its root, and the tree is the repo's checkout.
    let at_root = context.project.inventory.dotenv.iter().any(|f| !f.contains('/'));
    (at_root && context.app_trees.contains(tree)).then(|| {
        let mut path = tree.clone();
        path.push_str("/.env");
        path
    })
}

/// A line `chmod MODE FILE` after the command's own, if that is alone on it.
fn chmod_behind(context: &World<'_, '_>, step: &Step, mode: &str, operand: &str) -> Option<Fix> {
    let file = context.sources.file(step.span.file);
    let text = file.text();
    let range = file.line_range(context.sources.line(step.span));
    let line = text.get(range.clone())?.trim_end_matches('\n');
    let joined = ["&&", "||", ";", "$(", "("].iter().any(|sign| line.contains(sign));
    if joined || line.trim_end().ends_with(['\\', '|', '{']) || !step.wrappers.iter().all(|w| *w == "sudo") {
        return None;
    }
    let mut end = range.end;
    if let Some((_, heredoc)) = line.split_once("<<") {
        let word = heredoc.trim_start_matches('-').split_whitespace().next()?;
        let delimiter = word.trim_matches(['"', '\'']).trim_start_matches('\\');
        let mut found = None;
        let mut at = range.end;
        for body in text.get(range.end..)?.split_inclusive('\n') {
            at += body.len();
            if body.trim() == delimiter {
                found = Some(at);
                break;
            }
        }
        end = found?;
    }
    let ends_line = text.get(..end)?.ends_with('\n');
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let sudo = if step.wrappers.contains(&"sudo") { "sudo " } else { "" };
    let command = format!("{indent}{sudo}chmod {mode} {operand}\n");
    let at = end as u32;
    Some(Fix {
        title: "Lock the others out".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit {
            span: Span { start: at, end: at, ..step.span },
            text: if ends_line { command } else { format!("\n{}", command.trim_end()) },
        }],
    })
}
