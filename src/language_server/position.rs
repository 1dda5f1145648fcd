//! Places as the protocol names them: a line, and how far into it, in bytes or in units of UTF-16. Ours are bytes of the text.

use std::ops::Range;

use gen_lsp_types::{Position, PositionEncodingKind};

use crate::compiler::source;

/// In what the distance from the start of a line is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// What every client knows.
    #[default]
    Utf16,
}

impl Encoding {
    /// The one that costs us nothing, if the client offers it.
    pub(super) fn negotiate<'a>(offered: impl IntoIterator<Item = &'a str>) -> Self {
        if offered.into_iter().any(|name| name == "utf-8") { Self::Utf8 } else { Self::Utf16 }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn units(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
        }
    }
}

/// A text whose lines are known.
#[derive(Debug, Clone)]
pub(super) struct Text {
    content: source::Text,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Text {
    pub(super) fn new(text: impl Into<source::Text>, encoding: Encoding) -> Self {
        let content = text.into();
        let starts = std::iter::once(0).chain(line_ends(&content).map(|end| end.end)).collect();
        Self { content, starts, encoding }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.content
    }

    /// As the compiler takes it.
    pub(super) fn whole(&self) -> &source::Text {
        &self.content
    }

    /// Where a byte stands.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = floor_boundary(&self.content, offset.min(self.content.len()));
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let visible = self.line(line);
        let before = &self.content[visible.start..offset.clamp(visible.start, visible.end)];
        let units: usize = before.chars().map(|character| self.encoding.units(character)).sum();
        Position { line: line as u32, character: units as u32 }
    }

    /// Where a range of bytes stands.
    pub(super) fn range(&self, range: Range<usize>) -> gen_lsp_types::Range {
        gen_lsp_types::Range { start: self.position(range.start), end: self.position(range.end) }
    }

    /// The byte at a place. What lies behind the end of a line is its end, as the protocol has it.
    pub(super) fn offset(&self, position: Position) -> usize {
        if position.line as usize >= self.starts.len() {
            return self.content.len();
        }
        let line = self.line(position.line as usize);
        let mut left = position.character as usize;
        let mut at = line.start;
        for character in self.content[line.clone()].chars() {
            let units = self.encoding.units(character);
            if units > left {
                break;
            }
            left -= units;
            at += character.len_utf8();
        }
        at
    }

    /// The line that a byte stands in.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1) - 1
    }

    /// A line without its end.
    pub(super) fn line(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(self.content.len());
        let end = self.starts.get(line + 1).copied().unwrap_or(self.content.len());
        let visible = self.content[start..end].trim_end_matches(['\r', '\n']).len();
        start..start + visible
    }

    pub(super) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// How the lines of this text end.
    pub(super) fn line_end(&self) -> &'static str {
        if line_ends(&self.content).next().is_some_and(|end| end.len() == 2) { "\r\n" } else { "\n" }
    }

    /// The text with a range replaced.
    pub(super) fn replaced(&self, range: gen_lsp_types::Range, with: &str) -> Self {
        let start = self.offset(range.start);
        let end = self.offset(range.end).max(start);
        let text = [&self.content[..start], with, &self.content[end..]].concat();
        Self::new(text, self.encoding)
    }
}

/// `\n`, `\r\n` and a lone `\r` each end a line, as the protocol has it.
fn line_ends(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter_map(move |at| match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at..at + 2),
        (b'\r', _) => Some(at..at + 1),
        (b'\n', _) if at == 0 || bytes[at - 1] != b'\r' => Some(at..at + 1),
        _ => None,
    })
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    /// `é` is two bytes and one unit, `𝄞` four bytes and two units.
    const TEXT: &str = "é𝄞x\r\nab\rc\n";

    #[test]
    fn places_in_utf_16() {
        let text = Text::new(TEXT, Encoding::Utf16);
        for (offset, position) in [(0, at(0, 0)), (2, at(0, 1)), (6, at(0, 3)), (9, at(1, 0)), (12, at(2, 0))] {
            assert_eq!(text.position(offset), position);
            assert_eq!(text.offset(position), offset);
        }
        assert_eq!(text.offset(at(0, 2)), 2, "in the middle of a pair");
        assert_eq!(text.position(4), at(0, 1), "in the middle of a character");
    }

    #[test]
    fn places_in_utf_8() {
        let text = Text::new(TEXT, Encoding::Utf8);
        for (offset, position) in [(0, at(0, 0)), (2, at(0, 2)), (6, at(0, 6)), (9, at(1, 0)), (12, at(2, 0))] {
            assert_eq!(text.position(offset), position);
            assert_eq!(text.offset(position), offset);
        }
        assert_eq!(text.offset(at(0, 4)), 2, "in the middle of a character");
    }

    #[test]
    fn what_lies_outside_is_the_nearest_end() {
        let text = Text::new(TEXT, Encoding::Utf16);
        assert_eq!(text.offset(at(0, 99)), 7);
        assert_eq!(text.offset(at(1, 99)), 11);
        assert_eq!(text.offset(at(99, 0)), TEXT.len());
        assert_eq!(text.position(999), at(3, 0));
        assert_eq!(text.position(8), at(0, 4), "between the two bytes of a line's end");
    }

    #[test]
    fn a_range_is_replaced() {
        let text = Text::new(TEXT, Encoding::Utf16);
        let range = gen_lsp_types::Range { start: at(0, 1), end: at(1, 1) };
        assert_eq!(text.replaced(range, "-").as_str(), "é-b\rc\n");
    }

    #[test]
    fn line_ends_are_kept() {
        assert_eq!(Text::new("a\r\nb\n", Encoding::Utf8).line_end(), "\r\n");
        assert_eq!(Text::new("a\nb\r\n", Encoding::Utf8).line_end(), "\n");
        assert_eq!(Text::new("", Encoding::Utf8).line_end(), "\n");
    }
}
