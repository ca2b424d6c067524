//! What holds for any input, as one function for each kind of input. The fuzz targets (`fuzz/`) and the mutation run
//! (`run`) call the same functions, so both check the same. Nothing is read from disk or written.

use super::memory::{Files, SCRIPT, base, configured, files_of, judged, request, root_of, settings};
use super::places::{gaps_hold, holds, json_holds, spans_of};
use crate::check::{CheckError, Config, Report, RuleSet, Selection, Settings, Target, check_over, fix_over};
use crate::finding::Finding;
use crate::output;
use crate::project::compose;
use crate::project::dotenv::{Dotenv, Entry};
use crate::project::managers;
use crate::project::unit::{self, Unit, UnitKind};
use crate::repo::inventory::Inventory;
use crate::review::document;
use crate::rules::embedded::RuleFile;
use crate::rules::page_examples::examples;
use crate::rules::pages::Pages;
use crate::shell::parse::Shell;
use crate::source::{FileId, MappedText, OffsetMap, SourceFile, Sources, Span};
use crate::syntax::mask::mask;
use crate::syntax::query::Queries;
use bumpalo::Bump;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A script, judged as the only file of a repo.
pub fn check(data: &[u8]) {
    judged_and_held(&Files::one("start.sh", data), settings(), data);
}

/// A repo: each file follows a line `#@ NAME`.
pub fn project(data: &[u8]) {
    let files = files_of(data, "start.sh");
    let config = files.text("deploylint.yaml").and_then(|text| {
        let config = Config::parse(&text, Path::new("deploylint.yaml")).ok()?;
        configured(config)
    });
    let settings = config.as_ref().unwrap_or_else(|| settings());
    let report = judged_and_held(&files, settings, data);
    for (file, source) in report.sources.iter() {
        if source.path().ends_with(".md") {
            let tasks = document::tasks(&report.sources, file, &document::Wanted::default());
            all_hold(&report.sources, &spans_of(&tasks));
        }
    }
}

/// Checks a report, and that a second run gives the same bytes. Only every fourth input is judged twice, because that takes
/// as long as all the rest.
fn judged_and_held(files: &Files, settings: &Settings, data: &[u8]) -> Report {
    let started = Instant::now();
    let report = judged(files, settings);
    let in_time = started.elapsed() < Duration::from_secs(1);
    report_holds(&report);
    if data.len().is_multiple_of(4) && in_time {
        same(told(&report), || told(&judged(files, settings)));
    }
    report
}

/// Checks that a second run gives the same. Nothing is promised if it took a second: the parser gives a text up after some
/// seconds of the clock, and a machine may stand still in between.
fn same<T: PartialEq + std::fmt::Debug>(first: T, again: impl FnOnce() -> T) {
    let started = Instant::now();
    let second = again();
    if started.elapsed() < Duration::from_secs(1) {
        assert_eq!(second, first, "the second time it is something else");
    }
}

fn all_hold(sources: &Sources, spans: &[Span]) {
    spans.iter().for_each(|span| holds(sources, *span));
}

