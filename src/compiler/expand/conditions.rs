//! `<IfModule>`, `<IfDefine>`, `<IfVersion>`, `<IfFile>`, `<IfDirective>`, `<IfSection>`: decided while reading, at their line.

use std::cmp::Ordering;

use super::{CONDITION_NEVER_TRUE, Expander, IGNORED_WORDS, INVALID_VERSION, MISSING_CONDITION};
use crate::compiler::source::Span;
use crate::compiler::syntax::{self, Directive, Word, words};

impl Expander<'_> {
    /// Whether the lines of a conditional count; `None` for any other section.
    pub(super) fn condition(&mut self, opening: &Directive) -> Option<bool> {
        let test: fn(&mut Self, &Word) -> bool = match opening.name.text.to_ascii_lowercase().as_str() {
            "ifmodule" => Self::module_is_loaded,
            "ifdefine" => |reader, name| reader.flags.contains(name.text.as_str()),
            "iffile" => |reader, path| {
                let path = reader.server_root.value.join(&path.text);
                reader.surroundings.files.kind(&path).is_some()
            },
            "ifdirective" => |reader, name| reader.is_known(&name.text),
            "ifsection" => |reader, name| reader.is_known(&format!("<{}", name.text)),
            "ifversion" => return Some(self.version(opening)),
            _ => return None,
        };
        let Some((negated, word)) = self.tested_word(opening) else { return Some(false) };
        let is_so = test(self, &word);
        if !is_so && self.is_open(opening) {
            self.decided.leave_open(opening.span());
        }
        let turned = self.turned.is_some_and(|turned| turned.holds(opening.span(), self.sources));
        let held = is_so != (negated != turned);
        if !may_be_taken(opening, &word, negated) {
            return Some(held);
        }
        self.decided.record(opening.span(), held);
        Some(held || self.off.is_some())
    }

    /// Whether what a condition asks for may be there on the machine that the configuration is for: names are given to Apache
    /// when it is started, and files lie where it runs.
    fn is_open(&self, opening: &Directive) -> bool {
        let here = self.surroundings.files.machine().is_some() && !self.surroundings.no_files;
        opening.is("IfDefine") && self.surroundings.defines.is_empty() || opening.is("IfFile") && !here
    }

    /// `[!]WORD`. The `!` counts only outside of quotes.
    fn tested_word(&mut self, opening: &Directive) -> Option<(bool, Word)> {
        let text = opening.arguments().text();
        let start = text.len() - text.trim_start().len();
        let negated = text[start..].starts_with('!');
        let words = words(&opening.arguments().slice(start + usize::from(negated)..text.len()));
        syntax::report_unclosed_quotes(&words, self.report);
        let Some((word, ignored)) = words.split_first() else {
            let label = "a name must follow";
            self.report.push(MISSING_CONDITION.at(opening.span(), label));
            return None;
        };
        if let [first, .., last] | [first @ last] = ignored {
            self.report.push(IGNORED_WORDS.at(first.span.to(last.span), "only the first word is tested"));
        }
        if word.quoted && word.text.starts_with('!') {
            let found = CONDITION_NEVER_TRUE.at(word.span, "inside quotes, `!` is part of the name");
            self.report.push(found.help(format!("write `!\"{}\"`", &word.text[1..])));
        }
        Some((negated, word.clone()))
    }

    fn module_is_loaded(&mut self, name: &Word) -> bool {
        if let Some(stem) = name.text.strip_suffix(".so") {
            let found = CONDITION_NEVER_TRUE.at(name.span, "no module has a name like this");
            let help =
                if stem.starts_with("mod_") { format!("write `{stem}.c`") } else { "write `mod_NAME.c`".to_owned() };
            self.report.push(found.help(help));
        }
        let part_of_another = !self.surroundings.own_runtime && self.server_root.span.end == 0;
        self.modules.has(&name.text) || part_of_another && self.modules.may_have(&name.text)
    }

    fn is_known(&self, name: &str) -> bool {
        let modules = (self.surroundings.modules_of)(name);
        modules.is_some_and(|files| !self.modules.are_strict() || self.modules.has_one_of(files))
    }

    /// `<IfVersion [[!]OPERATOR] VERSION>`.
    fn version(&mut self, opening: &Directive) -> bool {
        let found = words(opening.arguments());
        let (operator, version) = match found.as_slice() {
            [version] => ("=", version),
            [operator, version] => (operator.text.as_str(), version),
            _ => {
                let label = "takes an operator and a version";
                self.report.push(INVALID_VERSION.at(opening.span(), label).help("write `<IfVersion >= 2.4>`"));
                return false;
            }
        };
        let (negated, operator) = match operator.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, operator),
        };
        let pattern = match version.text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) if matches!(operator, "=" | "==") => Some(pattern),
            None if operator == "~" => Some(version.text.as_str()),
            _ => None,
        };
        let held = match pattern {
            Some(pattern) => self.version_matches(pattern, version.span),
            None => self.version_compares(operator, version, found[0].span),
        };
        held.is_some_and(|held| held != negated)
    }

    fn version_matches(&mut self, pattern: &str, span: Span) -> Option<bool> {
        if let Ok(regex) = regex::Regex::new(pattern) {
            return Some(regex.is_match(&self.surroundings.version.map(|part| part.to_string()).join(".")));
        }
        self.report.push(INVALID_VERSION.at(span, "not a regular expression"));
        None
    }

    fn version_compares(&mut self, operator: &str, version: &Word, operator_span: Span) -> Option<bool> {
        let Some(wanted) = numbers(&version.text) else {
            let found = INVALID_VERSION.at(version.span, "not a version");
            let help = match version.text.strip_prefix(['<', '>', '=', '!']) {
                Some(_) => "put a blank between the operator and the version",
                None => "write one to three numbers with dots between them, as in `2.4`",
            };
            self.report.push(found.help(help));
            return None;
        };
        let order = self.surroundings.version.cmp(&wanted);
        Some(match operator {
            "=" | "==" => order == Ordering::Equal,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            _ => {
                let found = INVALID_VERSION.at(operator_span, "not an operator");
                self.report.push(found.help("the operators are `=`, `==`, `>`, `>=`, `<`, `<=`, `~`"));
                return None;
            }
        })
    }
}

/// Whether the lines of a condition that is off are lines of this Apache. Those for another version are not, nor those that
/// ask for a module or a directive that does not come with it.
fn may_be_taken(opening: &Directive, word: &Word, negated: bool) -> bool {
    match opening.name.text.to_ascii_lowercase().as_str() {
        // Apache 2.2 has no mod_authz_core.
        "ifmodule" if negated => !word.text.contains("authz_core"),
        "ifmodule" => super::modules::is_known(&word.text),
        "ifdefine" | "iffile" => true,
        _ => false,
    }
}

/// One to three numbers; missing ones count as 0.
fn numbers(text: &str) -> Option<[u32; 3]> {
    let mut version = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        *version.get_mut(index)? = part.parse().ok()?;
    }
    Some(version)
}
