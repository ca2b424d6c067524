//! The first half of an install script: what must exist before the app.

use super::plan::{Database, Stack};
use super::script::Script;

pub(crate) fn preflight(script: &mut Script<'_>) {
    if !script.style.sudo {
        script.either(&[
            (
                5,
                r#"if [ "$EUID" -ne 0 ]; then
    echo "Please run as root"
    exit 1
fi"#,
            ),
            (
                3,
                r#"if [[ $EUID -ne 0 ]]; then
    echo "This script has to be run as root" >&2
    exit 1
fi"#,
            ),
            (2, "[ \"$(id -u)\" -eq 0 ] || { echo \"run me as root\" >&2; exit 1; }"),
        ]);
    }
    script.perhaps(
        15,
        r#"for tool in git curl openssl; do
    if ! command -v "$tool" &> /dev/null; then
        echo "$tool is missing"
        exit 1
    fi
done"#,
    );
    script.perhaps(
        10,
        r#"if [ -f /etc/os-release ]; then
    . /etc/os-release
    echo "System: $NAME $VERSION_ID"
fi"#,
    );
    script.perhaps(
        8,
        r#"read -p "Continue with the installation? (y/n) " -n 1 -r
echo
if [[ ! $REPLY =~ ^[Yy]$ ]]; then
    exit 1
fi"#,
    );
}

