//! One client from `initialize` to `exit`: what it tells us, what it asks, what we tell it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use gen_lsp_types as lsp;
use gen_lsp_types::json_rpc::{Id, RequestObject};
use gen_lsp_types::{ErrorCodes, LspNotificationMethod as Notified, LspRequestMethod as Asked};
use serde_json::{Value, json};

use super::frames::{Incoming, refusal, write_answer, write_call};
use super::position::Encoding;
use super::settings::Settings;
use super::workspace::{Client, Workspace};
use super::{End, answers, diagnostics, uri};
use crate::compiler::Options;

/// `RequestCancelled` of the protocol.
const REQUEST_CANCELLED: ErrorCodes = ErrorCodes::Custom(-32800);

/// The id of our one question that has an answer we need.
const SETTINGS: &str = "settings";

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Uninitialized,
    Running,
    ShutDown,
}

pub(super) struct Session<W> {
    output: W,
    state: State,
    command_line: Options,
    workspace: Workspace,
    /// What the client was shown, by URI: the version and the diagnostics.
    published: BTreeMap<String, (Option<i32>, Vec<lsp::Diagnostic>)>,
}

impl<W: Write> Session<W> {
    pub(super) fn new(output: W, options: Options) -> Self {
        let mut workspace = Workspace::default();
        workspace.settings.options = options.clone();
        Self { output, state: State::Uninitialized, command_line: options, workspace, published: BTreeMap::new() }
    }

    /// Takes one message; says how the session ended when it did.
    pub(super) fn take(&mut self, incoming: Incoming, cancelled: bool) -> io::Result<Option<End>> {
        match incoming {
            Incoming::Malformed(id, error) => write_answer(&mut self.output, &id, Err(&error))?,
            Incoming::Answer(id, result) => self.take_answer(&id, &result),
            Incoming::Call(call) => {
                let (method, id, params) = call.into_parts();
                let params = params.unwrap_or_default();
                match id {
                    Some(id) => self.request(&method, &id, params, cancelled)?,
                    None if method == "exit" => {
                        let orderly = self.state == State::ShutDown;
                        return Ok(Some(if orderly { End::Orderly } else { End::Abrupt }));
                    }
                    None if self.state == State::Running => self.notification(&method, params)?,
                    None => {}
                }
            }
        }
        Ok(None)
    }

    fn request(&mut self, method: &str, id: &Id, params: Value, cancelled: bool) -> io::Result<()> {
        let result = match (self.state, Asked::from(method)) {
            _ if cancelled => Err(refusal(REQUEST_CANCELLED, "cancelled")),
            (State::Uninitialized, Asked::Initialize) => Ok(self.initialize(&params)),
            (State::Uninitialized, _) => Err(refusal(ErrorCodes::ServerNotInitialized, "send `initialize` first")),
            (State::Running, Asked::Shutdown) => {
                self.state = State::ShutDown;
                Ok(Value::Null)
            }
            (State::Running, Asked::Initialize) => {
                Err(refusal(ErrorCodes::InvalidRequest, "`initialize` was sent before"))
            }
            (State::Running, asked) => {
                self.workspace.refresh();
                answers::answer(asked, params, &self.workspace)
            }
            (State::ShutDown, _) => Err(refusal(ErrorCodes::InvalidRequest, "only `exit` may follow `shutdown`")),
        };
        write_answer(&mut self.output, id, result.as_ref())
    }

    /// What is read of the client's abilities is read leniently: who says more than we know is no less welcome.
    fn initialize(&mut self, params: &Value) -> Value {
        let can = |path: &str| params.pointer(&format!("/capabilities/{path}")).and_then(Value::as_bool) == Some(true);
        self.workspace.client = Client {
            snippets: can("textDocument/completion/completionItem/snippetSupport"),
            document_changes: can("workspace/workspaceEdit/documentChanges"),
            related_information: can("textDocument/publishDiagnostics/relatedInformation"),
            configuration: can("workspace/configuration"),
            watching: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
        };
        let offered = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
        self.workspace.encoding = Encoding::negotiate(offered.into_iter().flatten().filter_map(Value::as_str));
        let folder = params.pointer("/workspaceFolders/0/uri").or_else(|| params.get("rootUri"));
        self.workspace.root = folder.and_then(Value::as_str).map(uri::path);
        self.set(&params["initializationOptions"]);
        self.state = State::Running;
        json!({
            "capabilities": answers::capabilities(self.workspace.encoding),
            "serverInfo": { "name": "wsgi-check", "version": env!("CARGO_PKG_VERSION") },
        })
    }

