//! `deploylint services`: the matrix as an aligned table, or as JSON, version 1.

use super::clean;
use super::json::{self, JsonGap, Range, Tool, range};
use crate::check::Services;
use crate::facts::services::rows::{self, Kind, Row, Side, State, Stated};
use crate::source::{Sources, Span};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::io;

/// The width for which the table is made.
const WIDTH: usize = 100;
/// The width of a cell in the narrow columns.
const CELL: usize = 30;
/// The indentation of lines that belong to the row above.
const INDENT: usize = 9;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    services: Vec<JsonRow<'a>>,
    notes: &'a [String],
    not_analysed: Vec<JsonGap<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    state: &'static str,
    service: Option<JsonSide<'a>>,
    runs: Option<JsonSide<'a>>,
    architecture: Option<JsonSide<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<&'static str>,
    reasons: &'a [String],
    stated: Vec<JsonStated<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonSide<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    ports: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonStated<'a> {
    about: &'static str,
    service: &'a str,
    server: &'a str,
    agrees: bool,
}

#[derive(Serialize)]
struct Summary {
    agree: usize,
    differ: usize,
    missing: usize,
    extra: usize,
    exempt: usize,
}

fn state(state: State) -> &'static str {
    match state {
        State::Agrees => "ok",
        State::Differs => "differs",
        State::Missing => "missing",
        State::Extra => "extra",
        State::Exempt => "exempt",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unit => "unit",
        Kind::Process(manager) => manager.name(),
        Kind::Package => "package",
        Kind::Container => "container",
    }
}

/// Writes the matrix as one line of JSON.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_json(found: &Services, out: &mut dyn io::Write) -> io::Result<()> {
    let sources = &found.sources;
    let document = Document {
        version: 1,
        tool: Tool::this(),
        services: found.matrix.rows.iter().map(|row| json_row(sources, row)).collect(),
        notes: &found.matrix.notes,
        not_analysed: found.gaps.iter().map(|gap| json::gap(sources, gap)).collect(),
        summary: summary(&found.matrix.rows),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn json_row<'a>(sources: &'a Sources, row: &'a Row) -> JsonRow<'a> {
    let documented = row.architecture.as_ref();
    JsonRow {
        state: state(row.state),
        service: row.service.as_ref().map(|side| json_side(sources, side, None)),
        runs: row.runs.as_ref().map(|(of, side)| json_side(sources, side, Some(kind(*of)))),
        architecture: documented.map(|documented| JsonSide {
            kind: None,
            name: &documented.name,
            file: documented.span.map(|span| sources.file(span.file).path()),
            range: documented.span.map(|span| range(sources, span)),
            command: None,
            ports: &[],
            user: None,
        }),
        strength: row.strength,
        reasons: &row.reasons,
        stated: row.stated.iter().map(json_stated).collect(),
        note: row.note.as_deref(),
    }
}

fn json_side<'a>(sources: &'a Sources, side: &'a Side, kind: Option<&'static str>) -> JsonSide<'a> {
    JsonSide {
        kind,
        name: &side.name,
        file: side.span.map(|span| sources.file(span.file).path()),
        range: side.span.map(|span| range(sources, span)),
        command: side.command.as_deref(),
        ports: &side.ports,
        user: side.user.as_deref(),
    }
}

fn json_stated(stated: &Stated) -> JsonStated<'_> {
    JsonStated {
        about: stated.about,
        service: &stated.service,
        server: &stated.server,
        agrees: stated.agrees,
    }
}

fn summary(rows: &[Row]) -> Summary {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    Summary {
        agree: count(State::Agrees),
        differ: count(State::Differs),
        missing: count(State::Missing),
        extra: count(State::Extra),
        exempt: count(State::Exempt),
    }
}

