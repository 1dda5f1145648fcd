//! Changes to files, as the client can take them.

use std::collections::HashMap;

use gen_lsp_types as lsp;

use super::project::Project;
use super::workspace::Workspace;
use crate::compiler::diagnostic::Edit;

/// Changes to several files. Where the client can, they hold for the version that it showed us only.
pub(super) fn workspace_edit(
    changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>>,
    workspace: &Workspace,
) -> lsp::WorkspaceEdit {
    if !workspace.client.document_changes {
        return lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() };
    }
    let change = |(uri, edits): (lsp::Uri, Vec<lsp::TextEdit>)| {
        let version = workspace.documents.get(&uri.0).map(|document| document.version);
        let text_document_identifier = lsp::TextDocumentIdentifier { uri };
        lsp::DocumentChange::TextDocumentEdit(lsp::TextDocumentEdit {
            text_document: lsp::OptionalVersionedTextDocumentIdentifier { version, text_document_identifier },
            edits: edits.into_iter().map(lsp::Edit::TextEdit).collect(),
        })
    };
    let changes = changes.into_iter().map(change).collect();
    lsp::WorkspaceEdit { document_changes: Some(changes), ..lsp::WorkspaceEdit::default() }
}

/// The changes of a repair; `None` when one of them is not to a file.
pub(super) fn of_repair<'a>(
    edits: impl IntoIterator<Item = &'a Edit>,
    project: &Project,
    workspace: &Workspace,
) -> Option<HashMap<lsp::Uri, Vec<lsp::TextEdit>>> {
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for edit in edits {
        let place = workspace.location(project, edit.span)?;
        let change = lsp::TextEdit { range: place.range, new_text: edit.text.clone() };
        changes.entry(place.uri).or_default().push(change);
    }
    Some(changes)
}
