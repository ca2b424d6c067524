//! Enough of SQL to show which roles, databases and tables a script creates, and whether it fails if they exist. The
//! sources are PostgreSQL 15 "SQL Commands" and MySQL 8.0 "SQL Statements".

use crate::shell::value::Value;
use crate::shell::value::{Piece, leading_hole, pieces};
use crate::tools::draft::NEW;
use crate::tools::effect::{Again, Change, Effect, Resource};
use crate::tools::thing::Thing;

/// The dialect of SQL.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'s> {
    Word(&'s str),
    /// A string, or a name in quotes.
    Quoted(&'s str),
    /// The text between `$$` and `$$`.
    Body(&'s str),
    Mark(char),
}

impl Token<'_> {
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// The effects of a script's statements, in order. A hole may be anywhere a value may be.
pub(crate) fn effects(sql: &Value, dialect: Dialect) -> Vec<Effect> {
    let mut effects = Vec::new();
    script(sql.key(), sql, dialect, false, &mut effects);
    settle(&mut effects);
    effects
}

/// If a script drops or empties something before it creates or fills it, the creation counts as the first one. The lost
/// content was the script's own, so nobody misses it.
fn settle(effects: &mut Vec<Effect>) {
    let filled: Vec<Value> = effects
        .iter()
        .filter_map(|e| match (&e.change, &e.resource) {
            (Change::Append, Resource::Table(name)) => Some(name.clone()),
            _ => None,
        })
        .collect();
    effects.retain(|e| !matches!(&e.resource, Resource::Other(Thing::Data, rows) if filled.contains(rows)));
    // What a script makes and drops again stands in the way of no later run, and held no rows of others.
    for at in (0..effects.len()).rev() {
        let resource = effects[at].resource.clone();
        let is_drop = |e: &Effect| e.change == Change::Remove && e.resource == resource;
        if effects[at].change == NEW
            && let Some(later) = effects[at + 1..].iter().position(is_drop)
        {
            effects[at].again = Again::NoChange;
            effects[at + 1 + later].again = Again::NoChange;
            let is_lost = |e: &Effect| matches!(&e.resource, Resource::Other(Thing::Data, rows) if rows == resource.name());
            if effects.get(at + 2 + later).is_some_and(is_lost) {
                effects.remove(at + 2 + later);
            }
        }
    }
    let mut cleared: Vec<Resource> = Vec::new();
    for effect in effects {
        match effect.change {
            Change::Remove => cleared.push(effect.resource.clone()),
            Change::Write if matches!(effect.resource, Resource::Table(_)) => {
                cleared.push(effect.resource.clone());
            }
            _ if cleared.contains(&effect.resource) => effect.again = Again::NoChange,
            _ => {}
        }
    }
}

fn script(text: &str, of: &Value, dialect: Dialect, guarded: bool, effects: &mut Vec<Effect>) {
    let tokens = tokens(text);
    // After `BEGIN; …; ROLLBACK;` nothing of it stays.
    let mut since = None;
    for statement in tokens.split(|t| *t == Token::Mark(';')) {
        match statement {
            [begin] | [begin, ..] if begin.is("BEGIN") && statement.len() <= 2 || begin.is("START") => {
                since = Some(effects.len());
            }
            [rollback, ..] if rollback.is("ROLLBACK") && !contains(statement, &["TO"]) => {
                effects.truncate(since.take().unwrap_or(effects.len()));
            }
            [commit, ..] if commit.is("COMMIT") => since = None,
            _ => read_statement(statement, of, dialect, guarded, effects),
        }
    }
}

/// Words, quoted texts, dollar-quoted bodies and marks; comments are dropped. A hole is part of a word.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("--") || first == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(quote @ ('\'' | '"' | '`')) = Some(first) {
            let inner = &rest[1..];
            let end = inner.find(quote).unwrap_or(inner.len());
            tokens.push(Token::Quoted(&inner[..end]));
            rest = inner.get(end + 1..).unwrap_or_default();
        } else if let Some((body, after)) = dollar_body(rest) {
            tokens.push(Token::Body(body));
            rest = after;
        } else if is_word(first) || leading_hole(rest).is_some() {
            let (word, after) = rest.split_at(word_end(rest));
            // psql's own commands end a statement: `\gexec`, `\c shop`.
            if first == '\\' {
                let line = rest.find('\n').unwrap_or(rest.len());
                tokens.push(Token::Word(word));
                tokens.push(Token::Mark(';'));
                rest = match word {
                    "\\gexec" | "\\g" => after,
                    _ => &rest[line..],
                };
                continue;
            }
            tokens.push(Token::Word(word));
            rest = after;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\\' | '-' | '@' | '.' | '$')
}

/// The end of the word with which a text begins. A hole is part of the word, whatever its value is.
fn word_end(text: &str) -> usize {
    let mut end = 0;
    for piece in pieces(text) {
        match piece {
            Piece::Hole(hole) => end += hole.len(),
            Piece::Text(known) => match known.find(|c: char| !is_word(c)) {
                Some(stop) => return end + stop,
                None => end += known.len(),
            },
        }
    }
    end
}

/// The end of `$$ body $$` or `$tag$ body $tag$`, also if the shell's backslash is left: `\$\$`.
fn dollar_body(text: &str) -> Option<(&str, &str)> {
    let escaped = text.starts_with("\\$");
    let after = text.trim_start_matches('\\').strip_prefix('$')?;
    let tag_end = after.find('$')?;
    let tag = after[..tag_end].trim_end_matches('\\');
    if !tag.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let opening = text.len() - after.len() + tag_end + 1;
    let closing = match escaped {
        true => format!("\\${tag}\\$"),
        false => format!("${tag}$"),
    };
    let body = &text[opening..];
    let end = body.find(&closing).unwrap_or(body.len());
    Some((&body[..end], body.get(end + closing.len()..).unwrap_or_default()))
}

/// Reads tokens one after the other.
struct Cursor<'t, 's> {
    tokens: &'t [Token<'s>],
}

