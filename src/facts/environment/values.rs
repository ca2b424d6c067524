//! Which values are real secrets, and where they are in a line. No value is passed on: callers get only names, kinds
//! and places.

use crate::facts::secrets::{is_address, is_secret_name};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What makes a value a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has the form of a service's tokens.
    Token(&'static str),
    /// It consists of characters that nobody types by hand, and the variable has a secret's name.
    Random,
    /// It is a login at another host.
    Login,
}

/// Forms that belong to one issuer, each as the issuer or GitHub's list of patterns describes it:
/// <https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>,
/// <https://docs.gitlab.com/security/tokens/#token-prefixes>,
/// <https://core.telegram.org/bots/api#authorizing-your-bot>. Test keys (`sk_test_…`) are meant to be shared,
/// and are left out.
const TOKENS: [(&str, &str); 20] = [
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("a GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abprs]-[0-9]+-[A-Za-z0-9-]{20,}"),
    ("a Slack webhook", r"https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}"),
    ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
    ("a Stripe webhook secret", r"\bwhsec_[A-Za-z0-9+/=]{32,}"),
    (
        "an API key of OpenAI or Anthropic",
        r"\bsk-(?:proj-|svcacct-|ant-[a-z0-9]+-|or-v1-)?[A-Za-z0-9_-]{40,}",
    ),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("a Groq key", r"\bgsk_[A-Za-z0-9]{40,}\b"),
    ("a token of a Telegram bot", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    ("a Resend key", r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}\b"),
    // Base64 of `{"a":"` with the account, the tunnel and its secret:
    // <https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/remote-tunnel-permissions/>.
    ("a token of a Cloudflare tunnel", r"\beyJhIjoi[A-Za-z0-9+/=_-]{100,}"),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
];

static COMPILED: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    TOKENS.iter().filter_map(|(what, pattern)| Some((*what, Regex::new(pattern).ok()?))).collect()
});
/// One search for all of them, because most lines contain none. It works on bytes, since word boundaries
/// among non-ASCII letters are slow.
static ANY: LazyLock<Option<regex::bytes::Regex>> = LazyLock::new(|| {
    let all: Vec<&str> = TOKENS.iter().map(|(_, pattern)| *pattern).collect();
    regex::bytes::Regex::new(&format!("(?-u){}", all.join("|"))).ok()
});

/// Words that every token contains, in any case. Most lines and most scripts contain none of them.
const TOKEN_MARKS: [&str; 25] = [
    "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox",
    "hooks.slack.com", "k_live_", "whsec_", "sk-", "aiza", "gocspx-", "sg.", "npm_", "hf_", "gsk_", ":aa",
    "_v1_", "re_", "eyjhijoi", "-----begin",
];
/// The length of the shortest token, which is AWS's.
const SHORTEST: usize = 20;
/// The length of the shortest private key, an Ed25519 one, in base64.
const SHORTEST_KEY: usize = 64;
/// Parts of the names of secrets, and of addresses with a login.
const NAME_MARKS: [&str; 6] = ["secret", "pass", "token", "key", "credential", "://"];

static OF_TOKENS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| any_case(&TOKEN_MARKS, AhoCorasickKind::ContiguousNFA));
static OF_ALL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    any_case(&[NAME_MARKS.as_slice(), TOKEN_MARKS.as_slice()].concat(), AhoCorasickKind::DFA)
});

/// There are two versions: one runs fast over whole texts, and one is built fast for single lines.
fn any_case(words: &[&str], kind: AhoCorasickKind) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(kind)).ascii_case_insensitive(true).build(words).ok()
}

/// True if a text may contain a token, because it contains a token's word.
pub(crate) fn may_hold_token(text: &str) -> bool {
    text.len() >= SHORTEST && OF_TOKENS.as_ref().is_some_and(|marks| marks.is_match(text))
}

/// The lines, with their ends, that may contain a secret. They have a word of a token, of a secret's name, or of an
/// address.
pub(crate) fn lines_of_interest(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = OF_ALL.as_ref()?.find(Input::new(text).span(from..text.len()))?.start();
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        from = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        Some(start..from)
    })
}

/// Words that people write where a secret has to be inserted, or where none is needed.
const PLACEHOLDERS: [&str; 47] = [
    "your", "change", "replace", "xxx", "<", ">", "example", "placeholder", "todo", "...", "…", "dummy",
    "fake", "sample", "test", "insecure", "secret", "password", "passwd", "here", "insert", "local", "demo",
    "fixme", "default", "generate", "random", "foobar", "***", "abc123", "123456", "qwerty", "admin",
    "postgres", "dev-", "-dev", "dev_", "_dev", "min-", "long-", "abcdef", "some-", "some_", "my-", "my_",
    "0000", "token",
];

