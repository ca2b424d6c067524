//! Shell code inside shell code: `bash -c '…'`, `su - app -c "…"`, `ssh host '…'`, `eval`, heredocs for a
//! shell, sourced files. Each is read as a script of its own, with the file's own places.

use crate::model::walk::ends::{Failure, Flow};
use crate::model::walk::scope::{Scope, Variable};
use crate::model::walk::{Walker, called_from};
use crate::model::{OnFailure, User};
use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::ast::{Command, Heredoc, Operation, Part, RedirectKind, Word};
use crate::shell::builtins::Builtin;
use crate::shell::value::Value;
use crate::shell::value::has_hole;
use crate::shell::wrappers::{Code, Peeled, command_line, peel, resplit};
use crate::source::{FileId, MappedText, OffsetMap};

/// The quotes that a text of shell code has opened so far.
#[derive(Default)]
struct Quotes {
    read: usize,
    open: Option<char>,
}

impl Quotes {
    /// True if the text, which only grows, ends inside single quotes. The shell that runs it expands nothing there.
    fn are_single(&mut self, text: &str) -> bool {
        let mut escaped = false;
        for c in text[self.read..].chars() {
            match (self.open, c) {
                _ if escaped => escaped = false,
                (None | Some('"'), '\\') => escaped = true,
                (None, '\'' | '"') => self.open = Some(c),
                (Some(open), _) if open == c => self.open = None,
                _ => {}
            }
        }
        self.read = text.len();
        self.open == Some('\'')
    }
}

