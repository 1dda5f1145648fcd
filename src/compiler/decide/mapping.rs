//! From the URL path to a file: rewriting, proxies, redirects, aliases, mounts, `DocumentRoot`, in Apache's order, whatever the
//! order in the file.

use std::fmt::Write;

use regex::Regex;

use super::layers::Layers;
use super::{Answerer, Ended, Outcome, Walk};
use crate::compiler::model::{Host, Kept};
use crate::compiler::source::Span;
use crate::decision::group::with_port;
use crate::decision::hosts::split_authority;
use crate::decision::path::{self, covered, merged, taken_by_mount};

/// What a URL path leads to.
pub(super) struct Mapped<'a> {
    /// The file name, not yet split.
    pub(super) file: String,
    /// The line by which it was found.
    pub(super) by: By<'a>,
}

/// How a file name was found.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// `Alias`, `AliasMatch`.
    Alias,
    /// `ScriptAlias`, `ScriptAliasMatch`: a CGI program.
    Program(&'a Kept),
    /// `WSGIScriptAlias`, `WSGIScriptAliasMatch`.
    Mount(&'a Kept),
    /// `DocumentRoot`.
    Root,
    /// `ProxyPass`.
    Proxy(&'a Kept),
}

impl<'a> Walk<'a> {
    pub(super) fn map(&mut self, host: &'a Host, path: &str, locations: &Layers) -> Result<Mapped<'a>, Ended> {
        self.rewriting(host, path);
        if let Some((kept, url)) = self.proxy(host, path, locations) {
            self.step("proxy", format!("{} takes it: sent on to {url}", kept.text()), Some(kept.span));
            return Ok(Mapped { file: format!("proxy:{url}"), by: By::Proxy(kept) });
        }
        self.redirect_of(
            locations.0.iter().filter(|layer| layer.span.is_some()).flat_map(|layer| layer.kept.iter()),
            path,
        )?;
        let outside: Vec<&Kept> = self.outside_own_first(host).collect();
        self.redirect_of(outside.iter().copied(), path)?;
        for kept in locations.0.iter().filter(|layer| layer.span.is_some()).flat_map(|layer| layer.kept.iter()) {
            if matches!(kept.name, "Alias" | "ScriptAlias") {
                self.not_followed(kept, "an alias inside of <Location> chooses another file");
            }
        }
        if let Some((kept, file)) = first(&outside, &["Alias", "AliasMatch", "ScriptAlias", "ScriptAliasMatch"], path) {
            let file = self.absolute(&file);
            self.step("alias", format!("{} covers {path}: {file}", kept.text()), Some(kept.span));
            self.passed_over(&outside, kept, path);
            let by = if kept.name.starts_with("Script") { By::Program(kept) } else { By::Alias };
            return Ok(Mapped { file, by });
        }
        if let Some((kept, file)) = first(&outside, &["WSGIScriptAlias", "WSGIScriptAliasMatch"], path) {
            let file = self.absolute(&file);
            self.step("mount", format!("{} covers {path}: {file}", kept.text()), Some(kept.span));
            self.passed_over(&outside, kept, path);
            return Ok(Mapped { file, by: By::Mount(kept) });
        }
        self.other_mappers(&outside, path);
        let root = host.document_root.as_ref().or(self.server.main().document_root.as_ref());
        let (folder, span) = root.map_or(("htdocs", None), |root| (root.value.as_str(), Some(root.span)));
        let file = format!("{}{path}", self.absolute(folder).trim_end_matches('/'));
        let text = match span {
            Some(_) => format!("no Alias and no WSGIScriptAlias covers {path}: {file}"),
            None => format!("no Alias and no WSGIScriptAlias covers {path}, and DocumentRoot is not set: {file}"),
        };
        self.step("document root", text, span);
        Ok(Mapped { file, by: By::Root })
    }

    fn absolute(&self, file: &str) -> String {
        if file.starts_with('/') {
            return file.to_owned();
        }
        format!("{}/{file}", self.server.server_root.value.to_string_lossy().trim_end_matches('/'))
    }

    /// Names the aliases and mounts that would have covered the path too.
    fn passed_over(&mut self, outside: &[&Kept], winner: &Kept, path: &str) {
        let names =
            ["Alias", "AliasMatch", "ScriptAlias", "ScriptAliasMatch", "WSGIScriptAlias", "WSGIScriptAliasMatch"];
        let others = outside.iter().filter(|kept| !std::ptr::eq(**kept, winner) && names.contains(&kept.name));
        for kept in others.filter(|kept| file_of(kept, path).is_some()) {
            let beaten = kept.name.starts_with("WSGI") && !winner.name.starts_with("WSGI");
            let why = if beaten { "any Alias comes before it" } else { "it comes later" };
            self.step("", format!("{} would cover it too: {why}", kept.text()), Some(kept.span));
        }
    }

    /// Names the first rewrite rule that may take the path. Rules of the main server do not hold in a virtual host.
    fn rewriting(&mut self, host: &'a Host, path: &str) {
        let engine = self.outside(host).rfind(|kept| kept.is("RewriteEngine"));
        if engine.and_then(|kept| kept.word(0)).is_none_or(|word| !word.eq_ignore_ascii_case("on")) {
            return;
        }
        let inherits = self.outside(host).find(|kept| kept.is("RewriteOptions"));
        if let Some(kept) = inherits.filter(|_| !std::ptr::eq(host, self.server.main())) {
            self.not_followed(kept, "rules of the main server may hold here too");
        }
        let rules: Vec<&Kept> = host.settings.kept.iter().filter(|kept| kept.is("RewriteRule")).collect();
        if let Some(rule) = rules.into_iter().find(|rule| may_match(rule, path)) {
            self.not_followed(rule, &format!("its pattern matches {path}: it may send the request elsewhere"));
        }
    }

    /// The rewrite rules of sections.
    pub(super) fn rewriting_in_sections(&mut self, layers: &Layers) {
        let inside = || layers.0.iter().filter(|layer| layer.span.is_some()).flat_map(|layer| layer.kept.iter());
        if layers.flag("RewriteEngine") == Some(true)
            && let Some(rule) = inside().find(|kept| kept.is("RewriteRule"))
        {
            self.not_followed(rule, "it may send the request elsewhere");
        }
    }

    fn proxy(&mut self, host: &'a Host, path: &str, locations: &Layers) -> Option<(&'a Kept, String)> {
        for kept in locations.0.iter().filter(|layer| layer.span.is_some()).flat_map(|layer| layer.kept.iter()) {
            if kept.name.starts_with("ProxyPass")
                && !kept.name.starts_with("ProxyPassReverse")
                && kept.word(0) != Some("!")
            {
                self.not_followed(kept, "the request is sent on to another server");
            }
        }
        let passes = self.outside_own_first(host).filter(|kept| matches!(kept.name, "ProxyPass" | "ProxyPassMatch"));
        for kept in passes {
            let [prefix, url, ..] = kept.words.as_slice() else { continue };
            let rest = match kept.name {
                "ProxyPass" => covered(prefix, path.as_bytes()).map(|length| path[length..].to_owned()),
                _ => Regex::new(prefix).ok().filter(|regex| regex.is_match(path)).map(|_| String::new()),
            };
            let Some(rest) = rest else { continue };
            return (url != "!").then(|| (kept, format!("{url}{rest}")));
        }
        None
    }

    /// Ends the request when a `Redirect` takes it.
    pub(super) fn redirect_of<'k>(&mut self, all: impl Iterator<Item = &'k Kept>, path: &str) -> Result<(), Ended> {
        for kept in all {
            let Some((status, target)) = redirect(kept, path) else { continue };
            let location = target.map(|target| self.location(&target));
            let text = match &location {
                Some(location) => format!("{} takes it: {status} to {location}", kept.text()),
                None => format!("{} takes it: {status}", kept.text()),
            };
            self.step("redirect", text, Some(kept.span));
            if location.is_none() {
                return Err(self.error(status, format!("{} says so", kept.name), Some(kept.span)));
            }
            let place = Some(self.place(kept.span));
            let by = Answerer::Redirect;
            return Err(Outcome { status: Some(status), by, location, reason: None, place }.into());
        }
        Ok(())
    }

    /// A target with the query, and with the server in front where it is a path.
    pub(super) fn location(&self, target: &str) -> String {
        let query = self.request.query.as_ref().filter(|_| !target.contains('?'));
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        if !target.starts_with('/') {
            return format!("{target}{query}");
        }
        let scheme = if self.request.https { "https" } else { "http" };
        let authority = self.request.host.clone().unwrap_or_else(|| {
            let host = self.decision.virtual_host.as_ref();
            host.and_then(|host| host.server_name.clone()).unwrap_or_default()
        });
        let (name, port) = split_authority(&authority);
        let port = port.and_then(|port| port.parse().ok()).unwrap_or(80);
        format!("{scheme}://{}{target}{query}", with_port(name, port))
    }

    fn other_mappers(&mut self, outside: &[&Kept], path: &str) {
        for kept in outside {
            match kept.name {
                "UserDir" if path.starts_with("/~") && kept.word(0) != Some("disabled") => {
                    self.not_followed(kept, "the path may mean the folder of a user");
                }
                "VirtualDocumentRoot" | "VirtualDocumentRootIP" | "VirtualScriptAlias" | "VirtualScriptAliasIP" => {
                    self.not_followed(kept, "it chooses the folder by the host name");
                }
                _ => {}
            }
        }
    }
}

fn first<'a>(outside: &[&'a Kept], names: &[&str], path: &str) -> Option<(&'a Kept, String)> {
    let candidates = outside.iter().filter(|kept| names.contains(&kept.name));
    candidates.copied().find_map(|kept| Some((kept, file_of(kept, path)?)))
}

