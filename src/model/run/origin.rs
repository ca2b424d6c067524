//! What may have made a file that no known effect makes.

use crate::model::run::timeline::{Asking, Presence, Ran};
use crate::model::{Deployment, Step, StepId};
use crate::shell::argv::Stdin;
use crate::shell::value::{Piece, Value, parameter_of, pieces};
use crate::shell::wrappers::Place;
use crate::tools::acts::{Act, acts};
use crate::tools::archives::{brings_more, copies_to_hosts};
use crate::tools::containers::attached_container;
use crate::tools::copying::moves;
use crate::tools::effect::{Change, Effect, Resource};
use crate::tools::git_asked::restores;
use crate::tools::interprets_input;
use crate::tools::unnamed::may_make;

impl Deployment<'_> {
    /// True if a command whose effects are not all known may have created the path: it names the path as an
    /// operand (`export --out=F.new && mv F.new F`), copies a file of that name to the other host, unpacks
    /// above it, builds in its directory, or restores the files of a repository. A container that starts creates
    /// the volumes that it names.
    pub(super) fn may_have_come(&self, asking: Asking<'_>, resource: &Resource) -> bool {
        let before = asking.asker;
        if matches!(resource, Resource::Volume(_)) {
            let starts =
                |step: &Step| acts(&step.argv, &step.deed, &step.place).contains(&Act::StartsContainers);
            return self.iter().any(|(_, step)| starts(step));
        }
        // A container that is made anew is in its first network again.
        if let Some(container) = attached_container(resource) {
            let makes = |e: &Effect| matches!(e.change, Change::Create(_)) && e.resource == container;
            return self.iter().any(|(_, step)| step.deed.effects.iter().any(makes));
        }
        let Resource::Path(path) = resource else { return false };
        let step = self.step(before);
        if self.unknown_makes_files(path, before) || self.is_made_unnamed(asking, path) {
            return true;
        }
        self.steps[..before.0 as usize].iter().any(|earlier| {
            let copies = copies_to_hosts(&earlier.argv);
            let unpacks = brings_more(&earlier.argv);
            earlier.place == step.place
                && unpacks
                && earlier.deed.effects.iter().any(|e| {
                    matches!((&e.change, &e.resource), (Change::Write | Change::Create(_), Resource::Path(p))
                        if p != path && path.is_under(p))
                })
                || (!earlier.deed.known || copies && matches!(step.place, Place::Remote(_)))
                    && earlier.argv.args.iter().any(|arg| {
                        if !earlier.deed.known && names_in_code(&arg.value, path) {
                            return true;
                        }
                        let value =
                            arg.value.split_once('=').map_or_else(|| arg.value.clone(), |(_, value)| value);
                        value.resolve(&earlier.argv.cwd) == *path
                            || copies && value.basename() == path.basename()
                    })
        })
    }

    /// True if a step that the second run does not skip may make the path again: a build, an unknown program, or git.
    fn is_made_unnamed(&self, asking: Asking<'_>, path: &Value) -> bool {
        let asker = asking.asker;
        let place = &self.step(asker).place;
        self.iter().take(asker.0 as usize).any(|(id, earlier)| {
            earlier.place == *place
                && asking.runs.get(id.0 as usize) != Some(&Ran::No)
                && (may_make(&earlier.argv, &earlier.deed, path) || restores(&earlier.argv, path))
                && self.may_meet(id, asker)
        })
    }

    /// True if somebody brings the path before each run: the caller names it, or it lies in a directory for temporary
    /// files and no step makes it.
    pub(super) fn is_handed_in(&self, asking: Asking<'_>, resource: &Resource) -> bool {
        let Resource::Path(path) = resource else { return false };
        let name = path.basename();
        let by_caller = |piece| match piece {
            Piece::Hole(hole) => parameter_of(hole).is_some(),
            Piece::Text(_) => false,
        };
        if pieces(name.key()).any(by_caller) {
            return true;
        }
        let temporary = ["/tmp/", "/var/tmp/"].iter().any(|dir| path.known_prefix().starts_with(dir));
        let first = || self.timeline.first_state(Asking { before: asking.asker, ..asking }, resource);
        temporary && first().presence == Presence::Untouched
    }

    /// True if an unknown program may have created the path in its working directory: code that is piped into
    /// an interpreter (`curl … | php; mv composer.phar …`), or what runs just before the move.
    fn unknown_makes_files(&self, path: &Value, before: StepId) -> bool {
        let step = self.step(before);
        if !moves(&step.argv) {
            return false;
        }
        // What only removes or asks in between leaves the file there: `php setup.php; rm setup.php; mv composer.phar …`.
        let last = self.steps[..before.0 as usize].iter().rposition(|earlier| {
            !earlier.deed.known || earlier.deed.effects.iter().any(|e| e.change != Change::Remove)
        });
        self.steps[..before.0 as usize].iter().enumerate().any(|(index, earlier)| {
            let unknown = !earlier.deed.known && earlier.place == step.place;
            let piped = earlier.argv.stdin != Stdin::Inherited
                && interprets_input(&earlier.argv)
                && path.is_under(&earlier.argv.cwd);
            unknown && (piped || Some(index) == last)
        })
    }
}

/// True if an operand is a piece of code that names the file: `php -r "copy('https://…', 'setup.php');"`.
fn names_in_code(operand: &Value, path: &Value) -> bool {
    let (Some(code), Some(name)) = (operand.as_literal(), path.basename().as_literal().map(str::to_owned))
    else {
        return false;
    };
    code.contains('(') && code.split(['\'', '"', '(', ')', ',', ' ']).any(|word| word == name)
}
