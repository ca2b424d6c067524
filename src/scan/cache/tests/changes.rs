//! After any change, a scan with the cache says the same as one without it.

use super::*;
use std::process::Command;
use std::time::SystemTime;

type Change<'c> = (&'c str, &'c dyn Fn(&Shop));

/// Scans, changes something and scans again. The result must be that of a scan without a cache. `missed` says whether a
/// check reads what was changed.
fn after(shop: &Shop, what: &str, change: &dyn Fn(&Shop), missed: bool) {
    shop.scan(Some(&shop.open()));
    let before = shop.scan(Some(&shop.open()));
    assert!(before.hit, "before: {what}");
    change(shop);
    let plain = shop.scan(None);
    let cached = shop.scan(Some(&shop.open()));
    assert_eq!(cached.result, plain.result, "{what}");
    assert_eq!(cached.hit, !missed, "{what}");
    if !plain.result.starts_with("error") {
        let again = shop.scan(Some(&shop.open()));
        assert_eq!(again, Came { result: plain.result, hit: true }, "again: {what}");
    }
}

fn write(name: &'static str, text: &'static str) -> impl Fn(&Shop) {
    move |shop| put(shop.dir.path(), name, text)
}

/// Replaces a text by one of the same length, and keeps the file's times.
fn replaced(name: &'static str, from: &'static str, to: &'static str) -> impl Fn(&Shop) {
    assert_eq!(from.len(), to.len());
    move |shop| {
        let path = shop.path(name);
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(&path, text.replace(from, to)).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    }
}

#[test]
fn files_that_change() {
    let shop = Shop::new();
    let changes: &[Change<'_>] = &[
        ("same size, same time", &replaced("deploy/start.sh", "chmod 777", "chmod 755")),
        ("a sourced file", &replaced("deploy/lib.sh", "nginx", "redis")),
        ("a sourced file that was not there", &write("deploy/extra.sh", "chmod 777 /srv\n")),
        ("a compose file", &write("compose.yaml", "services:\n  api:\n    image: y\n")),
        ("code that reads a variable", &write("src/main.js", "process.env.UNREAD; process.env.NEW\n")),
        ("a text that names one", &write("src/data.json", "{\"UNREAD\": 1}\n")),
        ("a new script", &write("deploy/more.sh", "useradd more\nsystemctl restart more\n")),
        ("a file that is hidden", &write("b.log", "x")),
        (".gitignore", &write(".gitignore", ".env\n*.log\n")),
        (".gitignore below", &write("deploy/.gitignore", "more.sh\n")),
        ("a file removed", &|shop| fs::remove_file(shop.path("deploy/extra.sh")).unwrap()),
        ("a directory renamed", &|shop| fs::rename(shop.path("deploy"), shop.path("ops")).unwrap()),
        ("dist is filled", &write("dist/index.html", "x")),
        ("dist is filled more", &write("dist/UNREAD.js", "MAIL_PORT")),
        ("an unreadable text", &|shop| fs::write(shop.path("ops/start.sh"), b"mkdir /a\n\0").unwrap()),
        ("an empty one", &write("ops/start.sh", "")),
    ];
    for (what, change) in changes {
        after(&shop, what, change, true);
    }
}

#[test]
fn what_nobody_asks_for_may_change() {
    let shop = Shop::new();
    for (what, change) in [
        ("in a hidden directory", ("hidden/start.sh", "mkdir /other\nuseradd another\n")),
        ("in what others wrote", ("node_modules/x/install.sh", "mkdir /x\n")),
    ] {
        put(shop.dir.path(), change.0, "");
        let change = write(change.0, change.1);
        after(&shop, what, &change, false);
    }
    let touch = |shop: &Shop| {
        let file = File::options().write(true).open(shop.path("deploy/start.sh")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    };
    after(&shop, "only a time", &touch, false);
}

/// Each file of a repo with every fault is changed in several ways. If the repo still counts as unchanged, a check must
/// come to the same result.
#[test]
fn any_file_of_a_whole_repo() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let shop = Shop::of(&[]);
    let mut names = Vec::new();
    for entry in ignore::WalkBuilder::new(&example).standard_filters(false).build() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let name = entry.path().strip_prefix(&example).unwrap().to_str().unwrap().to_owned();
            fs::create_dir_all(shop.path(&name).parent().unwrap()).unwrap();
            fs::copy(entry.path(), shop.path(&name)).unwrap();
            names.push(name);
        }
    }
    let cache = shop.open();
    let whole = shop.scan(Some(&cache)).result;
    let (mut met, mut tried) = (0, 0);
    for name in &names {
        let path = shop.path(name);
        let text = fs::read(&path).unwrap();
        let changed: [&dyn Fn(); 4] = [
            &|| fs::rename(&path, shop.cache.path().join("aside")).unwrap(),
            &|| fs::write(&path, [&text[..], b"\nX=1\n"].concat()).unwrap(),
            &|| fs::write(&path, &text[..text.len() / 2]).unwrap(),
            &|| fs::write(&path, text.to_ascii_uppercase()).unwrap(),
        ];
        for (index, change) in changed.into_iter().enumerate() {
            let mode = fs::metadata(&path).unwrap().permissions();
            change();
            tried += 1;
            if let Some(kept) = cache.get(shop.dir.path()) {
                let what = format!("{name}, change {index}");
                assert_eq!(String::from_utf8(kept).unwrap(), shop.scan(None).result, "{what}");
                met += 1;
            }
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, mode).unwrap();
        }
        let kept = cache.get(shop.dir.path()).map(|kept| String::from_utf8(kept).unwrap());
        assert_eq!(kept.as_ref(), Some(&whole), "{name} is as it was");
    }
    assert!(tried > 100 && met < tried / 4, "{met} of {tried}");
}

