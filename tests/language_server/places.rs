//! What an editor asks about a place: hover, definition, references, highlights, rename, outline, folds.

use serde_json::{Value, json};

use crate::client::{Client, Folder, Marked, range};

fn hover(text: &str) -> String {
    let answer = Marked::open(text).ask("textDocument/hover", Value::Null);
    if answer.is_null() {
        return "nothing".to_owned();
    }
    format!("{}\n{}", range(&answer["range"]), answer["contents"]["value"].as_str().unwrap_or_default())
}

fn places(answer: &Value) -> Vec<String> {
    answer.as_array().into_iter().flatten().map(|place| range(&place["range"])).collect()
}

/// Two groups, a variable and a macro.
const NAMES: &str = "\
Define site shop
WSGIDaemonProcess shop
WSGIDaemonProcess blog
<Macro Site $name>
    ServerName ${SITE}
</Macro>
<VirtualHost *:80>
    WSGIProcessGroup \"shop\"
    WSGIScriptAlias / /srv/app.wsgi process-group=shop
    Use site shop
</VirtualHost>
<IfDefine !site>
</IfDefine>
";

/// The text with the mark at the first place where `before` ends.
fn mark(text: &str, before: &str) -> String {
    text.replacen(before, &format!("{before}‸"), 1)
}

#[test]
fn hover_shows_pages() {
    insta::assert_snapshot!("hover_directive", hover("WSGIProcess‸Group shop\n"));
    insta::assert_snapshot!("hover_section", hover("<Virtual‸Host *:80>\n</VirtualHost>\n"));
    insta::assert_snapshot!("hover_known", hover("Rewrite‸Rule a b\n"));
    insta::assert_snapshot!("hover_option", hover("WSGIDaemonProcess a \\\r\n  threads=2 python-h‸ome=/x\r\n"));
    insta::assert_snapshot!("hover_token", hover("WSGIApplicationGroup %{GLO‸BAL}\n"));
    insta::assert_snapshot!("hover_variable", hover("Define A 1\nDefine a 2\nListen ${‸A}\n"));
    insta::assert_snapshot!("hover_group", hover("WSGIDaemonProcess shop threads=3\nWSGIProcessGroup sh‸op\n"));
    insta::assert_snapshot!("hover_finding", hover("# wsgi-check: ignore unknown-‸directive\n"));
}

#[test]
fn hover_is_silent_where_there_is_nothing_to_say() {
    for text in
        ["# WSGIProcess‸Group\n", "‸\n", "Listen 8‸0\n", "Nonsen‸se\n", "LogFormat %{‸Host}i x\n", "<‸", "\\\n‸"]
    {
        assert_eq!(hover(text), "nothing", "{text}");
    }
    assert!(hover("</Virtual‸Host>\n").starts_with("0:2-0:13"));
}

#[test]
fn definitions() {
    let define = |text: &str| places(&Marked::open(text).ask("textDocument/definition", Value::Null));
    assert_eq!(define(&mark(NAMES, "WSGIProcessGroup \"sh")), ["1:18-1:22"]);
    assert_eq!(define(&mark(NAMES, "process-group=shop")), ["1:18-1:22"]);
    assert_eq!(define(&mark(NAMES, "${SI")), ["0:7-0:11"]);
    assert_eq!(define(&mark(NAMES, "IfDefine !s")), ["0:7-0:11"]);
    assert_eq!(define(&mark(NAMES, "Use si")), ["3:7-3:11"]);
    assert_eq!(define(&mark(NAMES, "ServerN")), [] as [&str; 0]);
}

#[test]
fn the_definition_of_a_path_is_its_file() {
    let folder = Folder::new(&[
        ("httpd.conf", "ServerRoot ROOT\nIncludeOptional conf.d/*.conf\nWSGIScriptAlias / ROOT/app.wsgi\n"),
        ("conf.d/a.conf", ""),
        ("conf.d/b.conf", ""),
        ("app.wsgi", ""),
    ]);
    let uris = |text: String| {
        let mut marked = Marked::open_as(&folder.uri("httpd.conf"), &text, Client::ready());
        let answer = marked.ask("textDocument/definition", Value::Null);
        answer.as_array().into_iter().flatten().map(|place| place["uri"].clone()).collect::<Vec<_>>()
    };
    let text = folder.text("httpd.conf");
    assert_eq!(uris(mark(&text, "Optional conf")), ["conf.d/a.conf", "conf.d/b.conf"].map(|name| folder.uri(name)));
    assert_eq!(uris(mark(&text, "/app")), [folder.uri("app.wsgi")]);
}