impl<'s> Cursor<'_, 's> {
    fn eat(&mut self, keyword: &str) -> bool {
        let found = self.tokens.first().is_some_and(|t| t.is(keyword));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn eat_any(&mut self, keywords: &[&str]) -> bool {
        let mut any = false;
        while keywords.iter().any(|k| self.eat(k)) {
            any = true;
        }
        any
    }

    fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let found =
            self.tokens.len() >= keywords.len() && self.tokens.iter().zip(keywords).all(|(t, k)| t.is(k));
        if found {
            self.tokens = &self.tokens[keywords.len()..];
        }
        found
    }

    fn name(&mut self) -> Option<&'s str> {
        let name = match self.tokens.first()? {
            Token::Word(word) => word.trim_end_matches('@'),
            Token::Quoted(text) => text,
            _ => return None,
        };
        self.tokens = &self.tokens[1..];
        Some(name)
    }
}

fn contains(tokens: &[Token<'_>], keywords: &[&str]) -> bool {
    tokens.windows(keywords.len()).any(|window| window.iter().zip(keywords).all(|(t, k)| t.is(k)))
}

fn read_statement(
    tokens: &[Token<'_>],
    of: &Value,
    dialect: Dialect,
    guarded: bool,
    effects: &mut Vec<Effect>,
) {
    // Inside a body: `IF … THEN CREATE …`.
    const STARTS: [&str; 10] =
        ["CREATE", "ALTER", "INSERT", "DROP", "DO", "SELECT", "REPLACE", "GRANT", "TRUNCATE", "DELETE"];
    let start = match guarded || contains(tokens, &["BEGIN"]) {
        true => tokens
            .iter()
            .rposition(|t| ["THEN", "BEGIN", "ELSE"].iter().any(|k| t.is(k)))
            .map_or(0, |at| at + 1),
        false => tokens.iter().position(|t| STARTS.iter().any(|k| t.is(k))).unwrap_or(0),
    };
    let mut cursor = Cursor { tokens: &tokens[start.min(tokens.len())..] };
    let value = |name: &str| Value::from_key(name, of);
    if cursor.eat("CREATE") {
        effects.extend(create(cursor, dialect, guarded, value));
    } else if cursor.eat("DO") {
        for token in cursor.tokens {
            if let Token::Body(body) = token {
                let checks = body.to_ascii_uppercase();
                let guarded = checks.contains("NOT EXISTS")
                    || checks.contains("EXCEPTION")
                    || checks.contains("NOT FOUND");
                script(body, of, dialect, guarded, effects);
            }
        }
    } else if cursor.eat("SELECT") {
        // SELECT 'CREATE DATABASE x' WHERE NOT EXISTS (…)\gexec
        if let Some(Token::Quoted(text)) = cursor.tokens.first()
            && tokens.last().is_some_and(|t| t.is("\\gexec"))
        {
            let guarded = contains(tokens, &["NOT", "EXISTS"]);
            script(text, of, dialect, guarded, effects);
        }
    } else if cursor.eat("INSERT") {
        effects.extend(insert(cursor, tokens, guarded, value));
    } else if cursor.eat("TRUNCATE") {
        cursor.eat_any(&["TABLE", "ONLY"]);
        if let Some(name) = cursor.name().map(value) {
            let rows = Resource::Other(Thing::Data, name.clone());
            effects.push(Effect::new(Change::Write, Resource::Table(name), Again::NoChange));
            effects.push(Effect::new(Change::Remove, rows, Again::NoChange));
        }
    } else if cursor.eat_all(&["DELETE", "FROM"]) {
        cursor.eat_any(&["ONLY"]);
        let table = cursor.name().map(|name| Resource::Table(value(name)));
        effects.extend(table.map(|table| Effect::new(Change::Write, table, Again::NoChange)));
    } else if cursor.eat("ALTER") {
        alter(cursor, dialect, guarded, value, effects);
    } else if cursor.eat("DROP") {
        drop(cursor, dialect, guarded, value, effects);
    }
}

/// `INSERT [IGNORE] INTO NAME …`
fn insert(
    mut cursor: Cursor<'_, '_>,
    tokens: &[Token<'_>],
    guarded: bool,
    value: impl Fn(&str) -> Value,
) -> Option<Effect> {
    let mut harmless = cursor.eat("IGNORE") || guarded;
    if cursor.eat("OR") {
        harmless |= cursor.eat("IGNORE") || cursor.eat("REPLACE");
    }
    harmless |= contains(tokens, &["ON", "CONFLICT"])
        || contains(tokens, &["ON", "DUPLICATE", "KEY"])
        || contains(tokens, &["NOT", "EXISTS"]);
    cursor.eat("INTO");
    let again = match harmless {
        true => Again::NoChange,
        false => Again::Duplicates("inserts the rows again, or fails if they must be unique"),
    };
    cursor.name().map(|n| Effect::new(Change::Append, Resource::Table(value(n)), again))
}

/// `DROP KIND [IF EXISTS] NAME`
fn drop(
    mut cursor: Cursor<'_, '_>,
    dialect: Dialect,
    guarded: bool,
    value: impl Fn(&str) -> Value,
    effects: &mut Vec<Effect>,
) {
    let holds_rows = cursor.tokens.first().is_some_and(|t| t.is("TABLE") || t.is("SCHEMA"));
    let kind = kind(&mut cursor, dialect);
    let again = match cursor.eat_all(&["IF", "EXISTS"]) || guarded {
        true => Again::NoChange,
        false => Again::Fails("it does not exist"),
    };
    if let (Some(kind), Some(name)) = (kind, cursor.name()) {
        effects.push(Effect::new(Change::Remove, kind(value(name)), again));
        if holds_rows {
            let rows = Resource::Other(Thing::Data, value(name));
            effects.push(Effect::new(Change::Remove, rows, Again::NoChange));
        }
    }
}

/// The resource that `USER`, `DATABASE`, `TABLE` … stands for.
fn kind(cursor: &mut Cursor<'_, '_>, dialect: Dialect) -> Option<fn(Value) -> Resource> {
    if cursor.eat_any(&["USER", "ROLE"]) {
        return Some(Resource::Role);
    }
    if cursor.eat("DATABASE") || dialect == Dialect::MySql && cursor.eat("SCHEMA") {
        return Some(Resource::Database);
    }
    const OBJECTS: [&str; 17] = [
        "TABLE", "EXTENSION", "SCHEMA", "INDEX", "TYPE", "VIEW", "SEQUENCE", "FUNCTION", "TRIGGER",
        "PROCEDURE", "POLICY", "PUBLICATION", "SUBSCRIPTION", "DOMAIN", "SERVER", "TABLESPACE", "EVENT",
    ];
    OBJECTS.iter().any(|object| cursor.eat(object)).then_some(Resource::Table as fn(Value) -> Resource)
}

fn create(
    mut cursor: Cursor<'_, '_>,
    dialect: Dialect,
    guarded: bool,
    value: impl Fn(&str) -> Value,
) -> Option<Effect> {
    let replaces = cursor.eat_all(&["OR", "REPLACE"]);
    cursor.eat_any(&["UNIQUE", "UNLOGGED", "MATERIALIZED", "GLOBAL"]);
    if cursor.eat_any(&["TEMP", "TEMPORARY"]) {
        return None;
    }
    let kind = kind(&mut cursor, dialect)?;
    cursor.eat("CONCURRENTLY");
    let checked = cursor.eat_all(&["IF", "NOT", "EXISTS"]);
    let resource = kind(value(cursor.name()?));
    let again = match &resource {
        // PostgreSQL's CREATE ROLE and CREATE DATABASE have no IF NOT EXISTS.
        Resource::Role(_) | Resource::Database(_) if checked && dialect == Dialect::Postgres => {
            Again::Fails("syntax error, because PostgreSQL has no IF NOT EXISTS here")
        }
        _ if replaces || checked || guarded => Again::NoChange,
        Resource::Role(_) => Again::Fails("role already exists"),
        Resource::Database(_) => Again::Fails("database already exists"),
        _ => Again::Fails("it already exists"),
    };
    Some(Effect::new(NEW, resource, again))
}

fn alter(
    mut cursor: Cursor<'_, '_>,
    dialect: Dialect,
    guarded: bool,
    value: impl Fn(&str) -> Value,
    effects: &mut Vec<Effect>,
) {
    let is_table = cursor.tokens.first().is_some_and(|t| t.is("TABLE"));
    let Some(kind) = kind(&mut cursor, dialect) else { return };
    let checked = cursor.eat_all(&["IF", "EXISTS"]);
    cursor.eat("ONLY");
    let Some(name) = cursor.name() else { return };
    let resource = kind(value(name));
    if cursor.eat_all(&["RENAME", "TO"]) {
        let again = match checked || guarded {
            true => Again::NoChange,
            false => Again::Fails("it does not exist"),
        };
        effects.push(Effect::new(Change::Remove, resource, again));
        // An existing object fails before a missing one does.
        let renamed = cursor.name().map(|to| Effect::new(NEW, kind(value(to)), Again::NoChange));
        effects.extend(renamed);
        return;
    }
    match resource {
        Resource::Role(_) => return effects.push(Effect::new(Change::Write, resource, Again::NoChange)),
        _ if !is_table => return,
        _ => {}
    }
    let adds = contains(cursor.tokens, &["ADD"]) && !contains(cursor.tokens, &["IF", "NOT", "EXISTS"]);
    let again = match adds && !guarded {
        true => Again::Fails("it already exists"),
        false => Again::NoChange,
    };
    effects.push(Effect::new(Change::Edit, resource, again));
}

#[cfg(test)]
pub(crate) fn seen(sql: &str, dialect: Dialect) -> String {
    let shown = effects(&Value::literal(sql), dialect).into_iter().map(|effect| {
        let again = match effect.again {
            Again::Fails(_) => " fails",
            Again::Duplicates(_) => " duplicates",
            _ => "",
        };
        format!("{} {}{again}", effect.resource.kind(), effect.resource.name())
    });
    shown.collect::<Vec<_>>().join("; ")
}

#[test]
fn statements_are_read() {
    for (sql, expected) in [
        ("CREATE USER app WITH PASSWORD 'a;b';", "role app fails"),
        ("create database \"shop\" owner app; -- x", "database shop fails"),
        ("CREATE DATABASE IF NOT EXISTS x", "database x fails"),
        ("CREATE TABLE IF NOT EXISTS t (id int)", "table t"),
        ("CREATE EXTENSION postgis;", "table postgis fails"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "table v"),
        (
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='a') THEN CREATE ROLE a LOGIN; END IF; END $$;",
            "role a",
        ),
        ("DO \\$\\$ BEGIN CREATE ROLE a; EXCEPTION WHEN duplicate_object THEN NULL; END \\$\\$;", "role a"),
        ("DO $do$ BEGIN CREATE ROLE a; END $do$;", "role a fails"),
        (
            "SELECT 'CREATE DATABASE shop' WHERE NOT EXISTS (SELECT FROM pg_database)\\gexec\nCREATE USER b;",
            "database shop; role b fails",
        ),
        (
            "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
            "table t duplicates; table t",
        ),
        ("ALTER USER app PASSWORD 'x'; GRANT ALL ON DATABASE d TO app", "role app"),
        ("DROP DATABASE IF EXISTS x; DROP ROLE y", "database x; role y fails"),
        ("\\c shop\nCREATE TABLE t();", "table t fails"),
        ("SELECT 1 FROM pg_roles WHERE rolname='app'", ""),
        ("TRUNCATE TABLE t; INSERT INTO t VALUES (1)", "table t; table t"),
        ("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1)", "table t; table t"),
        ("DELETE FROM t; INSERT INTO u VALUES (1)", "table t; table u duplicates"),
        ("DROP TABLE IF EXISTS t; CREATE TABLE t(); INSERT INTO t VALUES (1)", "table t; table t; table t"),
        ("CREATE PUBLICATION p FOR ALL TABLES", "table p fails"),
        ("ALTER TABLE t ADD COLUMN c int", "table t fails"),
        (
            "BEGIN; INSERT INTO t VALUES (1); SELECT 1; ROLLBACK; INSERT INTO u VALUES (1);",
            "table u duplicates",
        ),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT;", "table t duplicates"),
        ("ALTER DATABASE shop_new RENAME TO shop", "database shop_new fails; database shop"),
        ("ALTER DATABASE shop OWNER TO app", ""),
        ("", ""),
    ] {
        assert_eq!(seen(sql, Dialect::Postgres), expected, "{sql}");
    }
    let mysql = "CREATE DATABASE IF NOT EXISTS `x`; CREATE USER IF NOT EXISTS 'a'@'localhost' IDENTIFIED BY 'p'; CREATE USER 'b'@'%'";
    assert_eq!(seen(mysql, Dialect::MySql), "database x; role a; role b fails");
}