#[cfg(unix)]
#[test]
fn modes_and_links_that_change() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let shop = Shop::new();
    put(shop.dir.path(), "run", "#!/bin/sh\nuseradd run\nsystemctl restart run\n");
    let mode = |name: &'static str, mode: u32| {
        move |shop: &Shop| {
            fs::set_permissions(shop.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let link = |to: &'static str| {
        move |shop: &Shop| {
            let _ = fs::remove_file(shop.path("deploy/link.sh"));
            symlink(to, shop.path("deploy/link.sh")).unwrap();
        }
    };
    let changes: &[Change<'_>] = &[
        ("a script becomes executable", &mode("deploy/start.sh", 0o755)),
        ("a file becomes a script", &mode("run", 0o755)),
        ("a script is none any more", &mode("run", 0o644)),
        ("a link", &link("start.sh")),
        ("a link to another file", &link("lib.sh")),
        ("a link out of the root", &link("/etc/passwd")),
        ("a link to nothing", &link("gone")),
    ];
    for (what, change) in changes {
        after(&shop, what, change, true);
    }
    after(&shop, "a mode that nobody asks for", &mode("src/main.js", 0o600), false);
}

#[test]
fn configurations_that_change() {
    let shop = Shop::new();
    let changes: &[Change<'_>] = &[
        ("a configuration", &write("deploylint.yaml", "rules:\n  permissions: off\n")),
        ("another", &write("deploylint.yaml", "scripts: [deploy/lib.sh]\n")),
        ("a wrong one", &write("deploylint.yaml", "scripts: 1\n")),
    ];
    for (what, change) in &changes[..2] {
        after(&shop, what, change, true);
    }
    after(&shop, changes[2].0, changes[2].1, true);
    assert!(shop.scan(Some(&shop.open())).result.starts_with("error"));
    fs::remove_file(shop.path("deploylint.yaml")).unwrap();
    assert_eq!(shop.scan(Some(&shop.open())).result, shop.scan(None).result);
}

#[test]
fn rules_of_the_repo_that_change() {
    let shop = Shop::new();
    put(shop.dir.path(), "deploylint.yaml", "extra-rules: [lint]\n");
    put(shop.dir.path(), "lint/own/useradd.md", PAGE);
    put(shop.dir.path(), "lint/own/useradd.scm", QUERY);
    assert!(shop.scan(None).result.contains("own/useradd"), "{}", shop.scan(None).result);
    after(&shop, "a query", &replaced("lint/own/useradd.scm", "useradd", "userdel"), true);
    after(&shop, "a page", &replaced("lint/own/useradd.md", "No user", "No name"), true);
    let gone = |shop: &Shop| {
        fs::remove_file(shop.path("lint/own/useradd.md")).unwrap();
        fs::remove_file(shop.path("lint/own/useradd.scm")).unwrap();
    };
    after(&shop, "no rule is left", &gone, true);
}

#[test]
fn what_is_asked_for_changes() {
    let mut shop = Shop::new();
    let rules = tempfile::tempdir().unwrap();
    put(rules.path(), "own/useradd.md", PAGE);
    put(rules.path(), "own/useradd.scm", QUERY);
    put(rules.path(), "config.yaml", "rules:\n  permissions: off\n");
    let first = shop.scan(Some(&shop.open()));
    let requests = [
        Request { select: vec!["permissions".to_owned()], ..Request::default() },
        Request { ignore: vec!["permissions".to_owned()], ..Request::default() },
        Request { confidence: Some(crate::finding::Confidence::Low), ..Request::default() },
        Request { config: Some(rules.path().join("config.yaml")), ..Request::default() },
        Request { rules_dirs: vec![rules.path().to_owned()], ..Request::default() },
    ];
    for request in requests {
        shop.request = request;
        let came = shop.scan(Some(&shop.open()));
        assert!(!came.hit, "{:?}", shop.request);
        assert_eq!(came.result, shop.scan(None).result);
        assert!(shop.scan(Some(&shop.open())).hit);
    }
    put(rules.path(), "own/useradd.scm", QUERY.replace("useradd", "userdel"));
    assert!(!shop.scan(Some(&shop.open())).hit, "a rule that is named changed");
    shop.request = Request::default();
    assert_eq!(shop.scan(Some(&shop.open())), first);
}

const PAGE: &str = "---\ntitle: No user is made here\nseverity: warning\nconfidence: high\nfix: none\n---\n\
    ## What\n## Why\n## Example\n## Instead\nx\n";
const QUERY: &str = "((command) @finding\n  (#set! command \"useradd\"))\n";

/// Runs git with an identity of its own and without the configuration of this machine.
fn git(shop: &Shop, arguments: &[&str]) -> bool {
    let run = Command::new("git")
        .current_dir(shop.dir.path())
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output();
    run.is_ok_and(|run| run.status.success())
}

#[test]
fn what_git_holds_changes() {
    let shop = Shop::new();
    assert!(git(&shop, &["init", "-q"]), "git cannot be run");
    let git = |arguments: &[&str]| assert!(git(&shop, arguments), "{arguments:?}");
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    after(&shop, "an ignored file is added", &|_| git(&["add", "-f", ".env"]), false);
    after(&shop, "it is committed", &|_| git(&["commit", "-qm", "two"]), true);
    after(&shop, "another commit that holds it", &|_| git(&["commit", "-qm", "x", "--allow-empty"]), false);
    after(&shop, "it is taken out", &|_| git(&["reset", "-q", "--soft", "HEAD~2"]), true);
}
