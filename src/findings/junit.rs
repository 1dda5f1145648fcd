//! A JUnit report: a suite for each file, a test for each finding. What is less grave than the level at which the run fails is
//! a test that passed and had something to say.

use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::xml::{document, legal};
use super::{Finding, Run};

/// The document.
pub fn junit(run: &Run) -> String {
    let mut files: Vec<&str> = run.files.iter().map(String::as_str).collect();
    files.extend(run.findings.iter().map(|finding| finding.place().file.as_str()));
    files.sort_unstable();
    files.dedup();
    document(|writer| {
        let root = writer.create_element("testsuites").with_attribute(("name", "wsgi-check"));
        root.write_inner_content(|writer| files.iter().try_for_each(|file| suite(writer, run, file)))?;
        Ok(())
    })
}

fn suite(writer: &mut Writer<Vec<u8>>, run: &Run, file: &str) -> io::Result<()> {
    let here: Vec<_> = run.findings.iter().filter(|finding| finding.place().file == file).collect();
    let failures = here.iter().filter(|finding| finding.severity >= run.fail_level).count();
    let element = writer.create_element("testsuite").with_attributes([
        ("name", legal(file).as_str()),
        ("tests", &here.len().max(1).to_string()),
        ("failures", &failures.to_string()),
        ("errors", "0"),
    ]);
    element.write_inner_content(|writer| {
        if here.is_empty() {
            let passed = writer.create_element("testcase").with_attribute(("name", "wsgi-check"));
            passed.with_attribute(("classname", legal(file).as_str())).write_empty()?;
        }
        here.iter().try_for_each(|finding| case(writer, finding, finding.severity >= run.fail_level))
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, finding: &Finding, fails: bool) -> io::Result<()> {
    let place = finding.place();
    let name = format!("{} at {}:{}", finding.code.name, place.line, place.column);
    let element = writer
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", &legal(&place.file))]);
    element.write_inner_content(|writer| {
        let text = format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.text_and_help());
        let text = legal(&text);
        if fails {
            let message = legal(&finding.text());
            let failure = writer.create_element("failure");
            let failure = failure.with_attributes([("message", message.as_str()), ("type", finding.severity.name())]);
            failure.write_text_content(BytesText::new(&text))?;
        } else {
            writer.create_element("system-out").write_text_content(BytesText::new(&text))?;
        }
        Ok(())
    })?;
    Ok(())
}