/// The JSON of a report.
fn told(report: &Report) -> String {
    let mut out = Vec::new();
    output::json::write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Checks what every report promises.
fn report_holds(report: &Report) {
    // Its configuration may name scripts that a repo does not have.
    let unmatched = |error: &CheckError| error.place.is_some() && error.message.contains("matches no script");
    assert!(report.errors.iter().all(unmatched), "{:?}", report.errors);
    gaps_hold(&report.sources, &report.gaps);
    let sources = &report.sources;
    for finding in &report.findings {
        all_hold(sources, &spans_of(finding));
        let Some(fix) = &finding.fix else { continue };
        assert!(!fix.edits.is_empty(), "a fix without an edit: {finding:?}");
        for (index, edit) in fix.edits.iter().enumerate() {
            let overlaps = |other: &&crate::finding::Edit| {
                let (a, b) = (edit.span, other.span);
                a.file == b.file && a.start < b.end && b.start < a.end
            };
            assert!(!fix.edits[..index].iter().any(|other| overlaps(&other)), "edits overlap: {fix:?}");
        }
    }
    let key =
        |f: &Finding| (sources.file(f.span.file).path().to_owned(), f.span.start, f.rule.clone(), f.span.end);
    assert!(report.findings.is_sorted_by_key(key), "findings are not sorted");
    assert!(report.gaps.is_sorted(), "gaps are not sorted");
    json_holds(report, &told(report));
    for color in [false, true] {
        let mut out = Vec::new();
        output::text::write(report, color, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let obeyed = |c: char| c.is_control() && c != '\n' && !(color && c == '\u{1b}');
        assert!(!text.contains(obeyed), "a terminal would obey what is shown: {text:?}");
    }
}

/// A text as a script: its statements and words, twice the same. It is also read as the words of units and Compose files.
pub fn words(data: &[u8]) {
    let Ok(source) = SourceFile::new("start.sh", data.to_vec()) else { return };
    let mut sources = Sources::default();
    let file = sources.add(source);
    let text = sources.file(file).text();
    let masked = mask(text);
    assert_eq!(
        (masked.text.len(), masked.plain.len()),
        (text.len(), text.len()),
        "a mask changes the length"
    );
    // A long pipeline ends with `;`. The plain text has no line ends inside words.
    for (at, (was, is)) in text.bytes().zip(masked.text.bytes()).enumerate() {
        let ends_pipeline = was == b'\n' && is == b';';
        assert!(ends_pipeline || (was == b'\n') == (is == b'\n'), "a mask changes the lines at {at}");
    }
    for range in masked.heredocs.iter().map(|h| &h.body).chain(&masked.comments).chain(&masked.joined) {
        assert!(text.get(range.clone()).is_some(), "a mask's range {range:?} lies outside");
    }
    let parsed = |arena: &Bump| {
        let mut shell = Shell::new(arena);
        let block = shell.parse(arena.alloc_str(text), file, OffsetMap::shifted(0));
        for (span, reason) in &shell.gaps {
            holds(&sources, *span);
            assert!(!reason.is_empty());
        }
        for comment in &shell.comments {
            holds(&sources, *comment);
            assert!(sources.text(*comment).starts_with('#'), "no comment: {:?}", sources.text(*comment));
        }
        all_hold(&sources, &spans_of(&block));
        format!("{block:?}{:?}", shell.gaps)
    };
    let started = Instant::now();
    let first = parsed(&Bump::new());
    if data.len().is_multiple_of(4) && started.elapsed() < Duration::from_secs(1) {
        same(first, || parsed(&Bump::new()));
    }
    for line in text.lines().take(50) {
        let words = unit::words(line);
        assert_eq!(unit::split_words(line), words.into_iter().map(|(word, _)| word).collect::<Vec<_>>());
        for reference in compose::references(line) {
            let written = line.get(reference.range).unwrap();
            assert!(written.starts_with('$') && written.contains(&reference.name), "{written}");
        }
        compose::with_defaults(line);
        managers::command_of(line, None);
        managers::command_of("app.js", Some(line));
    }
}

/// Compose files: `docker-compose.yaml`, and others after lines `#@ NAME`.
pub fn compose(data: &[u8]) {
    let files = files_of(data, "docker-compose.yaml");
    let read = || {
        let root = root_of(&files);
        let mut sources = Sources::default();
        let (composes, gaps) = compose::read_all(&root, &Inventory::of(&root), &mut sources);
        (composes, gaps, sources)
    };
    let (composes, gaps, sources) = read();
    gaps_hold(&sources, &gaps);
    all_hold(&sources, &spans_of(&composes));
    for compose in &composes {
        compose.is_development();
        compose.files().for_each(|file| holds(&sources, Span::file_start(file)));
        for service in &compose.services {
            compose.is_one_shot(service);
            service.is_dev_only();
            service.image_name();
            assert!(compose.service(&service.name).is_some(), "{} is not found", service.name);
        }
        let (alone, gaps) = compose::parse(&sources, compose.file);
        gaps_hold(&sources, &gaps);
        all_hold(&sources, &spans_of(&alone));
    }
    if data.len().is_multiple_of(4) {
        let (second, second_gaps, _) = read();
        assert_eq!((second, second_gaps), (composes, gaps), "a second reading gives something else");
    }
}

/// An environment file.
pub fn dotenv(data: &[u8]) {
    let Ok(source) = SourceFile::new(".env", data.to_vec()) else { return };
    let mut sources = Sources::default();
    let file = sources.add(source);
    let read = Dotenv::parse(&sources, file);
    all_hold(&sources, &spans_of(&read));
    for entry in read.entries.iter().chain(&read.commented) {
        assert_eq!(sources.text(entry.name_span), entry.name, "the name stands elsewhere");
        assert!(!entry.name.is_empty() && read.mentions(&entry.name));
        assert!(entry.span.covers(entry.name_span) && entry.span.covers(entry.value_span), "{entry:?}");
        if let Some(quote) = entry.quote {
            assert!(sources.text(entry.value_span).starts_with(quote), "{entry:?}");
        }
    }
    let in_order = |entries: &[Entry]| entries.windows(2).all(|w| w[0].span.end <= w[1].span.start);
    assert!(in_order(&read.entries) && in_order(&read.commented), "entries overlap");
    let text = MappedText { text: sources.file(file).text().to_owned(), file, map: OffsetMap::shifted(0) };
    assert_eq!(Dotenv::of_text(&text), read, "the same text from a script reads in another way");
}

/// A unit, and the settings of supervisor.
pub fn unit(data: &[u8]) {
    let Ok(source) = SourceFile::new("web.service", data.to_vec()) else { return };
    let mut sources = Sources::default();
    let file = sources.add(source);
    let read = Unit::of_file(&sources, file);
    all_hold(&sources, &spans_of(&read));
    for directive in &read.directives {
        assert!(read.span.covers(directive.span) && directive.span.covers(directive.value_span));
        // A key may continue on the next line.
        let written = sources.text(directive.span);
        assert!(directive.key.split_whitespace().all(|word| written.contains(word)), "{directive:?}");
        assert!(read.all(&directive.section, &directive.key).len() <= read.directives.len());
        all_hold(&sources, &spans_of(&read.exec(&directive.key)));
        all_hold(&sources, &spans_of(&read.units_of(&directive.key)));
        unit::is_true(&directive.value);
        UnitKind::of(&directive.value);
        unit::template_of(&directive.value);
        unit::directives::standing(&directive.section, &directive.key);
    }
    all_hold(&sources, &spans_of(&read.environment_files()));
    all_hold(&sources, &spans_of(&read.environment()));
    all_hold(&sources, &spans_of(&(read.user(), read.working_directory(), read.exec_start())));
    read.is_oneshot_work();
    read.triggers("web.timer");
    assert_eq!(Unit::of_file(&sources, file), read, "a second reading gives something else");
    let text = MappedText { text: sources.file(file).text().to_owned(), file, map: OffsetMap::shifted(0) };
    let (processes, problems) = managers::supervisor(&text);
    all_hold(&sources, &spans_of(&(processes, problems)));
}

/// `deploylint.yaml`, and a check with this configuration.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let at = Path::new("deploylint.yaml");
    let config = match Config::parse(text, at) {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(Config::parse(text, at).err().as_ref(), Some(&error), "the second time another error");
            assert_eq!(error.file.as_deref(), Some("deploylint.yaml"));
            assert!(!error.message.is_empty() && !error.message.contains('\n'), "{:?}", error.message);
            // In YAML, a CR alone also ends a line.
            let lines = text.matches(['\n', '\r']).count() as u32;
            assert!(error.place.is_none_or(|p| p.line >= 1 && p.line <= lines + 1), "{error} of {lines}");
            return;
        }
    };
    config.names_script("start.sh");
    config.names_script("deploy/old/start.sh");
    match Selection::resolve(&settings().rules.pages, &config, at, &request()) {
        Err(error) => assert!(error.place.is_some() && !error.message.contains('\n'), "{error}"),
        Ok(selection) => {
            // This takes longer than all the rest.
            if data.len().is_multiple_of(16) {
                let settings = Settings { config, selection, ..settings().clone() };
                let files = Files::one("start.sh", b"mkdir /opt/a\nuseradd app\n");
                report_holds(&judged(&files, &settings));
            }
        }
    }
}

