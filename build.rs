//! Embeds `queries/**` (every `.scm` and `.md`) as one static table, sorted by path, and makes an id of each page, with
//! what its front matter says. Whether a file is a good one is judged by `rules::page` and by the selector engine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=queries");
    let mut files = Vec::new();
    collect(Path::new("queries"), &mut files)?;
    files.sort();
    let mut table = String::from("pub(super) static QUERIES: &[(&str, &str)] = &[\n");
    for file in &files {
        let path = file.to_string_lossy().replace('\\', "/");
        let name = path.trim_start_matches("queries/");
        let _ = writeln!(
            table,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {path:?}))),"
        );
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?);
    fs::write(out.join("queries.rs"), table)?;
    fs::write(out.join("ids.rs"), ids(&files)?)
}

/// A table of what the pages' front matter says, and a constant for each page.
fn ids(files: &[PathBuf]) -> io::Result<String> {
    let mut pages = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let name = file.with_extension("").to_string_lossy().replace('\\', "/");
        let name = name.trim_start_matches("queries/").to_owned();
        if name.contains('/') {
            pages.push((name, fs::read_to_string(file)?));
        }
    }
    // As names compare, which is not how paths do.
    pages.sort();
    let mut table = format!("pub(super) static ABOUT: [About; {}] = [\n", pages.len());
    let mut constants = String::new();
    for (index, (name, text)) in pages.iter().enumerate() {
        let value = |key: &str| {
            let lines = text.lines().skip(1).take_while(|line| *line != "---");
            let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            values.next().unwrap_or_default().trim()
        };
        let word = |key: &str| {
            let mut word = value(key).to_owned();
            word.get_mut(..1).map(str::make_ascii_uppercase);
            word
        };
        let fix = match value("fix") {
            "none" => "None".to_owned(),
            _ => format!("Some(Applicability::{})", word("fix")),
        };
        let _ = writeln!(
            table,
            "    About {{ name: Cow::Borrowed({name:?}), title: Cow::Borrowed({:?}), \
             severity: Severity::{}, confidence: Confidence::{}, fix: {fix} }},",
            value("title"),
            word("severity"),
            word("confidence"),
        );
        let constant = name.to_uppercase().replace(['/', '-'], "_");
        let _ = writeln!(
            constants,
            "/// `{name}`\npub(crate) const {constant}: RuleId = RuleId::built_in(&ABOUT[{index}]);"
        );
    }
    table.push_str("];\n");
    Ok(table + &constants)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "scm" || e == "md") {
            files.push(path);
        }
    }
    Ok(())
}
