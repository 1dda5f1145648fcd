//! A client of the language server: starts the command, speaks frames, keeps what comes between the answers.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any answer takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Client {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came and was not asked for yet.
    kept: Vec<Value>,
    next_id: i64,
}

/// One frame.
pub(crate) fn frame(body: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Client {
    /// A server to which nothing was said yet, in an environment without variables of Apache's.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_wsgi-check"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("it is piped");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self { process, input, messages, kept: Vec::new(), next_id: 0 }
    }

    /// A server that is ready, for a client with these capabilities and settings.
    pub(crate) fn ready_with(capabilities: Value, settings: Value) -> Self {
        let mut client = Self::start();
        client.ask("initialize", json!({ "capabilities": capabilities, "initializationOptions": settings }));
        client.tell("initialized", json!({}));
        client
    }

    /// A server that is ready, for a client that knows related information.
    pub(crate) fn ready() -> Self {
        let capabilities = json!({ "textDocument": { "publishDiagnostics": { "relatedInformation": true } } });
        Self::ready_with(capabilities, Value::Null)
    }

    /// Sends bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it was not closed");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.write(&frame(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()));
    }

    /// The whole answer to a request.
    pub(crate) fn answer(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&frame(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()));
        self.wait(|message| message.get("method").is_none() && message["id"] == id)
    }

    /// The result of a request.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next message of which this is true; those before it are kept.
    pub(crate) fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if wanted(&message) {
                return message;
            }
            self.kept.push(message);
        }
    }

    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "apacheconf", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(crate) fn change(&mut self, uri: &str, version: i64, changes: &Value) {
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// The next diagnostics of a file.
    pub(crate) fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        self.published(uri)["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    /// The next message about the diagnostics of a file.
    pub(crate) fn published(&mut self, uri: &str) -> Value {
        let of =
            |message: &Value| message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri;
        self.wait(of)["params"].clone()
    }

    /// The diagnostics of a version of a file, one line each.
    pub(crate) fn found(&mut self, uri: &str, version: i64) -> Vec<String> {
        let of = |message: &Value| {
            let params = &message["params"];
            params["uri"] == uri && params["version"] == version && params.get("diagnostics").is_some()
        };
        let published = self.wait(of);
        published["params"]["diagnostics"].as_array().into_iter().flatten().map(concise).collect()
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.process.wait().expect("it is a child")
    }

    /// Ends the session as the protocol wants it.
    pub(crate) fn end(&mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert_eq!(self.ended().code(), Some(0));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that failed leaves a server behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// `LINE:CHARACTER-LINE:CHARACTER code`.
pub(crate) fn concise(diagnostic: &Value) -> String {
    format!("{} {}", range(&diagnostic["range"]), diagnostic["code"].as_str().unwrap_or("?"))
}

/// `LINE:CHARACTER-LINE:CHARACTER`.
pub(crate) fn range(range: &Value) -> String {
    let [start, end] = ["start", "end"].map(|at| format!("{}:{}", range[at]["line"], range[at]["character"]));
    format!("{start}-{end}")
}

/// A folder with files.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("there is room for a folder"));
        for (name, text) in files {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("there is room");
            std::fs::write(path, text.replace("ROOT", &folder.root())).expect("there is room for a file");
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("it is there").join(name)
    }

    pub(crate) fn root(&self) -> String {
        self.path("").display().to_string().trim_end_matches('/').to_owned()
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("it is there")
    }
}

/// A server with one open document, that has a place marked `‸`.
pub(crate) struct Marked {
    pub(crate) client: Client,
    pub(crate) uri: String,
    position: Value,
}

impl Marked {
    /// Opens a text of a file that is not on the disk.
    pub(crate) fn open(text: &str) -> Self {
        Self::open_as("untitled:httpd.conf", text, Client::ready())
    }

    pub(crate) fn open_as(uri: &str, text: &str, mut client: Client) -> Self {
        let at = text.find('‸').expect("a place is marked");
        let before = &text[..at];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
        client.open(uri, &text.replace('‸', ""));
        Self { client, uri: uri.to_owned(), position: json!({ "line": line, "character": character }) }
    }

    pub(crate) fn position(&self) -> Value {
        self.position.clone()
    }

    /// Asks about the place.
    pub(crate) fn ask(&mut self, method: &str, more: Value) -> Value {
        let mut params = json!({ "textDocument": { "uri": self.uri }, "position": self.position });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        self.client.ask(method, params)
    }
}
