//! Where Python's modules are looked for: `python-path` and `WSGIPythonPath`.

use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

/// Every list of folders for `sys.path`, with its place.
pub(super) fn lists(server: &Server) -> impl Iterator<Item = &Spanned<String>> {
    let of_groups = server.process_groups.iter().filter_map(|group| group.python_path.as_ref());
    of_groups.chain(&server.python_path)
}
