//! The stages of a check, one by one, for `benches/whole.rs`. Nobody else may rest on it.

use crate::facts::world::{Given, Project, World};
use crate::facts::worlds::Worlds;
use crate::model::{self, FollowNothing};
use crate::rules::pages::Pages;
use crate::rules::{self, Chosen, Judge, embedded};
use crate::source::{SourceFile, Sources};
use crate::syntax::query::Queries;
use crate::syntax::{mask, tree};
use bumpalo::Bump;
use std::hint::black_box;
use std::time::Instant;

/// What the scripts share.
pub struct Stages {
    pages: Pages,
    queries: Queries,
    project: Project,
    given: Given,
    rules: Vec<Judge>,
}

/// What one script takes, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// tree-sitter's parse of the text as it is written.
    pub parse: f64,
    /// The mask, and the parse of what it leaves.
    pub masked: f64,
    /// The model, with its mask and parse.
    pub model: f64,
    /// The model and the rules.
    pub whole: f64,
}

impl Stages {
    /// Reads the embedded rules.
    pub fn load() -> Self {
        let pages = Pages::embedded().expect("the embedded pages are tested");
        let files = embedded::files().filter(|f| f.path.ends_with(".scm")).map(|f| (f.shown, f.text));
        let queries = Queries::load_beside(files, []).expect("the embedded queries are tested");
        Stages {
            pages,
            queries,
            project: Project::default(),
            given: Given::default(),
            rules: rules::all().collect(),
        }
    }

    /// The rules, in the order in which [`Stages::run`] times them; behind them what they share.
    pub fn names(&self) -> Vec<&str> {
        self.rules.iter().map(Judge::name).chain(["(what all rules share)"]).collect()
    }

    /// Judges a script on its own. With `each`, the rules run one by one, and what each takes is added there.
    pub fn run(&self, script: &SourceFile, each: Option<&mut [f64]>) -> Times {
        let mut times = Times::default();
        let start = Instant::now();
        black_box(tree::parse(script.text()));
        times.parse = start.elapsed().as_secs_f64();

        let start = Instant::now();
        black_box(tree::parse(&mask::mask(script.text()).text));
        times.masked = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let mut sources = Sources::default();
        let bytes = script.text().as_bytes().to_vec();
        let file = sources.add(SourceFile::new(script.path(), bytes).expect("it was text before"));
        let arena = Bump::new();
        let text: &str = arena.alloc_str(script.text());
        let models = [model::build(&arena, file, script.path(), text, &mut FollowNothing)];
        times.model = start.elapsed().as_secs_f64();

        let before = Instant::now();
        let worlds = Worlds::from(World::new(&sources, &models, &self.project, &self.given));
        let shared = before.elapsed().as_secs_f64();
        let chosen = Chosen { queries: &self.queries, pages: &self.pages, wants: &|_| true };
        if let Some(each) = each {
            for (rule, seconds) in self.rules.iter().zip(&mut *each) {
                let start = Instant::now();
                black_box(rule.run(&worlds, &chosen).expect("no rule panics"));
                *seconds += start.elapsed().as_secs_f64();
            }
            each[self.rules.len()] += shared;
        } else {
            let mut findings = Vec::new();
            assert!(rules::run(&worlds, &chosen, &mut findings).is_empty(), "a rule panicked");
            black_box(findings);
        }
        times.whole = start.elapsed().as_secs_f64();
        times
    }
}
