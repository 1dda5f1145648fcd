//! What is left of each case after expansion, and what is said of it.

mod case;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wsgi_httpd::compiler::diagnostic::Report;
use wsgi_httpd::compiler::directive;
use wsgi_httpd::compiler::expand::{Expander, Surroundings};
use wsgi_httpd::compiler::source::Sources;
use wsgi_httpd::compiler::syntax::Node;

#[test]
fn expand() {
    insta::glob!("cases/expand/*.conf", |path| {
        let case = case::read(path);
        let said = case.with_report(&case.compile());
        insta::assert_snapshot!(format!("{said}----\n{}", expanded(&case)));
    });
}

fn expanded(case: &case::Case) -> String {
    let (mut sources, mut report) = (Sources::default(), Report::default());
    let surroundings = Surroundings {
        files: &case.files,
        defines: &case.options.defines,
        environment: &case.options.environment,
        server_root: PathBuf::from("/etc/apache2"),
        own_runtime: false,
        version: wsgi_httpd::compiler::expand::VERSION,
        strict_modules: false,
        no_files: case.options.no_files,
        modules_of: &directive::modules_of,
    };
    let mut expander = Expander::new(surroundings, &mut sources, &mut report);
    let (nodes, _) = expander.main_file(Path::new(case::MAIN)).expect("the main file is there");
    let mut text = String::new();
    print(&nodes, 0, &mut text);
    text
}

fn print(nodes: &[Node], depth: usize, text: &mut String) {
    for node in nodes {
        let indent = " ".repeat(depth * 4);
        let line = match node {
            Node::Directive(directive) => directive.line.text(),
            Node::Section(section) => section.opening.line.text(),
        };
        writeln!(text, "{indent}{line}").expect("writing to a string cannot fail");
        if let Node::Section(section) = node {
            print(&section.nodes, depth + 1, text);
        }
    }
}
