//! Calls of scripts in the files of programs that run them: make, workflows, playbooks, package scripts, images.

use super::lines::calls;
use super::{By, Called, Names, Sequence, is_about_servers, is_about_tests};
use crate::limit::{tick, ticks};
use crate::project::yaml::{self, Kind, Node};
use crate::repo::inventory::Inventory;
use crate::repo::names::{base, is_dockerfile, runs_scripts};
use crate::source::{FileId, Sources};
use crate::tools::calls::names_script;
use crate::tools::node::package_scripts_of;
use std::collections::{HashMap, HashSet};

/// The files that may call scripts, by kind.
pub(super) fn lists(inventory: &Inventory) -> Vec<Vec<&String>> {
    let packages = inventory.manifests.iter().filter(|path| base(path) == "package.json");
    vec![
        inventory.workflows.iter().collect(),
        inventory.others.iter().filter(|path| runs_scripts(path)).collect(),
        inventory.dockerfiles.iter().collect(),
        packages.collect(),
    ]
}

/// The sequences of files.
pub(super) fn sequences(names: &Names<'_>, files: &[(String, FileId)], sources: &Sources) -> Vec<Sequence> {
    let with_calls = files.iter().filter(|(_, file)| names_script(sources.file(*file).text()));
    let of_one = |(path, file): &(String, FileId)| {
        let scopes = scopes(path, *file, sources);
        scopes.iter().flat_map(|calls| names.sequences(calls, path, By::Calls)).collect::<Vec<_>>()
    };
    with_calls.flat_map(of_one).collect()
}

/// The calls of each part of a file whose commands run in turn.
fn scopes(path: &str, file: FileId, sources: &Sources) -> Vec<Vec<Called>> {
    let text = sources.file(file).text();
    let name = base(path).to_ascii_lowercase();
    if name == "package.json" {
        let tree = yaml::parse_json(sources, file).ok().flatten();
        return tree.map(|tree| of_package(&tree)).unwrap_or_default();
    }
    if name.ends_with(".yml") || name.ends_with(".yaml") {
        let tree = yaml::parse(sources, file).ok().flatten();
        return tree.map(|tree| of_tree(&tree, path)).unwrap_or_default();
    }
    if name.ends_with("makefile") || name.ends_with(".mk") || name.ends_with("justfile") {
        return of_targets(text);
    }
    if name == "procfile" {
        return of_processes(text);
    }
    if is_dockerfile(base(path)) {
        return vec![text.lines().flat_map(|line| calls(&instruction(line))).collect()];
    }
    vec![text.lines().flat_map(|line| calls(item(line))).collect()]
}

/// An item of a list of commands in a language of its own: `"./setup.sh",`.
fn item(line: &str) -> &str {
    let line = line.trim().trim_end_matches(',');
    let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(line)
}

/// What an instruction of a Dockerfile runs.
fn instruction(line: &str) -> String {
    let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or_default();
    if !["RUN", "CMD", "ENTRYPOINT"].iter().any(|runs| word.eq_ignore_ascii_case(runs)) {
        return String::new();
    }
    match serde_json::from_str::<Vec<String>>(rest.trim()) {
        // `["sh", "-c", CODE]`
        Ok(words) if words.len() > 2 && words[1].starts_with('-') => words[2..].join(" "),
        Ok(words) => words.join(" "),
        Err(_) => rest.to_owned(),
    }
}

/// The processes of a Procfile: the release process ends before the others start,
/// <https://devcenter.heroku.com/articles/release-phase>.
fn of_processes(text: &str) -> Vec<Vec<Called>> {
    let processes: Vec<(&str, Vec<Called>)> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, line)| (name, calls(line)))
        .collect();
    let (first, others): (Vec<_>, Vec<_>) = processes.into_iter().partition(|(name, _)| *name == "release");
    let first: Vec<Called> = first.into_iter().flat_map(|(_, calls)| calls).collect();
    others.into_iter().map(|(_, calls)| first.iter().cloned().chain(calls).collect()).collect()
}

/// The commands of each package script, with those of the package scripts that it runs.
fn of_package(tree: &Node) -> Vec<Vec<Called>> {
    let entries = tree.get("scripts").and_then(Node::entries).unwrap_or_default();
    let scripts: HashMap<&str, &str> =
        entries.iter().filter_map(|(key, node)| Some((key.text.as_str(), node.text()?))).collect();
    let of_one = |(key, _): &(yaml::Key, Node)| {
        let name = key.text.as_str();
        let mut text = String::new();
        for hook in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            let command = scripts.get(hook.as_str()).copied().unwrap_or_default();
            for part in command.split(['&', ';']) {
                let run = package_scripts_of(part);
                let run = run.iter().filter_map(|name| scripts.get(name.as_str()).copied());
                run.chain([part]).for_each(|line| {
                    text.push_str(line);
                    text.push('\n');
                });
            }
        }
        calls(&text)
    };
    entries.iter().filter(|(key, _)| !is_about_tests(&key.text)).map(of_one).collect()
}

/// How deep a tree of YAML is followed.
const DEPTH: usize = 12;

