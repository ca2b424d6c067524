//! Merging trees: an override into its base, a service into what it `extends`, a project into what it includes.
//!
//! Facts: <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>, and where that leaves a
//! question open, `override/merge.go` and `override/uncity.go` of compose-go. Mappings are merged by key,
//! lists are appended, commands are replaced, and some lists have one entry for each target, port or name.

use crate::limit::tick;
use crate::project::compose::fields::{short_port, short_volume};
use crate::project::compose::interpolation::with_defaults;
use crate::project::yaml::{Key, Kind, Node};
use crate::source::Span;
use std::collections::HashMap;

/// Where in a Compose file a tree is, as far as that decides how it is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Top,
    Services,
    Service,
    Build,
    Healthcheck,
    Other,
}

impl At {
    fn below(self, key: &str) -> At {
        match (self, key) {
            (At::Top, "services") => At::Services,
            (At::Services, _) => At::Service,
            (At::Service, "build") => At::Build,
            (At::Service, "healthcheck") => At::Healthcheck,
            _ => At::Other,
        }
    }
}

/// How the values of one key are merged.
#[derive(Clone, Copy)]
enum How {
    /// Their kinds decide.
    ByKind,
    /// The later one replaces the earlier.
    Replace,
    /// `KEY=value` lists and mappings alike; a key without a value counts as one.
    Pairs,
    /// Lists of names and mappings alike.
    Names,
    /// A bare context and a mapping alike.
    Build,
    /// One entry for each identity.
    Unique(fn(&Node) -> Option<String>),
}

fn how(at: At, key: &str) -> How {
    match (at, key) {
        (At::Service, "command" | "entrypoint") | (At::Healthcheck, "test") => How::Replace,
        (At::Service, "environment" | "annotations" | "sysctls")
        | (At::Build, "args" | "additional_contexts")
        | (_, "labels" | "extra_hosts") => How::Pairs,
        (At::Service, "depends_on" | "networks" | "models") => How::Names,
        (At::Service, "build") => How::Build,
        (At::Service, "env_file") => How::Unique(|n| path_or_text(n, "path")),
        (At::Service, "ports") => How::Unique(port),
        (At::Service, "volumes") => How::Unique(volume),
        (At::Service, "secrets") => How::Unique(|n| mount(n, "/run/secrets/")),
        (At::Service, "configs") => How::Unique(|n| mount(n, "/")),
        (
            At::Service,
            "expose" | "profiles" | "cap_add" | "cap_drop" | "dns" | "dns_search" | "dns_opt" | "tmpfs"
            | "links" | "label_file",
        )
        | (At::Build, "tags") => How::Unique(|n| n.text().map(str::to_owned)),
        _ => How::ByKind,
    }
}

/// What could not be merged, with its place.
pub(super) type Clashes = Vec<(Span, String)>;

/// Merges the entries of `over` into those of `base`.
pub(super) fn entries(
    base: Vec<(Key, Node)>,
    over: Vec<(Key, Node)>,
    at: At,
    clashes: &mut Clashes,
) -> Vec<(Key, Node)> {
    let mut index: HashMap<String, usize> =
        base.iter().enumerate().map(|(place, (key, _))| (key.text.clone(), place)).collect();
    let mut merged: Vec<Option<(Key, Node)>> = base.into_iter().map(Some).collect();
    for (key, value) in over {
        let place = index.get(&key.text).copied();
        let slot = place.and_then(|place| merged.get_mut(place));
        match (value.tag.as_deref(), slot) {
            (Some("!reset"), Some(slot)) => *slot = None,
            (Some("!reset"), None) => {}
            (Some("!override"), Some(slot)) => *slot = Some((key, value)),
            (_, Some(slot)) => {
                *slot = match slot.take() {
                    Some((first, below)) => {
                        let value = self::value(below, value, at, &key.text, clashes);
                        Some((first, value))
                    }
                    None => Some((key, value)),
                };
            }
            (_, None) => {
                index.insert(key.text.clone(), merged.len());
                merged.push(Some((key, value)));
            }
        }
    }
    merged.into_iter().flatten().collect()
}

/// Merges two values of the same key, in a mapping at `at`.
fn value(base: Node, over: Node, at: At, key: &str, clashes: &mut Clashes) -> Node {
    tick();
    let how = how(at, key);
    if matches!(how, How::Replace) {
        return over;
    }
    if over.kind == Kind::Null {
        return base;
    }
    if base.kind == Kind::Null {
        return over;
    }
    let span = over.span;
    match how {
        How::Pairs => match (pairs(base), pairs(over)) {
            (Ok(base), Ok(over)) => map(span, flat(base, over)),
            (_, Ok(over)) => map(span, over),
            (Ok(base), Err(over)) => {
                let base = map(span, base);
                clash(&base, &over, key, clashes);
                base
            }
            (Err(_), Err(over)) => over,
        },
        How::Names | How::Build => {
            let to_map = if matches!(how, How::Names) { names } else { context };
            match (to_map(base), to_map(over)) {
                (Ok(base), Ok(over)) => map(span, entries(base, over, at.below(key), clashes)),
                (_, Ok(over)) => map(span, over),
                (_, Err(over)) => over,
            }
        }
        How::Unique(identity) => match (list(base), list(over)) {
            (Ok(base), Ok(over)) => Node { span, kind: Kind::List(unique(base, over, identity)), tag: None },
            (_, Ok(over)) => Node { span, kind: Kind::List(over), tag: None },
            (_, Err(over)) => over,
        },
        How::ByKind | How::Replace => match (base.kind, over.kind) {
            (Kind::Map(base), Kind::Map(over)) => map(span, entries(base, over, at.below(key), clashes)),
            (Kind::List(mut base), Kind::List(over)) => {
                base.extend(over);
                Node { span, kind: Kind::List(base), tag: None }
            }
            (below @ (Kind::Map(_) | Kind::List(_)), kind) => {
                let base = Node { span: base.span, kind: below, tag: base.tag };
                clash(&base, &Node { span, kind, tag: None }, key, clashes);
                base
            }
            (_, kind) => Node { span, kind, tag: over.tag },
        },
    }
}

