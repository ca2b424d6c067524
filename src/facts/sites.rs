//! The sites that scripts write for nginx and Apache, the links that enable them, and their texts.

use crate::facts::ground::Ground;
use crate::facts::packages::is_opaque_call;
use crate::model::{Deployment, Step, StepId};
use crate::repo::names::base;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::source::{MappedText, OffsetMap};
use crate::tools::effect::{Change, Effect, How, PathKind, Resource};
use crate::tools::sites::{Server, available, enabled, is_kept, may_enable_any, switched_on};

/// A setting of nginx that a script brings, with its text.
pub(crate) struct NginxText {
    /// The step that writes or copies it.
    pub(crate) id: StepId,
    /// Where it gets to.
    pub(crate) path: Value,
    pub(crate) text: MappedText,
}

/// The settings of nginx that a script writes or copies from the repo.
pub(super) fn nginx_texts(world: &Ground<'_, '_>, script: &Deployment<'_>) -> Vec<NginxText> {
    let mut texts = Vec::new();
    for (id, step) in script.iter() {
        let of_nginx =
            |path: &Value| path.key().contains("/nginx/") && !path.known_suffix().ends_with(".service");
        let written = step.written.iter().filter(|w| of_nginx(&w.path) && !w.append);
        texts.extend(written.map(|w| NginxText { id, path: w.path.clone(), text: w.content.clone() }));
        for (effect, content) in step.deed.puts() {
            let Resource::Path(path) = &effect.resource else { continue };
            if !content.how.is_copy() || !of_nginx(path) {
                continue;
            }
            if let Some(text) = copied(world, step) {
                texts.push(NginxText { id, path: path.clone(), text });
            }
        }
    }
    texts
}

/// The only file of the repo that an operand of the step can mean.
fn copied(world: &Ground<'_, '_>, step: &Step) -> Option<MappedText> {
    let file = step.argv.args.iter().find_map(|arg| {
        let written = arg.value.to_string();
        let ends = |path: &str| written == path || written.ends_with(&format!("/{path}"));
        let is_named = |path: &str| base(path) == base(&written);
        let files = world.project.texts.iter().filter(|(path, _)| is_named(path));
        let found: Vec<_> = files.filter(|(path, _)| world.project.inventory.nginx.contains(path)).collect();
        match found[..] {
            [(_, only)] => Some(*only),
            _ => found.iter().find(|(path, _)| ends(path)).map(|(_, file)| *file),
        }
    })?;
    let text = world.sources.file(file).text().to_owned();
    Some(MappedText { text, file, map: OffsetMap::shifted(0) })
}

/// A site at a step.
pub(crate) struct SiteAt<'w> {
    pub(crate) server: Server,
    /// Its name in `sites-available`.
    pub(crate) name: String,
    pub(crate) path: &'w Value,
    pub(crate) id: StepId,
}

/// True if the step puts a file where the effect says, and not only a link to itself.
fn is_put(effect: &Effect) -> bool {
    match &effect.change {
        Change::Write => true,
        Change::Create(kind) => !matches!(kind, PathKind::Directory | PathKind::Link),
        _ => false,
    }
}

/// The sites that a script writes or copies to `sites-available`.
pub(crate) fn written<'s>(script: &'s Deployment<'_>) -> impl Iterator<Item = SiteAt<'s>> {
    script.iter().flat_map(move |(id, step)| {
        let here = !matches!(step.place, Place::Container(_));
        step.deed.effects.iter().filter(move |effect| here && is_put(effect)).filter_map(move |effect| {
            let Resource::Path(path) = &effect.resource else { return None };
            let (server, name) = available(path)?;
            let from = effect.content.as_ref().and_then(|content| content.from.as_ref());
            if is_kept(path, from) {
                return None;
            }
            Some(SiteAt { server, name, path, id })
        })
    })
}

/// The sites that a step enables: by a link or a copy in `sites-enabled`, or with `a2ensite`.
pub(crate) fn enables(step: &Step) -> Vec<(Server, String)> {
    let mut found = Vec::new();
    for effect in &step.deed.effects {
        let Resource::Path(path) = &effect.resource else { continue };
        if !matches!(effect.change, Change::Create(_) | Change::Write) {
            continue;
        }
        let Some((server, name)) = enabled(path) else { continue };
        found.extend(link_to(effect).map(|of| (server, of)));
        found.push((server, name));
    }
    found.extend(switched_on(&step.argv).into_iter().map(|name| (Server::Apache, name)));
    found
}

/// The name of the file that a link leads to.
fn link_to(effect: &Effect) -> Option<String> {
    let content = effect.content.as_ref()?;
    Some(content.from.as_ref()?.basename().to_string())
}

/// The sites in `sites-available` that a step enables by a link or by name, with the word that names each.
pub(crate) fn links(step: &Step) -> Vec<(Server, String)> {
    let linked = step.deed.effects.iter().filter_map(|effect| {
        let Resource::Path(path) = &effect.resource else { return None };
        let content = effect.content.as_ref().filter(|content| content.how == How::Linked)?;
        let (server, _) = enabled(path)?;
        let from = content.from.as_ref()?;
        let inside = from.dirname().basename().as_literal() == Some("sites-available");
        (inside && from.is_stable()).then(|| (server, from.basename().to_string()))
    });
    linked.chain(switched_on(&step.argv).into_iter().map(|name| (Server::Apache, name))).collect()
}

/// True if a step enables the site, or may do so.
pub(crate) fn may_enable(step: &Step, server: Server, name: &str) -> bool {
    enables(step).iter().any(|(of, enabled)| *of == server && enabled == name)
        || may_enable_any(server, &step.argv, &step.deed)
        || step.written.iter().any(|text| text.content.text.contains("sites-available/"))
}

/// True if a step brings the site's file, or may do so.
pub(crate) fn may_bring(step: &Step, server: Server, name: &str) -> bool {
    let puts = step.deed.effects.iter().any(|effect| {
        let Resource::Path(path) = &effect.resource else { return false };
        let changes =
            matches!(effect.change, Change::Create(_) | Change::Write | Change::Append | Change::Edit);
        let shown = path.to_string();
        let whole = ["/etc/nginx", "/etc/apache2", "/etc"].contains(&shown.trim_end_matches('/'))
            || shown.trim_end_matches('/').ends_with("/sites-available");
        let site = available(path).is_some_and(|(of, own)| {
            of == server && (own == name || own.contains(['$', '*', '`']) || path.is_glob())
        });
        changes && (whole || site)
    });
    let named = || step.argv.args.iter().any(|arg| arg.value.to_string().contains("sites-available"));
    let package = step.deed.effects.iter().any(|effect| {
        matches!(&effect.resource, Resource::Package(package) if package.to_string().contains(name.trim_end_matches(".conf")))
    });
    puts || package || is_opaque_call(step) && named() || !step.deed.known && named()
}
