//! The files around the scripts: a Compose file, a sample of the environment, manifests, code that reads variables,
//! documents.

use super::plan::{Database, Plan, Stack};
use super::random::Random;
use std::fmt::Write as _;

/// Variables that code reads besides those that every app has.
const VARIABLES: [&str; 14] = [
    "LOG_LEVEL", "SENTRY_DSN", "SMTP_HOST", "SMTP_PORT", "MAIL_FROM", "UPLOAD_DIR", "API_TOKEN",
    "CORS_ORIGINS", "WORKERS", "CACHE_SECONDS", "S3_BUCKET", "TIMEZONE", "SESSION_HOURS", "PUBLIC_URL",
];

/// The variables of the app, in the order of their first use.
fn variables(plan: &Plan, random: &mut Random) -> Vec<&'static str> {
    let mut names = vec!["SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "PORT"];
    if plan.database != Database::None {
        names.extend(["DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST"]);
    }
    if plan.redis {
        names.push("REDIS_URL");
    }
    names.extend(VARIABLES.iter().filter(|_| random.chance(35)));
    names
}

fn value(plan: &Plan, name: &str) -> String {
    match name {
        "SECRET_KEY" | "DB_PASSWORD" | "API_TOKEN" => "change-me".to_owned(),
        "DEBUG" => "false".to_owned(),
        "ALLOWED_HOSTS" => plan.domain(),
        "PORT" => plan.port.to_string(),
        "DB_NAME" | "DB_USER" => plan.module(),
        "DB_HOST" | "SMTP_HOST" => "127.0.0.1".to_owned(),
        "REDIS_URL" => "redis://127.0.0.1:6379/0".to_owned(),
        "SMTP_PORT" => "25".to_owned(),
        "WORKERS" => "3".to_owned(),
        "CACHE_SECONDS" | "SESSION_HOURS" => "12".to_owned(),
        "UPLOAD_DIR" => format!("{}/uploads", plan.directory),
        "PUBLIC_URL" | "CORS_ORIGINS" => format!("https://{}", plan.domain()),
        _ => String::new(),
    }
}

/// All files but the scripts, as (path, text).
pub(crate) fn files(plan: &Plan, random: &mut Random) -> Vec<(String, String)> {
    let names = variables(plan, random);
    let mut files = vec![("README.md".to_owned(), readme(plan))];
    if let Some(sample) = plan.sample {
        // One in eight samples lacks something that the code reads.
        let lacks = random.chance(12).then(|| names.len() - 1);
        let shown = names.iter().enumerate().filter(|(at, _)| Some(*at) != lacks).map(|(_, name)| *name);
        files.push((sample.to_owned(), environment(plan, shown, random)));
    }
    if random.chance(7) {
        files.push((".env".to_owned(), environment(plan, names.iter().copied(), random)));
    }
    if plan.compose {
        let name = *random
            .pick(&["docker-compose.yml", "docker-compose.yml", "docker-compose.yaml", "compose.yaml"]);
        files.push((name.to_owned(), compose(plan, random)));
    }
    if random.chance(20) {
        files.push(("architecture.md".to_owned(), architecture(plan, random)));
    }
    if plan.unit_file {
        files.push((format!("deploy/{}.service", plan.app), unit(plan)));
    }
    if plan.python() {
        if random.chance(35) {
            files.push(("pyproject.toml".to_owned(), pyproject(plan)));
        } else {
            files.push(("requirements.txt".to_owned(), requirements(plan).join("\n") + "\n"));
        }
        files.push((
            if plan.stack == Stack::Django {
                format!("{}/settings.py", plan.module())
            } else {
                "app/settings.py".to_owned()
            },
            settings_py(plan, &names),
        ));
        match plan.stack {
            Stack::Django => files.push(("manage.py".to_owned(), manage_py(plan))),
            _ => files.push(("app/main.py".to_owned(), main_py(plan))),
        }
        if plan.frontend {
            files.push(("frontend/package.json".to_owned(), package_json(plan, true)));
        }
    } else {
        files.push(("package.json".to_owned(), package_json(plan, false)));
        files.push(("server.js".to_owned(), server_js(plan, &names)));
    }
    files
}

