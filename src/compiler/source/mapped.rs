//! Text that was put together: physical lines joined by a backslash, values in the place of `${NAME}`. Every part of it can
//! still be pointed at in the file the person wrote.

use std::ops::Range;

use super::{SourceId, Span};

/// A text and where each piece of it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the text. Its end is the start of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    at: u32,
    span: Span,
    /// Byte for byte as in the source; otherwise it stands for the whole span.
    verbatim: bool,
}

impl Mapped {
    /// A stretch of a source, as it stands there.
    pub fn verbatim(source: SourceId, start: usize, text: &str) -> Self {
        let mut mapped = Self::default();
        mapped.push_verbatim(Span { source, start: start as u32, end: (start + text.len()) as u32 }, text);
        mapped
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends text that stands at a span, byte for byte.
    pub fn push_verbatim(&mut self, span: Span, text: &str) {
        self.push(span, text, true);
    }

    /// Appends text that something else stands for in the source.
    pub fn push_substitute(&mut self, span: Span, text: &str) {
        self.push(span, text, false);
    }

    fn push(&mut self, span: Span, text: &str, verbatim: bool) {
        // An empty piece is kept only to know where an empty text stands.
        if text.is_empty() && !self.pieces.is_empty() {
            return;
        }
        if self.text.is_empty() {
            self.pieces.clear();
        }
        self.pieces.push(Piece { at: self.text.len() as u32, span, verbatim });
        self.text.push_str(text);
    }

    /// Appends another text with its places.
    pub fn append(&mut self, other: &Self) {
        for (index, piece) in other.pieces.iter().enumerate() {
            let end = other.pieces.get(index + 1).map_or(other.text.len(), |next| next.at as usize);
            self.push(piece.span, &other.text[piece.at as usize..end], piece.verbatim);
        }
    }

    /// Where a range of the text was written.
    pub fn span(&self, range: Range<usize>) -> Span {
        let first = self.piece_at(range.start.min(self.text.len()));
        let start = first.place(range.start);
        if range.end <= range.start {
            return Span { source: first.span.source, start, end: if first.verbatim { start } else { first.span.end } };
        }
        let last = self.piece_at(range.end - 1);
        let end = if last.verbatim { last.place(range.end) } else { last.span.end };
        Span { source: first.span.source, start, end: end.max(start) }
    }

    /// Where the whole text was written.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    /// A range of the text, with its places.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut slice = Self::default();
        let mut at = range.start;
        while at < range.end {
            let index = self.index_at(at);
            let piece = self.pieces[index];
            let end = self.pieces.get(index + 1).map_or(range.end, |next| range.end.min(next.at as usize));
            let text = &self.text[at..end];
            let span = if piece.verbatim { self.span(at..end) } else { piece.span };
            slice.push(span, text, piece.verbatim);
            at = end;
        }
        if slice.pieces.is_empty() && !self.pieces.is_empty() {
            slice.push(self.span(range.start..range.start), "", true);
        }
        slice
    }

    /// The same text, read again: what was written in one source is taken to be written in the other.
    #[must_use]
    pub fn read_again(mut self, from: SourceId, to: SourceId) -> Self {
        for piece in self.pieces.iter_mut().filter(|piece| piece.span.source == from) {
            piece.span.source = to;
        }
        self
    }

    fn index_at(&self, at: usize) -> usize {
        self.pieces.partition_point(|piece| piece.at as usize <= at).saturating_sub(1)
    }

    fn piece_at(&self, at: usize) -> Piece {
        *self.pieces.get(self.index_at(at)).expect("a mapped text has at least one piece")
    }
}

impl Piece {
    fn place(&self, at: usize) -> u32 {
        if self.verbatim { (self.span.start + at as u32 - self.at).min(self.span.end) } else { self.span.start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::source::Sources;

    #[test]
    fn a_substitute_points_at_the_whole_of_what_it_stands_for() {
        let mut sources = Sources::default();
        let source = sources.add(std::path::Path::new("a"), "x ${N} y".into(), None);
        let span = |start, end| Span { source, start, end };
        let mut mapped = Mapped::verbatim(source, 0, "x ");
        mapped.push_substitute(span(2, 6), "long value");
        mapped.push_verbatim(span(6, 8), " y");
        assert_eq!(mapped.text(), "x long value y");
        assert_eq!(mapped.span(0..1), span(0, 1));
        assert_eq!(mapped.span(4..6), span(2, 6));
        assert_eq!(mapped.span(0..14), span(0, 8));
        assert_eq!(mapped.span(13..14), span(7, 8));
        assert_eq!(mapped.slice(3..14).span(10..11), span(7, 8));
    }
}
