//! git(1).

use crate::shell::argv::{Arg, Argv, Options};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked, Edit, Piece};
use crate::tools::archives;
use crate::tools::draft::{Draft, NEW, TREE, below, nothing, word};
use crate::tools::effect::{Again, Change, Deed, Resource, Role};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::{Aspect, Fact, Says};
use crate::tools::thing::Thing;

/// git's own options.
const GLOBAL: &str = "C: c: git-dir: work-tree: namespace: exec-path? p|paginate P no-pager bare";

/// A command of git(1), with git's own options applied: `git -C DIR pull` is `pull` in DIR.
pub(crate) fn command(argv: &Argv) -> Option<Argv> {
    if argv.name != "git" {
        return None;
    }
    let global = argv.leading_options(GLOBAL);
    let mut inner = argv.shifted(global.first_operand)?;
    for directory in global.values("C") {
        inner.cwd = directory.resolve(&inner.cwd);
    }
    Some(inner)
}

/// The resource that `refs/tags/v1` or `refs/heads/main` names. A bare name is a tag or a branch.
fn reference(name: &Value) -> Option<Says> {
    let of = |prefix: &str| name.key().strip_prefix(prefix).map(|rest| Value::from_key(rest, name));
    let fact =
        |thing: Thing, name: Value| Fact { resource: Resource::Other(thing, name), aspect: Aspect::Exists };
    if let Some(tag) = of("refs/tags/").or_else(|| of("tags/")) {
        return Some(Says::Is(fact(Thing::Tag, tag)));
    }
    if let Some(branch) = of("refs/heads/").or_else(|| of("heads/")) {
        return Some(Says::Is(fact(Thing::Branch, branch)));
    }
    let own = name.key().starts_with("HEAD") || name.key().contains(['/', '@', '~', '^', ':']);
    (!own).then(|| Says::Either(fact(Thing::Branch, name.clone()), fact(Thing::Tag, name.clone())))
}

/// What success says: there is a repository, or a remote, branch or tag of it; or nothing is left to commit (git-diff(1)
/// `--quiet`). It was tried with 2.39.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let inner = command(argv)?;
    let options = inner.options("q|quiet v|verbose get get-all push all verify cached staged exit-code heads tags short exclude-standard");
    let operands = &options.operands;
    let literal = |index: usize| operands.get(index).and_then(|arg| arg.value.as_literal());
    let repository = || Some(Says::exists(Resource::Path(Value::literal(".git").resolve(&inner.cwd))));
    let remote = |name: Value| Some(Says::exists(Resource::Remote { repo: inner.cwd.clone(), name }));
    match inner.program.value.as_literal()? {
        "rev-parse" if options.has("verify") => reference(&operands.first()?.value).or_else(repository),
        "rev-parse" => operands.first().and_then(|arg| reference(&arg.value)).or_else(repository),
        "show-ref" => reference(&operands.first()?.value),
        "status" | "log" | "ls-files" | "pull" => repository(),
        // Without an option, they go to a branch that is there. What is not a branch is no fact that anything asks for.
        "checkout" | "switch" if inner.args.len() == operands.len() => match operands[..] {
            [branch] => Some(Says::other(Thing::Branch, branch.value.clone())),
            _ => None,
        },
        "diff" | "diff-index" if options.has("quiet") || options.has("q") || options.has("exit-code") => {
            Some(Says::other(Thing::Commit, inner.cwd.clone()))
        }
        "remote" => match (literal(0), operands.get(1)) {
            (Some("get-url" | "show"), Some(name)) => remote(name.value.clone()),
            (None | Some("show"), None) => remote(Value::literal("origin")),
            _ => None,
        },
        "config" => {
            let name = literal(0)?.strip_prefix("remote.")?.strip_suffix(".url")?;
            remote(Value::literal(name))
        }
        _ => None,
    }
}

/// What output of any kind says: something is left to commit, or there is such a tag.
pub(super) fn prints(argv: &Argv) -> Option<Says> {
    let inner = command(argv)?;
    let options =
        inner.options("s|short porcelain? name-only stat l|list cached staged a r u|untracked-files?");
    let named = || options.operands.first().map(|arg| arg.value.clone());
    match inner.program.value.as_literal()? {
        "status" if options.has("s") || options.has("porcelain") => {
            Says::other(Thing::Commit, inner.cwd.clone()).negate()
        }
        "diff" if options.has("name-only") || options.has("stat") => {
            Says::other(Thing::Commit, inner.cwd.clone()).negate()
        }
        "tag" if options.has("l") => Some(Says::other(Thing::Tag, named()?)),
        "branch" if options.has("l") => Some(Says::other(Thing::Branch, named()?)),
        _ => None,
    }
}