/// The file that an alias or mount makes of a path, if it covers it.
fn file_of(kept: &Kept, path: &str) -> Option<String> {
    let (from, target) = (kept.word(0)?, kept.word(1)?);
    match kept.name {
        "Alias" | "ScriptAlias" => {
            covered(&merged(from), path.as_bytes()).map(|length| format!("{target}{}", &path[length..]))
        }
        "WSGIScriptAlias" => {
            let length = taken_by_mount(from, covered(&merged(from), path.as_bytes())?);
            Some(format!("{target}{}", &path[length..]))
        }
        name => {
            let captures = Regex::new(from).ok()?.captures(path)?;
            let end = captures.get(0)?.end();
            let file = substituted(target, &captures);
            if name != "WSGIScriptAliasMatch" {
                return Some(file);
            }
            // What follows the match belongs to the file name too.
            (end > 0).then(|| format!("{file}{}", &path[end..]))
        }
    }
}

/// A target with what was matched put in.
fn substituted(target: &str, captures: &regex::Captures) -> String {
    let group = |index: usize| captures.get(index).map_or("", |group| group.as_str()).as_bytes();
    String::from_utf8_lossy(&path::substituted(target, group)).into_owned()
}

/// Status and target of a `Redirect` that covers a path.
fn redirect(kept: &Kept, path: &str) -> Option<(u16, Option<String>)> {
    let (status, words) = match (kept.name, kept.words.as_slice()) {
        ("RedirectPermanent", words) => (301, words),
        ("RedirectTemp", words) => (302, words),
        ("Redirect" | "RedirectMatch", [first, rest @ ..]) => match status_of(first) {
            Some(status) => (status, rest),
            None => (302, kept.words.as_slice()),
        },
        _ => return None,
    };
    let sends = (300..400).contains(&status);
    let (from, target) = match words {
        // Inside of a section the path may be left out.
        [target] if sends && kept.name != "RedirectMatch" => return Some((status, Some(target.clone()))),
        [] if !sends => return Some((status, None)),
        [from] => (from, ""),
        [from, target, ..] => (from, target.as_str()),
        [] => return None,
    };
    if kept.name == "RedirectMatch" {
        let regex = Regex::new(from).ok()?;
        let captures = regex.captures(path)?;
        return Some((status, sends.then(|| substituted(target, &captures))));
    }
    let length = covered(from, path.as_bytes())?;
    Some((status, sends.then(|| format!("{target}{}", escaped(&path[length..])))))
}

