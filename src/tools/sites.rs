//! Sites of web servers on Debian: where their files are, how they get enabled, and what a site of nginx says. It knows
//! nothing about scripts.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::daemons::is_kept_beside;
use crate::tools::effect::{Change, Deed, Resource, Role};
use crate::tools::thing::Thing;

/// A web server with a directory of sites and a directory of links to those that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Nginx,
    Apache,
}

impl Server {
    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Nginx => "nginx",
            Server::Apache => "Apache",
        }
    }

    /// The command that enables a site.
    pub(crate) fn enable(self, name: &str) -> String {
        match self {
            Server::Nginx => {
                format!("ln -sfn /etc/nginx/sites-available/{name} /etc/nginx/sites-enabled/{name}")
            }
            Server::Apache => format!("a2ensite {}", name.trim_end_matches(".conf")),
        }
    }

    /// True if Debian's package brings a site of this name.
    pub(crate) fn brings(self, name: &str) -> bool {
        match self {
            Server::Nginx => name == "default",
            Server::Apache => matches!(name, "000-default.conf" | "default-ssl.conf"),
        }
    }

    /// Where a site's file belongs.
    pub(crate) fn place(self, name: &str) -> String {
        format!("{}{name}", self.directories().0)
    }

    fn directories(self) -> (&'static str, &'static str) {
        match self {
            Server::Nginx => ("/etc/nginx/sites-available/", "/etc/nginx/sites-enabled/"),
            Server::Apache => ("/etc/apache2/sites-available/", "/etc/apache2/sites-enabled/"),
        }
    }
}

/// True if a text is a site of nginx: it has a block `server` in which it listens or has a name.
pub(crate) fn is_site_of_nginx(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim_start);
    let begins =
        |line: &str| line.strip_prefix("server").is_some_and(|rest| rest.trim_start().starts_with('{'));
    lines.any(begins) && lines.any(|line| line.starts_with("listen ") || line.starts_with("server_name "))
}

/// True for a path that speaks of nginx, whatever its ending is: `deploy/nginx-site`, `nginx/shop.vhost`.
pub(crate) fn is_called_a_site(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains("nginx") || path.split('/').any(|part| part == "nginx")
}

#[test]
fn sites_are_told_by_their_text() {
    for (text, expected) in [
        ("server {\n    listen 80;\n}\n", true),
        ("# site\nserver{\n  server_name shop.example.com;\n}\n", true),
        ("[program:shop]\ncommand=/opt/shop/server\n", false),
        ("server = 127.0.0.1\nlisten = 80\n", false),
        ("upstream shop {\n    server 127.0.0.1:8000;\n}\n", false),
    ] {
        assert_eq!(is_site_of_nginx(text.as_bytes()), expected, "{text}");
    }
}

const SERVERS: [Server; 2] = [Server::Nginx, Server::Apache];

/// True if a file in `sites-available` is kept beside another one and is not meant to be served: its name says so, or it is
/// a copy of a file there whose name it has with more behind it.
pub(crate) fn is_kept(path: &Value, from: Option<&Value>) -> bool {
    let is_longer = |from: &Value| {
        let (name, of) = (path.basename().to_string(), from.basename().to_string());
        (available(from).is_some() || enabled(from).is_some()) && name != of && name.starts_with(&of)
    };
    is_kept_beside(&path.to_string()) || from.is_some_and(is_longer)
}

/// The server that may serve the site at a path in `sites-available`, and the site's name.
pub(crate) fn available(path: &Value) -> Option<(Server, String)> {
    named(path, |server| server.directories().0)
}

/// The server that serves the site at a path in `sites-enabled`, and the name there.
pub(crate) fn enabled(path: &Value) -> Option<(Server, String)> {
    named(path, |server| server.directories().1)
}

fn named(path: &Value, directory: impl Fn(Server) -> &'static str) -> Option<(Server, String)> {
    // Most paths are none of these, and it is asked of each.
    if !path.known_prefix().starts_with("/etc/") {
        return None;
    }
    let path = path.to_string();
    SERVERS.into_iter().find_map(|server| {
        let name = path.strip_prefix(directory(server))?;
        (!name.is_empty() && !name.contains('/')).then(|| (server, name.to_owned()))
    })
}

/// The sites that a command of Apache's enables, as names in `sites-available`, a2ensite(8).
pub(crate) fn switched_on(argv: &Argv) -> Vec<String> {
    if argv.name != "a2ensite" {
        return Vec::new();
    }
    let words = argv.args.iter().filter(|arg| !arg.is_option()).map(|arg| arg.value.to_string());
    words.map(|word| format!("{}.conf", word.trim_end_matches(".conf"))).collect()
}

