//! Copying, linking and moving: coreutils(1).

use crate::shell::argv::{Arg, Argv, Options};
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked, Edit, Words};
use crate::tools::draft::{DIRECTORY, Draft, below};
use crate::tools::effect::{Again, Change, Deed, How, Mode, PathKind, Resource};
use crate::tools::thing::Thing;

/// The options of ln(1).
const LN: &str = "s|symbolic f|force n|no-dereference r|relative v|verbose i|interactive b backup? S|suffix: \
                  t|target-directory: T|no-target-directory L|logical P|physical d|F";

/// Endings that files have and directories do not.
const FILES: [&str; 14] =
    ["cfg", "cnf", "conf", "db", "env", "ini", "json", "list", "service", "sh", "sql", "toml", "yaml", "yml"];

/// Options of cp(1).
const CP: &str = "R|r|recursive a|archive b backup? d f|force i|interactive H l|link L|dereference n|no-clobber \
                  P|no-dereference p preserve? no-preserve: s|symbolic-link S|suffix: t|target-directory: \
                  T|no-target-directory u update? v|verbose x|one-file-system Z context? reflink? sparse: \
                  remove-destination";

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match (asked.name(), asked.again) {
        ("ln", _) if asked.argv.options(LN).has("s") => Advice::with(
            "write `ln -sfn`: it replaces the link, also where it leads to a directory",
            link_flags(asked.argv),
        ),
        ("ln", _) => Advice::help("write `ln -f`, which replaces a file that exists"),
        ("cp", Again::Nests(_)) => Advice::help("copy what is in it: `cp -r SOURCE/. TARGET`"),
        ("cp", _) => Advice::help("copy it on the first run only: `[ -f TARGET ] || cp …`, or write `cp -n`"),
        ("install", _) => Advice::help("install it on the first run only: `[ -e TARGET ] || install …`"),
        ("mv", Again::Fails(_)) => {
            Advice::help("test for the source first: `[ ! -e SOURCE ] || mv …`, or copy it with `install`")
        }
        _ => None,
    }
}

/// `-f` and `-n` in addition to ln(1)'s `-s`. If the link does not exist, both change nothing.
fn link_flags(argv: &Argv) -> Option<Edit> {
    let options = argv.options(LN);
    let short = |arg: &&Arg| {
        let text = arg.value.as_literal().unwrap_or_default();
        text.len() > 1
            && text.starts_with('-')
            && text[1..].bytes().all(|b| b"sfnrv".contains(&b))
            && text.contains('s')
    };
    let (place, written, text) = match argv.args.iter().find(short) {
        Some(bundle) => {
            let missing: String = ["f", "n"].into_iter().filter(|letter| !options.has(letter)).collect();
            (bundle.span, bundle.value.as_literal()?.to_owned(), missing)
        }
        None if argv.has_word("--symbolic") => (argv.program.span, argv.name.clone(), " -fn".to_owned()),
        None => return None,
    };
    let title = "replace the link: `-fn`".to_owned();
    (!text.is_empty()).then_some(Edit::Behind(Words { place, written, text, title, is_safe: true }))
}

/// Where several sources go, or one.
struct Target<'a> {
    sources: Vec<&'a Arg>,
    destination: Value,
    operand: Option<&'a Arg>,
    is_directory: bool,
}

impl<'a> Target<'a> {
    /// The forms that cp, mv, ln and install share (coreutils, "Target directory"). The options must be
    /// called `t` and `T`. The destination counts as a directory if the text says so.
    fn read(argv: &Argv, options: &Options<'a>) -> Option<Self> {
        let mut sources = options.operands.clone();
        if let Some(directory) = options.value("t") {
            return Some(Target {
                sources,
                destination: directory.resolve(&argv.cwd),
                operand: options.word("t"),
                is_directory: true,
            });
        }
        let last = sources.pop()?;
        let many = sources.len() > 1 || sources.first().is_some_and(|s| s.value.is_glob());
        let written = last.value.key();
        Some(Target {
            destination: argv.path(last),
            operand: Some(last),
            is_directory: !options.has("T")
                && (many
                    || written.ends_with('/')
                    || written == "."
                    || written == ".."
                    || is_known_directory(&argv.path(last))),
            sources,
        })
    }

