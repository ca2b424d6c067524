//! Database clients: psql, createdb, mysql, sqlite3, redis-cli, mongosh, mysqladmin.

use crate::shell::argv::{Arg, Argv, Options, Stdin};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked, Edit, Piece};
use crate::tools::draft::{Draft, FILE, NEW, nothing, word};
use crate::tools::effect::{Again, Change, Deed, Effect, Resource};
use crate::tools::serves::served::ServiceRole;
use crate::tools::serves::server::{SERVER, Server, ToBackground, daemon};
use crate::tools::sql::{Dialect, effects};
use crate::tools::thing::Thing;

const STORE: Server = Server { role: Some(ServiceRole::Store), ..SERVER };

/// Servers that keep data. Sources: redis.conf, `daemonize`; memcached(1), `-d`; mongod(1), `--fork`.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        names: &["redis-server", "valkey-server"],
        daemon: &[ToBackground { words: &["--daemonize", "yes"], by: "--daemonize yes", instead: None }],
        stays: false,
        ..STORE
    },
    Server { names: &["memcached"], daemon: &[daemon(&["-d"])], ..STORE },
    Server { names: &["mongod"], daemon: &[daemon(&["--fork"])], stays: false, ..STORE },
    Server {
        names: &["postgres", "mysqld", "mariadbd", "rabbitmq-server", "clickhouse-server"],
        stays: false,
        ..STORE
    },
];

/// The options of createdb(1) and createuser(1).
const CREATE: &str = "O|owner: U|username: h|host: p|port: E|encoding: l|locale: T|template: D|tablespace: c|connection-limit: \
         g|role|member-of: P|pwprompt interactive s|superuser d|createdb r|createrole maintenance-db: lc-collate: \
         lc-ctype: w W e i I S R L N a|with-admin: v|valid-until: replication strategy:";

/// The database file that a URL names: `sqlite+aiosqlite:////srv/app/x.db`.
pub(crate) fn file_of_url(url: &str) -> Option<&str> {
    url.split_once("sqlite")?.1.split_once("///").map(|(_, file)| file)
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let (what, table, column) =
        match asked.deed.effects.iter().any(|e| matches!(e.resource, Resource::Role(_))) {
            true => ("ROLE", "pg_roles", "rolname"),
            false => ("DATABASE", "pg_database", "datname"),
        };
    let whole = |e: &Effect| matches!(e.resource, Resource::Database(_) | Resource::Role(_));
    let of_parts = !asked.deed.effects.iter().any(whole);
    match (asked.name(), asked.again) {
        ("psql" | "mysql" | "mariadb" | "dropdb", Again::Overwrites(_)) if !of_parts => {
            Advice::help("make the database where it is missing, and drop none in a deploy")
        }
        ("psql", _) if of_parts => Advice::help(
            "write the SQL so that it can be repeated: `IF NOT EXISTS`, `ON CONFLICT DO NOTHING`",
        ),
        ("psql", _) if asked.removes() => Advice::help("write `IF EXISTS`"),
        ("psql" | "createdb" | "createuser", _) => Advice::with(
            format!(
                "ask first, on psql's standard input: `SELECT 'CREATE {what} NAME' WHERE NOT EXISTS (SELECT FROM {table} WHERE {column} = 'NAME') \\gexec`"
            ),
            asks_the_catalogue(asked),
        ),
        ("dropdb" | "dropuser", _) => Advice::with("write `--if-exists`", asked.flag("--if-exists")),
        ("mysql" | "mariadb" | "sqlite" | "sqlite3", _) if asked.removes() => {
            Advice::help("write `IF EXISTS`")
        }
        ("mysql" | "mariadb", Again::Duplicates(_)) => {
            Advice::help("write `INSERT IGNORE` or `ON DUPLICATE KEY UPDATE`")
        }
        ("sqlite" | "sqlite3", Again::Duplicates(_)) => Advice::help("write `INSERT OR IGNORE`"),
        ("mysql" | "mariadb" | "sqlite" | "sqlite3", _) => Advice::help("write `IF NOT EXISTS`"),
        ("mysqladmin" | "mariadb-admin", _) if asked.removes() => {
            Advice::help("write `mysql -e 'DROP DATABASE IF EXISTS NAME'`")
        }
        ("mysqladmin" | "mariadb-admin", _) => {
            Advice::help("write `mysql -e 'CREATE DATABASE IF NOT EXISTS NAME'`")
        }
        ("mongosh" | "mongo", _) => Advice::help("ask first: `if (db.getUser('NAME') == null) { … }`"),
        ("redis-cli" | "valkey-cli", _) => {
            Advice::help("use a set (`SADD`), or delete the key first (`DEL KEY`)")
        }
        _ => None,
    }
}

