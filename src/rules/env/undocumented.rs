//! `env/undocumented`: the code reads a variable that no sample shows and nothing of the deployment sets.

use crate::finding::{Confidence, Finding, Severity};
use crate::project::dotenv::Dotenv;
use crate::project::env::{Need, Use};
use crate::project::names::is_sample_dotenv;
use crate::rules::context::Context;
use crate::source::FileId;
use std::collections::{BTreeMap, HashSet};

const RULE: &str = "env/undocumented";

/// Set by the system, the shell, the interpreter, the bundler or the platform: nobody writes them into `.env`.
/// environ(7), <https://vite.dev/guide/env-and-mode>, <https://docs.github.com/actions> (variables), npm-run-script(1).
const GIVEN: [&str; 33] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PWD",
    "LANG",
    "LC_ALL",
    "TERM",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "HOSTNAME",
    "DISPLAY",
    "EDITOR",
    "CI",
    "NODE_ENV",
    "NODE_OPTIONS",
    "MODE",
    "DEV",
    "PROD",
    "SSR",
    "BASE_URL",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "PYTEST_CURRENT_TEST",
    "DJANGO_SETTINGS_MODULE",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "PROGRAMDATA",
    "NO_COLOR",
];
/// Names that a platform, a package manager, sudo, sshd, systemd, a terminal or a WSGI server gives (PEP 3333).
const GIVEN_PREFIXES: [&str; 26] = [
    "npm_",
    "GITHUB_",
    "VERCEL",
    "NEXT_RUNTIME",
    "NETLIFY",
    "HEROKU",
    "RENDER_",
    "RAILWAY_",
    "FLY_",
    "KUBERNETES_",
    "XDG_",
    "__",
    "AWS_LAMBDA_",
    "WERKZEUG_",
    "HTTP_",
    "REMOTE_",
    "SUDO_",
    "SSH_",
    "ANDROID_",
    "TERMUX_",
    "VSCODE_",
    "WT_",
    "INVOCATION_ID",
    "NOTIFY_SOCKET",
    "LISTEN_",
    "JOURNAL_STREAM",
];

/// Last words of names of what an operator must give: without it something is off, whatever the code does instead.
const CREDENTIALS: [&str; 16] = [
    "KEY",
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PWD",
    "DSN",
    "CREDENTIALS",
    "SID",
    "USER",
    "USERNAME",
    "CERT",
    "SALT",
    "WEBHOOK",
    "APIKEY",
];

pub(super) fn undocumented(context: &Context<'_, '_>, found: &mut Vec<Finding>) {
    let samples: Vec<(&str, &Dotenv)> = context
        .project
        .dotenvs
        .iter()
        .filter(|(path, _)| is_sample_dotenv(path))
        .map(|(path, dotenv)| (path.as_str(), dotenv))
        .collect();
    if samples.is_empty() || context.project.env_uses.is_empty() {
        return;
    }
    let (set, written) = words_of_the_deployment(context);
    // By sample and name: one finding however often it is read.
    let mut by_name: BTreeMap<(&str, String), Vec<&Use>> = BTreeMap::new();
    for one in &context.project.env_uses {
        let path = context.sources.file(one.span.file).path();
        let Some(near) = nearest(&samples, path) else { continue };
        let known = |name: &str| samples.iter().any(|(_, d)| d.mentions(name)) || set.contains(name);
        let lower = one.name.to_ascii_lowercase();
        if is_given(&one.name)
            || one.name.starts_with("TEST_")
            || known(&one.name)
            || one.any_case && known(&lower)
        {
            continue;
        }
        by_name.entry((near, one.name.clone())).or_default().push(one);
    }
    for ((sample, name), uses) in by_name {
        // The place that needs it most says it.
        let Some(first) = uses.iter().min_by_key(|u| (need_rank(&u.need), u.span)) else { continue };
        let credential = is_credential(&name);
        let (says, severity, confidence) = match &first.need {
            Need::Required => ("and the code fails without it", Severity::Warning, Confidence::High),
            Need::Unasked if credential => ("and has no default", Severity::Warning, Confidence::Medium),
            // Often asked for further on, in a way that is not followed.
            Need::Unasked => ("and has no default", Severity::Info, Confidence::Low),
            Need::Optional if credential => {
                ("and the code does without it", Severity::Warning, Confidence::Medium)
            }
            Need::Default(value) if credential && !is_plain(value) => {
                ("and the code takes a default instead", Severity::Warning, Confidence::Medium)
            }
            Need::Optional => ("and the code does without it", Severity::Info, Confidence::Low),
            Need::Default(_) => ("and the code takes a default instead", Severity::Info, Confidence::Low),
        };
        let by_script = written.contains(name.as_str());
        if by_script && !credential {
            continue;
        }
        let rest =
            if by_script { "though a script names it" } else { "and nothing of the deployment sets it" };
        let message = format!("`{name}` is read here, {says}; {sample} does not show it, {rest}");
        let mut draft = context
            .finding(RULE, first.span, message)
            .severity(if by_script { Severity::Info } else { severity })
            .at_most(confidence)
            .help(format!("add `{name}=` to {sample}, with a value that shows what is meant, or none"));
        for other in uses.iter().filter(|u| u.span != first.span).take(3) {
            draft = draft.related(other.span, "it is read here too");
        }
        found.push(draft.done());
    }
}

