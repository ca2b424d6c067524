//! The errors of wrong query files, and their places.

use super::{BARE, load};
use crate::syntax::query::{Message, Queries};

/// Checks that a query is refused with one error at a place.
#[track_caller]
fn refused(text: &str, line: u32, column: u32, reason: &str) {
    let errors = load(text).unwrap_err();
    let [error] = &errors[..] else {
        panic!("{errors:#?}");
    };
    assert!(error.reason.contains(reason), "{error}");
    assert_eq!((error.line, error.column), (line, column), "{error}");
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
        ("#set! counts surely", 9, "`counts` takes one word: \"perhaps\" or \"ever\""),
        ("#set! counts forever", 9, "`counts` takes one word: \"perhaps\" or \"ever\""),
        ("#set! counts", 9, "`counts` takes one word: \"perhaps\" or \"ever\""),
        ("#set! counts ever perhaps", 9, "`counts` takes one word: \"perhaps\" or \"ever\""),
        ("#set! counts ever) (#set! counts ever", 29, "`counts` is set twice"),
        ("#set! once script", 9, "`once` belongs to the pattern of `@finding`, not of `@follows`"),
        ("#needed? migrations", 3, "belongs to a pattern of `@missing`"),
    ] {
        refused(&with(&format!("((command) @follows (#set! command hg)\n ({clause}))")), 3, column, reason);
    }
    let missing = |clause: &str| format!("((command) @missing (#set! command git)\n ({clause}))");
    refused(&missing("#needed? @missing migrations"), 2, 12, "asks about the deploy, and takes no capture");
    refused(&missing("#needed? wings"), 2, 12, "unknown word \"wings\"; known are \"migrations\"");
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
        "unknown placeholder `{comand}`; known are {command}, {word}, ",
    );
    refused(&format!("{BARE}\n (#set! message \"{{other}}\"))"), 1, 1, "`{other}` needs another command");
}

#[test]
fn an_unknown_predicate_is_named() {
    refused(
        &format!("{BARE}\n  (#fails? @finding))"),
        2,
        4,
        "unknown predicate `#fails?`; queries/README.md lists all that are known",
    );
    refused(
        &format!("{BARE}\n  (#eq? @finding \"x\"))"),
        2,
        4,
        "`#eq?`; queries/README.md lists all that are known",
    );
    for (wrong, meant) in [
        ("#runs-as-? @finding root", "#runs-as?"),
        ("#efect? @finding create path", "#effect?"),
        ("#in-apps-tree? @finding", "#in-app-tree?"),
        ("#not-garded? @finding", "#not-guarded?"),
    ] {
        refused(
            &format!("{BARE}\n  ({wrong}))"),
            2,
            4,
            &format!("did you mean `{meant}`? queries/README.md"),
        );
    }
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
    refused(
        &format!("{BARE} (#set! once \"repo\"))"),
        1,
        50,
        "takes one word: \"script\", \"other\" or \"unit\"",
    );
    refused("((command) @finding (#set! command))", 1, 28, "one or more names");
    refused(
        &format!("{BARE} (#set! title \"x\"))"),
        1,
        50,
        "unknown key `title`; known are `command`, `message`",
    );
    refused(&format!("{BARE} (#set! severity \"high\"))"), 1, 59, "\"error\", \"warning\" or \"info\"");
    refused(&format!("{BARE} (#set! confidence \"error\"))"), 1, 61, "\"high\", \"medium\" or \"low\"");
    refused(&format!("{BARE} (#set! severity))"), 1, 50, "`severity` takes one word");
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
        (
            "#second-run? @finding \"fails\" \"crashes\"",
            34,
            "unknown word \"crashes\"; known are \"fails\", ",
        ),
        ("#second-run? @finding @finding", 26, "takes one capture"),
        (
            "#effect? @finding \"create\"",
            4,
            "takes a change and one or more kinds after its capture, found 1",
        ),
        ("#effect? @finding \"create\" \"paths\"", 31, "unknown word \"paths\"; did you mean \"path\"?"),
        ("#effect? @finding \"make\" \"*\"", 22, "unknown word \"make\""),
        ("#has-flag? @finding \"yes\"", 24, "is not a flag"),
        ("#has-flag? @finding \"--yes=1\"", 24, "is not a flag"),
        ("#literal? @finding", 14, "`@word`"),
        ("#literal? @word", 14, "captures no `@word`"),
        ("#word-matches? @_x", 4, "takes one text"),
        ("#guarded? @finding (x)", 23, "captures and texts only"),
    ] {
        let text = format!("((command argument: (_) @_x) @finding (#set! command \"git\")\n  ({clause}))");
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
    // The plain shape is checked without compiling a query.
    refused(&deep("argument: (wrod)"), 3, 14, "no node `wrod`");
}

