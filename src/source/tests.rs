use super::*;

#[test]
fn crlf_bom_and_latin1_lead_back_to_the_bytes_on_disk() {
    let bytes = b"\xef\xbb\xbfa\r\nb\xe9c\r\nd".to_vec();
    let file = SourceFile::new("x.sh", bytes.clone()).unwrap();
    assert_eq!(file.text(), "a\nb\u{e9}c\nd");
    for (needle, byte) in [("a", b'a'), ("b", b'b'), ("c", b'c'), ("d", b'd')] {
        let at = file.original_offset(file.text().find(needle).unwrap() as u32);
        assert_eq!(bytes[at as usize], byte, "{needle}");
    }
    assert_eq!(file.line_column(file.text().find('c').unwrap() as u32), LineColumn { line: 2, column: 3 });
    assert!(file.has_carriage_returns());
    assert_eq!(file.first_invalid(), Some(3));
}

#[test]
fn a_map_through_a_map_ends_in_the_file() {
    // The file is 0123456789. The outer text drops byte 3, and the inner text drops byte 1 of the outer text.
    let mut outer = OffsetMap::shifted(0);
    outer.push_verbatim(3, 4);
    let mut inner = OffsetMap::shifted(0);
    inner.push_verbatim(1, 2);
    let both = inner.through(&outer, 8);
    let seen: Vec<u32> = (0..8).map(|i| both.range(i..i + 1).start).collect();
    assert_eq!(seen, [0, 2, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_nul_is_no_text() {
    assert_eq!(SourceFile::new("x", b"ab\0".to_vec()).unwrap_err(), NotText { nul_at: 2 });
}

#[test]
fn a_column_far_into_a_line_counts_characters() {
    for text in [
        "é".repeat(10_000),
        format!("ab\n{}", "x€".repeat(3 * BLOCK)),
        "é".repeat(BLOCK),
        "x".repeat(3 * BLOCK),
    ] {
        let file = SourceFile::new("x", text.clone().into_bytes()).unwrap();
        let start = text.find('\n').map_or(0, |i| i + 1);
        let offsets = text.char_indices().map(|(i, _)| i).chain([text.len()]);
        for (count, offset) in offsets.filter(|o| *o >= start).enumerate() {
            assert_eq!(file.line_column(offset as u32).column, count as u32 + 1);
        }
    }
}
