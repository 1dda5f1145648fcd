//! URL paths that take the URLs of longer ones.

use std::collections::HashMap;

use crate::compiler::source::Spanned;

/// URL paths in the order of the file. The first of each counts.
#[derive(Default)]
pub(super) struct Prefixes<'a> {
    by_path: HashMap<&'a str, (usize, &'a Spanned<String>)>,
}

impl<'a> Prefixes<'a> {
    /// Adds a path after all that were added before.
    pub(super) fn add(&mut self, path: &'a Spanned<String>) {
        let order = self.by_path.len();
        self.by_path.entry(&path.value).or_insert((order, path));
    }

    /// The first path that takes every URL of this one.
    pub(super) fn taking(&self, path: &str) -> Option<&'a Spanned<String>> {
        // Each prefix that ends at a segment, with and without the slash.
        let slashes = path.match_indices('/').map(|(at, _)| at);
        let ends = slashes.flat_map(|at| [at, at + 1]).chain([path.len()]);
        let found = ends.filter_map(|end| self.by_path.get(&path[..end]));
        found.min_by_key(|(order, _)| *order).map(|(_, path)| *path)
    }
}
