use super::*;
use std::io::Cursor;

/// Makes a directory with these entries; a name that ends in `/` is a directory.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let path = dir.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }
    dir
}

/// The names of the repos that are found, without that of the directory, and the texts of faults.
fn found(dir: &Path, given: Given) -> Vec<String> {
    let top = dir.to_str().unwrap();
    let cut = |text: String| text.replace(top, "").trim_start_matches('/').to_owned();
    let text = |found: Result<Repo, CheckError>| match found {
        Ok(repo) => repo.name,
        Err(error) => format!("! {error}"),
    };
    Repos::of(given).map(text).map(cut).collect()
}

fn below(dir: &tempfile::TempDir, paths: &[&str]) -> Vec<String> {
    let paths = paths.iter().map(|path| dir.path().join(path)).collect();
    found(dir.path(), Given::Paths(paths))
}

#[test]
fn a_repo_is_taken_as_it_is_and_a_folder_for_what_is_in_it() {
    let dir = tree(&[
        "checkouts/b/.git/",
        "checkouts/a/.git/",
        "checkouts/a/vendor/x/.git/",
        "checkouts/team/c/start.sh",
        "checkouts/team/d/docker-compose.yaml",
        "checkouts/empty/",
        "checkouts/notes/todo.txt",
    ]);
    assert_eq!(below(&dir, &["checkouts/a"]), ["checkouts/a"]);
    let all = ["checkouts/a", "checkouts/b", "checkouts/team/c", "checkouts/team/d"];
    assert_eq!(below(&dir, &["checkouts"]), all);
    // A slash at the end makes no difference.
    assert_eq!(below(&dir, &["checkouts/"]).len(), 4);
}

#[test]
fn a_script_beside_the_checkouts_does_not_make_a_repo_of_them() {
    let dir = tree(&["work/pull-all.sh", "work/README.md", "work/a/.git/", "work/b/.git/"]);
    assert_eq!(below(&dir, &["work"]), ["work/a", "work/b"]);
}

#[test]
fn a_project_without_git_is_one_repo() {
    let dir = tree(&["shop/README.md", "shop/backend/pyproject.toml", "shop/frontend/package.json"]);
    assert_eq!(below(&dir, &["shop"]), ["shop"]);
    assert_eq!(below(&dir, &["."]), ["./shop"]);
}

#[test]
fn a_folder_that_shows_nothing_is_meant_itself_if_it_holds_files() {
    let dir = tree(&[
        "plain/data.txt", "empty/", "deep/1/2/3/4/5/6/7/start.sh", "bare/HEAD", "bare/objects/", "bare/refs/",
    ]);
    assert_eq!(below(&dir, &["plain"]), ["plain"]);
    assert_eq!(below(&dir, &["empty"]), ["! /empty: there is no repo in it"]);
    assert_eq!(below(&dir, &["deep"]), ["! /deep: there is no repo in it"]);
    assert_eq!(below(&dir, &["bare"]), ["! /bare: a bare repository, which has no files to check"]);
    assert_eq!(below(&dir, &["gone"]), ["! /gone: there is no such file or directory"]);
    assert_eq!(below(&dir, &["plain/data.txt"]), ["! /plain/data.txt: it is not a directory"]);
}

#[test]
fn what_is_hidden_ignored_or_made_by_others_is_passed_over() {
    let dir = tree(&["w/.cache/a/.git/", "w/old/b/.git/", "w/node_modules/c/package.json", "w/d/.git/"]);
    fs::write(dir.path().join("w/.ignore"), "/old\n").unwrap();
    assert_eq!(below(&dir, &["w"]), ["w/d"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_nothing_is_entered_twice() {
    let dir = tree(&["w/a/.git/", "w/team/b/.git/", "other/c/.git/"]);
    std::os::unix::fs::symlink("../other", dir.path().join("w/link")).unwrap();
    std::os::unix::fs::symlink("..", dir.path().join("w/team/up")).unwrap();
    assert_eq!(below(&dir, &["w"]), ["w/a", "w/team/b"]);
    assert_eq!(below(&dir, &["w/team", "w", "w/a", "w"]), ["w/team/b", "w/a"]);
    // If a link is named, its target is meant.
    assert_eq!(below(&dir, &["w/link", "other/c"]), ["w/link/c"]);
}

#[test]
fn patterns_name_directories() {
    let dir = tree(&[
        "w/a-shop/.git/", "w/b-shop/.git/", "w/c/.git/", "w/notes-shop", "w/.hidden-shop/.git/",
        "w/odd[1]/.git/",
    ]);
    assert_eq!(below(&dir, &["w/*-shop"]), ["w/a-shop", "w/b-shop"]);
    assert_eq!(below(&dir, &["*"]).len(), 4);
    assert_eq!(below(&dir, &["w/odd[1]"]), ["w/odd[1]"]);
    assert!(below(&dir, &["w/x*"])[0].ends_with("w/x*` matches no directory"));
    assert!(below(&dir, &["w/[*"])[0].contains("is not a valid pattern"));
}

#[test]
fn lines_are_taken_as_they_are() {
    let dir = tree(&["a/.git/", "b/"]);
    let top = dir.path().display();
    let text = format!("{top}/b\n\n{top}/gone\r\n{top}/a\n{top}/./a\n{top}/gone");
    // A path that does not exist becomes a record that says so.
    assert_eq!(found(dir.path(), Given::Lines(Box::new(Cursor::new(text)))), ["b", "gone", "a"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_is_written_out() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tree(&[]);
    let path = dir.path().join(std::ffi::OsStr::from_bytes(b"w/\xff\\"));
    fs::create_dir_all(path.join(".git")).unwrap();
    assert_eq!(below(&dir, &["w"]), ["w/\\xFF\\\\"]);
}

#[test]
fn a_large_folder_is_read_once_and_comes_in_order() {
    let names: Vec<String> = (0..500).map(|n| format!("w/{:03}/.git/", n * 7 % 500)).collect();
    let dir = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let found = below(&dir, &["w"]);
    assert_eq!(found, (0..500).map(|n| format!("w/{n:03}")).collect::<Vec<_>>());
}
