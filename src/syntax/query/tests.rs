use super::words::Word;
use super::*;
use crate::syntax::tree::{Tree, parse};

/// Says yes to what its list names, about the command of a text.
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
            Question::RedirectsAsCaller => self.has("redirects-as-caller"),
            Question::EnvironmentFile => self.has("environment-file"),
            Question::LastingLine => self.has("lasting-line"),
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

    /// The words of all lists that it says.
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

/// The script that every selector here is tried on.
const SOURCE: &str = "git push $x --force --force=a \"$(git pull --force)\"\n";

fn load(text: &str) -> Result<Selectors, Vec<SelectorError>> {
    Selectors::load_beside([], [("house/rule.scm".to_owned(), text.to_owned())])
}

/// What the queries find in [`SOURCE`]: the texts of their words, or `-`.
#[track_caller]
fn found(text: &str, words: &'static [&'static str]) -> Vec<String> {
    let selectors = match load(text) {
        Ok(selectors) => selectors,
        Err(errors) => panic!("{errors:?}"),
    };
    let tree = parse(SOURCE).unwrap();
    let says = Says { words, tree: &tree, text: SOURCE };
    let found = selectors.finding("git", says.features()).flat_map(|(file, pattern)| {
        assert_eq!(&**file.rule(), "house/rule");
        pattern.matches(&says)
    });
    found.map(|word| word.map_or("-", |w| &SOURCE[w]).to_owned()).collect()
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
    assert_eq!(selectors.finding("git", Features::default()).count(), 1);
    assert_eq!(selectors.finding("mkdir", Features::default()).count(), 0);
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
        ("effect", "append path user", &["append", "user"]),
        ("blamed", "\"create\" \"mount\" \"swap\"", &["create", "swap"]),
        ("does", "\"migrate\"", &["migrate"]),
        ("ecosystem", "\"ruby\" \"node\"", &["node"]),
        ("asks", "\"script\"", &["script"]),
        ("installs-manifest", "", &["installs-manifest", "dependencies"]),
        ("opaque", "", &["opaque"]),
        ("environment-file", "", &["environment-file"]),
        ("lasting-line", "", &["lasting-line"]),
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
    let selectors = load(&text).unwrap();
    let (_, pattern) = selectors.finding("git", Features::default()).next().unwrap();
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
    let selectors = Selectors::load_beside(embedded, own).unwrap();
    assert_eq!(selectors.rules().iter().map(|r| &**r).collect::<Vec<_>>(), ["house/b", "house/c", "rerun/a"]);
    let of_git = selectors.finding("git", Features::default());
    let rules: Vec<&str> = of_git.map(|(file, _)| &**file.rule()).collect();
    assert_eq!(rules, ["rerun/a", "house/b"]);
}

