//! Diagrams in fences: Mermaid (flowchart, sequence, C4, architecture) and PlantUML, line by line. Boxes
//! drawn with characters are not read, because such a box is as often a layer of the code.
//! <https://mermaid.js.org/syntax/flowchart.html>, <https://plantuml.com/deployment-diagram>.

use crate::project::architecture::words::{
    as_name, is_aside, is_choice, is_external, is_not_here, name_and_brackets, ports, product, words,
};
use crate::project::architecture::{Evidence, Found, Strength};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// A box.
#[derive(Clone, Debug, Default)]
struct Node {
    label: String,
    span: Range<usize>,
    /// True if it, or its group, belongs to somebody else, is a person, or does not exist.
    outside: bool,
}

/// Names of groups for what others run.
fn is_outside(title: &str) -> bool {
    const OUTSIDE: &[&str] = &[
        "external", "third-party", "third", "client", "clients", "browser", "internet", "cloud", "saas",
        "ci", "github", "users", "user", "frontend modules", "providers", "apis", "layer",
    ];
    let lower = title.to_lowercase();
    is_aside(title) || lower.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| OUTSIDE.contains(&w))
}

/// Reads a fence with a diagram; `at` is where it begins in the document.
pub(super) fn read(language: &str, text: &str, at: usize, aside: bool, found: &mut Found) {
    let nodes = match language {
        "mermaid" => mermaid(text),
        "plantuml" | "puml" | "uml" => plantuml(text),
        _ if text.trim_start().starts_with("@startuml") => plantuml(text),
        _ => return,
    };
    for node in nodes.into_values() {
        let label = node.label.replace("\\n", " \n ");
        let first = label.split('\n').next().unwrap_or_default();
        let found_ports = ports(&label);
        // These are labels like `Nginx :80/:443`, `Django API :8000` and `Nginx Container (Port 80)`.
        let (plain, brackets) = name_and_brackets(first);
        let end = plain.find(" :").or_else(|| plain.to_lowercase().find(" port ")).unwrap_or(plain.len());
        let Some(name) = plain.get(..end).and_then(as_name) else { continue };
        let span = at + node.span.start..at + node.span.end;
        let mut stated = found.stated(&name, span.clone(), Evidence::Diagram);
        for port in found_ports {
            stated.port(port, found.span(span.clone()));
        }
        stated.product = product(&name);
        stated.required =
            !aside && !node.outside && !is_external(&name) && !is_not_here(brackets) && !is_choice(plain);
        // A box for several things: `Network layer :8000`.
        let group = words(&name).any(|w| matches!(w.as_str(), "layer" | "layers" | "network" | "networks"));
        stated.strength = match (stated.product, stated.ports.is_empty()) {
            _ if group => Strength::Weak,
            (Some(_), _) | (None, false) => Strength::Medium,
            (None, true) => Strength::Weak,
        };
        found.add(stated);
    }
}

/// Boxes by their identifier, in a fixed order.
type Nodes = BTreeMap<String, Node>;

fn mermaid(text: &str) -> Nodes {
    let mut lines = offset_lines(text).skip_while(|(_, line)| {
        let line = line.trim();
        line.is_empty() || line.starts_with("%%")
    });
    let mut kind = lines.next().map(|(_, line)| line.trim().to_owned()).unwrap_or_default();
    // The settings of a diagram stand between two lines of dashes.
    if kind == "---" {
        let mut after = lines.by_ref().skip_while(|(_, line)| line.trim() != "---");
        after.next();
        kind = lines
            .find(|(_, line)| !line.trim().is_empty())
            .map(|(_, l)| l.trim().to_owned())
            .unwrap_or_default();
    }
    match kind.split_whitespace().next().unwrap_or_default() {
        "graph" | "flowchart" => flowchart(lines),
        "sequenceDiagram" => participants(lines),
        "architecture-beta" => architecture(lines),
        c4 if c4.starts_with("C4") => macros(lines),
        _ => Nodes::new(),
    }
}

/// The longest line of a diagram that is read, in bytes. No person writes a longer one.
const MAX_LINE: usize = 4_000;

/// The lines, with the offsets where they begin.
fn offset_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end()))
    });
    lines.filter(|(_, line)| line.len() <= MAX_LINE)
}

