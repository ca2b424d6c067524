//! What database clients say of what is there: queries of the catalogue, lists, and whether a server answers.

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::{Knowledge, Value};
use crate::tools::draft::word;
use crate::tools::effect::Resource;
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::{Aspect, Says};

/// The options of psql(1), mysql(1) and sqlite3(1) that carry a value.
const CLIENT: &str = "c|command: e|execute: d|dbname: U|username: u|user: h|host: p|port: t A q X v|set|variable: P|pset: \
                      D|database: N|skip-column-names s|silent f|file:";

/// What success says. Success of a query is taken to mean that it returns a row, because
/// `psql -tAc "SELECT 1 …" | grep -q 1` is what people write.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let server = |name: &str| {
        let process = Resource::Process(Value::literal(name));
        Some(Says::fact(process, Aspect::Running))
    };
    match argv.name.as_str() {
        // pg_isready(1), redis-cli(1) and mysqladmin(1) fail if no server answers.
        "pg_isready" => server("postgres"),
        "redis-cli" | "valkey-cli" => {
            let operands = argv.options("h: p: a: n: s: u: user: pass:").operands;
            word(&operands, 0).eq_ignore_ascii_case("ping").then(|| server("redis"))?
        }
        "mysqladmin" | "mariadb-admin" => {
            let options =
                argv.options("u|user: h|host: P|port: S|socket: defaults-file: defaults-extra-file:");
            (word(&options.operands, 0) == "ping").then(|| server("mysqld"))?
        }
        // mysqlshow(1) fails if the database does not exist.
        "mysqlshow" => {
            let options =
                argv.options("u|user: h|host: P|port: S|socket: defaults-file: defaults-extra-file:");
            Some(Says::exists(Resource::Database(options.operands.first()?.value.clone())))
        }
        _ => row(&sql(argv)?).or_else(|| connects(argv)),
    }
}

/// `psql -d shop -c '\\q'`, `mysql shop -e 'SELECT 1'` and `mysql -e 'USE shop'` fail if the database does not exist.
fn connects(argv: &Argv) -> Option<Says> {
    let sql = sql(argv)?;
    let sql = sql.trim().trim_end_matches(';');
    let database = |name: Value| Some(Says::exists(Resource::Database(name)));
    let used = sql.get(..4).filter(|start| start.eq_ignore_ascii_case("use ")).and_then(|_| sql.get(4..));
    if let Some(name) = used {
        return database(shown_value(name.trim().trim_matches('`')));
    }
    if !(sql == "\\q" || sql.is_empty() || sql.eq_ignore_ascii_case("select 1")) {
        return None;
    }
    let options = argv.options(CLIENT);
    let name =
        options.value("d").or_else(|| options.value("D")).or(options.operands.first().map(|a| &a.value))?;
    let ours = !matches!(name.as_literal(), Some("postgres" | "template1" | "mysql"));
    ours.then(|| database(name.clone()))?
}

/// What a line of the output says: a row of a query, or a name in a list of databases, roles or tables.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let sql = sql(argv);
    if let Some(says) = sql.as_deref().and_then(row) {
        return Some(says);
    }
    let lower = sql.unwrap_or_default().to_ascii_lowercase();
    let name = pattern.name();
    let is_list = |arg: &crate::shell::argv::Arg| {
        let text = arg.value.known_prefix();
        text == "--list" || text.starts_with("-l") && argv.name == "psql"
    };
    if argv.args.iter().any(is_list) || lower.contains("show databases") || lower.trim() == "\\l" {
        // `psql -lqt | cut -d '|' -f 1 | grep -qw NAME`
        return Some(Says::exists(Resource::Database(name)));
    }
    if lower.contains("\\du") || lower.contains("\\dg") {
        return Some(Says::exists(Resource::Role(name)));
    }
    let tables = ["\\dt", "\\dn", "\\dx", "\\dv", "show tables"].iter().any(|list| lower.contains(list));
    let dotted = || argv.args.iter().any(|arg| arg.value.key().contains(".tables"));
    (tables || argv.name == "sqlite3" && dotted()).then(|| Says::exists(Resource::Table(name)))
}

