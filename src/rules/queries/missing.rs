//! Commands that the deploy lacks.

use super::judge::{self, Asked};
use super::{Lack, Telling, Wording, fill, read};
use crate::facts::deploy::Deploy;
use crate::facts::needs::{is_deploy, needed};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::source::Span;
use crate::syntax::query::{Need, Part, QueryFile};

/// Looks for what each rule with `@missing` asks for.
pub(super) fn run(context: &World<'_, '_>, telling: Telling<'_>, found: &mut Vec<Finding>) {
    let deploy = context.deploy();
    let asked = |file: &&QueryFile| file.has(Part::Missing) && (telling.chosen.wants)(file.rule());
    for file in telling.chosen.selectors.files().iter().filter(asked) {
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
        found.extend(lacks.iter().filter_map(|(place, lack)| finding(context, file, *place, lack, telling)));
    }
}

/// True where a step of the deploy is what the rule asks for.
fn is_there<'a>(context: &World<'_, 'a>, deploy: &Deploy<'_, '_, 'a>, file: &QueryFile) -> bool {
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
    context: &World<'_, '_>,
    file: &QueryFile,
    place: Span,
    lack: &Lack<'_, '_, '_>,
    telling: Telling<'_>,
) -> Option<Finding> {
    let page = telling.chosen.pages.get(file.rule())?;
    let own = file.of(Part::Missing).find_map(|pattern| pattern.message()).cloned();
    let text = match own.clone().or_else(|| read(&page.about().message)) {
        Some(message) => fill::missing(&message, context, lack),
        None => page.about().title.to_string(),
    };
    let mut draft = context.finding(page.id.clone(), place, text);
    if let Some(help) = read(&page.about().help) {
        draft = draft.help(fill::missing(&help, context, lack));
    }
    if let Some(Wording::Missing(word)) = telling.wording(&page.id).filter(|_| own.is_none()) {
        draft = word(context, lack, draft);
    }
    Some(draft.done())
}
