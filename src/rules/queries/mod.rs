//! Runs the query files: a pattern says which command, the model and the facts say whether it matters, and the captures
//! say what excuses it. What a rule is worded as stands in its page, or in the Rust file of the same name, which never
//! judges a second time.

mod fill;
mod judge;
mod missing;
mod order;
mod relation;
mod units;

use crate::facts::deploy::Deploy;
use crate::facts::firsts::asks_for;
use crate::facts::needs::Needed;
use crate::facts::secret_files::hides;
use crate::facts::world::{UnitAt, World};
use crate::finding::{Confidence, Finding, RuleId};
use crate::limit::tick;
use crate::model::{Along, Deployment, Step, StepId};
use crate::rules::Chosen;
use crate::rules::draft::Draft;
use crate::shell::value::Value;
use crate::source::Span;
use crate::syntax::query::{Features, Message, Once, Part, Pattern, QueryFile, Relation, Selectors};
#[cfg(test)]
pub(crate) use judge::blamed;

use judge::Asked;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// How a query rule is worded, where its page does not say it.
#[derive(Clone, Copy)]
pub(crate) enum Wording {
    /// Of a command at fault.
    Command(fn(&World<'_, '_>, &Found<'_, '_>, Draft) -> Draft),
    /// Of each of the things that one command does wrong, each at its own place.
    Each(fn(&World<'_, '_>, &Found<'_, '_>, &Draft) -> Vec<Draft>),
    /// Of a command that is missing.
    Missing(fn(&World<'_, '_>, &Lack<'_, '_, '_>, Draft) -> Draft),
}

/// A rule, and how it is worded.
pub(crate) type Worded = (RuleId, Wording);

/// A step of a script.
#[derive(Clone, Copy)]
pub(crate) struct At<'w, 'a> {
    /// The script.
    pub(crate) script: &'w Deployment<'a>,
    /// The step.
    pub(crate) id: StepId,
    /// The unit that the pattern is about.
    pub(crate) unit: Option<&'w UnitAt>,
    /// The script's number.
    number: usize,
}

impl<'w> At<'w, '_> {
    /// The step itself.
    pub(crate) fn step(&self) -> &'w Step {
        self.script.step(self.id)
    }
}

/// A command that a query found at fault.
pub(crate) struct Found<'w, 'a> {
    /// The command.
    pub(crate) at: At<'w, 'a>,
    /// The word that the query points at.
    pub(crate) word: Option<Span>,
    /// The command that `@other` captures.
    pub(crate) other: Option<At<'w, 'a>>,
}

impl Found<'_, '_> {
    /// The name of what the second run goes wrong with.
    pub(crate) fn blamed(&self) -> Option<&Value> {
        let effect = self.at.script.second_run(self.at.id).effect?;
        self.at.step().deed.effects.get(effect).map(|effect| effect.resource.name())
    }
}

/// A command that a query missed.
pub(crate) struct Lack<'d, 'r, 'a> {
    /// The deploy that lacks it.
    pub(crate) deploy: Deploy<'d, 'r, 'a>,
    /// What needs it; `None` where each deploy must have it.
    pub(crate) needed: Option<Needed<'d>>,
}

/// Runs every query file.
pub(super) fn run(
    context: &World<'_, '_>,
    chosen: &Chosen<'_>,
    wordings: &[Worded],
    found: &mut Vec<Finding>,
) {
    let telling = Telling { chosen, wordings };
    let mut run = Run {
        context,
        telling,
        features: context.scripts.iter().map(|_| OnceCell::new()).collect(),
        candidates: HashMap::new(),
    };
    run.commands(chosen.selectors, found);
    missing::run(&run, found);
}

/// One run over all scripts.
struct Run<'r, 'w, 'a> {
    context: &'w World<'r, 'a>,
    telling: Telling<'w>,
    /// The words that hold for each step, by script.
    features: Vec<OnceCell<Vec<Features>>>,
    candidates: Candidates<'w, 'a>,
}

/// The steps of a run that the patterns of a part hold for, as far as they say nothing of other commands.
type Candidates<'w, 'a> = HashMap<(*const QueryFile, Part, usize), Held<'w, 'a>>;

