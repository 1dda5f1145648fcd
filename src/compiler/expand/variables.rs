//! `Define`, `UnDefine` and `${NAME}`: one pass over a line, never over what was put into it.

use super::{
    COLON_IN_VARIABLE_NAME, DOLLAR_INSTEAD_OF_PERCENT, Expander, UNDEFINED_VARIABLE, VARIABLE_MAKES_NO_DIRECTIVE,
};
use crate::compiler::diagnostic::Diagnostic;
use crate::compiler::source::{Mapped, Sources, Span};
use crate::compiler::syntax::{self, Directive, Statement, Word};

/// What Debian's `envvars` sets before Apache is started.
const OF_ENVVARS: [&str; 9] = [
    "APACHE_ARGUMENTS",
    "APACHE_CONFDIR",
    "APACHE_LOCK_DIR",
    "APACHE_LOG_DIR",
    "APACHE_PID_FILE",
    "APACHE_RUN_DIR",
    "APACHE_RUN_GROUP",
    "APACHE_RUN_USER",
    "APACHE_ULIMIT_MAX_FILES",
];

/// Whether a finding says that such a variable is not defined: what sets them lies with the rest of the configuration.
pub fn is_of_envvars(found: &Diagnostic, sources: &Sources) -> bool {
    let text = sources.text(found.span());
    found.code == &UNDEFINED_VARIABLE && OF_ENVVARS.iter().any(|name| text.contains(&format!("${{{name}}}")))
}

/// What mod_wsgi writes with a percent sign.
const PERCENT_NAMES: [&str; 5] = ["GLOBAL", "SERVER", "HOST", "RESOURCE", "GROUP"];

impl Expander<'_> {
    pub(super) fn define(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let (name, value) = match words {
            [name] => (name, None),
            [name, value] => (name, Some(&value.text)),
            _ => return false,
        };
        if name.text.is_empty() {
            return false;
        }
        syntax::report_unclosed_quotes(words, self.report);
        if self.has_colon(name) {
            return true;
        }
        self.flags.insert(name.text.to_string());
        // An empty value is no value.
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.values.insert(name.text.to_ascii_lowercase(), value.to_string());
        }
        true
    }

    pub(super) fn undefine(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [name] = words else { return false };
        if name.text.is_empty() {
            return false;
        }
        if !self.has_colon(name) {
            self.flags.remove(name.text.as_str());
            self.values.remove(&name.text.to_ascii_lowercase());
        }
        true
    }

    fn has_colon(&mut self, name: &Word) -> bool {
        let found = name.text.contains(':');
        if found {
            self.report.push(COLON_IN_VARIABLE_NAME.at(name.span, "`:` is not allowed in it"));
        }
        found
    }

    /// What a line is once its variables are replaced.
    pub(super) fn statement(&mut self, written: Mapped) -> Option<Statement> {
        let substituted = self.substitute(&written);
        // A `#` that a variable brought begins no comment.
        if let Some(line) = substituted.as_ref().filter(|line| line.text().trim_start().starts_with('#')) {
            let label = format!("becomes `{}`", shortened(line.text()));
            self.report.push(VARIABLE_MAKES_NO_DIRECTIVE.at(line.whole(), label));
            return None;
        }
        let line = substituted.unwrap_or(written);
        syntax::may_be_split(&line, self.report).then(|| syntax::statement(line)).flatten()
    }

    /// The line with its variables replaced; `None` when there are none.
    fn substitute(&mut self, line: &Mapped) -> Option<Mapped> {
        let text = line.text();
        if !text.contains("${") {
            return None;
        }
        let mut result = Mapped::default();
        let mut done = 0;
        while let Some(start) = text[done..].find("${").map(|at| done + at) {
            let Some(end) = text[start..].find('}').map(|at| start + at + 1) else { break };
            append(&mut result, line, done..start);
            let name = &text[start + 2..end - 1];
            if let Some(value) = self.value(name) {
                if !self.has_room_for(&value, result.text().len(), line.span(start..end)) {
                    return Some(Mapped::default());
                }
                result.push_substitute(line.span(start..end), &value);
            } else {
                self.report_undefined(name, line.span(start..end));
                append(&mut result, line, start..end);
            }
            done = end;
        }
        append(&mut result, line, done..text.len());
        Some(result)
    }

    /// Whether a value may stand in a line, after so many bytes. A value may hold another one twice, and that one another: what
    /// they amount to is counted like what is included.
    fn has_room_for(&mut self, value: &str, before: usize, span: Span) -> bool {
        if before + value.len() > syntax::LONGEST_LINE {
            self.report.push(syntax::LINE_TOO_LONG.at(span, "with the value of this variable"));
            return false;
        }
        self.has_room_again(value.len(), 0, span)
    }

    fn value(&self, name: &str) -> Option<String> {
        let defined = self.values.get(&name.to_ascii_lowercase());
        defined.or_else(|| self.surroundings.environment.get(name)).cloned()
    }

    fn report_undefined(&mut self, name: &str, span: Span) {
        // `${map:key}` belongs to rewrite maps.
        if name.contains(':') {
            return;
        }
        // One mistake, however often the name is used.
        if !self.said.insert(name.to_owned()) && !PERCENT_NAMES.contains(&name) {
            return;
        }
        if PERCENT_NAMES.contains(&name) {
            let found = DOLLAR_INSTEAD_OF_PERCENT.at(span, "no such variable");
            let found = found.help(format!("write `%{{{name}}}`"));
            self.report.push(found.respelt(&format!("${{{name}}}"), &format!("%{{{name}}}")));
            return;
        }
        let known = self.values.keys().map(String::as_str);
        let known = known.chain(self.surroundings.environment.keys().map(String::as_str));
        let help = match self.report.nearest(name, known) {
            Some(near) => {
                // As it was spelt where it was defined.
                let spelt = self.flags.iter().find(|flag| flag.eq_ignore_ascii_case(near)).map_or(near, String::as_str);
                format!("did you mean `${{{spelt}}}`?")
            }
            None if self.flags.contains(name) => format!("`{name}` is set without a value: `Define {name} VALUE`"),
            None => format!("put `Define {name} VALUE` before this line, or set `{name}` in the environment"),
        };
        self.report.push(UNDEFINED_VARIABLE.at(span, "not defined").help(help));
    }
}

fn append(result: &mut Mapped, line: &Mapped, range: std::ops::Range<usize>) {
    result.append(&line.slice(range));
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}