impl<'a> Walker<'a, '_> {
    /// The text of a word as its shell sees it, with its places. Known values that hold more than a name are
    /// inserted. Other variables stay as `${NAME}`, so that the region's own expansion finds them.
    pub(crate) fn region_text(&mut self, word: &Word<'a>, tree: Option<u32>, constants: bool) -> MappedText {
        let mut text = String::new();
        let mut map = OffsetMap::default();
        let whole = word.span.start..word.span.end;
        let base =
            tree.and_then(|t| self.shell.texts.get(t as usize)).map(|t| (t.text, t.map.clone(), t.file));
        let file = base.as_ref().map_or(word.span.file, |b| b.2);
        let place = |part: &str| {
            let (base_text, base_map, _) = base.as_ref()?;
            let offset = (part.as_ptr() as usize).checked_sub(base_text.as_ptr() as usize)?;
            (offset + part.len() <= base_text.len())
                .then(|| base_map.range(offset as u32..(offset + part.len()) as u32))
        };
        let mut quotes = Quotes::default();
        for part in word.parts {
            let at = text.len() as u32;
            match part {
                Part::Literal { text: literal, .. } => {
                    match place(literal) {
                        // A place that is as long as the text maps byte for byte.
                        Some(range) if range.len() == literal.len() => map.push_verbatim(at, range.start),
                        Some(range) => map.push_collapsed(at, range),
                        None => map.push_collapsed(at, whole.clone()),
                    }
                    text.push_str(literal);
                }
                Part::Glob(c) => text.push(*c),
                Part::Tilde(user) => {
                    map.push_collapsed(at, whole.clone());
                    text.push('~');
                    text.push_str(user);
                }
                Part::Parameter { name, operation, .. } => {
                    map.push_collapsed(at, place(name).unwrap_or(whole.clone()));
                    let plain = matches!(operation, Operation::Plain | Operation::All);
                    let value = self.expand(&Word { parts: std::slice::from_ref(part), span: word.span });
                    let known = value.as_literal().filter(|v| {
                        constants
                            || !plain
                            || quotes.are_single(&text)
                            || v.contains([' ', ';', '|', '&', '\n', '"', '\'', '$'])
                            || name.bytes().all(|b| b.is_ascii_digit() || b == b'@' || b == b'*')
                    });
                    match known {
                        Some(known) => text.push_str(known),
                        None if constants => text.push_str(&value.to_string()),
                        None => {
                            text.push_str("${");
                            text.push_str(name);
                            text.push('}');
                        }
                    }
                }
                Part::Substitution { text: source, .. } | Part::Opaque { text: source, .. } => {
                    match place(source) {
                        Some(range) if range.len() == source.len() => map.push_verbatim(at, range.start),
                        Some(range) => map.push_collapsed(at, range),
                        None => map.push_collapsed(at, whole.clone()),
                    }
                    text.push_str(source);
                }
                Part::Process { .. } => {
                    map.push_collapsed(at, whole.clone());
                    text.push_str("/dev/fd/63");
                }
            }
        }
        if text.is_empty() {
            map.push_collapsed(0, whole);
        }
        self.budget.spend(text.len());
        MappedText { text, file, map }
    }

    /// The body of a heredoc as a text with places. With `constants`, known values are inserted, so that it
    /// can be read as a file.
    pub(crate) fn heredoc_text(&mut self, heredoc: &Heredoc<'a>, constants: bool) -> MappedText {
        let text = self.region_text(&heredoc.body, Some(heredoc.raw.tree), constants);
        if heredoc.strips_tabs { without_tabs(text) } else { text }
    }

    /// Runs the code that a command was found to run. `None` if the code is not available.
    pub(crate) fn run_code(&mut self, command: &Command<'a>, code: Code, peeled: &Peeled) -> Option<Flow> {
        if !self.budget.region() {
            self.overrun(command.span);
            return None;
        }
        let tree = Some(command.origin.tree);
        match code {
            Code::Argument(arg) => {
                let (text, expands) = self.argument_text(command, &arg, tree);
                self.run_text(text, expands, peeled, None)
            }
            Code::Joined(args) => {
                // `ssh host sudo bash -s`: the shell on the other host reads what is read here.
                if let Some(inner) = reads_code(&args, peeled) {
                    return self.run_code(command, Code::Stdin, &inner);
                }
                let mut text = String::new();
                let mut map = OffsetMap::default();
                let mut file = self.file;
                let mut expands = false;
                for arg in &args {
                    let (part, part_expands) = self.argument_text(command, arg, tree);
                    expands |= part_expands;
                    if !text.is_empty() {
                        map.push_collapsed(text.len() as u32, arg.span.start..arg.span.start);
                        text.push(' ');
                    }
                    let at = text.len() as u32;
                    let range = part.map.range(0..part.text.len() as u32);
                    if range.len() == part.text.len() {
                        map.push_verbatim(at, range.start);
                    } else {
                        map.push_collapsed(at, range);
                    }
                    file = part.file;
                    text.push_str(&part.text);
                }
                // One argument keeps its inner places.
                if let [only] = args.as_slice() {
                    let (part, part_expands) = self.argument_text(command, only, tree);
                    return self.run_text(part, part_expands, peeled, None);
                }
                self.run_text(MappedText { text, file, map }, expands, peeled, None)
            }
            Code::Stdin => {
                let heredoc = command.redirects.iter().rev().find_map(|r| match r.kind {
                    RedirectKind::Heredoc(heredoc) => Some(heredoc),
                    _ => None,
                });
                if let Some(heredoc) = heredoc {
                    let text = self.heredoc_text(heredoc, false);
                    return self.run_text(text, !heredoc.quoted, peeled, None);
                }
                let string = command.redirects.iter().rev().find_map(|r| match r.kind {
                    RedirectKind::HereString(word) => Some(word),
                    _ => None,
                });
                if let Some(word) = string {
                    let text = self.region_text(&word, tree, false);
                    return self.run_text(text, true, peeled, None);
                }
                // `ssh host 'bash -s' < setup.sh`
                if let Stdin::File(path) = &peeled.argv.stdin {
                    let file = Arg { value: path.clone(), span: command.span };
                    return self.run_file(&file, false, Vec::new(), peeled);
                }
                // `echo "apt-get update" | bash`. A downloaded script is not known.
                match &self.ctx.stdin {
                    Stdin::Text(value) if value.as_literal().is_some() => {
                        let text = value.as_literal().unwrap_or_default().to_owned();
                        let span = command.span;
                        let map = OffsetMap::fixed(span.start..span.end);
                        self.run_text(MappedText { text, file: span.file, map }, true, peeled, None)
                    }
                    _ => None,
                }
            }
            Code::File { file, same_shell, args } => self.run_file(&file, same_shell, args, peeled),
        }
    }

    /// The text of an argument that is code, and whether this shell expanded variables in it.
    pub(crate) fn argument_text(
        &mut self,
        command: &Command<'a>,
        arg: &Arg,
        tree: Option<u32>,
    ) -> (MappedText, bool) {
        let word = command.words.iter().find(|w| w.span == arg.span).copied();
        if let Some(word) = word {
            let joined = command.words.iter().filter(|w| w.span == word.span).count() > 1;
            let expands = word.parts.iter().any(|p| {
                matches!(p, Part::Parameter { .. } | Part::Substitution { .. } | Part::Opaque { .. })
            });
            let all = matches!(word.parts, [Part::Parameter { name: "@" | "*", .. }]);
            if !joined && !all {
                return (self.region_text(&word, tree, false), expands);
            }
        }
        // It came through `"$@"` or an unquoted variable, so its text is known but its inner places are not.
        let text = match arg.value.as_literal() {
            Some(text) => text.to_owned(),
            None => arg.value.to_string(),
        };
        let map = OffsetMap::fixed(arg.span.start..arg.span.end);
        (MappedText { text, file: arg.span.file, map }, true)
    }

    /// Runs a text as a script. With `expands`, the surrounding shell inserted its variables, so they are
    /// visible inside.
    fn run_text(
        &mut self,
        text: MappedText,
        expands: bool,
        peeled: &Peeled,
        args: Option<Vec<Arg>>,
    ) -> Option<Flow> {
        let code: &'a str = self.arena.alloc_str(&text.text);
        let block = self.shell.parse(code, text.file, text.map);
        let same_shell = Builtin::named(&peeled.argv.name) == Some(Builtin::Eval);
        if same_shell {
            return Some(self.block(block));
        }
        let base = self.on_failure();
        // `bash -c "$(declare -f build); build"` hands the functions on.
        let saved_functions = (!hands_functions_on(code)).then(|| std::mem::take(&mut self.functions));
        let saved_params = std::mem::replace(&mut self.params, args);
        let fresh = !expands;
        let saved_scope = fresh.then(|| {
            let mut inner = Scope::default();
            if !peeled.clean_environment {
                for (name, variable) in self.scope.exported() {
                    inner.set(name, variable.clone());
                }
            }
            std::mem::replace(&mut self.scope, inner)
        });
        let flow = self.in_subshell(|walker| {
            walker.enter(peeled);
            for (name, value) in &peeled.argv.env {
                let name: &'a str = walker.arena.alloc_str(name);
                walker
                    .scope
                    .set(name, Variable { value: value.clone(), exported: true, ..Default::default() });
            }
            walker.ctx.errexit = peeled.errexit;
            walker.ctx.pipefail = false;
            walker.ctx.nounset = false;
            walker.ctx.is_apart |= fresh;
            walker.ctx.base = base;
            // `su postgres -c psql <<SQL`: the only command of the inner shell reads what is given to that shell.
            walker.ctx.stdin = match (&peeled.code, block) {
                (Some(Code::Stdin), _) | (None, _) => Stdin::Inherited,
                (_, [_]) => peeled.argv.stdin.clone(),
                _ => Stdin::Inherited,
            };
            walker.script_block(block, base)
        });
        if let Some(scope) = saved_scope {
            self.scope = scope;
        }
        self.params = saved_params;
        if let Some(functions) = saved_functions {
            self.functions = functions;
        }
        Some(Flow::plain(flow.cond))
    }

    /// The statements of a shell of its own: its exit status is the last one's.
    fn script_block(&mut self, block: crate::shell::ast::Block<'a>, outer: OnFailure) -> Flow {
        let Some((last, rest)) = block.split_last() else {
            return Flow::plain(crate::model::condition::Cond::Always(true));
        };
        self.ctx.failure = Failure::Default;
        let saved = self.guard;
        for stmt in rest {
            let flow = self.statement(stmt);
            match flow.exit {
                crate::model::walk::ends::Exit::Always(_) => {
                    self.guard = saved;
                    return flow;
                }
                crate::model::walk::ends::Exit::When { cond, outcome, span, succeeds, .. } => {
                    self.push_guard_behind(cond, outcome, span, succeeds)
                }
                crate::model::walk::ends::Exit::No => {}
            }
        }
        if !self.ctx.errexit {
            self.ctx.failure = Failure::Is(outer);
        }
        let flow = self.statement(last);
        self.guard = saved;
        flow
    }

    /// Applies the user, the place and the directory that wrappers set.
    pub(crate) fn enter(&mut self, peeled: &Peeled) {
        use crate::shell::wrappers::{RunAs, home_of};
        if let Some(user) = &peeled.user {
            self.ctx.user = match user {
                RunAs::User(name) if name.as_literal() == Some("root") => User::Root,
                RunAs::User(name) => User::Named(name.clone()),
                RunAs::Unknown => User::Unknown,
            };
            if let RunAs::User(name) = user {
                self.ctx.home = home_of(name);
            }
        }
        if let Some(place) = &peeled.place {
            self.ctx.place = place.clone();
        }
        self.ctx.is_login |= peeled.login;
        self.ctx.cwd = if peeled.login { self.ctx.home.clone() } else { peeled.argv.cwd.clone() };
        self.ctx.wrappers.extend(&peeled.wrappers);
    }

    fn run_file(&mut self, file: &Arg, same_shell: bool, args: Vec<Arg>, peeled: &Peeled) -> Option<Flow> {
        let path = file.value.resolve(&peeled.argv.cwd);
        if same_shell && self.activates(&path) {
            return Some(Flow::plain(crate::model::condition::Cond::Always(true)));
        }
        let (id, text) = self.read_script(&path)?;
        if self.sourced.iter().filter(|f| **f == id).count() > 1 || self.budget.calls() > 6 {
            return None;
        }
        if self.entry == 0 && !self.sourced.contains(&id) || self.sourced.contains(&id) && id != self.file {
            self.sourced.push(id);
        } else if id == self.file {
            return None;
        }
        self.budget.begin_call();
        let code: &'a str = self.arena.alloc_str(&text);
        let saved_path = self.script_path.clone();
        self.script_path = path;
        let params = (!args.is_empty()).then_some(args);
        let flow = if same_shell {
            let block = self.shell.parse(code, id, OffsetMap::shifted(0));
            let saved = params.map(|p| self.params.replace(p));
            let flow = self.block(block);
            if let Some(saved) = saved {
                self.params = saved;
            }
            // `return` ends the file, not the script.
            Some(match flow.exit {
                crate::model::walk::ends::Exit::Always(super::ends::Jump::Shell) => flow,
                _ => Flow::plain(flow.cond),
            })
        } else {
            if !self.ran.contains(&id) {
                self.ran.push(id);
            }
            let mapped = MappedText { text: text.clone(), file: id, map: OffsetMap::shifted(0) };
            self.run_text(mapped, false, peeled, params)
        };
        self.script_path = saved_path;
        self.budget.end_call();
        flow
    }

    /// True for `source venv/bin/activate`, which puts the venv's programs first.
    fn activates(&mut self, path: &Value) -> bool {
        if let Some(venv) = crate::tools::environment_activated(path) {
            self.scope.set("VIRTUAL_ENV", Variable { value: venv, exported: true, ..Default::default() });
            return true;
        }
        false
    }

    /// A file of the repo, by a path relative to its root or to the directory where the script runs.
    pub(super) fn read_script(&mut self, path: &Value) -> Option<(FileId, String)> {
        let root = crate::model::walk::repo_root();
        if path.is_under(&root) {
            let rest = path.key()[root.key().len()..].trim_start_matches('/').to_owned();
            return Value::from_key(&rest, path)
                .as_literal()
                .is_some()
                .then(|| self.follow.follow(&rest))
                .flatten();
        }
        // `./lib.sh`: scripts mostly run in their own directory, or in the root.
        let pwd = called_from();
        if path.is_under(&pwd) {
            let rest = path.key()[pwd.key().len()..].trim_start_matches('/').to_owned();
            if !rest.is_ascii() || has_hole(&rest) {
                return None;
            }
            let beside = self.script_path.dirname();
            let beside =
                beside.key()[root.key().len().min(beside.key().len())..].trim_start_matches('/').to_owned();
            let joined = if beside.is_empty() { rest.clone() } else { format!("{beside}/{rest}") };
            return self.follow.follow(&joined).or_else(|| self.follow.follow(&rest));
        }
        None
    }
}

