//! Programs that a new server lacks, and the packages that bring them. A program that is in no row is not known to be
//! missing: the base of Ubuntu's server image (24.04) has bash, coreutils, sed, sudo, systemd, openssl, python3, git, curl,
//! wget, rsync, gpg, ufw, cron and add-apt-repository. Sources: the file lists of the packages of Debian 12, Ubuntu 24.04
//! and the vendors, and what the vendors' installers say that they bring.
//!
//! `packages::PROGRAMS` says what a package surely brings. Here, a package counts as soon as it may bring the program, so that
//! no program is reported that is there.

use crate::shell::argv::Argv;
use crate::shell::wrappers::is_shell;
use crate::tools::package_managers::PackageManager;
use hashbrown::HashMap;
use std::sync::LazyLock;

#[cfg(test)]
mod tests;

/// Programs that come together.
pub(crate) struct Supply {
    /// What people call it.
    pub(crate) name: &'static str,
    programs: &'static [&'static str],
    /// Units that come with it, without `.service`.
    units: &'static [&'static str],
    /// Packages that bring it; `nginx*` is any whose name begins so. The first one is the usual one.
    packages: &'static [&'static str],
    /// Parts of addresses from which it is installed in another way, and names of tools that install it.
    installers: &'static [&'static str],
    /// Words by which documents mean it.
    words: &'static [&'static str],
    /// Packages that bring it on systems other than Debian and its relatives: Fedora, RHEL, openSUSE, Alpine, Arch.
    elsewhere: &'static [&'static str],
    /// Its name in the index of Python's packages.
    wheel: &'static str,
}

const NONE: Supply = Supply {
    name: "",
    programs: &[],
    units: &[],
    packages: &[],
    installers: &[],
    words: &[],
    elsewhere: &[],
    wheel: "",
};

const COMPOSE_PLUGIN: Supply = Supply {
    name: "the plugin for `docker compose`",
    packages: &["docker-compose-plugin", "docker-compose-v2", "docker-ce*", "moby-compose", "docker"],
    installers: &["get.docker.com", "cli-plugins", "docker/compose/releases", "docker-compose-linux"],
    // There, the package brings the program and the plugin.
    elsewhere: &["docker-compose*", "docker-cli-compose"],
    ..NONE
};

const COMPOSE_PROGRAM: Supply = Supply {
    name: "the program `docker-compose`",
    programs: &["docker-compose"],
    packages: &["docker-compose", "docker"],
    installers: &[
        "docker/compose/releases", "docker-compose-linux", "docker-compose-$", "compose-switch",
        "bin/docker-compose",
    ],
    elsewhere: &["docker-compose*"],
    wheel: "docker-compose",
    ..NONE
};

const VENV: Supply = Supply {
    name: "the module venv",
    packages: &["python3-venv", "python3-full", "python3.*", "python3-dev*", "virtualenv"],
    installers: &["pyenv", "conda", "astral.sh", "deadsnakes"],
    words: &["venv", "python3-venv"],
    // Only Debian takes it out of the package of Python.
    elsewhere: &["*"],
    ..NONE
};

const NODE_INSTALLERS: &[&str] =
    &["nvm", "fnm", "volta", "n-install", "nodejs.org/dist", "asdf", "bun.sh", "nodesource", "mise"];

