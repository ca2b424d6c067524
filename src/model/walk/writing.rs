//! What commands print, and the files that get it.

use crate::model::walk::Walker;
use crate::model::walk::calls::Output;
use crate::model::walk::command::EFFECTS;
use crate::model::walk::region::fixed_text;
use crate::model::{Step, Written};
use crate::shell::argv::{Arg, Argv, Stdin};
use crate::shell::ast::{Command, Part, Redirect, RedirectKind};
use crate::shell::value::{Knowledge, Value};
use crate::tools::effect::{Again, Change, Effect, Resource};

impl<'a> Walker<'a, '_> {
    /// What a command prints: `echo`, `printf`, `cat` of a heredoc.
    pub(crate) fn printed(&mut self, argv: &Argv, command: &Command<'a>) -> Option<Output> {
        match argv.name.as_str() {
            "echo" | "printf" => {
                let mut args = argv.args.as_slice();
                while let Some(first) = args.first().and_then(|a| a.value.as_literal())
                    && argv.name == "echo"
                    && matches!(first, "-e" | "-n" | "-en" | "-ne" | "-E")
                {
                    args = &args[1..];
                }
                let mut value = Value::default();
                if let (Some(format), "printf") = (args.first(), argv.name.as_str()) {
                    value = printf(&format.value, &args[1..]);
                } else {
                    for (i, arg) in args.iter().enumerate() {
                        if i > 0 {
                            value.push_str(" ");
                        }
                        value.push(&arg.value);
                    }
                    value.push_str("\n");
                }
                // `\n` is a line end only if something interprets it; then the text differs from the source.
                let escapes = argv.name == "printf" || argv.args.first().is_some_and(echoes_escapes);
                if escapes && argv.name == "echo" && value.key().contains('\\') {
                    let plain = value.key().replace("\\n", "\n").replace("\\t", "\t");
                    value = Value::from_key(&plain, &value);
                }
                let content = match escapes {
                    true => fixed_text(value.to_string(), command.span),
                    false => self.printed_text(&value, command),
                };
                Some(Output { value, content })
            }
            "cat" if argv.args.iter().all(|a| a.value.as_literal() == Some("-")) => {
                let heredoc = command.redirects.iter().rev().find_map(|r| match r.kind {
                    RedirectKind::Heredoc(heredoc) => Some(heredoc),
                    _ => None,
                });
                if let Some(heredoc) = heredoc {
                    let value = self.expand(&heredoc.body);
                    let content = self.heredoc_text(heredoc, true);
                    return Some(Output { value, content });
                }
                match &argv.stdin {
                    Stdin::Text(value) => {
                        let content = fixed_text(value.to_string(), command.span);
                        Some(Output { value: value.clone(), content })
                    }
                    _ => None,
                }
            }
            // A filter keeps lines of its input and adds nothing of its own.
            "grep" | "sort" | "uniq" | "sed" | "awk" => None,
            _ => None,
        }
    }

    /// The text that `echo` prints, with the places of its argument if there is only one.
    pub(crate) fn printed_text(&mut self, value: &Value, command: &Command<'a>) -> crate::source::MappedText {
        let long = command.words.iter().filter(|w| w.span.end - w.span.start > 40).count();
        if long == 1
            && let Some(word) = command.words.iter().find(|w| w.span.end - w.span.start > 40).copied()
        {
            return self.region_text(&word, Some(command.origin.tree), true);
        }
        fixed_text(value.to_string(), command.span)
    }

    /// `tee FILE`, `dd of=FILE`: standard input goes to files.
    pub(crate) fn written_by_program(&mut self, argv: &Argv, command: &Command<'a>, step: &mut Step) {
        let (files, append): (Vec<Value>, bool) = match argv.name.as_str() {
            "tee" => {
                let options = argv.options("a|append i|ignore-interrupts p");
                (options.operands.iter().map(|a| argv.path(a)).collect(), options.has("a"))
            }
            "dd" => {
                let of = argv.args.iter().find_map(|a| {
                    a.value.key().strip_prefix("of=").map(|f| Value::from_key(f, &a.value).resolve(&argv.cwd))
                });
                (of.into_iter().collect(), false)
            }
            _ => return,
        };
        let heredoc = command.redirects.iter().rev().find_map(|r| match r.kind {
            RedirectKind::Heredoc(heredoc) => Some(heredoc),
            _ => None,
        });
        let (value, content) = match (heredoc, &argv.stdin) {
            (Some(heredoc), Stdin::Text(value)) => (value.clone(), self.heredoc_text(heredoc, true)),
            (None, Stdin::Text(value)) => (value.clone(), fixed_text(value.to_string(), command.span)),
            _ => return,
        };
        for path in files {
            self.volume += value.key().len() + content.text.len();
            if self.overflows() {
                return;
            }
            // The appended text is now known: it is the text of the line.
            if append {
                for effect in &mut step.deed.effects {
                    if let Resource::Line { file, text } = &mut effect.resource
                        && *file == path
                    {
                        *text = value.clone();
                    }
                }
            }
            step.written.push(Written { path, content: content.clone(), value: value.clone(), append });
        }
    }

    /// The effects of redirects. True if standard output goes to a file.
    pub(crate) fn redirections(
        &mut self,
        redirects: &[Redirect<'a>],
        step: &mut Step,
        output: Option<Output>,
    ) -> bool {
        let mut to_file = false;
        for redirect in redirects {
            if step.deed.effects.len() > EFFECTS {
                self.shell.gaps.push((step.span, "it acts on too many things to follow".to_owned()));
                break;
            }
            let (word, append) = match &redirect.kind {
                RedirectKind::Write(word) | RedirectKind::WriteBoth(word) => (word, false),
                RedirectKind::Append(word) | RedirectKind::AppendBoth(word) => (word, true),
                _ => continue,
            };
            let standard = redirect.descriptor.unwrap_or(1) == 1;
            to_file |= standard;
            let value = self.expand(word);
            if value.known_prefix().starts_with("/dev/") && value.as_literal().is_some() {
                continue;
            }
            let path = value.resolve(&self.ctx.cwd);
            if standard {
                step.argv.stdout = Some((path.clone(), append));
            }
            let text = output.as_ref().filter(|_| standard);
            let effect = if append {
                let text =
                    text.map_or_else(|| Value::hole("output", 0, Knowledge::Unknown), |o| o.value.clone());
                let line = Resource::Line { file: path.clone(), text };
                Effect::new(Change::Append, line, Again::Duplicates("appends the same text again"))
            } else {
                Effect::new(Change::Write, Resource::Path(path.clone()), Again::NoChange)
            };
            step.deed.effects.push(effect.at(word.span));
            if let Some(output) = text {
                self.volume += output.value.key().len() + output.content.text.len();
                if self.overflows() {
                    continue;
                }
                step.written.push(Written {
                    path,
                    content: output.content.clone(),
                    value: output.value.clone(),
                    append,
                });
            }
        }
        to_file
    }
}

