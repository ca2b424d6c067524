//! `permissions/secret-in-unit`: a unit contains a secret, and every account can ask systemd for it.

use crate::facts::secrets::{holds_password, is_secret_name, is_value};
use crate::facts::world::{Origin, World};
use crate::finding::Finding;
use crate::rules::id;

/// `permissions/secret-in-unit`.
pub(in crate::rules) fn secret_in_unit(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for at in &context.units {
        let (Origin::Written(index, id) | Origin::Installed(index, id)) = at.origin else { continue };
        let Some(script) = context.scripts().get(index) else { continue };
        let variables = at.unit.environment();
        let secret = variables.iter().find(|(name, value, _)| {
            let shown = value.trim_matches(['"', '\'']);
            // `%d/password` names a credential, systemd.exec(5).
            let points = shown.starts_with(['/', '%']);
            (is_secret_name(name) && is_value(shown) || holds_password(shown)) && !points && !is_blank(shown)
        });
        let Some((name, _, span)) = secret else { continue };
        found.push(
            context
                .finding(
                    id::PERMISSIONS_SECRET_IN_UNIT,
                    *span,
                    format!(
                        "{} contains `{name}`, which every account on the server can read with `systemctl show`",
                        at.name
                    ),
                )
                .at_most(context.confidence(script, id, None))
                .help("put it into a file of mode 600, and name that file with `EnvironmentFile=`")
                .done(),
        );
    }
}

/// True for a word that marks where somebody has to insert the secret.
fn is_blank(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["your", "change", "replace", "xxx", "<", "example", "placeholder", "todo", "..."]
        .iter()
        .any(|w| lower.contains(w))
}
