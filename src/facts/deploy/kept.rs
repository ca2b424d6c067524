//! What other facts work out about a deploy and ask for again and again. The deploy keeps it for them, and knows nothing of what
//! it means.

use std::cell::OnceCell;
use std::collections::HashMap;

/// Each is computed when it is first needed, by the fact that knows how.
#[derive(Default)]
pub(in crate::facts) struct Kept<'r> {
    /// True if something ends whatever runs.
    pub(in crate::facts) ends: OnceCell<bool>,
    /// True if something enables unknown units.
    pub(in crate::facts) enables: OnceCell<bool>,
    /// True if the machine is restarted.
    pub(in crate::facts) reboots: OnceCell<bool>,
    /// Which units others name.
    pub(in crate::facts) brought_up: OnceCell<BroughtUp>,
    /// True if the app comes in an archive.
    pub(in crate::facts) is_release: OnceCell<bool>,
    /// The settings of web servers.
    pub(in crate::facts) web_texts: OnceCell<Vec<&'r str>>,
    /// The environments that units need: the number of the first unit, and the directory.
    pub(in crate::facts) environments: OnceCell<Vec<(usize, String)>>,
}

/// For each unit that other units name, the names of those others.
#[derive(Default)]
pub(in crate::facts) struct BroughtUp {
    pub(in crate::facts) by_name: HashMap<String, Vec<String>>,
    /// The names in the lists of `[Unit]`, where a service may lack its suffix.
    pub(in crate::facts) by_stem: HashMap<String, Vec<String>>,
}
