//! What to write instead of a command that does harm when the script runs again, and the edit that writes it.
//!
//! Each family answers for its own programs. If none answers, there is general advice by the kind of
//! resource. It does not know the script's text: whoever turns the advice into an edit checks that the words
//! are there as named here.

pub(crate) mod kinds;

pub(crate) use kinds::{Advice, Asked, Edit, Piece, Words};

use crate::shell::argv::Argv;
use crate::tools::effect::{Again, Deed, Effect, Prompt, Resource};
use crate::tools::{
    accounts, archives, containers, copying, cron, databases, disks, fetching, files, firewall, git, keys,
    languages, node, packages, processes, python, sed, services, system, web,
};

/// What to write instead of a command. Its second run is `again`, because of one of its effects.
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
        processes::advice,
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
        packages::advice,
    ];
    families.iter().find_map(|family| family(asked))
}

/// General advice by the kind of resource, for programs whose family gives none.
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
        let subcommand = argv.args.iter().find(|arg| !arg.is_option())?;
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

/// Replaces a start by a restart, because a service that already runs must get what has changed.
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
            let word =
                |place: crate::source::Span| line.get(place.start as usize..place.end as usize).unwrap();
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
