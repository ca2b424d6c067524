//! Fills the placeholders of a message in.

use super::{At, Found, Lack};
use crate::facts::world::World;
use crate::model::{Outcome, User};
use crate::syntax::query::{Message, Piece, Placeholder};
use crate::tools::effect::Resource;

/// The message about a command at fault.
pub(super) fn command(message: &Message, context: &World<'_, '_>, found: &Found<'_, '_>) -> String {
    filled(message, |hole| {
        let (at, step) = (found.at, found.at.step());
        let known = match hole {
            Placeholder::Command => return context.words(step.span),
            Placeholder::Line => return context.line(step.span),
            Placeholder::Word => found.word.map(|word| context.words(word)),
            Placeholder::Why => why(at).map(str::to_owned),
            Placeholder::Lost => context.cut_off(at.script, at.id),
            Placeholder::Path => path(found),
            Placeholder::Unit => unit(at),
            Placeholder::User => Some(match &step.user {
                User::Root => "root".to_owned(),
                User::Named(name) => name.to_string(),
                User::Caller => "whoever calls the script".to_owned(),
                User::Unknown => return "somebody".to_owned(),
            }),
            Placeholder::Other => found.other.map(|other| context.words(other.step().span)),
            Placeholder::OtherLine => found.other.map(|other| context.line(other.step().span)),
            Placeholder::App => app(context),
        };
        known.unwrap_or_else(|| fallback(hole).to_owned())
    })
}

/// The message about a command that the deploy lacks.
pub(super) fn missing(message: &Message, context: &World<'_, '_>, _: &Lack<'_, '_, '_>) -> String {
    filled(message, |hole| match hole {
        Placeholder::App => app(context).unwrap_or_else(|| fallback(hole).to_owned()),
        hole => fallback(hole).to_owned(),
    })
}

fn filled(message: &Message, fill: impl Fn(Placeholder) -> String) -> String {
    let mut text = String::new();
    for piece in message.pieces() {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Hole(hole) => text.push_str(&fill(*hole)),
        }
    }
    text
}

/// What stands where nothing is known.
fn fallback(hole: Placeholder) -> &'static str {
    match hole {
        Placeholder::Command => "the command",
        Placeholder::Word => "the word",
        Placeholder::Why => "it does the same once more",
        Placeholder::Lost => "what comes after it",
        Placeholder::Path => "the path",
        Placeholder::Unit => "the unit",
        Placeholder::User => "somebody",
        Placeholder::Line => "its line",
        Placeholder::Other => "another command",
        Placeholder::OtherLine => "another line",
        Placeholder::App => "the app's account",
    }
}

fn why(at: At<'_, '_>) -> Option<&'static str> {
    match at.script.second_run(at.id).outcome {
        Outcome::Fails(why)
        | Outcome::Duplicates(why)
        | Outcome::Overwrites(why)
        | Outcome::Nests(why)
        | Outcome::Prompts(why) => Some(why),
        Outcome::Skipped(_) | Outcome::NoChange | Outcome::Unknown => {
            at.step().deed.prompts.as_ref().map(|prompt| prompt.asks)
        }
    }
}

/// What goes wrong, or else the first path that the command changes.
fn path(found: &Found<'_, '_>) -> Option<String> {
    let paths = found.at.step().deed.effects.iter();
    let mut paths = paths.filter(|e| matches!(e.resource, Resource::Path(_))).map(|e| e.resource.name());
    found.blamed().or_else(|| paths.next()).map(ToString::to_string)
}

fn unit(at: At<'_, '_>) -> Option<String> {
    if let Some(unit) = at.unit {
        return Some(unit.name.clone());
    }
    at.step().deed.effects.iter().find_map(|e| match &e.resource {
        Resource::Unit(name) => Some(name.to_string()),
        _ => None,
    })
}

fn app(context: &World<'_, '_>) -> Option<String> {
    context.app_user.as_ref().map(|user| user.name.to_string())
}
