//! Runs the query files: a pattern says which command, the model and the facts say whether it matters, and the captures
//! say what excuses it. The page of a rule words its findings, or else the Rust file of the same name, which never judges
//! a second time.

mod fill;
mod judge;
mod missing;
mod relation;
mod telling;
#[cfg(test)]
mod tests;
mod units;

use crate::facts::deploy::Deploy;
use crate::facts::firsts::asks_for;
use crate::facts::needs::Needed;
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Finding, RuleId};
use crate::limit::tick;
use crate::model::{Along, Course, Deployment, Step, StepId};
use crate::rules::Chosen;
use crate::rules::draft::Draft;
use crate::shell::value::Value;
use crate::source::Span;
use crate::syntax::query::{Counts, Features, Once, Part, Pattern, Queries, QueryFile, Relation};
#[cfg(test)]
pub(crate) use judge::blamed;

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use judge::Asked;
use std::cell::OnceCell;
use std::rc::Rc;
use telling::Telling;

/// How the findings of a query file are worded, if its page does not say it.
#[derive(Clone, Copy)]
pub(crate) enum Wording {
    /// Words a command at fault.
    Command(fn(&World<'_, '_>, &Found<'_, '_>, Draft) -> Draft),
    /// Words each of the things that one command does wrong, each at its own place.
    Each(fn(&World<'_, '_>, &Found<'_, '_>, &Draft) -> Vec<Draft>),
    /// Words a command that is missing.
    Missing(fn(&World<'_, '_>, &Lack<'_, '_, '_>, Draft) -> Draft),
}

/// A rule, and how its findings are worded.
pub(crate) type Worded = (RuleId, Wording);

/// A step of a script.
#[derive(Clone, Copy)]
pub(crate) struct At<'w, 'a> {
    pub(crate) script: &'w Deployment<'a>,
    pub(crate) id: StepId,
    /// The unit that the pattern is about.
    pub(crate) unit: Option<&'w UnitAt>,
    /// The script's number.
    number: usize,
}

impl<'w> At<'w, '_> {
    /// The number of the script in the world, and the step.
    pub(crate) fn numbers(&self) -> (usize, StepId) {
        (self.number, self.id)
    }

    pub(crate) fn step(&self) -> &'w Step {
        self.script.step(self.id)
    }

    /// Whether it runs in each run in which another step of the script does.
    fn runs_along(self, other: At<'_, '_>) -> Along {
        self.script.runs_along(self.id, other.id)
    }
}

/// A command that a query found at fault.
pub(crate) struct Found<'w, 'a> {
    pub(crate) at: At<'w, 'a>,
    /// The word that the query points at.
    pub(crate) word: Option<Span>,
    /// The command that `@other` captures.
    pub(crate) other: Option<At<'w, 'a>>,
    /// True if the query asks what the command does in the first run.
    pub(crate) asks_first_run: bool,
}

impl Found<'_, '_> {
    /// The name of what the second run goes wrong with.
    pub(crate) fn blamed(&self) -> Option<&Value> {
        let effect = self.at.script.second_run(self.at.id).effect?;
        self.at.step().deed.effects.get(effect).map(|effect| effect.resource.name())
    }
}

/// A command that a deploy lacks.
pub(crate) struct Lack<'d, 'r, 'a> {
    /// The deploy that lacks it.
    pub(crate) deploy: Deploy<'d, 'r, 'a>,
    /// What needs it; `None` if each deploy must have it.
    pub(crate) needed: Option<Needed<'d>>,
}

/// Runs every query file.
pub(super) fn run(
    world: &World<'_, '_>,
    chosen: &Chosen<'_>,
    wordings: &[&[Worded]],
    found: &mut Vec<Finding>,
) {
    let telling = Telling::new(world, chosen, wordings);
    let features = world.scripts().iter().map(|_| OnceCell::new()).collect();
    let run = Run { world, telling, features, own: OnceCell::new() };
    for number in 0..world.scripts().len() {
        let of_script = OfScript { run: &run, number, candidates: HashMap::new(), told: HashSet::new() };
        of_script.judge(chosen.queries, found);
    }
    missing::run(&run, chosen.queries, found);
}

