//! Merging: an override into its base, and a service into what it `extends`.
//!
//! Facts: <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>. Single values and commands are
//! replaced, mappings are merged by key, lists are appended, and ports and volumes are unique by their target.

use super::{Compose, Service, Text};

/// Merges `over` into `base`, service by service.
pub(super) fn merge(base: &mut Compose, over: Compose) {
    for service in over.services {
        match base.services.iter_mut().find(|s| s.name == service.name) {
            Some(below) => merge_service(below, service),
            None => base.services.push(service),
        }
    }
}

/// Puts what each service `extends` below it. `bases` names them, in the order of `services`. A circle ends,
/// and so does a chain longer than anybody writes.
pub(super) fn extend(services: &mut [Service], bases: &[Option<String>]) {
    let plain = services.to_vec();
    let at = |name: &str| plain.iter().position(|s| s.name == name);
    for (index, base) in bases.iter().enumerate() {
        let mut chain = Vec::new();
        let mut next = base.as_deref().and_then(at);
        while let Some(below) = next {
            if below == index || chain.contains(&below) || chain.len() > 16 {
                break;
            }
            chain.push(below);
            next = bases.get(below).and_then(|b| b.as_deref()).and_then(at);
        }
        let Some(deepest) = chain.pop() else {
            continue;
        };
        let Some(own) = plain.get(index) else {
            continue;
        };
        let mut merged = plain[deepest].clone();
        for above in chain.into_iter().rev() {
            merge_service(&mut merged, plain[above].clone());
        }
        merge_service(&mut merged, own.clone());
        merged.name.clone_from(&own.name);
        merged.name_span = own.name_span;
        services[index] = merged;
    }
}

fn merge_service(base: &mut Service, over: Service) {
    replace(&mut base.image, over.image);
    replace(&mut base.build, over.build);
    replace(&mut base.command, over.command);
    replace(&mut base.entrypoint, over.entrypoint);
    replace(&mut base.working_dir, over.working_dir);
    replace(&mut base.container_name, over.container_name);
    replace(&mut base.restart, over.restart);
    append(&mut base.expose, over.expose, |text| text.text.clone());
    append(&mut base.profiles, over.profiles, |text| text.text.clone());
    append(&mut base.env_file, over.env_file, |text| text.text.clone());
    append(&mut base.volumes, over.volumes, volume_target);
    append(&mut base.ports, over.ports, |port| {
        (port.published.clone(), port.target.clone(), port.protocol.clone())
    });
    append(&mut base.depends_on, over.depends_on, |d| d.service.clone());
    append(&mut base.environment, over.environment, |v| v.name.clone());
}

fn replace(base: &mut Option<Text>, over: Option<Text>) {
    if over.is_some() {
        *base = over;
    }
}

/// Appends; an entry with the identity of an earlier one takes its place.
fn append<T, K: PartialEq>(base: &mut Vec<T>, over: Vec<T>, identity: impl Fn(&T) -> K) {
    for entry in over {
        match base.iter().position(|e| identity(e) == identity(&entry)) {
            Some(at) => base[at] = entry,
            None => base.push(entry),
        }
    }
}

/// `/data` of `./data:/data:ro`.
fn volume_target(volume: &Text) -> String {
    let absolute = volume.text.split(':').skip(1).find(|part| part.starts_with('/'));
    absolute.unwrap_or(&volume.text).to_owned()
}
