//! The fields of one service. Each is tolerant by itself: a wrong type is a gap at its place and does not
//! affect the others.

use crate::finding::Gap;
use crate::project::compose::interpolation::closing;
use crate::project::compose::{
    Build, Dependency, Deploy, EnvFile, Healthcheck, Port, Service, Text, Variable, Volume,
};
use crate::project::compose::{line_of_words, with_defaults};
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

    pub(super) fn service(&mut self, key: &Key, node: &Node) -> Service {
        let mut service = Service {
            name: key.text.clone(),
            name_span: key.span,
            image: None,
            build: None,
            command: None,
            entrypoint: None,
            of_image: None,
            built: None,
            provided: false,
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
            is_interactive: false,
            has_tmpfs: false,
            extra_hosts: Vec::new(),
            secrets: Vec::new(),
            configs: Vec::new(),
            networks: Vec::new(),
            empty: Vec::new(),
            network_mode: None,
            user: None,
            scale: None,
            healthcheck: None,
            deploy: None,
        };
        let of = format!("service `{}`", key.text);
        if node.entries().is_none() {
            let reason = format!("{of} is {}, not a mapping", node.describe());
            self.gap(key.span.to(node.span), &reason);
            return service;
        }
        service.empty = empty(node);
        let field = |name: &str| present(node, name);
        let mut scalars: Vec<(&str, &mut Option<Text>)> = vec![
            ("image", &mut service.image),
            ("working_dir", &mut service.working_dir),
            ("container_name", &mut service.container_name),
            ("restart", &mut service.restart),
            ("network_mode", &mut service.network_mode),
            ("user", &mut service.user),
            ("scale", &mut service.scale),
        ];
        for (name, slot) in &mut scalars {
            **slot = field(name).and_then(|n| self.text(name, n));
        }
        service.provided = field("provider").is_some();
        service.is_interactive =
            ["tty", "stdin_open"].iter().any(|name| field(name).and_then(Node::text).is_some_and(is_true));
        service.has_tmpfs = field("tmpfs").is_some();
        service.extra_hosts = field("extra_hosts").map_or_else(Vec::new, hosts);
        service.build = field("build").and_then(|n| self.build(n));
        service.command = field("command").and_then(|n| self.command("command", n));
        service.entrypoint = field("entrypoint").and_then(|n| self.command("entrypoint", n));
        let lists: Vec<(&str, &mut Vec<Text>)> =
            vec![("expose", &mut service.expose), ("profiles", &mut service.profiles)];
        for (name, slot) in lists {
            *slot = field(name).map_or_else(Vec::new, |n| self.texts(name, n, false));
        }
        service.secrets = field("secrets").map_or_else(Vec::new, |n| self.sources_of("secrets", n));
        service.configs = field("configs").map_or_else(Vec::new, |n| self.sources_of("configs", n));
        service.networks = field("networks").map_or_else(Vec::new, |n| self.networks(n));
        service.healthcheck = field("healthcheck").and_then(|n| self.healthcheck(n));
        service.deploy = field("deploy").and_then(|n| self.deploy(n));
        service.env_file = field("env_file").map_or_else(Vec::new, |n| self.env_file(n));
        service.volumes = field("volumes").map_or_else(Vec::new, |n| self.volumes(n));
        service.ports = field("ports").map_or_else(Vec::new, |n| self.ports(n));
        service.depends_on = field("depends_on").map_or_else(Vec::new, |n| self.depends_on(n));
        service.environment =
            field("environment").map_or_else(Vec::new, |n| self.variables("environment", n));
        service
    }

    fn wrong(&mut self, name: &str, node: &Node, expected: &str) {
        let reason = format!("`{name}` is {}, not {expected}, so it is not read", node.describe());
        self.gap(node.span, &reason);
    }

    pub(super) fn text(&mut self, name: &str, node: &Node) -> Option<Text> {
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

    fn build(&mut self, node: &Node) -> Option<Build> {
        let here = |text: &str| Text { text: text.to_owned(), span: node.span };
        let mut build = Build {
            context: here("."),
            dockerfile: None,
            target: None,
            args: Vec::new(),
            inline: false,
            span: node.span,
        };
        match &node.kind {
            Kind::Text(context) => build.context = here(context),
            Kind::Map(_) => {
                if let Some(context) = present(node, "context").and_then(|n| self.text("context", n)) {
                    build.context = context;
                }
                build.dockerfile = present(node, "dockerfile").and_then(|n| self.text("dockerfile", n));
                build.inline = present(node, "dockerfile_inline").is_some();
                build.target = present(node, "target").and_then(|n| self.text("target", n));
                build.args = present(node, "args").map_or_else(Vec::new, |n| self.variables("args", n));
            }
            _ => {
                self.wrong("build", node, "a path or a mapping");
                return None;
            }
        }
        Some(build)
    }

    fn healthcheck(&mut self, node: &Node) -> Option<Healthcheck> {
        if node.entries().is_none() {
            self.wrong("healthcheck", node, "a mapping");
            return None;
        }
        let test = present(node, "test").and_then(|n| self.command("test", n));
        let none = test.as_ref().is_some_and(|test| test.text == "NONE");
        let disabled = present(node, "disable").and_then(Node::text).is_some_and(is_true);
        let is_list = present(node, "test").is_some_and(|test| matches!(test.kind, Kind::List(_)));
        Some(Healthcheck { disabled: disabled || none, test, is_list, span: node.span })
    }

    fn deploy(&mut self, node: &Node) -> Option<Deploy> {
        if node.entries().is_none() {
            self.wrong("deploy", node, "a mapping");
            return None;
        }
        let policy = present(node, "restart_policy");
        Some(Deploy {
            replicas: present(node, "replicas").and_then(|n| self.text("replicas", n)),
            mode: present(node, "mode").and_then(|n| self.text("mode", n)),
            restart_condition: policy
                .and_then(|policy| present(policy, "condition"))
                .and_then(|n| self.text("condition", n)),
            span: node.span,
        })
    }

    /// The names of `secrets` and `configs`; in the long form, `source`.
    fn sources_of(&mut self, name: &str, node: &Node) -> Vec<Text> {
        let Kind::List(items) = &node.kind else {
            self.wrong(name, node, "a list");
            return Vec::new();
        };
        let items = items.iter().filter_map(|item| match present(item, "source") {
            Some(source) => self.text(name, source),
            None => self.text(name, item),
        });
        items.collect()
    }

    fn networks(&mut self, node: &Node) -> Vec<Text> {
        match node.entries() {
            Some(entries) => {
                entries.iter().map(|(key, _)| Text { text: key.text.clone(), span: key.span }).collect()
            }
            None => self.texts("networks", node, false),
        }
    }

    fn command(&mut self, name: &str, node: &Node) -> Option<Text> {
        match &node.kind {
            Kind::Text(_) => self.text(name, node),
            Kind::List(_) => {
                let words = self.texts(name, node, false);
                let text = line_of_words(words.iter().map(|word| word.text.as_str()));
                Some(Text { text, span: node.span })
            }
            _ => {
                self.wrong(name, node, "text or a list");
                None
            }
        }
    }

    fn env_file(&mut self, node: &Node) -> Vec<EnvFile> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let items = items.iter().filter_map(|item| {
            let path = match item.entries() {
                Some(_) => match present(item, "path") {
                    Some(path) => self.text("path", path)?,
                    None => {
                        self.wrong("env_file", item, "a path or a mapping with `path`");
                        return None;
                    }
                },
                None => self.text("env_file", item)?,
            };
            let required = present(item, "required").and_then(Node::text);
            Some(EnvFile { path, required: !required.is_some_and(is_false) })
        });
        items.collect()
    }

    fn volumes(&mut self, node: &Node) -> Vec<Volume> {
        let Kind::List(items) = &node.kind else {
            self.wrong("volumes", node, "a list");
            return Vec::new();
        };
        let mut volumes = Vec::new();
        for item in items {
            if let Some(text) = item.text() {
                volumes.push(short_volume(text, item.span));
            } else if let Some(target) = present(item, "target") {
                let Some(target) = self.text("target", target) else {
                    continue;
                };
                volumes.push(Volume {
                    kind: present(item, "type").and_then(Node::text).map(str::to_owned),
                    source: present(item, "source").and_then(|n| self.text("source", n)),
                    target,
                    read_only: present(item, "read_only").and_then(Node::text).is_some_and(is_true),
                    span: item.span,
                });
            } else {
                self.wrong("volumes", item, "`SOURCE:TARGET` or a mapping with `target`");
            }
        }
        volumes
    }

    fn ports(&mut self, node: &Node) -> Vec<Port> {
        let Kind::List(items) = &node.kind else {
            self.wrong("ports", node, "a list");
            return Vec::new();
        };
        let mut ports = Vec::new();
        for item in items {
            match item.text().map(|text| short_port(text, item.span)).or_else(|| long_port(item)) {
                Some(port) => ports.push(port),
                None => self.wrong("ports", item, "`HOST:CONTAINER` or a mapping with `target`"),
            }
        }
        ports
    }

    fn depends_on(&mut self, node: &Node) -> Vec<Dependency> {
        if let Some(entries) = node.entries() {
            let entries = entries.iter().map(|(key, value)| Dependency {
                service: key.text.clone(),
                condition: present(value, "condition").and_then(Node::text).map(str::to_owned),
                required: !present(value, "required").and_then(Node::text).is_some_and(is_false),
                is_whole: value.entries().is_some() || is_reset(value),
                span: key.span,
            });
            return entries.collect();
        }
        let names = self.texts("depends_on", node, false);
        let names = names.into_iter().map(|name| Dependency {
            service: name.text,
            condition: None,
            required: true,
            is_whole: true,
            span: name.span,
        });
        names.collect()
    }

    /// `environment`, and `args` of `build`.
    fn variables(&mut self, of: &str, node: &Node) -> Vec<Variable> {
        if let Some(entries) = node.entries() {
            let mut variables = Vec::new();
            for (key, value) in entries.iter().filter(|(_, value)| !is_reset(value)) {
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
        let lines = self.texts(of, node, false);
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

/// `NAME:ADDRESS` or `NAME=ADDRESS` of a list, or the entries of a mapping.
fn hosts(node: &Node) -> Vec<Text> {
    match &node.kind {
        Kind::List(items) => {
            let texts = items.iter().filter_map(|item| Some((item.text()?, item.span)));
            texts.map(|(text, span)| Text { text: text.to_owned(), span }).collect()
        }
        _ => {
            let entries = node.entries().unwrap_or_default().iter();
            entries.map(|(key, _)| Text { text: key.text.clone(), span: key.span }).collect()
        }
    }
}

/// The value of a key that exists and is not reset.
fn present<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|value| value.kind != Kind::Null && !is_reset(value))
}

/// The keys whose schema allows lists and mappings, but not nothing:
/// <https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json>.
fn empty(service: &Node) -> Vec<Text> {
    const FILLED: [&str; 8] =
        ["depends_on", "env_file", "environment", "expose", "networks", "ports", "profiles", "volumes"];
    let entries = service.entries().unwrap_or_default().iter();
    let empty = entries.filter(|(key, value)| {
        value.kind == Kind::Null && !is_reset(value) && FILLED.contains(&key.text.as_str())
    });
    empty.map(|(key, _)| Text { text: key.text.clone(), span: key.span }).collect()
}

fn is_reset(node: &Node) -> bool {
    node.tag.as_deref() == Some("!reset")
}

/// True for every spelling of true in YAML 1.1 and 1.2, as Compose casts it.
fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y" | "1" | "t")
}

