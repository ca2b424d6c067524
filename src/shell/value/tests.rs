use super::*;

#[test]
fn a_key_comes_apart_at_its_holes() {
    let mut value = Value::literal("a ");
    value.push(&Value::hole("B C", 2, Knowledge::Symbolic));
    value.push_str("/d");
    let hole = Value::hole("B C", 2, Knowledge::Symbolic);
    let expected = [Piece::Text("a "), Piece::Hole(hole.key()), Piece::Text("/d")];
    assert_eq!(pieces(value.key()).collect::<Vec<_>>(), expected);
    assert_eq!(without_holes(value.key()), "a /d");
    assert!(has_hole(value.key()) && !has_hole("a /d"));
    assert_eq!(leading_hole(value.key()), None);
    assert_eq!(leading_hole(hole.key()), Some(hole.key()));
    assert_eq!(Value::of_text("a\u{1}b\u{2}").as_literal(), Some("ab"));
}

fn under(dir: &Value, tail: &str) -> Value {
    let mut value = dir.clone();
    value.push_str(tail);
    value
}

#[test]
fn holes_compare_by_name_and_assignment() {
    let first = Value::hole("APP_DIR", 1, Knowledge::Symbolic);
    let second = Value::hole("APP_DIR", 2, Knowledge::Symbolic);
    assert!(under(&first, "/venv").is_under(&first));
    assert!(!under(&first, "/venv").is_under(&second));
    assert!(!under(&first, "x/venv").is_under(&first));
    assert_eq!(under(&first, "/venv/bin/pip").to_string(), "$APP_DIR/venv/bin/pip");
    assert_eq!(under(&first, "/venv/bin/pip").basename().as_literal(), Some("pip"));
}

#[test]
fn what_is_shown_alike_looks_alike() {
    let hole = |version| under(&Value::hole("DB", version, Knowledge::Symbolic), "_x");
    let (literal, other) = (Value::literal("$DB_x"), Value::literal("$DB_"));
    for value in [&hole(1), &hole(2), &literal] {
        assert!(value.is_shown_as("$DB_x") && !value.is_shown_as("$DB_") && !value.is_shown_as("$DB_xy"));
        assert!(value.looks_like(&hole(1)) && value.looks_like(&literal) && !value.looks_like(&other));
        assert!(!other.looks_like(value));
    }
}

#[test]
fn a_text_that_no_shell_reads_has_variables() {
    for (text, shown, literal) in [
        ("/srv/app", "/srv/app", true),
        ("${VENV}/bin/x-$PORT.", "$VENV/bin/x-$PORT.", false),
        ("cost$$5 $1 $(nproc) ${A:-b} $", "cost$5 $1 $(nproc) ${A:-b} $", true),
        ("a\u{1}APP#3\u{2}b", "a$APPb", false),
    ] {
        let value = Value::with_variables(text);
        assert_eq!(value.to_string(), shown);
        assert_eq!(value.as_literal().is_some(), literal, "{text}");
    }
}

#[test]
fn a_separator_inside_a_hole_parts_nothing() {
    let mut value = Value::hole("$(id -un):x", 0, Knowledge::Symbolic);
    value.push_str(":web");
    let (user, group) = value.split_once(':').unwrap();
    assert_eq!(user.to_string(), "$(id -un):x");
    assert_eq!(group.as_literal(), Some("web"));
    assert_eq!(group.split_once(':'), None);
}

#[test]
fn a_value_that_doubles_is_given_up() {
    let mut value = Value::literal("x");
    for _ in 0..60 {
        let same = value.clone();
        value.push(&same);
    }
    assert!(value.key().len() <= LONGEST);
    assert_eq!(value.knowledge(), Knowledge::Unknown);
    assert_eq!(value.as_literal(), None);
}

#[test]
fn paths_resolve_as_the_shell_would() {
    let cwd = Value::literal("/opt/app");
    for (path, expected) in [
        ("venv", "/opt/app/venv"),
        ("./a//b/", "/opt/app/a/b"),
        ("../x", "/opt/x"),
        ("/etc/../a", "/a"),
        (".", "/opt/app"),
        ("/", "/"),
    ] {
        assert_eq!(Value::literal(path).resolve(&cwd).as_literal(), Some(expected), "{path}");
    }
    let dir = Value::hole("D", 0, Knowledge::Symbolic);
    assert_eq!(under(&dir, "/..").normalized().to_string(), "$D/..");
}

#[test]
fn a_slash_inside_a_hole_cuts_nothing() {
    let output = |command: &str| Value::hole(command, 0, Knowledge::Symbolic);
    let whole = output("$(sed s/a/b/ /etc/shop.env)");
    assert_eq!(whole.basename().key(), whole.key());
    let below = under(&output("$(dirname /opt/shop/x)"), "/bin/app");
    assert_eq!(below.basename().as_literal(), Some("app"));
    assert_eq!(below.dirname().known_suffix(), "/bin");
    let mut name = Value::literal("/opt/");
    name.push(&output("$(cat /etc/name)"));
    assert_eq!(name.dirname().as_literal(), Some("/opt"));
}
