use crate::project::manifest::*;
use crate::tools::packaging::PackageManager;

fn project(files: &[(&str, &str)]) -> (Sources, Needs, Vec<Gap>) {
    let dir = crate::support::project(files);
    let root = Root::open(dir.path()).unwrap();
    let mut sources = Sources::default();
    let (needs, gaps) = read(&root, &Inventory::of(&root), &mut sources);
    (sources, needs, gaps)
}

fn slice(sources: &Sources, span: Span) -> &str {
    &sources.file(span.file).text()[span.start as usize..span.end as usize]
}

/// The names as they are written, and whether they are development dependencies.
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
    let (sources, needs, gaps) = project(&[
        ("backend/requirements/base.txt", ""),
        (
            "backend/requirements/prod.txt",
            "# base\n-r base.txt\n--index-url https://x\nFlask_Login==1 # auth\n  uvicorn[standard]>=0.3\ngunicorn==1 \\\n    --hash=sha256:abc\n-e git+https://x/y.git#egg=my.pkg\nhttps://x/z.whl\ngit+https://x/y\n./local\nname @ https://x\n",
        ),
    ]);
    assert_eq!(gaps, []);
    let python = &needs.python[1];
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
            "\u{feff}{\n\t\"name\": \"face\",\n\t\"scripts\": {\"build\": \"vite build\", \"dev\": \"vite\"},\n\t\"dependencies\": {\"react\": \"^19\"},\n\t\"devDependencies\": {\"vite\": \"^7\"}\n}\n",
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
    assert_eq!(tools.workspaces, ["a"]);
    let versions: Vec<_> = frontend.dependencies.iter().map(|d| d.requirement.as_deref()).collect();
    assert_eq!(versions, [Some("^19"), Some("^7")]);
    let builds: Vec<&str> = scripts(&needs).map(|script| script.command.as_str()).collect();
    assert_eq!(builds, ["vite build", "vite"]);
}

#[test]
fn a_workspace_has_the_members_that_its_patterns_fit() {
    let (_, needs, gaps) = project(&[
        (
            "package.json",
            r#"{"workspaces": {"packages": ["packages/*", "./apps/**/", "!apps/old", "tools"]}}"#,
        ),
        ("js/package.json", "{}"),
        ("js/pnpm-workspace.yaml", "packages:\n  - '*'\n"),
        ("all/package.json", r#"{"workspaces": ["**", "["]}"#),
    ]);
    assert_eq!(gaps, []);
    let [all, js, top] = [1, 2, 0].map(|index| &needs.node[index]);
    let (top, all, js) = if top.directory.is_empty() { (top, all, js) } else { (js, top, all) };
    for (member, is) in [
        ("packages/a", true),
        ("packages/a/b", false),
        ("apps/a/b", true),
        ("apps/old", false),
        ("tools", true),
        ("web", false),
        ("", false),
    ] {
        assert_eq!(top.has_member(member), is, "{member}");
    }
    assert!(js.has_member("js/a") && !js.has_member("js/a/b") && !js.has_member("web"));
    assert!(all.has_member("all/a/b/c") && !all.has_member("b"));
}

/// Each dependency as `GROUP:NAME[EXTRA] CONSTRAINT`.
fn shown<'d>(dependencies: impl IntoIterator<Item = &'d Declared>) -> Vec<String> {
    let show = |d: &Declared| {
        let group = d.group.as_ref().map_or(String::new(), |group| format!("{group}:"));
        let extras = if d.extras.is_empty() { String::new() } else { format!("[{}]", d.extras.join(",")) };
        let constraint = d.requirement.as_ref().map_or(String::new(), |bound| format!(" {bound}"));
        format!("{group}{}{extras}{constraint}", d.name)
    };
    dependencies.into_iter().map(show).collect()
}

