//! Fills in the placeholders of a message.

use super::{At, Found};
use crate::facts::first_run::FirstRun;
use crate::facts::world::World;
use crate::model::{Outcome, User};
use crate::syntax::query::{Message, Piece, Placeholder};
use crate::tools::effect::Resource;

/// Fills in the placeholders of a text. `found` is the command at fault, if the text is about one.
pub(super) fn filled(message: &Message, world: &World<'_, '_>, found: Option<&Found<'_, '_>>) -> String {
    let mut text = String::new();
    for piece in message.pieces() {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Hole(hole) => {
                let known = match (hole, found) {
                    (Placeholder::App, None) => world.app_user.as_ref().map(|user| user.name.to_string()),
                    (hole, Some(found)) => known(*hole, world, found),
                    (_, None) => None,
                };
                text.push_str(&known.unwrap_or_else(|| fallback(*hole).to_owned()));
            }
        }
    }
    text
}

/// What a placeholder stands for, if that is known of the command at fault.
fn known(hole: Placeholder, world: &World<'_, '_>, found: &Found<'_, '_>) -> Option<String> {
    let (at, step) = (found.at, found.at.step());
    match hole {
        Placeholder::Command => Some(world.words(step.span)),
        Placeholder::Line => Some(world.line(step.span)),
        Placeholder::Word => found.word.map(|word| world.words(word)),
        Placeholder::Why => match found.asks_first_run {
            true => world.first_run(at.script, at.id).and_then(FirstRun::says).map(str::to_owned),
            false => why(at).map(str::to_owned),
        },
        Placeholder::Lost => world.cut_off(at.script, at.id),
        Placeholder::Path => path(found),
        Placeholder::Unit => unit(at),
        Placeholder::User => match &step.user {
            User::Root => Some("root".to_owned()),
            User::Named(name) => Some(name.to_string()),
            User::Caller => Some("whoever calls the script".to_owned()),
            User::Unknown => None,
        },
        Placeholder::Other => found.other.map(|other| world.words(other.step().span)),
        Placeholder::OtherLine => found.other.map(|other| world.line_beside(other.step().span, step.span)),
        Placeholder::App => world.app_user_of(at.script).map(|user| user.name.to_string()),
    }
}

/// What is said if nothing is known.
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
