//! Embeds `queries/**` (every `.scm` and `.md`) as one static table, sorted by path. Makes an id for each page, with what
//! its front matter says. `rules::page` and the query engine judge whether a file is valid.
//!
//! If `src/rules/<family>/<rule>.rs` has a page, it is a rule, and its `fn <rule>` judges. If there is a query file too,
//! its `WORDING` words what the query finds. So a new rule is its page and its file: the modules and the list of rules are
//! written here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=queries");
    println!("cargo::rerun-if-changed=src/rules");
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
    fs::write(out.join("ids.rs"), ids(&files)?)?;
    let is_page = |file: &&PathBuf| file.extension().is_some_and(|e| e == "md");
    let mut families: Vec<&Path> = files.iter().filter(is_page).filter_map(|file| file.parent()).collect();
    families.dedup();
    for family in families.iter().filter_map(|family| family.strip_prefix("queries").ok()?.to_str()) {
        fs::write(out.join(format!("rules_{family}.rs")), rules(family)?)?;
    }
    Ok(())
}

/// The modules of the rules of a family that are written in Rust, and their list.
fn rules(family: &str) -> io::Result<String> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("src/rules").join(family);
    let mut modules = String::new();
    let (mut list, mut wordings) = (String::new(), String::new());
    let mut stems: Vec<String> = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let stem = path.file_stem().filter(|_| path.extension().is_some_and(|e| e == "rs"));
            stems.extend(stem.map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    stems.sort();
    for stem in stems {
        let page = Path::new("queries").join(family).join(stem.replace('_', "-"));
        if !page.with_extension("md").is_file() {
            continue;
        }
        let file = folder.join(&stem).with_extension("rs");
        let _ = writeln!(modules, "#[path = {:?}]\nmod {stem};", file.to_string_lossy());
        let id = format!("crate::rules::id::{}", format!("{family}_{stem}").to_uppercase());
        // If there is a query file, the module words what the query finds, and does not judge.
        let _ = match page.with_extension("scm").is_file() {
            true => writeln!(wordings, "    ({id}, {stem}::WORDING),"),
            false => writeln!(list, "    (&[{id}], {stem}::{stem}),"),
        };
    }
    Ok(format!(
        "{modules}
/// The rules of this family that are written in Rust.
pub(super) const RULES: &[crate::rules::Entry] = &[
{list}];
/// How the query files of this family are worded, where their pages do not say it.
pub(super) const WORDINGS: &[crate::rules::queries::Worded] = &[
{wordings}];
"
    ))
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
    // They are sorted as names, which differs from the order of paths.
    pages.sort();
    let mut table = format!("pub(super) static ABOUT: [About; {}] = [\n", pages.len());
    let (mut constants, mut all) = (String::new(), String::new());
    for (index, (name, text)) in pages.iter().enumerate() {
        let value = |key: &str| {
            let lines = text.lines().skip(1).take_while(|line| *line != "---");
            let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            values.next().unwrap_or_default().trim().trim_matches('"')
        };
        let word = |key: &str| {
            let mut word = value(key).to_owned();
            word.get_mut(..1).map(str::make_ascii_uppercase);
            word
        };
        let text = |key: &str| match value(key) {
            "" => "None".to_owned(),
            text => format!("Some(Cow::Borrowed({text:?}))"),
        };
        let fix = match value("fix") {
            "none" => "None".to_owned(),
            _ => format!("Some(Applicability::{})", word("fix")),
        };
        let _ = writeln!(
            table,
            "    About {{ name: Cow::Borrowed({name:?}), title: Cow::Borrowed({:?}), \
             severity: Severity::{}, confidence: Confidence::{}, fix: {fix}, review: {}, first_run: {}, message: {}, help: {}, other: {} }},",
            value("title"),
            word("severity"),
            word("confidence"),
            text("review"),
            value("first-run") == "true",
            text("message"),
            text("help"),
            text("other"),
        );
        let constant = name.to_uppercase().replace(['/', '-'], "_");
        let _ = writeln!(
            constants,
            "/// `{name}`\npub(crate) const {constant}: RuleId = RuleId::built_in(&ABOUT[{index}]);"
        );
        let _ = writeln!(all, "    {constant},");
    }
    table.push_str("];\n");
    Ok(format!("{table}{constants}static ALL: [RuleId; {}] = [\n{all}];\n", pages.len()))
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