/// True if a command may enable sites that its words do not name: it fills the whole directory, or its link's name is
/// not known.
pub(crate) fn may_enable_any(server: Server, argv: &Argv, deed: &Deed) -> bool {
    let (_, enabled) = server.directories();
    let directory = enabled.trim_end_matches('/');
    let by_effect = deed.effects.iter().any(|effect| match (&effect.change, &effect.resource) {
        (Change::Create(_) | Change::Write, Resource::Path(path)) => {
            let shown = path.to_string();
            let below = shown == directory || shown.starts_with(enabled);
            let whole = ["/etc/nginx", "/etc/apache2"].iter().any(|root| shown == *root);
            whole || below && (shown == directory || path.is_glob() || shown.contains(['$', '*']))
        }
        _ => false,
    });
    let unknown = || !deed.known && argv.args.iter().any(|arg| arg.value.to_string().contains("sites-"));
    by_effect || unknown()
}

/// True if a command installs Debian's package of nginx, whose site `default` is the default server of port 80.
pub(crate) fn brings_default_site(argv: &Argv, deed: &Deed) -> bool {
    const PACKAGES: [&str; 5] = ["nginx", "nginx-core", "nginx-full", "nginx-light", "nginx-extras"];
    let installs = |name: &Value| name.as_literal().is_some_and(|name| PACKAGES.contains(&name));
    matches!(argv.name.as_str(), "apt" | "apt-get" | "aptitude")
        && deed.effects.iter().any(
            |effect| matches!(&effect.resource, Resource::Package(name) if effect.change != Change::Remove && installs(name)),
        )
}

/// True if a command tests or reads the settings of nginx, so that it fails if they are wrong.
pub(crate) fn checks_settings(argv: &Argv, deed: &Deed) -> bool {
    let drives = deed.effects.iter().any(|effect| {
        matches!(effect.change, Change::Start | Change::Restart)
            && matches!(&effect.resource, Resource::Unit(unit) if unit.as_literal() == Some("nginx.service"))
    });
    argv.name == "nginx" && crate::tools::web::is_check(argv) || drives
}

/// True if a command may get a certificate: certbot, acme.sh, or something that names them or their directory.
pub(crate) fn may_get_certificate(argv: &Argv, deed: &Deed) -> bool {
    let words = || argv.args.iter().map(|arg| arg.value.to_string());
    let of_certbot = |word: &str| ["certbot", "letsencrypt", "acme"].iter().any(|name| word.contains(name));
    let makes = deed.effects.iter().any(|effect| match &effect.resource {
        Resource::Other(Thing::Certificate, _) => matches!(effect.change, Change::Create(_)),
        Resource::Path(path) => {
            let changes = matches!(effect.change, Change::Create(_) | Change::Write);
            changes && path.known_prefix().starts_with("/etc/letsencrypt/")
        }
        _ => false,
    });
    let gets = of_certbot(&argv.name)
        && !deed.roles.contains(&Role::ReadOnly)
        && words().all(|word| word != "renew");
    makes || gets || !deed.known && words().any(|word| of_certbot(&word))
}

/// True if a command puts a certificate into the server's sites: certbot(1), `run` with an installer.
pub(crate) fn edits_sites(argv: &Argv, server: Server) -> bool {
    argv.name.starts_with("certbot") && tells_to_edit_sites(&argv.to_string(), server)
}

/// True if a text is about certbot.
pub(crate) fn is_about_certbot(text: &str) -> bool {
    text.contains("certbot")
}

/// True if a text for people holds such a command.
pub(crate) fn tells_to_edit_sites(text: &str, server: Server) -> bool {
    let installer = match server {
        Server::Nginx => "--nginx",
        Server::Apache => "--apache",
    };
    let mut lines = text.lines().filter_map(|line| line.split_once("certbot")).map(|(_, rest)| rest);
    lines
        .any(|rest| rest.contains(installer) && !["certonly", "renew"].iter().any(|verb| rest.contains(verb)))
}

/// The names for which such a command wants a certificate: `-d shop.example.com`, `--domains=a,b`.
pub(crate) fn wanted_names(text: &str) -> Vec<&str> {
    let mut words = text.split([' ', '\n', '=', '`', '"', '\'']).filter(|word| !word.is_empty());
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "-d" | "--domain" | "--domains") {
            names.extend(words.next().into_iter().flat_map(|names| names.split(',')));
        }
    }
    names
}

/// True if the text of a site has HTTPS, or may get it from a file that it includes.
pub(crate) fn has_https(text: &str) -> bool {
    let includes = |line: &str| {
        line.trim_start().starts_with("include ")
            && ["ssl", "https", "letsencrypt"].iter().any(|word| line.contains(word))
    };
    ["ssl_certificate", "listen 443", ":443", "SSLEngine", "SSLCertificateFile"]
        .iter()
        .any(|words| text.contains(words))
        || text.lines().any(includes)
}

