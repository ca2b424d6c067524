//! Embeds `queries/**` (every `.scm` and `.md`) as one static table, sorted by path. No logic: whether a file is a
//! good one is judged by `rules::page` and by the selector engine.

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
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("queries.rs"), table)
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