/// The jobs of a workflow, the tasks of a task file, and the plays of a playbook.
fn of_tree(tree: &Node, path: &str) -> Vec<Vec<Called>> {
    let is_tried = |name: &str, job: &Node| {
        let shown = job.get("name").and_then(Node::text).unwrap_or_default();
        let words = format!("{name} {shown}");
        !is_about_servers(&words) && (is_about_tests(&words) || is_about_tests(base(path)))
    };
    let of_jobs = |jobs: &[(yaml::Key, Node)]| {
        let real = jobs.iter().filter(|(key, job)| !is_tried(&key.text, job));
        real.map(|(_, job)| of_scope(job)).collect::<Vec<_>>()
    };
    match &tree.kind {
        Kind::Map(entries) => {
            let jobs = ["jobs", "tasks"].iter().find_map(|key| tree.get(key)?.entries());
            of_jobs(jobs.unwrap_or(entries))
        }
        Kind::List(items) if items.iter().any(|item| item.get("hosts").is_some()) => {
            items.iter().map(of_scope).collect()
        }
        _ => vec![of_scope(tree)],
    }
}

/// The calls of all commands of a job, a play or a list of tasks.
fn of_scope(node: &Node) -> Vec<Called> {
    let mut found = Vec::new();
    gather(node, false, None, DEPTH, &mut found);
    found
}

/// The keys whose values are commands. Ansible's modules may have a prefix: `ansible.builtin.script`.
fn is_command(key: &str) -> bool {
    let key = key.rsplit('.').next().unwrap_or(key);
    const KEYS: [&str; 11] = [
        "run", "script", "before_script", "after_script", "shell", "command", "commands", "cmd", "cmds",
        "inline", "raw",
    ];
    KEYS.contains(&key)
}

fn gather(node: &Node, is_run: bool, host: Option<&str>, depth: usize, found: &mut Vec<Called>) {
    tick();
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.kind {
        Kind::Null => {}
        Kind::Text(text) if is_run => {
            let host = |call: &Called| call.host.clone().or_else(|| host.map(str::to_owned));
            found.extend(calls(text).into_iter().map(|call| Called { host: host(&call), ..call }));
        }
        Kind::Text(_) => {}
        Kind::List(items) => items.iter().for_each(|item| gather(item, is_run, host, depth, found)),
        Kind::Map(entries) => {
            // An action that goes to a machine is told which.
            let own = node.get("host").and_then(Node::text);
            for (key, value) in entries {
                gather(value, is_run || is_command(&key.text), own.or(host), depth, found);
            }
        }
    }
}

/// A target of make or just.
#[derive(Default)]
struct Target<'t> {
    before: Vec<&'t str>,
    recipe: Vec<&'t str>,
}

/// The most targets that one target leads to.
const TARGETS: usize = 200;

/// The recipes of each target, after those of its prerequisites,
/// <https://www.gnu.org/software/make/manual/html_node/Prerequisite-Types.html>.
fn of_targets(text: &str) -> Vec<Vec<Called>> {
    let mut targets: HashMap<&str, Target<'_>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    for line in text.lines() {
        ticks(1 + line.len() / 16);
        if line.starts_with([' ', '\t']) {
            for name in &current {
                targets.entry(name).or_default().recipe.push(line);
            }
            continue;
        }
        let Some((names, before)) = line.split_once(':').filter(|(_, rest)| !rest.starts_with('=')) else {
            if !line.is_empty() {
                current.clear();
            }
            continue;
        };
        let before = before.split(['#', ';']).next().unwrap_or_default();
        current = names.split_whitespace().filter(|name| !name.starts_with('.')).take(4).collect();
        for name in &current {
            if !targets.contains_key(name) {
                order.push(name);
            }
            let words = before.split_whitespace().filter(|word| !word.contains(['=', '|', '$']));
            targets.entry(name).or_default().before.extend(words);
        }
    }
    let known = |name: &&&str| !is_about_tests(name);
    order.iter().filter(known).map(|name| of_target(name, &targets)).collect()
}

/// The calls of one target.
fn of_target(name: &str, targets: &HashMap<&str, Target<'_>>) -> Vec<Called> {
    enum Open {
        Target(String),
        Line(String),
    }
    let mut seen: HashSet<String> = HashSet::new();
    let mut open = vec![Open::Target(name.to_owned())];
    let mut found = Vec::new();
    while let Some(next) = open.pop() {
        match next {
            Open::Target(name) => {
                let Some(target) = targets.get(name.as_str()).filter(|_| seen.len() < TARGETS) else {
                    continue;
                };
                if seen.insert(name) {
                    let recipe = target.recipe.join("\n").replace("\\\n", " ");
                    open.extend(recipe.lines().rev().map(|line| Open::Line(line.to_owned())));
                    let before = target.before.iter().rev();
                    open.extend(before.map(|before| Open::Target((*before).to_owned())));
                }
            }
            Open::Line(line) => {
                let line = line.trim().trim_start_matches(['@', '-', '+']);
                // `$(MAKE) user app`
                let words = line.split_once("$(MAKE)").map(|(_, words)| words).unwrap_or_default();
                open.extend(words.split_whitespace().rev().map(|name| Open::Target(name.to_owned())));
                found.extend(calls(line));
            }
        }
    }
    found
}