/// echo's option for `\n` and similar, echo(1).
fn echoes_escapes(first: &Arg) -> bool {
    matches!(first.value.as_literal(), Some("-e" | "-ne" | "-en"))
}

/// Programs that print nothing if all goes well.
pub(crate) fn quiet_program(name: &str) -> bool {
    matches!(
        name,
        "mkdir" | "chown" | "chmod" | "ln" | "rm" | "cp" | "mv" | "touch" | "sleep" | "cd" | "install"
    )
}

pub(crate) fn writes(redirect: &Redirect<'_>) -> bool {
    match &redirect.kind {
        RedirectKind::Write(word)
        | RedirectKind::WriteBoth(word)
        | RedirectKind::Append(word)
        | RedirectKind::AppendBoth(word) => {
            !matches!(word.parts, [Part::Literal { text, .. }] if text.starts_with("/dev/"))
        }
        _ => false,
    }
}

/// printf(1): `%s` takes the next argument, `\n` is a line end, and anything else stays.
pub(crate) fn printf(format: &Value, args: &[Arg]) -> Value {
    let mut value = Value::default();
    let mut args = args.iter();
    let Some(text) = format.as_literal() else { return format.clone() };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                value.push_str("\n");
            }
            ('\\', Some('t')) => {
                chars.next();
                value.push_str("\t");
            }
            ('%', Some('%')) => {
                chars.next();
                value.push_str("%");
            }
            ('%', Some('s' | 'd' | 'b' | 'q')) => {
                chars.next();
                if let Some(arg) = args.next() {
                    value.push(&arg.value);
                }
            }
            (c, _) => value.push_str(c.encode_utf8(&mut [0; 4])),
        }
    }
    value
}
