//! Web servers and their certificates: nginx, Apache, certbot(1), acme.sh, htpasswd(1).

use super::draft::{Draft, FILE, NEW, nothing, role, unknown};
use crate::shell::argv::{Argv, Options};
use crate::shell::effect::{Again, Change, Deed, Resource, Role};
use crate::shell::value::Value;

/// certbot(1): asks for an address, for the terms and for the names where they are not given, and what to do where the
/// certificate is there already. `-n` asks nothing and keeps it.
pub(super) fn certbot(argv: &Argv) -> Deed {
    let options: Options<'_> = argv.options(
        "n|non-interactive|noninteractive agree-tos m|email: d|domain|domains: register-unsafely-without-email \
         keep-until-expiring|keep|reinstall force-renewal|renew-by-default w|webroot-path: cert-name: config-dir: \
         work-dir: logs-dir: c|config: deploy-hook: pre-hook: post-hook: server: a|authenticator: i|installer: \
         rsa-key-size: key-type: dns-cloudflare-credentials: dns-route53-propagation-seconds: nginx apache standalone \
         webroot redirect no-redirect hsts expand staging test-cert dry-run q|quiet no-eff-email eff-email \
         preferred-challenges: http-01-port: nginx-server-root: nginx-ctl: manual-auth-hook: manual-cleanup-hook:",
    );
    let mut draft = Draft::of(argv);
    let verb = options
        .operands
        .first()
        .and_then(|arg| arg.value.as_literal());
    match verb {
        Some("renew" | "enhance" | "update_symlinks" | "reconfigure") => return nothing(),
        Some("certificates" | "plugins" | "show_account") => return Deed::read_only(),
        Some("delete" | "revoke" | "unregister") => {
            if !options.has("n") {
                draft.asks(
                    "certbot asks before it deletes",
                    "write `--non-interactive`",
                    Some("--non-interactive"),
                );
            }
            return draft.done();
        }
        _ => {}
    }
    let silent = options.has("n");
    let account = options.has("agree-tos")
        && (options.has("m") || options.has("register-unsafely-without-email"));
    let complete =
        account && (options.has("d") || options.has("cert-name") || verb == Some("register"));
    let keeps = options.has("keep-until-expiring") || options.has("force-renewal");
    let again = match silent || keeps {
        true => Again::NoChange,
        false => {
            Again::Prompts("certbot: You have an existing certificate. What would you like to do?")
        }
    };
    if let Some(domain) = options
        .value("cert-name")
        .or_else(|| options.values("d").next())
    {
        let first = domain
            .split_once(',')
            .map_or_else(|| domain.clone(), |(first, _)| first);
        draft.add_implied(NEW, Resource::Other("certificate", first), again);
    }
    if !silent && !complete {
        draft.asks(
            "certbot asks for an address, the terms and the names",
            "write `--non-interactive --agree-tos -m ADDRESS`",
            Some("--non-interactive --agree-tos"),
        );
    }
    draft.done()
}