type Held<'w, 'a> = Rc<[(At<'w, 'a>, &'w Pattern)]>;

/// Keeps one finding of a rule at a place, the surest: a function that is called twice is two steps at one place. The
/// findings from `first` on are new, `places` knows where those before them are.
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

/// A pattern, or a file that is told once for each command that `@other` captured, that was told in a script; with that
/// command, or the unit, where it is told once for each.
type Told<'w> = (*const (), Option<StepId>, Option<&'w str>);

/// A step that a pattern with `@finding` holds for.
struct Hit<'w, 'a> {
    file: &'w QueryFile,
    pattern: &'w Pattern,
    at: At<'w, 'a>,
    words: Vec<Option<Span>>,
}

impl<'r, 'w, 'a> Run<'r, 'w, 'a> {
    fn commands(&mut self, selectors: &'w Selectors, found: &mut Vec<Finding>) {
        let scripts = self.context.scripts;
        for (number, script) in scripts.iter().enumerate() {
            let mut places: HashMap<(RuleId, Span), usize> = HashMap::new();
            let mut told: Vec<Told<'w>> = Vec::new();
            for (id, step) in script.iter() {
                let features = self.features(number)[id.0 as usize];
                let at = At { script, id, unit: None, number };
                for (file, pattern) in selectors.finding(&step.argv.name, features) {
                    if !(self.telling.chosen.wants)(file.rule()) {
                        continue;
                    }
                    if pattern.is_told_once(Once::Script)
                        && told.contains(&(std::ptr::from_ref(pattern).cast(), None, None))
                    {
                        continue;
                    }
                    for at in self.of_units(pattern, at) {
                        let words = self.words(pattern, at);
                        if !words.is_empty() {
                            let before = found.len();
                            self.judge(&Hit { file, pattern, at, words }, &mut told, found);
                            each_place_once(found, before, &mut places);
                        }
                    }
                }
            }
        }
    }

    /// The words that hold for each step of a script.
    fn features(&self, number: usize) -> &[Features] {
        let script = &self.context.scripts[number];
        self.features[number]
            .get_or_init(|| script.iter().map(|(id, _)| judge::features(self.context, script, id)).collect())
    }

    /// The step, once for each unit that it may be about if the pattern is about one.
    fn of_units(&self, pattern: &Pattern, at: At<'w, 'a>) -> Vec<At<'w, 'a>> {
        if !pattern.is_about_unit() {
            return vec![at];
        }
        units::own(self.context).map(|unit| At { unit: Some(unit), ..at }).collect()
    }

    /// The words of a step that a pattern points at; empty where it does not hold.
    fn words(&self, pattern: &Pattern, at: At<'w, 'a>) -> Vec<Option<Span>> {
        let features = self.features(at.number)[at.id.0 as usize];
        let asked = Asked::new(self.context, at, features);
        let words = pattern.matches(&asked);
        words.into_iter().map(|word| word.map(|word| asked.span(word))).collect()
    }

    /// Tells a hit unless something excuses it.
    fn judge(&mut self, hit: &Hit<'w, 'a>, told: &mut Vec<Told<'w>>, found: &mut Vec<Finding>) {
        let mut others = vec![None];
        if hit.file.has(Part::Other) {
            others = self.candidates(hit, Part::Other).iter().copied().map(Some).collect();
        }
        for other in others {
            tick();
            let mut sure = Confidence::High;
            if let Some((other, pattern)) = other {
                let named = Named { context: self.context, finding: hit.at, other: Some(other), own: other };
                if other.id == hit.at.id && other.number == hit.at.number || !named.holds(pattern) {
                    continue;
                }
                match order::runs_along(other, hit.at).max(order::runs_along(hit.at, other)) {
                    Along::Always => {}
                    Along::Perhaps => sure = Confidence::Medium,
                    Along::Never => continue,
                }
            }
            let other = other.map(|(other, _)| other);
            match self.excuse(hit, other) {
                Along::Always => continue,
                Along::Perhaps => sure = Confidence::Medium,
                Along::Never => {}
            }
            let once = other.filter(|_| hit.pattern.is_told_once(Once::Other)).map(|other| other.id);
            let unit =
                hit.at.unit.filter(|_| hit.pattern.is_told_once(Once::Unit)).map(|at| at.name.as_str());
            let of = match once {
                Some(_) => std::ptr::from_ref(hit.file).cast(),
                None => std::ptr::from_ref(hit.pattern).cast(),
            };
            let this = (of, once, unit);
            if (once.is_some() || unit.is_some()) && told.contains(&this) {
                return;
            }
            told.push(this);
            for word in &hit.words {
                found.extend(self.finding(hit, &Found { at: hit.at, word: *word, other }, sure));
            }
            return;
        }
    }

    /// Whether a command that excuses the hit runs along with it.
    fn excuse(&mut self, hit: &Hit<'w, 'a>, other: Option<At<'w, 'a>>) -> Along {
        let mut best = Along::Never;
        for part in [Part::Follows, Part::Precedes] {
            if !hit.file.has(part) {
                continue;
            }
            for &(own, pattern) in self.candidates(hit, part).iter() {
                tick();
                let later = order::position(own) > order::position(hit.at);
                if later != (part == Part::Follows) || own.id == hit.at.id && own.number == hit.at.number {
                    continue;
                }
                let named = Named { context: self.context, finding: hit.at, other, own };
                if named.holds(pattern) {
                    // Where both are at fault together, what runs along with either one excuses.
                    let along = other.map_or(Along::Never, |other| order::runs_along(own, other));
                    let along = order::runs_along(own, hit.at).max(along);
                    let counts = along == Along::Perhaps && pattern.counts_perhaps();
                    best = best.max(if counts { Along::Always } else { along });
                }
                if best == Along::Always {
                    return best;
                }
            }
        }
        best
    }

    /// The steps of the hit's run for which a pattern of the part holds, looked for once a run.
    fn candidates(&mut self, hit: &Hit<'w, 'a>, part: Part) -> Held<'w, 'a> {
        let key = (std::ptr::from_ref(hit.file), part, hit.at.number);
        if let Some(known) = self.candidates.get(&key) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        for number in order::run_of(self.context, hit.at.number) {
            let script = &self.context.scripts[number];
            for (id, step) in script.iter() {
                let features = self.features(number)[id.0 as usize];
                let at = At { script, id, unit: None, number };
                for pattern in hit.file.of(part).filter(|p| p.may_hold(&step.argv.name, features)) {
                    let of_units = self.of_units(pattern, at).into_iter();
                    found.extend(
                        of_units.filter(|at| !self.words(pattern, *at).is_empty()).map(|at| (at, pattern)),
                    );
                }
            }
        }
        let found: Held<'w, 'a> = found.into();
        self.candidates.insert(key, Rc::clone(&found));
        found
    }

    fn finding(&self, hit: &Hit<'w, 'a>, found: &Found<'w, 'a>, sure: Confidence) -> Vec<Finding> {
        let context = self.context;
        let Some(page) = self.telling.chosen.pages.get(hit.file.rule()) else { return Vec::new() };
        let step = hit.at.step();
        let own = hit.pattern.message().cloned();
        let text = match own.clone().or_else(|| read(&page.about().message)) {
            Some(message) => fill::command(&message, context, found),
            None => format!("`{}`: {}", context.words(step.span), page.about().title),
        };
        // A question is asked whatever is there.
        let asks = hit.pattern.is_about_prompts() && step.deed.prompts.is_some();
        let about = found.blamed().filter(|_| !asks);
        let mut confidence = context.confidence(hit.at.script, hit.at.id, about).min(sure);
        let unit = hit.at.unit.filter(|_| hit.pattern.brings_unit()).map(|at| at.span);
        let place = found.word.or(unit).unwrap_or(step.span);
        let mut draft = context.finding(page.id.clone(), place, text);
        if let Some(other) = found.other {
            confidence = confidence.min(context.confidence(other.script, other.id, None));
        }
        draft = draft.at_most(confidence);
        if let Some(help) = read(&page.about().help) {
            draft = draft.help(fill::command(&help, context, found));
        }
        let drafts = match self.telling.wording(&page.id).filter(|_| own.is_none()) {
            Some(Wording::Command(word)) => vec![word(context, found, draft)],
            Some(Wording::Each(word)) => word(context, found, &draft),
            Some(Wording::Missing(_)) | None => vec![draft],
        };
        drafts.into_iter().map(Draft::done).collect()
    }
}

/// What findings are made with.
#[derive(Clone, Copy)]
struct Telling<'w> {
    chosen: &'w Chosen<'w>,
    wordings: &'w [Worded],
}

