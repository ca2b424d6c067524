//! Which files the daemons of a server read when they start, and which commands make them read those files again. Programs
//! that look at their files by themselves (cron, logrotate, sudo) are not here.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::effect::{Change, Deed, Resource, Role};
use crate::tools::signals::{self, Signal};

/// A daemon, or the kernel, that reads settings once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Daemon {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// The files that it reads. In a pattern, `*` is any text without `/`, and a `/` at the end is everything below.
    settings: &'static [&'static str],
    /// The units that run it, without `.service`. `*` is any text.
    units: &'static [&'static str],
    /// The start of the names of packages that bring it. Debian starts a daemon when it is installed.
    packages: &'static [&'static str],
    /// Programs that may make it read its settings, whatever their words are.
    programs: &'static [&'static str],
    /// The command that makes it read them.
    pub(crate) reload: &'static str,
}

/// The sources are the daemons' own pages: nginx(8), apache2ctl(8), sshd(8), sysctl.d(5), fail2ban-client(1),
/// <https://supervisord.org/running.html#supervisorctl-actions>, <https://caddyserver.com/docs/command-line#caddy-reload>,
/// dockerd(8), haproxy(1).
const DAEMONS: [Daemon; 9] = [
    Daemon {
        name: "nginx",
        settings: &[
            "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-available/*",
            "/etc/nginx/sites-enabled/*", "/etc/nginx/snippets/*",
        ],
        units: &["nginx", "openresty"],
        packages: &["nginx"],
        programs: &["nginx", "certbot", "openresty"],
        reload: "systemctl reload nginx",
    },
    Daemon {
        name: "Apache",
        settings: &[
            "/etc/apache2/apache2.conf",
            "/etc/apache2/ports.conf",
            "/etc/apache2/sites-available/*.conf",
            "/etc/apache2/sites-enabled/*.conf",
            "/etc/apache2/conf-available/*.conf",
            "/etc/apache2/conf-enabled/*.conf",
            "/etc/httpd/conf/httpd.conf",
            "/etc/httpd/conf.d/*.conf",
        ],
        units: &["apache2", "httpd"],
        packages: &["apache2", "httpd"],
        programs: &["apachectl", "apache2ctl", "apache2", "httpd", "certbot"],
        reload: "systemctl reload apache2",
    },
    Daemon {
        name: "Caddy",
        settings: &["/etc/caddy/Caddyfile", "/etc/caddy/conf.d/*", "/etc/caddy/sites/*"],
        units: &["caddy"],
        packages: &["caddy"],
        programs: &["caddy"],
        reload: "systemctl reload caddy",
    },
    Daemon {
        name: "the kernel",
        settings: &["/etc/sysctl.conf", "/etc/sysctl.d/*.conf", "/usr/lib/sysctl.d/*.conf"],
        units: &["systemd-sysctl", "procps"],
        packages: &[],
        programs: &["sysctl"],
        reload: "sysctl --system",
    },
    Daemon {
        name: "sshd",
        settings: &["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"],
        units: &["ssh", "sshd", "ssh.socket"],
        packages: &["openssh-server"],
        programs: &["sshd"],
        reload: "systemctl reload ssh",
    },
    Daemon {
        name: "fail2ban",
        settings: &[
            "/etc/fail2ban/jail.local", "/etc/fail2ban/jail.conf", "/etc/fail2ban/jail.d/",
            "/etc/fail2ban/filter.d/", "/etc/fail2ban/action.d/",
        ],
        units: &["fail2ban"],
        packages: &["fail2ban"],
        programs: &["fail2ban-client", "fail2ban-server"],
        reload: "systemctl restart fail2ban",
    },
    Daemon {
        name: "supervisor",
        settings: &[
            "/etc/supervisor/conf.d/*.conf",
            "/etc/supervisor/supervisord.conf",
            "/etc/supervisord.conf",
            "/etc/supervisord.d/*",
        ],
        units: &["supervisor", "supervisord"],
        packages: &["supervisor"],
        programs: &["supervisord"],
        reload: "supervisorctl update",
    },
    Daemon {
        name: "PHP-FPM",
        settings: &["/etc/php/*/fpm/pool.d/*.conf", "/etc/php/*/fpm/php.ini", "/etc/php/*/fpm/conf.d/*.ini"],
        units: &["php*fpm"],
        packages: &["php"],
        programs: &["php-fpm"],
        reload: "systemctl restart php*-fpm",
    },
    Daemon {
        name: "Docker",
        settings: &["/etc/docker/daemon.json"],
        units: &["docker"],
        packages: &["docker"],
        programs: &["dockerd"],
        reload: "systemctl restart docker",
    },
];

/// The daemon that reads a file when it starts.
pub(crate) fn reader(path: &Value) -> Option<&'static Daemon> {
    // Most paths are none of these, and it is asked of each.
    if !["/etc/", "/usr/lib/"].iter().any(|place| path.known_prefix().starts_with(place)) {
        return None;
    }
    let path = path.to_string();
    // A copy that is kept beside the file is not read.
    if is_kept_beside(&path) {
        return None;
    }
    let reads = |daemon: &&Daemon| daemon.settings.iter().any(|pattern| fits(pattern, &path));
    DAEMONS.iter().find(reads)
}

