use super::*;
use crate::syntax::tree::parse;

/// Says yes to what its list names.
struct Says(&'static [&'static str]);

impl Judge for Says {
    fn ask(&self, command: CommandId, question: &Question) -> bool {
        assert_eq!(command, CommandId(7));
        let has = |word: &str| self.0.contains(&word);
        match question {
            Question::SecondRun(words) => words.iter().any(|w| has(w.word())),
            Question::Effect { change, resource } => {
                change.is_none_or(|c| has(c.word())) && resource.is_none_or(|r| has(r.word()))
            }
            Question::Role(words) => words.iter().any(|w| has(w.word())),
            Question::RunsAs(words) => words.iter().any(|w| has(w.word())),
            Question::Place(words) => words.iter().any(|w| has(w.word())),
            Question::OnFailure(words) => words.iter().any(|w| has(w.word())),
            Question::HasFlag(flags) => flags.iter().any(|f| has(f)),
            Question::InAppTree => has("in-app-tree"),
            Question::Guarded => has("guarded"),
            Question::WordMatches { word, pattern } => pattern.is_match(&SOURCE[word.clone()]),
            Question::Literal { word } => !SOURCE[word.clone()].contains('$'),
        }
    }
}

/// The script that every selector here is tried on.
const SOURCE: &str = "git push $x --force --force=a \"$(git pull --force)\"\n";

fn load(text: &str) -> Result<Selectors, Vec<SelectorError>> {
    Selectors::load([("house/rule.scm".to_owned(), text.to_owned())])
}

/// What the selectors find in [`SOURCE`]: the texts of their words, or `-`.
#[track_caller]
fn found(text: &str, says: &'static [&'static str]) -> Vec<String> {
    let selectors = match load(text) {
        Ok(selectors) => selectors,
        Err(errors) => panic!("{errors:?}"),
    };
    let tree = parse(SOURCE).unwrap();
    let end = SOURCE.len() as u32 - 1;
    let node = tree.command_at(0..end).unwrap();
    let mut matches = Vec::new();
    selectors.run("git", node, SOURCE, CommandId(7), &Says(says), &mut matches);
    for found in &matches {
        assert_eq!(&*found.rule, "house/rule");
        assert_eq!(found.finding, 0..SOURCE.len() - 1);
    }
    let word = |m: &Match| m.word.clone().map_or("-", |w| &SOURCE[w]).to_owned();
    matches.iter().map(word).collect()
}

/// Checks that a selector is refused with one error at a place.
#[track_caller]
fn refused(text: &str, line: u32, column: u32, reason: &str) {
    let errors = load(text).unwrap_err();
    let [error] = &errors[..] else {
        panic!("{errors:#?}");
    };
    assert!(error.reason.contains(reason), "{error}");
    assert_eq!((error.line, error.column), (line, column), "{error}");
}

const BARE: &str = "((command) @finding (#set! command \"git\")";