fn need_rank(need: &Need) -> u8 {
    match need {
        Need::Required => 0,
        Need::Unasked => 1,
        Need::Optional => 2,
        Need::Default(_) => 3,
    }
}

fn is_given(name: &str) -> bool {
    GIVEN.contains(&name) || GIVEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A switch or a number as the default: `CORS_ALLOW_CREDENTIALS: bool = True` is no credential.
fn is_plain(default: &str) -> bool {
    matches!(default, "True" | "False" | "true" | "false") || default.parse::<f64>().is_ok()
}

fn is_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let mut words = upper.rsplit('_');
    let last = words.next().unwrap_or_default();
    // `ACCESS_KEY_ID`, `SIGN_CERT_PATH`, `WEBHOOK_URL`; not `KEY_HEADER`, `USER_COUNT`, `TOKEN_HOURS`.
    let word = if matches!(last, "ID" | "PATH" | "FILE" | "URL" | "BASE64" | "B64" | "JSON") {
        words.next().unwrap_or_default()
    } else {
        last
    };
    CREDENTIALS.contains(&word) && !(word == "USER" && last != "USER")
}

/// The sample for a file of code: that of the nearest directory above it, or one that lies with the deployment's files.
/// The sample of another program of the repo says nothing.
fn nearest<'s>(samples: &[(&'s str, &Dotenv)], path: &str) -> Option<&'s str> {
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

/// Every word that may be a variable in what deploys: of what sets it (compose files, units, Dockerfiles, workflows,
/// environment files, architecture.md), and of the scripts.
fn words_of_the_deployment<'c>(context: &'c Context<'_, '_>) -> (HashSet<&'c str>, HashSet<&'c str>) {
    let project = context.project;
    let is_script = |path: &str| project.inventory.scripts.iter().any(|s| s == path);
    let (scripts, others): (Vec<_>, Vec<_>) = project.texts.iter().partition(|(path, _)| is_script(path));
    let mut files: Vec<_> = others.into_iter().chain(&project.unit_files).map(|(_, file)| *file).collect();
    files.extend(project.composes.iter().map(|c| c.file));
    files.extend(project.dotenvs.iter().map(|(_, dotenv)| dotenv.file));
    let mut of_scripts: Vec<_> = scripts.into_iter().map(|(_, file)| *file).collect();
    of_scripts.extend(context.scripts.iter().map(|s| s.file));
    let words = |files: Vec<FileId>| {
        let mut words = HashSet::new();
        for file in files {
            let text = context.sources.file(file).text();
            words
                .extend(text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| w.len() > 1));
        }
        words
    };
    (words(files), words(of_scripts))
}
