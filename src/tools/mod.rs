//! The knowledge about commands: argv to effects. It is the only place that knows aliases and the arity of
//! flags.
//!
//! There is one file for each family of tools. It says what a command line does to which resource, and what
//! the same line does when it runs again. It knows nothing about guards, order or rules, and does not ask
//! where output is redirected. It never guesses what a word of unknown value might hide: something unknown
//! never causes a prompt.

pub(crate) mod accounts;
pub(crate) mod acts;
pub(crate) mod advice;
pub(crate) mod apt;
pub(crate) mod archives;
pub(crate) mod callers;
pub(crate) mod calls;
mod catalogues;
pub(crate) mod compilers;
pub(crate) mod containers;
pub(crate) mod copying;
pub(crate) mod cron;
pub(crate) mod daemons;
pub(crate) mod databases;
mod disks;
pub(crate) mod docker_group;
mod draft;
pub(crate) mod effect;
pub(crate) mod ending;
mod fetching;
pub(crate) mod files;
pub(crate) mod find;
mod firewall;
pub(crate) mod frameworks;
pub(crate) mod git;
pub(crate) mod git_asked;
pub(crate) mod images;
pub(crate) mod inputs;
pub(crate) mod keys;
pub(crate) mod known_accounts;
pub(crate) mod known_units;
pub(crate) mod languages;
pub(crate) mod libraries;
pub(crate) mod managers;
mod mode;
mod mongo;
pub(crate) mod new_server;
pub(crate) mod node;
pub(crate) mod owners;
mod package_managers;
pub(crate) mod packages;
pub(crate) mod packaging;
pub(crate) mod passwords;
pub(crate) mod patterns;
pub(crate) mod place;
pub(crate) mod plain;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod prints;
pub(crate) mod processes;
pub(crate) mod project_file;
pub(crate) mod providers;
pub(crate) mod python;
pub(crate) mod replaced;
pub(crate) mod runners;
pub(crate) mod says;
pub(crate) mod sed;
pub(crate) mod serves;
pub(crate) mod services;
pub(crate) mod signals;
pub(crate) mod sites;
mod sql;
pub(crate) mod sql_needs;
pub(crate) mod ssh_access;
pub(crate) mod supplies;
mod system;
#[cfg(test)]
mod table;
pub(crate) mod testing;
pub(crate) mod texts;
pub(crate) mod thing;
pub(crate) mod tmpfiles;
pub(crate) mod unnamed;
pub(crate) mod web;
pub(crate) mod work;

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::shell::wrappers::is_shell;
use crate::tools::effect::{Again, Change, Deed, Prints, Resource, Role};

/// What a command does. An unknown tool gives `Deed::default()`, with `known == false`.
///
/// Words whose names say that they contain options (`$APT_OPTS`) are left out. Then nothing is said about a second run that
/// such options could change, and no command is said to ask.
pub(crate) fn deed(argv: &Argv) -> Deed {
    if !argv.args.iter().any(draft::named_like_options) {
        return visible(argv);
    }
    let mut rest = argv.clone();
    rest.args.retain(|arg| !draft::named_like_options(arg));
    let mut deed = visible(&rest);
    deed.prompts = None;
    if argv.args.iter().any(Arg::is_all_arguments) {
        deed.known = false;
        deed.roles.retain(|role| *role != Role::ReadOnly);
    }
    // git and docker refuse an existing directory or name whatever the hidden options are. For any other tool, an option
    // may accept it.
    if argv.name != "git" && !containers::is_runtime(&argv.name) {
        for effect in &mut deed.effects {
            if effect.again != Again::NoChange {
                effect.again = Again::Unknown;
            }
        }
    }
    deed
}