const SUPPLIES: &[Supply] = &[
    Supply {
        name: "nginx",
        programs: &["nginx"],
        units: &["nginx"],
        packages: &["nginx", "nginx*", "libnginx*", "openresty*", "python3-certbot-nginx"],
        installers: &["nginx.org/download", "openresty"],
        words: &["nginx"],
        ..NONE
    },
    Supply {
        name: "PostgreSQL",
        programs: &[
            "psql", "createdb", "createuser", "dropdb", "dropuser", "pg_dump", "pg_restore", "pg_isready",
        ],
        units: &["postgresql"],
        packages: &["postgresql", "postgresql*", "postgis*", "timescaledb*", "pgdg*"],
        installers: &["postgres"],
        words: &["postgresql", "postgres", "psql"],
        ..NONE
    },
    Supply {
        name: "Redis",
        programs: &["redis-cli", "redis-server"],
        units: &["redis", "redis-server"],
        packages: &["redis-server", "redis*", "valkey*"],
        installers: &["download.redis.io", "redis-stable"],
        words: &["redis", "valkey"],
        ..NONE
    },
    Supply {
        name: "Node.js",
        programs: &["node"],
        packages: &["nodejs", "npm", "node", "nodejs*"],
        installers: NODE_INSTALLERS,
        words: &["node", "nodejs", "npm"],
        ..NONE
    },
    // Debian's nodejs comes without npm, and NodeSource's with it.
    Supply {
        name: "npm",
        programs: &["npm", "npx"],
        packages: &["npm", "node"],
        installers: NODE_INSTALLERS,
        words: &["node", "nodejs", "npm"],
        elsewhere: &["nodejs*", "npm*"],
        ..NONE
    },
    Supply {
        name: "pm2",
        programs: &["pm2"],
        packages: &["pm2"],
        installers: &["pm2"],
        words: &["pm2"],
        ..NONE
    },
    Supply {
        name: "certbot",
        programs: &["certbot"],
        packages: &["certbot", "python3-certbot*", "python-certbot*", "letsencrypt", "certbot*"],
        installers: &["certbot"],
        words: &["certbot", "letsencrypt"],
        ..NONE
    },
    Supply {
        name: "Docker",
        programs: &["docker"],
        units: &["docker"],
        packages: &["docker.io", "docker*", "moby*", "podman-docker"],
        installers: &["get.docker.com", "docker.com/linux/static", "get-docker"],
        words: &["docker"],
        ..NONE
    },
    Supply {
        name: "supervisor",
        programs: &["supervisorctl", "supervisord"],
        units: &["supervisor"],
        packages: &["supervisor"],
        installers: &["supervisor"],
        words: &["supervisor", "supervisord"],
        ..NONE
    },
    Supply {
        name: "Apache",
        programs: &["apache2ctl", "apachectl", "a2ensite", "a2enmod", "a2dissite"],
        units: &["apache2"],
        packages: &["apache2", "apache2*", "libapache2*"],
        words: &["apache", "apache2"],
        elsewhere: &["httpd*", "apache*"],
        ..NONE
    },
    Supply {
        name: "Caddy",
        programs: &["caddy"],
        units: &["caddy"],
        packages: &["caddy"],
        installers: &["caddyserver", "xcaddy"],
        words: &["caddy"],
        ..NONE
    },
    Supply {
        name: "MySQL or MariaDB",
        programs: &["mysql", "mariadb", "mysqldump", "mysqladmin"],
        units: &["mysql", "mariadb"],
        packages: &["mariadb-server", "mysql*", "mariadb*", "default-mysql*", "percona*"],
        installers: &["mysql", "mariadb"],
        words: &["mysql", "mariadb"],
        elsewhere: &["community-mysql*"],
        ..NONE
    },
    Supply {
        name: "PHP",
        programs: &["php"],
        packages: &["php-cli", "php*", "libapache2-mod-php*"],
        installers: &["php"],
        words: &["php"],
        ..NONE
    },
    Supply {
        name: "Composer",
        programs: &["composer"],
        packages: &["composer"],
        installers: &["getcomposer", "composer"],
        words: &["composer"],
        ..NONE
    },
    Supply {
        name: "Ruby",
        programs: &["ruby", "gem", "bundle"],
        packages: &["ruby-full", "ruby*", "bundler"],
        installers: &["rbenv", "rvm", "asdf", "ruby"],
        words: &["ruby", "rbenv", "rvm"],
        ..NONE
    },
    Supply {
        name: "Go",
        programs: &["go"],
        packages: &["golang-go", "golang*", "go", "gccgo*"],
        installers: &["go.dev", "golang.org", "google.com/go", "asdf"],
        words: &["go", "golang"],
        ..NONE
    },
    Supply {
        name: "Rust",
        programs: &["cargo", "rustc"],
        packages: &["cargo", "rustc*", "rustup", "rust*"],
        installers: &["rustup", ".cargo"],
        words: &["rust", "cargo", "rustup"],
        ..NONE
    },
    Supply {
        name: "Java",
        programs: &["java", "javac"],
        packages: &["default-jre-headless", "default-j*", "openjdk*", "temurin*", "java*", "maven", "gradle"],
        installers: &["sdkman", "adoptium", "jdk", "corretto"],
        words: &["java", "jdk", "openjdk"],
        elsewhere: &["jdk*", "jre*"],
        ..NONE
    },
    Supply {
        name: "Maven",
        programs: &["mvn"],
        packages: &["maven"],
        installers: &["sdkman", "maven"],
        words: &["maven", "mvn"],
        ..NONE
    },
    Supply {
        name: "Elixir",
        programs: &["mix", "elixir", "iex"],
        packages: &["elixir", "esl-erlang*"],
        installers: &["asdf", "kiex", "mise", "hex.pm", "elixir-lang", "erlang-solutions"],
        words: &["elixir", "mix"],
        ..NONE
    },
    Supply {
        name: ".NET",
        programs: &["dotnet"],
        packages: &["dotnet-sdk-8.0", "dotnet*", "aspnetcore*"],
        installers: &["dotnet-install", "dot.net", "packages.microsoft.com"],
        words: &["dotnet", "aspnetcore"],
        ..NONE
    },
    Supply { name: "unzip", programs: &["unzip"], packages: &["unzip"], words: &["unzip"], ..NONE },
    Supply {
        name: "SQLite's client",
        programs: &["sqlite3"],
        packages: &["sqlite3"],
        words: &["sqlite3"],
        elsewhere: &["sqlite*"],
        ..NONE
    },
    Supply {
        name: "ffmpeg",
        programs: &["ffmpeg", "ffprobe"],
        packages: &["ffmpeg"],
        installers: &["ffmpeg"],
        words: &["ffmpeg"],
        ..NONE
    },
    Supply {
        name: "htpasswd",
        programs: &["htpasswd"],
        packages: &["apache2-utils", "apache2*"],
        words: &["htpasswd", "apache2-utils"],
        elsewhere: &["httpd*", "apache*"],
        ..NONE
    },
    Supply {
        name: "fail2ban",
        programs: &["fail2ban-client"],
        units: &["fail2ban"],
        packages: &["fail2ban"],
        words: &["fail2ban"],
        ..NONE
    },
    Supply {
        name: "RabbitMQ",
        programs: &["rabbitmqctl", "rabbitmq-plugins"],
        units: &["rabbitmq-server"],
        packages: &["rabbitmq-server"],
        installers: &["rabbitmq"],
        words: &["rabbitmq"],
        ..NONE
    },
    Supply {
        name: "Memcached",
        units: &["memcached"],
        packages: &["memcached"],
        words: &["memcached"],
        ..NONE
    },
    Supply { name: "HAProxy", units: &["haproxy"], packages: &["haproxy*"], words: &["haproxy"], ..NONE },
    Supply {
        name: "PHP-FPM",
        units: &["php-fpm"],
        // Which of them brings it depends on the web server.
        packages: &["php*"],
        installers: &["php"],
        words: &["php"],
        elsewhere: &["php*"],
        ..NONE
    },
];

