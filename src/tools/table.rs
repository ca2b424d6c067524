//! For tests: shows a deed as one readable line, and checks tables of `command line => deed`.

use crate::shell::argv::tests::argv;
use crate::shell::value::Value;
use crate::tools::advice::kinds::Asked;
use crate::tools::advice::own;
use crate::tools::deed;
use crate::tools::effect::{Again, Change, Deed, Effect, Mode, Resource};
use crate::tools::says;
use crate::tools::says::facts::{Fact, Piped, Says};
use crate::tools::work;

/// Compares each command line's deed with the text beside it. It reports every difference, harm for which the family has no
/// advice of its own, and work by a program that is not among the workers.
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
        if work::done_by(&argv) != work::Works::default() && !work::may_work(&argv.name) {
            wrong += &format!("\n  {line}\n    does work, and its program is not among the workers");
        }
        let shown = show(&deed);
        if shown != *expected {
            wrong += &format!("\n  {line}\n    is       {shown}\n    expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Compares what each command line says with the text beside it. With a `|`, it is what the last command says about the
/// first one's output.
pub(crate) fn says(rows: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (line, expected) in rows {
        let shown = match line.split_once(" | ") {
            Some((first, last)) => match says::piped(&argv(first), &argv(last)) {
                Some(Piped::Says(says)) => said(&says),
                Some(Piped::AsFirst) => "as the first".to_owned(),
                None => String::new(),
            },
            None => {
                let argv = argv(line);
                let success = says::succeeds(&argv).map(|says| said(&says));
                let prints = says::prints(&argv).map(|says| format!("prints {}", said(&says)));
                let passes = says::is_check(&argv).then(|| "passes".to_owned());
                [success, prints, passes].into_iter().flatten().collect::<Vec<_>>().join("; ")
            }
        };
        if shown != *expected {
            wrong += &format!("\n  {line}\n    is       {shown}\n    expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// `Exists user app`, `not Directory path /x`
fn said(says: &Says) -> String {
    let fact = |fact: &Fact| {
        let mut text = format!("{:?} {} {}", fact.aspect, fact.resource.kind(), fact.resource.name());
        if let Resource::Line { text: line, .. } = &fact.resource {
            text += &format!(" '{line}'");
        }
        text.trim_end().to_owned()
    };
    match says {
        Says::Always(outcome) => outcome.to_string(),
        Says::Is(one) => fact(one),
        Says::Not(one) => format!("not {}", fact(one)),
        Says::Either(one, other) => format!("{} or {}", fact(one), fact(other)),
    }
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
