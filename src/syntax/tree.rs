//! Parsing with tree-sitter-bash, and a walk over the tree with kinds as an enum.

use super::parses;
use crate::limit;
use std::cell::RefCell;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How much may still be parsed for one script, including its regions. tree-sitter's error recovery can take
/// very long on hostile input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Progress reports of the parser, so that the same text costs the same on any machine. 5 kB of script
    /// need 13, and each takes at most 25 kB of memory.
    reports: u32,
    /// A time limit, for texts on which single steps take long.
    time: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { reports: 20_000, time: Duration::from_secs(8) }
    }
}

impl Effort {
    /// Takes what a text of this length costs, even before it is parsed. Returns false if nothing is left.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        self.reports = self.reports.saturating_sub((bytes / 1024) as u32);
        self.reports > 0 && !self.time.is_zero()
    }

    /// Splits off half of it.
    #[must_use]
    pub(crate) fn half(&mut self) -> Effort {
        *self = Effort { reports: self.reports / 2, time: self.time / 2 };
        *self
    }
}

macro_rules! kinds {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// The named node kinds of tree-sitter-bash 0.25 that matter here, and the tokens that do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $(#[doc = $name] $variant,)*
            /// `ERROR`.
            Error,
            /// Any other.
            Other,
        }

        fn kind_named(name: &str) -> Kind {
            match name {
                $($name => Kind::$variant,)*
                "ERROR" => Kind::Error,
                _ => Kind::Other,
            }
        }
    };
}

kinds! {
    Program = "program",
    Command = "command",
    CommandName = "command_name",
    Word = "word",
    Str = "string",
    StringContent = "string_content",
    RawString = "raw_string",
    AnsiCString = "ansi_c_string",
    TranslatedString = "translated_string",
    Concatenation = "concatenation",
    Expansion = "expansion",
    SimpleExpansion = "simple_expansion",
    CommandSubstitution = "command_substitution",
    ProcessSubstitution = "process_substitution",
    ArithmeticExpansion = "arithmetic_expansion",
    BraceExpression = "brace_expression",
    Number = "number",
    VariableAssignment = "variable_assignment",
    VariableAssignments = "variable_assignments",
    VariableName = "variable_name",
    Subscript = "subscript",
    Array = "array",
    DeclarationCommand = "declaration_command",
    UnsetCommand = "unset_command",
    TestCommand = "test_command",
    NegatedCommand = "negated_command",
    RedirectedStatement = "redirected_statement",
    FileRedirect = "file_redirect",
    HeredocRedirect = "heredoc_redirect",
    HerestringRedirect = "herestring_redirect",
    FileDescriptor = "file_descriptor",
    Pipeline = "pipeline",
    List = "list",
    Subshell = "subshell",
    CompoundStatement = "compound_statement",
    IfStatement = "if_statement",
    ElifClause = "elif_clause",
    ElseClause = "else_clause",
    WhileStatement = "while_statement",
    ForStatement = "for_statement",
    CStyleForStatement = "c_style_for_statement",
    DoGroup = "do_group",
    CaseStatement = "case_statement",
    CaseItem = "case_item",
    ExtglobPattern = "extglob_pattern",
    Regex = "regex",
    TestOperator = "test_operator",
    FunctionDefinition = "function_definition",
    Comment = "comment",
    And = "&&",
    Or = "||",
    Pipe = "|",
    PipeBoth = "|&",
    Background = "&",
    Bang = "!",
    Then = "then",
    Do = "do",
    In = "in",
    Until = "until",
    Select = "select",
    For = "for",
    DoubleParen = "((",
    SemiAmp = ";&",
    SemiSemiAmp = ";;&",
    OpenParen = "(",
    CloseParen = ")",
    DoubleBracket = "[[",
    Bracket = "[",
    CloseDoubleBracket = "]]",
    CloseBracket = "]",
}

/// The number of the kind `ERROR` in any grammar: `ts_builtin_sym_error` in tree-sitter's parser.h.
const ERROR: u16 = u16::MAX;

/// The fields of tree-sitter-bash's nodes that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// `name`.
    Name,
    /// `argument`.
    Argument,
    /// `body`.
    Body,
    /// `redirect`.
    Redirect,
    /// `value`.
    Value,
    /// `condition`.
    Condition,
    /// `destination`.
    Destination,
    /// `descriptor`.
    Descriptor,
    /// `variable`.
    Variable,
    /// Any other, or none.
    Other,
}

