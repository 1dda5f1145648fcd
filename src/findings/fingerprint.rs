//! Fingerprints: of the kind of finding, the file, and the line without its blanks. So lines may move, and be indented anew.

use std::collections::HashMap;

use crate::compiler::diagnostic::Diagnostic;
use crate::compiler::source::Sources;

/// Gives fingerprints, and remembers them: equal lines are told apart by their order.
#[derive(Default)]
pub(super) struct Fingerprints {
    given: HashMap<u128, u32>,
}

impl Fingerprints {
    pub(super) fn next(&mut self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let span = diagnostic.span();
        // What speaks of the whole file stands at its start, whichever line is the first.
        let line = if span.end == 0 { String::new() } else { words(sources.line(span)) };
        let path = sources.get(span.source).path.to_string_lossy();
        let parts = [diagnostic.code.name, &path, &line, &words(sources.text(span))];
        let plain = hash(parts.iter().flat_map(|part| part.bytes().chain([0])));
        let count = self.given.entry(plain).or_default();
        *count += 1;
        let numbered = if *count == 1 { plain } else { hash(format!("{plain:x} {count}").into_bytes()) };
        format!("{numbered:032x}")
    }
}

/// The words of a line, one blank between them.
fn words(line: &str) -> String {
    line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// FNV-1a with 128 bits: the standard library's hashes may change from one release to the next, and a baseline lasts longer.
fn hash(bytes: impl IntoIterator<Item = u8>) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.into_iter().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::hash;

    /// The value of the published test suite for FNV-1a.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash([]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash(*b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
