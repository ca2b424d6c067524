//! Files that a command makes without an effect that names them: what a build leaves in its directory, what an unknown
//! program writes there, what a container puts into a directory of this machine.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::containers::is_runtime;
use crate::tools::databases::runs_sql;
use crate::tools::effect::{Deed, Role};

/// Directories that an installer of packages fills.
const OF_PACKAGES: [&str; 4] = ["node_modules", "vendor", "venv", ".venv"];

/// True if the command may have made the path although no effect says so.
pub(crate) fn may_make(argv: &Argv, deed: &Deed, path: &Value) -> bool {
    let names = || argv.args.iter().any(|arg| leads_to(arg, argv, path));
    // What a container writes comes here only through a directory that the command names.
    if is_runtime(&argv.name) {
        return names();
    }
    // After `cd /`, everything lies below the directory, and no build fills that.
    let is_below = || argv.cwd.key() != "/" && path.is_under(&argv.cwd);
    let has = |is_one: fn(&Role) -> bool| deed.roles.iter().any(is_one);
    let packs = matches!(argv.name.as_str(), "npm" | "yarn" | "pnpm") && argv.literal(0) == Some("pack");
    let builds = packs || has(|role| matches!(role, Role::Build(_) | Role::StaticFiles));
    let unknown = !deed.known && deed.roles.is_empty() && !runs_sql(argv);
    if builds || unknown {
        return is_below() || names();
    }
    has(|role| matches!(role, Role::Dependencies(_) | Role::VirtualEnv))
        && is_below()
        && path.key().split('/').any(|part| OF_PACKAGES.contains(&part))
}

/// True if a word, or a part of it, is a directory above the path, or the path itself: `-v /srv/out:/out`, `--out=dist`.
fn leads_to(arg: &Arg, argv: &Argv, path: &Value) -> bool {
    arg.value.key().split([':', '=', ',']).filter(|part| !matches!(*part, "" | "/")).any(|part| {
        let directory = Value::from_key(part, &arg.value).resolve(&argv.cwd);
        path.is_under(&directory)
    })
}

#[test]
fn builds_make_what_nobody_names() {
    let makes = |words: &[&str], path: &str| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let commands = crate::shell::line::commands(&words);
        let argv = commands[0].argv();
        may_make(argv, &crate::tools::deed(argv), &Value::literal(path).resolve(&argv.cwd))
    };
    for (words, path, expected) in [
        (&["npm", "run", "build"][..], "dist", true),
        (&["make"], "shop", true),
        (&["make"], "/opt/shop", false),
        (&["make", "DESTDIR=/opt/shop"], "/opt/shop/bin", true),
        (&["./build.sh"], "out.tar.gz", true),
        (&["npm", "pack"], "shop-1.0.0.tgz", true),
        (&["npm", "ci"], "node_modules", true),
        (&["npm", "ci"], "dist", false),
        (&["docker", "run", "--rm", "-v", "/srv/out:/out", "builder"], "/srv/out/shop", true),
        (&["docker", "run", "--rm", "builder"], "out", false),
        (&["psql", "-f", "schema.sql"], "out", false),
        (&["ls"], "out", false),
    ] {
        assert_eq!(makes(words, path), expected, "{words:?} {path}");
    }
}
