//! Directives that hold an expression: it is read as Apache reads it when it starts.

use super::{INVALID_EXPRESSION, TOO_MANY_ARGUMENTS, Walk};
use crate::compiler::directive::{Mistake, check_expression, check_of_tls};
use crate::compiler::source::{Mapped, Span};
use crate::compiler::syntax::{Directive, Word};

impl Walk<'_> {
    /// The condition of an `<If>`.
    pub(super) fn condition(&mut self, arguments: &Mapped, word: Option<&Word>) {
        if let Some(word) = word {
            self.expression(&word.text, word.span);
        } else if !arguments.text().trim().is_empty() {
            self.expression("", arguments.whole());
        }
    }

    pub(super) fn expression(&mut self, text: &str, span: Span) {
        self.mistaken(check_expression(text), span);
    }

    fn mistaken(&mut self, read: Result<(), Mistake>, span: Span) {
        let Err(mistake) = read else { return };
        self.report.push(INVALID_EXPRESSION.at(span, mistake.label).maybe_help(mistake.help));
    }

    /// The expressions in the words of a directive.
    pub(super) fn expressions(&mut self, directive: &Directive, name: &str) {
        let words = directive.words();
        match name {
            "SetEnvIfExpr" => {
                if let Some(word) = words.first() {
                    self.expression(&word.text, word.span);
                }
            }
            "SSLRequire" => {
                let arguments = directive.arguments();
                let span = if words.is_empty() { directive.name.span } else { arguments.whole() };
                self.mistaken(check_of_tls(arguments.text()), span);
            }
            "RewriteCond" => {
                if let [first, word, ..] = words
                    && first.text.eq_ignore_ascii_case("expr")
                {
                    self.expression(&word.text, word.span);
                }
            }
            "Header" | "RequestHeader" | "CustomLog" => {
                let last = words.last().and_then(|word| Some((word, word.text.strip_prefix("expr=")?)));
                if let Some((word, text)) = last {
                    self.expression(text, word.span);
                }
            }
            _ => {}
        }
    }

    /// `Alias` and its like take one word in a section, where the section names the URL.
    pub(super) fn alias_in_location(&mut self, directive: &Directive) {
        let words = directive.words();
        if let (true, [_, second, ..]) = (directive.is("Alias") || directive.is("ScriptAlias"), words) {
            let found = TOO_MANY_ARGUMENTS.at(second.span, "one word too many in a section");
            self.report.push(found.help("leave the URL path out: it is that of the section"));
        }
    }
}
