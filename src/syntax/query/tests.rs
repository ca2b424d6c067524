use super::words::Word;
use super::*;
use crate::limit;
use crate::syntax::tree::{Tree, parse};
use std::collections::BTreeSet;

mod faults;
mod words;

/// A judge that says yes to the words of its list, about the command of a text.
struct Says<'t> {
    words: &'static [&'static str],
    tree: &'t Tree,
    text: &'t str,
}

impl Judge for Says<'_> {
    fn ask(&self, question: &Question) -> bool {
        fn any<W: Word>(says: &Says<'_>, words: &[W]) -> bool {
            words.iter().any(|w| W::ALL.iter().any(|(name, one)| one.bit() == w.bit() && says.has(name)))
        }
        match question {
            Question::SecondRun(words) => any(self, words),
            Question::Effect { change, resources } | Question::Blamed { change, resources } => {
                change.is_none_or(|change| any(self, &[change]))
                    && (resources.is_empty() || any(self, resources))
            }
            Question::FirstRun(words) => any(self, words),
            Question::Role(words) => any(self, words),
            Question::Does(words) => any(self, words),
            Question::Ecosystem(words) => any(self, words),
            Question::Asks(words) => any(self, words),
            Question::RunsAs(words) => any(self, words),
            Question::Place(words) => any(self, words),
            Question::OnFailure(words) => any(self, words),
            Question::HasFlag(flags) => flags.iter().any(|f| self.has(f)),
            Question::InstallsManifest => self.has("installs-manifest"),
            Question::Opaque => self.has("opaque"),
            Question::InAppTree => self.has("in-app-tree"),
            Question::InOthersTree => self.has("in-others-tree"),
            Question::OpensToAll => self.has("opens-to-all"),
            Question::Opened(words) => any(self, words),
            Question::RedirectsAsCaller => self.has("redirects-as-caller"),
            Question::OutOfReach => self.has("out-of-reach"),
            Question::UnitOutOfReach => self.has("unit-out-of-reach"),
            Question::ExposesSecret(words) => any(self, words),
            Question::NeededByApp => self.has("needed-by-app"),
            Question::GrantsRoot => self.has("grants-root"),
            Question::MadeElsewhere => self.has("made-elsewhere"),
            Question::EnvironmentFile => self.has("environment-file"),
            Question::LastingLine => self.has("lasting-line"),
            Question::BringsUnit => self.has("brings-unit"),
            Question::OverwritesProgram => self.has("overwrites-program"),
            Question::DrivesUnit(words) => any(self, words),
            Question::Unit(words) => any(self, words),
            Question::LeavesOldCode => self.has("leaves-old-code"),
            Question::UnreadSql => self.has("unread-sql"),
            Question::ForNeed => self.has("for-need"),
            Question::Guarded => self.has("guarded"),
            Question::WordMatches { word, pattern } => pattern.is_match(&self.text[word.clone()]),
            Question::Literal { word } => !self.text[word.clone()].contains('$'),
        }
    }

    fn node(&self) -> Option<(Node<'_>, &str)> {
        let end = self.text.trim_end().len() as u32;
        Some((self.tree.command_at(0..end)?, self.text))
    }
}

impl Says<'_> {
    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// The words of all lists to which it says yes.
    fn features(&self) -> Features {
        fn add<W: Word>(says: &Says<'_>, features: &mut Features) {
            W::ALL.iter().filter(|(name, _)| says.has(name)).for_each(|(_, word)| features.add(*word));
        }
        let mut features = Features::default();
        add::<SecondRun>(self, &mut features);
        add::<ChangeWord>(self, &mut features);
        add::<ResourceWord>(self, &mut features);
        add::<RoleWord>(self, &mut features);
        add::<EcosystemWord>(self, &mut features);
        add::<Asker>(self, &mut features);
        add::<RunsAs>(self, &mut features);
        add::<Place>(self, &mut features);
        add::<OnFailure>(self, &mut features);
        features
    }
}

/// The script that every query here is tried on.
const SOURCE: &str = "git push $x --force --force=a \"$(git pull --force)\"\n";

