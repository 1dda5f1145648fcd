//! Documents and what is found in them: sync, encodings, included files, the configuration that a file belongs to.

use serde_json::{Value, json};

use crate::client::{Client, Folder, concise, range};

const URI: &str = "untitled:httpd.conf";

fn change(line: u32, from: u32, to: u32, text: &str) -> Value {
    let range = json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
    json!({ "range": range, "text": text })
}

#[test]
fn findings_come_with_the_document_and_go_with_the_mistake() {
    let mut client = Client::ready();
    client.open(URI, "WSGIDaemonProcess shop\nWSGIScriptAlias / /srv/app.wsgi process-group=shpo\n");
    let found = client.published(URI);
    assert_eq!(found["version"], 1);
    let finding = &found["diagnostics"][0];
    assert_eq!(concise(finding), "1:46-1:50 unknown-process-group");
    assert_eq!((finding["severity"].clone(), finding["source"].clone()), (json!(1), json!("wsgi-check")));
    let message = finding["message"].as_str().expect("it is a text");
    assert_eq!(message, "a process group is used that no WSGIDaemonProcess defines: no such process group");
    let related = &finding["relatedInformation"][0];
    assert_eq!(range(&related["location"]["range"]), "0:18-0:22");
    assert_eq!(related["location"]["uri"], URI);

    client.change(URI, 2, &json!([change(1, 46, 50, "shop")]));
    let found = client.published(URI);
    assert_eq!((&found["version"], &found["diagnostics"]), (&json!(2), &json!([])));
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    client.end();
}

#[test]
fn a_finding_that_greys_out_has_a_tag() {
    let mut client = Client::ready();
    client.open(URI, "KeepAlive On Off\nWSGIReloadMechanism x\n");
    let found = client.diagnostics(URI);
    assert_eq!((&found[0]["severity"], &found[0]["tags"]), (&json!(2), &json!([1])));
    assert_eq!((&found[1]["severity"], &found[1]["tags"]), (&json!(1), &json!([2])));
}

#[test]
fn places_count_in_utf_16_and_lines_end_in_three_ways() {
    let mut client = Client::ready();
    client.open(URI, "# é𝄞\r\nServerName \"é𝄞\" x\r\nListen x\rListen y\nListen z");
    let found: Vec<_> = client.diagnostics(URI).iter().map(concise).collect();
    assert_eq!(found[0], "1:17-1:18 too-many-arguments");
    assert_eq!(found.last().map(String::as_str), Some("4:7-4:8 invalid-value"));

    // Each change counts on what the one before it left.
    let changes = json!([change(1, 12, 15, "𝄞𝄞"), change(1, 17, 18, ""), change(1, 17, 18, "")]);
    client.change(URI, 2, &changes);
    let hover = json!({ "textDocument": { "uri": URI }, "position": { "line": 1, "character": 3 } });
    assert_eq!(range(&client.ask("textDocument/hover", hover)["range"]), "1:0-1:10");
    let found: Vec<_> = client.diagnostics(URI).iter().map(concise).collect();
    assert!(!found.iter().any(|found| found.starts_with("1:")), "{found:?}");
}

#[test]
fn places_count_in_bytes_for_who_offers_it() {
    let mut client = Client::start();
    let capabilities = json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } });
    let result = client.ask("initialize", json!({ "capabilities": capabilities }));
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-8");
    client.open(URI, "ServerName \"é𝄞\" x\r\n");
    assert_eq!(concise(&client.diagnostics(URI)[0]), "0:20-0:21 too-many-arguments");
    client.change(URI, 2, &json!([change(0, 19, 21, "")]));
    assert_eq!(client.diagnostics(URI), [] as [Value; 0]);
}

#[test]
fn the_newest_version_is_the_last_one_shown() {
    let mut client = Client::ready();
    client.open(URI, "Listen x\n");
    for version in 2..60 {
        client.change(URI, version, &json!([change(0, 7, 7, "x")]));
    }
    let found = loop {
        let found = client.published(URI);
        if found["version"] == 59 {
            break found;
        }
    };
    assert_eq!(concise(&found["diagnostics"][0]), "0:7-0:66 invalid-value");
}

