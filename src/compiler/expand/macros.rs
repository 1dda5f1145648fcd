//! `<Macro>`, `Use` and `UndefMacro`: the lines of a macro are read again at each `Use`, its parameters replaced as text.

use std::collections::HashMap;

use super::include::MOST_BYTES_AGAIN;
use super::lines::Lines;
use super::skip::first_word;
use super::{
    CONFUSING_MACRO_PARAMETER, EMPTY_MACRO_ARGUMENT, Expander, MACRO_ARGUMENT_COUNT, MACRO_REDEFINED, MALFORMED_MACRO,
    RECURSIVE_MACRO, UNBALANCED_MACRO, UNKNOWN_MACRO, UNUSED_MACRO_PARAMETER,
};
use crate::compiler::diagnostic::Severity;
use crate::compiler::source::{Mapped, SourceId};
use crate::compiler::syntax::{self, Directive, TEXT_AFTER_CLOSING_TAG, UNCLOSED_SECTION, Word};

/// How deep macros may use one another.
const DEEPEST: usize = 128;
/// What the names of parameters should begin with, so that no other text is taken for them.
const PREFIXES: [char; 3] = ['$', '%', '@'];

/// The macros that are defined.
#[derive(Default)]
pub(super) struct Macros {
    /// By name in lower case.
    by_name: HashMap<String, Macro>,
}

/// A macro.
struct Macro {
    /// Its name, as it was written.
    name: Word,
    parameters: Vec<Word>,
    body: Vec<Mapped>,
    /// Where its body was written.
    source: SourceId,
}

impl Expander<'_> {
    /// Keeps the lines up to `</Macro>`.
    pub(super) fn define_macro(&mut self, opening: &Directive, lines: &mut Lines) {
        let body = self.body(opening, lines);
        let words = opening.words();
        syntax::report_unclosed_quotes(words, self.report);
        let Some((name, parameters)) = words.split_first().filter(|(name, _)| !name.text.is_empty()) else {
            let found = MALFORMED_MACRO.at(opening.span(), "a name is missing");
            self.report.push(found.help("write `<Macro NAME $PARAMETER …>`"));
            return;
        };
        let defined =
            Macro { name: name.clone(), parameters: parameters.to_vec(), body, source: opening.span().source };
        if !self.parameters_can_be_read(&defined) {
            return;
        }
        self.look_at_parameters(&defined);
        let key = name.text.to_ascii_lowercase();
        if let Some(earlier) = self.macros.by_name.get(&key) {
            let found = MACRO_REDEFINED.at(name.span, "defined again");
            self.report.push(found.and(earlier.name.span, "counts up to there"));
        }
        self.macros.by_name.insert(key, defined);
    }

    fn body(&mut self, opening: &Directive, lines: &mut Lines) -> Vec<Mapped> {
        let mut body = Vec::new();
        let mut macros = 1;
        let mut balance = 0_i32;
        let mut lowest = 0;
        while let Some(line) = lines.next(self.report) {
            let word = first_word(&line).to_ascii_lowercase();
            match word.as_str() {
                "</macro>" => macros -= 1,
                "<macro" => macros += 1,
                word if word.starts_with("</") => balance -= 1,
                word if word.starts_with('<') => balance += 1,
                _ => {}
            }
            if macros == 0 {
                if line.text().len() > word.len() {
                    let rest = line.slice(word.len()..line.text().len());
                    self.report.push(TEXT_AFTER_CLOSING_TAG.at(rest.whole(), "ignored"));
                }
                if (balance, lowest) != (0, 0) && !self.macros_may_be_unbalanced {
                    let found = UNBALANCED_MACRO.at(opening.span(), "its tags are not in pairs");
                    let help = "close in a macro what is opened in it, or say `MacroIgnoreBadNesting` before it";
                    self.report.push(found.help(help));
                }
                return body;
            }
            lowest = lowest.min(balance);
            body.push(line);
        }
        let found = UNCLOSED_SECTION.at(opening.span(), "opened here, open at the end of the file");
        self.report.push(found.help("add `</Macro>`"));
        body
    }

    fn parameters_can_be_read(&mut self, defined: &Macro) -> bool {
        for (index, parameter) in defined.parameters.iter().enumerate() {
            if parameter.text.is_empty() {
                self.report.push(MALFORMED_MACRO.at(parameter.span, "the name of a parameter is empty"));
                return false;
            }
            if let Some(first) = defined.parameters[..index].iter().find(|first| first.text == parameter.text) {
                let found = MALFORMED_MACRO.at(parameter.span, "a second parameter of this name");
                self.report.push(found.and(first.span, "the first"));
                return false;
            }
        }
        true
    }

    fn look_at_parameters(&mut self, defined: &Macro) {
        let parameters = &defined.parameters;
        let mut used = vec![false; parameters.len()];
        for line in &defined.body {
            for (_, index) in Places::of(line.text(), parameters) {
                used[index] = true;
            }
        }
        for (index, parameter) in parameters.iter().enumerate() {
            let name = parameter.text.as_str();
            let clash = parameters.iter().find(|other| other.text != name && other.text.starts_with(name));
            if !used[index] {
                self.report.push(UNUSED_MACRO_PARAMETER.at(parameter.span, "never used"));
            } else if !name.starts_with(PREFIXES) {
                let label = format!("every `{name}` in its lines is replaced");
                let found = CONFUSING_MACRO_PARAMETER.at(parameter.span, label);
                self.report.push(found.help(format!("write `${name}`")));
            } else if let Some(longer) = clash {
                let found = CONFUSING_MACRO_PARAMETER.at(parameter.span, "the beginning of another parameter");
                self.report.push(found.and(longer.span, "this one"));
            }
        }
    }

    /// Puts the lines of a macro in front of those that are still to be read. `false` when there is no such macro.
    pub(super) fn use_macro(&mut self, directive: &Directive, lines: &mut Lines) -> bool {
        let words = directive.words();
        let Some((name, arguments)) = words.split_first().filter(|(name, _)| !name.text.is_empty()) else {
            return false;
        };
        syntax::report_unclosed_quotes(words, self.report);
        let key = name.text.to_ascii_lowercase();
        let Some(used) = self.macros.by_name.get(&key) else {
            self.unknown_macro(name);
            return false;
        };
        if lines.is_in_use(&key) || lines.macros_in_use() >= DEEPEST {
            let found = RECURSIVE_MACRO.at(name.span, "used while it is in use");
            self.report.push(found.and(used.name.span, "defined here"));
            return true;
        }
        if arguments.len() != used.parameters.len() {
            let label = format!("{} given, it takes {}", arguments.len(), used.parameters.len());
            let found = MACRO_ARGUMENT_COUNT.at(directive.span(), label);
            self.report.push(found.and(used.name.span, "defined here"));
            return true;
        }
        if !self.macros_may_be_given_nothing
            && let Some((empty, parameter)) =
                arguments.iter().zip(&used.parameters).find(|(argument, _)| argument.text.is_empty())
        {
            let found = EMPTY_MACRO_ARGUMENT.at(empty.span, format!("nothing for `{}`", parameter.text));
            self.report.push(found.help("say `MacroIgnoreEmptyArgs` before it, if nothing is meant"));
        }
        let source = self.sources.add_use(used.source, directive.span());
        // Arguments may hold an argument twice, and be handed on.
        let mut room = MOST_BYTES_AGAIN.saturating_sub(self.bytes_again);
        let mut filled = Vec::with_capacity(used.body.len());
        for line in &used.body {
            let Some(line) = used.filled(line, arguments, source, room.min(syntax::LONGEST_LINE)) else {
                self.has_room_again(MOST_BYTES_AGAIN, 0, directive.span());
                return true;
            };
            room -= line.text().len().min(room);
            filled.push(line);
        }
        self.bytes_again = MOST_BYTES_AGAIN - room;
        if !self.has_room_again(0, 1 + filled.len(), directive.span()) {
            return true;
        }
        lines.put_in_front(key, filled);
        true
    }

    fn unknown_macro(&mut self, name: &Word) {
        let known = self.macros.by_name.values().map(|known| known.name.text.as_str());
        let help = match self.report.nearest(&name.text, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("put `<Macro {} …>` before this line", name.text),
        };
        // A file of a larger configuration may use what another file defines.
        let severity = if self.stands_alone() { Severity::Error } else { Severity::Warning };
        self.report.push(UNKNOWN_MACRO.at(name.span, "no such macro up to here").help(help).graded(severity));
    }

    pub(super) fn undefine_macro(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [name] = words else { return false };
        if self.macros.by_name.remove(&name.text.to_ascii_lowercase()).is_none() {
            self.unknown_macro(name);
        }
        true
    }
}

