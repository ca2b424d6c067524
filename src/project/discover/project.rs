//! All scripts of a project at once. A script that another one sources belongs to it, and a script that an image copies
//! runs in a container.

use crate::finding::Gap;
use crate::limit;
use crate::project::discover::in_turn::weigh_together;
use crate::project::discover::{Acts, Candidate, Standing, foreign, judge, name_bonus};
use crate::project::sequences::numbers::of_numbers;
use crate::project::sequences::{Names, Sequence};
use crate::repo::files::Root;
use crate::repo::inventory::Inventory;
use crate::repo::names::base;
use crate::source::{FileId, Sources};
use crate::tools::acts::Act;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The scripts of a project.
#[derive(Debug, Default)]
pub(crate) struct Discovered {
    /// Those that are wanted, each with the verdict on it.
    pub(crate) candidates: Vec<Candidate>,
    /// What could not be read.
    pub(crate) gaps: Vec<Gap>,
    /// The scripts that run in turn, as scripts and their numbers say.
    pub(crate) sequences: Vec<Sequence>,
}

/// Reads and judges every script of the inventory that is `wanted`, by its path. `acts` says what a script does by itself;
/// what it sources counts too, and so does what runs in turn with it. `called` holds the sequences that other files say. If
/// the time is over, a gap says how many scripts are left.
pub(crate) fn discover(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
    wanted: &dyn Fn(&str) -> bool,
    called: &[Sequence],
    acts: &mut dyn FnMut(FileId, &mut Sources) -> Acts,
) -> Discovered {
    let mut gaps = Vec::new();
    let copied = copied(root, inventory, sources);
    let judged = |path: &str| wanted(path) && foreign(path).is_none();
    let (read, unread) = limit::part(|| read(root, inventory, sources, &judged, &mut gaps));
    let links = links(sources, &read);
    let own = (0..read.len()).filter(|index| judged(&read[*index].0));
    let parts: Vec<(usize, Vec<usize>)> = own.map(|index| (index, reachable(index, &links))).collect();
    // A script that would not be judged, whatever it does, counts only if another one sources it.
    let all: BTreeSet<usize> =
        parts.iter().flat_map(|(own, below)| below.iter().chain([own])).copied().collect();
    let mut order: Vec<usize> = all.into_iter().collect();
    // If there is not enough time for all, those that are most likely to deploy come first.
    order.sort_by_key(|index| std::cmp::Reverse(name_bonus(&read[*index].0)));
    let mut done: HashMap<usize, Acts> = HashMap::new();
    limit::part(|| {
        for index in order.iter().take_while(|_| !limit::is_over()) {
            done.insert(*index, acts(read[*index].1, sources));
        }
    });
    let left = unread + order.len() - done.len();
    if left > 0 {
        let reason = format!("it took too long to look at all scripts, and {left} are left");
        gaps.push(Gap { file: String::new(), place: None, reason });
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut known: Vec<BTreeSet<Act>> = Vec::new();
    for (index, below) in parts {
        let (path, file) = &read[index];
        let Some(own) = done.get(&index) else { continue };
        let below = below.iter().filter_map(|below| done.get(below));
        let acts: BTreeSet<Act> = below.flat_map(|acts| &acts.known).chain(&own.known).copied().collect();
        let standing = Standing { in_container: copied.contains(base(path)) };
        known.push(acts.clone());
        let verdict = judge(path, Acts { known: acts, whole: own.whole, ..Acts::default() }, standing);
        candidates.push(Candidate { path: path.clone(), file: *file, verdict });
    }
    let names = Names::of(&inventory.scripts);
    let mut by_index: Vec<(&usize, &Acts)> = done.iter().collect();
    by_index.sort_unstable_by_key(|(index, _)| **index);
    let of_scripts =
        by_index.into_iter().flat_map(|(index, acts)| acts.calls.sequences(&names, &read[*index].0));
    let mut sequences: Vec<Sequence> = of_scripts.collect();
    sequences.extend(of_numbers(inventory.scripts.iter().map(String::as_str)));
    weigh_together(&mut candidates, &known, called);
    weigh_together(&mut candidates, &known, &sequences);
    Discovered { candidates, gaps, sequences }
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

/// Reads the scripts. The number says how many are left because the time was over.
fn read(
    root: &Root,
    inventory: &Inventory,
    sources: &mut Sources,
    judged: &dyn Fn(&str) -> bool,
    gaps: &mut Vec<Gap>,
) -> (Vec<(String, FileId)>, usize) {
    let mut read = Vec::new();
    for (index, path) in inventory.scripts.iter().enumerate() {
        if limit::is_over() {
            return (read, inventory.scripts.len() - index);
        }
        match root.read(path, sources) {
            Ok(file) => read.push((path.clone(), file)),
            // A script that would not be judged is not missed: a dangling link among an editor's hooks.
            Err(gap) if judged(path) => gaps.push(gap),
            Err(_) => {}
        }
    }
    (read, 0)
}

/// For each script, the scripts that it sources.
fn links(sources: &Sources, read: &[(String, FileId)]) -> Vec<Vec<usize>> {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (path, _)) in read.iter().enumerate() {
        by_name.entry(base(path)).or_default().push(index);
    }
    let of = |(path, file): &(String, FileId)| sourced(sources.file(*file).text(), path, read, &by_name);
    read.iter().map(of).collect()
}

/// What a script sources, and what that sources.
fn reachable(from: usize, links: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = HashSet::from([from]);
    let mut order = Vec::new();
    let mut open = links[from].clone();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
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
            let name = base(word);
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
    use crate::support::project;
    use bumpalo::Bump;

    #[test]
    fn a_script_that_only_sources_deploys_by_what_it_sources() {
        let dir = project(&[
            ("install.sh", "source \"${ROOT}\"/lib/all.sh\nmain\n"),
            ("lib/all.sh", "source \"$ROOT/lib/_system.sh\"\n. ./_colors.sh\n"),
            (
                "lib/_system.sh",
                "f() {\n sudo apt install -y nginx\n systemctl enable --now nginx\n}\nsource install.sh\n",
            ),
            ("lib/_colors.sh", "RED=1\n"),
            ("boot.sh", "pip install -r r.txt\nalembic upgrade head\n"),
            ("Dockerfile", "FROM x\n# COPY lib/_system.sh\nCOPY boot.sh /\nCMD [\"/boot.sh\"]\n"),
        ]);
        let (found, gaps, links) = discovered(dir.path(), |_| true);
        assert_eq!(gaps, []);
        let deploys = |path: &str| found.iter().find(|c| c.path == path).unwrap().verdict.deploys;
        assert!(deploys("install.sh") && deploys("lib/_system.sh"));
        assert!(!deploys("boot.sh") && !deploys("lib/_colors.sh"));
        assert_eq!(links["lib/all.sh"], ["lib/_colors.sh", "lib/_system.sh"]);
        assert_eq!(links["install.sh"], ["lib/all.sh"]);
    }

    /// The candidates below a directory, the gaps, and what each script sources.
    fn discovered(
        dir: &std::path::Path,
        wanted: fn(&str) -> bool,
    ) -> (Vec<Candidate>, Vec<Gap>, HashMap<String, Vec<String>>) {
        let root = Root::open(dir).unwrap();
        let mut sources = Sources::default();
        let arena = Bump::new();
        let mut acts = |file: FileId, sources: &mut Sources| {
            limit::counted::work(100);
            let text = arena.alloc_str(sources.file(file).text());
            let known = of_script(&model::build(&arena, file, "x.sh", text, &mut FollowNothing));
            Acts { known, whole: true, ..Acts::default() }
        };
        let inventory = Inventory::of(&root);
        let Discovered { candidates: found, gaps, .. } =
            discover(&root, &inventory, &mut sources, &wanted, &[], &mut acts);
        let (read, _) = read(&root, &inventory, &mut sources, &wanted, &mut Vec::new());
        let links = links(&sources, &read).into_iter().enumerate().map(|(index, mut below)| {
            below.sort_unstable();
            (read[index].0.clone(), below.into_iter().map(|below| read[below].0.clone()).collect())
        });
        (found, gaps, links.collect())
    }

    #[test]
    fn what_a_pipeline_shares_with_a_deploy_counts_for_the_deploy() {
        let text = "apt-get install -y nginx\nuseradd shop\n";
        let dir =
            project(&[("install.sh", ". \"$HERE/ci/all.sh\"\n"), ("ci/all.sh", text), ("ci/run.sh", text)]);
        let (found, _, _) = discovered(dir.path(), |_| true);
        assert_eq!(found.len(), 1);
        assert!(found[0].path == "install.sh" && found[0].verdict.deploys, "{found:?}");
    }

    #[test]
    fn only_what_is_wanted_is_judged() {
        let text = "apt-get install -y nginx\nuseradd shop\n";
        let dir = project(&[("a/install.sh", ". ../lib.sh\n"), ("lib.sh", text), ("b/install.sh", text)]);
        let (found, _, _) = discovered(dir.path(), |path| path.starts_with("a/"));
        assert_eq!(found.len(), 1);
        assert!(found[0].path == "a/install.sh" && found[0].verdict.deploys, "{found:?}");
    }

    #[test]
    fn what_there_was_no_time_for_is_counted_and_does_not_deploy() {
        let names: Vec<String> = (0..30).map(|n| format!("{n:02}.sh")).collect();
        let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "true\n")).collect();
        files.push(("zz/deploy.sh", "apt-get install -y nginx\nuseradd shop\n"));
        let dir = project(&files);
        let time = Some(std::time::Duration::from_secs(1));
        let within = || limit::within(time, || discovered(dir.path(), |_| true));
        let ((found, gaps, _), _) = limit::counted::run(within);
        let deploying: Vec<&str> =
            found.iter().filter(|c| c.verdict.deploys).map(|c| c.path.as_str()).collect();
        assert_eq!(deploying, ["zz/deploy.sh"]);
        assert!((5..20).contains(&found.len()), "{}", found.len());
        let reason = format!("it took too long to look at all scripts, and {} are left", 31 - found.len());
        assert_eq!(gaps.iter().map(|gap| &gap.reason).collect::<Vec<_>>(), [&reason]);
    }

    #[test]
    fn a_dockerfile_names_its_scripts() {
        let text = "COPY --chown=a:a docker/entrypoint.sh /entrypoint.sh\nRUN chmod +x /entrypoint.sh; ./build.sh\nCMD [\"/app/start.sh\"]\nCOPY *.sh /\n";
        assert_eq!(container_scripts(text), ["entrypoint.sh", "build.sh", "start.sh"]);
    }
}
