//! Copies from elsewhere and from archives: rsync(1), scp(1), tar(1), unzip(1L), gzip(1), xz(1), bzip2(1).

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, FILE, below, unknown};
use crate::tools::effect::{Again, Change, Deed, How, Resource, Role};

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match asked.name() {
        "tar" | "bsdtar" if asked.fails() => {
            Advice::help("write `--skip-old-files`, which leaves what is there, or leave `-k` out")
        }
        "tar" | "bsdtar" => Advice::help("write the archive anew with `-c`"),
        "unzip" => {
            Advice::help("write `unzip -o`, which replaces the files, or `unzip -n`, which keeps them")
        }
        name if is_compressor(name) => Advice::help("keep the file and replace the result: `-kf`"),
        _ => None,
    }
}

/// rsync(1) updates existing files. A place that begins with a host is not on this machine.
pub(crate) fn rsync(argv: &Argv) -> Deed {
    let options = argv.options(
        "a v z r e|rsh: exclude: include: f|filter: exclude-from: include-from: files-from: chown: chmod: T|temp-dir: \
         rsync-path: password-file: port: timeout: bwlimit: link-dest: compare-dest: backup-dir: log-file: out-format: \
         max-size: min-size: B|block-size: M|remote-option: suffix: partial-dir: usermap: groupmap:",
    );
    let mut draft = Draft::of(argv);
    draft.role(Role::Source);
    if options.operands.last().is_some_and(|last| is_remote(&last.value)) {
        draft.role(Role::Send);
    } else if let Some((last, sources)) = options.operands.split_last() {
        let first = sources.first();
        let nested = first.filter(|s| !s.value.key().ends_with(['/', '.']) && sources.len() == 1);
        let path = match nested {
            Some(source) if !is_remote(&source.value) && last.value.key().ends_with('/') => {
                below(&argv.path(last), &source.value.basename())
            }
            _ => argv.path(last),
        };
        draft.add(last, Change::Write, Resource::Path(path.clone()), Again::NoChange);
        let here = first.filter(|source| !is_remote(&source.value));
        draft.content(How::Synced, here.map(|source| argv.path(source)), true);
        if here.is_none() {
            draft.role(Role::Fetch);
        }
        // "If GROUP is empty, the trailing colon may be omitted."
        if let Some(owner) = options.value("chown") {
            let (user, group) = owner.split_once(':').unwrap_or((owner.clone(), Value::default()));
            let given = |value: Value| (!value.is_empty()).then_some(value);
            let (user, group, recursive) = (given(user), given(group), true);
            let change = Change::Own { user, group, recursive };
            draft.add(last, change, Resource::Path(path), Again::NoChange);
        }
    }
    draft.done()
}

/// The patterns of `--exclude`: `rsync --delete` leaves what they match alone, unless `--delete-excluded` is given. `None`
/// if nothing is deleted, or if other filters may keep more.
pub(crate) fn mirrors(argv: &Argv) -> Option<Vec<Value>> {
    const DELETES: [&str; 6] =
        ["--delete", "--del", "--delete-after", "--delete-before", "--delete-during", "--delete-delay"];
    if argv.name != "rsync" || !argv.has_any(&DELETES) {
        return None;
    }
    let options = argv.options("exclude: f|filter: exclude-from: files-from: n|dry-run e|rsh: chown:");
    let filtered = ["f", "exclude-from", "files-from", "n"].iter().any(|option| options.has(option));
    (!filtered).then(|| options.values("exclude").cloned().collect())
}

/// True for a place on another host: `host:path`, `user@host:path`, `rsync://…` (rsync(1), scp(1)).
pub(crate) fn is_remote(value: &Value) -> bool {
    value.split_once(':').is_some_and(|(host, _)| !host.key().contains('/') && !host.is_empty())
        || value.key().starts_with("rsync://")
}

