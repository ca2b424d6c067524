//! Which files contain secrets, by their names and by what is written into them.

use crate::shell::value::{Knowledge, Value};
use crate::tools::prints::is_new_file;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::LazyLock;

/// Words in a setting's name that make its value a secret.
const WORDS: [&str; 15] = [
    "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "PRIVATEKEY",
    "PRESHAREDKEY", "CREDENTIAL", "ACCESS_KEY", "ENCRYPTION_KEY", "APP_KEY", "AUTH_KEY",
];

/// Words that make it harmless after all: `ACCESS_TOKEN_EXPIRE_MINUTES`, `SECRET_FILE`,
/// `NEXT_PUBLIC_API_KEY`.
const NOT: [&str; 25] = [
    "EXPIRE", "EXPIRY", "TTL", "LIFETIME", "_FILE", "_PATH", "_DIR", "ENABLE", "PUBLIC", "VITE_",
    "REACT_APP_", "NUXT_", "LENGTH", "TIMEOUT", "ALGORITHM", "RESET", "_URL", "_URI", "_NAME", "MAX_",
    "_MIN_", "LIMIT", "_HEADER", "_TYPE", "HASHER",
];

/// All words in one search, in any case. Thousands of short names are checked, so the search has to be built fast.
fn any_of(words: impl IntoIterator<Item = String>) -> Option<AhoCorasick> {
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    AhoCorasick::builder().kind(kind).ascii_case_insensitive(true).build(words).ok()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

static SECRET: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| any_of(owned(&WORDS)));
static NO_SECRET: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| any_of(owned(&NOT)));
/// Words that mention a secret in any text, where `-` is as good as `_`.
static MENTIONED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let dashed = WORDS.iter().map(|word| word.replace('_', "-"));
    let others = ["_PASS", "-PASS", "OPENSSL RAND"];
    any_of(owned(&WORDS).into_iter().chain(dashed).chain(owned(&others)))
});

fn holds(words: &Option<AhoCorasick>, text: &str) -> bool {
    words.as_ref().is_some_and(|words| words.is_match(text))
}

/// True for a name whose words make the value harmless. `MIN_` has to begin a word: `ADMIN_PASSWORD` is a secret.
fn is_harmless(name: &str) -> bool {
    holds(&NO_SECRET, name) || name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("MIN_"))
}

/// True for the name of a settings file that a program reads into its environment: `.env`, `.env.production`,
/// `web.env`. Samples do not count.
pub(crate) fn is_env_file(name: &str) -> bool {
    // Each file that a script writes comes here, and hardly any is a settings file.
    if !has_env(name) {
        return false;
    }
    let sample = ["sample", "example", "template", "dist", "default", "test", "bak", "backup", "tmpl", "tpl"];
    let lower = name.to_ascii_lowercase();
    let env =
        lower == ".env" || lower.starts_with(".env.") || lower.ends_with(".env") || lower == ".env-file";
    env && !sample.iter().any(|word| lower.contains(word))
}

/// True for the path of a settings file ([`is_env_file`]) that stays. A temporary one is moved over it.
pub(crate) fn is_lasting_env_file(path: &Value) -> bool {
    has_env(path.key()) && {
        let name = path.basename().to_string();
        is_env_file(&name) && !name.contains("tmp")
    }
}

/// True for a path that may be one of an environment file.
pub(crate) fn has_env(path: &str) -> bool {
    path.as_bytes().windows(4).any(|bytes| bytes.eq_ignore_ascii_case(b".env"))
}

/// True for the name of a file that is a secret as a whole.
pub(crate) fn is_secret_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        ".pgpass", ".my.cnf", ".netrc", ".git-credentials", "credentials.json", "privatekey", "private.key",
        "master.key", "id_rsa", "id_ecdsa", "id_ed25519",
    ]
    .contains(&lower.as_str())
        || lower.starts_with(".") && lower.contains("secret")
        || lower.ends_with(".key") && !lower.contains("pub")
        || lower.ends_with("credentials.json")
}

/// True for the name of a file of settings that a program reads, other than an environment file.
pub(crate) fn is_settings_file(name: &str) -> bool {
    const ENDINGS: [&str; 11] =
        ["yaml", "yml", "json", "toml", "ini", "cfg", "conf", "cnf", "properties", "php", "py"];
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        // Compose passes on what the shell has, and its own text holds no secret.
        ENDINGS.contains(&ending) && !stem.contains("compose") && !name.contains("example")
    })
}

/// The name of the first setting of a text that gets a variable's value and is a secret: `api_key: "$API_KEY"`,
/// `PrivateKey = $KEY`. Braces show that the shell did not insert it: what it inserts reads `$NAME` here.
pub(crate) fn inserted_secret(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches("export ");
        if line.starts_with(['#', ';', '/']) {
            return None;
        }
        let (name, value) = line.split_once(['=', ':'])?;
        let name = name.trim().trim_matches(['"', '\'']);
        let value = value.trim_start_matches(['>', '=', ' ']);
        // What PHP assigns without quotes is a variable of its own: `$password = $_ENV['DB_PASSWORD'];`.
        let is_of_php = name.starts_with('$') && !value.starts_with(['"', '\'']);
        let name = name.trim_start_matches('$');
        let value = value.trim_start_matches(['"', '\'']);
        let is_inserted = value.starts_with('$') && !value.starts_with("${") && !is_of_php;
        (is_secret_name(name) && is_inserted).then(|| name.to_owned())
    })
}

/// The name of the first secret in lines of `NAME=value` (or `NAME: value`).
pub(crate) fn secret_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches("export ").trim_start();
        if line.starts_with(['#', ';', '/']) {
            return None;
        }
        let (name, value) = line.split_once('=')?;
        let name = name.trim();
        let value = value.trim().trim_matches(['"', '\'']);
        let secret = is_secret_name(name) && is_value(value) || holds_password(value);
        secret.then(|| name.to_owned())
    })
}

