//! Static files that are served from where Django gathers them.

use crate::facts::deploy::{Deploy, Language};
use crate::facts::outputs::web_texts;
use crate::project::manifest::{MigrationKind, MigrationTool};
use crate::repo::names::is_beside;
use crate::source::Span;
use crate::tools::work::Work;

/// Static files that have to be gathered.
#[derive(Clone, Debug)]
pub(crate) struct StaticFiles<'r> {
    pub(crate) place: Span,
    /// The printed line that only tells people to do it.
    pub(crate) said: Option<Span>,
    /// The project whose files they are.
    pub(crate) django: &'r MigrationTool,
    /// The settings that say where they are gathered.
    pub(crate) settings: &'r str,
    /// True if a web server serves them, and false if WhiteNoise does.
    pub(crate) by_web: bool,
}

/// The static files, if something serves them from the place where Django gathers them.
pub(super) fn static_files<'r>(deploy: &Deploy<'_, 'r, '_>) -> Option<StaticFiles<'r>> {
    let needs = &deploy.world.project.needs;
    let settings = needs.code.static_root.as_deref()?;
    let is_django = |t: &&MigrationTool| t.kind == MigrationKind::Django && !is_beside(&t.directory);
    let django = needs.migrations.iter().find(is_django)?;
    let work = Work::StaticFiles;
    if deploy.in_containers() || !deploy.sets_up() || !deploy.runs(Language::Python) || deploy.calls(work) {
        return None;
    }
    let whitenoise = needs.python.iter().flat_map(|m| &m.dependencies).any(|d| d.name == "whitenoise");
    let by_web = web_texts(deploy).iter().any(|text| {
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| {
            ["location", "alias", "Alias", "handle"].iter().any(|w| line.starts_with(w))
                && line.contains("/static")
        })
    });
    let place = (whitenoise || by_web).then(|| deploy.place())??;
    Some(StaticFiles { place, said: deploy.says(work), django, settings, by_web })
}
