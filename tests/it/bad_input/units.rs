//! Units, process files of pm2 and settings of supervisor.

use super::*;

/// Judges a repo whose script installs the files.
fn judge(script: &str, files: &[(&str, &[u8])]) -> (i32, Vec<(String, u64, String)>) {
    let mut all: Vec<(&str, &[u8])> = vec![("deploy.sh", script.as_bytes())];
    all.extend(files);
    let dir = project(&all);
    let ran = run(dir.path(), &[&["check", "deploy.sh", "good.sh"], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    // Whatever is wrong, the matrix is shown as far as possible.
    let matrix = run(dir.path(), &["services", "--format", "json"]);
    assert!(matrix.out.starts_with("{\"version\":1"), "{} {}", matrix.out, matrix.err);
    let gaps = gaps(&ran);
    assert_eq!(matrix.code, if gaps.is_empty() { 0 } else { 3 }, "{gaps:?}");
    (ran.code, gaps)
}

const PM2: &str = "#!/bin/bash\nset -e\ncd /opt/shop\nnpm ci\npm2 startOrReload ecosystem.config.js\n";

fn is_gap(found: (i32, Vec<(String, u64, String)>), file: &str, line: u64, reason: &str) {
    let (code, gaps) = found;
    let told = gaps.iter().any(|(f, at, why)| f == file && *at == line && why.contains(reason));
    assert!(told, "{gaps:?}");
    assert_eq!(code, 3);
}

#[test]
fn an_ecosystem_with_a_syntax_error() {
    let text = b"module.exports = {\n  apps: [\n    { name: 'web', script: 'app.js' \n";
    is_gap(
        judge(PM2, &[("ecosystem.config.js", text)]),
        "ecosystem.config.js",
        1,
        "not readable as JavaScript",
    );
    let text = b"apps:\n  - name: [web\n";
    let found = judge(PM2, &[("ecosystem.config.yaml", text)]);
    assert!(found.1.iter().any(|(file, ..)| file == "ecosystem.config.yaml"), "{found:?}");
    is_gap(
        judge(PM2, &[("ecosystem.config.json", b"{\"apps\": [}")]),
        "ecosystem.config.json",
        1,
        "not readable as JSON",
    );
}

#[test]
fn an_ecosystem_that_computes_its_apps() {
    let text = b"const names = require('./names');\nmodule.exports = {\n  apps: names.map((name) => ({ name })),\n};\n";
    is_gap(judge(PM2, &[("ecosystem.config.js", text)]), "ecosystem.config.js", 3, "its `apps` are computed");
    let text = b"process.env.X = 1;\n";
    is_gap(judge(PM2, &[("ecosystem.config.js", text)]), "ecosystem.config.js", 1, "it names no `apps`");
}

#[test]
fn an_ecosystem_without_end() {
    let deep = format!("module.exports = {{apps: {}}};", "[".repeat(MANY));
    let found = judge(PM2, &[("ecosystem.config.js", deep.as_bytes())]);
    assert!(found.1.iter().any(|(file, ..)| file == "ecosystem.config.js"), "{found:?}");
    // Each constant doubles the one before.
    let mut wide = String::from("const a0 = ['x', 'x'];\n");
    for i in 1..40 {
        wide.push_str(&format!("const a{i} = [a{0}, a{0}];\n", i - 1));
    }
    wide.push_str("module.exports = { apps: [{ name: 'web', script: 'app.js', args: a39 }] };\n");
    assert_eq!(judge(PM2, &[("ecosystem.config.js", wide.as_bytes())]), (0, Vec::new()));
}

#[test]
fn a_supervisor_file_with_a_broken_section() {
    let script =
        "#!/bin/bash\nset -e\ncp deploy/shop.conf /etc/supervisor/conf.d/shop.conf\nsupervisorctl update\n";
    let text = b"[program:web\ncommand=/opt/shop/web\n[program:jobs]\ncommand=/opt/shop/jobs\n";
    is_gap(judge(script, &[("deploy/shop.conf", text)]), "deploy/shop.conf", 1, "has no `]`");
    let text = b"[program:web]\ndirectory=/opt/shop\n";
    is_gap(judge(script, &[("deploy/shop.conf", text)]), "deploy/shop.conf", 1, "has no `command`");
    let text = b"[program:web]\ncommand=/opt/shop/web\nand then some\n";
    is_gap(judge(script, &[("deploy/shop.conf", text)]), "deploy/shop.conf", 3, "no `=`");
    // Settings of other programs are not read.
    assert_eq!(judge(script, &[("deploy/shop.conf", b"\0\0"), ("other.conf", b"[x\n")]), (0, Vec::new()));
}

#[test]
fn a_drop_in_for_a_unit_that_does_not_exist() {
    let script = "#!/bin/bash\nset -e\nmkdir -p /etc/systemd/system/nowhere.service.d\n\
                  printf '[Service]\\nExecStart=\\nLimitNOFILE=x\\n' > /etc/systemd/system/nowhere.service.d/a.conf\n\
                  cp deploy/web.service.d/b.conf /etc/systemd/system/web.service.d/b.conf\nsystemctl daemon-reload\n";
    let added = b"[Service]\nUser=shop\n[\n";
    assert_eq!(judge(script, &[("deploy/web.service.d/b.conf", added)]), (0, Vec::new()));
}

#[test]
fn a_template_without_instances() {
    let script = "#!/bin/bash\nset -e\ncat > /etc/systemd/system/worker@.service <<'EOF'\n[Service]\n\
                  ExecStart=/opt/shop/worker %i\nUser=shop\n[Install]\nWantedBy=multi-user.target\nEOF\n\
                  systemctl daemon-reload\nsystemctl enable worker@\nsystemctl enable --now @.service worker@@ 'worker@ 1'\n";
    assert_eq!(judge(script, &[]), (0, Vec::new()));
}

#[test]
fn a_unit_template_that_is_filled_in_with_anything() {
    let script = "#!/bin/bash\nset -e\nsed -e 's|@DIR@' -e 's' -e \"s|@X@|$(cat /etc/passwd)|\" -e 's\u{e9}a\u{e9}b\u{e9}' deploy/web.service.in \
                  > /etc/systemd/system/web.service\nenvsubst '${A' < deploy/api.service.in > /etc/systemd/system/api.service\n";
    let marks = format!("[Service]\nUser=@X@\nExecStart={}\n", "@@{{ __ ${".repeat(1000));
    let files: [(&str, &[u8]); 2] = [
        ("deploy/web.service.in", marks.as_bytes()),
        ("deploy/api.service.in", b"[Service]\nExecStart=${\xc3\xa9} $ ${A} {{\xc3\xa9}}\n"),
    ];
    let (code, gaps) = judge(script, &files);
    assert_eq!((code, gaps), (0, Vec::new()));
}
