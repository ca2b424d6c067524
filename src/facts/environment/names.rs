//! How variables are named, and which sample belongs to a program. It judges nothing.

use crate::project::dotenv::Dotenv;
use crate::tools::callers::a_service_has;

/// Names that the system, the shell, the interpreter, the bundler or the platform sets, so that nobody writes them into
/// `.env`. environ(7), <https://vite.dev/guide/env-and-mode>, <https://docs.github.com/actions> (variables),
/// npm-run-script(1), systemd.exec(5), PEP 3333.
const GIVEN: [&str; 43] = [
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "LANG", "LC_ALL", "TERM", "TZ", "TMPDIR", "TMP",
    "TEMP", "HOSTNAME", "DISPLAY", "EDITOR", "CI", "NODE_ENV", "NODE_OPTIONS", "MODE", "DEV", "PROD", "SSR",
    "BASE_URL", "PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST", "DJANGO_SETTINGS_MODULE", "APPDATA",
    "LOCALAPPDATA", "USERPROFILE", "PROGRAMDATA", "NO_COLOR", "MAINPID", "WATCHDOG_USEC", "REQUEST_METHOD",
    "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL",
    "REQUEST_URI",
];
/// Names that a platform, a package manager, sudo, sshd, systemd, a terminal or a WSGI server sets (PEP
/// 3333).
const GIVEN_PREFIXES: [&str; 24] = [
    "npm_", "GITHUB_", "VERCEL", "NEXT_RUNTIME", "NETLIFY", "HEROKU", "RENDER_", "RAILWAY_", "FLY_",
    "KUBERNETES_", "XDG_", "__", "AWS_LAMBDA_", "WERKZEUG_", "HTTP_", "REMOTE_", "SUDO_", "SSH_", "ANDROID_",
    "TERMUX_", "VSCODE_", "WT_", "INVOCATION_ID", "LISTEN_",
];

/// Last words in the names of values that an operator must provide, whatever the code does without them.
const CREDENTIALS: [&str; 16] = [
    "KEY", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASS", "PWD", "DSN", "CREDENTIALS", "SID", "USER",
    "USERNAME", "CERT", "SALT", "WEBHOOK", "APIKEY",
];

/// Names that libraries and images of databases read without the repo's code: the AWS SDKs, Sentry, OpenTelemetry,
/// libpq, the MySQL client, Prisma, Celery, Gunicorn, Uvicorn, Flask, Django's createsuperuser, node, pip, Docker,
/// Compose, Laravel Sail, Let's Encrypt proxies and the official images of Docker Hub.
const LIBRARY_PREFIXES: [&str; 69] = [
    "AWS_", "SENTRY_", "OTEL_", "PG", "POSTGRES", "MYSQL_", "MARIADB_", "MONGO_", "REDIS_PASSWORD", "MINIO_",
    "RABBITMQ_", "DATABASE_URL", "DIRECT_URL", "SHADOW_DATABASE_URL", "CELERY_", "GUNICORN_", "UVICORN_",
    "WEB_CONCURRENCY", "FLASK_", "DJANGO_", "NODE_", "NEXT_", "NEXTAUTH_", "AUTH_", "NUXT_", "NITRO_",
    "VITE_", "REACT_APP_", "VUE_APP_", "GATSBY_", "EXPO_", "STORYBOOK_", "PYTHON", "PIP_", "UV_", "POETRY_",
    "COMPOSE_", "DOCKER_", "BUILDKIT_", "VIRTUAL_", "LETSENCRYPT_", "TRAEFIK_", "GF_", "GRAFANA_",
    "PGADMIN_", "N8N_", "KEYCLOAK_", "KC_", "ELASTIC_", "ES_JAVA_OPTS", "LANGCHAIN_", "LANGSMITH_",
    "OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "GROQ_", "HF_", "HUGGINGFACE", "AZURE_", "CLOUDFLARE_",
    "CLOUDINARY_", "TURBO_", "PRISMA_", "RAILS_", "STRAPI_", "PROMETHEUS_", "MLFLOW_", "WANDB_",
];
/// Whole names of this kind.
const LIBRARY_NAMES: [&str; 26] = [
    "PORT", "HOST", "TZ", "DEBUG", "APP_KEY", "FORCE_COLOR", "PUID", "PGID", "UID", "GID", "UMASK", "DOMAIN",
    "EMAIL", "IMAGE_TAG", "TAG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
    "no_proxy", "LD_LIBRARY_PATH", "TOKENIZERS_PARALLELISM", "CUDA_VISIBLE_DEVICES", "WWWUSER", "WWWGROUP",
];

/// True for a name that a library, a framework or a well-known image reads by itself.
pub(crate) fn is_of_library(name: &str) -> bool {
    LIBRARY_NAMES.contains(&name) || LIBRARY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// True for a variable that the platform sets where the code at this path runs: Supabase gives its Edge Functions the keys of
/// the project, <https://supabase.com/docs/guides/functions/secrets>.
pub(crate) fn is_given_in(path: &str, name: &str) -> bool {
    const OF_SUPABASE: [&str; 4] =
        ["SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_DB_URL"];
    OF_SUPABASE.contains(&name) && format!("/{path}").contains("/supabase/functions/")
}

/// True for a variable that the system or the platform sets.
pub(crate) fn is_given(name: &str) -> bool {
    GIVEN.contains(&name)
        || a_service_has(name)
        || GIVEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// True if the default is a switch or a number: `CORS_ALLOW_CREDENTIALS: bool = True` is not a credential.
pub(crate) fn is_plain(default: &str) -> bool {
    matches!(default, "True" | "False" | "true" | "false") || default.parse::<f64>().is_ok()
}

/// True for a value that an operator must provide.
pub(crate) fn is_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let mut words = upper.rsplit('_');
    let last = words.next().unwrap_or_default();
    // `ACCESS_KEY_ID`, `SIGN_CERT_PATH` and `WEBHOOK_URL` count, but `KEY_HEADER`, `USER_COUNT` and `TOKEN_HOURS` do
    // not.
    let word = if matches!(last, "ID" | "PATH" | "FILE" | "URL" | "BASE64" | "B64" | "JSON") {
        words.next().unwrap_or_default()
    } else {
        last
    };
    CREDENTIALS.contains(&word) && !(word == "USER" && last != "USER")
}

/// The sample for a code file. It lies in the nearest directory above the file, or beside the deployment's files. The
/// sample of another program of the repo does not apply.
pub(crate) fn nearest<'s>(samples: &[(&'s str, &Dotenv)], path: &str) -> Option<&'s str> {
    let directory = |path: &'s str| path.rsplit_once('/').map_or("", |(d, _)| d);
    let above = |sample: &'s str| {
        let dir = directory(sample);
        let aside =
            ["deploy", "deployment", "config", "docker", "env", "envs", "ops", "infra"].contains(&dir);
        dir.is_empty() || aside || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
    };
    let above = samples.iter().map(|(sample, _)| *sample).filter(|s| above(s));
    above.max_by_key(|s| (path.starts_with(directory(s)), directory(s).len()))
}

/// True if a text has the name as a word, other than to read the variable.
pub(crate) fn is_word_in(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part)
            && !after.starts_with(is_part)
            && !before.ends_with('$')
            && !before.ends_with("${")
    })
}