/// The shell that reads its code from standard input, if the words call one, with what the surrounding
/// wrappers set.
fn reads_code(words: &[Arg], outer: &Peeled) -> Option<Peeled> {
    let plain = |text: &str| !text.contains([';', '|', '&', '\n', '<', '>', '$', '`', '(']);
    let words: Vec<Arg> = match words {
        [only] => resplit(only).unwrap_or_else(|| words.to_vec()),
        _ => words.to_vec(),
    };
    if !words.iter().all(|word| plain(word.value.key())) {
        return None;
    }
    let line = command_line(words, outer.argv.cwd.clone(), outer.argv.home.clone())?;
    let mut inner = peel(Argv { stdin: outer.argv.stdin.clone(), ..line });
    if inner.code != Some(Code::Stdin) {
        return None;
    }
    inner.user = inner.user.or_else(|| outer.user.clone());
    inner.place = inner.place.or_else(|| outer.place.clone());
    inner.login |= outer.login;
    inner.clean_environment |= outer.clean_environment;
    let wrappers = std::mem::take(&mut inner.wrappers);
    inner.wrappers = outer.wrappers.iter().copied().chain(wrappers).collect();
    Some(inner)
}

/// `<<-` removes leading tabs from each line.
fn without_tabs(text: MappedText) -> MappedText {
    let mut out = String::new();
    let mut map = OffsetMap::default();
    let mut at = 0;
    for line in text.text.split_inclusive('\n') {
        let stripped = line.trim_start_matches('\t');
        let skipped = line.len() - stripped.len();
        let start = (at + skipped) as u32;
        let range = text.map.range(start..start + stripped.len() as u32);
        if range.len() == stripped.len() {
            map.push_verbatim(out.len() as u32, range.start);
        } else {
            map.push_collapsed(out.len() as u32, range);
        }
        out.push_str(stripped);
        at += line.len();
    }
    MappedText { text: out, file: text.file, map }
}

/// True if code begins with the definitions of functions of the shell around it.
fn hands_functions_on(code: &str) -> bool {
    ["declare -f", "typeset -f"].iter().any(|words| code.contains(words))
}
