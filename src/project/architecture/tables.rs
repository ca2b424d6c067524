//! Tables: which columns mean what, and which rows are services.

use crate::project::architecture::blocks::Line;
use crate::project::architecture::words::{
    as_name, column_ports, is_choice, is_code_name, is_external, is_not_here, name_and_brackets, product,
    words,
};
use crate::project::architecture::{Evidence, Found, Stated, Strength};
use crate::project::managers::Manager;
use crate::project::services::product_units;

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A service's name; `Service`, `Container`.
    Name,
    /// The name of anything; `Component`.
    AnyName,
    Port,
    Technology,
    Image,
    Unit,
    Container,
    Command,
    User,
    /// Something that only a running service has: replicas, memory.
    Runtime,
    Status,
    Variable,
    Path,
    /// A method or a route, as in a table of an interface.
    Http,
    /// A place in the code.
    Code,
    Other,
}

/// Words in the titles of columns. The first match wins. `service` is there in all languages that were met.
const TITLES: &[(&str, Column)] = &[
    ("method", Column::Http),
    ("endpoint", Column::Http),
    ("endpoints", Column::Http),
    ("route", Column::Http),
    ("port", Column::Port),
    ("ports", Column::Port),
    ("puerto", Column::Port),
    ("porta", Column::Port),
    ("порт", Column::Port),
    ("unit", Column::Unit),
    ("systemd", Column::Unit),
    ("image", Column::Image),
    ("command", Column::Command),
    ("cmd", Column::Command),
    ("execstart", Column::Command),
    ("entrypoint", Column::Command),
    ("replicas", Column::Runtime),
    ("memory", Column::Runtime),
    ("ram", Column::Runtime),
    ("cpu", Column::Runtime),
    ("restart", Column::Runtime),
    ("listens", Column::Port),
    ("bind", Column::Port),
    ("variable", Column::Variable),
    ("variables", Column::Variable),
    ("env", Column::Variable),
    ("service", Column::Name),
    ("services", Column::Name),
    ("microservice", Column::Name),
    ("daemon", Column::Name),
    ("process", Column::Name),
    ("servicio", Column::Name),
    ("serviço", Column::Name),
    ("servizio", Column::Name),
    ("dienst", Column::Name),
    ("сервис", Column::Name),
    ("layanan", Column::Name),
    ("servis", Column::Name),
    ("container", Column::Container),
    ("containers", Column::Container),
    ("contenedor", Column::Container),
    ("component", Column::AnyName),
    ("components", Column::AnyName),
    ("componente", Column::AnyName),
    ("composant", Column::AnyName),
    ("komponente", Column::AnyName),
    ("компонент", Column::AnyName),
    ("application", Column::AnyName),
    ("app", Column::AnyName),
    ("server", Column::AnyName),
    ("technology", Column::Technology),
    ("tech", Column::Technology),
    ("stack", Column::Technology),
    ("framework", Column::Technology),
    ("tecnología", Column::Technology),
    ("user", Column::User),
    ("account", Column::User),
    ("status", Column::Status),
    ("state", Column::Status),
    ("environment", Column::Status),
    ("mode", Column::Status),
    ("stage", Column::Status),
    ("notes", Column::Status),
    ("location", Column::Code),
    ("file", Column::Code),
    ("files", Column::Code),
    ("source", Column::Code),
    ("class", Column::Code),
    ("module", Column::Code),
    ("package", Column::Code),
    ("path", Column::Path),
    ("directory", Column::Path),
];

fn column(title: &str) -> Column {
    let of = |word: &str| TITLES.iter().position(|(known, _)| *known == word);
    // `Container port` is a port, and `Service unit` is a unit: the words that come first in this table
    // decide.
    let best = words(title)
        .flat_map(|w| w.split('/').map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|w| of(&w))
        .min();
    best.map_or(Column::Other, |at| TITLES[at].1)
}

