//! Gemfile, composer.json, go.mod and Cargo.toml: what they declare, and no more.

use crate::finding::Gap;
use crate::project::manifest::node::entries;
use crate::project::manifest::python::{Form, table_at, toml};
use crate::project::manifest::{Declared, Language};
use crate::project::yaml;
use crate::source::{FileId, Sources, Span};
use std::ops::Range;

/// What the manifest declares, by place.
pub(super) fn read(
    sources: &Sources,
    file: FileId,
    language: Language,
    gaps: &mut Vec<Gap>,
) -> Vec<Declared> {
    let text = sources.file(file).text();
    let mut found = match language {
        Language::Ruby => gems(text, file),
        Language::Go => modules(text, file),
        Language::Rust => crates(sources, file, gaps),
        Language::Php => match packages(sources, file) {
            Ok(found) => found,
            Err(gap) => {
                gaps.push(gap);
                Vec::new()
            }
        },
    };
    found.sort_by_key(|d| d.span.start);
    found
}

fn span(file: FileId, range: Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

/// Reads `gem "NAME", "CONSTRAINT", …` and `group :development do`, <https://bundler.io/man/gemfile.5.html>.
fn gems(text: &str, file: FileId) -> Vec<Declared> {
    let mut found = Vec::new();
    // This says of each open block whether it is for developers.
    let mut blocks: Vec<bool> = Vec::new();
    let is_development = |line: &str| line.contains(":development") || line.contains(":test");
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.trim();
        if line == "end" {
            blocks.pop();
        } else if line.ends_with(" do") || line.starts_with("if ") || line.starts_with("unless ") {
            blocks.push(line.starts_with("group") && is_development(line) && !line.contains(":production"));
        }
        let Some(rest) = line.strip_prefix("gem").map(|rest| rest.trim_start_matches([' ', '('])) else {
            continue;
        };
        let strings = strings_of(rest);
        let Some(name) = strings.first() else { continue };
        let offset = start + (name.as_ptr() as usize - raw.as_ptr() as usize);
        let constraints = &strings[1..];
        let development = blocks.contains(&true) || rest.contains("group:") && is_development(rest);
        found.push(Declared {
            requirement: (!constraints.is_empty()).then(|| constraints.join(", ")),
            ..Declared::new(name, span(file, offset..offset + name.len()), development)
        });
    }
    found
}

/// The strings at the start of a list of arguments.
fn strings_of(mut rest: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let Some((inside, after)) = rest[1..].split_once(quote) else { break };
        found.push(inside);
        rest = after.trim_start().strip_prefix(',').unwrap_or_default().trim_start();
    }
    found
}

/// Reads `require MODULE VERSION`, alone or in a block, <https://go.dev/ref/mod#go-mod-file-require>.
fn modules(text: &str, file: FileId) -> Vec<Declared> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.split("//").next().unwrap_or_default().trim();
        let declared = match line.strip_prefix("require") {
            Some(rest) if rest.trim_start().starts_with('(') => {
                inside = true;
                continue;
            }
            Some(rest) if rest.starts_with([' ', '\t']) => rest,
            _ if line == ")" => {
                inside = false;
                continue;
            }
            _ if inside => line,
            _ => continue,
        };
        let mut words = declared.split_whitespace();
        let (Some(name), version) = (words.next(), words.next()) else { continue };
        let offset = start + (name.as_ptr() as usize - raw.as_ptr() as usize);
        found.push(Declared {
            requirement: version.map(str::to_owned),
            ..Declared::new(name, span(file, offset..offset + name.len()), false)
        });
    }
    found
}

/// Reads the tables of <https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>.
fn crates(sources: &Sources, file: FileId, gaps: &mut Vec<Gap>) -> Vec<Declared> {
    let text = sources.file(file).text();
    let document = toml(sources, file, gaps, &mut true);
    let root = document.get_ref();
    let mut found = Vec::new();
    let targets = table_at(root, &["target"]).into_iter().flatten();
    let places = targets.filter_map(|(_, target)| target.get_ref().as_table());
    for place in places.chain([root]).chain(table_at(root, &["workspace"])) {
        for (key, development) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for (name, value) in table_at(place, &[key]).into_iter().flatten() {
                found.push(Declared {
                    requirement: Form::of(text, value).constraint.map(str::to_owned),
                    ..Declared::new(name.get_ref(), span(file, name.span()), development)
                });
            }
        }
    }
    found
}

/// Reads `require` and `require-dev`, <https://getcomposer.org/doc/04-schema.md#package-links>. Composer does not
/// install PHP itself and its extensions.
fn packages(sources: &Sources, file: FileId) -> Result<Vec<Declared>, Gap> {
    let Some(document) = yaml::parse_json(sources, file)? else {
        return Err(Gap::file(sources, file, "empty: not readable as JSON"));
    };
    let fields = [("require", false), ("require-dev", true)].into_iter();
    let declared = fields.flat_map(|(field, development)| {
        entries(&document, field).filter(|(key, _)| key.text.contains('/')).map(move |(key, value)| {
            Declared {
                requirement: value.text().map(str::to_owned),
                ..Declared::new(&key.text, key.span, development)
            }
        })
    });
    Ok(declared.collect())
}
