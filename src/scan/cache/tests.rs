use super::*;
use crate::check::{Request, RuleSet, Settings, Target, check_over};
use crate::limit;
use crate::source::Sources;
use crate::support::{project, write as put};
use crate::syntax::parses;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

mod changes;
mod entries;

/// A repo with something of each kind that a check reads.
pub(super) const SHOP: &[(&str, &str)] = &[
    (
        "deploy/start.sh",
        "#!/bin/bash\nset -e\n. ./lib.sh\nsource ./extra.sh\nmkdir /opt/shop\nuseradd shop\n\
         npm run build\nchmod 777 /opt/shop\ncp web.service /etc/systemd/system/\nsystemctl restart web\n",
    ),
    ("deploy/lib.sh", "install_all() { apt-get install -y nginx; }\ninstall_all\n"),
    ("deploy/setup", "#!/bin/sh\nuseradd other\nsystemctl restart web\n"),
    ("deploy/web.service", "[Service]\nUser=shop\nExecStart=/opt/shop/run\n"),
    ("compose.yaml", "services:\n  web:\n    image: x\n    environment: [MAIL_HOST]\n"),
    (".env.example", "MAIL_HOST=\nMAIL_PORT=\nUNREAD=\n"),
    (".env", "MAIL_HOST=x\n"),
    (".gitignore", ".env\nhidden/\n*.log\n"),
    ("hidden/start.sh", "mkdir /hidden\nuseradd hidden\n"),
    ("package.json", "{\"scripts\": {\"build\": \"vite\"}, \"dependencies\": {\"express\": \"4\"}}\n"),
    ("src/main.js", "const host = process.env.MAIL_HOST;\nexpress.static('dist');\n"),
    ("src/data.json", "{}\n"),
    ("docs/architecture.md", "| Service | Port |\n|---|---|\n| web | 80 |\n"),
];

/// A repo and a cache.
pub(super) struct Shop {
    pub(super) dir: TempDir,
    pub(super) cache: TempDir,
    pub(super) request: Request,
}

/// The result of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) result: String,
    pub(super) hit: bool,
}

impl Shop {
    pub(super) fn new() -> Self {
        Self::of(SHOP)
    }

    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let dir = project(files);
        Shop { dir, cache: tempfile::tempdir().unwrap(), request: Request::default() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn open(&self) -> Cache {
        let fingerprint = Fingerprint(Vec::new()).with_request(&self.request).unwrap();
        Cache::open(self.cache.path(), &fingerprint).unwrap()
    }

    /// Checks the repo as a scan does.
    pub(super) fn scan(&self, cache: Option<&Cache>) -> Came {
        let root = self.dir.path();
        if let Some(payload) = cache.and_then(|cache| cache.get(root)) {
            return Came { result: String::from_utf8(payload).unwrap(), hit: true };
        }
        let request = Request { targets: vec![Target::Path(root.to_owned())], ..self.request.clone() };
        let rules = Arc::new(RuleSet::load(&request.rules_dirs).unwrap());
        let recorder = cache.map(|_| Recorder::new());
        let judged = Settings::load_noted(&request, &rules, recorder.clone())
            .and_then(|settings| check_over(&request, &settings, Sources::default(), &mut |_| {}));
        let report = match judged {
            Ok(report) => report,
            Err(error) => return Came { result: format!("error: {error}"), hit: false },
        };
        let mut lines: Vec<String> = Vec::new();
        for found in &report.findings {
            let path = report.sources.file(found.span.file).path();
            lines.push(format!("{path} {}..{} {found:?}", found.span.start, found.span.end));
        }
        lines.extend(report.gaps.iter().map(|gap| format!("{gap:?}")));
        lines.push(format!("{} files, {} scripts, {:?}", report.files, report.scripts, report.taken));
        let result = lines.join("\n");
        if let (Some(cache), Some(recorder)) = (cache, recorder) {
            cache.put(root, &recorder, result.as_bytes()).unwrap();
        }
        Came { result, hit: false }
    }
}

#[test]
fn a_second_scan_takes_what_was_kept_and_parses_nothing() {
    let shop = Shop::new();
    let first = shop.scan(Some(&shop.open()));
    assert!(!first.hit);
    assert!(first.result.contains("world-writable") && first.result.contains("deploy/setup"), "{first:?}");
    assert_eq!(first.result, shop.scan(None).result);
    let parses = parses::so_far();
    assert!(parses > 0);
    let cache = shop.open();
    let second = shop.scan(Some(&cache));
    assert_eq!(second, Came { hit: true, ..first });
    assert_eq!(parses::so_far(), parses);
    assert_eq!(cache.counts(), Counts { hits: 1, misses: 0, stored: 0 });
}

#[test]
fn each_repo_has_its_own_entry() {
    let shop = Shop::new();
    let cache = shop.open();
    let first = shop.scan(Some(&cache));
    // The same files are in another directory, whose name is the project's name.
    let other = Shop { cache: tempfile::tempdir().unwrap(), ..Shop::new() };
    assert!(!other.scan(Some(&cache)).hit);
    assert!(shop.scan(Some(&cache)).hit && other.scan(Some(&cache)).hit);
    assert_eq!(cache.counts(), Counts { hits: 2, misses: 2, stored: 2 });
    assert!(first.result.contains("scripts"));
}

#[test]
fn what_the_clock_cut_short_is_not_kept() {
    let mut shop = Shop::new();
    let plain = shop.scan(None).result;
    shop.request.time = Some(Duration::from_secs(3600));
    let (whole, milliseconds) = limit::counted::run(|| shop.scan(None));
    assert_eq!(whole.result, plain);
    let mut cut_short = 0;
    for part in 0..20 {
        shop.cache = tempfile::tempdir().unwrap();
        shop.request.time = Some(Duration::from_millis(milliseconds * part / 16));
        let cache = shop.open();
        let (came, _) = limit::counted::run(|| shop.scan(Some(&cache)));
        cut_short += u64::from(came.result != plain);
        assert!(came.result == plain || cache.counts().stored == 0, "{part}");
        shop.request.time = None;
        assert_eq!(shop.scan(Some(&cache)).result, plain, "{part}");
    }
    assert!(cut_short > 3, "{cut_short} of {milliseconds} ms");
}
