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

/// The database of this server to which psql(1) connects by its name: `-d shop`, `psql shop`.
pub(crate) fn connected_database(argv: &Argv) -> Option<Resource> {
    if argv.name != "psql" || argv.env("PGHOST").is_some() {
        return None;
    }
    let options = argv.options(
        "c|command: d|dbname: f|file: l|list v|set|variable: X|no-psqlrc 1|single-transaction a|echo-all b|echo-errors \
         e|echo-queries E|echo-hidden L|log-file: n|no-readline o|output: q|quiet s S A|no-align F|field-separator: \
         H|html P|pset: R|record-separator: t|tuples-only T|table-attr: x|expanded z 0 h|host: p|port: U|username: \
         w|no-password W|password",
    );
    let is_here =
        |host: &Value| matches!(host.as_literal(), Some("localhost" | "127.0.0.1" | "/var/run/postgresql"));
    if options.has("l") || options.value("h").is_some_and(|host| !is_here(host)) {
        return None;
    }
    let name = options.value("d").or_else(|| options.operands.first().map(|operand| &operand.value))?;
    // A connection string names the server, too.
    let is_name = |text: &str| !text.contains(['=', ':', '/', '-']) && text != "template1";
    let is_own = name.as_literal().is_some_and(|text| is_plain(text) && is_name(text));
    is_own.then(|| Resource::Database(name.clone()))
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

#[test]
fn psql_connects_to_a_database_of_this_server() {
    let database = |line: &str| {
        connected_database(&crate::shell::argv::tests::argv(line)).map(|it| it.name().to_string())
    };
    for line in [
        "psql -d shop -c 'SELECT 1'",
        "psql shop",
        "psql -v ON_ERROR_STOP=1 -h localhost -f a.sql shop",
        "psql -Xtd shop",
    ] {
        assert_eq!(database(line).as_deref(), Some("shop"), "{line}");
    }
    for line in [
        "psql",
        "psql -l shop",
        "psql postgres",
        "psql -d template1",
        "psql -h db.example.org shop",
        "psql postgres://a@b/shop",
        "psql 'dbname=shop host=db'",
        "psql -d $DB",
        "psql -c 'CREATE DATABASE shop'",
    ] {
        assert_eq!(database(line), None, "{line}");
    }
}
