//! What the server knows: the open documents, the settings, and the configurations that they belong to.

use std::path::{Path, PathBuf};

use gen_lsp_types::{Location, Position, Uri};

use super::documents::{Document, Documents};
use super::position::Encoding;
use super::project::{self, Project};
use super::settings::Settings;
use super::uri;
use crate::compiler::source::{Files, SourceId, Span};

/// What a client can do, as far as answers depend on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Client {
    /// `textDocument.completion.completionItem.snippetSupport`.
    pub(super) snippets: bool,
    /// `workspace.workspaceEdit.documentChanges`.
    pub(super) document_changes: bool,
    /// `textDocument.publishDiagnostics.relatedInformation`.
    pub(super) related_information: bool,
    /// `workspace.configuration`.
    pub(super) configuration: bool,
    /// `workspace.didChangeWatchedFiles.dynamicRegistration`.
    pub(super) watching: bool,
}

/// All that answers are made from.
#[derive(Default)]
pub(super) struct Workspace {
    pub(super) client: Client,
    pub(super) encoding: Encoding,
    pub(super) root: Option<PathBuf>,
    pub(super) settings: Settings,
    pub(super) documents: Documents,
    /// As of the last [`Self::refresh`].
    projects: Vec<Project>,
    stale: bool,
}

/// A place in an open document, and the configuration that the document belongs to.
pub(super) struct Spot<'a> {
    pub(super) document: &'a Document,
    /// The byte.
    pub(super) offset: usize,
    pub(super) project: &'a Project,
    /// The readings of the document in it.
    pub(super) sources: &'a [SourceId],
}

impl Workspace {
    /// Something changed that the configurations depend on.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// Compiles again if something changed.
    pub(super) fn refresh(&mut self) {
        if std::mem::take(&mut self.stale) {
            self.projects = project::compile_all(&self.documents, &self.settings, self.encoding);
        }
    }

    pub(super) fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// The configuration that a document belongs to, and its readings there.
    pub(super) fn project_of(&self, document: &Document) -> Option<(&Project, &[SourceId])> {
        let identity = self.documents.identity(&document.path);
        let sources = |project| (project, Project::sources_of(project, &identity));
        self.projects.iter().map(sources).find(|(_, sources)| !sources.is_empty())
    }

    /// A place that the client names; `None` when the document is not open.
    pub(super) fn spot(&self, uri: &str, position: Position) -> Option<Spot<'_>> {
        let document = self.documents.get(uri)?;
        let (project, sources) = self.project_of(document)?;
        Some(Spot { document, offset: document.text.offset(position), project, sources })
    }

    /// The URI of a file: that of the document, if it is open.
    pub(super) fn uri(&self, file: &Path) -> Uri {
        Uri(self.documents.of_file(file).map_or_else(|| uri::of(file), |document| document.uri.clone()))
    }

    /// Where a span stands; `None` for lines of the command line.
    pub(super) fn location(&self, project: &Project, span: Span) -> Option<Location> {
        Some(Location { uri: self.uri(project.file_of(span.source)?), range: project.range(span)? })
    }
}
