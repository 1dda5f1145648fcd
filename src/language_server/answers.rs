//! What a client may ask about a document, and who answers it.

use gen_lsp_types as lsp;
use gen_lsp_types::json_rpc::Error;
use gen_lsp_types::{ErrorCodes, LspRequestMethod as Asked, Request};
use serde_json::{Value, json};

use super::frames::refusal;
use super::position::Encoding;
use super::workspace::{Spot, Workspace};
use super::{actions, completion, hover, navigation, symbols};

/// `RequestFailed` of the protocol.
const REQUEST_FAILED: ErrorCodes = ErrorCodes::Custom(-32803);

/// The result of a request, or why there is none.
pub(super) type Answer = Result<Value, Error>;

/// What we can do, as `initialize` tells it.
pub(super) fn capabilities(encoding: Encoding) -> Value {
    json!({
        "positionEncoding": encoding.kind(),
        "textDocumentSync": { "openClose": true, "change": lsp::TextDocumentSyncKind::Incremental, "save": true },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": ["<", "/", "{", "=", " "], "resolveProvider": true },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "foldingRangeProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", "source.fixAll"] },
    })
}

/// Answers one request.
pub(super) fn answer(asked: Asked<'_>, params: Value, workspace: &Workspace) -> Answer {
    match asked {
        Asked::TextDocumentHover => of::<lsp::HoverRequest>(params, |params| {
            let spot = spot(&params.text_document_position_params, workspace);
            Ok(spot.and_then(|spot| hover::hover(&spot, workspace)))
        }),
        Asked::TextDocumentCompletion => of::<lsp::CompletionRequest>(params, |params| {
            let typed = params.context.as_ref().and_then(|context| context.trigger_character.as_deref());
            let spot = spot(&params.text_document_position_params, workspace);
            let items = spot.map(|spot| completion::complete(&spot, typed, workspace)).unwrap_or_default();
            Ok(Some(lsp::CompletionResponse::CompletionItemList(items)))
        }),
        Asked::CompletionItemResolve => {
            of::<lsp::CompletionResolveRequest>(params, |item| Ok(completion::resolve(item)))
        }
        Asked::TextDocumentDefinition => of::<lsp::DefinitionRequest>(params, |params| {
            let spot = spot(&params.text_document_position_params, workspace);
            let places = spot.map(|spot| navigation::definition(&spot, workspace)).unwrap_or_default();
            Ok(Some(lsp::DefinitionResponse::Definition(lsp::Definition::LocationList(places))))
        }),
        Asked::TextDocumentReferences => of::<lsp::ReferencesRequest>(params, |params| {
            let spot = spot(&params.text_document_position_params, workspace);
            Ok(spot.map(|spot| navigation::references(&spot, workspace, params.context.include_declaration)))
        }),
        Asked::TextDocumentDocumentHighlight => of::<lsp::DocumentHighlightRequest>(params, |params| {
            let spot = spot(&params.text_document_position_params, workspace);
            Ok(spot.map(|spot| navigation::highlights(&spot)))
        }),
        Asked::TextDocumentPrepareRename => of::<lsp::PrepareRenameRequest>(params, |params| {
            let spot = spot(&params.text_document_position_params, workspace);
            Ok(spot.and_then(|spot| navigation::renamed(&spot)).map(lsp::PrepareRenameResult::PrepareRenamePlaceholder))
        }),
        Asked::TextDocumentRename => of::<lsp::RenameRequest>(params, |params| {
            let Some(spot) = spot(&params.text_document_position_params, workspace) else { return Ok(None) };
            let edit = navigation::rename(&spot, workspace, &params.new_name);
            edit.map(Some).map_err(|why| refusal(REQUEST_FAILED, why))
        }),
        Asked::TextDocumentDocumentSymbol => of::<lsp::DocumentSymbolRequest>(params, |params| {
            let document = workspace.documents.get(&params.text_document.uri.0);
            let symbols = document.map(|document| symbols::symbols(&document.text));
            Ok(symbols.map(lsp::DocumentSymbolResponse::DocumentSymbolList))
        }),
        Asked::TextDocumentFoldingRange => of::<lsp::FoldingRangeRequest>(params, |params| {
            let document = workspace.documents.get(&params.text_document.uri.0);
            Ok(document.map(|document| symbols::folds(&document.text)))
        }),
        Asked::TextDocumentCodeAction => of::<lsp::CodeActionRequest>(params, |params| {
            let Some(spot) = workspace.spot(&params.text_document.uri.0, params.range.start) else { return Ok(None) };
            let end = spot.document.text.offset(params.range.end);
            let actions = actions::actions(&spot, end, params.context.only.as_deref(), workspace);
            Ok(Some(actions.into_iter().map(lsp::CodeActionResponse::CodeAction).collect()))
        }),
        other => Err(refusal(ErrorCodes::MethodNotFound, &format!("there is no method `{}`", String::from(other)))),
    }
}

fn spot<'a>(params: &lsp::TextDocumentPositionParams, workspace: &'a Workspace) -> Option<Spot<'a>> {
    workspace.spot(&params.text_document.uri.0, params.position)
}

/// Reads the parameters of a request and writes its result.
fn of<R: Request>(params: Value, answer: impl FnOnce(R::Params) -> Result<R::Result, Error>) -> Answer {
    let params = serde_json::from_value(params).map_err(|error| refusal(ErrorCodes::InvalidParams, &error))?;
    let result = answer(params)?;
    serde_json::to_value(result).map_err(|error| refusal(ErrorCodes::InternalError, &error))
}