/// createdb(1) and createuser(1) are wrappers of SQL, so a query of the catalogue can test whether the object exists.
fn asks_the_catalogue(asked: &Asked<'_>) -> Option<Edit> {
    let argv = asked.argv;
    let query = match (asked.name(), asked.resource()?) {
        ("createdb", Resource::Database(_)) => "SELECT 1 FROM pg_database WHERE datname = '",
        ("createuser", Resource::Role(_)) => "SELECT 1 FROM pg_roles WHERE rolname = '",
        _ => return None,
    };
    // The test would ask another server, or SQL would read the name differently.
    let options = argv.options(CREATE);
    let here = !["h", "p", "U"].iter().any(|option| options.has(option)) && argv.env("PGHOST").is_none();
    let name = asked.operand()?;
    let literal = name.value.as_literal()?;
    let plain = literal.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (here && plain).then(|| {
        Edit::TestFirst(vec![
            Piece::Wrappers,
            Piece::Text("psql -d postgres -tAc \""),
            Piece::Text(query),
            // Another call of the function, or the next turn of the loop, uses another name.
            Piece::Known(name.span, literal.to_owned()),
            Piece::Text("'\" | grep -q 1"),
        ])
    })
}

/// psql(1) "Exit Status", startup.c: an error in a script (standard input, `-f`) does not change the exit
/// status unless ON_ERROR_STOP is set, and with several `-c` the last one decides it. An error that nobody
/// sees is not a failure.
pub(crate) fn psql(argv: &Argv) -> Deed {
    let options = argv.options(
        "c|command: f|file: d|dbname: h|host: p|port: U|username: v|set|variable: o|output: L|log-file: F: R: P|pset: \
         T: l|list t|tuples-only A|no-align q|quiet w W|password X 1|single-transaction a b e E n s S x z 0 V|version",
    );
    let stops = options.values("v").any(|v| {
        matches!(
            v.as_literal(),
            Some("ON_ERROR_STOP=1" | "ON_ERROR_STOP=on" | "ON_ERROR_STOP" | "ON_ERROR_STOP=true")
        )
    });
    let mut draft = Draft::of(argv);
    let commands: Vec<&Value> = options.values("c").collect();
    if options.has("f") {
        draft.partly();
    }
    let (last, earlier) = match commands.split_last() {
        Some((last, earlier)) => (Some(*last), earlier),
        None => (None, &[][..]),
    };
    let mut run = |sql: &Value, heard: bool| {
        for mut effect in effects(sql, Dialect::Postgres) {
            if !heard && matches!(effect.again, Again::Fails(_)) {
                effect.again = Again::NoChange;
            }
            draft.add_implied(effect.change, effect.resource, effect.again);
        }
    };
    for sql in earlier {
        run(sql, stops);
    }
    if let Some(sql) = last {
        run(sql, true);
    } else if let Stdin::Text(text) = &argv.stdin
        && !options.has("f")
    {
        run(text, sets_stop(text.key()).unwrap_or(stops));
    } else if matches!(argv.stdin, Stdin::File(_) | Stdin::Pipe) {
        draft.partly();
    }
    draft.done()
}

/// Whether the last `\set ON_ERROR_STOP` of a script turns it on (psql(1) "Variables", in any spelling of a Boolean).
/// `None` if there is none.
fn sets_stop(text: &str) -> Option<bool> {
    let set = text.lines().rev().find_map(|line| line.trim().strip_prefix("\\set ON_ERROR_STOP"))?;
    Some(!matches!(set.trim().to_ascii_lowercase().as_str(), "off" | "0" | "false" | "no" | "f" | "n"))
}

/// mysqladmin(1), mariadb-admin: `create` of an existing database exits with 1; so does `drop` of a missing
/// one, which also asks unless `--force` is given. Tried with MariaDB 10.11.
pub(crate) fn mysqladmin(argv: &Argv) -> Deed {
    let options = argv.options("u|user: h|host: P|port: S|socket: f|force s w? p|password? defaults-file: defaults-extra-file: protocol:");
    let mut draft = Draft::of(argv);
    let operands = &options.operands;
    let Some(name) = operands.get(1) else {
        return draft.done();
    };
    let database = Resource::Database(name.value.clone());
    match word(operands, 0) {
        "create" => {
            draft.add(name, NEW, database, Again::Fails("CREATE DATABASE failed; database exists"));
        }
        "drop" => {
            draft.add(name, Change::Remove, database, Again::Fails("DROP DATABASE failed"));
            if !options.has("f") {
                draft.asks("asks \"Do you really want to drop the database [y/N]\"", "write `--force`", None);
            }
        }
        "password" => {}
        "ping" | "status" | "version" | "processlist" | "variables" => return Deed::read_only(),
        _ => {}
    }
    draft.done()
}

