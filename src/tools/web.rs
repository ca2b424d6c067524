//! Web servers and their certificates: nginx(8), certbot(1), acme.sh.

use crate::shell::argv::{Argv, Options};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, FILE, NEW, nothing, role, unknown, word};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::serves::served::{Left, Serves, ServiceRole, Stays};
use crate::tools::serves::server::{SERVER, Server, ToBackground, daemon};
use crate::tools::thing::Thing;

/// What success of wp-cli says: the site is installed, or the user exists.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let options = argv.options("path: url: user: allow-root network field: format: quiet");
    let operands = &options.operands;
    match (word(operands, 0), word(operands, 1)) {
        ("core", "is-installed") => Some(Says::other(Thing::Wordpress, Value::default())),
        ("user", "get") => Some(Says::other(Thing::WordpressUser, operands.get(2)?.value.clone())),
        _ => None,
    }
}

/// What a line of a list of certificates or users says.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    match (argv.name.as_str(), argv.literal(0)) {
        ("certbot", Some("certificates")) => Some(Says::other(Thing::Certificate, pattern.name())),
        ("wp", Some("user")) => Some(Says::other(Thing::WordpressUser, pattern.name())),
        _ => None,
    }
}

/// True for `nginx -t`, which passes whenever the server can be reloaded.
pub(super) fn is_check(argv: &Argv) -> bool {
    argv.options("t T q c: g: p: e:").has("t")
}

#[test]
fn sites_are_asked_for() {
    crate::tools::table::says(&[
        ("wp core is-installed", "Exists wordpress"),
        ("wp user get bob --field=ID", "Exists wordpress user bob"),
        ("certbot certificates | grep -q shop.org", "Exists certificate shop.org"),
        ("nginx -t", "passes"),
        ("nginx -s reload", ""),
    ]);
}

const PROXY: Server = Server { role: Some(ServiceRole::Proxy), ..SERVER };

/// Web servers, which pass requests on. The sources are haproxy(1) (`-Ws` tells systemd that it is ready), caddy's
/// dist/init/caddy.service and traefik's contrib/systemd/traefik.service (`Type=notify`).
pub(crate) const SERVERS: &[Server] = &[
    Server {
        names: &["caddy"],
        verbs: &[
            ("run", PROXY.role),
            ("start", PROXY.role),
            ("reverse-proxy", PROXY.role),
            ("file-server", PROXY.role),
        ],
        daemon: &[ToBackground { words: &["start"], by: "caddy start", instead: Some("write `caddy run`") }],
        notifies: Some(true),
        ..PROXY
    },
    Server { names: &["traefik"], notifies: Some(true), ..PROXY },
    // Its settings file may contain `daemon`.
    Server { names: &["haproxy"], daemon: &[daemon(&["-D"])], settings: &["-f"], ..PROXY },
    Server { names: &["httpd", "apache2", "lighttpd"], stays: false, ..PROXY },
];

/// nginx goes to the background unless its settings or its command line say `daemon off`.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    if argv.name != "nginx" {
        return None;
    }
    let off = argv.args.iter().any(|arg| arg.value.known_prefix().contains("daemon off"));
    let stays = match (off, argv.has_word("-t") || argv.has_word("-s")) {
        (_, true) => Stays::Unknown,
        (true, _) => Stays::Foreground { sure: true },
        (false, _) => Stays::Background { by: "nginx", left: Left::Process, instead: None },
    };
    Some(Serves { role: PROXY.role, stays, notifies: Some(false), ..Serves::unknown(argv.clone()) })
}

/// True for the name of a service that only gets certificates.
pub(crate) fn names_certificates(name: &str) -> bool {
    name.contains("certbot") || name.contains("acme")
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.resource()) {
        ("certbot" | "certbot-auto" | "letsencrypt", _) => Advice::help(
            "write `--keep-until-expiring`, or `--non-interactive`, which keeps the certificate too",
        ),
        ("acme.sh", _) => Advice::help(
            "accept status 2, which says that the certificate is not due: `acme.sh --issue … || [ $? -eq 2 ]`",
        ),
        ("wp", Some(Resource::Path(_))) if asked.argv.has_word("core") && asked.argv.has_word("download") => {
            Advice::help("download it on the first run only: `[ -f wp-load.php ] || wp core download`")
        }
        ("wp", Some(Resource::Path(_))) => {
            Advice::help("write it on the first run only: `[ -f wp-config.php ] || wp config create …`")
        }
        ("wp", Some(Resource::Other(Thing::WordpressUser, _))) => {
            Advice::help("ask first: `wp user get NAME >/dev/null 2>&1 || wp user create NAME …`")
        }
        ("wp", Some(Resource::Other(Thing::WordpressPost, _))) => Advice::help(
            "ask first: `wp post list --name=SLUG --format=count | grep -qx 0 && wp post create …`",
        ),
        ("wp", Some(Resource::Other(Thing::Data, _))) => Advice::help("reset no live database in a deploy"),
        _ => None,
    }
}

