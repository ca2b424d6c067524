//! Items, headings and paragraphs: `- **api** (FastAPI, port 8000)`, `### Worker (port 8001)`, "runs as `api.service`".

use crate::project::architecture::blocks::Line;
use crate::project::architecture::words::{
    as_name, column_ports, is_choice, is_code_name, is_external, is_not_here, name_and_brackets, ports,
    product, words,
};
use crate::project::architecture::{Evidence, Found, Stated, Strength};

/// Words of a heading whose items are processes.
const RUNS: &[&str] = &[
    "docker", "compose", "docker-compose", "systemd", "running", "background", "deployed", "container",
    "containers", "process", "processes", "daemon", "daemons", "units", "runtime", "microservices",
];

/// What a heading says about the items below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Processes,
    Services,
    Nothing,
}

fn promise(title: &str) -> Promise {
    let any = |list: &[&str]| words(title).any(|w| list.contains(&w.as_str()));
    if any(&["services", "service", "servicios", "serviços", "dienste", "сервисы"]) {
        if any(RUNS) { Promise::Processes } else { Promise::Services }
    } else if any(&["containers", "processes", "daemons", "units", "microservices"]) {
        Promise::Processes
    } else {
        Promise::Nothing
    }
}

/// The name at the start of a line, the text in brackets after it, and the rest.
fn opening(line: &Line) -> Option<(String, String, String)> {
    let text = line.text.trim();
    let marked = line.lead.as_deref().filter(|lead| !lead.is_empty());
    let start = marked.and_then(|lead| text.find(lead).map(|at| (at, lead)));
    let (plain, rest) = match start {
        Some((at, lead)) => (lead, &text[at + lead.len()..]),
        None => {
            let end =
                [" (", ": ", " — ", " – ", " - ", " → "].iter().filter_map(|mark| text.find(mark)).min();
            let end = end.unwrap_or(text.len());
            (&text[..end], &text[end..])
        }
    };
    let (name, mut brackets) = name_and_brackets(plain);
    // A number before the name: `2. Worker`.
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    let behind = rest.trim_start_matches([':', ' ', '*']);
    if brackets.is_empty() && behind.starts_with(['(', '[']) {
        brackets = name_and_brackets(behind).1;
    }
    // This reads `api :8000` and `api: port 8000`.
    let (name, more) = match name.find(" :").or_else(|| name.find(" port ")) {
        Some(at) => (&name[..at], &name[at..]),
        None => (name, ""),
    };
    let name = as_name(name.strip_suffix(".service").unwrap_or(name))?;
    Some((name, format!("{brackets} {more}"), rest.chars().take(200).collect()))
}

/// A list's item.
pub(super) fn item(line: &Line, title: &str, aside: bool, found: &mut Found) {
    let Some((name, brackets, rest)) = opening(line) else { return };
    let promise = promise(title);
    let mut stated = start(&name, line, &brackets, Evidence::List, found);
    let near: String = rest.chars().take(60).collect();
    let listed = promise != Promise::Nothing;
    for port in ports(&brackets).into_iter().chain(listed.then(|| ports(&near)).into_iter().flatten()) {
        stated.port(port, found.span(line.span.clone()));
    }
    let unit = line.lead.as_deref().is_some_and(|lead| lead.ends_with(".service"));
    let ported = !stated.ports.is_empty();
    let short = name.split_whitespace().count() <= 3;
    stated.strength = match promise {
        _ if unit => Strength::Medium,
        _ if !short || is_code_name(&name) => return,
        Promise::Processes | Promise::Services if stated.product.is_some() => Strength::Medium,
        Promise::Processes if line.lead.is_some() => Strength::Medium,
        Promise::Services if ported && line.lead.is_some() => Strength::Medium,
        _ if stated.product.is_some() && ported => Strength::Medium,
        _ if stated.product.is_some() && line.lead.is_some() => Strength::Weak,
        _ if ported => Strength::Weak,
        Promise::Services if line.lead.is_some() => Strength::Weak,
        _ => return,
    };
    stated.required &= !aside && !is_not_here(&rest.chars().take(40).collect::<String>());
    found.add(stated);
}

