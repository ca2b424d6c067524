//! Commands that the deploy lacks.

use super::{Lack, Run};
use crate::facts::needs::{Demand, Needed, is_deploy, needed};
use crate::finding::Finding;
use crate::model::Deployment;
use crate::source::Span;
use crate::syntax::query::{Need, Part, Pattern, Queries, QueryFile};
use crate::tools::effect::Ecosystem;

/// Looks for what each rule with `@missing` asks for.
pub(super) fn run(run: &Run<'_, '_, '_>, queries: &Queries, found: &mut Vec<Finding>) {
    let deploy = run.world.deploy();
    let asked = |file: &&QueryFile| file.has(Part::Missing) && run.telling.wants(file.rule());
    for file in queries.files().iter().filter(asked) {
        let mut needs: Vec<Need> =
            file.of(Part::Missing).flat_map(|pattern| pattern.needs()).copied().collect();
        needs.dedup();
        let lacks: Vec<(Option<Need>, Span, Lack<'_, '_, '_>)> = match needs[..] {
            [] if is_deploy(deploy) && !is_there(run, file, None) => {
                let place = deploy.place();
                place.map(|place| (None, place, Lack { deploy, needed: None })).into_iter().collect()
            }
            [] => Vec::new(),
            _ => {
                let needed = needs
                    .iter()
                    .flat_map(|need| needed(run.world, demand(*need)).into_iter().map(|n| (*need, n)));
                let lacking = needed.filter(|(need, needed)| !is_there(run, file, Some((*need, needed))));
                lacking
                    .map(|(need, needed)| (Some(need), needed.place(), Lack { deploy, needed: Some(needed) }))
                    .collect()
            }
        };
        // A pattern speaks of its own need.
        let own = |need: &Option<Need>| {
            let of_need = |pattern: &&Pattern| need.is_none_or(|need| pattern.needs().contains(&need));
            file.of(Part::Missing).find(of_need)
        };
        let told = lacks
            .iter()
            .filter_map(|(need, place, lack)| run.telling.missing(file.rule(), own(need), *place, lack));
        found.extend(told);
    }
}

/// What a word of `#needed?` asks the facts for.
fn demand(need: Need) -> Demand {
    match need {
        Need::Migrations => Demand::Migrations,
        Need::VirtualEnv => Demand::Environment,
        Need::PythonDependencies => Demand::Dependencies(Ecosystem::Python),
        Need::NodeDependencies => Demand::Dependencies(Ecosystem::Node),
        Need::RubyDependencies => Demand::Dependencies(Ecosystem::Ruby),
        Need::PhpDependencies => Demand::Dependencies(Ecosystem::Php),
        Need::Build => Demand::Build,
        Need::Program => Demand::Program,
        Need::StaticFiles => Demand::StaticFiles,
    }
}

/// True if a step that the deploy may run is what the rule asks for, or what it asks for because of this need.
fn is_there(run: &Run<'_, '_, '_>, file: &QueryFile, need: Option<(Need, &Needed<'_>)>) -> bool {
    let meant = |pattern: &&Pattern| {
        pattern.needs().is_empty() || need.is_some_and(|(need, _)| pattern.needs().contains(&need))
    };
    let patterns: Vec<&Pattern> = file.of(Part::Missing).filter(meant).collect();
    let needed = need.map(|(_, needed)| needed);
    run.world.deploy().deploying().any(|(number, script)| {
        let is_called = calls_by_argument(script);
        let mut steps = run.steps(number).filter(|at| at.step().entry == 0 || is_called);
        steps.any(|at| patterns.iter().any(|pattern| !run.words(pattern, at, needed).is_empty()))
    })
}

/// True if the arguments of the script say which of its functions it calls: `"$@"`, `"$1"`.
fn calls_by_argument(script: &Deployment<'_>) -> bool {
    script.iter().any(|(_, step)| step.entry == 0 && step.argv.program.value.as_literal().is_none())
}
