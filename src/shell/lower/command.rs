//! Simple commands: assignments, words and redirects, gathered from where the grammar puts them.

use crate::shell::ast::{AssignedValue, Assignment, Command, Origin, Part, Redirect, Word};
use crate::shell::lower::Lowering;
use crate::shell::word::Lexer;
use crate::syntax::tree::{Cursor, Field, Kind, Node};

/// The most words of one command. No system runs a command with so many: execve(2).
pub(super) const WORDS: usize = 200_000;

impl<'a> Lowering<'_, '_, 'a> {
    pub(super) fn command(&mut self, cursor: &mut Cursor<'_>, extra: Vec<Word<'a>>) -> Command<'a> {
        let node = cursor.node();
        let mut assignments = Vec::new();
        let mut words: Vec<Word<'a>> = Vec::new();
        let mut redirects = Vec::new();
        let mut late = extra;
        match node.kind() {
            Kind::VariableAssignment => assignments.extend(self.assignment(cursor)),
            Kind::DeclarationCommand | Kind::UnsetCommand => {
                cursor.each_child(|cursor| {
                    let child = cursor.node();
                    match child.kind() {
                        Kind::VariableAssignment => assignments.extend(self.assignment(cursor)),
                        Kind::VariableName if node.kind() == Kind::DeclarationCommand => {
                            assignments.push(Assignment {
                                name: self.source(child),
                                value: None,
                                append: false,
                                element: false,
                                span: self.node_span(child),
                            });
                        }
                        Kind::Error => self.gap(child, "it does not parse"),
                        _ => words.extend(self.words_of(cursor)),
                    }
                });
            }
            _ => {
                let mut previous_end = None;
                let mut joined = Vec::new();
                cursor.each_child(|cursor| {
                    let child = cursor.node();
                    match (child.kind(), cursor.field()) {
                        (Kind::VariableAssignment, _) => assignments.extend(self.assignment(cursor)),
                        (_, Field::Redirect) => self.redirect(cursor, &mut redirects, &mut late),
                        (Kind::Error, _) => self.gap(child, "it does not parse"),
                        (Kind::Comment, _) => {
                            let span = self.node_span(child);
                            self.shell.comments.push(span);
                        }
                        _ => {
                            let more = self.words_of(cursor);
                            // The grammar splits some words where the shell does not.
                            if previous_end == Some(child.start()) && more.len() == 1 && !words.is_empty() {
                                joined.extend(more);
                            } else {
                                self.join(&mut words, &mut joined);
                                words.extend(more);
                            }
                            previous_end = Some(child.end());
                        }
                    }
                });
                self.join(&mut words, &mut joined);
            }
        }
        words.append(&mut late);
        self.finish(assignments, words, redirects, node)
    }

    /// Makes the pieces part of the last word.
    pub(super) fn join(&mut self, words: &mut Vec<Word<'a>>, pieces: &mut Vec<Word<'a>>) {
        let Some(last) = words.last_mut() else { return };
        let Some(end) = pieces.last() else { return };
        let span = last.span.to(end.span);
        let parts: Vec<Part<'a>> =
            last.parts.iter().chain(pieces.iter().flat_map(|p| p.parts)).copied().collect();
        *last = Word { parts: self.shell.arena.alloc_slice_copy(&parts), span };
        pieces.clear();
    }

    pub(super) fn finish(
        &mut self,
        assignments: Vec<Assignment<'a>>,
        mut words: Vec<Word<'a>>,
        redirects: Vec<Redirect<'a>>,
        node: Node<'_>,
    ) -> Command<'a> {
        if words.len() > WORDS {
            self.too_much(node, "it has too many words to read");
            words.truncate(WORDS);
        }
        let arena = self.shell.arena;
        Command {
            assignments: arena.alloc_slice_copy(&assignments),
            words: arena.alloc_slice_copy(&words),
            redirects: arena.alloc_slice_copy(&redirects),
            span: self.node_span(node),
            origin: Origin { tree: self.tree, start: node.start(), end: node.end() },
        }
    }

    pub(super) fn assignment(&mut self, cursor: &mut Cursor<'_>) -> Option<Assignment<'a>> {
        let node = cursor.node();
        let mut name = "";
        let mut value = None;
        let mut element = false;
        cursor.each_child(|cursor| {
            let child = cursor.node();
            match (child.kind(), cursor.field()) {
                (Kind::Subscript, Field::Name) => {
                    element = true;
                    name = self.source(child).split('[').next().unwrap_or_default();
                }
                (_, Field::Name) => name = self.source(child),
                (Kind::Array, _) => {
                    let mut words = Vec::new();
                    cursor.each_child(|cursor| {
                        if cursor.node().is_named() && cursor.node().kind() != Kind::Comment {
                            words.extend(self.words_of(cursor));
                        }
                    });
                    value = Some(AssignedValue::Array(self.shell.arena.alloc_slice_copy(&words)));
                }
                (_, Field::Value) => {
                    let mut inner = Vec::new();
                    self.substitutions(cursor, &mut inner);
                    let lexer = Lexer { arena: self.shell.arena, text: self.text, inner: &inner };
                    let parts = lexer.parts(child.start() as usize..child.end() as usize);
                    let span = self.node_span(child);
                    value = Some(AssignedValue::Word(Word { parts, span }));
                }
                _ => {}
            }
        });
        if value.is_none() {
            // `X=` gives the empty string.
            let end = node.end();
            let span = self.span(end..end);
            value = Some(AssignedValue::Word(Word { parts: &[], span }));
        }
        let source = self.source(node);
        let append = source[name.len().min(source.len())..].starts_with("+=")
            || element && source.split('=').next().is_some_and(|left| left.ends_with('+'));
        Some(Assignment { name, value, append, element, span: self.node_span(node) })
    }
}

/// The reserved word that the grammar took for a command's name: bash(1), RESERVED WORDS.
pub(super) fn misplaced<'a>(command: &Command<'a>) -> Option<&'a str> {
    match command.words.first()?.parts {
        [Part::Literal { text, quoted: false }] if command.assignments.is_empty() => [
            "if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "{",
            "}",
        ]
        .contains(text)
        .then_some(*text),
        _ => None,
    }
}
