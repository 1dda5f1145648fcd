//! What the client sent and we have not answered yet.

use std::collections::{HashSet, VecDeque};
use std::io::BufRead;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use super::frames::{self, Incoming};
use gen_lsp_types::json_rpc::{Id, RequestObject};

/// The messages in their order. A thread reads ahead, so that a request can be cancelled while it waits.
pub(super) struct Queue {
    messages: Receiver<Incoming>,
    waiting: VecDeque<Incoming>,
    cancelled: HashSet<Id>,
    reader: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn new(mut input: impl BufRead + Send + 'static) -> Self {
        let (sender, messages) = channel();
        let reader = std::thread::spawn(move || {
            while let Ok(Some(message)) = frames::read(&mut input) {
                // Behind `exit` nothing comes, and a reader that waits for it would keep the process.
                let last = matches!(&message, Incoming::Call(call) if call.method() == "exit");
                if sender.send(message).is_err() || last {
                    break;
                }
            }
        });
        Self { messages, waiting: VecDeque::new(), cancelled: HashSet::new(), reader: Some(reader) }
    }

    /// The next message, and whether it is a request that was cancelled; `None` once the client is gone.
    pub(super) fn next(&mut self) -> Option<(Incoming, bool)> {
        self.take_in();
        if self.waiting.is_empty() {
            match self.messages.recv() {
                Ok(message) => self.push(message),
                Err(_) => {
                    let reader = self.reader.take()?;
                    // A reader that panicked has nothing more to say either.
                    let _ = reader.join();
                    return None;
                }
            }
            return self.next();
        }
        let message = self.waiting.pop_front()?;
        let cancelled = id(&message).is_some_and(|id| self.cancelled.remove(id));
        Some((message, cancelled))
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&mut self) -> bool {
        self.take_in();
        self.waiting.is_empty()
    }

    fn take_in(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.push(message);
        }
    }

    fn push(&mut self, message: Incoming) {
        match &message {
            Incoming::Call(call) if call.method() == "$/cancelRequest" => {
                let id = call.params().and_then(|params| serde_json::from_value::<Id>(params["id"].clone()).ok());
                // What is answered already cannot be cancelled.
                self.cancelled
                    .extend(id.filter(|wanted| self.waiting.iter().any(|waits| self::id(waits) == Some(wanted))));
            }
            _ => self.waiting.push_back(message),
        }
    }
}

fn id(message: &Incoming) -> Option<&Id> {
    match message {
        Incoming::Call(call) => RequestObject::id(call),
        Incoming::Answer(..) | Incoming::Malformed(..) => None,
    }
}
