//! The manifest of a Python project that a server installs.

use crate::facts::deploy::Deploy;
use crate::project::manifest::PythonKind;
use crate::repo::names::{base, is_beside};
use crate::source::FileId;

/// The requirements of a server, which are those nearest to the root.
pub(super) fn python_manifest(deploy: &Deploy<'_, '_, '_>) -> Option<FileId> {
    let sources = deploy.world.sources;
    let candidates = deploy.world.project.needs.python.iter().filter(|m| {
        let path = sources.file(m.file).path();
        let name = base(path);
        let development = ["dev", "test", "lint", "doc", "local", "ci"];
        let parts = || name.split(['-', '_', '.']);
        let takes_in = m.includes.iter().any(|include| !include.constraint);
        let filled = m.kind == PythonKind::Setup || takes_in || m.dependencies.iter().any(|d| !d.development);
        filled && !is_beside(&m.directory) && !parts().any(|p| development.contains(&p))
    });
    candidates
        .min_by_key(|m| {
            let depth = if m.directory.is_empty() { 0 } else { 1 + m.directory.matches('/').count() };
            (depth, m.kind == PythonKind::Setup, sources.file(m.file).path())
        })
        .map(|m| m.file)
}