/// True if a package is in a list in which `nginx*` is any whose name begins so.
fn is_among(packages: &[&str], package: &str) -> bool {
    packages.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => package.starts_with(start),
        None => package == *known,
    })
}

impl Supply {
    /// True if the package brings it.
    pub(crate) fn comes_with(&self, package: &str) -> bool {
        is_among(self.packages, package)
    }

    /// True if the package brings it on a system other than Debian and its relatives.
    pub(crate) fn comes_elsewhere_with(&self, package: &str) -> bool {
        is_among(self.elsewhere, package)
    }

    /// True if the program is one of it.
    pub(crate) fn has(&self, program: &str) -> bool {
        self.programs.contains(&program)
    }

    /// True if a text installs it from an address or with a tool, and not as a package.
    pub(crate) fn is_installed_by(&self, text: &str) -> bool {
        let names = |word: &str| word.split(['=', '<', '>', '~', '[']).next() == Some(self.wheel);
        self.installers.iter().any(|installer| text.contains(installer))
            || !self.wheel.is_empty() && text.contains("pip") && text.split(' ').any(names)
    }

    /// True if a value of PATH has a directory that brings it: `/usr/local/go/bin`, `$HOME/.cargo/bin`.
    pub(crate) fn is_in_path(&self, path: &str) -> bool {
        let path = path.to_ascii_lowercase();
        let mut names = path.split(|c: char| !c.is_ascii_alphabetic());
        self.is_installed_by(&path) || names.any(|name| self.words.contains(&name))
    }

    /// The package to install.
    pub(crate) fn package(&self) -> &'static str {
        self.packages.first().copied().unwrap_or(self.name)
    }

    /// True if a line in lower case means it.
    pub(crate) fn is_named_in(&self, line: &str) -> bool {
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        words.any(|word| self.words.contains(&word) || self.programs.contains(&word))
    }
}

