//! Downloads: wget(1), curl(1).

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, FILE, below};
use crate::tools::effect::{Again, Change, Deed, How, Resource, Role};
use crate::tools::thing::Thing;

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    (asked.name() == "wget").then(|| Advice::help("name the file with `-O`, or use `-N` or `-nc`"))?
}

/// The name that a download gets from its address; `None` if the address does not end in one.
fn file_name(address: &Value) -> Option<Value> {
    let (_, rest) = split_scheme(address)?;
    let name = rest.split_once('/').map(|_| rest.basename())?;
    (!name.is_empty() && !rest.key().ends_with('/')).then_some(name)
}

fn split_scheme(address: &Value) -> Option<(Value, Value)> {
    let (scheme, rest) = address.split_once(':')?;
    let rest = Value::from_key(rest.key().trim_start_matches('/'), &rest);
    Some((scheme, rest))
}

/// wget(1) "-nc": without `-O`, `-nc`, `-N`, `-c`, `-r`, an existing file sends the download to `FILE.1`.
pub(crate) fn wget(argv: &Argv) -> Deed {
    let options = argv.options(
        "O|output-document: P|directory-prefix: nc|no-clobber -nc -nv -nd -nH N|timestamping c|continue r|recursive \
         m|mirror i|input-file: o|output-file: a|append-output: t|tries: T|timeout: w|wait: U|user-agent: header: \
         user: password: post-data: post-file: method: body-data: Q|quota: A|accept: R|reject: e|execute: \
         ca-certificate: certificate: load-cookies: save-cookies: referer: progress: content-disposition spider",
    );
    let mut draft = Draft::of(argv);
    draft.role(Role::Fetch);
    if let Some(file) = options.value("O") {
        if file.as_literal() == Some("-") || file.as_literal() == Some("/dev/null") {
            return printed(argv);
        }
        draft.writes(file);
        draft.content(How::Fetched, None, false);
        return draft.done();
    }
    let updates = ["nc", "-nc", "N", "c", "r", "m"].iter().any(|o| options.has(o));
    let again = match updates {
        true => Again::NoChange,
        false => Again::Duplicates("saves to NAME.1 and keeps the old file"),
    };
    let here = Value::literal(".");
    let directory = options.value("P").unwrap_or(&here).resolve(&argv.cwd);
    for address in &options.operands {
        let resource = match file_name(&address.value) {
            Some(name) if !options.has("content-disposition") => Resource::Path(below(&directory, &name)),
            _ => Resource::Other(Thing::Download, address.value.clone()),
        };
        draft.add(address, FILE, resource, again);
        draft.content(How::Fetched, None, false);
    }
    draft.done()
}

/// gh(1) downloads releases and what workflows have made. Its other commands are not known here.
pub(crate) fn gh(argv: &Argv) -> Deed {
    match (argv.literal(0), argv.literal(1)) {
        (Some("release" | "run"), Some("download")) => Deed::default().role(Role::Fetch),
        _ => Deed::default(),
    }
}

/// aws(1): `s3 cp`, `s3 mv` and `s3 sync` copy from a bucket or to one.
pub(crate) fn aws(argv: &Argv) -> Deed {
    let options =
        argv.options("profile: region: endpoint-url: exclude: include: acl: storage-class: output:");
    let word = |index: usize| options.operands.get(index).map(|arg| &arg.value);
    let literal = |index: usize| word(index).and_then(Value::as_literal);
    match (literal(0), literal(1), word(2)) {
        (Some("s3"), Some("cp" | "mv" | "sync"), Some(from)) => {
            let bucket = from.known_prefix().starts_with("s3://");
            Deed::default().role(if bucket { Role::Fetch } else { Role::Send })
        }
        _ => Deed::default(),
    }
}

/// Printed output counts as fetched if it goes to a file.
fn printed(argv: &Argv) -> Deed {
    match argv.stdout {
        Some(_) => Deed::read_only().role(Role::Fetch),
        None => Deed::read_only(),
    }
}

/// curl(1): it writes where `-o` or `-O` says and replaces an existing file.
pub(crate) fn curl(argv: &Argv) -> Deed {
    let options = argv.options(
        "o|output: O|remote-name output-dir: d|data: data-raw: data-binary: data-urlencode: json: H|header: X|request: \
         u|user: A|user-agent: e|referer: b|cookie: c|cookie-jar: F|form: T|upload-file: m|max-time: connect-timeout: \
         retry: retry-delay: retry-max-time: w|write-out: x|proxy: C|continue-at: K|config: resolve: cacert: capath: \
         E|cert: key: r|range: D|dump-header: unix-socket: interface: limit-rate: proto: proto-redir: tls-max: ciphers: \
         y Y z: stderr: trace: max-redirs: url: L|location f|fail s|silent S|show-error k|insecure",
    );
    let mut draft = Draft::of(argv);
    let named: Vec<&Value> = options.values("o").collect();
    let directory = options.value("output-dir").map_or_else(|| argv.cwd.clone(), |d| d.resolve(&argv.cwd));
    for file in &named {
        if !matches!(file.as_literal(), Some("/dev/null" | "-")) {
            let path = Resource::Path(file.resolve(&directory));
            draft.add_implied(Change::Write, path, Again::NoChange);
            draft.content(How::Fetched, None, false);
            draft.role(Role::Fetch);
        }
    }
    if options.has("O") {
        for address in &options.operands {
            if let Some(name) = file_name(&address.value) {
                let path = Resource::Path(below(&directory, &name));
                draft.add(address, Change::Write, path, Again::NoChange);
                draft.content(How::Fetched, None, false);
                draft.role(Role::Fetch);
            }
        }
    }
    let sends = ["d", "data-raw", "data-binary", "data-urlencode", "json", "X", "F", "T"];
    if !options.has("O") && named.is_empty() && !sends.iter().any(|o| options.has(o)) {
        return printed(argv);
    }
    draft.done()
}

#[test]
fn downloads_are_kept() {
    crate::tools::table::check(&[
        ("wget https://h/a/b.zip", "create file /srv/app/b.zip duplicates [Fetch]"),
        ("wget -q https://h/$V.tgz -P /tmp", "create file /tmp/$V.tgz duplicates [Fetch]"),
        ("wget -qO - https://h/k", "[ReadOnly]"),
        ("wget -qO- https://h/k", "[ReadOnly]"),
        ("wget -O /etc/k https://h/k", "write /etc/k [Fetch]"),
        ("wget -nc https://h/k", "create file /srv/app/k [Fetch]"),
        ("wget $URL", "create download $URL duplicates [Fetch]"),
        ("curl -fsSL https://h/k", "[ReadOnly]"),
        ("curl -fsSLo /etc/k https://h/k", "write /etc/k [Fetch]"),
        ("curl -LO https://h/a/k", "write /srv/app/k [Fetch]"),
        ("curl -s -o /dev/null -w '%{http_code}' http://localhost", ""),
        ("curl -X POST http://h/x", ""),
    ]);
}

#[test]
fn a_name_needs_a_path() {
    let name = |text: &str| file_name(&Value::literal(text)).map(|v| v.to_string());
    assert_eq!(name("https://h"), None);
    assert_eq!(name("https://h/"), None);
    assert_eq!(name("https://h/a?b=1").as_deref(), Some("a?b=1"));
}