fn load(text: &str) -> Result<Queries, Vec<QueryError>> {
    Queries::load_beside([], [("house/rule.scm".to_owned(), text.to_owned())])
}

/// The texts of the words that the queries find in [`SOURCE`], or `-`.
#[track_caller]
fn found(text: &str, words: &'static [&'static str]) -> Vec<String> {
    let queries = match load(text) {
        Ok(queries) => queries,
        Err(errors) => panic!("{errors:?}"),
    };
    let tree = parse(SOURCE).unwrap();
    let says = Says { words, tree: &tree, text: SOURCE };
    let found = finding(&queries, "git", says.features()).flat_map(|(file, pattern)| {
        assert_eq!(&**file.rule(), "house/rule");
        pattern.matches(&says)
    });
    found.map(|word| word.map_or("-", |w| &SOURCE[w]).to_owned()).collect()
}

const BARE: &str = "((command) @finding (#set! command \"git\")";

/// The patterns that may find a fault in such a command.
fn finding<'q>(
    queries: &'q Queries,
    name: &str,
    features: Features,
) -> impl Iterator<Item = (&'q QueryFile, &'q Pattern)> {
    queries.finding_in(name, features).chain(queries.finding_in_any(features))
}

#[test]
fn a_bare_command_is_found_by_its_name() {
    let queries = load(&format!("{BARE})")).unwrap();
    assert_eq!(finding(&queries, "git", Features::default()).count(), 1);
    assert_eq!(finding(&queries, "mkdir", Features::default()).count(), 0);
    assert_eq!(found(&format!("{BARE})"), &[]), ["-"]);
    assert!(found("((command) @finding (#set! command \"mkdir\"))", &[]).is_empty());
}

#[test]
fn predicates_stand_in_the_group_or_in_the_node() {
    let inside = "(command name: (command_name) @_n (#set! command git hg) (#guarded? @finding)) @finding";
    assert_eq!(found(inside, &["guarded"]), ["-"]);
    assert!(found(inside, &[]).is_empty());
}

#[test]
fn each_predicate_asks_the_judge_and_has_a_negation() {
    let cases = [
        ("second-run", "\"fails\" \"prompts\"", &["prompts"][..]),
        ("first-run", "\"fails\" \"not-reached\"", &["not-reached"]),
        ("effect", "\"create\" \"path\"", &["create", "path"]),
        ("effect", "\"*\" \"path\"", &["path"]),
        ("effect", "append *", &["append"]),
        ("effect", "append path user", &["append", "user"]),
        ("blamed", "\"create\" \"mount\" \"swap\"", &["create", "swap"]),
        ("does", "\"migrate\"", &["migrate"]),
        ("ecosystem", "\"ruby\" \"node\"", &["node"]),
        ("asks", "\"script\"", &["script"]),
        ("installs-manifest", "", &["installs-manifest", "dependencies"]),
        ("opaque", "", &["opaque"]),
        ("out-of-reach", "", &["out-of-reach"]),
        ("unit-out-of-reach", "", &["unit-out-of-reach", "path"]),
        ("exposes-secret", "\"new\" \"opened\"", &["opened", "mode"]),
        ("needed-by-app", "", &["needed-by-app", "create"]),
        ("grants-root", "", &["grants-root", "write"]),
        ("made-elsewhere", "", &["made-elsewhere", "create"]),
        ("environment-file", "", &["environment-file"]),
        ("lasting-line", "", &["lasting-line"]),
        ("role", "\"build\" \"migrate\"", &["migrate"]),
        ("runs-as", "\"app\"", &["app"]),
        ("place", "\"remote\" \"container\"", &["remote"]),
        ("on-failure", "\"continues\"", &["continues"]),
        ("has-flag", "\"-y\" \"--yes\"", &["--yes"]),
        ("in-app-tree", "", &["in-app-tree"]),
        ("in-others-tree", "", &["in-others-tree"]),
        ("opens-to-all", "", &["opens-to-all", "mode"]),
        ("opened", "\"secrets\" \"passing\"", &["passing", "mode"]),
        ("redirects-as-caller", "", &["redirects-as-caller"]),
        ("brings-unit", "", &["brings-unit", "write"]),
        ("overwrites-program", "", &["overwrites-program", "write"]),
        ("drives-unit", "\"start\" \"enable\"", &["enable", "unit"]),
        ("leaves-old-code", "", &["leaves-old-code", "source"]),
        ("unread-sql", "", &["unread-sql"]),
        ("guarded", "", &["guarded"]),
    ];
    let asked: BTreeSet<&str> = cases.iter().map(|(name, ..)| *name).collect();
    let of_commands = vocabulary::PREDICATES.iter().filter(|p| p.about == vocabulary::About::Command);
    // `#for-need?` and `#unit?` need other predicates, so the pages of the rules that use them try them.
    let of_commands = of_commands.map(|p| p.name).filter(|name| !["for-need", "unit"].contains(name));
    assert_eq!(asked, of_commands.collect());
    for (name, arguments, yes) in cases {
        let positive = format!("{BARE} (#{name}? @finding {arguments}))");
        let negative = format!("{BARE} (#not-{name}? @finding {arguments}))");
        assert_eq!(found(&positive, yes).len(), 1, "{positive}");
        assert_eq!(found(&positive, &["other"]).len(), 0, "{positive}");
        assert_eq!(found(&negative, yes).len(), 0, "{negative}");
        assert_eq!(found(&negative, &["other"]).len(), 1, "{negative}");
    }
}

