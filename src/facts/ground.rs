//! What the facts about one deployment rest on: the scripts' models, the project around them, the units, the app's user
//! and its directories. Facts that take more work ask the ground, and the world keeps them.

use crate::facts::app::user_of_units;
use crate::facts::firsts::{Firsts, Makers, makers};
use crate::facts::givers::Givers;
use crate::facts::installed::{Brought, brought};
use crate::facts::of_script::{OfScript, weighty};
use crate::facts::owners::{Lives, opens_roots_home, root_serves};
use crate::facts::parts::{AppUser, ProcessAt, UnitAt};
use crate::facts::surroundings::{Given, Project};
use crate::facts::writes_said::Evidence;
use crate::finding::Confidence;
use crate::model::{Deployment, Step, StepId, User};
use crate::shell::value::{Knowledge, Value};
use crate::shell::wrappers::Place;
use crate::source::{FileId, Sources, Span};
use crate::tools::effect::{Resource, Role};
use std::cell::OnceCell;
use std::collections::HashSet;

/// Which scripts of the repo are no part of the deploy that a world is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Scripts that the world has, and that are no part of its deploy.
    pub(crate) beside: HashSet<FileId>,
    /// Scripts that the world does not have.
    pub(crate) others: HashSet<FileId>,
    /// The scripts among them that deploy another server.
    pub(crate) other_deploys: HashSet<FileId>,
    /// The names of the units that those scripts bring.
    pub(crate) others_units: HashSet<String>,
}

/// What is known of a deployment before anything is worked out.
pub(crate) struct Ground<'r, 'a> {
    pub(crate) sources: &'r Sources,
    pub(crate) project: &'r Project,
    pub(crate) given: &'r Given,
    pub(crate) units: Vec<UnitAt>,
    /// The processes that pm2 and supervisor run.
    pub(crate) processes: Vec<ProcessAt>,
    /// The app's user, if one can be found.
    pub(crate) app_user: Option<AppUser>,
    /// The app's directories.
    pub(crate) app_trees: Vec<Value>,
    scripts: Vec<&'r Deployment<'a>>,
    scope: Scope,
    known: Known<'r>,
}

/// What follows from the scripts and units alone. Each is computed when it is first needed.
#[derive(Default)]
struct Known<'r> {
    of_scripts: Vec<OfScript<'r>>,
    makers: OnceCell<Makers<'r>>,
    places: OnceCell<Vec<Placed>>,
    lives: OnceCell<Vec<Lives>>,
    root_serves: OnceCell<bool>,
    roots_home_is_open: OnceCell<bool>,
    brought: OnceCell<Brought>,
    app_writes: OnceCell<Evidence>,
}

struct Placed {
    span: Span,
    /// The furthest end of this step and of the steps of the file that begin before it.
    reach: u32,
    script: usize,
    id: StepId,
}

pub(crate) struct Found<'r, 'a> {
    pub(crate) sources: &'r Sources,
    pub(crate) project: &'r Project,
    pub(crate) given: &'r Given,
    pub(crate) scripts: Vec<&'r Deployment<'a>>,
    pub(crate) scope: Scope,
    pub(crate) units: Vec<UnitAt>,
    pub(crate) processes: Vec<ProcessAt>,
    pub(crate) app_user: Option<AppUser>,
    pub(crate) app_trees: Vec<Value>,
}

impl<'r, 'a> Ground<'r, 'a> {
    pub(crate) fn new(found: Found<'r, 'a>) -> Self {
        let Found { sources, project, given, scripts, scope, units, processes, app_user, app_trees } = found;
        let of_scripts = scripts.iter().map(|_| OfScript::default()).collect();
        let known = Known { of_scripts, ..Known::default() };
        Ground { sources, project, given, units, processes, app_user, app_trees, scripts, scope, known }
    }

    pub(crate) fn scripts(&self) -> &[&'r Deployment<'a>] {
        &self.scripts
    }

    /// True for a script that deploys another server.
    pub(crate) fn is_of_another_server(&self, script: FileId) -> bool {
        self.scope.other_deploys.contains(&script)
    }

