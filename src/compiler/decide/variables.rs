//! Variables of the request, as far as `SetEnvIf` and `SetEnv` give them.

use regex::RegexBuilder;

use super::Walk;
use super::layers::Layers;
use crate::compiler::model::Kept;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// It has a value.
    Set(String),
    /// It has none.
    Unset,
    /// That depends on something that is not followed.
    Unknown,
}

impl Walk<'_> {
    /// A variable while access is decided: `SetEnv` acts only later.
    pub(super) fn variable(&mut self, layers: &Layers, name: &str) -> Variable {
        let mut value = Variable::Unset;
        for kept in layers.all() {
            let (attribute, pattern, variables, no_case) = match (kept.name, kept.words.as_slice()) {
                ("SetEnvIf", [attribute, pattern, variables @ ..]) => (attribute.as_str(), pattern, variables, false),
                ("SetEnvIfNoCase", [attribute, pattern, variables @ ..]) => {
                    (attribute.as_str(), pattern, variables, true)
                }
                ("BrowserMatch", [pattern, variables @ ..]) => ("User-Agent", pattern, variables, false),
                ("BrowserMatchNoCase", [pattern, variables @ ..]) => ("User-Agent", pattern, variables, true),
                ("SetEnvIfExpr", [_, variables @ ..]) if variables.iter().any(|one| sets(one, name).is_some()) => {
                    self.not_followed(kept, &format!("it may set {name}"));
                    value = Variable::Unknown;
                    continue;
                }
                _ => continue,
            };
            let Some(new) = variables.iter().find_map(|one| sets(one, name)) else { continue };
            let regex = RegexBuilder::new(pattern).case_insensitive(no_case).build();
            match (self.attribute(attribute), regex) {
                (Some(text), Ok(regex)) if regex.is_match(&text) => value = new,
                (Some(_), Ok(_)) => {}
                _ => {
                    self.not_followed(kept, &format!("it may set {name}"));
                    value = Variable::Unknown;
                }
            }
        }
        value
    }

    /// A variable when the handler runs.
    pub(super) fn variable_at_handler(&mut self, layers: &Layers, name: &str) -> Variable {
        let set: Vec<&Kept> =
            layers.all().filter(|kept| matches!(kept.name, "SetEnv" | "UnsetEnv" | "PassEnv")).collect();
        let mut named = set.into_iter().filter(|kept| match kept.name {
            "SetEnv" => kept.word(0) == Some(name),
            _ => kept.words.iter().any(|word| word == name),
        });
        match named.next_back() {
            None => self.variable(layers, name),
            Some(kept) if kept.is("SetEnv") => Variable::Set(kept.word(1).unwrap_or_default().to_owned()),
            Some(kept) if kept.is("UnsetEnv") => Variable::Unset,
            Some(kept) => {
                self.not_followed(kept, "it takes over a variable of the server's own environment");
                Variable::Unknown
            }
        }
    }

    fn attribute(&self, name: &str) -> Option<String> {
        match name.to_ascii_lowercase().as_str() {
            "remote_host" | "server_addr" => None,
            "remote_addr" => Some(self.request.from.to_string()),
            "request_method" => Some(self.request.method.clone()),
            "request_protocol" => Some("HTTP/1.1".to_owned()),
            "request_uri" => Some(self.decision.url_path.clone()),
            header if header.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => {
                Some(self.request.header(header).unwrap_or_default().to_owned())
            }
            _ => None,
        }
    }
}

/// What `NAME`, `NAME=VALUE` or `!NAME` makes of a variable, if it is about it.
fn sets(word: &str, name: &str) -> Option<Variable> {
    match word.split_once('=') {
        Some((known, value)) if known == name => Some(Variable::Set(value.to_owned())),
        None if word == name => Some(Variable::Set("1".to_owned())),
        None if word.strip_prefix('!') == Some(name) => Some(Variable::Unset),
        _ => None,
    }
}
