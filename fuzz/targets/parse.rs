//! One text: it is read to its end, and every node lies in it.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::compiler::diagnostic::Report;
use wsgi_httpd::compiler::source::{Sources, Text};
use wsgi_httpd::compiler::syntax::{self, Directive, Node};
use wsgi_httpd_fuzz::points_into;

fuzz_target!(|input: &[u8]| {
    let text = Text::from(String::from_utf8_lossy(input).into_owned());
    let mut sources = Sources::default();
    let mut report = Report::default();
    let source = sources.add(Path::new("httpd.conf"), text.clone(), None);
    let file = syntax::parse(source, &text, &mut report);
    look(&file.nodes, &sources);
    points_into(&report, &sources);
});

fn look(nodes: &[Node], sources: &Sources) {
    for node in nodes {
        match node {
            Node::Directive(line) => look_at_line(line, sources),
            Node::Section(section) => {
                look_at_line(&section.opening, sources);
                look(&section.nodes, sources);
            }
        }
    }
}

fn look_at_line(line: &Directive, sources: &Sources) {
    assert!(sources.text(line.span()).contains(sources.text(line.name.span)));
    let (options, leftover) = syntax::options(line.arguments());
    let values = options.iter().map(|option| &option.value).chain(&leftover);
    for word in line.words().iter().chain(values) {
        assert!(sources.get(word.span.source).text.get(word.span.start as usize..word.span.end as usize).is_some());
    }
}
