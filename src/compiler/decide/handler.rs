//! What sends the answer: a redirect to the folder's own name, an index, a list, a file, an application, or another handler.

use super::application::says_off;
use super::folder::Found;
use super::layers::Layers;
use super::mapping::{By, Mapped, escaped};
use super::{Answerer, Ended, Outcome, Walk};
use crate::compiler::model::{Host, Kept};
use crate::compiler::source::{FileKind, Span};

/// How often a request may be sent on inside of the server (`LimitInternalRecursion`).
const MOST_REDIRECTS: usize = 10;

/// What a handler is called when none is set: files are sent as they are, folders are listed.
const DEFAULT: &str = "default-handler";
const FOLDER: &str = "httpd/unix-directory";

impl<'a> Walk<'a> {
    /// Follows a URL path of a host to its end.
    pub(super) fn resource(&mut self, host: &'a Host, path: &str, depth: usize) -> Result<Outcome, Ended> {
        if depth > MOST_REDIRECTS {
            return Err(self.error(500, "AH00124: the request is sent on inside of the server without end", None));
        }
        path.clone_into(&mut self.decision.url_path);
        let locations = self.layers(host, path, None);
        self.note_error_documents(&locations);
        let mapped = self.map(host, path, &locations)?;
        if let Some(span) = mapped.by.proxy() {
            self.tell_sections(&locations);
            self.access(&locations)?;
            let reason = format!("another server answers: {}", mapped.file.trim_start_matches("proxy:"));
            return Ok(self.other(reason, Some(span)));
        }
        let found = self.find(&mapped.file);
        self.decision.file = Some(found.file.clone());
        let layers = self.layers(host, path, Some(&found));
        self.note_error_documents(&layers);
        self.tell_file(&found);
        self.tell_sections(&layers);
        self.overrides(&found, &layers);
        self.rewriting_in_sections(&layers);
        self.links(&found, &layers)?;
        if found.kind == Some(FileKind::Other) {
            return Err(self.error(403, format!("{} is neither a file nor a folder", found.file), None));
        }
        self.access(&layers)?;
        let inside = layers.0.iter().filter(|layer| layer.span.is_some()).flat_map(|layer| layer.kept.iter());
        let redirects: Vec<Kept> = inside.filter(|kept| kept.name.starts_with("Redirect")).cloned().collect();
        self.redirect_of(redirects.iter(), path)?;
        self.answer(host, &mapped, &found, &layers, depth)
    }

    fn answer(
        &mut self,
        host: &'a Host,
        mapped: &Mapped,
        found: &Found,
        layers: &Layers,
        depth: usize,
    ) -> Result<Outcome, Ended> {
        let (handler, span) = handler_of(mapped, found, layers);
        if found.kind == Some(FileKind::Folder) && self.modules.has("dir") {
            let skips = layers.flag("DirectoryCheckHandler") == Some(true) && handler != FOLDER;
            if let Some(answer) = self.folder(host, layers, depth, skips)? {
                return Ok(answer);
            }
        }
        if found.kind.is_none()
            && handler == DEFAULT
            && let Some(answer) = self.fallback(host, layers, depth)?
        {
            return Ok(answer);
        }
        self.step("handler", handler.clone(), span);
        self.decision.handler = Some(handler.clone());
        match handler.as_str() {
            "wsgi-script" | "application/x-httpd-wsgi" => self.application(host, found, layers, mapped.by.mount()),
            DEFAULT => self.file(found, layers),
            FOLDER => self.list(found, layers),
            name => {
                let reason = format!("the handler `{name}` answers");
                Ok(self.other(reason, span))
            }
        }
    }

    /// What is not followed any further.
    fn other(&mut self, reason: String, span: Option<Span>) -> Outcome {
        if let Some(span) = span {
            let line = self.sources.text(span).trim().to_owned();
            self.not_followed_at(line, span, &reason);
        }
        let place = span.map(|span| self.place(span));
        Outcome { reason: Some(reason), place, ..Outcome::default() }
    }

    fn tell_file(&mut self, found: &Found) {
        let what = match found.kind {
            Some(FileKind::File) => "a file",
            Some(FileKind::Folder) => "a folder",
            Some(FileKind::Other) => "neither a file nor a folder",
            None => "nothing is there",
        };
        let rest = if found.path_info.is_empty() { String::new() } else { format!("; `{}` is left", found.path_info) };
        self.step("file", format!("{}: {what}{rest}", found.file), None);
        self.step("sections", String::new(), None);
    }