/// redis-cli(1): a push pushes again; FLUSHALL and FLUSHDB delete everything. Tried with Redis 7.0.
pub(crate) fn redis(argv: &Argv) -> Deed {
    let options =
        argv.options("h: p: a: n: s: u: user: pass: x r: i: c tls cacert: cert: key: no-auth-warning raw");
    let operands = &options.operands;
    let mut draft = Draft::of(argv);
    let key = operands.get(1);
    match (word(operands, 0).to_ascii_lowercase().as_str(), key) {
        ("rpush" | "lpush" | "xadd", Some(key)) => {
            let again = Again::Duplicates("pushes the same element again");
            draft.add(key, Change::Append, Resource::Other(Thing::RedisKey, key.value.clone()), again);
        }
        ("flushall" | "flushdb", _) => {
            draft.add_implied(
                Change::Remove,
                Resource::Other(Thing::Keys, Value::default()),
                Again::NoChange,
            );
        }
        ("ping" | "info" | "get" | "keys" | "ttl" | "exists" | "dbsize" | "llen" | "lrange", _) => {
            return Deed::read_only();
        }
        _ => {}
    }
    draft.done()
}

/// The role that is to own a new database: `createdb -O app shop`.
pub(crate) fn wanted_owner(argv: &Argv) -> Option<Value> {
    if argv.name != "createdb" {
        return None;
    }
    let options = argv.options(CREATE);
    if options.value("h").is_some() {
        return None;
    }
    options.value("O").cloned()
}

/// True if a command may make roles and databases of which nothing is known: SQL from a file, a task that sets up the database.
pub(crate) fn may_make_database(argv: &Argv, deed: &Deed) -> bool {
    let tasks = ["db:create", "db:prepare", "db:setup"];
    matches!(argv.name.as_str(), "psql" | "mysql" | "mariadb") && !deed.known
        || argv.name == "pg_restore" && (argv.has_word("-C") || argv.has_word("--create"))
        || argv.args.iter().any(|arg| tasks.contains(&arg.value.known_prefix()))
}

/// True if a command line runs a client that may make more roles and databases at a server.
pub(crate) fn runs_client_at(line: &str, server: &str) -> bool {
    ["psql", "createuser", "createdb", "mysql ", "mariadb "].iter().any(|client| line.contains(client))
        && line.contains(server)
}

/// True if a text speaks of making a database.
pub(crate) fn speaks_of_making(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["create database", "createdb", "db:create", "db:prepare", "db:setup", "create_database"]
        .iter()
        .any(|words| text.contains(words))
}

/// True for a package that brings the server of PostgreSQL, MySQL or MariaDB.
pub(crate) fn is_server_package(package: &str) -> bool {
    let of_mysql = ["mariadb-server", "mysql-server", "default-mysql-server"];
    super::postgres::is_server_package(package) || of_mysql.iter().any(|name| package.starts_with(name))
}

/// The databases of this machine's server to which the addresses in a text lead, with their places: `shop` of
/// `postgresql://app:secret@localhost/shop`. Ecto and SQLAlchemy have schemes of their own.
pub(crate) fn local_databases(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    const SCHEMES: [&str; 9] = [
        "postgres://", "postgresql://", "ecto://", "postgresql+psycopg2://", "postgresql+asyncpg://",
        "postgresql+psycopg://", "mysql://", "mysql+pymysql://", "mariadb://",
    ];
    let mut found = Vec::new();
    for scheme in SCHEMES {
        for (at, _) in text.match_indices(scheme) {
            let rest = &text[at + scheme.len()..];
            let end =
                rest.find(|c: char| c.is_whitespace() || "\"'`|;,)<>".contains(c)).unwrap_or(rest.len());
            let Some((server, name)) = rest[..end].split_once('/') else { continue };
            let host = server.rsplit('@').next().unwrap_or(server).split(':').next().unwrap_or_default();
            let name = name.split('?').next().unwrap_or(name);
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if matches!(host, "" | "localhost" | "127.0.0.1") && is_name {
                found.push((name.to_owned(), at..at + scheme.len() + end));
            }
        }
    }
    found
}