/// One run over all scripts.
struct Run<'r, 'w, 'a> {
    world: &'w World<'r, 'a>,
    telling: Telling<'r, 'w, 'a>,
    /// The words that hold for each step, by script.
    features: Vec<OnceCell<Vec<Features>>>,
    /// The units that patterns may be about.
    own: OnceCell<Vec<&'w UnitAt>>,
}

impl<'w, 'a> Run<'_, 'w, 'a> {
    /// The steps of a script.
    fn steps(&self, number: usize) -> impl Iterator<Item = At<'w, 'a>> {
        let script = self.world.scripts()[number];
        script.iter().map(move |(id, _)| At { script, id, unit: None, number })
    }

    /// The words that hold for a step.
    fn features(&self, at: At<'_, '_>) -> Features {
        let script = self.world.scripts()[at.number];
        let of_script = self.features[at.number]
            .get_or_init(|| script.iter().map(|(id, _)| judge::features(self.world, script, id)).collect());
        of_script[at.id.0 as usize]
    }

    /// The step; if the pattern is about a unit, once for each unit that may be meant.
    fn of_units(&self, pattern: &Pattern, at: At<'w, 'a>) -> Vec<At<'w, 'a>> {
        if !pattern.is_about_unit() {
            return vec![at];
        }
        let own = self.own.get_or_init(|| units::own(self.world).collect());
        own.iter().map(|unit| At { unit: Some(*unit), ..at }).collect()
    }

    /// The words of a step that a pattern points at; empty if it does not hold. `needed` is the work that the deploy may
    /// lack, if the question is whether the step does that.
    fn words(&self, pattern: &Pattern, at: At<'w, 'a>, needed: Option<&Needed<'_>>) -> Vec<Option<Span>> {
        let features = self.features(at);
        if !pattern.may_hold(&at.step().argv.name, features) {
            return Vec::new();
        }
        let asked = Asked::new(self.world, at, features).for_need(needed);
        let words = pattern.matches(&asked);
        words.into_iter().map(|word| word.map(|word| asked.span(word))).collect()
    }
}

/// The run over one script, whose commands excuse each other.
struct OfScript<'r, 'w, 'a, 'q> {
    run: &'q Run<'r, 'w, 'a>,
    number: usize,
    /// The steps for which the patterns of a part hold, apart from what these say of other commands.
    candidates: HashMap<(*const QueryFile, Part), Held<'w, 'a, 'q>>,
    told: HashSet<Told<'w>>,
}

type Held<'w, 'a, 'q> = Rc<[(At<'w, 'a>, &'q Pattern)]>;

/// What was reported already: a pattern, or a file that reports each command of `@other` once. The command or the unit
/// is there if each of them is reported once.
type Told<'w> = (*const (), Option<StepId>, Option<&'w str>);

/// Keeps the surest finding of a rule at each place, because a function that is called twice makes two steps at one place.
/// The findings from `first` on are new, and `places` knows where the earlier ones are.
fn each_place_once(found: &mut Vec<Finding>, first: usize, places: &mut HashMap<(RuleId, Span), usize>) {
    for new in found.split_off(first) {
        match places.entry((new.rule.clone(), new.span)) {
            Entry::Vacant(place) => {
                place.insert(found.len());
                found.push(new);
            }
            Entry::Occupied(place) => {
                if let Some(told) =
                    found.get_mut(*place.get()).filter(|told| told.confidence < new.confidence)
                {
                    *told = new;
                }
            }
        }
    }
}

/// A step that a pattern with `@finding` holds for.
struct Hit<'w, 'a, 'q> {
    file: &'q QueryFile,
    pattern: &'q Pattern,
    at: At<'w, 'a>,
    words: Vec<Option<Span>>,
}