/// A heading.
pub(super) fn heading(line: &Line, aside: bool, found: &mut Found) {
    let Some((name, brackets, rest)) = opening(line) else { return };
    let mut stated = start(&name, line, &brackets, Evidence::Heading, found);
    for port in ports(&brackets).into_iter().chain(ports(&rest)) {
        stated.port(port, found.span(line.span.clone()));
    }
    let code = line.lead.as_deref().is_some_and(|lead| line.codes.iter().any(|c| c == lead));
    stated.strength = match stated.ports.is_empty() {
        _ if is_code_name(&name) => return,
        false if stated.product.is_some() || code => Strength::Medium,
        false => Strength::Weak,
        true if stated.product.is_some() => Strength::Weak,
        true => return,
    };
    stated.required &= !aside;
    found.add(stated);
}

/// What the lines below a heading say about its subject: `**Port:** 8000`, `- Service: \`web.service\``.
pub(super) fn facts(raw: &str, at: usize, heading: &Line, aside: bool, found: &mut Found) {
    let mut stated: Option<Stated> = None;
    let mut start = 0;
    for line in raw.split_inclusive('\n') {
        let span = at + start..at + start + line.trim_end().len();
        start += line.len();
        let marks = |c: char| !c.is_alphanumeric() && c != '/' && c != '`';
        let Some((key, value)) = line.trim_start_matches(marks).split_once(':') else { continue };
        let key = key.trim_end_matches(marks).to_lowercase();
        let value = value.trim_start_matches(['*', ' ', '_']).trim_end();
        let code = value.strip_prefix('`').and_then(|v| v.split('`').next()).unwrap_or_default();
        let word = code.strip_suffix(".service").unwrap_or(code);
        let named =
            ["service", "systemd service", "systemd unit", "systemd", "unit", "container", "container name"]
                .contains(&key.as_str());
        let numbers = match key.as_str() {
            "port" | "ports" | "internal port" | "container port" | "host port" => column_ports(value),
            _ if named => ports(value),
            _ => continue,
        };
        let alias = named && !word.is_empty() && !word.contains([' ', '/', '$']);
        if !alias && numbers.is_empty() {
            continue;
        }
        if stated.is_none() {
            let Some((name, brackets, _)) = opening(heading) else { return };
            stated = Some(self::start(&name, heading, &brackets, Evidence::Heading, found));
        }
        let Some(stated) = &mut stated else { return };
        for number in numbers {
            stated.port(number, found.span(span.clone()));
        }
        stated.aliases.extend(alias.then(|| word.to_lowercase()));
        let known = alias || stated.product.is_some();
        stated.strength = stated.strength.max(if known { Strength::Medium } else { Strength::Weak });
    }
    if let Some(mut stated) = stated {
        stated.required &= !aside;
        found.add(stated);
    }
}

/// A paragraph mentions units now and then, and says nothing else about them.
pub(super) fn paragraph(line: &Line, aside: bool, found: &mut Found) {
    for code in line.codes.iter().filter(|code| code.ends_with(".service") && !code.contains([' ', '/'])) {
        let stem = code.trim_end_matches(".service");
        if found.aliases.contains(&stem.to_lowercase()) {
            continue;
        }
        let Some(name) = as_name(stem) else { continue };
        let mut stated = found.stated(&name, line.span.clone(), Evidence::Prose);
        stated.product = product(&name);
        stated.required = !aside;
        found.add(stated);
    }
}

fn start(name: &str, line: &Line, brackets: &str, evidence: Evidence, found: &Found) -> Stated {
    let mut stated = found.stated(name, line.span.clone(), evidence);
    stated.product = product(name);
    let technology = brackets.split(',').next().unwrap_or_default().trim();
    if !technology.is_empty() && ports(technology).is_empty() {
        stated.technology = Some(technology.to_owned());
    }
    stated.required = !is_external(name) && !is_not_here(brackets) && !is_choice(name);
    stated
}
