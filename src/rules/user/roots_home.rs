//! `user/roots-home`: words the finding that another account needs a path in root's home.

use crate::facts::reach::{out_of_reach, units_out_of_reach};
use crate::facts::world::World;
use crate::model::User;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};

pub(super) const WORDING: Wording = Wording::Each(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: &Draft) -> Vec<Draft> {
    let mut all = units(world, found, draft);
    all.extend(command(world, found, draft));
    all
}

fn command(world: &World<'_, '_>, found: &Found<'_, '_>, draft: &Draft) -> Option<Draft> {
    let (script, step) = (found.at.script, found.at.step());
    let (User::Named(name), Some(path)) = (&step.user, out_of_reach(world, script, step)) else {
        return None;
    };
    let message = format!(
        "`{}` fails as `{name}`, because only root can reach `{path}` in its home: permission denied",
        world.words(step.span)
    );
    let help = format!(
        "put it where `{name}` can read it; the shell expands `~` and `$HOME` before sudo changes the user"
    );
    let sure = world.confidence(script, found.at.id, Some(path));
    Some(draft.clone().message(message).at_most(sure).help(help))
}

fn units(world: &World<'_, '_>, found: &Found<'_, '_>, draft: &Draft) -> Vec<Draft> {
    let unreachable = units_out_of_reach(world, found.at.script, found.at.id);
    let drafts = unreachable.iter().filter_map(|unit| {
        let user = unit.at.unit.user()?;
        let message = format!(
            "systemd fails to start {} ({}), because `{}` can't reach `{}` in root's home",
            unit.at.name, unit.status, user.value, unit.path
        );
        let draft = draft.clone().at(unit.span).message(message);
        Some(
            draft
                .related(user.span, format!("it runs as `{}`", user.value))
                .help("put the app into a directory of its own that its user can enter, such as /opt/NAME"),
        )
    });
    drafts.collect()
}
