//! Removes the values of secrets from what is shown. Only `facts::secrets` knows how secrets are named.

use crate::facts::secrets::{holds_password, is_secret_name, is_value, mentions_secret};

/// The replacement for a value.
const MASK: &str = "…";
/// How many base64 characters on a line of its own belong to a key rather than to a word.
const KEY_LINE: usize = 48;
/// How many characters of a word may be a token.
const TOKEN: usize = 24;

/// Shows the value of a setting unless it is a secret.
pub(crate) fn value(name: &str, value: &str) -> String {
    if is_secret_name(&name.replace('-', "_")) && is_value(value) && !is_reference(value) {
        return MASK.to_owned();
    }
    line(value)
}

/// Masks a line of any file: the value of each secret's name, and the password of a URL.
pub(crate) fn line(text: &str) -> String {
    if is_key_line(text) {
        return MASK.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // True while only marks that begin a setting came before. Then the value extends to the end of the line.
    let mut begins = true;
    while let Some((before, name, between, after)) = next_name(rest) {
        begins &= before.trim().is_empty() || before.trim().chars().all(|c| matches!(c, '-' | '"' | '\''));
        out.push_str(before);
        out.push_str(name);
        rest = after;
        if between.is_empty() {
            begins &=
                matches!(name, "export" | "declare" | "readonly" | "local" | "ENV" | "ARG" | "Environment");
            continue;
        }
        out.push_str(between);
        let own = begins;
        begins &= name == "Environment";
        if name != "BY" && !is_secret_name(name.replace('-', "_").trim_matches('_')) {
            continue;
        }
        let around = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let (given, left) = split_value(rest, around, own);
        if is_value(given.trim_matches(['"', '\''])) && !is_reference(given.trim()) {
            let quote = given.chars().next().filter(|c| matches!(c, '"' | '\'')).map(String::from);
            let quote = quote.unwrap_or_default();
            out.push_str(&format!("{quote}{MASK}{quote}"));
        } else {
            out.push_str(given);
        }
        rest = left;
    }
    out.push_str(rest);
    let out = passwords(&out);
    if mentions_secret(&out) { tokens(&out) } else { out }
}

/// Masks a long run of letters and digits that looks like a secret, in a line about one.
fn tokens(text: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let random = |run: &str| {
        run.len() >= TOKEN
            && run.bytes().filter(u8::is_ascii_digit).count() >= 4
            && run.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(inside) {
        let end = rest[start..].find(|c| !inside(c)).map_or(rest.len(), |length| start + length);
        out.push_str(&rest[..start]);
        let run = &rest[start..end];
        out.push_str(if random(run) { MASK } else { run });
        rest = &rest[end..];
    }
    out + rest
}

/// Masks a text of several lines.
pub(crate) fn text(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n")
}

/// The next word that may be a name: the text before it, the word, the sign that gives it a value, and the
/// rest.
fn next_name(text: &str) -> Option<(&str, &str, &str, &str)> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = text.find(|c: char| c.is_ascii_alphabetic() || c == '_')?;
    let end = text[start..].find(|c| !word(c)).map_or(text.len(), |length| start + length);
    let after = &text[end..];
    let unquoted = after.trim_start_matches(['"', '\'']);
    let sign = unquoted.trim_start_matches(' ');
    let signed = match sign.chars().next() {
        Some('=') => true,
        // `host:port` is not a setting, but `NAME: value` and `"NAME":"value"` are.
        Some(':') => {
            !sign.starts_with("://")
                && (sign[1..].starts_with([' ', '"', '\'']) || unquoted.len() < after.len())
        }
        _ => false,
    };
    // A blank stands before the value in `--token VALUE`, and in SQL's `PASSWORD 'value'` and `IDENTIFIED BY 'value'`.
    let (flag, sql) = (text[..start].ends_with("--"), matches!(&text[start..end], "PASSWORD" | "BY"));
    if !signed
        && (flag && after.starts_with(' ') && !after.starts_with(" -") || sql && after.starts_with(" '"))
    {
        return Some((&text[..start], &text[start..end], &after[..1], &after[1..]));
    }
    let between = match signed {
        true => {
            let blank = sign[1..].len() - sign[1..].trim_start_matches(' ').len();
            &after[..after.len() - sign.len() + 1 + blank]
        }
        false => "",
    };
    Some((&text[..start], &text[start..end], between, &after[between.len()..]))
}

/// The value at the start of a text, and what follows it. A quote `around` the setting ends it.
fn split_value(text: &str, around: Option<char>, to_the_end: bool) -> (&str, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let end = text[1..].find(quote).map_or(text.len(), |at| at + 2);
        return text.split_at(end);
    }
    if let Some(end) = around.and_then(|quote| text.find(quote)) {
        return text.split_at(end);
    }
    if to_the_end {
        let end = text.trim_end_matches(['\n', ',', '"', '\'']).len();
        return text.split_at(end);
    }
    let end =
        text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';')).unwrap_or(text.len());
    text.split_at(end)
}

