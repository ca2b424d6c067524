//! The models of a repo's scripts, each built once. Discovery asks them what the scripts do, and those that
//! deploy are judged by the same models.

use super::isolate::{self, Script};
use crate::finding::Gap;
use crate::model::{self, Deployment, Follow};
use crate::project::discover::{self, Acts};
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
    /// Absent if building failed whatever was left out.
    pub(super) deployment: Option<Deployment<'a>>,
    /// What could not be analysed.
    pub(super) gaps: Vec<Gap>,
}

impl Built<'_> {
    /// What the script does for a deploy. What could not be analysed may do anything.
    fn acts(&self) -> Acts {
        let known = self.deployment.as_ref().map(discover::of_script).unwrap_or_default();
        Acts { known, whole: self.gaps.is_empty() }
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
        built.acts()
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
    let (mut deployment, left_out) = isolate::model(file, script.text, &mut |left_out| {
        follow.gaps.clear();
        model::build_without(arena, file, &script.path, script.text, &mut follow, left_out)
    });
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
    Built { script, deployment, gaps }
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
    use crate::model::FollowNothing;
    use crate::source::SourceFile;
    use crate::tools::acts::Act;
    use std::collections::BTreeSet;

    #[test]
    fn what_a_script_does_is_not_known_if_a_part_could_not_be_analysed() {
        let (mut sources, arena, text) = (Sources::default(), Bump::new(), "useradd app\n");
        let file = sources.add(SourceFile::new("x.sh".to_owned(), text.into()).unwrap());
        let deployment = Some(model::build(&arena, file, "x.sh", text, &mut FollowNothing));
        let script = Script { file, path: "x.sh".to_owned(), text, left_out: Vec::new() };
        let mut built = Built { script, deployment, gaps: Vec::new() };
        let known = BTreeSet::from([Act::CreatesUsers]);
        assert_eq!(built.acts(), Acts { known: known.clone(), whole: true });
        built.gaps.push(Gap::at(
            &sources,
            Span::file_start(file),
            "the parser took too long on it".to_owned(),
        ));
        assert_eq!(built.acts(), Acts { known, whole: false });
    }
}