/// createdb(1), createuser(1): they exit with 1 if it exists; `--interactive` and `-P` ask.
pub(crate) fn create(argv: &Argv) -> Deed {
    let options = argv.options(CREATE);
    let mut draft = Draft::of(argv);
    let Some(name) = options.operands.first() else {
        return draft.done();
    };
    if argv.name == "createdb" {
        let again = Again::Fails("database already exists");
        draft.add(name, NEW, Resource::Database(name.value.clone()), again);
        return draft.done();
    }
    let again = Again::Fails("role already exists");
    draft.add(name, NEW, Resource::Role(name.value.clone()), again);
    if options.has("P") || options.has("interactive") {
        draft.asks("asks for a password or for rights", "write `CREATE ROLE … PASSWORD …` for psql", None);
    }
    draft.done()
}

/// dropdb(1), dropuser(1).
pub(crate) fn drop(argv: &Argv) -> Deed {
    let options =
        argv.options("U|username: h|host: p|port: i|interactive e f|force if-exists maintenance-db: w W");
    let mut draft = Draft::of(argv);
    let again = match options.has("if-exists") {
        true => Again::NoChange,
        false => Again::Fails("the database does not exist"),
    };
    if let Some(name) = options.operands.first() {
        let resource = match argv.name.as_str() {
            "dropdb" => Resource::Database(name.value.clone()),
            _ => Resource::Role(name.value.clone()),
        };
        draft.add(name, Change::Remove, resource, again);
    }
    draft.done()
}

/// mysql(1), mariadb(1): they stop at the first error with 1 unless `--force` is given. `-p` without a value
/// asks for the password.
pub(crate) fn mysql(argv: &Argv) -> Deed {
    let options = argv.options("e|execute: u|user: h|host: P|port: D|database: S|socket: f|force N s B t password? defaults-file: defaults-extra-file: protocol:");
    let mut draft = Draft::of(argv);
    let sql = match (options.value("e"), &argv.stdin) {
        (Some(sql), _) => Some(sql),
        (None, Stdin::Text(text)) => Some(text),
        (None, Stdin::Inherited) => None,
        (None, _) => {
            draft.partly();
            None
        }
    };
    for mut effect in sql.map(|sql| effects(sql, Dialect::MySql)).unwrap_or_default() {
        if options.has("f") && matches!(effect.again, Again::Fails(_)) {
            effect.again = Again::NoChange;
        }
        draft.add_implied(effect.change, effect.resource, effect.again);
    }
    // `-p"$PASSWORD"` is longer: whoever calls the script gives the value that is empty here.
    let is_bare = |arg: &Arg, word: &str| {
        arg.value.as_literal() == Some(word) && (arg.span.end - arg.span.start) as usize == word.len()
    };
    let asks = |arg: &Arg| ["-p", "--password"].iter().any(|word| is_bare(arg, word));
    if argv.args.iter().any(asks) {
        draft.asks("asks for the password", "write `--defaults-extra-file=FILE` or set MYSQL_PWD", None);
    }
    draft.done()
}

/// sqlite3(1): the first operand is the file, the others SQL; exits with 1 after an error (tried with 3.40).
pub(crate) fn sqlite(argv: &Argv) -> Deed {
    // Long options have one dash; options with a value are rare in scripts.
    let mut operands = argv.args.iter().filter(|arg| !arg.is_option());
    let mut draft = Draft::of(argv);
    let Some(file) = operands.next() else {
        return nothing();
    };
    // A command that only reads expects the database to exist.
    let stdin = match &argv.stdin {
        Stdin::Text(text) => Some(text),
        _ => None,
    };
    let given: Vec<&Value> = operands.map(|sql| &sql.value).chain(stdin).collect();
    if !given.is_empty() && given.iter().all(|sql| only_asks(sql)) {
        return Deed::read_only();
    }
    draft.path(file, FILE, Again::NoChange);
    let mut run = |sql: &Value| {
        for effect in effects(sql, Dialect::Sqlite) {
            draft.add_implied(effect.change, effect.resource, effect.again);
        }
    };
    given.into_iter().for_each(&mut run);
    draft.done()
}

/// True if a text for SQLite only reads: it begins with a query and contains no word that writes. A command of sqlite3's
/// own does not count, because `.databases` is how an empty database is made.
fn only_asks(sql: &Value) -> bool {
    const ASKS: [&str; 3] = ["select", "explain", "with"];
    const WRITES: [&str; 9] =
        ["insert", "update", "delete", "drop", "create", "replace", "alter", "attach", "pragma"];
    let text = sql.to_string().to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    ASKS.iter().any(|ask| text.trim_start().starts_with(ask)) && !words.any(|word| WRITES.contains(&word))
}