/// scp(1).
pub(crate) fn scp(argv: &Argv) -> Deed {
    let options = argv.options("r p q B C 3 4 6 v c: D: F: i: J: l: o: P: S: X:");
    let mut draft = Draft::of(argv);
    if options.operands.last().is_some_and(|last| is_remote(&last.value)) {
        draft.role(Role::Send);
    } else if let Some((last, sources)) = options.operands.split_last() {
        draft.path(last, Change::Write, Again::NoChange);
        let here = sources.first().filter(|source| !is_remote(&source.value));
        draft.content(How::Synced, here.map(|source| argv.path(source)), options.has("r"));
        draft.role(Role::Fetch);
    }
    draft.done()
}

/// True for a command that copies files to and from other hosts.
pub(crate) fn copies_to_hosts(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "scp" | "rsync" | "sftp")
}

/// True for a command that brings more below a path than its words name.
pub(crate) fn brings_more(argv: &Argv) -> bool {
    matches!(argv.name.as_str(), "tar" | "unzip" | "rsync" | "cp" | "git" | "7z" | "bsdtar")
}

#[test]
fn rsync_updates() {
    crate::tools::table::check(&[
        ("rsync -a --delete src/ /srv/x/", "write /srv/x [Source]"),
        ("rsync -a src /srv/x/", "write /srv/x/src [Source]"),
        ("rsync -az -e ssh src/ u@h:/srv/x", "[Source] [Send]"),
        ("rsync -a --chown=app:app src/ /x", "write /x; own -R app:app /x [Source]"),
        ("rsync -a --chown=app src/ /x", "write /x; own -R app: /x [Source]"),
        ("rsync -a --chown=:app src/ /x", "write /x; own -R :app /x [Source]"),
        ("scp -i k h:/a /b", "write /b [Fetch]"),
    ]);
}

/// tar(1): extracting replaces existing files; the first word may be a bundle of options without a dash.
pub(crate) fn tar(argv: &Argv) -> Deed {
    const SPEC: &str = "x|extract|get c|create t|list r|append u|update f|file: C|directory: z j J v p k|keep-old-files \
                        strip-components: exclude: T|files-from: X|exclude-from: I|use-compress-program: owner: group: \
                        mode: transform: one-top-level? overwrite";
    let mut with_dash = argv.clone();
    if let Some(first) = with_dash.args.first_mut()
        && let Some(bundle) = first.value.as_literal()
        && !bundle.starts_with('-')
    {
        first.value = Value::literal(format!("-{bundle}"));
    }
    let options = with_dash.options(SPEC);
    let mut draft = Draft::of(argv);
    if options.has("x") {
        let again = match options.has("k") {
            true => Again::Fails("Cannot open: File exists"),
            false => Again::NoChange,
        };
        let here = Value::literal(".");
        let directory = options.value("C").unwrap_or(&here);
        draft.value_path(directory, Change::Write, again);
        draft.content(How::Unpacked, options.value("f").map(|file| file.resolve(&argv.cwd)), true);
        draft.role(Role::Unpack);
    } else if let Some(archive) = options.value("f")
        && options.has("r")
    {
        let resource = Resource::Line { file: archive.resolve(&argv.cwd), text: unknown("members") };
        let again = Again::Duplicates("adds the same members again");
        draft.add_implied(Change::Append, resource, again);
    } else if let Some(archive) = options.value("f")
        && options.has("c")
        && archive.as_literal() != Some("-")
    {
        draft.writes(archive);
    }
    draft.done()
}

/// unzip(1L): it asks `replace NAME? [y]es, [n]o, …` if a file exists, also with `-q`, unless `-o` or `-n`
/// answers. At the end of input it replaces none and exits with 1.
pub(crate) fn unzip(argv: &Argv) -> Deed {
    let options = argv.options("o n q u f d: x l t p j P: v z");
    let mut draft = Draft::of(argv);
    if ["l", "t", "p", "v", "z"].iter().any(|o| options.has(o)) {
        return draft.done();
    }
    let settled = options.has("o") || options.has("n") || argv.stdin != Stdin::Inherited;
    let again = match settled {
        true => Again::NoChange,
        false => Again::Prompts("asks whether to replace each file"),
    };
    let here = Value::literal(".");
    draft.value_path(options.value("d").unwrap_or(&here), Change::Write, again);
    draft.content(How::Unpacked, options.operands.first().map(|archive| argv.path(archive)), true);
    draft.role(Role::Unpack);
    draft.done()
}