struct Tables {
    language: tree_sitter::Language,
    kinds: Vec<Kind>,
    fields: Vec<Field>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let language = tree_sitter::Language::new(tree_sitter_bash::LANGUAGE);
        let kinds = (0..language.node_kind_count() as u16)
            .map(|id| language.node_kind_for_id(id).map_or(Kind::Other, kind_named))
            .collect();
        let mut fields = vec![Field::Other; language.field_count() + 1];
        for (name, field) in [
            ("name", Field::Name),
            ("argument", Field::Argument),
            ("body", Field::Body),
            ("redirect", Field::Redirect),
            ("value", Field::Value),
            ("condition", Field::Condition),
            ("destination", Field::Destination),
            ("descriptor", Field::Descriptor),
            ("variable", Field::Variable),
        ] {
            if let Some(id) = language.field_id_for_name(name) {
                fields[usize::from(id.get())] = field;
            }
        }
        Tables { language, kinds, fields }
    })
}

/// The grammar, for the query engine.
pub(super) fn language() -> &'static tree_sitter::Language {
    &tables().language
}

/// A parsed text.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    tree: tree_sitter::Tree,
    places: Places,
}

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'t>(pub(super) tree_sitter::Node<'t>, &'t [u32]);

/// Where each byte of a shortened text is in the original text, and last the original's end. It is empty if
/// the text is the original itself. Nobody outside sees places of the shortened text.
type Places = Arc<[u32]>;

/// Parses a text. Returns `None` if it takes longer than a single text may.
pub(crate) fn parse(text: &str) -> Option<Tree> {
    parse_within(text, &mut Effort::default())
}

/// Parses a text. Returns `None` if it takes more than what is left of the effort.
pub(crate) fn parse_within(text: &str, effort: &mut Effort) -> Option<Tree> {
    parse_bytes(text.as_bytes(), Places::default(), effort)
}

/// Parses a text that stands for a longer one, as [`super::mask::Masked::short`] returns it.
pub(crate) fn parse_short((text, places): (Vec<u8>, Vec<u32>), effort: &mut Effort) -> Option<Tree> {
    parse_bytes(&text, places.into(), effort)
}

fn parse_bytes(bytes: &[u8], places: Places, effort: &mut Effort) -> Option<Tree> {
    let tree = parse_in_time(bytes, places, effort);
    if tree.is_none() {
        limit::end_if_over();
    }
    tree
}

fn parse_in_time(bytes: &[u8], places: Places, effort: &mut Effort) -> Option<Tree> {
    thread_local! {
        static PARSER: RefCell<Option<tree_sitter::Parser>> = const { RefCell::new(None) };
    }
    PARSER.with_borrow_mut(|slot| {
        let parser = match slot {
            Some(parser) => parser,
            None => {
                let mut parser = tree_sitter::Parser::new();
                // This fails only if the grammar's ABI does not fit the library, which a test would show.
                parser.set_language(language()).ok()?;
                slot.insert(parser)
            }
        };
        parses::count();
        let started = Instant::now();
        let time = limit::left().map_or(effort.time, |left| left.min(effort.time));
        let before = effort.reports;
        let mut reports = 0u32;
        let mut progress = |_: &tree_sitter::ParseState| {
            reports += 1;
            let late = reports.is_multiple_of(16) && limit::passed(started, time);
            if late || reports > before { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = tree_sitter::ParseOptions::new().progress_callback(&mut progress);
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        effort.reports = before.saturating_sub(reports);
        effort.time = effort.time.saturating_sub(started.elapsed());
        if tree.is_none() {
            parser.reset();
        }
        tree.map(|tree| Tree { tree, places })
    })
}

impl Tree {
    pub(crate) fn root(&self) -> Node<'_> {
        Node(self.tree.root_node(), &self.places)
    }

    /// As an S-expression.
    pub(super) fn sexp(&self) -> String {
        self.tree.root_node().to_sexp()
    }

    /// A cursor at the root.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        Cursor(self.tree.walk(), &self.places)
    }

    /// The smallest node of a kind that covers exactly these bytes, found from the root downwards.
    pub(crate) fn command_at(&self, range: Range<u32>) -> Option<Node<'_>> {
        let place = |at: u32| match self.places.is_empty() {
            true => at as usize,
            false => self.places.partition_point(|place| *place < at),
        };
        let (start, end) = (place(range.start), place(range.end));
        let mut node = self.tree.root_node().descendant_for_byte_range(start, end.max(1) - 1)?;
        for _ in 0..8 {
            if node.kind() == "command" && node.start_byte() == start {
                return Some(Node(node, &self.places));
            }
            node = node.parent()?;
        }
        None
    }
}

