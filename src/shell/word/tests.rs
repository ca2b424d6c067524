//! How words are read. The parts are shown like this: `lit` is plain text, `'lit'` quoted text, `$X` a parameter, `$X:-(…)`
//! one with its operand, `$X!` one whose result is not worked out, `<…>` what is not looked into, `*` a glob, `~` a home.

use crate::shell::ast::{Operation, Part};
use crate::shell::word::{Inner, Lexer};
use bumpalo::Bump;

fn show(parts: &[Part<'_>]) -> String {
    let one = |part: &Part<'_>| match part {
        Part::Literal { text, quoted: false } => (*text).to_owned(),
        Part::Literal { text, quoted: true } => format!("'{text}'"),
        Part::Parameter { name, operation, quoted } => {
            let operation = match operation {
                Operation::Plain => String::new(),
                Operation::Default(word) => format!(":-({})", show(word)),
                Operation::Assign(word) => format!(":=({})", show(word)),
                Operation::Alternative(word) => format!(":+({})", show(word)),
                Operation::Required => ":?".to_owned(),
                Operation::RemovePrefix { pattern, longest } => {
                    format!("{}({pattern})", if *longest { "##" } else { "#" })
                }
                Operation::RemoveSuffix { pattern, longest } => {
                    format!("{}({pattern})", if *longest { "%%" } else { "%" })
                }
                Operation::All => "[@]".to_owned(),
                Operation::Other => "!".to_owned(),
            };
            let quote = if *quoted { "'" } else { "" };
            format!("{quote}${name}{operation}{quote}")
        }
        Part::Substitution { text, .. } | Part::Opaque { text, .. } => format!("<{text}>"),
        Part::Process { .. } => "<()>".to_owned(),
        Part::Glob(c) => c.to_string(),
        Part::Tilde(user) => format!("~{user}"),
    };
    parts.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> String {
    let arena = Bump::new();
    let lexer = Lexer { arena: &arena, text, inner: &[] };
    lexer.words(0..text.len()).into_iter().map(show).collect::<Vec<_>>().join(" | ")
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(words(text), *expected, "{text}");
    }
}

#[test]
fn quotes_and_escapes() {
    check(&[
        ("plain", "plain"),
        ("'a $b *'", "'a $b *'"),
        ("\"a $b *\"", "'a ' '$b' ' *'"),
        ("\"\"", "''"),
        (r"a\ b", "a ' ' b"),
        (r#""a\"b\n\$c""#, r#"'a' '"' 'b\n' '$' 'c'"#),
        ("\"a\\\nb\"", "'a' 'b'"),
        (r#"a'b'"c"d"#, "a 'b' 'c' d"),
        (r#""it's""#, "'it's'"),
        (r"$", "$"),
        ("größe", "größe"),
        (r"\ü", "'ü'"),
        // A quote without an end goes to the end of the text.
        ("'a", "'a'"),
        ("\"a", "'a'"),
    ]);
}

#[test]
fn ansi_c_strings() {
    check(&[
        (r"$'a\tb\n'", "'a\tb\n'"),
        (r"$'\x41\u00e9\101\e'", "'Aé\u{41}\u{1b}'"),
        (r"$'it\'s \\ \q'", r"'it's \ \q'"),
        (r"a$'b'c", "a 'b' c"),
        // Inside double quotes, `$` is only a dollar.
        (r#""$'a'""#, "'$'a''"),
        (r#"$"hello $x""#, "'hello ' '$x'"),
    ]);
}

#[test]
fn parameters() {
    check(&[
        ("$a/$b.c", "$a / $b .c"),
        ("$1$#$?", "$1 $# $?"),
        ("\"$@\"", "'$@'"),
        ("${a}b", "$a b"),
        ("${a[@]}", "$a[@]"),
        ("${X:-d}", "$X:-(d)"),
        ("${X-/srv/$Y}", "$X:-(/srv/ $Y)"),
        ("${X:=\"a b\"}", "$X:=('a b')"),
        ("${X:+--flag}", "$X:+(--flag)"),
        ("${X:?is missing}", "$X:?"),
        ("${X##*/}", "$X##(*/)"),
        ("${X%.git}", "$X%(.git)"),
        ("${X//a/b}", "$X!"),
        ("${a:-${b:-c}}d", "$a:-($b:-(c)) d"),
        ("${a:-'}'}", "$a:-('}')"),
        ("\"${a:-x}\"", "'$a:-('x')'"),
        ("${#a}", "<${#a}>"),
        ("${!a}", "<${!a}>"),
    ]);
    // Without a closing brace it extends to the end. If it is nested deeper than anyone writes, it is not looked into.
    check(&[("${a:-b", "$a:-(b)"), ("${a:-÷", "$a:-(÷)"), ("${a÷", "$a!")]);
    assert!(words(&["${a:-".repeat(60), "x".to_owned(), "}".repeat(60)].concat()).contains('<'));
}

#[test]
fn substitutions_are_known_by_their_place() {
    let arena = Bump::new();
    let text = "a$(b)c`d`\"$(e)\"<(f)$((1+2))";
    let inner = [1..5, 6..9, 10..14, 15..19].map(|range| Inner { range, body: &[] });
    let lexer = Lexer { arena: &arena, text, inner: &inner };
    assert_eq!(show(lexer.parts(0..text.len())), "a <$(b)> c <`d`> <$(e)> <()> <$((1+2))>");
}

#[test]
fn globs_and_tildes() {
    check(&[
        ("*.log", "* .log"),
        ("a?[0-9]", "a ? [ 0-9]"),
        ("'*'", "'*'"),
        (r"\*", "'*'"),
        ("~", "~"),
        ("~app/x", "~app /x"),
        ("a~b", "a~b"),
        ("'~'", "'~'"),
    ]);
}

#[test]
fn braces() {
    check(&[
        ("a{b,c}d", "a b d | a c d"),
        ("{1..3}", "1 | 2 | 3"),
        ("{3..1}", "3 | 2 | 1"),
        ("x{a..c}", "x a | x b | x c"),
        ("{a,b{c,d}}", "a | b c | b d"),
        ("{a,b}{c,d}", "a c | a d | b c | b d"),
        ("/srv/{,old}", "/srv/ | /srv/ old"),
        ("{$a,\"b c\"}", "$a | 'b c'"),
        // None of these is expanded.
        ("{a}", "{a}"),
        ("{}", "{}"),
        ("'{a,b}'", "'{a,b}'"),
        (r"\{a,b}", "'{' a,b}"),
        ("${a:-{b,c}}", "$a:-({b,c) }"),
    ]);
    assert_eq!(words("{1..64}").split(" | ").count(), 64);
    assert_eq!(words("x{1..65}"), "x{1..65}");
    let many = format!("{{{}}}", vec!["a"; 70].join(","));
    assert!(words(&many).ends_with("<{…}>"), "{}", words(&many));
}

#[test]
fn heredoc_bodies() {
    let arena = Bump::new();
    let text = "a \"$b\" 'c' \\$d ${e:-f} * ~\n";
    let lexer = Lexer { arena: &arena, text, inner: &[] };
    let shown = show(lexer.heredoc(0..text.len()));
    assert_eq!(shown, "'a \"' '$b' '\" 'c' ' '$' 'd ' '$e:-('f')' ' * ~\n'");
}
