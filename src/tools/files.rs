//! Creating and removing files and directories: coreutils(1), util-linux.

use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{DIRECTORY, Draft, FILE, unknown};
use crate::tools::effect::{Again, Change, Deed, Mode, PathKind, Prints, Resource};
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::{Aspect, Says};

/// What success says: these commands fail if the path does not exist.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let there = |arg: &Arg| Some(Says::exists(Resource::Path(argv.path(arg))));
    let first_plain = || argv.args.iter().find(|arg| !arg.is_option());
    match argv.name.as_str() {
        "cd" | "pushd" => Some(Says::fact(Resource::Path(argv.path(argv.args.first()?)), Aspect::Directory)),
        "readlink" => prints(argv).or_else(|| there(first_plain()?)),
        "compgen" if argv.literal(0) == Some("-G") => there(argv.args.get(1)?),
        "find" => there(argv.args.first().filter(|arg| !arg.is_option())?),
        "cat" => match argv.args.as_slice() {
            [file] => there(file),
            _ => None,
        },
        "stat" => {
            there(argv.options("c|format: printf: L|dereference f|file-system t|terse").operands.first()?)
        }
        "ls" | "realpath" => there(first_plain()?),
        _ => None,
    }
}

/// What output of any kind says.
pub(super) fn prints(argv: &Argv) -> Option<Says> {
    match argv.name.as_str() {
        "find" => found(argv),
        // `ls` of an empty directory prints nothing.
        "ls" if !argv.options("d a A l 1 R t r h F").has("d") => {
            let path = argv.args.iter().find(|arg| !arg.is_option())?;
            Some(Says::fact(Resource::Path(argv.path(path)), Aspect::Filled))
        }
        "readlink" if !argv.args.iter().any(Arg::is_option) => {
            Some(Says::fact(Resource::Path(argv.path(argv.args.last()?)), Aspect::Link))
        }
        _ => None,
    }
}

/// What a line in the output of `ls DIR` or `find DIR -name X` says.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    let below = |mut path: Value, name: &Value| {
        path.push_str("/");
        path.push(name);
        Some(Says::exists(Resource::Path(path.normalized())))
    };
    if argv.name == "ls" {
        let directory = argv.args.iter().find(|arg| !arg.is_option());
        return below(directory.map_or(argv.cwd.clone(), |arg| argv.path(arg)), &pattern.name());
    }
    let named = argv.args.iter().position(|arg| matches!(arg.value.as_literal(), Some("-name" | "-path")));
    below(argv.path(argv.args.first()?), &argv.args.get(named? + 1)?.value)
}

/// The one path that `find DIR -name X` or `find X -maxdepth 0` asks for.
fn found(argv: &Argv) -> Option<Says> {
    let place = |word: &str| argv.args.iter().position(|arg| arg.value.as_literal() == Some(word));
    let mut path = argv.path(argv.args.first().filter(|arg| !arg.is_option())?);
    match place("-name").or_else(|| place("-path")) {
        Some(at) => {
            let name = &argv.args.get(at + 1)?.value;
            // It is not known which of several it finds.
            if name.is_glob() || name.key().contains(['*', '?', '[']) {
                return None;
            }
            path.push_str("/");
            path.push(name);
            let aspect = match place("-type").and_then(|at| argv.literal(at + 1)) {
                Some("d") => Aspect::Directory,
                Some("f") => Aspect::File,
                Some("l") => Aspect::Link,
                _ => Aspect::Exists,
            };
            Some(Says::fact(Resource::Path(path.normalized()), aspect))
        }
        None if place("-maxdepth").is_some_and(|at| argv.literal(at + 1) == Some("0")) => {
            Some(Says::exists(Resource::Path(path)))
        }
        None if place("-mindepth").is_some_and(|at| argv.literal(at + 1) == Some("1")) => {
            Some(Says::fact(Resource::Path(path), Aspect::Filled))
        }
        None => None,
    }
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match asked.name() {
        "mkdir" => {
            // A directory that serves as a lock must be created only once.
            let is_lock = |arg: &Arg| arg.value.to_string().to_ascii_lowercase().contains("lock");
            let flag = (!asked.argv.args.iter().any(is_lock)).then(|| asked.flag("-p"));
            Advice::with("write `mkdir -p`, which accepts a directory that exists", flag)
        }
        "rm" => Advice::with("write `rm -f`, which accepts a file that is gone", asked.flag("-f")),
        "rmdir" => Advice::help("test for it first: `[ ! -d DIR ] || rmdir DIR`"),
        "unlink" => Advice::help("write `rm -f`, which accepts a file that is gone"),
        "mkfifo" => Advice::help("test for it first: `[ -p FIFO ] || mkfifo FIFO`"),
        "mknod" => Advice::help("test for it first: `[ -e DEVICE ] || mknod DEVICE …`"),
        "shred" => Advice::help("test for it first: `[ ! -e FILE ] || shred -u FILE`"),
        "fallocate" => Advice::help("make the swap file on the first run only: `[ -f FILE ] || fallocate …`"),
        "dd" if asked.fails() => {
            Advice::help("make the swap file on the first run only: `[ -f FILE ] || dd …`")
        }
        "dd" => Advice::help("write the whole file instead of appending to it"),
        "tee" => Advice::help(
            "append it only if it is missing: `grep -qxF LINE FILE || … | tee -a FILE`, or write the whole file without `-a`",
        ),
        _ => None,
    }
}