/// A folder of the user's own rules: `own/rule.md` and `own/rule.scm`, after lines `#@ NAME`.
pub fn rules(data: &[u8]) {
    let files = files_of(data, "own/rule.md");
    let own: Vec<RuleFile> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".md") || path.ends_with(".scm"))
        .filter_map(|(path, bytes)| {
            let text = String::from_utf8(bytes.to_vec()).ok()?.replace("\r\n", "\n");
            Some(RuleFile { path: path.to_owned(), shown: path.to_owned(), text: text.into() })
        })
        .collect();
    let queries = own.iter().filter(|f| f.path.ends_with(".scm"));
    let queries = Queries::load_beside([], queries.map(|f| (f.shown.clone(), f.text.clone())));
    if let Err(errors) = &queries {
        assert!(errors.iter().all(|error| !error.to_string().is_empty()) && !errors.is_empty());
    }
    let pages = match Pages::parse(own.clone()) {
        Ok(pages) => pages,
        Err(error) => {
            let text = own.iter().find(|f| f.shown == error.file).map_or("", |f| &f.text);
            let lines = text.lines().count() as u32;
            assert!(error.line.is_none_or(|line| line >= 1 && line <= lines + 1), "{error} of {lines}");
            return;
        }
    };
    for page in pages.iter() {
        let _ = examples(page);
    }
    if queries.is_err() {
        return;
    }
    let Ok(rules) = RuleSet::with(own) else { return };
    let rules = Arc::new(rules);
    let Ok(selection) = Selection::resolve(&rules.pages, &Config::default(), Path::new("-"), &request())
    else {
        return;
    };
    let settings = Settings { rules, selection, ..settings().clone() };
    report_holds(&judged(&Files::one("start.sh", SCRIPT), &settings));
}

/// How often each rule has a finding in each line, without the findings about the comments themselves.
fn found(report: &Report) -> BTreeMap<(String, u32), usize> {
    let mut found = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| !f.rule.starts_with("ignore/")) {
        *found.entry((finding.rule.to_string(), report.sources.line(finding.span))).or_default() += 1;
    }
    found
}

