//! What is known about a deployment: the app's user, its directory, which unit is which, who owns what and when, what
//! the deploy does and lacks. Each fact is worked out once, in one [`world::World`], when it is first needed. Nothing
//! here judges.

pub(crate) mod access;
pub(crate) mod app;
pub(crate) mod app_paths;
pub(crate) mod app_writes;
pub(crate) mod appended;
pub(crate) mod attended;
pub(crate) mod containers;
pub(crate) mod deploy;
pub(crate) mod deploys;
pub(crate) mod environment;
pub(crate) mod first_run;
pub(crate) mod firsts;
pub(crate) mod givers;
pub(crate) mod ground;
pub(crate) mod installed;
pub(crate) mod lifecycle;
pub(crate) mod made;
pub(crate) mod managed;
pub(crate) mod masked;
pub(crate) mod modes;
pub(crate) mod needs;
mod of_script;
pub(crate) mod old_code;
pub(crate) mod outputs;
pub(crate) mod owners;
pub(crate) mod packages;
pub(crate) mod parts;
pub(crate) mod reach;
pub(crate) mod read_units;
pub(crate) mod redirects;
pub(crate) mod repo_paths;
mod root_logs;
pub(crate) mod secret_files;
pub(crate) mod secrets;
pub(crate) mod services;
pub(crate) mod sites;
pub(crate) mod stacks;
mod standing;
pub(crate) mod sudoers;
pub(crate) mod surroundings;
pub(crate) mod users;
pub(crate) mod world;
pub(crate) mod worlds;
pub(crate) mod writes_said;