/// What a command needs that a new server lacks.
pub(crate) fn needed(argv: &Argv) -> Vec<&'static Supply> {
    static BY_PROGRAM: LazyLock<HashMap<&str, Vec<&Supply>>> = LazyLock::new(|| {
        let mut by_program: HashMap<&str, Vec<&Supply>> = HashMap::new();
        for supply in SUPPLIES {
            supply.programs.iter().for_each(|name| by_program.entry(name).or_default().push(supply));
        }
        by_program
    });
    let path = argv.program.value.key();
    let is_systems =
        || ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].iter().any(|start| path.starts_with(start));
    // What is called by a path of its own was brought by hand.
    if path.contains('/') && !is_systems() {
        return Vec::new();
    }
    let mut needed = BY_PROGRAM.get(argv.name.as_str()).cloned().unwrap_or_default();
    let calls = |word: &str| {
        let first = argv.args.iter().find(|arg| !arg.is_option());
        first.is_some_and(|arg| arg.value.as_literal() == Some(word))
    };
    match argv.name.as_str() {
        "docker" if calls("compose") => needed.push(&COMPOSE_PLUGIN),
        "docker-compose" => needed.push(&COMPOSE_PROGRAM),
        "python" if calls("venv") && argv.has_word("-m") => needed.push(&VENV),
        _ => {}
    }
    needed
}

/// What a unit comes with that a new server lacks.
pub(crate) fn needed_for_unit(unit: &str) -> Option<&'static Supply> {
    let stem = unit.trim_end_matches(".service");
    // The unit of Debian has the version: `php8.2-fpm`.
    let stem = if stem.starts_with("php") && stem.ends_with("-fpm") { "php-fpm" } else { stem };
    SUPPLIES.iter().find(|supply| supply.units.contains(&stem))
}

/// True if two names mean one service: that of a package, an alias of it, or an instance such as `postgresql@16-main`.
pub(crate) fn are_of_one_supply(one: &str, other: &str) -> bool {
    let of = |unit: &str| needed_for_unit(unit.split('@').next().unwrap_or(unit)).map(|supply| supply.name);
    of(one).is_some_and(|name| of(other) == Some(name))
}

/// True for Docker's Compose, which is a plugin or a program of its own.
pub(crate) fn is_compose(supply: &Supply) -> bool {
    [COMPOSE_PLUGIN.name, COMPOSE_PROGRAM.name].contains(&supply.name)
}

/// What is written instead, if the other kind of Compose is installed.
pub(crate) fn other_compose(supply: &Supply) -> &'static str {
    if supply.name == COMPOSE_PROGRAM.name { "docker compose" } else { "docker-compose" }
}

/// True for a package that brings Docker or its Compose.
pub(crate) fn is_dockers(package: &str) -> bool {
    package.starts_with("docker")
}

/// True if a command line runs the installer that brings Docker and its Compose.
pub(crate) fn installs_docker(line: &str) -> bool {
    line.contains("get.docker.com")
}

/// True if a command may install something in another way than as a package: it names an address, says that it installs,
/// or runs a text in a shell.
pub(crate) fn may_install_otherwise(argv: &Argv) -> bool {
    let says = |text: &str| text.contains("://") || text.contains("install");
    let is_global = || argv.has_any(&["-g", "--global", "global", "--location=global"]);
    is_shell(&argv.name)
        || PackageManager::called(&argv.name).is_some() && is_global()
        || says(argv.program.value.key())
        || argv.args.iter().any(|arg| says(arg.value.key()))
}

/// True if a line, in lower case, installs packages or tells people to.
pub(crate) fn tells_to_install(line: &str) -> bool {
    [
        "apt", "dnf ", "yum ", "apk add", "brew ", "snap ", "pacman", "install", "require", "prerequisite",
        "depend", "need", "assum", "must ", "missing", "not found", "expects", "running", "already",
    ]
    .iter()
    .any(|word| line.contains(word))
}

/// True if a script looks for programs whose names are in a variable: `command -v "$tool"`.
pub(crate) fn looks_for_any(text: &str) -> bool {
    ["command -v \"$", "command -v $", "which \"$", "which $", "type \"$", "hash \"$", "command -v \"${"]
        .iter()
        .any(|test| text.contains(test))
}

/// True if a line looks for the program of that name.
pub(crate) fn looks_for(line: &str, supply: &Supply) -> bool {
    // `psql -v ON_ERROR_STOP=1` sets a variable.
    let asks_version = || {
        line.match_indices(" -v").any(|(at, option)| {
            let rest = line[at + option.len()..].trim_start_matches([' ', '2']);
            rest.is_empty() || rest.starts_with([')', '"', ';', '|', '&', '>', '`'])
        })
    };
    let tests = ["command -v", "which ", "type ", "hash ", "dpkg ", "dpkg-query", "rpm -q", "--version"];
    (tests.iter().any(|test| line.contains(test)) || asks_version()) && supply.is_named_in(line)
}