fn clash(base: &Node, over: &Node, key: &str, clashes: &mut Clashes) {
    let reason = format!(
        "`{key}` is {} here but {} in the file before, which Compose refuses; this one is left out",
        over.describe(),
        base.describe()
    );
    clashes.push((over.span, reason));
}

fn map(span: Span, entries: Vec<(Key, Node)>) -> Node {
    Node { span, kind: Kind::Map(entries), tag: None }
}

/// Merges by key. The later value replaces the earlier one, even if it is empty.
fn flat(base: Vec<(Key, Node)>, over: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let mut index: HashMap<String, usize> =
        base.iter().enumerate().map(|(place, (key, _))| (key.text.clone(), place)).collect();
    let mut merged: Vec<Option<(Key, Node)>> = base.into_iter().map(Some).collect();
    for (key, value) in over {
        let reset = value.tag.as_deref() == Some("!reset");
        let place = index.get(&key.text).copied();
        match place.and_then(|place| merged.get_mut(place)) {
            Some(slot) => *slot = (!reset).then_some((key, value)),
            None if reset => {}
            None => {
                index.insert(key.text.clone(), merged.len());
                merged.push(Some((key, value)));
            }
        }
    }
    merged.into_iter().flatten().collect()
}

fn unique(base: Vec<Node>, over: Vec<Node>, identity: fn(&Node) -> Option<String>) -> Vec<Node> {
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut merged: Vec<Node> = Vec::new();
    for entry in base.into_iter().chain(over) {
        let known = identity(&entry);
        let place = known.as_ref().and_then(|known| index.get(known)).copied();
        match place.and_then(|place| merged.get_mut(place)) {
            Some(slot) => *slot = entry,
            None => {
                if let Some(known) = known {
                    index.insert(known, merged.len());
                }
                merged.push(entry);
            }
        }
    }
    merged
}

/// The mapping that `[A=1, B]` represents. Items that are not text are left out.
fn pairs(node: Node) -> Result<Vec<(Key, Node)>, Node> {
    match node.kind {
        Kind::Map(entries) => Ok(entries),
        Kind::List(items) => Ok(items.into_iter().filter_map(pair).collect()),
        _ => Err(node),
    }
}

fn pair(item: Node) -> Option<(Key, Node)> {
    let Kind::Text(text) = item.kind else {
        return None;
    };
    let (name, kind) = match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Kind::Text(value.to_owned())),
        None => (text, Kind::Null),
    };
    // Name and value share the item's place.
    Some((Key { text: name, span: item.span }, Node { span: item.span, kind, tag: item.tag }))
}

/// The meaning of the short form of `depends_on`: `{db: {condition: service_started}}` for `[db]`.
fn names(node: Node) -> Result<Vec<(Key, Node)>, Node> {
    match node.kind {
        Kind::Map(entries) => Ok(entries),
        Kind::List(items) => {
            let named = items.into_iter().filter_map(|item| {
                let Kind::Text(name) = item.kind else {
                    return None;
                };
                let span = item.span;
                let text = |text: &str| Node { span, kind: Kind::Text(text.to_owned()), tag: None };
                let entry = |key: &str, value| (Key { text: key.to_owned(), span }, text(value));
                let started = vec![entry("condition", "service_started"), entry("required", "true")];
                Some((Key { text: name, span }, map(span, started)))
            });
            Ok(named.collect())
        }
        _ => Err(node),
    }
}

fn context(node: Node) -> Result<Vec<(Key, Node)>, Node> {
    let span = node.span;
    match node.kind {
        Kind::Map(entries) => Ok(entries),
        Kind::Text(_) => Ok(vec![(Key { text: "context".to_owned(), span }, node)]),
        _ => Err(node),
    }
}

/// A single value is a list of one.
fn list(node: Node) -> Result<Vec<Node>, Node> {
    match node.kind {
        Kind::List(items) => Ok(items),
        Kind::Text(_) => Ok(vec![node]),
        _ => Err(node),
    }
}

fn path_or_text(node: &Node, key: &str) -> Option<String> {
    node.text().or_else(|| node.get(key)?.text()).map(str::to_owned)
}

/// Variables are expanded before files are merged. Here their defaults represent them.
fn port(node: &Node) -> Option<String> {
    let port = match node.text() {
        Some(text) => short_port(&with_defaults(text), node.span),
        None => crate::project::compose::fields::long_port(node)?,
    };
    let address = port.address.unwrap_or_else(|| "0.0.0.0".to_owned());
    Some(format!("{address} {} {} {}", port.published.unwrap_or_default(), port.target, port.protocol))
}

fn volume(node: &Node) -> Option<String> {
    let target = match node.text() {
        Some(text) => short_volume(&with_defaults(text), node.span).target.text,
        None => with_defaults(node.get("target")?.text()?),
    };
    let clean = target.trim_end_matches('/');
    Some(if clean.is_empty() { target } else { clean.to_owned() })
}

fn mount(node: &Node, directory: &str) -> Option<String> {
    let inside = |name: &str| format!("{directory}{name}");
    match node.text() {
        Some(name) => Some(inside(name)),
        None => match node.get("target").and_then(Node::text) {
            Some(target) => Some(target.to_owned()),
            None => node.get("source").and_then(Node::text).map(inside),
        },
    }
}
