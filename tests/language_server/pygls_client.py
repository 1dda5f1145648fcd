"""One exchange with `wsgi-check lsp` through pygls, which others wrote: every answer must be what its types say.

usage: pygls_client.py WSGI-CHECK FILE
"""

import asyncio
import pathlib
import sys

from lsprotocol import types
from pygls.lsp.client import LanguageClient

TEXT = """\
Define SITE shop
WSGIDaemonProcess shop threads=4
<VirtualHost *:80>
    ServerName ${SITE}.example
    WSGIScriptAlias / /srv/é/app.wsgi process-group=shpo
</VirtualHost>
"""


def check(condition, what):
    if not condition:
        sys.exit(f"{what}: not as expected")


async def exchange(command, uri):
    client = LanguageClient("test", "1")
    published = asyncio.Queue()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params):
        published.put_nowait(params)

    await client.start_io(command, "lsp")
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=["utf-8", "utf-16"]),
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True)
        ),
    )
    result = await client.initialize_async(types.InitializeParams(capabilities=capabilities))
    check(result.capabilities.position_encoding == "utf-8", "the encoding")
    client.initialized(types.InitializedParams())

    item = types.TextDocumentItem(uri=uri, language_id="apacheconf", version=1, text=TEXT)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    found = (await published.get()).diagnostics
    check([one.code for one in found] == ["unknown-process-group"], "the finding")
    check(found[0].range.start.character == 4 + len("WSGIScriptAlias / /srv/é/app.wsgi process-group=".encode()), "its place")
    check(found[0].related_information[0].location.range.start.line == 1, "its further place")

    document = types.TextDocumentIdentifier(uri=uri)
    at = types.Position(line=4, character=found[0].range.start.character + 1)
    place = {"text_document": document, "position": at}
    hover = await client.text_document_hover_async(
        types.HoverParams(text_document=document, position=types.Position(line=4, character=6))
    )
    check("WSGIScriptAlias" in hover.contents.value, "hover")
    offered = await client.text_document_completion_async(types.CompletionParams(**place))
    check("shop" in [one.label for one in offered], "completion")
    resolved = await client.completion_item_resolve_async(offered[0])
    check(resolved.label == offered[0].label, "the chosen item")
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=document,
            range=types.Range(start=at, end=at),
            context=types.CodeActionContext(diagnostics=found),
        )
    )
    check("Ignore unknown-process-group here" in [one.title for one in actions], "code actions")
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(text_document=document))
    check([one.name for one in symbols] == ["SITE", "shop", "${SITE}.example"], "the outline")
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(text_document=document))
    check([(one.start_line, one.end_line) for one in folds] == [(2, 4)], "folds")

    change = types.TextDocumentContentChangePartial(range=found[0].range, text="shop")
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=2), content_changes=[change]
        )
    )
    mended = await published.get()
    check(mended.version == 2 and not mended.diagnostics, "the mended file")
    locations = await client.text_document_references_async(
        types.ReferenceParams(**place, context=types.ReferenceContext(include_declaration=True))
    )
    check([one.range.start.line for one in locations] == [1, 4], "references")
    definition = await client.text_document_definition_async(types.DefinitionParams(**place))
    check([one.range.start.line for one in definition] == [1], "the definition")
    highlights = await client.text_document_document_highlight_async(types.DocumentHighlightParams(**place))
    check(len(highlights) == 2, "highlights")
    prepared = await client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
    check(prepared.placeholder == "shop", "what can be renamed")
    edit = await client.text_document_rename_async(types.RenameParams(**place, new_name="store"))
    check([one.new_text for one in edit.changes[uri]] == ["store", "store"], "rename")

    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


if __name__ == "__main__":
    command, file = sys.argv[1:]
    asyncio.run(asyncio.wait_for(exchange(command, pathlib.Path(file).as_uri()), timeout=120))
    print("all as expected")
