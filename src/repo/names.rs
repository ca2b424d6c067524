//! What a file's name says about the file. It does not look at contents or at the disk.

/// The last part of a path, and of the name of a program.
pub(crate) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The part of a path before its last name; empty at the root of the repo.
pub(crate) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The names of <https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>, and
/// variants that people pass to `-f` (`docker-compose.prod.yml`).
pub(crate) fn is_compose(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else {
        return false;
    };
    let first = stem.split(['.', '-', '_']).next().unwrap_or_default();
    stem.starts_with("docker-compose") || first == "compose"
}

/// The unit types of systemd.unit(5) that a deploy writes.
pub(crate) fn is_unit(name: &str) -> bool {
    // `Dockerfile.service` builds the image of a service.
    let unit = [".service", ".timer", ".socket", ".target", ".path", ".mount"]
        .iter()
        .any(|ending| name.len() > ending.len() && name.ends_with(ending));
    unit && !is_dockerfile(name)
}

/// The names of pm2's process files: `ecosystem.config.js`, `ecosystem.production.config.cjs`,
/// `pm2.config.json`.
pub(crate) fn is_ecosystem(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let first = stem.split('.').next().unwrap_or_default();
    matches!(first, "ecosystem" | "pm2")
        && match ending {
            "js" | "cjs" | "mjs" | "ts" => stem.ends_with(".config"),
            "json" | "yaml" | "yml" => true,
            _ => false,
        }
}

/// A unit that is filled in before it is installed: `web.service.in`, `web.service.template`.
pub(crate) fn is_unit_template(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        is_unit(stem)
            && matches!(
                ending,
                "in" | "template" | "tmpl" | "tpl" | "j2" | "example" | "sample" | "dist" | "envsubst"
            )
    })
}

/// The unit that a file in such a directory changes, systemd.unit(5): `web.service` for
/// `web.service.d/override.conf`.
pub(crate) fn drop_in_of(path: &str) -> Option<&str> {
    let (directory, name) = path.rsplit_once('/')?;
    let unit = base(directory).strip_suffix(".d")?;
    (name.ends_with(".conf") && is_unit(unit)).then_some(unit)
}

/// `.env`, `.env.production`, `prod.env`, `.sample.env`, `env.example`.
pub(crate) fn is_dotenv(name: &str) -> bool {
    name == ".env"
        || name.starts_with(".env.")
        || name.ends_with(".env")
        || [
            "env.example", "env.sample", "env.template", "example.env", ".env-example", ".env_example",
            ".env-sample",
        ]
        .contains(&name)
}

/// Names of files, in lower case, whose program runs scripts with variables of its own.
const RUNNERS: [&str; 17] = [
    "makefile", "gnumakefile", "justfile", ".justfile", "taskfile.yml", "taskfile.yaml", "jenkinsfile",
    "procfile", "vagrantfile", "appspec.yml", "bitbucket-pipelines.yml", "azure-pipelines.yml", ".drone.yml",
    ".travis.yml", "buildspec.yml", "cloudbuild.yaml", "fabfile.py",
];

/// True for a file whose program may run the repo's scripts: make, Jenkins, Terraform, Packer, Ansible.
pub(crate) fn runs_scripts(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = base(&path);
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let has_playbooks = [".circleci/", "ansible", "playbook", "play.", "cloud-init", "user-data"]
        .iter()
        .any(|word| path.contains(word));
    RUNNERS.contains(&name)
        || [".tf", ".hcl", ".mk", ".jenkinsfile"].iter().any(|end| name.ends_with(end))
        || name.starts_with("jenkinsfile")
        || is_yaml && has_playbooks
}

/// True for an environment file that the repo keeps to show which variables there are.
pub(crate) fn is_sample_dotenv(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    is_dotenv(name)
        && name
            .split(['.', '-', '_'])
            .any(|part| matches!(part, "example" | "sample" | "template" | "dist" | "default" | "defaults"))
}

