//! The sections of install scripts, right and wrong as often as in real ones: their order, and the sections about the app
//! itself.

use super::plan::{Database, Stack};
use super::script::Script;
use super::{ground, server};

/// The name that a section has as a function, and the section.
pub(crate) type Section = (&'static str, fn(&mut Script<'_>));

/// The sections of an install script, in their order.
pub(crate) const INSTALL: [Section; 15] = [
    ("preflight", ground::preflight),
    ("install_packages", ground::packages),
    ("create_user", ground::account),
    ("create_directories", ground::directories),
    ("fetch_source", ground::source),
    ("write_settings", ground::settings),
    ("setup_database", database),
    ("install_dependencies", dependencies),
    ("run_migrations", migrations),
    ("write_units", units),
    ("set_permissions", permissions),
    ("configure_nginx", server::nginx),
    ("configure_firewall", server::firewall),
    ("schedule_jobs", server::jobs),
    ("start_services", server::start),
];

/// Adds a command that writes a file, as root or through sudo.
pub(crate) fn write(script: &mut Script<'_>, path: &str, body: &str) {
    let ways: &[&str] = if script.style.sudo {
        &["sudo tee {} > /dev/null @<<@", "sudo tee {} >/dev/null @<<@", "cat @<<@ | sudo tee {} > /dev/null"]
    } else {
        &["cat > {} @<<@", "cat > {} @<<@", "cat @<<@ > {}", "tee {} > /dev/null @<<@"]
    };
    let head = script.random.pick(ways).replace("{}", path);
    script.heredoc(&head, body);
}

/// Adds a command that runs as the app's user, or as whoever runs the script.
pub(crate) fn as_user(script: &mut Script<'_>, command: &str) {
    let plain = without_words(command);
    let bare = if script.style.sudo { 50 } else { 22 };
    match script.random.weighted(&[bare, 28, 6, 5, 3]) {
        0 => script.put(command),
        1 => script.put(&format!("sudo -u @user@ {command}")),
        2 => script.put(&format!("sudo -u @user@ bash -c \"cd @dir@ && {plain}\"")),
        3 => script.put(&format!("@s@su - @user@ -c \"{plain}\"")),
        _ => script.heredoc_as(
            "@s@su - @user@ @<<@",
            &format!(
                "cd @dir@
{plain}"
            ),
            false,
        ),
    }
}

/// The command as it is written inside a string: `@p/venv@` has no quotes of its own.
fn without_words(command: &str) -> String {
    command
        .replace("@p/", "@dir@/")
        .replace("/pip@", "/pip")
        .replace("/venv@", "/venv")
        .replace("/deployed@", "/deployed")
}

