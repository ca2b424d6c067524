//! `rerun/https-lost`: each run writes a site anew, without the HTTPS that certbot has put into its file.

use super::new_secret::is_replaced;
use crate::facts::sites::{SiteAt, written};
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::model::condition::Cond;
use crate::model::{Along, Deployment, Step, StepId};
use crate::rules::id;
use crate::shell::argv::Stdin;
use crate::shell::value::Value;
use crate::tools::effect::{Prints, Resource};
use crate::tools::sites::{
    CERTIFICATES, Server, edits_sites, has_https, is_about_certbot, is_of_certbot, tells_to_edit_sites,
    wanted_names,
};

/// Finds the sites that a script writes on each run, and that certbot edits only once: people are told to run it, or the
/// second run leaves it out.
pub(in crate::rules) fn https_lost(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for &script in context.scripts() {
        // Few scripts write a site, so this is asked first.
        if written(script).next().is_none() {
            continue;
        }
        for server in [Server::Nginx, Server::Apache] {
            let Some((id, step, line)) = edited_once(script, server) else { continue };
            // What runs only where the site is not written says nothing about it.
            let meets = |site: &SiteAt<'_>| tells(step) || script.may_meet(id, site.id);
            let lost = |site: &SiteAt<'_>| site.server == server && is_lost(context, script, site);
            let sites: Vec<SiteAt<'_>> = written(script).filter(|site| meets(site) && lost(site)).collect();
            let names = wanted_names(&line);
            let is_meant = |site: &&SiteAt<'_>| {
                text_of(context, script, site)
                    .is_some_and(|text| names.iter().any(|name| text.contains(name)))
            };
            // Names that are known and stand in none of the sites are those of another one.
            let may_be_any = tells(step) || names.iter().all(|name| name.contains('$'));
            let other = || sites.first().filter(|_| may_be_any);
            if let Some(site) = sites.iter().find(is_meant).or_else(other) {
                found.push(told(context, script, site, (id, step)));
            }
        }
    }
}

/// True if each run writes the site, and its text has no HTTPS.
fn is_lost(context: &World<'_, '_>, script: &Deployment<'_>, site: &SiteAt<'_>) -> bool {
    is_replaced(script, site.id, site.path)
        && !asks_for_https(script, site)
        && text_of(context, script, site).is_some_and(|text| !has_https(text))
        && !edited_after(script, site)
        && !written_with_https(script, site)
}

/// True if the script writes the site only as long as certbot has not edited it: `grep -q "managed by Certbot" FILE`.
fn asks_for_https(script: &Deployment<'_>, site: &SiteAt<'_>) -> bool {
    let says_it = |resource: &Resource| {
        matches!(resource, Resource::Line { file, text }
            if file.basename() == site.path.basename() && is_of_certbot(&text.to_string()))
    };
    script.guards_of(site.id).any(|(_, guard)| {
        let with_it = guard.cond.evaluate(&mut |leaf| match leaf {
            Cond::Fact(fact) if says_it(&fact.resource) => Some(true),
            _ => None,
        });
        with_it == Some(!guard.holds)
    })
}

/// True if the script writes the site once more, with HTTPS.
fn written_with_https(script: &Deployment<'_>, site: &SiteAt<'_>) -> bool {
    script
        .after(site.id)
        .any(|(_, step)| step.written.iter().any(|w| w.path == *site.path && has_https(&w.content.text)))
}

/// The text of the site, if it is known.
fn text_of<'s>(context: &'s World<'_, '_>, script: &'s Deployment<'_>, site: &SiteAt<'_>) -> Option<&'s str> {
    let written = script.step(site.id).written.iter().find(|w| w.path == *site.path && !w.append);
    let copied = || context.nginx_texts(script).iter().find(|text| text.id == site.id).map(|text| &text.text);
    written.map(|text| &text.content).or_else(copied).map(|text| text.text.as_str())
}

/// True if certbot edits the site again after the script has written it. A condition on what the caller says, such as
/// `[ -n "$DOMAIN" ]`, is taken to have the same outcome in each run.
fn edited_after(script: &Deployment<'_>, site: &SiteAt<'_>) -> bool {
    script.after(site.id).any(|(id, step)| {
        edits_sites(&step.argv, site.server)
            && script.runs_along(id, site.id) != Along::Never
            && script.second_run(id).skipped_by().is_none()
            && !asks_for_certificate(script, id)
    })
}

/// True if the step runs only behind a test for a certificate, which is there in the second run.
fn asks_for_certificate(script: &Deployment<'_>, id: StepId) -> bool {
    script.guards_of(id).any(|(_, guard)| {
        guard.cond.facts().iter().any(|fact| match &fact.resource {
            Resource::Path(path) => path.known_prefix().starts_with(CERTIFICATES),
            _ => false,
        })
    })
}

/// The step by which certbot edits the sites, on the first run or when somebody follows what is printed, and its words.
fn edited_once<'s>(script: &'s Deployment<'_>, server: Server) -> Option<(StepId, &'s Step, String)> {
    script.iter().find_map(|(id, step)| {
        if !tells(step) {
            return edits_sites(&step.argv, server).then(|| (id, step, step.argv.to_string()));
        }
        let input = match &step.argv.stdin {
            Stdin::Text(text) => Some(text),
            _ => None,
        };
        let words = step.argv.args.iter().chain([&step.argv.program]).map(|arg| &arg.value);
        // What is printed is long, and hardly any of it is about certbot.
        if !words.chain(input).any(|value| is_about_certbot(value.key())) {
            return None;
        }
        let line = format!("{} {}", step.argv, input.map(Value::shown).unwrap_or_default());
        tells_to_edit_sites(&line, server).then_some((id, step, line))
    })
}

/// True if a step prints something for people.
fn tells(step: &Step) -> bool {
    matches!(step.deed.prints, Prints::Words | Prints::Same) && step.argv.stdout.is_none()
}

fn told(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    site: &SiteAt<'_>,
    (once, step): (StepId, &Step),
) -> Finding {
    let prints = tells(step);
    let place = context.line(step.span);
    let message = format!(
        "each run writes {} again without HTTPS, and what certbot has put there{} is lost",
        site.path,
        if prints { String::new() } else { format!(" ({place})") },
    );
    let help = format!(
        "write it only if it is missing: `[ -f {} ] || …`, or run `certbot {} -d …` after it on each run",
        site.path,
        match site.server {
            Server::Nginx => "--nginx",
            Server::Apache => "--apache",
        }
    );
    let note = if prints { "people are told to run it here" } else { "the second run may leave it out" };
    context
        .finding(id::RERUN_HTTPS_LOST, script.step(site.id).span, message)
        .severity(Severity::Error)
        .at_most(context.confidence(script, site.id, Some(site.path)))
        .help(help)
        .related(script.step(once).span, note)
        .done()
}
