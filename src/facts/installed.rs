//! Which units there are: those that scripts write, those that they install from the repo (filled in or
//! unchanged), what drop-ins add to them, and those that are only in the repo.

mod filled;

use crate::facts::parts::{Origin, UnitAt};
use crate::facts::surroundings::Project;
use crate::model::{Deployment, Step, StepId, Written};
use crate::project::unit::Unit;
use crate::repo::names::{base, drop_in_of, is_unit};
use crate::shell::argv::{Arg, Stdin};
use crate::shell::value::Value;
use crate::source::{FileId, Sources, Span};
use crate::tools::effect::Prints;
use crate::tools::effect::{Change, Effect, How, Resource};
use crate::tools::services::links;
use filled::filled;
use std::collections::HashMap;

/// True for a directory where systemd searches for units that an administrator adds (systemd.unit(5), UNIT FILE LOAD
/// PATH).
fn is_unit_directory(path: &Value) -> bool {
    let prefix = path.known_prefix();
    prefix.starts_with("/etc/systemd/system")
        || prefix.starts_with("/lib/systemd/system")
        || prefix.starts_with("/usr/lib/systemd/system")
        || prefix.starts_with("/usr/local/lib/systemd/system")
        // The home directory before it may be unknown.
        || path.key().contains("/systemd/user/")
}

/// True if the step brings a unit to a user's own manager: systemd.unit(5), `~/.config/systemd/user`.
pub(crate) fn is_of_a_user(step: &Step) -> bool {
    let of_user = |path: &Value| path.key().contains("/systemd/user/");
    step.written.iter().any(|w| of_user(&w.path))
        || step.deed.effects.iter().any(|e| matches!(&e.resource, Resource::Path(path) if of_user(path)))
}

fn is_unit_path(path: &Value) -> bool {
    let suffix = path.known_suffix();
    [".service", ".timer", ".socket", ".target", ".path", ".mount"].iter().any(|s| suffix.ends_with(s))
        && is_unit_directory(path)
}

/// A file beside a unit that adds to it, systemd.unit(5).
struct DropIn {
    /// The name of the unit: `web.service`.
    of: String,
    /// Its own name. Drop-ins are read in the order of their names.
    name: String,
    unit: Unit,
    /// The script that writes or installs it.
    script: usize,
}

/// The units of the project, with drop-ins merged into them.
pub(crate) fn units(sources: &Sources, scripts: &[&Deployment<'_>], project: &Project) -> Vec<UnitAt> {
    let mut found = Found { sources, project, units: Vec::new(), taken: Vec::new(), drop_ins: Vec::new() };
    for (index, script) in scripts.iter().enumerate() {
        for (id, step) in script.iter() {
            found.written(index, id, step);
            found.installed(index, script, id);
        }
    }
    found.in_repo();
    found.merge();
    found.units
}

/// The units that each step writes or installs. The key is the number of the script and the step.
pub(crate) type Brought = HashMap<(usize, StepId), Vec<usize>>;

/// Collects the units that steps bring, by their numbers.
pub(crate) fn brought(units: &[UnitAt]) -> Brought {
    let mut brought = Brought::new();
    for (number, at) in units.iter().enumerate() {
        if let Origin::Written(index, id) | Origin::Installed(index, id) = at.origin {
            brought.entry((index, id)).or_default().push(number);
        }
    }
    brought
}

struct Found<'p> {
    sources: &'p Sources,
    project: &'p Project,
    units: Vec<UnitAt>,
    /// The files of the repo that scripts install.
    taken: Vec<&'p str>,
    drop_ins: Vec<DropIn>,
}

impl<'p> Found<'p> {
    fn written(&mut self, index: usize, id: StepId, step: &Step) {
        for written in step.written.iter().filter(|w| is_unit_path(&w.path) && !w.append) {
            let name = written.path.basename().to_string();
            let unit = Unit::parse(&written.content);
            // A single line (`echo … > x.service`) or an unknown text is not a unit.
            if unit.directives.is_empty() {
                continue;
            }
            self.units.retain(|u| u.name != name || u.span.file != step.span.file);
            self.units.push(UnitAt { name, unit, span: step.span, origin: Origin::Written(index, id) });
        }
        for written in step.written.iter().filter(|w| is_unit_directory(&w.path)) {
            let path = written.path.to_string();
            if let Some(of) = drop_in_of(&path) {
                let unit = Unit::parse(&written.content);
                self.drop_in(of, base(&path), unit, index, written.append);
            }
        }
    }

    fn drop_in(&mut self, of: &str, name: &str, unit: Unit, script: usize, append: bool) {
        if !append {
            self.drop_ins.retain(|d| d.of != of || d.name != name || d.script != script);
        }
        self.drop_ins.push(DropIn { of: of.to_owned(), name: name.to_owned(), unit, script });
    }

