//! Where text comes from and how a place in it is named: [`Files`] is the compiler's only way to read, [`Span`] its only way
//! to point. Lines and columns are worked out when somebody prints them.

mod envvars;
mod files;
mod lines;
mod machine;
mod mapped;
mod overlay;
mod remembered;
mod text;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use envvars::envvars;
pub use files::{Disk, FileKind, Files, Memory, ReadError};
pub use lines::{Conditions, logical_lines};
pub use machine::{Account, Look, Machine, MemoryMachine, Owned, Status};
pub use mapped::Mapped;
pub use overlay::Overlay;
pub(crate) use remembered::Remembered;
pub use text::Text;

/// One reading of one file. A file that is included twice has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A range of bytes in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// In which source.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of this span to the end of another one of the same source.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        if self.source == last.source && last.end >= self.start { Self { end: last.end, ..self } } else { self }
    }
}

/// A value and the place that it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

/// A text that was read.
#[derive(Debug)]
pub struct Source {
    /// The file, as it was opened.
    pub path: PathBuf,
    /// Its text.
    pub text: Text,
    /// The `Include` or `Use` that brought it, `None` for what the command line names.
    pub included_at: Option<Span>,
    /// It is a `Use` that reads the text again: its spans lie in the macro.
    pub is_macro: bool,
    line_starts: OnceLock<Vec<u32>>,
}

/// Every text that was read, in the order of reading.
#[derive(Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// Keeps a text.
    pub fn add(&mut self, path: &Path, text: Text, included_at: Option<Span>) -> SourceId {
        self.push(Source { path: path.to_owned(), text, included_at, is_macro: false, line_starts: OnceLock::new() })
    }

    /// A further reading of the text that holds a macro, for one `Use` of it.
    pub fn add_use(&mut self, defined_in: SourceId, at: Span) -> SourceId {
        let Source { path, text, .. } = self.get(defined_in);
        let (path, text) = (path.clone(), text.clone());
        self.push(Source { path, text, included_at: Some(at), is_macro: true, line_starts: OnceLock::new() })
    }

    fn push(&mut self, source: Source) -> SourceId {
        self.all.push(source);
        SourceId(u32::try_from(self.all.len() - 1).expect("the number of files is bounded"))
    }

    /// The `Use` lines that brought a place, the innermost first.
    pub fn uses(&self, span: Span) -> Vec<Span> {
        let mut uses = Vec::new();
        let mut source = self.get(span.source);
        while let Some(at) = source.included_at {
            if source.is_macro {
                uses.push(at);
            }
            source = self.get(at.source);
        }
        uses
    }

    /// The source of an id.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.all[id.0 as usize]
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).text.get(Range::from(span)).unwrap_or_default()
    }

    /// The line that the first byte of a span stands in, without its end.
    pub fn line(&self, span: Span) -> &str {
        let text = &self.get(span.source).text;
        let at = span.start as usize;
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    /// Names the files below a folder as seen from it.
    pub fn relative_to(&mut self, folder: &Path) {
        for source in &mut self.all {
            if let Ok(below) = source.path.strip_prefix(folder)
                && !below.as_os_str().is_empty()
            {
                source.path = below.to_owned();
            } else if let Ok(below) = source.path.strip_prefix(".") {
                source.path = below.to_owned();
            }
        }
    }

    /// Every text with its id, in the order of reading.
    pub fn ids(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.all.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// Every text, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }

    /// Line and column of the first byte of a span, both from 1. Columns count characters.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let source = self.get(span.source);
        let starts = source.line_starts();
        let line = starts.partition_point(|start| *start <= span.start).max(1);
        let before = source.text.get(starts[line - 1] as usize..span.start as usize).unwrap_or_default();
        (line as u32, before.chars().count() as u32 + 1)
    }

    /// The order in which a reader meets places: an included text stands where its `Include` stands.
    pub fn reading_order(&self, span: Span) -> Vec<u32> {
        let mut order = vec![span.end, span.start];
        let mut at = self.get(span.source).included_at;
        let mut source = span.source;
        while let Some(outer) = at {
            order.push(source.0);
            order.push(outer.start);
            source = outer.source;
            at = self.get(outer.source).included_at;
        }
        order.push(source.0);
        order.reverse();
        order
    }
}

impl Source {
    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect()
        })
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start as usize..span.end as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut sources = Sources::default();
        let source = sources.add(Path::new("a"), "ab\ncdé f\n".into(), None);
        let at = |start, end| sources.line_column(Span { source, start, end });
        assert_eq!(at(0, 1), (1, 1));
        assert_eq!(at(3, 4), (2, 1));
        assert_eq!(at(8, 9), (2, 5));
        assert_eq!(at(10, 10), (3, 1));
    }
}
