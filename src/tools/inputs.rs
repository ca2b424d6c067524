//! Files and directories that a command needs to find, besides those that its effects name.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::is_shell;
use crate::source::Span;
use crate::tools::packaging::PackageManager;
use crate::tools::place::works_in;

/// A path that a command reads, and the place of the operand that names it; `None` if the program looks there by itself.
pub(crate) type Input = (Value, Option<Span>);

/// What a command reads, and without which it fails.
pub(crate) fn inputs(argv: &Argv) -> Vec<Input> {
    let mut found: Vec<Input> = Vec::new();
    for value in named(argv) {
        let operand = argv.args.iter().find(|arg| arg.value == value);
        if value.as_literal().is_none_or(|text| text != "-" && !text.contains("://")) {
            found.push((value.resolve(&argv.cwd), operand.map(|arg| arg.span)));
        }
    }
    if PackageManager::called(&argv.name).is_some() && works_on_a_package(argv) {
        found.push((Value::literal("package.json").resolve(&works_in(argv)), None));
    }
    found
}

/// True if a command that puts a file somewhere needs its directory to be there: cp(1), mv(1), ln(1), tee(1), touch(1),
/// install(1) without `-D`, and mkdir(1) without `-p`.
pub(crate) fn needs_its_directory(argv: &Argv) -> bool {
    match argv.name.as_str() {
        "cp" => !argv.has_word("--parents"),
        "mv" | "ln" | "tee" | "touch" => true,
        "mkdir" => !argv.options("m|mode: p|parents v|verbose").has("p"),
        "install" => {
            let options = argv.options("m|mode: o|owner: g|group: t|target-directory: D d|directory");
            !options.has("D") && !options.has("d")
        }
        _ => false,
    }
}

/// What a command shows, searches or enters. It fails without it, and often does no harm by that.
pub(crate) fn reads(argv: &Argv) -> Vec<Value> {
    let operands = |spec: &'static str, skipped: usize| -> Vec<Value> {
        let options = argv.options(spec);
        let skipped = if options.has("e") || options.has("f") { 0 } else { skipped };
        options.operands.iter().skip(skipped).map(|arg| arg.value.clone()).collect()
    };
    let found = match argv.name.as_str() {
        "cd" | "pushd" | "cat" | "ls" | "du" | "gzip" | "gunzip" | "wc" => operands("", 0),
        "head" | "tail" => operands("n|lines: c|bytes: q f F v", 0),
        "realpath" | "readlink" if argv.has_word("-e") => operands("e", 0),
        "grep" => operands("e|regexp: f|file: A: B: C: m: q|quiet i v w x o n c l r R E F P s", 1),
        "find" => argv.args.iter().map_while(|arg| (!arg.is_option()).then(|| arg.value.clone())).collect(),
        "ln" if !argv.options("s|symbolic f n T v t: r b S:").has("s") => {
            operands("f n T v t: r b S:", 0).into_iter().take(1).collect()
        }
        "tar" => archive(argv),
        "git" => of_git(argv).into_iter().collect(),
        "npm" if argv.args.len() == 1 && argv.has_word("install") => vec![Value::literal("package.json")],
        "make" if !argv.args.iter().any(|arg| arg.is_option()) => vec![Value::literal("Makefile")],
        _ => Vec::new(),
    };
    let is_path = |value: &Value| value.as_literal().is_none_or(|text| text != "-" && !text.contains("://"));
    found.into_iter().filter(is_path).map(|value| value.resolve(&argv.cwd)).collect()
}

/// tar(1): the archive that is read, the directory that `-C` enters, and what goes into a new archive.
fn archive(argv: &Argv) -> Vec<Value> {
    let options = argv.options("c|create x|extract|get t|list z j J v p a f|file: C|directory: exclude:");
    let directory = options.value("C").map_or(argv.cwd.clone(), |path| path.resolve(&argv.cwd));
    let mut found: Vec<Value> = options.value("C").cloned().into_iter().collect();
    match options.has("c") {
        true => found.extend(options.operands.iter().map(|arg| arg.value.resolve(&directory))),
        false => found.extend(options.value("f").cloned()),
    }
    found
}

/// The `.git` of the working directory, for a command that works in a repository. git(1) searches the directories above,
/// too, so it is asked only if a path of its own has it.
fn of_git(argv: &Argv) -> Option<Value> {
    let options = argv.leading_options("C: c: git-dir: work-tree: p|paginate no-pager bare");
    let verb = argv.literal(options.first_operand)?;
    let is_work = matches!(verb, "status" | "rev-parse" | "log" | "describe" | "remote" | "tag")
        || WORKS.contains(&verb);
    if !is_work {
        return None;
    }
    if let Some(directory) = options.value("git-dir") {
        return Some(directory.clone());
    }
    let mut path = options.value("C").cloned().unwrap_or_else(|| argv.cwd.clone());
    path.push_str("/.git");
    Some(path)
}

/// The commands of git(1) that a rule about missing paths counts.
const WORKS: [&str; 8] = ["pull", "fetch", "reset", "checkout", "switch", "merge", "rebase", "submodule"];