#[test]
fn references_and_highlights() {
    let references = |before: &str, declaration: bool| {
        let more = json!({ "context": { "includeDeclaration": declaration } });
        places(&Marked::open(&mark(NAMES, before)).ask("textDocument/references", more))
    };
    assert_eq!(references("DaemonProcess sh", true), ["1:18-1:22", "7:22-7:26", "8:50-8:54"]);
    assert_eq!(references("DaemonProcess sh", false), ["7:22-7:26", "8:50-8:54"]);
    assert_eq!(references("Define si", true), ["0:7-0:11", "4:17-4:21", "11:11-11:15"]);
    assert_eq!(references("Macro Si", true), ["3:7-3:11", "9:8-9:12"]);
    let mut marked = Marked::open(&mark(NAMES, "DaemonProcess sh"));
    let highlights = marked.ask("textDocument/documentHighlight", Value::Null);
    assert_eq!(places(&highlights), ["1:18-1:22", "7:22-7:26", "8:50-8:54"]);
    assert_eq!((&highlights[0]["kind"], &highlights[1]["kind"]), (&json!(3), &json!(2)));
}

/// The document after the edit of an answer.
fn edited(text: &str, edits: &Value) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut edits: Vec<_> = edits.as_array().into_iter().flatten().collect();
    edits.sort_by_key(|edit| edit["range"]["start"]["character"].as_u64());
    for edit in edits.iter().rev() {
        let at = |end: &str, part: &str| edit["range"][end][part].as_u64().unwrap_or_default() as usize;
        let line = &mut lines[at("start", "line")];
        line.replace_range(at("start", "character")..at("end", "character"), edit["newText"].as_str().unwrap_or("?"));
    }
    lines.join("\n")
}

#[test]
fn a_group_and_a_variable_can_be_renamed() {
    let mut marked = Marked::open(&mark(NAMES, "process-group=sh"));
    let prepared = marked.ask("textDocument/prepareRename", Value::Null);
    assert_eq!((range(&prepared["range"]), &prepared["placeholder"]), ("8:50-8:54".to_owned(), &json!("shop")));
    let edit = marked.ask("textDocument/rename", json!({ "newName": "store" }));
    let text = edited(NAMES, &edit["changes"][&marked.uri]);
    assert_eq!(text.matches("store").count(), 3);
    assert!(text.contains("WSGIProcessGroup \"store\"\n") && text.contains("Define site shop\n"), "{text}");

    let mut marked = Marked::open(&mark(NAMES, "${SI"));
    let edit = marked.ask("textDocument/rename", json!({ "newName": "NAME" }));
    let text = edited(NAMES, &edit["changes"][&marked.uri]);
    assert!(text.contains("Define NAME shop") && text.contains("${NAME}") && text.contains("<IfDefine !NAME>"));
}

#[test]
fn a_rename_that_would_break_something_is_refused() {
    let refused = |before: &str, new: &str| {
        let marked = Marked::open(&mark(NAMES, before));
        let mut params = json!({ "textDocument": { "uri": marked.uri }, "newName": new });
        params["position"] = marked.position();
        let mut client = marked.client;
        let answer = client.answer("textDocument/rename", params);
        answer["error"]["code"].as_i64()
    };
    for new in ["", "a b", "a\"b", "%{GLOBAL}", "blog"] {
        assert_eq!(refused("process-group=sh", new), Some(-32803), "{new}");
    }
    assert_eq!(refused("ServerN", "x"), Some(-32803));
    assert_eq!(refused("process-group=sh", "store"), None);
}

#[test]
fn the_outline() {
    let text = "‸<IfModule mod_wsgi.c>\n  WSGIDaemonProcess shop\n</IfModule>\n<IfModule mod_ssl.c>\n  Listen 443\n</IfModule>\n\
                <VirtualHost *:80>\n  ServerName shop.example\n  # the shop\n  WSGIScriptAlias / /srv/app.wsgi\n\n  \
                <Directory /srv>\n    Require all granted\n    # end\n  </Directory>\n</VirtualHost>\n<VirtualHost *:81>\n\
                Define A 1\nInclude x.conf\n";
    insta::assert_snapshot!(outline(&Marked::open(text).ask("textDocument/documentSymbol", Value::Null), 0));
}

fn outline(symbols: &Value, depth: usize) -> String {
    let line = |symbol: &Value| {
        let [name, detail] = ["name", "detail"].map(|part| symbol[part].as_str().unwrap_or("-"));
        let ranges = [range(&symbol["range"]), range(&symbol["selectionRange"])].join(" ");
        format!("{}{name} ({detail}) {ranges}\n{}", "  ".repeat(depth), outline(&symbol["children"], depth + 1))
    };
    symbols.as_array().into_iter().flatten().map(line).collect()
}

#[test]
fn folds() {
    let text = "‸# one\n# two\n<VirtualHost *:80>\n  <Directory /srv>\n    Require all \\\n      granted\n  </Directory>\n\
                </VirtualHost>\n<Files x>\n</Files>\n# three\n";
    let answer = Marked::open(text).ask("textDocument/foldingRange", Value::Null);
    let folds = answer.as_array().into_iter().flatten();
    let folds: Vec<_> =
        folds.map(|fold| format!("{}-{} {}", fold["startLine"], fold["endLine"], fold["kind"])).collect();
    assert_eq!(folds, ["0-1 \"comment\"", "2-6 null", "3-5 null", "4-5 null"]);
}