#[test]
fn a_bare_command_is_found_by_its_name() {
    let selectors = load(&format!("{BARE})")).unwrap();
    assert!(selectors.for_command("git"));
    assert!(!selectors.for_command("mkdir"));
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
    for (name, arguments, yes) in [
        ("second-run", "\"fails\" \"prompts\"", &["prompts"][..]),
        ("effect", "\"create\" \"path\"", &["create", "path"]),
        ("effect", "\"*\" \"path\"", &["path"]),
        ("effect", "append *", &["append"]),
        ("role", "\"build\" \"migrate\"", &["migrate"]),
        ("runs-as", "\"app\"", &["app"]),
        ("place", "\"remote\" \"container\"", &["remote"]),
        ("on-failure", "\"continues\"", &["continues"]),
        ("has-flag", "\"-y\" \"--yes\"", &["--yes"]),
        ("in-app-tree", "", &["in-app-tree"]),
        ("guarded", "", &["guarded"]),
    ] {
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
    // The command in the substitution has such arguments too, and is another command.
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
fn several_patterns_of_a_file_find_a_word_once() {
    let text = "; a comment with (
        ((command argument: (simple_expansion) @word) @finding (#set! command git))
        ((command argument: [(simple_expansion) (string)] @word) @finding (#set! command git))";
    assert_eq!(found(text, &[]), ["$x", "\"$(git pull --force)\""]);
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
    let text = format!("{BARE} (#set! message \"say \\\"please\\\"\"))");
    let selectors = load(&text).unwrap();
    let tree = parse("git x").unwrap();
    let mut matches = Vec::new();
    let node = tree.command_at(0..5).unwrap();
    selectors.run("git", node, "git x", CommandId(7), &Says(&[]), &mut matches);
    assert_eq!(matches[0].message.as_deref(), Some("say \"please\""));
}

#[test]
fn a_folder_of_a_users_own_rules_stands_beside_the_embedded() {
    let file = |path: &str, name: &str| {
        let text = format!("((command) @finding (#set! command \"{name}\"))");
        (path.to_owned(), text)
    };
    let embedded = [file("queries/rerun/a.scm", "git")];
    let own = [file("lint/house/b.scm", "git"), file("lint/house/c.scm", "npm")];
    let selectors = Selectors::load_beside(embedded, own).unwrap();
    assert_eq!(selectors.rules().iter().map(|r| &**r).collect::<Vec<_>>(), ["house/b", "house/c", "rerun/a"]);
    let tree = parse("git x").unwrap();
    let mut matches = Vec::new();
    let node = tree.command_at(0..5).unwrap();
    selectors.run("git", node, "git x", CommandId(7), &Says(&[]), &mut matches);
    let rules: Vec<&str> = matches.iter().map(|m| &*m.rule).collect();
    assert_eq!(rules, ["house/b", "rerun/a"]);
}

#[test]
fn names_with_the_same_patterns_share_a_query() {
    let text = "((command argument: (word) . argument: (word) @word) @finding (#set! command a b c))
        ((command argument: (string (expansion) @word)) @finding (#set! command c))";
    assert_eq!(load(text).unwrap().groups.len(), 2);
}

#[test]
fn an_unknown_predicate_is_named() {
    refused(
        &format!("{BARE}\n  (#fails? @finding))"),
        2,
        4,
        "unknown predicate `#fails?`; known are #second-run?",
    );
    refused(&format!("{BARE}\n  (#eq? @finding \"x\"))"), 2, 4, "`#eq?`");
    refused(&format!("{BARE}\n  (#guarded @finding))"), 2, 4, "`#guarded`");
    refused(&format!("{BARE}\n  (#not-not-guarded? @finding))"), 2, 4, "unknown");
    refused(&format!("{BARE}\n  (guarded? @finding))"), 2, 3, "one `(command …)` node");
}

#[test]
fn an_unknown_capture_is_named() {
    refused(
        "((command name: (command_name) @name) @finding (#set! command \"git\"))",
        1,
        32,
        "unknown capture `@name`; known are `@finding`, `@word`",
    );
    refused("((command) (#set! command \"git\"))", 1, 1, "captured once as `@finding`");
    refused(
        "((command argument: (word) @finding) @finding (#set! command \"git\"))",
        1,
        28,
        "the command node itself",
    );
}

#[test]
fn keys_are_checked() {
    refused("\n((command) @finding)", 2, 1, "(#set! command \"mkdir\")");
    refused("((command) @finding (#set! command))", 1, 28, "one or more names");
    refused(&format!("{BARE} (#set! severity \"high\"))"), 1, 50, "unknown key `severity`");
    refused(&format!("{BARE} (#set! message))"), 1, 50, "takes one text");
    refused(&format!("{BARE} (#set! message \"a\" \"b\"))"), 1, 50, "takes one text");
    refused(&format!("{BARE} (#set! command \"hg\"))"), 1, 50, "set twice");
    refused(&format!("{BARE} (#set! message @finding))"), 1, 58, "takes texts");
    refused(&format!("{BARE} (#set!))"), 1, 44, "a key and its value");
}

#[test]
fn arguments_are_checked() {
    for (clause, column, reason) in [
        ("#guarded?", 4, "asks about `@finding`"),
        ("#guarded? \"x\"", 14, "which must come first"),
        ("#guarded? @finding \"x\"", 4, "takes nothing after its capture, found 1"),
        ("#guarded? @_x", 14, "asks about `@finding`, not `@_x`"),
        ("#second-run? @finding", 4, "takes one or more words"),
        ("#second-run? @finding \"fails\" \"crashes\"", 34, "unknown word \"crashes\"; known are fails, "),
        ("#second-run? @finding @finding", 26, "takes one capture"),
        ("#effect? @finding \"create\"", 4, "takes two words after its capture, found 1"),
        ("#effect? @finding \"create\" \"paths\"", 31, "unknown word \"paths\""),
        ("#effect? @finding \"make\" \"*\"", 22, "unknown word \"make\""),
        ("#has-flag? @finding \"yes\"", 24, "is not a flag"),
        ("#has-flag? @finding \"--yes=1\"", 24, "is not a flag"),
        ("#literal? @finding", 14, "`@word`"),
        ("#literal? @word", 14, "captures no `@word`"),
        ("#word-matches? @_x", 4, "takes one text"),
        ("#guarded? @finding (x)", 23, "captures and texts only"),
    ] {
        let text = format!("((command) @finding @_x (#set! command \"git\")\n  ({clause}))");
        refused(&text, 2, column, reason);
    }
    refused(
        "((command argument: (_) @word) @finding (#set! command \"git\")\n (#word-matches? @word \"a(\"))",
        2,
        24,
        "unclosed group",
    );
}

#[test]
fn faults_of_syntax_have_their_place() {
    refused(&format!("{BARE})\n\n((command) @finding"), 3, 1, "`(` is never closed");
    refused(&format!("{BARE})\n\n  )"), 3, 3, "has no opening bracket");
    refused(&format!("{BARE}\n\n (#has-flag? @finding \"-y))"), 3, 23, "does not end on its line");
    refused(&format!("{BARE})\n\n\"é\" {BARE})"), 3, 1, "must begin with `(`");
    refused("(program) @finding", 1, 2, "one `(command …)` node");
    refused("((command) @finding . (comment) (#set! command \"git\"))", 1, 21, "one `(command …)` node");
    refused("((command] @finding)", 1, 1, "never closed");
    refused("; nothing\n", 1, 1, "no pattern");
}

#[test]
fn faults_that_tree_sitter_finds_have_their_place_in_the_file() {
    let deep = |inner: &str| format!("{BARE})\n((command (#set! command \"gît\")\n  {inner}) @finding)");
    refused(&deep("argument: (word) argument: (wrod)"), 3, 31, "no node `wrod`");
    refused(&deep("arguments: (word)"), 3, 3, "no field `arguments`");
    refused(&deep("(if_statement)"), 3, 3, "no command of the grammar");
    refused(&deep("argument: (word) ? ? (("), 2, 1, "never closed");
    refused(&deep("argument: (word) ~"), 3, 20, "syntax is wrong");
    // The plain shape is checked without a query.
    refused(&deep("argument: (wrod)"), 3, 14, "no node `wrod`");
}

#[test]
fn all_faults_are_reported() {
    let files =
        [("house/a.scm", "((command) @find)"), ("b.txt", ""), ("house/c.scm", "((command) @finding)")];
    let errors = Selectors::load(files.map(|(p, t)| (p.to_owned(), t.to_owned()))).unwrap_err();
    let places: Vec<String> = errors.iter().map(|e| e.to_string()).collect();
    assert_eq!(places.len(), 5, "{places:#?}");
    assert!(places[3].starts_with("b.txt:1:1: the path must end with `<family>/<name>.scm`"));
    assert!(places[4].starts_with("house/c.scm:1:1: "));
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

    /// The words in backticks of a predicate's row that are in no parentheses.
    fn words<W>(section: &str, predicate: &str, all: &[&[(&str, W)]]) {
        let row = section.lines().find(|l| l.contains(predicate)).unwrap();
        let known: Vec<&str> = all.iter().flat_map(|a| a.iter().map(|(w, _)| *w)).collect();
        let (_, row) = row.split_once(")` |").unwrap();
        let written: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let written: Vec<&str> = written.into_iter().filter(|w| !w.contains('"')).collect();
        assert_eq!(written, known, "{predicate}");
    }
    words(section, "#second-run?", &[SecondRun::ALL]);
    words(section, "#role?", &[RoleWord::ALL]);
    words(section, "#runs-as?", &[RunsAs::ALL]);
    words(section, "#place?", &[Place::ALL]);
    words(section, "#on-failure?", &[OnFailure::ALL]);
    let named = |(w, _): &(&'static str, ChangeWord)| (*w, ());
    let changes: Vec<(&str, ())> = ChangeWord::ALL.iter().map(named).collect();
    let named = |(w, _): &(&'static str, vocabulary::ResourceWord)| (*w, ());
    let resources: Vec<(&str, ())> = vocabulary::ResourceWord::ALL.iter().map(named).collect();
    words(section, "#effect?", &[&changes, &resources]);
}

#[test]
fn the_readmes_examples_are_good() {
    let readme = include_str!("../../../queries/README.md");
    let examples: Vec<&str> =
        readme.split("```scheme\n").skip(1).filter_map(|e| Some(e.split_once("```")?.0)).collect();
    assert_eq!(examples.len(), 2);
    for example in &examples {
        assert!(load(example).is_ok(), "{example}");
    }
    assert_eq!(found(examples[1], &[]), ["--force"]);
}
