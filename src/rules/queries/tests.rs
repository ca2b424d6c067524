//! How the engine applies a user's query files.

use super::*;
use crate::facts::world::{Given, Project};
use crate::finding::Severity;
use crate::limit;
use crate::model::{FollowNothing, build};
use crate::rules::embedded::RuleFile;
use crate::rules::pages::Pages;
use crate::source::{SourceFile, Sources};
use std::time::Duration;

const PAGE: &str = "---\ntitle: A fault\nseverity: warning\nconfidence: high\nfix: none\n---\n
## What\n\nX\n\n## Why\n\nX\n\n## Example\n\nX\n\n## Instead\n\nX\n";

/// The places, as they are written, and the findings of the rule `house/x` of a query in a script.
fn found(query: &str, script: &str) -> Vec<(String, Finding)> {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("start.sh", script.as_bytes().to_vec()).unwrap());
    let arena = bumpalo::Bump::new();
    let scripts = [build(&arena, file, "start.sh", arena.alloc_str(script), &mut FollowNothing)];
    let (project, given) = (Project::default(), Given::default());
    let world = World::new(&sources, &scripts, &project, &given);
    let page =
        RuleFile { path: "house/x.md".to_owned(), shown: "x.md".to_owned(), text: PAGE.to_owned().into() };
    let pages = Pages::parse([page]).unwrap();
    let queries = Queries::load_beside([], [("house/x.scm".to_owned(), query)]).unwrap();
    let chosen = Chosen { queries: &queries, pages: &pages, wants: &|_| true };
    let mut found = Vec::new();
    run(&world, &chosen, &[], &mut found);
    found.into_iter().map(|finding| (sources.text(finding.span).to_owned(), finding)).collect()
}

#[track_caller]
fn finds(query: &str, script: &str, places: &[&str]) {
    let found = found(query, script);
    let found: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(found, places, "{query}\n{script}");
}