fn is_false(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "n" | "0" | "f")
}

/// Reads `[SOURCE:]TARGET[:OPTIONS]` as `ParseVolume` of compose-go does.
pub(super) fn short_volume(text: &str, span: Span) -> Volume {
    let mut parts = split_colons(text);
    let mut at = 0;
    // `C:\data` is one part.
    while at + 1 < parts.len() {
        let drive = parts[at].len() == 1 && parts[at].starts_with(|c: char| c.is_ascii_alphabetic());
        if drive {
            let start = parts[at].as_ptr() as usize - text.as_ptr() as usize;
            parts[at] = &text[start..start + 2 + parts[at + 1].len()];
            parts.remove(at + 1);
        }
        at += 1;
    }
    let piece = |text: &str| Text { text: text.to_owned(), span };
    let (source, target) = match parts.as_slice() {
        [] | [""] => (None, ""),
        [target] => (None, *target),
        [source, target, ..] => (Some(*source), *target),
    };
    let known = source.map(with_defaults).unwrap_or_default();
    let kind = match known.chars().next() {
        Some('$') => None,
        Some('.' | '/' | '~' | '\\') => Some("bind"),
        Some(_) if known.chars().nth(1) == Some(':') => Some("bind"),
        _ => Some("volume"),
    };
    Volume {
        kind: kind.map(str::to_owned),
        source: source.map(piece),
        target: piece(target),
        read_only: parts.get(2).is_some_and(|options| options.split(',').any(|option| option == "ro")),
        span,
    }
}

/// Reads the long form; `None` without `target`.
pub(super) fn long_port(node: &Node) -> Option<Port> {
    let text_of = |name: &str| present(node, name).and_then(Node::text).map(str::to_owned);
    Some(Port {
        published: text_of("published").filter(|port| !port.is_empty()),
        address: text_of("host_ip"),
        target: text_of("target")?,
        protocol: text_of("protocol").unwrap_or_else(|| "tcp".to_owned()),
        span: node.span,
    })
}

/// Reads `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, where each part may contain `${…}`.
pub(super) fn short_port(text: &str, span: Span) -> Port {
    let (ports, protocol) = match text.rsplit_once('/') {
        Some((ports, protocol)) if !protocol.contains('}') => (ports, protocol),
        _ => (text, "tcp"),
    };
    let parts = split_colons(ports);
    let target = parts.last().copied().unwrap_or_default();
    let before = |back: usize| parts.len().checked_sub(back).and_then(|at| parts.get(at));
    let given = |text: Option<&&str>| text.filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    Port {
        published: given(before(2)),
        address: given(before(3)),
        target: target.to_owned(),
        protocol: protocol.to_owned(),
        span,
    }
}

/// The parts between each `:` that is neither in `${…}` nor in `[…]` (an IPv6 address).
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
