//! What words in an architecture document mean: another time or place, somebody else's service, people, a
//! port, a server product. The lists come from about sixty public documents.

use crate::project::services::product_units;

/// True for a word of a list, whose words are separated by blanks.
fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Headings for what does not exist (yet, or in production). `Development and production` means both.
const LATER: &str = "future planned plan plans roadmap alternative alternatives considered rejected non-goals goals \
    nongoals history historical changelog glossary deprecated legacy archived proposal proposals \
    proposed todo ideas upcoming optional backlog vision prototype comparison why questions example \
    examples migration migrating scaling scalability choices decisions troubleshooting references \
    glossar zukunft geplant futuro futur rencana планы будущее obsolete removed target phase phases";
const ELSEWHERE: &str = "development dev local locally localhost test tests testing ci ci/cd cicd pipeline pipelines staging \
    sandbox desarrollo développement entwicklung lokal desenvolvimento pengembangan разработка pruebas \
    tooling mock mocks";
const PHRASES: &[&str] =
    &["out of scope", "not in scope", "next steps", "not yet", "feuille de route", "code structure"];

/// Words for somebody else's service, or for one of the system. Neither needs a unit here.
const THIRD_PARTY: &str = "ssh sftp http https ntp \
    stripe paypal s3 aws gcs gcp azure r2 b2 openai anthropic claude gpt gemini groq mistral openrouter \
    deepseek cloudflare cloudfront github gitlab ghcr dockerhub sentry twilio sendgrid mailgun postmark \
    resend ses sns sqs smtp firebase fcm apns supabase neon planetscale rds elasticache route53 cdn dns \
    letsencrypt telegram whatsapp slack discord google facebook meta apple microsoft auth0 clerk okta \
    cognito vercel netlify heroku railway render atlas pinecone datadog newrelic internet cloudinary \
    mapbox algolia lambda fargate ecs eks alb elb dynamodb bigquery snowflake zoom shopify huggingface \
    tailscale ngrok upstash razorpay salesforce hubspot gmail outlook oauth lets encrypt web3 blockchain";
/// Words for people, and for the devices that they hold.
const PEOPLE: &str = "user users browser browsers client clients customer customers visitor visitors developer developers \
    operator operators human team mobile phone desktop laptop ios android extension device devices \
    consumer consumers student students staff cli sdk pwa usb esp32 arduino sensor sensors router";
/// Words that do not say who owns it.
const PLAIN: &str = "api apis service services cloud the and of bucket webhook webhooks actions provider storage pages \
    workers proxy edge tunnel zero trust email mail push messaging payments auth platform bot web app \
    apps application applications hub container registry external connect drive maps requests server";
/// Words in a row, or in brackets after a name, for something that is not a process of this server, or need
/// not run.
const NOT_HERE: &str = "planned future todo deprecated legacy inactive disabled removed optional dev development local \
    localhost-only external managed cloud saas hosted third-party in-process embedded in-memory library \
    module stub mock proposed wip remote serverless testing test ci staging package.json thread threads \
    one-shot oneshot cron timer manual cdn mobile browser client client-side desktop sqlite";
/// Words that may accompany a product's name without changing its meaning.
const BESIDE: &str = "server database db cache broker queue message messaging reverse proxy cluster instance service \
    container primary main store storage object web load balancer in memory the and host latest alpine \
    stable lts ingress sql session sessions pub sub llm metrics dashboards pool pooler connection \
    edge";
/// Products that are no process which listens, like a certificate client.
const NO_DAEMON: &[&str] = &["certbot"];

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let split = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '/' | '.'));
    let trimmed = split.map(|w| w.trim_matches(['-', '/', '.']));
    trimmed.filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// True for a heading about something that does not run in production.
pub(super) fn is_aside(title: &str) -> bool {
    let lower = title.to_lowercase();
    let any = |list: &str| words(&lower).any(|w| is_in(list, &w));
    let production = words(&lower).any(|w| w.starts_with("prod") && w != "product" && w != "products");
    any(LATER) || PHRASES.iter().any(|p| lower.contains(p)) || any(ELSEWHERE) && !production
}

/// True if a row, a bracket or a status says that it need not run here.
pub(super) fn is_not_here(text: &str) -> bool {
    words(text).any(|w| is_in(NOT_HERE, &w))
}

/// True for services that others run, and for people.
pub(super) fn is_external(name: &str) -> bool {
    let mut known = false;
    let (mut person, mut service) = (false, false);
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let word = word.to_lowercase();
        let word = word.as_str();
        let named = is_in(THIRD_PARTY, word) || is_in(PEOPLE, word);
        known |= named || word == "external";
        person |= is_in(PEOPLE, word);
        service |= word == "service" || word == "services";
        if !named && !is_in(PLAIN, word) && !word.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
    }
    // `Telegram bot` and `user service` are processes of one's own.
    known && !(person && service) && !words(name).any(|w| matches!(w.as_str(), "bot" | "server"))
}