    /// The path that a source gets.
    fn path(&self, source: &Arg) -> Value {
        let key = source.value.key();
        if !self.is_directory || source.value.is_glob() || key.ends_with("/.") || key == "." {
            return self.destination.clone();
        }
        below(&self.destination, &source.value.basename())
    }

    /// True for `cp -r src/ /opt/x/src/`. A slash at the end of a target that is not there does not keep cp(1) and mv(1) from
    /// making the directory itself; they enter it once it is there. Tried with 9.1.
    fn names_the_copy(&self) -> bool {
        let written = self.operand.map_or("", |operand| operand.value.key());
        match self.sources[..] {
            [source] if self.is_directory && written.len() > 1 && written.ends_with('/') => {
                let name = source.value.basename();
                !source.value.is_glob()
                    && name.key().chars().any(char::is_alphanumeric)
                    && name == self.destination.basename()
            }
            _ => false,
        }
    }

    fn put(&self, draft: &mut Draft<'_>, source: &Arg, change: Change, again: Again) {
        let operand = self.operand.unwrap_or(source);
        draft.add(operand, change, Resource::Path(self.path(source)), again);
    }
}

/// True for a directory that every server has, so that a path to it cannot be meant as a file's name: hier(7),
/// file-hierarchy(7), and the layouts of Debian's nginx, apache2, logrotate, sudo and cron packages.
fn is_known_directory(path: &Value) -> bool {
    let Some(text) = path.as_literal() else {
        return path.known_suffix().ends_with("/sites-enabled");
    };
    const ENDS: [&str; 9] = [
        "/sites-enabled", "/sites-available", "/conf.d", "/snippets", "/modules-enabled", "/conf-enabled",
        "/conf-available", "/logrotate.d", "/sudoers.d",
    ];
    const WHOLE: [&str; 22] = [
        "/", "/bin", "/sbin", "/etc", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
        "/usr/local/lib", "/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system",
        "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly", "/etc/cron.weekly", "/etc/init.d",
        "/etc/profile.d", "/etc/sysctl.d", "/tmp", "/opt", "/root",
    ];
    ENDS.iter().any(|end| text.ends_with(end)) || WHOLE.contains(&text)
}

/// The reason that is shown for it.
pub(crate) const ENTERS_LINK: &str = "creates a second link inside the directory that the link leads to";

/// The target of the link that a command makes.
pub(crate) fn link_target(deed: &Deed) -> Option<&Value> {
    deed.effects.iter().find_map(|effect| match &effect.resource {
        Resource::Other(Thing::LinkTarget, path) => Some(path),
        _ => None,
    })
}

/// True if the command moves files that other commands made.
pub(crate) fn moves(argv: &Argv) -> bool {
    argv.name == "mv"
}