#[test]
fn patterns_of_a_file_that_point_at_one_word_tell_it_once() {
    let query = "((command argument: (simple_expansion) @word) @finding (#set! command git))
        ((command argument: [(simple_expansion) (string)] @word) @finding (#set! command git))";
    finds(query, "git push $x \"$y\" z\n", &["$x", "\"$y\""]);
}

#[test]
fn each_need_is_told_with_the_words_of_its_own_pattern() {
    let query = "((command) @missing (#does? @missing \"node-dependencies\") (#needed? \"node-dependencies\")
         (#set! message \"no packages of Node\") (#set! severity \"info\"))
        ((command) @missing (#for-need? @missing) (#needed? \"virtual-env\") (#set! message \"no environment\"))";
    let unit = "[Service]\nUser=app\nExecStart=/srv/app/venv/bin/gunicorn app:app\n";
    let script = format!(
        "apt-get install -y nginx\nuseradd app\ncat > /etc/systemd/system/app.service <<'E'\n{unit}E\n"
    );
    let found = found(query, &script);
    let told: Vec<(&str, Severity)> = found.iter().map(|(_, f)| (f.message.as_str(), f.severity)).collect();
    assert_eq!(told, [("no environment", Severity::Warning)]);
}

#[test]
fn the_words_of_a_wrapper_are_known_as_they_are_written() {
    let script = "sudo -u app pip install x \"$y\" *.whl\n";
    let query = |predicate: &str| {
        format!("((command argument: (_) @word) @finding (#set! command pip) (#{predicate}))")
    };
    finds(&query("literal? @word"), script, &["-u", "app", "pip", "install", "x"]);
    finds(&query("not-literal? @word"), script, &["\"$y\"", "*.whl"]);
    finds(&query("word-matches? @word \"^-u$\""), script, &["-u"]);
    finds(&query("literal? @word"), "sudo -u \"$user\" pip install\n", &["-u", "pip", "install"]);
}

#[test]
fn what_stands_behind_two_dashes_is_no_flag() {
    let query = "((command) @finding (#set! command rm) (#has-flag? @finding \"-f\"))";
    let script = "rm -rf a\nrm -- -f\nrm -f -- b\nrm c -f\n";
    finds(query, script, &["rm -rf a", "rm -f -- b", "rm c -f"]);
}

#[test]
fn a_pattern_has_its_own_severity_and_confidence() {
    let query = "((command) @finding (#set! command one) (#set! severity error))
        ((command) @finding (#set! command two) (#set! confidence medium))
        ((command) @finding (#set! command three))";
    let told = found(query, "one\ntwo\nthree\n");
    let told: Vec<(Severity, Confidence)> =
        told.iter().map(|(_, finding)| (finding.severity, finding.confidence)).collect();
    let high = Confidence::High;
    let two = (Severity::Warning, Confidence::Medium);
    assert_eq!(told, [(Severity::Error, high), two, (Severity::Warning, high)]);
    let missing = "((command) @missing (#set! command one) (#set! severity info) (#set! confidence low))";
    let [(_, finding)] = &found(missing, "systemctl restart shop\n")[..] else { panic!("one is told") };
    assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Low));
}

#[test]
fn packages_are_the_same_in_whichever_order_they_are_named() {
    let query = |captures: &str| {
        format!(
            "((command) @finding (#role? @finding build migrate))
             ((command) @precedes (#role? @precedes dependencies) (#same-packages? {captures}))"
        )
    };
    for (script, places) in [
        ("npm ci\nnpm run build\n", &[][..]),
        ("cd /a && npm ci\ncd /b && npm run build\n", &["npm run build"]),
        // An install of Python packages does not count for Node.
        ("pip install -r requirements.txt\nnpm run build\n", &["npm run build"]),
        (
            "a/bin/pip install -r requirements.txt\nb/bin/alembic upgrade head\n",
            &["b/bin/alembic upgrade head"],
        ),
        ("a/bin/pip install -r requirements.txt\na/bin/alembic upgrade head\n", &[]),
    ] {
        finds(&query("@precedes @finding"), script, places);
        finds(&query("@finding @precedes"), script, places);
    }
}

#[test]
fn a_function_that_nothing_calls_is_no_step_of_the_deploy() {
    let query = "((command) @missing (#set! command notify))";
    let start = "systemctl restart shop\n";
    let is_missing = |script: &str| found(query, script).len() == 1;
    assert!(is_missing(start));
    assert!(!is_missing(&format!("{start}notify\n")));
    assert!(!is_missing(&format!("tell() {{ notify; }}\n{start}tell\n")));
    assert!(is_missing(&format!("tell() {{ notify; }}\n{start}")));
    assert!(!is_missing(&format!("tell() {{ notify; }}\nrestart() {{ {start}}}\n\"$@\"\n")));
}

#[test]
fn an_excuse_is_looked_for_once_and_not_for_each_other_command() {
    let query = "((command) @finding (#set! command fault))
        ((command) @other (#set! command other) (#same-place? @other @finding))
        ((command) @precedes (#set! command excuse) (#not-same-place? @precedes @finding))";
    let asked = |count: usize| {
        let script = "other\nexcuse\nfault\n".repeat(count);
        let limit = Some(Duration::from_secs(3600));
        let run = || limit::piece(|| found(query, &script).len());
        let (told, asked) = limit::counted::run(|| limit::within(limit, run));
        assert_eq!(told, Ok(count));
        asked
    };
    let (few, many) = (asked(100), asked(400));
    // Four times as many commands may take sixteen times the work, but not sixty-four times.
    assert!(many < 20 * few, "{few} and {many}");
}

#[test]
fn excuses_may_be_compared_with_the_other_command() {
    let query = "((command) @finding (#set! command fault))
        ((command) @other (#set! command other))
        ((command) @precedes (#set! command excuse) (#same-directory? @precedes @other))";
    finds(query, "cd /a\nexcuse\ncd /b\nother\nfault\n", &["fault"]);
    finds(query, "cd /b\nexcuse\nother\nfault\n", &[]);
    // One of the two commands is not excused.
    finds(query, "cd /a\nexcuse\nother\ncd /b\nother\nfault\n", &["fault"]);
}

#[test]
fn the_first_run_can_be_asked_for() {
    let script = "set -eu\nif [ -d /opt/x/.git ]; then git -C /opt/x pull; fi\nmkdir -p /opt/x/logs\n\
        git clone https://example.com/x.git /opt/x\ntouch /opt/x/y\n";
    let asks = |word: &str| {
        format!("((command) @finding (#first-run? @finding \"{word}\") (#set! message \"{{why}}\"))")
    };
    finds(&asks("skipped"), script, &["git -C /opt/x pull"]);
    finds(&asks("fine"), script, &["mkdir -p /opt/x/logs", "touch /opt/x/y"]);
    finds(&asks("not-reached"), script, &["touch /opt/x/y"]);
    let failing = found(&asks("fails"), script);
    let told: Vec<(&str, &str)> =
        failing.iter().map(|(place, f)| (place.as_str(), f.message.as_str())).collect();
    let says = "destination path '/opt/x' already exists and is not an empty directory";
    assert_eq!(told, [("git clone https://example.com/x.git /opt/x", says)]);
}
