//! `rerun/file-replaced`: each run overwrites an environment file that people fill in.

use super::new_secret::{is_replaced, remade_secret, written};
use crate::facts::secrets::{is_lasting_env_file, is_secret_name};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::model::{Deployment, StepId};
use crate::rules::id;
use crate::tools::effect::{Again, How};
use crate::tools::sed::edits;

/// Finds files that each run replaces. A rule of its own reports a secret that gets a new value, which is worse.
pub(in crate::rules) fn file_replaced(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    for (script, id, step) in context.steps() {
        for (effect, path) in written(step).filter(|(_, path)| is_lasting_env_file(path)) {
            if !is_replaced(script, id, path) || remade_secret(context, script, id, path).is_some() {
                continue;
            }
            let text = step.written.iter().find(|w| w.path == *path && !w.append);
            let from_sample =
                matches!(effect.again, Again::Overwrites(_)) && !script.is_filled_after(effect, id);
            let filled_in = text.is_some_and(|w| {
                asks_to_be_filled_in(&w.content.text, &|key| fills_in_itself(script, id, key))
            });
            if !from_sample && !filled_in {
                continue;
            }
            let text = format!(
                "each run overwrites {path}{}, so what people filled in since the first deploy is lost",
                if from_sample { " from the sample" } else { " with placeholders" },
            );
            let confidence = context.confidence(script, id, Some(path));
            let help = format!("write it only if it is missing: `if [ ! -f {path} ]; then …; fi`");
            found.push(
                context
                    .finding(id::RERUN_FILE_REPLACED, step.span, text)
                    .at_most(confidence)
                    .help(help)
                    .done(),
            );
        }
    }
}

/// True if a later command of the script inserts the value: `php artisan key:generate` sets `APP_KEY`
/// (<https://laravel.com/docs/encryption#gathering-your-keys>), `sed -i "s/^TOKEN=.*/…/" .env` names the key.
fn fills_in_itself(script: &Deployment<'_>, id: StepId, key: &str) -> bool {
    script.iter().filter(|(later, _)| *later > id).any(|(_, step)| {
        let mut words = step.argv.args.iter().map(|arg| arg.value.to_string());
        let makes = || step.deed.puts().any(|(_, content)| content.how == How::Secret);
        edits(&step.argv) && words.any(|word| word.contains(&format!("{key}=")))
            || key == "APP_KEY" && makes()
    })
}

/// True if a text has values that a person has to fill in, because the script does not.
fn asks_to_be_filled_in(text: &str, is_filled_in: &dyn Fn(&str) -> bool) -> bool {
    text.lines().any(|line| {
        let Some((key, value)) = line.trim().split_once('=') else { return false };
        if key.starts_with('#') {
            return false;
        }
        let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let key = key.trim_start_matches("export ").trim();
        let secret = is_secret_name(key) || key.ends_with("_KEY");
        let placeholder =
            ["your", "change", "replace", "xxx", "<", "todo", "placeholder", "fill", "example.com", "dummy"];
        let asks = placeholder.iter().any(|p| value.contains(p))
            && (secret || value.contains("your") || value.contains("change"))
            || secret && (value.is_empty() || value == "password" || value == "secret");
        asks && !is_filled_in(key)
    })
}