/// ln(1): without `-f` an existing name is an error. With `-f` and without `-n`, a link to a directory is
/// entered.
pub(crate) fn ln(argv: &Argv) -> Deed {
    let options = argv.options(LN);
    let mut draft = Draft::of(argv);
    let kind = if options.has("s") { PathKind::Link } else { PathKind::File };
    let exists = match options.has("f") || options.has("i") {
        true => Again::NoChange,
        false => Again::Fails("failed to create symbolic link: File exists"),
    };
    if let [only] = options.operands[..]
        && !options.has("t")
    {
        let path = below(&argv.cwd, &only.value.basename());
        draft.add(only, Change::Create(kind), Resource::Path(path), exists);
        draft.content(How::Linked, Some(argv.path(only)), false);
        return draft.done();
    }
    let Some(target) = Target::read(argv, &options) else {
        return draft.done();
    };
    for source in &target.sources {
        let to_directory = kind == PathKind::Link && source.value.key().ends_with('/');
        let enters = to_directory && !options.has("n") && !options.has("T");
        let again = match enters && !target.is_directory {
            true => Again::Nests(ENTERS_LINK),
            false => exists,
        };
        target.put(&mut draft, source, Change::Create(kind), again);
        draft.content(How::Linked, Some(argv.path(source)), false);
        // If the target is known to be a directory, the second run goes into it.
        if matches!(again, Again::NoChange | Again::Fails(_))
            && kind == PathKind::Link
            && !target.is_directory
            && !options.has("n")
            && !options.has("T")
        {
            let leads_to = source.value.resolve(&target.path(source).dirname());
            let resource = Resource::Other(Thing::LinkTarget, leads_to);
            draft.add(source, Change::Use, resource, Again::NoChange);
        }
    }
    draft.done()
}

#[test]
fn ln_links() {
    crate::tools::table::check(&[
        ("ln -s /a /b", "create link /b fails; use link target /a"),
        ("ln -sf ../a /b/c", "create link /b/c; use link target /a"),
        ("ln -sfn /a/ /b", "create link /b"),
        ("ln -sf /a/ /b", "create link /b nests"),
        ("ln -s /a/x dir/", "create link /srv/app/dir/x fails"),
        (
            "ln -s /etc/nginx/sites-available/shop /etc/nginx/sites-enabled",
            "create link /etc/nginx/sites-enabled/shop fails",
        ),
        ("ln -s $A/shop $N/sites-enabled", "create link $N/sites-enabled/shop fails"),
        ("ln -st /b /a/x /a/y", "create link /b/x fails; create link /b/y fails"),
        ("ln -s ../x", "create link /srv/app/x fails"),
        ("ln /a /b", "create file /b fails"),
    ]);
}

/// Whether the copy would replace a file that people filled in with a sample: `.env.example` to `.env`. A template of a
/// server's configuration is different, because the script itself fills it in.
fn discards_what_was_filled_in(source: &Value, path: &Value) -> bool {
    let says = |value: &Value, words: &[&str]| {
        let name = value.basename().to_string().to_ascii_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    const SAMPLE: [&str; 4] = ["example", "sample", ".dist", "-dist"];
    const TEMPLATE: [&str; 4] = ["template", ".tpl", ".tmpl", ".model"];
    if says(path, &SAMPLE) || says(path, &TEMPLATE) {
        return false;
    }
    match says(path, &["env"]) {
        true => says(source, &SAMPLE) || says(source, &TEMPLATE),
        false => says(source, &SAMPLE) && !path.key().starts_with("/etc/"),
    }
}

/// Whether a path has the name of the source, with or without a suffix: `dist` to `/var/www/dist`, `site` to
/// `site.bak`. Then it is the copy itself, and not a directory that was there to receive it.
fn is_copy_of(path: &Value, source: &Value) -> bool {
    let (copy, original) = (path.basename(), source.basename());
    // A copy of a file replaces the old copy: `cp -a redis.conf redis.conf.orig`.
    let ending = original.key().rsplit_once('.').map_or("", |(_, ending)| ending);
    if FILES.contains(&ending) {
        return false;
    }
    let suffix = copy.key().strip_prefix(original.key());
    let written = original.key().chars().any(char::is_alphanumeric);
    written
        && suffix
            .is_some_and(|s| s.is_empty() || s.starts_with(['.', '-', '_']) && !path.key().ends_with('/'))
}

/// cp(1): an existing file is replaced silently. A deployment wants that for its own files, but not for one
/// that was filled in after it came from a sample. A directory that is copied to its own name goes into it
/// the next time.
pub(crate) fn cp(argv: &Argv) -> Deed {
    let options = argv.options(CP);
    let mut draft = Draft::of(argv);
    let Some(mut target) = Target::read(argv, &options) else {
        return draft.done();
    };
    let recursive = options.has("R") || options.has("a");
    if recursive && !options.has("t") && target.names_the_copy() {
        target.is_directory = false;
    }
    let keeps = options.has("n")
        || options.has("u")
        || options.value("update").and_then(Value::as_literal) == Some("none");
    // Without a list, `--preserve` keeps mode, owner and times, as `-p` does.
    let keeps_owner = match options.value("preserve").map(|list| list.to_string()) {
        Some(list) => list.split(',').any(|kept| matches!(kept, "ownership" | "all")),
        None => ["p", "preserve", "a", "l"].iter().any(|option| options.has(option)),
    };
    let how = if keeps_owner { How::Kept } else { How::Copied };
    for source in &target.sources {
        let written = source.value.key();
        let path = target.path(source);
        let again = if keeps {
            Again::NoChange
        } else if !target.is_directory && discards_what_was_filled_in(&source.value, &path) {
            Again::Overwrites("replaces the filled-in file with the sample")
        } else if recursive
            && !target.is_directory
            && !options.has("T")
            && !written.ends_with("/.")
            && !source.value.is_glob()
            && is_copy_of(&path, &source.value)
        {
            Again::Nests("copies into the directory that the first run created")
        } else {
            Again::NoChange
        };
        let change = match keeps {
            true => Change::Create(PathKind::Any),
            false => Change::Write,
        };
        target.put(&mut draft, source, change, again);
        draft.content(how, Some(argv.path(source)), recursive);
    }
    draft.done()
}

/// True if the command opens an existing file and writes into it, as cp(1), curl(1) and wget(1) do: the kernel refuses that
/// for a program that runs (open(2), ETXTBSY; tried). install(1) and mv(1) put a new file in its place, and so does cp if
/// it removes or backs up the old one first.
pub(crate) fn writes_in_place(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "cp" => {
            let options = argv.options(CP);
            !["f", "b", "backup", "S", "l", "s", "remove-destination"].iter().any(|anew| options.has(anew))
        }
        "curl" | "wget" => true,
        _ => false,
    }
}