impl Telling<'_> {
    fn wording(&self, rule: &RuleId) -> Option<Wording> {
        self.wordings.iter().find(|(id, _)| id == rule).map(|(_, wording)| *wording)
    }
}

/// The commands that a pattern's relations speak of.
struct Named<'r, 'w, 'a> {
    context: &'w World<'r, 'a>,
    finding: At<'w, 'a>,
    other: Option<At<'w, 'a>>,
    /// What the pattern itself captures.
    own: At<'w, 'a>,
}

impl Named<'_, '_, '_> {
    /// True where the commands stand to each other as the pattern says.
    fn holds(&self, pattern: &Pattern) -> bool {
        let of = |part: Part| match part {
            Part::Finding => Some(self.finding),
            Part::Other => self.other,
            Part::Follows | Part::Precedes | Part::Missing => Some(self.own),
        };
        pattern.relations().iter().all(|related| {
            let (Some(first), Some(second)) = (of(related.first), of(related.second)) else { return false };
            let holds = match related.relation {
                Relation::After => order::is_after(first, second),
                Relation::Before => order::is_after(second, first),
                Relation::Later => order::position(first) > order::position(second),
                Relation::SameUnit => units::same(self.context, first, second),
                Relation::MayBringUnit => units::may_bring(first, second),
                Relation::DrivesAlike => units::alike(first, second),
                Relation::FirstMakes => {
                    let firsts = self.context.firsts(first.script);
                    firsts.is_some_and(|f| f.lacking(first.script, first.id, second.id).is_some())
                }
                Relation::Hides => hides(self.context, first.script, first.id, second.id),
                Relation::AsksFor => asks_for(first.script, first.id, second.id),
                relation => relation::holds(relation, first.step(), second.step()),
            };
            holds != related.negated
        })
    }
}

/// A text of the front matter, which was checked when it was read.
fn read(text: &Option<Cow<'static, str>>) -> Option<Message> {
    Message::parse(text.as_ref()?).ok()
}
