//! Reads the text of a query file: it splits the text into patterns, takes their predicates out, and recognises the shapes
//! that need no query. Positions are bytes of the file. It knows the notation, but not the vocabulary.

use std::ops::Range;

/// How deep brackets may nest. The grammar's trees are not as deep, and tree-sitter compiles a query by recursion.
const MAX_DEPTH: usize = 64;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    /// `"…"`.
    Text,
    /// `@name`.
    Capture,
    /// `#name?`.
    Predicate,
    /// Everything else: a kind of node, `field:`, `.`, `*`.
    Symbol,
}

/// A token and its place in the file.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// The value of a text, the name of a capture without `@`, or the token as it is written.
    pub(super) value: String,
}

/// A predicate or `#set!`.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// `#name?`.
    pub(super) name: Token,
    pub(super) arguments: Vec<Token>,
}

/// One pattern.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// From the first parenthesis to the last capture.
    pub(super) range: Range<usize>,
    /// What stands inside the command node, without predicates.
    pub(super) inner: Vec<Token>,
    /// What captures the command node.
    pub(super) captures: Vec<Token>,
    pub(super) clauses: Vec<Clause>,
    /// The bytes of the clauses, which tree-sitter must not see.
    pub(super) hidden: Vec<Range<usize>>,
}

/// A fault and its place in the file.
pub(super) type Fault = (usize, String);

/// Splits a file into its patterns. A wrong pattern does not hide the faults of the next; unbalanced parentheses end
/// the file.
pub(super) fn read(text: &str) -> (Vec<Written>, Vec<Fault>) {
    let (mut patterns, mut faults) = (Vec::new(), Vec::new());
    let tokens = match tokens(text) {
        Ok(tokens) => tokens,
        Err(fault) => return (patterns, vec![fault]),
    };
    if let Some(fault) = too_deep(&tokens) {
        return (patterns, vec![fault]);
    }
    let mut at = 0;
    while at < tokens.len() {
        let first = &tokens[at];
        if first.kind != Kind::Open {
            let reason = match first.kind {
                Kind::Close => format!("`{}` has no opening bracket", first.value),
                _ => format!("a pattern must begin with `(`, found `{}`", &text[first.range.clone()]),
            };
            faults.push((first.range.start, reason));
            at += 1;
            continue;
        }
        let Some(closing) = closing(&tokens, at) else {
            let reason = format!("`{}` is never closed", first.value);
            faults.push((first.range.start, reason));
            break;
        };
        let mut end = closing + 1;
        while tokens.get(end).is_some_and(|t| t.kind == Kind::Capture) {
            end += 1;
        }
        match pattern(&tokens[at..end]) {
            Ok(pattern) => patterns.push(pattern),
            Err(fault) => faults.push(fault),
        }
        at = end;
    }
    (patterns, faults)
}

/// The first bracket that nests too deep.
fn too_deep(tokens: &[Token]) -> Option<Fault> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let reason = format!("brackets may nest {MAX_DEPTH} deep, and this one is deeper");
            return Some((token.range.start, reason));
        }
    }
    None
}

/// One pattern: a command node with its captures, alone or in a group with its predicates.
fn pattern(tokens: &[Token]) -> Result<Written, Fault> {
    let start = tokens[0].range.start;
    let end = tokens[tokens.len() - 1].range.end;
    let (rest, clauses, hidden) = without_clauses(tokens)?;
    let wrong = |token: Option<&Token>| {
        let at = token.map_or(start, |t| t.range.start);
        let reason = "a pattern must be one `(command …)` node, alone or in a group with its predicates";
        Err((at, reason.to_owned()))
    };
    let grouped = rest.get(1).is_some_and(|t| t.kind == Kind::Open);
    let node = usize::from(grouped);
    match rest.get(node + 1) {
        Some(kind) if kind.value == "command" && rest[node].value == "(" => {}
        other => return wrong(other),
    }
    let Some(node_end) = closing(&rest, node) else {
        return wrong(rest.get(node));
    };
    let mut after = node_end + 1;
    let mut captures = Vec::new();
    while let Some(token) = rest.get(after) {
        match token.kind {
            Kind::Capture => captures.push(token.clone()),
            Kind::Close if grouped && after == closing(&rest, 0).unwrap_or(0) => {}
            _ => return wrong(Some(token)),
        }
        after += 1;
    }
    Ok(Written { range: start..end, inner: rest[node + 2..node_end].to_vec(), captures, clauses, hidden })
}

type Clauses = (Vec<Token>, Vec<Clause>, Vec<Range<usize>>);