fn environment<'n>(plan: &Plan, names: impl Iterator<Item = &'n str>, random: &mut Random) -> String {
    let mut text = format!("# Settings of {}\n", plan.app);
    for name in names {
        if random.chance(25) {
            let _ = write!(
                text,
                "
# {}
",
                name.to_lowercase().replace('_', " ")
            );
        }
        let _ = writeln!(text, "{name}={}", value(plan, name));
    }
    text
}

fn readme(plan: &Plan) -> String {
    format!(
        "# {0}

A small service. It listens on port {1}.

## Deploy

```sh
sudo ./start.sh
```

Logs are in the journal: `journalctl -u {0}`.
",
        plan.app, plan.port
    )
}

#[expect(clippy::too_many_lines)]
fn compose(plan: &Plan, random: &mut Random) -> String {
    let mut text = String::from("services:\n");
    let mut depends = Vec::new();
    if plan.database == Database::Postgres {
        depends.push("db");
        text.push_str(
            "  db:
    image: postgres:16
    environment:
      POSTGRES_DB: ${DB_NAME}
      POSTGRES_USER: ${DB_USER}
      POSTGRES_PASSWORD: ${DB_PASSWORD}
    volumes:
      - db-data:/var/lib/postgresql/data
    restart: unless-stopped

",
        );
    }
    if plan.database == Database::MySql {
        depends.push("db");
        text.push_str(
            "  db:
    image: mysql:8
    environment:
      MYSQL_DATABASE: ${DB_NAME}
      MYSQL_ROOT_PASSWORD: ${DB_PASSWORD}
    volumes:
      - db-data:/var/lib/mysql

",
        );
    }
    if plan.redis {
        depends.push("redis");
        text.push_str(
            "  redis:
    image: redis:7-alpine
    restart: unless-stopped

",
        );
    }
    let mut services = vec!["web"];
    // The Compose file is not always as new as the scripts.
    services.extend(plan.parts.iter().filter(|_| random.chance(85)));
    for service in services {
        let command = match service {
            "web" => plan
                .command("")
                .replace("/venv/bin/", "")
                .replace("/usr/bin/", "")
                .replace("127.0.0.1", "0.0.0.0"),
            part => plan.part_command("", part).replace("/venv/bin/", "").replace("/usr/bin/", ""),
        };
        let _ = write!(
            text,
            "  {service}:
    build: .
    command: {command}
    env_file: .env
"
        );
        if service == "web" {
            let _ = write!(
                text,
                r#"    ports:
      - "{0}:{0}"
"#,
                plan.port
            );
        }
        if !depends.is_empty() {
            text.push_str("    depends_on:\n");
            for other in &depends {
                let _ = writeln!(text, "      - {other}");
            }
        }
        text.push_str(
            "    restart: unless-stopped

",
        );
    }
    if plan.database != Database::None {
        text.push_str(
            "volumes:
  db-data:
",
        );
    }
    text
}

fn architecture(plan: &Plan, random: &mut Random) -> String {
    let mut text = format!(
        "# Architecture

{} runs on one server.

## Services

| service | unit | port | command |
| --- | --- | --- | --- |
| web | {}.service | {} | `{}` |
",
        plan.app,
        plan.app,
        plan.port,
        plan.command("")
    );
    for part in &plan.parts {
        let _ =
            writeln!(text, "| {part} | {}-{part}.service | | `{}` |", plan.app, plan.part_command("", part));
    }
    if plan.database == Database::Postgres {
        text.push_str("| db | postgresql.service | 5432 | |\n");
    }
    if random.chance(15) {
        let _ = writeln!(text, "| monitor | {}-monitor.service | 9900 | |", plan.app);
    }
    let _ = write!(
        text,
        "
## Files

| path | holds |
| --- | --- |
| {0} | the source |
| {0}/.env | settings |
",
        plan.directory
    );
    text
}

fn unit(plan: &Plan) -> String {
    let (directory, user) = (&plan.directory, &plan.user);
    format!(
        "[Unit]
Description={}
After=network.target

[Service]
User={user}
WorkingDirectory={directory}
EnvironmentFile={directory}/.env
ExecStart={}
Restart=always

[Install]
WantedBy=multi-user.target
",
        plan.app,
        plan.command(directory)
    )
}