#[test]
fn what_is_open_wins_over_the_disk_and_included_files_are_judged_too() {
    let folder = Folder::new(&[
        ("httpd.conf", "ServerRoot ROOT\nListen 80\nInclude a.conf\nInclude b.conf\n"),
        ("a.conf", "Lisetn 81\n"),
        ("b.conf", "Listen 82\n"),
    ]);
    let mut client = Client::ready();
    client.open(&folder.uri("httpd.conf"), &folder.text("httpd.conf"));
    assert_eq!(concise(&client.diagnostics(&folder.uri("a.conf"))[0]), "0:0-0:6 unknown-directive");
    assert!(client.diagnostics(&folder.uri("httpd.conf")).is_empty());

    client.open(&folder.uri("a.conf"), "Listen 81\n");
    assert!(client.diagnostics(&folder.uri("a.conf")).is_empty());
    client.open(&folder.uri("b.conf"), "Listen 82 x y\n");
    assert_eq!(client.diagnostics(&folder.uri("b.conf")).len(), 1);
    // What is not saved is forgotten.
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": folder.uri("b.conf") } }));
    assert!(client.diagnostics(&folder.uri("b.conf")).is_empty());

    std::fs::write(folder.path("b.conf"), "Lisetn 82\n").expect("there is room");
    let saved = json!({ "textDocument": { "uri": folder.uri("httpd.conf") } });
    client.tell("textDocument/didSave", saved);
    assert_eq!(client.diagnostics(&folder.uri("b.conf")).len(), 1);
    client.end();
}

/// The layout of Debian: a site is a link, its group and its folder for logs come from elsewhere.
fn debian() -> Folder {
    let folder = Folder::new(&[
        (
            "apache2.conf",
            "PidFile run/pid\nListen 80\nIncludeOptional conf-enabled/*.conf\nIncludeOptional sites-enabled/*.conf\n",
        ),
        ("envvars", "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n"),
        ("conf-enabled/groups.conf", "WSGIDaemonProcess shop\n"),
        (
            "sites-available/shop.conf",
            "<VirtualHost *:80>\n    ServerName shop.example\n    ErrorLog ${APACHE_LOG_DIR}/shop.log\n    \
             WSGIScriptAlias / /srv/shop/app.wsgi process-group=shop\n</VirtualHost>\n",
        ),
        ("sites-enabled/README", ""),
    ]);
    std::os::unix::fs::symlink("../sites-available/shop.conf", folder.path("sites-enabled/shop.conf"))
        .expect("there is room for a link");
    folder
}

#[test]
fn a_file_is_judged_within_the_configuration_that_includes_it() {
    let folder = debian();
    let mut client = Client::ready();
    let uri = folder.uri("sites-available/shop.conf");
    let text = folder.text("sites-available/shop.conf");
    client.open(&uri, &text);
    assert_eq!(client.found(&uri, 1), [] as [&str; 0]);
    // Its mistakes are found through the link, under the name that the editor knows.
    client.change(&uri, 2, &json!([{ "text": text.replace("=shop\n", "=shpo\n") }]));
    assert_eq!(client.found(&uri, 2), ["3:55-3:59 unknown-process-group"]);
    // The group lies in another file.
    let position = json!({ "line": 3, "character": 57 });
    client.change(&uri, 3, &json!([{ "text": text }]));
    let place = client.ask("textDocument/definition", json!({ "textDocument": { "uri": uri }, "position": position }));
    assert_eq!(place[0]["uri"], folder.uri("conf-enabled/groups.conf"));
    assert_eq!(range(&place[0]["range"]), "0:18-0:22");
}

