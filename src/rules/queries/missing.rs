//! Commands that the deploy lacks.

use super::judge::{self, Asked};
use super::{Lack, Wording, fill, wording};
use crate::facts::deploy::Deploy;
use crate::facts::needs::{is_deploy, needed};
use crate::finding::Finding;
use crate::rules::context::Context;
use crate::source::Span;
use crate::syntax::query::{Need, Part, QueryFile, Selectors};

/// Looks for what each rule with `@missing` asks for.
pub(super) fn run(
    context: &Context<'_, '_>,
    selectors: &Selectors,
    wordings: &[(&str, Wording)],
    found: &mut Vec<Finding>,
) {
    let deploy = context.deploy();
    for file in selectors.files().iter().filter(|file| file.has(Part::Missing)) {
        if is_there(context, &deploy, file) {
            continue;
        }
        let mut needs: Vec<Need> = file.needs().collect();
        needs.dedup();
        let lacks: Vec<(Span, Lack<'_, '_, '_>)> = match needs[..] {
            [] if is_deploy(deploy) => {
                let place = deploy.place();
                place.map(|place| (place, Lack { deploy, needed: None })).into_iter().collect()
            }
            [] => Vec::new(),
            _ => {
                let needed = needs.iter().flat_map(|need| needed(&deploy, *need));
                needed.map(|needed| (needed.place(), Lack { deploy, needed: Some(needed) })).collect()
            }
        };
        found.extend(lacks.iter().map(|(place, lack)| finding(context, file, *place, lack, wordings)));
    }
}

/// True where a step of the deploy is what the rule asks for.
fn is_there<'a>(context: &Context<'_, 'a>, deploy: &Deploy<'_, '_, 'a>, file: &QueryFile) -> bool {
    deploy.scripts().any(|script| {
        script.iter().any(|(id, step)| {
            let features = judge::features(context, script, id);
            let asked = Asked::new(context, script, id, features);
            file.of(Part::Missing).any(|pattern| {
                pattern.may_hold(&step.argv.name, features) && !pattern.matches(&asked).is_empty()
            })
        })
    })
}

fn finding(
    context: &Context<'_, '_>,
    file: &QueryFile,
    place: Span,
    lack: &Lack<'_, '_, '_>,
    wordings: &[(&str, Wording)],
) -> Finding {
    let rule = &**file.rule();
    let page = context.pages.get(rule);
    let own = file.of(Part::Missing).find_map(|pattern| pattern.message());
    let message = own.or_else(|| page.and_then(|page| page.message.as_ref()));
    let text = match message {
        Some(message) => fill::missing(message, context, lack),
        None => page.map_or("", |page| page.title.as_str()).to_owned(),
    };
    let mut draft = context.finding(rule, place, text);
    if let Some(help) = page.and_then(|page| page.help.as_ref()) {
        draft = draft.help(fill::missing(help, context, lack));
    }
    if let Some(Wording::Missing(word)) = wording(wordings, rule).filter(|_| own.is_none()) {
        draft = word(context, lack, draft);
    }
    draft.done()
}