impl<'t> Node<'t> {
    /// The statement that a command forms by itself, with its redirects. `None` if the command is part of a
    /// list or a condition, is negated, or runs in the background. With `piped`, it may be the last command
    /// of a pipeline, and the pipeline is the statement.
    pub(crate) fn statement_alone(self, piped: bool) -> Option<Node<'t>> {
        let mut node = self;
        for _ in 0..8 {
            let parent = Node(node.0.parent()?, self.1);
            let next = node.0.next_sibling().map(|n| Node(n, self.1).kind());
            match parent.kind() {
                Kind::RedirectedStatement => {}
                Kind::Pipeline if piped && next.is_none() => {}
                _ if next == Some(Kind::Background) => return None,
                Kind::Program
                | Kind::CompoundStatement
                | Kind::Subshell
                | Kind::DoGroup
                | Kind::ElseClause
                | Kind::CaseItem => return Some(node),
                Kind::IfStatement | Kind::ElifClause => {
                    let mut cursor = parent.0.walk();
                    let then =
                        parent.0.children(&mut cursor).find(|n| Node(*n, self.1).kind() == Kind::Then)?;
                    return (then.end_byte() <= node.0.start_byte()).then_some(node);
                }
                _ => return None,
            }
            node = parent;
        }
        None
    }

    /// Another node of its tree.
    pub(super) fn beside<'n>(self, node: tree_sitter::Node<'n>) -> Node<'n>
    where
        't: 'n,
    {
        Node(node, self.1)
    }

    pub(crate) fn kind(self) -> Kind {
        match self.0.kind_id() {
            ERROR => Kind::Error,
            id => tables().kinds.get(usize::from(id)).copied().unwrap_or(Kind::Other),
        }
    }

    /// First byte.
    pub(crate) fn start(self) -> u32 {
        let at = self.0.start_byte();
        self.1.get(at).copied().unwrap_or(at as u32)
    }

    /// One past the last byte.
    pub(crate) fn end(self) -> u32 {
        let at = self.0.end_byte();
        // After its last byte, whatever was left out between that and the next.
        match at.checked_sub(1).and_then(|last| self.1.get(last)) {
            Some(place) => (place + 1).max(self.start()),
            None => at as u32,
        }
    }

    /// True if this node, or one inside it, did not parse.
    pub(crate) fn has_error(self) -> bool {
        self.0.has_error()
    }

    /// True for a token that the parser invented to go on.
    pub(crate) fn is_missing(self) -> bool {
        self.0.is_missing()
    }

    /// The grammar's name for it; for a token its text.
    pub(crate) fn name(self) -> &'t str {
        self.0.kind()
    }

    /// True for a node that the grammar names.
    pub(crate) fn is_named(self) -> bool {
        self.0.is_named()
    }

    /// How many children it has, tokens included.
    pub(crate) fn child_count(self) -> usize {
        self.0.child_count() as usize
    }
}

/// A movable place in a tree. Visiting the children of a node takes linear time only with a cursor.
pub(crate) struct Cursor<'t>(tree_sitter::TreeCursor<'t>, &'t [u32]);

impl<'t> Cursor<'t> {
    /// The current node.
    pub(crate) fn node(&self) -> Node<'t> {
        Node(self.0.node(), self.1)
    }

    /// The field of that node in its parent.
    pub(crate) fn field(&self) -> Field {
        match self.0.field_id() {
            Some(id) => tables().fields.get(usize::from(id.get())).copied().unwrap_or(Field::Other),
            None => Field::Other,
        }
    }

    /// Calls `visit` at each child in order. Afterwards the cursor is back at the node. `visit` must leave
    /// the cursor where it found it.
    pub(crate) fn each_child(&mut self, mut visit: impl FnMut(&mut Cursor<'t>)) {
        if !self.0.goto_first_child() {
            return;
        }
        loop {
            visit(self);
            if !self.0.goto_next_sibling() {
                break;
            }
        }
        self.0.goto_parent();
    }
}