#[test]
fn a_file_without_its_configuration_is_judged_as_a_part() {
    let folder = debian();
    std::fs::remove_file(folder.path("apache2.conf")).expect("it is there");
    let mut client = Client::ready();
    let uri = folder.uri("sites-available/shop.conf");
    let text = folder.text("sites-available/shop.conf");
    client.open(
        &uri,
        &format!(
            "{text}Include conf-enabled/other.conf\nCustomLog /var/log/x combined\n\
                         Listen ${{PORT}}\n"
        ),
    );
    assert_eq!(client.found(&uri, 1), [] as [&str; 0]);
    // What is wrong wherever it stands is still said.
    client.change(&uri, 2, &json!([{ "text": text.replace("ServerName", "SreverName") }]));
    assert_eq!(client.found(&uri, 2), ["1:4-1:14 unknown-directive"]);
    client.change(&uri, 3, &json!([{ "text": "Define PORT x\nListen ${PORT}\n" }]));
    assert_eq!(client.found(&uri, 3), ["1:7-1:14 invalid-value"]);
    client.change(&uri, 4, &json!([{ "text": "WSGIApplicationGroup ${GLOBAL}\n" }]));
    assert_eq!(client.found(&uri, 4), ["0:21-0:30 dollar-instead-of-percent"]);
}

#[test]
fn the_settings_name_the_configuration() {
    let folder = Folder::new(&[
        ("deploy/main.conf", "ServerRoot ROOT\nListen 80\nInclude sites/*.site\n"),
        ("sites/shop.site", "<IfDefine SSL>\nWSGIProcessGroup shop\n</IfDefine>\nServerName ${NAME}\n"),
    ]);
    let main = folder.path("deploy/main.conf");
    let settings = json!({ "main": main, "defines": ["SSL"], "environment": { "NAME": "shop.example" } });
    let mut client = Client::ready_with(json!({}), json!({ "wsgiCheck": settings }));
    let uri = folder.uri("sites/shop.site");
    client.open(&uri, &folder.text("sites/shop.site"));
    assert_eq!(client.found(&uri, 1), ["1:17-1:21 unknown-process-group"]);

    // Without the settings the file stands alone.
    client.tell("workspace/didChangeConfiguration", json!({ "settings": { "wsgiCheck": {} } }));
    assert_eq!(client.found(&uri, 1), [] as [&str; 0]);
}

#[test]
fn a_finding_links_to_its_page_where_that_is_known() {
    let mut client = Client::ready_with(json!({}), json!({ "pages": "https://docs.example/checks/" }));
    client.open(URI, "Lisetn 80\n");
    let link = &client.diagnostics(URI)[0]["codeDescription"]["href"];
    assert_eq!(link, "https://docs.example/checks/unknown-directive.md");
}

#[test]
fn a_client_with_settings_is_asked_for_them() {
    let folder = Folder::new(&[("main.conf", "Listen 80\nLisetn 81\n")]);
    let mut client = Client::ready_with(json!({ "workspace": { "configuration": true } }), Value::Null);
    let asked = client.wait(|message| message["method"] == "workspace/configuration");
    assert_eq!(asked["params"]["items"], json!([{ "section": "wsgiCheck" }]));
    let result = json!([{ "main": folder.path("main.conf") }]);
    let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
    client.write(&crate::client::frame(&answer.to_string()));
    assert_eq!(concise(&client.diagnostics(&folder.uri("main.conf"))[0]), "1:0-1:6 unknown-directive");
}

#[test]
fn files_on_the_disk_are_watched_where_the_client_can() {
    let capabilities = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let folder = Folder::new(&[("httpd.conf", "ServerRoot ROOT\nListen 80\nInclude a.conf\n"), ("a.conf", "")]);
    let mut client = Client::ready_with(capabilities, Value::Null);
    let asked = client.wait(|message| message["method"] == "client/registerCapability");
    assert_eq!(asked["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.open(&folder.uri("httpd.conf"), &folder.text("httpd.conf"));
    assert!(client.diagnostics(&folder.uri("httpd.conf")).is_empty());
    std::fs::write(folder.path("a.conf"), "Lisetn 82\n").expect("there is room");
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(client.diagnostics(&folder.uri("a.conf")).len(), 1);
}