    fn installed(&mut self, index: usize, script: &Deployment<'_>, id: StepId) {
        let step = script.step(id);
        let (sources, project) = (self.sources, self.project);
        for effect in &step.deed.effects {
            let (Change::Write | Change::Create(_), Resource::Path(path)) =
                (&effect.change, &effect.resource)
            else {
                continue;
            };
            // This reads only the script's own text. What `sed` pipes into `tee` comes from a file.
            let own = !step.written.is_empty() && std::ptr::eq(filter(script, id), step);
            if !is_unit_directory(path) || own {
                continue;
            }
            let shown = path.to_string();
            if let Some(of) = drop_in_of(&shown) {
                let added = project.drop_ins.iter().find(|(path, _)| {
                    drop_in_of(path) == Some(of) && operands(step).any(|name| name == base(path))
                });
                if let Some((_, file)) = added {
                    self.drop_in(of, base(&shown), Unit::of_file(sources, *file), index, false);
                }
                continue;
            }
            if !is_unit_path(path) {
                self.installed_by_glob(effect, step.span, Origin::Installed(index, id));
                continue;
            }
            let name = path.basename().to_string();
            let source = source_file(step, &name, &project.unit_files);
            let template = || source_file(step, &name, &project.unit_templates);
            if let Some((repo_path, file)) = source.or_else(template) {
                let unit = match is_copied(step) {
                    true => Unit::of_file(sources, *file),
                    false => Unit::parse(&filled(sources, *file, filter(script, id))),
                };
                self.install(repo_path, name, unit, step.span, Origin::Installed(index, id));
            } else if is_copied(step)
                && let Some((writer, text)) = written_before(script, id, &name)
            {
                let unit = Unit::parse(&text.content);
                self.units.retain(|u| u.name != name || u.span.file != step.span.file);
                let origin = Origin::Written(index, writer);
                self.units.push(UnitAt { name, unit, span: script.step(writer).span, origin });
            }
        }
        // systemctl(1): `enable` and `link` of a path create a link to the file in its place.
        for arg in links(&step.argv) {
            let path = arg.value.to_string();
            let file = project.unit_files.iter().find(|(repo, _)| base(repo) == base(&path));
            if let Some((repo_path, file)) = file.filter(|_| is_unit(base(&path))) {
                let unit = Unit::of_file(sources, *file);
                let name = base(&path).to_owned();
                self.install(repo_path, name, unit, step.span, Origin::Installed(index, id));
            }
        }
    }

    /// Installs the units of the repo that a glob means: `cp deploy/*.service /etc/systemd/system/`.
    fn installed_by_glob(&mut self, effect: &Effect, span: Span, origin: Origin) {
        let content = effect.content.as_ref().filter(|content| content.how != How::Unpacked);
        let Some(glob) = content.and_then(|content| content.from.as_ref()).filter(|from| from.is_glob())
        else {
            return;
        };
        let (shown, project) = (glob.to_string(), self.project);
        let (directory, pattern) = shown.rsplit_once('/').unwrap_or(("", &shown));
        let Some((before, after)) = pattern.split_once('*').filter(|(before, after)| {
            !before.contains(['?', '[', '{']) && !after.contains(['*', '?', '[', '{'])
        }) else {
            return;
        };
        for (repo_path, file) in &project.unit_files {
            let (own, name) = repo_path.rsplit_once('/').unwrap_or(("", repo_path));
            // The root of the repo has another name on the server.
            let is_there = own == directory.trim_start_matches("./")
                || own.is_empty() && directory.starts_with(['/', '$'])
                || !own.is_empty() && base(own) == base(directory);
            if is_there
                && name.starts_with(before)
                && name.ends_with(after)
                && name.len() >= before.len() + after.len()
            {
                self.install(repo_path, name.to_owned(), Unit::of_file(self.sources, *file), span, origin);
            }
        }
    }

    fn install(&mut self, repo_path: &'p str, name: String, unit: Unit, span: Span, origin: Origin) {
        self.taken.push(repo_path);
        // Another script may write another text under the same name.
        let is_replaced = |u: &UnitAt| u.span.file == span.file || !matches!(u.origin, Origin::Written(..));
        self.units.retain(|u| u.name != name || !is_replaced(u));
        self.units.push(UnitAt { name, unit, span, origin });
    }

    fn in_repo(&mut self) {
        for (path, file) in &self.project.unit_files {
            let name = base(path).to_owned();
            if self.taken.contains(&path.as_str()) || self.units.iter().any(|u| u.name == name) {
                continue;
            }
            let unit = Unit::of_file(self.sources, *file);
            let span = Span::file_start(*file);
            self.units.push(UnitAt { name, unit, span, origin: Origin::InRepo });
        }
    }

