//! find(1): what it deletes or passes to another command.

use crate::shell::argv::{Arg, Argv};
use crate::shell::value::Value;
use crate::tools::draft::Draft;
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::thing::Thing;

/// What `-exec` does to `{}` is done to everything below the starting points. It is no error if a pattern finds nothing.
pub(crate) fn find(argv: &Argv) -> Deed {
    let is_start = |arg: &&Arg| !arg.value.known_prefix().starts_with(['-', '(', '!']);
    let mut starts: Vec<&Arg> = argv.args.iter().take_while(is_start).collect();
    let here;
    if starts.is_empty() {
        here = Arg { value: Value::literal("."), span: argv.program.span };
        starts.push(&here);
    }
    let mut draft = Draft::of(argv);
    let mut reads = true;
    let delete = |draft: &mut Draft<'_>, start: &Arg| {
        let files = Resource::Other(Thing::Files, argv.path(start));
        draft.add(start, Change::Remove, files, Again::NoChange);
    };
    for (at, arg) in argv.args.iter().enumerate() {
        match arg.value.as_literal() {
            Some("-delete") => {
                reads = false;
                starts.iter().for_each(|start| delete(&mut draft, start));
            }
            Some("-exec" | "-execdir") => {
                reads = false;
                let Some(mut inner) = argv.shifted(at + 1) else {
                    continue;
                };
                let ends = |arg: &Arg| matches!(arg.value.as_literal(), Some(";" | "+" | "\\;"));
                let end = inner.args.iter().position(ends);
                inner.args.truncate(end.unwrap_or(inner.args.len()));
                let deed = crate::tools::deed(&inner);
                for role in [Role::Owner, Role::Mode] {
                    if deed.roles.contains(&role) {
                        draft.role(role);
                    }
                }
                if !deed.known {
                    draft.partly();
                }
                for effect in deed.effects {
                    if effect.resource.name().basename().as_literal() != Some("{}") {
                        draft.partly();
                        continue;
                    }
                    for start in &starts {
                        match &effect.change {
                            Change::Own { user, group, .. } => {
                                let (user, group) = (user.clone(), group.clone());
                                let recursive = true;
                                draft.path(start, Change::Own { user, group, recursive }, Again::NoChange);
                            }
                            Change::Mode { mode, .. } => {
                                let (mode, recursive) = (mode.clone(), true);
                                draft.path(start, Change::Mode { mode, recursive }, Again::NoChange);
                            }
                            Change::Remove => delete(&mut draft, start),
                            // The copies have the names of what is found.
                            Change::Write if effect.content.as_ref().is_some_and(|c| c.how.is_copy()) => {
                                let mut path = effect.resource.name().dirname();
                                path.push_str("/*");
                                draft.add_implied(Change::Write, Resource::Path(path), Again::NoChange);
                                draft.partly();
                            }
                            _ => {
                                draft.partly();
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    match reads {
        true => Deed::read_only(),
        false => draft.done(),
    }
}

/// True if find(1) selects some of the entries that it visits: by name, by owner, or only directories.
pub(crate) fn picks(argv: &Argv) -> bool {
    const TESTS: [&str; 8] = ["-name", "-iname", "-path", "-not", "!", "-regex", "-perm", "-user"];
    let word = |arg: &Arg, text: &str| arg.value.as_literal() == Some(text);
    argv.name == "find"
        && (argv.args.iter().any(|arg| TESTS.iter().any(|test| word(arg, test)))
            || argv.args.windows(2).any(|pair| word(&pair[0], "-type") && word(&pair[1], "d")))
}

/// True if find(1) may select a file by its name. Tests of anything else than names may hold.
pub(crate) fn may_pick(argv: &Argv, file: &Value) -> bool {
    let (name, path) = (file.basename().to_string(), file.to_string());
    let (mut is_wanted, mut has_patterns, mut is_negated) = (false, false, false);
    let mut words = argv.args.iter().map(|arg| arg.value.to_string());
    while let Some(word) = words.next() {
        let subject = match word.as_str() {
            "-name" | "-iname" => &name,
            "-path" | "-wholename" => &path,
            "!" | "-not" => {
                is_negated = true;
                continue;
            }
            "-exec" | "-execdir" => break,
            _ => {
                is_negated = false;
                continue;
            }
        };
        let pattern = words.next().and_then(|pattern| glob::Pattern::new(&pattern).ok());
        let matches = pattern.is_none_or(|pattern| pattern.matches(subject));
        match std::mem::take(&mut is_negated) {
            true if matches => return false,
            true => {}
            false => {
                has_patterns = true;
                is_wanted |= matches;
            }
        }
    }
    is_wanted || !has_patterns
}

#[test]
fn find_picks_by_name() {
    use crate::shell::argv::tests::argv;
    for (line, expected) in [
        ("find /srv -name .env -exec chmod 600 {} +", true),
        ("find /srv -name '.env*' -exec chmod 600 {} +", true),
        ("find /srv -type f -exec chmod 600 {} +", true),
        ("find /srv -name '*.sh' -o -name '.env' -exec chmod 700 {} +", true),
        ("find /srv -name '*.sh' -exec chmod 700 {} +", false),
        ("find /srv ! -name '*.sh' -exec chmod 600 {} +", true),
        ("find /srv -not -name '.env' -exec chmod 600 {} +", false),
    ] {
        assert_eq!(may_pick(&argv(line), &Value::literal("/srv/.env")), expected, "{line}");
    }
}

/// The path that find(1) is to leave out (`! -path data`) and never meets, if it deletes the rest: each path that it visits
/// begins as the starting point is written.
pub(crate) fn missed_exception(argv: &Argv) -> Option<&Arg> {
    if argv.name != "find" || !argv.has_any(&["-delete", "-exec", "-execdir"]) {
        return None;
    }
    if !find(argv).effects.iter().any(|effect| effect.change == Change::Remove) {
        return None;
    }
    let is_start = |arg: &&Arg| !arg.value.known_prefix().starts_with(['-', '(', '!']);
    let starts: Option<Vec<&str>> =
        argv.args.iter().take_while(is_start).map(|arg| arg.value.as_literal()).collect();
    let starts = starts.map(|starts| if starts.is_empty() { vec!["."] } else { starts })?;
    let words = argv.args.windows(3).filter(|three| {
        matches!(three[0].value.as_literal(), Some("!" | "-not" | "\\!"))
            && matches!(three[1].value.as_literal(), Some("-path" | "-wholename"))
    });
    words.map(|three| &three[2]).find(|arg| {
        arg.value.as_literal().is_some_and(|path| {
            !path.starts_with(['*', '?', '[']) && !starts.iter().any(|start| path.starts_with(start))
        })
    })
}

/// The path that rsync(1) is to leave out and never meets, if `--delete` removes the rest: a pattern that begins with a slash is
/// looked for below the directory that is copied, and not below the root.
pub(crate) fn missed_exclusion(argv: &Argv) -> Option<&Arg> {
    if argv.name != "rsync" || !argv.args.iter().any(|arg| arg.value.known_prefix().starts_with("--delete")) {
        return None;
    }
    let operands = argv.args.iter().filter(|arg| !arg.is_option()).filter_map(|arg| arg.value.as_literal());
    let directories: Vec<&str> = operands
        .map(|operand| operand.rsplit_once(':').map_or(operand, |(_, path)| path).trim_end_matches('/'))
        .filter(|path| path.starts_with('/') && path.len() > 1)
        .collect();
    let joined =
        argv.args.iter().filter_map(|arg| Some((arg, arg.value.as_literal()?.strip_prefix("--exclude=")?)));
    let apart = argv.args.windows(2).filter(|pair| pair[0].value.as_literal() == Some("--exclude"));
    let apart = apart.filter_map(|pair| Some((&pair[1], pair[1].value.as_literal()?)));
    let mut excluded = joined.chain(apart);
    excluded
        .find(|(_, pattern)| {
            directories.iter().any(|directory| {
                directory != pattern
                    && pattern
                        .strip_prefix(directory)
                        .is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
            })
        })
        .map(|(arg, _)| arg)
}

#[test]
fn exceptions_that_match_nothing() {
    use crate::shell::argv::tests::argv;
    let missed = |line: &str| {
        let argv = argv(line);
        let missed = missed_exception(&argv).or_else(|| missed_exclusion(&argv));
        missed.map(|arg| arg.value.to_string())
    };
    for (line, expected) in [
        ("find . -mindepth 1 ! -path data -exec rm -rf {} ;", Some("data")),
        ("find /srv/a -not -path data/x -delete", Some("data/x")),
        ("find . ! -path ./data -delete", None),
        ("find . ! -path '*/data' -delete", None),
        ("find /srv/a ! -path '/srv/a/data*' -delete", None),
        ("find $D ! -path data -delete", None),
        ("find . ! -name data -delete", None),
        ("find . ! -path data -print", None),
        ("rsync -a --delete --exclude=/srv/a/up src/ /srv/a/", Some("--exclude=/srv/a/up")),
        ("rsync -a --delete --exclude /srv/a/up src/ root@h:/srv/a", Some("/srv/a/up")),
        ("rsync -a --delete --exclude=/up src/ /srv/a/", None),
        ("rsync -a --exclude=/srv/a/up src/ /srv/a/", None),
    ] {
        assert_eq!(missed(line).as_deref(), expected, "{line}");
    }
}

#[test]
fn find_hands_on() {
    crate::tools::table::check(&[
        ("find . -name x", "[ReadOnly]"),
        ("find /a -name x -delete", "remove files /a"),
        ("find /a -type f -exec chmod 644 {} +", "mode -R 644 /a [Mode]"),
        ("find $D /b -exec chown u:g {} ;", "own -R u:g $D; own -R u:g /b [Owner]"),
        ("find /a -exec rm -rf {} ;", "remove files /a"),
        ("find /a -exec grep x {} ;", ""),
        ("find /a -name x -exec cp {} /b/ ;", "write /b/* unknown"),
        ("find /a -exec frob {} ;", "unknown"),
    ]);
}
