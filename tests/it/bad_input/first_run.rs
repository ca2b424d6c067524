//! Repos whose content is not all at hand. What the first run lacks is told of what is known to be missing, and of nothing
//! else.

use super::deploylint;
use crate::support::{Ran, Repo, project, ran};
use std::fs;
use std::path::Path;

/// What `check` tells of paths that are missing.
fn missing(dir: &Path) -> Vec<String> {
    let ran: Ran = ran(deploylint(dir, &["check", "--select", "steps/missing-path", "."]).output().unwrap());
    assert!(ran.code < 2, "{}", ran.err);
    let told = ran.out.lines().filter(|line| line.contains("[steps/missing-path]"));
    told.map(str::to_owned).collect()
}

/// A script that finds its repo from its own place and runs these lines there.
fn script(lines: &str) -> String {
    format!(
        "#!/bin/bash\nset -euo pipefail\nR=$(cd \"$(dirname \"$0\")\" && pwd)\n{lines}systemctl restart shop\n"
    )
}

#[test]
fn a_repo_without_git_lacks_what_its_directory_lacks() {
    let text = script("cp \"$R/deploy/shop.service\" /etc/systemd/system/shop.service\n");
    let dir = project(&[("start.sh", &text), ("deploy/other.service", "[Service]\nExecStart=/bin/true\n")]);
    let told = missing(dir.path());
    assert!(matches!(&told[..], [one] if one.contains("deploy/shop.service")), "{told:?}");
}

#[test]
fn a_shallow_clone_has_all_files_of_its_revision() {
    let Some(repo) = Repo::new() else { return };
    let text =
        script("cp \"$R/deploy/shop.conf\" /etc/shop.conf\ncp \"$R/deploy/gone.conf\" /etc/gone.conf\n");
    repo.commit("2026-01-01 12:00 +0000", "first", &[("deploy/gone.conf", "a=1\n")]);
    repo.git(&["rm", "-q", "deploy/gone.conf"]);
    repo.commit("2026-01-02 12:00 +0000", "second", &[("start.sh", &text), ("deploy/shop.conf", "a=1\n")]);
    let copy = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repo.path().display());
    repo.git_in(copy.path(), &["clone", "-q", "--depth", "1", &from, "shop"]);
    let told = missing(&copy.path().join("shop"));
    assert!(matches!(&told[..], [one] if one.contains("deploy/gone.conf")), "{told:?}");
}

#[test]
fn what_a_submodule_brings_is_not_known() {
    let modules = "[submodule \"theme\"]\n\tpath = theme\n\turl = https://git.example.com/theme.git\n";
    let text = script("cp \"$R/theme/style.conf\" /etc/style.conf\n");
    let dir = project(&[("start.sh", &text), (".gitmodules", modules)]);
    assert_eq!(missing(dir.path()), Vec::<String>::new());
}

