//! What commands print, and the files that get it.

use crate::model::walk::Walker;
use crate::model::walk::budget::EFFECTS;
use crate::model::walk::output::Output;
use crate::model::walk::output::fixed_text;
use crate::model::{Step, Written};
use crate::shell::argv::{Argv, Stdin};
use crate::shell::ast::{Command, Heredoc, Redirect, RedirectKind};
use crate::shell::value::{Knowledge, Value};
use crate::tools::containers;
use crate::tools::effect::{Again, Change, Effect, Resource};
use crate::tools::prints::{self, Printed};

impl<'a> Walker<'a, '_> {
    /// What a command prints: `echo`, `printf`, `cat` of a heredoc.
    pub(crate) fn printed(&mut self, argv: &Argv, command: &Command<'a>) -> Option<Output> {
        match prints::printed(argv)? {
            Printed::Text { value, is_unescaped } => {
                let content = match is_unescaped {
                    true => fixed_text(value.to_string(), command.span),
                    false => self.printed_text(&value, command),
                };
                Some(Output { value, content })
            }
            Printed::Input => match (heredoc_of(command), &argv.stdin) {
                (Some(heredoc), _) => {
                    let value = self.expand(&heredoc.body);
                    let content = self.heredoc_text(heredoc, true);
                    Some(Output { value, content })
                }
                (None, Stdin::Text(value)) => {
                    let content = fixed_text(value.to_string(), command.span);
                    Some(Output { value: value.clone(), content })
                }
                (None, _) => None,
            },
        }
    }

    /// What a command prints if that is random, because it makes it or hands it on: `openssl rand -hex 24 > F`,
    /// `tr -dc a-z < /dev/urandom | head -c 24 > F`.
    pub(crate) fn random_output(&self, argv: &Argv, command: &Command<'a>) -> Option<Output> {
        if command.redirects.is_empty() {
            return None;
        }
        let text = shown_with_input(argv);
        prints::is_random(&text).then(|| Output {
            value: Value::hole(&format!("$({text})"), 0, Knowledge::Fresh),
            content: fixed_text(format!("$({text})"), command.span),
        })
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

    /// Writes standard input to files, as `tee FILE` does.
    pub(crate) fn fill(
        &mut self,
        files: Vec<(Value, bool)>,
        stdin: &Stdin,
        command: &Command<'a>,
        step: &mut Step,
    ) {
        let (value, content) = match (heredoc_of(command), stdin) {
            (Some(heredoc), Stdin::Text(value)) => (value.clone(), self.heredoc_text(heredoc, true)),
            (None, Stdin::Text(value)) => (value.clone(), fixed_text(value.to_string(), command.span)),
            _ => return,
        };
        for (path, append) in files {
            self.budget.spend(value.key().len() + content.text.len());
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
                self.budget.spend(output.value.key().len() + output.content.text.len());
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

/// A command as it is written, with the input that it passes on.
pub(super) fn shown_with_input(argv: &Argv) -> String {
    /// The longest input that is shown.
    const LONGEST: usize = 300;
    match &argv.stdin {
        Stdin::File(path) if prints::passes_on(&argv.name) => format!("{argv} < {path}"),
        Stdin::Text(text)
            if text.knowledge() == Knowledge::Fresh
                && text.key().len() < LONGEST
                && prints::passes_on(&argv.name) =>
        {
            with_input(&text.to_string(), argv)
        }
        // `docker ps -aq -f name=web | sort`
        Stdin::Text(text) if text.key().len() < LONGEST && containers::passes_ids(argv, text.key()) => {
            with_input(&text.to_string(), argv)
        }
        _ => argv.to_string(),
    }
}

/// A command behind what its input comes from.
fn with_input(input: &str, argv: &Argv) -> String {
    let inner = input.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')'));
    format!("{} | {argv}", inner.unwrap_or(input))
}

/// The last heredoc of a command: it is what standard input gives.
fn heredoc_of<'a>(command: &Command<'a>) -> Option<&'a Heredoc<'a>> {
    command.redirects.iter().rev().find_map(|redirect| match redirect.kind {
        RedirectKind::Heredoc(heredoc) => Some(heredoc),
        _ => None,
    })
}
