//! Commands that give an account a password that stands in the script.

use crate::shell::argv::{Argv, Stdin};
use regex::Regex;
use std::sync::LazyLock;

/// A password that a command sets, whatever it was changed to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// That of an account of the system.
    Account(String),
    /// Those of rows in a table of the app.
    Rows(String),
}

/// An upsert (PostgreSQL's `ON CONFLICT … DO UPDATE`, MySQL's `ON DUPLICATE KEY UPDATE`) that also replaces a password.
static UPSERT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?isx) \binsert\s+into\s+ ["`]? (\w+) [^;]*?
        \b(?: do\s+update\s+set | on\s+duplicate\s+key\s+update )\b [^;]*?
        \b\w*passw\w*["`]?\s*=\s*(?: excluded\. | values\s*\( | ' )"#,
    )
    .ok()
});

/// The password that a command sets, if each run sets the same one.
pub(crate) fn fixed(argv: &Argv) -> Option<Fixed> {
    let given = match &argv.stdin {
        Stdin::Text(text) => text.as_literal(),
        _ => None,
    };
    match argv.name.as_str() {
        // chpasswd(8): lines of `NAME:PASSWORD`.
        "chpasswd" => {
            let (name, password) = given?.lines().next()?.split_once(':')?;
            (!name.is_empty() && !password.trim().is_empty()).then(|| Fixed::Account(name.to_owned()))
        }
        "psql" | "mysql" | "mariadb" | "sqlite3" => {
            let texts = argv.args.iter().filter_map(|arg| arg.value.as_literal()).chain(given);
            // `:'HASH'` is a variable of psql, whose value comes from elsewhere.
            let mut texts = texts.filter(|text| !text.contains(":'") && !text.contains(":\""));
            let table = texts.find_map(|text| Some(UPSERT.as_ref()?.captures(text)?[1].to_owned()));
            table.map(Fixed::Rows)
        }
        _ => None,
    }
}

#[test]
fn passwords_are_fixed() {
    use crate::shell::argv::tests::argv;
    let sql = |text: &str| {
        let mut argv = argv("psql -d shop -c SQL");
        argv.args[2].value = crate::shell::value::Value::literal(text);
        fixed(&argv)
    };
    let rows = |table: &str| Some(Fixed::Rows(table.to_owned()));
    let insert = "INSERT INTO users (email, password) VALUES ('a@example.com', 'x')";
    assert_eq!(
        sql(&format!("{insert} ON CONFLICT (email) DO UPDATE SET password = EXCLUDED.password;")),
        rows("users")
    );
    assert_eq!(
        sql(&format!("{insert}\nON DUPLICATE KEY UPDATE role = 1, password_hash = VALUES(password_hash)")),
        rows("users")
    );
    assert_eq!(sql(&format!("{insert} ON CONFLICT (email) DO UPDATE SET role = EXCLUDED.role;")), None);
    assert_eq!(sql(&format!("{insert} ON CONFLICT (email) DO UPDATE SET password = :'HASH';")), None);
    assert_eq!(sql(&format!("{insert} ON CONFLICT DO NOTHING; UPDATE t SET password = 'x'")), None);
    assert_eq!(fixed(&argv("chpasswd <<< 'app:secret'")), Some(Fixed::Account("app".to_owned())));
    assert_eq!(fixed(&argv("| chpasswd")), None);
}
