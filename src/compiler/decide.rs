//! What Apache would do with one request, step by step, each with the line that decides it. It judges Apache, not our runtime; the
//! rules that both follow are those of [`crate::decision`].
//!
//! What it does not follow it names, so that no answer is wrong in silence.

mod access;
mod application;
mod folder;
mod handler;
mod host;
mod layers;
mod mapping;
mod modules;
mod render;
mod request;
mod variables;

use serde::Serialize;

use super::model::{Host, Kept, Server};
use super::source::{Files, Sources, Span};
use crate::plan::Place;

pub use access::Access;
pub use application::Application;
pub use host::{VirtualHost, Why};
pub use layers::{Applied, Setting};
pub use request::Request;

use modules::Modules;

/// All that is known of what happens to a request.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// What was asked.
    pub request: Request,
    /// The story, in its order.
    pub steps: Vec<Step>,
    /// The `Listen` that takes the connection.
    pub listener: Option<Place>,
    /// The virtual host.
    pub virtual_host: Option<VirtualHost>,
    /// The URL path, decoded and normalised, after all redirects inside of the server.
    pub url_path: String,
    /// The file that it means.
    pub file: Option<String>,
    /// The sections that hold for it, in the order in which they are merged, with what each sets.
    pub sections: Vec<Applied>,
    /// Who may see it.
    pub access: Option<Access>,
    /// What sends the answer: `wsgi-script`, `default-handler`, another handler's name.
    pub handler: Option<String>,
    /// The application, when one answers.
    pub application: Option<Application>,
    /// How it ends.
    pub outcome: Outcome,
    /// What may change the outcome and was not followed. The answer is certain when it is empty.
    pub not_followed: Vec<NotFollowed>,
}

/// One step of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is decided.
    pub name: &'static str,
    /// How, and why.
    pub text: String,
    /// The line that decides it; `None` for a default.
    pub place: Option<Place>,
}

/// How a request ends.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The status; `None` where the application or something that is not followed chooses it.
    pub status: Option<u16>,
    /// What answers.
    pub by: Answerer,
    /// The `Location` of a redirect.
    pub location: Option<String>,
    /// Why, where it is an error.
    pub reason: Option<String>,
    /// The line to which it is due.
    pub place: Option<Place>,
}

/// What answers a request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answerer {
    /// A WSGI application.
    Application,
    /// A file, as it is.
    File,
    /// The list of a folder.
    Listing,
    /// A redirect.
    Redirect,
    /// A page of the server's, with an error.
    Error,
    /// Something that is not followed: a proxy, another handler.
    #[default]
    Other,
    /// Nobody listens.
    Nobody,
}

/// Something that may change the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotFollowed {
    /// The directive, as it is written.
    pub directive: String,
    /// Its line.
    pub place: Place,
    /// What it may do.
    pub why: String,
}

/// Follows a request.
pub fn decide(server: &Server, sources: &Sources, loaded: &[String], files: &dyn Files, request: &Request) -> Decision {
    let mut walk = Walk {
        server,
        sources,
        files,
        modules: Modules::new(loaded),
        request,
        error_documents: Vec::new(),
        decision: Decision {
            request: request.clone(),
            steps: Vec::new(),
            listener: None,
            virtual_host: None,
            url_path: request.path.clone(),
            file: None,
            sections: Vec::new(),
            access: None,
            handler: None,
            application: None,
            outcome: Outcome::default(),
            not_followed: Vec::new(),
        },
    };
    walk.decision.outcome = match walk.follow() {
        Ok(answer) => answer,
        Err(ended) => walk.error_document(*ended.0),
    };
    walk.decision
}

/// A request ends with an error, a redirect, or at something that is not followed.
struct Ended(Box<Outcome>);

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        Self(Box::new(outcome))
    }
}

/// The state of following a request.
struct Walk<'a> {
    server: &'a Server,
    sources: &'a Sources,
    files: &'a dyn Files,
    modules: Modules,
    request: &'a Request,
    /// `ErrorDocument`, as far as it holds for what was reached.
    error_documents: Vec<Kept>,
    decision: Decision,
}

impl<'a> Walk<'a> {
    fn follow(&mut self) -> Result<Outcome, Ended> {
        let local = self.listener()?;
        let host = self.virtual_host(local)?;
        let path = self.url_path(host)?;
        self.resource(host, &path, 0)
    }

    fn place(&self, span: Span) -> Place {
        let (line, _) = self.sources.line_column(span);
        Place { file: self.sources.get(span.source).path.clone(), line }
    }

    fn step(&mut self, name: &'static str, text: impl Into<String>, span: Option<Span>) {
        let place = span.map(|span| self.place(span));
        self.decision.steps.push(Step { name, text: text.into(), place });
    }

    /// Notes what may change the outcome, once.
    fn not_followed(&mut self, kept: &Kept, why: &str) {
        self.not_followed_at(kept.text(), kept.span, why);
    }

    fn not_followed_at(&mut self, directive: String, span: Span, why: &str) {
        let noted = NotFollowed { directive, place: self.place(span), why: why.to_owned() };
        if !self.decision.not_followed.contains(&noted) {
            self.decision.not_followed.push(noted);
        }
    }

    /// An error page of the server.
    fn error(&mut self, status: u16, reason: impl Into<String>, span: Option<Span>) -> Ended {
        let place = span.map(|span| self.place(span));
        let reason = Some(reason.into());
        Outcome { status: Some(status), by: Answerer::Error, location: None, reason, place }.into()
    }

    /// What stands outside of sections: the main server's, then the host's.
    fn outside(&self, host: &'a Host) -> impl DoubleEndedIterator<Item = &'a Kept> + use<'a> {
        let main = self.server.main();
        let own = (!std::ptr::eq(host, main)).then_some(host);
        main.settings.kept.iter().chain(own.into_iter().flat_map(|host| &host.settings.kept))
    }

    /// What stands outside of sections, in the order in which lists are tried: the host's, then the main server's.
    fn outside_own_first(&self, host: &'a Host) -> impl Iterator<Item = &'a Kept> + use<'a> {
        let main = self.server.main();
        let inherited = (!std::ptr::eq(host, main)).then_some(main);
        host.settings.kept.iter().chain(inherited.into_iter().flat_map(|main| &main.settings.kept))
    }
}