/// Manifests, lockfiles and the settings of migration tools. `name` is the last part of `path`.
pub(crate) fn is_manifest(name: &str, path: &str) -> bool {
    const EXACT: &[&str] = &[
        "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock",
        "pdm.lock", "package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml",
        "pnpm-workspace.yaml", "yarn.lock", "bun.lock", "bun.lockb", "Gemfile", "Gemfile.lock",
        "composer.json", "composer.lock", "artisan", "go.mod", "Cargo.toml", "alembic.ini", "manage.py",
        "schema.prisma", ".sequelizerc", "flyway.conf", "flyway.toml", "mix.exs",
    ];
    const STEMS: &[&str] = &["drizzle.config.", "knexfile.", "ormconfig."];
    let requirements = name.ends_with(".txt")
        && (name.starts_with("requirements") || path.rsplit('/').nth(1) == Some("requirements"));
    EXACT.contains(&name) || STEMS.iter().any(|stem| name.starts_with(stem)) || requirements
}

/// Directories in which Django, Alembic, Rails, Laravel, Prisma, Knex, TypeORM, Ecto and Doctrine keep migrations.
pub(crate) fn is_migration_directory(name: &str) -> bool {
    matches!(name, "migrations" | "migrate" | "alembic")
}

/// The names that `docker build` and its users give the file.
pub(crate) fn is_dockerfile(name: &str) -> bool {
    name.starts_with("Dockerfile") || name.ends_with(".Dockerfile") || name == "Containerfile"
}

/// `ARCHITECTURE.md`, `system-architecture.md`.
pub(crate) fn is_architecture(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".md") && lower.contains("architecture")
}

/// True for a file that belongs at the top of a project, or of a deployment, rather than in a folder of
/// projects: what is deployed, what deploys it, and what each repo has.
pub(crate) fn stands_at_the_top(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        ".gitignore", ".dockerignore", ".editorconfig", "Makefile", "Procfile", "deploylint.yaml",
        "deploylint.yml",
    ];
    let document = |start: &str| name.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start));
    is_compose(name)
        || is_unit(name)
        || is_ecosystem(name)
        || is_dotenv(name)
        || is_manifest(name, name)
        || is_dockerfile(name)
        || is_architecture(name)
        || name.ends_with(".sh")
        || name.ends_with(".bash")
        || OTHERS.contains(&name)
        || document("readme")
        || document("licen")
}

/// Python, JavaScript and TypeScript.
pub(crate) fn is_code(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        matches!(extension, "py" | "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx")
    })
}

/// Code that runs in production, as far as names show it: no tests or their settings, no type declarations,
/// nothing minified, no examples, and no settings of development tools.
pub(crate) fn is_deployed_code(path: &str) -> bool {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let aside = |directory: &str| {
        [
            "test", "tests", "__tests__", "__mocks__", "e2e", "spec", "specs", "cypress", "fixtures",
            "examples", "example", "docs", "migrations", "third_party", "site-packages", "bower_components",
            ".next", "coverage", "archive", "archived", "benchmarks", "static", "public", "notebooks",
        ]
        .contains(&directory)
    };
    let of_tests = stem.starts_with("test_")
        || stem.starts_with("test-")
        || stem.ends_with("-test")
        || stem.starts_with("tests_")
        || stem.ends_with("_e2e")
        || stem.ends_with("_test")
        || stem == "conftest"
        || matches!(stem, "settings_test" | "settings_tests" | "settings_ci")
        || matches!(stem, "test" | "tests" | "testing" | "ci")
            && ["settings", "config"].iter().any(|of| base(directories) == *of)
        || [".test", ".spec", ".d", ".min", ".stories", ".cy", ".e2e"].iter().any(|end| stem.ends_with(end));
    let of_tools = extension != "py" && stem.contains(".config") || stem.starts_with('.');
    !directories.split('/').any(aside) && !of_tests && !of_tools
}