/// Writes the matrix as a table for people.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_text(found: &Services, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = &found.matrix.rows;
    let mut files: Vec<&str> = rows.iter().filter_map(|row| row.compose.as_deref()).collect();
    files.dedup();
    let several = files.len() > 1;
    // Of two units of one name the scripts tell which is which.
    let mut places: HashMap<&str, Option<Span>> = HashMap::new();
    let mut twice: HashSet<&str> = HashSet::new();
    for (_, side) in rows.iter().filter_map(|row| row.runs.as_ref()) {
        if *places.entry(&side.name).or_insert(side.span) != side.span {
            twice.insert(&side.name);
        }
    }
    let documented = rows.iter().any(|row| row.architecture.is_some());
    let table: Vec<[String; 6]> = rows.iter().map(cells).collect();
    let head = ["STATE", "SERVICE", "RUN BY", "ARCHITECTURE", "PORT", "USER"];
    let mut widths = head.map(str::len);
    for row in &table {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; 6]| {
        let mut text = String::new();
        for (at, cell) in cells.iter().enumerate() {
            if at == 3 && !documented {
                continue;
            }
            let blanks = widths[at] - cell.chars().count() + 2;
            text.push_str(cell);
            text.push_str(&" ".repeat(blanks));
        }
        text.truncate(text.trim_end().len());
        text
    };
    if !rows.is_empty() {
        writeln!(out, "{}", line(head))?;
    }
    for (row, cells) in rows.iter().zip(&table) {
        writeln!(out, "{}", line(cells.each_ref().map(String::as_str)))?;
        let side = row.runs.as_ref().map(|(_, side)| side).filter(|side| twice.contains(side.name.as_str()));
        let script = side.and_then(|side| side.span).map(|span| found.sources.file(span.file).path());
        for detail in details(row, several, script) {
            for part in wrapped(&clean::line(&detail, 1000), WIDTH - INDENT) {
                writeln!(out, "{}{part}", " ".repeat(INDENT))?;
            }
        }
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    for note in &found.matrix.notes {
        writeln!(out, "note: {}", clean::line(note, 500))?;
    }
    for gap in &found.gaps {
        writeln!(out, "{}", super::text::gap_line(&found.sources, gap))?;
    }
    writeln!(out, "{}", closing(found))
}

/// The columns of a row.
fn cells(row: &Row) -> [String; 6] {
    let short = |text: &str| clean::line(text, CELL).into_owned();
    let name = |side: Option<&Side>| side.map_or_else(|| "-".to_owned(), |side| short(&side.name));
    let runs = row.runs.as_ref();
    let by = runs.map_or_else(
        || "-".to_owned(),
        |(of, side)| match of {
            Kind::Unit | Kind::Container => short(&side.name),
            Kind::Package => format!("{} (package)", short(&side.name)),
            Kind::Process(_) => format!("{} ({})", short(&side.name), kind(*of)),
        },
    );
    let ports = |side: Option<&Side>| side.map(|side| side.ports.join(" ")).unwrap_or_default();
    let (here, there) = (ports(row.service.as_ref()), ports(runs.map(|(_, side)| side)));
    let port = match (here.as_str(), there.as_str()) {
        ("", port) | (port, "") => port.to_owned(),
        (a, b) if a == b => here,
        (a, b) => format!("{a} / {b}"),
    };
    let user = runs.and_then(|(_, side)| side.user.as_deref()).unwrap_or_default();
    [
        state(row.state).to_owned(),
        name(row.service.as_ref()),
        by,
        row.architecture.as_ref().map_or_else(|| "-".to_owned(), |d| short(&d.name)),
        short(&port),
        short(user),
    ]
}

/// The lines below a row: commands, differences, reasons.
fn details(row: &Row, several: bool, script: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    // If there are several Compose files, the file's name shows whose service it is.
    let file = row.compose.as_deref().filter(|_| several);
    if row.state == State::Exempt {
        lines.extend(row.note.as_ref().map(|note| match file {
            Some(file) => format!("{file}: {note}"),
            None => note.clone(),
        }));
        return lines;
    }
    let command = |side: &Side| side.command.as_deref().map(|c| clean::line(c, 160).into_owned());
    let here = row.service.as_ref().and_then(command);
    let there = row.runs.as_ref().and_then(|(_, side)| command(side));
    match here {
        Some(here) => lines.push(format!("{}: {here}", file.unwrap_or("compose"))),
        None => lines.extend(file.map(str::to_owned)),
    }
    let label = script.map_or_else(|| "server: ".to_owned(), |script| format!("{script}:"));
    lines.extend(there.map(|there| format!("{label} {there}")));
    for stated in row.stated.iter().filter(|stated| !stated.agrees) {
        lines.push(format!(
            "differs: the {} is `{}` in the service, but `{}` on the server",
            stated.about, stated.service, stated.server
        ));
    }
    if let Some(strength) = row.strength {
        lines.push(format!("{strength}: {}", row.reasons.join("; ")));
    }
    lines.extend(row.note.clone());
    lines
}

/// Lines of at most `width` characters, cut at blanks where possible. Lines after the first are indented
/// further.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
            line.push_str("  ");
        } else if length > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// "7 services and units: 4 agree, 1 differs, 1 missing, 1 exempt".
fn closing(found: &Services) -> String {
    let rows = &found.matrix.rows;
    if rows.is_empty() {
        let managers = rows::managers();
        return format!(
            "there is nothing to compare: no Compose file, no unit and no process of {managers} was found"
        );
    }
    let summary = summary(rows);
    let counts = [
        (summary.agree, "agree"),
        (summary.differ, "differ"),
        (summary.missing, "missing on the server"),
        (summary.extra, "only on the server"),
        (summary.exempt, "exempt"),
    ];
    let counts: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    counts.join(", ")
}