/// What a line of a list says: a list of remotes, branches, tags, work trees or values.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let inner = command(argv)?;
    let name = pattern.name();
    match inner.program.value.as_literal()? {
        "remote" => Some(Says::exists(Resource::Remote { repo: inner.cwd.clone(), name })),
        "branch" => Some(Says::other(Thing::Branch, name)),
        "tag" => Some(Says::other(Thing::Tag, name)),
        "worktree" => Some(Says::exists(Resource::Path(pattern.text().resolve(&inner.cwd)))),
        // `git config --global --get-all safe.directory | grep -qxF "$DIR"`
        "config" => {
            let file = config_file(&inner, &inner.options(CONFIG));
            let text = pattern.clone().anywhere().line();
            Some(Says::exists(Resource::Line { file, text }))
        }
        _ => None,
    }
}

#[test]
fn repositories_are_asked() {
    crate::tools::table::says(&[
        ("git rev-parse --git-dir", "Exists path /srv/app/.git"),
        ("git -C /x rev-parse HEAD", "Exists path /x/.git"),
        ("git rev-parse -q --verify refs/tags/v1", "Exists tag v1"),
        ("git show-ref --verify --quiet refs/heads/prod", "Exists branch prod"),
        ("git rev-parse --verify prod", "Exists branch prod or Exists tag prod"),
        ("git remote get-url origin", "Exists remote origin"),
        ("git config --get remote.origin.url", "Exists remote origin"),
        ("git remote | grep -qx deploy", "Exists remote deploy"),
        ("git diff --cached --quiet", "Exists commit /srv/app"),
        ("git diff-index --quiet HEAD --", "Exists commit /srv/app"),
        ("git status --porcelain", "Exists path /srv/app/.git; prints not Exists commit /srv/app"),
        ("git status --porcelain | grep -q .", "not Exists commit /srv/app"),
        ("git tag -l v1", "prints Exists tag v1"),
        ("git tag | grep -qx v1", "Exists tag v1"),
        ("git branch --list prod", "prints Exists branch prod"),
        ("git worktree list | grep -q /srv/w", "Exists path /srv/w"),
        ("git config --global --get-all safe.directory | grep -qxF /x", "Exists line /root/.gitconfig '/x'"),
        ("git -C /x pull --ff-only", "Exists path /x/.git"),
        ("git checkout prod", "Exists branch prod"),
        ("git switch prod", "Exists branch prod"),
        ("git checkout -b prod", ""),
        ("git diff", ""),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    if asked.name() != "git" {
        return None;
    }
    let argv = asked.argv;
    let at = argv.leading_options(GLOBAL).first_operand;
    match (argv.literal(at).unwrap_or_default(), asked.resource()) {
        ("clone", _) => Advice::help(
            "test for the directory first: `if [ ! -d DIR/.git ]; then git clone …; else git -C DIR pull --ff-only; fi`",
        ),
        ("remote", _) if asked.removes() => Advice::help(
            "test for it first: `! git remote get-url NAME >/dev/null 2>&1 || git remote remove NAME`",
        ),
        // git-remote(1): `get-url` fails if there is no such remote.
        ("remote", _) => {
            let name = asked.operand().filter(|_| argv.literal(at + 1) == Some("add"));
            let test = name.map(|name| {
                let mut pieces = vec![Piece::Wrappers, Piece::Text("git ")];
                for arg in &argv.args[..=at] {
                    pieces.extend([Piece::Word(arg.span), Piece::Text(" ")]);
                }
                pieces.extend([
                    Piece::Text("get-url "),
                    Piece::Name(name.span),
                    Piece::Text(" >/dev/null 2>&1"),
                ]);
                Edit::TestFirst(pieces)
            });
            Advice::with(
                "test for it first: `git remote get-url NAME >/dev/null 2>&1 || git remote add …`",
                test,
            )
        }
        ("worktree", _) if asked.removes() => {
            Advice::help("test for it first: `[ ! -d DIR ] || git worktree remove DIR`")
        }
        ("worktree", _) => Advice::help("test for it first: `[ -d DIR ] || git worktree add DIR …`"),
        ("submodule", _) => {
            Advice::help("add it once, commit it, and let the script run `git submodule update --init`")
        }
        ("commit", _) => {
            Advice::help("commit only where something changed: `git diff --cached --quiet || git commit …`")
        }
        ("config", Some(Resource::Line { .. })) => Advice::help(
            "check for it first: `git config --get-all KEY | grep -qxF VALUE || git config --add KEY VALUE`",
        ),
        ("config", _) => {
            Advice::help("ask for it first: `! git config --get KEY >/dev/null || git config --unset KEY`")
        }
        (_, Some(Resource::Other(Thing::Tag, _))) if asked.removes() => Advice::help(
            "test for it first: `! git rev-parse -q --verify refs/tags/NAME >/dev/null || git tag -d NAME`",
        ),
        (_, Some(Resource::Other(Thing::Tag, _))) => Advice::help(
            "test for it first: `git rev-parse -q --verify refs/tags/NAME >/dev/null || git tag NAME`",
        ),
        ("checkout", Some(Resource::Other(Thing::Branch, _))) => {
            Advice::help("write `git checkout -B NAME`, which resets a branch that exists")
        }
        ("switch", Some(Resource::Other(Thing::Branch, _))) => {
            Advice::help("write `git switch -C NAME`, which resets a branch that exists")
        }
        (_, Some(Resource::Other(Thing::Branch, _))) if asked.removes() => Advice::help(
            "test for it first: `! git rev-parse -q --verify refs/heads/NAME >/dev/null || git branch -d NAME`",
        ),
        (_, Some(Resource::Other(Thing::Branch, _))) => Advice::help(
            "test for it first: `git rev-parse -q --verify refs/heads/NAME >/dev/null || git branch NAME`",
        ),
        _ => None,
    }
}

/// git(1): its own options precede the command. What a repetition does was tried with 2.39.
pub(crate) fn git(argv: &Argv) -> Deed {
    let Some(inner) = command(argv) else {
        return Deed::read_only();
    };
    let argv = &inner;
    match argv.program.value.as_literal().unwrap_or_default() {
        "clone" => clone(argv),
        "init" => init(argv),
        "remote" => remote(argv),
        "worktree" => worktree(argv),
        "submodule" => submodule(argv),
        "pull" | "fetch" | "checkout" | "switch" | "reset" | "restore" | "sparse-checkout" | "merge"
        | "rebase" => source(argv),
        "branch" | "tag" => branch(argv),
        "config" => config(argv),
        "clean" => {
            let mut draft = Draft::of(argv);
            let options = argv.options("f|force d x X n|dry-run e|exclude: q i");
            if !options.has("n") {
                let files = Resource::Other(Thing::Files, argv.cwd.clone());
                draft.add_implied(Change::Remove, files, Again::NoChange);
            }
            draft.done()
        }
        "commit" => commit(argv),
        "add" | "push" | "stash" | "lfs" | "gc" | "prune" | "rm" | "mv" | "update-index" | "maintenance"
        | "am" | "apply" | "cherry-pick" | "revert" | "credential" | "update-ref" | "symbolic-ref" => {
            nothing()
        }
        "archive" => archives::git_archive(argv),
        "status" | "log" | "diff" | "show" | "rev-parse" | "rev-list" | "describe" | "ls-files"
        | "ls-remote" | "ls-tree" | "blame" | "cat-file" | "for-each-ref" | "merge-base" | "shortlog"
        | "version" | "grep" | "var" | "name-rev" | "show-ref" | "check-ignore" | "diff-index" | "help"
        | "--version" => Deed::read_only(),
        _ => Deed::default(),
    }
}

/// git-clone(1): the destination must not exist, or be an empty directory.
fn clone(argv: &Argv) -> Deed {
    let options = argv.options(
        "b|branch: depth: o|origin: u|upload-pack: reference: separate-git-dir: c|config: j|jobs: filter: template: \
         shallow-since: shallow-exclude: recurse-submodules? q|quiet bare mirror single-branch server-option:",
    );
    let mut draft = Draft::of(argv);
    draft.role(Role::Source).role(Role::Clone);
    let again = Again::Fails("destination path already exists and is not an empty directory");
    match options.operands[..] {
        [_, directory] => draft.path(directory, TREE, again),
        [address] => {
            let path = below(&argv.cwd, &humanish(&address.value, options.has("bare")));
            draft.add(address, TREE, Resource::Path(path), again);
        }
        _ => {}
    }
    draft.done()
}

/// The directory that follows from a repository's address: git-clone(1), "humanish".
fn humanish(address: &Value, bare: bool) -> Value {
    let text = address.key().trim_end_matches('/').trim_end_matches("/.git");
    let address = Value::from_key(text, address);
    let mut name = address.basename();
    if let Some((_, path)) = name.split_once(':') {
        name = path;
    }
    let cut = name.key().trim_end_matches(".git");
    let mut name = Value::from_key(cut, &name);
    if bare {
        name.push_str(".git");
    }
    name
}

/// git-init(1): "Running git init in an existing repository is safe".
fn init(argv: &Argv) -> Deed {
    let options =
        argv.options("b|initial-branch: q|quiet bare template: separate-git-dir: object-format: shared?");
    let mut draft = Draft::of(argv);
    match options.operands.first() {
        Some(directory) => draft.path(directory, TREE, Again::NoChange),
        None => draft.value_path(&Value::literal(".git"), TREE, Again::NoChange),
    }
    draft.done()
}

/// git-remote(1): adding an existing name exits with 3, setting the URL of a missing one or removing it with 2.
fn remote(argv: &Argv) -> Deed {
    let options = argv.options("t: m: f tags no-tags mirror? push add delete v|verbose");
    let named = |name: &Arg| Resource::Remote { repo: argv.cwd.clone(), name: name.value.clone() };
    let mut draft = Draft::of(argv);
    match (word(&options.operands, 0), options.operands.get(1)) {
        ("add", Some(name)) => {
            draft.add(name, NEW, named(name), Again::Fails("remote already exists"));
        }
        ("remove" | "rm", Some(name)) => {
            draft.add(name, Change::Remove, named(name), Again::Fails("No such remote"));
        }
        ("set-url", Some(name)) => draft.add(name, Change::Write, named(name), Again::NoChange),
        ("update", _) => {
            draft.role(Role::Source);
        }
        _ => return Deed::read_only(),
    }
    draft.done()
}

/// git-worktree(1): `add` needs a path that does not exist, or an empty directory.
fn worktree(argv: &Argv) -> Deed {
    let options = argv.options("b: B: f|force d|detach lock reason: q orphan");
    let mut draft = Draft::of(argv);
    match (word(&options.operands, 0), options.operands.get(1)) {
        ("add", Some(path)) => {
            draft.path(path, TREE, Again::Fails("already exists"));
            draft.role(Role::Source);
        }
        ("remove", Some(path)) => draft.path(path, Change::Remove, Again::Fails("is not a working tree")),
        _ => {}
    }
    draft.done()
}

/// git-submodule(1): `add` refuses a path that is in the index already, unless forced.
fn submodule(argv: &Argv) -> Deed {
    let options =
        argv.options("b: f|force name: reference: depth: q|quiet init recursive remote merge rebase");
    let mut draft = Draft::of(argv);
    draft.role(Role::Source);
    if let ("add", Some(path), false) =
        (word(&options.operands, 0), options.operands.get(2), options.has("f"))
    {
        draft.path(path, TREE, Again::Fails("already exists in the index"));
    }
    draft.done()
}

/// These commands bring the source up to date. A new branch (`-b`) can be created only once.
fn source(argv: &Argv) -> Deed {
    let options =
        argv.options("b: c: B: C: q|quiet f|force depth: hard soft mixed t|track orphan: s|source: X: m:");
    let mut draft = Draft::of(argv);
    draft.role(Role::Source);
    let branch = match argv.program.value.as_literal() {
        Some("checkout") => options.value("b"),
        Some("switch") => options.value("c"),
        _ => None,
    };
    if let Some(branch) = branch {
        let again = Again::Fails("a branch of that name already exists");
        draft.add_implied(NEW, Resource::Other(Thing::Branch, branch.clone()), again);
    }
    draft.done()
}

/// git-branch(1), git-tag(1): a name that exists is an error without `-f`.
fn branch(argv: &Argv) -> Deed {
    let options = argv.options(
        "f|force D d|delete m|message: M a l|list r v F: u|set-upstream-to: s show-current contains: merged? sort: format: points-at:",
    );
    let of_branch = argv.program.value.as_literal() == Some("branch");
    let moves = of_branch && (options.has("m") || options.has("M") || options.has("u"));
    let looks = ["l", "r", "v", "show-current", "contains", "merged", "points-at", "sort", "format"];
    let mut draft = Draft::of(argv);
    let Some(name) = options.operands.first() else {
        return if moves { nothing() } else { Deed::read_only() };
    };
    if looks.iter().any(|o| options.has(o)) {
        return Deed::read_only();
    }
    let resource = Resource::Other(if of_branch { Thing::Branch } else { Thing::Tag }, name.value.clone());
    if options.has("d") || options.has("D") {
        draft.add(name, Change::Remove, resource, Again::Fails("not found"));
    } else if !moves {
        let again = match options.has("f") {
            true => Again::NoChange,
            false => Again::Fails("a branch or tag of that name already exists"),
        };
        draft.add(name, NEW, resource, again);
    }
    draft.done()
}

/// The options of git-config(1).
const CONFIG: &str = "global system local f|file: add unset unset-all get get-all get-regexp: l|list e|edit replace-all type: bool int default:";

/// The file that git-config(1) reads and writes.
fn config_file(argv: &Argv, options: &Options<'_>) -> Value {
    match (options.value("f"), options.has("global"), options.has("system")) {
        (Some(file), ..) => file.resolve(&argv.cwd),
        (None, true, _) => below(&argv.home, &Value::literal(".gitconfig")),
        (None, _, true) => Value::literal("/etc/gitconfig"),
        _ => below(&argv.cwd, &Value::literal(".git/config")),
    }
}

/// git-config(1): `--add` adds a second value; `--unset` of a key that is not set exits with 5.
fn config(argv: &Argv) -> Deed {
    let options = argv.options(CONFIG);
    let mut draft = Draft::of(argv);
    let file = config_file(argv, &options);
    match options.operands[..] {
        [key, value] if options.has("add") => {
            let mut text = key.value.clone();
            text.push_str("=");
            text.push(&value.value);
            let again = Again::Duplicates("adds the same value again");
            draft.add(key, Change::Append, Resource::Line { file, text }, again);
        }
        [key, _, ..] => {
            draft.add(key, NEW, setting(&file, &key.value), Again::NoChange);
            draft.add(key, Change::Edit, Resource::Path(file), Again::NoChange);
        }
        [key] if options.has("unset") || options.has("unset-all") => {
            draft.add(key, Change::Remove, setting(&file, &key.value), Again::Fails("no such key"));
            draft.add(key, Change::Edit, Resource::Path(file), Again::NoChange);
        }
        _ => return Deed::read_only(),
    }
    draft.done()
}

fn setting(file: &Value, key: &Value) -> Resource {
    let mut name = file.clone();
    name.push_str(" ");
    name.push(key);
    Resource::Other(Thing::Setting, name)
}

/// git-commit(1): if there is nothing new to commit, it exits with 1, unless `--allow-empty` is given.
/// Without a message it opens an editor.
fn commit(argv: &Argv) -> Deed {
    let options =
        argv.options("m|message: a|all F|file: C: c: amend no-edit allow-empty q|quiet author: date: n s t:");
    let mut draft = Draft::of(argv);
    if !options.has("allow-empty") && !options.has("amend") {
        let again = Again::Fails("nothing to commit");
        draft.add_implied(NEW, Resource::Other(Thing::Commit, argv.cwd.clone()), again);
    }
    if !["m", "F", "C", "no-edit"].iter().any(|o| options.has(o)) {
        draft.asks("opens an editor for the message", "write `-m MESSAGE`", None);
    }
    draft.done()
}

#[test]
fn git_brings_the_source() {
    crate::tools::table::check(&[
        ("git clone https://h/o/shop.git", "create tree /srv/app/shop fails [Source] [Clone]"),
        ("git clone git@h:o/shop.git /opt/x", "create tree /opt/x fails [Source] [Clone]"),
        ("git clone --depth 1 -b main $REPO $DIR", "create tree $DIR fails [Source] [Clone]"),
        ("git clone $REPO .", "create tree /srv/app fails [Source] [Clone]"),
        ("git clone $REPO", "create tree /srv/app/$REPO fails [Source] [Clone]"),
        ("git clone h:shop", "create tree /srv/app/shop fails [Source] [Clone]"),
        ("git -C /opt/x pull", "[Source]"),
        ("git reset --hard origin/main", "[Source]"),
        ("git checkout -b prod", "create branch prod fails [Source]"),
        ("git init", "create tree /srv/app/.git"),
        ("git -C /opt/x remote add origin https://h/x", "create remote origin of /opt/x fails"),
        ("git remote set-url origin x", "write remote origin of /srv/app"),
        ("git remote -v", "[ReadOnly]"),
        (
            "git config --global --add safe.directory /x",
            "append line /root/.gitconfig 'safe.directory=/x' duplicates",
        ),
        (
            "git config user.name x",
            "create setting /srv/app/.git/config user.name; edit /srv/app/.git/config",
        ),
        ("git worktree add ../w", "create tree /srv/w fails [Source]"),
        ("git tag v1", "create tag v1 fails"),
        ("git branch --show-current", "[ReadOnly]"),
        ("git status", "[ReadOnly]"),
        ("git archive -o /tmp/x.tar HEAD", "write /tmp/x.tar"),
        ("git archive main", ""),
        ("git frob", "unknown"),
    ]);
}
