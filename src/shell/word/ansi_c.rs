//! `$'…'`: bash(1), QUOTING.

pub(super) fn ansi_c_end(bytes: &[u8], mut at: usize, end: usize) -> usize {
    while at < end {
        match bytes[at] {
            b'\\' => at += 2,
            b'\'' => return at,
            _ => at += 1,
        }
    }
    end
}

/// Decodes the inside of `$'…'` (bash(1), QUOTING).
pub(super) fn ansi_c(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('e' | 'E') => out.push('\u{1b}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('x') => out.push(number_after(&mut chars, 2, 16, 0)),
            Some('u') => out.push(number_after(&mut chars, 4, 16, 0)),
            Some('U') => out.push(number_after(&mut chars, 8, 16, 0)),
            Some(digit @ '0'..='7') => {
                let first = digit.to_digit(8).unwrap_or(0);
                out.push(number_after(&mut chars, 2, 8, first));
            }
            Some('c') => {
                chars.next();
            }
            Some(other) if matches!(other, '\\' | '\'' | '"' | '?') => out.push(other),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

fn number_after(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    digits: usize,
    radix: u32,
    first: u32,
) -> char {
    let mut value = first;
    for _ in 0..digits {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        chars.next();
    }
    char::from_u32(value).unwrap_or('\u{fffd}')
}