/// The SQL that a client is given.
fn sql(argv: &Argv) -> Option<String> {
    let options = argv.options(CLIENT);
    let given = options.value("c").or_else(|| options.value("e")).map(Value::to_string);
    given.or_else(|| match &argv.stdin {
        _ if argv.name == "sqlite3" => options.operands.get(1).map(|arg| arg.value.to_string()),
        Stdin::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

/// `SELECT 1 FROM pg_roles WHERE rolname = 'app'` returns a row if the role exists.
fn row(sql: &str) -> Option<Says> {
    type Kind = fn(Value) -> Resource;
    // The table of the catalogue, the columns that name it, and what it is.
    const CATALOGUES: [(&[&str], &[&str], Kind); 9] = [
        (&["pg_database", "information_schema.schemata"], &["datname", "schema_name"], Resource::Database),
        (&["pg_roles", "pg_user", "pg_authid"], &["rolname", "usename"], Resource::Role),
        (&["mysql.user"], &["user"], Resource::Role),
        (&["information_schema.tables", "to_regclass"], &["table_name", "to_regclass"], Resource::Table),
        (&["pg_tables", "pg_class"], &["tablename", "relname"], Resource::Table),
        (&["pg_extension"], &["extname"], Resource::Table),
        (&["pg_namespace"], &["nspname"], Resource::Table),
        (&["sqlite_master", "sqlite_schema"], &["name"], Resource::Table),
        (&["show databases like"], &["show databases like"], Resource::Database),
    ];
    let lower = sql.to_ascii_lowercase();
    let quoted = |after: &&str| {
        let at = lower.rfind(*after)? + after.len();
        let rest = &sql[at..];
        let open = rest.find('\'')?;
        let close = rest[open + 1..].find('\'')?;
        Some(shown_value(&rest[open + 1..open + 1 + close]))
    };
    let (_, columns, kind) =
        CATALOGUES.iter().find(|(tables, ..)| tables.iter().any(|table| lower.contains(table)))?;
    Some(Says::exists(kind(columns.iter().find_map(quoted)?)))
}

/// SQL is read from the shown text, where a hole stands as `$NAME`.
fn shown_value(text: &str) -> Value {
    match text.strip_prefix('$') {
        Some(name) => Value::hole(name, 0, Knowledge::Symbolic),
        None => Value::literal(text),
    }
}

#[test]
fn catalogues_are_asked() {
    crate::tools::table::says(&[
        ("psql -tAc 'SELECT 1 FROM pg_roles WHERE rolname=$U'", ""),
        ("psql -d shop -c '\\q'", "Exists database shop"),
        ("psql -U app shop -c 'SELECT 1'", "Exists database shop"),
        ("psql -c 'SELECT 1'", ""),
        ("psql -lqt | grep -qw shop", "Exists database shop"),
        ("psql -c '\\du' | grep -qw app", "Exists role app"),
        ("psql shop -c '\\dt' | grep -q users", "Exists table users"),
        ("mysql -e 'USE shop'", "Exists database shop"),
        ("mysql -e 'SHOW DATABASES' | grep -q shop", "Exists database shop"),
        ("mysqlshow -u root shop", "Exists database shop"),
        ("sqlite3 x.db .tables | grep -q users", "Exists table users"),
        ("pg_isready -q", "Running process postgres"),
        ("redis-cli -h x ping", "Running process redis"),
        ("redis-cli get x", ""),
        ("mysqladmin ping", "Running process mysqld"),
    ]);
    for (sql, expected) in [
        ("SELECT 1 FROM pg_roles WHERE rolname = 'app'", Some(Resource::Role(Value::literal("app")))),
        (
            "select datname from pg_database where datname='shop'",
            Some(Resource::Database(Value::literal("shop"))),
        ),
        (
            "SELECT 1 FROM pg_extension WHERE extname = 'pgcrypto'",
            Some(Resource::Table(Value::literal("pgcrypto"))),
        ),
        ("SHOW DATABASES LIKE 'shop'", Some(Resource::Database(Value::literal("shop")))),
        ("SELECT user FROM mysql.user WHERE user = 'app'", Some(Resource::Role(Value::literal("app")))),
        ("SELECT 1", None),
    ] {
        assert_eq!(row(sql), expected.map(Says::exists), "{sql}");
    }
}