/// True for `$NAME`, `${NAME}`, `$(command)` and `%s`. What is inserted later is not a secret yet.
fn is_reference(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    value.strip_prefix('$').is_some_and(|rest| {
        name(rest)
            || rest.strip_prefix('{').and_then(|r| r.strip_suffix('}')).is_some_and(name)
            || rest.starts_with('(') && rest.ends_with(')')
            || rest.starts_with("{{") && rest.ends_with("}}")
    }) || matches!(value, "%s" | "...")
}

fn is_key_line(text: &str) -> bool {
    let key = text.trim();
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    key.len() >= KEY_LINE && key.chars().all(base64)
}

/// Masks the password of an address: `postgres://user:password@host`.
fn passwords(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '`');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let start = rest[..at].rfind(blank).map_or(0, |i| i + 1);
        let end = rest[at..].find(blank).map_or(rest.len(), |length| at + length);
        let url = &rest[start..end];
        let login = url.split_once("://").and_then(|(_, host)| host.split('/').next()?.rsplit_once('@'));
        let password = login.and_then(|(login, _)| login.split_once(':')).map(|(_, password)| password);
        match password.filter(|password| holds_password(url) && !is_reference(password)) {
            Some(password) => {
                out.push_str(&rest[..start]);
                out.push_str(&url.replacen(&format!(":{password}@"), &format!(":{MASK}@"), 1));
            }
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[test]
fn secrets_are_masked_and_the_rest_is_left() {
    for (given, masked) in [
        ("SECRET_KEY=hunter22", "SECRET_KEY=…"),
        ("export DB_PASSWORD='a b c'", "export DB_PASSWORD='…'"),
        ("export DB_PASSWORD=a b c", "export DB_PASSWORD=…"),
        ("      - POSTGRES_PASSWORD=hunter22", "      - POSTGRES_PASSWORD=…"),
        ("      POSTGRES_PASSWORD: hunter22 x", "      POSTGRES_PASSWORD: …"),
        ("Environment=\"API_TOKEN=abcdef\" A=b", "Environment=\"API_TOKEN=…\" A=b"),
        ("  \"apiToken\": \"abcdef\",", "  \"apiToken\": \"…\","),
        ("docker run -e DB_PASSWORD=hunter22 app", "docker run -e DB_PASSWORD=… app"),
        ("x --db-password=hunter22 -v", "x --db-password=… -v"),
        ("sed -i \"s|3daa0403ce2501ee7432b75bf100048e|$APP_KEY|g\" .env", "sed -i \"s|…|$APP_KEY|g\" .env"),
        ("x --api-token hunter22 -v", "x --api-token … -v"),
        ("psql -c \"ALTER ROLE x PASSWORD 'hunter22'\"", "psql -c \"ALTER ROLE x PASSWORD '…'\""),
        ("DATABASE_URL=postgres://shop:hunter22@db/shop", "DATABASE_URL=postgres://shop:…@db/shop"),
        ("+SECRET_KEY=${SECRET_KEY:-hunter22}", "+SECRET_KEY=…"),
    ] {
        assert_eq!(line(given), masked);
    }
    for left in [
        "SECRET_KEY=$SECRET_KEY",
        "SECRET_KEY=\"$(openssl rand -hex 32)\"",
        "SECRET_KEY=",
        "ACCESS_TOKEN_EXPIRE_MINUTES=30",
        "image: postgres:16",
        "DATABASE_URL=postgres://shop:$DB_PASSWORD@db/shop",
        "DEBUG=True",
        "ports: [\"8080:80\"]",
        "git clone https://github.com/a/b.git",
        "image: app@sha256:3daa0403ce2501ee7432b75bf100048e",
        "",
    ] {
        assert_eq!(line(left), left);
    }
    assert_eq!(line(&"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC".repeat(2)), "…");
    assert_eq!(value("DB_PASSWORD", "hunter22"), "…");
    assert_eq!(value("DB_HOST", "db"), "db");
}