/// mkdir(1): with `-p` an existing directory is not an error.
pub(crate) fn mkdir(argv: &Argv) -> Deed {
    let options = argv.options("p|parents m|mode: v|verbose Z context?");
    let again =
        if options.has("p") { Again::NoChange } else { Again::Fails("cannot create directory: File exists") };
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        draft.path(operand, DIRECTORY, again);
        if let Some(mode) = options.value("m") {
            let mode = Mode::parse(mode);
            let recursive = false;
            draft.path(operand, Change::Mode { mode, recursive }, Again::NoChange);
        }
    }
    draft.done()
}

/// How many arguments of `mkdir` are options, if `install -d` can replace the command: none, or only `-p`.
pub(crate) fn plain_mkdir(argv: &Argv) -> Option<usize> {
    let options = argv.args.iter().take_while(|arg| arg.is_option()).count();
    let plain = match options {
        0 => true,
        1 => argv.literal(0) == Some("-p"),
        _ => false,
    };
    let operands = &argv.args[options..];
    (argv.name == "mkdir" && plain && !operands.is_empty() && !operands.iter().any(Arg::is_option))
        .then_some(options)
}

/// nano(1), vi(1): they wait for a person at a terminal, whatever comes in by a here-document. vi does not with `-c`, `-s` or
/// `-e`, nor Emacs with `--batch`.
pub(super) fn editor(argv: &Argv) -> Deed {
    let at_terminal = Argv { stdin: Stdin::Inherited, ..argv.clone() };
    let mut draft = Draft::of(&at_terminal);
    let is_scripted = |arg: &Arg| {
        let word = arg.value.known_prefix();
        let scripted = ["-c", "-s", "-e", "+", "--batch", "--headless", "--version", "--help"];
        scripted.iter().any(|option| word.starts_with(option))
    };
    if !argv.args.iter().any(is_scripted) {
        draft.asks("opens an editor", "write the file: `tee FILE <<'EOF' >/dev/null`", None);
        // Without a terminal it fails at once. With one, whoever wrote it wants somebody to edit the file.
        if argv.stdin == Stdin::Inherited {
            draft.is_dialogue();
        }
    }
    draft.done()
}

#[test]
fn mkdir_makes_directories() {
    crate::tools::table::check(&[
        ("mkdir a", "create directory /srv/app/a fails"),
        ("mkdir $X/a -p", "create directory $X/a"),
        ("mkdir -pm 700 /a", "create directory /a; mode 700 /a"),
        ("mkdir $MKDIR_OPTS /a", "create directory /a unknown"),
        ("mkdir $TARGET", "create directory $TARGET fails"),
    ]);
}