#[expect(clippy::too_many_lines)]
fn visible(argv: &Argv) -> Deed {
    match argv.name.as_str() {
        "mkdir" => files::mkdir(argv),
        "rm" => files::rm(argv),
        "rmdir" | "unlink" => files::rmdir(argv),
        "touch" => files::touch(argv),
        "mkfifo" | "mknod" => files::mkfifo(argv),
        "truncate" => files::truncate(argv),
        "fallocate" => files::fallocate(argv),
        "shred" => files::shred(argv),
        "dd" => files::dd(argv),
        "tee" => files::tee(argv),
        "ln" => copying::ln(argv),
        "cp" => copying::cp(argv),
        "mv" => copying::mv(argv),
        "install" => copying::install(argv),
        "rsync" => archives::rsync(argv),
        "scp" => archives::scp(argv),
        "tar" | "bsdtar" => archives::tar(argv),
        "unzip" => archives::unzip(argv),
        "chmod" => owners::chmod(argv),
        "chown" | "chgrp" => owners::chown(argv),
        "setfacl" => owners::setfacl(argv),
        "sed" => sed::sed(argv),
        "find" => find::find(argv),
        "wget" => fetching::wget(argv),
        "curl" => fetching::curl(argv),
        "gh" => fetching::gh(argv),
        "aws" => fetching::aws(argv),
        "read" | "select" => plain::read(argv),
        "iconv" | "sort" | "shuf" => plain::filter(argv),
        "pkill" | "killall" => plain::pkill(argv),
        "kill" => Deed::read_only().role(Role::Signal),
        "fuser" => plain::fuser(argv),
        "echo" | "printf" | "logger" => Deed::read_only().prints(Prints::Words),
        "cat" => Deed::read_only().prints(Prints::Same),
        "awk" | "gawk" | "grep" | "egrep" | "fgrep" => Deed::read_only().prints(Prints::Parts),
        "envsubst" => Deed::read_only().prints(Prints::Filled),
        "reboot" | "shutdown" => draft::nothing().role(Role::Reboot),
        "ansible-playbook" | "puppet" => Deed::default().role(Role::Provision),
        "newusers" | "systemd-sysusers" => accounts::newusers(argv),
        "wg" => keys::wg(argv),
        "useradd" => accounts::useradd(argv),
        "adduser" => accounts::adduser(argv),
        "groupadd" | "addgroup" => accounts::groupadd(argv),
        "usermod" | "chsh" | "chage" | "groupmod" => accounts::usermod(argv),
        "userdel" | "deluser" | "groupdel" | "delgroup" => accounts::userdel(argv),
        "passwd" => accounts::passwd(argv),
        "chpasswd" => accounts::chpasswd(argv),
        "gpasswd" => accounts::gpasswd(argv),
        "visudo" | "vipw" => accounts::visudo(argv),
        "nano" | "pico" | "vi" | "vim" | "nvim" | "emacs" => files::editor(argv),
        "apt-get" | "apt" | "aptitude" => packages::apt(argv),
        "dpkg" => packages::dpkg(argv),
        "add-apt-repository" | "apt-add-repository" => packages::add_apt_repository(argv),
        "dnf" | "yum" | "microdnf" => packages::dnf(argv),
        "zypper" => packages::zypper(argv),
        "apk" => packages::apk(argv),
        "pacman" => packages::pacman(argv),
        "snap" => packages::snap(argv),
        "systemctl" => services::systemctl(argv),
        "service" | "invoke-rc.d" => services::service(argv),
        "update-rc.d" | "chkconfig" | "rc-update" => services::update_rc(argv),
        "supervisorctl" => services::supervisorctl(argv),
        "pm2" => processes::pm2(argv),
        "monit" => services::monit(argv),
        "loginctl" => services::loginctl(argv),
        "deb-systemd-helper" => Deed::default().role(Role::DaemonReload),
        "git" => git::git(argv),
        "python" => python::python(argv),
        "virtualenv" => python::venv(argv),
        "pip" => python::pip_program(argv),
        "pipx" => python::pipx(argv),
        "uv" => python::uv(argv),
        "poetry" | "pipenv" | "pdm" | "hatch" | "rye" | "pixi" | "micropipenv" | "conda" | "mamba"
        | "micromamba" => python::project_tool(argv),
        "pip-sync" | "piptools" | "tox" | "nox" | "pex" => python::installer(argv),
        "manage.py" | "django-admin" => python::django(argv),
        "alembic" | "flask" | "aerich" => python::alembic(argv),
        "npm" | "pnpm" | "yarn" | "bun" => node::package_manager(argv),
        "npx" | "bunx" | "pnpx" => node::npx(argv),
        "ni" | "nci" | "deno" => node::any_installer(argv),
        "node" => node::node(argv),
        "next" | "vite" | "nuxt" | "tsc" | "webpack" | "rollup" | "rolldown" | "esbuild" | "parcel"
        | "ng" | "nest" | "turbo" | "serve" | "http-server" | "nodemon" | "ts-node-dev" | "react-scripts"
        | "vue-cli-service" | "astro" | "gatsby" => node::builder(argv),
        "prisma"
        | "sequelize"
        | "sequelize-cli"
        | "knex"
        | "typeorm"
        | "typeorm-ts-node-commonjs"
        | "typeorm-ts-node-esm"
        | "drizzle-kit" => node::migrator(argv),
        "psql" => databases::psql(argv),
        "createdb" | "createuser" => databases::create(argv),
        "dropdb" | "dropuser" => databases::drop(argv),
        "mysql" | "mariadb" => databases::mysql(argv),
        "mysqladmin" | "mariadb-admin" => databases::mysqladmin(argv),
        "redis-cli" | "valkey-cli" => databases::redis(argv),
        "sqlite" | "sqlite3" => databases::sqlite(argv),
        "pg_dump" | "pg_dumpall" | "mysqldump" => databases::dump(argv),
        "mongosh" | "mongo" => mongo::mongo(argv),
        "mysql_secure_installation" | "mariadb-secure-installation" => databases::mysql_secure(argv),
        "docker" | "podman" => containers::docker(argv),
        "docker-compose" | "podman-compose" => containers::compose(argv),
        "certbot" | "certbot-auto" | "letsencrypt" => web::certbot(argv),
        "acme.sh" => web::acme(argv),
        "nginx" => web::nginx(argv),
        "wp" => web::wp(argv),
        "htpasswd" => keys::htpasswd(argv),
        "openssl" => keys::openssl(argv),
        "ssh-keygen" => keys::ssh_keygen(argv),
        "gpg" | "gpg2" => keys::gpg(argv),
        "crontab" => cron::crontab(argv),
        "mkswap" | "mkfs" => disks::mkfs(argv),
        name if name.starts_with("mkfs.") => disks::mkfs(argv),
        "swapon" | "swapoff" => disks::swapon(argv),
        "mount" | "umount" => disks::mount(argv),
        "ufw" => firewall::ufw(argv),
        "iptables" | "ip6tables" => firewall::iptables(argv),
        "nft" => firewall::nft(argv),
        "ip" => system::ip(argv),
        "hostname" | "hostnamectl" | "timedatectl" | "localectl" => system::setting(argv),
        "update-alternatives" | "alternatives" | "dpkg-reconfigure" => system::asks_by_option(argv),
        "semanage" | "rabbitmqctl" => system::add_once(argv),
        "patch" => system::patch(argv),
        "dos2unix" => system::edits(argv),
        "zip" => system::zip(argv),
        "bundle" => languages::bundle(argv),
        "gem" => languages::gem(argv),
        "rails" | "rake" => languages::rake(argv),
        "composer" => languages::composer(argv),
        "php" => languages::php(argv),
        "artisan" | "console" => languages::artisan(argv),
        "cargo" | "go" | "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" | "dotnet" | "mix" | "make"
        | "gmake" | "cmake" | "hugo" | "sqlx" | "diesel" | "goose" | "dbmate" | "migrate" | "flyway"
        | "atlas" => languages::build_tool(argv),
        name if archives::is_compressor(name) => archives::compress(argv),
        name if python::SERVERS.iter().any(|server| server.names.contains(&name)) => python::server(argv),
        name if plain::only_sets(name) => draft::nothing(),
        name if plain::only_reads(name) => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// True for a command that only root may run.
pub(crate) fn needs_root(argv: &Argv, deed: &Deed) -> bool {
    // These have services of their own, which may belong to an ordinary user, and so has `systemctl --user`.
    let own_services = containers::is_runtime(&argv.name)
        || managers::keeps_processes(&argv.name)
        || argv.has_word("--user");
    let roots = deed.roles.iter().any(|role| {
        matches!(
            role,
            Role::SystemPackages | Role::Account | Role::DaemonReload | Role::Enable | Role::Restart
        )
    });
    roots && !own_services
        || deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Own { user: Some(_), .. }, _) => true,
            (Change::Create(_) | Change::Write | Change::Append, Resource::Path(path))
            | (Change::Append, Resource::Line { file: path, .. }) => {
                path.known_prefix().starts_with("/etc/") || path.known_prefix().starts_with("/usr/")
            }
            _ => false,
        })
}

/// True for a program that runs the code that is piped into it.
pub(crate) fn interprets_input(argv: &Argv) -> bool {
    is_shell(&argv.name) || matches!(argv.name.as_str(), "php" | "python" | "perl" | "ruby" | "node")
}

/// The environment whose programs come first once a file is sourced: `venv/bin/activate`.
pub(crate) fn environment_activated(path: &Value) -> Option<Value> {
    path.known_suffix().ends_with("/bin/activate").then(|| path.dirname().dirname())
}