    fn set(&mut self, settings: &Value) {
        self.workspace.settings = Settings::read(settings, &self.command_line, self.workspace.root.as_deref());
        self.workspace.touch();
    }

    fn take_answer(&mut self, id: &Id, result: &Value) {
        if *id == Id::String(SETTINGS.to_owned()) && result.get(0).is_some_and(Value::is_object) {
            self.set(&result[0]);
        }
    }

    fn notification(&mut self, method: &str, params: Value) -> io::Result<()> {
        match Notified::from(method) {
            Notified::Initialized => {
                self.watch()?;
                self.ask_for_settings()?;
            }
            Notified::WorkspaceDidChangeConfiguration => {
                if self.workspace.client.configuration {
                    self.ask_for_settings()?;
                } else if params["settings"].is_object() {
                    self.set(&params["settings"]);
                }
            }
            Notified::WorkspaceDidChangeWatchedFiles | Notified::TextDocumentDidSave => self.workspace.touch(),
            _ => self.document(method, params),
        }
        Ok(())
    }

    /// What happens to a document. A notification that cannot be read has no one to be told of it.
    fn document(&mut self, method: &str, params: Value) {
        let encoding = self.workspace.encoding;
        let documents = &mut self.workspace.documents;
        match Notified::from(method) {
            Notified::TextDocumentDidOpen => {
                let document = &params["textDocument"];
                let (Some(uri), Some(text)) = (document["uri"].as_str(), document["text"].as_str()) else { return };
                let version = document["version"].as_i64().unwrap_or_default();
                documents.open(uri, version as i32, text, encoding);
            }
            Notified::TextDocumentDidChange => {
                let Ok(change) = serde_json::from_value::<lsp::DidChangeTextDocumentParams>(params) else { return };
                let document = change.text_document;
                let uri = document.text_document_identifier.uri.0;
                documents.change(&uri, document.version, change.content_changes, encoding);
            }
            Notified::TextDocumentDidClose => {
                let Some(uri) = params["textDocument"]["uri"].as_str() else { return };
                documents.close(uri);
            }
            _ => return,
        }
        self.workspace.touch();
    }

    /// Asks to be told when a configuration changes on the disk.
    fn watch(&mut self) -> io::Result<()> {
        if !self.workspace.client.watching {
            return Ok(());
        }
        let patterns = ["**/*.conf", "**/*.load", "**/*.wsgi", "**/envvars"];
        let watchers: Vec<_> = patterns.iter().map(|pattern| json!({ "globPattern": pattern })).collect();
        let registration = lsp::Registration {
            id: "files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: Some(json!({ "watchers": watchers })),
        };
        let params = lsp::RegistrationParams { registrations: vec![registration] };
        let id = Id::String("watch".to_owned());
        write_call(&mut self.output, &RequestObject::from_request::<lsp::RegistrationRequest>(id, params))
    }

    fn ask_for_settings(&mut self) -> io::Result<()> {
        if !self.workspace.client.configuration {
            return Ok(());
        }
        let item = lsp::ConfigurationItem { section: Some("wsgiCheck".to_owned()), ..Default::default() };
        let params = lsp::ConfigurationParams { items: vec![item] };
        let id = Id::String(SETTINGS.to_owned());
        write_call(&mut self.output, &RequestObject::from_request::<lsp::ConfigurationRequest>(id, params))
    }

    /// Shows the client what was found, as far as it does not know it yet.
    pub(super) fn publish(&mut self) -> io::Result<()> {
        if self.state != State::Running {
            return Ok(());
        }
        self.workspace.refresh();
        let mut found = diagnostics::all(&self.workspace);
        for uri in self.published.keys() {
            found.entry(uri.clone()).or_default();
        }
        for (uri, diagnostics) in found {
            let version = self.workspace.documents.get(&uri).map(|document| document.version);
            let shown = (version, diagnostics);
            if self.published.get(&uri) == Some(&shown) {
                continue;
            }
            let (version, diagnostics) = shown.clone();
            // A file of which there is nothing to show any more is forgotten.
            if version.is_none() && diagnostics.is_empty() {
                self.published.remove(&uri);
            } else {
                self.published.insert(uri.clone(), shown);
            }
            let params = lsp::PublishDiagnosticsParams { uri: lsp::Uri(uri), version, diagnostics };
            let call = RequestObject::from_notification::<lsp::PublishDiagnosticsNotification>(params);
            write_call(&mut self.output, &call)?;
        }
        Ok(())
    }
}