impl<'w, 'a, 'q> OfScript<'_, 'w, 'a, 'q> {
    fn judge(mut self, queries: &'q Queries, found: &mut Vec<Finding>) {
        let mut places: HashMap<(RuleId, Span), usize> = HashMap::new();
        // The same words hold for most steps of a script.
        let mut of_any: HashMap<Features, Vec<(&QueryFile, &Pattern)>> = HashMap::new();
        let mut turn = None;
        for at in self.run.steps(self.number) {
            // What is told once for a script is told for each of those that run in turn.
            let own = at.script.turn_of(at.id).map(|turn| turn.file);
            if std::mem::replace(&mut turn, own) != own {
                self.told.retain(|(_, once, unit)| once.is_some() || unit.is_some());
            }
            let features = self.run.features(at);
            let any = of_any.entry(features).or_insert_with(|| queries.finding_in_any(features).collect());
            let named = queries.finding_in(&at.step().argv.name, features);
            for (file, pattern) in named.chain(any.iter().copied()) {
                let is_told = pattern.is_told_once(Once::Script)
                    && self.told.contains(&(std::ptr::from_ref(pattern).cast(), None, None));
                if is_told || !self.run.telling.wants(file.rule()) {
                    continue;
                }
                for at in self.run.of_units(pattern, at) {
                    let words = self.run.words(pattern, at, None);
                    if !words.is_empty() {
                        let before = found.len();
                        self.judge_hit(&Hit { file, pattern, at, words }, found);
                        each_place_once(found, before, &mut places);
                    }
                }
            }
        }
    }

    /// Reports a hit unless something excuses it.
    fn judge_hit(&mut self, hit: &Hit<'w, 'a, 'q>, found: &mut Vec<Finding>) {
        if !hit.file.has(Part::Other) {
            let excused = best(&self.excuses(hit, None), hit.at);
            if excused != Along::Always {
                self.tell(hit, None, sure(excused), found);
            }
            return;
        }
        // There may be many commands of `@other`, but most excuses are not compared with them. These are looked for once, and
        // only if there is such a command.
        let mut excuses = None;
        let is_compared = hit.file.compares_with_other();
        for &(other, pattern) in self.candidates(hit.file, Part::Other).iter() {
            tick();
            let named = Named { world: self.run.world, finding: hit.at, other: Some(other), own: other };
            if other.id == hit.at.id || !named.hold(pattern) {
                continue;
            }
            let together = other.runs_along(hit.at).max(hit.at.runs_along(other));
            if together == Along::Never {
                continue;
            }
            let excuses = excuses.get_or_insert_with(|| self.excuses(hit, None));
            let mut excused = best(excuses, hit.at);
            if excused == Along::Always {
                return;
            }
            // If both are at fault together, it is an excuse to run along with either one.
            excused = excused.max(best(excuses, other));
            if is_compared {
                let compared = self.excuses(hit, Some(other));
                excused = excused.max(best(&compared, hit.at)).max(best(&compared, other));
            }
            if excused == Along::Always {
                continue;
            }
            let unsure = if together == Along::Perhaps { Confidence::Medium } else { Confidence::High };
            return self.tell(hit, Some(other), unsure.min(sure(excused)), found);
        }
    }

    /// Reports a hit that nothing excuses.
    fn tell(
        &mut self,
        hit: &Hit<'w, 'a, 'q>,
        other: Option<At<'w, 'a>>,
        sure: Confidence,
        found: &mut Vec<Finding>,
    ) {
        let once = other.filter(|_| hit.pattern.is_told_once(Once::Other)).map(|other| other.id);
        let unit = hit.at.unit.filter(|_| hit.pattern.is_told_once(Once::Unit)).map(|at| at.name.as_str());
        let of = match once {
            Some(_) => std::ptr::from_ref(hit.file).cast(),
            None => std::ptr::from_ref(hit.pattern).cast(),
        };
        let is_new = self.told.insert((of, once, unit));
        if (once.is_some() || unit.is_some()) && !is_new {
            return;
        }
        for word in &hit.words {
            let asks_first_run = hit.pattern.asks_first_run();
            let fault = Found { at: hit.at, word: *word, other, asks_first_run };
            found.extend(self.run.telling.command(hit.file.rule(), hit.pattern, &fault, sure));
        }
    }

    /// The commands that excuse the hit if they run along. With a command of `@other`, they are those that are compared with
    /// it, and otherwise all the rest. One command stands for all that run whenever it does.
    fn excuses(&mut self, hit: &Hit<'w, 'a, 'q>, other: Option<At<'w, 'a>>) -> Vec<Excuse<'w, 'a>> {
        let mut excuses: Vec<Excuse<'w, 'a>> = Vec::new();
        let mut courses: HashSet<(Course, Option<Counts>)> = HashSet::new();
        for part in [Part::Follows, Part::Precedes] {
            if !hit.file.has(part) {
                continue;
            }
            for &(own, pattern) in self.candidates(hit.file, part).iter() {
                tick();
                let is_later = own.id > hit.at.id;
                let course = (own.script.course(own.id), pattern.counts());
                if own.id == hit.at.id
                    || is_later != (part == Part::Follows)
                    || pattern.compares_with(Part::Other) != other.is_some()
                    || courses.contains(&course)
                {
                    continue;
                }
                if (Named { world: self.run.world, finding: hit.at, other, own }).hold(pattern) {
                    courses.insert(course);
                    excuses.push(Excuse { at: own, counts: pattern.counts() });
                }
            }
        }
        excuses
    }

    /// The steps of the script for which a pattern of the part holds. They are looked for once.
    fn candidates(&mut self, file: &'q QueryFile, part: Part) -> Held<'w, 'a, 'q> {
        let (run, number) = (self.run, self.number);
        let held = self.candidates.entry((std::ptr::from_ref(file), part)).or_insert_with(|| {
            let patterns: Vec<&Pattern> = file.of(part).collect();
            let mut held = Vec::new();
            for at in run.steps(number) {
                let (name, features) = (&at.step().argv.name, run.features(at));
                for &pattern in patterns.iter().filter(|pattern| pattern.may_hold(name, features)) {
                    let of_units = run.of_units(pattern, at).into_iter();
                    let holding = of_units.filter(|at| !run.words(pattern, *at, None).is_empty());
                    held.extend(holding.map(|at| (at, pattern)));
                }
            }
            held.into()
        });
        Rc::clone(held)
    }
}

