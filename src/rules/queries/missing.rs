//! Commands that the deploy lacks.

use super::judge::Asked;
use super::{At, Lack, Run, Telling, Wording, fill, read};
use crate::facts::needs::{Needed, is_deploy, needed};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::source::Span;
use crate::syntax::query::{Need, Part, Pattern, QueryFile};

/// Looks for what each rule with `@missing` asks for.
pub(super) fn run(run: &Run<'_, '_, '_>, found: &mut Vec<Finding>) {
    let (context, telling) = (run.context, run.telling);
    let deploy = context.deploy();
    let asked = |file: &&QueryFile| file.has(Part::Missing) && (telling.chosen.wants)(file.rule());
    for file in telling.chosen.selectors.files().iter().filter(asked) {
        let mut needs: Vec<Need> =
            file.of(Part::Missing).flat_map(|pattern| pattern.needs()).copied().collect();
        needs.dedup();
        let lacks: Vec<(Span, Lack<'_, '_, '_>)> = match needs[..] {
            [] if is_deploy(deploy) && !is_there(run, file, None) => {
                let place = deploy.place();
                place.map(|place| (place, Lack { deploy, needed: None })).into_iter().collect()
            }
            [] => Vec::new(),
            _ => {
                let needed =
                    needs.iter().flat_map(|need| needed(&deploy, *need).into_iter().map(|n| (*need, n)));
                let lacking = needed.filter(|(need, needed)| !is_there(run, file, Some((*need, needed))));
                lacking.map(|(_, needed)| (needed.place(), Lack { deploy, needed: Some(needed) })).collect()
            }
        };
        found.extend(lacks.iter().filter_map(|(place, lack)| finding(context, file, *place, lack, telling)));
    }
}

/// True where a step of the deploy is what the rule asks for, or what it asks for this need.
fn is_there(run: &Run<'_, '_, '_>, file: &QueryFile, need: Option<(Need, &Needed<'_>)>) -> bool {
    let meant = |pattern: &&Pattern| {
        pattern.needs().is_empty() || need.is_some_and(|(need, _)| pattern.needs().contains(&need))
    };
    let patterns: Vec<&Pattern> = file.of(Part::Missing).filter(meant).collect();
    let context = run.context;
    let deploy = context.deploy();
    deploy.deploying().any(|(number, script)| {
        script.iter().any(|(id, step)| {
            let features = run.features(number)[id.0 as usize];
            patterns.iter().any(|pattern| {
                let asked = || {
                    Asked::new(context, At { script, id, unit: None, number }, features)
                        .for_need(need.map(|(_, needed)| needed))
                };
                pattern.may_hold(&step.argv.name, features) && !pattern.matches(&asked()).is_empty()
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
