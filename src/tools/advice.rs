//! What to write instead of a command that does harm when the script runs again, and the edit that writes it.
//!
//! Each family answers for its own programs. If none answers, there is general advice by the kind of
//! resource. It does not know the script's text: whoever turns the advice into an edit checks that the words
//! are there as named here.

use crate::shell::argv::{Arg, Argv};
use crate::source::Span;
use crate::tools::effect::{Again, Change, Deed, Effect, Prompt, Resource};
use crate::tools::{
    accounts, archives, containers, copying, cron, databases, disks, fetching, files, firewall, git, keys,
    languages, node, python, sed, services, system, web,
};

/// What to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// For people.
    pub(crate) help: String,
    /// How to correct the command in place.
    pub(crate) edit: Option<Edit>,
}

/// How to correct a command in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Text after one of the command's words.
    Behind(Words),
    /// Text instead of one of the command's words.
    Instead(Words),
    /// `TEST || ` before the command.
    TestFirst(Vec<Piece>),
}

/// An edit of one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// Where the word is.
    pub(crate) place: Span,
    /// What must be there, perhaps after a directory; otherwise the word came from a variable or a function.
    pub(crate) written: String,
    /// The text to write.
    pub(crate) text: String,
    /// What the edit does, for people.
    pub(crate) title: String,
    /// The first run behaves as before.
    pub(crate) is_safe: bool,
}

/// A piece of a test that goes before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text.
    Text(&'static str),
    /// What precedes the program's name: nothing, or `sudo -u postgres `.
    Wrappers,
    /// One of the command's words, as it is written there.
    Word(Span),
    /// One of the command's words that must not start with a digit, because id(1) would take it for a number.
    Name(Span),
    /// One of the command's words that must be written as this text without quotes, because it goes inside
    /// others.
    Known(Span, String),
}

/// A command whose second run does harm.
pub(crate) struct Asked<'a> {
    /// The command.
    pub(crate) argv: &'a Argv,
    /// What it does.
    pub(crate) deed: &'a Deed,
    /// The responsible effect, if there is one.
    pub(crate) effect: Option<&'a Effect>,
    /// What the second run does.
    pub(crate) again: Again,
}

impl<'a> Asked<'a> {
    /// The program's name.
    pub(crate) fn name(&self) -> &'a str {
        &self.argv.name
    }

    /// The resource that is harmed.
    pub(crate) fn resource(&self) -> Option<&'a Resource> {
        self.effect.or(self.deed.effects.first()).map(|effect| &effect.resource)
    }

    /// The kind of that resource; empty if there is none.
    pub(crate) fn kind(&self) -> &'static str {
        self.resource().map_or("", Resource::kind)
    }

    /// True if the repeated change removes something.
    pub(crate) fn removes(&self) -> bool {
        self.effect.is_some_and(|effect| effect.change == Change::Remove)
    }

    /// The second run exits non-zero.
    pub(crate) fn fails(&self) -> bool {
        matches!(self.again, Again::Fails(_))
    }

    /// The last argument that names the resource.
    pub(crate) fn operand(&self) -> Option<&'a Arg> {
        let name = self.resource()?.name();
        self.argv.args.iter().rfind(|arg| arg.value == *name)
    }

    /// A flag after the program's name.
    pub(crate) fn flag(&self, flag: &str) -> Edit {
        Edit::Behind(Words {
            place: self.argv.program.span,
            written: self.argv.name.clone(),
            text: format!(" {flag}"),
            title: format!("add `{flag}`"),
            is_safe: true,
        })
    }
}

impl Advice {
    /// Only words.
    pub(crate) fn help(help: impl Into<String>) -> Option<Self> {
        Some(Advice { help: help.into(), edit: None })
    }

    /// Words, and the edit that does it, if there is one.
    pub(crate) fn with(help: impl Into<String>, edit: impl Into<Option<Edit>>) -> Option<Self> {
        Some(Advice { help: help.into(), edit: edit.into() })
    }
}

/// What to write instead of a command whose second run is `again`, because of one of its effects.
pub(crate) fn advice(argv: &Argv, deed: &Deed, effect: Option<&Effect>, again: Again) -> Option<Advice> {
    let asked = Asked { argv, deed, effect, again };
    own(&asked).or_else(|| by_kind(&asked))
}

/// What a family knows about its own programs.
pub(super) fn own(asked: &Asked<'_>) -> Option<Advice> {
    let families = [
        files::advice,
        copying::advice,
        git::advice,
        accounts::advice,
        services::advice,
        databases::advice,
        containers::advice,
        fetching::advice,
        archives::advice,
        sed::advice,
        cron::advice,
        keys::advice,
        disks::advice,
        firewall::advice,
        web::advice,
        python::advice,
        node::advice,
        languages::advice,
        system::advice,
    ];
    families.iter().find_map(|family| family(asked))
}