/// The name of the first secret of a text that is written to a path. `value` is the text before constants were inserted.
pub(crate) fn secret_written(path: &Value, text: &str, value: &Value) -> Option<String> {
    let base = path.basename();
    let name = base.shown();
    let name = final_name(&name);
    if is_env_file(name) || path.knowledge() == Knowledge::Fresh && is_new_file(&path.shown()) {
        let generated = || (value.knowledge() == Knowledge::Fresh).then(|| generated_key(text)).flatten();
        // Where the shell inserted nothing, `$(cat secrets/key)` stands there in so many letters.
        let is_plain = value.as_literal().is_some() && text.contains("=$(");
        let kept = is_plain.then(|| without_substitutions(text));
        secret_in(kept.as_deref().unwrap_or(text)).or_else(generated)
    } else if is_secret_file(name) && !text.trim().is_empty() {
        Some(name.to_owned())
    } else if is_settings_file(name) && value.as_literal().is_none() {
        inserted_secret(text)
    } else {
        None
    }
}

/// A text without the lines that give a name the letters of a command substitution.
fn without_substitutions(text: &str) -> String {
    let is_other = |line: &&str| !line.contains("=$(");
    text.lines().filter(is_other).collect::<Vec<_>>().join("\n")
}

/// The name that a file will have, where it is written beside its place first: `web.env` of `web.env.new`.
pub(crate) fn final_name(name: &str) -> &str {
    const DRAFTS: [&str; 8] = [".new", ".tmp", ".temp", ".part", ".partial", ".draft", ".next", "~"];
    DRAFTS.iter().find_map(|end| name.strip_suffix(end)).filter(|name| !name.is_empty()).unwrap_or(name)
}

/// True for the name of a sample, which everybody can read after the repo is cloned.
pub(crate) fn is_sample(name: &str) -> bool {
    ["sample", "example", "template", "dist", "default"].iter().any(|word| name.contains(word))
}

/// True if the name of a file shows that it may hold a secret, or if the name is a new one on each run.
pub(crate) fn may_hold_secret(file: &Value) -> bool {
    let base = file.basename();
    let name = base.shown();
    let name = final_name(&name);
    let is_named = is_env_file(name) || is_secret_file(name) || is_settings_file(name);
    is_named || file.knowledge() == Knowledge::Fresh
}

/// The name of the first setting of a text that gets a key which the script makes up: `SESSION_KEY=$key`.
fn generated_key(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.trim().trim_start_matches("export ").split_once('=')?;
        let is_key = name.ends_with("_KEY") || name.ends_with("_SALT");
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !is_harmless(name);
        (is_key && is_plain && value.trim_start_matches('"').starts_with('$')).then(|| name.to_owned())
    })
}

/// True for the name of a setting whose value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    let ends = |end: &str| {
        let start = name.len().checked_sub(end.len());
        start.and_then(|start| name.get(start..)).is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    let secret =
        || holds(&SECRET, name) || ends("_PASS") || name.eq_ignore_ascii_case("PGPASS") || ends("_KEY_BASE");
    plain && secret() && !is_harmless(name)
}

pub(crate) fn is_value(value: &str) -> bool {
    let switch = matches!(value, "" | "true" | "false" | "null" | "none" | "yes" | "no");
    let number = value.len() < 4 && value.bytes().all(|b| b.is_ascii_digit());
    !switch && !number && !is_address(value)
}

/// True for the address of an account or contract of Ethereum, which is public. It has 20 bytes in hexadecimal
/// (EIP-55), and a private key has 32.
pub(crate) fn is_address(value: &str) -> bool {
    let digits = value.strip_prefix("0x").unwrap_or_default();
    digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// True if a text is about a secret, like the expression of a `sed` that inserts one.
pub(crate) fn mentions_secret(text: &str) -> bool {
    holds(&MENTIONED, text)
}

/// True for an address with a password: `postgres://user:password@host/db`.
pub(crate) fn holds_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let Some((login, _)) = rest.split('/').next().unwrap_or_default().rsplit_once('@') else { return false };
    login.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

#[test]
fn settings_are_told_from_secrets() {
    for text in [
        "SECRET_KEY=$(openssl rand -hex 32)",
        "export DB_PASSWORD='x y'",
        "A=1\nGROQ_API_KEY=your_groq_api_key_here",
        "DATABASE_URL=postgresql://shop:$DB_PASSWORD@localhost/shop",
        "DB_PASS=$DB_PASS",
        "ADMIN_PASSWORD=$PW",
    ] {
        assert!(secret_in(text).is_some(), "{text}");
    }
    for text in [
        "SECRET_KEY=",
        "# SECRET_KEY=x",
        "ACCESS_TOKEN_EXPIRE_MINUTES=30",
        "MIN_PASSWORD_SCORE=high",
        "NEXT_PUBLIC_API_KEY=abc",
        "REDIS_URL=redis://localhost:6379/0",
        "DB_HOST=127.0.0.1",
        "SSL_CERT_PATH=/etc/x",
        "TOKEN_CONTRACT=0x00112233445566778899aabbccddeeff00112233",
    ] {
        assert_eq!(secret_in(text), None, "{text}");
    }
    assert!(is_env_file(".env") && is_env_file(".env.production") && is_env_file("web.env"));
    assert!(!is_env_file(".env.example") && !is_env_file(".sample.env") && !is_env_file("environment"));
    let lasts = |path: &str| is_lasting_env_file(&Value::literal(path));
    assert!(lasts("/opt/shop/.env") && !lasts("/opt/shop/.env.tmp") && !lasts("/opt/shop/.env.example"));
}
