//! Environment files, and code that reads variables.

use super::*;

/// The rule, file and line of a finding.
type Told = (String, String, u64);
/// The file, line and reason of a gap.
type Gap = (String, u64, String);

/// The findings besides those of the good script, and the gaps.
fn told(files: &[(&str, &[u8])]) -> (Vec<Told>, Vec<Gap>) {
    let dir = project(files);
    let args = ["check", "--root", ".", "good.sh", "--confidence", "low"];
    let ran = run(dir.path(), &[&args[..], &JSON[..]].concat());
    assert_eq!(ran.err, "");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let found = json["findings"].as_array().unwrap().iter();
    let found = found
        .filter(|f| f["file"] != "good.sh")
        .map(|f| (text(&f["rule"]), text(&f["file"]), f["range"]["start"]["line"].as_u64().unwrap()));
    (found.collect(), gaps(&ran))
}

/// The lines of a file for which a rule has a finding. There may be no gap.
fn lines(files: &[(&str, &[u8])], rule: &str, file: &str) -> Vec<u64> {
    let (found, gaps) = told(files);
    assert_eq!(gaps, []);
    found.into_iter().filter(|f| f.0 == rule && f.1 == file).map(|f| f.2).collect()
}

#[test]
fn every_way_to_write_a_line() {
    let sample = "\u{feff}A_ONE=1\r\nexport B_TWO='x # y'\r\nC_THREE=\"line\r\nG_SEVEN=in the quotes\"\r\nD_FOUR=a#b # c\r\nno equals\r\n=\r\n\
                  1X=\r\nE_FIVE\r\n   F_SIX = 6\r\nH_EIGHT='open\r\nA_ONE=2\r\nG_SEVEN=7\r\n";
    let code = "import os\nos.environ[\"B_TWO\"] + os.environ[\"C_THREE\"] + os.environ[\"D_FOUR\"]\nos.environ[\"G_SEVEN\"]\nos.environ[\"F_SIX\"]\n";
    let files: [(&str, &[u8]); 2] = [(".env.example", sample.as_bytes()), ("app.py", code.as_bytes())];
    // The `G_SEVEN` in quotes is not another variable.
    assert_eq!(lines(&files, "env/duplicate-key", ".env.example"), [12]);
    for text in ["", "\n", "=", "A", "A=\"", "#", "\u{feff}", "\r", "A=\\", "export", "A='\n"] {
        assert_eq!(told(&[(".env.example", text.as_bytes()), ("app.py", code.as_bytes())]).1, [], "{text:?}");
    }
}

#[test]
fn an_environment_file_that_is_no_text() {
    let code = b"import os\nos.environ[\"A_ONE\"]\n";
    for name in [".env.example", ".env"] {
        let (_, gaps) = told(&[(name, b"A_ONE=1\nB\0=2\n"), ("app.py", code)]);
        assert_eq!(
            gaps,
            [(name.to_owned(), 0, "binary, not text: it holds a NUL byte at offset 9".to_owned())]
        );
    }
    let latin = told(&[(".env.example", b"A_ONE=gr\xfc\xdfe\nA_ONE=2\n"), ("app.py", code)]);
    assert!(latin.0.contains(&("env/duplicate-key".to_owned(), ".env.example".to_owned(), 2)), "{latin:?}");
}

#[test]
fn megabytes_of_variables() {
    let code = b"import os\nos.environ[\"A_ONE\"]\n";
    let many: String = (0..(7 << 20) / 12).map(|i| format!("K{i:08}=x\n")).collect();
    let (found, gaps) = told(&[(".env.example", many.as_bytes()), ("app.py", code)]);
    assert_eq!(gaps, []);
    assert!(found.contains(&("env/undocumented".to_owned(), "app.py".to_owned(), 2)), "{found:?}");
    let one = [&b"A_ONE="[..], &b"x".repeat(7 << 20), b"\nA_ONE=2\n"].concat();
    assert_eq!(lines(&[(".env.example", &one), ("app.py", code)], "env/duplicate-key", ".env.example"), [2]);
    let (_, gaps) = told(&[(".env.example", &b"A_ONE=1\n".repeat((8 << 17) + 1)), ("app.py", code)]);
    assert!(gaps.len() == 1 && gaps[0].2.contains("larger than 8 MiB"), "{gaps:?}");
}

#[test]
fn code_that_does_not_parse_is_read_as_far_as_it_goes() {
    let sample: (&str, &[u8]) = (".env.example", b"SHOWN=1\n");
    let python =
        b"import os\nA = os.environ[\"A_ONE\"]\ndef f(:\n    return (((\nclass\nB = os.environ[\"B_TWO\"]\n";
    assert_eq!(lines(&[sample, ("app.py", python)], "env/undocumented", "app.py"), [2, 6]);
    let typescript =
        b"const a = requireEnv(\"A_ONE\");\nfunction f( { return ((;\n}}\nconst b = requireEnv(\"B_TWO\");\n";
    assert_eq!(lines(&[sample, ("app.ts", typescript)], "env/undocumented", "app.ts"), [1, 4]);
    for (name, text) in [
        ("a.py", &b"os.environ["[..]),
        ("a.py", b"os.environ[\"\0\"]"),
        ("a.py", b"os.environ[\"\xff\"]"),
        ("a.ts", b"process.env."),
        ("a.ts", b"const { = process.env"),
        ("a.tsx", b"<a b={process.env.X_Y"),
        ("a.js", b"process.env[`"),
    ] {
        assert_eq!(told(&[sample, (name, text)]).1, [], "{name}");
    }
}

#[test]
fn settings_without_end() {
    let sample: (&str, &[u8]) = (".env.example", b"SHOWN=1\n");
    let fields: String = (0..100_000).map(|i| format!("    f{i}: int\n")).collect();
    let text = format!("from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n{fields}");
    let (found, gaps) = told(&[sample, ("app.py", text.as_bytes())]);
    // Either all of it is read in time, or a gap says that it was not.
    let read = found.iter().filter(|f| f.0 == "env/undocumented").count() == 100_000;
    let late = gaps.len() == 1 && gaps[0].2 == "it takes too long to parse";
    assert!(read || late, "{} findings, {gaps:?}", found.len());
    let nested = [&b"os.environ[\"A_ONE\"]\n"[..], &b"(".repeat(MANY), b"\n"].concat();
    let (_, gaps) = told(&[sample, ("app.py", &nested)]);
    assert!(gaps.iter().all(|g| g.2.contains("too long")), "{gaps:?}");
}
