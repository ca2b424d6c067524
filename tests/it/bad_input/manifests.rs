//! Manifests and lockfiles.

use super::*;

/// A script that prepares a machine and runs gunicorn. gunicorn is reported as missing only if the requirements were read.
const DEPLOY: &str = "#!/bin/bash
set -euo pipefail
apt-get update
apt-get install -y python3-venv nginx git
git -C /opt/shop pull --ff-only
cd /opt/shop
/opt/shop/venv/bin/pip install -r requirements.txt
/opt/shop/venv/bin/gunicorn --daemon shop:app
";

/// The findings in `deploy.sh` beside these files, as `rule: message`, and what was not analysed.
fn judge(files: &[(&str, &[u8])]) -> (Vec<String>, Vec<(String, u64, String)>) {
    let all = [&[("deploy.sh", DEPLOY.as_bytes())], files].concat();
    let dir = project(&all);
    let ran = run(dir.path(), &[&["check", "deploy.sh", "good.sh"], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap().iter();
    let told = findings.map(|f| format!("{}: {}", text(&f["rule"]), text(&f["message"]))).collect();
    (told, gaps(&ran))
}

/// Checks that a finding of `rule` contains the words.
fn tells(told: &[String], rule: &str, words: &str) -> bool {
    told.iter().any(|line| line.starts_with(rule) && line.contains(words))
}

const MISSING: &str = "steps/missing-program: ";

#[test]
fn a_pyproject_that_is_not_toml() {
    let (told, gaps) = judge(&[
        ("requirements.txt", b"flask\n"),
        ("pyproject.toml", b"[project]\nname = \n\ndependencies = [\"a\"]\n"),
    ]);
    let [(file, line, reason)] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((file.as_str(), *line), ("pyproject.toml", 2));
    assert!(reason.starts_with("not readable as TOML"), "{reason}");
    // It is not known what it would have declared.
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn a_pipfile_with_the_same_key_twice() {
    let (_, gaps) = judge(&[("Pipfile", b"[packages]\nflask = \"*\"\nflask = \"==2\"\n")]);
    let [(file, line, reason)] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((file.as_str(), *line), ("Pipfile", 3));
    assert!(reason.contains("duplicate key"), "{reason}");
}

#[test]
fn a_package_json_with_a_byte_order_mark_and_one_with_comments() {
    let build = "npm ci --omit=dev\nnpm run build\n";
    let package = "{\n  \"name\": \"shop\", // it sells\n  \"scripts\": {\"build\": \"vite build\"},\n  \"devDependencies\": {\"vite\": \"7\"}\n}\n";
    for (text, told) in [
        (format!("\u{feff}{}", package.replace(" // it sells", "")), &[][..]),
        (package.to_owned(), &[("package.json", 2)]),
        (package.replace(" // it sells", "").replace("\"7\"}\n", "\"7\"},\n"), &[("package.json", 5)]),
    ] {
        let dir = project(&[
            ("deploy.sh", format!("{DEPLOY}{build}").as_bytes()),
            ("requirements.txt", b"gunicorn\n"),
            ("package.json", text.as_bytes()),
        ]);
        let ran = run(dir.path(), &[&["check", "deploy.sh", "good.sh"], &JSON[..]].concat());
        let gaps = gaps(&ran);
        let places: Vec<(&str, u64)> = gaps.iter().map(|(file, line, _)| (file.as_str(), *line)).collect();
        assert_eq!(places, told, "{text}");
        assert!(gaps.iter().all(|(.., reason)| reason.starts_with("npm stops here")), "{gaps:?}");
        // It is read nevertheless.
        assert!(ran.out.contains("calls `vite` (package.json)"), "{}", ran.out);
    }
    let (_, gaps) = judge(&[("package.json", b"{\"name\": \"shop\"")]);
    assert!(matches!(&gaps[..], [(_, 1, reason)] if reason.starts_with("not readable as JSON")), "{gaps:?}");
}

#[test]
fn requirements_that_take_in_each_other() {
    let (told, gaps) = judge(&[
        ("requirements.txt", b"-r base.in\n-r requirements.txt\n"),
        ("base.in", b"-r other.in\n-c bounds.txt\nflask\n"),
        ("other.in", b"-r base.in\n-r requirements.txt\n"),
        ("bounds.txt", b"-c bounds.txt\n-r requirements.txt\ngunicorn==1\n"),
    ]);
    assert_eq!(gaps, []);
    assert!(tells(&told, MISSING, "`gunicorn`"), "{told:?}");
}

#[test]
fn requirements_that_lead_out_of_the_root_or_nowhere() {
    let (told, gaps) = judge(&[(
        "requirements.txt",
        b"flask\n-r ../../../etc/passwd\n-r /etc/hostname\n-r gone.txt\n-c /etc/passwd\n",
    )]);
    let [outside, absolute, gone] = &gaps[..] else { panic!("{gaps:?}") };
    for (gap, line, reason) in
        [(outside, 2, "outside the project"), (absolute, 3, "/etc/hostname"), (gone, 4, "no such file")]
    {
        assert_eq!((gap.0.as_str(), gap.1), ("requirements.txt", line));
        assert!(gap.2.contains(reason), "{gap:?}");
    }
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn a_hundred_thousand_requirements() {
    let mut text: String = (0..100_000).map(|n| format!("package-{n}==1.{n}\n")).collect();
    let (told, gaps) = judge(&[("requirements.txt", text.as_bytes())]);
    assert_eq!(gaps, []);
    assert!(tells(&told, MISSING, "`gunicorn`"), "{}", told.len());
    text.push_str("gunicorn\n");
    let (told, _) = judge(&[("requirements.txt", text.as_bytes())]);
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn a_chain_of_files_that_take_in_the_next() {
    let names: Vec<String> = (0..2_000).map(|n| format!("r/{n}.in")).collect();
    let texts: Vec<String> = (0..2_000).map(|n| format!("-r {}.in\n", n + 1)).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    files.push(("r/2000.in", b"gunicorn\n"));
    files.push(("requirements.txt", b"-r r/0.in\n"));
    let (told, gaps) = judge(&files);
    assert_eq!(gaps, []);
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn a_workspace_that_is_everything() {
    for pattern in ["**", "*", "**/**/**/**/**", "[", "../**", "/"] {
        let top = format!("{{\"workspaces\": [\"{pattern}\"], \"dependencies\": {{\"a\": \"1\"}}}}");
        let (_, gaps) = judge(&[
            ("requirements.txt", b"gunicorn\n"),
            ("package.json", top.as_bytes()),
            ("web/package.json", b"{\"scripts\": {\"build\": \"vite build\"}}"),
        ]);
        assert_eq!(gaps, [], "{pattern}");
    }
    let many = format!("{{\"workspaces\": [{}\"a\"]}}", "\"*/*\",".repeat(10_000));
    let (_, gaps) = judge(&[
        ("requirements.txt", b"gunicorn\n"),
        ("package.json", many.as_bytes()),
        ("w/package.json", b"{}"),
    ]);
    assert_eq!(gaps, []);
}

#[test]
fn requirements_that_are_not_utf_8() {
    let (told, gaps) = judge(&[("requirements.txt", b"# f\xfcr den Laden\nflask\n")]);
    assert!(
        matches!(&gaps[..], [(file, 1, reason)] if file == "requirements.txt" && reason.contains("not UTF-8")),
        "{gaps:?}"
    );
    // The names are ASCII, so the rest was read.
    assert!(tells(&told, MISSING, "`gunicorn`"), "{told:?}");
    // In PowerShell, `pip freeze >` writes UTF-16.
    let wide: Vec<u8> = "\u{feff}flask\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (told, gaps) = judge(&[("requirements.txt", &wide)]);
    assert!(
        matches!(&gaps[..], [(file, _, reason)] if file == "requirements.txt" && reason.contains("binary")),
        "{gaps:?}"
    );
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn a_lockfile_that_is_too_large() {
    let mut lock = b"version = 1\n\n[[package]]\nname = \"flask\"\n".to_vec();
    lock.resize(9 << 20, b'#');
    let (told, gaps) = judge(&[
        ("requirements.txt", b"flask\n"),
        ("pyproject.toml", b"[project]\nname = \"shop\"\ndependencies = [\"flask\"]\n"),
        ("uv.lock", &lock),
    ]);
    assert!(
        matches!(&gaps[..], [(file, _, reason)] if file == "uv.lock" && reason.contains("larger than 8 MiB")),
        "{gaps:?}"
    );
    // It may contain what nobody declared.
    assert!(!tells(&told, MISSING, ""), "{told:?}");
}

#[test]
fn what_is_nested_too_deep() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(MANY), close.repeat(MANY));
    let toml = format!("a = {}\n", deep("[", "]"));
    let json = deep("[", "]");
    let python = format!("setup(install_requires={})\n", deep("[", "]"));
    for (name, text) in [
        ("pyproject.toml", &toml),
        ("Cargo.toml", &toml),
        ("package.json", &json),
        ("composer.json", &json),
        ("Pipfile.lock", &json),
    ] {
        let (_, gaps) = judge(&[("requirements.txt", b"gunicorn\n"), (name, text.as_bytes())]);
        // A lockfile without its Pipfile is not read.
        assert_eq!(gaps.len(), usize::from(name != "Pipfile.lock"), "{name}: {gaps:?}");
    }
    // Code that is not a plain list is not read, however deep it is.
    let (_, gaps) = judge(&[("requirements.txt", b"gunicorn\n"), ("setup.py", python.as_bytes())]);
    assert_eq!(gaps, []);
}