/// mv(1): the second time, there is nothing left to move.
pub(crate) fn mv(argv: &Argv) -> Deed {
    let options = argv.options(
        "b backup? f|force i|interactive n|no-clobber S|suffix: t|target-directory: T|no-target-directory u update? \
         v|verbose Z",
    );
    let mut draft = Draft::of(argv);
    let Some(mut target) = Target::read(argv, &options) else {
        return draft.done();
    };
    if !options.has("t") && target.names_the_copy() {
        target.is_directory = false;
    }
    for source in &target.sources {
        let again = Again::Fails("cannot stat: No such file or directory");
        draft.path(source, Change::Remove, again);
        target.put(&mut draft, source, Change::Write, Again::NoChange);
        draft.content(How::Moved, Some(argv.path(source)), true);
    }
    draft.done()
}

#[test]
fn cp_writes_into_the_file_that_is_there_unless_it_is_told_otherwise() {
    let asked = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        writes_in_place(crate::shell::line::commands(&words)[0].argv())
    };
    for words in
        [&["cp", "a", "/b"][..], &["cp", "-tbin", "a"], &["cp", "-p", "a", "/b"], &["wget", "-O", "/b", "x"]]
    {
        assert!(asked(words), "{words:?}");
    }
    for words in [
        &["cp", "-f", "a", "/b"][..],
        &["cp", "-S.orig", "a", "/b"],
        &["cp", "--backup=t", "a", "/b"],
        &["cp", "--remove-destination", "a", "/b"],
        &["install", "a", "/b"],
    ] {
        assert!(!asked(words), "{words:?}");
    }
}