fn requirements(plan: &Plan) -> Vec<&'static str> {
    let mut list = match plan.stack {
        Stack::FastApi => vec!["fastapi==0.115.0", "uvicorn[standard]==0.30.6", "httpx>=0.27"],
        Stack::Django => vec!["Django>=5.0,<5.2", "gunicorn==22.0.0", "whitenoise==6.7.0"],
        _ => vec!["Flask==3.0.3", "gunicorn==22.0.0", "requests>=2.32"],
    };
    match plan.database {
        Database::Postgres => list.push("psycopg[binary]==3.2.1"),
        Database::MySql => list.push("PyMySQL==1.1.1"),
        Database::None => {}
    }
    if plan.database != Database::None && plan.stack != Stack::Django {
        list.extend(["SQLAlchemy==2.0.35", "alembic==1.13.2"]);
    }
    if plan.redis {
        list.push("redis==5.0.8");
    }
    list
}

fn pyproject(plan: &Plan) -> String {
    let mut text = format!(
        r#"[project]
name = "{}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
"#,
        plan.app
    );
    for requirement in requirements(plan) {
        let _ = writeln!(text, "    \"{requirement}\",");
    }
    text.push_str(
        r#"]

[build-system]
requires = ["setuptools>=69"]
build-backend = "setuptools.build_meta"
"#,
    );
    text
}

fn settings_py(plan: &Plan, names: &[&str]) -> String {
    let mut text = format!(
        r#""""Settings of {}, from the environment."""

import os

"#,
        plan.app
    );
    for (at, name) in names.iter().enumerate() {
        let _ = match at % 3 {
            0 => writeln!(text, "{name} = os.environ[\"{name}\"]"),
            1 => writeln!(text, "{name} = os.environ.get(\"{name}\", \"{}\")", value(plan, name)),
            _ => writeln!(text, "{name} = os.getenv(\"{name}\")"),
        };
    }
    text
}

fn manage_py(plan: &Plan) -> String {
    format!(
        r#"#!/usr/bin/env python
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
"#,
        plan.module()
    )
}

fn main_py(plan: &Plan) -> String {
    if plan.stack == Stack::FastApi {
        r#"from fastapi import FastAPI

from app import settings

app = FastAPI(debug=settings.DEBUG == "true")


@app.get("/health")
def health():
    return {"status": "ok"}
"#
        .to_owned()
    } else {
        r#"from flask import Flask

from app import settings

app = Flask(__name__)
app.secret_key = settings.SECRET_KEY


@app.route("/health")
def health():
    return {"status": "ok"}
"#
        .to_owned()
    }
}

fn package_json(plan: &Plan, frontend: bool) -> String {
    let (scripts, dependencies) = if frontend {
        (
            r#""dev": "vite",
    "build": "vite build""#,
            r#""react": "^18.3.1",
    "react-dom": "^18.3.1",
    "vite": "^5.4.0""#,
        )
    } else {
        (
            r#""start": "node server.js",
    "build": "tsc -p .""#,
            r#""dotenv": "^16.4.5",
    "express": "^4.19.2",
    "@prisma/client": "^5.19.0""#,
        )
    };
    format!(
        r#"{{
  "name": "{}",
  "version": "1.0.0",
  "private": true,
  "scripts": {{
    {scripts}
  }},
  "dependencies": {{
    {dependencies}
  }}
}}
"#,
        plan.app
    )
}

fn server_js(plan: &Plan, names: &[&str]) -> String {
    let mut text = "require('dotenv').config();
const express = require('express');

const app = express();
const settings = {
"
    .to_owned();
    for name in names {
        let _ = writeln!(text, "  {}: process.env.{name},", name.to_lowercase());
    }
    let _ = write!(
        text,
        "}};

app.get('/health', (request, response) => response.json({{ status: 'ok', debug: settings.debug }}));
app.listen(process.env.PORT || {}, '127.0.0.1');
",
        plan.port
    );
    text
}
