//! Text from a file may reach a terminal only as text: control characters could move the cursor, change
//! colours or hide text, and bidirectional marks can show a line in another order than it runs.

use std::borrow::Cow;

/// The character that is shown instead of `c`, if `c` cannot be shown as it is. The caller handles tabs and
/// line ends.
pub(crate) fn shown_instead(c: char) -> Option<char> {
    match c {
        // The symbols for control characters are in the same order from U+2400.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// `text` on one line, without anything that a terminal would obey, cut after `limit` characters.
pub(crate) fn line(text: &str, limit: usize) -> Cow<'_, str> {
    let fine = |c: char| shown_instead(c).is_none();
    if text.len() <= limit && text.chars().all(fine) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\t' => out.push(' '),
            _ => out.push(shown_instead(c).unwrap_or(c)),
        }
    }
    Cow::Owned(out)
}

/// The same for text of several lines.
pub(crate) fn lines(text: &str, limit: usize) -> String {
    let lines: Vec<_> = text.lines().map(|l| line(l, limit)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(line("a\u{1b}[31mb\r\nc\u{9b}d\u{202e}", 99), "a␛[31mb␍ c\u{fffd}d\u{fffd}");
        assert_eq!(line("größe 🚀", 99), "größe 🚀");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(lines("a\tb\n\u{7}", 9), "a b\n␇");
        for c in (0..0x11_0000).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(shown_instead(c).is_some_and(|s| !s.is_control()), "{c:?}");
        }
    }
}
