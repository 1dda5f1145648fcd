//! The report of Checkstyle, which many tools for code review read.

use std::io;

use quick_xml::Writer;

use super::xml::{document, legal};
use super::{Finding, Run};

/// The document: the findings by their files.
pub fn checkstyle(run: &Run) -> String {
    let mut files: Vec<&str> = run.findings.iter().map(|finding| finding.place().file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    document(|writer| {
        // The version of the format, not ours.
        let root = writer.create_element("checkstyle").with_attribute(("version", "4.3"));
        root.write_inner_content(|writer| {
            for file in files {
                let element = writer.create_element("file").with_attribute(("name", legal(file).as_str()));
                element.write_inner_content(|writer| {
                    let mut here = run.findings.iter().filter(|finding| finding.place().file == file);
                    here.try_for_each(|finding| error(writer, finding))
                })?;
            }
            Ok(())
        })?;
        Ok(())
    })
}

fn error(writer: &mut Writer<Vec<u8>>, finding: &Finding) -> io::Result<()> {
    let element = writer.create_element("error").with_attributes([
        ("line", finding.place().line.to_string().as_str()),
        ("column", &finding.place().column.to_string()),
        ("severity", finding.severity.name()),
        ("message", &legal(&finding.text_and_help())),
        ("source", &format!("wsgi-check.{}", finding.code.name)),
    ]);
    element.write_empty().map(|_| ())
}