fn flowchart<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Nodes {
    let mut nodes = Nodes::new();
    // This says of each open group whether it, or a group around it, belongs to somebody else.
    let mut groups: Vec<bool> = Vec::new();
    for (at, line) in lines {
        let trimmed = line.trim();
        let word = trimmed.split_whitespace().next().unwrap_or_default();
        let outside = groups.last().copied().unwrap_or(false);
        match word {
            "subgraph" => groups.push(outside || is_outside(&trimmed["subgraph".len()..])),
            "end" => {
                groups.pop();
            }
            "style" | "classDef" | "class" | "click" | "linkStyle" | "direction" => {}
            word if word.starts_with("%%") => {}
            _ => statement(line, at, outside, &mut nodes),
        }
    }
    nodes
}

/// The boxes of one line: identifiers, most of them followed by a shape and a label, with arrows in between.
fn statement(line: &str, at: usize, outside: bool, nodes: &mut Nodes) {
    let bytes = line.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !line.is_char_boundary(i) {
            i += 1;
            continue;
        }
        match bytes[i] {
            // The words on an arrow: `-->|80|`, `-- "HTTP" -->`.
            b'|' => i = line[i + 1..].find('|').map_or(bytes.len(), |end| i + end + 2),
            b'"' => i = line[i + 1..].find('"').map_or(bytes.len(), |end| i + end + 2),
            b'-' | b'='
                if line[i..].starts_with("-- ")
                    || line[i..].starts_with("== ")
                    || line[i..].starts_with("-. ") =>
            {
                let close = ["-->", "---", "==>", "===", ".->", ".-"];
                let rest = &line[i + 3..];
                let end = close.iter().filter_map(|c| rest.find(c).map(|e| e + c.len())).min();
                i = end.map_or(bytes.len(), |end| i + 3 + end);
            }
            _ if line[i..].starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let name = line[i..]
                    .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
                    .unwrap_or(line.len() - i);
                let mut end = i + name;
                // `api-server` is one name, but `a-->b` are two.
                while line[end..].starts_with('-')
                    && line[end + 1..].starts_with(|c: char| c.is_alphanumeric())
                {
                    let more = &line[end + 1..];
                    end += 1 + more.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(more.len());
                }
                let id = &line[i..end];
                let (label, after) = shape(line, end);
                let entry = nodes.entry(id.to_owned()).or_insert_with(|| Node {
                    label: id.to_owned(),
                    span: at + i..at + after,
                    outside,
                });
                if let Some(label) = label {
                    entry.label = label;
                    entry.span = at + i..at + after;
                    entry.outside |= outside;
                }
                i = after;
                // This skips `:::class` and `@{ … }`.
                if line[i..].starts_with(":::") {
                    i += 3;
                    i += line[i..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(line.len() - i);
                }
            }
            _ => i += 1,
        }
    }
}

/// The label after an identifier that ends at `from`, and the end of its shape.
fn shape(line: &str, from: usize) -> (Option<String>, usize) {
    let rest = &line[from..];
    let open = rest.find(|c: char| !"[({>/\\".contains(c)).unwrap_or(rest.len());
    if open == 0 || rest.starts_with(['>', '/', '\\']) && !rest.starts_with(">\"") {
        return (None, from);
    }
    let inner = &rest[open..];
    let (label, used) = match inner.strip_prefix('"') {
        Some(quoted) => match quoted.find('"') {
            Some(end) => (&quoted[..end], end + 2),
            None => (quoted, inner.len()),
        },
        None => {
            let close = match rest.as_bytes()[0] {
                b'(' => ')',
                b'{' => '}',
                _ => ']',
            };
            let end = inner.find(close).unwrap_or(inner.len());
            // The text itself may contain brackets: `C[Nginx (port 80)]`.
            (inner[..end].trim_end_matches(')'), end)
        }
    };
    let close = inner[used..].find(|c: char| !"])}/\\".contains(c)).unwrap_or(inner.len() - used);
    (Some(clean(label)), from + open + used + close)
}

