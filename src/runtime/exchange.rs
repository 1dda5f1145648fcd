//! One request between a front and the application side, whichever process that is in.
//!
//! [`Call`] is what the application side gets, [`Exchange`] is how it reads the body and answers. The gateway in
//! `python/` is written against these two, and knows neither the wire nor hyper.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::pairs::Pairs;

/// All that is constant about a script as it is reached from one mount: sent once per connection, then named by number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The WSGI script's file, absolute.
    pub script: Vec<u8>,
    /// The process group's name; empty for embedded mode.
    pub process_group: String,
    /// The application group's name; empty for the main interpreter.
    pub application_group: String,
    /// The callable object's name in the script.
    pub callable_object: String,
    /// `WSGIScriptReloading`.
    pub script_reloading: bool,
    /// `WSGIIgnoreActivity`: its requests do not put `inactivity-timeout` off.
    pub ignores_activity: bool,
    /// `wsgi.multithread`.
    pub multithread: bool,
    /// `wsgi.multiprocess`.
    pub multiprocess: bool,
    /// The entries of `environ` that are the same for each request, `str` values all.
    pub environ: Pairs,
}

/// One request, as the application side gets it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Where it goes.
    pub target: Arc<Target>,
    /// The entries of `environ` that belong to this request, `str` values all (latin-1; see [`Pairs`]). A name here
    /// replaces the same name of [`Target::environ`].
    pub environ: Pairs,
    /// `wsgi.url_scheme`: `https`?
    pub https: bool,
    /// `mod_wsgi.request_start`: microseconds since the epoch.
    pub request_start: u64,
    /// Calls with the same number, if it is not 0, had all arrived before any of them was answered: what was looked up for
    /// one, such as whether a script has changed, holds for the others.
    pub batch: u64,
    /// `mod_wsgi.queue_start`: handed to the process group's queue; 0 in embedded mode.
    pub queue_start: u64,
}

/// The head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// 200 to 599: the gateway refuses others.
    pub status: u16,
    /// The reason phrase, latin-1, without control characters. May be empty.
    pub reason: Vec<u8>,
    /// The header fields in the application's order. Names are tokens, values are latin-1 without CR, LF and NUL: the
    /// gateway has refused others. Framing (`Content-Length`, `Connection`, …) is the front's work.
    pub headers: Pairs,
}

/// The front's side of one request. All calls block the calling thread; none needs the GIL, so release it.
pub trait Exchange {
    /// The next bytes of the request's body, at least one and at most `max`; empty at its end.
    ///
    /// # Errors
    /// When the client has gone, is too slow, or its body is malformed or over `LimitRequestBody`. Every later call gives the
    /// error again.
    fn read(&mut self, max: usize) -> Result<bytes::Bytes, InputError>;

    /// Sends the head, and the first bytes of the body with it. `complete` says that nothing follows: the whole answer is
    /// then one write, and [`Exchange::finish`] need not be called.
    ///
    /// # Errors
    /// [`Gone`] when nobody takes the answer any more.
    fn start(&mut self, head: Head, body: Cow<'_, [u8]>, complete: bool) -> Result<(), Gone>;

    /// Sends more of the body. Returns when the bytes are on their way (PEP 3333, "Buffering and Streaming").
    ///
    /// # Errors
    /// [`Gone`] when nobody takes the answer any more: the iteration should end.
    fn send(&mut self, body: &[u8]) -> Result<(), Gone>;

    /// The answer is whole.
    fn finish(&mut self);

    /// The application failed; what there is to say is in the error log already. Before [`Exchange::start`] the client gets
    /// the status, after it the connection is cut so that the client can tell.
    fn fail(&mut self, status: u16);
}

/// Nobody takes the answer any more: the client has left, or the front has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Why the request's body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputError {
    /// The client closed its connection in mid-body.
    ClientGone,
    /// Nothing came within `Timeout`.
    Timeout,
    /// The chunked coding is broken.
    Malformed,
    /// The body grew over `LimitRequestBody`.
    TooLarge,
}

impl InputError {
    /// A number for the wire.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::ClientGone => 1,
            Self::Timeout => 2,
            Self::Malformed => 3,
            Self::TooLarge => 4,
        }
    }

    /// The error of a number; an unknown one counts as [`InputError::ClientGone`].
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            2 => Self::Timeout,
            3 => Self::Malformed,
            4 => Self::TooLarge,
            _ => Self::ClientGone,
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientGone => "the client closed the connection",
            Self::Timeout => "the client sent nothing within Timeout",
            Self::Malformed => "the chunked body is malformed",
            Self::TooLarge => "the body is larger than LimitRequestBody",
        })
    }
}

impl std::error::Error for InputError {}

/// What a `WSGIDispatchScript` says of a request. What it leaves out stays as it is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Dispatched {
    /// What `process_group(environ)` returned.
    pub process_group: Option<String>,
    /// What `application_group(environ)` returned.
    pub application_group: Option<String>,
    /// What `callable_object(environ)` returned.
    pub callable_object: Option<String>,
}

/// What a script is asked about a request, before anything answers it. Names and passwords are the bytes that the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// `allow_access(environ, host)` of a `WSGIAccessScript`.
    Access {
        /// The client's address.
        host: String,
    },
    /// `check_password(environ, user, password)` of a `WSGIAuthUserScript`.
    Password {
        /// The name.
        user: Vec<u8>,
        /// The password.
        password: Vec<u8>,
    },
    /// `get_realm_hash(environ, user, realm)` of a `WSGIAuthUserScript`.
    RealmHash {
        /// The name.
        user: Vec<u8>,
        /// `AuthName`.
        realm: String,
    },
    /// `groups_for_user(environ, user)` of a `WSGIAuthGroupScript`.
    Groups {
        /// The name.
        user: Vec<u8>,
    },
}

/// What a script answers to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// `True`.
    Yes,
    /// `False`.
    No,
    /// `None`: it has no opinion, or does not know the user.
    Nothing,
    /// A name or a hash, never empty.
    Text(Vec<u8>),
    /// Groups.
    Names(Vec<String>),
}

/// The applications of this process: what a front calls in embedded mode.
pub trait Application: Send + Sync {
    /// The version of Python: `3.13.0`.
    fn python(&self) -> String;

    /// Whether calls can run Python at once: interpreters have a lock of their own, or there is none.
    fn is_parallel(&self) -> bool;

    /// Runs one request on this thread, from the call of the application to the `close()` of its result. Never panics: a
    /// failure is told to `exchange` by [`Exchange::fail`].
    ///
    /// The thread may keep what it needs for the next call until [`Application::rest`], and must not wait for anything before.
    fn run(&self, call: Call, exchange: &mut dyn Exchange);

    /// Asks the script of a call's target which groups the request gets. `None` when it failed; the error log says why.
    fn dispatch(&self, call: Call) -> Option<Dispatched>;

    /// Asks the script of a call's target about the request. `None` when it failed; the error log says why.
    fn ask(&self, call: Call, question: &Question) -> Option<Said>;

    /// This thread makes no call for now: others may have what it keeps.
    fn rest(&self);
}