#[test]
fn all_faults_are_reported() {
    let files = [
        ("house/a.scm", "((command) @find)\n((command) @finding)"),
        ("b.txt", ""),
        ("house/c.scm", "((command) @finding)"),
    ];
    let errors = Queries::load_beside([], files.map(|(p, t)| (p.to_owned(), t.to_owned()))).unwrap_err();
    let places: Vec<String> = errors.iter().map(|e| e.to_string()).collect();
    assert_eq!(places.len(), 5, "{places:#?}");
    assert!(places[3].starts_with("b.txt:1:1: the path must end with `<family>/<name>.scm`"));
    assert!(places[4].starts_with("house/c.scm:1:1: "));
}

#[test]
fn brackets_may_not_nest_without_end() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("((command\n {open}(word){close}) @finding (#set! command git))")
    };
    // Two brackets are around them, and one is inside.
    assert!(load(&nested(61)).is_ok());
    refused(&nested(62), 2, 64, "brackets may nest 64 deep");
    refused(&nested(200_000), 2, 64, "brackets may nest 64 deep");
    refused(&format!("{BARE} {}", "(".repeat(100_000)), 1, 106, "brackets may nest 64 deep");
}

#[test]
fn a_capture_is_of_one_word() {
    let text = |inner: &str| format!("((command {inner}) @finding (#set! command git)\n (#literal? @word))");
    for (inner, column, sign) in [
        ("argument: (word)+ @word", 29, "+"),
        ("argument: (word)* @word", 29, "*"),
        ("argument: (word) @word +", 28, "+"),
        ("(argument: (word) @word)+", 0, "+"),
        ("[(word) @word (string)]*", 19, "*"),
        ("((word) . (string (expansion) @word))+", 0, "+"),
    ] {
        let column = if column == 0 { 11 + inner.find('@').unwrap() as u32 } else { column };
        refused(&text(inner), 1, column, &format!("`@word` captures what `{sign}` repeats"));
    }
    assert!(load(&text("argument: (string)+ argument: (word) @word")).is_ok());
    assert!(load(&text("argument: (word)? @word argument: (string)*")).is_ok());
    let command = |name: &str| format!("((command) @finding @{name} (#set! command git))");
    refused(&command("word"), 1, 21, "`@word` captures the command, and must capture a word of it");
    refused(&command("_x"), 1, 21, "`@_x` captures the command");
}

#[test]
fn a_message_speaks_of_what_its_own_pattern_captures() {
    let with_word = "((command argument: (word) @word) @finding (#set! command git))";
    refused(
        &format!("{with_word}\n{BARE} (#set! message \"{{word}}\"))"),
        2,
        1,
        "`{word}` needs a word: the pattern captures no `@word`",
    );
    let both = load(&format!("{with_word}\n{BARE})")).unwrap();
    let one = load(with_word).unwrap();
    let message = Message::parse("{word}").unwrap();
    assert!(one.files()[0].message_fault(&message).is_none());
    assert!(both.files()[0].message_fault(&message).is_some());
    // A pattern with a message of its own replaces the page's message, but keeps its help.
    let own = load(&format!("{with_word}\n{BARE} (#set! message \"no\"))")).unwrap();
    assert!(own.files()[0].message_fault(&message).is_none());
    assert!(own.files()[0].help_fault(&message).is_some());
}

#[test]
fn once_is_said_where_it_means_something() {
    refused(
        &format!("{BARE}\n (#set! once \"other\"))"),
        2,
        9,
        "`once` \"other\" needs a pattern of `@other`",
    );
    refused(&format!("{BARE}\n (#unit? @finding started))"), 1, 1, "asks about the unit of `#brings-unit?`");
    refused(&format!("{BARE}\n (#set! once script)\n (#set! once script))"), 3, 9, "`once` is set twice");
    let missing = "((command) @missing (#set! command git)\n (#set! once script))";
    refused(missing, 2, 9, "`once` belongs to the pattern of `@finding`, not of `@missing`");
}

#[test]
fn counts_is_said_of_excuses() {
    refused(
        &format!("{BARE}\n (#set! counts ever))"),
        2,
        9,
        "`counts` belongs to the pattern of `@follows` or `@precedes`, not of `@finding`",
    );
    let other = "((command) @other (#set! command hg)\n (#set! counts ever))";
    refused(
        &format!("{BARE})\n{other}"),
        3,
        9,
        "`counts` belongs to the pattern of `@follows` or `@precedes`, not of `@other`",
    );
}
