//! Text that was put together: physical lines joined by a backslash, values in the place of `${NAME}`. Every part of it can
//! still be pointed at in the file the person wrote.

use std::ops::Range;
use std::sync::Arc;

use super::{SourceId, Span, Text};

/// A text and where each piece of it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped(Form);

/// Nearly every line is one stretch of its file, and shares the file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Verbatim { source: SourceId, text: Text },
    Joined(Arc<Joined>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Joined {
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

impl Default for Mapped {
    fn default() -> Self {
        Self(Form::Joined(Arc::default()))
    }
}

impl Mapped {
    /// A stretch of the text of a source.
    pub fn verbatim(source: SourceId, text: Text) -> Self {
        Self(Form::Verbatim { source, text })
    }

    /// The text.
    pub fn text(&self) -> &str {
        match &self.0 {
            Form::Verbatim { text, .. } => text.as_str(),
            Form::Joined(joined) => &joined.text,
        }
    }

    /// A range of the text, without its places.
    pub fn text_of(&self, range: Range<usize>) -> Text {
        match &self.0 {
            Form::Verbatim { text, .. } => text.slice(range),
            Form::Joined(joined) => Text::from(&joined.text[range]),
        }
    }

    /// Appends text that something else stands for in the source.
    pub fn push_substitute(&mut self, span: Span, text: &str) {
        self.joined().push(span, text, false);
    }

    /// Appends another text with its places.
    pub fn append(&mut self, other: &Self) {
        let joined = self.joined();
        match &other.0 {
            Form::Verbatim { source, text } => joined.push(span(*source, text.range()), text, true),
            Form::Joined(other) => {
                for (piece, text) in other.pieces() {
                    joined.push(piece.span, text, piece.verbatim);
                }
            }
        }
    }

    /// The form that more can be put to.
    fn joined(&mut self) -> &mut Joined {
        if let Form::Verbatim { source, text } = &self.0 {
            let mut joined = Joined::default();
            joined.push(span(*source, text.range()), text, true);
            self.0 = Form::Joined(Arc::new(joined));
        }
        match &mut self.0 {
            Form::Joined(joined) => Arc::make_mut(joined),
            Form::Verbatim { .. } => unreachable!("it was joined just before"),
        }
    }

    /// Where a range of the text was written.
    pub fn span(&self, range: Range<usize>) -> Span {
        match &self.0 {
            Form::Verbatim { source, text } => {
                let Range { start, end } = text.range();
                let at = |at: usize| (start + at).min(end);
                span(*source, at(range.start)..at(range.end.max(range.start)))
            }
            Form::Joined(joined) => joined.span(range),
        }
    }

    /// Where the whole text was written.
    pub fn whole(&self) -> Span {
        self.span(0..self.text().len())
    }

    /// A range of the text, with its places.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        match &self.0 {
            Form::Verbatim { source, text } => Self::verbatim(*source, text.slice(range)),
            Form::Joined(joined) => Self(Form::Joined(Arc::new(joined.slice(range)))),
        }
    }

    /// The same text, read again: what was written in one source is taken to be written in the other.
    #[must_use]
    pub fn read_again(mut self, from: SourceId, to: SourceId) -> Self {
        match &mut self.0 {
            Form::Verbatim { source, .. } if *source == from => *source = to,
            Form::Verbatim { .. } => {}
            Form::Joined(joined) => {
                for piece in Arc::make_mut(joined).pieces.iter_mut().filter(|piece| piece.span.source == from) {
                    piece.span.source = to;
                }
            }
        }
        self
    }
}

fn span(source: SourceId, range: Range<usize>) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32 }
}

impl Joined {
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

    fn pieces(&self) -> impl Iterator<Item = (&Piece, &str)> {
        let ends = self.pieces.iter().skip(1).map(|next| next.at as usize).chain([self.text.len()]);
        self.pieces.iter().zip(ends).map(|(piece, end)| (piece, &self.text[piece.at as usize..end]))
    }

    fn span(&self, range: Range<usize>) -> Span {
        let first = self.piece_at(range.start.min(self.text.len()));
        let start = first.place(range.start);
        if range.end <= range.start {
            return Span { source: first.span.source, start, end: if first.verbatim { start } else { first.span.end } };
        }
        let last = self.piece_at(range.end - 1);
        let end = if last.verbatim { last.place(range.end) } else { last.span.end };
        Span { source: first.span.source, start, end: end.max(start) }
    }

    fn slice(&self, range: Range<usize>) -> Self {
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
        let line = Mapped::verbatim(source, Text::from("x ${N} y"));
        let mut mapped = line.slice(0..2);
        mapped.push_substitute(span(2, 6), "long value");
        mapped.append(&line.slice(6..8));
        assert_eq!(mapped.text(), "x long value y");
        assert_eq!(mapped.span(0..1), span(0, 1));
        assert_eq!(mapped.span(4..6), span(2, 6));
        assert_eq!(mapped.span(0..14), span(0, 8));
        assert_eq!(mapped.span(13..14), span(7, 8));
        assert_eq!(mapped.slice(3..14).span(10..11), span(7, 8));
        assert_eq!(&*mapped.text_of(2..6), "long");
    }
}