#[test]
fn an_argument_is_a_word_of_its_own() {
    let pattern = |kind: &str, predicate: &str| {
        format!("((command argument: ({kind}) @word) @finding (#set! command git) ({predicate}))")
    };
    let matches = "#word-matches? @word \"^--force$\"";
    assert_eq!(found(&pattern("word", matches), &[]), ["--force"]);
    let not = "#not-word-matches? @word \"^--force$\"";
    assert_eq!(found(&pattern("word", not), &[]), ["push", "--force=a"]);
    let literal = "#literal? @word";
    let all = ["push", "--force", "--force=a"];
    assert_eq!(found(&pattern("_", literal), &[]), all);
}

#[test]
fn a_deep_pattern_runs_on_the_command_alone() {
    // The command in the substitution has such arguments too, but it is another command.
    let pattern = "((command . name: (_) . argument: (word) @_first argument: (word) @word) @finding
        (#set! command \"git\")
        (#word-matches? @_first \"^push$\")
        (#word-matches? @word \"^--force\"))";
    assert_eq!(found(pattern, &[]), ["--force", "--force=a"]);
    let inner = "((command argument: (string (command_substitution (command) @word))) @finding
        (#set! command \"git\"))";
    assert_eq!(found(inner, &[]), ["git pull --force"]);
}

#[test]
fn each_pattern_of_a_file_points_at_a_word_once() {
    let text = "; a comment with (
        ((command argument: (simple_expansion) @word) @finding (#set! command git))
        ((command argument: [(simple_expansion) (string)] @word) @finding (#set! command git))
        ((command argument: (word) argument: (string) @word) @finding (#set! command git))";
    let string = "\"$(git pull --force)\"";
    assert_eq!(found(text, &[]), ["$x", "$x", string, string]);
}

#[test]
fn a_deep_query_ends_with_the_time_of_its_work() {
    let source = format!("git {}", "a ".repeat(20_000));
    let tree = parse(&source).unwrap();
    let says = Says { words: &[], tree: &tree, text: &source };
    let three = "argument: (word) @_a argument: (word) @_b argument: (word) @_c (#literal? @_a)";
    // The query finds nothing for a long time, or one word again and again.
    for last in ["argument: (string) @word", "argument: (word) @word"] {
        let text = format!("((command {three} {last}) @finding (#set! command git))");
        let queries = load(&text).unwrap();
        let (_, pattern) = finding(&queries, "git", Features::default()).next().unwrap();
        let started = std::time::Instant::now();
        let time = std::time::Duration::from_millis(40);
        let ended = limit::within(Some(time), || limit::piece(|| pattern.matches(&says).len()));
        assert!(matches!(ended, Err(limit::Failure::Late(_))), "{last}: {ended:?}");
        assert!(started.elapsed().as_secs() < 20, "{last}: {:?}", started.elapsed());
    }
}

#[test]
fn an_optional_capture_without_a_node_holds_of_nothing() {
    let text = |not: &str| {
        format!(
            "((command argument: (number)? @word argument: (string)) @finding
              (#set! command git) (#{not}literal? @word))"
        )
    };
    assert!(found(&text(""), &[]).is_empty());
    assert!(found(&text("not-"), &[]).is_empty());
}

#[test]
fn a_message_replaces_the_rules_own() {
    let text = format!("{BARE} (#set! message \"say \\\"please\\\" to {{command}}\"))");
    let queries = load(&text).unwrap();
    let (_, pattern) = finding(&queries, "git", Features::default()).next().unwrap();
    let message = pattern.message().unwrap();
    let text = Piece::Text("say \"please\" to ".to_owned());
    assert_eq!(message.pieces(), [text, Piece::Hole(Placeholder::Command)]);
}

#[test]
fn a_folder_of_a_users_own_rules_stands_beside_the_embedded() {
    let file = |path: &str, name: &str| {
        let text = format!("((command) @finding (#set! command \"{name}\"))");
        (path.to_owned(), text)
    };
    let embedded = [file("queries/rerun/a.scm", "git")];
    let own = [file("lint/house/b.scm", "git"), file("lint/house/c.scm", "npm")];
    let queries = Queries::load_beside(embedded, own).unwrap();
    assert_eq!(queries.rules().iter().map(|r| &**r).collect::<Vec<_>>(), ["house/b", "house/c", "rerun/a"]);
    let tree = parse(SOURCE).unwrap();
    let says = Says { words: &[], tree: &tree, text: SOURCE };
    let of_git = finding(&queries, "git", Features::default());
    let rules: Vec<(&str, usize)> =
        of_git.map(|(file, pattern)| (&**file.rule(), pattern.matches(&says).len())).collect();
    assert_eq!(rules, [("rerun/a", 1), ("house/b", 1)]);
}

#[test]
fn patterns_are_tried_where_a_command_has_what_they_need() {
    let text = "((command) @finding (#role? @finding build migrate) (#effect? @finding create path))
        ((command) @finding (#second-run? @finding fails) (#not-role? @finding build))";
    let queries = load(text).unwrap();
    let tried = |words: &'static [&'static str]| {
        let tree = parse(SOURCE).unwrap();
        finding(&queries, "git", Says { words, tree: &tree, text: SOURCE }.features()).count()
    };
    assert_eq!(tried(&[]), 0);
    assert_eq!(tried(&["read-only"]), 0);
    assert_eq!(tried(&["build", "create"]), 0);
    assert_eq!(tried(&["build", "create", "path"]), 1);
    assert_eq!(tried(&["migrate", "create", "path", "fails"]), 2);
}

#[test]
fn each_part_of_a_rule_is_known() {
    let text = "((command) @finding (#role? @finding migrate))
        ((command) @other (#installs-manifest? @other) (#after? @other @finding))
        ((command) @precedes (#role? @precedes dependencies) (#not-same-place? @finding @precedes))
        ((command) @follows (#set! command pip) (#before? @follows @other))";
    let queries = load(text).unwrap();
    let [file] = queries.files() else { panic!("one file was read") };
    for part in [Part::Finding, Part::Other, Part::Precedes, Part::Follows] {
        assert_eq!(file.of(part).count(), 1, "{part:?}");
    }
    assert!(!file.has(Part::Missing));
    let relations = |part: Part| file.of(part).flat_map(|p| p.relations()).cloned().collect::<Vec<_>>();
    let [place] = &relations(Part::Precedes)[..] else { panic!("one relation was read") };
    assert_eq!((place.relation, place.negated), (Relation::SamePlace, true));
    assert_eq!((place.first, place.second), (Part::Finding, Part::Precedes));
    // Only the command at fault is searched for in every script.
    let tree = parse(SOURCE).unwrap();
    let says = Says { words: &["dependencies"], tree: &tree, text: SOURCE };
    assert_eq!(finding(&queries, "pip", says.features()).count(), 0);
}

#[test]
fn the_readme_documents_the_whole_vocabulary() {
    let readme = include_str!("../../../queries/README.md");
    let (_, section) = readme.split_once("## Predicates\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let documented: Vec<&str> = section
        .lines()
        .filter_map(|l| l.strip_prefix("| `(#")?.split_once('?'))
        .map(|(name, _)| name)
        .collect();
    let known: Vec<&str> = vocabulary::PREDICATES.iter().map(|p| p.name).collect();
    assert_eq!(documented, known);

    /// The words in backticks in a predicate's row, without those in parentheses.
    fn words<W>(section: &str, predicate: &str, all: &[&[(&str, W)]]) {
        let row = section.lines().find(|l| l.starts_with(&format!("| `({predicate}"))).unwrap();
        let known: Vec<&str> = all.iter().flat_map(|a| a.iter().map(|(w, _)| *w)).collect();
        let (_, row) = row.split_once(")` |").unwrap();
        let written: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let written: Vec<&str> = written.into_iter().filter(|w| !w.contains('"')).collect();
        assert_eq!(written, known, "{predicate}");
    }
    words(section, "#second-run?", &[SecondRun::ALL]);
    words(section, "#first-run?", &[FirstRunWord::ALL]);
    words(section, "#role?", &[RoleWord::ALL]);
    words(section, "#does?", &[WorkWord::ALL]);
    words(section, "#ecosystem?", &[EcosystemWord::ALL]);
    words(section, "#asks?", &[Asker::ALL]);
    words(section, "#runs-as?", &[RunsAs::ALL]);
    words(section, "#place?", &[Place::ALL]);
    words(section, "#on-failure?", &[OnFailure::ALL]);
    words(section, "#needed?", &[Need::ALL]);
    words(section, "#drives-unit?", &[Drive::ALL]);
    words(section, "#unit?", &[UnitWord::ALL]);
    words(section, "#opened?", &[OpenedWord::ALL]);
    let named = |(w, _): &(&'static str, ChangeWord)| (*w, ());
    let changes: Vec<(&str, ())> = ChangeWord::ALL.iter().map(named).collect();
    let named = |(w, _): &(&'static str, ResourceWord)| (*w, ());
    let resources: Vec<(&str, ())> = ResourceWord::ALL.iter().map(named).collect();
    words(section, "#effect?", &[&changes, &resources]);

    let column = |title: &str| -> Vec<String> {
        let (_, section) = readme.split_once(title).unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let rows = section.lines().filter_map(|l| l.strip_prefix("| `")?.split_once('`'));
        rows.map(|(name, _)| name.to_owned()).collect()
    };
    let placeholders: Vec<String> = Placeholder::ALL.iter().map(|(word, _)| format!("{{{word}}}")).collect();
    assert_eq!(column("## Placeholders\n"), placeholders);
    let parts: Vec<String> = Part::ALL.iter().map(|part| format!("@{}", part.name())).collect();
    assert_eq!(column("## Captures\n")[..parts.len()], parts);
}

#[test]
fn the_readmes_examples_are_good() {
    let readme = include_str!("../../../queries/README.md");
    let examples: Vec<&str> =
        readme.split("```scheme\n").skip(1).filter_map(|e| Some(e.split_once("```")?.0)).collect();
    let [global_pip, forced_push] = examples[..] else { panic!("{examples:?}") };
    let as_root = &["dependencies", "python", "root"];
    assert_eq!(found(global_pip, as_root), ["-"]);
    assert!(found(global_pip, &["dependencies", "python", "root", "in-app-tree"]).is_empty());
    assert_eq!(found(forced_push, &[]), ["--force"]);
}
