//! Sections: what each is compared with, and its lines in it.

use super::authorization::{is_container, is_limit};
use super::{
    ELSE_WITHOUT_IF, MISSING_ARGUMENT, NOT_ALLOWED_HERE, Place, TOO_MANY_ARGUMENTS, UNKNOWN_DIRECTIVE,
    VIRTUAL_HOST_ADDRESS_IGNORED, Walk,
};
use crate::compiler::diagnostic::Severity;
use crate::compiler::directive::{self, Context, Effect, Entry, INVALID_VALUE, Known, SectionKind, Spec};
use crate::compiler::model::{Host, Kept, Limit, Matcher, Section, Settings, normalised};
use crate::compiler::source::Spanned;
use crate::compiler::syntax::{self, Directive, Node, Word};
use crate::plan::HostAddress;
use crate::plan::sections::{Match, Methods, Require};

impl Walk<'_> {
    pub(super) fn section(&mut self, section: syntax::Section, place: &mut Place<'_>) {
        let opening = &section.opening;
        let name = format!("<{}", opening.name.text);
        let row = directive::row(&name);
        if row.known.is_some_and(|known| self.module_is_missing(opening, known)) {
            return;
        }
        self.needs_newer(&name, "", opening.name.span);
        let (Some(entry), Some(known)) = (row.entry(), row.known) else {
            let near =
                self.report.nearest(&name, directive::names(true)).map(|near| format!("did you mean `{near}>`?"));
            let found = UNKNOWN_DIRECTIVE.at(opening.name.span, "no such section");
            self.report.push(found.says("a section is used that neither Apache nor mod_wsgi has").maybe_help(near));
            return;
        };
        if !self.may_stand(opening, known, place) {
            // Its lines are looked at all the same, as if it might stand here.
            self.host_lines(section, known, entry, place);
            return;
        }
        match entry {
            Entry::Acts(spec) => match spec.effect {
                Effect::Open(SectionKind::VirtualHost) => self.virtual_host(section),
                Effect::Open(SectionKind::InterpreterOptions) => self.interpreter_options(section, spec),
                Effect::Open(kind) => self.files_section(section, kind, place),
                _ => {}
            },
            Entry::Known(known) => {
                match place.section.take() {
                    Some(around) if is_limit(opening) => {
                        let (opening, kept) = self.limit(section, known, around, place);
                        place.section = Some(around);
                        if self.keep {
                            super::keep::section(&opening, known, kept, place);
                        }
                        return;
                    }
                    around => place.section = around,
                }
                if !is_container(opening) {
                    self.unsupported(opening, known);
                }
                self.other_section(section, known, place);
            }
        }
    }

    /// The lines of a section that stands in the wrong place.
    fn host_lines(&mut self, section: syntax::Section, known: &'static Known, entry: Entry, place: &mut Place<'_>) {
        match entry {
            Entry::Acts(spec) if matches!(spec.effect, Effect::Open(SectionKind::VirtualHost)) => {
                self.virtual_host(section);
            }
            Entry::Acts(spec) if matches!(spec.effect, Effect::Open(SectionKind::InterpreterOptions)) => {
                self.interpreter_options(section, spec);
            }
            Entry::Acts(spec) => {
                if let Effect::Open(kind) = spec.effect {
                    self.files_section(section, kind, place);
                }
            }
            Entry::Known(_) => self.other_section(section, known, place),
        }
    }

    fn virtual_host(&mut self, section: syntax::Section) {
        let syntax::Section { opening, nodes, closed } = section;
        let mut host = Host::new(opening.span());
        let words = opening.words();
        syntax::report_unclosed_quotes(words, self.report);
        if words.is_empty() {
            let found = MISSING_ARGUMENT.at(opening.span(), "an address is missing");
            self.report.push(found.help("write `<VirtualHost *:80>`"));
        }
        for word in words {
            host.addresses.extend(self.host_address(word));
        }
        let host_index = self.hosts.len() + 1;
        let inside = &mut Place {
            context: Context::VirtualHost,
            directory_kind: "",
            parent: Some(&opening),
            all_required: false,
            closed,
            host: &mut host,
            host_index,
            section: None,
            if_may_go_on: false,
        };
        self.nodes(nodes, inside);
        host.give_back();
        self.hosts.push(host);
    }

    /// Its lines are not those of the server, though mod_wsgi takes any.
    fn interpreter_options(&mut self, section: syntax::Section, spec: &'static Spec) {
        let syntax::Section { opening, nodes, .. } = section;
        let Some(mut args) = self.arguments(&opening, spec) else { return };
        let mut options = directive::interpreter_options(&mut args);
        for node in nodes {
            let Node::Directive(line) = node else { continue };
            let Some(Entry::Acts(spec)) = directive::find(&line.name.text) else { continue };
            let Some(mut args) = self.arguments(&line, spec) else { continue };
            if !directive::in_interpreter_options(spec.name, &mut args, &mut options) {
                let label = format!("not a setting of interpreters: `<{}>` does not limit it", opening.name.text);
                let found =
                    NOT_ALLOWED_HERE.at(line.name.span, label).and(opening.name.span, "the section begins here");
                self.report.push(found.help("move it out of the section").graded(Severity::Warning));
            }
        }
        self.server.interpreter_options.push(options);
    }

    /// `ADDRESS[:PORT]`. What Apache ignores with a message only is said and left out.
    fn host_address(&mut self, word: &Word) -> Option<Spanned<HostAddress>> {
        let text = word.text.as_str();
        let (address, port) = match text.rsplit_once(':') {
            Some((address, port)) if !port.contains(']') && (address.starts_with('[') || !address.contains(':')) => {
                (address, Some(port))
            }
            Some((address, _)) if address.contains(':') && !text.starts_with('[') => {
                let found = VIRTUAL_HOST_ADDRESS_IGNORED.at(word.span, "IPv6 addresses need brackets");
                self.report.push(found.help(format!("write `[{text}]`")));
                return None;
            }
            _ => (text, None),
        };
        let port = match port {
            None | Some("*") => None,
            Some(port) => match port.parse::<u16>() {
                Ok(port) => Some(port),
                Err(_) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() => {
                    self.report.push(INVALID_VALUE.at(word.span, "no port is above 65535"));
                    return None;
                }
                Err(_) => {
                    let found = VIRTUAL_HOST_ADDRESS_IGNORED.at(word.span, "the port is no number");
                    self.report.push(found.help(format!("write `{address}:80`")));
                    return None;
                }
            },
        };
        if address.is_empty() || port.is_none() && address.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = INVALID_VALUE.at(word.span, "the address is missing");
            self.report.push(found.help(format!("write `*:{}`", text.trim_start_matches(':'))));
            return None;
        }
        let any = address == "*" || address.eq_ignore_ascii_case("_default_");
        if !any && address.contains(['*', ',', '/']) {
            self.report.push(VIRTUAL_HOST_ADDRESS_IGNORED.at(word.span, "no address and no name"));
            return None;
        }
        let any = any || address == "0.0.0.0" || address == "[::]";
        let address = (!any).then(|| address.trim_matches(['[', ']']).to_owned());
        Some(Spanned::new(HostAddress { address, port }, word.span))
    }

    fn files_section(&mut self, section: syntax::Section, kind: SectionKind, place: &mut Place<'_>) {
        let syntax::Section { opening, nodes, closed } = section;
        let matcher = self.matcher(&opening, kind);
        let mut inner = Section::new(matcher.unwrap_or(Matcher::Unknown), opening.span());
        self.inside((nodes, closed), &opening, kind.directory_kind(), &mut inner, place);
        keep(inner, place);
    }

    /// A section that does not act: its lines are checked, and what they would do is noted as unknown.
    fn other_section(&mut self, section: syntax::Section, known: &'static Known, place: &mut Place<'_>) {
        let syntax::Section { opening, nodes, closed } = section;
        self.arguments_of_section(&opening, known, place);
        self.requirements(&opening, &nodes);
        let kind = match known.name.to_ascii_lowercase().as_str() {
            "<if" | "<elseif" | "<else" => "If",
            "<proxy" | "<proxymatch" => "Proxy",
            "<requireall" | "<requireany" | "<requirenone" => place.directory_kind,
            // The lines of the others are not directives of ours.
            _ => return,
        };
        let mut inner = Section::new(Matcher::Unknown, opening.span());
        self.inside((nodes, closed), &opening, kind, &mut inner, place);
        if self.keep && !matches!(kind, "If" | "Proxy") {
            super::keep::section(&opening, known, std::mem::take(&mut inner.settings.kept), place);
        }
        if matches!(kind, "If" | "Proxy") {
            // Whom it keeps out, and when, nobody will know.
            let closed = kind == "If" && inner.any(&Settings::say_who);
            place.settings().closed |= closed;
            keep(inner, place);
        } else if let Some(around) = place.section.as_deref_mut() {
            let within = inner.settings.require.iter().map(|one| one.value.clone()).collect();
            let required = match known.name {
                "<RequireAll" => Some(Require::All(within)),
                "<RequireAny" => Some(Require::Any(within)),
                "<RequireNone" => Some(Require::Not(Box::new(Require::Any(within)))),
                _ => None,
            };
            around.settings.require.extend(required.map(|required| Spanned::new(required, opening.span())));
            around.settings.access_is_more = true;
            // Everything else in it holds as if it stood outside.
            if around.settings.process_group.is_none() {
                around.settings.process_group = inner.settings.process_group.take();
            }
            around.settings.lines.append(&mut inner.settings.lines);
        }
    }

    /// A `<Limit>` or `<LimitExcept>`: who may see it, for some methods. Everything else in it holds as if it stood outside.
    fn limit(
        &mut self,
        section: syntax::Section,
        known: &'static Known,
        around: &mut Section,
        place: &mut Place<'_>,
    ) -> (Directive, Vec<Kept>) {
        let syntax::Section { opening, nodes, closed } = section;
        self.arguments_of_section(&opening, known, place);
        let outside = around.settings.take_limited();
        self.inside((nodes, closed), &opening, "Limit", around, place);
        let mut settings = around.settings.take_limited();
        around.settings.put_limited(outside);
        let kept = std::mem::take(&mut settings.kept);
        let names: Vec<String> = opening.words().iter().map(|word| word.text.to_string()).collect();
        let methods = Methods { except: opening.is("LimitExcept"), names };
        let limited = |one: &Spanned<Require>| {
            let required = Require::Limited(methods.clone(), Box::new(one.value.clone()));
            Spanned::new(required, opening.span())
        };
        around.settings.require.extend(settings.require.iter().map(limited));
        around.settings.access_is_more = true;
        around.settings.limits.push(Limit { methods, settings, span: opening.span() });
        (opening, kept)
    }

    /// How many words the opening line may have, and what must stand before it.
    fn arguments_of_section(&mut self, opening: &Directive, known: &'static Known, place: &mut Place<'_>) {
        let name = known.name.to_ascii_lowercase();
        let words = opening.words();
        syntax::report_unclosed_quotes(words, self.report);
        let (least, most) = match name.as_str() {
            "<else" | "<requireall" | "<requireany" | "<requirenone" => (0, 0),
            "<if" | "<elseif" => (1, 1),
            "<proxy" => (0, if words.first().is_some_and(|word| word.text == "~") { 2 } else { 1 }),
            "<limit" | "<limitexcept" => (1, usize::MAX),
            "<authzprovideralias" | "<authnprovideralias" => {
                self.provider_aliases.extend(words.get(1).map(|word| word.text.to_ascii_lowercase()));
                return;
            }
            _ => return,
        };
        if words.len() < least || words.first().is_some_and(|word| word.text.is_empty() && least > 0) {
            self.report.push(MISSING_ARGUMENT.at(opening.span(), "an argument is missing"));
        } else if let Some(word) = words.get(most) {
            let end = words.last().unwrap_or(word);
            let found = TOO_MANY_ARGUMENTS.at(word.span.to(end.span), "one word too many");
            let help = if most == 0 {
                "this section takes no argument"
            } else {
                "put quotes around an expression that holds blanks"
            };
            self.report.push(found.help(help));
        }
        if let "<if" | "<elseif" = name.as_str() {
            self.condition(opening.arguments(), words.first());
        }
        if let ("<limit", Some(around)) = (name.as_str(), place.parent.filter(|parent| parent.is("Limit"))) {
            self.no_method_left(opening, around);
        }
        self.container(opening, &name, place);
        match name.as_str() {
            "<if" => place.if_may_go_on = true,
            "<elseif" | "<else" if !place.if_may_go_on => {
                self.report.push(ELSE_WITHOUT_IF.at(opening.name.span, "no `<If>` stands before it in this section"));
            }
            "<else" => place.if_may_go_on = false,
            _ => {}
        }
    }

    /// A `<Limit>` in a `<Limit>` holds for the methods that both name.
    fn no_method_left(&mut self, opening: &Directive, around: &Directive) {
        let outer = around.words();
        let words = opening.words();
        if let Some(word) = words.first()
            && !words.iter().any(|word| outer.iter().any(|outer| outer.text.eq_ignore_ascii_case(&word.text)))
        {
            let found = INVALID_VALUE.at(word.span, "a method that the section around it leaves out");
            let found = found.and(around.name.span, "the section begins here").says("a section holds for no method");
            self.report.push(found.help("close the section around it first"));
        }
    }

    fn inside(
        &mut self,
        (nodes, closed): (Vec<Node>, bool),
        opening: &Directive,
        kind: &'static str,
        inner: &mut Section,
        place: &mut Place<'_>,
    ) {
        let inside = &mut Place {
            // In a `.htaccess` file a section opens nothing that its place does not allow.
            context: if place.context == Context::Htaccess { Context::Htaccess } else { Context::Directory },
            directory_kind: kind,
            parent: Some(opening),
            all_required: opening.is("RequireAll") || is_limit(opening) && place.all_required,
            closed: closed && place.closed,
            host: &mut *place.host,
            host_index: place.host_index,
            section: Some(inner),
            if_may_go_on: false,
        };
        self.nodes(nodes, inside);
    }

    /// What a section is compared with; `None` when it cannot be read, which is said.
    fn matcher(&mut self, opening: &Directive, kind: SectionKind) -> Option<Matcher> {
        let words = opening.words();
        syntax::report_unclosed_quotes(words, self.report);
        let (tilde, words) = match words {
            [first, rest @ ..] if first.text == "~" => (true, rest),
            all => (false, all),
        };
        let word = match words {
            [] => {
                let found = MISSING_ARGUMENT.at(opening.span(), "what it matches is missing");
                self.report.push(found);
                return None;
            }
            [word] => word,
            [word, rest @ ..] => {
                let last = rest.last().unwrap_or(word);
                let found = TOO_MANY_ARGUMENTS.at(rest[0].span.to(last.span), "a section takes one argument");
                self.report.push(found.help("put quotes around a path that holds blanks"));
                word
            }
        };
        let text = word.text.to_string();
        let pattern = text.contains(['*', '?', '[']);
        let matcher = match kind {
            SectionKind::DirectoryMatch => Match::DirectoryRegex(text),
            SectionKind::Directory if tilde => Match::DirectoryRegex(text),
            SectionKind::Directory if pattern => Match::DirectoryPattern(normalised(&text).into_owned()),
            SectionKind::Directory => Match::Directory(normalised(&text).into_owned()),
            SectionKind::FilesMatch => Match::FilesRegex(text),
            SectionKind::Files if tilde => Match::FilesRegex(text),
            SectionKind::Files => Match::Files(text),
            SectionKind::LocationMatch => Match::LocationRegex(text),
            SectionKind::Location if tilde => Match::LocationRegex(text),
            SectionKind::Location if pattern => Match::LocationPattern(text),
            SectionKind::Location => Match::Location(merge_slashes(&text)),
            SectionKind::VirtualHost | SectionKind::InterpreterOptions => return None,
        };
        if let Match::DirectoryRegex(regex) | Match::FilesRegex(regex) | Match::LocationRegex(regex) = &matcher {
            self.regex(regex, word)?;
        }
        Some(Matcher::Plain(matcher))
    }

    /// Whether a regular expression can be read.
    fn regex(&mut self, regex: &str, word: &Word) -> Option<()> {
        let Err(reason) = directive::read_regex(regex) else { return Some(()) };
        self.report.push(INVALID_VALUE.at(word.span, reason).says("a regular expression cannot be read"));
        None
    }
}

fn keep(mut section: Section, place: &mut Place<'_>) {
    section.settings.give_back();
    match place.section.as_deref_mut() {
        Some(around) => around.nested.push(section),
        None => place.host.sections.push(section),
    }
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}
