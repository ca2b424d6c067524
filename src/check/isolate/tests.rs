//! Tests with rules and a model that panic on purpose.

use super::*;
use crate::check::{Request, Settings};
use crate::facts::world::World;
use crate::finding::{Confidence, RuleId, Severity};
use crate::model::FollowNothing;
use crate::project::compose;
use crate::source::SourceFile;
use crate::syntax::query::Queries;

pub(super) const SCRIPT: &str =
    "mkdir /a\nf() {\n  bad x\n  mkdir /b\n}\nif [ -e /x ]; then bad y; mkdir /c; fi\nf\nmkdir /d\n";

pub(super) fn sources(files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (path, text) in files {
        sources.add(SourceFile::new((*path).to_owned(), text.as_bytes().to_vec()).unwrap());
    }
    sources
}

#[test]
fn a_model_is_built_without_the_statement_that_breaks_it() {
    let sources = sources(&[("start.sh", SCRIPT)]);
    let file = sources.find("start.sh").unwrap();
    let arena = Bump::new();
    let mut tries = 0;
    let mut build = |left_out: &[Span]| {
        tries += 1;
        let deployment = model::build_without(&arena, file, "start.sh", SCRIPT, &mut FollowNothing, left_out);
        assert!(deployment.steps.iter().all(|step| step.argv.name != "bad"));
        deployment
    };
    let (deployment, left_out) = model(file, SCRIPT, &mut build);
    let LeftOut { places, failure } = left_out.unwrap();
    assert_eq!(failure, Failure::Panicked);
    let texts: Vec<&str> = places.iter().map(|place| sources.text(*place)).collect();
    assert_eq!(texts, ["bad x", "bad y"]);
    let steps = deployment.unwrap().steps;
    let made: Vec<&str> = steps.iter().map(|step| sources.text(step.span)).collect();
    assert_eq!(made, ["mkdir /a", "mkdir /c", "mkdir /b", "mkdir /d"]);
    assert!(tries < 30, "{tries}");
}

#[test]
fn a_model_that_always_breaks_is_given_up() {
    let file = sources(&[("start.sh", SCRIPT)]).find("start.sh").unwrap();
    let (deployment, left_out) = model(file, SCRIPT, &mut |_| panic!("always"));
    assert!(deployment.is_none());
    assert_eq!(left_out.unwrap().places, [Span::file_start(file)]);
}

/// Reports each `mkdir`, and panics on `bad` and on a service of that name.
fn brittle(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for service in context.project.composes.iter().flat_map(|compose| &compose.services) {
        assert!(service.name != "bad");
    }
    for (_, _, step) in context.steps() {
        assert!(step.argv.name != "bad");
        if step.argv.name == "mkdir" {
            found.push(context.finding(RuleId::made_up("test/mkdir"), step.span, "made").done());
        }
    }
}

pub(super) fn judge_again(files: &[(&str, &str)], rule: Judge) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let sources = sources(files);
    let script = |path: &str, text: &'static str| Script {
        file: sources.find(path).unwrap(),
        path: path.to_owned(),
        text,
        left_out: Vec::new(),
    };
    let mut project = Project::default();
    if let Some(file) = sources.find("compose.yaml") {
        project.composes.push(compose::parse(&sources, file).0);
    }
    let settings =
        Settings::load(&Request { root: Some(dir.path().to_owned()), ..Request::default() }).unwrap();
    let repo = Repo {
        root: &Root::open(dir.path()).unwrap(),
        sources: &sources,
        scripts: &[script("start.sh", SCRIPT), script("more.sh", "mkdir /e\n")],
        project: &project,
        given: &Given::default(),
        chosen: Chosen { queries: &Queries::default(), pages: &settings.rules.pages, wants: &|_| true },
    };
    let (found, places) = repo.judge_again(&rule);
    assert!(found.iter().all(|f| f.severity == Severity::Warning && f.confidence == Confidence::Medium));
    let text = |span: Span| format!("{}: {}", sources.file(span.file).path(), sources.text(span));
    (found.iter().map(|f| text(f.span)).collect(), places.into_iter().map(text).collect())
}

#[test]
fn a_rule_that_panics_judges_all_but_what_it_panics_on() {
    let compose = "services:\n  web:\n    image: a\n  bad:\n    image: b\n  worker:\n    image: c\n";
    let files = [("start.sh", SCRIPT), ("more.sh", "mkdir /e\n"), ("compose.yaml", compose)];
    let (found, places) = judge_again(&files, Judge::of(brittle));
    assert_eq!(
        found,
        [
            "start.sh: mkdir /a", "start.sh: mkdir /c", "start.sh: mkdir /b", "start.sh: mkdir /d",
            "more.sh: mkdir /e"
        ]
    );
    assert_eq!(places, ["start.sh: bad x", "start.sh: bad y", "compose.yaml: bad"]);
}

#[test]
fn a_rule_that_always_panics_finds_nothing_and_no_place() {
    let files = [("start.sh", SCRIPT), ("more.sh", "mkdir /e\n")];
    let never = Judge::of(|_, _| panic!("always"));
    assert_eq!(judge_again(&files, never), (Vec::new(), Vec::new()));
}

#[test]
fn a_file_that_its_reader_panics_on_is_a_gap_and_the_others_are_read() {
    let paths = ["a", "bad", "c", "worse"].map(str::to_owned);
    let mut gaps = Vec::new();
    let read = reading(
        "letters",
        || paths.to_vec(),
        &mut gaps,
        |only| {
            let paths = only.unwrap_or(&paths);
            assert!(!paths.iter().any(|path| path == "bad" || path == "worse"));
            (paths.to_vec(), Vec::new())
        },
    );
    assert_eq!(read, ["a", "c"]);
    let gaps: Vec<&str> = gaps.iter().map(|gap| gap.file.as_str()).collect();
    assert_eq!(gaps, ["bad", "worse"]);
}
