//! `services/other-command`: a service and what does its work run different commands.

use super::statements::tell;
use crate::facts::services::differences::About;
use crate::facts::world::World;
use crate::finding::Finding;

/// `services/other-command`.
pub(super) fn other_command(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    tell(world, About::Command, found);
}