/// The server product that a name means, and nothing else: `redis` for `Redis 7 (cache)`, none for
/// `Redis client`.
pub(super) fn product(name: &str) -> Option<&'static str> {
    let mut found: Option<&'static str> = None;
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let word = word.to_lowercase();
        let units = product_units(&word);
        match units.first() {
            Some(unit) if !NO_DAEMON.contains(unit) => {
                // `Redis or RabbitMQ` is a choice that is still open.
                if found.is_some_and(|other| other != *unit) {
                    return None;
                }
                found = Some(unit);
            }
            _ => {
                let version = word.trim_start_matches('v').trim_end_matches('x');
                let version = version.bytes().all(|b| b.is_ascii_digit());
                if !version && !is_in(BESIDE, &word) {
                    return None;
                }
            }
        }
    }
    found
}

/// True if two things are named and either is enough.
pub(super) fn is_choice(name: &str) -> bool {
    let lower = name.to_lowercase();
    [" or ", " oder ", " ou ", " o ", " или ", " vs ", "|"].iter().any(|w| lower.contains(w))
        || lower.split('/').filter(|part| product(part).is_some()).count() > 1
}

/// The name before its brackets, and their contents: `web` and `Flask, port 8000` for
/// `web (Flask, port 8000)`.
pub(super) fn name_and_brackets(text: &str) -> (&str, &str) {
    let text = text.trim();
    let Some(open) = text.find(['(', '[']) else { return (text, "") };
    let rest = &text[open + 1..];
    let inside = rest.find([')', ']']).map_or(rest, |close| &rest[..close]);
    (text[..open].trim(), inside.trim())
}

/// A name as people write it: a few words, but no path, file, call or sentence. Marks around it are removed.
pub(super) fn as_name(text: &str) -> Option<String> {
    let name = text.trim_matches(|c: char| !c.is_alphanumeric());
    let count = name.split_whitespace().count();
    let file = [
        ".py", ".ts", ".js", ".tsx", ".jsx", ".rs", ".go", ".php", ".rb", ".java", ".md", ".sql", ".sh",
        ".yml", ".yaml",
    ];
    let wrong = name.is_empty()
        || name.chars().count() > 48
        || count > 5
        || text.contains("()")
        || ["on", "at", "via", "by", "to", "uses", "with", "for", "from", "is", "in"]
            .iter()
            .any(|w| name.rsplit(' ').next() == Some(*w))
        || text.trim_start().starts_with(['/', '.', '$', '%', '@'])
        || name.contains(['(', '{', '=', '<', '>', '"', ';', '*', '→', '`', ','])
        || name.contains("::")
        || name.matches('/').count() > 1
        || name.contains(". ")
        || file.iter().any(|end| name.ends_with(end))
        || !name.chars().any(char::is_alphabetic);
    (!wrong).then(|| name.to_owned())
}

/// True for the name of a piece of code: `TaskExecutionService`, `OrderManager`, `handle_order`.
pub(super) fn is_code_name(name: &str) -> bool {
    let camel = name.chars().any(char::is_lowercase)
        && !name.contains([' ', '-'])
        && name
            .chars()
            .zip(name.chars().skip(1))
            .filter(|(a, b)| a.is_lowercase() && b.is_uppercase())
            .count()
            > 0;
    let ends = [
        "Service", "Manager", "Handler", "Controller", "Repository", "Factory", "Client", "Engine", "Module",
    ];
    camel && ends.iter().any(|end| name.ends_with(end)) || name.ends_with("()")
}

/// The numbers of a column for ports: `80, 443`, `9000 (API)`, `127.0.0.1:8000`, `8080:80`.
pub(super) fn column_ports(text: &str) -> Vec<u16> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    // A dotted number is an address.
    let numbers =
        numbers.map(|n| n.trim_matches('.')).filter(|n| (2..=5).contains(&n.len()) && !n.contains('.'));
    numbers.filter_map(|n| n.parse().ok()).filter(|n| *n >= 20).collect()
}

