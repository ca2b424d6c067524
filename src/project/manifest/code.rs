//! What the app's own code does that would otherwise be a step of the deploy, or that needs such a step: it
//! migrates the database when it starts, it serves pages that a build makes, or it says where static files
//! are collected. It looks for calls by name in the bytes, and parses nothing.

use crate::limit::ticks;
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::{base, is_deployed_code};
use regex::Regex;
use std::sync::LazyLock;

/// The largest file that is searched, because programs generate larger ones.
const MAX_BYTES: u64 = 512 * 1024;

/// What the code does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// The file that migrates the database when the app starts.
    pub(crate) migrates: Option<String>,
    /// Directories that the app serves as they are, with the file that says so: `frontend/dist`.
    pub(crate) serves: Vec<(String, String)>,
    /// The settings of Django that name a STATIC_ROOT in which the repo keeps nothing.
    pub(crate) static_root: Option<String>,
}

/// Calls that migrate: alembic.command.upgrade, django.core.management.call_command, flask_migrate.upgrade, knex's
/// `migrate.latest`, drizzle-orm/…/migrator, TypeORM's `runMigrations` and its options `migrationsRun` and
/// `synchronize`, Umzug, and the tools' own commands, as a line or as a list of words.
static MIGRATES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x) \bcommand\.upgrade\s*\( | alembic_upgrade\s*\( | call_command\s*\(\s*["']migrate["']
        | from\s+flask_migrate\s+import[^\n]*\bupgrade\b | \bflask_migrate\.upgrade\s*\( | migrate\.latest\s*\(
        | drizzle-orm/[\w-]+/migrator | \brunMigrations\s*\( | (migrationsRun|synchronize)["']?\s*:\s*true
        | \b[uU]mzug\b | sequelize\.sync\s*\(
        | \balembic["',\s]{1,4}upgrade\b | \bprisma["',\s]{1,4}migrate["',\s]{1,4}deploy | \bprisma["',\s]{1,4}db["',\s]{1,4}push
        | manage\.py["',\s]{1,4}migrate\b | \bdb:migrate\b | \baerich["',\s]{1,4}upgrade\b | \bdb["',\s]{1,4}upgrade\b"#,
    )
    .ok()
});

/// Calls that serve files: Starlette's StaticFiles, Flask's static_folder and send_from_directory, express.static and
/// the like.
static SERVES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"StaticFiles\s*\(|static_folder\s*=|send_from_directory\s*\(|express\.static\s*\(|serveStatic\s*\(|fastifyStatic")
        .ok()
});

/// A path that ends in a builder's output directory, as one string, or as two that are joined.
static OUTPUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"["'](?:[\w./-]*/)?([\w.-]+)(?:["']\s*[,/]\s*["']|/)(dist|build|out)/?["']"#).ok()
});

static STATIC_ROOT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^STATIC_ROOT\s*=[^\n]*?["']([\w./-]+)["']\s*\)?\s*$"#).ok());

/// A cheap look at the bytes, because most files have none of these words and need no closer look.
static MARKS: LazyLock<Option<regex::bytes::Regex>> = LazyLock::new(|| {
    regex::bytes::Regex::new(
        "upgrade|migrat|Migrations|mzug|synchronize|sequelize.sync|prisma|StaticFiles|static_folder|send_from_directory|\
         express.static|serveStatic|fastifyStatic|STATIC_ROOT",
    )
    .ok()
});

/// Looks at the code that runs in production.
pub(crate) fn read(root: &Root, inventory: &Inventory) -> Code {
    let mut code = Code::default();
    for path in inventory.code.iter().filter(|path| is_deployed_code(path)) {
        // A file that cannot be read adds nothing. Whoever needs the file itself reports it.
        let Some(text) = root.peek(path, MAX_BYTES) else { continue };
        ticks(text.len() / 1024);
        if MARKS.as_ref().is_some_and(|marks| marks.is_match(&text)) {
            code.look(root, path, &String::from_utf8_lossy(&text));
        }
    }
    code
}

impl Code {
    fn look(&mut self, root: &Root, path: &str, text: &str) {
        let has = |marks: &Option<Regex>| marks.as_ref().is_some_and(|marks| marks.is_match(text));
        if self.migrates.is_none() && has(&MIGRATES) {
            self.migrates = Some(path.to_owned());
        }
        // Code that checks whether the pages exist can work without them.
        let asks = ["exists(", "is_dir(", "isdir(", "existsSync("].iter().any(|call| text.contains(call));
        if has(&SERVES)
            && !asks
            && let Some(output) = OUTPUT.as_ref()
        {
            let found = output.captures_iter(text).map(|c| format!("{}/{}", &c[1], &c[2]));
            self.serves.extend(found.map(|directory| (directory, path.to_owned())));
        }
        if self.static_root.is_none()
            && path.contains("settings")
            && !base(path).contains("dev")
            && let Some(marks) = STATIC_ROOT.as_ref()
            && let Some(found) = marks.captures(text)
        {
            // The repo may contain collected files, beside manage.py or above the settings.
            let mut above = path.rsplit_once('/').map(|(directory, _)| directory);
            let mut kept = root.exists(&found[1]);
            while let Some(directory) = above {
                kept |= root.exists(&format!("{directory}/{}", &found[1]));
                above = directory.rsplit_once('/').map(|(above, _)| above);
            }
            self.static_root = (!kept).then(|| path.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(files: &[(&str, &str)]) -> Code {
        let dir = crate::support::project(files);
        let root = Root::open(dir.path()).unwrap();
        read(&root, &Inventory::of(&root))
    }

    #[test]
    fn code_that_migrates_when_it_starts_is_known() {
        for (name, text) in [
            ("app/main.py", "from alembic import command\ncommand.upgrade(config, 'head')\n"),
            ("app/main.py", "call_command(\"migrate\", interactive=False)\n"),
            ("app/main.py", "from flask_migrate import Migrate, upgrade\n"),
            ("app/main.py", "subprocess.run(['alembic', 'upgrade', 'head'])\n"),
            ("src/db.ts", "import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"),
            ("src/db.ts", "await dataSource.runMigrations();\n"),
            ("src/db.ts", "export default { migrationsRun: true };\n"),
            ("src/db.js", "await knex.migrate.latest();\n"),
            ("src/db.js", "execSync('npx prisma migrate deploy');\n"),
        ] {
            assert_eq!(code(&[(name, text)]).migrates.as_deref(), Some(name), "{text}");
        }
        for (name, text) in [
            ("app/main.py", "Base.metadata.create_all(engine)\n"),
            ("app/main.py", "from flask_migrate import Migrate\n"),
            ("tests/test_db.py", "command.upgrade(config, 'head')\n"),
            ("src/db.ts", "export default { migrationsRun: false, synchronize: false };\n"),
        ] {
            assert_eq!(code(&[(name, text)]).migrates, None, "{text}");
        }
    }

    #[test]
    fn what_the_app_hands_out_is_known() {
        for (name, text, serves) in [
            (
                "app/main.py",
                "app.mount('/', StaticFiles(directory='../frontend/dist', html=True))\n",
                "frontend/dist",
            ),
            (
                "app/main.py",
                "PAGES = ROOT / 'web' / 'build'\napp.mount('/', StaticFiles(directory=PAGES))\n",
                "web/build",
            ),
            (
                "server.js",
                "app.use(express.static(path.join(__dirname, 'client', 'dist')));\n",
                "client/dist",
            ),
            (
                "server.js",
                "app.use(express.static(path.join(__dirname, '../client/build')));\n",
                "client/build",
            ),
        ] {
            assert_eq!(code(&[(name, text)]).serves, [(serves.to_owned(), name.to_owned())], "{text}");
        }
        for (name, text) in [
            ("app/main.py", "app.mount('/static', StaticFiles(directory='static'))\n"),
            ("app/main.py", "open('frontend/dist/index.html')\n"),
            (
                "app/main.py",
                "if os.path.exists('web/dist'):\n    app.mount('/', StaticFiles(directory='web/dist'))\n",
            ),
        ] {
            assert_eq!(code(&[(name, text)]).serves, [], "{text}");
        }
    }

    #[test]
    fn static_files_are_gathered_where_the_settings_say() {
        let settings =
            ("shop/settings.py", "STATIC_URL = '/static/'\nSTATIC_ROOT = BASE_DIR / 'staticfiles'\n");
        assert_eq!(code(&[settings]).static_root.as_deref(), Some("shop/settings.py"));
        assert_eq!(code(&[settings, ("staticfiles/admin.css", "")]).static_root, None);
        assert_eq!(code(&[("shop/settings.py", "STATIC_ROOT = os.environ['X']\n")]).static_root, None);
        assert_eq!(
            code(&[("shop/settings.py", "STATIC_ROOT = os.path.join(BASE_DIR, \"static\")\n")])
                .static_root
                .as_deref(),
            Some("shop/settings.py")
        );
    }
}
