//! `steps/default-site-left`: the site that Debian's nginx brings stays enabled and is in the way of the app's own.

use crate::facts::sites::NginxText;
use crate::facts::world::World;
use crate::finding::{Finding, Severity};
use crate::model::Step;
use crate::rules::id;
use crate::tools::effect::{Change, Resource};
use crate::tools::sites::{Block, Server, available, blocks, brings_default_site, enabled};
use crate::tools::thing::Thing;

/// Debian's `default` listens on port 80 as its default server. nginx refuses a second one, and a site without a name of its
/// own gets no requests beside it.
pub(super) fn default_site_left(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let brings = |step: &&Step| brings_default_site(&step.argv, &step.deed);
    for &script in context.scripts() {
        let Some(installs) = context.steps_with(script).find(brings) else { continue };
        let mut is_changed = None;
        for &NginxText { id, ref path, ref text } in context.nginx_texts(script) {
            let is_served = available(path).is_some()
                || enabled(path).is_some()
                || path.known_prefix().starts_with("/etc/nginx/conf.d/");
            let Some(block) = blocks(&text.text).into_iter().find(is_in_the_way).filter(|_| is_served) else {
                continue;
            };
            // These take long to find out, so they are asked last.
            if *is_changed.get_or_insert_with(|| context.steps_with(script).any(may_change_default)) {
                break;
            }
            if is_of_nginx_itself(context) || may_be_told(context) {
                return;
            }
            let (message, severity) = match block.is_default {
                true => (
                    format!(
                        "{path} says `default_server`, and so does nginx's own site `default`: `nginx -t` fails"
                    ),
                    Severity::Error,
                ),
                false => (
                    format!(
                        "{path} has no name of its own, so nginx's own site `default` gets its requests on port 80"
                    ),
                    Severity::Warning,
                ),
            };
            let line = text.text[block.at..].lines().next().unwrap_or_default().trim_end().len();
            let draft = context
                .finding(id::STEPS_DEFAULT_SITE_LEFT, text.span(block.at..block.at + line), message)
                .severity(severity)
                .at_most(context.confidence(script, id, None))
                .related(installs.span, "this enables nginx's own site `default`")
                .help("remove it before the reload: `rm -f /etc/nginx/sites-enabled/default`");
            found.push(draft.done());
        }
    }
}

/// True if a script names the repository of nginx itself, whose package has no site `default`.
fn is_of_nginx_itself(context: &World<'_, '_>) -> bool {
    context.scripts().iter().any(|script| context.sources.file(script.file).text().contains("nginx.org/"))
}

/// True if a text that is printed or called names the site `default`, or if something unknown may remove it.
fn may_be_told(context: &World<'_, '_>) -> bool {
    let deploy = context.deploy();
    let is_told = |line: &str| line.contains("enabled/default");
    deploy.may_do_anything() || deploy.says_to(is_told) || deploy.calls_to(is_told)
}

fn is_in_the_way(block: &Block) -> bool {
    block.is_default || block.on_80 && block.names.iter().all(|name| matches!(name.as_str(), "_" | ""))
}

/// True if the step removes or replaces the site `default`, or may do so.
fn may_change_default(step: &Step) -> bool {
    let named =
        |word: &str| word.contains("sites-enabled/default") || word.contains("sites-available/default");
    let by_effect = step.deed.effects.iter().any(|effect| {
        let (Resource::Path(path) | Resource::Other(Thing::Files, path)) = &effect.resource else {
            return false;
        };
        let shown = path.to_string();
        let is_site = |site: Option<(Server, String)>| {
            site.is_some_and(|(server, name)| {
                server == Server::Nginx && (name == "default" || name.contains('*'))
            })
        };
        let whole =
            matches!(shown.as_str(), "/etc/nginx" | "/etc/nginx/sites-enabled" | "/etc/nginx/nginx.conf");
        let unknown = effect.change == Change::Remove && shown.contains(['$', '`']);
        // Each file of a directory in turn, which may be this one.
        let in_enabled =
            unknown && (shown.contains("/sites-enabled") || step.in_loop && path.known_prefix().is_empty());
        is_site(enabled(path)) || is_site(available(path)) || whole || in_enabled
    });
    let by_word = || step.argv.args.iter().any(|arg| named(&arg.value.to_string()));
    let unknown = || {
        !step.deed.known && step.argv.args.iter().any(|arg| arg.value.to_string().contains("sites-enabled"))
    };
    by_effect || by_word() || unknown()
}
