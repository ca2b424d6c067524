//! Right deployments of other makes than the shop's: Django with Celery, Node with pm2, Rails with Sidekiq, Laravel with
//! supervisor, FastAPI with a frontend, a Go service, Compose under a unit, pages that cron makes. In each style (functions, loops,
//! arrays, unit files, heredocs) nothing may be told, and what one mistake breaks has to be.

use crate::support::root;
use deploylint::{Report, Request, Severity, Target, check};
use std::fs;
use std::path::Path;

/// What is told of a script of a deployment, as it is or with other text.
fn told(deployment: &Path, script: &str, text: String) -> Vec<(String, Severity)> {
    let target = Target::Stdin { name: deployment.join(script), text: text.into_bytes() };
    let request = Request { root: Some(deployment.to_owned()), targets: vec![target], ..Request::default() };
    let report: Report = check(&request).unwrap();
    assert_eq!(report.gaps, [], "{}", deployment.display());
    let weighty = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
    weighty.map(|finding| (finding.rule.to_string(), finding.severity)).collect()
}

/// The deployments, each with its script.
pub(crate) const DEPLOYMENTS: [(&str, &str); 10] = [
    ("compose-unit", "setup.sh"),
    ("django-celery", "deploy.sh"),
    ("fastapi-front", "provision.sh"),
    ("go-service", "install.sh"),
    ("laravel", "deploy.sh"),
    ("node-pm2", "setup.sh"),
    ("php-plain", "bin/server.sh"),
    ("rails-sidekiq", "bin/install.sh"),
    ("rust-service", "deploy.sh"),
    ("static-cron", "publish.sh"),
];

#[test]
fn nothing_is_told_of_a_right_deployment() {
    for (name, script) in DEPLOYMENTS {
        let deployment = root().join("tests/deployments").join(name);
        let text = fs::read_to_string(deployment.join(script)).unwrap();
        assert_eq!(told(&deployment, script, text), [], "{name}");
    }
}

/// A mistake: the deployment, a line of its script, what the line becomes, and the rule that tells it.
const MISTAKES: [(&str, &str, &str, &str); 19] = [
    ("django-celery", "readonly CODE=$HOME_DIR/code\n", "", "steps/unset-variable"),
    (
        "django-celery",
        "as_app() {\n    runuser -u \"$ACCOUNT\" -- \"$@\"\n}\n",
        "",
        "steps/undefined-function",
    ),
    ("django-celery", "    cd \"$CODE\"\n", "", "steps/missing-path"),
    ("django-celery", "sudo -u postgres createdb", "createdb", "user/no-database-role"),
    ("django-celery", "    make_database\n", "", "steps/uncalled-function"),
    ("django-celery", "    apt-get update\n", "", "steps/no-apt-update"),
    ("fastapi-front", "[[ -d $BASE/venv ]] || as python3 -m venv \"$BASE/venv\"\n", "", "steps/missing-path"),
    ("compose-unit", "install -d -m 0750 \"$DIR\"\n", "", "steps/missing-path"),
    (
        "django-celery",
        "    make_settings\n    make_database\n",
        "    make_database\n    make_settings\n",
        "steps/missing-path",
    ),
    ("go-service", "install -d -m 0755 /etc/meter\n", "", "steps/missing-path"),
    ("go-service", "install -d -m 0750 -o meter -g meter /var/lib/meter\n", "", "units/missing-path"),
    ("go-service", "mv -f /usr/local/bin/meter.new /usr/local/bin/meter\n", "", "units/missing-path"),
    ("go-service", "go build -o build/meter ./cmd/meter\n", "", "steps/missing-path"),
    (
        "rails-sidekiq",
        "cp config/systemd/depot-web.service config/systemd/depot-sidekiq.service /etc/systemd/system/\n",
        "",
        "steps/undefined-unit",
    ),
    ("laravel", "install -d -o \"$OWNER\" -g \"$OWNER\" \"$SITE\"\n", "", "user/no-write-access"),
    (
        "laravel",
        "ln -sfn ../sites-available/forum /etc/nginx/sites-enabled/forum\n",
        "",
        "steps/site-not-enabled",
    ),
    ("rails-sidekiq", "chown \"$ACCOUNT\": \"$ROOT\"\n", "", "permissions/no-owner"),
    (
        "rails-sidekiq",
        "test -d \"$ROOT/.git\" || $RUN git clone https://git.example.org/depot.git \"$ROOT\"\n",
        "",
        "steps/missing-path",
    ),
    (
        "static-cron",
        "ln -sfn /etc/nginx/sites-available/weather /etc/nginx/sites-enabled/weather\n",
        "",
        "steps/site-not-enabled",
    ),
];

#[test]
fn a_mistake_in_a_right_deployment_is_told() {
    for (name, line, instead, rule) in MISTAKES {
        let deployment = root().join("tests/deployments").join(name);
        let script = DEPLOYMENTS.iter().find(|(other, _)| *other == name).unwrap().1;
        let text = fs::read_to_string(deployment.join(script)).unwrap();
        assert_eq!(text.matches(line).count(), 1, "{name}: {line}");
        let told = told(&deployment, script, text.replace(line, instead));
        assert!(told.iter().any(|(told, _)| told == rule), "{name} without {line}: {told:?}");
    }
}