/// Separates the clauses `(#name …)` from the other tokens.
fn without_clauses(tokens: &[Token]) -> Result<Clauses, Fault> {
    let (mut rest, mut clauses, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let name = tokens.get(at + 1).filter(|t| t.kind == Kind::Predicate);
        if tokens[at].kind == Kind::Predicate {
            let reason = format!("`{}` must stand in parentheses of its own", tokens[at].value);
            return Err((tokens[at].range.start, reason));
        }
        let Some(name) = name.filter(|_| tokens[at].value == "(") else {
            rest.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let open = &tokens[at];
        let mut arguments = Vec::new();
        at += 2;
        loop {
            match tokens.get(at) {
                Some(token) if token.value == ")" && token.kind == Kind::Close => break,
                Some(token) if matches!(token.kind, Kind::Text | Kind::Capture | Kind::Symbol) => {
                    arguments.push(token.clone());
                    at += 1;
                }
                other => {
                    let at = other.map_or(name.range.start, |t| t.range.start);
                    let reason = format!("`{}` takes captures and texts only", name.value);
                    return Err((at, reason));
                }
            }
        }
        hidden.push(open.range.start..tokens[at].range.end);
        clauses.push(Clause { name: name.clone(), arguments });
        at += 1;
    }
    Ok((rest, clauses, hidden))
}

/// The token that closes what opens at `open`; `None` if nothing does, or a bracket of the other kind.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut opened = Vec::new();
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Open => opened.push(token.value == "("),
            Kind::Close => {
                if opened.pop()? != (token.value == ")") {
                    return None;
                }
                if opened.is_empty() {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let kind = match byte {
            b'(' | b'[' => Kind::Open,
            b')' | b']' => Kind::Close,
            b';' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'"' => {
                let (value, end) = quoted(text, start)?;
                at = end;
                tokens.push(Token { kind: Kind::Text, range: start..end, value });
                continue;
            }
            _ if byte.is_ascii_whitespace() => continue,
            _ => {
                let ends = |c: char| c.is_whitespace() || "()[]\";@#".contains(c);
                let body = start + text[start..].chars().next().map_or(1, char::len_utf8);
                at = body + text[body..].find(ends).unwrap_or(text.len() - body);
                match byte {
                    b'@' => Kind::Capture,
                    b'#' => Kind::Predicate,
                    _ => Kind::Symbol,
                }
            }
        };
        let name = start + usize::from(kind == Kind::Capture);
        tokens.push(Token { kind, range: start..at, value: text[name..at].to_owned() });
    }
    Ok(tokens)
}

/// The value of the text that begins at `start`, with the escapes of tree-sitter's queries, and its end.
fn quoted(text: &str, start: usize) -> Result<(String, usize), Fault> {
    let mut value = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, start + 1 + at + 1)),
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, '0')) => value.push('\0'),
                Some((_, c)) => value.push(c),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err((start, "this text does not end on its line".to_owned()))
}

/// The captures of what `+` or `*` repeats, each with the sign.
pub(super) fn repeated(inner: &[Token]) -> Vec<(&Token, char)> {
    let mut found: Vec<(&Token, char)> = Vec::new();
    for (at, token) in inner.iter().enumerate().filter(|(_, token)| token.kind == Kind::Symbol) {
        let Some(sign) = token.value.chars().find(|c| matches!(c, '+' | '*')) else { continue };
        // The sign follows the whole node or group that it repeats, and captures may be on both sides of it.
        let captures = inner[..at].iter().rev().take_while(|t| t.kind == Kind::Capture).count();
        let end = at - captures;
        let start = end - closed_by(&inner[..end]);
        let behind = inner[at + 1..].iter().take_while(|t| t.kind == Kind::Capture).count();
        let repeated = inner[start..=at + behind].iter().filter(|t| t.kind == Kind::Capture);
        found.extend(repeated.map(|capture| (capture, sign)));
    }
    found
}

/// How many tokens the node or group has that ends there.
fn closed_by(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (count, token) in tokens.iter().rev().enumerate() {
        match token.kind {
            Kind::Close => depth += 1,
            Kind::Open => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return if count == 0 { 0 } else { count + 1 };
        }
    }
    0
}

/// The inside of a command node, as far as no query is needed to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `name: (command_name) @_c …  argument: (kind) @c …`, of which either may be left out. Each argument of that kind is a
    /// match.
    Plain { name: Vec<String>, argument: Option<Argument> },
    /// Anything else.
    Deep,
}

/// `argument: (kind) @c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    /// The kind's place in the file and its name; `_` is any.
    pub(super) kind: (usize, String),
    pub(super) captures: Vec<String>,
}

/// Recognises the shape of what stands inside a command node.
pub(super) fn shape(inner: &[Token]) -> Shape {
    let (name, rest) = match field(inner, "name:") {
        Some((kind, captures, rest)) if kind.value == "command_name" => (captures, rest),
        _ => (Vec::new(), inner),
    };
    if rest.is_empty() {
        return Shape::Plain { name, argument: None };
    }
    match field(rest, "argument:") {
        Some((kind, captures, [])) => Shape::Plain {
            name,
            argument: Some(Argument { kind: (kind.range.start, kind.value.clone()), captures }),
        },
        _ => Shape::Deep,
    }
}

/// `field: (kind) @capture…`, and what follows.
fn field<'t>(tokens: &'t [Token], field: &str) -> Option<(&'t Token, Vec<String>, &'t [Token])> {
    let [name, open, kind, close, rest @ ..] = tokens else {
        return None;
    };
    let fits = name.value == field
        && name.kind == Kind::Symbol
        && open.value == "("
        && open.kind == Kind::Open
        && kind.kind == Kind::Symbol
        && close.value == ")"
        && close.kind == Kind::Close;
    let captures = rest.iter().take_while(|t| t.kind == Kind::Capture);
    let captures: Vec<String> = captures.map(|t| t.value.clone()).collect();
    let rest = &rest[captures.len()..];
    fits.then_some((kind, captures, rest))
}
