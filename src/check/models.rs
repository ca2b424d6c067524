//! The models of a repo's scripts, each built once. Discovery asks them what the scripts do, and those that
//! deploy are judged by the same models.

use super::isolate::{self, Script};
use crate::finding::Gap;
use crate::limit;
use crate::model::{self, Deployment, Follow, ScriptText};
use crate::project::discover::{self, Acts};
use crate::project::sequences::of_steps;
use crate::repo::files::Root;
use crate::source::{FileId, Sources, Span};
use bumpalo::Bump;
use std::collections::HashMap;

/// How many gaps of one script are reported one by one.
const GAPS: usize = 100;

/// The models that were built and not yet taken.
pub(super) struct Models<'r, 'a> {
    root: &'r Root,
    arena: &'a Bump,
    built: HashMap<FileId, Built<'a>>,
}

/// The result of building a model.
pub(super) struct Built<'a> {
    /// What it was built from.
    pub(super) script: Script<'a>,
    /// The model; absent if building failed whatever was left out.
    pub(super) deployment: Option<Deployment<'a>>,
    /// What could not be analysed.
    pub(super) gaps: Vec<Gap>,
    /// True if something was left out because the model failed on it or a limit cut the work short. A text that does not
    /// parse is left out of nothing: what it does cannot be known.
    is_cut: bool,
}

impl Built<'_> {
    /// What the script does for a deploy. What was left out may do anything.
    fn acts(&self, sources: &Sources) -> Acts {
        let known = self.deployment.as_ref().map(discover::of_script).unwrap_or_default();
        let calls = self.deployment.as_ref().map(|script| of_steps(script, sources)).unwrap_or_default();
        Acts { known, whole: !self.is_cut, calls }
    }
}

impl<'r, 'a> Models<'r, 'a> {
    /// The models of the scripts below a root; their texts are kept in the arena.
    pub(super) fn new(root: &'r Root, arena: &'a Bump) -> Self {
        Models { root, arena, built: HashMap::new() }
    }

    /// The root that contains the scripts.
    pub(super) fn root(&self) -> &'r Root {
        self.root
    }

    /// What a script does for a deploy.
    pub(super) fn acts(&mut self, file: FileId, sources: &mut Sources) -> Acts {
        let (root, arena) = (self.root, self.arena);
        let built = self.built.entry(file).or_insert_with(|| build(root, arena, file, sources));
        built.acts(sources)
    }

    /// The model of scripts that run in turn; absent if building failed.
    pub(super) fn in_turn(
        &self,
        first: &Script<'a>,
        others: &[&Script<'a>],
        sources: &mut Sources,
    ) -> Option<Deployment<'a>> {
        let left_out: Vec<Span> = std::iter::once(first)
            .chain(others.iter().copied())
            .flat_map(|script| &script.left_out)
            .copied()
            .collect();
        let others: Vec<ScriptText<'_, 'a>> = others.iter().map(|script| script.text()).collect();
        let mut follow = InRoot { root: self.root, sources, gaps: Vec::new() };
        let built =
            limit::piece(|| model::build_in_turn(self.arena, first.text(), &others, &mut follow, &left_out));
        built.ok()
    }

    /// Forgets the models of all other scripts.
    pub(super) fn retain(&mut self, files: &[FileId]) {
        self.built.retain(|file, _| files.contains(file));
    }

    /// The model of a script, for the rules.
    pub(super) fn take(&mut self, file: FileId, sources: &mut Sources) -> Built<'a> {
        self.built.remove(&file).unwrap_or_else(|| build(self.root, self.arena, file, sources))
    }
}

