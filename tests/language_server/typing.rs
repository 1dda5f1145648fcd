//! What helps while typing: completion, and code actions for what is wrong.

use serde_json::{Value, json};

use crate::client::{Client, Folder, Marked};

fn items(marked: &mut Marked) -> Vec<Value> {
    marked.ask("textDocument/completion", Value::Null).as_array().cloned().unwrap_or_default()
}

/// The labels of what is offered.
fn labels(text: &str) -> Vec<String> {
    let label = |item: &Value| item["label"].as_str().unwrap_or_default().to_owned();
    items(&mut Marked::open(text)).iter().map(label).collect()
}

/// The line of the mark, after an item is chosen.
fn chosen(text: &str, label: &str) -> String {
    let mut marked = Marked::open(text);
    let items = items(&mut marked);
    let item = items.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("{label} in {text}"));
    let line = text.lines().find(|line| line.contains('‸')).unwrap_or_default();
    let (before, after) = line.split_once('‸').unwrap_or_default();
    let range = &item["textEdit"]["range"];
    assert_eq!(range["end"], marked.position());
    let start = range["start"]["character"].as_u64().unwrap_or_default() as usize;
    format!("{}{}{after}", &before[..start], item["textEdit"]["newText"].as_str().unwrap_or_default())
}

fn has(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let labels = labels(text);
    for label in wanted {
        assert!(labels.iter().any(|other| other == label), "{label} is not offered in {text}");
    }
    for label in unwanted {
        assert!(!labels.iter().any(|other| other == label), "{label} is offered in {text}");
    }
}

#[test]
fn directives_are_those_that_are_allowed() {
    has("WSGI‸\n", &["WSGIDaemonProcess", "WSGIScriptAlias", "<VirtualHost>", "Listen"], &["Satisfyy"]);
    has(
        "<VirtualHost *:80>\n‸",
        &["WSGIDaemonProcess", "DocumentRoot", "</VirtualHost>"],
        &["Listen", "WSGIPythonHome"],
    );
    has(
        "<Directory /srv>\n  R‸\n</Directory>\n",
        &["Require", "WSGIProcessGroup"],
        &["WSGIScriptAlias", "DocumentRoot"],
    );
    has("<Directory /srv>\n<IfModule x>\n‸", &["Require", "</IfModule>"], &["Listen", "</Directory>"]);
    has("<Macro A>\n‸</Macro>\n", &["Require", "Listen", "DocumentRoot"], &[]);
}

#[test]
fn a_htaccess_file_has_a_context_of_its_own() {
    let folder = Folder::new(&[("www/.htaccess", "")]);
    let mut marked = Marked::open_as(&folder.uri("www/.htaccess"), "‸\n", Client::ready());
    let labels: Vec<_> = items(&mut marked).iter().map(|item| item["label"].clone()).collect();
    assert!(labels.contains(&json!("RewriteRule")) && !labels.contains(&json!("Listen")));
    marked.client.change(&marked.uri, 2, &json!([{ "text": "Require all granted\nRewriteRule a b\n" }]));
    assert_eq!(marked.client.found(&marked.uri, 2), [] as [&str; 0]);
}

#[test]
fn sections_and_their_ends() {
    assert_eq!(chosen("<VirtualHost *:80>\n  </Vi‸\n", "</VirtualHost>"), "  </VirtualHost>");
    assert_eq!(chosen("<VirtualHost *:80>\n  <‸>\n", "</VirtualHost>"), "  </VirtualHost>");
    assert_eq!(chosen("<Dir‸\n", "<Directory>"), "<Directory ");
    assert_eq!(chosen("Dir‸\n", "<Directory>"), "<Directory ");
    has("<‸\n", &["<VirtualHost>"], &["Listen"]);
    let snippets = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    let mut marked = Marked::open_as("untitled:a", "<Dir‸\n", Client::ready_with(snippets, Value::Null));
    let items = items(&mut marked);
    let item = items.iter().find(|item| item["label"] == "<Directory>").expect("it is offered");
    assert_eq!(item["textEdit"]["newText"], "<Directory ${1}>\n\t$0\n</Directory>");
    assert_eq!((&item["insertTextFormat"], &item["kind"]), (&json!(2), &json!(9)));
}