/// True if a file has the name of a copy, of what was switched off, or of a draft that is kept beside the file in use.
pub(super) fn is_kept_beside(path: &str) -> bool {
    const ENDS: [&str; 15] = [
        ".bak", ".old", ".orig", ".off", ".disabled", ".save", ".sav", ".dpkg-dist", ".backup", ".template",
        ".tmpl", ".tpl", ".example", ".sample", "~",
    ];
    ENDS.iter().any(|end| path.ends_with(end)) || path.contains(".bak")
}

impl Daemon {
    /// True if the command makes the daemon read the file at the path, which is one of its settings, or may do so.
    pub(crate) fn may_be_reloaded_by(&self, argv: &Argv, deed: &Deed, path: &Value) -> bool {
        let by_effect = deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
            (Change::Start | Change::Restart, Resource::Unit(unit)) => self.is_unit(unit),
            (Change::Create(_) | Change::Write, Resource::Package(package)) => {
                let package = package.to_string();
                self.packages.iter().any(|own| package.starts_with(own)) || package.contains('$')
            }
            _ => false,
        });
        by_effect || deed.roles.contains(&Role::Reboot) || self.is_reloaded_by_program(argv, deed, path)
    }

    /// True if one of its own programs makes it read its settings, or may do so.
    fn is_reloaded_by_program(&self, argv: &Argv, deed: &Deed, path: &Value) -> bool {
        let name = argv.name.as_str();
        let words = || argv.args.iter().map(|arg| arg.value.to_string());
        match name {
            "supervisorctl" => {
                self.units.contains(&"supervisor")
                    && words().any(|word| ["update", "reload", "add"].contains(&word.as_str()))
            }
            // "$CTL restart nginx" and `/etc/init.d/nginx reload` name the daemon.
            _ if argv.program.value.key().contains("init.d/") => self.is_unit_name(name),
            "systemctl" => {
                signals::sent(argv).is_some_and(|sent| sent.signal == Signal::Renews)
                    && words().any(|word| self.is_named(&word))
            }
            "kill" | "pkill" | "killall" => words().any(|word| self.is_named(&word)),
            "sysctl" => self.programs.contains(&name) && loads_setting(argv, path),
            _ if self.programs.contains(&name) => !deed.roles.contains(&Role::ReadOnly) && !only_checks(argv),
            _ => !deed.known && words().any(|word| self.is_named(&word)),
        }
    }

    fn is_named(&self, word: &str) -> bool {
        self.units.iter().chain(self.programs).any(|own| match own.split_once('*') {
            Some((before, after)) => word.contains(before) && word.contains(after),
            None => word.contains(own),
        })
    }

    fn is_unit(&self, unit: &Value) -> bool {
        let name = unit.to_string();
        name.contains(['$', '`']) || self.is_unit_name(name.trim_end_matches(".service"))
    }

    fn is_unit_name(&self, name: &str) -> bool {
        self.units.iter().any(|own| is_like(own, name)) || name.contains('*')
    }

    /// True if a line for people tells them to make the daemon read its settings.
    pub(crate) fn is_spoken_of(&self, line: &str) -> bool {
        let verbs = ["reload", "restart", "start", "-s reload", "--system", "-p", "update", "reboot"];
        self.is_named(line) && verbs.iter().any(|verb| line.contains(verb))
    }

    /// Why a command like this one did not load the file, if people may expect that it does.
    pub(crate) fn passes_over(&self, argv: &Argv, path: &Value) -> Option<&'static str> {
        let passes = argv.name == "sysctl" && argv.has_word("-p") && self.programs.contains(&"sysctl");
        (passes && !loads_setting(argv, path)).then_some("this reads other files")
    }
}

/// True if a daemon's own program only looks at settings: apache2ctl(8), `caddy help`, sshd(8), php-fpm(8).
fn only_checks(argv: &Argv) -> bool {
    let words: &[&str] = match argv.name.as_str() {
        "apachectl" | "apache2ctl" | "apache2" | "httpd" => &["configtest", "-t", "-S", "-M", "-v", "-V"],
        "caddy" => &["validate", "adapt", "fmt", "version", "hash-password", "list-modules"],
        "sshd" | "php-fpm" => &["-t", "-T", "-v"],
        _ => &[],
    };
    argv.has_any(words)
}

/// sysctl(8): `-p` without a file reads /etc/sysctl.conf alone, and with files those. `--system` reads all. Each
/// `NAME=VALUE` sets one setting by itself. True if the command may load the file.
fn loads_setting(argv: &Argv, path: &Value) -> bool {
    let options =
        argv.options("p|load?: w|write q|quiet e|ignore a|all n|values N|names system r|pattern: b");
    if options.has("system") || options.has("w") {
        return true;
    }
    let reads = argv.args.iter().any(|arg| {
        let word = arg.value.to_string();
        word == "-p" || word.starts_with("-p") || word.starts_with("--load")
    });
    let files: Vec<Value> = argv
        .args
        .iter()
        .filter(|arg| arg.value.to_string().contains('/'))
        .map(|arg| {
            let word = arg.value.to_string();
            match word.strip_prefix("--load=").or_else(|| word.strip_prefix("-p")) {
                Some(file) => Value::literal(file),
                None => argv.path(arg),
            }
        })
        .collect();
    match (reads, files.is_empty()) {
        (true, true) => path.to_string() == "/etc/sysctl.conf",
        (true, false) => files.iter().any(|file| file == path || file.is_glob() || !file.is_stable()),
        (false, _) => argv.args.iter().any(|arg| arg.value.key().contains('=')),
    }
}

