//! For tests: deeds as one readable line, and tables of `command line => deed`.

use crate::shell::argv::tests::argv;
use crate::shell::value::Value;
use crate::tools::advice::{Asked, own};
use crate::tools::deed;
use crate::tools::effect::{Again, Change, Deed, Effect, Mode, Resource};

/// Compares each command line's deed with the text beside it. It reports all that differ, and harm for which
/// the family has no advice.
pub(crate) fn check(rows: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (line, expected) in rows {
        let argv = argv(line);
        let deed = deed(&argv);
        for effect in &deed.effects {
            let harmless = matches!(effect.again, Again::NoChange | Again::Unknown);
            let asked = Asked { argv: &argv, deed: &deed, effect: Some(effect), again: effect.again };
            if !harmless && own(&asked).is_none() {
                wrong += &format!("\n  {line}\n    has no advice against {:?}", effect.again);
            }
        }
        let shown = show(&deed);
        if shown != *expected {
            wrong += &format!("\n  {line}\n    is       {shown}\n    expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// `create directory /a fails; mode /a 700 [Source] asks`
fn show(deed: &Deed) -> String {
    let mut text = deed.effects.iter().map(effect).collect::<Vec<_>>().join("; ");
    for role in &deed.roles {
        text += &format!(" [{role:?}]");
    }
    if deed.prompts.is_some() {
        text += " asks";
    }
    if !deed.known {
        text += " unknown";
    }
    text.trim().to_owned()
}

fn effect(effect: &Effect) -> String {
    let owner = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let star = |recursive: &bool| if *recursive { " -R" } else { "" };
    let change = match &effect.change {
        Change::Create(kind) => match &effect.resource {
            Resource::Path(_) => format!("create {}", format!("{kind:?}").to_lowercase()),
            other => format!("create {}", other.kind()),
        },
        Change::Own { user, group, recursive } => {
            format!("own{} {}:{}", star(recursive), owner(user), owner(group))
        }
        Change::Mode { mode, recursive } => {
            let mode = match mode {
                Mode::Octal(mode) => format!("{mode:o}"),
                Mode::Symbolic(text) => text.clone(),
                Mode::Unknown => "?".to_owned(),
            };
            format!("mode{} {mode}", star(recursive))
        }
        change => match &effect.resource {
            Resource::Path(_) => format!("{change:?}").to_lowercase(),
            other => format!("{} {}", format!("{change:?}").to_lowercase(), other.kind()),
        },
    };
    let mut text = format!("{change} {}", effect.resource.name());
    if let Resource::Line { text: line, .. } = &effect.resource {
        text += &format!(" '{line}'");
    }
    if let Resource::Remote { repo, .. } = &effect.resource {
        text += &format!(" of {repo}");
    }
    let again = match effect.again {
        Again::NoChange => "",
        Again::Fails(_) => " fails",
        Again::Overwrites(_) => " overwrites",
        Again::Duplicates(_) => " duplicates",
        Again::Nests(_) => " nests",
        Again::Prompts(_) => " prompts",
        Again::Unknown => " unknown",
    };
    text + again
}
