//! Inputs that fuzzing found, reduced: each of them once broke the property beside it.

use super::properties;
use super::run::Property;

/// The name of the case, the property, and the input.
pub(crate) const FOUND: &[(&str, Property, &[u8])] = &[
    ("a test that nothing closes, at a character of two bytes", properties::words, b"[ -f /opt/\xc3\xa9\n"),
    ("a quote in a comment", properties::dotenv, b"# A=\"x\nB=1\n# C=2\nD=\"\n"),
    ("a byte that is no UTF-8 in a document", properties::project, b"#@ docs/architecture.md\n# A\xc4b\n"),
    (
        "the line end of a long pipeline",
        properties::words,
        b"psql -c \"select 1\" | grep -q 1 |udo -u postgres createdb shop\nvenv/bin/alembic upgrade head",
    ),
    ("a level over several lines", properties::configuration, b"rules: {rerun: a\n\n  b}\n"),
];