fn status_of(word: &str) -> Option<u16> {
    Some(match word.to_ascii_lowercase().as_str() {
        "permanent" => 301,
        "temp" => 302,
        "seeother" => 303,
        "gone" => 410,
        number => number.parse().ok()?,
    })
}

/// A path as it may stand in a URL (`ap_escape_path`).
pub(super) fn escaped(path: &str) -> String {
    let mut made = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"$-_.+!*'(),:@&=/~;".contains(&byte) {
            made.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(made, "%{byte:02x}");
        }
    }
    made
}

/// Whether a rewrite rule's pattern matches a path. One that cannot be read may.
fn may_match(rule: &Kept, path: &str) -> bool {
    let Some(pattern) = rule.word(0) else { return false };
    let (negated, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
    let no_case = rule.word(2).is_some_and(|flags| {
        flags.trim_matches(['[', ']']).split(',').any(|flag| matches!(flag.trim(), "NC" | "nocase"))
    });
    let pattern = if no_case { format!("(?i){pattern}") } else { pattern.to_owned() };
    Regex::new(&pattern).map_or(true, |regex| regex.is_match(path) != negated)
}

/// The line of a mapping, where there is one.
impl By<'_> {
    /// Whether it is a WSGI mount.
    pub(super) fn mount(&self) -> Option<&Kept> {
        match self {
            Self::Mount(kept) => Some(kept),
            _ => None,
        }
    }

    /// The line of a proxy.
    pub(super) fn proxy(&self) -> Option<Span> {
        match self {
            Self::Proxy(kept) => Some(kept.span),
            _ => None,
        }
    }
}
