//! From `initialize` to `exit`, and messages that are none.

use serde_json::{Value, json};

use crate::client::{Client, frame};

fn error_code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn the_first_request_is_initialize() {
    let mut client = Client::start();
    assert_eq!(error_code(&client.answer("textDocument/hover", json!({}))), -32002);
    // A notification before it is not heard.
    client.open("untitled:a", "Lisetn 80\n");
    let result = client.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    assert_eq!(result["serverInfo"]["name"], "wsgi-check");
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(error_code(&client.answer("initialize", json!({ "capabilities": {} }))), -32600);
    client.end();
}

#[test]
fn what_is_offered_is_what_is_told() {
    let mut client = Client::start();
    let result = client.ask("initialize", json!({ "capabilities": {} }));
    insta::assert_snapshot!(format!("{:#}", result["capabilities"]));
}

#[test]
fn unknown_methods_and_parameters_are_refused() {
    let mut client = Client::ready();
    assert_eq!(error_code(&client.answer("textDocument/implementation", json!({}))), -32601);
    assert_eq!(error_code(&client.answer("$/unknown", json!({}))), -32601);
    assert_eq!(error_code(&client.answer("textDocument/hover", json!({ "textDocument": 7 }))), -32602);
    client.tell("$/setTrace", json!({ "value": "off" }));
    client.tell("no/such/notification", json!([1]));
    client.end();
}

#[test]
fn after_shutdown_only_exit_is_heard() {
    let mut client = Client::ready();
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(error_code(&client.answer("textDocument/hover", json!({}))), -32600);
    assert_eq!(error_code(&client.answer("shutdown", Value::Null)), -32600);
    client.tell("exit", Value::Null);
    assert_eq!(client.ended().code(), Some(0));
}

#[test]
fn an_end_without_shutdown_has_status_1() {
    let mut client = Client::ready();
    client.tell("exit", Value::Null);
    assert_eq!(client.ended().code(), Some(1));
    let mut client = Client::ready();
    client.close_input();
    assert_eq!(client.ended().code(), Some(1));
}

#[test]
fn a_malformed_message_is_survived() {
    let mut client = Client::ready();
    for (bytes, code) in [
        (frame("{\"jsonrpc\""), -32700),
        (frame("[]"), -32600),
        (frame("{\"jsonrpc\":\"2.0\",\"id\":null}"), -32600),
        (b"Content-Length: x\r\n\r\n".to_vec(), -32700),
        (b"Content-Type: text/plain\r\n\r\n".to_vec(), -32700),
    ] {
        client.write(&bytes);
        let answer = client.wait(|message| message.get("error").is_some());
        assert_eq!((error_code(&answer), &answer["id"]), (code, &Value::Null), "{}", String::from_utf8_lossy(&bytes));
    }
    client.write(&frame(r#"{"jsonrpc":"1.0","id":"a","method":"shutdown"}"#));
    let answer = client.wait(|message| message["id"] == "a");
    assert_eq!(error_code(&answer), -32600);
    client.end();
}

#[test]
fn a_request_that_waits_can_be_cancelled() {
    let mut client = Client::ready();
    // Compiling this takes long enough for what follows to arrive.
    client.open("untitled:a", &"Timeout 60\n".repeat(5_000));
    let ask = |id| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/foldingRange", "params": {
        "textDocument": { "uri": "untitled:a" } } })
    };
    let cancel = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": "second" } });
    let messages = [ask("first"), ask("second"), ask("third"), cancel].map(|message| frame(&message.to_string()));
    client.write(&messages.concat());
    for (id, code) in [("first", 0), ("second", -32800), ("third", 0)] {
        let answer = client.wait(|message| message["id"] == id);
        assert_eq!(error_code(&answer), code, "{id}");
    }
    client.tell("$/cancelRequest", json!({ "id": "first" }));
    client.end();
}