/// rm(1): a missing file is not an error only with `-f`; `-r` does not change that.
pub(crate) fn rm(argv: &Argv) -> Deed {
    let options = argv.options("r|R|recursive f|force i I interactive? d|dir v|verbose one-file-system");
    let again = if options.has("f") {
        Again::NoChange
    } else {
        Again::Fails("cannot remove: No such file or directory")
    };
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        draft.path(operand, Change::Remove, again);
    }
    if options.has("i") || options.has("I") {
        draft.asks("asks before it removes", "write `rm -f`", None);
    }
    draft.done()
}

/// rmdir(1), unlink(1): a missing operand is an error.
pub(crate) fn rmdir(argv: &Argv) -> Deed {
    let options = argv.options("p|parents v|verbose ignore-fail-on-non-empty");
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        let again = Again::Fails("failed to remove: No such file or directory");
        draft.path(operand, Change::Remove, again);
    }
    draft.done()
}

#[test]
fn rm_removes() {
    crate::tools::table::check(&[
        ("rm a", "remove /srv/app/a fails"),
        ("rm -r a", "remove /srv/app/a fails"),
        ("rm X -Rf", "remove /srv/app/X"),
        ("rm --force X", "remove /srv/app/X"),
        ("rm -i X", "remove /srv/app/X fails asks"),
        ("rmdir X", "remove /srv/app/X fails"),
    ]);
}

/// touch(1), mknod(1) and mkfifo(1): touch keeps an existing file's content, and the others fail on it.
pub(crate) fn touch(argv: &Argv) -> Deed {
    let options = argv.options("a c|no-create d|date: f h|no-dereference m r|reference: t: time:");
    let mut draft = Draft::of(argv);
    if !options.has("c") {
        for operand in &options.operands {
            draft.path(operand, FILE, Again::NoChange);
        }
    }
    draft.done()
}

/// True if the command creates an empty file and leaves an existing file as it is.
pub(crate) fn leaves_empty(argv: &Argv) -> bool {
    argv.name == "touch"
}

/// mkfifo(1), mknod(1).
pub(crate) fn mkfifo(argv: &Argv) -> Deed {
    let options = argv.options("m|mode: Z context?");
    let mut draft = Draft::of(argv);
    let count = if argv.name == "mknod" { 1 } else { options.operands.len() };
    for operand in options.operands.iter().take(count) {
        let change = Change::Create(PathKind::Any);
        draft.path(operand, change, Again::Fails("File exists"));
    }
    draft.done()
}

/// truncate(1) leaves an empty file; fallocate(1) leaves one that may keep its content.
pub(crate) fn truncate(argv: &Argv) -> Deed {
    let options = argv.options("s|size: r|reference: c|no-create o|io-blocks");
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        draft.path(operand, Change::Write, Again::NoChange);
    }
    draft.done()
}

/// A swap file in use can be neither opened for writing nor resized: open(2), fallocate(2) ETXTBSY.
pub(crate) fn busy_swap(path: &Value, text: &'static str) -> Again {
    if path.basename().key().contains("swap") { Again::Fails(text) } else { Again::NoChange }
}

/// shred(1): a missing file is an error; `-u` and `--remove` remove the file.
pub(crate) fn shred(argv: &Argv) -> Deed {
    let options =
        argv.options("u remove? n|iterations: s|size: z|zero f|force v|verbose x|exact random-source:");
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        let gone = options.has("u") || options.has("remove");
        let change = if gone { Change::Remove } else { Change::Write };
        let again = match gone {
            true => Again::Fails("failed to open for writing: No such file or directory"),
            false => Again::NoChange,
        };
        draft.path(operand, change, again);
    }
    draft.done()
}

/// fallocate(1).
pub(crate) fn fallocate(argv: &Argv) -> Deed {
    let options = argv.options("l|length: o|offset: c d i n|keep-size p v x z");
    let mut draft = Draft::of(argv);
    for operand in &options.operands {
        let text = "fallocate failed: Text file busy";
        draft.path(operand, FILE, busy_swap(&argv.path(operand), text));
    }
    draft.done()
}

