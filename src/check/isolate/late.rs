//! Tests of a model, a reader and a rule that do not end, with a clock that counts ticks.

use super::tests::{SCRIPT, judge_again, sources};
use super::*;
use crate::facts::world::World;
use crate::finding::RuleId;
use crate::limit::{counted, tick, within};
use crate::model::FollowNothing;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(4);

/// Runs with a limit, on a clock of ticks, and checks that twice the time is enough.
fn in_time<T>(run: impl FnOnce() -> T) -> T {
    let (result, took) = counted::run(|| within(Some(TIME), run));
    assert!(u128::from(took) < 2 * TIME.as_millis() + 500, "{took}");
    result
}

fn forever() -> ! {
    loop {
        tick();
    }
}

#[test]
fn a_statement_that_a_model_does_not_end_on_is_given_up() {
    let sources = sources(&[("start.sh", SCRIPT)]);
    let file = sources.find("start.sh").unwrap();
    let arena = Bump::new();
    let mut build = |left_out: &[Span]| {
        let deployment = model::build_without(&arena, file, "start.sh", SCRIPT, &mut FollowNothing, left_out);
        if deployment.steps.iter().any(|step| step.argv.name == "bad") {
            forever();
        }
        deployment
    };
    let (deployment, left_out) = in_time(|| model(file, SCRIPT, &mut build));
    let LeftOut { places, failure } = left_out.unwrap();
    let texts: Vec<&str> = places.iter().map(|place| sources.text(*place)).collect();
    assert_eq!(texts, ["bad x", "bad y"]);
    assert_eq!(failure, Failure::Late(TIME));
    assert_eq!(failure.reason("the model"), "the model took too long on it (4 s for all)");
    let steps = deployment.unwrap().steps;
    let made: Vec<&str> = steps.iter().map(|step| sources.text(step.span)).collect();
    assert_eq!(made, ["mkdir /a", "mkdir /c", "mkdir /b", "mkdir /d"]);
}

#[test]
fn a_model_that_never_ends_is_given_up() {
    let file = sources(&[("start.sh", SCRIPT)]).find("start.sh").unwrap();
    let (deployment, left_out) = in_time(|| model(file, SCRIPT, &mut |_| forever()));
    assert!(deployment.is_none());
    assert_eq!(left_out.unwrap().places, [Span::file_start(file)]);
}

#[test]
fn what_works_without_an_end_takes_no_time_from_what_has_one() {
    let sources = sources(&[("start.sh", SCRIPT), ("more.sh", "mkdir /e\n")]);
    let file = |path: &str| sources.find(path).unwrap();
    let arena = Bump::new();
    in_time(|| {
        for _ in 0..3 {
            assert!(model(file("start.sh"), SCRIPT, &mut |_| forever()).0.is_none());
        }
        let mut build =
            |_: &[Span]| model::build(&arena, file("more.sh"), "more.sh", "mkdir /e\n", &mut FollowNothing);
        let (deployment, left_out) = model(file("more.sh"), "mkdir /e\n", &mut build);
        assert!(left_out.is_none());
        assert_eq!(deployment.unwrap().steps.len(), 1);
    });
}

#[test]
fn a_rule_that_does_not_end_judges_all_but_what_it_does_not_end_on() {
    fn endless(context: &World<'_, '_>, found: &mut Vec<Finding>) {
        for service in context.project.composes.iter().flat_map(|compose| &compose.services) {
            if service.name == "bad" {
                forever();
            }
        }
        for (_, _, step) in context.steps() {
            match step.argv.name.as_str() {
                "bad" => forever(),
                "mkdir" => {
                    found.push(context.finding(RuleId::made_up("test/mkdir"), step.span, "made").done())
                }
                _ => {}
            }
        }
    }
    let compose = "services:\n  web:\n    image: a\n  bad:\n    image: b\n  worker:\n    image: c\n";
    let files = [("start.sh", SCRIPT), ("more.sh", "mkdir /e\n"), ("compose.yaml", compose)];
    let (found, places) = in_time(|| judge_again(&files, Judge::of(endless)));
    let made = ["start.sh: mkdir /a", "start.sh: mkdir /c", "start.sh: mkdir /b", "start.sh: mkdir /d"];
    assert_eq!(found[..4], made);
    assert_eq!(found[4..], ["more.sh: mkdir /e"]);
    assert_eq!(places, ["start.sh: bad x", "start.sh: bad y", "compose.yaml: bad"]);
}

#[test]
fn a_file_that_its_reader_does_not_end_on_is_a_gap_and_the_others_are_read() {
    let paths = ["a", "bad", "c", "worse"].map(str::to_owned);
    let mut gaps = Vec::new();
    let (read, whole) = in_time(|| {
        let all = || paths.to_vec();
        reading_some("letters", all, &mut gaps, |only| {
            let paths = only.unwrap_or(&paths);
            if paths.iter().any(|path| path == "bad" || path == "worse") {
                forever();
            }
            (paths.to_vec(), Vec::new())
        })
    });
    assert_eq!((read, whole), (vec!["a".to_owned(), "c".to_owned()], false));
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|gap| (gap.file.as_str(), gap.reason.as_str())).collect();
    let reason = "the reader of letters took too long on it (4 s for all)";
    assert_eq!(gaps, [("bad", reason), ("worse", reason)]);
}

#[test]
fn files_without_number_that_a_reader_fails_on_are_few_gaps() {
    let paths: Vec<String> = (0..5_000).map(|i| i.to_string()).collect();
    let mut gaps = Vec::new();
    let read: Vec<String> = in_time(|| reading("numbers", || paths.clone(), &mut gaps, |_| forever()));
    assert!(read.is_empty());
    assert_eq!(gaps.len(), GAPS + 1);
    assert!(gaps[GAPS].reason.contains("and 4900 more files could not be read either"), "{:?}", gaps[GAPS]);
}
