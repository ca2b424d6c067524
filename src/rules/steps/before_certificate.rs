//! `steps/before-certificate`: nginx reads a site whose certificate does not exist yet.

use crate::facts::sites::{NginxText, enables};
use crate::facts::world::World;
use crate::finding::{Confidence, Finding};
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Effect, Resource, Role};
use crate::tools::sites::{CERTIFICATES, available, blocks, checks_settings, may_get_certificate};

/// For each site with a certificate of certbot, finds the first test or reload of nginx, and what gets the certificate.
pub(super) fn before_certificate(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        for &NginxText { id, ref path, ref text } in context.nginx_texts(script) {
            if !text.text.contains(CERTIFICATES) {
                continue;
            }
            let wanted = blocks(&text.text).into_iter().flat_map(|block| block.certificates);
            let Some(certificate) = wanted.into_iter().find(|file| file.starts_with(CERTIFICATES)) else {
                continue;
            };
            let Some(check) = first_check(script, id, path) else { continue };
            let getters = || {
                let getters = script.iter().filter(|(_, step)| may_get_certificate(&step.argv, &step.deed));
                getters.map(|(at, _)| at)
            };
            let gets_elsewhere = || {
                let others = context.together(script).filter(|other| !std::ptr::eq(*other, script));
                let mut steps = others.flat_map(|other| &other.steps);
                steps.any(|step| may_get_certificate(&step.argv, &step.deed))
            };
            let is_asked = [id, check].iter().any(|step| asks_for_certificate(script, *step));
            if is_asked || getters().any(|at| at < check) || gets_elsewhere() {
                continue;
            }
            let late = getters().find(|at| script.may_meet(*at, check));
            let sets_up = script.steps.iter().any(|step| step.deed.roles.contains(&Role::SystemPackages));
            // What is left out here may be on the server since its setup.
            if late.is_none() && !sets_up {
                continue;
            }
            let end = match late {
                Some(late) => {
                    let (late, own) = (script.step(late).span, script.step(check).span);
                    format!("and it comes only on {}", context.line_beside(late, own))
                }
                None => "and nothing gets it before".to_owned(),
            };
            let sure = match script.surely_after(check, id) {
                true => Confidence::High,
                false => Confidence::Medium,
            };
            let at = text.text.find(&certificate).unwrap_or_default();
            let message = format!(
                "`{}` fails on a new server: the site needs {certificate}, {end}",
                context.words(script.step(check).span)
            );
            let draft = context
                .finding(id::STEPS_BEFORE_CERTIFICATE, script.step(check).span, message)
                .at_most(sure)
                .at_most(context.confidence(script, id, None))
                .at_most(context.confidence(script, check, None))
                .related(text.span(at..at + certificate.len()), "this file has to be there")
                .related(script.step(id).span, "the site is put in place here")
                .help("start with a site on port 80 only, get the certificate, and then write the site that names it");
            found.push(draft.done());
        }
    }
}

/// The first step at which nginx reads the site: it tests or loads its settings after the site is written and enabled.
fn first_check(script: &Deployment<'_>, id: StepId, path: &Value) -> Option<StepId> {
    let name = available(path);
    let is_enabled = |at: StepId| match &name {
        None => true,
        Some((server, name)) => script
            .iter()
            .take(at.0 as usize)
            .any(|(_, step)| enables(step).iter().any(|(of, enabled)| of == server && enabled == name)),
    };
    let mut later = script.after(id);
    let check = later.find(|(at, step)| checks_settings(&step.argv, &step.deed) && is_enabled(*at))?;
    let is_replaced = script.iter().any(|(at, step)| {
        let writes = |effect: &Effect| {
            effect.change == Change::Write && matches!(&effect.resource, Resource::Path(own) if own == path)
        };
        at > id && at < check.0 && script.may_meet(at, id) && step.deed.effects.iter().any(writes)
    });
    (script.may_meet(id, check.0) && !is_replaced).then_some(check.0)
}

/// True if the step runs only behind a test of a certificate.
fn asks_for_certificate(script: &Deployment<'_>, id: StepId) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| match &fact.resource {
            Resource::Path(path) => path.known_prefix().starts_with("/etc/letsencrypt"),
            Resource::Other(thing, _) => thing.word() == "certificate",
            _ => false,
        })
    })
}
