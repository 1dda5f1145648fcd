//! Directives that are known and do not act: their place and their number of words are checked, what they hide from the model
//! is noted, and what our runtime leaves out is named when it is asked about.

use super::{
    MISSING_ARGUMENT, MODULE_NOT_LOADED, Place, REMOVED_DIRECTIVE, TOO_MANY_ARGUMENTS, UNSUPPORTED_DIRECTIVE, Walk,
};
use crate::compiler::diagnostic::Severity;
use crate::compiler::directive::{
    INVALID_VALUE, Kind, Known, Spec, check_values, choice, find_known, least_words, removed,
};
use crate::compiler::expand::IGNORED_WORDS;
use crate::compiler::model::Judge;
use crate::compiler::syntax::{self, Directive, Word, options};

/// Directives by which scripts are reached without a `WSGIScriptAlias` that names them.
const OTHER_WAYS: [&str; 12] = [
    "AddHandler",
    "SetHandler",
    "ForceType",
    "AddType",
    "Action",
    "Script",
    "WSGIScriptAliasMatch",
    "WSGIHandlerScript",
    "WSGIDispatchScript",
    "RewriteRule",
    "FallbackResource",
    "VirtualScriptAlias",
];

/// Directives that say more about access than the model holds.
const MORE_ABOUT_ACCESS: [&str; 2] = ["Satisfy", "AuthMerging"];

/// Directives that keep somebody out. Without them nobody gets in.
const KEEP_OUT: [&str; 5] = ["AllowMethods", "SSLRequire", "SSLRequireSSL", "SSLVerifyClient", "LuaHookAccessChecker"];

