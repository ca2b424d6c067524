//! `extends`: a service on top of another one, from the same file or from another.
//!
//! Facts: <https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends>,
//! `loader/extends.go` of compose-go. Chains are followed in a loop, not by recursion, because they may be as
//! long as a file has services.

use crate::limit::tick;
use crate::project::compose::interpolation::with_defaults;
use crate::project::compose::load::{Entries, Loader, Scope, into_entries, parent, take};
use crate::project::compose::merge::{self, At, Clashes};
use crate::project::yaml::{Kind, Node};
use crate::source::FileId;
use std::collections::{HashMap, HashSet};

impl Loader<'_> {
    /// Puts below each service what it extends.
    pub(super) fn extend(&mut self, own: &mut Entries, directory: &str) {
        let Some((_, services)) = own.iter_mut().find(|(key, _)| key.text == "services") else {
            return;
        };
        let Kind::Map(entries) = &mut services.kind else {
            return;
        };
        if !entries.iter().any(|(_, service)| extends_of(service).is_some()) {
            return;
        }
        let scope = self.scope(std::mem::take(entries), directory.to_owned());
        let count = self.scopes[scope].services.len();
        let mut extended = Entries::with_capacity(count);
        for at in 0..count {
            tick();
            let merged = self.extended(scope, at);
            let (key, own) = &mut self.scopes[scope].services[at];
            extended.push((key.clone(), merged.unwrap_or_else(|| own.clone())));
        }
        if let Some((_, services)) = own.iter_mut().find(|(key, _)| key.text == "services") {
            services.kind = Kind::Map(extended);
        }
    }

    fn scope(&mut self, services: Entries, directory: String) -> usize {
        let index = services.iter().enumerate().map(|(at, (key, _))| (key.text.clone(), at)).collect();
        self.scopes.push(Scope { services, index, directory, done: HashMap::new() });
        self.scopes.len() - 1
    }

    /// The service with what it extends below it; `None` if it extends nothing.
    fn extended(&mut self, scope: usize, at: usize) -> Option<Node> {
        if let Some(done) = self.scopes[scope].done.get(&at) {
            return Some(done.clone());
        }
        if self.is_full() {
            return None;
        }
        let mut path = vec![(scope, at)];
        let mut on_path: HashSet<(usize, usize)> = path.iter().copied().collect();
        loop {
            let (scope, at) = *path.last()?;
            if self.scopes[scope].done.contains_key(&at) {
                break;
            }
            let extends = self.scopes[scope].services.get(at).and_then(|(_, node)| extends_of(node)).cloned();
            let Some(extends) = extends else {
                break;
            };
            let Some(next) = self.base_of(scope, &extends) else {
                break;
            };
            if !on_path.insert(next) {
                self.gap(extends.span, "`extends` leads in a circle, which Compose refuses");
                break;
            }
            path.push(next);
        }
        if path.len() < 2 {
            return None;
        }
        let (scope, at) = path.pop()?;
        let deepest = match self.scopes[scope].done.get(&at) {
            Some(done) => done.clone(),
            None => self.scopes[scope].services.get(at)?.1.clone(),
        };
        let mut merged = self.copy(&deepest)?;
        for (scope, at) in path.into_iter().rev() {
            tick();
            let own = self.scopes[scope].services.get(at)?.1.clone();
            let span = own.span;
            let (Some(mut base), Some(mut over)) = (into_entries(merged), into_entries(own)) else {
                return None;
            };
            take(&mut base, "extends");
            take(&mut over, "extends");
            let mut clashes = Clashes::new();
            let entries = merge::entries(base, over, At::Service, &mut clashes);
            self.clashes(clashes);
            merged = Node { span, kind: Kind::Map(entries), tag: None };
            let copy = self.copy(&merged)?;
            self.scopes[scope].done.insert(at, copy);
        }
        Some(merged)
    }

    /// The service that `extends` names.
    fn base_of(&mut self, scope: usize, extends: &Node) -> Option<(usize, usize)> {
        let name = extends.text().or_else(|| extends.get("service")?.text()).map(with_defaults);
        let Some(name) = name else {
            self.gap(extends.span, "`extends` names no service, so it is not read");
            return None;
        };
        let file = extends.get("file").filter(|file| file.kind != Kind::Null);
        let (scope, path) = match file {
            None => (scope, String::new()),
            Some(file) => {
                let directory = self.scopes[scope].directory.clone();
                let (file, path) = self.file_of("extends", file, &directory)?;
                (self.services_of(file, &path), path)
            }
        };
        let found = self.scopes[scope].index.get(&name).copied();
        if found.is_none() {
            let inside = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
            self.gap(
                extends.span,
                &format!("`extends` names `{name}`, but there is no such service{inside}"),
            );
        }
        Some((scope, found?))
    }

    /// The services of a file as written, without what it includes.
    fn services_of(&mut self, file: FileId, path: &str) -> usize {
        if let Some(known) = self.by_file.get(&file) {
            return *known;
        }
        let directory = parent(path);
        self.note(file, &directory);
        let mut model = Entries::new();
        for document in self.documents(file).iter() {
            if let Some(own) = self.copy(document).and_then(into_entries) {
                model = self.merge(model, own);
            }
        }
        let services = take(&mut model, "services").and_then(into_entries).unwrap_or_default();
        let scope = self.scope(services, directory);
        self.by_file.insert(file, scope);
        scope
    }
}

fn extends_of(service: &Node) -> Option<&Node> {
    service.get("extends").filter(|extends| extends.kind != Kind::Null && extends.tag.is_none())
}