#[test]
fn dependencies_have_their_constraint_as_written() {
    let (sources, needs, gaps) = project(&[
        (
            "a/pyproject.toml",
            "[project]\nname = \"x\"\ndependencies = [\"uvicorn[standard] >=0.3,<1\", \"flask\"]\n[tool.uv]\ndev-dependencies = [\"ruff>=1\"]\n[tool.poetry.dependencies]\ncelery = {version = \"^5\", extras = [\"redis\"]}\nlib = {git = \"https://x/y\"}\n",
        ),
        ("b/Pipfile", "[packages]\ndjango = \"*\"\n[dev-packages]\nblack = \"==1\"\n"),
        ("c/package.json", r#"{"dependencies": {"express": "^4 || ^5"}}"#),
        (
            "d/Gemfile",
            "gem 'rails', '~> 8', \">= 8.0.1\", require: false\ngroup :development, :test do\n  gem 'rspec'\nend\ngem(\"puma\")\n",
        ),
        (
            "e/composer.json",
            r#"{"require": {"php": ">=8", "ext-gd": "*", "laravel/framework": "^11"}, "require-dev": {"a/b": "1"}}"#,
        ),
        ("f/go.mod", "module x\n\nrequire a.b/c v1.2.3 // indirect\nrequire (\n\td.e/f v0.1.0\n)\n"),
        (
            "g/Cargo.toml",
            "[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[dev-dependencies]\ntempfile = \"3\"\n",
        ),
    ]);
    assert_eq!(gaps, []);
    assert_eq!(
        shown(dependencies(&needs)),
        [
            "uvicorn[standard] >=0.3,<1", "flask", "dev:ruff >=1", "celery[redis] ^5",
            "lib {git = \"https://x/y\"}", "django *", "dev:black ==1", "express ^4 || ^5",
            "rails ~> 8, >= 8.0.1", "rspec", "puma", "laravel/framework ^11", "a/b 1", "a.b/c v1.2.3",
            "d.e/f v0.1.0", "serde 1", "libc 0.2", "tempfile 3",
        ]
    );
    assert!(
        dependencies(&needs).all(|d| slice(&sources, d.span).trim_matches('"').eq_ignore_ascii_case(&d.name))
    );
    let development: Vec<&str> =
        dependencies(&needs).filter(|d| d.development).map(|d| d.name.as_str()).collect();
    assert_eq!(development, ["ruff", "black", "rspec", "a/b", "tempfile"]);
    assert!(!needs.python[0].complete && needs.python[1].complete);
}

#[test]
fn requirements_take_in_others_once() {
    let (_, needs, gaps) = project(&[
        (
            "requirements.txt",
            "-r deps/base.in\n-c constraints.txt\n--requirement=requirements-x.txt\nflask\n",
        ),
        ("deps/base.in", "-r ../requirements.txt\n-cbounds.txt\ngunicorn==1\n-e .\n"),
        ("deps/bounds.txt", "unused==1\n"),
        ("constraints.txt", "unused==1\n"),
        ("requirements-x.txt", "./lib\n-e git+https://x/y#egg=own[a]\n"),
    ]);
    assert_eq!(gaps, []);
    assert_eq!(shown(dependencies(&needs)), ["own[a]", "flask", "gunicorn ==1"]);
    let complete: Vec<bool> = needs.python.iter().map(|manifest| manifest.complete).collect();
    assert_eq!(complete, [false, true, true]);
}

#[test]
fn setup_declares_what_stands_there_as_a_plain_list() {
    let declared = |files: &[(&str, &str)]| {
        let (_, needs, _) = project(files);
        (shown(dependencies(&needs)), needs.python.iter().all(|manifest| manifest.complete))
    };
    let (names, complete) = declared(&[(
        "setup.py",
        "# install_requires=['no']\nfrom setuptools import setup\nREQUIRES = [\n  'flask>=2',  # web\n  \"uvicorn[standard]\",\n]\nsetup(name='x', install_requires=REQUIRES, extras_require={'server': ['gunicorn']})\n",
    )]);
    assert_eq!(
        (names, complete),
        (["flask >=2", "uvicorn[standard]", "server:gunicorn"].map(str::to_owned).to_vec(), true)
    );
    for dynamic in [
        "install_requires=read('r.txt')",
        "install_requires=['a'] + more",
        "install_requires=['a', *more]",
        "**kwargs",
        "install_requires=[f'{x}']",
        "install_requires=['a' 'b']",
    ] {
        assert!(!declared(&[("setup.py", &format!("setup({dynamic})\n"))]).1, "{dynamic}");
    }
    let (names, complete) = declared(&[(
        "setup.cfg",
        "[metadata]\nname = x\n[options]\ninstall_requires =\n    flask>=2\n    # no\n    celery\npackages = find:\n[options.extras_require]\nserver = gunicorn; os_name != 'nt'\n",
    )]);
    assert_eq!(
        (names, complete),
        (["flask >=2", "celery", "server:gunicorn"].map(str::to_owned).to_vec(), true)
    );
    let (names, complete) = declared(&[
        ("setup.cfg", "[options]\ninstall_requires = file: deps.in\n"),
        ("deps.in", "flask\n"),
        (
            "a/pyproject.toml",
            "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\ndependencies = {file = [\"deps.in\"]}\n",
        ),
        ("a/deps.in", "celery\n"),
    ]);
    assert_eq!((names, complete), (["celery", "flask"].map(str::to_owned).to_vec(), true));
    assert!(!declared(&[("pyproject.toml", "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n")]).1);
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
    assert_eq!(slice(&sources, rails.unwrap().span), "rails");
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
    let complete: Vec<bool> = needs.python.iter().map(|manifest| manifest.complete).collect();
    assert_eq!(complete, [false, true]);
    assert!(needs.unread);
    assert_eq!(needs.node.len(), 1);
    let deep = format!("a = {}", "[".repeat(10_000));
    let (_, _, gaps) = project(&[("pyproject.toml", &deep)]);
    assert_eq!(gaps.len(), 1);
}