/// True if a path fits a pattern of [`Daemon::settings`].
fn fits(pattern: &str, path: &str) -> bool {
    if pattern.ends_with('/') {
        return path.len() > pattern.len() && path.starts_with(pattern);
    }
    is_like(pattern, path)
}

/// True if a text fits a pattern in which `*` is any text without `/`.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let end = rest.find('/').unwrap_or(rest.len());
    (1..=end).any(|at| rest.is_char_boundary(at) && is_like(after, &rest[at..]))
}

#[test]
fn settings_have_a_reader() {
    for (path, expected) in [
        ("/etc/nginx/sites-available/shop", Some("nginx")),
        ("/etc/nginx/conf.d/shop.conf", Some("nginx")),
        ("/etc/nginx/conf.d/shop.conf.bak", None),
        ("/etc/nginx/ssl/shop.key", None),
        ("/etc/sysctl.d/60-redis.conf", Some("the kernel")),
        ("/etc/sysctl.d/README", None),
        ("/etc/cron.d/shop", None),
        ("/etc/php/8.2/fpm/pool.d/shop.conf", Some("PHP-FPM")),
        ("/etc/php/8.2/cli/php.ini", None),
        ("/etc/fail2ban/jail.d/shop.conf", Some("fail2ban")),
    ] {
        assert_eq!(reader(&Value::literal(path)).map(|daemon| daemon.name), expected, "{path}");
    }
}

#[test]
fn daemons_read_their_settings_again() {
    let may = |path: &str, line: &str| {
        let argv = crate::shell::argv::tests::argv(line);
        let deed = crate::tools::deed(&argv);
        let path = Value::literal(path);
        reader(&path).unwrap().may_be_reloaded_by(&argv, &deed, &path)
    };
    for (line, expected) in [
        ("systemctl reload nginx", true),
        ("systemctl restart nginx.service", true),
        ("service nginx reload", true),
        ("/etc/init.d/nginx reload", true),
        ("nginx -s reload", true),
        ("nginx -t", false),
        ("pkill -HUP nginx", true),
        ("certbot --nginx -d x.org", true),
        ("apt-get install -y nginx", true),
        ("apt-get install -y curl", false),
        ("systemctl restart shop", false),
        ("systemctl restart $UNIT", true),
        ("reboot", true),
    ] {
        assert_eq!(may("/etc/nginx/conf.d/shop.conf", line), expected, "{line}");
    }
    for (line, expected) in [
        ("apachectl configtest", false),
        ("apache2ctl -t", false),
        ("apachectl graceful", true),
        ("systemctl reload apache2", true),
    ] {
        assert_eq!(may("/etc/apache2/sites-available/shop.conf", line), expected, "{line}");
    }
    for (line, expected) in [
        ("caddy validate --config /etc/caddy/Caddyfile", false),
        ("caddy reload --config /etc/caddy/Caddyfile", true),
    ] {
        assert_eq!(may("/etc/caddy/Caddyfile", line), expected, "{line}");
    }
    for (line, expected) in [
        ("systemctl restart php8.2-fpm", true),
        ("systemctl reload php8.2-fpm.service", true),
        ("service php8.2-fpm restart", true),
        ("systemctl restart php-fpm", true),
        ("systemctl restart nginx", false),
    ] {
        assert_eq!(may("/etc/php/8.2/fpm/pool.d/shop.conf", line), expected, "{line}");
    }
    for (line, expected) in [
        ("supervisorctl update", true),
        ("supervisorctl reread", false),
        ("supervisorctl start shop", false),
        ("systemctl restart supervisor", true),
    ] {
        assert_eq!(may("/etc/supervisor/conf.d/shop.conf", line), expected, "{line}");
    }
}

#[test]
fn sysctl_reads_files() {
    for (line, expected) in [
        ("sysctl --system", true),
        ("sysctl -q -p /etc/sysctl.d/60-redis.conf", true),
        ("sysctl -q -p", false),
        ("sysctl -p /etc/sysctl.d/other.conf", false),
        ("sysctl -w vm.overcommit_memory=1", true),
        ("sysctl vm.overcommit_memory=1", true),
        ("sysctl vm.overcommit_memory", false),
        ("sysctl -q /etc/sysctl.d/60-redis.conf", false),
    ] {
        let argv = crate::shell::argv::tests::argv(line);
        assert_eq!(loads_setting(&argv, &Value::literal("/etc/sysctl.d/60-redis.conf")), expected, "{line}");
    }
}