impl Macro {
    /// A line with arguments in the places of the parameters. They point at the parameter; the `Use` is where the source is used.
    /// `None` when it grows beyond so many bytes.
    fn filled(&self, line: &Mapped, arguments: &[Word], source: SourceId, most: usize) -> Option<Mapped> {
        let mut filled = Mapped::default();
        let mut done = 0;
        for (at, index) in Places::of(line.text(), &self.parameters) {
            let end = at + self.parameters[index].text.len();
            filled.append(&line.slice(done..at));
            filled.push_substitute(line.span(at..end), &inserted(&self.parameters[index], &arguments[index]));
            if filled.text().len() > most {
                return None;
            }
            done = end;
        }
        if done == 0 {
            return Some(line.clone().read_again(self.source, source));
        }
        filled.append(&line.slice(done..line.text().len()));
        Some(filled.read_again(self.source, source))
    }
}

/// `@` asks for quotes.
fn inserted(parameter: &Word, argument: &Word) -> String {
    if parameter.text.starts_with('@') {
        format!("\"{}\"", argument.text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        argument.text.to_string()
    }
}

/// Where parameters stand in a line: the leftmost first, of several at a place the longest, and none inside another.
struct Places<'a> {
    text: &'a str,
    parameters: &'a [Word],
    at: usize,
}

impl<'a> Places<'a> {
    fn of(text: &'a str, parameters: &'a [Word]) -> Self {
        Self { text, parameters, at: 0 }
    }
}

impl Iterator for Places<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let found = self.parameters.iter().enumerate().filter_map(|(index, parameter)| {
            let at = self.at + self.text[self.at..].find(parameter.text.as_str())?;
            Some((at, std::cmp::Reverse(parameter.text.len()), index))
        });
        let (at, length, index) = found.min()?;
        self.at = at + length.0;
        Some((at, index))
    }
}
