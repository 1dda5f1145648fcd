//! The words of a directive, compared with its entry in the table.

use super::{
    MALFORMED_OPTION, MISSING_ARGUMENT, NO_EFFECT_HERE, REPEATED_OPTION, TOO_MANY_ARGUMENTS, UNKNOWN_OPTION, Walk,
};
use crate::compiler::diagnostic::{Severity, nearest, only_near};
use crate::compiler::directive::{Arg, Args, Spec, Times, find_known};
use crate::compiler::expand::IGNORED_WORDS;
use crate::compiler::model::Judge;
use crate::compiler::source::Spanned;
use crate::compiler::syntax::{self, Directive, ValueOption, Word, options};

/// Values by the names of the arguments and options.
type Values = Vec<(&'static str, Spanned<String>)>;

impl Walk<'_> {
    /// The arguments of a directive, or `None` when one that must be there is missing or cannot be read. An option that
    /// cannot be read is left out, so that what the line defines is defined all the same.
    pub(super) fn arguments(&mut self, directive: &Directive, spec: &'static Spec) -> Option<Args> {
        let words = directive.words();
        let mut values = Values::new();
        let mut whole = true;
        let mut at = 0;
        for arg in spec.args {
            let taken = match arg.times {
                Times::Once | Times::AtMostOnce => (at + 1).min(words.len()),
                Times::Many | Times::Any => words.len(),
            };
            // One mistake, one finding: after a word that cannot be read, the others are not counted.
            if at == taken && matches!(arg.times, Times::Once | Times::Many) {
                if whole {
                    self.missing(directive, spec, arg);
                }
                return None;
            }
            for word in &words[at..taken] {
                whole &= self.value(spec, arg, word, &mut values);
            }
            at = taken;
        }
        if spec.options.is_empty() {
            if whole {
                self.superfluous(directive, &words[at..], spec);
            }
            syntax::report_unclosed_quotes(words, self.report);
        } else {
            let text = directive.arguments();
            let after = at.checked_sub(1).map_or(0, |last| words[last].range.1);
            let (found, leftover) = options(&text.slice(after..text.text().len()));
            syntax::report_unclosed_quotes(
                words[..at].iter().chain(found.iter().map(|option| &option.value)),
                self.report,
            );
            self.options(spec, &found, &mut values);
            if let Some(leftover) = leftover {
                self.leftover(directive, spec, &leftover);
            }
        }
        whole.then(|| Args::new(values, directive.span()))
    }

    fn missing(&mut self, directive: &Directive, spec: &Spec, arg: &Arg) {
        let label = format!("`{}` is missing", arg.name);
        let found = MISSING_ARGUMENT.at(directive.span(), label);
        self.report.push(found.help(format!("write `{}`", syntax_line(spec))));
    }

    fn value(&mut self, spec: &Spec, arg: &Arg, word: &Word, values: &mut Values) -> bool {
        match arg.kind.check(&word.text) {
            Ok(()) => {
                values.push((arg.name, word.spanned()));
                true
            }
            Err(wrong) => {
                let found = wrong.code().at(word.span, wrong.label).maybe_help(wrong.help);
                self.report.push(found.says(format!("`{}` of {} cannot be read", arg.name, spec.name)));
                false
            }
        }
    }

    fn superfluous(&mut self, directive: &Directive, words: &[Word], spec: &Spec) {
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        let span = first.span.to(last.span);
        if find_known(spec.name).is_some_and(|known| known.args.flag) {
            let found = IGNORED_WORDS.at(span, "after `On` and `Off` nothing is read");
            self.report.push(found.maybe_repair(directive.move_comment(first.span)));
            return;
        }
        let mut found = TOO_MANY_ARGUMENTS.at(span, "one word too many");
        if words.len() > 1 {
            found = TOO_MANY_ARGUMENTS.at(span, format!("{} words too many", words.len()));
        }
        let help = if first.text.starts_with('#') {
            "a comment needs a line of its own".to_owned()
        } else {
            format!("write `{}`; put quotes around a value that holds blanks", syntax_line(spec))
        };
        self.report.push(found.help(help).maybe_repair(directive.move_comment(first.span)));
    }

    fn options(&mut self, spec: &'static Spec, found: &[ValueOption], values: &mut Values) {
        for (index, option) in found.iter().enumerate() {
            // mod_wsgi compares the words of an opening line without regard to case.
            let is_section = spec.name.starts_with('<');
            let is_called = |arg: &&Arg| {
                arg.name == option.name.value || is_section && arg.name.eq_ignore_ascii_case(&option.name.value)
            };
            let Some(arg) = spec.options.iter().find(is_called) else {
                self.unknown_option(spec, option);
                continue;
            };
            self.needs_newer(spec.name, arg.name, option.name.span);
            if let Some(earlier) = found[..index].iter().find(|earlier| earlier.name.value == option.name.value) {
                let again = REPEATED_OPTION.at(option.name.span, "counts");
                self.report.push(again.and(earlier.name.span, "does not count"));
            }
            if option.value.span.start > option.name.span.end + 1 && option.value.range.1 > option.value.range.0 {
                let found = MALFORMED_OPTION.at(option.value.span, format!("taken for the value of `{}`", arg.name));
                let help = format!("write `{}=VALUE` without a blank, or `{}=\"\"` for nothing", arg.name, arg.name);
                self.report.push(found.says("a blank follows `=`").help(help).graded(Severity::Warning));
            }
            let read = self.value(spec, arg, &option.value, values);
            if let (true, Some(why), Judge::WsgiServe) = (read, arg.nothing, self.server.judge) {
                self.report
                    .push(NO_EFFECT_HERE.at(option.name.span, why).says("wsgi-serve has no use for this option"));
            }
        }
    }

    /// What could not be read as an option.
    fn leftover(&mut self, directive: &Directive, spec: &Spec, leftover: &Word) {
        let found = MALFORMED_OPTION.at(leftover.span, "not `name=value`");
        let name = leftover.text.trim_end_matches('=');
        let help = match spec.options.iter().any(|arg| arg.name == name) {
            true => format!("write `{name}=VALUE`, without blanks around `=`"),
            false if leftover.text.starts_with('#') => "a comment needs a line of its own".to_owned(),
            false => "write `name=value`; put quotes around a value that holds blanks".to_owned(),
        };
        self.report.push(found.help(help).maybe_repair(directive.move_comment(leftover.span)));
    }

    fn unknown_option(&mut self, spec: &Spec, option: &ValueOption) {
        let name = option.name.value.as_str();
        let found =
            UNKNOWN_OPTION.at(option.name.span, format!("{} has no such option", spec.name.trim_start_matches('<')));
        let near = nearest(name, spec.options.iter().map(|arg| arg.name));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let found = found.maybe_help(help);
        self.report.push(match only_near(name, spec.options.iter().map(|arg| arg.name)) {
            Some(meant) => found.respelt(name, meant),
            None => found,
        });
    }
}

/// `WSGIScriptAlias URL-path file-path [name=value…]`.
pub(crate) fn syntax_line(spec: &Spec) -> String {
    if let Some(name) = spec.name.strip_prefix('<') {
        return format!("<{name} …> … </{name}>");
    }
    let mut line = spec.name.to_owned();
    for arg in spec.args {
        let (open, close) = match arg.times {
            Times::Once => ("", ""),
            Times::AtMostOnce => ("[", "]"),
            Times::Many => ("", "…"),
            Times::Any => ("[", "…]"),
        };
        line.extend([" ", open, arg.name, close]);
    }
    if !spec.options.is_empty() {
        line.push_str(" [option=value…]");
    }
    line
}
