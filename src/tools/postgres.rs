//! How PostgreSQL's clients connect, and as which role. Sources: the manual page of each client, and libpq, "Environment
//! Variables" and "Connection Strings".

use crate::shell::argv::{Arg, Argv, Options, Stdin};
use crate::shell::value::Value;
use crate::tools::draft::may_be_options;
use crate::tools::effect::Deed;

/// The options of psql(1).
const PSQL: &str = "U|username: h|host: d|dbname: p|port: c|command: f|file: v|set|variable: o|output: L|log-file: F: R: \
                    P|pset: T: V|version help";

/// The options of the other clients, as far as one of them carries a value or says where and as whom to connect.
const OTHERS: &str = "U|username: h|host: d|dbname: p|port: f|file: F|format: j|jobs: n|schema: N|exclude-schema: t|table: \
                      T: O|owner: E|encoding: l|locale: D|tablespace: Z|compress: S|superuser: g|role: \
                      maintenance-db: V|version help";

/// Programs that connect to a server of PostgreSQL.
const CLIENTS: [&str; 10] = [
    "psql", "createdb", "createuser", "dropdb", "dropuser", "pg_dump", "pg_dumpall", "pg_restore",
    "vacuumdb", "reindexdb",
];

/// Variables of libpq that choose a server or a role.
const CHOOSE: [&str; 4] = ["PGUSER", "PGHOST", "PGHOSTADDR", "PGSERVICE"];

/// True if a client connects through the socket of this machine's server, as the role that is called like its account.
/// pg_hba.conf of Debian and of Red Hat lets an account do that ("peer"), and the role has to exist.
pub(crate) fn connects_as_its_account(argv: &Argv) -> bool {
    if !CLIENTS.contains(&argv.name.as_str()) || CHOOSE.iter().any(|name| argv.env(name).is_some()) {
        return false;
    }
    let options = options(argv);
    let elsewhere = ["U", "h", "V", "help", "maintenance-db"].iter().any(|option| options.has(option));
    if elsewhere || argv.args.iter().any(may_be_options_or_address) {
        return false;
    }
    match argv.name.as_str() {
        // The second operand of psql is the role.
        "psql" => options.operands.len() < 2 && databases(argv).iter().all(is_name),
        "pg_dump" | "vacuumdb" | "reindexdb" => databases(argv).iter().all(is_name),
        // Without `-d` it only prints what it would run.
        "pg_restore" => options.has("d") && options.values("d").all(is_name),
        _ => true,
    }
}

/// The variable that makes a program of the app connect in the same way: an address without a host and without a role.
pub(crate) fn address_of_its_account(argv: &Argv) -> Option<&str> {
    if CLIENTS.contains(&argv.name.as_str()) || CHOOSE.iter().any(|name| argv.env(name).is_some()) {
        return None;
    }
    let by_account = |value: &Value| {
        let Some(text) = value.as_literal() else { return false };
        let by_url = text
            .split_once("://")
            .is_some_and(|(scheme, rest)| scheme.starts_with("postgres") && rest.starts_with('/'));
        let by_dsn = text.strip_prefix("pgsql:").is_some_and(|rest| rest.contains("dbname="));
        (by_url || by_dsn) && !text.contains("user=") && !text.contains("host=")
    };
    let found = argv.env.iter().find(|(_, value)| by_account(value));
    found.map(|(name, _)| name.as_str())
}

fn options(argv: &Argv) -> Options<'_> {
    argv.options(if argv.name == "psql" { PSQL } else { OTHERS })
}

/// True for a word that may say where to connect.
fn may_be_options_or_address(arg: &Arg) -> bool {
    // What a substitution runs is no address: `PASSWORD '$(sed 's|postgresql://…|' .env)'`.
    let written = || arg.value.written_parts();
    may_be_options(arg) && !is_name(&arg.value)
        || written().any(|text| text.contains("://") || text.contains("host="))
}

/// The databases that a client is given, which may be connection strings.
fn databases(argv: &Argv) -> Vec<Value> {
    let options = options(argv);
    options.values("d").chain(options.operands.first().map(|arg| &arg.value)).cloned().collect()
}

/// True for the name of a database. It is not a connection string (`postgresql://…`, `host=…`), and if it is not known, it
/// is called a name.
fn is_name(value: &Value) -> bool {
    if value.as_literal().is_some() || !value.known_prefix().is_empty() {
        return !value.written_parts().any(|text| text.contains("://") || text.contains('='));
    }
    let variable = value.to_string().to_ascii_lowercase();
    let address = ["url", "uri", "dsn", "conn"].iter().any(|part| variable.contains(part));
    !address && (variable.contains("name") || variable.ends_with("db") || variable.ends_with("database"))
}

/// True for a package that brings PostgreSQL's server: `postgresql`, `postgresql-16`.
pub(crate) fn is_server_package(package: &str) -> bool {
    let version = package.strip_prefix("postgresql").map(|rest| rest.trim_start_matches('-'));
    version.is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// True if a text may choose another server or role for all clients, or may let accounts in without a role.
pub(crate) fn may_choose_role(text: &str) -> bool {
    CHOOSE.iter().chain(&["pg_hba", "pg_ident", "POSTGRES_HOST_AUTH_METHOD"]).any(|name| text.contains(name))
}

/// True if a command may give a role its password: its words or its SQL speak of both, or its SQL is not known.
pub(crate) fn may_give_password(argv: &Argv, deed: &Deed, role: &Value) -> bool {
    let words = argv.args.iter().map(|arg| arg.value.to_string());
    let stdin = match &argv.stdin {
        Stdin::Text(text) => Some(text.to_string()),
        _ => None,
    };
    // `ALTER ROLE $NAME`: a name that is not known may be any.
    let names_any = |text: &str| {
        let text = text.to_ascii_lowercase().replace('"', "");
        ["role $", "user $", "createuser $"].iter().any(|named| text.contains(named))
    };
    let is_role = |text: &str| role.as_literal().is_none_or(|role| text.contains(role) || names_any(text));
    let text = words.chain(stdin).collect::<Vec<_>>().join(" ");
    let speaks = text.to_ascii_lowercase().contains("password") && is_role(&text);
    match argv.name.as_str() {
        "psql" => speaks || !deed.known,
        "createuser" => {
            speaks
                || (is_role(&text) || text.contains('$'))
                    && argv.options("P|pwprompt U: h: p: c: g: v: a:").has("P")
        }
        _ => false,
    }
}

/// True if the command creates the roles of its deed in PostgreSQL.
pub(crate) fn is_of_postgres(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "psql" | "createuser")
}

