//! All scripts of a project at once: what one sources belongs to it, and what an image copies runs in a container.

use crate::finding::Gap;
use crate::limit;
use crate::project::discover::{Acts, Standing, Verdict, foreign, judge};
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::base;
use crate::source::{FileId, Sources};
use std::collections::{HashMap, HashSet};

/// A script and the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Relative to the root.
    pub(crate) path: String,
    /// The file.
    pub(crate) file: FileId,
    /// Whether it deploys.
    pub(crate) verdict: Verdict,
}

/// Reads and judges every script of the inventory. A script's own acts include those of what it sources.
/// `acts` says what a script does.
pub(crate) fn discover(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
    acts: &mut dyn FnMut(FileId, &mut Sources) -> Acts,
) -> (Vec<Candidate>, Vec<Gap>) {
    let mut gaps = Vec::new();
    let copied = copied(root, inventory, sources);
    let read = limit::part(|| read(root, inventory, sources, &mut gaps));
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (path, _)) in read.iter().enumerate() {
        by_name.entry(base(path)).or_default().push(index);
    }
    let links: Vec<Vec<usize>> =
        read.iter().map(|(path, file)| sourced(sources.file(*file).text(), path, &read, &by_name)).collect();
    let mut done: Vec<Acts> = Vec::with_capacity(read.len());
    for (path, file) in &read {
        // A script that would not be judged, whatever it does, is not read.
        done.push(if foreign(path).is_some() { Acts::default() } else { acts(*file, sources) });
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for (index, (path, file)) in read.iter().enumerate() {
        let below = reachable(index, &links).into_iter().flat_map(|below| &done[below].known);
        let standing = Standing { in_container: copied.contains(base(path)) };
        let own = &done[index];
        let known = own.known.iter().chain(below).copied().collect();
        let verdict = judge(path, Acts { known, ..*own }, standing);
        candidates.push(Candidate { path: path.clone(), file: *file, verdict });
    }
    (candidates, gaps)
}

/// The names of the scripts that images use.
fn copied(root: &Root, inventory: &Inventory, sources: &mut Sources) -> HashSet<String> {
    let mut copied = HashSet::new();
    for path in &inventory.dockerfiles {
        // A Dockerfile that cannot be read says nothing about scripts. Whoever needs it reports it.
        if let Ok(file) = root.read(path, sources) {
            copied.extend(container_scripts(sources.file(file).text()));
        }
    }
    copied
}

/// Reads the scripts.
fn read(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Vec<(String, FileId)> {
    let mut read = Vec::new();
    for (index, path) in inventory.scripts.iter().enumerate() {
        if limit::is_over() {
            let rest = inventory.scripts.len() - index;
            let reason = format!("it took too long to look at all scripts, and {rest} are left");
            gaps.push(Gap { file: String::new(), place: None, reason });
            break;
        }
        match root.read(path, sources) {
            Ok(file) => read.push((path.clone(), file)),
            // A script that would not be judged is not missed: a dangling link among an editor's hooks.
            Err(gap) if foreign(path).is_none() => gaps.push(gap),
            Err(_) => {}
        }
    }
    read
}

fn reachable(from: usize, links: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = HashMap::from([(from, ())]);
    let mut order = Vec::new();
    let mut open = links[from].clone();
    while let Some(next) = open.pop() {
        if seen.insert(next, ()).is_none() {
            order.push(next);
            open.extend(&links[next]);
        }
    }
    order.sort_unstable();
    order
}

/// The scripts that `text` sources, found by the known end of the path: for `"$DIR"/lib/db.sh` it is
/// `lib/db.sh`. `by_name` holds their places by the last part of their paths.
fn sourced(
    text: &str,
    own: &str,
    all: &[(String, FileId)],
    by_name: &HashMap<&str, Vec<usize>>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.trim().splitn(2, [' ', '\t']);
        if !matches!(words.next(), Some("source" | ".")) {
            continue;
        }
        let path = words.next().unwrap_or_default();
        let path = path.split([';', '#', '&', '|']).next().unwrap_or_default();
        let path = path.trim().replace(['"', '\''], "");
        let known = path.rsplit(['}', ')']).next().unwrap_or_default();
        // `$DIR/lib.sh`: the variable's name is not part of the path.
        let known = match known.rsplit_once('$') {
            Some((_, tail)) => tail.split_once('/').map_or("", |(_, tail)| tail),
            None => known,
        };
        let known = known.trim_start_matches(['.', '/']);
        if known.is_empty() {
            continue;
        }
        let matches =
            |path: &str| path == known || path.strip_suffix(known).is_some_and(|above| above.ends_with('/'));
        let named = by_name.get(base(known)).map_or(&[][..], Vec::as_slice);
        let mut candidates: Vec<usize> =
            named.iter().copied().filter(|i| all[*i].0 != own && matches(&all[*i].0)).collect();
        // If there are several, the nearest: the one that shares most of the path.
        candidates.sort_by_key(|i| std::cmp::Reverse(shared(&all[*i].0, own)));
        found.extend(candidates.first());
    }
    found
}

fn shared(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(x, y)| x == y).count()
}

/// The names of the scripts that a Dockerfile copies, runs or starts with,
/// <https://docs.docker.com/reference/dockerfile/>.
pub(super) fn container_scripts(dockerfile: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in dockerfile.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let words =
            line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | ',' | ';'));
        for word in words {
            let name = word.rsplit('/').next().unwrap_or(word);
            let script = name.ends_with(".sh") || name.ends_with(".bash");
            if script && !name.contains('*') && !found.iter().any(|f| f == name) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, FollowNothing};
    use crate::project::discover::of_script;
    use bumpalo::Bump;
    use std::fs;

    #[test]
    fn a_script_that_only_sources_deploys_by_what_it_sources() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("install.sh", "source \"${ROOT}\"/lib/all.sh\nmain\n"),
            ("lib/all.sh", "source \"$ROOT/lib/_system.sh\"\n. ./_colors.sh\n"),
            (
                "lib/_system.sh",
                "f() {\n sudo apt install -y nginx\n systemctl enable --now nginx\n}\nsource install.sh\n",
            ),
            ("lib/_colors.sh", "RED=1\n"),
            ("boot.sh", "pip install -r r.txt\nalembic upgrade head\n"),
            ("Dockerfile", "FROM x\n# COPY lib/_system.sh\nCOPY boot.sh /\nCMD [\"/boot.sh\"]\n"),
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = Root::open(dir.path()).unwrap();
        let mut sources = Sources::default();
        let arena = Bump::new();
        let mut acts = |file: FileId, sources: &mut Sources| {
            let text = arena.alloc_str(sources.file(file).text());
            let known = of_script(&model::build(&arena, file, "x.sh", text, &mut FollowNothing));
            Acts { known, whole: true }
        };
        let (found, gaps) = discover(&root, &Inventory::of(&root), &mut sources, &mut acts);
        assert_eq!(gaps, []);
        let by = |path: &str| found.iter().find(|c| c.path == path).unwrap();
        assert!(by("install.sh").verdict.deploys);
        assert!(!by("boot.sh").verdict.deploys);
        assert!(!by("lib/_colors.sh").verdict.deploys);
    }

    #[test]
    fn a_dockerfile_names_its_scripts() {
        let text = "COPY --chown=a:a docker/entrypoint.sh /entrypoint.sh\nRUN chmod +x /entrypoint.sh; ./build.sh\nCMD [\"/app/start.sh\"]\nCOPY *.sh /\n";
        assert_eq!(container_scripts(text), ["entrypoint.sh", "build.sh", "start.sh"]);
    }
}