/// Programs that compress a file: the name, the ending of what they write, and whether they decompress instead.
const COMPRESSORS: [(&str, &str, bool); 6] = [
    ("gzip", ".gz", false),
    ("gunzip", ".gz", true),
    ("xz", ".xz", false),
    ("unxz", ".xz", true),
    ("bzip2", ".bz2", false),
    ("bunzip2", ".bz2", true),
];

/// git-archive(1): `-o` names the file that it writes.
pub(super) fn git_archive(argv: &Argv) -> Deed {
    let options = argv.options("o|output: f|format: prefix: remote: exec: v|verbose l|list");
    let mut draft = Draft::of(argv);
    if let Some(file) = options.value("o") {
        draft.writes(file);
    }
    draft.done()
}

/// True for the name of a program that replaces a file by its compressed form, or the other way round.
pub(crate) fn is_compressor(name: &str) -> bool {
    COMPRESSORS.iter().any(|(compressor, ..)| *compressor == name)
}

/// gzip(1), xz(1), bzip2(1): the file is replaced by another; an existing one stops them unless `-f` is given.
pub(crate) fn compress(argv: &Argv) -> Deed {
    let options = argv.options(
        "d|decompress|uncompress z|compress c|stdout|to-stdout k|keep f|force S|suffix: r t|test l|list T|threads: \
         F|format: C|check: M|memlimit|memory:",
    );
    let mut draft = Draft::of(argv);
    let known = COMPRESSORS.iter().find(|(name, ..)| *name == argv.name);
    let Some((_, ending, opens)) = known.filter(|_| !["c", "t", "l", "r"].iter().any(|o| options.has(o)))
    else {
        return draft.done();
    };
    let ending = options.value("S").and_then(Value::as_literal).unwrap_or(ending);
    for operand in &options.operands {
        let written = operand.value.key();
        let other = match *opens && !options.has("z") || options.has("d") {
            true => match written.rsplit_once('.') {
                Some((name, "tgz" | "taz" | "txz" | "tlz" | "tbz2" | "tbz")) => format!("{name}.tar"),
                Some((name, _)) => name.to_owned(),
                None => written.to_owned(),
            },
            false => format!("{written}{ending}"),
        };
        if !options.has("k") {
            let again = Again::Fails("No such file or directory");
            draft.path(operand, Change::Remove, again);
        }
        let again = match options.has("f") {
            true => Again::NoChange,
            false => Again::Fails("already exists; not overwritten"),
        };
        let path = Value::from_key(&other, &operand.value).resolve(&argv.cwd);
        draft.add(operand, FILE, Resource::Path(path), again);
    }
    draft.done()
}

#[test]
fn archives_are_unpacked() {
    crate::tools::table::check(&[
        ("tar xzf a.tgz -C /opt/x", "write /opt/x [Unpack]"),
        ("tar -xf a.tgz", "write /srv/app [Unpack]"),
        ("tar czf /b/a.tgz .", "write /b/a.tgz"),
        ("tar rf /b/a.tar x", "append line /b/a.tar '$members' duplicates"),
        ("unzip -q a.zip -d /opt/x", "write /opt/x prompts [Unpack]"),
        ("unzip -o a.zip", "write /srv/app [Unpack]"),
        ("gunzip a.gz", "remove /srv/app/a.gz fails; create file /srv/app/a fails"),
        ("gunzip -kf a.gz", "create file /srv/app/a"),
        ("gzip -k a", "create file /srv/app/a.gz fails"),
        ("gzip -dk a.gz", "create file /srv/app/a fails"),
        ("xz -k -T 0 a", "create file /srv/app/a.xz fails"),
        ("unxz -k a.xz", "create file /srv/app/a fails"),
        ("xz -dk a.txz", "create file /srv/app/a.tar fails"),
        ("bzip2 -k a", "create file /srv/app/a.bz2 fails"),
        ("bunzip2 -k a.bz2", "create file /srv/app/a fails"),
    ]);
}