/// The operands that name files to read.
fn named(argv: &Argv) -> Vec<Value> {
    let first = |argv: &Argv| argv.args.first().map(|arg| arg.value.clone()).into_iter().collect();
    let script = |argv: &Argv| {
        let first = argv.args.first().map(|arg| &arg.value);
        first.filter(|value| is_source(value.known_suffix())).cloned().into_iter().collect()
    };
    match argv.name.as_str() {
        // pip(1): `-r` and `-c` take a file or an address.
        "pip" => {
            let options =
                argv.options("r|requirement: c|constraint: t|target: i|index-url: extra-index-url:");
            options.values("r").chain(options.values("c")).cloned().collect()
        }
        "docker" | "docker-compose" | "podman-compose" => {
            let compose = argv.name != "docker" || argv.literal(0) == Some("compose");
            let pairs = argv.args.windows(2).filter(|_| compose);
            let named = pairs.filter(|pair| matches!(pair[0].value.as_literal(), Some("-f" | "--file")));
            named.map(|pair| pair[1].value.clone()).collect()
        }
        // git(1): what follows needs a repository there.
        "git" => repository(argv).into_iter().collect(),
        "sed" => {
            let options =
                argv.options("n|quiet|silent e|expression: f|file: E r|regexp-extended i? s|separate z u");
            let skipped = usize::from(!options.has("e") && !options.has("f"));
            let files = options.operands.iter().skip(skipped).filter(|_| !options.has("i"));
            files.map(|arg| arg.value.clone()).collect()
        }
        "alembic" => argv.leading_options("c|config: n|name: x:").values("c").cloned().collect(),
        // sysctl(8): `-p` takes a file.
        "sysctl" if argv.has_word("-p") || argv.has_word("--load") => {
            argv.args.iter().filter(|arg| !arg.is_option()).map(|arg| arg.value.clone()).collect()
        }
        // The interpreter's first operand is a script, unless an option brings code or a module.
        "python" | "node" | "php" | "ruby" | "perl" => script(argv),
        name if is_shell(name) => script(argv),
        "source" | "." => first(argv),
        "psql" => argv
            .options("f|file: U|username: d|dbname: h|host: p|port: v|set: c|command:")
            .values("f")
            .cloned()
            .collect(),
        "crontab" => {
            let options = argv.options("u: l r e i");
            let reads = !["l", "r", "e"].iter().any(|name| options.has(name));
            options.operands.first().filter(|_| reads).map(|arg| arg.value.clone()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The `.git` of the directory that `-C` names, for a command that works in a repository.
fn repository(argv: &Argv) -> Option<Value> {
    let options = argv.leading_options("C: c: git-dir: work-tree: p|paginate no-pager bare");
    let verb = argv.literal(options.first_operand)?;
    let mut path = options.value("C").filter(|_| WORKS.contains(&verb))?.clone();
    path.push_str("/.git");
    Some(path)
}

/// npm-ci(1), npm-run(1) and their like need a package.json. `npm install NAME` and `-g` do not.
fn works_on_a_package(argv: &Argv) -> bool {
    let operands: Vec<&str> = argv.args.iter().filter_map(|arg| arg.value.as_literal()).collect();
    let is_global = operands.iter().any(|word| matches!(*word, "-g" | "--global" | "--location=global"));
    let verb = operands.iter().any(|word| matches!(*word, "ci" | "run" | "run-script"));
    !is_global && verb
}

/// True for the name of a file of source code, which no build makes.
fn is_source(name: &str) -> bool {
    [".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".php", ".rb", ".pl"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

#[test]
fn commands_name_what_they_read() {
    let inputs = |line: &str| -> Vec<String> {
        let argv = crate::shell::argv::tests::argv(line);
        inputs(&argv).iter().map(|(path, _)| path.to_string()).collect()
    };
    assert_eq!(inputs("pip install -r /opt/a/requirements.txt"), ["/opt/a/requirements.txt"]);
    assert_eq!(inputs("docker compose -f /opt/a/b.yml up -d"), ["/opt/a/b.yml"]);
    assert_eq!(inputs("git -C /opt/a pull --ff-only"), ["/opt/a/.git"]);
    assert_eq!(inputs("git -C /opt/a init"), Vec::<String>::new());
    assert_eq!(inputs("sed -n 's/a/b/p' /etc/x.env"), ["/etc/x.env"]);
    assert_eq!(inputs("docker run -f x"), Vec::<String>::new());
    assert_eq!(inputs("npm --prefix /opt/a ci"), ["/opt/a/package.json"]);
    assert_eq!(inputs("npm install -g pm2"), Vec::<String>::new());
    assert_eq!(inputs("sysctl -q -p /etc/sysctl.d/60-a.conf"), ["/etc/sysctl.d/60-a.conf"]);
    assert_eq!(inputs("bash /opt/a/x.sh"), ["/opt/a/x.sh"]);
    assert_eq!(inputs("bash -c 'x.sh'"), Vec::<String>::new());
    assert_eq!(inputs("python -m venv x.py"), Vec::<String>::new());
    assert_eq!(inputs("alembic -c /opt/a/alembic.ini upgrade head"), ["/opt/a/alembic.ini"]);
}
