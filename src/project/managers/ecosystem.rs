//! pm2's process files: <https://pm2.keymetrics.io/docs/usage/application-declaration/>. JavaScript is read,
//! not run, so computed values are not known.

use crate::finding::Gap;
use crate::project::env::language_of;
use crate::project::managers::{Manager, Process};
use crate::project::unit::split_words;
use crate::project::yaml::{self, Key, Kind, Node};
use crate::repo::names::base;
use crate::source::{FileId, Sources, Span};
use crate::syntax::literal::{self, Literal, exports};

/// The processes of a file, and the parts of it that are not read.
pub(super) fn read(sources: &Sources, file: FileId) -> (Vec<Process>, Vec<Gap>) {
    let mut gaps = Vec::new();
    let path = sources.file(file).path();
    let document = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("yaml" | "yml") => yaml::parse(sources, file),
        Some("json") => yaml::parse_json(sources, file),
        _ => match language_of(path) {
            Some(language) => match exports(language, sources.file(file).text()) {
                Ok(exports) => {
                    if let Some(error) = exports.error {
                        let reason = "not readable as JavaScript from here on: pm2 does not start it";
                        gaps.push(Gap::at(sources, span(file, &error), reason));
                    }
                    Ok(exports.value.map(|value| node(file, value)))
                }
                Err(reason) => Err(Gap::at(sources, Span::file_start(file), reason)),
            },
            None => return (Vec::new(), gaps),
        },
    };
    let document = match document {
        Ok(Some(document)) => document,
        Ok(None) => {
            if gaps.is_empty() {
                gaps.push(Gap::at(
                    sources,
                    Span::file_start(file),
                    "it names no `apps` that pm2 could start",
                ));
            }
            return (Vec::new(), gaps);
        }
        Err(gap) => return (Vec::new(), vec![gap]),
    };
    // A list of apps, or a single app, can also replace `apps` (pm2's Common.parseConfig and
    // getConfigFileCandidates).
    let apps = document.get("apps").or_else(|| document.get("pm2")).unwrap_or(&document);
    let one = std::slice::from_ref(apps);
    let apps = match &apps.kind {
        Kind::List(items) => items.as_slice(),
        Kind::Map(_) if apps.get("script").is_some() => one,
        _ => {
            if gaps.is_empty() {
                gaps.push(Gap::at(sources, apps.span, "its `apps` are computed: they are not read"));
            }
            return (Vec::new(), gaps);
        }
    };
    let mut processes = Vec::new();
    for app in apps {
        match process(app) {
            Some(process) => processes.push(process),
            None => gaps.push(Gap::at(sources, app.span, "this app is computed: it is not read")),
        }
    }
    (processes, gaps)
}

fn process(app: &Node) -> Option<Process> {
    let text = |key: &str| app.get(key).and_then(Node::text).map(str::to_owned);
    // If the script is computed, the name remains. Without both, nothing is known about the app.
    let script = text("script").or_else(|| text("name").map(|_| String::new()))?;
    // `exec_interpreter` is an older name.
    let interpreter = text("interpreter").or_else(|| text("exec_interpreter"));
    let mut command = command_of(&script, interpreter.as_deref());
    if !command.is_empty() {
        command.extend(words(app.get("args")));
    }
    // Without a name, the process has its script's name.
    let name = text("name").unwrap_or_else(|| {
        let last = base(split_words(&script).first().map_or("", String::as_str)).to_owned();
        last.rsplit_once('.').map_or(last.clone(), |(stem, _)| stem.to_owned())
    });
    let mut environment: Vec<(String, String)> = Vec::new();
    // A deploy starts its processes for production.
    for key in ["env", "env_production"] {
        for (name, value) in app.get(key).and_then(Node::entries).unwrap_or_default() {
            let Some(value) = value.text() else { continue };
            environment.retain(|(known, _)| *known != name.text);
            environment.push((name.text.clone(), value.to_owned()));
        }
    }
    Some(Process {
        manager: Manager::Pm2,
        name,
        span: app.get("name").map_or(app.span, |n| n.span),
        command,
        directory: text("cwd"),
        user: text("user").or_else(|| text("uid")),
        environment,
        logs: Vec::new(),
        starts: text("autostart").as_deref() != Some("false"),
    })
}

/// The words that pm2 runs for a script, with the interpreter that is named, or the one for the script's
/// extension (`lib/API/interpreter.json` of pm2). In `npm start` the words after the first are arguments.
pub(crate) fn command_of(script: &str, interpreter: Option<&str>) -> Vec<String> {
    let mut command = split_words(script);
    if command.is_empty() {
        return command;
    }
    let program = command.first().map(|word| base(word).rsplit_once('.').map_or("", |(_, ending)| ending));
    let interpreter = interpreter.or(match program {
        Some("js" | "cjs" | "mjs") => Some("node"),
        Some("ts" | "tsx") => Some("ts-node"),
        Some("py") => Some("python"),
        Some("sh") => Some("bash"),
        Some("rb") => Some("ruby"),
        Some("php") => Some("php"),
        _ => None,
    });
    if let Some(interpreter) = interpreter.filter(|i| *i != "none") {
        command.insert(0, interpreter.to_owned());
    }
    command
}

/// The value of `args`, which is a string or a list of strings.
fn words(args: Option<&Node>) -> Vec<String> {
    match args.map(|node| &node.kind) {
        Some(Kind::Text(text)) => split_words(text),
        Some(Kind::List(items)) => items.iter().filter_map(Node::text).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn span(file: FileId, range: &std::ops::Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

/// The value in the form that the readers of YAML and JSON return; a computed value is empty.
fn node(file: FileId, literal: Literal) -> Node {
    let kind = match literal.kind {
        literal::Kind::Null | literal::Kind::Computed => Kind::Null,
        literal::Kind::Text(text) => Kind::Text(text),
        literal::Kind::List(items) => Kind::List(items.into_iter().map(|item| node(file, item)).collect()),
        literal::Kind::Map(entries) => {
            let entries = entries.into_iter().map(|(text, range, value)| {
                let key = Key { text, span: span(file, &range) };
                (key, node(file, value))
            });
            Kind::Map(entries.collect())
        }
    };
    Node { span: span(file, &literal.range), kind, tag: None }
}
