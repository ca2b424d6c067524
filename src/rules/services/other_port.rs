//! `services/other-port`: a service and what does its work listen on different ports.

use super::statements::tell;
use crate::facts::services::differences::About;
use crate::facts::world::World;
use crate::finding::Finding;

/// `services/other-port`.
pub(super) fn other_port(world: &World<'_, '_>, found: &mut Vec<Finding>) {
    tell(world, About::Port, found);
}