fn build<'a>(root: &Root, arena: &'a Bump, file: FileId, sources: &mut Sources) -> Built<'a> {
    let mut script = Script {
        file,
        path: sources.file(file).path().to_owned(),
        text: arena.alloc_str(sources.file(file).text()),
        left_out: Vec::new(),
    };
    let mut follow = InRoot { root, sources, gaps: Vec::new() };
    let build = || {
        isolate::model(file, script.text, &mut |left_out| {
            follow.gaps.clear();
            model::build_without(arena, file, &script.path, script.text, &mut follow, left_out)
        })
    };
    let ((mut deployment, left_out), is_cut_short) = limit::noting(build);
    let is_cut = is_cut_short || left_out.is_some();
    let mut gaps = follow.gaps;
    if let Some(left_out) = left_out {
        let reason = left_out.failure.reason("the model");
        let mut places = left_out.places.iter().map(|span| (*span, reason.clone())).collect();
        tell_briefly(&mut places);
        gaps.extend(places.into_iter().map(|(span, reason)| Gap::at(sources, span, reason)));
        script.left_out = left_out.places;
    }
    if let Some(deployment) = &mut deployment {
        tell_briefly(&mut deployment.gaps);
        let told = deployment.gaps.iter().map(|(span, reason)| Gap::at(sources, *span, reason.clone()));
        gaps.extend(told);
    }
    Built { script, deployment, gaps, is_cut }
}

/// In a text that is not shell at all, each line would be a gap. The first ones are reported, with the number
/// of the rest.
fn tell_briefly(gaps: &mut Vec<(Span, String)>) {
    gaps.sort();
    gaps.dedup();
    if gaps.len() <= GAPS {
        return;
    }
    let more = gaps.split_off(GAPS);
    let count = more.len();
    // They may be in files that it sources. The remaining gap covers those of the first file.
    if let Some((span, _)) = more.into_iter().reduce(|(span, reason), (next, _)| (span.to(next), reason)) {
        gaps.push((span, format!("{count} more places could not be read from here on")));
    }
}

/// Follows `source FILE` inside the root.
struct InRoot<'r> {
    root: &'r Root,
    sources: &'r mut Sources,
    gaps: Vec<Gap>,
}

impl Follow for InRoot<'_> {
    fn follow(&mut self, path: &str) -> Option<(FileId, String)> {
        // The deployment may create a file that does not exist yet.
        if !self.root.exists(path) {
            return None;
        }
        match self.root.read(path, self.sources) {
            Ok(file) => Some((file, self.sources.file(file).text().to_owned())),
            Err(gap) => {
                self.gaps.push(gap);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::{counted, within};
    use crate::tools::acts::Act;
    use std::collections::BTreeSet;
    use std::fs;
    use std::time::Duration;

    fn acts_of(text: &str, time: Option<Duration>) -> Acts {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.sh"), text).unwrap();
        let (root, mut sources, arena) = (Root::open(dir.path()).unwrap(), Sources::default(), Bump::new());
        let file = root.read("x.sh", &mut sources).unwrap();
        counted::run(|| within(time, || Models::new(&root, &arena).acts(file, &mut sources))).0
    }

    #[test]
    fn what_a_script_does_is_not_known_if_a_limit_cut_the_analysis_short() {
        let known = BTreeSet::from([Act::CreatesUsers]);
        let whole = Acts { known, whole: true, ..Acts::default() };
        assert_eq!(acts_of("useradd app\n", None), whole);
        // Nothing can be said about what it does.
        assert_eq!(acts_of("useradd app\nif then fi )\n", None), whole);
        let long = "true $(date) || exit 1\n".repeat(4_000);
        assert!(!acts_of(&long, Some(Duration::from_millis(20))).whole);
        let deep = format!("{}true{}\n", "{ ".repeat(300), "; }".repeat(300));
        assert!(!acts_of(&deep, None).whole);
        let unfolds = format!(
            "{}\nf0\n",
            (0..20).map(|n| format!("f{n}() {{ f{m}; f{m}; }}\n", m = n + 1)).collect::<String>()
        );
        assert!(!acts_of(&unfolds, None).whole);
    }
}