    /// `mod_dir`: the slash behind a folder's name, then its index.
    fn folder(&mut self, host: &'a Host, layers: &Layers, depth: usize, skips: bool) -> Result<Option<Outcome>, Ended> {
        let path = self.decision.url_path.clone();
        if !path.ends_with('/') {
            let off = layers.last("DirectorySlash").filter(|kept| says_off(kept)).map(|kept| kept.span);
            if let Some(span) = off {
                self.step("folder", "DirectorySlash is off: no redirect to the name with a slash", Some(span));
                return Ok(None);
            }
            let location = Some(self.location(&format!("{}/", escaped(&path))));
            self.step("folder", "a folder asked for without its slash: redirected", None);
            let by = Answerer::Redirect;
            return Ok(Some(Outcome { status: Some(301), by, location, ..Outcome::default() }));
        }
        if skips {
            return Ok(None);
        }
        let (names, span) = index_names(layers);
        let mut refused = None;
        for name in names {
            let candidate = if name.starts_with('/') { name.clone() } else { format!("{path}{name}") };
            match self.try_instead(host, &candidate, "index", span, depth) {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) => {}
                Err(ended) => refused = Some(ended),
            }
        }
        refused.map_or(Ok(None), Err)
    }

    /// `FallbackResource`, where there is no file.
    fn fallback(&mut self, host: &'a Host, layers: &Layers, depth: usize) -> Result<Option<Outcome>, Ended> {
        let Some(kept) = layers.last("FallbackResource") else { return Ok(None) };
        let (Some(name), span) = (kept.word(0).map(str::to_owned), kept.span) else { return Ok(None) };
        let path = self.decision.url_path.clone();
        if name.eq_ignore_ascii_case("disabled") || name == path {
            return Ok(None);
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let candidate = if name.starts_with('/') { name } else { format!("{folder}/{name}") };
        self.try_instead(host, &candidate, "fallback", Some(span), depth)
    }

    /// Follows another path in the place of this one. Where there is nothing, nothing is told of it.
    fn try_instead(
        &mut self,
        host: &'a Host,
        path: &str,
        name: &'static str,
        span: Option<Span>,
        depth: usize,
    ) -> Result<Option<Outcome>, Ended> {
        let before = self.decision.clone();
        let documents = self.error_documents.clone();
        self.step(name, format!("{path} is looked for"), span);
        let answer = self.resource(host, path, depth + 1);
        let found = match &answer {
            Ok(answer) => !matches!(answer.by, Answerer::Listing) && answer.location.is_none(),
            Err(ended) => ended.0.status != Some(404),
        };
        if found {
            return answer.map(Some);
        }
        self.decision = before;
        self.error_documents = documents;
        Ok(None)
    }

    /// The default handler: a file as it is.
    fn file(&mut self, found: &Found, layers: &Layers) -> Result<Outcome, Ended> {
        match self.request.method.as_str() {
            "GET" | "HEAD" | "POST" => {}
            "OPTIONS" => return Ok(Outcome { status: Some(200), by: Answerer::File, ..Outcome::default() }),
            method => return Err(self.error(405, format!("a file takes no {method}"), None)),
        }
        if found.kind != Some(FileKind::File) {
            self.could_be_found_otherwise(found, layers);
            return Err(self.error(404, format!("there is no {}", found.file), None));
        }
        if !found.path_info.is_empty() && layers.flag("AcceptPathInfo") != Some(true) {
            let reason = format!("{} is a file, and `{}` follows it", found.file, found.path_info);
            return Err(self.error(404, reason, layers.last("AcceptPathInfo").map(|kept| kept.span)));
        }
        Ok(Outcome { status: Some(200), by: Answerer::File, ..Outcome::default() })
    }

    fn could_be_found_otherwise(&mut self, found: &Found, layers: &Layers) {
        if let Some((true, span)) = layers.option("MultiViews").filter(|_| self.modules.has("negotiation")) {
            let (folder, name) = found.file.rsplit_once('/').unwrap_or(("", &found.file));
            let names = self.files.list(std::path::Path::new(if folder.is_empty() { "/" } else { folder }));
            if names.unwrap_or_default().iter().any(|known| known.starts_with(&format!("{name}."))) {
                self.not_followed_at("Options MultiViews".to_owned(), span, "a file with an ending may be chosen");
            }
        }
        if let Some(kept) = layers.last("CheckSpelling").filter(|kept| !says_off(kept)) {
            self.not_followed(kept, "a name like this one may be found");
        }
    }

    /// A folder without an index.
    fn list(&mut self, found: &Found, layers: &Layers) -> Result<Outcome, Ended> {
        let gets = matches!(self.request.method.as_str(), "GET" | "HEAD");
        if !self.modules.has("autoindex") || !gets {
            // Then the default handler has to do with it.
            return self.file(found, layers);
        }
        match layers.option("Indexes") {
            Some((true, span)) => {
                let place = Some(self.place(span));
                Ok(Outcome { status: Some(200), by: Answerer::Listing, place, ..Outcome::default() })
            }
            other => {
                let reason = "AH01276: the folder has no index, and Options allows no list";
                Err(self.error(403, reason, other.map(|(_, span)| span)))
            }
        }
    }

    fn note_error_documents(&mut self, layers: &Layers) {
        self.error_documents = layers.all().filter(|kept| kept.is("ErrorDocument")).cloned().collect();
    }

    /// An error whose page is a URL elsewhere becomes a redirect; one with a page of this server keeps its status.
    pub(super) fn error_document(&mut self, mut ended: Outcome) -> Outcome {
        let Some(status) = ended.status.filter(|_| ended.by == Answerer::Error) else { return ended };
        let status = status.to_string();
        let documents = std::mem::take(&mut self.error_documents);
        let Some(kept) = documents.iter().rfind(|kept| kept.word(0) == Some(&status)) else {
            return ended;
        };
        let target = kept.word(1).unwrap_or_default();
        if target.contains("://") && status != "401" {
            self.step("error page", format!("{status} is sent to {target}"), Some(kept.span));
            ended = Outcome { status: Some(302), by: Answerer::Redirect, location: Some(target.to_owned()), ..ended };
        } else if target.starts_with('/') {
            self.step("error page", format!("the page of {status} is {target}; the status stays"), Some(kept.span));
        }
        ended
    }
}

