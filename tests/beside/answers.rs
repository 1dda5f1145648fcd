//! What is compared of two answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::case::{Case, Question};
use crate::servers::Both;
use crate::support::{Answer, Mode};

pub(crate) struct Outcome {
    pub(crate) alike: usize,
    /// That differ for the reason which the case gives.
    pub(crate) listed: usize,
    pub(crate) wrong: Vec<String>,
}

/// Headers that say when, by whom and how an answer is sent.
/// An `ETag` names a file by what each server knows of it. `Transfer-Encoding` stands for a length that was not known yet.
const VOLATILE: [&str; 6] = ["date", "server", "connection", "keep-alive", "etag", "transfer-encoding"];

/// Keys of `environ` whose values differ from one request to the next, or name the server.
const UNLIKE: [&str; 11] = [
    "REMOTE_PORT",
    "SERVER_SOFTWARE",
    "apache.version",
    "mod_wsgi.application_start",
    "mod_wsgi.connection_id",
    "mod_wsgi.daemon_start",
    "mod_wsgi.queue_start",
    "mod_wsgi.request_id",
    "mod_wsgi.request_start",
    "mod_wsgi.server_pid",
    "mod_wsgi.thread_id",
];

pub(crate) fn compare(case: &Case, mode: Mode, both: &Both) -> Outcome {
    let mut outcome = Outcome { alike: 0, listed: 0, wrong: Vec::new() };
    for ((question, theirs), ours) in case.questions.iter().zip(&both.theirs).zip(&both.ours) {
        match (difference(question, theirs, ours), question.differs(mode)) {
            (None, None) => outcome.alike += 1,
            (Some(_), Some(_)) => outcome.listed += 1,
            (Some(difference), None) => outcome.wrong.push(format!("{}\n{difference}", question.text)),
            (None, Some(reason)) => outcome.wrong.push(format!("{}: alike, though {reason}", question.text)),
        }
    }
    outcome
}

fn difference(question: &Question, theirs: &Answer, ours: &Answer) -> Option<String> {
    let mut lines = Vec::new();
    let mut unlike = |what: &str, theirs: String, ours: String| {
        if theirs != ours {
            lines.push(format!("    {what}\n      theirs {theirs:.500}\n      ours   {ours:.500}"));
        }
    };
    let page = is_page(theirs, &question.method);
    unlike("status", theirs.status.to_string(), ours.status.to_string());
    unlike("interim", format!("{:?}", theirs.interim), format!("{:?}", ours.interim));
    unlike("cut", theirs.cut.to_string(), ours.cut.to_string());
    if page {
        let says_so = is_page(ours, &question.method) || ours.body.is_empty();
        unlike("a page of the server", "true".to_owned(), says_so.to_string());
    } else {
        unlike("reason", theirs.reason.clone(), ours.reason.clone());
    }
    let (their, our) = (headers(theirs), headers(ours));
    for name in their.keys().chain(our.keys()).collect::<BTreeSet<_>>() {
        let (their, our) = (their.get(name), our.get(name));
        let told_by_both = their.is_some() && our.is_some() && !page;
        let compared = match name.as_str() {
            "content-length" => told_by_both && !shows_environ(theirs),
            "content-type" | "last-modified" | "accept-ranges" => !page,
            _ => true,
        };
        if compared {
            unlike(name, format!("{their:?}"), format!("{our:?}"));
        }
    }
    match (seen(theirs), seen(ours)) {
        _ if page => {}
        (Some(their), Some(our)) => {
            for key in their.keys().chain(our.keys()).collect::<BTreeSet<_>>() {
                let shown = |seen: &Map<String, Value>| seen.get(key).map_or("-".to_owned(), Value::to_string);
                unlike(key, shown(&their), shown(&our));
            }
        }
        _ => unlike("body", theirs.text(), ours.text()),
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Whether the server wrote the body, or would have, whose words differ.
fn is_page(answer: &Answer, method: &str) -> bool {
    let kind = answer.all("Content-Type").join("");
    let whole = method == "HEAD" || answer.text().contains(&format!("<title>{}", answer.status));
    answer.status >= 300 && kind.starts_with("text/html") && whole
}

/// By name; several of a name in their order. Where a list stands in one field or in several, and whether a redirection names the
/// server that it stays on, are the same to a client.
fn headers(answer: &Answer) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &answer.headers {
        let name = name.to_ascii_lowercase();
        let values = headers.entry(name.clone()).or_default();
        match name.as_str() {
            "vary" | "cache-control" => values.extend(value.split(',').map(|item| item.trim().to_owned())),
            "location" => {
                let path =
                    value.strip_prefix("http://localhost:").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
                values.push(path.unwrap_or(value).to_owned());
            }
            _ => values.push(value.clone()),
        }
    }
    headers.retain(|name, _| !VOLATILE.contains(&name.as_str()));
    headers
}

fn shows_environ(answer: &Answer) -> bool {
    answer.all("Content-Type") == ["application/json"]
}

/// An `environ` in JSON, without what changes from one request to the next.
fn seen(answer: &Answer) -> Option<Map<String, Value>> {
    let mut seen: Map<String, Value> = serde_json::from_slice(&answer.body).ok()?;
    seen.retain(|key, _| !UNLIKE.contains(&key.as_str()));
    Some(seen)
}