/// True if a text changes whom the server lets in without a password.
pub(crate) fn opens_server(text: &str) -> bool {
    text.contains("pg_hba") || text.contains("POSTGRES_HOST_AUTH_METHOD")
}

/// True if a text may give a role its password.
pub(crate) fn speaks_of_passwords(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("\\password")
        || ["alter role", "alter user", "create role", "create user"].iter().any(|sql| text.contains(sql))
            && text.contains("password '")
}

/// Whether a variable of the environment says with which password an app connects, and as which role: `DB_PASSWORD`, or an
/// address of a server on this machine.
pub(crate) fn connects_with_password(name: &str, value: &str) -> Option<Option<String>> {
    if let Some((_, rest)) = value.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) {
        let (login, host) = rest.split_once('@')?;
        let (role, password) = login.split_once(':')?;
        return (is_local(host) && !password.is_empty()).then(|| Some(role.to_owned()));
    }
    const NAMES: [&str; 8] = [
        "DB_PASSWORD", "DB_PASS", "DATABASE_PASSWORD", "POSTGRES_PASSWORD", "PG_PASSWORD", "PGPASSWORD",
        "POSTGRESQL_PASSWORD", "DATABASE_PASS",
    ];
    NAMES.contains(&name).then_some(None)
}

/// True for a variable that names the role.
pub(crate) fn names_role(name: &str) -> bool {
    matches!(
        name,
        "DB_USER" | "DB_USERNAME" | "DATABASE_USER" | "POSTGRES_USER" | "PG_USER" | "PGUSER" | "DB_ROLE"
    )
}

/// True for a variable that names the server.
pub(crate) fn names_host(name: &str) -> bool {
    matches!(name, "DB_HOST" | "DATABASE_HOST" | "POSTGRES_HOST" | "PG_HOST" | "PGHOST")
}

/// True for a server on this machine that is reached over TCP.
pub(crate) fn is_local(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]", "::1"].iter().any(|local| host.starts_with(local))
}

#[test]
fn a_variable_says_how_an_app_connects() {
    for (name, value, expected) in [
        ("DATABASE_URL", "postgresql://shop:x@localhost/shop", Some(Some("shop"))),
        ("DATABASE_URL", "postgresql+asyncpg://shop:$DB_PASSWORD@127.0.0.1:5432/shop", Some(Some("shop"))),
        ("DATABASE_URL", "postgres://shop@localhost/shop", None),
        ("DATABASE_URL", "postgres://shop:x@db/shop", None),
        ("DATABASE_URL", "postgresql:///shop", None),
        ("DB_PASSWORD", "change-me", Some(None)),
        ("SMTP_PASSWORD", "x", None),
    ] {
        let role = connects_with_password(name, value);
        assert_eq!(role.as_ref().map(|role| role.as_deref()), expected, "{name}={value}");
    }
}

#[test]
fn an_address_may_leave_the_role_to_the_account() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("DATABASE_URL=postgresql:///shop python manage.py migrate", Some("DATABASE_URL")),
        ("DSN=pgsql:dbname=shop php migrate.php", Some("DSN")),
        ("DSN='pgsql:host=localhost;dbname=shop' php migrate.php", None),
        ("DATABASE_URL='postgresql:///shop?user=shop' python manage.py migrate", None),
        ("DATABASE_URL=postgresql://shop@localhost/shop python manage.py migrate", None),
        ("PGUSER=shop DATABASE_URL=postgresql:///shop python manage.py migrate", None),
        ("DATABASE_URL=sqlite:///shop.db python manage.py migrate", None),
    ] {
        assert_eq!(address_of_its_account(&argv(line)), expected, "{line}");
    }
}

#[test]
fn a_client_connects_as_its_account_or_not() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("psql -c 'SELECT 1'", true),
        ("psql -tAc 'SELECT 1 WHERE a = 1'", true),
        ("psql -d shop -f schema.sql", true),
        ("psql $DB_NAME", true),
        ("createdb -O shop shop", true),
        ("createuser shop", true),
        ("pg_dump -Fc shop", true),
        ("pg_restore -d shop x.dump", true),
        ("pg_restore --list x.dump", false),
        ("psql -U postgres -c 'SELECT 1'", false),
        ("psql -Upostgres", false),
        ("psql --username=postgres", false),
        ("psql shop app", false),
        ("psql -h 127.0.0.1 shop", false),
        ("psql postgresql://app@db/shop", false),
        ("psql 'host=db dbname=shop'", false),
        ("psql $DATABASE_URL", false),
        ("psql -d $DB_URL -c x", false),
        ("psql $PSQL_OPTS -c x", false),
        ("psql --version", false),
        ("PGUSER=postgres psql -c x", false),
        ("mysql -e x", false),
    ] {
        assert_eq!(connects_as_its_account(&argv(line)), expected, "{line}");
    }
}
