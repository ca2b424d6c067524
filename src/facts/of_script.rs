//! Facts about one script alone. Each is worked out when it is first asked for.

use crate::facts::firsts::Firsts;
use crate::facts::givers::Givers;
use crate::facts::parts::AppUser;
use crate::model::Deployment;
use crate::tools::effect::Role;
use std::cell::OnceCell;

#[derive(Default)]
pub(super) struct OfScript<'r> {
    pub(super) givers: OnceCell<Givers>,
    pub(super) firsts: OnceCell<Firsts<'r>>,
    pub(super) own_user: OnceCell<Option<AppUser>>,
    pub(super) weighty: OnceCell<Vec<usize>>,
}

/// The steps that a deploy exists for.
pub(super) fn weighty(script: &Deployment<'_>) -> Vec<usize> {
    let weighs = |role: &Role| {
        matches!(
            role,
            Role::Restart
                | Role::Migrate
                | Role::Build(_)
                | Role::Dependencies(_)
                | Role::ComposeUp
                | Role::Enable
        )
    };
    let steps = script.steps.iter().enumerate();
    steps.filter(|(_, step)| step.deed.roles.iter().any(weighs)).map(|(at, _)| at).collect()
}