/// True for a command that fills databases from a dump: `zcat dump.gz | psql`, `psql -f dump.sql`, pg_restore(1). A file
/// that only makes the tables, by its name, is no dump.
pub(crate) fn loads_dump(argv: &Argv) -> bool {
    const NO_DATA: [&str; 9] =
        ["schema", "init", "seed", "setup", "create", "structure", "tables", "migrat", "fixture"];
    let holds_data = |text: &Value| {
        let name = text.to_string().to_ascii_lowercase();
        !NO_DATA.iter().any(|word| name.contains(word))
    };
    if matches!(argv.name.as_str(), "pg_restore" | "mongorestore") {
        return true;
    }
    let file = || argv.options("f|file: c|command: d|dbname: U: h: p: v:").value("f").is_some_and(holds_data);
    // Nothing is known of a text that another program prints.
    let fed = || match &argv.stdin {
        Stdin::Pipe => true,
        Stdin::Text(text) => {
            text.as_literal().is_none() && text.known_prefix().is_empty() && holds_data(text)
        }
        Stdin::File(path) => holds_data(&path.basename()),
        Stdin::Inherited => false,
    };
    runs_sql(argv) && (fed() || argv.name == "psql" && file())
}

/// A dump writes a file. It is unknown what a restore finds.
pub(crate) fn dump(argv: &Argv) -> Deed {
    let options: Options<'_> =
        argv.options("f|file: d|dbname: U: h: p: F|format: r|result-file: u|user: t: n: T: N: j: Z: out: o:");
    let mut draft = Draft::of(argv);
    for file in options.values("f").chain(options.values("r")) {
        draft.writes(file);
    }
    draft.done()
}

/// mysql_secure_installation(1) asks several questions unless `--use-default` is given.
pub(crate) fn mysql_secure(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if !argv.has_word("--use-default") {
        draft.asks("asks several questions", "write the statements for `mysql -e`", None);
        draft.is_dialogue();
    }
    draft.done()
}

/// True if a client runs SQL that may not be visible: it comes from a file or through a pipe.
pub(crate) fn runs_sql(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "psql" | "mysql" | "mariadb")
}

/// What redis-cli(1) empties: the database that `-n` selects, or all of them.
pub(crate) fn emptied_keys(argv: &Argv) -> &'static str {
    match argv.args.iter().any(|arg| arg.value.key().eq_ignore_ascii_case("flushdb")) {
        true => "all keys of a Redis database",
        false => "all keys of Redis",
    }
}

#[test]
fn a_script_may_stop_at_errors() {
    assert_eq!(sets_stop("\\set ON_ERROR_STOP on\nSELECT 1;"), Some(true));
    assert_eq!(sets_stop("\\set ON_ERROR_STOP 0"), Some(false));
    assert_eq!(sets_stop("SELECT 1;"), None);
}

#[test]
fn databases_are_made() {
    crate::tools::table::check(&[
        ("psql -c 'CREATE USER app'", "create role app fails"),
        ("psql -c 'CREATE USER app' -c 'SELECT 1'", "create role app"),
        ("psql <<< 'CREATE USER app; CREATE DATABASE shop;'", "create role app; create database shop"),
        ("psql -v ON_ERROR_STOP=1 <<< 'CREATE USER app;'", "create role app fails"),
        ("psql -f schema.sql", "unknown"),
        ("| psql", "unknown"),
        ("psql -tAc 'SELECT 1'", ""),
        ("createdb -O app shop", "create database shop fails"),
        ("createuser app", "create role app fails"),
        ("createuser --interactive app", "create role app fails asks"),
        ("dropdb --if-exists shop", "remove database shop"),
        ("psql -c 'TRUNCATE TABLE orders'", "write table orders; remove data orders"),
        ("psql -c 'DROP TABLE IF EXISTS orders'", "remove table orders; remove data orders"),
        ("psql -c 'DROP VIEW IF EXISTS sales'", "remove table sales"),
        ("redis-cli -n 1 FLUSHDB", "remove keys"),
        ("redis-cli ping", "[ReadOnly]"),
        ("mysql -u root -e 'CREATE DATABASE shop'", "create database shop fails"),
        ("mysql -uroot -p -e 'CREATE DATABASE IF NOT EXISTS shop'", "create database shop asks"),
        ("sqlite3 /d/x.db 'CREATE TABLE t(a)'", "create file /d/x.db; create table t fails"),
        ("mysqladmin -u root create shop", "create database shop fails"),
        ("mysqladmin drop shop", "remove database shop fails asks"),
        ("mysqladmin ping", ""),
        ("redis-cli -h x RPUSH q 1", "append redis key q duplicates"),
        ("redis-cli set k v", ""),
        ("pg_dump shop -f /b/x.sql", "write /b/x.sql"),
    ]);
}