impl Walk<'_> {
    pub(super) fn known(&mut self, directive: &Directive, known: &'static Known, place: &mut Place<'_>) {
        if !self.may_stand(directive, known, place) {
            return;
        }
        if let Some(instead) = removed(known.name) {
            self.report.push(REMOVED_DIRECTIVE.at(directive.name.span, "is gone").help(instead));
            return;
        }
        if !known.args.raw {
            self.count_words(directive, known);
        }
        self.values(directive, known);
        if known.name == "Use" && directive.words().first().is_none_or(|word| word.text.is_empty()) {
            self.report.push(MISSING_ARGUMENT.at(directive.span(), "the name of a macro is missing"));
        }
        self.in_its_place(directive, known, place);
        self.expressions(directive, known.name);
        self.note(directive, known, place);
        if known.name == "Use" {
            // Only what could not be expanded is left here.
            self.server.beyond.macros = true;
        }
        let off = |word: &Word| ["none", "reset"].iter().any(|off| word.text.eq_ignore_ascii_case(off));
        if KEEP_OUT.contains(&known.name) && !directive.words().first().is_some_and(off) {
            place.settings().closed = true;
        }
        if matches!(known.module, "mod_setenvif.c" | "mod_rewrite.c") {
            self.server.beyond.variables = true;
        }
        self.unsupported(directive, known);
    }

    /// Names what our runtime leaves out.
    pub(super) fn unsupported(&mut self, directive: &Directive, known: &'static Known) {
        if self.server.judge == Judge::WsgiServe && !is_switched_off(directive, known) {
            let lost = known.unsupported;
            // What does no harm is said once: a list of icons has a hundred lines.
            if lost.severity == Severity::Warning && !self.said.insert(known.name) {
                return;
            }
            let severity = if self.lenient { Severity::Warning } else { lost.severity };
            let found = UNSUPPORTED_DIRECTIVE.at(directive.name.span, format!("left out: {}", lost.what));
            let name = if known.name.starts_with('<') { format!("`{}>`", known.name) } else { known.name.to_owned() };
            self.report.push(found.says(format!("wsgi-serve does not carry out {name}")).graded(severity));
        }
    }

    /// Apache looks for the modules that `LogLevel` names.
    pub(super) fn log_levels(&mut self, directive: &Directive) {
        let sure = self.modules.are_all_named() && !self.modules.have_strangers();
        if !sure || self.server.judge == Judge::WsgiServe {
            return;
        }
        for word in directive.words() {
            let Some((module, _)) = word.text.rsplit_once(':') else { continue };
            let names =
                [module.to_owned(), format!("{module}_module"), format!("mod_{module}.c"), format!("{module}.c")];
            if !names.iter().any(|name| self.modules.has(name)) {
                let severity = if self.modules.are_strict() { Severity::Error } else { Severity::Warning };
                let found = MODULE_NOT_LOADED.at(word.span, "no module of this name is loaded");
                self.report.push(found.says("a log level is set for a module that is not loaded").graded(severity));
            }
        }
    }

    /// Words that are languages of their own.
    fn values(&mut self, directive: &Directive, known: &Known) {
        let words = directive.words();
        // To mod_rewrite a backslash before a blank keeps a word together.
        if known.module == "mod_rewrite.c" && directive.arguments().text().contains("\\ ") {
            return;
        }
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let least = least_words(known.name);
        if words.len() < least {
            let label = if least == 1 { "takes an argument".to_owned() } else { format!("takes {least} arguments") };
            self.report.push(MISSING_ARGUMENT.at(directive.span(), label));
            return;
        }
        for (index, wrong) in check_values(known.name, &texts) {
            let found = wrong.code().at(words[index].span, wrong.label).maybe_help(wrong.help);
            self.report.push(found.says(format!("a value of {} cannot be read", known.name)));
        }
    }

    /// What else there is to note of a directive that acts: what the model holds of mounts with a prefix stands there in full.
    pub(super) fn note_acting(&mut self, directive: &Directive, spec: &Spec, place: &mut Place<'_>) {
        if let Some(known) = find_known(spec.name).filter(|_| spec.name != "WSGIScriptAlias") {
            self.note(directive, known, place);
        }
    }

    fn note(&mut self, directive: &Directive, known: &Known, place: &mut Place<'_>) {
        if OTHER_WAYS.contains(&known.name) {
            self.server.beyond.other_scripts = true;
        }
        if MORE_ABOUT_ACCESS.contains(&known.name) {
            place.settings().access_is_more = true;
        }
        if known.module == "mod_wsgi.c" {
            // The options stand behind one to three words, which are no options: each word is looked at alone.
            for word in directive.words() {
                if word.text.starts_with("process-group=") {
                    let text = directive.arguments().slice(word.range.0..directive.arguments().text().len());
                    let (found, _) = options(&text);
                    let names = found.iter().take(1).map(|option| option.value.spanned());
                    self.server.beyond.process_groups.extend(names);
                }
            }
        }
    }

    fn count_words(&mut self, directive: &Directive, known: &Known) {
        let words = directive.words();
        syntax::report_unclosed_quotes(words, self.report);
        let rule = known.args;
        let given = words.iter().take(rule.least).filter(|word| !word.text.is_empty()).count();
        if given < rule.least {
            let label = match rule.least {
                1 => "takes an argument".to_owned(),
                least => format!("takes {least} arguments"),
            };
            self.report.push(MISSING_ARGUMENT.at(directive.span(), label));
            return;
        }
        for word in words.iter().filter(|_| !known.choices.is_empty()) {
            if let Err(wrong) = choice(&word.text, &known.choices) {
                self.report.push(INVALID_VALUE.at(word.span, wrong.label).maybe_help(wrong.help));
            }
        }
        if rule.flag
            && let Err(wrong) = Kind::Flag.check(&words[0].text)
        {
            self.report.push(INVALID_VALUE.at(words[0].span, wrong.label).maybe_help(wrong.help));
        }
        let superfluous: &[Word] = rule.most.and_then(|most| words.get(most..)).unwrap_or_default();
        if let (Some(first), Some(last)) = (superfluous.first(), superfluous.last()) {
            let span = first.span.to(last.span);
            if rule.flag {
                let found = IGNORED_WORDS.at(span, "after `On` and `Off` nothing is read");
                self.report.push(found.maybe_repair(directive.move_comment(first.span)));
            } else {
                let most = rule.most.unwrap_or_default();
                let label = format!("takes {most} at most");
                let found = TOO_MANY_ARGUMENTS.at(span, label);
                self.report.push(found.maybe_repair(directive.move_comment(first.span)));
            }
        }
    }
}

/// `RewriteEngine Off` and its like ask for nothing.
fn is_switched_off(directive: &Directive, known: &Known) -> bool {
    let word = directive.words().first().map(|word| word.text.to_ascii_lowercase());
    let off = word.as_deref() == Some("off");
    off && (known.args.flag || matches!(known.name, "SSLEngine" | "RewriteEngine" | "AllowEncodedSlashes"))
        && known.unsupported.severity == Severity::Error
        && known.name != "DirectorySlash"
        && known.name != "MergeSlashes"
}