    /// True for a script that is no part of the deploy that this world is about.
    pub(crate) fn is_of_another(&self, script: FileId) -> bool {
        self.scope.beside.contains(&script) || self.scope.others.contains(&script)
    }

    /// What a script gives away.
    pub(crate) fn givers(&self, script: &Deployment<'_>) -> Option<&Givers> {
        self.of_script(script).map(|of| of.givers.get_or_init(|| Givers::of(script)))
    }

    /// What a script is the first to make.
    pub(crate) fn firsts(&self, script: &Deployment<'_>) -> Option<&Firsts<'r>> {
        let number = self.number(script)?;
        Some(self.known.of_scripts[number].firsts.get_or_init(|| Firsts::of(self.scripts[number])))
    }

    /// True if another script makes an account or a directory.
    pub(crate) fn is_made_by_others(&self, script: &Deployment<'_>, made: &Resource) -> bool {
        let makers = self.known.makers.get_or_init(|| makers(&self.scripts));
        let own = self.number(script);
        makers.get(made).is_some_and(|scripts| scripts.iter().any(|number| Some(*number) != own))
    }

    /// The number of a script in [`Ground::scripts`].
    pub(super) fn number(&self, script: &Deployment<'_>) -> Option<usize> {
        self.scripts.iter().position(|own| std::ptr::eq(*own, script))
    }

    fn of_script(&self, script: &Deployment<'_>) -> Option<&OfScript<'r>> {
        self.number(script).map(|number| &self.known.of_scripts[number])
    }

    /// The homes of each unit's service, in the order of the units.
    pub(crate) fn lives(&self) -> &[Lives] {
        self.known.lives.get_or_init(|| self.units.iter().map(Lives::of).collect())
    }

    /// True if root itself starts an app.
    pub(crate) fn root_serves(&self) -> bool {
        *self.known.root_serves.get_or_init(|| self.steps().any(|(_, _, step)| root_serves(step)))
    }

    /// True if a script lets others enter root's home.
    pub(crate) fn is_roots_home_open(&self) -> bool {
        *self.known.roots_home_is_open.get_or_init(|| self.steps().any(|(_, _, step)| opens_roots_home(step)))
    }

    /// What says where the app writes.
    pub(crate) fn app_writes(&self) -> &Evidence {
        self.known.app_writes.get_or_init(|| {
            Evidence::of(&self.units, self.app_user.as_ref(), self.steps().map(|(_, _, step)| step))
        })
    }

    /// The units that a step writes or installs.
    pub(crate) fn units_brought(&self, script: &Deployment<'_>, id: StepId) -> impl Iterator<Item = &UnitAt> {
        let brought = self.known.brought.get_or_init(|| brought(&self.units));
        let number = self.number(script);
        let units = number.and_then(|number| brought.get(&(number, id)));
        units.into_iter().flatten().map(|unit| &self.units[*unit])
    }

    /// All steps of all scripts, wherever they run.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&'r Deployment<'a>, StepId, &'r Step)> {
        self.scripts
            .iter()
            .copied()
            .flat_map(|script| script.iter().map(move |(id, step)| (script, id, step)))
    }

    /// The scripts that count for a script: itself and those of the deploy.
    pub(crate) fn together<'s>(
        &'s self,
        script: &'s Deployment<'_>,
    ) -> impl Iterator<Item = &'r Deployment<'a>> + 's {
        let counts =
            |other: &&'r Deployment<'a>| std::ptr::eq(*other, script) || !self.is_of_another(other.file);
        self.scripts.iter().copied().filter(move |other| counts(other))
    }

    /// The steps of the scripts that count for a script.
    pub(crate) fn steps_with<'s>(
        &'s self,
        script: &'s Deployment<'_>,
    ) -> impl Iterator<Item = &'r Step> + 's {
        self.together(script).flat_map(|script| script.steps.iter())
    }

    /// True if a script, or one that counts for it, installs packages of the system, so that it sets the server up.
    pub(crate) fn sets_up(&self, script: &Deployment<'_>) -> bool {
        !self.given.is_set_up
            && self.steps_with(script).any(|step| step.deed.roles.contains(&Role::SystemPackages))
    }

    /// True if a path is in the app's tree.
    pub(crate) fn in_app_tree(&self, path: &Value) -> bool {
        self.app_trees.iter().any(|tree| path.is_under(tree))
    }

    /// True if a step works in the app's tree: in its directory, or with a program or operand from it.
    pub(crate) fn works_in_app_tree(&self, step: &Step) -> bool {
        self.in_app_tree(&step.argv.cwd)
            || self.in_app_tree(&step.argv.program.value)
            || step.deed.effects.iter().any(|e| match &e.resource {
                Resource::Path(path) => self.in_app_tree(path),
                _ => false,
            })
    }

    /// The user of the app for a script. If the script brings services, it is their user, and otherwise that of the
    /// whole deployment.
    pub(crate) fn app_user_of(&self, script: &Deployment<'_>) -> Option<&AppUser> {
        let own = self.number(script).filter(|_| self.given.user.is_none()).and_then(|number| {
            let brings = |at: &&UnitAt| at.origin.script() == Some(number);
            let of = &self.known.of_scripts[number];
            of.own_user.get_or_init(|| user_of_units(self.units.iter().filter(brings))).as_ref()
        });
        own.filter(|user| !user.is_root()).or(self.app_user.as_ref())
    }

    /// True if a step of the script runs as the app's user.
    pub(crate) fn runs_as_app(&self, script: &Deployment<'_>, step: &Step) -> bool {
        match (&step.user, self.app_user_of(script)) {
            (User::Named(name), Some(app)) => *name == app.name || name.looks_like(&app.name),
            (User::Root, Some(app)) => app.is_root(),
            _ => false,
        }
    }

    /// The highest confidence of a verdict about a step. A menu, an unknown condition, another host, a container or a
    /// function that nothing calls never allows high confidence. A resource of which nothing is known allows only low
    /// confidence.
    pub(crate) fn confidence(
        &self,
        script: &Deployment<'_>,
        id: StepId,
        about: Option<&Value>,
    ) -> Confidence {
        let knowledge = about.map_or(Knowledge::Literal, Value::knowledge);
        if knowledge >= Knowledge::Unknown {
            return Confidence::Low;
        }
        if !script.second_run(id).certain {
            return Confidence::Medium;
        }
        Self::circumstances(script, id)
    }

    /// The highest confidence that the place of a step allows, whatever the verdict is about.
    fn circumstances(script: &Deployment<'_>, id: StepId) -> Confidence {
        let step = script.step(id);
        let conditional = script.guards_of(id).any(|(_, guard)| guard.cond.has_opaque());
        if conditional || step.place != Place::Here || step.entry != 0 {
            return Confidence::Medium;
        }
        Confidence::High
    }

    /// The highest confidence of a finding at a place. It is that of the surest step that the command there makes, so
    /// no rule can forget that it looks at a menu or another host.
    pub(crate) fn at_most(&self, span: Span) -> Confidence {
        let places = self.known.places.get_or_init(|| self.placed());
        let upto = places.partition_point(|p| (p.span.file, p.span.start) <= (span.file, span.start));
        let near = places[..upto].iter().rev();
        let near = near.take_while(|p| p.span.file == span.file && p.reach >= span.end);
        let mut surest = None;
        for place in near.filter(|p| p.span.end >= span.end) {
            surest = surest.max(Some(Self::circumstances(self.scripts[place.script], place.id)));
            if surest == Some(Confidence::High) {
                break;
            }
        }
        surest.unwrap_or(Confidence::High)
    }

    /// All steps, sorted by their places.
    fn placed(&self) -> Vec<Placed> {
        let mut places = Vec::new();
        for (script, deployment) in self.scripts.iter().enumerate() {
            let of_steps = deployment.iter();
            places.extend(of_steps.map(|(id, step)| Placed { span: step.span, reach: 0, script, id }));
        }
        places.sort_by_key(|place| (place.span.file, place.span.start));
        let (mut file, mut reach) = (None, 0);
        for place in &mut places {
            reach = if file == Some(place.span.file) { reach.max(place.span.end) } else { place.span.end };
            (file, place.reach) = (Some(place.span.file), reach);
        }
        places
    }

    /// The place of a step, for a message: `line 12`.
    pub(crate) fn line(&self, span: Span) -> String {
        format!("line {}", self.sources.line(span))
    }

    /// The place of a step for a message about another place. It names the file if that is another one.
    pub(crate) fn line_beside(&self, span: Span, beside: Span) -> String {
        let (line, path) = (self.line(span), self.sources.file(span.file).path());
        if span.file == beside.file { line } else { format!("{line} of {path}") }
    }

    /// The command as written, cut to one line of at most 60 characters.
    pub(crate) fn words(&self, span: Span) -> String {
        let text = self.sources.text(span);
        let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('\\').trim_end();
        let more = line.len() < text.trim_end().len();
        let short: String = line.chars().take(60).collect();
        if more || short.len() < line.len() { format!("{short} …") } else { short }
    }

    /// The step that shows best what is lost if the script ends at `id`.
    pub(crate) fn lost(&self, script: &Deployment<'_>, id: StepId) -> Option<Span> {
        let entry = script.step(id).entry;
        let weighty = self.of_script(script)?.weighty.get_or_init(|| weighty(script));
        let later = &weighty[weighty.partition_point(|at| *at <= id.0 as usize)..];
        let mut later = later.iter().map(|at| &script.steps[*at]).filter(|s| s.entry == entry);
        // Nothing shows the loss better than the step that starts the app.
        let lost = later.clone().rfind(|s| s.deed.roles.contains(&Role::Restart)).or_else(|| later.next());
        lost.map(|step| step.span)
    }

    /// What [`Ground::lost`] finds, in words: `` `systemctl restart shop` on line 12 ``.
    pub(crate) fn cut_off(&self, script: &Deployment<'_>, id: StepId) -> Option<String> {
        let lost = self.lost(script, id)?;
        Some(format!("`{}` on {}", self.words(lost), self.line_beside(lost, script.step(id).span)))
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::surroundings::{Given, Project};
    use crate::facts::world::World;
    use crate::model::{self, FollowNothing};
    use crate::source::{SourceFile, Sources};
    use bumpalo::Bump;

    #[test]
    fn the_user_of_a_unit_counts_for_the_script_that_brings_it() {
        let unit = |name: &str, user: &str| {
            format!(
                "cat > /etc/systemd/system/{name}.service <<'EOF'\n[Service]\nUser={user}\nExecStart=/srv/{name}/run\nEOF\n"
            )
        };
        let texts = [
            format!("{}sudo -u web npm ci\nsudo -u jobs npm ci\n", unit("web", "web")),
            format!("{}{}sudo -u jobs npm ci\n", unit("mail", "jobs"), unit("import", "jobs")),
            "sudo -u jobs npm ci\nsudo -u web npm ci\n".to_owned(),
            format!("{}sudo -u jobs npm ci\n", unit("agent", "root")),
        ];
        let (mut sources, arena) = (Sources::default(), Bump::new());
        let mut scripts = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let path = format!("setup{number}.sh");
            let file = sources.add(SourceFile::new(path.clone(), text.as_str().into()).unwrap());
            let (path, text) = (arena.alloc_str(&path), arena.alloc_str(text));
            scripts.push(model::build(&arena, file, path, text, &mut FollowNothing));
        }
        let (project, mut given) = (Project::default(), Given::default());
        let as_app = |given: &Given| -> Vec<Vec<bool>> {
            let world = World::new(&sources, &scripts, &project, given);
            let steps = |script: &&model::Deployment<'_>| {
                let npm = script.steps.iter().filter(|step| step.argv.name == "npm");
                npm.map(|step| world.runs_as_app(script, step)).collect()
            };
            world.scripts().iter().map(steps).collect()
        };
        assert_eq!(as_app(&given), [vec![true, false], vec![true], vec![true, false], vec![true]]);
        given.user = Some("web".to_owned());
        assert_eq!(as_app(&given), [vec![true, false], vec![false], vec![false, true], vec![false]]);
    }
}
