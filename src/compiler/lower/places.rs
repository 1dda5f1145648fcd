//! Directives whose words depend on the section that they stand in, or on lines before them.

use super::{MISSING_ARGUMENT, NOT_ALLOWED_HERE, Place, STOPS_ITSELF, TOO_MANY_ARGUMENTS, Walk};
use crate::compiler::diagnostic::nearest;
use crate::compiler::directive::{Context, INVALID_VALUE, Known};
use crate::compiler::syntax::{Directive, Word};

/// Directives that stand in `<MDomainSet>` and nowhere else.
const OF_DOMAIN_SETS: [&str; 4] = ["MDCertificateFile", "MDCertificateKeyFile", "MDMember", "MDMembers"];

/// Filters that the modules of Apache's distribution bring, in lower case.
const FILTERS: [&str; 33] = [
    "brotli_compress",
    "buffer",
    "bucketeer",
    "byterange",
    "cache",
    "cache_invalidate",
    "cache_out",
    "cache_out_subreq",
    "cache_remove_url",
    "cache_save",
    "cache_save_subreq",
    "case_filter",
    "charset",
    "content_length",
    "data",
    "deflate",
    "fixup_headers_err",
    "fixup_headers_out",
    "includes",
    "inflate",
    "kept_body",
    "logio_out",
    "mod_expires",
    "old_write",
    "proxy-html",
    "rate_limit",
    "ratelimit",
    "reflector",
    "sed",
    "session_out",
    "substitute",
    "xlateout",
    "xml2enc",
];