#[test]
fn what_a_build_or_a_download_brings_is_not_missing() {
    let lines = "cd \"$R/web\"\nnpm ci\nnpm run build\ncp -r \"$R/web/dist\" /var/www/shop\n\
        cp \"$R/web/src/schema.generated.ts\" /var/www/schema.ts\ncd \"$R\"\n\
        curl -fsSLo tool.tar.gz https://example.com/tool.tar.gz\ntar xzf tool.tar.gz\n\
        install -m 0755 tool/bin/tool /usr/local/bin/tool\n";
    let package = r#"{"name": "web", "scripts": {"build": "vite build"}}"#;
    let files = [("start.sh", script(lines)), ("web/package.json", package.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let dir = project(&[&files[..], &[("web/package-lock.json", "{}\n"), (".gitignore", "dist\n")]].concat());
    assert_eq!(missing(dir.path()), Vec::<String>::new());
}

#[test]
fn links_of_the_repo_may_lead_anywhere() {
    let text = script("cp \"$R/current/shop.conf\" /etc/shop.conf\ncp \"$R/loop/x.conf\" /etc/x.conf\n");
    let dir = project(&[("start.sh", &text)]);
    for (target, link) in [("/nonexistent/releases/1", "current"), ("loop", "loop")] {
        if let Err(error) = std::os::unix::fs::symlink(target, dir.path().join(link)) {
            crate::support::skipped("links_of_the_repo_may_lead_anywhere", &error.to_string());
            return;
        }
    }
    assert_eq!(missing(dir.path()), Vec::<String>::new());
}

#[test]
fn a_name_in_other_letters_is_another_file() {
    let text = script("cp \"$R/deploy/shop.service\" /etc/systemd/system/shop.service\n");
    let dir = project(&[("start.sh", &text), ("deploy/Shop.service", "[Service]\nExecStart=/bin/true\n")]);
    let told = missing(dir.path());
    assert!(matches!(&told[..], [one] if one.contains("deploy/shop.service")), "{told:?}");
}

#[test]
fn what_another_repo_holds_is_not_known() {
    let text = "#!/bin/bash\nset -euo pipefail\napt-get update\napt-get install -y git nginx\n\
        git clone https://git.example.com/other.git /opt/other\n\
        cp /opt/other/deploy/nginx.conf /etc/nginx/conf.d/other.conf\n/opt/other/bin/setup --all\n";
    let dir = project(&[("start.sh", text), ("README.md", "# shop\n")]);
    assert_eq!(missing(dir.path()), Vec::<String>::new());
}

#[test]
fn a_script_for_a_server_that_is_there_relies_on_it() {
    let text = "#!/bin/bash\nset -euo pipefail\ncd /opt/shop\ngit pull --ff-only\n\
        sudo -u shop /opt/shop/venv/bin/pip install -r requirements.txt\n\
        . /etc/shop.env\ncp deploy/nginx.conf /etc/nginx/conf.d/shop.conf\nsystemctl restart shop\n";
    let files = [("update.sh", text), ("requirements.txt", "flask\n"), ("deploy/nginx.conf", "server {}\n")];
    assert_eq!(missing(project(&files).path()), Vec::<String>::new());
    // The same is said by the configuration of a repo whose script looks as if it set up a new server.
    let text = "#!/bin/bash\nset -euo pipefail\napt-get update\napt-get install -y git python3-venv nginx\n\
        useradd --system shop\ngit clone https://git.example.com/shop.git /opt/shop\n\
        cd /opt/shop-data\nls\ncd /\nmkdir -p /opt/shop-data\n";
    let new = project(&[("start.sh", text), ("README.md", "# shop\n")]);
    let told = missing(new.path());
    assert!(matches!(&told[..], [one] if one.contains("/opt/shop-data")), "{told:?}");
    fs::write(new.path().join("deploylint.yaml"), "server:\n  fresh: false\n").unwrap();
    assert_eq!(missing(new.path()), Vec::<String>::new());
}

#[test]
fn many_files_are_looked_up_and_not_searched() {
    let lines: String =
        (0..2000).map(|n| format!("cp \"$R/deploy/{n}.conf\" /etc/shop/{n}.conf\n")).collect();
    let dir = project(&[("start.sh", &script(&format!("mkdir -p /etc/shop\n{lines}")))]);
    fs::create_dir(dir.path().join("deploy")).unwrap();
    for n in 0..2000 {
        fs::write(dir.path().join(format!("deploy/{n}.conf")), "").unwrap();
    }
    for directory in 0..98 {
        let directory = dir.path().join(format!("assets/{directory}"));
        fs::create_dir_all(&directory).unwrap();
        for n in 0..1000 {
            fs::write(directory.join(format!("{n}.png")), "").unwrap();
        }
    }
    fs::remove_file(dir.path().join("deploy/1999.conf")).unwrap();
    let told = missing(dir.path());
    assert!(matches!(&told[..], [one] if one.contains("deploy/1999.conf")), "{told:?}");
}
