//! What may have made a file that no known effect makes.

use crate::model::{Deployment, Step, StepId};
use crate::shell::argv::Stdin;
use crate::shell::value::Value;
use crate::shell::wrappers::Place;
use crate::tools::acts::{Act, acts};
use crate::tools::archives::{brings_more, copies_to_hosts};
use crate::tools::containers::attached_container;
use crate::tools::copying::moves;
use crate::tools::effect::{Change, Effect, Resource};
use crate::tools::interprets_input;

impl Deployment<'_> {
    /// True if a command whose effects are not all known may have created the path: it names the path as an
    /// operand (`export --out=F.new && mv F.new F`), copies a file of that name to the other host, or unpacks
    /// above it. A container that starts creates the volumes that it names.
    pub(super) fn may_have_come(&self, resource: &Resource, before: StepId) -> bool {
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
        if self.unknown_makes_files(path, before) {
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
