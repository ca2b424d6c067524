//! What a finding of a query file says: the message of the pattern or the page, or what the Rust file of the same name
//! makes of it. Nothing here decides whether there is a finding.

use super::{Found, Lack, Worded, Wording, fill};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding, RuleId};
use crate::rules::Chosen;
use crate::rules::draft::Draft;
use crate::source::Span;
use crate::syntax::query::{Message, Pattern};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What findings are made with.
pub(super) struct Telling<'r, 'w, 'a> {
    world: &'w World<'r, 'a>,
    chosen: &'w Chosen<'w>,
    wordings: &'w [&'w [Worded]],
    /// The texts of the pages whose rules found something.
    texts: RefCell<HashMap<RuleId, Rc<Texts>>>,
}

/// What a page says of its rule's findings.
struct Texts {
    message: Option<Message>,
    help: Option<Message>,
    other: Option<Message>,
}

impl<'r, 'w, 'a> Telling<'r, 'w, 'a> {
    pub(super) fn new(
        world: &'w World<'r, 'a>,
        chosen: &'w Chosen<'w>,
        wordings: &'w [&'w [Worded]],
    ) -> Self {
        Telling { world, chosen, wordings, texts: RefCell::default() }
    }

    /// Whether a rule is asked for.
    pub(super) fn wants(&self, rule: &str) -> bool {
        (self.chosen.wants)(rule)
    }

    /// The findings about a command at fault: one, unless the wording makes several of it.
    pub(super) fn command(
        &self,
        rule: &str,
        pattern: &Pattern,
        found: &Found<'w, 'a>,
        sure: Confidence,
    ) -> Vec<Finding> {
        let world = self.world;
        let step = found.at.step();
        let unit = found.at.unit.filter(|_| pattern.brings_unit()).map(|at| at.span);
        let place = found.word.or(unit).unwrap_or(step.span);
        let Some((id, draft)) = self.draft(rule, pattern.message(), place, Some(found)) else {
            return Vec::new();
        };
        // A question is asked whether the thing exists or not.
        let asks = pattern.is_about_prompts() && step.deed.prompts.is_some();
        let about = found.blamed().filter(|_| !asks);
        let sure = sure.min(pattern.confidence()).min(world.confidence(found.at.script, found.at.id, about));
        let mut draft = draft.at_most(sure);
        if let Some(severity) = pattern.severity() {
            draft = draft.severity(severity);
        }
        if let Some(other) = found.other {
            draft = draft.at_most(world.confidence(other.script, other.id, None));
            if let Some(text) = &self.texts(&id).other {
                draft = draft.related(other.step().span, fill::filled(text, world, Some(found)));
            }
        }
        let drafts = match self.wording(&id) {
            Some(Wording::Command(word)) => vec![word(world, found, draft)],
            Some(Wording::Each(word)) => word(world, found, &draft),
            Some(Wording::Missing(_)) | None => vec![draft],
        };
        drafts.into_iter().map(Draft::done).collect()
    }

    /// The finding about a command that the deploy lacks.
    pub(super) fn missing(
        &self,
        rule: &str,
        pattern: Option<&Pattern>,
        place: Span,
        lack: &Lack<'_, '_, '_>,
    ) -> Option<Finding> {
        let (id, mut draft) = self.draft(rule, pattern.and_then(Pattern::message), place, None)?;
        if let Some(pattern) = pattern {
            draft = draft.at_most(pattern.confidence());
        }
        if let Some(severity) = pattern.and_then(Pattern::severity) {
            draft = draft.severity(severity);
        }
        if let Some(Wording::Missing(word)) = self.wording(&id) {
            draft = word(self.world, lack, draft);
        }
        Some(draft.done())
    }

    /// The finding as the pattern or the page words it.
    fn draft(
        &self,
        rule: &str,
        own: Option<&Message>,
        place: Span,
        found: Option<&Found<'w, 'a>>,
    ) -> Option<(RuleId, Draft)> {
        let world = self.world;
        let page = self.chosen.pages.get(rule)?;
        let texts = self.texts(&page.id);
        let text = match (own.or(texts.message.as_ref()), found) {
            (Some(message), _) => fill::filled(message, world, found),
            (None, Some(found)) => format!("`{}`: {}", world.words(found.at.step().span), page.about().title),
            (None, None) => page.about().title.to_string(),
        };
        let draft = world.finding(page.id.clone(), place, text);
        let draft = match &texts.help {
            Some(help) => draft.help(fill::filled(help, world, found)),
            None => draft,
        };
        Some((page.id.clone(), draft))
    }

    fn wording(&self, rule: &RuleId) -> Option<Wording> {
        let mut all = self.wordings.iter().copied().flatten();
        all.find(|(id, _)| id == rule).map(|(_, wording)| *wording)
    }

    /// The texts of a page. They were checked when the page was read.
    fn texts(&self, rule: &RuleId) -> Rc<Texts> {
        let read = |text: &Option<Cow<'static, str>>| Message::parse(text.as_ref()?).ok();
        let about = rule.about();
        let mut known = self.texts.borrow_mut();
        let texts = known.entry(rule.clone()).or_insert_with(|| {
            let (message, help, other) = (read(&about.message), read(&about.help), read(&about.other));
            Rc::new(Texts { message, help, other })
        });
        Rc::clone(texts)
    }
}