/// nginx(8): `-t` tests, `-s reload` reloads; otherwise it serves.
pub(super) fn nginx(argv: &Argv) -> Deed {
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

/// htpasswd(1): `-c` makes the file anew; without `-b` or `-i` it asks for the password.
pub(super) fn htpasswd(argv: &Argv) -> Deed {
    let options = argv.options("c n b i m B C: d s p D v 2 5 r:");
    let mut draft = Draft::of(argv);
    if let Some(file) = options.operands.first().filter(|_| !options.has("n")) {
        match options.has("c") {
            true => {
                let again = Again::Overwrites(
                    "htpasswd -c: makes the file anew, without the accounts added since",
                );
                draft.path(file, FILE, again);
            }
            false => draft.path(file, Change::Edit, Again::NoChange),
        }
    }
    if !options.has("b") && !options.has("i") && !options.has("D") {
        draft.asks(
            "htpasswd asks for the password",
            "write `htpasswd -i` and pipe it in",
            Some("-i"),
        );
    }
    draft.done()
}

/// openssl(1): a key made again is another key.
pub(super) fn openssl(argv: &Argv) -> Deed {
    let Some(inner) = argv.shifted(0) else {
        return Deed::read_only();
    };
    let options = inner.options(
        "-out: -keyout: -in: -subj: -newkey: -days: -config: -key: -passout: -passin: -addext: -extensions: -CA: -CAkey: \
         -pkeyopt: -algorithm: -name: -CAserial: -extfile: -inkey: -nodes -noenc -x509 -new -batch -base64 -hex -genkey \
         -noout -CAcreateserial -sha256 -stdin -salt: -rand: -inform: -outform: -set_serial: -export -certfile: \
         -connect: -servername: -reqexts: -digest: -text -newhdr",
    );
    let mut draft = Draft::of(argv);
    let verb = inner.name.as_str();
    let makes_key = matches!(verb, "genrsa" | "genpkey" | "rand" | "gendsa")
        || verb == "ecparam" && options.has("-genkey")
        || verb == "req" && options.has("-newkey");
    let secret = match makes_key {
        true => Again::Overwrites("openssl: makes another key in place of the one in use"),
        false => Again::NoChange,
    };
    if let Some(file) = options.value("-keyout") {
        draft.value_path(file, Change::Write, secret);
    }
    if let Some(file) = options.value("-out") {
        draft.value_path(file, Change::Write, secret);
    }
    if verb == "req" && !options.has("-noout") {
        let new = options.has("-new") || options.has("-newkey") || options.has("-x509");
        let named = options.has("-subj")
            || options.has("-batch")
            || options.has("-config")
            || options.has("-in");
        let encrypts = options.has("-newkey")
            && !options.has("-nodes")
            && !options.has("-noenc")
            && !options.has("-passout")
            && !options.has("-config");
        if new && (!named || encrypts) {
            draft.asks(
                "openssl req asks for the subject or a passphrase",
                "write `-subj /CN=NAME -nodes`",
                None,
            );
        }
    }
    if !options.has("-out") && !options.has("-keyout") {
        draft.role(Role::ReadOnly);
    }
    draft.done()
}

/// ssh-keygen(1): asks before it overwrites a key, for the file where `-f` does not say, for a passphrase without `-N`.
pub(super) fn ssh_keygen(argv: &Argv) -> Deed {
    let options = argv
        .options("t: b: f: N: C: P: q A R: F: H l y e i p c D: E: I: s: V: Z: m: O: a: Y: n: B v");
    let mut draft = Draft::of(argv);
    if ["l", "y", "F", "e", "B", "D"]
        .iter()
        .any(|o| options.has(o))
    {
        return Deed::read_only();
    }
    if ["A", "R", "H", "p", "c", "i", "s", "Y"]
        .iter()
        .any(|o| options.has(o))
    {
        return draft.done();
    }
    if let Some(file) = options.value("f") {
        let again = match argv.stdin {
            crate::shell::argv::Stdin::Inherited => {
                Again::Prompts("ssh-keygen: already exists. Overwrite (y/n)?")
            }
            _ => Again::Overwrites("ssh-keygen: makes another key in place of the one in use"),
        };
        draft.value_path(file, FILE, again);
        let mut public = file.clone();
        public.push_str(".pub");
        draft.value_path(&public, FILE, Again::NoChange);
    }
    if !options.has("f") || !options.has("N") {
        draft.asks(
            "ssh-keygen asks for a file and a passphrase",
            "write `-f FILE -N ''`",
            None,
        );
    }
    draft.done()
}

/// gpg(1): an output file that exists is asked for on the terminal itself; with `--batch` it is an error, with `--yes`
/// it is replaced (tried with 2.2).
pub(super) fn gpg(argv: &Argv) -> Deed {
    let options = argv.options(
        "o|output: yes batch dearmor armor|a import keyserver: recv-keys homedir: u|local-user: r|recipient: \
         no-default-keyring keyring: passphrase: pinentry-mode: gen-key|full-gen-key|full-generate-key \
         generate-key|quick-generate-key export d|decrypt c|symmetric e|encrypt s|sign",
    );
    let mut draft = Draft::of(argv);
    let again = match (options.has("yes"), options.has("batch")) {
        (true, _) => Again::NoChange,
        (false, true) => Again::Fails("gpg: File exists"),
        (false, false) => {
            Again::Prompts("gpg: File exists. Overwrite? (y/N), and fails without a terminal")
        }
    };
    match options
        .value("o")
        .filter(|file| file.as_literal() != Some("-"))
    {
        Some(file) => draft.value_path(file, FILE, again),
        None if options.has("gen-key") && !options.has("batch") => {
            draft.asks(
                "gpg asks for a name and a passphrase",
                "write `--batch` and a parameter file",
                None,
            );
        }
        None => {}
    }
    draft.done()
}

/// crontab(1): the whole table is replaced by a file or by standard input.
pub(super) fn crontab(argv: &Argv) -> Deed {
    let options = argv.options("u|user: l r e i s n x:");
    let crontab = Resource::Crontab(options.value("u").cloned().unwrap_or_default());
    let mut draft = Draft::of(argv);
    if options.has("l") {
        return Deed::read_only();
    } else if options.has("r") {
        draft.add_implied(Change::Remove, crontab, Again::Fails("crontab: no crontab"));
    } else if options.has("e") {
        draft.asks(
            "crontab -e opens an editor",
            "pipe the whole table to `crontab -`",
            None,
        );
    } else if let Some(file) = options.operands.first() {
        let again = match (&argv.stdin, file.value.as_literal()) {
            (crate::shell::argv::Stdin::Text(_), Some("-")) => {
                Again::Overwrites("crontab: the lines of others are gone")
            }
            _ => Again::NoChange,
        };
        draft.add(file, Change::Write, crontab, again);
    } else {
        draft.add_implied(Change::Write, crontab, Again::NoChange);
    }
    draft.done()
}

/// acme.sh: `--issue` of a certificate that is not due is skipped with status 2.
pub(super) fn acme(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    if argv.has_word("--issue") && !argv.has_word("--force") {
        let again = Again::Fails("acme.sh: Skipping. Next renewal time is … (status 2)");
        let options = argv.options("d|domain: w|webroot: k: dns: server:");
        let domain = options
            .values("d")
            .next()
            .cloned()
            .unwrap_or_else(|| unknown("domain"));
        draft.add_implied(NEW, Resource::Other("certificate", domain), again);
    }
    draft.done()
}

#[test]
fn web_servers_and_keys() {
    super::table::check(&[
        (
            "certbot --nginx -d x.org --non-interactive --agree-tos -m a@x.org",
            "create certificate x.org",
        ),
        (
            "certbot --nginx -d x.org",
            "create certificate x.org prompts asks",
        ),
        (
            "certbot certonly --standalone -d $D --agree-tos -m a",
            "create certificate $D prompts",
        ),
        (
            "certbot --nginx -d a,b --agree-tos -m a --keep",
            "create certificate a",
        ),
        ("certbot renew --dry-run", ""),
        ("certbot --nginx $ARGS", ""),
        ("nginx -t", "[ReadOnly]"),
        ("nginx -s reload", "restart unit nginx.service [Restart]"),
        ("a2ensite shop", ""),
        ("htpasswd -bc /etc/h u p", "create file /etc/h overwrites"),
        ("htpasswd /etc/h u", "edit /etc/h asks"),
        (
            "openssl genrsa -out k.pem 2048",
            "write /srv/app/k.pem overwrites",
        ),
        ("openssl rand -hex 32", "[ReadOnly]"),
        (
            "openssl req -x509 -nodes -newkey rsa:2048 -keyout k -out c -subj /CN=x",
            "write /srv/app/k overwrites; write /srv/app/c overwrites",
        ),
        (
            "openssl req -x509 -newkey rsa:2048 -keyout /k -out /c",
            "write /k overwrites; write /c overwrites asks",
        ),
        ("openssl dhparam -out /d 2048", "write /d"),
        (
            "ssh-keygen -t ed25519 -N '' -f /k",
            "create file /k prompts; create file /k.pub",
        ),
        ("ssh-keygen -t rsa", "asks"),
        (
            "| ssh-keygen -f /k -N ''",
            "create file /k overwrites; create file /k.pub",
        ),
        ("ssh-keygen -R host", ""),
        ("| gpg --dearmor -o /k.gpg", "create file /k.gpg prompts"),
        ("| gpg --yes --dearmor -o /k.gpg", "create file /k.gpg"),
        ("gpg --batch --dearmor -o /k x", "create file /k fails"),
        ("gpg --import k", ""),
        ("crontab -l", "[ReadOnly]"),
        ("| crontab -", "write crontab"),
        ("crontab - <<< 'x'", "write crontab  overwrites"),
        ("crontab -u app deploy/crontab", "write crontab app"),
        ("crontab -e", "asks"),
        (
            "acme.sh --issue -d x.org -w /w",
            "create certificate x.org fails",
        ),
    ]);
}