/// Ports that are explicitly called ports: `port 8000`, `:8000`, `localhost:3000`; not the tag of
/// `postgres:16`, and not the line of `main.py:120`.
pub(super) fn ports(text: &str) -> Vec<u16> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let note = |at: usize, found: &mut Vec<u16>, least: u16| {
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let after = bytes.get(at + digits).copied().unwrap_or(b' ');
        let dotted = after == b'.' && bytes.get(at + digits + 1).is_some_and(u8::is_ascii_digit);
        if (2..=5).contains(&digits)
            && !after.is_ascii_alphanumeric()
            && !matches!(after, b'-' | b'%')
            && !dotted
            && let Ok(port) = text[at..at + digits].parse::<u16>()
            && port >= least
            && !found.contains(&port)
        {
            found.push(port);
        }
    };
    for (at, _) in text.match_indices(':') {
        let before = &text[..at];
        let word =
            before.rsplit(|c: char| c.is_whitespace() || "(`\"'[/,|".contains(c)).next().unwrap_or_default();
        let address = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let time = address && !word.contains('.');
        let file = !address && word.contains('.');
        let least = if word.is_empty() || address || word == "localhost" || word == "*" { 20 } else { 1_000 };
        if !time && !file {
            note(at + 1, &mut found, least);
        }
    }
    let lower = text.to_ascii_lowercase();
    for (at, _) in lower.match_indices("port") {
        let whole = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = &lower[at + 4..];
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let gap = rest.len() - rest.trim_start_matches([' ', ':', '`', '*', '=', '#']).len();
        if whole && gap > 0 {
            note(lower.len() - rest.len() + gap, &mut found, 20);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_another_time_or_place() {
        for title in [
            "Future work",
            "7. Roadmap",
            "Production Environment (Future)",
            "Local development",
            "Out of scope",
            "Alternatives considered",
            "CI/CD",
            "Testing",
            "Non-goals",
            "Scaling Strategies",
            "Phase 2",
        ] {
            assert!(is_aside(title), "{title}");
        }
        for title in
            ["Services", "Production deployment", "Development and production", "Products", "Runtime", ""]
        {
            assert!(!is_aside(title), "{title}");
        }
    }

    #[test]
    fn what_others_run_needs_no_unit() {
        for name in [
            "Stripe", "AWS S3", "OpenAI API", "Browser", "GitHub Actions", "Cloudflare CDN", "External API",
            "Users", "SSH",
        ] {
            assert!(is_external(name), "{name}");
        }
        for name in ["Telegram bot", "web", "API", "S3 importer", "PostgreSQL", "storage", "user service"] {
            assert!(!is_external(name), "{name}");
        }
    }

    #[test]
    fn a_product_is_told_from_what_talks_to_it() {
        assert_eq!(product("PostgreSQL 16"), Some("postgresql"));
        assert_eq!(product("Redis (cache)"), Some("redis-server"));
        assert_eq!(product("NGINX reverse proxy"), Some("nginx"));
        for name in
            ["Redis client", "postgres-exporter", "Redis or RabbitMQ", "Certbot", "web", "", "nginx config"]
        {
            assert_eq!(product(name), None, "{name}");
        }
        assert!(is_choice("Nginx/Caddy") && is_choice("RabbitMQ or Redis") && !is_choice("NGINX"));
    }

    #[test]
    fn ports_are_told_from_tags_times_and_lines() {
        for (text, expected) in [
            ("port 8000", vec![8000]),
            ("(FastAPI, `:8002`)", vec![8002]),
            ("Flask Application :5000", vec![5000]),
            ("proxy to 127.0.0.1:8069 (web), `:8072`", vec![8069, 8072]),
            ("Nginx :80/:443", vec![80, 443]),
            ("ports: 8765", vec![8765]),
            ("http://backend:8000", vec![8000]),
            ("postgres:16", vec![]),
            ("main.py:3001", vec![]),
            ("at 15:30", vec![]),
            ("export 5000 rows, report 4000", vec![]),
            ("Access Token: 15 minutes", vec![]),
            ("99999", vec![]),
            (":70000", vec![]),
        ] {
            assert_eq!(ports(text), expected, "{text}");
        }
        assert_eq!(column_ports("127.0.0.1:8000, 443"), [8000, 443]);
        assert_eq!(column_ports("9000 (API), 9001 (Console)"), [9000, 9001]);
        assert_eq!(column_ports("—"), Vec::<u16>::new());
    }

    #[test]
    fn names_are_short_and_no_code() {
        assert_eq!(as_name("**web** "), Some("web".to_owned()));
        assert_eq!(as_name("🐘 PostgreSQL"), Some("PostgreSQL".to_owned()));
        for text in [
            "`src/main.py`",
            "/api/users",
            "place_order()",
            "GET /x?a=1",
            "A sentence that goes on and on and on",
            "—",
        ] {
            assert_eq!(as_name(text), None, "{text}");
        }
        assert!(
            is_code_name("TaskExecutionService")
                && !is_code_name("Auth Service")
                && !is_code_name("auth-service")
        );
    }
}