/// True if a value is only empty or invented.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|word| lower.contains(word)) || distinct(value) < 6 || is_a_phrase(value)
}

/// True for words in capitals that underscores join, in any language: `GENERAR_UNA_CLAVE_DE_32_CARACTERES`.
fn is_a_phrase(value: &str) -> bool {
    let is_word =
        |part: &str| part.bytes().all(|b| b.is_ascii_uppercase()) || part.bytes().all(|b| b.is_ascii_digit());
    let parts = value.split('_');
    parts.clone().count() >= 3
        && parts.clone().all(|part| !part.is_empty() && is_word(part))
        && parts.filter(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_uppercase())).count() >= 3
}

fn distinct(value: &str) -> usize {
    let mut seen = [false; 256];
    value.bytes().for_each(|b| seen[usize::from(b)] = true);
    seen.into_iter().filter(|s| *s).count()
}

/// The kind of secret that a value is, given its name; `None` if it is not certainly a secret.
pub(crate) fn secret(name: &str, value: &str) -> Option<Kind> {
    let value = value.trim().trim_matches(['"', '\'']);
    if let Some((what, _)) = token_in(value) {
        // The keys of Google's browser APIs are public by design, and so is everything that a bundler puts
        // into pages.
        return (!is_public(name)).then_some(Kind::Token(what));
    }
    if login_in(value).is_some() {
        return Some(Kind::Login);
    }
    let secret = is_random(value) && is_secret_name(name) && !is_public(name) && !is_address(value);
    secret.then_some(Kind::Random)
}

/// True for names whose values are public. Everybody's browser gets `NEXT_PUBLIC_…` and `VITE_…`; `SUPABASE_ANON_KEY`
/// and `STRIPE_PUBLISHABLE_KEY` are meant to be public; a sandbox's login is in its manual; and a script refuses
/// `LEAKED_KEY`.
fn is_public(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "PUBLIC", "VITE_", "REACT_APP_", "PUBLISHABLE", "ANON", "SITE_KEY", "SITEKEY", "FIREBASE", "MAPS",
        "SANDBOX", "LEAKED", "KNOWN", "INSECURE", "EXPECTED",
    ];
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word))
}

/// The kind and the place of a token in a text.
pub(crate) fn token_in(text: &str) -> Option<(&'static str, Range<usize>)> {
    if !may_hold_token(text) || !ANY.as_ref().is_some_and(|any| any.is_match(text.as_bytes())) {
        return None;
    }
    COMPILED.iter().find_map(|(what, pattern)| {
        let found = pattern.find(text)?;
        // A key's armour stands for what is between it. A sentence that names both of its lines holds no key.
        let real = match what.ends_with("private key") {
            true => text[found.end()..].find("-----END").is_none_or(|length| length >= SHORTEST_KEY),
            false => !is_placeholder(found.as_str()),
        };
        real.then(|| (*what, found.range()))
    })
}

/// The password in `scheme://user:password@host`, if the host is a real one. A single label (`db`,
/// `localhost`) is a container or this machine.
fn login_in(value: &str) -> Option<Range<usize>> {
    let scheme = value.find("://")? + 3;
    let rest = &value[scheme..];
    let end = rest.find(['/', '?', ' ', '"', '\'']).unwrap_or(rest.len());
    let (login, host) = rest[..end].rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let host = host.split([':', ',']).next().unwrap_or_default();
    let inside = ["127.", "10.", "192.168.", "172.", "0."].iter().any(|start| host.starts_with(start))
        || ["local", "internal", "example", "your", "test"].iter().any(|word| host.contains(word));
    let unknown = |text: &str| text.contains(['$', '{', '<', '[', '%', '*']);
    let real = host.contains('.')
        && !inside
        && !unknown(host)
        && !unknown(password)
        && password.len() >= 6
        && password != user
        && !is_placeholder(password)
        && password.bytes().any(|b| b.is_ascii_digit());
    let start = scheme + user.len() + 1;
    real.then(|| start..start + password.len())
}