/// Web servers that pass requests on, by their packages and units.
pub(crate) const PROXIES: [&str; 6] = ["nginx", "caddy", "apache2", "httpd", "haproxy", "traefik"];

/// certbot(1): it asks for an address, the terms and the names if they are not given, and what to do if the
/// certificate already exists. With `-n` it asks nothing and keeps the certificate.
pub(crate) fn certbot(argv: &Argv) -> Deed {
    let options: Options<'_> = argv.options(
        "n|non-interactive|noninteractive agree-tos m|email: d|domain|domains: register-unsafely-without-email \
         keep-until-expiring|keep|reinstall force-renewal|renew-by-default w|webroot-path: cert-name: config-dir: \
         work-dir: logs-dir: c|config: deploy-hook: pre-hook: post-hook: server: a|authenticator: i|installer: \
         rsa-key-size: key-type: dns-cloudflare-credentials: dns-route53-propagation-seconds: nginx apache standalone \
         webroot redirect no-redirect hsts expand staging test-cert dry-run q|quiet no-eff-email eff-email \
         preferred-challenges: http-01-port: nginx-server-root: nginx-ctl: manual-auth-hook: manual-cleanup-hook:",
    );
    let mut draft = Draft::of(argv);
    let verb = options.operands.first().and_then(|arg| arg.value.as_literal());
    if argv.has_any(&["--version", "--help", "-h"]) {
        return Deed::read_only();
    }
    match verb {
        Some("renew" | "enhance" | "update_symlinks" | "reconfigure") => return nothing(),
        Some("certificates" | "plugins" | "show_account" | "help") => return Deed::read_only(),
        Some("delete" | "revoke" | "unregister") => {
            if !options.has("n") {
                draft.asks("asks before it deletes", "write `--non-interactive`", None);
            }
            return draft.done();
        }
        _ => {}
    }
    let silent = options.has("n");
    let account =
        options.has("agree-tos") && (options.has("m") || options.has("register-unsafely-without-email"));
    let complete = account && (options.has("d") || options.has("cert-name") || verb == Some("register"));
    let keeps = options.has("keep-until-expiring") || options.has("force-renewal");
    let again = match silent || keeps {
        true => Again::NoChange,
        false => Again::Prompts("asks what to do with the existing certificate"),
    };
    if let Some(domain) = options.value("cert-name").or_else(|| options.values("d").next()) {
        let first = domain.split_once(',').map_or_else(|| domain.clone(), |(first, _)| first);
        draft.add_implied(NEW, Resource::Other(Thing::Certificate, first), again);
    }
    if !silent && !complete {
        draft.asks(
            "asks for an address, the terms and the names",
            "write `--non-interactive --agree-tos -m ADDRESS`",
            (options.has("m") && options.has("d")).then_some("--non-interactive --agree-tos"),
        );
    }
    draft.done()
}

/// nginx(8): `-t` tests, `-s reload` reloads; otherwise it serves.
pub(crate) fn nginx(argv: &Argv) -> Deed {
    let options = argv.options("t T q v V s: c: g: p: e:");
    match options.value("s").and_then(Value::as_literal) {
        Some("reload" | "reopen") => {
            let mut draft = Draft::of(argv);
            let unit = Resource::Unit(Value::literal("nginx.service"));
            draft.add_implied(Change::Restart, unit, Again::NoChange);
            draft.role(Role::Restart);
            draft.done()
        }
        Some(_) => nothing(),
        None if ["t", "T", "v", "V"].iter().any(|o| options.has(o)) => Deed::read_only(),
        None => role(Role::Serve),
    }
}

