//! Keys and passwords in files: htpasswd(1), openssl(1), ssh-keygen(1), gpg(1).

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked, Edit, Words};
use crate::tools::draft::{Draft, FILE, below, unknown};
use crate::tools::effect::{Again, Change, Deed, Prints, Resource, Role};
use crate::tools::says::facts::Says;

/// What success says: after `openssl x509 -checkend` the certificate exists and is still valid; after `ssh-keygen -F HOST`
/// known_hosts contains the host (ssh-keygen(1)).
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    match argv.name.as_str() {
        "openssl" => {
            let options = argv.options("-in: -checkend: -noout -enddate -text");
            let file = options.value("-in").filter(|_| options.has("-checkend"))?;
            Some(Says::exists(Resource::Path(file.resolve(&argv.cwd))))
        }
        _ => {
            let options = argv.options("F: f: l H");
            options.value("F")?;
            let known = below(&argv.home, &Value::literal(".ssh/known_hosts"));
            let file = options.value("f").map_or(known, |file| file.resolve(&argv.cwd));
            Some(Says::exists(Resource::Line { file, text: unknown("host") }))
        }
    }
}

#[test]
fn keys_are_asked_for() {
    crate::tools::table::says(&[
        ("openssl x509 -checkend 86400 -noout -in /c.pem", "Exists path /c.pem"),
        ("openssl x509 -noout -text -in /c.pem", ""),
        ("ssh-keygen -F github.com", "Exists line /root/.ssh/known_hosts '$host'"),
        ("ssh-keygen -F h -f /k", "Exists line /k '$host'"),
        ("ssh-keygen -lf /k", ""),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match asked.name() {
        "openssl" => Advice::help("make the key on the first run only: `[ -e FILE ] || openssl …`"),
        "ssh-keygen" => Advice::help("make the key on the first run only: `[ -f FILE ] || ssh-keygen …`"),
        "htpasswd" => Advice::help(
            "leave `-c` out, and make the file first where it is missing: `[ -f FILE ] || touch FILE`",
        ),
        // Without a terminal gpg fails if the file exists, so `--yes` changes nothing about a first run. With a terminal it
        // asks, and `--yes` would take the question away.
        "gpg" | "gpg2" => {
            let flag = match asked.flag("--yes") {
                Edit::Behind(words) => Edit::Behind(Words { is_safe: asked.fails(), ..words }),
                other => other,
            };
            let flag = asked.argv.has_word("--dearmor").then_some(flag);
            Advice::with("add `--yes`, or write to standard output with a redirection", flag)
        }
        _ => None,
    }
}

/// htpasswd(1): `-c` creates the file again; without `-b` or `-i` it asks for the password.
pub(crate) fn htpasswd(argv: &Argv) -> Deed {
    let options = argv.options("c n b i m B C: d s p D v 2 5 r:");
    let mut draft = Draft::of(argv);
    if let Some(file) = options.operands.first().filter(|_| !options.has("n")) {
        match options.has("c") {
            true => {
                let again = Again::Overwrites("creates the file again, without the accounts added since");
                draft.path(file, FILE, again);
            }
            false => draft.path(file, Change::Edit, Again::NoChange),
        }
    }
    if !options.has("b") && !options.has("i") && !options.has("D") {
        draft.asks("asks for the password", "write `htpasswd -i` and pipe it in", None);
    }
    draft.done()
}

/// openssl(1): a key that is generated again is a different key.
pub(crate) fn openssl(argv: &Argv) -> Deed {
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
        true => Again::Overwrites("replaces the key in use with a new one"),
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
        let named =
            options.has("-subj") || options.has("-batch") || options.has("-config") || options.has("-in");
        let encrypts = options.has("-newkey")
            && !options.has("-nodes")
            && !options.has("-noenc")
            && !options.has("-passout")
            && !options.has("-config");
        if new && (!named || encrypts) {
            draft.asks("asks for the subject or a passphrase", "write `-subj /CN=NAME -nodes`", None);
        }
    }
    if !options.has("-out") && !options.has("-keyout") {
        draft.role(Role::ReadOnly);
        if makes_key {
            draft.prints(Prints::Secret);
        }
    }
    draft.done()
}

/// wg(8): `genkey` and `genpsk` print a new key.
pub(crate) fn wg(argv: &Argv) -> Deed {
    match argv.literal(0) {
        Some("genkey" | "genpsk") => Deed::read_only().prints(Prints::Secret),
        Some("pubkey" | "show" | "showconf") => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// ssh-keygen(1): it asks before it overwrites a key, for the file if `-f` does not name it, and for a
/// passphrase without `-N`.
pub(crate) fn ssh_keygen(argv: &Argv) -> Deed {
    let options =
        argv.options("t: b: f: N: C: P: q A R: F: H l y e i p c D: E: I: s: V: Z: m: O: a: Y: n: B v");
    let mut draft = Draft::of(argv);
    if ["l", "y", "F", "e", "B", "D"].iter().any(|o| options.has(o)) {
        return Deed::read_only();
    }
    if ["A", "R", "H", "p", "c", "i", "s", "Y"].iter().any(|o| options.has(o)) {
        return draft.done();
    }
    if let Some(file) = options.value("f") {
        let again = match &argv.stdin {
            Stdin::Text(answer) if says_no(answer) => Again::Fails("already exists"),
            Stdin::Inherited => Again::Prompts("asks whether to overwrite the existing key"),
            _ => Again::Overwrites("replaces the key in use with a new one"),
        };
        draft.value_path(file, FILE, again);
        let mut public = file.clone();
        public.push_str(".pub");
        draft.value_path(&public, FILE, Again::NoChange);
    }
    if !options.has("f") || !options.has("N") {
        draft.asks("asks for a file and a passphrase", "write `-f FILE -N ''`", None);
    }
    draft.done()
}

/// True if a text that answers a question begins with a no: `<<< n`, `yes n |`. ssh-keygen then exits with 1 and keeps the
/// key (tried with 9.2).
fn says_no(answer: &Value) -> bool {
    let text = answer.to_string();
    let text = text.strip_prefix("$(yes ").unwrap_or(&text);
    text.trim_start_matches(['"', '\'']).starts_with(['n', 'N'])
}

/// The host whose old key `ssh-keygen -R` takes out of the list of known hosts.
pub(crate) fn forgets_host(argv: &Argv) -> Option<Value> {
    if argv.name != "ssh-keygen" {
        return None;
    }
    argv.args
        .windows(2)
        .find(|pair| pair[0].value.as_literal() == Some("-R"))
        .map(|pair| pair[1].value.clone())
}

/// gpg(1): if an output file exists, it asks on the terminal itself; with `--batch` it is an error, and with
/// `--yes` it is replaced (tried with 2.2).
pub(crate) fn gpg(argv: &Argv) -> Deed {
    let options = argv.options(
        "o|output: yes batch dearmor armor|a import keyserver: recv-keys homedir: u|local-user: r|recipient: \
         no-default-keyring keyring: passphrase: pinentry-mode: gen-key|full-gen-key|full-generate-key \
         generate-key|quick-generate-key export d|decrypt c|symmetric e|encrypt s|sign y",
    );
    let mut draft = Draft::of(argv);
    // It has no such option, so it ends before it asks (tried with 2.2: "invalid option").
    if options.has("y") {
        return draft.done();
    }
    let again = match (options.has("yes"), options.has("batch")) {
        (true, _) => Again::NoChange,
        (false, true) => Again::Fails("File exists"),
        (false, false) => {
            Again::Prompts("asks whether to overwrite the existing file, and fails without a terminal")
        }
    };
    match options.value("o").filter(|file| file.as_literal() != Some("-")) {
        Some(file) => draft.value_path(file, FILE, again),
        None if options.has("gen-key") && !options.has("batch") => {
            draft.asks("asks for a name and a passphrase", "write `--batch` and a parameter file", None);
        }
        None => {}
    }
    draft.done()
}

#[test]
fn keys_are_made() {
    crate::tools::table::check(&[
        ("htpasswd -bc /etc/h u p", "create file /etc/h overwrites"),
        ("htpasswd /etc/h u", "edit /etc/h asks"),
        ("openssl genrsa -out k.pem 2048", "write /srv/app/k.pem overwrites"),
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
        ("ssh-keygen -t ed25519 -N '' -f /k", "create file /k prompts; create file /k.pub"),
        ("ssh-keygen -t rsa", "asks"),
        ("| ssh-keygen -f /k -N ''", "create file /k overwrites; create file /k.pub"),
        ("ssh-keygen -f /k -N '' <<< n", "create file /k fails; create file /k.pub"),
        ("ssh-keygen -R host", ""),
        ("| gpg --dearmor -o /k.gpg", "create file /k.gpg prompts"),
        ("| gpg --yes --dearmor -o /k.gpg", "create file /k.gpg"),
        ("gpg --batch --dearmor -o /k x", "create file /k fails"),
        ("| gpg --dearmor -y -o /k.gpg", ""),
        ("gpg --import k", ""),
    ]);
}