/// True for characters from a generator: they are many, of several kinds that change often, and no words.
fn is_random(value: &str) -> bool {
    let plain =
        value.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'$' | b'{' | b'}' | b'`' | b'\\' | b'<'));
    if !plain
        || value.len() < 16
        || value.len() > 4096
        || value.contains("://")
        || value.starts_with(['/', '.', '~'])
    {
        return false;
    }
    if is_placeholder(value) {
        return false;
    }
    let hex = value.len() >= 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits < 2 || letters < 4 || (!hex && value.len() < 20) {
        return false;
    }
    // Words between marks are no generated value: `shop-signing-phrase-2024`.
    let words = value.split(|c: char| !c.is_ascii_alphanumeric());
    let word = |part: &str| part.len() >= 4 && part.bytes().skip(1).all(|b| b.is_ascii_lowercase());
    if words.into_iter().any(word) {
        return false;
    }
    let class = |b: u8| match b {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let bytes = value.as_bytes();
    let changes = bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    changes * 4 >= value.len() && entropy(value) >= if hex { 3.0 } else { 3.4 }
}

/// Shannon's entropy, in bits for each character.
fn entropy(value: &str) -> f64 {
    let mut counts = [0u32; 256];
    value.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let length = value.len() as f64;
    let parts = counts.into_iter().filter(|n| *n > 0).map(|n| f64::from(n) / length);
    parts.map(|p| -p * p.log2()).sum()
}

/// The settings `NAME=value` and `NAME: value` of a line, with the value's place. The name has at least three
/// characters, the value has at least eight, and quotes may be around both.
pub(crate) fn assignments(line: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let bytes = line.as_bytes();
        // The name is searched before the sign, because most words have no sign after them.
        loop {
            let sign = from + bytes[from..].iter().position(|b| matches!(b, b'=' | b':'))?;
            let found = name_before(line, from, sign)
                .and_then(|name| Some((&line[name], value_behind(line, sign + 1)?)));
            if let Some((name, value)) = found {
                from = value.end;
                return Some((name, value));
            }
            from = sign + 1;
        }
    })
}

/// The name to which a sign gives a value. It does not begin before `from`, nor in the middle of a word.
fn name_before(line: &str, from: usize, sign: usize) -> Option<Range<usize>> {
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let unquoted = line[from..sign].trim_end();
    let unquoted = unquoted.strip_suffix(['"', '\'']).unwrap_or(unquoted);
    let end = from + unquoted.len();
    let bytes = line.as_bytes();
    let mut start = end - bytes[from..end].iter().rev().take_while(|b| inside(b)).count();
    // A name begins with a letter at the start of a word, unlike `1a.name`.
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    while start < end
        && (!(bytes[start].is_ascii_alphabetic() || bytes[start] == b'_')
            || start > 0 && word(bytes[start - 1]))
    {
        start += 1;
    }
    (end - start >= 3).then_some(start..end)
}

/// The value that begins there, after blanks and a quote.
fn value_behind(line: &str, at: usize) -> Option<Range<usize>> {
    let rest = line[at..].trim_start();
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let start = line.len() - rest.len();
    let mut length = 0;
    let end = rest.char_indices().find(|(_, c)| {
        let ends = c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';');
        length += usize::from(!ends);
        ends
    });
    let end = start + end.map_or(rest.len(), |(end, _)| end);
    (length >= 8).then_some(start..end)
}

