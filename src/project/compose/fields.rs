//! One service's fields. Each is tolerant on its own: a wrong type is a gap at its place and leaves the others.

use super::interpolation::closing;
use super::{Dependency, Port, Service, Text, Variable};
use crate::finding::Gap;
use crate::project::yaml::{Key, Kind, Node};
use crate::source::{Sources, Span};

/// Collects gaps while fields are read.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    pub(super) gaps: Vec<Gap>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Reader { sources, gaps: Vec::new() }
    }

    pub(super) fn gap(&mut self, span: Span, reason: &str) {
        self.gaps.push(Gap::at(self.sources, span, reason));
    }

    /// A gap for each key of a mapping that is written twice: Compose refuses such a file.
    pub(super) fn once(&mut self, map: &Node, of: &str) {
        let Some(entries) = map.entries() else {
            return;
        };
        let mut first = std::collections::HashMap::new();
        for (key, _) in entries {
            let before = *first.entry(key.text.as_str()).or_insert(key.span);
            if before != key.span && key.span.start > before.start {
                let line = self.sources.file(before.file).line(before.start);
                let reason = format!(
                    "`{}` is written twice in {of}, first on line {line}: Compose refuses the file, the last is read",
                    key.text
                );
                self.gap(key.span, &reason);
            }
        }
    }

    pub(super) fn service(&mut self, key: &Key, node: &Node) -> Service {
        let mut service = Service {
            name: key.text.clone(),
            name_span: key.span,
            image: None,
            build: None,
            command: None,
            entrypoint: None,
            working_dir: None,
            container_name: None,
            restart: None,
            ports: Vec::new(),
            expose: Vec::new(),
            depends_on: Vec::new(),
            profiles: Vec::new(),
            environment: Vec::new(),
            env_file: Vec::new(),
            volumes: Vec::new(),
        };
        let of = format!("service `{}`", key.text);
        if node.entries().is_none() {
            let reason = format!("{of} is {}, not a mapping", node.describe());
            self.gap(key.span.to(node.span), &reason);
            return service;
        }
        self.once(node, &of);
        let field = |name: &str| node.get(name).filter(|n| n.kind != Kind::Null);
        let mut scalars: Vec<(&str, &mut Option<Text>)> = vec![
            ("image", &mut service.image),
            ("working_dir", &mut service.working_dir),
            ("container_name", &mut service.container_name),
            ("restart", &mut service.restart),
        ];
        for (name, slot) in &mut scalars {
            **slot = field(name).and_then(|n| self.text(name, n));
        }
        service.build = field("build").and_then(|n| self.build(n));
        service.command = field("command").and_then(|n| self.command("command", n));
        service.entrypoint = field("entrypoint").and_then(|n| self.command("entrypoint", n));
        let lists: Vec<(&str, &mut Vec<Text>)> =
            vec![("expose", &mut service.expose), ("profiles", &mut service.profiles)];
        for (name, slot) in lists {
            *slot = field(name).map_or_else(Vec::new, |n| self.texts(name, n, false));
        }
        service.env_file = field("env_file").map_or_else(Vec::new, |n| self.env_file(n));
        service.volumes = field("volumes").map_or_else(Vec::new, |n| self.volumes(n));
        service.ports = field("ports").map_or_else(Vec::new, |n| self.ports(n));
        service.depends_on = field("depends_on").map_or_else(Vec::new, |n| self.depends_on(n));
        service.environment = field("environment").map_or_else(Vec::new, |n| self.environment(n));
        service
    }

    /// The service of the same file that `extends` names.
    pub(super) fn extends(&mut self, service: &Node) -> Option<String> {
        let extends = service.get("extends")?;
        if extends.get("file").is_some() {
            self.gap(extends.span, "what `extends` takes from another file is not read");
            return None;
        }
        let name = extends.text().or_else(|| extends.get("service")?.text());
        name.map(str::to_owned)
    }

    fn wrong(&mut self, name: &str, node: &Node, expected: &str) {
        let reason = format!("`{name}` is {}, not {expected}: it is not read", node.describe());
        self.gap(node.span, &reason);
    }

    fn text(&mut self, name: &str, node: &Node) -> Option<Text> {
        let text = node.text().map(|text| Text { text: text.to_owned(), span: node.span });
        if text.is_none() {
            self.wrong(name, node, "a single value");
        }
        text
    }

    fn texts(&mut self, name: &str, node: &Node, or_one: bool) -> Vec<Text> {
        match &node.kind {
            Kind::List(items) => items.iter().filter_map(|item| self.text(name, item)).collect(),
            Kind::Text(_) if or_one => self.text(name, node).into_iter().collect(),
            _ => {
                self.wrong(name, node, "a list");
                Vec::new()
            }
        }
    }

    fn build(&mut self, node: &Node) -> Option<Text> {
        let context = match node.kind {
            Kind::Map(_) => node.get("context").and_then(Node::text).unwrap_or("."),
            Kind::Text(ref context) => context,
            _ => {
                self.wrong("build", node, "a path or a mapping");
                return None;
            }
        };
        Some(Text { text: context.to_owned(), span: node.span })
    }

    fn command(&mut self, name: &str, node: &Node) -> Option<Text> {
        match &node.kind {
            Kind::Text(_) => self.text(name, node),
            Kind::List(_) => {
                let words = self.texts(name, node, false);
                let quoted = words.iter().map(|word| match word.text.as_str() {
                    text if text.is_empty() || text.contains(char::is_whitespace) => {
                        format!("'{}'", text.replace('\'', "'\\''"))
                    }
                    text => text.to_owned(),
                });
                Some(Text { text: quoted.collect::<Vec<_>>().join(" "), span: node.span })
            }
            _ => {
                self.wrong(name, node, "text or a list");
                None
            }
        }
    }

    fn env_file(&mut self, node: &Node) -> Vec<Text> {
        let Kind::List(items) = &node.kind else {
            return self.texts("env_file", node, true);
        };
        let items = items.iter().filter_map(|item| match item.get("path") {
            Some(path) => self.text("env_file", path),
            None => self.text("env_file", item),
        });
        items.collect()
    }

    fn volumes(&mut self, node: &Node) -> Vec<Text> {
        let Kind::List(items) = &node.kind else {
            self.wrong("volumes", node, "a list");
            return Vec::new();
        };
        let items = items.iter().filter_map(|item| {
            let Some(target) = item.get("target").and_then(Node::text) else {
                return self.text("volumes", item);
            };
            let source = item.get("source").and_then(Node::text);
            Some(Text {
                text: source.map_or_else(|| target.to_owned(), |source| format!("{source}:{target}")),
                span: item.span,
            })
        });
        items.collect()
    }

    fn ports(&mut self, node: &Node) -> Vec<Port> {
        let Kind::List(items) = &node.kind else {
            self.wrong("ports", node, "a list");
            return Vec::new();
        };
        let mut ports = Vec::new();
        for item in items {
            let text_of = |name: &str| item.get(name).and_then(Node::text).map(str::to_owned);
            match (item.text(), text_of("target")) {
                (Some(text), _) => ports.push(short_port(text, item.span)),
                (None, Some(target)) => ports.push(Port {
                    published: text_of("published"),
                    target,
                    protocol: text_of("protocol").unwrap_or_else(|| "tcp".to_owned()),
                    span: item.span,
                }),
                (None, None) => self.wrong("ports", item, "`HOST:CONTAINER` or a mapping with `target`"),
            }
        }
        ports
    }

    fn depends_on(&mut self, node: &Node) -> Vec<Dependency> {
        if let Some(entries) = node.entries() {
            let entries = entries.iter().map(|(key, value)| Dependency {
                service: key.text.clone(),
                condition: value.get("condition").and_then(Node::text).map(str::to_owned),
                span: key.span,
            });
            return entries.collect();
        }
        let names = self.texts("depends_on", node, false);
        let names =
            names.into_iter().map(|name| Dependency { service: name.text, condition: None, span: name.span });
        names.collect()
    }

    fn environment(&mut self, node: &Node) -> Vec<Variable> {
        if let Some(entries) = node.entries() {
            self.once(node, "`environment`");
            let mut variables = Vec::new();
            for (key, value) in entries {
                let text = match &value.kind {
                    Kind::Null => None,
                    Kind::Text(text) => Some(text.clone()),
                    _ => {
                        self.wrong(&key.text, value, "a single value");
                        continue;
                    }
                };
                variables.push(Variable {
                    name: key.text.clone(),
                    value: text,
                    span: match value.kind {
                        Kind::Null => key.span,
                        _ => key.span.to(value.span),
                    },
                });
            }
            return variables;
        }
        let lines = self.texts("environment", node, false);
        let lines = lines.into_iter().map(|line| {
            let (name, value) = match line.text.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), Some(value.to_owned())),
                None => (line.text, None),
            };
            Variable { name, value, span: line.span }
        });
        lines.collect()
    }
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each perhaps with `${…}`.
fn short_port(text: &str, span: Span) -> Port {
    let (ports, protocol) = match text.rsplit_once('/') {
        Some((ports, protocol)) if !protocol.contains('}') => (ports, protocol),
        _ => (text, "tcp"),
    };
    let parts = split_colons(ports);
    let target = parts.last().copied().unwrap_or_default();
    let published = parts.len().checked_sub(2).and_then(|at| parts.get(at));
    Port {
        published: published.filter(|text| !text.is_empty()).map(|text| (*text).to_owned()),
        target: target.to_owned(),
        protocol: protocol.to_owned(),
        span,
    }
}

/// The parts between the `:` that stand neither in `${…}` nor in `[…]` (an IPv6 address).
fn split_colons(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let skip = if let Some(inner) = rest.strip_prefix("${") {
            closing(inner).map_or(rest.len(), |close| close + 3)
        } else if rest.starts_with('[') {
            rest.find(']').map_or(rest.len(), |close| close + 1)
        } else {
            if rest.starts_with(':') {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += skip;
    }
    parts.push(&text[start..]);
    parts
}