/// The last resort: advice by the kind of resource.
fn by_kind(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.resource()?, asked.again) {
        (Resource::Path(_), Again::Overwrites(_)) => {
            Advice::help("write it on the first run only: `[ -e PATH ] || …`")
        }
        (Resource::Path(_), Again::Fails(_)) if asked.removes() => {
            Advice::help("test for it first: `[ ! -e PATH ] || …`")
        }
        (Resource::Path(_), _) => Advice::help("test for it first, or write it so that it can be repeated"),
        (Resource::Line { .. }, _) => Advice::help(
            "append it only if it is missing: `grep -qxF LINE FILE || …`, or write the whole file with `>`",
        ),
        (other, _) => {
            Advice::help(format!("test first whether the {} is there", other.kind().replace('-', " ")))
        }
    }
}

/// How to keep a command from waiting for an answer.
pub(crate) fn unattended(argv: &Argv, prompt: &Prompt) -> Advice {
    let edit = prompt.flag.and_then(|flag| {
        let subcommand = argv.args.iter().find(|arg| !arg.value.known_prefix().starts_with('-'))?;
        Some(Edit::Behind(Words {
            place: subcommand.span,
            written: subcommand.value.as_literal()?.to_owned(),
            text: format!(" {flag}"),
            title: format!("answer with `{flag}`"),
            is_safe: false,
        }))
    });
    Advice { help: prompt.instead.to_owned(), edit }
}

/// Restarts instead of starting something that already runs, so that it gets what has changed.
pub(crate) fn restart(argv: &Argv) -> Option<Edit> {
    services::restart_instead(argv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::argv::tests::argv;
    use crate::tools::deed;

    fn of(line: &str) -> Advice {
        let argv = argv(line);
        let deed = deed(&argv);
        let effect = deed.effects.iter().find(|effect| !matches!(effect.again, Again::NoChange)).unwrap();
        advice(&argv, &deed, Some(effect), effect.again).unwrap()
    }

    #[test]
    fn a_flag_stands_behind_the_programs_name() {
        for (line, flag) in [
            ("mkdir /opt/x", Some(" -p")),
            ("mkdir /run/deploy.lock", None),
            ("rm x", Some(" -f")),
            ("dropdb shop", Some(" --if-exists")),
            ("gpg --batch --dearmor -o /k x", Some(" --yes")),
            ("ln -s /a /b", Some("fn")),
            ("ln -sf /a/ /b", Some("n")),
            ("mv a b", None),
        ] {
            let text = match of(line).edit {
                Some(Edit::Behind(words)) => Some(words.text),
                _ => None,
            };
            assert_eq!(text.as_deref(), flag, "{line}");
        }
    }

    #[test]
    fn a_test_asks_for_what_the_command_refuses() {
        for (line, test) in [
            ("useradd -m app", "id -u <app> >/dev/null 2>&1"),
            ("groupadd web", "getent group <web> >/dev/null"),
            ("docker network create web", "~docker network inspect <web> >/dev/null 2>&1"),
            (
                "git -C /x remote add origin https://h/x",
                "~git <-C> </x> <remote> get-url <origin> >/dev/null 2>&1",
            ),
            (
                "createdb shop",
                "~psql -d postgres -tAc \"SELECT 1 FROM pg_database WHERE datname = '<shop>'\" | grep -q 1",
            ),
            ("createdb -h db shop", ""),
            ("docker -H tcp://x network create web", ""),
        ] {
            let pieces = match of(line).edit {
                Some(Edit::TestFirst(pieces)) => pieces,
                _ => Vec::new(),
            };
            let word = |place: Span| line.get(place.start as usize..place.end as usize).unwrap();
            let shown: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Wrappers => "~".to_owned(),
                    Piece::Word(place) | Piece::Name(place) | Piece::Known(place, _) => {
                        format!("<{}>", word(*place))
                    }
                })
                .collect();
            assert_eq!(shown, test, "{line}");
        }
    }

    #[test]
    fn a_question_is_answered_behind_the_subcommand() {
        let argv = argv("apt-get install nginx");
        let prompt = deed(&argv).prompts.unwrap();
        let Some(Edit::Behind(words)) = unattended(&argv, &prompt).edit else { panic!() };
        assert_eq!((words.written.as_str(), words.text.as_str()), ("install", " -y"));
    }
}