/// True for the name of a variable in the form that `architecture.md` and shells use.
fn is_variable(text: &str) -> bool {
    text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The kind of a table, judged by its header.
struct Shape {
    columns: Vec<Column>,
    name: Option<usize>,
    /// Its rows are services: the header says so, and there is a column that only a running service can fill.
    services: bool,
}

impl Shape {
    fn of(header: &[Line]) -> Shape {
        let columns: Vec<Column> = header.iter().map(|title| column(&title.text)).collect();
        let find = |kind: Column| columns.iter().take(3).position(|c| *c == kind);
        let named = find(Column::Name);
        let container = find(Column::Container);
        // A table of units: `| Unit | User |`.
        let unit = (columns.first() == Some(&Column::Unit)).then_some(0);
        let strong = named.or(container).or(unit);
        let name = strong.or_else(|| find(Column::AnyName)).or_else(|| find(Column::Technology));
        let has = |kinds: &[Column]| {
            columns.iter().enumerate().any(|(at, c)| Some(at) != name && kinds.contains(c))
        };
        let runs =
            [Column::Port, Column::Unit, Column::Image, Column::Container, Column::Command, Column::Runtime];
        let services = strong.is_some() && (has(&runs) || unit.is_some());
        Shape { columns, name, services }
    }

    fn has(&self, kind: Column) -> bool {
        self.columns.contains(&kind)
    }

    fn cells<'r>(&'r self, row: &'r [Line], kind: Column) -> impl Iterator<Item = &'r Line> {
        let own = self.columns.iter().zip(row).enumerate();
        own.filter(move |(at, (c, _))| **c == kind && Some(*at) != self.name).map(|(_, (_, cell))| cell)
    }
}

/// What a table states.
pub(super) fn read(header: &[Line], rows: &[Vec<Line>], aside: bool, found: &mut Found) {
    let shape = Shape::of(header);
    if shape.columns.first() == Some(&Column::Variable) || shape.has(Column::Variable) && shape.name.is_none()
    {
        variables(&shape, rows, found);
        return;
    }
    if shape.columns.first() == Some(&Column::Path) {
        for cell in rows.iter().filter_map(|row| row.first()) {
            let path = cell.text.trim();
            if path.starts_with('/') && !path.contains(char::is_whitespace) {
                found.path(path, cell.span.clone());
            }
        }
        return;
    }
    if shape.has(Column::Http) {
        return;
    }
    let Some(name) = shape.name else { return };
    for row in rows {
        let Some(cell) = row.get(name) else { continue };
        let Some(mut stated) = service(&shape, row, cell, found) else { continue };
        stated.required &= !aside;
        found.add(stated);
    }
}

fn variables(shape: &Shape, rows: &[Vec<Line>], found: &mut Found) {
    let Some(at) = shape.columns.iter().position(|c| *c == Column::Variable) else { return };
    for cell in rows.iter().filter_map(|row| row.get(at)) {
        for name in cell.text.split([',', ' ', '/']).filter(|name| is_variable(name)) {
            found.variable(name, cell.span.clone());
        }
    }
}

fn service(shape: &Shape, row: &[Line], cell: &Line, found: &mut Found) -> Option<Stated> {
    let (plain, brackets) = name_and_brackets(&cell.text);
    let name = as_name(plain.strip_suffix(".service").unwrap_or(plain))?;
    let mut stated = found.stated(&name, cell.span.clone(), Evidence::Table);
    stated.aliases.extend(cell.codes.iter().filter(|code| !code.contains(' ')).map(|c| c.to_lowercase()));
    let mut aside = is_not_here(brackets) || is_external(&name) || is_choice(plain);
    let mut unit_said = !shape.has(Column::Unit);
    for port in shape.cells(row, Column::Port) {
        aside |= is_elsewhere(&port.text);
        for number in column_ports(&port.text) {
            stated.port(number, found.span(port.span.clone()));
        }
    }
    for unit in shape.cells(row, Column::Unit) {
        let lower = unit.text.to_lowercase();
        // `none, a step of start.sh` and a timer mean that the work ends.
        aside |= lower.trim().starts_with("none") || lower.trim() == "no" || lower.contains(".timer");
        let units = unit_names(unit);
        unit_said |= !units.is_empty() || lower.contains("docker") || lower.contains("container");
        stated.aliases.extend(units);
    }
    for container in shape.cells(row, Column::Container) {
        stated.aliases.extend(container.codes.iter().map(|c| c.to_lowercase()));
    }
    for image in shape.cells(row, Column::Image) {
        for code in image.codes.iter().map(String::as_str).chain([image.text.as_str()]) {
            let last = code.trim().rsplit('/').next().unwrap_or_default();
            let base = last.split([':', '@']).next().unwrap_or_default().to_lowercase();
            if !product_units(&base).is_empty() {
                stated.product = product(&base);
                stated.aliases.push(base);
            }
        }
    }
    for technology in shape.cells(row, Column::Technology) {
        aside |= is_elsewhere(&technology.text);
        stated.technology = Some(technology.text.trim().to_owned());
        stated.product = stated.product.or_else(|| product(name_and_brackets(&technology.text).0));
    }
    for command in shape.cells(row, Column::Command) {
        for code in &command.codes {
            stated.commands.push(found.text(code, command.span.clone()));
        }
    }
    for user in shape.cells(row, Column::User) {
        let word = user.text.trim();
        if shape.services && !word.is_empty() && !word.contains(char::is_whitespace) {
            found.user(word, user.span.clone());
        }
    }
    for status in shape.cells(row, Column::Status) {
        aside |= is_elsewhere(&status.text);
    }
    stated.product = stated.product.or_else(|| product(&name));
    stated.required = !aside;
    let runs = !stated.ports.is_empty() || !stated.commands.is_empty();
    let code = is_code_name(&name) || shape.has(Column::Code) && !runs;
    let own_name = shape.columns[shape.name?];
    stated.strength = match own_name {
        Column::Technology if stated.product.is_some() => Strength::Weak,
        Column::Technology => return None,
        Column::AnyName if stated.product.is_some() => Strength::Medium,
        Column::AnyName if runs && !code => Strength::Medium,
        Column::AnyName => return None,
        _ if shape.services && !code && (unit_said || runs) => Strength::Strong,
        _ if shape.services && !code => Strength::Weak,
        _ if stated.product.is_some() => Strength::Medium,
        _ => return None,
    };
    Some(stated)
}

/// True if a cell about this service alone says that it belongs to somebody else, or does not exist. A longer note may
/// be about many things.
fn is_elsewhere(cell: &str) -> bool {
    cell.chars().count() <= 60 && is_not_here(cell)
}

/// The units that a cell names: `shop-web.service`, `` `shop-web` ``, or a cell of one word.
fn unit_names(cell: &Line) -> Vec<String> {
    const NOT_NAMES: &[&str] = &[
        "system",
        "yes",
        "no",
        "none",
        "systemd",
        "docker",
        "n/a",
        Manager::Pm2.name(),
        "auto",
        "package",
        "host",
    ];
    let mut names = Vec::new();
    let mut note = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        let stem = word.strip_suffix(".service").unwrap_or(word).to_lowercase();
        let fits = stem.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c));
        if fits
            && stem.len() > 1
            && stem.chars().any(char::is_alphabetic)
            && !NOT_NAMES.contains(&stem.as_str())
        {
            names.push(stem.trim_end_matches('@').to_owned());
        }
    };
    for code in &cell.codes {
        note(code);
    }
    let mut rest = cell.text.split_whitespace();
    match (rest.next(), rest.next()) {
        (Some(only), None) => note(only),
        _ => cell.text.split_whitespace().filter(|w| w.contains(".service")).for_each(note),
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_what_a_column_holds() {
        for (title, expected) in [
            ("Service", Column::Name),
            ("Container Port", Column::Port),
            ("Technology/Image", Column::Image),
            ("systemd Unit", Column::Unit),
            ("Component", Column::AnyName),
            ("Environment variable", Column::Variable),
            ("Purpose", Column::Other),
            ("Service Port", Column::Port),
            ("HTTP Method", Column::Http),
        ] {
            assert_eq!(column(title), expected, "{title}");
        }
    }
}
