//! F5: owners and modes of new paths.

mod needs;
mod no_owner;
mod secret_mode;
mod secrets;

pub(super) use no_owner::no_owner;
pub(super) use secret_mode::secret_mode;
