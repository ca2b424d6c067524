//! The paths that the scripts create on the machine itself.

use crate::facts::ground::Ground;
use crate::shell::wrappers::Place;
use crate::source::Span;
use crate::tools::effect::{Change, PathKind, Resource, Role};

/// A path that a script creates, and how.
pub(crate) struct Made {
    pub(crate) path: String,
    /// True for a directory that is not empty, or may not be.
    pub(crate) tree: bool,
    /// True for a virtual environment.
    pub(crate) environment: bool,
    pub(crate) span: Span,
}

/// Collects the paths in the order of the steps.
pub(crate) fn made(world: &Ground<'_, '_>) -> Vec<Made> {
    let mut made = Vec::new();
    for (_, _, step) in world.steps().filter(|(_, _, s)| s.place == Place::Here) {
        for effect in &step.deed.effects {
            let (path, tree) = match (&effect.change, &effect.resource) {
                (Change::Create(kind), Resource::Path(path)) => {
                    (path, matches!(kind, PathKind::Tree | PathKind::Any | PathKind::Link))
                }
                (Change::Write | Change::Append | Change::Edit, Resource::Path(path)) => (path, true),
                (Change::Append, Resource::Line { file, .. }) => (file, false),
                _ => continue,
            };
            let environment = step.deed.roles.contains(&Role::VirtualEnv);
            made.push(Made { path: path.to_string(), tree, environment, span: step.span });
        }
    }
    made
}