/// acme.sh: `--issue` of a certificate that is not due is skipped with status 2.
pub(crate) fn acme(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if argv.has_word("--issue") && !argv.has_word("--force") {
        let again = Again::Fails("Skipping. Next renewal time is …, status 2");
        let options = argv.options("d|domain: w|webroot: k: dns: server:");
        let domain = options.values("d").next().cloned().unwrap_or_else(|| unknown("domain"));
        draft.add_implied(NEW, Resource::Other(Thing::Certificate, domain), again);
    }
    draft.done()
}

/// wp-cli (its commands' pages at developer.wordpress.org/cli): `core install` of an installed site says so
/// and exits with 0; existing files, configuration and users are errors; posts and comments are created again.
pub(crate) fn wp(argv: &Argv) -> Deed {
    let options = argv.options(
        "path: url: user: allow-root force dbname: dbuser: dbpass: dbhost: locale: version: title: role: user_pass: \
         post_title: post_type: post_status: post_content: admin_user: admin_password: admin_email: porcelain yes quiet",
    );
    let operands = &options.operands;
    let mut draft = Draft::of(argv);
    let here = Value::literal(".");
    let site = options.value("path").unwrap_or(&here).resolve(&argv.cwd);
    let file = |name: &str| Resource::Path(super::draft::below(&site, &Value::literal(name)));
    match (word(operands, 0), word(operands, 1)) {
        ("core", "download") if !options.has("force") => {
            let again = Again::Fails("WordPress files seem to already be present here");
            draft.add_implied(FILE, file("wp-load.php"), again);
        }
        ("config", "create") | ("core", "config") if !options.has("force") => {
            let again = Again::Fails("The 'wp-config.php' file already exists");
            draft.add_implied(FILE, file("wp-config.php"), again);
        }
        ("user", "create") => {
            if let Some(name) = operands.get(2) {
                let again = Again::Fails("The username is already registered");
                draft.add(name, NEW, Resource::Other(Thing::WordpressUser, name.value.clone()), again);
            }
        }
        (kind @ ("post" | "comment"), "create") => {
            let title = options.value("post_title").cloned().unwrap_or_else(|| unknown(kind));
            let again = Again::Duplicates("creates the same post again");
            draft.add_implied(Change::Append, Resource::Other(Thing::WordpressPost, title), again);
        }
        ("db", "reset") => {
            let data = Resource::Other(Thing::Data, site.clone());
            let again = Again::Overwrites("drops the database and creates it again");
            draft.add_implied(Change::Write, data, again);
            if !options.has("yes") {
                draft.asks("asks before it drops the database", "do not reset a live database", None);
            }
        }
        ("core", "is-installed" | "version" | "check-update") | (_, "list" | "get" | "is-installed") => {
            return Deed::read_only();
        }
        ("core" | "plugin" | "theme" | "option" | "rewrite" | "language" | "cache", _) => {}
        _ => {
            draft.partly();
        }
    }
    draft.done()
}

#[test]
fn wordpress_is_set_up() {
    crate::tools::table::check(&[
        ("wp core download --path=/w --allow-root", "create file /w/wp-load.php fails"),
        ("wp core download --force", ""),
        ("wp config create --dbname=a", "create file /srv/app/wp-config.php fails"),
        ("wp core install --url=x", ""),
        ("wp user create bob b@x.org --role=author", "create wordpress user bob fails"),
        ("wp post create --post_title=Home", "append wordpress post Home duplicates"),
        ("wp plugin install x --activate", ""),
        ("wp core is-installed", "[ReadOnly]"),
    ]);
}

#[test]
fn web_servers_and_certificates() {
    crate::tools::table::check(&[
        ("certbot --nginx -d x.org --non-interactive --agree-tos -m a@x.org", "create certificate x.org"),
        ("certbot --nginx -d x.org", "create certificate x.org prompts asks"),
        ("certbot certonly --standalone -d $D --agree-tos -m a", "create certificate $D prompts"),
        ("certbot --nginx -d a,b --agree-tos -m a --keep", "create certificate a"),
        ("certbot renew --dry-run", ""),
        ("certbot --version", "[ReadOnly]"),
        ("certbot certonly --help", "[ReadOnly]"),
        ("certbot --nginx $ARGS", ""),
        ("nginx -t", "[ReadOnly]"),
        ("nginx -s reload", "restart unit nginx.service [Restart]"),
        ("a2ensite shop", ""),
        ("acme.sh --issue -d x.org -w /w", "create certificate x.org fails"),
    ]);
}
