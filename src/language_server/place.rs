//! What stands around a place in a text: the sections that are open there, and the line with its continuations.

use crate::compiler::diagnostic::Report;
use crate::compiler::directive::Context;
use crate::compiler::source::{Mapped, SourceId, Sources};
use crate::compiler::syntax::{self, Directive, Node};

use super::position::Text;

/// A text of its own, as a source that spans can point into.
pub(super) fn source(text: &Text) -> SourceId {
    Sources::default().add(std::path::Path::new(""), text.as_str().into(), None)
}

/// The line that a byte stands in, joined with those that go on in it, up to a byte that may lie in its middle.
pub(super) fn line_until(text: &Text, offset: usize, until: usize) -> Mapped {
    let id = source(text);
    let mut line = text.line_of(offset);
    while line > 0 && goes_on(text, line - 1) {
        line -= 1;
    }
    let mut joined = Mapped::default();
    loop {
        let range = text.line(line);
        let on = goes_on(text, line);
        let end = (range.end - usize::from(on)).min(until.max(range.start));
        joined.append(&Mapped::verbatim(id, text.whole().slice(range.start..end)));
        line += 1;
        if !on || text.line(line).start > until || line >= text.line_count() {
            return joined;
        }
    }
}

/// The whole line that a byte stands in.
pub(super) fn line(text: &Text, offset: usize) -> Mapped {
    line_until(text, offset, usize::MAX)
}

fn goes_on(text: &Text, line: usize) -> bool {
    text.as_str()[text.line(line)].ends_with('\\')
}

/// Where the line that a byte stands in begins, continuations counted as one line.
pub(super) fn line_start(text: &Text, offset: usize) -> usize {
    line(text, offset).whole().start as usize
}

/// The opening lines of the sections that are open before a byte, the outermost first.
pub(super) fn sections(text: &Text, offset: usize) -> Vec<Directive> {
    let before = text.whole().slice(0..line_start(text, offset));
    let mut nodes = syntax::parse(source(text), &before, &mut Report::default()).nodes;
    let mut open = Vec::new();
    // What is open at the end is the last thing of what it stands in.
    while let Some(Node::Section(section)) = nodes.pop() {
        if section.closed {
            break;
        }
        open.push(section.opening);
        nodes = section.nodes;
    }
    open
}

/// Where a directive in these sections stands: the context, and which per-directory section it is in.
pub(super) fn context(sections: &[Directive], htaccess: bool) -> (Context, &'static str) {
    let kinds = sections.iter().rev().map(|section| section.name.text.to_ascii_lowercase());
    for name in kinds {
        let kind = match name.as_str() {
            "virtualhost" => return (Context::VirtualHost, ""),
            "directory" | "directorymatch" => "Directory",
            "location" | "locationmatch" => "Location",
            "files" | "filesmatch" => "Files",
            "if" | "elseif" | "else" => "If",
            "limit" | "limitexcept" => "Limit",
            "proxy" | "proxymatch" => "Proxy",
            _ => continue,
        };
        return (if htaccess { Context::Htaccess } else { Context::Directory }, kind);
    }
    (if htaccess { Context::Htaccess } else { Context::ServerConfig }, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language_server::position::Encoding;

    fn text(text: &str) -> Text {
        Text::new(text, Encoding::Utf8)
    }

    #[test]
    fn a_line_goes_on_after_a_backslash() {
        let text = text("a\r\nb \\\r\n c \\\n d\ne");
        for at in [3, 8, 15] {
            let line = line(&text, at);
            assert_eq!(line.text(), "b  c  d");
            assert_eq!(line.span(3..4).start, 9);
        }
        assert_eq!(line(&text, 0).text(), "a");
        assert_eq!(line(&text, 17).text(), "e");
        assert_eq!(line_until(&text, 9, 10).text(), "b  c");
    }

    #[test]
    fn open_sections_are_found_in_unfinished_text() {
        let text = text("<A>\n<B x>\n</B>\n<C>\nD\n\n</A>\n<E>\n");
        let names = |line| {
            let open = sections(&text, text.line(line).start);
            open.iter().map(|section| section.name.text.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!([1, 2, 3, 4, 5, 7, 8].map(names), ["A", "A B", "A", "A C", "A C", "", "E"]);
    }
}