pub(crate) fn database(script: &mut Script<'_>) {
    match script.plan.database {
        Database::None => {}
        Database::MySql => {
            script.say("Setting up the database");
            script.put("@s@systemctl enable --now mysql");
            script.either(&[
                (5, "@s@mysql -e \"CREATE DATABASE IF NOT EXISTS @module@;\""),
                (
                    5,
                    r#"@s@mysql -e "CREATE DATABASE @module@;"
@s@mysql -e "CREATE USER '@module@'@'localhost' IDENTIFIED BY 'change-me';""#,
                ),
            ]);
        }
        Database::Postgres => {
            script.say("Setting up the database");
            script.perhaps(50, "@s@systemctl enable --now postgresql");
            match script.random.weighted(&[28, 24, 20, 14, 14]) {
                0 => script.put(r#"sudo -u postgres psql -c "CREATE USER @module@ WITH PASSWORD 'change-me';"
sudo -u postgres psql -c "CREATE DATABASE @module@ OWNER @module@;""#),
                1 => script.put(r#"sudo -u postgres psql -c "CREATE USER @module@ WITH PASSWORD 'change-me';" 2>/dev/null || true
sudo -u postgres psql -c "CREATE DATABASE @module@ OWNER @module@;" 2>/dev/null || true"#),
                2 => script.put(r#"if ! sudo -u postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname='@module@'" | grep -q 1; then
    sudo -u postgres createdb @module@
fi"#),
                3 => script.heredoc("sudo -u postgres psql @<<@", "CREATE USER @module@ WITH PASSWORD 'change-me';
CREATE DATABASE @module@ OWNER @module@;
GRANT ALL PRIVILEGES ON DATABASE @module@ TO @module@;"),
                _ => script.heredoc_as("sudo -u postgres psql @<<@", "DO $$\nBEGIN\n    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '@module@') THEN\n        CREATE ROLE @module@ LOGIN PASSWORD 'change-me';\n    END IF;\nEND\n$$;\nSELECT 'CREATE DATABASE @module@' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '@module@')\\gexec", true),
            }
        }
    }
}

pub(crate) fn dependencies(script: &mut Script<'_>) {
    script.say("Installing dependencies");
    script.perhaps(60, "cd @p@");
    if script.plan.python() {
        let list = if script.random.chance(60) { "-r requirements.txt" } else { "." };
        match script.random.weighted(&[30, 30, 25, 15]) {
            0 => script.put(&format!(
                "python3 -m venv venv
source venv/bin/activate
pip install --upgrade pip
pip install {list}"
            )),
            1 => script.put(&format!(
                r#"if [ ! -d "venv" ]; then
    python3 -m venv venv
fi
source venv/bin/activate
pip install {list}"#
            )),
            2 => {
                as_user(script, "python3 -m venv @p/venv@");
                as_user(script, &format!("@p/venv/bin/pip@ install {list}"));
            }
            _ => script.put(&format!(
                "if [ ! -d @p/venv@ ]; then
    python3 -m venv @p/venv@
    @p/venv/bin/pip@ install {list}
fi"
            )),
        }
    } else {
        let install =
            *script.random.pick(&["npm ci --omit=dev", "npm install", "npm install --production", "npm ci"]);
        as_user(script, install);
    }
    if script.plan.frontend && script.plan.python() {
        script.either(&[
            (
                6,
                "cd @p/frontend@
sudo -u @user@ npm ci
sudo -u @user@ npm run build
cd @p@",
            ),
            (
                2,
                "cd @p/frontend@
npm ci
npm run build
cd @p@",
            ),
            (1, "(cd frontend && npm install && npm run build)"),
            (
                1,
                "if [ -d frontend ]; then
    cd frontend
    npm install
    npm run build
    cd ..
fi",
            ),
        ]);
    } else if script.plan.frontend {
        as_user(script, "npm run build");
    }
}

pub(crate) fn migrations(script: &mut Script<'_>) {
    if script.plan.database == Database::None {
        return;
    }
    script.say("Running migrations");
    match script.plan.stack {
        Stack::FastApi | Stack::Flask => as_user(script, "venv/bin/alembic upgrade head"),
        Stack::Django => {
            as_user(script, "venv/bin/python manage.py migrate --noinput");
            as_user(script, "venv/bin/python manage.py collectstatic --noinput");
        }
        Stack::Node => as_user(script, "npx prisma migrate deploy"),
    }
}

/// The text of a unit.
pub(crate) fn unit(script: &mut Script<'_>, part: &str, command: &str) -> String {
    let mut body = format!(
        "[Unit]
Description=The {part} service of the application @app@
After=network.target"
    );
    body.push_str(if script.plan.database == Database::Postgres { " postgresql.service\n" } else { "\n" });
    body.push_str(
        "
[Service]
Type=simple
",
    );
    if script.random.chance(88) {
        body.push_str("User=@user@\n");
    }
    body.push_str("WorkingDirectory=@dir@\n");
    if script.random.chance(55) {
        body.push_str("EnvironmentFile=@dir@/.env\n");
    } else if script.plan.python() {
        body.push_str("Environment=\"PATH=@dir@/venv/bin\"\n");
    }
    body.push_str(&format!(
        "ExecStart={command}
Restart=always
"
    ));
    if script.random.chance(60) {
        body.push_str("RestartSec=5\n");
    }
    if script.random.chance(40) {
        body.push_str("StandardOutput=append:/var/log/@app@/output.log\nStandardError=append:/var/log/@app@/errors.log\n");
    }
    body.push_str(
        "
[Install]
WantedBy=multi-user.target",
    );
    body
}

pub(crate) fn units(script: &mut Script<'_>) {
    script.say("Writing the systemd units");
    if script.plan.unit_file {
        script.either(&[
            (6, "@s@cp deploy/@app@.service /etc/systemd/system/"),
            (2, "@s@cp @p/deploy/@app@.service@ /etc/systemd/system/@app@.service"),
            (2, "@s@install -m 644 deploy/@app@.service /etc/systemd/system/@app@.service"),
        ]);
    } else {
        let body = unit(script, "web", "@command@");
        write(script, "/etc/systemd/system/@app@.service", &body);
    }
    let plan = script.plan;
    for part in &plan.parts {
        script.blank();
        let command = plan.part_command("@dir@", part);
        let body = unit(script, part, &command);
        write(script, &format!("/etc/systemd/system/@app@-{part}.service"), &body);
    }
    script.perhaps(85, "@s@systemctl daemon-reload");
}

pub(crate) fn permissions(script: &mut Script<'_>) {
    script.say("Setting permissions");
    script.put("@s@chown -R @user@:@user@ @p@");
    script.perhaps(40, "@s@chmod -R 755 @p@");
    script.perhaps(8, "@s@chmod -R 777 @p/uploads@");
    script.perhaps(20, "@s@chmod +x @p/scripts/@*.sh");
}
