//! What the formats in XML share.

use std::io;

use quick_xml::Writer;

/// A document with its declaration, two blanks for each level.
pub(super) fn document(write: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> String {
    let mut writer = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 2);
    write(&mut writer).expect("writing to memory cannot fail");
    let mut text = String::from_utf8(writer.into_inner()).expect("only text was written");
    text.push('\n');
    text
}

/// The text without the characters that no XML document can hold, escaped or not.
pub(super) fn legal(text: &str) -> String {
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    text.chars().map(|character| if allowed(character) { character } else { '\u{FFFD}' }).collect()
}