/// dd(1): `of=` is the file that it writes; with `oflag=append conv=notrunc` it adds to the end.
pub(crate) fn dd(argv: &Argv) -> Deed {
    let mut draft = Draft::of(argv);
    let flag = |key: &str, flag: &str| {
        let is = |(name, value): (Value, Value)| {
            name.as_literal() == Some(key) && value.key().split(',').any(|f| f == flag)
        };
        argv.args.iter().filter_map(|arg| arg.value.split_once('=')).any(is)
    };
    let appends = flag("oflag", "append") && flag("conv", "notrunc");
    for arg in &argv.args {
        let Some((key, path)) = arg.value.split_once('=') else {
            continue;
        };
        if key.as_literal() == Some("of") && path.as_literal() != Some("/dev/null") {
            let path = path.resolve(&argv.cwd);
            if appends {
                let again = Again::Duplicates("appends the same bytes again");
                let resource = Resource::Line { file: path, text: unknown("input") };
                draft.add(arg, Change::Append, resource, again);
                continue;
            }
            let again = busy_swap(&path, "failed to open: Text file busy");
            draft.add(arg, Change::Write, Resource::Path(path), again);
        }
    }
    draft.done()
}

/// tee(1): `-a` appends, otherwise the file is replaced.
pub(crate) fn tee(argv: &Argv) -> Deed {
    let options = argv.options("a|append i|ignore-interrupts p output-error?");
    let mut draft = Draft::of(argv);
    draft.prints(Prints::Through);
    for operand in &options.operands {
        let file = argv.path(operand);
        if file.key().starts_with("/dev/") {
            continue;
        }
        if options.has("a") {
            let text = match &argv.stdin {
                Stdin::Text(text) => text.clone(),
                _ => unknown("input"),
            };
            let again = match is_log(&file) {
                true => Again::NoChange,
                false => Again::Duplicates("appends the same text again"),
            };
            draft.add(operand, Change::Append, Resource::Line { file, text }, again);
        } else {
            draft.path(operand, Change::Write, Again::NoChange);
        }
    }
    draft.done()
}

/// True for a log, because logs are meant to be appended to.
fn is_log(file: &Value) -> bool {
    let name = file.basename().to_string().to_ascii_lowercase();
    name.ends_with(".log") || name.split(['_', '.', '-', '$']).any(|part| matches!(part, "log" | "logfile"))
}

#[test]
fn files_are_asked_for() {
    crate::tools::table::says(&[
        ("ls /x", "Exists path /x; prints Filled path /x"),
        ("ls -d /x", "Exists path /x"),
        ("stat -c %U /x", "Exists path /x"),
        ("readlink /x", "Link path /x; prints Link path /x"),
        ("readlink -f /x", "Exists path /x"),
        ("cd /x", "Directory path /x"),
        ("find /x -name y -type d", "Exists path /x; prints Directory path /x/y"),
        ("find /x -mindepth 1 -print", "Exists path /x; prints Filled path /x"),
        ("find /x -name '*.py'", "Exists path /x"),
        ("ls /x | grep -q y", "Exists path /x/y"),
        ("find /x -name y | grep -q .", "Exists path /x/y"),
        ("ls -A /x | wc -l", "Filled path /x"),
        ("compgen -G /x", "Exists path /x"),
    ]);
}

#[test]
fn files_are_written() {
    crate::tools::table::check(&[
        ("touch a", "create file /srv/app/a"),
        ("touch -c a", ""),
        ("mkfifo p", "create any /srv/app/p fails"),
        ("truncate -s 0 /var/log/a", "write /var/log/a"),
        ("fallocate -l 2G /swapfile", "create file /swapfile fails"),
        ("dd if=/dev/zero of=/a bs=1M", "write /a"),
        ("dd if=x of=/a oflag=append conv=notrunc,fsync", "append line /a '$input' duplicates"),
        ("dd if=x of=/a oflag=append", "write /a"),
        ("shred -u /a", "remove /a fails"),
        ("shred /dev/sdb", "write /dev/sdb"),
        ("dd if=/dev/zero of=/swapfile bs=1M", "write /swapfile fails"),
        ("tee /etc/a", "write /etc/a"),
        ("tee -a /etc/a <<< 'x y'", "append line /etc/a 'x y' duplicates"),
        ("tee -a $F", "append line $F '$input' duplicates"),
        ("tee -a $LOG_FILE", "append line $LOG_FILE '$input'"),
        ("tee /dev/null", ""),
    ]);
}