/// A command that excuses another one if it runs along.
struct Excuse<'w, 'a> {
    at: At<'w, 'a>,
    /// In which further cases it counts.
    counts: Option<Counts>,
}

/// Whether one of these commands runs along with another one.
fn best(excuses: &[Excuse<'_, '_>], at: At<'_, '_>) -> Along {
    let along = excuses.iter().map(|excuse| match (excuse.at.runs_along(at), excuse.counts) {
        (Along::Perhaps, Some(Counts::Perhaps)) => Along::Always,
        (_, Some(Counts::Ever)) if excuse.at.script.may_meet(excuse.at.id, at.id) => Along::Always,
        (along, _) => along,
    });
    along.max().unwrap_or(Along::Never)
}

/// How sure a finding is if a command may excuse it.
fn sure(excused: Along) -> Confidence {
    match excused {
        Along::Never => Confidence::High,
        Along::Perhaps | Along::Always => Confidence::Medium,
    }
}

/// The commands between which a pattern's relations hold.
struct Named<'r, 'w, 'a> {
    world: &'w World<'r, 'a>,
    finding: At<'w, 'a>,
    other: Option<At<'w, 'a>>,
    /// The command that the pattern itself captures.
    own: At<'w, 'a>,
}

impl Named<'_, '_, '_> {
    /// True if the commands stand to each other as the pattern says.
    fn hold(&self, pattern: &Pattern) -> bool {
        let of = |part: Part| match part {
            Part::Finding => Some(self.finding),
            Part::Other => self.other,
            Part::Follows | Part::Precedes | Part::Missing => Some(self.own),
        };
        pattern.relations().iter().all(|related| {
            let (Some(first), Some(second)) = (of(related.first), of(related.second)) else { return false };
            let holds = match related.relation {
                Relation::After => first.script.surely_after(first.id, second.id),
                Relation::Before => first.script.surely_after(second.id, first.id),
                Relation::Later => first.id > second.id,
                Relation::FirstMakes => {
                    let firsts = self.world.firsts(first.script);
                    firsts.is_some_and(|f| f.lacking(first.script, first.id, second.id).is_some())
                }
                Relation::Hides => self.world.hides(first.script, first.id, second.id),
                Relation::GivesAway => {
                    let paths = self.world.app_paths(first.script);
                    paths.is_some_and(|p| p.gives_away(self.world, first.script, first.id, second.id))
                }
                Relation::Holds => {
                    let paths = self.world.app_paths(first.script);
                    paths.is_some_and(|p| p.holds(self.world, first.script, first.id, second.id))
                }
                Relation::AsksFor => asks_for(first.script, first.id, second.id),
                Relation::SameUnit => units::same(self.world, first, second),
                Relation::MayBringUnit => units::may_bring(first, second),
                Relation::DrivesAlike => units::alike(first, second),
                relation => relation::holds(relation, first.step(), second.step()),
            };
            holds != related.negated
        })
    }
}
