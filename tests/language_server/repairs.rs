//! Code actions: what an editor gets to put a finding right.

use serde_json::{Value, json};

use crate::client::{Client, Folder, concise};

/// Three findings with a repair, one without.
const TEXT: &str =
    "Lisetn 80\nServerName a.example\n  KeepAlive On # hm\nAlias /s/ relative\nServerAdmin \"webmaster@a\n";

struct Open {
    client: Client,
    folder: Folder,
    uri: String,
}

impl Open {
    fn new(text: &str) -> Self {
        let folder = Folder::new(&[("site.conf", text)]);
        let (mut client, uri) = (Client::ready(), folder.uri("site.conf"));
        client.open(&uri, text);
        Self { client, folder, uri }
    }

    /// The actions for a line.
    fn actions(&mut self, line: u32, only: &[&str]) -> Vec<Value> {
        let place = |character: u32| json!({ "line": line, "character": character });
        let mut context = json!({ "diagnostics": [] });
        if !only.is_empty() {
            context["only"] = json!(only);
        }
        let answer = self.client.ask(
            "textDocument/codeAction",
            json!({
                "textDocument": { "uri": self.uri },
                "range": { "start": place(0), "end": place(4) },
                "context": context,
            }),
        );
        answer.as_array().cloned().unwrap_or_default()
    }

    /// The document after an action, and the findings that it has then.
    fn after(&mut self, action: &Value) -> (String, Vec<String>) {
        let text = applied(&self.folder.text("site.conf"), &action["edit"]["changes"][&self.uri]);
        self.client.change(&self.uri, 2, &json!([{ "text": text }]));
        let found = self.client.found(&self.uri, 2);
        (text, found)
    }
}

/// A text after edits, as an editor makes them: all places are of the text before.
fn applied(text: &str, edits: &Value) -> String {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |place: &Value| {
        let part = |name: &str| place[name].as_u64().expect("a number") as usize;
        starts[part("line")] + part("character")
    };
    let edits = edits.as_array().expect("edits of this document");
    let mut edits: Vec<_> =
        edits.iter().map(|edit| (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), edit)).collect();
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let mut after = text.to_owned();
    for (start, end, edit) in edits.into_iter().rev() {
        after.replace_range(start..end, edit["newText"].as_str().expect("a text"));
    }
    after
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().filter_map(|action| action["title"].as_str()).collect()
}

#[test]
fn a_finding_has_its_repair_and_a_comment_that_silences_it() {
    let mut open = Open::new(TEXT);
    let actions = open.actions(0, &["quickfix"]);
    assert_eq!(titles(&actions), ["Write `Listen`", "Ignore unknown-directive here"]);
    let repair = &actions[0];
    assert_eq!((&repair["kind"], &repair["isPreferred"]), (&json!("quickfix"), &json!(true)));
    let found = repair["diagnostics"].as_array().expect("what it repairs");
    assert!(concise(&found[0]).contains("unknown-directive"), "{found:?}");
    let (text, found) = open.after(repair);
    assert!(text.starts_with("Listen 80\nServerName"), "{text}");
    assert!(!found.iter().any(|found| found.contains("unknown-directive")), "{found:?}");
}

#[test]
fn the_comment_stands_before_the_line_and_silences() {
    let mut open = Open::new("Listen 80\n<IfModule mod_alias.c>\n\tLisetn 81\n</IfModule>\n");
    let actions = open.actions(2, &[]);
    let comment = actions.iter().find(|action| action["title"] == "Ignore unknown-directive here");
    let (text, found) = open.after(comment.expect("it is offered"));
    assert!(text.contains("\n\t# wsgi-check: ignore unknown-directive\n\tLisetn 81\n"), "{text}");
    assert!(!found.iter().any(|found| found.contains("unknown-directive")), "{found:?}");
}

#[test]
fn what_has_no_certain_repair_is_not_repaired() {
    let mut open = Open::new("Listen 80\nListen\n");
    let actions = open.actions(1, &["quickfix"]);
    assert!(!actions.is_empty() && titles(&actions).iter().all(|title| title.starts_with("Ignore ")), "{actions:?}");
}

#[test]
fn all_repairs_at_once_are_one_action() {
    let mut open = Open::new(TEXT);
    assert!(open.actions(0, &[]).iter().all(|action| action["kind"] == "quickfix"));
    for only in [["source.fixAll"], ["source"]] {
        let actions = open.actions(0, &only);
        assert_eq!(titles(&actions), ["Repair all that has one certain repair"]);
        assert_eq!(actions[0]["kind"], "source.fixAll");
    }
    let all = open.actions(0, &["source.fixAll"]).remove(0);
    let (text, found) = open.after(&all);
    insta::assert_snapshot!(format!("{text}----\n{}", found.join("\n")));
    assert_eq!(open.actions(0, &["source.fixAll"]), Vec::<Value>::new());
}

#[test]
fn the_machine_is_looked_at_where_the_settings_ask_for_it() {
    let folder = Folder::new(&[("site.conf", "")]);
    let root = folder.root();
    let text = &format!("Listen 80\nDocumentRoot \"{root}\"\nWSGIScriptAlias / \"{root}/missing.wsgi\"\n");
    let uri = folder.uri("site.conf");
    for (files, expected) in [(true, true), (false, false)] {
        let mut client = Client::ready_with(json!({}), json!({ "files": files }));
        client.open(&uri, text);
        let found: Vec<_> = client.diagnostics(&uri).iter().map(concise).collect();
        assert_eq!(found.iter().any(|found| found.contains("script-not-found")), expected, "{found:?}");
        client.end();
    }
}