#[test]
fn cp_and_mv_write() {
    crate::tools::table::check(&[
        ("cp a /etc/a", "write /etc/a"),
        ("cp a b /etc/x", "write /etc/x/a; write /etc/x/b"),
        ("cp deploy/web.service /etc/systemd/system", "write /etc/systemd/system/web.service"),
        ("cp .env.example .env", "write /srv/app/.env overwrites"),
        ("cp .env.template $ENV_FILE", "write $ENV_FILE overwrites"),
        ("cp nginx.conf.template /etc/nginx/nginx.conf", "write /etc/nginx/nginx.conf"),
        ("cp config.sample.yml config.yml", "write /srv/app/config.yml overwrites"),
        ("cp .env .env.bak", "write /srv/app/.env.bak"),
        ("cp -n .env.example .env", "create any /srv/app/.env"),
        ("cp -r dist /var/www/dist", "write /var/www/dist nests"),
        ("cp -r dist/. /var/www/dist", "write /var/www/dist"),
        ("cp -a /etc/nginx /etc/nginx.bak", "write /etc/nginx.bak nests"),
        ("cp -a app app-$VERSION", "write /srv/app/app-$VERSION nests"),
        ("cp -r app apps", "write /srv/app/apps"),
        ("cp -r dist$X/* /var/www/dist", "write /var/www/dist"),
        ("cp -r dist /var/www/html", "write /var/www/html"),
        ("cp -t /etc x/a", "write /etc/a"),
        ("mv a /b", "remove /srv/app/a fails; write /b"),
        ("mv a b/", "remove /srv/app/a fails; write /srv/app/b/a"),
    ]);
}

/// install(1): `-d` creates directories with owner and mode and accepts existing ones; otherwise it copies,
/// by default with mode 755.
pub(crate) fn install(argv: &Argv) -> Deed {
    let options = argv.options(
        "d|directory D g|group: m|mode: o|owner: t|target-directory: T|no-target-directory b backup? c C|compare \
         p|preserve-timestamps s|strip strip-program: S|suffix: v|verbose Z context?",
    );
    let mut draft = Draft::of(argv);
    let mode = options.value("m").map_or(Mode::Octal(0o755), Mode::parse);
    let (user, group) = (options.value("o").cloned(), options.value("g").cloned());
    let attributes = |draft: &mut Draft<'_>, operand: &Arg, path: Value| {
        let recursive = false;
        let mode = mode.clone();
        let change = Change::Mode { mode, recursive };
        draft.add(operand, change, Resource::Path(path.clone()), Again::NoChange);
        if user.is_some() || group.is_some() {
            let (user, group) = (user.clone(), group.clone());
            let change = Change::Own { user, group, recursive };
            draft.add(operand, change, Resource::Path(path), Again::NoChange);
        }
    };
    if options.has("d") {
        for operand in &options.operands {
            draft.path(operand, DIRECTORY, Again::NoChange);
            attributes(&mut draft, operand, argv.path(operand));
        }
        return draft.done();
    }
    let Some(target) = Target::read(argv, &options) else {
        return draft.done();
    };
    for source in &target.sources {
        let empty = source.value.as_literal() == Some("/dev/null");
        let again = match empty || discards_what_was_filled_in(&source.value, &target.path(source)) {
            true => Again::Overwrites("replaces the filled-in file"),
            false => Again::NoChange,
        };
        target.put(&mut draft, source, Change::Write, again);
        draft.content(How::Copied, Some(argv.path(source)), false);
        attributes(&mut draft, target.operand.unwrap_or(source), target.path(source));
    }
    draft.done()
}

#[test]
fn install_sets_owner_and_mode() {
    crate::tools::table::check(&[
        (
            "install -d -o app -g app -m 750 /a /b",
            "create directory /a; mode 750 /a; own app:app /a; create directory /b; mode 750 /b; own app:app /b",
        ),
        ("install -Dm644 x /etc/y", "write /etc/y; mode 644 /etc/y"),
        ("install x /usr/local/bin/", "write /usr/local/bin/x; mode 755 /usr/local/bin/x"),
        ("install -m 600 /dev/null .env", "write /srv/app/.env overwrites; mode 600 /srv/app/.env"),
    ]);
}
