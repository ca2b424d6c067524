//! What SQL needs to be there before: the roles that it changes or grants rights to, and the databases on which it grants
//! them. The sources are PostgreSQL 15 "SQL Commands" and MySQL 8.0 "SQL Statements".

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::effect::Resource;
use crate::tools::sql::{Token, tokens};

/// The roles and databases that a client's SQL needs, of those that it names by literals.
pub(crate) fn needed_by_sql(argv: &Argv) -> Vec<Resource> {
    let (option, long) = match argv.name.as_str() {
        "psql" => ("-c", "--command"),
        "mysql" | "mariadb" => ("-e", "--execute"),
        _ => return Vec::new(),
    };
    let pairs = argv.args.windows(2);
    let given = pairs.filter(|pair| {
        matches!(pair[0].value.as_literal(), Some(word) if word == long || word.starts_with('-') && word.ends_with(&option[1..]))
    });
    let mut texts: Vec<&Value> = given.map(|pair| &pair[1].value).collect();
    if let Stdin::Text(text) = &argv.stdin {
        texts.push(text);
    }
    texts.into_iter().flat_map(needed_by_text).collect()
}

fn needed_by_text(text: &Value) -> Vec<Resource> {
    let tokens = tokens(text.key());
    let statements = tokens.split(|token| *token == Token::Mark(';'));
    let mut found: Vec<Resource> =
        statements.flat_map(|statement| needed_by_statement(statement, text)).collect();
    found.retain(|resource| resource.name().as_literal().is_some_and(is_plain));
    found
}

/// True for a name that no server has by itself.
fn is_plain(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !["postgres", "root", "public", "current_user", "session_user", "mysql", "*", ""]
        .contains(&lower.as_str())
}

fn needed_by_statement(statement: &[Token<'_>], of: &Value) -> Vec<Resource> {
    let name = |token: &Token<'_>| match token {
        Token::Word(word) => Some(word.trim_end_matches('@').to_owned()),
        Token::Quoted(text) => Some((*text).to_owned()),
        _ => None,
    };
    let role = |token: &Token<'_>| Some(Resource::Role(Value::from_key(&name(token)?, of)));
    let after = |word: &str| statement.iter().position(|token| token.is(word)).map(|at| at + 1);
    let mut found = Vec::new();
    match statement {
        [alter, kind, rest @ ..] if alter.is("ALTER") && (kind.is("ROLE") || kind.is("USER")) => {
            let checked = rest.first().is_some_and(|token| token.is("IF"));
            found.extend(rest.first().filter(|_| !checked).and_then(role));
        }
        [grant, ..] if grant.is("GRANT") => {
            let on = after("ON").and_then(|at| statement.get(at..));
            match on {
                Some([kind, database, ..]) if kind.is("DATABASE") => {
                    found.extend(name(database).map(|name| Resource::Database(Value::from_key(&name, of))));
                }
                // `ON shop.*` of MySQL: the word ends with the dot.
                Some([Token::Word(database), Token::Mark('*'), ..]) => {
                    let name = database.strip_suffix('.').filter(|name| !name.contains('\\'));
                    found.extend(name.map(|name| Resource::Database(Value::from_key(name, of))));
                }
                _ => {}
            }
            found.extend(after("TO").and_then(|at| statement.get(at)).and_then(role));
        }
        _ => {}
    }
    found
}

#[test]
fn sql_needs_roles_and_databases() {
    for (sql, expected) in [
        ("ALTER ROLE shop PASSWORD 'x'", "role shop"),
        ("ALTER ROLE IF EXISTS shop PASSWORD 'x'", ""),
        ("GRANT ALL ON DATABASE shop TO web;", "database shop, role web"),
        ("GRANT ALL PRIVILEGES ON shop.* TO 'web'@'localhost'", "database shop, role web"),
        ("ALTER USER 'root'@'localhost' IDENTIFIED BY 'x'", ""),
        ("GRANT ALL ON SCHEMA public TO PUBLIC", ""),
        ("GRANT ALL ON *.* TO 'web'@'%'", "role web"),
        ("SELECT 1", ""),
    ] {
        let found = needed_by_text(&Value::literal(sql));
        let shown = found.iter().map(|needed| format!("{} {}", needed.kind(), needed.name()));
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected, "{sql}");
    }
}