/// True if the name says that it is the user data of a cloud server, which runs only on the first boot of an
/// instance (<https://cloudinit.readthedocs.io/en/latest/explanation/format.html>, user-data script).
pub(crate) fn is_first_boot_script(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase().replace(['-', '_'], "");
    name.contains("userdata") || name.contains("cloudinit")
}

/// The shell that a first line names: `bash` for `#!/usr/bin/env -S bash -e`. `None` for anything else.
pub(crate) fn shell_of_shebang(line: &str) -> Option<&str> {
    let mut words = line
        .trim_start_matches('\u{feff}')
        .strip_prefix("#!")?
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut program = words.next()?;
    if program == "env" {
        program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    }
    ["sh", "bash", "dash", "ksh", "ash"].contains(&program).then_some(program)
}

/// True for files that people write and keep in git: no build makes them, and no server has its own.
pub(crate) fn is_written_by_people(path: &str) -> bool {
    let name = base(path);
    let endings = [
        ".sh", ".bash", ".py", ".yml", ".yaml", ".toml", ".txt", ".sql", ".template", ".tmpl", ".j2",
        ".conf", ".ini",
    ];
    is_unit(name)
        || is_compose(name)
        || is_dockerfile(name)
        || is_manifest(name, path)
        || name == "Makefile"
        || endings.iter().any(|ending| name.ends_with(ending))
}

/// Paths of files that are not deployed to the server: tests, documentation, other programs.
pub(crate) fn is_beside(path: &str) -> bool {
    const ELSEWHERE: &[&str] = &[
        "test", "tests", "e2e", "docs", "doc", "example", "examples", "samples", "demo", "dev", "mobile",
        "android", "ios", "desktop", "electron", "serverless", "lambda", "lambdas", "functions", "cypress",
        "playwright", "notebooks", "benchmarks", "tools", "scripts", "fixtures", "templates", "extension",
        "sdk", "website",
    ];
    path.split('/').any(|part| ELSEWHERE.contains(&part) || part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_told_by_its_name() {
        assert!(is_first_boot_script("infra/ec2-user_data.sh"));
        assert!(is_first_boot_script("userdata.sh"));
        assert!(is_first_boot_script("cloud-init/cloud-init.sh"));
        assert!(!is_first_boot_script("user-data/deploy.sh"));
        assert!(!is_first_boot_script("deploy.sh"));
    }

    #[test]
    fn shebangs_name_their_shell() {
        for (line, shell) in [
            ("#!/bin/sh", Some("sh")),
            ("#! /usr/bin/env -S bash -eu", Some("bash")),
            ("#!/usr/bin/env FOO=1 ksh", Some("ksh")),
            ("#!/usr/bin/python3", None),
            ("echo", None),
            ("#!/usr/bin/env", None),
        ] {
            assert_eq!(shell_of_shebang(line), shell, "{line}");
        }
    }

    #[test]
    fn what_belongs_to_units_and_processes() {
        for name in
            ["ecosystem.config.js", "ecosystem.production.config.cjs", "pm2.config.json", "ecosystem.yml"]
        {
            assert!(is_ecosystem(name), "{name}");
        }
        for name in ["ecosystem.js", "package.json", "config.js", "ecosystem.md"] {
            assert!(!is_ecosystem(name), "{name}");
        }
        assert!(is_unit_template("web.service.in") && is_unit_template("x@.timer.j2"));
        assert!(!is_unit_template("web.service") && !is_unit_template("orders.service.ts"));
        assert_eq!(drop_in_of("etc/web.service.d/limits.conf"), Some("web.service"));
        assert_eq!(drop_in_of("etc/conf.d/limits.conf"), None);
        assert_eq!(drop_in_of("web.service.d/README"), None);
    }

    #[test]
    fn samples_are_told_from_the_real_thing() {
        for sample in [".env.example", "a/.sample.env", "env.template", ".env.prod.example"] {
            assert!(is_sample_dotenv(sample), "{sample}");
        }
        for real in [".env", ".env.production", "prod.env"] {
            assert!(!is_sample_dotenv(real), "{real}");
        }
    }
}