#[test]
fn an_item_has_a_page_when_it_is_chosen() {
    let mut marked = Marked::open("WSGIDae‸\n");
    let items = items(&mut marked);
    let item = items.iter().find(|item| item["label"] == "WSGIDaemonProcess").expect("it is offered");
    assert_eq!(item.get("documentation"), None);
    let resolved = marked.client.ask("completionItem/resolve", item.clone());
    assert!(resolved["documentation"]["value"].as_str().is_some_and(|page| page.contains("WSGIDaemonProcess")));
}

#[test]
fn an_option_has_a_page_too() {
    let mut marked = Marked::open("WSGIDaemonProcess shop ‸\n");
    let items = items(&mut marked);
    let item = items.iter().find(|item| item["label"] == "deadlock-timeout").expect("it is offered");
    let page = marked.client.ask("completionItem/resolve", item.clone())["documentation"]["value"].clone();
    assert!(page.as_str().is_some_and(|page| page.contains("GIL") && page.contains("Default: 300")), "{page}");
}

#[test]
fn a_blank_that_indents_offers_nothing() {
    let text = "<VirtualHost *:80>\n  ‸\n";
    let context = json!({ "context": { "triggerKind": 2, "triggerCharacter": " " } });
    assert_eq!(Marked::open(text).ask("textDocument/completion", context), json!([]));
    assert!(!labels(text).is_empty());
    for text in ["# WSGI‸\n", "# ${‸\n", "Listen ‸\n", "<VirtualHost ‸"] {
        assert_eq!(labels(text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn options_and_their_values() {
    let text = "WSGIDaemonProcess shop threads=2 \\\n  ‸";
    has(text, &["processes", "python-home", "display-name"], &["threads", "WSGIDaemonProcess"]);
    assert_eq!(chosen("WSGIDaemonProcess shop py‸thon\n", "python-home"), "WSGIDaemonProcess shop python-home=thon");
    assert_eq!(labels("WSGIScriptAlias / /a pass-authorization=‸\n"), ["On", "Off"]);
    assert_eq!(chosen("WSGIScriptAlias / /a pass-authorization=o‸\n", "Off").rsplit('=').next(), Some("Off"));
    assert_eq!(labels("KeepAlive ‸\n"), ["On", "Off"]);
    assert_eq!(labels("RewriteEngine ‸\n"), ["On", "Off"]);
    has("LogLevel ‸\n", &["debug", "trace1"], &[]);
}

#[test]
fn names_that_are_defined() {
    let names = "Define SITE shop\nWSGIDaemonProcess one\nWSGIDaemonProcess two\n<Macro Vhost $a>\n</Macro>\n";
    let with = |line: &str| format!("{names}{line}");
    has(&with("WSGIProcessGroup ‸"), &["one", "two", "%{GLOBAL}"], &["SITE"]);
    has(&with("WSGIScriptAlias / /a process-group=t‸"), &["one", "two"], &[]);
    has(&with("WSGIScriptAliasMatch / /a process-group=‸"), &["one", "two"], &[]);
    assert_eq!(chosen(&with("WSGIScriptAlias / /a process-group=t‸"), "two").rsplit('=').next(), Some("two"));
    assert_eq!(labels(&with("WSGIApplicationGroup ‸")).first().map(String::as_str), Some("%{GLOBAL}"));
    assert_eq!(chosen("WSGIApplicationGroup %{GL‸}\n", "%{GLOBAL}"), "WSGIApplicationGroup %{GLOBAL}");
    assert_eq!(chosen("WSGIApplicationGroup %{‸\n", "%{GLOBAL}"), "WSGIApplicationGroup %{GLOBAL}");
    assert_eq!(labels(&with("Use ‸")), ["Vhost"]);
    assert_eq!(labels(&with("<IfDefine !S‸")), ["SITE"]);
    assert_eq!(chosen(&with("ServerName ${S‸}.example"), "${SITE}"), "ServerName ${SITE}.example");
    assert_eq!(chosen(&with("ServerName x${‸"), "${SITE}"), "ServerName x${SITE}");
    has("<IfModule mod_w‸", &["mod_wsgi.c", "mod_ssl.c"], &[]);
    has("# wsgi-check: ignore unk‸", &["unknown-directive"], &["WSGIDaemonProcess"]);
}

#[test]
fn names_of_files() {
    let folder =
        Folder::new(&[("httpd.conf", ""), ("conf.d/a.conf", ""), ("conf.d/.hidden", ""), ("conf.d/more/b.conf", "")]);
    let offered = |text: String| {
        let mut marked = Marked::open_as(&folder.uri("httpd.conf"), &text, Client::ready());
        let label = |item: &Value| item["label"].as_str().unwrap_or_default().to_owned();
        items(&mut marked).iter().map(label).collect::<Vec<_>>()
    };
    assert_eq!(offered("Include conf.d/‸\n".to_owned()), ["a.conf", "more/"]);
    assert_eq!(offered("Include conf.d/.‸\n".to_owned()), [".hidden", "a.conf", "more/"]);
    let root = folder.root();
    assert_eq!(offered(format!("WSGIScriptAlias / \"{root}/conf.d/a‸\n")), ["a.conf", "more/"]);
    assert_eq!(offered(format!("WSGIDaemonProcess x python-home={root}/conf.d/m‸\n")), ["a.conf", "more/"]);
    assert_eq!(offered("Include nowhere/‸\n".to_owned()), [] as [&str; 0]);
}

#[test]
fn every_place_of_a_text_can_be_asked_about() {
    let text = "\u{feff}# é\r\nWSGIDaemonProcess \"a b\r\n<VirtualHost \\\r\n *:80>\r\n</Vi\r\n${ %{ \\\n<\n\\\n\0\n<Macro $\nUse '\n=";
    let mut client = Client::ready();
    client.open("untitled:a", text);
    for (line, content) in text.split('\n').enumerate() {
        for character in 0..=content.encode_utf16().count() {
            let position = json!({ "line": line, "character": character });
            for method in ["hover", "completion", "definition", "documentHighlight", "prepareRename"] {
                let params = json!({ "textDocument": { "uri": "untitled:a" }, "position": position });
                client.ask(&format!("textDocument/{method}"), params);
            }
        }
    }
    client.end();
}

/// The actions for a line of a document.
fn actions(marked: &mut Marked, context: Value) -> Vec<Value> {
    let position = marked.position();
    let more = json!({ "range": { "start": position, "end": position }, "context": context });
    marked.ask("textDocument/codeAction", more).as_array().cloned().unwrap_or_default()
}

#[test]
fn a_finding_can_be_ignored() {
    for end in ["\n", "\r\n"] {
        let text = "<Directory /é>\n  SetEnv \\\n    a b c d‸\n</Directory>\n".replace('\n', end);
        let mut marked = Marked::open(&text);
        let actions = actions(&mut marked, json!({ "diagnostics": [] }));
        let [action] = actions.as_slice() else { panic!("{actions:?}") };
        assert_eq!(action["title"], "Ignore too-many-arguments here");
        assert_eq!(action["diagnostics"][0]["code"], "too-many-arguments");
        let place = json!({ "line": 1, "character": 0 });
        let comment = format!("  # wsgi-check: ignore too-many-arguments{end}");
        let edit = json!({ "range": { "start": place, "end": place }, "newText": comment });
        assert_eq!(action["edit"]["changes"][&marked.uri], json!([edit]));
    }
}

#[test]
fn actions_are_offered_by_kind_and_for_a_version() {
    let capabilities = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    let client = Client::ready_with(capabilities, Value::Null);
    let mut marked = Marked::open_as("untitled:a", "Lisetn‸ 80\n", client);
    let offered = actions(&mut marked, json!({ "diagnostics": [] }));
    let document = &offered.last().expect("one is offered")["edit"]["documentChanges"][0]["textDocument"];
    assert_eq!(*document, json!({ "uri": "untitled:a", "version": 1 }));
    assert!(actions(&mut marked, json!({ "diagnostics": [], "only": ["refactor"] })).is_empty());
    assert!(!actions(&mut marked, json!({ "diagnostics": [], "only": ["quickfix"] })).is_empty());
}