/// The parts of a line that are shown to nobody, by bytes. They are what any rule would take for a real secret.
pub(crate) fn hidden_in(line: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = token_in(line).into_iter().map(|(_, range)| range).collect();
    if line.contains("://") {
        hidden.extend(login_in(line));
    }
    for (name, range) in assignments(line) {
        if secret(name, &line[range.clone()]).is_some() {
            hidden.push(range);
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is put together here, so that no scanner takes this file for a leak.
    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn real_ones_are_told_by_their_kind() {
        for (name, value, kind) in [
            ("X", joined(&["AKIA", "Z7QPLM3WXK9RT2VB"]), Kind::Token("an AWS access key")),
            ("GH", joined(&["ghp", "_9aK2mQ7zXw4Lp8Rt6Vb3Ny5Hc1Jd0Sf2Gu4E"]), Kind::Token("a GitHub token")),
            (
                "BOT",
                joined(&["7318845", "210:AA", "Hq8z-Lw3Kx9Vt5Rb2Ny7Pc4Jd6Sf1Gu0EmQ"]),
                Kind::Token("a token of a Telegram bot"),
            ),
            (
                "TUNNEL",
                joined(&["eyJh", "IjoiNmFjZjE5", &"Zk2VhQ9s".repeat(12)]),
                Kind::Token("a token of a Cloudflare tunnel"),
            ),
            ("KEY_FILE", "-----BEGIN RSA PRIVATE KEY-----".to_owned(), Kind::Token("a private key")),
            ("SECRET_KEY", joined(&["9f86d081884c7d65", "9a2feaa0c55ad015"]), Kind::Random),
            ("JWT_SECRET", joined(&["q7Xv2Lp9", "Rt4Kz8Wm3Nc6"]), Kind::Random),
            (
                "DATABASE_URL",
                joined(&["postgres://shop:u8", "Kq2mz@db.shop-hosting.net:5432/shop"]),
                Kind::Login,
            ),
        ] {
            assert_eq!(secret(name, &value), Some(kind), "{name}");
        }
    }

    #[test]
    fn assignments_are_what_the_expression_says() {
        let pattern = r#"(?-u:\b)([A-Za-z_][A-Za-z0-9_.]{2,})["']?(?:\s*[:=]\s*|=)["']?([^\s"',;]{8,})"#;
        let pattern = Regex::new(pattern).unwrap();
        for line in [
            "export A_KEY=12345678 B=short C_D='abcdefgh' x",
            "  \"a.b-key\" : \"12345678\", k2=v",
            "1ab.key=12345678 é_key=12345678 ékey: éééééééé\n",
            "name:=12345678 a:b:c=12345678 x==12345678 url=https://a:b@c.net/x=12345678",
            "name \"= 12345678 name\" = '12345678",
            "token :\u{a0}12345678,other=12345678;third = \t 12345678",
            "ab=12345678 a_=12345678 _ab='1234567' ===== :::: k",
        ] {
            let expected: Vec<_> = pattern
                .captures_iter(line)
                .map(|c| (c.get(1).unwrap().as_str(), c.get(2).unwrap().range()))
                .collect();
            assert_eq!(assignments(line).collect::<Vec<_>>(), expected, "{line}");
        }
    }

    #[test]
    fn every_token_has_a_mark() {
        for (_, pattern) in TOKENS {
            let lower = pattern.to_ascii_lowercase().replace("[pousr]", "p").replace("[rs]", "r");
            let lower = lower.replace("[opr]", "o").replace("[abprs]", "a").replace('\\', "");
            assert!(may_hold_token(&format!("{lower:>20}")), "{pattern}");
        }
    }

    #[test]
    fn placeholders_are_none() {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "change-me"),
            ("SECRET_KEY", "your-secret-key-of-at-least-32-characters-1234"),
            ("SECRET_KEY", "django-insecure-4x9k2m7q8w3z5v6b1n0p"),
            ("SECRET_KEY", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
            ("SECRET_KEY", "<32 random bytes>"),
            ("SECRET_KEY", "shop-signing-phrase-2024-08-11"),
            ("SECRET_KEY", "${SECRET_KEY}"),
            ("SECRET_KEY", "GENERAR_UNA_CLAVE_ALEATORIA_DE_32_CARACTERES"),
            ("SECRET_KEY", "00000000000000000000000000000000"),
            ("JWT_PRIVATE_KEY_PATH", "/etc/shop/keys/jwt-2024-01.pem"),
            ("POSTGRES_PASSWORD", "shop"),
            ("DB_PASSWORD", "postgres"),
            ("DATABASE_URL", "postgres://shop:u8Kq2mz@db:5432/shop"),
            ("DATABASE_URL", "postgres://user:password@db.shop.net/shop"),
            ("DATABASE_URL", "postgres://shop:$DB_PASSWORD@db.shop.net/shop"),
            ("RELEASE", "9f86d081884c7d659a2feaa0c55ad015"),
            ("OPENAI_API_KEY", "sk-your-openai-api-key-goes-in-this-place-1234"),
        ] {
            assert_eq!(secret(name, value), None, "{name}={value}");
        }
        let browser = joined(&["AIza", "SyB7x9Kq2mZ4Lp8Rt6Vb3Ny5Hc1Jd0Sf2Gu"]);
        assert_eq!(secret("VITE_MAPS_KEY", &browser), None);
    }

    #[test]
    fn a_line_shows_no_secret() {
        let value = joined(&["q7Xv2Lp9", "Rt4Kz8Wm3Nc6"]);
        for line in [
            format!("JWT_SECRET={value}"),
            format!("  JWT_SECRET: \"{value}\""),
            format!("-e JWT_SECRET={value} web"),
        ] {
            let hidden = hidden_in(&line);
            assert_eq!(
                hidden.iter().map(|r| &line[r.clone()]).collect::<Vec<_>>(),
                [value.as_str()],
                "{line}"
            );
        }
        assert_eq!(hidden_in("SECRET_KEY=$SECRET_KEY postgres://a:$P@h.net/x"), Vec::<Range<usize>>::new());
    }
}