/// The handler, and the line that sets it: `SetHandler`, `AddHandler`, the alias, or a type that is one.
fn handler_of(mapped: &Mapped, found: &Found, layers: &Layers) -> (String, Option<Span>) {
    let folder = found.kind == Some(FileKind::Folder);
    let set = layers.last("SetHandler").and_then(|kept| Some((kept.word(0)?.to_owned(), kept.span)));
    if let Some((name, span)) = set.filter(|(name, _)| !name.eq_ignore_ascii_case("none")) {
        return (name, Some(span));
    }
    let added = (!folder).then(|| by_extension(layers, &found.file, "AddHandler", "RemoveHandler")).flatten();
    if let Some((name, span)) = added {
        return (name.to_ascii_lowercase(), Some(span));
    }
    match mapped.by {
        By::Mount(kept) => return ("wsgi-script".to_owned(), Some(kept.span)),
        By::Program(kept) => return ("cgi-script".to_owned(), Some(kept.span)),
        _ if folder => return (FOLDER.to_owned(), None),
        _ => {}
    }
    let forced = layers.last("ForceType").and_then(|kept| Some((kept.word(0)?.to_owned(), kept.span)));
    let forced = forced.filter(|(name, _)| !name.eq_ignore_ascii_case("none"));
    let typed = forced.or_else(|| by_extension(layers, &found.file, "AddType", "RemoveType"));
    match typed.filter(|(name, _)| name.starts_with("application/x-httpd-")) {
        Some((name, span)) => (name, Some(span)),
        None => (DEFAULT.to_owned(), None),
    }
}

/// The names of `DirectoryIndex`, of the last section that has it.
fn index_names(layers: &Layers) -> (Vec<String>, Option<Span>) {
    let layer = layers.0.iter().rfind(|layer| layer.kept.iter().any(|kept| kept.is("DirectoryIndex")));
    let Some(layer) = layer else { return (vec!["index.html".to_owned()], None) };
    let mut names = Vec::new();
    let mut span = None;
    for kept in layer.kept.iter().filter(|kept| kept.is("DirectoryIndex")) {
        span = Some(kept.span);
        match kept.words.as_slice() {
            [only] if only.eq_ignore_ascii_case("disabled") => names.clear(),
            words => names.extend(words.iter().cloned()),
        }
    }
    (names, span)
}

/// What `AddHandler` or `AddType` gives to a file by its endings; the last ending that has something wins.
fn by_extension(layers: &Layers, file: &str, adds: &str, removes: &str) -> Option<(String, Span)> {
    let name = file.rsplit('/').next().unwrap_or_default();
    let endings: Vec<String> = name.split('.').skip(1).map(str::to_ascii_lowercase).collect();
    let plain = |word: &String| word.trim_start_matches('.').to_ascii_lowercase();
    let of_ending = |ending: &String| {
        let mut found = None;
        for kept in layers.all() {
            if kept.is(adds) && kept.words.iter().skip(1).any(|word| plain(word) == *ending) {
                found = kept.word(0).map(|value| (value.to_owned(), kept.span));
            } else if kept.is(removes) && kept.words.iter().any(|word| plain(word) == *ending) {
                found = None;
            }
        }
        found
    };
    endings.iter().rev().find_map(of_ending)
}