    /// Adds drop-ins to units, systemd.unit(5): they are read after the unit, in the order of their names. An
    /// assignment is one more line of the unit, so an empty one resets a list, and the last one of a single value
    /// counts. Drop-ins of one instance of a template are not those of the template.
    fn merge(&mut self) {
        self.drop_ins.sort_by(|a, b| a.name.cmp(&b.name));
        for added in &self.drop_ins {
            let is_meant = |at: &UnitAt| {
                // `shop-.service.d` applies to all units whose names begin with `shop-`.
                let family = added.of.strip_suffix(".service").filter(|stem| stem.ends_with('-'));
                at.name == added.of || family.is_some_and(|stem| at.name.starts_with(stem))
            };
            let of_script = |at: &UnitAt| matches!(at.origin, Origin::Written(script, _) | Origin::Installed(script, _) if script == added.script);
            let own = self.units.iter().any(|at| is_meant(at) && of_script(at));
            for at in self.units.iter_mut().filter(|at| is_meant(at) && (!own || of_script(at))) {
                at.unit.sections.extend(added.unit.sections.iter().cloned());
                at.unit.directives.extend(added.unit.directives.iter().cloned());
                at.unit.problems.extend(added.unit.problems.iter().cloned());
            }
        }
    }
}

/// What an earlier step wrote to the file that a step copies or moves: `cat > /tmp/web.service`,
/// `mv /tmp/web.service …`.
fn written_before<'s>(script: &'s Deployment<'_>, id: StepId, name: &str) -> Option<(StepId, &'s Written)> {
    let step = script.step(id);
    let sources: Vec<Value> = step.argv.args.iter().map(|arg| step.argv.path(arg)).collect();
    let before = script.iter().take(id.0 as usize);
    let texts = before.flat_map(|(at, step)| step.written.iter().map(move |text| (at, text)));
    let fits = |text: &Written| {
        !text.append && text.path.basename().as_literal() == Some(name) && sources.contains(&text.path)
    };
    let last = texts.filter(|(_, text)| fits(text)).last();
    last.filter(|(_, text)| !Unit::parse(&text.content).directives.is_empty())
}

/// True if the file gets to its place unchanged.
fn is_copied(step: &Step) -> bool {
    step.deed.copies() || step.deed.prints == Prints::Same
}

/// The step that makes the text: this one, or the one that pipes the text into `tee`.
fn filter<'s>(script: &'s Deployment<'_>, id: StepId) -> &'s Step {
    let step = script.step(id);
    let before = id.0.checked_sub(1).map(|before| script.step(StepId(before)));
    let pipes = |before: &&Step| {
        step.deed.prints == Prints::Through
            && before.argv.stdout.is_none()
            && before.deed.prints == Prints::Filled
    };
    before.filter(pipes).unwrap_or(step)
}

/// The last parts of the operands that lie outside systemd's directories.
fn operands(step: &Step) -> impl Iterator<Item = String> {
    let plain = |a: &&Arg| !a.value.known_prefix().starts_with('-') && !is_unit_directory(&a.value);
    let read = match &step.argv.stdin {
        Stdin::File(path) => Some(path.basename().to_string()),
        _ => None,
    };
    step.argv.args.iter().filter(plain).map(|a| a.value.basename().to_string()).chain(read)
}

/// The file of the repo that a step copies to a unit's place or fills in. The operand's name finds it, or else the
/// unit's name.
fn source_file<'p>(step: &Step, name: &str, files: &'p [(String, FileId)]) -> Option<&'p (String, FileId)> {
    let by_name = |wanted: &str| files.iter().find(|(path, _)| base(path) == wanted);
    // `web.service.in` is filled in to become `web.service`.
    let by_stem =
        || files.iter().find(|(path, _)| base(path).rsplit_once('.').is_some_and(|(stem, _)| stem == name));
    // Each file of `cp web.service worker.service /etc/systemd/system/` keeps its own name.
    if operands(step).any(|operand| operand == name) {
        return by_name(name);
    }
    operands(step).find_map(|operand| by_name(&operand)).or_else(|| by_name(name)).or_else(by_stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, FollowNothing};
    use crate::source::SourceFile;
    use bumpalo::Bump;
    use std::collections::BTreeSet;

    #[test]
    fn what_two_scripts_bring_under_one_name_are_two_units() {
        let (mut sources, arena) = (Sources::default(), Bump::new());
        let unit = "[Service]\nExecStart=/opt/shop/bin/web\n";
        let file = sources.add(SourceFile::new("deploy/web.service".to_owned(), unit.into()).unwrap());
        let project =
            Project { unit_files: vec![("deploy/web.service".to_owned(), file)], ..Project::default() };
        let written =
            "cat > /etc/systemd/system/web.service <<'EOF'\n[Service]\nExecStart=/opt/shop/bin/other\nEOF\n";
        let installed = "cp deploy/web.service /etc/systemd/system/\n";
        for texts in [[written, installed], [installed, written]] {
            let scripts: Vec<_> = texts
                .iter()
                .enumerate()
                .map(|(number, text)| {
                    let path = format!("setup{number}.sh");
                    let file = sources.add(SourceFile::new(path, (*text).into()).unwrap());
                    model::build(&arena, file, "setup.sh", text, &mut FollowNothing)
                })
                .collect();
            let units = units(&sources, &scripts.iter().collect::<Vec<_>>(), &project);
            let programs: BTreeSet<_> = units.iter().map(|at| at.unit.exec_start()[0].line()).collect();
            assert_eq!(programs, ["/opt/shop/bin/other", "/opt/shop/bin/web"].map(str::to_owned).into());
        }
    }
}