/// True if a text stands in a site only after certbot has edited it.
pub(crate) fn is_of_certbot(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["certbot", "letsencrypt", "443", "ssl"].iter().any(|word| lower.contains(word))
}

/// What a site of nginx says, as far as single lines show it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// True if it listens on port 80, also because nothing else is said.
    pub(crate) on_80: bool,
    /// True if it wants to be the default server of port 80.
    pub(crate) is_default: bool,
    /// Its names.
    pub(crate) names: Vec<String>,
    /// The certificates that it reads.
    pub(crate) certificates: Vec<String>,
    /// Where the `listen` of the default server is in the text, or else the block.
    pub(crate) at: usize,
}

/// The `server` blocks of a text, <https://nginx.org/en/docs/http/ngx_http_core_module.html#listen>.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut depth, mut inside): (usize, Option<usize>) = (0, None);
    let mut listens = false;
    let mut place = 0;
    for line in text.split_inclusive('\n') {
        let start = place;
        place += line.len();
        let code = line.split('#').next().unwrap_or_default();
        let opens = code.trim_start().strip_prefix("server").is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.is_empty() || rest.starts_with('{')
        });
        if opens && inside.is_none() {
            inside = Some(depth);
            listens = false;
            blocks.push(Block { at: start, ..Block::default() });
        }
        if let (Some(block), Some(_)) = (blocks.last_mut(), inside) {
            for statement in code.split([';', '{', '}']) {
                let offset = start + (statement.as_ptr() as usize - line.as_ptr() as usize);
                let indent = statement.len() - statement.trim_start().len();
                listens |= take(block, statement, offset + indent);
            }
        }
        for sign in code.chars() {
            match sign {
                '{' => depth += 1,
                '}' => {
                    depth = depth.saturating_sub(1);
                    if inside == Some(depth) {
                        inside = None;
                        if let Some(block) = blocks.last_mut() {
                            block.on_80 |= !listens;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    blocks
}

/// Takes one statement of a block; true if it is a `listen`.
fn take(block: &mut Block, statement: &str, at: usize) -> bool {
    let mut words = statement.split_whitespace();
    match words.next() {
        Some("listen") => {
            let address = words.next().unwrap_or_default();
            let v4 = !address.starts_with('[');
            let host = address.rsplit_once(':').map_or("", |(host, _)| host);
            let port = address.rsplit(':').next().unwrap_or_default();
            let everywhere = matches!(host, "" | "*" | "0.0.0.0" | "[::]");
            if everywhere && port == "80" {
                block.on_80 |= v4;
                if words.any(|word| matches!(word, "default_server" | "default")) && !block.is_default {
                    block.is_default = true;
                    block.at = at;
                }
            }
            true
        }
        Some("server_name") => {
            block.names.extend(words.map(|word| word.trim_matches(['"', '\'']).to_owned()));
            false
        }
        Some("ssl_certificate") => {
            block.certificates.extend(words.next().map(str::to_owned));
            false
        }
        _ => false,
    }
}

/// The directory in which certbot keeps the certificates that are in use.
pub(crate) const CERTIFICATES: &str = "/etc/letsencrypt/live/";

#[test]
fn sites_have_places() {
    let value = |path: &str| Value::literal(path);
    let nginx = |name: &str| Some((Server::Nginx, name.to_owned()));
    assert_eq!(available(&value("/etc/nginx/sites-available/shop")), nginx("shop"));
    assert_eq!(available(&value("/etc/nginx/sites-enabled/shop")), None);
    assert_eq!(available(&value("/etc/nginx/sites-available/")), None);
    assert_eq!(enabled(&value("/etc/nginx/sites-enabled/shop")), nginx("shop"));
    let argv = crate::shell::argv::tests::argv("a2ensite -q shop");
    assert_eq!(switched_on(&argv), ["shop.conf"]);
}

#[test]
fn blocks_say_where_they_listen() {
    let text = "upstream app { server 127.0.0.1:8000; }\nserver {\n    listen 80 default_server;\n    listen [::]:80 default_server;\n    \
                server_name _;\n    location / { proxy_pass http://app; }\n}\nserver {\n    listen 443 ssl;\n    \
                server_name shop.org www.shop.org;\n    ssl_certificate /etc/letsencrypt/live/shop.org/fullchain.pem;\n}\n\
                server { server_name a; }\n";
    let found = blocks(text);
    assert_eq!(found.len(), 3);
    assert!(found[0].on_80 && found[0].is_default);
    assert_eq!(&text[found[0].at..found[0].at + 9], "listen 80");
    assert_eq!(found[0].names, ["_"]);
    assert!(!found[1].on_80 && !found[1].is_default);
    assert_eq!(found[1].certificates, ["/etc/letsencrypt/live/shop.org/fullchain.pem"]);
    assert!(found[2].on_80);
}