#[test]
fn patterns_are_tried_where_a_command_has_what_they_need() {
    let text = "((command) @finding (#role? @finding build migrate) (#effect? @finding create path))
        ((command) @finding (#second-run? @finding fails) (#not-role? @finding build))";
    let selectors = load(text).unwrap();
    let tried = |words: &'static [&'static str]| {
        let tree = parse(SOURCE).unwrap();
        selectors.finding("git", Says { words, tree: &tree, text: SOURCE }.features()).count()
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
    let selectors = load(text).unwrap();
    let [file] = selectors.files() else { panic!("one file was read") };
    for part in [Part::Finding, Part::Other, Part::Precedes, Part::Follows] {
        assert_eq!(file.of(part).count(), 1, "{part:?}");
    }
    assert!(!file.has(Part::Missing));
    let relations = |part: Part| file.of(part).flat_map(|p| p.relations()).cloned().collect::<Vec<_>>();
    let [place] = &relations(Part::Precedes)[..] else { panic!("one relation was read") };
    assert_eq!((place.relation, place.negated), (Relation::SamePlace, true));
    assert_eq!((place.first, place.second), (Part::Finding, Part::Precedes));
    // Only what is at fault is looked for in every script.
    let tree = parse(SOURCE).unwrap();
    let says = Says { words: &["dependencies"], tree: &tree, text: SOURCE };
    assert_eq!(selectors.finding("pip", says.features()).count(), 0);
}

#[test]
fn a_part_that_does_not_go_with_the_others_is_refused() {
    let with = |second: &str| format!("((command) @finding (#set! command git))\n{second}");
    refused("((command) @follows (#set! command git))", 1, 1, "`@follows` speaks of the command at fault");
    refused("((command) @other (#set! command git))", 1, 1, "the file needs a pattern with `@finding`");
    refused(
        &with("((command) @missing (#set! command hg))"),
        2,
        1,
        "`@missing` and `@finding` exclude each other",
    );
    refused(
        &with("((command) @precedes (#set! command hg)\n (#after? @precedes @other))"),
        3,
        3,
        "no pattern of the file captures `@other`",
    );
    refused(
        &with("((command) @follows @finding (#set! command hg))"),
        2,
        1,
        "captured once as `@finding`, `@follows`",
    );
    for (clause, column, reason) in [
        ("#guarded? @finding", 13, "asks about `@follows`, not `@finding`"),
        ("#covers? @follows", 3, "takes two captures: `@follows` and the one"),
        ("#covers? @follows @finding \"x\"", 3, "takes nothing after its captures, found 1"),
        ("#covers? @finding @finding", 12, "must be `@follows`, which this pattern captures"),
        ("#covers? @follows @precedes", 21, "compared with `@finding` or `@other`, not `@precedes`"),
        ("#covers? @follows @word", 21, "relates commands, and `@word` is none"),
        ("#set! message \"x\"", 9, "`message` belongs to the pattern of `@finding` or `@missing`"),
        ("#set! once script", 9, "`once` belongs to the pattern"),
        ("#needed? migrations", 3, "belongs to a pattern of `@missing`"),
    ] {
        refused(&with(&format!("((command) @follows (#set! command hg)\n ({clause}))")), 3, column, reason);
    }
    let missing = |clause: &str| format!("((command) @missing (#set! command git)\n ({clause}))");
    refused(&missing("#needed? @missing migrations"), 2, 12, "asks about the deploy, and takes no capture");
    refused(&missing("#needed? wings"), 2, 12, "unknown word \"wings\"; known are migrations");
    refused(&missing("#needed?"), 2, 3, "takes one text, found 0");
    refused(
        &missing("#for-need? @missing"),
        1,
        1,
        "asks about what `#needed?` names, and the pattern has none",
    );
    refused(&missing("#after? @missing @finding"), 2, 3, "relates two commands");
    refused(&missing("#set! message \"{command}\""), 1, 1, "`{command}` needs a command that is at fault");
    refused(&format!("{BARE}\n (#covers? @finding @finding))"), 2, 3, "belongs to a pattern of `@follows`");
    refused(
        &format!("{BARE}\n (#set! message \"{{comand}}\"))"),
        2,
        17,
        "unknown placeholder `{comand}`; known are {command}",
    );
    refused(&format!("{BARE}\n (#set! message \"{{other}}\"))"), 1, 1, "`{other}` needs another command");
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
        "unknown capture `@name`; known are `@finding`, `@follows`, `@precedes`, `@other`, `@missing`, `@word`",
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
    refused("((command) @finding (#runs-as? @finding root))", 1, 1, "or a predicate such as `#role?`");
    refused("((command) @finding (#not-role? @finding build))", 1, 1, "on which commands it is tried");
    refused(&format!("{BARE} (#set! once \"repo\"))"), 1, 50, "takes one word: \"script\" or \"other\"");
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
        (
            "#effect? @finding \"create\"",
            4,
            "takes a change and one or more kinds after its capture, found 1",
        ),
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
    let files = [
        ("house/a.scm", "((command) @find)\n((command) @finding)"),
        ("b.txt", ""),
        ("house/c.scm", "((command) @finding)"),
    ];
    let errors = Selectors::load_beside([], files.map(|(p, t)| (p.to_owned(), t.to_owned()))).unwrap_err();
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
        let row = section.lines().find(|l| l.starts_with(&format!("| `({predicate}"))).unwrap();
        let known: Vec<&str> = all.iter().flat_map(|a| a.iter().map(|(w, _)| *w)).collect();
        let (_, row) = row.split_once(")` |").unwrap();
        let written: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let written: Vec<&str> = written.into_iter().filter(|w| !w.contains('"')).collect();
        assert_eq!(written, known, "{predicate}");
    }
    words(section, "#second-run?", &[SecondRun::ALL]);
    words(section, "#role?", &[RoleWord::ALL]);
    words(section, "#does?", &[WorkWord::ALL]);
    words(section, "#ecosystem?", &[EcosystemWord::ALL]);
    words(section, "#asks?", &[Asker::ALL]);
    words(section, "#runs-as?", &[RunsAs::ALL]);
    words(section, "#place?", &[Place::ALL]);
    words(section, "#on-failure?", &[OnFailure::ALL]);
    words(section, "#needed?", &[Need::ALL]);
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
    assert_eq!(examples.len(), 1);
    for example in &examples {
        assert!(load(example).is_ok(), "{example}");
    }
}