#[expect(clippy::too_many_lines)]
pub(crate) fn packages(script: &mut Script<'_>) {
    script.say("Installing system packages");
    let more = [
        " nginx",
        " certbot python3-certbot-nginx",
        " redis-server",
        " ufw fail2ban",
        " build-essential",
        " jq",
    ];
    let mut list = match (script.plan.stack, script.plan.database) {
        (Stack::Node, _) => "curl git nodejs npm".to_owned(),
        (_, Database::Postgres) => {
            "git curl python3 python3-venv python3-pip libpq-dev postgresql".to_owned()
        }
        (_, Database::MySql) => "git curl python3-venv python3-pip mysql-server".to_owned(),
        _ => "git curl python3 python3-venv python3-pip".to_owned(),
    };
    for package in more {
        if script.random.chance(35) {
            list.push_str(package);
        }
    }
    script.either(&[
        (6, "@s@apt-get update"),
        (3, "@s@apt update -y"),
        (4, "@s@apt-get update -qq"),
        (2, "@s@apt update && @s@apt upgrade -y"),
    ]);
    match script.random.weighted(&[45, 25, 8, 12, 10]) {
        0 => script.put(&format!("@s@apt-get install -y {list}")),
        1 => script.put(&format!("@s@apt install -y {list}")),
        2 => script.put(&format!("@s@apt-get install {list}")),
        3 => {
            let lines = list.replace(
                ' ', r#" \
    "#,
            );
            script.put(&format!(
                r#"@s@apt-get install -y -qq \
    {lines}"#
            ));
        }
        _ => script.put(&format!(
            r#"PACKAGES=({list})
for package in "${{PACKAGES[@]}}"; do
    if ! dpkg -s "$package" >/dev/null 2>&1; then
        @s@apt-get install -y "$package"
    fi
done"#
        )),
    }
    if script.plan.stack == Stack::Node || script.plan.frontend {
        script.either(&[
            (4, ""),
            (
                4,
                "if ! command -v node &> /dev/null; then
    curl -fsSL https://deb.nodesource.com/setup_20.x | @s@bash -
    @s@apt-get install -y nodejs
fi",
            ),
            (
                2,
                "curl -fsSL https://deb.nodesource.com/setup_22.x | @s@bash -
@s@apt-get install -y nodejs",
            ),
        ]);
    }
    if script.plan.compose {
        script.either(&[
            (6, ""),
            (3, "if ! command -v docker >/dev/null 2>&1; then
    curl -fsSL https://get.docker.com | @s@sh
    @s@systemctl enable --now docker
fi"),
            (1, r#"curl -fsSL https://download.docker.com/linux/ubuntu/gpg | @s@gpg --dearmor -o /usr/share/keyrings/docker.gpg
echo "deb [signed-by=/usr/share/keyrings/docker.gpg] https://download.docker.com/linux/ubuntu jammy stable" | @s@tee /etc/apt/sources.list.d/docker.list > /dev/null
@s@apt-get update
@s@apt-get install -y docker-ce docker-compose-plugin"#),
        ]);
    }
    script.tell("Packages installed");
}

pub(crate) fn account(script: &mut Script<'_>) {
    if script.plan.user == "www-data" {
        return script.perhaps(30, "@s@usermod -aG www-data \"$USER\"");
    }
    script.say("Creating the user of the application");
    script.either(&[
        (18, "@s@useradd --system --create-home --shell /usr/sbin/nologin @user@"),
        (12, "@s@useradd -r -s /bin/false @user@ || true"),
        (10, "@s@adduser --disabled-password --gecos \"\" @user@"),
        (
            34,
            r#"if ! id "@user@" &>/dev/null; then
    @s@useradd -r -m -s /bin/bash @user@
    echo "User @user@ created"
fi"#,
        ),
        (14, "id -u @user@ >/dev/null 2>&1 || @s@useradd --system --home @dir@ @user@"),
        (
            12,
            r#"if id "@user@" >/dev/null 2>&1; then
    echo "User @user@ exists"
else
    @s@useradd -m -s /bin/bash @user@
    @s@usermod -aG www-data @user@
fi"#,
        ),
    ]);
}

pub(crate) fn directories(script: &mut Script<'_>) {
    script.say("Creating directories");
    script.either(&[
        (
            50,
            "@s@mkdir -p @p@
@s@mkdir -p @p/logs@ @p/uploads@",
        ),
        (
            8,
            "@s@mkdir @p@
@s@mkdir @p/logs@",
        ),
        (15, "@s@mkdir -p @dir@/{logs,uploads,backups}"),
        (
            12,
            "if [ ! -d @p@ ]; then
    @s@mkdir -p @p@
fi",
        ),
        (
            9,
            r#"for directory in logs uploads backups; do
    @s@mkdir -p "@dir@/$directory"
done"#,
        ),
    ]);
    script.perhaps(
        20,
        "@s@mkdir -p /var/log/@app@
@s@touch /var/log/@app@/deploy.log",
    );
    script.perhaps(45, "@s@chown -R @user@:@user@ @p@");
}

pub(crate) fn source(script: &mut Script<'_>) {
    script.say("Fetching the source");
    script.either(&[
        (
            14, "git clone @repo@ @p@
cd @p@",
        ),
        (
            30,
            "if [ -d @p/.git@ ]; then
    cd @p@
    git pull origin main
else
    git clone @repo@ @p@
    cd @p@
fi",
        ),
        (
            14,
            "if [ ! -d @p@ ]; then
    @s@git clone @repo@ @p@
fi
cd @p@
git fetch origin
git reset --hard origin/main",
        ),
        (
            8,
            "@s@rm -rf @p@
@s@git clone --depth 1 @repo@ @p@
cd @p@",
        ),
        (
            14, "cd @p@ || exit 1
git pull",
        ),
        (
            14, "@s@cp -r . @p@
cd @p@",
        ),
        (
            10,
            "rsync -a --delete --exclude .git --exclude venv ./ @p/@
cd @p@",
        ),
    ]);
    script.perhaps(
        10,
        r#"VERSION=$(git rev-parse --short HEAD)
echo "Version: $VERSION""#,
    );
}

pub(crate) fn settings(script: &mut Script<'_>) {
    script.say("Writing the settings");
    let postgres = script.plan.database == Database::Postgres;
    let mut body = "SECRET_KEY=@secret@
DEBUG=false
ALLOWED_HOSTS=@domain@
PORT=@port@
"
    .to_owned();
    if script.plan.database != Database::None {
        body.push_str(
            "DB_NAME=@module@
DB_USER=@module@
DB_PASSWORD=@password@
DB_HOST=127.0.0.1
",
        );
    }
    if script.plan.redis {
        body.push_str("REDIS_URL=redis://127.0.0.1:6379/0\n");
    }
    match script.random.weighted(&[30, 16, 22, 18, 14]) {
        0 => script.put(
            r#"if [ ! -f @p/.env@ ]; then
    cp @p/SAMPLE@ @p/.env@
    echo "Edit @dir@/.env before you go on"
fi"#,
        ),
        1 => script.put("cp @p/SAMPLE@ @p/.env@"),
        way => {
            if way == 3 {
                script.put("if [ ! -f @p/.env@ ]; then");
            }
            script.put(if postgres {
                "SECRET_KEY=$(openssl rand -hex 32)
DB_PASSWORD=$(openssl rand -base64 24)"
            } else {
                "SECRET_KEY=$(openssl rand -hex 32)"
            });
            let known = script.plan.database == Database::Postgres;
            let body = body.replace("@password@", if known { "${DB_PASSWORD}" } else { "change-me" });
            let body = body.replace("@secret@", "${SECRET_KEY}");
            // The shell's own value is meant here.
            script.heredoc_open("cat > @p/.env@ @<<@", &body);
            if way == 3 {
                script.put("fi");
            }
        }
    }
    script.perhaps(45, "@s@chmod 600 @p/.env@");
    script.perhaps(25, "@s@chown @user@:@user@ @p/.env@");
    script.perhaps(20, "sed -i \"s|^PORT=.*|PORT=@port@|\" @p/.env@");
    script.perhaps(
        12,
        r#"if ! grep -q "^SECRET_KEY=" @p/.env@; then
    echo "SECRET_KEY=$(openssl rand -hex 32)" >> @p/.env@
fi"#,
    );
    script.perhaps(10, "echo \"DEPLOYED_AT=$(date +%s)\" >> @p/.env@");
    script.perhaps(
        12,
        "set -a
source @p/.env@
set +a",
    );
}
