//! Damages to a text: lines are lost, doubled, swapped and cut, bytes of another text come in, line ends and characters are
//! unexpected, and nesting has no end.

/// Pseudorandom numbers, the same on each run (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Bytes that are inserted anywhere: direction marks, a byte order mark, invalid UTF-8, NUL, and quotes and brackets that
/// nothing closes.
const ODD: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xc3",
    b"\r",
    b"\x1b[31m",
    b"\xef\xbb\xbf",
    "é".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{a0}".as_bytes(),
    "🚀".as_bytes(),
    b"'",
    b"\"",
    b"`",
    b"$(",
    b"${",
    b"((",
    b"{",
    b"<<EOF\n",
    b"<<-'",
    b"\\",
    b"\\\n",
    b"# deploylint: ignore[",
    b"#",
    b": ",
    b"\t",
];

/// Blocks that are nested many times.
const NESTING: &[(&str, &str)] = &[
    ("if true; then\n", "\nfi\n"),
    ("$(", ")"),
    ("{ ", "; }"),
    ("( ", " )"),
    ("bash -c '", "'"),
    ("f() {\n", "\n}\nf\n"),
    ("case a in a)\n", "\n;; esac\n"),
    ("${a:-", "}"),
    ("[", "]"),
    ("a:\n ", ""),
];

/// The text with one to three damages. `other` is the text from which foreign bytes come.
pub(crate) fn damaged(dice: &mut Dice, text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=dice.below(3) {
        text = once(dice, text, other);
    }
    text
}

fn once(dice: &mut Dice, text: Vec<u8>, other: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let (one, two) = (dice.below(lines.len()), dice.below(lines.len()));
    let at = dice.below(text.len() + 1);
    match dice.below(14) {
        0 if !lines.is_empty() => drop(lines.remove(one)),
        1 if !lines.is_empty() => lines.insert(two, lines[one].clone()),
        2 if !lines.is_empty() => lines.swap(one, two),
        3 if !lines.is_empty() => {
            let length = dice.below(lines[one].len());
            lines[one].truncate(length);
        }
        4 => return text[..at].to_vec(),
        5 => return text[at..].to_vec(),
        6 => {
            let from = dice.below(other.len() + 1);
            let piece = &other[from..(from + dice.below(60)).min(other.len())];
            return [&text[..at], piece, &text[at..]].concat();
        }
        7 => {
            let end = (at + 1 + dice.below(8)).min(text.len());
            return [&text[..at], &text[end..]].concat();
        }
        8 | 9 => return [&text[..at], ODD[dice.below(ODD.len())], &text[at..]].concat(),
        10 => {
            for line in lines.iter_mut().filter(|line| line.ends_with(b"\n")) {
                line.splice(line.len() - 1.., *b"\r\n");
            }
        }
        11 => {
            let (open, close) = NESTING[dice.below(NESTING.len())];
            let deep = 1 + dice.below(40);
            let end = (at + dice.below(80)).min(text.len());
            let (open, close) = (open.repeat(deep).into_bytes(), close.repeat(deep).into_bytes());
            return [&text[..at], &open, &text[at..end], &close, &text[end..]].concat();
        }
        12 => {
            let byte = dice.below(256) as u8;
            let mut text = text;
            if let Some(old) = text.get_mut(at) {
                *old = byte;
            }
            return text;
        }
        _ => {
            // The end of the last line is lost, and with it the end of a heredoc or a block.
            while text.len() > 1 && lines.last().is_some_and(|line| line.trim_ascii().is_empty()) {
                lines.pop();
            }
            if let Some(last) = lines.last_mut().filter(|last| last.ends_with(b"\n")) {
                last.pop();
            }
        }
    }
    lines.concat()
}