impl Walk<'_> {
    /// What the words must be where the directive stands.
    pub(super) fn in_its_place(&mut self, directive: &Directive, known: &Known, place: &Place<'_>) {
        let words = directive.words();
        let inside = matches!(place.context, Context::Directory | Context::Htaccess);
        match known.name {
            "Error" => {
                let message = directive.arguments().text().trim().to_owned();
                self.report.push(STOPS_ITSELF.at(directive.span(), message));
            }
            name if OF_DOMAIN_SETS.contains(&name) => {
                let found = NOT_ALLOWED_HERE.at(directive.name.span, "stands in no `<MDomainSet>`");
                self.report.push(found.help("put it into `<MDomainSet>`"));
            }
            "Alias" | "ScriptAlias" if inside => self.alias_in_location(directive),
            "Alias" | "ScriptAlias" | "ProxyPassReverse" | "CacheEnable" if !inside && words.len() == 1 => {
                self.needs_both(directive);
            }
            "CacheEnable" if words.len() == 2 && words[0].text.starts_with('/') => {
                let found = INVALID_VALUE.at(words[0].span, "no kind of cache");
                self.report.push(found.help(format!("write `CacheEnable disk {}`", words[0].text)));
            }
            "CacheEnable" if inside => self.below_its_section(words.get(1), place),
            "Redirect" if !inside && words.len() == 1 && leads_nowhere(&words[0]) => self.needs_both(directive),
            "ProxyPassReverse" => {
                if let (true, Some(second)) =
                    (inside, words.get(1).filter(|word| !word.text.eq_ignore_ascii_case("interpolate")))
                {
                    let found = TOO_MANY_ARGUMENTS.at(second.span, "one word too many in a section");
                    self.report.push(found.help("leave the path out: it is that of the section"));
                }
            }
            "ProxyPass" | "ProxyPassMatch" => self.proxy_pass(directive, words, inside),
            "CacheDisable" if !inside => self.path_or_url(words.first()),
            "BalancerMember" | "ProxySet" => self.of_a_worker(directive, known, words, place),
            "AddOutputFilterByType" => self.filters(words.first()),
            "FilterProvider" => {
                self.filters(words.get(1));
                self.declare_filter(words.first());
            }
            "FilterDeclare" | "ExtFilterDefine" => self.declare_filter(words.first()),
            "FilterProtocol" | "FilterTrace" if words.len() > 1 => self.declared_filter(&words[0]),
            _ => {}
        }
    }

    fn needs_both(&mut self, directive: &Directive) {
        let found = MISSING_ARGUMENT.at(directive.span(), "takes two arguments outside of sections");
        self.report.push(found);
    }

    /// `[PATH] URL [NAME=VALUE…]`, without the path where a section names it.
    fn proxy_pass(&mut self, directive: &Directive, words: &[Word], inside: bool) {
        let flag = |word: &&Word| {
            ["interpolate", "nocanon", "noquery"].iter().any(|flag| word.text.eq_ignore_ascii_case(flag))
        };
        let words: Vec<&Word> = words.iter().filter(|word| !flag(word)).collect();
        let words = if inside { &words[..] } else { words.get(1..).unwrap_or_default() };
        let Some((url, parameters)) = words.split_first() else {
            let label = if inside { "the URL is missing" } else { "a path and a URL are missing" };
            self.report.push(MISSING_ARGUMENT.at(directive.span(), label));
            return;
        };
        if url.text.as_str() != "!" && !url.text.contains(':') {
            let found = INVALID_VALUE.at(url.span, "not a URL with its scheme");
            self.report.push(found.help(format!("write `http://{}`", url.text)));
            return;
        }
        if let Some(word) = parameters.iter().find(|word| !word.text.contains('=')) {
            self.report.push(INVALID_VALUE.at(word.span, "not `name=value`"));
        }
    }

    /// A path in a section is one of those that the section is for.
    fn below_its_section(&mut self, word: Option<&Word>, place: &Place<'_>) {
        let around = place.parent.filter(|parent| parent.is("Location")).map(Directive::words);
        if let (Some(word), Some([path])) = (word, around)
            && !word.text.starts_with(path.text.as_str())
        {
            let found = INVALID_VALUE.at(word.span, "not below the path of the section");
            self.report.push(found.and(path.span, "the section").help(format!("write `{}`", path.text)));
        }
    }

    fn path_or_url(&mut self, word: Option<&Word>) {
        if let Some(word) = word.filter(|word| !word.text.starts_with('/') && !word.text.contains(':')) {
            let found = INVALID_VALUE.at(word.span, "neither a path nor a URL");
            self.report.push(found.help(format!("write `/{}`", word.text)));
        }
    }

    /// Outside of `<Proxy>` the first word says of which worker or balancer the line speaks.
    fn of_a_worker(&mut self, directive: &Directive, known: &Known, words: &[Word], place: &Place<'_>) {
        let named = place.parent.is_some_and(|parent| parent.is("Proxy") || parent.is("ProxyMatch"));
        let urls = usize::from(!named) + usize::from(known.name == "BalancerMember");
        if words.len() < urls {
            self.report.push(MISSING_ARGUMENT.at(directive.span(), "the URL of a worker is missing"));
            return;
        }
        if let Some(word) = words[..urls].iter().find(|word| !word.text.contains("://")) {
            let found = INVALID_VALUE.at(word.span, "not a URL with its scheme");
            self.report.push(found.help("write the line into `<Proxy balancer://NAME>`"));
        } else if let Some(word) = words[urls..].iter().find(|word| !word.text.contains('=')) {
            self.report.push(INVALID_VALUE.at(word.span, "not `name=value`"));
        }
    }

    fn declare_filter(&mut self, word: Option<&Word>) {
        self.filters.extend(word.map(|word| word.text.to_ascii_lowercase()));
    }

    /// Names of filters, with `;` between them. Where modules are loaded that we do not see, others may be there.
    fn filters(&mut self, word: Option<&Word>) {
        let Some(word) = word.filter(|_| self.modules.are_all_named() && !self.modules.have_strangers()) else {
            return;
        };
        let mut names = word.text.split(';').map(str::to_ascii_lowercase);
        let unknown = names.find(|name| !FILTERS.contains(&name.as_str()) && !self.filters.contains(name));
        if let Some(name) = unknown {
            let near = nearest(&name, FILTERS).map(|near| format!("did you mean `{}`?", near.to_ascii_uppercase()));
            self.report.push(INVALID_VALUE.at(word.span, "no such filter").maybe_help(near));
        }
    }

    fn declared_filter(&mut self, word: &Word) {
        if !self.filters.contains(&word.text.to_ascii_lowercase()) {
            let found = INVALID_VALUE.at(word.span, "no such filter");
            self.report.push(found.help(format!("write `FilterDeclare {}` before it", word.text)));
        }
    }
}

/// A redirection of one word outside of sections has no URL, but where a status stands there.
fn leads_nowhere(word: &Word) -> bool {
    !word.text.starts_with(|digit: char| digit.is_ascii_digit()) && !word.text.eq_ignore_ascii_case("gone")
}