/// Line breaks in a label become `\n`; other tags and signs are removed.
fn clean(label: &str) -> String {
    let mut out = String::new();
    let mut rest = label;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else { break };
        out.push_str(if rest[at..].starts_with("<br") { "\\n" } else { "" });
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

fn participants<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Nodes {
    let mut nodes = Nodes::new();
    for (at, line) in lines {
        let Some(rest) = line.trim().strip_prefix("participant ") else { continue };
        let (id, label) = rest.split_once(" as ").unwrap_or((rest, rest));
        let node = Node { label: clean(label), span: at..at + line.len(), outside: false };
        nodes.insert(id.trim().to_owned(), node);
    }
    nodes
}

/// Reads the boxes of lines like `service db(database)[Database] in api`.
fn architecture<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Nodes {
    let mut nodes = Nodes::new();
    for (at, line) in lines {
        let Some(rest) = line.trim().strip_prefix("service ") else { continue };
        let id = rest.split(['(', '[', ' ']).next().unwrap_or_default();
        let label = rest.split_once('[').and_then(|(_, l)| l.split(']').next()).unwrap_or(id);
        let outside = rest.contains("(internet)") || rest.contains("(cloud)");
        nodes.insert(id.to_owned(), Node { label: clean(label), span: at..at + line.len(), outside });
    }
    nodes
}

/// The macros of C4, in Mermaid and PlantUML: `Container(api, "API", "FastAPI", "…")`.
fn macros<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Nodes {
    let mut nodes = Nodes::new();
    for (at, line) in lines {
        let trimmed = line.trim();
        let Some((name, rest)) = trimmed.split_once('(') else { continue };
        if !matches!(name, "Container" | "ContainerDb" | "ContainerQueue") {
            continue;
        }
        let mut arguments = rest.split(',').map(|a| a.trim().trim_matches(['"', ')', ' ']));
        let (Some(id), Some(label)) = (arguments.next(), arguments.next()) else { continue };
        let node = Node { label: clean(label), span: at..at + line.len(), outside: false };
        nodes.insert(id.to_owned(), node);
    }
    nodes
}

fn plantuml(text: &str) -> Nodes {
    const KINDS: &[&str] = &["component", "database", "queue", "container", "artifact", "agent", "process"];
    let mut nodes = macros(offset_lines(text));
    let mut groups: Vec<bool> = Vec::new();
    let mut names: HashSet<&str> = HashSet::new();
    for (at, line) in offset_lines(text) {
        let trimmed = line.trim();
        let word = trimmed.split_whitespace().next().unwrap_or_default();
        let outside = groups.last().copied().unwrap_or(false);
        let rest = trimmed[word.len()..].trim();
        if trimmed == "}" {
            groups.pop();
        } else if trimmed.ends_with('{') {
            groups.push(outside || word == "cloud" || is_outside(rest.trim_end_matches('{')));
        }
        let boxed = KINDS.contains(&word) || word == "node" && !trimmed.ends_with('{');
        if boxed || trimmed.starts_with('[') && trimmed.contains(']') && !trimmed.contains("--") {
            let quoted = rest.split('"').nth(1);
            let bracket = || trimmed.split_once('[').and_then(|(_, l)| l.split(']').next());
            let plain = rest.split([' ', '{', '[']).next().filter(|p| !p.is_empty());
            let Some(label) = quoted.or_else(bracket).or(plain) else { continue };
            if names.insert(label) {
                let node = Node { label: clean(label), span: at..at + line.len(), outside };
                nodes.insert(format!("{label}:{at}"), node);
            }
        }
    }
    nodes
}

/// The services of a Compose file in a fence: keys with two blanks below `services:`.
pub(super) fn compose(text: &str, at: usize, aside: bool, found: &mut Found) {
    let mut inside = false;
    let mut indent = None;
    for (start, line) in offset_lines(text) {
        let depth = line.len() - line.trim_start().len();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if depth == 0 {
            inside = trimmed == "services:";
            indent = None;
            continue;
        }
        let own = *indent.get_or_insert(depth);
        let Some(name) = trimmed.strip_suffix(':').filter(|_| inside && depth == own) else { continue };
        let Some(name) = as_name(name) else { continue };
        let from = at + start + depth;
        let mut stated = found.stated(&name, from..from + name.len(), Evidence::Fence);
        stated.product = product(&name);
        stated.required = !aside && !is_external(&name);
        found.add(stated);
    }
}
