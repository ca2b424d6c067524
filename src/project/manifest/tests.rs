use super::*;
use std::fs;

fn project(files: &[(&str, &str)]) -> (Sources, Needs, Vec<Gap>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let root = Root::open(dir.path()).unwrap();
    let mut sources = Sources::default();
    let (needs, gaps) = read(&root, &Inventory::of(&root), &mut sources);
    (sources, needs, gaps)
}

fn slice(sources: &Sources, span: Span) -> &str {
    &sources.file(span.file).text()[span.start as usize..span.end as usize]
}

/// The names as written, and whether they are for developing.
fn declared<'s>(sources: &'s Sources, dependencies: &[Declared]) -> Vec<(&'s str, bool)> {
    let dependencies = dependencies.iter();
    dependencies.map(|d| (slice(sources, d.span), d.development)).collect()
}

#[test]
fn pyproject_declares_dependencies_in_four_ways() {
    let (sources, needs, gaps) = project(&[(
        "pyproject.toml",
        r#"[project]
name = "shop"
dependencies = ["Django>=5", 'celery[redis] ; python_version > "3"', "psycopg_binary @ https://x/y"]
[project.optional-dependencies]
test = ["pytest"]
s3 = ["boto3"]
[dependency-groups]
lint = ["ruff", {include-group = "test"}]
[tool.poetry.dependencies]
python = "^3.12"
"zope.interface" = "*"
[tool.poetry.group.dev.dependencies]
mypy = "*"
"#,
    )]);
    assert_eq!(gaps, []);
    let python = &needs.python[0];
    assert!(python.poetry);
    assert_eq!(
        declared(&sources, &python.dependencies),
        [
            ("Django", false),
            ("celery", false),
            ("psycopg_binary", false),
            ("pytest", true),
            ("boto3", false),
            ("ruff", true),
            ("zope.interface", false),
            ("mypy", true),
        ]
    );
    assert_eq!(python.dependencies[2].name, "psycopg-binary");
    assert_eq!(python.dependencies[6].name, "zope-interface");
}

#[test]
fn requirements_name_packages_among_options() {
    let (sources, needs, gaps) = project(&[(
        "backend/requirements/prod.txt",
        "# base\n-r base.txt\n--index-url https://x\nFlask_Login==1 # auth\n  uvicorn[standard]>=0.3\ngunicorn==1 \\\n    --hash=sha256:abc\n-e git+https://x/y.git#egg=my.pkg\nhttps://x/z.whl\ngit+https://x/y\n./local\nname @ https://x\n",
    )]);
    assert_eq!(gaps, []);
    let python = &needs.python[0];
    assert_eq!(python.directory, "backend/requirements");
    let names: Vec<&str> = python.dependencies.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["flask-login", "uvicorn", "gunicorn", "my-pkg", "name"]);
    assert_eq!(slice(&sources, python.dependencies[1].span), "uvicorn");
}

#[test]
fn a_package_has_scripts_and_a_manager() {
    let (sources, needs, gaps) = project(&[
        (
            "frontend/package.json",
            "\u{feff}{\n\t// the shop's face\n\t\"name\": \"face\",\n\t\"scripts\": {\"build\": \"vite build\", \"dev\": \"vite\"},\n\t\"dependencies\": {\"react\": \"^19\"},\n\t\"devDependencies\": {\"vite\": \"^7\"},\n}\n",
        ),
        ("frontend/pnpm-lock.yaml", ""),
        ("package-lock.json", ""),
        ("api/package.json", "{\"packageManager\": \"yarn@4\"}"),
        ("tools/package.json", "{\"workspaces\": [\"a\"]}"),
    ]);
    assert_eq!(gaps, []);
    let [api, frontend, tools] = needs.node.as_slice() else {
        panic!("three packages: {:?}", needs.node);
    };
    let build = frontend.script("build").unwrap();
    assert_eq!(build.command, "vite build");
    assert_eq!(slice(&sources, build.span), "\"build\": \"vite build\"");
    assert_eq!(frontend.manager, PackageManager::Pnpm);
    assert_eq!(frontend.lockfile.as_deref(), Some("frontend/pnpm-lock.yaml"));
    assert_eq!(declared(&sources, &frontend.dependencies), [("\"react\"", false), ("\"vite\"", true)]);
    assert_eq!(api.manager, PackageManager::Yarn);
    assert_eq!(tools.manager, PackageManager::Npm);
    assert_eq!(tools.lockfile.as_deref(), Some("package-lock.json"));
    assert!(tools.has_workspaces);
}

#[test]
fn migration_tools_are_known_by_their_files() {
    let (sources, needs, _) = project(&[
        ("backend/alembic.ini", "[alembic]\n"),
        ("web/manage.py", "os.environ['DJANGO_SETTINGS_MODULE']; import django\n"),
        ("flask/manage.py", "from flask_script import Manager\n"),
        ("flask/requirements.txt", "Flask-Migrate\n"),
        ("flask/migrations/alembic.ini", ""),
        ("api/prisma/schema.prisma", ""),
        ("api/drizzle.config.ts", ""),
        ("shop/Gemfile", "gem 'rails', '~> 8'\n"),
        ("tool/Gemfile", "gem 'railsy'\n"),
        ("php/artisan", "#!/usr/bin/env php\n"),
        (
            "orm/package.json",
            "{\"scripts\": {\"up\": \"typeorm migration:run\"}, \"dependencies\": {\"typeorm\": \"1\"}}",
        ),
    ]);
    let mut tools: Vec<(MigrationKind, &str)> =
        needs.migrations.iter().map(|t| (t.kind, t.directory.as_str())).collect();
    tools.sort_unstable();
    assert_eq!(
        tools,
        [
            (MigrationKind::Alembic, "backend"),
            (MigrationKind::FlaskMigrate, "flask"),
            (MigrationKind::Django, "web"),
            (MigrationKind::Prisma, "api"),
            (MigrationKind::Drizzle, "api"),
            (MigrationKind::TypeOrm, "orm"),
            (MigrationKind::Rails, "shop"),
            (MigrationKind::Laravel, "php"),
        ]
    );
    let rails = needs.migrations.iter().find(|t| t.kind == MigrationKind::Rails);
    assert_eq!(slice(&sources, rails.unwrap().span), "gem 'rails', '~> 8'");
    assert_eq!(needs.others.len(), 2);
}

#[test]
fn broken_manifests_are_gaps_with_a_place() {
    let (sources, needs, gaps) = project(&[
        ("a/pyproject.toml", "[project]\nname = \n"),
        ("b/package.json", "{\n  \"name\": }\n"),
        ("c/package.json", ""),
        ("d/package.json", "[]"),
        ("e/pyproject.toml", "[tool.ruff]\nline-length = 100\n"),
        ("f/pyproject.toml", "[project]\ndependencies = 3\n[tool.poetry]\ndependencies = []\n"),
        ("g/package.json", "{\"scripts\": [], \"dependencies\": 1, \"name\": {}}"),
    ]);
    let places: Vec<(&str, u32)> = gaps
        .iter()
        .map(|g| {
            let place = g.place.unwrap();
            (g.file.as_str(), sources.file(place.file).line(place.start))
        })
        .collect();
    assert_eq!(
        places,
        [("a/pyproject.toml", 2), ("b/package.json", 2), ("c/package.json", 1), ("d/package.json", 1)]
    );
    assert_eq!(needs.python.len(), 1);
    assert_eq!(needs.node.len(), 1);
    let deep = format!("a = {}", "[".repeat(10_000));
    let (_, _, gaps) = project(&[("pyproject.toml", &deep)]);
    assert_eq!(gaps.len(), 1);
}