/// The findings of `more` that `less` lacks. `less` must have no others.
fn missing(more: &Report, less: &Report) -> Vec<(String, u32)> {
    let (mut more, less) = (found(more), found(less));
    for (place, count) in less {
        let before = more.remove(&place).unwrap_or(0);
        assert!(before >= count, "a comment brings {place:?}");
        if before > count {
            more.insert(place, before - count);
        }
    }
    more.into_keys().collect()
}

/// A script with comments that suppress: the findings that they name are gone, and no others.
pub fn suppressions(data: &[u8]) {
    let report = judged(&Files::one("start.sh", data), settings());
    report_holds(&report);
    let Some(file) = report.sources.find("start.sh") else { return };
    let text = report.sources.file(file).text();
    // The same script with comments that mean nothing. A name that is a word of the script itself stays a word.
    let mute = text.replace("deploylint", "depl0ylint");
    if mute != text {
        let loud = judged(&Files::one("start.sh", mute.as_bytes()), settings());
        let lists: Vec<&str> =
            text.split("ignore[").skip(1).map(|rest| rest.split(']').next().unwrap_or_default()).collect();
        for (rule, line) in missing(&loud, &report) {
            let family = rule.split('/').next().unwrap_or_default();
            let named = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
            assert!(named.into_iter().any(|n| n == rule || n == family), "{rule} of line {line} is gone");
        }
    }
    quieted(&report, file);
}

/// Adds a comment directly above a finding, which must suppress it.
fn quieted(report: &Report, file: FileId) {
    let source = report.sources.file(file);
    let text = source.text();
    // A text with gaps may be read differently as soon as a comment is longer.
    if !report.gaps.is_empty() {
        return;
    }
    let arena = Bump::new();
    let mut shell = Shell::new(&arena);
    shell.parse(arena.alloc_str(text), file, OffsetMap::shifted(0));
    let above = |finding: &Finding| {
        let line = source.line(finding.span.start).checked_sub(1).filter(|line| *line > 1)?;
        let range = source.line_range(line);
        let start = range.end - text[range.clone()].trim_start().len();
        let comment = shell.comments.iter().find(|c| c.start as usize == start)?;
        let means_nothing = !text[range].contains("deploylint");
        (finding.span.end > 0 && finding.span.file == file && means_nothing).then_some(comment.start as usize)
    };
    let own = |f: &&Finding| !f.rule.starts_with("ignore/");
    let Some((finding, at)) =
        report.findings.iter().filter(own).find_map(|finding| Some((finding, above(finding)?)))
    else {
        return;
    };
    let comment = format!("# deploylint: ignore[{}] ", finding.rule);
    let with = [&text[..at], &comment, &text[at..]].concat();
    let quiet = judged(&Files::one("start.sh", with.as_bytes()), settings());
    let gone = missing(report, &quiet);
    let place = (finding.rule.to_string(), report.sources.line(finding.span));
    assert!(gone.contains(&place) && !found(&quiet).contains_key(&place), "{place:?} is still there");
    assert!(gone.iter().all(|(rule, _)| *rule == *finding.rule), "more than {place:?} is gone: {gone:?}");
}

/// A script, and what its fixes make of it.
pub fn fixes(data: &[u8]) {
    let on = |text: &[u8]| {
        let target = Target::Stdin { name: base().join("start.sh"), text: text.to_vec() };
        crate::check::Request { targets: vec![target], ..request() }
    };
    let first = check_over(&on(data), settings(), Sources::default(), &mut |_| {}).unwrap();
    report_holds(&first);
    if first.findings.iter().all(|finding| finding.fix.is_none()) {
        return;
    }
    // Every other input also gets the fixes that a person should look at.
    let unsafe_too = data.len().is_multiple_of(2);
    let fixed = fix_over(&on(data), settings(), unsafe_too).unwrap();
    report_holds(&fixed.report);
    let Some(change) = fixed.changes.first() else {
        assert_eq!(fixed.count(), 0, "fixes that change nothing");
        return;
    };
    assert_eq!((fixed.changes.len(), change.path.as_str(), &*change.before), (1, "start.sh", data));
    assert!(fixed.count() > 0, "a change without a fix");
    let again = fix_over(&on(&change.after), settings(), unsafe_too).unwrap();
    assert!(again.changes.is_empty(), "a second round of fixes changes something");
    assert_eq!(told(&again.report), told(&fixed.report), "what was fixed is judged in another way");
    assert!(
        again.report.findings.len() + fixed.count() <= first.findings.len(),
        "fixed findings are still there, or others have come"
    );
    assert!(again.report.gaps.len() <= first.gaps.len(), "less is analysed than before");
}
