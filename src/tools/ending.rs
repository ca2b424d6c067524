//! Commands that end what another command started, although no effect of theirs names it: signals, `pm2 kill`,
//! `swapoff -a`.

use crate::shell::argv::Argv;
use crate::tools::effect::{Deed, Role};
use crate::tools::processes::{is_pm2, takes_many_away};

/// True if the command fails as long as what an earlier call of it left running is there.
pub(crate) fn is_held_up(argv: &Argv, deed: &Deed) -> bool {
    deed.roles.contains(&Role::Serve) || uses_swap(argv)
}

fn uses_swap(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "swapon" | "mkswap")
}

/// True if the command may end what another one started, so that it can be started again.
pub(crate) fn may_end(argv: &Argv, deed: &Deed, started: &Argv) -> bool {
    if is_pm2(started) {
        return takes_many_away(argv);
    }
    match argv.name.as_str() {
        "swapoff" => uses_swap(started) && argv.args.iter().any(|arg| arg.value.key() == "-a"),
        _ if uses_swap(started) => false,
        "uwsgi" => argv.has_word("--stop"),
        "pkill" | "killall" => {
            let shown = started.to_string();
            let names = |word: &str| word.len() > 2 && shown.contains(word);
            argv.args.iter().filter(|arg| !arg.is_option()).any(|arg| {
                let pattern = arg.value.to_string();
                arg.value.as_literal().is_none() || pattern.split(|c: char| !c.is_alphanumeric()).any(names)
            })
        }
        _ => deed.roles.contains(&Role::Signal),
    }
}

#[test]
fn signals_end_servers() {
    let ends = |words: &str, started: &str| {
        let argv = |words: &str| {
            let words: Vec<String> = words.split(' ').map(ToString::to_string).collect();
            crate::shell::line::commands(&words)[0].argv().clone()
        };
        let argv_of = argv(words);
        may_end(&argv_of, &crate::tools::deed(&argv_of), &argv(started))
    };
    let gunicorn = "gunicorn --daemon shop.wsgi";
    for (words, started, expected) in [
        ("kill 12", gunicorn, true),
        ("pkill -f gunicorn", gunicorn, true),
        ("pkill nginx", gunicorn, false),
        ("fuser -k 8000/tcp", gunicorn, true),
        ("fuser 8000/tcp", gunicorn, false),
        ("pm2 kill", "pm2 start app.js", true),
        ("pm2 delete all", "pm2 start app.js", true),
        ("pm2 delete web", "pm2 start app.js", false),
        ("pm2 kill", gunicorn, false),
        ("swapoff -a", "swapon /swapfile", true),
        ("kill 12", "swapon /swapfile", false),
    ] {
        assert_eq!(ends(words, started), expected, "{words}, {started}");
    }
}
